"""Networks from files and from other libraries: npz, JSON, torch."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from arrangement.checks import entries
from arrangement.errors import InputError
from arrangement.exact.numbers import exact_number, shown
from arrangement.files import archives
from arrangement.files.output import atomic_output
from arrangement.files.reading import FilePath, file_name, naming, read_arrays
from arrangement.files.text import parse_json, read_text
from arrangement.networks.feed_forward import FeedForward
from arrangement.networks.formats import onnx_graph, torch_graph, torch_modules
from arrangement.networks.formats.safetensors_file import tensors
from arrangement.networks.layers import Layers
from arrangement.networks.weights import Activation, Slopes

__all__ = ["from_arrays", "from_torch", "load", "read", "save", "to_arrays"]

_FACTS = ("activation", "pieces", "negative_slope", "labels")


class Said(NamedTuple):
    """What is said of a network beside its numbers, as arguments or by the file."""

    activation: Activation | None = None
    negative_slope: Slopes | None = None
    layers: Sequence[str] | None = None
    check: tuple[Any, Any] | None = None
    labels: Any = None

    def added_to(self, facts: Mapping[str, Any]) -> dict[str, Any]:
        """What a file says, and the activation that is given because it does not say it."""
        given = {"activation": self.activation, "negative_slope": self.negative_slope}
        added = {key: value for key, value in given.items() if value is not None}
        for key in added:
            if key in facts:
                raise InputError(f"{key} is given, but the file has its own; leave it out")
        return {**facts, **added}


def read(
    path: FilePath,
    activation: Activation | None = None,
    negative_slope: Slopes | None = None,
    *,
    layers: Sequence[str] | None = None,
    check: Any = None,
) -> FeedForward:
    """A network from a file; its suffix says the format.

    Parameters
    ----------
    path : path-like
        ``.npz``: see :func:`load`. ``.json``: an object with ``weights`` and ``biases``, lists
        with one entry per layer, and ``activation``, ``negative_slope`` and ``labels``;
        numbers, or "p/q" strings. ``.onnx``: see :func:`onnx_graph.from_onnx`. ``.pt`` or
        ``.pth``: a state dict saved by torch, which must be installed, or a checkpoint with
        one as "state_dict", "model_state_dict" or "model"; see :func:`from_torch`.
        ``.safetensors``: a state dict, without torch.
    activation, negative_slope : optional
        As for :class:`Network`, of a file that does not say them.
    layers : optional
        See :func:`from_arrays`; of a .npz, .pt or .safetensors file.
    check : array_like, or (inputs, outputs), optional
        Of a .onnx file the inputs, shape (k, in), at which it is compared with what the model
        itself computes, see :func:`onnx_graph.from_onnx`; of a .npz, .pt or .safetensors file
        a tuple of inputs and outputs, see :func:`from_arrays`.

    Raises
    ------
    InputError
        If the file cannot be read, is damaged or holds no such network, or has an activation
        of its own beside the given one; the message names the file and the layer.
    MissingExtraError
        If the format needs a package that is not installed.
    """
    name = file_name(path)
    suffix = Path(name).suffix.lower()
    said = Said(activation, negative_slope, layers, check)
    if suffix in (".onnx", ".json") and layers is not None:
        raise InputError(f"{name}: the file has the order of its layers; leave layers out")
    if suffix == ".json" and check is not None:
        raise InputError(f"{name}: the file says all of its network; leave check out")
    if suffix == ".npz":
        return _from_npz(name, said)
    if suffix == ".json":
        return _from_json(name, said)
    if suffix == ".onnx":
        with naming(name):
            said.added_to({"activation": None, "negative_slope": None})
        return onnx_graph.from_onnx(name, check=check)
    if suffix in (".pt", ".pth", ".safetensors"):
        reader = tensors if suffix == ".safetensors" else torch_modules.state_dict
        state = reader(name)
        with naming(name):
            return _from_state(state, said)
    raise InputError(
        f"{name}: the suffix of a network must be .npz, .json, .onnx, .pt, .pth or .safetensors"
    )


def save(network: FeedForward, path: FilePath) -> None:
    """Write a network as ``.npz`` or ``.json``; the file appears only when it is whole.

    npz: ``weights_0``, ``biases_0``, … in float64 ("p/q" strings where
    float64 cannot hold the numbers), ``activation``, for leaky ReLU ``negative_slope``, for
    maxout ``pieces``, ``labels`` if there are, and a checksum of all that.

    Parameters
    ----------
    path : path-like

    Raises
    ------
    InputError
        If the suffix is another.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from arrangement.networks import Network
    >>> network = Network.random([2, 3, 1], rng=0)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     network.save(Path(folder) / "network.npz")
    ...     Network.read(Path(folder) / "network.npz") == network
    True
    """
    name = file_name(path)
    suffix = Path(name).suffix.lower()
    if suffix == ".npz":
        archives.write(name, "network", to_arrays(network))
    elif suffix == ".json":
        with atomic_output(name, "w") as stream:
            json.dump(_json(network), stream)
            stream.write("\n")
    else:
        raise InputError(f"{name}: the suffix of a saved network must be .npz or .json")


def load(path: FilePath) -> FeedForward:
    """A network from a ``.npz`` file: what :func:`save` wrote, or see :func:`from_arrays`.

    Parameters
    ----------
    path : path-like

    Raises
    ------
    InputError
        If the file cannot be read or holds no network; the message names it and the layer.

    Examples
    --------
    >>> import tempfile
    >>> from arrangement.networks import Network
    >>> network = Network([[[1, -1]], [[2]]], [[0], [1]])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     network.save(f"{folder}/net.npz")
    ...     Network.load(f"{folder}/net.npz")
    Network(2 → 1 → 1, relu)
    """
    return _from_npz(file_name(path), Said())


def _from_npz(name: str, said: Said) -> FeedForward:
    arrays = read_arrays(name)
    if not isinstance(arrays, dict):
        raise InputError(f"{name}: one array without a name; a network needs a .npz file")
    with naming(name):
        facts = said.added_to(archives.unsealed(arrays, "network"))
        if isinstance(facts.get("activation"), tuple):
            facts["activation"], facts["pieces"] = facts["activation"]
        return from_arrays(facts, said.layers, said.check)


def from_arrays(
    arrays: Mapping[str, Any],
    layers: Sequence[str] | None = None,
    check: tuple[Any, Any] | None = None,
) -> FeedForward:
    """A network from arrays by name.

    Names and shapes do not say how a network computes: the activation and the order of the
    layers must be stated, or the network is compared with outputs that are known.

    Parameters
    ----------
    arrays : mapping
        Two arrays per layer, whose names differ only in the word: ``weights_0`` and
        ``biases_0``, ``weight0`` and ``bias0``, ``W1`` and ``b1``, ``0.weight`` and
        ``0.bias``, ``fc1.weight`` and ``fc1.bias``, …; weights are (out, in), a bias that is
        missing is zero. Also ``activation`` ("relu", "leaky_relu", "maxout"),
        ``negative_slope``, ``pieces`` and ``labels``; the activation may be left out where
        no layer is hidden.
    layers : sequence of str, optional
        The names of the layers without the word, such as "fc1", in the order in which they
        are applied; a layer that is applied twice is named twice, and none is left out. Where
        all names are a word and a number (the first three above) the number is the order.
    check : (inputs, outputs), optional
        Arrays of shapes (k, in) and (k, out): what the network must compute, within the
        rounding of `outputs`' type. What is not stated (ReLU, the order of the mapping) is
        taken on trial. Inputs should be spread over the domain of interest; in each hidden
        layer some neuron must be active, and some inactive.

    Raises
    ------
    InputError
        If a name is none of these, the layers do not fit, something is not stated, or the
        outputs are others; the message names the array, the layer or the input.

    Examples
    --------
    >>> arrays = {"W1": [[1.0], [-1.0]], "b1": [0.0, 0.0], "W2": [[1.0, 1.0]]}
    >>> from_arrays({**arrays, "activation": "relu"})
    Network(1 → 2 → 1, relu)
    >>> from_arrays(arrays, check=([[-2.0], [3.0]], [[2.0], [3.0]]))
    Network(1 → 2 → 1, relu)

    >>> from arrangement.networks import Network
    >>> arrays = {
    ...     "a.weight": [[1.0], [2.0]], "a.bias": [0, 1],
    ...     "b.weight": [[1, 1]], "b.bias": [0]
    ... }
    >>> Network.from_arrays({**arrays, "activation": "relu"}, layers=["a", "b"])
    Network(1 → 2 → 1, relu)
    """
    if not isinstance(arrays, Mapping):
        raise InputError(f"arrays must be a mapping from names to arrays, not {shown(arrays)}")
    activation = _fact(arrays, "activation")
    if activation == "maxout":
        activation = ("maxout", _fact(arrays, "pieces"))
    slope = arrays.get("negative_slope")
    if not isinstance(slope, np.ndarray) or slope.size == 1:
        slope = _fact(arrays, "negative_slope")
    own = {name: array for name, array in arrays.items() if name not in _FACTS}
    return _chain(own, Said(activation, slope, layers, check, arrays.get("labels")))


def from_torch(
    model: Any,
    activation: Activation | None = None,
    negative_slope: Slopes | None = None,
    *,
    layers: Sequence[str] | None = None,
    check: Any = None,
    input_shape: Sequence[int] | int | None = None,
) -> FeedForward:
    """A network from a torch ``Module``, or from the state dict of one.

    Parameters
    ----------
    model : torch.nn.Module, or mapping of str to tensors or arrays
        A module is traced by ``torch.export``, with a forward of its own, hooks and
        parametrizations, and is read as it computes after ``.eval()``; it is not changed.
        Operators that are affine (Linear, Conv, BatchNorm, pools, sums, constants, …) or move
        entries (flatten, view, permute, cat, indexing, …) are composed exactly; piecewise
        linear ones (ReLU, LeakyReLU, PReLU, ReLU6, Hardtanh, Hardsigmoid, clamp, maximum,
        MaxPool, …) become neurons. A Softmax, LogSoftmax, Sigmoid or argmax at the end is left
        out, with a `ModelWarning`. A batch normalization, which has a root, is rounded to
        float64; neurons on which no output depends are left out. A state dict has
        ``0.weight``, ``0.bias``, ``2.weight``, … or other names, see :func:`from_arrays`;
        nothing of torch is imported for it. float32 numbers are widened, which is exact.
    activation, negative_slope : optional
        As for :class:`Network`, for a state dict. A module has its own.
    input_shape : int or sequence of int, optional
        The shape of one sample, without the axis of samples, which is the first; the inputs of
        the network are its entries in C order. Of a module with a Linear that takes inputs of
        one width only, it may be left out.
    layers, check : optional
        See :func:`from_arrays`. A state dict says neither the activation nor the order of its
        layers, nor whether they are a chain at all: `activation` and `layers` state them, or
        `check` compares with outputs of the module. Of a module, `check` may also be inputs
        alone, shape (k, …), at which it is run in float64.

    Raises
    ------
    InputError
        If something is not piecewise linear, cannot be traced, mutates the module, or is not
        stated; the message names the module and the operator, or the array.
    MissingExtraError
        If a module is given and torch has no ``torch.export``, as from 2.6 on.

    Examples
    --------
    >>> import numpy as np
    >>> state = {"0.weight": np.ones((3, 2), np.float32), "0.bias": np.zeros(3),
    ...          "2.weight": np.ones((1, 3)), "2.bias": np.zeros(1)}
    >>> from_torch(state, "relu", layers=["0", "2"])
    Network(2 → 3 → 1, relu)

    >>> from arrangement.networks import Network
    >>> state = {"0.weight": [[1.0]], "0.bias": [0.0], "2.weight": [[2.0]], "2.bias": [1.0]}
    >>> Network.from_torch(state, "relu", layers=["0", "2"]).forward([[3.0]]).tolist()
    [[7.0]]
    """
    if isinstance(model, Mapping):
        if input_shape is not None:
            raise InputError("input_shape is of a module; of a state dict leave it out")
        return _from_state(model, Said(activation, negative_slope, layers, check))
    if (activation, negative_slope, layers) != (None, None, None):
        raise InputError(
            "a module says its activation and its layers: leave out activation, negative_slope "
            "and layers; inputs to compare at are check=, the shape of one is input_shape="
        )
    if isinstance(check, tuple):
        return _compared(torch_graph.from_module(model, input_shape), check)
    return torch_graph.from_module(model, input_shape, check)


def _from_state(state: Mapping[Any, Any], said: Said) -> FeedForward:
    if said.layers is None and said.check is None:
        raise InputError(
            "a state dict does not say which activation its network has, nor how its layers "
            "are connected; state the activation and the layers in the order in which they "
            "are applied (activation, layers), or inputs and outputs to compare with (check)"
        )
    for name in state:
        if not isinstance(name, str):
            raise InputError(f"{shown(name)} is no name of an array in a state dict")
    arrays = {name: torch_modules.array(tensor, name) for name, tensor in state.items()}
    # DataParallel and torch.compile put a word before every name.
    for word in ("_orig_mod.", "module."):
        if all(name.startswith(word) for name in arrays):
            arrays = {name.removeprefix(word): array for name, array in arrays.items()}
            if isinstance(said.layers, list | tuple) and all(
                isinstance(v, str) for v in said.layers
            ):
                own = "^_?" + re.escape(word.lstrip("_"))
                said = said._replace(layers=[re.sub(own, "", v) for v in said.layers])
    return _chain(arrays, said)


def _chain(arrays: Mapping[str, Any], said: Said) -> FeedForward:
    """The network of named layers, if all is said or compared."""
    on_trial = said.check is not None
    weights, biases = zip(*_layers(arrays, said.layers, on_trial), strict=True)
    if on_trial and said.activation is None:
        said = said._replace(activation="relu")
    return _compared(_stated(weights, biases, said), said.check)


def _stated(weights: Any, biases: Any, said: Said) -> FeedForward:
    """The network, unless its activation is needed and not said."""
    activation, slope = said.activation, said.negative_slope
    if activation is None and isinstance(weights, Sequence) and len(weights) > 1:
        raise InputError(
            'the activation is not said: it is "relu", "leaky_relu" or ("maxout", k), in the '
            "file or as an argument (--activation relu, --activation leaky_relu, …)"
        )
    if activation == "leaky_relu" and slope is None:
        raise InputError("negative_slope, of the leaky ReLU, is not said")
    slope = 0.0 if slope is None else slope
    activation = "relu" if activation is None else activation
    if isinstance(slope, np.ndarray) and slope.ndim == 1:  # of all neurons, as files have it
        slope = np.split(slope, np.cumsum([len(W) for W in weights[:-1]])[:-1])
    return FeedForward(weights, biases, activation, slope, said.labels)


def _compared(network: FeedForward, check: Any) -> FeedForward:
    """The network, if it computes these outputs (unless None) within their rounding."""
    if check is None:
        return network
    try:
        inputs, outputs = (torch_modules.array(values, "check") for values in check)
    except (TypeError, ValueError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError("check: a pair of arrays is needed, inputs and outputs") from None
    k = len(inputs) if inputs.ndim == 2 else 0
    wanted = outputs[:, None] if outputs.ndim == 1 else outputs
    shapes = (k, network.input_dimension), (k, network.output_dimension)
    if k == 0 or (inputs.shape, wanted.shape) != shapes:
        raise InputError(
            f"check: inputs of shape {inputs.shape} and outputs of shape {outputs.shape}; "
            f"(k, {shapes[0][1]}) and (k, {shapes[1][1]}) are needed, k ≥ 1"
        )
    kinds = inputs.dtype.kind + wanted.dtype.kind
    if (
        not set(kinds) <= set("iuf")
        or not np.isfinite(inputs).all() & np.isfinite(wanted).all()
    ):
        raise InputError("check: inputs and outputs must be finite real numbers")
    # The bound is that of a forward pass in the type of the outputs, in any order of sums.
    kind = np.finfo(wanted.dtype if wanted.dtype.kind == "f" else np.float64)
    unit = 2 * float(kind.eps)
    values, spread = inputs.astype(np.float64).T, np.zeros(inputs.shape[::-1])
    layers = Layers(network)
    with np.errstate(over="ignore", invalid="ignore"):
        for l, (W, b) in enumerate(zip(network.weights, network.biases, strict=True)):
            if l:
                z = values
                values, spread = layers.pass_on(l - 1, z, spread)
                spread = spread + unit * np.abs(values)
                if network.pieces == 1 and not ((z > 0).any() and (z < 0).any()):
                    raise InputError(
                        f"check: no neuron of hidden layer {l - 1} is "
                        f"{'inactive' if (z > 0).any() else 'active'} at any of the inputs, "
                        "so that they do not tell the activation; give others"
                    )
            terms = np.abs(W) @ np.abs(values) + np.abs(b)[:, None]
            spread = np.abs(W) @ spread + (W.shape[1] + 2) * (unit * terms + float(kind.tiny))
            values = W @ values + b[:, None]
        far = ~(np.abs(values - wanted.T) <= spread)
    for j, i in np.argwhere(far)[:1].tolist():
        raise InputError(
            f"check: output {j} at input {i} is {float(wanted[i, j]):.9g}, but {network!r} "
            f"has {values[j, i]:.9g} there: its activation, the order of its layers or how "
            "they are connected is another"
        )
    return network


def _layers(
    arrays: Mapping[str, Any], layers: Sequence[str] | None, on_trial: bool
) -> list[tuple[Any, Any]]:
    """Weights and biases of each layer, in their order, from arrays by name."""
    found: dict[str, dict[str, Any]] = {}
    for name, array in arrays.items():
        place, kind = _place(name)
        if kind is None or kind in found.setdefault(place, {}):
            raise InputError(
                f"{name}: neither the weights nor the biases of an affine layer; names are "
                "like weights_0 and biases_0, or 0.weight and 0.bias"
            )
        found[place][kind] = array
        if (
            kind == "weight"
            and isinstance(array, np.ndarray)
            and (array.ndim != 2 or not array.size)
        ):
            raise InputError(
                f"{name}: weights of shape {array.shape}; those of an affine layer are "
                "(out, in), neither of them 0"
            )
    if not found:
        raise InputError("no weights: names are like weights_0 and biases_0")
    for place, layer in found.items():
        if "weight" not in layer:
            missing = next(name for name in arrays if _place(name) == (place, "bias"))
            raise InputError(f"{missing}: biases without weights")
    return [
        (W, found[place].get("bias", np.zeros(len(W))))
        for place in _order(list(found), layers, on_trial)
        for W in [found[place]["weight"]]
    ]


def _order(places: list[str], layers: Sequence[str] | None, on_trial: bool) -> list[str]:
    """The places of the layers in the order in which they are applied."""
    names = {place.strip("._"): place for place in places}
    if layers is not None:
        if isinstance(layers, str) or not all(isinstance(name, str) for name in layers):
            raise InputError(f"layers = {shown(layers)} is no list of names")
        for name in layers:
            if name not in names:
                raise InputError(
                    f"layers: there is no layer {name!r}; there are {', '.join(names)}"
                )
        for name in names:
            if name not in layers or len(names) < len(places):
                raise InputError(f"layers: what is done with the layer {name!r} is not said")
        return [names[name] for name in layers]
    numbered = len({re.sub(r"\d+", "0", place) for place in places}) == 1
    if numbered and (on_trial or all(re.fullmatch(r"_?\d+", place) for place in places)):
        return sorted(places, key=lambda place: list(map(int, re.findall(r"\d+", place))))
    if len(places) > 1 and not on_trial:
        raise InputError(
            f"the order of the layers {', '.join(names)} is not said; state it (layers), or "
            "inputs and outputs to compare with (check)"
        )
    return places


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


def _fact(arrays: Mapping[str, Any], name: str) -> Any:
    """One of the entries that are no layer, as a plain number or string, or None."""
    if arrays.get(name) is None:
        return None
    value = entries(arrays[name])
    if value.size != 1:
        raise InputError(f"{name}: {value.size} values where one is needed")
    return value.item()


def _from_json(name: str, said: Said) -> FeedForward:
    _, text = read_text(name)
    form = '{"weights": [...], "biases": [...]}'
    facts = parse_json(text, name, _number_of_json, form)
    with naming(name):
        if not {"weights", "biases"} <= facts.keys():
            raise InputError(f"not a JSON object {form}")
        known = {"weights", "biases", *_FACTS} - {"pieces"}
        for key in sorted(facts.keys() - known)[:1]:
            raise InputError(f"{shown(key)} is no part of a network")
        whole = said.added_to(facts)
        own = {key: whole.get(key) for key in ("activation", "negative_slope", "labels")}
        return _stated(whole["weights"], whole["biases"], Said(**own))


def _number_of_json(text: str) -> Any:
    """An integer exactly, and the float64 number nearest to any other."""
    return exact_number(text) if text.lstrip("-").isdigit() else float(text)


def to_arrays(network: FeedForward) -> dict[str, NDArray[Any]]:
    """What :func:`from_arrays` reads."""
    arrays: dict[str, NDArray[Any]] = {}
    for l, (W, b) in enumerate(zip(*network.as_given(), strict=True)):
        arrays[f"weights_{l}"] = archives.storable(W)
        arrays[f"biases_{l}"] = archives.storable(b)
    facts = network.facts()
    if isinstance(network.negative_slope, tuple):
        facts["negative_slope"] = np.concatenate(network.negative_slope)
    if network.pieces > 1:
        name, pieces = facts.pop("activation")
        facts = {"activation": name, "pieces": pieces, **facts}
    return arrays | {key: np.asarray(value) for key, value in facts.items()}


def _json(network: FeedForward) -> dict[str, Any]:
    weights, biases = ([archives.storable(v).tolist() for v in t] for t in network.as_given())
    facts = {"weights": weights, "biases": biases, **network.facts()}
    if isinstance(network.negative_slope, tuple):
        facts["negative_slope"] = [slopes.tolist() for slopes in network.negative_slope]
    if network.labels is not None:
        facts["labels"] = network.labels.tolist()
    return facts
