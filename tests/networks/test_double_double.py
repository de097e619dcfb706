"""Deep networks in double-double: bounds, signs and regions, against Fractions and integers."""

from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from arrangement.kernels.networks.double_double_values import Layer, Values, propagate
from arrangement.networks import Network
from arrangement.networks.complex import cutting
from arrangement.networks.complex.vertices import ExactVertices, rounded_twice
from tests import reference
from tests.amounts import examples
from tests.networks.test_regions import box, box_rows, networks, pattern_set, random_network

HOW = ["relu", "leaky_relu", "maxout"]


def from_layer(monkeypatch, start):
    """Have all subdivisions go over to double-double at a layer."""
    ordinary = cutting.Subdivision._propagate

    def propagated(self, l, n):
        ordinary(self, l, n)
        return np.inf if l == start else -np.inf

    monkeypatch.setattr(cutting.Subdivision, "_propagate", propagated)


def in_integers(monkeypatch):
    monkeypatch.setattr(cutting, "FEW", np.inf)


def columns(regions):
    cells = regions.complex
    return [
        cells.faces.tolist(), cells.pool.tolist(), cells.parents.tolist(),
        cells.origin.tolist(), cells.signs_of_regions.tolist(),
    ]  # fmt: skip


def network_of(d, weights, biases, k, activation):
    if activation == "maxout":
        return Network(weights, biases, ("maxout", k))
    return Network(weights, biases, activation, 0.25)


@st.composite
def deep(draw, activation):
    """Up to nine layers, some repeated, of integers or floats, dead neurons among them."""
    rng = np.random.default_rng(draw(st.integers(0, 10**6)))
    d, k = int(rng.integers(1, 4)), 2 if activation == "maxout" else 1
    width = int(rng.integers(2, 7 - d))
    kind = draw(st.sampled_from(["integers", "halves", "floats", "rationals"]))
    weights, biases = [], []
    for a, b in pairwise([d, *[width] * draw(st.integers(3, 9)), 2]):
        if len(weights) > 1 and rng.random() < 0.3 and b == width:
            weights.append(weights[-1])
            biases.append(biases[-1])
            continue
        rows = b * k if b == width else b
        if kind in ("floats", "rationals"):
            w, c = rng.normal(0, np.sqrt(2 / a), (rows, a)), rng.normal(0, 0.3, rows)
        else:
            w, c = rng.integers(-2, 3, (rows, a)) * 1.0, rng.integers(-1, 2, rows) * 1.0
        if kind == "halves":
            w, c = w / 2, c / 2
        c[rng.random(rows) < 0.2] = 0
        w[rng.random(rows) < 0.1] = 0
        if kind == "rationals":
            w, c = (
                np.vectorize(lambda v: Fraction(round(7 * v), 7), [object])(v) for v in (w, c)
            )
        weights.append(w)
        biases.append(c)
    return network_of(d, weights, biases, k, activation)


@given(st.data(), st.sampled_from(HOW))
@examples(60)
def test_values_are_within_their_bounds(data, activation):
    """Σ w x + b of a layer after its activation, in Fractions."""
    rng = np.random.default_rng(data.draw(st.integers(0, 10**6)))
    size, width, n = rng.integers(1, 20, 3).tolist()
    pieces = 3 if activation == "maxout" else 1
    slopes = rng.choice([0.0, 1.0, 0.3, -0.7], size) * (activation == "leaky_relu")
    scale = 2.0 ** rng.integers(-60, 60, (n, size * pieces))
    values = rng.normal(size=scale.shape) * scale * (rng.random(scale.shape) < 0.8)
    tail = values * rng.uniform(-1, 1, scale.shape) * 2.0**-54
    errors = np.abs(values) * 2.0 ** rng.integers(-99, -20) * (rng.random(scale.shape) < 0.7)
    errors = errors.astype(np.float32)
    rows = rng.normal(size=(2, width, size + 1))
    rows[1] *= rows[0] * 2.0**-55 * rng.integers(0, 2)
    (w, w_tail), (b, b_tail) = rows[:, :, :-1], rows[:, :, -1]
    padded = np.zeros((2, size, 24)), np.zeros((2, 24))
    padded[0][:, :, :width], padded[1][:, :width] = (
        rows[:, :, :-1].transpose(0, 2, 1),
        rows[..., -1],
    )
    layer = Layer(*padded[0], *padded[1], slopes, pieces, not rows[1].any())
    found = Values(np.empty((n, width)), np.empty((n, width)), np.empty((n, width), np.float32))
    given_ = Values(values, tail, errors)
    propagate(n, layer, given_, np.zeros(n, np.bool_), found)
    for v in range(n):
        # Values anywhere within their bounds.
        inputs = [
            Fraction(x) + Fraction(r) + Fraction(float(e)) * Fraction(rng.uniform(-1, 1))
            for x, r, e in zip(values[v], tail[v], errors[v], strict=True)
        ]
        if pieces > 1:
            outputs = [max(inputs[j : j + pieces]) for j in range(0, len(inputs), pieces)]
        else:
            pairs = zip(inputs, slopes, strict=True)
            outputs = [z if z > 0 else Fraction(s) * z for z, s in pairs]
        for i in range(width):
            exact = (
                Fraction(b[i])
                + Fraction(b_tail[i])
                + sum(
                    (Fraction(p) + Fraction(r)) * x
                    for p, r, x in zip(w[i], w_tail[i], outputs, strict=True)
                )
            )
            value = Fraction(found.values[v, i]) + Fraction(found.tail[v, i])
            bound = float(found.errors[v, i])
            assert abs(exact - value) <= Fraction(bound)
            largest = max([abs(float(z)) for z in inputs] + [1.0])
            assert bound <= 1e3 * (largest * 2.0**-90 + errors[v].max()) + 1e-36


@given(st.data(), st.sampled_from(HOW), st.integers(0, 2))
@examples(40)
def test_regions_equal_the_reference(data, activation, start):
    d, weights, biases, k = data.draw(networks(maxout=activation == "maxout"))
    with pytest.MonkeyPatch.context() as patch:
        from_layer(patch, start)
        regions = network_of(d, weights, biases, k, activation).regions(box(d))
    hidden = list(zip(weights[:-1], biases[:-1], strict=True))
    slope = Fraction(1, 4) if activation == "leaky_relu" else 0
    pieces = k if activation == "maxout" else 1
    if activation == "maxout" and k == 1:
        hidden = []
    expected = reference.linear_regions(hidden, box_rows(box(d)), slope, pieces)
    assert len(regions) == len(expected)
    if hidden:
        assert pattern_set(regions) == expected
    assert sum(regions.exact_volume(i) for i in range(len(regions))) == 2**d


@given(st.data(), st.sampled_from(HOW), st.integers(0, 9))
@examples(60)
def test_deep_regions_equal_those_of_integers(data, activation, start):
    network = data.draw(deep(activation))
    domain = [(-1, 1)] * network.input_dimension
    with pytest.MonkeyPatch.context() as patch:
        in_integers(patch)
        expected = network.regions(domain)
    with pytest.MonkeyPatch.context() as patch:
        from_layer(patch, start)
        found = network.regions(domain)
    assert columns(found) == columns(expected)
    close = expected.complex.spread + found.complex.spread
    assert (np.abs(found.complex.points - expected.complex.points).max(axis=1) <= close).all()
    corners = expected.complex.exact.fractions(range(len(found.complex.points)))
    for exact, point, spread in zip(
        corners, found.complex.points, found.complex.spread, strict=True
    ):
        far = max(abs(x - Fraction(p)) for x, p in zip(exact, point.tolist(), strict=True))
        assert far <= Fraction(float(spread))


@pytest.mark.parametrize("depth", [16, 24])
def test_no_sign_of_a_deep_network_is_left_to_integers(monkeypatch, depth):
    network = Network(*random_network([2, *[8] * depth, 1], seed=depth))
    with pytest.MonkeyPatch.context() as patch:
        in_integers(patch)
        expected = columns(network.regions([(-1, 1)] * 2))
    asked = []
    ordinary = ExactVertices.preactivations

    def preactivations(self, vertices, l):
        asked.extend(vertices)
        return ordinary(self, vertices, l)

    monkeypatch.setattr(ExactVertices, "preactivations", preactivations)
    assert columns(network.regions([(-1, 1)] * 2)) == expected
    assert len(asked) <= 3 * cutting.FEW


def test_numbers_beyond_float64_are_no_bounds():
    """Values that are cut off at the largest float64 say nothing about the next layer."""
    network = Network(
        [[[10**200], [2 * 10**200]], [[10**200, 0], [0, 10**200]], [[0.25, -0.1875]], [[1]]],
        [[0, 0], [0, 0], ["-1/2"], [0]],
    )
    regions = network.regions(box(1))
    # A quarter of 10^400 x, less 3/16 of twice that, is negative where x is positive.
    assert len(regions) == 2
    assert not regions.patterns[2].any()


@given(st.integers(-(10**60), 10**60), st.integers(1, 10**60))
@examples(50)
def test_rationals_are_rounded_twice(p, q):
    high, low = rounded_twice(p, q)
    assert high == p / q
    assert abs(Fraction(p, q) - Fraction(high) - Fraction(low)) <= abs(Fraction(p, q)) * 2**-106
