"""Connected components of the local minima: pieces that lie in each other's closure.

Pieces that meet have the same outputs, since f takes finitely many values on all pieces;
outputs are compared exactly. Among pieces of the same outputs, a piece with states (F_j, s_j)
has points in the closure of one with states (G_j, t_j) if, in some order of the neurons, each
state is below the other:

- F_j ≤ G_j, a face of it, with s_j = t_j: the closure of {u ∈ ∏ G_j : A u = f} is
  {u ∈ ∏ closure(G_j) : A u = f}, because the first set is not empty and polyhedral;
- F_j ≤ G_j, G_j the cell without active sample, where z is free;
- s_j = 0, and G_j ≤ F_j with t_j ≠ 0, if Σ_i r_i σ(v·x_i) vanishes for v near G_j: then
  z_j → 0 leads through w_j ∈ G_j, which is in place with z_j = 0 itself;
- s_j = t_j = 0, and the cells F_j and G_j share a facet.
"""

from __future__ import annotations

from itertools import permutations

import numpy as np

from arrangement import kernels
from arrangement.relu.minima.neuron_faces import NeuronFaces
from arrangement.relu.minima.pieces import Pieces
from arrangement.relu.minima.rational import RationalDecider
from arrangement.relu.minima.ties import active_sets
from arrangement.relu.weight_space import Indices, Mask

__all__ = ["components"]


def components(pieces: Pieces, rational: RationalDecider) -> Indices:
    """The connected component of each piece, numbered by rising loss, shape (m,)."""
    parent = np.arange(len(pieces))
    orders = np.array(list(permutations(range(pieces.faces.shape[1]))), dtype=np.int64)
    cuts = np.flatnonzero(np.diff(pieces.level)) + 1
    for equal in np.split(parent.copy(), cuts):
        if len(equal) == 1:
            continue
        for residuals, rows in _of_same_outputs(pieces, equal, rational):
            if len(rows) == 1:
                continue
            pairs = np.stack([pieces.faces[rows], pieces.output_signs[rows]], axis=2)
            distinct, states = np.unique(pairs.reshape(-1, 2), axis=0, return_inverse=True)
            below = _below(pieces.table, distinct, residuals, rational)
            own = np.arange(len(rows))
            kernels.merge(states.reshape(len(rows), -1).astype(np.int64), below, orders, own)
            parent[rows] = rows[own]
    _, first, label = np.unique(parent, return_index=True, return_inverse=True)
    return np.asarray(np.argsort(np.argsort(first, kind="stable"))[label.reshape(-1)])


def _of_same_outputs(
    pieces: Pieces, rows: Indices, rational: RationalDecider
) -> list[tuple[tuple[int, ...], Indices]]:
    """Pieces of one loss in groups of the same residuals, with these."""
    faces, signs = pieces.faces[rows], pieces.output_signs[rows]
    _, first, label = np.unique(
        active_sets(pieces.table, faces, signs), axis=0, return_index=True, return_inverse=True
    )
    values = [rational.residuals_of(faces[k], signs[k]) for k in first]
    place = {value: k for k, value in enumerate(dict.fromkeys(values))}
    group = np.array([place[value] for value in values])[label.reshape(-1)]
    return [(value, rows[group == k]) for value, k in place.items()]


def _below(
    table: NeuronFaces, states: Indices, residuals: tuple[int, ...], rational: RationalDecider
) -> Mask:
    """Which states (face, s) are below which, for some residuals."""
    faces, s = states[:, 0], states[:, 1]
    signs = table.signs[faces].astype(np.float32)
    agree = signs @ signs.T
    size = np.abs(signs).sum(axis=1)
    # F ≤ G iff G has all the signs of F that are not zero.
    under = agree == size[:, None]
    free = (s == 0) & table.idle[faces]
    silent = s == 0
    below: Mask = under & ((s[:, None] == s) & (s != 0) | free)
    towards = silent[:, None] & under.T & (s != 0)
    for k in np.flatnonzero(towards.any(axis=0)).tolist():
        towards[:, k] &= rational.vanishes(int(faces[k]), residuals)
    below |= towards
    both = silent[:, None] & silent
    below |= both & _share_a_facet(table, faces)
    np.fill_diagonal(below, True)
    return below


def _share_a_facet(table: NeuronFaces, faces: Indices) -> Mask:
    cells = np.flatnonzero(faces < len(table.cells))
    result = np.zeros((len(faces), len(faces)), dtype=bool)
    adjacent = table.cells.adjacency[faces[cells]][:, faces[cells]]
    result[np.ix_(cells, cells)] = adjacent.toarray() != 0
    return result
