"""The loss of a network of any depth as a function of its parameters, and its derivatives."""

from __future__ import annotations

from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import csr_array
from scipy.sparse.linalg import ArpackNoConvergence, LinearOperator, eigsh

from arrangement.checks import check_instance, entries, given_points, number, whole
from arrangement.errors import InputError, SolverError
from arrangement.networks.network import Network
from arrangement.progress import Progress, reporter
from arrangement.relu.losses.losses import Loss, Penalty
from arrangement.relu.weight_space import CHUNK, Floats

__all__ = ["NetworkLoss", "parameters_of"]

SPARSE = 0.1
"""The share of non-zero weights below which a layer that stays is kept as a sparse matrix."""

DENSE = 200
"""Up to so many parameters the whole Hessian is made for its eigenvectors."""


def parameters_of(network: Network) -> Floats:
    """Weights and biases as one vector: W_0 row by row, b_0, W_1, b_1, …"""
    parts = zip(network.weights, network.biases, strict=True)
    return np.concatenate([part.ravel() for layer in parts for part in layer])


class NetworkLoss:
    """The loss of a network on samples, as a function of its weights and biases.

    L(θ) = (1/N) Σ_i l(f_θ(x_i), y_i) + penalty of all weights (not of the biases), where θ is
    W_0 row by row, b_0, W_1, b_1, … Of ``squared``, ``absolute`` and ``huber`` with several
    outputs l is the sum over these.

    Parameters
    ----------
    network : Network
        Of any depth and activation: it stands for θ where none is given.
    X : array_like, shape (N, input_dimension)
    y : array_like, shape (N,), or (N, outputs) for several outputs that are numbers
    loss : str
        A loss of :mod:`arrangement.relu.losses`: ``squared``, ``softmax``, ``logistic``,
        ``hinge``, ``multiclass_hinge`` (the multi-class SVM), …
    penalty : {None, "l1", "l2", "elasticnet"}
    alpha, l1_ratio : float, optional
        Of the penalty.
    max_norm : float, optional
        Weights are feasible if no neuron's are longer than this: ‖w_j‖ ≤ max_norm in every
        layer. It changes no loss: see `LossSurface.feasible`.
    threshold, margin : float
        Of the Huber loss, and Δ of the hinge losses.

    Attributes
    ----------
    network : Network
    X : ndarray, shape (N, input_dimension)
        As given: float64, or exact numbers.
    y : ndarray
    loss : Loss
    penalty : Penalty
    max_norm : float or None
    parameters : ndarray, shape (P,)
        θ of the network.

    Raises
    ------
    InputError
        If an argument is not what it must be, or the loss is for another number of outputs.

    Examples
    --------
    >>> from arrangement.networks import Network
    >>> from arrangement.relu import NetworkLoss
    >>> tent = Network([[[1], [-1]], [[1, 1]]], [[0, 0], [0]])
    >>> loss = NetworkLoss(tent, [[-1.0], [2.0]], [1.0, 1.0])
    >>> loss.value(), loss.gradient().tolist()
    (0.5, [2.0, 0.0, 1.0, 0.0, 2.0, 0.0, 1.0])
    """

    def __init__(
        self,
        network: Network,
        X: ArrayLike,
        y: ArrayLike,
        loss: str = "squared",
        *,
        penalty: str | None = None,
        alpha: float | None = None,
        l1_ratio: float = 0.5,
        max_norm: float | None = None,
        threshold: float = 1.0,
        margin: float = 1.0,
    ) -> None:
        check_instance(network, "network", "Network")
        self.network = network
        self.X, single = given_points(X, network.input_dimension, name="X")
        if single or not len(self.X):
            raise InputError("X: a table with one sample a row is needed")
        self._inputs = self.X.astype(np.float64)
        self.loss = Loss(loss, threshold, margin)
        self.penalty = Penalty(penalty, alpha, l1_ratio)
        self.max_norm = None if max_norm is None else number(max_norm, "max_norm")
        if self.max_norm is not None and self.max_norm <= 0:
            raise InputError(f"max_norm = {self.max_norm:g}: a number above 0 is needed")
        self.y = self._targets(y)
        self.parameters = parameters_of(network)

    def _targets(self, y: Any) -> Floats:
        n, outputs = len(self.X), self.network.output_dimension
        if self.loss.of_classes:
            return self.loss.targets(y, n, outputs)[0]
        if outputs == 1:
            return self.loss.targets(y, n)[0]
        if self.loss.name not in ("squared", "absolute", "huber"):
            raise InputError(
                f"loss={self.loss.name!r} is of one output, but the network has {outputs}; of "
                "classes are softmax, multiclass_hinge and crammer_singer"
            )
        table = np.asarray(y)
        if table.shape != (n, outputs):
            raise InputError(
                f"y has shape {table.shape}, but {n} samples and {outputs} outputs need "
                f"({n}, {outputs})"
            )
        return np.column_stack([self.loss.targets(column, n)[0] for column in table.T])

    def at(self, parameters: ArrayLike) -> Network:
        """The network with other parameters, shape (P,).

        Parameters
        ----------
        parameters : array_like, shape (P,)

        Examples
        --------
        >>> from arrangement.networks import Network
        >>> from arrangement.relu import NetworkLoss, loss_surface
        >>> loss = NetworkLoss(Network.random([1, 2, 1], rng=0), [[0.0], [1.0]], [1.0, 2.0])
        >>> loss.at(loss.parameters).sizes
        (1, 2, 1)
        """
        weights, biases = zip(*self.layers(self._vector(parameters)), strict=True)
        old = self.network
        return Network(weights, biases, old.activation, old.negative_slope, old.labels)

    def layers(self, vector: Floats) -> list[tuple[Floats, Floats]]:
        """The weights and biases in a vector of parameters, as views of it.

        Parameters
        ----------
        vector : ndarray, shape (P,)

        Returns
        -------
        list of (weights, biases)

        Examples
        --------
        >>> from arrangement.networks import Network
        >>> from arrangement.relu import NetworkLoss, loss_surface
        >>> loss = NetworkLoss(Network.random([1, 2, 1], rng=0), [[0.0], [1.0]], [1.0, 2.0])
        >>> [(W.shape, b.shape) for W, b in loss.layers(loss.parameters)]
        [((2, 1), (2,)), ((1, 2), (1,))]
        """
        shapes = [W.shape for W in self.network.weights]
        sizes = [size for out, inner in shapes for size in (out * inner, out)]
        ends = np.cumsum([0, *sizes]).tolist()
        parts = [vector[a:b] for a, b in pairwise(ends)]
        return [
            (W.reshape(shape), b)
            for shape, W, b in zip(shapes, parts[::2], parts[1::2], strict=True)
        ]

    @cached_property
    def is_weight(self) -> NDArray[np.bool_]:
        """Which parameters are weights and no biases, shape (P,)."""
        result = np.zeros(len(self.parameters))
        for W, _ in self.layers(result):
            W[...] = 1.0
        return result > 0

    def values(
        self,
        origin: ArrayLike,
        directions: ArrayLike,
        coordinates: ArrayLike,
        progress: Progress = None,
    ) -> Floats:
        """The loss at the points origin + Σ_k t_k directions_k.

        Parameters
        ----------
        origin : array_like, shape (P,)
        directions : array_like, shape (k, P)
        coordinates : array_like, shape (M, k)
        progress : bool or callable, optional

        Returns
        -------
        ndarray, shape (M,)

        Raises
        ------
        InputError
            If an argument is not what it must be, or a loss is beyond float64.

        Examples
        --------
        >>> from arrangement.networks import Network
        >>> from arrangement.relu import NetworkLoss, loss_surface
        >>> loss = NetworkLoss(Network.random([1, 2, 1], rng=0), [[0.0], [1.0]], [1.0, 2.0])
        >>> directions = [loss.gradient()]
        >>> loss.values(loss.parameters, directions, [[0.0]]).tolist() == [loss.value()]
        True
        """
        with np.errstate(over="ignore", invalid="ignore"):
            result = self._values(origin, directions, coordinates, progress)
        wrong = np.flatnonzero(~np.isfinite(result))
        if len(wrong):
            place = np.asarray(coordinates)[wrong[0]].tolist()
            raise InputError(
                f"the loss at {place} is beyond float64; choose smaller parameters"
            )
        return result

    def _values(
        self, origin: Any, directions: Any, coordinates: Any, progress: Progress
    ) -> Floats:
        base = self._vector(origin)
        D = np.array([self._vector(one, "directions") for one in directions])
        D, t = D.reshape(-1, len(base)), entries(coordinates)
        if t.dtype.kind not in "iuf" or t.ndim != 2 or t.shape[1] != len(D):
            raise InputError(
                f"coordinates must be numbers of shape (M, {len(D)}), not of shape {t.shape}"
            )
        layers = self.layers(base)
        moves = [self.layers(direction) for direction in D]
        by_layer = [[move[l] for move in moves] for l in range(len(layers))]
        moving = [any(V.any() or v.any() for V, v in parts) for parts in by_layer]
        start = moving.index(True) if any(moving) else len(layers) - 1
        inputs = self._inputs
        for l, (W, b) in enumerate(layers[:start]):
            inputs = self.network.activated(inputs @ W.T + b, l)
        kept: list[Any] = [_kept(W) for W, _ in layers]
        # In the first layer that moves one table of inputs is for all points: affine in t.
        affine = np.array([inputs @ V.T + v for V, v in (layers[start], *by_layer[start])])
        widest = max(len(W) for W, _ in layers[start:]) * len(inputs)
        tables = [W.size for (W, _), moved in zip(layers, moving, strict=True) if moved]
        size = max(1, CHUNK // max(widest, *tables[1:], 1))
        report = reporter(progress, "points")
        result = self._penalties(base, D, t)
        for first in range(0, len(t), size):
            part = t[first : first + size]
            h = affine[0] + np.tensordot(part, affine[1:], axes=1)
            for l in range(start + 1, len(layers)):
                (W, b), h = layers[l], self.network.activated(h, l - 1)
                if moving[l]:
                    V, v = (np.array(parts) for parts in zip(*by_layer[l], strict=True))
                    table = W + np.tensordot(part, V, axes=1)
                    h = h @ table.transpose(0, 2, 1) + (b + part @ v)[:, None]
                else:
                    h = _times(h, kept[l]) + b
            result[first : first + size] += self._means(h)
            report(min(first + size, len(t)), len(t))
        return result

    def _means(self, outputs: Floats) -> Floats:
        """The mean loss at M points, from outputs of shape (M, N, out)."""
        m, n = outputs.shape[:2]
        f, y = self._flat(outputs), np.tile(self.y, (m, *[1] * (self.y.ndim - 1)))
        return np.asarray(self.loss.values(f, y).reshape(m, -1).sum(axis=1) / n)

    def _flat(self, outputs: Floats) -> Floats:
        """Outputs as the loss takes them: without the last axis where there is one output."""
        many = self.loss.of_classes or outputs.shape[-1] > 1
        return outputs.reshape(-1, outputs.shape[-1]) if many else outputs.ravel()

    def _penalties(self, base: Floats, D: Floats, t: Floats) -> Floats:
        """The penalty at points as of :meth:`values`."""
        result = np.zeros(len(t))
        if self.penalty.name is None:
            return result
        l1, l2 = self.penalty.weights
        moved = self.is_weight & D.any(axis=0)
        fixed = base[self.is_weight & ~moved]
        result += l1 * np.abs(fixed).sum() + 0.5 * l2 * (fixed @ fixed)
        size = max(1, CHUNK // max(1, int(moved.sum())))
        for first in range(0, len(t), size):
            part = slice(first, first + size)
            table = base[moved] + t[part] @ D[:, moved]
            result[part] += l1 * np.abs(table).sum(axis=1) + 0.5 * l2 * (table**2).sum(axis=1)
        return result

    def longest(self, origin: Floats, directions: Floats, coordinates: Floats) -> Floats:
        """The length of the longest neuron's weights at points as of :meth:`values`, (M,).

        Parameters
        ----------
        origin : ndarray, shape (P,)
        directions : ndarray, shape (k, P)
        coordinates : ndarray, shape (M, k)

        Returns
        -------
        ndarray, shape (M,)

        Examples
        --------
        >>> from arrangement.networks import Network
        >>> from arrangement.relu import NetworkLoss, loss_surface
        >>> loss = NetworkLoss(Network.random([1, 2, 1], rng=0), [[0.0], [1.0]], [1.0, 2.0])
        >>> import numpy as np
        >>> directions = np.zeros((1, loss.parameters.size))
        >>> loss.longest(loss.parameters, directions, np.zeros((1, 1))).shape
        (1,)
        """
        u = np.insert(coordinates, 0, 1.0, axis=1)
        result = np.zeros(len(u))
        for parts in zip(*map(self.layers, [origin, *directions]), strict=True):
            tables = np.array([W for W, _ in parts])
            products = np.einsum("aoi,boi->abo", tables, tables)
            size = max(1, CHUNK // products[0].size)
            for first in range(0, len(u), size):
                part = slice(first, first + size)
                squares = np.einsum("pa,pb,abo->po", u[part], u[part], products, optimize=True)
                result[part] = np.maximum(result[part], squares.max(axis=1))
        return np.sqrt(result)

    def value(self, parameters: ArrayLike | None = None) -> float:
        """The loss at parameters, shape (P,); at those of the network if left out.

        Parameters
        ----------
        parameters : array_like, shape (P,), optional
            Those of the network if left out.
        """
        vector = self._vector(parameters)
        return float(self.values(vector, np.zeros((0, len(vector))), np.zeros((1, 0)))[0])

    def gradient(self, parameters: ArrayLike | None = None) -> Floats:
        """The gradient of the loss by all parameters, shape (P,), by backpropagation.

        At a kink it is that of the side on which the neuron is inactive, or the first of the
        largest pieces in force; of the losses it is a subgradient.

        Parameters
        ----------
        parameters : array_like, shape (P,), optional
            Those of the network if left out.

        Returns
        -------
        ndarray, shape (P,)
        """
        return self._checked(self._vector(parameters), None)

    def hessian_product(self, v: ArrayLike, parameters: ArrayLike | None = None) -> Floats:
        """The Hessian of the loss times a vector, shape (P,).

        The exact product off kinks, without the Hessian: the derivative of backpropagation in
        the direction v (Pearlmutter, *Fast exact multiplication by the Hessian*, 1994).

        Parameters
        ----------
        v : array_like, shape (P,)
        parameters : array_like, shape (P,), optional
            Those of the network if left out.

        Returns
        -------
        ndarray, shape (P,)

        Examples
        --------
        >>> from arrangement.networks import Network
        >>> from arrangement.relu import NetworkLoss
        >>> loss = NetworkLoss(Network([[[3.0]]], [[0.0]]), [[2.0]], [1.0])
        >>> loss.hessian_product([1.0, 0.0]).tolist()
        [8.0, 4.0]
        """
        return self._checked(self._vector(parameters), self._vector(v, "v"))

    def _checked(self, vector: Floats, v: Floats | None) -> Floats:
        with np.errstate(over="ignore", invalid="ignore"):
            result = self._backward(vector, v)
        if not np.isfinite(result).all():
            raise InputError("derivatives beyond float64; choose smaller parameters")
        return result

    def _backward(self, vector: Floats, v: Floats | None) -> Floats:
        """The gradient, or where v is given its derivative in this direction."""
        layers = self.layers(vector)
        moves = self.layers(np.zeros_like(vector) if v is None else v)
        a, Ra = self._inputs, np.zeros_like(self._inputs)
        inputs, slopes = [(a, Ra)], []
        for l, ((W, b), (V, c)) in enumerate(zip(layers, moves, strict=True)):
            a, Ra = a @ W.T + b, Ra @ W.T + a @ V.T + c
            if l < len(layers) - 1:
                slope = self._slopes(a, l)
                slopes.append(slope)
                a, Ra = self._folded(slope * a), self._folded(slope * Ra)
                inputs.append((a, Ra))
        f, n = self._flat(a), len(a)
        delta = (self.loss.gradient(f, self.y) / n).reshape(a.shape)
        Rf = self._flat(Ra)
        Rdelta = (self.loss.curvature_product(f, self.y, Rf) / n).reshape(a.shape)
        result = np.zeros_like(vector)
        parts = self.layers(result)
        for l in range(len(layers) - 1, -1, -1):
            (a, Ra), (W, _), (V, _) = inputs[l], layers[l], moves[l]
            if v is None:
                parts[l][0][...], parts[l][1][...] = delta.T @ a, delta.sum(axis=0)
            else:
                parts[l][0][...] = Rdelta.T @ a + delta.T @ Ra
                parts[l][1][...] = Rdelta.sum(axis=0)
            if l:
                k = self.network.pieces
                Rdelta = slopes[l - 1] * np.repeat(Rdelta @ W + delta @ V, k, axis=1)
                delta = slopes[l - 1] * np.repeat(delta @ W, k, axis=1)
        l1, l2 = self.penalty.weights
        term = l1 * np.sign(vector) + l2 * vector if v is None else l2 * v
        return result + np.where(self.is_weight, term, 0.0)

    def _slopes(self, z: Floats, l: int) -> Floats:
        """The derivative of what each row gives to its neuron's output."""
        k = self.network.pieces
        if k == 1:
            return np.where(z > 0, 1.0, self.network.slopes[l])
        largest = z.reshape(len(z), -1, k).argmax(axis=-1)
        return np.asarray(np.eye(k)[largest].reshape(z.shape))

    def _folded(self, z: Floats) -> Floats:
        k = self.network.pieces
        return z if k == 1 else z.reshape(len(z), -1, k).sum(axis=-1)

    def hessian_eigenvectors(
        self, k: int = 2, parameters: ArrayLike | None = None
    ) -> tuple[Floats, Floats]:
        """The k largest eigenvalues of the Hessian, and their unit eigenvectors.

        By Lanczos iteration on :meth:`hessian_product`; the Hessian of a network with few
        parameters is made in full.

        Parameters
        ----------
        k : int
        parameters : array_like, shape (P,), optional
            Those of the network if left out.

        Returns
        -------
        eigenvalues : ndarray, shape (k,)
            The largest first.
        eigenvectors : ndarray, shape (k, P)

        Raises
        ------
        SolverError
            If the iteration does not converge.

        Examples
        --------
        >>> from arrangement.networks import Network
        >>> from arrangement.relu import NetworkLoss, loss_surface
        >>> loss = NetworkLoss(Network.random([1, 2, 1], rng=0), [[0.0], [1.0]], [1.0, 2.0])
        >>> values, vectors = loss.hessian_eigenvectors(2)
        >>> values.shape, vectors.shape
        ((2,), (2, 7))
        """
        vector = self._vector(parameters)
        p = len(vector)
        k = whole(k, "k", 1, p)

        def product(v: Floats) -> Floats:
            return self._checked(vector, np.asarray(v, dtype=np.float64).ravel())

        if p <= max(DENSE, k):
            H = np.array([product(one) for one in np.eye(p)])
            values, vectors = np.linalg.eigh((H + H.T) / 2)
        else:
            operator = LinearOperator((p, p), matvec=product, dtype=np.float64)
            start = np.random.default_rng(0).normal(size=p)
            try:
                values, vectors = eigsh(operator, k, which="LA", v0=start)
            except ArpackNoConvergence as error:
                raise SolverError(
                    f"the Lanczos iteration has found {len(error.eigenvalues)} of {k} "
                    "eigenvectors of the Hessian"
                ) from None
        order = np.argsort(-values, kind="stable")[:k]
        return values[order], vectors.T[order]

    def _vector(self, values: Any, name: str = "parameters") -> Floats:
        if values is None:
            return self.parameters
        vector, p = entries(values), sum(W.size + len(W) for W in self.network.weights)
        good = vector.dtype.kind in "iuf" and vector.shape == (p,)
        if not good or not np.isfinite(vector).all():
            raise InputError(
                f"{name} must be {p} finite numbers, all weights and biases layer by layer; "
                f"not an array of shape {vector.shape}"
            )
        return vector.astype(np.float64)

    def __repr__(self) -> str:
        return f"NetworkLoss({self.loss.name} of {self.network!r} on {len(self.X)} samples)"


def _times(h: Floats, W: Any) -> Floats:
    """h Wᵀ for tables of inputs, shape (M, N, in), and weights from :func:`_kept`."""
    if isinstance(W, np.ndarray):
        return np.asarray(h @ W.T)  # a small product a point, for which BLAS starts no threads
    rows = (W @ h.reshape(-1, h.shape[-1]).T).T
    return np.asarray(rows.reshape(*h.shape[:-1], W.shape[0]))


def _kept(W: Floats) -> Any:
    """Weights that stay, to be multiplied many times."""
    return csr_array(W) if np.count_nonzero(W) < SPARSE * W.size else W
