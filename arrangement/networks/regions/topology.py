"""Betti numbers of parts of a complex, over the field of two elements."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from arrangement.networks.complex.complex import Complex
from arrangement.networks.complex.geometry import boundaries

__all__ = ["betti_numbers", "closure", "interior"]

Faces = NDArray[np.bool_]


def closure(cells: Complex, faces: Faces) -> Faces:
    """The faces of some faces, shape (F,)."""
    dimension, begin, end, *_ = cells.faces.T
    result = faces.copy()
    for k in range(cells.dimension, 0, -1):
        which = np.flatnonzero(result & (dimension == k))
        result[boundaries(which, begin, end - begin, cells.pool)[0]] = True
    return result


def interior(cells: Complex, faces: Faces) -> Faces:
    """Of a closed set of faces those that are off the walls and next to no cell outside."""
    dimension, label = cells.faces[:, 0], cells.faces[:, 3]
    walls = (dimension == cells.dimension - 1) & (label < 0)
    outside = (dimension == cells.dimension) & ~faces
    return faces & ~closure(cells, walls | outside)


def betti_numbers(cells: Complex, faces: Faces) -> tuple[int, ...]:
    """dim H_k, k = 0 … d, of the chains of some faces with the boundaries among them.

    Of a closed set of faces these are the Betti numbers of its union. Of an open set of R^d
    it is Borel-Moore homology, and by Poincaré duality the Betti numbers are the same in
    reverse: dim H_{d−k}.

    Parameters
    ----------
    cells : Complex
    faces : ndarray of bool, shape (F,)
        With two of them, one in the closure of the other, all between.

    Notes
    -----
    The boundary of a polytope modulo 2 is the sum of its facets. From the top down, columns of
    each boundary matrix are reduced until their last entries differ; a face that is such an
    entry bounds, so that its own column need not be reduced.
    """
    dimension, begin, end, *_ = cells.faces.T
    d = cells.dimension
    sizes = np.bincount(dimension[faces], minlength=d + 1).tolist()
    ranks = [0] * (d + 2)
    bounding: set[int] = set()
    for k in range(d, 0, -1):
        reduced: dict[int, set[int]] = {}
        for f in np.flatnonzero(faces & (dimension == k)).tolist():
            if f in bounding:
                continue
            members = cells.pool[begin[f] : end[f]]
            column = set(members[faces[members]].tolist())
            while column and (last := max(column)) in reduced:
                column ^= reduced[last]
            if column:
                reduced[last] = column
        ranks[k] = len(reduced)
        bounding = set(reduced)
    return tuple(n - ranks[k] - ranks[k + 1] for k, n in enumerate(sizes))
