"""Integers of more digits than Python writes on request only: in messages, files and JSON."""

import json
import subprocess
import sys
from fractions import Fraction
from xml.etree import ElementTree

import networkx as nx
import numpy as np
import pytest

from arrangement import Arrangement, InputError, bounds, families, plot
from arrangement.cli.arrangement_files import read_arrangement
from arrangement.exact.numbers import exact_number, exact_text, shown
from arrangement.families.chromatic import chromatic_polynomial
from arrangement.files.text import read_text
from arrangement.networks import Network
from arrangement.relu import OneHiddenLayer

LONG = 10**5000
NETWORK = Network([[[1.0, 1.0]]], [[0.0]])
TWO = Network([[[1.0]], [[1.0], [-1.0]]], [[0.0], [0.0, 1.0]])


@pytest.mark.parametrize("call", [
    lambda: Arrangement([[{LONG}, 1]]),
    lambda: Arrangement([[1, 1]]).cells(domain=LONG),
    lambda: Arrangement([[1, 1]]).cells(domain=[LONG, LONG]),
    lambda: Arrangement([[1, 1]]).cells(domain=[(LONG, 0), (0, 1)]),
    lambda: Arrangement([[1, 1]]).cells(domain=[(Fraction(LONG, 3), 0), (0, 1)]),
    lambda: Arrangement([[1, 1]]).cells(domain=[(1, [LONG]), (0, 1)]),
    lambda: Arrangement([[1, 1]]).cells(method=LONG),
    lambda: Arrangement([[1, 1]]).iter_cells(-LONG),
    lambda: Arrangement([[1, 1]]).is_isomorphic(LONG),
    lambda: Arrangement([[1, 1]]).poset_of_regions(LONG),
    lambda: Arrangement([[1, 1]]).product(LONG),
    lambda: families.regular_polytope(LONG),
    lambda: families.regular_polytope([LONG]),
    lambda: families.graphical(LONG),
    lambda: families.graphical(nx.Graph([(LONG, LONG)])),
    lambda: chromatic_polynomial(LONG),
    lambda: chromatic_polynomial(nx.Graph([(LONG, LONG)])),
    lambda: Network.read(LONG),
    lambda: Network.from_arrays({"W1": [[1.0]]}, layers=[LONG]),
    lambda: Network.from_torch({LONG: [[1.0]]}, layers=["a"]),
    lambda: read_text(LONG),
    lambda: Arrangement([[1, 1]]).restriction(LONG),
    lambda: Arrangement([[1, 1]]).faces([LONG]),
    lambda: bounds.zaslavsky(-LONG, 2),
    lambda: families.braid(LONG),
    lambda: families.generic(3, -LONG),
    lambda: NETWORK.regions(LONG),
    lambda: NETWORK.regions([(LONG, 0), (0, 1)]),
    lambda: NETWORK.regions([(0, 1)] * 2).coverage(-LONG),
    lambda: TWO.regions([(-1, 1)]).decision_regions().exact_class_volume(LONG),
    lambda: plot.regions(TWO.regions([(-1, 1)]), colour="rank", layer=LONG),
    lambda: Network.random([2, -LONG, 1]),
    lambda: Network([[[1.0]], [[1.0]]], [[0.0], [0.0]], ("maxout", LONG)),
    lambda: Network([[[1.0]]], [[0.0]], LONG),
    lambda: OneHiddenLayer([[1.0], [2.0]], [0, 1], hidden=-LONG),
    lambda: OneHiddenLayer([[1.0], [2.0]], [0, 1], hidden=LONG).landscape(),
])  # fmt: skip
def test_messages(call):
    with pytest.raises(InputError, match=r"0000|\d\.\.\.\d") as caught:
        call()
    assert len(str(caught.value)) < 600


def test_reprs():
    for one in (
        Arrangement([[LONG, 1]], [LONG]), Arrangement([[LONG, 1]]).cells(),
        OneHiddenLayer([[1.0], [2.0]], [0, 1], hidden=LONG), NETWORK.regions([(0, 1)] * 2),
    ):  # fmt: skip
        assert len(repr(one)) < 200
    with pytest.raises(IndexError, match=r"does not exist: there are 2"):
        Arrangement([[1]]).cells()[LONG]


def test_short_forms():
    assert shown(Fraction(1, 3)) == "1/3"
    assert shown(np.float64(0.5)) == "0.5"
    assert shown([-LONG, {"a": Fraction(1, LONG)}]).startswith(
        "[-10000000000...000000000000, {"
    )
    assert shown(np.array([[LONG]])) == "[[100000000000...000000000000]]"
    assert len(shown("x" * 10**6)) < 300


def test_graphml_and_json(tmp_path):
    from arrangement.files import graphml

    graphml.write_graphml(
        tmp_path / "a.graphml", {"count": [LONG, 7]}, np.zeros((0, 2), dtype=np.int64), {}
    )
    texts = [e.text for e in ElementTree.parse(tmp_path / "a.graphml").iter() if e.text]
    assert [exact_number(t) for t in texts if t.isdecimal()] == [LONG, 7]
    content = f'{{"normals": [[1, {exact_text(LONG)}], [1, -3]]}}'
    (tmp_path / "a.json").write_text(content)
    assert read_arrangement(str(tmp_path / "a.json"))[0] == Arrangement([[1, LONG], [1, -3]])


@pytest.mark.processes
def test_counts_on_the_command_line():
    widths = ["5", *["60"] * 1200]
    command = [sys.executable, "-m", "arrangement", "bounds", "--network", *widths]
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    found = subprocess.run(
        [*command, "--json"], capture_output=True, text=True, check=True
    ).stdout
    most = bounds.raghu(5, [60] * 1200)
    assert most > LONG
    assert exact_text(most) in text
    assert exact_text(most) in found
    assert json.loads(found, parse_int=exact_number)["raghu"] == most
    assert sys.get_int_max_str_digits() == 4300
