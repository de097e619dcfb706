"""The flats of a rank with their multiplicities, in tables: merged, kept, and read in parts.

A row of a table has the bits of the hyperplanes that contain a flat, and a number in limbs of
32 bits, the lowest first. Rows are in the order of a hash of the bits, so that tables of any
size are merged a range of hashes at a time. All that is done with numbers is linear: it does
not matter if a flat has several rows.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_left
from collections.abc import Callable, Generator, Iterator, Sequence
from functools import partial
from math import inf, lcm
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from arrangement.enumeration.intervals import Interval
from arrangement.enumeration.sources import Kept
from arrangement.errors import SizeError
from arrangement.exact.packing import Words
from arrangement.kernels.cells.rank_three import LIMB
from arrangement.memory import memory

__all__ = [
    "Held", "Level", "Limbs", "Merging", "Opener", "Tables", "carried", "limbs_of", "merged",
    "numbers_of",
]  # fmt: skip

Limbs = NDArray[np.int64]
Opener = Callable[[], Words]
"""Gives a table. That of a file is open only while it is in use: few files may be open."""

RANGES = 2**16
"""Ranges of hashes that are told apart."""

PART = 2**24
"""Bytes that are merged at a time where tables are on disk."""

CHUNK = 2**14
"""Rows that are looked at at a time."""

LITTLE = 2**25
"""Bytes of tables in memory that are left unmerged."""


class Tables(Kept, Protocol):
    """Where tables are kept: in memory, or in the directory of a checkpoint."""

    def tables(self) -> list[Opener]:
        """Those of the source that was entered last, in order."""
        ...

    def clear(self) -> None:
        """Forget them."""
        ...


def hashes(words: Words) -> Words:
    """A number below 2^64 for each row of bits; 0 for none."""
    key = np.zeros(len(words), dtype=np.uint64)
    for column in words.T:
        key = (key ^ column) * np.uint64(0x9E3779B97F4A7C15)
        key ^= key >> np.uint64(32)
    key *= np.uint64(0xD6E8FEB86659FD93)
    return key ^ (key >> np.uint64(32))


def merged(tables: Sequence[Words], width: int) -> Words:
    """One table of several: rows with the same `width` words become one, numbers are added.

    Examples
    --------
    >>> one = np.array([[5, 1], [6, 2**32 - 1]], dtype=np.uint64)
    >>> sorted(merged([np.pad(one, ((0, 0), (0, 1)))] * 2, 1).tolist())
    [[5, 2, 0], [6, 4294967294, 1]]
    """
    table = np.concatenate(tables)
    if len(table) == 0:
        return table
    table = table[np.argsort(hashes(table[:, :width]), kind="stable")]
    differs = (table[1:, :width] != table[:-1, :width]).any(axis=1)
    first = np.flatnonzero(np.concatenate([[True], differs]))
    sums = np.add.reduceat(table[:, width:].view(np.int64), first, axis=0)
    table = table[first]
    table[:, width:] = carried(sums)
    return table


def carried(limbs: Limbs) -> Words:
    """Limbs that are not below 2^32 in order again; the last has to be large enough."""
    for k in range(limbs.shape[1] - 1):
        limbs[:, k + 1] += limbs[:, k] >> LIMB
        limbs[:, k] &= (1 << LIMB) - 1
    return limbs.view(np.uint64)


def numbers_of(limbs: NDArray[Any]) -> list[int]:
    """Rows of limbs as Python integers."""
    return [sum(v << (LIMB * k) for k, v in enumerate(row)) for row in limbs.tolist()]


def limbs_of(numbers: list[int], count: int) -> Limbs:
    """The inverse of :func:`numbers_of`."""
    mask = (1 << LIMB) - 1
    rows = [[v >> (LIMB * k) & mask for k in range(count)] for v in numbers]
    return np.array(rows, dtype=np.int64).reshape(len(numbers), count)


class Level:
    """The flats of one rank, or of each orbit one, with the sums of |μ| over orbits.

    Parameters
    ----------
    tables : list of callable
        Each gives rows in the order of hashes. The row of no hyperplanes stands for all flats
        of which nothing but their number matters.
    width : int
        Words of bits in a row.
    rank : int
    by_orbits : bool
        Are the numbers |X|·Σ|μ(X)|? Where an orbit has been counted in parts, that of a part
        need not be a multiple of |X|; all then get a common denominator.

    Attributes
    ----------
    n : int
        How many rows there are.
    factor : int
        That denominator: numbers that are read are multiplied by it.
    total : int
        The sum of all numbers that are read.
    key : int
        A hash of the tables.
    """

    def __init__(self, tables: list[Opener], width: int, rank: int, by_orbits: bool) -> None:
        self.rank = rank
        self._width, self._by_orbits = width, by_orbits
        self._tables: list[tuple[int, int, Opener]] = []
        self.n, self.factor = 0, 1
        for table in tables:
            start, self.n = self.n, self.n + len(table())
            self._tables.append((start, self.n, table))
        digest = hashlib.sha256()
        sums = np.zeros((64 * width + 1, tables[0]().shape[1] - width), dtype=np.int64)
        for start in range(0, self.n, CHUNK):
            rows = self._rows(start, start + CHUNK)
            digest.update(np.ascontiguousarray(rows).tobytes())
            sizes, limbs = self._sizes(rows), rows[:, width:].astype(np.int64)
            np.add.at(sums, sizes, limbs)
            _, rest = _divided(limbs, sizes)
            parts = np.unique(sizes // np.gcd(sizes, rest))
            self.factor = lcm(self.factor, *map(int, parts))
        numbers = (self.factor * v for v in numbers_of(sums))
        self.total = sum(v // size for size, v in enumerate(numbers) if v)
        self.key = int.from_bytes(digest.digest()[:8], "big")

    def _rows(self, start: int, stop: int) -> Words:
        parts = [
            np.array(table()[max(start - first, 0) : stop - first])
            for first, last, table in self._tables
            if first < stop and start < last
        ]
        return np.concatenate(parts)

    def _sizes(self, rows: Words) -> Limbs:
        if not self._by_orbits:
            return np.ones(len(rows), dtype=np.int64)
        sizes = np.bitwise_count(rows[:, : self._width]).sum(axis=1, dtype=np.int64)
        return np.maximum(sizes, 1)

    def read(self, start: int, stop: int, limbs: int) -> tuple[Words, Limbs]:
        """Bits and numbers, in so many limbs, of some rows that have hyperplanes."""
        rows = self._rows(start, stop)
        if self.rank:
            rows = rows[rows[:, : self._width].any(axis=1)]
        words, given = np.ascontiguousarray(rows[:, : self._width]), rows[:, self._width :]
        sizes = self._sizes(rows)
        if self.factor == 1:
            return words, _divided(given.astype(np.int64), sizes)[0]
        numbers = zip(numbers_of(given), sizes.tolist(), strict=True)
        return words, limbs_of([v * self.factor // size for v, size in numbers], limbs)


def _divided(limbs: Limbs, sizes: Limbs) -> tuple[Limbs, Limbs]:
    """Quotients and remainders, limb by limb: the remainder is below 2^31."""
    quotient, remainder = np.zeros_like(limbs), np.zeros(len(limbs), dtype=np.int64)
    for k in range(limbs.shape[1] - 1, -1, -1):
        part = (remainder << LIMB) + limbs[:, k]
        quotient[:, k], remainder = part // sizes, part % sizes
    return quotient, remainder


class Merging:
    """One table of many, in ranges of hashes: a source of tasks.

    Parameters
    ----------
    rank : int
        Of what is merged.
    width, n_words : int
        Words of bits, and words, of a row.
    given : tuple of arrays
        What the tables depend on.

    Attributes
    ----------
    parts : list of callable
        The tables, each in the order of hashes.
    """

    unit = "flats"
    settled = 0

    def __init__(
        self, rank: int, width: int, n_words: int, given: tuple[NDArray[Any], ...]
    ) -> None:
        self._rank, self._width = rank, width
        self.n, self.n_words, self.tables = 64 * n_words, n_words, given
        self.parts: list[Opener] = []

    @property
    def step(self) -> int:
        """How many ranges of hashes are merged at a time."""
        size = sum(table().nbytes for table in self.parts)
        return max(1, RANGES // (size // PART + 1))

    def intervals(self) -> list[Interval]:
        """All ranges."""
        return [Interval(self._rank, 0, RANGES)]

    def pieces(self, interval: Interval, size: int) -> Iterator[Interval]:
        """So many ranges at a time."""
        for start in range(interval.start, interval.stop, size):
            yield Interval(interval.level, start, min(start + size, interval.stop))

    def position(self, interval: Interval) -> int:
        """How many ranges come before some."""
        return interval.start

    def blocks(
        self, interval: Interval, budget: float = inf
    ) -> Generator[Words, None, Interval | None]:
        """The rows of some ranges."""
        parts = []
        for opener in self.parts:
            table = opener()
            first, last = self._place(table, interval.start), self._place(table, interval.stop)
            parts.append(np.array(table[first:last]))
        yield merged(parts, self._width)
        return None

    def _place(self, table: Words, at: int) -> int:
        """The first row of a range."""

        def range_of(i: int) -> int:
            row = table[i : i + 1, : self._width]
            return int(hashes(row)[0]) * RANGES >> 64

        return bisect_left(range(len(table)), at, key=range_of)


class Held:
    """Tables in memory: merged where they get many, so that equal rows take little room.

    Parameters
    ----------
    width : int
        Words of bits in a row.
    """

    def __init__(self, width: int) -> None:
        self._width = width
        self.clear()

    def enter(self, source: Any) -> None:
        """Begin anew."""
        self.clear()

    def clear(self) -> None:
        """Forget all."""
        self._tables: list[Words] = []
        self._size, self._most = 0, LITTLE

    def intervals(self, whole: Interval) -> list[Interval]:
        """Nothing outlives a run."""
        return []

    def read(self, part: Interval) -> Words:
        """There is nothing to read."""
        raise KeyError(part)

    def write(self, part: Interval, words: Words) -> None:
        """Keep a table."""
        self._tables.append(words.copy())
        self._size += words.nbytes
        if self._size <= self._most:
            return
        if 4 * self._size > memory():
            raise SizeError(
                f"more than {sum(map(len, self._tables)):,} flats of one rank do not fit in "
                "memory: give a checkpoint, a directory to keep them in, or take fewer "
                "hyperplanes or dimensions, or more of the symmetry"
            )
        self._tables = [merged(self._tables, self._width)]
        self._size = self._tables[0].nbytes
        self._most = 2 * self._size + LITTLE

    def tables(self) -> list[Opener]:
        """What was kept."""
        return [partial(np.asarray, table) for table in self._tables]
