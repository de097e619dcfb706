"""Saddles: points with z_j = 0 at which the gradient vanishes, and that are no minima.

With z_j = 0 and w_j in an open cell of pattern D the loss has the derivative (2/N) g_j·w_j in
z_j, g_j = Σ_i r_i D_i x_i, and none in w_j. The point is critical iff g_j ⟂ w_j for all neurons
with z_j = 0 and the others are critical by themselves; where some g_j ≠ 0 a step of w_j along
±g_j, and of z_j, goes down. The cell holds such a w_j iff g_j is positive on one of its rays
and negative on another. The others may be on faces where they are minima of the loss without
these neurons; such saddles are not differentiable.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from itertools import combinations_with_replacement

import numpy as np
import scipy.sparse

from arrangement.errors import SizeError
from arrangement.relu.minima.minima_table import Minima, States, joined
from arrangement.relu.minima.rational import RationalDecider
from arrangement.relu.minima.search import MAX_PIECES, Search, active_minima
from arrangement.relu.minima.ties import within
from arrangement.relu.weight_space import Floats, Mask

__all__ = ["saddles"]


LEAST = Fraction(1, 10**300)


def saddles(search: Search) -> Minima:
    """All sets of saddles of a problem, with w_j in a cell where z_j = 0.

    Parameters
    ----------
    search : Search
        Of cells only for the differentiable ones.

    Returns
    -------
    Minima
        Columns as for minima; output signs are 0 where z_j = 0.
    """
    K, faces = search.hidden, search.faces
    found = [Minima.empty(K, len(search.y), faces.rank)]
    rays = _Rays(search.rational)
    count = 0
    for k in range(K):
        for minima, *_ in active_minima(search, k, None):
            kept = within(minima, search.max_loss, search.rational)
            for row in range(len(kept)):
                for part in _with_neurons(search, rays, kept.take(np.array([row])), K - k):
                    count += len(part)
                    if count > MAX_PIECES:
                        raise SizeError(
                            f"more than {MAX_PIECES:,} sets of saddles; give max_loss, or "
                            "fewer samples or neurons"
                        )
                    found.append(part)
    return Minima.concatenated(found)


class _Rays:
    """The rays of the cells, as directions and as an incidence matrix of cells by rays."""

    def __init__(self, decider: RationalDecider) -> None:
        faces = decider.faces
        lines = faces.lines
        signs = faces.signs[lines].astype(np.float32)
        size = np.abs(signs).sum(axis=1)
        m = len(faces.cells)
        step = max(1, (1 << 24) // max(1, len(lines)))
        blocks = [
            scipy.sparse.csr_array(
                faces.signs[start : min(start + step, m)].astype(np.float32) @ signs.T == size
            )
            for start in range(0, m, step)
        ]
        self.incidence = scipy.sparse.vstack(blocks, format="csr").astype(np.float64)
        self.decider = decider
        exact = [decider.ray(line) for line in lines.tolist()]
        self.outputs = np.array([outputs for outputs, _, _ in exact])
        self.directions: Floats = np.array([direction for _, direction, _ in exact])
        self.factors = [factor for *_, factor in exact]

    def slopes(self, minimum: Minima) -> tuple[Floats, Floats]:
        """g·v along the rays up to one factor, and its share of the size of its terms.

        Zero where it is exactly zero, and nowhere else.
        """
        *whole, scale = self.decider.residuals_of(minimum.faces[0], minimum.output_signs[0])
        unit = self.decider.target_scale
        terms = [
            abs(unit * v + scale * y) + abs(scale * y)
            for v, y in zip(whole, self.decider.targets.tolist(), strict=True)
        ]
        values = (self.outputs @ np.array(whole, dtype=object)).tolist()
        sizes = (np.abs(self.outputs) @ np.array(terms, dtype=object)).tolist()
        lengths = [v * f for v, f in zip(values, self.factors, strict=True)]
        largest = max(map(abs, lengths)) or 1
        return (
            np.array([_not_lost(v / largest) for v in lengths]),
            np.array(
                [
                    _not_lost(Fraction(unit * v, z)) if v else 0.0
                    for v, z in zip(values, sizes, strict=True)
                ]
            ),
        )


def _not_lost(value: Fraction) -> float:
    """The value in float64, at least 1e-300 in absolute value if it is not zero."""
    return float(max(value, LEAST) if value > 0 else min(value, -LEAST) if value else 0)


def _with_neurons(search: Search, rays: _Rays, minimum: Minima, extra: int) -> Iterator[Minima]:
    """The saddles of one critical tuple of active neurons and `extra` more, one with g ≠ 0."""
    faces, m = search.faces, len(search.faces.cells)
    value, share = rays.slopes(minimum)
    up = rays.incidence @ np.maximum(share, 0.0)
    down = rays.incidence @ np.maximum(-share, 0.0)
    split = np.flatnonzero((up > 0) & (down > 0))
    if not len(split):
        return
    # A positive combination of all rays of a cell is inside; weighted so, g is zero there.
    high, low = np.maximum(value * (share > 0), 0.0), np.maximum(-value * (share < 0), 0.0)
    above, beneath = rays.incidence[split] @ high, rays.incidence[split] @ low
    towards = [
        rays.incidence[split] @ (kind[:, None] * rays.directions)
        for kind in (share > 0, share < 0, share == 0)
    ]
    largest = np.maximum(above, beneath)
    inner: Floats = (
        towards[0] * (beneath / largest)[:, None]
        + towards[1] * (above / largest)[:, None]
        + towards[2]
    )
    still: Mask = (up == 0) & (down == 0)
    calm = np.flatnonzero(still)
    inside = [rays.decider.interior(cell) for cell in calm.tolist()]
    points = np.concatenate([inner, np.array(inside).reshape(-1, faces.rank)])
    margin = np.concatenate([np.minimum(up[split], down[split]), np.ones(len(calm))])
    cells = np.concatenate([split, calm])
    margin *= [
        rays.decider.holds(cell, w) for cell, w in zip(cells.tolist(), points, strict=True)
    ]
    none, sure = np.zeros(len(cells), dtype=np.int8), np.ones(len(cells), dtype=bool)
    states = States(cells, none, points, margin, sure)
    if "boundary" in search.kinds:  # neurons with z ≠ 0 that add nothing, in place
        idle = m + np.flatnonzero(faces.idle[m:])
        (own,) = search.decider().states(minimum, idle, calm[:0])
        if own:
            face, sign, least, certain = (np.array(column) for column in zip(*own, strict=True))
            states = States(
                np.concatenate([cells, face]),
                np.concatenate([none, sign.astype(np.int8)]),
                np.concatenate([points, [rays.decider.interior(f) for f in face.tolist()]]),
                np.concatenate([margin, least]),
                np.concatenate([sure, certain]),
            )
    picked = np.array(
        [
            rows
            for rows in combinations_with_replacement(range(len(states.faces)), extra)
            if rows[0] < len(split)
        ],
        dtype=np.int64,
    )
    yield joined(faces, minimum, picked, states)
