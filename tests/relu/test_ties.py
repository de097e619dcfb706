"""Losses that are exactly equal, and decisions that hold with equality, against Fractions."""

from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction

import numpy as np
import pytest
from flint import fmpq
from hypothesis import example, given
from hypothesis import strategies as st

from arrangement.data.samples import iris, prepare
from arrangement.relu import OneHiddenLayer
from arrangement.relu.minima import search, settling
from arrangement.relu.minima.rational import RationalDecider
from arrangement.relu.minima.ties import active_sets, levels, representatives
from arrangement.relu.multisets import multiset_index
from tests.amounts import first
from tests.relu.test_landscape import data_set


def degenerate(seed):
    """Small data of which many losses are equal and many inequalities hold with equality."""
    rng = np.random.default_rng(seed)
    sort = seed % 5
    n, d = int(rng.integers(3, 7)), 1 + int(seed % 2)
    X = rng.integers(-2, 3, (n, d)).astype(float)
    y = rng.integers(-1, 2, n).astype(float)
    if sort == 0:  # repeated, with the same or other targets
        X = X[rng.integers(0, n // 2 + 1, n)]
    elif sort == 1:  # on one line
        X = np.outer(rng.integers(-3, 4, n), np.ones(d)) / 10
    elif sort == 2:  # repeated and conflicting
        X, y = np.repeat(X[: (n + 1) // 2], 2, axis=0)[:n], np.tile([1.0, -1.0], n)[:n]
    elif sort == 3:  # a grid, in tenths that float64 does not have
        X, y = X / 10, y / 10
    return X, y, None if sort == 4 and np.all(np.any(X != 0, axis=1)) else 1.0


def exact_loss(layer, faces):
    """The least squares loss of columns of faces by elimination in Fractions."""
    table = layer.faces()
    X = [[Fraction(v) for v in row] for row in layer.arrangement.normals]
    y = [Fraction(v) for v in layer.exact_targets]
    slope = Fraction(layer.negative_slope)
    columns = [[Fraction(1)] * len(y)] * int(layer.output_bias)
    for face in faces:
        signs = table.signs[face].tolist()
        on = [row for row, s in zip(X, signs, strict=True) if not s]
        slopes = [1 if s > 0 else slope * (s < 0) for s in signs]
        for w in null_space(on, len(X[0])):
            columns.append(
                [
                    a * sum(v * x for v, x in zip(w, row, strict=True))
                    for a, row in zip(slopes, X, strict=True)
                ]
            )
    rest = list(y)
    for b in orthogonal(columns):
        rest = without(rest, b)
    return sum(v * v for v in rest) / len(y)


def without(v, b):
    share = sum(x * z for x, z in zip(v, b, strict=True)) / sum(z * z for z in b)
    return [x - share * z for x, z in zip(v, b, strict=True)]


def orthogonal(rows):
    """Vectors at right angles that span what some rows span."""
    basis = []
    for row in rows:
        for b in basis:
            row = without(row, b)
        if any(row):
            basis.append(row)
    return basis


def null_space(rows, d):
    """A basis of what is orthogonal to rows: what unit vectors add to their span."""
    units = ([Fraction(i == k) for i in range(d)] for k in range(d))
    return orthogonal([*rows, *units])[len(orthogonal(rows)) :]


def places(values):
    """Where each value stands among the different ones."""
    order = {v: k for k, v in enumerate(sorted(set(values)))}
    return [order[v] for v in values]


@example([(-5, 5), (-1, 1)], [np.inf] * 12, [0.0] * 12)
@given(
    st.lists(st.tuples(st.integers(-6, 6), st.integers(1, 7)), max_size=12),
    st.lists(st.sampled_from([0.0, 1e-3, 0.3, 5.0, np.inf]), min_size=12, max_size=12),
    st.lists(st.floats(-1, 1), min_size=12, max_size=12),
)
def test_levels_are_those_of_the_exact_values(fractions, errors, shares):
    """Whatever the errors are, and in whatever direction the floats are off."""
    values = [Fraction(p, q) + Fraction(p % 2, 10**30) for p, q in fractions]
    error = np.array(errors[: len(values)])
    off = np.where(np.isinf(error), 7.0, error) * shares[: len(values)]
    error += 4 * np.spacing(10.0)
    loss = np.array([float(v) for v in values]) + off
    found, level = levels(
        loss,
        error,
        lambda rows: np.array([fractions[k] for k in rows]).reshape(-1, 2),
        lambda keys: [fmpq(int(p), int(q)) + fmpq(int(p) % 2, 10**30) for p, q in keys],
    )
    assert level.tolist() == places(values)
    for k in np.unique(level):
        assert len(set(found[level == k].tolist())) == 1
    assert np.all(np.diff(found[np.argsort(level, kind="stable")]) >= 0)


def test_equal_losses_of_two_neurons():
    two = OneHiddenLayer([[1.0], [2.0]], [1.0, 4.0], hidden=2, bias=None)
    graph = two.landscape().graph
    assert graph.min_loss.tolist() == [0.4, 0.4, 8.5]
    assert graph.level.tolist() == [0, 0, 1]
    assert graph.lowest_neighbor.tolist() == [0, 0, 1]
    assert graph.basin.tolist() == [0, 0, 0]
    assert graph.minima.tolist() == [0]


def decider(layer):
    return RationalDecider(layer.faces(), layer.exact_targets, layer.samples.y, layer.free)


@pytest.mark.parametrize("seed", first(3, range(24)))
def test_sets_that_are_taken_together_have_equal_losses(seed):
    rng = np.random.default_rng(seed)
    X, y, bias = degenerate(seed)
    if seed % 3:
        n = int(rng.integers(4, 9))
        X, y = rng.integers(-9, 10, (n, X.shape[1])), rng.choice([-2, -1, 1, 2], n)
        X[~X.any(axis=1)] = 1
    hidden = 1 + seed % 4
    layer = OneHiddenLayer(X, y, hidden, bias, seed % 6 == 5, (0.0, 0.5, -0.25)[seed % 9 // 4])
    rational = decider(layer)
    tuples = rng.integers(0, len(rational.faces.cells), (40, hidden))
    tuples[20:, -1] = tuples[:20, 0]
    sets = active_sets(rational.faces, tuples)
    taken = representatives(rational, sets)
    assert set(map(tuple, taken.tolist())) <= set(map(tuple, sets.tolist()))
    for one, other in np.unique(np.stack([sets, taken], axis=1), axis=0).tolist():
        if one != other:
            losses = [exact_loss(layer, [c for c in row if c >= 0]) for row in (one, other)]
            assert losses[0] == losses[1]


def test_sets_that_span_the_same_are_taken_together():
    """Of disjoint A and B, and samples in general position: A and B, A and A ∪ B, B and it."""
    rng = np.random.default_rng(0)
    layer = OneHiddenLayer(rng.normal(size=(14, 1)), rng.normal(size=14), 2)
    rational = decider(layer)
    faces = rational.faces
    positive = faces.signs[: len(faces.cells)] > 0
    place = {row.tobytes(): k for k, row in enumerate(positive)}
    trios = []
    for i, A in enumerate(positive):
        for j, B in enumerate(positive[:i]):
            both = place.get((A | B).tobytes())
            if A.any() and B.any() and both is not None and not (A & B).any():
                trios += [(i, j), (i, both), (j, both)]
    taken = representatives(rational, active_sets(faces, np.array(trios)))
    assert len(trios) > 30
    assert (taken.reshape(-1, 3, 2) == taken[::3, None]).all()
    # Two samples that one neuron has for itself are fitted whatever their targets are.
    few = np.flatnonzero((positive.sum(axis=1) <= 2) & positive.any(axis=1))
    rest = (positive.sum(axis=1) == 7).nonzero()[0]
    assert len(few) > 1
    assert len(rest)
    inside = [(a, b) for a in few for b in rest if not (positive[a] & ~positive[b]).any()]
    taken = representatives(rational, active_sets(faces, np.array(inside)))
    for (a, b), row in zip(inside, taken.tolist(), strict=True):
        losses = [exact_loss(layer, chosen) for chosen in ((a, b), row)]
        assert losses[0] == losses[1]


@pytest.mark.parametrize("seed", first(1, range(30)))
def test_the_graph_is_that_of_exact_losses(seed):
    X, y, bias = degenerate(seed)
    hidden = 1 + seed % 3 if len(X) < 6 and X.shape[1] == 1 else 1 + seed % 2
    layer = OneHiddenLayer(X, y, hidden, bias, seed % 7 == 3, (0.0, 0.5)[seed % 4 == 3])
    graph = layer.landscape(kinds="isolated").graph
    exact = [exact_loss(layer, node) for node in graph.nodes.tolist()]
    assert graph.level.tolist() == places(exact)
    rounded = [float(v) for v in exact]
    assert graph.min_loss.tolist() == pytest.approx(rounded, rel=1e-12, abs=1e-15)
    assert len(set(graph.min_loss.tolist())) <= len(set(exact))
    # Steepest descent as it is documented: of equal losses the earlier is lower.
    best = list(range(len(graph)))
    for a, b, _ in graph.edges.tolist():
        best[a] = min(best[a], b, key=lambda k: (exact[k], k))
        best[b] = min(best[b], a, key=lambda k: (exact[k], k))
    assert graph.lowest_neighbor.tolist() == best
    minima = [k for k, lower in enumerate(best) if lower == k]
    assert graph.minima.tolist() == sorted(minima, key=lambda k: (exact[k], k))


@pytest.mark.parametrize("seed", first(1, range(30)))
def test_pieces_are_in_exact_order_and_equal_to_those_of_rational_arithmetic(seed):
    X, y, bias = degenerate(seed)
    hidden = 1 + seed % 2
    layer = OneHiddenLayer(X, y, hidden, bias)
    found, expected = layer.landscape(), layer.landscape(exact=True)
    pieces = found.pieces
    assert found.doubtful == 0
    assert pieces.decided.all()
    for name in ("faces", "output_signs", "loss", "level", "kind", "dimension"):
        assert np.array_equal(getattr(pieces, name), getattr(expected.pieces, name)), name
    active = (pieces.output_signs != 0) & ~pieces.table.idle[pieces.faces]
    exact = [
        exact_loss(layer, row[on].tolist())
        for row, on in zip(pieces.faces, active, strict=True)
    ]
    names = zip(exact, pieces.faces.tolist(), pieces.output_signs.tolist(), strict=True)
    assert list(names) == sorted(
        zip(exact, pieces.faces.tolist(), pieces.output_signs.tolist(), strict=True)
    )
    assert pieces.level.tolist() == places(exact)
    assert pieces.loss.tolist() == [float(v) for v in exact]
    inside = np.all(pieces.table.codimension[pieces.faces] == 0, axis=1)
    place = multiset_index(pieces.faces[inside], len(found.cells))
    assert np.array_equal(found.min_loss[place], pieces.loss[inside])
    assert np.array_equal(found.component, expected.component)
    for part in found.components:
        assert len(set(pieces.level[part].tolist())) == 1


@pytest.mark.parametrize("seed", first(2, [*range(0, 30, 6), *range(3, 30, 6)]))
def test_the_order_does_not_depend_on_units(seed):
    """Units that are no power of two round every number otherwise; the order stays."""
    X, y, bias = degenerate(seed)
    X, y = (X * 20).round(), (y * 20).round()
    bias = bias and 20.0
    one = OneHiddenLayer(X, y, 2, bias).landscape()
    for feature, target in ((3, 7), (49, 0.1875)):
        scaled = OneHiddenLayer(X * feature, y * target, 2, bias and bias * feature).landscape()
        assert np.array_equal(scaled.pieces.faces, one.pieces.faces)
        assert np.array_equal(scaled.pieces.level, one.pieces.level)
        assert np.array_equal(scaled.component, one.component)
        assert np.array_equal(scaled.graph.level, one.graph.level)
        assert np.array_equal(scaled.graph.basin, one.graph.basin)


@pytest.mark.parametrize("seed", first(2, range(0, 30, 4)))
def test_a_largest_loss_keeps_all_pieces_of_it(seed):
    X, y, bias = degenerate(seed)
    layer = OneHiddenLayer(X, y, 2, bias)
    pieces = layer.landscape().pieces
    for loss in np.unique(pieces.loss):
        kept = layer.landscape(max_loss=loss).pieces
        assert np.array_equal(kept.faces, pieces.faces[pieces.loss <= loss])
        below = layer.landscape(max_loss=np.nextafter(loss, -1.0)) if loss else None
        assert below is None or np.array_equal(
            below.pieces.faces, pieces.faces[pieces.loss < loss]
        )


@pytest.mark.slow
def test_samples_of_iris_are_decided():
    data = prepare(iris(), samples=14, features=2, reduction="pca")
    layer = OneHiddenLayer(data.X, data.y, 2)
    found, expected = layer.landscape(), layer.landscape(exact=True)
    assert found.doubtful == 0
    assert found.pieces.decided.all()
    assert len(found.pieces) > 2000
    assert np.array_equal(found.pieces.faces, expected.pieces.faces)
    assert np.array_equal(found.pieces.output_signs, expected.pieces.output_signs)
    assert np.array_equal(found.pieces.loss, expected.pieces.loss)


@pytest.mark.parametrize("seed", first(2, range(12)))
def test_repeated_samples_are_decided(seed):
    X, y, bias = data_set(5 * seed + 2, largest=7, features=2)
    layer = OneHiddenLayer(X, y, 2, bias)
    found, expected = layer.landscape(), layer.landscape(exact=True)
    assert found.doubtful == 0
    assert found.pieces.decided.all()
    assert np.array_equal(found.pieces.faces, expected.pieces.faces)
    assert np.array_equal(found.pieces.output_signs, expected.pieces.output_signs)


@pytest.mark.parametrize("seed", first(1, range(6)))
def test_decimals_that_are_nearly_dependent_are_decided(seed):
    """Points on one line in decimals are not on one as float64 stores them."""
    rng = np.random.default_rng(seed)
    X, y = rng.integers(-9, 10, (6, 2)) / 10, rng.integers(-9, 10, 6) / 10
    layer = OneHiddenLayer(X, y, 1 + seed % 2)
    found, expected = layer.landscape(), layer.landscape(exact=True)
    assert found.doubtful == 0
    assert found.pieces.decided.all()
    assert np.array_equal(found.pieces.faces, expected.pieces.faces)
    assert np.array_equal(found.pieces.output_signs, expected.pieces.output_signs)


def test_what_there_is_no_time_for_is_flagged(monkeypatch):
    """Some tuples are settled, the rest stays open."""
    layer = OneHiddenLayer([[0.0], [0.0], [1.0], [2.0]], [1.0, -1.0, 1.0, 0.0], 2)
    monkeypatch.setattr(settling, "SECONDS_PER_TUPLE", 0.0)
    flagged = []
    for seconds in (0.0, 3e-3, 10.0):
        monkeypatch.setattr(settling, "SECONDS", seconds)
        found = layer.landscape()
        flagged.append(found.doubtful + int((~found.pieces.decided).sum()))
    assert flagged[0] > flagged[1] > flagged[2] == 0


def test_workers_do_not_change_what_is_settled(monkeypatch):
    """Time is given out by tasks, whoever works on them."""
    monkeypatch.setattr(search, "TASK", 50)
    monkeypatch.setattr(settling, "SECONDS", 2e-3)
    monkeypatch.setattr(settling, "SECONDS_PER_TUPLE", 0.0)
    layer = OneHiddenLayer([[0.0], [0.0], [1.0], [2.0]], [1.0, -1.0, 1.0, 0.0], 2)
    alone = layer.landscape()
    with ThreadPoolExecutor(2) as executor:
        together = layer.landscape(executor=executor)
    assert alone.doubtful + int((~alone.pieces.decided).sum()) > 0
    assert together.doubtful == alone.doubtful
    assert np.array_equal(together.pieces.faces, alone.pieces.faces)
    assert np.array_equal(together.pieces.decided, alone.pieces.decided)


def test_what_holds_with_equality_alone_has_no_margin():
    """A neuron with z = 0 beside residuals that cancel is gone after any change of them."""
    layer = OneHiddenLayer([[-1.0], [0.0], [1.0]], [1.0, -2.0, 1.0])
    for exact in (False, True):
        (piece,) = [
            p
            for p in layer.landscape(exact=exact).pieces
            if p.signs.tolist() == [[1, 1, 1]] and not p.output_signs[0]
        ]
        assert piece.decided
        assert piece.margin == 0.0
