"""The spectrum of minima and slices of the parameter space."""

import numpy as np
import pytest

pytest.importorskip("matplotlib")

from matplotlib.collections import LineCollection
from matplotlib.figure import Figure

from arrangement import InputError, plot
from arrangement.plot import slices
from arrangement.plot.marks import KINDS
from arrangement.plot.planes import balanced_point, minima_in_plane, plane_of
from arrangement.printable import printable
from arrangement.relu import OneHiddenLayer
from tests.amounts import first


@pytest.fixture(autouse=True)
def coarse_grid(monkeypatch):
    monkeypatch.setattr(slices, "GRID", 40)


def random_layer(n, features, hidden, seed=0, **options):
    rng = np.random.default_rng(seed)
    return OneHiddenLayer(rng.normal(size=(n, features)), rng.normal(size=n), hidden, **options)


LAYERS = {
    "one neuron": random_layer(7, 2, 1),
    "two neurons": random_layer(5, 1, 2),
    "three neurons, bias, slope": random_layer(
        4, 1, 3, bias=None, output_bias=True, negative_slope=-0.3
    ),
    "four dimensions": random_layer(6, 3, 1),
    "repeated samples": OneHiddenLayer([[1, 0], [1, 0], [2, 0]], [1.0, 2.0, 0.0]),
    "one sample": OneHiddenLayer([[1.0]], [1.0], bias=None),
    "exact fit": OneHiddenLayer([[0.0], [1.0], [2.0]], [0.0, 1.0, 2.0], 2),
    "all targets zero": OneHiddenLayer([[0.0], [1.0]], [0.0, 0.0]),
}


@pytest.fixture(scope="module", params=first(2, LAYERS))
def landscape(request):
    return LAYERS[request.param].landscape()


def layer_loss(layer, point):
    """The mean squared error at parameters, from the definition."""
    K, d = layer.hidden, layer.dimension
    w, z = point[: K * d].reshape(K, d), point[K * d : K * (d + 1)]
    inner = layer.arrangement.normals.astype(float) @ w.T
    outputs = np.where(inner > 0, inner, layer.negative_slope * inner) @ z
    outputs += point[-1] if layer.output_bias else 0.0
    return float(np.mean((outputs - layer.targets) ** 2))


# Spectrum


def test_every_spectrum(landscape, tmp_path):
    figure = plot.spectrum(landscape, tmp_path / "a.png", saddles=landscape.saddles())
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")
    axes = figure.axes[0]
    names = [label.get_text() for label in axes.get_yticklabels()]
    counts = sorted(int(name.split("(")[1].strip(")").replace(",", "")) for name in names)
    _, expected = np.unique(landscape.pieces.kind, return_counts=True)
    expected = [*expected, len(landscape.min_loss), len(landscape.saddles())]
    assert counts == sorted(n for n in expected if n)
    low, high = axes.get_xlim()
    assert low < high


def test_a_spectrum_has_every_loss_in_the_row_of_its_kind():
    found = LAYERS["two neurons"].landscape()
    axes = plot.spectrum(found).axes[0]
    names = [label.get_text() for label in axes.get_yticklabels()]
    row = next(k for k, name in enumerate(names) if name.startswith("continuum"))
    drawn = [
        line.get_xdata()
        for line in axes.lines
        if line.get_linestyle() == "None" and np.all(np.rint(line.get_ydata()) == row)
    ]
    expected = np.sort(found.pieces.loss[found.pieces.kind == "continuum"])
    assert len(drawn) == 1
    # Losses that are rounding of zero are drawn at the end of the scale.
    assert np.allclose(np.maximum(expected, axes.get_xlim()[0]), drawn[0], rtol=0.5)


def test_many_losses_are_a_histogram(monkeypatch):
    from arrangement.plot import spectra

    found = LAYERS["one neuron"].landscape()
    few = plot.spectrum(found).axes[0]
    monkeypatch.setattr(spectra, "MANY", 2)
    many = plot.spectrum(found).axes[0]
    assert len(many.lines) < len(few.lines)
    assert len(many.patches) > len(few.patches) == 0


def test_a_spectrum_without_the_tuples_of_cells(monkeypatch):
    from arrangement.plot import spectra

    found = LAYERS["two neurons"].landscape()
    names = [t.get_text() for t in plot.spectrum(found).axes[0].get_yticklabels()]
    monkeypatch.setattr(spectra, "MAX_NODES", 3)
    fewer = [t.get_text() for t in plot.spectrum(found).axes[0].get_yticklabels()]
    assert fewer == names[1:]


def test_every_critical_point_is_drawn_at_its_loss_and_index(tmp_path):
    found = LAYERS["two neurons"].landscape().critical_points()
    figure = plot.index(found, tmp_path / "a.svg", source="some data")
    assert (tmp_path / "a.svg").read_bytes().startswith(b"<?xml")
    axes = figure.axes[0]
    drawn = np.concatenate([line.get_xydata() for line in axes.lines])
    assert len(drawn) == len(found)
    low, half = axes.get_ylim()[0], 0.5 / found.inertia.sum(axis=1).max()
    kinds = [kind for kind in [*KINDS, "saddle"] if kind in found.kind]
    for kind, line in zip(kinds, axes.lines, strict=True):
        rows = found.kind == kind
        assert line.get_ydata() == pytest.approx(np.maximum(found.loss[rows], low))
        assert np.abs(line.get_xdata() - found.share[rows]).max() < half


def test_no_pieces_are_no_picture(tmp_path):
    empty = LAYERS["one neuron"].landscape(max_loss=0.0, kinds="isolated")
    for draw in (plot.spectrum, plot.slice):
        with pytest.raises(InputError, match="no pieces"):
            draw(empty, tmp_path / "a.png")
    assert list(tmp_path.iterdir()) == []


# Points and planes


def test_balanced_points_have_the_same_outputs(landscape):
    layer, constant = landscape.problem, landscape.problem.output_bias
    for piece in landscape.pieces[:50]:
        offset = piece.output_bias if constant else None
        point = balanced_point(piece.weights, piece.output_weights, offset)
        assert layer_loss(layer, point) == pytest.approx(piece.loss, abs=1e-12)
        K, d = piece.weights.shape
        lengths = np.linalg.norm(point[: K * d].reshape(K, d), axis=1)
        z = point[K * d : K * (d + 1)]
        both = (lengths > 0) & (z != 0)
        np.testing.assert_allclose(lengths[both], np.abs(z[both]), rtol=1e-12)


def test_the_default_plane_goes_through_the_lowest_minima(landscape):
    layer = landscape.problem
    plane = plane_of(layer, landscape, None, None, None)
    np.testing.assert_allclose(plane.axes @ plane.axes.T, np.eye(2), atol=1e-12)
    losses = [layer_loss(layer, plane.origin + place @ plane.axes) for place in plane.anchors]
    number = ["the lowest m", "the two", "the three"]
    known = next(k for k, word in enumerate(number) if word in plane.what) + 1
    first = [landscape.pieces.loss[rows[0]] for rows in landscape.components]
    assert losses[0] == pytest.approx(first[0], abs=1e-12)
    for loss in losses[:known]:
        assert np.abs(landscape.pieces.loss - loss).min() < 1e-12
    marked = minima_in_plane(layer, landscape, plane)
    for place, loss in zip(marked.places, marked.losses, strict=True):
        there = layer_loss(layer, plane.origin + place @ plane.axes)
        assert there == pytest.approx(loss, abs=1e-9)
    for place in plane.anchors[:known]:
        assert np.linalg.norm(marked.places - place, axis=1).min() < 1e-6


def test_neurons_come_in_the_nearest_order():
    found = LAYERS["two neurons"].landscape()
    plane = plane_of(found.problem, found, None, None, None)
    a, b = plane.origin, plane.origin + plane.anchors[1] @ plane.axes
    swapped = np.concatenate([b[2:4], b[:2], b[5:6], b[4:5]])
    assert np.linalg.norm(a - b) <= np.linalg.norm(a - swapped)


# Slices


def test_every_slice(landscape, tmp_path):
    figure = plot.slice(landscape, tmp_path / "a.png")
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")
    assert isinstance(figure, Figure)


def test_lines_are_where_neurons_switch():
    layer = LAYERS["two neurons"]
    origin = np.array([0.5, 0.1, -0.3, 0.2, 1.0, -1.0])
    directions = np.eye(6)[[0, 3]]
    figure = plot.slice(layer, origin=origin, directions=directions, window=((-2, 2), (-3, 3)))
    drawn = [c for c in figure.axes[0].collections if isinstance(c, LineCollection)]
    assert len(drawn) == 2
    X = layer.arrangement.normals.astype(float)
    for j, lines in enumerate(drawn):
        for segment in lines.get_segments():
            points = origin + segment @ directions
            values = points[:, 2 * j : 2 * j + 2] @ X.T
            assert np.abs(values).max(axis=0).min() < 1e-9
    # Neuron 1 switches where 0.5 + a = −0.1/x, neuron 2 where 0.2 + b = 0.3 x.
    seen = [np.abs(-0.1 / X[:, 0] - 0.5) < 2, np.abs(0.3 * X[:, 0] - 0.2) < 3]
    assert [len(lines.get_segments()) for lines in drawn] == [s.sum() for s in seen]


def test_losses_on_the_grid(landscape):
    layer = landscape.problem
    size = layer.hidden * (layer.dimension + 1) + layer.output_bias
    points = np.random.default_rng(1).normal(size=(20, size))
    expected = [layer_loss(layer, point) for point in points]
    np.testing.assert_allclose(slices.losses_on(layer, points), expected, rtol=1e-12)


def test_a_slice_through_given_points():
    layer = LAYERS["one neuron"]
    found = layer.landscape()
    points = [found.pieces[0], np.array([1.0, 0, 0, 1]), [0.0, 1, 0, -1]]
    figure = plot.slice(found, through=points)
    texts = [text.get_text() for text in figure.legends[0].get_texts()]
    assert any(
        text.startswith("A: ") and f"{found.pieces.loss[0]:.4g}" in text for text in texts
    )
    assert "B: given" in texts
    assert plot.slice(layer, through=[*points[1:], np.ones(4)], title="here").axes[
        0
    ].get_title() == ("here")


EYE = {"origin": np.zeros(4), "directions": np.eye(4)[:2]}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "without a landscape give origin and directions, or through"),
        ({"origin": np.zeros(4)}, "by origin and directions, or by through"),
        ({"origin": np.zeros(3), "directions": np.eye(4)[:2]}, r"origin must be .* \(4,\)"),
        ({"origin": np.zeros(4), "directions": np.ones((2, 4))}, "multiples of one another"),
        ({"origin": np.zeros(4), "directions": "ab"}, "directions: could not convert"),
        ({"origin": [0, 0, 0, np.nan], "directions": np.eye(4)[:2]}, "origin must be finite"),
        ({"through": [np.zeros(4)] * 2}, "three points give a plane, not 2"),
        ({"through": [np.ones(4)] * 3}, "lie on a line"),
        ({"through": np.outer([0, 1, 3], np.ones(4))}, "lie on a line"),
        ({**EYE, "window": ((0, 1), (1, 1))}, "window must be two pairs"),
        *(
            ({**EYE, "window": window}, "window must be two pairs")
            for window in ("ab", [(0, 1j), (0, 1)], [(0,), (0, 1)], [(0, 10**400), (0, 1)])
        ),
    ],
)
def test_planes_that_are_none(options, message, tmp_path):
    with pytest.raises(InputError, match=message):
        plot.slice(LAYERS["one neuron"], tmp_path / "a.png", **options)
    assert list(tmp_path.iterdir()) == []


def test_something_else_is_no_landscape():
    with pytest.raises(InputError, match="a Landscape or a OneHiddenLayer"):
        plot.slice(np.zeros(3))


@pytest.mark.slow
def test_the_same_slice_is_the_same_bytes(tmp_path):
    found = LAYERS["one neuron"].landscape()
    plot.slice(found, tmp_path / "a.svg")
    plot.slice(found, tmp_path / "b.svg")
    assert (tmp_path / "a.svg").read_bytes() == (tmp_path / "b.svg").read_bytes()


# --- what a picture says of itself ---


@pytest.mark.slow
def test_a_picture_of_weights_says_that_its_colours_are_bounds():
    found = LAYERS["one neuron"].landscape()
    figure = plot.landscape(found, source="iris")
    assert figure.axes[0].get_title().split("\n")[0] == "iris"
    assert figure.axes[1].get_ylabel().startswith("lower bound of the cell's loss")
    # Such a cell has a lower colour than the least loss that there is.
    assert found.min_loss.min() < found.global_minimum.loss


@pytest.mark.slow
@pytest.mark.parametrize("name", ["50 % of_the^{x", "a\x1b[31m\nb\0", "a $x^2$ b", "$", r"\$"])
def test_a_picture_names_its_data_as_they_are_called(name, tmp_path):
    found = LAYERS["two neurons"].landscape()
    for draw in (plot.slice, plot.spectrum, plot.landscape):
        figure = draw(found, tmp_path / "a.png", source=name)
        first, second = figure.axes[0].get_title().split("\n")
        assert first.replace(r"\$", "$") == printable(name)
        assert second == draw(found).axes[0].get_title()


def test_a_long_name_is_cut_in_the_middle():
    shown = plot.spectrum(LAYERS["one neuron"].landscape(), source="a" * 400 + "b")
    name = shown.axes[0].get_title().split("\n")[0]
    assert name.startswith("aaa")
    assert name.endswith("ab")
    assert len(name) < 80
