"""Algebraic numbers as text: "1/2+1/2*sqrt(5)", "cos(2*pi/7)", "root(x^3-x-1,1,2)"."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from fractions import Fraction
from functools import lru_cache
from typing import Any

from flint import arb, fmpq, fmpq_poly, fmpz_poly

from arrangement.errors import InputError, SizeError
from arrangement.exact.fields import Number, text_readers
from arrangement.exact.one_field import simplest
from arrangement.exact.radicals import cosine, nth_root, real_root, root_between
from arrangement.exact.roots import as_fmpq, as_fraction

__all__ = ["FUNCTIONS", "from_sympy", "read_number"]

LONGEST = 1_000_000
"""The most characters of a number with functions or operations."""

DEEPEST = 50
"""How deep parentheses and functions may be nested."""

LARGEST_POWER = 1000
"""The largest exponent."""

LARGEST_DEGREE = 100
"""The largest degree of the polynomial of a root."""

_TOKEN = re.compile(
    r"\s*(?:(?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,4}(?!\d))?)"
    r"|(?P<name>[^\W\d]\w*)|(?P<operator>\*\*|[-+*/^(),]))"
)


def read_number(text: str, names: Mapping[str, Number] | None = None) -> Number:
    """The real algebraic number that a text says.

    Numbers, + − * / ^ (or **) and parentheses; ``sqrt(x)`` and powers with a rational exponent
    such as ``2^(1/3)``; ``cos``, ``sin`` and ``tan`` of rational multiples of ``pi``;
    ``root(x^3-x-1,1,2)``, the only root of a polynomial between two rational numbers.

    Parameters
    ----------
    text : str
    names : mapping, optional
        Numbers that may be called by a name.

    Returns
    -------
    int, Fraction or FieldElement

    Raises
    ------
    ValueError
        If it says no number.
    InputError
        If it says one that is not real, or that is no root of a polynomial named in full.
    SizeError
        If it has a degree above that of fields, or is too long.

    Examples
    --------
    >>> read_number("(1+sqrt(5))/2"), read_number("2*cos(pi/5)"), read_number("sin(pi/6)")
    (1/2+1/2*sqrt(5), 1/2+1/2*sqrt(5), Fraction(1, 2))
    >>> read_number("root(x^3-x-1,1,2)") ** 3, read_number("2*t+1", {"t": 3})
    (1+root(x^3-x-1,1,2), 7)
    """
    if len(text) > LONGEST:
        raise SizeError(f"a number of {len(text)} characters; the most are {LONGEST}")
    if not names:
        return _read(text)
    return _Reader(text, dict(names)).whole()


@lru_cache(maxsize=2**14)
def _read(text: str) -> Number:
    return _Reader(text, {}).whole()


def from_sympy(value: Any) -> Number:
    """The number that a constant expression of sympy is, if it is real and algebraic.

    Raises
    ------
    ValueError
        If it is not.
    SizeError
        If it has a degree above that of fields.
    """
    import sympy

    if value.is_Float:
        value = sympy.Rational(value)
    x = sympy.Dummy("x")
    try:
        polynomial = sympy.minimal_polynomial(value, x, polys=True)
        is_real = value.is_real or sympy.im(value).equals(0)
    except (NotImplementedError, sympy.polys.polyerrors.BasePolynomialError):
        polynomial, is_real = None, False
    if not is_real or polynomial is None:
        raise ValueError(f"{value} is no real algebraic number")
    f = fmpz_poly([int(c) for c in reversed(polynomial.all_coeffs())])
    if f.degree() == 1:
        return simplest(Fraction(-int(f[0]), int(f[1])))
    return real_root(f, lambda bits: _ball(value, bits))


def _ball(value: Any, bits: int) -> Any:
    """A ball around a number of sympy, which finds as many digits as it is asked for."""
    import sympy

    near = sympy.Rational(value.evalf(bits // 3 + 10))
    middle = arb(fmpq(int(near.p), int(near.q)))
    return middle + arb(0, abs(middle) / 2**bits)


class _Reader:
    """Recursive descent over the tokens of one text."""

    def __init__(self, text: str, names: dict[str, Any]) -> None:
        self.names = names
        self.tokens: list[tuple[str, str]] = []
        text, at = text.rstrip(), 0
        while at < len(text):
            match = _TOKEN.match(text, at)
            if match is None:
                raise ValueError(f"{text[at:].strip()[:20]!r} is not understood")
            assert match.lastgroup is not None
            self.tokens.append((match.lastgroup, match[match.lastgroup]))
            at = match.end()
        self.at = self.depth = 0

    def whole(self) -> Any:
        value = self.sum()
        if self.at < len(self.tokens):
            raise ValueError(f"{self.tokens[self.at][1]!r} is not expected")
        return simplest(value)

    def take(self, *wanted: str) -> str | None:
        """The next token if it is one of these operators."""
        if self.at < len(self.tokens):
            kind, text = self.tokens[self.at]
            if kind == "operator" and text in wanted:
                self.at += 1
                return text
        return None

    def expect(self, wanted: str) -> None:
        if self.take(wanted) is None:
            raise ValueError(f"{wanted!r} is missing")

    def sum(self) -> Any:
        self.depth += 1
        if self.depth > DEEPEST:
            raise SizeError(f"parentheses nested more than {DEEPEST} deep")
        value = self.product()
        while operator := self.take("+", "-"):
            term = self.product()
            value = value + term if operator == "+" else value - term
        self.depth -= 1
        return value

    def product(self) -> Any:
        value = self.signed()
        while operator := self.take("*", "/"):
            factor = self.signed()
            value = value * factor if operator == "*" else value / factor
        return value

    def signed(self) -> Any:
        negative = False
        while sign := self.take("+", "-"):
            negative ^= sign == "-"
        value = self.power()
        return -value if negative else value

    def power(self) -> Any:
        base = self.atom()
        if self.take("^", "**") is None:
            return base
        self.depth += 1
        exponent = self.signed() if self.depth < DEEPEST else None
        self.depth -= 1
        return _power(base, exponent)

    def atom(self) -> Any:
        if self.take("("):
            value = self.sum()
            self.expect(")")
            return value
        if self.at == len(self.tokens):
            raise ValueError("the text ends too early")
        kind, text = self.tokens[self.at]
        self.at += 1
        if kind == "number":
            return Fraction(text)
        if kind == "name" and text in self.names:
            return self.names[text]
        if kind == "name" and text in FUNCTIONS:
            self.expect("(")
            value = getattr(self, f"_{FUNCTIONS[text]}")(text)
            self.expect(")")
            return value
        raise ValueError(f"{text!r} is not expected")

    def _root_of_number(self, _: str) -> Any:
        return nth_root(self.sum(), 2)

    def _trigonometric(self, name: str) -> Any:
        outside, self.names = self.names, {"pi": _Polynomial(fmpq_poly([0, fmpq(1, 2)]))}
        turns = _flint(self.sum())
        self.names = outside
        if turns[0] != 0 or turns.degree() > 1:
            raise InputError(f"{name} of what is no rational multiple of pi is not algebraic")
        a = as_fraction(turns[1])
        if name == "cos":
            return cosine(a)
        sine = cosine(Fraction(1, 4) - a)
        return sine if name == "sin" else sine / cosine(a)

    def _root_of_polynomial(self, _: str) -> Any:
        outside, self.names = self.names, {"x": _Polynomial(fmpq_poly([0, 1]))}
        f = _flint(self.sum())
        ends = []
        for _end in range(2):
            if self.take(",") is None:
                raise InputError(
                    "root(...) takes a polynomial in x and two bounds, such as "
                    "root(x^3-x-1,1,2)"
                )
            ends.append(self.sum())
        self.names = outside
        if not all(isinstance(end, Fraction) for end in ends) or f.degree() < 1:
            raise InputError("root(polynomial in x, low, high) takes rational numbers")
        return root_between(f.numer(), *ends)


FUNCTIONS = {
    "sqrt": "root_of_number",
    "cos": "trigonometric",
    "sin": "trigonometric",
    "tan": "trigonometric",
    "root": "root_of_polynomial",
}
"""The functions that a text may call, and what reads their arguments."""


def _power(base: Any, exponent: Any) -> Any:
    if not isinstance(exponent, int | Fraction):
        raise InputError("an exponent is a rational number")
    exponent = Fraction(exponent)
    if abs(exponent.numerator) > LARGEST_POWER or exponent.denominator > LARGEST_POWER:
        raise SizeError(f"an exponent with a number in it above {LARGEST_POWER}")
    if isinstance(base, Fraction) and exponent.numerator != 1:
        size = max(abs(base.numerator), base.denominator).bit_length()
        if size * abs(exponent.numerator) > 10**6:
            raise SizeError("a power with more than a million bits")
    if exponent.denominator == 1:
        return base**exponent.numerator
    if isinstance(base, _Polynomial):
        raise InputError("the exponent of a polynomial is a whole number")
    return nth_root(base, exponent.denominator) ** exponent.numerator


def _flint(value: Any) -> fmpq_poly:
    if isinstance(value, _Polynomial):
        return value.polynomial
    if not isinstance(value, int | Fraction):
        raise InputError("a polynomial or a multiple of pi has rational coefficients")
    return fmpq_poly([as_fmpq(value)])


def _quotient(p: fmpq_poly, q: fmpq_poly) -> fmpq_poly:
    if q.degree() != 0:
        raise ValueError("a division by what is no number, or zero")
    return p / q[0]


def _with_another(combine: Callable[[fmpq_poly, fmpq_poly], fmpq_poly]) -> Any:
    return lambda self, other: _Polynomial(combine(self.polynomial, _flint(other)))


class _Polynomial:
    """A polynomial with rational coefficients: what a function takes."""

    def __init__(self, polynomial: fmpq_poly) -> None:
        if polynomial.degree() > LARGEST_DEGREE:
            raise SizeError(f"a polynomial of degree above {LARGEST_DEGREE}")
        self.polynomial = polynomial

    __add__ = __radd__ = _with_another(lambda p, q: p + q)
    __sub__ = _with_another(lambda p, q: p - q)
    __rsub__ = _with_another(lambda p, q: q - p)
    __mul__ = __rmul__ = _with_another(lambda p, q: p * q)
    __truediv__ = _with_another(_quotient)
    __rtruediv__ = _with_another(lambda p, q: _quotient(q, p))

    def __neg__(self) -> _Polynomial:
        return _Polynomial(-self.polynomial)

    def __pow__(self, exponent: int) -> _Polynomial:
        if not 0 <= exponent <= LARGEST_POWER:
            raise ValueError("a negative power of a polynomial")
        result = _Polynomial(fmpq_poly([1]))
        for _ in range(exponent):
            result = result * self
        return result


text_readers.append(read_number)
