"""Flats on which hyperplanes cut lines, compiled: the lines, and their points.

Of flats of three ranks less than all no cover is listed: what is asked of the ranks above is
told by how many hyperplanes each line and each point has, and by the points of each line.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from arrangement.kernels.cells.covers import (
    Residues,
    Workspace,
    echelon_form,
    group_rows,
    inverses,
    relabel,
    restrict,
)
from arrangement.kernels.compiled import compiled
from arrangement.kernels.modular_rank import reduced
from arrangement.kernels.reasons import DONE, MORE_PRIMES
from arrangement.kernels.types import Floats1, Floats2, Floats3, Ints1, Ints2, Words2

__all__ = ["LIMB", "Plane", "sum_planes"]


LIMB = 32
"""Bits of one limb of a multiplicity."""


class Plane(NamedTuple):
    """What the lines and points of one flat are worked out in."""

    lines: Floats3  # (primes, 3, 1 + n): coordinates, the first that is not 0 is 1
    primes: Floats1  # (primes,): those modulo which they are
    inverses: Floats1  # (the first prime, or 0,): in place of powers
    ratio: Floats2  # (4, 1 + n)
    gain: Ints1  # (1 + n,): how many hyperplanes a line has more than the flat
    total: Ints1  # (1 + n,): how many a point has
    counts: Ints2  # (3, 1 + n): by hyperplanes, lines, the points of lines, points


@compiled()
def _add(total, weight, factor):
    """total += factor·weight in limbs; factor < 2^31, so that no product overflows."""
    carry = np.int64(0)
    for l in range(len(total)):
        carry += total[l]
        if l < len(weight):
            carry += weight[l] * factor
        total[l] = carry & ((1 << LIMB) - 1)
        carry >>= LIMB


@compiled(error_model="numpy")
def _lines(residues, words, rank, classes, plane, work):
    """Coordinates of the lines modulo all primes that have something to say; their number."""
    start, n = residues.first, residues.values.shape[2] - 1
    good = 0
    for q in range(len(residues.primes)):
        p, table = residues.primes[q], residues.values[q]
        if not echelon_form(table, words, rank, p, work):
            continue
        restrict(table, rank, start, n + 1, p, work)
        silent = False
        for i in range(start, n + 1):
            silent |= work.label[i] >= 0 and work.inverse[i] == 0.0
        if silent:
            continue
        plane.primes[good] = p
        for c in range(3):
            for k in range(classes):
                plane.lines[good, c, k] = work.restricted[c, work.lowest[k]]
        good += 1
    return good


@compiled(error_model="numpy")
def _ratios(line, k, classes, p, known, ratio, target):
    """Where the lines meet line k, as a number below p or p; false if some are one modulo p."""
    reciprocal = 1.0 / p
    lead = 0
    while line[lead, k] == 0.0:
        lead += 1
    a, b = 1 if lead == 0 else 0, 1 if lead == 2 else 2
    u, v, inverse = ratio[0], ratio[1], ratio[2]
    for j in range(classes):
        factor = p - line[lead, j]
        u[j] = reduced(line[a, j] + factor * line[a, k], p, reciprocal)
        v[j] = reduced(line[b, j] + factor * line[b, k], p, reciprocal)
    if len(known):
        for j in range(classes):
            inverse[j] = known[np.int64(u[j])]
    else:
        inverses(u, inverse, ratio[3], 0, classes, p)
    told = True
    for j in range(classes):
        told &= u[j] != 0.0 or v[j] != 0.0 or j == k
        target[j] = reduced(v[j] * inverse[j], p, reciprocal) if u[j] != 0.0 else p
    return told


@compiled()
def _count_points(residues, classes, good, size, plane, inner):
    """Fill the counts of a flat of `size` hyperplanes; false if there are too few primes."""
    gain, total, counts = plane.gain, plane.total, plane.counts
    for kind in range(3):
        for s in range(counts.shape[1]):
            counts[kind, s] = 0
    # Where row 0 is at infinity its line is the first, and so is its point on another.
    hidden = 1 - residues.first
    for k in range(hidden, classes):
        for j in range(classes):
            inner.label[j] = 0
        inner.label[k] = -1
        used = points = 0
        for g in range(good):
            p, known = plane.primes[g], plane.inverses
            if not _ratios(
                plane.lines[g], k, classes, p, known, plane.ratio, inner.restricted[0]
            ):
                continue
            points = relabel(0, classes, 1, inner)
            used += 1
            if used == residues.needed or points == classes - 1:
                break
        if used < residues.needed and points < classes - 1:
            return False
        for t in range(points):
            total[t] = size + gain[k]
        for j in range(classes):
            if j != k:
                total[inner.label[j]] += gain[j]
        counts[0, size + gain[k]] += 1
        counts[1, size + gain[k]] += points - hidden
        for t in range(hidden, points):
            counts[2, total[t]] += inner.lowest[t] > k
    return True


@compiled(Residues, Words2, Ints2, Ints2, int, int, Ints2, Plane, Workspace, Workspace)
def sum_planes(residues, flats, weights, times, y, rank, sums, plane, work, inner):
    """Add weights of the flats y, y + 1, … of a rank, as often as they have lines and points.

    Parameters
    ----------
    flats : uint64 (m, words)
        In projective planes, on which the hyperplanes cut lines.
    weights, times : int64 (m, limbs)
        Two numbers of each, in limbs.
    sums : int64 (6·(1 + n), at least limbs)
        By numbers s of hyperplanes: of lines of s, of points on these, of points of s; and the
        same of the other number.

    Returns
    -------
    int, int
        The next flat, and why it is not done yet: it takes MORE_PRIMES; DONE if there is none.
    """
    n = residues.values.shape[2] - 1
    while y < len(flats):
        classes = group_rows(residues, flats[y], rank, n + 1, work)
        if classes < 0:
            return y, MORE_PRIMES
        for k in range(classes):
            plane.gain[k] = 0
        size = 0
        for i in range(1, n + 1):
            if work.label[i] < 0:
                size += 1
            else:
                plane.gain[work.label[i]] += 1
        good = _lines(residues, flats[y], rank, classes, plane, work)
        if not _count_points(residues, classes, good, size, plane, inner):
            return y, MORE_PRIMES
        for kind in range(3):
            for s in range(n + 1):
                count = plane.counts[kind, s]
                if count:
                    _add(sums[kind * (n + 1) + s], weights[y], count)
                    _add(sums[(3 + kind) * (n + 1) + s], times[y], count)
        y += 1
    return y, DONE
