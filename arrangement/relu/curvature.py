"""Gradient, Hessian and inertia of the loss of one hidden layer at any point, in closed form.

With slopes D_ji, 1 where w_j·x_i > 0 and α where it is negative, the outputs are f_i = b +
Σ_j z_j D_ji w_j·x_i, and with r_i = f_i − y_i the loss L = (1/N) Σ_i r_i² is a polynomial in
(w, z, b) on each cell. Let J have the columns ∂f/∂w_j = z_j D_j X, ∂f/∂z_j = D_j X w_j and
∂f/∂b = 1, and g_j = Σ_i r_i D_ji x_i. Then

    ∇L = (2/N) Jᵀr,    ∇²L = (2/N) (JᵀJ + G),

where G has g_j in the block of w_j and z_j, and zeros elsewhere.

On a face, where w_j·x_i = 0 for the samples i of a set B_j, L is a polynomial on the tangent
space of the face: all changes v_j of w_j with v_j·x_i = 0 on B_j, of z and of b. There it does
not matter which slopes the samples B_j have. Leaving the face, L is a polynomial along each ray
t ≥ 0, and its derivatives there are those of the cell that the ray goes into.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from arrangement import exact
from arrangement.errors import InputError
from arrangement.exact.numbers import exact_number, exact_table
from arrangement.in_notebooks import InNotebooks
from arrangement.relu.losses.criterion import checked_signs
from arrangement.relu.problem import Problem
from arrangement.relu.weight_space import Floats, Signs, in_float64

__all__ = ["Curvature", "NewtonStep", "curvature"]


@dataclass(frozen=True, eq=False)
class NewtonStep(InNotebooks):
    """The end of Newton's step from a point, the stationary point of its quadratic model.

    Attributes
    ----------
    weights : ndarray, shape (K, d)
    output_weights : ndarray, shape (K,)
    output_bias : float
    loss : float
        The loss there.
    stays : bool
        Has every w_j·x_i that was not zero kept its sign, exactly, for the weights as rounded?
        Only then is the model that of the end, too.

    Examples
    --------
    >>> from arrangement.relu import OneHiddenLayer
    >>> point = OneHiddenLayer([[1], [2]], [1, 4], bias=None).curvature([[1]], [2])
    >>> step = point.newton()
    >>> step.weights.shape, step.stays
    ((1, 1), True)
    """

    weights: Floats
    output_weights: Floats
    output_bias: float
    loss: float
    stays: bool


@dataclass(frozen=True, eq=False)
class Curvature:
    """The derivatives of the loss at one point; see :meth:`OneHiddenLayer.curvature`.

    Parameters are in the order w_1, …, w_K, z_1, …, z_K, and the output bias if there is one:
    P = K(d + 1) numbers or one more.

    Attributes
    ----------
    problem : Problem
    weights : ndarray, shape (K, d)
        Exactly as given, as are the next two.
    output_weights : ndarray, shape (K,)
    output_bias : int or Fraction
    signs : ndarray of int8, shape (K, N)
        The signs of w_j·x_i; 0 is what makes a face.

    Examples
    --------
    >>> from arrangement.relu import OneHiddenLayer
    >>> point = OneHiddenLayer([[1], [2]], [1, 4], bias=None).curvature([[1]], [1])
    >>> round(point.loss, 9), point.gradient.tolist(), point.inertia
    (2.0, [-4.0, -4.0], (0, 0, 2))
    """

    problem: Problem
    weights: NDArray[Any]
    output_weights: NDArray[Any]
    output_bias: Any
    signs: Signs

    @cached_property
    @in_float64("the derivatives at these weights")
    def _rounded(self) -> _Derivatives:
        return self._derivatives(np.float64)

    def _derivatives(self, kind: Any) -> _Derivatives:
        """The closed forms above, in float64, or in Fractions with the dtype object."""
        problem = self.problem
        number = Fraction if kind is object else float
        given = problem.arrangement.normals, problem.exact_targets
        point = self.weights, self.output_weights, self._slopes(self.signs)
        X, y, w, z, slopes = (
            np.array([number(v) for v in table.ravel().tolist()], kind).reshape(table.shape)
            for table in (*given, *point)
        )
        free = np.full((len(X), int(problem.output_bias)), number(1), dtype=kind)
        K, d = self.weights.shape
        outputs = slopes * w.dot(X.T)
        r = z.dot(outputs) + number(self.output_bias) - y
        columns = [(z[j] * slopes[j])[:, None] * X for j in range(K)]
        J = np.concatenate([*columns, outputs.T, free], axis=1)
        hessian = J.T.dot(J)
        for j in range(K):
            own, at = slice(j * d, (j + 1) * d), K * d + j
            g = (slopes[j] * r).dot(X)
            hessian[own, at] += g
            hessian[at, own] += g
        return _Derivatives(r, outputs, J.T.dot(r), hessian)

    def _slopes(self, signs: Signs) -> Floats:
        return np.where(signs > 0, 1.0, np.where(signs < 0, self.problem.negative_slope, 0.0))

    @property
    def loss(self) -> float:
        """The loss at the point."""
        return float(np.mean(self._rounded.residuals**2))

    @cached_property
    def tangent(self) -> Floats:
        """Orthonormal columns that span the tangent space of the face, shape (P, n)."""
        basis = self._tangent
        longest = np.array([max(map(abs, column)) for column in basis.T.tolist()], dtype=object)
        rounded = np.array(
            [[float(Fraction(v) / c) for v, c in zip(row, longest, strict=True)]
             for row in basis.tolist()]
        ).reshape(basis.shape)  # fmt: skip
        return np.linalg.qr(rounded)[0] if np.any(self.signs == 0) else rounded

    @cached_property
    def _tangent(self) -> NDArray[np.object_]:
        """The same, of integers."""
        rows = self.problem.arrangement.rows[:, :-1]
        K, d = self.weights.shape
        size = K * (d + 1) + int(self.problem.output_bias)
        unit = np.array([[int(i == k) for k in range(size)] for i in range(size)], dtype=object)
        parts = []
        for j, signs in enumerate(self.signs):
            block = unit[:, j * d : (j + 1) * d]
            on = rows[signs == 0]
            parts.append(block.dot(exact.nullspace(on)) if len(on) else block)
        return np.concatenate([*parts, unit[:, K * d :]], axis=1)

    @cached_property
    def gradient(self) -> Floats:
        """The derivatives of the loss, shape (P,); on a face projected to its tangent space."""
        gradient = 2 / self.problem.n_samples * self._rounded.gradient
        return self._projected(gradient)

    @cached_property
    def hessian(self) -> Floats:
        """The second derivatives, shape (P, P); on a face projected to its tangent space."""
        hessian = 2 / self.problem.n_samples * self._rounded.hessian
        return self._projected(self._projected(hessian).T)

    def _projected(self, table: Floats) -> Floats:
        T = self.tangent
        return table if T.shape[0] == T.shape[1] else T @ (T.T @ table)

    @cached_property
    def inertia(self) -> tuple[int, int, int]:
        """How many eigenvalues of the Hessian are negative, zero and positive, exactly.

        Of the Hessian on the tangent space, at the weights exactly as given: at a critical
        point that is rounded, zeros become small numbers of either sign. The inertia at the
        critical points themselves is that of :meth:`Landscape.critical_points`.

        Across the kinks it says nothing. Where z_j = 0 and w_j is on a face, h_j of
        :mod:`arrangement.relu.losses.criterion` may vanish on the face and not beside it: the
        loss then falls in second order without a negative eigenvalue. :func:`local_minimum`
        decides whether it does and names a direction, :meth:`along` has the derivatives there.
        """
        T = self._tangent
        return exact.inertia(T.T.dot(self._derivatives(object).hessian).dot(T))

    @property
    def index(self) -> int:
        """How many eigenvalues of the Hessian are negative."""
        return self.inertia[0]

    @in_float64("the derivatives at these weights")
    def along(
        self, weights: ArrayLike, output_weights: ArrayLike, output_bias: float = 0.0
    ) -> tuple[float, float]:
        """The first and second derivative of t ↦ L(point + t·direction) at t = 0, for t ≥ 0.

        Parameters
        ----------
        weights : array_like, shape (K, d)
        output_weights : array_like, shape (K,)
        output_bias : float
            The direction; taken exactly as given where it decides into which cell it goes.

        Returns
        -------
        first, second : float

        Raises
        ------
        InputError
            If a shape or a number is wrong, or the output bias changes where there is none.
        SolverError
            If they are beyond float64.

        Examples
        --------
        At w = 0, z = 1 the output rises along w = 1, and it does not along w = −1:

        >>> from arrangement.relu import OneHiddenLayer
        >>> point = OneHiddenLayer([[1], [2]], [-1, 0], bias=None).curvature([[0]], [1])
        >>> point.along([[1]], [0]), point.along([[-1]], [0])
        ((1.0, 5.0), (0.0, 0.0))
        """
        v, zeta, beta = _point(self.problem, weights, output_weights, output_bias)
        side = exact.signs_at(self.problem.arrangement.rows, v)
        signs = np.where(self.signs != 0, self.signs, side)
        slopes = self._slopes(signs)
        moves = slopes * (v.astype(np.float64) @ self._X.T)
        z, change = self.output_weights.astype(np.float64), zeta.astype(np.float64)
        r, outputs = self._rounded.residuals, self._rounded.outputs
        first = z @ moves + change @ outputs + float(beta)
        second = first @ first + 2 * r @ (change @ moves)
        n = self.problem.n_samples
        return 2 / n * float(r @ first), 2 / n * float(second)

    @property
    def _X(self) -> Floats:
        X: Floats = self.problem.arrangement.normals.astype(np.float64)
        return X

    @in_float64("the derivatives at these weights")
    def newton(self) -> NewtonStep:
        """Newton's step, within the face.

        Where the Hessian is singular it is the least squares solution of least length.

        Examples
        --------
        From a cell the step may lead out of it, and the model is of no use there:

        >>> from arrangement.relu import OneHiddenLayer
        >>> layer = OneHiddenLayer([[0], [1], [2]], [1, 0, 1])
        >>> layer.curvature([[1, "-1/2"]], [-1]).newton().stays
        False
        >>> layer.curvature([[1, "-1/2"]], [1]).newton().stays
        True
        """
        T = self.tangent
        model = T.T @ self.hessian @ T
        step = T @ np.linalg.lstsq(model, -T.T @ self.gradient, rcond=1e-12)[0]
        K, d = self.weights.shape
        w = self.weights.astype(np.float64) + step[: K * d].reshape(K, d)
        z = self.output_weights.astype(np.float64) + step[K * d : K * (d + 1)]
        b = float(self.output_bias) + float(step[K * (d + 1) :].sum())
        signs = exact.signs_at(self.problem.arrangement.rows, w)
        stays = bool(np.all((signs == self.signs) | (self.signs == 0)))
        inner = w @ self._X.T
        outputs = z @ np.where(inner > 0, inner, self.problem.negative_slope * inner) + b
        loss = float(np.mean((outputs - self.problem.targets) ** 2))
        return NewtonStep(w, z, b, loss, stays)

    def __repr__(self) -> str:
        on = self.tangent.shape[0] - self.tangent.shape[1]
        where = f"on a face of codimension {on}" if on else "in a cell"
        size = float(np.linalg.norm(self.gradient))
        return f"Curvature: loss {self.loss:.6g}, gradient of length {size:.3g}, {where}"


@dataclass(frozen=True, eq=False)
class _Derivatives:
    """Residuals, the outputs of the neurons, and N/2 times the first and second derivatives."""

    residuals: NDArray[Any]
    outputs: NDArray[Any]
    gradient: NDArray[Any]
    hessian: NDArray[Any]


def curvature(
    problem: Problem,
    weights: ArrayLike,
    output_weights: ArrayLike,
    output_bias: Any = 0.0,
    signs: ArrayLike | None = None,
) -> Curvature:
    """The derivatives at a point; see :meth:`OneHiddenLayer.curvature`."""
    w, z, b = _point(problem, weights, output_weights, output_bias)
    if signs is None:
        table = exact.signs_at(problem.arrangement.rows, w)
    else:
        table = checked_signs(signs, (problem.hidden, problem.n_samples))
    return Curvature(problem, w, z, b, table)


def _point(
    problem: Problem, weights: ArrayLike, output_weights: ArrayLike, output_bias: Any
) -> tuple[NDArray[Any], NDArray[Any], Any]:
    """A point or a direction, exactly as given."""
    w = exact_table(weights, "weights", "row", 2)
    z = exact_table(output_weights, "output_weights", "entry", 1)
    K, d = problem.hidden, problem.dimension
    if w.shape != (K, d) or z.shape != (K,):
        raise InputError(
            f"weights has shape {w.shape} and output_weights {z.shape}: {K} neurons of {d} "
            f"weights, the bias included, need ({K}, {d}) and ({K},)"
        )
    b = exact_table([output_bias], "output_bias", "entry", 1)[0]
    if b and not problem.output_bias:
        raise InputError(f"output_bias={output_bias}: the layer has none (output_bias=True)")
    return w, z, exact_number(b)
