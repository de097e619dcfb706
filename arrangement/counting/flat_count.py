"""Whitney numbers from the flats, rank by rank, each flat or each orbit of flats once."""

from __future__ import annotations

from math import comb

import numpy as np
from numpy.typing import NDArray

from arrangement.counting.flat_lattice import FlatLattice
from arrangement.errors import SizeError
from arrangement.exact.packing import word_count
from arrangement.kernels.cells import covers as kernel
from arrangement.memory import memory
from arrangement.progress import Progress, reporter
from arrangement.symmetry.permutation_groups import PermutationGroup

__all__ = ["FlatCount"]

Integers = NDArray[np.object_]


class FlatCount(FlatLattice):
    """Whitney numbers of the matroid of some rows, off a hyperplane at infinity.

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
        self.group = group
        self.progress = progress
        # No number is larger than n·w_k, and w_k is at most the number of k-sets.
        largest = max(comb(self.n, k) for k in range(self.width + 1)) * max(self.n, 1)
        self._denominator = 1
        self.limbs = largest.bit_length() // kernel.LIMB + 1

    def whitney_numbers(self) -> list[int]:
        """w_0, …, w_(D−1)."""
        level = self._level(1)
        level.weights[0, 0] = 1
        level.filled[0] = 1
        result = [1]
        for rank in range(self.width - 1):
            level, w = self._expand(level, rank, last=rank == self.width - 2)
            result.append(w)
        return result

    def _expand(self, level: kernel.Level, rank: int, last: bool) -> tuple[kernel.Level, int]:
        by_orbits = self.group is not None
        which, none = kernel.ALL if by_orbits else kernel.BELOW, np.zeros(0, dtype=np.int64)
        above = self._level(2 if last else len(self.batch.flat))
        sums = np.zeros((self.n + 2, self.limbs), dtype=np.int64)
        show = reporter(self.progress, f"flats of rank {rank}")
        total, y = int(level.filled[0]), 0
        while y < total:
            y = self.find_covers(level.words[:total], none, y, rank, which, last)
            found = int(self.batch.filled[0])
            if self.group is not None:
                self.group.canonical_images(self.batch.words[:found], self.batch.kept[:found])
            if not last and int(above.filled[0]) + found > len(above.words):
                above = self._larger(above)
            kernel.pass_on(level, self.batch, by_orbits, above, sums)
            show(y, total)
        w = 0
        for size, number in enumerate(_numbers(sums)):
            if number:
                w += _quotient(number, size)
        assert w % self._denominator == 0
        w //= self._denominator
        return self._divided_by_size(above) if by_orbits else above, w

    def _divided_by_size(self, level: kernel.Level) -> kernel.Level:
        """From |X|·Σ|μ(X)|, the sum over an orbit, to Σ|μ(X)|.

        Where an orbit has been counted in parts, a part need not be a multiple of |X|; all
        weights then get a common denominator.
        """
        m = int(level.filled[0])
        sizes = np.bitwise_count(level.words[:m]).sum(axis=1, dtype=np.int64)
        weights = np.zeros((m, self.limbs), dtype=np.int64)
        remainder = np.zeros(m, dtype=np.int64)
        # Long division limb by limb: the remainder is below n < 2^31.
        for limb in range(self.limbs - 1, -1, -1):
            part = (remainder << kernel.LIMB) + level.weights[:m, limb]
            weights[:, limb], remainder = part // sizes, part % sizes
        if remainder.any():
            factor = int(np.lcm.reduce(sizes // np.gcd(sizes, remainder), dtype=object))
            numbers = [
                v * factor // size
                for v, size in zip(_numbers(level.weights[:m]), sizes.tolist(), strict=True)
            ]
            self._denominator *= factor
            self.limbs += factor.bit_length() // kernel.LIMB + 1
            weights = _limbs(numbers, self.limbs)
        return level._replace(weights=weights)

    def _level(self, capacity: int) -> kernel.Level:
        slots = 1 << (2 * capacity - 1).bit_length()
        return kernel.Level(
            words=np.zeros((capacity, max(word_count(self.n), 1)), dtype=np.uint64),
            weights=np.zeros((capacity, self.limbs), dtype=np.int64),
            slots=np.zeros(slots, dtype=np.int32),
            filled=np.zeros(1, dtype=np.int64),
        )

    def _larger(self, level: kernel.Level) -> kernel.Level:
        m = int(level.filled[0])
        capacity = 2 * len(level.words)
        size = 8 * (level.words.shape[1] + self.limbs) + 16
        if capacity * size > memory() // 2 or capacity > 2**30:
            raise SizeError(
                f"more than {m:,} flats of one rank do not fit in memory: take fewer "
                "hyperplanes or dimensions, or more of the symmetry"
            )
        larger = self._level(capacity)
        larger.words[:m], larger.weights[:m] = level.words[:m], level.weights[:m]
        larger.filled[0] = m
        kernel.fill_slots(larger)
        return larger


def _numbers(limbs: NDArray[np.int64]) -> list[int]:
    """Rows of limbs as Python integers."""
    return [sum(v << (kernel.LIMB * k) for k, v in enumerate(row)) for row in limbs.tolist()]


def _limbs(numbers: list[int], count: int) -> NDArray[np.int64]:
    """The inverse of :func:`_numbers`."""
    mask = (1 << kernel.LIMB) - 1
    rows = [[v >> (kernel.LIMB * k) & mask for k in range(count)] for v in numbers]
    return np.array(rows, dtype=np.int64)


def _quotient(number: int, divisor: int) -> int:
    quotient, remainder = divmod(number, divisor)
    assert remainder == 0, "a sum over flats of one size is a multiple of that size"
    return quotient
