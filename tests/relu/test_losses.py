"""Convex losses per pattern against scipy on the same problems, and against the landscape."""

from itertools import product

import cvxpy as cp
import numpy as np
import pytest
from scipy.optimize import linprog, minimize

from arrangement.errors import InputError
from arrangement.relu import OneHiddenLayer
from arrangement.relu.losses.losses import LOSSES, Loss, Penalty
from arrangement.relu.losses.pattern_fits import cellwise_minima, pattern_minimum
from tests.amounts import first
from tests.relu.test_landscape import data_set, with_bias

SIGNED = ("logistic", "hinge", "squared_hinge")
CLASSED = ("softmax", "multiclass_hinge", "crammer_singer")
SMOOTH = ("squared", "huber", "log_cosh", "squared_hinge", "logistic")


def by_definition(name, f, y, t=1.0, delta=1.0):
    """l(f, y) of one sample, in plain Python from the printed table."""
    if name in CLASSED:
        own, others = f[int(y)], [v for c, v in enumerate(f) if c != y]
        if name == "softmax":
            return np.log(sum(np.exp(v) for v in f)) - own
        over = [max(0.0, delta + v - own) for v in others]
        return sum(over) if name == "multiclass_hinge" else max(over)
    return {
        "squared": lambda: (f - y) ** 2,
        "absolute": lambda: abs(f - y),
        "huber": lambda: (f - y) ** 2 if abs(f - y) <= t else 2 * t * abs(f - y) - t**2,
        "log_cosh": lambda: np.log(np.cosh(f - y)),
        "logistic": lambda: np.log(1 + np.exp(-y * f)),
        "hinge": lambda: max(0.0, delta - y * f),
        "squared_hinge": lambda: max(0.0, delta - y * f) ** 2,
    }[name]()


def targets(name, n, rng):
    if name in SIGNED:
        return rng.choice([-1.0, 1.0], n)
    return rng.integers(0, 3, n) if name in CLASSED else rng.normal(size=n)


@pytest.mark.parametrize("name", LOSSES)
def test_values_expressions_and_derivatives_agree_with_the_table(name):
    rng = np.random.default_rng(0)
    y = targets(name, 40, rng).astype(float)
    f = 2 * rng.normal(size=(40, 3) if name in CLASSED else 40)
    loss = Loss(name, threshold=0.7, margin=1.3)
    expected = [by_definition(name, a, b, 0.7, 1.3) for a, b in zip(f, y, strict=True)]
    assert loss.values(f, y) == pytest.approx(expected)
    assert loss.expression(cp.Constant(f), y).value == pytest.approx(np.mean(expected))
    if name in SMOOTH:
        h = 1e-6
        slope = (loss.values(f + h, y) - loss.values(f - h, y)) / (2 * h)
        assert loss.derivative(f, y) == pytest.approx(slope, abs=1e-7)
        assert np.all(loss.derivative_sizes(f, y) >= abs(loss.derivative(f, y)))
    else:
        with pytest.raises(InputError, match="differentiable"):
            loss.derivative(f, y)


def oracle(X, y, pattern, s, name, l1, l2, counted):
    """The optimum over a closed cell (s = ±1) or all maps (s = 0), by scipy; one output.

    Losses of straight pieces are linear programs; smooth ones go to SLSQP. |R| is split into
    R⁺ + R⁻.
    """
    n, d = X.shape
    A = pattern[:, None] * X
    side = s * np.where(pattern, 1, -1)[:, None] * X
    split = lambda M: np.hstack([M, -M])  # noqa: E731
    if name in ("absolute", "hinge"):
        rows = [-split(side) if s else np.zeros((0, 2 * d))]
        limits = [np.zeros(n if s else 0)]
        if name == "absolute":
            epigraph, bounds = [(split(A), y), (-split(A), -y)], n
        else:
            epigraph, bounds = [(-y[:, None] * split(A), -np.ones(n))], n
        pad = np.zeros((len(rows[0]), bounds))
        table = [np.hstack([rows[0], pad])]
        for M, limit in epigraph:
            table.append(np.hstack([M, -np.eye(n)]))
            limits.append(limit)
        cost = np.concatenate([l1 * counted, l1 * counted, np.full(n, 1 / n)])
        found = linprog(cost, np.vstack(table), np.concatenate(limits), method="highs")
        return found.fun

    def objective(v):
        R = v[:d] - v[d:]
        loss = np.mean([by_definition(name, a, b) for a, b in zip(A @ R, y, strict=True)])
        return loss + l1 * counted @ (v[:d] + v[d:]) + 0.5 * l2 * counted @ R**2

    held = [{"type": "ineq", "fun": lambda v: split(side) @ v, "jac": lambda v: split(side)}]
    found = minimize(
        objective,
        np.linspace(0, 1, 2 * d),
        method="SLSQP",
        bounds=[(0, None)] * (2 * d),
        constraints=held if s else [],
        options={"ftol": 1e-15, "maxiter": 1000},
    )
    assert not s or np.min(split(side) @ found.x) > -1e-9
    return found.fun


@pytest.mark.parametrize("name", first(1, ["absolute", "hinge", *SMOOTH]))
def test_closed_cells_and_free_maps_against_scipy(name):
    rng = np.random.default_rng(1)
    X = rng.normal(size=(7, 1))
    y = targets(name, 7, rng)
    cases = [(None, 0.0, 0.0), ("l1", 0.05, 0.0), ("l2", 0.0, 0.1), ("elasticnet", 0.02, 0.06)]
    if name in ("absolute", "hinge"):
        cases = cases[:2]
    cells = OneHiddenLayer(X, np.zeros(7)).arrangement.cells().signs
    for (penalty, l1, l2), signs, s in product(cases, cells[::5], (1, -1, 0)):
        if name == "logistic" and penalty is None:
            continue  # may have no minimum
        found = pattern_minimum(
            X,
            y,
            signs,
            [s] if s else None,
            loss=name,
            penalty=penalty,
            alpha=l1 + l2 or None,
            l1_ratio=0.25 if penalty == "elasticnet" else 0.5,
            bias_penalty=True,
        )
        expected = oracle(with_bias(X, 1.0), y, signs > 0, s, name, l1, l2, np.ones(2))
        assert found.fun == pytest.approx(expected, abs=2e-7)
        assert found.attained
        if s:
            assert np.min(s * signs * (with_bias(X, 1.0) @ found.R[0])) > -1e-7


@pytest.mark.parametrize("name", first(2, CLASSED))
def test_several_classes_against_scipy(name):
    rng = np.random.default_rng(2)
    X, y = rng.normal(size=(9, 2)), rng.integers(0, 3, 9)
    A = (np.arange(9) % 4 > 0)[:, None] * with_bias(X, 1.0)
    alpha = 0.1
    found = pattern_minimum(
        X, y, np.arange(9) % 4 > 0, loss=name, penalty="l2", alpha=alpha, bias_penalty=True
    )
    assert found.R.shape == (1, 3, 3)

    def objective(v):
        f = A @ v[:9].reshape(3, 3)
        return np.mean([by_definition(name, a, b) for a, b in zip(f, y, strict=True)]) + (
            0.5 * alpha * v[:9] @ v[:9]
        )

    assert objective(found.R[0].reshape(-1)) == pytest.approx(found.fun)
    if name == "softmax":
        assert found.fun == pytest.approx(minimize(objective, np.zeros(9)).fun, abs=1e-8)
        return
    # The hinges as a quadratic program with slacks ξ ≥ Δ + f_c − f_y.
    several = name == "multiclass_hinge"
    pairs = [(i, c) for i in range(9) for c in range(3) if c != y[i]]
    rows = np.zeros((len(pairs), 9 + (len(pairs) if several else 9)))
    for k, (i, c) in enumerate(pairs):
        slope = np.zeros((3, 3))
        slope[:, y[i]], slope[:, c] = A[i], -A[i]
        rows[k, :9] = slope.reshape(-1)
        rows[k, 9 + (k if several else i)] = 1.0
    slacks = rows.shape[1] - 9
    result = minimize(
        lambda v: v[9:].sum() / 9 + 0.5 * alpha * v[:9] @ v[:9],
        np.concatenate([np.zeros(9), np.ones(slacks)]),
        jac=lambda v: np.concatenate([alpha * v[:9], np.full(slacks, 1 / 9)]),
        method="SLSQP",
        bounds=[(None, None)] * 9 + [(0, None)] * slacks,
        constraints=[{"type": "ineq", "fun": lambda v: rows @ v - 1, "jac": lambda v: rows}],
        options={"ftol": 1e-14, "maxiter": 500},
    )
    assert found.fun == pytest.approx(result.fun, abs=1e-6)


@pytest.mark.parametrize("seed", first(2, [0, 1, 2, 3, 4, 7, 9]))
def test_squared_loss_gives_the_minima_of_the_landscape(seed):
    X, y, bias = data_set(seed, largest=6)
    landscape = OneHiddenLayer(X, y, bias=bias).landscape()
    found = cellwise_minima(X, y, bias=bias)
    assert found.cells.signs.tolist() == landscape.cells.signs.tolist()
    scale = np.mean(np.square(y)) or 1.0
    assert found.min_fun == pytest.approx(landscape.min_loss, abs=1e-8 * scale)
    assert np.all(found.closed_fun >= found.min_fun[:, None] - 1e-8 * scale)
    least = found.closed_fun.min(axis=1)
    inside = landscape.attained
    assert least[inside] == pytest.approx(landscape.min_loss[inside], abs=1e-7 * scale)
    # The least over all closed cells is the global minimum, faces included.
    best = landscape.global_minimum.loss
    assert least.min() == pytest.approx(best, abs=1e-7 * scale)
    k, column = found.best
    assert found.closed_fun[k, column] == found.closed_fun.min()


def test_without_output_weights_there_is_no_best_closed_cell():
    found = cellwise_minima([[0.0], [1.0]], [0, 1], loss="softmax", penalty="l2", alpha=1)
    assert found.closed_fun.shape == (len(found.cells), 0)
    with pytest.raises(AttributeError, match="min_fun"):
        found.best  # noqa: B018


def test_two_neurons_with_output_signs():
    rng = np.random.default_rng(3)
    X, y = rng.normal(size=(8, 1)), rng.normal(size=8)
    cells = OneHiddenLayer(X, y).arrangement.cells().signs
    XB = with_bias(X, 1.0)
    for p, q in ((0, 3), (2, 5), (1, 1)):
        patterns = cells[[p, q]]
        free = pattern_minimum(X, y, patterns)
        A = np.hstack([(s > 0)[:, None] * XB for s in patterns])
        best = np.mean((A @ np.linalg.lstsq(A, y, rcond=None)[0] - y) ** 2)
        assert free.fun == pytest.approx(best, abs=1e-9)
        for s in product((1, -1), repeat=2):
            held = pattern_minimum(X, y, patterns, s)
            u = np.array(s)[:, None] * held.R
            assert np.min(patterns * (u @ XB.T)) > -1e-7
            f = np.array(s) @ np.maximum(u @ XB.T, 0)
            assert held.fun == pytest.approx(np.mean((f - y) ** 2), abs=1e-6)
            assert held.fun >= free.fun - 1e-9
            scaled = pattern_minimum(X, y, patterns, 7.5 * np.array(s))
            assert scaled.fun == pytest.approx(held.fun, abs=1e-9)


def test_classes_with_output_weights_and_their_penalty():
    # One neuron feeds class 0, one class 1: with z = e_c the maps are columns.
    rng = np.random.default_rng(4)
    X, y = rng.normal(size=(8, 2)), rng.integers(0, 2, 8)
    patterns = OneHiddenLayer(X, np.zeros(8)).arrangement.cells().signs[[0, 9]]
    options = {"loss": "softmax", "penalty": "elasticnet", "alpha": 0.05, "output_bias": True}
    z = np.array([[1.0, 0.0], [-0.5, 2.0]])
    found = pattern_minimum(X, y, patterns, z, **options)
    w = found.R[:, :, 0] / z[:, :1]
    assert pytest.approx(w[:, :, None] * z[:, None, :], abs=1e-9) == found.R
    assert np.min(patterns * (w @ with_bias(X, 1.0).T)) > -1e-7
    f = np.maximum(w @ with_bias(X, 1.0).T, 0).T @ z + found.output_bias
    assert found.outputs == pytest.approx(f, abs=1e-6)
    penalty = Penalty("elasticnet", 0.05, 0.5).value(found.R[:, :-1])
    assert found.fun == pytest.approx(found.loss + penalty)
    # No point of the closed cells that random search finds is better.
    for _ in range(300):
        v = w + 0.1 * rng.normal(size=w.shape)
        if np.min(patterns * (v @ with_bias(X, 1.0).T)) < 0:
            continue
        f = np.maximum(v @ with_bias(X, 1.0).T, 0).T @ z + found.output_bias
        R = v[:, :-1, None] * z[:, None, :]
        value = np.mean(Loss("softmax").values(f, y)) + Penalty("elasticnet", 0.05, 0.5).value(
            R
        )
        assert value >= found.fun - 1e-8


def test_minima_that_are_not_attained():
    X, y = [[-2.0], [-1.0], [1.0], [2.0]], [-1, -1, 1, 1]
    everything = [1, 1, 1, 1]
    free = pattern_minimum(X, y, everything, loss="logistic")
    assert not free.attained
    assert free.fun < 1e-6
    # With z > 0 in the closed cell of "all active" outputs are not negative.
    assert not pattern_minimum(X, y, [0, 0, 1, 1], [1], loss="logistic").attained
    assert pattern_minimum(X, [1, -1, 1, -1], everything, loss="logistic").attained
    assert pattern_minimum(X, y, everything, loss="logistic", penalty="l2", alpha=1.0).attained
    assert pattern_minimum(X, y, everything, loss="hinge").attained
    assert not pattern_minimum(X, [0, 0, 1, 1], everything, loss="softmax").attained
    # A bias without penalty still runs away when all labels agree.
    agree = {"loss": "logistic", "penalty": "l1", "alpha": 1.0}
    assert not pattern_minimum(X, [1, 1, 1, 1], everything, **agree).attained
    assert pattern_minimum(X, [1, 1, 1, 1], everything, bias_penalty=True, **agree).attained


def test_an_output_bias_and_a_leak():
    X, y = [[-1.0], [0.5], [2.0]], [3.0, 3.0, 3.0]
    flat = pattern_minimum(X, y, [0, 0, 0], output_bias=True)
    assert flat.fun == pytest.approx(0, abs=1e-12)
    assert flat.output_bias == pytest.approx(3.0)
    # All inactive with slope 1/2 is linear regression.
    y = [1.0, -1.0, 4.0]
    found = pattern_minimum(X, y, [0, 0, 0], negative_slope=0.5)
    A = 0.5 * with_bias(X, 1.0)
    expected = np.mean((A @ np.linalg.lstsq(A, y, rcond=None)[0] - y) ** 2)
    assert found.fun == pytest.approx(expected, abs=1e-10)


def test_units_of_features_do_not_matter_without_a_penalty():
    rng = np.random.default_rng(6)
    X, y = rng.normal(size=(10, 2)), rng.normal(size=10)
    pattern = OneHiddenLayer(X, y).arrangement.cells().signs[5]
    for name in ("absolute", "huber", "squared"):
        base = pattern_minimum(X, y, pattern, [1], loss=name)
        scaled = pattern_minimum(X * [1e6, 1e-6], y, pattern, [1], loss=name)
        assert scaled.fun == pytest.approx(base.fun, abs=1e-8)


def test_cells_report_progress_and_other_output_weights():
    X, y = [[0.0], [1.0], [3.0]], [1, 0, 2]
    seen = []
    found = cellwise_minima(
        X,
        y,
        np.eye(3),
        loss="multiclass_hinge",
        penalty="l2",
        alpha=0.1,
        progress=lambda done, total: seen.append((done, total)),
    )
    assert seen == [(k, 6) for k in range(1, 7)]
    assert found.closed_R.shape == (6, 3, 2, 3)
    assert np.all(found.closed_fun >= found.min_fun[:, None] - 1e-8)
    nothing = cellwise_minima(X, y, loss="softmax", penalty="l2", alpha=0.1)
    assert nothing.closed_fun.shape == (6, 0)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"loss": "cubic"}, "loss='cubic': one of squared"),
        ({"loss": "hinge"}, "y, entry 0: 0, but the loss 'hinge' is for labels −1"),
        ({"loss": "softmax", "y": [0, 1.5]}, "y, entry 1: 1.5"),
        ({"loss": "softmax", "y": [0, -1]}, "y, entry 1: -1"),
        ({"loss": "softmax", "y": [0, 5], "classes": 3}, "classes are 0 to 2"),
        ({"loss": "softmax", "classes": 1}, "classes=1"),
        ({"classes": 3}, "classes=3"),
        ({"penalty": "l3"}, "penalty='l3'"),
        ({"penalty": "l1"}, "alpha=None"),
        ({"penalty": "l1", "alpha": -1.0}, "alpha=-1.0"),
        ({"alpha": 1.0}, "give a penalty"),
        ({"l1_ratio": 2}, "l1_ratio=2"),
        ({"loss": "huber", "threshold": 0}, "threshold=0"),
        ({"loss": "huber", "margin": float("nan")}, "margin=nan"),
        ({"patterns": [1, 0, 1]}, "patterns has shape"),
        ({"patterns": [2, 0]}, "patterns must be of 0 and 1"),
        ({"output_weights": [0.0]}, "output_weights, row 0"),
        ({"output_weights": [1.0, 2.0]}, "output_weights has shape"),
        ({"output_weights": "up"}, "must be numbers"),
        ({"negative_slope": 1.5}, "negative_slope=1.5"),
        ({"y": [1.0]}, "y has 1 entries"),
    ],
)
def test_bad_input_is_one_clear_error(change, message):
    given = {"X": [[0.0], [1.0]], "y": [0.0, 1.0], "patterns": [1, 1]} | change
    with pytest.raises(InputError, match=message):
        pattern_minimum(**given)
