"""Results in notebooks: a small picture and a table, of what is known without any search.

Pictures are SVG in the colour of the text around them, or PNG, written here: they need no
matplotlib. What has many parts has a picture of some of them, or none.
"""

from __future__ import annotations

import math
import struct
import zlib
from base64 import b64encode
from collections.abc import Callable, Iterable, Sequence
from dataclasses import fields, is_dataclass
from fractions import Fraction
from html import escape
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from arrangement.exact.numbers import exact_text, linear_form
from arrangement.exact.packing import unpack_signs
from arrangement.in_notebooks import InNotebooks
from arrangement.plot import windows
from arrangement.plot.canvas import needs_log
from arrangement.plot.marks import KINDS
from arrangement.plot.network_regions import region_polygons
from arrangement.printable import printable
from arrangement.results.cells import Cells
from arrangement.results.sign_vectors import sign_strings

__all__ = ["html"]

Floats: TypeAlias = NDArray[np.float64]
Rows: TypeAlias = list[Sequence[Any]]

SIDE = 200
"""Width and height of a picture, in pixels."""

ROWS, LONG, LONG_TITLE = 8, 60, 100
"""A table has so many parts at most, an entry and a title so many characters."""

MOST_LINES, MOST_CLIPS, MOST_POINTS, MOST_REGIONS = 150, 15_000, 400, 600
"""Beyond these a picture would take too long, or too much of a notebook."""

COLOURS = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00")
VIRIDIS = np.array(
    [[68, 1, 84], [59, 82, 139], [33, 145, 140], [94, 201, 98], [253, 231, 37]], dtype=float
)


def html(thing: object) -> str:
    """A picture and a table of a result, as HTML; never an error.

    Examples
    --------
    >>> from arrangement import Arrangement
    >>> text = html(Arrangement([[1, 0], [0, 1]]))
    >>> text.count("<line"), text.count("<tr"), "hyperplanes in dimension 2" in text
    (2, 3, True)
    """
    picture = _safe(_picture, thing)
    table = _safe(_table, thing)
    told = _safe(_least if type(thing).__name__ == "Landscape" else repr, thing)
    if not 0 < len(told) <= LONG_TITLE:  # of a dataclass, whose fields the table has
        told = type(thing).__name__
    if not picture and not table:
        return f"<pre>{_text(told)}</pre>"
    return (
        f'<div>{_text(told)}<div style="display:flex;gap:1.5em;align-items:flex-start;'
        f'margin-top:.4em">{picture}<div style="overflow-x:auto;white-space:nowrap">{table}'
        "</div></div></div>"
    )


def _least(landscape: Any) -> str:
    """Its text would count its faces."""
    best = landscape.global_minimum
    return (
        f"Landscape: {len(landscape.pieces):,} pieces, least loss {best.loss:.6g} ({best.kind})"
    )


def _safe(make: Callable[[Any], str], thing: object) -> str:
    """What is made of it; nothing if that fails, for a notebook shows its text then."""
    try:
        with np.errstate(over="raise", invalid="raise", divide="raise"):
            return make(thing)
    except Exception:
        return ""


def _picture(thing: Any) -> str:
    known = (PICTURES[c.__name__] for c in type(thing).__mro__ if c.__name__ in PICTURES)
    return next(known, lambda _: "")(thing)


def _text(text: str) -> str:
    return escape(printable(text if len(text) <= 300 else f"{text[:300]}…"))


# -- tables ------------------------------------------------------------------------------------


def _table(thing: Any) -> str:
    known = (TABLES[c.__name__] for c in type(thing).__mro__ if c.__name__ in TABLES)
    heads, rows, total = next(known, _fields)(thing)
    if not rows:
        return ""
    head = "".join(f"<th>{_text(one)}</th>" for one in heads)
    body = "".join(
        f"<tr>{''.join(f'<td>{_text(_short(value))}</td>' for value in row)}</tr>"
        for row in rows
    )
    more = f"<div>… {total - len(rows):,} more</div>" if total > len(rows) else ""
    head = f"<thead><tr>{head}</tr></thead>" if head else ""
    style = "border-collapse:separate;border-spacing:.8em 0;width:auto"
    return f'<table style="{style}">{head}<tbody>{body}</tbody></table>{more}'


def _short(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, InNotebooks):
        return type(value).__name__
    if isinstance(value, bool | np.bool_):
        return "yes" if value else "no"
    if isinstance(value, int | np.integer):
        return f"{value:,}" if abs(value) < 10**LONG else f"≈ {_rounded(value)}"
    if isinstance(value, float | np.floating):
        return f"{value:.6g}"
    if isinstance(value, Fraction):
        exact = exact_text(value)
        return exact if len(exact) < 30 else f"≈ {_rounded(value)}"
    if isinstance(value, np.ndarray) and value.size > ROWS:
        return f"{value.dtype}, shape {value.shape}"
    if isinstance(value, np.ndarray | list | tuple) and len(value) <= ROWS:
        return f"({', '.join(_short(one) for one in value)})"
    text = repr(value)
    return text if len(text) <= LONG else f"{text[:LONG]}…"


def _fields(thing: Any) -> tuple[Sequence[str], Rows, int]:
    """A row a field; a column a field where these are columns of one length."""
    if not is_dataclass(thing):
        return (), [], 0
    values = {field.name: getattr(thing, field.name) for field in fields(thing)}
    lengths = {len(v) if isinstance(v, np.ndarray) and v.ndim else -1 for v in values.values()}
    if len(lengths) == 1 and lengths != {-1}:
        rows = zip(*(v[:ROWS] for v in values.values()), strict=True)
        return list(values), list(rows), max(lengths)
    shown: Rows = [(name.replace("_", " "), v) for name, v in values.items() if v is not None]
    return (), shown, 0


def _rounded(number: Any) -> str:
    try:
        return f"{float(number):.6g}"
    except OverflowError:
        return "huge"


def _of_hyperplanes(drawn: Any) -> tuple[Sequence[str], Rows, int]:
    rows, d = [], drawn.dimension
    for i, row in enumerate(drawn.given[:ROWS]):
        exact = f"{linear_form(row, [f'x{k}' for k in range(d)])} = 0" if d <= ROWS else ""
        if not 0 < len(exact) <= LONG:
            entries = [_rounded(v) for v in row[: min(ROWS, d)]] + ["…"] * (d > ROWS)
            exact = f"≈ ({', '.join(entries)})·x + {_rounded(row[-1])} = 0"
        rows.append((drawn.labels[i] or i, exact))
    return ("", "hyperplane"), list(rows), len(drawn)


def _of_cells(cells: Any) -> tuple[Sequence[str], Rows, int]:
    signs = unpack_signs(cells.packed[:ROWS], cells.arrangement.n_hyperplanes)
    words = sign_strings(signs[:, :LONG])
    columns: dict[str, Iterable[Any]] = {"": range(len(words)), "signs": words}
    found = vars(cells)  # what has been computed, and no more
    columns |= {name: found[name][:ROWS] for name in ("bounded", "points") if name in found}
    return list(columns), list(zip(*columns.values(), strict=True)), len(cells)


def _of_faces(faces: Any) -> tuple[Sequence[str], Rows, int]:
    first = np.arange(min(ROWS, len(faces)))
    words = ("".join("-0+"[s + 1] for s in row) for row in faces.signs_of(first)[:, :LONG])
    return ("", "signs"), list(enumerate(words)), len(faces)


def _of_flats(flats: Any) -> tuple[Sequence[str], Rows, int]:
    inside = unpack_signs(flats.packed[:ROWS], flats.arrangement.n_hyperplanes) > 0
    on = [", ".join(map(str, np.flatnonzero(row)[:20])) for row in inside]
    return ("", "hyperplanes"), list(enumerate(on)), len(flats)


def _of_pieces(found: Any) -> tuple[Sequence[str], Rows, int]:
    pieces = getattr(found, "pieces", found)
    names = ("loss", "kind", "dimension", "margin", "decided")
    columns = [getattr(pieces, name)[:ROWS] for name in names]
    return names, list(zip(*columns, strict=True)), len(pieces)


def _of_regions(regions: Any) -> tuple[Sequence[str], Rows, int]:
    if not _few_regions(regions):
        return _of_network(regions.layers.network)
    columns: dict[str, Any] = {"": range(min(ROWS, len(regions)))}
    if hasattr(regions, "class_numbers"):
        columns["class"] = regions.class_labels[regions.class_numbers[:ROWS]]
    columns |= {"inside": regions.points[:ROWS], "area": regions.volumes[:ROWS]}
    return list(columns), list(zip(*columns.values(), strict=True)), len(regions)


def _of_network(network: Any) -> tuple[Sequence[str], Rows, int]:
    last = network.depth - 1
    rows = [
        (l, n, m, "affine" if l == last else network.activation)
        for l, (n, m) in enumerate(zip(network.sizes, network.sizes[1:], strict=False))
    ]
    return ("layer", "inputs", "outputs", "activation"), list(rows[:ROWS]), len(rows)


def _data(thing: Any) -> tuple[Floats, NDArray[Any]]:
    """Samples and labels, of a data set or a layer on one."""
    if hasattr(thing, "X"):
        return thing.X, thing.y
    X = thing.arrangement.normals.astype(np.float64)
    return (X if thing.bias is None else X[:, :-1]), thing.targets


def _of_ranges(found: Any) -> tuple[Sequence[str], Rows, int]:
    ends = zip(found.minima[:ROWS], found.maxima[:ROWS], strict=True)
    rows = [(k, a.value, b.value) for k, (a, b) in enumerate(ends)]
    return ("output", "least", "largest"), list(rows), len(found.minima)


def _of_samples(data: Any) -> tuple[Sequence[str], Rows, int]:
    X, _ = _data(data)
    columns = (range(X.shape[1]), X.min(axis=0), X.mean(axis=0), X.max(axis=0))
    rows = [[column[j] for column in columns] for j in range(min(ROWS, X.shape[1]))]
    return ("feature", "least", "mean", "largest"), list(rows), X.shape[1]


# -- pictures ----------------------------------------------------------------------------------


def _svg(parts: Iterable[str]) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{SIDE}" height="{SIDE}" '
        f'viewBox="0 0 {SIDE} {SIDE}" role="img" style="flex:none">{"".join(parts)}</svg>'
    )


def _png(pixels: NDArray[np.uint8]) -> str:
    """An image, shape (rows, columns, 3), as large as a picture."""
    rows, columns = pixels.shape[:2]
    raw = np.insert(pixels.reshape(rows, -1), 0, 0, axis=1).tobytes()

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(
            ">I", zlib.crc32(kind + data)
        )  # fmt: skip

    header = struct.pack(">IIBBBBB", columns, rows, 8, 2, 0, 0, 0)
    data = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header)
    data += chunk(b"IDAT", zlib.compress(raw)) + chunk(b"IEND", b"")
    width, height = (SIDE * k // max(rows, columns) for k in (columns, rows))
    return (
        f'<img alt="" src="data:image/png;base64,{b64encode(data).decode()}" '
        f'style="flex:none;width:{max(width, 60)}px;height:{max(height, 60)}px;'
        'image-rendering:pixelated;margin:0">'
    )


def _pixels(x: float, y: float, window: windows.Window) -> tuple[float, float]:
    (a, b), (c, d) = window.low, window.high
    return round(SIDE * (x - a) / (c - a), 1), round(SIDE * (d - y) / (d - b), 1)


def _polygon(corners: Any, window: windows.Window, colour: str) -> str:
    points = " ".join("{},{}".format(*_pixels(x, y, window)) for x, y in corners)
    return (
        f'<polygon points="{points}" fill="{colour}" fill-opacity=".45" '
        'stroke="currentColor" stroke-width=".6"/>'
    )


def _dot(x: float, y: float, window: windows.Window, colour: str) -> str:
    u, v = _pixels(x, y, window)
    return f'<circle cx="{u}" cy="{v}" r="3.2" fill="{colour}" fill-opacity=".85"/>'


def _dots(points: ArrayLike, colours: Sequence[str], frame: bool = False) -> str:
    places = np.asarray(points, dtype=float)[:MOST_POINTS]
    low, high = places.min(axis=0), places.max(axis=0)
    room = np.where(high > low, (high - low) * 0.07, 1.0)
    window = windows.Window.between(low - room, high + room)
    axes = (
        f'<path d="M1 0V{SIDE - 1}H{SIDE}" fill="none" stroke="currentColor" '
        'stroke-opacity=".5"/>'
    )
    paired = zip(places.tolist(), colours, strict=False)
    dots = (_dot(x, y, window, colour) for (x, y), colour in paired)
    return _svg([axes * frame, *dots])


def _arrangement(drawn: Any, cells: Any = None) -> str:
    """Lines and cells in the plane, circles on the sphere, points of a line."""
    n, d = drawn.n_hyperplanes, drawn.dimension
    if not 0 < n <= MOST_LINES or not (d <= 2 or (d == 3 and drawn.is_central)):
        return ""
    rows = windows.unit_rows(drawn.rows)
    if d == 3:
        return _sphere(rows[:, :3])
    if d == 1:
        at = -rows[:, 1] * rows[:, 0]
        window = windows.window_around(np.column_stack([at, np.zeros(n)]))
        line = f'<path d="M0 {SIDE / 2}H{SIDE}" stroke="currentColor"/>'
        return _svg([line, *(_dot(x, (window.low[1] + window.high[1]) / 2, window, COLOURS[0])
                             for x in at)])  # fmt: skip
    walls = np.zeros((0, 3))
    if cells is not None and cells.domain is not None:
        walls = windows.unit_rows(np.asarray(cells.domain))
    seen = windows.vertices(rows, walls)
    window = windows.window_around(seen if len(seen) else -rows[:, 2:] * rows[:, :2])
    parts = []
    if cells is not None and len(cells) * (n + len(walls)) <= MOST_CLIPS:
        for signs in cells.signs:
            polygon = [(float(x), float(y)) for x, y in window.corners]
            for a, b, c in np.vstack([signs[:, None] * rows, walls]).tolist():
                polygon = windows.clip(polygon, a, b, c)
            if len(polygon) > 2:
                parts.append(_polygon(polygon, window, COLOURS[int((signs > 0).sum()) % 2]))
    for start, end in windows.line_segments(rows, window):
        (x, y), (u, v) = (_pixels(a, b, window) for a, b in (start, end))
        parts.append(f'<line x1="{x}" y1="{y}" x2="{u}" y2="{v}" stroke="currentColor"/>')
    return _svg(parts)


def _sphere(normals: Floats) -> str:
    """The near halves of great circles, which are halves of ellipses."""
    view = np.array([[-0.6, 0.8, 0.0], [-0.32, -0.24, 0.9165], [0.7332, 0.5499, 0.4]])
    middle, radius = SIDE / 2, SIDE / 2 - 2
    parts = [
        f'<circle cx="{middle}" cy="{middle}" r="{radius}" fill="{COLOURS[0]}" '
        'fill-opacity=".15" stroke="currentColor"/>'
    ]
    for normal in normals @ view.T:
        length = math.hypot(normal[0], normal[1])
        if length < 1e-9:
            continue
        end = np.array([-normal[1], normal[0], 0.0]) / length
        near = np.cross(normal, end)
        near = near if near[2] >= 0 else -near
        x, y = radius * end[0], -radius * end[1]
        sweep = int(end[0] * -near[1] + end[1] * near[0] > 0)
        turn = math.degrees(math.atan2(y, x))
        parts.append(
            f'<path d="M{middle + x:.1f} {middle + y:.1f}A{radius} '
            f"{radius * abs(normal[2]):.1f} {turn:.1f} 0 {sweep} {middle - x:.1f} "
            f'{middle - y:.1f}" fill="none" stroke="currentColor"/>'
        )
    return _svg(parts)


def _signs(signs: NDArray[np.int8]) -> str:
    """A row a cell or face, a column a hyperplane."""
    colours = np.array([[0, 114, 178], [255, 255, 255], [230, 159, 0]], dtype=np.uint8)
    return _png(colours[signs[:SIDE, :SIDE] + 1]) if signs.size else ""


def _cells(cells: Cells) -> str:
    drawn = cells.arrangement
    return _arrangement(drawn, cells) or _signs(
        unpack_signs(cells.packed[:SIDE], drawn.n_hyperplanes)
    )


def _faces(faces: Any) -> str:
    first = np.arange(min(SIDE, len(faces)))
    return _arrangement(faces.arrangement) or _signs(faces.signs_of(first))


def _flats(flats: Any) -> str:
    n = flats.arrangement.n_hyperplanes
    return _arrangement(flats.arrangement) or _signs(unpack_signs(flats.packed[:SIDE], n))


def _losses(found: Any) -> str:
    """Losses of pieces in their order, by kind."""
    pieces = getattr(found, "pieces", found)
    loss, kind = np.asarray(pieces.loss[:MOST_POINTS]), pieces.kind[:MOST_POINTS]
    if needs_log(loss):
        loss = np.log10(np.maximum(loss, loss.max() * 1e-9))
    colours = [KINDS[one][1] if one in KINDS else COLOURS[0] for one in kind.tolist()]
    return (
        _dots(np.column_stack([np.arange(len(loss)), loss]), colours, True) if colours else ""
    )


def _indices(points: Any) -> str:
    """Losses by the index."""
    colours = [COLOURS[k % len(COLOURS)] for k in points.index.tolist()]
    return _dots(np.column_stack([points.index, points.loss]), colours, True) if colours else ""


def _few_regions(regions: Any) -> bool:
    """Are there polygons, and few? Others are shown by their network."""
    return regions.dimension == 2 and 0 < len(getattr(regions, "owner", ())) <= MOST_REGIONS


def _regions(regions: Any) -> str:
    if not _few_regions(regions):
        return _network(regions.layers.network)
    corners = regions.complex.points
    window = windows.Window.between(corners.min(axis=0), corners.max(axis=0))
    numbers = getattr(regions, "class_numbers", np.arange(len(regions)))
    return _svg(
        _polygon(polygon.tolist(), window, COLOURS[int(k) % len(COLOURS)])
        for polygon, k in zip(region_polygons(regions), numbers[regions.owner], strict=True)
    )


def _layers(weights: Sequence[Floats]) -> str:
    """Neurons in columns; weights as lines, orange where they are negative."""
    shown = [np.asarray(w)[:10, :10] for w in weights[:5]]
    sizes = [shown[0].shape[1], *(len(w) for w in shown)]
    places = [
        [(SIDE * (l + 0.5) / len(sizes), SIDE * (k + 0.5) / size) for k in range(size)]
        for l, size in enumerate(sizes)
    ]
    parts = []
    for l, w in enumerate(shown):
        largest = float(np.abs(w).max(initial=0.0)) or 1.0
        for (j, i), value in np.ndenumerate(w):
            (x, y), (u, v) = places[l][i], places[l + 1][j]
            parts.append(
                f'<line x1="{x:.0f}" y1="{y:.0f}" x2="{u:.0f}" y2="{v:.0f}" '
                f'stroke="{COLOURS[int(value < 0)]}" '
                f'stroke-width="{0.2 + 2 * abs(value) / largest:.1f}" stroke-opacity=".7"/>'
            )
    parts += [
        f'<circle cx="{x:.0f}" cy="{y:.0f}" r="4" fill="currentColor"/>'
        for column in places
        for x, y in column
    ]
    return _svg(parts)


def _network(network: Any) -> str:
    return _layers(network.weights) if network.pieces == 1 else ""


def _one_layer(found: Any) -> str:
    K = len(found.weights)
    return _layers([found.weights, found.output_weights.reshape(K, -1).T]) if K else ""


def _samples(data: Any) -> str:
    """The first two features, coloured by label; of one feature, the label above it."""
    X, y = (table[:MOST_POINTS] for table in _data(data))
    first = y.reshape(len(X), -1)[:, 0]
    if X.shape[1] == 1:
        return _dots(np.column_stack([X[:, 0], first]), [COLOURS[0]] * len(X), True)
    _, number = np.unique(first, return_inverse=True)
    if number.max() >= len(COLOURS):
        shades = _shades(number / number.max())
        return _dots(X[:, :2], [f"rgb({r},{g},{b})" for r, g, b in shades.tolist()])
    return _dots(X[:, :2], [COLOURS[k] for k in number.tolist()])


def _shades(values: Floats) -> NDArray[np.uint8]:
    """Values from 0 to 1 as colours."""
    place = np.linspace(0, 1, len(VIRIDIS))
    shades = [np.interp(values, place, VIRIDIS[:, k]) for k in range(3)]
    return np.stack(shades, axis=-1).astype(np.uint8)


def _table_of_numbers(values: ArrayLike) -> str:
    """The first row at the bottom; of what is longer than a picture every k-th number."""
    numbers = np.asarray(values, dtype=float)
    if numbers.ndim > 2:
        return ""
    numbers = numbers[tuple(slice(None, None, max(1, k // SIDE)) for k in numbers.shape)]
    if numbers.ndim == 1:
        places = np.column_stack([np.arange(len(numbers)), numbers])
        return _dots(places, [COLOURS[0]] * len(numbers), True)
    if needs_log(numbers.ravel()):
        numbers = np.log10(np.maximum(numbers, numbers.max() * 1e-6))
    span = float(np.ptp(numbers)) or 1.0
    return _png(_shades((numbers - numbers.min()) / span)[::-1])


def _planted(made: Any) -> str:
    """The first row at the top, as :func:`arrangement.plot.pattern` draws it."""
    return _table_of_numbers(made.values if made.values.ndim == 1 else made.values[::-1])


PICTURES: dict[str, Callable[[Any], str]] = {
    "Arrangement": _arrangement,
    "Cells": _cells,
    "CriticalPoints": _indices,
    "DataSet": _samples,
    "Division": _regions,
    "Faces": _faces,
    "FeedForward": _network,
    "Flats": _flats,
    "Landscape": _losses,
    "LossSurface": lambda surface: _table_of_numbers(surface.losses),
    "PatternNetwork": _planted,
    "Pieces": _losses,
    "Predictor": _one_layer,
    "Problem": _samples,
}
"""By the name of a class, so that none of them need be imported."""

TABLES: dict[str, Callable[[Any], tuple[Sequence[str], Rows, int]]] = {
    "Arrangement": _of_hyperplanes,
    "Cells": _of_cells,
    "DataSet": _of_samples,
    "Division": _of_regions,
    "Faces": _of_faces,
    "FeedForward": _of_network,
    "Flats": _of_flats,
    "Landscape": _of_pieces,
    "OutputRange": _of_ranges,
    "Pieces": _of_pieces,
    "Problem": _of_samples,
}
