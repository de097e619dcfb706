"""The command line: what it prints, what it writes, and one line for every error."""

import gzip
import io
import json
import os
import re
import shlex
import signal
import subprocess
import sys
import time
from functools import partial
from inspect import signature
from math import comb

import networkx as nx
import numpy as np
import pytest

from arrangement import Arrangement, CellClasses, Cells, __version__
from arrangement.bounds import cover, zaslavsky
from arrangement.cli import main
from arrangement.families import FAMILIES, generic
from tests.amounts import first

TRIANGLE = "1,0,0\n0,1,0\n1,1,-1\n"  # three lines that bound a triangle


def count(facts, *arguments, **options):
    found = facts("cells", *arguments, **options)
    return found["cells"], found["bounded_cells"]


# --- cells ---


def test_cells_of_a_table(run, tmp_path):
    path = tmp_path / "triangle.csv"
    path.write_text(TRIANGLE)
    code, out, err = run("cells", path)
    assert (code, err) == (0, "")
    rows = dict(line.rsplit(maxsplit=1) for line in out.splitlines())
    assert float(rows.pop("seconds")) >= 0
    assert rows == {
        "hyperplanes": "3", "dimension": "2", "rank": "2", "cells": "7", "bounded cells": "1",
    }  # fmt: skip


@pytest.mark.parametrize(
    "content",
    [
        TRIANGLE,
        "x;y;b\n1;0;0\n0;1;0\n1;1;-1",
        "x1 x2 b\n1 0 0\n0 1 0\n# the third\n1 1 -1\n",
        "1/3\t0\t0\n0\t.5\t0\n1e-3\t1e-3\t-1e-3\n",
        '{"normals": [[1, 0], [0, 1], ["1/3", 0.5]], "offsets": [0, 0, -1]}',
        ' \n{"offsets": [0, 0, -1e2], "normals": [[1, 0], [0, 1], [1, 1]]}',
    ],
)
def test_standard_input_takes_tables_and_json(facts, content):
    assert count(facts, "-", stdin=content) == (7, 1)


@pytest.mark.parametrize("content", [TRIANGLE, '{"normals": [[1, 0], [0, 1]]}'])
def test_standard_input_is_read_like_a_file(facts, content):
    expected = facts("bounds", "-", stdin=content)
    marked = content.encode("utf-8-sig")
    for same in (marked, gzip.compress(marked)):
        assert facts("bounds", "-", stdin=same) == expected


def test_standard_input_that_is_no_text(refused):
    for arguments in (("cells", "-"), ("bounds", "-"), ("landscape", "--data", "-")):
        assert refused(*arguments, stdin=b"1,\xff") == "<stdin>: not a text file (byte 2)"


def test_standard_input_may_be_replaced_by_text(monkeypatch, capfd):
    monkeypatch.setattr(sys, "stdin", io.StringIO(TRIANGLE))
    assert main(["cells", "-"]) == 0
    assert "cells          7\n" in capfd.readouterr().out


def test_every_kind_of_file_gives_the_same_cells(facts, tmp_path):
    table = np.array([[1.0, 0, 0], [0, 1, 0], [1, 1, -1]])
    np.save(tmp_path / "a.npy", table)
    np.savez(tmp_path / "b.npz", normals=table[:, :2], offsets=table[:, 2])
    (tmp_path / "c.json").write_text(
        json.dumps({"normals": table[:, :2].tolist(), "offsets": table[:, 2].tolist()})
    )
    (tmp_path / "d.txt").write_text(TRIANGLE.replace(",", " "))
    for path in list(tmp_path.iterdir()):
        assert count(facts, path) == (7, 1)
        packed = tmp_path / f"{path.name}.gz"
        packed.write_bytes(gzip.compress(path.read_bytes()))
        assert count(facts, packed) == (7, 1)


def test_central_tables_have_no_column_of_offsets(facts, tmp_path):
    assert count(facts, "-", "--central", stdin=TRIANGLE) == (8, 0)
    np.save(tmp_path / "a.npy", np.array([[1, 0], [0, 1], [1, 1]]))
    assert count(facts, tmp_path / "a.npy", "--central") == (6, 0)
    assert count(facts, "-", stdin='{"normals": [[1, 0], [0, 1], [1, 1]]}') == (6, 0)


CONCURRENT = "1,0,-0.1\n0,1,-0.2\n1,1,-0.3\n"  # through (1/10, 2/10), as it is written


def test_numbers_are_those_that_are_written(facts, tmp_path):
    assert count(facts, "-", stdin=CONCURRENT) == (6, 0)
    for offsets in ('["-1/10", "-0.2", "-0.3"]', "[-0.1, -2e-1, -0.30]"):
        written = f'{{"normals": [[1, 0], [0, 1], [1, 1]], "offsets": {offsets}}}'
        assert count(facts, "-", stdin=written) == (6, 0)


def test_integers_of_many_digits_are_read(facts):
    assert count(facts, "-", stdin=f"1,0,0\n{'7' * 5000},1,0\n") == (4, 0)


def test_float_reads_the_nearest_float64(facts):
    assert 0.1 + 0.2 != 0.3
    assert count(facts, "-", "--float", stdin=CONCURRENT) == (7, 1)
    written = '{"normals": [[1, 0], [0, 1], [1, 1]], "offsets": ["-1/10", -0.2, -0.3]}'
    assert count(facts, "-", "--float", stdin=written) == (7, 1)
    assert count(facts, "-", stdin=written) == (6, 0)


@pytest.mark.parametrize(
    ("arguments", "cells", "bounded"),
    [
        ("braid 4", 24, 0),
        ("shi 3", 16, 4),
        ("coxeter B 3", 48, 0),
        ("coxeter a 2", 6, 0),
        ("generic 6 3 --seed 2", 42, 10),
        ("generic 5 2", 16, 6),
        ("ish 3", 16, 4),
        ("coxeter F 4", 1152, 0),
        ("coxeter H 3", 120, 0),
        ("simplicial 1 10", 60, 0),
        ("regular_polytope dodecahedron", 185, 63),
        ("grid 3 4", 20, 6),
        ("graphical 0-1 1-2 2-0 isolated", 6, 0),
        ("discriminantal 5 2 --seed 1", 62, 0),
        ("shi B2", 25, 9),
        ("catalan 3 2", 72, 42),
        ("g_shi 0-1 1-2", 9, 1),
        ("bigraphical 0-1 1-2 0-2 --seed 4", 19, 7),
        ("multigrid 5 1 --seed 2", 16, 6),
        ("matroid whirl", 26, 0),
        ("specht 2 1 1", 14, 0),
    ],
)
def test_families(facts, arguments, cells, bounded):
    assert count(facts, "--family", *arguments.split()) == (cells, bounded)


@pytest.mark.parametrize(
    "name",
    [
        name
        for name, family in FAMILIES.items()
        if not {"type", "name", "graph", "points", "generators"}
        & {*signature(family).parameters}
        and len([p for p in signature(family).parameters.values() if p.default is p.empty]) == 1
    ],
)
def test_every_family_is_called_by_its_name(facts, name):
    found = facts("cells", "--family", name, "3")
    assert found["hyperplanes"] == FAMILIES[name](3).n_hyperplanes


def test_irrational_numbers(facts, tmp_path):
    pentagon = tmp_path / "pentagon.txt"
    pentagon.write_text(
        "# five sides\n\nfield c = cos(2*pi/5)\n"
        "1 0 -1\nc 1 -1\nc -1 -1\n2*c^2-1 2*c -1\n2*c^2-1 -2*c -1\n"
    )
    assert count(facts, str(pentagon)) == (16, 6)
    for end in (b"\r\n", b"\r"):
        pentagon.write_bytes(pentagon.read_bytes().replace(b"\r\n", b"\n").replace(b"\n", end))
        assert count(facts, str(pentagon)) == (16, 6)
    assert count(facts, "-", stdin="sqrt(2),1,0\n2,sqrt(2),0\nsqrt(8),2,1e-3\n") == (3, 1)
    assert count(facts, "-", stdin="field a = sqrt(2)\na,a,a\n") == (2, 0)
    named = "field a = root(x^2-2,1,2)\n"
    for table in (f"x,y,b\n{named}a,2,0\n1,a,0\n", f"{named}\nx,y,b\na,2,0\n1,a,0\n"):
        assert count(facts, "-", stdin=table) == (2, 0)
    domain = ("-", "--domain", "sqrt(2)-1.5", "none")
    assert count(facts, *domain, stdin=TRIANGLE)[0] == 7
    found = json.dumps({"normals": [["(1+sqrt(5))/2", 1], ["1", "2*cos(2*pi/5)"]]})
    assert count(facts, "-", stdin=found) == (2, 0)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1,sqrt(x)\n", r"line 1: 'sqrt\(x\)' is not a number"),
        ("1,sqrt(-2)\n", "line 1: -2 is negative"),
        ("1,2\n1,2^(1/41)\n", "line 2: a number field of degree 41; the largest degree is 32"),
        ("field pi = 3\n1,2\n", "line 1: 'pi' has a meaning"),
        ("\nfield a = b\n1,2\n", "line 2: 'b' is not a number"),
        ("field a = sqrt(2)\n1,b\n", "line 2: 'b' is not a number"),
        ("field a = sqrt(2)\n", "empty, not one row"),
        ("field a : sqrt(2)\na,1\n", 'line 1: a number is named by a line such as "field tau'),
        ("# a\na = sqrt(2)\na,1\n", "line 2: a number is named by a line such as"),
        ("field 2a = sqrt(2)\na,1\n", "line 1: a number is named by a line such as"),
        ("1,1\nfield a = sqrt(2)\na,1\n", "line 2: a field line stands before the rows"),
        ("x,y\n1,1\nfield a = 2\na,1\n", "line 3: a field line stands before the rows"),
        ("field a = root(x^2-2)\n", r"line 1: root\(...\) takes a polynomial in x and two bo"),
        ("field a = sqrt(2)\na-a,1\n", "line 2: the normal is zero"),
        ('field a = 2\n"a,1\n', "line 2: unexpected end of data"),
    ],
)
def test_bad_irrational_numbers_are_one_line(refused, text, message):
    assert re.search(message, refused("cells", "-", stdin=text))


def test_methods_agree(facts):
    arguments = ("cells", "--family", "shi", "3", "--method")
    assert [facts(*arguments, m)["cells"] for m in ("auto", "restrict", "lp")] == [16] * 3


def test_a_domain_keeps_the_cells_that_meet_the_box(facts):
    domain = ("-", "--domain")
    assert count(facts, *domain, "1/10", "0.2", stdin=TRIANGLE)[0] == 1
    assert count(facts, *domain, "-1e-3", "1e-3", stdin=TRIANGLE)[0] == 4
    assert count(facts, *domain, "-1/2", "none", stdin=TRIANGLE)[0] == 7
    assert count(facts, *domain, "-inf", "-1", stdin=TRIANGLE)[0] == 1
    assert count(facts, *domain, "none", "none", stdin=TRIANGLE)[0] == 7


def test_cells_in_a_box_are_counted_and_written_in_blocks(facts, refused, tmp_path):
    box = ("-", "--domain", "-1/2", "1")
    assert facts("count", *box, stdin=TRIANGLE)["cells_in_the_domain"] == 5
    assert facts("cells", *box, "--out", tmp_path / "blocks", stdin=TRIANGLE)["cells"] == 5
    assert Cells.load(tmp_path / "blocks" / "cells-000000.npz").domain.shape == (4, 3)
    shared = ("--jobs", 2, "--checkpoint", tmp_path / "kept")
    for command in ("count", "cells"):
        counted = facts(command, *box, *shared, stdin=TRIANGLE)
        assert 5 in (counted.get("cells"), counted.get("cells_in_the_domain"))
    more = ("--out", tmp_path / "more", *shared)
    assert facts("cells", *box, *more, stdin=TRIANGLE)["cells"] == 5
    assert "of another arrangement or domain" in refused(
        "count", "-", "--domain", "-1/2", "2", *shared, stdin=TRIANGLE
    )
    assert facts("count", "-", "--jobs", 2, stdin=TRIANGLE)["whitney_numbers"] == [1, 3, 3]
    assert "--jobs: not for --method lp" in refused(
        "cells", *box, "--jobs", 2, "--method", "lp", stdin=TRIANGLE
    )


def test_a_saved_domain_comes_with_its_file(facts, refused, tmp_path):
    saved = tmp_path / "box.npz"
    box = ("--domain", "1/10", "0.2", "--out", saved)
    assert count(facts, "-", *box, stdin=TRIANGLE) == (1, 1)
    assert count(facts, saved) == count(facts, saved, "--float") == (1, 1)
    again = tmp_path / "again.npz"
    facts("cells", saved, "--out", again)
    assert (Cells.load(again).domain == Cells.load(saved).domain).all()
    assert "has a domain of its own" in refused("cells", saved, "--domain", 0, 1)
    assert "method 'sweep' takes no domain" in refused("cells", saved, "--method", "sweep")
    assert "the bounds are for whole arrangements" in refused("bounds", saved)
    np.savez(saved, normals=[[1, 0]], offsets=[0], domain=[[1, 1]])
    assert "box.npz: domain: 2 columns in dimension 2" in refused("cells", saved)


def test_relatively_bounded_cells_are_called_so(run, facts):
    strip = "1,0,0\n1,0,1\n"
    assert "\nrelatively bounded cells  1\n" in run("cells", "-", stdin=strip)[1]
    assert count(facts, "-", stdin=strip) == (3, 1)
    assert "\nbounded cells  1\n" in run("cells", "-", stdin=TRIANGLE)[1]


def test_cells_are_written(facts, tmp_path):
    out, graph = tmp_path / "cells.npz", tmp_path / "cells.graphml.gz"
    facts("cells", "--family", "generic", 7, 2, "--seed", 3, "--out", out, "--graphml", graph)
    expected = generic(7, 2, rng=3).cells()
    assert np.array_equal(Cells.load(out).packed, expected.packed)
    assert Cells.load(out).arrangement == expected.arrangement
    tope_graph = nx.read_graphml(graph)
    assert tope_graph.number_of_nodes() == len(expected) == zaslavsky(7, 2)
    assert tope_graph.number_of_edges() == len(expected.edges)
    assert facts("cells", out)["cells"] == len(expected)


@pytest.mark.parametrize(
    ("command", "title"),
    [
        ("cells --family generic 4 3", "15 cells of 4 planes"),
        ("cells --family shi 4", "125 cells of 12 planes"),
        ("cells --family generic 5 4", "31 cells, 75 facets between them"),
        ("flats --family braid 4", "15 elements, 31 covers"),
        ("faces --family generic 3 2", "21 elements, 40 covers"),
    ],
)
def test_each_dimension_has_its_picture(facts, tmp_path, command, title):
    pytest.importorskip("matplotlib")
    facts(*command.split(), "--plot", tmp_path / "a.svg")
    assert title in (tmp_path / "a.svg").read_text("utf-8")


@pytest.mark.parametrize("suffix", first(1, ["png", "pdf", "svg"]))
def test_cells_are_drawn(facts, tmp_path, suffix):
    pytest.importorskip("matplotlib")
    facts("cells", "-", "--plot", tmp_path / f"a.{suffix}", stdin=TRIANGLE)
    assert (tmp_path / f"a.{suffix}").stat().st_size > 1000


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "<stdin>: empty, not one row"),
        ("x,y,b\n", "<stdin>: a header, but not one row of numbers"),
        ("1,0,0\n1,0\n", "<stdin>, line 2: 2 cells, but line 1 has 3"),
        (
            "1,0,0\n\n1,z,0\n",
            "<stdin>, line 3: 'z' is not a number (such as 3, -0.25, 1e-3, 1/3)",
        ),
        ("1,,0\n", "<stdin>, line 1: column 2 is empty"),
        ("1,0,0,\n", "<stdin>, line 1: column 4 is empty"),
        ("\t1\t0\t0\n", "<stdin>, line 1: column 1 is empty"),
        ("nan,nan,inf\n", "<stdin>, line 1: 'nan' is not a number"),
        ("1,1/0,0\n", "<stdin>, line 1: '1/0' is not a number"),
        ("1,1e99999999,0\n", "<stdin>, line 1: '1e99999999' has an exponent that is too"),
        (
            "1,1e9_999_999_999,0\n",
            "<stdin>, line 1: '1e9_999_999_999' has an exponent that is too",
        ),
        ("1e99999,1e99999\n", "<stdin>, line 1: '1e99999' has an exponent that is too"),
        (f"1,{'7' * 50}x,0\n", f"<stdin>, line 1: '{'7' * 36}...' is not a number"),
        ("a,b,c\n1,0,0\n0,0/5,1\n", "<stdin>, line 3: the normal is zero"),
        ("1\n", "<stdin>: a table of shape (1, 1); a row is a normal and the offset"),
        ("{", "<stdin>: not JSON (Expecting property name"),
        ("{}", "<stdin>: no 'normals'; it holds nothing"),
        ('{"rows": 1}', "<stdin>: no 'normals'; it holds 'rows'"),
        ('{"normals": [[1, NaN]]}', "<stdin>: NaN is not a finite number"),
        ('{"normals": [[1, 1e99999]]}', "<stdin>: '1e99999' has an exponent"),
        ('{"normals": [[1, 2], [3]]}', "<stdin>: normals, row 1: 1 entries, but row 0 has 2"),
        ('{"normals": [[1, 2], [0, 0]]}', "<stdin>: row 1: the normal is zero"),
        ('{"normals": [[1, "x"]]}', "<stdin>: normals, row 0, column 1: 'x' is not a finite"),
        ('{"normals": [[1, 2]], "offsets": [1, 2]}', "<stdin>: 1 normals but 2 offsets"),
        ('{"a": ' + "[" * 100_000, "<stdin>: not JSON that can be read (nested too deeply)"),
    ],
)
def test_bad_hyperplanes_are_named(refused, content, message):
    assert refused("cells", "-", stdin=content).startswith(message)
    assert refused("bounds", "-", stdin=content).startswith(message)


def test_bad_files_are_named(refused, tmp_path):
    assert refused("cells", "") == "the name of the file is empty"
    assert "none.csv: cannot be read (No such file" in refused("cells", tmp_path / "none.csv")
    assert "cannot be read (Is a directory)" in refused("cells", tmp_path)
    (tmp_path / "a.json").write_text("[[1, 0]]")
    assert 'a.json: not a JSON object {"normals"' in refused("cells", tmp_path / "a.json")
    (tmp_path / "a.npy").write_bytes(b"no")
    assert "a.npy: not a numpy file of numbers" in refused("cells", tmp_path / "a.npy")
    np.save(tmp_path / "flat.npy", np.arange(3))
    assert "flat.npy: a table of shape (3,)" in refused("cells", tmp_path / "flat.npy")
    np.save(tmp_path / "inf.npy", np.array([[1.0, np.inf, 0]]))
    assert "inf.npy: normals, row 0, column 1: inf" in refused("cells", tmp_path / "inf.npy")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("", "the following arguments are required: COMMAND"),
        ("cuont", "argument COMMAND: invalid choice: 'cuont'"),
        ("cells", "give either FILE (or - for standard input) or --family NAME N"),
        ("cells - --family braid 3", "give either FILE"),
        ("cells --family", "argument --family: expected at least one argument"),
        (
            "cells --family brain 3",
            "--family brain: no such family; there are bigraphical, braid, catalan",
        ),
        ("cells --family braid", "--family braid takes 1 (n) after the name, not 0"),
        ("cells --family braid 3 4", "--family braid takes 1 (n) after the name, not 2"),
        ("cells --family generic 3", "--family generic takes 2 (n, d) after the name, not 1"),
        ("cells --family grid", "--family grid takes 1 (sizes) after the name, not 0"),
        ("cells --family coxeter", "--family coxeter takes 2 (type, n) after the name, not 0"),
        ("cells --family coxeter E", "coxeter: type 'E' without a rank; give both"),
        ("faces --family braid 3 --dimension 4", "--dimension 4: give 0 to 3, for the space"),
        ("faces --family braid 3 --dimension -1", "--dimension -1: give 0 to 3"),
        ("flats --family braid 3 --rank 4", "--rank 4: give 0 to 3, for the space is R^3"),
        ("cells --family grid 3 x", "grid: 'x' is not an integer"),
        ("cells --family graphical", "--family graphical takes the edges after the name"),
        ("cells --family graphical 0-1 2-", "--family graphical: '2-' is neither an edge"),
        ("cells --family graphical 0-1-2", "--family graphical: '0-1-2' is neither an edge"),
        ("cells --family graphical 0-0", "graphical: node '0' has a loop"),
        ("cells --family graphical 0-1 --seed 1", "--seed is for --family bigraphical, disc"),
        ("cells --family braid x", "braid: 'x' is not an integer"),
        ("cells --family braid 2.5", "braid: '2.5' is not an integer"),
        ("cells --family braid -1", "braid: -1 is too small"),
        ("cells --family resonance 40", "resonance(40) has 1,099,511,627,775 hyperplanes"),
        (
            "cells --family braid 3 --seed 1",
            "--seed is for --family bigraphical, discriminantal, generic",
        ),
        ("cells - --seed 1", "--seed is for --family bigraphical, discriminantal, generic"),
        ("cells --family braid 3 --central", "--central and --float are for FILE"),
        ("cells --family braid 3 --float", "--central and --float are for FILE"),
        ("cells --family generic 3 2 --seed x", "argument --seed: invalid int value: 'x'"),
        ("cells --family braid 3 --method fast", "argument --method: invalid choice: 'fast'"),
        ("cells --family braid 3 --domain 0", "argument --domain: expected 2 arguments"),
        ("cells --family braid 3 --domain 0 x", "--domain: 'x' is not a number"),
        (
            "cells --family braid 3 --domain 1 1",
            "domain, coordinate 0: low 1 is not below high 1",
        ),
        ("cells --family braid 3 --domain 0 1 --method sweep", "method 'sweep' takes no"),
        ("cells --family braid 3 --plot a.txt", "--plot a.txt: a picture's suffix must be"),
        ("cells --family braid 4 --plot a.html", "--plot: a page needs dimension 2 or 3"),
        ("flats --family braid 4 --plot a.html", "--plot a.html: a picture's suffix must be"),
        ("faces --family braid 3 --domain 0 1 --plot a.png", "--plot: not with a domain"),
        ("cells --family braid 3 --out no/a.npz", "--out no/a.npz: there is no directory no"),
        ("cells --family braid 3 --graphml .", "--graphml .: is a directory"),
        (
            "cells --family braid 3 --graphml a.npz --out ./a.npz",
            "--graphml a.npz: the same file as --out",
        ),
        ("cells a.csv --out a.csv", "--out a.csv: the same file as the input"),
        ("cells --family braid 3 --quick", "unrecognized arguments: --quick"),
        ("bounds --family braid 3 --plot a.png", "unrecognized arguments: --plot"),
        ("landscape", "the following arguments are required: --data"),
        ("landscape --data irises", "irises: neither a data set (iris, digits, mnist) nor"),
        (
            "landscape --data iris --bias x",
            "argument --bias: 'x' is neither a finite number nor",
        ),
        (
            "landscape --data iris --bias nan",
            "argument --bias: 'nan' is neither a finite number",
        ),
        (
            "landscape --data iris --target 0",
            "iris: target 0, but a label column is for tables",
        ),
        (
            "landscape --data iris --reduction lsh",
            "--reduction lsh: to how many? give --features D",
        ),
        (
            "landscape --data iris --reduction pca",
            "--reduction pca: to how many? give --features D",
        ),
        ("landscape --data iris --graphml no/a", "--graphml no/a: there is no directory no"),
    ],
)
def test_bad_arguments(refused, arguments, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert refused(*arguments.split()).startswith(message)
    assert list(tmp_path.iterdir()) == []


def test_float_that_overflows_and_central_with_offsets(refused):
    assert refused("cells", "-", "--float", stdin="1e400,1,0\n") == (
        "<stdin>: --float, but a number is beyond float64"
    )
    assert refused("cells", "-", "--float", stdin="1e-400,0,0\n").startswith(
        "<stdin>: row 0: the"
    )
    both = '{"normals": [[1]], "offsets": [1]}'
    assert "--central, but the file holds 'offsets'" in refused(
        "cells", "-", "--central", stdin=both
    )


@pytest.fixture
def idle(monkeypatch):
    """No cells are enumerated."""
    monkeypatch.setattr(Arrangement, "cells", lambda *_, **__: pytest.fail("it worked"))


@pytest.mark.usefixtures("idle")
def test_an_unwritable_directory_is_found_before_the_work(refused, tmp_path, monkeypatch):
    def forbidden(**_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("tempfile.TemporaryFile", forbidden)
    target = tmp_path / "a.npz"
    assert refused("cells", "--family", "braid", 3, "--out", target) == (
        f"--out {target}: the directory {tmp_path} is not writable (Permission denied)"
    )


@pytest.mark.usefixtures("idle")
def test_a_file_without_permission_is_found_before_the_work(refused, tmp_path, monkeypatch):
    target = tmp_path / "a.npz"
    target.touch()
    monkeypatch.setattr(os, "access", lambda *_: False)
    message = refused("cells", "--family", "braid", 3, "--out", target)
    assert message == f"--out {target}: is not writable"


@pytest.mark.usefixtures("idle")
@pytest.mark.parametrize(
    ("option", "name", "reason"),
    [
        ("--graphml", "", "the name is empty"),
        ("--out", "", "the name is empty"),
        ("--plot", "", "the name is empty"),
        ("--graphml", "-", "a file of this name is hardly meant; write /dev/stdout"),
        ("--out", "-", "a file of this name is hardly meant; write /dev/stdout"),
        ("--plot", "-", "a picture's suffix must be .png, .pdf, .svg or .html"),
        ("--graphml", "x" * 256, "File name too long"),
        ("--graphml", "dangling", "a link to nowhere, which does not exist"),
        ("--out", "a.foo", "the suffix of the file must be .npz"),
        ("--out", "a.npz.gz", "the suffix of the file must be .npz"),
    ],
)
def test_names_that_cannot_be_written_are_found_before_the_work(
    refused, tmp_path, monkeypatch, option, name, reason
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "dangling").symlink_to("nowhere")
    message = refused("cells", "--family", "braid", 3, option, name)
    assert message.startswith(f"{option} {name}: {reason}")
    assert [p.name for p in tmp_path.iterdir()] == ["dangling"]


@pytest.mark.skipif(sys.platform != "linux", reason="names of Linux")
@pytest.mark.usefixtures("idle")
def test_nothing_is_created_in_proc(refused):
    message = refused("cells", "--family", "braid", 3, "--graphml", "/proc/x")
    assert message.startswith("--graphml /proc/x: the directory /proc is not writable")
    message = refused("cells", "--family", "braid", 3, "--graphml", "/dev/fd/999999")
    assert message == "--graphml /dev/fd/999999: is not open"


def test_a_name_as_long_as_names_can_be(facts, tmp_path):
    path = tmp_path / ("x" * 255)
    facts("cells", "--family", "braid", 3, "--graphml", path)
    assert nx.read_graphml(path).number_of_nodes() == 6


@pytest.mark.skipif(sys.platform != "linux", reason="a device of Linux")
@pytest.mark.parametrize("option", ["--graphml", "--out"])
def test_a_full_device_is_named(refused, option):
    message = refused("cells", "--family", "braid", 3, option, "/dev/full")
    assert message == "/dev/full: No space left on device"


def test_a_picture_without_matplotlib_names_the_extra(refused, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    message = refused("cells", "-", "--plot", "a.png", stdin=TRIANGLE)
    assert message == "--plot needs matplotlib: pip install 'arrangement[plot]'"


def test_a_disk_that_fills_up_is_one_line(refused, monkeypatch, tmp_path):
    def full(self, path):
        raise OSError(28, "No space left on device", str(path))

    monkeypatch.setattr(Cells, "save", full)
    message = refused("cells", "-", "--out", tmp_path / "a.npz", stdin=TRIANGLE)
    assert message == f"{tmp_path / 'a.npz'}: No space left on device"


def test_too_little_memory_is_one_line(refused, monkeypatch):
    def large(*_, **__):
        raise MemoryError

    monkeypatch.setattr(Arrangement, "cells", large)
    assert refused("cells", "-", stdin=TRIANGLE) == "out of memory"


# --- bounds ---


@pytest.mark.parametrize(("name", "n", "cells"), [("braid", 5, 120), ("resonance", 4, 370)])
def test_bounds_of_central_arrangements(facts, name, n, cells):
    found = facts("bounds", "--family", name, n)
    hyperplanes, rank = FAMILIES[name](n).n_hyperplanes, FAMILIES[name](n).rank
    assert found["cells"] == cells
    assert found["zaslavsky"]["bound"] == zaslavsky(hyperplanes, rank)
    assert found["cover"]["bound"] == cover(hyperplanes, rank)
    for bound in ("zaslavsky", "cover"):
        assert found[bound]["measured_per_bound"] == pytest.approx(
            cells / found[bound]["bound"]
        )


def test_general_position_attains_the_bounds(facts):
    found = facts("bounds", "--family", "generic", 8, 3)
    attained = {"bound": zaslavsky(8, 3), "measured": 93, "measured_per_bound": 1.0}
    assert found["zaslavsky"] == attained
    assert found["zaslavsky_bounded"]["measured"] == found["bounded_cells"] == comb(7, 3)
    assert found["cover"] == {"bound": None, "measured": 93, "measured_per_bound": None}
    found = facts("bounds", "-", "--central", stdin="1 0 0\n0 1 0\n0 0 1\n1 1 1\n1 2 4\n")
    assert found["cover"] == {"bound": 22, "measured": 22, "measured_per_bound": 1.0}


def test_bounds_use_rank_and_distinct_hyperplanes(facts, run):
    content = "1,0,0,0\n0,1,0,0\n-2,0,0,0\n1,1,0,0\n"  # three lines, one twice, rank 2 of 3
    found = facts("bounds", "-", stdin=content)
    assert (found["hyperplanes"], found["distinct"], found["rank"]) == (4, 3, 2)
    assert (found["zaslavsky"]["bound"], found["cover"]["bound"], found["cells"]) == (7, 6, 6)
    lines = run("bounds", "-", stdin=content)[1].splitlines()
    assert ["distinct", "3"] in [line.split() for line in lines]


def test_bounds_for_reading(run):
    _, out, _ = run("bounds", "-", stdin=TRIANGLE)
    lines = [re.sub("  +", "  ", line) for line in out.splitlines()]
    assert "Zaslavsky  7  measured / bound 1.0000" in lines
    assert "Zaslavsky bounded  1  measured / bound 1.0000" in lines
    assert "Cover  none: the hyperplanes share no point" in lines


def test_bounds_on_faces(facts):
    found = facts("bounds", "--faces", "--family", "generic", 6, 2)
    assert [faces["measured"] for faces in found["buck"]] == [15, 36, 22]
    assert all(faces["measured_per_bound"] == 1 for faces in found["buck"])


def test_bounds_of_networks(facts, refused):
    found = facts("bounds", "--network", 2, 3, 3, 3)
    assert (found["inputs"], found["layers"]) == (2, [3, 3, 3])
    assert (found["montufar_2014"], found["serra"], found["raghu"]) == (7, 208, 343)
    message = "--network: instead of an arrangement"
    assert message in refused("bounds", "--network", 2, 3, "--family", "braid", 3)
    assert "n_0" in refused("bounds", "--network", 0, 3)


# --- count, faces, flats ---


def test_count(facts, run):
    found = facts("count", "--family", "shi", 3)
    assert found["characteristic_polynomial"] == [1, -6, 9, 0]
    assert (found["cells"], found["bounded_cells"]) == (16, 4)
    assert facts("count", "--family", "shi", 3, "--symmetry", "none")["cells"] == 16
    _, out, _ = run("count", "--family", "shi", 3)
    assert "t^3 - 6 t^2 + 9 t" in out
    assert "relatively bounded cells" in out


def test_cells_up_to_symmetry(facts, refused, tmp_path):
    parquet = pytest.importorskip("pyarrow.parquet")
    threshold = ("--family", "threshold", 4)
    found = facts("cells", *threshold, "--symmetry", "auto", "--out", tmp_path / "classes.npz")
    assert found["reflections"] == "B5"
    assert (found["order_of_the_group"], found["classes"], found["cells"]) == (3840, 7, 1882)
    assert sorted(CellClasses.load(tmp_path / "classes.npz").orbit_sizes) == [
        10, 32, 80, 160, 320, 320, 960,
    ]  # fmt: skip
    for method in ("restrict", "lp"):
        found = facts("cells", "--family", "shi", 3, "--symmetry", "full", "--method", method)
        assert (found["cells"], found["bounded_cells"]) == (16, 4)
    for form in ([], ["--parquet"]):
        folder = tmp_path / f"blocks{len(form)}"
        found = facts("cells", *threshold, "--symmetry", "auto", "--out", folder, *form)
        assert (found["classes"], found["cells"]) == (7, 1882)
        written = json.loads((folder / "arrangement.json").read_text())
        assert (written["classes"], written["cells"]) == (7, 1882)
    table = parquet.read_table(folder / "cells-000000.parquet")
    assert sum(table.column("orbit_size").to_pylist()) == 1882
    block = CellClasses.load(tmp_path / "blocks0" / "cells-000000.npz")
    assert block.n_cells == 1882
    assert facts("count", *threshold, "--classes")["classes"] == 7
    none = refused("count", *threshold, "--classes", "--symmetry", "none")
    assert "--classes: not with a domain" in none
    plane = ("--family", "shi", 2, "--symmetry", "auto")
    assert "not with a domain" in refused("cells", *plane, "--domain", 0, 1)
    assert "--plot: not with --symmetry" in refused("cells", *plane, "--plot", "a.png")


def test_faces(facts, run):
    assert facts("faces", "-", stdin=TRIANGLE)["faces_by_dimension"] == [3, 9, 7]
    enumerated = facts("faces", "-", "--method", "enumerate", stdin=TRIANGLE)
    assert enumerated["faces_by_dimension"] == [3, 9, 7]
    _, out, _ = run("faces", "-", "--dimension", 0, stdin=TRIANGLE)
    assert sorted(out.split()) == ["+00", "0+0", "00-"]
    assert facts("faces", "--family", "braid", 3, "--dimension", 0)["faces"] == []
    code, out, err = run("faces", "-", "--dimension", 7, "--json", stdin=TRIANGLE)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert "--dimension 7: give 0 to 2, for the space is R^2" in err
    corner = facts("faces", "-", "--dimension", 0, stdin=TRIANGLE)["faces"][0]
    assert corner == {"signs": "00-", "point": [0.0, 0.0], "bounded": True}


def test_flats(facts, run, tmp_path):
    assert facts("flats", "--family", "braid", 4)["flats_by_rank"] == [1, 6, 7, 1]
    _, out, _ = run("flats", "--family", "braid", 4, "--rank", 2)
    assert out.splitlines()[:3] == ["0 1 3", "0 2 4", "0 5"]
    assert facts("flats", "--family", "braid", 4, "--rank", 2)["flats"][2] == {
        "hyperplanes": [0, 5],
        "mobius": 1,
    }
    path = tmp_path / "poset.graphml.gz"
    facts("flats", "--family", "braid", 4, "--graphml", path)
    poset = nx.read_graphml(path)
    assert (poset.number_of_nodes(), poset.number_of_edges()) == (15, 6 + 18 + 7)


def test_faces_in_a_domain(facts, run, refused):
    box = "--domain", "1/3", 2
    found = facts("faces", "-", *box, stdin=TRIANGLE)
    assert found["faces_in_the_domain_by_dimension"] == [0, 1, 2]
    _, out, _ = run("faces", "-", *box, stdin=TRIANGLE)
    assert "faces in the domain by dimension  0, 1, 2" in out
    _, out, _ = run("faces", "-", "--dimension", 1, *box, stdin=TRIANGLE)
    assert out == "++0\n"
    (edge,) = facts("faces", "-", "--dimension", 1, *box, stdin=TRIANGLE)["faces"]
    assert (edge["signs"], edge["bounded"]) == ("++0", True)
    assert min(edge["point"]) > 1 / 3
    assert sum(edge["point"]) == pytest.approx(1)
    assert "method 'count' is for the whole space" in refused(
        "faces", "-", "--method", "count", *box, stdin=TRIANGLE
    )
    message = refused("faces", "-", "--domain", 2, 1, stdin=TRIANGLE)
    assert "low 2 is not below high 1" in message


def test_cells_of_a_domain_have_faces_but_no_flats(refused, facts, tmp_path):
    path = tmp_path / "cells.npz"
    Arrangement([[1, 0], [0, 1]]).cells(domain=[(-1, 1), (0, 1)]).save(path)
    assert str(path) in refused("flats", path)
    assert facts("count", path)["cells_in_the_domain"] == 2
    assert facts("faces", path)["faces_in_the_domain_by_dimension"] == [0, 1, 2]
    assert facts("faces", path, "--dimension", 0)["faces"] == []
    assert "has a domain of its own" in refused("faces", path, "--domain", 0, 1)


# --- the process ---


def start(*arguments, **options):
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return subprocess.Popen(
        [sys.executable, "-m", "arrangement", *arguments], text=True, **(pipes | options)
    )


@pytest.mark.processes
def test_as_a_module_with_standard_input():
    process = start("bounds", "-", "--json", stdin=subprocess.PIPE)
    out, err = process.communicate(TRIANGLE, timeout=120)
    assert (process.returncode, err) == (0, "")
    assert json.loads(out)["cells"] == 7


@pytest.mark.processes
def test_an_error_is_one_line_and_exit_code_2():
    process = start("cells", "nowhere.csv")
    out, err = process.communicate(timeout=120)
    assert (process.returncode, out) == (2, "")
    assert (
        err == "arrangement: error: nowhere.csv: cannot be read (No such file or directory)\n"
    )


@pytest.mark.processes
@pytest.mark.skipif(os.name == "nt", reason="names of POSIX")
@pytest.mark.parametrize("to_a_file", [False, True])
def test_a_graph_goes_to_standard_output_before_the_report(tmp_path, to_a_file):
    with open(tmp_path / "out", "w") as file:
        process = start(
            "cells", "--family", "braid", "3", "--graphml", "/dev/stdout", "--json",
            stdout=file if to_a_file else subprocess.PIPE,
        )  # fmt: skip
    out, err = process.communicate(timeout=120)
    if to_a_file:
        out = (tmp_path / "out").read_text()
    assert (process.returncode, err) == (0, "")
    graph, end, report = out.partition("</graphml>\n")
    assert nx.parse_graphml(graph + end).number_of_nodes() == json.loads(report)["cells"]


@pytest.mark.processes
@pytest.mark.skipif(os.name == "nt", reason="shells of POSIX")
@pytest.mark.parametrize(
    ("command", "message"),
    [
        ("cells - <&-", "standard input is closed"),
        ("landscape --data - <&-", "standard input is closed"),
        ("cells --family braid 3 >&-", "standard output is closed"),
    ],
)
def test_a_closed_stream_is_one_line(command, message):
    shell = f"exec {shlex.quote(sys.executable)} -m arrangement {command}"
    done = subprocess.run(["sh", "-c", shell], stderr=subprocess.PIPE, text=True)
    assert (done.returncode, done.stderr) == (2, f"arrangement: error: {message}\n")


@pytest.mark.processes
@pytest.mark.skipif(os.name == "nt", reason="shells of POSIX")
def test_a_closed_stream_of_errors_changes_nothing():
    shell = f"exec {shlex.quote(sys.executable)} -m arrangement bounds --family braid 3 2>&-"
    done = subprocess.run(["sh", "-c", shell], stdout=subprocess.PIPE, text=True)
    assert done.returncode == 0
    assert done.stdout.split()[:2] == ["hyperplanes", "3"]


@pytest.mark.processes
def test_a_reader_that_has_gone_is_no_error():
    process = start("bounds", "--family", "braid", "3")
    process.stdout.close()
    err = process.stderr.read()
    process.stderr.close()
    assert (process.wait(timeout=120), err) == (141, "")


@pytest.mark.processes
@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
def test_an_interrupt_leaves_no_traceback():
    # A shell that runs the tests in the background may have them ignore the signal.
    heed = partial(signal.signal, signal.SIGINT, signal.SIG_DFL)
    process = start("cells", "-", stdin=subprocess.PIPE, preexec_fn=heed)
    try:
        # More than a pipe holds: once it is written, the command line is reading.
        process.stdin.write("1,0,0\n" * 100_000)
        process.stdin.flush()
        time.sleep(1)  # so that it waits for more: a read that begins after the signal blocks
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=300) == 130
        assert process.stderr.read() == ""
    finally:
        process.kill()
        for stream in (process.stdin, process.stdout, process.stderr):
            stream.close()


def test_version_and_help(capfd):
    for arguments, text in (
        (["--version"], f"arrangement {__version__}\n"),
        (["-h"], "usage:"),
    ):
        with pytest.raises(SystemExit) as done:
            main(arguments)
        assert done.value.code == 0
        assert capfd.readouterr().out.startswith(text)


@pytest.mark.parametrize("command", ["cells", "landscape", "bounds"])
def test_every_command_has_its_help(command, capfd):
    with pytest.raises(SystemExit) as done:
        main([command, "--help"])
    assert done.value.code == 0
    assert "last column" in capfd.readouterr().out


@pytest.mark.processes
def test_the_module_imports_nothing_heavy():
    heavy = {"numba", "scipy", "networkx", "matplotlib", "sklearn", "highspy", "cvxpy"}
    code = f"import sys, arrangement.cli; print({heavy} & set(sys.modules) or 'light')"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout == "light\n"


@pytest.mark.processes
@pytest.mark.parametrize("suffix", ["csv", "npy"])
def test_hyperplanes_are_read_without_the_networks(tmp_path, suffix):
    path = tmp_path / f"a.{suffix}"
    if suffix == "csv":
        path.write_text(TRIANGLE)
    else:
        np.save(path, np.array([[1, 0, 0], [0, 1, 0], [1, 1, -1]]))
    code = (
        "import sys; from arrangement.cli import main; "
        "print(main(['cells', sys.argv[1]]), 'arrangement.relu' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, path], capture_output=True, text=True, check=True
    )
    assert done.stdout.endswith("\n0 False\n")


def test_cells_come_in_blocks(facts, refused, tmp_path):
    folder = tmp_path / "blocks"
    report = facts("cells", "--family", "generic", "20", "3", "--out", folder)
    assert report["cells"] == 1351
    assert "bounded_cells" not in report
    whole = json.loads((folder / "arrangement.json").read_text())
    assert (whole["cells"], whole["blocks"]) == (1351, 1)
    assert len(Cells.load(folder / "cells-000000.npz")) == 1351
    command = ["cells", "--family", "braid", "4"]
    assert refused(*command, "--out", folder).endswith("give a new directory for the blocks")
    parquet = pytest.importorskip("pyarrow.parquet")
    facts(*command, "--out", tmp_path / "columns", "--parquet", "--jobs", "2")
    table = parquet.read_table(tmp_path / "columns" / "cells-000000.parquet")
    words = np.array(table["word0"])
    assert sorted(words) == sorted(FAMILIES["braid"](4).cells().packed[:, 0])
    assert refused(*command, "--parquet").startswith("--parquet: is for blocks")
    new = tmp_path / "new"
    assert "not with blocks" in refused(*command, "--out", new, "--graphml", "g.graphml")
    assert "not with blocks" in refused(*command, "--out", new, "--method", "lp")
    assert not new.exists()


def test_processes_and_checkpoints(facts, refused, tmp_path):
    command = ["cells", "--family", "generic", "16", "3", "--method", "sweep"]
    command += ["--checkpoint", tmp_path / "kept"]
    first, second = facts(*command, "--jobs", "2"), facts(*command)
    assert first["cells"] == second["cells"] == 697
    assert len(list((tmp_path / "kept").glob("lines-*.npy"))) == 4
    assert "holds checkpoints of another" in refused(
        "cells", "--family", "generic", "15", "3", "--checkpoint", tmp_path / "kept"
    )
    assert "no number of processes" in refused("cells", "--family", "braid", "3", "--jobs", "0")


@pytest.mark.parametrize("form", ["text", "npy", "field"])
def test_a_domain_from_a_file(run, tmp_path, form):
    """The cells of the braid arrangement in the triangle x > y > z of a chamber."""
    rows = np.array([[1, -1, 0, 0], [0, 1, -1, 0], [0, 0, 1, 0], [-1, 0, 0, 2]])
    path = tmp_path / ("d.npy" if form == "npy" else "d.csv")
    if form == "npy":
        np.save(path, rows)
    else:
        lines = [", ".join(map(str, row)) for row in rows]
        if form == "field":
            lines = ["field a = sqrt(2)", "a, -a, 0, 0", *lines[1:]]
        path.write_text("\n".join(lines) + "\n")
    grid = tmp_path / "grid.csv"
    grid.write_text("\n".join(f"{e}, {-(c == 1)}" for c in (0, 1) for e in
                              ("1, 0, 0", "0, 1, 0", "0, 0, 1")) + "\n")  # fmt: skip
    for command, key in (("cells", "cells"), ("count", "cells_in_the_domain")):
        code, out, _ = run(command, str(grid), "--domain-file", str(path), "--json")
        assert code == 0
        # 0 < z < y < x < 2, cut by x = 1, y = 1 and z = 1.
        assert json.loads(out)[key] == 4
    code, out, _ = run("faces", str(grid), "--domain-file", str(path), "--dimension", "2",
                       "--json")  # fmt: skip
    assert code == 0
    assert len(json.loads(out)["faces"]) == 3


def test_a_cone_from_a_file_and_files_that_are_no_domain(run, tmp_path):
    path = tmp_path / "cone.csv"
    path.write_text("1, -1, 0\n")
    family = ("cells", "--family", "braid", "3", "--json")
    code, out, _ = run(*family, "--domain-file", str(path))
    assert (code, json.loads(out)["cells"]) == (0, 3)
    for content, message in (
        ("1, 2\n", "an inequality has 3 numbers"),
        ("0, 0, 0\n", "G = -g, h = c: domain G, row 0: the row is zero"),
        ("1, 0, 0, 0\n-1, 0, 0, -1\n", "rows 0, 1 of G contradict each other"),
        ("x\n", "a header, but not one row"),
    ):
        path.write_text(content)
        code, out, err = run(*family, "--domain-file", str(path))
        assert (code, out) == (2, "")
        assert message in err
        assert "cone.csv" in err
    code, _, err = run(*family, "--domain-file", str(path), "--domain", "0", "1")
    assert code == 2
    assert "--domain and --domain-file: give one" in err
