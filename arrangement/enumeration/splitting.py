"""The cells in a cone in parts that do not depend on each other: tasks of an executor.

The cells of a few of the hyperplanes cut the cone into smaller ones, the parts; what the other
hyperplanes cut in one of them concerns no other part. Parts are numbered in the order in which
restrict and split comes upon them, so their cells one after another are the cells of
:func:`arrangement.enumeration.cone_faces.words` in the same order.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from concurrent.futures import Executor
from math import inf
from time import monotonic
from typing import Any

import numpy as np
from numpy.typing import NDArray

from arrangement import exact
from arrangement.enumeration import cone_counts, cone_faces
from arrangement.enumeration.intervals import Interval
from arrangement.enumeration.sources import Parts
from arrangement.enumeration.tasks import portions
from arrangement.exact.packing import Words, unpack_signs, word_count
from arrangement.progress import Progress, reporter

__all__ = ["Counts", "Splitting", "spread", "spread_count"]

Integers = NDArray[np.object_]

PARTS = 128
"""At least so many parts, and less than twice as many."""

FEW = 2**18
"""Cells that are one part: they take as long as it takes to begin with all parts."""

HEAD_START = 1.0
"""Seconds for which this process tries alone before an executor is asked."""

LONG = 1.0
"""Seconds of work that are left then, for which it is not: processes take time to begin."""


class Splitting(Parts):
    """The cells of linear hyperplanes in an open cone, in parts.

    Parameters
    ----------
    rows : ndarray of Python ints or field elements, shape (n, D)
        The hyperplanes, none zero.
    walls : ndarray, shape (m, D)
        The cone {x : walls x > 0}; there is at least one wall.
    sides : ndarray of int8, shape (parts, k), optional
        The parts; if not given they are chosen.
    chosen : ndarray of int, shape (k,), optional
        The rows that the sides are of.

    Examples
    --------
    >>> lines = np.array([[1, 0], [0, 1], [1, -1], [2, -1], [1, -2]], dtype=object)
    >>> splitting = Splitting(lines, lines[:2])
    >>> whole, = splitting.intervals()
    >>> np.concatenate(list(splitting.blocks(whole))).ravel().tolist()
    [31, 15, 11, 3]
    """

    first = 0

    def __init__(
        self,
        rows: Integers,
        walls: Integers,
        sides: NDArray[np.int8] | None = None,
        chosen: NDArray[np.int64] | None = None,
    ) -> None:
        self.rows, self.walls = rows, walls
        self.n, self.n_words = len(rows), word_count(len(rows))
        if sides is None or chosen is None:
            sides, chosen = _one_part() if _are_few(rows, walls) else _parts(rows, walls)
        self.sides, self.chosen = sides, chosen

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.rows, self.walls, self.sides, self.chosen)

    @property
    def tables(self) -> tuple[NDArray[Any], ...]:
        """What the cells of a part depend on."""
        return self.rows, self.walls, self.sides, self.chosen[None]

    def intervals(self) -> list[Interval]:
        """All parts, or those from the `first` on."""
        return [Interval(0, self.first, len(self.sides))]

    def blocks(
        self, interval: Interval, budget: float = inf
    ) -> Generator[Words, None, Interval | None]:
        """The cells in some parts, packed, in blocks.

        Returns
        -------
        Interval or None
            The parts after the one in which there were more cells than the budget.
        """
        count = 0
        for i in range(interval.start, interval.stop):
            if count > budget:
                return Interval(0, i, interval.stop)
            for block in self._part(i):
                count += len(block)
                yield block
        return None

    def _part(self, i: int) -> Iterator[Words]:
        return cone_faces.words(self.rows, self._walls(i))

    def part_of(self, cell: Words) -> int:
        """The part that a cell is in."""
        signs = unpack_signs(cell, self.n)[:, self.chosen]
        return int(np.flatnonzero((self.sides == signs).all(axis=1))[0])

    def are_in_part(self, i: int, words: Words) -> NDArray[np.bool_]:
        """Which cells are in a part."""
        signs = unpack_signs(words, self.n)[:, self.chosen]
        return np.asarray((signs == self.sides[i]).all(axis=1))

    def _walls(self, i: int) -> Integers:
        inward = self.rows[self.chosen] * self.sides[i].astype(object)[:, None]
        return np.concatenate([self.walls, inward])


class Counts(Splitting):
    """As :class:`Splitting`, but each part has one word, the number of its cells.

    Examples
    --------
    >>> lines = np.array([[1, 0], [0, 1], [1, -1], [2, -1], [1, -2]], dtype=object)
    >>> counts = Counts(lines, lines[:2])
    >>> whole, = counts.intervals()
    >>> sum(int(word.sum()) for word in counts.blocks(whole))
    4
    """

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.n, self.n_words = 64, 1

    @property
    def tables(self) -> tuple[NDArray[Any], ...]:
        """What the number of cells in a part depends on; no cells are taken for it."""
        return *super().tables, np.zeros((0, 1), dtype=object)

    def _part(self, i: int) -> Iterator[Words]:
        count = cone_counts.count(self.rows, self._walls(i))
        yield np.array([[count]], dtype=np.uint64)


def spread(
    rows: Integers, walls: Integers, progress: Progress, executor: Executor
) -> Iterator[tuple[Interval, Words]]:
    """The cells in an open cone, on an executor if that is worth it.

    This process begins, without parts. Unless it is done soon, the part that it has come to
    tells about how much is left: the executor gets that part and those after it, or nothing.

    Yields
    ------
    Interval, ndarray of uint64
        Sorted by interval they are the cells of :func:`cone_faces.words` in its order.
    """
    started = monotonic()
    seen, alone = (0, 0), False
    show: Callable[[int, int], None] | None = None
    held: list[Words] = []

    def watch(done: int, total: int) -> None:
        nonlocal seen
        seen = done, total
        if show is not None:
            show(done, total)

    blocks = cone_faces.words(rows, walls, watch)
    while not alone and monotonic() - started < HEAD_START:
        block = next(blocks, None)
        if block is None:
            alone = True
        elif len(block):
            held.append(block)
    if not alone:
        source = Splitting(rows, walls, *_parts(rows, walls))
        source.first = source.part_of(held[-1][-1:]) if held else 0
        left = len(source.sides) - source.first
        alone = (monotonic() - started) * left < LONG * source.first
        if not alone:
            while held and not (kept := ~source.are_in_part(source.first, held[-1])).all():
                last = held.pop()[kept]
                held += [last] if len(last) else []
    if alone:
        show = reporter(progress, "cells")
    for i, block in enumerate(held):
        yield Interval(-1, i, i + 1), block
    if show is not None:
        show(*seen)
        for i, block in enumerate(blocks, len(held)):
            yield Interval(-1, i, i + 1), block
    else:
        yield from portions(source, reporter(progress, "parts"), executor)


class _TakesLong(Exception):
    """There is much left to count."""


def spread_count(
    rows: Integers, walls: Integers, progress: Progress, executor: Executor
) -> int:
    """The number of cells in an open cone, counted on an executor if that is worth it."""
    started = monotonic()
    show = reporter(progress, "cells")

    def watch(done: int, total: int) -> None:
        seconds = monotonic() - started
        if seconds >= HEAD_START and seconds * (total - done) >= LONG * done:
            raise _TakesLong
        show(done, total)

    try:
        return cone_counts.count(rows, walls, watch)
    except _TakesLong:
        source = Counts(rows, walls, *_parts(rows, walls))
        found = portions(source, reporter(progress, "parts"), executor)
        return sum(int(count) for _, words in found for count in words.flat)


def _one_part() -> tuple[NDArray[np.int8], NDArray[np.int64]]:
    return np.zeros((1, 0), dtype=np.int8), np.zeros(0, dtype=np.int64)


def _parts(rows: Integers, walls: Integers) -> tuple[NDArray[np.int8], NDArray[np.int64]]:
    """The cells of as many of the rows as there must be for the parts, and which rows.

    Hyperplanes that cut a cone with lines into pointed ones are the first that restrict and
    split takes, then all others in their order.
    """
    m = len(walls)
    independent = exact.independent_columns(np.concatenate([walls, rows]).T)
    dividing = [i - m for i in independent if i >= m]
    order = [*dividing, *(i for i in range(len(rows)) if i not in set(dividing))]

    def parts(k: int) -> Words:
        return _first_cells(rows[sorted(order[:k])], walls, 2 * PARTS)

    # Each row makes at most twice as many parts; those that divide make twice as many.
    few = many = min(len(dividing), (PARTS - 1).bit_length())
    while many < len(order) and len(parts(many)) < PARTS:
        few, many = many, min(2 * many + 1, len(order))
    while many - few > 1:
        k = (few + many) // 2
        few, many = (k, many) if len(parts(k)) < PARTS else (few, k)
    chosen = np.array(sorted(order[:many]), dtype=np.int64)
    sides = unpack_signs(parts(many), many)
    cutting = (sides != sides[:1]).any(axis=0)
    return sides[:, cutting], chosen[cutting]


def _are_few(rows: Integers, walls: Integers) -> bool:
    """Are there at most `FEW` cells? Many are taken for granted where far more are expected."""
    expected = [0]
    found = 0
    for block in cone_faces.words(rows, walls, lambda done, total: expected.append(total)):
        found += len(block)
        if max(found, expected[-1] / 4) > FEW:
            return False
    return True


def _first_cells(rows: Integers, walls: Integers, most: int) -> Words:
    """All cells, or the first of more than so many."""
    found: list[Words] = []
    for block in cone_faces.words(rows, walls):
        found.append(block)
        if sum(map(len, found)) > most:
            break
    return np.concatenate(found)
