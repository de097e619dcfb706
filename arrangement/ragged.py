"""Lists of different lengths that stand in one array, one after the other."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["places"]


def places(
    begin: NDArray[Any], sizes: NDArray[Any]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Where the entries of some lists stand, list by list.

    Parameters
    ----------
    begin, sizes : ndarray of int, shape (k,)
        Where each list begins, and its length.

    Returns
    -------
    lists, at : ndarray of int64, shape (sizes.sum(),)
        Of each entry the place of its list among these, and its own in the array.

    Examples
    --------
    >>> lists, at = places(np.array([7, 0]), np.array([2, 3]))
    >>> lists.tolist(), at.tolist()
    ([0, 0, 1, 1, 1], [7, 8, 0, 1, 2])
    """
    lists = np.repeat(np.arange(len(sizes)), sizes)
    at = np.arange(len(lists)) + np.repeat(begin - (np.cumsum(sizes) - sizes), sizes)
    return lists, at
