"""Whitney numbers, Tutte polynomials and NBC sets by their definitions; matroids."""

import math
from functools import cache
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given

from arrangement import Arrangement, InputError, families
from tests.amounts import examples, first
from tests.hyperplanes.test_hyperplanes import arrangement_of
from tests.reference import eliminate, rows_of
from tests.strategies import tables


def common_rank(rows):
    """The codimension of the intersection of some hyperplanes; None if it is empty."""
    rows, rank = [row for row in rows if any(row)], 0
    while rows:
        pivot = next((row for row in rows if any(row[:-1])), None)
        if pivot is None:
            return None
        column = next(k for k, v in enumerate(pivot[:-1]) if v)
        rows = [row for row in (eliminate(r, pivot, column) for r in rows) if any(row)]
        rank += 1
    return rank


class Subsets:
    """All sets of hyperplanes, each with the rank of its intersection."""

    def __init__(self, arrangement):
        n = arrangement.n_hyperplanes
        rows = rows_of(arrangement.given[:, :-1], arrangement.given[:, -1])
        self.n = n
        self.rank = {
            S: common_rank([rows[i] for i in S])
            for k in range(n + 1)
            for S in combinations(range(n), k)
        }

    def closure(self, S):
        return tuple(
            i for i in range(self.n) if self.rank[tuple(sorted({*S, i}))] == self.rank[S]
        )

    def flats(self):
        return {self.closure(S) for S, r in self.rank.items() if r is not None}

    def whitney_data(self, top):
        flats = sorted(self.flats(), key=len)

        @cache
        def mobius(X, Y):
            between = (Z for Z in flats if {*X} <= {*Z} < {*Y})
            return 1 if X == Y else -sum(mobius(X, Z) for Z in between)

        first, second = np.zeros((2, top + 1, top + 1), dtype=int)
        for X in flats:
            for Y in flats:
                if {*X} <= {*Y}:
                    first[self.rank[X], self.rank[Y]] += mobius(X, Y)
                    second[self.rank[X], self.rank[Y]] += 1
        return first.tolist(), second.tolist()

    def tutte(self, top):
        """Σ (x−1)^(r − r(B)) (y−1)^(|B| − r(B)) at (x, y) = (3, 5), (2, 0), (−1, 2)."""
        return [
            sum(
                (x - 1) ** (top - r) * (y - 1) ** (len(B) - r)
                for B, r in self.rank.items()
                if r is not None
            )
            for x, y in ((3, 5), (2, 0), (-1, 2))
        ]

    def circuits(self):
        dependent = [S for S, r in self.rank.items() if r is not None and r < len(S)]
        return [
            S
            for S in dependent
            if all(self.rank[T] == len(T) for T in combinations(S, len(S) - 1))
        ]

    def nbc_sets(self):
        broken = [{*S[1:]} for S in self.circuits()]
        return [
            S
            for S, r in self.rank.items()
            if r is not None and not any(b <= {*S} for b in broken)
        ]


def value(table, x, y):
    return sum(c * x**i * y**j for i, row in enumerate(table) for j, c in enumerate(row))


@examples(80)
@given(tables())
def test_invariants_are_those_of_their_definitions(table):
    arrangement = arrangement_of(*table)
    sets, top = Subsets(arrangement), arrangement.rank
    first, second = sets.whitney_data(top)
    assert arrangement.whitney_data() == (first, second)
    assert [arrangement.whitney_number(k) for k in range(top + 2)] == [*first[0], 0]
    assert [arrangement.whitney_number(k, kind=2) for k in range(top + 2)] == [*second[0], 0]
    tutte = arrangement.tutte_polynomial()
    assert [value(tutte, *at) for at in ((3, 5), (2, 0), (-1, 2))] == sets.tutte(top)
    assert value(tutte, 2, 0) == len(arrangement.cells())
    nbc = sets.nbc_sets()
    for k in range(top + 2):
        found = arrangement.nbc_sets(k)
        assert list(map(tuple, found.tolist())) == [S for S in nbc if len(S) == k]
        assert len(found) == abs(arrangement.whitney_number(k))


@examples(80)
@given(tables(central=True))
def test_the_matroid_is_that_of_its_definition(table):
    arrangement = arrangement_of(*table)
    sets, found = Subsets(arrangement), arrangement.matroid()
    top = arrangement.rank
    bases = [S for S, r in sets.rank.items() if r == len(S) == top]
    assert list(map(tuple, found.bases.tolist())) == bases
    assert value(found.tutte_polynomial, 1, 1) == len(bases)
    assert found.circuits == sorted(sets.circuits())
    meeting = [S for S in sets.rank if all({*S} & {*B} for B in bases)]
    minimal = [S for S in meeting if not any({*T} < {*S} for T in meeting)]
    assert found.cocircuits == sorted(minimal if top else [])
    for S, r in sets.rank.items():
        assert (found.rank_of(S), found.closure(S)) == (r, sets.closure(S))
        assert found.is_independent(S) == (r == len(S))
    flats = sets.flats()
    for k in range(top + 1):
        assert sorted(found.flats(k)) == sorted(X for X in flats if sets.rank[X] == k)


@pytest.mark.parametrize("seed", first(1, range(12)))
def test_tutte_polynomials_satisfy_deletion_and_contraction(seed):
    rng = np.random.default_rng(seed)
    normals = rng.integers(-1, 2, (7, 3))
    normals = normals[normals.any(axis=1)]
    whole = Arrangement(normals)
    for e in range(len(normals)):
        deleted = whole.deletion(e)
        row = normals[e]
        column = np.flatnonzero(row)[0]
        contracted = row[column] * normals - np.outer(normals[:, column], row)
        contracted = np.delete(np.delete(contracted, e, axis=0), column, axis=1)
        loops = ~contracted.any(axis=1)
        rest = Arrangement(contracted[~loops].reshape(-1, 2))
        for x, y in ((2, 3), (-2, 5)):
            without = value(deleted.tutte_polynomial(), x, y)
            onto = value(rest.tutte_polynomial(), x, y) * y ** int(loops.sum())
            coloop = deleted.rank < whole.rank
            assert value(whole.tutte_polynomial(), x, y) == (
                x * onto if coloop else without + onto
            )


def test_polynomials_of_published_arrangements():
    plane = Arrangement(np.eye(2))
    assert plane.cocharacteristic_polynomial() == (1, 2, 1)
    assert plane.primitive_eulerian_polynomial() == (1, 0, 0)
    braid = families.braid(3).essentialization()
    assert braid.cocharacteristic_polynomial() == (2, 3, 1)
    assert braid.primitive_eulerian_polynomial() == (1, 1, 0)
    assert families.shi(3).poincare_polynomial() == (0, 9, 6, 1)
    assert families.braid(3).tutte_polynomial() == [[0, 1], [1, 0], [1, 0]]


@pytest.mark.parametrize("n", range(2, 7))
def test_the_primitive_eulerian_polynomial_of_braids_is_eulerian(n):
    eulerian = [
        sum((-1) ** j * math.comb(n, j) * (k + 1 - j) ** (n - 1) for j in range(k + 1))
        for k in range(n - 1)
    ]
    assert families.braid(n).primitive_eulerian_polynomial() == (*eulerian[::-1], 0)


@examples(60)
@given(tables(central=True))
def test_sums_of_polynomials_are_whitney_numbers(table):
    arrangement = arrangement_of(*table)
    first, _ = arrangement.whitney_data()
    assert sum(arrangement.primitive_eulerian_polynomial()) == abs(first[0][-1])
    weights = (-1) ** np.arange(arrangement.rank + 1)
    assert sum(abs(row[-1]) * w for row, w in zip(first, weights, strict=True)) == (
        0 if arrangement.rank else 1
    )


@examples(20)
@given(tables())
def test_meets_and_joins_are_those_of_sets(table):
    arrangement = arrangement_of(*table)
    sets = Subsets(arrangement)
    flats = sorted(sets.flats())[:6]
    for X in flats:
        for Y in flats:
            above = [Z for Z in sets.flats() if {*X} | {*Y} <= {*Z}]
            below = [Z for Z in sets.flats() if {*Z} <= {*X} & {*Y}]
            assert arrangement.meet(X, Y) == max(below, key=len)
            if above:
                assert arrangement.join(X, Y) == min(above, key=len)
            else:
                with pytest.raises(InputError, match="share no point"):
                    arrangement.join(X, Y)


def test_what_asks_for_a_common_point_says_so():
    parallels = Arrangement([[1], [1]], [0, -1])
    for ask in (
        parallels.cocharacteristic_polynomial,
        parallels.primitive_eulerian_polynomial,
        parallels.matroid,
        parallels.modular_chain,
        parallels.inductive_chain,
        parallels.is_formal,
    ):
        with pytest.raises(InputError, match="cone"):
            ask()
    with pytest.raises(InputError, match="kind"):
        parallels.whitney_number(1, kind=3)
    with pytest.raises(InputError, match="once"):
        families.braid(3).matroid().is_independent([1, 1])


def test_nbc_sets_of_more_hyperplanes_than_bits():
    many = Arrangement(np.random.default_rng(0).integers(-9, 10, (70, 2)), np.arange(70))
    for k in range(3):
        assert len(many.nbc_sets(k)) == many.whitney_numbers()[k]
