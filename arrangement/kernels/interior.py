"""Points inside cells, by a dual simplex method that goes on from cell to cell, compiled."""

from __future__ import annotations

import numpy as np

from arrangement.kernels.compiled import compiled
from arrangement.kernels.rounding import TINY, UNIT_ROUNDOFF

__all__ = ["interior_points"]

# A pivot smaller than this, in dictionaries of rows of unit length, is taken for rounding.
SMALLEST_PIVOT = 1e-9
# A point whose values might come near this is not certified here.
FAR = 1e200
# Exchanges after which a dictionary is computed anew from the rows.
AGE = 64


@compiled(error_model="numpy")
def interior_points(rows, errors, words, order, margin, reach):
    """A point inside each of some cells, certified where that is possible in float64.

    All sides of a cell are moved inwards by margins between `margin` and twice that, in
    general position, and a vertex of what is left is sought: from the vertex found for the
    cell before, by the dual simplex method with an objective that has its minimum there. The
    point is halfway along the chord from that vertex on which the distances from its sides
    grow alike.

    Parameters
    ----------
    rows : float64 (d + 1, n)
        Normals of length about 1 and rank d, then the offsets.
    errors : float64 (d + 1,)
        Bounds on how far the entries are from the true ones, for the certificate.
    words : uint64 (m, ceil(n / 64))
        Sign vectors.
    order : int64 (k,)
        Which of them are wanted.
    margin : float
    reach : float
        The chord leads no farther away than this from the sides at its beginning.

    Returns
    -------
    points : float64 (k, d)
    certain : bool (k,)
        Is it proven that the point has the signs?
    """
    width, n = rows.shape
    d = width - 1
    total = n + d
    points = np.zeros((len(order), d))
    certain = np.zeros(len(order), np.bool_)
    table = np.empty((width, total))
    values, slopes = np.empty(total), np.empty(total)
    sides, ones = np.full(n, -1.0), np.ones(n)
    basis = np.full(d, -1, np.int64)
    costs = np.empty(d)
    margins = np.empty(n)
    for k in range(n):
        margins[k] = margin * (1.0 + (0.6180339887498949 * (k + 1)) % 1.0)
    largest = np.empty(width)
    for c in range(width):
        largest[c] = np.abs(rows[c]).max() + errors[c]
    age = AGE
    shown = np.zeros(words.shape[1], np.uint64)
    for q in range(len(order)):
        for w in range(len(shown)):
            changed = shown[w] ^ words[order[q], w]
            shown[w] = words[order[q], w]
            k = 64 * w
            while changed:
                if changed & np.uint64(1):
                    sides[k] = -sides[k]
                changed >>= np.uint64(1)
                k += 1
        found = False
        while not found:
            fresh = age >= AGE
            if fresh:
                if not _begin(table, rows, basis):
                    return points, certain
                age = 0
            exchanges = _move_inside(table, values, sides, margins, basis, costs)
            found = exchanges >= 0
            age = age + exchanges if found else AGE
            if fresh:
                break
        if not found:
            basis[:] = -1
            continue
        _place(table, slopes, sides, ones, basis, 0.0)
        half = 0.5 / max(1.0 / reach, _steepest(slopes, values, n))
        size = errors[d] + (width + 2) * UNIT_ROUNDOFF * largest[d] + TINY
        for j in range(d):
            x = values[n + j] + half * slopes[n + j]
            points[q, j] = x
            size += abs(x) * (errors[j] + (width + 2) * UNIT_ROUNDOFF * largest[j])
        if size < FAR:  # and so no entry is infinite or NaN
            certain[q] = _narrowest(rows, points[q], sides, values) > 1.01 * size
    return points, certain


@compiled(error_model="numpy")
def _begin(table, rows, basis):
    """The dictionary of a basis (or, if it begins with −1, of one chosen here)."""
    width, n = rows.shape
    d = width - 1
    table[:] = 0.0
    for c in range(width):
        for k in range(n):
            table[c, k] = rows[c, k]
    for c in range(d):
        table[c, n + c] = 1.0
    chosen = basis.copy()
    given = chosen[0] >= 0
    basis[:] = -1
    for p in range(d):
        best, column, row = SMALLEST_PIVOT, -1, -1
        for c in range(d):
            if basis[c] >= 0:
                continue
            for k in range(n):
                if given and k != chosen[p]:
                    continue
                if abs(table[c, k]) > best:
                    best, column, row = abs(table[c, k]), c, k
        if row < 0:
            if given:  # worn out: begin with another
                basis[0] = -1
                return _begin(table, rows, basis)
            return False
        _exchange(table, column, row)
        basis[column] = row
    return True


@compiled(error_model="numpy", fastmath={"nnan", "nsz", "contract"})
def _place(table, values, sides, margins, basis, constant):
    """The values of all rows where those of the basis keep their margins; with constant 0,
    how much that adds to them."""
    d = len(basis)
    total = np.uint64(table.shape[1])
    for k in range(total):
        values[k] = constant * table[d, k]
    for c in range(d):
        step = sides[basis[c]] * margins[basis[c]]
        for k in range(total):
            values[k] += step * table[c, k]


@compiled(error_model="numpy", fastmath={"nnan", "nsz", "contract"})
def _most_violated(values, sides, margins):
    """The row farthest below its margin, or −1."""
    worst = 0.0
    n = np.uint64(len(sides))
    for k in range(n):
        slack = sides[k] * values[k] - 0.5 * margins[k]
        worst = slack if slack < worst else worst
    if worst >= 0.0:
        return -1
    for k in range(n):
        if sides[k] * values[k] - 0.5 * margins[k] <= worst:
            return np.int64(k)
    return -1


@compiled(error_model="numpy")
def _move_inside(table, values, sides, margins, basis, costs):
    """Exchange rows until the vertex keeps all margins; how many times, or −1 for never."""
    d = len(basis)
    _place(table, values, sides, margins, basis, 1.0)
    costs[:] = 1.0
    for exchange in range(10 * (d + 3)):
        row = _most_violated(values, sides, margins)
        if row < 0:
            return exchange
        column, least = -1, np.inf
        for c in range(d):
            gain = sides[row] * sides[basis[c]] * table[c, row]
            if gain > SMALLEST_PIVOT and costs[c] < least * gain:
                column, least = c, costs[c] / gain
        if column < 0:
            return -1
        for c in range(d):
            if c != column:
                gain = sides[row] * sides[basis[c]] * table[c, row]
                costs[c] = max(0.0, costs[c] - least * gain)
        costs[column] = least
        basis[column] = row
        _exchange(table, column, row)
        _follow(table, values, column, sides[row] * margins[row] - values[row])
    return -1


@compiled(error_model="numpy", fastmath={"nnan", "nsz", "contract"})
def _follow(table, values, column, step):
    """The values of all rows after a step of one variable of the basis."""
    for k in range(np.uint64(table.shape[1])):
        values[k] += step * table[column, k]


@compiled(error_model="numpy", fastmath={"nnan", "nsz", "contract", "reassoc"})
def _steepest(slopes, values, n):
    """The largest relative decrease of a row."""
    most = 0.0
    for k in range(np.uint64(n)):
        rate = -slopes[k] / values[k]
        most = rate if rate > most else most
    return most


@compiled(error_model="numpy", fastmath={"nnan", "nsz", "contract", "reassoc"})
def _narrowest(rows, point, sides, values):
    """The least value of a row at a point, on its side; `values` is room for all of them."""
    n = np.uint64(rows.shape[1])
    d = len(point)
    for k in range(n):
        values[k] = rows[d, k]
    for c in range(d):
        for k in range(n):
            values[k] += point[c] * rows[c, k]
    least = np.inf
    for k in range(n):
        value = sides[k] * values[k]
        least = value if value < least else least
    return least


@compiled(error_model="numpy", fastmath={"nnan", "nsz", "contract"})
def _exchange(table, column, row):
    """Let a row take the place of a column's variable in a dictionary."""
    width, total = table.shape[0], np.uint64(table.shape[1])
    inverse = 1.0 / table[column, row]
    for c in range(width):
        if c == column:
            continue
        factor = table[c, row] * inverse
        if factor != 0.0:
            for k in range(total):
                table[c, k] -= factor * table[column, k]
        table[c, row] = 0.0
    for k in range(total):
        table[column, k] *= inverse
    table[column, row] = 1.0
