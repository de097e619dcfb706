"""Float arrangements within a few units in the last place of a degenerate one: a warning.

Floats are taken as they are stored. Where they are rounded values of numbers whose hyperplanes
have a flat in common, the stored ones miss it, and cells appear that were not meant. Answers
never depend on what is found here.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from functools import wraps
from math import comb
from typing import Any, TypeVar, cast

import numpy as np
from flint import nmod_mat
from numpy.typing import NDArray

from arrangement import exact
from arrangement.errors import NearlyDegenerateWarning
from arrangement.exact.one_field import field_of
from arrangement.hyperplanes.hyperplanes import Hyperplanes

__all__ = ["near_coincidence", "warn_once", "warned"]

Method = TypeVar("Method", bound=Callable[..., Any])

Floats = NDArray[np.float64]

TOLERANCE = 2.0**-49
"""Relative changes of entries that are always taken for rounding, if any was rounded."""

FILTER = 2.0**9
"""Unit vectors closer to the span of others than this times their rounding are looked at."""

COARSEST = 2.0**-12
"""Where this is close, nearly all is, and nothing is said."""

PRIME = 2**31 - 1
"""Products of residues fit in int64."""

WORK = 2**24
"""Multiplications that the search may take for sets of one size."""

PER_SET = 1000
"""What a set costs beside the products with its last basis vector, in multiplications."""

CHUNK = 2**17
"""Numbers in one intermediate table."""


def warn_once(arrangement: Hyperplanes) -> None:
    """A :class:`NearlyDegenerateWarning` in the caller's caller, if there is reason for one."""
    rounding = arrangement.__dict__.pop("_unchecked", None)
    if rounding is None or (found := near_coincidence(arrangement, rounding)) is None:
        return
    warnings.warn(
        f"{_told(*found, arrangement.dimension)}, but not quite: floats are taken as they are "
        'stored, rounding and all; text such as "1/3" or "(1+sqrt(5))/2" is exact',
        NearlyDegenerateWarning,
        stacklevel=3,
    )


def near_coincidence(
    arrangement: Hyperplanes, rounding: Floats
) -> tuple[list[int], bool] | None:
    """Some hyperplanes that changes of a few units in the last place make dependent.

    Every set of k rows [normal | offset], and of k − 1 with the hyperplane at infinity, is
    looked at for k = 2, 3, … as long as that is cheap. That a set is not dependent already is
    proved modulo a prime. Where sets are as close but not by rounding, nothing is said.

    Parameters
    ----------
    arrangement : Hyperplanes
    rounding : ndarray of float64, shape (n, d + 1)
        By how much, relative to it, each entry may have been changed; 0 if it was not.

    Returns
    -------
    list of int, and bool
        The hyperplanes, and whether the one at infinity is with them; None if there are none.
    """
    kept = arrangement.different
    rows = arrangement.rows[kept]
    limited = bool(any(rows[:, -1]))
    values, _, _ = exact.float_rows(rows)
    if ((np.abs(values) < 2.0**-1000) & rows.astype(np.bool_)).any():
        return None  # entries of scales that float64 does not hold side by side
    _, units = np.frexp(np.abs(values).max(axis=0, initial=0.0))
    values = np.ldexp(values, -units)
    values /= np.linalg.norm(values, axis=1, keepdims=True)
    rounding = rounding[kept]
    entries = rounding > 0
    slack = _slack(np.abs(values), entries) * np.maximum(rounding, TOLERANCE)
    close = FILTER * max(TOLERANCE, float(np.linalg.norm(slack, axis=1).max(initial=0.0)))
    if close > COARSEST:
        return None
    if limited:
        infinity = np.eye(1, rows.shape[1], rows.shape[1] - 1, dtype=int)
        rows = np.concatenate([rows, infinity.astype(object)])
        values = np.concatenate([values, infinity])
        slack = np.concatenate([slack, TOLERANCE * infinity])
    field = field_of(rows)
    prime = (PRIME, 0) if field is None else next(iter(field.primes(2**29)))
    residues = exact.residues(rows, [prime], field)[0]

    for table in _nearly_dependent(values, exact.rank(rows), close):
        for chosen in table:
            if nmod_mat(residues[chosen].tolist(), prime[0]).rank() < len(chosen):
                continue
            members = chosen[chosen < len(kept)]
            explained = len(members) > 1 and entries[members].any()
            if explained and _by_rounding(values[chosen], slack[chosen]):
                return kept[members].tolist(), len(members) < len(chosen)
            return None  # closer than float64 tells apart, and not by rounding
    return None


def _slack(sizes: Floats, entries: NDArray[np.bool_]) -> Floats:
    """What rounding is relative to: the entries, and rows where a zero such as cos(pi/2) is."""
    left_of_zero = (sizes >= 2.0**-58) & (sizes <= 2.0**-50)
    well_scaled = (sizes == 0) | left_of_zero | (sizes >= 2.0**-20)
    return np.where(left_of_zero & entries & well_scaled.all(), 1.0, sizes)


def _by_rounding(rows: Floats, slack: Floats) -> bool:
    """Are there dependent rows with entries that differ by no more than rounding?

    That is so if a combination is within rounding of zero in each column. The shortest one may
    not be: it leaves to columns of small entries what is rounding in those of large ones. So
    columns are measured by their rounding in the last combination.
    """
    units = np.ones(rows.shape[1])
    for _ in range(3):
        weights = np.linalg.svd(rows / units)[0][:, -1]
        changes = np.abs(weights) @ slack
        if (np.abs(weights @ rows) <= changes).all():
            return True
        units = np.where(changes > 0, changes, 1)
    return False


def _nearly_dependent(
    values: Floats, rank: int, distance: float
) -> Iterator[NDArray[np.int64]]:
    """Sets of unit vectors close to dependent, in tables of k = 2, 3, …, rank columns.

    A set that begins with a smaller one of them is left out.
    """
    n, width = values.shape
    around = max(2.0**-38, 4 * distance**2)  # what is rounding in differences of squares
    sets, bases = np.arange(n)[:, None], values[:, None, :]
    left = 1 - np.square(values @ values.T)  # of rows beside the spans, squared
    most = WORK // (n * width + PER_SET)
    if n > most:
        return
    for k in range(2, rank + 1):
        grow = k < rank and comb(n, k) <= most
        larger = []
        step = max(1, CHUNK // (n * k))
        for start in range(0, len(sets), step):
            part, Q, off = (table[start : start + step] for table in (sets, bases, left))
            later = np.arange(n) > part[:, -1:]
            f, i = np.nonzero(later if grow else later & (off < around))
            rest, span = values[i][:, None, :], Q[f]
            for _ in range(2):
                rest = rest - (rest @ span.transpose(0, 2, 1)) @ span
            rest = rest[:, 0]
            lengths = np.linalg.norm(rest, axis=1)
            close = lengths < distance
            grown = np.column_stack([part[f], i])
            yield grown[close]
            if grow:
                rest = rest[~close] / lengths[~close, None]
                spans = np.concatenate([span[~close], rest[:, None, :]], axis=1)
                beside = off[f[~close]] - np.square(rest @ values.T)
                larger.append((grown[~close], spans, beside))
        if not larger:
            return
        sets, bases, left = map(np.concatenate, zip(*larger, strict=True))


def _told(members: list[int], at_infinity: bool, dimension: int) -> str:
    """The near coincidence in words."""
    first = ", ".join(map(str, members[:-1]))
    names = f"hyperplanes {first} and {members[-1]}"
    if len(members) == 2:
        return f"{names} {'are nearly parallel' if at_infinity else 'nearly coincide'}"
    if at_infinity:
        return f"the normals of {names} are nearly dependent"
    left = dimension - len(members) + 1
    where = ("a point", "a line", "a plane")[left] if left < 3 else f"{left} dimensions"
    return f"{names} nearly meet in {where}"


def warned(function: Method) -> Method:
    """A function of an arrangement as its method, which first calls :func:`warn_once`."""

    @wraps(function)
    def method(arrangement: Hyperplanes, *arguments: Any, **named: Any) -> Any:
        warn_once(arrangement)
        return function(arrangement, *arguments, **named)

    return cast(Method, method)
