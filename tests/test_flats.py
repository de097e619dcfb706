"""Flats: which there are, their points and directions."""

from fractions import Fraction
from math import comb

import numpy as np
import pytest
from hypothesis import given, settings

from arrangement import Arrangement, InputError, SizeError, families
from arrangement.exact import rank
from tests import reference
from tests.strategies import tables
from tests.test_hyperplanes import arrangement_of


def all_flats(arrangement):
    return [arrangement.flats(k) for k in range(arrangement.rank + 1)]


@settings(max_examples=100)
@given(tables(max_hyperplanes=5))
def test_flats_are_the_zero_sets_of_faces(table):
    d, normals, offsets = table
    arrangement = arrangement_of(d, normals, offsets)
    faces = reference.faces(reference.rows_of(normals, offsets))
    wanted = {tuple(i for i, s in enumerate(signs) if s == 0) for signs in faces}
    found = [flat.hyperplanes for flats in all_flats(arrangement) for flat in flats]
    assert len(found) == len(wanted)
    assert set(found) == wanted
    assert len(arrangement.flats(arrangement.rank + 1)) == 0


@settings(max_examples=100)
@given(tables())
def test_points_and_bases_span_the_flat(table):
    arrangement = arrangement_of(*table)
    for flats in all_flats(arrangement):
        assert flats.dimension == arrangement.dimension - flats.rank
        for k, flat in enumerate(flats):
            on = list(flat.hyperplanes)
            assert flats.contains[k].nonzero()[0].tolist() == on
            rows = arrangement.rows[on]
            assert rank(rows[:, :-1]) == flat.rank
            assert all(isinstance(v, Fraction) for v in flat.point)
            assert not (rows @ np.array([*flat.point, 1])).any()
            assert len(flat.basis) == flat.dimension
            if flat.basis:
                basis = np.array(flat.basis, dtype=object)
                assert rank(basis) == flat.dimension
                assert not (rows[:, :-1] @ basis.T).any()


def test_numbers_of_flats():
    # Braid: set partitions into d − k blocks (Stirling numbers of the second kind).
    assert [len(flats) for flats in all_flats(families.braid(6))] == [1, 15, 65, 90, 31, 1]
    # Simple: any k hyperplanes.
    simple = families.generic(9, 4)
    assert [len(flats) for flats in all_flats(simple)] == [comb(9, k) for k in range(5)]
    # Axes of R^40: any k of them, in memory that does not grow with 2^40.
    axes = Arrangement(np.eye(40, dtype=int))
    assert [len(axes.flats(k)) for k in range(3)] == [1, 40, 780]


def test_order_is_that_of_first_bases():
    arrangement = families.resonance(3)
    for k in range(4):
        bases = []
        for flat in arrangement.flats(k):
            basis = []
            for i in flat.hyperplanes:
                if rank(arrangement.rows[[*basis, i], :-1]) > len(basis):
                    basis.append(i)
            bases.append(basis)
        assert bases == sorted(bases)


def test_near_coincidences_are_told_apart():
    # Three lines through one point, and three that miss it by 10^-30.
    tiny = Fraction(1, 10**30)
    normals = [[1, 0], [0, 1], [1, 1]]
    assert len(Arrangement(normals, [0, 0, 0]).flats(2)) == 1
    assert len(Arrangement(normals, [0, 0, tiny]).flats(2)) == 3


def test_copies_are_in_the_same_flats():
    arrangement = Arrangement([[1, 0], [0, 1], [-2, 0]], [1, 0, -2])
    assert [flat.hyperplanes for flat in arrangement.flats(1)] == [(0, 2), (1,)]


@pytest.mark.parametrize("bad", [-1, 1.5, "1", None])
def test_bad_rank(bad):
    with pytest.raises(InputError, match="non-negative integer"):
        families.braid(3).flats(bad)


def test_flats_that_do_not_fit_in_memory(monkeypatch):
    monkeypatch.setattr("arrangement.recursion.memory", lambda: 2**16)
    with pytest.raises(SizeError, match=r"more than [\d,]+ flats do not fit"):
        families.generic(40, 4).flats(4)
