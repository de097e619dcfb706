"""The poset of regions against its definition; isomorphism against networkx."""

from collections import Counter
from itertools import product
from math import prod

import networkx as nx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from networkx.generators.atlas import graph_atlas_g
from scipy.sparse import block_diag

from arrangement import Arrangement, families
from arrangement.errors import InputError, SizeError
from arrangement.results import topes
from tests.amounts import examples, first
from tests.hyperplanes.test_hyperplanes import arrangement_of
from tests.strategies import tables


def rank_numbers(graph):
    ranks = Counter(rank for _, rank in graph.nodes(data="rank"))
    return [ranks[k] for k in range(max(ranks) + 1)]


def q_integers(numbers):
    """Coefficients of the product of 1 + q + … + q^(k−1) over the numbers k."""
    result = np.array([1], dtype=object)
    for k in numbers:
        result = np.convolve(result, np.ones(k, dtype=int))
    return result.tolist()


@pytest.mark.parametrize("n", [1, 2, 3, 4, 5])
def test_the_poset_of_the_braid_arrangement_is_the_weak_order(n):
    graph = families.braid(n).poset_of_regions()
    assert rank_numbers(graph) == q_integers(range(1, n + 1))
    # Inversion sets: an edge exchanges two neighbours that are in order.
    assert all(out + into == n - 1 for out, into in zip(
        dict(graph.out_degree()).values(), dict(graph.in_degree()).values(), strict=True
    ))  # fmt: skip


@pytest.mark.parametrize(
    ("type", "n", "degrees"),
    [
        ("B", 3, [2, 4, 6]),
        ("D", 4, [2, 4, 4, 6]),
        ("G", 2, [2, 6]),
        ("F", 4, [2, 6, 8, 12]),
    ],
)
def test_ranks_in_the_weak_order_of_a_weyl_group_are_given_by_its_degrees(type, n, degrees):
    # Solomon 1966: the lengths of the elements are counted by the q-integers of the degrees.
    graph = families.coxeter(type, n).poset_of_regions(-1)
    assert rank_numbers(graph) == q_integers(degrees)
    assert len(graph) == prod(degrees)


@examples(40)
@given(tables(max_hyperplanes=5), st.integers(0, 10**6))
def test_the_order_is_inclusion_of_separating_sets(table, choice):
    arrangement = arrangement_of(*table)
    cells = arrangement.cells()
    base = choice % len(cells)
    graph = arrangement.poset_of_regions(base)
    first, _ = arrangement.coincidence
    signs = cells.signs
    separating = [
        {f for f, s, b in zip(first.tolist(), row, signs[base].tolist(), strict=True) if s != b}
        for row in signs.tolist()
    ]
    assert [graph.nodes[i]["rank"] for i in range(len(cells))] == [len(s) for s in separating]
    assert [v for v, into in graph.in_degree() if into == 0] == [base]
    above = {v: nx.descendants(graph, v) | {v} for v in graph}
    for v, w in np.ndindex(len(cells), len(cells)):
        assert (w in above[v]) == (separating[v] <= separating[w])
    for v, w, hyperplane in graph.edges(data="hyperplane"):
        assert separating[w] - separating[v] == {hyperplane}
    if arrangement.is_central:
        (top,) = (v for v, out in graph.out_degree() if out == 0)
        assert np.array_equal(signs[top], -signs[base])


def test_a_base_is_a_number_or_a_sign_vector():
    shi = families.shi(3)
    cells = shi.cells()
    signs = cells.signs[5]
    text = "".join("+" if s > 0 else "-" for s in signs)
    for base in (5, 5 - len(cells), np.int64(5), signs, signs.tolist(), text, cells[5]):
        graph = shi.poset_of_regions(base)
        assert graph.nodes[5]["rank"] == 0
        assert graph.nodes[5]["signs"] == text
    with pytest.raises(InputError, match=r"^cell 16 does not exist: there are 16, counted"):
        shi.poset_of_regions(16)
    with pytest.raises(InputError, match=r"no cell has this sign vector|a sign vector has 6"):
        shi.poset_of_regions("+-")
    alone = Arrangement(np.zeros((0, 3))).poset_of_regions()
    assert dict(alone.nodes(data=True)) == {0: {"signs": "", "rank": 0}}


@st.composite
def transformed(draw):
    """A small arrangement, and its image under what does not change the tope graph."""
    d, normals, offsets = draw(tables(max_hyperplanes=6))
    n = len(normals)
    rows = np.array(
        [[*a, b] for a, b in zip(normals, offsets, strict=True)], dtype=object
    ).reshape(n, d + 1)
    arrangement = Arrangement(rows[:, :-1], rows[:, -1])
    order = draw(st.permutations(range(n)))
    factors = draw(st.lists(st.sampled_from([-3, -1, 2]), min_size=n, max_size=n))
    shear = np.eye(d + 1, dtype=int).astype(object)  # affine, and so invertible
    for i in range(d):
        for j in range(i + 1, d + 1):
            shear[i, j] = draw(st.integers(-2, 2))
    image = arrangement.rows.dot(shear)[list(order)]
    for i, factor in enumerate(factors):
        image[i] = [factor * v for v in image[i]]
    return arrangement, Arrangement(image[:, :-1], image[:, -1])


@examples(40)
@given(transformed())
def test_permutations_signs_and_affine_maps_do_not_change_the_tope_graph(pair):
    one, other = pair
    assert one.is_isomorphic(other)
    assert one.is_isomorphic(one.product(Arrangement(np.zeros((0, 2)))))


@examples(60)
@given(tables(max_hyperplanes=5, max_dimension=2), tables(max_hyperplanes=5, max_dimension=2))
def test_networkx_finds_the_same_isomorphisms(one, other):
    a, b = arrangement_of(*one), arrangement_of(*other)
    expected = nx.is_isomorphic(a.cells().to_networkx(), b.cells().to_networkx())
    assert a.is_isomorphic(b) == expected


@pytest.mark.parametrize("words", first(1, ["random", "all alike"]))
def test_graphs_on_up_to_five_nodes(monkeypatch, words):
    # Not tope graphs: many that colours do not tell apart. Where all hashes collide, too,
    # every bijection is tried and compared edge by edge.
    if words == "all alike":
        monkeypatch.setattr(topes, "_random_words", lambda n: np.ones(n, dtype=np.uint64))
    graphs = [g for g in graph_atlas_g() if 3 <= len(g) <= 5]
    pairs = [(nx.cycle_graph(6), nx.disjoint_union(*2 * [nx.cycle_graph(3)]))]
    pairs += [(nx.complete_bipartite_graph(3, 3), nx.circular_ladder_graph(3))]
    for g, h in [*product(graphs, graphs), *pairs]:
        if sorted(d for _, d in g.degree()) == sorted(d for _, d in h.degree()):
            first = nx.to_scipy_sparse_array(g, dtype=np.uint64)
            second = nx.to_scipy_sparse_array(h, range(len(h))[::-1], dtype=np.uint64)
            both = block_diag([first, second], format="csr")
            found = topes._matches(both, np.zeros(2 * len(g), dtype=np.int64))
            assert found == nx.is_isomorphic(g, h)


@pytest.mark.slow
def test_arrangements_with_as_many_cells_and_facets():
    # All have 22 cells and 36 edges of the plane; there are several types of six lines.
    lines = {seed: families.generic(6, 2, rng=seed) for seed in range(6)}
    graphs = {seed: a.cells().to_networkx() for seed, a in lines.items()}
    for one, other in product(lines, lines):
        expected = nx.is_isomorphic(graphs[one], graphs[other])
        assert lines[one].is_isomorphic(lines[other]) == expected
    assert len({a.is_isomorphic(lines[0]) for a in lines.values()}) == 2


def test_known_isomorphisms():
    assert families.coxeter("A", 3).is_isomorphic(families.coxeter("D", 3))
    assert families.coxeter("B", 4).is_isomorphic(families.coxeter("C", 4))
    assert not families.coxeter("B", 3).is_isomorphic(families.generic(5, 3))
    assert not families.shi(4).is_isomorphic(families.ish(4))  # 125 cells each
    assert families.threshold(4).is_isomorphic(
        Arrangement(families.threshold(4).rows[::-1, :-1])
    )
    # Discriminantal arrangements of random and of special normals (Falk 1994) differ.
    one, other = (families.discriminantal(6, 3, rng=seed) for seed in (0, 1))
    assert one.is_isomorphic(other)


def test_limits_of_isomorphism(monkeypatch):
    monkeypatch.setattr(topes, "MOST_CELLS", 23)
    with pytest.raises(SizeError, match=r"^tope graphs of 24 cells each; they are compared up"):
        families.braid(4).is_isomorphic(families.braid(4))
    assert not families.braid(4).is_isomorphic(families.braid(5))
    with pytest.raises(InputError, match=r"^other must be Arrangement, not 3$"):
        families.braid(4).is_isomorphic(3)
