"""Arguments of public functions, checked: every error names the argument and what was given."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from arrangement.errors import InputError, SizeError
from arrangement.exact.numbers import exact_number, exact_table, exact_text, shown

__all__ = [
    "check_executor", "check_flag", "check_instance", "choice", "entries", "float_table",
    "generator", "given_points", "nonnegative", "number", "whole",
]  # fmt: skip


def check_instance(value: object, name: str, *kinds: str) -> None:
    """An InputError unless a value is an instance of a class that is called one of these.

    The classes are given by name, so that no module has to be imported for a check.
    """
    if not any(base.__name__ in kinds for base in type(value).__mro__):
        hint = ""
        if isinstance(value, type) and any(base.__name__ in kinds for base in value.__mro__):
            hint = "; that is the class itself, make an instance of it"
        raise InputError(f"{name} must be {' or '.join(kinds)}, not {shown(value)}{hint}")


def choice(value: Any, choices: Sequence[Any], name: str) -> None:
    """An InputError unless a value is one of some texts (or None, if that is one)."""
    if not (value is None or isinstance(value, str)) or value not in choices:
        raise InputError(f"{name} {shown(value)} is none of {', '.join(map(repr, choices))}")


def check_flag(value: Any, name: str) -> None:
    """An InputError unless a value is True or False, or is the number 1 or 0."""
    if not isinstance(value, bool | int | np.bool_ | np.integer) or value not in (0, 1):
        raise InputError(f"{name} must be True or False, not {shown(value)}")


def entries(values: Any) -> np.ndarray[Any, Any]:
    """What is given as an array; of no axis if its rows have different lengths."""
    try:
        return np.asarray(values)
    except ValueError:
        return np.array(None)


def float_table(values: Any, name: str) -> NDArray[np.float64]:
    """Numbers of any shape, copied to float64; exact ones are rounded.

    Examples
    --------
    >>> float_table([["1/3", 2]], "values")
    array([[0.33333333, 2.        ]])
    """
    if np.ma.is_masked(values):
        raise InputError(f"{name}: some entries are masked; fill them")
    table = entries(values)
    if not table.ndim and table[()] is None:
        raise InputError(f"{name} must be numbers, in rows of the same length")
    if table.dtype.kind in "biuf":
        return np.array(table, dtype=np.float64)
    exactly = exact_table(table.ravel(), name, "entry", 1)
    try:
        return exactly.astype(np.float64).reshape(table.shape)
    except OverflowError:
        raise InputError(f"{name}: a number is beyond float64") from None


def check_executor(value: Any) -> None:
    """An InputError unless a value is None or submits work, as executors do."""
    if value is not None and (isinstance(value, type) or not hasattr(value, "submit")):
        raise InputError(
            f"executor must be a concurrent.futures.Executor or None, not {shown(value)}"
        )


def whole(value: Any, name: str, least: int, most: int | None = None) -> int:
    """An argument as an integer of at least `least`; a SizeError if it is above `most`.

    Examples
    --------
    >>> whole(3, "samples", 1)
    3
    """
    try:
        number = operator.index(value)
    except TypeError:
        raise InputError(f"{name} = {shown(value)} is not an integer") from None
    if number < least:
        raise InputError(f"{name} = {shown(number)} is too small, the least is {least}")
    if most is not None and number > most:
        raise SizeError(f"{name} = {shown(number)} is too large, the most is {most:,}")
    return number


def number(value: Any, name: str) -> float:
    """An argument as a finite float.

    Examples
    --------
    >>> number(1, "tolerance")
    1.0
    """
    try:
        result = (
            float(value) if not isinstance(value, str | bytes) and not np.ndim(value) else None
        )
    except (TypeError, ValueError, OverflowError):
        result = None
    if result is None or not np.isfinite(result):
        raise InputError(f"{name} must be a finite number, not {shown(value)}")
    return result


def nonnegative(value: Any, name: str) -> Fraction:
    """An argument of at least 0, exactly as given.

    Examples
    --------
    >>> nonnegative("1/3", "radius")
    Fraction(1, 3)
    """
    try:
        exactly = Fraction(exact_number(value))
    except (AttributeError, ValueError, TypeError, ArithmeticError):
        raise InputError(f"{name} {shown(value)} is not a number") from None
    if exactly < 0:
        raise InputError(f"{name} {exact_text(exactly)} must be at least 0")
    return exactly


def generator(rng: Any, name: str = "rng") -> np.random.Generator:
    """The random numbers of a generator, or of a seed: an integer from 0 on, or None."""
    if isinstance(rng, np.random.Generator):
        return rng
    return np.random.default_rng(None if rng is None else whole(rng, name, 0))


def given_points(
    x: Any, dimension: int, irrational: bool = False, name: str = "points"
) -> tuple[NDArray[Any], bool]:
    """Points, one a row, as float64 or exact numbers; and is it one, given without a list?

    Parameters
    ----------
    x : array_like, shape (d,) or (k, d)
        Floats are the dyadic rationals that they store; integers, Fractions and "p/q" strings
        are exact.
    dimension : int
    irrational : bool
        Are real algebraic numbers welcome?
    name : str
        Of the argument, for messages.

    Examples
    --------
    >>> given_points(["1/3", 0.5], 2)
    (array([[Fraction(1, 3), Fraction(1, 2)]], dtype=object), True)
    """
    x = x if isinstance(x, np.ndarray) else np.array(x, dtype=object)
    single = x.ndim == 1
    rows = x[None] if single else x
    if rows.ndim != 2 or rows.shape[1] != dimension:
        place = "" if name == "points" else f"{name}: "
        raise InputError(
            f"{place}a point has {dimension} coordinates; the shape given is {x.shape}"
        )
    if x.dtype.kind == "f" and x.itemsize <= 8 and not np.ma.is_masked(x):
        rows = rows.astype(np.float64)
        if np.isfinite(rows).all():
            return rows, single
    return exact_table(rows, name, "row", 2, irrational), single
