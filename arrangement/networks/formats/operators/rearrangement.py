"""Operators that move entries, and give new ones that are constant."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from math import prod
from typing import Any

import numpy as np

from arrangement.errors import InputError
from arrangement.memory import refuse
from arrangement.networks.formats.affine_tensors import Affine, concatenated, finite
from arrangement.networks.formats.operators.operands import (
    Given,
    Node,
    Tensor,
    affine,
    axes_of,
    axis_of,
    constant,
    integers,
    joint_shape,
    moved,
)

__all__ = ["MOVES"]


def _flatten(node: Node, x: Tensor, *, axis: int = 1) -> Tensor:
    rank = len(x.shape)
    if not -rank <= axis <= rank:
        raise InputError(f"{node.name}: axis {axis} of a tensor of {rank} axes")
    first = prod(x.shape[: axis + rank if axis < 0 else axis])
    return moved(x, lambda v: v.reshape(first, -1))


def _reshape(node: Node, x: Tensor, shape: Tensor, *, allowzero: int = 0) -> Tensor:
    sizes = integers(shape, node.name, "the shape")
    wanted = [
        x.shape[i] if n == 0 and not allowzero and i < len(x.shape) else n
        for i, n in enumerate(sizes)
    ]
    known = prod(n for n in wanted if n != -1)
    fits = known == prod(x.shape) if -1 not in wanted else known and prod(x.shape) % known == 0
    if min(wanted, default=0) < -1 or wanted.count(-1) > 1 or not fits:
        raise InputError(f"{node.name}: shape {list(x.shape)} cannot become {sizes}")
    return moved(x, lambda v: v.reshape(wanted))


def _transpose(node: Node, x: Tensor, *, perm: Any = None) -> Tensor:
    return moved(x, lambda v: v.transpose(perm))


def _squeeze(node: Node, x: Tensor, given: Given = None, *, axes: Any = None) -> Tensor:
    chosen = axes if given is None else integers(given, node.name, "the axes")
    if chosen is None:
        return moved(x, np.squeeze)
    over = axes_of(chosen, len(x.shape), node)
    if any(x.shape[i] != 1 for i in over):
        raise InputError(f"{node.name}: axes {list(chosen)} of shape {list(x.shape)}")
    return moved(x, lambda v: v.squeeze(over))


def _unsqueeze(node: Node, x: Tensor, given: Given = None, *, axes: Any = None) -> Tensor:
    chosen = axes if given is None else integers(given, node.name, "the axes")
    if chosen is None:
        raise InputError(f"{node.name}: the axes are missing")
    places = axes_of(chosen, len(x.shape) + len(chosen), node)
    return moved(x, lambda v: np.expand_dims(v, places))


def _concat(node: Node, *given: Tensor, axis: int) -> Tensor:
    rank = len(given[0].shape)
    at = axis_of(axis, rank, node)
    rest = {(*x.shape[:at], *x.shape[at + 1 :]) for x in given}
    if len(rest) > 1 or {len(x.shape) for x in given} != {rank} or rank == 0:
        shapes = ", ".join(str(list(x.shape)) for x in given)
        raise InputError(f"{node.name}: shapes {shapes} do not fit one another on axis {axis}")
    arrays = [x for x in given if not isinstance(x, Affine)]
    if len(arrays) == len(given):
        return np.concatenate(arrays, axis=at)
    rows = [affine(x, node) for x in given]
    starts = np.cumsum([0, *(len(x.offset) for x in rows)])
    places = [x.positions + start for x, start in zip(rows, starts, strict=False)]
    return concatenated(rows).take(np.concatenate(places, axis=at))


def _slice(
    node: Node, x: Tensor, first: Given = None, last: Given = None, over: Given = None,
    by: Given = None, *, starts: Any = None, ends: Any = None, axes: Any = None,
) -> Tensor:  # fmt: skip
    begin, end = (
        list(attribute) if given is None else integers(given, node.name, "the ends")
        for given, attribute in ((first, starts or ()), (last, ends or ()))
    )
    rank = len(x.shape)
    chosen = axes if over is None else integers(over, node.name, "the axes")
    chosen = list(range(len(begin))) if chosen is None else list(chosen)
    steps = [1] * len(begin) if by is None else integers(by, node.name, "the steps")
    parts = [slice(None)] * rank
    for axis, i, j, step in zip(chosen, begin, end, steps, strict=True):
        at = axis_of(axis, rank, node)
        n = x.shape[at]
        i, j = (v + n if v < 0 else v for v in (i, j))
        if step > 0:
            parts[at] = slice(min(max(i, 0), n), min(max(j, 0), n), step)
        else:
            low = min(max(j, -1), n - 1)
            parts[at] = slice(min(max(i, 0), n - 1), None if low < 0 else low, step)
    result = moved(x, lambda v: v[tuple(parts)])
    if 0 in result.shape:
        raise InputError(f"{node.name}: nothing is left of shape {list(x.shape)}")
    return result


def _split(
    node: Node, x: Tensor, given: Given = None, *,
    axis: int = 0, split: Any = None, num_outputs: int | None = None,
) -> tuple[Tensor, ...]:  # fmt: skip
    at = axis_of(axis, len(x.shape), node)
    n, k = x.shape[at], node.n_outputs
    sizes = split if given is None else integers(given, node.name, "the sizes")
    if sizes is None:
        part = -(-n // k)
        sizes = [part] * (k - 1) + [n - part * (k - 1)]
    if len(sizes) != k or sum(sizes) != n or min(sizes) < 1:
        raise InputError(f"{node.name}: parts of {list(sizes)} of {n} entries")
    starts = np.cumsum([0, *sizes])
    parts = [np.arange(a, b) for a, b in pairwise(starts.tolist())]
    return tuple(_gather(node, x, part, axis=at) for part in parts)


def _gather(node: Node, x: Tensor, indices: Tensor, *, axis: int = 0) -> Tensor:
    at = axis_of(axis, len(x.shape), node)
    which = constant(indices, node.name, "the indices")
    if which.dtype.kind not in "iu" or np.any((which < -x.shape[at]) | (which >= x.shape[at])):
        raise InputError(f"{node.name}: indices out of range")
    return moved(x, lambda v: np.take(v, which, axis=at))


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
    return moved(x, lambda v: v[at])


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
    rows = [affine(t, node) for t in (x, updates)]
    np.put(at, places, len(rows[0].offset) + np.arange(places.size))
    return concatenated(rows).take(at)


def _expand(node: Node, x: Tensor, shape: Tensor) -> Tensor:
    sizes = tuple(integers(shape, node.name, "the shape"))
    whole = joint_shape(node, x.shape, sizes)
    return moved(x, lambda v: np.broadcast_to(v, whole))


def _tile(node: Node, x: Tensor, repeats: Tensor) -> Tensor:
    times = integers(repeats, node.name, "the repeats")
    refuse(64 * prod(times) * prod(x.shape), "the copies", "reduce the network")
    return moved(x, lambda v: np.tile(v, times))


_PAD_MODES: dict[bytes, Any] = {mode: mode.decode() for mode in (b"reflect", b"edge", b"wrap")}


def _pad(
    node: Node, x: Tensor, given: Given = None, value: Given = None, over: Given = None, *,
    mode: bytes = b"constant", pads: Any = None, **attribute: float,
) -> Tensor:  # fmt: skip
    ends = list(pads or ()) if given is None else integers(given, node.name, "the pads")
    rank = len(x.shape)
    axes = list(range(rank))
    if over is not None:
        axes = [axis_of(a, rank, node) for a in integers(over, node.name, "the axes")]
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
    y = affine(x, node)
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
    shape = joint_shape(node, chosen.shape, a.shape, b.shape)
    flags = np.broadcast_to(chosen, shape)
    a, b = (moved(x, lambda v: np.broadcast_to(v, shape)) for x in (a, b))
    if isinstance(a, np.ndarray) and isinstance(b, np.ndarray):
        return np.where(flags, a, b)
    both = concatenated([affine(a, node), affine(b, node)])
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


MOVES: dict[str, Callable[..., Any]] = {
    "Concat": _concat, "Dropout": _dropout, "Expand": _expand, "Flatten": _flatten,
    "Gather": _gather, "GatherND": _gather_nd, "Identity": _identity, "Pad": _pad,
    "Reshape": _reshape, "ScatterND": _scatter_nd, "Slice": _slice, "Split": _split,
    "Squeeze": _squeeze, "Tile": _tile, "Transpose": _transpose, "Unsqueeze": _unsqueeze,
    "Where": _where,
}  # fmt: skip
