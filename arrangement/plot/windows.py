"""Where things lie in a plane picture: windows, vertices, and cells cut to a window.

Everything here is float64 and serves the eye only; no answer of the package rests on it.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from arrangement import exact
from arrangement.errors import InputError
from arrangement.exact.numbers import shown

__all__ = [
    "Window", "cell_polygons", "clip", "core_range", "given_limits", "given_window",
    "line_segments", "unit_rows", "vertices", "window_around",
]  # fmt: skip

Floats = NDArray[np.float64]

FAR = 1e300  # offsets are cut here, so that products with coordinates stay finite
PARALLEL = 1e-12  # sine of the angle below which two lines have no drawn intersection


@dataclass(frozen=True)
class Window:
    """A rectangle of the plane, from corner `low` to `high`; do both axes share a scale?"""

    low: tuple[float, float]
    high: tuple[float, float]
    equal: bool = True

    @classmethod
    def between(cls, low: Floats, high: Floats, equal: bool | None = None) -> Window:
        """The window with these corners.

        Its axes share a scale unless one range is more than 25 times the other, if not said.
        """
        if equal is None:
            span = high - low
            equal = bool(span.max() <= 25 * span.min())
        return cls((float(low[0]), float(low[1])), (float(high[0]), float(high[1])), equal)

    @property
    def proportion(self) -> float | None:
        """Height by width, if both axes share a scale."""
        width, height = np.subtract(self.high, self.low)
        return float(height / width) if self.equal else None

    @property
    def corners(self) -> Floats:
        """The four corners, counter-clockwise, shape (4, 2)."""
        (x0, y0), (x1, y1) = self.low, self.high
        return np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]])

    def contains(self, points: ArrayLike) -> NDArray[np.bool_]:
        """Which of the points, shape (m, 2), lie in the window?"""
        p = np.asarray(points, dtype=np.float64)
        return np.asarray(((p >= self.low) & (p <= self.high)).all(axis=1))


def unit_rows(rows: NDArray[Any]) -> Floats:
    """Integer rows [normal | offset] as float64 with normals of length 1.

    Parameters
    ----------
    rows : ndarray of Python ints, shape (n, d + 1)

    Examples
    --------
    >>> import numpy as np
    >>> unit_rows(np.array([[3 * 10**400, 4 * 10**400, 10**401]], dtype=object))
    array([[0.6, 0.8, 2. ]])
    """
    normals, _, normal_exponents = exact.float_rows(rows[:, :-1])
    offsets, _, offset_exponents = exact.float_rows(rows[:, -1:])
    lengths = np.linalg.norm(normals, axis=1, keepdims=True)
    shift = np.clip(offset_exponents - normal_exponents, -2000, 2000).astype(np.int32)
    with np.errstate(over="ignore"):
        ratio = np.ldexp(offsets, shift[:, None]) / lengths
    return np.column_stack([normals / lengths, np.clip(ratio, -FAR, FAR)])


def vertices(rows: ArrayLike, domain: ArrayLike | None = None) -> Floats:
    """The distinct points where two lines cross, shape (m, 2); inside the domain, if given.

    Lines that are parallel to within 1e-12 do not cross.

    Parameters
    ----------
    rows : array_like, shape (n, 3)
        Lines a·x + b = 0 as [a | b] with normals of length 1.
    domain : array_like, shape (k, 3), optional
        Half-planes g·x + c ≥ 0 as [g | c]; their corners count as vertices.

    Examples
    --------
    >>> vertices([[1, 0, 0], [0, 1, 0], [1, 0, -2], [0.6, 0.8, 0]]).round(6).tolist()
    [[0.0, 0.0], [2.0, -1.5], [2.0, 0.0]]
    """
    lines = np.asarray(rows, dtype=np.float64).reshape(-1, 3)
    bounds = np.zeros((0, 3)) if domain is None else np.asarray(domain, dtype=np.float64)
    lines = np.vstack([lines, bounds])
    i, j = np.triu_indices(len(lines), 1)
    (a, b, c), (p, q, r) = lines[i].T, lines[j].T
    determinant = a * q - b * p
    crossing = np.abs(determinant) > PARALLEL
    with np.errstate(all="ignore"):
        x, y = (b * r - c * q) / determinant, (c * p - a * r) / determinant
    points = np.column_stack([x, y])[crossing]
    points = points[np.isfinite(points).all(axis=1)]
    if domain is not None and len(points):
        slack = 1e-9 * (1 + np.abs(points).max(axis=1))
        value = points @ bounds[:, :2].T + bounds[:, 2]
        points = points[(value >= -slack[:, None]).all(axis=1)]
    if len(points) == 0:
        return np.zeros((0, 2))
    scale = np.median(np.abs(points - np.median(points, axis=0)), axis=0)
    scale = np.where(scale > 0, scale, 1.0)
    # Adding 0.0 turns −0.0 into 0.0, which unique would keep apart in its order.
    _, first = np.unique(np.round(points / scale, 9) + 0.0, axis=0, return_index=True)
    distinct: Floats = points[first] + 0.0
    return distinct


def given_limits(limits: Any, d: int, pairs: str) -> Floats:
    """The d pairs (low, high), one for each coordinate, shape (d, 2).

    Raises
    ------
    InputError
        If it is something else than these `pairs`, as the message calls them.
    """
    try:
        if np.iscomplexobj(limits):
            raise TypeError
        corners = np.asarray(limits, dtype=np.float64)
    except (TypeError, ValueError, OverflowError):
        corners = np.empty(0)
    if corners.shape != (d, 2) or not np.isfinite(corners).all() or np.diff(corners).min() <= 0:
        raise InputError(
            f"window must be {pairs} (low, high) with low < high, not {shown(limits)}"
        )
    return corners


def given_window(limits: Any, d: int, pairs: str) -> Window:
    """The window of :func:`given_limits`, for one or two coordinates.

    Examples
    --------
    >>> given_window([(0, 1), (-2, 2)], 2, "two pairs")
    Window(low=(0.0, -2.0), high=(1.0, 2.0), equal=True)
    """
    corners = given_limits(limits, d, pairs)
    return Window.between(*np.vstack([corners, [[-1.0, 1.0]]])[:2].T)


def window_around(
    points: ArrayLike, margin: float = 0.1, keep: ArrayLike | None = None
) -> Window:
    """A window that shows the points, without far outliers shrinking the rest to a dot.

    An axis shows the :func:`core_range` of the points. A range of zero is given a width, and
    when the two ranges differ by more than 25 times, the axes do not share a scale.

    Parameters
    ----------
    points : array_like, shape (m, 2)
    margin : float
        What is added on every side, as a part of the range.
    keep : array_like, shape (k, 2), optional
        Points to be shown even where they lie far from the others.

    Examples
    --------
    >>> window_around([[0, 0], [2, 2]], margin=0.25)
    Window(low=(-0.5, -0.5), high=(2.5, 2.5), equal=True)
    >>> window_around([])
    Window(low=(-1.0, -1.0), high=(1.0, 1.0), equal=True)
    """
    cloud = np.asarray(points, dtype=np.float64).reshape(-1, 2)
    if len(cloud) == 0:
        return Window((-1.0, -1.0), (1.0, 1.0))
    low, high = core_range(cloud)
    if keep is not None:
        low = np.minimum(low, np.min(keep, axis=0))
        high = np.maximum(high, np.max(keep, axis=0))

    centre, span = (low + high) / 2, high - low
    thinnest = 1e-9 * max(span.max(), np.abs(centre).max())
    span = np.where(span > thinnest, span, 0.0)
    wide = span.max() or max(1.0, 1e-6 * float(np.abs(centre).max()))
    equal = not 0 < span.min() < wide / 25
    if equal:
        span = np.maximum(span, wide * 0.7 if span.max() else 2 * wide)
    half = span * (0.5 + margin) if len(cloud) > 1 else span / 2
    return Window.between(centre - half, centre + half, equal)


def core_range(cloud: Floats) -> tuple[Floats, Floats]:
    """The range of each coordinate of some points, without far outliers.

    All of it when that is at most five times the range of the middle 80 % (100/m times, for
    m < 20 points); otherwise that middle, widened by half on either side.
    """
    low, high = cloud.min(axis=0), cloud.max(axis=0)
    first = np.quantile(cloud, 0.1, axis=0, method="higher")
    last = np.quantile(cloud, 0.9, axis=0, method="lower")
    core = last - first
    scattered = (core > 0) & (high - low > max(5, 100 / len(cloud)) * core)
    low = np.where(scattered, np.maximum(low, first - core / 2), low)
    high = np.where(scattered, np.minimum(high, last + core / 2), high)
    return low, high


def cell_polygons(
    rows: ArrayLike,
    signs: NDArray[np.int8],
    edges: NDArray[np.int64],
    window: Window,
    domain: ArrayLike | None = None,
) -> list[Floats]:
    """The part of every cell that is in the window, as a polygon.

    A cell is the intersection of the half-planes of its facets; the window is clipped by one
    after another (Sutherland and Hodgman 1974), so the cost is that of the edges and not of
    all pairs of a cell and a line.

    Parameters
    ----------
    rows : array_like, shape (n, 3)
        Lines as [a | b].
    signs : ndarray, shape (m, n)
    edges : ndarray, shape (E, 3)
        (cell, cell, line) for every facet.
    window : Window
    domain : array_like, shape (k, 3), optional
        Half-planes that every cell is cut by as well.

    Returns
    -------
    list of ndarray, shape (k, 2)
        Counter-clockwise; shape (0, 2) for a cell outside the window.

    Examples
    --------
    >>> import numpy as np
    >>> signs, edges = np.array([[1], [-1]], dtype=np.int8), np.array([[0, 1, 0]])
    >>> right, left = cell_polygons([[1, 0, 0]], signs, edges, Window((-1, 0), (2, 1)))
    >>> left.tolist()
    [[-1.0, 0.0], [0.0, 0.0], [0.0, 1.0], [-1.0, 1.0]]
    """
    lines = np.asarray(rows, dtype=np.float64).reshape(-1, 3)
    owner = np.concatenate([edges[:, 0], edges[:, 1]])
    order = np.argsort(owner, kind="stable")
    facet = np.concatenate([edges[:, 2], edges[:, 2]])[order]
    owner = owner[order]
    half_planes = (lines[facet] * signs[owner, facet][:, None]).tolist()
    ends = np.searchsorted(owner, np.arange(len(signs) + 1)).tolist()
    outer = [] if domain is None else np.asarray(domain, dtype=np.float64).tolist()
    corners = [(float(x), float(y)) for x, y in window.corners]
    polygons = []
    for start, stop in pairwise(ends):
        polygon = corners
        for a, b, c in half_planes[start:stop] + outer:
            polygon = clip(polygon, a, b, c)
        polygons.append(np.array(polygon if len(polygon) > 2 else []).reshape(-1, 2))
    return polygons


def clip(
    polygon: list[tuple[float, float]], a: float, b: float, c: float
) -> list[tuple[float, float]]:
    """The part of a convex polygon where a·x + b·y + c ≥ 0."""
    values = [a * x + b * y + c for x, y in polygon]
    if not values or min(values) >= 0:
        return polygon
    kept = []
    for k, (point, value) in enumerate(zip(polygon, values, strict=True)):
        before, previous = polygon[k - 1], values[k - 1]
        if (value < 0) != (previous < 0):
            t = previous / (previous - value)
            kept.append(
                (before[0] + t * (point[0] - before[0]), before[1] + t * (point[1] - before[1]))
            )
        if value >= 0:
            kept.append(point)
    return kept


def line_segments(rows: ArrayLike, window: Window) -> Floats:
    """The parts of lines that are in the window, shape (k, 2, 2), without lines that miss it.

    Examples
    --------
    >>> line_segments([[1, 0, -1], [0, 1, 5]], Window((0, 0), (2, 2))).tolist()
    [[[1.0, 0.0], [1.0, 2.0]]]
    """
    segments = []
    for a, b, c in np.asarray(rows, dtype=np.float64).reshape(-1, 3).tolist():
        first, last = -np.inf, np.inf
        foot, along = (-c * a, -c * b), (-b, a)
        for axis in (0, 1):
            ends = (window.low[axis] - foot[axis], window.high[axis] - foot[axis])
            if abs(along[axis]) <= PARALLEL:
                if not ends[0] <= 0 <= ends[1]:
                    first, last = 1.0, 0.0
                continue
            near, far = sorted(end / along[axis] for end in ends)
            first, last = max(first, near), min(last, far)
        if first < last:
            (x, y), (u, v) = foot, along
            segments.append([[x + t * u, y + t * v] for t in (first, last)])
    return np.array(segments).reshape(-1, 2, 2)
