"""Symmetries: exactly those permutations that a linear map induces."""

from itertools import permutations, product

import numpy as np
import pytest
from flint import fmpz_mat
from hypothesis import given

from arrangement import Arrangement, families
from arrangement.hyperplanes.reduction import distinct_essential_rows
from arrangement.symmetry.automorphisms import Automorphisms, find_generators
from tests.amounts import examples
from tests.hyperplanes.test_hyperplanes import arrangement_of
from tests.strategies import tables
from tests.symmetry.test_permutation_groups import elements


def automorphisms_of(arrangement):
    rows = distinct_essential_rows(arrangement)
    central = arrangement.is_central
    return Automorphisms(rows[:, :-1] if central else rows, not central)


def is_realised(vectors, images):
    """Is there a linear M with M·v_i = c_i·v_images[i], all c_i ≠ 0? By solving for M and c.

    The solutions (M, c) are a vector space; one of them has no c_i = 0 iff no c_i vanishes on
    all of it.
    """
    m, d = len(vectors), len(vectors[0])
    equations = []
    for i, k in product(range(m), range(d)):
        row = [0] * (d * d + m)
        row[k * d : (k + 1) * d] = vectors[i]
        row[d * d + i] = -vectors[images[i]][k]
        equations.append(row)
    basis, nullity = fmpz_mat(equations).nullspace()
    return all(any(basis[d * d + i, k] != 0 for k in range(nullity)) for i in range(m))


@given(tables(max_hyperplanes=5, max_dimension=2))
@examples(60)
def test_membership_is_what_a_linear_map_realises(table):
    arrangement = arrangement_of(*table)
    if arrangement.n_hyperplanes == 0:
        return
    automorphisms = automorphisms_of(arrangement)
    vectors = automorphisms.vectors.tolist()
    n = automorphisms.n
    inside = 0
    for images in permutations(range(n)):
        expected = is_realised(vectors, [*images, n][: len(vectors)])
        assert (images in automorphisms) == expected
        inside += expected
    generators, order = find_generators(automorphisms)
    assert all(g in automorphisms for g in generators)
    assert inside % order == 0
    assert len(elements([list(range(n)), *generators])) == order


@pytest.mark.parametrize(
    ("arrangement", "order"),
    [
        (families.braid(6), 720),
        (families.resonance(4), 120),
        (families.resonance(6), 5040),
        (families.threshold(4), 2**4 * 120),
        (families.cross_polytope(6), 2**5 * 120),
        (families.coxeter("B", 5), 2**4 * 120),
        (families.coxeter("D", 4), 1152 // 2),
        (families.coxeter("E", 6), 51840),
        (families.coxeter("E", 7), 2903040 // 2),
        (families.coxeter("E", 8), 696729600 // 2),
        (families.catalan(4), 48),
        (families.generic(20, 4), 1),
        (Arrangement([[1, 0], [1, 0], [0, 1], [0, 1], [0, 1]], [0, 5, 0, 1, 2]), 4),
        (Arrangement(np.eye(5, dtype=int)), 120),
    ],
)
def test_groups_of_known_order(arrangement, order):
    assert find_generators(automorphisms_of(arrangement))[1] == order


def test_the_scaling_of_the_rows_does_not_hide_a_symmetry():
    """x/2 ± y and x, in coordinates where nothing has the same length."""
    rows = families.coxeter("A", 3).essentialization().rows[:, :-1]
    squeezed = rows * np.array([1, 10, 300], dtype=object)
    assert find_generators(automorphisms_of(Arrangement(squeezed)))[1] == 24


def test_matroid_symmetries_that_are_not_linear_do_not_count():
    """Four lines through a point: any permutation keeps the flats, four a cross-ratio."""
    lines = Arrangement([[1, 0], [0, 1], [1, 1], [1, 3]])
    automorphisms = automorphisms_of(lines)
    inside = [p for p in permutations(range(4)) if p in automorphisms]
    assert len(inside) == 4


def test_numbers_too_large_for_floats_are_no_error():
    rows = np.array([[10**400, 1], [1, 10**400], [1, 1], [1, -1]], dtype=object)
    generators, order = find_generators(Automorphisms(rows, False))
    assert order >= 1
    assert all(g in Automorphisms(rows, False) for g in generators)
