"""Finite reflection groups, against their elements written out as matrices of Fractions."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from arrangement import exact, families
from arrangement.errors import InputError, SizeError
from arrangement.symmetry.reflection_groups import ReflectionGroup
from tests.amounts import examples, first

SMALL = ["A1", "A2", "A3", "A4", "B2", "B3", "D4", "G2"]


def matrices(mirrors, directions):
    """The reflections as matrices of Fractions."""
    for a, v in zip(np.array(mirrors, object), np.array(directions, object), strict=True):
        yield np.eye(len(a), dtype=int) - np.outer(v, a) * Fraction(2, a @ v)


def elements(mirrors, directions):
    """All elements of the group as matrices, by closure."""
    generators = list(matrices(mirrors, directions))
    one = np.eye(len(mirrors[0]), dtype=int) * Fraction(1)
    found = {tuple(one.flat): one}
    new = [one]
    while new:
        products = {tuple((e @ g).flat): e @ g for e in new for g in generators}
        new = [e for key, e in products.items() if key not in found]
        found |= products
    return list(found.values())


@st.composite
def groups(draw):
    """Mirrors and directions of a group in coordinates of no meaning, and its name."""
    name = draw(st.sampled_from(SMALL))
    roots = families.coxeter(name).rows[:, :-1]
    chosen = draw(st.permutations(range(len(roots))))[: draw(st.integers(1, 6))]
    d = roots.shape[1]
    lower, upper = (
        np.array(
            [
                [draw(st.integers(-2, 2)) if below(i, k) else int(i == k) for k in range(d)]
                for i in range(d)
            ],
            dtype=object,
        )
        for below in (int.__gt__, int.__lt__)
    )
    change = lower @ upper
    inverse, scale = exact.inverse(change)
    assert scale == 1
    return (roots[chosen] @ inverse).tolist(), (roots[chosen] @ change.T).tolist()


@given(groups())
@examples(15)
def test_the_group_is_its_elements(given_group):
    mirrors, directions = given_group
    group = ReflectionGroup(mirrors, directions)
    written = elements(mirrors, directions)
    assert group.order == len(written)
    assert len(elements(group.mirrors.tolist(), group.directions.tolist())) == len(written)
    d = group.dimension
    one = np.eye(d, dtype=int)
    reflections = sum(e.trace() == d - 2 and (e @ e == one).all() for e in written)
    assert len(group.mirrors) == reflections
    # The chamber is the sum of its rays and lines, and the points of a face are fixed by the
    # subgroup of its walls and nothing else.
    assert len(group.chamber_rays) + len(group.lineality) == d
    assert not (group.mirrors @ group.lineality.T).any()
    seen = 0
    for face in group.faces():
        rays = [k for k in range(group.rank) if k not in face.walls]
        point = group.chamber_rays[rays].sum(axis=0) if rays else np.zeros(d, dtype=object)
        heights = (group.walls @ point).tolist()
        assert [h == 0 for h in heights] == [k in face.walls for k in range(group.rank)]
        assert all(h >= 0 for h in heights)
        assert face.order == sum((e @ point == point).all() for e in written)
        seen += (-1) ** len(face.walls) * (group.order // face.order)
    assert seen == 1  # Solomon 1966 at q = 1


@pytest.mark.parametrize(
    "named",
    first(
        5,
        [
            ("A7", 40320), ("B6", 46080), ("D6", 23040), ("E6", 51840), ("E7", 2903040),
            ("E8", 696729600), ("F4", 1152), ("G2", 12), ("H3", 120), ("H4", 14400),
        ],
    ),
)  # fmt: skip
def test_the_mirrors_of_a_coxeter_group_make_it(named):
    name, order = named
    roots = families.coxeter(name).given[:, :-1]
    group = ReflectionGroup(roots)
    assert group.order == order
    assert group.coxeter_type == name
    assert len(group.mirrors) == len(roots)
    assert ReflectionGroup(group.walls).order == order


def test_subgroups_of_walls_are_products():
    group = ReflectionGroup(families.coxeter("E8").given[:, :-1])
    orders = sorted(group.parabolic_order(set(range(8)) - {k}) for k in range(8))
    # E7, D7, A7, A1 × A6, A4 × A2 × A1, A4 × A3, D5 × A2, E6 × A1 (Bourbaki, planche VII)
    assert orders == sorted(
        [2903040, 322560, 40320, 10080, 120 * 6 * 2, 120 * 24, 1920 * 6, 51840 * 2]
    )


def test_reflections_permute_what_they_permute():
    group = ReflectionGroup(np.eye(3, dtype=int))
    rows = np.array([[1, 1, 1], [1, 1, -1], [-1, 1, -1], [1, -1, -1]], dtype=object)
    images, turned = group.signed_permutations(rows)
    for wall, image, sign in zip(group.walls, images, turned, strict=True):
        for i, row in enumerate(rows):
            moved = [-v if w else v for v, w in zip(row, wall, strict=True)]
            assert moved == (int(sign[i]) * rows[image[i]]).tolist()
    with pytest.raises(InputError, match="hyperplane 1: its image in the mirror"):
        group.signed_permutations(np.array([[1, 0, 0], [1, 2, 0]], dtype=object))


def test_no_mirror_is_a_group_of_one_element():
    group = ReflectionGroup(np.zeros((0, 3)))
    assert (group.order, group.coxeter_type, len(group.lineality)) == (1, "1", 3)
    assert list(group.faces()) == [((), 1)]


def test_what_is_no_finite_group_is_refused():
    for mirrors, directions, error, match in [
        ([[1, 0]], [[0, 1]], InputError, "row 0 is zero, or contains"),
        ([[0, 0]], None, InputError, "row 0 is zero"),
        ([[1, 0], [1, 0]], [[1, 0], [1, 1]], InputError, "two reflections have the mirror"),
        ([[1, 0], [1, 2]], None, SizeError, "more than 1,024"),
        ([[1, 0]], [[1, 0, 0]], InputError, "each reflection needs one of both"),
    ]:
        with pytest.raises(error, match=match):
            ReflectionGroup(mirrors, directions)
    with pytest.raises(InputError, match="walls \\[3\\]"):
        ReflectionGroup(np.eye(3)).parabolic_order([3])
