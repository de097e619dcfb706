"""The oriented matroid against its definition, by the faces that the reference finds."""

from itertools import combinations, pairwise, product
from math import comb

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings

from arrangement import Arrangement, families
from arrangement.errors import InputError, SizeError
from tests import reference
from tests.strategies import tables

CENTRAL = {
    "braid 4": families.braid(4),
    "B3": families.coxeter("B", 3),
    "resonance 3": families.resonance(3),
    "threshold 3": families.threshold(3),
    "cross-polytope 4": families.cross_polytope(4),
    "copies": Arrangement([[1, 0], [0, 1], [-2, 0], [1, 1], [3, 3]]),
    "translated": Arrangement([[1, 0], [0, 1], [1, 1]], [-1, -1, -2]),
}


def as_set(vectors):
    return {tuple(v) for v in vectors.tolist()}


def orthogonal(one, other):
    """Are the products of the entries all zero, or both positive and negative somewhere?"""
    products = {a * b for a, b in zip(one, other, strict=True)}
    return products <= {0} or {-1, 1} <= products


def minimal(vectors):
    """Those of minimal support among the non-zero ones."""
    supports = {v: frozenset(i for i, s in enumerate(v) if s) for v in vectors if any(v)}
    return {v for v, s in supports.items() if not any(t < s for t in supports.values())}


def is_closed_under_opposites(vectors):
    half = len(vectors) // 2
    leading = [next(filter(None, v)) for v in vectors[:half].tolist()]
    return np.array_equal(vectors[half:], -vectors[:half]) and set(leading) <= {1}


@settings(max_examples=50, deadline=None)
@given(tables(max_hyperplanes=5, central=True))
def test_the_reference_has_the_same_covectors_cocircuits_and_circuits(table):
    d, normals, offsets = table
    arrangement = Arrangement(np.array(normals, dtype=object).reshape(-1, d), offsets)
    faces = reference.faces(reference.rows_of(normals, offsets))
    assert as_set(arrangement.covectors()) == faces
    assert len(arrangement.covectors()) == len(faces)
    assert as_set(arrangement.cocircuits()) == minimal(faces)
    # The vectors of the oriented matroid are all that is orthogonal to every covector.
    vectors = {
        v
        for v in product((-1, 0, 1), repeat=len(normals))
        if all(orthogonal(v, face) for face in faces)
    }
    assert as_set(arrangement.circuits()) == minimal(vectors)
    assert is_closed_under_opposites(arrangement.circuits())
    assert is_closed_under_opposites(arrangement.cocircuits())


@settings(max_examples=30, deadline=None)
@given(tables(max_hyperplanes=5, max_dimension=2, central=False))
def test_covectors_of_affine_arrangements_are_their_faces(table):
    d, normals, offsets = table
    arrangement = Arrangement(np.array(normals, dtype=object).reshape(-1, d), offsets)
    assert as_set(arrangement.covectors()) == reference.faces(
        reference.rows_of(normals, offsets)
    )
    if not arrangement.is_central:
        for method in (arrangement.circuits, arrangement.cocircuits, arrangement.dual):
            with pytest.raises(InputError, match="that of the cone"):
                method()


@pytest.mark.parametrize("name", CENTRAL)
def test_circuits_are_orthogonal_to_cocircuits_and_to_every_cell(name):
    arrangement = CENTRAL[name]
    circuits, cocircuits = arrangement.circuits(), arrangement.cocircuits()
    for others in (cocircuits, arrangement.cells().signs):
        for circuit, other in product(circuits.tolist(), others.tolist()):
            assert orthogonal(circuit, other)
    # The rank is the size of the largest set without a circuit, and of a transversal of cuts.
    n = len(arrangement)
    supports = {frozenset(np.flatnonzero(c).tolist()) for c in circuits}
    free = [
        size
        for size in range(n + 1)
        if any(
            not any(s <= set(chosen) for s in supports)
            for chosen in combinations(range(n), size)
        )
    ]
    assert max(free) == arrangement.rank


@pytest.mark.parametrize("name", CENTRAL)
def test_the_dual_swaps_circuits_and_cocircuits(name):
    arrangement = CENTRAL[name]
    dual = arrangement.dual()
    assert dual.rank == dual.dimension == len(arrangement) - arrangement.rank
    assert np.array_equal(dual.circuits(), arrangement.cocircuits())
    assert np.array_equal(dual.cocircuits(), arrangement.circuits())
    assert np.array_equal(dual.dual().circuits(), arrangement.circuits())


@pytest.mark.parametrize("seed", range(4))
def test_circuits_of_a_graph_are_its_cycles_and_cocircuits_its_bonds(seed):
    graph = nx.gnm_random_graph(6, 9, seed=seed)
    arrangement = families.graphical(graph)
    edges = list(graph.edges())
    circuits = {frozenset(np.flatnonzero(c).tolist()) for c in arrangement.circuits()}
    cycles = {
        frozenset(
            edges.index(e) if e in edges else edges.index(e[::-1])
            for e in zip(cycle, [*cycle[1:], cycle[0]], strict=True)
        )
        for cycle in nx.simple_cycles(graph)
    }
    assert circuits == cycles
    for cut in arrangement.cocircuits().tolist():  # a bond leaves one more piece
        left = nx.Graph(graph)
        left.remove_edges_from(e for e, s in zip(edges, cut, strict=True) if s)
        pieces = nx.number_connected_components
        assert pieces(left) == pieces(graph) + 1


@pytest.mark.parametrize(("n", "d"), [(4, 2), (5, 3), (6, 3), (6, 5)])
def test_uniform_matroids(n, d):
    curve = Arrangement(np.vander(np.arange(1, n + 1), d, increasing=True))
    circuits, cocircuits = curve.circuits(), curve.cocircuits()
    assert len(circuits) == 2 * comb(n, d + 1)
    assert len(cocircuits) == 2 * comb(n, d - 1)
    for circuit in circuits.tolist():  # alternating: Gale's evenness condition
        signs = [s for s in circuit if s]
        assert all(a == -b for a, b in pairwise(signs))


def test_arrangements_without_circuits():
    boolean = families.grid(1, 1, 1)
    assert boolean.circuits().shape == (0, 3)
    assert as_set(boolean.cocircuits()) == {
        tuple(s * int(i == k) for i in range(3)) for k in range(3) for s in (-1, 1)
    }
    empty = Arrangement(np.zeros((0, 2)))
    assert empty.circuits().shape == empty.cocircuits().shape == (0, 0)
    assert empty.covectors().shape == (1, 0)
    assert empty.dual().rows.shape == (0, 1)


def test_what_has_no_dual_or_is_too_large():
    with pytest.raises(InputError, match=r"^hyperplane 1 is in no circuit, so its dual is no"):
        Arrangement([[1, 0], [0, 1], [1, 0]]).dual()
    with pytest.raises(SizeError, match=r"^32 hyperplanes of rank 6 have 906,192 sets"):
        families.threshold(5).circuits()
