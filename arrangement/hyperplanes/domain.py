"""Domains: boxes and polyhedra as exact inequalities."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf, nextafter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from arrangement import exact
from arrangement.errors import InputError
from arrangement.exact.fields import Number
from arrangement.exact.inner_points import some_inner_point
from arrangement.exact.numbers import exact_table, primitive_rows, real_number, shown
from arrangement.exact.solver import WORTH_CONFIRMING, FeasibilitySolver, unit_rows
from arrangement.hyperplanes.hyperplanes import Hyperplanes
from arrangement.memory import refuse

__all__ = ["parse_domain", "sides_of_box", "sides_of_rays"]

Integers = NDArray[np.object_]

BYTES_PER_ENTRY = 48
"""Of the rows of a box, which are lists, arrays and signs by turns."""

RAYS = 2**12
"""Rays in a block."""


def parse_domain(domain: Any, dimension: int) -> Integers:
    """The inequalities of a domain as exact rows [g | c], with g·x + c > 0 in its interior.

    Parameters
    ----------
    domain : sequence of (low, high), or pair (G, h)
        One (low, high) per coordinate, None or ±inf for an open end (scipy's ``bounds``); or
        the polyhedron G x ≤ h. A sequence of two whose first item is itself two-dimensional
        (an array, or a sequence of rows) is (G, h); everything else is read as bounds.
        An entry +inf of h limits nothing.
        Numbers are taken exactly, as in :class:`~arrangement.Arrangement`.
    dimension : int
        Dimension d of the space.

    Returns
    -------
    ndarray of Python ints, shape (r, d + 1)
        The finite bounds, low before high, coordinate by coordinate; or the rows of (G, h).

    Raises
    ------
    InputError
        If the shape is wrong, a number is NaN, a row of G is zero, or the interior is empty
        (decided exactly). The message names the coordinate or the row.

    Examples
    --------
    >>> parse_domain([(0, None), ("1/3", 1)], 2).tolist()
    [[1, 0, 0], [0, 3, -1], [0, -1, 1]]
    >>> parse_domain(([[1, 1]], [0.5]), 2).tolist()
    [[-2, -2, 1]]
    """
    if (
        not isinstance(domain, Sequence | np.ndarray)
        or isinstance(domain, str)
        or (isinstance(domain, np.ndarray) and not domain.ndim)
    ):
        raise InputError(
            f"domain: {shown(domain)} is neither a list of (low, high) nor a pair (G, h)"
        )
    polyhedral = len(domain) == 2 and _is_table(domain[0])
    rows = (_polyhedron if polyhedral else _box)(domain, dimension)
    result = primitive_rows(rows, dimension + 1)
    if polyhedral:
        _refuse_empty(result)
    return result


def _is_table(value: Any) -> bool:
    """Is this two-dimensional: an array of two axes, or a non-empty list of rows?"""
    if isinstance(value, np.ndarray):
        return value.ndim == 2
    return (
        isinstance(value, Sequence)
        and len(value) > 0
        and isinstance(value[0], Sequence | np.ndarray)
        and not isinstance(value[0], str)
    )


def _box(domain: Any, dimension: int) -> list[list[Any]]:
    if len(domain) != dimension:
        raise InputError(
            f"domain: {len(domain)} bounds for {dimension} coordinates; give one (low, high) "
            "per coordinate, or a pair (G, h) with a two-dimensional G"
        )
    refuse(
        BYTES_PER_ENTRY * 2 * dimension**2,
        f"the bounds of {dimension:,} coordinates",
        "reduce the dimension",
    )
    rows: list[list[Any]] = []
    for j, pair in enumerate(domain):
        if (
            not isinstance(pair, Sequence | np.ndarray)
            or isinstance(pair, str)
            or (isinstance(pair, np.ndarray) and pair.ndim != 1)
            or len(pair) != 2
        ):
            raise InputError(f"domain, coordinate {j}: {shown(pair)} is not a pair (low, high)")
        low, high = (
            _end(v, j, opening) for v, opening in zip(pair, (-np.inf, np.inf), strict=True)
        )
        if low is not None and high is not None and not low < high:
            ends = " is not below high ".join(shown(v).strip("'") for v in pair)
            raise InputError(f"domain, coordinate {j}: low {ends}, so the interior is empty")
        for inward, end in ((1, low), (-1, high)):
            if end is not None:
                row: list[Any] = [0] * (dimension + 1)
                row[j], row[-1] = inward * end.denominator, -inward * end.numerator
                rows.append(row)
    return rows


def _end(value: Any, j: int, opening: float) -> Number | None:
    """One end of an interval, None when it is open: None or the infinity that fits the end."""
    if value is None or (isinstance(value, float | np.floating) and value == opening):
        return None
    try:
        return real_number(value)
    except InputError as error:
        raise type(error)(f"domain, coordinate {j}: {error}") from None
    except (AttributeError, ValueError, TypeError, OverflowError, ZeroDivisionError):
        raise InputError(
            f"domain, coordinate {j}: {shown(value)} is not a number, nor None or {opening} "
            "for an open end"
        ) from None


def _polyhedron(domain: Any, dimension: int) -> list[list[Any]]:
    table = exact_table(domain[0], "domain G", "row", 2, irrational=True)
    bound, limited = _right_side(domain[1])
    if table.shape[1] != dimension:
        raise InputError(
            f"domain G has {table.shape[1]} columns, but the space has dimension {dimension}"
        )
    if len(table) != len(bound):
        raise InputError(f"domain G has {len(table)} rows, but h has {len(bound)} entries")
    for i, normal in enumerate(table):
        if not any(normal):
            raise InputError(f"domain G, row {i}: the row is zero; remove it")
    return [
        [*(-normal), end]
        for normal, end, limit in zip(table, bound, limited, strict=True)
        if limit
    ]


def _right_side(h: Any) -> tuple[NDArray[Any], NDArray[np.bool_]]:
    """The right sides, and which of them limit anything: an entry of +inf does not."""
    listed = isinstance(h, Sequence) or (isinstance(h, np.ndarray) and h.ndim > 0)
    values = np.array(list(h) if listed else h, dtype=object)
    limited = np.ones(values.shape, dtype=np.bool_)
    for index, value in np.ndenumerate(values):
        if isinstance(value, float | np.floating) and value == np.inf:
            values[index], limited[index] = 0, False
    return exact_table(values, "domain h", "entry", 1, irrational=True), limited


def sides_of_box(arrangement: Hyperplanes, walls: Integers) -> NDArray[np.int8]:
    """On which side of each hyperplane a domain is, as far as its bounds on coordinates tell.

    Parameters
    ----------
    arrangement : Hyperplanes
    walls : ndarray, shape (m, d + 1)
        The domain as :func:`parse_domain` reads it. Of a polyhedron, which lies in the box of
        those rows that bound one coordinate, too.

    Returns
    -------
    ndarray of int8, shape (n,)
        1 or −1 where it is proved in float64, with a bound on the error; 0 where the
        hyperplane may cut the domain.

    Examples
    --------
    >>> from arrangement import Arrangement
    >>> lines = Arrangement([[1, 0], [1, 1], [-1, 2]], [-1, 3, 1])
    >>> sides_of_box(lines, parse_domain([(2, 3), (-1, 1)], 2)).tolist()
    [1, 1, 0]
    """
    box = [[-inf] * arrangement.dimension, [inf] * arrangement.dimension]
    for wall in walls.tolist():
        bounded = [j for j, v in enumerate(wall[:-1]) if v]
        if len(bounded) == 1:
            (j,) = bounded
            upper = wall[j] < 0
            if isinstance(wall[-1], int) and isinstance(wall[j], int):
                end, error = exact.to_float(-wall[-1], wall[j])
            else:
                end, error = exact.scaled_float(exact.ratio(-wall[-1], wall[j]), 0)
            if upper:
                box[1][j] = min(box[1][j], nextafter(end + error, inf))
            else:
                box[0][j] = max(box[0][j], nextafter(end - error, -inf))
    values, errors = arrangement.float_rows
    corners = np.array(box)
    size = np.append(np.abs(corners).max(axis=0), 1.0)
    with np.errstate(all="ignore"):  # an end that is open leaves NaN, or an infinite bound
        at_ends = corners[:, None, :] * values[:, :-1]
        bound = exact.dot_product_error(size, values, errors)
        least = at_ends.min(axis=0).sum(axis=1) + values[:, -1]
        most = at_ends.max(axis=0).sum(axis=1) + values[:, -1]
        return (least > bound).view(np.int8) - (most < -bound).view(np.int8)


def sides_of_rays(arrangement: Hyperplanes, rays: Integers) -> NDArray[np.int8]:
    """On which side of each hyperplane a domain is, as the rays of the cone over it tell.

    Parameters
    ----------
    arrangement : Hyperplanes
    rays : ndarray of Python ints, shape (r, d + 1)
        A point or direction x of the domain as (x c, c), c ≥ 0; without the last column where
        all hyperplanes contain the origin.

    Returns
    -------
    ndarray of int8, shape (n,)
        As of :func:`sides_of_box`.

    Examples
    --------
    >>> from arrangement import Arrangement
    >>> lines = Arrangement([[1, 1], [1, -2]], [1, 0])
    >>> triangle = np.array([[0, 0, 1], [1, 0, 1], [0, 1, 1]], dtype=object)
    >>> sides_of_rays(lines, triangle).tolist()
    [1, 0]
    """
    values, errors = (table[:, : rays.shape[1]] for table in arrangement.float_rows)
    above = below = np.ones(len(values), dtype=np.bool_)
    for start in range(0, len(rays), RAYS):
        near = exact.float_rows(rays[start : start + RAYS])[:2]
        at, bound = exact.dot_products(values, errors, *near)
        above, below = above & (at > bound).all(axis=1), below & (at < -bound).all(axis=1)
    return above.view(np.int8) - below.view(np.int8)


def _refuse_empty(rows: Integers) -> None:
    """An InputError, with the contradicting rows if the solver points at them."""
    unit = unit_rows(rows)
    if len(unit):  # a point that is as far from each wall, or nearly: most often inside
        size = float(np.median(np.abs(unit[:, -1]))) or 1.0
        centre = np.linalg.lstsq(unit[:, :-1], size - unit[:, -1])[0]
        if np.isfinite(centre).all() and (exact.signs_at(rows, centre[None]) == 1).all():
            return
    slack = FeasibilitySolver(rows).solve(np.ones(len(rows)))
    if np.isfinite(slack.x).all() and (exact.signs_at(rows, slack.x[None]) == 1).all():
        return
    support = np.flatnonzero(slack.duals > WORTH_CONFIRMING).tolist()
    if exact.is_infeasible(rows, support):
        which = f"; rows {', '.join(map(str, support))} of G contradict each other"
    elif some_inner_point(rows) is None:
        which = ""
    else:
        return
    raise InputError(
        f"domain: no point has G x < h in every row, so its interior is empty{which}"
    )
