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
from arrangement.relu.minima.neuron_faces import ROUNDING, TAME, NeuronFaces
from arrangement.relu.minima.rational import Integers, RationalDecider
from arrangement.relu.minima.search import MAX_PIECES, Search, active_minima
from arrangement.relu.minima.ties import within
from arrangement.relu.weight_space import Floats, Mask, lengths

__all__ = ["saddles"]


LEAST = Fraction(1, 10**300)

ACCURATE = 16.0
"""Slopes are taken from float64 where they are so many times their error."""


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
        self.decider, self.lines = decider, faces.lines
        self.incidence = _incidence(faces)
        self._exact: dict[int, tuple[Integers, Floats, Fraction]] = {}
        self.directions = np.empty((len(self.lines), faces.rank))
        # A sample that is nearly on a ray does not harm it, so that `rough` is too strict.
        self.rough = max(faces.given.spread, faces.condition) > TAME
        if self.rough:
            for k in range(len(self.lines)):
                self.directions[k] = self._ray(k)[1]
            return
        X, samples = faces.samples.X, faces.given
        for rows in self._portions():
            flats = faces.flat[self.lines[rows]]
            v = faces.bases[flats, :, 0]
            t = np.where(faces.on[flats], 0.0, v @ X.T)
            at = np.arange(len(t)), np.abs(t).argmax(axis=1)
            v *= (np.sign(t[at]) * faces.signs[self.lines[rows]][at])[:, None]
            # As exact directions are: the largest coordinate is one without the shift.
            w = v.copy()
            scale, shift = samples.scale[faces.columns], samples.shift[faces.columns]
            w[:, -1] -= scale[-1] * (v / scale) @ shift
            self.directions[rows] = v / np.abs(w).max(axis=1, keepdims=True)

    def _portions(self) -> Iterator[slice]:
        step = max(1, (1 << 20) // len(self.decider.targets))
        return (slice(k, k + step) for k in range(0, len(self.lines), step))

    def _ray(self, k: int) -> tuple[Integers, Floats, Fraction]:
        if k not in self._exact:
            self._exact[k] = self.decider.ray(int(self.lines[k]))
        return self._exact[k]

    def slopes(self, minimum: Minima) -> tuple[Floats, Floats]:
        """g·v along the rays up to one factor, and its share of the size of its terms.

        Zero where it is exactly zero, and nowhere else: what rounding may have given its sign
        is computed in rational arithmetic.
        """
        faces, unit = self.decider.faces, self.decider.target_scale
        *whole, scale = self.decider.residuals_of(minimum.faces[0], minimum.output_signs[0])
        largest = max(map(abs, whole)) or 1
        terms = [
            Fraction(abs(unit * v + scale * y) + abs(scale * y), unit)
            for v, y in zip(whole, self.decider.targets.tolist(), strict=True)
        ]
        r = np.array([float(Fraction(v, largest)) for v in whole])
        size = np.array([float(v / largest) for v in terms])
        X = faces.samples.X
        n, d = X.shape
        rounding = ROUNDING * (n + d * faces.condition)
        error = rounding * float(np.abs(r) @ lengths(X)) * lengths(self.directions)
        value, share = np.empty((2, len(self.lines)))
        silent = np.full(len(self.lines), not any(whole))
        for rows in self._portions():
            lines = self.lines[rows]
            outputs = faces.slopes(lines)
            silent[rows] |= ~outputs.any(axis=1)
            outputs *= self.directions[rows] @ X.T
            value[rows] = outputs @ r
            share[rows] = value[rows] / np.maximum(np.abs(outputs) @ size, 1e-300)
        sure = (np.abs(value) > ACCURATE * error) & (not self.rough)
        for k in np.flatnonzero(~(sure | silent)).tolist():
            along, _, factor = self._ray(k)
            exactly = sum(a * v for a, v in zip(along.tolist(), whole, strict=True))
            least = sum(abs(a) * v for a, v in zip(along.tolist(), terms, strict=True))
            value[k] = _not_lost(exactly * factor / largest)
            share[k] = _not_lost(exactly / least) if exactly else 0.0
        return value, share


def _incidence(faces: NeuronFaces) -> scipy.sparse.csr_array:
    """Which cells have which rays in their closure."""
    arrangement, signs = faces.samples.arrangement, faces.signs[faces.lines]
    if faces.rank > 2:
        rays = arrangement.faces(arrangement.dimension - faces.rank + 1)
        assert np.array_equal(rays.signs, signs), "one order of the rays"
        return scipy.sparse.csr_array(rays.incidence_to(faces.cells).T, dtype=np.float64)
    table = faces.cells.signs.astype(np.float32) @ signs.T.astype(np.float32)
    return scipy.sparse.csr_array(table == np.abs(signs).sum(axis=1), dtype=np.float64)


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
