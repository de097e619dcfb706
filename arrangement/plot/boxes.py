"""An affine arrangement in space: its planes, or its cells, in a box that is looked at.

Everything here is float64 and serves the eye only. What hides what is exact all the same: a ray
to the eye crosses each plane at most once, so that the planes between a cell and the eye are
fewer from one cell on the ray to the next, and cells and pieces of planes are drawn in the
order of their number.
"""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from arrangement.errors import SizeError
from arrangement.plot import windows
from arrangement.plot.canvas import fill, rule
from arrangement.plot.marks import add_names
from arrangement.plot.windows import Floats

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from arrangement.results.cells import Cells

__all__ = ["Box"]

INK = "0.15"
FRAME = "0.6"
LARGEST = 20_000
"""Pieces of planes, or faces of cells, in a picture."""

# The qualitative scheme "light" of Paul Tol, which the colour-blind can tell apart and on which
# lines and names are seen.
PLANES = ("#77aadd", "#ee8866", "#eedd88", "#44bb99", "#ffaabb", "#99ddff", "#bbcc33",
          "#aaaa00", "#dddddd")  # fmt: skip
OPACITY = 0.72
SHRUNK = 0.62
"""Cells are drawn so large, about their centres, for those behind them to be seen."""

DIRECTIONS = [
    np.array([np.cos(e) * np.cos(a), np.cos(e) * np.sin(a), np.sin(e)])
    for e, a in product(np.radians(np.arange(14, 36, 3)), np.radians(np.arange(-78, -11, 6)))
]
CUBE = np.array([[*side, 1.0] for side in np.vstack([np.eye(3), -np.eye(3)])])
WIDE = 1e4  # half the side of the square that a plane is at first; the box has side 2


class Box:
    """The planes of an affine arrangement in R^3, or its cells, in a box.

    Parameters
    ----------
    cells : Cells
    window : sequence of three (low, high), optional
        One pair a coordinate; otherwise what shows every vertex, or most of them when a few
        lie far away.
    """

    size = (7.5, 6.9)

    def __init__(self, cells: Cells, window: Any = None) -> None:
        self.cells = cells
        self.vertices = cells.polyhedra.vertices
        self.low, self.high = _limits(self.vertices, window)
        half = (self.high - self.low) / 2
        alike = window is None or half.max() <= 25 * half.min()
        self.sides = half / half.max() if alike else np.ones(3)  # of the box as it is drawn
        self.rows = self._inside(cells.arrangement.rows)
        self.domain = np.zeros((0, 4))
        if cells.domain is not None:
            self.domain = self._inside(np.asarray(cells.domain))
        normals = self.rows[:, :3] / self.sides
        normals /= np.linalg.norm(normals, axis=1, keepdims=True)
        slants = [np.abs(normals @ eye).min(initial=1) for eye in DIRECTIONS]
        self.eye = DIRECTIONS[int(np.argmax(slants))]
        self.towards = np.sign(normals @ self.eye).astype(np.int8)
        right = np.cross([0, 0, 1], self.eye)
        right /= np.linalg.norm(right)
        self.frame = np.column_stack([right, np.cross(self.eye, right)])
        owner = np.concatenate([cells.edges[:, 0], cells.edges[:, 1]])
        order = np.argsort(owner, kind="stable")
        facets = np.concatenate([cells.edges[:, 2], cells.edges[:, 2]])[order]
        self.facets = np.split(facets, np.searchsorted(owner[order], np.arange(1, len(cells))))

    def _inside(self, rows: NDArray[Any]) -> Floats:
        """Rows in the coordinates in which the box is [−1, 1]³."""
        found = windows.unit_rows(rows)
        half, centre = (self.high - self.low) / 2, (self.high + self.low) / 2
        moved = np.column_stack([found[:, :3] * half, found[:, :3] @ centre + found[:, 3]])
        moved /= np.abs(moved[:, :3]).max(axis=1, keepdims=True)  # squares do not overflow
        return np.asarray(moved / np.linalg.norm(moved[:, :3], axis=1, keepdims=True))

    def _between(self, cells: NDArray[np.int64]) -> NDArray[np.int64]:
        """How many planes are between each cell and the eye; copies count, as they may."""
        return np.asarray((self.cells.signs[cells] == -self.towards).sum(axis=1))

    def _half_spaces(self, cell: int) -> Floats:
        facets = self.facets[cell]
        sides = self.rows[facets] * self.cells.signs[cell, facets][:, None]
        return np.vstack([sides, self.domain, CUBE])

    def _flat(self, points: Floats) -> Floats:
        """Where points of the box, as [−1, 1]³, are in the picture."""
        return np.asarray((points * self.sides) @ self.frame)

    def paint_planes(self, axes: Axes) -> None:
        """Draw the planes, each in a colour, cut to the box and to the domain."""
        from matplotlib.colors import to_rgba_array

        edges = self.cells.edges
        _check_size(len(edges), "pieces of planes")
        palette = to_rgba_array(PLANES)
        different = self.cells.arrangement.different
        colour = {h: palette[k % len(palette)] for k, h in enumerate(different.tolist())}
        between = np.minimum(self._between(edges[:, 0]), self._between(edges[:, 1]))
        polygons, colours = [], []
        for e in np.argsort(-between, kind="stable").tolist():
            cell, _, h = edges[e].tolist()
            corners = _face(self.rows[h], self._half_spaces(cell))
            if len(corners):
                polygons.append(self._flat(corners))
                light = 0.82 + 0.18 * abs(float(self.rows[h, :3] @ [0.2, -0.3, 0.93]))
                colours.append([*(light * colour[h][:3]), OPACITY])
        self._paint(axes, polygons, np.array(colours).reshape(-1, 4))
        names = [self.cells.arrangement.labels[h] for h in different.tolist()]
        papers = [tuple(colour[h]) for h in different.tolist()]
        add_names(axes, names, list(map(self._rim, self.rows[different])), papers)

    def _rim(self, plane: Floats) -> Floats:
        """Places for a name near the rim of a plane in the box, the outermost first."""
        corners = self._flat(_face(plane, np.vstack([self.domain, CUBE])))
        if not len(corners):
            return corners
        places = np.vstack([corners, (corners + np.roll(corners, 1, axis=0)) / 2])
        places = 0.93 * places + 0.07 * corners.mean(axis=0)
        return np.asarray(places[np.argsort(-np.linalg.norm(places, axis=1), kind="stable")])

    def paint(self, axes: Axes, colours: Floats) -> None:
        """Draw the cells in their colours, each a little smaller than it is."""
        count = sum(map(len, self.facets)) + 3 * len(self.cells)
        _check_size(count, "faces of cells")
        polygons, shades = [], []
        order = np.argsort(-self._between(np.arange(len(self.cells))), kind="stable")
        for cell in order.tolist():
            sides = self._half_spaces(cell)
            faces = [_face(side, sides) for side in sides]
            seen = [k for k, face in enumerate(faces) if len(face)]
            if not seen:
                continue
            centre = np.vstack([faces[k] for k in seen]).mean(axis=0)
            for k in seen:
                outward = -sides[k, :3] / self.sides
                slant = float(outward @ self.eye) / float(np.linalg.norm(outward))
                if slant > 0:
                    polygons.append(self._flat(centre + SHRUNK * (faces[k] - centre)))
                    light = 0.7 + 0.3 * slant
                    shades.append([*(light * colours[cell, :3]), 1.0])
        self._paint(axes, polygons, np.array(shades).reshape(-1, 4))

    def _paint(self, axes: Axes, polygons: list[Floats], colours: Floats) -> None:
        corners = np.array(list(product((-1.0, 1.0), repeat=3)))
        hidden = -np.sign(self.eye)  # the corner of the box behind everything
        far: list[Floats] = []
        near: list[Floats] = []
        for one, other in product(corners, corners):
            if (one != other).sum() == 1 and (one < other).any():
                both = np.stack([one, other])
                (far if (both == hidden).all(axis=1).any() else near).append(self._flat(both))
        rule(axes, far, FRAME, linewidths=0.6, linestyles="dotted", zorder=0.5)
        width = 0.7 if len(polygons) < 400 else 0.35
        fill(axes, polygons, colours, edgecolors=INK, linewidths=width)
        rule(axes, near, FRAME, linewidths=0.8, zorder=1.5)
        axes.set_aspect("equal")
        axes.autoscale_view()
        axes.margins(0.06)
        axes.set_axis_off()
        self._name_axes(axes)

    def _name_axes(self, axes: Axes) -> None:
        """Write each coordinate and its range beside an edge on the outline of the box."""
        x, y, z = np.sign(self.eye)
        for axis, middle in enumerate(([0, y, -z], [x, 0, -z], [-x, y, 0])):
            ends = np.array([middle, middle], dtype=np.float64)
            ends[:, axis] = -1, 1
            one, other = self._flat(ends)
            along = other - one if other[0] >= one[0] else one - other
            turn = float(np.degrees(np.arctan2(along[1], along[0])))
            out = (one + other) / 2
            out = out / (np.linalg.norm(out) or 1.0)
            normal = np.array([-along[1], along[0]]) / np.linalg.norm(along)
            shift = 12 * normal * np.sign(float(normal @ out) or 1.0)
            axes.annotate(
                f"$x_{axis + 1}$: {self.low[axis]:.3g} to {self.high[axis]:.3g}".replace(
                    "-", "−"
                ),
                tuple((one + other) / 2),
                tuple(shift),
                textcoords="offset points",
                ha="center",
                va="center",
                rotation=turn,
                fontsize="small",
            )

    @property
    def remark(self) -> str:
        """What the picture does not show; empty when it shows everything."""
        inside = ((self.vertices >= self.low) & (self.vertices <= self.high)).all(axis=1)
        count, total = int(inside.sum()), len(self.vertices)
        return "" if count == total else f"{count:,} of {total:,} vertices in the box"


def _limits(vertices: Floats, window: Any) -> tuple[Floats, Floats]:
    if window is not None:
        limits = windows.given_limits(window, 3, "3 pairs")
        return limits[:, 0], limits[:, 1]
    finite = vertices[np.isfinite(vertices).all(axis=1)]
    if not len(finite):
        return -np.ones(3), np.ones(3)
    low, high = windows.core_range(finite)
    wide = float((high - low).max()) or max(1.0, 1e-6 * float(np.abs(finite).max()))
    half = np.maximum(0.75 * (high - low), 0.4 * wide)
    return (low + high) / 2 - half, (low + high) / 2 + half


def _face(plane: Floats, half_spaces: Floats) -> Floats:
    """The corners of the part of a plane, a row of length 1, in half-spaces; shape (k, 3).

    The half-space that the plane itself bounds does not cut it.
    """
    normal = plane[:3]
    across = np.eye(3)[np.argmin(np.abs(normal))]
    u = np.cross(normal, across)
    u /= np.linalg.norm(u)
    axes = np.stack([u, np.cross(normal, u)])
    foot = -plane[3] * normal
    cuts = np.column_stack([half_spaces[:, :3] @ axes.T, half_spaces[:, :3] @ foot])
    cuts[:, 2] += half_spaces[:, 3]
    polygon = [(-WIDE, -WIDE), (WIDE, -WIDE), (WIDE, WIDE), (-WIDE, WIDE)]
    for a, b, c in cuts.tolist():
        if a * a + b * b > windows.PARALLEL**2:
            polygon = windows.clip(polygon, a, b, c)
        elif c < -1e-9:
            return np.zeros((0, 3))
    if len(polygon) < 3:
        return np.zeros((0, 3))
    return np.asarray(foot + np.array(polygon) @ axes)


def _check_size(count: int, what: str) -> None:
    if count > LARGEST:
        raise SizeError(
            f"{count:,} {what}, and a picture may have {LARGEST:,}: draw fewer hyperplanes, or "
            "what they cut on one of them, restriction(i)"
        )
