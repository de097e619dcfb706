"""From a trained network to a proven piece of minima below it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from arrangement.errors import InputError
from arrangement.exact.numbers import exact_table
from arrangement.relu.predictor import Predictor
from arrangement.relu.training.descent import Descent
from arrangement.relu.training.piece_proof import Faces
from arrangement.relu.training.rational_descent import descended
from arrangement.relu.weight_space import Floats, Signs

if TYPE_CHECKING:
    from arrangement.relu.problem import Problem

__all__ = ["Polished", "polished"]

FEW = 4000
"""Numbers in the outputs' matrix up to which float64's doubts are settled exactly unasked."""


@dataclass(frozen=True, eq=False)
class Polished(Predictor):
    """Where the way down from a network has ended.

    Attributes
    ----------
    kind : str
        Of the piece, as in :class:`Piece`; a face with a multiplier of 0, too, is
        ``"boundary"``.
    loss : float
        The mean squared error there.
    certified : bool
        Is it proved that these faces and signs hold local minima of that loss, next to these
        weights? The minimum itself lies within rounding of the weights, not on them.
    doubt : str
        What is not proved; empty if certified.
    dimension : int
        Of the piece; −1 if it is not certified.
    margin : float
        The narrowest inequality of the proof beside the size of its terms; 0 where it holds
        with equality or was decided in rational arithmetic.
    steps : int
    initial_loss : float
        The mean squared error of the network that was given.
    signs : ndarray of int8, shape (K, N)
        The face of each neuron: signs of w_j·x_i.
    output_signs : ndarray of int8, shape (K,)
    weights, output_weights, bias, output_bias, negative_slope
        See :class:`~arrangement.relu.predictor.Predictor`.

    Examples
    --------
    >>> from arrangement.relu import OneHiddenLayer
    >>> layer = OneHiddenLayer([[-1], [1], [2]], [1, 0, 3], bias=None)
    >>> end = layer.polish(([[0.9]], [1.2]))
    >>> end.certified, end.kind, end.fall > 0
    (True, 'isolated', True)
    """

    kind: str
    loss: float
    certified: bool
    doubt: str
    dimension: int
    margin: float
    steps: int
    initial_loss: float
    signs: Signs
    output_signs: Signs

    @property
    def fall(self) -> float:
        """By how much the loss has fallen."""
        return self.initial_loss - self.loss

    def __repr__(self) -> str:
        state = "certified" if self.certified else f"not certified: {self.doubt}"
        return (
            f"Polished({self.kind}, loss {self.loss:.6g} from {self.initial_loss:.6g} in "
            f"{self.steps} steps, {state})"
        )


def polished(
    problem: Problem,
    network: Any,
    exact: bool,
    max_steps: int,
    report: Callable[[int, int], None],
) -> Polished:
    """See :meth:`OneHiddenLayer.polish`."""
    w, z, offset = _given(problem, network)
    samples, leak = problem.samples, problem.negative_slope
    u = samples.coordinates(w) * np.abs(z)[:, None]
    s = np.where(z < 0, -1, 1).astype(np.int8)
    t = u @ samples.X.T
    initial = float(np.mean((s @ np.where(t > 0, t, leak * t) + offset - samples.y) ** 2))
    descent = Descent.begun(samples, problem.free, leak, u, s, offset)
    found = descent.run(max_steps, report)
    faces, proof = found.faces, found.proof
    small = faces.columns.size <= FEW and isinstance(proof, str)
    if found.is_fit and (exact or small):
        found = descended(found, problem.exact_targets, max_steps, report)
        faces, proof = found.faces, found.proof
    u, offset, loss = found.u, found.offset, found.loss / len(samples.y)
    doubt, dimension, margin = "", -1, 0.0
    if isinstance(proof, str):
        doubt = proof
    else:
        dimension, margin, e = proof.dimension, proof.margin, problem.free.shape[1]
        offset = float(proof.coefficients[:e].sum())
        u = faces.points(proof.coefficients)
        loss = float(np.mean(proof.residuals**2))
    size = np.where(z == 0, 1.0, np.abs(z))
    return Polished(
        _kind(faces, dimension),
        loss,
        not doubt,
        doubt,
        dimension,
        margin,
        found.steps,
        initial,
        faces.signs,
        faces.s,
        weights=samples.weights(u / size[:, None]),
        output_weights=faces.s.astype(np.float64) * size,
        bias=problem.bias,
        output_bias=offset,
        negative_slope=leak,
    )


def _kind(faces: Faces, dimension: int) -> str:
    origin = np.array([flat.is_origin for flat in faces.flats])
    held = np.array([len(flat.chosen) > 0 for flat in faces.flats])
    if np.any(held & ~origin):
        return "boundary"
    if origin.any():
        return "zero"
    if not faces.active.all():
        return "dead"
    return "continuum" if dimension > 0 else "isolated"


def _given(problem: Problem, network: Any) -> tuple[Floats, Floats, float]:
    """The weights, the output weights and the output bias of what may be a network."""
    if isinstance(network, tuple | list) and len(network) in (2, 3):
        w, z = _floats(network[0], "weights", 2), _floats(network[1], "output weights", 1)
        offset = float(_floats([network[2]], "output bias", 1)[0]) if len(network) > 2 else 0.0
    else:
        w, z, offset = _of_network(problem, network)
    K, d = problem.hidden, problem.dimension
    if w.shape != (K, d) or z.shape != (K,):
        raise InputError(
            f"network: weights of shape {w.shape} and output weights of shape {z.shape}; a "
            f"layer of {K} neurons on these samples has ({K}, {d}) and ({K},)"
        )
    if offset and not problem.output_bias:
        raise InputError(
            f"network: its output has a bias of {offset:g}, the layer has none; give it one "
            "(output_bias=True, --output-bias)"
        )
    return w, z, offset


def _of_network(problem: Problem, network: Any) -> tuple[Floats, Floats, float]:
    # Landscapes do not wait for deep networks.
    from arrangement.networks import Network

    if hasattr(network, "coefs_"):
        network = Network.from_sklearn(network)
    elif not isinstance(network, Network):
        network = Network.from_torch(network)
    slope = network.negative_slope if network.activation == "leaky_relu" else 0.0
    if network.activation not in ("relu", "leaky_relu") or slope != problem.negative_slope:
        raise InputError(
            f"network: {network!r} with activation {network.activation} and negative slope "
            f"{slope:g}, but the layer's slope is {problem.negative_slope:g}"
        )
    if len(network.weights) != 2 or network.output_dimension != 1:
        raise InputError(f"network: {network!r}; one hidden layer and one output are needed")
    W, b = network.weights[0], network.biases[0]
    if problem.bias is None:
        if b.any():
            raise InputError("network: its neurons have biases, the layer's have none")
    else:
        W = np.column_stack([W, b / problem.bias])
    return np.asarray(W), network.weights[1][0], float(network.biases[1][0])


def _floats(values: Any, name: str, axes: int) -> NDArray[np.float64]:
    return exact_table(values, name, "row" if axes == 2 else "entry", axes).astype(np.float64)
