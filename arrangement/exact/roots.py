"""Roots of integer polynomials, enclosed as closely as is asked for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from fractions import Fraction
from threading import RLock
from typing import Any, TypeAlias

from flint import acb, arb, ctx, fmpq, fmpz, fmpz_poly

from arrangement.errors import InputError

__all__ = [
    "LOCK",
    "Ends",
    "as_fmpq",
    "enclosed_powers",
    "integral_multiple",
    "is_irreducible",
    "only",
    "polynomial_text",
    "precision",
    "roots_between",
    "roots_of",
    "scaled_monic",
    "sum_text",
    "without_powers",
]

Ends: TypeAlias = tuple[Fraction, Fraction] | None

LOCK = RLock()
"""The precision of flint's balls is that of the whole process."""


@contextmanager
def precision(bits: int) -> Iterator[None]:
    """Let balls have so many bits."""
    with LOCK, ctx.workprec(bits):
        yield


def as_fmpq(value: Any) -> fmpq:
    """A rational number as flint's."""
    value = Fraction(value)
    return fmpq(int(value.numerator), int(value.denominator))


def is_irreducible(f: fmpz_poly) -> bool:
    """Is it no product of others, and no multiple of a number?"""
    _, factors = f.factor()
    return len(factors) == 1 and factors[0][1] == 1


def roots_of(f: fmpz_poly) -> tuple[list[Any], list[Any]]:
    """Balls around the real roots, ascending, and around the others above the real line."""
    roots = [root for root, _ in f.complex_roots()]
    real = [root.real for root in roots if root.imag == 0]
    return sorted(real, key=lambda x: x.mid()), [r for r in roots if r.imag > 0]


def enclosed_powers(f: fmpz_poly, i: int, part: str, bits: int) -> list[int]:
    """Integers within 1 of 2^bits times the real or imaginary parts of the powers of root i."""
    more = bits + 64
    while True:
        with precision(more):
            real, other = roots_of(f)
            root = acb([*real, *other][i])
            powers, power = [], acb(1)
            for _ in range(f.degree()):
                powers.append(_nearest_integer(getattr(power, part) * arb(1 << bits)))
                power = power * root
        found = [v for v in powers if v is not None]
        if len(found) == len(powers):
            return found
        more *= 2


def _nearest_integer(x: Any) -> int | None:
    """The integer next to the middle of a ball, if it is within 1 of all of the ball."""
    if not x.rad() <= arb(0.5):
        return None
    mantissa, exponent = (int(v) for v in x.mid().man_exp())
    if exponent >= 0:
        return mantissa << exponent
    return (mantissa + (1 << (-exponent - 1))) >> -exponent


def only(roots: list[Any], f: fmpz_poly, ends: Ends) -> Any:
    """The only one of the roots of a polynomial between two ends, or an InputError."""
    if len(roots) != 1:
        where = "" if ends is None else f" between {ends[0]} and {ends[1]}"
        raise InputError(
            f"{polynomial_text(f)} has {len(roots)} real roots{where}: "
            "give an interval that holds just one"
        )
    return roots[0]


def roots_between(f: fmpz_poly, ends: Ends) -> list[int]:
    """Which real roots of an irreducible polynomial, of degree ≥ 2, are between two ends."""
    bits = 64
    while True:
        with precision(bits):
            real, _ = roots_of(f)
            if ends is None:
                return list(range(len(real)))
            low, high = (arb(as_fmpq(end)) for end in ends)
            inside = [i for i, x in enumerate(real) if low < x and x < high]
            outside = [i for i, x in enumerate(real) if x < low or high < x]
        if len(inside) + len(outside) == len(real):
            return inside
        bits *= 2


def integral_multiple(g: fmpz_poly) -> int:
    """A positive integer that makes the roots algebraic integers: the least, if quick."""
    n = g.degree()
    lead = abs(int(g[n]))
    if lead >= 2**64:
        return lead
    m = 1
    for prime, power in fmpz(lead).factor():
        p = int(prime)
        lacking = [(power - _valuation(int(g[k]), p, power), n - k) for k in range(n)]
        m *= p ** max(0, *(-(-missing // place) for missing, place in lacking))
    return m


def _valuation(value: int, p: int, most: int) -> int:
    """How often p divides a number, at most so often."""
    return next((k for k in range(most) if value % p ** (k + 1)), most)


def scaled_monic(g: fmpz_poly, m: int) -> fmpz_poly:
    """The monic polynomial of the roots of g times m, a multiple of its leading coefficient."""
    n, lead = g.degree(), int(g[g.degree()])
    return fmpz_poly([int(g[k]) * m ** (n - k) // lead for k in range(n + 1)])


def without_powers(value: int, n: int) -> tuple[int, int]:
    """Integers a and b with value = a·b^n, where small n-th powers are in b."""
    outside = 1
    for k in range(2, 100):
        while value and value % k**n == 0:
            value, outside = value // k**n, outside * k
    return value, outside


def polynomial_text(f: fmpz_poly) -> str:
    """The polynomial in x, from the highest power down."""
    return sum_text(((k, f[k]) for k in range(f.degree(), -1, -1)), "x")


def sum_text(terms: Iterable[tuple[int, Any]], name: str) -> str:
    """The sum of c·name^k for pairs (k, c), as text."""
    parts = []
    for k, c in terms:
        power = name if k == 1 else f"{name}^{k}"
        if c and k == 0:
            parts.append(str(c))
        elif c:
            parts.append(power if c == 1 else f"-{power}" if c == -1 else f"{c}*{power}")
    return "+".join(parts).replace("+-", "-") or "0"
