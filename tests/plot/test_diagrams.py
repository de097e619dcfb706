"""Hasse diagrams and graphs of cells: everything in its place, and names that can be read."""

from itertools import combinations

import networkx as nx
import numpy as np
import pytest

pytest.importorskip("matplotlib")

from matplotlib.collections import LineCollection

from arrangement import Arrangement, InputError, SizeError, families, plot
from arrangement.plot import diagrams, shown_figure

TRIANGLE = Arrangement([[1, 0], [0, 1], [1, 1]], [0, 0, -1], labels=["west", "", "$x^"])
POSETS = {
    "flats": families.braid(4).intersection_poset(),
    "more flats": families.braid(5).intersection_poset(),
    "faces": TRIANGLE.face_lattice(),
    "faces of a strip": families.shi(2).face_lattice(),
    "regions": families.braid(4).poset_of_regions(),
    "a cell": TRIANGLE.cells()[0].face_lattice(),
    "the whole space": Arrangement(np.zeros((0, 2))).intersection_poset(),
}


def overlapping(figure):
    """Pairs of upright texts in the axes of a figure that cover one another."""
    figure.draw_without_rendering()
    texts = [t for axes in figure.axes for t in axes.texts if t.get_text()]
    texts = [t for t in texts if t.get_rotation() == 0]
    boxes = [(t.get_text(), t.get_window_extent()) for t in texts]
    return [(a, b) for (a, one), (b, other) in combinations(boxes, 2) if one.overlaps(other)]


@pytest.mark.parametrize("name", POSETS)
def test_covers_go_up_one_rank_and_names_do_not_touch(name):
    poset = POSETS[name]
    figure = plot.hasse_diagram(poset)
    (axes,) = figure.axes
    (lines,) = axes.collections
    segments = np.array(lines.get_segments()).reshape(-1, 2, 2)
    assert len(segments) == poset.number_of_edges()
    ranks = [data.get("rank", data.get("dimension")) for _, data in poset.nodes(data=True)]
    assert len(axes.texts) == len(poset)
    heights = [text.get_position()[1] for text in axes.texts]
    assert heights == [rank - min(ranks) for rank in ranks]
    steps = [ranks[b] - ranks[a] for a, b in nx.convert_node_labels_to_integers(poset).edges]
    assert (segments[:, 1, 1] - segments[:, 0, 1]).tolist() == steps
    assert overlapping(figure) == []


def test_flats_have_the_names_of_their_hyperplanes():
    figure = plot.hasse_diagram(TRIANGLE.intersection_poset(), labels=TRIANGLE.labels)
    names = {text.get_text() for text in figure.axes[0].texts}
    assert names == {"∅", "west", "1", r"\$x^", "west 1", r"west \$x^", r"1 \$x^"}
    numbers = plot.hasse_diagram(TRIANGLE.intersection_poset(), labels=[7, 8, 9]).axes[0].texts
    assert {text.get_text() for text in numbers} >= {"∅", "7", "89"}
    with pytest.raises(InputError, match="one a hyperplane, not 2"):
        plot.hasse_diagram(TRIANGLE.intersection_poset(), labels=["a", "b"])


def test_the_one_cell_of_dimension_0_is_drawn():
    (axes,) = plot.tope_graph(Arrangement(np.zeros((0, 0))).cells()).axes
    assert axes.get_title() == "1 cell, 0 facets between them"


def test_numbers_of_two_digits_stand_apart():
    poset = Arrangement(np.eye(12, dtype=int)[:, :2][[0, 1] * 6]).intersection_poset()
    names = {text.get_text() for text in plot.hasse_diagram(poset).axes[0].texts}
    assert "0 2 4 6 8 10" in names


def test_what_is_no_poset_or_too_large_is_refused(monkeypatch):
    words = nx.DiGraph()
    words.add_node(0, rank="first")
    for poset in (nx.DiGraph([(0, 1)]), nx.DiGraph(), words):
        with pytest.raises(InputError, match="must have a rank"):
            plot.hasse_diagram(poset)
    words.nodes[0]["rank"] = 10**20
    words.add_node(1, rank=0)
    with pytest.raises(SizeError, match="100,000,000,000,000,000,000 ranks"):
        plot.hasse_diagram(words)
    monkeypatch.setattr(diagrams, "LARGEST", 30)
    with pytest.raises(SizeError, match=r"31 covers, and a picture may have 30; write GraphML"):
        plot.hasse_diagram(POSETS["flats"])
    with pytest.raises(SizeError, match="36 facets between cells"):
        plot.tope_graph(families.braid(4).cells())


def test_a_large_poset_is_drawn_without_names():
    (axes,) = plot.hasse_diagram(families.coxeter("B", 3).face_lattice()).axes
    assert not axes.texts
    assert len(axes.lines[0].get_xdata()) == 149


@pytest.mark.parametrize(
    "lines", [TRIANGLE, families.generic(9, 2), families.shi(3).essentialization()]
)
def test_ways_between_cells_stay_in_them(lines):
    cells = lines.cells()
    (axes,) = plot.tope_graph(cells).axes
    ways = [c for c in axes.collections if isinstance(c, LineCollection)][-1].get_segments()
    rows = np.array(lines.rows, dtype=np.float64)
    seen = 0
    for a, b, _ in cells.edges.tolist():
        for way in ways:
            middles = (way[:-1] + way[1:]) / 2
            signs = np.sign(middles @ rows[:, :2].T + rows[:, 2])
            seen += len(way) == 3 and (signs == cells.signs[[a, b]]).all()
    assert seen == len(ways) > 5


def test_cells_stand_by_their_distance_from_a_base():
    cells = families.braid(4).cells()
    (axes,) = plot.tope_graph(cells, base="------").axes
    heights = {text.get_text(): text.get_position()[1] for text in axes.texts}
    assert {height == name.count("+") for name, height in heights.items()} == {True}
    with pytest.raises(InputError, match="cell 24 does not exist"):
        plot.tope_graph(cells, base=24)
    with pytest.raises(InputError, match="without a base"):
        plot.tope_graph(TRIANGLE.cells(), base=0, window=[(0, 1), (0, 1)])


@pytest.mark.parametrize("name", ["shi", "B3", "tangent planes", "space", "line"])
def test_labels_do_not_cover_one_another(name):
    drawn = {
        "shi": families.shi(3).essentialization(),
        "space": families.generic(8, 3),
        "line": Arrangement([[1], [2], [1]], [0, -1, -2]),
    }.get(name, families.coxeter("B", 3))
    labels = [f"plane {i}" for i in range(len(drawn))]
    cells = Arrangement(drawn.normals, drawn.offsets, labels).cells()
    options = {"projection": "gnomonic"} if name == "tangent planes" else {}
    figure = plot.arrangement(cells, **options)
    written = {t.get_text() for t in figure.axes[0].texts if t.get_text() in labels}
    assert len(written) == len(labels) - (name == "tangent planes")  # the horizon
    assert overlapping(figure) == []


def test_text_stays_text_and_few_shapes_are_no_image(tmp_path, monkeypatch):
    figure = plot.hasse_diagram(POSETS["flats"])
    figure.savefig(tmp_path / "a.svg")
    drawn = (tmp_path / "a.svg").read_text("utf-8")
    assert drawn.count("<text") == 16
    assert ">012345</text>" in drawn
    assert "<image" not in drawn
    figure.savefig(tmp_path / "a.pdf")
    assert b"/FontFile2" in (tmp_path / "a.pdf").read_bytes()  # an outline font, not Type 3
    monkeypatch.setattr(shown_figure, "MOST_SHAPES", 20)
    figure.savefig(tmp_path / "b.svg")
    drawn = (tmp_path / "b.svg").read_text("utf-8")
    assert drawn.count("<text") == 16
    assert drawn.count("<image") == 1
