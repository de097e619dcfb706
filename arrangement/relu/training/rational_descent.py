"""The end of a descent in rational arithmetic, until a piece is proved.

Where residuals are as small as the rounding of the targets, float64 sees nothing that is left
to descend, but there may be: then the descent goes on from the exact point, its residuals in
units of what is left of them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from math import frexp, lcm
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import lstsq

from arrangement.exact.numbers import whole_columns
from arrangement.relu.training.descent import ROUNDED, Descent, Found
from arrangement.relu.training.piece_proof import DEPENDENT, OFF_FACE, Faces
from arrangement.relu.training.rational_piece import Point, pre_activations, rational_proof
from arrangement.relu.weight_space import Mask

__all__ = ["descended"]

ROUNDS = 30
"""So often the units of the residuals are made finer."""

DIGITS = 70
"""Bits after the point that weights keep, in units of the residuals and of the samples."""

FAR = 1e5
"""Weights beyond so many targets are to be avoided."""

WIDE = Fraction(2) ** 1000
"""Pre-activations in units of the residuals that are larger are taken to be so large."""


def descended(
    found: Found, targets: NDArray[Any], most: int, report: Callable[[int, int], None]
) -> Found:
    """Go on from the end of a descent until a piece is proved in rational arithmetic.

    Parameters
    ----------
    found : Found
    targets : ndarray, shape (N,)
        Exactly as given.
    most : int
        Steps in all.
    report : callable
        Called with (steps, `most`).
    """
    samples = found.faces.samples
    point = Point(Fraction(found.offset), samples.exact_weights(found.u))
    last: Fraction | None = None
    for _ in range(ROUNDS):
        end, at = rational_proof(found.faces, targets, point)
        t, r = _state(found.faces, targets, at)
        found = replace(
            found,
            proof=end,
            u=samples.coordinates(at.weights),
            offset=float(at.offset),
            loss=float(np.sum(np.square(r.astype(np.float64)))),
        )
        if not isinstance(end, str) or found.steps >= most:
            break
        local, unit = _in_finer_units(found.faces, t, r)
        local.steps = found.steps
        if end == OFF_FACE and unit == last:
            local.hold(local.on | _met(found, t))
        last = unit
        local.descend(most, report)
        point = _moved(at, local, unit)
        found = replace(found, faces=local.faces(), steps=local.steps)
    return found if isinstance(found.proof, str) else _within_reach(found, targets, at)


def _within_reach(found: Found, targets: NDArray[Any], at: Point) -> Found:
    """The same piece where the outputs of weights in float64 are those that are proved.

    A descent may have gone far along directions that change no output, in which large numbers
    cancel: as much of the way is gone back as the faces allow.
    """
    samples = found.faces.samples
    most = FAR * float(np.abs(samples.y).max())
    while most and (large := np.abs(found.u).max(axis=1) > most).any():
        weights = at.weights.copy()
        weights[large] /= 16
        proof, at = rational_proof(found.faces, targets, Point(at.offset, weights))
        u = samples.coordinates(at.weights)
        # The faces may hold no nearer fit, or no other.
        if isinstance(proof, str) or not np.abs(u).sum() < np.abs(found.u).sum():
            break
        found = replace(found, proof=proof, u=u, offset=float(at.offset))
    return found


def _met(found: Found, t: NDArray[np.object_]) -> Mask:
    """The samples on whose hyperplanes the neurons are up to rounding."""
    X = found.faces.samples.X
    size = np.linalg.norm(found.u, axis=1)[:, None] * np.linalg.norm(X, axis=1)
    return np.asarray(np.abs(t.astype(np.float64)) <= ROUNDED * size)


def _moved(at: Point, local: Descent, unit: Fraction) -> Point:
    """The point that a descent in finer units has come to, so far as these show it."""
    near = local.lift.any(axis=1)
    weights = unit * local.samples.exact_weights(local.u)
    weights[near] += at.weights[near]
    # Denominators would multiply from round to round.
    size = [unit / 2 ** (DIGITS + frexp(v)[1]) for v in local.samples.scale.tolist()]
    rows = [[round(v / m) * m for v, m in zip(row, size, strict=True)] for row in weights]
    offset = at.offset + unit * Fraction(local.offset)
    step = unit / 2**DIGITS
    return Point(round(offset / step) * step, np.array(rows, dtype=object))


def _state(
    faces: Faces, targets: NDArray[Any], at: Point
) -> tuple[NDArray[np.object_], NDArray[np.object_]]:
    """The exact pre-activations, shape (K, N), and residuals, shape (N,), at a point."""
    X, scale = whole_columns(faces.samples.arrangement.normals)
    rows, common = pre_activations(X, scale, at)
    t = np.array(rows, dtype=object)
    outputs = faces.s.astype(object) @ (_slopes(faces, t) * t)
    part = Fraction(1, common)
    y = np.array([Fraction(v) for v in targets.tolist()], dtype=object)
    return t * part, outputs * part + at.offset - y


def _slopes(faces: Faces, t: NDArray[np.object_]) -> NDArray[np.object_]:
    leak = Fraction(faces.leak)
    rows = [[1 if v > 0 else leak if v < 0 else 0 for v in row] for row in t.tolist()]
    return np.array(rows, dtype=object)


def _in_finer_units(
    faces: Faces, t: NDArray[np.object_], r: NDArray[np.object_]
) -> tuple[Descent, Fraction]:
    """A descent from a point with these pre-activations and residuals, and its unit.

    What of the residuals is orthogonal to all changes of outputs near the point is left out:
    the rest may be far smaller. Its products with the changes are exact.
    """
    samples, on = faces.samples, t == 0
    held = on.any(axis=0)
    slopes = faces.s.astype(object)[:, None] * _slopes(faces, t)
    common = lcm(*(v.denominator for v in r.tolist()))
    whole = np.array([int(v * common) for v in r.tolist()], dtype=object)
    X, scale = whole_columns(samples.arrangement.normals)
    pulls = [whole.sum()] * faces.free.shape[1]
    for row in ((slopes * whole) @ X).tolist():
        given = [Fraction(v) / m for v, m in zip(row, scale, strict=True)]
        moved = zip(given, samples.shift.tolist(), samples.scale.tolist(), strict=True)
        pulls += [(v - Fraction(a) * given[-1]) / Fraction(b) for v, a, b in moved]
    pulls += whole[held].tolist()
    largest = Fraction(max(map(abs, pulls))) / common
    bits = largest.numerator.bit_length() - largest.denominator.bit_length()
    unit = Fraction(2) ** bits
    products = [float(Fraction(v) / (unit * common)) for v in pulls]
    changes = [slope.astype(np.float64)[:, None] * samples.X for slope in slopes]
    moves = np.concatenate([faces.free, *changes, np.eye(len(r))[:, held]], axis=1)
    start = lstsq(moves.T, products, cond=DEPENDENT, lapack_driver="gelsy")[0]
    lift = [[float(min(max(v / unit, -WIDE), WIDE)) for v in row] for row in t.tolist()]
    local = Descent(
        samples,
        faces.free,
        faces.leak,
        np.zeros((len(t), samples.X.shape[1])),
        faces.s.copy(),
        0.0,
        on,
        faces.flats,
        np.array(lift),
        start,
        float(np.linalg.norm(start)),
    )
    local.hold(on)
    return local, unit
