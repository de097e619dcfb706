"""What an enumeration of cells gives."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from arrangement.exact.packing import Words

__all__ = ["Found"]


class Found(NamedTuple):
    """Cells of an arrangement.

    Attributes
    ----------
    words : ndarray of uint64, shape (m, ceil(n / 64))
        Bit i is 1 where the cell is on the positive side of hyperplane i.
    walls : ndarray of Python ints, shape (k, d + 1), or None
        The domain that they meet, unless it is the whole space.
    points : ndarray of float64, shape (m, d), or None
        An exact point in each cell, NaN where none is known.
    """

    words: Words
    walls: NDArray[np.object_] | None
    points: NDArray[np.float64] | None = None
