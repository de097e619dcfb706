"""Faces: signs, points, boundedness, cells around them, and face vectors."""

import copy
import pickle
from fractions import Fraction
from itertools import product
from math import comb

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from arrangement import Arrangement, InputError, SizeError, exact, families
from tests import reference
from tests.amounts import examples, first
from tests.enumeration.test_cones import problems
from tests.exact.test_number_fields import arrangements
from tests.facts import EDGES, FAMILIES
from tests.hyperplanes.test_hyperplanes import arrangement_of
from tests.strategies import tables


def all_faces(arrangement):
    return [arrangement.faces(k) for k in range(arrangement.dimension + 1)]


@examples(100)
@given(tables(max_hyperplanes=5))
def test_all_faces_equal_the_reference(table):
    d, normals, offsets = table
    arrangement = arrangement_of(d, normals, offsets)
    found = [tuple(s) for faces in all_faces(arrangement) for s in faces.signs.tolist()]
    assert len(set(found)) == len(found)
    assert set(found) == reference.faces(reference.rows_of(normals, offsets))
    assert arrangement.faces(d + 1).signs.shape == (0, len(normals))
    assert arrangement.faces(-1).signs.shape == (0, len(normals))


@examples(100)
@given(tables())
def test_points_and_witnesses(table):
    arrangement = arrangement_of(*table)
    rows = arrangement.rows
    for faces in all_faces(arrangement):
        for face in faces:
            witness = face.witness
            assert all(isinstance(v, Fraction) for v in witness)
            signs = exact.signs_at(rows, np.array([witness], dtype=object))[0]
            assert (signs == face.signs).all()
            if not np.isnan(face.point).any():
                signs = exact.signs_at(rows, face.point[None])[0]
                assert ((signs == face.signs) | (face.signs == 0)).all()
        assert list(faces.witness) == [face.witness for face in faces]


def test_points_are_near_their_flats():
    rng = np.random.default_rng(1)
    arrangement = Arrangement(rng.normal(size=(12, 3)), rng.normal(size=12))
    for faces in all_faces(arrangement):
        assert not np.isnan(faces.points).any()
        values = faces.points @ arrangement.normals.T + arrangement.offsets
        assert np.abs(values[faces.signs == 0]).max(initial=0) < 1e-9
        assert (np.sign(values) == faces.signs)[faces.signs != 0].all()


def test_points_are_exact_where_float64_allows_it():
    for faces in all_faces(families.braid(5)):
        assert (exact.signs_at(faces.arrangement.rows, faces.points) == faces.signs).all()


@examples(100)
@given(tables(max_hyperplanes=5))
def test_bounded_equals_the_reference(table):
    d, normals, offsets = table
    rows = reference.rows_of(normals, offsets)
    for faces in all_faces(arrangement_of(d, normals, offsets)):
        wanted = [is_bounded(rows, signs) for signs in faces.signs.tolist()]
        assert faces.bounded.tolist() == wanted


def is_bounded(rows, signs):
    """No direction of the recession cone leaves the lineality space."""
    inward = [
        (*(s * v for v in r[:-1]), Fraction(0)) for r, s in zip(rows, signs, strict=True) if s
    ]
    on = [(*r[:-1], Fraction(0)) for r, s in zip(rows, signs, strict=True) if not s]
    return not any(
        reference.feasible(
            [r for r, z in zip(inward, zeros, strict=True) if not z],
            on + [r for r, z in zip(inward, zeros, strict=True) if z],
        )
        for zeros in product((False, True), repeat=len(inward))
        if not all(zeros)
    )


def around(faces, cells):
    """Which cells' signs agree with which faces' off their zeros."""
    return ((faces.signs[:, None] == cells.signs) | (faces.signs[:, None] == 0)).all(axis=2)


@examples(100)
@given(tables())
def test_cells_around_faces(table):
    for faces in all_faces(arrangement_of(*table)):
        assert (faces.incidence.toarray() == around(faces, faces.cells)).all()


@pytest.mark.parametrize("name", first(2, FAMILIES))
def test_cells_around_faces_of_families(name):
    arrangement = FAMILIES[name]
    cells = arrangement.cells()
    for faces in all_faces(arrangement):
        incidence = faces.incidence_to(cells)
        assert (incidence.toarray() == around(faces, cells)).all()
        if len(faces):
            assert (
                faces[-1].cells.tolist() == faces.incidence.toarray()[-1].nonzero()[0].tolist()
            )
    assert (arrangement.faces(arrangement.dimension).signs == cells.signs).all()
    # A facet lies between the two cells of an edge.
    facets = arrangement.faces(arrangement.dimension - 1)
    pairs = facets.incidence_to(cells).indices.reshape(-1, 2)
    assert {tuple(p) for p in pairs.tolist()} == {tuple(e) for e in cells.edges[:, :2].tolist()}


def test_cells_around_faces_inside_a_domain():
    arrangement = families.coxeter("B", 2)
    near = arrangement.cells(domain=[(1, 2), (-3, 3)])
    faces = arrangement.faces(1)
    assert (faces.incidence_to(near).toarray() == around(faces, near)).all()
    with pytest.raises(InputError, match="another arrangement"):
        faces.incidence_to(families.braid(2).cells())


def test_random_hyperplanes_meet_bucks_counts():
    # Buck 1943: C(n, k) flats, each with the cells of n − k hyperplanes in R^(d−k).
    for n, d in ((12, 3), (9, 4), (3, 5), (6, 1), (0, 2)):
        rng = np.random.default_rng(0)
        arrangement = Arrangement(rng.normal(size=(n, d)), rng.normal(size=n))
        wanted = tuple(
            comb(n, d - k) * sum(comb(n - d + k, i) for i in range(k + 1) if n >= d - k)
            for k in range(d + 1)
        )
        assert arrangement.face_vector() == wanted
        assert arrangement.face_vector(method="enumerate") == wanted


def surjections(n, k):
    """Ordered partitions of n labelled things into k non-empty blocks."""
    return sum((-1) ** i * comb(k, i) * (k - i) ** n for i in range(k))


@pytest.mark.parametrize("n", range(1, 7))
def test_braid_faces_are_ordered_set_partitions(n):
    wanted = tuple(surjections(n, k) for k in range(n + 1))
    assert families.braid(n).face_vector() == wanted
    assert tuple(len(faces) for faces in all_faces(families.braid(n))) == wanted


def test_axes_and_grids_are_products():
    # k of d coordinates are free, on one of two sides each.
    assert Arrangement(np.eye(4, dtype=int)).face_vector() == tuple(
        comb(4, k) * 2**k for k in range(5)
    )
    # Two and three parallels: (2 + 3t)(3 + 4t).
    grid = Arrangement([[1, 0]] * 2 + [[0, 1]] * 3, [0, 1, 0, 1, 2])
    assert grid.face_vector() == (6, 17, 12)


@pytest.mark.parametrize("name", FAMILIES)
def test_face_vectors_of_families(name):
    arrangement = FAMILIES[name]
    d, vector = arrangement.dimension, arrangement.face_vector()
    assert vector == arrangement.face_vector(method="enumerate")
    assert vector == tuple(len(faces) for faces in all_faces(arrangement))
    assert vector[d] == arrangement.n_cells()
    assert vector[d - 1] == len(arrangement.cells().edges)
    assert vector[: d - arrangement.rank] == (0,) * (d - arrangement.rank)


def test_facets_are_the_known_ones():
    for (name, n), wanted in EDGES.items():
        assert getattr(families, name)(n).face_vector()[-2] == wanted


@examples(150)
@given(tables())
def test_whitneys_formula_equals_enumeration_and_eulers_relation(table):
    arrangement = arrangement_of(*table)
    d, vector = arrangement.dimension, arrangement.face_vector()
    assert vector == arrangement.face_vector(method="enumerate")
    assert vector == tuple(len(faces) for faces in all_faces(arrangement))
    # The Euler characteristic with compact supports of R^d, of which faces are open balls.
    assert sum((-1) ** k * f for k, f in enumerate(vector)) == (-1) ** d
    # The bounded faces modulo lines are a contractible complex (Zaslavsky 1975, Theorem D).
    lines = d - arrangement.rank
    counts = [int(faces.bounded.sum()) for faces in all_faces(arrangement)]
    assert sum((-1) ** (k - lines) * b for k, b in enumerate(counts)) == 1


def test_more_hyperplanes_than_bits_in_a_word():
    # 60 + 5 lines in two directions, the first ten of them twice; and one across them all.
    n, m = 60, 5
    normals = [[1, 0]] * n + [[0, 1]] * m + [[-2, 0]] * 10 + [[1, 1000]]
    offsets = [*range(n), *range(m), *(-2 * k for k in range(10)), 1]
    arrangement = Arrangement(normals, offsets)
    vector = arrangement.face_vector()
    cells = arrangement.cells()
    assert vector == arrangement.face_vector(method="enumerate")
    assert sum((-1) ** k * f for k, f in enumerate(vector)) == 1
    assert vector[2] == len(cells)
    for faces in all_faces(arrangement):
        assert len(faces) == vector[faces.dimension]
        assert (faces.incidence_to(cells).toarray() == around(faces, cells)).all()
        wrong = (exact.signs_at(arrangement.rows, faces.points) != faces.signs) & (
            faces.signs != 0
        )
        assert not wrong.any()


@pytest.mark.parametrize("d", range(3))
def test_without_hyperplanes_the_space_is_one_face(d):
    arrangement = Arrangement(np.zeros((0, d)))
    assert arrangement.face_vector() == (*[0] * d, 1)
    assert arrangement.face_vector(method="enumerate") == (*[0] * d, 1)
    (face,) = arrangement.faces(d)
    assert face.bounded
    assert face.witness == (0,) * d == tuple(face.point)
    assert face.cells.tolist() == [0]
    assert face.vertices() == [(0,) * d]
    assert len(arrangement.face_lattice()) == 3
    assert list(arrangement.intersection_poset()) == [()]


def test_bad_method_and_dimension():
    with pytest.raises(InputError, match="method 'guess'"):
        families.braid(3).face_vector(method="guess")
    with pytest.raises(InputError, match="a dimension is an integer, not None"):
        families.braid(3).faces(None)


def test_copies_are_zero_together():
    signs = Arrangement([[1, 0], [0, 1], [-2, 0]]).faces(1).signs
    assert {tuple(s) for s in signs.tolist()} == {(0, 1, 0), (0, -1, 0), (1, 0, -1), (-1, 0, 1)}


def test_index_and_contains():
    faces = families.shi(3).faces(2)
    for k, face in enumerate(faces):
        text = "".join("-0+"[s + 1] for s in face.signs)
        assert faces.index(text) == faces.index(face.signs) == k
        assert face in faces
        assert face.flat.hyperplanes == tuple(np.flatnonzero(face.signs == 0).tolist())
    with pytest.raises(InputError, match="no face of dimension 2"):
        faces.index("++++++")
    with pytest.raises(InputError, match="6 entries"):
        faces.index("+0")
    assert "000000" not in faces


def test_faces_never_change_and_can_be_copied():
    faces = families.shi(3).faces(2)
    for twin in (copy.deepcopy(faces), pickle.loads(pickle.dumps(faces))):
        assert (twin.signs == faces.signs).all()
        for column in (twin.packed, twin.flat, twin.signs, twin.points, twin.bounded):
            assert not column.flags.writeable
    assert len(faces[1:3]) == 2
    with pytest.raises(IndexError, match="face 99 does not exist"):
        faces[99]


def test_faces_that_do_not_fit_in_memory(monkeypatch):
    monkeypatch.setattr("arrangement.memory.memory", lambda: 2**21)
    with pytest.raises(SizeError, match=r"more than [\d,]+ faces do not fit"):
        families.generic(60, 3).faces(1)


def test_small_steps_give_the_same(monkeypatch):
    arrangement = families.threshold(3)
    wanted = [faces.signs for faces in all_faces(arrangement)]
    monkeypatch.setattr("arrangement.enumeration.cone_faces.BLOCK", 8)
    monkeypatch.setattr("arrangement.results.faces.LOOKED_UP", 1)
    *found, cells = all_faces(arrangement)
    assert all((a.signs == b).all() for a, b in zip(found, wanted[:-1], strict=True))
    assert sorted(cells.signs.tolist()) == sorted(wanted[-1].tolist())
    faces = arrangement.faces(2)
    assert (faces.incidence.toarray() == around(faces, faces.cells)).all()


@examples(60)
@given(tables(max_hyperplanes=5))
def test_the_order_of_faces(table):
    arrangement = arrangement_of(*table)
    for faces in all_faces(arrangement)[:-1]:
        flats = arrangement.flats(arrangement.dimension - faces.dimension)
        assert (faces.flats.packed == flats.packed).all()
        keys = list(zip(faces.flat.tolist(), faces.signs.tolist(), strict=True))
        assert keys == sorted(keys)


# --- faces in a domain ---


def polyhedron(walls):
    """{walls > 0} as (G, h)."""
    return [[-v for v in w[:-1]] for w in walls], [w[-1] for w in walls]


@st.composite
def domains(draw):
    """An arrangement, its rows and walls with interior points, in Fractions."""
    problem = problems().filter(lambda p: p[4] and reference.feasible(p[4]))
    d, normals, offsets, rows, walls = draw(problem)
    return arrangement_of(d, normals, offsets), rows, walls


@examples(100)
@given(domains())
def test_faces_in_a_domain_equal_the_reference(case):
    arrangement, rows, walls = case
    domain = polyhedron(walls)
    wanted = reference.faces(rows, domain=walls)
    levels = [arrangement.faces(k, domain=domain) for k in range(arrangement.dimension + 1)]
    found = [tuple(s) for faces in levels for s in faces.signs.tolist()]
    assert len(set(found)) == len(found)
    assert set(found) == wanted
    assert arrangement.face_vector(domain=domain) == tuple(map(len, levels))
    whole = all_faces(arrangement)
    for faces, others in zip(levels[:-1], whole[:-1], strict=True):  # in the same order
        inside = set(map(tuple, faces.signs.tolist()))
        assert [s for s in others.signs.tolist() if tuple(s) in inside] == faces.signs.tolist()
        meet = np.unique(others.flat[[tuple(s) in inside for s in others.signs.tolist()]])
        assert (faces.flats.packed == others.flats.packed[meet]).all()
    cells = arrangement.cells(domain=domain)
    for faces in levels:
        assert (faces.cells.packed == cells.packed).all()
        assert (faces.incidence.toarray() == around(faces, cells)).all()


@examples(60)
@given(domains())
def test_points_and_boundedness_of_faces_in_a_domain(case):
    arrangement, rows, walls = case
    sides = np.array(walls)
    for k in range(arrangement.dimension + 1):
        faces = arrangement.faces(k, domain=polyhedron(walls))
        for face in faces:
            x = np.array([*face.witness, 1], dtype=object)
            assert (sides @ x > 0).all()
            assert [(v > 0) - (v < 0) for v in arrangement.rows @ x] == face.signs.tolist()
            if not np.isnan(face.point).any():
                point = np.array([*map(Fraction, face.point.tolist()), 1], dtype=object)
                assert (sides @ point > 0).all()
            part = [*face.signs.tolist(), *[1] * len(walls)]
            assert face.bounded == is_bounded([*rows, *walls], part)
            assert face.bounded == (not face.rays())
            for vertex in face.vertices():
                y = np.array([*vertex, 1], dtype=object)
                assert (sides @ y >= 0).all()
                assert (arrangement.rows @ y * face.signs >= 0).all()
                assert not (arrangement.rows @ y)[face.signs == 0].any()


@examples(60)
@given(domains())
def test_a_facet_that_two_cells_of_a_domain_share_meets_it(case):
    # A segment between points of both in the domain crosses one hyperplane, inside it.
    arrangement, _, walls = case
    domain = polyhedron(walls)
    cells = arrangement.cells(domain=domain)
    facets = arrangement.faces(arrangement.dimension - 1, domain=domain)
    pairs = facets.incidence.indices.reshape(-1, 2)
    assert sorted(map(tuple, pairs.tolist())) == sorted(map(tuple, cells.edges[:, :2].tolist()))


@examples(60)
@given(arrangements(max_hyperplanes=4, max_dimension=2), st.integers(-1, 1))
def test_faces_over_a_number_field_equal_the_reference(case, low):
    arrangement, rows = case
    d = arrangement.dimension
    found = {tuple(s) for faces in all_faces(arrangement) for s in faces.signs.tolist()}
    assert found == reference.faces(rows)
    assert arrangement.face_vector(method="enumerate") == arrangement.face_vector()
    walls = []
    for unit in np.eye(d, dtype=int).tolist():
        walls += [(*unit, -low), (*(-v for v in unit), Fraction(7, 2))]
    walls = [tuple(map(Fraction, w)) for w in walls]
    box = [(low, "7/2")] * d
    levels = [arrangement.faces(k, domain=box) for k in range(d + 1)]
    found = {tuple(s) for faces in levels for s in faces.signs.tolist()}
    assert found == reference.faces(rows, domain=walls)
    assert arrangement.face_vector(domain=box) == tuple(map(len, levels))
    for faces in levels:
        assert faces.bounded.all()
        for face in faces:
            signs = exact.signs_at(arrangement.rows, np.array([face.witness], dtype=object))[0]
            assert signs.tolist() == face.signs.tolist()


def test_an_arrangement_over_one_field_in_a_box_over_another():
    lines = Arrangement([["sqrt(2)", 1], [1, -1], [0, 1]], [0, 0, "-sqrt(2)"])
    box = [("-1", "sqrt(3)"), ("-1/2", "sqrt(3)")]
    assert lines.face_vector(domain=box) == (2, 7, 6)
    corner, meeting = lines.faces(0, domain=box)
    assert corner.witness == (0, 0)
    assert [str(v) for v in meeting.witness] == ["sqrt(2)", "sqrt(2)"]
    for k in range(3):
        faces = lines.faces(k, domain=box)
        assert faces.bounded.all()
        assert not np.isnan(faces.points).any()
        assert [len(face.vertices()) > k for face in faces] == [True] * len(faces)


def test_a_domain_may_cut_the_lineality_space():
    slabs = Arrangement([[1, 0, 0], [1, 0, 0]], [0, -1])
    assert slabs.face_vector() == (0, 0, 2, 3)
    ball = [(-2, 2)] * 3
    assert slabs.face_vector(domain=ball) == (0, 0, 2, 3)
    wall = slabs.faces(2, domain=ball)
    assert wall.bounded.all()
    assert sorted(map(tuple, wall[0].vertices())) == [
        (0, y, z) for y, z in product((-2, 2), repeat=2)
    ]
    assert slabs.faces(2).bounded.all()  # modulo lines
    assert slabs.faces(2, domain=[(None, "1/2"), (None, None), (0, 1)]).signs.tolist() == [
        [0, -1]
    ]
    half = slabs.faces(2, domain=[(None, None), (0, None), (None, None)])
    assert not half.bounded.any()
    assert half[0].rays() == [(0, 1, 0)]


@pytest.mark.parametrize("name", first(4, FAMILIES))
def test_faces_of_families_in_boxes_and_cones(name):
    arrangement = FAMILIES[name]
    d = arrangement.dimension
    cone = polyhedron(np.eye(d, d + 1, dtype=int).tolist())
    for domain in ([("-1/3", "5/2")] * d, [(0, None)] * d, cone):
        vector = arrangement.face_vector(domain=domain)
        levels = [arrangement.faces(k, domain=domain) for k in range(d + 1)]
        assert vector == tuple(map(len, levels))
        assert sum((-1) ** k * f for k, f in enumerate(vector)) == (-1) ** d
        assert vector[d] == arrangement.n_cells(domain=domain)
        assert vector[d - 1] == len(levels[d].cells.edges)


def test_a_domain_for_faces_that_is_none():
    braid = families.braid(3)
    with pytest.raises(InputError, match="coordinate 0: low 1 is not below high 0"):
        braid.faces(1, domain=[(1, 0)] * 3)
    with pytest.raises(InputError, match="method 'count' is for the whole space"):
        braid.face_vector("count", domain=[(0, 1)] * 3)
    assert len(braid.faces(1, domain=[(None, None)] * 3)) == 1
    assert repr(braid.faces(2, domain=[(0, 1)] * 3)).endswith("that meet a domain")
