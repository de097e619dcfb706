"""Grids: parallel hyperplanes along every axis."""

from __future__ import annotations

import numpy as np

from arrangement.arrangement import Arrangement
from arrangement.errors import InputError
from arrangement.families.sizes import refuse_if_large, size

__all__ = ["grid"]


def grid(*sizes: int) -> Arrangement:
    """The hyperplanes x_i = 0, 1, …, sizes[i] − 1 for every axis i.

    Its cells are boxes, bounded or not: Π(sizes[i] + 1) of them, and Π(sizes[i] − 1) bounded
    ones where every axis has a hyperplane. The characteristic polynomial is Π(t − sizes[i]).

    Parameters
    ----------
    *sizes : int
        Number of hyperplanes along each axis, at least 0; as many sizes as dimensions.

    Raises
    ------
    InputError
        If a size is not an integer of at least 0, or there is none; SizeError if there would be
        too many hyperplanes.

    References
    ----------
    The product of arrangements of points on a line: P. Orlik and H. Terao, *Arrangements of
    Hyperplanes* (1992), Definition 2.13 and Lemma 2.50.

    Examples
    --------
    >>> from arrangement.families import grid
    >>> grid(2, 1).rows.tolist()
    [[1, 0, 0], [1, 0, -1], [0, 1, 0]]
    >>> cells = grid(4, 3).cells()
    >>> len(cells), int(cells.bounded.sum())
    (20, 6)
    """
    if not sizes:
        raise InputError("grid: a size for each axis is needed, as in grid(3, 4)")
    counts = [size("grid", s, least=0) for s in sizes]
    d = len(counts)
    refuse_if_large(f"grid({', '.join(map(str, counts))})", sum(counts), d)
    normals = np.repeat(np.eye(d, dtype=np.int64), counts, axis=0)
    return Arrangement(normals, -np.concatenate([np.arange(c) for c in counts]))
