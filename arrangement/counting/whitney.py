"""Whitney numbers set by set, by deletion and restriction."""

from __future__ import annotations

import functools
from itertools import count
from math import comb, isqrt

import numpy as np
from flint import fmpz
from numpy.typing import NDArray

from arrangement import exact
from arrangement.exact.fields import NumberField
from arrangement.exact.one_field import field_of
from arrangement.kernels.cells import broken_circuits as kernel
from arrangement.progress import Progress, reporter

__all__ = ["BrokenCircuits"]

Integers = NDArray[np.object_]

SMALLEST = 2**14
"""The first prime is about as large, so that its tables stay in the cache, or larger."""

LARGEST = 2**20
"""No larger one is tried first."""

EXACT = 2**53
"""A sum of D products of residues modulo the first prime is below, so that float64 has it."""

LARGEST_PROOF = 2**26 - 1
"""The same of the sum of two products."""

STEP = 2**20
"""Sets that are counted between reports."""

LEAST = 2.0**-900
"""A share of the work that is as good as nothing: its inverse is a float."""


class BrokenCircuits:
    """The numbers of sets without broken circuits of the matroid of some rows, by size.

    They are the Whitney numbers of the hyperplanes off the one at infinity, and their sum the
    number of cells, each of which takes as long as a set.

    Parameters
    ----------
    rows : ndarray of Python ints or algebraic integers, shape (n, D)
        Pairwise independent linear forms; they and the next, of which none is a multiple, have
        rank D.
    infinity : ndarray of the same, shape (D,)
    progress : bool or callable, optional
        See :meth:`Arrangement.cells`.

    Examples
    --------
    >>> lines = np.array([[1, 0, 0], [0, 1, 0], [1, 1, 0], [1, 1, 1]], dtype=object)
    >>> BrokenCircuits(lines, np.array([0, 0, 1], dtype=object)).whitney_numbers()
    [1, 4, 4]
    """

    def __init__(self, rows: Integers, infinity: Integers, progress: Progress = None) -> None:
        self._rows = np.concatenate([[infinity], rows])
        self._show = reporter(progress, "sets without broken circuits")

    def whitney_numbers(self, most: int | None = None) -> list[int] | None:
        """w_0, …, w_(D−1); None if it takes more sets than `most`, or no prime is suitable."""
        n, D = len(self._rows) - 1, self._rows.shape[1]
        if D < 3:
            return [1, n][:D]
        field, bound = field_of(self._rows), exact.minor_bound(self._rows)
        # In so large a field few of the restrictions have false coincidences.
        size = min(max(SMALLEST, isqrt(16 * comb(n, D - 1))), LARGEST)
        size = max(size, 2 * n, bound if bound < LARGEST else 0)
        reason = kernel.UNSUITABLE
        counts: list[int] = []
        while reason == kernel.UNSUITABLE and D * (2 * size) ** 2 <= EXACT:
            primes = [_prime(size, field)]
            if primes[0][0] <= bound:
                primes += exact.proof_primes(self._rows, LARGEST_PROOF)
            reason, counts = self._count(primes, field, most)
            size *= 2
        return counts if reason == kernel.DONE else None

    def _count(
        self, primes: list[tuple[int, int]], field: NumberField | None, most: int | None
    ) -> tuple[int, list[int]]:
        """Why the loop stopped, and how many sets of each size it found."""
        (D, n), k, p = self._rows.T.shape, len(primes), primes[0][0]
        residues = exact.residues(self._rows, primes, field).transpose(0, 2, 1)
        modular = kernel.Modular(
            residues=np.ascontiguousarray(residues, dtype=np.float64),
            primes=np.array([q for q, _ in primes], dtype=np.float64),
            powers=_tables(p)[0],
            logs=_tables(p)[1],
            weights=np.random.default_rng(0).integers(1, p, (D,)).astype(np.float64),
        )
        stack = kernel.Stack(
            values=np.empty((k, D, D, n)),
            known=np.zeros((D, k), dtype=np.int64),
            source=np.empty((D, n), dtype=np.int64),
            rows=np.zeros(D, dtype=np.int64),
            at=np.zeros(D, dtype=np.int64),
            hashes=np.empty(n),
            leads=np.empty(n),
            slopes=np.empty(n, dtype=np.int32),
            heights=np.empty(n, dtype=np.int32),
            stamps=np.zeros(p, dtype=np.int32),
        )
        state, counts = np.array([-1, 0, 0, STEP], dtype=np.int64), np.zeros(D, dtype=np.int64)
        reason = kernel.STEPPED
        while reason == kernel.STEPPED:
            reason = kernel.count_by_rank(state, counts, modular, stack)
            if reason == kernel.UNSUITABLE:
                break
            found = int(state[2])
            # There is about as much beyond a row as there are sets of earlier ones.
            share = max((stack.at[0] / n) ** (D - 1), LEAST)
            total = found if reason == kernel.DONE else max(found + 1, round(found / share))
            self._show(found, total)
            if most is not None and found > most:
                break
            state[3] = found + STEP
        return reason, counts.tolist()


def _prime(size: int, field: NumberField | None) -> tuple[int, int]:
    """The first prime from a number on, with an image of the generator of the field."""
    if field is None:
        return next((p, 0) for p in count(size + 1) if fmpz(p).is_prime())
    return next(field.primes(2 * size))


@functools.lru_cache(maxsize=4)
def _tables(p: int) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Powers of a primitive root modulo a prime, and the logarithms."""
    order = p - 1
    factors = [int(q) for q, _ in fmpz(order).factor()]
    root = next(g for g in count(2) if all(pow(g, order // q, p) != 1 for q in factors))
    powers = np.ones(1, dtype=np.int64)
    while len(powers) < p:
        powers = np.concatenate([powers, powers * pow(root, len(powers), p) % p])
    logs = np.zeros(p, dtype=np.int32)
    logs[powers[:order]] = np.arange(order)
    return powers[:p].astype(np.int32), logs
