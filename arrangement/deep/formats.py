"""Networks from files and from other libraries: npz, JSON, torch, scikit-learn."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from arrangement import saving
from arrangement.deep.network import Network
from arrangement.deep.parameters import Activation
from arrangement.deep.stacking import Stack
from arrangement.errors import InputError, MissingExtraError
from arrangement.files import FilePath, read_arrays
from arrangement.output import atomic_output
from arrangement.text import read_text

__all__ = ["from_arrays", "from_sklearn", "from_torch", "load", "read", "save", "to_arrays"]

T = TypeVar("T")

_FACTS = ("activation", "pieces", "negative_slope", "labels")


def read(
    path: FilePath,
    activation: Activation | None = None,
    negative_slope: float | None = None,
) -> Network:
    """A network from a file; its suffix says the format.

    Parameters
    ----------
    path : path-like
        ``.npz``: see :func:`load`. ``.json``: an object with ``weights`` and ``biases``, lists
        with one entry per layer, and perhaps ``activation``, ``negative_slope`` and
        ``labels``; numbers, or "p/q" strings. ``.onnx``: see
        :func:`onnx_graph.from_onnx`. ``.pt`` or ``.pth``: a state dict saved by torch, which
        must be installed.
    activation, negative_slope : optional
        As for :class:`Network`, of a file that does not say them (ReLU if left out).

    Raises
    ------
    InputError
        If the file cannot be read, is damaged or holds no such network, or has an activation
        of its own beside the given one; the message names the file and the layer.
    MissingExtraError
        If the format needs a package that is not installed.
    """
    name = os.fspath(path)
    suffix = Path(name).suffix.lower()
    given = {"activation": activation, "negative_slope": negative_slope}
    if suffix == ".npz":
        return _from_npz(name, given)
    if suffix == ".json":
        return _from_json(name, given)
    if suffix == ".onnx":
        _add_given(dict.fromkeys(given), given, name)
        return Network.from_onnx(name)
    if suffix in (".pt", ".pth"):
        return _from_torch_file(name, activation, negative_slope)
    raise InputError(f"{name}: the suffix of a network must be .npz, .json, .onnx, .pt or .pth")


def save(network: Network, path: FilePath) -> None:
    """Write a network as ``.npz`` or ``.json``; the file appears only when it is whole.

    npz: ``weights_0``, ``biases_0``, … in float64 ("p/q" strings where
    float64 cannot hold the numbers), ``activation``, for leaky ReLU ``negative_slope``, for
    maxout ``pieces``, ``labels`` if there are, and a checksum of all that.

    Raises
    ------
    InputError
        If the suffix is another.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from arrangement.deep import Network
    >>> network = Network.random([2, 3, 1], rng=0)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     network.save(Path(folder) / "network.npz")
    ...     Network.read(Path(folder) / "network.npz") == network
    True
    """
    name = os.fspath(path)
    suffix = Path(name).suffix.lower()
    if suffix == ".npz":
        saving.write(name, "network", to_arrays(network))
    elif suffix == ".json":
        with atomic_output(name, "w") as stream:
            json.dump(_json(network), stream)
            stream.write("\n")
    else:
        raise InputError(f"{name}: the suffix of a saved network must be .npz or .json")


def load(path: FilePath) -> Network:
    """A network from a ``.npz`` file: what :func:`save` wrote, or see :func:`from_arrays`.

    Raises
    ------
    InputError
        If the file cannot be read or holds no network; the message names it and the layer.
    """
    return _from_npz(os.fspath(path), {})


def _from_npz(name: str, given: Mapping[str, Any]) -> Network:
    arrays = read_arrays(name)
    if not isinstance(arrays, dict):
        raise InputError(f"{name}: one array without a name; a network needs a .npz file")
    facts = _add_given(_naming(name, lambda: saving.unsealed(arrays, "network")), given, name)
    if isinstance(facts.get("activation"), tuple):
        facts["activation"], facts["pieces"] = facts["activation"]
    return _naming(name, lambda: from_arrays(facts))


def _add_given(facts: Mapping[str, Any], given: Mapping[str, Any], name: str) -> dict[str, Any]:
    """What a file says, and what is given because it does not say it."""
    added = {key: value for key, value in given.items() if value is not None}
    for key in added:
        if key in facts:
            raise InputError(f"{name}: {key} is given, but the file has its own; leave it out")
    return {**facts, **added}


def from_arrays(arrays: Mapping[str, Any]) -> Network:
    """A network from arrays by name.

    Parameters
    ----------
    arrays : mapping
        Two arrays per layer, whose names differ only in the word: ``weights_0`` and
        ``biases_0``, ``weight0`` and ``bias0``, ``W1`` and ``b1``, ``0.weight`` and
        ``0.bias``, ``fc1.weight`` and ``fc1.bias``, …; weights are (out, in), a bias that is
        missing is zero. Where the names differ in numbers alone those give the order of the
        layers, otherwise the order in the mapping does. Also ``activation`` ("relu",
        "leaky_relu", "maxout"), ``negative_slope``, ``pieces`` and ``labels``.

    Raises
    ------
    InputError
        If a name is none of these, or the layers do not fit; the message names the array or
        the layer.

    Examples
    --------
    >>> from_arrays({"W1": [[1.0], [-1.0]], "b1": [0.0, 0.0], "W2": [[1.0, 1.0]]})
    Network(1 → 2 → 1, relu)
    """
    layers = _layers({k: v for k, v in arrays.items() if k not in _FACTS})
    activation: Activation = _fact(arrays, "activation", "relu")
    if activation == "maxout":
        activation = ("maxout", _fact(arrays, "pieces", None))
    return Network(
        [W for W, _ in layers],
        [b for _, b in layers],
        activation,
        _fact(arrays, "negative_slope", 0.01),
        arrays.get("labels"),
    )


def from_torch(
    model: Any, activation: Activation | None = None, negative_slope: float | None = None
) -> Network:
    """A network from a torch ``Sequential``, or from the state dict of a module.

    Torch itself is not imported: anything is read that has its methods, or holds arrays.

    Parameters
    ----------
    model : torch.nn.Sequential, or mapping of str to tensors or arrays
        A Sequential may hold Linear, ReLU, LeakyReLU, Flatten, Identity and Dropout modules
        (dropout does nothing after training), and Sequentials of these. A state dict has
        ``0.weight``, ``0.bias``, ``2.weight``, … or other names, see :func:`from_arrays`; it
        does not know the activation. float32 numbers are widened, which is exact.
    activation, negative_slope : optional
        As for :class:`Network`, for a state dict (ReLU if left out). A Sequential has its own.

    Raises
    ------
    InputError
        If there is anything else in it; the message names the module or the array.

    Examples
    --------
    >>> import numpy as np
    >>> state = {"0.weight": np.ones((3, 2), np.float32), "0.bias": np.zeros(3),
    ...          "2.weight": np.ones((1, 3)), "2.bias": np.zeros(1)}
    >>> from_torch(state)
    Network(2 → 3 → 1, relu)
    """
    if isinstance(model, Mapping):
        layers = _layers({str(k): _array(v, str(k)) for k, v in model.items()})
        slope = 0.01 if negative_slope is None else negative_slope
        weights, biases = zip(*layers, strict=True)
        return Network(weights, biases, activation or "relu", slope)
    if activation is not None or negative_slope is not None:
        raise InputError("the modules of a Sequential say its activation; give a state dict")
    stack = Stack()
    _add_modules(stack, model, "")
    return stack.network()


def from_sklearn(model: Any) -> Network:
    """A network from a fitted ``MLPClassifier`` or ``MLPRegressor`` of scikit-learn.

    A classifier gets its ``classes_`` as `labels`, and its outputs before the softmax: the
    class is the one with the largest. With two classes scikit-learn has one output f, which is
    logistic; here the outputs are (0, f), the same decision and, by softmax, the same
    probabilities.

    Raises
    ------
    InputError
        If it is no such model, not fitted, its activation is not "relu", or it is a
        classifier of several labels at once.
    """
    for attribute in ("coefs_", "intercepts_", "out_activation_", "activation"):
        if not hasattr(model, attribute):
            raise InputError(
                f"{type(model).__name__} has no {attribute}: a fitted MLPClassifier or "
                "MLPRegressor is needed (of a pipeline, its last step)"
            )
    if model.activation != "relu":
        raise InputError(
            f'{type(model).__name__} has activation = "{model.activation}"; only "relu" is read'
        )
    weights = [np.asarray(W).T for W in model.coefs_]
    biases = [np.asarray(b) for b in model.intercepts_]
    labels = getattr(model, "classes_", None)
    outputs = model.out_activation_
    if outputs == "logistic" and len(weights[-1]) == 1:
        weights[-1] = np.vstack([np.zeros_like(weights[-1]), weights[-1]])
        biases[-1] = np.concatenate([np.zeros_like(biases[-1]), biases[-1]])
    elif outputs not in ("identity", "softmax"):
        several = "of several labels at once " if outputs == "logistic" else ""
        raise InputError(
            f"{type(model).__name__} {several}has {outputs} outputs; identity, softmax or a "
            "single logistic output are read"
        )
    return Network(weights, biases, labels=labels)


def _layers(arrays: Mapping[str, Any]) -> list[tuple[Any, Any]]:
    """Weights and biases of each layer, from arrays by name."""
    found: dict[str, dict[str, Any]] = {}
    for name, array in arrays.items():
        place, kind = _place(name)
        if kind is None or kind in found.setdefault(place, {}):
            raise InputError(
                f"{name}: neither the weights nor the biases of an affine layer; names are "
                "like weights_0 and biases_0, or 0.weight and 0.bias"
            )
        found[place][kind] = array
        if kind == "weight" and isinstance(array, np.ndarray) and array.ndim != 2:
            raise InputError(
                f"{name}: weights of shape {array.shape}; those of an affine layer are "
                "(out, in)"
            )
    if not found:
        raise InputError("no weights: names are like weights_0 and biases_0")
    places = list(found)
    for place, layer in found.items():
        if "weight" not in layer:
            missing = next(name for name in arrays if _place(name) == (place, "bias"))
            raise InputError(f"{missing}: biases without weights")
    if len({re.sub(r"\d+", "0", place) for place in places}) == 1:
        places.sort(key=lambda place: [int(number) for number in re.findall(r"\d+", place)])
    return [
        (W, found[place].get("bias", np.zeros(len(W))))
        for place in places
        for W in [found[place]["weight"]]
    ]


def _place(name: str) -> tuple[str, str | None]:
    """The name without its word for weights or biases, and which of the two it was."""
    for kind, word in (("weight", r"weights?"), ("bias", r"bias(es)?")):
        place, times = re.subn(word, "", name, flags=re.IGNORECASE)
        if times == 1:
            return place, kind
    short = re.fullmatch(r"([wb])_?(\d+)", name, flags=re.IGNORECASE)
    if short is None:
        return name, None
    return short[2], "weight" if short[1] in "wW" else "bias"


def _fact(arrays: Mapping[str, Any], name: str, default: Any) -> Any:
    """One of the entries that are no layer, as a plain number or string."""
    if name not in arrays:
        return default
    value = np.asarray(arrays[name])
    if value.size != 1:
        raise InputError(f"{name}: {value.size} values where one is needed")
    return value.item()


def _add_modules(stack: Stack, module: Any, name: str) -> None:
    kind = type(module).__name__
    place = f"module {name} ({kind})" if name else kind
    if kind == "Sequential":
        for key, child in module.named_children():
            _add_modules(stack, child, f"{name}.{key}" if name else key)
    elif kind == "Linear":
        bias = None if module.bias is None else _array(module.bias, place)
        stack.affine(_array(module.weight, place), bias, place)
    elif kind == "ReLU":
        stack.activate("relu", 0.0, place)
    elif kind == "LeakyReLU":
        stack.activate("leaky_relu", float(module.negative_slope), place)
    elif kind not in ("Flatten", "Identity") and not kind.endswith("Dropout"):
        raise InputError(
            f"{place} is not read: a Sequential of Linear, ReLU, LeakyReLU and Flatten is "
            "needed, or the state dict of a network of affine layers"
        )


def _array(tensor: Any, name: str) -> NDArray[Any]:
    """A torch tensor, or what is like one, as an array."""
    try:
        for step in ("detach", "cpu", "numpy"):
            tensor = getattr(tensor, step)() if hasattr(tensor, step) else tensor
    except TypeError as error:  # torch's answer to bfloat16
        raise InputError(f"{name}: {error}; convert it by .float(), which is exact") from None
    return np.asarray(tensor)


def _from_torch_file(
    name: str, activation: Activation | None, negative_slope: float | None
) -> Network:
    try:
        import torch
    except ImportError:
        raise MissingExtraError(
            f"{name}: reading it needs torch, which is not installed; where it is, save the "
            "state dict as numpy.savez('network.npz', **{k: v.numpy() for k, v in "
            "state.items()})"
        ) from None
    try:
        state = torch.load(name, map_location="cpu", weights_only=True)
    except OSError as error:
        raise InputError(f"{name}: cannot be read ({error.strerror})") from None
    except Exception as error:  # torch promises no particular errors for a damaged file
        reason = str(error).splitlines()[0]
        raise InputError(f"{name}: no state dict saved by torch ({reason})") from None
    return _naming(name, lambda: from_torch(state, activation, negative_slope))


def _from_json(name: str, given: Mapping[str, Any]) -> Network:
    _, text = read_text(name)
    try:
        facts = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InputError(f"{name}: not JSON ({error})") from None
    if not isinstance(facts, dict) or not {"weights", "biases"} <= facts.keys():
        raise InputError(f'{name}: not a JSON object {{"weights": [...], "biases": [...]}}')
    unknown = sorted(facts.keys() - {"weights", "biases", *_FACTS} | facts.keys() & {"pieces"})
    if unknown:
        raise InputError(f'{name}: "{unknown[0]}" is no part of a network')
    whole = _add_given(facts, given, name)
    return _naming(name, lambda: Network(**whole))


def _naming(name: str, build: Callable[[], T]) -> T:
    """What is built; its errors name the file."""
    try:
        return build()
    except InputError as error:
        raise InputError(f"{name}: {error}") from None


def to_arrays(network: Network) -> dict[str, NDArray[Any]]:
    """What :func:`from_arrays` reads."""
    arrays: dict[str, NDArray[Any]] = {}
    for l, (W, b) in enumerate(zip(*network.as_given(), strict=True)):
        arrays[f"weights_{l}"], arrays[f"biases_{l}"] = saving.storable(W), saving.storable(b)
    if isinstance(network.activation, str):
        arrays["activation"] = np.array(network.activation)
    else:
        arrays["activation"] = np.array(network.activation[0])
        arrays["pieces"] = np.array(network.pieces)
    if network.activation == "leaky_relu":
        arrays["negative_slope"] = np.array(network.negative_slope)
    if network.labels is not None:
        arrays["labels"] = network.labels
    return arrays


def _json(network: Network) -> dict[str, Any]:
    weights, biases = network.as_given()
    facts: dict[str, Any] = {
        "weights": [saving.storable(W).tolist() for W in weights],
        "biases": [saving.storable(b).tolist() for b in biases],
        "activation": network.activation,
    }
    if network.activation == "leaky_relu":
        facts["negative_slope"] = network.negative_slope
    if network.labels is not None:
        facts["labels"] = network.labels.tolist()
    return facts
