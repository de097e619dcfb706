"""The least loss in given cells with the decay of the weights themselves, not of their product.

    (1/N) Σ_i l(f_i, y_i) + (α/2) Σ_j (‖w_j‖² + ‖z_j‖²)

is not convex in (w, z). Of all scalings (tw, z/t) of a neuron, which have the same outputs, the
least decay is α‖w‖‖z‖ (arithmetic and geometric mean), at ‖w‖ = ‖z‖. With R_j = w_j z_jᵀ this
is α‖R_j‖, of rank one. While w_j stays in its closed cell, outputs are linear in R_j:

- One output: R_j = z_j w_j is any vector with sign(z_j) R_j in the cell. For each choice of
  signs the problem is convex (a group lasso), and the least over the signs is the answer.
- Several outputs: with z_j in a cone, of combinations a ≥ 0 of the rows of P, R_j = U_j P with
  all columns of U_j in the cell. That is convex; that R_j has rank one is not. Without it, and
  with the nuclear norm for ‖R_j‖, the problem is a convex one whose optimum is a lower bound.
  Where its R_j has rank one, as it always has for two classes, it is the answer. Elsewhere the
  cones are halved, branch and bound, until a network reaches the bound: in a narrow cone the
  rank is nearly one. Networks are improved by turns in w and in z, each a convex problem.

With α(‖w‖₁ + ‖z‖₁) in place of squares the least over the scalings is 2α√‖R‖₁, which is not
convex: of the penalties of :mod:`arrangement.relu.losses.losses` only "l2" can be had so.

The bound is the dual's value: for slopes v_i of l and λ_j ≥ 0 with
‖Σ_i D_j x_i v_iᵀ/N − (signed samples)ᵀ λ_j P_j⁻ᵀ‖ ≤ α in the operator norm for all j it is
−(1/N) Σ_i l*(v_i). The solver proposes v and λ; they are scaled until that holds.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from heapq import heappop, heappush
from itertools import product
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy.linalg import null_space

from arrangement.errors import InputError, SizeError
from arrangement.exact.numbers import exact_number
from arrangement.in_notebooks import InNotebooks
from arrangement.progress import Progress, reporter
from arrangement.relu.losses.conic import minimise
from arrangement.relu.losses.losses import Loss, Penalty
from arrangement.relu.losses.pattern_fits import Setting, activations
from arrangement.relu.predictor import Predictor
from arrangement.relu.weight_space import Floats, Mask

if TYPE_CHECKING:
    from arrangement.results.cells import Cells

__all__ = ["DecayedCells", "DecayedMinimum", "decayed_cells", "decayed_minimum"]

MOST_CHOICES = 1 << 12
"""Choices of signs of the output weights that are gone through."""

MOST_PROGRAMS = 200
"""Cones of output weights that are bounded beyond those of signs, for one tuple of cells."""

TOLERANCE = 1e-5
"""The gap that counts as none, as a share of the loss of the zero function."""

MOST_TURNS = 50


@dataclass(frozen=True, eq=False)
class DecayedMinimum(Predictor):
    """A network with weights in given closed cells, its penalised loss, and a lower bound.

    Attributes
    ----------
    fun : float
        (1/N) Σ_i l(f_i, y_i) + (α/2) Σ_j (‖w_j‖² + ‖z_j‖²) of the network below.
    loss : float
        The first part of it.
    lower_bound : float
        No network with weights in these closed cells has a smaller `fun`, up to the rounding
        of float64.
    status : {"optimal", "bounds"}
        ``"optimal"`` if `fun` and `lower_bound` agree to 1e-5 of the loss of the zero function;
        ``"bounds"`` if the least value is only known to be between them: with several outputs
        the problem is not convex, and branch and bound ends after 200 cones.
    outputs : ndarray, shape (N,) or (N, classes)
    alpha : float
    weights, output_weights, bias, output_bias, negative_slope
        See :class:`~arrangement.relu.predictor.Predictor`: ‖w_j‖ = ‖z_j‖, no output bias.

    Examples
    --------
    >>> import tempfile
    >>> from arrangement.relu import decayed_minimum
    >>> found = decayed_minimum([[-1.0], [2.0]], [0, 1], [0, 1], 0.1)
    >>> round(found.fun, 4), found.gap < 1e-6
    (0.0437, True)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     found.save(f"{folder}/network.npz")
    """

    fun: float
    loss: float
    lower_bound: float
    status: Literal["optimal", "bounds"]
    outputs: Floats
    alpha: float

    @property
    def gap(self) -> float:
        """`fun` − `lower_bound`."""
        return self.fun - self.lower_bound

    def __repr__(self) -> str:
        return (
            f"DecayedMinimum: {self.fun:.6g}, at least {self.lower_bound:.6g} ({self.status})"
        )


@dataclass(frozen=True, eq=False)
class DecayedCells(InNotebooks):
    """The least loss with weight decay of one neuron in every closed cell.

    Attributes
    ----------
    cells : Cells
        The m cells of the samples' arrangement.
    minima : tuple of DecayedMinimum
        One a cell, in their order.

    Examples
    --------
    >>> from arrangement.relu import decayed_cells
    >>> found = decayed_cells([[-1.0], [0.0], [2.0]], [-1, 1, 1], 0.1)
    >>> found.fun[found.best] == found.fun.min(), len(found.cells)
    (np.True_, 6)
    """

    cells: Cells
    minima: tuple[DecayedMinimum, ...]

    @property
    def fun(self) -> Floats:
        """The penalised losses, shape (m,)."""
        return np.array([found.fun for found in self.minima])

    @property
    def lower_bound(self) -> Floats:
        """The lower bounds, shape (m,); the least of them holds for every neuron."""
        return np.array([found.lower_bound for found in self.minima])

    @property
    def best(self) -> int:
        """The cell with the least `fun`."""
        return int(np.argmin(self.fun))

    @property
    def status(self) -> Literal["optimal", "bounds"]:
        """Is the best cell's network proven to be the best of one neuron?"""
        proven = self.minima[self.best].status == "optimal"
        least = self.minima[self.best].fun
        other = all(
            found.status == "optimal" or found.lower_bound >= least for found in self.minima
        )
        return "optimal" if proven and other else "bounds"

    def __repr__(self) -> str:
        return (
            f"DecayedCells: {len(self.cells)} cells, least {self.fun.min():.6g}, at least "
            f"{self.lower_bound.min():.6g} ({self.status})"
        )


def decayed_minimum(
    X: ArrayLike,
    y: ArrayLike,
    patterns: ArrayLike,
    alpha: float | Fraction | str,
    *,
    penalty: str = "l2",
    loss: str = "squared",
    threshold: float = 1.0,
    margin: float = 1.0,
    classes: int | None = None,
    bias: float | Fraction | str | None = 1.0,
    negative_slope: float = 0.0,
) -> DecayedMinimum:
    """The least loss with weight decay of the networks with weights in given closed cells.

    Minimises (1/N) Σ_i l(f_i, y_i) + (α/2) Σ_j (‖w_j‖² + ‖z_j‖²) over output weights z_j and
    weights w_j in the closed cell of pattern j, the weight of the bias included.

    Parameters
    ----------
    X : array_like, shape (N, features)
        The samples.
    y : array_like, shape (N,)
        Numbers, labels −1 and +1, or classes 0, 1, …, as the loss asks for.
    patterns : array_like, shape (N,) or (K, N)
        Of each neuron: bool or 0/1, active or not, or signs −1/+1 such as `Cells.signs`.
    alpha : number
        Weight decay, above 0.
    penalty : {"l2"}
        The others of :mod:`arrangement.relu.losses.losses` are refused: see above why they are
        not convex.
    loss, threshold, margin, classes, bias, negative_slope
        As in :func:`pattern_minimum`.

    Returns
    -------
    DecayedMinimum

    Raises
    ------
    InputError
        If a name is unknown, a number out of range, a label or shape does not fit, or the
        penalty is not convex.
    SizeError
        If the output weights have more than 4,096 choices of signs.
    SolverError
        If Clarabel finds no optimum, or the samples are beyond float64.

    References
    ----------
    A. Sahiner, T. Ergen, J. Pauly and M. Pilanci, *Vector-output ReLU neural network problems
    are copositive programs: convex analysis of two layer networks and polynomial-time
    algorithms*, ICLR 2021.

    Examples
    --------
    >>> from arrangement.relu import decayed_minimum
    >>> X, y = [[-1.0], [0.0], [2.0]], [0, 0, 1]
    >>> two = decayed_minimum(X, y, [0, 0, 1], 0.1, loss="softmax")
    >>> two
    DecayedMinimum: 0.574835, at least 0.574835 (optimal)
    >>> one = decayed_minimum(X, [-1, -1, 1], [0, 0, 1], 0.1 / 2**0.5, loss="logistic")
    >>> abs(one.fun - two.fun) < 1e-7  # two classes are the logistic loss
    True
    """
    problem = _Problem(
        X, y, alpha, penalty, loss, threshold, margin, classes, bias, negative_slope
    )
    active = activations(patterns, len(problem.X))
    return _Program(problem, len(active)).solve(active)


def decayed_cells(
    X: ArrayLike,
    y: ArrayLike,
    alpha: float | Fraction | str,
    *,
    penalty: str = "l2",
    loss: str = "squared",
    threshold: float = 1.0,
    margin: float = 1.0,
    classes: int | None = None,
    bias: float | Fraction | str | None = 1.0,
    negative_slope: float = 0.0,
    progress: Progress = None,
) -> DecayedCells:
    """The least loss with weight decay of one neuron in each closed cell.

    The closed cells cover all weights, so the least of them is that of all neurons.

    Parameters
    ----------
    progress : bool or callable, optional
        True shows progress on stderr when that is a terminal; a callable is called with
        (cells done, cells in all).
    X, y, alpha, penalty, loss, threshold, margin, classes, bias, negative_slope
        As in :func:`decayed_minimum`.

    Returns
    -------
    DecayedCells

    Raises
    ------
    InputError, SizeError, SolverError
        As :func:`decayed_minimum`.

    Examples
    --------
    >>> from arrangement.relu import decayed_cells
    >>> decayed_cells([[-1.0], [0.0], [2.0]], [-1, 1, 1], 0.1, loss="hinge")
    DecayedCells: 6 cells, least 0.474755, at least 0.474755 (optimal)
    """
    problem = _Problem(
        X, y, alpha, penalty, loss, threshold, margin, classes, bias, negative_slope
    )
    program = _Program(problem, 1)
    cells = problem.arrangement.cells(progress=None if callable(progress) else progress)
    report, minima = reporter(progress, "cells"), []
    for k, signs in enumerate(cells.signs):
        minima.append(program.solve(signs[None] > 0))
        report(k + 1, len(cells))
    return DecayedCells(cells, tuple(minima))


class _Problem(Setting):
    """What is fitted, checked."""

    def __init__(
        self,
        X: ArrayLike,
        y: ArrayLike,
        alpha: Any,
        penalty: str,
        loss: str,
        threshold: float,
        margin: float,
        classes: int | None,
        bias: Any,
        negative_slope: float,
    ) -> None:
        checked = Penalty(penalty, None if penalty is None else alpha)
        if checked.name != "l2":
            raise InputError(
                f"penalty={penalty!r}: with the weights themselves penalised the problem of a "
                'cell is convex for "l2" only ("l1" is 2α√‖R‖₁ at the best scaling); '
                "pattern_minimum penalises the products R = zw by any of them"
            )
        kind = Loss(loss, threshold, margin)
        super().__init__(X, y, kind, checked, classes, bias, True, False, negative_slope)
        self.alpha = float(exact_number(alpha))
        self.bias = None if bias is None else float(exact_number(bias))

        # Losses of classes do not change when all outputs rise alike, so the best z_j sum to
        # zero: they are rows of so many numbers times this basis.
        C = self.outputs
        self.basis = np.eye(C) if C == 1 else null_space(np.ones((1, C))).T

    def orthants(self, K: int) -> list[Floats]:
        """Cones of the output weights that cover all, shape (K, E, E), one row a generator."""
        E = len(self.basis)
        if 2 ** (K * E) > MOST_CHOICES:
            raise SizeError(
                f"{K} neurons with {self.outputs} outputs: the output weights have "
                f"{2 ** (K * E):,} choices of signs, and at most {MOST_CHOICES:,} convex "
                "problems are solved; take fewer neurons or classes, or convex.train, which "
                "needs no signs"
            )
        signs = [np.diag(row) for row in product((1.0, -1.0), repeat=E)]
        return [np.array(rows) for rows in product(signs, repeat=K)]


class _Program:
    """The convex problem of K cells and cones of output weights, which are parameters.

    Samples are in units of their largest entry a, R in units of 1/a.
    """

    def __init__(self, problem: _Problem, K: int) -> None:
        import cvxpy as cp

        self.problem = problem
        n, d = problem.X.shape
        basis = problem.basis
        E = len(basis)
        self.orthants = problem.orthants(K)
        self.unit = float(np.abs(problem.X).max())
        self.X, self.alpha = problem.X / self.unit, problem.alpha / self.unit
        self.scale = 1.0
        self.U = [cp.Variable((d, E)) for _ in range(K)]
        self.shares = [cp.Parameter((n, E)) for _ in range(K)]
        self.sides = [cp.Parameter((n, E)) for _ in range(K)]
        self.cones = [cp.Parameter((E, E)) for _ in range(K)]
        self.f = cp.Variable((n, E))
        total: Any = 0
        size, maps = [], []
        for U, share, cone in zip(self.U, self.shares, self.cones, strict=True):
            R = cp.Variable((d, E))
            maps.append(U @ cone == R)
            total = total + cp.multiply(share, self.X @ R)
            size.append(cp.normNuc(R) if E > 1 else cp.norm(R, "fro"))
        self.fitted = self.f == total
        self.held = [
            cp.multiply(side, self.X @ U) >= 0
            for side, U in zip(self.sides, self.U, strict=True)
        ]
        self.relaxed = cp.Problem(
            cp.Minimize(self._loss(self.f) + self.alpha * sum(size)),
            [self.fitted, *maps, *self.held],
        )

    def _loss(self, f: Any) -> Any:
        """The mean loss of outputs in coordinates of the basis."""
        import cvxpy as cp

        if self.problem.outputs == 1:
            f = cp.reshape(f, (len(self.X),), order="C")
        else:
            f = f @ self.problem.basis
        return self.problem.loss.expression(f, self.problem.y)

    def solve(self, active: Mask) -> DecayedMinimum:
        """The least over all output weights, by branch and bound over cones of them."""
        problem = self.problem
        K, E = len(active), len(problem.basis)
        best = self._found(np.zeros((K, self.X.shape[1])), np.zeros((K, E)))
        self.scale = scale = best[0] or 1.0
        queue: list[tuple[float, int, Floats, int]] = []
        count = 0

        def bounded(cones: Floats) -> None:
            nonlocal best, count
            bound, w, z, widest = self._relaxed(active, cones)
            found = self._found(w, z)
            if bound < found[0] - TOLERANCE * scale and (
                found[0] < best[0] or count < len(self.orthants)
            ):
                found = self._improved(active, *found[1:])
            best = min(best, found, key=lambda row: row[0])
            heappush(queue, (bound, count, cones, widest))
            count += 1

        for cones in self.orthants:
            bounded(cones)
        while E > 1 and count < len(self.orthants) + MOST_PROGRAMS:
            bound, _, cones, widest = queue[0]
            if bound >= best[0] - TOLERANCE * scale:
                break
            heappop(queue)
            for half in _halves(cones, widest):
                bounded(half)
        fun, w, z = best
        lower = min(queue[0][0], fun)
        z = z @ problem.basis
        _, loss, f = self._value(w, z)
        return DecayedMinimum(
            fun,
            loss,
            lower,
            "optimal" if fun - lower <= TOLERANCE * scale else "bounds",
            f,
            problem.alpha,
            weights=w,
            output_weights=z[:, 0] if problem.outputs == 1 else z,
            bias=problem.bias,
            negative_slope=problem.slope,
        )

    def _found(self, w: Floats, z: Floats) -> tuple[float, Floats, Floats]:
        """`fun` of a network whose output weights are in coordinates of the basis."""
        return self._value(w, z @ self.problem.basis)[0], w, z

    def _value(self, w: Floats, z: Floats) -> tuple[float, float, Floats]:
        """`fun`, `loss` and outputs of a network, from their definitions."""
        problem = self.problem
        inner = problem.X @ w.T
        f = np.where(inner > 0, inner, problem.slope * inner) @ z
        f = f[:, 0] if problem.outputs == 1 else f
        loss = float(np.mean(problem.loss.values(f, problem.y)))
        return loss + 0.5 * problem.alpha * float(np.sum(w**2) + np.sum(z**2)), loss, f

    def _relaxed(self, active: Mask, cones: Floats) -> tuple[float, Floats, Floats, int]:
        """The dual's value, neurons near the maps, and which map is least of rank one."""
        problem = self.problem
        E = len(problem.basis)
        share = np.where(active, 1.0, problem.slope)
        side = np.where(active, 1.0, -1.0)
        for j, cone in enumerate(cones):
            self.shares[j].value = np.repeat(share[j][:, None], E, axis=1)
            self.sides[j].value = np.repeat(side[j][:, None], E, axis=1)
            self.cones[j].value = cone
        minimise(self.relaxed)
        n = len(problem.y)
        # The multiplier of f == … is minus the slope of the mean loss.
        proposed = -n * self.fitted.dual_value @ problem.basis
        if problem.outputs == 1:
            proposed = proposed[:, 0]
        slopes, _ = problem.loss.conjugate(proposed, problem.y)
        columns = slopes.reshape(n, -1) @ problem.basis.T / n
        norm = 0.0
        for j, (held, cone) in enumerate(zip(self.held, cones, strict=True)):
            multipliers = side[j][:, None] * np.maximum(held.dual_value, 0.0)
            G = self.X.T @ (share[j][:, None] * columns)
            G -= np.linalg.solve(cone, (self.X.T @ multipliers).T).T
            norm = max(norm, float(np.linalg.norm(G, 2)))
        slopes = slopes * min(1.0, self.alpha / norm if norm else 1.0)
        bound = -float(np.mean(problem.loss.conjugate(slopes, problem.y)[1]))
        w, z, rest = [], [], []
        for U, cone in zip(self.U, cones, strict=True):
            R = U.value @ cone
            # R's leading left singular vector where the rank is one or the cone narrow, and
            # everywhere a sum of columns of U, which stays in the cell.
            u = _directions((U.value @ np.abs(cone @ np.linalg.svd(R)[2][0]))[None])[0]
            if self.alpha * np.linalg.norm(R) <= 1e-9 * self.scale:
                u = np.zeros_like(u)
            w.append(u)
            z.append(u @ R / self.unit)
            rest.append(float(np.linalg.norm(R - np.outer(u, u @ R))))
        return bound, *_balanced(np.array(w), np.array(z)), int(np.argmax(rest))

    def _improved(self, active: Mask, w: Floats, z: Floats) -> tuple[float, Floats, Floats]:
        """A network reached by turns, in the output weights and in the weights."""
        best = self._found(w, z)
        for _ in range(MOST_TURNS):
            before = best[0]
            for turn in (self._outputs_turned, self._weights_turned):
                w, z = turn(active, *best[1:])
                best = min(best, self._found(w, z), key=lambda row: row[0])
            if best[0] > before - 1e-9 * abs(before):
                break
        return best

    def _outputs_turned(self, active: Mask, w: Floats, z: Floats) -> tuple[Floats, Floats]:
        """The best output weights of neurons with these directions."""
        import cvxpy as cp

        u = _directions(w)
        inner = self.X @ u.T
        hidden = np.where(active.T, inner, self.problem.slope * inner)
        Z = cp.Variable(z.shape)
        self._minimise(hidden @ Z, cp.sum(cp.norm(Z, 2, axis=1)), [])
        return _balanced(u, Z.value / self.unit)

    def _weights_turned(self, active: Mask, w: Floats, z: Floats) -> tuple[Floats, Floats]:
        """The best weights of neurons with these directions of their outputs."""
        import cvxpy as cp

        v = _directions(z)
        W = cp.Variable(w.shape)
        share = np.where(active, 1.0, self.problem.slope)
        side = np.where(active, 1.0, -1.0)
        inner = self.X @ W.T
        f = cp.multiply(share.T, inner) @ v
        self._minimise(f, cp.sum(cp.norm(W, 2, axis=1)), [cp.multiply(side.T, inner) >= 0])
        size = np.linalg.norm(W.value, axis=1)
        return _balanced(_directions(W.value), size[:, None] * v / self.unit)

    def _minimise(self, f: Any, size: Any, held: list[Any]) -> None:
        import cvxpy as cp

        minimise(cp.Problem(cp.Minimize(self._loss(f) + self.alpha * size), held))


def _halves(cones: Floats, j: int) -> Iterator[Floats]:
    """The cone of neuron j halved between the two generators that are farthest apart."""
    cone = cones[j]
    a, b = np.unravel_index(np.argmin(cone @ cone.T), (len(cone), len(cone)))
    middle = _directions((cone[a] + cone[b])[None])[0]
    for k in (a, b):
        half = cones.copy()
        half[j, k] = middle
        yield half


def _directions(rows: Floats) -> Floats:
    """Rows of length one, and zero rows as they are."""
    length = np.linalg.norm(rows, axis=1)[:, None]
    return np.divide(rows, length, out=np.zeros_like(rows), where=length > 0)


def _balanced(u: Floats, z: Floats) -> tuple[Floats, Floats]:
    """Neurons u zᵀ with unit rows u, at the scaling of least decay."""
    root = np.sqrt(np.linalg.norm(z, axis=1))[:, None]
    return u * root, np.divide(z, root, out=np.zeros_like(z), where=root > 0)
