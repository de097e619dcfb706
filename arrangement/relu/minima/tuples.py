"""Tuples of faces, one a neuron, screened by their least squares solutions.

Depth first over multisets of active faces. For a prefix of K − 1 faces with columns spanning a
space of orthonormal basis Q, all last faces are screened at once: their Gram matrices are there
already, and one matrix product gives their products with Q. What the screen refuses is surely
no stationary tuple; what is left is decided by :mod:`arrangement.relu.minima.stationary`.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

import numpy as np

from arrangement import kernels
from arrangement.kernels.landscape.screening import Faces, Fit, Neurons, Tables
from arrangement.relu.minima.pruning import Pruning, fit, grams
from arrangement.relu.minima.rational import RationalDecider
from arrangement.relu.minima.stationary import Decider
from arrangement.relu.multisets import multisets
from arrangement.relu.weight_space import Floats, Indices

__all__ = ["Screen"]


FEW = 4
"""So few last positions are decided one by one: quicker than screening them."""

_KEEP, _BLOCK = 1 << 26, 1 << 21
"""The most numbers in a table of maps that is kept, and in one that is not."""


class Screen:
    """Screens tuples of active faces of one problem.

    Parameters
    ----------
    decider : Decider
        What decides what is left. With one in rational arithmetic a refusal is a proof.
    positions : ndarray of int
        The faces that take part.
    room : float
        The largest squared residual ‖f − y‖² that is wanted.
    idle : bool
        Is nothing refused?
    """

    def __init__(
        self,
        decider: Decider,
        positions: Indices,
        room: float = np.inf,
        idle: bool = False,
    ) -> None:
        self.faces, self.y, self.free = decider.faces, decider.y, decider.free
        self.rank_of = decider.rank_of if isinstance(decider, RationalDecider) else None
        self.positions, self.count = positions, len(positions)
        self.room, self.idle = room, idle

    @cached_property
    def _kept(self) -> tuple[Floats, Floats, Tables] | None:
        if self.count * self.faces.samples.X.size > _KEEP:
            return None
        faces = self.faces
        table = faces.transposed(self.positions)
        return table, grams(table), faces.tables(np.arange(len(faces.bases)))

    def blocks(self, start: int) -> Iterator[tuple[slice, Floats, Floats]]:
        """Aᵀ and AᵀA of the faces at positions from `start` on, in blocks."""
        step = max(1, _BLOCK // self.faces.samples.X.size)
        if self._kept is not None:
            step = self.count
        for low in range(start, self.count, step):
            rows = slice(low, min(low + step, self.count))
            if self._kept is not None:
                yield rows, self._kept[0][rows], self._kept[1][rows]
            else:
                table = self.faces.transposed(self.positions[rows])
                yield rows, table, grams(table)

    def _tables(self, flats: Indices) -> tuple[Tables, Indices]:
        """Tables that hold some flats, and the flats' places there."""
        if self._kept is not None:
            return self._kept[2], flats
        distinct, place = np.unique(flats, return_inverse=True)
        return self.faces.tables(distinct), place.astype(np.int64)

    def prefix_fit(self, prefix: tuple[int, ...]) -> tuple[Fit, bool]:
        """The fit of a prefix, and whether its coefficients are unique."""
        faces = self.positions[list(prefix)]
        if self._kept is None:
            maps = self.faces.transposed(faces)
        else:
            maps = self._kept[0][list(prefix)]
        sizes = self.faces.sizes[faces]
        columns = [self.free, *(A[:e].T for A, e in zip(maps, sizes, strict=True))]
        stacked = np.concatenate(columns, axis=1)
        rank = None if self.rank_of is None else self.rank_of(faces)
        found = fit(stacked, self.y, rank)
        return found, found.basis.shape[1] == stacked.shape[1]

    def survivors(self, prefix: tuple[int, ...], last: Indices | None = None) -> Indices:
        """The last positions that the screen does not refuse.

        Parameters
        ----------
        prefix : tuple of int
            Rising positions.
        last : ndarray of int, optional
            The positions to look at; all from the prefix's last on by default.
        """
        if self.idle:
            start = prefix[-1] if prefix else 0
            return np.arange(start, self.count) if last is None else last
        faces = self.faces
        before, unique = self.prefix_fit(prefix)
        if not unique:
            before = before._replace(back=before.back[:0])
        chosen = self.positions[list(prefix)]
        least = faces.accuracy[chosen].max(initial=0.0)
        result = []
        for rows, table, products in self.blocks(prefix[-1] if prefix else 0):
            which = self.positions[rows]
            here = np.arange(rows.start, rows.stop)
            if last is not None:
                inner = last[(last >= rows.start) & (last < rows.stop)] - rows.start
                table, products = table[inner], products[inner]
                which, here = which[inner], here[inner]
            tables, flats = self._tables(
                np.concatenate([faces.flat[chosen], faces.flat[which]])
            )
            outcome = np.empty(len(which), dtype=np.int8)
            crosses, rights = table @ before.basis, table @ before.rest
            kernels.screen(
                Faces(table, products, crosses, rights, faces.sizes[which]),
                Neurons(flats[len(chosen) :], faces.sizes[which], faces.signs[which]),
                tables,
                Neurons(flats[: len(chosen)], faces.sizes[chosen], faces.signs[chosen]),
                before,
                before.condition * np.maximum(faces.accuracy[which], least),
                faces.negative_slope,
                self.room,
                outcome,
            )
            result.append(here[outcome != kernels.REFUSED])
        return np.concatenate(result) if result else np.zeros(0, dtype=np.int64)

    def tuples(self, length: int, first: range | None = None) -> Iterator[tuple[Indices, int]]:
        """Survivors as rows of faces, and how many tuples each portion was drawn from.

        Parameters
        ----------
        length : int
            Neurons, at least one.
        first : range, optional
            Positions of the first neuron; all by default. With one neuron all are screened.
        """
        for prefix in multisets(self.count, length - 1, first):
            last = self.survivors(prefix)
            yield self._rows(prefix, last), self.count - (prefix[-1] if prefix else 0)

    def _rows(self, prefix: tuple[int, ...], last: Indices) -> Indices:
        rows = np.empty((len(last), len(prefix) + 1), dtype=np.int64)
        rows[:, :-1] = prefix
        rows[:, -1] = last
        return np.sort(self.positions[rows], axis=1)

    def pruned_tuples(
        self, pruning: Pruning, length: int, first: range | None = None
    ) -> Iterator[tuple[Indices, int]]:
        """The same among tuples that a pruning leaves, in portions for each of its tops.

        The screen's positions are those of the pruning, and `first` is of its first level.
        """
        waiting: list[Indices] = []
        at = 0
        for prefix, last, number in pruning.prefixes(length, first):
            if number != at:
                if waiting:
                    yield np.concatenate(waiting), number - at
                waiting, at = [], number
            if len(last) > FEW:
                last = self.survivors(prefix, last)
            waiting.append(self._rows(prefix, last))
        if waiting:
            yield np.concatenate(waiting), 1
