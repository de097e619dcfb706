"""Cells of random networks, against all pieces of the landscape."""

from itertools import permutations

import numpy as np
import pytest

from arrangement.errors import InputError, SizeError
from arrangement.relu import OneHiddenLayer, cell_samples, sampled_cells
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
        sampled_cells(wide, wide[:, 0], 4000)


@pytest.mark.parametrize("seed", first(6, range(150)))
def test_products_alone_decide_as_dense_matrices_do(seed, monkeypatch):
    rng = np.random.default_rng(seed)
    N, d, K = (int(rng.integers(*ends)) for ends in ((2, 50), (1, 12), (1, 8)))
    X, y = rng.normal(size=(N, d)), rng.normal(size=N)
    X = np.maximum(X - 0.5, 0.0) if seed % 3 == 0 else X
    dense = sampled_cells(X, y, K, draws=3, random_state=seed)
    monkeypatch.setattr(cell_samples, "MOST", 0)
    for steps in (3000, 1):
        found = sampled_cells(X, y, K, draws=3, random_state=seed, max_steps=steps)
        assert found.holding <= dense.holding + dense.undecided
        assert dense.holding <= found.holding + found.undecided
        if dense.unique == 3 and 3 * K * (d + 1) < N and steps > 1:
            assert found.undecided == 0  # the violated signs separate


def test_the_dual_tells_the_product_of_a_vector_with_the_fit():
    # ⟨V, T⟩ over the fits T is v·y, where Qᵀ V = Aᵀ v: known without solving for T.
    rng = np.random.default_rng(5)
    Q = np.linalg.qr(rng.normal(size=(40, 3)))[0]
    y, on, s = rng.normal(size=40), rng.random((40, 2)) < 0.5, np.array([1.0, -1.0])
    cell = cell_samples._Iterative(Q, on, s, np.arange(2), 500)
    T = cell.fit(y)
    side = np.where(on, 1.0, -1.0)
    V = side * (np.maximum(-side * T, 0.0) + 0.01)
    dual = cell.dual(V)
    exact = np.linalg.lstsq(np.hstack([s[j] * on[:, [j]] * Q for j in range(2)]), y, rcond=None)
    table = np.column_stack([Q @ exact[0][:3], Q @ exact[0][3:]])
    assert np.sum(V * table) == pytest.approx(dual @ y, rel=1e-3)
    assert cell.left < 500


def test_independent_samples_each_need_one_neuron_of_the_right_sign():
    # Then pre-activations are free: the share is (1 − (3/4)^K)^N, without a bias.
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(10, 14)), rng.normal(size=10)
    found = sampled_cells(X, y, 10, draws=200, bias=None, confidence=0.999)
    assert found.undecided == 0
    assert found.low <= (1 - 0.75**10) ** 10 <= found.high


def test_neurons_of_one_sign_do_not_cancel():
    # Outputs that vanish take weights zero; rounding leaves them a sign.
    weights = np.random.default_rng(0).random((30, 2, 1)) + 0.01
    for sign, holding in ((1.0, 0), (-1.0, 1)):
        found = [
            sampled_cells([[3]], [0], 2, draws=1, bias=None, around=(w, [1, sign]), spread=0)
            for w in weights
        ]
        assert {one.holding for one in found if not one.undecided} <= {holding}
