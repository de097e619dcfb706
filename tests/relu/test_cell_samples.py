"""Cells of random networks, against all pieces of the landscape."""

from itertools import permutations

import numpy as np
import pytest

from arrangement.errors import InputError, SizeError
from arrangement.relu import OneHiddenLayer, sampled_cells
from tests.amounts import first


@pytest.mark.parametrize("seed", first(12, range(60)))
def test_a_cell_holds_a_minimum_iff_the_landscape_has_one_there(seed):
    rng = np.random.default_rng(seed)
    K, N, d = (int(rng.integers(*ends)) for ends in ((1, 3), (2, 8), (1, 3)))
    X, y = rng.normal(size=(N, d)), rng.normal(size=N)
    pieces = OneHiddenLayer(X, y, hidden=K).landscape().pieces
    inside = [(p.signs, p.output_signs) for p in pieces if p.signs.all()]
    undecided = 0
    for _ in range(15):
        w, z = rng.normal(size=(K, d + 1)), rng.choice([-1.0, 1.0], K)
        signs = np.sign(w @ np.column_stack([X, np.ones(N)]).T)
        holds = any(
            np.array_equal(own[list(order)], signs) and np.all(out[list(order)] * z >= 0)
            for own, out in inside
            for order in permutations(range(K))
        )
        found = sampled_cells(X, y, K, draws=1, around=(w, z), spread=0.0, max_steps=3000)
        undecided += found.undecided
        assert found.undecided or bool(found.holding) == holds
    assert undecided <= 2


def test_the_interval_is_that_of_clopper_and_pearson():
    stats = pytest.importorskip("scipy.stats")
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(12, 3)), rng.normal(size=12)
    found = sampled_cells(X, y, 2, draws=60, random_state=1, confidence=0.9, max_steps=2000)
    assert found == sampled_cells(
        X, y, 2, draws=60, random_state=1, confidence=0.9, max_steps=2000
    )
    low = stats.binomtest(found.holding, 60).proportion_ci(0.9).low
    high = stats.binomtest(found.holding + found.undecided, 60).proportion_ci(0.9).high
    assert (found.low, found.high) == pytest.approx((low, high))


def test_what_is_no_problem_is_refused():
    X, y = np.ones((3, 1)), np.ones(3)
    with pytest.raises(InputError, match="around"):
        sampled_cells(X, y, 2, around=(np.ones((1, 2)), np.ones(2)))
    with pytest.raises(InputError, match="confidence"):
        sampled_cells(X, y, confidence=1.5)
    wide = np.random.default_rng(0).normal(size=(6001, 61))
    with pytest.raises(SizeError, match="reduce one"):
        sampled_cells(wide, wide[:, 0], 100)


def test_independent_samples_each_need_one_neuron_of_the_right_sign():
    # Then pre-activations are free: the share is (1 − (3/4)^K)^N, without a bias.
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(10, 14)), rng.normal(size=10)
    found = sampled_cells(X, y, 10, draws=200, bias=None, confidence=0.999)
    assert found.undecided == 0
    assert found.low <= (1 - 0.75**10) ** 10 <= found.high
