"""The criterion of a local minimum: the landscape's pieces, perturbations, directions."""

import numpy as np
import pytest

from arrangement.errors import InputError
from arrangement.relu import OneHiddenLayer
from arrangement.relu.losses.criterion import is_local_minimum, local_minimum
from arrangement.relu.losses.losses import Loss
from arrangement.relu.losses.pattern_fits import cellwise_minima, pattern_minimum
from tests.amounts import first
from tests.relu.test_landscape import data_set, with_bias


def loss_at(kind, X, y, w, z, c=0.0):
    """The mean loss of networks, their axes first: w (…, K, d), z (…, K)."""
    f = np.einsum("...k,...kn->...n", z, np.maximum(w @ X.T, 0.0)) + c
    return np.array([kind.values(row, y).mean() for row in f.reshape(-1, len(y))])


def assert_no_way_down(kind, X, y, w, z, rng, radius=1e-4, tries=400, allowed=1e-11):
    """No random point near (w, z) is lower; radii of several sizes."""
    w, z = np.asarray(w, dtype=float), np.asarray(z, dtype=float)
    size = radius * 10.0 ** rng.uniform(-2, 0, tries)
    dw = rng.normal(size=(tries, *w.shape)) * size[:, None, None]
    dz = rng.normal(size=(tries, *z.shape)) * size[:, None]
    dw[: tries // 4], dz[tries // 4 : tries // 2] = 0, 0
    near = loss_at(kind, X, y, w + dw, z + dz)
    here = loss_at(kind, X, y, w, z)[0]
    assert near.min() >= here - allowed * (1 + here)


def assert_descends(kind, X, y, w, z, found):
    """Along the direction given the loss falls, for all small steps down to rounding."""
    w, z = np.asarray(w, dtype=float), np.asarray(z, dtype=float)
    t = 10.0 ** np.linspace(-5, -1, 9)
    moved = loss_at(
        kind,
        X,
        y,
        w + t[:, None, None] * found.weights_direction,
        z + t[:, None] * found.output_weights_direction,
    )
    assert moved.min() < loss_at(kind, X, y, w, z)[0]


@pytest.mark.parametrize("seed", first(2, range(20)))
def test_every_piece_of_the_landscape_is_accepted(seed):
    X, y, bias = data_set(seed, largest=8)
    rng = np.random.default_rng(seed)
    for piece in OneHiddenLayer(X, y, bias=bias).landscape().pieces[:60]:
        w, z = piece.weights, piece.output_weights
        found = local_minimum(X, y, w, z, bias=bias, signs=piece.signs, tolerance=1e-7)
        assert found, piece
        assert found.loss == pytest.approx(piece.loss, abs=1e-12)
        if piece.kind != "boundary":  # there w is on the face up to rounding only
            assert is_local_minimum(X, y, w, z, bias=bias, tolerance=1e-7)
        assert_no_way_down(Loss("squared"), with_bias(X, bias), y, w, z, rng, allowed=1e-9)


def stationary_points(kind, X, y, bias):
    """For each face and sign s the best u of its flat, where it lies in the open face."""
    from scipy.optimize import minimize

    arrangement = OneHiddenLayer(X, np.zeros(len(y)), bias=bias).arrangement
    XB = with_bias(X, bias)
    d = XB.shape[1]
    for codimension in range(arrangement.rank):
        for signs in arrangement.faces(d - codimension).signs:
            T = np.linalg.svd(XB[signs == 0], full_matrices=True)[2][codimension:].T
            A = (signs > 0)[:, None] * XB @ T
            for s in (1.0, -1.0):
                c = s * np.linalg.lstsq(A, y, rcond=None)[0]
                if kind.name != "squared":
                    if np.linalg.matrix_rank(A) < A.shape[1]:
                        continue
                    c = minimize(
                        lambda c, A=A, s=s: kind.values(s * A @ c, y).sum(),
                        c,
                        jac=lambda c, A=A, s=s: s * A.T @ kind.derivative(s * A @ c, y),
                        options={"gtol": 1e-11},
                    ).x
                u = T @ c
                values = signs * (XB @ u) / np.linalg.norm(XB, axis=1)
                if np.all((values > 1e-3) | (signs == 0)) and np.linalg.norm(u) < 1e3:
                    yield signs, s, u, values


@pytest.mark.parametrize("seed", first(1, range(15)))
def test_stationary_points_of_faces_are_pieces_or_have_a_way_down(seed):
    X, y, bias = data_set(seed, largest=6)
    pieces = OneHiddenLayer(X, y, bias=bias).landscape().pieces
    minima = {(*p.signs[0].tolist(), int(p.output_signs[0])) for p in pieces}
    kind = Loss("squared")
    for signs, s, u, _ in stationary_points(kind, X, y, bias):
        found = local_minimum(X, y, [u], [s], bias=bias, signs=[signs], tolerance=1e-8)
        if found.is_minimum != ((*signs.tolist(), int(s)) in minima):
            assert not np.any(signs > 0)  # a dead cell is one piece for both signs
        if not found:
            assert_descends(kind, with_bias(X, bias), y, [u], [s], found)


def test_random_points_are_no_minima_and_the_direction_descends():
    rng = np.random.default_rng(0)
    for name in ("squared", "huber", "logistic", "squared_hinge"):
        for _ in range(20):
            X = rng.normal(size=(6, 2))
            y = rng.choice([-1.0, 1.0], 6)
            w, z = rng.normal(size=(3, 3)), rng.normal(size=3)
            z[rng.integers(0, 3)] *= rng.integers(0, 2)
            found = local_minimum(X, y, w, z, loss=name)
            active = (with_bias(X, 1.0) @ w.T > 0).any(axis=1)
            if not found:
                assert_descends(Loss(name), with_bias(X, 1.0), y, w, z, found)
            else:
                assert_no_way_down(Loss(name), with_bias(X, 1.0), y, w, z, rng)
                assert not active.all()


@pytest.mark.slow
@pytest.mark.parametrize("name", ["squared_hinge", "huber", "logistic"])
def test_stationary_points_under_other_losses(name):
    rng = np.random.default_rng(1)
    kind = Loss(name)
    verdicts = []
    for seed in range(4):
        n, d = 6, 1 + seed % 2
        X = rng.normal(size=(n, d))
        y = rng.choice([-1.0, 1.0], n) if name != "huber" else 2 * rng.normal(size=n)
        XB = with_bias(X, 1.0)
        for signs, s, u, values in stationary_points(kind, X, y, 1.0):
            point = {"loss": name, "signs": [signs], "tolerance": 1e-6}
            found = local_minimum(X, y, [u], [s], **point)
            verdicts.append(found.is_minimum)
            if found:
                radius = 0.1 * min(1e-2, values[signs != 0].min(initial=1.0))
                assert_no_way_down(kind, XB, y, [u], [s], rng, radius, allowed=1e-9)
            else:
                assert_descends(kind, XB, y, [u], [s], found)
    assert 5 <= sum(verdicts) < len(verdicts)


def test_the_best_cell_of_another_loss_is_a_local_minimum():
    rng = np.random.default_rng(2)
    X, y = rng.normal(size=(7, 1)), rng.normal(size=7)
    found = cellwise_minima(X, y, loss="huber", threshold=0.3)
    k, column = found.best
    s, signs = found.output_weights[column], found.cells.signs[k]
    u = s * found.closed_R[k, column]
    face = np.where(np.abs(with_bias(X, 1.0) @ u) > 1e-5, signs, 0)
    point = {"loss": "huber", "threshold": 0.3, "signs": [face], "tolerance": 1e-4}
    assert is_local_minimum(X, y, [u], [s], **point)


def test_two_neurons_one_of_them_with_output_weight_zero():
    # Both samples are fitted by the first neuron: whatever the second does, r = 0.
    X, y = [[1.0], [2.0]], [1.0, 2.0]
    assert is_local_minimum(X, y, [[1, 0], [3, -1]], [1, 0])
    # Not fitted: with z_2 = 0 the second may reach the residuals, unless it is dead.
    y = [1.0, 3.0, 0.0]
    X = [[1.0], [2.0], [-1.0]]
    best = OneHiddenLayer(X, y).landscape().global_minimum
    w = best.weights[0].tolist()
    signs = best.signs[0].tolist()
    both = {"signs": [signs, [1, 1, -1]], "tolerance": 1e-8}
    if best.loss > 1e-9:
        found = local_minimum(X, y, [w, [1.0, 0.0]], [*best.output_weights, 0.0], **both)
        assert found.is_minimum == (found.stationarity[1] <= 1e-8)
    dead = {"signs": [signs, [-1, -1, -1]], "tolerance": 1e-8}
    assert is_local_minimum(X, y, [w, [0.0, -1.0]], [*best.output_weights, 0.0], **dead)
    assert is_local_minimum(X, y, [w, [0.0, -1.0]], [*best.output_weights, 2.0], **dead)


def test_a_saddle_where_the_output_weight_is_zero():
    # φ(w) = Σ r_i max(0, w·x_i) is 0 at w = (1, 0) only by cancellation: g = (0, 2).
    X, y = [[1.0, 1.0], [1.0, -1.0]], [-1.0, 1.0]
    found = local_minimum(X, y, [[1, 0]], [0], bias=None)
    assert not found
    assert found.stationarity[0] > 0.1
    assert found.output_weights_direction[0] != 0
    assert_descends(Loss("squared"), np.array(X), np.array(y), [[1, 0]], [0], found)
    # At w = (1, 1/2) the output weight alone descends.
    found = local_minimum(X, y, [[1, "1/2"]], [0], bias=None)
    assert found.weights_direction.tolist() == [[0.0, 0.0]]
    assert_descends(Loss("squared"), np.array(X), np.array(y), [[1, 0.5]], [0], found)


def test_exact_signs_find_the_face_that_rounding_hides():
    # f = 2 − 6x and then 0 fits the first three; its kink lies on the third, at x = 1/3.
    X, y = [[0.0], [1.0], ["1/3"]], [2.0, -1.0, 0.0]
    assert local_minimum(X, y, [[-6, 2]], [1]).signs.tolist() == [[1, -1, 0]]
    assert is_local_minimum(X, y, [[-6, 2]], [1])
    away = [[-6, "2000000000001/1000000000000"]]
    assert local_minimum(X, y, away, [1]).signs.tolist() == [[1, -1, 1]]
    assert local_minimum(X, y, [[-6.0, 2 - 2**-52]], [1]).signs.tolist() == [[1, -1, -1]]


def test_an_output_bias_has_to_balance_the_residuals():
    X, y = [[0.0], [1.0], [3.0]], [1.0, 2.0, 6.0]
    dead = [[0, -1]]
    assert is_local_minimum(X, y, dead, [1])
    assert is_local_minimum(X, y, dead, [1], output_bias=3.0)
    found = local_minimum(X, y, dead, [1], output_bias=2.0)
    assert not found
    assert found.output_bias_stationarity > 0.01
    assert found.stationarity.tolist() == [0.0]


def test_a_leaky_neuron_is_never_dead():
    X, y = [[1.0], [2.0]], [1.0, 3.0]
    assert is_local_minimum(X, y, [[-1, -1]], [1])
    found = local_minimum(X, y, [[-1, -1]], [1], negative_slope=0.1)
    assert not found
    fit = pattern_minimum(X, y, [0, 0], [-1], negative_slope=0.1)
    u = -fit.R[0]
    assert is_local_minimum(X, y, [u], [-1], negative_slope=0.1, tolerance=1e-5) == (
        np.all(with_bias(X, 1.0) @ u < 0)
    )


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"loss": "absolute"}, "differentiable loss of one output"),
        ({"loss": "softmax"}, "differentiable loss of one output"),
        ({"loss": "logistic"}, "labels −1 and"),
        ({"weights": [[1.0]]}, "weights has 1 columns"),
        ({"weights": [[1.0, np.nan]]}, "weights, row 0, column 1"),
        ({"output_weights": [1, 2]}, "1 rows of weights but 2 output weights"),
        ({"weights": np.zeros((0, 2)), "output_weights": []}, "no rows"),
        ({"signs": [[1, 2]]}, "signs must be"),
        ({"signs": [[1]]}, "signs must be"),
        ({"negative_slope": -1}, "negative_slope=-1"),
    ],
)
def test_bad_input_is_one_clear_error(change, message):
    given = {
        "X": [[0.0], [1.0]],
        "y": [0.0, 1.0],
        "weights": [[1.0, 1.0]],
        "output_weights": [1.0],
    } | change
    with pytest.raises(InputError, match=message):
        local_minimum(**given)


def test_directions_that_no_active_sample_sees():
    """Along (−1, −1, −1) h vanishes exactly; what rounding leaves of it is no descent."""
    X = [[1, -2, 1], [-2, 1, 1], [0, -1, 1]]
    assert is_local_minimum(X, [3, -2, -4], [[-1, 0, 1]], [-1], bias=None)


@pytest.mark.parametrize("shift", [0.0, 1e3, 1e9, 1e12])
def test_samples_far_from_the_origin_are_told_apart(shift):
    X, y = [[shift - 1], [shift], [shift + 1]], [0, 1, 2]
    constant = local_minimum(X, y, [[0, 1.0]], [1.0])
    assert not constant
    step = 1e-3 * constant.weights_direction / abs(constant.weights_direction[0, 0])
    moved = local_minimum(X, y, np.array([[0, 1.0]]) + step, [1.0])
    assert moved.loss < constant.loss
    assert local_minimum(X, y, [[1, 1 - shift]], [1.0])


@pytest.mark.parametrize("first", [0.0, 5.0])
def test_without_a_bias_no_feature_is_taken_for_one(first):
    X = np.array([[9.0, first], [10.0, 5.1], [9.5, 4.9], [10.5, 5.2], [9.2, 5.05]])
    y = np.array([1.0, -1.0, 0.5, 2.0, -0.5])
    layer = OneHiddenLayer(X, y, bias=None)
    pieces = layer.landscape(exact=True).pieces
    for piece in pieces:
        found = local_minimum(
            X, y, piece.weights, piece.output_weights, bias=None, signs=piece.signs
        )
        assert found, piece
        assert found.loss == pytest.approx(piece.loss)
    (isolated, *_) = (piece for piece in pieces if piece.kind == "isolated")
    assert not local_minimum(X, y, 1.1 * isolated.weights, isolated.output_weights, bias=None)
