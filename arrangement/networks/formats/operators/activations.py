"""Piecewise linear operators: kinks, bounds, and the largest of several entries."""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce

import numpy as np

from arrangement.errors import InputError
from arrangement.networks.formats.affine_tensors import Affine, concatenated, finite
from arrangement.networks.formats.operators.arithmetic import add, negative, subtract, times
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

__all__ = ["PIECEWISE_LINEAR", "largest"]


def _bent(node: Node, x: Tensor, slopes: Array | float) -> Tensor:
    y = affine(x, node)
    s = np.broadcast_to(np.asarray(slopes, dtype=np.float64), y.shape)
    return plain(node.units.bent(y, s.ravel()))


def _relu(node: Node, x: Tensor) -> Tensor:
    return _bent(node, x, 0.0)


def _leaky_relu(node: Node, x: Tensor, *, alpha: float = float(np.float32(0.01))) -> Tensor:
    return _bent(node, x, alpha)


def _prelu(node: Node, x: Tensor, slope: Tensor) -> Tensor:
    values = finite(constant(slope, node.name, "the slope"), node.name)
    if joint_shape(node, values.shape, x.shape) != x.shape:
        raise InputError(f"{node.name}: slopes of shape {values.shape} for {list(x.shape)}")
    return _bent(node, x, values.astype(np.float64))


def _absolute(node: Node, x: Tensor) -> Tensor:
    if isinstance(x, np.ndarray) and x.dtype.kind in "iu":
        return np.abs(x)
    return _bent(node, x, -1.0)


def _hard_sigmoid(
    node: Node, x: Tensor, *, alpha: float = float(np.float32(0.2)), beta: float = 0.5
) -> Tensor:
    y = times(node, x, alpha)
    y = add(node, y, np.full(y.shape, beta))
    return _between(node, y, np.zeros(()), np.ones(()))


def _between(node: Node, x: Tensor, low: Array | None, high: Array | None) -> Tensor:
    """min(max(x, low), high), with bounds that may be none: low + relu(x − low) − …"""
    if low is not None and high is not None and low >= high:
        return np.broadcast_to(high, x.shape)
    if low is None:
        if high is None:
            return x
        return negative(node, _between(node, negative(node, x), np.asarray(-high), None))
    above = add(node, x, np.broadcast_to(-low, x.shape))
    result = add(node, _relu(node, above), np.broadcast_to(low, x.shape))
    if high is None:
        return result
    above = add(node, x, np.broadcast_to(-high, x.shape))
    return subtract(node, result, _relu(node, above))


def _clip(
    node: Node, x: Tensor, low: Given = None, high: Given = None, *,
    min: float | None = None, max: float | None = None,
) -> Tensor:  # fmt: skip
    ends: list[Array | None] = []
    for bound, attribute, infinite in ((low, min, -np.inf), (high, max, np.inf)):
        value = np.array(attribute) if bound is None and attribute is not None else bound
        if value is None:
            ends.append(None)
            continue
        array = constant(value, node.name, "a bound")
        if array.size != 1:
            raise InputError(
                f"{node.name}: bounds of shape {array.shape}; one number is needed"
            )
        array = array.reshape(())
        # What the numbers of their type cannot exceed is no bound.
        kind = "f8" if bound is not None and array.dtype == np.float64 else "f4"
        limit = array.dtype.kind == "f" and abs(float(array)) >= float(np.finfo(kind).max)
        if array.dtype.kind == "f" and np.isinf(array) and float(array) != infinite:
            raise InputError(f"{node.name}: a bound is {array}, which leaves nothing")
        none = limit and (float(array) > 0) == (infinite > 0)
        ends.append(None if none else finite(array, node.name))
    if isinstance(x, np.ndarray) and x.dtype.kind in "iu":
        least, most = ends
        return np.asarray(np.clip(x, least, most))
    return _between(node, x, *ends)


def _extreme(least: bool) -> Callable[..., Tensor]:
    def operator(node: Node, *given: Tensor) -> Tensor:
        arrays = [x for x in given if isinstance(x, np.ndarray) and x.dtype.kind in "iu"]
        if len(arrays) == len(given):
            return np.asarray(reduce(np.minimum if least else np.maximum, arrays))
        rows = [affine(x, node) for x in broadcast(node, *given)]
        shape, n = rows[0].shape, len(rows[0].offset)
        at = np.arange(n * len(rows)).reshape(len(rows), n).T
        return moved(largest(node, concatenated(rows), at, least), lambda v: v.reshape(shape))

    return operator


def largest(node: Node, x: Affine, at: Array, least: bool = False) -> Tensor:
    """The largest, or least, of the entries at positions in the last axis; −1 is none."""
    shape = at.shape[:-1]
    x = x.scaled(np.full(len(x.offset), -1.0)) if least else x
    at = at.reshape(-1, at.shape[-1])
    while at.shape[1] > 1:
        if at.shape[1] % 2:
            at = np.concatenate([at, np.full((len(at), 1), -1)], axis=1)
        left, right = at[:, ::2], at[:, 1::2]
        both = (left >= 0) & (right >= 0) & (left != right)
        larger = node.units.larger(*(x.take(part[both]) for part in (left, right)))
        n = len(x.offset)
        at = np.where(left >= 0, left, right)
        at[both] = n + np.arange(int(both.sum()))
        x = concatenated([x, larger])
    if np.any(at < 0):
        raise InputError(f"{node.name}: a window lies in the padding")
    result = x.take(at.reshape(shape))
    return plain(result.scaled(np.full(len(result.offset), -1.0)) if least else result)


PIECEWISE_LINEAR: dict[str, Callable[..., Tensor]] = {
    "Abs": _absolute, "Clip": _clip, "HardSigmoid": _hard_sigmoid, "LeakyRelu": _leaky_relu,
    "Max": _extreme(False), "Min": _extreme(True), "PRelu": _prelu, "Relu": _relu,
}  # fmt: skip
