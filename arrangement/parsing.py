"""Numbers exactly as given: from array_like to Python integers and Fractions."""

from __future__ import annotations

import re
from collections.abc import Sequence
from fractions import Fraction
from math import gcd, lcm
from numbers import Rational
from typing import Any

import numpy as np
from flint import fmpz
from numpy.typing import NDArray

from arrangement.algebraic import from_sympy, read_number
from arrangement.errors import InputError
from arrangement.fields import FieldElement, Number, simplest

__all__ = ["exact_number", "exact_table", "exact_text", "integral", "primitive", "real_number"]

_LONG = 4000
"""Python reads and writes integers of more digits than about this only on request."""

# Fraction takes 1e9_999 for 1e9999; the zeros are taken whole, so that 1e00001 is not huge.
_HUGE_EXPONENT = re.compile(r"[eE][+-]?[0_]*+\d(_?\d){4}")

# What :func:`algebraic.read_number` is for.
_ALGEBRAIC = re.compile(r"[(*^]")


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
    result = np.empty(table.shape, dtype=object)
    for index, value in np.ndenumerate(table):
        try:
            result[index] = real_number(value) if irrational else exact_number(value)
        except InputError as error:
            place = f"{unit} {index[0]}" + (f", column {index[1]}" if ndim == 2 else "")
            raise type(error)(f"{name}, {place}: {error}") from None
        except (AttributeError, ValueError, TypeError, OverflowError, ZeroDivisionError):
            place = f"{unit} {index[0]}" + (f", column {index[1]}" if ndim == 2 else "")
            shown = value.item() if isinstance(value, np.generic) else value
            kind = "finite real" if irrational else "finite rational"
            raise InputError(f"{name}, {place}: {shown!r} is not a {kind} number") from None
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
        :func:`arrangement.algebraic.read_number` takes it; an algebraic number of sympy.

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
        If it is no finite real number, or has an exponent beyond ±9999.

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
    if isinstance(value, str) and _HUGE_EXPONENT.search(value):
        raise OverflowError("the exponent is too large to write the number out")
    if isinstance(value, str) and len(value) > _LONG:
        numerator, _, denominator = value.partition("/")
        fraction = Fraction(int(fmpz(numerator)), int(fmpz(denominator or "1")))
    elif isinstance(value, Rational | float | str):
        fraction = Fraction(value)
    else:
        # Decimal, longdouble and other exact reals know their ratio; all else is refused.
        fraction = Fraction(*value.as_integer_ratio())
    return fraction.numerator if fraction.denominator == 1 else fraction


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


def primitive(row: Sequence[Any]) -> list[Any]:
    """The row scaled by a positive number to integers without a common factor.

    Over a number field, where these are not unique, the first entry that is not zero becomes
    rational, and all become polynomials in the generator with integer coefficients that have
    no common factor.
    """
    if any(isinstance(v, FieldElement) for v in row):
        row = [simplest(v) for v in row]
        factor = Fraction(1) / abs(next((v for v in row if v), 1))
        row = [simplest(v * factor) for v in row]
    return integral(row)


def integral(row: Sequence[Any]) -> list[Any]:
    """The row scaled by a positive rational number to coprime integers or coefficients.

    Examples
    --------
    >>> integral([Fraction(2, 3), 4]), integral([Fraction(1, 3), real_number("sqrt(5)*2")])
    ([1, 6], [1, 6*sqrt(5)])
    """
    if any(isinstance(v, FieldElement) for v in row):
        scale = lcm(*(v.denominator for v in row))
        row = [scale * v for v in row]
        content = gcd(*(c for v in row for c in _integers(v))) or 1
        return [simplest(v * Fraction(1, content)) for v in row]
    scale = lcm(*(v.denominator for v in row))
    integers = [int(v.numerator) * (scale // v.denominator) for v in row]
    common = gcd(*integers) or 1
    return [v // common for v in integers]


def _integers(value: Any) -> list[int]:
    """The coefficients of an element of Z[α], or an integer."""
    parts = value.coefficients if isinstance(value, FieldElement) else (value,)
    return [int(c) for c in parts]
