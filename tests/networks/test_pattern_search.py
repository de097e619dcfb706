"""Regions found depth first, against the complex, and against products of smaller networks."""

from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction
from itertools import product

import numpy as np
import pytest
from hypothesis import given

from arrangement.errors import SizeError
from arrangement.networks import Network
from arrangement.networks.complex.domains import bounded_rows
from arrangement.networks.layers import Layers
from arrangement.networks.regions.region_search import PatternSearch
from tests.amounts import examples, first
from tests.networks.test_regions import box, networks, pattern_set

ACTIVATIONS = [
    ("relu",),
    ("leaky_relu", -1),
    ("leaky_relu", 2),
    (("maxout", 2),),
    (("maxout", 3),),
]


def hostile(seed):
    """A network of small integers, zeros, tiny and huge numbers, and a domain that fits."""
    rng = np.random.default_rng(seed)
    d, widths = int(rng.integers(1, 4)), rng.integers(1, 5, rng.integers(1, 4)).tolist()
    activation = ACTIVATIONS[seed % len(ACTIVATIONS)]
    k = activation[0][1] if isinstance(activation[0], tuple) else 1
    sizes = [d, *(w for w in widths), 1]
    scales = [[1.0], [1 / 3, 2.0**-30, 1e-9, 3.0], [1.0, 1e150, 1e-150]][seed % 3]

    def numbers(*shape):
        return rng.integers(-2, 3, shape) * rng.choice(scales, shape)

    rows = [b * k if l < len(widths) else 1 for l, b in enumerate(sizes[1:])]
    weights = [numbers(m, a) for m, a in zip(rows, sizes[:-1], strict=True)]
    biases = [numbers(m) * (rng.random() < 0.6) for m in rows]
    for w, b in list(zip(weights, biases, strict=True))[:-1]:
        if len(w) > 1 and rng.random() < 0.7:
            w[1], b[1] = w[0], b[0]  # of equal pieces the first is in force
    simplex = np.vstack([-np.eye(d), np.ones((1, d))]), [0] * d + ["1/3"]
    far = [(2**60, 2**60 + 1)] * d
    domain = [box(d), [(-1, "1/3")] * d, simplex, far][seed % 4]
    return Network(weights, biases, *activation), domain


@pytest.mark.parametrize("seed", first(4, range(300)))
def test_hostile_networks_have_the_regions_of_the_complex(seed):
    network, domain = hostile(seed)
    regions = network.regions(domain, method="complex")
    found = network.regions(domain, method="recursion")
    assert len(found) == len(pattern_set(found))
    assert pattern_set(found) == pattern_set(regions)
    for i in range(len(found)):
        x = [*found.witness(i), 1]
        assert all(sum(a * v for a, v in zip(r, x, strict=True)) > 0 for r in found.rows(i))


@pytest.mark.parametrize("seed", first(4, [1, 2, 3, 5, 7, 9, 11, 13]))
def test_decision_and_linear_regions_are_those_of_the_complex(seed):
    network, domain = hostile(seed)
    rng = np.random.default_rng(seed)
    weights, biases, *rest = network.as_arguments()
    outputs = rng.integers(-2, 3, (3, weights[-1].shape[1]))
    if seed % 3 == 0:
        outputs[1] = outputs[0]  # of equal outputs the first wins
    ends = rng.integers(-1, 2, 3) * (seed % 2)
    classifier = Network([*weights[:-1], outputs], [*biases[:-1], ends], *rest)
    regions = classifier.regions(domain, method="complex")
    found = classifier.regions(domain, method="recursion")
    assert found.decision_regions().class_counts.tolist() == (
        regions.decision_regions().class_counts.tolist()
    )
    assert found.n_linear_regions == regions.n_linear_regions == len(regions.merge())


@pytest.mark.parametrize("seed", first(4, range(30)))
def test_a_corner_is_cut_off_however_near_a_plane_passes(seed):
    rng = np.random.default_rng(seed)
    w = rng.normal(size=9)
    reach = sum(abs(Fraction(v)) for v in w)
    b = float(reach)
    for _ in range(seed % 3):
        b = np.nextafter(b, (0, 9)[seed % 2])
    found = Network([w[None], [[1]]], [[-b], [0]]).regions(box(9))
    assert len(found) == 1 + (b < reach)
    # The same plane seen by the next layer, whose float64 bounds are wider.
    deep = Network([np.eye(9), w[None], [[1]]], [[2] * 9, [-b - 2 * w.sum()], [0]])
    shift = Fraction(-b - 2 * w.sum()) + 2 * sum(map(Fraction, w))
    assert len(deep.regions(box(9))) == 1 + (-reach < shift < reach)


@given(networks())
@examples(10)
def test_an_executor_finds_the_same(network):
    d, weights, biases, _ = network
    one = Network(weights, biases)
    with ThreadPoolExecutor(2) as executor:
        found = one.regions(box(d), executor, method="recursion")
    assert pattern_set(found) == pattern_set(one.regions(box(d), method="recursion"))


def beside(one, other):
    """Both networks, each of its own inputs, and their sum."""

    def diagonal(a, b):
        rows = [np.hstack([a, np.zeros((len(a), b.shape[1]))])]
        return np.vstack([*rows, np.hstack([np.zeros((len(b), a.shape[1])), b])])

    *hidden, last = zip(one.weights, other.weights, strict=True)
    *biases, _ = zip(one.biases, other.biases, strict=True)
    return Network(
        [*(diagonal(*pair) for pair in hidden), np.hstack(last)],
        [*(np.hstack(pair) for pair in biases), [0]],
    )


@pytest.mark.parametrize("seed", first(2, range(20)))
def test_regions_of_networks_side_by_side_are_pairs(seed):
    a, b, c = (Network.random([3, 3, 2, 1], rng=3 * seed + i) for i in range(3))
    parts = [network.regions(box(3), method="complex") for network in (a, b, c)]
    found = beside(beside(a, b), c).regions(box(9))
    assert len(found) == np.prod([len(part) for part in parts])
    places = product(*(range(len(part)) for part in parts))
    expected = {
        tuple(
            int(v)
            for level in range(2)
            for part, i in zip(parts, place, strict=True)
            for v in part.patterns[level][i]
        )
        for place in places
    }
    assert pattern_set(found) == expected


@pytest.mark.parametrize("far", [0, 2**60])
def test_a_batch_of_which_no_region_is_proved_is_empty(far):
    layers = Layers(Network([[[1]], [[1]]], [[1 - far], [0]]))
    search = PatternSearch(layers, bounded_rows([(far, far + 1)], 1))
    batch = search._proved(np.array([[0]], dtype=np.int32), np.array([[0.5]]))  # inactive
    assert (batch.choices.shape, batch.points.shape) == ((0, 1), (0, 1))


def test_the_number_of_regions_is_estimated_without_bias():
    layers = Layers(Network.random([3, 6, 4, 1], rng=5))
    search = PatternSearch(layers, bounded_rows(box(3), 3))
    count = sum(len(batch.points) for batch in search)
    mean, error = search.estimate(1000, rng=1)
    assert abs(mean - count) < 4 * error < count
    maxout = Layers(Network.random([2, 3, 2, 1], rng=2, activation=("maxout", 3)))
    search = PatternSearch(maxout, bounded_rows(box(2), 2))
    mean, error = search.estimate(1000, rng=1)
    assert abs(mean - sum(len(batch.points) for batch in search)) < 4 * error


@pytest.mark.slow
def test_more_regions_than_there_is_memory_for_are_refused_before_the_search():
    network = Network.random([20, 40, 40, 1], rng=0)
    likely = r"\(99.9 % sure; about .* by sampled dives\)"
    with pytest.raises(SizeError, match=rf"at least .* regions {likely} of 480 bytes"):
        network.regions(box(20))


def test_volumes_in_many_inputs_are_refused_with_numbers():
    for d, faces in ((9, "19,683"), (16, "43,046,721")):
        regions = Network.random([d, 2, 1], rng=0).regions(box(d))
        with pytest.raises(SizeError, match=f"dimension {d}, where a box has {faces} faces"):
            regions.exact_volume(0)
