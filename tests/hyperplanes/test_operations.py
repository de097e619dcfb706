"""Operations against the reference, and the theorems on their characteristic polynomials."""

from itertools import combinations
from math import factorial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from arrangement import Arrangement, families
from arrangement.errors import InputError
from tests import reference
from tests.amounts import examples
from tests.hyperplanes.test_hyperplanes import arrangement_of
from tests.strategies import tables

AFFINE = [
    families.shi(3),
    families.linial(3),
    families.semiorder(3),
    families.grid(2, 0, 1),
    families.generic(4, 2, rng=np.random.default_rng(1)),
    Arrangement([[1, 1], [2, 2], [-1, -1], [1, 0]], [0, 0, 1, 3]),
    Arrangement(np.zeros((0, 2))),
    families.braid(3),
]


def points_off(arrangement, p):
    """Points of (Z/p)^d on no hyperplane: χ(p), for all large p (Athanasiadis 1996)."""
    d = arrangement.dimension
    points = np.indices((p,) * d).reshape(d, p**d).T
    rows = np.array([[int(v) % p for v in row] for row in arrangement.rows], dtype=np.int64)
    if not len(rows):
        return p**d
    return int(np.all((points @ rows[:, :-1].T + rows[:, -1]) % p, axis=1).sum())


@st.composite
def arrangements_with_sets(draw):
    """A small arrangement and a few of its hyperplanes."""
    d, normals, offsets = draw(tables(max_hyperplanes=5))
    n = len(normals)
    chosen = draw(st.lists(st.integers(0, n - 1), max_size=3)) if n else []
    return Arrangement(np.array(normals, dtype=object).reshape(n, d), offsets), chosen


@examples(60)
@given(arrangements_with_sets())
def test_restriction_localization_and_closure_are_those_of_the_reference(case):
    arrangement, chosen = case
    rows = reference.rows_in(arrangement)
    zero = [rows[i] for i in chosen]
    if not reference.feasible([], zero):
        for method in (arrangement.restriction, arrangement.localization, arrangement.closure):
            with pytest.raises(InputError, match=r"share no point: they have no flat$"):
                method(chosen)
        return
    contains = tuple(
        i
        for i, row in enumerate(rows)
        if not reference.feasible([row], zero)
        and not reference.feasible([tuple(-v for v in row)], zero)
    )
    assert arrangement.closure(chosen) == contains
    local = arrangement.localization(chosen)
    assert local.rows.tolist() == arrangement.rows[list(contains)].tolist()
    restricted = arrangement.restriction(chosen)
    assert restricted.dimension == arrangement.dimension - local.rank
    first, _ = restricted.coincidence
    assert first.tolist() == list(range(len(restricted)))
    # The cells of the restriction are the faces whose zeros are the hyperplanes of the flat.
    faces = {
        signs
        for signs in reference.faces(rows)
        if tuple(i for i, s in enumerate(signs) if s == 0) == contains
    }
    assert restricted.n_cells() == len(faces)


@examples(40)
@given(tables(max_hyperplanes=5))
def test_the_cone_has_twice_the_cells_and_gives_the_arrangement_back(table):
    arrangement = arrangement_of(*table)
    cone = arrangement.cone()
    assert cone.is_linear
    assert cone.rank == arrangement.rank + 1
    assert cone.n_cells() == 2 * arrangement.n_cells()
    assert cone.decone(-1) == arrangement
    signs = {tuple(s) for s in arrangement.cells().signs.tolist()}
    up = {(*s, 1) for s in signs}
    assert {tuple(s) for s in cone.cells().signs.tolist()} == up | {
        tuple(-v for v in s) for s in up
    }


@pytest.mark.parametrize("arrangement", AFFINE)
@pytest.mark.parametrize("p", [11, 13])
def test_characteristic_polynomials_of_cones_and_products(arrangement, p):
    chi = points_off(arrangement, p)
    if not any(v.bit_length() > 20 for v in arrangement.rows.flat):
        assert points_off(arrangement.cone(), p) == (p - 1) * chi
        line = families.grid(2)
        assert points_off(arrangement.product(line), p) == (p - 2) * chi
        if len(arrangement):
            # Deletion–restriction: χ(A) = χ(A − H) − χ(A^H), copies apart.
            single = arrangement.coincidence[0].tolist().count(0) == 1
            rest = points_off(arrangement.deletion(0), p)
            assert chi == rest - single * points_off(arrangement.restriction(0), p)


@examples(30)
@given(tables(max_hyperplanes=4, max_dimension=2), tables(max_hyperplanes=3, max_dimension=2))
def test_cells_of_a_product_are_products_of_cells(one, other):
    a, b = arrangement_of(*one), arrangement_of(*other)
    both = a.product(b)
    assert (both.rank, both.dimension) == (a.rank + b.rank, a.dimension + b.dimension)
    assert {tuple(s) for s in both.cells().signs.tolist()} == {
        (*s, *t) for s in a.cells().signs.tolist() for t in b.cells().signs.tolist()
    }
    assert both.cells().bounded.sum() == a.cells().bounded.sum() * b.cells().bounded.sum()
    assert a.product(Arrangement(np.zeros((0, 0)))) == a


def test_flats_of_the_braid_arrangement_are_set_partitions():
    # The flat x_1 = x_2 = x_3, x_4 = x_5 of braid 6: three blocks.
    n = 6
    number = {pair: k for k, pair in enumerate(combinations(range(n), 2))}
    braid = families.braid(n)
    flat = [number[0, 1], number[1, 2], number[3, 4]]
    assert braid.closure(flat) == tuple(
        sorted(number[p] for p in [(0, 1), (0, 2), (1, 2), (3, 4)])
    )
    assert braid.restriction(flat).n_cells() == factorial(3)
    assert len(braid.restriction(flat)) == 3
    assert braid.localization(flat).n_cells() == factorial(3) * factorial(2)


def test_the_order_and_the_orientation_of_a_restriction():
    arrangement = Arrangement([[1, 1, 0], [1, 0, 0], [0, -2, 4], [1, 0, 1], [0, 1, 0]])
    # On x = 0 = y + x: z from row 2 and 3 alike, positive multiples keep their sign.
    assert arrangement.restriction([1, 0]).rows.tolist() == [[1, 0]]
    assert arrangement.restriction([]).rows.tolist() == arrangement.rows.tolist()
    twice = Arrangement([[1, 0], [2, 0], [0, 1]])
    assert twice.restriction([]).rows.tolist() == [[1, 0, 0], [0, 1, 0]]
    assert twice.restriction([0, 1, 0, 2]).rows.shape == (0, 1)
    assert twice.restriction(-1) == twice.restriction([2])
    assert twice.restriction(np.array([0, 2])) == twice.restriction((2, 1))
    assert Arrangement(np.zeros((0, 2))).restriction(()).rows.shape == (0, 3)


def test_operations_take_a_flat_with_its_hyperplanes():
    class Flat:
        hyperplanes = (0, 1)

    braid = families.braid(4)
    assert braid.restriction(Flat()) == braid.restriction([0, 1])
    assert braid.closure(Flat()) == (0, 1, 3)


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize(
    "arrangement",
    [
        families.braid(4),
        families.coxeter("B", 3),
        families.resonance(3),
        Arrangement([[1, 2], [-3, 1], [0, 1], [2, 4], [-1, -2]]),
        Arrangement([[2], [-1]]),
    ],
)
def test_the_decone_has_the_cells_on_the_positive_side(arrangement, sign):
    arrangement = Arrangement(sign * arrangement.normals)
    first, _ = arrangement.coincidence
    signs = arrangement.cells().signs
    for i in range(len(arrangement)):
        others = np.flatnonzero(first != first[i])
        positive = arrangement.decone(i)
        assert positive.dimension == arrangement.dimension - 1
        assert {tuple(s) for s in positive.cells().signs.tolist()} == {
            tuple(s) for s in signs[signs[:, i] > 0][:, others].tolist()
        }


def test_decone_by_a_copy_and_of_a_translated_central_arrangement():
    lines = Arrangement([[1, 0], [0, 1], [-2, 0], [1, 1]], [-1, -1, 2, -2])
    points = lines.decone(0)
    assert points.rows.tolist() == [[1, 0], [1, 1]]
    assert 2 * points.n_cells() == lines.n_cells()


def test_bad_flats_and_factors():
    axes = Arrangement([[1, 0], [0, 1], [1, 0]], [0, 0, -1])
    with pytest.raises(InputError, match=r"^hyperplane 3 does not exist: there are 3"):
        axes.restriction([0, 3])
    with pytest.raises(InputError, match=r"^a hyperplane is given by its number, not by 'a'$"):
        axes.localization("a")
    with pytest.raises(InputError, match=r"^a hyperplane is given by its number, not by 1.5$"):
        axes.closure([1.5])
    with pytest.raises(InputError, match=r"^hyperplanes \[0, 2\] share no point"):
        axes.restriction([0, 2])
    with pytest.raises(
        InputError, match=r"^a product is with another arrangement, not with 3$"
    ):
        axes.product(3)
    with pytest.raises(InputError, match=r"^only a central arrangement has a decone"):
        axes.decone(0)
