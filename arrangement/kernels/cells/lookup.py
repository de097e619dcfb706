"""Finding cells by their sign vectors: an open-addressing hash table, compiled."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from arrangement.kernels.compiled import compiled
from arrangement.kernels.types import Ints1, Ints2, Words1, Words2, read_only

__all__ = ["Table", "fill_table", "find_edges", "look_up"]


class Table(NamedTuple):
    """Where sign vectors are found: by the XOR of one random word per positive hyperplane."""

    representatives: Ints1  # (n,): the lowest of each class of equal hyperplanes
    random: Words1  # (n,)
    slots: Ints1  # (a power of two,): a cell or −1
    tags: Words1  # of each slot: the XOR


@compiled(error_model="numpy")
def _hash(words, table):
    """XOR of one random word per positive hyperplane: flipping one is one XOR."""
    h = np.uint64(0)
    for k in range(len(table.representatives)):
        i = table.representatives[k]
        if (words[i >> 6] >> np.uint64(i & 63)) & np.uint64(1):
            h ^= table.random[k]
    return h


@compiled(read_only(Words2), Table, error_model="numpy")
def fill_table(words, table):
    """Enter all cells in a table that is empty."""
    size = np.uint64(len(table.slots) - 1)
    for a in range(len(words)):
        h = _hash(words[a], table)
        slot = h & size
        while table.slots[slot] >= 0:
            slot = (slot + np.uint64(1)) & size
        table.slots[slot] = a
        table.tags[slot] = h


@compiled(read_only(Words2), read_only(Words2), Table, error_model="numpy")
def look_up(queries, words, table):
    """The cell that equals each query in every word, or −1."""
    slots, size = table.slots, np.uint64(len(table.slots) - 1)
    found = np.full(len(queries), -1, np.int64)
    for q in range(len(queries)):
        h = _hash(queries[q], table)
        slot = h & size
        while slots[slot] >= 0:
            if table.tags[slot] == h and np.array_equal(words[slots[slot]], queries[q]):
                found[q] = slots[slot]
                break
            slot = (slot + np.uint64(1)) & size
    return found


@compiled(read_only(Words2), Words2, Table, int, Ints2, error_model="numpy")
def find_edges(words, masks, table, start, edges):
    """Pairs of cells that differ exactly in the signs of one class of equal hyperplanes.

    `masks[k]` holds the bits of class k. Cells from `start` on are looked at on the positive
    side of each class, as long as `edges` has room. Returns (next cell to look at, edges
    written).
    """
    m, n_words = words.shape
    slots, n = table.slots, len(table.representatives)
    size = np.uint64(len(slots) - 1)
    count = 0
    a = start
    while a < m and count + n <= len(edges):
        own = _hash(words[a], table)
        for k in range(n):
            i = table.representatives[k]
            if not (words[a, i >> 6] >> np.uint64(i & 63)) & np.uint64(1):
                continue
            h = own ^ table.random[k]
            slot = h & size
            while slots[slot] >= 0:
                if table.tags[slot] == h:
                    b = slots[slot]
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
