"""The warning about floats that rounding keeps from being degenerate, and its absence."""

import subprocess
import sys
import warnings
from decimal import Decimal
from fractions import Fraction
from math import cos, nextafter, pi, sin

import numpy as np
import pytest
from flint import fmpz_mat
from hypothesis import given
from hypothesis import strategies as st

from arrangement import Arrangement, ArrangementError, NearlyDegenerateWarning, families
from arrangement.hyperplanes import near
from arrangement.relu import OneHiddenLayer
from tests.amounts import first

PENTAGON = [(cos(2 * pi * k / 5), sin(2 * pi * k / 5)) for k in range(5)]


def as_floats(arrangement):
    return Arrangement(arrangement.normals.astype(float), arrangement.offsets.astype(float))


def found(arrangement):
    entries = arrangement.__dict__.get("_unchecked")
    return None if entries is None else near.near_coincidence(arrangement, entries)


def test_the_mirrors_of_the_icosahedron():
    exact = families.coxeter("H", 3)
    with pytest.warns(NearlyDegenerateWarning, match="nearly meet in a line") as caught:
        assert as_floats(exact).n_cells() > exact.n_cells() == 120
    assert caught[0].filename == __file__
    members, at_infinity = found(as_floats(exact))
    assert not at_infinity
    assert any(set(members) <= set(flat.hyperplanes) for flat in exact.flats(len(members) - 1))


@pytest.mark.parametrize(
    "family",
    [
        ("braid", 5), ("shi", 4), ("catalan", 4), ("linial", 4), ("resonance", 4),
        ("threshold", 4), ("permutohedron", 4), ("discriminantal", 6, 3), ("simplicial", 1, 40),
        *(("coxeter", *group) for group in (("B", 4), ("F", 4), ("E", 6), ("E", 8), ("H", 4))),
        ("regular_polytope", "icosahedron"), ("regular_polytope", "120-cell"),
    ],
    ids=str,
)  # fmt: skip
def test_families_an_ulp_away(family):
    """In other coordinates rounding is not that of whole numbers; each entry moves a little."""
    name, *parameters = family
    exact = getattr(families, name)(*parameters)
    rng = np.random.default_rng(0)
    rows = exact.rows.astype(float)
    rows = np.nextafter(rows, np.sign(rng.normal(size=rows.shape)) * np.abs(rows) * 2)
    rows[exact.rows == 0] = 0
    members, at_infinity = found(Arrangement(rows[:, :-1], rows[:, -1]))
    infinity = exact.rows[:at_infinity] * 0
    infinity[:, -1] = 1
    chosen = np.concatenate([exact.rows[members], infinity])
    assert Arrangement(chosen).rank < len(chosen)


@pytest.mark.parametrize(
    ("normals", "offsets", "message"),
    [
        ([[1 / 3, 1], [1, 3]], None, "hyperplanes 0 and 1 nearly coincide"),
        ([[1, 1], [0.7, 0.1], [nextafter(0.7, 1), 0.1]], None, "1 and 2 nearly coincide"),
        ([[0.1, 0.3], [1, 3]], [1, 5], "hyperplanes 0 and 1 are nearly parallel"),
        ([[1, 0], [0, 1], [1, 1]], [-0.1, -0.2, -0.3], "0, 1 and 2 nearly meet in a point"),
        (
            [[1, 0, 0], [0, 1, 0], [0.1, 0.7, 0], [0.3, 2.1, 0]],
            [0, 0, 1, 2],
            "2 and 3 are nearly parallel",
        ),
        (
            [[1 / 3, 1, 2], [1, 1 / 7, 1], [4 / 3, 8 / 7, 3]],
            [1, 2, 0],
            "the normals of hyperplanes 0, 1 and 2 are nearly dependent",
        ),
        # The diagonals of a pentagon that meet in its corners; the sides of a square.
        (
            [
                (PENTAGON[i][1] - PENTAGON[k][1], PENTAGON[k][0] - PENTAGON[i][0])
                for i in range(5)
                for k in range(i)
            ],
            [
                PENTAGON[i][0] * PENTAGON[k][1] - PENTAGON[k][0] * PENTAGON[i][1]
                for i in range(5)
                for k in range(i)
            ],
            "nearly",
        ),
        ([(cos(k * pi / 2), sin(k * pi / 2)) for k in range(4)], [1] * 4, "0 and 2 are nearly"),
        ([[np.float32(1) / np.float32(3), 1], [1, 3]], None, "0 and 1 nearly coincide"),
        ([["0.33333333", 1], [1, 3]], None, "0 and 1 nearly coincide"),
        ([["1.4142136", 1], ["2.828427", 2]], None, "0 and 1 nearly coincide"),
    ],
)
def test_what_is_nearly_so_is_named(normals, offsets, message):
    with pytest.warns(NearlyDegenerateWarning, match=message):
        Arrangement(normals, offsets).cells()


@pytest.mark.parametrize(
    "ask",
    [
        lambda a: a.cells(),
        lambda a: next(a.iter_cells()),
        lambda a: a.n_cells(),
        lambda a: a.n_bounded_cells(),
        lambda a: a.characteristic_polynomial(),
        lambda a: a.whitney_numbers(),
        lambda a: a.flats(1),
        lambda a: a.faces(1),
        lambda a: a.face_vector(),
        lambda a: a.face_lattice(),
        lambda a: a.intersection_poset(),
        lambda a: a.circuits(),
    ],
)
def test_every_question_warns_once(ask):
    arrangement = Arrangement([[0.1, 0.3, 0], [1, 3, 0], [0, 0, 1]])
    with pytest.warns(NearlyDegenerateWarning) as caught:
        ask(arrangement)
    assert len(caught) == 1
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        ask(arrangement)


def test_what_is_exact_is_taken_at_its_word():
    third, near_third = Fraction(1 / 3), Fraction(nextafter(1 / 3, 1))
    for numbers in (
        [[third, 1], [near_third, 1]],
        [[str(third), 1], [str(near_third), 1]],
        [[2**60, 1], [2**60 + 1, 1]],
        [[2.0**53, 1], [2.0**53 - 1, 1]],  # whole numbers are not rounded
        [[1, 1e-20], [1, 2e-20]],  # neither are small ones near to each other
        [[0.1, 1e-110], [0.1, 1e-120]],
        [[5e-324, 1.7e308], [0.0, 1.0]],
        [["0.333333", 1], [1, 3]],  # few digits, taken for all
        [["1e-400", 1], ["2e-400", 1]],
    ):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            assert Arrangement(numbers).n_cells() == 4
            assert Arrangement([*numbers, [-0.1, 0.7]]).n_cells() == 6


@given(st.randoms(use_true_random=False), st.integers(1, 4), st.integers(1, 4))
def test_a_word_iff_the_decimals_have_fewer_cells(random, d, digits):
    n, top = random.randint(2, 9), 10 ** random.randint(1, digits)
    rows = [[random.randint(-top, top) for _ in range(d + 1)] for _ in range(n)]
    rows = [row if any(row[:-1]) else [1] * (d + 1) for row in rows]
    texts = np.array([[f"{v}e-{digits}" for v in row] for row in rows], dtype=object)
    floats = texts.astype(float)
    exact = Arrangement(texts[:, :-1], texts[:, -1])
    rough = Arrangement(floats[:, :-1], floats[:, -1])
    close = found(rough)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NearlyDegenerateWarning)
        assert (close is not None) == (rough.n_cells() != exact.n_cells())
    if close is not None:
        members, at_infinity = close
        infinity = [[0] * d + [1]] * at_infinity
        chosen = fmpz_mat([rows[i] for i in members] + infinity)
        assert chosen.rank() < len(members) + at_infinity


def as_texts(numbers, form):
    return [[format(v, form) for v in row] for row in numbers.tolist()]


@pytest.mark.parametrize("form", ["float32", ".8f", ".9g", ".16f", ".16g", ".15e", "Decimal"])
@pytest.mark.parametrize(
    "family",
    first(1, [("coxeter", "H", 3), ("coxeter", "H", 4), ("simplicial", 1, 20)]),
    ids=str,
)
def test_rounding_is_that_of_the_numbers_as_they_are_given(family, form):
    name, *parameters = family
    exact = getattr(families, name)(*parameters)
    rows = exact.normals.astype(float)
    if form == "float32":
        single = rows.astype(np.float32)
        given = [single, single.astype(float), [[*row] for row in single]]
    elif form == "Decimal":
        given = [[[Decimal(text) for text in row] for row in as_texts(rows, ".12f")]]
    else:
        given = [as_texts(rows, form)]
    for normals in given:
        members, at_infinity = found(Arrangement(normals))
        assert not at_infinity
        assert Arrangement(exact.rows[members]).rank < len(members)


@pytest.mark.parametrize("form", first(1, ["float32", ".7f", ".9g", ".16g"]))
def test_no_word_on_random_numbers_of_fewer_digits(form):
    rng = np.random.default_rng(0)
    for _ in range(100):
        n, d = int(rng.integers(2, 30)), int(rng.integers(1, 5))
        rows = rng.normal(size=(n, d + 1)) * 10.0 ** rng.integers(-2, 3, size=(1, d + 1))
        table = np.array(as_texts(rows, form)) if form != "float32" else rows.astype("f4")
        assert found(Arrangement(table[:, :-1], table[:, -1])) is None


def test_no_word_on_data_of_few_digits():
    rng = np.random.default_rng(0)
    tenths = np.array(as_texts(rng.integers(10, 80, size=(150, 4)) / 10, ".1f"))
    for table in (tenths, rng.integers(0, 256, size=(50, 5)), rng.integers(0, 9, (50, 5)) / 8):
        for kind in (table, table.astype("f4")) if table.dtype.kind != "U" else (table,):
            assert found(Arrangement(kind)) is None


@pytest.mark.parametrize("seed", first(1, range(8)))
def test_no_word_on_random_floats(seed):
    rng = np.random.default_rng(seed)
    for _ in range(60):
        n, d = int(rng.integers(2, 14)), int(rng.integers(1, 6))
        normals, offsets = rng.normal(size=(n, d)), rng.normal(size=n)
        for rows, constants in (
            (normals, offsets),
            (rng.uniform(size=(n, d)), None),
            (1.0 * rng.integers(1, 4, size=(n, d)), None),
            (1.0 * rng.integers(1, 10**15, size=(n, d)), offsets),
            (normals * 10.0 ** rng.integers(-12, 12, size=(n, d)), offsets),
            (normals * 10.0 ** rng.integers(-12, 12, size=(1, d)), offsets * 1e-20),
            (1 + 1e-4 * normals, None),
            (np.repeat(normals, 2, axis=0), None),
            (np.concatenate([normals, normals[:1] * 2, normals[:1] * -0.5]), None),
        ):
            assert found(Arrangement(rows, constants)) is None


def test_no_word_where_a_hyperplane_is_far_away():
    far = Arrangement([[1.0, 1.0], [1, 1], [0, 1.1e-110]], [0, 1, 1.0])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert far.n_cells() == 6


@pytest.mark.slow
def test_no_word_on_large_arrangements():
    rng = np.random.default_rng(0)
    for n, d in ((60, 4), (300, 3), (2000, 2), (30, 40)):
        assert found(Arrangement(rng.normal(size=(n, d)), rng.normal(size=n))) is None


def test_the_answer_and_the_arrangement_stay_the_same():
    floats = as_floats(families.coxeter("H", 3))
    silent = Arrangement([[Fraction(v) for v in row] for row in floats.normals.tolist()])
    assert floats == silent
    with pytest.warns(NearlyDegenerateWarning):
        cells = floats.cells()
    assert (cells.packed == silent.cells().packed).all()


def test_samples_are_data():
    samples = np.array([[0.1, 0.3], [0.3, 0.9], [0.7, 0.2], [2.1, 0.6]])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for bias in (None, 1.0):
            layer = OneHiddenLayer(samples, [0.0, 1.0, 2.0, 1.0], bias=bias)
            assert len(layer.arrangement.cells()) >= 8
            layer.landscape()


@pytest.mark.processes
def test_one_line_on_stderr(tmp_path):
    path = tmp_path / "lines.csv"
    path.write_text("0.1, 0.3, 0\n1, 3, 0\n")
    command = [sys.executable, "-m", "arrangement", "count", path]
    quiet = subprocess.run(command, capture_output=True, text=True, check=True)
    loud = subprocess.run([*command, "--float"], capture_output=True, text=True, check=True)
    assert quiet.stderr == ""
    assert loud.stderr.startswith("arrangement: warning: hyperplanes 0 and 1 nearly coincide")
    assert loud.stderr.count("\n") == 1
    assert not issubclass(NearlyDegenerateWarning, ArrangementError)
