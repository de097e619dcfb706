"""The flats of some rows rank by rank, with the covers of each, found modulo primes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import takewhile
from math import isqrt

import numpy as np
from flint import fmpz
from numpy.typing import NDArray

from arrangement import exact
from arrangement.exact.one_field import field_of
from arrangement.exact.packing import Words, word_count
from arrangement.hyperplanes.hyperplanes import Hyperplanes
from arrangement.hyperplanes.reduction import distinct_essential_rows
from arrangement.kernels.cells import covers as kernel
from arrangement.kernels.reasons import MORE_PRIMES
from arrangement.memory import refuse_large

__all__ = ["FlatLattice"]

Integers = NDArray[np.object_]
Indices = NDArray[np.int64]
Marks = NDArray[np.bool_]

BATCH = 2**14
"""So many covers are worked on at a time."""


class FlatLattice:
    """The flats of the matroid of some rows that are not inside a hyperplane at infinity.

    A flat of rank k and the rows outside it that are proportional on it make a flat of rank
    k + 1 that covers it. That is a matter of minors that vanish, and these are proved to
    vanish modulo primes.

    Parameters
    ----------
    rows : ndarray of Python ints or algebraic integers, shape (n, D)
        Pairwise independent linear forms; they and the next have rank D.
    infinity : ndarray of the same, shape (D,), or None
        Flats inside it do not count.

    Examples
    --------
    >>> lines = np.array([[1, 0], [0, 1], [1, 1], [1, 2]], dtype=object)
    >>> FlatLattice(lines, None).flats(2).tolist()
    [[15]]
    >>> FlatLattice(lines[1:], lines[0]).flats(1).tolist()
    [[1], [2], [4]]
    """

    def __init__(self, rows: Integers, infinity: Integers | None) -> None:
        self.n, self.width = rows.shape
        self.first = 1 if infinity is None else 0
        top = np.zeros((1, self.width), dtype=object) if infinity is None else [infinity]
        self._rows = np.concatenate([top, rows])
        field, bound = field_of(self._rows), exact.minor_bound(self._rows)
        # D products of two residues have an exact sum in float64.
        limit = isqrt(exact.FLOAT_EXACT_LIMIT // max(self.width, 1))
        self._primes: Iterator[tuple[int, int]]
        if field is None and 2 * bound < limit:
            self._primes = ((p, 0) for p in _primes(range(bound + 1, limit + 1)))
            self.needed = 1
        else:
            half = limit // 2
            self._primes = ((p, 0) for p in _primes(range(limit, half, -1)))
            if field is not None:
                self._primes = takewhile(lambda pair: pair[0] > half, field.primes(limit))
            self.needed = -(-bound.bit_length() // (half.bit_length() - 1))
        self._residues = np.zeros((0, self.width, self.n + 1))
        self._moduli: list[int] = []
        self._more_primes(self.needed)
        self.work = self._workspace()
        capacity = max(BATCH, 2 * self.n + 2)
        self.batch = kernel.Batch(
            words=np.zeros((capacity, max(word_count(self.n), 1)), dtype=np.uint64),
            flat=np.zeros(capacity, dtype=np.int64),
            lowest=np.zeros(capacity, dtype=np.int64),
            gain=np.zeros(capacity, dtype=np.int64),
            size=np.zeros(capacity, dtype=np.int64),
            kept=np.zeros(capacity, dtype=np.bool_),
            filled=np.zeros(1, dtype=np.int64),
        )

    @classmethod
    def of(cls, arrangement: Hyperplanes) -> FlatLattice:
        """The different hyperplanes of an arrangement; at least one, with a normal."""
        rows = distinct_essential_rows(arrangement)
        if arrangement.is_central:
            return cls(rows[:, :-1], None)
        return cls(rows, np.array([0] * (rows.shape[1] - 1) + [1], dtype=object))

    def flats(self, rank: int, show: Callable[[int, int], None] | None = None) -> Words:
        """The flats of a rank, as bits of the rows that contain them.

        In the order of their first bases: the lowest row, the lowest that is independent of
        it, and so on.

        Raises
        ------
        SizeError
            If they do not fit in memory.
        """
        whole = np.zeros((1, self.batch.words.shape[1]), dtype=np.uint64)
        found = [whole] if rank == 0 else [whole[:0]]
        for words in self._beyond(whole, np.zeros(1, dtype=np.int64), 0, rank):
            found.append(words)
            refuse_large(found, "flats")
            if show is not None and len(words):
                bits = np.unpackbits(words[-1].view(np.uint8), bitorder="little")
                show(int(bits.argmax()) + 1, self.n)
        return np.concatenate(found)

    def _beyond(self, words: Words, last: Indices, rank: int, target: int) -> Iterator[Words]:
        """The flats of a rank whose first bases go on from those of some flats, in blocks."""
        y = 0
        while y < len(words) and rank < target:
            y = self.find_covers(words, last, y, rank, kernel.BEYOND)
            found = int(self.batch.filled[0])
            covers = self.batch.words[:found].copy()
            if rank + 1 == target:
                yield covers
            else:
                lowest = self.batch.lowest[:found].copy()
                yield from self._beyond(covers, lowest, rank + 1, target)

    def covers(self, rank: int) -> Iterator[tuple[Indices, Words, Marks]]:
        """The pairs of a flat and one that covers it, of ranks 0 and 1, then 1 and 2, ….

        Parameters
        ----------
        rank : int
            Up to flats of this rank.

        Yields
        ------
        larger : ndarray of int64, shape (c,)
            The flat that is covered, as :meth:`flats` counts them; ascending.
        words : ndarray of uint64, shape (c, words)
            The rows that contain the other.
        first : ndarray of bool, shape (c,)
            Is this the first pair of the other flat? These are in the order of :meth:`flats`.

        Raises
        ------
        SizeError
            If the pairs of two ranks do not fit in memory.
        """
        flats = np.zeros((1, self.batch.words.shape[1]), dtype=np.uint64)
        last = np.zeros(1, dtype=np.int64)
        for k in range(rank):
            parts: list[tuple[Indices, Words, Indices]] = []
            y = 0
            while y < len(flats):
                y = self.find_covers(flats, last, y, k, kernel.ALL)
                batch, found = self.batch, int(self.batch.filled[0])
                flat, words, lowest = (
                    batch.flat[:found],
                    batch.words[:found],
                    batch.lowest[:found],
                )
                parts.append((flat.copy(), words.copy(), lowest.copy()))
                refuse_large([words for _, words, _ in parts], "pairs of flats")
            larger, words, lowest = map(np.concatenate, zip(*parts, strict=True))
            first = lowest > last[larger]
            yield larger, words, first
            flats, last = words[first], lowest[first]

    def find_covers(
        self, flats: Words, last: Indices, y: int, rank: int, which: int, highest: bool = False
    ) -> int:
        """Fill the batch with covers of the flats y, y + 1, …; which is the next flat?

        See :func:`kernels.covers.find_covers`.
        """
        y, reason = kernel.find_covers(
            self._table(), flats, last, y, rank, which, highest, self.batch, self.work
        )
        if reason == MORE_PRIMES:
            self._more_primes(len(self._moduli))
        return y

    def _more_primes(self, count: int) -> None:
        moduli = [next(self._primes) for _ in range(max(count, 1))]
        tables = (
            exact.residues(self._rows, moduli, field_of(self._rows))
            .transpose(0, 2, 1)
            .astype(np.float64)
        )
        self._residues = np.concatenate([self._residues, tables])
        self._moduli += [p for p, _ in moduli]

    def _table(self) -> kernel.Residues:
        moduli = np.array(self._moduli, dtype=np.float64)
        return kernel.Residues(self._residues, moduli, self.needed, self.first)

    def _workspace(self) -> kernel.Workspace:
        n, width = self.n, self.width
        return kernel.Workspace(
            echelon=np.zeros((width, width)),
            pivots=np.zeros(width, dtype=np.int64),
            restricted=np.zeros((width + 1, n + 1)),
            lead=np.zeros(n + 1),
            inverse=np.zeros(n + 1),
            label=np.zeros(n + 1, dtype=np.int64),
            lowest=np.zeros(n + 1, dtype=np.int64),
            coarse=np.zeros(n + 1, dtype=np.int64),
            cover=np.zeros(n + 1, dtype=np.int64),
            slots=np.zeros(1 << (2 * n + 2).bit_length(), dtype=np.int64),
        )


def _primes(candidates: Sequence[int]) -> Iterator[int]:
    return (k for k in candidates if fmpz(k).is_prime())
