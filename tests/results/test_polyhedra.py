"""Closures of all cells at once: against one cell after the other, and theorems."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from arrangement import Arrangement, InputError, families
from tests.amounts import examples, first
from tests.enumeration.test_cones import KINDS, use
from tests.hyperplanes.test_hyperplanes import arrangement_of
from tests.strategies import tables

BOX = [(0, 1), (Fraction(-1, 3), 2), (0, Fraction(5, 7))]


def sets_of(polyhedra, i):
    vertices = [polyhedra.exact_vertices[v] for v in polyhedra.vertices_of(i)]
    return sorted(vertices), sorted(polyhedra.exact_rays[r] for r in polyhedra.rays_of(i))


def same_as_one_by_one(cells):
    polyhedra = cells.polyhedra
    d = cells.arrangement.dimension
    for i, cell in enumerate(cells):
        assert sets_of(polyhedra, i) == (cell.vertices(), cell.rays())
        faces = cell.polyhedron.faces
        wanted = [len(faces[d - k]) if d - k < len(faces) else 0 for k in range(d + 1)]
        assert polyhedra.f_vectors[i].tolist() == wanted
    assert np.array_equal(cells.bounded, np.diff(polyhedra.cell_rays.indptr) == 0)


@examples(150)
@given(tables(), st.booleans())
def test_closures_are_those_of_one_cell_after_the_other(table, inside):
    domain = [BOX[0], (None, 2), (None, None)][: table[0]] if inside else None
    same_as_one_by_one(arrangement_of(*table).cells(domain=domain))


@examples(30)
@given(tables(), st.sampled_from(sorted(KINDS)))
def test_closures_by_numbers_of_any_kind(table, kind):
    with pytest.MonkeyPatch.context() as patch:
        use(kind, patch)
        same_as_one_by_one(arrangement_of(*table).cells(method="restrict"))


@pytest.mark.parametrize("kind", KINDS)
def test_more_rays_than_there_was_room_for(kind, monkeypatch):
    wanted = families.shi(3).cells().polyhedra
    use(kind, monkeypatch)
    monkeypatch.setattr("arrangement.enumeration.cell_rays.CORNERS", 4)
    monkeypatch.setattr("arrangement.enumeration.cone_faces.BLOCK", 8)
    found = families.shi(3).cells().polyhedra
    assert found.exact_vertices == wanted.exact_vertices
    assert found.exact_rays == wanted.exact_rays
    for i in range(len(found)):
        assert sets_of(found, i) == sets_of(wanted, i)


@pytest.mark.parametrize(
    "arrangement",
    first(
        5,
        [
            families.braid(4),
            families.shi(3),
            Arrangement([["sqrt(2)", 1], [1, "sqrt(2)"], [1, 1]], [1, 0, "sqrt(2)"]),
            Arrangement([[1, 0], [0, 1]] * 2, [0, 0, -1, -1]),
            Arrangement(np.zeros((0, 2))),
            families.coxeter("H", 3),
            families.threshold(3),
            families.catalan(4),
            Arrangement(np.random.default_rng(1).normal(size=(8, 3)), np.arange(8)),
        ],
    ),
)
def test_closures_of_known_cells(arrangement):
    same_as_one_by_one(arrangement.cells())


@examples(30)
@given(tables(max_hyperplanes=5))
def test_faces_of_cells_add_up_to_faces_times_the_cells_around_them(table):
    arrangement = arrangement_of(*table)
    counts = arrangement.cells().polyhedra.f_vectors.sum(axis=0)
    for k in range(arrangement.dimension + 1):
        around = 0
        for face in arrangement.faces(k):
            on = np.flatnonzero(face.signs == 0).tolist()
            around += Arrangement(arrangement.normals[on]).n_cells() if on else 1
        assert counts[k] == around


@examples(100)
@example((2, [[1.0, 1.0], [0.0, -1.0]], [0.0, 5e-324]))  # an edge of the least of numbers
@given(tables())
def test_cells_in_a_box_fill_it(table):
    box = BOX[: table[0]]
    cells = arrangement_of(*table).cells(domain=box)
    whole = math.prod(high - low for low, high in box)
    volumes = cells.polyhedra.exact_volumes()
    assert sum(volumes) == whole
    assert all(v > 0 for v in volumes)
    rounded = cells.polyhedra.volumes
    assert np.allclose(rounded, [float(v) for v in volumes], rtol=0, atol=1e-12 * float(whole))


def test_volumes_in_four_dimensions_and_more_walls_than_bits():
    rng = np.random.default_rng(3)
    arrangement = Arrangement(rng.integers(-5, 6, (70, 2)), rng.integers(-9, 10, 70))
    polyhedra = arrangement.cells(domain=[(-3, 3), (-2, 2)]).polyhedra
    assert sum(polyhedra.exact_volumes()) == 24
    grid = Arrangement(rng.integers(-3, 4, (6, 4)), rng.integers(-2, 3, 6))
    polyhedra = grid.cells(domain=[(-1, 1)] * 4).polyhedra
    assert sum(polyhedra.exact_volumes()) == 16
    assert polyhedra.volumes.sum() == pytest.approx(16, rel=1e-12)
    some = polyhedra.exact_volumes([2, 0])
    assert some == [polyhedra.exact_volumes()[2], polyhedra.exact_volumes()[0]]
    with pytest.raises(InputError, match="which"):
        polyhedra.exact_volumes([0.5])


def test_a_polygon_with_more_corners_than_a_word_has_bits():
    k = 100
    angles = 2 * np.pi * np.arange(k) / k
    arrangement = Arrangement(np.column_stack([np.cos(angles), np.sin(angles)]), np.ones(k))
    cells = arrangement.cells()
    inside = cells.locate([0, 0])
    polyhedra = cells.polyhedra
    assert polyhedra.f_vectors[inside].tolist() == [k, k, 1]
    assert polyhedra.volumes[inside] == pytest.approx(k * math.tan(math.pi / k))
    centres, radii = polyhedra.chebyshev_balls
    assert radii[inside] == pytest.approx(1)
    assert np.allclose(centres[inside], 0)


def test_volumes_of_irrational_and_of_unbounded_cells():
    arrangement = Arrangement([[1, 0], [0, 1], ["sqrt(2)", 1]], [0, 0, -2])
    (volume,) = (v for v in arrangement.cells().polyhedra.exact_volumes() if v is not math.inf)
    assert str(volume) == "sqrt(2)"
    assert set(families.braid(3).cells().polyhedra.exact_volumes()) == {math.inf}
    slab = Arrangement([[1, 1], [1, 1]], [0, -1]).cells().polyhedra
    assert slab.volumes.tolist() == [math.inf] * 3 == slab.exact_volumes()


def test_the_cell_of_a_point_is_bounded():
    polyhedra = Arrangement(np.zeros((0, 0))).cells().polyhedra
    assert (polyhedra.volumes.tolist(), polyhedra.exact_volumes()) == ([1.0], [1])


def test_a_vertex_beyond_float64_is_infinite():
    polyhedra = Arrangement([[1, 0], [0, Fraction(1, 10**300)]], [0, -(10**300)]).cells()
    polyhedra = polyhedra.polyhedra
    assert polyhedra.vertices.tolist() == [[0.0, math.inf]]
    assert polyhedra.exact_vertices == [(0, 10**600)]


@pytest.mark.parametrize("seed", first(4, range(60)))
def test_balls_are_inside_and_largest(seed):
    from scipy.optimize import linprog

    rng = np.random.default_rng(seed)
    n, d = int(rng.integers(1, 6)), int(rng.integers(1, 4))
    rows = rng.integers(-3, 4, (n, d + 1)).astype(float)
    rows[~rows[:, :-1].any(axis=1), 0] = 1
    arrangement = Arrangement(rows[:, :-1], rows[:, -1])
    cells = arrangement.cells()
    centres, radii = cells.polyhedra.chebyshev_balls
    lengths = np.linalg.norm(rows[:, :-1], axis=1)
    for signs, centre, radius in zip(cells.signs, centres, radii, strict=True):
        A = -signs[:, None] * rows[:, :-1]
        found = linprog(
            [0] * d + [-1],
            np.column_stack([A, lengths]),
            signs * rows[:, -1],
            bounds=[(None, None)] * d + [(0, None)],
        )
        if found.status == 3:
            assert np.isinf(radius)
            assert np.isnan(centre).all()
        else:
            assert radius == pytest.approx(found.x[-1], abs=1e-7)
            values = signs * (rows[:, :-1] @ centre + rows[:, -1])
            assert (values >= radius * lengths - 1e-9).all()


def test_balls_are_not_on_the_other_side_of_a_sliver():
    width = Fraction(1, 10**30)
    normals = [[2, -2, 0], [-2, 1, 2], [1, 1, -1], [1, 1, -1]]
    arrangement = Arrangement(normals, [1, 0, -2, -2 + width])
    cells = arrangement.cells(domain=[(None, None), ("-1/3", "sqrt(2)"), ("-1/3", "sqrt(2)")])
    _, radii = cells.polyhedra.chebyshev_balls
    is_sliver = cells.signs[:, 2] != cells.signs[:, 3]
    assert is_sliver.any()
    assert not (radii[is_sliver] > 1e-15).any()  # NaN: float64 does not find them


@pytest.mark.parametrize(
    ("arrangement", "cells"),
    [
        (families.braid(4), 24),
        (families.coxeter("B", 3), 48),
        (families.coxeter("H", 3), 120),
        (families.braid(3), 6),
        (families.grid(1, 0), 2),
    ],
)
def test_chambers_of_a_reflection_group_take_equal_angles(arrangement, cells):
    angles = arrangement.cells().polyhedra.solid_angles
    assert np.allclose(angles, 1 / cells, rtol=1e-12, atol=0)


@examples(30)
@given(tables())
def test_angles_add_up_to_all_directions(table):
    angles = arrangement_of(*table).cells().polyhedra.solid_angles
    assert angles.sum() == pytest.approx(1, abs=1e-13)
    assert (angles > -1e-14).all()


def test_angles_are_those_of_draws():
    rng = np.random.default_rng(5)
    arrangement = Arrangement(rng.integers(-3, 4, (6, 3)))
    cells = arrangement.cells()
    drawn = cells.locate(rng.normal(size=(20_000, 3)))
    shares = np.bincount(drawn, minlength=len(cells)) / 20_000
    assert np.abs(shares - cells.polyhedra.solid_angles).max() < 0.02
    with pytest.raises(InputError, match="rank at most 3, not 4"):
        _ = families.braid(5).cells().polyhedra.solid_angles


@examples(30)
@given(tables())
def test_vertices_have_their_hyperplanes_and_cells_around_them(table):
    arrangement = arrangement_of(*table)
    polyhedra = arrangement.cells().polyhedra
    assert len(set(polyhedra.exact_vertices)) == len(polyhedra.exact_vertices)
    on = polyhedra.vertex_hyperplanes.toarray()
    for v, vertex in enumerate(polyhedra.exact_vertices):
        values = arrangement.rows @ np.array([*vertex, 1], dtype=object)
        assert ((values == 0) == on[v]).all()
        around = Arrangement(arrangement.normals[on[v]]).n_cells() if on[v].any() else 1
        assert len(polyhedra.cells_around(v)) == around
    with pytest.raises(InputError, match="vertex"):
        polyhedra.cells_around(len(polyhedra.exact_vertices))


def test_closures_of_a_portion_and_of_swept_cells():
    rng = np.random.default_rng(0)
    arrangement = Arrangement(rng.integers(-9, 10, (9, 3)), rng.integers(-9, 10, 9))
    for method in ("sweep", "restrict"):
        same_as_one_by_one(arrangement.cells(method=method))
    same_as_one_by_one(next(arrangement.iter_cells(batch_size=7)))
    central = Arrangement(arrangement.normals, arrangement.normals @ [1, 2, 3])
    same_as_one_by_one(central.cells())


@pytest.mark.parametrize(
    "arrangement",
    [families.generic(7, 2), families.generic(6, 3), families.shi(4).essentialization()],
)
def test_angles_at_vertices_add_up_to_all_directions(arrangement):
    cells = arrangement.cells()
    polyhedra = cells.polyhedra
    totals = np.zeros(len(cells))
    for v in range(len(polyhedra.vertices)):
        angles = polyhedra.solid_angles_at(v)
        assert (angles > 0).all()
        assert angles.sum() == pytest.approx(1)
        totals[polyhedra.cells_around(v)] += angles
    if arrangement.dimension == 2:  # the angles of a polygon add up to (k − 2)π
        corners = np.diff(polyhedra.cell_vertices.indptr)
        assert totals[cells.bounded] == pytest.approx((corners[cells.bounded] - 2) / 2)


def test_angles_at_the_corners_of_a_domain():
    polyhedra = Arrangement([[1, 1, 0]], [-1]).cells(domain=[(0, 2)] * 3).polyhedra
    for v, vertex in enumerate(polyhedra.vertices.tolist()):
        wanted = 0.125 if vertex[:2] in ([0, 0], [2, 0], [0, 2], [2, 2]) else 0.25
        assert polyhedra.solid_angles_at(v).sum() == pytest.approx(wanted)
    with pytest.raises(InputError, match="vertex"):
        polyhedra.solid_angles_at(len(polyhedra.vertices))


@pytest.mark.parametrize(
    "arrangement", [families.braid(4), families.shi(3), families.coxeter("B", 3)]
)
def test_rays_are_parallel_to_hyperplanes(arrangement):
    polyhedra = arrangement.with_rows(arrangement.rows).cells().polyhedra
    rows = np.concatenate([arrangement.rows, arrangement.rows])[:, :-1]
    parallel = np.array(
        [
            [not (rows @ ray)[h] for h in range(len(rows))]
            for ray in map(np.array, polyhedra.exact_rays)
        ]
    )
    assert np.array_equal(polyhedra.ray_hyperplanes.toarray(), parallel)
