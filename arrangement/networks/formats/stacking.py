"""A network from affine maps and activations in the order in which they are applied."""

from __future__ import annotations

from fractions import Fraction
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from arrangement.errors import InputError, SizeError
from arrangement.exact.numbers import exact_number
from arrangement.networks.feed_forward import FeedForward
from arrangement.networks.weights import exact_product, exact_values

__all__ = ["Stack"]

MOST_UNITS = 2**12
"""Of this many entries an identity matrix is made, an eighth of a gigabyte."""

Entries: TypeAlias = Any
"""An array with a number for each entry of a vector, or one exact number for all of them."""


class Stack:
    """Layers as frameworks have them, until :meth:`network` makes a :class:`Network` of them.

    Affine maps in a row become one layer, composed exactly; an activation without an affine
    map before it gets the identity. Every `name` is what messages call the step.

    Parameters
    ----------
    width : int, optional
        Number of inputs, if it is known before the first affine map says it.

    Examples
    --------
    >>> import numpy as np
    >>> stack = Stack()
    >>> stack.shift(np.array([-0.5]), "mean")
    >>> stack.affine(np.array([[2.0], [4.0]]), np.array([0.0, 1.0]), "first")
    >>> stack.activate("relu", 0.0, "bend")
    >>> network = stack.network()
    >>> network, network.biases[0].tolist()
    (Network(1 → 2 → 2, relu), [-1.0, -1.0])
    """

    def __init__(self, width: int | None = None) -> None:
        self._width = width
        self._layers: list[tuple[NDArray[Any], NDArray[Any]]] = []
        self._activation: tuple[str, float] | None = None
        self._restart()

    def _restart(self) -> None:
        # The affine map since the last activation is x ↦ matrix·x + offset; until there is a
        # matrix, x ↦ factor·x + offset entry by entry, for any number of entries.
        self._matrix: NDArray[Any] | None = None
        self._factor: Entries = 1
        self._offset: Entries = 0

    @property
    def width(self) -> int:
        """How many entries there are now, 0 if that is not known."""
        return self._width or 0

    def affine(self, weights: ArrayLike, bias: ArrayLike | None, name: str) -> None:
        """Apply x ↦ Wx + b, W of shape (out, in); no bias is zero."""
        W = _numbers(weights, name)
        if W.ndim != 2:
            raise InputError(f"{name}: weights of shape {W.shape}, a matrix is needed")
        b = np.zeros(len(W)) if bias is None else _numbers(bias, name)
        if b.shape != (len(W),):
            raise InputError(f"{name}: {b.size} biases, but weights of shape {W.shape}")
        self._fits(W.shape[1], name)
        if not _is(self._offset, 0):
            column = np.broadcast_to(_exact(self._offset), W.shape[1:])
            b = _sum(exact_product(_exact(W), column[:, None])[:, 0], b)
        if self._matrix is not None:
            W = exact_product(_exact(W), _exact(self._matrix))
        elif not _is(self._factor, 1):
            W = _exact(W) * self._factor
        self._matrix, self._factor, self._offset, self._width = W, 1, b, len(W)

    def shift(self, values: ArrayLike, name: str) -> None:
        """Add one number to all entries, or its own to each."""
        self._offset = _sum(self._offset, self._entries(values, name))

    def scale(self, values: ArrayLike, name: str, *, divide: bool = False) -> None:
        """Multiply (or divide) all entries by one number, or each by its own."""
        factor = _exact(self._entries(values, name))
        if divide:
            if np.any(factor == 0):
                raise InputError(f"{name}: division by zero")
            factor = Fraction(1) / factor
        self._offset = _exact(self._offset) * factor
        if self._matrix is None:
            self._factor = self._factor * factor
        else:
            rows = factor[:, None] if isinstance(factor, np.ndarray) else factor
            self._matrix = _exact(self._matrix) * rows

    def activate(self, kind: str, negative_slope: float, name: str) -> None:
        """Apply "relu" (with slope 0) or "leaky_relu"; a network has one activation."""
        if self._activation not in (None, (kind, negative_slope)):
            raise InputError(
                f"{name}: {_shown(kind, negative_slope)} after layers with "
                f"{_shown(*self._activation)}; a network has one activation"
            )
        self._activation = kind, negative_slope
        self._close(name)

    def network(self, labels: ArrayLike | None = None) -> FeedForward:
        """The network; its last layer is the identity if an activation came last."""
        if not self._layers and self._matrix is None:
            raise InputError("there is no layer: no matrix is applied to the input")
        self._close("the last layer")
        weights, biases = zip(*self._layers, strict=True)
        kind, slope = self._activation or ("relu", 0.0)
        return FeedForward(weights, biases, kind, slope, labels)

    def _close(self, name: str) -> None:
        """Make a layer of the affine map since the last activation."""
        if self._width is None:
            raise InputError(f"{name}: the number of inputs is not known")
        if self._matrix is None:
            if self._width > MOST_UNITS:
                raise SizeError(
                    f"{name}: an activation of {self._width:,} inputs without weights; at most "
                    f"{MOST_UNITS:,}"
                )
            factor = np.asarray(self._factor)
            if _is(factor, 1):
                factor = np.array(1.0)  # which is read much faster than exact numbers
            self._matrix = np.diag(np.broadcast_to(factor, (self._width,)))
        self._layers.append((self._matrix, np.broadcast_to(self._offset, (self._width,))))
        self._restart()

    def _entries(self, values: ArrayLike, name: str) -> Entries:
        numbers = _numbers(values, name).ravel()
        if len(numbers) == 1:
            return exact_number(numbers[0])
        self._fits(len(numbers), name)
        self._width = len(numbers)
        return numbers

    def _fits(self, width: int, name: str) -> None:
        if self._width not in (None, width):
            raise InputError(f"{name}: takes {width} inputs, but there are {self._width}")


def _numbers(values: ArrayLike, name: str) -> NDArray[Any]:
    """An array of finite numbers: float64, or exact in an array of objects."""
    array = np.asarray(values)
    if array.dtype == object:
        return array
    if array.dtype.kind not in "biuf" or array.itemsize > 8:
        raise InputError(f"{name}: numbers of type {array.dtype} are not read")
    if array.dtype.kind in "iu" and array.itemsize == 8:
        return array.astype(object)
    result = array.astype(np.float64)
    if not np.isfinite(result).all():
        index = tuple(map(int, np.argwhere(~np.isfinite(result))[0]))
        raise InputError(f"{name}: the number at {index} is {result[index]}, not finite")
    return result


def _exact(values: Entries) -> Any:
    return exact_values(values) if isinstance(values, np.ndarray) else values


def _is(values: Entries, number: int) -> bool:
    return bool(np.all(np.asarray(values) == number))


def _sum(a: Entries, b: Entries) -> Entries:
    """The exact sum; a term itself where the other is zero, so that arrays stay float64."""
    if _is(a, 0) and np.ndim(b) >= np.ndim(a):
        return b
    if _is(b, 0) and np.ndim(a) >= np.ndim(b):
        return a
    return _exact(a) + _exact(b)


def _shown(kind: str, negative_slope: float) -> str:
    return "ReLU" if kind == "relu" else f"leaky ReLU of slope {negative_slope:g}"
