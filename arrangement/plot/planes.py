"""Planes through the parameter space of a network: given, or through its lowest minima."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import permutations
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from arrangement.errors import InputError
from arrangement.plot.windows import Floats

if TYPE_CHECKING:
    from arrangement.relu import Landscape, Piece
    from arrangement.relu.problem import Problem

__all__ = ["Marked", "ParameterPlane", "balanced_point", "minima_in_plane", "plane_of"]

NARROW = 0.05
"""The sine of the angle at the first anchor below which three anchors count as collinear."""

LOOKED_AT = 1000
"""Pieces that are tried for the anchors, and permutations that are tried for each."""


@dataclass(frozen=True, eq=False)
class ParameterPlane:
    """A plane of the parameter space: p = origin + a·axes[0] + b·axes[1]."""

    origin: Floats
    axes: Floats
    names: tuple[str, str]
    what: str
    anchors: Floats  # points of it, in its coordinates, to be in view

    def place(self, points: Floats) -> tuple[Floats, NDArray[np.bool_]]:
        """The coordinates of parameters, and which of them lie in the plane."""
        off = points - self.origin
        flat = np.linalg.lstsq(self.axes.T, off.T, rcond=None)[0].T
        size = np.linalg.norm(points, axis=1) + np.linalg.norm(self.origin)
        away: Floats = np.linalg.norm(off - flat @ self.axes, axis=1)
        inside: NDArray[np.bool_] = away <= 1e-9 * size
        return np.asarray(flat, dtype=np.float64), inside


@dataclass(frozen=True, eq=False)
class Marked:
    """The minima in a plane: their coordinates, kinds and losses, lowest first."""

    places: Floats
    kinds: list[str]
    losses: Floats


def plane_of(
    problem: Problem,
    minima: Landscape | None,
    origin: ArrayLike | None,
    directions: ArrayLike | None,
    through: Sequence[Piece | ArrayLike] | None,
) -> ParameterPlane:
    """The plane that `plot.slice` is asked for."""
    size = problem.hidden * (problem.dimension + 1) + int(problem.output_bias)
    if (origin is None) != (directions is None) or (origin is not None and through is not None):
        raise InputError("a plane is given by origin and directions, or by through")
    if origin is not None:
        base = _numbers(origin, (size,), "origin")
        axes = _numbers(directions, (2, size), "directions")
        if np.linalg.matrix_rank(axes) < 2:
            raise InputError("directions: the two are multiples of one another")
        names = ("first direction", "second direction")
        return ParameterPlane(base, axes, names, "A plane", np.zeros((1, 2)))
    if through is not None:
        if len(through) != 3:
            raise InputError(f"through: three points give a plane, not {len(through)}")
        points = [_given_point(problem, point, size) for point in through]
        what = "Plane through three points"
        if not _independent(points):
            raise InputError("through: the three points lie on a line")
    elif minima is None:
        raise InputError("without a landscape give origin and directions, or through")
    else:
        points = _lowest(problem, minima)
        number = ("lowest minimum", "two lowest minima", "three lowest minima")[len(points) - 1]
        what = f"Plane through the {number}"
        points = _completed(points)
    one, two = points[1] - points[0], points[2] - points[0]
    first = one / np.linalg.norm(one)
    second = two - (two @ first) * first
    second /= np.linalg.norm(second)
    axes = np.array([first, second])
    anchors = (np.array(points) - points[0]) @ axes.T
    names = ("distance from A towards B", "distance across")
    return ParameterPlane(points[0], axes, names, what, anchors)


def _numbers(values: ArrayLike | None, shape: tuple[int, ...], name: str) -> Floats:
    try:
        numbers = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise InputError(f"{name}: {error}") from error
    if numbers.shape != shape or not np.isfinite(numbers).all():
        raise InputError(
            f"{name} must be finite numbers of shape {shape}, the weights, the output weights "
            f"and the output bias if there is one; not of shape {numbers.shape}"
        )
    return numbers


def _given_point(problem: Problem, point: Any, size: int) -> Floats:
    # Pictures of arrangements do not wait for landscapes: half a second.
    from arrangement.relu import Piece

    if isinstance(point, Piece):
        constant = point.output_bias if problem.output_bias else None
        point = balanced_point(point.weights, point.output_weights, constant)
    return _numbers(point, (size,), "through")


def _independent(points: Sequence[Floats]) -> bool:
    """Do the points, three at most, span as much as they can, with angles that can be seen?"""
    off = np.array(points)[1:] - points[0]
    lengths = np.linalg.norm(off, axis=1)
    if np.any(lengths <= 1e-6 * np.abs(points).max()):
        return False
    unit = off / lengths[:, None]
    return len(unit) < 2 or bool(
        np.linalg.norm(unit[1] - (unit[1] @ unit[0]) * unit[0]) > NARROW
    )


def _lowest(problem: Problem, minima: Landscape) -> list[Floats]:
    """Points of the lowest minima, up to three that span a plane."""
    if not len(minima.pieces):
        raise InputError("the landscape has no pieces to put a plane through")
    first = np.array([rows[0] for rows in minima.components])
    others = np.setdiff1d(np.arange(min(len(minima.pieces), LOOKED_AT)), first)
    points: list[Floats] = []
    for k in [*first[:LOOKED_AT].tolist(), *others.tolist()]:
        orders = list(_orders(problem, minima, np.array([k])))
        if points:
            orders.sort(key=lambda rows: float(np.linalg.norm(rows[0] - points[0])))
        if _independent([*points, orders[0][0]]):
            points.append(orders[0][0])
        if len(points) == 3:
            break
    return points


def _completed(points: list[Floats]) -> list[Floats]:
    """The points, and others beside the first one until there are three that span a plane."""
    points = list(points)
    length = float(np.linalg.norm(points[0])) or 1.0
    for step in np.eye(len(points[0])):
        if len(points) < 3 and _independent([*points, points[0] + length * step]):
            points.append(points[0] + length * step)
    return points


def _orders(problem: Problem, minima: Landscape, rows: NDArray[np.int64]) -> Iterator[Floats]:
    """The parameters of some pieces, with their neurons in every order."""
    pieces, K = minima.pieces, problem.hidden
    weights, z = pieces.weights[rows], pieces.output_weights[rows]
    constant = pieces.output_bias[rows] if problem.output_bias else [None] * len(rows)
    for number, permutation in enumerate(permutations(range(K))):
        if number == LOOKED_AT:
            return
        order = list(permutation)
        yield np.array(
            [
                balanced_point(*one)
                for one in zip(weights[:, order], z[:, order], constant, strict=True)
            ]
        )


def minima_in_plane(
    problem: Problem, minima: Landscape | None, plane: ParameterPlane
) -> Marked:
    """The points of pieces, scaled by `balanced_point`, that lie in a plane."""
    places: list[Floats] = []
    rows: list[int] = []
    if minima is not None and len(minima.pieces):
        every = np.arange(min(len(minima.pieces), 20 * LOOKED_AT))
        for points in _orders(problem, minima, every):
            flat, inside = plane.place(points)
            places += list(flat[inside])
            rows += every[inside].tolist()
    order = np.argsort(rows, kind="stable")
    pieces = None if minima is None else minima.pieces
    return Marked(
        np.array(places).reshape(-1, 2)[order],
        [] if pieces is None else [str(pieces.kind[rows[k]]) for k in order],
        np.array([] if pieces is None else [pieces.loss[rows[k]] for k in order]),
    )


def balanced_point(
    weights: Floats, output_weights: Floats, output_bias: float | None = None
) -> Floats:
    """The parameters as one vector, neurons scaled so that ‖w_j‖ = |z_j|.

    A neuron with z_j = 0 keeps its direction, at length one; one with w_j = 0 keeps z_j.

    Examples
    --------
    >>> import numpy as np
    >>> balanced_point(np.array([[4.0, 0.0], [0.0, 3.0]]), np.array([-1.0, 0.0])).tolist()
    [2.0, 0.0, 0.0, 1.0, -2.0, 0.0]
    """
    lengths, z = np.linalg.norm(weights, axis=1), np.asarray(output_weights, dtype=np.float64)
    both = (lengths > 0) & (z != 0)
    safe = np.where(lengths > 0, lengths, 1.0)
    scale = np.where(both, np.sqrt(np.abs(z) / safe), 1.0 / safe)
    outer = np.where(both, z / scale, z)
    last = [] if output_bias is None else [output_bias]
    return np.concatenate([(weights * scale[:, None]).ravel(), outer, last])
