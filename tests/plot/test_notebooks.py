"""What notebooks show: a picture and a table, quickly, of anything, and never an error."""

import re
import subprocess
import sys
from base64 import b64decode
from fractions import Fraction
from html.parser import HTMLParser
from io import BytesIO

import numpy as np
import pytest

from arrangement import Arrangement, data, families
from arrangement.networks import Network, pattern_network
from arrangement.plot.notebooks import html
from arrangement.relu import NetworkLoss, OneHiddenLayer, convex, loss_surface
from arrangement.results.columns import Columnar

rng = np.random.default_rng(0)
X, y = rng.normal(size=(8, 2)), rng.normal(size=8)
LINES = Arrangement(rng.normal(size=(5, 2)), rng.normal(size=5))
NETWORK = Network.random([2, 4, 3], rng=0)
BOX = [(-1, 1), (-1, 1)]
LAYER = OneHiddenLayer(X, y)
LANDSCAPE = LAYER.landscape()
REGIONS = NETWORK.regions(BOX)

BOTH = {
    "lines": LINES,
    "cells": LINES.cells(),
    "points of a line": Arrangement([[1], [2]], [0, 1]),
    "mirrors": families.coxeter("H", 3),
    "cells of mirrors": families.coxeter("B", 3).cells(),
    "cells in four dimensions": families.shi(4).cells(),
    "cells in a box": LINES.cells(domain=BOX),
    "classes": families.resonance(4).cells(symmetry="auto"),
    "faces": LINES.faces(1),
    "faces in four dimensions": families.braid(4).faces(2),
    "flats": families.braid(4).flats(2),
    "layer": LAYER,
    "layer of one feature": OneHiddenLayer(X[:, :1], y, bias=None),
    "landscape": LANDSCAPE,
    "pieces": LANDSCAPE.pieces,
    "piece": LANDSCAPE.pieces[0],
    "critical points": LANDSCAPE.critical_points(),
    "convex training": convex.train(X, y, 0.1),
    "network": NETWORK,
    "regions": REGIONS,
    "decision regions": REGIONS.decision_regions(),
    "regions in space": Network.random([3, 3, 2], rng=0).regions([(-1, 1)] * 3),
    "regions by recursion": NETWORK.regions(BOX, method="recursion"),
    "data": data.iris(),
    "numbers": data.gaussian(20, 2),
    "surface": loss_surface(
        NetworkLoss(Network.random([2, 3, 1], rng=0), X, y), "random", layer=0, points=9
    ),
    "pattern": pattern_network(rng.normal(size=(4, 4))),
}
TABLES = {
    "maximum": NETWORK.maximum([1, 0, 0], BOX),
    "range": NETWORK.output_range(BOX),
    "slopes": REGIONS.lipschitz("l1"),
    "counts": families.known_counts("braid", 4),
    "cells of nothing": Arrangement(np.zeros((0, 2))).cells(),
}


class Strict(HTMLParser):
    """Every tag that is opened is closed, in order."""

    def __init__(self, text):
        super().__init__()
        self.open, self.seen = [], []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag, attributes):
        self.seen.append(tag)
        if tag != "img":
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


@pytest.mark.parametrize("name", [*BOTH, *TABLES])
def test_results_have_a_picture_and_a_table(name):
    what = {**BOTH, **TABLES}[name]
    text = what._repr_html_()
    seen = Strict(text).seen
    assert "table" in seen
    assert ("svg" in seen or "img" in seen) == (name in BOTH)
    assert len(text) < 30_000
    assert "nan" not in text


def test_a_picture_of_lines_has_the_lines_and_the_cells():
    text = html(LINES.cells())
    assert text.count("<line") == 5
    assert 5 < text.count("<polygon") <= len(LINES.cells())
    assert html(families.coxeter("H", 3)).count("<path") == 15


def test_a_domain_cuts_the_cells():
    text = html(Arrangement([[1, 0], [1, 0]], [0, 9]).cells(domain=[(-1, 1), (-1, 1)]))
    assert text.count("<polygon") == 2  # of three cells in the plane
    corners = [p.split() for p in re.findall('points="([^"]+)"', text)]
    assert {len(one) for one in corners} == {4}
    assert len({corner for one in corners for corner in one}) == 6
    assert not {corner for one in corners for corner in one} & {"0.0,0.0", "200.0,200.0"}


def test_long_numbers_are_rounded():
    text = html(Arrangement([[10**400, 1], ["1/3", f"{10**90}/7"]], [0, 10**99]))
    assert "≈ (huge, 1)·x + 0 = 0" in text
    assert "≈ (0.333333, 1.42857e+89)·x + 1e+99 = 0" in text


def test_one_long_number_does_not_cost_the_table():
    odd = families.KnownCounts(((1,), (2, 3)), 10**5000, Fraction(10**5000, 3), "none")
    values = re.findall("<td>([^<]*)</td></tr>", html(odd))
    assert values == ["((1), (2, 3))", "≈ huge", "≈ huge", "none"]


def test_a_label_is_no_part_of_the_equation():
    assert "<td>a: b</td><td>x0 = 0</td>" in html(Arrangement([[1, 0]], labels=["a: b"]))


def test_what_overflows_is_not_drawn():
    assert "svg" not in html(Arrangement([[1, 0], [0, 1]], [10**400, 1]))  # and no warning


def pixels(text):
    """The image in a page, shape (rows, columns, 3)."""
    data = BytesIO(b64decode(re.search('base64,([^"]+)', text)[1]))
    shades = pytest.importorskip("matplotlib.image").imread(data, format="png")
    return np.round(shades * 255).astype(int)


def test_a_planted_picture_stands_as_plot_pattern_draws_it():
    picture = pixels(html(pattern_network([[0, 0, 0], [1, 1, 1]])))
    assert picture[0].tolist() == [[68, 1, 84]] * 3  # the least at the top
    assert picture[1].tolist() == [[253, 231, 37]] * 3
    assert "<img" not in html(pattern_network(np.arange(8.0).reshape(2, 2, 2)))


def test_a_long_line_is_shown_from_end_to_end():
    text = html(pattern_network(np.repeat([0.0, 1.0], 500)))
    heights = re.findall('cy="([^"]+)"', text)
    assert len(set(heights)) == 2
    assert len(heights) <= 400


def test_nothing_is_searched_for():
    """What has many parts is shown at once, and what is costly stays uncomputed."""
    drawn = Arrangement(np.random.default_rng(1).normal(size=(500, 300)))
    cells = families.resonance(6).cells()
    for what in (drawn, cells):
        known = set(vars(what))
        html(what)
        assert not (set(vars(what)) - known) & {"points", "edges", "bounded", "face_vector"}


def test_names_are_escaped():
    named = Arrangement([[1, 0], [0, 1]], labels=["<b>&", ""])
    assert "&lt;b&gt;&amp;" in html(named)
    assert "<b>" not in html(named)
    other = html(data.DataSet(X, y, "<i>\x1b"))
    assert "&lt;i&gt;" in other
    assert "\x1b" not in other


def test_what_fails_is_shown_as_text():
    class Broken(Columnar):
        def __len__(self):
            raise ValueError

        def node_columns(self):
            raise ValueError

        def _item(self, i):
            raise ValueError

        def __repr__(self):
            return "a <broken> one"

    class Silent(Broken):
        __repr__ = Broken.__len__

    for kind in (Broken, Silent):
        kind.__name__ = "Cells"  # what is drawn by that name is not there
    assert Broken()._repr_html_() == "<pre>a &lt;broken&gt; one</pre>"
    assert Silent()._repr_html_() == "<pre>Cells</pre>"
    assert html(Fraction(1, 3)) == "<pre>Fraction(1, 3)</pre>"


@pytest.mark.processes
def test_matplotlib_is_not_waited_for():
    code = (
        "import sys; from arrangement import families; "
        "text = families.braid(3).cells()._repr_html_(); "
        "print(len(text) > 99, 'matplotlib' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("True False\n", "")
