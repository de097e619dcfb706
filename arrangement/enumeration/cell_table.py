"""Cells looked up by their signs, and the cells across their facets."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from arrangement.exact.packing import Words, pack_signs
from arrangement.kernels.cells import lookup as kernel

if TYPE_CHECKING:
    import scipy.sparse

__all__ = ["CellTable", "adjacency"]


class CellTable:
    """A hash table of packed sign vectors, of all cells say.

    The hash of a cell is the XOR of one random word per positive hyperplane, so a neighbour's
    hash is one XOR away; matches are confirmed on the full sign vector.

    Parameters
    ----------
    words : ndarray of uint64, shape (m, w)
        Pairwise different.
    first : ndarray of int64, shape (n,), n ≤ 64·w
        For each bit the lowest one that is a function of it; see `Arrangement.coincidence`.
    """

    def __init__(self, words: Words, first: NDArray[np.int64]) -> None:
        self._words = words
        representatives = np.unique(first)
        size = 1 << (2 * len(words)).bit_length()
        self.masks = pack_signs(representatives[:, None] == first[None, :])
        self.table = kernel.Table(
            representatives=representatives,
            random=np.random.default_rng(20).integers(
                2**64, size=len(representatives), dtype=np.uint64
            ),
            slots=np.full(size, -1, dtype=np.int64),
            tags=np.zeros(size, dtype=np.uint64),
        )
        kernel.fill_table(self._words, self.table)

    def look_up(self, words: Words) -> NDArray[np.int64]:
        """The cell with each packed sign vector, −1 where there is none; shape (k,)."""
        queries = np.ascontiguousarray(words)
        found: NDArray[np.int64] = kernel.look_up(queries, self._words, self.table)
        return found

    def facets(self, i: int) -> NDArray[np.int64]:
        """The hyperplanes across which cell i has a neighbour, by their lowest copies."""
        return self.table.representatives[self.look_up(self._words[i] ^ self.masks) >= 0]

    def edges(
        self, show: Callable[[int, int], None] = lambda done, total: None
    ) -> NDArray[np.int64]:
        """All pairs of cells that share a facet, shape (E, 3): cell, cell, hyperplane.

        Two cells share a facet on H iff their signs differ exactly on H and its copies. One
        look-up per cell and hyperplane.
        """
        found = [np.zeros((0, 3), dtype=np.int64)]
        room = np.empty((max(2**20, len(self.masks)), 3), dtype=np.int64)
        start = 0
        while start < len(self._words):
            start, written = kernel.find_edges(self._words, self.masks, self.table, start, room)
            found.append(room[:written].copy())
            show(start, len(self._words))
        return np.concatenate(found)


def adjacency(edges: NDArray[np.int64], m: int) -> scipy.sparse.csr_array:
    """Symmetric (m, m) CSR matrix, read-only: hyperplane + 1 for each pair in `edges`."""
    from scipy.sparse import coo_array

    a, b, hyperplane = edges.T
    rows, columns = np.concatenate([a, b]), np.concatenate([b, a])
    data = np.concatenate([hyperplane, hyperplane]) + 1
    matrix = coo_array((data, (rows, columns)), shape=(m, m)).tocsr()
    for part in (matrix.data, matrix.indices, matrix.indptr):
        part.flags.writeable = False
    return matrix
