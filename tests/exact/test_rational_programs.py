"""Least distances in rational numbers, whatever their size."""

from fractions import Fraction

import numpy as np
import pytest

from arrangement.exact.rational_programs import least_squares_point


@pytest.mark.parametrize("size", [1, 10**400, Fraction(1, 10**400)], ids=["1", "huge", "tiny"])
def test_the_units_of_rows_and_of_space_do_not_matter(size):
    rows = np.array([[1, 2, -5], [-1, 0, Fraction(1, 2)], [3, -1, 9]], dtype=object)
    nearest = [Fraction(1, 2), Fraction(9, 4)]
    assert least_squares_point(rows) == nearest
    assert least_squares_point(rows * size) == nearest
    moved = rows * np.array([1, 1, size], dtype=object)
    assert least_squares_point(moved) == [size * v for v in nearest]


def test_rows_that_leave_no_point_are_told_at_any_size():
    rows = np.array([[1, 0, -1], [-(10**400), 0, 1]], dtype=object)
    assert least_squares_point(rows) is None
    assert least_squares_point(np.array([[0, 0, -(10**400)]], dtype=object)) is None
