"""The bounds against their recursions, and against arrangements that attain them."""

from itertools import product
from math import comb, prod

import numpy as np
import pytest

from arrangement import Arrangement
from arrangement.bounds import (
    buck,
    cover,
    montufar_2014,
    montufar_2017,
    raghu,
    serra,
    zaslavsky,
)
from arrangement.errors import InputError, SizeError
from arrangement.families import generic

SMALL = list(product(range(9), range(9)))


@pytest.mark.parametrize(("n", "d"), SMALL)
def test_zaslavsky_satisfies_the_recursion_of_inserting_a_hyperplane(n, d):
    # The new hyperplane is cut by the others into zaslavsky(n, d-1) cells and splits as many.
    assert zaslavsky(0, d) == 1
    assert zaslavsky(n, 0) == 1
    assert zaslavsky(n + 1, d + 1) == zaslavsky(n, d + 1) + zaslavsky(n, d)


@pytest.mark.parametrize(("n", "d"), SMALL)
def test_cover_satisfies_the_recursion_of_inserting_a_hyperplane(n, d):
    assert cover(0, d) == 1
    assert cover(n, 0) == 1
    assert cover(n + 1, 1) == 2
    assert cover(n + 1, d + 1) == 2 * zaslavsky(n, d)  # ± the decone
    if n:
        assert cover(n + 1, d + 2) == cover(n, d + 2) + cover(n, d + 1)


def test_values_from_the_literature():
    assert [zaslavsky(n, 2) for n in range(6)] == [1, 2, 4, 7, 11, 16]  # the lazy caterer
    assert [zaslavsky(n, 3) for n in range(6)] == [1, 2, 4, 8, 15, 26]  # the cake numbers
    assert zaslavsky(50, 5) == 2369936
    assert [cover(n, 3) for n in range(1, 7)] == [2, 4, 8, 14, 22, 32]
    assert cover(2 * 7, 7) == 2 ** (2 * 7 - 1)  # capacity: half of all dichotomies at n = 2d


def test_large_numbers_are_exact():
    assert zaslavsky(1000, 2) == 1 + 1000 + comb(1000, 2)
    assert zaslavsky(300, 10**30) == cover(300, 300) == 2**300
    assert zaslavsky(10**30, 1) == 10**30 + 1
    assert zaslavsky(np.int64(100), np.int8(50)) > 2**99


@pytest.mark.parametrize(("n", "d"), [(0, 1), (1, 1), (4, 1), (3, 2), (7, 2), (6, 3), (3, 5)])
def test_general_position_attains_both_bounds(n, d):
    # The moment curve: every d of the normals (1, t, t², ...) are independent.
    curve = np.vander(np.arange(1, n + 1), d + 1, increasing=True)
    assert len(Arrangement(curve[:, :-1], curve[:, -1]).cells()) == zaslavsky(n, d)
    assert len(Arrangement(curve[:, :-1]).cells()) == cover(n, d)


@pytest.mark.parametrize("bound", [zaslavsky, cover, buck])
def test_bad_numbers_are_refused(bound):
    with pytest.raises(InputError, match=r"^n = 2.5 is not an integer$"):
        bound(2.5, 1)
    with pytest.raises(InputError, match=r"^d = '1' is not an integer$"):
        bound(2, "1")
    with pytest.raises(InputError, match=r"^n = -1 is negative$"):
        bound(-1, 1)
    with pytest.raises(InputError, match=r"^d = -2 is negative$"):
        bound(1, -2)


@pytest.mark.parametrize(("n", "d"), SMALL)
def test_bounded_cells_satisfy_the_recursion_of_inserting_a_hyperplane(n, d):
    # A bounded cell is split in two, or cut off an unbounded one, once for each bounded piece.
    if n:
        assert zaslavsky(n + 1, d + 1, bounded=True) == zaslavsky(
            n, d + 1, bounded=True
        ) + zaslavsky(n, d, bounded=True)
    assert zaslavsky(0, d, bounded=True) == (d == 0)


@pytest.mark.parametrize(("n", "d"), SMALL)
def test_face_numbers_satisfy_the_relations_of_euler_and_the_ends(n, d):
    f, bounded = buck(n, d), buck(n, d, bounded=True)
    assert (len(f), f[d], bounded[d]) == (d + 1, zaslavsky(n, d), zaslavsky(n, d, bounded=True))
    assert f[0] == bounded[0] == comb(n, d)
    # R^d has compactly supported Euler characteristic (−1)^d; the bounded faces of an
    # essential arrangement are a contractible complex, and without a vertex there are none.
    assert sum((-1) ** k * f_k for k, f_k in enumerate(f)) == (-1) ** d
    assert sum((-1) ** k * f_k for k, f_k in enumerate(bounded)) == (n >= d)


@pytest.mark.parametrize(
    ("n", "d"), [(0, 2), (1, 1), (5, 1), (2, 3), (3, 3), (7, 2), (6, 3), (6, 4)]
)
def test_general_position_attains_all_face_numbers(n, d):
    arrangement = generic(n, d, rng=n)
    rank = arrangement.rank
    found = [len(arrangement.faces(arrangement.dimension - k)) for k in range(rank, -1, -1)]
    assert found == list(buck(n, d))[d - rank :] == list(buck(n, rank))
    assert int(arrangement.cells().bounded.sum()) == zaslavsky(n, rank, bounded=True)


def test_face_numbers_of_absurd_dimensions():
    assert buck(10**30, 1) == (10**30, 10**30 + 1)
    with pytest.raises(SizeError, match="at most 10000 dimensions"):
        buck(3, 10**9)


NETWORKS = [
    (n_0, w) for n_0 in (1, 2, 3) for k in (0, 1, 2, 3) for w in product(range(5), repeat=k)
]


@pytest.mark.parametrize(("n_0", "widths"), NETWORKS[::7])
def test_serra_is_the_sum_over_its_index_set(n_0, widths):
    total = 0
    for j in product(*(range(n + 1) for n in widths)):
        left = [n_0, *(n - k for n, k in zip(widths, j, strict=True))]
        if all(j[l] <= min([*left[: l + 1], n]) for l, n in enumerate(widths)):
            total += prod(comb(n, k) for n, k in zip(widths, j, strict=True))
    assert serra(n_0, widths) == total


def test_the_bounds_of_networks_are_in_order():
    for n_0, widths in NETWORKS:
        chain = [f(n_0, widths) for f in (montufar_2014, serra, montufar_2017, raghu)]
        assert chain == sorted(chain)
        assert chain[-1] <= 2 ** sum(widths)
        assert chain[1] >= 1


@pytest.mark.parametrize(("n", "d"), [(n, d) for n, d in SMALL if d])
def test_one_layer_is_an_arrangement(n, d):
    assert {f(d, [n]) for f in (montufar_2014, serra, montufar_2017, raghu)} == {
        zaslavsky(n, d)
    }


def test_networks_from_the_literature():
    # Two inputs, L layers of four units: 4^(L-1) copies of 11 regions.
    assert [montufar_2014(2, [4] * L) for L in (1, 2, 3)] == [11, 44, 176]
    assert raghu(2, [4, 4]) == 121
    assert montufar_2017(2, [4, 1, 4]) == 11 * 2 * 5
    assert serra(10**6, [500]) == 2**500
    assert montufar_2014(784, [100, 100]) == 0


@pytest.mark.parametrize("bound", [montufar_2014, serra, montufar_2017, raghu])
def test_bad_networks_are_refused(bound):
    assert bound(3, []) == 1
    assert bound(2, iter([3, 3])) == bound(2, np.array([3, 3])) == bound(np.int8(2), (3, 3))
    with pytest.raises(InputError, match=r"^n_0 = 0 is too small, the least is 1$"):
        bound(0, [1])
    with pytest.raises(InputError, match=r"^widths\[1\] = 2.5 is not an integer$"):
        bound(1, [1, 2.5])
    with pytest.raises(InputError, match=r"^widths\[0\] = -1 is negative$"):
        bound(1, [-1])
    for widths in (3, None):
        with pytest.raises(InputError, match="is not a sequence of integers, one a layer"):
            bound(1, widths)
