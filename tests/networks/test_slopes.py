"""Networks whose neurons have different slopes below zero."""

from collections import defaultdict
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest

from arrangement import InputError
from arrangement.networks import Network
from arrangement.networks.proofs import verify
from arrangement.networks.regions import certificate
from tests.amounts import first

SLOPES = [0, 1, 1, -1, 0.5, 0.01, 2]


def mixed(seed):
    """A network of small integers and slopes of all kinds, often degenerate."""
    rng = np.random.default_rng(seed)
    sizes = [*rng.integers(1, 4, rng.integers(2, 5)), rng.integers(1, 3)]
    weights = [rng.integers(-2, 3, (b, a)).astype(float) for a, b in pairwise(sizes)]
    biases = [rng.integers(-2, 3, b).astype(float) for b in sizes[1:]]
    return Network(weights, biases, "leaky_relu", [rng.choice(SLOPES, b) for b in sizes[1:-1]])


def as_relu(network):
    """The same function by ReLU alone: max(0, z) − s max(0, −z)."""
    weights, biases = [], []
    for l, (W, b) in enumerate(zip(network.exact_weights, network.exact_biases, strict=True)):
        if l:
            W = np.hstack([W, -W * np.array([Fraction(s) for s in network.slopes[l - 1]])])
        last = l == network.depth - 1
        weights.append(W if last else np.vstack([W, -W]))
        biases.append(b if last else np.concatenate([b, -b]))
    return Network(weights, biases)


def volumes(regions):
    """The volume on which the network is each of its affine maps."""
    found = defaultdict(float)
    for region in regions:
        numbers = [*region.slope.ravel(), *region.intercept]
        found[tuple(np.round(numbers, 9) + 0.0)] += region.volume
    return found


@pytest.mark.parametrize("seed", first(3, range(150)))
def test_slopes_equal_pairs_of_relu(seed, tmp_path):
    network = mixed(seed)
    other, domain = as_relu(network), [(-2, 2)] * network.input_dimension
    for x in np.random.default_rng(seed).integers(-4, 5, (5, len(domain))) / 2:
        assert network.exact_forward(x) == other.exact_forward(x)
        assert network.forward(x) == pytest.approx(other.forward(x))
    regions, many = network.regions(domain), other.regions(domain)
    assert dict(volumes(regions)) == pytest.approx(volumes(many))
    assert regions.n_linear_regions == many.n_linear_regions
    assert len(regions) <= len(many)
    found = network.regions(domain, method="recursion")
    assert {*zip(*(map(bytes, p) for p in found.patterns), strict=True)} == {
        *zip(*(map(bytes, p) for p in regions.patterns), strict=True)
    }
    for pattern, slopes in zip(regions.patterns, network.slopes, strict=True):
        assert pattern[:, slopes == 1].all()
    small = network.prune(domain)
    assert small.n_neurons <= network.n_neurons
    certificate.write(regions, tmp_path / "c.json")
    assert not verify.verify(tmp_path / "c.json").failures
    regions.save(tmp_path / "r.npz")
    for suffix in ("npz", "json"):
        network.save(tmp_path / f"n.{suffix}")
        assert Network.read(tmp_path / f"n.{suffix}") == network


def test_linear_neurons_cut_nothing():
    weights, biases = [[[1], [1]], [[1, 1]]], [[0, 0], [0]]
    assert len(Network(weights, biases, "leaky_relu", [1]).regions([(-1, 1)])) == 1
    twice = Network(weights, biases, "leaky_relu", [[1, 0]])  # rows are equal, kinks are not
    assert len(twice.regions([(-1, 1)])) == 2
    assert twice.pattern([[-1.0]])[0].tolist() == [[True, False]]
    assert Network(weights, biases, "leaky_relu", [[0, 0]]) == Network(weights, biases)


@pytest.mark.parametrize(
    ("slopes", "message"),
    [
        ([], "0 entries; one number, or an entry for each of the 1 hidden"),
        ([[1, 0, 0]], "3 slopes, but hidden layer 0 has 2"),
        ([["1/3", 0]], "no float64"),
        ([[np.nan, 0]], "negative_slope, 0"),
    ],
)
def test_slopes_that_are_refused(slopes, message):
    with pytest.raises(InputError, match=message):
        Network([[[1], [1]], [[1, 1]]], [[0, 0], [0]], "leaky_relu", slopes)
