"""What the families know of themselves, against enumeration, points over F_q and networkx."""

import inspect
from itertools import combinations, product
from math import factorial

import networkx as nx
import numpy as np
import pytest

from arrangement import exact, families
from arrangement.errors import InputError, SizeError
from arrangement.exact.one_field import field_of
from arrangement.families import FAMILIES, known_counts
from arrangement.families.chromatic import chromatic_polynomial, forests
from arrangement.families.matroids import CIRCUITS
from tests.amounts import first
from tests.facts import BOUNDED, CELLS, CELLS_BY_NAME, WHITNEY

GRAPHS = {
    "null": nx.empty_graph(0),
    "empty": nx.empty_graph(3),
    "path": nx.path_graph(4),
    "cycle": nx.cycle_graph(5),
    "wheel": nx.wheel_graph(5),
    "bipartite": nx.complete_bipartite_graph(2, 3),
    "disconnected": nx.disjoint_union(nx.cycle_graph(3), nx.cycle_graph(4)),
    "directed": nx.DiGraph([(0, 1), (1, 0), (1, 2)]),
}
MEMBERS = [
    *((name, n) for name in ("braid", "shi", "ish", "catalan", "linial") for n in range(1, 6)),
    *(("semiorder", n) for n in (1, 2, 3, 4)),
    *(("coxeter", *group) for group in ("A1", "A3", "B1", "B3", "C3", "D1", "D2", "D3", "D4")),
    ("coxeter", "E", "6"),
    ("coxeter", "F", "4"),
    ("coxeter", "G", "2"),
    ("coxeter", "H", "3"),
    ("coxeter", "H", "4"),
    ("coxeter", "I", "8"),
    *(("simplicial", 0, n) for n in (3, 4, 7)),
    *(("simplicial", 1, 2 * m) for m in (3, 4, 5, 7)),
    *(("simplicial", 2, 4 * m + 1) for m in (2, 3, 4, 5)),
    ("regular_polytope", "dodecahedron"),
    *(("cross_polytope", d) for d in (1, 2, 3, 5)),
    *(("demicube", m) for m in (1, 2, 3, 4, 5)),
    *(("permutohedron", n) for n in (1, 2, 3)),
    *(("resonance", n) for n in (1, 2, 3, 4)),
    *(("threshold", n) for n in (0, 1, 2, 3, 4)),
    *(("generic", n, d) for n, d in ((0, 2), (1, 1), (2, 3), (6, 3))),
    *(("grid", *sizes) for sizes in ((0,), (3,), (2, 3), (1, 0, 2), (1, 1))),
    *(("discriminantal", n, k) for n, k in ((2, 2), (4, 1), (4, 2), (4, 3), (5, 2), (6, 3))),
    *(("graphical", name) for name in GRAPHS),
    *((name, *root) for name in ("shi", "catalan") for root in (
        ("A2",), ("A2", 2), ("B2",), ("B3",), ("C3",), ("D3",), ("D4", 0), ("G2",), ("B1", 3),
        (3, 2), (1, 5), (4, 0), ("F4", 0), ("E6", 0), ("D1",),
    )),
    *(("ish_b", n) for n in (1, 2, 3)),
    *((name, graph) for name in ("g_shi", "g_semiorder", "bigraphical") for graph in GRAPHS),
    *(("specht", *p) for p in ((1,), (4,), (1, 1, 1), (3, 1), (2, 1, 1), (2, 2), (3, 1, 1))),
    *(("soft_discriminantal", *km) for km in ((2, 3), (2, 6), (3, 4), (3, 5), (3, 7), (4, 6))),
    *(("ternary", d) for d in (1, 2, 3)),
    *(("multigrid", n, l) for n, l in ((2, 2), (3, 2), (5, 2), (4, 0), (6, 1))),
    *(("matroid", name) for name in sorted(CIRCUITS)),
    ("facets", "square"),
    ("zonotope", "square"),
]  # fmt: skip
POINTS = [[0, 0], [1, 0], [0, 1], [1, 1]]


def arguments(member):
    name, *args = member
    if name == "coxeter":
        args = [args[0], int(args[1])]
    named = GRAPHS | {"square": POINTS}
    return name, [named.get(a, a) for a in args] if name != "matroid" else args


def points_off(arrangement, p):
    """Points of (Z/p)^d on no hyperplane: χ(p), for all large p (Athanasiadis 1996).

    None if the numbers have no image modulo p.
    """
    d = arrangement.dimension
    points = np.indices((p,) * d).reshape(d, p**d).T
    field = field_of(arrangement.rows)
    images = [(p, 0)] if field is None else [pair for pair in field.primes(p) if pair[0] == p]
    if not images:
        return None
    rows = exact.residues(arrangement.rows, images, field)[0]
    return int(np.all((points @ rows[:, :-1].T + rows[:, -1]) % p, axis=1).sum())


def value(polynomial, t):
    result = 0
    for coefficient in polynomial:
        result = result * t + coefficient
    return result


@pytest.mark.parametrize("member", MEMBERS, ids=str)
def test_known_counts_are_those_of_the_cells(member):
    name, args = arguments(member)
    arrangement, known = FAMILIES[name](*args), known_counts(name, *args)
    cells = arrangement.cells()
    assert known.n_cells in (len(cells), None)
    if name in ("facets", "zonotope", "g_shi", "g_semiorder") and known.n_cells is None:
        assert known.n_bounded_cells is None
    else:
        assert known.n_bounded_cells == cells.bounded.sum()
    chi = known.characteristic_polynomial
    if chi is not None:
        assert len(chi) == arrangement.dimension + 1
        first, _ = arrangement.coincidence
        assert chi[:2] == (1, -len(set(first.tolist())))[: len(chi)]
        assert not any(chi[arrangement.rank + 1 :])
        assert all(v * (-1) ** k > 0 for k, v in enumerate(chi[: arrangement.rank + 1]))


@pytest.mark.parametrize(
    "member",
    [
        m
        for m in MEMBERS
        if not {"generic", "discriminantal", "soft_discriminantal", "bigraphical", "E6"} & {*m}
        and m[1:] != ("E", "6")
        and m[0] != "multigrid"
    ],
    ids=str,
)
def test_known_polynomials_count_the_points_over_a_finite_field(member):
    name, args = arguments(member)
    chi = known_counts(name, *args).characteristic_polynomial
    if chi is not None and len(chi) <= 6 and max(map(abs, chi)) < 10**4:
        # Q(√5) has elements modulo 11 and 19, Q(2 cos 2π/7) modulo 13.
        for p in (11, 13, 19) if len(chi) <= 4 else (11, 13) if len(chi) <= 5 else (7, 11):
            assert points_off(FAMILIES[name](*args), p) in (value(chi, p), None)


@pytest.mark.parametrize("key", [*sorted(CELLS), *CELLS_BY_NAME])
def test_known_cells_of_the_literature(key):
    known = known_counts(*key)
    assert known.n_cells == (CELLS | CELLS_BY_NAME)[key]
    if key in CELLS_BY_NAME:
        assert FAMILIES[key[0]](*key[1:]).n_cells() == known.n_cells
    if key in BOUNDED:
        assert known.n_bounded_cells == BOUNDED[key]


def test_known_counts_beyond_enumeration():
    assert known_counts("coxeter", "E", 7).n_cells == 2_903_040
    assert known_counts("coxeter", "E", 8).n_cells == 696_729_600
    assert known_counts("coxeter", "B", 50).n_cells == 2**50 * factorial(50)
    assert known_counts("coxeter", "D", 50).n_cells == 2**49 * factorial(50)
    assert known_counts("threshold", 8).n_cells == 17_561_539_552_946
    assert known_counts("resonance", 8).n_cells == 419_172_756_930
    assert known_counts("ternary", 5).n_cells == 516 * 120 * 32  # OEIS A009997
    assert known_counts("shi", "E8").n_cells == 31**8
    assert known_counts("shi", "E7", 2).n_bounded_cells == 35**7
    assert known_counts("catalan", "E6").n_cells == 833 * 51_840  # Catalan number of E6
    assert known_counts("soft_discriminantal", 3, 8).n_bounded_cells == 101
    assert known_counts("braid", 1000).n_cells == factorial(1000)
    assert known_counts("semiorder", 6).n_cells == 38_703  # OEIS A006531
    assert known_counts("linial", 7).n_cells == 21_652  # OEIS A007889


def test_what_is_not_known_is_none():
    for member in (("demicube", 6), ("permutohedron", 4), ("threshold", 10), ("resonance", 10)):
        known = known_counts(*member)
        assert (known.n_cells, known.characteristic_polynomial) == (None, None)
        assert known.n_bounded_cells == 0
    assert known_counts("discriminantal", 7, 2).n_cells is None
    assert known_counts("soft_discriminantal", 4, 8).n_bounded_cells is None
    assert known_counts("multigrid", 3, 2, [0, 0, 0]).n_cells is None
    assert known_counts("specht", 3, 2).n_cells is None


def test_every_family_is_asked_by_name_or_function_with_its_own_arguments():
    from arrangement.families import known

    assert list(known._KNOWN) == sorted(FAMILIES)
    for name, family in FAMILIES.items():
        if name not in ("demicube", "permutohedron", "resonance", "ternary", "threshold"):
            ours = list(inspect.signature(known._KNOWN[name]).parameters)
            theirs = list(inspect.signature(family).parameters)
            assert ours[: len(theirs)] == theirs
    assert known_counts(families.shi, 3) == known_counts("shi", 3)


def test_bad_questions():
    with pytest.raises(
        InputError, match=r"^known_counts: no family 'brain'; there are bigraphical, braid, c"
    ):
        known_counts("brain", 3)
    with pytest.raises(InputError, match=r"^known_counts: no family '3'; there are"):
        known_counts(3, 3)
    with pytest.raises(InputError, match=r"^ish: 0 is too small, the least is 1$"):
        known_counts("ish", 0)
    with pytest.raises(InputError, match=r"^resonance: 2.5 is not an integer$"):
        known_counts("resonance", 2.5)
    with pytest.raises(
        SizeError, match=r"^known_counts: braid in dimension 1001; the most are"
    ):
        known_counts("braid", 1001)
    with pytest.raises(InputError, match=r"^coxeter: type E has rank 6, 7 or 8, not 9$"):
        known_counts("coxeter", "E", 9)
    with pytest.raises(InputError, match=r"^grid: a size for each axis"):
        known_counts("grid")


@pytest.mark.parametrize("seed", first(4, range(12)))
def test_the_chromatic_polynomial_counts_colourings(seed):
    graph = nx.gnm_random_graph(6, seed + 2, seed=seed)
    chi = chromatic_polynomial(graph)
    for t in range(4):
        proper = sum(
            all(colours[u] != colours[v] for u, v in graph.edges())
            for colours in product(range(t), repeat=6)
        )
        assert value(chi, t) == proper


@pytest.mark.parametrize("seed", first(4, range(12)))
def test_forests_are_counted_as_the_tutte_polynomial_tells(seed):
    graph = nx.gnm_random_graph(5, seed % 7 + 2, seed=seed)
    counts = [0] * len(graph)
    for k in range(len(graph)):
        for chosen in combinations(graph.edges, k):
            part = nx.Graph(chosen)
            counts[k] += not chosen or nx.is_forest(part)
    found = forests(graph)
    assert found == tuple(counts[: len(found)])
    assert not any(counts[len(found) :])
    known = known_counts("bigraphical", graph)
    assert known.n_cells == sum(2**k * count for k, count in enumerate(counts))


def test_chromatic_polynomials_of_known_graphs():
    # A cycle has (t−1)^n + (−1)^n (t−1) colourings, a tree t(t−1)^(n−1).
    for t in range(5):
        assert value(chromatic_polynomial(nx.cycle_graph(60)), t) == (t - 1) ** 60 + t - 1
        assert value(chromatic_polynomial(nx.balanced_tree(2, 5)), t) == t * (t - 1) ** 62
    # Stanley 1973: Petersen's graph has 16,680 acyclic orientations.
    assert abs(value(chromatic_polynomial(nx.petersen_graph()), -1)) == 16680
    assert value(chromatic_polynomial(nx.icosahedral_graph()), 4) == 240


def test_graphs_without_a_chromatic_polynomial():
    with pytest.raises(InputError, match="node 0 has a loop, which is no hyperplane"):
        chromatic_polynomial(nx.Graph([(0, 0)]))
    with pytest.raises(
        InputError, match="a networkx graph or a list of edges is needed, not 'petersen'"
    ):
        chromatic_polynomial("petersen")
    with pytest.raises(SizeError, match="201 nodes; the most are 200"):
        chromatic_polynomial(nx.path_graph(201))


def test_whitney_numbers_of_oracles_add_up_to_the_published_cells():
    for key, whitney in WHITNEY.items():
        assert known_counts(*key).n_cells == sum(whitney)
