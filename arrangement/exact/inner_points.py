"""Points on the positive sides of hyperplanes, in any dimension: a solver proposes, exactly.

:func:`arrangement.exact.interior_point` eliminates, which takes time as d! in d dimensions;
from some dimensions on, a linear program in rational numbers is decided from the basis that
the solver ends with.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from arrangement import exact
from arrangement.exact import rational_programs
from arrangement.exact.linear import nullspace
from arrangement.exact.numbers import common_denominator, primitive
from arrangement.exact.one_field import field_of
from arrangement.exact.rational_programs import Program
from arrangement.exact.solver import (
    WORTH_CONFIRMING,
    FeasibilitySolver,
    ProgramSolver,
    unit_rows,
)

__all__ = [
    "guided_maximum",
    "inner_point",
    "largest_in_cone",
    "some_inner_point",
    "unbounded_direction",
]

Integers = NDArray[np.object_]
Floats = NDArray[np.float64]
Point = tuple[Fraction, ...]

MOST_ELIMINATED = 4
"""Dimensions up to which elimination is quicker than a linear program."""

MOST_SLICED = 8
"""Dimensions up to which float64 points are sought in thin strips."""


def inner_point(rows: Integers, guess: Floats) -> Point | None:
    """A point that makes all rows positive, or None as there is none.

    The ladder: the guess, what HiGHS finds, its certificate, and exact arithmetic.

    Parameters
    ----------
    rows : ndarray of Python ints, shape (r, d + 1)
        [g | c], g·x + c.
    guess : ndarray of float64, shape (d,)
        NaN for none.

    Examples
    --------
    >>> import numpy as np
    >>> strip = np.array([[3, -1], [-3, 2]], dtype=object)  # 1/3 < x < 2/3
    >>> inner_point(strip, np.array([0.4])) == (Fraction(0.4),)
    True
    >>> inner_point(np.array([[3, -1], [-3, 1]], dtype=object), np.array([np.nan])) is None
    True
    """
    if len(rows) == 0:
        return tuple(map(Fraction, guess.tolist()))
    if np.isfinite(guess).all() and (exact.signs_at(rows, guess[None]) > 0).all():
        return tuple(map(Fraction, guess.tolist()))
    solver = FeasibilitySolver(rows)
    slack = solver.solve(np.ones(len(rows)))
    if slack.t > WORTH_CONFIRMING * solver.scale:
        if (exact.signs_at(rows, slack.x[None]) > 0).all():
            return tuple(map(Fraction, slack.x.tolist()))
    elif exact.is_infeasible(rows, np.flatnonzero(slack.duals > WORTH_CONFIRMING).tolist()):
        return None
    found = some_inner_point(rows)
    near = None if found is None else _float64(rows, found)
    return found if near is None else tuple(map(Fraction, near.tolist()))


def some_inner_point(rows: Integers) -> tuple[Any, ...] | None:
    """An exact point that makes all rows positive, or None; without a guess.

    The largest t ≤ 1 with g_i·u + c_i s ≥ t·(a positive number of row i) and s ≥ t in the cube
    −1 ≤ u, s ≤ 1 is positive iff there is a point, and u / s is one.
    """
    d = rows.shape[1] - 1
    if d <= MOST_ELIMINATED or field_of(rows) is not None:
        return exact.interior_point(rows.tolist())
    size = np.maximum(np.abs(rows[:, :-1]).sum(axis=1), 1)
    last = np.array([[*[0] * d, 1, -1, 0]], dtype=object)
    table = np.vstack([np.column_stack([rows, -size, 0 * size]), last])
    cost = np.array([*[0] * (d + 1), 1], dtype=object)
    most, (*u, s, _) = largest_in_cone(ProgramSolver(), cost, table)
    return tuple(v / s for v in u) if most > 0 else None


def largest_in_cone(
    programs: ProgramSolver, cost: Integers, table: Integers, near: Floats | None = None
) -> tuple[Fraction, list[Fraction]]:
    """The largest cost·(u, s) with table·(u, s, 1) ≥ 0, −1 ≤ u ≤ 1 and 0 ≤ s ≤ 1, exactly.

    Parameters
    ----------
    programs : ProgramSolver
        Which proposes a basis.
    cost : ndarray of Python ints, shape (d + 1,)
    table : ndarray of Python ints, shape (r, d + 2)
        Of which 0 is a solution.
    near : ndarray of float64, shape (r, d + 2), optional
        Its rows in float64, each times some positive number, if they are known.

    Returns
    -------
    value : Fraction
    point : list of d + 1 Fractions
    """
    d = len(cost) - 1
    low, high = np.array([-1] * d + [0], dtype=object), np.array([1] * (d + 1), dtype=object)
    found = guided_maximum(programs, Program(cost, table, low, high), near)
    assert found is not None, "0 is feasible"
    return found


def guided_maximum(
    programs: ProgramSolver, program: Program, near: Floats | None = None
) -> tuple[Fraction, list[Fraction]] | None:
    """What :func:`~arrangement.exact.rational_programs.maximum` finds, with a solver's guess.

    Parameters
    ----------
    programs : ProgramSolver
    program : Program
        Of Python ints.
    near : ndarray of float64, shape (r, n + 1), optional
        Its rows in float64, each times some positive number, if they are known.
    """
    cost, table, low, high = program
    rows = unit_rows(table if near is None else near)
    aim = unit_rows(np.append(cost, 0)[None])[0, :-1]
    guess = programs.solve(Program(aim, rows, low.astype(float), high.astype(float)))
    # The rows that the solver blames are few; its point is then compared with all.
    for blamed in (sorted(guess.tight), range(len(table))):
        tight = [k for k, i in enumerate(blamed) if i in guess.tight]
        part = Program(cost, table[list(blamed)], low, high)
        found = rational_programs.maximum(part, guess.basic, tight, upper=guess.upper)
        if found is None:
            return None
        column, _ = common_denominator([*found[1], 1])
        if (table @ column >= 0).all():
            return found
    raise AssertionError("the point of a program fulfils its rows")


def unbounded_direction(rows: Integers) -> list[int] | None:
    """A direction in which {x : row·(x, 1) ≥ 0} goes on for ever; None if it is bounded.

    The polyhedron has a point. Its directions are those with g·u ≥ 0 for all rows: lines, or
    else the sum of the g·u is positive for each.

    Examples
    --------
    >>> import numpy as np
    >>> unbounded_direction(np.array([[1, 0, 0], [0, 1, 0], [-1, -2, 3]], dtype=object))
    >>> unbounded_direction(np.array([[1, 0, 0], [-1, 0, 3], [0, 1, 0]], dtype=object))
    [0, 1]
    """
    normals = rows[:, :-1]
    lines = nullspace(normals)
    if lines.shape[1]:
        return primitive(lines[:, 0].tolist())
    zero = np.zeros((len(rows), 2), dtype=int)
    cost = np.append(normals.sum(axis=0), 0)
    most, (*u, _) = largest_in_cone(ProgramSolver(), cost, np.column_stack([normals, zero]))
    return primitive(u) if most > 0 else None


def _float64(rows: Integers, point: Sequence[Any]) -> Floats | None:
    """A float64 point inside, near a rational one; None if none was found."""
    if len(point) <= MOST_SLICED:
        return exact.nearest_floats(rows.tolist(), point)
    near = [exact.to_float(v.numerator, v.denominator)[0] for v in point]
    found = np.array(near)
    inside = np.isfinite(found).all() and (exact.signs_at(rows, found[None]) > 0).all()
    return found if inside else None
