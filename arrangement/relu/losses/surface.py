"""The loss of a network on a line or a plane of its parameters, with its exact kinks.

A point is θ(t) = origin + Σ_k t_k directions_k. Where the directions move one layer only, what
that layer gives for a sample before its activation is an affine function of t, so that the
layers from it on are a network with t for its input: the kinks of the loss are between the
linear regions of these networks, one a sample, and are found exactly.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from arrangement.checks import check_instance, choice, entries, generator, whole
from arrangement.errors import InputError
from arrangement.exact.numbers import shown
from arrangement.files import archives
from arrangement.in_notebooks import InNotebooks
from arrangement.networks.network import Network
from arrangement.networks.weights import exact_product, exact_values
from arrangement.progress import Progress, reporter
from arrangement.relu.losses.network_loss import NetworkLoss, parameters_of
from arrangement.relu.weight_space import Floats

__all__ = ["DIRECTIONS", "LossSurface", "bias_direction", "directions_at", "loss_surface"]

DIRECTIONS = ("random", "filter", "gradient", "hessian")

MOST_POINTS = 2**12
"""Points along an axis of a grid."""

SAMPLES = 64
"""Samples that go through the layers below together, in exact numbers."""


@dataclass(frozen=True, eq=False)
class LossSurface(InNotebooks):
    """The loss on a grid of a line or a plane, as :func:`loss_surface` computes it.

    Attributes
    ----------
    loss : NetworkLoss
    origin : ndarray, shape (P,)
    directions : ndarray, shape (k, P)
        One, or two.
    axes : tuple of k ndarrays
        The coordinates of the grid along each direction, ascending.
    losses : ndarray
        At the nodes: shape (len(axes[0]),), or (len(axes[1]), len(axes[0])) on a plane.
    longest : ndarray or None
        With a max-norm the length of the longest neuron's weights, of the shape of `losses`.
    names : tuple of k str
        What the coordinates are.
    anchors : ndarray, shape (m, k)
        Where the networks are that the line or plane was put through, or its origin.

    Examples
    --------
    >>> import tempfile
    >>> from arrangement.networks import Network
    >>> from arrangement.relu import NetworkLoss, loss_surface
    >>> loss = NetworkLoss(Network.random([1, 2, 1], rng=0), [[0.0], [1.0]], [1.0, 2.0])
    >>> surface = loss_surface(loss, "random", layer=0, points=5)
    >>> surface.losses.shape, surface.at([0, 0]).sizes, surface.zero_weights().shape
    ((5, 5), (1, 2, 1), (0, 3))
    >>> float(surface.values([[0, 0]])[0]) == loss.value()
    True
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     surface.save(f"{folder}/surface.npz")
    """

    loss: NetworkLoss
    origin: Floats
    directions: Floats
    axes: tuple[Floats, ...]
    losses: Floats
    longest: Floats | None
    names: tuple[str, ...]
    anchors: Floats

    @property
    def feasible(self) -> NDArray[np.bool_]:
        """Where no neuron's weights are longer than the max-norm allows; shape of `losses`."""
        if self.longest is None or self.loss.max_norm is None:
            return np.ones(self.losses.shape, dtype=np.bool_)
        return np.asarray(self.longest <= self.loss.max_norm)

    @property
    def lowest(self) -> Floats:
        """The coordinates of the feasible node with the least loss, shape (k,)."""
        masked = np.where(self.feasible, self.losses, np.inf)
        at = np.unravel_index(int(masked.argmin()), masked.shape)
        return np.array([axis[i] for axis, i in zip(self.axes, at[::-1], strict=True)])

    def at(self, coordinates: ArrayLike) -> Network:
        """The network at a point of the line or plane, shape (k,).

        Parameters
        ----------
        coordinates : array_like, shape (k,)
        """
        t = np.asarray(coordinates, dtype=np.float64)
        return self.loss.at(np.asarray(self.origin + t @ self.directions))

    def values(self, coordinates: ArrayLike) -> Floats:
        """The loss at points of the line or plane, shape (M, k).

        Parameters
        ----------
        coordinates : array_like, shape (M, k)

        Returns
        -------
        ndarray, shape (M,)
        """
        return self.loss.values(self.origin, self.directions, coordinates)

    @property
    def moving_layers(self) -> tuple[int, ...]:
        """The layers whose weights or biases the directions change."""
        moved: Floats = np.asarray(self.directions != 0, dtype=np.float64).sum(axis=0)
        parts = enumerate(self.loss.layers(moved))
        return tuple(l for l, (W, b) in parts if W.any() or b.any())

    def kinks(self, progress: Progress = None) -> Floats:
        """Where the loss has kinks, exactly, but for the rounding of each coordinate.

        Between the linear regions of the outputs of each sample; of the losses ``absolute``,
        ``hinge`` and ``multiclass_hinge`` between those of the sample's loss, and of
        ``crammer_singer`` also where another class becomes the worst.

        Parameters
        ----------
        progress : bool or callable, optional

        Returns
        -------
        ndarray, shape (s, 2, 2), or (s,) on a line
            The ends of segments within the grid; points, sorted.

        Raises
        ------
        InputError
            If more than one layer moves: kinks are then no lines.
        SizeError
            If a sample has too many regions.

        Examples
        --------
        >>> from arrangement.networks import Network
        >>> from arrangement.relu import NetworkLoss
        >>> from arrangement.relu import bias_direction, loss_surface
        >>> network = Network([[[1], [-1]], [[1, 1]]], [[0, 0], [0]])
        >>> loss = NetworkLoss(network, [[0.5]], [0.0])
        >>> line = loss_surface(loss, [bias_direction(network, 0, 0)], points=5)
        >>> line.losses.tolist(), line.kinks().tolist()
        ([0.0, 0.0, 0.25, 1.0, 2.25], [-0.5])
        """
        moving = self.moving_layers
        if len(moving) != 1:
            raise InputError(
                f"kinks are lines where one layer moves; here these do: {list(moving)}"
            )
        box = [(axis[0], axis[-1]) for axis in self.axes]
        report = reporter(progress, "samples")
        found: list[Any] = [np.zeros((0, 2, 2) if len(box) == 2 else 0)]
        n = len(self.loss.X)
        for i, network in enumerate(self._of_samples(moving[0])):
            regions = network.regions(box, method="complex")
            parts: list[Any] = [regions.merge()]
            if self.loss.loss.name == "crammer_singer":
                parts.append(regions.decision_regions())
            for part in parts:
                if len(box) == 2:
                    found.append(part.contacts.segments)
                else:
                    found.append([float(x) for x in part.breakpoints])
            report(i + 1, n)
        if len(box) == 1:
            return np.unique(np.concatenate(found))
        return np.unique(np.concatenate(found), axis=0)  # of equal samples once

    def _of_samples(self, l: int) -> Iterator[Network]:
        """For each sample the network from layer l on, as a function of the coordinates."""
        network = self.loss.at(self.origin)
        weights, biases = network.exact_weights, network.exact_biases
        moves = [self.loss.layers(direction)[l] for direction in self.directions]
        tables = np.vstack([*(exact_values(V) for V, _ in moves), weights[l]])
        shifts = np.concatenate([*(exact_values(v) for _, v in moves), biases[l]])
        uppers = list(zip(weights, biases, strict=True))[l + 1 :]
        for start in range(0, len(self.loss.X), SAMPLES):
            rows = exact_values(self.loss.X[start : start + SAMPLES])
            for i, (W, b) in enumerate(zip(weights[:l], biases[:l], strict=True)):
                rows = network.activated(exact_product(rows, W.T) + b, i)
            given = exact_product(rows, tables.T) + shifts
            for column, y in zip(given, self.loss.y[start : start + SAMPLES], strict=True):
                *parts, b = column.reshape(len(moves) + 1, -1)
                yield self._with_loss(network, [(np.column_stack(parts), b), *uppers], y)

    def _with_loss(self, network: Network, layers: list[Any], y: Any) -> Network:
        """The layers, and behind them what a loss that is piecewise linear adds to them.

        Such a loss is the sum of max(0, t) over some affine functions t of the outputs, a
        layer of ReLU; or their maximum, which is left to the decision regions.
        """
        activation, rows = network.activation, self._margins(y)
        k, slopes = network.pieces, list(network.slopes[network.depth - len(layers) :])
        if rows is not None:
            W, b = layers[-1]
            T, c = exact_values(rows[:, :-1]), exact_values(rows[:, -1])
            layers[-1] = exact_product(T, W), exact_product(T, b[:, None])[:, 0] + c
            if self.loss.loss.name == "crammer_singer":
                W, b = layers[-1]
                layers[-1] = np.vstack([0 * W[:1], W]), np.insert(b, 0, 0)
            else:
                W, b = layers[-1]
                slopes.append(np.zeros(len(W)))
                table, shift = (np.zeros((len(W) * k, m), object) for m in (W.shape[1], 1))
                table[::k], shift[::k, 0] = W, b  # the largest of t and 0 is that of t, 0, …
                layers = [*layers[:-1], (table, shift[:, 0]), (np.ones((1, len(W))), [0])]
        weights, biases = zip(*layers, strict=True)
        return Network(weights, biases, activation if k > 1 else "leaky_relu", slopes)

    def _margins(self, y: Any) -> Floats | None:
        """The rows [T | c] of t = T f + c for a target; None of a smooth loss."""
        loss, outputs = self.loss.loss, self.loss.network.output_dimension
        if loss.name == "absolute":
            rows = np.column_stack([np.eye(outputs), -np.reshape(y, -1)])
            return np.vstack([rows, -rows])
        if loss.name == "hinge":
            return np.array([[-y, loss.margin]])
        if loss.name not in ("multiclass_hinge", "crammer_singer"):
            return None
        rows = np.column_stack([np.eye(outputs), np.full(outputs, loss.margin)])
        rows[:, int(y)] -= 1.0
        return np.delete(rows, int(y), axis=0)

    def zero_weights(self) -> Floats:
        """With an l1 penalty the rows [a | b] of a·t + b = 0 where a weight changes its sign.

        Returns
        -------
        ndarray, shape (m, k + 1)
            Without copies; empty without the penalty.
        """
        moved = self.loss.is_weight & self.directions.any(axis=0)
        if not self.loss.penalty.weights[0]:
            moved[:] = False
        rows = np.column_stack([*self.directions[:, moved], self.origin[moved]])
        return np.unique(rows.reshape(-1, len(self.directions) + 1), axis=0)

    def save(self, path: str | os.PathLike[str], kinks: Floats | None = None) -> None:
        """Write the grid, the losses, the origin and the directions, and kinks, as ``.npz``.

        Parameters
        ----------
        path : path-like
        kinks : ndarray, optional
            What :meth:`kinks` has given.
        """
        arrays = {
            "origin": self.origin,
            "directions": self.directions,
            "losses": self.losses,
            "anchors": self.anchors,
            **{f"axis_{k}": axis for k, axis in enumerate(self.axes)},
        }
        if self.longest is not None:
            arrays["longest"] = self.longest
        if kinks is not None:
            arrays["kinks"] = kinks
        archives.write(path, "a loss surface", arrays)

    def __repr__(self) -> str:
        grid = " × ".join(str(len(axis)) for axis in self.axes)
        return f"LossSurface: {grid} points, {self.loss!r}"


def _layer(network: Network, layer: int) -> int:
    layer = whole(layer, "layer", 0)
    if layer >= network.depth:
        raise InputError(f"layer = {layer}: {network!r} has layers 0 to {network.depth - 1}")
    return layer


def bias_direction(network: Network, layer: int, neuron: int) -> Floats:
    """The direction in which one bias grows: a unit vector, shape (P,).

    Parameters
    ----------
    network : Network
    layer, neuron : int
        From 0.

    Returns
    -------
    ndarray, shape (P,)

    Raises
    ------
    InputError
        If there is no such layer or neuron.

    Examples
    --------
    >>> from arrangement.networks import Network
    >>> from arrangement.relu import bias_direction
    >>> bias_direction(Network([[[1, 2]]], [[3]]), 0, 0).tolist()
    [0.0, 0.0, 1.0]
    """
    check_instance(network, "network", "Network")
    layer = _layer(network, layer)
    most = len(network.biases[layer]) - 1
    neuron = whole(neuron, "neuron", 0)
    if neuron > most:
        raise InputError(f"neuron = {neuron}: layer {layer} has neurons 0 to {most}")
    before = sum(W.size + len(W) for W in network.weights[:layer])
    result = np.zeros(sum(W.size + len(W) for W in network.weights))
    result[before + network.weights[layer].size + neuron] = 1.0
    return result


def directions_at(
    loss: NetworkLoss,
    kind: str = "filter",
    layer: int | None = None,
    rng: np.random.Generator | int | None = 0,
) -> Floats:
    """Two directions in the parameters of a network.

    Parameters
    ----------
    loss : NetworkLoss
    kind : {"random", "filter", "gradient", "hessian"}
        "random": normally distributed, each as long as the parameters that it moves. "filter":
        weights only, normally distributed, the row of each neuron as long as its weights (Li
        et al. 2018), so that scaling neurons changes nothing. "gradient": down the gradient,
        and the top eigenvector of the Hessian across it. "hessian": its two top eigenvectors.
        The last two are of length 1.
    layer : int, optional
        Move this layer alone.
    rng : Generator or seed

    Returns
    -------
    ndarray, shape (2, P)

    Raises
    ------
    InputError
        If there are none: the gradient vanishes, say, or all that would move is 0.

    References
    ----------
    H. Li, Z. Xu, G. Taylor, C. Studer and T. Goldstein, *Visualizing the loss landscape of
    neural nets*, NeurIPS (2018).

    Examples
    --------
    >>> import numpy as np
    >>> from arrangement.networks import Network
    >>> from arrangement.relu import NetworkLoss
    >>> from arrangement.relu import directions_at
    >>> loss = NetworkLoss(Network([[[3, 4]]], [[1]]), [[1.0, 2.0]], [0.0])
    >>> np.linalg.norm(directions_at(loss, "filter"), axis=1).round(9).tolist()
    [5.0, 5.0]
    """
    check_instance(loss, "loss", "NetworkLoss")
    choice(kind, DIRECTIONS, "directions")
    theta, moved = loss.parameters, np.ones(len(loss.parameters))
    if layer is not None:
        layer = _layer(loss.network, layer)
        moved[:] = 0.0
        for part in loss.layers(moved)[layer]:
            part[...] = 1.0
    if kind in ("random", "filter"):
        # A stream of their own: the seed may be the one that the weights were drawn with.
        D = generator(rng).spawn(1)[0].normal(size=(2, len(theta))) * moved
        if kind == "random":
            D *= np.hypot.reduce(theta * moved) / np.linalg.norm(D, axis=1, keepdims=True)
        for direction in D if kind == "filter" else []:
            for (W, _), (V, v) in zip(loss.layers(theta), loss.layers(direction), strict=True):
                lengths = np.linalg.norm(V, axis=1)
                V *= (np.hypot.reduce(W, axis=1) / np.where(lengths, lengths, 1.0))[:, None]
                v[...] = 0.0
    else:
        if layer is not None:
            raise InputError(f'layer: for directions "random" and "filter", not {kind!r}')
        _, D = loss.hessian_eigenvectors(min(2, len(theta)))
        if kind == "gradient":
            down = -loss.gradient()
            length = np.linalg.norm(down)
            if not length:
                raise InputError("directions: the gradient vanishes; take 'hessian'")
            down /= length
            across = D - (D @ down)[:, None] * down
            lengths = np.linalg.norm(across, axis=1)
            k = 0 if lengths[0] > 1e-6 else len(across) - 1
            D = np.array([down, across[k] / (lengths[k] or 1.0)])
    if not np.isfinite(D).all():
        raise InputError("directions: the weights are so large that their lengths overflow")
    if np.linalg.matrix_rank(D) < 2:
        raise InputError(f"directions: there are no two of kind {kind!r} in these parameters")
    return D


def loss_surface(
    loss: NetworkLoss,
    directions: str | ArrayLike | None = None,
    *,
    through: Sequence[Network] | None = None,
    layer: int | None = None,
    window: ArrayLike | None = None,
    points: int = 151,
    rng: np.random.Generator | int | None = 0,
    progress: Progress = None,
) -> LossSurface:
    """The loss on a line or a plane through the parameters of a network.

    Parameters
    ----------
    loss : NetworkLoss
        Its network is the origin.
    directions : str or array_like, shape (1, P) or (2, P), optional
        One of those of :func:`directions_at`, or the directions themselves;
        :func:`bias_direction` makes some. "filter" if left out.
    through : sequence of one or two Networks, optional
        Instead: the line through the network and this one, at 0 and 1; or the plane through
        the network and these two, with lengths for coordinates, towards the first and across.
    layer : int, optional
        Of :func:`directions_at`.
    window : one or two pairs (low, high), optional
        The range of the coordinates: −1 to 1 if left out, or around what it goes through.
    points : int
        Of the grid, along each direction.
    rng : Generator or seed
    progress : bool or callable, optional

    Returns
    -------
    LossSurface

    Raises
    ------
    InputError
        If an argument is not what it must be, or the networks do not fit or lie on a line.

    Examples
    --------
    >>> from arrangement.networks import Network
    >>> from arrangement.relu import NetworkLoss
    >>> from arrangement.relu import loss_surface
    >>> one, two = Network([[[1.0]]], [[0.0]]), Network([[[3.0]]], [[0.0]])
    >>> line = loss_surface(NetworkLoss(one, [[1.0]], [2.0]), through=[two], points=5)
    >>> line.axes[0].tolist(), line.losses.tolist()
    ([-0.25, 0.125, 0.5, 0.875, 1.25], [2.25, 0.5625, 0.0, 0.5625, 2.25])
    """
    check_instance(loss, "loss", "NetworkLoss")
    points = whole(points, "points", 2, MOST_POINTS)
    if through is not None and (directions is not None or layer is not None):
        raise InputError("through: leave directions and layer out")
    if through is not None:
        D, anchors, names = _through(loss, through)
    else:
        if directions is None or isinstance(directions, str):
            D = directions_at(loss, directions or "filter", layer, rng)
        elif layer is None:
            D = _given(loss, directions)
        else:
            raise InputError("layer: is for directions by name")
        anchors = np.zeros((1, len(D)))
        names = _names(loss, directions, D, layer)
    low, high = _window(window, anchors)
    axes = tuple(np.linspace(a, b, points) for a, b in zip(low, high, strict=True))
    t = np.stack(np.meshgrid(*axes), axis=-1).reshape(-1, len(axes))
    shape = tuple(len(axis) for axis in axes[::-1])
    losses = loss.values(loss.parameters, D, t, progress).reshape(shape)
    longest = None
    if loss.max_norm is not None:
        longest = loss.longest(loss.parameters, D, t).reshape(shape)
    return LossSurface(
        loss, loss.parameters, D, axes, losses, longest, names[: len(D)], anchors
    )


def _names(
    loss: NetworkLoss, kind: Any, directions: Floats, layer: int | None
) -> tuple[str, ...]:
    """What the coordinates along the directions are."""
    if kind is None or isinstance(kind, str):
        if kind == "gradient":
            return "down the gradient", "top eigenvector of the Hessian, across"
        if kind == "hessian":
            return "top eigenvector of the Hessian", "second eigenvector"
        where = "" if layer is None else f" of layer {layer}"
        scaled = "" if kind == "random" else ", filter-normalised"
        return f"random direction{where}{scaled}", f"second random direction{where}{scaled}"
    return tuple(
        _bias_moved(loss, direction) or f"{place} direction"
        for place, direction in zip(("first", "second"), directions, strict=False)
    )


def _bias_moved(loss: NetworkLoss, direction: Floats) -> str | None:
    """The name of the coordinate where it is added to one bias and nothing else."""
    at = np.flatnonzero(direction)
    if len(at) > 1 or direction[at[0]] != 1.0:
        return None
    for l, (_, b) in enumerate(loss.layers(direction)):
        if b.any():
            return f"added to the bias of neuron {b.argmax()} of layer {l}"
    return None


def _given(loss: NetworkLoss, directions: Any) -> Floats:
    table, p = entries(directions), len(loss.parameters)
    good = table.dtype.kind in "iuf" and table.ndim == 2 and table.shape in ((1, p), (2, p))
    if not good or not np.isfinite(table).all():
        raise InputError(
            f"directions must be one or two rows of {p} finite numbers, all weights and biases "
            f"layer by layer, or one of {', '.join(map(repr, DIRECTIONS))}; not of shape "
            f"{table.shape}"
        )
    D = table.astype(np.float64)
    if np.linalg.matrix_rank(D) < len(D):
        raise InputError("directions: one is a multiple of the other, or zero")
    return D


def _through(
    loss: NetworkLoss, through: Sequence[Network]
) -> tuple[Floats, Floats, tuple[str, ...]]:
    if not isinstance(through, Sequence) or len(through) not in (1, 2):
        raise InputError(f"through: one or two networks, not {shown(through)}")
    own = loss.network
    for k, other in enumerate(through):
        check_instance(other, f"through, entry {k}", "Network")
        same = (other.activation, other.negative_slope) == (own.activation, own.negative_slope)
        if other.sizes != own.sizes or not same:
            raise InputError(f"through, entry {k}: {other!r} has not the form of {own!r}")
    D = np.array([parameters_of(other) for other in through]) - loss.parameters
    if np.linalg.matrix_rank(D) < len(D):
        raise InputError("through: the networks lie on a line, or are the same")
    if len(D) == 1:
        return D, np.array([[0.0], [1.0]]), ("from A (0) to B (1)",)
    first = D[0] / np.linalg.norm(D[0])
    second = D[1] - (D[1] @ first) * first
    plane = np.array([first, second / np.linalg.norm(second)])
    anchors = np.vstack([np.zeros(2), D @ plane.T])
    return plane, anchors, ("distance from A towards B", "distance across")


def _window(window: Any, anchors: Floats) -> tuple[Floats, Floats]:
    k = anchors.shape[1]
    if window is None:
        low, high = anchors.min(axis=0), anchors.max(axis=0)
        margin = 0.25 * (high - low).max() if len(anchors) > 1 else 1.0
        return low - margin, high + margin
    ends = entries(window)
    if ends.dtype.kind not in "iuf" or ends.shape not in ((k, 2), (2,)):
        ends = np.zeros((k, 2))
    ends = np.broadcast_to(ends, (k, 2)).astype(np.float64)
    if not np.isfinite(ends).all() or (ends[:, 0] >= ends[:, 1]).any():
        pairs = "a pair" if k == 1 else "two pairs"
        raise InputError(
            f"window must be {pairs} (low, high) with low < high, not {shown(window)}"
        )
    return ends[:, 0], ends[:, 1]
