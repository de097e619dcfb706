"""Combinations of affine maps modulo a prime, compiled."""

from __future__ import annotations

import numpy as np

from arrangement.kernels.compiled import compiled
from arrangement.kernels.types import Int32s2, Ints2, Words1, Words2

__all__ = ["LIMIT", "combined_maps"]

LIMIT = 2**28
"""Of primes: a residue and PRODUCTS products fit in 64 bits."""

PRODUCTS = 255


@compiled(Words1, Ints2, Int32s2, Words2, Words1, int)
def combined_maps(weights, shapes, chosen, factors, start, prime):
    """A linear combination of the outputs as affine functions of the input, mod a prime.

    Parameters
    ----------
    weights : uint64 (…,)
        The matrices [W | b] of all layers, one after the other, row by row.
    shapes : int64 (L, 2)
        Their shapes, with the column of biases.
    chosen : int32 (m, N)
        For each region and hidden neuron, in order, its row in its layer.
    factors : uint64 (m, N)
        By what the activation multiplies that row.
    start : uint64 (out,)
        The combination.
    prime : int
        Below LIMIT.

    Returns
    -------
    uint64 (m, d + 1)
    """
    p = np.uint64(prime)
    m, depth = len(chosen), len(shapes)
    d = shapes[0, 1] - 1
    result = np.zeros((m, d + 1), np.uint64)
    widest = shapes.max() + 1
    row, below = np.empty(widest, np.uint64), np.empty(widest, np.uint64)
    for i in range(m):
        constant = np.uint64(0)
        end, neuron = len(weights), chosen.shape[1]
        for l in range(depth - 1, -1, -1):
            height, width = shapes[l]
            end -= height * width
            n = width - 1
            below[: n + 1] = np.uint64(0)
            products = 0
            last = l == depth - 1
            count = height if last else shapes[l + 1, 1] - 1
            neuron -= 0 if last else count
            for j in range(count):
                if last:
                    factor, r = start[j], j
                else:
                    factor = row[j] * factors[i, neuron + j] % p
                    r = chosen[i, neuron + j]
                if factor == 0:
                    continue
                begin = end + r * width
                for c in range(n + 1):
                    below[c] += factor * weights[begin + c]
                products += 1
                if products == PRODUCTS:
                    products = 0
                    for c in range(n + 1):
                        below[c] %= p
            constant = (constant + below[n]) % p
            for c in range(n):
                row[c] = below[c] % p
        result[i, :d] = row[:d]
        result[i, d] = constant
    return result
