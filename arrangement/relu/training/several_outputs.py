"""The best network with several outputs, and a lower bound for all of them.

With one neuron the minima are known exactly (:mod:`arrangement.relu.minima.rank_one`), and the
least is the answer: outputs do not change where w and z are scaled, so that the loss takes its
infimum on a compact set.

With K ≥ 2 neurons in closed cells the outputs are Σ_j A_j w_j z_jᵀ, a bilinear problem that is
not convex. They are in the span of A = [A_1 … A_K] and have rank at most K: without the other
conditions the least loss is that of reduced-rank regression, (‖Y‖² − Σ_(i ≤ K) σ_i²)/N, σ the
singular values of QᵀY with Q an orthonormal basis of that span. Every network has its neurons
in closed cells, so the least of these bounds over all tuples of cells holds for all networks.
The ranks of A are exact, and the rounding of a basis is bounded by its condition: directions
beyond that are granted the largest singular values of what the others leave of Y. The network
itself is the best end of descents, so that there may be a gap.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Literal

import numpy as np
from scipy.optimize import minimize

from arrangement.checks import choice, generator
from arrangement.progress import Progress, reporter
from arrangement.relu.multisets import multisets, n_multisets
from arrangement.relu.training.exact_bound import exact_loss
from arrangement.relu.training.global_search import check_tolerance, seconds
from arrangement.relu.training.optimum import METHODS, GlobalOptimum, certified, check_nodes
from arrangement.relu.weight_space import Floats

if TYPE_CHECKING:
    from arrangement.relu.landscape import Landscape
    from arrangement.relu.problem import Problem

__all__ = ["several_outputs_optimum"]

MOST_TUPLES = 100_000
"""More tuples of cells than this have one bound in common, that of outputs of rank K."""

STARTS = 40

SURE = 1e-5
"""Singular values above this share of the largest belong to a basis that rounding moves by less
than `MOVED` of a length."""

MOVED = 1e-9


def several_outputs_optimum(
    problem: Problem,
    landscape: Callable[..., Landscape],
    time_limit: float | None,
    tolerance: float,
    method: str,
    random_state: int,
    max_nodes: int | Literal["auto"] | None,
    progress: Progress,
) -> GlobalOptimum:
    """See :meth:`OneHiddenLayer.fit_global`; `landscape` is the method of that name."""
    seconds(time_limit)
    check_tolerance(tolerance)
    choice(method, METHODS, "method")
    check_nodes(max_nodes)
    rng = generator(random_state, "random_state")
    if problem.hidden == 1:
        minima = landscape(progress=progress)
        best = minima.global_minimum
        weights, z = best.weights, best.output_weights
        lower = best.loss
        if minima.doubtful:
            lower = min(lower, float(minima.min_loss.min()))
        lower *= 1 - 1e-14
        counts = len(minima.cells), len(minima.cells)
    else:
        weights, z = _descended(problem, rng)
        lower, counts = _bound(problem, progress)
    given = problem.arrangement.normals, problem.exact_targets
    loss = exact_loss(*given, weights, z, 0.0, problem.negative_slope)
    n_cells, n_tuples = counts
    return certified(
        problem,
        (loss, weights, z, 0.0),
        lower,
        "bounded",
        ("screen", n_cells, n_tuples, n_tuples, 0),
        tolerance * (float(np.sum(problem.targets**2)) / problem.n_samples),
    )


def _bound(layer: Problem, progress: Progress) -> tuple[float, tuple[int, int]]:
    """A loss that no network is below, and how many cells and tuples it is from."""
    Y, K, n = layer.targets, layer.hidden, layer.n_samples
    squares = np.linalg.svd(Y, compute_uv=False) ** 2
    total = float(squares.sum())
    slack = 1e-12 * total
    rank_alone = max(0.0, float(squares[K:].sum()) - slack) / n
    few = n_multisets(layer.samples.some_cells(), K) <= MOST_TUPLES
    if not few:
        return rank_alone, (0, 0)
    faces = layer.faces(1, None if callable(progress) else progress)
    m = len(faces.cells)
    count = n_multisets(m, K)
    if count > MOST_TUPLES:
        return rank_alone, (0, 0)
    decider = layer.search(faces).rational
    maps = np.swapaxes(faces.transposed(np.arange(m)), 1, 2)
    report = reporter(progress, "tuples of cells")
    least = total
    for done, cells in enumerate(multisets(m, K)):
        distinct = sorted(set(cells))
        U, S, _ = np.linalg.svd(np.concatenate(maps[distinct], axis=1), full_matrices=False)
        sure = int(np.sum(SURE * S[0] < S)) if S[0] else 0
        most = decider.rank_of(np.array(distinct)) - sure if sure < min(U.shape) else 0
        basis = U[:, :sure]
        inside = np.linalg.svd(basis.T @ Y, compute_uv=False) ** 2
        left = np.linalg.svd(Y - basis @ (basis.T @ Y), compute_uv=False) ** 2
        # Uncertain directions may take the largest of what is left.
        rest = total - float(inside[:K].sum()) - float(left[:most].sum())
        least = min(least, rest)
        report(done + 1, count)
    return max(0.0, least - MOVED * total) / n, (m, count)


def _descended(layer: Problem, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """The weights of the best end of some descents."""
    samples, Y, K, leak = layer.samples, layer.targets, layer.hidden, layer.negative_slope
    X = samples.X
    d, m = X.shape[1], Y.shape[1]
    size = float(np.sqrt(np.mean(Y * Y))) or 1.0

    def loss(p: Floats) -> tuple[float, Floats]:
        w, z = p[: K * d].reshape(K, d), p[K * d :].reshape(K, m)
        t = X @ w.T
        slope = np.where(t > 0, 1.0, leak)
        a = slope * t
        E = a @ z - Y / size
        back = (2.0 / len(Y)) * E
        gradient = np.concatenate([((back @ z.T) * slope).T @ X, a.T @ back], axis=None)
        return float(np.sum(E * E)) / len(Y), gradient

    best = (np.inf, np.zeros(K * (d + m)))
    for _ in range(STARTS):
        start = rng.normal(size=K * (d + m)) / np.sqrt(K)
        start[: K * d] *= np.sqrt(len(X) / d)
        end = minimize(
            loss, start, jac=True, method="L-BFGS-B", options={"maxiter": 2000, "ftol": 1e-15}
        )
        best = min(best, (float(end.fun), end.x), key=lambda pair: pair[0])
    w, z = best[1][: K * d].reshape(K, d), best[1][K * d :].reshape(K, m)
    return samples.weights(w), size * z
