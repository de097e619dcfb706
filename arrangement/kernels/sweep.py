"""The sweep over vertices, compiled: every cell of a simple arrangement from one vertex.

Nothing here decides a sign that the arithmetic does not certify: what the filter leaves open,
and no known circuit explains, is handed back to the caller (:mod:`arrangement.sweep`), who
settles it exactly and calls again. A call resumes where the last one left off.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from arrangement.kernels.compiled import compiled
from arrangement.kernels.dictionary import FAR, HUGE, pivot, pivot_column, refine
from arrangement.kernels.rounding import INFLATE, TINY, UNIT_ROUNDOFF

__all__ = ["FULL", "PREFIX", "SWEPT", "VERTEX", "Circuits", "sweep_lines"]

Ints = NDArray[np.int64]
Words = NDArray[np.uint64]

# Why sweep_lines returned.
SWEPT, FULL, PREFIX, VERTEX = 0, 1, 2, 3


class Circuits(NamedTuple):
    """Known minimal dependent sets of normals, and what their dependency leaves.

    With γ the dependency of the normals scaled to γ_top = −1, kappa is the sign of
    Σ γ_l offset_l: 0 if the hyperplanes share a flat of codimension |C| − 1.
    """

    masks: Words  # (room, words)
    top: Ints  # (room,): the largest index
    kappa: Ints  # (room,)
    known: Ints  # [how many]


@compiled(inline="always", error_model="numpy")
def _mark(mask, lines, count):
    """Set the bits of the first picks, and no others."""
    for w in range(mask.shape[0]):
        mask[w] = 0
    for p in range(count):
        mask[lines.pick[p] >> 6] |= lines.bits[lines.pick[p] & 63]


@compiled(inline="always", error_model="numpy")
def _set_picks_far(values, pick, depth):
    """Let the picked rows on a line be certainly positive everywhere."""
    for p in range(depth):
        values[depth, 0, pick[p]] = FAR
        values[depth, 1, pick[p]] = 0.0


@compiled(inline="always", error_model="numpy")
def _meet_rows(values, errors, norms, slack, meet, negative, bits, first, depth, n):
    """For each row that a line still meets: where, how far signs there are unsure, and which of
    the picked rows are negative on the cell born there."""
    c_error, g_error = errors[depth, 0], errors[depth, 1]
    c_norm, g_norm = norms[depth, 0], norms[depth, 1]
    start = np.uint64(first)
    for h in range(start, np.uint64(n)):
        constant, slope = values[depth, 0, h], values[depth, 1, h]
        t = -constant / slope
        t_error = INFLATE * (
            (c_error + abs(t) * g_error + TINY) / (abs(slope) - g_error)
            + UNIT_ROUNDOFF * abs(t)
            + TINY
        )
        bound = INFLATE * (
            c_error
            + abs(t) * g_error
            + t_error * (g_norm + g_error)
            + UNIT_ROUNDOFF * (2.0 * abs(t) * g_norm + c_norm)
            + TINY
        )
        meet[0, h] = t
        meet[1, h] = bound if abs(slope) > g_error else np.inf
        meet[2, h] = 1.0
    for w in range(negative.shape[0]):
        for h in range(start, np.uint64(n)):
            negative[w, h] = 0
    for h in range(start, np.uint64(n)):
        if values[depth, 1, h] < 0.0:
            negative[h >> np.uint64(6), h] = bits[h & np.uint64(63)]
    for c in range(2, values.shape[1]):
        b = slack[depth, c]
        w, bit, error = b >> 6, bits[b & 63], errors[depth, c]
        for h in range(start, np.uint64(n)):
            entry = values[depth, c, h]
            opposite = (entry > 0.0) == (values[depth, 1, h] > 0.0)
            negative[w, h] |= bit * np.uint64(opposite)
            meet[2, h] *= np.float64(abs(entry) > error)


@compiled(inline="always", error_model="numpy")
def _signs_on_line(values, depth, t, bound, bits, out, row, last):
    """The signs at parameter t as bits; are any of them not certain?

    All values are finite. (The masks in an array of their own let this loop use vectors.)
    """
    n_words = out.shape[1]
    unsure = np.uint64(0)
    for w in range(n_words):
        positive, first = np.uint64(0), np.uint64(64 * w)
        top = np.uint64(64) if w < n_words - 1 else np.uint64(last)
        for k in range(top):
            v = values[depth, 0, first + k] + values[depth, 1, first + k] * t
            positive |= bits[k] * np.uint64(v > 0.0)
            unsure |= bits[k] * np.uint64(abs(v) <= bound)
        out[row, w] = positive
    return unsure


@compiled(error_model="numpy")
def _circuit_within(circuits, rows, row, concurrent):
    """A known circuit of `row` and some of the rows in a mask, −1 if none; κ = 0 if asked."""
    word, bit = row >> 6, np.uint64(1) << np.uint64(row & 63)
    for q in range(circuits.known[0]):
        if concurrent and circuits.kappa[q] != 0:
            continue
        mask = circuits.masks[q]
        if not mask[word] & bit:
            continue
        inside = True
        for w in range(mask.shape[0]):
            outside = mask[w] & ~rows[w]
            if w == word:
                outside &= ~bit
            if outside:
                inside = False
                break
        if inside:
            return q
    return -1


@compiled(error_model="numpy")
def _births_at_circuit(lines, depth, circuits, q, k, is_last, out, where, signs):
    """The cells born at a vertex that one more row passes through; −1 if unsure.

    Let row_k = Σ β_b row_b over the picked rows and t = Σ α_b row_b (up to a constant). A cell
    on which t has its minimum here has the signs of α + μγ, where γ is the dependency β with
    γ_k = −1: the signs of a stretch between the roots of a line. Of the two unbounded
    stretches one is a cell if the dependency leaves a constant (κ), none if it leaves none.
    """
    values, errors, slack = lines.values, lines.errors, lines.slack
    h = lines.pick[depth]
    width = values.shape[1]
    slope, slope_error = values[depth, 1, h], errors[depth, 1]
    certain = abs(slope) - slope_error
    factor = values[depth, 1, k] / slope
    factor_error = INFLATE * (
        (slope_error + abs(factor) * slope_error) / certain
        + UNIT_ROUNDOFF * abs(factor) + TINY
    )  # fmt: skip
    if k < lines.valid[depth]:
        return -1
    mask = circuits.masks[q]
    roots = np.empty(width + 1)
    radii = np.empty(width + 1)
    members = np.empty(width + 1, np.int64)
    gammas = np.empty(width + 1, np.int64)
    roots[0], radii[0], members[0], gammas[0] = 0.0, 0.0, k, -1
    count = 1
    for c in range(1, width):
        b = h if c == 1 else slack[depth, c]
        if not (mask[b >> 6] >> np.uint64(b & 63)) & np.uint64(1):
            continue
        if c == 1:
            alpha = 1.0 / slope
            alpha_error = INFLATE * (
                alpha * alpha * slope_error * 2.0 + UNIT_ROUNDOFF * abs(alpha)
            )
            beta, beta_error = factor, factor_error
            if slope_error * 4.0 > abs(slope):
                return -1
        else:
            top, error = values[depth, c, h], errors[depth, c]
            alpha = -top / slope
            alpha_error = INFLATE * (
                (error + abs(alpha) * slope_error) / certain + UNIT_ROUNDOFF * abs(alpha) + TINY
            )
            entry = values[depth, c, k]
            product = top * factor
            beta = entry - product
            beta_error = INFLATE * (
                error
                + abs(factor) * error
                + abs(top) * factor_error
                + error * factor_error
                + 2.0 * UNIT_ROUNDOFF * (abs(product) + abs(entry))
                + TINY
            )
        if not abs(beta) > beta_error:
            return -1
        root = -alpha / beta
        radius = INFLATE * (
            (alpha_error + abs(root) * beta_error) / (abs(beta) - beta_error)
            + 2.0 * UNIT_ROUNDOFF * abs(root) + TINY
        )  # fmt: skip
        place = count
        while place > 0 and roots[place - 1] > root:
            roots[place], radii[place] = roots[place - 1], radii[place - 1]
            members[place], gammas[place] = members[place - 1], gammas[place - 1]
            place -= 1
        roots[place], radii[place], members[place] = root, radius, b
        gammas[place] = 1 if beta > 0 else -1
        count += 1
    for p in range(1, count):
        if not roots[p] - roots[p - 1] > INFLATE * (radii[p] + radii[p - 1]):
            return -1
    kappa = 0 if is_last else circuits.kappa[q]
    # Far to the left every member has the sign of −γ; passing its root turns it.
    for p in range(count):
        m = members[p]
        bit = np.uint64(1) << np.uint64(m & 63)
        if gammas[p] < 0:
            signs[m >> 6] |= bit
        else:
            signs[m >> 6] &= ~bit
    born = 0
    for p in range(count + 1):
        if p > 0:
            m = members[p - 1]
            signs[m >> 6] ^= np.uint64(1) << np.uint64(m & 63)
        if (p > 0 or kappa < 0) and (p < count or kappa > 0):
            for w in range(out.shape[1]):
                out[where + born, w] = signs[w]
            born += 1
    return born


@compiled(error_model="numpy", nogil=True)
def sweep_lines(lines, circuits, n, is_last, out):
    """Visit lines in lexicographic order of their picks and write the cells born on them.

    Parameters
    ----------
    lines, circuits
        See :class:`Lines` and :class:`Circuits`.
    n : int
        Number of rows.
    is_last : bool
        Are these the lines of the whole space, rather than those at infinity?
    out : uint64 (room, words)

    Returns
    -------
    int
        SWEPT, or why the caller has to act: FULL (empty `out`), PREFIX (the picks up to this
        depth have no certain pivot: decide whether they are independent; if so, fill the
        dictionary below), VERTEX (the picks meet in a vertex that is not certain).
    """
    values, errors, norms, bits = lines.values, lines.errors, lines.norms, lines.bits
    pick, stop, state, valid = lines.pick, lines.stop, lines.state, lines.valid
    slack = lines.slack
    meet, negative = lines.meet, lines.negative
    width = values.shape[1]
    last_depth = width - 2
    n_words = out.shape[1]
    last = n - 64 * (n_words - 1)
    picked = np.zeros(n_words, np.uint64)
    signs = np.zeros(n_words, np.uint64)
    depth, written = state[0], state[1]
    refined_for = -1  # the row before whose pivot the dictionary was refined
    while depth >= 0:
        if depth < last_depth:
            if pick[depth] >= n - (last_depth + 1 - depth):
                depth -= 1
                continue
            pick[depth] += 1
            order = 0
            for p in range(depth + 1):
                if pick[p] != stop[p]:
                    order = 1 if pick[p] > stop[p] else -1
                    break
            if order > 0 or (order == 0 and depth == last_depth - 1):
                break
            state[3] += 1
            h = pick[depth]
            measure = depth + 3 < last_depth  # norms that grow for three more steps will do
            valid[depth + 1] = h + 1
            column = pivot_column(values, errors, norms, slack, h, depth)
            fresh = False
            if column >= 0:
                fresh = pivot(values, errors, norms, slack, h, column, depth, n, measure)
            if not fresh:
                _mark(picked, lines, depth)
                if _circuit_within(circuits, picked, h, False) >= 0:
                    state[2] = 0
                elif refined_for != h and refine(lines, depth, n):
                    refined_for = h
                    pick[depth] -= 1
                else:
                    state[0], state[1] = depth, written
                    return PREFIX
                continue
            refined_for = -1
            depth += 1
            if state[2] > 0:
                state[2] -= 1
            if state[2] == 0 or depth == last_depth:
                pick[depth] = pick[depth - 1]
            continue
        # On a line: meet the rows after the picks, in order.
        g_error = errors[depth, 1]
        refined, stale = False, True
        while pick[depth] < n - 1:
            if stale:
                g_error = errors[depth, 1]
                _set_picks_far(values, pick, depth)
                _meet_rows(
                    values,
                    errors,
                    norms,
                    slack,
                    meet,
                    negative,
                    bits,
                    pick[depth] + 1,
                    depth,
                    n,
                )
                stale = False
            if written + width + 1 > out.shape[0]:
                state[0], state[1] = depth, written
                return FULL
            pick[depth] += 1
            state[3] += 1
            h = pick[depth]
            t, bound = meet[0, h], meet[1, h]
            if not bound < HUGE:
                if not abs(values[depth, 1, h]) > g_error:
                    _mark(picked, lines, depth)
                    if _circuit_within(circuits, picked, h, False) >= 0:
                        continue
                if not refined and refine(lines, depth, n):
                    refined = stale = True
                    pick[depth] -= 1
                    continue
                state[0], state[1] = depth, written
                return VERTEX
            constant, slope = values[depth, 0, h], values[depth, 1, h]
            values[depth, 0, h] = FAR
            values[depth, 1, h] = 0.0
            unsure = _signs_on_line(values, depth, t, bound, bits, out, written, last)
            values[depth, 0, h] = constant
            values[depth, 1, h] = slope
            for w in range(n_words):
                out[written, w] &= ~negative[w, h]
            certain = meet[2, h] > 0.0
            if certain and not unsure:
                written += 1
                continue
            born = -1
            if certain:
                _mark(picked, lines, depth + 1)
                zeros, circuit, row = 0, -1, -1
                for k in range(n):
                    if (picked[k >> 6] >> np.uint64(k & 63)) & np.uint64(1):
                        continue
                    if not abs(values[depth, 0, k] + values[depth, 1, k] * t) > bound:
                        zeros += 1
                        row = k
                        circuit = _circuit_within(circuits, picked, k, is_last)
                        if circuit < 0:
                            zeros = n
                            break
                        if circuits.top[circuit] != k:
                            born = 0  # another set of picks comes first at this vertex
                            break
                if zeros == 1 and born < 0:
                    for w in range(n_words):
                        signs[w] = out[written, w]
                    born = _births_at_circuit(
                        lines, depth, circuits, circuit, row, is_last, out, written, signs
                    )
            if born < 0 and not refined and refine(lines, depth, n):
                refined = stale = True
                pick[depth] -= 1
                continue
            if born < 0:
                state[0], state[1] = depth, written
                return VERTEX
            written += born
        depth -= 1
    state[0], state[1] = -1, written
    return SWEPT
