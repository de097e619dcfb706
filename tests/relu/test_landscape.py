"""The landscape of one ReLU neuron against hand-worked cases, brute force and descent."""

import warnings
from fractions import Fraction
from functools import cache

import networkx as nx
import numpy as np
import pytest
from scipy.optimize import linprog

from arrangement import Arrangement
from arrangement.errors import InputError
from arrangement.relu import OneHiddenLayer, Piece
from tests import descent, reference
from tests.amounts import first


def with_bias(X, bias):
    X = np.asarray(X, dtype=float)
    return X if bias is None else np.column_stack([X, np.full(len(X), float(bias))])


def key(piece):
    return tuple(piece.signs[0].tolist()), int(piece.output_signs[0])


def data_set(seed, largest=12, features=3):
    """A small data set: one of several sorts, many of them degenerate."""
    rng = np.random.default_rng(seed)
    bias = (1.0, None, 0.5)[seed % 3]
    d = int(rng.integers(1, features + 1 - (bias is not None))) if features > 1 else 1
    n = int(rng.integers(2, largest + 1))
    sort = ("float", "integer", "repeated", "parallel", "collinear")[seed % 5]
    X = rng.normal(size=(n, d)) if sort == "float" else rng.integers(-4, 5, (n, d)) / 2
    y = rng.normal(size=n) if sort == "float" else rng.integers(-4, 5, n) / 2
    if sort == "repeated":
        X = X[rng.integers(0, n // 2 + 1, n)]
    if sort == "parallel":
        X = X[rng.integers(0, n // 2 + 1, n)] * rng.choice([-2.0, -1.0, 0.5, 1.0], (n, 1))
    if sort == "collinear":
        X = np.outer(rng.integers(-4, 5, n), np.ones(d)) + np.arange(d)
    if seed % 11 == 7:
        y = np.full(n, 1.5)
    if seed % 11 == 9:
        y = np.zeros(n)
    if bias is None:
        X[~X.any(axis=1)] = 1.0
    return X, y, bias


# --- worked by hand ---------------------------------------------------------------------


def test_one_sample_without_bias():
    landscape = OneHiddenLayer([[2.0]], [3.0], bias=None).landscape()
    fit, *rest = landscape.pieces
    assert (fit.kind, fit.dimension, fit.signs.tolist()) == ("isolated", 0, [[1]])
    assert fit.loss == pytest.approx(0, abs=1e-30)
    assert fit.weights[0, 0] * fit.output_weights[0] == pytest.approx(1.5)
    # z < 0 pushes outputs below zero, away from y = 3: w = 0 is a minimum there, and dead.
    assert [(p.kind, key(p)) for p in rest] == [("dead", ((-1,), 0)), ("zero", ((0,), -1))]
    assert [p.loss for p in rest] == pytest.approx([9, 9])
    assert landscape.boundary_minimum.tolist() == [True]
    assert landscape.boundary_loss.tolist() == [9.0]


def test_one_sample_with_bias():
    landscape = OneHiddenLayer([[1.0]], [-2.0]).landscape()
    kinds = {(p.kind, key(p)): (p.loss, p.dimension) for p in landscape.pieces}
    assert kinds == {
        ("continuum", ((1,), -1)): (pytest.approx(0, abs=1e-25), 1),
        ("dead", ((-1,), 0)): (4.0, 2),
        ("zero", ((0,), 1)): (4.0, 1),
    }


def test_two_opposite_samples():
    # f(1) = z max(0, w), f(-1) = z max(0, -w): one sample at a time.
    landscape = OneHiddenLayer([[1], [-1]], [3, 1], bias=None).landscape()
    kinds = [(p.kind, key(p), round(p.loss, 12)) for p in landscape.pieces]
    assert kinds[:2] == [("isolated", ((1, -1), 1), 0.5), ("isolated", ((-1, 1), 1), 4.5)]
    assert kinds[2:] == [("zero", ((0, 0), -1), 5.0)]
    assert landscape.min_loss.tolist() == pytest.approx([0.5, 4.5])
    assert landscape.attained.all()
    assert landscape.unique.all()


def test_a_kink_held_between_two_lines():
    # A line through the first two samples stays positive at the third, one through all three
    # becomes negative there: 1.2 (2 - x) has its kink on the third, multiplier 0.4 in [0, 1].
    X, y = [[0.0], [1.0], [2.0]], [2.0, 2.0, -1.0]
    landscape = OneHiddenLayer(X, y).landscape()
    best = landscape.global_minimum
    assert (best.kind, key(best), best.dimension) == ("boundary", ((1, 1, 0), 1), 0)
    assert best.loss == pytest.approx(0.6)
    assert 0.01 < best.margin < 0.2
    (edge,) = np.flatnonzero(landscape.boundary_loss == best.loss)
    assert landscape.cells.edges[edge, 2] == 2
    assert best.predict(X) == pytest.approx([2.4, 1.2, 0.0])
    # With y_2 = -0.3 the multiplier leaves [0, 0.3], and the neuron fits all three.
    y[2] = -0.3
    assert OneHiddenLayer(X, y).landscape().global_minimum.kind == "isolated"


def test_zero_targets_make_every_cell_a_minimum_with_output_weight_zero():
    landscape = OneHiddenLayer([[0.0], [1.0], [2.0]], [0.0, 0.0, 0.0]).landscape()
    assert np.all(landscape.min_loss == 0)
    assert landscape.attained.all()
    kinds = [p.kind for p in landscape.pieces]
    # Six cells: one is dead; its two facets hold minima with either sign, and so does w = 0.
    assert sorted(kinds) == ["boundary"] * 4 + ["dead"] + ["zero"] * 7
    inside = [p for p in landscape.pieces if p.kind == "zero" and np.any(p.signs)]
    assert all(p.output_weights[0] == 0 and p.output_signs[0] == 0 for p in inside)


def test_a_cell_whose_active_targets_are_orthogonal_to_its_samples():
    # Active samples x = 1, -1 (bias only sees the sum): y = (1, -1, 1) against (x, 1).
    X, y = [[-1.0], [0.0], [1.0]], [1.0, -2.0, 1.0]
    landscape = OneHiddenLayer(X, y).landscape()
    k = landscape.cells.index([1, 1, 1])
    assert landscape.attained[k]
    assert landscape.output_sign[k] == 0
    assert landscape.min_loss[k] == pytest.approx(2.0)
    (piece,) = [p for p in landscape.pieces if key(p) == ((1, 1, 1), 0)]
    assert (piece.kind, piece.output_weights[0], piece.margin) == ("zero", 0.0, 0.0)


def test_perfect_fit_of_a_plane_neuron():
    rng = np.random.default_rng(4)
    X = rng.normal(size=(20, 2))
    y = -2.0 * np.maximum(X @ [1.0, -0.5] + 0.3, 0)
    best = OneHiddenLayer(X, y).landscape().global_minimum
    assert best.kind == "isolated"
    assert best.loss < 1e-25
    u = best.weights[0] * abs(best.output_weights[0])
    assert best.output_signs[0] == -1
    assert u == pytest.approx([2.0, -1.0, 0.6])


def test_a_neuron_with_samples_only_in_a_plane():
    # The second feature is always zero: rank 2 in dimension 3, nothing is unique.
    landscape = OneHiddenLayer([[0, 0], [1, 0], [3, 0]], [1, 2, 4]).landscape()
    assert not landscape.unique.any()
    assert landscape.global_minimum.kind == "continuum"
    assert landscape.global_minimum.dimension == 1
    assert landscape.global_minimum.loss < 1e-25
    assert {p.dimension for p in landscape.pieces if p.kind == "zero"} == {1}


# --- columns ----------------------------------------------------------------------------


@pytest.mark.parametrize("seed", first(5, range(15)))
def test_every_cell_has_the_loss_and_rank_of_an_independent_least_squares(seed):
    X, y, bias = data_set(seed)
    landscape = OneHiddenLayer(X, y, bias=bias).landscape()
    X = with_bias(X, bias)
    for k, signs in enumerate(landscape.cells.signs):
        A = np.where(signs > 0, 1.0, 0.0)[:, None] * X
        R, _, rank, _ = np.linalg.lstsq(A, y, rcond=None)
        assert landscape.min_loss[k] == pytest.approx(np.mean((A @ R - y) ** 2), abs=1e-12)
        assert landscape.rank[k] == rank
        assert np.mean((A @ landscape.minimizer[k] - y) ** 2) == pytest.approx(
            landscape.min_loss[k], abs=1e-12
        )
        assert landscape.activations[k].tolist() == (signs > 0).tolist()
    assert np.array_equal(landscape.unique, landscape.rank == X.shape[1])
    inside = {key(p)[0]: p for p in landscape.pieces if np.all(p.signs)}
    attained = {tuple(s) for s in landscape.cells.signs[landscape.attained].tolist()}
    assert set(inside) == attained


@pytest.mark.parametrize("seed", first(5, range(30)))
def test_pieces_reproduce_their_loss_signs_and_order(seed):
    X, y, bias = data_set(seed)
    landscape = OneHiddenLayer(X, y, bias=bias).landscape()
    full = with_bias(X, bias)
    losses = [p.loss for p in landscape.pieces]
    assert losses == sorted(losses)
    assert len({key(p) for p in landscape.pieces}) == len(landscape.pieces)
    assert landscape.global_minimum is landscape.pieces[0]
    assert landscape.global_minimum.loss >= landscape.min_loss.min() - 1e-12
    for p in landscape.pieces:
        assert isinstance(p, Piece)
        assert np.mean((p.predict(X) - y) ** 2) == pytest.approx(p.loss, abs=1e-11)
        value = full @ p.weights[0] / np.linalg.norm(full, axis=1)
        size = np.linalg.norm(p.weights) or 1.0
        assert np.array_equal(
            np.where(np.abs(value) < 1e-12 * size, 0, np.sign(value)), p.signs[0]
        )
        assert np.array_equal(np.sign(p.output_weights), p.output_signs)
        assert 0 <= p.margin <= 1
        assert np.mean((p.predict(X) - y) ** 2) >= landscape.global_minimum.loss - 1e-12


def test_minimizers_of_nearly_dependent_features_keep_their_digits():
    # Condition 3,000: normal equations alone would keep about 9 digits of R.
    rng = np.random.default_rng(1)
    x = rng.normal(size=30)
    X = np.column_stack([x, x + 1e-3 * rng.normal(size=30)])
    y = rng.normal(size=30)
    landscape = OneHiddenLayer(X, y, bias=None).landscape()
    for k in np.flatnonzero(landscape.activations.sum(axis=1) >= 10):
        A = landscape.activations[k][:, None] * X
        R = np.linalg.lstsq(A, y, rcond=None)[0]
        assert landscape.minimizer[k] == pytest.approx(R, rel=1e-11)


def test_boundary_columns_are_the_pieces_on_facets():
    X, y, bias = data_set(12)
    landscape = OneHiddenLayer(X, y, bias=bias).landscape()
    first, _ = landscape.problem.arrangement.coincidence
    on_facets = {key(p)[0]: p.loss for p in landscape.pieces if p.kind in ("boundary", "zero")}
    seen = 0
    for (a, b, h), loss in zip(
        landscape.cells.edges, landscape.boundary_loss.tolist(), strict=True
    ):
        facet = np.where(first == first[h], 0, landscape.cells.signs[a])
        assert np.array_equal(facet, np.where(first == first[h], 0, landscape.cells.signs[b]))
        expected = on_facets.get(tuple(facet.tolist()))
        assert np.isnan(loss) if expected is None else loss == pytest.approx(expected)
        seen += expected is not None
    assert seen > 0
    assert landscape.boundary_minimum.sum() == seen


def test_graph_and_graphml_carry_the_columns(tmp_path):
    X, y, bias = data_set(3)
    landscape = OneHiddenLayer(X, y, bias=bias).landscape()
    path = tmp_path / "landscape.graphml.gz"
    landscape.write_graphml(path)
    read = nx.read_graphml(path)
    graph = landscape.to_networkx()
    assert set(read.nodes) == {str(v) for v in graph.nodes}
    for k in graph.nodes:
        for data in (graph.nodes[k], read.nodes[str(k)]):
            assert data["min_loss"] == landscape.min_loss[k]
            assert data["rank"] == landscape.rank[k]
            assert data["unique"] == landscape.unique[k]
            assert data["attained"] == landscape.attained[k]
            assert len(data["signs"]) == len(y)
    assert landscape.boundary_minimum.any()
    for e, (a, b, h) in enumerate(landscape.cells.edges.tolist()):
        for data in (graph.edges[a, b], read.edges[str(a), str(b)]):
            assert data["hyperplane"] == h
            assert data["boundary_minimum"] == landscape.boundary_minimum[e]
            assert ("boundary_loss" in data) == data["boundary_minimum"]
            assert data.get("boundary_loss", 0) == (
                landscape.boundary_loss[e] if data["boundary_minimum"] else 0
            )


def test_losses_do_not_depend_on_order_units_or_sign():
    X, y, _ = data_set(6)
    reversed_ = OneHiddenLayer(X[::-1], y[::-1]).landscape()
    plain = OneHiddenLayer(X, y).landscape()
    scaled = OneHiddenLayer(X * 1024.0, y * -4.0, bias=2.0**-20).landscape()
    losses = [p.loss for p in plain.pieces]
    assert [p.loss for p in reversed_.pieces] == pytest.approx(losses)
    assert [p.loss for p in scaled.pieces] == pytest.approx([16 * v for v in losses])
    assert sorted(map(key, scaled.pieces)) == sorted(
        (signs, -s) for signs, s in map(key, plain.pieces)
    )


def test_margin_shows_the_piece_that_hangs_on_a_hair():
    # The line through (0, h) and (1, 1): the first sample is barely active.
    X = [[0.0], [1.0]]
    margins = [
        OneHiddenLayer(X, [h, 1.0]).landscape().global_minimum.margin for h in (0.5, 1e-3, 1e-6)
    ]
    assert margins[0] > margins[1] > margins[2] > 0
    assert margins[2] < 1e-5


# --- brute force ------------------------------------------------------------------------


def brute_force(X, y, bias):
    """All pieces by one LP per face and sign, and one per face and local cell.

    Returns {(signs, s): (loss, dimension)}, and the points that solve the least squares
    problem of their face but are no minima, with a direction of descent.
    """
    one = [] if bias is None else [Fraction(bias)]
    rows = reference.rows_of([[*map(Fraction, x), *one] for x in np.asarray(X).tolist()])
    X = with_bias(X, bias)
    d = X.shape[1]
    pieces, rejected = {}, []
    for face in reference.faces(rows):
        signs = np.array(face)
        P, B = signs > 0, signs == 0
        S, Vt = np.linalg.svd(X[B], full_matrices=True)[1:]
        T = Vt[np.sum(S > 1e-9) :].T
        A = X[P] @ T
        fit = T @ np.linalg.lstsq(A, y[P], rcond=1e-9)[0]
        r = np.where(P, X @ fit, 0) - y
        free = T.shape[1] - (np.linalg.matrix_rank(A, 1e-9) if A.size else 0)
        flat_of_zero = np.allclose(X[P].T @ y[P], 0, atol=1e-9)
        if not B.any() and flat_of_zero:
            pieces[face, 0] = np.mean(y**2), d if not P.any() else 0
            continue
        for s in (1, -1):
            u = point_on_face(X, T, A, y[P], signs, s)
            if u is None:
                continue
            v = descent_direction(X, rows, B, X[P].T @ r[P], r, s)
            if v is None:
                pieces[face, s] = np.mean(r**2), free
            else:
                rejected.append((face, s, u, v))
    return pieces, rejected


def point_on_face(X, T, A, targets, signs, s):
    """A point u of the open face with R = s u a solution of the least squares problem."""
    off = signs != 0
    if not off.any():
        return np.zeros(X.shape[1])
    e = T.shape[1]
    found = linprog(
        [0] * e + [-1],
        A_ub=np.column_stack([-s * signs[off, None] * (X[off] @ T), np.ones(off.sum())]),
        b_ub=np.zeros(off.sum()),
        A_eq=np.column_stack([A.T @ A, np.zeros(e)]) if len(A) else None,
        b_eq=A.T @ targets if len(A) else None,
        bounds=[(None, None)] * e + [(None, 1)],
    )
    if found.x is None or found.x[-1] < 1e-7:
        return None
    return s * T @ found.x[:-1]


@cache
def local_cells(rows):
    return reference.cells(list(rows))


def descent_direction(X, rows, B, g, r, s):
    """A v with h(v) < 0, or None: one LP on each cell of the hyperplanes B."""
    local = local_cells(tuple(row for row, b in zip(rows, B, strict=True) if b))
    for cell in local:
        side = np.array(cell, dtype=float)
        slope = s * (g + (np.where(side > 0, r[B], 0)[:, None] * X[B]).sum(axis=0))
        found = linprog(
            slope,
            A_ub=-side[:, None] * X[B] if B.any() else None,
            b_ub=np.zeros(B.sum()) if B.any() else None,
            bounds=[(-1, 1)] * len(g),
        )
        if found.fun < -1e-7:
            return found.x
    return None


def same_as_brute_force(X, y, bias):
    landscape = OneHiddenLayer(X, y, bias=bias).landscape()
    expected, rejected = brute_force(X, y, bias)
    found = {key(p): p for p in landscape.pieces}
    assert set(found) == set(expected)
    for name, (loss, dimension) in expected.items():
        assert found[name].loss == pytest.approx(loss, abs=1e-9)
        assert found[name].dimension == dimension
        signs, s = name
        if 0 in signs:
            assert found[name].kind == ("boundary" if any(signs) else "zero")
        elif s:
            assert found[name].kind == ("continuum" if dimension else "isolated")
        else:
            assert found[name].kind == ("zero" if max(signs) > 0 else "dead")
    full = with_bias(X, bias)
    for _, s, u, v in rejected:
        before = descent.loss(full, y, u[None], np.array([s]))[0]
        steps = 10.0 ** -np.arange(1, 8)
        after = descent.loss(full, y, u + steps[:, None] * v, np.full(7, s))
        assert np.any(after < before)
    return len(rejected)


@pytest.mark.parametrize("seed", first(1, range(20)))
def test_pieces_are_those_of_brute_force(seed):
    same_as_brute_force(*data_set(seed, largest=5))


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(20, 80))
def test_pieces_are_those_of_brute_force_on_larger_data(seed):
    same_as_brute_force(*data_set(seed, largest=8))


@pytest.mark.parametrize(
    ("X", "y", "bias"),
    [
        # Four planes through one line, with residuals of either sign on it.
        ([[1, 0, 0], [0, 1, 0], [1, 1, 0], [1, -1, 0], [0, 0, 1]], [-1, -1, 1, -1, 2], None),
        pytest.param(
            [[1, 0, 0], [0, 1, 0], [1, 1, 0], [1, -1, 0], [0, 0, 1]],
            [-2, -1, 1, -2, 2],
            None,
            marks=pytest.mark.slow,
        ),
        pytest.param(
            [[1, 0, 0], [0, 1, 0], [1, 1, 0], [1, 1, 3], [0, 0, 1]],
            [-2, -2, 1, 1, 2],
            None,
            marks=pytest.mark.slow,
        ),
        # Five hyperplanes through one line of dimension 4.
        pytest.param(
            [
                [1, 0, 0, 0],
                [0, 1, 0, 0],
                [0, 0, 1, 0],
                [1, 1, 1, 0],
                [1, -1, 0, 0],
                [0, 1, 0, 1],
            ],
            [-3, -2, -3, 2, 1, 2],
            None,
            marks=pytest.mark.slow,
        ),
        # A grid: every line of samples is a flat on which dependent samples meet.
        pytest.param(
            [[i, j] for i in range(-1, 2) for j in range(-1, 2)],
            [1, -1, 2, 0, -2, 1, 2, -1, 1],
            1,
            marks=pytest.mark.slow,
        ),
        # Copies on either side of one hyperplane, with targets that cancel.
        ([[1, 1], [-2, -2], [1, 1], [0, 1], [3, 1]], [-1, -1, 2, 3, 1], None),
        ([[1], [1], [1], [0]], [-1, -1, 1, 2], 1),
    ],
)
def test_dependent_and_parallel_samples_on_a_face(X, y, bias):
    assert same_as_brute_force(np.array(X, float), np.array(y, float), bias) > 0


@pytest.mark.slow
def test_rejected_points_are_plenty():
    assert sum(same_as_brute_force(*data_set(seed, largest=6)) for seed in (2, 5, 8)) > 20


# --- descent ----------------------------------------------------------------------------


def check_descent(seed, starts):
    """All runs end, and on pieces only."""
    X, y, bias = data_set(seed)
    landscape = OneHiddenLayer(X, y, bias=bias).landscape()
    known = {key(p): p.loss for p in landscape.pieces}
    rng = np.random.default_rng(seed)
    ends, unfinished = descent.ends(with_bias(X, bias), y, 1, starts, rng)
    assert (len(ends), unfinished) == (starts, 0)
    for end in ends:
        (name,) = end.states
        assert name in known, f"descent ended at {end.loss} on {name}, which is no piece"
        assert end.loss == pytest.approx(known[name], abs=1e-9 * (1 + np.mean(y**2)))


@pytest.mark.slow
def test_gradient_descent_ends_on_pieces():
    for seed in range(2):
        check_descent(seed, 40)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(30))
def test_gradient_descent_from_200_starts_ends_on_pieces(seed):
    check_descent(seed, 200)


@pytest.mark.parametrize("seed", first(5, range(30)))
def test_no_perturbation_of_a_piece_descends(seed):
    X, y, bias = data_set(seed)
    landscape = OneHiddenLayer(X, y, bias=bias).landscape()
    X = with_bias(X, bias)
    rng = np.random.default_rng(seed)
    lengths = np.linalg.norm(X, axis=0).clip(1e-9)
    unit = X / lengths
    for p in landscape.pieces:
        w, z = p.weights[0], p.output_weights[0]
        size = np.linalg.norm(w * lengths) or 1.0
        # Within this distance no sample off the face changes its sign.
        value = np.abs(unit @ (w * lengths)) / np.linalg.norm(unit, axis=1)
        reach = 0.5 * value[p.signs[0] != 0].min(initial=size) / size
        for radius in (1e-1, 1e-2, 1e-3, 1e-4):
            v = rng.normal(size=(400, len(w)))
            v *= radius * reach * size / np.linalg.norm(v, axis=1, keepdims=True)
            dz = rng.normal(size=400) * radius * reach * (abs(z) or 1.0)
            after = descent.loss(X, y, w + v / lengths, z + dz)
            assert after.min() >= p.loss - 1e-11 * (1 + np.mean(y**2)), (p, radius)


# --- input ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([[1.0], [np.nan]], [1, 2]), "row 1"),
        (([[1.0], [np.inf]], [1, 2]), "row 1"),
        (([[1.0, 2.0], [1.0]], [1, 2]), "row 1"),
        (([[1.0], ["a"]], [1, 2]), "row 1"),
        (([1.0, 2.0], [1, 2]), r"shape \(n, d\)"),
        (([], []), "shape"),
        ((np.zeros((0, 2)), []), "at least one sample"),
        ((np.zeros((2, 0)), [1, 2]), "at least one sample and one feature"),
        (([[1.0], [2.0]], [1, 2, 3]), "y has 3 entries, but X has 2 samples"),
        (([[1.0], [2.0]], 1.0), "sequence of 2 numbers"),
        (([[1.0], [2.0]], [1, np.nan]), "y, entry 1: nan"),
        (([[1.0], [2.0]], [1, -np.inf]), "y, entry 1: -inf"),
        (([[1.0], [2.0]], [1, "a"]), "y, entry 1: 'a'"),
        (([[1.0], [2.0]], [1, 1j]), "y, entry 1: 1j"),
        (([[1.0], [2.0]], [1, 10**400]), r"y, entry 1: .* beyond 1e-100 to 1e\+100"),
        (([[1.0], [2.0]], [1e-200, 0]), r"y, entry 0: .* beyond"),
        (([[1.0], [2.0]], [[1], [2]]), "y must have shape"),
        (([[1.0], [2.0]], "12"), "y must be a sequence"),
        (([[1.0], [2.0]], {1, 2}), "y must be a sequence"),
        (([[1.0], [10**400]], [1, 2]), r"X, row 1, column 0: .* beyond"),
        (([[1e300], [1e-300]], [1, 2], 1, None), r"X, row 0, column 0: .* beyond"),
        (([[1.0], [2.0]], [1, 2], True), "hidden=True"),
        (([[1.0], [2.0]], [1, 2], 1, "b"), "bias, entry 0: 'b'"),
        (([[1.0], [0.0]], [1, 2], 1, None), "row 1: without a bias a zero sample"),
        (([[1.0], [2.0]], [1, 2], 0), "hidden=0.*at least 1"),
        (([[1.0], [2.0]], [1, 2], 1.5), "hidden=1.5"),
        (([[1.0], [2.0]], [1, 2], 1, 1.0, 2), "output_bias=2: True or False"),
        (([[1.0], [2.0]], [1, 2], 1, 1.0, False, 1.0), "negative_slope=1.0: .* between"),
        (([[1.0], [2.0]], [1, 2], 1, 1.0, False, "a"), "negative_slope='a': .* between"),
        (
            ([[1.0], [2.0]], [1, 2], 1, 1.0, False, float("nan")),
            "negative_slope=nan: .* between",
        ),
        (([[1.0], [2.0]], [1, 2], 1, 1.0, False, Fraction(1, 3)), "slope=1/3: .* no float64"),
        (([[1.0], [2.0]], [1, 2], 1, 1.0, False, "0.1"), "slope='0.1': .* no float64"),
        (([[1.0], [2.0]], [1, 2], 1, 0.0), "for no bias give None"),
        (([[1.0], [2.0]], [1, 2], 1, np.nan), "nan"),
    ],
)
def test_bad_input_is_named(arguments, message):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", np.exceptions.VisibleDeprecationWarning)
        with pytest.raises(InputError, match=message):
            OneHiddenLayer(*arguments).landscape()


@pytest.mark.parametrize("shift", first(1, [1e3, 1e6, 1.7e9]))
def test_with_a_bias_a_shift_of_the_features_changes_nothing(shift):
    rng = np.random.default_rng(3)
    for _ in range(5):
        X = rng.integers(-20, 20, (8, 2)).astype(float)
        y = rng.integers(-3, 4, 8).astype(float)
        here, there = (OneHiddenLayer(Z, y).landscape() for Z in (X, X + shift))
        assert np.allclose(
            here.min_loss, there.min_loss[there.cells._table.look_up(here.cells.packed)]
        )
        for a, b in zip(_kinds(here), _kinds(there), strict=True):
            assert a == b
        best = there.global_minimum
        assert np.mean((best.predict(X + shift) - y) ** 2) == pytest.approx(best.loss, abs=1e-4)


def _kinds(landscape):
    return sorted(
        (p.kind, round(p.loss, 6), *p.signs[0], *p.output_signs) for p in landscape.pieces
    )


def test_a_rational_bias_and_rational_targets():
    landscape = OneHiddenLayer([["1/3"], ["1/7"]], ["1/2", 1], bias="1/3").landscape()
    assert landscape.problem.bias == 1 / 3
    assert landscape.global_minimum.loss == pytest.approx(0, abs=1e-20)


def test_predict_refuses_samples_of_another_dimension():
    best = OneHiddenLayer([[1.0], [2.0]], [1.0, 2.0]).landscape().global_minimum
    with pytest.raises(InputError, match=r"shape \(M, 1\)"):
        best.predict([[1.0, 2.0]])


def test_exact_numbers_are_accepted():
    landscape = OneHiddenLayer([[Fraction(1, 3)], ["2/3"]], [Fraction(1, 2), 1], bias=None)
    assert landscape.landscape().global_minimum.weights == pytest.approx(np.array([[1.5]]))
    assert landscape.arrangement == Arrangement([["1/3"], ["2/3"]])


def test_very_large_and_very_small_numbers():
    plain = OneHiddenLayer([[1.0, 2.0], [3.0, 1.0], [2.0, 2.0]], [1.0, -1.0, 2.0]).landscape()
    X = np.array([[1.0, 2.0], [3.0, 1.0], [2.0, 2.0]]) * [2.0**600, 2.0**-600]
    wild = OneHiddenLayer(X, [1.0, -1.0, 2.0], bias=2.0**100).landscape()
    assert [p.loss for p in wild.pieces] == pytest.approx([p.loss for p in plain.pieces])


def test_progress_counts_tuples_of_faces():
    seen = []
    X, y, bias = data_set(10)
    OneHiddenLayer(X, y, bias=bias).landscape(progress=lambda *step: seen.append(step))
    assert seen == sorted(seen)
    assert {total for _, total in seen} == {seen[-1][0]}
