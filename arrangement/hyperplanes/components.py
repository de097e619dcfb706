"""Connected components: the arrangements of which an arrangement is the product."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from arrangement import exact

__all__ = ["components", "coordinates"]

Integers = NDArray[np.object_]


def coordinates(vectors: Integers, basis: Sequence[int]) -> Integers | None:
    """The vectors in terms of some of them, times a common integer; None without a basis.

    Parameters
    ----------
    vectors : ndarray of Python ints, shape (n, D)
    basis : sequence of D ints
        Which vectors to use.

    Returns
    -------
    ndarray of Python ints, shape (n, D), or None

    Examples
    --------
    >>> coordinates(np.array([[1, 1], [1, -1], [3, 1]], dtype=object), [0, 1])
    array([[2, 0],
           [0, 2],
           [4, 2]], dtype=object)
    """
    if len(vectors) == 0:
        return vectors
    try:
        return vectors @ exact.inverse(vectors[list(basis)])[0]
    except ZeroDivisionError:
        return None


def components(vectors: Integers) -> list[NDArray[np.int64]]:
    """The finest partition of the vectors whose parts span independent subspaces.

    These are the connected components of their matroid. With a basis among the vectors, two
    are connected when a chain of non-zero coordinates leads from one to the other (Oxley 2011,
    Prop. 4.1.2 and §4.3).

    Parameters
    ----------
    vectors : ndarray of Python ints, shape (n, D)
        Of rank D, none of them zero.

    Returns
    -------
    list of ndarray of int64
        Indices in ascending order, by lowest index.

    Examples
    --------
    >>> normals = np.array([[1, 1, 0], [0, 0, 2], [1, -1, 0], [1, 0, 0]], dtype=object)
    >>> [part.tolist() for part in components(normals)]
    [[0, 2, 3], [1]]
    """
    n = len(vectors)
    if n == 0:
        return []
    basis = exact.independent_columns(vectors.T)
    table = coordinates(vectors, basis)
    assert table is not None
    i, b = np.nonzero(table)
    graph = csr_array((np.ones(len(i)), (i, np.array(basis)[b])), shape=(n, n))
    count, label = connected_components(graph, directed=False)
    parts = [np.flatnonzero(label == k) for k in range(count)]
    return sorted(parts, key=lambda part: int(part[0]))
