"""Derivatives and inertias against exact differences of the loss, and the table of them all.

On a cell, on a face and along a ray the loss is a polynomial of degree four, so that
differences of its values at five points give its derivatives without an error. Values are
computed in Fractions from the definition of the loss alone.
"""

from fractions import Fraction
from itertools import combinations_with_replacement, permutations

import numpy as np
import pytest

from arrangement import exact
from arrangement.errors import InputError, SolverError
from arrangement.relu import OneHiddenLayer, local_minimum
from arrangement.relu.minima import saddles as saddles_module
from tests import reference
from tests.amounts import first
from tests.landscape_reference import Reference, dot
from tests.relu.test_landscape import data_set

ROWS = 8
"""Critical points of one landscape that are looked at."""


def problem_of(seed):
    """A small problem, more often than not with samples or targets that coincide."""
    rng = np.random.default_rng(seed)
    K = 1 + seed % 3
    d, n = (2, 5) if K == 1 else (1 + (seed % 2) * (K == 2), (0, 0, 4, 4)[K])
    X, y = rng.integers(-2, 3, (n, d)).tolist(), rng.integers(-2, 3, n).tolist()
    sort = ("integers", "repeated", "collinear", "floats")[seed // 3 % 4]
    if sort == "repeated":
        X = [X[k] for k in rng.integers(0, n // 2 + 1, n)]
    if sort == "collinear":
        X = [[int(k)] * d for k in rng.integers(-2, 3, n)]
    if sort == "floats":
        X, y = rng.normal(size=(n, d)).round(3).tolist(), rng.normal(size=n).round(3).tolist()
    bias = (1, 1, None, 2)[seed // 12 % 4]
    if bias is None:
        X = [row if any(row) else [1] * d for row in X]
    slope = (0, 0, 0.25, -0.5)[int(rng.integers(4))]
    return dict(
        X=X, y=y, hidden=K, bias=bias, output_bias=bool(seed // 5 % 2), negative_slope=slope
    )


class Loss:
    """The loss of a point (w_1, …, w_K, z, b), a list of numbers, from its definition."""

    def __init__(self, specification):
        self.of = specification
        self.d, self.K = len(specification.X[0]), specification.hidden

    def __call__(self, p):
        K, d, slope = self.K, self.d, self.of.slope
        z, total = p[K * d : K * d + K], Fraction(0)
        for x, y in zip(self.of.X, self.of.y, strict=True):
            t = [dot(p[j * d : (j + 1) * d], x) for j in range(K)]
            f = sum((c * (v if v > 0 else slope * v) for c, v in zip(z, t, strict=True)), -y)
            total += (f + sum(p[K * d + K :])) ** 2
        return total / len(self.of.y)

    def signs(self, p):
        d = self.d
        return [
            [exact.sign(dot(p[j * d : (j + 1) * d], x)) for x in self.of.X]
            for j in range(self.K)
        ]

    def step(self, p, *directions):
        """So small a step that no sign that is not zero changes in four steps of each."""
        h, own = Fraction(1), self.signs(p)
        while any(
            a and a != b
            for v in directions
            for side in (4, -4)
            for A, B in zip(own, self.signs(moved(p, v, side * h)), strict=True)
            for a, b in zip(A, B, strict=True)
        ):
            h /= 8
        return h

    def both_ways(self, p, v):
        """The first two derivatives along a line on which no sign changes."""
        h = self.step(p, v)
        f = {k: self(moved(p, v, k * h)) for k in (-2, -1, 0, 1, 2)}
        slope = (f[-2] - 8 * f[-1] + 8 * f[1] - f[2]) / (12 * h)
        return slope, (-f[2] + 16 * f[1] - 30 * f[0] + 16 * f[-1] - f[-2]) / (12 * h * h)

    def one_way(self, p, v):
        """The first two derivatives along a ray."""
        h = self.step(p, v)
        f = [self(moved(p, v, k * h)) for k in range(5)]
        slope = -25 * f[0] + 48 * f[1] - 36 * f[2] + 16 * f[3] - 3 * f[4]
        curve = 35 * f[0] - 104 * f[1] + 114 * f[2] - 56 * f[3] + 11 * f[4]
        return slope / (12 * h), curve / (12 * h * h)

    def hessian(self, p, basis):
        """In the coordinates of some directions along which no sign changes."""
        n = len(basis)
        square = [self.both_ways(p, v)[1] for v in basis]
        H = [[Fraction(0)] * n for _ in range(n)]
        for i in range(n):
            H[i][i] = square[i]
            for k in range(i):
                both = self.both_ways(p, moved(basis[i], basis[k], 1))[1]
                H[i][k] = H[k][i] = (both - square[i] - square[k]) / 2
        return H


def moved(p, v, t):
    return [a + t * b if b else a for a, b in zip(p, v, strict=True)]


def inertia_by_squares(H):
    """Of a symmetric matrix, by completing squares (Lagrange)."""
    H = [list(row) for row in H]
    negative = positive = 0
    while H:
        n = len(H)
        k = next((k for k in range(n) if H[k][k]), None)
        if k is None:
            pair = next(((i, j) for i in range(n) for j in range(i) if H[i][j]), None)
            if pair is None:
                return negative, n, positive
            i, k = pair  # add row and column i to k, where both squares are missing
            H[k] = moved(H[k], H[i], 1)
            for row in H:
                row[k] += row[i]
        pivot = H.pop(k)
        square = pivot.pop(k)
        positive, negative = positive + (square > 0), negative + (square < 0)
        H = [
            moved(row, pivot, -first_entry / square)
            for row in H
            for first_entry in [row.pop(k)]
        ]
    return negative, 0, positive


def tangent_basis(specification, faces):
    K, d = len(faces), len(specification.X[0])
    size = K * (d + 1) + specification.output_bias
    return [
        [Fraction(0)] * (j * d) + list(t) + [Fraction(0)] * (size - j * d - d)
        for j, face in enumerate(faces)
        for t in specification.bases[face]
    ] + [[Fraction(int(i == k)) for k in range(size)] for i in range(K * d, size)]


def states_of(piece):
    rows = map(tuple, piece.signs.tolist())
    return list(zip(rows, map(int, piece.output_signs), strict=True))


def exact_point(specification, piece):
    """The critical point near the one that a piece shows, as it is rounded."""
    states, e = states_of(piece), int(specification.output_bias)
    active = [j for j, (f, s) in enumerate(states) if s and not specification.is_idle(f)]
    solution, null, blocks, r, _ = specification.fit([states[j][0] for j in active])
    near = [piece.output_bias] * e
    for j in active:
        T = np.array(specification.bases[states[j][0]], dtype=float).T
        near += np.linalg.lstsq(T, states[j][1] * piece.weights[j])[0].tolist()
    if null:
        off = np.array(near) - np.array(solution, dtype=float)
        for v, t in zip(null, np.linalg.lstsq(np.array(null, float).T, off)[0], strict=True):
            solution = moved(solution, v, Fraction(float(t)))
    w = [list(map(Fraction, row)) for row in piece.weights.tolist()]
    for j, block in zip(active, blocks, strict=True):
        face, s = states[j]
        columns = zip(*specification.bases[face], strict=True)
        w[j] = [s * dot(t, solution[block]) for t in columns]
    for j, (face, s) in enumerate(states):
        if not s and any(g := specification.change(face, (), r)):
            w[j] = moved(w[j], g, -dot(w[j], g) / dot(g, g))
        if 0 in face and specification.is_idle(face):
            w[j] = inside(specification, face, w[j])
    z = [Fraction(v) for v in piece.output_weights.tolist()]
    scales = [Fraction(1), Fraction(-3, 2), Fraction(2, 3)]
    for j, t in zip(range(len(z)), scales, strict=False):  # (αw, z/α) is as good
        w[j], z[j] = [abs(t) * v for v in w[j]], z[j] / abs(t)
    return [v for row in w for v in row] + z + solution[:e], r


def inside(specification, face, w):
    """A point of a face near one as it is rounded."""
    T = specification.bases[face]
    if not T:
        return [Fraction(0)] * len(w)
    c = np.linalg.lstsq(np.array(T, float).T, np.array(w, float))[0].tolist()
    return [dot(t, map_of) for t in zip(*T, strict=True) for map_of in [list(map(Fraction, c))]]


def is_strict(specification, face, s, r):
    """Is s·h positive wherever it is not on the face's flat?"""
    rows = reference.rows_of([x for x, v in zip(specification.X, face, strict=True) if not v])
    for local in reference.cells(rows) if rows else ():
        h = reference.rows_of([specification.change(face, local, r)])
        for signs in reference.faces(rows + h) if any(h[0]) else reference.faces(rows):
            side = signs[: len(rows)]
            closed = all(a in (0, b) for a, b in zip(side, local, strict=True))
            if closed and any(side) and (not any(h[0]) or signs[-1] == 0):
                return False
    return True


@pytest.mark.parametrize("seed", first(1, range(140)))
def test_inertias_are_those_of_exact_second_differences(seed):
    problem = problem_of(seed)
    specification, rng = Reference(**problem), np.random.default_rng(seed)
    loss = Loss(specification)
    landscape = OneHiddenLayer(**problem).landscape(exact=True)
    saddles = landscape.saddles(on_faces=True)
    table = landscape.critical_points(saddles)
    assert len(table) == len(landscape.pieces) + len(saddles)
    order = rng.permutation(len(table))
    on_faces = order[(table.index[order] > 0) & (table.codimension[order] > 0)]
    for k in {*order[:ROWS].tolist(), *on_faces[:2].tolist()}:
        is_saddle = table.kind[k] == "saddle"
        piece = (saddles if is_saddle else landscape.pieces)[int(table.row[k])]
        states = states_of(piece)
        faces = [face for face, _ in states]
        p, r = exact_point(specification, piece)
        assert loss.signs(p) == [list(face) for face in faces]
        assert float(loss(p)) == table.loss[k] == piece.loss
        basis = tangent_basis(specification, faces)
        assert len(p) - len(basis) == table.codimension[k]
        assert all(loss.both_ways(p, v)[0] == 0 for v in basis)
        found = inertia_by_squares(loss.hessian(p, basis))
        assert found == tuple(table.inertia[k].tolist())
        assert (found[0] > 0) == is_saddle
        assert found[1] >= loss.K  # of the scalings
        K, d = loss.K, loss.d
        w, z = np.array(p[: K * d], dtype=object).reshape(K, d), p[K * d : K * d + K]
        point = OneHiddenLayer(**problem).curvature(w, z, sum(p[K * d + K :]))
        assert point.inertia == found
        assert np.array_equal(point.signs, piece.signs)
        assert table.multiplicity[k] == len(set(permutations(states)))
        held = all(is_strict(specification, f, s, r) for f, s in states if s and 0 in f)
        assert table.strict[k] == held
        across(loss, p, point, bool(table.strict[k]), is_saddle, rng)


def across(loss, p, point, strict, is_saddle, rng):
    """One-sided derivatives along random directions, most of which leave the face."""
    K, d = loss.K, loss.d
    for _ in range(12):
        v = [Fraction(int(a)) for a in rng.integers(-2, 3, len(p)) * rng.integers(0, 2, len(p))]
        slope, curve = loss.one_way(p, v)
        assert slope >= 0
        assert slope or curve >= 0 or is_saddle
        w, z = np.array(v[: K * d], dtype=object).reshape(K, d), v[K * d : K * d + K]
        assert point.along(w, z, sum(v[K * d + K :])) == pytest.approx(
            (float(slope), float(curve)), rel=1e-9, abs=1e-9
        )
        leaves = any(
            sign == 0 and dot(v[j * d : (j + 1) * d], x)
            for j in range(K)
            for sign, x in zip(point.signs[j], loss.of.X, strict=True)
        )
        assert slope > 0 or not strict or not leaves


@pytest.mark.parametrize("seed", first(3, range(12)))
def test_minima_are_flat_along_their_pieces_and_scalings_alone(seed):
    layer = OneHiddenLayer(**problem_of(seed))
    landscape = layer.landscape()
    table, pieces = landscape.critical_points(), landscape.pieces
    minima = np.flatnonzero(table.kind != "saddle")
    assert np.array_equal(np.sort(table.row[minima]), np.arange(len(pieces)))
    assert np.array_equal(table.component[minima], landscape.component[table.row[minima]])
    assert np.all(table.component[table.kind == "saddle"] == -1)
    assert np.all(np.diff(table.loss) >= 0)
    for k in minima.tolist():
        piece = pieces[int(table.row[k])]
        free = piece.output_signs == 0
        if not free.any() or not (layer.negative_slope or np.any(piece.signs[free] > 0)):
            assert table.inertia[k, :2].tolist() == [0, layer.hidden + piece.dimension]


def test_the_index_is_the_number_of_neurons_that_can_pull_down():
    """All z_j = 0: the neurons are independent, and each has its saddle."""
    X, y = [[0.0], [1.0], [2.0]], [1.0, 1.0, -1.0]
    one = OneHiddenLayer(X, y).landscape().critical_points()
    two = OneHiddenLayer(X, y, hidden=2).landscape().critical_points()
    saddle = one.kind == "saddle"
    assert one.inertia[saddle].tolist() == [[1, 1, 1]]
    assert one.share[saddle] == pytest.approx(1 / 3)
    assert two.inertia[two.index == 2].tolist() == [[2, 2, 2]]
    assert two.multiplicity[two.index == 2].tolist() == [1]
    columns = one.to_dict()
    assert {len(column) for column in columns.values()} == {len(one)}
    assert columns["index"] == one.index.tolist()


def test_a_neuron_without_output_adds_the_leak_to_the_rank():
    """y is the output of one neuron, so that r = 0 and the Hessian is JᵀJ."""
    layer = OneHiddenLayer([[1], [-1]], [1, -0.25], 2, bias=None, negative_slope=0.25)
    landscape = layer.landscape(exact=True)
    table, pieces = landscape.critical_points(), landscape.pieces
    silent = 0
    for inertia, row, loss in zip(table.inertia.tolist(), table.row, table.loss, strict=True):
        piece = pieces[int(row)]
        if loss == 0 and not piece.output_signs.all() and not np.any(piece.signs == 0):
            w, z = piece.weights, piece.output_weights
            hidden = np.maximum(w @ [[1, -1]], 0.25 * w @ [[1, -1]])
            J = np.concatenate([z[:, None] * hidden / w, hidden])
            assert inertia == [0, 4 - np.linalg.matrix_rank(J), np.linalg.matrix_rank(J)]
            silent += 1
    assert silent


# --- which saddles there are --------------------------------------------------------------


def saddles_of(problem, on_faces):
    """From the definition: minima of k neurons, and others of which one can pull down."""
    found = set()
    for k in range(problem["hidden"]):
        fewer = Reference(**{**problem, "hidden": k})
        for active in fewer.pieces():
            if any(not s or fewer.is_idle(f) for f, s in active):
                continue
            if not on_faces and any(0 in f for f, _ in active):
                continue
            r = fewer.fit([f for f, _ in active])[3]
            cells = [f for f in fewer.faces if 0 not in f]
            pulling = [(f, 0) for f in cells if fewer.is_crossed(f, r)]
            others = [*pulling, *fewer.without_effect(r)]
            for rest in combinations_with_replacement(others, problem["hidden"] - k):
                if {*rest} & {*pulling} and (on_faces or not any(0 in f for f, _ in rest)):
                    found.add(tuple(sorted((*active, *rest))))
    return sorted(found)


@pytest.mark.parametrize("seed", first(1, [2, 1, *range(3, 60)]))
def test_saddles_are_those_of_the_definition(seed):
    problem = {**problem_of(seed), "hidden": 1 + seed % 2}
    problem["X"], problem["y"] = problem["X"][:4], problem["y"][:4]
    landscape = OneHiddenLayer(**problem).landscape(exact=bool(seed % 3))
    for on_faces in (True, False):
        found = [tuple(sorted(states_of(p))) for p in landscape.saddles(on_faces=on_faces)]
        assert sorted(found) == saddles_of(problem, on_faces)


# --- one point ----------------------------------------------------------------------------


@pytest.mark.parametrize("seed", first(2, range(40)))
def test_derivatives_at_any_point_are_exact_differences(seed):
    problem, rng = problem_of(seed), np.random.default_rng(seed)
    specification, layer = Reference(**problem), OneHiddenLayer(**problem)
    loss = Loss(specification)
    K, d, e = loss.K, loss.d, int(problem["output_bias"])
    for _ in range(3):
        p = [Fraction(int(v), 4) for v in rng.integers(-4, 5, K * (d + 1) + e)]
        faces = list(map(tuple, loss.signs(p)))
        w = np.array(p[: K * d], dtype=object).reshape(K, d)
        point = layer.curvature(w, p[K * d : K * d + K], sum(p[K * d + K :]))
        assert point.loss == pytest.approx(float(loss(p)))
        basis = tangent_basis(specification, faces)
        B = np.array(basis, dtype=float).reshape(len(basis), len(p))
        H, slopes = loss.hessian(p, basis), [loss.both_ways(p, v)[0] for v in basis]
        assert B @ point.gradient == pytest.approx(np.array(slopes, float), abs=1e-9)
        assert B @ point.hessian @ B.T == pytest.approx(np.array(H, float), abs=1e-9)
        assert point.inertia == inertia_by_squares(H)
        assert point.index == point.inertia[0]
        # Across the kinks, where a projection has nothing.
        across_kinks = np.linalg.svd(B, full_matrices=True)[2][len(basis) :]
        assert np.abs(across_kinks @ point.gradient).max(initial=0) < 1e-9
        assert np.abs(across_kinks @ point.hessian).max(initial=0) < 1e-9
        v = [Fraction(int(a)) for a in rng.integers(-2, 3, len(p))]
        along = point.along(
            np.array(v[: K * d]).reshape(K, d), v[K * d : K * d + K], sum(v[K * d + K :])
        )
        assert along == pytest.approx(tuple(map(float, loss.one_way(p, v))), abs=1e-9)


@pytest.mark.parametrize("seed", first(6, range(40)))
def test_no_output_weight_and_weights_on_a_face(seed):
    """(w, 0) with Σ r_i σ(w·x_i) = 0 is critical; ζ h(v) is all there is of second order."""
    rng = np.random.default_rng(seed)
    X = rng.integers(-2, 3, (int(rng.integers(2, 6)), 2))
    X[~X.any(axis=1)] = 1
    y = rng.integers(-1, 2, len(X))
    specification = Reference(X.tolist(), y.tolist(), bias=None)
    layer, r = OneHiddenLayer(X, y, bias=None), [Fraction(-int(v)) for v in y]
    loss = Loss(specification)
    for face in specification.faces:
        if 0 not in face:
            continue
        lines = specification.bases[face] or [[0, 0]]
        ways = [[sign * v for v in t] for t in lines for sign in (1, -1)]
        w = next(v for v in ways if loss.signs([*v, 0]) == [list(face)])
        if dot(specification.change(face, [1] * len(X), r), w):
            continue
        rays = reference.cells(reference.rows_of(X[np.array(face) == 0].tolist()))
        is_minimum = not any(any(specification.change(face, local, r)) for local in rays)
        point = layer.curvature([w], [0])
        found = local_minimum(X, y, [w], [0], bias=None)
        assert bool(found) == is_minimum
        # Of the Hessian on the tangent space: a plane on which g·v is not 0.
        g = specification.change(face, [-1] * len(X), r)
        assert point.index == any(dot(g, t) for t in specification.bases[face])
        first_one, second = point.along(
            found.weights_direction.tolist(), found.output_weights_direction.tolist()
        )
        assert first_one == pytest.approx(0, abs=1e-12)
        assert (second < -1e-9) == (not is_minimum)


def test_signs_may_be_given_for_the_derivatives_of_a_cell_at_its_boundary():
    layer = OneHiddenLayer([[1], [2]], [3, 1], bias=None)
    assert layer.curvature([[0]], [1]).gradient.tolist() == [0, 0]
    assert layer.curvature([[0]], [1], signs=[[1, 1]]).gradient.tolist() == [-5, 0]
    assert layer.curvature([[0]], [1], signs=[[-1, -1]]).gradient.tolist() == [0, 0]


def test_rounded_weights_have_the_inertia_of_their_face_when_it_is_named():
    X, y = [[0.0], [1.0], [2.0]], [2.0, 2.0, -1.0]
    layer = OneHiddenLayer(X, y)
    best = layer.landscape().global_minimum
    point = layer.curvature(best.weights, best.output_weights, signs=best.signs)
    same = layer.curvature([["-6/5", "12/5"]], [1])
    assert best.kind == "boundary"
    assert point.tangent.shape == (3, 2)
    assert point.hessian == pytest.approx(same.hessian, abs=1e-9)
    assert same.inertia == (0, 1, 1)
    assert same.signs.tolist() == [[1, 1, 0]]
    assert repr(same).endswith(", on a face of codimension 1")


def test_newton_ends_on_the_minimum_of_a_cell():
    X, y = [[1], [2], [4]], [2, 4, 8]
    layer = OneHiddenLayer(X, y, bias=None)
    w, z, losses = [[1.0]], [1.5], []
    for _ in range(6):
        step = layer.curvature(w, z).newton()
        assert step.stays
        w, z = step.weights, step.output_weights
        losses.append(step.loss)
    assert losses[-1] < 1e-25
    assert w[0, 0] * z[0] == pytest.approx(2)


def test_newton_leaves_a_cell_that_it_ends_on_the_boundary_of():
    """At z = 0 the model is N/2·L = (g·w) z + …, whose stationary point is the origin."""
    end = OneHiddenLayer([[1]], [-1], bias=None).curvature([[1]], [0]).newton()
    assert end.weights.tolist() == [[0.0]]
    assert not end.stays


def test_newton_stays_on_a_face_that_rounding_leaves():
    """Which of these ends are off the face as floats depends on the processor; some are."""
    layer = OneHiddenLayer([[0], [1], [3]], [2, 2, -1])
    left = 0
    for tenths in range(9, 20):
        point = layer.curvature([[Fraction(-tenths, 10), Fraction(3 * tenths, 10)]], ["1.3"])
        end = point.newton()
        assert point.signs.tolist() == [[1, 1, 0]]
        left += exact.signs_at(layer.arrangement.rows, end.weights).tolist() != [[1, 1, 0]]
        assert end.weights[0] @ [3, 1] == pytest.approx(0, abs=1e-14)
        assert end.stays
        assert end.loss < point.loss
    assert left


@pytest.mark.parametrize("seed", first(6, range(12)))
def test_newton_solves_its_model_and_tells_whether_it_leaves_the_cell(seed):
    problem, rng = problem_of(seed), np.random.default_rng(seed)
    layer, specification = OneHiddenLayer(**problem), Reference(**problem)
    loss = Loss(specification)
    K, d, e = loss.K, loss.d, int(problem["output_bias"])
    p = rng.normal(size=K * (d + 1) + e).round(3)
    point = layer.curvature(
        p[: K * d].reshape(K, d), p[K * d : K * d + K], p[K * d + K :].sum()
    )
    end = point.newton()
    q = np.concatenate([end.weights.ravel(), end.output_weights, [end.output_bias] * e])
    left = point.hessian @ (q - p) + point.gradient
    assert np.abs(point.hessian @ left).max() < 1e-9 * (1 + np.abs(q).max())
    exact_end = list(map(Fraction, q.tolist()))
    assert end.loss == pytest.approx(float(loss(exact_end)))
    assert end.stays == (loss.signs(exact_end) == loss.signs(list(map(Fraction, p.tolist()))))


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        (([[1.0]], [1]), InputError, r"weights has shape \(1, 1\) .*need \(1, 2\) and \(1,\)"),
        (([[1, 1]], [1, 2]), InputError, r"output_weights \(2,\)"),
        (([[1, "nan"]], [1]), InputError, "weights, row 0"),
        (([[1, 1]], [1], 2), InputError, "output_bias=2: the layer has none"),
        (([[1, 1]], [1], 0, [[1, 2]]), InputError, "signs must be"),
    ],
)
def test_bad_points_are_named(arguments, error, message):
    layer = OneHiddenLayer([[0], [1]], [1, 2])
    with pytest.raises(error, match=message):
        layer.curvature(*arguments)


def test_points_beyond_float64_are_refused():
    layer = OneHiddenLayer([[1], [2]], [1, 2], bias=None)
    for huge in (10**400, 1e200):
        point = layer.curvature([[huge]], [1])
        with pytest.raises(SolverError, match="beyond float64"):
            _ = point.hessian
        assert point.inertia == (1, 0, 1)


@pytest.mark.parametrize("seed", first(2, [1, 2, 0, *range(3, 60)]))
def test_saddles_are_those_of_slopes_in_rational_arithmetic(seed, monkeypatch):
    X, y, bias = data_set(seed, largest=8)
    layer = OneHiddenLayer(X, y, hidden=1 + (seed % 3 == 0), bias=bias)
    found = layer.landscape().saddles(on_faces=True)
    # No slope in float64 is taken for sure, and then no direction either.
    monkeypatch.setattr(saddles_module, "ACCURATE", 1e300)
    slopes = layer.landscape().saddles(on_faces=True)
    monkeypatch.setattr(saddles_module, "TAME", -np.inf)
    exactly = layer.landscape().saddles(on_faces=True)
    for other in (slopes, exactly):
        assert np.array_equal(found.faces, other.faces)
        assert np.array_equal(found.signs, other.signs)
        assert found.loss == pytest.approx(other.loss, rel=1e-12)
        assert found.weights == pytest.approx(other.weights, rel=1e-6, abs=1e-6)
