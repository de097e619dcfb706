"""Confidence intervals of shares that were sampled."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import betaincinv

from arrangement.checks import number
from arrangement.errors import InputError
from arrangement.relu.weight_space import Floats

__all__ = ["checked_confidence", "clopper_pearson"]


def checked_confidence(value: Any) -> float:
    """A confidence, strictly between 0 and 1."""
    confidence = number(value, "confidence")
    if not 0 < confidence < 1:
        raise InputError(f"confidence={confidence:g}: a number between 0 and 1")
    return confidence


def clopper_pearson(
    least: ArrayLike, most: ArrayLike, draws: int, confidence: float
) -> tuple[Floats, Floats]:
    """The interval of Clopper and Pearson (1934), where some draws are undecided.

    Parameters
    ----------
    least, most : array_like of int
        How many draws count at least and, with the undecided ones, at most.

    Examples
    --------
    >>> low, high = clopper_pearson(0, 1, 10, 0.95)
    >>> low.item(), high.round(4).item()
    (0.0, 0.445)
    """
    least, most = np.asarray(least), np.asarray(most)
    tail = (1 - confidence) / 2
    some, all_but = np.maximum(least, 1), np.minimum(most, draws - 1)
    low = np.where(least == 0, 0.0, betaincinv(some, draws - some + 1, tail))
    high = np.where(most == draws, 1.0, betaincinv(all_but + 1, draws - all_but, 1 - tail))
    return low, high
