"""Finding cells by their sign vectors: an open-addressing hash table, compiled."""

from __future__ import annotations

import numpy as np

from arrangement.kernels.compiled import compiled
from arrangement.kernels.types import Ints1, Ints2, Words1, Words2, read_only

__all__ = ["fill_table", "find_edges", "look_up"]


@compiled(error_model="numpy")
def _hash(words, representatives, random):
    """XOR of one random word per positive hyperplane: flipping one is one XOR."""
    h = np.uint64(0)
    for k in range(len(representatives)):
        i = representatives[k]
        if (words[i >> 6] >> np.uint64(i & 63)) & np.uint64(1):
            h ^= random[k]
    return h


@compiled(read_only(Words2), Ints1, Words1, Ints1, Words1, error_model="numpy")
def fill_table(words, representatives, random, table, tags):
    """Enter all cells in an open-addressing hash table (`table`: cell or −1, `tags`: hash)."""
    size = np.uint64(len(table) - 1)
    for a in range(len(words)):
        h = _hash(words[a], representatives, random)
        slot = h & size
        while table[slot] >= 0:
            slot = (slot + np.uint64(1)) & size
        table[slot] = a
        tags[slot] = h


@compiled(
    read_only(Words2), read_only(Words2), Ints1, Words1, Ints1, Words1, error_model="numpy",
)  # fmt: skip
def look_up(queries, words, representatives, random, table, tags):
    """The cell that equals each query in every word, or −1."""
    size = np.uint64(len(table) - 1)
    found = np.full(len(queries), -1, np.int64)
    for q in range(len(queries)):
        h = _hash(queries[q], representatives, random)
        slot = h & size
        while table[slot] >= 0:
            if tags[slot] == h and np.array_equal(words[table[slot]], queries[q]):
                found[q] = table[slot]
                break
            slot = (slot + np.uint64(1)) & size
    return found


@compiled(
    read_only(Words2), Words2, Ints1, Words1, Ints1, Words1, int, Ints2,
    error_model="numpy",
)  # fmt: skip
def find_edges(words, masks, representatives, random, table, tags, start, edges):
    """Pairs of cells that differ exactly in the signs of one class of equal hyperplanes.

    `masks[k]` holds the bits of class k, `representatives[k]` its lowest index. Cells from
    `start` on are looked at on the positive side of each class, as long as `edges` has room.
    Returns (next cell to look at, edges written).
    """
    m, n_words = words.shape
    n = len(representatives)
    size = np.uint64(len(table) - 1)
    count = 0
    a = start
    while a < m and count + n <= len(edges):
        own = _hash(words[a], representatives, random)
        for k in range(n):
            i = representatives[k]
            if not (words[a, i >> 6] >> np.uint64(i & 63)) & np.uint64(1):
                continue
            h = own ^ random[k]
            slot = h & size
            while table[slot] >= 0:
                if tags[slot] == h:
                    b = table[slot]
                    equal = True
                    for w in range(n_words):
                        if words[b, w] ^ words[a, w] != masks[k, w]:
                            equal = False
                            break
                    if equal:
                        edges[count, 0] = min(a, b)
                        edges[count, 1] = max(a, b)
                        edges[count, 2] = i
                        count += 1
                        break
                slot = (slot + np.uint64(1)) & size
        a += 1
    return a, count
