"""Intervals of the lines of a sweep, ranked by the hyperplanes that are picked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import comb

__all__ = ["Interval", "line_at", "next_line", "rank_of"]


@dataclass(frozen=True, order=True)
class Interval:
    """Consecutive lines of one level, in lexicographic order of the hyperplanes picked.

    The level-subsets of hyperplanes are ranked lexicographically; a line meets those that begin
    with its picks. `start` and `stop` are ranks at which a line begins.
    """

    level: int
    start: int
    stop: int

    def __len__(self) -> int:
        return self.stop - self.start

    def pieces(self, size: int, n: int) -> Iterator[Interval]:
        """This interval cut into intervals of about `size` subsets of n hyperplanes."""
        start = self.start
        while start < self.stop:
            stop = self.stop
            if self.level > 1 and start + size < stop:
                stop = rank_of(line_at(start + size, n, self.level), n, self.level)
                if stop <= start:  # one line longer than that
                    stop = rank_of(next_line(line_at(start, n, self.level)), n, self.level)
            yield Interval(self.level, start, min(stop, self.stop))
            start = min(stop, self.stop)


def line_at(rank: int, n: int, level: int) -> tuple[int, ...]:
    """The picks of the line that meets the level-subset of a given rank."""
    picks: list[int] = []
    low = 0
    while len(picks) < level - 1:
        while rank >= (below := comb(n - 1 - low, level - 1 - len(picks))):
            rank -= below
            low += 1
        picks.append(low)
        low += 1
    return tuple(picks)


def next_line(picks: tuple[int, ...]) -> tuple[int, ...]:
    """The least picks after all those of a line (they need not fit)."""
    return (*picks[:-1], picks[-1] + 1)


def rank_of(picks: tuple[int, ...], n: int, level: int) -> int:
    """How many level-subsets come before all those that begin with some picks."""
    rank, low = 0, 0
    for place, pick in enumerate(picks):
        rank += comb(n - low, level - place) - comb(n - pick, level - place)
        low = pick + 1
    return rank
