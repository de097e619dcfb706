"""The sweep over vertices, compiled: every cell of a simple arrangement from one vertex.

Nothing here decides a sign that the arithmetic does not certify, and nothing is taken for zero
that is not proved to be, modulo primes. What is not zero and yet unsure in double-double is
handed back to the caller (:mod:`arrangement.enumeration.sweep`), who settles it exactly and
calls again, as is a vertex on several hyperplanes more than its codimension. A call resumes
where the last one left off.
"""

from __future__ import annotations

import numpy as np

from arrangement.kernels.cells.dependence import (
    DEPENDENT,
    INDEPENDENT,
    Moduli,
    leaves_constant,
    passes_through,
    span,
    turns_by_all,
)
from arrangement.kernels.cells.dictionary import HUGE, Lines, pivot, pivot_column, refine
from arrangement.kernels.compiled import compiled
from arrangement.kernels.lanes import above, absolute, fused, load, marked, spread, store
from arrangement.kernels.reasons import (
    CROWDED,
    DONE,
    FULL,
    MORE_PRIMES,
    PREFIX,
    SPECIAL,
    VERTEX,
)
from arrangement.kernels.rounding import INFLATE, TINY, UNIT_ROUNDOFF
from arrangement.kernels.types import Words2

__all__ = ["sweep_lines"]

# What is known of a vertex where some signs are unsure: nothing begins there for these picks;
# all the rows that are unsure vanish, one or several; or it is still open.
SKIPPED, CIRCUIT, SEVERAL, OPEN = 10, 11, 12, 13
# Of so many cells on a line signs are found at once, word by word; where one of them is not
# certain, those of the others are found again.
AHEAD = 16


@compiled(inline="always", error_model="numpy")
def _meet_rows(values, errors, norms, meet, facts, negative, pick, first, depth, n):
    """For each row that a line still meets: where, how far signs there are unsure, and which of
    the picked rows are negative on the cell born there."""
    width, room, here = np.uint64(values.shape[1]), np.uint64(values.shape[2]), np.uint64(depth)
    n_words = np.uint64(facts.shape[1])
    one, two, low = np.uint64(1), np.uint64(2), np.uint64(63)
    start = np.uint64(first) & ~np.uint64(7)
    for w in range(start >> np.uint64(6), n_words):
        facts[0, w], facts[1, w], facts[2, w] = 0, 0, 0
    c_error, g_error, c_norm = errors[here, 0], errors[here, 1], norms[here, 0]
    steepest = norms[here, 1] + g_error
    base = here * width * room
    for k in range(start, np.uint64(n), np.uint64(8)):
        slope = load(values, base + room + k)
        inverse = -1.0 / slope
        t = load(values, base + k) * inverse
        far = absolute(t)
        # Rows are off by so much at t, and t by at most twice that over the slope.
        error = c_error + far * g_error + TINY
        bound = INFLATE * (
            error * (1.0 + 2.0 * steepest * absolute(inverse))
            + UNIT_ROUNDOFF * (5.0 * steepest * far + c_norm)
            + TINY
        )
        store(meet, k, t)
        store(meet, room + k, bound)
        rising = above(slope, spread(0.0))
        sure = np.uint64(255)
        for w in range(n_words):
            words = spread(0.0)
            for c in range(two, width):
                b = np.uint64(pick[c - two])
                if b >> np.uint64(6) == w:
                    entry = load(values, base + c * room + k)
                    opposite = ~(above(entry, spread(0.0)) ^ rising)
                    words = marked(words, opposite, one << (b & low))
                    sure &= above(absolute(entry), spread(errors[here, c]))
            store(negative, w * room + k, words)
        word, shift = k >> np.uint64(6), k & low
        facts[0, word] |= (
            above(absolute(slope), spread(2.0 * g_error)) & above(spread(HUGE), bound)
        ) << shift
        facts[1, word] |= sure << shift
        facts[2, word] |= (~rising & np.uint64(255)) << shift


@compiled(inline="always", error_model="numpy")
def _signs_on_line(
    values, meet, facts, negative, picked, doubt, first, limit, depth, n, out, row
):
    """Write the cells born at some rows of a line, up to the first that is not certain.

    Returns that row, whose signs are written and of which `doubt` has those that are not
    certain; the limit if there is none.
    """
    room, here = np.uint64(values.shape[2]), np.uint64(depth)
    base = here * np.uint64(values.shape[1]) * room
    one, low = np.uint64(1), np.uint64(63)
    begin = end = np.uint64(first)
    while end < np.uint64(limit):
        word = end >> np.uint64(6)
        if not facts[0, word] & facts[1, word] & one << (end & low):
            break
        end += one
    n_words = np.uint64(out.shape[1])
    for w in range(n_words):
        start = w << np.uint64(6)
        stop = min(start + np.uint64(64), np.uint64(n))
        valid = ~np.uint64(0) >> (start + np.uint64(64) - stop)
        others = picked[here, w]
        doubt[1, w] = 0
        for place in range(begin, min(end + one, np.uint64(limit))):
            t, far = spread(meet[0, place]), spread(meet[1, place])
            near = spread(-meet[1, place])
            positive, certain = np.uint64(0), np.uint64(0)
            for half in range(start, stop, np.uint64(32)):
                ups, sures = np.uint64(0), np.uint64(0)
                for j in range(4):  # unrolled
                    k = half + np.uint64(8 * j)
                    v = fused(load(values, base + room + k), t, load(values, base + k))
                    up = above(v, far)
                    ups |= up << np.uint64(8 * j)
                    sures |= (up | above(near, v)) << np.uint64(8 * j)
                positive |= ups << (half - start)
                certain |= sures << (half - start)
            on, fallen = others, negative[w, place]
            if w == place >> np.uint64(6):
                on |= one << (place & low)
                fallen |= facts[2, w] & one << (place & low)
            out[np.uint64(row) + place - begin, w] = (positive & ~on & valid) | (on & ~fallen)
            left = ~(certain | on) & valid
            if left:
                if place < end:
                    for earlier in range(w):
                        doubt[1, earlier] = 0
                end, doubt[1, w] = np.uint64(place), left
                break
    return np.int64(end)


@compiled(error_model="numpy")
def _doubt_all(lines, depth, n):
    """Let all rows but those picked be unsure."""
    for w in range(lines.doubt.shape[1]):
        valid = min(64, n - 64 * w)
        lines.doubt[1, w] = ~np.uint64(0) >> np.uint64(64 - valid) & ~lines.picked[depth, w]
    h = lines.pick[depth]
    lines.doubt[1, h >> 6] &= ~lines.bits[h & 63]


@compiled(error_model="numpy")
def _inspect(lines, moduli, depth, n):
    """Find the unsure rows that vanish at a vertex, and what begins there.

    Returns what is known, or MORE_PRIMES or SPECIAL, and the last row that vanishes.
    """
    shared, h = np.uint64(0), lines.pick[depth]
    for w in range(lines.picked.shape[1]):
        shared |= lines.parallel[h, w] & lines.picked[depth, w]
    if shared:
        return SKIPPED, -1
    found = span(moduli, lines.pick, depth + 1)
    if found != INDEPENDENT:
        return SKIPPED if found == DEPENDENT else found, -1
    if not lines.facts[1, lines.pick[depth] >> 6] & lines.bits[lines.pick[depth] & 63]:
        found = turns_by_all(moduli)
        if found != INDEPENDENT:
            return found, -1
    for w in range(lines.doubt.shape[1]):
        lines.doubt[0, w] = 0
    vanishing, unsure, row = 0, 0, -1
    for k in range(n):
        w, bit = k >> 6, lines.bits[k & 63]
        if not lines.doubt[1, w] & bit:
            continue
        found = passes_through(moduli, k)
        if found == INDEPENDENT:
            unsure += 1
            continue
        if found != DEPENDENT:
            return found, -1
        for q in range(depth + 1):
            if moduli.support[q] and lines.pick[q] > k:
                return SKIPPED, -1  # another set of picks comes first at this vertex
        lines.doubt[0, w] |= bit
        lines.doubt[1, w] &= ~bit
        vanishing += 1
        row = k
    if unsure > 0 or vanishing == 0:
        return OPEN, row
    return CIRCUIT if vanishing == 1 else SEVERAL, row


@compiled(error_model="numpy")
def _births_at_circuit(lines, moduli, depth, k, is_last, out, where, signs):
    """The cells born at a vertex that one more row passes through; −1 if unsure.

    Let row_k = Σ β_b row_b over the picked rows and t = Σ α_b row_b (up to a constant). A cell
    on which t has its minimum here has the signs of α + μγ, where γ is the dependency β with
    γ_k = −1: the signs of a stretch between the roots of a line. Of the two unbounded
    stretches one is a cell if the dependency leaves a constant κ, none if it leaves none.
    """
    values, errors, offsets = lines.values, lines.errors, lines.offsets
    h = lines.pick[depth]
    width = values.shape[1]
    slope, slope_error = values[depth, 1, h], errors[depth, 1]
    certain = abs(slope) - slope_error
    factor = values[depth, 1, k] / slope
    factor_error = INFLATE * (
        (slope_error + abs(factor) * slope_error) / certain
        + UNIT_ROUNDOFF * abs(factor) + TINY
    )  # fmt: skip
    if k < lines.valid[depth] or slope_error * 4.0 > abs(slope):
        return -1
    roots = np.empty(width + 1)
    radii = np.empty(width + 1)
    members = np.empty(width + 1, np.int64)
    gammas = np.empty(width + 1, np.int64)
    roots[0], radii[0], members[0], gammas[0] = 0.0, 0.0, k, -1
    count = 1
    left, left_error, left_size = -offsets[0, k], offsets[1, k], abs(offsets[0, k])
    for c in range(1, width):
        place = depth if c == 1 else c - 2
        if not moduli.support[place]:
            continue
        b = lines.pick[place]
        if c == 1:
            alpha = 1.0 / slope
            alpha_error = INFLATE * (
                alpha * alpha * slope_error * 2.0 + UNIT_ROUNDOFF * abs(alpha)
            )
            beta, beta_error = factor, factor_error
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
        left += beta * offsets[0, b]
        left_size += abs(beta * offsets[0, b])
        left_error += beta_error * (abs(offsets[0, b]) + offsets[1, b])
        left_error += abs(beta) * offsets[1, b] + TINY
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
    kappa = 0
    if not is_last and leaves_constant(moduli):
        if lines.rescaled[depth]:
            return -1
        left_error = INFLATE * (left_error + 2.0 * width * UNIT_ROUNDOFF * left_size)
        if not abs(left) > left_error:
            return -1
        kappa = 1 if left > 0 else -1
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


@compiled(Lines, Moduli, int, bool, Words2, error_model="numpy", nogil=True)
def sweep_lines(lines, moduli, n, is_last, out):
    """Visit lines in lexicographic order of their picks and write the cells born on them.

    Parameters
    ----------
    lines, moduli
        See :class:`Lines` and :class:`Moduli`.
    n : int
        Number of rows.
    is_last : bool
        Are these the lines of the whole space, rather than those at infinity?
    out : uint64 (room, words)

    Returns
    -------
    int
        DONE, or why the caller has to act (:mod:`arrangement.kernels.reasons`): FULL (of
        `out`), PREFIX, VERTEX or CROWDED (of the picks up to this depth; `doubt` has the rows
        that vanish there, and those that are unsure), MORE_PRIMES, SPECIAL.
    """
    values, errors, norms, bits = lines.values, lines.errors, lines.norms, lines.bits
    pick, stop, state, valid = lines.pick, lines.stop, lines.state, lines.valid
    meet, facts, negative, picked = lines.meet, lines.facts, lines.negative, lines.picked
    factors, doubt = lines.factors, lines.doubt
    width = values.shape[1]
    last_depth = width - 2
    n_words = out.shape[1]
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
            column = pivot_column(values, errors, norms, h, depth)
            fresh = False
            if column >= 0:
                fresh = pivot(values, errors, norms, factors, h, column, depth, n, measure)
            if not fresh:
                found = span(moduli, pick, depth + 1) if len(moduli.primes) else MORE_PRIMES
                if found == DEPENDENT:
                    state[2] = 0
                elif found != INDEPENDENT:
                    pick[depth] -= 1
                    state[0], state[1] = depth, written
                    return found
                elif refined_for != h and refine(lines, depth, n):
                    refined_for = h
                    pick[depth] -= 1
                else:
                    state[0], state[1] = depth, written
                    return PREFIX
                continue
            refined_for = -1
            for w in range(n_words):
                picked[depth + 1, w] = picked[depth, w]
            picked[depth + 1, h >> 6] |= bits[h & 63]
            depth += 1
            valid[depth] = h + 1
            lines.rescaled[depth] = lines.rescaled[depth - 1]
            if state[2] > 0:
                state[2] -= 1
            if state[2] == 0 or depth == last_depth:
                pick[depth] = pick[depth - 1]
            continue
        # On a line: meet the rows after the picks, in order.
        refined, stale = False, True
        while pick[depth] < n - 1:
            if stale:
                _meet_rows(
                    values, errors, norms, meet, facts, negative, pick, pick[depth] + 1, depth,
                    n,
                )  # fmt: skip
                stale = False
            first = pick[depth] + 1
            limit = min(first + AHEAD, n)
            if written + AHEAD + width + 1 > out.shape[0]:
                state[0], state[1] = depth, written
                return FULL
            h = _signs_on_line(
                values, meet, facts, negative, picked, doubt, first, limit, depth, n, out,
                written,
            )  # fmt: skip
            written += h - first
            pick[depth] = min(h, limit - 1)
            state[3] += pick[depth] + 1 - first
            if h == limit:
                continue
            sure = (facts[0, h >> 6] & bits[h & 63]) != 0
            if sure:
                sure = (facts[1, h >> 6] & bits[h & 63]) != 0
            else:
                _doubt_all(lines, depth, n)
            # What explained the doubts before is tried first.
            if state[4] <= 0 and not refined and refine(lines, depth, n):
                refined = stale = True
                pick[depth] -= 1
                continue
            known, row = MORE_PRIMES, -1
            if len(moduli.primes):
                known, row = _inspect(lines, moduli, depth, n)
                state[4] = min(16, state[4] + 1) if known != OPEN else state[4] - 1
            if known == SKIPPED:
                continue
            if known in (MORE_PRIMES, SPECIAL):
                pick[depth] -= 1
                state[0], state[1] = depth, written
                return known
            born = -1
            if known == CIRCUIT and sure:
                for w in range(n_words):
                    signs[w] = out[written, w]
                born = _births_at_circuit(
                    lines, moduli, depth, row, is_last, out, written, signs
                )
                if born < 0:
                    for w in range(n_words):
                        out[written, w] = signs[w]
            if born >= 0:
                written += born
                continue
            crowded = sure and known != OPEN
            if not (refined or (crowded and known == SEVERAL)) and refine(lines, depth, n):
                refined = stale = True
                pick[depth] -= 1
                continue
            state[0], state[1] = depth, written
            return CROWDED if crowded else VERTEX
        depth -= 1
    state[0], state[1] = -1, written
    return DONE
