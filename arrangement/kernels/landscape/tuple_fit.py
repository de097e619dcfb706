"""Networks of given patterns, one cell a neuron: bounds, fits and local search, compiled."""

from __future__ import annotations

import numpy as np

from arrangement.kernels.compiled import compiled
from arrangement.kernels.landscape.cone_fit import Data, cone_fit, least_curvature, workspace
from arrangement.kernels.landscape.definite_matrices import factor, substitute
from arrangement.kernels.landscape.network_outputs import (
    loss_bound,
    normal_equations,
    outputs_into,
    squared_loss,
)
from arrangement.kernels.landscape.small_vectors import along, dot
from arrangement.kernels.types import Bools1, Floats1, Floats2, Ints2, Signs2, read_only

__all__ = ["fit_tuples", "local_search"]


@compiled(
    Data, read_only(Signs2), Ints2, Floats1, bool, float, Bools1, Floats1, Floats1,
    error_model="numpy", nogil=True,
)  # fmt: skip
def fit_tuples(data, signs, tuples, bounds, sided, tolerance, stop, best, point):
    """Fit tuples of cells with every choice of output signs, in the given order.

    A tuple is passed over once its bound reaches the least loss known less `tolerance`; the
    bounds of the others are raised. `best[0]`, the output signs in `best[1:]` and `point` (n,)
    are improved on the way. Returns the number of tuples fitted.

    Parameters
    ----------
    data : Data
    signs : int8 (m, N)
        Signs of the cells.
    tuples : int64 (t, K)
    bounds : float64 (t,)
        Lower bounds on ‖f − y‖².
    sided : bool
        Whether neurons stay in their cells. If not, the bounds are raised by least squares
        alone, and no network is found.
    stop : bool (1,)
        Becomes true when the time is up.
    """
    X, y, constant, slope, cones = data
    N, r = X.shape
    K = tuples.shape[1]
    n = K * r + (1 if constant else 0)
    H, b, row = np.zeros((n, n)), np.zeros(n), np.zeros(n)
    work = workspace(n)
    decided, constrained = np.arange(N), N if sided else 0
    active, turn = np.zeros((K, N), np.int8), np.zeros((K, N), np.int8)
    s, outputs = np.zeros(K), np.zeros(N)
    yy, fitted = dot(y, y), 0
    for t in range(len(tuples)):
        if bounds[t] >= best[0] - tolerance:
            continue
        fitted += 1
        least = np.inf
        for j in range(K):
            active[j] = signs[tuples[t, j]]
        normal_equations(X, y, constant, slope, active, decided, N, H, b, row)
        curvature = least_curvature(H, cones.limits, work)
        for choice in range(1 << K if sided else 1):
            if stop[0]:
                return fitted
            doubled = False
            for j in range(K):
                s[j] = -1.0 if (choice >> j) & 1 else 1.0
                # Of two signs in one cell one order is enough.
                if j and tuples[t, j] == tuples[t, j - 1] and s[j] > s[j - 1]:
                    doubled = True
                    break
                for i in range(N):
                    turn[j, i] = active[j, i] if s[j] > 0 else -active[j, i]
            if doubled:
                continue
            cutoff = best[0] - tolerance
            bound = cone_fit(
                cones, H, b, yy, decided, N, active, constrained, turn, curvature, cutoff, work
            )
            least = min(least, bound)
            if not sided:
                break
            u = work[1][0]
            outputs_into(X, constant, u, s, slope, outputs)
            loss = loss_bound(squared_loss(outputs, y), u, cones.limits[0])
            if loss < best[0]:
                best[0] = loss
                point[:] = u
                best[1:] = s
        bounds[t] = max(bounds[t], least)
    return fitted


@compiled(
    Data, Floats2, Floats2, int, Bools1, Floats1, Floats1, error_model="numpy", nogil=True
)
def local_search(data, starts, choices, steps, stop, best, point):
    """Damped Gauss–Newton steps on the true loss from many starts; improves `best`, `point`.

    Only a heuristic: it finds networks, it proves nothing.
    """
    X, y, constant, slope, cones = data
    N, r = X.shape
    K = choices.shape[1]
    n = K * r + (1 if constant else 0)
    H, b, row, R = np.zeros((n, n)), np.zeros(n), np.zeros(n), np.zeros(n)
    trial, L = np.zeros(n), np.zeros((n, n))
    active = np.zeros((K, N), np.int8)
    outputs, every = np.zeros(N), np.arange(N)
    for q in range(len(starts)):
        if stop[0]:
            return
        R[:] = starts[q]
        s = choices[q]
        outputs_into(X, constant, R, s, slope, outputs)
        loss = squared_loss(outputs, y)
        damping = 1e-2
        for _ in range(steps):
            if stop[0]:
                break
            for j in range(K):
                for i in range(N):
                    active[j, i] = 1 if along(X, i, R, j * r) * s[j] > 0.0 else -1
            normal_equations(X, y, constant, slope, active, every, N, H, b, row)
            fell = False
            while damping < 1e4:
                factor(H, n, damping, 0.0, 1e-14, L)
                trial[:] = b + damping * R
                substitute(L, n, trial)
                outputs_into(X, constant, trial, s, slope, outputs)
                after = squared_loss(outputs, y)
                if after < loss:
                    fell = loss - after > 1e-9 * loss
                    loss = after
                    R[:] = trial
                    damping = max(0.2 * damping, 1e-10)
                    break
                damping *= 8.0
            if not fell:
                break
        loss = loss_bound(loss, R, cones.limits[0])
        if loss < best[0]:
            best[0] = loss
            point[:] = R
            best[1:] = s
