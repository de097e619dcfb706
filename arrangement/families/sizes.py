"""The sizes of a family: read as integers, and refused when absurd."""

from __future__ import annotations

import operator

import numpy as np

from arrangement.errors import InputError, SizeError
from arrangement.exact.numbers import shown

__all__ = ["family_generator", "power_of_two", "refuse_if_large", "size"]

MOST_HYPERPLANES = 100_000
MOST_NUMBERS = 10_000_000
LONGEST = 10_000
"""Bits of a size that is worth calculating with, to say that it is too large."""


def size(name: str, value: int, least: int) -> int:
    """The integer that a family is called with.

    Raises
    ------
    InputError
        If it is none, or less than `least`.

    Examples
    --------
    >>> import numpy as np
    >>> size("braid", np.int8(3), least=1)
    3
    """
    try:
        number = operator.index(value)
    except TypeError:
        raise InputError(f"{name}: {shown(value)} is not an integer") from None
    if number < least:
        raise InputError(f"{name}: {shown(number)} is too small, the least is {least}")
    if number.bit_length() > LONGEST:
        raise SizeError(f"{name}: {shown(number)} is too large")
    return number


def refuse_if_large(name: str, hyperplanes: int, dimension: int) -> None:
    """A SizeError if so many hyperplanes would not be made in reasonable time."""
    if hyperplanes > MOST_HYPERPLANES or hyperplanes * (dimension + 1) > MOST_NUMBERS:
        # Beyond 10^20 the exact number helps nobody, and may not be exact (`power_of_two`).
        many = f"{hyperplanes:,}" if hyperplanes <= 10**20 else "more than 10^20"
        raise SizeError(
            f"{name} has {many} hyperplanes in dimension {dimension}; "
            f"the most are {MOST_HYPERPLANES:,} hyperplanes and {MOST_NUMBERS:,} coefficients"
        )


def power_of_two(n: int) -> int:
    """2^n, or a number that is beyond every limit when n is absurd."""
    return 1 << min(n, 100)


def family_generator(name: str, rng: int | np.random.Generator) -> np.random.Generator:
    """The generator that a random family is called with, or that of a seed."""
    if isinstance(rng, np.random.Generator):
        return rng
    return np.random.default_rng(size(f"{name}: the seed", rng, least=0))
