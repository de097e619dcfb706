"""Cells in a pointed cone, counted in small integers: one look at a row's cut tells most."""

from __future__ import annotations

import numpy as np

from arrangement.kernels.cells.cone_rays import DONE, GROW, LARGE, STEPPED, n_bits, uncounted
from arrangement.kernels.lanes import above, covering, load, maximum, spread
from arrangement.kernels.types import Floats1, Floats2, Ints1, Ints2, Words1

N_LEVEL = 8
RAYS, VALUES, STRIDE, TIGHT, EDGES, N_EDGES, NEXT_ROW, STOP = range(N_LEVEL)

ONE = np.uint64(1)
LIMIT = 2.0**26
REDUCED = 2.0**12


@uncounted()
def _gcd(a, b):
    while b != 0:
        a, b = b, a % b
    return a


@uncounted(forceinline=True)
def _new_rays(level, values, edges, k, first, second, weights):
    off, stride = level[VALUES], level[STRIDE]
    n = 0
    at = level[EDGES]
    for e in range(at, at + level[N_EDGES]):
        p, q = off + edges[e, 0], off + edges[e, 1]
        a, b = values[p + k], values[q + k]
        first[n], second[n] = p, q
        weights[n, 0], weights[n, 1] = abs(b), abs(a)
        n += a * b < 0.0
    p = off
    for _ in range(level[RAYS]):
        first[n], second[n] = p, p
        weights[n, 0], weights[n, 1] = 1.0, 0.0
        n += values[p + k] == 0.0
        p += stride
    return n


@uncounted(forceinline=True)
def _two_rows(values, first, second, weights, n, i, o):
    """Cells that two rows cut in what n rays span."""
    a = b = -np.inf
    c = d = np.inf
    up = down = False
    for j in range(n):
        p, q, s, t = first[j], second[j], weights[j, 0], weights[j, 1]
        x = s * values[p + i] + t * values[q + i]
        y = s * values[p + o] + t * values[q + o]
        if y > 0.0:
            z = x / y
            a, c = max(a, z), min(c, z)
        elif y < 0.0:
            z = x / -y
            b, d = max(b, z), min(d, z)
        else:
            up |= x > 0.0
            down |= x < 0.0
    up |= a + b > 0.0
    down |= c + d < 0.0
    return 2 + np.int64(up | down) + np.int64(up & down)


@uncounted(forceinline=True)
def _points(values, first, second, weights, chosen, count, keys):
    """Different points of rows on a stretch between two rays."""
    p, q, s, t = first[0], second[0], weights[0, 0], weights[0, 1]
    u, v, w, z = first[1], second[1], weights[1, 0], weights[1, 1]
    points = 0
    for c in range(count):
        i = chosen[c]
        x = s * values[p + i] + t * values[q + i]
        y = w * values[u + i] + z * values[v + i]
        key = x / y
        new = 1
        for o in range(points):
            if keys[o] == key:
                new = 0
        keys[points] = key
        points += new
    return points


@uncounted(forceinline=True)
def _different(values, off, stride, r, c, keys, twins):
    """How many of c rows are different up to a factor on r rays; which are copies."""
    copies = 0
    for i in range(c):
        x = y = 0.0
        at = off + i
        for j in range(r):
            v = values[at]
            x += v * ((j * 37 + 11) & 255)
            y += v * ((j * 101 + 29) & 255)
            at += stride
        key = x / y if y != 0.0 else 0.0
        keys[i] = key
        twins[i] = 0
        for o in range(i):
            if keys[o] == key:
                at = off
                while values[at + i] == 0.0:
                    at += stride
                a, b = values[at + i], values[at + o]
                same = b != 0.0
                at = off
                for _ in range(r):
                    same &= values[at + i] * b == values[at + o] * a
                    at += stride
                if same:
                    twins[i] = 1
                    copies += 1
                    break
    return c - copies


@uncounted(forceinline=True)
def _edges(tight, start, r, dimension, stride, edges, at):
    """Adjacent pairs of rays, as places of their values; how many there are."""
    n = 0
    for p in range(r):
        for q in range(p + 1, r):
            common = tight[start + p] & tight[start + q]
            if n_bits(common) < dimension - 2:
                continue
            on = 0
            for t in range(0, r, 8):
                found = covering(tight, np.uint64(start + t), common)
                if r - t < 8:
                    found &= (ONE << np.uint64(r - t)) - ONE
                on += n_bits(found)
            if on == 2:
                if at + n < len(edges):
                    edges[at + n, 0], edges[at + n, 1] = p * stride, q * stride
                n += 1
    return n


@uncounted(Ints1, Ints2, Floats1, Words1, Ints2, Ints1, Ints1, Floats2, Ints1, Floats1, Ints1, int)
def count_integral(state, levels, values, tight, edges, first, second, weights, chosen, keys, twins, dimension):
    nothing = spread(0.0)
    l, total = state[0], state[1]
    while l >= 0:
        level = levels[l]
        k = level[NEXT_ROW]
        if k == level[STOP]:
            l -= 1
            continue
        level[NEXT_ROW] = k + 1
        n = _new_rays(level, values, edges, k, first, second, weights)
        count = 0
        for v in range(0, k, 8):
            most, least = nothing, nothing
            for j in range(n):
                x = load(values, np.uint64(first[j] + v)) * weights[j, 0] + load(
                    values, np.uint64(second[j] + v)
                ) * weights[j, 1]
                most = maximum(most, x)
                least = maximum(least, nothing - x)
            cut = above(most, nothing) & above(least, nothing)
            if k - v < 8:
                cut &= (ONE << np.uint64(k - v)) - ONE
            while cut != 0:
                chosen[count] = v + n_bits(~cut & (cut - ONE))
                cut &= cut - ONE
                count += 1
        if count < 2:
            total += 1 + count
            continue
        d = dimension - l - 1
        if d == 2:
            total += 1 + _points(values, first, second, weights, chosen, count, keys)
            continue
        if count == 2:
            total += _two_rows(values, first, second, weights, n, chosen[0], chosen[1])
            continue
        under = levels[l + 1]
        stride = (count + 7) & ~7
        off = level[VALUES] + level[RAYS] * level[STRIDE]
        start = level[TIGHT] + level[RAYS]
        at = level[EDGES] + level[N_EDGES]
        if off + (n + 8) * stride > len(values) or start + n + 8 > len(tight):
            level[NEXT_ROW] = k
            state[0], state[1] = l, total
            return GROW
        for j in range(n):
            p, q, s, t = first[j], second[j], weights[j, 0], weights[j, 1]
            place = off + j * stride
            largest = 0.0
            for c in range(count):
                x = s * values[p + chosen[c]] + t * values[q + chosen[c]]
                values[place + c] = x
                largest = max(largest, abs(x))
            if largest >= REDUCED:
                common = np.int64(0)
                for c in range(count):
                    common = _gcd(common, abs(np.int64(values[place + c])))
                    if common == 1:
                        break
                for c in range(count):
                    values[place + c] /= common
                if largest / common >= LIMIT:
                    level[NEXT_ROW] = k
                    state[0], state[1] = l, total
                    return LARGE
            ray = level[TIGHT]
            base = level[VALUES]
            tight[start + j] = tight[ray + (p - base) // level[STRIDE]] & tight[ray + (q - base) // level[STRIDE]]
        different = _different(values, off, stride, n, count, keys, twins)
        if different < count:
            to = 0
            for c in range(count):
                if twins[c] == 0:
                    for j in range(n):
                        values[off + j * stride + to] = values[off + j * stride + c]
                    to += 1
            if different < 2:
                total += 1 + different
                continue
        n_edges = _edges(tight, start, n, d, stride, edges, at)
        if at + n_edges > len(edges):
            level[NEXT_ROW] = k
            state[0], state[1] = l, total
            return GROW
        under[RAYS], under[VALUES], under[STRIDE], under[TIGHT] = n, off, stride, start
        under[EDGES], under[N_EDGES], under[NEXT_ROW], under[STOP] = at, n_edges, 1, different
        total += 2
        l += 1
    state[0], state[1] = l, total
    return DONE
