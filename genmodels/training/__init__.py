"""Training: the loop, the devices that share a batch, the feed, the view of a model in training."""

from genmodels.training.loop import Result, train

__all__ = ["Result", "train"]
