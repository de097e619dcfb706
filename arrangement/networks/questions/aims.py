"""What a search looks for: the largest output, or the nearest point with an output ≥ 0."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import nnls

from arrangement import exact
from arrangement.exact.inner_points import guided_maximum
from arrangement.exact.numbers import primitive
from arrangement.exact.rational_programs import Program, least_squares_point
from arrangement.exact.solver import ProgramSolver
from arrangement.networks.complex.vertices import nearest
from arrangement.networks.questions.answers import square_root
from arrangement.networks.questions.relaxation import in_box

__all__ = ["Aim", "Largest", "Nearest"]

Point = Sequence[Fraction]
Floats = NDArray[np.float64]


class Aim(Protocol):
    """What is largest where: a function of the input and of one output."""

    constrains: bool
    """Is the output to be at least 0, and not to be large?"""
    curved: bool
    """Is it not piecewise linear?"""

    def value(self, x: Point, outputs: Point) -> Fraction | None:
        """What is to be large at an input; None if the input is not one of those."""

    def program(
        self, inside: Program, output: NDArray[Any], exact: bool, known: list[Any]
    ) -> Program:
        """The linear program of a part, whose rows in terms of inputs are given.

        Parameters
        ----------
        inside : Program
        output : ndarray, shape (n + 1,)
        exact : bool
        known : list of points
            At which a function that is not linear is replaced by its tangent.
        """

    def point(self, variables: Any) -> Any:
        """The input at a solution of the program."""

    def support(self, A: Floats, low: Floats, high: Floats) -> tuple[Floats, Floats]:
        """See :meth:`Relaxation.upper`."""


class Largest:
    """The largest output."""

    constrains = curved = False

    def __init__(self, dimension: int) -> None:
        self.dimension = dimension

    def value(self, x: Point, outputs: Point) -> Fraction | None:
        """The largest of the outputs."""
        return max(outputs)

    def program(
        self, inside: Program, output: NDArray[Any], exact: bool, known: list[Any]
    ) -> Program:
        """The output is the cost; its constant is that of one more variable, which is 1."""
        n = len(inside.cost)
        rows = np.insert(inside.rows, n, 0, axis=1)
        one = np.array([1], dtype=inside.low.dtype)
        return Program(output, rows, *(np.concatenate([v, one]) for v in inside[2:]))

    def point(self, variables: Any) -> Any:
        """The input."""
        return variables[: self.dimension]

    def support(self, A: Floats, low: Floats, high: Floats) -> tuple[Floats, Floats]:
        """The largest of A·x."""
        return in_box(A, low, high)


class Nearest:
    """The nearest point with an output that is at least 0: less its distance is largest.

    In the norm l2 the square of the distance is meant, which is rational.

    Parameters
    ----------
    x : sequence of Fractions
    norm : {1, 2, inf}
    towards : ndarray of {−1, 1}, shape (d,)
        The orthant in which a nearest point is likely; in l∞ it says which end most
        coordinates are at.
    """

    constrains = True

    def __init__(self, x: Point, norm: float, towards: NDArray[np.int64]) -> None:
        self.x, self.norm, self.towards = list(x), norm, towards
        self.curved = norm == 2
        self.near = np.array([float(v) for v in x])
        self.dual = {1: np.inf, 2: 2, np.inf: 1}[norm]

    def ball(self, size: Fraction) -> tuple[Floats, Floats]:
        """A box of float64 with all points that are not further away."""
        radius = self._radius(size) + 1e-15 * np.abs(self.near)
        return self.near - radius, self.near + radius

    def radius(self, size: Fraction) -> Fraction:
        """A rational distance that is at least this."""
        return Fraction(self._radius(size)) if self.norm == 2 else size

    def _radius(self, size: Fraction) -> float:
        """A distance in float64, rounded up."""
        radius = square_root(size) if self.norm == 2 else nearest(size)
        return radius * (1 + 1e-12) + 1e-300

    def size(self, x: Point) -> Fraction:
        """The distance of a point, or its square in l2."""
        steps = [abs(a - b) for a, b in zip(x, self.x, strict=True)]
        if self.norm == 1:
            return sum(steps, Fraction(0))
        if self.norm == 2:
            return sum((v * v for v in steps), Fraction(0))
        return max(steps)

    def value(self, x: Point, outputs: Point) -> Fraction | None:
        """Less the distance, where one of the outputs is at least 0."""
        return -self.size(x) if max(outputs) >= 0 else None

    def program(
        self, inside: Program, output: NDArray[Any], exact: bool, known: list[Any]
    ) -> Program:
        """Steps away from the point instead of inputs, and the distance."""
        rows = np.concatenate([inside.rows, output[None]])
        d, kind = len(self.x), rows.dtype
        centre = np.array(self.x, dtype=object) if exact else self.near
        outward = rows[:, :d].copy()
        rows[:, -1] = rows[:, -1] + (outward * centre).sum(axis=1)
        others = rows[:, d:-1]
        low, high = (end[:d] - centre for end in (inside.low, inside.high))
        rest = inside.low[d:], inside.high[d:]
        zero = np.zeros(d, dtype=kind)
        unit = np.eye(d, dtype=kind)

        def put(*parts: Any) -> NDArray[Any]:
            return np.concatenate([np.asarray(v, dtype=kind) for v in parts], axis=-1)

        def flat(count: int) -> NDArray[Any]:
            return np.zeros((count, others.shape[1]), dtype=kind)

        if self.norm == 1:  # the step is forth − back
            every = put(outward, -outward, others, rows[:, -1:])
            cost = put(zero - 1, zero - 1, flat(1)[0])
            least = np.maximum(low, 0), np.maximum(-high, 0)
            most = np.maximum(high, 0), np.maximum(-low, 0)
            return Program(cost, every, put(*least, rest[0]), put(*most, rest[1]))
        if self.norm == 2:  # steps, and their square above its tangents
            tangents = []
            for point in known:
                w = np.asarray(point) - centre if len(point) else zero
                tangents.append(put(-2 * w, [1], flat(1)[0], [(w * w).sum()]))
            column = np.zeros((len(rows), 1), dtype=kind)
            every = np.concatenate(
                [
                    put(outward, column, others, rows[:, -1:]),
                    np.array(tangents, dtype=kind).reshape(-1, d + 2 + others.shape[1]),
                ]
            )
            furthest = (np.maximum(low * low, high * high)).sum()
            cost = put(zero, [-1], flat(1)[0])
            return Program(cost, every, put(low, [0], rest[0]), put(high, [furthest], rest[1]))
        # In l∞ a step is ±(distance − less), so that less is 0 for most.
        far = max(*(-low), *high)
        side = np.asarray(self.towards, dtype=kind)
        moved = outward * side
        ahead = np.where(self.towards > 0, high, -low)
        behind = np.where(self.towards > 0, -low, high)
        ones = np.ones((d, 1), dtype=kind)
        short = np.flatnonzero([v < far for v in ahead])
        tied = np.flatnonzero([v < far for v in behind])
        every = np.concatenate(
            [
                put(-moved, moved.sum(axis=1)[:, None], others, rows[:, -1:]),
                put(-unit, 2 * ones, flat(d), 0 * ones),
                put(unit[short], -ones[short], flat(len(short)), ahead[short, None]),
                put(-unit[tied], ones[tied], flat(len(tied)), behind[tied, None]),
            ]
        )
        cost = put(zero, [-1], flat(1)[0])
        return Program(
            cost, every, put(zero, [0], rest[0]), put(zero + 2 * far, [far], rest[1])
        )

    def point(self, variables: Any) -> Any:
        """The input."""
        d = len(self.x)
        exact = isinstance(variables, list)
        v = np.array(variables, dtype=object if exact else np.float64)
        centre = np.array(self.x, dtype=object) if exact else self.near
        if self.norm == 1:
            step = v[:d] - v[d : 2 * d]
        elif self.norm == 2:
            step = v[:d]
        else:
            step = self.towards * (v[d] - v[:d])
        return list(centre + step) if exact else centre + step

    def support(self, A: Floats, low: Floats, high: Floats) -> tuple[Floats, Floats]:
        """The largest of A·x less the distance of x, or its square, in boxes.

        In l∞ it is concave in the distance t, which is at least that of the box: a coordinate
        gains |A_j| min(t, room_j), and t is largest where those that still gain are worth 1.
        """
        gain, low, high = np.abs(A), low - self.near, high - self.near
        still = A @ self.near
        size = gain @ np.abs(self.near) + np.abs(self.near).sum()
        size += (gain * np.maximum(np.abs(low), np.abs(high))).sum(axis=-1)
        closest = np.clip(0.0, low, high)
        if self.norm == 1:
            steps = [np.broadcast_to(step, A.shape) for step in (low, high, closest)]
            most = np.max([A * step - np.abs(step) for step in steps], axis=0).sum(axis=-1)
            return still + most, size + np.abs(closest).sum(axis=-1)
        if self.norm == 2:
            step = np.clip(A / 2, low, high)
            most = (step * (A - step)).sum(axis=-1)
            reach = np.maximum(np.abs(low), np.abs(high))
            return still + most, size + (step**2 + reach * np.abs(self.near)).sum(axis=-1)
        room = np.where(A > 0, high, -low)
        order = np.argsort(room, axis=-1)
        gains, rooms = (np.take_along_axis(v, order, axis=-1) for v in (gain, room))
        left = gains[..., ::-1].cumsum(axis=-1)[..., ::-1]
        first = (left > 1.0).sum(axis=-1, keepdims=True) - 1
        t = np.take_along_axis(rooms, np.maximum(first, 0), axis=-1)
        t = np.maximum(np.where(first < 0, 0.0, t), np.abs(closest).max(axis=-1, keepdims=True))
        most = (gain * np.minimum(room, t)).sum(axis=-1) - t[..., 0]
        return still + most, size + t[..., 0]

    def in_ball(self, size: Fraction) -> Any:
        """The largest of A·x in what of boxes is no further away, as `support` is."""
        radius = self._radius(size) + 1e-15 * float(np.abs(self.near).sum())

        def support(A: Floats, low: Floats, high: Floats) -> tuple[Floats, Floats]:
            most, added = in_box(A, low, high)
            ball = A @ self.near + radius * np.linalg.norm(A, self.dual, axis=-1)
            return np.minimum(most, ball), added + np.abs(A) @ np.abs(self.near) + np.abs(ball)

        return support

    def multiplier(self, A: Floats, most: Floats, low: Floats, high: Floats) -> Floats:
        """A good multiplier for an affine function of these slopes, and largest in a box."""
        there = most - in_box(A, low, high)[0] + A @ self.near
        with np.errstate(all="ignore"):
            length = np.linalg.norm(A, self.dual, axis=-1)
            found = -2 * there / length**2 if self.norm == 2 else 1 / length
        return np.where((there < 0) & np.isfinite(found), found, 0.0)

    def is_in_reach(self, output: Sequence[Any], size: Fraction) -> bool:
        """Is an affine function [g | c] at least 0 at a point that is nearer than this?"""
        *slope, constant = output
        here = sum((a * v for a, v in zip(slope, self.x, strict=True)), Fraction(constant))
        if here >= 0:
            return True
        if self.norm == 2:
            return sum(a * a for a in slope) * size > here * here
        steepest = max(map(abs, slope)) if self.norm == 1 else sum(map(abs, slope))
        return steepest * size > -here

    def is_beyond(self, rows: NDArray[np.object_], size: Fraction) -> bool:
        """Do the rows prove that no point of {y : rows·(y, 1) ≥ 0} is nearer than this?

        A sum of them with multipliers ≥ 0 is at least 0 there; those of the nearest point in
        l2, in float64, are good ones. False says nothing.
        """
        values, _, exponents = exact.float_rows(rows)
        with np.errstate(all="ignore"):
            heights = values[:, :-1] @ self.near + values[:, -1]
            equations = np.vstack([values[:, :-1].T, -heights])
        if not np.isfinite(equations).all():
            return False
        try:
            weights, _ = nnls(equations, np.append(np.zeros(len(self.near)), 1.0))
        except RuntimeError:  # too many steps
            return False
        kept = np.flatnonzero(weights > 0).tolist()
        shares = [Fraction(float(weights[i])) / Fraction(2) ** int(exponents[i]) for i in kept]
        total = np.array(shares, dtype=object) @ rows[kept]
        return not self.is_in_reach(list(total), size)

    def projection(self, inside: Program, output: NDArray[Any]) -> list[Fraction] | None:
        """The nearest point of a part where all is affine, exactly; None if it is empty.

        Parameters
        ----------
        inside : Program
            Of the inputs alone, in rational numbers.
        output : ndarray, shape (d + 1,)
            What is to be at least 0 there.
        """
        if self.norm != 2:
            program = self.program(inside, output, True, [])
            rows = np.array([primitive(row) for row in program.rows.tolist()], dtype=object)
            found = guided_maximum(ProgramSolver(), program._replace(rows=rows))
            return None if found is None else list(self.point(list(found[1])))
        unit = np.eye(len(self.x), dtype=object)
        low, high = (np.column_stack(v) for v in ((unit, -inside.low), (-unit, inside.high)))
        rows = np.concatenate([inside.rows, output[None], low, high])
        moved = np.column_stack([rows[:, :-1], rows @ np.array([*self.x, 1], dtype=object)])
        step = least_squares_point(moved)
        return None if step is None else [a + b for a, b in zip(step, self.x, strict=True)]
