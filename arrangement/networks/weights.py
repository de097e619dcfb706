"""The numbers of a network's layers: checked, as float64, and exact."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any, TypeAlias

import numpy as np
from flint import fmpz_mat
from numpy.typing import ArrayLike, NDArray

from arrangement import exact
from arrangement.errors import InputError
from arrangement.exact.numbers import (
    common_denominator,
    exact_number,
    exact_table,
    exact_text,
    shown,
)
from arrangement.results.columns import frozen

__all__ = [
    "Activation", "Exact", "Floats", "Numbers", "Slopes", "exact_product", "exact_values",
    "is_number", "parse_activation", "parse_labels", "parse_layers", "parse_slopes",
    "shown_activation",
]  # fmt: skip

Activation: TypeAlias = str | tuple[str, int]
Floats: TypeAlias = NDArray[np.float64]
Exact: TypeAlias = NDArray[Any]
"""An array of objects: ints and Fractions."""
Slopes: TypeAlias = float | Sequence[Any] | NDArray[Any]
"""One for all neurons, or for each hidden layer one, or an array with one for each neuron."""


class Numbers:
    """One table of a layer: its float64 values, and the exact ones where those are rounded.

    Parameters
    ----------
    values : array_like of numbers
    name : str
        What messages call the table.
    ndim : {1, 2}

    Attributes
    ----------
    floats : ndarray of float64
        The nearest to the numbers.
    exact : ndarray of ints and Fractions, or None
        The numbers themselves, where some were rounded.
    """

    def __init__(self, values: Any, name: str, ndim: int) -> None:
        self.exact: Exact | None = None
        if isinstance(values, Sequence) and len(values) == 0:
            raise InputError(f"{name}: empty; a layer needs at least one row")
        floats = _lossless(values, ndim)
        if floats is not None and np.isfinite(floats).all():
            self.floats = floats
            return
        axes = ("row", "column") if ndim == 2 else ("entry",)
        table = exact_table(values, name, axes[0], ndim)
        self.floats = np.zeros(table.shape)
        for index, value in np.ndenumerate(table):
            number, error = exact.to_float(value.numerator, value.denominator)
            self.floats[index] = number
            if error == 0:
                continue
            place = ", ".join(f"{axis} {i}" for axis, i in zip(axes, index, strict=True))
            if np.isinf(error):
                raise InputError(f"{name}, {place}: the number is beyond float64")
            self.exact = frozen(table)


def _lossless(values: Any, ndim: int) -> Floats | None:
    """An array of numbers that are float64 by their type, copied; None if it is not one."""
    if not isinstance(values, np.ndarray) or isinstance(values, np.ma.MaskedArray):
        return None
    small = values.dtype.kind == "f" or (values.dtype.kind in "biu" and values.itemsize <= 4)
    if values.ndim != ndim or not small or values.itemsize > 8:
        return None
    return np.array(values, dtype=np.float64, order="C")


def parse_layers(weights: Any, biases: Any) -> list[tuple[Numbers, Numbers]]:
    """Weights and biases of each layer; an InputError names the first layer that is wrong.

    Whether a layer fits the one before depends on the activation, and is not checked here.
    """
    try:
        tables, offsets = list(weights), list(biases)
    except TypeError:
        raise InputError("weights and biases must be lists with one array per layer") from None
    if not tables:
        raise InputError("weights: empty; a network has at least one layer")
    if len(tables) != len(offsets):
        raise InputError(
            f"{len(tables)} layers of weights, but {len(offsets)} of biases; every layer needs "
            "both (biases may be zero)"
        )
    result = []
    for l, (table, offset) in enumerate(zip(tables, offsets, strict=True)):
        W = Numbers(table, f"layer {l}, weights", 2)
        b = Numbers(offset, f"layer {l}, biases", 1)
        if not W.floats.size:
            raise InputError(
                f"layer {l}: weights of shape {W.floats.shape}; a layer needs at least one row "
                "and one column"
            )
        if len(W.floats) != len(b.floats):
            raise InputError(
                f"layer {l}: weights of shape {W.floats.shape}, but {len(b.floats)} biases; "
                "one bias a row is needed (weights are out × in)"
            )
        result.append((W, b))
    return result


def parse_activation(activation: Any, negative_slope: Any) -> tuple[Activation, float]:
    """The activation in its normal form, and its slope for negative arguments."""
    if isinstance(activation, str) and activation == "relu":
        return "relu", 0.0
    if isinstance(activation, str) and activation == "leaky_relu":
        try:
            slope = exact_number(negative_slope)
        except (AttributeError, ValueError, TypeError, OverflowError, ZeroDivisionError):
            raise InputError(
                f"negative_slope = {shown(negative_slope)} is not a finite real number"
            ) from None
        value, error = exact.to_float(slope.numerator, slope.denominator)
        if error:
            raise InputError(f"negative_slope = {exact_text(slope)} is no float64")
        return "leaky_relu", value
    match activation:
        case ["maxout", k]:
            if isinstance(k, int | np.integer) and not isinstance(k, bool) and k >= 2:
                return ("maxout", int(k)), 0.0
            raise InputError(
                f"activation: maxout of {shown(k)} pieces; an integer of at least 2"
            )
    raise InputError(
        f'activation = {shown(activation)} is none of "relu", "leaky_relu", ("maxout", k)'
    )


def is_number(value: Any) -> bool:
    """Is it one number, be it text, and no list of some?"""
    if isinstance(value, np.ndarray):
        return value.ndim == 0
    return isinstance(value, str) or not isinstance(value, Sequence)


def parse_slopes(
    slopes: Any, widths: Sequence[int]
) -> tuple[Activation, float | tuple[Floats, ...]]:
    """The activation, and its slopes for negative arguments, of neurons that may differ."""
    if len(slopes) != len(widths):
        raise InputError(
            f"negative_slope: {len(slopes)} entries; one number, or an entry for each of the "
            f"{len(widths)} hidden layers"
        )
    found = []
    for l, (own, width) in enumerate(zip(slopes, widths, strict=True)):
        given = Numbers([own] * width if is_number(own) else own, f"negative_slope, {l}", 1)
        if given.exact is not None:
            raise InputError(f"negative_slope, {l}: a number there is no float64")
        if given.floats.shape != (width,):
            raise InputError(
                f"negative_slope, {l}: {len(given.floats)} slopes, but hidden layer {l} has "
                f"{width} neurons"
            )
        found.append(frozen(given.floats + 0.0))
    values = np.unique(np.concatenate([*found, np.zeros(int(not found))]))
    if len(values) > 1:
        return "leaky_relu", tuple(found)
    return ("leaky_relu" if values[0] else "relu"), float(values[0])


def shown_activation(activation: Activation, slope: float | tuple[Floats, ...]) -> str:
    """An activation, with its slope for negative arguments, or how many of which values."""
    if not isinstance(activation, str):
        return f"maxout of {activation[1]}"
    if activation == "relu":
        return activation
    if not isinstance(slope, tuple):
        return f"leaky_relu {slope:g}"
    values, counts = np.unique(np.concatenate(slope), return_counts=True)
    if len(values) > 3:
        return f"leaky_relu of {len(values)} slopes"
    listed = (f"{v:g} ({n})" for v, n in zip(values, counts.tolist(), strict=True))
    return "leaky_relu of slopes " + ", ".join(listed)


def parse_labels(labels: ArrayLike, outputs: int) -> NDArray[Any]:
    """A read-only array of labels, one for each output."""
    try:
        names = np.asarray(labels)
    except ValueError:
        raise InputError("labels: some entries are sequences, unlike others") from None
    if names.dtype == object:
        names = np.array(names.tolist())
    if names.dtype.kind not in "biufU":
        raise InputError(f"labels of type {names.dtype}; they are text or numbers")
    if names.shape != (outputs,):
        raise InputError(
            f"labels of shape {names.shape}, but the network has {outputs} outputs"
        )
    return frozen(names.copy())


def exact_values(values: NDArray[Any]) -> Exact:
    """Finite numbers as an array of ints and Fractions, read-only; exact ones as they are."""
    if values.dtype == object:
        return values
    result = np.empty(values.shape, dtype=object)
    for index, value in np.ndenumerate(values):
        result[index] = exact_number(value)
    return frozen(result)


def exact_product(A: Exact, B: Exact) -> Exact:
    """The exact product of two matrices of ints and Fractions.

    Each is brought to one denominator, so that the product is one of integers.

    Examples
    --------
    >>> exact_product(np.array([[Fraction(1, 3), 2]]), np.array([[3], [Fraction(1, 2)]]))
    array([[2]], dtype=object)
    """
    (left, a), (right, b) = map(common_denominator, (A, B))
    whole, scale = fmpz_mat(left.tolist()) * fmpz_mat(right.tolist()), a * b
    result = np.empty((len(A), B.shape[1]), dtype=object)
    for i, j in np.ndindex(result.shape):
        result[i, j] = exact_number(Fraction(int(whole[i, j]), scale))
    return result
