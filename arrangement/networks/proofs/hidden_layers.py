"""The hidden layers of a network in integers, and the pieces that are in force at a point."""

from __future__ import annotations

from collections.abc import Sequence
from math import lcm
from operator import mul
from typing import Any

from arrangement.networks.proofs.grammar import BadCertificate
from arrangement.networks.proofs.triangulation import Point, Undecided, cost

__all__ = ["MOST_BITS", "HiddenLayers", "Integers", "Rational"]

MOST_BITS = 2e9
"""Bits of all coordinates and weights as integers, which are longer than their texts."""

Rational = tuple[int, int]


class Integers:
    """Rationals as integers with a common denominator, as long as they need not be too long."""

    def __init__(self, limit: float) -> None:
        self.left = MOST_BITS * limit

    def scale(self, numbers: Sequence[Rational], copies: int) -> int:
        """A common denominator of numbers, with which so many integers are stored."""
        result = 1
        for _, q in numbers:
            if result % q:
                result = lcm(result, q)
                if result.bit_length() * copies > self.left:
                    raise Undecided(
                        "the common denominators of coordinates or weights are too long"
                    )
        self.left -= result.bit_length() * copies
        return result

    def point(self, coordinates: Sequence[Rational]) -> Point:
        """A point with its common denominator."""
        scale = self.scale(coordinates, len(coordinates))
        return (*(p * (scale // q) for p, q in coordinates), scale)


class HiddenLayers:
    """The hidden layers as integers."""

    def __init__(self, facts: dict[str, Any], integers: Integers) -> None:
        activation = facts["activation"]
        self.maxout = isinstance(activation, list)
        if self.maxout and activation[1] < 2:
            raise BadCertificate(f"network: maxout of {activation[1]} pieces")
        # The pieces of a ReLU are 0 and z; those of a leaky one are taken as z ≤ 0 and z ≥ 0.
        self.pieces = activation[1] if self.maxout else 2
        one: Rational = facts.get("negative_slope", (0, 1))
        self.slopes: list[Point] = []
        """The slope of each neuron below zero, and last their denominator."""
        self.layers: list[tuple[list[Point], int]] = []
        self.widths: list[int] = []
        self.bits: list[int] = []
        weights, biases = facts["weights"], facts["biases"]
        if not weights or not weights[0] or not weights[0][0] or len(weights) != len(biases):
            raise BadCertificate(
                "network: weights and biases of layers, with inputs, are needed"
            )
        inputs = self.dimension = len(weights[0][0])
        for l, (W, b) in enumerate(zip(weights, biases, strict=True)):
            # The outputs bound no region: the last layer only has to fit.
            last = l == len(weights) - 1
            width, rest = divmod(len(W), self.pieces if self.maxout and not last else 1)
            if not W or rest or {*map(len, W)} != {inputs} or len(b) != len(W):
                raise BadCertificate(f"network: layer {l} does not fit the one before")
            if not last:
                rows = [[*row, c] for row, c in zip(W, b, strict=True)]
                entries = [v for row in rows for v in row]
                scale = integers.scale(entries, len(entries))
                table = [tuple(p * (scale // q) for p, q in row) for row in rows]
                self.layers.append((table, scale))
                top = max(abs(v).bit_length() for row in table for v in row)
                self.bits.append(top + scale.bit_length())
                self.widths.append(width)
            inputs = width
        slopes = facts.get("negative_slopes", [[one] * width for width in self.widths])
        if [*map(len, slopes)] != self.widths:
            raise BadCertificate("network: negative_slopes are not those of the hidden layers")
        self.slopes = [integers.point(own) for own in slopes]

    def steps(self, bits: int) -> float:
        """What :meth:`in_force` takes for a point of so many bits."""
        total = 0.0
        slope = max((v.bit_length() for own in self.slopes for v in own), default=0)
        for (rows, _), own in zip(self.layers, self.bits, strict=True):
            total += len(rows) * len(rows[0]) * cost(max(bits, own))
            bits += own + len(rows[0]).bit_length() + slope
        return total

    def in_force(self, point: Point) -> int:
        """The pieces in force at a point: bit `pieces` · neuron + piece, in all layers."""
        values: Sequence[int] = point
        bits, at, k = 0, 0, self.pieces
        for (rows, scale), (*slopes, b) in zip(self.layers, self.slopes, strict=True):
            sums = [sum(map(mul, row, values)) for row in rows]
            bottom = values[-1] * scale
            if self.maxout:
                tops = [max(sums[j : j + k]) for j in range(0, len(sums), k)]
                for j, z in enumerate(sums):
                    bits |= (z == tops[j // k]) << (at + j)
                values, at = [*tops, bottom], at + len(sums)
            else:
                for z, a in zip(sums, slopes, strict=True):
                    bits |= (2 if a == b else (z <= 0) + 2 * (z >= 0)) << at
                    at += 2
                below = zip(sums, slopes, strict=True)
                values = [*(z * b if z > 0 else z * a for z, a in below), bottom * b]
        return bits

    def chosen(self, pattern: list[list[int]]) -> int:
        """A pattern as bits."""
        if [len(level) for level in pattern] != self.widths:
            raise BadCertificate("a pattern does not fit the layers of the network")
        bits = 0
        for j, p in enumerate(p for level in pattern for p in level):
            if p >= self.pieces:
                raise BadCertificate(f"a pattern has the piece {p}")
            bits |= 1 << (self.pieces * j + p)
        return bits

    def name(self, bits: int) -> str:
        """The neuron of the first of some bits."""
        neuron, l = ((bits & -bits).bit_length() - 1) // self.pieces, 0
        while neuron >= self.widths[l]:
            neuron, l = neuron - self.widths[l], l + 1
        return f"neuron {neuron} of hidden layer {l}"
