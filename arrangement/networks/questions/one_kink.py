"""Networks as search wants them: neurons of one kink each, and two networks as one."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.linalg import block_diag

from arrangement.networks.feed_forward import FeedForward
from arrangement.networks.weights import exact_product, exact_values

__all__ = ["composed", "difference", "one_kink"]

Exact = NDArray[np.object_]


def one_kink(network: FeedForward) -> FeedForward:
    """The same function by neurons of one kink each: maxout as rounds of a tournament.

    max(a, b) = relu(a − b) + b, with the linear neuron b.

    Examples
    --------
    >>> from arrangement.networks import Network
    >>> largest = one_kink(Network([[[1], [-1], [0]], [[2]]], [[0, 0, 3], [0]], ("maxout", 3)))
    >>> [str(largest.exact_forward([x])[0]) for x in (-5, 1, 4)]
    ['10', '6', '8']
    """
    if network.pieces == 1:
        return network
    weights, biases, slopes = [], [], []
    *hidden, last = zip(network.exact_weights, network.exact_biases, strict=True)
    merge: Any = None  # what the activations add up to in the neurons of the network
    for W, b in hidden:
        W = W if merge is None else exact_product(W, merge)
        k = network.pieces
        while k > 1:
            table = np.column_stack([W, b]).reshape(-1, k, W.shape[1] + 1)
            second, rest = table[:, 1::2], table[:, k - k % 2 :]
            layer = np.concatenate([table[:, : k - 1 : 2] - second, second, rest], axis=1)
            pairs, k, width = k // 2, (k + 1) // 2, layer.shape[1]
            weights.append(layer[..., :-1].reshape(-1, W.shape[1]))
            biases.append(layer[..., -1].ravel())
            slopes.append(np.tile(np.arange(width) >= pairs, len(table)).astype(np.float64))
            gather = np.zeros((k, width), dtype=object)
            gather[range(pairs), range(pairs)] = 1
            gather[range(k), range(pairs, width)] = 1
            merge = np.kron(np.eye(len(table), dtype=object), gather)
            W, b = merge, np.zeros(len(merge), dtype=object)
    W, b = last
    weights.append(W if merge is None else exact_product(W, merge))
    return FeedForward(weights, [*biases, b], "leaky_relu", slopes)


def composed(network: FeedForward, functionals: ArrayLike, constants: ArrayLike) -> FeedForward:
    """The network of linear functionals of the output, and constants added to them.

    Parameters
    ----------
    network : FeedForward
    functionals : ndarray of ints and Fractions, shape (r, output_dimension)
    constants : ndarray of ints and Fractions, shape (r,)
    """
    C = np.asarray(functionals, dtype=object)
    W, b = network.exact_weights[-1], network.exact_biases[-1]
    last = exact_product(C, np.column_stack([W, b]))
    return FeedForward(
        [*network.as_given()[0][:-1], last[:, :-1]],
        [*network.as_given()[1][:-1], last[:, -1] + np.asarray(constants, dtype=object)],
        network.activation,
        network.negative_slope,
    )


def difference(one: FeedForward, other: FeedForward) -> FeedForward:
    """The first network's outputs less the second's, of one kink a neuron.

    The shallower one passes its last hidden layer on through linear neurons. Of neurons that
    are positive multiples of each other, in whichever network, one is left: networks that
    differ in the order and the scale of their neurons become 0 without a search.

    Examples
    --------
    >>> from arrangement.networks import Network
    >>> one = Network([[[1], [-1]], [[1, 1]]], [[0, 0], [0]])
    >>> other = Network([[[-2], [1]], [[0.5, 1]]], [[0, 0], [0]])
    >>> difference(one, other).weights[1].tolist()
    [[0.0, 0.0]]
    """
    both = [one_kink(one), one_kink(other)]
    depth = max(network.depth for network in both)
    tables = [_padded(network, depth) for network in both]
    weights, biases, slopes = [], [], []
    merge: Exact | None = None
    for l in range(depth):
        (W, b, s), (V, c, t) = tables[0][l], tables[1][l]
        if l == depth - 1:
            table, bias = np.concatenate([W, -V], axis=1) if l else W - V, b - c
        else:
            table = block_diag(W, V) if l else np.concatenate([W, V])
            bias = np.concatenate([b, c])
        if merge is not None:
            table = exact_product(table, merge)
        if l < depth - 1:
            table, bias, slope, merge = _distinct(table, bias, np.concatenate([s, t]))
            slopes.append(slope)
        weights.append(table)
        biases.append(bias)
    return FeedForward(weights, biases, "leaky_relu", slopes)


def _padded(network: FeedForward, depth: int) -> list[tuple[Exact, Exact, Any]]:
    """The layers, with linear ones before the last until there are enough."""
    rows = list(zip(network.exact_weights, network.exact_biases, strict=True))
    slopes = list(network.slopes)
    width = rows[-1][0].shape[1]
    missing = depth - network.depth
    unit = np.eye(width, dtype=object), np.zeros(width, dtype=object)
    rows[-1:-1] = [unit] * missing
    slopes += [np.ones(width)] * missing
    return [(W, b, s) for (W, b), s in zip(rows, [*slopes, None], strict=True)]


def _distinct(W: Exact, b: Exact, slopes: Any) -> tuple[Exact, Exact, Any, Exact]:
    """One neuron of each that are positive multiples, and what all are multiples of."""
    first: dict[tuple[Any, ...], int] = {}
    kept: list[int] = []
    entries: list[tuple[int, int, Any]] = []
    sizes: list[Any] = []
    for i, (row, bias, slope) in enumerate(zip(W.tolist(), b.tolist(), slopes, strict=True)):
        size = next((abs(v) for v in (*row, bias) if v), 1)
        key = (*(Fraction(v) / size for v in (*row, bias)), float(slope))
        if key not in first:
            first[key] = len(kept)
            kept.append(i)
            sizes.append(size)
        at = first[key]
        entries.append((i, at, Fraction(size) / sizes[at]))
    merge = np.zeros((len(W), len(kept)), dtype=object)
    for i, at, factor in entries:
        merge[i, at] = factor
    return W[kept], b[kept], np.asarray(slopes)[kept], exact_values(merge)
