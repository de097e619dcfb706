from fractions import Fraction
from itertools import combinations, permutations, product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from arrangement.errors import InputError, SizeError
from arrangement.networks import Network, pattern_network
from tests.amounts import first


def exact_loss(made, h):
    """The loss in Fractions, by a forward pass of all samples."""
    biases = [list(map(Fraction, b)) for b in made.network.biases]
    for (layer, neuron), step in zip(made.directions, h, strict=True):
        biases[layer][neuron] += step
    total = Fraction(0)
    for x, y in zip(made.X, made.y, strict=True):
        values = list(map(Fraction, x))
        for l, (W, b) in enumerate(zip(made.network.weights, biases, strict=True)):
            if l:
                values = [max(value, 0) for value in values]
            values = [
                sum((Fraction(w) * v for w, v in zip(row, values, strict=True) if w), c)
                for row, c in zip(W, b, strict=True)
            ]
        total += (values[0] - Fraction(y)) ** 2
    return total / len(made.y)


def exact_pattern(made, h):
    """T in Fractions: barycentric coordinates in the simplex of Kuhn's triangulation."""
    steps = [n - 1 for n in made.values.shape]
    t = [x * n for x, n in zip(h, steps, strict=True)]
    corner = [min(int(x), n - 1) for x, n in zip(t, steps, strict=True)]
    rest = [x - c for x, c in zip(t, corner, strict=True)]
    order = sorted(range(len(t)), key=lambda axis: -rest[axis])
    heights = [Fraction(1), *(rest[axis] for axis in order), Fraction(0)]
    total = Fraction(0)
    for k in range(len(t) + 1):
        if k:
            corner[order[k - 1]] += 1
        total += (heights[k] - heights[k + 1]) * Fraction(made.values[tuple(corner)])
    return total


def inside(rng, z, n=1):
    return [[Fraction(int(a), 60) for a in row] for row in rng.integers(0, 61, size=(n, z))]


shapes = st.sampled_from([(2,), (5,), (2, 2), (3, 4), (2, 2, 2), (3, 2, 3)])


@given(shapes, st.integers(0, 10**6), st.sampled_from(["plane", "all"]))
def test_the_loss_is_the_pattern_up_to_the_certified_error(shape, seed, least):
    rng = np.random.default_rng(seed)
    values = rng.choice([0.0, 1.0, -0.5, 2.0**20, rng.normal()], size=shape)
    X, y = rng.integers(-2, 3, size=(4, 2)).astype(float), rng.normal(size=4)
    if least == "all":
        _, group = np.unique(X, axis=0, return_inverse=True)
        y = y[group.ravel()]
    tolerance = float(rng.choice([0.2, 0.01]))
    made = pattern_network(values, X, y, tolerance=tolerance, least=least)
    assert made.error <= tolerance * np.ptp(values) + 1e-9 * max(1.0, np.abs(values).max())
    errors = made.errors()
    assert errors.shape == (*(n - 1 for n in shape), [1, 1, 2, 6][len(shape)])
    assert errors.max() == made.error
    for h in inside(rng, len(shape), 8):
        T = exact_pattern(made, h)
        miss = abs(exact_loss(made, h) - T - Fraction(made.shift))
        assert miss <= Fraction(made.error) * (1 + Fraction(1, 2**50))
        floats = np.array(h, dtype=float)
        scale = max(1.0, float(np.abs(values).max()))
        assert made.pattern(floats)[0] == pytest.approx(float(T), abs=1e-12 * scale)
        assert made.loss(floats)[0] == pytest.approx(
            float(exact_loss(made, h)), abs=1e-9 * scale
        )


@pytest.mark.parametrize("least", ["plane", "all"])
@pytest.mark.parametrize("shape", [(4,), (3, 4), (2, 3, 2)])
def test_the_error_is_reached_on_every_simplex(shape, least):
    values = np.random.default_rng(3).random(shape)
    made = pattern_network(values, [[0.0], [1.0]], [0.3, -1.0], tolerance=0.02, least=least)
    z = len(shape)
    rng = np.random.default_rng(0)
    for corner in product(*(range(n - 1) for n in shape)):
        for s, order in enumerate(permutations(range(z))):
            rest = np.empty((4000, z))
            rest[:, list(order)] = -np.sort(-rng.random((4000, z)), axis=1)
            rest[: z + 1, list(order)] = np.tri(z + 1, z, -1)
            h = np.clip((corner + rest) / (np.array(shape) - 1), 0, 1)
            misses = np.abs(made.loss(h) - made.pattern(h) - made.shift)
            most = made.errors()[corner][s]
            assert 0.9 * most <= misses.max() <= most + 1e-12


@pytest.mark.parametrize("shape", [(5,), (3, 3)])
def test_the_error_is_that_of_the_linear_regions(shape):
    values = np.random.default_rng(8).integers(0, 9, size=shape).astype(float)
    made = pattern_network(values, tolerance=0.05)
    # What the layers above make of the biases of the first.
    plane = Network(made.network.weights[1:], made.network.biases[1:])
    most = Fraction(0)
    regions = plane.regions([(0, 1)] * len(shape))
    for i in range(len(regions)):
        vertices = regions.exact_vertices(i)
        misses = [
            exact_loss(made, v) - exact_pattern(made, v) - Fraction(made.shift)
            for v in vertices
        ]
        most = max(most, *map(abs, misses))
        # On an edge the loss is quadratic and T is linear: three points tell the rest.
        for a, b in combinations(vertices, 2):
            middle = [(p + q) / 2 for p, q in zip(a, b, strict=True)]
            at = [
                exact_loss(made, h) - exact_pattern(made, h) - Fraction(made.shift)
                for h in (a, middle, b)
            ]
            bend = 2 * (at[0] - 2 * at[1] + at[2])
            slope = at[2] - at[0] - bend
            if bend and 0 < -slope / (2 * bend) < 1:
                most = max(most, abs(at[0] - slope**2 / (4 * bend)))
    assert float(most) == pytest.approx(made.error, rel=1e-12)


@pytest.mark.parametrize("step", first(0, [13, 1]))
def test_a_picture_of_32_by_32_in_the_loss_of_plain_numpy(step):
    picture = np.random.default_rng(0).integers(0, 256, size=(32, 32)) / 255
    X, y = np.random.default_rng(1).normal(size=(10, 3)), np.arange(10.0)
    made = pattern_network(picture, X, y, tolerance=0.01, least="all")
    assert made.error <= 0.01
    W, b = made.network.weights, [bias.copy() for bias in made.network.biases]
    at = np.array([(i, j) for i in range(32) for j in range(32)])[::step]
    places = at / 31
    b[0] = np.tile(b[0], (len(places), 1, 1))  # every point of the plane is a network
    b[0][:, 0, :2] = places
    layer = X
    for l in range(len(W)):
        layer = (np.maximum(layer, 0) if l else layer) @ W[l].T + b[l]
    losses = ((layer[:, :, 0] - y) ** 2).mean(axis=1)
    assert np.abs(losses - (picture[*at.T] - picture.min())).max() <= 0.01
    assert np.allclose(made.at(places[5]).forward(X), layer[5])


def test_the_minimum_of_the_pattern_is_a_global_minimum():
    values = np.array([[3.0, 1.0, 2.0], [0.25, 7.0, 0.5]])
    X = np.array([[0.1, 0.2], [0.1, 0.3], [1e6, -3.0], [0.1, 0.2]])
    made = pattern_network(values, X, [1.0, -2.0, 0.1, 1.0], least="all")
    assert exact_loss(made, [Fraction(1), Fraction(0)]) == 0
    assert made.shift == -0.25
    assert all(
        exact_loss(made, h) > 0 for h in inside(np.random.default_rng(0), 2, 20) if h != [1, 0]
    )


def test_bad_arguments():
    with pytest.raises(InputError, match=r"one to three axes"):
        pattern_network(np.zeros((2, 2, 2, 2)))
    with pytest.raises(InputError, match=r"at least two values"):
        pattern_network([[1.0, 2.0]])
    with pytest.raises(InputError, match=r"values, \(0, 1\): not finite"):
        pattern_network([[1.0, np.inf], [0.0, 0.0]])
    with pytest.raises(SizeError, match=r"10,000 values"):
        pattern_network(np.zeros((100, 100)))
    with pytest.raises(InputError, match=r"rows 0 and 1: equal samples with different"):
        pattern_network([0.0, 1.0], [[1.0], [1.0]], [0.0, 1.0], least="all")
    with pytest.raises(InputError, match=r"X and y: give both"):
        pattern_network([0.0, 1.0], [[1.0]])
    with pytest.raises(InputError, match=r"tolerance"):
        pattern_network([0.0, 1.0], tolerance=0.0)
    with pytest.raises(InputError, match=r"h, row 1: outside"):
        pattern_network([0.0, 1.0]).loss([[0.5], [2.0]])


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (["a", 1], r"values, entry 0: 'a' is not a finite"),
        ([1j, 2], r"values must be real numbers, not complex"),
        ([0, 10**400], r"values: a number is beyond float64"),
        ([[1], [1, 2]], r"values must be numbers, in rows of the same length"),
        (np.ma.array([1.0, 2.0], mask=[False, True]), r"values: some entries are masked"),
    ],
)
def test_what_are_no_numbers_is_refused(values, message):
    with pytest.raises(InputError, match=message):
        pattern_network(values)


def test_samples_targets_and_points_that_are_no_numbers_are_refused():
    with pytest.raises(InputError, match=r"X, entry 0: 'a' is not a finite"):
        pattern_network([0, 1], [["a"]], [1])
    with pytest.raises(InputError, match=r"X must be numbers, in rows"):
        pattern_network([0, 1], [[1], [1, 2]], [1, 2])
    with pytest.raises(InputError, match=r"y, entry 0: 'a' is not a finite"):
        pattern_network([0, 1], [[1]], ["a"])
    made = pattern_network([[0, 1], [1, 0]])
    with pytest.raises(InputError, match=r"h, entry 1: 'b' is not a finite"):
        made.loss([[0, "b"]])
    with pytest.raises(InputError, match=r"h must be numbers, in rows"):
        made.pattern([[0, 1], [1]])


def test_exact_values_are_those_of_float64():
    made = pattern_network(["1/3", Fraction(2, 3), 1])
    assert np.array_equal(made.values, [1 / 3, 2 / 3, 1.0])
