"""Arrangements: numbers as given, normal form, operations, and every error of input."""

from decimal import Decimal
from fractions import Fraction
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given

from arrangement import Arrangement, ArrangementBuilder, InputError
from arrangement.exact import rank
from tests import reference
from tests.strategies import tables


def arrangement_of(d, normals, offsets):
    return Arrangement(np.array(normals, dtype=object).reshape(-1, d), offsets)


def test_numbers_are_taken_exactly_as_given():
    given = [[0.1, "1/3"], [Fraction(2, 7), 10**30], [np.float32(0.1), Decimal("0.1")]]
    rows = Arrangement(given, [0, "-0.5", np.int64(3)]).rows
    exact = [
        [Fraction(0.1), Fraction(1, 3), 0],
        [Fraction(2, 7), Fraction(10**30), Fraction(-1, 2)],
        [Fraction(float(np.float32(0.1))), Fraction(1, 10), 3],
    ]
    for row, wanted in zip(rows, exact, strict=True):
        ratio = Fraction(row[0]) / wanted[0]
        assert ratio > 0
        assert [Fraction(v) for v in row] == [ratio * v for v in wanted]


def test_float_lines_are_judged_by_their_dyadic_values():
    # 0.1 + 0.2 is not 0.3 in float64: the third line misses the crossing of the first two.
    lines = Arrangement([[1, 0], [0, 1], [1, 1]], [-0.1, -0.2, -0.3])
    assert len(lines.cells()) == 7
    assert not lines.is_central
    exact = Arrangement([[1, 0], [0, 1], [1, 1]], ["-0.1", "-0.2", "-0.3"])
    assert len(exact.cells()) == 6
    assert exact.is_central


def test_normals_are_floats_only_where_floats_are_exact():
    assert Arrangement([[0.1, 2]]).normals.dtype == np.float64
    assert Arrangement([["1/3", 2]]).normals[0, 0] == Fraction(1, 3)
    assert Arrangement([[10**400]]).normals[0, 0] == 10**400


def test_arrangements_never_change():
    source = np.array([[1.0, 2.0]])
    arrangement = Arrangement(source)
    source[0, 0] = 5
    assert arrangement.normals[0, 0] == 1
    for array in (arrangement.normals, arrangement.offsets, arrangement.rows):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0


BAD = [
    ([[1, 2], [np.nan, 1]], None, r"normals, row 1, column 0: nan is not a finite real number"),
    ([[1, 2], [3, np.inf]], None, r"normals, row 1, column 1: inf is not a finite"),
    (np.array([[1.0], [np.nan]]), None, r"row 1, column 0: nan"),
    ([["1/0"]], None, r"row 0, column 0: '1/0'"),
    ([["one"]], None, r"row 0, column 0: 'one'"),
    ([[None]], None, r"row 0, column 0: None"),
    ([[1 + 2j]], None, r"row 0, column 0"),
    (np.array([[1 + 2j]]), None, r"normals must be real numbers, not complex128"),
    ([["1e999999999"]], None, r"row 0, column 0: '1e999999999'"),
    ([[1, 2], [3]], None, r"normals, row 1: 1 entries, but row 0 has 2"),
    ([[1, 0], [0, 0]], [1, 1], r"row 1: the normal is zero"),
    ([[0, 0]], None, r"row 0: the normal is zero"),
    ([1, 2, 3], None, r"normals must have shape \(n, d\), not \(3,\)"),
    ([], None, r"shape \(n, d\), not \(0,\); for no hyperplanes in dimension d pass"),
    (np.zeros((1, 2, 3)), None, r"shape \(n, d\), not \(1, 2, 3\)"),
    (7, None, r"shape \(n, d\), not \(\)"),
    ([[1], [2]], [1], r"2 normals but 1 offsets"),
    ([[1]], [np.nan], r"offsets, entry 0: nan"),
    ([[1]], [[1]], r"offsets must have shape \(n,\), not \(1, 1\)"),
    ([[]], None, r"row 0: the normal is zero"),
]


@pytest.mark.parametrize(("normals", "offsets", "message"), BAD)
def test_bad_input_gets_one_clear_error(normals, offsets, message):
    with pytest.raises(InputError, match=message) as caught:
        Arrangement(normals, offsets)
    assert "\n" not in str(caught.value)


def test_bad_arguments():
    lines = Arrangement([[1, 0], [0, 1]], [1, 2])
    with pytest.raises(InputError, match="hyperplane 2 does not exist"):
        lines.deletion(2)
    with pytest.raises(InputError, match="method 'magic'"):
        lines.cells(method="magic")
    with pytest.raises(InputError, match="takes no domain"):
        lines.cells(method="sweep", domain=[(0, 1), (0, 1)])
    with pytest.raises(InputError, match="only a central arrangement"):
        Arrangement([[1], [1]], [0, 1]).decone(0)
    with pytest.raises(InputError, match="dimension = -1 is too small"):
        ArrangementBuilder(-1)
    with pytest.raises(InputError, match="3 entries, but the dimension is 2"):
        ArrangementBuilder(2).insert([1, 2, 3])
    with pytest.raises(InputError, match="the normal is zero"):
        ArrangementBuilder(2).insert([0, 0], 1)


def test_from_samples_appends_the_bias():
    arrangement = Arrangement.from_samples([[1, 2], [3, 4]], bias=0.5)
    assert arrangement.normals.tolist() == [[1, 2, 0.5], [3, 4, 0.5]]
    assert arrangement.is_linear
    with pytest.raises(InputError, match="samples, row 1: 1 entries"):
        Arrangement.from_samples([[1, 2], [3]])
    with pytest.raises(InputError, match="bias, entry 0"):
        Arrangement.from_samples([[1, 2]], bias=np.inf)


@given(tables())
def test_deletion_restriction(table):
    # Cells = cells of the deletion + cells of the restriction (Zaslavsky 1975), for a
    # hyperplane that no other coincides with.
    arrangement = arrangement_of(*table)
    first, _ = arrangement.coincidence
    for i in range(arrangement.n_hyperplanes):
        if (first == first[i]).sum() == 1:
            parts = arrangement.deletion(i), arrangement.restriction(i)
            assert len(arrangement.cells()) == sum(len(part.cells()) for part in parts)


@given(tables(central=True))
def test_decone_has_half_the_cells(table):
    arrangement = arrangement_of(*table)
    for i in range(arrangement.n_hyperplanes):
        assert len(arrangement.cells()) == 2 * len(arrangement.decone(i).cells())


@given(tables())
def test_essentialization_has_the_same_cells(table):
    arrangement = arrangement_of(*table)
    essential = arrangement.essentialization()
    assert essential.is_essential
    assert essential.dimension == arrangement.rank
    signs = {tuple(s) for s in essential.cells().signs.tolist()}
    assert signs == {tuple(s) for s in arrangement.cells().signs.tolist()}


@given(tables(max_hyperplanes=5))
def test_simple_and_central_by_their_definitions(table):
    d, normals, offsets = table
    arrangement = arrangement_of(d, normals, offsets)
    rows = arrangement.rows
    simple = True
    for k in range(1, len(rows) + 1):
        for subset in combinations(rows, k):
            matrix = np.array(subset, dtype=object)
            meet = rank(matrix) == rank(matrix[:, :-1])
            simple &= not meet or rank(matrix) == k
    assert arrangement.is_simple == simple
    assert arrangement.is_central == reference.feasible([], reference.rows_of(normals, offsets))


def test_equality_and_hash_ignore_positive_scaling():
    assert Arrangement([[1, 2]], [3]) == Arrangement([[2.0, 4.0]], [6])
    assert Arrangement([[1, 2]], [3]) != Arrangement([[-1, -2]], [-3])
    assert len({Arrangement([[1, 2]], [3]), Arrangement([["1/2", 1]], ["3/2"])}) == 1
    assert repr(Arrangement([[1, 2]])) == "Arrangement of 1 hyperplanes in dimension 2"
