"""ONNX graphs as exporters write them: the operators are those that their files have.

`skl2onnx.to_onnx(model, X)` of skl2onnx 1.20 and `model.export("m.onnx", format="onnx")` of
Keras 3.15 wrote the files that were looked at; the numbers here are of models fitted here.
"""

import numpy as np
import pytest

from arrangement.errors import InputError, ModelWarning
from arrangement.networks import Network
from tests.networks.test_onnx import ReferenceEvaluator, of

sklearn = pytest.importorskip("sklearn")

from sklearn.neural_network import MLPClassifier, MLPRegressor  # noqa: E402

RNG = np.random.default_rng(0)
X = RNG.normal(size=(60, 3))
SIZES = {"hidden_layer_sizes": (5, 4), "max_iter": 20, "random_state": 0, "tol": 1e9}


def layers(model, x):
    """The nodes of an MLP, and its numbers in float64."""
    nodes, numbers = [("Cast", [x], "cast_input", {"to": 11})], {}
    x, last = "cast_input", len(model.coefs_) - 1
    for l, (W, b) in enumerate(zip(model.coefs_, model.intercepts_, strict=True)):
        numbers |= {f"coefficient{l}": W, f"intercepts{l}": b.reshape(1, -1)}
        nodes.append(("MatMul", [x, f"coefficient{l}"], f"mul_result{l}", {}))
        nodes.append(("Add", [f"mul_result{l}", f"intercepts{l}"], x := f"add_result{l}", {}))
        if l < last:
            nodes.append(("Relu", [x], x := f"next_activations{l}", {}))
    return nodes, numbers, x


def classes(model, probabilities):
    """The nodes from probabilities to a label, and to a map from classes to probabilities."""
    text = model.classes_.dtype.kind == "U"
    names = {"classlabels_strings" if text else "classlabels_int64s": model.classes_.tolist()}
    nodes = [
        ("ArgMax", [probabilities], "argmax_output", {"axis": 1}),
        ("ZipMap", [probabilities], "output_probability", names),
        ("ArrayFeatureExtractor", ["classes", "argmax_output"], "extracted", {}),
        ("Reshape", ["extracted", "shape_tensor"], "output_label", {}),
    ]
    return nodes, {"classes": model.classes_, "shape_tensor": np.array([-1])}


def binary(model, x):
    """What is behind the last layer of a classifier of two classes."""
    return [
        ("Sigmoid", [x], "positive", {}),
        ("Sub", ["unity", "positive"], "negative", {}),
        ("Concat", ["negative", "positive"], "probabilities", {"axis": 1}),
    ], {"unity": np.array([1.0])}


def test_regressors():
    for y in (X[:, 0], X[:, :2]):
        model = MLPRegressor(**SIZES).fit(X, y)
        nodes, numbers, end = layers(model, "x")
        network = Network.from_onnx(of(nodes, numbers, ["N", 3], [end]))
        assert network == Network.from_sklearn(model)


@pytest.mark.parametrize(
    "names",
    [np.array([4, 7]), np.array(["no", "yes"]), np.array([3, 1, 2]), np.array([*"abc"])],
)
def test_classifiers(names):
    model = MLPClassifier(**SIZES).fit(X, names[np.arange(60) % len(names)])
    nodes, numbers, end = layers(model, "x")
    if len(names) == 2:
        more, given = binary(model, end)
    else:
        more, given = [("Softmax", [end], "probabilities", {"axis": 1})], {}
    behind, also = classes(model, "probabilities")
    graph = of(
        [*nodes, *more, *behind], numbers | given | also, ["N", 3],
        ["output_label", "output_probability"],
    )  # fmt: skip
    told = "whose softmax" if len(names) == 2 else "are what it is given"
    with pytest.warns(ModelWarning, match=told):
        network = Network.from_onnx(graph)
    assert network == Network.from_sklearn(model)
    assert network.classify(X).tolist() == model.predict(X).tolist()


def test_scalers_of_pipelines():
    offset, scale = [0.5, -1.0, 2.0], [2.0, 0.25, 3.0]
    for facts in ({"offset": offset, "scale": scale}, {"offset": [1.5], "scale": [2.0]}):
        graph = of([("Scaler", ["x"], "y", facts)], {}, ["N", 3])
        network = Network.from_onnx(graph)
        (wanted,) = ReferenceEvaluator(graph).run(None, {"x": np.float32(X)})
        assert np.allclose(network.forward(np.float32(X)), wanted, rtol=1e-6, atol=1e-6)
    with pytest.raises(InputError, match="Scaler node"):
        Network.from_onnx(of([("Scaler", ["x"], "y", {"offset": [1.0, 2.0]})], {}, ["N", 3]))


def shares(axis, keepdims=1, divided="sigmoids"):
    """Sigmoids divided by their sum, as the logistic regression of two classes has them."""
    return [
        ("Sigmoid", ["x"], "sigmoids", {}),
        ("Abs", ["sigmoids"], "norm_abs", {}),
        ("ReduceSum", ["norm_abs", "axis"], "norm", {"keepdims": keepdims}),
        ("Div", [divided, "norm"], "probabilities", {}),
    ], {"axis": np.array(axis)}


def test_logistic_regression():
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression().fit(X, X[:, 0] > X[:, 1])
    z = np.vstack([-model.coef_, model.coef_]), np.append(-model.intercept_, model.intercept_)
    more, numbers = shares([1])
    more[0] = ("Sigmoid", ["scores"], "sigmoids", {})
    nodes = [("MatMul", ["x", "A"], "Ax", {}), ("Add", ["Ax", "b"], "scores", {}), *more]
    graph = of(nodes, numbers | {"A": z[0].T, "b": z[1]}, ["N", 3], ["probabilities"])
    with pytest.warns(ModelWarning, match=r"Sigmoid.* with the division by its sum ends"):
        network = Network.from_onnx(graph, check=X)
    found = network.forward(X)
    assert np.array_equal(found.argmax(axis=1) == 1, model.predict(X))
    positive = 1 / (1 + np.exp(-found))
    expected = positive / positive.sum(axis=1, keepdims=True)
    assert np.allclose(expected, model.predict_proba(X), rtol=1e-12, atol=0)


@pytest.mark.parametrize(
    ("given", "output"),
    [
        (shares([0]), "probabilities"),
        (shares([1], keepdims=0), "probabilities"),
        (shares([1], divided="x"), "probabilities"),
        (shares([1], divided="norm"), "probabilities"),
        (shares([1]), "norm"),
    ],
)
def test_other_sums_of_sigmoids_are_refused(given, output):
    with pytest.raises(InputError, match=r"Sigmoid.*not piecewise linear"):
        Network.from_onnx(of(*given, ["N", 2], [output]))


def test_a_sigmoid_of_several_outputs_is_not_two_classes():
    nodes, given = binary(None, "x")
    with pytest.warns(ModelWarning, match="are what it is given"):
        network = Network.from_onnx(of(nodes, given, ["N", 2], ["probabilities"]))
    assert network.forward([3.0, 4.0]).tolist() == [-3.0, -4.0, 3.0, 4.0]


def test_what_is_moved_behind_the_end_is_moved():
    nodes = [
        ("Softmax", ["x"], "p", {}),
        ("Transpose", ["p"], "y", {"perm": [0, 2, 1]}),
    ]
    with pytest.warns(ModelWarning):
        network = Network.from_onnx(of(nodes, {}, [1, 2, 2]))
    assert network.forward([1.0, 2.0, 3.0, 4.0]).tolist() == [1.0, 3.0, 2.0, 4.0]


def test_labels_that_do_not_fit():
    nodes = [
        ("ArgMax", ["x"], "a", {"axis": 1}),
        ("ArrayFeatureExtractor", ["c", "a"], "y", {}),
    ]
    with pytest.warns(ModelWarning), pytest.raises(InputError, match="labels of shape"):
        Network.from_onnx(of(nodes, {"c": np.array([1, 2, 3])}, ["N", 2]))


def numbers(*shape):
    return RNG.integers(-8, 9, shape) / np.float32(8)


def dense():
    nodes = [
        ("MatMul", ["x", "V"], "a", {}), ("Add", ["a", "b"], "c", {}),
        ("Relu", ["c"], "d", {}), ("Mul", ["d", "s"], "e", {}), ("Add", ["e", "t"], "f", {}),
        ("MatMul", ["f", "U"], "y", {}),
    ]  # fmt: skip
    names = {"V": (3, 5), "b": (5,), "s": (1, 5), "t": (1, 5), "U": (5, 3)}
    return nodes, {k: numbers(*shape) for k, shape in names.items()}, (3,)


def convolution():
    """Of images whose last axis are the channels."""
    pads = {"kernel_shape": [3, 3], "strides": [1, 1], "auto_pad": "SAME_UPPER"}
    nodes = [
        ("Transpose", ["x"], "t", {"perm": [0, 3, 1, 2]}), ("Conv", ["t", "V", "b"], "a", pads),
        ("Relu", ["a"], "c", {}),
        ("MaxPool", ["c"], "d", {"kernel_shape": [2, 2], "strides": [2, 2]}),
        ("Mul", ["d", "s"], "e", {}), ("Add", ["e", "u"], "f", {}),
        ("Conv", ["f", "U"], "g", {"kernel_shape": [2, 2]}),
        ("LeakyRelu", ["g"], "h", {"alpha": 0.25}), ("GlobalAveragePool", ["h"], "m", {}),
        ("Squeeze", ["m", "axes"], "p", {}), ("MatMul", ["p", "Z"], "y", {}),
    ]  # fmt: skip
    names = {"V": (2, 2, 3, 3), "b": (2,), "s": (1, 2, 1, 1), "u": (1, 2, 1, 1)}
    names |= {"U": (2, 2, 2, 2), "Z": (2, 1)}
    given = {k: numbers(*shape) for k, shape in names.items()}
    return nodes, given | {"axes": np.array([2, 3])}, (6, 6, 2)


def branches():
    """ReLU6, a residual, Concatenate, PReLU as ReLUs of both signs, and Maximum."""
    nodes = [
        ("MatMul", ["x", "V"], "a", {}), ("Relu", ["a"], "b", {}),
        ("MatMul", ["b", "U"], "c", {}), ("Clip", ["c", "low", "high"], "d", {}),
        ("Add", ["x", "d"], "e", {}), ("Concat", ["e", "b"], "f", {"axis": 1}),
        ("MatMul", ["f", "Z"], "g", {}), ("Relu", ["g"], "h", {}), ("Neg", ["g"], "i", {}),
        ("Relu", ["i"], "j", {}), ("Mul", ["j", "slope"], "k", {}),
        ("Add", ["h", "k"], "l", {}),
        ("MatMul", ["f", "Q"], "m", {}), ("Max", ["l", "m"], "y", {}),
    ]  # fmt: skip
    names = {"V": (4, 4), "U": (4, 4), "Z": (8, 3), "Q": (8, 3), "slope": (1, 3)}
    given = {k: numbers(*shape) for k, shape in names.items()}
    return nodes, given | {"low": np.float32(0), "high": np.float32(6)}, (4,)


@pytest.mark.parametrize("model", [dense, convolution, branches])
def test_models_of_keras(model):
    nodes, given, shape = model()
    graph = of(nodes, given, ["N", *shape])
    network = Network.from_onnx(graph)
    x = numbers(5, *shape)
    (wanted,) = ReferenceEvaluator(graph).run(None, {"x": x})
    assert np.allclose(network.forward(x.reshape(5, -1)), wanted, rtol=1e-5, atol=1e-5)
