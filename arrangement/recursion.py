"""The recursion of restrict and split over flats, and the exact arithmetic that it asks for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from arrangement import exact, kernels
from arrangement.bounds import zaslavsky
from arrangement.errors import SizeError
from arrangement.fields import field_of
from arrangement.memory import memory, refuse_large
from arrangement.packing import word_count

__all__ = ["Recursion"]

Integers = NDArray[np.object_]
Words = NDArray[np.uint64]
Marks = NDArray[np.bool_]

ROOM = 2**14
"""How many flats, pairs of flats or faces the compiled loops list in one call."""


class Recursion:
    """The levels of restrict and split over one set of rows, and the exact arithmetic for it.

    Parameters
    ----------
    rows : ndarray of Python ints, shape (n, D + n_constants)
        Pairwise different hyperplanes of rank D ≥ 1: D coefficients, then the constants.
    n_constants : {1, 2}
        Two constants c, b mean c·M + b with M infinitely large.
    deepest : int, optional
        Only flats up to this codimension are asked for, and no cells.

    Raises
    ------
    SizeError
        If the cells of D independent hyperplanes alone would not fit in memory.
    """

    def __init__(
        self, rows: Integers, n_constants: int = 1, deepest: int | None = None
    ) -> None:
        self.rows = rows
        self.n_constants = n_constants
        n, width = rows.shape
        self.depth = width - n_constants
        if deepest is None and 2**self.depth > _capacity(n):
            raise _refusal(f"at least 2^{self.depth}")
        # Tableau entries are minors; elimination multiplies two and subtracts.
        self.exact = (
            field_of(rows) is None
            and 2 * exact.minor_bound(rows) ** 2 <= exact.FLOAT_EXACT_LIMIT
        )
        levels = (self.depth if deepest is None else deepest) + 1
        n_words = word_count(n)
        self.flats = kernels.Flats(
            values=np.zeros((levels, width, n)),
            errors=np.zeros((levels, width, n)),
            signs=np.zeros((levels, width, n), dtype=np.int8),
            kind=np.zeros((levels, n), dtype=np.int8),
            repeats=np.zeros((levels, n), dtype=np.bool_),
            same=np.zeros((levels, n_words), dtype=np.uint64),
            opposite=np.zeros((levels, n_words), dtype=np.uint64),
            pivot=np.ones(levels),
            cut=np.full(levels, -1, dtype=np.int64),
            column=np.zeros(levels, dtype=np.int64),
            limit=np.full(levels, n, dtype=np.int64),
        )
        if self.exact:
            self.exponents = np.zeros(n, dtype=np.int64)
            self.flats.values[0] = rows.T.astype(np.float64)
        else:
            values, errors, self.exponents = exact.float_rows(rows)
            self.flats.values[0], self.flats.errors[0] = values.T, errors.T
        for i, row in enumerate(rows):
            self.flats.signs[0, :, i] = [exact.sign(v) for v in row]
        kernels.settle_restriction(self.flats, 0, n_constants)
        self._order = np.zeros(n, dtype=np.int64)
        self._tied = np.zeros(n, dtype=np.bool_)
        self._spans = np.zeros(n, dtype=np.bool_)
        self.simple = True
        capacity = np.full(levels, n + 1, dtype=np.int64)
        self.forest = _forest(capacity, n_words, levels)

    def cells(self, show: Callable[[int, int], None] | None = None) -> Words:
        """Packed signs of all cells; a copy.

        Raises
        ------
        SizeError
            If they would not fit in memory: at once where an estimate shows it.
        """
        self.refuse_too_many()
        self._run(keep=True, show=show)
        start, m = self.forest.offset[0], self.forest.n_cells[0]
        return self.forest.words[start : start + m].copy()

    def refuse_too_many(self) -> None:
        """A SizeError if the cells would not fit in memory."""
        n = len(self.rows)
        room = _capacity(n)
        if zaslavsky(n, self.depth) > room:
            expected = self.estimate()
            if room / 100 < expected < 4 * room:  # few samples miss the rare large branches
                expected = self.estimate(samples=20000)
            if expected > room:
                raise _refusal(f"about {expected:.1e}")

    def count(self, stop_unless_simple: bool = False) -> int:
        """Number of cells; `simple` then tells whether all flats met are simple."""
        return self._run(keep=False, stop_unless_simple=stop_unless_simple)

    def estimate(self, samples: int = 400) -> float:
        """An unbiased estimate of the number of cells.

        The cells of {H_1, …, H_k} are one and those of each H_j restricted to the earlier
        hyperplanes; following one random H_j and weighing it by their number estimates the
        sum (Knuth 1975).
        """
        rng = np.random.default_rng(0)
        total = 0.0
        for _ in range(samples):
            level, limit, weight = 0, len(self.rows), 1.0
            while True:
                total += weight
                choices = np.flatnonzero(self.flats.kind[level, :limit] == kernels.CUTS)
                if level == self.depth or len(choices) == 0:
                    break
                j = int(rng.choice(choices))
                weight *= len(choices)
                self.descend(level, j)
                contained = self.flats.kind[level] == kernels.CONTAINS
                new = (self.flats.kind[level + 1] == kernels.CONTAINS) & ~contained
                if np.argmax(new) < j:  # the same set as an earlier hyperplane
                    break
                level, limit = level + 1, j
        return total / samples

    def descend(self, level: int, j: int) -> int:
        """Make level + 1 the restriction to row j; how many rows became zero by it."""
        self.flats.cut[level] = j
        free = self.depth - level
        signs, values = self.flats.signs[level, :free, j], self.flats.values[level, :free, j]
        self.flats.column[level] = np.argmax(np.where(signs != 0, np.abs(values), -1.0))
        if kernels.restrict_rows(self.flats, level, self.n_constants, self.exact):
            self._resolve_rows(level)
        return int(kernels.settle_restriction(self.flats, level + 1, self.n_constants))

    def flats_of_codimension(self, k: int) -> Words:
        """The flats of codimension k ≤ D: for each the rows that contain it, as bits.

        In lexicographic order of their first bases: the chains of rows each of which is the
        lowest that becomes zero with it.
        """
        if k == 0:
            return np.zeros((1, self.forest.words.shape[1]), dtype=np.uint64)
        state = np.array([0, 0, -1, 0], dtype=np.int64)
        words = np.empty((ROOM, self.forest.words.shape[1]), dtype=np.uint64)
        found = []
        while True:
            reason = kernels.list_flats(
                self.flats, state, k, self.n_constants, self.exact, words
            )
            if reason == kernels.RESOLVE_ROWS:
                self._resolve_rows(int(state[0]))
                continue
            found.append(words[: state[3]].copy())
            state[3] = 0
            refuse_large(found, "flats")
            if reason == kernels.DONE:
                return np.concatenate(found)

    def faces_of_codimension(
        self, k: int, show: Callable[[int, int], None] | None = None
    ) -> tuple[Words, NDArray[np.int64]]:
        """The faces of codimension k ≤ D: the cells that are cut on each flat of codimension k.

        Returns
        -------
        words : ndarray of uint64, shape (m, words)
            Bit i is 1 on the positive side of row i.
        flat : ndarray of int64, shape (m,)
            The flat of each face, as :meth:`flats_of_codimension` counts them; ascending.
        """
        if k == 0:
            words = self.cells(show)
            return words, np.zeros(len(words), dtype=np.int64)
        words, flat, _ = self._faces(k, True, show)
        return words, flat

    def count_faces(self, k: int) -> int:
        """How many faces of codimension k there are, without storing them."""
        return self._faces(k, False, None)[2]

    def _faces(
        self, k: int, keep: bool, show: Callable[[int, int], None] | None
    ) -> tuple[Words, NDArray[np.int64], int]:
        state = np.array([0, 0, -1, 0, -1, 0, 0], dtype=np.int64)
        inner = np.zeros(6, dtype=np.int64)
        n_words = self.forest.words.shape[1]
        words, flat = np.empty((ROOM, n_words), np.uint64), np.empty(ROOM, np.int64)
        found, flats_found = [], []
        while True:
            reason = kernels.list_faces(
                self.flats, self.forest, state, inner, self._order, self._tied, self._spans,
                k, self.n_constants, self.exact, keep, words, flat,
            )  # fmt: skip
            if state[5] == 1:
                self._settle(reason, inner)
            elif reason == kernels.RESOLVE_ROWS:
                self._resolve_rows(int(state[0]))
            else:
                found.append(words[: state[3]].copy())
                flats_found.append(flat[: state[3]].copy())
                state[3] = 0
                refuse_large(found, "faces")
                self._show_step(show)
                if reason == kernels.DONE:
                    return np.concatenate(found), np.concatenate(flats_found), int(state[6])
                if self.forest.n_cells[k] > len(words):
                    room = int(self.forest.n_cells[k])
                    words, flat = np.empty((room, n_words), np.uint64), np.empty(room, np.int64)

    def _show_step(self, show: Callable[[int, int], None] | None) -> None:
        if show is not None:
            show(int(self.flats.cut[0]) + 1, len(self.rows))

    def _settle(self, reason: int, state: NDArray[np.int64]) -> None:
        """Do what enumerate_cells asked for."""
        if reason == kernels.RESOLVE_ROWS:
            self._resolve_rows(int(state[0]))
        elif reason == kernels.RESOLVE_LINE:
            self._resolve_line(int(state[0]), int(state[2]))
        else:
            assert reason == kernels.GROW
            self._grow(int(state[5]))

    def _run(
        self,
        keep: bool,
        show: Callable[[int, int], None] | None = None,
        stop_unless_simple: bool = False,
    ) -> int:
        n = len(self.rows)
        state = np.array([0, kernels.ENTER, 0, 1, 0, 0], dtype=np.int64)
        self.flats.limit[0] = n
        report = show is not None or stop_unless_simple
        while True:
            reason = kernels.enumerate_cells(
                self.flats, self.forest, state, self._order, self._tied, self._spans,
                0, self.n_constants, self.exact, keep, report,
            )  # fmt: skip
            self.simple = bool(state[3])
            if reason == kernels.DONE or (stop_unless_simple and not self.simple):
                if show is not None:
                    show(n, n)
                return int(state[4])
            if reason != kernels.STEPPED:
                self._settle(reason, state)
            elif show is not None:
                show(int(self.flats.cut[0]) + 1, n)

    def _chain(self, level: int) -> tuple[list[int], list[int], list[int]]:
        """Rows cut, variables eliminated and columns left on a level."""
        columns = list(range(self.rows.shape[1]))
        pivots = [columns.pop(int(self.flats.column[k])) for k in range(level)]
        return [int(self.flats.cut[k]) for k in range(level)], pivots, columns

    def _resolve_rows(self, level: int) -> None:
        """Settle the unsure entries of level + 1 exactly."""
        entry = exact.restricted_entry(self.rows, *self._chain(level + 1))
        below = self.flats.signs[level + 1]
        for c, i in np.argwhere(below == kernels.UNSURE):
            value = entry(int(i), int(c))
            below[c, i] = exact.sign(value)
            self.flats.values[level + 1, c, i], self.flats.errors[level + 1, c, i] = (
                exact.scaled_float(value, int(self.exponents[i]))
            )

    def _resolve_line(self, level: int, count: int) -> None:
        """Sort the unsure runs of points on a line exactly."""
        entry = exact.restricted_entry(self.rows, *self._chain(level))

        def position(i: int) -> tuple[Any, ...]:
            slope = entry(i, 0)
            return tuple(-entry(i, 1 + c) / slope for c in range(self.n_constants))

        joined = self._spans[:count] | self._tied[:count]
        start = 0
        while start < count:
            end = start + 1
            while end < count and joined[end]:
                end += 1
            if self._spans[start + 1 : end].any():
                run = sorted((position(int(i)), int(i)) for i in self._order[start:end])
                for k, (place, i) in enumerate(run):
                    self._order[start + k] = i
                    self._tied[start + k] = k > 0 and run[k - 1][0] == place
            start = end

    def _grow(self, level: int) -> None:
        """Make room for the cells that the merge on a level needs."""
        old = self.forest
        capacity = old.capacity.copy()
        needed = int(old.n_cells[level] + old.n_cells[level + 1])
        capacity[level] = max(needed, 2 * capacity[level])
        if needed > _capacity(len(self.rows)):
            raise _refusal(f"more than {needed:,}")
        new = _forest(capacity, old.words.shape[1], len(capacity))
        for k in range(len(capacity)):
            source, target, m = old.offset[k], new.offset[k], old.capacity[k]
            new.words[target : target + m] = old.words[source : source + m]
            for name in ("split", "child", "cell"):
                getattr(new, name)[2 * target : 2 * (target + m)] = getattr(old, name)[
                    2 * source : 2 * (source + m)
                ]
        new.n_cells[:], new.n_nodes[:], new.root[:] = old.n_cells, old.n_nodes, old.root
        self.forest = new


def _forest(capacity: NDArray[np.int64], n_words: int, levels: int) -> kernels.Forest:
    total = int(capacity.sum())
    return kernels.Forest(
        words=np.zeros((total, n_words), dtype=np.uint64),
        split=np.zeros(2 * total, dtype=np.int32),
        child=np.zeros((2 * total, 2), dtype=np.int32),
        cell=np.zeros(2 * total, dtype=np.int32),
        offset=(np.cumsum(capacity) - capacity).astype(np.int64),
        capacity=capacity,
        n_cells=np.zeros(levels, dtype=np.int64),
        n_nodes=np.zeros(levels, dtype=np.int64),
        root=np.zeros(levels, dtype=np.int64),
    )


def _capacity(n_hyperplanes: int) -> int:
    """How many cells fit in memory, with a split tree, while both are copied to grow."""
    return min(memory() // (2 * (8 * word_count(n_hyperplanes) + 32)), 2**30)


def _refusal(count: str) -> SizeError:
    return SizeError(
        f"{count} cells do not fit in the memory that is left on this machine "
        f"({memory() / 2**30:.0f} GiB): take fewer hyperplanes or dimensions, or only "
        "the cells that meet a domain"
    )
