"""`arrangement info`: one page of facts, each as the class tells it, and other formats."""

import re

import numpy as np
import pytest

from arrangement import Arrangement, families
from arrangement.bounds import zaslavsky
from tests.amounts import first

MEMBERS = {
    "shi": families.shi(3),
    "H3": families.coxeter("H3"),
    "copies": Arrangement([[1, 0], [2, 0], ["1/3", 1]], [0, 0, "1/2"], labels=["a", "", "b,c"]),
    "floats": families.generic(6, 2),
    "center": Arrangement([[1, 0, 1], [0, 1, 0], [1, 1, 1]], ["-1/2", -2, "-5/2"]),
    "cubic": Arrangement([["root(x^3-x-1,1,2)", 1], [1, 1]]),
}


@pytest.mark.parametrize("name", sorted(MEMBERS))
def test_every_fact_is_that_of_the_class(facts, run, tmp_path, name):
    arrangement = MEMBERS[name]
    path = tmp_path / "a.csv"
    arrangement.write(path)
    found = facts("info", path)
    distinct = len(set(arrangement))
    center = arrangement.center().point if arrangement.is_central else None
    assert found.pop("point_of_the_center", None) == (center and [str(v) for v in center])
    assert found.pop("numbers").split(",")[0] == {
        "shi": "integers", "H3": "algebraic", "copies": "rationals", "cubic": "algebraic",
        "floats": "dyadic rationals", "center": "dyadic rationals",
    }[name]  # fmt: skip
    cells = arrangement.cells()
    assert found == {
        "hyperplanes": len(arrangement),
        "distinct": distinct,
        "directions": len(set(Arrangement(arrangement.given[:, :-1]))),
        "dimension": arrangement.dimension,
        "rank": arrangement.rank,
        "labels": ["a", "", "b,c"] if name == "copies" else [],
        "linear": arrangement.is_linear,
        "central": arrangement.is_central,
        "essential": arrangement.is_essential,
        "cells_at_most": zaslavsky(distinct, arrangement.rank),
        "simple": arrangement.is_simple,
        "characteristic_polynomial": list(arrangement.characteristic_polynomial()),
        "cells": len(cells),
        "bounded_cells": int(cells.bounded.sum()),
        "faces_by_dimension": [
            len(arrangement.faces(k)) for k in range(arrangement.dimension + 1)
        ],
    }
    code, out, err = run("info", path)
    assert (code, err) == (0, "")
    rows = dict(re.split(r"  +", line, maxsplit=1) for line in out.splitlines())
    assert rows["cells"] == str(len(cells))
    assert rows["labels"] == ("a, b,c" if name == "copies" else "none")


def test_what_may_be_many_is_not_counted(facts, run):
    found = facts("info", "--family", "generic", "200", "30")
    assert found["cells_at_most"] == zaslavsky(200, 30)
    for name in ("simple", "cells", "bounded_cells", "faces_by_dimension"):
        assert found[name] is None
    _, out, _ = run("info", "--family", "generic", "400", "60")
    assert re.search(r"^cells +not looked for$", out, re.MULTILINE)
    assert max(map(len, out.splitlines())) < 120


def test_no_hyperplanes_and_long_lists(facts, run, tmp_path):
    Arrangement(np.zeros((0, 2))).write(tmp_path / "none.json")
    assert facts("info", tmp_path / "none.json")["cells"] == 1
    many = Arrangement(np.eye(12), labels=[f"e{k}" for k in range(12)])
    many.write(tmp_path / "many.npz")
    _, out, _ = run("info", tmp_path / "many.npz")
    assert "labels                     e0, e1, e2, e3, e4, e5, e6, e7, e8, e9, …\n" in out


def test_the_domain_of_saved_cells_is_told(facts, tmp_path):
    families.shi(2).cells(domain=[(0, 1), (0, 1)]).save(tmp_path / "cells.npz")
    assert facts("info", tmp_path / "cells.npz")["domain"] == 4


@pytest.mark.parametrize(
    "suffix", first(5, ["txt", "csv", "json", "npz", "ine", "poly", "m2", "sage"])
)
def test_other_formats(facts, refused, tmp_path, suffix):
    path = tmp_path / f"a.{suffix}"
    facts("info", "--family", "catalan", "3", "--out", path)
    assert Arrangement.read(path) == families.catalan(3)
    if suffix in ("ine", "poly", "m2", "sage"):
        said = refused("info", "--family", "coxeter", "H3", "--out", path)
        assert "is irrational, which" in said
        assert Arrangement.read(path) == families.catalan(3)


def test_outputs_that_cannot_be(refused, tmp_path):
    said = refused("info", "--family", "braid", "3", "--out", tmp_path / "a.doc")
    assert "the suffix of the file must be .txt or .csv" in said
    families.braid(3).write(tmp_path / "a.csv")
    said = refused("info", tmp_path / "a.csv", "--out", tmp_path / "a.csv")
    assert said.endswith("the same file as the input")
