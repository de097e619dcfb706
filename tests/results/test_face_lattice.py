"""Face lattices of arrangements and of cells."""

from math import comb

import networkx as nx
import numpy as np
import pytest
from hypothesis import given

from arrangement import Arrangement, InputError, SizeError, families
from arrangement.results import face_lattice
from tests.amounts import examples
from tests.counting.test_poset import check_graphml
from tests.facts import FAMILIES
from tests.hyperplanes.test_hyperplanes import arrangement_of
from tests.results.test_faces import all_faces
from tests.strategies import tables


def is_lattice_of(graph, arrangement):
    """Inclusion of closures: F ≤ G iff F's signs are those of G or 0."""
    faces = [tuple(s) for level in all_faces(arrangement) for s in level.signs.tolist()]
    name = {f: "".join("-0+"[s + 1] for s in f) for f in faces}
    wanted = {
        (name[f], name[g])
        for f in faces
        for g in faces
        if f != g and all(a in (0, b) for a, b in zip(f, g, strict=True))
    }
    closure = nx.transitive_closure(graph)
    assert len(graph) == len(faces) + 2
    assert set(closure.subgraph(name.values()).edges) == wanted
    assert set(closure.successors("empty")) == {*name.values(), "top"}
    assert set(closure.predecessors("top")) == {*name.values(), "empty"}


@examples(60)
@given(tables(max_hyperplanes=5))
def test_face_lattice(table):
    arrangement = arrangement_of(*table)
    is_lattice_of(arrangement.face_lattice(), arrangement)


@pytest.mark.parametrize("name", ["catalan 3", "linial 4", "B3"])
def test_face_lattices_of_families(name):
    arrangement = FAMILIES[name]
    graph = arrangement.face_lattice()
    is_lattice_of(graph, arrangement)
    # Graded, and thin: every interval of length two is a diamond (BLVSWZ 1999, §4.1).
    rank = nx.get_node_attributes(graph, "dimension")
    lines = arrangement.dimension - arrangement.rank
    for a, b in graph.edges:
        assert rank[b] - rank[a] == (1 if a != "empty" else lines + 1)
    for a in graph:
        above = [c for b in graph.successors(a) for c in graph.successors(b)]
        assert all(above.count(c) == 2 for c in above if c != "top" and a != "empty")


@examples(60)
@given(tables())
def test_cell_lattices_are_the_parts_below_in_the_lattice_of_the_arrangement(table):
    arrangement = arrangement_of(*table)
    whole = arrangement.face_lattice()
    for cell in arrangement.cells():
        top = "".join("-0+"[s + 1] for s in cell.signs)
        wanted = whole.subgraph({top, *nx.ancestors(whole, top)})
        found = cell.face_lattice()
        assert set(found.edges) == set(wanted.edges)
        assert dict(found.nodes(data=True)) == dict(wanted.nodes(data=True))


@pytest.mark.parametrize("d", range(5))
def test_faces_of_a_cube(d):
    sides = np.repeat(np.eye(d, dtype=int), 2, axis=0)
    cells = Arrangement(sides, [1, -1] * d).cells()
    cube = cells[cells.index("+-" * d)].face_lattice()
    counts = np.bincount([k + 1 for _, k in cube.nodes(data="dimension")])
    assert counts.tolist() == [1, *(comb(d, k) * 2 ** (d - k) for k in range(d + 1))]


def test_cells_that_meet_a_domain_have_none():
    cells = Arrangement([[1, 1]], [-1]).cells(domain=[(0, 2), (0, None)])
    with pytest.raises(InputError, match="sides of the domain to the hyperplanes"):
        cells[0].face_lattice()


@pytest.mark.parametrize("suffix", ["", ".gz"])
def test_graphml(tmp_path, suffix):
    cell = families.catalan(3).cells()[0]
    for k, wanted in enumerate((families.shi(3).face_lattice(), cell.face_lattice())):
        check_graphml(wanted, tmp_path / f"{k}.graphml{suffix}")
        nx.write_graphml(wanted, tmp_path / f"networkx{k}.graphml{suffix}")
        other = nx.read_graphml(tmp_path / f"networkx{k}.graphml{suffix}")
        assert dict(other.nodes(data=True)) == dict(wanted.nodes(data=True))
        assert set(other.edges) == set(wanted.edges)


def test_large_lattices_are_refused(monkeypatch):
    monkeypatch.setattr(face_lattice, "LARGEST", 74)
    with pytest.raises(SizeError, match="75 faces, and a face lattice may have 74"):
        families.braid(4).face_lattice()  # 24 + 36 + 14 + 1, ordered set partitions


def test_vertices_with_large_coordinates():
    large = -16329893639329941453
    arrangement = Arrangement([[1, 0], [1, 2], [0, 1]], [large, large, 0])
    whole = set(arrangement.face_lattice())
    for cell in arrangement.cells():
        assert set(cell.face_lattice()) <= whole
