"""Faces: the cells of the flats, with sign vectors in {−, 0, +}."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from arrangement.errors import InputError
from arrangement.hyperplanes import Arrangement
from arrangement.packing import unpack_signs
from arrangement.progress import Progress, reporter
from arrangement.recursion import Recursion
from arrangement.reduction import distinct_essential_rows

__all__ = ["faces"]


def faces(
    arrangement: Arrangement, codimension: int, progress: Progress = None
) -> NDArray[np.int8]:
    """The sign vectors of all faces of one codimension.

    A face of codimension k is a cell of the arrangement that is cut on a flat of codimension
    k; its signs are 0 on the hyperplanes that contain the flat.

    Parameters
    ----------
    arrangement : Arrangement
    codimension : int
        0 (the cells) to the rank (the faces that are flats); beyond the rank there is none.
    progress : bool or callable, optional
        See :meth:`Arrangement.cells`.

    Returns
    -------
    ndarray of int8, shape (m, n)

    Examples
    --------
    >>> from arrangement import Arrangement
    >>> triangle = Arrangement([[1, 0], [0, 1], [1, 1]], [0, 0, -1])
    >>> [len(faces(triangle, k)) for k in range(3)]
    [7, 9, 3]
    >>> faces(Arrangement([[1], [2]], [0, -2]), 1).tolist()
    [[0, -1], [1, 0]]
    """
    if not isinstance(codimension, int | np.integer) or codimension < 0:
        raise InputError(f"a codimension is a non-negative integer, not {codimension!r}")
    n = arrangement.n_hyperplanes
    if codimension > arrangement.rank:
        return np.zeros((0, n), dtype=np.int8)
    if codimension == 0:
        return arrangement.cells(progress=progress).signs
    rows = distinct_essential_rows(arrangement)
    recursion = Recursion(rows)
    show = reporter(progress, "hyperplanes")
    found = []
    for contains in recursion.flats_of_codimension(int(codimension)):
        if codimension < recursion.depth:
            signs = unpack_signs(recursion.cells(base=int(codimension)), len(rows))
        else:
            signs = recursion.flats.signs[recursion.depth, :1].copy()
        signs[:, contains] = 0
        found.append(signs)
        show(int(recursion.flats.cut[0]) + 1, len(rows))
    first, orientation = arrangement.coincidence
    _, position = np.unique(first, return_inverse=True)
    return np.asarray(np.concatenate(found)[:, position] * orientation, dtype=np.int8)
