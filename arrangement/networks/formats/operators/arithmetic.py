"""Affine operators: sums, multiples, matrices and normalization."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from math import prod
from typing import Any

import numpy as np

from arrangement.errors import InputError
from arrangement.networks.formats.affine_tensors import Affine, finite, product, total
from arrangement.networks.formats.operators.operands import (
    Array,
    Given,
    Node,
    Tensor,
    affine,
    broadcast,
    constant,
    joint_shape,
    moved,
    plain,
)
from arrangement.networks.weights import exact_values

__all__ = ["AFFINE", "add", "inverse", "negative", "subtract", "times"]


def add(node: Node, a: Tensor, b: Tensor) -> Tensor:
    """The sum, broadcast."""
    a, b = broadcast(node, a, b)
    if isinstance(a, Affine) and isinstance(b, Affine):
        return a.plus(b)
    if isinstance(b, Affine):
        a, b = b, a
    b = constant(b, node.name, "a term")
    if isinstance(a, Affine):
        return a.shifted(finite(b, node.name))
    if a.dtype.kind in "iu" and b.dtype.kind in "iu":
        return np.asarray(a + b)
    return total(finite(a, node.name), finite(b, node.name))


def _scale(node: Node, a: Tensor, factor: Array) -> Tensor:
    if isinstance(a, Affine):
        return a.scaled(finite(factor, node.name))
    if a.dtype.kind in "iu" and factor.dtype.kind in "iu":
        return np.asarray(a * factor)
    return product(finite(a, node.name), finite(factor, node.name))


def _add_all(node: Node, *terms: Tensor) -> Tensor:
    result = terms[0]
    for term in terms[1:]:
        result = add(node, result, term)
    return result


def negative(node: Node, x: Tensor) -> Tensor:
    """Minus a tensor."""
    if isinstance(x, Affine):
        return x.scaled(np.full(len(x.offset), -1.0))
    return np.asarray(-x)


def subtract(node: Node, a: Tensor, b: Tensor) -> Tensor:
    """The difference, broadcast."""
    return add(node, a, negative(node, b))


def _multiply(node: Node, a: Tensor, b: Tensor) -> Tensor:
    a, b = broadcast(node, a, b)
    if isinstance(b, Affine):
        a, b = b, a
    if isinstance(b, Affine):
        raise InputError(
            f"{node.name}: a product of two values that depend on the input is not piecewise "
            "linear; replace it by Relu, Max or Clip, or cut the model before it"
        )
    return _scale(node, a, b)


def _divide(node: Node, a: Tensor, b: Tensor) -> Tensor:
    a, b = broadcast(node, a, b)
    divisor = constant(b, node.name, "the divisor")
    if np.any(divisor == 0):
        raise InputError(f"{node.name}: division by zero")
    if isinstance(a, np.ndarray) and a.dtype.kind + divisor.dtype.kind in ("ii", "uu"):
        quotient = abs(a) // abs(divisor)
        return np.asarray(np.where((a < 0) != (divisor < 0), -quotient, quotient))
    return _scale(node, a, inverse(finite(divisor, node.name)))


def inverse(values: Array) -> Array:
    """1 / values, exactly: float64 for powers of two."""
    if values.dtype != object and np.all(np.abs(np.frexp(values)[0]) == 0.5):
        return np.asarray(1.0 / values)
    return np.asarray(Fraction(1) / np.asarray(exact_values(values), dtype=object))


def _mean_all(node: Node, *terms: Tensor) -> Tensor:
    return times(node, _add_all(node, *terms), Fraction(1, len(terms)))


def times(node: Node, x: Tensor, factor: Any) -> Tensor:
    """A tensor times one number."""
    if factor == 1:
        return x
    value = np.array(factor, dtype=object if isinstance(factor, Fraction) else np.float64)
    return _scale(node, x, np.broadcast_to(value, x.shape))


def _matmul(node: Node, a: Tensor, b: Tensor) -> Tensor:
    if isinstance(a, Affine) and isinstance(b, Affine):
        raise InputError(
            f"{node.name}: a product of two values that depend on the input is not piecewise "
            "linear; attention and bilinear layers are not read: cut the model before it"
        )
    shapes = a.shape, b.shape
    if min(map(len, shapes)) == 0:
        raise InputError(f"{node.name}: a number without axes is no matrix")
    flat_a, flat_b = len(a.shape) == 1, len(b.shape) == 1
    a = moved(a, lambda v: v[None, :]) if flat_a else a
    b = moved(b, lambda v: v[:, None]) if flat_b else b
    if a.shape[-1] != b.shape[-2]:
        raise InputError(
            f"{node.name}: takes {b.shape[-2]} inputs, but there are {a.shape[-1]} "
            f"(shapes {list(shapes[0])} and {list(shapes[1])})"
        )
    if not isinstance(b, Affine):
        result = _rows_times(node, a, b)
    else:
        turned, W = (moved(v, lambda t: t.swapaxes(-1, -2)) for v in (b, a))
        result = _rows_times(node, turned, constant(W, node.name, "a matrix"))
        result = moved(result, lambda t: t.swapaxes(-1, -2))
    if flat_a:
        result = moved(result, lambda v: v[..., 0, :])
    return moved(result, lambda v: v[..., 0]) if flat_b else result


def _rows_times(node: Node, x: Tensor, W: Array) -> Tensor:
    """The matrices x (…, m, k) times constants (…, k, n)."""
    x, W = affine(x, node), finite(W, node.name)
    outer = joint_shape(node, x.shape[:-2], W.shape[:-2])
    (m, k), n = x.shape[-2:], W.shape[-1]
    shape = (*outer, m, n)
    source = np.broadcast_to(x.positions[..., :, None, :], (*outer, m, n, k))
    factors = np.broadcast_to(W.swapaxes(-1, -2)[..., None, :, :], (*outer, m, n, k))
    rows = prod(shape)
    return plain(x.combined(source.reshape(rows, k), factors.reshape(rows, k), shape))


def _gemm(
    node: Node, a: Tensor, b: Tensor, c: Given = None, *,
    alpha: float = 1.0, beta: float = 1.0, transA: int = 0, transB: int = 0,
) -> Tensor:  # fmt: skip
    for x in (a, b):
        if len(x.shape) != 2:
            raise InputError(f"{node.name}: of {len(x.shape)} axes; Gemm is of matrices")
    a = moved(a, np.transpose) if transA else a
    b = moved(b, np.transpose) if transB else b
    result = times(node, _matmul(node, a, b), alpha)
    if c is None:
        return result
    if joint_shape(node, c.shape, result.shape) != result.shape:
        raise InputError(f"{node.name}: biases of shape {c.shape} for {list(result.shape)}")
    return add(node, result, times(node, c, beta))


def _batch_normalization(
    node: Node, x: Tensor, scale: Tensor, shift: Tensor, mean: Tensor, variance: Tensor, *,
    epsilon: float = float(np.float32(1e-5)), momentum: float = 0.9, training_mode: int = 0,
    spatial: int = 1,
) -> Tensor:  # fmt: skip
    if training_mode or not spatial:
        raise InputError(f"{node.name}: is in training mode; export the model for evaluation")
    if len(x.shape) < 2:
        raise InputError(f"{node.name}: an input of {len(x.shape)} axes has no channels")
    gamma, beta, mu, square = (
        finite(constant(v, node.name, "a statistic"), node.name)
        for v in (scale, shift, mean, variance)
    )
    if {v.shape for v in (gamma, beta, mu, square)} != {x.shape[1:2]}:
        raise InputError(f"{node.name}: statistics of {gamma.shape} for {x.shape[1]} channels")
    spread = square.astype(np.float64) + epsilon
    if not np.all(spread > 0):
        raise InputError(f"{node.name}: a variance is negative")
    # A root is no rational number, and the result in float64 is as near as any.
    factor = gamma.astype(np.float64) / np.sqrt(spread)
    shift = total(beta, -product(factor, mu)).astype(np.float64)
    along = (1, -1, *(1,) * (len(x.shape) - 2))
    each = (np.broadcast_to(v.reshape(along), x.shape) for v in (factor, shift))
    y = affine(x, node).rounded(*each)
    for numbers in (y.value, y.offset):
        finite(numbers, node.name)
    return plain(y)


def _scaler(node: Node, x: Tensor, *, offset: Any = (0.0,), scale: Any = (1.0,)) -> Tensor:
    shift, factor = (np.asarray(v, dtype=np.float32) for v in (offset, scale))
    shifted = subtract(node, x, shift)
    if shifted.shape != x.shape:
        raise InputError(f"{node.name}: offsets of shape {shift.shape} for {list(x.shape)}")
    return _multiply(node, shifted, factor)


AFFINE: dict[str, Callable[..., Tensor]] = {
    "Add": add, "BatchNormalization": _batch_normalization, "Div": _divide, "Gemm": _gemm,
    "MatMul": _matmul, "Mean": _mean_all, "Mul": _multiply, "Neg": negative,
    "Scaler": _scaler, "Sub": subtract, "Sum": _add_all,
}  # fmt: skip
