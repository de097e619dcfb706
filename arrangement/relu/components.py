"""Connected components of the local minima: pieces that lie in each other's closure.

Pieces that meet have the same outputs, since f takes finitely many values on all pieces. Among
pieces of the same outputs, a piece with states (F_j, s_j) has points in the closure of one with
states (G_j, t_j) if, in some order of the neurons, each state is below the other:

- F_j ≤ G_j, a face of it, with s_j = t_j: the closure of {u ∈ ∏ G_j : A u = f} is
  {u ∈ ∏ closure(G_j) : A u = f}, because the first set is not empty and polyhedral;
- F_j ≤ G_j, G_j the cell without active sample, where z is free;
- s_j = 0, and G_j ≤ F_j with t_j ≠ 0, if Σ_i r_i σ(v·x_i) vanishes for v near G_j: then
  z_j → 0 leads through w_j ∈ G_j, which is in place with z_j = 0 itself;
- s_j = t_j = 0, and the cells F_j and G_j share a facet.
"""

from __future__ import annotations

from collections import defaultdict
from itertools import permutations

import numpy as np
from numpy.typing import NDArray

from arrangement import kernels
from arrangement.relu.faces import NeuronFaces
from arrangement.relu.pieces import Pieces
from arrangement.relu.rational import RationalDecider
from arrangement.relu.samples import Floats, Mask
from arrangement.relu.stationary import WEAK, Decider, term_sizes

__all__ = ["components"]

Indices = NDArray[np.int64]

SAME = 1e-8
"""Outputs that differ by less than this share of the largest target are the same."""


def components(pieces: Pieces, decider: Decider) -> Indices:
    """The connected component of each piece, numbered by rising loss, shape (m,)."""
    y = decider.y
    parent = np.arange(len(pieces))
    orders = np.array(list(permutations(range(pieces.faces.shape[1]))), dtype=np.int64)
    if isinstance(decider, RationalDecider):
        groups = _of_equal_outputs(pieces, decider)
    else:
        groups = _of_same_outputs(pieces, SAME * float(np.abs(y).max(initial=0.0)))
    for rows in groups:
        if len(rows) == 1:
            continue
        pairs = np.stack([pieces.faces[rows], pieces.output_signs[rows]], axis=2)
        distinct, states = np.unique(pairs.reshape(-1, 2), axis=0, return_inverse=True)
        if isinstance(decider, RationalDecider):
            r = decider.residuals_of(pieces.faces[rows[0]], pieces.output_signs[rows[0]])
            flat = [decider.vanishes(int(f), r) for f in distinct[:, 0]]
        else:
            residuals = pieces.residuals[rows[0]]
            flat = [_vanishes(pieces.table, int(f), residuals, y) for f in distinct[:, 0]]
        below = _below(pieces.table, distinct, np.array(flat, dtype=bool))
        own = np.arange(len(rows))
        kernels.merge(states.reshape(len(rows), -1).astype(np.int64), below, orders, own)
        parent[rows] = rows[own]
    _, first, label = np.unique(parent, return_index=True, return_inverse=True)
    return np.asarray(np.argsort(np.argsort(first, kind="stable"))[label.reshape(-1)])


def _of_equal_outputs(pieces: Pieces, decider: RationalDecider) -> list[Indices]:
    """The pieces in groups of equal outputs, exactly."""
    groups: dict[tuple[int, ...], list[int]] = defaultdict(list)
    for k, (faces, signs) in enumerate(zip(pieces.faces, pieces.output_signs, strict=True)):
        groups[decider.residuals_of(faces, signs)].append(k)
    return [np.array(rows) for rows in groups.values()]


def _of_same_outputs(pieces: Pieces, tolerance: float) -> list[Indices]:
    """The pieces in groups of the same outputs."""
    groups: list[Indices] = []
    n = pieces.residuals.shape[1]
    root = np.sqrt(pieces.loss * n)  # the length of the residuals
    cuts = np.flatnonzero(np.diff(root) > np.sqrt(n) * tolerance) + 1
    for rows in np.split(np.arange(len(pieces)), cuts):
        while len(rows):
            off = np.abs(pieces.residuals[rows] - pieces.residuals[rows[0]]).max(axis=1)
            groups.append(rows[off <= tolerance])
            rows = rows[off > tolerance]
    return groups


def _below(table: NeuronFaces, states: Indices, flat: Mask) -> Mask:
    """Which states (face, s) are below which.

    `flat` says for which Σ_i r_i σ(v·x_i) is zero near the face.
    """
    faces, s = states[:, 0], states[:, 1]
    signs = table.signs[faces].astype(np.float32)
    agree = signs @ signs.T
    size = np.abs(signs).sum(axis=1)
    # F ≤ G iff G has all the signs of F that are not zero.
    under = agree == size[:, None]
    free = (s == 0) & table.idle[faces]
    silent = s == 0
    below: Mask = under & ((s[:, None] == s) & (s != 0) | free)
    below |= silent[:, None] & under.T & (s != 0) & flat
    both = silent[:, None] & silent
    below |= both & _share_a_facet(table, faces)
    np.fill_diagonal(below, True)
    return below


def _vanishes(table: NeuronFaces, face: int, r: Floats, y: Floats) -> bool:
    """Is Σ_i r_i σ(v·x_i) zero for v near a face that holds a neuron of a minimum?"""
    H = table.turns(face)
    size = term_sizes(r + y, y) @ np.abs(H).T
    return bool(np.all(np.abs(H @ r) <= WEAK * size))


def _share_a_facet(table: NeuronFaces, faces: Indices) -> Mask:
    m = len(table.cells)
    adjacent = table.cells.adjacency
    result = np.zeros((len(faces), len(faces)), dtype=bool)
    cells = np.flatnonzero(faces < m)
    for a in cells.tolist():
        near = adjacent.indices[adjacent.indptr[faces[a]] : adjacent.indptr[faces[a] + 1]]
        result[a, cells[np.isin(faces[cells], near)]] = True
    return result
