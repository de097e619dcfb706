"""Roots of polynomials and of numbers, and cosines, as numbers of number fields."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from math import lcm
from typing import Any

from flint import arb, fmpq, fmpz_poly

from arrangement.errors import InputError, SizeError
from arrangement.exact.fields import (
    FieldElement,
    Number,
    ball,
    field_of_root,
    identify,
    minimal_polynomial,
)
from arrangement.exact.one_field import simplest
from arrangement.exact.roots import (
    check_degree,
    integral_multiple,
    only,
    roots_between,
    roots_of,
    scaled_monic,
    without_powers,
)

__all__ = ["cosine", "nth_root", "real_root", "root_between"]


def real_root(f: fmpz_poly, enclose: Callable[[int], Any]) -> Number:
    """The real root of a polynomial that is enclosed: an int, Fraction or field element.

    Parameters
    ----------
    f : fmpz_poly
    enclose : callable
        From a number of bits to an arb around the root, with about so many correct bits; it is
        called at a sufficient precision.

    Raises
    ------
    SizeError
        If the root has a degree above `MAX_DEGREE`.
    """
    factors = [g for g, _ in f.factor()[1]]
    m = lcm(*map(integral_multiple, factors))
    scaled = [scaled_monic(g, m) for g in factors]
    field = identify(scaled, lambda bits: enclose(bits) * arb(m))
    if field.degree == 1:
        return simplest(Fraction(-field.coefficients[0], m))
    check_degree(field.degree)
    g = factors[scaled.index(field.polynomial)]
    least = integral_multiple(g)
    if least != m:
        field = identify([scaled_monic(g, least)], lambda bits: enclose(bits) * arb(least))
    return field.generator if least == 1 else field.generator / least


def root_between(f: fmpz_poly, low: Fraction, high: Fraction) -> Number:
    """The only real root of a polynomial in an open interval.

    Raises
    ------
    InputError
        If there is no root in it, or more than one.

    Examples
    --------
    >>> from flint import fmpz_poly
    >>> root_between(fmpz_poly([-1, -1, 0, 1]), 1, 2)
    root(x^3-x-1,1,2)
    """
    found: list[tuple[fmpz_poly, int]] = []
    for g, _ in f.factor()[1]:
        if g.degree() == 1:
            found += [(g, 0)] if low < Fraction(-int(g[0]), int(g[1])) < high else []
        else:
            found += [(g, i) for i in roots_between(g, (Fraction(low), Fraction(high)))]
    g, i = only(found, f, (low, high))
    return real_root(g, lambda bits: roots_of(g)[0][i])


def nth_root(x: Number, n: int) -> Number:
    """The real root x^(1/n) of a number x ≥ 0.

    Examples
    --------
    >>> from fractions import Fraction
    >>> nth_root(Fraction(9, 4), 2), nth_root(20, 2), nth_root(2, 3)
    (Fraction(3, 2), 2*sqrt(5), root(x^3-2,1,2))
    """
    if x < 0:
        raise InputError(f"{x} is negative: it has no real root of even degree")
    check_degree(n)
    if not isinstance(x, FieldElement):
        # p/q = p·q^(n−1)/q^n, and n-th powers of small numbers leave the root.
        value = Fraction(x)
        inside, b = without_powers(value.numerator * value.denominator ** (n - 1), n)
        outside = Fraction(b, value.denominator)
        f = fmpz_poly([-inside] + [0] * (n - 1) + [1])
        root = real_root(f, lambda bits: arb(inside).root(n))
        if isinstance(root, FieldElement):
            return root * outside
        return simplest(Fraction(root) * outside)
    g = minimal_polynomial(x)
    f = fmpz_poly([int(g[k // n]) if k % n == 0 else 0 for k in range(n * g.degree() + 1)])
    return real_root(f, lambda bits: ball(x, bits).root(n))


def cosine(turns: Fraction) -> Number:
    """cos(2π·turns) of a rational number.

    Examples
    --------
    >>> from fractions import Fraction
    >>> cosine(Fraction(1, 6)), cosine(Fraction(1, 5)), cosine(Fraction(1, 7))
    (Fraction(1, 2), -1/4+1/4*sqrt(5), 1/2*(2*cos(2*pi/7)))
    """
    turns = turns % 1
    a, m = turns.numerator, turns.denominator
    if m > 10**4:
        raise SizeError(f"the cosine of a {m}-th part of a turn: the largest m is 10000")
    f = fmpz_poly.cos_minpoly(m)
    check_degree(f.degree())
    first = real_root(f, lambda bits: 2 * arb.cos_pi_fmpq(fmpq(2, m)))
    if isinstance(first, FieldElement) and first.field.degree > 2:
        field = first.field
        first = field_of_root(field.coefficients, field.index, f"(2*cos(2*pi/{m}))").generator
    # 2 cos kx = (2 cos x)·(2 cos (k−1)x) − 2 cos (k−2)x
    before: Any = first
    now: Any = Fraction(2)
    for _ in range(a):
        before, now = now, first * now - before
    return simplest(now / 2)
