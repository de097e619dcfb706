"""Convex training against the program as printed, gradient descent, and sampled patterns."""

import warnings

import numpy as np
import pytest
from scipy.optimize import lsq_linear, nnls

from arrangement import Arrangement, kernels
from arrangement.errors import InputError, SizeError, SolverError
from arrangement.relu.losses.losses import LOSSES, Loss
from arrangement.relu.training import convex
from arrangement.relu.training.convex_neurons import fewest
from tests.amounts import first
from tests.relu.test_landscape import data_set, with_bias
from tests.relu.test_losses import CLASSED, targets


def regularised_loss(X, y, beta, w, z):
    """½‖f − y‖² + (β/2) Σ(‖w_j‖² + z_j²), from its definition."""
    f = np.maximum(X @ w.T, 0.0) @ z
    return 0.5 * np.sum((f - y) ** 2) + 0.5 * beta * (np.sum(w**2) + np.sum(z**2))


def program(X, y, beta):
    """The optimum of the convex program over all patterns, written out as in the paper."""
    import cvxpy as cp

    f, size, sides = 0, 0, []
    for signs in Arrangement(X).cells().signs:
        v, w = cp.Variable(X.shape[1]), cp.Variable(X.shape[1])
        f = f + (signs[:, None] > 0) * X @ (v - w)
        size = size + cp.norm(v) + cp.norm(w)
        sides += [(signs[:, None] * X) @ v >= 0, (signs[:, None] * X) @ w >= 0]
    problem = cp.Problem(cp.Minimize(0.5 * cp.sum_squares(f - y) + beta * size), sides)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return problem.solve(solver=cp.CLARABEL)


def check(X, y, beta, bias):
    """The certificate of a training run, every part recomputed from its definition."""
    found = convex.train(X, y, beta, bias=bias)
    X, y = with_bias(X, bias), np.asarray(y, dtype=float)
    scale = 0.5 * float(y @ y)
    assert found.complete
    assert found.n_patterns == len(Arrangement(X).cells())
    assert len(found.weights) <= len(X)
    loss = regularised_loss(X, y, beta, found.weights, found.output_weights)
    assert found.fun == pytest.approx(loss, rel=1e-12, abs=1e-14 * scale)
    assert np.linalg.norm(found.weights, axis=1) == pytest.approx(abs(found.output_weights))
    value = 0.5 * (y @ y - np.sum((found.dual - y) ** 2))
    assert found.lower_bound == pytest.approx(value, rel=1e-12, abs=1e-14 * scale)
    assert -1e-12 * scale <= found.gap <= 1e-6 * scale
    assert found.dual_norm <= beta * (1 + 1e-12)
    # Dual feasibility by many directions: none exceeds the bound.
    u = np.random.default_rng(0).normal(size=(2000, X.shape[1]))
    u = np.concatenate([u / np.linalg.norm(u, axis=1)[:, None], unit(found.weights)])
    assert np.abs(np.maximum(u @ X.T, 0.0) @ found.dual).max() <= beta * (1 + 1e-9)
    return found


def unit(rows):
    return rows / np.linalg.norm(rows, axis=1)[:, None]


@pytest.mark.parametrize("seed", first(1, range(12)))
def test_the_optimum_is_that_of_the_program_as_printed(seed):
    X, y, bias = data_set(seed, largest=7)
    critical = convex.critical_beta(X, y, bias)
    for share in (0.7, 0.1, 0.01):
        beta = share * critical or 0.5
        found = check(X, y, beta, bias)
        expected = program(with_bias(X, bias), y, beta)
        assert found.fun == pytest.approx(expected, abs=1e-6 * (0.5 * y @ y or 1.0))


@pytest.mark.slow
@pytest.mark.parametrize("seed", [3, 0])
def test_no_network_found_by_descent_lies_below(seed):
    X, y, bias = data_set(seed, largest=8)
    beta = 0.1 * convex.critical_beta(X, y, bias)
    found = check(X, y, beta, bias)
    X = with_bias(X, bias)
    rng = np.random.default_rng(seed)
    for width in (1, 3, 8, 20):
        least = descend(X, y, beta, width, 50, rng)
        assert least.min() >= found.lower_bound - 1e-12 * found.fun
        if width == 20:
            # Descent comes near: the bound is not vacuous.
            assert least.min() <= found.fun * 1.05


def descend(X, y, beta, width, starts, rng, steps=2500):
    """The regularised losses that gradient descent (Adam) ends with, from many starts."""
    w = rng.normal(size=(starts, width, X.shape[1]))
    z = rng.normal(size=(starts, width)) / width
    theta, first, second = (w, z), [0.0, 0.0], [0.0, 0.0]
    for step in range(1, steps + 1):
        w, z = theta
        outputs = np.maximum(w @ X.T, 0.0)
        r = np.einsum("sk,skn->sn", z, outputs) - y
        pulled = r[:, None, :] * (outputs > 0)
        slopes = z[:, :, None] * (pulled @ X) + beta * w, outputs @ r[:, :, None]
        slopes = slopes[0], slopes[1][:, :, 0] + beta * z
        rate = 0.02 * 0.5 * (1 + np.cos(np.pi * step / steps))
        moved = []
        for i in range(2):
            first[i] = 0.9 * first[i] + 0.1 * slopes[i]
            second[i] = 0.99 * second[i] + 0.01 * slopes[i] ** 2
            mean, square = (
                first[i] / (1 - 0.9 ** (step + 1)),
                second[i] / (1 - 0.99 ** (step + 1)),
            )
            moved.append(theta[i] - rate * mean / (np.sqrt(square) + 1e-12))
        theta = tuple(moved)
    return np.array([regularised_loss(X, y, beta, w, z) for w, z in zip(*theta, strict=True)])


@pytest.mark.parametrize("share", first(1, [0.1, 0.03]))
def test_complete_patterns_are_never_worse_than_sampled_ones(share):
    rng = np.random.default_rng(5)
    X, y = rng.normal(size=(10, 2)), rng.normal(size=10)
    beta = share * convex.critical_beta(X, y)
    best = check(X, y, beta, 1.0)
    few = [convex.train(X, y, beta, patterns=20, rng=k) for k in range(5)]
    many = [convex.train(X, y, beta, patterns=200, rng=k) for k in range(5)]
    assert all(run.fun > best.fun * (1 + 1e-3) for run in few)
    assert all(run.fun >= best.lower_bound * (1 - 1e-9) for run in many)
    assert not any(run.complete for run in few + many)
    assert all(run.n_patterns <= 20 for run in few)
    assert np.mean([run.fun for run in many]) < np.mean([run.fun for run in few])
    # Each is optimal for its own patterns, and its dual is not feasible for all of them.
    for run in few:
        assert run.gap <= 1e-8 * run.fun
        assert run.lower_bound > best.fun
        assert convex.critical_beta(X, run.dual) > beta * (1 + 1e-3)


def distance_to_cone(A, b):
    """The least |Ax − b| with x ≥ 0, by scipy."""
    try:
        return nnls(A, b)[1]
    except (RuntimeError, np.linalg.LinAlgError):
        # Before scipy 1.15 it solves normal equations, and does not always come to an end.
        return np.linalg.norm(lsq_linear(A, b, (0, np.inf), method="bvls", tol=1e-14).fun)


@pytest.mark.parametrize("seed", first(4, range(12)))
def test_projections_to_all_cones_against_scipy(seed):
    X, _, bias = data_set(seed)
    X = with_bias(X, bias)
    cells = Arrangement(X).cells()
    first = cells.arrangement.coincidence[0]
    distinct, place = np.unique(first, return_inverse=True)
    nu = np.random.default_rng(seed).normal(size=len(X))
    kinks = np.bincount(place, np.linalg.norm(X, axis=1) * nu)
    bound, points, rises = kernels.cone_supports(
        cells.packed, nu[:, None] * X, distinct, unit(X[distinct]), kinks, 0.0
    )
    for k, signs in enumerate(cells.signs):
        inward = signs[:, None] * unit(X)
        for column, s in enumerate((1, -1)):
            g = s * (signs > 0) @ (nu[:, None] * X)
            value = distance_to_cone(inward.T, -g)
            assert bound[k, column] == pytest.approx(value, abs=1e-12)
            u = points[k, column]
            assert np.linalg.norm(u) == pytest.approx(value, abs=1e-12)
            assert np.min(inward @ u) >= -1e-12
            assert g @ u == pytest.approx(value**2, abs=1e-12)
    # What rises beyond a side is no maximum: some cell next to it reaches higher.
    for a, column in np.argwhere(rises & (bound > 1e-9)).tolist():
        beside = cells[a].neighbors
        assert bound[beside, column].max() > bound[a, column]


@pytest.mark.slow
def test_critical_beta_is_where_the_zero_network_ceases_to_be_optimal():
    for seed in range(10):
        X, y, bias = data_set(seed)
        critical = convex.critical_beta(X, y, bias)
        above = convex.train(X, y, critical * 1.001 or 1.0, bias=bias)
        assert above.weights.shape == (0, with_bias(X, bias).shape[1])
        assert above.fun == pytest.approx(0.5 * y @ y)
        assert above.gap == pytest.approx(0, abs=1e-12 * (y @ y))
        u = np.random.default_rng(seed).normal(size=(5000, with_bias(X, bias).shape[1]))
        reached = np.abs(np.maximum(unit(u) @ with_bias(X, bias).T, 0.0) @ y).max()
        assert 0.5 * critical <= reached <= critical * (1 + 1e-12)
        if critical:
            below = convex.train(X, y, critical * 0.999, bias=bias)
            assert len(below.weights)
            assert below.fun < 0.5 * y @ y


def test_one_sample_by_hand():
    # f = z·max(0, 2w): with v = z w, ½(2v − 3)² + β|v| is least at 4v = 6 − β.
    found = convex.train([[2.0]], [3.0], beta=2.0, bias=None)
    assert found.outputs == pytest.approx([2.0])
    assert found.fun == pytest.approx(0.5 + 2.0)
    assert found.weights == pytest.approx(np.ones((1, 1)))
    assert found.output_weights == pytest.approx([1.0])
    assert found.dual == pytest.approx([1.0])
    assert found.dual_norm == pytest.approx(2.0)


def test_opposite_samples_share_a_hyperplane_but_no_pattern():
    # Only on x·u = 0 would both be "active"; the cells (+, −) and (−, +) are all there is.
    found = convex.train([[1.0], [-1.0]], [3.0, 1.0], beta=0.5, bias=None)
    assert found.n_patterns == 2
    assert found.outputs == pytest.approx([2.5, 0.5])
    assert found.fun == pytest.approx(2 * 0.125 + 0.5 * 3.0)


def test_units_of_samples_and_targets():
    rng = np.random.default_rng(2)
    X, y = rng.normal(size=(9, 2)), rng.normal(size=9)
    base = convex.train(X, y, 0.05, bias=1.0)
    scaled = convex.train(1e6 * X, 1e-5 * y, 0.05 * 1e6 * 1e-5, bias=1e6)
    assert scaled.fun == pytest.approx(1e-10 * base.fun, rel=1e-7)
    assert scaled.outputs == pytest.approx(1e-5 * base.outputs, rel=1e-4, abs=1e-10)


def test_copies_of_a_sample_weigh_as_one_heavier_sample():
    X, y = [[0.0], [0.0], [1.0], [3.0]], [1.0, 1.0, -2.0, 0.5]
    found = check(X, y, 0.1, 1.0)
    root = 2**0.5
    merged = convex.train(
        [[0.0, root], [1.0, 1.0], [3.0, 1.0]], [root, -2, 0.5], 0.1, bias=None
    )
    assert found.fun == pytest.approx(merged.fun, rel=1e-8)
    assert found.n_patterns == merged.n_patterns


def test_the_optimum_rises_with_beta_and_predictions_are_the_outputs():
    rng = np.random.default_rng(3)
    X, y = rng.normal(size=(12, 2)), rng.normal(size=12)
    runs = [convex.train(X, y, beta) for beta in ("1/100", 0.1, 1)]
    assert [run.fun for run in runs] == sorted(run.fun for run in runs)
    for run in runs:
        assert run.predict(X) == pytest.approx(run.outputs)
    with pytest.raises(InputError, match="shape"):
        runs[0].predict(X[:, :1])


def test_progress_and_reproducible_sampling():
    rng = np.random.default_rng(4)
    X, y = rng.normal(size=(12, 2)), rng.normal(size=12)
    seen = []
    convex.train(X, y, 0.01, progress=lambda done, total: seen.append((done, total)))
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)
    assert seen[-1][0] >= (1 - 1e-6) * seen[-1][1]
    runs = [convex.train(X, y, 0.01, patterns=30, rng=7).fun for _ in range(2)]
    assert runs[0] == runs[1] != convex.train(X, y, 0.01, patterns=30, rng=8).fun


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"beta": 0}, "beta=0"),
        ({"beta": -1.0}, "beta=-1.0"),
        ({"beta": float("nan")}, "beta=nan"),
        ({"beta": "much"}, "beta='much'"),
        ({"beta": True}, "beta=True"),
        ({"patterns": "some"}, "patterns='some'"),
        ({"patterns": 0}, "patterns=0"),
        ({"patterns": 2.5}, "patterns=2.5"),
        ({"patterns": True}, "patterns=True"),
        ({"y": [1.0]}, "y has 1 entries"),
        ({"bias": 0}, "bias=0"),
        ({"X": [[np.inf], [1.0]]}, "X|samples"),
    ],
)
def test_bad_input_is_one_clear_error(change, message):
    given = {"X": [[0.0], [1.0]], "y": [1.0, 2.0], "beta": 0.1} | change
    with pytest.raises(InputError, match=message):
        convex.train(**given)


def test_too_many_patterns_are_refused_up_front():
    X = np.random.default_rng(0).normal(size=(400, 5))
    with pytest.raises(SizeError, match=r"have 166,458,374,560 patterns .*patterns=1000"):
        convex.train(X, np.ones(400), 0.1)


def loss_program(X, y, beta, loss, weights, C):
    """The optimum over all patterns with a vector for each output, by cvxpy."""
    import cvxpy as cp

    f, size, sides = np.zeros((len(X), C)), 0, []
    for signs in Arrangement(X).cells().signs:
        V, W = cp.Variable((X.shape[1], C)), cp.Variable((X.shape[1], C))
        f = f + (signs[:, None] > 0) * X @ (V - W)
        size = size + cp.sum(cp.norm(V, axis=0)) + cp.sum(cp.norm(W, axis=0))
        sides += [(signs[:, None] * X) @ V >= 0, (signs[:, None] * X) @ W >= 0]
    f = f if loss.of_classes else f[:, 0]
    # A weight of k is k copies.
    rows = np.repeat(np.arange(len(X)), weights)
    cost = len(rows) * loss.expression(f[rows], y[rows])
    problem = cp.Problem(cp.Minimize(cost + beta * size), sides)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return problem.solve(solver=cp.CLARABEL)


@pytest.mark.parametrize("seed", first(1, range(6)))
@pytest.mark.parametrize("name", first(4, [name for name in LOSSES if name != "squared"]))
def test_other_losses_and_weights_are_those_of_the_program_written_out(seed, name):
    rng = np.random.default_rng([LOSSES.index(name), seed])
    n = int(rng.integers(3, 6))
    X = rng.integers(-2, 3, (n, 1)).astype(float)
    y = targets(name, n, rng).astype(float)
    weights = rng.integers(0, 3, n)
    weights[0] = 2
    loss, C = Loss(name), 3 if name in CLASSED else 1
    beta = 10 ** rng.uniform(-1.5, 0)
    options = {"loss": name, "sample_weight": weights, "classes": 3 if C > 1 else None}
    found = convex.train(X, y, beta, **options)
    expected = loss_program(with_bias(X, 1.0), y, beta, loss, weights, C)
    scale = weights @ loss.values(np.zeros((n, 3) if C > 1 else n), y)
    assert found.fun == pytest.approx(expected, abs=2e-6 * scale)
    assert found.lower_bound <= found.fun + 1e-12 <= found.lower_bound + 1e-6 * scale
    # The network, and the dual point by many directions.
    f = np.maximum(with_bias(X, 1.0) @ found.weights.T, 0.0) @ found.output_weights
    assert f == pytest.approx(found.outputs)
    assert found.predict(X) == pytest.approx(f)
    w, z = found.weights, found.output_weights.reshape(len(found.weights), C)
    decay = np.sum(w**2) + np.sum(np.abs(z).sum(axis=1) ** 2)
    value = weights @ loss.values(f, y) + beta / 2 * decay
    assert found.fun == pytest.approx(value, rel=1e-12)
    u = unit(rng.normal(size=(2000, 2)))
    reached = np.maximum(u @ with_bias(X, 1.0).T, 0.0) @ found.dual
    assert np.abs(reached).max() <= beta * (1 + 1e-9)
    assert np.all(found.dual[weights == 0] == 0)


def test_two_classes_of_softmax_are_the_logistic_loss():
    # ‖z‖₁ of (t, −t) is 2|t|, and the margin is 2t: the decay is the same.
    rng = np.random.default_rng(4)
    X, y = rng.normal(size=(7, 1)), rng.integers(0, 2, 7)
    one = convex.train(X, 2 * y - 1, 0.2, loss="logistic")
    two = convex.train(X, y, 0.2, loss="softmax")
    assert two.fun == pytest.approx(one.fun, abs=1e-8)
    assert two.outputs[:, 1] - two.outputs[:, 0] == pytest.approx(one.outputs, abs=1e-4)


def test_several_outputs_are_trained_to_their_own_optima():
    rng = np.random.default_rng(5)
    X, Y, weights = rng.normal(size=(7, 1)), rng.normal(size=(7, 2)), rng.uniform(1, 2, 7)
    both = convex.train(X, Y, 0.1, sample_weight=weights)
    parts = [convex.train(X, y, 0.1, sample_weight=weights) for y in Y.T]
    assert both.fun == pytest.approx(sum(part.fun for part in parts))
    assert both.predict(X) == pytest.approx(np.column_stack([p.predict(X) for p in parts]))
    assert both.outputs == pytest.approx(both.predict(X))
    assert both.network.forward(X) == pytest.approx(both.outputs)
    assert both.gap <= 1e-6 * np.sum(Y**2)
    # No network that shares neurons is better, whatever its widths.
    XB, K = with_bias(X, 1.0), 6
    for _ in range(200):
        w, z = rng.normal(size=(K, 2)), rng.normal(size=(K, 2))
        error = weights[:, None] * (np.maximum(XB @ w.T, 0.0) @ z - Y) ** 2
        decay = np.sum(w**2) + np.sum(np.abs(z).sum(axis=1) ** 2)
        assert 0.5 * error.sum() + 0.05 * decay > both.lower_bound


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"sample_weight": [1.0]}, "sample_weight has 1 entries"),
        ({"sample_weight": [1.0, -1.0]}, "sample_weight, entry 1: -1 is below 0"),
        ({"sample_weight": [1.0, 1e200]}, "sample_weight, entry 1: its absolute value"),
        ({"sample_weight": [5e-324, 1.0]}, "sample_weight, entry 0: its absolute value"),
        ({"sample_weight": [0.0, 0.0]}, "sample_weight: every weight is zero"),
        (
            {"loss": "softmax", "y": [[1, 2], [0, 1]]},
            "several outputs are for the squared loss",
        ),
        ({"loss": "logistic"}, "y, entry 0: 0"),
        ({"y": [[1.0, 2.0]]}, "but X has 2 samples"),
        ({"y": [[], []]}, "one column an output"),
        ({"y": [[1.0, 2.0], [1.0]]}, "y"),
    ],
)
def test_bad_losses_and_weights_are_one_clear_error(change, message):
    given = {"X": [[0.0], [1.0]], "y": [0.0, 1.0], "beta": 1.0} | change
    with pytest.raises(InputError, match=message):
        convex.train(**given)


@pytest.mark.parametrize("seed", first(2, range(80)))
def test_the_gap_is_small_beside_the_loss_whatever_samples_weigh(seed):
    rng = np.random.default_rng(seed)
    X, y = rng.normal(size=(int(rng.integers(3, 9)), 1)), rng.normal(size=9)
    y, weights = y[: len(X)], np.ones(len(X))
    heavy = (1e3, 1e6, 1e12, 1e50)[seed % 4]
    weights[0] = heavy
    try:
        found = convex.train(X, y, 1e-3, sample_weight=weights)
    except SolverError:
        found = None
    if found is None:
        assert heavy > 1e6
        return
    assert 0 <= found.gap + 1e-12 <= 1e-2 * found.fun
    # Without a sample the least loss is no larger.
    alone = convex.train(X[1:], y[1:], 1e-3)
    assert found.fun >= alone.lower_bound - 1e-12


@pytest.mark.parametrize("d", [1, 2, 3, 4])
def test_rows_around_a_drawn_vector_are_the_facets_of_its_cell(d):
    rng = np.random.default_rng(d)
    left_out = 0
    for n in (1, 2, 5, 12, 12, 12):
        X = rng.integers(-3, 4, (n, d)).astype(float)
        X = X[X.any(axis=1)]
        X[:, d - 1] = X[:, 0] if n == 5 else X[:, d - 1]  # of lower rank
        X = X[X.any(axis=1)]
        if not len(X):
            continue
        arrangement = Arrangement.from_samples(X)
        cells, same = arrangement.cells(), arrangement.coincidence[0]
        for u in rng.normal(size=(20, d)) * 10.0 ** rng.integers(-9, 9, (20, 1)):
            found = convex.facets_around(X, u)
            cell = cells[cells.locate(u)]
            assert {same[i] for i in found} >= {same[i] for i in cell.facets()}
            assert len(found) == len(set(found))
            left_out += len(X) - len(found)
            if np.abs(X @ u).min() > 1e-3 * np.linalg.norm(X, axis=1).max() * np.linalg.norm(u):
                assert {same[i] for i in found} == {same[i] for i in cell.facets()}
    assert left_out > 100


def test_fewest_neurons_have_the_same_outputs_and_no_more_length():
    rng = np.random.default_rng(0)
    for n, d, m in ((1, 1, 4), (3, 2, 9), (5, 3, 5), (6, 2, 40), (4, 2, 0)):
        X, V = rng.integers(-2, 3, (n, d)) + 0.0, rng.integers(-2, 3, (m, d)) + 0.0
        V, s = V[V.any(axis=1)], rng.choice([-1, 1], m).astype(np.int8)[: V.any(axis=1).sum()]
        v, t = fewest(X, V, s)
        outputs = np.maximum(X @ v.T, 0) @ t
        assert outputs == pytest.approx(np.maximum(X @ V.T, 0) @ s, abs=1e-9)
        size, before = (np.linalg.norm(some, axis=1).sum() for some in (v, V))
        assert size <= before * (1 + 1e-12)
        columns = np.maximum(X @ v.T, 0)
        assert len(v) == np.linalg.matrix_rank(columns) if len(v) else not outputs.any()
