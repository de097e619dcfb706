"""The oriented matroid against its definition, by the faces that the reference finds."""

from fractions import Fraction
from itertools import combinations, pairwise, product
from math import comb

import networkx as nx
import numpy as np
import pytest
from hypothesis import given

from arrangement import Arrangement, families
from arrangement.errors import InputError, SizeError
from arrangement.exact import sign
from tests import reference
from tests.amounts import examples
from tests.hyperplanes.test_hyperplanes import arrangement_of
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


@examples(50)
@given(tables(max_hyperplanes=5, central=True))
def test_the_reference_has_the_same_covectors_cocircuits_and_circuits(table):
    d, normals, offsets = table
    arrangement = arrangement_of(d, normals, offsets)
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


def basis_tables(arrangement):
    """Of each basis B the numbers T with a_i = Σ_b T[i, b] a_b, in Fractions, by Cramer."""
    vectors = [[Fraction(v) for v in row[:-1]] for row in arrangement.rows]
    for basis in combinations(range(len(vectors)), arrangement.rank):
        d = determinant([vectors[b] for b in basis])
        if d:
            replaced = [
                [determinant([vectors[i if c == b else c] for c in basis]) / d for b in basis]
                for i in range(len(vectors))
            ]
            yield basis, replaced


def determinant(rows):
    if not rows:
        return Fraction(1)
    pivot = next((i for i, row in enumerate(rows) if row[0]), None)
    if pivot is None:
        return Fraction(0)
    others = [reference.eliminate(r, rows[pivot], 0) for i, r in enumerate(rows) if i != pivot]
    return (-1) ** pivot * rows[pivot][0] * determinant(others)


def almost_on_a_line():
    """Multiples of one vector that are off by a trifle, and one across."""
    rng = np.random.default_rng(4)
    line = [10**20 + 7, 3 * 10**20 + 1]
    rows = [
        [int(k) * v + int(off) for v, off in zip(line, rng.integers(-3, 4, 2), strict=True)]
        for k in rng.integers(1, 1000, 9)
    ]
    return [*[[*row, 0] for row in rows], [0, 0, 1]]


NEARLY = {
    "almost on a line": almost_on_a_line(),
    "the first prime": [[1, 10**30], [1, 10**30 + 67108859], [0, 1], [1, 0]],
    "no two alike": [[1, 10**30], [1, 10**30 + 1], [1, 10**30 + 2], [2, 2 * 10**30 + 1]],
    "almost in a plane": [[1, 0, 0], [0, 1, 0], [1, 1, 0], [3, 3, Fraction(1, 10**40)],
                          [1, 1, 1], [10**25, 10**25 + 1, 10**25], [1, 2, 3]],
    "floats": [[0.1, 0.2, 0.3], [0.3, 0.6, 0.9], [0.1, 0.2, 0.30000000000000004],
               [0.7, 0.1, 0.0], [0.8, 0.3, 0.3], [5e-324, 1.0, 0.0], [1e300, 1.0, 1e-300]],
    "of high rank": [*np.eye(4, dtype=int).tolist(), [1, 2, 3, 0], [10**20, 2 * 10**20, 1, 1]],
}  # fmt: skip


@pytest.mark.filterwarnings("ignore::arrangement.hyperplanes.near.NearlyDegenerateWarning")
@pytest.mark.parametrize("name", NEARLY)
def test_signs_that_floats_do_not_tell(name, monkeypatch):
    arrangement = Arrangement(np.array(NEARLY[name], dtype=object))
    n = len(arrangement)
    assert arrangement.rank == arrangement.dimension
    circuits, cocircuits = set(), set()
    for basis, table in basis_tables(arrangement):
        for side in (-1, 1):
            for e in set(range(n)) - set(basis):
                on = {b: -sign(table[e][k]) for k, b in enumerate(basis)} | {e: 1}
                circuits.add(tuple(side * on.get(i, 0) for i in range(n)))
            cocircuits |= {
                tuple(side * sign(row[k]) for row in table) for k in range(len(basis))
            }
    monkeypatch.setattr("arrangement.results.matroid.BLOCK", 2)
    for found, wanted in (
        (arrangement.circuits(), circuits),
        (arrangement.cocircuits(), cocircuits),
    ):
        assert len(found) == len(wanted)
        assert as_set(found) == wanted
        assert is_closed_under_opposites(found)
        half = found[: len(found) // 2].tolist()
        assert half == sorted(half, reverse=True)


def test_almost_as_many_dimensions_as_normals():
    # General position: any 39 of 40 vectors of rank 38 have one circuit, on all of them.
    arrangement = Arrangement([[k**e for e in range(38)] for k in range(40)])
    circuits = arrangement.circuits()
    assert circuits.shape == (2 * 40, 40)
    assert (np.count_nonzero(circuits, axis=1) == 39).all()
    # Vandermonde: the signs alternate.
    assert all((np.diff(c[c != 0]) != 0).all() for c in circuits)


@examples(30)
@given(tables(max_hyperplanes=5, max_dimension=2, central=False))
def test_covectors_of_affine_arrangements_are_their_faces(table):
    d, normals, offsets = table
    arrangement = arrangement_of(d, normals, offsets)
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


def test_what_has_no_dual_or_is_too_large(monkeypatch):
    with pytest.raises(InputError, match=r"^hyperplane 1 is in no circuit, so its dual is no"):
        Arrangement([[1, 0], [0, 1], [1, 0]]).dual()
    with pytest.raises(SizeError, match=r"^32 hyperplanes of rank 6 have 906,192 sets"):
        families.threshold(5).circuits()
    lines = Arrangement([[1, k] for k in range(20)])
    monkeypatch.setattr("arrangement.memory.LITTLE", 0)
    for room, what in ((2**12, "sets of 3 of 20"), (2**17, r"1,140 or more vectors")):
        monkeypatch.setattr("arrangement.memory.memory", lambda room=room: room)
        with pytest.raises(SizeError, match=rf"^{what}.* take .* take fewer hyperplanes"):
            lines.circuits()
