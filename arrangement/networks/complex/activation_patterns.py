"""Which cells of a complex have which activation pattern."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from arrangement.networks.complex.complex import Complex

__all__ = [
    "by_first",
    "joined",
    "last_positive",
    "owners",
    "pattern_texts",
    "patterns_of",
    "roots",
]


def patterns_of(cells: Complex) -> list[NDArray[Any]]:
    """Per hidden layer the pattern of each cell of a complex."""
    layers, signs, at = cells.layers, cells.signs_of_regions, 0
    result: list[NDArray[Any]] = []
    for width in layers.hidden_widths:
        if layers.is_maxout:
            k = layers.pieces
            block = signs[:, at : at + width * (k - 1)].reshape(len(signs), width, k - 1)
            result.append(last_positive(block))
            at += width * (k - 1)
        else:
            result.append(signs[:, at : at + width] > 0)
            at += width
    return result


def last_positive(signs: NDArray[np.int8]) -> NDArray[np.int64]:
    """1 + the last index along the last axis with a positive sign, 0 where there is none."""
    places = np.arange(1, signs.shape[-1] + 1)
    return np.asarray(np.where(signs > 0, places, 0).max(axis=-1, initial=0), dtype=np.int64)


def owners(cells: Complex) -> NDArray[np.int64]:
    """The activation region of each cell of a complex, by first occurrence."""
    m = cells.n_regions
    if cells.layers.pieces < 3 and not cells.by_class:
        return np.arange(m)
    table = np.concatenate([np.zeros((m, 1), np.int64), *patterns_of(cells)], axis=1)
    return by_first(np.unique(table, axis=0, return_inverse=True)[1].reshape(-1))


def by_first(labels: NDArray[Any]) -> NDArray[np.int64]:
    """Labels as numbers 0, 1, … in the order in which they first occur."""
    _, first, inverse = np.unique(labels, return_index=True, return_inverse=True)
    rank = np.empty(len(first), dtype=np.int64)
    rank[np.argsort(first)] = np.arange(len(first))
    return rank[inverse.reshape(-1)]


def joined(links: NDArray[np.int64], n: int) -> NDArray[np.int64]:
    """The connected sets of 0, …, n − 1 by pairs, shape (k, 2): numbers by first occurrence."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    graph = coo_array((np.ones(len(links)), tuple(links.T)), shape=(n, n))
    return by_first(connected_components(graph, directed=False)[1])


def roots(cells: Complex) -> NDArray[np.int64]:
    """The cell from which each was split by the output's argmax alone."""
    result = np.arange(cells.n_regions)
    for r in range(cells.n_regions):
        parent, step = cells.origin[r].tolist()
        if step >= cells.steps.n_hidden:
            result[r] = result[parent]
    return result


def pattern_texts(patterns: list[NDArray[Any]], m: int) -> list[str]:
    """Patterns as text, layers separated by spaces."""
    if not patterns:
        return [""] * m
    widths = np.cumsum([0, *(p.shape[1] for p in patterns)])
    table = np.concatenate([p.astype(np.int64) for p in patterns], axis=1).tolist()
    separator = "," if max(p.max(initial=0) for p in patterns) > 9 else ""
    return [
        " ".join(separator.join(map(str, row[a:b])) for a, b in pairwise(widths.tolist()))
        for row in table
    ]
