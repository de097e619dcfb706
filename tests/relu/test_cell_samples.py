"""Cells of random networks, against all pieces of the landscape."""

from itertools import permutations

import numpy as np
import pytest

from arrangement.errors import InputError, SizeError
from arrangement.relu import OneHiddenLayer, cell_samples, sampled_cells
from tests.amounts import first


def decided(X, y, K, bias, rng, draws):
    """The undecided of some cells; all others must be decided as the landscape has it."""
    pieces = OneHiddenLayer(X, y, hidden=K, bias=bias).landscape().pieces
    inside = [(p.signs, p.output_signs) for p in pieces if p.signs.all()]
    given = X if bias is None else np.column_stack([X, np.full(len(X), bias)])
    undecided = 0
    for _ in range(draws):
        w, z = rng.normal(size=(K, given.shape[1])), rng.choice([-1.0, 1.0], K)
        signs = np.sign(w @ given.T)
        holds = any(
            np.array_equal(own[list(order)], signs) and np.all(out[list(order)] * z >= 0)
            for own, out in inside
            for order in permutations(range(K))
        )
        found = sampled_cells(
            X, y, K, bias=bias, draws=1, around=(w, z), spread=0.0, max_steps=3000
        )
        undecided += found.undecided
        assert found.undecided or bool(found.holding) == holds
    return undecided


@pytest.mark.parametrize("seed", first(3, range(60)))
def test_a_cell_holds_a_minimum_iff_the_landscape_has_one_there(seed):
    rng = np.random.default_rng(seed)
    K, N, d = (int(rng.integers(*ends)) for ends in ((1, 3), (2, 8), (1, 3)))
    assert decided(rng.normal(size=(N, d)), rng.normal(size=N), K, 1.0, rng, 15) <= 2


@pytest.mark.parametrize("seed", first(2, range(50)))
def test_what_float64_does_not_tell_is_undecided(seed, monkeypatch):
    rng = np.random.default_rng(seed)
    N, d, K = (int(rng.integers(*ends)) for ends in ((1, 8), (1, 4), (1, 3)))
    X = rng.normal(size=(N, d)) if seed % 2 else rng.integers(1, 3, (N, d)) * 1.0
    power = (4, 9, 30)[seed % 3]
    X = X * 10.0 ** rng.integers(-power, power + 1, (N, 1))
    X = X * 10.0 ** rng.integers(-power, power + 1, (1, d))
    if seed % 4 > 1:
        monkeypatch.setattr(cell_samples, "MOST", 0)
    try:
        undecided = decided(X, rng.normal(size=N), K, None if seed % 5 else 1.0, rng, 10)
    except InputError as error:
        undecided = str(error)
    assert undecided in range(11) or "float64 does not tell" in undecided


def test_a_fit_on_a_hyperplane_but_for_rounding_is_not_told():
    rng = np.random.default_rng(0)
    told, holding = 0, set()
    for _ in range(12):
        x = np.sort(rng.normal(size=6))
        y = (
            x - x[0]
        )  # rounded: on which side the fit of all has x_0 is known to Fractions alone
        pieces = OneHiddenLayer(x[:, None], y).landscape(kinds="isolated", exact=True).pieces
        holds = any(np.all(p.signs > 0) for p in pieces)
        w = [[1.0, 1.0 - x[0]]]
        found = sampled_cells(x[:, None], y, 1, draws=1, around=(w, [1.0]), spread=0.0)
        holding.add(holds)
        told += not found.undecided
        assert found.undecided or bool(found.holding) == holds
    assert holding == {True, False}
    assert told <= 6


@pytest.mark.parametrize("seed", first(3, range(30)))
def test_units_of_the_features_change_nothing(seed):
    rng = np.random.default_rng(seed)
    N, d, K = (int(rng.integers(*ends)) for ends in ((2, 30), (2, 8), (1, 5)))
    X, y, w, z = (rng.normal(size=size) for size in ((N, d), N, (K, d), K))
    units = 2.0 ** rng.integers(-400, 400, d)
    one, two = (
        sampled_cells(X * u, y, K, bias=None, draws=1, around=(w / u, z), spread=0)
        for u in (1.0, units)
    )
    assert one == two
    assert not one.undecided


def test_a_network_on_a_face_is_in_no_cell():
    found = sampled_cells([[1], [2]], [1, 2], 1, around=([[1, -1]], [1]), spread=0, draws=1)
    assert found.undecided == 1


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
    wide = np.random.default_rng(0).normal(size=(6001, 2))
    with pytest.raises(SizeError, match="reduce one"):
        sampled_cells(wide, wide[:, 0], 4000)


@pytest.mark.parametrize("seed", first(1, range(75)))
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


@pytest.mark.parametrize("seed", first(1, range(20)))
def test_a_linear_program_decides_what_the_steps_do(seed):
    rng = np.random.default_rng(seed)
    N, d, K = (int(rng.integers(*ends)) for ends in ((5, 30), (1, 6), (2, 10)))
    X, y = rng.normal(size=(N, d)), rng.normal(size=N)
    slow = sampled_cells(X, y, K, draws=10, random_state=seed, max_steps=5000)
    found = sampled_cells(X, y, K, draws=10, random_state=seed, max_steps=1)
    assert found.undecided <= 1
    assert found.holding <= slow.holding + slow.undecided
    assert slow.holding <= found.holding + found.undecided


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


@pytest.mark.slow
def test_neurons_of_one_sign_do_not_cancel():
    # Outputs that vanish take weights zero; rounding leaves them a sign.
    weights = np.random.default_rng(0).random((30, 2, 1)) + 0.01
    for sign, holding in ((1.0, 0), (-1.0, 1)):
        found = [
            sampled_cells([[3]], [0], 2, draws=1, bias=None, around=(w, [1, sign]), spread=0)
            for w in weights
        ]
        assert {one.holding for one in found if not one.undecided} <= {holding}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"y": ["a", "b"]}, "y, entry 0: 'a' is no number"),
        ({"y": [[1], [1, 2]]}, "X: labels"),
        ({"X": [[1, 2], [3]]}, "X: samples"),
        ({"X": [[1.0, np.nan], [1, 2]]}, "X: samples"),
        ({"spread": -1}, "spread = -1: a number of at least 0"),
        ({"spread": np.nan}, "spread must be a finite number"),
        ({"around": 3}, "around: weights and output weights"),
        ({"around": ([[1, 2, 3]],)}, "around: weights and output weights"),
        ({"around": ([[1, np.inf, 3]], [1])}, "around: a weight is not finite"),
        ({"around": ("ab", [1])}, "around, entry 0: 'ab'"),
        ({"draws": 0}, "draws = 0 is too small"),
    ],
)
def test_each_argument_is_refused_by_its_name(change, message):
    given = {"X": [[0.0, 1.0], [2.0, 1.0]], "y": [1.0, 2.0], "draws": 2, **change}
    with pytest.raises(InputError, match=message):
        sampled_cells(**given)
