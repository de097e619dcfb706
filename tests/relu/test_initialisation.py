from itertools import product
from math import acos, pi

import numpy as np
import pytest

from arrangement.errors import InputError
from arrangement.relu import OneHiddenLayer, dead_probability
from tests.amounts import first


def layer(X, hidden=1, bias=None):
    return OneHiddenLayer(X, np.arange(len(X)), hidden=hidden, bias=bias)


@pytest.mark.parametrize("initialisation", ["he_normal", "he_uniform", "lecun_normal", "torch"])
@pytest.mark.parametrize("d", [1, 2, 3])
def test_orthants(initialisation, d):
    found = dead_probability(layer(np.eye(d), hidden=3), initialisation)
    assert found.exact
    assert found.neuron == pytest.approx(0.5**d, rel=1e-15)
    assert found.layer == found.neuron**3
    assert found.some == pytest.approx(1 - (1 - 0.5**d) ** 3)
    assert found.expected == 3 * found.neuron


def test_angles_that_are_known():
    assert dead_probability(layer([[1, 0], [-1, 3], [-2, 1]])).neuron == pytest.approx(
        (pi - acos(-2 / 5**0.5)) / (2 * pi)
    )
    cube = list(product([1, 2], repeat=3))  # bounded by (1, 1, 2), (1, 2, 1) and others
    # The cone over a facet of the cube [-1, 1]³, one of six.
    facet = [[1, 1, 0], [1, -1, 0], [1, 0, 1], [1, 0, -1]]
    assert dead_probability(layer(facet)).neuron == pytest.approx(1 / 6)
    assert 0.125 < dead_probability(layer(cube)).neuron < 0.5
    assert dead_probability(layer([[1, 1], [-1, -1]])).neuron == 0
    assert dead_probability(layer([[1, 1], [2, 2]])).neuron == 0.5
    # Biases that start at 0, and one sample that is 0: what bias there is does not matter.
    assert dead_probability(layer([[0.0], [2.0]], bias=1.0)).neuron == 0.5
    assert dead_probability(layer([[0.0]], bias=1.0)).neuron == 1


@pytest.mark.parametrize("seed", first(1, range(12)))
@pytest.mark.parametrize("kind", ["normal", "uniform"])
@pytest.mark.parametrize("d", [1, 2, 3])
def test_the_shares_of_all_cells_add_up_to_one(seed, kind, d):
    rng = np.random.default_rng(seed)
    X = rng.integers(-3, 4, size=(5, d))
    X[3] = 2 * X[0] - X[1]
    X = X[X.any(axis=1)]
    total = sum(
        dead_probability(layer(np.array(signs)[:, None] * X), (kind, 0.7, 0.0)).neuron
        for signs in product([1, -1], repeat=len(X))
    )
    assert total == pytest.approx(1, rel=1e-12)


@pytest.mark.parametrize("seed", first(1, range(8)))
@pytest.mark.parametrize("initialisation", [("normal", 0.3, 1.5), ("uniform", 1.0, 0.25)])
def test_closed_forms_are_what_is_drawn(seed, initialisation):
    rng = np.random.default_rng(seed)
    X = rng.normal([2, 0], size=(4, 2)).round(1)
    found = dead_probability(layer(X, bias=2.0), initialisation)
    kind, weight, bias = initialisation
    drawn = getattr(rng, kind)(*((-1, 1) if kind == "uniform" else (0, 1)), size=(400_000, 3))
    drawn *= [weight, weight, bias]
    share = (drawn @ np.column_stack([X, np.full(len(X), 2.0)]).T <= 0).all(axis=1).mean()
    assert found.exact
    assert abs(found.neuron - share) < 5 * 0.5 / 400_000**0.5


def test_samples_in_a_space_of_many_dimensions():
    span = np.random.default_rng(0).normal(size=(2, 7)).round(2)
    X = np.array([[1, 0], [1, 1], [3, -1]]) @ span
    assert dead_probability(layer(np.array([[1, 0], [0, 1]]) @ span)).exact
    sampled = [dead_probability(layer(np.eye(5)), draws=5_000, rng=k) for k in range(200)]
    covers = sum(found.interval[0] < 0.5**5 < found.interval[1] for found in sampled)
    assert 180 <= covers < 200  # each with probability 0.95, and a little more
    assert not sampled[0].exact
    assert dead_probability(layer(np.eye(5)), draws=5_000, rng=7) == sampled[7]
    found = dead_probability(layer(X.round(4)))
    assert found.interval[0] <= found.neuron <= found.interval[1]


def test_bad_arguments():
    for given, message in [
        ("he", "he_normal"),
        (("normal", 1.0), "two scales"),
        (("cauchy", 1.0, 1.0), "distribution"),
        (("normal", 0.0, 1.0), "positive"),
    ]:
        with pytest.raises(InputError, match=message):
            dead_probability(layer([[1.0]]), given)
    with pytest.raises(InputError, match="draws"):
        dead_probability(layer([[1.0]]), draws=0)
    with pytest.raises(InputError, match="confidence"):
        dead_probability(layer([[1.0]]), confidence=1.0)
    with pytest.raises(InputError, match="problem must be OneHiddenLayer, not 'x'"):
        dead_probability("x")
