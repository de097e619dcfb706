"""Real algebraic numbers: number fields Q(α) with a real root α, exact arithmetic in them.

An element is a polynomial in α over Q, reduced modulo the minimal polynomial of α, so that it
is zero iff that polynomial is. Its sign is read off integers that enclose it ever more closely,
which ends because an element that is not zero has a value that is not zero.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from fractions import Fraction
from functools import lru_cache
from math import lcm
from numbers import Rational
from threading import RLock
from typing import Any, TypeAlias

import numpy as np
from flint import acb, arb, ctx, fmpq, fmpq_poly, fmpz, fmpz_mat, fmpz_poly, nmod_poly
from numpy.typing import NDArray

from arrangement.errors import InputError, SizeError

__all__ = [
    "MAX_DEGREE",
    "FieldElement",
    "Number",
    "NumberField",
    "compositum",
    "cosine",
    "field_of",
    "in_one_field",
    "minimal_polynomial",
    "nth_root",
    "real_root",
    "root_between",
    "simplest",
    "text_readers",
]

MAX_DEGREE = 32
"""The largest degree of a number field."""

LARGEST_PRODUCT = 256
"""The largest product of the degrees of two fields of which a compositum is sought."""

# The precision of flint's balls is that of the whole process.
_LOCK = RLock()


@contextmanager
def _precision(bits: int) -> Iterator[None]:
    with _LOCK, ctx.workprec(bits):
        yield


class NumberField:
    """A real number field Q(α): all polynomials in a real algebraic integer α.

    Two fields are equal when their α is the same number.

    Parameters
    ----------
    polynomial : sequence of int, or str
        The minimal polynomial of α, coefficients from the highest down: monic, irreducible, of
        degree 2 to 32. Or α as text, such as ``"sqrt(5)"``, ``"2*cos(2*pi/7)"``,
        ``"(1+sqrt(5))/2"``: an algebraic integer.
    interval : pair of rational numbers, optional
        α is the only root of the polynomial between these; not needed if it has one real root,
        and not with a text.

    Raises
    ------
    InputError
        If the polynomial is not monic and irreducible or does not have just one root there.

    Examples
    --------
    >>> from arrangement.exact.fields import NumberField
    >>> tau = NumberField([1, -1, -1], (1, 2)).generator
    >>> tau, tau**2 == tau + 1, 1 / tau, tau < 1.625, float(tau)
    (1/2+1/2*sqrt(5), True, -1/2+1/2*sqrt(5), True, 1.618033988749895)
    >>> NumberField("sqrt(2)").generator * NumberField("sqrt(3)").generator > 2
    True
    """

    polynomial: fmpz_poly
    index: int
    name: str | None

    def __init__(
        self, polynomial: Sequence[int] | str, interval: tuple[Any, Any] | None = None
    ) -> None:
        if isinstance(polynomial, str):
            try:
                number = text_readers[0](polynomial)
            except InputError:
                raise
            except (ValueError, ZeroDivisionError) as error:
                raise InputError(
                    f'{polynomial!a} is no number ({error}): give one such as "sqrt(5)" or '
                    '"root(x^3-x-1,1,2)", or coefficients and an interval'
                ) from None
            if not isinstance(number, FieldElement):
                raise InputError(f"{polynomial} is rational: it needs no number field")
            f = minimal_polynomial(number)
            if f[f.degree()] != 1:
                m = _integral_multiple(f)
                raise InputError(f"{polynomial} is no algebraic integer: take {m} times it")
            found = _named(_identify([f], lambda bits: _ball(number, bits)), polynomial)
            self.__dict__.update(found.__dict__)
            return
        try:
            f = fmpz_poly([int(c) for c in reversed(polynomial)])
            ends = None if interval is None else (Fraction(interval[0]), Fraction(interval[1]))
        except (TypeError, ValueError, OverflowError):
            raise InputError(
                "a number field is given by integer coefficients and two rational ends"
            ) from None
        _check_degree(f.degree())
        if f.degree() < 2 or f[f.degree()] != 1 or not _is_irreducible(f):
            raise InputError(
                f"{_polynomial_text(f)} is not monic, irreducible of degree 2 or more"
            )
        found = _field(tuple(map(int, f.coeffs())), _index_between(f, ends))
        self.__dict__.update(found.__dict__)

    @property
    def degree(self) -> int:
        """The degree of the field over Q."""
        return int(self.polynomial.degree())

    @property
    def generator(self) -> FieldElement:
        """The number α."""
        return _element(self, fmpq_poly([0, 1]))

    def element(self, coefficients: Sequence[Any]) -> FieldElement:
        """The element Σ c_k α^k of rational coefficients c_0, c_1, …, from the lowest up.

        Examples
        --------
        >>> from arrangement.exact.fields import NumberField
        >>> NumberField("sqrt(5)").element([1, "1/2"])
        1+1/2*sqrt(5)
        """
        values = [_rational(Fraction(c)) for c in coefficients]
        return _element(self, fmpq_poly(values) % self._modulus)

    def powers(self, bits: int) -> list[int]:
        """Integers within 1 of 2^bits·α^k, for k from 0 to the degree less one."""
        found = self._powers.get(bits)
        if found is None:
            found = _enclosed_powers(self.polynomial, self.index, "real", bits)
            self._powers[bits] = found
        return found

    def conjugate_powers(self, bits: int) -> list[tuple[list[int], list[int]]]:
        """For each embedding into C, integers within 1 of 2^bits times Re α^k and Im α^k.

        Of two conjugate embeddings one is left out, and the other is listed twice.
        """
        found = self._conjugates.get(bits)
        if found is None:
            found = []
            f = self.polynomial
            with _precision(64):
                real, other = map(len, _roots_of(f))
            for i in range(real + other):
                parts = [_enclosed_powers(f, i, part, bits) for part in ("real", "imag")]
                found += [(parts[0], parts[1])] * (1 if i < real else 2)
            self._conjugates[bits] = found
        return found

    def primes(self, limit: int) -> Iterator[tuple[int, int]]:
        """Primes p ≤ limit, descending, each with a root r of the polynomial modulo p.

        α ↦ r is a homomorphism from Z[α] to the integers modulo p.

        Examples
        --------
        >>> from arrangement.exact.fields import NumberField
        >>> list(NumberField("sqrt(5)").primes(20))
        [(19, 9), (11, 4), (5, 0), (2, 1)]
        """
        found = self._primes.setdefault(limit, [])
        k = 0
        while True:
            with _LOCK:
                if k == len(found):
                    below = found[-1][0] if found else limit + 1
                    pair = next(
                        filter(None, map(self._root_modulo, range(below - 1, 1, -1))), None
                    )
                    if pair is None:
                        return
                    found.append(pair)
            yield found[k]
            k += 1

    def _root_modulo(self, p: int) -> tuple[int, int] | None:
        """p and the least root of the polynomial modulo it, if it is prime and has one."""
        if not fmpz(p).is_prime():
            return None
        roots = nmod_poly([c % p for c in self._coefficients], p).roots()
        return (p, min(int(r) for r, _ in roots)) if roots else None

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, NumberField):
            return NotImplemented
        return self is other or self._key == other._key

    def __hash__(self) -> int:
        return hash(self._key)

    @property
    def _key(self) -> tuple[tuple[int, ...], int]:
        return self._coefficients, self.index

    def __reduce__(self) -> tuple[Any, ...]:
        return _field, (*self._key, self.name)

    def __repr__(self) -> str:
        return f"NumberField: Q({self.generator})"

    _coefficients: tuple[int, ...]
    _modulus: fmpq_poly
    _powers: dict[int, list[int]]
    _conjugates: dict[int, list[tuple[list[int], list[int]]]]
    _primes: dict[int, list[tuple[int, int]]]
    _text: tuple[fmpq, fmpq, str]
    """α = first + second·third."""


@lru_cache(maxsize=1024)
def _field(coefficients: tuple[int, ...], index: int, name: str | None = None) -> NumberField:
    """The field of a real root of an irreducible monic polynomial, lowest coefficient first."""
    field = object.__new__(NumberField)
    field._coefficients, field.index, field.name = coefficients, index, name
    field.polynomial = fmpz_poly(list(coefficients))
    field._modulus = fmpq_poly(field.polynomial)
    field._powers, field._conjugates, field._primes = {}, {}, {}
    field._text = _generator_text(field)
    return field


def _named(field: NumberField, name: str) -> NumberField:
    return _field(*field._key, name)


class FieldElement:
    """An element of a real number field, made by arithmetic from its generator.

    Arithmetic and comparisons are exact, with ints, Fractions, floats (as the dyadic rationals
    that they are) and elements of other fields; `str` gives text that is read as the same
    number, `float` rounds correctly.

    Examples
    --------
    >>> from arrangement.exact.fields import NumberField
    >>> root = NumberField("sqrt(5)").generator
    >>> (1 + root) / 2, (1 + root) ** -2, root > 2, abs(2 - root)
    (1/2+1/2*sqrt(5), 3/8-1/8*sqrt(5), True, -2+sqrt(5))
    """

    __slots__ = ("_p", "field")

    field: NumberField
    _p: fmpq_poly

    @property
    def coefficients(self) -> tuple[Fraction, ...]:
        """The coefficients c_0, …, c_(degree − 1) of Σ c_k α^k."""
        found = [Fraction(int(c.p), int(c.q)) for c in self._p.coeffs()]
        return (*found, *[Fraction(0)] * (self.field.degree - len(found)))

    @property
    def denominator(self) -> int:
        """The least positive integer whose product with the element is in Z[α]."""
        return int(self._p.denom())

    @property
    def numerator(self) -> FieldElement:
        """The element times its denominator, in Z[α]."""
        return _element(self.field, fmpq_poly(self._p.numer()))

    def bit_length(self) -> int:
        """Bits of the numerators of all coefficients together."""
        return sum(int(c).bit_length() for c in self._p.numer().coeffs())

    @property
    def is_rational(self) -> bool:
        """Is this a rational number?"""
        return bool(self._p.degree() < 1)

    def rational(self) -> Fraction:
        """The rational number that this is; only if :attr:`is_rational`."""
        assert self.is_rational
        return self.coefficients[0]

    def sign(self) -> int:
        """The sign −1, 0 or 1."""
        m, _, _ = self.enclosure(1)
        return (m > 0) - (m < 0)

    def enclosure(self, bits: int) -> tuple[int, int, int]:
        """Integers m, r, q > 0 with |q·x − m| ≤ r and 2^bits·r ≤ |m|."""
        denominator, coefficients = self.denominator, [int(c) for c in self._p.numer().coeffs()]
        if not coefficients:
            return 0, 0, 1
        error = sum(map(abs, coefficients[1:]))
        more = bits + 64
        while True:
            powers = self.field.powers(more)
            value = sum(c * v for c, v in zip(coefficients, powers, strict=False))
            if error << bits <= abs(value):
                return value, error, denominator << more
            more *= 2

    def __float__(self) -> float:
        bits = 64
        while True:
            m, r, q = self.enclosure(bits)
            low, high = (m - r) / q, (m + r) / q
            if low == high:
                return low
            bits *= 2

    def __floor__(self) -> int:
        if self.is_rational:
            return self.rational().__floor__()
        bits = 64
        while True:
            m, r, q = self.enclosure(bits)
            if (m - r) // q == (m + r) // q:
                return m // q
            bits *= 2

    def __bool__(self) -> bool:
        return not self._p.is_zero()

    def __hash__(self) -> int:
        if self.is_rational:
            return hash(self.rational())
        try:
            return hash(float(self))
        except OverflowError:
            return hash(self.__floor__())

    def __eq__(self, other: object) -> bool:
        pair = self._with(other)
        return NotImplemented if pair is None else bool(pair[1] == pair[2])

    def _compared(self, other: object) -> int | None:
        pair = self._with(other)
        return None if pair is None else _element(pair[0], pair[1] - pair[2]).sign()

    def __lt__(self, other: object) -> bool:
        sign = self._compared(other)
        return NotImplemented if sign is None else sign < 0

    def __le__(self, other: object) -> bool:
        sign = self._compared(other)
        return NotImplemented if sign is None else sign <= 0

    def __gt__(self, other: object) -> bool:
        sign = self._compared(other)
        return NotImplemented if sign is None else sign > 0

    def __ge__(self, other: object) -> bool:
        sign = self._compared(other)
        return NotImplemented if sign is None else sign >= 0

    def __pos__(self) -> FieldElement:
        return self

    def __neg__(self) -> FieldElement:
        return _element(self.field, -self._p)

    def __abs__(self) -> FieldElement:
        return -self if self.sign() < 0 else self

    def __add__(self, other: object) -> FieldElement:
        pair = self._with(other)
        return NotImplemented if pair is None else _element(pair[0], pair[1] + pair[2])

    __radd__ = __add__

    def __sub__(self, other: object) -> FieldElement:
        pair = self._with(other)
        return NotImplemented if pair is None else _element(pair[0], pair[1] - pair[2])

    def __rsub__(self, other: object) -> FieldElement:
        pair = self._with(other)
        return NotImplemented if pair is None else _element(pair[0], pair[2] - pair[1])

    def __mul__(self, other: object) -> FieldElement:
        pair = self._with(other)
        if pair is None:
            return NotImplemented
        return _element(pair[0], pair[1] * pair[2] % pair[0]._modulus)

    __rmul__ = __mul__

    def __truediv__(self, other: object) -> FieldElement:
        pair = self._with(other)
        return NotImplemented if pair is None else _quotient(*pair)

    def __rtruediv__(self, other: object) -> FieldElement:
        pair = self._with(other)
        return NotImplemented if pair is None else _quotient(pair[0], pair[2], pair[1])

    def __pow__(self, exponent: object) -> FieldElement:
        if not isinstance(exponent, int | np.integer):
            return NotImplemented
        base, k = (1 / self if exponent < 0 else self), abs(int(exponent))
        result = _element(self.field, fmpq_poly([1]))
        while k:
            if k & 1:
                result = result * base
            base, k = base * base if k > 1 else base, k >> 1
        return result

    def _with(self, other: object) -> tuple[NumberField, fmpq_poly, fmpq_poly] | None:
        """A field with both numbers, and both there; None if the other is no number."""
        if isinstance(other, FieldElement):
            if other.field is self.field or other.field == self.field:
                return self.field, self._p, other._p
            field, here, there = compositum(self.field, other.field)
            return field, _at(self, here)._p, _at(other, there)._p
        if isinstance(other, Rational | float):
            return self.field, self._p, fmpq_poly([_rational(Fraction(other))])
        if isinstance(other, fmpq | fmpz):
            return self.field, self._p, fmpq_poly([other])
        return None

    def __str__(self) -> str:
        shift, scale, name = self.field._text
        value = self._p(fmpq_poly([shift, scale])) if shift or scale != 1 else self._p
        return _sum_text(enumerate(value.coeffs()), name)

    __repr__ = __str__

    def __reduce__(self) -> tuple[Any, ...]:
        return self.field.element, (self.coefficients,)


Number: TypeAlias = int | Fraction | FieldElement

text_readers: list[Callable[[str], Number]] = []
"""How a number is read from text: :mod:`arrangement.exact.algebraic` enters it here."""


def _element(field: NumberField, p: fmpq_poly) -> FieldElement:
    result = object.__new__(FieldElement)
    result.field, result._p = field, p
    return result


def _quotient(field: NumberField, p: fmpq_poly, q: fmpq_poly) -> FieldElement:
    if q.is_zero():
        raise ZeroDivisionError("division by zero in a number field")
    if q.degree() == 0:
        return _element(field, p / q[0])
    _, inverse, _ = q.xgcd(field._modulus)
    return _element(field, p * inverse % field._modulus)


def _at(x: FieldElement, image: FieldElement) -> FieldElement:
    """The image of x under α ↦ image."""
    result = _element(image.field, fmpq_poly([]))
    for c in reversed(x._p.coeffs()):
        result = _element(image.field, (result._p * image._p + c) % image.field._modulus)
    return result


def _rational(value: Fraction) -> fmpq:
    return fmpq(int(value.numerator), int(value.denominator))


def _check_degree(degree: int) -> None:
    if degree > MAX_DEGREE:
        raise SizeError(
            f"a number field of degree {degree}; the largest degree is {MAX_DEGREE}: "
            "take fewer or simpler irrational numbers"
        )


def _is_irreducible(f: fmpz_poly) -> bool:
    _, factors = f.factor()
    return len(factors) == 1 and factors[0][1] == 1


def _roots_of(f: fmpz_poly) -> tuple[list[Any], list[Any]]:
    """Balls around the real roots, ascending, and around the others above the real line."""
    roots = [root for root, _ in f.complex_roots()]
    real = [root.real for root in roots if root.imag == 0]
    return sorted(real, key=lambda x: x.mid()), [r for r in roots if r.imag > 0]


def _enclosed_powers(f: fmpz_poly, i: int, part: str, bits: int) -> list[int]:
    """Integers within 1 of 2^bits times the real or imaginary parts of the powers of root i."""
    more = bits + 64
    while True:
        with _precision(more):
            real, other = _roots_of(f)
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


def _ball(x: Number, bits: int) -> Any:
    """A ball around a number, at the precision that is set."""
    if not isinstance(x, FieldElement):
        return arb(_rational(Fraction(x)))
    m, r, q = x.enclosure(bits)
    return arb(m, r) / arb(q)


def _identify(factors: Sequence[fmpz_poly], enclose: Callable[[int], Any]) -> NumberField:
    """The field of that root of some irreducible monic polynomials which is enclosed."""
    bits = 64
    while True:
        with _precision(2 * bits):
            x = enclose(bits)
            found = [
                (f, i)
                for f in factors
                for i, root in enumerate(_roots_of(f)[0])
                if root.overlaps(x)
            ]
        if len(found) == 1:
            f, i = found[0]
            return _field(tuple(int(c) for c in f.coeffs()), i)
        assert found, "the number is a root of one of the polynomials"
        bits *= 2


def _index_between(f: fmpz_poly, ends: tuple[Fraction, Fraction] | None) -> int:
    """Which real root of an irreducible polynomial, of degree ≥ 2, is between two ends."""
    index: int = _only(_roots_between(f, ends), f, ends)
    return index


def _only(roots: list[Any], f: fmpz_poly, ends: tuple[Fraction, Fraction] | None) -> Any:
    """The only one of the roots of a polynomial between two ends, or an InputError."""
    if len(roots) != 1:
        where = "" if ends is None else f" between {ends[0]} and {ends[1]}"
        raise InputError(
            f"{_polynomial_text(f)} has {len(roots)} real roots{where}: "
            "give an interval that holds just one"
        )
    return roots[0]


def _roots_between(f: fmpz_poly, ends: tuple[Fraction, Fraction] | None) -> list[int]:
    bits = 64
    while True:
        with _precision(bits):
            real, _ = _roots_of(f)
            if ends is None:
                return list(range(len(real)))
            low, high = (arb(_rational(end)) for end in ends)
            inside = [i for i, x in enumerate(real) if low < x and x < high]
            outside = [i for i, x in enumerate(real) if x < low or high < x]
        if len(inside) + len(outside) == len(real):
            return inside
        bits *= 2


def minimal_polynomial(x: Number) -> fmpz_poly:
    """The primitive irreducible polynomial over Z with this root and positive leading term.

    Examples
    --------
    >>> from arrangement.exact.fields import NumberField, minimal_polynomial
    >>> minimal_polynomial(NumberField("sqrt(5)").generator / 2)
    4*x^2 + (-5)
    """
    if not isinstance(x, FieldElement):
        value = Fraction(x)
        return fmpz_poly([-value.numerator, value.denominator])
    field, d = x.field, x.denominator
    row = x._p * d
    rows = []
    for _ in range(field.degree):
        rows.append([int(row[k].p) for k in range(field.degree)])
        row = row * fmpq_poly([0, 1]) % field._modulus
    (g, _), *_ = fmpz_mat(rows).charpoly().factor()[1]
    scaled = [int(c) * d**k for k, c in enumerate(g.coeffs())]
    result = fmpz_poly(scaled)
    return fmpz_poly([c // result.content() for c in scaled])


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
    m = lcm(*map(_integral_multiple, factors))
    scaled = [_scaled_monic(g, m) for g in factors]
    field = _identify(scaled, lambda bits: enclose(bits) * arb(m))
    if field.degree == 1:
        return simplest(Fraction(-field._coefficients[0], m))
    _check_degree(field.degree)
    g = factors[scaled.index(field.polynomial)]
    least = _integral_multiple(g)
    if least != m:
        field = _identify([_scaled_monic(g, least)], lambda bits: enclose(bits) * arb(least))
    return field.generator if least == 1 else field.generator / least


def _integral_multiple(g: fmpz_poly) -> int:
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


def _scaled_monic(g: fmpz_poly, m: int) -> fmpz_poly:
    """The monic polynomial of the roots of g times m, a multiple of its leading coefficient."""
    n, lead = g.degree(), int(g[g.degree()])
    return fmpz_poly([int(g[k]) * m ** (n - k) // lead for k in range(n + 1)])


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
            found += [(g, i) for i in _roots_between(g, (Fraction(low), Fraction(high)))]
    g, i = _only(found, f, (low, high))
    return real_root(g, lambda bits: _roots_of(g)[0][i])


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
    _check_degree(n)
    if not isinstance(x, FieldElement):
        # p/q = p·q^(n−1)/q^n, and n-th powers of small numbers leave the root.
        value = Fraction(x)
        inside: int = value.numerator * value.denominator ** (n - 1)
        outside = Fraction(1, value.denominator)
        for k in range(2, 100):
            while inside and inside % k**n == 0:
                inside, outside = inside // k**n, outside * k
        f = fmpz_poly([-inside] + [0] * (n - 1) + [1])
        root = real_root(f, lambda bits: arb(inside).root(n))
        if isinstance(root, FieldElement):
            return root * outside
        return simplest(Fraction(root) * outside)
    g = minimal_polynomial(x)
    f = fmpz_poly([int(g[k // n]) if k % n == 0 else 0 for k in range(n * g.degree() + 1)])
    return real_root(f, lambda bits: _ball(x, bits).root(n))


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
    _check_degree(f.degree())
    first = real_root(f, lambda bits: 2 * arb.cos_pi_fmpq(fmpq(2, m)))
    if isinstance(first, FieldElement) and first.field.degree > 2:
        first = _named(first.field, f"(2*cos(2*pi/{m}))").generator
    # 2 cos kx = (2 cos x)·(2 cos (k−1)x) − 2 cos (k−2)x
    before: Any = first
    now: Any = Fraction(2)
    for _ in range(a):
        before, now = now, first * now - before
    return simplest(now / 2)


@lru_cache(maxsize=256)
def compositum(
    one: NumberField, other: NumberField
) -> tuple[NumberField, FieldElement, FieldElement]:
    """The least field with two others, and their generators in it.

    A primitive element is β + kα for almost every integer k; in its field, α is the only
    common root of the polynomial of α and that of β at γ − kx (van der Waerden, §46).

    Raises
    ------
    SizeError
        If its degree is above `MAX_DEGREE`.

    Examples
    --------
    >>> from arrangement.exact.fields import NumberField, compositum
    >>> field, a, b = compositum(NumberField("sqrt(2)"), NumberField("sqrt(3)"))
    >>> field.degree, a**2, b**2, float(a * b) == 6**0.5
    (4, 2, 3, True)
    """
    n, m = one.degree, other.degree
    if n * m > LARGEST_PRODUCT:
        raise SizeError(
            f"number fields of degrees {n} and {m} in one: the product may be "
            f"{LARGEST_PRODUCT}; take fewer or simpler irrational numbers"
        )
    k = 0
    while True:
        k += 1
        sums = fmpz_mat(
            (
                k * np.kron(_companion(one), np.eye(m, dtype=object))
                + np.kron(np.eye(n, dtype=object), _companion(other))
            ).tolist()
        )
        factors = [g for g, _ in sums.charpoly().factor()[1]]

        def enclose(bits: int, k: int = k) -> Any:
            return _ball(other.generator, bits) + k * _ball(one.generator, bits)

        primitive = _identify(factors, enclose)
        _check_degree(primitive.degree)
        f, g, h = (list(p.polynomial.coeffs()) for p in (one, other, primitive))
        if primitive.degree == n:
            beta = _common_root(g, _shifted(h, one.generator * k, 1), one)
            if beta is not None:
                return one, one.generator, beta
        elif primitive.degree == m:
            alpha = _common_root(f, _shifted(h, other.generator, k), other)
            if alpha is not None:
                return other, alpha, other.generator
        else:
            gamma = primitive.generator
            alpha = _common_root(f, _shifted(g, gamma, -k), primitive)
            if alpha is not None:
                return primitive, alpha, gamma - k * alpha


def _companion(field: NumberField) -> NDArray[np.object_]:
    """The integer matrix of the multiplication by the generator."""
    n = field.degree
    matrix = np.full((n, n), 0, dtype=object)
    for k in range(n):
        matrix[k, n - 1] = -field._coefficients[k]
        if k:
            matrix[k, k - 1] = 1
    return matrix


Polynomial: TypeAlias = list[FieldElement]
"""Coefficients from the lowest up, the last not zero."""


def _shifted(f: Sequence[Any], a: FieldElement, b: int) -> Polynomial:
    """The polynomial f(a + b·x)."""
    result: Polynomial = []
    zero = a * 0
    for c in reversed(f):
        grown = [zero] * (len(result) + 1)
        for i, v in enumerate(result):
            grown[i] += v * a
            grown[i + 1] += v * b
        grown[0] += int(c)
        result = grown
    return _trimmed(result)


def _trimmed(f: Polynomial) -> Polynomial:
    while f and not f[-1]:
        f = f[:-1]
    return f


def _common_root(f: Sequence[Any], g: Polynomial, field: NumberField) -> FieldElement | None:
    """The common root of two polynomials, if their greatest common divisor is linear."""
    p, q = [field.generator * 0 + int(c) for c in f], g
    while q:
        while len(p) >= len(q):
            ratio = p[-1] / q[-1]
            start = len(p) - len(q)
            p = _trimmed(p[:start] + [v - ratio * w for v, w in zip(p[start:], q, strict=True)])
        p, q = q, p
    return -p[0] / p[1] if len(p) == 2 else None


def field_of(table: NDArray[Any]) -> NumberField | None:
    """The field of the first entry that is a field element, None if there is none.

    Examples
    --------
    >>> import numpy as np
    >>> from arrangement.exact.fields import NumberField, field_of
    >>> root = NumberField("sqrt(5)").generator
    >>> field_of(np.array([1, root], dtype=object)) == root.field
    True
    """
    return next((v.field for v in table.flat if isinstance(v, FieldElement)), None)


def in_one_field(table: NDArray[Any]) -> NDArray[Any]:
    """The same numbers, all that are not rational in one field, the others ints or Fractions.

    Parameters
    ----------
    table : ndarray of ints, Fractions and field elements

    Raises
    ------
    SizeError
        If the field has a degree above `MAX_DEGREE`.

    Examples
    --------
    >>> import numpy as np
    >>> from arrangement.exact.fields import NumberField, in_one_field
    >>> two, three = NumberField("sqrt(2)").generator, NumberField("sqrt(3)").generator
    >>> table = in_one_field(np.array([two, three, two * two, 1], dtype=object))
    >>> table[0].field == table[1].field, table[2:].tolist()
    (True, [2, 1])
    """
    if field_of(table) is None:
        return table
    result = table.copy()
    elements = [(i, v) for i, v in enumerate(table.flat) if isinstance(v, FieldElement)]
    images: dict[NumberField, FieldElement] = {}
    field: NumberField | None = None
    for i, v in elements:
        if v.is_rational:
            result.flat[i] = simplest(v)
        elif field is None:
            field = v.field
            images[field] = field.generator
        elif v.field not in images:
            field, here, there = compositum(field, v.field)
            images = {key: _at(image, here) for key, image in images.items()}
            images[v.field] = there
    for i, v in elements:
        if not v.is_rational:
            result.flat[i] = v if v.field is field else _at(v, images[v.field])
    return result


def simplest(value: Any) -> Number:
    """The same number as an int, else as a Fraction, else as an element of a field.

    Examples
    --------
    >>> from arrangement.exact.fields import NumberField, simplest
    >>> root = NumberField("sqrt(5)").generator
    >>> [type(simplest(v)).__name__ for v in (root, root**2, root / root / 2)]
    ['FieldElement', 'int', 'Fraction']
    """
    if isinstance(value, FieldElement):
        if not value.is_rational:
            return value
        value = value.rational()
    return value.numerator if value.denominator == 1 else value


def _generator_text(field: NumberField) -> tuple[fmpq, fmpq, str]:
    """α = shift + scale·(a number whose text this is)."""
    if field.degree == 2:
        c, b, _ = field._coefficients
        inside, outside = b * b - 4 * c, fmpq(1 if field.index else -1, 2)
        for k in range(2, 100):
            while inside % (k * k) == 0:
                inside, outside = inside // (k * k), outside * k
        return fmpq(-b, 2), outside, f"sqrt({fmpz(inside)})"
    if field.name is not None:
        simple = field.name.isidentifier() or field.name.startswith("(")
        return fmpq(0), fmpq(1), field.name if simple else f"({field.name})"
    if field.degree == 1:
        return fmpq(0), fmpq(1), f"({-field._coefficients[0]})"
    bits = 0
    while True:
        m, _, q = field.generator.enclosure(64 + bits)
        low = Fraction((m << bits) // q, 1 << bits)
        high = low + Fraction(1, 1 << bits)
        if _roots_between(field.polynomial, (low, high)) == [field.index]:
            return fmpq(0), fmpq(1), f"root({_polynomial_text(field.polynomial)},{low},{high})"
        bits += 1


def _polynomial_text(f: fmpz_poly) -> str:
    return _sum_text(((k, f[k]) for k in range(f.degree(), -1, -1)), "x")


def _sum_text(terms: Iterable[tuple[int, Any]], name: str) -> str:
    """The sum of c·name^k for pairs (k, c), as text."""
    parts = []
    for k, c in terms:
        power = name if k == 1 else f"{name}^{k}"
        if c and k == 0:
            parts.append(str(c))
        elif c:
            parts.append(power if c == 1 else f"-{power}" if c == -1 else f"{c}*{power}")
    return "+".join(parts).replace("+-", "-") or "0"
