"""Landscapes of two and more neurons against brute force, descent and theory."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction
from itertools import combinations_with_replacement, permutations
from itertools import product as product_of

import networkx as nx
import numpy as np
import pytest
from scipy.optimize import linprog

from arrangement.errors import InputError, SizeError
from arrangement.relu import OneHiddenLayer
from arrangement.relu.minima import product, search, settling
from arrangement.relu.minima.search import refuse_too_many
from arrangement.relu.problem import Problem
from benchmarks import descent as experiment
from tests import descent, reference
from tests.amounts import first
from tests.relu.test_landscape import data_set, descent_direction, with_bias


def states_of(piece):
    """A piece as a multiset of (signs, output sign)."""
    rows = zip(map(tuple, piece.signs.tolist()), piece.output_signs.tolist(), strict=True)
    return tuple(sorted((signs, int(s)) for signs, s in rows))


# --- brute force ------------------------------------------------------------------------


class Neuron:
    """One neuron in one state: on a face with an output sign, or in a cell with z = 0."""

    def __init__(self, X, rows, face, s, slope):
        self.face, self.s = face, s
        self.signs = np.array(face)
        on = self.signs == 0
        S, Vt = np.linalg.svd(X[on], full_matrices=True)[1:]
        self.T = Vt[np.sum(S > 1e-9) :].T
        self.D = np.where(self.signs > 0, 1.0, np.where(on, 0.0, slope))
        self.A = self.D[:, None] * (X @ self.T) if s else np.zeros((len(X), 0))
        self.sides = self.signs[~on, None] * (X[~on] @ self.T)
        self.X, self.rows, self.on, self.slope = X, rows, on, slope

    def in_place(self, r):
        g = (self.D * r) @ self.X
        if not self.s:
            return np.allclose(g, 0, atol=1e-9)
        # r_i σ(t) = (1 − α) r_i max(0, t) + α r_i t on the face.
        g = g + self.slope * (r[self.on] @ self.X[self.on])
        kinks = np.where(self.on, (1 - self.slope) * r, r)
        return descent_direction(self.X, self.rows, self.on, g, kinks, self.s) is None


def brute_force(X, y, bias, hidden, slope=0.0, output_bias=False):
    """{multiset of (face, s): loss} by one linear program for each multiset of states."""
    one = [] if bias is None else [Fraction(bias)]
    rows = reference.rows_of([[*map(Fraction, x), *one] for x in np.asarray(X).tolist()])
    X = with_bias(X, bias)
    neurons = []
    for face in sorted(reference.faces(rows)):
        dead = all(v < 0 for v in face) and not slope
        choices = (0,) if dead else (1, -1, 0) if all(face) else (1, -1)
        neurons += [Neuron(X, rows, face, s, slope) for s in choices]
    free = np.ones((len(X), int(output_bias)))
    pieces = {}
    for chosen in combinations_with_replacement(neurons, hidden):
        A = np.column_stack([free, *(n.A for n in chosen)])
        c, _, rank, _ = np.linalg.lstsq(A, y, rcond=1e-9) if A.shape[1] else (np.zeros(0),) * 4
        r = A @ c - y
        if not feasible(A, y, c, rank, chosen) or not all(n.in_place(r) for n in chosen):
            continue
        name = tuple(sorted((n.face, n.s) for n in chosen))
        pieces[name] = np.mean(r**2)
    return pieces


def feasible(A, y, c, rank, chosen):
    """Is there a least squares solution R_j = s_j T_j c_j with all c_j inside? One is c."""
    width = A.shape[1]
    blocks, at = [], width - sum(n.A.shape[1] for n in chosen)
    for n in chosen:
        e = n.A.shape[1]
        if e:
            block = np.zeros((len(n.sides), width))
            block[:, at : at + e] = n.s * n.sides
            blocks.append(block)
        at += e
    G = np.concatenate(blocks) if blocks else np.zeros((0, width))
    if not len(G):
        return True
    if rank == width:
        return np.min(G @ c) > 1e-7
    found = linprog(
        [0] * width + [-1],
        A_ub=np.column_stack([-G, np.ones(len(G))]),
        b_ub=np.zeros(len(G)),
        A_eq=np.column_stack([A.T @ A, np.zeros(width)]),
        b_eq=A.T @ y,
        bounds=[(None, None)] * width + [(None, 1)],
    )
    return found.x is not None and found.x[-1] > 1e-7


def same_as_brute_force(X, y, bias, hidden, slope=0.0, output_bias=False):
    layer = OneHiddenLayer(X, y, hidden, bias, output_bias, slope)
    landscape = layer.landscape()
    expected = brute_force(X, y, bias, hidden, slope, output_bias)
    found = {states_of(p): p for p in landscape.pieces}
    assert len(found) == len(landscape.pieces)
    assert set(found) == set(expected)
    for name, loss in expected.items():
        assert found[name].loss == pytest.approx(loss, abs=1e-9)
    return landscape


@pytest.mark.parametrize("seed", first(1, range(1, 10)))
def test_pieces_of_two_neurons_are_those_of_brute_force(seed):
    X, y, bias = data_set(seed, largest=3, features=2)
    same_as_brute_force(X, y, bias, 2)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(12, 24))
def test_pieces_of_two_neurons_on_four_samples(seed):
    X, y, bias = data_set(seed, largest=4, features=2)
    same_as_brute_force(X, y, bias, 2)


@pytest.mark.parametrize(
    ("hidden", "slope"),
    [(1, 0.0), (1, 0.25), (1, -0.5), pytest.param(2, 0.0, marks=pytest.mark.slow)],
)
def test_other_activations_and_an_output_bias(slope, hidden):
    X, y = np.array([[-1.0], [0.5], [2.0]]), np.array([1.0, -1.0, 2.0])
    for bias in (None, 1.0):
        for output_bias in (False, True):
            same_as_brute_force(X, y, bias, hidden, slope, output_bias)


@pytest.mark.slow
@pytest.mark.parametrize("slope", [0.25, -0.5])
def test_two_neurons_with_a_negative_slope(slope):
    X, y = np.array([[-1.0], [0.5], [2.0]]), np.array([1.0, -1.0, 2.0])
    same_as_brute_force(X, y, 1.0, 2, slope)
    same_as_brute_force(X, y, None, 2, slope, True)


@pytest.mark.slow
def test_three_neurons_on_a_line():
    same_as_brute_force(np.array([[-1.0], [0.5], [2.0]]), np.array([1.0, -1.0, 2.0]), None, 3)


# --- descent ----------------------------------------------------------------------------


def check_descent(seed, starts):
    """All runs end, and on pieces only."""
    X, y, bias = data_set(seed)
    pieces = OneHiddenLayer(X, y, 2, bias).landscape().pieces
    known = {states_of(p): p.loss for p in pieces}
    rng = np.random.default_rng(seed)
    ends, unfinished = descent.ends(with_bias(X, bias), y, 2, starts, rng)
    assert (len(ends), unfinished) == (starts, 0)
    for end in ends:
        assert end.states in known, f"descent ended at {end.loss} on no piece: {end.states}"
        assert end.loss == pytest.approx(known[end.states], abs=1e-9 * (1 + np.mean(y**2)))
    return ends


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2, 6])
def test_gradient_descent_ends_on_pieces(seed):
    check_descent(seed, 12)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(20))
def test_gradient_descent_from_many_starts_ends_on_pieces(seed):
    check_descent(seed, 40)


@pytest.mark.slow
@pytest.mark.parametrize("data", list(experiment.data_sets()), ids=lambda data: data.name)
def test_the_experiment_in_small(data):
    # The whole of it is benchmarks/descent.py.
    for hidden in (1, 2):
        row = experiment.examine(data, hidden, 30, trials=20, tuples=5000, points=30)
        assert row.bad == 0, row
        assert row.found > 0
        assert row.rejected > 0


@pytest.mark.parametrize("seed", first(1, [1, 2, 8]))
def test_the_best_of_many_restarts_is_the_global_minimum(seed):
    X, y, bias = data_set(seed)
    best = OneHiddenLayer(X, y, 2, bias).landscape(max_loss=np.mean(y**2)).global_minimum
    rng = np.random.default_rng(seed)
    ends, _ = descent.ends(with_bias(X, bias), y, 2, 20, rng)
    assert min(end.loss for end in ends) == pytest.approx(best.loss, abs=1e-6)


@pytest.mark.parametrize("seed", first(2, range(14)))
def test_no_perturbation_of_a_piece_descends(seed):
    X, y, bias = data_set(seed, largest=7, features=2)
    landscape = OneHiddenLayer(X, y, 2, bias).landscape()
    full = with_bias(X, bias)
    lengths = np.linalg.norm(full, axis=0).clip(1e-9)
    unit = full / lengths
    rng = np.random.default_rng(seed)
    level = 1e-11 * (1 + np.mean(y**2))
    pieces = list(landscape.pieces)
    for k in rng.choice(len(pieces), min(len(pieces), 60), replace=False):
        p = pieces[k]
        w, z = p.weights * lengths, p.output_weights
        size = np.linalg.norm(w, axis=1)
        size[size == 0] = 1.0
        value = np.abs(w @ unit.T) / np.linalg.norm(unit, axis=1)
        reach = 0.5 * np.where(p.signs != 0, value, np.inf).min(axis=1)
        reach = np.minimum(reach, size)
        for radius in (1e-1, 1e-2, 1e-3, 1e-4):
            v = rng.normal(size=(300, *w.shape))
            v *= (radius * reach / np.linalg.norm(v, axis=2))[:, :, None]
            dz = rng.normal(size=(300, len(z))) * radius * np.minimum(reach / size, 1.0)
            after = descent.loss(full, y, (w + v) / lengths, z + dz)
            # With z_j = 0 a dip of second order is rounding's, else there is none.
            assert after.min() >= p.loss - level, (p, radius)


# --- theory -----------------------------------------------------------------------------


@pytest.mark.parametrize("seed", first(2, range(8)))
def test_minima_of_one_neuron_are_minima_of_two_with_a_silent_one(seed):
    X, y, bias = data_set(seed, largest=8, features=2)
    one = OneHiddenLayer(X, y, 1, bias).landscape()
    two = {states_of(p): p for p in OneHiddenLayer(X, y, 2, bias).landscape().pieces}
    for p in one.pieces:
        ((signs, s),) = states_of(p)
        if s == 0 or not any(v > 0 for v in signs):
            continue
        # A second neuron in the same face's cell with z = 0 changes nothing, nor does a copy.
        assert two[(signs, s), (signs, s)].loss == pytest.approx(p.loss)
        if all(signs):
            assert two[tuple(sorted([(signs, s), (signs, 0)]))].loss == pytest.approx(p.loss)
            assert two[(signs, -1), (signs, 1)].loss == pytest.approx(p.loss)


def test_two_neurons_that_fit_two_kinks():
    x = np.linspace(-2.0, 2.0, 9)
    y = 2.0 * np.maximum(x - 0.6, 0) - np.maximum(-x - 0.9, 0)
    best = OneHiddenLayer(x[:, None], y, 2).landscape(max_loss=1e-12).pieces
    (signs,) = {states_of(p) for p in best if p.kind == "isolated"}
    assert {s for _, s in signs} == {-1, 1}
    assert best[0].loss < 1e-25
    assert best[0].predict(x[:, None]) == pytest.approx(y)


@pytest.mark.slow
def test_the_number_of_neurons_lowers_the_global_minimum():
    X, y, bias = data_set(10, largest=6)
    losses = [OneHiddenLayer(X, y, k, bias).landscape().global_minimum.loss for k in (1, 2)]
    assert losses[1] <= losses[0] + 1e-12


def test_order_and_units_change_nothing():
    X, y, _ = data_set(6)
    plain = OneHiddenLayer(X, y, 2).landscape().pieces
    back = OneHiddenLayer(X[::-1], y[::-1], 2).landscape().pieces
    scaled = OneHiddenLayer(X * 1024.0, y * -4.0, 2, bias=2.0**-20).landscape().pieces
    assert back.loss == pytest.approx(plain.loss)
    assert scaled.loss == pytest.approx(16 * plain.loss)


# --- what is asked for ------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("exact", [False, True])
def test_max_loss_and_kinds_give_the_pieces_that_they_say(exact):
    X, y, bias = data_set(0, largest=4 if exact else 7)
    layer = OneHiddenLayer(X, y, 2, bias)
    whole = layer.landscape(exact=exact)
    names = {states_of(p): p for p in whole.pieces}
    for bound in (0.0, whole.pieces[3].loss, np.median(whole.pieces.loss), 100.0):
        some = {states_of(p) for p in layer.landscape(max_loss=bound, exact=exact).pieces}
        assert some == {name for name, p in names.items() if p.loss <= bound}
    for kinds in ("isolated", ["zero"], {"boundary"}, ["dead", "continuum"]):
        some = layer.landscape(kinds=kinds, exact=exact).pieces
        wanted = [kinds] if isinstance(kinds, str) else kinds
        assert {states_of(p) for p in some} == {
            name for name, p in names.items() if p.kind in wanted
        }
    if not exact:
        assert len(layer.landscape(max_loss=0.0).pieces) == 0


@pytest.mark.slow
def test_an_executor_finds_the_same_pieces():
    X, y, bias = data_set(0)
    layer = OneHiddenLayer(X, y, 2, bias)
    with ThreadPoolExecutor(2) as executor:
        shared = layer.landscape(executor=executor)
    assert [states_of(p) for p in shared.pieces] == [
        states_of(p) for p in layer.landscape().pieces
    ]


def test_columns_are_those_of_the_pieces():
    X, y, bias = data_set(5, largest=5)
    pieces = OneHiddenLayer(X, y, 2, bias).landscape().pieces
    assert np.array_equal(pieces.loss, np.sort(pieces.loss))
    for k, p in enumerate(pieces):
        assert np.array_equal(p.signs, pieces.signs[k])
        assert (p.kind, p.loss, p.margin) == (pieces.kind[k], pieces.loss[k], pieces.margin[k])
        assert p.predict(X) - y == pytest.approx(pieces.residuals[k], abs=1e-9)
        value = with_bias(X, bias) @ p.weights.T
        assert np.array_equal(np.sign(np.where(np.abs(value) < 1e-9, 0, value)).T, p.signs)
    assert pieces[-1] is pieces[len(pieces) - 1]
    assert len(pieces[:3]) == 3
    with pytest.raises(IndexError):
        pieces[len(pieces)]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"max_loss": -1.0}, "max_loss=-1.0"),
        ({"max_loss": "a"}, "max_loss='a'"),
        ({"max_loss": np.nan}, "max_loss=nan"),
        ({"kinds": ["isolated", "saddle"]}, "kinds=.*isolated, continuum"),
        ({"kinds": []}, "kinds="),
    ],
)
def test_bad_arguments_are_named(arguments, message):
    with pytest.raises(InputError, match=message):
        OneHiddenLayer([[1.0], [2.0]], [1.0, 2.0], 2).landscape(**arguments)


def test_what_is_too_large_is_refused_at_once(monkeypatch):
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(40, 4)), rng.normal(size=40)
    with monkeypatch.context() as patch:
        patch.delattr(Problem, "faces")  # not even the cells are enumerated
        with pytest.raises(SizeError, match=r"multisets of 3: about .* years .*fewer samples"):
            OneHiddenLayer(X, y, 3).landscape()
        with pytest.raises(SizeError, match=r"hours|days"):
            OneHiddenLayer(X[:, :2], y, 4).landscape(kinds="isolated")
    with pytest.raises(SizeError, match=r"about 10\^400 faces .* more than a billion years"):
        refuse_too_many(10**400, 3, 5000, 785)
    # Twenty copies of two samples are no large problem.
    few = OneHiddenLayer(np.repeat(X[:2, :1], 20, axis=0), y, 4)
    assert len(few.landscape(max_loss=np.mean(y**2)).pieces)


# --- exact mode -------------------------------------------------------------------------


@pytest.mark.parametrize("seed", first(2, range(30)))
def test_exact_mode_agrees_where_floats_decide(seed):
    hidden = 1 + seed % 2
    X, y, bias = data_set(seed, largest=12 if hidden == 1 else 5, features=4 - hidden)
    floats = OneHiddenLayer(X, y, hidden, bias).landscape()
    exact = OneHiddenLayer(X, y, hidden, bias).landscape(exact=True)
    assert exact.doubtful == 0
    assert exact.pieces.decided.all()
    known = {states_of(p): p for p in exact.pieces}
    found = {states_of(p): p for p in floats.pieces}
    for name, p in found.items():
        if p.decided:
            assert known[name].loss == pytest.approx(p.loss, abs=1e-12)
            assert known[name].dimension == p.dimension
    missing = set(known) - set(found)
    assert not missing or floats.doubtful


def test_rounding_does_not_hide_a_neuron_at_a_sample_with_target_zero():
    # The first neuron fits all but the copies; at the first sample f = y = 0, and float64
    # leaves a residual of either sign there, beside which the terms 0 and 0 are no measure.
    X, y, _ = data_set(12)
    floats, exact = (OneHiddenLayer(X, y, 2).landscape(exact=e) for e in (False, True))
    found = {states_of(p): p for p in floats.pieces}
    for p in exact.pieces:
        if p.kind in ("boundary", "zero") and (-1, 1, 1, 1) in {f for f, _ in states_of(p)}:
            assert states_of(p) in found
    for s in (1, -1):
        name = (((-1, 1, 1, 1), 1), ((0, -1, -1, -1), s))
        assert found[name].loss == pytest.approx(1.125)


@pytest.fixture
def float64_alone(monkeypatch):
    """No time for rational arithmetic where it is not asked for."""
    monkeypatch.setattr(settling, "SECONDS", 0.0)
    monkeypatch.setattr(settling, "SECONDS_PER_TUPLE", 0.0)
    monkeypatch.setattr(search, "FEW", -1)
    monkeypatch.setattr("arrangement.relu.problem.SPREAD", np.inf)


def test_exact_mode_settles_what_floats_cannot(float64_alone):
    # On integers the minimizer of the first two samples is exactly zero at the third.
    X, y = [[0], [1], [2]], [2, 1, 0]
    exact = OneHiddenLayer(X, y).landscape(exact=True)
    assert exact.global_minimum.kind == "boundary"
    assert exact.global_minimum.loss == 0.0
    floats = OneHiddenLayer(X, y).landscape()
    assert floats.doubtful or not floats.pieces.decided.all()
    # A target that differs by less than float64 can tell next to 1 turns it to either side.
    third = Fraction(1, 10**30)
    for tip, kind in ((third, "isolated"), (-third, "boundary")):
        best = OneHiddenLayer(X, [2, 1, tip]).landscape(
            exact=True, kinds=["isolated", "boundary"]
        )
        top = [p for p in best.pieces if p.loss < 1e-12 and p.signs[0, :2].tolist() == [1, 1]]
        assert kind in {p.kind for p in top}
        assert ("isolated" in {p.kind for p in top}) == (tip > 0)


# --- components and saddles -------------------------------------------------------------


def test_copies_of_a_neuron_form_one_component():
    x = np.array([[-1.0], [0.0], [1.0], [2.0]])
    y = np.array([0.1, 0.0, 1.2, 1.8])
    landscape = OneHiddenLayer(x, y, 2).landscape()
    one = OneHiddenLayer(x, y).landscape()
    best = next(p for p in one.pieces if p.kind == "isolated")
    ((signs, s),) = states_of(best)
    place = {states_of(p): k for k, p in enumerate(landscape.pieces)}
    parts = {
        int(landscape.component[place[tuple(sorted(name))]])
        for name in ([(signs, s)] * 2, [(signs, s), (signs, 0)], [(signs, 1), (signs, -1)])
    }
    assert len(parts) == 1
    assert np.concatenate(landscape.components).tolist() != []
    assert sorted(np.concatenate(landscape.components).tolist()) == list(
        range(len(landscape.pieces))
    )


@pytest.mark.parametrize("hidden", [1, 2])
def test_zero_targets_have_one_component(hidden):
    # {z = 0} is connected, and every minimum shrinks to it; with one neuron the cells with
    # z = 0 are joined across facets only.
    X = [[0.0], [1.0], [2.0]]
    landscape = OneHiddenLayer(X, [0.0, 0.0, 0.0], hidden).landscape()
    assert len(landscape.components) == 1
    assert len(landscape.pieces) > len(landscape.cells)


def test_silent_cells_are_joined_across_facets():
    # Targets at x = 0 cancel and that at x = 1 is 0: a neuron that sees only these has z = 0.
    # Between the cells of {0} and {0, 1} there is a facet, but no piece on it.
    landscape = OneHiddenLayer([[0], [0], [1], [5]], [1, -1, 0, 2]).landscape(exact=True)
    place = {states_of(p): k for k, p in enumerate(landscape.pieces)}
    silent = [(-1, -1, -1, -1), (1, 1, -1, -1), (1, 1, 1, -1)]
    rows = [place[((signs, 0),)] for signs in silent]
    assert len(set(landscape.component[rows])) == 1
    assert not any(signs == (1, 1, 0, -1) for ((signs, _),) in place)


@pytest.mark.parametrize("seed", range(6))
def test_components_have_one_loss_and_straight_ways_between_their_pieces(seed):
    X, y, bias = data_set(seed, largest=5, features=2)
    landscape = OneHiddenLayer(X, y, 1, bias).landscape()
    full = with_bias(X, bias)
    for part in landscape.components:
        assert np.ptp(landscape.pieces.loss[part]) < 1e-9
        if len(part) == 1:
            continue
        # With one neuron of the same sign, a straight way in u stays in the level set.
        for p, q in permutations([landscape.pieces[k] for k in part], 2):
            s = p.output_weights[0]
            if s == q.output_weights[0] != 0 and np.all((p.signs == q.signs) | (p.signs == 0)):
                way = np.linspace(0, 1, 11)[:, None] * (q.weights[0] - p.weights[0])
                values = descent.loss(full, y, p.weights[0] + way, np.full(11, s))
                assert values == pytest.approx(p.loss)


@pytest.mark.parametrize("hidden", first(1, [1, 2]))
def test_saddles_are_critical_and_go_both_ways(hidden):
    seen = 0
    for seed in range(4):
        rng = np.random.default_rng(seed)
        X, y, bias = rng.normal(size=(7, 2)), rng.normal(size=7), (1.0, None)[seed % 2]
        landscape = OneHiddenLayer(X, y, hidden, bias).landscape(kinds="isolated")
        full = with_bias(X, bias)
        for p in list(landscape.saddles())[::3]:
            seen += 1
            assert p.kind == "saddle"
            active = full @ p.weights.T > 0
            assert np.array_equal(np.where(active.T, 1, -1), p.signs)
            r = p.predict(X) - y
            assert np.mean(r**2) == pytest.approx(p.loss)
            size = np.abs(full).max() * (1 + np.abs(y).max()) * len(y)
            g = (active * r[:, None]).T @ full
            slope = np.sum(g * p.weights, axis=1) / np.linalg.norm(p.weights, axis=1)
            assert np.abs(slope).max() < 1e-9 * size
            assert np.abs(g[p.output_weights != 0]).max(initial=0) < 1e-9 * size
            j = int(np.argmax(np.linalg.norm(g, axis=1) * (p.output_weights == 0)))
            step = g[j] / np.linalg.norm(g[j]) * np.linalg.norm(p.weights[j])
            losses = []
            for dz in (1e-4, -1e-4):
                w, z = p.weights.copy(), p.output_weights.copy()
                w[j] += 1e-3 * step * p.margin
                z[j] += dz * p.margin
                losses.append(descent.loss(full, y, w[None], z[None])[0] - p.loss)
            assert min(losses) < 0 < max(losses)
    assert seen > 10


@pytest.mark.slow
def test_saddles_are_those_that_linear_programs_find():
    for seed in range(8):
        X, y, bias = data_set(seed, largest=6, features=2)
        landscape = OneHiddenLayer(X, y, 1, bias).landscape()
        full = with_bias(X, bias)
        expected = set()
        for signs in landscape.cells.signs:
            g = (signs > 0) * y @ full
            if np.allclose(g, 0, atol=1e-9):
                continue
            found = linprog(
                np.append(np.zeros(len(g)), -1.0),
                A_ub=np.column_stack([-signs[:, None] * full, np.ones(len(y))]),
                b_ub=np.zeros(len(y)),
                A_eq=np.append(g, 0.0)[None],
                b_eq=[0.0],
                bounds=[(None, None)] * len(g) + [(None, 1)],
            )
            if found.x is not None and found.x[-1] > 1e-7:
                expected.add(tuple(signs.tolist()))
        saddles = landscape.saddles()
        assert {tuple(p.signs[0].tolist()) for p in saddles} == expected
        # With two neurons: two of them, one and a neuron in place, or beside a minimum.
        two = OneHiddenLayer(X, y, 2, bias).landscape(max_loss=0.0).saddles()
        pairs = {tuple(sorted(map(tuple, p.signs.tolist()))) for p in two}
        assert {tuple(sorted(pair)) for pair in product_of(expected, expected)} <= pairs


# --- the product graph ------------------------------------------------------------------


@pytest.mark.parametrize("seed", [0, 2, 3, 6])
def test_nodes_of_the_product_graph(seed):
    X, y, bias = data_set(seed, largest=5, features=2)
    landscape = OneHiddenLayer(X, y, 2, bias).landscape()
    graph, cells, full = landscape.graph, landscape.cells, with_bias(X, bias)
    pairs = list(combinations_with_replacement(range(len(cells)), 2))
    assert graph.nodes.tolist() == [list(pair) for pair in pairs]
    inside = {states_of(p) for p in landscape.pieces if np.all(p.signs)}
    inside = {tuple(signs for signs, _ in name) for name in inside}
    for k, pair in enumerate(pairs):
        A = np.column_stack([(cells.signs[c] > 0)[:, None] * full for c in pair])
        R, _, rank, _ = np.linalg.lstsq(A, y, rcond=None)
        assert graph.min_loss[k] == pytest.approx(np.mean((A @ R - y) ** 2), abs=1e-12)
        assert graph.rank[k] == rank
        assert graph.unique[k] == (rank == A.shape[1])
        name = tuple(sorted(tuple(cells.signs[c].tolist()) for c in pair))
        assert graph.attained[k] == (name in inside)


def test_edges_of_the_product_graph_are_those_of_the_cartesian_square():
    X, y, bias = data_set(2, largest=5)
    landscape = OneHiddenLayer(X, y, 2, bias).landscape()
    graph, m = landscape.graph, len(landscape.cells)
    expected = set()
    for a, b, h in landscape.cells.edges.tolist():
        for c in range(m):
            ends = tuple(sorted([a, c])), tuple(sorted([b, c]))
            expected.add((frozenset(ends), h))
    nodes = list(map(tuple, graph.nodes.tolist()))
    found = {(frozenset((nodes[a], nodes[b])), h) for a, b, h in graph.edges.tolist()}
    assert found == expected
    assert len(graph.edges) == len(landscape.cells.edges) * m
    assert nx.is_connected(landscape.to_networkx())
    # Boundary minima: the neuron that crosses is on the facet, the other one in its cell.
    first, _ = landscape.problem.arrangement.coincidence
    least = {}
    for p in landscape.pieces:
        zeros = (p.signs == 0).any(axis=1)
        ranks = [np.linalg.matrix_rank(with_bias(X, bias)[row == 0]) for row in p.signs]
        if zeros.sum() == 1 and max(ranks) == 1:
            least.setdefault(tuple(sorted(map(tuple, p.signs.tolist()))), p.loss)
    seen = 0
    for (a, b, h), loss in zip(graph.edges.tolist(), graph.boundary_loss, strict=True):
        (moving,) = Counter(nodes[a]) - Counter(nodes[b])
        (common,) = Counter(nodes[a]) & Counter(nodes[b])
        facet = np.where(first == first[h], 0, landscape.cells.signs[moving])
        other = landscape.cells.signs[common]
        name = tuple(sorted([tuple(facet.tolist()), tuple(other.tolist())]))
        assert np.isnan(loss) == (name not in least)
        if name in least:
            seen += 1
            assert loss == pytest.approx(least[name])
    assert seen == graph.boundary_minimum.sum() > 0


@pytest.mark.parametrize("hidden", first(1, [1, 2]))
def test_descent_on_the_graph(hidden):
    X, y, bias = data_set(5, largest=5)
    graph = OneHiddenLayer(X, y, hidden, bias).landscape().graph
    plain = nx.Graph(graph.edges[:, :2].tolist())
    key = {v: (graph.min_loss[v], v) for v in plain}
    for v in plain:
        assert graph.lowest_neighbor[v] == min([v, *plain[v]], key=key.get)
        end = v
        while graph.lowest_neighbor[end] != end:
            end = graph.lowest_neighbor[end]
        assert graph.basin[v] == end
    assert set(graph.minima) == set(graph.basin)
    rng = np.random.default_rng(0)
    for a, b in rng.integers(0, len(graph), (20, 2)).tolist():
        # The least level at which a and b are connected.
        height = next(
            level
            for level in np.sort(graph.min_loss)
            if {a, b} <= set(low := [v for v in plain if graph.min_loss[v] <= level])
            and nx.has_path(plain.subgraph(low), a, b)
        )
        assert graph.barrier(a, b) == height


def test_graphml_of_two_neurons(tmp_path):
    landscape = OneHiddenLayer([[0.0], [1.0]], [1.0, -1.0], 2).landscape()
    path = tmp_path / "two.graphml"
    landscape.write_graphml(path)
    read = nx.read_graphml(path)
    graph = landscape.graph
    assert len(read) == len(graph)
    assert read.number_of_edges() == len(graph.edges)
    for k in range(len(graph)):
        node = read.nodes[str(k)]
        assert node["min_loss"] == graph.min_loss[k]
        assert [node["cell_0"], node["cell_1"]] == graph.nodes[k].tolist()


def test_a_graph_that_is_too_large_is_refused(monkeypatch, tmp_path):
    landscape = OneHiddenLayer([[0.0], [1.0]], [1.0, -1.0], 2).landscape()
    monkeypatch.setattr(product, "MAX_GRAPH", 20)
    with pytest.raises(SizeError, match="a networkx graph of 10 nodes and 16 edges"):
        landscape.to_networkx()
    with pytest.raises(SizeError, match="a GraphML file of"):
        landscape.write_graphml(tmp_path / "two.graphml")
    monkeypatch.setattr(product, "MAX_EDGES", 10)
    with pytest.raises(SizeError, match="product graph of 4 cells and 2 neurons"):
        _ = OneHiddenLayer([[0.0], [1.0]], [1.0, -1.0], 2).landscape().graph


@pytest.mark.parametrize(
    ("X", "y", "hidden"),
    [
        ([[0.3, 0], [-0.4, -0.4], [-1.1, -0.8], [-0.9, -0.6], [0.6, 0.3]], None, 1),
        ([[2 + 1e-15], [2], [-2]], [-2, 1, 2], 1),
        ([[10**30], [10**30 + 1], [3]], [1, 2, 3], 1),
        ([[1.000001], [-1.000001], [0.999999]], [2, -2, -1], 2),
        ([[0.0001], [-2], [-1.0001], [-1.0001], [2.0001]],
         [-1, -0.9999, -1.9999, 0, 1.0001], 2),
        ([[-2, -1], [2, 0], [-2, 1], [1, 2], [-2, -2]],
         [2, -2.0000000001, -1e-10, -2.0000000001, -1.0000000001], 1),
    ],
)  # fmt: skip
def test_nearly_dependent_samples_are_flagged(X, y, hidden, request):
    """Where float64 takes the rank or a sign for another, pieces or tuples say so."""
    y = [1.3, 0.9, -0.7, -1.3, -0.6] if y is None else y
    settled = OneHiddenLayer(X, y, hidden).landscape()
    request.getfixturevalue("float64_alone")
    layer = OneHiddenLayer(X, y, hidden)
    found, exact = layer.landscape(), layer.landscape(exact=True)
    assert len(found.pieces) != len(exact.pieces)  # else the example shows nothing
    assert found.doubtful + (~found.pieces.decided).sum() > 0
    assert exact.doubtful == 0
    assert exact.pieces.decided.all()
    # Every piece that is decided is one.
    kept = {row.tobytes() for row in _names(exact.pieces)}
    assert all(
        row.tobytes() in kept
        for row, sure in zip(_names(found.pieces), found.pieces.decided, strict=True)
        if sure
    )
    # What is flagged is settled where there is time.
    assert settled.doubtful == 0
    assert settled.pieces.decided.all()
    assert np.array_equal(_names(settled.pieces), _names(exact.pieces))


def _names(pieces):
    return np.concatenate([pieces.faces, pieces.output_signs], axis=1)


def test_ranks_modulo_a_prime_are_those_of_the_samples():
    rng = np.random.default_rng(0)
    X = rng.integers(-2, 3, (5, 2))
    layer = OneHiddenLayer(X, rng.integers(-2, 3, 5), 2, negative_slope=0.5, output_bias=True)
    faces = layer.faces()
    tuples = np.sort(rng.integers(0, len(faces), (300, 2)), axis=1)
    maps = faces.transposed(tuples.reshape(-1)).reshape(300, -1, 5)
    for with_ones in (False, True):
        expected = [
            np.linalg.matrix_rank(np.vstack([A, np.ones((int(with_ones), 5))])) for A in maps
        ]
        assert faces.modular_ranks(tuples, with_ones).tolist() == expected


@pytest.mark.slow
def test_infeasible_requests_are_refused_at_once():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(1500, 4)), rng.normal(size=1500)
    for kinds in (None, "isolated"):
        with pytest.raises(SizeError, match=r"for one neuron: about .* (hours|days|years)"):
            OneHiddenLayer(X, y).landscape(kinds=kinds)
    with pytest.raises(SizeError, match="30 hidden neurons"):
        OneHiddenLayer(X[:5], y[:5], hidden=30).fit_global()
