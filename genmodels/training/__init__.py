"""Training: the loop, the devices that share a batch, the input feed, and the view of the model as it trains."""

from genmodels.training.loop import Result, train

__all__ = ["Result", "train"]
