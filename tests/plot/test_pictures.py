import io
import subprocess
import sys

import numpy as np
import pytest

pytest.importorskip("matplotlib")

from matplotlib.collections import LineCollection, PolyCollection
from matplotlib.figure import Figure

from arrangement import Arrangement, InputError, MissingExtraError, families, plot
from arrangement.plot import charts, sphere, windows
from arrangement.plot.canvas import colour_scale, needs_log
from arrangement.plot.charts import Discs, Plane, TangentPlanes, parities
from arrangement.relu import OneHiddenLayer
from tests.amounts import first


@pytest.fixture(autouse=True)
def coarse_discs(monkeypatch):
    monkeypatch.setattr(charts, "PIXELS", 120)


def random_cells(n, d, seed=0, central=False):
    rng = np.random.default_rng(seed)
    normals = rng.normal(size=(n, d))
    return Arrangement(normals, None if central else rng.normal(size=n)).cells()


def area(polygon):
    x, y = polygon.T
    return 0.5 * float(np.sum(x * np.roll(y, -1) - y * np.roll(x, -1)))


PLANE = {
    "none": Arrangement(np.zeros((0, 2))),
    "one": Arrangement([[3, 4]], [10]),
    "generic": Arrangement([[1, 0], [0, 1], [1, 1]], [0, 0, -1]),
    "parallel": Arrangement([[1, 2]] * 4 + [[2, 4]], [0, 1, 2, 5, 7]),
    "parallel and one across": Arrangement([[1, 0]] * 3 + [[0, 1]], [0, 1, 2, 0]),
    "copies": Arrangement([[1, 2], [-2, -4], [1, -1]], [1, -2, 0]),
    "concurrent": Arrangement([[1, 0], [0, 1], [1, 1], [1, -1], [1, 2]], [0, 0, 0, 0, -1]),
    "central": Arrangement([[1, 0], [1, 3], [2, -1], [0, 1]]),
    "huge numbers": Arrangement([[10**400, 1], [1, 10**30]], [10**399, 5]),
    "stretched": Arrangement([[1, 2000], [2, -1000], [1, 500]], [0, 1, -1]),
}
LINE = {
    "none": Arrangement(np.zeros((0, 1))),
    "points": Arrangement([[1], [2], [-1], [3]], [0, 1, 1, -5]),
    "copies": Arrangement([[1], [-2]], [1, -2]),
}
SPHERE = {
    "none": Arrangement(np.zeros((0, 3))),
    "one": Arrangement([[1, 2, 3]]),
    "horizon": Arrangement([[0, 0, 1], [0, 0, -2], [1, 0, 0]]),
    "braid": families.braid(3),
    "coordinates": Arrangement(np.eye(3, dtype=int)),
    "not through the origin": Arrangement([[1, 0, 0], [0, 1, 0], [0, 1, 1]], [1, 2, 3]),
    "mixed": Arrangement([[1, 2, 3], [2, -1, 1], [-1, 3, 2], [1, 1, -2], [3, -1, 0]]),
}


# Windows


def test_window_shows_every_vertex_when_none_is_far():
    points = np.random.default_rng(0).uniform(-3, 5, size=(200, 2))
    assert windows.window_around(points).contains(points).all()


def test_window_is_not_ruled_by_outliers():
    points = np.random.default_rng(0).uniform(size=(200, 2))
    points[:3] = [[1e6, 0], [0, -1e7], [1e9, 1e9]]
    window = windows.window_around(points)
    assert max(np.subtract(window.high, window.low)) < 3
    kept = windows.window_around(points, keep=[[1e6, 0]])
    assert kept.contains([[1e6, 0]]).all()


def test_window_of_a_point_or_a_line_has_a_width():
    for points in ([[7.0, -2.0]], [[1e15, 0.0]], [[0, 0], [4, 0]], [[3, 3], [3, 3]]):
        window = windows.window_around(points)
        assert np.all(np.subtract(window.high, window.low) > 0)
        assert window.contains(points).all()


def test_window_gives_up_one_scale_for_very_different_ranges():
    assert windows.window_around([[0, 0], [1, 2]]).equal
    assert not windows.window_around([[0, 0], [1, 2000]]).equal


def test_vertices_are_distinct_and_on_two_lines():
    lines = windows.unit_rows(PLANE["concurrent"].rows)
    points = windows.vertices(lines)
    assert len(points) == 5  # the origin, where four lines meet, once
    on = np.abs(points @ lines[:, :2].T + lines[:, 2]) < 1e-12
    assert (on.sum(axis=1) >= 2).all()


def test_vertices_in_a_domain_are_those_inside_and_its_corners():
    domain = np.array([[1, 0, 0], [-1, 0, 2], [0, 1, 0], [0, -1, 2.0]])
    points = windows.vertices([[1, 0, -1], [1, 0, -9]], domain)
    expected = {(0, 0), (2, 0), (0, 2), (2, 2), (1, 0), (1, 2)}
    assert {tuple(p) for p in points.tolist()} == expected


# Cells in the plane


@pytest.mark.parametrize("name", PLANE)
def test_polygons_cover_the_window_once(name):
    cells = PLANE[name].cells()
    chart = Plane(cells)
    corners = chart.window.corners
    areas = np.array([area(polygon) for polygon in chart.polygons])
    assert (areas >= 0).all()
    assert areas.sum() == pytest.approx(area(corners), rel=1e-9)
    for signs, polygon in zip(cells.signs, chart.polygons, strict=True):
        if len(polygon):
            value = chart.rows[:, :2] @ polygon.mean(axis=0) + chart.rows[:, 2]
            assert (np.sign(value) == signs).all()


@pytest.mark.parametrize("seed", range(5))
def test_polygons_of_random_lines_cover_the_window_once(seed):
    cells = random_cells(25, 2, seed)
    chart = Plane(cells)
    assert sum(map(area, chart.polygons)) == pytest.approx(area(chart.window.corners), rel=1e-9)
    inside = int(chart.window.contains(chart.vertices).sum())
    hidden = sum(len(polygon) == 0 for polygon in chart.polygons)
    assert f"{inside:,} of 300 vertices in the window; {hidden} cells" in chart.remark


def test_polygons_in_a_domain_cover_the_domain_once():
    cells = PLANE["concurrent"].cells(domain=[(-1, "1/2"), (0, 2)])
    chart = Plane(cells)
    assert sum(map(area, chart.polygons)) == pytest.approx(3, rel=1e-9)
    assert chart.window.contains([[-1, 0], [0.5, 2]]).all()


@pytest.mark.parametrize("name", LINE)
def test_intervals_cover_the_line_once(name):
    cells = LINE[name].cells()
    chart = Plane(cells)
    assert sum(map(area, chart.polygons)) == pytest.approx(area(chart.window.corners), rel=1e-9)
    assert (chart.vertices[:, 1] == 0).all()
    assert chart.remark == ""


def test_line_segments_end_on_the_frame():
    chart = Plane(random_cells(20, 2))
    window = chart.window
    ends = windows.line_segments(chart.lines, window).reshape(-1, 2)
    to_frame = np.minimum(np.abs(ends - window.low), np.abs(ends - window.high)).min(axis=1)
    assert len(ends)
    assert to_frame.max() < 1e-9


def test_neighbours_differ_in_parity():
    for shape in (*PLANE.values(), *SPHERE.values()):
        cells = shape.cells()
        parity = parities(cells)
        assert (parity[cells.edges[:, 0]] != parity[cells.edges[:, 1]]).all()


# The sphere


def test_stereographic_projection_has_an_inverse():
    x = np.random.default_rng(0).normal(size=(500, 3))
    x[:3] = [[0, 0, 1], [0, 0, -1], [1, 0, 0]]
    points, upper = sphere.stereographic(x)
    assert (np.linalg.norm(points, axis=1) <= 1 + 1e-12).all()
    back = sphere.from_stereographic(points, upper)
    np.testing.assert_allclose(back, x / np.linalg.norm(x, axis=1)[:, None], atol=1e-12)


@pytest.mark.parametrize("upper", [True, False])
def test_great_circles_lie_on_their_planes_and_hemisphere(upper):
    normals = np.vstack([np.eye(3), -np.eye(3), np.random.default_rng(0).normal(size=(50, 3))])
    for normal in normals:
        points = sphere.great_circle(normal, upper)
        assert np.abs(points @ normal).max() < 1e-12
        np.testing.assert_allclose(np.linalg.norm(points, axis=1), 1)
        assert ((points[:, 2] if upper else -points[:, 2]) > -1e-12).all()
        np.testing.assert_allclose(points[[0, -1], 2], 0, atol=1e-12)


@pytest.mark.parametrize("name", SPHERE)
def test_image_of_the_discs_shows_the_cell_of_every_direction(name):
    cells = SPHERE[name].cells()
    chart = Discs(cells)
    seen = set()
    for upper in (True, False):
        image = sphere.cell_image(chart.normals, cells.signs, upper, 150)
        middle = (np.arange(150) + 0.5) / 75 - 1
        grid = np.stack(np.meshgrid(middle, middle), axis=-1).reshape(-1, 2)
        value = sphere.from_stereographic(grid, np.full(len(grid), upper)) @ chart.normals.T
        clear = (np.abs(value) > 1e-9).all(axis=1)
        assert (cells.signs[image.ravel()] == np.sign(value))[clear].all()
        seen |= set(image.ravel().tolist())
    assert seen == set(range(len(cells)))


def test_image_leaves_out_cells_that_are_not_there():
    signs = np.array([[1]], dtype=np.int8)
    assert sphere.cell_image([[1, 0, 0]], signs, True, 2, fill=False).tolist() == [[-1, 0]] * 2


def test_discs_place_directions_on_their_hemisphere():
    chart = Discs(SPHERE["mixed"].cells())
    places, visible = chart.place(np.array([[0, 0, 2.0], [0, 0, -0.1], [0, 0, 0]]))
    assert visible.tolist() == [True, True, False]
    assert places[0, 0] < -1 < 1 < places[1, 0]


def test_tangent_planes_place_points_on_their_lines():
    shape = SPHERE["mixed"]
    chart = TangentPlanes(shape.cells())
    normal = chart.rows[0]
    for upper, side in ((True, 1.0), (False, -1.0)):
        direction = sphere.great_circle(normal, upper)[45:46]
        flat = direction[0, :2] / abs(direction[0, 2])
        segment = windows.line_segments(chart.lines[:1] * [1, 1, side], chart._window(side))
        (ax, ay), (bx, by) = segment[0]
        cross = (bx - ax) * (flat[1] - ay) - (by - ay) * (flat[0] - ax)
        assert abs(cross) < 1e-9
        places, _ = chart.place(direction)
        assert (places[0, 0] < 0) == upper


# Colours


def test_a_logarithmic_scale_is_for_wide_ranges_of_positive_values():
    assert needs_log(np.array([1e-30, 1e-3, 1.0]))
    assert not needs_log(np.array([0.5, 1.0]))
    assert not needs_log(np.array([-1.0, 1e-9, 1.0]))
    assert not needs_log(np.zeros(4))
    assert not needs_log(np.array([]))


@pytest.mark.parametrize("values", [[0, 0], [2.5], [], [np.nan, 1], [0, 1e-30, 5], [-4, -4]])
def test_every_value_has_a_colour(values):
    values = np.array(values, dtype=float)
    colours = colour_scale(values).colours(values)
    assert colours.shape == (len(values), 4)
    assert ((colours >= 0) & (colours <= 1)).all()


# Whole pictures

LANDSCAPES = {
    "weights in R^1": OneHiddenLayer([[1.0], [2.0], [-1.0]], [1.0, 3.0, 0.5], bias=None),
    "weights in R^2": OneHiddenLayer([[0.0], [1.0], [2.0], [3.0]], [1.0, 0.0, 1.0, 0.0]),
    "weights in R^3": OneHiddenLayer(
        np.random.default_rng(1).normal(size=(12, 2)), np.random.default_rng(2).normal(size=12)
    ),
    "repeated samples": OneHiddenLayer([[1, 0], [1, 0], [2, 0]], [1.0, 2.0, 0.0]),
    "exact fit": OneHiddenLayer([[0.0], [1.0], [2.0]], [0.0, 1.0, 2.0]),
    "all targets zero": OneHiddenLayer([[0.0], [1.0]], [0.0, 0.0]),
    "weights in R^4": OneHiddenLayer(
        np.random.default_rng(1).normal(size=(6, 3)), np.random.default_rng(2).normal(size=6)
    ),
}


def is_png(path):
    return path.read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"


@pytest.mark.parametrize("name", first(3, PLANE))
def test_plane_pictures(name, tmp_path):
    plot.arrangement(PLANE[name].cells(), tmp_path / "picture.png")
    assert is_png(tmp_path / "picture.png")


@pytest.mark.parametrize("name", LINE)
def test_line_pictures(name, tmp_path):
    plot.arrangement(LINE[name].cells(), tmp_path / "picture.png")
    assert is_png(tmp_path / "picture.png")


@pytest.mark.parametrize("projection", first(1, ["stereographic", "gnomonic"]))
@pytest.mark.parametrize("name", first(2, SPHERE))
def test_sphere_pictures(name, projection, tmp_path):
    plot.arrangement(SPHERE[name].cells(), tmp_path / "picture.png", projection=projection)
    assert is_png(tmp_path / "picture.png")


@pytest.mark.parametrize("projection", first(1, ["gnomonic", "stereographic"]))
@pytest.mark.parametrize("name", first(2, LANDSCAPES))
def test_landscape_pictures(name, projection, tmp_path):
    plot.landscape(
        LANDSCAPES[name].landscape(), tmp_path / "picture.png", projection=projection
    )
    assert is_png(tmp_path / "picture.png")


@pytest.mark.parametrize("suffix", first(1, ["png", "pdf", "svg", "PNG"]))
def test_a_path_holds_the_whole_file_and_nothing_else(suffix, tmp_path):
    path = tmp_path / f"picture.{suffix}"
    path.write_text("old")
    plot.arrangement(PLANE["generic"].cells(), str(path))
    start = {"png": b"\x89PNG", "pdf": b"%PDF", "svg": b"<?xml"}[suffix.lower()]
    assert path.read_bytes().startswith(start)
    assert list(tmp_path.iterdir()) == [path]


def test_a_failure_leaves_the_old_file(tmp_path, monkeypatch):
    def fail(self, stream, **options):
        stream.write(b"half")
        raise OSError("disk full")

    path = tmp_path / "picture.png"
    path.write_text("old")
    monkeypatch.setattr(Figure, "savefig", fail)
    with pytest.raises(OSError, match="disk full"):
        plot.arrangement(PLANE["generic"].cells(), path)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_axes_are_drawn_on_and_their_figure_returned():
    figure = Figure()
    left, right = figure.subplots(1, 2)
    found = LANDSCAPES["weights in R^2"].landscape()
    assert plot.arrangement(PLANE["generic"].cells(), left) is figure
    assert plot.landscape(found, right) is figure
    assert left.get_legend() is not None
    assert right.get_legend() is not None
    figure.savefig(io.BytesIO())


def test_values_get_a_colour_bar_and_cells_their_colours():
    cells = PLANE["generic"].cells()
    values = np.arange(len(cells), dtype=float)
    values[2] = np.nan
    figure = plot.arrangement(cells, values=values, label="loss", title="named")
    axes, bar = figure.axes
    assert axes.get_title() == "named"
    assert bar.get_ylabel() == "loss"
    fills = next(c for c in axes.collections if isinstance(c, PolyCollection))
    assert len(np.unique(fills.get_facecolor(), axis=0)) == len(cells)
    lines = next(c for c in axes.collections if isinstance(c, LineCollection))
    assert len(lines.get_segments()) == 3


def test_window_can_be_given():
    figure = plot.arrangement(PLANE["generic"].cells(), window=[(-5, 5), (0, 1)])
    assert figure.axes[0].get_xlim() == (-5, 5)
    assert figure.axes[0].get_ylim() == (0, 1)


def test_minima_are_drawn_where_their_weights_are():
    found = LANDSCAPES["weights in R^2"].landscape()
    axes = plot.landscape(found).axes[0]
    marks = np.vstack([np.column_stack(line.get_data()) for line in axes.lines])
    lengths = np.linalg.norm(marks, axis=1)
    assert np.isclose(lengths, lengths.max()).sum() + np.isclose(lengths, 0).sum() == len(marks)
    directions = marks / np.where(lengths > 0, lengths, 1)[:, None]

    def direction(piece):
        return piece.weights[0] / (np.linalg.norm(piece.weights[0]) or 1)

    for piece in found.pieces:
        assert np.isclose(directions, direction(piece)).all(axis=1).any()
    np.testing.assert_allclose(directions[-1], direction(found.global_minimum))
    x, y = marks[-1]
    assert axes.get_xlim()[0] < x < axes.get_xlim()[1]
    assert axes.get_ylim()[0] < y < axes.get_ylim()[1]


def test_non_differentiable_minima_are_drawn_on_their_circles():
    found = LANDSCAPES["weights in R^3"].landscape()
    chart = Discs(found.cells, "w")
    faces = [piece for piece in found.pieces if piece.kind == "boundary"]
    assert faces
    for piece in faces:
        points, _ = sphere.stereographic(piece.weights)
        upper = piece.weights[:, 2] >= 0
        on = sphere.from_stereographic(points, upper)[0] @ chart.normals.T
        assert np.abs(on[piece.signs[0] == 0]).max() < 1e-9


def test_many_dimensions_show_the_losses_by_kind():
    found = LANDSCAPES["weights in R^4"].landscape()
    axes = plot.landscape(found).axes[0]
    labels = [tick.get_text() for tick in axes.get_yticklabels()]
    assert labels[0] == f"lower bounds of all cells ({len(found.cells)})"
    counts = [int(label.rsplit("(", 1)[1].rstrip(")")) for label in labels[1:]]
    assert sum(counts) == len(found.pieces)


@pytest.mark.slow
@pytest.mark.parametrize("suffix", first(1, ["svg", "png", "pdf"]))
def test_the_same_picture_is_the_same_bytes(tmp_path, suffix, monkeypatch):
    for i, date in enumerate(("0", "1000000000")):
        monkeypatch.setenv("SOURCE_DATE_EPOCH", date)
        plot.arrangement(PLANE["generic"].cells(), tmp_path / f"{i}.{suffix}")
        plot.landscape(
            LANDSCAPES["weights in R^2"].landscape(), tmp_path / f"landscape{i}.{suffix}"
        )
    for name in ("", "landscape"):
        one, two = ((tmp_path / f"{name}{i}.{suffix}").read_bytes() for i in range(2))
        assert one == two


# Errors


def test_what_cannot_be_drawn_says_what_can():
    high = random_cells(5, 4, central=True)
    with pytest.raises(
        InputError, match=r"dimension 4 has no picture.*tope_graph.*restriction"
    ):
        plot.arrangement(high)
    with pytest.raises(InputError, match=r"rank 3: draw its essentialization"):
        plot.arrangement(families.braid(4).cells())
    plot.arrangement(families.braid(4).essentialization().cells())


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"values": [1.0, 2.0]}, r"one number a cell, shape \(7,\), not \(2,\)"),
        ({"values": ["a"] * 7}, "values must be numbers"),
        ({"projection": "mercator"}, "'mercator' is none of"),
        ({"window": [(0, 1)]}, r"2 pairs \(low, high\)"),
        ({"window": [(0, 1), (2, 2)]}, "low < high"),
        ({"target": "picture.xyz"}, r"suffix must be \.png, \.pdf, \.svg"),
        ({"target": "picture"}, "suffix must be"),
        ({"target": 7}, "target must be a path"),
    ],
)
def test_wrong_options_are_named(options, message):
    with pytest.raises(InputError, match=message):
        plot.arrangement(PLANE["generic"].cells(), **options)


def test_a_window_on_the_sphere_is_refused():
    with pytest.raises(InputError, match="leave it out"):
        plot.arrangement(SPHERE["one"].cells(), window=[(0, 1), (0, 1)])


def test_missing_matplotlib_says_what_to_install(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    monkeypatch.delitem(sys.modules, "arrangement.plot.shown_figure", raising=False)
    with pytest.raises(MissingExtraError, match=r"pip install 'arrangement\[plot\]'"):
        plot.arrangement(PLANE["generic"].cells(), tmp_path / "picture.png")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.processes
def test_importing_and_drawing_leave_pyplot_alone():
    code = (
        "import sys\n"
        "from arrangement import Arrangement, plot\n"
        "assert 'matplotlib' not in sys.modules\n"
        "plot.arrangement(Arrangement([[1, 0]]).cells())\n"
        "assert 'matplotlib.pyplot' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_notebook_shows_the_figure():
    figure = plot.arrangement(Arrangement([[1, 0], [0, 1]]).cells())
    assert figure._repr_png_().startswith(b"\x89PNG")


def test_lines_have_their_labels_near_where_they_leave_the_window():
    labels = ["x axis", "", "$tilted", "far away"]
    lines = Arrangement([[0, 1], [1, 0], [1, 1], [1, 0]], [0, 0, -1, 900], labels=labels)
    axes = plot.arrangement(lines.cells(), window=[(-2, 2), (-2, 2)]).axes[0]
    written = {text.get_text(): text.get_position() for text in axes.texts}
    assert set(written) == {"x axis", r"\$tilted"}
    for normal, offset, name in (((0, 1), 0, "x axis"), ((1, 1), -1, r"\$tilted")):
        x, y = written[name]
        assert normal[0] * x + normal[1] * y + offset == pytest.approx(0, abs=1e-9)
        assert 1.8 < max(abs(x), abs(y)) < 2
    points = Arrangement([[1], [2]], [0, -1], labels=["a", "b"])
    texts = plot.arrangement(points.cells()).axes[0].texts
    assert {text.get_text() for text in texts} == {"a", "b"}
