"""Flats level by level, compiled: the covers of each flat.

A flat is the set of hyperplanes that contain it, as bits. How the other rows meet it is found
modulo primes. With all minors smaller than the product of the primes, a minor is zero iff it
is zero modulo each of them, so nothing is left to chance; values below p are held in float64,
and a sum of D products of two is exact while D·p² ≤ 2^53.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from arrangement.kernels.cells.images import copy_words
from arrangement.kernels.compiled import compiled
from arrangement.kernels.modular_rank import inverse, reduced
from arrangement.kernels.reasons import DONE, FULL, MORE_PRIMES
from arrangement.kernels.types import (
    Bools1,
    Floats1,
    Floats2,
    Floats3,
    Ints1,
    Words2,
)

__all__ = [
    "ALL",
    "BELOW",
    "BEYOND",
    "Batch",
    "Residues",
    "Workspace",
    "echelon_form",
    "find_covers",
    "group_rows",
    "inverses",
    "relabel",
    "restrict",
]


# Which covers of a flat are sought: all of them; those by a hyperplane below the lowest of the
# flat; those whose first basis goes on from that of the flat, so that each is found once.
ALL, BELOW, BEYOND = 0, 1, 2


class Residues(NamedTuple):
    """Rows modulo primes. Row 0 is the hyperplane at infinity, where there is one."""

    values: Floats3  # (primes, D, 1 + n)
    primes: Floats1  # (primes,)
    needed: int  # so many of the primes have a product larger than any minor
    first: int  # 0 if row 0 is to be looked at, else 1


class Batch(NamedTuple):
    """Covers of some flats of a rank."""

    words: Words2  # (capacity, words): bit i is hyperplane i, row i + 1
    flat: Ints1  # (capacity,): the flat that is covered
    lowest: Ints1  # (capacity,): the lowest row that the cover has and the flat has not
    gain: Ints1  # (capacity,): how many hyperplanes the cover has more
    size: Ints1  # (capacity,): how many it has
    kept: Bools1  # (capacity,): does it pass anything on itself?
    filled: Ints1  # (1,): how many there are


class Workspace(NamedTuple):
    """What the covers of one flat are worked out in."""

    echelon: Floats2  # (D, D)
    pivots: Ints1  # (D,)
    restricted: Floats2  # (D, 1 + n)
    lead: Floats1  # (1 + n,)
    inverse: Floats1  # (1 + n,)
    label: Ints1  # (1 + n,): the cover that a row leads to, −1 in the flat
    lowest: Ints1  # (1 + n,): the first row of each cover
    coarse: Ints1  # (1 + n,): the label before the last prime
    cover: Ints1  # (1 + n,): the place of each cover in the batch, −1 if it has none
    slots: Ints1  # (a power of two > 2·(1 + n),)


@compiled()
def _position(bit):
    """The exponent of a power of two below 2^64."""
    exponent = 0
    for half in (32, 16, 8, 4, 2, 1):
        if bit >> np.uint64(half):
            bit >>= np.uint64(half)
            exponent += half
    return exponent


@compiled(error_model="numpy")
def echelon_form(table, words, rank, p, work):
    """The reduced row echelon form of the flat's rows modulo p; is their rank as it should be?

    It is kept without its pivot columns' unit vectors: echelon[t, c] is meant for columns c
    that are no pivot of another row.
    """
    width = table.shape[0]
    echelon, pivots = work.echelon, work.pivots
    reciprocal = 1.0 / p
    found = 0
    for w in range(len(words)):
        rest = words[w]
        while rest and found < rank:
            low = rest & (~rest + np.uint64(1))
            rest ^= low
            i = 64 * w + _position(low) + 1
            row = echelon[found]
            lead = -1
            for c in range(width):
                x = table[c, i]
                for t in range(found):
                    # All entries are below p, and there are at most D products.
                    x += (p - table[pivots[t], i]) * echelon[t, c]
                x = reduced(x, p, reciprocal)
                row[c] = x
            for t in range(found):
                row[pivots[t]] = 0.0
            for c in range(width):
                if row[c] != 0.0:
                    lead = c
                    break
            if lead < 0:
                continue
            scale = np.float64(inverse(row[lead], p))
            for c in range(width):
                row[c] = reduced(row[c] * scale, p, reciprocal)
            for t in range(found):
                factor = p - echelon[t, lead]
                for c in range(width):
                    echelon[t, c] = reduced(echelon[t, c] + factor * row[c], p, reciprocal)
            pivots[found] = lead
            found += 1
    return found == rank


@compiled(error_model="numpy")
def inverses(values, found, base, start, stop, p):
    """Those modulo p, of 0 it is 0, for all values at once: x^(p−2) (Fermat)."""
    reciprocal = 1.0 / p
    for i in range(start, stop):
        base[i] = values[i]
        found[i] = 1.0 if values[i] != 0.0 else 0.0
    power = np.int64(p) - 2
    while power:
        if power & 1:
            for i in range(start, stop):
                found[i] = reduced(found[i] * base[i], p, reciprocal)
        power >>= 1
        if power:
            for i in range(start, stop):
                base[i] = reduced(base[i] * base[i], p, reciprocal)


@compiled(error_model="numpy")
def restrict(table, rank, start, stop, p, work):
    """Rows start … stop − 1 in coordinates of the flat, each scaled so that it leads with 1.

    Returns the number of coordinates; proportional rows have become equal.
    """
    width = table.shape[0]
    restricted, inverse, pivots = work.restricted, work.inverse, work.pivots
    lead, reciprocal = work.lead, 1.0 / p
    free = 0
    for c in range(width):
        is_pivot = False
        for t in range(rank):
            is_pivot |= pivots[t] == c
        if is_pivot:
            continue
        target = restricted[free]
        for i in range(start, stop):
            target[i] = table[c, i]
        for t in range(rank):
            factor = p - work.echelon[t, c]
            if factor == p:
                continue
            source = table[pivots[t]]
            for i in range(start, stop):
                target[i] += source[i] * factor
        for i in range(start, stop):
            target[i] = reduced(target[i], p, reciprocal)
        free += 1
    for i in range(start, stop):
        lead[i] = 0.0
    for c in range(free):
        source = restricted[c]
        for i in range(start, stop):
            lead[i] = source[i] if lead[i] == 0.0 else lead[i]
    inverses(lead, inverse, restricted[free], start, stop, p)
    for c in range(free):
        target = restricted[c]
        for i in range(start, stop):
            target[i] = reduced(target[i] * inverse[i], p, reciprocal)
    return free


@compiled()
def relabel(start, stop, free, work):
    """Split each class of rows by their coordinates; returns the number of classes.

    Classes are numbered by their lowest row.
    """
    label, restricted, slots, lowest = work.label, work.restricted, work.slots, work.lowest
    mask = len(slots) - 1
    for k in range(len(slots)):
        slots[k] = 0
    classes = 0
    old = work.coarse
    for i in range(start, stop):
        if label[i] < 0:
            continue
        key = np.uint64(label[i] + 1)
        for c in range(free):
            key = (key + np.uint64(restricted[c, i])) * np.uint64(0x9E3779B97F4A7C15)
            key ^= key >> np.uint64(29)
        slot = np.int64(key & np.uint64(mask))
        while True:
            k = slots[slot] - 1
            if k < 0:
                slots[slot] = classes + 1
                lowest[classes] = i
                old[classes] = label[i]
                k = classes
                classes += 1
                break
            same = old[k] == label[i]
            if same:
                j = lowest[k]
                for c in range(free):
                    if restricted[c, i] != restricted[c, j]:
                        same = False
                        break
            if same:
                break
            slot = (slot + 1) & mask
        label[i] = k
    return classes


@compiled(error_model="numpy")
def _coordinate(table, rank, c, i, p, work):
    """Coordinate c of row i restricted to the flat whose echelon form is there."""
    x = table[c, i]
    for t in range(rank):
        x += (p - work.echelon[t, c]) * table[work.pivots[t], i]
    return reduced(x, p, 1.0 / p)


@compiled(error_model="numpy")
def _agrees(table, rank, start, stop, p, work):
    """Are the rows of each class proportional on the flat modulo p?

    1 if they are, 0 if not, −1 if one of them vanishes there.
    """
    width = table.shape[0]
    reciprocal = 1.0 / p
    for i in range(start, stop):
        if work.label[i] < 0 or work.lowest[work.label[i]] == i:
            continue
        j = work.lowest[work.label[i]]
        lead = -1
        u = v = 0.0
        proportional = True
        vanishes = True
        for c in range(width):
            is_pivot = False
            for t in range(rank):
                is_pivot |= work.pivots[t] == c
            if is_pivot:
                continue
            a = _coordinate(table, rank, c, j, p, work)
            b = _coordinate(table, rank, c, i, p, work)
            if b != 0.0:
                vanishes = False
            if lead < 0:
                if a != 0.0:
                    lead, u, v = c, a, b
                elif b != 0.0:
                    proportional = False
            elif reduced(a * v, p, reciprocal) != reduced(b * u, p, reciprocal):
                proportional = False
        if lead < 0 or vanishes:
            return -1
        if not proportional:
            return 0
    return 1


@compiled()
def group_rows(residues, words, rank, stop, work):
    """Group the rows below `stop` by the flat that they cut on this one.

    Returns the number of groups, −1 if there are too few primes.
    """
    start = residues.first
    label = work.label
    outside = 0
    for i in range(start, stop):
        contains = i and (words[(i - 1) >> 6] >> np.uint64((i - 1) & 63)) & np.uint64(1)
        label[i] = -1 if contains else 0
        outside += not contains
        if outside == 1 and not contains:
            work.lowest[0] = i
    if rank == residues.values.shape[1] - 1:
        return min(outside, 1)  # all meet it in the one flat of the highest rank
    used = 0
    classes = 0
    for q in range(len(residues.primes)):
        p = residues.primes[q]
        table = residues.values[q]
        # A prime that makes the flat, or a row on it, vanish has nothing to say about it.
        if not echelon_form(table, words, rank, p, work):
            continue
        if used:
            # Mostly, classes of the first prime are confirmed: look at their rows only.
            verdict = _agrees(table, rank, start, stop, p, work)
            if verdict:
                used += verdict > 0
                if used == residues.needed:
                    return classes
                continue
        free = restrict(table, rank, start, stop, p, work)
        silent = False
        for i in range(start, stop):
            silent |= label[i] >= 0 and work.inverse[i] == 0.0
        if silent:
            continue
        classes = relabel(start, stop, free, work)
        used += 1
        if used == residues.needed or classes == outside:
            return classes
    return -1


@compiled(Residues, Words2, Ints1, int, int, int, bool, Batch, Workspace)
def find_covers(residues, flats, last, y, rank, which, highest, batch, work):
    """The flats that cover the flats y, y + 1, … of a rank, as many as the batch has room for.

    Parameters
    ----------
    flats : uint64 (m, words)
    last : int64 (m,)
        For BEYOND: the last row of the first basis of each flat, 0 where that is empty.
    which : int
        ALL, BELOW or BEYOND.
    highest : bool
        Are the covers of the highest rank that counts? Then none passes anything on.

    Returns
    -------
    int, int
        The next flat, and why that is not done yet: the batch is FULL, or it takes MORE_PRIMES;
        DONE if there is none.
    """
    n = residues.values.shape[2] - 1
    start = residues.first
    cover = work.cover
    count = 0
    while y < len(flats) and count + n < len(batch.flat):
        words = flats[y]
        floor, ceiling = 0, n + 1
        if which == BEYOND:
            floor = last[y]
        elif which == BELOW:
            for w in range(len(words) - 1, -1, -1):
                if words[w]:
                    low = words[w] & (~words[w] + np.uint64(1))
                    ceiling = 64 * w + _position(low) + 1
        # Which rows a cover has matters only where one is kept: row 1 is in none of those.
        stop = ceiling if which == BELOW and (highest or ceiling <= 2) else n + 1
        classes = group_rows(residues, words, rank, stop, work)
        if classes < 0:
            batch.filled[0] = count
            return y, MORE_PRIMES
        size = 0
        for i in range(1, stop):
            size += work.label[i] < 0
        for k in range(classes):
            first = work.lowest[k]
            # Rows of the class of the hyperplane at infinity, row 0, are parallel to the flat.
            if first <= floor or first >= ceiling:
                cover[k] = -1
                continue
            cover[k] = count
            batch.flat[count] = y
            batch.lowest[count] = first
            batch.gain[count] = 0
            batch.size[count] = size
            batch.kept[count] = not highest and (which != BELOW or first > 1)
            copy_words(batch.words[count], words)
            count += 1
        for i in range(start, stop):
            k = cover[work.label[i]] if work.label[i] >= 0 else -1
            if k >= 0:
                batch.gain[k] += 1
                batch.size[k] += 1
                batch.words[k, (i - 1) >> 6] |= np.uint64(1) << np.uint64((i - 1) & 63)
        y += 1
    batch.filled[0] = count
    return y, DONE if y == len(flats) else FULL
