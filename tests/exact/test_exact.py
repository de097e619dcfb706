"""The comparison ladder, rung by rung, against Fractions."""

from fractions import Fraction
from itertools import combinations
from math import prod

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from arrangement import Arrangement, exact
from arrangement.exact.fields import FieldElement, NumberField
from arrangement.exact.one_field import field_of, simplest
from tests import reference
from tests.hyperplanes.test_hyperplanes import arrangement_of
from tests.strategies import tables


def determinant(matrix):
    if not matrix:
        return 1
    return sum(
        (-1) ** c * matrix[0][c] * determinant([r[:c] + r[c + 1 :] for r in matrix[1:]])
        for c in range(len(matrix))
    )


@given(
    st.integers(1, 4).flatmap(
        lambda d: st.lists(
            st.lists(st.integers(-5, 5), min_size=d, max_size=d), min_size=1, max_size=4
        )
    )
)
def test_minor_bound_bounds_every_minor(matrix):
    bound = exact.minor_bound(np.array(matrix, dtype=object))
    for k in range(1, min(len(matrix), len(matrix[0])) + 1):
        for rows in combinations(matrix, k):
            for columns in combinations(range(len(matrix[0])), k):
                assert abs(determinant([[row[c] for c in columns] for row in rows])) <= bound


@given(tables(), st.data())
def test_signs_at_points(table, data):
    arrangement = arrangement_of(*table)
    d = arrangement.dimension
    coordinates = st.one_of(st.integers(-3, 3).map(float), st.floats(allow_nan=False, width=64))
    finite = coordinates.filter(np.isfinite)
    point = data.draw(st.lists(finite, min_size=d, max_size=d))
    x = [Fraction(v) for v in point]
    wanted = [
        exact.sign(sum(a * v for a, v in zip(row, [*x, 1], strict=True)))
        for row in arrangement.rows
    ]
    assert exact.signs_at(arrangement.rows, [point]).tolist() == [wanted]
    as_fractions = np.array([x], dtype=object)
    assert exact.signs_at(arrangement.rows, as_fractions).tolist() == [wanted]


def test_signs_at_points_that_no_float_arithmetic_can_tell():
    rows = np.array([[10**30, -(10**30) - 1, 0], [3, -1, 0], [1, 0, 0]], dtype=object)
    points = [[1.0, 1.0], [0.1, 0.3], [5e-324, 0.0], [0.0, 0.0]]
    signs = exact.signs_at(rows, points).tolist()
    assert signs == [[-1, 1, 1], [-1, 1, 1], [1, 1, 1], [0, 0, 0]]


@given(tables())
def test_interior_point_decides_feasibility(table):
    arrangement = arrangement_of(*table)
    rows = arrangement.rows.tolist()
    wanted = reference.feasible([tuple(map(Fraction, row)) for row in rows])
    point = exact.interior_point(rows)
    assert (point is not None) == wanted
    if rows and point is not None:
        assert (exact.signs_at(arrangement.rows, np.array([point], dtype=object)) == 1).all()


@given(tables(max_hyperplanes=5), st.data())
def test_farkas_certificates_are_proofs(table, data):
    arrangement = arrangement_of(*table)
    n = arrangement.n_hyperplanes
    support = data.draw(st.lists(st.integers(0, n - 1), unique=True)) if n else []
    if exact.is_infeasible(arrangement.rows, support):
        chosen = [tuple(map(Fraction, arrangement.rows[i])) for i in support]
        assert not reference.feasible(chosen)


def test_signs_at_keeps_rounding_errors_that_underflow():
    # The exact value is 2^-65; the sum in float64 rounds it away.
    row = [2.0**-1030] * 3 + [1.0]
    point = [2.0**1020, 2.0**966, -(2.0**1020), -(2.0**-65)]
    rows = Arrangement([row]).rows
    assert exact.signs_at(rows, np.array([point])).tolist() == [[1]]


def test_nearest_floats_in_a_thin_strip_askew():
    # |x − y| < 10^-20 and x > 0.1: coordinates moved one at a time leave the strip.
    rows = [[10**20, -(10**20), 1], [-(10**20), 10**20, 1], [10, 0, -1]]
    inside = [Fraction(1, 3), Fraction(1, 3)]
    x, y = exact.nearest_floats(rows, inside)
    assert x == y > 0.1


def test_nearest_floats_stay_inside():
    third = Fraction(1, 3)
    thin = [[3 * 10**16, -(10**16)], [-3 * 10**16, 10**16 + 10]]  # 1/3 < x < 1/3 + 1/(3·10^15)
    point = exact.nearest_floats(thin, [third + Fraction(1, 10**16)])
    assert point is not None
    assert third < Fraction(point[0]) < third + Fraction(1, 3 * 10**15)


@given(
    st.integers(2, 4).flatmap(
        lambda w: st.lists(
            st.lists(st.integers(-4, 4), min_size=w, max_size=w), min_size=1, max_size=5
        )
    )
)
def test_rank_and_independent_columns(matrix):
    table = np.array(matrix, dtype=object)
    rank = exact.rank(table)
    assert rank == np.linalg.matrix_rank(table.astype(float))
    columns = exact.independent_columns(table)
    assert len(columns) == rank
    assert exact.rank(table[:, columns]) == rank


@given(st.integers(2, 5), st.integers(1, 2**40), st.randoms(use_true_random=False))
def test_null_vectors_are_minors_of_the_first_independent_rows(width, most, random):
    matrix = np.array(
        [
            [random.choice([0, random.randint(-most, most)]) for _ in range(width)]
            for _ in range(7)
        ],
        dtype=object,
    )
    sets = np.array([[random.random() < 0.7 for _ in matrix] for _ in range(9)])
    sets = sets[[exact.rank(matrix[chosen]) == width - 1 for chosen in sets]]
    for chosen, vector in zip(sets, exact.null_vectors(matrix, sets), strict=True):
        rows = []
        for row in matrix[chosen].tolist():
            if exact.rank(np.array([*rows, row], dtype=object)) > len(rows):
                rows.append(row)
        expected = [
            (-1) ** c * determinant([row[:c] + row[c + 1 :] for row in rows])
            for c in range(width)
        ]
        assert vector.tolist() in (expected, [-v for v in expected])


def test_to_float_bounds_its_error():
    for n, d in [(1, 3), (1, 4), (10**400, 10**380), (1, 10**400), (-(10**30), 7)]:
        value, error = exact.to_float(n, d)
        assert abs(Fraction(value) - Fraction(n, d)) <= Fraction(error)
        assert (error == 0) == (Fraction(value) == Fraction(n, d))
    assert exact.to_float(10**400, 1) == (0.0, float("inf"))


def test_float_rows_bound_their_errors():
    # Entries that float64 holds, those that only int64 holds, and those that neither does.
    sizes = (2**53, 2**53 + 1, 2**63 - 1, 2**64 + 1, 10**308 + 1, 10**400)
    for largest in (*sizes, -(2**53) - 1, -(2**63)):
        row = np.array([[largest, 2**53 - 1, 0], [1, -5, 7]], dtype=object)
        values, errors, exponents = exact.float_rows(row)
        for (i, c), v in np.ndenumerate(row):
            error = abs(Fraction(values[i, c]) - Fraction(v, 2 ** int(exponents[i])))
            assert error <= Fraction(errors[i, c])
        assert errors[0, 0] == 0 or abs(largest) > 2**53


@given(
    st.integers(1, 5),
    st.sampled_from([1, 7, 2**20, 2**45, 2**52, 2**53, 2**60]),
    st.sampled_from([1, 2**30, 2**53, 2**60, 2**70, 2**90, 10**400]),
    st.randoms(use_true_random=False),
)
def test_dot_products_are_within_their_bounds(width, right, left, random):
    b = [[random.randint(-right, right) for _ in range(3)] for _ in range(width)]
    a = [[random.randint(-left, left) for _ in range(width)] for _ in range(4)]
    a.append([b[1][0], -b[0][0]] + [0] * (width - 2) if width > 1 else [0])  # a product is 0
    a, b = np.array(a, dtype=object), np.array(b, dtype=object)
    rows, row_errors, row_units = exact.float_rows(a)
    points, point_errors, point_units = exact.float_rows(b.T)
    values, bounds = exact.dot_products(rows, row_errors, points, point_errors)
    for (i, j), product in np.ndenumerate(a @ b):
        scaled = product * Fraction(2) ** int(-row_units[i] - point_units[j])
        assert abs(Fraction(values[i, j]) - scaled) <= Fraction(bounds[i, j])
    assert (bounds < 1e-14).all()


FIELDS = [
    NumberField("sqrt(2)"),
    NumberField([1, -1, -1], (1, 2)),
    NumberField([1, 0, -1, -1]),
    NumberField("2*cos(2*pi/7)"),
]


@st.composite
def field_matrices(draw, most=4):
    """Matrices of algebraic integers and integers, often singular."""
    field = draw(st.sampled_from(FIELDS))
    n, width = draw(st.integers(1, most)), draw(st.integers(1, most))
    size = draw(st.sampled_from([3, 3, 3, 10**20]))
    numbers = st.lists(
        st.integers(-size, size), min_size=field.degree, max_size=field.degree
    ) | st.integers(-2, 2).map(lambda v: [v])
    rows = [[field.element(draw(numbers)) for _ in range(width)] for _ in range(n)]
    for row in rows[1:]:
        if draw(st.booleans()):
            a, b = draw(st.integers(-1, 1)), field.element(draw(numbers))
            row[:] = [a * v + b * w for v, w in zip(row, rows[0], strict=True)]
    matrix = np.empty((n, width), dtype=object)
    for i, row in enumerate(rows):
        matrix[i] = [simplest(v) for v in row]
    return matrix, field


def minors(matrix):
    n, width = matrix.shape
    for k in range(1, min(n, width) + 1):
        for some in combinations(range(n), k):
            for columns in combinations(range(width), k):
                yield determinant(matrix[np.ix_(some, columns)].tolist())


@given(field_matrices())
def test_ranks_and_echelon_forms_over_fields(case):
    matrix, _ = case
    n, width = matrix.shape
    rows, scale, pivots = exact.echelon(matrix)
    sizes = [
        k
        for k in range(min(n, width) + 1)
        if k == 0
        or any(
            determinant(matrix[np.ix_(a, b)].tolist())
            for a in combinations(range(n), k)
            for b in combinations(range(width), k)
        )
    ]
    assert len(pivots) == len(rows) == exact.rank(matrix) == sizes[-1]
    for k in range(width):
        within = exact.rank(matrix[:, : k + 1])
        assert within == sum(p <= k for p in pivots)
    assert all(
        rows[i, p] == (scale if i == k else 0)
        for k, p in enumerate(pivots)
        for i in range(len(rows))
    )
    kernel = exact.nullspace(matrix)
    assert kernel.shape == (width, width - len(pivots))
    assert not (matrix @ kernel).any()
    assert exact.rank(kernel) == kernel.shape[1]
    if n == width:
        found = exact.inverse(matrix)
        assert (found is None) == (determinant(matrix.tolist()) == 0)
        if found is not None:
            assert (matrix @ found[0] == found[1] * np.eye(n, dtype=object)).all()


@given(field_matrices(most=3))
def test_minors_over_fields_are_bounded_and_proved_zero(case):
    matrix, field = case
    bound = exact.minor_bound(matrix)
    primes = exact.proof_primes(matrix, 2**26)
    roots = np.roots([int(c) for c in reversed(field.polynomial.coeffs())])
    images = [
        [[int(v) for v in row] for row in r]
        for r in exact.residues(matrix, primes, field_of(matrix))
    ]
    assert prod(p for p, _ in primes) > bound
    for k, minor in enumerate(minors(matrix)):
        conjugates = [minor]
        if isinstance(minor, FieldElement):
            conjugates = [
                sum(float(c) * root**e for e, c in enumerate(minor.coefficients))
                for root in roots
            ]
        norm = prod(abs(complex(v)) for v in conjugates)
        assert norm <= bound * (1 + 1e-6) + 1e-6 * max(map(abs, conjugates)) ** len(roots)
        there = [
            list(minors(np.array(r, dtype=object)))[k] % p
            for r, (p, _) in zip(images, primes, strict=True)
        ]
        assert (minor == 0) == (not any(there))


@given(field_matrices())
def test_floats_of_field_elements_are_within_their_errors(case):
    matrix, _ = case
    values, errors, exponents = exact.float_rows(matrix)
    high, low, rest = exact.double_rows(matrix)
    for (i, c), v in np.ndenumerate(matrix):
        scaled = v / Fraction(2) ** int(exponents[i])
        assert abs(scaled - values[i, c]) <= errors[i, c] <= 2.0**-52 * abs(values[i, c])
        left = scaled - high[i, c] - low[i, c]
        assert abs(left) <= rest[i, c] <= 2.0**-100 * abs(high[i, c])
    for row in values:
        assert not row.any() or 0.25 <= abs(row).max() <= 1


@given(field_matrices(), st.data())
def test_signs_and_interior_points_over_fields(case, data):
    matrix, field = case
    if matrix.shape[1] == 1:
        return
    point = exact.interior_point(matrix.tolist())
    if point is not None:
        assert (exact.signs_at(matrix, np.array([point], dtype=object)) == 1).all()
        near = exact.nearest_floats(matrix.tolist(), point)
        if near is not None:
            assert (exact.signs_at(matrix, near[None]) == 1).all()
    spot = [data.draw(st.integers(-2, 2)) * field.generator for _ in range(matrix.shape[1] - 1)]
    expected = [
        exact.sign(sum((a * b for a, b in zip(row, spot, strict=False)), row[-1]))
        for row in matrix
    ]
    assert exact.signs_at(matrix, np.array([spot], dtype=object)).tolist() == [expected]
