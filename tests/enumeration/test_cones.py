"""Cells in cones by their rays: equal to the reference with every kind of numbers."""

import itertools
from fractions import Fraction
from math import comb, factorial

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from arrangement import Arrangement, InputError, exact, families
from arrangement.enumeration import (
    choose,
    cone_counts,
    cone_edges,
    cone_faces,
    cones,
    ray_values,
)
from arrangement.exact.numbers import primitive, real_number
from arrangement.exact.one_field import field_of
from arrangement.exact.packing import unpack_signs
from arrangement.exact.polyhedron import extreme_rays
from arrangement.hyperplanes.domain import parse_domain
from tests import reference
from tests.amounts import examples, first
from tests.strategies import tables

# Up to where integers suffice, and how many rays may be asked for before there are residues.
KINDS = {
    "integers": (2**26, 200),
    "integers, then floats": (4, 10**9),
    "floats": (0, 10**9),
    "floats, then twofold and residues": (0, 1),
    "residues": (0, -1),
}


def use(kind, patch):
    limit, patience = KINDS[kind]
    patch.setattr(cones, "INTEGER_LIMIT", limit)
    patch.setattr(ray_values, "PATIENCE", patience)


def listed(rows, walls):
    """The sign vectors, after checking that they are distinct."""
    blocks = [unpack_signs(block, len(rows)) for block in cone_faces.words(rows, walls)]
    signs = [tuple(map(int, s)) for block in blocks for s in block]
    assert len(set(signs)) == len(signs)
    return set(signs)


@st.composite
def problems(draw, max_hyperplanes=6, max_walls=3):
    """Hyperplanes, and a domain of some of them, of some of their translates and of a box."""
    d, normals, offsets = draw(tables(max_hyperplanes))
    rows = reference.rows_of(normals, offsets)
    walls = []
    for _ in range(draw(st.integers(0, max_walls))):
        if rows and draw(st.booleans()):
            row = list(draw(st.sampled_from(rows)))
            row[-1] += draw(st.integers(-1, 1))
            walls.append(tuple(draw(st.sampled_from([1, -1])) * v for v in row))
        else:
            wall = [Fraction(draw(st.integers(-2, 2))) for _ in range(d + 1)]
            walls += [tuple(wall)] if any(wall[:-1]) else []
    return d, normals, offsets, rows, walls


def integer_rows(rows, d):
    return Arrangement([r[:-1] for r in rows], [r[-1] for r in rows]).rows if rows else (
        np.zeros((0, d + 1), dtype=object)
    )  # fmt: skip


def listed_faces(rows, walls, codimension, touching=None):
    """The sign vectors, and those of which a ray lies on a wall, all distinct."""
    signs, touch = [], set()
    for positive, zero, touches in cone_faces.faces(
        rows, walls, codimension, touching=touching
    ):
        plus, on = (unpack_signs(words, len(rows)) > 0 for words in (positive, zero))
        assert not (plus & on).any()
        block = [tuple(s) for s in np.where(on, 0, 2 * plus.astype(int) - 1).tolist()]
        signs += block
        if touching is not None:
            touch |= {s for s, t in zip(block, touches, strict=True) if t}
    assert len(set(signs)) == len(signs)
    return set(signs), touch


def by_codimension(rows, walls, d):
    """The faces of the reference, by the rank of the hyperplanes that contain them."""
    found = [set() for _ in range(d + 1)]
    for signs in reference.faces(rows, domain=walls) if reference.feasible(walls) else ():
        on = [r[:-1] for r, s in zip(rows, signs, strict=True) if not s]
        found[exact.rank(integer_rows([(*a, 0) for a in on], d)[:, :-1])].add(signs)
    return found


def is_unbounded(rows, walls, signs):
    """Is there a direction in the closure along which not all rows and walls are constant?"""
    flat = [(*r[:-1], Fraction(0)) for r, s in zip(rows, signs, strict=True) if not s]
    inward = [
        (*(s * v for v in r[:-1]), Fraction(0))
        for r, s in zip([*rows, *walls], (*signs, *[1] * len(walls)), strict=True)
        if s
    ]
    return any(
        reference.feasible(
            [r for r, on in zip(inward, zeros, strict=True) if not on],
            flat + [r for r, on in zip(inward, zeros, strict=True) if on],
        )
        for zeros in itertools.product((False, True), repeat=len(inward))
        if not all(zeros)
    )


def test_values_that_are_lost_beside_others_are_exact():
    rows = [[-1e301, 0.0], [-1e301, 5e-324], [-1e301, 1e-30]]
    exact_rows = [[Fraction(v) for v in row] for row in rows]
    given_rows, walls = cones.homogeneous(integer_rows(exact_rows, 1), integer_rows([], 1))
    with pytest.MonkeyPatch.context() as patch:
        use("floats", patch)
        assert listed(given_rows, walls) == {(1, 1, 1), (-1, 1, 1), (-1, -1, 1), (-1, -1, -1)}


@pytest.mark.parametrize("kind", KINDS)
@examples(60)
@given(problem=problems())
def test_equal_to_the_reference(kind, problem):
    d, _, _, rows, walls = problem
    wanted = by_codimension(rows, walls, d)
    given_rows, given_walls = cones.homogeneous(integer_rows(rows, d), integer_rows(walls, d))
    with pytest.MonkeyPatch.context() as patch:
        use(kind, patch)
        assert listed(given_rows, given_walls) == wanted[0]
        assert cone_counts.count(given_rows, given_walls) == len(wanted[0])
        for codimension, faces in enumerate(wanted):
            assert listed_faces(given_rows, given_walls, codimension)[0] == faces
        counts = cone_faces.count_faces(given_rows, given_walls)
    assert counts + [0] * (d + 1 - len(counts)) == [len(faces) for faces in wanted]


@pytest.mark.parametrize("kind", KINDS)
@examples(40)
@given(seed=st.integers(0, 10**6), d=st.integers(1, 5), largest=st.sampled_from([1, 3, 9]))
def test_inner_points_are_in_the_cells_one_after_another(kind, seed, d, largest):
    rng = np.random.default_rng(seed)
    rows = rng.integers(-largest, largest + 1, size=(10, d)).astype(object)
    rows[2:4] = rows[:2] + rows[1:3]
    rows = rows[rows.astype(bool).any(axis=1)]
    assume(len(rows) > 3)
    some = int(rng.integers(1, 4))
    walls, rows = rows[:some], rows[: some - 1 : -1]
    with pytest.MonkeyPatch.context() as patch:
        use(kind, patch)
        signs = [unpack_signs(block, len(rows)) for block in cone_faces.words(rows, walls)]
        points = list(cone_faces.inner_points(rows, walls))
    assert sum(map(len, points)) == sum(map(len, signs))
    for x, s in zip(np.concatenate(points or [[]]), np.concatenate(signs or [[]]), strict=True):
        x = np.array([Fraction(v) for v in x], dtype=object)
        assert all(v > 0 for v in walls @ x)
        assert all(v > 0 for v in s * (rows @ x))


@pytest.mark.parametrize("kind", KINDS)
@examples(40)
@given(problem=problems(max_hyperplanes=5, max_walls=2))
def test_faces_that_are_unbounded_touch_the_wall_at_infinity(kind, problem):
    d, _, _, rows, walls = problem
    given_rows, given_walls = cones.homogeneous(integer_rows(rows, d), integer_rows(walls, d))
    assume(given_rows.shape[1] == d + 1 and reference.feasible(walls))
    with pytest.MonkeyPatch.context() as patch:
        use(kind, patch)
        for codimension in range(d + 1):
            at_infinity = len(given_walls) - 1
            signs, touch = listed_faces(given_rows, given_walls, codimension, at_infinity)
            assert touch == {s for s in signs if is_unbounded(rows, walls, s)}


def weyl_chamber(n):
    """w_0 > w_1 > … > w_n > 0."""
    walls = np.eye(n + 1, dtype=object)
    walls[np.arange(n), np.arange(1, n + 1)] = -1
    return walls


def threshold(n):
    """The normals (1, ±1, …, ±1)."""
    return np.array([(1, *s) for s in itertools.product((1, -1), repeat=n)], dtype=object)


@pytest.mark.parametrize(
    ("n", "classes"), [(3, 3), (4, 7), (5, 21), (6, 135), (7, 2470), (8, 175428)]
)
def test_self_dual_threshold_functions_up_to_symmetry(n, classes):
    # OEIS A001532; every orbit of the hyperoctahedral group has one cell in a chamber of it.
    assert cone_counts.count(threshold(n), weyl_chamber(n)) == classes


@pytest.mark.parametrize("n", range(2, 7))
def test_a_chamber_of_the_braid_arrangement_is_a_cell(n):
    rows = families.braid(n).normals.astype(int).astype(object)
    simple = np.array([rows[k] for k in range(len(rows)) if is_simple_root(rows[k])])
    assert cone_counts.count(rows, rows[:0]) == factorial(n)
    assert cone_counts.count(rows, simple) == 1


def is_simple_root(row):
    first, second = np.flatnonzero(row)
    return second == first + 1


@pytest.mark.parametrize("kind", first(3, [*KINDS][::-1]))
def test_degenerate_in_any_coordinates(kind, monkeypatch):
    use(kind, monkeypatch)
    rng = np.random.default_rng(3)
    rows = families.resonance(4).rows[:, :-1]
    for _ in range(3):
        change = rng.integers(-9, 10, size=(4, 4)).astype(object)
        moved = rows @ change
        assert cone_counts.count(moved, moved[:0]) == 370
        assert sum(map(len, cone_faces.words(moved, moved[:0]))) == 370
        assert cone_faces.count_faces(moved, moved[:0]) == [370, 760, 480, 90, 1]
        for codimension, number in enumerate([370, 760, 480, 90, 1, 0]):
            assert len(listed_faces(moved, moved[:0], codimension)[0]) == number


@pytest.mark.parametrize("kind", first(2, [*KINDS][::-1]))
def test_number_fields_in_any_coordinates(kind, monkeypatch):
    use(kind, monkeypatch)
    rng = np.random.default_rng(4)
    for arrangement, *faces in (
        (families.coxeter("H", 3), 120, 180, 62, 1),
        (families.coxeter("I", 9), 18, 18, 1),
        (families.simplicial(1, 14), 112, 168, 58, 1),
    ):
        rows = arrangement.rows[:, :-1]
        alpha = field_of(rows).generator
        d = rows.shape[1]
        for _ in range(2):
            parts = rng.integers(-9, 10, size=(2, d, d)).astype(object)
            moved = rows @ (parts[0] + alpha * parts[1])
            assert cone_counts.count(moved, moved[:0]) == faces[0]
            assert len(listed(moved, moved[:0])) == faces[0]
            assert cone_faces.count_faces(moved, moved[:0]) == faces
            assert len(listed_faces(moved, moved[:0], 1)[0]) == faces[1]


@pytest.mark.parametrize("bits", first(2, [3, 40, 60, 130]))
def test_nearly_degenerate(bits, monkeypatch):
    """What rounding leaves of many hyperplanes through a line, as small as it may be."""
    rng = np.random.default_rng(bits)
    normals = families.resonance(4).rows[:, :-1] @ rng.integers(-9, 10, (4, 4)).astype(object)
    rows = normals * 2**bits + rng.integers(-4, 5, normals.shape).astype(object)
    walls = rows[:1]
    use("floats", monkeypatch)
    wanted = listed(rows, walls)
    assert 2 * len(wanted) == Arrangement(rows, 0 * rows[:, 0]).n_cells()
    for kind in KINDS:
        use(kind, monkeypatch)
        assert cone_counts.count(rows, walls) == len(wanted)
        assert listed(rows, walls) == wanted


@pytest.mark.parametrize("seed", first(2, range(4)))
def test_floats_suffice_where_integers_become_too_large(seed, monkeypatch):
    rng = np.random.default_rng(seed)
    rows = rng.integers(-4000, 4001, size=(10, 4)).astype(object)
    rows[6:] = rows[:4] - rows[2:6]
    with monkeypatch.context() as patch:
        patch.setattr(ray_values, "KINDS", ("integers", "floats"))
        counted = cone_counts.count(rows, rows[:0])
    signs = listed(rows, rows[:0])
    assert len(signs) == counted == Arrangement(rows).n_cells()
    assert signs == {tuple(s) for s in Arrangement(rows).cells(method="lp").signs.tolist()}


def test_more_cells_than_a_block(monkeypatch):
    monkeypatch.setattr(cone_faces, "BLOCK", 7)
    rows = families.threshold(3).rows[:, :-1]
    blocks = list(cone_faces.words(rows, rows[:0]))
    assert len(blocks) > 104 // 14
    assert len({tuple(w) for block in blocks for w in block.tolist()}) == 104


def test_an_empty_cone_has_no_cells():
    rows = np.array([[1, 0], [0, 1]], dtype=object)
    walls = np.array([[1, 0], [-1, 0]], dtype=object)
    assert cone_counts.count(rows, walls) == 0
    assert list(cone_faces.words(rows, walls)) == []


def test_progress_never_passes_its_end():
    seen = []
    rows = threshold(5)
    cone_counts.count(rows, rows[:0], lambda done, total: seen.append((done, total)))
    list(cone_faces.words(rows, rows[:0], lambda done, total: seen.append((done, total))))
    assert all(done <= total for done, total in seen)
    assert seen[-1][0] == seen[-1][1]


@pytest.mark.parametrize("half", [False, True])
def test_a_sweep_of_everything_finds_the_cells_of_a_large_domain(half):
    rng = np.random.default_rng(5)
    normals, offsets = rng.normal(size=(19, 4)), rng.normal(size=19)
    normals[3], offsets[3] = [0, 0, 0, 1], -2  # a wall of the domain
    A = Arrangement(np.concatenate([normals, -normals[:1]]), [*offsets, -offsets[0]])
    domain = [(-2, 2)] * 4 if not half else [(-2, None), (-2, 2), (None, None), (None, 2)]
    walls = parse_domain(domain, 4)
    task = choose._Task(A, walls, None)
    assert choose._mostly_inside(task)
    swept = choose._swept_inside(task)
    assert (swept.walls == walls).all()
    wanted = A.cells(method="restrict", domain=domain)
    assert sorted(swept.words.tolist()) == sorted(wanted.packed.tolist())
    assert len(A.cells(domain=domain)) == len(swept.words) > 1000


def test_domains_of_arrangements():
    A = Arrangement([[1, 0], [0, 1], [1, 1]], [0, 0, -1])
    box = [(0, 1), ("1/2", 2)]
    inside = A.cells(domain=box)
    assert A.n_cells(domain=box) == len(inside) == 2
    portions = list(A.iter_cells(batch_size=1, domain=box))
    assert [p.signs.tolist() for p in portions] == [[s] for s in inside.signs.tolist()]
    assert {tuple(s) for s in inside.signs.tolist()} == {
        tuple(s) for s in A.cells(domain=box, method="lp").signs.tolist()
    }
    with pytest.raises(InputError, match="symmetry"):
        A.n_cells(symmetry="auto", domain=box)
    with pytest.raises(InputError, match="takes no domain"):
        A.cells(method="sweep", domain=box)
    with pytest.raises(InputError, match="interior is empty"):
        A.n_cells(domain=[(0, 0), (0, 1)])


@examples(100)
@given(st.data())
def test_rays_of_a_box_are_those_of_its_walls_one_after_another(data):
    d = data.draw(st.integers(1, 4))
    numbers = st.fractions(-9, 9, max_denominator=9) | st.sampled_from(
        [2**60, Fraction(1, 3**40)]
    )
    box = []
    for _ in range(d):
        low, high = sorted(data.draw(st.sets(numbers, min_size=2, max_size=2)))
        box.append(data.draw(st.sampled_from([(low, high), (low, None), (None, high)])))
    _, walls = cones.homogeneous(np.zeros((0, d + 1), dtype=object), parse_domain(box, d))
    assume(walls.shape[1] == d + 1)  # or all bounds are 0: a cone
    bounds = data.draw(st.permutations(walls[:-1].tolist()))
    walls = np.array([*bounds, [0] * d + [1]], dtype=object)
    rays, masks = cone_edges._rays_of_box(walls)
    found = {(*primitive(ray), mask) for ray, mask in zip(rays, masks, strict=True)}
    wanted = {(*ray, mask) for ray, mask in extreme_rays(walls, len(bounds))}
    assert found == wanted
    assert len(rays) == len(wanted)


def test_what_is_no_box_with_a_corner():
    def rays(*walls):
        return cone_edges._rays_of_box(np.array(walls, dtype=object))

    infinity = (0, 0, 1)
    corner = (1, 0, 0), (0, 1, 0)
    assert rays(*corner, infinity) is not None
    assert rays(*corner, (2, 0, -1), infinity) is None  # a bound twice
    assert rays(*corner, (-1, 0, 0), infinity) is None  # flat
    assert rays(*corner, (-1, -1, 1), infinity) is None  # a triangle
    assert rays((1, 0, 0), infinity) is None  # a strip
    assert rays(*corner, (0, 0, 2)) is None
    assert rays(*corner) is None
    root = real_number("sqrt(2)")
    assert rays((1, 0, -root), (0, 1, 0), infinity) is None


@pytest.mark.parametrize("d", [1, 2, 9])
def test_orthants(d):
    rows = np.eye(d, dtype=int).astype(object)
    assert cone_counts.count(rows, rows[:0]) == len(listed(rows, rows[:0])) == 2**d
    assert cone_faces.count_faces(rows, rows[:0]) == [
        comb(d, c) * 2 ** (d - c) for c in range(d + 1)
    ]
    for c in range(d + 2):
        assert len(listed_faces(rows, rows[:0], c)[0]) == comb(d, c) * 2 ** max(d - c, 0)
        half = listed_faces(rows, rows[:1], c)[0]
        assert len(half) == comb(d - 1, c) * 2 ** max(d - 1 - c, 0)
        assert all(s[0] == 1 for s in half)


def test_a_cone_with_more_walls_than_its_dimension_and_lines():
    # A square pyramid times a plane, which the rows cut into quadrants.
    walls = np.array([[s, 0, 1, 0, 0] for s in (1, -1)] + [[0, s, 1, 0, 0] for s in (1, -1)])
    rows = np.array([[1, 0, 0, 0, 0], [0, 0, 0, 1, 0], [1, 0, 0, 0, 1], [0, 0, 0, 0, 1]])
    rows, walls = rows.astype(object), walls.astype(object)
    fractions = [(*map(Fraction, r), Fraction(0)) for r in rows.tolist()]
    inside = [(*map(Fraction, r), Fraction(0)) for r in walls.tolist()]
    wanted = by_codimension(fractions, inside, 5)
    assert cone_counts.count(rows, walls) == len(wanted[0])
    for codimension in range(6):
        assert listed_faces(rows, walls, codimension)[0] == wanted[codimension]


def test_the_order_of_faces_does_not_depend_on_the_kind_of_numbers(monkeypatch):
    # Where it has to be certain that two rows are proportional, floats split and integers see.
    rng = np.random.default_rng(6)
    tables = [families.resonance(4).rows[:, :-1], rng.integers(-2, 3, size=(9, 4))]
    for table in tables:
        rows = table[(table != 0).any(axis=1)].astype(object)
        for walls, codimension in itertools.product((rows[:0], rows[:1]), range(3)):
            orders = []
            for kind in KINDS:
                use(kind, monkeypatch)
                blocks = cone_faces._blocks(cones.Cone(rows, walls), codimension)
                orders.append([np.concatenate(parts) for parts in zip(*blocks, strict=True)])
            for positive, zero, *_ in orders:
                assert np.array_equal(positive, orders[0][0])
                assert np.array_equal(zero, orders[0][1])


@pytest.mark.parametrize("family", [families.braid(5), families.coxeter("H", 3)])
def test_hyperplanes_through_a_point_are_moved_to_the_origin(family):
    rows = family.rows.copy()
    rows[:, -1] = rows[:, :-1] @ np.array([3, -1, 2, 5, 7][: family.dimension], dtype=object)
    moved, walls = cones.homogeneous(rows)
    assert (moved == family.rows[:, :-1]).all()
    assert not len(walls)
    elsewhere = Arrangement(rows[:, :-1], rows[:, -1])
    assert (elsewhere.cells().signs == family.cells().signs).all()
    assert (elsewhere.faces(1).signs == family.faces(1).signs).all()
    assert (elsewhere.faces(1).bounded == family.faces(1).bounded).all()


def almost_through_one_point(rng):
    """Three projective lines whose points in pairs floats cannot tell apart, and the first."""
    i, k = rng.integers(-(2**24), 2**24, (2, 3)).astype(object)
    P = np.array(
        [i[1] * k[2] - i[2] * k[1], i[2] * k[0] - i[0] * k[2], i[0] * k[1] - i[1] * k[0]],
        dtype=object,
    )
    # u·P = gcd P, shortened by multiples of i and k, which contain P.
    u = np.array([0, 0, 0], dtype=object)
    g = 0
    for c in range(3):
        g, s, t = xgcd(g, P[c])
        u = s * u
        u[c] += t
    for _ in range(60):
        for row in (i, k):
            u = u - round(Fraction(int(u @ row), int(row @ row))) * row
    return i, u, k, P


def xgcd(a, b):
    """g, s and t with s·a + t·b = g = gcd(a, b)."""
    s, t, u, v = 1, 0, 0, 1
    while b:
        q = a // b
        a, b, s, t, u, v = b, a - q * b, u, v, s - q * u, t - q * v
    return a, s, t


@pytest.mark.parametrize("seed", range(20))
def test_points_that_floats_take_for_one(seed):
    i, o, k, P = almost_through_one_point(np.random.default_rng(seed))
    assert 0 < abs(o @ P) < 100
    signs = np.array([1 if x > 0 else -1 for x in P], dtype=object)
    walls = np.diag(signs)
    for rows in itertools.permutations([i, o, k]):
        assert cone_counts.count(np.array(rows), walls) == 7
    rows = np.array([i, i + k, k])
    assert cone_counts.count(rows, walls) == 6
