"""The bounds against their recursions, and against arrangements that attain them."""

from itertools import product
from math import comb

import numpy as np
import pytest

from arrangement import Arrangement
from arrangement.bounds import cover, zaslavsky
from arrangement.errors import InputError

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


@pytest.mark.parametrize("bound", [zaslavsky, cover])
def test_bad_numbers_are_refused(bound):
    with pytest.raises(InputError, match=r"^n = 2.5 is not an integer$"):
        bound(2.5, 1)
    with pytest.raises(InputError, match=r"^d = '1' is not an integer$"):
        bound(2, "1")
    with pytest.raises(InputError, match=r"^n = -1 is negative$"):
        bound(-1, 1)
    with pytest.raises(InputError, match=r"^d = -2 is negative$"):
        bound(1, -2)
