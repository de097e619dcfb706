"""Families of root systems, graphs, polytopes and matroids, against their definitions."""

from collections import Counter
from itertools import combinations, permutations, product
from math import comb, factorial

import networkx as nx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from arrangement import Arrangement, InputError, SizeError, families
from arrangement.families.matroids import CIRCUITS
from tests import reference
from tests.amounts import examples, first
from tests.strategies import NUMBERS


@pytest.mark.parametrize(
    ("name", "rank", "coxeter_number"),
    [("A3", 3, 4), ("B3", 3, 6), ("C3", 3, 6), ("D4", 4, 6), ("E6", 6, 12), ("E7", 7, 18),
     ("E8", 8, 30), ("F4", 4, 12), ("G2", 2, 6)],
)  # fmt: skip
def test_the_roots_of_shi_arrangements_are_a_root_system(name, rank, coxeter_number):
    # The hyperplane at 1 of each root, scaled so, is α·x = 1: reflections permute the ±α.
    shifted = [h for h in families.shi(name) if h.offset]
    positive = np.array([h.normal / -h.offset for h in shifted]).astype(float)
    roots = {tuple(r) for r in np.concatenate([positive, -positive]).tolist()}
    assert len(roots) == rank * coxeter_number
    for a in positive[:12]:
        twice = 2 * positive @ a / (a @ a)
        assert (twice == np.rint(twice)).all()
        assert {tuple(r) for r in (positive - twice[:, None] * a).tolist()} <= roots
    # Positive: a sum of two of them that is a root is one of them.
    listed = {tuple(r) for r in positive.tolist()}
    for a, b in combinations(positive[:20], 2):
        assert tuple(a + b) not in roots - listed


@pytest.mark.parametrize("m", [0, 1, 2])
def test_deformations_of_type_a_are_those_of_differences(m):
    for family, low in ((families.shi, 1 - m), (families.catalan, -m)):
        arrangement = family("A3", m)
        assert arrangement == family(4, m)
        pairs = combinations(range(4), 2)
        wanted = {
            (*(int(k == i) - int(k == j) for k in range(4)), -c)
            for i, j in pairs
            for c in range(low, m + 1)
        }
        assert {tuple(map(int, row)) for row in arrangement.given} == wanted


@pytest.mark.parametrize("n", [2, 3, 4])
def test_graph_families_of_complete_graphs(n):
    complete = nx.complete_graph(n)
    assert families.g_shi(complete) == families.shi(n)
    assert families.g_semiorder(list(combinations(range(n), 2))) == families.semiorder(n)
    generic = families.bigraphical(complete, rng=n)
    assert len(generic) == n * (n - 1)
    assert families.bigraphical(complete, rng=n) == generic
    assert families.bigraphical(complete, rng=n + 1) != generic


@pytest.mark.parametrize("seed", first(3, range(10)))
def test_bigraphical_arrangements_have_the_cells_of_the_tutte_polynomial(seed):
    graph = nx.gnm_random_graph(4, seed % 4 + 3, seed=seed)
    tutte = nx.tutte_polynomial(graph)
    parts, rank = (
        nx.number_connected_components(graph),
        4 - nx.number_connected_components(graph),
    )
    expected = 2**rank * tutte.subs({"x": "3/2", "y": 1})
    assert families.bigraphical(graph, rng=seed).n_cells() == expected
    relabelled = nx.relabel_nodes(graph, {k: "dcba"[k] for k in graph})
    assert families.bigraphical(relabelled, rng=seed).rank == 4 - parts


def test_lists_of_edges_are_graphs():
    triangle = [(2, 0), (0, 1), (1, 2)]
    graph = nx.MultiGraph()
    graph.add_nodes_from(range(3))
    graph.add_edges_from(triangle)
    assert families.graphical(triangle) == families.graphical(graph)
    assert len(families.graphical([(0, 1), (1, 0)])) == 2
    assert len(families.g_shi([(0, 1), (1, 0)])) == 2
    assert families.known_counts("graphical", triangle).n_cells == 6
    assert families.graphical([]).dimension == 0
    for bad, message in (
        ([(0, 1, 2)], r"\(0, 1, 2\) is no edge, which is a pair of nodes$"),
        (["ab"], r"'ab' is no edge"),
        ("ab", r"a networkx graph or a list of edges is needed, not 'ab'$"),
        ([(0, 0)], r"node 0 has a loop, which is no hyperplane$"),
        ([(0, "a")], r"the nodes of a list of edges are numbers or texts, not both$"),
    ):
        for family in (families.graphical, families.g_shi, families.bigraphical):
            with pytest.raises(InputError, match=f"^{family.__name__}: {message}"):
                family(bad)


def standard_tableaux(partition):
    if sum(partition) <= 1:
        return 1
    smaller = [
        (*partition[:k], part - 1, *partition[k + 1 :])
        for k, part in enumerate(partition)
        if part > (partition[k + 1] if k + 1 < len(partition) else 0)
    ]
    return sum(standard_tableaux(tuple(v for v in shape if v)) for shape in smaller)


@pytest.mark.parametrize(
    "partition",
    [
        (1,),
        (3,),
        (1, 1, 1),
        (2, 1),
        (3, 1),
        (2, 2),
        (2, 1, 1),
        (3, 2),
        (2, 2, 1),
        (3, 1, 1),
        (30,),
    ],
)
def test_specht_arrangements_are_of_specht_modules(partition):
    arrangement = families.specht(*partition)
    assert arrangement.rank == arrangement.dimension == standard_tableaux(partition)
    assert len(arrangement.different) == len(arrangement)
    n = sum(partition)
    columns = [sum(part > c for part in partition) for c in range(partition[0])]
    fillings = factorial(n)
    for length, count in Counter(columns).items():
        fillings //= factorial(length) ** count * factorial(count)
    assert len(arrangement) == fillings


@pytest.mark.parametrize("k", [2, 3, 4])
def test_soft_discriminantal_arrangements_are_deconed_discriminantal_ones(k):
    for m in (k + 1, k + 2, k + 3):
        arrangement = families.soft_discriminantal(k, m, rng=m)
        assert (len(arrangement), arrangement.dimension) == (comb(m - 1, k - 1) - 1, k - 1)
        if m > k + 1:
            cone = arrangement.cone().characteristic_polynomial()
            full = families.discriminantal(m - 1, m - 1 - k).characteristic_polynomial()
            assert (*cone, *[0] * (m - 1 - k)) == full
    with pytest.raises(
        InputError, match=r"^soft_discriminantal: 3 is too small, the least is 4"
    ):
        families.soft_discriminantal(3, 3)


@st.composite
def points(draw):
    d = draw(st.integers(1, 3))
    number = NUMBERS[draw(st.sampled_from(["small integers", "sevenths", "huge integers"]))]
    row = st.lists(number, min_size=d, max_size=d)
    return draw(st.lists(row, min_size=1, max_size=7))


@examples(100)
@given(points())
def test_facets_are_the_hyperplanes_that_points_span_on_one_side(vertices):
    d = len(vertices[0])
    lifted = reference.rows_of(vertices, [1] * len(vertices))
    spanned = set()
    for chosen in combinations(lifted, d):
        rows = list(map(list, chosen))
        solution = null_vector(rows)
        if solution is None:
            continue
        values = [sum(a * v for a, v in zip(solution, row, strict=True)) for row in lifted]
        sides = {(v > 0) - (v < 0) for v in values}
        if sides == {0}:
            break
        if not {1, -1} <= sides:
            sign = -1 if -1 in sides else 1
            spanned.add(reference.scaled(tuple(sign * v for v in solution)))
    if not spanned or any(not any(row[:-1]) for row in spanned):
        with pytest.raises(InputError, match="the points lie in a hyperplane"):
            families.facets(vertices)
        return
    found = families.facets(vertices)
    assert {reference.scaled(row) for row in reference.rows_of(found.rows[:, :-1].tolist(),
            found.rows[:, -1].tolist())} == spanned  # fmt: skip


def null_vector(rows):
    """The solution of d independent equations in d + 1 unknowns, None if they are dependent."""
    solution, left, pivots = [], [tuple(row) for row in rows], []
    width = len(rows[0])
    reduced = []
    for column in range(width):
        pivot = next((row for row in left if row[column]), None)
        if pivot is None:
            continue
        left.remove(pivot)
        pivot = tuple(v / pivot[column] for v in pivot)
        clear = lambda row, c=column, p=pivot: tuple(  # noqa: E731
            v - row[c] * q for v, q in zip(row, p, strict=True)
        )
        left, reduced = list(map(clear, left)), list(map(clear, reduced))
        reduced.append(pivot)
        pivots.append(column)
    if len(pivots) < width - 1:
        return None
    free = next(c for c in range(width) if c not in pivots)
    solution = [0] * width
    solution[free] = 1
    for column, row in zip(pivots, reduced, strict=True):
        solution[column] = -row[free]
    return tuple(solution)


@examples(30)
@given(st.lists(st.lists(st.integers(-2, 2), min_size=2, max_size=2), min_size=1, max_size=5))
def test_cells_of_a_zonotope_are_its_vertices(generators):
    arrangement = families.zonotope(generators)
    sums = {
        tuple(sum(s * g[c] for s, g in zip(signs, generators, strict=True)) for c in range(2))
        for signs in product((-1, 1), repeat=len(generators))
    }
    vertices = 0
    for p in sums:
        differences = [(p[0] - q[0], p[1] - q[1], 0) for q in sums if q != p]
        vertices += reference.feasible(reference.rows_of([r[:2] for r in differences]))
    assert arrangement.n_cells() == vertices
    assert len(arrangement.different) == len(arrangement)


@pytest.mark.parametrize("d", [1, 2, 3, 4])
def test_ternary_normals_are_all_vectors_up_to_sign(d):
    arrangement = families.ternary(d)
    normals = {tuple(map(int, row)) for row in arrangement.normals}
    assert len(normals) == len(arrangement) == (3**d - 1) // 2
    assert normals | {tuple(-v for v in row) for row in normals} == {
        row for row in product((-1, 0, 1), repeat=d) if any(row)
    }


def test_multigrids():
    square = families.multigrid(2, 3, [0, 0])
    assert square == families.grid(3, 3)
    penrose = families.multigrid(5, 2, ["1/5"] * 5)
    assert len(penrose.restriction([], repetitions=False)) == 10
    assert (
        max(len(flat.hyperplanes) for flat in families.multigrid(5, 1, [0] * 5).flats(2)) == 5
    )
    generic = families.multigrid(7, 2, rng=3)
    assert generic.is_simple
    assert len(generic.flats(2)) == comb(7, 2) * 4
    directions = families.multigrid(5, 1).given[:, :2]
    turned = {h for h in Arrangement(directions)}
    assert turned == set(families.coxeter("I2(5)"))
    for arguments, message in (
        ((1, 2), "1 is too small, the least is 2"),
        ((3, 1, [0, 1]), "2 shifts for 3 directions"),
        ((3, 1, [0, 1, "x"]), "shifts, entry 2: 'x' is not a finite real number"),
    ):
        with pytest.raises(InputError, match=f"^multigrid: {message}"):
            families.multigrid(*arguments)


@pytest.mark.parametrize("name", sorted(CIRCUITS))
def test_matroids_have_the_dependent_sets_of_the_tables(name):
    n, r, large = CIRCUITS[name]
    arrangement = families.matroid(name)
    assert (len(arrangement), arrangement.rank, arrangement.dimension) == (n, r, r)
    sizes = Counter(len(flat.hyperplanes) for flat in arrangement.flats(r - 1))
    sizes.pop(r - 1, None)
    assert sizes == large
    assert all(len(flat.hyperplanes) == r - 2 for flat in arrangement.flats(r - 2))


def test_theorems_of_pappus_and_desargues():
    # Each point is on three lines of three, each line has three points: (9_3) and (10_3).
    for name in ("pappus", "desargues"):
        lines = [
            f.hyperplanes for f in families.matroid(name).flats(2) if len(f.hyperplanes) > 2
        ]
        on = Counter(point for line in lines for point in line)
        assert set(on.values()) == {3}
    assert families.matroid("non-fano").is_isomorphic(families.resonance(3))
    graph = nx.petersen_graph()
    lines = [f.hyperplanes for f in families.matroid("desargues").flats(2)]
    joined = {pair for line in lines if len(line) == 3 for pair in combinations(line, 2)}
    missing = nx.complement(nx.Graph(joined))
    assert nx.is_isomorphic(missing, graph)  # Desargues' points off a common line
    six = [f.hyperplanes for f in families.matroid("r6").flats(2) if len(f.hyperplanes) > 2]
    assert not {*six[0]} & {*six[1]}
    six = [f.hyperplanes for f in families.matroid("q6").flats(2) if len(f.hyperplanes) > 2]
    assert len({*six[0]} & {*six[1]}) == 1


def test_what_is_no_family_member():
    for call, message in (
        (
            lambda: families.matroid("fano"),
            r"^matroid: 'fano' is none of betsy-ross, desargues",
        ),
        (lambda: families.matroid(3), r"^matroid: 3 is none of"),
        (lambda: families.specht(1, 2), r"^specht: \(1, 2\) is no partition"),
        (lambda: families.specht(), r"^specht: \(\) is no partition"),
        (
            lambda: families.shi("H3"),
            r"^shi: type H is not crystallographic; take one of A to G",
        ),
        (lambda: families.known_counts("shi", "H3"), r"^shi: type H is not crystallographic"),
        (lambda: families.catalan("E9"), r"^catalan: type E has rank 6, 7 or 8, not 9$"),
        (lambda: families.shi("B"), r"^shi: type 'B' without a rank"),
        (lambda: families.shi(3, -1), r"^shi: the multiplicity: -1 is too small"),
        (lambda: families.facets([[0, 0], [1, 1]]), r"^facets: the points lie in a hyperplane"),
        (lambda: families.facets([[0, "a"]]), r"^facets: points, row 0, column 1: 'a' is not"),
        (lambda: families.zonotope([[0, None]]), r"^zonotope: generators, row 0, column 1"),
    ):
        with pytest.raises(InputError, match=message):
            call()
    for call in (
        lambda: families.shi("B1000"),
        lambda: families.shi(3, 10**30),
        lambda: families.specht(20, 20),
        lambda: families.ternary(10**9),
        lambda: families.soft_discriminantal(3, 10**9),
        lambda: families.multigrid(2, 10**9),
        lambda: families.ish_b(10**6),
    ):
        with pytest.raises(SizeError, match="the most are 100,000 hyperplanes"):
            call()
    with pytest.raises(SizeError, match=r"^specht: a partition of 1,000,000,001; the largest"):
        families.specht(10**9, 1)


def test_symmetric_families_are_symmetric():
    for partition in ((2, 1), (2, 2), (2, 1, 1)):
        group = factorial(sum(partition))
        cells = families.specht(*partition).n_cells()
        assert cells % 2 == 0
        assert group % 2 == 0
    orders = {tuple(np.argsort(p)) for p in permutations(range(3))}
    assert families.ternary(3).n_cells() % (8 * len(orders)) == 0


def test_facets_and_zonotopes_from_files(facts, refused, tmp_path):
    path = tmp_path / "square.csv"
    path.write_text("x,y\n0,0\n2,0\n0,2\n2,2\n1,1\n")
    assert facts("count", "--family", "facets", path)["cells"] == 9
    assert facts("count", "--family", "zonotope", path)["cells"] == 6
    path = tmp_path / "square.ext"
    path.write_text("V-representation\nbegin\n3 3 rational\n1 0 0\n1 1/2 0\n1 0 1/2\nend\n")
    assert facts("count", "--family", "facets", path)["cells"] == 7
    path.write_text("V-representation\nbegin\n1 3 rational\n1 0 0\nend\n")
    assert refused("count", "--family", "facets", path) == (
        f"{path}: facets: the points lie in a hyperplane, so that there are none"
    )
