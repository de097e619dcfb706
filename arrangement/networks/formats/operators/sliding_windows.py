"""Convolutions, pools and reductions: what is computed of the entries in a window."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import ceil, prod
from typing import Any

import numpy as np

from arrangement.errors import InputError
from arrangement.networks.formats.affine_tensors import Affine, finite
from arrangement.networks.formats.operators.activations import largest
from arrangement.networks.formats.operators.arithmetic import add, inverse
from arrangement.networks.formats.operators.operands import (
    Array,
    Given,
    Node,
    Tensor,
    affine,
    axes_of,
    constant,
    integers,
    moved,
    plain,
)

__all__ = ["OF_WINDOWS"]


def _windows(
    node: Node, shape: Sequence[int], kernel: Sequence[int], *,
    auto_pad: bytes | str = "NOTSET", ceil_mode: int = 0, dilations: Any = None,
    pads: Any = None, strides: Any = None,
) -> tuple[Array, Array]:  # fmt: skip
    """Which positions of the last axes are in which window, shape (windows…, kernel), −1 in
    the padding; and which of its places are in the padded tensor, not beyond its end."""
    n = len(kernel)
    sizes = list(shape[2:])
    if len(sizes) != n or n == 0:
        raise InputError(
            f"{node.name}: a kernel of {n} axes on a tensor of shape {list(shape)}"
        )
    steps, widths = list(strides or [1] * n), list(dilations or [1] * n)
    given = list(pads or [0] * (2 * n))
    if len(steps) != n or len(widths) != n or len(given) != 2 * n:
        raise InputError(f"{node.name}: strides, dilations or pads of another kernel")
    if min(*steps, *widths, *kernel) < 1 or min(given) < 0:
        raise InputError(f"{node.name}: strides, dilations or pads out of range")
    mode = auto_pad.decode() if isinstance(auto_pad, bytes) else auto_pad
    found, counted = [], []
    for i, (size, k) in enumerate(zip(sizes, kernel, strict=True)):
        extent = (k - 1) * widths[i] + 1
        low, high = given[i], given[i + n]
        if mode in ("SAME_UPPER", "SAME_LOWER"):
            pad = max((ceil(size / steps[i]) - 1) * steps[i] + extent - size, 0)
            low = pad // 2 if mode == "SAME_UPPER" else pad - pad // 2
            high = pad - low
        elif mode == "VALID":
            low = high = 0
        elif mode != "NOTSET":
            raise InputError(f"{node.name}: auto_pad {mode} is not known")
        room = size + low + high - extent
        if room < 0:
            raise InputError(f"{node.name}: a kernel of {extent} on {size} entries")
        count = (ceil(room / steps[i]) if ceil_mode else room // steps[i]) + 1
        if ceil_mode and (count - 1) * steps[i] >= size + low:
            count -= 1  # no window begins in the padding at the end
        at = np.arange(count)[:, None] * steps[i] + np.arange(k) * widths[i] - low
        found.append(np.where((at >= 0) & (at < size), at, -1))
        counted.append(at < size + high)
    whole = np.arange(prod(sizes)).reshape(sizes)
    outs, ks = [f.shape[0] for f in found], [f.shape[1] for f in found]
    index, inside = [], []
    for i in range(n):
        form = [1] * (2 * n)
        form[i], form[n + i] = outs[i], ks[i]
        index.append(np.broadcast_to(found[i].reshape(form), (*outs, *ks)))
        inside.append(np.broadcast_to(counted[i].reshape(form), (*outs, *ks)))
    missing = np.any([f < 0 for f in index], axis=0)
    places = np.where(missing, -1, whole[tuple(index)])
    flat = (*outs, prod(ks))
    return places.reshape(flat), np.all(inside, axis=0).reshape(flat)


def _in_windows(x: Affine, places: Array) -> Array:
    """Positions in each channel, shape (N, C, windows…, kernel)."""
    first = x.positions.reshape(*x.shape[:2], -1)[:, :, :1]
    first = first.reshape(*first.shape[:2], *(1,) * places.ndim)
    return np.asarray(np.where(places < 0, -1, first + places))


def _conv(
    node: Node, x: Tensor, weights: Tensor, bias: Given = None, *,
    group: int = 1, kernel_shape: Any = None, **window: Any,
) -> Tensor:  # fmt: skip
    W = finite(constant(weights, node.name, "the kernel"), node.name)
    x = affine(x, node)
    if W.ndim != len(x.shape) or W.ndim < 3:
        raise InputError(f"{node.name}: kernels of shape {W.shape} on shape {list(x.shape)}")
    kernel = W.shape[2:]
    if kernel_shape is not None and tuple(kernel_shape) != kernel:
        raise InputError(f"{node.name}: kernel_shape is not that of the kernel")
    (N, C), M = x.shape[:2], W.shape[0]
    if group < 1 or W.shape[1] * group != C or M % group:
        raise InputError(f"{node.name}: kernels of shape {W.shape} for {C} channels")
    places, _ = _windows(node, x.shape, kernel, **window)
    outs, K = places.shape[:-1], places.shape[-1]
    at = _in_windows(x, places).reshape(N, group, C // group, -1, K)
    at = at.transpose(0, 1, 3, 2, 4).reshape(N, group, 1, -1, C // group * K)
    J = at.shape[-1]
    full = N, group, M // group, at.shape[3], J
    factors = W.reshape(1, group, M // group, 1, J)
    source, factors = (np.broadcast_to(v, full).reshape(-1, J) for v in (at, factors))
    y = plain(x.combined(source, factors, (N, M, *outs)))
    if bias is None:
        return y
    b = constant(bias, node.name, "the bias")
    if b.shape != (M,):
        raise InputError(f"{node.name}: biases of shape {b.shape} for {M} channels")
    return add(node, y, np.broadcast_to(b.reshape(-1, *(1,) * len(outs)), y.shape))


def _average_pool(
    node: Node, x: Tensor, *, kernel_shape: Any, count_include_pad: int = 0, **window: Any
) -> Tensor:
    x = affine(x, node)
    places, inside = _windows(node, x.shape, kernel_shape, **window)
    at = _in_windows(x, places)
    counted = inside if count_include_pad else places >= 0
    number = counted.sum(axis=-1)
    if np.any(number == 0):
        raise InputError(f"{node.name}: a window lies in the padding")
    factors = inverse(number.astype(np.float64))[..., None]
    return _means(x, at, np.broadcast_to(factors, places.shape))


def _means(x: Affine, at: Array, factors: Array) -> Tensor:
    shape, J = at.shape[:-1], at.shape[-1]
    return plain(
        x.combined(at.reshape(-1, J), np.broadcast_to(factors, at.shape).reshape(-1, J), shape)
    )


def _reduce(kind: str) -> Callable[..., Tensor]:
    def operator(
        node: Node, x: Tensor, axes_input: Given = None, *,
        axes: Any = None, keepdims: int = 1, noop_with_empty_axes: int = 0,
    ) -> Tensor:  # fmt: skip
        y = affine(x, node)
        rank = len(y.shape)
        chosen = axes if axes_input is None else integers(axes_input, node.name, "the axes")
        if not chosen and noop_with_empty_axes:
            return x
        over = axes_of(chosen or range(rank), rank, node)
        rest = [i for i in range(rank) if i not in over]
        # What becomes one entry is in the last axis.
        at = y.positions.transpose(*rest, *over)
        at = at.reshape(*(y.shape[i] for i in rest), -1)
        if at.shape[-1] == 0:
            raise InputError(f"{node.name}: of no entries")
        sizes = enumerate(y.shape)
        shape = tuple(1 if i in over else n for i, n in sizes if keepdims or i not in over)
        if kind in ("max", "min"):
            result: Tensor = largest(node, y, at, kind == "min")
        else:
            count = np.full(1, at.shape[-1] if kind == "mean" else 1, dtype=np.float64)
            result = _means(y, at, inverse(count))
        return moved(result, lambda v: v.reshape(shape))

    return operator


def _global_pool(kind: str) -> Callable[..., Tensor]:
    def operator(node: Node, x: Tensor) -> Tensor:
        if len(x.shape) < 3:
            raise InputError(f"{node.name}: an input of {len(x.shape)} axes has no image")
        return _reduce(kind)(node, x, axes=list(range(2, len(x.shape))))

    return operator


def _max_pool(
    node: Node, x: Tensor, *, kernel_shape: Any, storage_order: int = 0, **window: Any
) -> Tensor:
    if node.n_outputs > 1:
        raise InputError(f"{node.name}: the places of the maxima are not piecewise linear")
    x = affine(x, node)
    places, _ = _windows(node, x.shape, kernel_shape, **window)
    return largest(node, x, _in_windows(x, places))


OF_WINDOWS: dict[str, Callable[..., Tensor]] = {
    "AveragePool": _average_pool, "Conv": _conv, "GlobalAveragePool": _global_pool("mean"),
    "GlobalMaxPool": _global_pool("max"), "MaxPool": _max_pool, "ReduceMax": _reduce("max"),
    "ReduceMean": _reduce("mean"), "ReduceMin": _reduce("min"), "ReduceSum": _reduce("sum"),
}  # fmt: skip
