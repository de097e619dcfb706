"""Which tuples of faces can have a loss below a bound: coarser tuples first.

The bound of a tuple is its least squares loss without any condition on signs. Two steps make a
tuple coarser without raising its bound:

- A face F lies in the closure of a cell C with the same signs where F has any. On F's flat the
  maps of both are equal, so the columns of F are in the span of those of C.
- Only the first n′ samples are summed. Cells that agree on them are one pattern.

So levels of items, each with a parent one level up: patterns on the first half of the samples,
cells, faces. A tuple of items is looked at only if its tuple of parents is within the bound.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise, product

import numpy as np
from numpy.typing import NDArray

from arrangement import kernels
from arrangement.kernels.landscape.screening import Faces, Fit
from arrangement.relu.minima.neuron_faces import ROUNDING, NeuronFaces
from arrangement.relu.multisets import multisets
from arrangement.relu.weight_space import Floats, Indices, Mask

__all__ = ["Level", "Pruning", "fit", "grams", "tuple_losses"]


def fit(columns: Floats, y: Floats, rank: int | None = None) -> Fit:
    """Fit y by columns of shape (N, n); if it is not given the rank counts as NumPy's does."""
    U, S, Vt = np.linalg.svd(columns, full_matrices=False)
    kept = (S[:1] * (max(columns.shape) * np.finfo(np.float64).eps)) < S
    r = int(kept.sum()) if rank is None else rank
    S = np.maximum(S, 1e-300)
    basis = np.ascontiguousarray(U[:, :r])
    along = basis.T @ y
    return Fit(
        basis,
        np.ascontiguousarray(Vt[:r].T / S[:r]),
        along,
        y - basis @ along,
        float(S[0] / S[r - 1]) if r else 1.0,
    )


def grams(table: Floats) -> Floats:
    """AᵀA of matrices Aᵀ."""
    return np.asarray(table @ np.swapaxes(table, 1, 2))


def tuple_losses(
    before: Fit, table: Floats, products: Floats, sizes: Indices
) -> tuple[Floats, Floats, Mask]:
    """The least squared residual beside a fit with each of some maps Aᵀ with these `grams`.

    And bounds on the errors of these, and whether they are known.
    """
    count = len(table)
    losses, errors, sure = np.zeros(count), np.zeros(count), np.empty(count, dtype=bool)
    faces = Faces(table, products, table @ before.basis, table @ before.rest, sizes)
    accuracy = ROUNDING * len(before.rest) * before.condition
    kernels.tuple_losses(faces, before, accuracy, losses, errors, sure)
    return losses, errors, sure


@dataclass(frozen=True, eq=False)
class Level:
    """Items of one level above the faces, in the order of their parents.

    Attributes
    ----------
    maps : ndarray, shape (m, D, n)
        Aᵀ of each item on the first n samples.
    free : ndarray, shape (n, e)
    y : ndarray, shape (n,)
    children : ndarray of int, shape (m + 1,)
        The items from children[k] to children[k + 1] of the next level belong to item k.
    careful : bool
        Leave out nothing where a rank may be due to rounding.
    """

    maps: Floats
    free: Floats
    y: Floats
    children: Indices
    careful: bool

    @cached_property
    def grams(self) -> Floats:
        """AᵀA of each item, shape (m, D, D)."""
        return grams(self.maps)

    def within(self, prefix: tuple[int, ...], last: Indices, room: float) -> Indices:
        """Those of some last items with which a prefix may have a squared residual ≤ room."""
        columns = [self.free, *(self.maps[k].T for k in prefix)]
        stacked = np.concatenate(columns, axis=1)
        before = fit(stacked, self.y)
        if self.careful and before.basis.shape[1] < stacked.shape[1]:
            return last
        table = self.maps[last]
        losses, errors, sure = tuple_losses(
            before, table, self.grams[last], np.full(len(last), table.shape[1])
        )
        return last[~sure | (losses - errors <= room)]


class Pruning:
    """The levels above the faces of a problem, for one bound.

    Parameters
    ----------
    faces : NeuronFaces
    y, free : ndarray
        See :class:`~arrangement.relu.minima.tuples.Screen`.
    room : float
        The largest squared residual that is wanted.
    positions : ndarray of int
        The active faces that take part, with all active cells among them.
    careful : bool
        Is leaving out a tuple to be a proof?

    Attributes
    ----------
    positions : ndarray of int
        The same in the order of their parents.
    levels : list of Level
    """

    def __init__(
        self,
        faces: NeuronFaces,
        y: Floats,
        free: Floats,
        room: float,
        positions: Indices,
        careful: bool,
    ) -> None:
        self.room = room
        cells = positions[faces.codimension[positions] == 0]
        cells = cells[np.lexsort(faces.signs[cells].T[::-1])]
        signs = faces.signs[cells]
        n = len(y)
        half = min(n, max(n // 2, 2 * faces.rank))
        first = np.flatnonzero(
            np.append(True, np.any(signs[1:, :half] != signs[:-1, :half], axis=1))
        )
        maps = faces.transposed(cells)
        ends = np.append(first, len(cells))
        self.levels = [Level(maps[first][:, :, :half], free[:half], y[:half], ends, careful)]
        self.positions = cells
        if len(cells) < len(positions):
            above = _cell_above(faces, positions, signs)
            order = np.lexsort((positions, above))
            self.positions = positions[order]
            begin = np.searchsorted(above[order], np.arange(len(cells) + 1))
            self.levels.append(Level(maps, free, y, begin, careful))

    def prefixes(
        self, length: int, first: range | None = None
    ) -> Iterator[tuple[tuple[int, ...], Indices, int]]:
        """Prefixes of `length` − 1 positions with the last ones that remain to be looked at.

        The third entry numbers the tops: prefixes of the first level, of which `first`
        restricts the first item.
        """
        top = self.levels[0]
        m = len(top.maps)
        for number, prefix in enumerate(multisets(m, length - 1, first)):
            last = np.arange(prefix[-1] if prefix else 0, m)
            for found in self._descend(0, prefix, last):
                yield (*found, number)

    def _descend(
        self, depth: int, prefix: tuple[int, ...], last: Indices
    ) -> Iterator[tuple[tuple[int, ...], Indices]]:
        level = self.levels[depth]
        kept = level.within(prefix, last, self.room)
        if not len(kept):
            return
        low, high = level.children[kept], level.children[kept + 1]
        size = high - low
        below = np.repeat(low - np.append(0, np.cumsum(size)[:-1]), size)
        below = below + np.arange(size.sum())
        own = [range(level.children[k], level.children[k + 1]) for k in prefix]
        for finer in product(*own):
            if any(a > b for a, b in pairwise(finer)):
                continue
            rest = below[below >= finer[-1]] if finer else below
            if not len(rest):
                continue
            if depth + 1 < len(self.levels):
                yield from self._descend(depth + 1, finer, rest)
            else:
                yield finer, rest


def _cell_above(faces: NeuronFaces, which: Indices, cells: NDArray[np.int8]) -> Indices:
    """For each face the first of some cells that has it in its closure."""
    result = np.empty(len(which), dtype=np.int64)
    columns = cells.T.astype(np.float32)
    step = max(1, (1 << 24) // len(cells))
    for start in range(0, len(which), step):
        signs = faces.signs[which[start : start + step]].astype(np.float32)
        inside = signs @ columns == np.abs(signs).sum(axis=1)[:, None]
        result[start : start + step] = np.argmax(inside, axis=1)
    return result
