"""About how many cells there are, and whether they fit in memory."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from arrangement import exact
from arrangement.bounds import zaslavsky
from arrangement.errors import SizeError
from arrangement.fields import field_of
from arrangement.memory import memory
from arrangement.packing import word_count
from arrangement.reduction import Reduction

__all__ = ["estimated_cells", "refuse_too_many"]

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


def _refusal(count: str) -> SizeError:
    return SizeError(
        f"{count} cells do not fit in the memory that is left on this machine "
        f"({memory() / 2**30:.0f} GiB): take fewer hyperplanes or dimensions, or only "
        "the cells that meet a domain"
    )
