"""Where tasks come from, and where what was found in them is kept."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from math import inf
from typing import Any, Protocol

from numpy.typing import NDArray

from arrangement.enumeration.intervals import Interval
from arrangement.exact.packing import Words

__all__ = ["Kept", "Parts", "Source"]


class Source(Protocol):
    """Where tasks come from: sign vectors in intervals that do not depend on each other.

    It can be pickled; a worker takes it as it is given.

    Attributes
    ----------
    n, n_words : int
        Bits and 64-bit words of a sign vector.
    unit : str
        What intervals consist of.
    tables : tuple of arrays of integers or field elements
        What the sign vectors of an interval depend on, other than the interval.
    settled : int
        How many vertices needed exact arithmetic, if there are such.
    """

    n: int
    n_words: int
    unit: str
    settled: int

    @property
    def tables(self) -> tuple[NDArray[Any], ...]:
        """As above."""
        ...

    def intervals(self) -> list[Interval]:
        """All of it, level by level."""
        ...

    def pieces(self, interval: Interval, size: int) -> Iterator[Interval]:
        """An interval cut into tasks."""
        ...

    def position(self, interval: Interval) -> int:
        """How much comes before an interval."""
        ...

    def blocks(
        self, interval: Interval, budget: float = inf
    ) -> Generator[Words, None, Interval | None]:
        """The sign vectors of an interval; returns what the budget did not reach."""
        ...


class Parts:
    """What sources have alike of which each task is one part, numbered from 0."""

    unit = "parts"
    settled = 0

    def pieces(self, interval: Interval, size: int) -> Iterator[Interval]:
        """Parts one by one."""
        for i in range(interval.start, interval.stop):
            yield Interval(0, i, i + 1)

    def position(self, interval: Interval) -> int:
        """How many parts come before some."""
        return interval.start


class Kept(Protocol):
    """What outlives a run: what was found in the intervals that are done."""

    def enter(self, source: Any) -> None:
        """What follows is of this source."""
        ...

    def intervals(self, whole: Interval) -> list[Interval]:
        """Intervals of a level that are done, in order and apart from each other."""
        ...

    def read(self, part: Interval) -> Words:
        """What was found in an interval that is done."""
        ...

    def write(self, part: Interval, words: Words) -> None:
        """Keep what was found in an interval."""
        ...
