"""Flats: which there are, their points and directions."""

from fractions import Fraction
from itertools import combinations
from math import comb, isqrt, prod

import numpy as np
import pytest
from flint import fmpz
from hypothesis import given

from arrangement import Arrangement, InputError, SizeError, families
from arrangement.counting.flat_lattice import FlatLattice
from arrangement.exact import minor_bound, rank
from tests import reference
from tests.amounts import examples, first
from tests.counting import test_counting
from tests.hyperplanes.test_hyperplanes import arrangement_of
from tests.strategies import tables


def all_flats(arrangement):
    return [arrangement.flats(k) for k in range(arrangement.rank + 1)]


@examples(100)
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


def by_definition(rows):
    """The flats of each rank as sets of hyperplanes, in the order of their first bases."""
    found = {}
    for size in range(len(rows) + 1):
        for chosen in combinations(range(len(rows)), size):
            on = [rows[i] for i in chosen]
            k = test_counting.rank(on)
            if k == size and test_counting.rank([row[:-1] for row in on]) == k:
                flat = [i for i, row in enumerate(rows) if test_counting.rank([*on, row]) == k]
                found.setdefault(k, {}).setdefault(tuple(flat), chosen)
    return [sorted(flats, key=flats.get) for _, flats in sorted(found.items())]


@examples(100)
@given(tables())
def test_flats_by_definition(table):
    d, normals, offsets = table
    arrangement = arrangement_of(d, normals, offsets)
    found = [[flat.hyperplanes for flat in flats] for flats in all_flats(arrangement)]
    assert found == by_definition(reference.rows_of(normals, offsets))


def is_found_modulo_small_primes(arrangement):
    """Where much vanishes that is not zero, enough primes find the same flats and covers."""
    if arrangement.rank == 0:
        return
    usual = FlatLattice.of(arrangement)
    if minor_bound(usual._rows) > 10**60:  # more primes than are at hand
        return
    for k in range(arrangement.rank + 1):
        small = test_counting.modulo_small_primes(FlatLattice.of(arrangement))
        assert (small.flats(k) == usual.flats(k)).all()
    pairs = zip(small.covers(arrangement.rank), usual.covers(arrangement.rank), strict=True)
    for one, other in pairs:
        assert all((a == b).all() for a, b in zip(one, other, strict=True))


@examples(50)
@given(tables())
def test_primes_that_divide_many_minors(table):
    is_found_modulo_small_primes(arrangement_of(*table))


def test_one_prime_is_not_enough():
    limit = isqrt(2**53 // 3)
    big = prod(p for p in range(limit - 200, limit + 1) if fmpz(p).is_prime())
    assert big > limit**3
    for normals in ([[1, 0], [1, big], [1, 2 * big]], [[1, 0], [1, big], [3, 5 * big**2]]):
        for offsets in ([0, 0, 0], [0, 1, big], [1, 1, 1 + big]):
            arrangement = Arrangement(normals, offsets)
            found = [[flat.hyperplanes for flat in flats] for flats in all_flats(arrangement)]
            assert found == by_definition(reference.rows_of(normals, offsets))


def in_other_coordinates(arrangement, seed):
    """The image under a random affine map, with hyperplanes scaled."""
    rng = np.random.default_rng(seed)
    n, d = arrangement.normals.shape
    while True:
        matrix = rng.integers(-10, 11, (d + 1, d + 1)).astype(object)
        matrix[:-1, -1] = 0
        matrix[-1, -1] = 1
        if rank(matrix) == d + 1:
            break
    factors = [Fraction(int(a), int(b)) for a, b in rng.integers(1, 30, (n, 2))]
    rows = (arrangement.rows @ matrix.T) * np.array(factors, dtype=object)[:, None]
    return Arrangement(rows[:, :-1], rows[:, -1])


@pytest.mark.parametrize(
    "name", first(3, ["braid 5", "resonance 4", "threshold 3", "shi 4", "H 3", "simple"])
)
def test_flats_do_not_depend_on_coordinates(name):
    arrangement = {
        "braid 5": lambda: families.braid(5),
        "resonance 4": lambda: families.resonance(4),
        "threshold 3": lambda: families.threshold(3),
        "shi 4": lambda: families.shi(4),
        "H 3": lambda: families.coxeter("H", 3),
        "simple": lambda: families.generic(70, 2),
    }[name]()
    other = in_other_coordinates(arrangement, 3)
    assert (other.rows != arrangement.rows).any()
    for one, two in zip(all_flats(arrangement), all_flats(other), strict=True):
        assert np.array_equal(one.packed, two.packed)
        assert np.array_equal(one.mobius, two.mobius)


@examples(100)
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


def test_flats_are_found_in_blocks(monkeypatch):
    arrangement = families.resonance(4)
    wanted = [flats.packed for flats in all_flats(arrangement)]
    seen = []
    monkeypatch.setattr("arrangement.counting.flat_lattice.BATCH", 1)
    for k, packed in enumerate(wanted):
        assert (
            arrangement.flats(k, progress=lambda *step: seen.append(step)).packed == packed
        ).all()
    assert seen
    assert all(1 <= done <= total == 15 for done, total in seen)


def test_flats_that_do_not_fit_in_memory(monkeypatch):
    monkeypatch.setattr("arrangement.memory.memory", lambda: 2**16)
    with pytest.raises(SizeError, match=r"more than [\d,]+ flats do not fit"):
        families.generic(40, 4).flats(4)
