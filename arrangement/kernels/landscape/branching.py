"""Branch and bound over samples for networks of K neurons, compiled.

A node has decided some samples: for each it says which neurons are active. Its bound is that of
`cone_fit` on the decided samples alone. A child decides one more sample; a pattern that no cell
of the samples' arrangement has is left out (cells are sets of bits, one set for each side of
each sample), and of neurons with equal signs and equal patterns so far only the falling order
is kept. Nodes are taken from a heap by their bounds; when it is full, depth first.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from arrangement.kernels.compiled import compiled
from arrangement.kernels.landscape.cone_fit import Data, cone_fit, least_curvature, workspace
from arrangement.kernels.landscape.network_outputs import (
    loss_bound,
    normal_equations,
    outputs_into,
    row_into,
    squared_loss,
)
from arrangement.kernels.types import Bools1, Floats1, Ints1, Words2, Words3

__all__ = ["Nodes", "branch"]

ONE = np.uint64(1)
SIX = np.uint64(63)


class Nodes(NamedTuple):
    """The nodes of the search.

    Attributes
    ----------
    keys : float64 (capacity,)
        Their bounds.
    table : uint64 (capacity, 2 + (K + 1) W)
        Negative output signs, next sample; decided samples and those of them on which each
        neuron is active, as bits.
    heap, free : int64 (capacity,)
        Open nodes by bound, and from the end of `heap` on those of the depth-first stack;
        unused rows.
    leaves : int64 (capacity,)
        Nodes with every sample decided whose bound does not reach the least loss known.
    counts : int64 (5,)
        Open nodes in the heap, on the stack, unused rows, nodes expanded, leaves.
    """

    keys: Floats1
    table: Words2
    heap: Ints1
    free: Ints1
    leaves: Ints1
    counts: Ints1


@compiled(error_model="numpy")
def _push(heap, size, keys, node):
    k = size
    while k > 0:
        parent = (k - 1) >> 1
        if keys[heap[parent]] <= keys[node]:
            break
        heap[k] = heap[parent]
        k = parent
    heap[k] = node


@compiled(error_model="numpy")
def _pop(heap, size, keys):
    """The node of least key; the heap has one less."""
    top, node = heap[0], heap[size - 1]
    size -= 1
    k = 0
    while True:
        child = 2 * k + 1
        if child >= size:
            break
        if child + 1 < size and keys[heap[child + 1]] < keys[heap[child]]:
            child += 1
        if keys[node] <= keys[heap[child]]:
            break
        heap[k] = heap[child]
        k = child
    heap[k] = node
    return top


@compiled(
    Data, Words3, float, Nodes, int, int, Bools1, Floats1, Floats1, error_model="numpy",
    nogil=True,
)  # fmt: skip
def branch(data, sides, tolerance, tree, most, budget, stop, best, point):
    """Expand up to `budget` nodes; returns when done, stopped, or short of budget or room.

    Parameters
    ----------
    data : Data
    sides : uint64 (2, N, words)
        The cells on the negative and on the positive side of each sample.
    tolerance : float
        A node is left when its bound reaches the least loss known less this.
    tree : Nodes
    most : int
        Size of the heap at which the search turns depth first.
    stop : bool (1,)
        Becomes true when the time is up; then the node at hand is left open.
    best : float64 (2 + K,)
        Least ‖f − y‖² known, the output signs there, and the least bound of a node left.
    point : float64 (n,)
    """
    keys, nodes, heap, free, leaves, counts = tree
    X, y, constant, slope, cones = data
    limits = cones.limits
    N, r = X.shape
    K = len(best) - 2
    n = K * r + (1 if constant else 0)
    W = (N + 63) >> 6
    words = sides.shape[2]
    work = workspace(n)
    H, b, row = np.zeros((n, n)), np.zeros(n), np.zeros(n)
    H1, b1 = np.zeros((n, n)), np.zeros(n)
    decided, active = np.zeros(N, np.int64), np.zeros((K, N), np.int8)
    turn, s, outputs = np.zeros((K, N), np.int8), np.zeros(K), np.zeros(N)
    left = np.zeros((K, words), np.uint64)
    possible = np.zeros((K, 2), np.bool_)
    tied = np.zeros(K, np.bool_)
    end = len(heap)
    for _ in range(budget):
        if counts[2] < (1 << K):
            return
        if counts[1]:
            node = heap[end - counts[1]]
            counts[1] -= 1
        elif counts[0]:
            node = _pop(heap, counts[0], keys)
            counts[0] -= 1
        else:
            return
        key = keys[node]
        if key >= best[0] - tolerance:
            best[K + 1] = min(best[K + 1], key)
            free[counts[2]] = node
            counts[2] += 1
            continue
        counts[3] += 1
        negative, sample = np.int64(nodes[node, 0]), np.int64(nodes[node, 1])
        m = 0
        yy = 0.0
        left[:] = ~np.uint64(0)
        for j in range(K):
            s[j] = -1.0 if j < negative else 1.0
            # Tied to the neuron before: same output sign, same pattern so far.
            tied[j] = j > 0 and j != negative
            for k in range(W):
                if j and nodes[node, 2 + (j + 1) * W + k] != nodes[node, 2 + j * W + k]:
                    tied[j] = False
        for i in range(N):
            word, bit = i >> 6, np.uint64(i) & SIX
            if not (nodes[node, 2 + word] >> bit) & ONE:
                continue
            decided[m] = i
            m += 1
            yy += y[i] * y[i]
            for j in range(K):
                on = (nodes[node, 2 + (j + 1) * W + word] >> bit) & ONE
                active[j, i] = 1 if on else -1
                turn[j, i] = s[j] if on else -s[j]
                side = 1 if on else 0
                for k in range(words):
                    left[j, k] &= sides[side, i, k]
        normal_equations(X, y, constant, slope, active, decided, m, H, b, row)
        i = int(sample)
        decided[m] = i
        yy += y[i] * y[i]
        for j in range(K):
            for side in range(2):
                some = False
                for k in range(words):
                    if left[j, k] & sides[side, i, k]:
                        some = True
                        break
                possible[j, side] = some
        curvature = least_curvature(H, limits, work)
        for choice in range(1 << K):
            if stop[0]:
                counts[1] += 1
                heap[end - counts[1]] = node
                return
            wanted = True
            for j in range(K):
                on = (choice >> j) & 1
                wanted &= possible[j, on]
                if tied[j] and on and not (choice >> (j - 1)) & 1:
                    wanted = False
            if not wanted:
                continue
            for j in range(K):
                on = (choice >> j) & 1
                active[j, i] = 1 if on else -1
                turn[j, i] = s[j] if on else -s[j]
            row_into(X, i, constant, slope, active, row)
            for a in range(n):
                b1[a] = b[a] + row[a] * y[i]
                for c in range(n):
                    H1[a, c] = H[a, c] + row[a] * row[c]
            cutoff, m1 = best[0] - tolerance, m + 1
            bound = cone_fit(
                cones, H1, b1, yy, decided, m1, active, m1, turn, curvature, cutoff, work
            )
            bound = max(bound, key)
            if bound >= best[0] - tolerance:
                best[K + 1] = min(best[K + 1], bound)
                continue
            u = work[1][0]
            outputs_into(X, constant, u, s, slope, outputs)
            loss = loss_bound(squared_loss(outputs, y), u, limits[0])
            if loss < best[0]:
                best[0] = loss
                best[1 : K + 1] = s
                point[:] = u
            if bound >= best[0] - tolerance:
                best[K + 1] = min(best[K + 1], bound)
                continue
            counts[2] -= 1
            child = free[counts[2]]
            keys[child] = bound
            nodes[child] = nodes[node]
            word, bit = i >> 6, ONE << (np.uint64(i) & SIX)
            nodes[child, 2 + word] |= bit
            for j in range(K):
                if (choice >> j) & 1:
                    nodes[child, 2 + (j + 1) * W + word] |= bit
            if m + 1 == N:
                leaves[counts[4]] = child
                counts[4] += 1
                continue
            # The sample that the relaxed solution fits worst is decided next.
            worst = -1.0
            for t in range(N):
                if not (nodes[child, 2 + (t >> 6)] >> (np.uint64(t) & SIX)) & ONE:
                    off = (outputs[t] - y[t]) ** 2
                    if off > worst:
                        worst = off
                        nodes[child, 1] = np.uint64(t)
            if counts[0] < most:
                _push(heap, counts[0], keys, child)
                counts[0] += 1
            else:
                counts[1] += 1
                heap[end - counts[1]] = child
        free[counts[2]] = node
        counts[2] += 1
