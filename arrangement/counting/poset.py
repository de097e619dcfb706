"""The intersection poset: flats by reverse inclusion, Möbius values and Whitney numbers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from arrangement.bounds import zaslavsky
from arrangement.checks import check_instance, whole
from arrangement.counting.flat_lattice import FlatLattice
from arrangement.enumeration.cell_table import CellTable
from arrangement.errors import SizeError
from arrangement.exact.packing import Words, unpack_signs, word_count
from arrangement.hyperplanes.reduction import all_columns

if TYPE_CHECKING:
    import networkx as nx

    from arrangement.hyperplanes.hyperplanes import Hyperplanes

__all__ = [
    "Covers",
    "covers",
    "doubly_indexed_whitney_numbers",
    "face_numbers",
    "intersection_poset",
    "mobius",
]

LARGEST = 10**6
"""How many cover relations a networkx graph may have."""

PAIRS = 2**20
"""About how many pairs of flats are looked at in one step."""


@dataclass(frozen=True, eq=False)
class Covers:
    """The cover relations between the flats of two successive ranks, k and k + 1.

    Attributes
    ----------
    packed : ndarray of uint64, shape (m, ceil(n / 64))
        The flats of rank k + 1: bit i is 1 where hyperplane i contains one.
    larger, smaller : ndarray of int64, shape (c,)
        The flat of rank k, ascending, and the flat of rank k + 1 inside it.
    """

    packed: Words
    larger: NDArray[np.int64]
    smaller: NDArray[np.int64]

    @cached_property
    def begin(self) -> NDArray[np.int64]:
        """Where the relations of each flat of rank k begin, and where the last one's end."""
        count = int(self.larger[-1]) + 1  # every flat of rank k has a smaller one in it
        return np.searchsorted(self.larger, np.arange(count + 1))


def covers(
    arrangement: Hyperplanes, rank: int | None = None, limit: float = np.inf
) -> list[Covers]:
    """The cover relations of the intersection poset: ranks 0 and 1, then 1 and 2, ….

    Parameters
    ----------
    arrangement : Arrangement
    rank : int, optional
        Up to flats of this rank; all of them when left out.
    limit : number, optional
        How many relations there may be.

    Raises
    ------
    SizeError
        If there are more.
    """
    check_instance(arrangement, "arrangement", "Arrangement")
    top = arrangement.rank if rank is None else min(whole(rank, "rank", 0), arrangement.rank)
    if top == 0:
        return []
    found, count = [], 0
    for k, (larger, words, first) in enumerate(FlatLattice.of(arrangement).covers(top), 1):
        count += len(larger)
        if count > limit:
            raise SizeError(
                f"the flats of rank 0 to {k} alone have {count:,} cover relations, more "
                f"than the {limit:,} that a graph may have: ask for flats(rank) instead"
            )
        chosen = words[first]
        smaller = CellTable(chosen, np.arange(64 * chosen.shape[1])).look_up(words)
        packed = all_columns(arrangement, chosen, oriented=False)
        found.append(Covers(packed, larger, smaller))
    return found


def mobius(arrangement: Hyperplanes, rank: int) -> NDArray[Any]:
    """The Möbius values μ(R^d, X) of all flats X of one rank, as `flats(rank)` counts them."""
    check_instance(arrangement, "arrangement", "Arrangement")
    rank = whole(rank, "rank", 0)
    if rank > arrangement.rank:
        return np.zeros(0, dtype=np.int64)
    relations = covers(arrangement, rank)
    *_, (_, _, values) = _intervals(arrangement, relations, 0, np.zeros(1, dtype=np.int64))
    return values


def doubly_indexed_whitney_numbers(arrangement: Hyperplanes) -> list[list[int]]:
    """Sums of Möbius values over pairs of flats, by their ranks.

    w[i][j] = Σ μ(X, Y) over flats X of rank i and Y ⊆ X of rank j: the doubly indexed Whitney
    numbers of the first kind. Row 0 has the coefficients of the characteristic polynomial,
    and the absolute values of row i add up to the faces of codimension i (Zaslavsky 1975,
    Theorem A applied to every restriction).

    Examples
    --------
    >>> from arrangement import families
    >>> doubly_indexed_whitney_numbers(families.braid(3))
    [[1, -3, 2], [0, 3, -3], [0, 0, 1]]
    """
    return _whitney_table(arrangement, covers(arrangement))


def face_numbers(arrangement: Hyperplanes, relations: list[Covers]) -> list[int]:
    """How many faces of codimension 0, 1, …, from all cover relations."""
    return [sum(map(abs, row)) for row in _whitney_table(arrangement, relations)]


def _whitney_table(arrangement: Hyperplanes, relations: list[Covers]) -> list[list[int]]:
    sizes = [1, *(len(relation.packed) for relation in relations)]
    table = [[0] * len(sizes) for _ in sizes]
    for i, size in enumerate(sizes):
        start = 0
        # At first so few that all pairs with flats of higher rank would be PAIRS.
        block = max(1, PAIRS // sum(sizes[i:]))
        while start < size:
            X = np.arange(start, min(start + block, size))
            most = 0
            for j, (_, _, values) in enumerate(_intervals(arrangement, relations, i, X), i):
                table[i][j] += int(values.sum())
                most = max(most, len(values))
            start += block
            block = 2 * block if most < PAIRS // 4 else max(1, block // 2)
    return table


def _intervals(
    arrangement: Hyperplanes, relations: list[Covers], i: int, X: NDArray[np.int64]
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64], NDArray[Any]]]:
    """For each rank from i on the pairs (X, Y) with Y ⊆ X, and μ(X, Y); X of rank i.

    The interval between X and Y is a geometric lattice. With an atom of it, X ∩ H say,
    μ(X, Y) = −Σ μ(X, Z) over the flats Z that Y covers and that H does not contain
    (Weisner 1935; Stanley, Enumerative Combinatorics 1, Corollary 3.9.3).
    """
    n, rank = arrangement.n_hyperplanes, arrangement.rank
    levels = [_whole(arrangement), *(relation.packed for relation in relations)]
    # All values for one X add up to at most the cells that n hyperplanes can cut.
    dtype = np.int64 if zaslavsky(n, rank) < 2**62 else object
    Y, values = X, np.ones(len(X), dtype=dtype)
    yield X, Y, values
    for k in range(i, len(relations)):
        relation = relations[k]
        begin = relation.begin
        count = begin[Y + 1] - begin[Y]
        pair = np.repeat(np.arange(len(Y)), count)
        cover = np.arange(len(pair)) + np.repeat(begin[Y] - (np.cumsum(count) - count), count)
        Z, below = Y[pair], relation.smaller[cover]
        new = levels[k + 1][below] & ~levels[i][X[pair]]
        word = np.argmax(new != 0, axis=1)
        bits = new[np.arange(len(new)), word]
        lowest = bits & (~bits + np.uint64(1))
        apart = levels[k][Z, word] & lowest == 0
        key = X[pair] * len(levels[k + 1]) + below
        order = np.argsort(key, kind="stable")
        key = key[order]
        starts = np.flatnonzero(np.diff(key, prepend=-1))
        terms = np.where(apart, -values[pair], 0)[order]
        values = np.add.reduceat(terms, starts)
        X, Y = np.divmod(key[starts], len(levels[k + 1]))
        yield X, Y, values


def _whole(arrangement: Hyperplanes) -> Words:
    return np.zeros((1, word_count(arrangement.n_hyperplanes)), dtype=np.uint64)


def intersection_poset(arrangement: Hyperplanes) -> nx.DiGraph:
    """The flats by reverse inclusion: a meet semilattice, a lattice if they share a point.

    Nodes are tuples of the hyperplanes that contain the flat (copies too), the whole space
    () first. Each has `rank`, `dimension`, `hyperplanes` (the same as a string) and
    `mobius` = μ(R^d, X). Edges are the cover relations, from a flat to those of the next
    rank inside it. :func:`arrangement.files.graphml.write_poset` and networkx write it as
    GraphML.

    Returns
    -------
    networkx.DiGraph

    Raises
    ------
    SizeError
        If there are more than a million cover relations.

    References
    ----------
    R. P. Stanley, *An Introduction to Hyperplane Arrangements* (2007), §1.3.

    Examples
    --------
    >>> from arrangement import families
    >>> poset = families.braid(4).intersection_poset()
    >>> len(poset), poset.nodes[(0, 1, 2, 3, 4, 5)]["mobius"]
    (15, -6)
    >>> poset = families.braid(3).intersection_poset()
    >>> poset.nodes[(0, 1, 2)]
    {'rank': 2, 'dimension': 1, 'hyperplanes': '0 1 2', 'mobius': 2}
    >>> sorted(poset.successors(()))
    [(0,), (1,), (2,)]
    """
    import networkx as nx

    relations = covers(arrangement, limit=LARGEST)
    graph = nx.DiGraph()
    last: list[tuple[int, ...]] = []
    first = np.zeros(1, dtype=np.int64)
    for k, (_, _, values) in enumerate(_intervals(arrangement, relations, 0, first)):
        packed = relations[k - 1].packed if k else _whole(arrangement)
        contains = unpack_signs(packed, arrangement.n_hyperplanes) > 0
        nodes = [tuple(np.flatnonzero(row).tolist()) for row in contains]
        for node, value in zip(nodes, values.tolist(), strict=True):
            graph.add_node(
                node,
                rank=k,
                dimension=arrangement.dimension - k,
                hyperplanes=" ".join(map(str, node)),
                mobius=value,
            )
        if k:
            pairs = zip(relations[k - 1].larger, relations[k - 1].smaller, strict=True)
            graph.add_edges_from((last[a], nodes[b]) for a, b in pairs)
        last = nodes
    return graph
