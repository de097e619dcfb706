"""Polynomials of graphs, which are those of their arrangements."""

from __future__ import annotations

from collections import Counter
from itertools import chain, combinations
from typing import TYPE_CHECKING, TypeAlias

from flint import fmpz_poly

from arrangement.errors import SizeError
from arrangement.families.graphs import Graph, given_graph

if TYPE_CHECKING:
    import networkx as nx

__all__ = ["chromatic_polynomial", "forests"]

Edges: TypeAlias = frozenset[frozenset[int]]

Weights: TypeAlias = dict[frozenset[int], int]
"""Edges, and how many are parallel to each."""

MOST_NODES = 200
"""The recursion is as deep as there are nodes."""

t = fmpz_poly([0, 1])


def chromatic_polynomial(graph: Graph) -> tuple[int, ...]:
    """The number of proper colourings in t colours, as coefficients from t^n down.

    Deletion and contraction (Birkhoff 1912) of the edges at one node v after the other: with
    neighbours w_1, …, w_k,

        P(G) = t P(G − v) − Σ_i P(G − v with all edges w_i w_j, j > i),

    and P(G) = (t − k) P(G − v) at once when the neighbours of v are joined to each other.
    Nodes of low degree go first. The time is exponential in general.

    Parameters
    ----------
    graph : networkx.Graph, or list of pairs
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
    graph = given_graph("chromatic_polynomial", graph)
    number = {node: i for i, node in enumerate(graph)}
    if len(number) > MOST_NODES:
        raise SizeError(f"chromatic_polynomial: {len(number)} nodes; the most are {MOST_NODES}")
    edges = frozenset(frozenset((number[u], number[v])) for u, v in graph.edges())
    polynomial = _polynomial(frozenset(number.values()), edges, {})
    return tuple(int(v) for v in reversed(polynomial.coeffs()))


def forests(graph: nx.Graph) -> tuple[int, ...]:
    """How many sets of k edges have no cycle, for k from 0 on.

    Deletion and contraction: F(G) = F(G − e) + x w F(G / e), where w is how many parallel edges
    e stands for. The time is exponential.

    Parameters
    ----------
    graph : networkx.Graph
        Simple.

    Raises
    ------
    SizeError
        If it has more than 200 nodes.

    Examples
    --------
    >>> import networkx as nx
    >>> forests(nx.complete_graph(4))
    (1, 6, 15, 16)
    """
    if len(graph) > MOST_NODES:
        raise SizeError(f"forests: {len(graph)} nodes; the most are {MOST_NODES}")
    number = {node: i for i, node in enumerate(graph)}
    edges = {frozenset((number[u], number[v])): 1 for u, v in graph.edges()}
    return tuple(int(v) for v in _forests(edges, {}).coeffs())


def _forests(
    edges: dict[frozenset[int], int],
    known: dict[frozenset[tuple[frozenset[int], int]], fmpz_poly],
) -> fmpz_poly:
    """The sets without cycles of a graph with parallel edges, by their size."""
    if not edges:
        return fmpz_poly([1])
    key = frozenset(edges.items())
    if key not in known:
        first = min(edges, key=sorted)
        deleted = {edge: many for edge, many in edges.items() if edge != first}
        u, v = sorted(first)
        contracted: Weights = {}
        for edge, many in deleted.items():
            merged = edge - {u} | {v} if u in edge else edge
            contracted[merged] = contracted.get(merged, 0) + many
        known[key] = _forests(deleted, known) + t * edges[first] * _forests(contracted, known)
    return known[key]


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
