"""The sphere in a plane: stereographic discs, great circles, and the cell of every pixel.

Everything here is float64 and serves the eye only; no answer of the package rests on it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from arrangement.exact.packing import pack_signs, word_count
from arrangement.plot.windows import PARALLEL, Floats

__all__ = ["cell_image", "from_stereographic", "great_circle", "stereographic"]

PIXELS_AT_ONCE = 2**15


def stereographic(directions: ArrayLike) -> tuple[Floats, NDArray[np.bool_]]:
    """The sphere on two discs of radius 1, one a hemisphere.

    The upper hemisphere (x_3 ≥ 0) is projected from the south pole, the lower from the north
    pole, both on the plane of the equator, where the discs agree. Angles stay, and circles
    stay circles.

    Parameters
    ----------
    directions : array_like, shape (m, 3)
        Not zero; of any length.

    Returns
    -------
    points : ndarray, shape (m, 2)
    upper : ndarray of bool, shape (m,)

    Examples
    --------
    >>> points, upper = stereographic([[0, 0, 5], [3, 0, 4], [0, -3, -4]])
    >>> points.round(3).tolist(), upper.tolist()
    ([[0.0, 0.0], [0.333, 0.0], [0.0, -0.333]], [True, True, False])
    """
    x = np.asarray(directions, dtype=np.float64).reshape(-1, 3)
    x = x / np.linalg.norm(x, axis=1, keepdims=True)
    return x[:, :2] / (1 + np.abs(x[:, 2:])), x[:, 2] >= 0


def from_stereographic(points: ArrayLike, upper: ArrayLike) -> Floats:
    """The directions of length 1 that `stereographic` maps to the points, shape (m, 3).

    Examples
    --------
    >>> from_stereographic([[1 / 3, 0], [0, -1 / 3]], [True, False]).round(3).tolist()
    [[0.6, 0.0, 0.8], [0.0, -0.6, -0.8]]
    """
    p = np.asarray(points, dtype=np.float64).reshape(-1, 2)
    square = (p**2).sum(axis=1, keepdims=True)
    height = np.where(np.asarray(upper, dtype=bool).reshape(-1, 1), 1 - square, square - 1)
    directions: Floats = np.column_stack([2 * p, height]) / (1 + square)
    return directions


def great_circle(normal: ArrayLike, upper: bool, n_points: int = 91) -> Floats:
    """Points of the half of a great circle that is on one hemisphere, from horizon to horizon.

    The horizon itself, when the normal is an axis through the poles, is given whole.

    Parameters
    ----------
    normal : array_like, shape (3,)
    upper : bool
    n_points : int

    Returns
    -------
    ndarray, shape (n_points, 3)
        Directions of length 1, orthogonal to the normal.

    Examples
    --------
    >>> great_circle([1, 0, 0], upper=True, n_points=3).round(6) + 0.0
    array([[ 0., -1.,  0.],
           [ 0.,  0.,  1.],
           [ 0.,  1.,  0.]])
    """
    a = np.asarray(normal, dtype=np.float64)
    a = a / np.linalg.norm(a)
    level = float(np.hypot(a[0], a[1]))
    if level <= PARALLEL:
        angle = np.linspace(0, 2 * np.pi, n_points)
        return np.column_stack([np.cos(angle), np.sin(angle), np.zeros(n_points)])
    start = np.array([a[1], -a[0], 0.0]) / level
    top = np.cross(start, a)
    top *= 1.0 if (top[2] > 0) == upper else -1.0
    angle = np.linspace(0, np.pi, n_points)[:, None]
    return np.cos(angle) * start + np.sin(angle) * top


def cell_image(
    normals: ArrayLike, signs: NDArray[np.int8], upper: bool, size: int, fill: bool = True
) -> NDArray[np.int64]:
    """Which cell each pixel of a stereographic disc is in.

    Parameters
    ----------
    normals : array_like, shape (n, 3)
    signs : ndarray, shape (m, n)
    upper : bool
        Which hemisphere.
    size : int
        Pixels along a side of the square [−1, 1]².
    fill : bool
        Give a pixel with the signs of no cell (it lies on hyperplanes, to rounding) to the
        nearest cell; otherwise it stays −1.

    Returns
    -------
    ndarray, shape (size, size)
        Indices of cells; rows from the bottom up. The corners off the disc belong to the
        other hemisphere.

    Examples
    --------
    >>> import numpy as np
    >>> signs = np.array([[1], [-1]], dtype=np.int8)
    >>> cell_image([[1, 0, 0]], signs, upper=True, size=2).tolist()
    [[1, 0], [1, 0]]
    """
    # A sign vector is known by the sum of its words, each times a random odd number, modulo
    # 2^64: sums of different vectors agree with odds of about 2^-64. The seed is fixed, so that
    # a picture is the same each time.
    planes = np.asarray(normals, dtype=np.float64).reshape(-1, 3)
    draw = np.random.default_rng(1)
    factors = draw.integers(2**63, size=word_count(len(planes)), dtype=np.uint64) * 2 + 1
    keys = (pack_signs(signs) * factors).sum(axis=1, dtype=np.uint64)
    middle = (np.arange(size) + 0.5) * (2 / size) - 1
    points = np.stack(np.meshgrid(middle, middle), axis=-1).reshape(-1, 2)
    directions = from_stereographic(points, np.full(len(points), upper))
    codes = np.zeros(len(points), dtype=np.uint64)
    for start in range(0, len(points), PIXELS_AT_ONCE):
        block = slice(start, start + PIXELS_AT_ONCE)
        packed = pack_signs((directions[block] @ planes.T > 0).view(np.int8))
        codes[block] = (packed * factors).sum(axis=1, dtype=np.uint64)
    order = np.argsort(keys)
    place = np.minimum(np.searchsorted(keys, codes, sorter=order), len(keys) - 1)
    cell = np.where(keys[order[place]] == codes, order[place], -1)
    image = cell.reshape(size, size).astype(np.int64)
    if fill and (image < 0).any() and (image >= 0).any():
        from scipy.ndimage import distance_transform_edt

        nearest = distance_transform_edt(image < 0, return_distances=False, return_indices=True)
        image = image[tuple(nearest)]
    return image
