"""Planes and cells in a box: all of them, and what is in front in front."""

import numpy as np
import pytest

pytest.importorskip("matplotlib")

from matplotlib.path import Path

from arrangement import Arrangement, InputError, SizeError, families, plot
from arrangement.plot import boxes
from arrangement.plot.boxes import Box

SPACE = {
    "generic": families.generic(7, 3),
    "shi": families.shi(4).essentialization()[:9],
    "parallel": Arrangement([[1, 2, 3]] * 3, [0, 1, 5]),
    "copies": Arrangement(
        [[1, 0, 0], [-2, 0, 0], [0, 1, 1], [0, 0, 1]] * 2, [1, -2, 0, 3, 0, 0, 1, 1]
    ),
    "far": Arrangement([[1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 1, 1]], [0, 0, 0, -(10**20)]),
    "immense": Arrangement([[1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 1, 1]], [0, 0, 0, -(10**200)]),
    "tiny": Arrangement([[1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 1, 1]], [0, 0, 0, -1e-200]),
    "flat": Arrangement([[1, 0, 0], [1, 0, 0], [0, 10**6, 0], [0, 0, 1]], [0, 1, 1, 5]),
}


def area(corners):
    edges = corners[1:] - corners[0]
    return float(np.linalg.norm(np.cross(edges[:-1], edges[1:]).sum(axis=0))) / 2


@pytest.mark.parametrize("name", SPACE)
def test_pieces_make_up_the_planes(name):
    cells = SPACE[name].cells()
    box = Box(cells)
    for h in cells.arrangement.different.tolist():
        pieces = [
            boxes._face(box.rows[h], box._half_spaces(a))
            for a, _, g in cells.edges.tolist()
            if g == h
        ]
        whole = boxes._face(box.rows[h], boxes.CUBE)
        assert sum(area(p) for p in pieces if len(p)) == pytest.approx(
            area(whole) if len(whole) else 0
        )


@pytest.mark.parametrize("name", ["generic", "shi", "parallel", "copies"])
def test_what_is_nearer_the_eye_is_drawn_later(name):
    drawn = SPACE[name]
    cells = drawn.cells()
    box = Box(cells)
    (axes,) = plot.arrangement(cells).axes
    faces = next(c for c in axes.collections if len(c.get_facecolor()))
    polygons = [Path(path.vertices) for path in faces.get_paths()]
    colours = faces.get_facecolor()[:, :3]
    different = drawn.different
    normals, constants = box.rows[different, :3], box.rows[different, 3]
    light = 0.82 + 0.18 * np.abs(normals @ [0.2, -0.3, 0.93])
    from matplotlib.colors import to_rgb

    shades = light[:, None] * np.array([to_rgb(c) for c in boxes.PLANES])[: len(different)]
    looked_at = 0
    for point in np.random.default_rng(0).uniform(-1, 1, size=(300, 2)):
        start, eye = box.frame @ point / box.sides, box.eye / box.sides
        t = -(normals @ start + constants) / (normals @ eye)
        inside = np.abs(start + t[:, None] * eye).max(axis=1) <= 1
        order = np.flatnonzero(inside)[np.argsort(t[inside])]
        found = [colours[k] for k, path in enumerate(polygons) if path.contains_point(point)]
        assert len(found) == len(order)
        np.testing.assert_allclose(np.reshape(found, (-1, 3)), shades[order])
        looked_at += len(order) > 1
    assert looked_at > 10


def test_cells_with_values_are_drawn_by_them():
    cells = SPACE["generic"].cells()
    values = np.arange(len(cells))
    axes, bar = plot.arrangement(cells, values=values, label="number").axes
    assert bar.get_ylabel() == "number"
    faces = next(c for c in axes.collections if len(c.get_facecolor()))
    assert len(faces.get_paths()) > len(cells)
    box = Box(cells)
    between = box._between(values)
    assert between.min() == 0
    assert sorted(between)[-1] == 7


def test_a_domain_cuts_the_planes():
    cells = families.generic(5, 3).cells(domain=[(-1, 1)] * 3)
    box = Box(cells, [(-3, 3)] * 3)
    for a, _, h in cells.edges.tolist():
        assert (
            np.abs(3 * boxes._face(box.rows[h], box._half_spaces(a))).max(initial=0) < 1 + 1e-9
        )
    plot.arrangement(cells, window=[(-3, 3)] * 3)


def test_windows_and_sizes(monkeypatch):
    cells = SPACE["generic"].cells()
    (axes,) = plot.arrangement(cells, window=[(0, 1), (-2, 2), (0, 1000)]).axes
    assert "$x_3$: 0 to 1e+03" in {text.get_text() for text in axes.texts}
    with pytest.raises(InputError, match=r"window must be 3 pairs \(low, high\)"):
        plot.arrangement(cells, window=[(0, 1)] * 2)
    title = plot.arrangement(cells).axes[0].get_title()
    assert title == "64 cells of 7 planes\n31 of 35 vertices in the box"
    monkeypatch.setattr(boxes, "LARGEST", 100)
    with pytest.raises(SizeError, match="154 pieces of planes, and a picture may have 100"):
        plot.arrangement(cells)
