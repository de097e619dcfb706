"""Which numbers look rounded, as they are given: floats and decimals with many digits.

Answers never depend on it; see :mod:`arrangement.hyperplanes.near` for what it is good for.
"""

from __future__ import annotations

from fractions import Fraction
from math import floor, gcd, log10
from typing import Any

import numpy as np
from numpy.typing import NDArray

from arrangement import exact

__all__ = ["rounding_of"]

PRECISIONS = {np.float64: (40, 2.0**-49), np.float32: (18, 2.0**-22)}
"""Floats with more significant bits than so many are taken for rounded, and the relative change
that is taken for rounding: eight units in the last place, or two."""

DECIMALS = 7
"""Decimals with at least so many digits are taken for rounded, by one in the last place."""

LONGEST_DECIMAL = 300
"""Longer ones are no rounded numbers."""


def rounding_of(values: Any, exactly: NDArray[Any]) -> NDArray[np.float64]:
    """The relative changes of some numbers that may be due to rounding; 0 where none is.

    Parameters
    ----------
    values : array_like of numbers
        As they were given. Decimals of a text are rounded if one of them is long.
    exactly : ndarray of object
        The same, exact.

    Examples
    --------
    >>> from arrangement.exact.numbers import exact_table
    >>> given = [0.1, 0.5, "0.1", "0.12345678", 2.0**53 - 1, 3]
    >>> rounding_of(given, exact_table(given, "numbers", "entry", 1)).astype(bool).tolist()
    [True, False, True, True, False, False]
    """
    table = values if isinstance(values, np.ndarray) else np.array(values, dtype=object)
    if table.dtype == object:
        held = [v if isinstance(v, float | np.float32) else 0.0 for v in table.flat]
        floats = np.array(held, dtype=np.float64).reshape(table.shape)
    elif table.dtype.kind == "f" and table.dtype.itemsize in (4, 8):
        floats = table.astype(np.float64)
    else:
        floats = np.zeros(table.shape)
    with np.errstate(over="ignore"):
        single = (floats.astype(np.float32) == floats).all()
    digits, unit = PRECISIONS[np.float32 if single else np.float64]
    mantissas = np.ldexp(np.frexp(floats)[0], digits)
    whole = (np.abs(floats) <= exact.FLOAT_EXACT_LIMIT) & (floats == np.rint(floats))
    rounding = np.where((mantissas != np.rint(mantissas)) & ~whole, unit, 0.0)
    return rounding if table.dtype.kind == "f" else np.maximum(rounding, _last_digits(exactly))


def _last_digits(exactly: NDArray[Any]) -> NDArray[np.float64]:
    """A one in the last place of decimals, relative to each; 0 of other numbers, or if short.

    The place is the last of the longest one, for zeros at the end of a decimal are lost.
    """
    decimals = {}
    for at, value in np.ndenumerate(exactly):
        if type(value) is Fraction and value.denominator % 5 == 0:
            left, places = value.denominator, 0
            while (common := gcd(left, 10)) > 1 and places <= LONGEST_DECIMAL:
                left //= common
                places += 1
            if left == 1:
                decimals[at] = places, log10(abs(value.numerator)) - log10(value.denominator)
    result = np.zeros(exactly.shape)
    places = max((p for p, _ in decimals.values()), default=0)
    digits = max((p + floor(size) + 1 for p, size in decimals.values()), default=0)
    if digits >= DECIMALS:
        for at, (_, size) in decimals.items():
            result[at] = 10.0 ** max(-places - size, 1 - digits)
    return result
