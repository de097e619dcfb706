"""Networks of one hidden layer that were found: their outputs, and their files."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from arrangement.checks import float_table
from arrangement.errors import InputError
from arrangement.exact.numbers import exact_number
from arrangement.in_notebooks import InNotebooks
from arrangement.relu.weight_space import Floats

if TYPE_CHECKING:
    from arrangement.networks.network import Network

__all__ = ["Predictor"]


@dataclass(frozen=True, eq=False, kw_only=True)
class Predictor(InNotebooks):
    """f(x) = c + Σ_j z_j φ(w_j·x) with φ(t) = max(t, αt).

    Attributes
    ----------
    weights : ndarray, shape (K, d)
        The weights w_j, that of the bias last.
    output_weights : ndarray, shape (K,), or (K, C) for C outputs
        The output weights z_j.
    bias : float or None
        The value of the constant coordinate of every sample, the last; None if there is none.
    output_bias : float
        The constant c added to the outputs; 0 where the network has none.
    negative_slope : float
        α, of an inactive neuron.
    """

    weights: Floats
    output_weights: Floats
    bias: float | None
    output_bias: float = 0.0
    negative_slope: float = 0.0

    def predict(self, X: ArrayLike) -> Floats:
        """The outputs f(x) at samples without the constant coordinate.

        Parameters
        ----------
        X : array_like, shape (M, features)

        Returns
        -------
        ndarray, shape (M,) or (M, C)

        Raises
        ------
        InputError
            If X has not that shape.

        Examples
        --------
        >>> from arrangement.relu import OneHiddenLayer
        >>> best = OneHiddenLayer([[1], [2]], [1, 3]).landscape().global_minimum
        >>> best.predict([[1], [2], [3]]).round(9).tolist()
        [1.0, 3.0, 5.0]
        """
        X = float_table(X, "X")
        features = self.weights.shape[1] - (self.bias is not None)
        if X.ndim != 2 or X.shape[1] != features:
            raise InputError(f"X must have shape (M, {features}), not {X.shape}")
        if self.bias is not None:
            X = np.column_stack([X, np.full(len(X), self.bias)])
        inner = X @ self.weights.T
        hidden = np.where(inner > 0, inner, self.negative_slope * inner)
        outputs: Floats = hidden @ self.output_weights + self.output_bias
        return outputs

    @property
    def network(self) -> Network:
        """The same function as a `Network`, with the constant coordinate in the biases.

        Its numbers are exactly those here: `forward` may round otherwise than `predict`.

        Examples
        --------
        >>> from arrangement.relu import OneHiddenLayer
        >>> best = OneHiddenLayer([[1], [2]], [1, 3]).landscape().global_minimum
        >>> best.network, len(best.network.regions([(-9, 9)]))
        (Network(1 → 1 → 1, relu), 2)
        """
        # Landscapes do not wait for deep networks.
        from arrangement.networks import Network
        from arrangement.networks.weights import exact_values

        w = exact_values(self.weights)
        inner, constant = w, np.zeros(len(w), dtype=np.int64)
        if self.bias is not None:
            inner, constant = w[:, :-1], w[:, -1] * exact_number(self.bias)
        outputs = np.asarray(self.output_weights)
        outputs = outputs[None] if outputs.ndim == 1 else outputs.T
        if not len(w):
            features = w.shape[1] - (self.bias is not None)
            return Network([np.zeros((len(outputs), features))], [np.zeros(len(outputs))])
        return Network(
            [inner, outputs],
            [constant, np.full(len(outputs), self.output_bias)],
            "leaky_relu" if self.negative_slope else "relu",
            self.negative_slope,
        )

    def save(self, path: str | os.PathLike[str]) -> None:
        """Save :attr:`network` as ``.npz`` or ``.json``; see :meth:`Network.save`.

        ``weights_0`` of shape (K, features) and ``biases_0`` of shape (K,) are those of the
        hidden layer, ``weights_1`` of shape (C, K) and ``biases_1`` of shape (C,) those of the
        output, which is linear: layer l maps t to weights_l t + biases_l. The file appears
        only when it is whole.

        Parameters
        ----------
        path : path-like
        """
        self.network.save(path)
