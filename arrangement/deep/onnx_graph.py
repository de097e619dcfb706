"""Networks from ONNX files: a chain of affine operators and activations."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from arrangement.deep.network import Network
from arrangement.deep.parameters import exact_values
from arrangement.deep.stacking import Stack
from arrangement.errors import InputError, MissingExtraError
from arrangement.files import FilePath
from arrangement.parsing import exact_number

__all__ = ["from_onnx"]

_RESHAPING = ("Flatten", "Reshape", "Squeeze", "Unsqueeze", "Identity", "Dropout")
"""Operators that keep the entries of a sample, and their order, as they are."""


def from_onnx(path: FilePath | Any) -> Network:
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
        return _Chain(path.graph).network()
    name = os.fspath(path)
    try:
        model = onnx.load(name)
    except OSError as error:
        raise InputError(f"{name}: cannot be read ({error.strerror})") from None
    except Exception:  # protobuf and onnx promise no particular errors for a damaged file
        raise InputError(f"{name}: damaged or not an ONNX file") from None
    try:
        return _Chain(model.graph).network()
    except InputError as error:
        raise InputError(f"{name}: {error}") from None


class _Chain:
    """The nodes of a graph, followed from its input to its output."""

    def __init__(self, graph: Any) -> None:
        from onnx import numpy_helper

        self._graph = graph
        self._constants: dict[str, NDArray[Any]] = {
            tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer
        }
        inputs = [value for value in graph.input if value.name not in self._constants]
        if len(inputs) != 1 or len(graph.output) != 1:
            raise InputError(
                f"a graph of {len(inputs)} inputs and {len(graph.output)} outputs; one of each "
                "is needed"
            )
        self._current = inputs[0].name
        self._sizes: set[str] = set()  # values made of the shapes of others, for Reshape
        self._stack = Stack(_sample_size(inputs[0]))

    def network(self) -> Network:
        """Follow all nodes."""
        for node in self._graph.node:
            self._follow(node)
        output = self._graph.output[0].name
        if output != self._current:
            raise InputError(f'the output "{output}" is not what the last node computes')
        return self._stack.network()

    def _follow(self, node: Any) -> None:
        name = f'{node.op_type} node "{node.name or node.output[0]}"'
        given = [value for value in node.input if value]
        computed = [v for v in given if v not in self._constants and v not in self._sizes]
        for value in computed:
            if value != self._current:
                raise InputError(
                    f'{name}: takes "{value}", which is not the result of the node before; '
                    "branches and skip connections are not read"
                )
        if node.op_type == "Shape" or (not computed and self._sizes.intersection(given)):
            self._sizes.update(node.output)
        elif not computed:
            self._constants[node.output[0]] = self._fold(node, name)
        else:
            if node.op_type in _STEPS and node.domain in ("", "ai.onnx"):
                position, *others = (i for i, v in enumerate(given) if v == self._current)
                if others:
                    raise InputError(f"{name}: combines a result with itself")
                constants = [self._constants[v] for v in given if v in self._constants]
                step = _Step(name, constants, position == 0, _attributes(node))
                _STEPS[node.op_type](self._stack, step)
            elif node.op_type not in _RESHAPING:
                raise InputError(f"{name}: the operator {node.op_type} is not read")
            self._current = node.output[0]

    def _fold(self, node: Any, name: str) -> NDArray[Any]:
        """The result of a node whose inputs are constants."""
        values = [self._constants[value] for value in node.input if value]
        facts = _attributes(node)
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


@dataclass(frozen=True)
class _Step:
    """What a node applies to the computed value."""

    name: str
    constants: list[NDArray[Any]]
    first: bool
    """Is the computed value the first of its inputs?"""
    facts: dict[str, Any]

    def refuse_swapped(self) -> None:
        if not self.first:
            raise InputError(f"{self.name}: the computed value must be the first input")


def _gemm(stack: Stack, step: _Step) -> None:
    step.refuse_swapped()
    if step.facts.get("transA"):
        raise InputError(f"{step.name}: transA is not read")
    W = step.constants[0]
    stack.affine(W if step.facts.get("transB") else W.T, None, step.name)
    if step.facts.get("alpha", 1) != 1:
        stack.scale(step.facts["alpha"], step.name)
    for C in step.constants[1:]:
        beta = step.facts.get("beta", 1)
        stack.shift(C if beta == 1 else _times(C, beta), step.name)


def _matmul(stack: Stack, step: _Step) -> None:
    step.refuse_swapped()
    stack.affine(step.constants[0].T, None, step.name)


def _add(stack: Stack, step: _Step) -> None:
    stack.shift(step.constants[0], step.name)


def _subtract(stack: Stack, step: _Step) -> None:
    if step.first:
        stack.shift(_times(step.constants[0], -1), step.name)
    else:
        stack.scale(-1, step.name)
        stack.shift(step.constants[0], step.name)


def _multiply(stack: Stack, step: _Step) -> None:
    stack.scale(step.constants[0], step.name)


def _divide(stack: Stack, step: _Step) -> None:
    step.refuse_swapped()
    stack.scale(step.constants[0], step.name, divide=True)


def _relu(stack: Stack, step: _Step) -> None:
    stack.activate("relu", 0.0, step.name)


def _leaky_relu(stack: Stack, step: _Step) -> None:
    stack.activate("leaky_relu", float(step.facts.get("alpha", np.float32(0.01))), step.name)


def _times(values: NDArray[Any], factor: float) -> NDArray[Any]:
    return exact_values(values.astype(np.float64)) * exact_number(factor)


_STEPS: dict[str, Callable[[Stack, _Step], None]] = {
    "Gemm": _gemm,
    "MatMul": _matmul,
    "Add": _add,
    "Sub": _subtract,
    "Mul": _multiply,
    "Div": _divide,
    "Relu": _relu,
    "LeakyRelu": _leaky_relu,
}


def _attributes(node: Any) -> dict[str, Any]:
    from onnx import TensorProto, helper, numpy_helper

    facts = {a.name: helper.get_attribute_value(a) for a in node.attribute}
    return {
        name: numpy_helper.to_array(value) if isinstance(value, TensorProto) else value
        for name, value in facts.items()
    }


def _sample_size(value: Any) -> int | None:
    """Entries of one sample: all axes of the input but the first; None if not all are known."""
    sizes = [axis.dim_value for axis in value.type.tensor_type.shape.dim]
    samples = sizes[1:] if len(sizes) > 1 else sizes
    return prod(samples) or None
