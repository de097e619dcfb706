"""Walks from region to region, against enumerations and rational arithmetic."""

from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest

from tests.amounts import first
from tests.networks.test_pattern_search import hostile
from tests.networks.test_regions import pattern_set


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


@pytest.mark.parametrize("seed", first(4, range(400)))
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


@pytest.mark.parametrize("seed", first(4, range(400)))
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
