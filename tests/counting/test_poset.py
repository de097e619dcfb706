"""The intersection poset, Möbius values and Whitney numbers."""

import networkx as nx
import numpy as np
import pytest
from hypothesis import given

from arrangement import Arrangement, SizeError, families
from arrangement.counting import poset
from arrangement.counting.poset import doubly_indexed_whitney_numbers
from arrangement.files import graphml
from tests.amounts import examples, first
from tests.facts import BOUNDED, CELLS, FAMILIES, WHITNEY
from tests.hyperplanes.test_hyperplanes import arrangement_of
from tests.results.test_flats import all_flats
from tests.strategies import tables


def moebius_by_definition(poset):
    """μ of all intervals from the least element: sums over each are zero."""
    order = list(nx.topological_sort(poset))
    value = {}
    for node in order:
        below = nx.ancestors(poset, node)
        value[node] = int(not below) - sum(value[other] for other in below)
    return value


def is_poset_of(graph, arrangement):
    flats = [flat.hyperplanes for flats in all_flats(arrangement) for flat in flats]
    assert list(graph) == flats
    wanted = {(x, y) for x in flats for y in flats if set(x) < set(y)}
    assert set(nx.transitive_closure(graph).edges) == wanted
    assert all(graph.nodes[y]["rank"] == graph.nodes[x]["rank"] + 1 for x, y in graph.edges)


@examples(100)
@given(tables())
def test_poset_is_the_flats_by_reverse_inclusion(table):
    arrangement = arrangement_of(*table)
    graph = arrangement.intersection_poset()
    is_poset_of(graph, arrangement)
    assert dict(graph.nodes(data="mobius")) == moebius_by_definition(graph)


@pytest.mark.parametrize("name", first(4, FAMILIES))
def test_posets_of_families(name):
    arrangement = FAMILIES[name]
    graph = arrangement.intersection_poset()
    is_poset_of(graph, arrangement)
    assert dict(graph.nodes(data="mobius")) == moebius_by_definition(graph)
    values = [m for flats in all_flats(arrangement) for m in flats.mobius.tolist()]
    assert values == [data["mobius"] for _, data in graph.nodes(data=True)]
    # Zaslavsky 1975: the absolute values add up to the cells, the values to the bounded ones.
    cells = arrangement.cells()
    assert sum(map(abs, values)) == len(cells)
    bounded = int(cells.bounded.sum())
    assert abs(sum(values)) == bounded


def whitney(arrangement):
    return [abs(w) for w in doubly_indexed_whitney_numbers(arrangement)[0]]


@pytest.mark.slow
def test_whitney_numbers_are_the_known_ones():
    for (name, n), wanted in WHITNEY.items():
        if n <= 4:
            assert whitney(getattr(families, name)(n)) == wanted
    for (name, n), wanted in CELLS.items():
        if n <= 5 and name not in ("permutohedron", "demicube"):
            assert sum(whitney(getattr(families, name)(n))) == wanted
    for (name, n), wanted in BOUNDED.items():
        if n <= 4:
            values = doubly_indexed_whitney_numbers(getattr(families, name)(n))[0]
            assert abs(sum(values)) == wanted


def test_characteristic_polynomial_counts_points_over_finite_fields():
    # Athanasiadis 1996: χ(q) points of F_q^d lie on no hyperplane, for large primes q.
    for arrangement in (families.shi(3), families.coxeter("B", 3), families.resonance(3)):
        numbers = doubly_indexed_whitney_numbers(arrangement)[0]
        d = arrangement.dimension
        for q in (11, 13):
            points = np.stack(np.meshgrid(*[np.arange(q)] * d), axis=-1).reshape(-1, d)
            rows = arrangement.rows.astype(np.int64)
            off = ((points @ rows[:, :-1].T + rows[:, -1]) % q != 0).all(axis=1)
            wanted = sum(w * q ** (d - k) for k, w in enumerate(numbers))
            assert off.sum() == wanted


def test_doubly_indexed_whitney_numbers_by_definition():
    arrangement = families.shi(3)
    graph = arrangement.intersection_poset()
    table = [[0] * 3 for _ in range(3)]
    for node in graph:
        above = graph.subgraph({node, *nx.descendants(graph, node)})
        for other, value in moebius_by_definition(above).items():
            table[graph.nodes[node]["rank"]][graph.nodes[other]["rank"]] += value
    assert doubly_indexed_whitney_numbers(arrangement) == table


def test_large_moebius_values_stay_exact(monkeypatch):
    wanted = doubly_indexed_whitney_numbers(families.braid(5))
    monkeypatch.setattr("arrangement.counting.poset.zaslavsky", lambda n, d: 2**70)
    assert families.braid(5).flats(4).mobius.dtype == object
    assert doubly_indexed_whitney_numbers(families.braid(5)) == wanted


def test_small_steps_give_the_same(monkeypatch):
    arrangement = families.resonance(3)
    wanted = doubly_indexed_whitney_numbers(arrangement)
    monkeypatch.setattr("arrangement.counting.poset.PAIRS", 1)
    monkeypatch.setattr("arrangement.counting.flat_lattice.BATCH", 2)
    assert doubly_indexed_whitney_numbers(arrangement) == wanted


def test_integers_stay_minors_all_the_way_down(monkeypatch):
    rng = np.random.default_rng(5)
    arrangement = Arrangement(rng.integers(-2, 3, (12, 4)) * 2 + 1, rng.integers(-1, 2, 12))
    wanted = nx.to_dict_of_lists(arrangement.intersection_poset())
    monkeypatch.setattr("arrangement.exact.minor_bound", lambda rows: 10**9)
    assert nx.to_dict_of_lists(arrangement.intersection_poset()) == wanted


def check_graphml(poset, path):
    """The file is read back as the poset, its nodes by number."""
    graphml.write_poset(poset, path)
    read = nx.read_graphml(path)
    assert read.is_directed()
    order = list(poset)
    assert [read.nodes[str(i)] for i in range(len(order))] == [poset.nodes[x] for x in order]
    assert {(order[int(a)], order[int(b)]) for a, b in read.edges} == set(poset.edges)


@pytest.mark.parametrize("suffix", ["", ".gz"])
def test_graphml(tmp_path, suffix):
    given = families.shi(3).intersection_poset()
    check_graphml(given, tmp_path / f"poset.graphml{suffix}")
    nx.write_graphml(given, tmp_path / f"networkx.graphml{suffix}")
    other = nx.read_graphml(tmp_path / f"networkx.graphml{suffix}")
    assert [other.nodes[str(x)] for x in given] == [given.nodes[x] for x in given]


def test_large_posets_are_refused(monkeypatch):
    monkeypatch.setattr(poset, "LARGEST", 20)
    with pytest.raises(SizeError, match=r"rank 0 to 2 alone have 24 cover relations.* 20 "):
        families.braid(4).intersection_poset()
