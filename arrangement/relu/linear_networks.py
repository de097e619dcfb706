"""The loss landscape of linear networks: every critical value, its rank and its index.

A network without activation, W = W_H … W_1, has the loss L = (1/N)‖X Wᵀ − Y‖². Its critical
values are known (Baldi and Hornik 1989; Kawaguchi 2016; Achour, Malgouyres and Gerchinovitz
2024): let λ_1 ≥ λ_2 ≥ … be the eigenvalues of Σ = YᵀX(XᵀX)⁺XᵀY, with orthonormal eigenvectors
u_i. The end-to-end map of a critical point is U_S U_Sᵀ M for a set S of positive eigenvalues
with |S| at most the least width, where M = YᵀX(XᵀX)⁺ is the map of least squares; its loss is
(‖Y‖² − Σ_S λ_i)/N. Only the largest eigenvalues give minima, all of them global.

The index of the points that are shown follows from the second differential, where
R = XᵀX Wᵀ − XᵀY has rank ρ − |S| and ρ is the number of positive eigenvalues. The map can be
turned from u_i, i in S, towards u_j, j not in S, and the loss falls in second order iff
λ_j > λ_i. Neurons that carry nothing give, if the layers between the first and the last pass on
q > |S|, (q − |S|)(ρ − |S|) further directions of descent, and as many of ascent. With three and
more layers they need not be passed on: then a saddle of the largest eigenvalues is flat, its
Hessian has no negative eigenvalue.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property, reduce
from itertools import pairwise
from math import comb, prod
from typing import Any

import flint
import numpy as np
from numpy.typing import ArrayLike, NDArray

from arrangement import exact
from arrangement.checks import entries, float_table, whole
from arrangement.errors import InputError, SizeError
from arrangement.exact.numbers import exact_table, integral
from arrangement.exact.roots import as_fmpq
from arrangement.in_notebooks import InNotebooks
from arrangement.relu.weight_space import Floats, exact_bias

__all__ = ["LinearCriticalPoint", "LinearNetwork"]

MOST = 200_000
"""Critical points that are listed at most."""

PRECISION = 256
"""Bits to which eigenvalues are enclosed, at first."""


@dataclass(frozen=True, eq=False)
class LinearCriticalPoint(InNotebooks):
    """A critical point of the loss of a linear network; one for each critical value and kind.

    Attributes
    ----------
    network : LinearNetwork
    subset : tuple of int
        The set S of eigenvalues, as rows of `network.eigenvalues`. Of equal eigenvalues, which
        may be exchanged, the first are named.
    loss : float
    kind : str
        ``"global minimum"``, ``"saddle"``, or ``"flat saddle"`` for a saddle whose Hessian has
        no negative eigenvalue.
    passed_on : int
        The rank q of the product of the layers between the first and the last.
    inertia : tuple of three int
        How many eigenvalues of the Hessian in all parameters are negative, zero and positive.
    freedom : int
        The dimension of the family of end-to-end maps with this loss; 0 unless S takes some of
        several equal eigenvalues.

    Examples
    --------
    >>> from arrangement.relu import LinearNetwork
    >>> network = LinearNetwork([[1], [2]], [[1], [2]], hidden=1, bias=None)
    >>> point = network.critical_points()[0]
    >>> point.rank, point.index, [W.shape for W in point.weights()]
    (1, 0, [(1, 1), (1, 1)])
    """

    network: LinearNetwork
    subset: tuple[int, ...]
    loss: float
    kind: str
    passed_on: int
    inertia: tuple[int, int, int]
    freedom: int

    @property
    def rank(self) -> int:
        """The rank of the end-to-end map."""
        return len(self.subset)

    @property
    def index(self) -> int:
        """How many eigenvalues of the Hessian are negative."""
        return self.inertia[0]

    @property
    def end_to_end(self) -> Floats:
        """The product of all layers, shape (outputs, d)."""
        U = self.network.eigenvectors[:, list(self.subset)]
        projected: Floats = U @ (U.T @ self.network.least_squares)
        return projected

    def weights(self) -> list[Floats]:
        """The layers W_1, …, W_H of one such point, each of shape (outputs, inputs).

        Returns
        -------
        list of ndarrays
        """
        widths, r = self.network.widths, self.rank
        layers = [np.zeros((b, a)) for a, b in pairwise(widths)]
        U = self.network.eigenvectors[:, list(self.subset)]
        layers[0][:r] = U.T @ self.network.least_squares
        for layer in layers[1:-1]:
            np.fill_diagonal(layer[: self.passed_on, : self.passed_on], 1.0)
        layers[-1][:, :r] = U
        return layers


class LinearNetwork:
    """Least squares regression with a network without activation.

    f(x) = W_H … W_1 x, with loss L = (1/N) Σ_i ‖f(x_i) − y_i‖².

    Parameters
    ----------
    X : array_like, shape (N, features)
        The samples, each taken exactly as given.
    Y : array_like, shape (N,) or (N, outputs)
        The targets.
    hidden : int or sequence of int
        The widths of the hidden layers, at least one layer.
    bias : number, optional
        The value of a constant coordinate appended to every sample; None for none.

    Attributes
    ----------
    X, Y : ndarray
        As float64, shapes (N, d) and (N, outputs).
    widths : tuple of int
        Of all layers: d, the hidden ones, and the number of outputs.

    Raises
    ------
    InputError
        If X or Y is not a table of finite rational numbers of matching length, or a width is
        not a positive integer.

    References
    ----------
    P. Baldi and K. Hornik, Neural networks and principal component analysis: learning from
    examples without local minima, Neural Networks 2 (1989). K. Kawaguchi, Deep learning without
    poor local minima, NeurIPS 2016. E. M. Achour, F. Malgouyres and S. Gerchinovitz, The loss
    landscape of deep linear neural networks: a second-order analysis, JMLR 25 (2024).

    Examples
    --------
    >>> from arrangement.relu import LinearNetwork
    >>> X = [[1, 0], [0, 1], [1, 1]]
    >>> network = LinearNetwork(X, [[2, 0], [0, 1], [2, 1]], hidden=1, bias=None)
    >>> for point in network.critical_points():
    ...     print(point.kind, round(point.loss, 6), point.subset, point.inertia)
    global minimum 0.464816 (0,) (0, 1, 3)
    saddle 2.868517 (1,) (1, 1, 2)
    saddle 3.333333 () (2, 0, 2)
    """

    def __init__(
        self,
        X: ArrayLike,
        Y: ArrayLike,
        hidden: int | Sequence[int] = 1,
        bias: float | Fraction | str | None = 1.0,
    ) -> None:
        samples = exact_table(X, "X", "row", 2)
        targets = exact_table(Y, "Y", "row", 1 if entries(Y).ndim == 1 else 2)
        targets = targets[:, None] if targets.ndim == 1 else targets
        if len(samples) != len(targets):
            raise InputError(f"Y has {len(targets)} rows, but X has {len(samples)} samples")
        if bias is not None:
            samples = np.hstack([samples, np.full((len(samples), 1), exact_bias(bias))])
        if 0 in samples.shape or 0 in targets.shape:
            raise InputError("at least one sample, one feature and one output are needed")
        given = [hidden]
        if isinstance(hidden, Sequence) and not isinstance(hidden, str | bytes):
            given = list(hidden)
        if not given:
            raise InputError("hidden: at least one hidden layer is needed")
        inner = [whole(width, "hidden", 1) for width in given]
        self._exact = samples, targets
        self.X, self.Y = samples.astype(np.float64), targets.astype(np.float64)
        self.widths = (samples.shape[1], *inner, targets.shape[1])

    @cached_property
    def _moments(self) -> tuple[flint.fmpq_mat, Fraction, int]:
        """Σ, ‖Y‖² and the rank of X, exactly."""
        samples, targets = self._exact
        rows = np.array([integral(x) for x in samples], dtype=object)
        pivots = exact.linear.independent_columns(rows)
        X, Y = _matrix(samples[:, pivots]), _matrix(targets)
        mixed = X.transpose() * Y
        gram = X.transpose() * X
        sigma = mixed.transpose() * gram.solve(mixed)
        total = sum((Fraction(value) ** 2 for value in targets.ravel()), Fraction(0))
        return sigma, total, len(pivots)

    @cached_property
    def _roots(self) -> list[tuple[flint.arb, int]]:
        """The distinct positive eigenvalues of Σ, falling, with their multiplicities."""
        polynomial = self._moments[0].charpoly().numer()
        precision = PRECISION
        while True:
            with flint.ctx.workprec(precision):
                roots = [(root.real, times) for root, times in polynomial.complex_roots()]
            roots = [(root, times) for root, times in roots if not root.contains(0)]
            roots.sort(key=lambda pair: pair[0].mid(), reverse=True)
            if all(a[0] > b[0] for a, b in pairwise(roots)):
                return roots
            precision *= 2

    @cached_property
    def eigenvalues(self) -> Floats:
        """The positive eigenvalues of Σ, falling, with their multiplicity; shape (r,)."""
        return np.repeat(
            [float(root.mid()) for root, _ in self._roots], [times for _, times in self._roots]
        )

    @cached_property
    def eigenvectors(self) -> Floats:
        """Orthonormal eigenvectors of Σ in the columns, those of `eigenvalues` first.

        Shape (outputs, outputs).
        """
        fitted = self.X @ self.least_squares.T
        vectors: Floats = np.linalg.svd(fitted, full_matrices=True)[2].T
        return vectors

    @cached_property
    def least_squares(self) -> Floats:
        """The linear map of least squares and least norm, shape (outputs, d)."""
        return (np.linalg.pinv(self.X) @ self.Y).T

    def critical_points(self) -> list[LinearCriticalPoint]:
        """All critical values, each with a point of it, by rising loss.

        Where three or more layers leave a choice there are two points of a value: one whose
        neurons without use are passed on by the layers between, and one where they are not.

        Returns
        -------
        list of LinearCriticalPoint

        Raises
        ------
        SizeError
            If there are too many sets of eigenvalues.
        """
        times = [t for _, t in self._roots]
        least = min(self.widths[1:-1])
        n_subsets = sum(comb(sum(times), r) for r in range(min(least, sum(times)) + 1))
        if n_subsets > MOST and prod(t + 1 for t in times) > MOST:
            raise SizeError(
                f"{n_subsets:,} sets of eigenvalues, the most is {MOST:,}: give fewer "
                "outputs or narrower layers"
            )
        points = [
            self._point(taken, passed)
            for taken in _choices(times, least)
            for passed in self._passed_on(sum(taken))
        ]
        return sorted(points, key=lambda p: (p.loss, p.index))

    def _passed_on(self, rank: int) -> list[int]:
        least = min(self.widths[1:-1])
        if len(self.widths) == 3 or rank == min(least, len(self.eigenvalues)):
            return [least]
        return [rank, least]

    def _point(self, taken: tuple[int, ...], passed: int) -> LinearCriticalPoint:
        sigma, total, rank_of_x = self._moments
        times = [t for _, t in self._roots]
        rho, m, r = sum(times), self.widths[-1], sum(taken)
        first = np.concatenate([[0], np.cumsum(times)])
        subset = tuple(int(first[j]) + i for j, count in enumerate(taken) for i in range(count))
        if r == rho:
            diagonal = (sigma[i, i] for i in range(m))
            trace = sum((Fraction(int(x.p), int(x.q)) for x in diagonal), Fraction(0))
            loss = float((total - trace) / len(self.X))
        else:
            with flint.ctx.workprec(2 * PRECISION):
                used = sum(
                    (c * root for c, (root, _) in zip(taken, self._roots, strict=True)),
                    flint.arb(0),
                )
                rest = flint.arb(as_fmpq(total)) - used
                loss = float((rest / len(self.X)).mid())
        higher = sum(
            count * (times[i] - taken[i]) for j, count in enumerate(taken) for i in range(j)
        )
        freedom = sum(count * (t - count) for count, t in zip(taken, times, strict=True))
        turned = (passed - r) * (rho - r)
        negative = higher + turned
        positive = r * (m + rank_of_x - r) - higher - freedom + turned
        size = sum(a * b for a, b in pairwise(self.widths))
        greatest = r == min(*self.widths[1:-1], rho) and higher == 0
        kind = "global minimum" if greatest else "saddle" if negative else "flat saddle"
        inertia = (negative, size - negative - positive, positive)
        return LinearCriticalPoint(self, subset, loss, kind, passed, inertia, freedom)

    def loss(self, weights: Sequence[ArrayLike]) -> float:
        """The loss of layers W_1, …, W_H.

        Parameters
        ----------
        weights : sequence of array_like, each of shape (outputs, inputs)
            The layers W_1, …, W_H.
        """
        weights = self._layers(weights)
        return float(
            ((self.X @ _product(weights, self.widths[0]).T - self.Y) ** 2).sum()
        ) / len(self.X)

    def gradient(self, weights: Sequence[ArrayLike]) -> list[Floats]:
        """The derivatives of the loss by the entries of each layer.

        Parameters
        ----------
        weights : sequence of array_like, each of shape (outputs, inputs)
            The layers W_1, …, W_H.

        Returns
        -------
        list of ndarrays, of the shapes of the layers

        Examples
        --------
        >>> from arrangement.relu import LinearNetwork
        >>> network = LinearNetwork([[1], [2]], [[1], [2]], hidden=1, bias=None)
        >>> [part.tolist() for part in network.gradient([[[1]], [[2]]])]
        [[[10.0]], [[5.0]]]
        """
        weights = self._layers(weights)
        after, before = self._partial_products(weights)
        error = self._error(weights)
        return [a.T @ error @ b.T for a, b in zip(after, before, strict=True)]

    def hessian(self, weights: Sequence[ArrayLike]) -> Floats:
        """The second derivatives, in the entries of W_1, then W_2, …, each row by row.

        Parameters
        ----------
        weights : sequence of array_like, each of shape (outputs, inputs)
            The layers W_1, …, W_H.

        Returns
        -------
        ndarray, shape (P, P)

        Examples
        --------
        >>> from arrangement.relu import LinearNetwork
        >>> network = LinearNetwork([[1], [2]], [[1], [2]], hidden=1, bias=None)
        >>> network.hessian([[[1]], [[2]]]).tolist()
        [[20.0, 15.0], [15.0, 5.0]]
        """
        weights = self._layers(weights)
        after, before = self._partial_products(weights)
        error, gram = self._error(weights), 2 / len(self.X) * self.X.T @ self.X
        blocks: list[list[Floats]] = [[np.empty(0)] * len(weights) for _ in weights]
        for a in range(len(weights)):
            for b in range(a, len(weights)):
                block: NDArray[Any] = np.kron(
                    after[b].T @ after[a], before[b] @ gram @ before[a].T
                )
                if a < b:
                    between = _product(weights[a + 1 : b], self.widths[a + 1])
                    outer = after[b].T @ error @ before[a].T
                    # By entry (i, j) of W_b and (p, l) of W_a.
                    block += np.einsum("il,jp->ijpl", outer, between).reshape(block.shape)
                blocks[b][a], blocks[a][b] = block, block.T
        return np.block(blocks)

    def _layers(self, weights: Sequence[ArrayLike]) -> list[Floats]:
        """The layers that a caller gave, checked."""
        shapes = [(out, given) for given, out in pairwise(self.widths)]
        layers = [float_table(W, f"weights, layer {k}") for k, W in enumerate(weights)]
        found = [W.shape for W in layers]
        if found != shapes:
            raise InputError(f"weights of shapes {found}; this network's layers have {shapes}")
        return layers

    def _error(self, weights: Sequence[Floats]) -> Floats:
        """The derivative of the loss by the end-to-end map."""
        residuals = self.X @ _product(weights, self.widths[0]).T - self.Y
        derivative: Floats = 2 / len(self.X) * residuals.T @ self.X
        return derivative

    def _partial_products(self, weights: Sequence[Floats]) -> tuple[list[Floats], list[Floats]]:
        """Of all layers after each one, and of all before it."""
        after = [_product(weights[a + 1 :], self.widths[a + 1]) for a in range(len(weights))]
        before = [_product(weights[:a], self.widths[0]) for a in range(len(weights))]
        return after, before

    def __repr__(self) -> str:
        return (
            f"LinearNetwork: {len(self.X)} samples, widths {', '.join(map(str, self.widths))}"
        )


def _choices(times: Sequence[int], most: int) -> Iterator[tuple[int, ...]]:
    """How many of each group of equal eigenvalues are taken, at most so many in all."""
    if not times:
        yield ()
        return
    for count in range(min(times[0], most) + 1):
        for rest in _choices(times[1:], most - count):
            yield (count, *rest)


def _product(weights: Sequence[Floats], width: int) -> Floats:
    return reduce(lambda product, layer: layer @ product, weights, np.eye(width))


def _matrix(table: NDArray[np.object_]) -> flint.fmpq_mat:
    return flint.fmpq_mat(*table.shape, list(map(as_fmpq, table.ravel())))
