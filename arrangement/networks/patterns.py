"""Every low-dimensional pattern in the loss surface of a ReLU network.

Let the first layer have z neurons without weights: their biases h are what they give, for
every sample. What the layers above make of h is the same for all samples, and the loss of mean
squares on the z-dimensional plane of these biases is L(h) = (q(h) − ȳ)² + var y. So
q = ȳ + √(T − var y) makes the loss a pattern T ≥ var y (Skorokhodov and Burtsev 2019, theorem
1). If a further neuron of the first layer tells the samples apart, q(h, x_i) = y_i + √T(h)
makes L(h) = T(h); where T is 0, that is the least loss that any parameters have (theorem 2).

T is the function that is linear on the simplices of Kuhn's triangulation of a grid and has the
given values on its nodes. With t = G h − v, for a node v and G steps along each axis, the hat
of the node is max(0, 1 − max(0, t_1, …, t_z) − max(0, −t_1, …, −t_z)), so T is exactly a ReLU
network, with integers for weights up to its last layer. The root is taken behind it, by a
piecewise linear function S of one variable with knots at equal steps δ of √T; S² differs from T
by at most δ²/4. So neither the size of the network nor the error depends on how steep T is, and
the error is a quadratic polynomial of T between two knots: its supremum on a simplex is known
exactly.
"""

from __future__ import annotations

import statistics
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from itertools import pairwise, permutations
from math import ceil, log2, sqrt
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import csr_array

from arrangement.checks import choice, float_table, number
from arrangement.errors import InputError, SizeError
from arrangement.exact.numbers import common_denominator
from arrangement.in_notebooks import InNotebooks
from arrangement.networks.network import Network

__all__ = ["PatternNetwork", "pattern_network"]

Floats = NDArray[np.float64]

MOST_NODES = 2**12
"""Nodes of a grid: the layer of hats has twice as many inputs."""

MOST_KNOTS = 10**5

BLOCK = 2**10
"""Points at which the loss is evaluated at once."""


@dataclass(frozen=True, eq=False)
class PatternNetwork(InNotebooks):
    """A network with a pattern in its loss surface, as :func:`pattern_network` makes it.

    Attributes
    ----------
    network : Network
        The network at the corner h = 0 of the pattern.
    directions : tuple of (int, int)
        (layer, neuron) of the biases that span the plane: 0 ≤ h ≤ 1 is added to them.
    values : ndarray
        The pattern on its grid, the first axis along h_1.
    X, y : ndarray, shapes (N, d) and (N,)
        The samples and targets.
    shift : float
        What was added to the pattern: the loss is T + shift.
    knots : ndarray
        The values of T at which the slope of the root changes, the first the least value of T.

    Examples
    --------
    >>> from arrangement.networks import pattern_network
    >>> planted = pattern_network([[0, 1], [1, 0]])
    >>> planted
    PatternNetwork: 2 × 2 values in the loss of Network(1 → 2 → 8 → 8 → 4 → 16 → 1, relu)
    >>> planted.pattern([[0.5, 0.25]]).tolist(), planted.loss([[0.5, 0.25]]).shape
    ([0.25], (1,))
    >>> planted.at([0.5, 0.25]).sizes == planted.network.sizes, planted.errors().shape
    (True, (1, 1, 2))
    """

    network: Network
    directions: tuple[tuple[int, int], ...]
    values: Floats
    X: Floats
    y: Floats
    shift: float
    knots: Floats

    def at(self, h: ArrayLike) -> Network:
        """The network at a point of the plane, shape (z,).

        Parameters
        ----------
        h : array_like, shape (z,)
        """
        biases = [bias.copy() for bias in self.network.biases]
        for (layer, neuron), step in zip(self.directions, self._points(h)[0], strict=True):
            biases[layer][neuron] += step
        return Network(self.network.weights, biases)

    def loss(self, h: ArrayLike) -> Floats:
        """The loss (1/N) Σ_i (f(x_i) − y_i)² at points of the plane, shape (k, z) or (z,).

        Parameters
        ----------
        h : array_like, shape (k, z) or (z,)

        Returns
        -------
        ndarray, shape (k,) or ()
        """
        points = self._points(h)
        weights, biases = self.network.weights, self.network.biases
        sparse = [csr_array(W) for W in weights[1:]]  # almost all of their entries are 0
        given = self.X @ weights[0].T + biases[0]
        losses = np.empty(len(points))
        size = max(1, BLOCK // len(self.X))
        for start in range(0, len(points), size):
            part = points[start : start + size]
            first = np.repeat(given[None], len(part), axis=0)
            first[:, :, : part.shape[1]] += part[:, None, :]
            layer = first.reshape(-1, len(biases[0])).T
            for W, b in zip(sparse, biases[1:], strict=True):
                layer = W @ np.maximum(layer, 0.0) + b[:, None]
            misses = layer[0].reshape(len(part), -1) - self.y
            losses[start : start + size] = (misses**2).mean(axis=1)
        return losses

    def pattern(self, h: ArrayLike) -> Floats:
        """T at points of the plane, linear between the nodes.

        Parameters
        ----------
        h : array_like, shape (k, z) or (z,)

        Returns
        -------
        ndarray, shape (k,) or ()
        """
        points = self._points(h)
        steps = np.array(self.values.shape) - 1
        t = points * steps
        corner = np.minimum(t.astype(np.int64), steps - 1)
        rest = t - corner
        order = np.argsort(-rest, axis=1, kind="stable")
        rows = np.arange(len(points))
        result = self.values[tuple(corner.T)].copy()
        for axis in order.T:  # along the edges of the simplex that has the point
            before = self.values[tuple(corner.T)]
            corner[rows, axis] += 1
            result += rest[rows, axis] * (self.values[tuple(corner.T)] - before)
        return result

    @property
    def error(self) -> float:
        """The supremum of |L(h) − T(h) − shift| on the cube, exact but for its last bit."""
        return float(self._supremum(Fraction(self.values.min()), Fraction(self.values.max())))

    def errors(self) -> Floats:
        """The supremum of |L(h) − T(h) − shift| on each simplex of the triangulation.

        Returns
        -------
        ndarray, shape (n_1 − 1, …, n_z − 1, z!)
            For each cube of the grid the simplices h_a ≥ h_b ≥ …, the orders (a, b, …) of the
            axes as `itertools.permutations` gives them.
        """
        z = self.values.ndim
        inner = tuple(n - 1 for n in self.values.shape)
        orders = list(permutations(range(z)))
        least, most = np.empty((2, *inner, len(orders)))
        for s, order in enumerate(orders):
            corners = np.cumsum([np.zeros(z, int), *np.eye(z, dtype=int)[list(order)]], axis=0)
            at = [
                self.values[tuple(slice(c, c + n) for c, n in zip(corner, inner, strict=True))]
                for corner in corners
            ]
            least[..., s], most[..., s] = np.min(at, axis=0), np.max(at, axis=0)
        spans, which = np.unique(
            np.stack([least.ravel(), most.ravel()], axis=1), axis=0, return_inverse=True
        )
        found = [float(self._supremum(Fraction(a), Fraction(b))) for a, b in spans]
        return np.array(found)[which.ravel()].reshape(least.shape)

    @cached_property
    def _quadratics(self) -> list[tuple[Fraction, Fraction, Fraction]]:
        """The coefficients of L − T − shift in T from each knot on, exactly."""
        targets = [Fraction(value) for value in self.y]
        mean = statistics.mean(targets)
        rest = statistics.pvariance(targets, mean)
        offset = Fraction(self.network.biases[-1][0]) - mean
        if len(self.network.weights[0]) > self.values.ndim:  # the targets are met
            offset, rest = Fraction(0), Fraction(0)
        constant, slope, result = offset, Fraction(0), []
        for knot, bend in zip(self.knots, self.network.weights[-1][0], strict=False):
            constant, slope = constant - Fraction(bend) * Fraction(knot), slope + Fraction(bend)
            last = constant**2 + rest - Fraction(self.shift)
            result.append((slope**2, 2 * slope * constant - 1, last))
        return result

    def _supremum(self, least: Fraction, most: Fraction) -> Fraction:
        """Of the error, where T goes from its least to its greatest value."""
        found = Fraction(0)
        ends = [*map(Fraction, self.knots[1:]), most]
        first = max(0, int(np.searchsorted(self.knots, float(least), side="right")) - 1)
        for knot, end, (a, b, c) in zip(
            map(Fraction, self.knots[first:]),
            ends[first:],
            self._quadratics[first:],
            strict=True,
        ):
            if knot > most:
                break
            low, high = max(least, knot), min(most, end)
            top = -b / (2 * a) if a else low
            for T in (low, high, min(max(top, low), high)):
                found = max(found, abs((a * T + b) * T + c))
        return found

    def _points(self, h: ArrayLike) -> Floats:
        points = np.atleast_2d(float_table(h, "h"))
        if points.ndim != 2 or points.shape[1] != self.values.ndim:
            raise InputError(f"h must have shape (k, {self.values.ndim}), not {points.shape}")
        outside = np.flatnonzero(~((points >= 0) & (points <= 1)).all(axis=1))
        if len(outside):
            raise InputError(f"h, row {outside[0]}: outside the cube from 0 to 1")
        return points

    def __repr__(self) -> str:
        grid = " × ".join(map(str, self.values.shape))
        return f"PatternNetwork: {grid} values in the loss of {self.network!r}"


def pattern_network(
    values: Any,
    X: ArrayLike | None = None,
    y: ArrayLike | None = None,
    *,
    tolerance: float = 1e-3,
    least: str = "plane",
) -> PatternNetwork:
    """A ReLU network, and a plane of its parameters on which its loss is a given pattern.

    Parameters
    ----------
    values : array_like of one, two or three axes
        The pattern on a grid over the unit interval, square or cube, at least two values an
        axis: a picture, or a function on `numpy.meshgrid(…, indexing="ij")`.
    X : array_like, shape (N, d), optional
        The samples; one sample 0 with target 0 by default. They may be any samples.
    y : array_like, shape (N,), optional
    tolerance : float
        The error to stay below, as a share of the range of the values.
    least : {"plane", "all"}
        "plane": the pattern and a constant, not less than the variance of y, is the loss on the
        plane (theorem 1). "all": the loss on the plane is the pattern less its minimum, so that
        the minimum of the pattern is a global minimum, with loss 0, in all parameters
        (theorem 2).

    Returns
    -------
    PatternNetwork
        Its `error` is the exact supremum of the difference.

    Raises
    ------
    InputError
        If an argument is not what it must be; with ``least="all"``, if two equal samples have
        different targets.
    SizeError
        If there are more than 4,096 values.

    References
    ----------
    I. Skorokhodov and M. Burtsev, Loss surface sightseeing by multi-point optimization, NeurIPS
    workshop 2019.

    Examples
    --------
    >>> import numpy as np
    >>> from arrangement.networks import pattern_network
    >>> bowl = np.add.outer(np.linspace(-1, 1, 9) ** 2, np.linspace(-1, 1, 9) ** 2)
    >>> made = pattern_network(bowl, [[0.0], [1.0]], [1.0, -1.0], tolerance=0.01)
    >>> made.error < 0.01 * 2
    True
    >>> loss = made.loss([[0.5, 0.5], [0.25, 0.25], [0.0, 1.0]])
    >>> np.round(loss - made.shift, 6).tolist()
    [0.0, 0.5, 2.0]
    """
    grid = float_table(values, "values")
    if not 1 <= grid.ndim <= 3 or min(grid.shape, default=0) < 2:
        raise InputError(
            f"values: shape {grid.shape}; one to three axes with at least two values each"
        )
    wrong = np.argwhere(~np.isfinite(grid))
    if len(wrong):
        raise InputError(f"values, {tuple(wrong[0].tolist())}: not finite")
    if grid.size > MOST_NODES:
        raise SizeError(
            f"{grid.size:,} values, the most is {MOST_NODES:,}: give a coarser grid"
        )
    tolerance = number(tolerance, "tolerance")
    if tolerance <= 0:
        raise InputError(f"tolerance = {tolerance} must be positive")
    choice(least, ("plane", "all"), "least")
    samples, targets = _samples(X, y)
    everywhere = least == "all"
    floor = 0.0 if everywhere else float(np.var(targets))
    bottom, top = float(grid.min()), float(grid.max())
    shift = 0.0 - bottom if everywhere else max(0.0, floor - bottom)
    knots = _knots(bottom, top, shift - floor, tolerance)
    roots = np.sqrt(np.maximum(np.append(knots, top) + (shift - floor), 0.0))
    steps = np.diff(np.append(knots, top))
    slopes = np.diff(roots) / np.where(steps > 0, steps, 1.0)
    bends = np.diff(slopes, prepend=0.0)
    bumps = _bumps(samples, targets) if everywhere else None
    layers = _layers(grid, samples.shape[1], knots, bumps)
    signs = [1.0, -1.0] if everywhere else []
    constant = 0.0 if everywhere else float(targets.mean()) + roots[0]
    layers.append((np.append(bends, signs)[None, :], np.array([constant])))
    network = Network([W for W, _ in layers], [b for _, b in layers])
    directions = tuple((0, axis) for axis in range(grid.ndim))
    return PatternNetwork(network, directions, grid, samples, targets, shift, knots)


def _samples(X: Any, y: Any) -> tuple[Floats, Floats]:
    if (X is None) != (y is None):
        raise InputError("X and y: give both, or neither")
    samples = np.zeros((1, 1)) if X is None else float_table(X, "X")
    targets = np.zeros(1) if y is None else float_table(y, "y")
    if samples.ndim != 2 or not samples.size:
        raise InputError(f"X must have shape (N, d), not {samples.shape}")
    if targets.shape != (len(samples),):
        raise InputError(f"y must have shape ({len(samples)},), not {targets.shape}")
    for name, table in (("X", samples), ("y", targets)):
        wrong = np.argwhere(~np.isfinite(table))
        if len(wrong):
            raise InputError(f"{name}, row {wrong[0, 0]}: not finite")
    return samples, targets


def _knots(bottom: float, top: float, offset: float, tolerance: float) -> Floats:
    """Where the root of T + offset gets another slope: equal steps of the root."""
    if top == bottom:
        return np.array([bottom])
    low, high = sqrt(max(bottom + offset, 0.0)), sqrt(top + offset)
    pieces = ceil((high - low) / (2 * sqrt(tolerance * (top - bottom))) * (1 + 1e-9))
    if pieces > MOST_KNOTS:
        raise SizeError(
            f"{pieces:,} knots, the most is {MOST_KNOTS:,}: allow a larger tolerance"
        )
    inner = np.linspace(low, high, pieces + 1)[1:-1] ** 2 - offset
    return np.unique([bottom, *inner[(inner > bottom) & (inner < top)]])


@dataclass(frozen=True)
class _Bumps:
    """Functions of one projection of the samples: each is 1 at one of them, 0 at the others.

    max(0, 1 − max(0, s (p − a) − 1) − max(0, s (a − p) − 1)) is 1 where s |p − a| ≤ 1, so that
    neither the rounding of p nor that of a shows.
    """

    direction: Floats
    bias: float
    scale: float
    centres: Floats
    targets: Floats


def _bumps(X: Floats, y: Floats) -> _Bumps:
    distinct, first, group = np.unique(X, axis=0, return_index=True, return_inverse=True)
    group = group.ravel()
    for i, g in enumerate(group):
        if y[i] != y[first[g]]:
            raise InputError(
                f"X, rows {first[g]} and {i}: equal samples with different targets, so that no "
                "parameters have loss 0"
            )
    rng = np.random.default_rng(0)
    d = X.shape[1]
    tried = [*np.eye(d), np.ones(d), *rng.integers(1, 2**10, size=(50, d)).astype(float)]

    def share(direction: Floats) -> float:
        p = np.sort(distinct @ direction)
        return float(np.diff(p).min(initial=np.inf) / max(1.0, np.abs(p).max()))

    direction = max(tried, key=share)
    (rows, a), (factors, b) = map(common_denominator, (distinct, direction))
    exact_rows = [Fraction(value, a * b) for value in (rows @ factors).tolist()]
    least = float(min(exact_rows))
    bias = -least + abs(least) * 2.0**-50
    p = [value + Fraction(bias) for value in exact_rows]
    order = sorted(range(len(p)), key=p.__getitem__)
    gap = min((p[b] - p[a] for a, b in pairwise(order)), default=Fraction(4))
    scale = 2.0 ** ceil(log2(4 / gap)) if gap > 0 else 0.0
    centres = np.array([float(value) for value in p])
    for at, i in enumerate(order):
        for k in order[max(0, at - 1) : at + 2]:
            far = abs(Fraction(scale) * p[k] - Fraction(scale * centres[i]))
            if far > 1 if k == i else far < 3:
                raise InputError(
                    f"X, rows {first[order[at]]} and {first[k]}: too near to be told apart"
                )
    return _Bumps(direction, bias, scale, centres, y[first])


def _layers(
    grid: Floats, d: int, knots: Floats, bumps: _Bumps | None
) -> list[tuple[Floats, Floats]]:
    """All layers but the last: the hats of the nodes, then T less each knot."""
    z, size = grid.ndim, grid.size
    nodes = np.stack(np.unravel_index(np.arange(size), grid.shape), axis=1).astype(float)
    steps = np.array(grid.shape) - 1.0
    n_kept = z + (bumps is not None)
    first, bias = np.zeros((n_kept, d)), np.zeros(n_kept)
    if bumps is not None:
        first[z], bias[z] = bumps.direction, bumps.bias
    layers = [(first, bias)]

    def t(axis: int, width: int) -> Floats:
        """t of all nodes: rows of coefficients of the last layer's neurons and a constant."""
        rows = np.zeros((size, width + 1))
        rows[:, axis], rows[:, -1] = steps[axis], -nodes[:, axis]
        return rows

    # The largest of t_1, …, t_k and of −t_1, …, −t_k: the next of a and t is t + max(0, a − t).
    largest = np.stack([t(0, n_kept), -t(0, n_kept)])
    for axis in range(1, z):
        step = t(axis, len(layers[-1][0]))
        rows, which = _distinct(largest - np.stack([step, -step]))
        kept = np.eye(n_kept, rows.shape[1])
        layers.append(_layer(np.vstack([kept, rows])))
        width = n_kept + len(rows)
        step = t(axis, width)
        largest = np.stack([step, -step])
        for part in range(2):
            largest[part, np.arange(size), n_kept + which[part]] += 1.0
    rows, which = _distinct(largest)
    n_rows = len(rows)
    if bumps is not None:
        sides = np.zeros((2 * len(bumps.centres), rows.shape[1]))
        sides[:, z] = np.repeat([bumps.scale, -bumps.scale], len(bumps.centres))
        sides[:, -1] = -sides[:, z] * np.tile(bumps.centres, 2)
        sides[:, -1] -= 1.0
        rows = np.vstack([rows, sides])
    layers.append(_layer(rows))
    hats = np.zeros((size, len(rows) + 1))
    hats[:, -1] = 1.0
    for part in range(2):
        hats[np.arange(size), which[part]] -= 1.0
    last = np.zeros((len(knots), size + 1))
    last[:, :-1], last[:, -1] = grid.ravel(), -knots
    if bumps is not None:
        n = len(bumps.centres)
        tops = np.hstack([np.zeros((n, n_rows)), -np.eye(n), -np.eye(n), np.ones((n, 1))])
        hats = np.vstack([hats, tops])
        both = np.zeros((2, size + n + 1))
        both[0, size:-1], both[1, size:-1] = bumps.targets, -bumps.targets
        last = np.insert(last, [size] * n, 0.0, axis=1)
        last = np.vstack([last, both])
    layers += [_layer(hats), _layer(last)]
    return layers


def _layer(rows: Floats) -> tuple[Floats, Floats]:
    """Weights and biases of neurons, from rows of coefficients and a constant."""
    return rows[:, :-1].copy(), rows[:, -1].copy()


def _distinct(tables: Floats) -> tuple[Floats, NDArray[np.int64]]:
    """The different rows of tables, and which of them each row is."""
    rows, which = np.unique(tables.reshape(-1, tables.shape[-1]), axis=0, return_inverse=True)
    return rows, which.reshape(tables.shape[:-1])
