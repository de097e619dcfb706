"""Is a given point a local minimum? The criterion h ≥ 0 for differentiable convex losses.

At (w, z) let r_i = l′(f_i, y_i), and for neuron j let P and B be the samples with w_j·x_i > 0
and = 0, s the sign of z_j, g = Σ_P r_i x_i and

    h(v) = s (g·v + Σ_B r_i max(0, v·x_i)).

If no z_j is 0, the point is a local minimum iff h_j ≥ 0 for each neuron j: the outputs are
piecewise linear in the u_j = |z_j| w_j, so that for a small change v of them Σ_i r_i Δf_i is
Σ_j h_j(v_j), and L(u + v) − L(u) is at least that because l is convex; where h_j(v) < 0, it is
the slope of L along v.

A neuron with z_j = 0 does not hinder iff Σ_i r_i max(0, x_i·w) vanishes for all w near w_j,
that is iff h ≡ 0. If so, no change of (w_j, z_j) adds to Σ_i r_i Δf_i; if not, near (w_j, 0)
are points of the same loss from which a change of z_j descends. An output bias adds the
condition Σ_i r_i = 0.

h is linear on each cell of the arrangement of the samples B. Modulo Y = {v : v·x_i = 0 on B},
on which it must vanish, these cells are pointed cones; so h ≥ 0 iff h ≥ 0 on their rays, which
are exact here.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from arrangement import exact
from arrangement.arrangement import Arrangement
from arrangement.checks import entries, number
from arrangement.errors import InputError
from arrangement.exact.numbers import exact_table
from arrangement.in_notebooks import InNotebooks
from arrangement.relu.losses.losses import Loss, checked_slope
from arrangement.relu.weight_space import (
    Floats,
    Mask,
    Signs,
    in_float64,
    lengths,
    sample_arrangement,
)

__all__ = ["LocalMinimum", "checked_signs", "is_local_minimum", "local_minimum"]

ROUNDED = 16 * 2.0**-52 / 1e-9
"""Terms are no smaller than this share of what they could be: what rounding leaves of them is
within the tolerance of 1e-9 then."""


CANCELLED = 1e-6
"""A sum of no more than this share of its terms is computed exactly."""


@dataclass(frozen=True, eq=False)
class LocalMinimum(InNotebooks):
    """Whether a point is a local minimum, and a direction of descent if it is not.

    It is true as a condition iff the point is one.

    Attributes
    ----------
    is_minimum : bool
    loss : float
        (1/N) Σ_i l(f_i, y_i) at the point.
    stationarity : ndarray, shape (K,)
        For each neuron the largest |h(v)| beside the size of its terms where h has to vanish:
        over a basis of Y, and over the rays too if z_j = 0.
    slack : ndarray, shape (K,)
        For each neuron the least h(v) beside the size of its terms, over the rays v of its
        local arrangement; +inf where there is none, and where z_j = 0.
    output_bias_stationarity : float
        |Σ r_i| beside the size of its terms; 0 without an output bias.
    signs : ndarray of int8, shape (K, N)
        The signs of w_j·x_i that were used.
    weights_direction, output_weights_direction : ndarray, shapes (K, d) and (K,)
        Where the point is no minimum, the loss falls from it along
        (w + t·weights_direction, z + t·output_weights_direction) for small t > 0; zero
        otherwise, and where the output bias alone descends.
    """

    is_minimum: bool
    loss: float
    stationarity: Floats
    slack: Floats
    output_bias_stationarity: float
    signs: Signs
    weights_direction: Floats
    output_weights_direction: Floats

    def __bool__(self) -> bool:
        return self.is_minimum

    def __repr__(self) -> str:
        what = "a local minimum" if self.is_minimum else "no local minimum"
        return f"LocalMinimum: {what}, loss {self.loss:.6g}, slack {self.slack.min():.3g}"


def local_minimum(
    X: ArrayLike,
    y: ArrayLike,
    weights: ArrayLike,
    output_weights: ArrayLike,
    *,
    loss: str = "squared",
    threshold: float = 1.0,
    margin: float = 1.0,
    bias: float | Fraction | str | None = 1.0,
    output_bias: float | None = None,
    negative_slope: float = 0.0,
    signs: ArrayLike | None = None,
    tolerance: float = 1e-9,
) -> LocalMinimum:
    """Decide whether a network is a local minimum of (1/N) Σ_i l(f_i, y_i).

    Parameters
    ----------
    X : array_like, shape (N, features)
        The samples, each taken exactly as given.
    y : array_like, shape (N,)
        The targets; labels −1 and +1 for the losses of classification.
    weights : array_like, shape (K, d)
        The weights w_j, the bias last, taken exactly as given.
    output_weights : array_like, shape (K,)
        The output weights z_j.
    loss : {"squared", "huber", "log_cosh", "logistic", "squared_hinge"}
        See :mod:`arrangement.relu.losses.losses`; `threshold` and `margin` are theirs.
    bias : number, optional
        The value of the constant coordinate; None for none.
    output_bias : float, optional
        The constant that is added to the output and may change; None for none.
    negative_slope : float
        Slope α of an inactive neuron (leaky ReLU), |α| < 1.
    signs : array_like, shape (K, N), optional
        The signs −1, 0, +1 of w_j·x_i, for weights that are only near the face that they are
        meant to lie on. Left out, they are computed exactly from the weights as given.
    tolerance : float
        A weak inequality a ≥ 0 may fail by this share of the size of its terms.
    threshold, margin : float
        Of the losses that have one.

    Returns
    -------
    LocalMinimum

    Raises
    ------
    InputError
        If the loss is not differentiable in one output, or a number or shape does not fit.
    SolverError
        If a loss, a derivative or a direction is beyond float64.

    Notes
    -----
    The rays are exact. The derivatives r_i, and so h, are float64.

    Examples
    --------
    >>> from arrangement.relu.losses.criterion import local_minimum
    >>> X, y = [[0.0], [1.0], [2.0]], [2.0, 2.0, -1.0]
    >>> local_minimum(X, y, [["-6/5", "12/5"]], [1])  # its kink lies on the third sample
    LocalMinimum: a local minimum, loss 0.6, slack 0.15
    >>> bool(local_minimum(X, y, [[-1.25, 2.5]], [1]))
    False
    """
    kind = Loss(loss, threshold, margin)
    arrangement = sample_arrangement(X, bias)
    tolerance = number(tolerance, "tolerance")
    if output_bias is not None:
        output_bias = number(output_bias, "output_bias")
    n, d = arrangement.n_hyperplanes, arrangement.dimension
    targets, _ = kind.targets(y, n)
    w, z = _network(weights, output_weights, d)
    leak = checked_slope(negative_slope, negative=True)
    if signs is not None:
        table = checked_signs(signs, (len(w), n))
    else:
        table = exact.signs_at(arrangement.rows, w)
    with in_float64(
        "the network's outputs on these samples, or what the criterion makes of them,"
    ):
        given = arrangement.normals.astype(np.float64)
        centred, centre = (
            _centred(arrangement) if bias is not None else (arrangement, np.zeros(d))
        )
        X = centred.normals.astype(np.float64)
        along = _along(arrangement, given, w, table)
        slopes = np.where(table > 0, 1.0, leak)
        outputs = z @ (slopes * along) + float(output_bias or 0.0)
        r = kind.derivative(outputs, targets)
        # Sums of z_j max(0, w_j·x_i) may cancel: the error is that of the largest terms.
        terms = np.abs(z) @ np.abs(slopes * along)
        sizes = np.maximum(
            kind.derivative_sizes(outputs, targets), kind.derivative_sizes(terms, targets)
        )
        probes = [
            _probe(centred, X, row, slope, r, sizes, float(s), leak)
            for row, slope, s in zip(table, slopes, z, strict=True)
        ]
        total = float(np.abs(r.sum()))
        shift = 0.0 if output_bias is None else total / float(sizes.sum() or 1.0)
        stationarity = np.array([probe.stationarity for probe in probes])
        slack = np.array([probe.slack for probe in probes])
        dw, dz = np.zeros((len(w), d)), np.zeros(len(w))
        worst = np.maximum(stationarity, -slack)
        j = int(np.argmax(worst))
        if worst[j] > tolerance:
            v = probes[j].direction.copy()
            v[-1] -= v @ centre
            length = float(lengths(v[None])[0])
            dw[j], value = v / length, probes[j].value / length
            if z[j] == 0:
                dw[j], dz[j] = _with_output(dw[j], value, slopes[j] * along[j], r, sizes)
        return LocalMinimum(
            bool(worst[j] <= tolerance and shift <= tolerance),
            float(np.mean(kind.values(outputs, targets))),
            stationarity,
            slack,
            shift,
            table,
            dw,
            dz,
        )


def _centred(arrangement: Arrangement) -> tuple[Arrangement, Floats]:
    """The samples moved exactly, and their centre in units of the constant coordinate.

    That is a change of the bias weight. A feature that varies little beside its size would
    leave h few digits along the direction that sees how it varies.
    """
    given = arrangement.normals
    features = given.astype(np.float64) / float(given[0, -1])
    middle = features.mean(axis=0)
    centre = np.where(np.ptp(features, axis=0) < np.abs(middle), middle, 0.0)
    centre[-1] = 0.0
    if not centre.any():
        return arrangement, centre
    exact_centre = [Fraction(v) for v in centre.tolist()]
    moved = [
        [Fraction(v) - Fraction(row[-1]) * c for v, c in zip(row, exact_centre, strict=True)]
        for row in given.tolist()
    ]
    return Arrangement(np.array(moved, dtype=object)), centre


def is_local_minimum(
    X: ArrayLike, y: ArrayLike, weights: ArrayLike, output_weights: ArrayLike, **options: Any
) -> bool:
    """Is the network a local minimum? The answer of :func:`local_minimum` alone.

    Parameters
    ----------
    X, y, weights, output_weights, **options
        As of :func:`local_minimum`.

    Examples
    --------
    >>> from arrangement.relu import is_local_minimum
    >>> is_local_minimum([[0], [1], [2]], [2, 2, -1], [[-1.25, 2.5]], [1])
    False
    """
    return bool(local_minimum(X, y, weights, output_weights, **options))


@dataclass(frozen=True, eq=False)
class _Probe:
    """h on the lines of Y and on the rays, for one neuron.

    `direction` is a unit vector along which h is farthest from what a minimum asks for, and
    `value` is Σ r_i (change of the neuron's output) along it.
    """

    stationarity: float
    slack: float
    direction: Floats
    value: float


def _probe(
    arrangement: Arrangement,
    X: Floats,
    signs: Signs,
    slopes: Floats,
    r: Floats,
    sizes: Floats,
    z: float,
    leak: float,
) -> _Probe:
    on = signs == 0
    scale = np.abs(X).max(axis=0)
    scale[scale == 0] = 1.0
    lines, rays = _directions(arrangement, X / scale, on)
    V = np.concatenate([lines, -lines, rays * scale])
    t = V @ (X / scale).T
    t[: 2 * len(lines), on] = 0.0
    change = np.where(on, np.where(t > 0, 1.0, leak), slopes) * t
    value, size = change @ r, np.abs(change) @ sizes
    # Where v sees no active sample but for rounding, the terms are of the size of rounding.
    most = np.linalg.norm(V, axis=1) * float(sizes @ np.linalg.norm(X / scale, axis=1))
    size = np.maximum(size, ROUNDED * V.shape[1] * most)
    share = np.divide(value, size, out=np.zeros(len(V)), where=size > 0)
    h = np.sign(z) * share if z else -np.abs(share)
    vanishing = 2 * len(lines) if z else len(V)
    k = int(np.argmin(h))
    v = V[k] / scale
    length = float(lengths(v[None])[0])
    return _Probe(
        float(-h[:vanishing].min(initial=0.0)),
        float(h[vanishing:].min(initial=np.inf)),
        v / length,
        float(value[k]) / length,
    )


def _along(arrangement: Arrangement, given: Floats, w: Any, table: Signs) -> Floats:
    """w_j·x_i, shape (K, N), exact and then rounded where the terms cancel; 0 by the signs."""
    rounded = w.astype(np.float64)
    along: Floats = np.where(table != 0, rounded @ given.T, 0.0)
    terms = np.abs(rounded) @ np.abs(given).T
    for j, i in np.argwhere((table != 0) & (np.abs(along) <= CANCELLED * terms)).tolist():
        pairs = zip(w[j].tolist(), arrangement.normals[i].tolist(), strict=True)
        along[j, i] = float(sum((Fraction(a) * Fraction(b) for a, b in pairs), Fraction(0)))
    return along


def _directions(arrangement: Arrangement, X: Floats, on: Mask) -> tuple[Floats, Floats]:
    """A basis of Y for scaled samples, and the rays modulo Y, as given, one a row."""
    d = X.shape[1]
    rows = arrangement.rows[on, :-1]
    if not len(rows):
        return np.eye(d), np.zeros((0, d))
    columns = exact.independent_columns(rows)
    lines: Floats = np.linalg.svd(X[on], full_matrices=True)[2][len(columns) :]
    points: list[Any] = list(Arrangement(rows[:, columns]).faces(1).witness)
    rays = np.zeros((len(points), d))
    for ray, point in zip(rays, points, strict=True):
        largest = max(abs(v) for v in point)
        ray[columns] = [float(v / largest) for v in point]
    return lines, rays


def _with_output(
    v: Floats, value: float, outputs: Floats, r: Floats, sizes: Floats
) -> tuple[Floats, float]:
    """A descent of (w, z) from z = 0, for a neuron with given outputs at w.

    With φ = Σ r_i (output): if φ ≠ 0 at w, a change of z descends. Else φ = t·value at w + t v,
    and from (w + t v, −t c σ), σ the sign of `value`, N·L changes by −c t² |value| and at most
    by (c t)² Σ (output)², the second derivative of every loss being at most 2.
    """
    square = float(outputs @ outputs)
    phi = float(outputs @ r)
    if abs(phi) > 1e-6 * float(np.abs(outputs) @ sizes):
        return np.zeros_like(v), -phi / square
    return v, -float(np.sign(value)) * min(1.0, abs(value) / (2 * square) if square else 1.0)


def _network(weights: ArrayLike, output_weights: ArrayLike, d: int) -> tuple[Any, Floats]:
    """Weights as given (Fractions, or float64 where exact), output weights as float64."""
    w = exact_table(weights, "weights", "row", 2)
    z = exact_table(output_weights, "output_weights", "entry", 1)
    if w.shape[1] != d:
        raise InputError(
            f"weights has {w.shape[1]} columns, but neurons have {d} weights, the bias included"
        )
    if len(w) != len(z):
        raise InputError(f"{len(w)} rows of weights but {len(z)} output weights")
    if not len(w):
        raise InputError("weights has no rows: at least one neuron is needed")
    return w, z.astype(np.float64)


def checked_signs(signs: ArrayLike, shape: tuple[int, int]) -> Signs:
    """A table of signs −1, 0, +1 of this shape."""
    table = entries(signs)
    if table.ndim == 1:
        table = table[None]
    if table.shape != shape or not np.isin(table, (-1, 0, 1)).all():
        raise InputError(f"signs must be −1, 0 or +1, of shape {shape}")
    return table.astype(np.int8)
