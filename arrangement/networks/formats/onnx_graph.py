"""Networks from ONNX files: graphs of affine and piecewise linear operators."""

from __future__ import annotations

import os
import warnings
from math import prod
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from arrangement.errors import (
    InputError,
    MissingExtraError,
    ModelWarning,
    SizeError,
    one_line,
)
from arrangement.exact.numbers import shown
from arrangement.files.reading import FilePath, file_name, naming, read_bytes
from arrangement.memory import refuse
from arrangement.networks.feed_forward import FeedForward
from arrangement.networks.formats import onnx_in_float64
from arrangement.networks.formats.affine_tensors import Affine, Units, equal
from arrangement.networks.formats.onnx_ends import CUT, ENDS, TOTAL, Ended, after
from arrangement.networks.formats.operators.operands import Tensor, of_node, whole_output
from arrangement.networks.formats.operators.table import FOLDED, OPERATORS, applied
from arrangement.networks.formats.own_outputs import compare

__all__ = ["from_onnx"]

SAMPLES = 3
"""With so many a model is tried that leaves their number open."""

_STANDARD = ("", "ai.onnx")
"""Names of the domain of ONNX's own operators."""

_OF_LEARNING = {("ai.onnx.ml", kind) for kind in ("ArrayFeatureExtractor", "Scaler", "ZipMap")}
"""Operators beside those, as scikit-learn's pipelines are written."""

_FLOAT, _FLOAT16, _DOUBLE, _BFLOAT16 = 1, 10, 11, 16
"""Types of numbers, as onnx.TensorProto counts them."""


def from_onnx(path: FilePath | Any, *, check: ArrayLike | None = None) -> FeedForward:
    """A network from an ONNX file, or from a model that is loaded.

    Parameters
    ----------
    path : path-like or onnx.ModelProto
        A graph of one input, with the shapes and the broadcasting of the standard. Affine
        operators (Gemm, MatMul, Conv, BatchNormalization, Add, Sub, Mul, Div, pools and means,
        …) are composed exactly, operators that move entries (Reshape, Transpose, Concat,
        Slice, …) are followed, and the piecewise linear ones (Relu, LeakyRelu, PRelu, Clip,
        HardSigmoid, Abs, Max, Min, MaxPool, …) become neurons. What a later layer needs of an
        earlier one, as a residual connection does, is carried by linear neurons. Softmax,
        LogSoftmax, Sigmoid and ArgMax at the end are left out, with a `ModelWarning`.
        float32 numbers are widened, which is exact; a batch normalization, which has a root,
        is rounded to float64.
    check : array_like, optional
        Inputs at which the network is compared with ONNX's reference evaluator.

    Returns
    -------
    Network
        Of the entries of one sample in C order. An axis of samples (the first of two or more)
        whose length the model leaves open is taken as 1. If it has several and all are treated
        alike, the network is that of one, otherwise of the entries of all.

    Raises
    ------
    InputError
        If the file cannot be read, or holds any other operator; the message names the node.
        If the model computes something else at `check`; the message says the row.
    MissingExtraError
        If onnx is not installed.

    Examples
    --------
    >>> from arrangement.networks import Network
    >>> Network.from_onnx("model.onnx", check=X)  # doctest: +SKIP
    Network(2 → 8 → 8 → 3, relu)
    """
    try:
        import onnx
    except ImportError:
        raise MissingExtraError(
            "ONNX files need onnx: pip install 'arrangement[onnx]'"
        ) from None
    if isinstance(path, onnx.ModelProto):
        return _network(path, check)
    name = file_name(path)
    content = read_bytes(name)
    try:
        model = onnx.load_model_from_string(content)
    except Exception:  # protobuf and onnx promise no particular errors for a damaged file
        raise InputError(f"{name}: damaged or not an ONNX file") from None
    with naming(name):
        _read_external(model.graph, os.path.dirname(os.path.abspath(name)))
        return _network(model, check)


def _read_external(graph: Any, folder: str) -> None:
    """Read the numbers in files beside a model, no more than the shapes of tensors need."""
    from onnx import TensorProto, external_data_helper, helper

    in_nodes = (fact.t for node in graph.node for fact in node.attribute if fact.HasField("t"))
    outside = [
        tensor
        for tensor in (*graph.initializer, *in_nodes)
        if tensor.data_location == TensorProto.EXTERNAL
    ]
    total = 0
    for tensor in outside:
        facts = {entry.key: entry.value for entry in tensor.external_data}
        place = f'tensor "{tensor.name}"'
        try:
            item = helper.tensor_dtype_to_np_dtype(tensor.data_type).itemsize
            size = prod(tensor.dims) * item
            fits = min(tensor.dims, default=0) >= 0 and int(facts.get("length", size)) == size
        except (KeyError, TypeError, ValueError):
            fits = False
        if not fits:
            raise InputError(
                f"{place}: damaged (what is in a file beside it is of another size)"
            )
        if "length" not in facts:
            tensor.external_data.add(key="length", value=str(size))
        total += size
    refuse(total, "the numbers in files beside it", "reduce the network")
    for tensor in outside:
        facts = {entry.key: entry.value for entry in tensor.external_data}
        location = facts.get("location", "")
        try:
            external_data_helper.load_external_data_for_tensor(tensor, folder)
            if len(tensor.raw_data) != int(facts["length"]):
                raise ValueError(f"{len(tensor.raw_data)} of {facts['length']} bytes")
            tensor.data_location = TensorProto.DEFAULT
            del tensor.external_data[:]
        except Exception as error:  # onnx promises no particular errors
            raise InputError(
                f'tensor "{tensor.name}": its numbers are in the file {shown(location)} beside '
                f"the model, which cannot be read ({one_line(error)})"
            ) from None


def _network(model: Any, check: ArrayLike | None) -> FeedForward:
    """The network of one sample; warnings name what is left out, and what is mixed."""
    try:
        return _read(model, check)
    except MemoryError:
        raise SizeError("the network is larger than the memory that is left") from None


def _read(model: Any, check: ArrayLike | None) -> FeedForward:
    graph = _Graph(model)
    output, said, labels = graph.outputs()
    units, output = graph.of_one_sample(output)
    if check is not None:
        _check(graph, model, check)
    if graph.is_open and _mixes(model):
        said.append(
            "the model mixes the samples of a batch; this is its network for batches of one"
        )
    for message in said:
        warnings.warn(message, ModelWarning, stacklevel=5)
    return units.network(output, labels)


def _check(graph: _Graph, model: Any, inputs: ArrayLike) -> None:
    """An InputError unless ONNX computes the same up to the node that is left out."""
    from onnx.reference import ReferenceEvaluator

    end, name = graph.end
    units, end = graph.of_one_sample(end)
    network = units.network(end)
    try:
        evaluator = ReferenceEvaluator(onnx_in_float64.widened(model, name))

        def compute(X: NDArray[np.float64]) -> NDArray[np.float64]:
            n = network.output_dimension
            rows = []
            for x in X:
                whole = np.resize(x, graph.shape)  # the same sample as often as there are some
                (result,) = evaluator.run(None, {evaluator.input_names[0]: whole})
                rows.append(np.asarray(result).ravel()[:n])
            return np.array(rows)

        compare(network, inputs, compute)
    except InputError:
        raise
    except Exception as error:  # the reference promises no particular errors
        raise InputError(
            "check: the reference evaluator of ONNX does not run the model "
            f"({one_line(error)}); leave check out"
        ) from None


def _mixes(model: Any) -> bool:
    """Does a model whose number of samples is open compute one by others?"""
    graph = _Graph(model, SAMPLES)
    try:
        output, *_ = graph.outputs()
    except InputError:  # of one sample, and no more
        return False
    return graph.units.of_one_sample(output, SAMPLES) is None


class _Graph:
    """The nodes of a graph, followed from its input to its outputs.

    Parameters
    ----------
    model : onnx.ModelProto
    samples : int
        What is taken for an axis of samples whose length the model leaves open.
    """

    def __init__(self, model: Any, samples: int = 1) -> None:
        graph = self._graph = model.graph
        versions = [o.version for o in model.opset_import if o.domain in _STANDARD]
        if not versions:
            raise InputError("damaged or not an ONNX model (it says no opset)")
        if min(versions) < 7:
            raise InputError(
                f"opset {min(versions)} of ONNX is not read; convert the model to 7 or later, "
                "by onnx.version_converter"
            )
        self._own = {(f.domain, f.name) for f in model.functions}
        self._values: dict[str, Tensor | Ended] = {
            tensor.name: _tensor(tensor) for tensor in graph.initializer
        }
        inputs = [value for value in graph.input if value.name not in self._values]
        if len(inputs) != 1 or not graph.output:
            raise InputError(
                f"a graph of {len(inputs)} inputs and {len(graph.output)} outputs; one of each "
                "is needed; cut the model by onnx.utils.extract_model"
            )
        kind = inputs[0].type.tensor_type.elem_type
        if kind not in (_FLOAT, _FLOAT16, _DOUBLE, _BFLOAT16):
            raise InputError(f'the input "{inputs[0].name}" has no floating-point numbers')
        self.shape, self.is_open = self._input_shape(inputs[0], samples)
        n_inputs = prod(self.shape)
        refuse(64 * n_inputs, f"{n_inputs:,} inputs", "reduce the network")
        self.units = Units(n_inputs)
        self._values[inputs[0].name] = self.units.inputs(self.shape)
        self.name, self.n_outputs = "", 1

    def _input_shape(self, given: Any, samples: int) -> tuple[tuple[int, ...], bool]:
        """The shape of the input, and whether its first axis was left open."""
        kind = given.type.tensor_type
        sizes = [axis.dim_value for axis in kind.shape.dim]
        if not kind.HasField("shape"):
            sizes = [0, 0]
        is_open = len(sizes) > 1 and sizes[0] == 0
        if is_open:
            sizes[0] = samples
        if sizes and sizes[-1] == 0 and len(sizes) <= 2:
            sizes[-1] = self._first_width()
        if min(sizes, default=1) < 1:
            raise InputError(
                f'the input "{given.name}" has a shape that is not known; fix it by '
                "onnx.tools.update_model_dims"
            )
        return tuple(sizes), is_open

    def _first_width(self) -> int:
        """How many inputs the first matrix takes."""
        for node in self._graph.node:
            if node.op_type in ("Gemm", "MatMul") and len(node.input) > 1:
                W = self._values.get(node.input[1])
                if isinstance(W, np.ndarray) and W.ndim == 2:
                    turned = node.op_type == "Gemm" and _attributes(node).get("transB")
                    return int(W.shape[1 if turned else 0])
        return 0

    def outputs(self) -> tuple[Affine, list[str], NDArray[Any] | None]:
        """What the outputs are of, what is said of the end, and labels of classes."""
        for node in self._graph.node:
            self._follow(node)
        found = []
        for output in self._graph.output:
            if output.name not in self._values:
                raise InputError(f'the output "{output.name}" is not what any node computes')
            found.append(self._values[output.name])
        ended = [value for value in found if isinstance(value, Ended)]
        if any(value.kind == TOTAL for value in ended):
            raise InputError(
                f"{ended[0].node}: its sum is an output, which is not piecewise linear; {CUT}"
            )
        said = list(dict.fromkeys(str(value) for value in ended))
        ends = [value.given if isinstance(value, Ended) else value for value in found]
        end = ends[0]
        if any(other is not end and not _same(other, end) for other in ends):
            raise InputError(
                f"a graph of 1 inputs and {len(ends)} outputs; one of each is needed; cut the "
                "model by onnx.utils.extract_model"
            )
        end = whole_output(end, f'the output "{self._graph.output[0].name}"')
        labels = [value.labels for value in ended if value.labels is not None]
        if any(not np.array_equal(names, labels[0]) for names in labels):
            raise InputError("the outputs have different labels for the classes")
        self.end = next(((e.before, e.name) for e in ended), (end, self._graph.output[0].name))
        return end, said, labels[0] if labels else None

    def of_one_sample(self, end: Affine) -> tuple[Units, Affine]:
        """What computes an output of one sample, or of all if they are not treated alike."""
        several = len(self.shape) > 1 and self.shape[0] > 1
        alone = self.units.of_one_sample(end, self.shape[0]) if several else None
        return alone or (self.units, end)

    def _follow(self, node: Any) -> None:
        self.name = f'{node.op_type} node "{node.name or ", ".join(map(str, node.output))}"'
        self.n_outputs = sum(map(bool, node.output))
        try:
            with of_node(self.name):
                results = self._computed(node)
        except InputError:
            raise
        except (LookupError, TypeError, ValueError, OverflowError, ArithmeticError) as error:
            said = f"{type(error).__name__}: {one_line(error)}"
            raise InputError(f"{self.name}: malformed ({said})") from None
        if not isinstance(results, tuple):
            results = (results,)
        for name, value in zip(node.output, results, strict=False):
            if name:
                self._values[name] = value

    def _computed(self, node: Any) -> Any:
        kind = node.op_type
        given: list[Any] = []
        for value in node.input:
            if value and value not in self._values:
                raise InputError(f'{self.name}: takes "{value}", which no node before computes')
            given.append(self._values[value] if value else None)
        if (node.domain, kind) in self._own or (
            node.domain not in _STANDARD and (node.domain, kind) not in _OF_LEARNING
        ):
            raise InputError(f"{self.name}: an operator of the model's own is not read")
        facts = _attributes(node)
        if any(isinstance(value, Ended) for value in given):
            return after(self, kind, given, facts)
        computed = [value for value in given if isinstance(value, Affine)]
        if not computed and kind in FOLDED:
            return self._folded(node, given)
        if kind not in OPERATORS:
            if kind in ENDS and len(computed) == 1:
                return Ended(computed[0], kind, self.name, computed[0], node.input[0])
            if not computed:
                raise InputError(f"{self.name}: the operator {kind} of constants is not read")
            raise InputError(
                f"{self.name}: the operator {kind} is not read; {_ADVICE.get(kind, CUT)}"
            )
        return applied(self, kind, given, facts)

    def _folded(self, node: Any, given: list[Any]) -> Any:
        """An operator of constants, by the reference of ONNX in float64."""
        from onnx.reference import ReferenceEvaluator

        values = [None if v is None else _native(v) for v in given]
        feeds = {name: value for name, value in zip(node.input, values, strict=True) if name}
        try:
            with np.errstate(all="ignore"):
                return tuple(map(np.asarray, ReferenceEvaluator(node).run(None, feeds)))
        except Exception as error:  # the reference promises no particular errors
            raise InputError(f"{self.name}: malformed ({one_line(error)})") from None


def _same(a: Any, b: Any) -> bool:
    """Are these the same entries in the same order?"""
    return isinstance(a, Affine) and isinstance(b, Affine) and equal(a, b)


def _native(value: NDArray[Any]) -> NDArray[Any]:
    return value.astype(np.float64) if value.dtype.kind in "fO" else value


_ADVICE = {
    "Tanh": "train with HardSigmoid, Clip or Relu instead, or cut the model before it by "
    "onnx.utils.extract_model",
    "Sigmoid": "train with HardSigmoid instead, or cut the model before it",
}
_ADVICE |= dict.fromkeys(
    (
        *("Gelu", "Erf", "Elu", "Selu", "Celu"),
        *("Softplus", "Softsign", "Mish", "HardSwish", "Swish"),
    ),
    "it is not piecewise linear: train with Relu, LeakyRelu or HardSigmoid instead",
)


def _attributes(node: Any) -> dict[str, Any]:
    from onnx import TensorProto, helper

    facts = {a.name: helper.get_attribute_value(a) for a in node.attribute}
    return {
        name: _tensor(value) if isinstance(value, TensorProto) else value
        for name, value in facts.items()
    }


def _tensor(tensor: Any) -> NDArray[Any]:
    """The numbers of a tensor, which has as many as its shape says."""
    from onnx import TensorProto, numpy_helper

    if min(tensor.dims, default=0) < 0:
        raise InputError(f'tensor "{tensor.name}": the shape {list(tensor.dims)} is none')
    if tensor.data_location == TensorProto.EXTERNAL:
        raise InputError(
            f'tensor "{tensor.name}": its numbers are in a file beside the model; give the '
            "name of the model's file instead of the model"
        )
    try:
        values = np.asarray(numpy_helper.to_array(tensor))
        if tensor.data_type == TensorProto.BFLOAT16:  # of newer onnx not yet of numpy's types
            return values.astype(np.float32)
        # Objects are exact numbers elsewhere, and text is none.
        return values.astype(np.str_) if values.dtype == object else values
    except Exception as error:  # onnx promises no particular errors for a damaged tensor
        raise InputError(f'tensor "{tensor.name}": damaged ({one_line(error)})') from None
