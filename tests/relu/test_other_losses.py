"""Landscapes of other losses: the definitions in exact numbers, descents, perturbations."""

import pickle
from concurrent.futures import ProcessPoolExecutor
from fractions import Fraction
from itertools import combinations_with_replacement

import cvxpy as cp
import numpy as np
import pytest
from scipy.optimize import minimize

from arrangement.errors import InputError, SolverError
from arrangement.relu import OneHiddenLayer, cellwise_minima, local_minimum
from arrangement.relu.losses.losses import Loss
from arrangement.relu.minima.huber import HuberDecider
from arrangement.relu.training import convex
from tests.amounts import first
from tests.landscape_reference import HuberReference, SmoothReference
from tests.relu.test_criterion import assert_no_way_down
from tests.relu.test_landscape import data_set, with_bias

LOSSES = "huber", "log_cosh", "logistic"


def problem(seed, loss, largest=5, features=2):
    X, y, bias = data_set(seed, largest, features)
    if loss == "logistic":
        y = np.random.default_rng(seed).choice([-1.0, 1.0], len(y))
    return dict(X=X, y=y, bias=bias, loss=loss, output_bias=seed % 7 == 3)


def specification(X, y, bias, output_bias, loss, negative_slope=0.0, threshold=1):
    X, y = np.asarray(X).tolist(), np.asarray(y).tolist()
    given = dict(bias=bias, output_bias=output_bias, negative_slope=negative_slope)
    if loss == "huber":
        return HuberReference(X, y, threshold=threshold, **given)
    return SmoothReference(X, y, loss=loss, **given)


def states(pieces):
    return [
        ((tuple(row[0]), s[0]),)
        for row, s in zip(pieces.signs.tolist(), pieces.output_signs.tolist(), strict=True)
    ]


@pytest.mark.parametrize("loss", first(2, LOSSES[::-1]))
@pytest.mark.parametrize("seed", first(1, range(100)))
def test_the_pieces_are_those_of_the_definitions(seed, loss):
    given = problem(seed, loss)
    landscape = OneHiddenLayer(**given).landscape(exact=seed % 2 == 0)
    pieces = landscape.pieces
    expected = specification(**given).pieces()
    found = states(pieces)
    assert len(set(found)) == len(found)
    assert sorted(found) == sorted(expected)
    for state, value in zip(found, pieces.loss, strict=True):
        assert value == pytest.approx(float(expected[state]), rel=1e-12, abs=1e-14)
    # What vanishes does so by structure or at a rational point, and is proved to.
    assert pieces.decided.all()
    assert not landscape.doubtful


def cancelling(seed):
    """Samples of the line whose log-cosh derivatives cancel at a rational weight."""
    rng = np.random.default_rng(seed)
    x, t = [], []
    for size in rng.integers(0, 4, int(rng.integers(1, 3))) / 2:
        own = rng.integers(1, 5, int(rng.integers(1, 3))) / 2
        side = rng.choice([-1, 1], len(own))
        rest = -float(side @ own)
        x += [*own, abs(rest) or 1.0]
        t += [*(size * side), size * np.sign(rest)]
    w = Fraction(int(rng.integers(1, 5)), int(rng.choice([1, 2, 3])))
    y = [Fraction(a) * w - Fraction(b) for a, b in zip(x, t, strict=True)]
    return [[-0.5], *([v] for v in x)], [Fraction(int(rng.integers(-1, 2))), *y]


@pytest.mark.parametrize("seed", first(1, range(28)))
def test_what_cancels_at_a_rational_point_is_decided(seed):
    X, y = cancelling(seed)
    layer = OneHiddenLayer(X, y, bias=(None, 1)[seed % 2], loss="log_cosh")
    landscape = layer.landscape(exact=seed % 4 > 1)
    expected = SmoothReference(
        [[Fraction(v) for v in row] for row in X],
        y,
        loss="log_cosh",
        bias=(None, 1)[seed % 2],
        output_bias=False,
    ).pieces()
    assert sorted(states(landscape.pieces)) == sorted(expected)
    assert landscape.pieces.decided.all()
    assert landscape.doubtful == 0


def test_an_exact_fit_of_the_active_samples_leaves_nothing_open():
    X, y = np.array([[1.0], [-1.0], [-0.5]]), np.array([2.0, -1.5, 0.5])
    for size in (1.0, 3.0):  # the fit is dyadic, or its rounding is seen
        landscape = OneHiddenLayer(size * X, y, loss="log_cosh").landscape()
        assert landscape.doubtful == 0
        assert landscape.pieces.decided.all()
        expected = specification(size * X, y, 1.0, False, "log_cosh").pieces()
        assert sorted(states(landscape.pieces)) == sorted(expected)


@pytest.mark.slow
def test_a_sample_at_the_threshold_hides_no_piece():
    given = problem(115, "huber")
    found = states(OneHiddenLayer(**given).landscape().pieces)
    assert sorted(found) == sorted(specification(**given).pieces())


@pytest.mark.slow
def test_minimisers_that_end_at_the_threshold_are_no_doubt():
    # A line of fits, of which the least is reached where two samples are at the threshold.
    given = dict(X=np.array([[2.0], [0], [2], [2], [1]]), y=np.array([3.0, 2, 0, -2, -3]))
    layer = OneHiddenLayer(**given, loss="huber", output_bias=True)
    landscape = layer.landscape()
    assert landscape.doubtful == 0
    assert landscape.global_minimum.loss == 2.4
    expected = specification(**given, bias=1.0, output_bias=True, loss="huber").pieces()
    assert sorted(states(landscape.pieces)) == sorted(expected)


@pytest.mark.parametrize("seed", first(1, [1, 0, *range(2, 100)]))
def test_no_tuple_of_a_huber_loss_is_doubtful(seed):
    rng = np.random.default_rng(seed)
    X = rng.integers(-2, 3, (int(rng.integers(2, 6)), 1)) * 1.0
    given = dict(X=X, y=rng.integers(-3, 4, len(X)) * 1.0, bias=1.0)
    given |= dict(loss="huber", output_bias=bool(seed % 2))
    landscape = OneHiddenLayer(**given).landscape(exact=seed % 4 > 1)
    expected = specification(**given).pieces()
    assert sorted(states(landscape.pieces)) == sorted(expected)
    assert landscape.doubtful == 0
    for state, loss in zip(states(landscape.pieces), landscape.pieces.loss, strict=True):
        assert loss == pytest.approx(float(expected[state]), rel=1e-12, abs=1e-14)


@pytest.mark.slow
def test_wrong_proposals_are_not_believed(monkeypatch):
    def wrong(self, A):
        return 2.0 * np.sign(self.y) if A.shape[1] else -self.y

    monkeypatch.setattr(HuberDecider, "_away", wrong)
    given = problem(3, "huber")
    with pytest.raises(SolverError, match="could not be proved"):
        OneHiddenLayer(**given).landscape(exact=True)
    given["output_bias"] = False
    landscape = OneHiddenLayer(**given).landscape(exact=True)
    assert set(states(landscape.pieces)) <= set(specification(**given).pieces())
    assert landscape.doubtful


@pytest.mark.parametrize("loss", first(1, LOSSES[::-1]))
@pytest.mark.parametrize("seed", first(1, range(30)))
def test_every_piece_is_a_minimum_and_every_descent_ends_on_one(seed, loss):
    given = problem(seed, loss, largest=12, features=3)
    X, y, bias = given["X"], given["y"], given["bias"]
    given["output_bias"] = False
    kind, rng, XB = Loss(loss), np.random.default_rng(seed), with_bias(X, bias)
    landscape = OneHiddenLayer(**given).landscape()
    pieces = landscape.pieces
    for piece in pieces[:40]:
        w, z = piece.weights, piece.output_weights
        found = local_minimum(X, y, w, z, loss=loss, bias=bias, signs=piece.signs)
        assert found or not piece.decided
        assert found.loss == pytest.approx(piece.loss, abs=1e-12)
        assert_no_way_down(kind, XB, y, w, z, rng, allowed=1e-9)

    def fun(p):
        inner = XB @ p[:-1]
        f, on = p[-1] * np.maximum(inner, 0), inner > 0
        r = kind.derivative(f, y) / len(y)
        slope = np.append(p[-1] * (r * on) @ XB, r @ np.maximum(inner, 0))
        return kind.values(f, y).mean(), slope

    limits = landscape.falling[2]
    for _ in range(20):
        end = minimize(fun, rng.normal(size=XB.shape[1] + 1), jac=True, tol=1e-13)
        w, z = end.x[None, :-1], end.x[-1:]
        if np.abs(end.x[-1] * XB @ end.x[:-1]).max() > 6:
            continue  # perhaps on its way to infinity
        signs = np.where(np.abs(w @ XB.T) < 1e-7, 0, np.sign(w @ XB.T))
        if local_minimum(X, y, w, z, loss=loss, bias=bias, signs=signs, tolerance=1e-5):
            assert np.abs(pieces.loss - end.fun).min() < 1e-6
    assert loss == "logistic" or not len(limits)


def test_a_logistic_loss_falls_for_ever():
    layer = OneHiddenLayer([[1], [2], [-1]], [1, 1, -1], bias=None, loss="logistic")
    landscape = layer.landscape()
    assert [p.kind for p in landscape.pieces] == []
    assert not landscape.attained.any()
    assert landscape.min_loss == pytest.approx(np.log(2) * np.array([1, 2]) / 3)
    faces, signs, limits = landscape.falling
    assert landscape.table.signs[faces].tolist() == [[1, 1, -1], [-1, -1, 1]]
    for face, s, limit in zip(faces, signs, limits, strict=True):
        w = 1e3 * landscape.table.interior(face)
        f = s * np.maximum(np.array([1, 2, -1]) * landscape.table.weights(w)[0], 0)
        assert Loss("logistic").values(f, [1, 1, -1]).mean() == pytest.approx(limit)


def infimum(X, y, K, output_bias, signs):
    """The infimum of a logistic loss, by convex programs on all tuples of closed cells."""
    least, XB = np.inf, with_bias(X, 1.0)
    for cells in combinations_with_replacement(signs, K):
        for s in np.ndindex(*(2,) * K):
            u, b = cp.Variable((K, XB.shape[1])), cp.Variable()
            f = b * np.ones(len(y)) if output_bias else np.zeros(len(y))
            held = [cp.abs(u) <= 1e3, cp.abs(b) <= 1e3]
            for j, row in enumerate(cells):
                f = f + (2 * s[j] - 1) * cp.multiply(row > 0, XB @ u[j])
                held.append(cp.multiply(row, XB @ u[j]) >= 0)
            cost = cp.sum(cp.logistic(-cp.multiply(y, f))) / len(y)
            least = min(least, cp.Problem(cp.Minimize(cost), held).solve(solver=cp.CLARABEL))
    return least


@pytest.mark.parametrize("seed", first(1, range(40)))
def test_a_least_minimum_is_the_infimum_unless_it_is_told(seed):
    rng = np.random.default_rng(seed)
    K, output_bias = (1, False) if seed % 4 else (1 + seed % 8 // 4, seed % 16 > 7)
    # Many labels of equal samples: a ray of one neuron is then rare.
    X = rng.integers(0, 3, (7 - 2 * K, 1)).astype(float)
    X, y = np.concatenate([X, X[:3]]), rng.choice([-1.0, 1.0], len(X) + 3)
    layer = OneHiddenLayer(X, y, hidden=K, output_bias=output_bias, loss="logistic")
    landscape = layer.landscape()
    best = infimum(X, y, K, output_bias, landscape.cells.signs.astype(float))
    told = landscape.pieces.loss.min(initial=np.inf)
    assert best <= min(told, landscape.falling[2].min(initial=np.inf)) + 1e-6
    if not landscape.may_be_lower and not landscape.doubtful:
        assert best == pytest.approx(told, abs=1e-6)
    assert ("lower" in repr(landscape) or "falls" in repr(landscape)) == landscape.may_be_lower
    assert layer.landscape(kinds="isolated").may_be_lower


def test_what_is_for_squares_only_says_so():
    layer = OneHiddenLayer([[1], [2]], [1, -1], loss="logistic")
    for ask in (
        layer.fit_global,
        lambda: layer.polish(([[1, 0]], [1])),
        lambda: layer.curvature([[1, 0]], [1]),
        lambda: layer.landscape().saddles(),
        lambda: layer.landscape().critical_points(),
    ):
        with pytest.raises(InputError, match="is for the squared loss"):
            ask()
    with pytest.raises(InputError, match="one of squared, huber, log_cosh, logistic"):
        OneHiddenLayer([[1], [2]], [1, -1], loss="hinge")
    with pytest.raises(InputError, match="labels −1 and \\+1"):
        OneHiddenLayer([[1], [2]], [1, 0], loss="logistic")


def test_a_threshold_that_a_loss_does_not_use_changes_nothing():
    X, y = [[0], [1], [2]], [1, -1, 1]
    for loss in "squared", "log_cosh", "logistic":
        one, two = (OneHiddenLayer(X, y, loss=loss, threshold=t) for t in (1.0, 2.0))
        assert np.array_equal(one.landscape().pieces.loss, two.landscape().pieces.loss)
    assert OneHiddenLayer(X, y, threshold=2.0).fit_global().status == "optimal"


@pytest.mark.parametrize("threshold", [Fraction(1, 2), np.float32(0.5)])
def test_a_threshold_is_any_number(threshold):
    X, y = [[0], [1], [2], [4]], [1, -3, 1, 5]
    pieces = OneHiddenLayer(X, y, loss="huber", threshold=threshold).landscape().pieces
    expected = OneHiddenLayer(X, y, loss="huber", threshold=0.5).landscape().pieces
    assert np.array_equal(pieces.loss, expected.loss)
    found = [convex.train(X, y, 0.1, loss="huber", threshold=t).fun for t in (threshold, 0.5)]
    assert found[0] == found[1]


@pytest.mark.parametrize("threshold", [0, -1, np.inf, np.nan, "1", True, None, 10**400])
def test_thresholds_that_are_none(threshold):
    with pytest.raises(InputError, match="a finite number above 0"):
        OneHiddenLayer([[0], [1]], [1, 2], loss="huber", threshold=threshold)


@pytest.mark.parametrize("threshold", [1e300, 1e-300])
def test_extreme_thresholds(threshold):
    X, y = [[0], [1], [2], [4]], [1, -3, 1, 5]
    pieces = OneHiddenLayer(X, y, loss="huber", threshold=threshold).landscape().pieces
    if threshold > 1:
        squares = OneHiddenLayer(X, y).landscape().pieces
        assert pieces.loss == pytest.approx(squares.loss)
    else:
        assert pieces.loss.max() <= 2 * threshold * 2.5


@pytest.mark.parametrize("loss", first(1, LOSSES))
def test_limits_kinds_and_copies(loss):
    layer = OneHiddenLayer([[0], [1], [2], [4]], [1, -1, 1, -1], hidden=2, loss=loss)
    landscape = layer.landscape()
    pieces = landscape.pieces
    most = float(np.median(pieces.loss))
    below = layer.landscape(max_loss=most, kinds=["boundary", "isolated"]).pieces
    wanted = (pieces.loss <= most) & np.isin(pieces.kind, ["boundary", "isolated"])
    assert np.array_equal(below.loss, pieces.loss[wanted])
    assert sorted(np.concatenate(landscape.components)) == list(range(len(pieces)))
    copy = pickle.loads(pickle.dumps(landscape))
    assert np.array_equal(copy.pieces.loss, pieces.loss)


@pytest.mark.processes
def test_an_executor_finds_the_same():
    layer = OneHiddenLayer([[0], [1], [2]], [1, -1, 1], hidden=2, loss="logistic")
    with ProcessPoolExecutor(2) as executor:
        found = layer.landscape(executor=executor).pieces
    assert np.array_equal(found.loss, layer.landscape().pieces.loss)


@pytest.mark.slow
@pytest.mark.parametrize("loss", LOSSES[:2])
def test_two_neurons_and_a_leak(loss):
    X, y = [[0], [1], [2], [4]], [1, 0, 2, 6]
    two = OneHiddenLayer(X, y, hidden=2, loss=loss).landscape()
    assert two.pieces.loss[0] < 1e-12
    for piece in two.pieces[:30]:
        assert local_minimum(
            X, y, piece.weights, piece.output_weights, loss=loss, signs=piece.signs
        )
    leaky = OneHiddenLayer(X, y, negative_slope=0.25, loss=loss)
    expected = specification(np.array(X), np.array(y), 1.0, False, loss, negative_slope=0.25)
    assert sorted(states(leaky.landscape().pieces)) == sorted(expected.pieces())


@pytest.mark.parametrize("loss", ["huber", "log_cosh"])
def test_columns_of_cells_are_those_of_the_loss(loss):
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(7, 1)), 5 * rng.normal(size=7)
    landscape = OneHiddenLayer(X, y, loss=loss, threshold=0.5).landscape()
    found = cellwise_minima(X, y, loss=loss, threshold=0.5)
    assert landscape.min_loss == pytest.approx(found.min_fun, abs=1e-7)
    samples, active = np.column_stack([X, X**0]), landscape.cells.signs > 0
    ranks = [np.linalg.matrix_rank(samples[row]) for row in active]
    assert landscape.rank.tolist() == ranks
    outputs = active * (landscape.minimizer @ samples.T)
    losses = Loss(loss, 0.5).values(outputs, y).mean(axis=1)
    assert losses == pytest.approx(landscape.min_loss, abs=1e-9)
