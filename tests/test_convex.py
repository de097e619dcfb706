"""Convex training against the program as printed, gradient descent, and sampled patterns."""

import warnings

import numpy as np
import pytest

from arrangement import Arrangement
from arrangement.relu import convex
from tests.test_landscape import data_set, with_bias


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


@pytest.mark.parametrize("seed", range(12))
def test_the_optimum_is_that_of_the_program_as_printed(seed):
    X, y, bias = data_set(seed, largest=7)
    critical = convex.critical_beta(X, y, bias)
    for share in (0.7, 0.1, 0.01):
        beta = share * critical or 0.5
        found = check(X, y, beta, bias)
        expected = program(with_bias(X, bias), y, beta)
        assert found.fun == pytest.approx(expected, abs=1e-6 * (0.5 * y @ y or 1.0))
