"""Cells in cones by their rays: equal to the reference with every kind of numbers."""

import itertools
from fractions import Fraction
from math import factorial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arrangement import Arrangement, InputError, cones, enumeration, families, restrict
from arrangement.domain import parse_domain
from arrangement.fields import field_of
from arrangement.packing import unpack_signs
from tests import reference
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
    patch.setattr(cones, "PATIENCE", patience)


def listed(rows, walls):
    """The sign vectors, after checking that they are distinct."""
    blocks = [unpack_signs(block, len(rows)) for block in cones.words(rows, walls)]
    signs = [tuple(map(int, s)) for block in blocks for s in block]
    assert len(set(signs)) == len(signs)
    return set(signs)


@st.composite
def problems(draw):
    """Hyperplanes, and a domain of some of them, of some of their translates and of a box."""
    d, normals, offsets = draw(tables())
    rows = reference.rows_of(normals, offsets)
    walls = []
    for _ in range(draw(st.integers(0, 3))):
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


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=60, deadline=None)
@given(problem=problems())
def test_equal_to_the_reference(kind, problem):
    d, _, _, rows, walls = problem
    wanted = reference.cells(rows, walls) if reference.feasible(walls) else set()
    given_rows, given_walls = cones.homogeneous(integer_rows(rows, d), integer_rows(walls, d))
    with pytest.MonkeyPatch.context() as patch:
        use(kind, patch)
        assert listed(given_rows, given_walls) == wanted
        assert cones.count(given_rows, given_walls) == len(wanted)


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
    assert cones.count(threshold(n), weyl_chamber(n)) == classes


@pytest.mark.parametrize("n", range(2, 7))
def test_a_chamber_of_the_braid_arrangement_is_a_cell(n):
    rows = families.braid(n).normals.astype(int).astype(object)
    simple = np.array([rows[k] for k in range(len(rows)) if is_simple_root(rows[k])])
    assert cones.count(rows, rows[:0]) == factorial(n)
    assert cones.count(rows, simple) == 1


def is_simple_root(row):
    first, second = np.flatnonzero(row)
    return second == first + 1


@pytest.mark.parametrize("kind", KINDS)
def test_degenerate_in_any_coordinates(kind, monkeypatch):
    use(kind, monkeypatch)
    rng = np.random.default_rng(3)
    rows = families.resonance(4).rows[:, :-1]
    for _ in range(3):
        change = rng.integers(-9, 10, size=(4, 4)).astype(object)
        moved = rows @ change
        assert cones.count(moved, moved[:0]) == 370
        assert sum(map(len, cones.words(moved, moved[:0]))) == 370


@pytest.mark.parametrize("kind", KINDS)
def test_number_fields_in_any_coordinates(kind, monkeypatch):
    use(kind, monkeypatch)
    rng = np.random.default_rng(4)
    for arrangement, cells in (
        (families.coxeter("H", 3), 120),
        (families.coxeter("I", 9), 18),
        (families.simplicial(1, 14), 112),
    ):
        rows = arrangement.rows[:, :-1]
        alpha = field_of(rows).generator
        d = rows.shape[1]
        for _ in range(2):
            parts = rng.integers(-9, 10, size=(2, d, d)).astype(object)
            moved = rows @ (parts[0] + alpha * parts[1])
            assert cones.count(moved, moved[:0]) == cells
            assert len(listed(moved, moved[:0])) == cells


@pytest.mark.parametrize("seed", range(4))
def test_integers_that_become_too_large_on_the_way(seed):
    rng = np.random.default_rng(seed)
    rows = rng.integers(-4000, 4001, size=(10, 4)).astype(object)
    rows[6:] = rows[:4] - rows[2:6]
    given = [cones._Cone(g, "integers") for g in cones._pointed_cones(rows, rows[:0])]
    counted = [cone.count(lambda found, share: None) for cone in given]
    assert "floats" in {cone.kind for cone in given}
    signs = listed(rows, rows[:0])
    assert len(signs) == 2 * sum(counted) == Arrangement(rows).n_cells()
    assert signs == {tuple(s) for s in Arrangement(rows).cells(method="lp").signs.tolist()}


def test_more_cells_than_a_block(monkeypatch):
    monkeypatch.setattr(cones, "BLOCK", 7)
    rows = families.threshold(3).rows[:, :-1]
    blocks = list(cones.words(rows, rows[:0]))
    assert len(blocks) > 104 // 14
    assert len({tuple(w) for block in blocks for w in block.tolist()}) == 104


def test_an_empty_cone_has_no_cells():
    rows = np.array([[1, 0], [0, 1]], dtype=object)
    walls = np.array([[1, 0], [-1, 0]], dtype=object)
    assert cones.count(rows, walls) == 0
    assert list(cones.words(rows, walls)) == []


def test_progress_never_passes_its_end():
    seen = []
    rows = threshold(5)
    cones.count(rows, rows[:0], lambda done, total: seen.append((done, total)))
    list(cones.words(rows, rows[:0], lambda done, total: seen.append((done, total))))
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
    assert enumeration._mostly_inside(A, walls)
    swept = enumeration._swept_inside(enumeration._Task(A, walls, None))
    assert (swept.domain == walls).all()
    wanted = restrict.cells(A, walls)
    assert sorted(swept.signs.tolist()) == sorted(wanted.signs.tolist())
    assert len(A.cells(domain=domain)) == len(swept) > 1000


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
