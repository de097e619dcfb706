"""What all operators do with their inputs: constants, shapes, axes, entries at other places."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from arrangement.errors import InputError, SizeError
from arrangement.networks.formats.affine_tensors import Affine, Units, finite

__all__ = [
    "Array", "Given", "Node", "Tensor", "affine", "axes_of", "axis_of", "broadcast",
    "constant", "integers", "joint_shape", "moved", "of_node", "plain", "whole_output",
]  # fmt: skip

Tensor: TypeAlias = Affine | NDArray[Any]

Given: TypeAlias = Tensor | None

Array: TypeAlias = NDArray[Any]


class Node(Protocol):
    """What an operator knows of its node."""

    name: str
    units: Units
    n_outputs: int


@contextmanager
def of_node(name: str) -> Iterator[None]:
    """Errors of size name the node."""
    try:
        yield
    except SizeError as error:
        raise SizeError(f"{name}: {error}") from None
    except MemoryError:
        raise SizeError(f"{name}: larger than the memory that is left") from None


def whole_output(end: Any, name: str) -> Affine:
    """The output of a model, which may be constant, but not empty."""
    if not isinstance(end, Affine):
        end = Affine.constant(finite(end, name))
    if not len(end.offset):
        raise InputError("the output has no entries")
    return end


def constant(x: Given, name: str, what: str) -> Array:
    """An input that must not depend on the input of the model."""
    if x is None:
        raise InputError(f"{name}: {what} is missing")
    if isinstance(x, Affine):
        raise InputError(f"{name}: {what} depends on the input, which is not piecewise linear")
    return x


def integers(x: Given, name: str, what: str) -> list[int]:
    """An input of integers that must not depend on the input of the model."""
    values = constant(x, name, what)
    if values.dtype.kind not in "iu":
        raise InputError(f"{name}: {what} must be integers, not {values.dtype}")
    return [int(v) for v in values.ravel()]


def affine(x: Tensor, node: Node) -> Affine:
    """An input as affine functions."""
    return x if isinstance(x, Affine) else Affine.constant(finite(x, node.name))


def plain(x: Affine) -> Tensor:
    """A tensor without variables as an array."""
    return x if x.index.shape[1] else x.offset.reshape(x.shape)


def moved(x: Given, move: Callable[[Array], Array]) -> Tensor:
    """Entries at other places: what an array is moved by moves the positions of others."""
    assert x is not None
    return x.take(move(x.positions)) if isinstance(x, Affine) else np.asarray(move(x))


def joint_shape(node: Node, *shapes: tuple[int, ...]) -> tuple[int, ...]:
    """The shape to which all are broadcast."""
    try:
        return np.broadcast_shapes(*shapes)
    except ValueError:
        listed = " and ".join(str(list(shape)) for shape in shapes)
        raise InputError(f"{node.name}: shapes {listed} do not fit one another") from None


def broadcast(node: Node, *tensors: Tensor) -> list[Tensor]:
    """All of the one shape to which they are broadcast."""
    shape = joint_shape(node, *(x.shape for x in tensors))
    return [moved(x, lambda a: np.broadcast_to(a, shape)) for x in tensors]


def axis_of(axis: int, rank: int, node: Node) -> int:
    """The axis that a number says, from the end if it is negative."""
    if not -rank <= axis < max(rank, 1):
        raise InputError(f"{node.name}: axis {axis} of a tensor of {rank} axes")
    return axis % rank if rank else 0


def axes_of(axes: Sequence[int], rank: int, node: Node) -> tuple[int, ...]:
    """Different axes, ascending."""
    found = [axis_of(a, rank, node) for a in axes]
    if len({*found}) < len(found):
        raise InputError(f"{node.name}: axes {list(axes)}, some twice")
    return tuple(sorted(found))
