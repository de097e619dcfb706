"""What may follow the last piecewise linear operator of an ONNX model, and is left out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from arrangement.errors import InputError
from arrangement.networks.formats.affine_tensors import Affine, equal
from arrangement.networks.formats.operators.operands import Node
from arrangement.networks.formats.operators.table import OPERATORS, applied

__all__ = ["CUT", "ENDS", "TOTAL", "Ended", "after"]

CUT = "cut the model before it by onnx.utils.extract_model"

_CHOSEN = ("ArgMax", "Hardmax")
"""Of these only the place of the largest is left."""

ENDS = ("Softmax", "LogSoftmax", "Sigmoid", "LogSigmoid", *_CHOSEN)
"""What may end a model and be left out: the order of the outputs, or their largest, stays."""

TOTAL = "ReduceSum"
"""A sum of what is left out: nothing but its divisor, and no output."""

_MOVES = ("Identity", "Cast", "Reshape", "Flatten", "Squeeze", "Unsqueeze", "Transpose")


@dataclass(frozen=True, eq=False)
class Ended:
    """The result of an operator that is not piecewise linear, such as a softmax at the end.

    Attributes
    ----------
    given : Affine
        What the operator is given, entry by entry of its result, unless that is a class.
    kind : str
        The operator.
    node : str
        What is left out, as messages name it.
    before, name : Affine and str
        What the operator was given in the graph, and its name there.
    outputs : str
        What is left.
    labels : ndarray, optional
        Of the classes, where the model says them.
    """

    given: Affine
    kind: str
    node: str
    before: Affine
    name: str
    outputs: str = "what it is given"
    labels: NDArray[Any] | None = None

    def __str__(self) -> str:
        return f"{self.node} ends the model and is left out: the outputs are {self.outputs}"


def after(node: Node, kind: str, given: Sequence[Any], facts: dict[str, Any]) -> Ended:
    """What an operator makes of results that are left out; it is left out with them.

    Entries that are moved are moved in what the softmax is given. Of two classes scikit-learn
    has 1 − σ(z) and σ(z), which is σ of (−z, z), and the softmax of (0, z). Sigmoids divided by
    their sum over a sample have the order that they had.
    """
    ended = [value for value in given if isinstance(value, Ended)]
    first, alone = ended[0], len(ended) == 1 and given[0] is ended[0]
    chosen, sigmoid = first.kind in _CHOSEN, all(value.kind == "Sigmoid" for value in ended)
    if any(value.kind == TOTAL for value in ended):
        shares = kind == "Div" and [value.kind for value in ended] == ["Sigmoid", TOTAL]
        if shares and ended[1].given is first.given:
            told = f"{first.node} with the division by its sum"
            return replace(first, kind="Div", node=told)
        alone = False
    if alone and kind in _MOVES:
        return (
            first
            if chosen
            else replace(first, given=applied(node, kind, [first.given, *given[1:]], facts))
        )
    if alone and kind in (*ENDS, "Log") and not chosen:
        return replace(first, kind=kind if kind != "Log" else "LogSoftmax")
    if alone and kind == "ZipMap":
        names = facts.get("classlabels_strings") or facts.get("classlabels_int64s") or ()
        texts = [v.decode() if isinstance(v, bytes) else v for v in names]
        return replace(first, labels=np.array(texts))
    if kind == "Abs" and sigmoid:
        return first
    if kind == TOTAL and sigmoid and given[0] is first and facts.get("keepdims", 1):
        total = applied(node, kind, [first.given, *given[1:]], facts)
        if prod(total.shape) == first.given.shape[0]:  # one a sample
            return replace(first, kind=TOTAL)
    constant = given[0] if len(given) == 2 and isinstance(given[0], np.ndarray) else None
    if kind == "ArrayFeatureExtractor" and first.kind == "ArgMax" and constant is not None:
        return replace(first, labels=constant.ravel())
    if kind == "Sub" and sigmoid and constant is not None and np.all(constant == 1):
        return replace(
            first, given=OPERATORS["Mul"](node, first.given, np.full(constant.shape, -1.0))
        )
    if kind == "Concat" and sigmoid and len(ended) == len(given):
        return _joined(node, ended, facts)
    raise InputError(
        f"{first.node}: is not piecewise linear, and read only where it ends the model, "
        f"but {node.name} takes its result; {CUT}"
    )


def _joined(node: Node, ended: Sequence[Ended], facts: dict[str, Any]) -> Ended:
    parts = [value.given for value in ended]
    negative, z = parts[0], parts[-1]
    of_two = len(parts) == 2 and equal(negative, OPERATORS["Neg"](node, z))
    if of_two and len(z.offset) == z.shape[0]:
        both = applied(node, "Concat", [np.zeros(z.shape), z], facts)
        told = "0 and what it is given, whose softmax is the model's"
        return replace(ended[-1], given=both, kind="Softmax", outputs=told)
    return replace(ended[0], given=applied(node, "Concat", parts, facts))
