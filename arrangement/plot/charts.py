"""The three ways to lay cells out: in the plane, on two discs, on two tangent planes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from arrangement.plot import sphere, windows
from arrangement.plot.canvas import fill, outline, rule, show_window
from arrangement.plot.marks import add_names
from arrangement.plot.windows import Floats, Window

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from arrangement.results.cells import Cells

__all__ = [
    "PALE", "Chart", "Discs", "Limits", "Plane", "TangentPlanes", "pale_colours", "parities"
]  # fmt: skip

Limits = tuple[tuple[float, float], ...]
Mask = NDArray[np.bool_]

# Light enough for lines and marks on top; the first two are bounded cells, the last two not.
PALE = np.array(
    [[0.55, 0.75, 0.9, 1], [0.72, 0.86, 0.95, 1], [0.97, 0.93, 0.83, 1], [0.93, 0.87, 0.73, 1]]
)

INK = "0.1"
OUTLINE = "#d81b60"
PIXELS = 900
SPOTS = [6, -7, 14, -15, 24, -25]
"""Places for a name on the points of half a great circle."""
GAP = 0.16  # half the distance between the two halves of a picture


class Chart(Protocol):
    """A way to lay cells out on one pair of axes."""

    @property
    def size(self) -> tuple[float, float]:
        """Width and height of a figure for it, in inches."""

    def paint(self, axes: Axes, colours: Floats, marked: Mask | None = None) -> None:
        """Draw the cells in their colours, the hyperplanes, and an outline of marked cells."""

    def place(self, points: Floats) -> tuple[Floats, Mask]:
        """Where points of the space are in the picture, and which of them are in it."""

    @property
    def remark(self) -> str:
        """What the picture does not show; empty when it shows everything."""


class Plane:
    """Cells in the plane, or on a line, which is drawn as a strip.

    Parameters
    ----------
    cells : Cells
        Of dimension 1 or 2.
    letter : str
        The name of the coordinates.
    show : ndarray, shape (k, d), optional
        Points that the window should show beside the vertices; the first one and the
        origin at any rate.
    window : sequence of (low, high), optional
        One pair a coordinate; otherwise chosen by `windows.window_around`.
    """

    def __init__(
        self,
        cells: Cells,
        letter: str = "x",
        show: Floats | None = None,
        window: Limits | None = None,
    ) -> None:
        self.cells = cells
        d = cells.arrangement.dimension
        self.names = [f"${letter}$"] if d == 1 else [f"${letter}_1$", f"${letter}_2$"]
        rows = windows.unit_rows(cells.arrangement.rows)
        domain = None if cells.domain is None else windows.unit_rows(np.asarray(cells.domain))
        self.rows = _upright(rows) if d == 1 else rows
        self.domain = _upright(domain) if d == 1 and domain is not None else domain
        self.lines = self.rows[cells.arrangement.different]
        feet = -self.lines[:, 2:] * self.lines[:, :2]  # each line's point nearest the origin
        self.vertices = feet if d == 1 else windows.vertices(self.lines, self.domain)
        seen = self.vertices if len(self.vertices) else feet
        first = None
        if show is not None:
            first = np.vstack([_in_plane(show[:1]), np.zeros((1, 2))])
            seen = np.vstack([seen, _in_plane(show)])
        self.window = windows.window_around(seen, keep=first)
        if window is not None:
            self.window = windows.given_window(window, d, f"{d} pairs")
        if d == 1:
            self.window = Window((self.window.low[0], -1.0), (self.window.high[0], 1.0), False)
        self.polygons = windows.cell_polygons(
            self.rows, cells.signs, cells.edges, self.window, self.domain
        )

    @property
    def size(self) -> tuple[float, float]:
        """Width and height of a figure for it, in inches."""
        if len(self.names) == 1:
            return (7.5, 2.8)
        return (7.5, 1.5 + 5.5 * min(self.window.proportion or 1.0, 1.2))

    def paint(self, axes: Axes, colours: Floats, marked: Mask | None = None) -> None:
        """Draw the cells in their colours, the hyperplanes, and an outline of marked cells."""
        _fill(axes, self.polygons, colours, marked)
        _rule(axes, list(windows.line_segments(self.lines, self.window)), len(self.lines))
        show_window(axes, self.window)
        skipped = 2 if len(self.names) == 1 else 0  # the ends of a strip have no room
        ends = [
            _along(windows.line_segments(line, self.window))[skipped:] for line in self.lines
        ]
        add_names(axes, _labels(self.cells), ends)
        axes.set_xlabel(self.names[0])
        if len(self.names) == 2:
            axes.set_ylabel(self.names[1])
        else:
            axes.set_yticks([])
            x, y = self.vertices[self.window.contains(self.vertices)].T
            axes.plot(x, y, "o", color=INK, markersize=4, zorder=3)

    def place(self, points: Floats) -> tuple[Floats, Mask]:
        """Where points of the space are in the picture, and which of them are in it."""
        placed = _in_plane(points)
        return placed, self.window.contains(placed)

    @property
    def remark(self) -> str:
        """What the picture does not show; empty when it shows everything."""
        inside, total = int(self.window.contains(self.vertices).sum()), len(self.vertices)
        if inside == total:
            return ""
        hidden = sum(len(polygon) == 0 for polygon in self.polygons)
        what = "points" if len(self.names) == 1 else "vertices"
        return f"{inside:,} of {total:,} {what} in the window; {hidden:,} cells outside it"


class Discs:
    """Cells of a central arrangement in R^3 on two stereographic discs, one a hemisphere."""

    size = (10.0, 5.6)
    remark = ""

    def __init__(self, cells: Cells, letter: str = "x") -> None:
        self.cells = cells
        self.letter = letter
        self.normals = windows.unit_rows(cells.arrangement.rows)[:, :3]
        self.circles = self.normals[cells.arrangement.different]
        self.parity = parities(cells)

    def paint(self, axes: Axes, colours: Floats, marked: Mask | None = None) -> None:
        """Draw the cells in their colours, the hyperplanes, and an outline of marked cells."""
        from matplotlib.patches import Circle

        arcs: list[Floats] = []
        for upper in (True, False):
            x = self._centre(upper)
            edge = Circle((x, 0), 1, facecolor="none", edgecolor=INK, linewidth=1, zorder=3)
            axes.add_patch(edge)
            image = sphere.cell_image(
                self.normals, self.cells.signs, upper, PIXELS, fill=self.cells.domain is None
            )
            shades = np.where((image >= 0)[..., None], colours[image], 0.0)
            extent = (x - 1, x + 1, -1, 1)
            picture = axes.imshow(
                shades, origin="lower", extent=extent, interpolation="nearest"
            )
            picture.set_clip_path(edge)
            # Neighbours have opposite parity, so each cell gets an outline of its own.
            for parity in (0, 1) if marked is not None else ():
                inside = (image >= 0) & (marked & (self.parity == parity))[image]
                if inside.any():
                    border = axes.contour(
                        inside, [0.5], extent=extent, colors=OUTLINE, linewidths=1.4, zorder=2.5
                    )
                    border.set_clip_path(edge)
            for normal in self.circles:
                points, _ = sphere.stereographic(sphere.great_circle(normal, upper))
                arcs.append(points + np.array([x, 0.0]))
            axes.text(
                x, -1.05, f"${self.letter}_3 {'>' if upper else '<'} 0$", ha="center", va="top"
            )
            axes.text(x, 1.03, f"$+{self.letter}_2$", ha="center", va="bottom")
        axes.text(0, 0, f"$+{self.letter}_1$", ha="center", va="center")
        _rule(axes, arcs, len(self.circles))
        _bare(axes, 2 + GAP)
        both = zip(arcs[: len(self.circles)], arcs[len(self.circles) :], strict=True)
        add_names(axes, _labels(self.cells), [np.vstack([a[SPOTS], b[SPOTS]]) for a, b in both])

    def place(self, points: Floats) -> tuple[Floats, Mask]:
        """Where points of the space are in the picture; the origin has no direction."""
        placed = np.full((len(points), 2), np.nan)
        somewhere = np.linalg.norm(points, axis=1) > 0
        placed[somewhere], upper = sphere.stereographic(points[somewhere])
        placed[somewhere, 0] += np.where(upper, self._centre(True), self._centre(False))
        return placed, somewhere

    @staticmethod
    def _centre(upper: bool) -> float:
        return -1 - GAP if upper else 1 + GAP


class TangentPlanes:
    """Cells of a central arrangement in R^3 on the planes x_3 = 1 and x_3 = −1.

    The gnomonic projection: great circles become straight lines, and the horizon is infinitely
    far away. Opposite points have opposite places in the two windows.
    """

    size = (10.0, 5.8)

    def __init__(self, cells: Cells, letter: str = "x", show: Floats | None = None) -> None:
        self.cells = cells
        self.letter = letter
        self.rows = windows.unit_rows(cells.arrangement.rows)[:, :3]
        slopes = np.hypot(self.rows[:, 0], self.rows[:, 1])
        drawn = cells.arrangement.different  # the horizon is out of sight
        drawn = drawn[slopes[drawn] > windows.PARALLEL]
        self.lines = self.rows[drawn] / slopes[drawn, None]
        self.labels = [cells.arrangement.labels[h] for h in drawn.tolist()]
        self.vertices = windows.vertices(self.lines)
        seen = self.vertices if len(self.vertices) else -self.lines[:, 2:] * self.lines[:, :2]
        if show is not None:
            tilted = show[show[:, 2] != 0]
            seen = np.vstack([seen, tilted[:, :2] / tilted[:, 2:]])
        window = windows.window_around(seen)
        self.centre = (np.array(window.low) + window.high) / 2
        self.half = float(np.max(np.subtract(window.high, window.low))) / 2

    def paint(self, axes: Axes, colours: Floats, marked: Mask | None = None) -> None:
        """Draw the cells in their colours, the hyperplanes, and an outline of marked cells."""
        segments: list[Floats] = []
        ends: list[Floats] = []
        for side in (1.0, -1.0):
            window = self._window(side)
            (x0, y0), (x1, y1) = window.low, window.high
            mirror = [1, 1, side]
            polygons = windows.cell_polygons(
                self.rows * mirror, self.cells.signs, self.cells.edges, window
            )
            _fill(axes, [self._panel(p, side) for p in polygons], colours, marked)
            cut = windows.line_segments(self.lines * mirror, window)
            segments += [self._panel(segment, side) for segment in cut]
            if side > 0:
                ends = [
                    self._panel(_along(windows.line_segments(line, window)), side)
                    for line in self.lines
                ]
            frame = self._panel(window.corners[[0, 1, 2, 3, 0]], side)
            axes.plot(*frame.T, color=INK, linewidth=1, zorder=3)
            axes.text(
                float(frame[:2, 0].mean()),
                -1.04,
                f"${self.letter}_3 = {side:+.0f}$,   ${self.letter}_1$: {x0:.3g} to {x1:.3g},"
                f"   ${self.letter}_2$: {y0:.3g} to {y1:.3g}",
                ha="center",
                va="top",
                fontsize="small",
            )
        _rule(axes, segments, len(self.lines))
        _bare(axes, 2 + GAP)
        add_names(axes, self.labels, ends)

    def place(self, points: Floats) -> tuple[Floats, Mask]:
        """Where points of the space are in the picture; those on the horizon are nowhere."""
        placed = np.full((len(points), 2), np.nan)
        visible = points[:, 2] != 0
        for side in (1.0, -1.0):
            here = points[:, 2] * side > 0
            flat = points[here, :2] / np.abs(points[here, 2:])
            visible[here] &= self._window(side).contains(flat)
            placed[here] = self._panel(flat, side)
        return placed, visible

    @property
    def remark(self) -> str:
        """What the picture does not show; empty when it shows everything."""
        inside, total = int(self._window(1.0).contains(self.vertices).sum()), len(self.vertices)
        return "" if inside == total else f"{inside:,} of {total:,} vertices in the window"

    def _window(self, side: float) -> Window:
        return Window.between(side * self.centre - self.half, side * self.centre + self.half)

    def _panel(self, points: Floats, side: float) -> Floats:
        return (points - side * self.centre) / self.half + [-side * (1 + GAP / 2), 0]


def parities(cells: Cells) -> NDArray[np.int64]:
    """The number of + of each cell, copies of a hyperplane counted once, modulo 2.

    Cells that share a facet differ in one sign, so they have different parities.
    """
    return np.asarray(
        (cells.signs[:, cells.arrangement.different] > 0).sum(axis=1) % 2, dtype=np.int64
    )


def pale_colours(cells: Cells) -> Floats:
    """A row of PALE for each cell; neighbours get different ones."""
    return PALE[parities(cells) + 2 * (~np.asarray(cells.bounded, dtype=bool)).astype(np.int64)]


def _in_plane(points: Floats) -> Floats:
    """Points of a line as points of the plane; points of the plane as they are."""
    return points if points.shape[1] == 2 else np.column_stack([points, 0 * points])


def _upright(rows: Floats) -> Floats:
    """Points of a line as upright lines of the plane: [a | b] becomes [a, 0 | b]."""
    return np.column_stack([rows[:, 0], np.zeros(len(rows)), rows[:, 1]])


def _labels(cells: Cells) -> list[str]:
    """Those of the different hyperplanes."""
    return [cells.arrangement.labels[h] for h in cells.arrangement.different.tolist()]


def _along(segments: Floats) -> Floats:
    """Places for a name on a segment, the ends first; shape (k, 2), none on no segment."""
    parts = np.array([0.03, 0.97, 0.12, 0.88, 0.25, 0.75])[:, None]
    places = [(1 - parts) * one + parts * other for one, other in segments]
    return np.vstack([np.zeros((0, 2)), *places])


def _fill(axes: Axes, polygons: list[Floats], colours: Floats, marked: Mask | None) -> None:
    shown = np.array([len(polygon) > 0 for polygon in polygons], dtype=bool)
    fill(axes, [polygons[i] for i in np.flatnonzero(shown)], colours[shown])
    if marked is not None:
        outlined = [polygons[i] for i in np.flatnonzero(shown & marked)]
        outline(axes, outlined, OUTLINE, linewidths=1.6, zorder=2.5)


def _rule(axes: Axes, lines: Sequence[Floats], n: int) -> None:
    """Draw hyperplanes, the thinner the more there are."""
    width, alpha = (1.0, 0.9) if n <= 12 else (0.6, 0.75) if n <= 40 else (0.3, 0.55)
    rule(axes, lines, INK, linewidths=width, alpha=alpha, zorder=2)


def _bare(axes: Axes, half_width: float) -> None:
    axes.set_aspect("equal")
    axes.set_xlim(-half_width - 0.05, half_width + 0.05)
    axes.set_ylim(-1.15, 1.15)
    axes.set_axis_off()
