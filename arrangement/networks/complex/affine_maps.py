"""The affine maps of regions: in float64, exactly, and which of them are equal."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np
from flint import fmpz_mat, nmod_mat
from numpy.typing import NDArray

from arrangement.kernels.networks.affine_hash import PRIME, hash_maps
from arrangement.networks.layers import Layers

__all__ = ["affine_maps", "chosen_rows", "dead", "distinct_maps", "exact_map", "ranks"]

Patterns = Sequence[NDArray[Any]]

BLOCK = 2**22
"""Numbers in one block of maps of the widest layer."""


def affine_maps(
    layers: Layers, patterns: Patterns, m: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Slopes (m, out, in) and intercepts (m, out) in float64.

    Parameters
    ----------
    layers : Layers
    patterns : list of arrays, shape (m, width)
        Per hidden layer: bool, or the piece of each maxout neuron.
    m : int
        How many regions.
    """
    d, out = layers.input_dimension, layers.output_dimension
    maps = np.empty((m, out, d + 1))
    widest = max(len(w) for w in layers.weights)
    block = max(1, BLOCK // (widest * (d + 1)))
    for start in range(0, m, block):
        part = [p[start : start + block] for p in patterns]
        k = min(block, m - start)
        table = np.zeros((d + 1, k, d + 1))
        table[range(d), :, range(d)] = 1.0
        unit = np.zeros((k, d + 1))
        unit[:, d] = 1.0
        values = table[:d]
        for l, (w, b) in enumerate(zip(layers.weights, layers.biases, strict=True)):
            with np.errstate(over="ignore", invalid="ignore"):
                values = (w @ values.reshape(len(values), -1)).reshape(len(w), k, d + 1)
                values += b[:, None, None] * unit
                if l < len(part):
                    values = _selected(layers, l, values, part[l].T)
        maps[start : start + block] = values.transpose(1, 0, 2)
    return maps[:, :, :d].copy(), maps[:, :, d].copy()


def _selected(
    layers: Layers, l: int, values: NDArray[np.float64], pattern: NDArray[Any]
) -> NDArray[np.float64]:
    """The activation of layer l on maps, shape (rows, k, d + 1), in regions by patterns."""
    if layers.is_maxout:
        width, k = pattern.shape
        rows = np.arange(width)[:, None] * layers.pieces + pattern
        return values[rows, np.arange(k)[None, :]]
    return values * np.where(pattern, 1.0, layers.slopes[l][:, None])[:, :, None]


def exact_map(layers: Layers, pattern: Sequence[NDArray[Any]]) -> tuple[list[list[Any]], Any]:
    """The rows [slope | intercept] of one region's map as fmpz, and their denominator.

    The denominator is the same for all regions of a network.
    """
    table: Any = None
    for l in range(len(layers.weights)):
        table = layers.composed(l, table)
        if l < len(pattern):
            table = chosen_rows(layers, l, table, pattern[l])
    *rows, bottom = table
    return rows, bottom[-1]


def chosen_rows(layers: Layers, l: int, table: list[Any], pattern: NDArray[Any]) -> list[Any]:
    """The activation of layer l on exact maps in a region by its pattern; denominators last."""
    *rows, bottom = table
    if layers.is_maxout:
        k = layers.pieces
        return [*(rows[j * k + p] for j, p in enumerate(pattern.tolist())), bottom]
    factors, b = layers.integer_slopes(l)
    result = [
        [v * (b if on else a) for v in row]
        for row, a, on in zip(rows, factors, pattern, strict=True)
    ]
    return [*result, [v * b for v in bottom]]


def distinct_maps(layers: Layers, patterns: Patterns, m: int) -> NDArray[np.int64]:
    """The number of each region's affine map, by first occurrence: equal iff maps are equal.

    Maps with different hashes modulo a prime differ; those with equal hashes are compared
    exactly.
    """
    hashes = _hashes(layers, patterns, m)
    _, group = np.unique(hashes, axis=0, return_inverse=True)
    group = group.reshape(-1)
    size = np.bincount(group)
    numbers: dict[Any, int] = {}
    known: dict[Any, Any] = {}
    result = np.empty(m, dtype=np.int64)
    for i in range(m):
        key: Any = int(group[i])
        if size[group[i]] > 1:
            key = (key, _map_key(layers, [p[i] for p in patterns], known))
        result[i] = numbers.setdefault(key, len(numbers))
    return result


def _map_key(layers: Layers, pattern: list[NDArray[Any]], known: dict[Any, Any]) -> Any:
    """Something that is equal for equal maps.

    What is before a layer all of whose neurons are inactive makes no difference.
    """
    first = 0
    if not layers.is_maxout:
        off = (p | (layers.slopes[l] != 0) for l, p in enumerate(pattern))
        first = max((l for l, p in enumerate(off) if not p.any()), default=0)
    name = (first, b"".join(p.tobytes() for p in pattern[first:]))
    if name not in known:
        rows, _ = exact_map(layers, pattern)
        known[name] = tuple(int(v) for row in rows for v in row)
    return known[name]


def _hashes(layers: Layers, patterns: Patterns, m: int) -> NDArray[np.uint64]:
    """Each map's hash; no dyadic number has a denominator that the odd prime divides."""
    flat, shapes = [], []
    for l, (w, b) in enumerate(zip(layers.weights, layers.biases, strict=True)):
        if not layers.network.layer_is_float64(l):
            w, b = layers.network.exact_weights[l], layers.network.exact_biases[l]
        rows = np.column_stack([w, b])
        try:
            flat.append(np.array([_residue(v) for v in rows.ravel().tolist()], dtype=np.uint64))
        except ValueError:  # some other denominator has no inverse: all are compared exactly
            return np.zeros((m, 1), dtype=np.uint64)
        shapes.append(rows.shape)
    chosen, factors = [], []
    for l, p in enumerate(patterns):
        width = p.shape[1]
        if layers.is_maxout:
            chosen.append(np.arange(width) * layers.pieces + p)
            factors.append(np.ones(p.shape, dtype=np.uint64))
        else:
            chosen.append(np.broadcast_to(np.arange(width), p.shape))
            below = [_residue(v) for v in layers.slopes[l].tolist()]
            factors.append(np.where(p, 1, below).astype(np.uint64))
    start = np.random.default_rng(6).integers(1, PRIME, layers.output_dimension)
    return np.asarray(
        hash_maps(
            np.concatenate(flat), np.array(shapes, dtype=np.int64),
            np.concatenate([np.zeros((m, 0)), *chosen], axis=1).astype(np.int32),
            np.concatenate([np.zeros((m, 0), np.uint64), *factors], axis=1),
            start.astype(np.uint64),
        )
    )  # fmt: skip


def _residue(value: float | Fraction) -> int:
    numerator, denominator = value.as_integer_ratio()
    return numerator * pow(denominator, -1, PRIME) % PRIME


def ranks(layers: Layers, patterns: Patterns, m: int) -> NDArray[np.int64]:
    """The rank of w_lᵀ D_l for each region and hidden layer, exactly; shape (m, L).

    D_l is the diagonal matrix of the slopes of the activation in the region: the rank is that
    of the rows of the active neurons, or of the pieces in force.
    """
    result = np.zeros((m, len(layers.hidden_widths)), dtype=np.int64)
    for l in range(len(layers.hidden_widths)):
        matrix = layers.integers[l].table()[:-1]
        table = [[int(v) for v in row[:-1]] for row in matrix]
        if not layers.is_maxout and _rank(table) == len(table):
            # Of independent rows every choice is independent.
            result[:, l] = (patterns[l] | (layers.slopes[l] != 0)).sum(axis=1)
            continue
        chosen = patterns[l] if layers.is_maxout else patterns[l] | (layers.slopes[l] != 0)
        distinct, which = np.unique(chosen, axis=0, return_inverse=True)
        found = []
        for pattern in distinct:
            if layers.is_maxout:
                rows = [table[j * layers.pieces + p] for j, p in enumerate(pattern.tolist())]
            else:
                rows = [table[j] for j in np.flatnonzero(pattern)]
            found.append(_rank(rows))
        result[:, l] = np.array(found)[which.reshape(-1)]
    return result


def dead(layers: Layers, patterns: Patterns, m: int) -> NDArray[np.bool_]:
    """Is no neuron of a hidden layer active in a region? Shape (m, L); never for maxout."""
    if layers.is_maxout or not patterns:
        return np.zeros((m, len(patterns)), dtype=np.bool_)
    return ~np.stack([p.any(axis=1) for p in patterns], axis=1)


def _rank(rows: list[list[int]]) -> int:
    """A rank modulo a prime is a lower bound; where it is not full, integers decide."""
    if not rows:
        return 0
    full = min(len(rows), len(rows[0]))
    residues = [v % PRIME for row in rows for v in row]
    if nmod_mat(len(rows), len(rows[0]), residues, PRIME).rank() == full:
        return full
    return int(fmpz_mat(rows).rank())
