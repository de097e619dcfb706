"""About how many cells there are, and whether they fit in memory."""

from __future__ import annotations

from math import comb
from typing import Any

import numpy as np
from numpy.typing import NDArray

from arrangement import exact
from arrangement.bounds import zaslavsky
from arrangement.errors import SizeError
from arrangement.exact.numbers import primitive
from arrangement.exact.one_field import field_of
from arrangement.exact.packing import word_count
from arrangement.hyperplanes.reduction import Reduction
from arrangement.memory import memory

__all__ = [
    "either_side",
    "estimated_cells",
    "estimated_faces",
    "refuse_too_many",
    "refuse_too_many_faces",
]

Integers = NDArray[np.object_]

PRIME = 2**26 - 5
"""Products of two residues are exact in int64, with room for a difference."""

ENTRIES = 2**21
"""Residues that are at hand at once."""


def estimated_cells(rows: Integers, samples: int = 400) -> float:
    """An unbiased estimate of the number of cells.

    The cells of {H_1, …, H_k} are one and those of each H_j restricted to the earlier
    hyperplanes; following one random H_j and weighing it by their number estimates the sum
    (Knuth 1975). Which restrictions vanish is seen modulo one prime: a non-zero minor that it
    divides is rarer than a sample that misses a large branch.

    Parameters
    ----------
    rows : ndarray of Python ints, shape (n, d + 1)
        Pairwise different hyperplanes of rank d.
    samples : int
        The standard deviation is that of one sample over the root of their number.

    References
    ----------
    D. E. Knuth, *Estimating the efficiency of backtrack programs*, Math. Comp. 29 (1975).

    Examples
    --------
    >>> import numpy as np
    >>> lines = np.array([[1, 0, 0], [0, 1, 0], [1, 1, -1]], dtype=object)
    >>> 5 < estimated_cells(lines) < 9
    True
    """
    field = field_of(rows)
    image = (PRIME, 0) if field is None else next(field.primes(PRIME))
    table = np.ascontiguousarray(exact.residues(rows, [image], field)[0].T)
    rng = np.random.default_rng(0)
    block = max(1, ENTRIES // max(1, table.size))
    total = 0.0
    for start in range(0, samples, block):
        total += _sampled(table, min(block, samples - start), image[0], rng)
    return total / samples


def _sampled(table: NDArray[np.int64], samples: int, p: int, rng: np.random.Generator) -> float:
    """The sum of some samples; `table` holds coordinates of rows modulo p, constants last."""
    width, n = table.shape
    tables = np.broadcast_to(table, (samples, width, n))
    limit, weight = np.full(samples, n), np.ones(samples)
    total = float(samples)
    while n and width > 1:
        cuts = tables[:, :-1].any(axis=1) & (np.arange(n) < limit[:, None])
        alive = cuts.any(axis=1)
        tables, cuts, weight = tables[alive], cuts[alive], weight[alive]
        which = np.arange(len(tables))
        chosen = np.argmax((1.0 - rng.random(cuts.shape)) * cuts, axis=1)
        weight *= cuts.sum(axis=1)
        contained = ~tables.any(axis=1)
        pivots = tables[which, :, chosen]
        column = np.argmax(pivots[:, :-1] != 0, axis=1)
        pivot, solved = pivots[which, column], tables[which, column]
        kept = np.arange(width - 1) + (np.arange(width - 1) >= column[:, None])
        others, factors = tables[which[:, None], kept], pivots[which[:, None], kept]
        tables = (others * pivot[:, None, None] - factors[:, :, None] * solved[:, None, :]) % p
        width -= 1
        new = ~tables.any(axis=1) & ~contained
        first = np.argmax(new, axis=1) == chosen  # else the same set as an earlier hyperplane
        tables, limit, weight = tables[first], chosen[first], weight[first]
        total += float(weight.sum())
    return total


def estimated_flats(rows: Integers, rank: int, samples: int = 100) -> float:
    """An unbiased estimate of the number of flats of a rank.

    Hyperplanes are drawn one after another from those that do not contain what the ones before
    have in common, of which there are m_i, until they have the rank. Of the m_i a number k_i
    contain the flat that is come to at the end, which is then weighed by Π m_i / k_i: over all
    ways to come to one flat the weights' mean is 1. Ranks are those modulo a prime.

    Parameters
    ----------
    rows : ndarray of Python ints or algebraic integers, shape (n, d + 1)
        Pairwise different hyperplanes. Intersections at infinity are flats, too.
    rank : int
        Not more than that of the rows.
    samples : int
        Flats that are drawn.

    Examples
    --------
    >>> import numpy as np
    >>> lines = np.array([[1, 0, 0], [0, 1, 0], [1, 1, 0], [1, 2, 0]], dtype=object)
    >>> estimated_flats(lines, 1), estimated_flats(lines, 2)
    (4.0, 1.0)
    """
    field = field_of(rows)
    p, root = (PRIME, 0) if field is None else next(field.primes(PRIME))
    table = np.ascontiguousarray(exact.residues(rows, [(p, root)], field)[0].T)
    rng = np.random.default_rng(0)
    total = 0.0
    for _ in range(samples):
        left, outside = table, []
        for _ in range(rank):
            outside.append(left.any(axis=0))
            column = left[:, rng.choice(np.flatnonzero(outside[-1]))]
            pivot = int(np.flatnonzero(column)[0])
            kept = np.arange(len(left)) != pivot
            factors = column[kept] * pow(int(column[pivot]), -1, p) % p
            left = (left[kept] - factors[:, None] * left[pivot]) % p
        inside = ~left.any(axis=0)
        total += float(np.prod([m.sum() / (m & inside).sum() for m in outside]))
    return total / samples


def estimated_faces(rows: Integers, codimension: int, samples: int = 40) -> float:
    """An estimate of the number of faces of one codimension; of simple arrangements unbiased.

    They are the cells of the arrangements that are cut on flats. A random set of independent
    hyperplanes stands for its flat, which has at most C(m, c) such sets if m contain it: where
    it has fewer, the estimate is too small.

    Parameters
    ----------
    rows : ndarray of Python ints or field elements, shape (n, d + 1)
        Pairwise different hyperplanes.
    codimension : int
        At most the rank.
    samples : int
        Sets of hyperplanes.

    Examples
    --------
    >>> import numpy as np
    >>> lines = np.array([[1, 0, 0], [0, 1, 0], [1, 1, -1]], dtype=object)
    >>> estimated_faces(lines, 1), estimated_faces(lines, 2)
    (9.0, 3.0)
    """
    rng = np.random.default_rng(0)
    n, width = rows.shape
    total = 0.0
    for _ in range(samples):
        chosen = rows[rng.choice(n, size=codimension, replace=False)]
        if exact.rank(chosen[:, :-1]) < codimension:
            continue
        cut = (rows @ exact.nullspace(chosen)).tolist()
        distinct = {either_side(row) for row in cut if any(row[:-1])}
        restricted = np.array(sorted(distinct), dtype=object).reshape(-1, width - codimension)
        cells = estimated_cells(restricted)
        total += cells / comb(sum(not any(row) for row in cut), codimension)
    return comb(n, codimension) * total / samples


def either_side(row: list[Any]) -> tuple[Any, ...]:
    """One of the two primitive rows of a hyperplane."""
    row = primitive(row)
    return tuple(row if next(v for v in row if v) > 0 else [-v for v in row])


def refuse_too_many_faces(rows: Integers, codimension: int) -> None:
    """A SizeError if the faces of one codimension would not fit in memory, by an estimate."""
    n, d = len(rows), rows.shape[1] - 1
    room = _room(n) // 2
    if comb(n, codimension) * zaslavsky(n - codimension, d - codimension) > room:
        expected = estimated_faces(rows, codimension)
        if expected > 2 * room:  # a rough estimate; what is found is counted, too
            raise _refusal(f"about {expected:.1e}", "faces")


def refuse_too_many(reduction: Reduction) -> None:
    """A SizeError if the cells of an arrangement would not fit in memory, by an estimate."""
    n, d = len(reduction.rows), reduction.rows.shape[1] - 1
    room = _room(n) // reduction.copies
    if 2**d > room:
        raise _refusal(f"at least 2^{d}")
    if zaslavsky(n, d) > room:
        expected = estimated_cells(reduction.rows)
        if room / 100 < expected < 4 * room:  # few samples miss the rare large branches
            expected = estimated_cells(reduction.rows, samples=20000)
        if expected > room:
            raise _refusal(f"about {reduction.copies * expected:.1e}")


def _room(n_hyperplanes: int) -> int:
    """How many cells fit in a quarter of the memory: in blocks, joined, and copied."""
    return memory() // (4 * 8 * max(1, word_count(n_hyperplanes)))


def _refusal(count: str, what: str = "cells") -> SizeError:
    return SizeError(
        f"{count} {what} do not fit in the memory that is left on this machine "
        f"({memory() / 2**30:.0f} GiB): take fewer hyperplanes or dimensions, or only "
        f"the {what} that meet a domain"
    )
