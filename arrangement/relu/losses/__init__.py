"""Other losses and penalties, pattern by pattern, and the criterion of a local minimum."""

from arrangement.relu.losses.losses import LOSSES, PENALTIES, Loss, Penalty

__all__ = ["LOSSES", "PENALTIES", "Loss", "Penalty"]


def __dir__() -> list[str]:
    return sorted(__all__)
