"""The loss of any network: derivatives, planes of its parameters, and kinks on them."""

import numpy as np
import pytest

from arrangement import plot
from arrangement.errors import ArrangementError, InputError, SizeError
from arrangement.networks import Network, pattern_network
from arrangement.relu import (
    NetworkLoss,
    OneHiddenLayer,
    bias_direction,
    directions_at,
    loss_surface,
)
from arrangement.relu.losses import LOSSES, Loss, network_loss
from tests.amounts import first
from tests.relu.test_losses import CLASSED, by_definition, targets

ACTIVATIONS = ("relu", "leaky_relu", ("maxout", 3))
PIECEWISE_LINEAR = ("absolute", "hinge", "multiclass_hinge", "crammer_singer")


def random_loss(name, activation="relu", seed=0, n=7, sizes=(3, 5, 4), outputs=1, **options):
    rng = np.random.default_rng(seed)
    outputs = 3 if name in CLASSED else outputs
    network = Network.random([*sizes, outputs], seed, "torch", activation, 0.25)
    y = targets(name, n, rng)
    if outputs > 1 and name not in CLASSED:
        y = rng.normal(size=(n, outputs))
    return NetworkLoss(network, rng.normal(size=(n, sizes[0])), y, name, **options)


def plainly(loss, network):
    """The loss and its penalty by the printed table, from the network's own outputs."""
    outputs = network.forward(loss.X)
    total = 0.0
    for f, y in zip(outputs, loss.y, strict=True):
        if loss.loss.name in CLASSED:
            total += by_definition(loss.loss.name, f, y, loss.loss.threshold, loss.loss.margin)
        else:
            for a, b in zip(f, np.atleast_1d(y), strict=True):
                total += by_definition(
                    loss.loss.name, a, b, loss.loss.threshold, loss.loss.margin
                )
    weights = np.concatenate([W.ravel() for W in network.weights])
    return total / len(loss.X) + loss.penalty.value(weights)


@pytest.mark.parametrize("activation", ACTIVATIONS, ids=str)
@pytest.mark.parametrize("name", LOSSES)
@pytest.mark.parametrize("seed", first(1, range(10)))
def test_gradient_and_hessian_are_numerical_derivatives(name, activation, seed):
    options = {"penalty": "elasticnet", "alpha": 0.3, "threshold": 0.4, "margin": 0.6}
    loss = random_loss(name, activation, seed, **options)
    theta, h = loss.parameters, 1e-6
    assert loss.value() == pytest.approx(plainly(loss, loss.network), rel=1e-12)
    gradient = [(loss.value(theta + h * e) - loss.value(theta - h * e)) / (2 * h)
                for e in np.eye(len(theta))]  # fmt: skip
    np.testing.assert_allclose(loss.gradient(), gradient, atol=2e-8)
    v = np.random.default_rng(seed).normal(size=len(theta))
    product = (loss.gradient(theta + h * v) - loss.gradient(theta - h * v)) / (2 * h)
    np.testing.assert_allclose(loss.hessian_product(v), product, rtol=1e-6, atol=2e-8)


@pytest.mark.parametrize("name", ["squared", "absolute", "huber"])
def test_several_outputs_that_are_numbers(name):
    loss = random_loss(name, outputs=2)
    assert loss.value() == pytest.approx(plainly(loss, loss.network), rel=1e-12)
    theta, v, h = loss.parameters, np.sin(np.arange(len(loss.parameters))), 1e-6
    slope = (loss.value(theta + h * v) - loss.value(theta - h * v)) / (2 * h)
    assert loss.gradient() @ v == pytest.approx(slope, rel=1e-6)


def test_losses_of_one_hidden_layer_are_those_of_the_landscape():
    layer = OneHiddenLayer([[0.0], [1.0], [2.0], [4.0]], [1.0, 0.0, 1.0, -1.0], hidden=2)
    for piece in list(layer.landscape().pieces)[:20]:
        W = np.asarray(piece.weights)
        network = Network([W[:, :-1], [piece.output_weights]], [W[:, -1], [0.0]])
        loss = NetworkLoss(network, [[0.0], [1.0], [2.0], [4.0]], layer.targets)
        assert loss.value() == pytest.approx(piece.loss, abs=1e-12)
        if piece.kind == "isolated":
            np.testing.assert_allclose(loss.gradient(), 0, atol=1e-12)


@pytest.mark.parametrize("slope", [0.0, 0.25])
def test_derivatives_of_one_hidden_layer_are_its_closed_forms(slope):
    rng = np.random.default_rng(2)
    X, y, W, z = rng.normal(size=(9, 3)), rng.normal(size=9), rng.normal(size=(2, 3)), [1.0, -2]
    layer = OneHiddenLayer(X, y, hidden=2, bias=None, negative_slope=slope)
    network = Network([W, [z]], [[0.0, 0.0], [0.0]], "leaky_relu", slope)
    loss, expected = NetworkLoss(network, X, y), layer.curvature(W, z)
    np.testing.assert_allclose(loss.gradient()[loss.is_weight], expected.gradient, rtol=1e-9)
    H = np.array([loss.hessian_product(e) for e in np.eye(len(loss.parameters))])
    own = np.ix_(loss.is_weight, loss.is_weight)
    np.testing.assert_allclose(H[own], expected.hessian, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("name", ["softmax", "squared", "logistic"])
def test_lanczos_finds_the_eigenvectors_of_the_hessian(name, monkeypatch):
    loss = random_loss(name, n=20)
    H = np.array([loss.hessian_product(e) for e in np.eye(len(loss.parameters))])
    np.testing.assert_allclose(H, H.T, atol=1e-13)
    expected = np.linalg.eigvalsh(H)[::-1][:3]
    for dense in (network_loss.DENSE, 0):
        monkeypatch.setattr(network_loss, "DENSE", dense)
        values, vectors = loss.hessian_eigenvectors(3)
        np.testing.assert_allclose(values, expected, rtol=1e-8)
        np.testing.assert_allclose(vectors @ H, values[:, None] * vectors, atol=1e-7)
        np.testing.assert_allclose(vectors @ vectors.T, np.eye(3), atol=1e-10)


@pytest.mark.parametrize("activation", ACTIVATIONS, ids=str)
@pytest.mark.parametrize("layer", [None, 0, 1, 2])
@pytest.mark.parametrize("penalty", first(2, [None, "l1", "l2", "elasticnet"]))
def test_losses_on_a_plane_are_those_of_its_networks(activation, layer, penalty, monkeypatch):
    monkeypatch.setattr(network_loss, "CHUNK", 500)
    alpha = None if penalty is None else 0.2
    loss = random_loss("softmax", activation, penalty=penalty, alpha=alpha, max_norm=1.0)
    surface = loss_surface(loss, "random", layer=layer, points=5, window=[(-1, 2), (0, 1)])
    assert surface.losses.shape == (5, 5)
    for i, b in enumerate(surface.axes[1]):
        for j, a in enumerate(surface.axes[0]):
            network = surface.at([a, b])
            assert surface.losses[i, j] == pytest.approx(plainly(loss, network), rel=1e-12)
            longest = max(np.linalg.norm(W, axis=1).max() for W in network.weights)
            assert surface.longest[i, j] == pytest.approx(longest)
            assert surface.feasible[i, j] == (longest <= 1.0)
    assert surface.moving_layers == ((0, 1, 2) if layer is None else (layer,))


def test_a_sparse_layer_that_stays_gives_the_same_losses():
    W = np.zeros((30, 20))
    W[np.arange(30), np.arange(30) % 20] = 1.5
    rng = np.random.default_rng(0)
    weights = [rng.normal(size=(20, 2)), W, rng.normal(size=(1, 30))]
    loss = NetworkLoss(Network(weights, [np.ones(len(w)) for w in weights]), [[1, 2]], [3])
    surface = loss_surface(loss, [bias_direction(loss.network, 0, k) for k in (3, 4)], points=3)
    for i, b in enumerate(surface.axes[1]):
        for j, a in enumerate(surface.axes[0]):
            assert surface.losses[i, j] == pytest.approx(plainly(loss, surface.at([a, b])))


def test_progress_is_told(monkeypatch):
    monkeypatch.setattr(network_loss, "CHUNK", 100)
    told = []
    loss_surface(random_loss("squared"), points=10, progress=lambda *one: told.append(one))
    assert told == sorted(told)
    assert told[-1] == (100, 100)
    assert len(told) > 5


def test_the_plane_of_a_pattern_has_the_pattern():
    values = np.random.default_rng(0).random((4, 5))
    made = pattern_network(values, [[0.0], [1.0], [2.0]], [0.0, 0.1, -0.1], tolerance=0.01)
    loss = NetworkLoss(made.network, made.X, made.y)
    D = [bias_direction(made.network, *place) for place in made.directions]
    surface = loss_surface(loss, D, window=(0, 1), points=13)
    h = np.stack(np.meshgrid(*surface.axes), axis=-1).reshape(-1, 2)
    np.testing.assert_allclose(surface.losses.ravel(), made.loss(h), atol=1e-12)
    away = np.abs(surface.losses.ravel() - made.pattern(h) - made.shift)
    assert away.max() <= made.error + 1e-12


# --- directions ---


def test_filter_directions_do_not_change_when_neurons_are_scaled():
    loss = random_loss("squared")
    D = directions_at(loss, "filter", rng=3)
    for direction in D:
        parts = zip(loss.layers(direction), loss.layers(loss.parameters), strict=True)
        for (V, v), (W, _) in parts:
            lengths = np.linalg.norm(V, axis=1)
            np.testing.assert_allclose(lengths, np.linalg.norm(W, axis=1))
            assert not v.any()
    # Scaling a neuron by c and what leaves it by 1/c leaves the surface of its own layer alone.
    (W, U, z), (b, c, e) = loss.network.weights, loss.network.biases
    scaled = Network([4 * W, U / 4, z], [4 * b, c, e])
    other = NetworkLoss(scaled, loss.X, loss.y)
    for layer in (0, 1):
        one, two = (loss_surface(L, "filter", layer=layer, points=4) for L in (loss, other))
        np.testing.assert_allclose(one.losses, two.losses, rtol=1e-12)


def test_directions_are_independent_of_weights_from_the_same_seed():
    network = Network.random([5, 20, 20, 1], 0)
    loss = NetworkLoss(network, np.ones((1, 5)), [0.0])
    for kind in ("filter", "random"):
        for direction in directions_at(loss, kind, rng=0):
            cosine = direction @ loss.parameters
            cosine /= np.linalg.norm(direction) * np.linalg.norm(loss.parameters)
            assert abs(cosine) < 0.3


def test_gradient_and_hessian_directions():
    loss = random_loss("softmax", n=20)
    down, across = directions_at(loss, "gradient")
    assert down == pytest.approx(-loss.gradient() / np.linalg.norm(loss.gradient()))
    assert down @ across == pytest.approx(0, abs=1e-12)
    assert np.linalg.norm(across) == pytest.approx(1)
    _, top = loss.hessian_eigenvectors(1)
    plane = np.array([down, across])
    assert np.linalg.norm(plane @ top[0]) == pytest.approx(1)
    np.testing.assert_allclose(directions_at(loss, "hessian"), loss.hessian_eigenvectors(2)[1])


def test_the_plane_through_three_networks_has_them():
    losses = [random_loss("squared", seed=k) for k in range(3)]
    loss = losses[0]
    others = [one.network for one in losses[1:]]
    surface = loss_surface(loss, through=others, points=4)
    for place, network in zip(surface.anchors, [loss.network, *others], strict=True):
        expected = NetworkLoss(network, loss.X, loss.y)
        np.testing.assert_allclose(
            surface.origin + place @ surface.directions, expected.parameters, atol=1e-13
        )
        assert surface.values(place[None])[0] == pytest.approx(expected.value())
    np.testing.assert_allclose(surface.directions @ surface.directions.T, np.eye(2), atol=1e-13)
    line = loss_surface(loss, through=others[:1], points=3, window=(0, 1))
    assert line.losses[[0, 2]] == pytest.approx(
        [loss.value(), NetworkLoss(others[0], loss.X, loss.y).value()]
    )


# --- kinks ---


def crossed(segments, p, q):
    """Is a segment crossed by the one from p to q?"""

    def side(a, b, x):
        return (b - a)[..., 0] * (x - a)[..., 1] - (b - a)[..., 1] * (x - a)[..., 0]

    a, b = segments[:, 0], segments[:, 1]
    apart = side(a, b, p) * side(a, b, q) < 0
    return bool((apart & (side(p, q, a) * side(p, q, b) < 0)).any())


def bends_at_kinks(loss, layer, seed):
    surface = loss_surface(loss, "random", layer=layer, points=2, rng=seed)
    kinks = surface.kinks()
    rng = np.random.default_rng(seed)
    ends = rng.uniform(-1, 1, (150, 2, 2))
    ends[:, 1] = ends[:, 0] + rng.uniform(0.02, 0.3, (150, 1)) * (ends[:, 1] - ends[:, 0])
    s = np.linspace(0, 1, 41)[:, None]
    n_crossed = 0
    for p, q in ends:
        values = surface.values(p + s * (q - p))
        bend = np.abs(values - (values[0] + s[:, 0] * (values[-1] - values[0]))).max()
        if crossed(kinks, p, q):
            n_crossed += 1
            # Where crammer_singer is 0, kinks of the outputs are none of the loss.
            assert bend > 1e-12 or loss.loss.name == "crammer_singer"
        else:
            assert bend < 1e-12
    assert n_crossed or not len(kinks) or layer == 2


@pytest.mark.parametrize("activation", ACTIVATIONS, ids=str)
@pytest.mark.parametrize("name", first(2, PIECEWISE_LINEAR))
@pytest.mark.parametrize("layer", first(2, [0, 1, 2]))
@pytest.mark.parametrize("seed", first(1, range(8)))
def test_a_piecewise_linear_loss_bends_at_its_kinks_and_nowhere_else(
    name, activation, layer, seed
):
    bends_at_kinks(random_loss(name, activation, seed, n=3, margin=0.1), layer, seed)


@pytest.mark.parametrize("slope", first(2, [-2.0, -1.0, 1.0, 3.0]))
@pytest.mark.parametrize("name", first(2, PIECEWISE_LINEAR))
def test_kinks_where_the_leaky_slope_is_steep(name, slope):
    given = random_loss(name, n=3)
    network = Network(given.network.weights, given.network.biases, "leaky_relu", slope)
    for layer in (0, 1, 2):
        bends_at_kinks(NetworkLoss(network, given.X, given.y, name, margin=0.1), layer, 0)


@pytest.mark.parametrize("activation", ACTIVATIONS, ids=str)
def test_kinks_of_one_hidden_layer_are_where_neurons_switch(activation):
    loss = random_loss("squared", activation, sizes=(3, 4))
    surface = loss_surface(loss, "random", layer=0, points=2)
    for p, q in surface.kinks():
        rows = [
            z
            for x in loss.X
            for z in surface.at((p + q) / 2).preactivations(x)[0].reshape(4, -1)
        ]
        if activation == ("maxout", 3):
            tops = np.sort(rows, axis=1)
            assert min(tops[:, 2] - tops[:, 1]) < 1e-12
        else:
            assert np.abs(rows).min() < 1e-12


def test_kinks_on_a_line_are_the_breakpoints():
    loss = random_loss("squared", sizes=(2, 6, 5), n=4)
    line = loss_surface(loss, directions_at(loss, "random", 0)[:1], points=3, window=(-2, 2))
    kinks = line.kinks()
    assert len(kinks) > 4
    assert (np.diff(kinks) > 0).all()
    h = 1e-7
    for x in kinks:
        left, at, right = (line.at([x + step]).forward(loss.X) for step in (-h, 0.0, h))
        assert np.abs(left - 2 * at + right).max() > 1e-12
    middles = (kinks[1:] + kinks[:-1]) / 2
    for x, gap in zip(middles, np.diff(kinks), strict=True):
        left, at, right = (
            line.at([x + step]).forward(loss.X) for step in (-gap / 3, 0.0, gap / 3)
        )
        np.testing.assert_allclose(left + right, 2 * at, atol=1e-13)


def test_exact_samples_have_exact_kinks():
    network = Network([[[3]], [[1]]], [[0], [0]])
    loss = NetworkLoss(network, [["1/3"], ["-1/7"]], [0, 0])
    assert str(loss.X[0, 0]) == "1/3"
    line = loss_surface(loss, [bias_direction(network, 0, 0)], points=2, window=(-2, 2))
    assert line.kinks().tolist() == [-1.0, 3 / 7]


def test_weights_change_their_signs_on_lines():
    loss = random_loss("squared", penalty="l1", alpha=0.1)
    surface = loss_surface(loss, "random", layer=1, points=2)
    rows = surface.zero_weights()
    assert len(rows) == loss.network.weights[1].size
    for a, b, c in rows:
        place = -c * np.array([a, b]) / (a * a + b * b)
        assert np.abs(surface.at(place).weights[1]).min() < 1e-12
    assert len(loss_surface(random_loss("squared"), "random", points=2).zero_weights()) == 0


# --- files and errors ---


def test_what_is_saved(tmp_path):
    surface = loss_surface(random_loss("hinge", max_norm=1), "random", layer=0, points=4)
    surface.save(tmp_path / "a.npz", surface.kinks())
    with np.load(tmp_path / "a.npz") as saved:
        np.testing.assert_array_equal(saved["losses"], surface.losses)
        np.testing.assert_array_equal(saved["axis_1"], surface.axes[1])
        np.testing.assert_array_equal(saved["kinks"], surface.kinks())
        assert saved["longest"].shape == (4, 4)


ONE = Network([[[1.0]]], [[0.0]])
LARGE = Network([[[1e200]], [[1e200]]], [[0.0], [0.0]])
TWO = Network([[[1.0], [2.0]]], [[0.0, 1.0]])


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: NetworkLoss(ONE, [1.0], [1.0]), "one sample a row"),
        (lambda: NetworkLoss(ONE, [[1.0, 2.0]], [1.0]), "1 coordinates"),
        (lambda: NetworkLoss(ONE, [[np.nan]], [1.0]), "row 0"),
        (lambda: NetworkLoss(ONE, [[1.0]], [1.0, 2.0]), "2 entries"),
        (lambda: NetworkLoss("net", [[1.0]], [1.0]), "network must be Network"),
        (lambda: NetworkLoss(ONE, [[1.0]], [1.0], "cubed"), "one of squared"),
        (lambda: NetworkLoss(ONE, [[1.0]], [0.5], "hinge"), "labels −1"),
        (lambda: NetworkLoss(TWO, [[1.0]], [1.0], "hinge"), "of one output"),
        (lambda: NetworkLoss(TWO, [[1.0]], [2], "softmax"), "classes are 0 to 1"),
        (lambda: NetworkLoss(ONE, [[1.0]], [0], "softmax"), "at least 2"),
        (lambda: NetworkLoss(TWO, [[1.0]], [1.0]), r"need \(1, 2\)"),
        (lambda: NetworkLoss(ONE, [[1.0]], [1.0], max_norm=0), "above 0"),
        (lambda: NetworkLoss(ONE, [[1.0]], [1.0], penalty="l1"), "alpha"),
        (lambda: NetworkLoss(ONE, [[1.0]], [1.0]).value([1.0]), "2 finite numbers"),
        (lambda: loss_surface(NetworkLoss(ONE, [[1.0]], [1.0]), "up"), "none of"),
        (lambda: loss_surface(NetworkLoss(ONE, [[1.0]], [1.0]), [[1, 2], [2, 4]]), "multiple"),
        (lambda: loss_surface(NetworkLoss(ONE, [[1.0]], [1.0]), [[1, 2, 3]]), "rows of 2"),
        (lambda: loss_surface(NetworkLoss(ONE, [[1.0]], [1.0]), "filter"), "no two"),
        (lambda: loss_surface(NetworkLoss(ONE, [[1.0]], [0.0]), through=[TWO]), "not the form"),
        (lambda: loss_surface(NetworkLoss(ONE, [[1.0]], [0.0]), through=[ONE]), "the same"),
        (lambda: loss_surface(NetworkLoss(ONE, [[1.0]], [0.0]), points=1), "too small"),
        (
            lambda: loss_surface(NetworkLoss(ONE, [[1.0]], [0.0]), "random", window=(1, 0)),
            "low < high",
        ),
        (lambda: directions_at(NetworkLoss(ONE, [[1.0]], [1.0]), "gradient"), "vanishes"),
        (lambda: directions_at(NetworkLoss(ONE, [[1.0]], [2.0]), "hessian", 0), "layer"),
        (lambda: bias_direction(ONE, 1, 0), "layers 0 to 0"),
        (lambda: loss_surface(random_loss("squared"), points=2).kinks(), r"\[0, 1, 2\]"),
    ],
)  # fmt: skip
def test_what_is_refused(make, message):
    with pytest.raises(ArrangementError, match=message):
        make()


def test_a_subgradient_of_every_loss_lies_below_it():
    rng = np.random.default_rng(1)
    for name in LOSSES:
        loss, y = Loss(name), targets(name, 50, rng).astype(float)
        shape = (50, 3) if name in CLASSED else (50,)
        f, g = rng.integers(-3, 4, (2, *shape)).astype(float)
        slope = (loss.gradient(f, y) * (g - f)).reshape(50, -1).sum(axis=1)
        assert (loss.values(g, y) >= loss.values(f, y) + slope - 1e-12).all(), name


def test_layers_and_samples_that_there_are_not_are_named():
    network = Network.random([2, 3, 1], rng=0)
    loss = NetworkLoss(network, [[0.0, 1.0]], [1.0])
    for call in (
        lambda: bias_direction(network, 9, 0),
        lambda: directions_at(loss, "random", 9),
    ):
        with pytest.raises(InputError, match=r"layer = 9: .* has layers 0 to 1") as raised:
            call()
        assert not isinstance(raised.value, SizeError)
    with pytest.raises(InputError, match="neuron = 3: layer 0 has neurons 0 to 2"):
        bias_direction(network, 0, 3)
    with pytest.raises(InputError, match="X: a point has 2 coordinates"):
        NetworkLoss(network, [[0.0]], [1.0])
    with pytest.raises(InputError, match="X, row 0"):
        NetworkLoss(network, [["a", 1]], [1.0])


def test_a_picture_needs_its_directory(tmp_path):
    loss = NetworkLoss(Network.random([1, 2, 1], rng=0), [[0.0]], [1.0])
    with pytest.raises(InputError, match="no such directory"):
        plot.surface(loss_surface(loss, "random", points=3), tmp_path / "none" / "a.png")
