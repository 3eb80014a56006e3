"""Synthetic faces: a face painter (`draw`, from the labelled `factors`) and its tfds data set (`builder`)."""
