"""Exact vertices: each follows from the two between which a neuron vanishes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import Any

import numpy as np
from flint import fmpz
from numpy.typing import NDArray

from arrangement.kernels.rounding import TINY, UNIT_ROUNDOFF
from arrangement.networks.complex.steps import Step
from arrangement.networks.layers import Column, Layers, homogeneous

__all__ = ["ExactVertices", "doubtful", "nearest", "rounded", "rounded_twice"]

Floats = NDArray[np.float64]


class ExactVertices:
    """The exact coordinates of the vertices of a complex, computed when they are wanted.

    Parameters
    ----------
    layers : Layers
    corners : sequence of tuples of Fractions
        The vertices of the domain: vertices 0, 1, ….
    steps : list of Step

    Attributes
    ----------
    parents : ndarray of int32, shape (V, 3)
        The vertices between which a vertex lies, and the step whose function vanishes there;
        to be set.
    """

    parents: NDArray[np.int32]

    def __init__(
        self, layers: Layers, corners: Sequence[tuple[Any, ...]], steps: Sequence[Step]
    ) -> None:
        self.layers, self.steps = layers, steps
        self._coordinates: dict[int, Column] = {
            v: homogeneous(x) for v, x in enumerate(corners)
        }
        self.layer = -1
        self._known: dict[int, Column] = {}

    def focus(self, layer: int) -> None:
        """Keep the values of this layer from now on, and forget those of another."""
        self.layer, self._known = layer, {}

    def knows(self, v: int) -> bool:
        """Are the values of the current layer known at a vertex?"""
        return v in self._known

    def coordinates(self, vertices: Iterable[int]) -> list[Column]:
        """The exact coordinates of vertices, as integers over a common denominator."""
        wanted = list(vertices)
        missing: dict[int, int] = {}
        stack = [v for v in wanted if v not in self._coordinates]
        while stack:
            v = stack.pop()
            if v not in missing:
                missing[v] = 0
                stack.extend(
                    a for a in self.parents[v, :2].tolist() if a not in self._coordinates
                )
        generations: list[list[int]] = []
        for v in sorted(missing):  # parents have lower numbers
            age = max(missing.get(a, -1) for a in self.parents[v, :2].tolist()) + 1
            missing[v] = age
            if age == len(generations):
                generations.append([])
            generations[age].append(v)
        for generation in generations:
            self._intersect(generation)
        return [self._coordinates[v] for v in wanted]

    def _intersect(self, vertices: list[int]) -> None:
        """Exact coordinates of vertices whose parents' are known."""
        by_layer: dict[int, list[int]] = {}
        for v in vertices:
            by_layer.setdefault(self.steps[self.parents[v, 2]].layer, []).append(v)
        for l, members in by_layer.items():
            both = sorted({a for v in members for a in self.parents[v, :2].tolist()})
            values = dict(zip(both, self.preactivations(both, l), strict=True))
            for v in members:
                a, b, step = self.parents[v].tolist()
                p, q = (abs(self.steps[step].at(values[end])) for end in (a, b))
                ends = zip(self._coordinates[a], self._coordinates[b], strict=True)
                x = [q * one + p * other for one, other in ends]
                common = fmpz(0)
                for c in x:
                    common = common.gcd(c)
                self._coordinates[v] = [c // common for c in x]

    def preactivations(self, vertices: list[int], l: int) -> list[Column]:
        """The exact values of layer l at vertices; those of the current layer are kept."""
        if l != self.layer:
            return self.layers.preactivations(self.coordinates(vertices), l)
        missing = [v for v in vertices if v not in self._known]
        found = self.layers.preactivations(self.coordinates(missing), l)
        self._known.update(zip(missing, found, strict=True))
        return [self._known[v] for v in vertices]

    def float_coordinates(self, v: int) -> tuple[Floats, float]:
        """The float64 coordinates nearest to the exact ones of a vertex, and how near."""
        ((*x, scale),) = self.coordinates([v])
        near = [rounded(c, scale) for c in x]
        ratios = [r.as_integer_ratio() for r in near]
        far = [p * scale - q * c for (p, q), c in zip(ratios, x, strict=True)]
        if not any(far):
            return np.array(near), 0.0
        bound = 2 * UNIT_ROUNDOFF * max(map(abs, near)) + TINY
        most = max(
            abs(Fraction(int(f), q * int(scale))) for f, (_, q) in zip(far, ratios, strict=True)
        )
        return np.array(near), bound if most <= bound else np.inf

    def fractions(self, vertices: Iterable[int]) -> list[tuple[Fraction, ...]]:
        """The exact coordinates of vertices as Fractions."""
        result = []
        for *x, scale in self.coordinates(vertices):
            q = int(scale)
            result.append(tuple(Fraction(int(c), q) for c in x))
        return result


def doubtful(points: Floats, spread: Floats, n_corners: int) -> list[int]:
    """The vertices known less well than 1e-8, whose coordinates are rounded from exact ones."""
    largest = np.abs(points[:n_corners]).max()
    near = np.isfinite(points).all(axis=1) & (spread <= 1e-8 * largest)
    found: list[int] = np.flatnonzero(~near).tolist()
    return found


def nearest(value: int | Fraction) -> float:
    """The nearest float64, infinite beyond its range."""
    try:
        return float(value)
    except OverflowError:
        return float("inf") if value > 0 else float("-inf")


def rounded(numerator: Any, denominator: Any) -> float:
    """The nearest float64, finite, and 0 only for 0."""
    try:
        value = int(numerator) / int(denominator)
    except OverflowError:
        return 1.7e308 if numerator > 0 else -1.7e308
    if value == 0.0 and numerator != 0:
        return 5e-324 if numerator > 0 else -5e-324
    return value


def rounded_twice(numerator: Any, denominator: Any) -> tuple[float, float]:
    """The nearest float64, and that to what it leaves."""
    value = rounded(numerator, denominator)
    p, q = value.as_integer_ratio()
    return value, rounded(int(numerator) * q - int(denominator) * p, int(denominator) * q)
