"""The LP builder against the specification, with honest and with lying solvers."""

import subprocess
import sys
from fractions import Fraction
from itertools import combinations, product
from math import factorial, inf, nan

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from arrangement import Arrangement, InputError, exact
from arrangement.exact.solver import FeasibilitySolver, Slack
from arrangement.hyperplanes.domain import parse_domain
from tests import reference
from tests.amounts import examples, first

TINY = Fraction(1, 2**50)
HUGE = 10**30
SLIVER = Fraction(1, 10**30)

NUMBERS = st.one_of(
    st.integers(-2, 2),
    st.integers(-2, 2),
    st.integers(-5, 5).map(lambda k: Fraction(k, 7)),
    st.integers(-3, 3).map(lambda k: 1 + k * TINY),
    st.sampled_from([HUGE, -HUGE, HUGE + 1, SLIVER, TINY, 0.1, 0.3]),
)


def lp_cells(arrangement, **options):
    return arrangement.cells(method="lp", **options)


@st.composite
def problems(draw):
    """(normals, offsets, domain, domain as reference rows), degenerate more often than not."""
    d = draw(st.integers(1, 3))
    row = st.lists(NUMBERS, min_size=d + 1, max_size=d + 1).filter(lambda r: any(r[:-1]))
    rows = draw(st.lists(row, max_size=6 if d < 3 else 5))
    if rows and draw(st.booleans()):
        copied, factor = draw(st.sampled_from(rows)), draw(st.sampled_from([1, -1, 2, TINY]))
        rows.append([factor * Fraction(v) for v in copied])
    if draw(st.booleans()):
        rows = [[*r[:-1], 0] for r in rows]
    normals = np.array([r[:-1] for r in rows], dtype=object).reshape(-1, d)
    offsets = np.array([r[-1] for r in rows], dtype=object)
    kind = draw(st.sampled_from(["none", "box", "polyhedron"]))
    if kind == "none":
        return normals, offsets, None, []
    if kind == "box":
        ends = [draw(st.lists(NUMBERS, min_size=2, max_size=2, unique=True)) for _ in range(d)]
        box = [sorted(e, key=Fraction) for e in ends]
        open_ends = draw(
            st.lists(st.tuples(st.booleans(), st.booleans()), min_size=d, max_size=d)
        )
        domain = [
            (-inf if a else low, None if b else high)
            for (low, high), (a, b) in zip(box, open_ends, strict=True)
        ]
        return normals, offsets, domain, rows_of_box(domain)
    faces = draw(st.lists(st.sampled_from(rows) if rows else row, max_size=2))
    faces += draw(st.lists(row, min_size=0 if faces else 1, max_size=2))
    G = np.array([f[:-1] for f in faces], dtype=object)
    h = [-f[-1] for f in faces]
    return normals, offsets, (G, h), reference.rows_of(-G, h)


def rows_of_box(domain):
    rows = []
    for j, (low, high) in enumerate(domain):
        for sign, end in ((1, low), (-1, high)):
            if end not in (None, inf, -inf):
                rows.append([Fraction(0)] * len(domain) + [-sign * Fraction(end)])
                rows[-1][j] = Fraction(sign)
    return [tuple(r) for r in rows]


def sign_set(cells):
    """The sign vectors as a set, after checking that they are distinct."""
    result = {tuple(map(int, s)) for s in cells.signs}
    assert len(result) == len(cells)
    return result


def check_points(cells, rows, domain=()):
    """Every float64 point that the builder knows is exactly inside, in Fractions."""
    for signs, point in zip(cells.signs, cells._known_points, strict=True):
        if np.isnan(point).any():
            continue
        x = [Fraction(v) for v in point.tolist()] + [Fraction(1)]
        assert all(
            s * sum(a * v for a, v in zip(r, x, strict=True)) > 0
            for s, r in zip(signs.tolist(), rows, strict=True)
        )
        assert all(sum(a * v for a, v in zip(r, x, strict=True)) > 0 for r in domain)


def check(normals, offsets=None, domain=None, walls=()):
    """The builder equals the specification on one problem."""
    rows = reference.rows_of(np.asarray(normals, dtype=object), offsets)
    cells = lp_cells(Arrangement(normals, offsets), domain=domain)
    assert sign_set(cells) == reference.cells(rows, list(walls))
    check_points(cells, rows, walls)
    return cells


@examples(400)
@given(problems())
def test_equals_specification(problem):
    normals, offsets, domain, walls = problem
    if not reference.feasible(list(walls)):
        with pytest.raises(InputError, match="interior is empty"):
            lp_cells(Arrangement(normals, offsets), domain=domain)
    else:
        check(normals, offsets, domain, walls)


# Solvers that lie -------------------------------------------------------------------------


def _always_feasible(truth, rng):
    return Slack(np.ones_like(truth.x), 1.0, np.zeros_like(truth.duals), "Optimal")


def _always_infeasible(truth, rng):
    return Slack(truth.x, -1.0, rng.random(len(truth.duals)), "Optimal")


def _blames_everything(truth, rng):
    return Slack(np.zeros_like(truth.x), 0.0, np.ones_like(truth.duals), "Optimal")


def _blames_one_row(truth, rng):
    duals = np.zeros_like(truth.duals)
    duals[rng.integers(len(duals))] = 1.0
    return Slack(truth.x, -1.0, duals, "Infeasible")


def _not_a_number(truth, rng):
    return Slack(truth.x * nan, nan, truth.duals * nan, "Unknown")


def _infinite(truth, rng):
    return Slack(truth.x + inf, inf, truth.duals + inf, "Unbounded")


def _noise(truth, rng):
    x = rng.normal(size=truth.x.shape) * 10.0 ** rng.integers(-20, 20)
    return Slack(x, float(rng.normal()), rng.normal(size=truth.duals.shape), "Optimal")


def _opposite(truth, rng):
    return Slack(-truth.x, -truth.t, 1 - truth.duals, truth.status)


LIARS = [
    _always_feasible,
    _always_infeasible,
    _blames_everything,
    _blames_one_row,
    _not_a_number,
    _infinite,
    _noise,
    _opposite,
]


@pytest.mark.parametrize("lie", first(4, LIARS))
@pytest.mark.parametrize(
    ("normals", "offsets", "domain"),
    [
        ([v for v in product((0, 1), repeat=3) if any(v)], None, None),
        ([[1, 0], [0, 1], [1, 1], [1, -1], [2, 2]], [0, 0, -1, "1/3", -2], [(0, 2), (None, 1)]),
        ([[1], [1], [-3]], [0, SLIVER, 1], ([[2]], [HUGE])),
        ([[1, 1], [1, 1 + TINY], [HUGE, -1]], [0, 0, 1], ([[1, 0], [0, -1]], [1, "1/7"])),
    ],
)
def test_a_lying_solver_changes_nothing(monkeypatch, lie, normals, offsets, domain):
    rng = np.random.default_rng(5)
    honest = FeasibilitySolver.solve
    monkeypatch.setattr(
        FeasibilitySolver, "solve", lambda self, signs: lie(honest(self, signs), rng)
    )
    if isinstance(domain, tuple):
        walls = reference.rows_of(-np.array(domain[0], dtype=object), domain[1])
    else:
        walls = rows_of_box(domain or [])
    check(normals, offsets, domain, walls)
    with pytest.raises(InputError, match="interior is empty"):
        parse_domain(([[1], [-1]], [0, -SLIVER]), 1)
    assert len(parse_domain(([[1], [-1]], [SLIVER, 0]), 1)) == 2


def test_a_lying_solver_cannot_forge_points(monkeypatch):
    monkeypatch.setattr(
        FeasibilitySolver,
        "solve",
        lambda self, signs: Slack(np.zeros(2), -1.0, np.zeros(len(signs)), "Infeasible"),
    )
    cells = check([[1, 0], [0, 1], [1, 1]], [0, 0, -1])
    assert np.isfinite(cells._known_points).all()


# Families ---------------------------------------------------------------------------------


def differences(n, constants):
    """x_i − x_j = c for i < j and each constant c."""
    normals, offsets = [], []
    for i, j in combinations(range(n), 2):
        for c in constants:
            normals.append([(k == i) - (k == j) for k in range(n)])
            offsets.append(-c)
    return np.array(normals, dtype=int).reshape(-1, n), offsets


@pytest.mark.parametrize("n", [1, 2, 3, 4, 5])
def test_braid(n):
    cells = lp_cells(Arrangement(differences(n, [0])[0]))
    assert len(sign_set(cells)) == factorial(n)


@pytest.mark.parametrize("n", [2, 3, 4])
def test_shi(n):
    cells = lp_cells(Arrangement(*differences(n, [0, 1])))
    assert len(sign_set(cells)) == (n + 1) ** (n - 1)


@pytest.mark.parametrize(("n", "count"), [(1, 2), (2, 6), (3, 32), (4, 370)])
def test_resonance(n, count):
    cells = lp_cells(Arrangement([v for v in product((0, 1), repeat=n) if any(v)]))
    assert len(sign_set(cells)) == count


@pytest.mark.slow
def test_resonance_5():
    cells = lp_cells(Arrangement([v for v in product((0, 1), repeat=5) if any(v)]))
    assert len(sign_set(cells)) == 11292


@pytest.mark.parametrize(("n", "count"), [(2, 14), (3, 104)])
def test_threshold(n, count):
    cells = lp_cells(Arrangement([(1, *c) for c in product((0, 1), repeat=n)]))
    assert len(sign_set(cells)) == count


@pytest.mark.parametrize("d", [2, 3, 4, 5, 6])
def test_cross_polytope(d):
    normals = np.zeros((2 * (d - 1), d), dtype=int)
    normals[:, 0] = 1
    for i in range(1, d):
        normals[2 * i - 2, i], normals[2 * i - 1, i] = 1, -1
    cells = lp_cells(Arrangement(normals))
    assert len(sign_set(cells)) == 2 * 3 ** (d - 1) - 2 ** (d - 1)


@pytest.mark.parametrize("d", [1, 2, 3, 4])
def test_coordinate_hyperplanes(d):
    """The Boolean arrangement has every sign vector, in a box only those the box meets."""
    axes = Arrangement(np.eye(d, dtype=int))
    assert sign_set(lp_cells(axes)) == set(product((-1, 1), repeat=d))
    box = [(0, 1)] + [(-1, 1)] * (d - 1)
    assert len(lp_cells(axes, domain=box)) == 2 ** (d - 1)


# Degenerate input -------------------------------------------------------------------------


@pytest.mark.parametrize("d", [0, 1, 3])
def test_no_hyperplanes(d):
    cells = lp_cells(Arrangement(np.zeros((0, d))))
    assert cells.signs.shape == (1, 0)
    inside = lp_cells(Arrangement(np.zeros((0, d))), domain=[(5, 6)] * d)
    assert len(inside) == 1
    assert inside.points.tolist() == [[5.5] * d]


def test_copies_keep_their_columns():
    cells = check([[1, 2], [-2, -4], [0, 1], ["1/2", 1], [2, 4]], [0, 0, 0, 0, 1])
    assert (cells.signs[:, 0] == -cells.signs[:, 1]).all()
    assert (cells.signs[:, 0] == cells.signs[:, 3]).all()
    assert len(cells) == 6


def test_witness_on_the_new_hyperplane():
    """The first witness is the origin, which lies on every hyperplane here."""
    check(differences(4, [0])[0])
    check([[1, 0], [1, 1], [0, 1], [1, -1], [2, 1], [3, -1]])


@pytest.mark.parametrize("base", [0, 1, Fraction(1, 3), HUGE])
@pytest.mark.parametrize("gap", [TINY, SLIVER, Fraction(1, 10**300)])
def test_slivers(base, gap):
    """Two parallel lines so close that no float64 lies between, or one does by luck."""
    normals, offsets = [[1, 1], [1, 1], [1, -2]], [-base, -base - gap, 0]
    cells = check(normals, offsets)
    assert len(cells) == 6
    assert {(1, -1, 1), (1, -1, -1)} <= sign_set(cells)
    witnesses = np.array([list(w) for w in cells.witness], dtype=object)
    assert (exact.signs_at(cells.arrangement.rows, witnesses) == cells.signs).all()


def test_rational_witness_on_the_new_hyperplane():
    """Five lines through the witness of a strip that holds no float64 point."""
    base = Fraction(1, 3)
    lines = Arrangement([[1, 0], [1, 0]], [-base, -base - SLIVER])
    strip = (lines.rows * np.array([[1], [-1]], dtype=object)).tolist()
    x, y = exact.interior_point(strip)
    assert exact.nearest_floats(strip, [x, y]) is None
    through = [[1, 1], [0, 1], [1, 0], [1, -1], [-2, -1]]
    for shuffled in (through, through[::-1]):
        normals = [[1, 0], [1, 0], *shuffled]
        offsets = [-base, -base - SLIVER, *(-a * x - b * y for a, b in shuffled)]
        assert len(check(normals, offsets)) == 20


def test_nearly_concurrent_lines():
    """Three lines miss one point by 10^-30: a triangle appears; at 0 it is gone."""
    normals = [[1, 0], [0, 1], [1, 1]]
    assert len(check(normals, [-1, -1, -2 - SLIVER])) == 7
    assert len(check(normals, [-1, -1, -2])) == 6


def test_floats_are_their_dyadic_values():
    """0.1 + 0.2 > 0.3 by 2^-55 or so, and the triangle between the lines is there."""
    normals, offsets = [[1, 0], [0, 1], [1, 1]], [-0.1, -0.2, -0.3]
    assert len(check(normals, offsets)) == 7
    assert len(check(normals, ["-1/10", "-2/10", "-3/10"])) == 6


def test_the_order_of_hyperplanes_does_not_matter():
    rng = np.random.default_rng(3)
    normals, offsets = rng.integers(-2, 3, (9, 3)), rng.integers(-1, 2, 9)
    normals[(normals == 0).all(axis=1), 0] = 1
    whole = sign_set(lp_cells(Arrangement(normals, offsets)))
    for _ in range(5):
        order, scale = rng.permutation(9), rng.integers(1, 10**6, 9)
        mixed = Arrangement((normals * scale[:, None])[order], (offsets * scale)[order])
        back = lp_cells(mixed).signs[:, np.argsort(order)]
        assert {tuple(map(int, s)) for s in back} == whole


# Domains ----------------------------------------------------------------------------------


def test_domain_that_only_touches_a_cell():
    """The quadrant meets the closure of {x + y < 0} in the origin only."""
    cells = lp_cells(Arrangement([[1, 1]]), domain=[(0, None), (0, None)])
    assert cells.signs.tolist() == [[1]]
    cells = lp_cells(Arrangement([[1, 1]], [SLIVER * -1]), domain=[(0, None), (0, None)])
    assert sorted(cells.signs.tolist()) == [[-1], [1]]


def test_faces_of_the_domain_among_the_hyperplanes():
    normals, offsets = [[1, 0], [0, -1], [2, 0], [1, -1]], [0, 1, -2, 0]
    cells = check(normals, offsets, [(0, 1), (0, 1)], rows_of_box([(0, 1), (0, 1)]))
    assert sign_set(cells) == {(1, 1, -1, 1), (1, 1, -1, -1)}
    assert cells.domain.tolist() == [[1, 0, 0], [-1, 0, 1], [0, 1, 0], [0, -1, 1]]


def test_box_and_polyhedron_agree():
    arrangement = Arrangement(*differences(4, [0, 1]))
    box = [(0, 1), (-inf, "3/2"), (None, None), (-1, inf)]
    G = [[1, 0, 0, 0], [-1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 0, -1]]
    by_box = sign_set(lp_cells(arrangement, domain=box))
    assert by_box == sign_set(lp_cells(arrangement, domain=(G, [1, 0, 1.5, 1])))
    assert by_box == sign_set(lp_cells(arrangement, domain=[G, np.array([1, 0, 1.5, 1])]))
    assert by_box < sign_set(lp_cells(arrangement))


def test_open_domain_is_the_whole_space():
    cells = lp_cells(Arrangement([[1, 1]]), domain=[(None, inf), (-inf, None)])
    assert len(cells) == 2
    assert cells.domain is None


def test_cells_of_a_simplex():
    """Inside x ≥ 0, Σx ≤ 1 the braid arrangement still has every cell."""
    n = 4
    G, h = np.vstack([-np.eye(n, dtype=int), np.ones((1, n), dtype=int)]), [0] * n + [1]
    cells = lp_cells(Arrangement(differences(n, [0])[0]), domain=(G, h))
    assert len(sign_set(cells)) == factorial(n)
    assert (cells.points >= 0).all()
    assert (cells.points.sum(axis=1) <= 1).all()


@pytest.mark.parametrize(
    ("domain", "rows"),
    [
        ([(0, 1), (2, 3)], [[1, 0, 0], [-1, 0, 1], [0, 1, -2], [0, -1, 3]]),
        (((0, 1), (2, 3)), [[1, 0, 0], [-1, 0, 1], [0, 1, -2], [0, -1, 3]]),
        (np.array([[0, 1], [2, 3]]), [[1, 0, 0], [-1, 0, 1], [0, 1, -2], [0, -1, 3]]),
        ([("1/2", None), (np.float64(-inf), 0.25)], [[2, 0, -1], [0, -4, 1]]),
        ([(0.3, "3/10"), (None, None)], [[2**54, 0, -int(0.3 * 2**54)], [-10, 0, 3]]),
        (([[0, 1], [2, 3]], (0, 1)), [[0, -1, 0], [-2, -3, 1]]),
        ([((0, 1), (2, 3)), [0, 1]], [[0, -1, 0], [-2, -3, 1]]),
        ((np.array([[0.5, 1]]), np.array([3])), [[-1, -2, 6]]),
        ((np.zeros((0, 2)), []), []),
    ],
)
def test_parse_domain(domain, rows):
    assert parse_domain(domain, 2).tolist() == rows


@pytest.mark.parametrize(
    ("domain", "message"),
    [
        (3, "neither a list of"),
        ("ab", "neither a list of"),
        ([(0, 1)], "1 bounds for 2 coordinates"),
        ([(0, 1), (0, 1), (0, 1)], "3 bounds for 2 coordinates"),
        ([(0, 1), 2], "coordinate 1: 2 is not a pair"),
        ([(0, 1), "01"], "coordinate 1: '01' is not a pair"),
        ([(0, 1), (1, 2, 3)], r"coordinate 1: \(1, 2, 3\) is not a pair"),
        ([(0, 1), (1, 1)], "coordinate 1: low 1 is not below high 1, so the interior is empty"),
        ([("3/10", 0.3), (0, 1)], "coordinate 0: low 3/10 is not below high 0.3"),
        ([(0, nan), (0, 1)], "coordinate 0: nan is not a number"),
        ([(0, 1), ("x", 1)], "coordinate 1: 'x' is not a number"),
        ([(inf, None), (0, 1)], "coordinate 0: inf is not a number, nor None or -inf"),
        ([(0, 1), (None, -inf)], "coordinate 1: -inf is not a number, nor None or inf"),
        (([[1, 0, 0]], [1]), "G has 3 columns, but the space has dimension 2"),
        (([[1, 0], [0, 1]], [1]), "G has 2 rows, but h has 1 entries"),
        (([[1, 0], [0, 0]], [1, 1]), "domain G, row 1: the row is zero"),
        (([[1, 0], [0]], [1, 1]), "domain G, row 1: 1 entries, but row 0 has 2"),
        (([[1, 0], [0, nan]], [1, 1]), "domain G, row 1, column 1: nan is not"),
        (([[1, 0], [0, 1]], [1, -inf]), "domain h, entry 1: -inf is not"),
        (([[1, 0], [0, 1]], [[1], [1]]), "domain h must have shape"),
        (
            ([[1, 1], [0, 1], [-1, -1]], [1, 5, -1]),
            "empty; rows 0, 2 of G contradict each other",
        ),
        (([[1, 1], [-1, 0], [0, -1]], [0, 0, -SLIVER]), "interior is empty"),
    ],
)
def test_bad_domains(domain, message):
    with pytest.raises(InputError, match=message):
        parse_domain(domain, 2)
    with pytest.raises(InputError, match=message):
        lp_cells(Arrangement([[1, 0]]), domain=domain)


def test_one_dimension_has_a_list_of_one_pair():
    assert parse_domain([(0, 1)], 1).tolist() == [[1, 0], [-1, 1]]
    with pytest.raises(InputError, match="2 bounds for 1 coordinates"):
        parse_domain((0, 1), 1)


# The solver -------------------------------------------------------------------------------


def test_solver_is_optimal_by_duality():
    """x has slack t, and the multipliers bound every slack by t: both are optimal."""
    rng = np.random.default_rng(11)
    for d, n in [(1, 1), (1, 4), (2, 5), (3, 12), (5, 30)]:
        rows = rng.normal(size=(n, d + 1))
        unit = rows / np.linalg.norm(rows[:, :-1], axis=1, keepdims=True)
        solver = FeasibilitySolver(rows)
        for _ in range(40):
            signs = rng.integers(-1, 2, n)
            found = solver.solve(signs)
            inward = signs[:, None] * unit
            asked = signs != 0
            slack = inward[asked] @ np.append(found.x, 1)
            assert found.status == "Optimal"
            assert found.t == pytest.approx(min([solver.scale, *slack]), abs=1e-8)
            assert (found.duals >= 0).all()
            assert (found.duals[~asked] == 0).all()
            assert found.duals @ inward[:, :-1] == pytest.approx(np.zeros(d), abs=1e-8)
            bound = found.duals @ inward[:, -1] + solver.scale * (1 - found.duals.sum())
            assert bound == pytest.approx(found.t, abs=1e-8)


@pytest.mark.parametrize("unit", [2.0**-60, 1.0, 2.0**100])
def test_solver_does_not_mind_the_unit_of_length(unit):
    rng = np.random.default_rng(4)
    rows = rng.normal(size=(6, 3))
    rows[:, -1] *= unit
    cells = lp_cells(Arrangement(rows[:, :-1], rows[:, -1]))
    assert len(cells) == 22
    assert np.isfinite(cells._known_points).all()
    solver = FeasibilitySolver(rows)
    assert all(solver.solve(s).t > 1e-9 * unit for s in cells.signs)


def test_solver_survives_absurd_numbers():
    rows = np.array([[HUGE**20, 1], [1, HUGE**20], [1, -(HUGE**20)]], dtype=object)
    found = FeasibilitySolver(rows).solve([1, -1, 1])
    assert found.x.shape == (1,)
    assert len(check(rows[:, :-1], rows[:, -1])) == 4


def test_progress_counts_every_hyperplane():
    seen = []
    arrangement = Arrangement([[1, 0], [2, 0], [0, 1]])
    lp_cells(arrangement, progress=lambda done, total: seen.append((done, total)))
    assert seen == [(1, 3), (2, 3), (3, 3)]


@pytest.mark.processes
def test_highspy_is_imported_only_when_used():
    module = "arrangement.enumeration.linear_programs"
    code = f"import sys, {module}; sys.exit('highspy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
