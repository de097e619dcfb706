"""Vertices, rays, lines, facets and face lattices of cells."""

from fractions import Fraction
from math import comb

import numpy as np
import pytest
from hypothesis import given

from arrangement import Arrangement, families
from arrangement.exact import rank
from arrangement.exact.numbers import primitive
from tests.amounts import examples, first
from tests.facts import FAMILIES
from tests.hyperplanes.test_hyperplanes import arrangement_of
from tests.strategies import tables


def values(arrangement, point):
    return arrangement.rows @ np.array([*point, 1], dtype=object)


def slopes(arrangement, direction):
    return arrangement.rows[:, :-1] @ np.array(direction, dtype=object)


@examples(100)
@given(tables())
def test_vertices_are_the_flats_of_highest_rank_around_the_cell(table):
    arrangement = arrangement_of(*table)
    flats = arrangement.flats(arrangement.rank)
    points = {flat.point for flat in flats}
    for cell in arrangement.cells():
        around = {p for p in points if (values(arrangement, p) * cell.signs >= 0).all()}
        assert cell.vertices() == sorted(around)
        assert all(isinstance(v, Fraction) for vertex in cell.vertices() for v in vertex)


def is_basis_of_lines(lines, arrangement):
    directions = np.array(lines, dtype=object).reshape(len(lines), arrangement.dimension)
    return (
        len(lines) == arrangement.dimension - arrangement.rank
        and rank(np.array([primitive(v) for v in directions], dtype=object)) == len(lines)
        and not (arrangement.rows[:, :-1] @ directions.T).any()
    )


@examples(100)
@given(tables())
def test_rays_are_the_inner_directions_of_lines_in_the_hyperplanes(table):
    arrangement = arrangement_of(*table)
    directions = set()
    if arrangement.rank:
        central = Arrangement(arrangement.rows[:, :-1])
        for flat in central.flats(arrangement.rank - 1):
            for v in flat.basis:
                along = primitive(slopes(arrangement, v))
                if any(along):
                    directions |= {tuple(along), tuple(-s for s in along)}
    for cell in arrangement.cells():
        assert cell.bounded == (not cell.rays())
        assert is_basis_of_lines(cell.lines(), arrangement)
        wanted = {
            along
            for along in directions
            if all(s * v >= 0 for s, v in zip(cell.signs.tolist(), along, strict=True))
        }
        found = [tuple(primitive(slopes(arrangement, ray))) for ray in cell.rays()]
        assert len(found) == len(wanted)
        assert set(found) == wanted


@examples(40)
@given(tables())
def test_facets_lead_to_neighbours(table):
    arrangement = arrangement_of(*table)
    cells = arrangement.cells()
    for cell in cells:
        assert len(cell.facets()) == len(cell.neighbors)
        _, first = np.unique(arrangement.coincidence[0], return_index=True)
        assert set(cell.facets()) <= set(first.tolist())
        across = {int(np.flatnonzero(cells[i].signs != cell.signs)[0]) for i in cell.neighbors}
        assert set(cell.facets()) == across


@examples(30)
@given(tables())
def test_cells_of_a_portion_are_the_same(table):
    portions_are_the_same(arrangement_of(*table))


def portions_are_the_same(arrangement):
    # Of a portion nothing but the cell itself is known: redundant inequalities stay in.
    cells = arrangement.cells()
    for portion in arrangement.iter_cells(batch_size=7):
        for cell in portion:
            whole = cells[cells.index(cell.signs)]
            assert cell.facets() == whole.facets()
            assert cell.vertices() == whole.vertices()
            assert cell.rays() == whole.rays()


@pytest.mark.parametrize("name", first(2, FAMILIES))
def test_cells_of_families(name):
    # Vertices and edges, found as faces around each cell.
    arrangement = FAMILIES[name]
    lines = arrangement.dimension - arrangement.rank
    cells = arrangement.cells()
    points, edges = arrangement.faces(lines), arrangement.faces(lines + 1)
    at, along = list(points.witness), [edge.rays() for edge in edges]
    vertices = points.incidence_to(cells).T.tocsr()
    sides = edges.incidence_to(cells).T.tocsr()
    for k, cell in enumerate(cells):
        around = [at[i] for i in vertices[[k]].indices]
        directions = [along[i] for i in sides[[k]].indices]
        assert cell.vertices() == sorted(around)
        assert cell.rays() == sorted({ray for rays in directions for ray in rays})
        assert len(cell.facets()) == len(cell.neighbors)
    if len(cells) < 200:
        portions_are_the_same(arrangement)


def test_copies_make_no_vertices():
    # Opposite corners of a square side lie on two rows, as the ends of an edge do; the last
    # plane runs between such corners.
    sides = [*np.repeat(np.eye(3, dtype=int), 4, axis=0), [2, 2, 2]]
    portions_are_the_same(Arrangement(sides, [1, 1, -1, -1] * 3 + [-3]))


def test_simple_cells_have_d_facets_at_every_vertex():
    rng = np.random.default_rng(2)
    arrangement = Arrangement(rng.integers(-99, 100, (9, 3)), rng.integers(-99, 100, 9))
    assert arrangement.is_simple
    cells = [cell for cell in arrangement.cells() if cell.bounded]
    assert len(cells) == comb(8, 3)
    for cell in cells:
        for vertex in cell.vertices():
            zero = np.flatnonzero(values(arrangement, vertex) == 0)
            assert len(zero) == 3
            assert set(zero.tolist()) <= set(cell.facets())
        # Euler 1758 for the polytope; three edges at each vertex.
        v, f = len(cell.vertices()), len(cell.facets())
        assert v - 3 * v // 2 + f == 2


def test_triangle_with_thirds():
    cells = Arrangement([[1, 0], [0, 1], [1, 1]], [0, 0, "-1/3"]).cells()
    inside, beyond = cells[cells.index("++-")], cells[cells.index("+++")]
    third = Fraction(1, 3)
    assert inside.vertices() == [(0, 0), (0, third), (third, 0)]
    assert (inside.rays(), inside.lines(), inside.facets()) == ([], [], (0, 1, 2))
    assert beyond.vertices() == [(0, third), (third, 0)]
    assert beyond.rays() == [(0, 1), (1, 0)]


def test_the_space_itself_and_a_half_space():
    (space,) = Arrangement(np.zeros((0, 2))).cells()
    assert (space.vertices(), space.rays(), space.facets()) == ([(0, 0)], [], ())
    assert space.lines() == [(1, 0), (0, 1)]
    cells = Arrangement([[0, 2, 2]], [-1]).cells()
    upper = cells[cells.index("+")]
    assert upper.vertices() == [(0, Fraction(1, 2), 0)]
    assert upper.rays() == [(0, 1, 0)]
    assert is_basis_of_lines(upper.lines(), cells.arrangement)


def test_cube_and_cross_polytope():
    d = 5
    sides = Arrangement(np.repeat(np.eye(d, dtype=int), 2, axis=0), [1, -1] * d).cells()
    cube = sides[sides.index("+-" * d)]
    assert len(cube.vertices()) == 2**d
    assert len(cube.facets()) == 2 * d
    signs = np.array(np.meshgrid(*[[-1, 1]] * 4)).reshape(4, -1).T
    inside = Arrangement(signs, [-1] * 16).cells(domain=[(-2, 2)] * 4)
    cross = inside[inside.locate([0, 0, 0, 0])]
    assert sorted(cross.vertices()) == sorted(
        tuple(s * int(i == k) for i in range(4)) for k in range(4) for s in (1, -1)
    )
    assert len(cross.facets()) == 16


def test_cells_in_a_domain():
    cells = Arrangement([[1, 1]], [-1]).cells(domain=[(0, 2), (0, None)])
    below, above = sorted(cells, key=lambda cell: cell.signs[0])
    assert below.vertices() == [(0, 0), (0, 1), (1, 0)]
    assert below.facets() == above.facets() == (0,)
    assert above.vertices() == [(0, 1), (1, 0), (2, 0)]
    assert above.rays() == [(0, 1)]


def test_faces_have_vertices_and_rays():
    arrangement = families.shi(3)
    points = {face.witness for face in arrangement.faces(1)}
    for faces in (arrangement.faces(2), arrangement.faces(1)):
        for face in faces:
            assert set(face.vertices()) <= points
            assert face.bounded == (not face.rays())
            for vertex in face.vertices():
                assert (values(arrangement, vertex)[face.signs == 0] == 0).all()
                assert (values(arrangement, vertex) * face.signs >= 0).all()
            for ray in face.rays():
                assert (slopes(arrangement, ray)[face.signs == 0] == 0).all()
                assert (slopes(arrangement, ray) * face.signs >= 0).all()
            wanted = [set(arrangement.cells()[i].vertices()) for i in face.cells[:2]]
            assert set(face.vertices()) <= wanted[0] & wanted[1]


def test_thin_cells_are_exact():
    tiny = Fraction(1, 10**40)
    cells = Arrangement([[1, 0], [1, tiny], [0, 1]], [0, -tiny, 0]).cells()
    corner = cells[cells.index("+-+")]
    assert corner.vertices() == [(0, 0), (0, 1), (tiny, 0)]
