"""Merging pieces that lie in each other's closure, compiled."""

from __future__ import annotations

from arrangement.kernels.compiled import compiled
from arrangement.kernels.types import Bools2, Ints1, Ints2

__all__ = ["merge"]


@compiled(error_model="numpy")
def _root(parent, v):
    while parent[v] != v:
        parent[v] = parent[parent[v]]
        v = parent[v]
    return v


@compiled(error_model="numpy")
def _touches(a, b, below, orders):
    for p in range(len(orders)):
        every = True
        for j in range(len(a)):
            if not below[a[j], b[orders[p, j]]]:
                every = False
                break
        if every:
            return True
    return False


@compiled(Ints2, Bools2, Ints2, Ints1, error_model="numpy")
def merge(states, below, orders, parent):
    """Unite rows of states (n, K) when one is below another in some order of its entries.

    `below` is a matrix over states, `orders` all permutations of K, and `parent` (n,) a
    union-find forest, in which every row points to its root at the end.
    """
    n = len(states)
    for a in range(n):
        for b in range(n):
            low, high = _root(parent, a), _root(parent, b)
            if low != high and _touches(states[a], states[b], below, orders):
                parent[max(low, high)] = min(low, high)
    for a in range(n):
        parent[a] = _root(parent, a)
