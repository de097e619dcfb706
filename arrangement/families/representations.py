"""Arrangements of the representations of symmetric groups."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations, pairwise, permutations, product
from math import factorial, prod

import numpy as np

from arrangement.arrangement import Arrangement
from arrangement.errors import InputError, SizeError
from arrangement.exact.numbers import shown
from arrangement.families.sizes import refuse_if_large, size

__all__ = ["specht"]

LARGEST = 100
"""No partition of a larger number has few enough tabloids, but for a row or a column."""


def specht(*partition: int) -> Arrangement:
    """The hyperplanes orthogonal to the polytabloids that span a Specht module.

    Their matroid is the Specht matroid of the partition λ of n. The polytabloid of a filling of
    the diagram of λ with 1, …, n is Σ sgn(σ) {σT} over the permutations σ of its columns; up to
    sign it depends on the sets of the columns only, so that there are n! / Π λ'_j! Π m_k!
    hyperplanes, with m_k columns of length k. The dimension is the number of standard tableaux.
    Of (n−1, 1) it is the essential braid arrangement.

    Parameters
    ----------
    *partition : int
        λ_1 ≥ λ_2 ≥ … ≥ 1.

    Raises
    ------
    InputError
        If that is no partition; SizeError if there would be too many hyperplanes, or more than
        10 million tabloids for them.

    References
    ----------
    J. D. Wiltshire-Gordon, A. Woo and M. Zajaczkowska, *Specht polytopes and Specht matroids*,
    in Combinatorial Algebraic Geometry (2017); B. Sagan, *The Symmetric Group* (2001), §2.3.

    Examples
    --------
    >>> from arrangement.families import braid, specht
    >>> specht(3, 1).is_isomorphic(braid(4).essentialization())
    True
    >>> specht(2, 2).dimension, len(specht(2, 2)), len(specht(3, 2))
    (2, 3, 15)
    """
    rows = [size("specht", part, least=1) for part in partition]
    if not rows or any(a < b for a, b in pairwise(rows)):
        raise InputError(f"specht: {shown(partition)} is no partition, λ_1 ≥ λ_2 ≥ … ≥ 1")
    n = sum(rows)
    if n > LARGEST:
        raise SizeError(f"specht: a partition of {n:,}; the largest is of {LARGEST}")
    columns = [sum(part > c for part in rows) for c in range(rows[0])]
    fillings = factorial(n) // prod(map(factorial, columns))
    copies = prod(factorial(columns.count(length)) for length in set(columns))
    tabloids = factorial(n) // prod(map(factorial, rows))
    refuse_if_large(f"specht{partition}", fillings // copies, tabloids)
    number: dict[tuple[frozenset[int], ...], int] = {}
    table = []
    for sets in _set_partitions(tuple(range(n)), columns):
        vector: dict[int, int] = {}
        for choice in product(*(permutations(column) for column in sets)):
            tabloid = tuple(
                frozenset(column[r] for column in choice if r < len(column))
                for r in range(len(rows))
            )
            at = number.setdefault(tabloid, len(number))
            vector[at] = prod(
                (-1) ** (a > b) for column in choice for a, b in combinations(column, 2)
            )
        table.append(vector)
    normals = np.zeros((len(table), len(number)), dtype=np.int64)
    for normal, vector in zip(normals, table, strict=True):
        normal[list(vector)] = list(vector.values())
    return Arrangement(normals).essentialization()


def _set_partitions(
    elements: tuple[int, ...], lengths: Sequence[int], after: int = -1
) -> Iterator[list[tuple[int, ...]]]:
    """Partitions into sets of descending lengths, those of one length by least element.

    The least element of the first set is larger than `after`.
    """
    if not lengths:
        yield []
        return
    alike = lengths[0] == lengths[-1]  # no later set takes the elements that come before
    for chosen in combinations(elements, lengths[0]):
        if chosen[0] <= after or (alike and chosen[0] != elements[0]):
            continue
        rest = tuple(v for v in elements if v not in chosen)
        same = len(lengths) > 1 and lengths[1] == lengths[0]
        for sets in _set_partitions(rest, lengths[1:], chosen[0] if same else -1):
            yield [chosen, *sets]
