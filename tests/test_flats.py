"""Flats, and the intersection poset."""

from fractions import Fraction
from math import comb

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings

from arrangement import Arrangement, InputError, SizeError, families, graph, poset
from arrangement.exact import rank
from arrangement.poset import doubly_indexed_whitney_numbers
from tests import reference
from tests.facts import BOUNDED, CELLS, WHITNEY
from tests.strategies import tables
from tests.test_hyperplanes import arrangement_of

FAMILIES = {
    "braid 5": families.braid(5),
    "shi 4": families.shi(4),
    "catalan 3": families.catalan(3),
    "semiorder 4": families.semiorder(4),
    "resonance 4": families.resonance(4),
    "threshold 3": families.threshold(3),
    "B3": families.coxeter("B", 3),
}


def all_flats(arrangement):
    return [arrangement.flats(k) for k in range(arrangement.rank + 1)]


@settings(max_examples=200)
@given(tables(max_hyperplanes=5))
def test_flats_are_the_zero_sets_of_faces(table):
    d, normals, offsets = table
    arrangement = arrangement_of(d, normals, offsets)
    faces = reference.faces(reference.rows_of(normals, offsets))
    wanted = {tuple(i for i, s in enumerate(signs) if s == 0) for signs in faces}
    found = [flat.hyperplanes for flats in all_flats(arrangement) for flat in flats]
    assert len(found) == len(wanted)
    assert set(found) == wanted
    assert len(arrangement.flats(arrangement.rank + 1)) == 0


@settings(max_examples=100)
@given(tables())
def test_points_and_bases_span_the_flat(table):
    arrangement = arrangement_of(*table)
    for flats in all_flats(arrangement):
        assert flats.dimension == arrangement.dimension - flats.rank
        for k, flat in enumerate(flats):
            on = list(flat.hyperplanes)
            assert flats.contains[k].nonzero()[0].tolist() == on
            rows = arrangement.rows[on]
            assert rank(rows[:, :-1]) == flat.rank
            assert all(isinstance(v, Fraction) for v in flat.point)
            assert not (rows @ np.array([*flat.point, 1])).any()
            assert len(flat.basis) == flat.dimension
            if flat.basis:
                basis = np.array(flat.basis, dtype=object)
                assert rank(basis) == flat.dimension
                assert not (rows[:, :-1] @ basis.T).any()


def test_numbers_of_flats():
    # Braid: set partitions into d − k blocks (Stirling numbers of the second kind).
    assert [len(flats) for flats in all_flats(families.braid(6))] == [1, 15, 65, 90, 31, 1]
    # Simple: any k hyperplanes.
    simple = families.generic(9, 4)
    assert [len(flats) for flats in all_flats(simple)] == [comb(9, k) for k in range(5)]
    # Axes of R^40: any k of them, in memory that does not grow with 2^40.
    axes = Arrangement(np.eye(40, dtype=int))
    assert [len(axes.flats(k)) for k in range(3)] == [1, 40, 780]


def test_order_is_that_of_first_bases():
    arrangement = families.resonance(3)
    for k in range(4):
        bases = []
        for flat in arrangement.flats(k):
            basis = []
            for i in flat.hyperplanes:
                if rank(arrangement.rows[[*basis, i], :-1]) > len(basis):
                    basis.append(i)
            bases.append(basis)
        assert bases == sorted(bases)


def test_near_coincidences_are_told_apart():
    # Three lines through one point, and three that miss it by 10^-30.
    tiny = Fraction(1, 10**30)
    normals = [[1, 0], [0, 1], [1, 1]]
    assert len(Arrangement(normals, [0, 0, 0]).flats(2)) == 1
    assert len(Arrangement(normals, [0, 0, tiny]).flats(2)) == 3


def test_copies_are_in_the_same_flats():
    arrangement = Arrangement([[1, 0], [0, 1], [-2, 0]], [1, 0, -2])
    assert [flat.hyperplanes for flat in arrangement.flats(1)] == [(0, 2), (1,)]


@pytest.mark.parametrize("bad", [-1, 1.5, "1", None])
def test_bad_rank(bad):
    with pytest.raises(InputError, match="non-negative integer"):
        families.braid(3).flats(bad)


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


@settings(max_examples=100)
@given(tables())
def test_poset_is_the_flats_by_reverse_inclusion(table):
    arrangement = arrangement_of(*table)
    graph = arrangement.intersection_poset()
    is_poset_of(graph, arrangement)
    assert dict(graph.nodes(data="mobius")) == moebius_by_definition(graph)


@pytest.mark.parametrize("name", FAMILIES)
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
    monkeypatch.setattr("arrangement.poset.zaslavsky", lambda n, d: 2**70)
    assert families.braid(5).flats(4).mobius.dtype == object
    assert doubly_indexed_whitney_numbers(families.braid(5)) == wanted


def test_small_steps_give_the_same(monkeypatch):
    arrangement = families.resonance(3)
    wanted = doubly_indexed_whitney_numbers(arrangement)
    monkeypatch.setattr("arrangement.poset.PAIRS", 1)
    monkeypatch.setattr("arrangement.recursion.ROOM", 2)
    assert doubly_indexed_whitney_numbers(arrangement) == wanted


def test_integers_stay_minors_all_the_way_down(monkeypatch):
    rng = np.random.default_rng(5)
    arrangement = Arrangement(rng.integers(-2, 3, (12, 4)) * 2 + 1, rng.integers(-1, 2, 12))
    wanted = nx.to_dict_of_lists(arrangement.intersection_poset())
    monkeypatch.setattr("arrangement.exact.minor_bound", lambda rows: 10**9)
    assert nx.to_dict_of_lists(arrangement.intersection_poset()) == wanted


@pytest.mark.parametrize("suffix", ["", ".gz"])
def test_graphml(tmp_path, suffix):
    given = families.shi(3).intersection_poset()
    graph.write_poset(given, tmp_path / f"poset.graphml{suffix}")
    nx.write_graphml(given, tmp_path / f"networkx.graphml{suffix}")
    read = nx.read_graphml(tmp_path / f"poset.graphml{suffix}")
    assert read.is_directed()
    order = list(given)
    assert [read.nodes[str(i)] for i in range(len(order))] == [given.nodes[x] for x in order]
    assert {(order[int(a)], order[int(b)]) for a, b in read.edges} == set(given.edges)
    other = nx.read_graphml(tmp_path / f"networkx.graphml{suffix}")
    assert [other.nodes[str(x)] for x in order] == [given.nodes[x] for x in order]


def test_large_posets_are_refused(monkeypatch):
    monkeypatch.setattr(poset, "LARGEST", 20)
    with pytest.raises(SizeError, match=r"rank 0 to 2 alone have 24 cover relations.* 20 "):
        families.braid(4).intersection_poset()


def test_flats_that_do_not_fit_in_memory(monkeypatch):
    monkeypatch.setattr("arrangement.recursion._memory", lambda: 2**16)
    with pytest.raises(SizeError, match=r"more than [\d,]+ flats do not fit"):
        families.generic(40, 4).flats(4)
