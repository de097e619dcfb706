"""The vertices and edges of a network's polyhedral complex, by subdividing edges, in numpy.

The method of Berzins (2023, Polyhedral complex extraction from ReLU networks using edge
subdivision, Proceedings of Machine Learning Research 202, 2296–2316), for networks in general
position: no vertex may lie on the zero set of another neuron. All is float64, unproved. Faces
are known by their signs on all walls and neurons; which are equal is seen from hashes of these,
two to five times as fast as from the sorted signs of the author's program.
"""

import numpy as np

__all__ = ["edge_subdivision", "number_of_regions"]


def edge_subdivision(weights, biases, d):
    """Vertices, edges and the signs of vertices in [−1, 1]^d, cut by all hidden neurons.

    Parameters
    ----------
    weights, biases : list of arrays
        Of the hidden layers.
    d : int

    Returns
    -------
    vertices : ndarray of float64, shape (V, d)
    edges : ndarray of int64, shape (E, 2)
    signs : ndarray of int8, shape (V, 2 d + N)
        On the walls x_i ≥ −1 and x_i ≤ 1, then of all neurons.
    """
    n_functions = 2 * d + sum(map(len, biases))
    name = _names(n_functions)
    corners = np.arange(2**d)
    upper = (corners[:, None] >> np.arange(d)) & 1
    vertices = 2.0 * upper - 1.0
    signs = np.hstack([upper, 1 - upper]).astype(np.int8)
    edges = np.array([(v, v | 1 << i) for i in range(d) for v in corners if not v >> i & 1])
    inputs, n = vertices, 2 * d
    for W, b in zip(weights, biases, strict=True):
        values = inputs @ W.T + b
        for k in range(len(b)):
            h = values[:, k]
            assert h.all(), "a vertex lies on the zero set of another neuron"
            below = h < 0.0
            is_split = below[edges[:, 0]] != below[edges[:, 1]]
            split, first = edges[is_split], len(h)
            p, q = split.T
            t = (h[p] / (h[p] - h[q]))[:, None]
            vertices = np.concatenate([vertices, vertices[p] + t * (vertices[q] - vertices[p])])
            values = np.concatenate([values, values[p] + t * (values[q] - values[p])])
            values[first:, k] = 0.0
            on_edges = np.sign(signs[p] + signs[q])
            pairs = _edges_of_one_face(on_edges, name[:n], d)
            signs = np.concatenate([signs, on_edges])
            new = np.zeros(len(signs), dtype=np.int8)
            new[:first] = np.where(below, -1, 1)
            signs = np.column_stack([signs, new])
            ends = first + np.arange(len(split))
            halves = np.column_stack([p, ends]), np.column_stack([q, ends])
            edges = np.concatenate([edges[~is_split], *halves, first + pairs])
            n += 1
        inputs = np.maximum(values, 0.0)
    return vertices, edges, signs


def _edges_of_one_face(signs, name, d):
    """Pairs of edges that are sides of a face of dimension 2, from signs of the edges.

    A face around an edge is positive or negative on one of the d − 1 functions that vanish on
    the edge, and has its signs on all others.
    """
    edge, function = np.nonzero(signs == 0)
    codes = signs.astype(np.uint64) @ name
    beside = (codes[edge] + name[function], codes[edge] - name[function])
    faces = np.concatenate(beside)
    order = np.argsort(faces)
    faces, edge = faces[order], np.tile(edge, 2)[order]
    same = np.flatnonzero(faces[1:] == faces[:-1])
    return np.column_stack([edge[same], edge[same + 1]])


def number_of_regions(signs, d):
    """How many regions there are around vertices, each of which lies on d walls or neurons.

    Parameters
    ----------
    signs : ndarray of int8, shape (V, 2 d + N)
        Of the vertices.
    d : int
    """
    name = _names(signs.shape[1])
    _, function = np.nonzero(signs == 0)
    beside = name[function].reshape(len(signs), d)
    codes = signs.astype(np.uint64) @ name
    regions = np.empty((0,), dtype=np.uint64)
    is_wall = function.reshape(len(signs), d) < 2 * d
    for side in range(2**d):
        below = (side >> np.arange(d) & 1).astype(np.bool_)
        inside = ~(is_wall & below).any(axis=1)
        around = codes + np.where(below, -beside, beside).sum(axis=1, dtype=np.uint64)
        regions = np.union1d(regions, around[inside])
    return len(regions)


def _names(n):
    """Random numbers by which functions enter into hashes."""
    return np.random.default_rng(0).integers(0, 2**64, n, dtype=np.uint64)
