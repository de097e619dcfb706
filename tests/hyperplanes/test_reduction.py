"""Reduced coordinates: the same arrangement, with small numbers."""

from fractions import Fraction

import numpy as np
import pytest

from arrangement import Arrangement, exact, families
from arrangement.hyperplanes.reduction import distinct_essential_rows, reduced
from tests.amounts import first

FAMILIES = {
    "resonance": families.resonance(4),
    "shi": families.shi(4),
    "catalan": families.catalan(3),
    "threshold": families.threshold(4),
    "B": families.coxeter("B", 4),
    "linial": families.linial(4),
}


def elsewhere(arrangement, seed):
    """Another basis and origin, and each row times a positive rational."""
    rng = np.random.default_rng(seed)
    rows, d = arrangement.rows, arrangement.dimension
    change = rng.integers(-10, 11, size=(d, d)).astype(object)
    while exact.rank(change) < d:
        change = rng.integers(-10, 11, size=(d, d)).astype(object)
    numbers = rng.integers(-20, 21, size=d), rng.integers(1, 10, size=d)
    origin = [Fraction(int(p), int(q)) for p, q in zip(*numbers, strict=True)]
    normals = rows[:, :-1] @ change
    offsets = rows[:, -1] + normals @ np.array(origin, dtype=object)
    scales = rng.integers(1, 50, size=(len(rows), 2)).tolist()
    factors = np.array([Fraction(p, q) for p, q in scales], dtype=object)
    return Arrangement(normals * factors[:, None], offsets * factors)


@pytest.mark.parametrize("name", FAMILIES)
@pytest.mark.parametrize("seed", first(1, range(3)))
def test_combinatorics_do_not_depend_on_coordinates(name, seed):
    here = FAMILIES[name]
    there = elsewhere(here, seed)
    bound = exact.minor_bound(distinct_essential_rows(there))
    assert 2 * bound**2 <= exact.FLOAT_EXACT_LIMIT
    assert sorted(there.cells().signs.tolist()) == sorted(here.cells().signs.tolist())
    assert there.face_vector("enumerate") == here.face_vector()
    assert there.whitney_numbers() == here.whitney_numbers()
    for k in range(here.rank + 1):
        assert [f.hyperplanes for f in there.flats(k)] == [f.hyperplanes for f in here.flats(k)]


def test_points_and_vertices_are_those_of_the_given_coordinates():
    there = elsewhere(families.shi(3), 0)
    assert not np.array_equal(there.rows, distinct_essential_rows(there))
    cells = there.cells()
    for cell in cells:
        signs = there.rows[:, :-1] @ np.array(cell.witness, dtype=object) + there.rows[:, -1]
        assert [int(v > 0) - int(v < 0) for v in signs] == cell.signs.tolist()
        for vertex in cell.vertices():
            at = there.rows[:, :-1] @ np.array(vertex, dtype=object) + there.rows[:, -1]
            assert all(v * s >= 0 for v, s in zip(at, cell.signs.tolist(), strict=True))


def test_small_numbers_stay_as_they_are():
    rows = distinct_essential_rows(families.shi(4))
    assert reduced(rows) is rows


def test_numbers_that_do_not_become_smaller_stay():
    rows = Arrangement(np.random.default_rng(0).normal(size=(6, 2)), [1, 0, 0, 0, 0, 0]).rows
    assert reduced(rows) is rows


@pytest.mark.parametrize("name", ["resonance", "threshold", "shi", "catalan"])
def test_translations_leave_minors_as_they_are(name):
    """Rows with offsets of different denominators are as long as in textbooks again."""
    rows = getattr(families, name)(4).rows
    rng = np.random.default_rng(0)
    t = [Fraction(int(p), int(q)) for p, q in rng.integers(1, 30, (rows.shape[1] - 1, 2))]
    moved = np.column_stack([rows[:, :-1], rows[:, -1] + rows[:, :-1] @ np.array(t)])
    given = Arrangement(moved[:, :-1], moved[:, -1])
    plain = Arrangement(rows[:, :-1], rows[:, -1])
    textbook, found = distinct_essential_rows(plain), distinct_essential_rows(given)
    assert exact.minor_bound(found) <= 4 * exact.minor_bound(textbook)
    assert given.n_cells() == plain.n_cells()


def test_integers_on_either_side_of_two_to_the_63():
    normals = [[-2, -3], [-24, -22], [-509881202104170240, 3170312596041723]]
    offsets = [0, 1, 789655913575281664]
    arrangement = Arrangement(normals, offsets)
    assert len(arrangement.cells()) == len(arrangement.cells("lp")) == 7


def test_integers_of_64_bits_do_not_become_floats():
    rows = [[1, 0, 2**63 + 1], [0, 1, 0], [-1, 5, -1], [3, 2**63 + 3, 1]]
    rows = np.array(rows, dtype=object)
    arrangement = Arrangement(rows[:, :-1], rows[:, -1])
    for moved in (reduced(rows), distinct_essential_rows(arrangement)):
        assert all(type(v) is int for v in moved.flat)
        assert exact.minor_bound(moved) <= exact.minor_bound(rows)
    assert len(Arrangement([[-1, -1], [1, 0], [-1, 0]], [-1, -1, 2**64]).cells("sweep")) == 6


def test_lengths_beyond_int64_stay_integers():
    arrangement = Arrangement(
        [[-1, -1, -1], [-1, -1, Fraction(-1, 2)]], [-1, Fraction(-1, 2**64)]
    )
    assert len(arrangement.cells()) == arrangement.n_cells() == 4
    assert all(isinstance(v, int) for v in reduced(arrangement.rows[:, [0, 2, 3]]).flat)
