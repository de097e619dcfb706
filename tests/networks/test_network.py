"""Networks: exact values, slices, files, and the same function as in other libraries."""

import contextlib
import json
import pickle
import sys
import warnings
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import arrangement.relu
from arrangement.errors import InputError, MissingExtraError, SizeError
from arrangement.networks import Network
from tests.amounts import first

TENT = ([[[1], [-1]], [[1, 1]]], [[0, 0], [0]])


def outputs(weights, biases, bend, x):
    """The definition in Fractions: `bend` maps the rows of a layer to its neurons."""
    x = [Fraction(v) for v in x]
    for l, (W, b) in enumerate(zip(weights, biases, strict=True)):
        if l:
            x = bend(x)
        x = [
            sum((Fraction(a) * v for a, v in zip(row, x, strict=True)), Fraction(offset))
            for row, offset in zip(W, b, strict=True)
        ]
    return tuple(x)


def relu(x):
    return [max(v, Fraction(0)) for v in x]


def leaky(slope):
    return lambda x: [v if v > 0 else Fraction(slope) * v for v in x]


def largest(k):
    return lambda x: [max(x[j : j + k]) for j in range(0, len(x), k)]


BENDS = {
    "relu": ("relu", 1, relu),
    "leaky": ("leaky_relu", 1, leaky(0.3)),
    "maxout": (("maxout", 3), 3, largest(3)),
}


@st.composite
def networks(draw):
    """A small network, degenerate more often than not, and the definition of its bends."""
    activation, k, bend = BENDS[draw(st.sampled_from(sorted(BENDS)))]
    sizes = draw(st.lists(st.integers(1, 3), min_size=2, max_size=4))
    number = st.one_of(st.integers(-2, 2), st.sampled_from([0.1, -0.5, 2.0**-40, 1e30]))
    weights, biases = [], []
    for l, (n, m) in enumerate(pairwise(sizes)):
        rows = m * k if l < len(sizes) - 2 else m
        row = st.lists(number, min_size=n, max_size=n)
        weights.append(draw(st.lists(row, min_size=rows, max_size=rows)))
        biases.append(draw(st.lists(number, min_size=rows, max_size=rows)))
    return Network(weights, biases, activation, 0.3), weights, biases, bend


@given(networks(), st.data())
def test_exact_values_are_the_definition(case, data):
    network, weights, biases, bend = case
    number = st.fractions(-2, 2, max_denominator=7)
    x = data.draw(st.lists(number, min_size=len(weights[0][0]), max_size=len(weights[0][0])))
    assert network.exact_forward(x) == outputs(weights, biases, bend, x)


@given(networks(), st.data())
def test_slices_are_the_network_on_them(case, data):
    network, weights, biases, bend = case
    d, k = network.input_dimension, data.draw(st.integers(1, 3))
    number = st.one_of(st.fractions(-2, 2, max_denominator=7), st.just(0.1))
    vector = st.lists(number, min_size=d, max_size=d)
    point = data.draw(vector)
    directions = data.draw(st.lists(vector, min_size=k, max_size=k))
    t = data.draw(st.lists(st.fractions(-2, 2, max_denominator=7), min_size=k, max_size=k))
    x = [
        Fraction(p) + sum(s * Fraction(v[c]) for s, v in zip(t, directions, strict=True))
        for c, p in enumerate(point)
    ]
    cut = network.restrict(point, directions)
    assert cut.input_dimension == k
    assert cut.exact_forward(t) == outputs(weights, biases, bend, x)
    assert pickle.loads(pickle.dumps(cut)) == cut


@pytest.mark.parametrize("activation", ["relu", "leaky_relu", ("maxout", 2)])
def test_float_values_are_the_exact_ones_rounded(activation):
    network = Network.random([3, 5, 4, 2], rng=0, activation=activation)
    X = np.random.default_rng(1).normal(size=(4, 5, 3))
    exact = [[network.exact_preactivations(x) for x in row] for row in X]
    layers = [*network.preactivations(X), network.forward(X)]
    for l, values in enumerate(layers):
        wanted = [[[float(v) for v in layer[l]] for layer in row] for row in exact]
        assert values == pytest.approx(np.array(wanted), abs=1e-13)
    assert network.forward(X[0, 0]) == pytest.approx(network.forward(X)[0, 0])


def test_patterns():
    network = Network([[[1], [-1]], [[1, 1]], [[1]]], [[0, 0], [-1], [0]])
    first, second = network.pattern([[-2.0], [0.0], [0.5]])
    assert first.tolist() == [[False, True], [False, False], [True, False]]
    assert second.tolist() == [[True], [False], [False]]
    maxout = Network([[[1], [-1], [0], [0]], [[1, 1]]], [[0, 0, 0, 1], [0]], ("maxout", 2))
    assert maxout.hidden_widths == (2,)
    assert maxout.pattern([[-1.0], [0.0], [1.0]])[0].tolist() == [[1, 1], [0, 1], [0, 1]]
    assert maxout.forward([[-3.0], [2.0]]).tolist() == [[4.0], [3.0]]


def test_sizes():
    network = Network.random([4, 3, 5, 2], rng=0)
    assert (network.input_dimension, network.output_dimension) == (4, 2)
    assert (network.depth, network.hidden_widths, network.n_neurons) == (3, (3, 5), 8)
    affine = Network([[[1, 2]]], [[3]])
    assert (affine.depth, affine.hidden_widths, affine.n_neurons) == (1, (), 0)
    assert affine.pattern([[0.0, 0.0]]) == []
    assert repr(Network(*TENT, "leaky_relu", 0.25)) == "Network(1 → 2 → 1, leaky_relu 0.25)"


def test_numbers_are_those_given():
    network = Network([[["1/3", 2**60 + 1]], [[0.1]]], [[Fraction(1, 7)], [0]])
    assert not network.is_float64
    assert network.exact_weights[0].tolist() == [[Fraction(1, 3), 2**60 + 1]]
    assert network.exact_biases[0].tolist() == [Fraction(1, 7)]
    assert network.exact_weights[1].tolist() == [[Fraction(0.1)]]
    assert network.weights[0].tolist() == [[1 / 3, 2.0**60]]
    later = Network([[[1]], [["1/3"]]], [[0], [2**53 + 1]])
    assert later.exact_weights[1].tolist() == [[Fraction(1, 3)]]
    assert later.exact_biases[1].tolist() == [2**53 + 1]
    assert later.exact_forward([1]) == (2**53 + 1 + Fraction(1, 3),)
    single = np.float32([[0.1]])
    assert Network([single], [[0]]).exact_weights[0][0, 0] == Fraction(float(single[0, 0]))
    assert Network([single], [[0]]).is_float64
    given = np.array([[1.0]])
    network = Network([given], [[0]])
    given[0, 0] = 2
    assert network.weights[0].tolist() == [[1.0]]
    with pytest.raises(ValueError, match="read-only"):
        network.weights[0][0, 0] = 2


def test_slice_through_points():
    network = Network.random([50, 6, 3], rng=0)
    points = np.random.default_rng(1).normal(size=(3, 50))
    plane = network.slice_through(points)
    for t, x in zip(([0, 0], [1, 0], [0, 1]), points, strict=True):
        assert plane.exact_forward(t) == network.exact_forward(x)
    with pytest.raises(InputError, match="flat of dimension 1"):
        network.slice_through([points[0], points[1], points[0]])
    # 0.1·3 is not 0.3 in float64, so that these three points are on no line.
    line = Network([[[1, 1]]], [[0]]).slice_through([[0, 0], [0.1, 0.1], [0.3, 0.1 * 3]])
    assert line.input_dimension == 2
    with pytest.raises(InputError, match="at least two"):
        network.slice_through(points[:1])
    with pytest.raises(InputError, match="50, the input dimension"):
        network.restrict([0.0], [[1.0]])


def test_random_networks():
    network = Network.random([100, 400, 50, 1], rng=3)
    assert network == Network.random([100, 400, 50, 1], np.random.default_rng(3))
    for W, b in zip(network.weights, network.biases, strict=True):
        fan_in = W.shape[1]
        assert np.abs(b).max() <= fan_in**-0.5
        assert abs(W.mean()) < 6 * (2 / fan_in / W.size) ** 0.5
        assert W.var() == pytest.approx(2 / fan_in, rel=6 * (2 / W.size) ** 0.5)
    torch = Network.random([100, 400, 1], rng=3, init="torch")
    assert 0.099 < np.abs(torch.weights[0]).max() <= 0.1
    assert Network.random([2, 3, 2], 0, activation=("maxout", 4)).hidden_widths == (3,)
    for layers in (3, [2], [2, 0, 1], [2, 1.5], [2, True]):
        with pytest.raises(InputError, match="positive integers"):
            Network.random(layers)
    with pytest.raises(InputError, match="init"):
        Network.random([2, 1], init="zeros")


@pytest.mark.parametrize(
    ("weights", "biases", "message"),
    [
        ([], [], "empty"),
        (3, [], "one array per layer"),
        ([[]], [[]], "layer 0, weights: empty"),
        ([[[1]]], [[]], "layer 0, biases: empty"),
        ([[[1]]], [[1], [2]], "1 layers of weights, but 2 of biases"),
        ([[[1, 2], [3]]], [[0, 0]], "layer 0, weights, row 1"),
        ([[[1]], [[np.nan]]], [[0], [0]], "layer 1, weights, row 0, column 0: nan"),
        ([np.array([[1.0]])], [np.array([np.inf])], "layer 0, biases, entry 0: inf"),
        ([[[10**400]]], [[0]], "beyond float64"),
        ([[[1, 2]], [[1, 2]]], [[0], [0]], r"layer 1: .*take 2 inputs, but layer 0 has 1"),
        ([[[1, 2]]], [[0, 0]], "layer 0: .*but 2 biases"),
        ([np.zeros((0, 2))], [[]], "layer 0.*at least one row"),
        ([[1, 2]], [[0]], "layer 0, weights must have shape"),
        ([[["a"]]], [[0]], "layer 0, weights, row 0, column 0: 'a'"),
        ([np.array([[1j]])], [[0]], "layer 0, weights must be real"),
    ],
)
def test_layers_that_are_refused(weights, biases, message):
    with pytest.raises(InputError, match=message):
        Network(weights, biases)


def test_other_arguments_that_are_refused():
    for activation in ("tanh", ("maxout",), ("maxout", 1), ("maxout", 2.0), None, []):
        with pytest.raises(InputError, match="activation"):
            Network(*TENT, activation)
    with pytest.raises(InputError, match="layer 0: 2 rows are not divided"):
        Network(*TENT, ("maxout", 3))
    for slope in (np.nan, "x", None, "1/3"):
        with pytest.raises(InputError, match="negative_slope"):
            Network(*TENT, "leaky_relu", slope)
    for labels in ([None], [1j], [b"a"]):
        with pytest.raises(InputError, match="labels of type"):
            Network(*TENT, labels=labels)
    with pytest.raises(InputError, match="labels of shape"):
        Network(*TENT, labels=["a", "b"])
    network = Network(*TENT)
    with pytest.raises(InputError, match="not an array of numbers"):
        network.forward([[1.0], [1.0, 2.0]])
    with pytest.raises(InputError, match="at least one"):
        network.restrict([0], [])
    with pytest.raises(InputError, match="last axis must be 1"):
        network.forward([[1.0, 2.0]])
    with pytest.raises(InputError, match="input dimension is 1"):
        network.exact_forward([1, 2])


def test_equality_knows_every_part():
    network = Network(*TENT)
    assert network == Network([np.array([[1.0], [-1.0]]), [[1, 1]]], TENT[1])
    assert hash(network) == hash(Network(*TENT))
    for other in (
        Network(TENT[0], [[0, 1], [0]]),
        Network([[[1], [-2]], [[1, 1]]], TENT[1]),
        Network(*TENT, "leaky_relu"),
        Network(*TENT, labels=["a"]),
        Network([[["1/3"], [-1]], [[1, 1]]], TENT[1]),
        Network([[[1]]], [[0]]),
        "network",
    ):
        assert network != other
    # The same nearest float64, but not the same numbers.
    assert Network([[["1/3"]]], [[0]]) != Network([[[1 / 3]]], [[0]])


SAVED = [
    Network(*TENT),
    Network(*TENT, "leaky_relu", 0.2, labels=["only"]),
    Network.random([3, 4, 2], 0, activation=("maxout", 2)),
    Network.random([3, 4, 2], 0).restrict([0.1, "1/3", 2], [[0.1, 0.2, 0.3], [1, 0, "1/7"]]),
    Network([[[1e-320, 1e300]]], [[-0.1]], labels=[7]),
]


@pytest.mark.parametrize("suffix", [".npz", ".json"])
@pytest.mark.parametrize("network", SAVED, ids=str)
def test_files_hold_the_network(tmp_path, network, suffix):
    path = tmp_path / f"network{suffix}"
    network.save(path)
    found = Network.read(path)
    assert found == network
    assert found.labels is None or found.labels.dtype.kind == network.labels.dtype.kind


@pytest.mark.parametrize(
    "names",
    [
        ["weight0", "bias0", "weight1", "bias1"],
        ["0.weight", "0.bias", "2.weight", "2.bias"],
        ["W1", "b1", "W2", "b2"],
        ["net.9.weight", "net.9.bias", "net.10.weight", "net.10.bias"],
        ["first.weights", "first.biases", "last.weights", "last.biases"],
    ],
)
def test_other_names_in_npz_files(tmp_path, names):
    arrays = [np.ones((3, 2)), np.zeros(3), np.ones((1, 3)), np.array([5.0])]
    path = tmp_path / "network.npz"
    stored = dict(zip(names, arrays, strict=True))
    np.savez(path, **stored)
    layers = [name.replace("weights", "weight").split("weight")[0].strip(".") for name in names]
    numbered = not any(layers[::2]) or "W1" in names
    with pytest.raises(InputError, match="activation is not said" if numbered else "order of"):
        Network.load(path)
    wanted = Network(arrays[::2], arrays[1::2])
    if numbered:
        np.savez(path, **stored, activation="relu")
        assert Network.load(path) == wanted
        np.savez(path, **stored)
    else:
        assert Network.read(path, "relu", layers=layers[::2]) == wanted
    inputs = np.array([[1.0, 2.0], [-3.0, 1.0]])
    assert Network.read(path, check=(inputs, wanted.forward(inputs))) == wanted


def test_order_of_numbered_layers_is_by_number():
    arrays = {"W10": [[1.0]], "W9": [[2.0], [3.0]], "W11": [[4.0]], "activation": "relu"}
    with pytest.raises(InputError, match=r"layer 1: .*take 1 inputs"):
        Network.from_arrays(arrays)
    arrays["W10"] = [[1.0, 1.0]]
    assert [W[0, 0] for W in Network.from_arrays(arrays).weights] == [2, 1, 4]


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({}, "no weights"),
        ({"x": np.ones((1, 1))}, "x: neither the weights nor the biases"),
        ({"0.weight": np.ones((1, 1)), "0.running_mean": np.ones(1)}, "running_mean: neither"),
        ({"0.weight": np.ones((1, 1, 3, 3))}, "0.weight: weights of shape"),
        ({"0.weight": np.ones((1, 1)), "1.bias": np.ones(1)}, "1.bias: biases without"),
        ({"weight0": np.ones((1, 1)), "weights0": np.ones((1, 1))}, "weights0: neither"),
        ({"weights_0": np.ones((1, 1)), "activation": np.array("tanh")}, "activation = 'tanh'"),
        ({"weights_0": np.ones((1, 1)), "activation": np.ones(2)}, "activation: 2 values"),
        ({"weights_0": np.ones((1, 1)), "activation": np.array("maxout")}, "maxout of None"),
        ({"weights_0": np.array([[np.nan]])}, "layer 0, weights, row 0, column 0: nan"),
        ({"W0": np.ones((1, 1)), "W1": np.ones((1, 1))}, "the activation is not said"),
        (
            {"W0": np.ones((1, 1)), "W1": np.ones((1, 1)), "activation": "leaky_relu"},
            "negative_slope, of the leaky ReLU, is not said",
        ),
        (
            {"a.weight": np.ones((1, 1)), "b.weight": np.ones((1, 1)), "activation": "relu"},
            "the order of the layers a, b is not said",
        ),
    ],
)
def test_npz_files_that_are_refused(tmp_path, arrays, message):
    path = tmp_path / "bad.npz"
    np.savez(path, **arrays)
    with pytest.raises(InputError, match=rf"bad.npz: .*{message}"):
        Network.read(path)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "not JSON"),
        ("[1]", "not a JSON object"),
        ('{"weights": []}', "not a JSON object"),
        ('{"weights": [], "biases": [], "pieces": 2}', "'pieces' is no part"),
        ('{"weights": [[[NaN]]], "biases": [[0]]}', "NaN is not a finite number"),
        ('{"weights": [[[1], 2]], "biases": [[0, 0]]}', "layer 0, weights"),
        ('{"weights": [[[1]], [[1]]], "biases": [[0], [0]]}', "the activation is not said"),
        ('{"weights": [[[1]]], "biases": [[0]], "biases": [[1]]}', "'biases' is given twice"),
        ('{"weights": [[[1e999]]], "biases": [[0]]}', "layer 0, weights, row 0, column 0: inf"),
        ('{"weights": [[[' + "9" * 10**5 + '1]]], "biases": [[0]]}', "a number is longer than"),
        ('{"weights": [' + "{}," * 5_000_000 + '0], "biases": [[0]]}', "more than 4,000,000"),
    ],
)
def test_json_files_that_are_refused(tmp_path, text, message):
    path = tmp_path / "bad.json"
    path.write_text(text)
    with pytest.raises(InputError, match=rf"bad.json: .*{message}"):
        Network.read(path)


def test_files_that_are_no_networks(tmp_path):
    network = Network(*TENT)
    for name in ("network.txt", "network"):
        with pytest.raises(InputError, match="suffix of a network"):
            Network.read(tmp_path / name)
        with pytest.raises(InputError, match="suffix of a saved network"):
            network.save(tmp_path / name)
    for suffix in (".npz", ".json"):
        with pytest.raises(InputError, match="cannot be read"):
            Network.read(tmp_path / f"missing{suffix}")
        (tmp_path / f"damaged{suffix}").write_bytes(b"\x00\xff")
        with pytest.raises(InputError, match="damaged"):
            Network.read(tmp_path / f"damaged{suffix}")
    np.save(tmp_path / "one.npy", np.ones(1))
    (tmp_path / "one.npy").rename(tmp_path / "one.npz")
    with pytest.raises(InputError, match="one array without a name"):
        Network.read(tmp_path / "one.npz")


class Tensor:
    """As much of a torch tensor as is used."""

    def __init__(self, values):
        self._values = np.asarray(values, dtype=np.float32)

    def detach(self):
        return self

    def cpu(self):
        return self

    def numpy(self):
        return self._values


class BFloat16(Tensor):
    def numpy(self):
        raise TypeError("Got unsupported ScalarType BFloat16")


WEIGHTS = [np.float32([[0.1, 2], [3, -1], [1, 1]]), np.float32([[1, 0.3, -2]])]
BIASES = [np.float32([0.1, 0, -1]), np.float32([0.7])]


def test_torch_state_dicts():
    state = {
        "0.weight": Tensor(WEIGHTS[0]),
        "0.bias": Tensor(BIASES[0]),
        "2.weight": Tensor(WEIGHTS[1]),
        "2.bias": Tensor(BIASES[1]),
    }
    names = ["0", "2"]
    assert Network.from_torch(state, "relu", layers=names) == Network(WEIGHTS, BIASES)
    assert Network.from_torch(state, "leaky_relu", 0.5, layers=names) == Network(
        WEIGHTS, BIASES, "leaky_relu", 0.5
    )
    for stated in ({}, {"activation": "relu"}, {"activation": "leaky_relu"}):
        with pytest.raises(InputError, match="a state dict does not say which activation"):
            Network.from_torch(state, **stated)
    with pytest.raises(InputError, match="activation is not said"):
        Network.from_torch(state, layers=names)
    with pytest.raises(InputError, match="negative_slope"):
        Network.from_torch(state, "leaky_relu", layers=names)
    with pytest.raises(InputError, match="there is no layer '1'; there are 0, 2"):
        Network.from_torch(state, "relu", layers=["0", "1"])
    with pytest.raises(InputError, match="what is done with the layer '2' is not said"):
        Network.from_torch(state, "relu", layers=["0"])
    with pytest.raises(InputError, match="layer 1: weights of shape"):
        Network.from_torch(state, "relu", layers=["2", "0"])
    with pytest.raises(InputError, match="no list of names"):
        Network.from_torch(state, "relu", layers="02")
    state["1.running_mean"] = Tensor([0.0])
    with pytest.raises(InputError, match=r"1\.running_mean: neither"):
        Network.from_torch(state, "relu", layers=names)
    del state["1.running_mean"]
    state["2.weight"] = BFloat16(WEIGHTS[1])
    with pytest.raises(InputError, match=r"2.weight: .*float"):
        Network.from_torch(state, "relu", layers=names)
    with pytest.raises(InputError, match="no weights"):
        Network.from_torch({}, "relu", layers=[])


def test_state_dicts_compared_with_outputs():
    rng = np.random.default_rng(0)
    sizes = [3, 5, 5, 2]
    state = {}
    for l, (a, b) in enumerate(pairwise(sizes)):
        state[f"fc{l}.weight"] = Tensor(rng.normal(size=(b, a)))
        state[f"fc{l}.bias"] = Tensor(rng.normal(size=b))
    layers = ["fc0", "fc1", "fc2"]
    X = rng.normal(size=(20, 3)).astype(np.float32)

    def outputs(activation, order=layers, skip=False):
        h = X
        for name in order:
            z = h @ state[f"{name}.weight"].numpy().T + state[f"{name}.bias"].numpy()
            last = name == order[-1]
            h = z if last else activation(z) + (h if skip and z.shape == h.shape else 0)
        return h

    def relu(z):
        return np.maximum(z, 0)

    wanted = Network.from_torch(state, "relu", layers=layers)
    assert Network.from_torch(state, check=(X, outputs(relu))) == wanted
    assert Network.from_torch(state, check=(X[:, :], Tensor(outputs(relu)))) == wanted
    found = Network.from_torch(
        state, "leaky_relu", 0.25, check=(X, outputs(lambda z: np.where(z > 0, z, z / 4)))
    )
    assert found == Network.from_torch(state, "leaky_relu", 0.25, layers=layers)
    others = (
        np.tanh,
        lambda z: np.clip(z, -1, 1),
        lambda z: np.where(z > 0, z, 0.01 * z),
        lambda z: np.clip(z, 0, 6),
        lambda z: z / (1 + np.exp(-z)),
    )
    for y in (
        *map(outputs, others),
        outputs(relu, skip=True),
        outputs(relu, ["fc0", "fc1", "fc1", "fc2"]),
    ):
        with pytest.raises(InputError, match=r"check: output \d at input \d+ is"):
            Network.from_torch(state, check=(X, y))
    y = outputs(relu, ["fc0", "fc1", "fc1", "fc2"])
    twice = Network.from_torch(state, layers=["fc0", "fc1", "fc1", "fc2"], check=(X, y))
    assert twice.hidden_widths == (5, 5, 5)
    with pytest.raises(InputError, match="check: a pair"):
        Network.from_torch(state, check=X)
    with pytest.raises(InputError, match=r"check: inputs of shape \(20, 3\) and outputs"):
        Network.from_torch(state, check=(X, y[:-1]))
    with pytest.raises(InputError, match="finite real"):
        Network.from_torch(state, check=(X, y * np.nan))
    deaf = {"0.weight": np.eye(2), "0.bias": np.ones(2), "1.weight": np.eye(2)}
    with pytest.raises(InputError, match="no neuron of hidden layer 0 is inactive"):
        Network.from_torch(deaf, check=([[1.0, 1.0]], [[2.0, 2.0]]))


def refusal(path, *arguments, **named):
    """The message of an InputError, or None if the network is read."""
    try:
        Network.read(path, *arguments, **named)
    except InputError as error:
        return str(error)
    return None


def one_line(message, path):
    return message.startswith(f"{path}: ") and message.isprintable()


def test_files_of_torch(tmp_path):
    torch = pytest.importorskip("torch")
    nn = torch.nn
    module = nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 1))
    path = tmp_path / "network.pt"
    torch.save(module.state_dict(), path)
    with pytest.raises(InputError, match=r"network.pt: a state dict does not say"):
        Network.read(path)
    X = torch.randn(9, 2, generator=torch.Generator().manual_seed(0))
    with pytest.raises(InputError, match=r"network.pt: check: output 0"):
        Network.read(path, check=(X, module(X)))
    network = Network.read(path, "relu", layers=["0", "2"])
    assert network.weights[0].tolist() == module[0].weight.tolist()
    for saved, message in (
        (module, "other Python objects"),
        ([1, 2], "not a state dict"),
        ({"epoch": 3}, "'epoch' is no tensor"),
        ({"0.weight": torch.zeros(1).expand(10**5, 10**5)}, "more numbers than"),
        ({"0.weight": torch.zeros(2, 2, device="meta")}, "no array of numbers|damaged"),
        ({"0.weight": torch.zeros(2, 2, dtype=torch.bfloat16)}, "float"),
        (
            {"0.weight": torch.zeros(2, 2).to_sparse()},
            "no array of numbers|more numbers|Python",
        ),
    ):
        torch.save(saved, path)
        with pytest.raises(InputError, match=f"network.pt: .*({message})"):
            Network.read(path, "relu", layers=["0"])
    torch.save(module.state_dict(), path, _use_new_zipfile_serialization=False)
    with pytest.raises(InputError, match=r"none of torch 1\.6"):
        Network.read(path, "relu", layers=["0", "2"])


@pytest.mark.parametrize("seed", first(5, range(60)))
def test_damaged_files_of_torch(tmp_path, seed):
    torch = pytest.importorskip("torch")
    path = tmp_path / "network.pt"
    module = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.ReLU(), torch.nn.Linear(3, 1))
    torch.save(module.state_dict(), path)
    content = bytearray(path.read_bytes())
    rng = np.random.default_rng(seed)
    for _ in range(rng.integers(1, 5)):
        content[rng.integers(len(content))] = rng.integers(256)
    path.write_bytes(content[: rng.integers(len(content))] if seed % 5 == 0 else content)
    message = refusal(path, "relu", layers=["0", "2"])
    assert message is None or one_line(message, path)


def test_torch_files_without_torch(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(MissingExtraError, match=r"network\.pt: .*numpy.savez"):
        Network.read(tmp_path / "network.pt")


@pytest.mark.filterwarnings("ignore:Stochastic Optimizer")
def onnx_model(nodes, constants, inputs=("N", 2), outputs=("y",)):
    """A model with input x: nodes are (operator, inputs, output, attributes)."""
    from onnx import TensorProto, helper, numpy_helper

    graph = helper.make_graph(
        [
            helper.make_node(kind, list(given), [output], f"{kind}_{i}", **attributes)
            for i, (kind, given, output, attributes) in enumerate(nodes)
        ],
        "graph",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, inputs)],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in outputs],
        [numpy_helper.from_array(np.asarray(v), name) for name, v in constants.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])


CONSTANTS = {
    "W0": WEIGHTS[0],
    "b0": BIASES[0],
    "W1": WEIGHTS[1],
    "b1": BIASES[1],
    "V0": WEIGHTS[0].T,
    "V1": WEIGHTS[1].T,
    "flat": np.array([-1, 2]),
    "one": np.float32(1),
    "halves": np.float32([0.5, 0.25]),
    "tall": np.float32([[0.5], [0.25]]),
    "column": np.float32([[0.5], [0.25], [1]]),
    "single": np.array([-1, 1]),
    "two": np.array([2]),
    "odd": np.array([3, -1]),
    "yes": np.array(True),
}
GEMMS = [
    ("Gemm", ("x", "W0", "b0"), "z", {"transB": 1}),
    ("Relu", ("z",), "a", {}),
    ("Gemm", ("a", "W1", "b1"), "y", {"transB": 1}),
]
MATMULS = [
    ("Constant", (), "c", {"value_floats": [0.5, 0.25]}),
    ("Identity", ("W0",), "U0", {}),
    ("Transpose", ("U0",), "T0", {"perm": [1, 0]}),
    ("Shape", ("x",), "s", {}),
    ("Identity", ("s",), "s2", {}),
    ("Reshape", ("x", "s2"), "x1", {}),
    ("Flatten", ("x1",), "x2", {}),
    ("Sub", ("x2", "c"), "x3", {}),
    ("Div", ("x3", "halves"), "x4", {}),
    ("MatMul", ("x4", "T0"), "z0", {}),
    ("Add", ("b0", "z0"), "z1", {}),
    ("LeakyRelu", ("z1",), "a0", {"alpha": 0.2}),
    ("MatMul", ("a0", "V1"), "z2", {}),
    ("Add", ("z2", "b1"), "z3", {}),
    ("Sub", ("one", "z3"), "z4", {}),
    ("Identity", ("z4",), "y", {}),
]
TAILS = [
    ("Relu", ("x",), "a", {}),
    ("Gemm", ("a", "V0", "b0"), "z", {"alpha": 0.5, "beta": 2.0}),
    ("Relu", ("z",), "z2", {}),
    ("Mul", ("z2", "one"), "z3", {}),
    ("Dropout", ("z3",), "y", {}),
]


GRAPHS = [
    GEMMS, MATMULS, TAILS,
    [*GEMMS[:1], ("Add", ("z", "z"), "y", {})],
    [*GEMMS[:2], ("Add", ("z", "a"), "b", {}), ("Gemm", ("b", "W1", "b1"), "y", {"transB": 1})],
    [("Identity", ("x",), "y", {})],
]  # fmt: skip


@pytest.mark.parametrize("nodes", GRAPHS)
def test_onnx_graphs_compute_what_onnx_says(tmp_path, nodes):
    onnx = pytest.importorskip("onnx")
    from onnx.reference import ReferenceEvaluator

    model = onnx_model(nodes, CONSTANTS)
    X = np.random.default_rng(0).normal(size=(20, 2)).astype(np.float32)
    (wanted,) = ReferenceEvaluator(model).run(None, {"x": X})
    network = Network.from_onnx(model)
    assert network.forward(X) == pytest.approx(wanted, rel=1e-4, abs=1e-5)
    onnx.save(model, tmp_path / "network.onnx")
    assert Network.read(tmp_path / "network.onnx") == network


def test_onnx_numbers_are_widened():
    pytest.importorskip("onnx")
    assert Network.from_onnx(onnx_model(GEMMS, CONSTANTS)) == Network(WEIGHTS, BIASES)
    leaky_network = Network.from_onnx(onnx_model(MATMULS, CONSTANTS))
    assert leaky_network.negative_slope == float(np.float32(0.2))
    ordinary = [*GEMMS[:1], ("LeakyRelu", ("z",), "a", {}), *GEMMS[2:]]
    network = Network.from_onnx(onnx_model(ordinary, CONSTANTS))
    assert network.negative_slope == float(np.float32(0.01))


@pytest.mark.parametrize(
    ("nodes", "message"),
    [
        (
            [*GEMMS[:2], ("Tanh", ("a",), "y", {})],
            'Tanh node "Tanh_2": the operator Tanh is not read',
        ),
        ([*GEMMS[:1], ("Mul", ("z", "z"), "y", {})], 'Mul node "Mul_1": a product of two'),
        ([*GEMMS[:1], ("Add", ("z", "q"), "y", {})], 'Add node "Add_1": takes "q", which no'),
        ([("Gemm", ("W0", "x"), "y", {})], 'Gemm node "Gemm_0": takes 1 inputs, but there'),
        ([("Gemm", ("x", "V0"), "y", {"transA": 1})], "Gemm_0.*takes 2 inputs, but there are"),
        ([("Gemm", ("x", "W0", "b0"), "y", {})], 'Gemm node "Gemm_0": takes 3 inputs'),
        ([("Div", ("one", "x"), "y", {})], 'Div node "Div_0": the divisor depends on the'),
        ([("Einsum", ("one",), "y", {})], 'Einsum node "Einsum_0": .* of constants'),
        ([*GEMMS[:1], ("Erf", ("z",), "y", {})], "Erf is not read; it is not piecewise linear"),
        (GEMMS[:2], 'the output "y" is not'),
        (
            [("Softmax", ("x",), "s", {}), ("Gemm", ("s", "V0"), "y", {})],
            'Softmax node "Softmax_0": is not piecewise linear.* but Gemm node "Gemm_1" takes',
        ),
        (
            [("ArgMax", ("x",), "s", {}), ("Add", ("s", "x"), "y", {})],
            'ArgMax node "ArgMax_0": is not piecewise linear',
        ),
        ([("Gemm", ("x", "V0", "column"), "y", {})], r"biases of shape \(3, 1\)"),
        ([("Reshape", ("x", "two"), "v", {}), ("Reshape", ("v", "odd"), "y", {})], "cannot"),
        ([("Flatten", ("x",), "y", {"axis": 3})], "axis 3 of a tensor of 2 axes"),
        ([("Dropout", ("x", "one", "yes"), "y", {})], "training mode"),
        (
            [("Shape", ("x",), "s", {}), ("Gemm", ("x", "V0", "s"), "y", {})],
            r"shapes \[2\] and \[1, 3\] do not fit",
        ),
        (
            [("Unsqueeze", ("x", "two"), "u", {}), ("Gemm", ("u", "halves"), "y", {})],
            "of 3 axes; Gemm is of matrices",
        ),
        ([("Relu", ("x",), "y", {"alpha": 2.0})], "the attribute alpha"),
        ([("Relu", ("x",), "y", {"domain": "mine"})], "operator of the model's own"),
        ([("Gemm", ("x",), "y", {})], 'Gemm node "Gemm_0": malformed'),
        ([("Reshape", ("V0", "flat"), "R", {})], "malformed|output"),
    ],
)
def test_onnx_graphs_that_are_refused(nodes, message):
    pytest.importorskip("onnx")
    with pytest.raises(InputError, match=message):
        Network.from_onnx(onnx_model(nodes, CONSTANTS))


@pytest.mark.parametrize(
    ("inputs", "nodes", "shape"),
    [
        (("N", 2), [("Reshape", ("x", "shape"), "u", {})], [2, -1]),
        (("N", 2), [("Reshape", ("x", "shape"), "u", {})], [-1, 1]),
        ((3, 2), [("Reshape", ("x", "shape"), "u", {})], [1, -1]),
        ((1, 2), [("Reshape", ("x", "shape"), "u", {})], [2, -1]),
        ((2,), [("Reshape", ("x", "shape"), "u", {})], [0, -1]),
        ((2,), [("Flatten", ("x",), "u", {})], []),
        ((1, 2), [("Squeeze", ("x", "shape"), "v", {}), ("Flatten", ("v",), "u", {})], [0]),
        ((1, 2), [("Squeeze", ("x",), "v", {}), ("Flatten", ("v",), "u", {})], []),
        (("N", 2), [("Unsqueeze", ("x", "shape"), "u", {})], [-1]),
        (("N", 2), [("Add", ("x", "wide"), "v", {}), ("Flatten", ("v",), "u", {})], []),
    ],
)
def test_onnx_shapes_are_those_of_one_sample(inputs, nodes, shape):
    """What is valid for a batch of one, or of the fixed size, is read for it."""
    pytest.importorskip("onnx")
    from onnx.reference import ReferenceEvaluator

    constants = CONSTANTS | {
        "shape": np.array(shape, dtype=np.int64), "wide": np.float32([[[1, 2]]])
    }  # fmt: skip
    model = onnx_model(
        [*nodes, ("Relu", ("u",), "w", {}), ("Add", ("w", "halves"), "y", {})],
        constants, inputs,
    )  # fmt: skip
    sizes = [1 if n == "N" else n for n in inputs]
    given = np.resize(np.float32([0.5, -1, 2, 3, -1, 1]), sizes)
    if inputs == (3, 2):
        with pytest.raises(InputError, match=r"shapes \[1, 6\] and \[2\] do not fit"):
            Network.from_onnx(model)
    else:
        (wanted,) = ReferenceEvaluator(model).run(None, {"x": given})
        with warnings.catch_warnings(action="ignore"):
            found = Network.from_onnx(model).forward(given.ravel())
        assert found.tolist() == wanted.ravel().tolist()


def test_onnx_shapes_and_files_beside_are_bounded(tmp_path):
    """A sparse file of a terabyte, of which twelve numbers are wanted; an axis of −1."""
    onnx = pytest.importorskip("onnx")
    model = onnx_model(GEMMS, CONSTANTS)
    tensor = model.graph.initializer[0]
    with (tmp_path / "big.bin").open("wb") as stream:
        stream.truncate(2**40)
    tensor.ClearField("raw_data")
    tensor.data_location = onnx.TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="big.bin")
    onnx.save(model, tmp_path / "n.onnx")
    assert not Network.read(tmp_path / "n.onnx").weights[0].any()
    tensor.dims[0] = 2**36
    onnx.save(model, tmp_path / "n.onnx")
    with pytest.raises(InputError, match=r"n\.onnx: .*numbers in files beside"):
        Network.read(tmp_path / "n.onnx")
    model = onnx_model(GEMMS, CONSTANTS)
    model.graph.initializer[0].dims[0] = -1
    with pytest.raises(InputError, match=r"the shape \[-1, 2\] is none"):
        Network.from_onnx(model)


def test_onnx_names_that_are_no_text():
    onnx = pytest.importorskip("onnx")
    nodes = [("Gemm", ("x", "V0"), "result", {}), ("Relu", ("result",), "y", {})]
    model = onnx_model(nodes, CONSTANTS)
    for node in model.graph.node:
        node.name = ""
    content = model.SerializeToString().replace(b"result", b"res\xff\xfet")
    try:
        damaged = onnx.load_model_from_string(content)
    except Exception:  # protobuf promises no particular errors
        return
    with contextlib.suppress(InputError):
        Network.from_onnx(damaged)


def test_onnx_gemm_is_of_matrices():
    pytest.importorskip("onnx")
    with pytest.raises(InputError, match="of 3 axes; Gemm is of matrices"):
        Network.from_onnx(onnx_model(GEMMS, CONSTANTS, (3, 1, 2)))


@pytest.mark.parametrize(
    ("inputs", "shape"), [(("N", 1, 2), [-1, 2]), ((4, 2), [4, -1]), ((2,), [1, -1])]
)
def test_onnx_shapes_that_keep_samples(inputs, shape):
    pytest.importorskip("onnx")
    from onnx.reference import ReferenceEvaluator

    constants = CONSTANTS | {"shape": np.array(shape, dtype=np.int64)}
    nodes = [("Reshape", ("x", "shape"), "u", {}), ("Add", ("u", "halves"), "w", {})]
    model = onnx_model([*nodes, ("Gemm", ("w", "V0"), "y", {})], constants, inputs)
    X = np.random.default_rng(0).normal(size=[4 if n == "N" else n for n in inputs])
    (wanted,) = ReferenceEvaluator(model).run(None, {"x": X.astype(np.float32)})
    given = X.astype(np.float32).reshape(-1, 2)
    assert Network.from_onnx(model).forward(given) == pytest.approx(wanted, abs=1e-5)


def test_onnx_samples_of_one_row():
    """As torch exports a layer of inputs of shape (1, 1, 2)."""
    pytest.importorskip("onnx")
    nodes = [("MatMul", ("x", "V0"), "z", {}), ("Add", ("z", "b0"), "y", {})]
    network = Network.from_onnx(onnx_model(nodes, CONSTANTS, (1, 1, 2)))
    assert network == Network(WEIGHTS[:1], BIASES[:1])


def test_onnx_models_of_another_kind_are_refused():
    onnx = pytest.importorskip("onnx")
    model = onnx_model(GEMMS, CONSTANTS)
    model.opset_import[0].version = 6
    with pytest.raises(InputError, match="opset 6"):
        Network.from_onnx(model)
    model = onnx_model(GEMMS, CONSTANTS)
    model.graph.input[0].type.tensor_type.elem_type = onnx.TensorProto.INT64
    with pytest.raises(InputError, match="no floating-point"):
        Network.from_onnx(model)
    wide = onnx_model([("Relu", ("x",), "y", {})], {}, inputs=("N", 10**5))
    with pytest.raises(SizeError, match="100,000 neurons and 100,000 inputs"):
        Network.from_onnx(wide)


def test_onnx_numbers_in_files_beside(tmp_path):
    onnx = pytest.importorskip("onnx")
    path = tmp_path / "network.onnx"
    onnx.save(
        onnx_model(GEMMS, CONSTANTS), path, save_as_external_data=True, location="data",
        size_threshold=0,
    )  # fmt: skip
    assert Network.read(path) == Network(WEIGHTS, BIASES)
    alone = onnx.load(path, load_external_data=False)
    with pytest.raises(InputError, match="its numbers are in a file beside the model; give"):
        Network.from_onnx(alone)
    tensor = alone.graph.initializer[0]
    node = onnx.helper.make_node("Constant", [], [tensor.name], value=tensor)
    alone.graph.node.insert(0, node)
    del alone.graph.initializer[0]
    onnx.save(alone, path)
    assert Network.read(path) == Network(WEIGHTS, BIASES)
    content = (tmp_path / "data").read_bytes()
    (tmp_path / "data").write_bytes(content[:20])
    for _ in range(2):
        with pytest.raises(InputError, match=r"network.onnx: tensor .*the file 'data' beside"):
            Network.read(path)
        (tmp_path / "data").unlink(missing_ok=True)
    for entry in tensor.external_data:
        entry.value = "../data" if entry.key == "location" else entry.value
    (tmp_path / "data").write_bytes(content)
    (tmp_path.parent / "data").write_bytes(content)
    alone.graph.node[0].attribute[0].t.CopyFrom(tensor)
    onnx.save(alone, path)
    with pytest.raises(InputError, match=r"the file '../data' beside .* cannot be read"):
        Network.read(path)
    tensor.external_data.add(key="length", value="7")
    alone.graph.node[0].attribute[0].t.CopyFrom(tensor)
    onnx.save(alone, path)
    with pytest.raises(InputError, match=r"network.onnx: tensor .*is of another size"):
        Network.read(path)


@pytest.mark.parametrize("suffix", [".npz", ".json", ".onnx"])
@pytest.mark.parametrize("count", first(1, [60, 300]))
def test_damaged_files_are_refused_in_one_line(tmp_path, suffix, count):
    """Bytes are changed at random: a network is read, or one line says what is wrong."""
    path = tmp_path / f"network{suffix}"
    if suffix == ".onnx":
        onnx = pytest.importorskip("onnx")
        onnx.save(onnx_model(GEMMS, CONSTANTS), path)
    else:
        Network(WEIGHTS, BIASES, labels=["only"]).save(path)
    content, rng = path.read_bytes(), np.random.default_rng(0)
    refused = 0
    for _ in range(count):
        changed = bytearray(content)
        for _ in range(rng.integers(1, 6)):
            changed[rng.integers(len(changed))] = rng.integers(256)
        path.write_bytes(
            changed[: rng.integers(len(changed))] if rng.random() < 0.1 else changed
        )
        message = refusal(path)
        assert message is None or one_line(message, path), message
        refused += message is not None
    assert refused > count / 10


def test_onnx_files_that_are_refused(tmp_path, monkeypatch):
    pytest.importorskip("onnx")
    with pytest.raises(InputError, match=r"missing.onnx: cannot be read"):
        Network.read(tmp_path / "missing.onnx")
    (tmp_path / "bad.onnx").write_bytes(b"not a model")
    with pytest.raises(InputError, match=r"bad.onnx: damaged"):
        Network.read(tmp_path / "bad.onnx")
    with pytest.raises(InputError, match='the output "q" is not what any node'):
        Network.from_onnx(onnx_model(GEMMS, CONSTANTS, outputs=("y", "q")))
    with pytest.raises(InputError, match="1 inputs and 2 outputs"):
        Network.from_onnx(onnx_model(GEMMS, CONSTANTS, outputs=("y", "a")))
    infinite = {**CONSTANTS, "b1": np.float32([np.inf])}
    with pytest.raises(InputError, match=r"Gemm_2.*is inf, not finite"):
        Network.from_onnx(onnx_model(GEMMS, infinite))
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(MissingExtraError, match=r"arrangement\[onnx\]"):
        Network.read(tmp_path / "bad.onnx")


def test_the_name_in_relu():
    assert arrangement.relu.Network is Network


def test_json_is_plain(tmp_path):
    Network([[["1/3", 2.5]]], [[0]]).save(tmp_path / "network.json")
    facts = json.loads((tmp_path / "network.json").read_text())
    assert facts == {
        "weights": [[["1/3", "5/2"]]],
        "biases": [[0.0]],
        "activation": "relu",
    }
