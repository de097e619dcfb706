"""On which side of the hyperplanes a domain is, as its bounds tell."""

from fractions import Fraction
from itertools import product

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from arrangement import Arrangement
from arrangement.exact.numbers import primitive
from arrangement.hyperplanes.domain import parse_domain, sides_of_box, sides_of_rays

from ..strategies import NUMBERS, tables


@st.composite
def boxes(draw, dimension):
    numbers = NUMBERS[draw(st.sampled_from(sorted(NUMBERS)))].map(Fraction)
    ends = [sorted(draw(st.sets(numbers, min_size=2, max_size=2))) for _ in range(dimension)]
    return [tuple(pair) for pair in ends]


def values_at_corners(arrangement, box):
    corners = [[*corner, 1] for corner in product(*box)]
    return arrangement.rows @ np.array(corners, dtype=object).T


@given(st.data())
def test_a_side_is_that_of_all_corners(data):
    d, normals, offsets = data.draw(tables())
    if not normals:
        return
    arrangement = Arrangement(normals, offsets)
    box = data.draw(boxes(d))
    values = values_at_corners(arrangement, box)
    G = [[(c == j) * side for c in range(d)] for j in range(d) for side in (-1, 1)]
    h = [side * v for pair in box for side, v in zip((-1, 1), pair, strict=True)]
    corners = np.array([primitive([*corner, 1]) for corner in product(*box)], dtype=object)
    for sides in (
        sides_of_box(arrangement, parse_domain(box, d)),
        sides_of_box(arrangement, parse_domain((G, h), d)),
        sides_of_rays(arrangement, corners),
    ):
        assert (values * sides.astype(object)[:, None] >= 0).all()
        assert (values[sides != 0] != 0).all()


@given(st.data())
def test_a_hyperplane_well_outside_a_box_is_seen_to_be(data):
    d, normals, offsets = data.draw(tables())
    box = data.draw(boxes(d))
    if not normals:
        return
    arrangement = Arrangement(normals, offsets)
    values = values_at_corners(arrangement, box)
    size = [[max(map(abs, pair)) for pair in box] + [1]]
    size = (np.abs(arrangement.rows) @ np.array(size, dtype=object).T)[:, 0]
    # What float64 cannot hold is not far.
    least = np.abs(arrangement.rows).max(axis=1) * Fraction(1, 2**900)
    size = np.maximum(size, 10**9 * least)
    sides = sides_of_box(arrangement, parse_domain(box, d))
    corners = np.array([primitive([*corner, 1]) for corner in product(*box)], dtype=object)
    found = [sides]
    if max(abs(v) for pair in box for v in pair) < 2**900:  # 1 is not lost beside it
        found.append(sides_of_rays(arrangement, corners))
    both = np.stack(found, axis=1)
    for side, row, s in zip(both.tolist(), values.tolist(), size.tolist(), strict=True):
        if min(row) > s * Fraction(1, 10**9) or -max(row) > s * Fraction(1, 10**9):
            assert side == [1 if row[0] > 0 else -1] * len(found)


def test_rows_that_bound_no_coordinate_tell_nothing():
    plane = Arrangement([[1, 1]], [5])
    assert sides_of_box(plane, parse_domain([(0, None), (0, None)], 2)).tolist() == [0]
    assert sides_of_box(plane, parse_domain([(0, 1), (0, None)], 2)).tolist() == [0]
    triangle = ([[-1, 0], [0, -1], [1, 1]], [0, 0, 1])
    assert sides_of_box(plane, parse_domain(triangle, 2)).tolist() == [0]
    assert sides_of_box(plane, parse_domain([(0, 1), (0, "sqrt(2)")], 2)).tolist() == [1]


def test_cells_with_copies_and_hyperplanes_beside_the_domain():
    rows = np.array([[1, 0, -9], [0, 1, 0], [-2, 0, 18], [0, -3, 0], [1, 1, 9], [1, 1, 0]])
    arrangement = Arrangement(rows[:, :-1], rows[:, -1])
    box = [(-1, 1), (-1, 1)]
    wanted = arrangement.cells("lp", box).signs.tolist()
    found = arrangement.cells("auto", box).signs.tolist()
    assert sorted(found) == sorted(wanted)
    assert arrangement.n_cells(domain=box) == len(wanted)
    portions = [s for c in arrangement.iter_cells(2, domain=box) for s in c.signs.tolist()]
    assert sorted(portions) == sorted(wanted)
    far = [(20, 21), (1, 2)]
    assert arrangement.cells(domain=far).signs.tolist() == [[1, 1, -1, -1, 1, 1]]
    assert arrangement.n_cells(domain=far) == 1
