"""Cells up to symmetry, against orbits of all cells under a group written out in Fractions."""

from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction
from itertools import permutations, product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from arrangement import Arrangement, CellClasses, Cells, ReflectionGroup, families
from arrangement.errors import InputError, SizeError
from arrangement.symmetry import reflection_groups
from tests import reference
from tests.amounts import examples, first
from tests.hyperplanes.test_hyperplanes import arrangement_of


def group_of(matrices):
    """All elements of a group of matrices that act on (x, 1), by closure."""
    one = np.eye(len(matrices[0]), dtype=int) * Fraction(1)
    found, new = {tuple(one.flat): one}, [one]
    while new:
        products = {tuple((e @ g).flat): e @ g for e in new for g in matrices}
        new = [e for key, e in products.items() if key not in found]
        found |= products
        assert len(found) <= 2000
    return list(found.values())


def action(rows, matrix):
    """Where each sign of an image is taken from, and whether it is turned."""
    scaled = {reference.scaled(row): i for i, row in reversed(list(enumerate(rows)))}
    images = []
    for row in rows:
        moved = reference.scaled(tuple(np.array(row, dtype=object) @ matrix))
        opposite = tuple(-v for v in moved)
        images.append((scaled[moved], 1) if moved in scaled else (scaled[opposite], -1))
    return images


def orbits(rows, cells, matrices):
    """The orbits of sign vectors: the sign of row i at M x is that of row i·M at x."""
    actions = [action(rows, matrix) for matrix in group_of(matrices)]
    left, found = set(cells), []
    while left:
        cell = next(iter(left))
        orbit = {tuple(sign * cell[i] for i, sign in images) for images in actions}
        assert orbit <= left
        left -= orbit
        found.append(orbit)
    return found


def check(arrangement, symmetry, matrices, cells=None):
    """Classes, their columns and the quotient graph are those of the orbits."""
    rows = reference.rows_in(arrangement)
    cells = reference.cells(rows) if cells is None else cells
    expected = orbits(rows, cells, matrices)
    place = {cell: k for k, orbit in enumerate(expected) for cell in orbit}
    classes = arrangement.cells(symmetry=symmetry)
    number = [place[tuple(signs)] for signs in classes.signs.tolist()]
    assert sorted(number) == list(range(len(expected)))
    assert classes.orbit_sizes.tolist() == [len(expected[k]) for k in number]
    assert classes.n_cells == len(cells)
    assert arrangement.n_classes(symmetry) == len(expected)
    assert arrangement.n_cells(symmetry=symmetry) == len(cells)
    portions = list(arrangement.iter_cells(batch_size=7, symmetry=symmetry))
    assert {tuple(s) for p in portions for s in p.signs.tolist()} == {
        tuple(s) for s in classes.signs.tolist()
    }
    assert sum(p.n_cells for p in portions) == len(cells)
    # Two orbits are joined iff members differ on one hyperplane (and its copies).
    first, _ = arrangement.coincidence
    joined = set()
    for cell in cells:
        for i in np.unique(first):
            flipped = tuple(-s if first[j] == i else s for j, s in enumerate(cell))
            if flipped in place and place[flipped] != place[cell]:
                joined.add(frozenset((place[cell], place[flipped])))
    edges = classes.edges
    assert (edges[:, 0] < edges[:, 1]).all()
    found = [frozenset((number[a], number[b])) for a, b, _ in edges.tolist()]
    assert len(set(found)) == len(found)
    assert set(found) == joined
    every = arrangement.cells()
    far = {place[tuple(s)] for s in every.signs[~every.bounded].tolist()}
    assert [k not in far for k in number] == classes.bounded.tolist()
    # Each point of a cell is located in the class of the cell.
    chosen = np.arange(0, len(every), max(1, len(every) // 20))
    at = classes.locate(every.points[chosen])
    assert [number[k] for k in at] == [place[tuple(s)] for s in every.signs[chosen].tolist()]
    return classes


def reflection(d, a, v, offset=0):
    """The reflection in {a·x + offset = 0} along v, on (x, 1)."""
    a, v = np.array([*a, offset], dtype=object), np.array([*v, 0], dtype=object)
    return np.eye(d + 1, dtype=int) - np.outer(v, a) * Fraction(2, a @ v)


def linear(M, shift=None):
    """A matrix of numbers as one that acts on (x, 1)."""
    d = len(M)
    result = np.eye(d + 1, dtype=int) * Fraction(1)
    result[:d, :d] = M
    if shift is not None:
        result[:d, d] = shift
    return result


ROTATIONS = {
    2: [[[0, -1], [1, 0]], [[0, -1], [1, -1]], [[-1, 0], [0, -1]], [[0, 1], [1, 0]],
        [[1, 0], [0, -1]], [[1, 1], [0, -1]]],
    3: [[[0, 1, 0], [0, 0, 1], [1, 0, 0]], [[0, 1, 0], [1, 0, 0], [0, 0, -1]],
        [[0, -1, 0], [1, 0, 0], [0, 0, 1]], [[-1, 0, 0], [0, 1, 0], [0, 0, 1]],
        [[-1, 0, 0], [0, -1, 0], [0, 0, -1]], [[0, 1, 0], [1, 0, 0], [0, 0, 1]]],
}  # fmt: skip
"""Generators of finite groups, reflections among them."""


@st.composite
def planted(draw):
    """A random arrangement that a random finite group permutes, and generators of the group.

    Its hyperplanes are orbits of random ones, copies and mirrors among them, in coordinates of
    no meaning, and the group fixes a point that need not be the origin.
    """
    d = draw(st.sampled_from([2, 2, 3]))
    number = draw(st.integers(1, 2))
    if d == 2 and draw(st.booleans()):
        pool = [ROTATIONS[2][k] for k in (1, 2, 3)]
    else:
        pool = [M for k, M in enumerate(ROTATIONS[d]) if d == 3 or k in (0, 2, 3, 4)]
    generators = [draw(st.sampled_from(pool)) for _ in range(number)]
    change = np.eye(d, dtype=int).astype(object)
    for i, k in permutations(range(d), 2):
        change[i] += draw(st.integers(-1, 1)) * change[k]
    shift = [draw(st.integers(-1, 1)) for _ in range(d)]
    frame, back = linear(change, shift), None
    determinant = np.linalg.det(change.astype(float)).round()
    assert determinant in (1, -1)
    back = np.linalg.inv(frame.astype(float)).round().astype(int).astype(object)
    matrices = [frame @ linear(np.array(M, dtype=object)) @ back for M in generators]
    elements = group_of(matrices)
    table = []
    most = 9 if d == 2 else 7
    central = draw(st.booleans())
    for _ in range(draw(st.integers(1, 3))):
        row = [draw(st.integers(-1, 2)) for _ in range(d)]
        row = row if any(row) else [1] + [0] * (d - 1)
        full = np.array([*row, 0 if central else draw(st.integers(-1, 1))], dtype=object) @ back
        orbit = {reference.scaled(tuple(full @ e)) for e in elements}
        orbit = {
            row for row in orbit if tuple(-v for v in row) not in orbit or row > (0,) * (d + 1)
        }
        if len(table) + len(orbit) <= most:
            table += sorted(orbit)
    if table and draw(st.integers(0, 3)) == 0:
        table.append(tuple(-3 * v for v in table[0]))
    table = draw(st.permutations(table))
    return d, [row[:-1] for row in table], [row[-1] for row in table], matrices


@given(planted())
@examples(60)
def test_classes_under_planted_symmetries_are_the_orbits(problem):
    d, normals, offsets, matrices = problem
    arrangement = arrangement_of(d, normals, offsets)
    check(arrangement, [M.tolist() for M in matrices], matrices)


def signed_permutations(n):
    """Generators of the signed permutations of all coordinates but the last."""
    for i in range(n):
        M = np.eye(n + 1, dtype=int)
        M[i, i] = -1
        yield M
    for i in range(n - 1):
        M = np.eye(n + 1, dtype=int)
        M[[i, i + 1]] = M[[i + 1, i]]
        yield M


def transpositions(n):
    for i in range(n - 1):
        M = np.eye(n, dtype=int)
        M[[i, i + 1]] = M[[i + 1, i]]
        yield M


def threshold(n):
    """The threshold arrangement on inputs ±1: sums of signed weights, and the last weight."""
    return Arrangement([[*x, 1] for x in product((1, -1), repeat=n)])


THRESHOLD = {2: 2, 3: 3, 4: 7, 5: 21, 6: 135, 7: 2470, 8: 175428}
INPUTS = {2: 5, 3: 10, 4: 27, 5: 119, 6: 1113, 7: 29375}
RESONANCE = {3: 4, 4: 12, 5: 56, 6: 576, 7: 16640, 8: 1681100}


@pytest.mark.parametrize("n", first(3, THRESHOLD))
def test_threshold_functions_up_to_all_symmetries(n):
    """OEIS A001532; Winder."""
    arrangement = families.threshold(n)
    assert arrangement.n_classes() == THRESHOLD[n]
    if n < 8:
        classes = arrangement.cells(symmetry="auto")
        assert classes.reflection_group.coxeter_type == f"B{n + 1}"
        assert len(classes) == THRESHOLD[n]
        assert classes.n_cells == families.known_counts("threshold", n).n_cells


@pytest.mark.parametrize("n", first(3, INPUTS))
def test_threshold_functions_up_to_symmetries_of_the_inputs(n):
    mirrors = [M.tolist() for M in np.eye(n + 1, dtype=int)[:n]]
    mirrors += [
        [*(np.eye(n, dtype=int)[i] - np.eye(n, dtype=int)[i + 1]), 0] for i in range(n - 1)
    ]
    group = ReflectionGroup(mirrors)
    arrangement = threshold(n)
    assert arrangement.n_classes(group) == INPUTS[n]
    if n < 6:
        total = families.known_counts("threshold", n).n_cells
        for symmetry in (group, list(signed_permutations(n))):
            classes = arrangement.cells(symmetry=symmetry)
            assert (len(classes), classes.n_cells) == (INPUTS[n], total)


@pytest.mark.parametrize("n", first(3, RESONANCE))
def test_resonance_up_to_permutations_of_the_sets_with_the_whole(n):
    """S_(n+1): permutations of the inputs, and x_1 ↦ −(x_1 + … + x_n)."""
    last = np.eye(n, dtype=int)
    last[0] = -1
    arrangement = families.resonance(n)
    symmetry = [*transpositions(n), last]
    classes = arrangement.cells(symmetry=symmetry) if n < 8 else None
    assert arrangement.n_classes(symmetry) == RESONANCE[n]
    if n < 8:
        assert (len(classes), classes.n_cells) == (
            RESONANCE[n], families.known_counts("resonance", n).n_cells,
        )  # fmt: skip
    assert n == 3 or arrangement.n_classes() == RESONANCE[n]


@pytest.mark.parametrize(
    "name", first(3, ["A4", "D4", "G2", "H3", "I2(8)", "B4", "E6", "F4", "I2(5)", "H4", "E8"])
)
def test_the_chambers_of_a_coxeter_group_are_one_class(name):
    arrangement = families.coxeter(name)
    group = ReflectionGroup(arrangement.given[:, :-1]) if name[0] != "I" else "auto"
    order = families.known_counts("coxeter", name).n_cells
    for symmetry in ("auto",) if name in ("E8", "H4") else (group, "auto", "full"):
        classes = arrangement.cells(symmetry=symmetry)
        assert classes.orbit_sizes.tolist() == [order]
        assert len(classes.edges) == 0


@pytest.mark.parametrize(
    ("arrangement", "matrices"),
    [
        (families.catalan(3), [*transpositions(3), -np.eye(3, dtype=int)]),
        (families.catalan(3), [*transpositions(3)]),
        (families.catalan(4), [*transpositions(4)]),
        (families.semiorder(3), [np.eye(3, dtype=int)[[1, 2, 0]]]),
        (families.shi(3), [-np.eye(3, dtype=int)[::-1]]),
        (families.linial(4), [-np.eye(4, dtype=int)[::-1]]),
        (families.linial(3), [-np.eye(3, dtype=int)[::-1]]),
        (families.braid(4), [np.eye(4, dtype=int)[[1, 2, 3, 0]]]),
        (families.braid(4), [*transpositions(4)]),
        (families.threshold(2), [-np.eye(3, dtype=int)]),
    ],
)
def test_deformations_and_others_under_given_matrices(arrangement, matrices):
    cells = {tuple(signs) for signs in arrangement.cells().signs.tolist()}
    full = [linear(M.astype(object)) for M in matrices]
    check(arrangement, [M.tolist() for M in matrices], full, cells)


@pytest.mark.parametrize(
    "arrangement",
    [
        families.shi(3), families.catalan(3), families.linial(4), families.ish(3),
        families.resonance(3), families.generic(6, 2), families.grid(2, 3), families.grid(2, 2),
        families.cross_polytope(3), Arrangement(np.eye(3, dtype=int)),
        Arrangement([[1, 0], [2, 0], [0, 1]], [0, 0, 1]), Arrangement(np.zeros((0, 2))),
        Arrangement([[1, 2]], [3]), Arrangement([[2, 0], [0, 3], [2, 3]], [1, 1, 2]),
    ],
)  # fmt: skip
@pytest.mark.parametrize("symmetry", first(1, ["auto", "full"]))
def test_what_is_found_makes_no_orbit_too_large(arrangement, symmetry):
    """The matrices of the group that was found are a group that was given."""
    classes = arrangement.cells(symmetry=symmetry)
    assert classes.n_cells == arrangement.n_cells()
    assert arrangement.n_classes(symmetry) == len(classes)
    assert sum(p.n_cells for p in arrangement.iter_cells(symmetry=symmetry)) == classes.n_cells


def test_permutations_that_do_not_tell_the_map_need_a_matrix():
    """A quarter turn and its opposite turn sides in two ways."""
    braid = families.braid(5)
    place = {tuple(sorted(np.flatnonzero(row))): i for i, row in enumerate(braid.normals)}
    cycle = [place[tuple(sorted(((i + 1) % 5, (k + 1) % 5)))] for i, k in place]
    swap = [place[tuple(sorted({0: 1, 1: 0}.get(v, v) for v in pair))] for pair in place]
    assert braid.cells(symmetry=[cycle, swap]).orbit_sizes.tolist() == [120]
    with pytest.raises(InputError, match="symmetry 0: opposite maps permute"):
        braid.cells(symmetry=[cycle])
    cross = Arrangement([[1, 0], [0, 1], [1, 2], [2, -1]])
    quarter = [[0, -1], [1, 0]]
    with pytest.raises(InputError, match="symmetry 0: opposite maps permute"):
        cross.cells(symmetry=[[1, 0, 3, 2]])
    assert cross.n_classes([quarter]) == 2
    assert cross.n_classes([quarter, [[-1, 0], [0, -1]]]) == 2


@pytest.mark.parametrize("n", [3, 4])
def test_permutations_of_hyperplanes_are_their_maps(n):
    arrangement = threshold(n)
    place = {tuple(row): i for i, row in enumerate(arrangement.rows[:, :-1].tolist())}
    rows = arrangement.rows[:, :-1]
    symmetry = [[place[tuple(r)] for r in (rows @ M).tolist()] for M in signed_permutations(n)]
    classes = arrangement.cells(symmetry=symmetry)
    assert classes.reflection_group.coxeter_type == f"B{n}"
    assert (len(classes), classes.n_cells) == (INPUTS[n], len(arrangement.cells()))


def test_files_hold_classes(tmp_path):
    for arrangement, symmetry in [
        (families.resonance(4), "full"),
        (families.coxeter("H3"), "auto"),
        (families.shi(3), "full"),
        (families.generic(5, 2), "auto"),
    ]:
        classes = arrangement.cells(symmetry=symmetry)
        classes.save(tmp_path / "classes.npz")
        loaded = CellClasses.load(tmp_path / "classes.npz")
        assert (loaded.packed == classes.packed).all()
        assert loaded.orbit_sizes.tolist() == classes.orbit_sizes.tolist()
        assert (loaded.touched_walls == classes.touched_walls).all()
        assert (loaded.edges == classes.edges).all()
        assert len(Cells.load(tmp_path / "classes.npz")) == len(classes)
    families.shi(3).cells().save(tmp_path / "cells.npz")
    with pytest.raises(InputError, match=r"cells\.npz: not a file of saved classes"):
        CellClasses.load(tmp_path / "cells.npz")


def test_executors_and_checkpoints(tmp_path):
    arrangement = families.threshold(5)
    with ThreadPoolExecutor(2) as executor:
        classes = arrangement.cells(symmetry="auto", executor=executor, checkpoint=tmp_path)
        assert len(classes) == arrangement.n_classes(executor=executor) == 21
    again = arrangement.cells(symmetry="auto", checkpoint=tmp_path)
    assert (again.packed == classes.packed).all()
    assert arrangement.n_classes(checkpoint=tmp_path / "count") == 21


def test_what_is_no_symmetry_is_refused():
    plane = Arrangement([[1, 0], [0, 1], [1, 1]], [0, 0, -1])
    for symmetry, match in [
        ("none", "symmetry 'none': give 'auto'"),
        (3, "symmetry 3: give 'auto'"),
        ([[[1, 0], [0, 2]]], "symmetry 0: the matrix does not permute"),
        ([[[0, 1], [1, 0]], [[1, 0], [0, 0]]], "symmetry 1: the matrix does not permute"),
        ([[[1, 0, 0]]], r"symmetry 0: a matrix is of shape \(2, 2\)"),
        ([[1, 2, 0], [1, 0, 1]], r"symmetry 1: \[1, 0, 1\] is no permutation"),
        (ReflectionGroup([[1, 1]]), "hyperplane 2: its image in the mirror"),
        (ReflectionGroup([[1, 0, 0, 0]]), r"the arrangement is in R\^2"),
        (ReflectionGroup([[1, 0, -1]]), "does not end in 0"),
    ]:
        for ask in (plane.cells, plane.iter_cells, plane.n_classes):
            with pytest.raises(InputError, match=match):
                ask(symmetry=symmetry)
    with pytest.raises(InputError, match="not with a domain"):
        plane.cells(symmetry="auto", domain=[(0, 1)] * 2)
    with pytest.raises(InputError, match="method 'sweep' lists all"):
        plane.cells(symmetry="auto", method="sweep")
    with pytest.raises(InputError, match="symmetry None"):
        plane.n_classes(None)


def test_more_mirrors_than_are_looked_at_are_refused(monkeypatch):
    monkeypatch.setattr(reflection_groups, "MOST_MIRRORS", 5)
    with pytest.raises(SizeError, match=r"symmetry 'full': .* give a smaller group"):
        families.braid(4).cells(symmetry="full")


@given(planted())
@examples(40)
def test_planted_symmetries_are_found(problem):
    """A planted symmetry takes each cell to one of its class."""
    d, normals, offsets, matrices = problem
    arrangement = arrangement_of(d, normals, offsets)
    one = np.eye(d + 1, dtype=int)
    mirrored = [M for M in matrices if M.trace() == d - 1 and (one == M @ M).all()]
    points = [[*x, 1] for x in arrangement.cells().witness]
    for symmetry, planted_ones in (("auto", mirrored), ("full", matrices)):
        classes = arrangement.cells(symmetry=symmetry)
        assert classes.n_cells == len(points)
        here = classes.locate([x[:-1] for x in points])
        for M in planted_ones:
            there = classes.locate([(M @ x)[:-1] for x in np.array(points, dtype=object)])
            assert (here == there).all()


@pytest.mark.parametrize(
    ("arrangement", "kind"),
    [
        (families.grid(1, 2, 2), "A1 × B2"), (families.resonance(3), "B3"),
        (families.coxeter("B", 3), "B3"), (families.catalan(3), "G2"),
    ],
)  # fmt: skip
def test_symmetries_are_found_in_coordinates_of_forty_digits(arrangement, kind):
    large = 10**40 + 1
    coordinates = np.array([[large, 0, large], [0, 0, large], [1, 1, large]], dtype=object)
    skew = Arrangement(arrangement.given[:, :-1] @ coordinates, arrangement.given[:, -1])
    for symmetry in ("auto", "full"):
        sizes = sorted(arrangement.cells(symmetry=symmetry).orbit_sizes.tolist())
        for permuted in (skew, skew[::-1]):
            classes = permuted.cells(symmetry=symmetry)
            assert classes.reflection_group.coxeter_type == kind
            assert sorted(classes.orbit_sizes.tolist()) == sizes


@pytest.mark.parametrize(
    ("normals", "kind"),
    [
        ([[1, 2**15]], "B2"),
        ([[0, 1, 2**15]], "B3"),
        ([[1, 2, 2**15], [1, 1, 0]], "B3"),
        ([[0, 2**20 - 1, 2**20], [1, 2**20, 2**20]], "B3"),
    ],
)
def test_symmetries_of_hyperplanes_that_nearly_coincide_are_found(normals, kind):
    signs = product([-1, 1], repeat=len(normals[0]))
    orbit = [np.array(p) * s for s in signs for a in normals for p in permutations(a)]
    for symmetry in ("auto", "full"):
        classes = Arrangement(orbit).cells(symmetry=symmetry)
        assert classes.reflection_group.coxeter_type == kind
