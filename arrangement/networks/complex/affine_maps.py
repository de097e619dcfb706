"""The affine maps of regions: in float64, exactly, and which of them are equal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from flint import fmpz, fmpz_mat, nmod_mat
from numpy.typing import NDArray

from arrangement.kernels.networks.combined_maps import LIMIT, combined_maps
from arrangement.networks.complex.activation_patterns import by_first
from arrangement.networks.layers import Layers

__all__ = ["affine_maps", "chosen_rows", "dead", "distinct_maps", "exact_map", "ranks"]

Patterns = Sequence[NDArray[Any]]

BLOCK = 2**22
"""Numbers in one block of maps of the widest layer."""

PRIME = 2**28 - 57


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

    Maps with different hashes modulo a prime differ. Those with equal ones are equal if they
    are so modulo primes whose product is larger than any difference, over the denominator that
    all maps have in common.
    """
    group = by_first(np.unique(_hashes(layers, patterns, m), axis=0, return_inverse=True)[1])
    several = np.flatnonzero(np.bincount(group)[group] > 1)
    if not len(several):
        return group
    # One region of each pattern of what can make a difference.
    relevant = _relevant(layers, [p[several] for p in patterns])
    names = np.column_stack([group[several], relevant])
    _, first, which = np.unique(names, axis=0, return_index=True, return_inverse=True)
    distinct = several[first]
    found = _told_apart(layers, [p[distinct] for p in patterns], group[distinct])
    group[several] = len(group) + found[which.reshape(-1)]
    return by_first(group)


def _told_apart(
    layers: Layers, patterns: Patterns, group: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Numbers for groups of maps, with those divided in which maps differ."""
    _, first, group = np.unique(group, return_index=True, return_inverse=True)
    bound, p = 2 * _largest(layers), LIMIT
    while bound > 0 and len(first) < len(group):
        p = next(q for q in range(p - 1, 1, -1) if fmpz(q).is_prime())
        for start in np.eye(layers.output_dimension, dtype=np.uint64):
            maps = _combined(layers, patterns, len(group), start, p)
            if maps is None:
                break
            if (maps != maps[first[group]]).any():
                _, first, group = np.unique(
                    np.column_stack([group, maps]),
                    axis=0,
                    return_index=True,
                    return_inverse=True,
                )
                group = group.reshape(-1)
        else:
            bound //= p
    return group


def _largest(layers: Layers) -> int:
    """A bound on the entries of all regions' maps over their common denominator."""
    bound = 1
    for l, matrix in enumerate(layers.integers):
        bound *= max(sum(abs(int(v)) for v in row) for row in matrix.table())
        if l < len(layers.hidden_widths) and not layers.is_maxout:
            below, above = layers.integer_slopes(l)
            bound *= max(int(above), *(abs(int(v)) for v in below))
    return bound


def _relevant(layers: Layers, patterns: Patterns) -> NDArray[Any]:
    """Patterns of the neurons from which a path of nonzero weights leads to an output.

    Regions in which they are the same have the same map.
    """
    result: list[NDArray[Any]] = []
    needed = np.ones((1, layers.output_dimension), dtype=np.bool_)
    for l in range(len(patterns) - 1, -1, -1):
        linked = layers.rows(l + 1)[:, :-1] != 0
        if l + 1 < len(patterns):
            linked = linked.reshape(len(patterns[l + 1][0]), -1, linked.shape[1]).any(axis=1)
        needed = needed.astype(np.float32) @ linked.astype(np.float32) > 0
        result.append(np.where(needed, patterns[l], -1))
        if not layers.is_maxout:
            needed = needed & (patterns[l] | (layers.slopes[l] != 0))
    return np.column_stack(result)


def _hashes(layers: Layers, patterns: Patterns, m: int) -> NDArray[np.uint64]:
    """A random combination of each map's rows modulo a prime."""
    start = np.random.default_rng(6).integers(1, PRIME, layers.output_dimension)
    maps = _combined(layers, patterns, m, start.astype(np.uint64), PRIME)
    return np.zeros((m, 1), dtype=np.uint64) if maps is None else maps


def _combined(
    layers: Layers, patterns: Patterns, m: int, start: NDArray[np.uint64], p: int
) -> NDArray[np.uint64] | None:
    """A combination of each map's rows modulo a prime; None if it divides a denominator."""
    flat, shapes = [], []
    for matrix in layers.integers:
        *rows, bottom = nmod_mat(matrix, p).table()
        if not bottom[-1]:
            return None
        flat.append(np.array([int(v / bottom[-1]) for row in rows for v in row], np.uint64))
        shapes.append((len(rows), len(bottom)))
    chosen, factors = [], []
    for l, pattern in enumerate(patterns):
        width = pattern.shape[1]
        if layers.is_maxout:
            chosen.append(np.arange(width) * layers.pieces + pattern)
            factors.append(np.ones(pattern.shape, dtype=np.uint64))
        else:
            chosen.append(np.broadcast_to(np.arange(width), pattern.shape))
            below, scale = layers.integer_slopes(l)
            inverse = pow(int(scale), -1, p)
            low = [int(v) * inverse % p for v in below]
            factors.append(np.where(pattern, 1, low).astype(np.uint64))
    return np.asarray(
        combined_maps(
            np.concatenate(flat), np.array(shapes, dtype=np.int64),
            np.concatenate([np.zeros((m, 0)), *chosen], axis=1).astype(np.int32),
            np.concatenate([np.zeros((m, 0), np.uint64), *factors], axis=1),
            start, p,
        )
    )  # fmt: skip


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
