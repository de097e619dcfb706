"""Sampling coverage: against the regions themselves."""

import json
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from arrangement import InputError, SizeError
from arrangement.networks import Network
from arrangement.networks.regions.coverage import coverage
from tests.amounts import examples, first
from tests.networks.test_regions import box, networks, regions_of, sawtooth


def test_few_regions_are_all_found():
    regions = Network.random([2, 4, 2, 1], rng=1).regions(box(2))
    found = regions.coverage(50_000, rng=0)
    assert found.n_regions == len(regions)
    assert found.curve[-1].n_points == found.n_points == 50_000
    if found.n_found == len(regions):
        assert (found.share, found.volume_share) == (1.0, 1.0)
        assert np.isnan(found.largest_missed)
    assert found.n_found >= found.curve[-1].expected - 3


@given(networks(), st.integers(1, 60))
@examples(40)
def test_points_find_what_locate_finds(network, n):
    d, weights, biases, _ = network
    regions = regions_of(weights, biases, domain=box(d))
    found = coverage(regions, n, rng=n)
    # The same points: a box loses only points on its walls.
    u = np.random.default_rng(n).random((n, d))
    located, between = set(), 0
    for x in (2 * u - 1).tolist():
        try:
            located.add(regions.locate(x))
        except InputError:
            between += 1
    assert found.n_found == len(located)
    assert found.n_between == between
    volume = sum(regions.volumes[i] for i in located) / 2**d
    assert found.volume_share == pytest.approx(volume, abs=1e-12)
    assert found.n_maps_found == len({int(regions.affine_map_numbers[i]) for i in located})
    assert found.n_affine_maps == regions.n_affine_maps
    assert [s.n_points for s in found.curve] == sorted({1, max(1, n // 10), n})


def test_expected_numbers_are_exact():
    """Two regions of equal volume: n points miss one of them with probability 2^(1 − n)."""
    regions = Network([[[1.0]], [[1.0]]], [[0.0], [0.0]]).regions(box(1))
    sample = regions.coverage(10, rng=0).curve[-1]
    assert sample.expected == pytest.approx(2 - 2 * 0.5**10, abs=1e-14)
    assert sample.expected_volume_share == pytest.approx(1 - 0.5**10, abs=1e-14)


def test_expected_numbers_are_means():
    regions = Network.random([2, 8, 6, 1], rng=2).regions(box(2))
    runs = [regions.coverage(200, rng=seed) for seed in range(100)]
    for k in range(3):
        samples = [run.curve[k] for run in runs]
        for name, mean in (("n_found", "expected"), ("volume_share", "expected_volume_share")):
            values = np.array([getattr(s, name) for s in samples], dtype=float)
            error = values.std() / np.sqrt(len(runs))
            assert abs(values.mean() - getattr(samples[0], mean)) < 5 * error + 1e-12


def test_a_single_region():
    found = Network([[[1.0, 2.0]]], [[0.0]]).regions(box(2)).coverage(3, rng=0)
    assert (found.n_found, found.share, found.volume_share) == (1, 1.0, 1.0)
    assert found.curve[0].expected == 1.0


def test_slivers_are_not_found_but_counted():
    width = 2.0**-40
    regions = Network([[[1.0], [1.0]], [[1.0, 1.0]]], [[-0.3, -0.3 - width], [0.0]]).regions(
        box(1)
    )
    found = regions.coverage(1000, rng=0)
    assert (found.n_regions, found.n_found) == (3, 2)
    assert found.largest_missed == pytest.approx(width / 2, rel=1e-3)


def test_points_on_kinks_find_nothing():
    """float64 has 0 among the points that random() may give; a kink at every such point."""
    regions = Network([[[1.0]], [[1.0]]], [[0.0], [0.0]]).regions([(-1, 1)])

    class Zero(np.random.Generator):
        def random(self, shape):
            return np.full(shape, 0.5)

    found = regions.coverage(5, rng=Zero(np.random.PCG64(0)))
    assert (found.n_between, found.n_found, found.volume_share) == (5, 0, 0.0)
    assert np.isnan(found.smallest_found)


def test_unsure_signs_are_settled_exactly():
    """Points half a unit in the last place beside the kinks of a second layer."""
    regions = Network.random([2, 5, 4, 1], rng=3).regions(box(2))
    inner = regions.complex.points[(np.abs(regions.complex.points) < 1).all(axis=1)]

    class Vertices(np.random.Generator):
        def random(self, shape):
            rows = np.arange(shape[0]) % len(inner)
            return (inner[rows] + 1) / 2

    n = len(inner)
    found = regions.coverage(n, rng=Vertices(np.random.PCG64(0)))
    located = 0
    owners = set()
    for u in (inner + 1) / 2:
        x = [Fraction(-1.0 * (1 - t) + 1.0 * t) for t in u.tolist()]
        try:
            owners.add(regions.locate(x))
            located += 1
        except InputError:
            pass
    assert (found.n_found, found.n_between) == (len(owners), n - located)


def test_a_polytope_is_sampled_uniformly():
    triangle = ([[-1, 0], [0, -1], [1, 1]], [0, 0, 1])
    regions = Network([[[1.0, -1.0]], [[1.0]]], [[0.0], [0.0]]).regions(triangle)
    found = regions.coverage(2000, rng=0)
    assert found.n_points == 2000
    assert (found.n_found, found.volume_share) == (2, 1.0)


def test_a_polytope_that_is_almost_flat_is_refused():
    thin = ([[1, -1], [-1, 1], [1, 0], [-1, 0]], [2.0**-40, 0, 1, 1])
    regions = Network([[[1.0, 1.0]]], [[0.0]]).regions(thin)
    with pytest.raises(SizeError, match="fills more of its box"):
        regions.coverage(10, rng=0)


def test_merged_and_decision_regions():
    weights, biases = sawtooth(2, 2)
    regions = regions_of(weights, biases, domain=[(0, 1)] * 2)
    for other in (regions.merge(), regions.decision_regions()):
        found = other.coverage(3000, rng=0)
        assert (found.n_found, found.n_regions) == (len(other), len(other))
    assert regions.merge().coverage(10, rng=0).n_affine_maps == regions.n_affine_maps
    assert found.n_affine_maps is None


@pytest.mark.parametrize("activation", first(1, ["leaky_relu", ("maxout", 2), ("maxout", 3)]))
def test_other_activations(activation):
    regions = Network.random([2, 4, 3, 1], rng=0, activation=activation).regions(box(2))
    found = regions.coverage(500, rng=0)
    points = 2 * np.random.default_rng(0).random((500, 2)) - 1
    assert found.n_found == len({regions.locate(x) for x in points})


def test_regions_by_recursion_have_neither_volumes_nor_certificates():
    regions = Network.random([2, 3, 1], rng=0).regions(box(2), method="recursion")
    for name in ("coverage", "write_certificate"):
        with pytest.raises(AttributeError, match=f"no attribute '{name}'"):
            getattr(regions, name)


def test_as_json():
    found = Network([[[1.0, 2.0]]], [[0.0]]).regions(box(2)).coverage(30, rng=0)
    facts = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    assert facts["largest_missed"] is None
    assert [s["n_points"] for s in facts["curve"]] == [1, 3, 30]


@pytest.mark.parametrize("n", [0, -1, 1.5, True, "many"])
def test_bad_numbers_of_points(n):
    regions = Network([[[1.0]]], [[0.0]]).regions(box(1))
    with pytest.raises(InputError, match="positive integer"):
        regions.coverage(n)
