"""Pages to explore: one self-contained HTML file, to be turned, zoomed and pointed at."""

from __future__ import annotations

import json
import os
from base64 import b64encode
from html import escape
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from arrangement.arrangement import Arrangement
from arrangement.errors import InputError, MissingExtraError
from arrangement.exact.numbers import shown
from arrangement.files.output import atomic_output
from arrangement.plot import windows
from arrangement.plot.canvas import NEEDED, needs_log
from arrangement.plot.charts import parities
from arrangement.plot.looks import LOOKS
from arrangement.plot.marks import KINDS, counted, landscape_title
from arrangement.plot.network_regions import region_polygons
from arrangement.plot.planes import minima_in_plane, plane_of
from arrangement.plot.slices import NEURONS, losses_on, switches
from arrangement.plot.windows import Floats, Window
from arrangement.printable import printable
from arrangement.results.cell_classes import cells as enumerate_cells
from arrangement.results.cells import Cells
from arrangement.results.face_enumeration import faces as enumerate_faces

if TYPE_CHECKING:
    from arrangement.networks import DecisionRegions, Regions
    from arrangement.relu import Landscape, LossSurface, OneHiddenLayer
    from arrangement.relu.problem import Problem

__all__ = ["page"]

Scene: TypeAlias = dict[str, Any]

VIRIDIS_STEPS = 64
PALE = ("#cfe2f3", "#9fc5e8", "#f6e7c1", "#ead39c")
"""Bounded cells of even and odd parity, then unbounded ones."""

LONG_EDGE = 0.12
"""Great-circle edges longer than this, in radians, are drawn in pieces."""

BEYOND = 3.0
"""A page of the plane reaches so many times as far as its first view."""

GRID = 240
MOST_NUMBERS = 400_000
"""Affine maps have their numbers in the page up to here."""

LARGEST = 60_000
"""Polygons that a page can have: more do not move when they are turned."""


def page(
    what: Cells | Landscape | OneHiddenLayer | Regions | DecisionRegions | LossSurface,
    target: str | os.PathLike[str],
    *,
    values: ArrayLike | None = None,
    label: str = "value",
    title: str | None = None,
    source: str | None = None,
) -> None:
    """Write a page that shows something to be explored: turn it, zoom, point at its parts.

    One HTML file with all its data, that needs no server and no network. What is under the
    pointer is told: signs, loss, rank, affine map. There are a list of the minima, from which
    one jumps to them, colours by each column, and a search for signs; keys and fingers work.

    Parameters
    ----------
    what : Cells, Landscape, OneHiddenLayer, Regions, DecisionRegions or LossSurface
        Cells in the plane, of a central arrangement in R^3 (on the sphere), or of an affine one
        in R^3 (its faces in a box); the landscape of one neuron with two or three weights (its
        weight space), or any other (the plane through its three lowest minima); regions of a
        network with two inputs; the loss of a network on a plane.
    target : path-like
        The file, .html; it appears whole or not at all.
    values : array_like, shape (m,), optional
        Of cells: one number each, for the colour.
    label : str
        What the values are.
    title, source : str, optional
        Instead of what is counted, and where it comes from.

    Raises
    ------
    InputError
        If there is no page of this, or too many polygons.
    MissingExtraError
        If matplotlib is not installed, whose colours these are.

    Examples
    --------
    >>> import os, tempfile
    >>> from arrangement import families, plot
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = os.path.join(folder, "mirrors.html")
    ...     plot.page(families.coxeter("B", 3).cells(), path)
    ...     os.path.getsize(path) < 60_000
    True
    """
    # Pages of arrangements do not wait for these.
    from arrangement.networks import DecisionRegions, Regions
    from arrangement.relu import Landscape, LossSurface, OneHiddenLayer

    if not isinstance(target, str | os.PathLike):
        raise InputError(f"target: a path is needed, not {shown(target)}")
    path = Path(target)
    if path.suffix.lower() != ".html":
        raise InputError(f"{str(path)!r}: a page's suffix must be .html")
    if values is not None and not isinstance(what, Cells):
        raise InputError("values: one number a cell, so cells are needed to go with them")
    palette = _viridis()
    if isinstance(what, Cells):
        scene = _cells(what, values, label)
    elif isinstance(what, Landscape):
        scene = _landscape(what)
    elif isinstance(what, OneHiddenLayer):
        scene = _slice(what, None)
    elif isinstance(what, LossSurface):
        scene = _surface(what)
    elif isinstance(what, Regions | DecisionRegions):
        scene = _regions(what, isinstance(what, DecisionRegions))
    else:
        raise InputError(
            f"a page shows Cells, a Landscape, a OneHiddenLayer, Regions, DecisionRegions or a "
            f"LossSurface, not {shown(what)}"
        )
    scene["title"] = scene["title"] if title is None else title
    if source is not None:
        scene["title"] = f"{printable(source)}: {scene['title']}"
    scene = {"marks": [], "columns": [], "coordinates": "x", "palette": palette, **scene}
    template = files("arrangement.plot").joinpath("explorer.html").read_text("utf-8")
    data = json.dumps(scene, ensure_ascii=False, allow_nan=False).replace("<", "\\u003c")
    text = template.replace("__TITLE__", escape(scene["title"])).replace("__SCENE__", data)
    with atomic_output(path, "wb") as stream:
        stream.write(text.encode("utf-8"))


# -- arrays and columns ------------------------------------------------------------------------


def _packed(array: ArrayLike, kind: str) -> dict[str, str]:
    data = np.ascontiguousarray(array, dtype=f"<{kind}").tobytes()
    return {"type": kind, "data": b64encode(data).decode("ascii")}


def _numbers(name: str, values: ArrayLike) -> dict[str, Any]:
    column = np.asarray(values, dtype=np.float64)
    finite = column[np.isfinite(column)]
    return {"name": name, "values": _packed(column, "f4"), "log": needs_log(finite)}


def _names(
    name: str, values: ArrayLike, names: list[str], colours: list[str] | tuple[str, ...]
) -> dict[str, Any]:
    return {
        "name": name, "values": _packed(values, "i4"), "names": names, "colours": list(colours)
    }  # fmt: skip


def _viridis() -> list[str]:
    try:
        from matplotlib import colormaps
        from matplotlib.colors import to_hex
    except ImportError as error:
        raise MissingExtraError(NEEDED) from error
    return [to_hex(colour) for colour in colormaps["viridis"](np.linspace(0, 1, VIRIDIS_STEPS))]


def _polygons(polygons: list[Floats], owner: NDArray[np.int64], dimension: int) -> Scene:
    if len(polygons) > LARGEST:
        raise InputError(
            f"a page of {len(polygons):,} polygons, more than {LARGEST:,}: draw a picture "
            "(.png, .svg), or the part in a domain"
        )
    sizes = [len(polygon) for polygon in polygons]
    corners = np.concatenate([np.zeros((0, dimension)), *polygons])
    points, place = np.unique(corners.astype(np.float32), axis=0, return_inverse=True)
    return {
        "dimension": dimension,
        "points": _packed(points, "f4"),
        "starts": _packed(np.concatenate([[0], np.cumsum(sizes, dtype=np.int64)]), "u4"),
        "corners": _packed(place.ravel(), "u2" if len(points) < 2**16 else "u4"),
        "owner": _packed(owner, "u4"),
    }


def _hyperplanes(cells: Cells) -> Scene:
    """Signs tell where the pointer is: rows, and the signs of each cell as bits."""
    width = cells.arrangement.dimension + 1
    rows = windows.unit_rows(cells.arrangement.rows)
    bits = np.packbits(cells.signs > 0, axis=1, bitorder="little")
    return {
        "n": len(rows),
        "rows": _packed(rows, "f8"),
        "rowWidth": width,
        "signs": _packed(bits, "u1"),
        "item": "cell",
    }


# -- cells -------------------------------------------------------------------------------------


def _cells(cells: Cells, values: ArrayLike | None, label: str) -> Scene:
    drawn = cells.arrangement
    columns = []
    if values is not None:
        column = np.asarray(values, dtype=np.float64)
        if column.shape != (len(cells),):
            raise InputError(
                f"values must be one number a cell, shape ({len(cells)},), not {column.shape}"
            )
        columns.append(_numbers(label, column))
    unbounded = ~np.asarray(cells.bounded, dtype=bool)
    kinds = ["bounded", "bounded", "unbounded", "unbounded"]
    columns.append(_names("kind", parities(cells) + 2 * unbounded, kinds, PALE))
    if drawn.n_hyperplanes:
        sides = np.bincount(cells.edges[:, :2].ravel(), minlength=len(cells))
        columns.append(_numbers("neighbours", sides))
    if drawn.dimension == 3 and not drawn.is_central:
        return _space(cells)
    shape = _weights(cells, "x") if drawn.dimension in (2, 3) else None
    if shape is None:
        raise InputError(
            f"a page shows dimension 2 or 3, not {drawn.dimension}; draw a picture, or what "
            "is cut on hyperplanes, restriction(i)"
        )
    title = f"{counted(len(cells), 'cell')} of {counted(drawn.n_hyperplanes, 'hyperplane')}"
    return {**shape, "columns": columns, "title": title}


def _weights(cells: Cells, letter: str, show: Floats | None = None) -> Scene:
    """Cells in the plane, or on the sphere."""
    scene = {**_hyperplanes(cells), "coordinates": letter}
    if cells.arrangement.dimension == 3:
        polygons, owner = _on_sphere(cells)
        return {**scene, **_polygons(polygons, owner, 3), "kind": "sphere"}
    rows = windows.unit_rows(cells.arrangement.rows)
    domain = None if cells.domain is None else windows.unit_rows(np.asarray(cells.domain))
    seen = windows.vertices(rows, domain)
    seen = seen if len(seen) else -rows[:, 2:] * rows[:, :2]
    seen = np.vstack([seen, np.zeros((1, 2)) if show is None else show])
    view = windows.window_around(seen)
    low, high = np.array(view.low), np.array(view.high)
    middle, half = (low + high) / 2, (high - low) / 2 * BEYOND
    window = Window.between(middle - half, middle + half)
    found = windows.cell_polygons(rows, cells.signs, cells.edges, window, domain)
    owner = np.flatnonzero([len(polygon) > 0 for polygon in found])
    lines = np.asarray(windows.line_segments(rows, window)).reshape(-1, 4)
    return {
        **scene,
        **_polygons([found[i] for i in owner.tolist()], owner, 2),
        "kind": "plane",
        "equal": bool(view.equal),
        "window": [*window.low, *window.high],
        "shown": [*view.low, *view.high],
        "segments": _packed(lines, "f4"),
        "strokeColours": ["rgba(0,0,0,.7)"],
    }


def _on_sphere(cells: Cells) -> tuple[list[Floats], NDArray[np.int64]]:
    """Spherical polygons, and the cell of each.

    Cells that have no corners, or too few, are cut by the coordinate planes; what a domain
    leaves of a cell is cut by its sides.
    """
    drawn = cells.arrangement
    sides = [] if cells.domain is None else np.asarray(cells.domain)[:, :3].tolist()
    cuts = np.eye(3, dtype=int).tolist() if drawn.rank < 3 else []
    n = drawn.n_hyperplanes
    finer = Arrangement([*drawn.normals.tolist(), *sides, *cuts]) if sides or cuts else drawn
    pieces = enumerate_cells(finer) if sides or cuts else cells
    inside = (pieces.signs[:, n : n + len(sides)] > 0).all(axis=1)
    number = {signs.tobytes(): i for i, signs in enumerate(cells.signs)}
    rays = enumerate_faces(finer, 1)
    incidence = rays.incidence_to(pieces).tocsc()
    normals = windows.unit_rows(rays.arrangement.rows)[:, :3]
    corners = np.array([_direction(normals, signs) for signs in rays.signs]).reshape(-1, 3)
    polygons, owner = [], []
    for i in np.flatnonzero(inside).tolist():
        own = corners[incidence.indices[incidence.indptr[i] : incidence.indptr[i + 1]]]
        polygons.append(_rounded(_in_order(own)))
        owner.append(number[pieces.signs[i, :n].tobytes()])
    return polygons, np.array(owner, dtype=np.int64)


def _direction(normals: Floats, signs: NDArray[np.int8]) -> Floats:
    """The unit vector of a ray with these signs, as near as float64 has it."""
    on = normals[signs == 0]
    others = np.cross(on[0], on)
    ray = others[np.argmax(np.linalg.norm(others, axis=1))]
    heights = normals @ ray * signs
    ray = ray * np.sign(heights[np.argmax(np.abs(heights))])
    return np.asarray(ray / np.linalg.norm(ray))


def _in_order(corners: Floats) -> Floats:
    """The corners of a convex spherical polygon, one after another."""
    middle = corners.mean(axis=0)
    first = np.cross(middle, corners[0])
    second = np.cross(middle / np.linalg.norm(middle), first)
    return corners[np.argsort(np.arctan2(corners @ second, corners @ first))]


def _rounded(corners: Floats) -> Floats:
    """With points on its long edges, so that chords look like arcs."""
    after = np.roll(corners, -1, axis=0)
    steps = np.ceil(np.arccos(np.clip((corners * after).sum(axis=1), -1, 1)) / LONG_EDGE)
    if steps.max() <= 1:
        return corners
    parts = []
    for a, b, k in zip(corners, after, np.maximum(steps, 1).astype(int).tolist(), strict=True):
        share = np.arange(k)[:, None] / k
        chord = (1 - share) * a + share * b
        parts.append(chord / np.linalg.norm(chord, axis=1, keepdims=True))
    return np.concatenate(parts)


def _space(cells: Cells) -> Scene:
    """The two-dimensional faces of an affine arrangement in space, in a box."""
    drawn = cells.arrangement
    faces = enumerate_faces(drawn, 2)
    rows = windows.unit_rows(drawn.rows)
    if drawn.rank == 3:
        corners = [rows[signs == 0] for signs in enumerate_faces(drawn, 0).signs]
    else:  # The feet of the planes.
        corners = list(rows[:, None])
    points = np.array([np.linalg.lstsq(on[:, :3], -on[:, 3])[0] for on in corners])
    middle = np.median(points, axis=0)
    reach = 1.15 * float(np.quantile(np.abs(points - middle), 0.9)) or 1.0
    walls = np.concatenate(
        [np.hstack([s * np.eye(3), np.full((3, 1), reach)]) for s in (1, -1)]
    )
    rows[:, 3] += rows[:, :3] @ middle
    polygons, owner = [], []
    for f, signs in enumerate(faces.signs):
        own = int(np.flatnonzero(signs == 0)[0])
        u, v = np.linalg.svd(rows[own : own + 1, :3])[2][1:]
        foot = -rows[own, 3] * rows[own, :3]
        far = 4.0 * reach
        polygon = [(far, far), (-far, far), (-far, -far), (far, -far)]
        lines = np.concatenate([rows * signs[:, None], walls])[
            np.concatenate([signs != 0, np.ones(len(walls), dtype=bool)])
        ]
        slopes, heights = lines[:, :3] @ np.transpose([u, v]), lines[:, :3] @ foot + lines[:, 3]
        for (a, b), c in zip(slopes.tolist(), heights.tolist(), strict=True):
            polygon = windows.clip(polygon, a, b, c)
        if len(polygon) > 2:
            polygons.append((foot + np.array(polygon) @ [u, v]) / (1.8 * reach))
            owner.append(f)
    plane = np.array([int(np.flatnonzero(signs == 0)[0]) for signs in faces.signs])
    classes = sorted(set(plane.tolist()))
    names = [f"hyperplane {i}" for i in classes]
    colours = list(_viridis()[:: max(1, VIRIDIS_STEPS // max(1, len(classes)))])
    texts = ["".join("-0+"[s + 1] for s in signs) for signs in faces.signs.tolist()]
    title = f"{counted(len(cells), 'cell')} of {counted(drawn.n_hyperplanes, 'hyperplane')}"
    return {
        **_polygons(polygons, np.array(owner, dtype=np.int64), 3),
        "kind": "space",
        "columns": [_names("lies on", np.searchsorted(classes, plane), names, colours)],
        "texts": [{"name": "signs", "values": texts}],
        "item": "face",
        "title": title,
    }


# -- landscapes and losses ---------------------------------------------------------------------


def _mark(kind: str, place: Any, loss: float, best: bool) -> Scene:
    shape, colour, name = KINDS[kind]
    return {
        "shape": shape, "colour": colour, "place": [float(v) for v in place],
        "best": bool(best), "label": f"{float(loss):.6g}  {name}",
    }  # fmt: skip


def _landscape(landscape: Landscape) -> Scene:
    cells, pieces, best = landscape.cells, list(landscape.pieces), landscape.global_minimum
    d = cells.arrangement.dimension
    if d not in (2, 3) or any(len(piece.weights) > 1 for piece in pieces):
        return _slice(landscape.problem, landscape)
    weights = np.array([piece.weights[0] for piece in pieces], dtype=np.float64).reshape(-1, d)
    length = np.linalg.norm(weights, axis=1, keepdims=True)
    weights = weights / np.where(length > 0, length, 1.0)
    yes = ["no", "yes"]
    columns = [
        _numbers("least loss", landscape.min_loss),
        _numbers("rank", landscape.rank),
        _names("attained", landscape.attained, yes, ["#cfcfd6", "#d81b60"]),
    ]
    title = landscape_title(landscape)
    marks = [
        _mark(piece.kind, place, piece.loss, piece is best)
        for piece, place in zip(pieces, weights, strict=True)
    ]
    show = weights if d == 2 else None
    return {**_weights(cells, "w", show), "columns": columns, "marks": marks, "title": title}


def _raster(table: Floats, window: list[float]) -> Scene:
    finite = table[np.isfinite(table)]
    log = needs_log(finite)
    high = float(finite.max(initial=0.0))
    low = max(float(finite.min(initial=0.0)), high * 1e-6) if log else float(finite.min())
    return {
        "values": _packed(table, "f4"), "shape": list(table.shape), "window": window,
        "log": log, "low": low, "high": high,
    }  # fmt: skip


def _slice(problem: Problem, minima: Landscape | None) -> Scene:
    """The loss on a plane of parameters, with the lines on which neurons switch."""
    plane = plane_of(problem, minima, None, None, None)
    frame = windows.window_around(plane.anchors, margin=0.45)
    low, high = np.array(frame.low), np.array(frame.high)
    a, b = np.linspace(low[0], high[0], GRID), np.linspace(low[1], high[1], GRID)
    table = np.array([
        losses_on(problem, plane.origin + a[:, None] * plane.axes[0] + y * plane.axes[1])
        for y in b
    ])  # fmt: skip
    lines = [windows.line_segments(rows, frame) for rows in switches(problem, plane)]
    marked = minima_in_plane(problem, minima, plane)
    least = min(marked.losses, default=0.0)
    marks = [
        _mark(kind, place, loss, loss == least)
        for kind, place, loss in zip(marked.kinds, marked.places, marked.losses, strict=True)
    ]
    window = [*frame.low, *frame.high]
    samples = counted(problem.n_samples, "sample")
    return {
        "kind": "plane",
        "equal": True,
        "dimension": 2,
        "window": window,
        "raster": _raster(table, window),
        "segments": _packed(np.concatenate(lines).reshape(-1, 4), "f4"),
        "strokes": _packed([min(j, 4) for j, own in enumerate(lines) for _ in own], "u1"),
        "strokeColours": list(NEURONS),
        "marks": sorted(marks, key=lambda one: float(one["label"].split()[0])),
        "title": f"{plane.what}: {samples}, {counted(problem.hidden, 'neuron')}",
    }


def _surface(surface: LossSurface) -> Scene:
    if len(surface.axes) != 2:
        raise InputError("a page shows the loss on a plane, not on a line: draw a picture")
    a, b = surface.axes
    window = [float(a[0]), float(b[0]), float(a[-1]), float(b[-1])]
    scene = {
        "kind": "plane",
        "equal": False,
        "dimension": 2,
        "window": window,
        "raster": _raster(np.asarray(surface.losses), window),
        "title": f"{surface.loss.loss.name} loss, {counted(len(surface.loss.X), 'sample')}",
    }
    if len(surface.moving_layers) == 1:
        kinks = surface.kinks()
        scene |= {
            "segments": _packed(kinks.reshape(-1, 4), "f4"),
            "strokeColours": ["rgba(0,0,0,.7)"],
        }
    return scene


# -- networks ----------------------------------------------------------------------------------


def _regions(regions: Any, decided: bool) -> Scene:
    from matplotlib.colors import to_hex

    if regions.dimension != 2:
        raise InputError(
            f"a network with {regions.dimension} inputs has no page: what can be shown is two "
            "inputs; show what it does on a plane, network.slice_through(points)"
        )
    polygons, owner = region_polygons(regions), np.asarray(regions.owner)
    points = regions.complex.points
    window = [*points.min(axis=0).tolist(), *points.max(axis=0).tolist()]
    scene: Scene = {
        **_polygons(polygons, owner, 2),
        "kind": "plane",
        "equal": True,
        "window": window,
        "item": "region",
        "segments": _packed(np.asarray(regions.contacts.segments).reshape(-1, 4), "f4"),
        "strokeColours": ["rgba(0,0,0,.6)"],
    }
    look = LOOKS["class" if decided else "map"](regions, None)
    palette = [to_hex(colour) for colour in look.palette]
    columns = []
    if decided:
        columns.append(_names("class", regions.class_numbers, list(look.names or []), palette))
    else:
        shades = [f"shade {k}" for k in range(len(palette))]
        columns += [
            _names("affine map", look.fills, shades, palette),
            _numbers("rank of the last layer", regions.ranks[:, -1]),
        ]
        if regions.slope.size <= MOST_NUMBERS:
            scene["maps"] = {
                "inputs": 2,
                "outputs": regions.slope.shape[1],
                "slope": _packed(regions.slope, "f4"),
                "intercept": _packed(regions.intercept, "f4"),
            }
    columns.append(_numbers("area", regions.volumes))
    return {**scene, "columns": columns, "title": look.title}
