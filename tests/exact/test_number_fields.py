"""Arrangements over real number fields against a brute force that shares no code with them."""

import pickle
from fractions import Fraction
from itertools import product

import networkx as nx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from arrangement import Arrangement, ArrangementBuilder, InputError, families
from arrangement.exact.fields import NumberField
from arrangement.results.cells import Cells
from tests import reference
from tests.algebraic_numbers import Root
from tests.amounts import examples, first
from tests.counting.test_counting import whitney_sum, with_small_primes
from tests.counting.test_poset import is_poset_of, moebius_by_definition
from tests.results.test_flats import all_flats, by_definition, is_found_modulo_small_primes
from tests.results.test_matroid import as_set, minimal, orthogonal

ROOTS = {
    "sqrt2": (Root((-2, 0), Fraction(1), Fraction(2)), NumberField("sqrt(2)")),
    "golden": (Root((-1, -1), Fraction(1), Fraction(2)), NumberField([1, -1, -1], (1, 2))),
    "cubic": (Root((-1, -1, 0), Fraction(1), Fraction(2)), NumberField([1, 0, -1, -1])),
}


@st.composite
def arrangements(draw, max_hyperplanes=6, max_dimension=3, central=None):
    """An arrangement over a field, and its rows for the reference: often degenerate."""
    root, field = ROOTS[draw(st.sampled_from(sorted(ROOTS)))]
    d = draw(st.integers(1, max_dimension))
    n = draw(st.integers(0, max_hyperplanes - (d == 3)))
    small = st.sampled_from([0, 0, 0, 1, 1, -1, 2, Fraction(1, 2)])
    numbers = st.lists(small, min_size=1, max_size=root.degree)
    through_origin = draw(st.booleans()) if central is None else central
    rows = []
    while len(rows) < n:
        row = [root.number(*draw(numbers)) for _ in range(d + 1)]
        if rows and draw(st.integers(0, 3)) == 0:
            factor = root.number(*draw(numbers.filter(any)))
            row = [factor * v for v in draw(st.sampled_from(rows))]
            if draw(st.booleans()):
                row[-1] += draw(st.sampled_from([1, Fraction(1, 10**30)]))
        elif len(rows) > 1 and draw(st.booleans()):  # one more through the same points
            factor = root.number(*draw(numbers))
            row = [v + factor * w for v, w in zip(*rows[-2:], strict=True)]
        if through_origin:
            row[-1] = root.number(0)
        if not any(row[:-1]):
            row[draw(st.integers(0, d - 1))] = root.number(1)
        rows.append(tuple(row))
    table = np.empty((n, d + 1), dtype=object)
    for i, row in enumerate(rows):
        table[i] = [field.element(v.coefficients) for v in row]
    return Arrangement(table[:, :-1], table[:, -1]), rows


@given(arrangements())
@examples(60)
def test_cells_are_those_of_the_reference(case):
    arrangement, rows = case
    cells = arrangement.cells()
    signs = set(map(tuple, cells.signs.tolist()))
    assert len(signs) == len(cells) == arrangement.n_cells()
    assert signs == reference.cells(rows)
    for cell in cells:
        assert bool(cell.bounded) == reference.bounded(rows, tuple(cell.signs.tolist()))


@given(arrangements())
@examples(60)
def test_flats_and_covers_are_those_of_the_definition(case):
    arrangement, rows = case
    found = [[flat.hyperplanes for flat in flats] for flats in all_flats(arrangement)]
    assert found == by_definition(rows)
    poset = arrangement.intersection_poset()
    is_poset_of(poset, arrangement)
    assert dict(poset.nodes(data="mobius")) == moebius_by_definition(poset)
    is_found_modulo_small_primes(arrangement)


@given(arrangements(max_hyperplanes=5, central=True))
@examples(40)
def test_circuits_and_cocircuits_are_those_of_the_definition(case):
    arrangement, rows = case
    faces = reference.faces(rows)
    assert as_set(arrangement.cocircuits()) == minimal(faces)
    vectors = {
        v
        for v in product((-1, 0, 1), repeat=len(rows))
        if all(orthogonal(v, face) for face in faces)
    }
    assert as_set(arrangement.circuits()) == minimal(vectors)


@given(arrangements(max_hyperplanes=5))
@examples(40)
def test_all_methods_agree(case):
    arrangement, _ = case
    expected = set(map(tuple, arrangement.cells(method="restrict").signs.tolist()))
    for method in ("sweep", "lp"):
        found = arrangement.cells(method=method)
        assert len(found) == len(expected)
        assert set(map(tuple, found.signs.tolist())) == expected
    assert sum(len(portion) for portion in arrangement.iter_cells(batch_size=3)) == len(
        expected
    )


@pytest.mark.parametrize(
    "rows",
    [
        [[1, 1, 0], [-1, 1, 0], [0, 2, 0], [1, 0, 1], [1, 0, 0], ["1-sqrt(2)", 0, -1]],
        [
            *([-1, 1, "1/2-1/2*sqrt(5)", "-1/2-1/2*sqrt(5)"], [-1, 0, "1/2-1/2*sqrt(5)", 0]),
            *([2, -2, "sqrt(5)-1", "sqrt(5)+1"], [2, -2, "sqrt(5)-1", 1]),
        ],
    ],
)
def test_some_columns_are_rational(rows):
    arrangement = Arrangement([row[:-1] for row in rows], [row[-1] for row in rows])
    expected = set(map(tuple, arrangement.cells(method="lp").signs.tolist()))
    found = arrangement.cells(method="sweep")
    assert len(found) == len(expected)
    assert set(map(tuple, found.signs.tolist())) == expected


@given(arrangements(max_hyperplanes=5))
@examples(40)
def test_faces_are_those_of_the_reference(case):
    arrangement, rows = case
    expected = reference.faces(rows)
    found = []
    for k in range(arrangement.dimension + 1):
        faces = arrangement.faces(k)
        found += map(tuple, faces.signs.tolist())
        for face in faces:
            values = arrangement.rows @ np.array([*face.witness, 1], dtype=object)
            assert [int(v > 0) - int(v < 0) for v in values] == face.signs.tolist()
    assert len(found) == len(set(found))
    assert set(found) == expected
    assert sum(arrangement.face_vector()) == len(expected)


@given(arrangements(max_hyperplanes=5))
@examples(40)
def test_characteristic_polynomials_are_whitney_sums(case):
    arrangement, rows = case
    different = list(
        dict.fromkeys(max(reference.scaled(r), reference.scaled([-v for v in r])) for r in rows)
    )
    expected = whitney_sum(different, arrangement.dimension)
    assert arrangement.characteristic_polynomial() == expected
    assert arrangement.characteristic_polynomial(symmetry="auto") == expected


@given(arrangements(max_hyperplanes=6, central=True))
@examples(40)
def test_zeros_are_proved_with_many_small_primes(case):
    arrangement, rows = case
    d = arrangement.dimension
    if d < 2 or arrangement.rank < d:
        return
    vectors = arrangement.rows[np.unique(arrangement.coincidence[0]), :-1]
    different = [rows[i] for i in np.unique(arrangement.coincidence[0])]
    expected = [abs(w) for w in whitney_sum(different, d)]
    decone = with_small_primes(vectors[1:], vectors[0], None).whitney_numbers()
    assert np.convolve(decone, [1, 1]).tolist() == expected


@given(arrangements())
@examples(40)
def test_points_vertices_and_rays(case):
    arrangement, _ = case
    cells = arrangement.cells()
    for cell in cells:
        assert cells.locate(list(cell.witness)) == cell.index
        if not np.isnan(cell.point).any():
            assert cells.locate(cell.point) == cell.index
        for vertex in cell.vertices():
            values = arrangement.rows @ np.array([*vertex, 1], dtype=object)
            assert all(v * int(s) >= 0 for v, s in zip(values, cell.signs, strict=True))
            on = [i for i, v in enumerate(values) if v == 0]
            assert Arrangement(arrangement.rows[on, :-1]).rank == arrangement.rank
        for ray in cell.rays():
            values = arrangement.rows[:, :-1] @ np.array(ray, dtype=object)
            assert all(v * int(s) >= 0 for v, s in zip(values, cell.signs, strict=True))


@given(arrangements())
@examples(40)
def test_saved_arrangements_are_read_again(tmp_path_factory, case):
    arrangement, _ = case
    path = tmp_path_factory.mktemp("saved") / "cells.npz"
    cells = arrangement.cells()
    cells.save(path)
    again = Cells.load(path)
    assert again.arrangement == arrangement
    assert hash(again.arrangement) == hash(arrangement)
    assert np.array_equal(again.packed, cells.packed)
    assert pickle.loads(pickle.dumps(arrangement)) == arrangement


@given(arrangements(max_hyperplanes=5))
@examples(30)
def test_operations(case):
    arrangement, _ = case
    cone = arrangement.cone()
    assert cone.decone(-1) == arrangement
    assert cone.n_cells() == 2 * arrangement.n_cells()
    builder = ArrangementBuilder(arrangement.dimension)
    for row in arrangement.rows:
        builder.insert(row[:-1], row[-1])
    assert builder.n_cells == arrangement.n_cells()
    for i in range(arrangement.n_hyperplanes):
        if arrangement.coincidence[0][i] == i and (arrangement.coincidence[0] == i).sum() == 1:
            # Deletion and restriction (Zaslavsky 1975).
            smaller = arrangement.deletion(i).n_cells() + arrangement.restriction(i).n_cells()
            assert arrangement.n_cells() == smaller
    if arrangement.is_central and arrangement.n_hyperplanes:
        circuits, covectors = arrangement.circuits(), arrangement.covectors()
        for c in circuits:
            products = covectors * c
            assert ((products > 0).any(axis=1) == (products < 0).any(axis=1)).all()


def test_the_same_numbers_of_different_fields_are_the_same_arrangement():
    tau = NumberField([1, -1, -1], (1, 2)).generator
    one = Arrangement([[1, tau], [tau, 1]], [0, 1])
    other = Arrangement([["1", "(1+sqrt(5))/2"], ["2*cos(pi/5)", 1]], ["0", 1])
    assert one == other
    assert hash(one) == hash(other)
    assert one != Arrangement([[1, tau], [tau, 1]], [0, tau])


def test_one_field_for_all_numbers():
    lines = Arrangement([["sqrt(2)", "sqrt(3)"], ["sqrt(3)", "sqrt(2)"], ["sqrt(6)", 3]])
    assert len(lines.cells()) == 4  # √6 : 3 = √2 : √3
    assert Arrangement([["sqrt(2)", 2], [1, "sqrt(2)"]]).n_cells() == 2
    copies = Arrangement(
        [[7 + TAU, 1], [(7 + TAU) * (3 - 2 * TAU), 3 - 2 * TAU], [-1, TAU - 8]]
    )
    assert copies.coincidence[0].tolist() == [0, 0, 2]
    assert copies.coincidence[1].tolist() == [1, -1, 1]


@pytest.mark.parametrize(
    ("normals", "message"),
    [
        ([["sqrt(-1)", 1]], r"normals, row 0, column 0: -1 is negative"),
        (
            [[1, "sqrt(x)"]],
            r"normals, row 0, column 1: 'sqrt\(x\)' is not a finite real number",
        ),
        ([[1, "cos(1)"]], r"normals, row 0, column 1: cos of what is no rational multiple"),
        ([["sqrt(2)-2^(1/2)", "sqrt(2)-2^(1/2)"]], "row 0: the normal is zero"),
        ([["2^(1/97)", 1]], "degree 97"),
        ([[f"sqrt({p})" for p in (2, 3, 5, 7, 11, 13)]], "degree 64"),
    ],
)
def test_bad_input(normals, message):
    with pytest.raises(InputError, match=message) as refusal:
        Arrangement(normals)
    assert "\n" not in str(refusal.value)


def test_an_end_of_too_large_a_degree_is_a_number():
    with pytest.raises(InputError, match=r"^domain, coordinate 0: .* degree 50; .* is 32"):
        Arrangement([[1]]).cells(domain=[("cos(2*pi/101)", 1)])


@pytest.mark.parametrize("other", ["sqrt(2)", "sqrt(3)", "2*cos(2*pi/7)"])
@given(case=arrangements(max_dimension=2))
@examples(15)
def test_irrational_domains(other, case):
    """The cells in a box are those of the hyperplanes and its walls, on the inner sides."""
    arrangement, _ = case
    d, n = arrangement.dimension, arrangement.n_hyperplanes
    box = [(0, other), (f"-{other}", "1/2*sqrt(2)")][:d]
    normals, offsets = [], []
    for c, (low, high) in enumerate(box):
        unit = [int(k == c) for k in range(d)]
        normals += [unit, [-v for v in unit]]
        offsets += [f"(0-1)*({low})", f"({high})*1"]
    both = Arrangement(
        np.concatenate([arrangement.normals.astype(object), np.array(normals, dtype=object)]),
        [*arrangement.offsets, *offsets],
    )
    signs = both.cells().signs
    expected = {tuple(s[:n]) for s in signs.tolist() if min(s[n:]) > 0}
    found = arrangement.cells(domain=box)
    assert set(map(tuple, found.signs.tolist())) == expected
    assert len(found) == len(expected)
    for cell in found:
        assert found.locate(list(cell.witness)) == cell.index


def test_irrational_points():
    cells = Arrangement([["sqrt(2)", "-1"], [1, 0]], [0, "-sqrt(3)+0"]).cells()
    assert cells[cells.locate(["cos(2*pi/7)", 0])].signs.tolist() == [1, -1]
    assert cells[cells.locate([2, "sqrt(8)-1/10^30"])].signs.tolist() == [1, 1]
    assert cells[cells.locate([2, "sqrt(8)+1/10^30"])].signs.tolist() == [-1, 1]
    with pytest.raises(InputError, match="point 0 lies on hyperplane 0"):
        cells.locate([2, "2*sqrt(2)"])


TAU = NumberField([1, -1, -1], (1, 2)).generator
CATALOGUE = {
    60: """2τ+1,2τ,τ 2τ+2,2τ+1,τ+1 1,1,1 τ+1,τ+1,τ 2τ,2τ,τ τ+1,τ+1,1 1,1,0 0,1,0 1,0,0
        τ+1,τ,τ""",
    112: """τ+1,τ,0 2τ+1,2τ,τ 2τ+2,2τ+1,τ+1 2τ+2,2τ+1,τ 1,1,1 τ+1,τ+1,τ 2τ,2τ,τ τ+1,τ+1,1
        1,1,0 0,0,1 0,1,0 0,1,1 1,0,0 τ+1,τ,τ""",
}


@pytest.mark.parametrize("cells", first(1, CATALOGUE))
def test_simplicial_arrangements_of_the_catalogue(cells):
    """Members of Cuntz's catalogue: every cell is a cone with three facets and three rays."""
    text = CATALOGUE[cells].replace("2τ", "2*τ").replace("τ", "(1+sqrt(5))/2*1")
    planes = Arrangement([row.split(",") for row in text.split()])
    found = planes.cells()
    assert len(found) == planes.n_cells() == cells
    for cell in found:
        assert len(cell.facets()) == len(cell.rays()) == 3
    # n planes meet in f lines, and Euler's formula gives 4f − 4 simplicial cones.
    assert 4 * (len(planes.flats(2)) - 1) == cells
    assert planes.is_isomorphic(Arrangement(planes.rows[::-1, :-1] * TAU))


@pytest.mark.parametrize(
    ("name", "bounded"),
    [
        ("dodecahedron", 63),
        ("24-cell", None),
        pytest.param("icosahedron", 473, marks=pytest.mark.slow),
    ],
)
def test_facets_of_regular_polytopes(name, bounded):
    """63 and 473 parts of the stellations (Coxeter et al. 1938), and Zaslavsky by hand."""
    planes = families.regular_polytope(name)
    cells = planes.cells()
    core = cells[cells.locate([0] * planes.dimension)]
    assert len(core.facets()) == planes.n_hyperplanes
    vertices = {"dodecahedron": 20, "icosahedron": 12, "24-cell": 24}[name]
    assert len(core.vertices()) == vertices
    if bounded is not None:
        assert int(cells.bounded.sum()) == planes.n_bounded_cells() == bounded
    assert len(cells) == planes.n_cells() == sum(map(abs, planes.characteristic_polynomial()))


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", ["dodecahedron", pytest.param("icosahedron", marks=pytest.mark.slow)]
)
def test_characteristic_polynomials_of_the_facets_by_hand(name):
    """Points where planes meet, by Cramer's rule in numbers of the reference."""
    root, _ = ROOTS["golden"]
    rows = [
        [root.number(*getattr(v, "coefficients", (v,))) for v in row]
        for row in families.regular_polytope(name).rows
    ]

    def cross(u, v):
        return tuple(u[i - 2] * v[i - 1] - u[i - 1] * v[i - 2] for i in range(3))

    def dot(u, v):
        return sum((a * b for a, b in zip(u, v, strict=True)), root.number(0))

    n = len(rows)
    lines, points = {}, {}
    for i in range(n):
        for j in range(i):
            direction = cross(rows[i][:3], rows[j][:3])
            if not any(direction):
                continue
            for k in range(n):
                volume = dot(direction, rows[k][:3])
                if not volume:
                    continue
                a, b, c = (rows[m] for m in (i, j, k))
                parts = [
                    (c[3], direction), (a[3], cross(b[:3], c[:3])), (b[3], cross(c[:3], a[:3]))
                ]  # fmt: skip
                point = tuple(
                    -sum((s * v[x] for s, v in parts), root.number(0)) / volume
                    for x in range(3)
                )
                points.setdefault(point, set()).update({i, j, k})
    for on in points.values():
        for i in on:
            for j in on:
                if i < j:
                    line = frozenset(
                        k for k in on if not dot(cross(rows[i][:3], rows[j][:3]), rows[k][:3])
                    )
                    lines[line] = len(line) - 1
    w2 = sum(lines.values())
    w3 = 0
    for on in points.values():
        through = [mobius for line, mobius in lines.items() if line <= on]
        w3 += 1 - len(on) + sum(through)
    assert families.regular_polytope(name).whitney_numbers() == (1, n, w2, w3)


def test_graphs_have_decimals(tmp_path):
    cells = families.coxeter("H", 3).cells()
    cells.write_graphml(tmp_path / "H3.graphml")
    graph = nx.read_graphml(tmp_path / "H3.graphml")
    assert (len(graph), graph.number_of_edges()) == (120, 180)
    assert cells.locate([graph.nodes["0"][f"x{c}"] for c in range(3)]) == 0


def test_numbers_of_sympy():
    sympy = pytest.importorskip("sympy")
    x = sympy.Symbol("x")
    root = sympy.sqrt(2)
    lines = Arrangement([[root, 1], [2, root], [sympy.Rational(1, 2), sympy.Integer(3)]])
    assert lines == Arrangement([["sqrt(2)", 1], [2, "sqrt(2)"], ["1/2", 3]])
    numbers = [
        (sympy.cos(2 * sympy.pi / 7), "cos(2*pi/7)"),
        (sympy.CRootOf(x**3 - x - 1, 0), "root(x^3-x-1,1,2)"),
        (sympy.GoldenRatio, "(1+sqrt(5))/2"),
        (10**40 * root + 1, "10^40*sqrt(2)+1"),
        (sympy.AlgebraicNumber(sympy.sqrt(5)), "sqrt(5)"),
        ((root - 1) * (root + 1), 1),
        ((root - 1) * (root + 1) - 1, 0),
        (sympy.Float(0.5), "1/2"),
    ]
    for number, text in numbers:
        assert Arrangement([[1, 1]], [number]) == Arrangement([[1, 1]], [text])
    for number in (sympy.pi, sympy.I, sympy.oo, x, sympy.nan, root * sympy.I):
        with pytest.raises(InputError, match=r"entry 0: .* is not a finite real number"):
            Arrangement([[1, 1]], [number])
