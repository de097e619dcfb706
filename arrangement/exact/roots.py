"""Roots of integer polynomials, enclosed as closely as is asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from fractions import Fraction
from threading import RLock
from typing import Any, TypeAlias

import numpy as np
from flint import acb, arb, ctx, fmpq, fmpz, fmpz_poly
from numpy.typing import NDArray

from arrangement.errors import InputError, SizeError

__all__ = [
    "LOCK", "MAX_DEGREE", "Ends", "as_fmpq", "as_fraction", "check_degree", "companion",
    "enclosed_powers", "enclosed_root", "integral_multiple", "is_irreducible", "only",
    "polynomial_text", "precision", "root_text", "roots_between", "roots_of", "scaled_monic",
    "sum_text", "without_powers",
]  # fmt: skip

Ends: TypeAlias = tuple[Fraction, Fraction] | None

MAX_DEGREE = 32
"""The largest degree of a number field."""

LOCK = RLock()
"""The precision of flint's balls is that of the whole process."""


@contextmanager
def precision(bits: int) -> Iterator[None]:
    """Let balls have so many bits."""
    with LOCK, ctx.workprec(bits):
        yield


def as_fmpq(value: Any) -> fmpq:
    """A rational number as flint's."""
    if not isinstance(value, int | Fraction):
        value = Fraction(value)
    return fmpq(int(value.numerator), int(value.denominator))


def as_fraction(value: fmpq) -> Fraction:
    """A rational number of flint as Python's."""
    return Fraction(int(value.p), int(value.q))


def is_irreducible(f: fmpz_poly) -> bool:
    """Is it no product of others, and no multiple of a number?"""
    _, factors = f.factor()
    return len(factors) == 1 and factors[0][1] == 1


def roots_of(f: fmpz_poly) -> tuple[list[Any], list[Any]]:
    """Balls around the real roots, ascending, and around the others above the real line."""
    roots = [root for root, _ in f.complex_roots()]
    real = [root.real for root in roots if root.imag == 0]
    return sorted(real, key=lambda x: x.mid()), [r for r in roots if r.imag > 0]


def enclosed_root(
    factors: Sequence[fmpz_poly], enclose: Callable[[int], Any]
) -> tuple[fmpz_poly, int]:
    """Of some different irreducible polynomials that one and its real root that is enclosed."""
    bits = 64
    while True:
        with precision(2 * bits):
            x = enclose(bits)
            found = [
                (f, i)
                for f in factors
                for i, root in enumerate(roots_of(f)[0])
                if root.overlaps(x)
            ]
        if len(found) == 1:
            return found[0]
        assert found, "the number is a root of one of the polynomials"
        bits *= 2


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


def check_degree(degree: int) -> None:
    """A SizeError if a field of this degree is too large."""
    if degree > MAX_DEGREE:
        raise SizeError(
            f"a number field of degree {degree}; the largest degree is {MAX_DEGREE}: "
            "take fewer or simpler irrational numbers"
        )


def companion(f: fmpz_poly) -> NDArray[np.object_]:
    """The integer matrix of the multiplication by a root of a monic polynomial."""
    matrix = np.eye(f.degree(), k=-1, dtype=object)
    matrix[:, -1] = [-int(c) for c in f.coeffs()[:-1]]
    return matrix


def root_text(f: fmpz_poly, i: int, name: str | None) -> tuple[fmpq, fmpq, str]:
    """Real root i of a monic polynomial as shift + scale·(a number whose text this is)."""
    if f.degree() == 2:
        c, b, _ = map(int, f.coeffs())
        inside, outside = without_powers(b * b - 4 * c, 2)
        return fmpq(-b, 2), fmpq(outside if i else -outside, 2), f"sqrt({fmpz(inside)})"
    if name is not None:
        simple = name.isidentifier() or name.startswith("(")
        return fmpq(0), fmpq(1), name if simple else f"({name})"
    if f.degree() == 1:
        return fmpq(0), fmpq(1), f"({-int(f[0])})"
    bits = 0
    while True:
        low = Fraction(enclosed_powers(f, i, "real", bits + 128)[1] >> 128, 1 << bits)
        high = low + Fraction(1, 1 << bits)
        if roots_between(f, (low, high)) == [i]:
            return fmpq(0), fmpq(1), f"root({polynomial_text(f)},{low},{high})"
        bits += 1
