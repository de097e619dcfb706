"""The chromatic polynomial of a graph, which is that of its graphical arrangement."""

from __future__ import annotations

from collections import Counter
from itertools import chain, combinations
from typing import TYPE_CHECKING, TypeAlias

from flint import fmpz_poly

from arrangement.errors import InputError, SizeError
from arrangement.exact.numbers import shown

if TYPE_CHECKING:
    import networkx as nx

__all__ = ["chromatic_polynomial"]

Edges: TypeAlias = frozenset[frozenset[int]]

MOST_NODES = 200
"""The recursion is as deep as there are nodes."""

t = fmpz_poly([0, 1])


def chromatic_polynomial(graph: nx.Graph) -> tuple[int, ...]:
    """The number of proper colourings in t colours, as coefficients from t^n down.

    Deletion and contraction (Birkhoff 1912) of the edges at one node v after the other: with
    neighbours w_1, …, w_k,

        P(G) = t P(G − v) − Σ_i P(G − v with all edges w_i w_j, j > i),

    and P(G) = (t − k) P(G − v) at once when the neighbours of v are joined to each other.
    Nodes of low degree go first. The time is exponential in general.

    Parameters
    ----------
    graph : networkx.Graph
        Directions and parallel edges do not count.

    Raises
    ------
    InputError
        If it is no graph, or has a loop; SizeError if it has more than 200 nodes.

    References
    ----------
    G. D. Birkhoff, *A determinant formula for the number of ways of coloring a map*, Ann. of
    Math. 14 (1912); H. Whitney, *The coloring of graphs*, Ann. of Math. 33 (1932).

    Examples
    --------
    >>> import networkx as nx
    >>> chromatic_polynomial(nx.cycle_graph(4))
    (1, -4, 6, -3, 0)
    >>> sum(map(abs, chromatic_polynomial(nx.petersen_graph())))  # acyclic orientations
    16680
    """
    import networkx as nx

    if not isinstance(graph, nx.Graph):
        raise InputError(
            f"chromatic_polynomial: a networkx graph is needed, not {shown(graph)}"
        )
    number = {node: i for i, node in enumerate(graph)}
    for u, v in graph.edges():
        if u == v:
            raise InputError(
                f"chromatic_polynomial: node {shown(u)} has a loop: no proper colouring"
            )
    if len(number) > MOST_NODES:
        raise SizeError(f"chromatic_polynomial: {len(number)} nodes; the most are {MOST_NODES}")
    edges = frozenset(frozenset((number[u], number[v])) for u, v in graph.edges())
    polynomial = _polynomial(frozenset(number.values()), edges, {})
    return tuple(int(v) for v in reversed(polynomial.coeffs()))


def _polynomial(
    nodes: frozenset[int], edges: Edges, known: dict[tuple[frozenset[int], Edges], fmpz_poly]
) -> fmpz_poly:
    if not edges:
        return t ** len(nodes)
    if (nodes, edges) in known:
        return known[nodes, edges]
    degree = Counter(chain.from_iterable(edges))
    v = min(nodes, key=lambda node: (degree[node], node))
    left = nodes - {v}
    neighbors = sorted(w for edge in edges if v in edge for w in edge - {v})
    rest = frozenset(edge for edge in edges if v not in edge)
    if all(frozenset(pair) in rest for pair in combinations(neighbors, 2)):
        total = (t - len(neighbors)) * _polynomial(left, rest, known)
    else:
        total = t * _polynomial(left, rest, known)
        for i, w in enumerate(neighbors):
            joined = {frozenset((w, u)) for u in neighbors[i + 1 :]}
            total -= _polynomial(left, rest | joined, known)
    known[nodes, edges] = total
    return total
