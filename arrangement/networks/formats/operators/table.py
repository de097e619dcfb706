"""The operators by name, those that only make constants, and how one is applied."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from inspect import Parameter, signature
from math import prod
from typing import Any

import numpy as np

from arrangement.errors import InputError
from arrangement.memory import refuse
from arrangement.networks.formats.affine_tensors import Affine, finite
from arrangement.networks.formats.operators.activations import PIECEWISE_LINEAR
from arrangement.networks.formats.operators.arithmetic import AFFINE
from arrangement.networks.formats.operators.operands import Node, Tensor, integers
from arrangement.networks.formats.operators.rearrangement import MOVES
from arrangement.networks.formats.operators.sliding_windows import OF_WINDOWS

__all__ = ["FOLDED", "OPERATORS", "applied"]

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
    sizes = integers(shape, node.name, "the shape")
    entry = np.zeros(1, np.float32) if value is None else np.asarray(value)
    refuse(entry.itemsize * prod(sizes), "constants", "reduce the network")
    return np.full(sizes, entry.ravel()[0], dtype=entry.dtype)


def _shape(node: Node, x: Tensor, *, start: int = 0, end: int | None = None) -> Tensor:
    return np.array(x.shape[start:end], dtype=np.int64)


def _size(node: Node, x: Tensor) -> Tensor:
    return np.array(prod(x.shape), dtype=np.int64)


OPERATORS: dict[str, Callable[..., Any]] = {
    **AFFINE,
    **PIECEWISE_LINEAR,
    **OF_WINDOWS,
    **MOVES,
    "Cast": _cast,
    "Constant": _constant,
    "ConstantOfShape": _constant_of_shape,
    "Shape": _shape,
    "Size": _size,
}
