"""Numbers exactly as given: from array_like to Python integers and Fractions."""

from __future__ import annotations

import re
import reprlib
from collections.abc import Iterable, Sequence
from decimal import Decimal
from fractions import Fraction
from math import gcd, lcm
from numbers import Rational
from typing import Any

import numpy as np
from flint import fmpz
from numpy.typing import NDArray

from arrangement.errors import InputError, SizeError
from arrangement.exact.algebraic import from_sympy, read_number
from arrangement.exact.fields import FieldElement, Number
from arrangement.exact.one_field import simplest

__all__ = [
    "common_denominator", "exact_number", "exact_table", "exact_text", "integral",
    "linear_form", "n_bits", "primitive", "real_number", "refuse_bits", "shown",
    "whole_columns",
]  # fmt: skip

_LONG = 4000
"""Python reads and writes integers of more digits than about this only on request."""

_LONGEST = 100_000
"""Characters of one number; what is reckoned with longer ones takes quadratic time."""

MOST_BITS = 2**30
"""Bits of the numbers of one table together: "1e9999" is short, but has 33,000."""

MOST_NUMBERS = 4_000_000
"""Numbers of one table, each a Python object."""

# Fraction takes 1e9_999 for 1e9999; the zeros are taken whole, so that 1e00001 is not huge.
_HUGE_EXPONENT = re.compile(r"[eE][+-]?[0_]*+\d(_?\d){4}")

# What :func:`algebraic.read_number` is for.
_ALGEBRAIC = re.compile(r"[(*^]")

_FRACTION = re.compile(r"-?[0-9/]+")

# Digits are taken whole, so that a long numerator is not looked through once for each of them.
_LONG_DECIMAL = re.compile(r"([+-]?)(\d++)\.?(\d*+)(?:[eE]([+-]?\d+))?")


def exact_table(
    values: Any, name: str, unit: str, ndim: int, irrational: bool = False
) -> NDArray[Any]:
    """An array of exact ints and Fractions, and elements of number fields if asked for.

    Parameters
    ----------
    values : array_like of numbers, shape (n, d) or (n,)
    name, unit : str
        What the error message calls the array and one entry of its first axis.
    ndim : {1, 2}
    irrational : bool
        Are real algebraic numbers welcome, as :func:`real_number` takes them?

    Raises
    ------
    InputError
        If the shape is wrong, or an entry is no finite real number; the message names the row.
    SizeError
        If there are more than four million numbers, or they are too long together.

    Examples
    --------
    >>> exact_table([["1/3", 0.5], [2, 10**20]], "normals", "row", 2).tolist()
    [[Fraction(1, 3), Fraction(1, 2)], [2, 100000000000000000000]]
    """
    shape = "(n, d)" if ndim == 2 else "(n,)"
    if np.ma.is_masked(values):
        raise InputError(f"{name}: some entries are masked; fill them or remove their rows")
    if hasattr(values, "toarray"):
        raise InputError(f"{name}: a sparse matrix is not read; pass {name}.toarray()")
    try:
        table = values if isinstance(values, np.ndarray) else np.array(values, dtype=object)
    except ValueError:
        table = np.array(None)
    if table.ndim != ndim:
        if ndim == 2:
            _refuse_ragged(values, name)
        hint = (
            "; for no hyperplanes in dimension d pass shape (0, d)" if table.size == 0 else ""
        )
        raise InputError(f"{name} must have shape {shape}, not {table.shape}{hint}")
    if table.dtype.kind not in "biufOUS":
        raise InputError(f"{name} must be real numbers, not {table.dtype}")
    if max(table.size, *table.shape) > MOST_NUMBERS:  # an axis may be long beside one of 0
        raise SizeError(f"{name}: shape {table.shape}, more than {MOST_NUMBERS:,} numbers")
    result = np.empty(table.shape, dtype=object)
    held = 0
    for index, value in np.ndenumerate(table):
        try:
            number = real_number(value) if irrational else exact_number(value)
            result[index] = number
            held += n_bits(number)
        except (AttributeError, ValueError, TypeError, ArithmeticError) as error:
            place = f"{unit} {index[0]}" + (f", column {index[1]}" if ndim == 2 else "")
            if isinstance(error, InputError):
                raise type(error)(f"{name}, {place}: {error}") from None
            kind = "real" if irrational else "rational"
            message = f"{name}, {place}: {shown(value)} is not a finite {kind} number"
            raise InputError(message) from None
        refuse_bits(held, name)
    return result


def _refuse_ragged(values: Any, name: str) -> None:
    """Name the first row whose length differs from row 0's, if the rows are sequences."""
    try:
        lengths = [len(row) for row in values]
    except TypeError:
        return
    for i, length in enumerate(lengths):
        if length != lengths[0]:
            raise InputError(
                f"{name}, row {i}: {length} entries, but row 0 has {lengths[0]}; "
                "every row needs the same number"
            )


def real_number(value: Any) -> Number:
    """One real algebraic number exactly as given: an int, a Fraction or a field element.

    Parameters
    ----------
    value
        A rational number, see :func:`exact_number`; an element of a number field; a text as
        :func:`arrangement.exact.algebraic.read_number` takes it; an algebraic number of sympy.

    Raises
    ------
    AttributeError, ValueError, TypeError, OverflowError, ZeroDivisionError
        If it is no finite real algebraic number; among these InputError, with what to do, if
        its degree is too large.

    Examples
    --------
    >>> real_number("1/2"), real_number("(1+sqrt(5))/2")
    (Fraction(1, 2), 1/2+1/2*sqrt(5))
    """
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, bytes):
        value = value.decode()
    if isinstance(value, FieldElement):
        return simplest(value)
    if isinstance(value, str) and _ALGEBRAIC.search(value):
        return read_number(value)
    if type(value).__module__.startswith("sympy.") and not isinstance(value, Rational):
        return from_sympy(value)
    return exact_number(value)


def exact_number(value: Any) -> int | Fraction:
    """One rational number exactly as given: an int, or a Fraction where it is no integer.

    Raises
    ------
    AttributeError, ValueError, TypeError, OverflowError, ZeroDivisionError
        If it is no finite real number; OverflowError if it has an exponent beyond ±9999 or is
        longer than 100,000 characters, and the message says which.

    Examples
    --------
    >>> exact_number(0.1) == exact_number("0.1"), exact_number("6/3")
    (False, 2)
    """
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, int):
        return int(value)
    if isinstance(value, bytes):
        value = value.decode()
    if isinstance(value, Decimal):
        value = str(value)
    if isinstance(value, str):
        fraction = _written(value)
    elif isinstance(value, Rational | float):
        fraction = Fraction(value)
    else:
        # longdouble and other exact reals know their ratio; all else is refused.
        fraction = Fraction(*value.as_integer_ratio())
    return fraction.numerator if fraction.denominator == 1 else fraction


def _written(text: str) -> Fraction:
    if _HUGE_EXPONENT.search(text):
        raise OverflowError("has an exponent that is too large (beyond ±9999)")
    if len(text) > _LONGEST:
        raise OverflowError(f"is longer than {_LONGEST:,} characters")
    if len(text) <= _LONG:
        return Fraction(text)
    if parts := _LONG_DECIMAL.fullmatch(text.strip()):
        sign, whole, decimals, exponent = (part or "" for part in parts.groups())
        power = int(exponent or "0") - len(decimals)
        number = Fraction(int(fmpz(whole + decimals))) * Fraction(10) ** power
        return -number if sign == "-" else number
    numerator, _, denominator = text.partition("/")
    return Fraction(int(fmpz(numerator)), int(fmpz(denominator or "1")))


def n_bits(value: Number) -> int:
    """Bits of the numerator and the denominator."""
    return value.numerator.bit_length() + value.denominator.bit_length()


def refuse_bits(held: int, name: str) -> None:
    """A SizeError if numbers of so many bits together are too long to be reckoned with."""
    if held > MOST_BITS:
        raise SizeError(f"{name}: the numbers take more than {MOST_BITS // 2**23:,} MiB")


def exact_text(value: Number) -> str:
    """The number as "p" or "p/q", however long, or as a text such as "1/2+1/2*sqrt(5)".

    :func:`real_number` reads it.

    Examples
    --------
    >>> exact_text(Fraction(-1, 3)), len(exact_text(10**5000))
    ('-1/3', 5001)
    """
    if isinstance(value, FieldElement):
        return str(value)
    parts = (
        [value.numerator] if value.denominator == 1 else [value.numerator, value.denominator]
    )
    return "/".join(str(fmpz(part)) for part in parts)


def linear_form(row: Sequence[Any] | NDArray[np.object_], names: Sequence[str]) -> str:
    """The affine function with coefficients [normal | offset] as a text.

    Examples
    --------
    >>> linear_form([2, -1, Fraction(1, 3)], ["x", "y"])
    '2*x - y + 1/3'
    """
    terms: list[str] = []
    for value, name in zip(row, [*names, ""], strict=True):
        text = exact_text(value)
        if not _FRACTION.fullmatch(text):
            text = f"({text})"
        if value and name:
            text = {"1": name, "-1": f"-{name}"}.get(text, f"{text}*{name}")
        if value or (not name and not terms):
            terms.append(text)
    return " + ".join(terms).replace("+ -", "- ")


class _Short(reprlib.Repr):
    """Short texts of nested values, with integers of any number of digits."""

    def repr_int(self, x: int, level: int) -> str:
        """The first and the last digits."""
        digits = exact_text(x)
        return digits if len(digits) <= 40 else f"{digits[:12]}...{digits[-12:]}"

    def repr_Fraction(self, x: Fraction, level: int) -> str:
        """As "p/q"."""
        return "/".join(self.repr_int(v, level) for v in x.as_integer_ratio())

    def repr_ndarray(self, x: NDArray[Any], level: int) -> str:
        """As nested lists."""
        return self.repr1(x.tolist(), level)


def shown(value: Any) -> str:
    """A value as a message shows it: its repr, or a short form of one that is long.

    Python writes integers of more than some 4300 digits on request only, so that the message
    of an error would be another error.

    Examples
    --------
    >>> shown("abc"), shown([1, (10**5000, 0.5)])
    ("'abc'", '[1, (100000000000...000000000000, 0.5)]')
    """
    value = value.item() if isinstance(value, np.generic) else value
    if isinstance(value, Fraction):
        return _Short().repr(value)
    try:
        text = " ".join(repr(value).split())
    except (ValueError, RecursionError):
        return _Short().repr(value)
    return text if len(text) <= 200 else f"{text[:150]}...{text[-40:]}"


def primitive(row: Sequence[Any] | NDArray[np.object_]) -> list[Any]:
    """The row scaled by a positive number to integers without a common factor.

    Over a number field, where these are not unique, the first entry that is not zero becomes
    rational, and all become polynomials in the generator with integer coefficients that have
    no common factor.
    """
    if FieldElement in map(type, row):
        row = [simplest(v) for v in row]
        factor = Fraction(1) / abs(next((v for v in row if v), 1))
        row = [simplest(v * factor) for v in row]
    return integral(row)


def primitive_rows(rows: Iterable[Any], width: int) -> NDArray[np.object_]:
    """A table of rows of this width, each as :func:`primitive` scales it."""
    scaled = [primitive(row) for row in rows]
    return np.array(scaled, dtype=object).reshape(len(scaled), width)


def integral(row: Sequence[Any] | NDArray[np.object_]) -> list[Any]:
    """The row scaled by a positive rational number to coprime integers or coefficients.

    Examples
    --------
    >>> integral([Fraction(2, 3), 4]), integral([Fraction(1, 3), real_number("sqrt(5)*2")])
    ([1, 6], [1, 6*sqrt(5)])
    """
    kinds = set(map(type, row))
    if FieldElement in kinds:
        scale = lcm(*(v.denominator for v in row))
        row = [scale * v for v in row]
        content = gcd(*(c for v in row for c in _integers(v))) or 1
        return [simplest(v * Fraction(1, content)) for v in row]
    integers = list(row)
    if kinds - {int}:
        scale = 1
        for v in row:
            scale = lcm(scale, v.denominator)
            refuse_bits(len(row) * scale.bit_length(), "a row scaled to integers")
        integers = [int(v.numerator) * (scale // v.denominator) for v in row]
    common = gcd(*integers) or 1
    return [v // common for v in integers]


def _integers(value: Any) -> list[int]:
    """The coefficients of an element of Z[α], or an integer."""
    parts = value.coefficients if isinstance(value, FieldElement) else (value,)
    return [int(c) for c in parts]


def common_denominator(values: Any) -> tuple[NDArray[np.object_], int]:
    """Numbers over one denominator: (integers, denominator)."""
    ratios = [v.as_integer_ratio() for v in np.asarray(values).ravel().tolist()]
    scale = lcm(*{q for _, q in ratios})
    whole = np.empty(len(ratios), dtype=object)
    whole[:] = [p * (scale // q) for p, q in ratios]
    return whole.reshape(np.shape(values)), scale


def whole_columns(table: NDArray[Any]) -> tuple[NDArray[np.object_], list[int]]:
    """A table as integers, column by column, and what the columns were multiplied by."""
    parts = [common_denominator(column) for column in table.T]
    whole = np.array([column for column, _ in parts], dtype=object)
    return whole.T.reshape(table.shape), [scale for _, scale in parts]
