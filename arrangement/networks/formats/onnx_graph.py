"""Networks from ONNX files: a chain of affine operators and activations."""

from __future__ import annotations

import os
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from arrangement.errors import InputError, MissingExtraError, SizeError
from arrangement.exact.numbers import exact_number
from arrangement.files.reading import FilePath, file_name, naming, read_bytes
from arrangement.memory import refuse
from arrangement.networks.feed_forward import FeedForward
from arrangement.networks.formats.stacking import Stack
from arrangement.networks.weights import exact_values

__all__ = ["from_onnx"]

_RESHAPING = ("Flatten", "Reshape", "Squeeze", "Unsqueeze", "Identity", "Dropout")
"""Operators that keep the entries of a sample, and their order, as they are."""

_STANDARD = ("", "ai.onnx")
"""Names of the domain of ONNX's own operators."""

_FLOAT, _FLOAT16, _DOUBLE, _BFLOAT16 = 1, 10, 11, 16
"""Types of numbers, as onnx.TensorProto counts them."""


def from_onnx(path: FilePath | Any) -> FeedForward:
    """A network from an ONNX file, or from a model that is loaded.

    Parameters
    ----------
    path : path-like or onnx.ModelProto
        One input, one output, and a chain of nodes between them: Gemm, MatMul, Add, Sub, Mul
        and Div with constants, Relu, LeakyRelu; Flatten, Reshape, Squeeze, Unsqueeze,
        Identity and Dropout, which keep the entries of a sample and their order. Constants
        are initializers, or nodes Constant, Identity, Transpose, Reshape of these. Affine
        operators in a row become one layer, composed exactly. float32 numbers are widened,
        which is exact.

    Raises
    ------
    InputError
        If the file cannot be read, or holds any other operator; the message names the node.
    MissingExtraError
        If onnx is not installed.
    """
    try:
        import onnx
    except ImportError:
        raise MissingExtraError(
            "ONNX files need onnx: pip install 'arrangement[onnx]'"
        ) from None
    if isinstance(path, onnx.ModelProto):
        return _Chain(path).network()
    name = file_name(path)
    content = read_bytes(name)
    try:
        model = onnx.load_model_from_string(content)
        _bound_external(model.graph.initializer)
        # Large exports keep their numbers in files beside them.
        onnx.load_external_data_for_model(model, os.path.dirname(os.path.abspath(name)))
    except SizeError as error:
        raise SizeError(f"{name}: {error}") from None
    except Exception:  # protobuf and onnx promise no particular errors for a damaged file
        raise InputError(f"{name}: damaged or not an ONNX file") from None
    with naming(name):
        return _Chain(model).network()


def _bound_external(tensors: Any) -> None:
    """Of files beside the model no more is read than the shapes of the tensors need."""
    from onnx import TensorProto, helper

    total = 0
    for tensor in tensors:
        if tensor.data_location == TensorProto.EXTERNAL:
            item = helper.tensor_dtype_to_np_dtype(tensor.data_type).itemsize
            size = prod(tensor.dims) * item
            total += size
            if not any(entry.key == "length" for entry in tensor.external_data):
                tensor.external_data.add(key="length", value=str(size))
            if any(e.key == "length" and int(e.value) != size for e in tensor.external_data):
                raise ValueError("a length that is not that of the shape")
    refuse(total, "reading the numbers in files beside it", "reduce the network")


class _Chain:
    """The nodes of a graph, followed from its input to its output."""

    def __init__(self, model: Any) -> None:
        graph = self._graph = model.graph
        versions = [o.version for o in model.opset_import if o.domain in _STANDARD]
        if not versions or min(versions) < 7:
            raise InputError(
                f"opset {min(versions, default=None)} of ONNX is not read; convert the model "
                "to 7 or later, by onnx.version_converter"
            )
        self._own = {(f.domain, f.name) for f in model.functions}
        self._constants: dict[str, NDArray[Any]] = {
            tensor.name: _tensor(tensor) for tensor in graph.initializer
        }
        inputs = [value for value in graph.input if value.name not in self._constants]
        if len(inputs) != 1 or len(graph.output) != 1:
            raise InputError(
                f"a graph of {len(inputs)} inputs and {len(graph.output)} outputs; one of each "
                "is needed"
            )
        kind = inputs[0].type.tensor_type.elem_type
        if kind not in (_FLOAT, _FLOAT16, _DOUBLE, _BFLOAT16):
            raise InputError(f'the input "{inputs[0].name}" has no floating-point numbers')
        self._current = inputs[0].name
        self._sizes: set[str] = set()  # values made of the shapes of others, for Reshape
        sizes = [axis.dim_value for axis in inputs[0].type.tensor_type.shape.dim]
        self._batch: int | None = sizes[0] if len(sizes) > 1 else None
        """The number of samples, 0 if it is not known; None if there is no axis for it."""
        self._sample: tuple[int, ...] | None = tuple(sizes[len(sizes) > 1 :])
        """The axes of one sample as they are now, 0 for one that is not known; or None."""
        self._stack = Stack(prod(self._sample) or None)

    def network(self) -> FeedForward:
        """Follow all nodes."""
        for node in self._graph.node:
            self._follow(node)
        output = self._graph.output[0].name
        if output != self._current:
            raise InputError(f'the output "{output}" is not what the last node computes')
        return self._stack.network()

    def _follow(self, node: Any) -> None:
        name = f'{node.op_type} node "{node.name or ", ".join(map(str, node.output))}"'
        try:
            self._apply(node, name)
        except InputError:
            raise
        except (LookupError, TypeError, ValueError, OverflowError, ArithmeticError) as error:
            reason = " ".join(str(error).split())
            raise InputError(f"{name}: malformed ({type(error).__name__}: {reason})") from None

    def _apply(self, node: Any, name: str) -> None:
        if node.domain not in _STANDARD or (node.domain, node.op_type) in self._own:
            raise InputError(f"{name}: an operator of the model's own is not read")
        given = [value for value in node.input if value]
        computed = [v for v in given if v not in self._constants and v not in self._sizes]
        for value in computed:
            if value != self._current:
                raise InputError(
                    f'{name}: takes "{value}", which is not the result of the node before; '
                    "branches and skip connections are not read"
                )
        facts = _attributes(node)
        if node.op_type == "Shape" or (not computed and self._sizes.intersection(given)):
            self._sizes.update(node.output)
        elif not computed:
            self._constants[node.output[0]] = self._fold(node, name, facts)
        else:
            if node.op_type not in _ATTRIBUTES:
                raise InputError(f"{name}: the operator {node.op_type} is not read")
            if unknown := facts.keys() - _ATTRIBUTES[node.op_type]:
                raise InputError(f"{name}: the attribute {min(unknown)} is not read")
            position, *others = (i for i, v in enumerate(node.input) if v == self._current)
            if others:
                raise InputError(f"{name}: combines a result with itself")
            constants = [self._constants[v] for v in given if v in self._constants]
            if node.op_type in _RESHAPING:
                self._reshape(node, name, facts, constants)
            elif len(constants) + 1 < len(given):
                raise InputError(f"{name}: a size of a result is not read as a number")
            else:
                self._compute(node.op_type, name, facts, constants, position == 0)
            self._current = node.output[0]

    def _compute(
        self,
        kind: str,
        name: str,
        facts: dict[str, Any],
        constants: list[NDArray[Any]],
        first: bool,
    ) -> None:
        """Apply an operator to the computed value, which may be the first of its inputs."""
        stack = self._stack
        if kind in _ENTRYWISE:
            self._refuse_broadcast(constants[0], name)
        if kind == "Gemm" and self._sample is not None:
            rank = len(self._sample) + (self._batch is not None)
            if rank != 2:
                raise InputError(f"{name}: of {rank} axes; Gemm is of matrices")
        if kind in ("Gemm", "MatMul", "Div") and not first:
            raise InputError(f"{name}: the computed value must be the first input")
        match kind:
            case "Gemm":
                _gemm(stack, name, facts, *constants)
            case "MatMul":
                stack.affine(constants[0].T, None, name)
            case "Add":
                stack.shift(constants[0], name)
            case "Sub" if first:
                stack.shift(_times(constants[0], -1), name)
            case "Sub":
                stack.scale(-1, name)
                stack.shift(constants[0], name)
            case "Mul" | "Div":
                stack.scale(constants[0], name, divide=kind == "Div")
            case "Relu":
                stack.activate("relu", 0.0, name)
            case "LeakyRelu":
                slope = float(facts.get("alpha", np.float32(0.01)))
                stack.activate("leaky_relu", slope, name)
        if kind == "Gemm" or self._sample is None:
            self._sample = (stack.width,)
        elif kind == "MatMul":
            self._sample = (*self._sample[:-1], stack.width)

    def _refuse_broadcast(self, values: NDArray[Any], name: str) -> None:
        """An InputError unless a constant has one number, or one for each entry of a sample."""
        shape, whole = values.shape, values.ndim == 0
        if self._sample is not None:
            axes = len(self._sample)
            while len(shape) > axes and shape[0] == 1:
                shape = shape[1:]
            shape = (1,) * (axes - len(shape)) + shape
            whole = len(shape) == axes > 0 and shape[:-1] == self._sample[:-1]
            whole &= self._sample[-1:] in (shape[-1:], (0,))
            whole |= values.size == 1
            whole &= values.ndim <= axes + (self._batch is not None)
        if not whole:
            raise InputError(
                f"{name}: constants of shape {values.shape} are not one number for each entry "
                "of a sample"
            )

    def _reshape(
        self, node: Any, name: str, facts: dict[str, Any], constants: list[NDArray[Any]]
    ) -> None:
        """Follow the axes of a sample, whose entries keep their order."""
        if node.op_type == "Dropout":
            if len(node.input) > 2 and node.input[2] and np.any(constants[-1]):
                raise InputError(f"{name}: is in training mode, and random")
        elif node.op_type == "Flatten":
            if facts.get("axis", 1) != 1:
                raise InputError(f"{name}: axis {facts['axis']} is not read, only 1")
            if self._sample is None:  # a Reshape to computed sizes has kept the samples apart
                self._sample = (self._stack.width,)
            first = self._sample[: self._batch is None]
            self._sample = (*first, prod(self._sample[len(first) :]))
        elif node.op_type == "Reshape":
            self._sample = self._reshaped(constants[0], name, facts) if constants else None
        elif node.op_type != "Identity":
            axes = constants[0] if constants else facts.get("axes", ())
            self._sample = self._squeezed(node.op_type, np.ravel(axes).tolist(), name)

    def _reshaped(
        self, shape: NDArray[Any], name: str, facts: dict[str, Any]
    ) -> tuple[int, ...] | None:
        """The axes of a sample after Reshape, which must keep the samples apart."""
        first, *axes = shape.ravel().tolist() or [1]
        if self._sample is None:
            return None
        if facts.get("allowzero") and not all([first, *axes]):
            raise InputError(f"{name}: axes of no entries")
        alone = self._batch is None
        old = self._sample[alone:]
        axes = [old[i] if a == 0 and i < len(old) else a for i, a in enumerate(axes)]
        size, wanted = prod(self._sample) or self._stack.width, prod(axes)
        if first == -1:
            apart = not alone and min(axes, default=0) >= 0
        else:
            apart = first == self._batch or (first == 1 and not self._batch)
            apart |= first == 0 and not alone
        if not axes or not apart or (size > 0 and wanted > 0 and size != wanted):
            raise InputError(f"{name}: to shape {shape.ravel().tolist()} mixes samples")
        if alone:
            self._batch = 1
        rest = size // -wanted if wanted < 0 and size % wanted == 0 else 0
        return tuple(rest if a < 0 else a for a in axes)

    def _squeezed(self, kind: str, axes: list[int], name: str) -> tuple[int, ...] | None:
        """The axes of a sample after Squeeze or Unsqueeze, which must keep that of samples."""
        if self._sample is None:
            return None
        before = int(self._batch is not None)
        rank = before + len(self._sample) + (len(axes) if kind == "Unsqueeze" else 0)
        places = {a + rank * (a < 0) - before for a in axes}
        if not axes or len(places) < len(axes) or not places <= {*range(rank - before)}:
            raise InputError(
                f"{name}: axes {axes}; those of a sample are needed, without the first"
            )
        if kind == "Squeeze":
            return tuple(a for i, a in enumerate(self._sample) if i not in places)
        kept = iter(self._sample)
        return tuple(1 if i in places else next(kept) for i in range(rank - before))

    def _fold(self, node: Any, name: str, facts: dict[str, Any]) -> NDArray[Any]:
        """The result of a node whose inputs are constants."""
        values = [self._constants[value] for value in node.input if value]
        if node.op_type == "Constant":
            for kind, value in facts.items():
                return np.asarray(value, dtype=np.float32 if "float" in kind else None)
        if node.op_type == "Identity":
            return values[0]
        if node.op_type == "Transpose":
            return values[0].transpose(facts.get("perm"))
        if node.op_type == "Reshape" and 0 not in values[1]:
            return values[0].reshape(values[1])
        raise InputError(f"{name}: the operator {node.op_type} of constants is not read")


def _gemm(
    stack: Stack, name: str, facts: dict[str, Any], W: NDArray[Any], *offsets: NDArray[Any]
) -> None:
    if facts.get("transA"):
        raise InputError(f"{name}: transA is not read")
    stack.affine(W if facts.get("transB") else W.T, None, name)
    if facts.get("alpha", 1) != 1:
        stack.scale(facts["alpha"], name)
    for C in offsets:
        if C.shape != (1,) * C.ndim and C.shape not in ((len(C.ravel()),), (1, C.size)):
            raise InputError(f"{name}: biases of shape {C.shape} are not those of one row")
        beta = facts.get("beta", 1)
        stack.shift(C if beta == 1 else _times(C, beta), name)


def _times(values: NDArray[Any], factor: float) -> NDArray[Any]:
    return exact_values(values.astype(np.float64)) * exact_number(factor)


_ENTRYWISE = ("Add", "Sub", "Mul", "Div")

_ATTRIBUTES: dict[str, set[str]] = {
    "Gemm": {"alpha", "beta", "transA", "transB"},
    **{kind: set() for kind in ("MatMul", *_ENTRYWISE, "Relu")},
    "LeakyRelu": {"alpha"},
    "Flatten": {"axis"},
    "Reshape": {"allowzero"},
    "Squeeze": {"axes"},
    "Unsqueeze": {"axes"},
    "Identity": set(),
    "Dropout": {"ratio", "seed"},
}
"""The operators that are applied to the computed value, and those of their attributes that are
read."""


def _attributes(node: Any) -> dict[str, Any]:
    from onnx import TensorProto, helper

    facts = {a.name: helper.get_attribute_value(a) for a in node.attribute}
    return {
        name: _tensor(value) if isinstance(value, TensorProto) else value
        for name, value in facts.items()
    }


def _tensor(tensor: Any) -> NDArray[Any]:
    """The numbers of a tensor, which has as many as its shape says."""
    from onnx import numpy_helper

    if min(tensor.dims, default=0) < 0:
        raise InputError(f'tensor "{tensor.name}": the shape {list(tensor.dims)} is none')
    try:
        return np.asarray(numpy_helper.to_array(tensor))
    except Exception as error:  # onnx promises no particular errors for a damaged tensor
        reason = " ".join(str(error).split())
        raise InputError(f'tensor "{tensor.name}": damaged ({reason})') from None
