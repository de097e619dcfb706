"""Samples for landscapes: data sets read from files or drawn, scaled and reduced."""

from arrangement.data.dataset import DataSet
from arrangement.data.samples import digits, gaussian, iris, load, mnist, prepare

__all__ = ["DataSet", "digits", "gaussian", "iris", "load", "mnist", "prepare"]


def __dir__() -> list[str]:
    return sorted(__all__)
