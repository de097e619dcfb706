"""Screening the last neuron of many tuples of faces by its least squares solution, compiled."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from arrangement.kernels.compiled import compiled
from arrangement.kernels.landscape.definite_matrices import backward, forward
from arrangement.kernels.landscape.small_vectors import dot
from arrangement.kernels.types import Bools1, Floats1, Floats2, Floats3, Ints1, Signs1, Signs2

__all__ = [
    "BOTH",
    "DEFICIENT",
    "REFUSED",
    "SURVIVED",
    "Faces",
    "Fit",
    "Neurons",
    "Tables",
    "schur",
    "screen",
    "sides_of",
    "tuple_losses",
]

REFUSED, SURVIVED, DEFICIENT = 0, 1, 2

UNDERFLOW = 1e-250
"""The squares in a smaller sum may have lost their digits."""

SETTLED = 1e-14
"""A squared residual is settled within this share of ‖y‖²."""


class Fit(NamedTuple):
    """The least squares fit of the targets by some columns.

    Attributes
    ----------
    basis : float64 (N, n)
        Q, orthonormal, of what the columns span.
    back : float64 (columns, n)
        The coefficients of least norm are back @ along; no rows where they are not unique and
        nobody is to use them.
    along : float64 (n,)
        Qᵀy.
    rest : float64 (N,)
        (I − Q Qᵀ)y.
    condition : float
        Largest over smallest singular value that counts.
    """

    basis: Floats2
    back: Floats2
    along: Floats1
    rest: Floats1
    condition: float


class Faces(NamedTuple):
    """Faces of the last neuron, beside a fit of the others.

    Attributes
    ----------
    maps : float64 (m, D, N)
        Aᵀ of each face.
    grams : float64 (m, D, D)
        AᵀA.
    crosses, rights : float64 (m, D, n) and (m, D)
        AᵀQ and Aᵀ(I − Q Qᵀ)y.
    sizes : int64 (m,)
        Columns that are not padding.
    """

    maps: Floats3
    grams: Floats3
    crosses: Floats3
    rights: Floats2
    sizes: Ints1


class Neurons(NamedTuple):
    """Where neurons are: the flats of their faces in the tables, and the signs, (m, N)."""

    flats: Ints1
    sizes: Ints1
    signs: Signs2


class Tables(NamedTuple):
    """What is known of each flat.

    Attributes
    ----------
    restricted : float64 (F, N, D)
        The samples restricted to it.
    lengths : float64 (N,)
        Of the samples themselves.
    rays : float64 (Σq, N)
        x_i·v for the rays v of the flats, one below the other.
    begin : int64 (F + 1,)
        Where those of each flat begin.
    """

    restricted: Floats3
    lengths: Floats1
    rays: Floats2
    begin: Ints1


@compiled(error_model="numpy")
def _trace(gram, e):
    """The sum of the first entries on the diagonal."""
    total = 0.0
    for a in range(e):
        total += gram[a, a]
    return total


@compiled(error_model="numpy")
def schur(gram, cross, right, e, reach, L, c, inverse):
    """Solve (gram − cross crossᵀ) c = right on the first e columns.

    Returns a lower bound on the least eigenvalue and the fall ‖L⁻¹ right‖² of the squared
    residual; the bound is 0 where the system may be singular. `reach` bounds the error of the
    matrix's entries, in the spectral norm.
    """
    n = cross.shape[1]
    if _trace(gram, e) < UNDERFLOW:
        return 0.0, 0.0
    for a in range(e):
        for b in range(a + 1):
            value = gram[a, b]
            for k in range(n):
                value -= cross[a, k] * cross[b, k]
            for k in range(b):
                value -= L[a, k] * L[b, k]
            if a == b:
                if not value > reach:
                    return 0.0, 0.0
                L[a, a] = np.sqrt(value)
            else:
                L[a, b] = value / L[b, b]
    # ‖S⁻¹‖ ≤ ‖L⁻¹‖²_F for the computed L; its own error and that of L⁻¹ are in `reach`.
    total = 0.0
    for b in range(e):
        for a in range(b, e):
            value = 1.0 if a == b else 0.0
            for k in range(b, a):
                value -= L[a, k] * inverse[k, b]
            inverse[a, b] = value / L[a, a]
            total += inverse[a, b] ** 2
    least = 0.98 / total - reach
    if not least > 4.0 * reach:
        return 0.0, 0.0
    for a in range(e):
        c[a] = right[a]
    forward(L, e, c)
    fall = dot(c[:e], c)
    backward(L, e, c)
    return least, fall


PLUS, MINUS, BOTH = 1, 2, 3


@compiled(error_model="numpy")
def sides_of(value, bound):
    """The output signs (bits) of which a value has one, where it may be off by a bound."""
    return PLUS if value > bound else MINUS if value < -bound else BOTH


@compiled(error_model="numpy")
def _sides(restricted, lengths, signs, c, e, error):
    """The output signs s (bits) with which s·c may have the signs of a face."""
    left = BOTH
    for i in range(len(signs)):
        if signs[i] == 0:
            continue
        value = 0.0
        for a in range(e):
            value += restricted[i, a] * c[a]
        left &= sides_of(value * signs[i], lengths[i] * error)
        if left == 0:
            break
    return left


@compiled(error_model="numpy")
def _multipliers(rays, signs, slope, residual, error, least):
    """The output signs s (bits) with which s·h(v) may be ≥ 0 on all rays v of a face.

    `least` is added to the length of each ray: its entries have the errors of all samples.
    """
    left = BOTH
    for q in range(len(rays)):
        value = size = 0.0
        for i in range(len(signs)):
            turn = rays[q, i]
            if signs[i] < 0 or (signs[i] == 0 and turn < 0.0):
                turn *= slope
            value += turn * residual[i]
            size += turn * turn
        bound = (np.sqrt(size) + least) * error
        left &= sides_of(value, bound)
        if left == 0:
            break
    return left


@compiled(
    Faces, Neurons, Tables, Neurons, Fit, Floats1, float, float, Signs1, error_model="numpy"
)
def screen(faces, last, tables, prefix, before, accuracy, slope, room, outcome):
    """Which faces may complete a prefix of neurons to a stationary tuple.

    For a face with columns A let S = Aᵀ(I − Q Qᵀ)A, Q an orthonormal basis of what the prefix
    spans. Where S is surely regular, the coefficients c = S⁻¹ Aᵀ(I − Q Qᵀ) y of the last neuron
    are the same in every least squares solution, as the residuals are; the face is refused if
    surely no output sign suits both the sides on which c lies and the multipliers of its
    face. The same for the neurons of the prefix; where it is regular, by their sides as well.

    Parameters
    ----------
    faces : Faces
        What the last neuron may be on.
    last, prefix : Neurons
        The same faces, and the neurons of the prefix.
    tables : Tables
    before : Fit
        Of the prefix; its coefficients beside the last ones c are back (along − crossᵀ c).
    accuracy : float64 (m,)
        Bounds on the relative error of projections by Q, and of the map and the tables, beside
        the face and the prefix.
    slope : float
        The negative slope of the activation.
    room : float
        The largest squared residual that is wanted.
    outcome : int8 (m,)
        REFUSED, SURVIVED or DEFICIENT.
    """
    restricted, lengths, rays, begin = tables
    maps, grams, crosses, rights, sizes = faces
    flats, _, signs = last
    before_flats, before_sizes, before_signs = prefix
    basis, back, along, rest, _ = before
    m, D, n = crosses.shape
    L, inverse = np.zeros((D, D)), np.zeros((D, D))
    c, other = np.zeros(D), np.zeros(back.shape[0])
    left, residual = np.zeros(n), np.zeros(len(rest))
    size_back, squares = np.sqrt(np.sum(back**2)), np.sum(rest**2)
    target = np.sqrt(squares + np.sum(along**2))
    wide = np.sqrt(np.sum(lengths * lengths))
    for f in range(m):
        e, own = sizes[f], accuracy[f]
        trace = _trace(grams[f], e)
        reach = own * trace
        least, fall = schur(grams[f], crosses[f], rights[f], e, reach, L, c, inverse)
        if least == 0.0:
            outcome[f] = DEFICIENT
            continue
        outcome[f] = REFUSED
        if squares - fall > room + own * (trace / least) * target * target:
            continue
        size = np.sqrt(dot(c[:e], c))
        error = own * ((np.sqrt(trace) * target + trace * size) / least + size)
        sides = _sides(restricted[flats[f]], lengths, signs[f], c, e, error)
        if sides == 0:
            continue
        for k in range(n):
            left[k] = along[k]
            for a in range(e):
                left[k] -= crosses[f, a, k] * c[a]
        for i in range(len(rest)):
            value = -rest[i]
            for a in range(e):
                value += maps[f, a, i] * c[a]
            for k in range(n):
                value += basis[i, k] * (left[k] - along[k])
            residual[i] = value
        off = 2.0 * np.sqrt(trace) * error + own * (target + np.sqrt(trace) * size)
        flat = flats[f]
        sides &= _multipliers(
            rays[begin[flat] : begin[flat + 1]], signs[f], slope, residual, off, wide
        )
        if sides == 0:
            continue
        if back.shape[0]:
            for a in range(back.shape[0]):
                other[a] = dot(back[a], left)
            # It holds the condition of the prefix, so that it covers `back` as well.
            error = size_back * (np.sqrt(trace) * error + own * target)
            error += own * np.sqrt(dot(other, other))
        start = back.shape[0]
        for p in range(len(before_flats)):
            start -= before_sizes[p]
        refused = False
        for p in range(len(before_flats)):
            flat = before_flats[p]
            sides = BOTH
            if back.shape[0]:
                sides = _sides(
                    restricted[flat],
                    lengths,
                    before_signs[p],
                    other[start : start + before_sizes[p]],
                    before_sizes[p],
                    error,
                )
                start += before_sizes[p]
            if sides:
                sides &= _multipliers(
                    rays[begin[flat] : begin[flat + 1]],
                    before_signs[p],
                    slope,
                    residual,
                    off,
                    wide,
                )
            if sides == 0:
                refused = True
                break
        if not refused:
            outcome[f] = SURVIVED


@compiled(Faces, Fit, float, Floats1, Floats1, Bools1, error_model="numpy")
def tuple_losses(faces, before, accuracy, losses, errors, sure):
    """The least squared residual with each last neuron, where the system is surely regular
    and the error small.

    It is summed from the residuals, in which an error of the coefficients counts squared.
    `errors` bound how far it may be off.
    """
    maps, grams, crosses, rights, sizes = faces
    basis, _, along, rest, _ = before
    m, D, n = crosses.shape
    L, inverse, c, back = np.zeros((D, D)), np.zeros((D, D)), np.zeros(D), np.zeros(n)
    target = np.sqrt(np.sum(rest**2) + np.sum(along**2))
    for f in range(m):
        e, trace = sizes[f], _trace(grams[f], sizes[f])
        least, _ = schur(grams[f], crosses[f], rights[f], e, accuracy * trace, L, c, inverse)
        size = np.sqrt(dot(c[:e], c))
        wrong = accuracy * (np.sqrt(trace) * target + trace * size)
        sure[f] = least > 0.0 and wrong * wrong <= SETTLED * least * target * target
        if not sure[f]:
            continue
        for k in range(n):
            back[k] = 0.0
            for a in range(e):
                back[k] += crosses[f, a, k] * c[a]
        total = 0.0
        for i in range(len(rest)):
            value = rest[i]
            for a in range(e):
                value -= maps[f, a, i] * c[a]
            for k in range(n):
                value += basis[i, k] * back[k]
            total += value * value
        losses[f] = total
        off = accuracy * (target + np.sqrt(trace) * size)
        errors[f] = wrong * wrong / least + off * (2.0 * np.sqrt(total) + off)
