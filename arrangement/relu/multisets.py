"""Multisets: K cells or faces, one a neuron, whatever the order of the neurons.

They are rising rows of numbers, in lexicographic order.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations_with_replacement
from math import comb

import numpy as np

from arrangement.relu.weight_space import Indices

__all__ = ["multiset_index", "multisets", "multisets_at", "n_multisets"]


def n_multisets(n: int, k: int) -> int:
    """Multisets of k out of n things.

    Examples
    --------
    >>> n_multisets(872, 2)
    380628
    """
    return comb(n + k - 1, k) if n else int(k == 0)


def multisets(m: int, k: int, first: range | None = None) -> Iterator[tuple[int, ...]]:
    """The multisets of k numbers below m one by one; the first number is in a range.

    Examples
    --------
    >>> list(multisets(3, 2, range(1, 3)))
    [(1, 1), (1, 2), (2, 2)]
    """
    if first is None or not k:
        yield from combinations_with_replacement(range(m), k)
        return
    for start in first:
        for rest in combinations_with_replacement(range(start, m), k - 1):
            yield (start, *rest)


def multiset_index(rows: Indices, m: int) -> Indices:
    """The places of rising rows of k numbers below m among all of them, in their order.

    Examples
    --------
    >>> import numpy as np
    >>> multiset_index(np.array([[0, 0], [0, 2], [1, 1], [2, 2]]), 3).tolist()
    [0, 2, 3, 5]
    """
    place = np.zeros(len(rows), dtype=np.int64)
    low = np.zeros(len(rows), dtype=np.int64)
    for j, counts in enumerate(_counts(m, rows.shape[1])):
        # Rows that begin alike and have a smaller entry here: multisets of the remaining
        # numbers from `low` on, less those from rows[j] on.
        place += counts[low] - counts[rows[:, j]]
        low = rows[:, j]
    return place


def multisets_at(places: Indices, m: int, k: int) -> Indices:
    """The rows at some places: the inverse of :func:`multiset_index`.

    Examples
    --------
    >>> import numpy as np
    >>> multisets_at(np.array([0, 2, 3, 5]), m=3, k=2).tolist()
    [[0, 0], [0, 2], [1, 1], [2, 2]]
    >>> multisets_at(np.array([0, 2001]), m=1000, k=8)[:, -3:].tolist()  # of 2.5e19
    [[0, 0, 0], [0, 2, 4]]
    """
    rows = np.empty((len(places), k), dtype=np.int64)
    left, low = places, np.zeros(len(places), dtype=np.int64)
    for j, counts in enumerate(_counts(m, k)):
        rest = counts[low] - left
        # The last entry from which on there are so many.
        low = m - np.searchsorted(counts[::-1], rest)
        left = counts[low] - rest
        rows[:, j] = low
    return rows


def _counts(m: int, k: int) -> Iterator[Indices]:
    """For each place of a row the multisets of what is left, by the least number allowed."""
    # Slow, but right, where int64 does not hold them.
    kind = np.int64 if n_multisets(m, k) < 2**62 else object
    for left in range(k, 0, -1):
        yield np.array([n_multisets(m - a, left) for a in range(m + 1)], dtype=kind)
