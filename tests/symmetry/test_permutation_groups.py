"""Images of sets under permutation groups, against the groups written out."""

from itertools import combinations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from arrangement.exact.packing import pack_signs, unpack_signs
from arrangement.symmetry import permutation_groups as module
from arrangement.symmetry.permutation_groups import PermutationGroup, orbits
from tests.amounts import examples


def elements(generators):
    """All elements of the group, by closure."""
    found = {tuple(range(len(generators[0])))}
    new = list(found)
    while new:
        products = {tuple(g[v] for v in e) for e in new for g in generators}
        new = list(products - found)
        found |= products
    return found


def moved(element, points):
    return tuple(sorted(element[i] for i in points))


def canonical_image(group, points):
    contains = np.zeros((1, group.n), dtype=np.int8)
    contains[0, list(points)] = 1
    words = pack_signs(contains)
    group.canonical_images(words, np.ones(1, dtype=np.bool_))
    return tuple(np.flatnonzero(unpack_signs(words, group.n)[0] > 0).tolist())


@st.composite
def groups(draw):
    n = draw(st.integers(1, 6))
    return draw(st.lists(st.permutations(range(n)), min_size=1, max_size=2))


@given(groups(), st.data())
@examples(60)
def test_the_image_is_an_image_and_tells_orbits_apart(generators, data):
    n = len(generators[0])
    whole = elements(generators)
    group = PermutationGroup(generators)
    size = data.draw(st.integers(0, n))
    by_image = {}
    for points in combinations(range(n), size):
        orbit = frozenset(moved(e, points) for e in whole)
        image = canonical_image(group, points)
        assert image in orbit
        assert by_image.setdefault(orbit, image) == image


def test_more_than_a_word():
    """The cyclic group on 130 points: the orbit of two of them is their distance."""
    n = 130
    group = PermutationGroup([[(i + 1) % n for i in range(n)]])
    images = {canonical_image(group, [0, k]) for k in range(1, n)}
    assert len(images) == n // 2
    assert canonical_image(group, [64, 67]) == canonical_image(group, [129, 2])


def test_a_tree_without_room_still_gives_images(monkeypatch):
    generators = [[1, 2, 3, 4, 5, 0], [1, 0, 2, 3, 4, 5]]
    whole = elements(generators)
    for room in (0, 100, 300):
        monkeypatch.setattr(module, "ROOM", room)
        group = PermutationGroup(generators)
        for points in combinations(range(6), 3):
            assert canonical_image(group, points) in {moved(e, points) for e in whole}


@given(groups())
def test_orbits_of_points(generators):
    label = orbits(np.array(generators, dtype=np.uint16))
    n = len(generators[0])
    whole = elements(generators)
    for i in range(n):
        assert {k for k in range(n) if label[k] == label[i]} == {e[i] for e in whole}
    first = [label.tolist().index(v) for v in range(label.max() + 1)]
    assert first == sorted(first)
