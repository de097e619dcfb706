"""Vertices, triangulations and volumes of the faces of a polyhedral complex, compiled."""

from __future__ import annotations

import numpy as np

from arrangement.kernels.compiled import compiled
from arrangement.kernels.networks.subdivision import BEGIN, DIM, END
from arrangement.kernels.types import Floats2, Int32s1, Int32s2, Ints1

__all__ = ["corners", "lowest_vertices", "triangulation", "volumes"]


@compiled(Ints1, Int32s2, Int32s1)
def corners(which, faces, pool):
    """The vertices of some faces: where the list of each begins, and all lists in a row."""
    indptr = np.zeros(len(which) + 1, np.int64)
    found = np.empty(max(1024, 8 * len(which)), np.int32)
    stamp = np.full(len(faces), -1, np.int32)
    stack = np.empty(1024, np.int32)
    n = 0
    for i in range(len(which)):
        stack[0] = which[i]
        height = 1
        while height > 0:
            height -= 1
            f = stack[height]
            if faces[f, DIM] == 0:
                if n == len(found):
                    found = np.concatenate((found, np.empty_like(found)))
                found[n] = faces[f, BEGIN]
                n += 1
                continue
            for q in range(faces[f, BEGIN], faces[f, END]):
                e = pool[q]
                if stamp[e] != i:
                    stamp[e] = i
                    if height == len(stack):
                        stack = np.concatenate((stack, np.empty_like(stack)))
                    stack[height] = e
                    height += 1
        indptr[i + 1] = n
    return indptr, found[:n].copy()


@compiled(Int32s2, Int32s1)
def lowest_vertices(faces, pool):
    """The vertex of lowest number of each face."""
    lowest = np.empty(len(faces), np.int32)
    for f in range(len(faces)):
        if faces[f, DIM] == 0:
            lowest[f] = faces[f, BEGIN]
        else:
            least = lowest[pool[faces[f, BEGIN]]]
            for q in range(faces[f, BEGIN] + 1, faces[f, END]):
                least = min(least, lowest[pool[q]])
            lowest[f] = least
    return lowest


@compiled(int, Int32s2, Int32s1, Int32s1)
def triangulation(f, faces, pool, lowest):
    """The simplices of a face of dimension k ≥ 1, by vertices, shape (n, k + 1).

    Pulling triangulation: the cones from the lowest vertex of a face over the simplices of
    those of its facets that do not contain it (Lee and Santos, *Subdivisions and
    triangulations of polytopes*, 2017).
    """
    k = faces[f, DIM]
    result = np.empty((16, k + 1), np.int32)
    n = 0
    current, place = np.empty(k + 1, np.int64), np.empty(k + 1, np.int64)
    current[k], place[k] = f, faces[f, BEGIN]
    level = k
    while level <= k:
        g = current[level]
        if level == 1:
            if n == len(result):
                result = np.concatenate((result, np.empty_like(result)))
            for c in range(2, k + 1):
                result[n, c] = lowest[current[c]]
            result[n, 0] = lowest[pool[faces[g, BEGIN]]]
            result[n, 1] = lowest[pool[faces[g, BEGIN] + 1]]
            n += 1
            level += 1
            continue
        while place[level] < faces[g, END] and lowest[pool[place[level]]] == lowest[g]:
            place[level] += 1
        if place[level] == faces[g, END]:
            level += 1
            continue
        e = pool[place[level]]
        place[level] += 1
        level -= 1
        current[level], place[level] = e, faces[e, BEGIN]
    return result[:n]


@compiled(Ints1, Int32s2, Int32s1, Int32s1, Floats2, error_model="numpy")
def volumes(which, faces, pool, lowest, points):
    """The volumes of some faces of full dimension; points has shape (V, d)."""
    d = points.shape[1]
    result = np.zeros(len(which))
    matrix = np.empty((d, d))
    factorial = 1.0
    for c in range(2, d + 1):
        factorial *= c
    for i in range(len(which)):
        simplices = triangulation(which[i], faces, pool, lowest)
        for s in range(len(simplices)):
            for r in range(d):
                for c in range(d):
                    matrix[r, c] = points[simplices[s, r + 1], c] - points[simplices[s, 0], c]
            result[i] += _absolute_determinant(matrix) / factorial
    return result


@compiled(error_model="numpy")
def _absolute_determinant(matrix):
    """By elimination in place with row exchanges."""
    d = len(matrix)
    result = 1.0
    for c in range(d):
        best = c
        for r in range(c + 1, d):
            if abs(matrix[r, c]) > abs(matrix[best, c]):
                best = r
        pivot = matrix[best, c]
        if pivot == 0.0:
            return 0.0
        result *= abs(pivot)
        for k in range(c, d):
            matrix[best, k], matrix[c, k] = matrix[c, k], matrix[best, k]
        for r in range(c + 1, d):
            factor = matrix[r, c] / pivot
            for k in range(c + 1, d):
                matrix[r, k] -= factor * matrix[c, k]
    return result
