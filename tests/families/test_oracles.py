"""Known counts of known families, by every method."""

import numpy as np
import pytest

from arrangement import families
from arrangement.enumeration import restrict
from tests import reference
from tests.facts import BOUNDED, CELLS, EDGES, WHITNEY

LARGE = {("resonance", 6)}
SMALL = {key for key, count in CELLS.items() if count <= 400}
TINY = {key for key, count in CELLS.items() if count <= 60}


def first_up_to(most, keys):
    """Parameters of a test: members with more cells are taken when `slow` tests are."""
    return [
        pytest.param(*key, marks=pytest.mark.slow if CELLS[key] > most else ())
        for key in sorted(keys)
    ]


def family(name, n):
    return getattr(families, name)(n)


def sign_vectors(cells):
    return {tuple(signs) for signs in cells.signs.tolist()}


@pytest.mark.parametrize(("name", "n"), first_up_to(10**6, CELLS))
def test_cells_are_counted_right_and_distinct(name, n):
    arrangement = family(name, n)
    cells = arrangement.cells()
    assert len(cells) == CELLS[name, n]
    assert len(np.unique(cells.packed, axis=0)) == len(cells)
    assert restrict.count(arrangement) == len(cells)


@pytest.mark.parametrize(("name", "n"), sorted(EDGES))
def test_edges(name, n):
    assert len(family(name, n).cells().edges) == EDGES[name, n]


@pytest.mark.parametrize(("name", "n"), sorted(BOUNDED))
def test_bounded_cells(name, n):
    assert family(name, n).cells().bounded.sum() == BOUNDED[name, n]


@pytest.mark.parametrize(("name", "n"), first_up_to(10**4, WHITNEY.keys() - LARGE))
def test_central_arrangements_have_no_bounded_cell_and_opposite_cells(name, n):
    cells = family(name, n).cells()
    assert not cells.bounded.any()
    signs = cells.signs
    assert np.array_equal(np.unique(signs, axis=0), np.unique(-signs, axis=0))


@pytest.mark.parametrize(("name", "n"), first_up_to(300, SMALL))
def test_lp_finds_the_same_sign_vectors(name, n):
    arrangement = family(name, n)
    assert sign_vectors(arrangement.cells(method="lp")) == sign_vectors(arrangement.cells())


@pytest.mark.parametrize(("name", "n"), sorted(TINY))
def test_the_reference_finds_the_same_sign_vectors(name, n):
    arrangement = family(name, n).essentialization()
    rows = reference.rows_in(arrangement)
    assert sign_vectors(arrangement.cells()) == reference.cells(rows)


@pytest.mark.slow
def test_points_and_edges_of_a_million_cells():
    cells = families.resonance(6).cells()
    assert len(cells) == 1_066_044
    # Small integers: float64 products of these points are exact enough to trust the sign.
    for start in range(0, len(cells), 2**17):
        block = slice(start, start + 2**17)
        values = cells.points[block] @ cells.arrangement.normals.T
        assert (np.abs(values) > 1e-9).all()
        assert (np.sign(values) == cells.signs[block]).all()
    differ = np.bitwise_count(cells.packed[cells.edges[:, 0]] ^ cells.packed[cells.edges[:, 1]])
    assert (differ == 1).all()
