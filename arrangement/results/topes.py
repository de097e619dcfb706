"""The tope graph as an order and as a graph: poset of regions, isomorphism."""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from arrangement.checks import check_instance
from arrangement.counting.polynomial import n_cells
from arrangement.errors import InputError, SizeError
from arrangement.exact.numbers import shown
from arrangement.hyperplanes.hyperplanes import Hyperplanes
from arrangement.results.cells import cells_of
from arrangement.results.sign_vectors import sign_strings

if TYPE_CHECKING:
    import networkx as nx
    import scipy.sparse

    from arrangement.results.cells import Cells

__all__ = ["is_isomorphic", "poset_of_regions", "separations"]

MOST_CELLS = 200_000


def poset_of_regions(arrangement: Hyperplanes, base: Any = 0) -> nx.DiGraph:
    """The cells, ordered by the hyperplanes that separate them from a base cell.

    A ≤ B when every hyperplane that separates A from the base separates B from it, too. The
    order is graded by the number of these hyperplanes, the base is its least element, and the
    cover relations are the facets: its Hasse diagram is the tope graph, directed away from the
    base. For a central arrangement the opposite of the base is the greatest element, and for
    the braid arrangement the order is the weak order of the symmetric group.

    Parameters
    ----------
    base : int, or sequence of n signs, or str of + and −
        The base cell: its number in ``arrangement.cells()``, or its sign vector.

    Returns
    -------
    networkx.DiGraph
        Nodes 0 … m − 1, the cells as ``arrangement.cells()`` numbers them, with ``signs`` ("+-"
        string) and ``rank`` (different hyperplanes between the cell and the base; copies
        count once); an edge from A to B where B covers A, with ``hyperplane``, the lowest of
        its copies.

    Raises
    ------
    InputError
        If there is no such cell.

    References
    ----------
    P. H. Edelman, *A partial order on the regions of R^n dissected by hyperplanes*, Trans.
    Amer. Math. Soc. 283 (1984); SageMath's ``poset_of_regions``.

    Examples
    --------
    >>> from collections import Counter
    >>> from arrangement import families
    >>> weak = families.braid(4).poset_of_regions()
    >>> ranks = Counter(rank for _, rank in weak.nodes(data="rank"))
    >>> [ranks[k] for k in range(7)]  # (1 + q)(1 + q + q²)(1 + q + q² + q³)
    [1, 3, 5, 6, 5, 3, 1]
    """
    check_instance(arrangement, "arrangement", "Arrangement")
    import networkx as nx

    cells = cells_of(arrangement)
    ranks = separations(cells, base)
    ends = cells.edges[:, :2]
    ends = np.where((ranks[ends[:, 0]] > ranks[ends[:, 1]])[:, None], ends[:, ::-1], ends)
    graph = nx.DiGraph()
    graph.add_nodes_from(
        (i, {"signs": text, "rank": rank})
        for i, (text, rank) in enumerate(
            zip(sign_strings(cells.signs), ranks.tolist(), strict=True)
        )
    )
    graph.add_edges_from(
        (lower, upper, {"hyperplane": h})
        for (lower, upper), h in zip(ends.tolist(), cells.edges[:, 2].tolist(), strict=True)
    )
    return graph


def separations(cells: Cells, base: Any) -> NDArray[np.int64]:
    """How many different hyperplanes separate each cell from the base, given as above."""
    if isinstance(base, int | np.integer):
        b = operator.index(base)
        if not -len(cells) <= b < len(cells):
            raise InputError(
                f"cell {shown(b)} does not exist: there are {len(cells)}, counted from 0"
            )
    else:
        b = cells.index(base)
    signs = cells.signs[:, cells.arrangement.different]
    return np.asarray((signs != signs[b]).sum(axis=1))


def is_isomorphic(one: Hyperplanes, other: Hyperplanes) -> bool:
    """Do two arrangements have isomorphic tope graphs?

    Of central arrangements the tope graph determines the oriented matroid up to relabelling
    and reorientation (of the different hyperplanes), so the answer tells whether the two are
    combinatorially the same.

    Cells are told apart by the colours of their neighbours (Weisfeiler and Leman 1968);
    where that leaves several alike, a cell of one arrangement is matched with each that is
    like it in the other, and the colours are refined again. Colours only ever rule out: a
    match is compared edge by edge, and all are tried. Exponential in the worst case.

    Parameters
    ----------
    one, other : Hyperplanes

    Raises
    ------
    SizeError
        If both have the same number of cells, above 200,000.

    References
    ----------
    A. Björner, P. H. Edelman and G. M. Ziegler, *Hyperplane arrangements with a lattice of
    regions*, Discrete Comput. Geom. 5 (1990), Theorem 6.14; B. Weisfeiler and A. Leman, *The
    reduction of a graph to canonical form* (1968).

    Examples
    --------
    >>> from arrangement import families
    >>> families.coxeter("A", 3).is_isomorphic(families.coxeter("D", 3))
    True
    >>> families.shi(3).is_isomorphic(families.ish(3))  # 16 cells each
    False
    """
    check_instance(one, "one", "Arrangement")
    check_instance(other, "other", "Arrangement")
    m = n_cells(one)
    if m != n_cells(other):
        return False
    if m > MOST_CELLS:
        raise SizeError(
            f"tope graphs of {m:,} cells each; they are compared up to {MOST_CELLS:,} cells"
        )
    from scipy.sparse import block_diag

    graphs = [(cells_of(a).adjacency > 0).astype(np.uint64) for a in (one, other)]
    if graphs[0].nnz != graphs[1].nnz:
        return False
    both = block_diag(graphs, format="csr")
    return _matches(both, np.zeros(2 * m, dtype=np.int64))


def _matches(both: scipy.sparse.csr_array, colours: NDArray[np.int64]) -> bool:
    """Does an isomorphism of the first half of the nodes to the second keep the colours?"""
    m = len(colours) // 2
    colours = _refined(both, colours)
    sizes = np.bincount(colours[:m])
    if not np.array_equal(sizes, np.bincount(colours[m:], minlength=len(sizes))):
        return False
    if sizes.max() == 1:
        image = np.argsort(colours[m:])[colours[:m]]
        first, second = both[:m, :m], both[m:, m:]
        return (first != second[image][:, image]).nnz == 0
    alike = np.where(sizes > 1, sizes, m + 1).argmin()
    cell, *_ = np.flatnonzero(colours[:m] == alike)
    for candidate in m + np.flatnonzero(colours[m:] == alike):
        matched = colours.copy()
        matched[[cell, candidate]] = len(sizes)
        if _matches(both, matched):
            return True
    return False


def _refined(both: scipy.sparse.csr_array, colours: NDArray[np.int64]) -> NDArray[np.int64]:
    """Colours 0, 1, … that tell nodes apart by the colours of their neighbours, until stable.

    The multiset of the neighbours' colours is hashed to a sum of random words: a collision
    may leave two nodes alike, never tell two apart that are alike.
    """
    words = _random_words(len(colours))
    count = 0
    while True:
        different, colours = np.unique(colours, return_inverse=True)
        if len(different) == count:
            return colours
        count = len(different)
        _, seen = np.unique(both @ words[colours], return_inverse=True)
        colours = colours * len(colours) + seen


def _random_words(n: int) -> NDArray[np.uint64]:
    return np.random.default_rng(0).integers(2**64, size=n, dtype=np.uint64)
