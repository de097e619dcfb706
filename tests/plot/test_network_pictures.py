"""Pictures of the regions of networks: what is drawn is what was found."""

import numpy as np
import pytest

pytest.importorskip("matplotlib")

from matplotlib.collections import LineCollection, PolyCollection
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure

from arrangement import InputError, plot
from arrangement.networks import Network
from arrangement.plot import looks
from tests.amounts import first
from tests.plot.test_pictures import area

SQUARE = [(-1, 1), (-1, 1)]
PLANE = {
    "random": Network.random([2, 6, 5, 3], rng=4),
    "one output": Network.random([2, 6, 1], rng=0),
    "linear": Network([[[1, 2], [0, 1]]], [[0, 0]]),
    "dead everywhere": Network([[[1, 2]], [[1], [2]]], [[-9], [0, 1]]),
    "maxout": Network.random([2, 3, 2], rng=0, activation=("maxout", 3)),
    "leaky": Network.random([2, 4, 12], rng=0, activation="leaky_relu"),
    "sliver": Network([[[1, 0], [1, 0]], [[1, 1], [1, -1]]], [[0, -(2.0**-40)], [0, 0]]),
}
LINE = {
    "random": Network.random([1, 6, 5, 3], rng=4),
    "one output": Network.random([1, 3, 1], rng=4),
    "linear": Network([[[2]]], [[1]]),
}


def collections(figure, kind):
    return [c for c in figure.axes[0].collections if isinstance(c, kind)]


def drawable(network):
    skipped = set()
    if network.output_dimension == 1:
        skipped.add("class")
    if network.depth == 1:
        skipped.add("rank")
    return [colour for colour in looks.LOOKS if colour not in skipped]


@pytest.mark.parametrize("name", PLANE)
@pytest.mark.parametrize("merge", first(1, [False, True]))
def test_polygons_are_the_cells(name, merge):
    regions = PLANE[name].regions(SQUARE, merge=merge)
    for colour in drawable(PLANE[name]):
        figure = plot.regions(regions, colour=colour)
        assert isinstance(figure, Figure)
        shown = collections(figure, PolyCollection)[0]
        polygons = [path.vertices[:-1] for path in shown.get_paths()]
        drawn = regions.decision_regions() if colour == "class" else regions
        assert len(polygons) == drawn.complex.n_regions
        areas = np.bincount(drawn.owner, weights=[area(p) for p in polygons])
        assert areas == pytest.approx(drawn.volumes, rel=1e-9, abs=1e-15)
        # One colour a region.
        colours = shown.get_facecolors()
        for i in range(len(drawn)):
            assert len(np.unique(colours[drawn.cells_of(i)], axis=0)) == 1


def test_neighbours_with_different_maps_have_different_shades():
    for network in PLANE.values():
        regions = network.regions(SQUARE)
        shades = collections(plot.regions(regions), PolyCollection)[0].get_facecolors()
        shade = [shades[regions.cells_of(i)[0]].tolist() for i in range(len(regions))]
        number = regions.affine_map_numbers
        for a, b in regions.edges.tolist():
            assert (shade[a] == shade[b]) == (number[a] == number[b])
        for i in range(regions.n_affine_maps):
            assert len({str(shade[j]) for j in np.flatnonzero(number == i)}) == 1


def test_colours_of_a_graph():
    cycle = np.array([[0, 1], [1, 2], [2, 3], [3, 4], [4, 0], [5, 6], [7, 7]])
    colour = looks.greedy(cycle, 9)
    assert all(colour[a] != colour[b] for a, b in cycle.tolist() if a != b)
    assert colour.max() == 2
    assert colour[8] == 0
    even = np.array([[0, 5], [5, 1], [1, 4], [4, 0], [2, 3], [3, 0]])
    assert looks.greedy(even, 6).max() == 1


def test_the_decision_boundary_is_drawn():
    regions = PLANE["random"].regions(SQUARE)
    decision = regions.decision_regions()
    assert len(decision) > 1
    inner, boundary = collections(plot.regions(regions, colour="class"), LineCollection)
    ends = {
        frozenset(map(tuple, decision.complex.points[list(facet.vertices)].tolist()))
        for facet in decision.boundary
    }
    assert {frozenset(map(tuple, s.tolist())) for s in boundary.get_segments()} == ends
    assert len(inner.get_segments()) == len(regions.edges)
    (alone,) = collections(plot.regions(decision, colour="class"), LineCollection)
    assert len(alone.get_segments()) == len(ends)


def test_titles_and_legends():
    network = Network([[[1, 0], [0, 1]], [[1, 0], [0, 1]]], [[0, 0], [0, 0]], labels=["a", "b"])
    regions = network.regions(SQUARE)

    def told(**options):
        figure = plot.regions(regions, **options)
        labels = [t.get_text() for legend in figure.legends for t in legend.get_texts()]
        return figure.axes[0].get_title(), labels

    assert told() == ("4 activation regions, 4 affine maps", [])
    title, labels = told(colour="class")
    assert title == "4 activation regions, 2 decision regions of 2 classes"
    # (relu(x), relu(y)): equal in the lower left quarter, where the first wins.
    assert labels == ["a: 62.5%", "b: 37.5%", "decision boundary"]
    assert told(colour="rank") == (
        "4 activation regions, rank in hidden layer 0: 0 to 2",
        ["rank 0: 1", "rank 1: 2", "rank 2: 1"],
    )
    assert told(colour="dead") == (
        "4 activation regions, 1 with a dead layer",
        ["none dead: 3 (75.0%)", "hidden layer 0 dead: 1 (25.0%)"],
    )
    assert told(title="mine")[0] == "mine"
    texts = [t.get_text() for t in plot.regions(regions, colour="class").axes[0].texts]
    assert texts == ["a", "b"]


def test_dead_regions_are_hatched():
    network = Network([[[1, 0]], [[1]], [[1]]], [[0], [-0.5], [0]])
    regions = network.regions(SQUARE)
    shown, marked = collections(plot.regions(regions, colour="dead"), PolyCollection)
    assert marked.get_hatch()
    assert len(marked.get_paths()) == 2
    alive = to_rgba(looks.ALIVE)
    dead = [tuple(c) != alive for c in shown.get_facecolors()[regions.owner]]
    assert dead == regions.dead.any(axis=1).tolist()
    assert len(collections(plot.regions(regions, colour="map"), PolyCollection)) == 1


def test_many_ranks_get_a_colour_bar(monkeypatch):
    monkeypatch.setattr(looks, "LONGEST_KEY", 3)
    network = Network.random([2, 9, 12, 1], rng=0)
    figure = plot.regions(network.regions(SQUARE), colour="rank")
    assert "hidden layer 1" in figure.axes[1].get_ylabel()
    assert not figure.legends
    first = plot.regions(network.regions(SQUARE), colour="rank", layer=0)
    assert "rank in hidden layer 0" in first.axes[0].get_title()


@pytest.mark.parametrize("name", LINE)
def test_graphs_of_networks_with_one_input(name):
    network = LINE[name]
    regions = network.regions([(-2, 2)])
    for colour in drawable(network):
        figure = plot.regions(regions, colour=colour)
        axes = figure.axes[0]
        curves = [line for line in axes.lines if line.get_linestyle() != "None"]
        curves = [line for line in curves if line.get_label().startswith("output")]
        assert len(curves) == network.output_dimension
        for k, line in enumerate(curves):
            x, y = line.get_data()
            assert np.allclose(network.forward(x[:, None])[:, k], y)
            inner = np.setdiff1d(x, [-2, 2])
            assert inner == pytest.approx(np.array(regions.breakpoints, dtype=float))
        strips = collections(figure, PolyCollection)[0].get_paths()
        drawn = regions.decision_regions() if colour == "class" else regions
        widths = [np.ptp(path.vertices[:, 0]) for path in strips]
        assert np.bincount(drawn.owner, weights=widths) == pytest.approx(drawn.volumes)


def test_what_cannot_be_drawn():
    with pytest.raises(InputError, match=r"3 inputs .*slice_through"):
        plot.regions(Network.random([3, 2, 1], rng=0).regions([(-1, 1)] * 3))
    one = PLANE["one output"].regions(SQUARE)
    with pytest.raises(InputError, match="one output, and so no classes"):
        plot.regions(one, colour="class")
    with pytest.raises(InputError, match="'red' is none of 'map', 'class'"):
        plot.regions(one, colour="red")
    with pytest.raises(InputError, match="layer 1 does not exist"):
        plot.regions(one, colour="rank", layer=1)
    with pytest.raises(InputError, match='is for colour="rank"'):
        plot.regions(one, layer=0)
    with pytest.raises(InputError, match="no hidden layer"):
        plot.regions(PLANE["linear"].regions(SQUARE), colour="rank")
    with pytest.raises(InputError, match='draw decision regions by colour="class"'):
        plot.regions(PLANE["random"].regions(SQUARE).decision_regions())


@pytest.mark.slow
def test_files(tmp_path):
    regions = PLANE["random"].regions([(-1, 1), (0, 100)])
    for suffix in ("png", "pdf", "svg"):
        plot.regions(regions, tmp_path / f"regions.{suffix}", colour="class")
        assert (tmp_path / f"regions.{suffix}").stat().st_size > 1000
    axes = Figure().add_subplot()
    assert plot.regions(regions, axes) is axes.figure
    assert axes.get_aspect() == "auto"
