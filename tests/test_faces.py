"""Faces of every codimension."""

import numpy as np
import pytest
from hypothesis import given, settings

from arrangement import Arrangement, InputError, families
from arrangement.faces import faces
from tests import reference
from tests.strategies import tables
from tests.test_hyperplanes import arrangement_of


@settings(max_examples=150)
@given(tables(max_hyperplanes=5))
def test_all_faces_equal_the_reference(table):
    d, normals, offsets = table
    arrangement = arrangement_of(d, normals, offsets)
    found = [
        tuple(signs)
        for codimension in range(arrangement.rank + 1)
        for signs in faces(arrangement, codimension).tolist()
    ]
    assert len(set(found)) == len(found)
    assert set(found) == reference.faces(reference.rows_of(normals, offsets))
    assert faces(arrangement, arrangement.rank + 1).shape == (0, len(normals))


@pytest.mark.parametrize(
    "arrangement",
    [families.shi(4), families.catalan(3), families.resonance(4), families.braid(5)],
    ids=["shi 4", "catalan 3", "resonance 4", "braid 5"],
)
def test_eulers_relation(arrangement):
    # Σ (−1)^dim · faces = (−1)^d: the Euler characteristic with compact supports of R^d.
    counts = [len(faces(arrangement, k)) for k in range(arrangement.rank + 1)]
    assert sum((-1) ** k * count for k, count in enumerate(counts)) == 1
    assert counts[1] == len(arrangement.cells().edges)


def test_random_hyperplanes_meet_bucks_counts():
    from math import comb

    rng = np.random.default_rng(0)
    n, d = 12, 3
    arrangement = Arrangement(rng.normal(size=(n, d)), rng.normal(size=n))
    for k in range(d + 1):  # Buck 1943: C(n, k) flats, each with the cells of n − k in R^(d−k)
        cells = sum(comb(n - k, i) for i in range(d - k + 1))
        assert len(faces(arrangement, k)) == comb(n, k) * cells


def test_copies_are_zero_together():
    signs = faces(Arrangement([[1, 0], [0, 1], [-2, 0]]), 1)
    assert {tuple(s) for s in signs.tolist()} == {(0, 1, 0), (0, -1, 0), (1, 0, -1), (-1, 0, 1)}


def test_bad_codimension():
    with pytest.raises(InputError, match="non-negative integer"):
        faces(Arrangement([[1]]), -1)
