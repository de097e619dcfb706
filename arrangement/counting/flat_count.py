"""Whitney numbers from the flats, rank by rank, each flat or each orbit of flats once."""

from __future__ import annotations

import logging
from collections.abc import Generator, Iterator
from concurrent.futures import Executor
from dataclasses import dataclass, field
from fractions import Fraction
from math import comb, inf
from typing import Any

import numpy as np
from numpy.typing import NDArray

from arrangement.counting.flat_lattice import FlatLattice
from arrangement.counting.flat_levels import (
    Held,
    Level,
    Limbs,
    Merging,
    Opener,
    Tables,
    carried,
    merged,
    numbers_of,
)
from arrangement.enumeration.intervals import Interval
from arrangement.enumeration.tasks import MANY, portions
from arrangement.exact.packing import Words, word_count
from arrangement.kernels.cells import covers as kernel
from arrangement.kernels.cells import rank_three
from arrangement.kernels.reasons import MORE_PRIMES
from arrangement.progress import Progress, reporter
from arrangement.symmetry.permutation_groups import PermutationGroup

__all__ = ["FlatCount"]

LOG = logging.getLogger(__name__)

Integers = NDArray[np.object_]

COVERS = 2**16
"""At most so many covers are found in one task: about a second."""

PLANES = 2**9
"""So many planes are one task."""

TABLED = 2**20
"""Inverses modulo smaller primes are looked up."""


class FlatCount(FlatLattice):
    """Whitney numbers of the matroid of some rows, off a hyperplane at infinity.

    One of Weisner's theorems (Stanley 2012, Cor. 3.9.3): with a the lowest hyperplane of X,
    |μ(X)| = Σ |μ(Y)| over the Y covered by X that a does not contain. Averaged over all
    hyperplanes of X it is |X|·|μ(X)| = Σ |μ(Y)|·(|X| − |Y|) over all Y covered by X, which
    holds for sums over orbits too. With a group, the last flats that are stored are planes Y,
    in which those of the next two ranks are lines X and points Z. As |X| − |Y| sums to
    |Z| − |Y| over the lines X through a point Z, the theorem taken twice gives

        Σ |μ(X)| = Σ |μ(Y)| Σ (1 − |Y|/|X|),
        Σ |μ(Z)| = Σ |μ(Y)| (Σ p(X) (1 − |Y|/|X|) − Σ (1 − |Y|/|Z|)),

    where X has p(X) points.

    Parameters
    ----------
    rows : ndarray of Python ints, shape (n, D)
        Pairwise independent linear forms; they and the next have rank D.
    infinity : ndarray of Python ints, shape (D,), or None
        Flats inside it do not count.
    group : PermutationGroup or None
        Of symmetries of the rows; None to list all flats.
    progress : bool or callable, optional
        See :meth:`Arrangement.cells`.

    Attributes
    ----------
    orbits : list of int
        Of flats that were stored, by rank.

    Examples
    --------
    >>> lines = np.array([[1, 0], [0, 1], [1, 1], [1, 2]], dtype=object)
    >>> FlatCount(lines, None, None).whitney_numbers()
    [1, 4]
    >>> FlatCount(lines[1:], lines[0], None).whitney_numbers()
    [1, 3]
    """

    def __init__(
        self,
        rows: Integers,
        infinity: Integers | None,
        group: PermutationGroup | None,
        progress: Progress = None,
    ) -> None:
        super().__init__(rows, infinity)
        self._given = rows, infinity, group
        self.group = group
        self.progress = progress
        self._denominator = 1
        self.orbits = [1]
        self._works = self.work, self._workspace()
        # No w_k is larger than the number of k-sets; it is multiplied by at most n³.
        largest = max(comb(self.n, k) for k in range(self.width + 1)) * max(self.n, 1) ** 3
        self.limbs = largest.bit_length() // rank_three.LIMB + 1

    def __reduce__(self) -> tuple[type[FlatCount], tuple[Any, ...]]:
        return FlatCount, self._given

    def whitney_numbers(
        self, executor: Executor | None = None, kept: Tables | None = None
    ) -> list[int]:
        """w_0, …, w_(D−1).

        Parameters
        ----------
        executor : concurrent.futures.Executor, optional
            Where covers are found.
        kept : Tables, optional
            What keeps the flats of a rank; else memory does.
        """
        if self.width < 3 and self.group is not None:
            return [1, self.n][: self.width]
        kept = Held(self.n_words) if kept is None else kept
        nothing = np.zeros((1, self.n_words + self.limbs), dtype=np.uint64)
        nothing[0, self.n_words] = 1
        level = self._level([lambda: nothing], 0)
        result = [1]
        for _ in range(self._last):
            level = self._above(level, executor, kept)
            if self.group is not None:
                self.orbits.append(level.n)
                LOG.info("%s orbits of flats of rank %d", f"{level.n:,}", level.rank)
            result.append(self._whole(level.total))
        if self.width > 1:
            table = np.zeros((0, self.n_words + self.limbs), dtype=np.uint64)
            for part in self._covers(level, executor, kept):
                table = merged([table, part()], self.n_words)
            if self.group is None:
                result.append(sum(numbers_of(table[:, self.n_words :])))
            else:
                result += self._of_planes(table)
        return result

    @property
    def n_words(self) -> int:
        """Words of bits of a flat."""
        return max(word_count(self.n), 1)

    @property
    def _last(self) -> int:
        """The rank of the last flats that are stored."""
        return max(self.width - (2 if self.group is None else 3), 0)

    def _whole(self, number: int | Fraction) -> int:
        quotient = Fraction(number) / self._denominator
        assert quotient.denominator == 1, "sums over orbits are whole"
        return int(quotient)

    def _level(self, tables: list[Opener], rank: int) -> Level:
        level = Level(tables, self.n_words, rank, self.group is not None)
        self._denominator *= level.factor
        self.limbs += level.factor.bit_length() // rank_three.LIMB + (level.factor > 1)
        return level

    def _covers(self, level: Level, executor: Executor | None, kept: Tables) -> list[Opener]:
        """Tables of what the flats of a level pass on."""
        size = PLANES if self._has_planes(level.rank) else max(1, COVERS // max(self.n, 1))
        show = reporter(self.progress, f"flats of rank {level.rank}")
        covers = Covers(self, level)
        for _ in portions(covers, show, executor, kept, task=size, ahead=MANY):
            pass
        return kept.tables()

    def _above(self, level: Level, executor: Executor | None, kept: Tables) -> Level:
        """The flats of the next rank."""
        covers, rank = Covers(self, level), level.rank + 1
        given = self.depends_on(level, "flats", self.limbs)
        merging = Merging(rank, self.n_words, covers.n_words, given)
        kept.enter(merging)
        (whole,) = merging.intervals()
        if sum(map(len, kept.intervals(whole))) < len(whole):
            # Covers that are found again may be other images, of other hashes.
            kept.clear()
            merging.parts = self._covers(level, executor, kept)
        for _ in portions(merging, lambda done, total: None, None, kept, task=merging.step):
            pass
        found = self._level(kept.tables(), rank)
        merging.parts = []
        kept.enter(covers)
        kept.clear()
        return found

    def depends_on(self, level: Level, unit: str, limbs: int) -> tuple[NDArray[Any], ...]:
        """What the flats of the next rank, or the tables that they come from, depend on."""
        generators = np.zeros((0, self.n)) if self.group is None else self.group.generators
        facts = [[level.key, limbs, self.first, int(unit == "covers")]]
        return self._rows, generators, np.array(facts, dtype=object)

    # --- what one task does ------------------------------------------------------------------

    def _has_planes(self, rank: int) -> bool:
        return self.group is not None and rank == self._last

    def passed_on(self, rank: int, words: Words, weights: Limbs) -> Words:
        """A table of what some flats pass on: to covers, or of planes the sums over them."""
        if self._has_planes(rank):
            return self._sums_of_planes(rank, words, weights)
        which, none = kernel.BELOW if self.group is None else kernel.ALL, np.zeros(0, np.int64)
        highest = self.group is None and rank == self._last
        batch, y = self.batch, 0
        parts = [np.zeros((0, self.n_words + weights.shape[1]), dtype=np.uint64)]
        while y < len(words):
            y = self.find_covers(words, none, y, rank, which, highest)
            found = int(batch.filled[0])
            covers, passed = batch.words[:found], weights[batch.flat[:found]]
            if self.group is None:
                covers[~batch.kept[:found]] = 0
            else:
                self.group.canonical_images(covers, batch.kept[:found])
                passed *= batch.gain[:found, None]
            parts.append(merged([np.hstack([covers, carried(passed)])], self.n_words))
        return merged(parts, self.n_words)

    def _sums_of_planes(self, rank: int, words: Words, weights: Limbs) -> Words:
        """Rows of a number (3v + k)(n + 1) + s and a sum, over lines (k = 0), the points on
        these (1), or points (2) of s hyperplanes, of |μ(Y)| (v = 0) or |Y|·|μ(Y)| (1)."""
        n, width = self.n, weights.shape[1]
        sizes = np.bitwise_count(words).sum(axis=1, dtype=np.int64)
        times = carried(weights * sizes[:, None]).view(np.int64)
        sums = np.zeros((6 * (n + 1), width), dtype=np.int64)
        y, reason = 0, MORE_PRIMES
        while reason == MORE_PRIMES:
            y, reason = rank_three.sum_planes(
                self._table(), words, weights, times, y, rank, sums, self._plane(), *self._works
            )
            if reason == MORE_PRIMES:
                self._more_primes(len(self._moduli))
        rows = np.flatnonzero(sums.any(axis=1))
        table = np.zeros((len(rows), self.n_words + width), dtype=np.uint64)
        table[:, 0], table[:, self.n_words :] = rows, sums[rows].view(np.uint64)
        return merged([table], self.n_words)

    def _of_planes(self, table: Words) -> list[int]:
        """The last two numbers, from those sums."""
        n = self.n
        sums = np.zeros((2, 3, n + 1), dtype=object)
        numbers = numbers_of(table[:, self.n_words :])
        for row, number in zip(table[:, 0].tolist(), numbers, strict=True):
            sums[np.unravel_index(row, sums.shape)] = number
        shares = [Fraction(1, max(s, 1)) for s in range(n + 1)]
        lines, passes, points = sums[0].sum(axis=1) - sums[1] @ np.array(shares, dtype=object)
        return [self._whole(lines), self._whole(passes - points)]

    def _plane(self) -> rank_three.Plane:
        n, k, p = self.n, len(self._moduli), self._moduli[0]
        inverses = np.zeros(0)
        if self.needed == k == 1 and p <= TABLED:
            inverses = np.array([0, *(pow(v, -1, p) for v in range(1, p))], dtype=np.float64)
        return rank_three.Plane(
            lines=np.zeros((k, 3, n + 1)),
            primes=np.zeros(k),
            inverses=inverses,
            ratio=np.zeros((4, n + 1)),
            gain=np.zeros(n + 1, dtype=np.int64),
            total=np.zeros(n + 1, dtype=np.int64),
            counts=np.zeros((3, n + 1), dtype=np.int64),
        )


@dataclass(frozen=True, order=True)
class Flats(Interval):
    """Some flats of a rank, with |μ| in limbs: a task that carries them along."""

    words: Words = field(compare=False)
    weights: Limbs = field(compare=False)


class Covers:
    """What the flats of a rank pass on, in tables: a source of tasks.

    Parameters
    ----------
    count : FlatCount
    level : Level or None
        None where tasks are done.
    limbs : int, optional
        Of the numbers.
    """

    unit = "covers"
    settled = 0

    def __init__(self, count: FlatCount, level: Level | None, limbs: int | None = None) -> None:
        self._count, self._level = count, level
        self._limbs = count.limbs if limbs is None else limbs
        self.n_words = count.n_words + self._limbs
        self.n = 64 * self.n_words

    def __reduce__(self) -> tuple[type[Covers], tuple[Any, ...]]:
        return Covers, (self._count, None, self._limbs)

    @property
    def tables(self) -> tuple[NDArray[Any], ...]:
        """What they depend on."""
        assert self._level is not None
        return self._count.depends_on(self._level, self.unit, self._limbs)

    def intervals(self) -> list[Interval]:
        """All flats of the rank."""
        assert self._level is not None
        return [Interval(self._level.rank, 0, self._level.n)]

    def pieces(self, interval: Interval, size: int) -> Iterator[Interval]:
        """So many flats at a time."""
        assert self._level is not None
        for start in range(interval.start, interval.stop, size):
            stop = min(start + size, interval.stop)
            yield Flats(
                interval.level, start, stop, *self._level.read(start, stop, self._limbs)
            )

    def position(self, interval: Interval) -> int:
        """How many flats come before some."""
        return interval.start

    def blocks(
        self, interval: Interval, budget: float = inf
    ) -> Generator[Words, None, Interval | None]:
        """What some flats pass on, as one table; none are left."""
        assert isinstance(interval, Flats)
        yield self._count.passed_on(interval.level, interval.words, interval.weights)
        return None
