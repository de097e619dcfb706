"""The linear maps of a neuron on many faces: the samples, masked by their signs, compiled."""

from __future__ import annotations

from arrangement.kernels.compiled import compiled
from arrangement.kernels.types import Floats3, Ints1, Signs2

__all__ = ["masked_maps"]


@compiled(Floats3, Ints1, Signs2, float, Floats3, error_model="numpy")
def masked_maps(restricted, flats, signs, slope, maps):
    """Fill maps[f] with (D X T)ᵀ: columns of restricted[flats[f]], where a sign is not +
    times the slope, where it is 0 times 0."""
    D = restricted.shape[2]
    for f in range(len(flats)):
        table = restricted[flats[f]]
        for i in range(signs.shape[1]):
            factor = 1.0 if signs[f, i] > 0 else (slope if signs[f, i] < 0 else 0.0)
            for a in range(D):
                maps[f, a, i] = factor * table[i, a]
