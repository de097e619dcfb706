"""The table of formats: models of other programs, read and compared with what they compute.

    python benchmarks/model_formats.py

What is read is compared with the framework in float64 at 50 inputs, relative to the largest
output and 1; what cannot be a network is one line that says so. Of a program that is not
installed there is a line that says that. Ends with exit code 1 if a row is not as it should be.
"""

import contextlib
import copy
import io
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from arrangement.errors import InputError, ModelWarning
from arrangement.networks import Network

MOST = 1e-9
SAMPLES = 50


class Model(NamedTuple):
    """A model, how it is read and what it computes; `end` is what the network leaves out."""

    name: str
    read: Callable[[Any], Network]
    compute: Callable[[Any], Any]
    shape: tuple[int, ...]
    end: str | None = None


def softmax(z):
    powers = np.exp(z - z.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


ENDS: dict[str | None, Callable[[Any], Any]] = {
    None: lambda z: z,
    "softmax": softmax,
    "sigmoid": lambda z: 1 / (1 + np.exp(-z)),
}


def outcome(model):
    """The largest relative difference from the framework, or the line of the refusal."""
    X = np.random.default_rng(0).normal(0, 2, (SAMPLES, *model.shape))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ModelWarning)
        try:
            network = model.read(X)
        except InputError as error:
            return str(error)
    found = ENDS[model.end](network.forward(X.reshape(SAMPLES, -1)))
    wanted = np.asarray(model.compute(X)).reshape(SAMPLES, -1)
    assert (found.shape, wanted.dtype) == (wanted.shape, np.float64)
    return float(np.abs(found - wanted).max() / (1 + np.abs(wanted).max()))


def torch_modules(written: bool = False) -> Iterator[Model]:
    """Modules of float32, and files of theirs in float64, beside ``module.double()``."""
    import torch
    from torch import nn

    torch.manual_seed(0)
    relu = nn.functional.relu

    class Own(nn.Module):
        def __init__(self, compute):
            super().__init__()
            self.a, self.b, self.compute = nn.Linear(3, 4), nn.Linear(4, 3), compute

        def forward(self, x):
            return self.compute(self, x)

    def row(name, *parts, shape=(3,), end=None):
        module = (parts[0] if len(parts) == 1 else nn.Sequential(*parts)).eval()
        for part in module.modules():
            if isinstance(part, nn.modules.batchnorm._BatchNorm):
                part.running_mean.normal_(0, 0.5)
                part.running_var.uniform_(0.5, 2)
        wide = copy.deepcopy(module).double()

        def compute(X):
            with torch.no_grad():
                return wide(torch.from_numpy(X)).numpy()

        def read(X):
            if not written:
                return Network.from_torch(module, input_shape=shape, check=X)
            given = (torch.zeros(1, *shape, dtype=torch.float64),)
            with contextlib.redirect_stdout(io.StringIO()):
                file = torch.onnx.export(wide, given, dynamo=True, verbose=False)
            return Network.from_onnx(file.model_proto, check=X.reshape(len(X), -1))

        return Model(name, read, compute, shape, end)

    def first():
        return nn.Linear(3, 4)

    def last():
        return nn.Linear(4, 2)

    yield row("Sequential", first(), nn.ReLU(), last())
    yield row("own forward", Own(lambda m, x: m.b(relu(m.a(x)[:, [3, 1, 0, 2]]) * 2 - 1)))
    yield row("BatchNorm1d", first(), nn.BatchNorm1d(4), nn.ReLU(), last())
    yield row(
        "Conv2d, BatchNorm2d",
        *(nn.Conv2d(2, 3, 3, 2, 1), nn.BatchNorm2d(3), nn.ReLU()),
        *(nn.Flatten(), nn.Linear(27, 2)),
        shape=(2, 5, 5),
    )
    yield row("residual", Own(lambda m, x: relu(x + m.b(relu(m.a(x))))))
    yield row("cat", Own(lambda m, x: torch.cat([x, relu(m.a(x)), m.b(m.a(x).abs())], 1)))
    yield row(
        "Conv2d, MaxPool2d",
        *(nn.Conv2d(1, 2, 3), nn.ReLU(), nn.MaxPool2d(2, ceil_mode=True)),
        *(nn.Conv2d(2, 2, 2, groups=2), nn.Flatten(), nn.Linear(8, 2)),
        shape=(1, 7, 7),
    )
    yield row("ReLU6", first(), nn.ReLU6(), last())
    yield row("clamp", Own(lambda m, x: m.b(m.a(x).clamp(-0.5, 1)).clamp(min=0)))
    yield row("PReLU", first(), nn.PReLU(4), last(), nn.PReLU())
    yield row(
        "mixed activations",
        *(first(), nn.LeakyReLU(0.1), nn.Linear(4, 4), nn.Hardtanh()),
        *(nn.Linear(4, 4), nn.Hardsigmoid(), nn.Linear(4, 4), nn.ReLU(), last()),
    )
    for kind, end in ((nn.Softmax(1), "softmax"), (nn.Sigmoid(), "sigmoid")):
        yield row(f"{type(kind).__name__} last", first(), nn.ReLU(), last(), kind, end=end)
    if written:  # what torch does not trace it does not write, either
        return
    yield row("Tanh hidden", first(), nn.Tanh(), last())
    yield row("GELU hidden", first(), nn.GELU(), last())
    yield row("opaque", Own(lambda m, x: m.b(torch.from_numpy(np.abs(m.a(x).numpy())))))


def of_sklearn(model, read, name, end=None):
    compute = model.predict if end is None else model.predict_proba
    return Model(name, read, compute, (3,), end)


def fitted():
    """Models of scikit-learn, and what their last outputs become."""
    import sklearn  # noqa: F401
    from sklearn.neural_network import MLPClassifier, MLPRegressor
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    X = np.random.default_rng(0).normal(size=(60, 3))
    facts = {"hidden_layer_sizes": (5, 4), "max_iter": 20, "tol": 1e9, "random_state": 0}
    yield "MLPRegressor", MLPRegressor(**facts).fit(X, X[:, :2] ** 2), None
    for names in ((0, 1), ("ant", "bee", "cat")):
        labels = np.array(names)[np.arange(60) % len(names)]
        classifier = MLPClassifier(**facts).fit(X, labels)
        yield f"MLPClassifier, {len(names)} classes", classifier, "softmax"
    scaled = make_pipeline(StandardScaler(), MLPRegressor(**facts))
    yield "StandardScaler, MLPRegressor", scaled.fit(X, X[:, 0] ** 2), None
    yield "tanh hidden", MLPRegressor(**facts, activation="tanh").fit(X, X[:, 0]), None


def sklearn_models() -> Iterator[Model]:
    for name, model, end in fitted():
        read = lambda X, model=model: Network.from_sklearn(model, check=X)  # noqa: E731
        yield of_sklearn(model, read, name, end)


def skl2onnx_files() -> Iterator[Model]:
    import skl2onnx

    for name, model, end in fitted():
        written = skl2onnx.to_onnx(model, np.zeros((1, 3)))
        read = lambda X, written=written: Network.from_onnx(written, check=X)  # noqa: E731
        yield of_sklearn(model, read, name, end)


def keras_files() -> Iterator[Model]:
    """Models of random weights, as model.export("m.onnx", format="onnx") writes them."""
    import keras
    from keras import layers, ops

    rng = np.random.default_rng(0)

    def row(name, model, shape, end=None):
        model(np.zeros((1, *shape)))  # Keras exports what was called
        for weights in model.weights:
            values = rng.normal(size=weights.shape)
            weights.assign(1 + np.abs(values) if "variance" in weights.path else values)

        def read(X):
            with tempfile.TemporaryDirectory() as folder:
                path = Path(folder) / "m.onnx"
                model.export(path, format="onnx", verbose=False)
                return Network.read(path, check=X.reshape(len(X), -1))

        return Model(name, read, lambda X: model(X).numpy(), shape, end)

    def sequential(*parts, shape=(3,)):
        return keras.Sequential([layers.Input(shape), *parts])

    floats = keras.backend.floatx()
    keras.backend.set_floatx("float64")
    try:
        dense = (
            *(layers.Dense(5, "relu"), layers.BatchNormalization(), layers.Dense(4)),
            *(layers.LeakyReLU(0.125), layers.Dropout(0.5), layers.Dense(3, "softmax")),
        )
        yield row("Sequential, softmax last", sequential(*dense), (3,), "softmax")
        images = (
            *(layers.Conv2D(2, 3, padding="same", activation="relu"), layers.MaxPooling2D()),
            *(layers.BatchNormalization(), layers.Conv2D(2, 2), layers.ReLU(6.0)),
            *(layers.GlobalAveragePooling2D(), layers.Dense(1)),
        )
        yield row("Conv2D, MaxPooling2D", sequential(*images, shape=(6, 6, 2)), (6, 6, 2))
        x = layers.Input((3,))
        hidden = layers.Dense(3, "relu")(x)
        added = layers.Add()([x, layers.Dense(3, "relu6")(hidden)])
        joined = layers.Concatenate()([added, hidden])
        ends = [layers.PReLU()(layers.Dense(3)(joined)), layers.Dense(3)(joined)]
        yield row("Add, Concatenate, Maximum", keras.Model(x, layers.Maximum()(ends)), (3,))
        for hidden in ("tanh", "gelu"):
            model = sequential(layers.Dense(4, hidden), layers.Dense(1))
            yield row(f"{hidden} hidden", model, (3,))
        opaque = sequential(layers.Dense(4), layers.Lambda(ops.sin), layers.Dense(1))
        yield row("opaque", opaque, (3,))
    finally:
        keras.backend.set_floatx(floats)


REFUSED = ("hidden", "opaque")
"""How the names of the rows end that are no networks."""

SOURCES = {
    "torch": torch_modules, "scikit-learn": sklearn_models, "skl2onnx": skl2onnx_files,
    "Keras": keras_files, "torch.onnx": partial(torch_modules, written=True),
}  # fmt: skip


def is_right(model, result):
    """Is a model read as it is, or one that is none refused in one line?"""
    if model.name.endswith(REFUSED):
        return isinstance(result, str) and result.isprintable()
    return isinstance(result, float) and result <= MOST


def main():
    wrong = 0
    for source, models in SOURCES.items():
        try:
            for model in models():
                result = outcome(model)
                right = is_right(model, result)
                wrong += not right
                shown = result if isinstance(result, str) else f"{result:.1e}"
                print(f"{source:<13} {model.name:<30} {shown}{'' if right else '  WRONG'}")
        except ImportError as error:
            print(f"{source:<13} {error}")
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
