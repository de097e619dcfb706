"""Global training against brute force over all tuples of cells, the landscape, and descent."""

import subprocess
import sys
import time
from fractions import Fraction
from itertools import combinations, combinations_with_replacement, product

import numpy as np
import pytest

from arrangement import exact, kernels
from arrangement.errors import InputError, SizeError
from arrangement.kernels.landscape.cone_fit import (
    Cones,
    certified,
    cone_fit,
    least_curvature,
    workspace,
)
from arrangement.kernels.landscape.matrix_ranks import _rank_bound
from arrangement.relu import OneHiddenLayer
from arrangement.relu.training import global_search
from arrangement.relu.weight_space import Samples
from tests import descent
from tests.amounts import first
from tests.relu.test_convex import distance_to_cone
from tests.relu.test_landscape import data_set, with_bias


def rays(X, signs):
    """Generators of the closed cone {w : signs_i x_i·w ≥ 0}, X of full column rank."""
    d = X.shape[1]
    lines = []
    for rows in combinations(range(len(X)), d - 1):
        _, S, Vt = np.linalg.svd(X[list(rows)].reshape(-1, d), full_matrices=True)
        if np.sum(S > 1e-9) == d - 1:
            lines += [Vt[-1], -Vt[-1]]
    lines = np.array(lines)
    return lines[np.all(signs * (lines @ X.T) >= -1e-9, axis=1)]


def brute_force(X, y, K, bias, slope=0.0, output_bias=False):
    """The least loss by non-negative least squares on the rays of every tuple of cells."""
    X = with_bias(X, bias)
    # Columns that span the others are enough, and keep copies of a sample equal.
    kept = []
    for k in range(X.shape[1]):
        if np.linalg.matrix_rank(X[:, [*kept, k]]) > len(kept):
            kept.append(k)
    X = X[:, kept]
    cells = OneHiddenLayer(X, y, bias=None).arrangement.cells().signs
    columns = []
    for signs in cells:
        outputs = X @ rays(X, signs).T
        outputs[np.abs(outputs) < 1e-12] = 0.0  # else weights of 1e15 would use the rounding
        columns.append(np.where(outputs > 0, outputs, slope * outputs))
    free = np.array([[1.0, -1.0]] * len(y)) if output_bias else np.zeros((len(y), 0))
    best = np.mean(y**2)
    for chosen in combinations_with_replacement(range(len(cells)), K):
        for s in product([1, -1], repeat=K):
            A = np.hstack([free, *(t * columns[j] for t, j in zip(s, chosen, strict=True))])
            best = min(best, distance_to_cone(A, y) ** 2 / len(y))
    return best


def exact_loss(result, problem):
    """The loss of the returned weights, from its definition."""
    total = Fraction(0)
    for x, y in zip(problem.arrangement.normals, problem.targets, strict=True):
        f = -Fraction(float(y)) + Fraction(result.output_bias)
        for w, z in zip(result.weights, result.output_weights, strict=True):
            t = sum(Fraction(a) * Fraction(b) for a, b in zip(x, w, strict=True))
            f += Fraction(z) * max(t, Fraction(result.negative_slope) * t)
        total += f * f
    return total / len(problem.targets)


def check(result, problem):
    """What every result promises."""
    scale = np.mean(problem.targets**2)
    loss = exact_loss(result, problem)
    assert (
        loss <= Fraction(result.fun) <= loss + Fraction(1e-15 * float(loss)) + Fraction(1e-300)
    )
    assert 0 <= result.lower_bound <= result.fun
    if result.status == "optimal":
        assert result.gap <= 2e-8 * scale
    assert result.certificate.signs.shape == (problem.hidden, problem.n_samples)


def gaussian(N, d, seed):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(N, d - 1)), rng.normal(size=N)


# --- the optimum --------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["screen", "branch"])
@pytest.mark.parametrize("seed", first(3, range(15)))
def test_two_neurons_equal_brute_force(seed, method):
    X, y, bias = data_set(seed, largest=5)
    problem = OneHiddenLayer(X, y, hidden=2, bias=bias)
    result = problem.fit_global(method=method)
    check(result, problem)
    assert result.status == "optimal"
    assert result.fun == pytest.approx(brute_force(X, y, 2, bias), rel=1e-6, abs=1e-6)


def test_three_neurons_equal_brute_force():
    rng = np.random.default_rng(0)
    X, y = np.arange(1.0, 6.0)[:, None], rng.integers(-5, 6, 5).astype(float)
    problem = OneHiddenLayer(X, y, hidden=3, bias=None)
    assert problem.fit_global().fun == pytest.approx(brute_force(X, y, 3, None), abs=1e-6)
    X, y = rng.normal(size=(6, 1)), rng.normal(size=6)
    problem = OneHiddenLayer(X, y, hidden=3, bias=None)
    assert problem.fit_global().fun == pytest.approx(brute_force(X, y, 3, None), abs=1e-6)
    X, y = np.array([[0.0], [1.0], [2.0], [3.0], [4.0]]), np.array([1.0, -2, 1, -1, 2])
    one, two, three = (OneHiddenLayer(X, y, hidden=k).fit_global().fun for k in (1, 2, 3))
    assert one > two + 0.01
    assert two > three + 0.01
    assert two == pytest.approx(brute_force(X, y, 2, 1.0), abs=1e-9)


@pytest.mark.parametrize("seed", first(2, range(40)))
def test_one_neuron_equals_the_landscape(seed):
    X, y, bias = data_set(seed)
    problem = OneHiddenLayer(X, y, bias=bias)
    lowest = problem.landscape().global_minimum.loss
    for method in ("screen", "branch"):
        result = problem.fit_global(method=method)
        check(result, problem)
        assert result.status == "optimal"
        assert result.fun == pytest.approx(lowest, rel=1e-6, abs=1e-6 * np.mean(y**2) + 1e-30)


@pytest.mark.parametrize("K", [1, 2, 3])
@pytest.mark.parametrize(("slope", "output_bias"), [(0.0, True), (0.25, False), (-0.5, True)])
def test_output_bias_and_leaky_activation(K, slope, output_bias):
    X, y = gaussian(4 if K == 3 else 5, 2, K)
    X = X - 0.3
    form = {"bias": None, "output_bias": output_bias, "negative_slope": slope}
    result = OneHiddenLayer(X, y, hidden=K, **form).fit_global()
    expected = brute_force(X, y, K, None, slope, output_bias)
    assert result.fun == pytest.approx(expected, abs=1e-6)
    assert result.lower_bound <= expected + 1e-12
    assert np.mean((result.predict(X) - y) ** 2) == pytest.approx(result.fun, abs=1e-12)


def multistart(X, y, K, rng, starts=200, steps=3000):
    """Losses of many runs of Adam on K neurons."""
    w = rng.normal(size=(starts, K, X.shape[1]))
    z = rng.normal(size=(starts, K))
    moments = [np.zeros_like(w), np.zeros_like(w), np.zeros_like(z), np.zeros_like(z)]
    for step in range(1, steps + 1):
        h = np.maximum(w @ X.T, 0.0)
        r = np.einsum("sk,skn->sn", z, h) - y
        dz = 2 / len(y) * np.einsum("sn,skn->sk", r, h)
        dw = 2 / len(y) * np.einsum("sn,skn,nd->skd", r, z[:, :, None] * (h > 0), X)
        rate = 0.03 * (1 - step / steps) + 1e-5
        for k, (value, slope) in enumerate(((w, dw), (z, dz))):
            moments[2 * k] = 0.9 * moments[2 * k] + 0.1 * slope
            moments[2 * k + 1] = 0.999 * moments[2 * k + 1] + 0.001 * slope**2
            first = moments[2 * k] / (1 - 0.9**step)
            value -= rate * first / (np.sqrt(moments[2 * k + 1] / (1 - 0.999**step)) + 1e-12)
    return np.mean((np.einsum("sk,skn->sn", z, np.maximum(w @ X.T, 0.0)) - y) ** 2, axis=1)


@pytest.mark.slow
@pytest.mark.parametrize(("N", "K"), [(9, 2), pytest.param(8, 3, marks=pytest.mark.slow)])
def test_descent_never_gets_below(N, K):
    X, y = gaussian(N, 3, N)
    result = OneHiddenLayer(X, y, hidden=K).fit_global()
    losses = multistart(with_bias(X, 1.0), y, K, np.random.default_rng(1))
    assert losses.min() >= result.lower_bound
    assert losses.min() == pytest.approx(result.fun, abs=2e-2)  # and it comes close


@pytest.mark.parametrize("seed", first(1, [2, 5, 12]))
def test_descent_of_one_neuron_ends_on_the_optimum(seed):
    X, y, bias = data_set(seed)
    found, _ = descent.ends(with_bias(X, bias), y, 1, 15, np.random.default_rng(seed))
    result = OneHiddenLayer(X, y, bias=bias).fit_global()
    lowest = min(end.loss for end in found)
    assert lowest >= result.lower_bound - 1e-12
    assert lowest == pytest.approx(result.fun, abs=1e-6 * max(1, np.mean(y**2)))


@pytest.mark.parametrize("seed", first(1, range(3)))
def test_screen_and_branch_agree(seed):
    X, y = gaussian(14, 3, seed)
    problem = OneHiddenLayer(X, y, hidden=2)
    screen, branch = (problem.fit_global(method=m) for m in ("screen", "branch"))
    check(screen, problem)
    check(branch, problem)
    assert screen.fun == pytest.approx(branch.fun, abs=1e-6)
    assert screen.certificate.n_tuples == branch.certificate.n_tuples
    assert (screen.certificate.method, branch.certificate.method) == ("screen", "branch")


@pytest.mark.slow
def test_thirty_samples():
    X, y = gaussian(30, 3, 2)
    problem = OneHiddenLayer(X, y, hidden=2)
    screen, branch = (problem.fit_global(method=m) for m in ("screen", "branch"))
    assert screen.fun == pytest.approx(branch.fun, abs=1e-6)
    assert (screen.status, branch.status) == ("optimal", "optimal")


def test_symmetries():
    X, y = gaussian(10, 3, 4)
    best = OneHiddenLayer(X, y, hidden=2).fit_global().fun
    order = np.random.default_rng(0).permutation(10)
    for other, share in (
        (OneHiddenLayer(X[order], y[order], hidden=2), 1.0),
        (OneHiddenLayer(X, -1e60 * y, hidden=2), 1e120),
        (OneHiddenLayer(X * [1e5, 1e-5] + [3, -2], y, hidden=2), 1.0),
        (OneHiddenLayer(X, y, hidden=2, bias=1e-3), 1.0),
        (OneHiddenLayer(np.tile(X, (2, 1)), np.tile(y, 2), hidden=2), 1.0),
    ):
        result = other.fit_global()
        assert result.fun == pytest.approx(share * best, rel=1e-5)
        assert result.status == "optimal"


# --- degenerate data ----------------------------------------------------------------------


def test_targets_of_zero():
    problem = OneHiddenLayer([[0.0], [1.0]], [0.0, 0.0], hidden=3)
    result = problem.fit_global()
    check(result, problem)
    assert (result.fun, result.lower_bound, result.status) == (0, 0, "optimal")


@pytest.mark.parametrize("K", [1, 2, 4])
def test_perfect_fits(K):
    rng = np.random.default_rng(K)
    X = rng.normal(size=(3 * K, 3))  # fewer samples than weights, or a teacher
    w, z = rng.normal(size=(K, 4)), rng.choice([-1.0, 1.0], K)
    y = np.maximum(with_bias(X, 1.0) @ w.T, 0) @ z
    problem = OneHiddenLayer(X, y, hidden=K)
    result = problem.fit_global()
    check(result, problem)
    assert result.fun <= 1e-6 * np.mean(y**2)
    assert result.status == "optimal"


def test_fewer_samples_than_dimensions():
    problem = OneHiddenLayer([[1, 2, 3, 4], [2, 1, 0, 1]], [1, 2], hidden=2)
    result = problem.fit_global()
    assert result.fun == pytest.approx(0, abs=1e-12)


def test_contradicting_and_collinear_samples():
    # Two values for one sample: no function does better than their mean.
    problem = OneHiddenLayer([[1.0], [1.0], [2.0], [2.0]], [0, 2, 5, 5], hidden=2)
    assert problem.fit_global().fun == pytest.approx(0.5, abs=1e-6)
    problem = OneHiddenLayer([[1, 1], [2, 2], [-3, -3]], [1, 2, 1], hidden=2, bias=None)
    assert problem.fit_global().fun == pytest.approx(0, abs=1e-12)


def test_one_sample():
    for K in (1, 3):
        result = OneHiddenLayer([[2.0]], [-3.0], hidden=K).fit_global()
        assert result.fun == pytest.approx(0, abs=1e-12)
        assert result.predict([[2.0]]) == pytest.approx([-3.0])


# --- the bound ----------------------------------------------------------------------------


def node(rng, N=8, r=2, K=2):
    """A node's problem: decided samples, sides and the pattern's normal equations."""
    X = np.linalg.qr(rng.normal(size=(N, r)))[0]
    y = rng.normal(size=N)
    y /= np.linalg.norm(y)
    s = rng.choice([-1, 1], K)
    m = int(rng.integers(1, N + 1))
    w = rng.normal(size=(K, r))
    signs = np.where(w @ X.T > 0, 1, -1).astype(np.int8)
    A = np.hstack([np.where(signs[j, :m, None] > 0, X[:m], 0.0) for j in range(K)])
    cones = [rays(X[:m], signs[j, :m]) if m >= r else None for j in range(K)]
    return X, y, s, m, signs, A, cones


def cones_of(X, unit, y, limits):
    """Two neurons; the samples as they are count as exact."""
    problem = OneHiddenLayer(X, y, hidden=2, bias=None)
    samples = Samples.of(problem.arrangement, problem.targets)
    exactly = global_search.exact_data(samples, 2, 0.0, False)
    return Cones(unit, exactly, limits)


def test_the_bound_is_the_value_of_the_quadratic_program():
    rng = np.random.default_rng(0)
    seen = 0
    for _ in range(200):
        X, y, s, m, signs, A, cones = node(rng)
        if m < 2:
            continue
        unit = X / np.linalg.norm(X, axis=1)[:, None]
        G = np.hstack([s[j] * A[:, 2 * j : 2 * j + 2] @ cones[j].T for j in range(2)])
        G[np.abs(G) < 1e-12] = 0.0
        expected = distance_to_cone(G, y[:m]) ** 2
        turn = (s[:, None] * signs).astype(np.int8)
        work = workspace(4)
        normal = A.T @ A, A.T @ y[:m], y[:m] @ y[:m]
        given = cones_of(X, unit, y, np.array([2e-15, 2e-15]))
        bound = cone_fit(given, *normal, np.arange(8), m, signs, m, turn, 0.0, np.inf, work)
        assert bound <= expected + 1e-14
        assert bound == pytest.approx(expected, abs=1e-8)
        # The point of the solver has the sides of the node and that value.
        u = work[1][0]
        assert np.all(turn[:, :m] * (u.reshape(2, 2) @ unit[:m].T) >= -1e-5)
        assert np.sum((A @ u - y[:m]) ** 2) == pytest.approx(expected, abs=1e-7)
        seen += expected > 1e-3
    assert seen > 50


def test_ranks_are_bounded_by_patterns_and_lines():
    # Against exact ranks: never below them, and mostly equal in general position.
    rng = np.random.default_rng(2)
    equal = 0
    for trial in range(600):
        K, N, r, slope = (int(v) for v in rng.integers([1, 1, 1, 0], [5, 13, 4, 2]))
        X = rng.integers(-(10**6), 10**6, (N, r)) if trial % 2 else rng.integers(1, 3, (N, r))
        X[N // 2] = -X[0]
        lines = np.arange(N)
        for i in range(N):
            lines[i] = next(k for k in range(N) if exact.rank(X[[i, k]]) == 1)
        active = np.where(rng.random((K, N)) < rng.random((K, 1)), 1, -1).astype(np.int8)
        if trial % 3 == 0:
            active[-1] = active[0]
        p = int(rng.integers(0, 2 * K))
        basis = np.column_stack([rng.integers(0, K, p), rng.integers(0, N, p)])
        steep = np.where(active > 0, 7, 3 * slope)
        A = (steep.T[:, :, None] * X[:, None]).reshape(N, -1)
        G = np.zeros((p, K, r), dtype=np.int64)
        for row, (j, i) in zip(G, basis, strict=True):
            row[j] = X[i]
        rank = exact.rank(np.concatenate([A, G.reshape(p, K * r)]))
        bound = _rank_bound(np.arange(N), N, active, r, basis, p, slope, lines)
        assert bound >= rank
        equal += bool(trial % 2) and bound == rank
    assert equal > 250


@pytest.mark.parametrize("count", first(1, [60, 300]))
def test_no_dual_point_gives_a_wrong_bound(count):
    # Whatever u and multipliers: feasible points of any length are never below the bound.
    rng = np.random.default_rng(1)
    certain = 0
    for _ in range(count):
        X, y, s, m, signs, A, cones = node(rng)
        if m < 2:
            continue
        unit = X / np.linalg.norm(X, axis=1)[:, None]
        turn = (s[:, None] * signs).astype(np.int8)
        normal = A.T @ A, A.T @ y[:m], y[:m] @ y[:m]
        given = cones_of(X, unit, y, np.array([1e-15, 1e-15]))
        work = workspace(4)
        tables = np.arange(8), m, signs
        cone_fit(given, *normal, *tables, m, turn, 0.0, np.inf, work)
        p = int((work[1][3] > 0).sum())
        curvature = least_curvature(normal[0], given.limits, work)
        for size, known in product((0.0, 1e-14, 1e-9, 1e-4), {0.0, curvature}):
            u = work[1][0] + size * rng.normal(size=4)
            lam = np.abs(work[1][3] * (1 + size * rng.normal(size=4)))
            bound = certified(given, *normal, *tables, turn, known, u, lam, p, work)
            certain += bound > 0
            for _ in range(20):
                R = np.concatenate(
                    [s[j] * (rng.random(len(cones[j])) @ cones[j]) for j in range(2)]
                )
                R *= 10.0 ** rng.uniform(-3, 6)
                assert np.sum((A @ R - y[:m]) ** 2) >= bound - 1e-14
    assert certain > count


def test_an_exact_fit_is_the_value_of_the_tuple():
    X, y = gaussian(7, 3, 0)
    problem = OneHiddenLayer(X, y, hidden=2)
    samples = Samples.of(problem.arrangement, problem.targets, True)
    fit = global_search.ExactFit(samples, 0.0, False)
    search = global_search.GlobalSearch(samples, 2, False, 0.0, None, 1e-8)
    cells = problem.arrangement.cells().signs
    X = with_bias(X, 1.0)
    rng = np.random.default_rng(0)
    for _ in range(60):
        signs, s = cells[rng.integers(0, len(cells), 2)], rng.choice([-1.0, 1.0], 2)
        A = [s[j] * np.maximum(X @ rays(X, signs[j]).T, 0) for j in range(2)]
        A = np.where(np.abs(np.hstack(A)) < 1e-12, 0, np.hstack(A))
        value, vectors, offset = fit(signs > 0, s)
        assert float(value) == pytest.approx(distance_to_cone(A, y) ** 2, abs=1e-9)
        # The network is on the closed cells, and has exactly that loss.
        exactly = [[Fraction(v) for v in row] for row in X.tolist()]
        inner = np.array([[sum(map(Fraction.__mul__, x, w)) for x in exactly] for w in vectors])
        assert np.all(signs * inner >= 0)
        f = [
            sum(int(t) * max(v, 0) for t, v in zip(s, column, strict=True))
            for column in inner.T
        ]
        assert sum((a - Fraction(t)) ** 2 for a, t in zip(f, y.tolist(), strict=True)) == value
        assert offset == 0
        guessed = fit(signs > 0, s, search.binding(signs > 0, s))
        assert guessed.value == value


HOSTILE = ["scale", "far", "close", "grid", "units", "repeated"]


def hostile(sort, seed, largest):
    """Samples that differ by many orders of magnitude, or hardly at all."""
    rng = np.random.default_rng([seed, HOSTILE.index(sort)])
    N, d = int(rng.integers(2, largest + 1)), int(rng.integers(1, 3))
    X, y = rng.normal(size=(N, d)), rng.normal(size=N)
    if sort == "scale":
        X *= 10.0 ** rng.integers(-6, 7, size=(N, 1))
    elif sort == "far":
        X *= 10.0 ** rng.choice([-12, 0, 12], size=(N, 1))
    elif sort == "close":
        X[1:] = X[0] + 10.0 ** -rng.integers(3, 16) * rng.normal(size=(N - 1, d))
    elif sort == "grid":
        X, y = rng.integers(-2, 3, size=(N, d)) + 0.5, rng.integers(-2, 3, size=N) + 0.0
    elif sort == "units":
        X *= 10.0 ** rng.integers(-6, 7, size=(1, d))
        y *= 10.0 ** rng.integers(-6, 7, size=N)
    else:
        X[N // 2 :] = X[: N - N // 2]
    return X, y


@pytest.mark.parametrize("sort", first(2, HOSTILE))
@pytest.mark.parametrize("kind", first(1, [(1, None), (1, 1.0), (2, None)]))
def test_the_bound_is_that_of_the_exact_landscape_on_hostile_samples(sort, kind):
    K, bias = kind
    for seed in range(8 if K == 1 else 3):
        X, y = hostile(sort, seed, 6 if K == 1 else 4)
        problem = OneHiddenLayer(X, y, hidden=K, bias=bias)
        lowest = problem.landscape(exact=True).global_minimum.loss
        scale = np.mean(y**2)
        for method in ("screen", "branch"):
            result = problem.fit_global(method=method)
            check(result, problem)
            assert result.lower_bound <= lowest + 1e-12 * scale
            assert result.fun >= lowest - 1e-12 * scale
            assert result.status in ("optimal", "imprecise")
            if result.status == "optimal":
                assert result.fun <= lowest + 3e-8 * scale


@pytest.mark.parametrize("method", ["screen", "branch"])
@pytest.mark.parametrize("small", [1e-6, 1e-12, 1e-100])
def test_optima_with_very_large_weights(small, method):
    problem = OneHiddenLayer([[-1.0], [small]], [0.1, 1.0], bias=None)
    result = problem.fit_global(method=method)
    check(result, problem)
    assert result.fun == pytest.approx(0.005, rel=1e-12)
    assert result.lower_bound == pytest.approx(0.005, rel=1e-7)
    assert result.status == "optimal"
    assert result.weights[0, 0] * result.output_weights[0] == pytest.approx(1 / small)


def test_neurons_that_nearly_cancel_are_bounded_tightly():
    # A steep step between two close samples needs two large neurons.
    X = np.array([[0.0], [0.5], [1.0], [1.01], [1.5], [2.0]])
    y = np.array([0.1, -0.1, 0.0, 1.0, 1.1, 0.9])
    problem = OneHiddenLayer(X, y, hidden=2)
    result = problem.fit_global()
    check(result, problem)
    assert result.status == "optimal"
    assert result.fun == pytest.approx(brute_force(X, y, 2, 1.0), abs=1e-8)
    assert np.abs(result.weights).max() > 50


@pytest.mark.parametrize(("method", "K"), [("screen", 2), ("branch", 2), ("branch", 3)])
def test_a_time_limit_leaves_a_valid_bound(method, K):
    X, y = gaussian(16, 3, 1)
    problem = OneHiddenLayer(X, y, hidden=K)
    problem.fit_global(method=method, time_limit=0)
    result = problem.fit_global(method=method, time_limit=0.05)
    check(result, problem)
    if K == 2:
        assert result.lower_bound <= problem.fit_global().fun
    result = problem.fit_global(method=method, time_limit=0)
    check(result, problem)
    assert result.status == "time_limit"
    assert result.certificate.n_open > 0


def test_depth_first_when_the_heap_is_full(monkeypatch):
    X, y = gaussian(12, 3, 3)
    problem = OneHiddenLayer(X, y, hidden=2)
    best = problem.fit_global(method="branch")
    monkeypatch.setattr(global_search, "OPEN_NODES", 20)
    other = problem.fit_global(method="branch")
    assert other.fun == pytest.approx(best.fun, abs=1e-6)
    assert other.status == "optimal"
    monkeypatch.setattr(global_search, "FIRST_ROOM", 32)
    assert problem.fit_global(method="branch").fun == other.fun


@pytest.mark.parametrize("K", first(1, [2, 3]))
@pytest.mark.parametrize("sort", ["free", "positive", "convex"])
def test_the_search_alone_finds_the_optimum(monkeypatch, sort, K):
    X, y = gaussian(9, 3, 1)
    if sort == "positive":
        y = np.abs(y)
    if sort == "convex":  # neurons of one sign, active together where the targets are largest
        X = np.arange(-3.0, 6.0)[:, None]
        y = np.maximum(X[:, 0] + 2, 0) + np.maximum(X[:, 0] - 0.3, 0) + 0.1 * y
    problem = OneHiddenLayer(X, y, hidden=K)
    best = problem.fit_global().fun
    monkeypatch.setattr(global_search.GlobalSearch, "descend", lambda self, seed: None)
    monkeypatch.setattr(global_search.GlobalSearch, "polish", lambda self: None)
    for method in ("screen", "branch")[K - 2 :]:
        assert problem.fit_global(method=method).fun == pytest.approx(best, abs=1e-6)


# --- what the user sees -------------------------------------------------------------------


def test_progress_is_reported():
    calls = []
    X, y = gaussian(9, 3, 6)
    record = lambda done, total: calls.append((done, total))  # noqa: E731
    OneHiddenLayer(X, y, hidden=2).fit_global(progress=record)
    assert calls[-1] == (1000, 1000)
    calls.clear()
    OneHiddenLayer(X, y).fit_global(progress=record)
    assert calls[-1][0] == calls[-1][1] > 1


def test_result():
    result = OneHiddenLayer([[0], [1], [2]], [1, 0, 1], hidden=2).fit_global()
    assert repr(result).startswith("GlobalOptimum: loss ")
    assert result.predict([[0], [1], [2]]) == pytest.approx([1, 0, 1], abs=1e-6)
    with pytest.raises(InputError, match="must have shape"):
        result.predict([[0, 1]])
    with pytest.raises(AttributeError):
        result.fun = 0.0


def test_bad_requests():
    problem = OneHiddenLayer([[0], [1], [2]], [1, 0, 1], hidden=2)
    for keywords, words in (
        ({"time_limit": -1}, "time_limit"),
        ({"tolerance": 0}, "tolerance"),
        ({"method": "guess"}, "method"),
    ):
        with pytest.raises(InputError, match=words):
            problem.fit_global(**keywords)
    with pytest.raises(InputError, match="hidden"):
        OneHiddenLayer([[0]], [1], hidden=0)
    X, y = gaussian(200, 8, 0)
    with pytest.raises(SizeError, match="activation patterns"):
        OneHiddenLayer(X, y).fit_global()


def test_local_search_only_improves():
    X, y = gaussian(9, 3, 8)
    problem = OneHiddenLayer(X, y, hidden=2)
    search = global_search.GlobalSearch(
        Samples.of(problem.arrangement, problem.targets, True), 2, False, 0.0, None, 1e-6
    )
    starts, choices = np.zeros((3, 6)), np.ones((3, 2))
    kernels.local_search(
        search.data, starts, choices, 10, search.stop, search.best, search.point
    )
    assert search.best[0] <= 1.0
    search.descend(0)
    inner = search.point.reshape(2, 3) @ search.Q.T * search.best[1:, None]
    outputs = search.best[1:] @ np.maximum(inner, 0)
    assert np.sum((outputs - search.y) ** 2) == pytest.approx(search.best[0])


def test_time_limits_hold_for_the_local_search(monkeypatch):
    calls = []

    def counted(name, kernel):
        def call(*arguments):
            calls.append(name)
            return kernel(*arguments)

        return call

    for name in ("local_search", "fit_tuples"):
        monkeypatch.setattr(kernels, name, counted(name, getattr(kernels, name)))
    rng = np.random.default_rng(0)
    layer = OneHiddenLayer(rng.normal(size=(9, 1)), rng.normal(size=9), hidden=8)
    found = layer.fit_global(time_limit=0)
    assert found.status == "time_limit"
    assert 0 <= found.lower_bound <= found.fun
    assert calls == ["local_search"]  # one portion of many, and no polishing


@pytest.mark.parametrize("limit", first(2, [0, 0.2, 1.5]))
@pytest.mark.parametrize("K", first(1, [2, 1, 6]))
def test_a_time_limit_is_kept_where_cells_are_too_many(K, limit):
    X, y = gaussian(200, 9, 0)
    problem = OneHiddenLayer(X, y, hidden=K)
    problem.fit_global(time_limit=0)  # compiles
    started = time.process_time()
    result = problem.fit_global(time_limit=limit)
    assert time.process_time() - started < limit + 2
    check(result, problem)
    assert result.status == "time_limit"
    assert result.fun < np.mean(y**2)
    assert result.certificate.n_cells == result.certificate.n_tuples == 0


def test_a_time_limit_is_kept_while_cells_are_enumerated(monkeypatch):
    OneHiddenLayer(*gaussian(12, 6, 0)).fit_global(method="branch")  # compiles all
    X, y = gaussian(60, 6, 0)
    problem = OneHiddenLayer(X, y)

    def endless(self, progress):
        while True:
            time.sleep(0.01)
            progress(0, 1)

    monkeypatch.setattr(global_search, "MOST_PATTERNS", 10**9)
    monkeypatch.setattr(type(problem.arrangement), "cells", endless)
    started = time.process_time()
    result = problem.fit_global(time_limit=0.2)
    assert time.process_time() - started < 1.2
    check(result, problem)
    assert result.certificate.n_cells == 0
    assert result.certificate.n_bounds > 0


def test_a_node_of_many_neurons_is_left_when_the_time_is_up():
    X, y = gaussian(40, 5, 0)
    problem = OneHiddenLayer(X, y, hidden=16)  # 65,536 children a node
    problem.fit_global(time_limit=0)
    started = time.process_time()
    result = problem.fit_global(time_limit=0.5)
    assert time.process_time() - started < 1.5
    check(result, problem)
    assert result.certificate.n_open > 0


INTERRUPTED = """
import os, signal, threading, time
signal.signal(signal.SIGINT, signal.default_int_handler)
import numpy as np
from arrangement.relu import OneHiddenLayer
from arrangement.relu.training import global_search
global_search.STARTS = 0
rng = np.random.default_rng(0)
def problem(N):
    return OneHiddenLayer(rng.normal(size=(N, 3)), rng.normal(size=N), hidden=16)
problem(40).fit_global(time_limit=0.1)
threading.Timer(1.0, os.kill, (os.getpid(), signal.SIGINT)).start()
started = time.process_time()
try:
    problem(200).fit_global()
except KeyboardInterrupt:
    print(time.process_time() - started)
"""


@pytest.mark.processes
def test_an_interruption_ends_compiled_loops():
    # Without a time limit, in the middle of a tuple with 65,536 choices of output signs.
    done = subprocess.run(
        [sys.executable, "-c", INTERRUPTED], capture_output=True, text=True, timeout=300
    )
    assert float(done.stdout) < 3, done.stderr


def test_compiled_loops_stop():
    X, y = gaussian(12, 3, 0)
    problem = OneHiddenLayer(X, y, hidden=2)
    samples = Samples.of(problem.arrangement, problem.targets, True)
    search = global_search.GlobalSearch(samples, 2, False, 0.0, None, 1e-8)
    signs, tuples = problem.arrangement.cells().signs, np.array([[0, 1], [2, 3]])
    search.halt()
    bounds = np.zeros(2)
    kernels.local_search(
        search.data,
        np.ones((2, 6)),
        np.ones((2, 2)),
        60,
        search.stop,
        search.best,
        search.point,
    )
    for sided in (False, True):
        search.fit(signs, tuples, bounds, sided)
    assert bounds.tolist() == [0, 0]
    assert search.best.tolist() == [1, 1, 1]
    assert not search.point.any()


def test_losses_beyond_float64_are_passed_over():
    # The float64 network of an exact solution may be absurd on samples so far apart.
    X = [[-4.2838926330160035e115, 1.3169715295415158e144]]
    X += [[-9.381435011968565e-119, 5.487588588431971e-91]]
    y = [-1.163275211153044, -0.022567563312705183]
    problem = OneHiddenLayer(X, y, bias=None, negative_slope=-0.3)
    check(problem.fit_global(), problem)


@pytest.mark.parametrize("options", [{"time_limit": "a"}, {"tolerance": "a"}])
def test_options_that_are_no_numbers(options):
    with pytest.raises(InputError, match=next(iter(options))):
        OneHiddenLayer([[1], [2]], [1, 2]).fit_global(**options)


@pytest.mark.parametrize(
    ("method", "n"),
    [("branch", 9), ("cones", 9), pytest.param("cones", 45, marks=pytest.mark.slow)],
)
def test_a_limit_of_nodes_leaves_a_valid_bound(method, n):
    rng = np.random.default_rng(n)
    layer = OneHiddenLayer(rng.normal(size=(n, 1)), rng.normal(size=n), hidden=2)
    best = layer.fit_global()
    before = 0.0
    for most in (1, 300, 10**9):
        found = layer.fit_global(method=method, max_nodes=most)
        assert before <= found.lower_bound <= best.fun <= found.fun * (1 + 1e-12)
        assert found.status == "node_limit" or (most > 1 and found.gap < 1e-7)
        # Cones are taken by the batch.
        assert found.certificate.n_bounds <= most + 256 * (method == "cones")
        before = found.lower_bound
    assert found.status == "optimal"
    assert layer.fit_global(max_nodes="auto").status == "optimal"


@pytest.mark.parametrize("most", [0, -1, 1.5, "all", np.nan, [3]])
def test_bad_limits_of_nodes_are_one_clear_error(most):
    for y in ([1.0, 2.0], [[1.0, 2.0], [0.0, 1.0]]):
        with pytest.raises(InputError, match="max_nodes"):
            OneHiddenLayer([[1.0], [2.0]], y).fit_global(max_nodes=most)
