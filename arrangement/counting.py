"""Counting without enumerating: the characteristic polynomial from the flats, rank by rank."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import comb
from typing import TYPE_CHECKING

import numpy as np
from flint import fmpz
from numpy.typing import NDArray

from arrangement import exact
from arrangement.errors import SizeError
from arrangement.kernels import covers as kernel
from arrangement.orbits import PermutationGroup
from arrangement.packing import word_count
from arrangement.progress import Progress, reporter
from arrangement.recursion import memory
from arrangement.reduction import distinct_essential_rows
from arrangement.symmetry import Symmetry, group

if TYPE_CHECKING:
    from arrangement.hyperplanes import Arrangement

__all__ = ["characteristic_polynomial", "n_bounded_cells", "n_cells", "whitney_numbers"]

Integers = NDArray[np.object_]

BATCH = 2**14
"""So many covers are worked on at a time."""


def characteristic_polynomial(
    arrangement: Arrangement, symmetry: Symmetry = None, progress: Progress = None
) -> tuple[int, ...]:
    """The coefficients of χ(t) = Σ_X μ(X)·t^dim X, from t^d down.

    The sum is over the flats X (the space among them), μ is the Möbius function of the flats
    ordered by reverse inclusion. Copies of a hyperplane count once.

    The flats are listed rank by rank, each once, with |μ| passed on from those below by
    Weisner's theorem; with a symmetry, one flat of each orbit is enough. The flats of the two
    highest ranks are never stored.

    Parameters
    ----------
    arrangement : Arrangement
    symmetry : None, "auto" or sequence of sequences of int, optional
        Permutations of the hyperplanes, each a list of n numbers: hyperplane i goes to
        hyperplane ``permutation[i]``. They need not generate the whole group of symmetries.
        ``"auto"`` searches for them; it pays for highly symmetric arrangements.
    progress : bool or callable, optional
        See :meth:`Arrangement.cells`.

    Returns
    -------
    tuple of int
        d + 1 coefficients, exact and of any size.

    Raises
    ------
    InputError
        If a permutation is not induced by an affine map of the space (a linear one up to
        scaling, for a central arrangement).
    SizeError
        If the flats of some rank do not fit in memory.

    References
    ----------
    R. P. Stanley, *An Introduction to Hyperplane Arrangements* (2007), §1.3 and §2.2;
    T. Brysiewicz, H. Eble and L. Kühne, *Computing characteristic polynomials of hyperplane
    arrangements with symmetries*, Discrete Comput. Geom. 70 (2023).

    Examples
    --------
    >>> from arrangement import Arrangement, families
    >>> characteristic_polynomial(Arrangement([[1, 0], [0, 1], [1, 1]], [0, 0, -1]))
    (1, -3, 3)
    >>> characteristic_polynomial(families.braid(4))  # t(t − 1)(t − 2)(t − 3)
    (1, -6, 11, -6, 0)
    >>> sum(map(abs, characteristic_polynomial(families.coxeter("E", 7), symmetry="auto")))
    2903040
    """
    absolute = _absolute_coefficients(arrangement, symmetry, progress)
    absolute += [0] * (arrangement.dimension + 1 - len(absolute))
    return tuple(w if k % 2 == 0 else -w for k, w in enumerate(absolute))


def whitney_numbers(
    arrangement: Arrangement, symmetry: Symmetry = None, progress: Progress = None
) -> tuple[int, ...]:
    """The Whitney numbers of the first kind, unsigned: w_k = Σ |μ(X)| over the flats of rank k.

    They are the absolute coefficients of the characteristic polynomial; w_k is also the number
    of sets of k hyperplanes without a broken circuit, and their sum the number of cells.

    Parameters
    ----------
    arrangement, symmetry, progress
        See :func:`characteristic_polynomial`.

    Returns
    -------
    tuple of int
        w_0, …, w_d.

    Examples
    --------
    >>> from arrangement import families
    >>> whitney_numbers(families.resonance(4))
    (1, 15, 80, 170, 104)
    """
    return tuple(map(abs, characteristic_polynomial(arrangement, symmetry, progress)))


def n_cells(
    arrangement: Arrangement, symmetry: Symmetry = None, progress: Progress = None
) -> int:
    """Number of cells, (−1)^d χ(−1).

    Parameters
    ----------
    arrangement, symmetry, progress
        See :func:`characteristic_polynomial`.

    References
    ----------
    T. Zaslavsky, *Facing up to arrangements*, Mem. Amer. Math. Soc. 154 (1975).

    Examples
    --------
    >>> from arrangement import families
    >>> n_cells(families.threshold(5), symmetry="auto")
    94572
    """
    return sum(whitney_numbers(arrangement, symmetry, progress))


def n_bounded_cells(
    arrangement: Arrangement, symmetry: Symmetry = None, progress: Progress = None
) -> int:
    """Number of relatively bounded cells, (−1)^rank χ(1).

    A cell is relatively bounded when it is bounded up to translations along all hyperplanes.

    Parameters
    ----------
    arrangement, symmetry, progress
        See :func:`characteristic_polynomial`.

    References
    ----------
    T. Zaslavsky, *Facing up to arrangements*, Mem. Amer. Math. Soc. 154 (1975).

    Examples
    --------
    >>> from arrangement import families
    >>> n_bounded_cells(families.shi(4))
    27
    """
    return abs(sum(characteristic_polynomial(arrangement, symmetry, progress)))


def _absolute_coefficients(
    arrangement: Arrangement, symmetry: Symmetry, progress: Progress
) -> list[int]:
    """w_0, …, w_rank."""
    rows = distinct_essential_rows(arrangement)
    if len(rows) == 0:
        return [1]
    central = arrangement.is_central
    if central:
        rows = rows[:, :-1]
    found = group(arrangement, rows, not central, symmetry)
    if central and found is None:
        # The decone at the last hyperplane: χ(t) = (t − 1)·χ_decone(t).
        w = Count(rows[:-1], rows[-1], None, progress).whitney_numbers()
        return [a + b for a, b in zip([*w, 0], [0, *w], strict=True)]
    if central:
        w = Count(rows, None, found, progress).whitney_numbers()
        # χ(1) = 0, since a hyperplane is its own opposite side at infinity.
        return [*w, abs(sum(w[0::2]) - sum(w[1::2]))]
    infinity = np.array([0] * (rows.shape[1] - 1) + [1], dtype=object)
    return Count(rows, infinity, found, progress).whitney_numbers()


class Count:
    """Whitney numbers of the matroid of some rows, off a hyperplane at infinity.

    Parameters
    ----------
    rows : ndarray of Python ints, shape (n, D)
        Pairwise independent linear forms; they and the next have rank D.
    infinity : ndarray of Python ints, shape (D,), or None
        Flats inside it do not count.
    group : PermutationGroup or None
    """

    def __init__(
        self,
        rows: Integers,
        infinity: Integers | None,
        group: PermutationGroup | None,
        progress: Progress = None,
    ) -> None:
        self.n, self.width = rows.shape
        self.group = group
        self.progress = progress
        self.first = 1 if infinity is None else 0
        top = np.zeros((1, self.width), dtype=object) if infinity is None else [infinity]
        self._rows = np.concatenate([top, rows])
        bound = exact.minor_bound(self._rows)
        # D products of two residues have an exact sum in float64.
        limit = int(np.sqrt(exact.FLOAT_EXACT_LIMIT // self.width)) - 1
        if bound < limit:
            self._primes = _primes(range(bound + 1, 2 * bound + 3))
            self.needed = 1
        else:
            self._primes = _primes(range(limit, limit // 2, -1))
            self.needed = -(-bound.bit_length() // ((limit // 2).bit_length() - 1))
        self._residues = np.zeros((0, self.width, self.n + 1))
        self._moduli: list[int] = []
        self._more_primes(self.needed)
        # No number is larger than n·w_k, and w_k is at most the number of k-sets.
        largest = max(comb(self.n, k) for k in range(self.width + 1)) * max(self.n, 1)
        self._denominator = 1
        self.limbs = largest.bit_length() // kernel.LIMB + 1
        self.work = self._workspace()
        capacity = max(BATCH, 2 * self.n + 2)
        self.batch = kernel.Batch(
            words=np.zeros((capacity, max(word_count(self.n), 1)), dtype=np.uint64),
            flat=np.zeros(capacity, dtype=np.int64),
            gain=np.zeros(capacity, dtype=np.int64),
            size=np.zeros(capacity, dtype=np.int64),
            kept=np.zeros(capacity, dtype=np.bool_),
            filled=np.zeros(1, dtype=np.int64),
        )

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
        above = self._level(2 if last else len(self.batch.flat))
        sums = np.zeros((self.n + 2, self.limbs), dtype=np.int64)
        show = reporter(self.progress, f"flats of rank {rank}")
        total, y = int(level.filled[0]), 0
        while y < total:
            y = kernel.find_covers(
                self._table(), level, y, rank, by_orbits, last, self.batch, self.work
            )
            found = int(self.batch.filled[0])
            if self.group is not None:
                self.group.canonical_images(self.batch.words[:found], self.batch.kept[:found])
            if not last and int(above.filled[0]) + found > len(above.words):
                above = self._larger(above)
            kernel.pass_on(level, self.batch, by_orbits, above, sums)
            if y < 0:
                y = -1 - y
                self._more_primes(len(self._moduli))
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

    def _more_primes(self, count: int) -> None:
        moduli = [next(self._primes) for _ in range(max(count, 1))]
        tables = [(self._rows % p).T.astype(np.float64) for p in moduli]
        self._residues = np.concatenate([self._residues, np.array(tables)])
        self._moduli += moduli

    def _table(self) -> kernel.Residues:
        moduli = np.array(self._moduli, dtype=np.float64)
        return kernel.Residues(self._residues, moduli, self.needed, self.first)

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

    def _workspace(self) -> kernel.Workspace:
        n, width = self.n, self.width
        return kernel.Workspace(
            echelon=np.zeros((width, width)),
            pivots=np.zeros(width, dtype=np.int64),
            restricted=np.zeros((width + 1, n + 1)),
            inverse=np.zeros(n + 1),
            label=np.zeros(n + 1, dtype=np.int64),
            lowest=np.zeros(n + 1, dtype=np.int64),
            coarse=np.zeros(n + 1, dtype=np.int64),
            cover=np.zeros(n + 1, dtype=np.int64),
            slots=np.zeros(1 << (2 * n + 2).bit_length(), dtype=np.int64),
        )


def _primes(candidates: Sequence[int]) -> Iterator[int]:
    return (k for k in candidates if fmpz(k).is_prime())


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
