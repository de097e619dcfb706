"""Networks compared with what the models that they were read from compute."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from arrangement.checks import float_table
from arrangement.errors import InputError
from arrangement.networks.feed_forward import FeedForward

__all__ = ["AGREE", "compare"]

Floats = NDArray[np.float64]

AGREE = 1e-9
"""Of the largest number that is computed, as two orders of sums in float64 may differ."""


def compare(
    network: FeedForward,
    inputs: ArrayLike,
    compute: Callable[[Floats], Any],
    finish: Callable[[Floats], Floats] | None = None,
    agree: float = AGREE,
) -> None:
    """An InputError unless a model computes what its network does.

    Parameters
    ----------
    network : Network
    inputs : array_like, shape (k, …) of input_dimension entries a row
    compute : callable
        The outputs of the model in float64, of inputs of shape (k, input_dimension).
    finish : callable, optional
        What the model does with the outputs of the network.
    agree : float, optional
        What is taken for rounding, as a share of the largest number that is computed.

    Examples
    --------
    >>> from arrangement.networks import Network
    >>> compare(Network([[[2.0]]], [[0.0]]), [[1.0], [3.0]], lambda x: x**2 + 1)
    Traceback (most recent call last):
    arrangement.errors.InputError: check: at row 1 output 0 of the model is 10, but the network
    has 6 there, the largest difference: it was misread; do not use it, and report the model
    """
    X = float_table(inputs, "check")
    given = X.shape
    X = X.reshape(len(X), -1) if X.ndim and X.size else X
    if X.shape != (len(X) if X.ndim else 0, network.input_dimension) or not X.size:
        raise InputError(
            f"check: inputs of shape {given}, but (k, {network.input_dimension}), k ≥ 1, are "
            "needed: the inputs of the network"
        )
    if not np.isfinite(X).all():
        first = int(np.argwhere(~np.isfinite(X))[0, 0])
        raise InputError(f"check: row {first} has a number that is not finite")
    wanted = np.asarray(compute(X), dtype=np.float64).reshape(len(X), -1)
    found = network.forward(X)
    found = found if finish is None else finish(found)
    if found.shape != wanted.shape:
        raise InputError(
            f"check: {wanted.shape[1]} outputs of the model, {found.shape[1]} of the network"
        )
    hidden = [np.abs(z).max(axis=1) for z in network.preactivations(X)]
    sizes = [np.abs(wanted).max(axis=1), np.ones(len(X)), *hidden]
    differences = np.abs(found - wanted)
    if np.all(differences <= agree * np.max(sizes, axis=0)[:, None]):
        return
    row, output = np.unravel_index(np.nan_to_num(differences, nan=np.inf).argmax(), found.shape)
    raise InputError(
        f"check: at row {row} output {output} of the model is {wanted[row, output]:.9g}, but "
        f"the network has {found[row, output]:.9g} there, the largest difference: it was "
        "misread; do not use it, and report the model"
    )
