"""The families against their definitions, their characteristic polynomials, known counts."""

from fractions import Fraction
from itertools import combinations, permutations, product
from math import comb, factorial, prod

import networkx as nx
import numpy as np
import pytest
from flint import fmpz_mat

from arrangement.bounds import zaslavsky
from arrangement.errors import InputError, SizeError
from arrangement.families import (
    FAMILIES,
    braid,
    catalan,
    coxeter,
    cross_polytope,
    demicube,
    discriminantal,
    generic,
    graphical,
    grid,
    ish,
    known_counts,
    linial,
    permutohedron,
    resonance,
    semiorder,
    shi,
    threshold,
)
from tests.amounts import first

WHITNEY = {
    (resonance, 2): [1, 3, 2],
    (resonance, 3): [1, 7, 15, 9],
    (resonance, 4): [1, 15, 80, 170, 104],
    (resonance, 5): [1, 31, 375, 2130, 5270, 3485],
    (resonance, 6): [1, 63, 1652, 22435, 159460, 510524, 371909],
    (threshold, 2): [1, 4, 6, 3],
    (threshold, 3): [1, 8, 28, 44, 23],
    (threshold, 4): [1, 16, 120, 460, 820, 465],
    (threshold, 5): [1, 32, 496, 4240, 19660, 43014, 27129],
}
EDGES = {
    (resonance, 2): 6,
    (resonance, 3): 48,
    (resonance, 4): 760,
    (threshold, 2): 24,
    (threshold, 3): 256,
    (threshold, 4): 5920,
}
CELLS = {
    **{(braid, n): factorial(n) for n in range(1, 8)},
    **{(shi, n): (n + 1) ** (n - 1) for n in range(1, 7)},
    **{(ish, n): (n + 1) ** (n - 1) for n in range(1, 7)},
    **dict(zip([(catalan, n) for n in range(2, 6)], [4, 30, 336, 5040], strict=True)),
    **dict(zip([(linial, n) for n in range(2, 7)], [2, 7, 36, 246, 2104], strict=True)),
    **dict(zip([(semiorder, n) for n in range(2, 6)], [3, 19, 183, 2371], strict=True)),
    **{(cross_polytope, d): 2 * 3 ** (d - 1) - 2 ** (d - 1) for d in range(2, 11)},
    (demicube, 4): 146,
    (demicube, 5): 3756,
    (permutohedron, 3): 32,
    **{key: sum(numbers) for key, numbers in WHITNEY.items()},
}
BOUNDED = {
    **{(shi, n): (n - 1) ** (n - 1) for n in range(2, 7)},
    **{(ish, n): (n - 1) ** (n - 1) for n in range(2, 7)},
    **dict(zip([(catalan, n) for n in range(2, 6)], [2, 12, 120, 1680], strict=True)),
    **dict(zip([(linial, n) for n in range(2, 7)], [0, 1, 4, 26, 212], strict=True)),
    **dict(zip([(semiorder, n) for n in range(2, 5)], [1, 7, 61], strict=True)),
}


def named(table):
    return [
        pytest.param(
            *key,
            value,
            id=f"{key[0].__name__}-{key[1]}",
            marks=pytest.mark.slow if key == (resonance, 6) else (),
        )
        for key, value in table.items()
    ]


def rows_as_set(arrangement):
    return {tuple(int(v) for v in row) for row in arrangement.rows}


def points_off(arrangement, p):
    """Points of (Z/p)^d on no hyperplane: χ(p), for all large p (Athanasiadis 1996)."""
    d = arrangement.dimension
    points = np.stack(np.meshgrid(*[np.arange(p)] * d), axis=-1).reshape(-1, d)
    rows = arrangement.rows.astype(np.int64)
    return int(np.all((points @ rows[:, :-1].T + rows[:, -1]) % p, axis=1).sum())


def falling(t, n):
    return prod(t - k for k in range(n))


@pytest.mark.parametrize("p", [11, 13])
@pytest.mark.parametrize("n", [1, 2, 3, 4])
def test_characteristic_polynomials_of_deformations_of_the_braid_arrangement(n, p):
    assert points_off(braid(n), p) == falling(p, n)
    assert points_off(shi(n), p) == points_off(ish(n), p) == p * (p - n) ** (n - 1)
    # Postnikov and Stanley 2000, §9: χ(t) = 2^(-n) t Σ_k C(n,k) (t-k)^(n-1).
    assert points_off(linial(n), p) == Fraction(
        p * sum(comb(n, k) * (p - k) ** (n - 1) for k in range(n + 1)), 2**n
    )
    # Stanley 2007, Lecture 5: χ(t) = t (t-n-1)(t-n-2)...(t-2n+1).
    assert points_off(catalan(n), p) == p * prod(p - n - k for k in range(1, n))


def test_characteristic_polynomial_of_the_semiorder_arrangement():
    # Zaslavsky's theorem at n = 3: 19 = 1 + 6 + 12 cells, 7 = 1 - 6 + 12 bounded.
    assert [points_off(semiorder(3), p) for p in (11, 13)] == [
        p**3 - 6 * p**2 + 12 * p for p in (11, 13)
    ]


@pytest.mark.parametrize(
    ("family", "n", "whitney"),
    [v for v in named(WHITNEY) if v.values[1] + (v.values[0] is threshold) <= 5],
)
def test_whitney_numbers_by_counting_points_over_a_finite_field(family, n, whitney):
    degree = len(whitney) - 1
    for p in (11, 13):
        expected = sum((-1) ** k * w * p ** (degree - k) for k, w in enumerate(whitney))
        assert points_off(family(n), p) == expected


@pytest.mark.parametrize(
    ("type", "n", "exponents"),
    [
        ("A", 3, [0, 1, 2, 3]),
        ("B", 3, [1, 3, 5]),
        ("B", 4, [1, 3, 5, 7]),
        ("C", 3, [1, 3, 5]),
        ("D", 3, [1, 3, 2]),
        ("D", 4, [1, 3, 5, 3]),
        ("D", 1, [0]),
        ("F", 4, [1, 5, 7, 11]),
        ("G", 2, [0, 1, 5]),
    ],
)
def test_characteristic_polynomial_of_a_weyl_group_has_its_exponents_as_roots(
    type, n, exponents
):
    for p in (11, 13):
        assert points_off(coxeter(type, n), p) == prod(p - e for e in exponents)


@pytest.mark.parametrize(
    ("type", "n", "hyperplanes"),
    [
        ("A", 4, 10),
        ("B", 4, 16),
        ("D", 4, 12),
        ("E", 6, 36),
        ("E", 7, 63),
        ("E", 8, 120),
        ("F", 4, 24),
        ("G", 2, 6),
    ],
)
def test_roots_are_an_irreducible_root_system_of_that_rank_and_size(type, n, hyperplanes):
    group = coxeter(type, n)
    assert (group.n_hyperplanes, group.rank, group.is_linear) == (hyperplanes, n, True)
    roots = np.rint(2 * group.normals).astype(np.int64)
    assert np.array_equal(roots, 2 * group.normals)
    lengths = {int(v) for v in (roots**2).sum(axis=1)}
    assert lengths <= {4 * v for v in {"B": (1, 2), "F": (1, 2), "G": (2, 6)}.get(type, (2,))}
    products = roots @ roots.T
    both = {tuple(r) for r in roots} | {tuple(-r) for r in roots}
    assert len(both) == 2 * hyperplanes
    for i, j in combinations(range(hyperplanes), 2):  # closed under every reflection
        times, rest = divmod(2 * products[i, j], products[i, i])
        assert rest == 0
        assert tuple(roots[j] - times * roots[i]) in both
    reached = {0}  # irreducible: not orthogonal to one another, in one piece
    while more := {j for i in reached for j in np.flatnonzero(products[i])} - reached:
        reached |= more
    assert len(reached) == hyperplanes


def test_rows_are_the_hyperplanes_of_the_definitions():
    assert rows_as_set(shi(3)) == {
        (1, -1, 0, 0), (1, 0, -1, 0), (0, 1, -1, 0),
        (1, -1, 0, -1), (1, 0, -1, -1), (0, 1, -1, -1),
    }  # fmt: skip
    assert rows_as_set(catalan(2)) == {(1, -1, 1), (1, -1, 0), (1, -1, -1)}
    assert rows_as_set(semiorder(2)) == {(1, -1, 1), (1, -1, -1)}
    assert rows_as_set(ish(4)) - rows_as_set(braid(4)) == {
        (1, -1, 0, 0, -1), (1, 0, -1, 0, -1), (1, 0, -1, 0, -2),
        (1, 0, 0, -1, -1), (1, 0, 0, -1, -2), (1, 0, 0, -1, -3),
    }  # fmt: skip
    assert rows_as_set(grid(1, 0, 2)) == {(1, 0, 0, 0), (0, 0, 1, 0), (0, 0, 1, -1)}
    assert rows_as_set(linial(3)) == {(1, -1, 0, -1), (1, 0, -1, -1), (0, 1, -1, -1)}
    assert rows_as_set(threshold(2)) == {(1, 0, 0, 0), (1, 0, 1, 0), (1, 1, 0, 0), (1, 1, 1, 0)}
    assert rows_as_set(demicube(3)) == {
        (1, 0, 0, 0, 0), (1, 1, 1, 0, 0), (1, 1, 0, 1, 0), (1, 0, 1, 1, 0),
    }  # fmt: skip
    assert rows_as_set(permutohedron(3)) == {(1, *p, 0) for p in permutations((1, 2, 3))}
    assert rows_as_set(resonance(3)) == {
        (a, b, c, 0) for a in (0, 1) for b in (0, 1) for c in (0, 1) if a + b + c
    }


@pytest.mark.parametrize(("family", "n", "cells"), named(CELLS))
def test_cells_are_as_many_as_known(family, n, cells):
    found = family(n).cells()
    assert len(found) == cells
    assert len(np.unique(found.packed, axis=0)) == cells


@pytest.mark.parametrize(("family", "n", "bounded"), named(BOUNDED))
def test_relatively_bounded_cells_are_as_many_as_known(family, n, bounded):
    assert int(family(n).essentialization().cells().bounded.sum()) == bounded


@pytest.mark.parametrize(("family", "n", "edges"), named(EDGES))
def test_tope_graph_edges_are_as_many_as_known(family, n, edges):
    assert len(family(n).cells().edges) == edges


@pytest.mark.parametrize(
    ("type", "n", "order"),
    [
        ("A", 1, 2),
        ("A", 4, 120),
        ("b", 1, 2),
        ("B", 4, 384),
        ("C", 4, 384),
        ("D", 2, 4),
        ("D", 4, 192),
        ("D", 5, 1920),
        ("E", 6, 51840),
        ("F", 4, 1152),
        ("G", 2, 12),
        ("H", 3, 120),
        ("h", 4, 14400),
        ("I", 2, 4),
        ("I", 5, 10),
        ("I", 12, 24),
        pytest.param("I", 61, 122, marks=pytest.mark.slow),
    ],
)
def test_chambers_are_as_many_as_the_group_has_elements(type, n, order):
    assert len(coxeter(type, n).cells()) == order


@pytest.mark.parametrize("m", first(8, [*range(2, 25), 30, 31, 42, 60, 61]))
def test_dihedral_groups(m):
    lines = coxeter("I", m)
    assert lines.n_cells() == len(lines.cells()) == len(lines.cells("sweep")) == 2 * m
    assert lines.characteristic_polynomial() == (1, -m, m - 1)
    assert lines.face_vector() == (1, 2 * m, 2 * m)


@pytest.mark.parametrize(("n", "exponents"), [(3, (1, 5, 9)), (4, (1, 11, 19, 29))])
def test_exponents_of_the_icosahedral_groups(n, exponents):
    expected = np.array([1])
    for e in exponents:
        expected = np.convolve(expected, [1, -e])
    mirrors = coxeter("H", n)
    assert mirrors.characteristic_polynomial() == tuple(expected.tolist())
    assert mirrors.n_cells() == np.prod(np.add(exponents, 1))


@pytest.mark.slow
def test_weyl_chambers_of_e7():
    assert len(coxeter("E", 7).cells()) == 2903040


@pytest.mark.parametrize(("n", "d"), [(0, 2), (1, 1), (3, 4), (6, 3), (9, 2)])
def test_generic_arrangements_attain_the_bound_and_are_seeded(n, d):
    cells = generic(n, d, rng=5).cells()
    assert len(cells) == zaslavsky(n, d)
    if n:
        assert int(cells.bounded.sum()) == comb(n - 1, d)
    assert generic(n, d, rng=5) == generic(n, d, np.random.default_rng(5))
    assert n == 0 or generic(n, d, rng=5) != generic(n, d, rng=6)


def test_smallest_members():
    for family in (braid, shi, ish, catalan, linial, semiorder):
        assert family(1).rows.shape == (0, 2)
    assert grid(0).rows.shape == discriminantal(1, 1).rows.shape == (0, 2)
    assert discriminantal(3, 5).rows.shape == (0, 4)
    assert graphical(nx.empty_graph(0)).rows.shape == (0, 1)
    assert graphical(nx.empty_graph(2)).rows.shape == (0, 3)
    assert cross_polytope(1).rows.shape == (0, 2)
    assert threshold(0).rows.tolist() == [[1, 0]]
    assert rows_as_set(demicube(1)) == {(1, 0, 0)}
    assert rows_as_set(permutohedron(1)) == {(1, 1, 0)}
    assert coxeter("D", 1).rows.shape == (0, 2)


def test_families_by_name():
    assert FAMILIES["braid"](3) == braid(3)
    assert set(FAMILIES) == {
        "bigraphical", "braid", "catalan", "coxeter", "cross_polytope", "demicube",
        "discriminantal", "facets", "g_semiorder", "g_shi", "generic", "graphical", "grid",
        "ish", "ish_b", "linial", "matroid", "multigrid", "permutohedron", "regular_polytope",
        "resonance", "semiorder", "shi", "simplicial", "soft_discriminantal", "specht",
        "ternary", "threshold", "zonotope",
    }  # fmt: skip


ONE_SIZE = [
    name
    for name in FAMILIES
    if name
    not in (
        "bigraphical", "coxeter", "discriminantal", "facets", "g_semiorder", "g_shi",
        "generic", "graphical", "matroid", "multigrid", "regular_polytope", "simplicial",
        "soft_discriminantal", "zonotope",
    )
]  # fmt: skip


@pytest.mark.parametrize("name", ONE_SIZE)
@pytest.mark.parametrize("n", [2.5, "3", None, 3.0])
def test_a_size_that_is_no_integer_is_refused(name, n):
    fault = f"{n!r} is not an integer$"
    if name in ("shi", "catalan") and n == "3":
        fault = "type '3' is none of 'A', .* nor a name such as 'E8' or"
    with pytest.raises(InputError, match=f"^{name}: {fault}"):
        FAMILIES[name](n)


@pytest.mark.parametrize("name", ONE_SIZE)
def test_a_negative_size_is_refused(name):
    with pytest.raises(InputError, match=f"^{name}: -1 is too small, the least is [01]$"):
        FAMILIES[name](-1)


@pytest.mark.parametrize(
    ("name", "n", "many"),
    [
        ("braid", 448, "100,128"),
        ("shi", 10**6, "999,999,000,000"),
        ("ish", 10**6, "999,999,000,000"),
        ("grid", 10**6, "1,000,000"),
        ("catalan", 10**6, "1,499,998,500,000"),
        ("linial", 10**30, "more than 10\\^20"),
        ("semiorder", 10**6, "999,999,000,000"),
        ("resonance", 17, "131,071"),
        ("resonance", 10**9, "more than 10\\^20"),
        ("threshold", 40, "1,099,511,627,776"),
        ("demicube", 18, "131,072"),
        ("cross_polytope", 49999, "99,996"),
        ("permutohedron", 9, "362,880"),
        ("permutohedron", 10**9, "more than 10\\^20"),
    ],
)
def test_absurd_sizes_are_refused_with_their_number(name, n, many):
    with pytest.raises(
        SizeError, match=f"^{name}\\({n}\\) has {many} hyperplanes in dimension"
    ):
        FAMILIES[name](n)


def test_absurd_sizes_with_two_parameters():
    with pytest.raises(
        SizeError, match=r"^generic\(2, 1000000000\) has 2 hyperplanes in dimension"
    ):
        generic(2, 10**9)
    with pytest.raises(SizeError, match=r"^coxeter\('B', 10000\) has 100,000,000 hyperplanes"):
        coxeter("B", 10000)
    with pytest.raises(SizeError, match=r"^coxeter\('A', 10000\) has 50,005,000 hyperplanes"):
        coxeter("A", 10000)


@pytest.mark.parametrize("seed", range(4))
def test_cells_of_a_graphical_arrangement_are_its_acyclic_orientations(seed):
    graph = nx.gnm_random_graph(5, 7, seed=seed)
    edges = list(graph.edges())
    acyclic = {
        signs
        for signs in product((-1, 1), repeat=7)
        if nx.is_directed_acyclic_graph(
            nx.DiGraph((u, v)[::s] for (u, v), s in zip(edges, signs, strict=True))
        )
    }
    assert {tuple(s) for s in graphical(graph).cells().signs.tolist()} == acyclic


def test_graphical_arrangements_of_graphs_of_every_kind():
    assert graphical(nx.complete_graph(5)) == braid(5)
    assert graphical(nx.DiGraph(["ba", "bc"])).rows.tolist() == [[1, -1, 0, 0], [1, 0, -1, 0]]
    double = graphical(nx.MultiGraph([(0, 1), (0, 1)]))
    assert (len(double), len(double.cells())) == (2, 2)
    with pytest.raises(InputError, match=r"^graphical: node 'a' has a loop"):
        graphical(nx.Graph(["aa"]))
    with pytest.raises(
        InputError, match=r"^graphical: a networkx graph or a list of edges is needed, not 3$"
    ):
        graphical(3)
    with pytest.raises(SizeError, match="has 100,001 hyperplanes in dimension 100002"):
        graphical(nx.path_graph(100_002))


@pytest.mark.parametrize(("n", "k"), [(4, 1), (5, 2), (6, 2), (6, 3), (6, 4), (6, 5)])
def test_discriminantal_arrangements_tell_when_moved_hyperplanes_meet(n, k):
    arrangement = discriminantal(n, k, rng=3)
    assert (len(arrangement), arrangement.rank) == (comb(n, k + 1), n - k)
    assert [tuple(np.flatnonzero(row)) for row in arrangement.rows] == list(
        combinations(range(n), k + 1)
    )
    # The translations of R^k are a common subspace: each row is a dependency of the normals.
    # Every n − k of the rows that hold a fixed k-set are independent: they solve for the rest.
    rows = fmpz_mat([[int(v) for v in row[:-1]] for row in arrangement.rows])
    assert rows.rank() == n - k
    fixed = set(range(k))
    through = [row for row in arrangement.rows if len(fixed & set(np.flatnonzero(row))) == k]
    assert fmpz_mat([[int(v) for v in row[:-1]] for row in through]).rank() == n - k
    assert arrangement == discriminantal(n, k, np.random.default_rng(3))


def test_very_generic_discriminantal_arrangements_do_not_depend_on_the_seed():
    assert {len(discriminantal(6, 2, rng=seed).cells()) for seed in range(5)} == {892}


def test_bad_grids_and_discriminantal_arrangements():
    with pytest.raises(InputError, match=r"^grid: a size for each axis is needed"):
        grid()
    with pytest.raises(InputError, match=r"^grid: -1 is too small, the least is 0$"):
        grid(3, -1)
    with pytest.raises(InputError, match=r"^discriminantal: 0 is too small, the least is 1$"):
        discriminantal(3, 0)
    with pytest.raises(InputError, match=r"^discriminantal: the seed: 'x' is not an integer$"):
        discriminantal(3, 1, rng="x")
    for n, k in ((60, 30), (10**9, 1), (10**9, 10**8), (10**30, 10**30 - 1)):
        with pytest.raises(SizeError, match=rf"^discriminantal\({n}, {k}\) has "):
            discriminantal(n, k)


@pytest.mark.parametrize(
    ("names", "type", "n"),
    [(("B3", "b3"), "B", 3), (("F4",), "F", 4), (("I2(5)", "i2(05)"), "I", 5)],
)
def test_a_coxeter_group_by_its_whole_name(names, type, n):
    wanted = coxeter(type, n).rows.tolist()
    assert all(coxeter(name).rows.tolist() == wanted for name in names)
    assert known_counts("coxeter", names[0]) == known_counts("coxeter", type, n)
    assert type != "I" or coxeter("I2", n).rows.tolist() == wanted


def test_unknown_coxeter_groups_and_seeds():
    with pytest.raises(InputError, match="type 'X' is none of 'A', 'B', 'C', 'D', 'E', 'F'"):
        coxeter("X", 3)
    with pytest.raises(InputError, match=r"^coxeter: type H has rank 3 or 4, not 2$"):
        coxeter("h", 2)
    with pytest.raises(InputError, match=r"^coxeter: 1 is too small, the least is 2$"):
        coxeter("I", 1)
    with pytest.raises(SizeError, match=r"number field of degree 48"):
        coxeter("I", 97)
    with pytest.raises(InputError, match=r"^coxeter: type F has rank 4, not 3$"):
        coxeter("F", 3)
    with pytest.raises(InputError, match=r"^coxeter: type G has rank 2, not 3$"):
        coxeter("g", 3)
    for type, n in (("I2", None), ("H", None), ("E8", 8), ("I2(5)", 5)):
        with pytest.raises(InputError, match=r"a rank; give both|the name; leave out"):
            coxeter(type, n)
    for type in ("I5", "I2(5", "I3(5)", "E 8", "A3B2", "B-1", "B٣", ""):
        with pytest.raises(InputError, match=r"is none of .*, nor a name such as 'E8'"):
            coxeter(type)
    with pytest.raises(InputError, match="type 3 is none of"):
        coxeter(3, 3)
    with pytest.raises(InputError, match="type E has rank 6, 7 or 8, not 5"):
        coxeter("E", 5)
    with pytest.raises(InputError, match="coxeter: 0 is too small, the least is 1"):
        coxeter("A", 0)
    with pytest.raises(InputError, match="generic: the seed: -1 is too small"):
        generic(3, 2, rng=-1)
    with pytest.raises(InputError, match="generic: 0 is too small, the least is 1"):
        generic(3, 0)
