"""The regions of a network depth first, one neuron after the other, compiled.

A region of the first neurons is a polytope, known by a point inside and by a dictionary of the
simplex method at a vertex, in which coordinates have two bounds and slacks of rows have one.
The next neuron's hyperplane cuts it where the simplex method, which goes on from there, finds a
vertex on the far side; that there is none is proved by multipliers. Rows are float64, with a
bound on their error in the box.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from arrangement.kernels.compiled import compiled
from arrangement.kernels.reasons import DONE, FULL
from arrangement.kernels.rounding import INFLATE, TINY, UNIT_ROUNDOFF
from arrangement.kernels.types import Floats1, Floats2, Floats3, Int32s1, Int32s2, Ints1, Signs2

__all__ = ["ASKED", "FOUND", "LEVEL", "OPTION", "Found", "Search", "Stack", "enclose", "search"]

ASKED = 7
"""Is there a region of the choices made and of one piece more? See `search`."""

# The entries of `counts`.
LEVEL, FOUND, OPTION, ANSWER, RIVAL, DIVING = range(6)
# What is known of an answer.
UNKNOWN, ALIVE, DEAD = -1, 1, 0
# No sign is decided by these: they choose the pivots, and what is asked.
SMALLEST_PIVOT = 1e-9
SMALLEST_GAIN = 1e-11
CLEAR = 2.0**-30
# A function that needs no row: its sign is that in the whole box.
ALWAYS, NEVER = -1.0, -2.0


class Network(NamedTuple):
    """A network, in a box of sides that are about 1 long; arrays fit the largest layer."""

    weights: Floats3  # (L, rows, in)
    biases: Floats2  # (L, rows)
    slopes: Floats2  # (L, width): of a neuron below zero; 1 where it is linear
    inexact: Ints1  # (L,): 1 where weights and biases are rounded
    widths: Ints1  # (L + 1,): the inputs, and the neurons of each layer
    pieces: int  # of a maxout neuron, else 1
    low: Floats1  # (d,)
    high: Floats1  # (d,)


class Search(NamedTuple):
    """Where a search is: a list of choices, one for each neuron, and what each leaves."""

    wanted: Int32s1  # (n,): the only piece that is followed, or −1 for all
    choice: Int32s1  # (n,)
    trial: Int32s1  # (n + 1,): how many pieces have been tried; −1 before the first
    own: Int32s1  # (n,): the piece in force at the point
    others: Int32s1  # (n,): how many other pieces have a region
    counts: Ints1  # (6,): level, regions found, the piece asked for, the answer, ...
    tables: Floats3  # (L, rows, d + 1): the affine functions of a layer
    errors: Floats2  # (L, rows): bounds on their errors in the box


class Stack(NamedTuple):
    """The polytope of each level: rows, a point inside, and a dictionary at a vertex."""

    rows: Floats2  # (r, d + 1): row·(x, 1) ≥ 0
    bounds: Floats1  # (r,): on their errors in the box
    origins: (
        Int32s2  # (r, 3): neuron, piece and rival of which a row is the contest; −1: a wall
    )
    size: Ints1  # (n + 1,): how many rows there are
    points: Floats2  # (n + 1, d)
    table: Floats3  # (n + 1, r + 1, d + 1): basic variables by nonbasic ones; their values
    basic: Int32s2  # (n + 1, r): coordinates 0 … d − 1, then the slacks
    nonbasic: Int32s2  # (n + 1, d)
    upper: Signs2  # (n + 1, d): is a nonbasic variable at its upper bound?


class Found(NamedTuple):
    """Room for regions: choices and points."""

    choices: Int32s2  # (capacity, n)
    points: Floats2  # (capacity, d)


@compiled(Network, Search, Stack, Found, error_model="numpy")
def search(network, search, stack, found):
    """Go on with a search until it is done, or its caller has to do something.

    What it leaves out has no region, by proof; a choice that it follows may have none.

    Parameters
    ----------
    network : Network
    search : Search
        At the beginning the trial of level 0 is −1, and stack.size[0] rows are given.
    stack : Stack
    found : Found

    Returns
    -------
    reason : int
        DONE; FULL: empty `found`; ASKED: whether there is a region with choice[:level], and
        piece counts[OPTION] for the next neuron. The answer, ALIVE or DEAD, is expected in
        counts[ANSWER], and where there is one a point of it, to about, in points[level + 1].
    """
    counts, trial, choice, own = search.counts, search.trial, search.choice, search.own
    n = len(choice)
    d = len(network.low)
    options = max(2, network.pieces)
    row = np.empty(d + 1)
    while counts[LEVEL] >= 0:
        s = counts[LEVEL]
        if s == n:
            if counts[FOUND] == len(found.choices):
                return FULL
            for i in range(n):
                found.choices[counts[FOUND], i] = choice[i]
            for k in range(d):
                found.points[counts[FOUND], k] = stack.points[s, k]
            counts[FOUND] += 1
            counts[LEVEL] -= 1
            continue
        l, j = 0, s
        while j >= network.widths[l + 1]:
            j -= network.widths[l + 1]
            l += 1
        if trial[s] < 0:
            if j == 0:
                _compose(network, search, l, s)
            trial[s] = 0
            search.others[s] = 0
            own[s] = _winner(network, search, l, j, stack.points[s])
            if network.pieces == 1 and network.slopes[l, j] == 1.0:
                own[s] = 1
                trial[s] = 1
        if trial[s] == options:
            counts[LEVEL] -= 1
            continue
        last = trial[s] == options - 1
        p = own[s] if last else (trial[s] if trial[s] < own[s] else trial[s] + 1)
        answer, counts[ANSWER] = counts[ANSWER], UNKNOWN
        state = answer
        if answer != DEAD:
            state = _choose(network, search, stack, l, j, s, p, answer, row)
        if state == UNKNOWN:
            counts[OPTION] = p
            return ASKED
        trial[s] += 1
        if state == ALIVE:
            if not last:
                search.others[s] += 1
            wanted = search.wanted[s]
            dead_end = last and search.others[s] == 0 and counts[DIVING]
            if wanted < 0 or wanted == p or dead_end:
                choice[s] = p
                trial[s + 1] = -1
                counts[LEVEL] += 1
    return DONE


@compiled(Network, Stack, Floats2, Floats1, error_model="numpy")
def enclose(network, stack, walls, bounds):
    """Add rows row·(x, 1) ≥ 0 to the polytope of level 0, a vertex of which is found.

    Parameters
    ----------
    network, stack
        As for :func:`search`; points[0] is inside.
    walls, bounds : float64 (r, d + 1) and (r,)
        Scaled to vary by about 1 in the box, and bounds on their errors in it.
    """
    for i in range(len(walls)):
        _reach(network, stack, 0, walls[i])
        _add(stack, 0, walls[i], bounds[i], -1, i, i)


@compiled(error_model="numpy")
def _add(stack, s, row, error, neuron, piece, rival):
    """Keep the row that the simplex method has just made positive."""
    r, d = stack.size[s], stack.nonbasic.shape[1]
    for k in range(d + 1):
        stack.rows[r, k] = row[k]
    stack.bounds[r] = error
    stack.origins[r, 0], stack.origins[r, 1], stack.origins[r, 2] = neuron, piece, rival
    stack.basic[s, r] = d + r
    if not stack.table[s, r, d] > 0.0:
        stack.table[s, r, d] = 0.0
    stack.size[s] = r + 1


@compiled(error_model="numpy")
def _compose(network, search, l, s):
    """The affine functions of layer l where the layers before have the pieces chosen."""
    d = len(network.low)
    count = network.widths[l + 1] * network.pieces
    table, error = search.tables[l], search.errors[l]
    if l == 0:
        for i in range(count):
            for k in range(d):
                table[i, k] = network.weights[0, i, k]
            table[i, d] = network.biases[0, i]
            size = _size(network, table[i])
            error[i] = 2 * UNIT_ROUNDOFF * size * INFLATE if network.inexact[0] else 0.0
        return
    width = network.widths[l]
    before, given = search.tables[l - 1], search.errors[l - 1]
    rounding = (width + 6) * UNIT_ROUNDOFF
    for i in range(count):
        for k in range(d + 1):
            table[i, k] = 0.0
        error[i] = 0.0
    for m in range(width):
        piece = search.choice[s - width + m]
        r, factor = m, 1.0
        if network.pieces > 1:
            r = m * network.pieces + piece
        elif piece == 0:
            factor = network.slopes[l - 1, m]
        if factor == 0.0:
            continue
        size = _size(network, before[r])
        if size == 0.0 and given[r] == 0.0:
            continue
        bound = abs(factor) * (given[r] + rounding * size) + TINY
        for i in range(count):
            weight = factor * network.weights[l, i, m]
            if weight != 0.0:
                for k in range(d + 1):
                    table[i, k] += weight * before[r, k]
                error[i] += abs(network.weights[l, i, m]) * bound
    for i in range(count):
        table[i, d] += network.biases[l, i]
        size = abs(network.biases[l, i])
        if error[i] > 0.0 or network.inexact[l]:
            error[i] = (error[i] + 4 * UNIT_ROUNDOFF * size + TINY) * INFLATE


@compiled(error_model="numpy")
def _size(network, row):
    """A bound on |row·(x, 1)| in the box, but for rounding."""
    d = len(network.low)
    size = abs(row[d])
    for k in range(d):
        size += abs(row[k]) * max(abs(network.low[k]), abs(network.high[k]))
    return size


@compiled(error_model="numpy")
def _value(row, x):
    d = len(x)
    value = row[d]
    for k in range(d):
        value += row[k] * x[k]
    return value


@compiled(error_model="numpy")
def _winner(network, search, l, j, x):
    """The piece that is in force at a point, as far as float64 tells."""
    table, k = search.tables[l], network.pieces
    if k == 1:
        return 1 if _value(table[j], x) > 0.0 else 0
    winner, most = 0, -np.inf
    for p in range(k):
        value = _value(table[j * k + p], x)
        if value > most:
            winner, most = p, value
    return winner


@compiled(error_model="numpy")
def _choose(network, search, stack, l, j, s, p, answer, row):
    """Pass on to the next level what piece p leaves of the polytope, if there is something.

    ALIVE, DEAD (which is proved), or UNKNOWN. Where an answer was given, no proof is needed.
    """
    d = len(network.low)
    options = max(2, network.pieces)
    is_own = p == search.own[s]
    if answer != ALIVE:
        for k in range(d):
            stack.points[s + 1, k] = stack.points[s, k]
    _copy(stack, s)
    if is_own and search.others[s] == 0:
        return ALIVE  # proved to be all that there is: no row is needed
    for q in range(options):
        if q == p:
            continue
        error = _contest(network, search, l, j, p, q, row)
        if error < 0.0:
            if error == NEVER:
                return DEAD
            continue
        search.counts[RIVAL] = q
        x = stack.points[s + 1]
        value = _value(row, x)
        if answer != ALIVE and is_own and value <= error + CLEAR * CLEAR * _size(network, row):
            return UNKNOWN
        far = _reach(network, stack, s + 1, row)
        if answer != ALIVE and not is_own and not far > CLEAR:
            if far <= 0.0 and _proved(network, stack, s + 1, row, error):
                return DEAD
            return UNKNOWN
        if answer != ALIVE:
            if value <= 0.0:
                _step_inside(network, stack, s + 1, value, far)
            _center(network, stack, s + 1, row)
        _add(stack, s + 1, row, error, s, p, q)
    return ALIVE


@compiled(error_model="numpy")
def _contest(network, search, l, j, p, q, row):
    """The function that is positive where piece p wins over q; a bound on its error.

    Scaled by a power of two to vary by about 1 in the box. ALWAYS or NEVER, both negative,
    where its sign is that in the whole box.
    """
    d = len(network.low)
    table, errors = search.tables[l], search.errors[l]
    if network.pieces == 1:
        sign = 1.0 if p == 1 else -1.0
        for k in range(d + 1):
            row[k] = sign * table[j, k]
        error = errors[j]
    else:
        a, b = j * network.pieces + p, j * network.pieces + q
        error = errors[a] + errors[b]
        for k in range(d + 1):
            row[k] = table[a, k] - table[b, k]
        for k in range(d + 1):
            if row[k] != 0.0:
                size = _size(network, table[a]) + _size(network, table[b])
                error = (error + UNIT_ROUNDOFF * size) * INFLATE
                break
    low = high = row[d]
    size, variation = _size(network, row), 0.0
    for k in range(d):
        low += min(row[k] * network.low[k], row[k] * network.high[k])
        high += max(row[k] * network.low[k], row[k] * network.high[k])
        variation += abs(row[k])
    rounding = (d + 3) * UNIT_ROUNDOFF * size * INFLATE
    if variation == 0.0:
        rounding = 0.0
        if error == 0.0 and row[d] == 0.0:
            return ALWAYS if p < q else NEVER  # of equal pieces the first wins
    if low - rounding > error:
        return ALWAYS
    if high + rounding < -error:
        return NEVER
    if variation > 0.0 and variation < np.inf:
        _, exponent = math.frexp(variation)
        if abs(exponent) < 400:
            scale = math.ldexp(1.0, -exponent)
            for k in range(d + 1):
                row[k] *= scale
            error = error * scale + TINY
    return error


@compiled(error_model="numpy")
def _copy(stack, s):
    """The dictionary of the next level is that of this one."""
    m, d = stack.size[s], stack.nonbasic.shape[1]
    stack.size[s + 1] = m
    for i in range(m):
        stack.basic[s + 1, i] = stack.basic[s, i]
        for k in range(d + 1):
            stack.table[s + 1, i, k] = stack.table[s, i, k]
    for k in range(d):
        stack.nonbasic[s + 1, k] = stack.nonbasic[s, k]
        stack.upper[s + 1, k] = stack.upper[s, k]


@compiled(error_model="numpy")
def _reach(network, stack, s, row):
    """Go from vertex to vertex as a row's function grows, until it is clearly positive.

    Writes the function in terms of the nonbasic variables, and its value, to the table's row
    `size`; returns the value, NaN where the simplex method does not end.
    """
    table, basic, nonbasic, upper = (
        stack.table[s], stack.basic[s], stack.nonbasic[s], stack.upper[s]
    )  # fmt: skip
    low, high = network.low, network.high
    d, m = len(low), stack.size[s]
    for k in range(d + 1):
        table[m, k] = 0.0
    table[m, d] = row[d]
    for k in range(d):
        v = nonbasic[k]
        if v < d:
            table[m, k] += row[v]
            table[m, d] += row[v] * (high[v] if upper[k] else low[v])
    for i in range(m):
        v = basic[i]
        if v < d:
            a = row[v]
            for k in range(d + 1):
                table[m, k] += a * table[i, k]
    for step in range(20 * (m + d) + 50):
        if table[m, d] > CLEAR:
            break
        entering, most = -1, SMALLEST_GAIN
        for k in range(d):
            gain = -table[m, k] if upper[k] else table[m, k]
            if gain > most:
                entering, most = k, gain
                if step > 4 * (m + d) + 20:
                    break
        if entering < 0:
            break
        v = nonbasic[entering]
        way = -1.0 if upper[entering] else 1.0
        length = high[v] - low[v] if v < d else np.inf
        leaving, pivot, at_upper = -1, 0.0, 0
        for i in range(m):
            rate = way * table[i, entering]
            u = basic[i]
            if rate < -SMALLEST_PIVOT:
                room = max(table[i, d] - (low[u] if u < d else 0.0), 0.0)
                end = 0
            elif rate > SMALLEST_PIVOT and u < d:
                room = max(high[u] - table[i, d], 0.0)
                end = 1
            else:
                continue
            most_here = room / abs(rate)
            if most_here < length or (most_here == length and abs(rate) > pivot):
                leaving, length, pivot, at_upper = i, most_here, abs(rate), end
        if length == np.inf:
            return np.nan
        move = way * length
        if leaving < 0:
            for i in range(m + 1):
                table[i, d] += table[i, entering] * move
            upper[entering] = 1 - upper[entering]
            continue
        value = move
        if v < d:
            value += high[v] if upper[entering] else low[v]
        for i in range(m + 1):
            table[i, d] += table[i, entering] * move
        inverse = 1.0 / table[leaving, entering]
        for k in range(d):
            table[leaving, k] *= -inverse
        table[leaving, entering] = inverse
        table[leaving, d] = value
        for i in range(m + 1):
            factor = table[i, entering]
            if i != leaving and factor != 0.0:
                for k in range(d):
                    table[i, k] += factor * table[leaving, k]
                table[i, entering] = factor * inverse
        nonbasic[entering], basic[leaving] = basic[leaving], v
        upper[entering] = at_upper
    return table[m, d]


@compiled(error_model="numpy")
def _proved(network, stack, s, row, error):
    """Is a row's function negative in the polytope, by proof?

    With multipliers λ ≥ 0 of the rows r, −row = Σ λ r + e, and e is bounded in the box.
    """
    d, m = len(network.low), stack.size[s]
    total, used = error, 0
    for k in range(d):
        v = stack.nonbasic[s, k]
        if v >= d and stack.table[s, m, k] < 0.0:
            used += 1
            total += -stack.table[s, m, k] * stack.bounds[v - d]
    least, lost = 0.0, 0.0
    for k in range(d + 1):
        e, size = -row[k], abs(row[k])
        for i in range(d):
            v = stack.nonbasic[s, i]
            if v >= d and stack.table[s, m, i] < 0.0:
                term = stack.table[s, m, i] * stack.rows[v - d, k]
                e += term
                size += abs(term)
        if k == d:
            least += e
            lost += size
        else:
            least += min(e * network.low[k], e * network.high[k])
            lost += size * max(abs(network.low[k]), abs(network.high[k]))
    least -= ((used + d + 6) * UNIT_ROUNDOFF * lost + total) * INFLATE + TINY
    return least > 0.0


@compiled(error_model="numpy")
def _step_inside(network, stack, s, value, far):
    """Move the point towards the dictionary's vertex, to where the row is positive."""
    d, x = len(network.low), stack.points[s]
    if not far > value:
        return
    t = -value / (far - value)
    t += (1.0 - t) / 2
    for k in range(d):
        v = stack.nonbasic[s, k]
        if v < d:
            end = network.high[v] if stack.upper[s, k] else network.low[v]
            x[v] += t * (end - x[v])
    for i in range(stack.size[s]):
        v = stack.basic[s, i]
        if v < d:
            x[v] += t * (stack.table[s, i, d] - x[v])


@compiled(error_model="numpy")
def _center(network, stack, s, row):
    """Move the point along the row's normal to the middle of what the polytope leaves."""
    d, x = len(network.low), stack.points[s]
    slope = 0.0
    for k in range(d):
        slope += row[k] * row[k]
    if slope == 0.0:
        return
    back, ahead = -_value(row, x) / slope, np.inf
    for k in range(d):
        if row[k] > 0.0:
            back = max(back, (network.low[k] - x[k]) / row[k])
            ahead = min(ahead, (network.high[k] - x[k]) / row[k])
        elif row[k] < 0.0:
            back = max(back, (network.high[k] - x[k]) / row[k])
            ahead = min(ahead, (network.low[k] - x[k]) / row[k])
    for r in range(stack.size[s]):
        rate = 0.0
        for k in range(d):
            rate += stack.rows[r, k] * row[k]
        if rate > 0.0:
            back = max(back, -_value(stack.rows[r], x) / rate)
        elif rate < 0.0:
            ahead = min(ahead, -_value(stack.rows[r], x) / rate)
    if ahead > back and ahead < np.inf:
        for k in range(d):
            x[k] += row[k] * (back + ahead) / 2
