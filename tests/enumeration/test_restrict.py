"""Restrict and split: equal to the reference on everything small, and to theorems beyond."""

import random

import numpy as np
import pytest
from hypothesis import given

from arrangement import Arrangement, ArrangementBuilder, families
from arrangement.enumeration import restrict
from arrangement.exact.packing import unpack_signs
from tests import reference
from tests.amounts import examples
from tests.enumeration.test_cones import KINDS, use
from tests.hyperplanes.test_hyperplanes import arrangement_of
from tests.strategies import tables


def sign_vectors(cells):
    vectors = [tuple(s) for s in cells.signs.tolist()]
    assert len(set(vectors)) == len(vectors)
    return set(vectors)


@examples(300)
@given(tables())
def test_equal_to_the_reference(table):
    d, normals, offsets = table
    wanted = reference.cells(reference.rows_of(normals, offsets))
    arrangement = arrangement_of(d, normals, offsets)
    assert sign_vectors(arrangement.cells()) == wanted
    assert restrict.count(arrangement) == len(wanted)


@given(tables())
def test_builder_equals_the_whole_in_any_order(table):
    d, normals, offsets = table
    arrangement = arrangement_of(d, normals, offsets)
    order = list(range(len(normals)))
    random.Random(0).shuffle(order)
    builder = ArrangementBuilder(d)
    n_cells = 1
    for i in order:
        n_cells += builder.insert(normals[i], offsets[i])
        assert len(builder.cells()) == builder.n_cells == n_cells
    signs = builder.cells().signs[:, np.argsort(order)] if order else builder.cells().signs
    assert {tuple(s) for s in signs.tolist()} == sign_vectors(arrangement.cells())
    assert builder.arrangement.n_hyperplanes == len(normals)


@pytest.mark.parametrize("kind", KINDS)
def test_all_numbers_give_the_same_cells(monkeypatch, kind):
    # The last are degenerate enough that a rounding would show.
    rng = np.random.default_rng(0)
    normals = rng.choice([-7, -6, 0, 6, 7], size=(13, 5))
    normals[:, 0] = 1
    degenerate = Arrangement(normals, rng.choice([-7, 0, 6], size=13))
    for arrangement in (
        families.resonance(4),
        families.shi(4),
        families.catalan(4),
        degenerate,
    ):
        wanted = sign_vectors(arrangement.cells())
        with monkeypatch.context() as patch:
            use(kind, patch)
            assert sign_vectors(arrangement.cells(method="restrict")) == wanted
            assert restrict.count(arrangement) == len(wanted)


@pytest.mark.parametrize("factor", [1, 10**6, 10**30])
def test_lattices_with_large_coefficients(factor):
    # A shear leaves the cells as they are, but takes the numbers beyond float64's integers.
    arrangement = families.catalan(4)
    shear = np.eye(4, dtype=object)
    shear[0, 1:] = [factor, -factor - 1, 3 * factor + 7]
    shear[1, 2:] = [factor + 1, 5]
    sheared = Arrangement(arrangement.rows[:, :-1].dot(shear), arrangement.rows[:, -1])
    assert sign_vectors(sheared.cells()) == sign_vectors(arrangement.cells())


def test_slivers_are_neither_lost_nor_invented():
    planes = Arrangement([[1, 2], [1, 2], [3, 6]], [0, f"1/{10**30}", 0])
    assert sign_vectors(planes.cells()) == {(1, 1, 1), (-1, 1, -1), (-1, -1, -1)}
    wedge = Arrangement([[10**30, 1], [10**30 + 1, 1]])
    assert len(wedge.cells()) == 4


EXTREME = [
    # Bounds whose products underflow before they are divided by a subnormal.
    [
        [1.7e308, 4.3587355946783646e-12, 1.7763568394002505e-15],
        [0.0, 1.0, 0.00040751910341314313],
        [1.0, 0.0, 0.0],
    ],
    [[2**1099, 4097 * 2**26 + 2**25, 3 * 2**26], [0, 16391, 12], [1, 0, 0]],
    [[1.5e-323, 1e-323, 0.0], [0.0, 1.0, 0.0], [1.5e-323, 1e-323, 1.0]],
]


@pytest.mark.parametrize("table", EXTREME)
def test_subnormal_and_huge_entries_side_by_side(table):
    normals, offsets = [row[:-1] for row in table], [row[-1] for row in table]
    expected = reference.cells(reference.rows_of(normals, offsets))
    assert set(map(tuple, Arrangement(normals, offsets).cells().signs.tolist())) == expected


@pytest.mark.parametrize(
    ("n", "d"), [(12, 1), (40, 2), (20, 3), (14, 4), (12, 6), (9, 9), (5, 8)]
)
def test_random_arrangements_meet_zaslavskys_bound(n, d):
    from math import comb

    rng = np.random.default_rng(n)
    simple = Arrangement(rng.normal(size=(n, d)), rng.normal(size=n))
    cells = simple.cells()
    assert len(cells) == len(sign_vectors(cells)) == sum(comb(n, i) for i in range(d + 1))
    assert simple.is_simple
    assert cells.bounded.sum() == (comb(n - 1, d) if n > d else n == 0)
    central = Arrangement(rng.normal(size=(n, d)))
    assert len(central.cells()) == 2 * sum(comb(n - 1, i) for i in range(d))
    assert central.is_simple == (n <= d)


def test_one_concurrent_triple_among_forty_lines():
    rng = np.random.default_rng(7)
    normals, offsets = rng.integers(-(2**20), 2**20, (40, 2)), rng.integers(-(2**20), 2**20, 40)
    offsets[:3] = 0  # three lines through the origin: one cell fewer
    arrangement = Arrangement(normals, offsets)
    assert len(arrangement.cells()) == 1 + 40 + 40 * 39 // 2 - 1
    assert not arrangement.is_simple


def test_invariance_under_scaling_permutation_and_translation():
    arrangement = families.shi(4)
    cells = sign_vectors(arrangement.cells())
    rows, rng = arrangement.rows, np.random.default_rng(1)
    scales = rng.integers(1, 100, len(rows))[:, None]
    assert (
        sign_vectors(Arrangement((rows * scales)[:, :-1], (rows * scales)[:, -1]).cells())
        == cells
    )
    shift = rng.integers(-50, 50, arrangement.dimension)
    moved = Arrangement(rows[:, :-1], rows[:, -1] + rows[:, :-1].dot(shift))
    assert sign_vectors(moved.cells()) == cells
    order = rng.permutation(len(rows))
    permuted = Arrangement(rows[order, :-1], rows[order, -1]).cells()
    assert {tuple(s) for s in permuted.signs[:, np.argsort(order)].tolist()} == cells


def test_edge_cases():
    assert len(Arrangement(np.zeros((0, 3))).cells()) == 1
    assert len(Arrangement(np.zeros((0, 0))).cells()) == 1
    assert Arrangement(np.zeros((0, 2))).cells().signs.shape == (1, 0)
    assert len(Arrangement([[1], [1], [-1]], [0, 0, 0]).cells()) == 2
    assert len(Arrangement([[5]], [3]).cells()) == 2
    assert len(Arrangement([[1, 1, 1]] * 3, [0, 1, 2]).cells()) == 4
    many = Arrangement(np.ones((130, 1)), np.arange(130))
    assert many.cells().packed.shape == (131, 3)
    # x + i is positive for all i above some k.
    assert sign_vectors(many.cells()) == {(-1,) * k + (1,) * (130 - k) for k in range(131)}


def test_progress_is_called_with_cells_found():
    calls = []
    families.braid(5).cells(progress=lambda done, total: calls.append((done, total)))
    assert calls
    found = [done for done, _ in calls]
    assert found == sorted(found)
    assert all(done <= total for done, total in calls)
    assert calls[-1][0] == calls[-1][1]


def test_parallels_are_simple_and_what_meets_in_too_small_codimension_is_not():
    prism = Arrangement([[1, 0, 0], [0, 1, 0], [1, 1, 0]], [0, 0, -1])
    assert prism.is_simple  # pairwise in parallel lines, and all three nowhere
    assert not Arrangement([[1, 0, 0], [0, 1, 0], [1, 1, 0]]).is_simple  # in one line
    grid = np.concatenate([np.eye(3, dtype=int)] * 4)
    assert Arrangement(grid, np.repeat(range(4), 3)).is_simple
    assert not Arrangement([*grid, [1, 1, 1]], [*np.repeat(range(4), 3), 0]).is_simple
    assert Arrangement([*grid, [1, 1, 1]], [*np.repeat(range(4), 3), "1/2"]).is_simple
    assert not Arrangement([[1], [2]], [0, 0]).is_simple
    assert Arrangement(np.zeros((0, 3))).is_simple
    assert not families.coxeter("H", 3).is_simple


@given(tables(max_hyperplanes=5))
def test_unbounded_cells_equal_the_reference(table):
    d, normals, offsets = table
    arrangement = arrangement_of(d, normals, offsets)
    if arrangement.is_central:
        return
    rows = reference.rows_of(normals, offsets)
    wanted = {s for s in reference.cells(rows) if not reference.bounded(rows, s)}
    signs = unpack_signs(restrict.unbounded(arrangement), len(normals))
    assert {tuple(s) for s in signs.tolist()} == wanted
