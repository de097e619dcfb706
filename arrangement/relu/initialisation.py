"""How likely a neuron is drawn dead: active on no sample from the start.

A neuron is dead where w·x_i ≤ 0 for all samples, which is a cone. Of a normal distribution it
has the share of its solid angle, after the coordinates are divided by their deviations; the
angle is known in closed form where the samples span at most three dimensions. Of a uniform
distribution it has its share of the volume of a box. Which samples bound the cone is exact.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from math import atan2, pi, sqrt
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import ConvexHull

from arrangement.checks import check_instance, choice, generator, number, whole
from arrangement.errors import InputError
from arrangement.exact.feasibility import interior_point
from arrangement.exact.linear import rank
from arrangement.exact.numbers import integral, shown
from arrangement.exact.polyhedron import Polyhedron
from arrangement.in_notebooks import InNotebooks
from arrangement.relu.confidence import checked_confidence, clopper_pearson
from arrangement.relu.problem import Problem
from arrangement.relu.weight_space import CHUNK, Floats

__all__ = ["DeadProbability", "Initialisation", "dead_probability", "drawn_networks"]

Initialisation: TypeAlias = "str | tuple[str, float, float]"

Integers = NDArray[np.object_]

GAINS = {"he": 2.0, "lecun": 1.0}
"""The variance of a weight times the number of features."""

NAMES = (
    "he_normal", "he_uniform", "xavier_normal", "xavier_uniform", "lecun_normal",
    "lecun_uniform", "torch",
)  # fmt: skip


@dataclass(frozen=True)
class DeadProbability(InNotebooks):
    """The probability that neurons are dead when they are drawn.

    Attributes
    ----------
    neuron : float
        That one neuron is dead; of a sample the share of dead draws.
    interval : (float, float)
        Where it lies: a confidence interval (Clopper and Pearson 1934) of a sample, else the
        same number twice.
    exact : bool
        Is it the closed form, in float64?
    hidden : int
        Number K of neurons, which are drawn independently.

    Examples
    --------
    >>> from arrangement.relu import OneHiddenLayer, dead_probability
    >>> layer = OneHiddenLayer([[1, 0], [0, 1]], [0, 1], hidden=3, bias=None)
    >>> found = dead_probability(layer)
    >>> found.neuron, found.expected, found.layer
    (0.25, 0.75, 0.015625)
    """

    neuron: float
    interval: tuple[float, float]
    exact: bool
    hidden: int

    @property
    def layer(self) -> float:
        """The probability that all K neurons are dead, so that the layer is."""
        return self.neuron**self.hidden

    @property
    def some(self) -> float:
        """The probability that at least one of the K neurons is dead."""
        return float(-np.expm1(self.hidden * np.log1p(-min(self.neuron, 1 - 2**-53))))

    @property
    def expected(self) -> float:
        """The expected number of dead neurons."""
        return self.hidden * self.neuron


def dead_probability(
    problem: Problem,
    initialisation: Initialisation = "he_normal",
    draws: int = 100_000,
    rng: np.random.Generator | int | None = 0,
    confidence: float = 0.95,
) -> DeadProbability:
    """The probability that an initialisation starts a neuron dead.

    Parameters
    ----------
    problem : OneHiddenLayer
    initialisation : str or (distribution, weights, biases)
        "he_normal" or "he_uniform" (He et al. 2015), "xavier_normal" or "xavier_uniform"
        (Glorot and Bengio 2010), "lecun_normal" or "lecun_uniform" (LeCun et al. 1998), all
        with biases 0, or "torch", the default of torch.nn.Linear: uniform, biases too. Or
        "normal" and the deviations of weights and biases, or "uniform" and their largest
        absolute values; 0 for biases that start at 0.
    draws : int
        Sampled neurons, where there is no closed form: beyond samples that span three
        dimensions for a normal, and beyond three parameters of a neuron for a uniform
        distribution.
    rng : Generator or int, optional
        What they are drawn with.
    confidence : float
        The probability with which the interval covers the share, between 0 and 1.

    Returns
    -------
    DeadProbability

    Raises
    ------
    InputError
        If an argument is not what it must be.

    Examples
    --------
    >>> from arrangement.relu import OneHiddenLayer, dead_probability
    >>> X = [[1, 0, 0], [0, 1, 0], [0, 0, 1]]
    >>> layer = OneHiddenLayer(X, [0, 1, 2], hidden=4, bias=None)
    >>> found = dead_probability(layer)
    >>> found.neuron, found.layer == 0.125**4
    (0.125, True)
    """
    check_instance(problem, "problem", "OneHiddenLayer")
    draws = whole(draws, "draws", 1)
    confidence = checked_confidence(confidence)
    rng = generator(rng)
    kind, scales = _scales(initialisation, problem)
    used = [c for c, scale in enumerate(scales) if scale]
    table = problem.arrangement.given[:, used]
    rows = np.array([integral(row) for row in table if any(row)], dtype=object)
    scales = scales[used]
    closed = len(used) <= 3 or (kind == "normal" and len(rows) > 0 and rank(rows) <= 3)
    if len(rows) and not closed:
        across = rows / np.array([max(map(abs, row)) for row in rows])[:, None]
        across = across.astype(np.float64).T
        dead, size = 0, max(1, 16 * CHUNK // len(rows))
        for start in range(0, draws, size):
            w = _drawn(rng, kind, (min(size, draws - start), len(scales))) * scales
            dead += int((w @ across <= 0).all(axis=1).sum())
        low, high = clopper_pearson(dead, dead, draws, confidence)
        return DeadProbability(dead / draws, (float(low), float(high)), False, problem.hidden)
    share = 1.0
    if len(rows):
        inside = interior_point([[*(-v for v in row), 0] for row in rows.tolist()])
        share = 0.0
        if inside is not None:
            share = (_angle if kind == "normal" else _volume)(rows, scales)
    return DeadProbability(share, (share, share), True, problem.hidden)


def _scales(given: Initialisation, problem: Problem) -> tuple[str, Floats]:
    """The kind of distribution, and its scale for each coordinate of a neuron's weights."""
    features = problem.dimension - (problem.bias is not None)
    kind, weight, bias = _distribution(given, features, problem.hidden)
    scales = np.full(problem.dimension, weight)
    if problem.bias is not None:
        scales[-1] = bias
    return kind, scales


def _distribution(given: Initialisation, inputs: int, outputs: int) -> tuple[str, float, float]:
    """The kind of distribution, and its scales for the weights and biases of a layer."""
    if isinstance(given, str):
        choice(given, NAMES, "initialisation")
        family, _, kind = given.partition("_")
        if family == "torch":
            return "uniform", 1 / sqrt(inputs), 1 / sqrt(inputs)
        if family == "xavier":
            weight = sqrt(2.0 / (inputs + outputs))
        else:
            weight = sqrt(GAINS[family] / inputs)
        return kind, weight * (sqrt(3.0) if kind == "uniform" else 1.0), 0.0
    try:
        kind, weight, bias = given
    except (TypeError, ValueError):
        raise InputError(
            f"initialisation={shown(given)}: a name, or a distribution and two scales"
        ) from None
    choice(kind, ("normal", "uniform"), "the distribution of an initialisation")
    weight, bias = number(weight, "the scale of weights"), number(bias, "that of biases")
    if weight <= 0 or bias < 0:
        raise InputError("initialisation: scales are positive, or 0 for biases at 0")
    return kind, weight, bias


def drawn_networks(
    problem: Problem, initialisation: Initialisation, draws: int, rng: np.random.Generator
) -> tuple[Floats, Floats, Floats]:
    """Networks: weights (draws, K, d), output weights (draws, K), output biases (draws,).

    The output layer has K inputs, one output, and the same initialisation.
    """
    K = problem.hidden
    kind, scales = _scales(initialisation, problem)
    _, weight, bias = _distribution(initialisation, K, 1)
    w = _drawn(rng, kind, (draws, K, problem.dimension)) * scales
    z = _drawn(rng, kind, (draws, K)) * weight
    return w, z, _drawn(rng, kind, (draws,)) * bias * problem.output_bias


def _drawn(rng: np.random.Generator, kind: str, shape: tuple[int, ...]) -> Floats:
    return rng.normal(size=shape) if kind == "normal" else rng.uniform(-1, 1, size=shape)


def _angle(rows: Integers, scales: Floats) -> float:
    """The share of the solid angle of the cone {rows·w ≤ 0}, of at most three dimensions."""
    cone = Polyhedron(
        np.array([[*(-v for v in row), 0] for row in rows.tolist()], dtype=object)
    )
    dimension = rank(rows)
    if dimension == 1:
        return 0.5
    lengths = np.array([max(map(abs, row)) for row in rows], dtype=object)
    across = (rows / lengths[:, None]).astype(np.float64) * scales
    basis = np.linalg.svd(across, full_matrices=False)[2][:dimension]
    rays = np.array([[v / max(map(abs, ray)) for v in ray] for ray in cone.rays], dtype=float)
    rays = (rays / scales) @ basis.T
    rays /= np.linalg.norm(rays, axis=1, keepdims=True)
    if dimension == 2:
        (a, b), (c, d) = rays
        return atan2(abs(a * d - b * c), a * c + b * d) / (2 * pi)
    middle = rays.mean(axis=0)
    side = np.linalg.svd(middle[None])[2][1:] @ rays.T
    rays = rays[np.argsort(np.arctan2(side[1], side[0]))]
    first, total = rays[0], 0.0
    for b, c in pairwise(rays[1:]):  # van Oosterom and Strackee 1983
        below = 1 + first @ b + b @ c + c @ first
        total += 2 * atan2(abs(first @ np.cross(b, c)), below)
    return total / (4 * pi)


def _volume(rows: Integers, scales: Floats) -> float:
    """The share of the box that lies in the cone {rows·w ≤ 0}, of at most three dimensions."""
    exactly = np.array([Fraction(scale) for scale in scales], dtype=object)
    d = len(scales)
    cone = [[*(-v for v in row * exactly), 0] for row in rows]
    box = [[s * (c == k) for c in range(d)] + [1] for k in range(d) for s in (1, -1)]
    cut = Polyhedron(np.array([integral(row) for row in [*cone, *box]], dtype=object))
    points = np.array(cut.vertices, dtype=np.float64)
    share = np.ptp(points) if d == 1 else ConvexHull(points).volume
    return float(share) / 2**d
