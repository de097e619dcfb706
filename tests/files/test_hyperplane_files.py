"""Files of hyperplanes: round trips are exact in every format, and bad files are refused."""

import gzip
import json
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from arrangement import Arrangement, InputError, NumberField, families
from arrangement.files.hyperplane_files import FORMATS
from tests.amounts import examples
from tests.strategies import tables

LABELS = st.text(
    st.characters(exclude_categories=("Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp", "Zs")),
    max_size=4,
)
HOLD_LABELS = ("text", "csv", "json", "npz")
HUGE = [[Fraction(10**400 + 1, 3**300), 0, -1], [0, Fraction(-7, 10**30), 2]]


def arrangement_of(table, labels=None):
    d, normals, offsets = table
    return Arrangement(np.array(normals, dtype=object).reshape(-1, d), offsets, labels)


@examples(150)
@given(table=tables(), form=st.sampled_from(sorted(FORMATS)), data=st.data())
def test_round_trips_are_exact(tmp_path_factory, table, form, data):
    n = len(table[1])
    labels = data.draw(st.none() | st.lists(LABELS, min_size=n, max_size=n))
    arrangement = arrangement_of(table, labels)
    path = tmp_path_factory.mktemp("files") / ("a" + data.draw(st.sampled_from(["", ".gz"])))
    if not n and form not in ("json", "npz", "cdd"):
        with pytest.raises(InputError, match=f"^no hyperplanes, which {form} does not hold"):
            arrangement.write(path, form)
        assert not path.exists()
        return
    arrangement.write(path, form)
    assert path.suffix != ".gz" or path.read_bytes().startswith(b"\x1f\x8b")
    back = Arrangement.read(path, form)
    assert back == arrangement
    if form not in ("macaulay2", "sagemath"):
        assert back.given.tolist() == arrangement.given.tolist()
    assert back.labels == (arrangement.labels if form in HOLD_LABELS else ("",) * n)


@pytest.mark.parametrize("suffix", [s for suffixes in FORMATS.values() for s in suffixes])
@pytest.mark.parametrize("packed", ["", ".gz"])
def test_the_suffix_tells_the_format_also_to_the_command_line(facts, tmp_path, suffix, packed):
    if suffix == ".npy":
        return
    path = tmp_path / f"shi{suffix}{packed}"
    families.shi(3).write(path)
    assert Arrangement.read(path) == families.shi(3)
    assert facts("count", path)["characteristic_polynomial"] == [1, -6, 9, 0]


@pytest.mark.parametrize("form", sorted(FORMATS))
def test_long_numbers_are_kept(tmp_path, form):
    arrangement = Arrangement([row[:-1] for row in HUGE], [row[-1] for row in HUGE])
    arrangement.write(tmp_path / "a", form)
    assert Arrangement.read(tmp_path / "a", form) == arrangement


@pytest.mark.parametrize("form", sorted(FORMATS))
@pytest.mark.parametrize("name", ["golden", "cubic"])
def test_algebraic_numbers_are_kept_or_refused(tmp_path, form, name):
    if name == "golden":
        arrangement = families.coxeter("H3")
    else:
        a = NumberField([1, 0, -1, -1], (1, 2)).generator
        arrangement = Arrangement([[a, 1], [1, a * a]], [0, a - 2], labels=["a", "field a = 3"])
    path = tmp_path / "a"
    if form in HOLD_LABELS:
        arrangement.write(path, form)
        assert Arrangement.read(path, form) == arrangement
        assert Arrangement.read(path, form).labels == arrangement.labels
        return
    with pytest.raises(InputError, match=rf"^row \d: .* is irrational, which {form} does not"):
        arrangement.write(path, form)
    assert not path.exists()


def test_a_label_may_look_like_anything_else(tmp_path):
    labels = ["#1", 'say "x"', "a,b;c", "field b = 2", "1/2", "label"]
    arrangement = Arrangement(np.eye(6), labels=labels)
    for form in ("text", "csv"):
        arrangement.write(tmp_path / "a", form)
        assert Arrangement.read(tmp_path / "a").labels == tuple(labels)


def test_files_of_other_programs_are_read_as_they_write_them(tmp_path):
    path = tmp_path / "a.ine"
    path.write_text(
        "* a cube corner, by lrs\ncorner\nH-representation\nlinearity 1  2\nbegin\n"
        "***** 3 rational\n 0  1  0\n-1/2 0 2/3\n\nend\n\nprintcobasis\n"
    )
    assert Arrangement.read(path) == Arrangement([[1, 0], [0, "2/3"]], [0, "-1/2"])
    path.write_text("begin\n2 2 real\n1.5 -1e0 0 1\nend")
    assert Arrangement.read(path) == Arrangement([[-1], [1]], [1.5, 0])
    path = tmp_path / "a.poly"
    saved = {
        "_type": "fan::HyperplaneArrangement<Rational>",
        "CHAMBER_SIGNATURES": [[0, 1], [1], {"cols": 2}],
        "HYPERPLANES": [["0", "1", "-1"], ["1/3", "1", "0"]],
        "SUPPORT": {"INEQUALITIES": [["2", "0", "0"]], "FULL_DIM": True},
    }
    path.write_text(json.dumps(saved))
    lines = Arrangement([[1, -1], [1, 0]], [0, "1/3"])
    assert Arrangement.read(path) == lines
    (tmp_path / "a.json").write_text(json.dumps(saved))
    assert Arrangement.read(tmp_path / "a.json") == lines
    saved["SUPPORT"]["INEQUALITIES"] = [{"cols": 3}]
    path.write_text(json.dumps(saved))
    assert Arrangement.read(path) == Arrangement([[0, 1, -1], ["1/3", 1, 0]])
    path = tmp_path / "a.sage"
    path.write_text("H.<x, y> = HyperplaneArrangements(QQ)\nA = H([x - y, 1 + 3*x - x, -y])\n")
    assert Arrangement.read(path) == Arrangement([[1, -1], [2, 0], [0, -1]], [0, 1, 0])
    path = tmp_path / "a.m2"
    path.write_text("R = QQ[x,y] -- the plane\nA = arrangement {x-y, 1/2*x+3/4} -- two lines\n")
    assert Arrangement.read(path) == Arrangement([[1, -1], ["1/2", 0]], [0, "3/4"])


BAD = [
    ("a.ine", "H-representation\n1 2 rational\n", r"no line 'begin' with the sizes after it$"),
    ("a.ine", "begin\n1 2 rational\n1 1 1\nend", r"3 numbers before 'end', not 1 rows of 2$"),
    ("a.ine", "begin\n1 2 rational\n1 1\n", r"2 numbers before 'end', not 1 rows of 2$"),
    ("a.ine", "begin\n1 2 rational\n1 x\nend", r"row 1: 'x' is not a number"),
    ("a.ine", "begin\n1 2 rational\n1 sqrt(2)\nend", r"row 1: 'sqrt\(2\)' is irrational"),
    ("a.ine", "begin\n1 2 rational\n1 0\nend", r"row 0: the normal is zero"),
    ("a.ine", "begin\n1 0 rational\nend", r"0 numbers before 'end', not 1 rows of 0$"),
    ("a.ine", "V-representation\nbegin\n1 2 rational\n1 0\nend", r"it holds vertices and rays"),
    ("a.m2", "R = QQ[x]\n", r"no list of linear forms; a script for Macaulay2 is read as"),
    ("a.m2", "A = arrangement {x}\n", r"no list of coordinates; a script for Macaulay2"),
    ("a.m2", "R = QQ[x]\narrangement {x*x}", r"'x\*x' is no sum of terms such as 3\*x or 1/2"),
    ("a.m2", "R = QQ[x]\narrangement {2*y}", r"'2\*y': 'y' is none of the coordinates$"),
    ("a.m2", "R = QQ[x]\narrangement {x, 3}", r"row 1: the normal is zero"),
    (
        "a.m2",
        "R = QQ[x]\nA = arrangement {%s}\n" % ("y" * 999),
        r"y': 'y+\.{3}y+' is none of the coord",
    ),
    ("a.sage", "H.<x,y,x> = Q()\nA = H(y)", r"coordinate 0, 'x', is no name or named before"),
    ("a.sage", "H.<x, -> = Q()\nA = H(x)", r"coordinate 1, '-', is no name or named before"),
    ("a.sage", "A = H(x)", r"no list of coordinates; a script for SageMath is read as"),
    ("a.poly", "{}", r"no 'normals'; it holds nothing$"),
    ("a.poly", '{"_type": "polytope::Cone"}', r"it holds a 'polytope::Cone' of polymake"),
    (
        "a.poly",
        '{"_type": "fan::HyperplaneArrangement"}',
        r"no HYPERPLANES as a matrix of rows",
    ),
    (
        "a.poly",
        '{"_type": "fan::HyperplaneArrangement", "HYPERPLANES": [[1, 0]],'
        ' "SUPPORT": {"INEQUALITIES": [[0, 1]]}}',
        r"its SUPPORT is not x_0 >= 0",
    ),
    ("a.csv", "label,x,b\na,1\n", r"line 2: 2 cells, but line 1 has 3$"),
    ("a.json", '{"normals": [[1]], "labels": ["a", "b"]}', r"2 labels for 1 hyperplanes"),
    ("a.json", '{"normals": [[1]], "labels": [3]}', r"labels, entry 0: 3 is no text"),
    ("a.json", '{"normals": []}', r"normals must have shape \(n, d\), not \(0,\)"),
]


@pytest.mark.parametrize(("name", "content", "message"), BAD)
def test_bad_files_are_named_in_one_line(refused, tmp_path, name, content, message):
    path = tmp_path / name
    path.write_text(content)
    with pytest.raises(InputError, match=message) as caught:
        Arrangement.read(path)
    assert str(caught.value).startswith(f"{path}: ") or str(caught.value).startswith(f"{path},")
    assert "\n" not in str(caught.value)
    assert refused("count", path) == str(caught.value)


def test_bad_formats(tmp_path):
    lines = Arrangement([[1, 0]])
    with pytest.raises(InputError, match=r"a.doc: the suffix is none of .txt, .csv, .json, "):
        lines.write(tmp_path / "a.doc")
    with pytest.raises(InputError, match="format 'word'"):
        lines.write(tmp_path / "a.csv", "word")
    with pytest.raises(InputError, match="format 'word'"):
        Arrangement.read(tmp_path / "a.csv", "word")
    assert not list(tmp_path.iterdir())


def test_inequalities_are_a_domain_of_the_command_line(facts, refused, tmp_path):
    families.braid(2).write(tmp_path / "lines.m2")
    triangle = Arrangement([[1, 0], [0, 1], [-1, -1]], [0, 0, 1])
    for name in ("triangle.ine", "triangle.csv.gz"):
        triangle.write(tmp_path / name)
        found = facts("count", tmp_path / "lines.m2", "--domain-file", tmp_path / name)
        assert found["cells_in_the_domain"] == 2
    assert gzip.decompress((tmp_path / "triangle.csv.gz").read_bytes()).startswith(b"x0,x1,off")
    path = tmp_path / "slab.ine"
    path.write_text("linearity 1 2\nbegin\n2 3 integer\n0 1 0\n0 0 1\nend\n")
    said = refused("count", tmp_path / "lines.m2", "--domain-file", path)
    assert said == f"{path}, row 2: an equation, where a domain has inequalities"
