"""Results as values: equality, data frames, and closures of cells in files and as JSON."""

import pickle
import sys
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given

from arrangement import Arrangement, Cells, InputError, MissingExtraError, families
from arrangement.files.cdd import read_cdd
from arrangement.files.point_files import read_points
from arrangement.relu import OneHiddenLayer
from tests import reference
from tests.amounts import examples
from tests.hyperplanes.test_hyperplanes import arrangement_of
from tests.strategies import tables

TRIANGLE = Arrangement([[1, 0], [0, 1], [1, 1]], [0, 0, "-1/3"])


def fractions(points):
    return {tuple(map(Fraction, point)) for point in points}


@pytest.mark.parametrize(
    "ask",
    [
        lambda a: a.cells(),
        lambda a: a.cells(domain=[(0, 1), (0, 1)]),
        lambda a: a.faces(1),
        lambda a: a.faces(2),
        lambda a: a.faces(1, domain=[(0, 1), (0, 1)]),
        lambda a: a.flats(1),
        lambda a: a.flats(0),
    ],
)
def test_results_are_equal_by_value(ask):
    found, again = ask(TRIANGLE), ask(Arrangement([[2, 0], [0, 3], [3, 3]], [0, 0, -1]))
    assert found == again
    assert hash(found) == hash(again)
    assert pickle.loads(pickle.dumps(found)) == found
    assert found[0] == again[0]
    assert {found[0]: "first"}[again[0]] == "first"
    moved = ask(Arrangement([[1, 0], [0, 1], [1, 1]], [0, 0, "-1/2"]))
    assert found != moved
    assert found[0] != moved[0]
    assert found != TRIANGLE
    assert found != "cells"


def test_results_differ_by_what_they_hold(tmp_path):
    cells = TRIANGLE.cells()
    cells.save(tmp_path / "cells.npz")
    assert Cells.load(tmp_path / "cells.npz") == cells
    assert cells != TRIANGLE.cells(domain=[(None, None), (-9, 9)])
    assert TRIANGLE.faces(0) != TRIANGLE.faces(1)
    assert TRIANGLE.flats(1) != TRIANGLE.flats(2)
    portions = list(TRIANGLE.iter_cells(batch_size=3))
    assert portions[0] != cells
    assert len({cells, TRIANGLE.cells(), *portions}) == 1 + len(portions)


def test_data_frames_have_the_columns():
    cells, faces, flats = TRIANGLE.cells(), TRIANGLE.faces(1), TRIANGLE.flats(2)
    table = cells.to_dataframe()
    assert list(table.columns) == ["signs", "bounded", "x0", "x1"]
    assert [cells.index(signs) for signs in table.signs] == list(range(7))
    assert cells.locate(table[["x0", "x1"]].to_numpy()).tolist() == list(range(7))
    table = faces.to_dataframe()
    assert [faces.index(signs) for signs in table.signs] == list(range(9))
    assert table.bounded.sum() == 3
    assert table.flat.tolist() == faces.flat.tolist()
    table = flats.to_dataframe()
    assert table.hyperplanes.tolist() == ["0 1", "0 2", "1 2"]
    assert table.mobius.tolist() == [1, 1, 1]
    pieces = OneHiddenLayer([[0.0], [1.0], [2.0]], [1.0, 0.0, 1.0]).landscape().pieces
    assert pieces.to_dataframe().kind.tolist() == pieces.kind.tolist()
    assert len(Arrangement(np.zeros((0, 1))).cells().to_dataframe()) == 1
    assert len(TRIANGLE.faces(7).to_dataframe()) == 0


def test_without_pandas_there_is_one_clear_line(monkeypatch):
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(MissingExtraError, match=r"^a data frame needs pandas: pip install '"):
        TRIANGLE.cells().to_dataframe()


@examples(25)
@given(tables(max_hyperplanes=5))
def test_closures_are_written_for_cdd_and_read_back(tmp_path_factory, table):
    d, normals, offsets = table
    arrangement = arrangement_of(d, normals, offsets)
    folder = tmp_path_factory.mktemp("cells")
    for cell in arrangement.cells():
        cell.write(folder / "cell.ine")
        _, rows, equations = read_cdd(folder / "cell.ine", "H")
        assert not equations
        inward = {reference.scaled(tuple(map(Fraction, (*row[1:], row[0])))) for row in rows}
        signed = zip(reference.rows_of(normals, offsets), cell.signs, strict=True)
        around = {reference.scaled(tuple(s * v for v in r)) for r, s in signed}
        assert inward <= around
        for row in around - inward:  # implied by those that bound the cell
            assert not reference.feasible([*inward, tuple(-v for v in row)])
        cell.write(folder / "cell.ext")
        _, rows, lines = read_cdd(folder / "cell.ext", "V")
        kept = [row for k, row in enumerate(rows) if k not in lines]
        assert fractions(row[1:] for row in kept if row[0]) == fractions(cell.vertices())
        assert fractions(row[1:] for row in kept if not row[0]) == fractions(cell.rays())
        assert [tuple(rows[k][1:]) for k in lines] == cell.lines()
        if len(rows) > len(cell.vertices()):
            with pytest.raises(InputError, match=r"row \d+: a ray or a line, where points are"):
                read_points(str(folder / "cell.ext"))
        else:
            assert fractions(read_points(str(folder / "cell.ext"))) == fractions(
                cell.vertices()
            )


def test_closures_that_cdd_does_not_hold(tmp_path):
    cell = families.coxeter("I2(5)").cells()[0]
    for suffix in (".ine", ".ext"):
        with pytest.raises(InputError, match=r"irrational numbers, which cdd and lrs do not"):
            cell.write(tmp_path / f"cell{suffix}")
    with pytest.raises(InputError, match=r"cell.txt: the suffix is neither .ine nor .ext$"):
        TRIANGLE.cells()[0].write(tmp_path / "cell.txt")
    assert not list(tmp_path.iterdir())


def test_the_command_line_lists_closures(facts, run, refused, tmp_path):
    path = tmp_path / "lines.csv"
    TRIANGLE.write(path)
    found = facts("cells", path, "--vertices")["closures"]
    cells = TRIANGLE.cells()
    assert len(found) == 7
    for closure in found:
        cell = cells[cells.index(closure["signs"])]
        assert closure["bounded"] == cell.bounded
        for name in ("vertices", "rays", "lines"):
            points = getattr(cell, name)()
            assert closure[name] == [list(map(str, point)) for point in points]
    corner = facts("cells", path, "--vertices", "--domain", 0, "1/9")["closures"]
    assert [closure["vertices"] for closure in corner] == [
        [["0", "0"], ["0", "1/9"], ["1/9", "0"], ["1/9", "1/9"]]
    ]
    _, out, _ = run("cells", path, "--vertices")
    assert "++-  vertices (0, 0) (0, 1/3) (1/3, 0)\n" in out
    assert "--+" not in out
    axis = facts("cells", "-", "--vertices", stdin="1,0,0\n")["closures"]
    assert all(closure["lines"] in ([["0", "1"]], [["0", "-1"]]) for closure in axis)
    assert refused("cells", path, "--vertices", "--out", tmp_path / "blocks") == (
        "--vertices: not with blocks; give --out FILE.npz"
    )
