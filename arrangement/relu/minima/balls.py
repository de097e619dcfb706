"""Balls of Arb as signs, fractions and linear forms."""

from __future__ import annotations

from fractions import Fraction
from math import floor

from flint import arb, arb_mat

from arrangement.relu.minima.rational import Integers

__all__ = ["GRID", "applied", "combined", "end_of", "fraction_of", "gridded", "sign_of"]


GRID = 100
"""Losses and derivatives that agree to 2^-100 count as equal, in orders and components."""


def combined(form: Integers, balls: list[arb]) -> arb:
    """A linear form in balls."""
    return sum((int(a) * v for a, v in zip(form, balls, strict=True) if a), arb(0))


def applied(rows: Integers, c: list[arb]) -> list[arb]:
    """A matrix of integers times a vector of balls."""
    if not c:
        return [arb(0)] * len(rows)
    table = arb_mat([[int(v) for v in row] for row in rows.tolist()])
    return list((table * arb_mat([[v] for v in c])).entries())


def sign_of(value: arb) -> int | None:
    """The sign of a ball; None if it holds 0 and more."""
    if value > 0:
        return 1
    if value < 0:
        return -1
    return 0 if value.is_zero() else None


def fraction_of(value: arb) -> Fraction:
    """The middle of a ball."""
    mantissa, exponent = value.mid().man_exp()
    return Fraction(int(mantissa)) * Fraction(2) ** int(exponent)


def end_of(value: arb, scale: int, up: bool) -> int:
    """An end of a ball in units of 1/scale, rounded outwards."""
    if value.is_zero():
        return 0
    end = fraction_of(value.upper() if up else value.lower()) * scale
    return -floor(-end) if up else floor(end)


def gridded(value: arb) -> int:
    """The middle of a ball in units of 2^-`GRID`, rounded."""
    return floor(fraction_of(value) * 2**GRID + Fraction(1, 2))
