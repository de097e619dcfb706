"""Characteristic polynomials against definitions, theorems and known counts."""

from fractions import Fraction
from itertools import combinations, permutations, product
from math import comb, isqrt, prod

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from arrangement import Arrangement, InputError, NumberField, SizeError, exact, families
from arrangement.counting import flat_levels, polynomial, whitney
from arrangement.counting.flat_count import FlatCount
from arrangement.enumeration import restrict
from arrangement.exact.one_field import field_of
from arrangement.symmetry import permutation_groups
from arrangement.symmetry.permutation_groups import PermutationGroup
from tests import reference
from tests.amounts import examples, first
from tests.facts import BOUNDED, CELLS, COUNTS, WHITNEY
from tests.hyperplanes.test_hyperplanes import arrangement_of
from tests.strategies import tables

LARGE = {("resonance", 6)}


def family(name, n):
    return getattr(families, name)(n)


def rank(rows):
    """The rank of rows of Fractions."""
    rows, found = list(rows), 0
    while rows:
        pivot = rows.pop()
        column = next((k for k, v in enumerate(pivot) if v), None)
        if column is not None:
            found += 1
            rows = [reference.eliminate(r, pivot, column) for r in rows]
    return found


def whitney_sum(rows, d):
    """χ(t) = Σ (−1)^|B| t^(d − rank B) over all B with a common point (Whitney 1932)."""
    coefficients = [0] * (d + 1)
    for size in range(len(rows) + 1):
        for chosen in combinations(rows, size):
            r = rank([row[:-1] for row in chosen])
            if rank(chosen) == r:
                coefficients[r] += (-1) ** size
    return tuple(coefficients)


def evaluate(coefficients, t):
    value = 0
    for c in coefficients:
        value = value * t + c
    return value


def minors(rows):
    """The absolute values of all minors."""
    table = np.array(rows, dtype=np.int64)
    found = set()
    for size in range(1, min(table.shape) + 1):
        for i in combinations(range(len(table)), size):
            for j in combinations(range(table.shape[1]), size):
                found.add(abs(round(np.linalg.det(table[np.ix_(i, j)].astype(float)))))
    return found


def is_prime(q):
    return q > 1 and all(q % k for k in range(2, isqrt(q) + 1))


@given(tables())
def test_every_coefficient_is_that_of_whitneys_sum(table):
    d, normals, offsets = table
    arrangement = arrangement_of(d, normals, offsets)
    rows = reference.rows_in(arrangement)
    assert arrangement.characteristic_polynomial() == whitney_sum(rows, d)


@given(tables())
def test_zaslavskys_theorem(table):
    arrangement = arrangement_of(*table)
    cells = arrangement.cells()
    assert arrangement.n_cells() == len(cells)
    assert arrangement.n_bounded_cells() == cells.bounded.sum()


@given(tables(), st.data())
def test_deletion_and_restriction(table, data):
    arrangement = arrangement_of(*table)
    n = arrangement.n_hyperplanes
    if n == 0:
        return
    i = data.draw(st.integers(0, n - 1))
    whole = arrangement.characteristic_polynomial()
    deletion = arrangement.deletion(i).characteristic_polynomial()
    first, _ = arrangement.coincidence
    if (first == first[i]).sum() > 1:
        assert whole == deletion
        return
    restriction = arrangement.restriction(i).characteristic_polynomial()
    assert whole == tuple(a - b for a, b in zip(deletion, (0, *restriction), strict=True))


@pytest.mark.parametrize("symmetry", [None, "auto"])
@pytest.mark.parametrize(("name", "n"), sorted(CELLS))
def test_known_numbers_of_cells(name, n, symmetry):
    assert family(name, n).n_cells(symmetry=symmetry) == CELLS[name, n]


@pytest.mark.parametrize("symmetry", [None, "auto"])
@pytest.mark.parametrize(("name", "n"), sorted(BOUNDED))
def test_known_numbers_of_bounded_cells(name, n, symmetry):
    assert family(name, n).n_bounded_cells(symmetry=symmetry) == BOUNDED[name, n]


@pytest.mark.parametrize("symmetry", [None, "auto"])
@pytest.mark.parametrize(("name", "n"), sorted(WHITNEY))
def test_known_whitney_numbers(name, n, symmetry):
    assert list(family(name, n).whitney_numbers(symmetry=symmetry)) == WHITNEY[name, n]


@pytest.mark.parametrize(
    ("name", "n"),
    [
        pytest.param(name, n, marks=pytest.mark.slow if n > 6 else ())
        for name, n in sorted(COUNTS)
    ],
)
def test_numbers_of_cells_that_are_too_many_to_list(name, n):
    assert family(name, n).n_cells(symmetry="auto") == COUNTS[name, n]


@pytest.mark.parametrize("symmetry", [None, "auto"])
@pytest.mark.parametrize(
    ("name", "n"),
    [("braid", 6), ("shi", 5), ("ish", 5), ("catalan", 4), ("linial", 5), ("semiorder", 4),
     ("cross_polytope", 5)],
)  # fmt: skip
def test_closed_forms_of_families(name, n, symmetry):
    known = families.known_counts(name, n).characteristic_polynomial
    assert known is not None
    assert family(name, n).characteristic_polynomial(symmetry) == known


@pytest.mark.slow
def test_resonance_8():
    assert families.resonance(8).n_cells(symmetry="auto") == 419_172_756_930


@pytest.mark.slow
def test_threshold_6_without_symmetry():
    assert families.threshold(6).n_cells() == COUNTS["threshold", 6]


@pytest.mark.parametrize(
    ("letter", "n", "exponents"),
    [
        ("A", 5, [1, 2, 3, 4, 5]),
        ("B", 5, [1, 3, 5, 7, 9]),
        ("D", 5, [1, 3, 5, 7, 4]),
        ("E", 6, [1, 4, 5, 7, 8, 11]),
        ("E", 7, [1, 5, 7, 9, 11, 13, 17]),
        ("E", 8, [1, 7, 11, 13, 17, 19, 23, 29]),
    ],
)
def test_coxeter_arrangements_factor_by_their_exponents(letter, n, exponents):
    arrangement = families.coxeter(letter, n)
    expected = [1]
    for e in exponents:
        expected = [a - e * b for a, b in zip([*expected, 0], [0, *expected], strict=True)]
    expected += [0] * (arrangement.dimension - n)
    assert list(arrangement.characteristic_polynomial(symmetry="auto")) == expected
    if arrangement.n_hyperplanes < 100:
        assert list(arrangement.characteristic_polynomial()) == expected


@pytest.mark.parametrize("n", range(1, 8))
def test_braid_and_shi_arrangements(n):
    for t in (-1, 1, 2, 10):
        braid = families.braid(n).characteristic_polynomial()
        assert evaluate(braid, t) == np.prod([t - k for k in range(n)])
        shi = families.shi(min(n, 5)).characteristic_polynomial()
        assert evaluate(shi, t) == t * (t - min(n, 5)) ** (min(n, 5) - 1)


@pytest.mark.parametrize(
    ("name", "n"),
    [("braid", 3), ("braid", 4), ("shi", 3), ("linial", 3), ("catalan", 3), ("resonance", 3),
     ("semiorder", 3), ("threshold", 2), ("cross_polytope", 3)],
)  # fmt: skip
def test_points_over_finite_fields(name, n):
    """χ(q) counts the points of F_q^d off the hyperplanes (Athanasiadis 1996).

    It does for a prime q that divides no minor but 0 of the rows [normal | offset]: then sets
    of hyperplanes keep their ranks, and whether they meet, modulo q.
    """
    arrangement = family(name, n).essentialization()
    rows = np.array(arrangement.rows.tolist(), dtype=np.int64)
    d = arrangement.dimension
    bad = minors(rows) - {0}
    good = [q for q in range(2, 100) if is_prime(q) and all(m % q for m in bad)][:2]
    assert len(good) == 2
    for q in good:
        points = np.array(list(product(range(q), repeat=d)), dtype=np.int64)
        values = (points @ rows[:, :-1].T + rows[:, -1]) % q
        assert (values != 0).all(axis=1).sum() == evaluate(
            arrangement.characteristic_polynomial(), q
        )


def test_a_small_affine_example():
    normals = np.array([[-1, 1, 1, 0], [1, 0, 1, 1]]).T
    arrangement = Arrangement(normals, [1, 0, 1, 0])
    assert arrangement.characteristic_polynomial() == (1, -4, 5)
    assert arrangement.whitney_numbers() == (1, 4, 5)
    assert (arrangement.n_cells(), arrangement.n_bounded_cells()) == (10, 2)


@pytest.mark.parametrize("d", [0, 1, 3])
@pytest.mark.parametrize("symmetry", [None, "auto", []])
def test_no_hyperplanes(d, symmetry):
    space = Arrangement(np.zeros((0, d)))
    assert space.characteristic_polynomial(symmetry) == (1,) + (0,) * d
    assert space.n_cells(symmetry) == space.n_bounded_cells(symmetry) == 1
    assert space.cells().bounded.sum() == 1


@pytest.mark.parametrize("symmetry", [None, "auto", [[0, 2, 1]]])
def test_points_on_a_line_and_copies(symmetry):
    assert Arrangement([[2], [1], [1]], [2, 1, 1]).characteristic_polynomial(symmetry) == (
        1,
        -1,
    )
    assert Arrangement([[1], [1], [-1]], [0, 1, 1]).characteristic_polynomial(symmetry) == (
        1,
        -3,
    )


def test_general_position():
    arrangement = families.generic(14, 4)
    whitney = arrangement.whitney_numbers()
    assert whitney == tuple(comb(14, k) for k in range(5))
    central = Arrangement(np.random.default_rng(1).normal(size=(12, 5)))
    assert central.n_cells() == 2 * sum(comb(11, k) for k in range(5))


@pytest.mark.slow
def test_many_dimensions():
    """The cube grid: a product of as many arrangements as there are coordinates."""
    n = 70
    corner = Arrangement(np.eye(n, dtype=int), [1] * n)
    assert corner.whitney_numbers() == tuple(comb(n, k) for k in range(n + 1))
    grid = Arrangement(np.repeat(np.eye(n, dtype=int), 3, axis=0), [0, 1, 2] * n)
    assert grid.n_cells(symmetry="auto") == 4**n
    assert grid.n_bounded_cells() == 2**n
    cycle = [*range(1, 12), 0]
    swap = [1, 0, *range(2, 12)]
    assert Arrangement(np.eye(12, dtype=int)).n_cells(symmetry=[cycle, swap]) == 2**12


def test_minors_that_vanish_modulo_many_primes():
    """Rows that cannot be told apart modulo the primes that the count begins with."""
    probe = FlatCount(np.array([[1, 10**40], [1, 0]], dtype=object), None, None)
    product_of_primes = 1
    for p in probe._moduli:
        product_of_primes *= p
    big = product_of_primes**3
    for offsets in ([0, 0, 0], [0, 1, big]):
        arrangement = Arrangement([[1, 0], [1, big], [1, 2 * big]], offsets)
        rows = reference.rows_in(arrangement)
        assert arrangement.characteristic_polynomial() == whitney_sum(rows, 2)
    space = Arrangement([[1, 0, 0], [1, big, 0], [1, 0, big], [1, big, big], [0, 1, 1]])
    rows = reference.rows_in(space)
    assert space.characteristic_polynomial() == whitney_sum(rows, 3)


def with_small_primes(rows, infinity, group):
    """A count modulo 2, 3, 5, …, as many as a proof needs."""
    return modulo_small_primes(FlatCount(rows, infinity, group))


def modulo_small_primes(count):
    field = field_of(count._rows)
    small = [(q, 0) for q in range(2, 1000) if is_prime(q)]
    if field is not None:
        small = list(field.primes(1000))[::-1]
    bound = exact.minor_bound(count._rows)
    count.needed = next(k for k in range(1, 50) if prod(q for q, _ in small[:k]) > bound)
    count._primes = iter(small)
    count._moduli, count._residues = [], count._residues[:0]
    count._more_primes(1)
    return count


@given(st.lists(st.tuples(*[st.integers(-9, 9)] * 3), min_size=3, max_size=6))
@examples(100)
def test_primes_that_divide_many_minors(rows):
    """Where much vanishes that is not zero, enough primes decide all the same."""
    arrangement = Arrangement(np.array([(1, 0, 0), *filter(any, rows)]))
    if arrangement.rank < 3:
        return
    vectors = arrangement.rows[np.unique(arrangement.coincidence[0]), :-1]
    fractions = [(*map(Fraction, row), Fraction(0)) for row in vectors]
    expected = [abs(w) for w in whitney_sum(fractions, 3)]
    alone = PermutationGroup([range(len(vectors))])
    assert with_small_primes(vectors, None, alone).whitney_numbers() == expected[:-1]
    decone = with_small_primes(vectors[1:], vectors[0], None).whitney_numbers()
    assert np.convolve(decone, [1, 1]).tolist() == expected


def test_the_size_of_the_numbers_does_not_matter():
    """The same arrangement in other coordinates, with entries of hundreds of bits."""
    rng = np.random.default_rng(5)
    plain = Arrangement(rng.integers(-1, 2, size=(16, 3)) * 2 + 1, rng.integers(-1, 2, size=16))
    change = [[int(v * 2**60) ** 3 for v in row] for row in rng.normal(size=(3, 3))]
    normals = np.array(plain.rows[:, :-1], dtype=object) @ np.array(change, dtype=object)
    hidden = Arrangement(normals, plain.rows[:, -1])
    expected = plain.characteristic_polynomial()
    assert hidden.characteristic_polynomial() == expected
    assert hidden.characteristic_polynomial(symmetry="auto") == expected


@st.composite
def symmetric_tables(draw):
    """Rows closed under permutations of the coordinates, and the permutations that do it."""
    d = draw(st.integers(2, 3))
    affine = draw(st.booleans())
    seeds = draw(
        st.lists(
            st.tuples(*[st.integers(-2, 2)] * d, st.integers(-1, 1) if affine else st.just(0)),
            min_size=1,
            max_size=2,
        ).filter(lambda rows: all(any(row[:-1]) for row in rows))
    )
    rows = {
        (*(row[k] for k in order), row[-1]) for row in seeds for order in permutations(range(d))
    }
    rows = draw(st.permutations(sorted(rows)))
    generators = []
    for k in range(d - 1):
        swap = [*range(k), k + 1, k, *range(k + 2, d + 1)]
        generators.append([rows.index(tuple(row[c] for c in swap)) for row in rows])
    return np.array(rows), generators


@given(symmetric_tables())
@examples(60)
def test_symmetry_does_not_change_the_answer(drawn):
    rows, generators = drawn
    arrangement = Arrangement(rows[:, :-1], rows[:, -1])
    plain = arrangement.characteristic_polynomial()
    assert arrangement.characteristic_polynomial(symmetry=generators) == plain
    assert arrangement.characteristic_polynomial(symmetry=generators[:1]) == plain
    assert arrangement.characteristic_polynomial(symmetry="auto") == plain


def test_part_of_the_symmetry_is_enough():
    arrangement = families.resonance(5)
    rows = arrangement.normals.astype(int).tolist()
    rotation = [rows.index([*row[1:], row[0]]) for row in rows]
    assert arrangement.n_cells(symmetry=[rotation]) == CELLS["resonance", 5]


@pytest.mark.parametrize(
    ("symmetry", "message"),
    [
        ("all", "'all': give None, 'auto', 'full', a ReflectionGroup, permutations or"),
        ([[0, 1]], "symmetry 0: .* no permutation of 0 … 2"),
        ([[0, 1, 2], [0, 1, 1]], "symmetry 1: .* no permutation"),
        ([[0, 1, "2"]], "list of integers"),
        ([3], "list of integers"),
        (7, "None, 'auto' or a list"),
        ([[0, 2, 1], [1, 2, 0]], "symmetry 1: no affine map"),
    ],
)
def test_what_is_no_symmetry_is_refused(symmetry, message):
    lines = Arrangement([[1, 0], [0, 1], [0, 1]], [0, 0, 1])
    with pytest.raises(InputError, match=message):
        lines.n_cells(symmetry=symmetry)


def test_copies_must_go_to_copies():
    lines = Arrangement([[1, 0], [2, 0], [0, 1], [0, -1]])
    assert lines.n_cells(symmetry=[[3, 2, 0, 1]]) == 4
    with pytest.raises(InputError, match="hyperplanes 0 and 1 coincide"):
        lines.n_cells(symmetry=[[0, 2, 1, 3]])


def test_too_many_flats(monkeypatch):
    monkeypatch.setattr(flat_levels, "memory", lambda: 10**5)
    monkeypatch.setattr(flat_levels, "LITTLE", 10**4)
    monkeypatch.setattr(polynomial, "MANY", 1000)
    monkeypatch.setattr(whitney, "STEP", 1000)
    with pytest.raises(SizeError, match="flats"):
        families.resonance(6).characteristic_polynomial()


def test_progress_is_told():
    seen = []
    families.threshold(4).n_cells(progress=lambda done, total: seen.append((done, total)))
    assert seen
    assert all(0 <= done <= total for done, total in seen)
    assert seen[-1][0] == seen[-1][1]


def test_numbers_beyond_a_machine_word():
    """Two flats, of a hundred bits each, that pass theirs on to one that covers them."""
    numbers = [3**60, 2**100 - 1]
    limbs = flat_levels.limbs_of(numbers, 4)
    table = np.zeros((3, 5), dtype=np.uint64)
    table[:, 0] = 7, 7, 9
    table[:, 1:] = flat_levels.carried(limbs[[0, 1, 1]] * np.array([[2], [1], [500]]))
    found = flat_levels.merged([table[:1], table[1:]], 1)
    sums = dict(zip(found[:, 0].tolist(), flat_levels.numbers_of(found[:, 1:]), strict=True))
    assert sums == {7: 2 * numbers[0] + numbers[1], 9: 500 * numbers[1]}


def test_orbits_that_fall_into_parts_are_counted_right(monkeypatch):
    """With little room for stabilisers, equivalent flats are counted apart, as fractions."""
    rows = families.resonance(5).rows[:, :-1]
    symmetry = []
    for k in range(4):
        swap = [*range(k), k + 1, k, *range(k + 2, 5)]
        symmetry.append([rows.tolist().index(row) for row in rows[:, swap].tolist()])
    denominators = set()
    for room in range(0, 20000, 1000):
        monkeypatch.setattr(permutation_groups, "ROOM", room)
        count = FlatCount(rows, None, PermutationGroup(symmetry))
        assert count.whitney_numbers() == WHITNEY["resonance", 5][:-1]
        denominators.add(count._denominator)
    assert max(denominators) > 1


@given(tables(max_hyperplanes=4, max_dimension=2), tables(max_hyperplanes=4, max_dimension=2))
@examples(30)
def test_products(one, two):
    (d, normals, offsets), (e, others, more) = one, two
    first = arrangement_of(d, normals, offsets)
    second = Arrangement(np.array(others, dtype=object).reshape(-1, e), more)
    rows = [[*row, *[0] * e] for row in normals] + [[*[0] * d, *row] for row in others]
    both = Arrangement(np.array(rows, dtype=object).reshape(-1, d + e), [*offsets, *more])
    p, q = (a.characteristic_polynomial() for a in (first, second))
    assert list(both.characteristic_polynomial()) == np.convolve(p, q).tolist()


@pytest.mark.parametrize(
    "arrangement",
    [families.generic(14, 6), families.generic(12, 11), families.generic(40, 3)],
)
def test_both_ways_to_count_agree(arrangement):
    assert arrangement.n_cells() == sum(arrangement.whitney_numbers())
    assert restrict.count(arrangement) == arrangement.n_cells()


def by_flats(arrangement):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(polynomial.BrokenCircuits, "whitney_numbers", lambda *_: None)
        return arrangement.characteristic_polynomial()


@given(tables())
def test_set_by_set_and_flat_by_flat(table):
    arrangement = arrangement_of(*table)
    assert arrangement.characteristic_polynomial() == by_flats(arrangement)


@pytest.mark.parametrize("seed", first(8, range(60)))
def test_what_the_first_prime_does_not_tell_apart(seed, monkeypatch):
    """Modulo small primes much coincides that is different, and much vanishes."""
    rng = np.random.default_rng(seed)
    n, d = int(rng.integers(4, 14)), int(rng.integers(2, 6))
    rows = rng.integers(-2, 3, (n, d + 1)).astype(object)
    rows = rows[rows[:, :-1].any(axis=1)]
    if seed % 4 == 1:
        rows = rows @ rng.integers(-(10**9), 10**9, (d + 1, d + 1)).astype(object)
        rows = rows[rows[:, :-1].any(axis=1)]
    if seed % 4 == 2:
        rows[:, -1] = 0
    if seed % 4 == 3:
        rows = rows + rng.integers(-2, 3, rows.shape) * NumberField("sqrt(5)").generator
    arrangement = Arrangement(rows[:, :-1], rows[:, -1])
    wanted = by_flats(arrangement)
    assert arrangement.characteristic_polynomial() == wanted
    monkeypatch.setattr(whitney, "SMALLEST", 2)
    monkeypatch.setattr(whitney, "LARGEST", 3)
    assert arrangement.characteristic_polynomial() == wanted
    monkeypatch.setattr(whitney, "LARGEST_PROOF", 1000)
    assert arrangement.characteristic_polynomial() == wanted
    assert sum(map(abs, wanted)) == restrict.count(arrangement)


def test_points_that_the_first_prime_takes_for_one():
    """The points 0, q and q again on the last line, and directions alike, where p divides q."""
    q = 10**6 * whitney._prime(whitney.SMALLEST, None)[0]
    for normals, offsets in (
        ([[1, 0], [1, 0], [1, 1], [0, 1]], [0, -q, -q, 0]),
        ([[1, 0], [1, q], [1, q], [2, q], [1, 2 * q]], [0, 1, 2, 3, 4]),
        ([[1, 0, 0], [1, q, 0], [1, 0, q], [1, q, q], [1, 2 * q, q], [2, q, q]], [0] * 6),
    ):
        arrangement = Arrangement(normals, offsets)
        rows = reference.rows_in(arrangement)
        wanted = whitney_sum(rows, len(normals[0]))
        assert arrangement.characteristic_polynomial() == wanted


@pytest.mark.parametrize("several", first(1, [False, True]))
def test_lines_that_the_first_primes_take_for_one_another_or_for_infinity(several):
    """Several: all the primes that are tried."""
    q, size = 10**6, whitney.SMALLEST
    while size < 2**27:
        q *= whitney._prime(size, None)[0]
        size *= 2 if several else 2**20
    for normals, offsets in (
        ([[1, 1], [1, 0], [1 + q, 1], [1, 2]], [0, 0, 0, 1]),
        ([[1, 0], [0, 1], [q, 2 * q], [q * q, 3], [1, 1]], [0, 0, 1, 5, 1]),
        ([[1, 0, 0], [0, 1, 0], [0, 0, 1], [q, q, -q], [1, 1, q]], [0, 0, 0, 1, 0]),
        ([[1, 2, q], [1, 2 + q, 0], [0, q, q * q + 1], [1, 1, 1]], [0] * 4),
    ):
        arrangement = Arrangement(normals, offsets)
        rows = reference.rows_in(arrangement)
        wanted = whitney_sum(rows, len(normals[0]))
        assert arrangement.characteristic_polynomial() == wanted


def test_progress_of_very_many_sets_is_told(monkeypatch):
    """The share that is done of 2^300 sets, to a power of 299, is below every float."""
    monkeypatch.setattr(whitney, "STEP", 1000)
    n = 300
    circle = np.eye(n, dtype=int) - np.roll(np.eye(n, dtype=int), 1, axis=1)
    table = circle[:, 1:].astype(object)
    seen = []
    count = whitney.BrokenCircuits(
        table[:-1], table[-1], lambda done, total: seen.append((done, total))
    )
    assert count.whitney_numbers(most=5000) is None
    assert seen[-1][0] > 5000
    assert all(isinstance(total, int) and done < total < 10**300 for done, total in seen)


@pytest.mark.parametrize(
    ("name", "n"), [("resonance", 5), ("threshold", 5), ("shi", 5), ("braid", 7)]
)
def test_degenerate_rows_that_small_primes_confuse(name, n, monkeypatch):
    monkeypatch.setattr(whitney, "SMALLEST", 2)
    monkeypatch.setattr(whitney, "LARGEST", 3)
    wanted = family(name, n).characteristic_polynomial()
    assert wanted == by_flats(family(name, n))


def test_products_are_counted_by_factors():
    assert families.grid(*[1] * 40).n_cells() == 2**40
    assert families.grid(*[2] * 30).n_bounded_cells() == 1


@pytest.mark.slow
def test_symmetries_of_nothing_and_of_too_much():
    assert Arrangement(np.zeros((0, 2))).n_cells(symmetry=[[]]) == 1
    n = 70_000
    points = Arrangement(np.ones((n, 1)), -np.arange(n))
    with pytest.raises(SizeError, match="symmetry"):
        points.n_cells(symmetry=[list(range(n))[::-1]])


def test_no_symmetry_is_soon_given_up_on_badly_conditioned_data():
    rng = np.random.default_rng(0)
    rows = rng.integers(-3, 4, (6, 5)).astype(object)
    for c in range(1, 4):
        rows[:, c] += 10**30 * rows[:, c - 1]
    arrangement = Arrangement(rows[:, :4], rows[:, 4])
    assert arrangement.n_cells(symmetry="auto") == len(arrangement.cells())


def test_flats_are_counted_where_there_are_few_for_the_cells(monkeypatch):
    counted = []

    class Counted(FlatCount):
        def whitney_numbers(self, *given):
            counted.append(self.n)
            return super().whitney_numbers(*given)

    monkeypatch.setattr(polynomial, "FlatCount", Counted)
    monkeypatch.setattr(whitney, "STEP", 10)
    assert families.braid(6).n_cells() == 720
    assert families.generic(7, 4).n_cells() == 99
    assert not counted
    monkeypatch.setattr(polynomial, "MANY", 100)
    assert families.braid(6).n_cells() == 720
    assert counted == [14]
    assert families.generic(9, 4).n_cells() == 256  # as many flats
    assert counted == [14]
