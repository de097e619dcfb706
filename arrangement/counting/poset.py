"""The intersection poset: flats by reverse inclusion, Möbius values and Whitney numbers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from math import comb
from typing import TYPE_CHECKING, Any

import numpy as np
from flint import fmpz_poly
from numpy.typing import NDArray

from arrangement.bounds import zaslavsky
from arrangement.checks import check_instance, whole
from arrangement.counting.flat_lattice import FlatLattice
from arrangement.enumeration.cell_table import CellTable
from arrangement.errors import SizeError
from arrangement.exact.packing import Words, unpack_signs, word_count
from arrangement.hyperplanes.reduction import all_columns
from arrangement.memory import refuse
from arrangement.ragged import places

if TYPE_CHECKING:
    import networkx as nx

    from arrangement.hyperplanes.hyperplanes import Hyperplanes

__all__ = [
    "Covers",
    "covers",
    "doubly_indexed_whitney_number",
    "doubly_indexed_whitney_numbers",
    "face_numbers",
    "intersection_poset",
    "mobius",
    "nbc_sets",
    "tutte_polynomial",
    "whitney_data",
    "whitney_number",
]

LARGEST = 10**6
"""How many cover relations a networkx graph may have."""

LESS = "take fewer hyperplanes, or a smaller size"

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
    return _whitney_table(arrangement, covers(arrangement))[0]


def whitney_data(arrangement: Hyperplanes) -> tuple[list[list[int]], list[list[int]]]:
    """The doubly indexed Whitney numbers of the first and of the second kind.

    Over the pairs of flats X of rank i and Y ⊆ X of rank j, w[i][j] is the sum of μ(X, Y) and
    W[i][j] the number of pairs; W[0][j] is the number of flats of rank j.

    Returns
    -------
    first, second : list of lists of int, shape (rank + 1, rank + 1)

    References
    ----------
    C. Greene and T. Zaslavsky, *On the interpretation of Whitney numbers through arrangements
    of hyperplanes, zonotopes, non-Radon partitions, and orientations of graphs*, Trans. Amer.
    Math. Soc. 280 (1983); SageMath's ``whitney_data``.

    Examples
    --------
    >>> from arrangement import families
    >>> first, second = families.shi(3).whitney_data()
    >>> first
    [[1, -6, 9], [0, 6, -15], [0, 0, 6]]
    >>> second
    [[1, 6, 6], [0, 6, 15], [0, 0, 6]]
    """
    return _whitney_table(arrangement, covers(arrangement))


def whitney_number(arrangement: Hyperplanes, k: int, kind: int = 1) -> int:
    """The Whitney number of rank k: of the first kind Σ μ(X), of the second the flats X.

    Parameters
    ----------
    arrangement : Arrangement
    k : int
        0 beyond the rank of the arrangement.
    kind : {1, 2}

    Examples
    --------
    >>> from arrangement import families
    >>> [families.shi(3).whitney_number(k) for k in range(4)]
    [1, -6, 9, 0]
    >>> [families.shi(3).whitney_number(k, kind=2) for k in range(4)]
    [1, 6, 6, 0]
    """
    check_instance(arrangement, "arrangement", "Arrangement")
    k, kind = whole(k, "k", 0), whole(kind, "kind", 1, 2)
    if kind == 1:
        return int(mobius(arrangement, k).sum())
    if k == 0 or k > arrangement.rank:
        return int(k == 0)
    return len(FlatLattice.of(arrangement).flats(k))


def doubly_indexed_whitney_number(
    arrangement: Hyperplanes, i: int, j: int, kind: int = 1
) -> int:
    """One entry of :func:`whitney_data`; 0 beyond the rank of the arrangement.

    Parameters
    ----------
    i, j : int
        The ranks of two flats, the first around the second.
    kind : {1, 2}
        Signed, or the number of pairs.

    Examples
    --------
    >>> from arrangement import families
    >>> families.shi(3).doubly_indexed_whitney_number(1, 2)
    -15
    """
    i, j, kind = whole(i, "i", 0), whole(j, "j", 0), whole(kind, "kind", 1, 2)
    table = whitney_data(arrangement)[kind - 1]
    return table[i][j] if max(i, j) < len(table) else 0


def tutte_polynomial(arrangement: Hyperplanes) -> list[list[int]]:
    """The Tutte polynomial T(x, y) = Σ (x−1)^(r − r(B)) (y−1)^(|B| − r(B)).

    The sum is over the sets B of hyperplanes that share a point, each of rank r(B), copies of a
    hyperplane counted each; r is the rank of the arrangement. For a central one it is the
    Tutte polynomial of the matroid of normals. T(2, 0) is the number of cells, and T(1 − t, 0)
    up to sign and a power of t the characteristic polynomial.

    With the hyperplanes h(X) that contain a flat X,
    Σ_X y^h(X) Σ_{Y ⊆ X} μ(X, Y) q^(r − rank Y) = (y−1)^r T(1 + q/(y−1), y): over a field of q
    elements, and for rank d, both sides are the sum of y^h(p) over the points p.

    Returns
    -------
    list of lists of int
        Entry [i][j] is the coefficient of x^i y^j.

    References
    ----------
    F. Ardila, *Computing the Tutte polynomial of a hyperplane arrangement*, Pacific J. Math.
    230 (2007), Theorem 3.3; H. Crapo and G.-C. Rota (1970), for central arrangements.

    Examples
    --------
    >>> from arrangement import Arrangement, families
    >>> families.braid(3).tutte_polynomial()  # x² + x + y
    [[0, 1], [1, 0], [1, 0]]
    >>> Arrangement([[1], [1]], [0, -1]).tutte_polynomial()  # x + 1
    [[1], [1]]
    """
    check_instance(arrangement, "arrangement", "Arrangement")
    n, r = arrangement.n_hyperplanes, arrangement.rank
    relations = covers(arrangement)
    levels = [_whole(arrangement), *(relation.packed for relation in relations)]
    # Entry [k, s]: the coefficient of q^k y^s on the left side.
    left = np.full((r + 1, n + 1), 0, dtype=object)
    for i, level in enumerate(levels):
        sizes = np.bitwise_count(level).sum(axis=1, dtype=np.int64)
        for found in _pairs(arrangement, relations, i):
            for j, (X, values) in enumerate(found, i):
                for size in np.unique(sizes[X]).tolist():
                    left[r - j, size] += int(values[sizes[X] == size].sum())
    # In powers of x − 1, whose coefficients are quotients by powers of y − 1.
    result = [fmpz_poly([]) for _ in range(r + 1)]
    for k, row in enumerate(left):
        quotient, rest = divmod(fmpz_poly(row.tolist()), fmpz_poly([-1, 1]) ** (r - k))
        assert not rest, "the left side is divisible"
        for i in range(k + 1):
            result[i] += quotient * (comb(k, i) * (-1) ** (k - i))
    width = max(len(row) for row in result)
    return [[int(row[j]) for j in range(width)] for row in result]


def nbc_sets(arrangement: Hyperplanes, size: int | None = None) -> NDArray[np.int64]:
    """The sets of hyperplanes without a broken circuit (NBC sets) of one size.

    A broken circuit is a circuit without its lowest hyperplane, and the hyperplanes of an NBC
    set share a point. There are as many of size k as |Σ μ(X)| over the flats of rank k; their
    products are a basis of the Orlik–Solomon algebra in degree k.

    The lowest hyperplanes of an NBC set are each the lowest of all that contain the flat of
    it and those after it: so the sets of a flat X are those of the flats Y that X covers and
    that are not in the lowest hyperplane of X, with this one.

    Parameters
    ----------
    arrangement : Arrangement
    size : int, optional
        The rank of the arrangement if left out: the NBC bases.

    Returns
    -------
    ndarray of int64, shape (m, size)
        Hyperplanes in ascending order, in lexicographic order; of copies the lowest. None, of
        rank + 1, beyond the rank.

    Raises
    ------
    SizeError
        If they do not fit in memory.

    References
    ----------
    P. Orlik and H. Terao, *Arrangements of Hyperplanes* (1992), §3.1 and §3.2.

    Examples
    --------
    >>> from arrangement import families
    >>> families.braid(3).nbc_sets().tolist()  # {1, 2} is the broken circuit
    [[0, 1], [0, 2]]
    >>> [len(families.braid(4).nbc_sets(k)) for k in range(5)]
    [1, 6, 11, 6, 0]
    """
    check_instance(arrangement, "arrangement", "Arrangement")
    rank = arrangement.rank
    size = rank if size is None else whole(size, "size", 0)
    if size > rank:
        return np.zeros((0, min(size, rank + 1)), dtype=np.int64)
    sets = np.zeros((1, 0), dtype=np.int64)
    ends = np.ones(1, dtype=np.int64)  # of the sets of each flat
    lowest = np.array([arrangement.n_hyperplanes])
    for relation in covers(arrangement, size):
        contains = unpack_signs(relation.packed, arrangement.n_hyperplanes) > 0
        before, lowest = lowest, contains.argmax(axis=1)
        kept = lowest[relation.smaller] < before[relation.larger]
        larger, smaller = relation.larger[kept], relation.smaller[kept]
        order = np.argsort(smaller, kind="stable")
        larger, smaller = larger[order], smaller[order]
        counts = np.diff(ends, prepend=0)[larger]
        refuse(
            16 * int(counts.sum()) * (sets.shape[1] + 2), "sets without broken circuits", LESS
        )
        pair, at = places(ends[larger] - counts, counts)
        sets = np.column_stack([lowest[smaller[pair]], sets[at]])
        ends = np.cumsum(np.bincount(smaller, counts, len(lowest)).astype(np.int64))
    return sets[np.lexsort(sets.T[::-1])] if size else sets


def face_numbers(arrangement: Hyperplanes, relations: list[Covers]) -> list[int]:
    """How many faces of codimension 0, 1, …, from all cover relations."""
    return [sum(map(abs, row)) for row in _whitney_table(arrangement, relations)[0]]


def _whitney_table(
    arrangement: Hyperplanes, relations: list[Covers]
) -> tuple[list[list[int]], list[list[int]]]:
    """Sums of Möbius values, and numbers of pairs, by the ranks of two flats."""
    sums, pairs = (
        [[0] * (len(relations) + 1) for _ in range(len(relations) + 1)] for _ in "12"
    )
    for i in range(len(relations) + 1):
        for found in _pairs(arrangement, relations, i):
            for j, (_, values) in enumerate(found, i):
                sums[i][j] += int(values.sum())
                pairs[i][j] += len(values)
    return sums, pairs


def _pairs(
    arrangement: Hyperplanes, relations: list[Covers], i: int
) -> Iterator[Iterator[tuple[NDArray[np.int64], NDArray[Any]]]]:
    """Of some flats X of rank i after others: X and μ(X, Y) of all pairs, by the rank of Y."""
    sizes = [1, *(len(relation.packed) for relation in relations)]
    most = start = 0

    def watched(X: NDArray[np.int64]) -> Iterator[tuple[NDArray[np.int64], NDArray[Any]]]:
        nonlocal most
        for larger, _, values in _intervals(arrangement, relations, i, X):
            most = max(most, len(values))
            yield larger, values

    # At first so few that all pairs with flats of higher rank would be PAIRS.
    block = max(1, PAIRS // sum(sizes[i:]))
    while start < sizes[i]:
        most = 0
        yield watched(np.arange(start, min(start + block, sizes[i])))
        start += block
        block = 2 * block if most < PAIRS // 4 else max(1, block // 2)


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
        pair, cover = places(begin[Y], begin[Y + 1] - begin[Y])
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
