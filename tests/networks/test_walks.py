"""Walks from region to region, against enumerations and rational arithmetic."""

import json
from fractions import Fraction
from itertools import islice, pairwise

import networkx as nx
import numpy as np
import pytest

from arrangement import Arrangement, InputError, plot
from arrangement.exact.inner_points import some_inner_point
from arrangement.networks import Network
from arrangement.networks.regions import region_search
from tests.amounts import first
from tests.networks.test_pattern_search import hostile
from tests.networks.test_regions import box, pattern_set


def start(network, domain, seed):
    """A point of a domain: on kinks, on the boundary or at a corner of it, or anywhere."""
    corners = np.array(
        network.regions(domain, method="complex")[0].regions.complex.domain.vertices
    )
    rng = np.random.default_rng(seed)
    shares = [Fraction(int(v)) for v in rng.integers(0, 3, len(corners))]
    shares[int(rng.integers(len(corners)))] += 1
    return sum(s * c for s, c in zip(shares, corners, strict=True)) / sum(shares)


def ball(x, r, domain):
    """The part of a box or polytope that is nearer to x than r."""
    d = len(x)
    if isinstance(domain, tuple):
        G, h = domain
    else:
        G = [[s * (j == k) for k in range(d)] for j in range(d) for s in (-1, 1)]
        h = [s * Fraction(end) for ends in domain for s, end in zip((-1, 1), ends, strict=True)]
    sides = [[s * (j == k) for k in range(d)] for j in range(d) for s in (-1, 1)]
    limits = [r + s * v for v in x for s in (-1, 1)]
    return np.array([*map(list, G), *sides], dtype=object), [*h, *limits]


def patterns_of(found):
    return [
        tuple(int(v) for level in found.patterns for v in level[i]) for i in range(len(found))
    ]


@pytest.mark.parametrize("seed", first(3, range(5, 20)))
def test_an_unlimited_walk_finds_all_regions_and_their_graph(seed):
    network, domain = hostile(seed)
    x = start(network, domain, seed)
    found = network.walk(x, domain=domain).regions()
    regions = network.regions(domain, method="complex")
    order = patterns_of(found)
    assert len(order) == len(set(order))
    assert set(order) == pattern_set(regions)
    assert found.complete
    assert found.reason is None
    assert all(a <= b for a, b in pairwise(found.exact_distances))
    assert [tuple(r.patterns[0].tolist()) for r in network.walk(x, domain=domain)] == [
        tuple(row.tolist()) for row in found.patterns[0]
    ]

    place = {p: i for i, p in enumerate(patterns_of(regions))}
    number = np.array([place[p] for p in order])

    def edges(pairs, neurons):
        return {
            (*sorted(pair), *neuron)
            for pair, neuron in zip(pairs.tolist(), neurons.tolist(), strict=True)
        }

    assert edges(number[found.edges], found.edge_neurons) == edges(
        regions.edges, regions.edge_neurons
    )
    assert found.facet_counts.tolist() == regions.facet_counts[number].tolist()
    walls = {(int(number[i]), w) for i, w in found.boundary_facets.tolist()}
    assert {i for i, _ in walls} == {i for i, _ in regions.boundary_facets.tolist()}
    assert found.n_linear_regions == regions.n_linear_regions


@pytest.mark.parametrize("seed", first(3, range(5, 20)))
def test_distances_are_those_at_which_regions_come_into_a_growing_ball(seed):
    network, domain = hostile(seed)
    x = start(network, domain, seed + 1)
    found = network.walk(x, domain=domain).regions()
    order, distances = patterns_of(found), found.exact_distances
    for r in sorted(set(distances))[1:][:6]:
        nearer = network.regions(ball(x, r, domain), method="complex")
        assert {p for p, far in zip(order, distances, strict=True) if far < r} == pattern_set(
            nearer
        )
        some = network.walk(x, radius=r, domain=domain).regions()
        assert patterns_of(some) == [
            p for p, far in zip(order, distances, strict=True) if far <= r
        ]
        assert some.complete == (distances[-1] <= r)
    for i, y in enumerate(found.nearest):
        assert max(abs(a - b) for a, b in zip(x, y, strict=True)) == distances[i]
        assert all(
            sum(a * v for a, v in zip(r, [*y, 1], strict=True)) >= 0 for r in found.rows(i)
        )


def test_neurons_that_are_zero_on_one_side_only_are_met_on_the_other():
    deep = Network([[[1]], [[1], [-1]], [[1, 1]]], [[0], [0, 0], [0]])
    for x in (-1, 0, 1):
        assert sorted(patterns_of(deep.walk([x]).regions())) == [(0, 0, 0), (1, 1, 0)]


@pytest.mark.parametrize("seed", first(1, range(6)))
def test_all_of_space_and_a_half_of_it_are_walked(seed):
    rng = np.random.default_rng(seed)
    d = int(rng.integers(1, 4))
    normals, offsets = rng.integers(-2, 3, (6, d)), rng.integers(-1, 2, 6)
    normals[0, 0] = 1  # no zero network
    kept = normals.any(axis=1)
    network = Network([normals, np.ones((1, 6))], [offsets, [0]])
    cells = Arrangement(normals[kept], offsets[kept])
    x = rng.integers(-2, 3, d).tolist()
    found = network.walk(x).regions()
    assert len(found) == cells.n_cells()
    assert found.complete
    assert len(found.edges) == len(cells.cells().edges)
    half = [(x[0], None)] + [(None, None)] * (d - 1)
    some = network.walk(x, domain=half).regions()
    assert len(some) == cells.n_cells(domain=half)
    assert set(some.boundary_facets[:, 1].tolist()) == {0}


@pytest.mark.parametrize("seed", first(1, range(14, 26)))
def test_facets_in_more_inputs_are_those_of_exact_programs(seed):
    rng = np.random.default_rng(seed)
    d, widths = int(rng.integers(5, 9)), [[2, 6, 3], [7, 5], [4, 4, 4]][seed % 3]
    sizes = [d, *widths, 1]
    weights = [
        rng.integers(-2, 3, (m, a)) * rng.choice([1.0, 1 / 3, 2.0**-40], (m, a))
        for a, m in pairwise(sizes)
    ]
    weights[1][1] = weights[1][0] * (-1) ** seed  # kinks that coincide
    biases = [rng.integers(-1, 2, m) * (rng.random() < 0.7) for m in sizes[1:]]
    network = Network(weights, biases)
    cut = np.vstack([np.eye(d), -np.eye(d), rng.integers(0, 3, (1, d))])
    domain = [None, box(d), [(0, "1/3")] * d, (cut, [1] * (2 * d + 1))][seed // 3 % 4]
    x = [Fraction(int(v), 60) for v in rng.integers(0, 4, d)]
    found = network.walk(x, domain=domain, max_regions=4).regions()
    for i in range(len(found)):
        rows = {tuple(row) for row in found.rows(i).tolist()}
        table = np.array(sorted(rows), dtype=object)
        facets = set()
        for k, row in enumerate(table):
            turned = np.vstack([np.delete(table, k, axis=0), -row[None]])
            if some_inner_point(turned) is not None:
                facets.add(tuple(row.tolist()))
        assert set(map(tuple, found.facet_rows(i).tolist())) == facets
        assert len(found.facets(i)) == len(facets)


def test_a_walk_is_lazy_and_tells_that_it_is_partial(tmp_path):
    network = Network.random([12, 16, 16, 4], rng=0)
    walk = network.walk([0.25] * 12)
    few = list(islice(walk, 3))
    assert few[0].distance == 0
    assert [r.patterns[1].tolist() for r in few] == [
        r.patterns[1].tolist() for r in islice(walk, 3)
    ]
    for region in few:
        value = network.exact_forward(region.witness)
        rows, constant = region.regions.exact_map(0)
        assert value == tuple(
            sum((a * v for a, v in zip(row, region.witness, strict=True)), c)
            for row, c in zip(rows, constant, strict=True)
        )
    found = network.walk([0.25] * 12, max_regions=6).regions()
    assert (len(found), found.complete, found.reason) == (6, False, "max_regions")
    assert [r.distance for r in found][:3] == [r.distance for r in few]
    assert found.locate(found.witness(4)) == 4
    with pytest.raises(InputError, match="point 0 is in none of the regions that were found"):
        found.locate([50.0] * 12)
    found.write_graphml(tmp_path / "walk.graphml")
    graph = nx.read_graphml(tmp_path / "walk.graphml")
    assert graph.number_of_edges() == len(found.edges) >= 5
    assert nx.is_connected(graph)
    assert graph.nodes["0"]["distance"] == 0.0
    told = json.loads(json.dumps(found.to_dict()))
    assert told["reason"] == "max_regions"
    assert list(map(Fraction, told["regions"]["exact_distance"])) == found.exact_distances
    assert (found.facet_counts > found.neighbor_counts).all()


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"x": [0]}, "x has 1 entries, but the network has 2 inputs"),
        ({"x": [0, 2]}, "x is outside the domain, beyond its row 3: give another"),
        ({"x": ["sqrt(2)/9", 0]}, "x, entry 0: .* is not a finite rational number"),
        ({"x": [0, 0], "radius": -1}, "radius -1 must be at least 0"),
        ({"x": [0, 0], "radius": "far"}, "radius 'far' is not a number"),
        ({"x": [0, 0], "max_regions": 0}, "max_regions = 0 is too small"),
        ({"x": [0, float("nan")]}, "x"),
    ],
)
def test_what_no_walk_can_begin_with_is_refused(given, message):
    with pytest.raises(InputError, match=message):
        Network.random([2, 3, 1], rng=0).walk(domain=box(2), **given)


def test_a_walk_is_drawn_in_two_inputs():
    pytest.importorskip("matplotlib")
    network = Network.random([2, 6, 6, 1], rng=0)
    found = network.walk([0, 0], max_regions=9).regions()
    for colour in ("map", "rank"):
        figure = plot.regions(found, colour=colour)
        assert "9 activation regions" in figure.axes[0].get_title()
        assert figure.axes[0].get_title().endswith("there are more")
        assert len(figure.axes[0].collections[0].get_paths()) == 9
    with pytest.raises(InputError, match="what a walk found is drawn in two inputs"):
        plot.regions(found, colour="class")
    with pytest.raises(InputError, match="no picture"):
        plot.regions(Network.random([3, 4, 1], rng=0).walk([0] * 3, max_regions=2).regions())


def test_portions_are_all_regions(monkeypatch):
    monkeypatch.setattr(region_search, "CAPACITY", 7)
    network = Network.random([3, 8, 8, 1], rng=0)
    portions = list(network.iter_regions(box(3)))
    assert max(map(len, portions)) <= 7
    assert not any(portion.complete for portion in portions)
    whole = network.regions(box(3))
    assert sum(map(len, portions)) == len(whole)
    assert set().union(*map(pattern_set, portions)) == pattern_set(whole)
