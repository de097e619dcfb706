"""The operators of ONNX on tensors of affine functions, and on constants.

Each function takes the graph that is being read, the inputs of its node (constants are arrays,
what depends on the input of the model is an :class:`Affine`, None is left out) and the node's
attributes by name.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import reduce
from inspect import Parameter, signature
from itertools import pairwise
from math import ceil, prod
from typing import Any, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from arrangement.errors import InputError
from arrangement.memory import refuse
from arrangement.networks.formats.affine_tensors import (
    Affine,
    Units,
    concatenated,
    finite,
    product,
    total,
)
from arrangement.networks.weights import exact_values

__all__ = ["FOLDED", "OPERATORS", "Node", "Tensor", "applied", "constant"]

Tensor: TypeAlias = Affine | NDArray[Any]
Given: TypeAlias = Tensor | None
Array: TypeAlias = NDArray[Any]


class Node(Protocol):
    """What an operator knows of its node."""

    name: str
    units: Units
    opset: int
    n_outputs: int


FOLDED = frozenset(
    (
        *("Sqrt", "Exp", "Log", "Pow", "Reciprocal", "Floor", "Ceil", "Round", "Mod", "Range"),
        *("Equal", "Greater", "GreaterOrEqual", "Less", "LessOrEqual", "Not", "And", "Or"),
        *("NonZero", "ReduceProd", "CumSum", "Sign", "ScatterND", "Trilu", "OneHot"),
        *("BitShift", "Softmax", "Sigmoid", "Tanh", "Erf", "ArgMax", "ArgMin", "TopK"),
    )
)
"""Operators that are not piecewise linear, or of integers: read if all inputs are constant."""


def applied(node: Node, kind: str, given: Sequence[Any], facts: dict[str, Any]) -> Any:
    """What an operator makes of its inputs, if it has these and reads these attributes."""
    operator = OPERATORS[kind]
    known = list(signature(operator).parameters.values())
    named = {p.name for p in known if p.kind == p.KEYWORD_ONLY}
    if (unknown := facts.keys() - named) and known[-1].kind != Parameter.VAR_KEYWORD:
        raise InputError(f"{node.name}: the attribute {min(unknown)} is not read")
    while given and given[-1] is None:
        given = given[:-1]
    several = any(p.kind == Parameter.VAR_POSITIONAL for p in known)
    needed = [
        p for p in known[1:] if p.kind == p.POSITIONAL_OR_KEYWORD and p.default is p.empty
    ]
    least = max(len(given), 1) if several else len(needed)
    if least > len(given) or any(value is None for value in given[:least]):
        raise InputError(f"{node.name}: malformed (an input is missing)")
    return operator(node, *given, **facts)


def constant(x: Given, name: str, what: str) -> Array:
    """An input that must not depend on the input of the model."""
    if x is None:
        raise InputError(f"{name}: {what} is missing")
    if isinstance(x, Affine):
        raise InputError(f"{name}: {what} depends on the input, which is not piecewise linear")
    return x


def _numbers(x: Given, name: str, what: str) -> list[int]:
    values = constant(x, name, what)
    if values.dtype.kind not in "iu":
        raise InputError(f"{name}: {what} must be integers, not {values.dtype}")
    return [int(v) for v in values.ravel()]


def _affine(x: Tensor, node: Node) -> Affine:
    return x if isinstance(x, Affine) else Affine.constant(finite(x, node.name))


def _plain(x: Affine) -> Tensor:
    """A tensor without variables as an array."""
    return x if x.index.shape[1] else x.offset.reshape(x.shape)


def _moved(x: Given, move: Callable[[Array], Array]) -> Tensor:
    """Entries at other places: what an array is moved by moves the positions of others."""
    assert x is not None
    return x.take(move(x.positions)) if isinstance(x, Affine) else np.asarray(move(x))


def _joint(node: Node, *shapes: tuple[int, ...]) -> tuple[int, ...]:
    """The shape to which all are broadcast."""
    try:
        return np.broadcast_shapes(*shapes)
    except ValueError:
        listed = " and ".join(str(list(shape)) for shape in shapes)
        raise InputError(f"{node.name}: shapes {listed} do not fit one another") from None


def _broadcast(node: Node, *tensors: Tensor) -> list[Tensor]:
    shape = _joint(node, *(x.shape for x in tensors))
    return [_moved(x, lambda a: np.broadcast_to(a, shape)) for x in tensors]


def _axis(axis: int, rank: int, node: Node) -> int:
    if not -rank <= axis < max(rank, 1):
        raise InputError(f"{node.name}: axis {axis} of a tensor of {rank} axes")
    return axis % rank if rank else 0


def _axes(axes: Sequence[int], rank: int, node: Node) -> tuple[int, ...]:
    found = [_axis(a, rank, node) for a in axes]
    if len({*found}) < len(found):
        raise InputError(f"{node.name}: axes {list(axes)}, some twice")
    return tuple(sorted(found))


# Affine operators.


def _add(node: Node, a: Tensor, b: Tensor) -> Tensor:
    a, b = _broadcast(node, a, b)
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
        result = _add(node, result, term)
    return result


def _negative(node: Node, x: Tensor) -> Tensor:
    if isinstance(x, Affine):
        return x.scaled(np.full(len(x.offset), -1.0))
    return np.asarray(-x)


def _subtract(node: Node, a: Tensor, b: Tensor) -> Tensor:
    return _add(node, a, _negative(node, b))


def _multiply(node: Node, a: Tensor, b: Tensor) -> Tensor:
    a, b = _broadcast(node, a, b)
    if isinstance(b, Affine):
        a, b = b, a
    if isinstance(b, Affine):
        raise InputError(
            f"{node.name}: a product of two values that depend on the input is not piecewise "
            "linear; replace it by Relu, Max or Clip, or cut the model before it"
        )
    return _scale(node, a, b)


def _divide(node: Node, a: Tensor, b: Tensor) -> Tensor:
    a, b = _broadcast(node, a, b)
    divisor = constant(b, node.name, "the divisor")
    if np.any(divisor == 0):
        raise InputError(f"{node.name}: division by zero")
    if isinstance(a, np.ndarray) and a.dtype.kind + divisor.dtype.kind in ("ii", "uu"):
        quotient = abs(a) // abs(divisor)
        return np.asarray(np.where((a < 0) != (divisor < 0), -quotient, quotient))
    return _scale(node, a, _inverse(finite(divisor, node.name)))


def _inverse(values: Array) -> Array:
    """1 / values, exactly: float64 for powers of two."""
    if values.dtype != object and np.all(np.abs(np.frexp(values)[0]) == 0.5):
        return np.asarray(1.0 / values)
    return np.asarray(Fraction(1) / np.asarray(exact_values(values), dtype=object))


def _mean_all(node: Node, *terms: Tensor) -> Tensor:
    return _times(node, _add_all(node, *terms), Fraction(1, len(terms)))


def _times(node: Node, x: Tensor, factor: Any) -> Tensor:
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
    a = _moved(a, lambda v: v[None, :]) if flat_a else a
    b = _moved(b, lambda v: v[:, None]) if flat_b else b
    if a.shape[-1] != b.shape[-2]:
        raise InputError(
            f"{node.name}: takes {b.shape[-2]} inputs, but there are {a.shape[-1]} "
            f"(shapes {list(shapes[0])} and {list(shapes[1])})"
        )
    if not isinstance(b, Affine):
        result = _rows_times(node, a, b)
    else:
        turned, W = (_moved(v, lambda t: t.swapaxes(-1, -2)) for v in (b, a))
        result = _rows_times(node, turned, constant(W, node.name, "a matrix"))
        result = _moved(result, lambda t: t.swapaxes(-1, -2))
    if flat_a:
        result = _moved(result, lambda v: v[..., 0, :])
    return _moved(result, lambda v: v[..., 0]) if flat_b else result


def _rows_times(node: Node, x: Tensor, W: Array) -> Tensor:
    """The matrices x (…, m, k) times constants (…, k, n)."""
    x, W = _affine(x, node), finite(W, node.name)
    outer = _joint(node, x.shape[:-2], W.shape[:-2])
    (m, k), n = x.shape[-2:], W.shape[-1]
    shape = (*outer, m, n)
    source = np.broadcast_to(x.positions[..., :, None, :], (*outer, m, n, k))
    factors = np.broadcast_to(W.swapaxes(-1, -2)[..., None, :, :], (*outer, m, n, k))
    rows = prod(shape)
    return _plain(x.combined(source.reshape(rows, k), factors.reshape(rows, k), shape))


def _gemm(
    node: Node, a: Tensor, b: Tensor, c: Given = None, *,
    alpha: float = 1.0, beta: float = 1.0, transA: int = 0, transB: int = 0,
) -> Tensor:  # fmt: skip
    for x in (a, b):
        if len(x.shape) != 2:
            raise InputError(f"{node.name}: of {len(x.shape)} axes; Gemm is of matrices")
    a = _moved(a, np.transpose) if transA else a
    b = _moved(b, np.transpose) if transB else b
    result = _times(node, _matmul(node, a, b), alpha)
    if c is None:
        return result
    if _joint(node, c.shape, result.shape) != result.shape:
        raise InputError(f"{node.name}: biases of shape {c.shape} for {list(result.shape)}")
    return _add(node, result, _times(node, c, beta))


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
    y = _affine(x, node).rounded(*each)
    for numbers in (y.value, y.offset):
        finite(numbers, node.name)
    return _plain(y)


def _scaler(node: Node, x: Tensor, *, offset: Any = (0.0,), scale: Any = (1.0,)) -> Tensor:
    shift, factor = (np.asarray(v, dtype=np.float32) for v in (offset, scale))
    shifted = _subtract(node, x, shift)
    if shifted.shape != x.shape:
        raise InputError(f"{node.name}: offsets of shape {shift.shape} for {list(x.shape)}")
    return _multiply(node, shifted, factor)


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
    x = _affine(x, node)
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
    y = _plain(x.combined(source, factors, (N, M, *outs)))
    if bias is None:
        return y
    b = constant(bias, node.name, "the bias")
    if b.shape != (M,):
        raise InputError(f"{node.name}: biases of shape {b.shape} for {M} channels")
    return _add(node, y, np.broadcast_to(b.reshape(-1, *(1,) * len(outs)), y.shape))


def _average_pool(
    node: Node, x: Tensor, *, kernel_shape: Any, count_include_pad: int = 0, **window: Any
) -> Tensor:
    x = _affine(x, node)
    places, inside = _windows(node, x.shape, kernel_shape, **window)
    at = _in_windows(x, places)
    counted = inside if count_include_pad else places >= 0
    number = counted.sum(axis=-1)
    if np.any(number == 0):
        raise InputError(f"{node.name}: a window lies in the padding")
    factors = _inverse(number.astype(np.float64))[..., None]
    return _means(x, at, np.broadcast_to(factors, places.shape))


def _means(x: Affine, at: Array, factors: Array) -> Tensor:
    shape, J = at.shape[:-1], at.shape[-1]
    return _plain(
        x.combined(at.reshape(-1, J), np.broadcast_to(factors, at.shape).reshape(-1, J), shape)
    )


def _reduced(
    node: Node, x: Tensor, axes: Given, keepdims: int, noop: int, given: Any
) -> tuple[Affine, Array, tuple[int, ...]] | None:
    """The positions that become one entry, in the last axis, and the shape of the result."""
    y = _affine(x, node)
    rank = len(y.shape)
    chosen = given if axes is None else _numbers(axes, node.name, "the axes")
    if not chosen:
        if noop:
            return None
        chosen = list(range(rank))
    over = _axes(chosen, rank, node)
    rest = tuple(i for i in range(rank) if i not in over)
    at = y.positions.transpose(*rest, *over)
    at = at.reshape(*(y.shape[i] for i in rest), -1)
    kept = tuple(
        1 if i in over else n for i, n in enumerate(y.shape) if keepdims or i not in over
    )
    if at.shape[-1] == 0:
        raise InputError(f"{node.name}: of no entries")
    return y, at, kept


def _reduce(kind: str) -> Callable[..., Tensor]:
    def operator(
        node: Node, x: Tensor, axes_input: Given = None, *,
        axes: Any = None, keepdims: int = 1, noop_with_empty_axes: int = 0,
    ) -> Tensor:  # fmt: skip
        found = _reduced(node, x, axes_input, keepdims, noop_with_empty_axes, axes)
        if found is None:
            return x
        y, at, shape = found
        if kind in ("max", "min"):
            result: Tensor = _largest(node, y, at, kind == "min")
        else:
            count = np.full(1, at.shape[-1] if kind == "mean" else 1, dtype=np.float64)
            result = _means(y, at, _inverse(count))
        return _moved(result, lambda v: v.reshape(shape))

    return operator


def _global_pool(kind: str) -> Callable[..., Tensor]:
    def operator(node: Node, x: Tensor) -> Tensor:
        if len(x.shape) < 3:
            raise InputError(f"{node.name}: an input of {len(x.shape)} axes has no image")
        return _reduce(kind)(node, x, axes=list(range(2, len(x.shape))))

    return operator


# Piecewise linear operators.


def _bent(node: Node, x: Tensor, slopes: Array | float) -> Tensor:
    y = _affine(x, node)
    s = np.broadcast_to(np.asarray(slopes, dtype=np.float64), y.shape)
    return _plain(node.units.bent(y, s.ravel()))


def _relu(node: Node, x: Tensor) -> Tensor:
    return _bent(node, x, 0.0)


def _leaky_relu(node: Node, x: Tensor, *, alpha: float = float(np.float32(0.01))) -> Tensor:
    return _bent(node, x, alpha)


def _prelu(node: Node, x: Tensor, slope: Tensor) -> Tensor:
    values = finite(constant(slope, node.name, "the slope"), node.name)
    if _joint(node, values.shape, x.shape) != x.shape:
        raise InputError(f"{node.name}: slopes of shape {values.shape} for {list(x.shape)}")
    return _bent(node, x, values.astype(np.float64))


def _absolute(node: Node, x: Tensor) -> Tensor:
    if isinstance(x, np.ndarray) and x.dtype.kind in "iu":
        return np.abs(x)
    return _bent(node, x, -1.0)


def _hard_sigmoid(
    node: Node, x: Tensor, *, alpha: float = float(np.float32(0.2)), beta: float = 0.5
) -> Tensor:
    y = _times(node, x, alpha)
    y = _add(node, y, np.full(y.shape, beta))
    return _between(node, y, np.zeros(()), np.ones(()))


def _between(node: Node, x: Tensor, low: Array | None, high: Array | None) -> Tensor:
    """min(max(x, low), high), with bounds that may be none: low + relu(x − low) − …"""
    if low is not None and high is not None and low >= high:
        return np.broadcast_to(high, x.shape)
    if low is None:
        if high is None:
            return x
        return _negative(node, _between(node, _negative(node, x), np.asarray(-high), None))
    above = _add(node, x, np.broadcast_to(-low, x.shape))
    result = _add(node, _relu(node, above), np.broadcast_to(low, x.shape))
    if high is None:
        return result
    above = _add(node, x, np.broadcast_to(-high, x.shape))
    return _subtract(node, result, _relu(node, above))


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
        rows = [_affine(x, node) for x in _broadcast(node, *given)]
        shape, n = rows[0].shape, len(rows[0].offset)
        at = np.arange(n * len(rows)).reshape(len(rows), n).T
        return _moved(_largest(node, concatenated(rows), at, least), lambda v: v.reshape(shape))

    return operator


def _largest(node: Node, x: Affine, at: Array, least: bool = False) -> Tensor:
    """The largest, or least, of the entries at positions in the last axis; −1 is none."""
    shape = at.shape[:-1]
    x = x.scaled(np.full(len(x.offset), -1.0)) if least else x
    at = at.reshape(-1, at.shape[-1])
    while at.shape[1] > 1:
        if at.shape[1] % 2:
            at = np.concatenate([at, np.full((len(at), 1), -1)], axis=1)
        left, right = at[:, ::2], at[:, 1::2]
        both = (left >= 0) & (right >= 0) & (left != right)
        larger = node.units.larger(*(_flat(x).take(part[both]) for part in (left, right)))
        n = len(x.offset)
        at = np.where(left >= 0, left, right)
        at[both] = n + np.arange(int(both.sum()))
        x = concatenated([x, larger])
    if np.any(at < 0):
        raise InputError(f"{node.name}: a window lies in the padding")
    result = _flat(x).take(at.reshape(shape))
    return _plain(result.scaled(np.full(len(result.offset), -1.0)) if least else result)


def _flat(x: Affine) -> Affine:
    return Affine(x.offset.shape, x.index, x.value, x.offset)


def _max_pool(
    node: Node, x: Tensor, *, kernel_shape: Any, storage_order: int = 0, **window: Any
) -> Tensor:
    if node.n_outputs > 1:
        raise InputError(f"{node.name}: the places of the maxima are not piecewise linear")
    x = _affine(x, node)
    places, _ = _windows(node, x.shape, kernel_shape, **window)
    return _largest(node, x, _in_windows(x, places))


# Operators that move entries.


def _flatten(node: Node, x: Tensor, *, axis: int = 1) -> Tensor:
    rank = len(x.shape)
    if not -rank <= axis <= rank:
        raise InputError(f"{node.name}: axis {axis} of a tensor of {rank} axes")
    first = prod(x.shape[: axis + rank if axis < 0 else axis])
    return _moved(x, lambda v: v.reshape(first, -1))


def _reshape(node: Node, x: Tensor, shape: Tensor, *, allowzero: int = 0) -> Tensor:
    sizes = _numbers(shape, node.name, "the shape")
    wanted = [
        x.shape[i] if n == 0 and not allowzero and i < len(x.shape) else n
        for i, n in enumerate(sizes)
    ]
    known = prod(n for n in wanted if n != -1)
    fits = known == prod(x.shape) if -1 not in wanted else known and prod(x.shape) % known == 0
    if min(wanted, default=0) < -1 or wanted.count(-1) > 1 or not fits:
        raise InputError(f"{node.name}: shape {list(x.shape)} cannot become {sizes}")
    return _moved(x, lambda v: v.reshape(wanted))


def _transpose(node: Node, x: Tensor, *, perm: Any = None) -> Tensor:
    return _moved(x, lambda v: v.transpose(perm))


def _squeeze(node: Node, x: Tensor, given: Given = None, *, axes: Any = None) -> Tensor:
    chosen = axes if given is None else _numbers(given, node.name, "the axes")
    if chosen is None:
        return _moved(x, np.squeeze)
    over = _axes(chosen, len(x.shape), node)
    if any(x.shape[i] != 1 for i in over):
        raise InputError(f"{node.name}: axes {list(chosen)} of shape {list(x.shape)}")
    return _moved(x, lambda v: v.squeeze(over))


def _unsqueeze(node: Node, x: Tensor, given: Given = None, *, axes: Any = None) -> Tensor:
    chosen = axes if given is None else _numbers(given, node.name, "the axes")
    if chosen is None:
        raise InputError(f"{node.name}: the axes are missing")
    places = _axes(chosen, len(x.shape) + len(chosen), node)
    return _moved(x, lambda v: np.expand_dims(v, places))


def _concat(node: Node, *given: Tensor, axis: int) -> Tensor:
    rank = len(given[0].shape)
    at = _axis(axis, rank, node)
    rest = {(*x.shape[:at], *x.shape[at + 1 :]) for x in given}
    if len(rest) > 1 or {len(x.shape) for x in given} != {rank} or rank == 0:
        shapes = ", ".join(str(list(x.shape)) for x in given)
        raise InputError(f"{node.name}: shapes {shapes} do not fit one another on axis {axis}")
    arrays = [x for x in given if not isinstance(x, Affine)]
    if len(arrays) == len(given):
        return np.concatenate(arrays, axis=at)
    rows = [_affine(x, node) for x in given]
    starts = np.cumsum([0, *(len(x.offset) for x in rows)])
    moved = [x.positions + start for x, start in zip(rows, starts, strict=False)]
    return concatenated(rows).take(np.concatenate(moved, axis=at))


def _slice(
    node: Node, x: Tensor, first: Given = None, last: Given = None, over: Given = None,
    by: Given = None, *, starts: Any = None, ends: Any = None, axes: Any = None,
) -> Tensor:  # fmt: skip
    begin, end = (
        list(attribute) if given is None else _numbers(given, node.name, "the ends")
        for given, attribute in ((first, starts or ()), (last, ends or ()))
    )
    rank = len(x.shape)
    chosen = axes if over is None else _numbers(over, node.name, "the axes")
    chosen = list(range(len(begin))) if chosen is None else list(chosen)
    steps = [1] * len(begin) if by is None else _numbers(by, node.name, "the steps")
    parts = [slice(None)] * rank
    for axis, i, j, step in zip(chosen, begin, end, steps, strict=True):
        at = _axis(axis, rank, node)
        n = x.shape[at]
        i, j = (v + n if v < 0 else v for v in (i, j))
        if step > 0:
            parts[at] = slice(min(max(i, 0), n), min(max(j, 0), n), step)
        else:
            low = min(max(j, -1), n - 1)
            parts[at] = slice(min(max(i, 0), n - 1), None if low < 0 else low, step)
    result = _moved(x, lambda v: v[tuple(parts)])
    if 0 in result.shape:
        raise InputError(f"{node.name}: nothing is left of shape {list(x.shape)}")
    return result


def _split(
    node: Node, x: Tensor, given: Given = None, *,
    axis: int = 0, split: Any = None, num_outputs: int | None = None,
) -> tuple[Tensor, ...]:  # fmt: skip
    at = _axis(axis, len(x.shape), node)
    n, k = x.shape[at], node.n_outputs
    sizes = split if given is None else _numbers(given, node.name, "the sizes")
    if sizes is None:
        part = -(-n // k)
        sizes = [part] * (k - 1) + [n - part * (k - 1)]
    if len(sizes) != k or sum(sizes) != n or min(sizes) < 1:
        raise InputError(f"{node.name}: parts of {list(sizes)} of {n} entries")
    starts = np.cumsum([0, *sizes])
    parts = [np.arange(a, b) for a, b in pairwise(starts.tolist())]
    return tuple(_gather(node, x, part, axis=at) for part in parts)


def _gather(node: Node, x: Tensor, indices: Tensor, *, axis: int = 0) -> Tensor:
    at = _axis(axis, len(x.shape), node)
    which = constant(indices, node.name, "the indices")
    if which.dtype.kind not in "iu" or np.any((which < -x.shape[at]) | (which >= x.shape[at])):
        raise InputError(f"{node.name}: indices out of range")
    return _moved(x, lambda v: np.take(v, which, axis=at))


def _gather_nd(node: Node, x: Tensor, indices: Tensor, *, batch_dims: int = 0) -> Tensor:
    which = constant(indices, node.name, "the indices")
    along = x.shape[batch_dims : batch_dims + which.shape[-1]] if which.ndim else ()
    if (
        which.dtype.kind not in "iu"
        or not 0 <= batch_dims < which.ndim
        or not 0 < which.shape[-1] == len(along)
        or which.shape[:batch_dims] != x.shape[:batch_dims]
        or np.any((which < np.negative(along)) | (which >= along))
    ):
        raise InputError(f"{node.name}: indices out of range")
    of_samples = np.indices(which.shape[:-1])[:batch_dims]
    at = (*of_samples, *np.moveaxis(which, -1, 0))
    return _moved(x, lambda v: v[at])


def _scatter_nd(
    node: Node, x: Tensor, indices: Tensor, updates: Tensor, *, reduction: bytes = b"none"
) -> Tensor:
    at = np.arange(prod(x.shape)).reshape(x.shape)
    places = constant(_gather_nd(node, at, indices), node.name, "the indices")
    if reduction != b"none" or len({*places.ravel().tolist()}) < places.size:
        raise InputError(f"{node.name}: several numbers for one entry are not read")
    if updates.shape != places.shape:
        raise InputError(
            f"{node.name}: {list(updates.shape)} entries for {list(places.shape)} places"
        )
    rows = [_affine(t, node) for t in (x, updates)]
    np.put(at, places, len(rows[0].offset) + np.arange(places.size))
    return concatenated(rows).take(at)


def _expand(node: Node, x: Tensor, shape: Tensor) -> Tensor:
    sizes = tuple(_numbers(shape, node.name, "the shape"))
    whole = _joint(node, x.shape, sizes)
    return _moved(x, lambda v: np.broadcast_to(v, whole))


def _tile(node: Node, x: Tensor, repeats: Tensor) -> Tensor:
    times = _numbers(repeats, node.name, "the repeats")
    refuse(64 * prod(times) * prod(x.shape), "the copies", "reduce the network")
    return _moved(x, lambda v: np.tile(v, times))


_PAD_MODES: dict[bytes, Any] = {mode: mode.decode() for mode in (b"reflect", b"edge", b"wrap")}


def _pad(
    node: Node, x: Tensor, given: Given = None, value: Given = None, over: Given = None, *,
    mode: bytes = b"constant", pads: Any = None, **attribute: float,
) -> Tensor:  # fmt: skip
    ends = list(pads or ()) if given is None else _numbers(given, node.name, "the pads")
    rank = len(x.shape)
    axes = list(range(rank))
    if over is not None:
        axes = [_axis(a, rank, node) for a in _numbers(over, node.name, "the axes")]
    if len(ends) != 2 * len(axes):
        raise InputError(f"{node.name}: {len(ends)} pads for {len(axes)} axes")
    widths = [(0, 0)] * rank
    for i, axis in enumerate(axes):
        widths[axis] = ends[i], ends[i + len(axes)]
    cut = tuple(
        slice(max(-a, 0), n - max(-b, 0)) for (a, b), n in zip(widths, x.shape, strict=True)
    )
    widths = [(max(a, 0), max(b, 0)) for a, b in widths]
    padded = prod(n + a + b for n, (a, b) in zip(x.shape, widths, strict=True))
    refuse(64 * padded, "the padding", "reduce the network")
    y = _affine(x, node)
    y = y.take(y.positions[cut])
    if mode != b"constant":
        return y.take(np.pad(y.positions, widths, mode=_PAD_MODES[mode]))
    fill = np.array(attribute.get("value", 0.0)) if value is None else value
    filled = finite(constant(fill, node.name, "the value").reshape(()), node.name)
    at = np.pad(y.positions, widths, constant_values=-1)
    result = y.take(at)
    shift = np.where(at < 0, filled, 0)
    return result if not shift.any() else result.shifted(shift)


def _where(node: Node, condition: Tensor, a: Tensor, b: Tensor) -> Tensor:
    chosen = constant(condition, node.name, "the condition").astype(np.bool_)
    shape = _joint(node, chosen.shape, a.shape, b.shape)
    flags = np.broadcast_to(chosen, shape)
    a, b = (_moved(x, lambda v: np.broadcast_to(v, shape)) for x in (a, b))
    if isinstance(a, np.ndarray) and isinstance(b, np.ndarray):
        return np.where(flags, a, b)
    both = concatenated([_affine(a, node), _affine(b, node)])
    at = np.arange(prod(a.shape)).reshape(a.shape)
    return both.take(np.where(flags, at, at + at.size))


def _identity(node: Node, x: Tensor) -> Tensor:
    return x


def _dropout(
    node: Node, x: Tensor, ratio: Given = None, training: Given = None, *,
    seed: int = 0, **attribute: float,
) -> Tensor:  # fmt: skip
    if training is not None and np.any(constant(training, node.name, "the mode")):
        raise InputError(f"{node.name}: is in training mode, and random")
    if set(attribute) - {"ratio"}:
        raise InputError(f"{node.name}: the attribute {min(attribute)} is not read")
    return x


def _cast(
    node: Node, x: Tensor, *, to: int, saturate: int = 1, round_mode: Any = None
) -> Tensor:
    from onnx import helper

    kind = np.dtype(helper.tensor_dtype_to_np_dtype(to))
    if isinstance(x, Affine):
        if kind.kind != "f" and kind.name != "bfloat16":
            raise InputError(
                f"{node.name}: a cast to {kind} rounds, which is not piecewise linear; cut the "
                "model before it"
            )
        return x
    if kind.kind not in "iufb":
        raise InputError(f"{node.name}: a cast to {kind} is not read")
    floats = kind.kind == "f"
    return finite(x, node.name) if floats and x.dtype == object else x.astype(kind)


def _constant(node: Node, **given: Any) -> Tensor:
    if len(given) != 1:
        raise InputError(f"{node.name}: {len(given)} values where one is needed")
    kind, value = next(iter(given.items()))
    if "string" in kind or "sparse" in kind:
        raise InputError(f"{node.name}: {kind} is not read")
    return np.asarray(value, dtype=np.float32 if "float" in kind else None)


def _constant_of_shape(node: Node, shape: Tensor, *, value: Any = None) -> Tensor:
    sizes = _numbers(shape, node.name, "the shape")
    entry = np.zeros(1, np.float32) if value is None else np.asarray(value)
    refuse(entry.itemsize * prod(sizes), "constants", "reduce the network")
    return np.full(sizes, entry.ravel()[0], dtype=entry.dtype)


def _shape(node: Node, x: Tensor, *, start: int = 0, end: int | None = None) -> Tensor:
    return np.array(x.shape[start:end], dtype=np.int64)


def _size(node: Node, x: Tensor) -> Tensor:
    return np.array(prod(x.shape), dtype=np.int64)


OPERATORS: dict[str, Callable[..., Any]] = {
    "Abs": _absolute, "Add": _add, "AveragePool": _average_pool,
    "BatchNormalization": _batch_normalization, "Cast": _cast, "Clip": _clip,
    "Concat": _concat, "Constant": _constant, "ConstantOfShape": _constant_of_shape,
    "Conv": _conv, "Div": _divide, "Dropout": _dropout, "Expand": _expand,
    "Flatten": _flatten, "Gather": _gather, "GatherND": _gather_nd, "Gemm": _gemm,
    "GlobalAveragePool": _global_pool("mean"), "GlobalMaxPool": _global_pool("max"),
    "HardSigmoid": _hard_sigmoid, "Identity": _identity, "LeakyRelu": _leaky_relu,
    "MatMul": _matmul, "Max": _extreme(False), "MaxPool": _max_pool, "Mean": _mean_all,
    "Min": _extreme(True), "Mul": _multiply, "Neg": _negative, "PRelu": _prelu, "Pad": _pad,
    "ReduceMax": _reduce("max"), "ReduceMean": _reduce("mean"), "ReduceMin": _reduce("min"),
    "ReduceSum": _reduce("sum"), "Relu": _relu, "Reshape": _reshape, "Scaler": _scaler,
    "ScatterND": _scatter_nd, "Shape": _shape, "Size": _size, "Slice": _slice, "Split": _split,
    "Squeeze": _squeeze, "Sub": _subtract, "Sum": _add_all, "Tile": _tile,
    "Transpose": _transpose, "Unsqueeze": _unsqueeze, "Where": _where,
}  # fmt: skip
