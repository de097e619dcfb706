"""From networks to proven pieces: against the landscape, the criterion and random networks."""

from dataclasses import replace

import numpy as np
import pytest

from arrangement.errors import InputError
from arrangement.networks import Network
from arrangement.relu import OneHiddenLayer, local_minimum
from arrangement.relu.training import piece_proof, polish, rational_descent, rational_piece
from arrangement.relu.training.descent import Descent
from tests.amounts import first


def problem(seed):
    """A small problem, degenerate more often than not, and a network for it."""
    rng = np.random.default_rng(seed)
    N, d, K = int(rng.integers(2, 8)), int(rng.integers(1, 3)), int(rng.integers(1, 3))
    whole = rng.random() < 0.7
    X = rng.integers(-2, 3, size=(N, d)).astype(float) if whole else rng.normal(size=(N, d))
    y = rng.integers(-2, 3, size=N).astype(float) if whole else rng.normal(size=N)
    bias = 1.0 if rng.random() < 0.6 else None
    if bias is None:
        X[~X.any(axis=1)] = 1.0
    slope, free = float(rng.choice([0, 0, 0.25])), bool(rng.random() < 0.3)
    layer = OneHiddenLayer(X, y, hidden=K, bias=bias, output_bias=free, negative_slope=slope)
    W, z = rng.normal(size=(K, layer.dimension)), rng.normal(size=K)
    if whole and rng.random() < 0.5:
        W, z = rng.integers(-1, 2, size=W.shape), rng.integers(-1, 2, size=K)
    return layer, X, y, (W, z, float(rng.normal()) if free else 0.0)


@pytest.mark.parametrize("seed", first(1, [1, 0, *range(2, 120)]))
def test_every_end_is_a_piece_of_the_landscape(seed):
    layer, X, y, network = problem(seed)
    end = layer.polish(network)
    assert end.certified, end
    assert end.loss <= end.initial_loss * (1 + 1e-12) + 1e-15
    assert np.mean((end.predict(X) - y) ** 2) == pytest.approx(end.loss, abs=1e-9)
    losses = layer.landscape(exact=True).pieces.loss
    assert np.abs(losses - end.loss).min() <= 1e-10 * (1 + end.loss), (end, losses)


@pytest.mark.parametrize("seed", first(5, range(30)))
def test_both_proofs_agree(seed):
    layer, _, _, network = problem(seed)
    one, other = layer.polish(network), layer.polish(network, exact=True)
    assert one.certified
    assert other.certified
    assert one.loss == pytest.approx(other.loss, abs=1e-12)
    assert np.array_equal(one.signs, other.signs)


def nearly_fit(seed):
    """Targets that a network fits but for their rounding, and a network near to it."""
    rng = np.random.default_rng([seed, 1])
    N, d, K = int(rng.integers(5, 9)), int(rng.integers(1, 3)), int(rng.integers(1, 3))
    X, W, z = rng.normal(size=(N, d)), rng.normal(size=(K, d + 1)), rng.normal(size=K)
    y = np.maximum(X @ W[:, :-1].T + W[:, -1], 0) @ z
    if rng.random() < 0.3:
        y = X @ W[0, :-1] + 0.1
    if rng.random() < 0.2:
        X, y = np.concatenate([X[:5], X[:5]]), np.concatenate([y[:5], y[:5] + 2**-45])
    return X, y, K, (W + 0.01 * rng.normal(size=W.shape), z)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(25))
def test_what_is_left_of_rounded_targets_is_the_loss_of_a_piece(seed):
    X, y, K, network = nearly_fit(seed)
    layer = OneHiddenLayer(X, y, hidden=K)
    assert layer.polish(network).certified
    end = layer.polish(network, exact=True)
    assert end.certified, end
    losses = layer.landscape(exact=True).pieces.loss
    assert (np.abs(losses - end.loss) <= 1e-6 * end.loss).any(), (end, losses)


@pytest.mark.parametrize("seed", first(1, range(12)))
@pytest.mark.parametrize("kind", ["labels", "zero", "constant", "kinks", "linear", "tiny"])
def test_targets_that_are_fit_to_rounding_end_on_a_piece(kind, seed):
    rng = np.random.default_rng([seed, 2])
    N, d, K = int(rng.integers(8, 40)), int(rng.integers(1, 5)), int(rng.integers(2, 7))
    X, free = rng.normal(size=(N, d)), bool(rng.random() < 0.5)
    if kind == "labels":
        X, y = np.repeat(rng.integers(-2, 3, size=(N, d)), 2, axis=0), rng.choice([-1.0, 1], N)
        y = y.repeat(2)
    elif kind in ("kinks", "tiny"):
        y = np.abs(X[:, 0]) - X[:, -1] + (kind == "tiny") * 1e-13 * rng.normal(size=N)
    else:
        slope = {"zero": 0.0, "constant": 0.0, "linear": 1 / 3}[kind]
        y = X @ np.full(d, slope) + (kind != "zero")
    layer = OneHiddenLayer(X, y, hidden=K, output_bias=free)
    end = layer.polish((rng.normal(size=(K, d + 1)), rng.normal(size=K)))
    assert end.certified, end
    assert end.loss <= end.initial_loss


def cancelling(far):
    """A layer, and a network of two neurons that are active on all samples, of opposite signs:
    what is added to both changes nothing. And the one loss of all minima on their faces."""
    X, y = np.array([[1, 0.25], [2, 1], [3, -0.75], [1.5, 0.125]]), np.array([1.0, 2, 2, 1.5])
    network = [[far + 1, 0.25], [far, 0]], [1, -1]
    least = np.mean((X @ np.linalg.lstsq(X, y)[0] - y) ** 2)
    return OneHiddenLayer(X, y, hidden=2, bias=None), X, y, network, least


@pytest.mark.parametrize("far", [1e9, 1e12])
def test_weights_far_away_whose_outputs_cancel_are_brought_back(far):
    layer, X, y, network, least = cancelling(far)
    end = layer.polish(network, exact=True)
    assert (end.certified, end.kind, end.dimension) == (True, "continuum", 2)
    assert np.abs(end.weights).max() < rational_descent.FAR * y.max()
    assert np.mean((end.predict(X) - y) ** 2) == pytest.approx(end.loss, rel=1e-9)
    assert end.loss == pytest.approx(least)


@pytest.mark.parametrize("far", [1e12, 1e16, 1e100])
def test_a_loss_that_rounding_of_large_weights_hides_is_not_certified(far, monkeypatch):
    layer, *_, network, least = cancelling(far)
    end = layer.polish(network)  # which a small problem decides exactly
    assert end.certified
    assert end.loss == pytest.approx(least)
    monkeypatch.setattr(polish, "FEW", 0)
    end = layer.polish(network)
    assert not end.certified
    assert "loss" in end.doubt


def test_weights_far_away_that_are_the_only_fit_stay(monkeypatch):
    proofs = []

    def counted(*given):
        proofs.append(rational_piece.rational_proof(*given))
        assert len(proofs) < 100, "it goes on for ever"
        return proofs[-1]

    monkeypatch.setattr(rational_descent, "rational_proof", counted)
    near = 2.0**-27
    layer = OneHiddenLayer([[1, 1], [1, 1 + near]], [1, 2], hidden=1, bias=None)
    end = layer.polish(([[1 - 1 / near, 1 / near]], [1]), exact=True)
    assert (end.certified, end.kind, end.loss) == (True, "isolated", 0)
    assert np.abs(end.weights).max() == pytest.approx(1 / near)


def large(seed, N=60, d=4, K=5):
    rng = np.random.default_rng(seed)
    X, y = rng.normal(size=(N, d)), rng.normal(size=N)
    return (
        OneHiddenLayer(X, y, hidden=K),
        X,
        y,
        (rng.normal(size=(K, d + 1)), rng.normal(size=K)),
    )


@pytest.mark.parametrize("seed", first(2, range(30)))
def test_the_criterion_holds_at_the_ends_of_many_neurons(seed):
    layer, X, y, network = large(seed)
    end = layer.polish(network)
    assert end.certified, end
    assert end.loss < end.initial_loss
    found = local_minimum(
        X, y, end.weights, end.output_weights, signs=end.signs, tolerance=1e-7
    )
    assert found
    assert found.loss == pytest.approx(end.loss)


def test_what_is_no_minimum_is_not_proved():
    layer, *_, (W, z) = large(0)
    u = layer.samples.coordinates(W * np.abs(z)[:, None])
    descent = Descent.begun(
        layer.samples, layer.free, 0.0, u, np.where(z < 0, -1, 1).astype(np.int8), 0.0
    )
    faces = descent.faces()
    assert isinstance(piece_proof.proof(faces, layer.targets, descent.coefficients()), str)
    # Nor is the fit on a piece's faces if an output weight has the other sign.
    again = descent.run(1000, lambda done, total: None)
    assert isinstance(again.proof, piece_proof.Proof)
    flipped = replace(again.faces, s=-again.faces.s)
    assert isinstance(piece_proof.proof(flipped, layer.targets, again.proof.coefficients), str)


def test_models_of_other_packages():
    neural_network = pytest.importorskip("sklearn.neural_network")
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(30, 2)), rng.normal(size=30)
    model = neural_network.MLPRegressor(hidden_layer_sizes=(4,), max_iter=60, random_state=0)
    model.fit(X, y)
    layer = OneHiddenLayer(X, y, hidden=4, bias=2.0, output_bias=True)
    end = layer.polish(model)
    assert end.initial_loss == pytest.approx(np.mean((model.predict(X) - y) ** 2))
    assert end.certified
    assert end.loss < end.initial_loss
    assert layer.polish(end.network).loss == pytest.approx(end.loss)


def test_what_does_not_fit_is_refused():
    layer = OneHiddenLayer([[0.0], [1.0], [3.0]], [1.0, 0.0, 2.0], hidden=2)
    with pytest.raises(InputError, match=r"has \(2, 2\) and \(2,\)"):
        layer.polish((np.ones((3, 2)), np.ones(3)))
    with pytest.raises(InputError, match="output_bias"):
        layer.polish((np.ones((2, 2)), np.ones(2), 1.0))
    with pytest.raises(InputError, match="one hidden layer"):
        layer.polish(Network.random([1, 2, 2, 1], rng=0))
    with pytest.raises(InputError, match="negative slope"):
        layer.polish(Network([[[1], [1]], [[1, 1]]], [[0, 0], [0]], "leaky_relu", 0.5))
    with pytest.raises(InputError, match="max_steps"):
        layer.polish((np.ones((2, 2)), np.ones(2)), max_steps=0)


def test_a_descent_that_is_stopped_claims_nothing():
    layer, *_, network = large(1)
    end = layer.polish(network, max_steps=1)
    assert not end.certified
    assert "steps" in end.doubt
    assert end.loss <= end.initial_loss


def test_a_line_is_gone_along_to_its_first_minimum():
    # Past several kinks, each of which changes the slope and the curvature of the loss.
    rng = np.random.default_rng(0)
    past = 0
    for _ in range(200):
        X, y = rng.normal(size=(9, 2)), 3 * rng.normal(size=9)
        samples = OneHiddenLayer(X, y, bias=None).samples
        u, move = rng.normal(size=(2, 3, 2))
        s = rng.choice([-1, 1], 3).astype(np.int8)
        found = Descent.begun(samples, np.zeros((9, 0)), 0.0, u, s, 0.0)
        if found.on.any():
            continue
        u = found.u.copy()
        before, along = u @ samples.X.T, move @ samples.X.T
        found.go(move, 0.0, found.on)
        end = float(np.sum((found.u - u) * move) / np.sum(move**2))
        if not end:
            continue
        close = 1e-4 * end
        times = np.array([*np.linspace(0, end, 100), end - close, end + close])
        outputs = s @ np.maximum(before + times[:, None, None] * along, 0)
        losses = np.sum((outputs - samples.y) ** 2, axis=1)
        kinks = -before / along
        past += int(np.sum((kinks > 0) & (kinks < end - close)) > 1)
        assert np.all(np.diff(losses[:100]) <= 1e-9 * losses[0])
        assert losses[-2:].min() >= losses[99] * (1 - 1e-12)
    assert past > 20
