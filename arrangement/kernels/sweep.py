"""The sweep over vertices, compiled: every cell of a simple arrangement from one vertex.

Nothing here decides a sign that the arithmetic does not certify: what the filter leaves open,
and no known circuit explains, is handed back to the caller (:mod:`arrangement.sweep`), who
settles it exactly and calls again. A call resumes where the last one left off.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from arrangement.kernels.double_double import SPREAD, difference, product, quotient

__all__ = ["FULL", "PREFIX", "SWEPT", "VERTEX", "Circuits", "Lines", "sweep_lines"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Words = NDArray[np.uint64]

# Why sweep_lines returned.
SWEPT, FULL, PREFIX, VERTEX = 0, 1, 2, 3

UNIT_ROUNDOFF = 2.0**-53
# Error bounds are themselves computed with a few roundings, each of relative size 2^-53.
INFLATE = 1.0 + 2.0**-40
# Covers products that underflow; rows are scaled to entries near 1.
TINY = 1e-300
# A row that must not be judged is given this constant and no slope: certainly positive.
FAR = 1e300
# Beyond this, a product could overflow: the exact arithmetic takes over.
HUGE = 2.0**200
# A column whose error is larger, in units of its largest entry, is computed afresh, exactly.
WORN = 2.0**-14
# ... unless it is no more than the underflow of a column of zeros.
NOTHING = 1e-290


class Lines(NamedTuple):
    """The depth-first search over lines of one level: a dictionary per depth.

    Column 0 is the constant, column 1 the sweep coordinate; each other column is a coordinate
    that is still free or the slack of a picked row.
    """

    values: Floats  # (depths, columns, 64·words): the rows in terms of the columns
    root: Floats  # (2, columns, 64·words): the rows themselves, in double-double
    root_errors: Floats  # (columns,)
    fine: Floats  # (2, columns, 64·words): room to refine a dictionary in
    errors: Floats  # (depths, columns): bounds on |values − exact|
    norms: Floats  # (depths, columns): bounds on |values|
    bits: Words  # (64,): bit k of a word
    meet: Floats  # (3, 64·words): per row met on the line t, its error bound, certain slacks
    negative: Words  # (words, 64·words): per row met the picked rows negative from there on
    slack: Ints  # (depths, columns): the picked row whose slack fills a column, −1: free
    valid: Ints  # (depths,): the first row whose entries in slack columns are filled
    pick: Ints  # (depths,): the rows picked; the last entry is the row met on the line
    stop: Ints  # (depths,): the first picks that are no longer to be visited
    state: Ints  # [depth, cells written, picks prescribed, lines and vertices visited]


class Circuits(NamedTuple):
    """Known minimal dependent sets of normals, and what their dependency leaves.

    With γ the dependency of the normals scaled to γ_top = −1, kappa is the sign of
    Σ γ_l offset_l: 0 if the hyperplanes share a flat of codimension |C| − 1.
    """

    masks: Words  # (room, words)
    top: Ints  # (room,): the largest index
    kappa: Ints  # (room,)
    known: Ints  # [how many]


@njit(cache=True, error_model="numpy", fastmath={"nnan", "nsz"})
def _largest(values, depth, c, start, stop):
    """The largest absolute value of some rows in a column; all are finite."""
    largest = 0.0
    for k in range(np.uint64(start), np.uint64(stop)):
        size = abs(values[depth, c, k])
        if size > largest:
            largest = size
    return largest


@njit(cache=True, error_model="numpy")
def _pivot(values, errors, norms, slack, valid, h, depth, n, measure):
    """Fill depth + 1: row h becomes a column; False if no pivot is certain.

    (Arrays out of a tuple would be counted as references at every call; hence the many.)
    """
    width = values.shape[1]
    best, column = 0.0, -1
    for c in range(2, width):
        size = abs(values[depth, c, h]) / norms[depth, c]
        if slack[depth, c] < 0 and size > best:
            best, column = size, c
    if column < 0:
        return False
    down = depth + 1
    head = values[depth, column, h]
    head_error = errors[depth, column]
    certain = abs(head) - head_error
    if not head_error < 0.5 * abs(head):
        return False
    inverse, inverse_certain = 1.0 / head, INFLATE / certain
    pivot_norm = norms[depth, column] + head_error
    fresh = True
    for c in range(width):
        slack[down, c] = slack[depth, c]
        if c == column:
            continue
        f = values[depth, c, h] * inverse
        size = abs(f)
        f_error = INFLATE * (
            (errors[depth, c] + size * head_error + TINY) * inverse_certain
            + 3.0 * UNIT_ROUNDOFF * size
            + TINY
        )
        norm = norms[depth, c] + size * pivot_norm
        error = INFLATE * (
            errors[depth, c]
            + size * head_error
            + f_error * pivot_norm
            + 2.0 * UNIT_ROUNDOFF * norm
            + TINY
        )
        errors[down, c] = error
        norms[down, c] = INFLATE * norm
        # Slacks matter only for rows that may still be picked.
        start = h + 1 if slack[depth, c] >= 0 else 0
        for k in range(np.uint64(start), np.uint64(n)):
            values[down, c, k] = values[depth, c, k] - f * values[depth, column, k]
        values[down, c, h] = 0.0
        if measure:
            norms[down, c] = INFLATE * (_largest(values, down, c, start, n) + errors[down, c])
        norm = norms[down, c]
        fresh &= norm < HUGE and (error < WORN * norm or error < NOTHING)
    for k in range(np.uint64(h + 1), np.uint64(n)):
        values[down, column, k] = values[depth, column, k] * inverse
    values[down, column, h] = 1.0
    slack[down, column] = h
    norm = INFLATE * norms[depth, column] * abs(inverse)
    error = INFLATE * (
        (head_error + norm * head_error + TINY) * inverse_certain
        + 3.0 * UNIT_ROUNDOFF * norm
        + TINY
    )
    norms[down, column], errors[down, column] = norm, error
    valid[down] = h + 1
    return fresh and norm < HUGE and error < WORN * norm


@njit(cache=True, error_model="numpy")
def _refine(lines, depth, n):
    """Fill a dictionary anew from the rows, in double-double; False if no pivot is certain."""
    high, low = lines.fine[0], lines.fine[1]
    errors = lines.errors
    width = lines.values.shape[1]
    error, norm = np.empty(width), np.empty(width)
    slack = np.empty(width, np.int64)  # kept apart: a failure must leave the old dictionary
    for c in range(width):
        slack[c] = -1
        error[c] = lines.root_errors[c]
        for k in range(n):
            high[c, k], low[c, k] = lines.root[0, c, k], lines.root[1, c, k]
    for p in range(depth):
        h = lines.pick[p]
        for c in range(width):
            norm[c] = error[c]
            for k in range(n):
                norm[c] = max(norm[c], abs(high[c, k]))
            norm[c] *= INFLATE
        best, column = 0.0, -1
        for c in range(2, width):
            if slack[c] < 0 and abs(high[c, h]) > best * norm[c]:
                best, column = abs(high[c, h]) / norm[c], c
        if column < 0:
            return False
        head, head_low, head_error = high[column, h], low[column, h], error[column]
        certain = abs(head) * (1.0 - UNIT_ROUNDOFF) - head_error
        if not certain > 2.0**-48 * norm[column]:
            return False
        for c in range(width):
            if c == column:
                continue
            f, f_low = quotient(high[c, h], low[c, h], head, head_low)
            size = abs(f) * INFLATE
            f_error = INFLATE * (
                (error[c] + size * head_error + TINY) / certain + SPREAD * size + TINY
            )
            for k in range(n):
                v, v_low = product(f, f_low, high[column, k], low[column, k])
                high[c, k], low[c, k] = difference(high[c, k], low[c, k], v, v_low)
            high[c, h], low[c, h] = 0.0, 0.0
            error[c] = INFLATE * (
                error[c]
                + size * head_error
                + f_error * (norm[column] + head_error)
                + 2.0 * SPREAD * (norm[c] + size * norm[column])
                + TINY
            )
            if not (error[c] < HUGE and size < HUGE):
                return False
        for k in range(n):
            high[column, k], low[column, k] = quotient(
                high[column, k], low[column, k], head, head_low
            )
        high[column, h], low[column, h] = 1.0, 0.0
        size = INFLATE * norm[column] / abs(head)
        error[column] = INFLATE * (
            (error[column] + size * head_error + TINY) / certain + SPREAD * size + TINY
        )
        slack[column] = h
        if not size < HUGE:
            return False
    for c in range(width):
        lines.slack[depth, c] = slack[c]
        largest = 0.0
        for k in range(n):
            lines.values[depth, c, k] = high[c, k]
            largest = max(largest, abs(high[c, k]))
        errors[depth, c] = INFLATE * (error[c] + UNIT_ROUNDOFF * largest)
        lines.norms[depth, c] = INFLATE * (largest + errors[depth, c])
    lines.valid[depth] = 0
    return True


@njit(cache=True, error_model="numpy")
def _mark(mask, lines, count):
    """Set the bits of the first picks, and no others."""
    for w in range(mask.shape[0]):
        mask[w] = 0
    for p in range(count):
        mask[lines.pick[p] >> 6] |= lines.bits[lines.pick[p] & 63]


@njit(cache=True, error_model="numpy")
def _set_picks_far(values, pick, depth):
    """Let the picked rows on a line be certainly positive everywhere."""
    for p in range(depth):
        values[depth, 0, pick[p]] = FAR
        values[depth, 1, pick[p]] = 0.0


@njit(cache=True, error_model="numpy")
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


@njit(cache=True, error_model="numpy")
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


@njit(cache=True, error_model="numpy")
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


@njit(cache=True, error_model="numpy")
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


@njit(cache=True, error_model="numpy")
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
            if not _pivot(values, errors, norms, slack, valid, h, depth, n, measure):
                _mark(picked, lines, depth)
                if _circuit_within(circuits, picked, h, False) >= 0:
                    state[2] = 0
                elif refined_for != h and _refine(lines, depth, n):
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
                if not refined and _refine(lines, depth, n):
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
            if born < 0 and not refined and _refine(lines, depth, n):
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
