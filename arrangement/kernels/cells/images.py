"""Canonical images of sets of points under a permutation group, compiled.

A set is moved by elements of the group only, so whatever is returned is an image of it. Two
equivalent sets get the same image unless a search was cut short: then they are counted apart,
which costs time and never the answer.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from arrangement.kernels.compiled import compiled
from arrangement.kernels.types import Bools1, Int32s1, Int32s2, Ints1, Uint16s2, Words2

__all__ = [
    "BEYOND",
    "UNBUILT",
    "Chain",
    "Sets",
    "canonical_images",
    "copy_words",
    "find_orbits",
    "stabilise",
]


UNBUILT, BEYOND = np.int32(-1), np.int32(-2)
"""In place of a child: not built yet; not to be built, for want of room."""


class Sets(NamedTuple):
    """What the image of one set is sought in."""

    old: Words2  # (candidates, words)
    new: Words2  # (candidates, words)
    members: Ints1  # (n,)
    inside: Bools1  # (n,)
    hits: Ints1  # (n,)


class Chain(NamedTuple):
    """A tree of stabilisers: a child fixes one point more than its parent."""

    orbit: Int32s2  # (nodes, n): the orbit of each point
    size: Int32s2  # (nodes, n): the length of each orbit
    n_orbits: Int32s1  # (nodes,)
    child: Int32s2  # (nodes, n): the node that fixes one point of the orbit
    move: Int32s2  # (nodes, n): the row of `images` that takes the point to the fixed one
    images: Uint16s2  # (rows, n): permutations


@compiled(Uint16s2, int, int, int)
def stabilise(generators, point, count, seed):
    """The orbit of a point, what moves it back, and random elements that fix the point.

    Returns
    -------
    orbit : ndarray of int64
    back : ndarray of uint16, shape (len(orbit), n)
        back[k] takes orbit[k] to the point.
    fixing : ndarray of uint16, shape (at most count, n)
        Elements of the stabiliser by product replacement (Celler et al. 1995) and Schreier's
        lemma, the identity left out. That they generate all of it is likely; nothing rests on
        it.
    """
    m, n = generators.shape
    orbit = np.empty(n, dtype=np.int64)
    place = np.full(n, -1, dtype=np.int64)
    forth = np.empty((n, n), dtype=np.uint16)
    orbit[0], place[point] = point, 0
    for i in range(n):
        forth[0, i] = i
    length, k = 1, 0
    while k < length:
        for g in range(m):
            image = generators[g, orbit[k]]
            if place[image] < 0:
                place[image] = length
                orbit[length] = image
                for i in range(n):
                    forth[length, i] = generators[g, forth[k, i]]
                length += 1
        k += 1
    back = np.empty((length, n), dtype=np.uint16)
    for k in range(length):
        for i in range(n):
            back[k, forth[k, i]] = i
    pool = max(m, 10)
    elements = np.empty((pool, n), dtype=np.uint16)
    for k in range(pool):
        for i in range(n):
            elements[k, i] = generators[k % m, i]
    product, inverse = np.empty(n, dtype=np.uint16), np.empty(n, dtype=np.uint16)
    fixing = np.empty((count, n), dtype=np.uint16)
    kept = 0
    random = np.uint64(seed)
    settled = 20 * pool
    for step in range(settled + 4 * count):
        random = random * np.uint64(6364136223846793005) + np.uint64(1442695040888963407)
        draw = np.int64(random >> np.uint64(33))
        a, b = draw % pool, draw // pool % (pool - 1)
        b = b if b < a else b + 1
        if (draw >> 28) & 1:
            for i in range(n):
                product[i] = elements[b, elements[a, i]]
        else:
            for i in range(n):
                inverse[elements[b, i]] = i
            for i in range(n):
                product[i] = elements[a, inverse[i]]
        for i in range(n):
            elements[a, i] = product[i]
        if step >= settled and step % 4 == 3:
            home = back[place[elements[a, point]]]
            moves = False
            for i in range(n):
                fixing[kept, i] = home[elements[a, i]]
                moves |= fixing[kept, i] != i
            kept += moves
    return orbit[:length].copy(), back, fixing[:kept].copy()


@compiled(Uint16s2, Ints1)
def find_orbits(generators, orbit):
    """The orbit of each point, numbered by lowest point; returns the number of orbits."""
    m, n = generators.shape
    for i in range(n):
        orbit[i] = i
    for g in range(m):
        for i in range(n):
            a, b = i, np.int64(generators[g, i])
            while orbit[a] != a:
                a = orbit[a]
            while orbit[b] != b:
                b = orbit[b]
            orbit[max(a, b)] = min(a, b)
            orbit[i] = min(a, b)
    count = 0
    for i in range(n):
        # The root is the lowest point, and has its number already.
        if orbit[i] == i:
            orbit[i] = count
            count += 1
        else:
            orbit[i] = orbit[orbit[i]]
    return count


@compiled()
def _mixed(value):
    """A 64-bit number that looks random (the finaliser of splitmix64)."""
    x = value * np.uint64(0x9E3779B97F4A7C15)
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))


@compiled()
def copy_words(target, source):
    """Assignment of slices takes numba seconds to compile."""
    for w in range(len(target)):
        target[w] = source[w]


@compiled()
def _members(words, n, members):
    """The points of a set in ascending order; their number."""
    count = 0
    for i in range(n):
        if (words[i >> 6] >> np.uint64(i & 63)) & np.uint64(1):
            members[count] = i
            count += 1
    return count


@compiled()
def _profile(chain, node, members, count, hits):
    """How a set meets the orbits: (branches, orbit to branch on, hash), all invariant.

    An orbit that lies inside or outside the set tells nothing; when all do, the group of the
    node maps the set to itself, and there are no branches.
    """
    orbits = chain.n_orbits[node]
    for o in range(orbits):
        hits[o] = 0
    for k in range(count):
        hits[chain.orbit[node, members[k]]] += 1
    branches, chosen, value = 0, -1, np.uint64(0)
    for o in range(orbits):
        inside = hits[o]
        if inside:
            value += _mixed(np.uint64(o) * np.uint64(65537) + np.uint64(inside))
        fewer = min(inside, chain.size[node, o] - inside)
        if fewer and (branches == 0 or fewer < branches):
            branches, chosen = fewer, o
    return branches, chosen, value


@compiled()
def _canonical_image(chain, words, work):
    """Replace a set by its canonical image; (node, orbit) that is missing, or (−1, −1).

    Point by point: of all images found so far, those that meet the orbits of the group in the
    smallest way are kept; in one orbit, every point of the set (or every other point, if these
    are fewer) is moved to the same place, which the group then has to fix (after Linton 2004).
    The least of the sets that are left is the answer.
    """
    old, new, members, inside, hits = work
    n = chain.orbit.shape[1]
    width = len(words)
    copy_words(old[0], words)
    candidates, node = 1, np.int64(0)
    while True:
        kept, least, least_value, orbit = 0, 0, np.uint64(0), -1
        for c in range(candidates):
            count = _members(old[c], n, members)
            branches, chosen, value = _profile(chain, node, members, count, hits)
            if c and (branches > least or (branches == least and value > least_value)):
                continue
            if c == 0 or branches < least or value < least_value:
                kept, least, least_value, orbit = 0, branches, value, chosen
            copy_words(old[kept], old[c])
            kept += 1
        candidates = kept
        if least == 0:
            break
        child = chain.child[node, orbit]
        if child == UNBUILT:
            return node, orbit
        if child == BEYOND:
            break
        found = 0
        for c in range(candidates):
            count = _members(old[c], n, members)
            for x in range(n):
                inside[x] = False
            hit = 0
            for k in range(count):
                inside[members[k]] = True
                if chain.orbit[node, members[k]] == orbit:
                    hit += 1
            with_members = 2 * hit <= chain.size[node, orbit]
            for x in range(n):
                if chain.orbit[node, x] != orbit or inside[x] != with_members:
                    continue
                if found == len(new):
                    break
                row = chain.images[chain.move[node, x]]
                image = new[found]
                for w in range(width):
                    image[w] = 0
                for k in range(count):
                    y = np.int64(row[members[k]])
                    image[y >> 6] |= np.uint64(1) << np.uint64(y & 63)
                fresh = True
                for other in range(found):
                    same = True
                    for w in range(width):
                        if new[other, w] != image[w]:
                            same = False
                            break
                    if same:
                        fresh = False
                        break
                if fresh:
                    found += 1
        old, new = new, old
        candidates = found
        node = np.int64(child)
    best = 0
    for c in range(1, candidates):
        for w in range(width):
            if old[c, w] != old[best, w]:
                if old[c, w] < old[best, w]:
                    best = c
                break
    copy_words(words, old[best])
    return -1, -1


@compiled(Chain, Words2, Bools1, int, int, Sets)
def canonical_images(chain, sets, kept, start, stop, work):
    """Replace sets by canonical images; which need none are not `kept`.

    Returns (set, node, orbit) where a child is missing, (stop, −1, −1) at the end.
    """
    for k in range(start, stop):
        if kept[k]:
            node, orbit = _canonical_image(chain, sets[k], work)
            if node >= 0:
                return k, node, orbit
    return stop, -1, -1
