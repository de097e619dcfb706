"""Cells counted in integers: the compiled loop is equal to the obvious one; estimates fit."""

from math import prod

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from arrangement import families
from arrangement.enumeration import cone_counts, cones
from arrangement.enumeration.integral_counts import IntegralCount, TooLarge
from arrangement.enumeration.restricted_cones import RestrictedCone
from tests import reference
from tests.amounts import examples


@st.composite
def linear(draw, max_rows=14):
    """Linear hyperplanes that are degenerate, and walls, in as many dimensions as fit."""
    D = draw(st.integers(1, 5))
    numbers = st.integers(-2, 2)
    row = st.lists(numbers, min_size=D, max_size=D).filter(any)
    rows = draw(st.lists(row, max_size=max_rows))
    walls = draw(st.lists(row, max_size=D + 2))
    return tuple(np.array(table, dtype=object).reshape(-1, D) for table in (rows, walls))


def cone_of(rows, walls):
    """The cone, unless there is none or it is empty."""
    if not len(rows) and not len(walls):
        return None
    cone = cones.Cone(rows, walls)
    return None if cone.is_empty else cone


@examples(300)
@given(linear())
def test_the_loop_is_equal_to_the_obvious_one(problem):
    cone = cone_of(*problem)
    if cone is None:
        return
    counts = cone.integral()
    total = 0
    for orthant in range(counts.n_orthants):
        counts.enter(orthant)
        slow = cone.restricted(orthant)
        assert slow.count() == counts.count_orthant()
        total += slow.count()
        counts.enter(orthant)
        parts = [counts.part(k) for k in range(counts.n_cuts)]
        assert sum(parts) + 1 == slow.count()
        if counts.n_cuts == len(slow.rows):
            assert parts == [slow.part(k) for k in range(len(parts))]
            assert parts == [slow.compiled_part(k) for k in range(len(parts))]
    assert counts.count() == total


@examples(60)
@given(linear(max_rows=6))
def test_equal_to_fractions(problem):
    rows, walls = problem
    cone = cone_of(rows, walls)
    if cone is None:
        return
    affine, inside = (reference.rows_of(table.tolist()) for table in (rows, walls))
    cells = reference.cells(affine, inside)
    assert cone.copies * cone.integral().count() == len(cells)


def test_rows_of_a_part_are_divided():
    arrangement = families.threshold(5)
    rows = arrangement.rows[:, :-1]
    cone = cones.Cone(rows, rows[:0])
    counts, slow = cone.integral(), cone.restricted(0)
    assert counts.n_cuts == len(slow.rows)
    for k in range(counts.n_cuts - 1, -1, -5):
        n = counts.n_below(k)
        if n < 9:
            continue
        whole = counts.part(k)
        assert sum(counts.part(k, i, i + 1) for i in range(n)) == whole == slow.part(k)
        assert counts.part(k, 3, 7) == slow.part(k, 3, 7) == slow.compiled_part(k, 3, 7)


@pytest.mark.parametrize("whole", [True, False])
def test_estimates_are_unbiased(whole):
    rows = families.resonance(6).rows[:, :-1]
    # A chamber of the permutations of the coordinates, and a half of it.
    walls = np.array(np.eye(6, dtype=int) - np.eye(6, k=1, dtype=int), dtype=object)[:5]
    counts = cones.Cone(rows, walls).integral()
    counts.enter(1)
    row = None if whole else counts.n_cuts - 1
    exact = counts.count_orthant() if row is None else counts.part(row)
    assert exact > 50
    found = [counts.estimate(100, np.random.default_rng(k), row) for k in range(10)]
    means = np.array([mean for mean, _ in found])
    assert abs(means.mean() - exact) < 4 * means.std() / np.sqrt(len(means))
    errors = np.array([error for _, error in found])
    assert 0.5 < means.std() / errors.mean() < 2


def test_what_is_too_large_on_the_way_is_left_to_wider_integers():
    rng = np.random.default_rng(5)
    rows = rng.integers(-9000, 9000, size=(9, 5)).astype(object)
    cone = cones.Cone(rows, np.array(np.eye(5, dtype=int), dtype=object))
    with pytest.raises(TooLarge):
        cone.integral().count()
    slow = cone.restricted(0)
    found = [slow.compiled_part(k) for k in range(len(slow.rows))]
    assert found == [slow.part(k) for k in range(len(slow.rows))]
    assert 1 + sum(found) == cone_counts.count(rows, cone.walls)


def test_numbers_and_walls_that_do_not_fit():
    with pytest.raises(TooLarge):
        IntegralCount(np.array([[2**26], [-1]]), [2, 1], 2)
    with pytest.raises(TooLarge):
        IntegralCount(np.array([[1], [-1]]), [2**65 - 1, 1], 2)
    # Walls on which there is no ray take no bit.
    assert IntegralCount(np.array([[1], [-1]]), [2**900, 1], 2).count() == 2


def test_buffers_grow(monkeypatch):
    monkeypatch.setattr("arrangement.enumeration.integral_counts.ROOM", 1)
    walls = np.concatenate([np.eye(7, dtype=int), -np.eye(7, dtype=int)]).astype(object)
    walls = np.column_stack([walls, [0] * 7 + [1] * 7])
    braid = families.braid(7).rows
    box = np.concatenate([walls, np.array([[0] * 7 + [1]], dtype=object)])
    assert cone_counts.count(braid, box) == prod(range(1, 8))


def test_copies_cut_once():
    lines = [(1, -1), (2, -2), (-3, 3), (1, -2), (5, -10), (0, 0), (1, 1)]
    cone = RestrictedCone(lines, [2, 1], 2)
    assert len(cone.rows) == 2
    assert cone.count() == IntegralCount(np.array(lines[:5] + lines[6:]).T, [2, 1], 2).count()
