"""ATen operators: which move entries or may end a module, and what the others are in ONNX."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from arrangement.errors import InputError
from arrangement.networks.formats.operators.operands import Tensor, constant
from arrangement.networks.formats.operators.table import OPERATORS

__all__ = ["ADVICE", "ENDS", "LIKE", "LOWERED", "MISSING", "MOVES", "Pair"]

MISSING = object()
"""In place of a second result, which is not piecewise linear."""

ADVICE = (
    "train with ReLU, LeakyReLU, PReLU, Hardtanh or Hardsigmoid instead, or read the part of "
    "the module before it"
)

LIKE = frozenset(("full_like", "zeros_like", "ones_like", "empty_like"))
"""Of their first argument these take the shape and nothing else."""

ENDS = frozenset(("_softmax", "_log_softmax", "sigmoid", "argmax", "log_sigmoid"))
"""What may end a module and be left out: the order of the outputs, or their largest, stays."""

MOVES = frozenset(
    f"aten.{name}"
    for name in (
        *("alias.default", "clone.default", "detach.default", "lift_fresh_copy.default"),
        *("_to_copy.default", "copy.default", "view.default", "reshape.default"),
        *("_unsafe_view.default", "permute.default", "transpose.int", "squeeze.dim"),
        *("squeeze.dims", "squeeze.default", "unsqueeze.default", "expand.default"),
        *("repeat.default", "flip.default", "select.int", "slice.Tensor", "unfold.default"),
        *("split_with_sizes.default", "cat.default", "index.Tensor", "_unsafe_index.Tensor"),
        *("gather.default", "index_select.default", "select_scatter.default"),
        *("slice_scatter.default", "scatter.src", "index_put.default", "where.self"),
        *("constant_pad_nd.default", "diagonal.default"),
    )
)
"""Operators that move entries; of several tensors, if they are given several."""

Pair = Sequence[int] | int


def _each(value: Pair, n: int) -> list[int]:
    """One number for each of n axes."""
    sizes = [value] if isinstance(value, int) else list(value)
    return sizes * n if len(sizes) == 1 else sizes


def _onnx(kind: str) -> Callable[..., Any]:
    """An operator of ONNX, of tensors alone; numbers are tensors without axes."""

    def operator(node: Any, *given: Tensor | float) -> Tensor:
        tensors = [x if hasattr(x, "shape") else np.array(float(x)) for x in given]
        return OPERATORS[kind](node, *tensors)

    return operator


_multiply = _onnx("Mul")


def _sum(kind: str) -> Callable[..., Any]:
    def operator(node: Any, a: Any, b: Any, *, alpha: float = 1) -> Tensor:
        return _onnx(kind)(node, a, b if alpha == 1 else _multiply(node, b, alpha))

    return operator


def _addmm(
    node: Any, bias: Tensor, a: Tensor, b: Tensor, *, beta: float = 1, alpha: float = 1
) -> Any:
    return OPERATORS["Gemm"](node, a, b, bias, alpha=float(alpha), beta=float(beta))


def _convolution(
    node: Any, x: Tensor, weights: Tensor, bias: Tensor | None, stride: Pair, padding: Pair,
    dilation: Pair, transposed: bool, output_padding: Pair, groups: int,
) -> Any:  # fmt: skip
    if transposed:
        raise InputError(f"{node.name}: a transposed convolution is not read; {ADVICE}")
    n = len(weights.shape) - 2
    return OPERATORS["Conv"](
        node, x, weights, bias, group=groups, strides=_each(stride, n),
        dilations=_each(dilation, n), pads=_each(padding, n) * 2,
    )  # fmt: skip


def _batch_norm(
    node: Any, x: Tensor, scale: Any, shift: Any, mean: Any, variance: Any, momentum: float,
    epsilon: float,
) -> Any:  # fmt: skip
    scale = np.ones(mean.shape) if scale is None else scale
    shift = np.zeros(mean.shape) if shift is None else shift
    kind = OPERATORS["BatchNormalization"]
    return kind(node, x, scale, shift, mean, variance, epsilon=epsilon), MISSING, MISSING


def _max_pool(
    node: Any, x: Tensor, kernel: Pair, stride: Pair = (), padding: Pair = 0,
    dilation: Pair = 1, ceil_mode: bool = False,
) -> Any:  # fmt: skip
    n = len(x.shape) - 2
    pooled = OPERATORS["MaxPool"](
        node, x, kernel_shape=_each(kernel, n), strides=_each(stride or kernel, n),
        pads=_each(padding, n) * 2, dilations=_each(dilation, n), ceil_mode=ceil_mode,
    )  # fmt: skip
    return pooled, MISSING


def _average_pool(
    node: Any, x: Tensor, kernel: Pair, stride: Pair = (), padding: Pair = 0,
    ceil_mode: bool = False, count_include_pad: bool = True, divisor_override: None = None,
) -> Any:  # fmt: skip
    n = len(x.shape) - 2
    if divisor_override is not None:
        raise InputError(f"{node.name}: divisor_override is not read; divide by a number after")
    return OPERATORS["AveragePool"](
        node, x, kernel_shape=_each(kernel, n), strides=_each(stride or kernel, n),
        pads=_each(padding, n) * 2, ceil_mode=ceil_mode, count_include_pad=count_include_pad,
    )  # fmt: skip


def _clamp(node: Any, x: Tensor, low: Any = None, high: Any = None) -> Any:
    """min(max(x, low), high), where a bound may be none, a number or a tensor."""
    if all(bound is None or np.size(bound) == 1 for bound in (low, high)):
        ends = (None if b is None else np.array(b, np.float64) for b in (low, high))
        return OPERATORS["Clip"](node, x, *ends)
    for bound, kind, none in ((low, "Max", -np.inf), (high, "Min", np.inf)):
        if bound is not None and not np.array_equal(bound, none):
            x = _onnx(kind)(node, x, bound)
    return x


def _hardtanh(node: Any, x: Tensor, low: float = -1.0, high: float = 1.0) -> Any:
    return _clamp(node, x, low, high)


def _hard_sigmoid(node: Any, x: Tensor) -> Tensor:
    return _onnx("Div")(node, _sum("Add")(node, _clamp(node, x, -3, 3), 3), 6)


def _threshold(node: Any, x: Tensor, threshold: float, value: float) -> Any:
    """x where it is more than the threshold, else the value: continuous where they are one."""
    if threshold != value:
        raise InputError(
            f"{node.name} jumps from {value:g} to {threshold:g}, which no continuous piecewise "
            "linear function does; make value and threshold equal"
        )
    return _clamp(node, x, threshold)


def _masked_fill(node: Any, x: Tensor, mask: Tensor, value: Any) -> Any:
    """x, but the value where a mask that depends on no input is true."""
    return _onnx("Where")(node, mask, value, x)


def _leaky_relu(node: Any, x: Tensor, negative_slope: float = 0.01) -> Any:
    return OPERATORS["LeakyRelu"](node, x, alpha=negative_slope)


def _prelu(node: Any, x: Tensor, slopes: Any) -> Any:
    values = constant(slopes, node.name, "the slope").ravel()
    if values.size > 1:  # of channels, the second axis
        values = values.reshape(-1, *(1,) * (len(x.shape) - 2))
    return OPERATORS["PRelu"](node, x, values)


def _reduce(kind: str) -> Callable[..., Any]:
    def operator(node: Any, x: Tensor, axes: Any = None, keepdim: bool = False) -> Any:
        over = [axes] if isinstance(axes, int) else list(axes or ())
        return OPERATORS[kind](node, x, axes=over, keepdims=int(keepdim))

    return operator


def _largest(kind: str) -> Callable[..., Any]:
    """The largest of all entries, or along one axis, with the places."""

    def operator(node: Any, x: Tensor, axis: int | None = None, keepdim: bool = False) -> Any:
        result = _reduce(kind)(node, x, axis, keepdim)
        return result if axis is None else (result, MISSING)

    return operator


LOWERED: dict[str, Callable[..., Any]] = {
    "_native_batch_norm_legit_no_training": _batch_norm, "abs": _onnx("Abs"),
    "add": _sum("Add"), "addmm": _addmm, "amax": _reduce("ReduceMax"),
    "amin": _reduce("ReduceMin"),
    "avg_pool1d": _average_pool, "avg_pool2d": _average_pool, "avg_pool3d": _average_pool,
    "bmm": _onnx("MatMul"), "clamp": _clamp, "convolution": _convolution, "div": _onnx("Div"),
    "hardsigmoid": _hard_sigmoid, "hardtanh": _hardtanh, "leaky_relu": _leaky_relu,
    "masked_fill": _masked_fill, "max": _largest("ReduceMax"),
    "max_pool2d_with_indices": _max_pool, "max_pool3d_with_indices": _max_pool,
    "maximum": _onnx("Max"), "mean": _reduce("ReduceMean"), "min": _largest("ReduceMin"),
    "minimum": _onnx("Min"), "mm": _onnx("MatMul"), "mul": _multiply, "neg": _onnx("Neg"),
    "prelu": _prelu, "relu": _onnx("Relu"), "sub": _sum("Sub"), "sum": _reduce("ReduceSum"),
    "threshold": _threshold,
}  # fmt: skip
