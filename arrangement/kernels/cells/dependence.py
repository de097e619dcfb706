"""Which rows are dependent and which vanish at a vertex, proved modulo primes, compiled.

Rows are reduced modulo eight primes at a time by an echelon basis of the rows picked. No number
is inverted: a row and the basis are multiplied crosswise, so that an entry is a minor times
factors that are units modulo every prime that counts. One for which a pivot vanishes counts no
more; an entry that vanishes modulo all the others is zero if enough are left.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from arrangement.kernels.compiled import compiled
from arrangement.kernels.lanes import down, fused, if_above, load, spread, store
from arrangement.kernels.reasons import MORE_PRIMES, SPECIAL
from arrangement.kernels.types import Bools1, Bools2, Floats1, Floats2, Floats3, Ints1

__all__ = [
    "DEPENDENT",
    "INDEPENDENT",
    "Moduli",
    "leaves_constant",
    "passes_through",
    "span",
    "turns_by_all",
]


# What is known of rows, or else MORE_PRIMES or SPECIAL.
DEPENDENT, INDEPENDENT = 20, 21


class Moduli(NamedTuple):
    """Rows modulo primes p < 2^26, and an echelon basis of those picked on one level.

    Column 0 is the offset; the level looks at the columns from `level[0]` on, of which that
    one is its constant and the next one the sweep coordinate.
    """

    residues: Floats3  # (n, d + 1, primes)
    primes: Floats1  # (primes,): a multiple of eight
    reciprocals: Floats1  # (primes,)
    basis: Floats3  # (level, d + 1 + level, primes): rows, and the rows picked in them
    vector: Floats2  # (d + 1 + level, primes): what is being reduced
    pivots: Ints1  # (level,)
    alive: Bools2  # (level + 1, primes): which count, with so many basis rows
    members: Ints1  # (level,): the rows that the basis is of
    support: Bools1  # (level,): the rows picked that the last vector depends on
    level: Ints1  # [the level's constant, rows of the basis, how many primes prove a zero]


@compiled(error_model="numpy")
def _reduce(moduli, rank):
    """Reduce the vector by the first rows of the basis."""
    vector, basis = moduli.vector, moduli.basis
    length, room = np.uint64(vector.shape[0]), np.uint64(vector.shape[1])
    for q in range(np.uint64(rank)):
        pivot = np.uint64(moduli.pivots[q])
        for j in range(np.uint64(0), room, np.uint64(8)):
            p, reciprocal = load(moduli.primes, j), load(moduli.reciprocals, j)
            row = q * length * room + j
            head = load(basis, row + pivot * room)
            factor = p - load(vector, pivot * room + j)
            for e in range(length):
                # At most 2^53: all entries are below p < 2^26.
                x = load(vector, e * room + j) * head
                x = fused(load(basis, row + e * room), factor, x)
                x = x - down(x * reciprocal) * p
                x = x + if_above(spread(0.0), x, p)
                store(vector, e * room + j, x - if_above(x, p - 0.5, p))


@compiled(error_model="numpy")
def _begin(moduli, row):
    """Let the vector be a row."""
    width = moduli.residues.shape[1]
    for e in range(moduli.vector.shape[0]):
        for j in range(moduli.vector.shape[1]):
            moduli.vector[e, j] = moduli.residues[row, e, j] if e < width else 0.0


@compiled(error_model="numpy")
def _count(moduli, rank, entry):
    """For how many primes that count is an entry of the vector not zero?"""
    count = 0
    for j in range(moduli.vector.shape[1]):
        count += moduli.alive[rank, j] and moduli.vector[entry, j] != 0.0
    return count


@compiled(error_model="numpy")
def _enough(moduli, rank):
    """Do the primes that count prove zeros?"""
    count = 0
    for j in range(moduli.alive.shape[1]):
        count += moduli.alive[rank, j]
    return count >= moduli.level[2]


@compiled(error_model="numpy")
def span(moduli, pick, count):
    """Let the basis be that of the first rows picked: INDEPENDENT, unless they are DEPENDENT.

    All but the last row of a full set must be independent in the level's coordinates but the
    sweep coordinate: SPECIAL if they are not, yet independent in all coordinates.
    """
    width, level = moduli.residues.shape[1], moduli.basis.shape[0]
    known = 0
    while known < min(count, moduli.level[1]) and moduli.members[known] == pick[known]:
        known += 1
    moduli.level[1] = known
    for q in range(known, count):
        _begin(moduli, pick[q])
        for j in range(moduli.vector.shape[1]):
            moduli.vector[width + q, j] = 1.0
        _reduce(moduli, q)
        best, pivot = 0, -1
        first = moduli.level[0] + (1 if q == level - 1 else 2)
        for c in range(first, width):
            found = _count(moduli, q, c)
            if found > best:
                best, pivot = found, c
        if pivot < 0:
            if not _enough(moduli, q):
                return MORE_PRIMES
            for c in range(1, first):
                if _count(moduli, q, c):
                    return SPECIAL
            return DEPENDENT
        for e in range(moduli.vector.shape[0]):  # (an assignment takes seconds to compile)
            for j in range(moduli.vector.shape[1]):
                moduli.basis[q, e, j] = moduli.vector[e, j]
        moduli.pivots[q], moduli.members[q] = pivot, pick[q]
        for j in range(moduli.vector.shape[1]):
            counts = moduli.alive[q, j] and moduli.vector[pivot, j] != 0.0
            moduli.alive[q + 1, j] = counts
        moduli.level[1] = q + 1
    return INDEPENDENT


@compiled(error_model="numpy")
def passes_through(moduli, row):
    """Does a row vanish where those of a full basis meet: DEPENDENT or INDEPENDENT?

    Then `support` says of which of them it is a combination; SPECIAL if it is none in the
    coordinates that the level does not look at, the offset excepted.
    """
    width, level = moduli.residues.shape[1], moduli.basis.shape[0]
    _begin(moduli, row)
    _reduce(moduli, level)
    if _count(moduli, level, moduli.level[0]):
        return INDEPENDENT
    if not _enough(moduli, level):
        return MORE_PRIMES
    for c in range(1, moduli.level[0]):
        if _count(moduli, level, c):
            return SPECIAL
    for q in range(level):
        moduli.support[q] = _count(moduli, level, width + q) > 0
    return DEPENDENT


@compiled(error_model="numpy")
def leaves_constant(moduli):
    """Is a row that passes through a vertex no combination of the others with its offset?"""
    return _count(moduli, moduli.basis.shape[0], 0) > 0


@compiled(error_model="numpy")
def turns_by_all(moduli):
    """INDEPENDENT if the sweep coordinate depends on each row of a full basis, else SPECIAL."""
    width, level = moduli.residues.shape[1], moduli.basis.shape[0]
    moduli.vector[:] = 0.0
    moduli.vector[moduli.level[0] + 1] = 1.0
    _reduce(moduli, level)
    for q in range(level):
        if _count(moduli, level, width + q) == 0:
            return SPECIAL if _enough(moduli, level) else MORE_PRIMES
    return INDEPENDENT
