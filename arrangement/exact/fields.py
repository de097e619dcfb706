"""Real algebraic numbers: number fields Q(α) with a real root α, exact arithmetic in them.

An element is a polynomial in α over Q, reduced modulo the minimal polynomial of α, so that it
is zero iff that polynomial is. Its sign is read off integers that enclose it ever more closely,
which ends because an element that is not zero has a value that is not zero.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from functools import lru_cache
from itertools import count
from numbers import Rational
from typing import Any, TypeAlias, TypeVar

import numpy as np
from flint import arb, fmpq, fmpq_poly, fmpz, fmpz_mat, fmpz_poly, nmod_poly

from arrangement.errors import InputError, SizeError
from arrangement.exact.roots import (
    LOCK,
    as_fmpq,
    as_fraction,
    check_degree,
    companion,
    enclosed_powers,
    enclosed_root,
    integral_multiple,
    is_irreducible,
    only,
    polynomial_text,
    precision,
    root_text,
    roots_between,
    roots_of,
    sum_text,
)

__all__ = [
    "FieldElement", "Number", "NumberField", "ball", "compositum", "field_of_root",
    "identify", "minimal_polynomial", "text_readers",
]  # fmt: skip

LARGEST_PRODUCT = 256
"""The largest product of the degrees of two fields of which a compositum is sought."""

Rounded = TypeVar("Rounded", int, float)


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
    """Which of the real roots of the polynomial α is, from the lowest up."""
    name: str | None
    coefficients: tuple[int, ...]
    """Those of the polynomial, from the lowest up."""
    modulus: fmpq_poly
    text: tuple[fmpq, fmpq, str]
    """α = first + second·third."""
    _powers: dict[int, list[int]]
    _conjugates: dict[int, list[tuple[list[int], list[int]]]]
    _primes: dict[int, list[tuple[int, int]]]

    def __new__(
        cls, polynomial: Sequence[int] | str, interval: tuple[Any, Any] | None = None
    ) -> NumberField:
        """The field of a root that is described; an InputError if that is none."""
        if isinstance(polynomial, str):
            return _field_of_text(polynomial)
        try:
            f = fmpz_poly([int(c) for c in reversed(polynomial)])
            ends = None if interval is None else (Fraction(interval[0]), Fraction(interval[1]))
        except (TypeError, ValueError, OverflowError):
            raise InputError(
                "a number field is given by integer coefficients and two rational ends"
            ) from None
        check_degree(f.degree())
        if f.degree() < 2 or f[f.degree()] != 1 or not is_irreducible(f):
            raise InputError(
                f"{polynomial_text(f)} is not monic, irreducible of degree 2 or more"
            )
        index: int = only(roots_between(f, ends), f, ends)
        return field_of_root(tuple(map(int, f.coeffs())), index)

    @property
    def degree(self) -> int:
        """The degree of the field over Q."""
        return int(self.polynomial.degree())

    @property
    def generator(self) -> FieldElement:
        """The number α."""
        return FieldElement(self, fmpq_poly([0, 1]))

    def element(self, coefficients: Sequence[Any]) -> FieldElement:
        """The element Σ c_k α^k of rational coefficients c_0, c_1, …, from the lowest up.

        Parameters
        ----------
        coefficients : sequence of numbers

        Returns
        -------
        FieldElement

        Examples
        --------
        >>> from arrangement.exact.fields import NumberField
        >>> NumberField("sqrt(5)").element([1, "1/2"])
        1+1/2*sqrt(5)
        """
        return FieldElement(self, fmpq_poly(list(map(as_fmpq, coefficients))) % self.modulus)

    def powers(self, bits: int) -> list[int]:
        """Integers within 1 of 2^bits·α^k, for k from 0 to the degree less one.

        Parameters
        ----------
        bits : int

        Returns
        -------
        list of int

        Examples
        --------
        >>> from arrangement import NumberField
        >>> field = NumberField("sqrt(2)")
        >>> field.powers(4)
        [16, 23]
        """
        found = self._powers.get(bits)
        if found is None:
            found = enclosed_powers(self.polynomial, self.index, "real", bits)
            self._powers[bits] = found
        return found

    def conjugate_powers(self, bits: int) -> list[tuple[list[int], list[int]]]:
        """For each embedding into C, integers within 1 of 2^bits times Re α^k and Im α^k.

        Of two conjugate embeddings one is left out, and the other is listed twice.

        Parameters
        ----------
        bits : int

        Returns
        -------
        list of (list of int, list of int)
            Real and imaginary parts, for each embedding.

        Examples
        --------
        >>> from arrangement import NumberField
        >>> field = NumberField("sqrt(2)")
        >>> field.conjugate_powers(4)
        [([16, -23], [0, 0]), ([16, 23], [0, 0])]
        """
        if bits not in self._conjugates:
            f = self.polynomial
            with precision(64):
                real, other = map(len, roots_of(f))
            self._conjugates[bits] = [
                (enclosed_powers(f, i, "real", bits), enclosed_powers(f, i, "imag", bits))
                for i in [*range(real), *np.repeat(range(real, real + other), 2).tolist()]
            ]
        return self._conjugates[bits]

    def primes(self, limit: int) -> Iterator[tuple[int, int]]:
        """Primes p ≤ limit, descending, each with a root r of the polynomial modulo p.

        α ↦ r is a homomorphism from Z[α] to the integers modulo p.

        Parameters
        ----------
        limit : int

        Yields
        ------
        (int, int)

        Examples
        --------
        >>> from arrangement.exact.fields import NumberField
        >>> list(NumberField("sqrt(5)").primes(20))
        [(19, 9), (11, 4), (5, 0), (2, 1)]
        """
        found = self._primes.setdefault(limit, [])
        for k in count():
            with LOCK:
                if k == len(found):
                    below = found[-1][0] if found else limit + 1
                    pair = next(
                        filter(None, map(self._root_modulo, range(below - 1, 1, -1))), None
                    )
                    if pair is None:
                        return
                    found.append(pair)
            yield found[k]

    def _root_modulo(self, p: int) -> tuple[int, int] | None:
        """p and the least root of the polynomial modulo it, if it is prime and has one."""
        if not fmpz(p).is_prime():
            return None
        roots = nmod_poly([c % p for c in self.coefficients], p).roots()
        return (p, min(int(r) for r, _ in roots)) if roots else None

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, NumberField):
            return NotImplemented
        return self is other or (
            self.index == other.index and self.coefficients == other.coefficients
        )

    def __hash__(self) -> int:
        return hash((self.coefficients, self.index))

    def __reduce__(self) -> tuple[Any, ...]:
        return field_of_root, (self.coefficients, self.index, self.name)

    def __repr__(self) -> str:
        return f"NumberField: Q({self.generator})"


@lru_cache(maxsize=1024)
def field_of_root(
    coefficients: tuple[int, ...], index: int, name: str | None = None
) -> NumberField:
    """The field of a real root of an irreducible monic polynomial, lowest coefficient first."""
    field = object.__new__(NumberField)
    field.coefficients, field.index, field.name = coefficients, index, name
    field.polynomial = fmpz_poly(list(coefficients))
    field.modulus = fmpq_poly(field.polynomial)
    field._powers, field._conjugates, field._primes = {}, {}, {}
    field.text = root_text(field.polynomial, index, name)
    return field


def _field_of_text(text: str) -> NumberField:
    try:
        number = text_readers[0](text)
    except InputError:
        raise
    except (ValueError, ZeroDivisionError) as error:
        raise InputError(
            f'{text!a} is no number ({error}): give one such as "sqrt(5)" or '
            '"root(x^3-x-1,1,2)", or coefficients and an interval'
        ) from None
    if not isinstance(number, FieldElement):
        raise InputError(f"{text} is rational: it needs no number field")
    f = minimal_polynomial(number)
    if f[f.degree()] != 1:
        raise InputError(
            f"{text} is no algebraic integer: take {integral_multiple(f)} times it"
        )
    found = identify([f], lambda bits: ball(number, bits))
    return field_of_root(found.coefficients, found.index, text)


Terms: TypeAlias = tuple[NumberField, fmpq_poly, fmpq_poly]
"""A field, and two numbers in it."""


def _with_another(combine: Callable[[NumberField, fmpq_poly, fmpq_poly], Any]) -> Any:
    """An operation of an element and another number, in a field that has both."""

    def operation(self: FieldElement, other: object) -> Any:
        terms = self._with(other)
        return NotImplemented if terms is None else combine(*terms)

    return operation


def _compared(
    holds: Callable[[float, float], bool], decide: Callable[..., bool] | None = None
) -> Any:
    """A comparison, by the sign of the difference; ±inf and NaN as floats compare with 0."""
    exactly = _with_another(
        decide or (lambda field, p, q: holds(FieldElement(field, p - q).sign(), 0))
    )

    def comparison(self: FieldElement, other: object) -> Any:
        if isinstance(other, float) and not math.isfinite(other):
            return holds(0.0, other)
        return exactly(self, other)

    return comparison


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

    __slots__ = ("field", "polynomial")

    def __init__(self, field: NumberField, polynomial: fmpq_poly) -> None:
        self.field = field
        self.polynomial = polynomial

    @property
    def coefficients(self) -> tuple[Fraction, ...]:
        """The coefficients c_0, …, c_(degree − 1) of Σ c_k α^k."""
        found = [as_fraction(c) for c in self.polynomial.coeffs()]
        return (*found, *[Fraction(0)] * (self.field.degree - len(found)))

    @property
    def denominator(self) -> int:
        """The least positive integer whose product with the element is in Z[α]."""
        return int(self.polynomial.denom())

    @property
    def numerator(self) -> FieldElement:
        """The element times its denominator, in Z[α]."""
        return FieldElement(self.field, fmpq_poly(self.polynomial.numer()))

    def bit_length(self) -> int:
        """Bits of the numerators of all coefficients together."""
        return sum(int(c).bit_length() for c in self.polynomial.numer().coeffs())

    @property
    def is_rational(self) -> bool:
        """Is this a rational number?"""
        return bool(self.polynomial.degree() < 1)

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
        coefficients = [int(c) for c in self.polynomial.numer().coeffs()]
        if not coefficients:
            return 0, 0, 1
        error = sum(map(abs, coefficients[1:]))
        more = bits + 64
        while True:
            powers = self.field.powers(more)
            value = sum(c * v for c, v in zip(coefficients, powers, strict=False))
            if error << bits <= abs(value):
                return value, error, self.denominator << more
            more *= 2

    def _rounded(self, divide: Callable[[int, int], Rounded]) -> Rounded:
        """What both ends of an enclosure are rounded to, as soon as that is the same."""
        bits = 64
        while True:
            m, r, q = self.enclosure(bits)
            low = divide(m - r, q)
            if low == divide(m + r, q):
                return low
            bits *= 2

    def __float__(self) -> float:
        return self._rounded(operator.truediv)

    def __floor__(self) -> int:
        return self._rounded(operator.floordiv)

    def __bool__(self) -> bool:
        return not self.polynomial.is_zero()

    def __hash__(self) -> int:
        if self.is_rational:
            return hash(self.rational())
        try:
            return hash(float(self))
        except OverflowError:
            return hash(self.__floor__())

    __eq__ = _compared(operator.eq, lambda field, p, q: bool(p == q))
    __lt__, __le__, __gt__, __ge__ = map(
        _compared, (operator.lt, operator.le, operator.gt, operator.ge)
    )

    def __pos__(self) -> FieldElement:
        return self

    def __neg__(self) -> FieldElement:
        return FieldElement(self.field, -self.polynomial)

    def __abs__(self) -> FieldElement:
        return -self if self.sign() < 0 else self

    __add__ = __radd__ = _with_another(lambda field, p, q: FieldElement(field, p + q))
    __sub__ = _with_another(lambda field, p, q: FieldElement(field, p - q))
    __rsub__ = _with_another(lambda field, p, q: FieldElement(field, q - p))
    __mul__ = __rmul__ = _with_another(
        lambda field, p, q: FieldElement(field, p * q % field.modulus)
    )
    __truediv__ = _with_another(lambda field, p, q: _quotient(field, p, q))
    __rtruediv__ = _with_another(lambda field, p, q: _quotient(field, q, p))

    def __pow__(self, exponent: object) -> FieldElement:
        if not isinstance(exponent, int | np.integer):
            return NotImplemented
        base, k = (1 / self if exponent < 0 else self), abs(int(exponent))
        result = FieldElement(self.field, fmpq_poly([1]))
        while k:
            if k & 1:
                result = result * base
            base, k = base * base if k > 1 else base, k >> 1
        return result

    def _with(self, other: object) -> Terms | None:
        """A field with both numbers, and both there; None if the other is no number."""
        if isinstance(other, FieldElement):
            if other.field is self.field or other.field == self.field:
                return self.field, self.polynomial, other.polynomial
            field, here, there = compositum(self.field, other.field)
            return field, image_of(self, here).polynomial, image_of(other, there).polynomial
        if isinstance(other, Rational | float):
            return self.field, self.polynomial, fmpq_poly([as_fmpq(other)])
        if isinstance(other, fmpq | fmpz):
            return self.field, self.polynomial, fmpq_poly([other])
        return None

    def __str__(self) -> str:
        shift, scale, name = self.field.text
        inner = self.polynomial(fmpq_poly([shift, scale]))
        return sum_text(enumerate(inner.coeffs()), name)

    __repr__ = __str__

    def __reduce__(self) -> tuple[Any, ...]:
        return self.field.element, (self.coefficients,)


Number: TypeAlias = int | Fraction | FieldElement

Point: TypeAlias = tuple[Fraction | FieldElement, ...]
"""Coordinates of a point or direction: Fractions where it is rational."""

text_readers: list[Callable[[str], Number]] = []
"""How a number is read from text: :mod:`arrangement.exact.algebraic` enters it here."""


def _quotient(field: NumberField, p: fmpq_poly, q: fmpq_poly) -> FieldElement:
    if q.is_zero():
        raise ZeroDivisionError("division by zero in a number field")
    if q.degree() == 0:
        return FieldElement(field, p / q[0])
    _, inverse, _ = q.xgcd(field.modulus)
    return FieldElement(field, p * inverse % field.modulus)


def image_of(x: FieldElement, generator: FieldElement) -> FieldElement:
    """The image of x under the map that takes the generator of its field to a number."""
    field, result = generator.field, fmpq_poly([])
    for c in reversed(x.polynomial.coeffs()):
        result = (result * generator.polynomial + c) % field.modulus
    return FieldElement(field, result)


def ball(x: Number, bits: int) -> Any:
    """A ball around a number, at the precision that is set."""
    if not isinstance(x, FieldElement):
        return arb(as_fmpq(x))
    m, r, q = x.enclosure(bits)
    return arb(m, r) / arb(q)


def identify(factors: Sequence[fmpz_poly], enclose: Callable[[int], Any]) -> NumberField:
    """The field of that root of some irreducible monic polynomials which is enclosed."""
    f, i = enclosed_root(factors, enclose)
    return field_of_root(tuple(int(c) for c in f.coeffs()), i)


def minimal_polynomial(x: Number) -> fmpz_poly:
    """The primitive irreducible polynomial over Z with this root and positive leading term.

    Examples
    --------
    >>> from arrangement.exact.fields import NumberField, minimal_polynomial
    >>> minimal_polynomial(NumberField("sqrt(5)").generator / 2)
    4*x^2 + (-5)
    """
    if not x:  # FLINT 3.2 gives 1 for its matrix
        return fmpz_poly([0, 1])
    if not isinstance(x, FieldElement):
        value = Fraction(x)
        return fmpz_poly([-value.numerator, value.denominator])
    field, d = x.field, x.denominator
    row = x.polynomial * d
    rows = []
    for _ in range(field.degree):
        rows.append([int(row[k].p) for k in range(field.degree)])
        row = row * fmpq_poly([0, 1]) % field.modulus
    g = fmpz_mat(rows).minpoly()
    scaled = [int(c) * d**k for k, c in enumerate(g.coeffs())]
    result = fmpz_poly(scaled)
    return fmpz_poly([c // result.content() for c in scaled])


@lru_cache(maxsize=256)
def compositum(
    one: NumberField, other: NumberField
) -> tuple[NumberField, FieldElement, FieldElement]:
    """The least field with two others, and their generators in it.

    A primitive element γ is β + kα for almost every integer k (van der Waerden, §46). In
    Q[α] ⊗ Q[β], a product of fields, it is in that of the real α and β when its polynomial
    is a factor only once of what vanishes at β + kα: there its powers give α and β.

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
    alpha = fmpz_mat(np.kron(companion(one.polynomial), np.eye(m, dtype=object)).tolist())
    beta = fmpz_mat(np.kron(np.eye(n, dtype=object), companion(other.polynomial)).tolist())
    for k in count(1):
        gamma = alpha * k + beta
        f = gamma.charpoly()
        factors = f.factor()[1]

        def enclose(bits: int, k: int = k) -> Any:
            return ball(other.generator, bits) + k * ball(one.generator, bits)

        primitive = identify([g for g, _ in factors], enclose)
        check_degree(primitive.degree)
        if (primitive.polynomial, 1) in factors:
            break
    one_there = fmpz_mat([[1]] + [[0]] * (n * m - 1))
    inside = one_there * 0
    for c in reversed((f // primitive.polynomial).coeffs()):
        inside = gamma * inside + one_there * c
    field, generator = next(
        (known, matrix)
        for known, matrix in ((one, alpha), (other, beta), (primitive, gamma))
        if known.degree == primitive.degree
    )
    powers = [inside]
    for _ in range(1, field.degree):
        powers.append(generator * powers[-1])
    columns = [v.entries() for v in (*powers, alpha * inside, beta * inside)]
    solved, scale, _ = fmpz_mat(columns).transpose().rref()
    images = [
        FieldElement(field, fmpq_poly([solved[i, c] for i in range(field.degree)]) / scale)
        for c in (field.degree, field.degree + 1)
    ]
    # FLINT's floats leave flags, of which numpy would warn in the product of arrays that got
    # here; a sum of numpy's clears them.
    np.add(0.0, 0.0)
    return field, images[0], images[1]
