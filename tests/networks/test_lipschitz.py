"""Lipschitz constants and statistics of regions."""

from fractions import Fraction
from math import sqrt

import numpy as np
import pytest
from hypothesis import given

from arrangement.errors import InputError
from arrangement.exact import inertia
from arrangement.networks import Network
from tests.amounts import examples
from tests.networks.test_redundancy import redundant_networks

NORMS = ("l1", "l2", "linf")


def is_at_most(rows, bound):
    """Is the largest singular value at most a bound, bound² I − JᵀJ semidefinite?"""
    J = np.array(rows, dtype=object)
    return inertia(bound**2 * np.eye(J.shape[1], dtype=int) - J.T @ J)[0] == 0


def check(regions):
    slopes = [regions.exact_map(i)[0] for i in range(len(regions))]
    for norm in ("l1", "linf"):
        sums = [max(sum(map(abs, line)) for line in
                    (rows if norm == "linf" else zip(*rows, strict=True)))
                for rows in slopes]  # fmt: skip
        found = regions.lipschitz(norm)
        assert found.lower == found.upper == max(sums)
        assert found.region == sums.index(max(sums))
    found = regions.lipschitz("l2")
    assert found.upper - found.lower <= found.upper / 10**11
    assert all(is_at_most(rows, found.upper) for rows in slopes)
    below = found.lower * (1 - Fraction(1, 2**60))
    assert not found.lower or not is_at_most(slopes[found.region], below)


@given(redundant_networks())
@examples(60)
def test_against_all_regions(network):
    check(network.regions([(-1, 1)] * network.input_dimension))


@pytest.mark.parametrize("activation", ["relu", "leaky_relu", ("maxout", 3)])
def test_random_networks_and_points(activation):
    network = Network.random([2, 5, 4, 3], rng=7, activation=activation)
    regions = network.regions([(-1, 1)] * 2)
    check(regions)
    x, y = np.random.default_rng(0).uniform(-1, 1, (2, 500, 2))
    for norm, order in zip(NORMS, (1, 2, np.inf), strict=True):
        far = np.linalg.norm(network.forward(x) - network.forward(y), order, axis=1)
        near = np.linalg.norm(x - y, order, axis=1)
        assert (far <= regions.lipschitz(norm).value * near * (1 + 1e-9)).all()
    recursion = network.regions([(-1, 1)] * 2, method="recursion")
    for norm in NORMS:
        assert recursion.lipschitz(norm).lower == pytest.approx(regions.lipschitz(norm).lower)
        assert regions.merge().lipschitz(norm).lower == regions.lipschitz(norm).lower


@pytest.mark.parametrize("size", [1e-200, 1e200])
def test_beyond_float64(size):
    """A product of weights that is no float64, and one that is beside it."""
    network = Network([[[size, 0], [0, 1]], [[size, 0], [0, 1]]], [[0, 0], [0, 0]])
    regions = network.regions([(-1, 1)] * 2)
    check(regions)
    both = network.regions([(-1, 1)] * 2).lipschitz("l1")
    assert both.lower == max(Fraction(size) ** 2, 1)
    assert both.value == (np.inf if size > 1 else 1.0)
    scaled = Network([[[size, 0]], [[size], [size]]], [[0], [0, 0]]).regions([(-1, 1)] * 2)
    found = scaled.lipschitz("l2")
    assert found.lower <= found.upper
    assert float(found.upper / Fraction(size) ** 2) == pytest.approx(sqrt(2))


def test_unknown_norm():
    with pytest.raises(InputError, match="norm 'l3' is none of"):
        Network([[[1]]], [[0]]).regions([(0, 1)]).lipschitz("l3")


@given(redundant_networks())
@examples(30)
def test_statistics(network):
    regions = network.regions([(-1, 1)] * network.input_dimension)
    for these in (regions, regions.merge(), regions.decision_regions()):
        each = range(len(these))
        assert these.facet_counts.tolist() == [len(these.facets(i)) for i in each]
        assert these.neighbor_counts.tolist() == [len(these.neighbors(i)) for i in each]
        told = these.statistics()
        assert told["facets"].largest == max(len(these.facets(i)) for i in each)
        assert told["volume"].mean == pytest.approx(2**these.dimension / len(these))
        assert all(one.least <= one.median <= one.largest for one in told.values())
