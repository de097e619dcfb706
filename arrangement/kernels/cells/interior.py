"""Points inside cells: by a dual simplex method, and on lines through the points found."""

from __future__ import annotations

import numpy as np

from arrangement.kernels.compiled import compiled
from arrangement.kernels.rounding import TINY, UNIT_ROUNDOFF
from arrangement.kernels.types import (
    Bools1,
    Floats1,
    Floats2,
    Ints1,
    Uint32s1,
    Words2,
    read_only,
)

__all__ = ["FAR", "enter_cells", "interior_points", "measure_doubt", "write_point"]

# A pivot smaller than this, in dictionaries of rows of unit length, is taken for rounding.
SMALLEST_PIVOT = 1e-9
# A point whose values might come near this is not certified here.
FAR = 1e200
# Coordinates that are smaller may have lost digits when they were scaled.
SUBNORMAL = 2.0**-1000
# Exchanges after which a dictionary is computed anew from the rows.
AGE = 64
# A line is drawn if at least this many cells without a point are expected on it.
WORTHWHILE = 2.0
# The number of cells expected of a line follows the numbers found, with this weight.
MEMORY = 0.1
# After this many cells in a row without a line one is tried again.
TRIAL = 16
# In the place of a cell that has its point.
SETTLED = np.uint32(2**32 - 1)


@compiled(read_only(Words2), Ints1, Uint32s1, error_model="numpy", nogil=True)
def enter_cells(words, order, table):
    """Enter the numbers, counted from 1, of some cells in an open-addressing hash table.

    Parameters
    ----------
    words : uint64 (k, ceil(n / 64))
        Different sign vectors, fewer than 2^32 - 2.
    order : int64 (m,)
        Of which these are entered.
    table : uint32 (2^b,)
        Zeros, more than there are cells.
    """
    size = np.uint64(len(table) - 1)
    for i in order:
        slot = _hash(words, i) & size
        while table[slot] != 0:
            slot = (slot + np.uint64(1)) & size
        table[slot] = i + 1


@compiled(error_model="numpy")
def _hash(words, i):
    h = np.uint64(0)
    for w in range(words.shape[1]):
        h = (h ^ words[i, w]) * np.uint64(0x9E3779B97F4A7C15)
        h ^= h >> np.uint64(32)
    h *= np.uint64(0xD6E8FEB86659FD93)
    return h ^ (h >> np.uint64(29))


@compiled(error_model="numpy")
def _find(signs, i, slot, words, table):
    """Where in the table is the cell with the signs signs[i], if it has no point yet, or -1.

    The search begins at a slot.
    """
    size = np.uint64(len(table) - 1)
    while table[slot] != 0:
        if table[slot] != SETTLED:
            number = np.uint64(table[slot]) - np.uint64(1)
            equal = True
            for w in range(words.shape[1]):
                equal = equal and words[number, w] == signs[i, w]
            if equal:
                return np.int64(slot)
        slot = (slot + np.uint64(1)) & size
    return np.int64(-1)


@compiled(error_model="numpy")
def _take(signs, i, words, table):
    """The cell with the signs signs[i], settled from now on, if it has no point yet, or -1."""
    slot = _find(signs, i, _hash(signs, i) & np.uint64(len(table) - 1), words, table)
    if slot < 0:
        return np.int64(-1)
    cell = np.int64(table[slot]) - 1
    table[slot] = SETTLED
    return cell


@compiled(
    Floats2, Floats1, read_only(Words2), Ints1, float, float, Uint32s1, Ints1, Floats1,
    Floats2, Bools1, error_model="numpy", nogil=True,
)  # fmt: skip
def interior_points(
    rows, errors, words, order, margin, reach, table, columns, units, points, certain
):
    """A point inside each of some cells, certified where that is possible in float64.

    All sides of a cell are moved inwards by margins between `margin` and twice that, in
    general position, and a vertex of what is left is sought: from the vertex found for the
    cell before, by the dual simplex method with an objective that has its minimum there. The
    point is halfway along the chord from that vertex on which the distances from its sides
    grow alike. Lines through this point, parallel to the edges at the vertex, meet other
    cells; those that have no point yet get theirs there, as long as they are many.

    Parameters
    ----------
    rows : float64 (r + 1, n)
        Normals of length about 1 and rank r, then the offsets.
    errors : float64 (r + 1,)
        Bounds on how far the entries are from the true ones, for the certificate.
    words : uint64 (k, ceil(n / 64))
        Sign vectors.
    order : int64 (m,)
        Points of these cells are sought, and of others if lines happen to meet them.
    margin : float
    reach : float
        The chord leads no farther away than this from the sides at its beginning.
    table : uint32 (2^b,)
        Where cells are found by their signs, see `enter_cells`.
    columns : int64 (r,)
        Where the coordinates stand in a point.
    units : float64 (r,)
        What they are multiplied by there, powers of two.
    points : float64 (k, d)
        The points are written here.
    certain : bool (k,)
        Is it proven that the point has the signs?
    """
    width, n = rows.shape
    d = width - 1
    n_words = words.shape[1]
    tableau = np.empty((width, n + d))
    values, slopes = np.empty(n + d), np.empty(n + d)
    sides, ones = np.full(n, -1.0), np.ones(n)
    basis, costs = np.full(d, -1, np.int64), np.empty(d)
    margins = np.empty(n)
    everything, shown = np.zeros(n_words, np.uint64), np.zeros(n_words, np.uint64)
    central = True
    for k in range(n):
        margins[k] = margin * (1.0 + (0.6180339887498949 * (k + 1)) % 1.0)
        everything[k >> 6] |= np.uint64(1) << np.uint64(k & 63)
        central = central and rows[d, k] == 0.0
    doubt = measure_doubt(rows, errors)
    point, there, direction = np.empty(d), np.empty(d), np.empty(d)
    times, turning = np.empty(n), np.empty(n, np.int64)
    signs, slots = np.empty((n + 1, n_words), np.uint64), np.empty(n + 1, np.uint64)
    entries, size = np.empty(n + 1, np.uint32), np.uint64(len(table) - 1)
    age = AGE
    expected, idle = float(min(n, len(words) - 1)), 0
    for q in range(len(order)):
        cell = order[q]
        if certain[cell]:
            continue
        for w in range(n_words):
            changed = shown[w] ^ words[cell, w]
            shown[w] = words[cell, w]
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
                if not _begin(tableau, rows, basis):
                    return
                age = 0
            exchanges = _move_inside(tableau, values, sides, margins, basis, costs)
            found = exchanges >= 0
            age = age + exchanges if found else AGE
            if fresh:
                break
        if not found:
            basis[:] = -1
            continue
        _place(tableau, slopes, sides, ones, basis, 0.0)
        half = 0.5 / max(1.0 / reach, _steepest(slopes, values, n))
        bound = doubt[d]
        for j in range(d):
            point[j] = values[n + j] + half * slopes[n + j]
            bound += abs(point[j]) * doubt[j]
        sure = False
        if bound < FAR:  # and so no entry is infinite or NaN
            sure = _narrowest(rows, point, sides, values) > 1.01 * bound
        sure = write_point(points, cell, point, columns, units, 1.0) and sure
        if not sure:
            continue
        certain[cell] = True
        for w in range(n_words):
            signs[0, w] = shown[w]
        _take(signs, 0, words, table)
        if central:
            for w in range(n_words):
                signs[0, w] ^= everything[w]
            other = _take(signs, 0, words, table)
            if other >= 0:
                write_point(points, other, point, columns, units, -1.0)
                certain[other] = True
        idle += 1
        if idle >= TRIAL and len(words) > 1:
            expected = max(expected, WORTHWHILE)
        for c in range(d):
            if expected < WORTHWHILE:
                break
            idle = 0
            slopes[:n] = 0.0
            bound = 0.0
            for j in range(d):
                direction[j] = tableau[c, n + j]
                bound += abs(direction[j]) * doubt[j]
            if not TINY < bound < FAR:
                continue
            for j in range(d):
                _add(slopes, rows, j, direction[j])
            _order_crossings(values, slopes, times, turning)
            for w in range(n_words):
                signs[0, w] = shown[w]
            for k in range(n):
                if times[k] < 0.0:
                    signs[0, k >> 6] ^= np.uint64(1) << np.uint64(k & 63)
            slots[0] = _hash(signs, 0) & size
            for i in range(n):
                for w in range(n_words):
                    signs[i + 1, w] = signs[i, w]
                k = turning[i]
                signs[i + 1, k >> 6] ^= np.uint64(1) << np.uint64(k & 63)
                slots[i + 1] = _hash(signs, i + 1) & size
            for i in range(n + 1):  # a loop of its own, so that they are fetched at once
                entries[i] = table[slots[i]]
            new = 0
            for i in range(n + 1):
                if entries[i] == 0:
                    continue
                slot = _find(signs, i, slots[i], words, table)
                if slot < 0:
                    continue
                low = times[turning[i - 1]] if i > 0 else -np.inf
                high = times[turning[i]] if i < n else np.inf
                t = 0.5 * (low + high)
                if not low > -FAR:
                    t = high - reach
                elif not high < FAR:
                    t = low + reach
                bound = doubt[d]
                for j in range(d):
                    there[j] = point[j] + t * direction[j]
                    bound += (abs(point[j]) + abs(t * direction[j])) * doubt[j]
                if not (bound < FAR and _least(values, slopes, t, n) > 1.01 * bound):
                    continue
                other = np.int64(table[slot]) - 1
                table[slot] = SETTLED
                certain[other] = write_point(points, other, there, columns, units, 1.0)
                new += 1
                if central:
                    for w in range(n_words):
                        signs[i, w] ^= everything[w]
                    other = _take(signs, i, words, table)
                    if other >= 0:
                        certain[other] = write_point(points, other, there, columns, units, -1.0)
                        new += 1
            expected += MEMORY * (new - expected)


@compiled(Floats2, Floats1, error_model="numpy")
def measure_doubt(rows, errors):
    """How much the value of a row can be wrong, per unit of each coordinate, at most."""
    width = len(rows)
    doubt = np.empty(width)
    for c in range(width):
        largest = np.abs(rows[c]).max() + errors[c]
        doubt[c] = errors[c] + (width + 8) * UNIT_ROUNDOFF * largest
    doubt[width - 1] += TINY
    return doubt


@compiled(error_model="numpy")
def write_point(points, cell, point, columns, units, side):
    """Write a point in the given units; whether that lost nothing."""
    good, finite = True, True
    place = np.uint64(cell)
    for j in range(np.uint64(len(columns))):
        x = side * point[j] * units[j]
        finite &= abs(x) < np.inf
        good &= (abs(x) >= SUBNORMAL) | (point[j] == 0.0)
        points[place, np.uint64(columns[j])] = x
    if not finite:
        for j in range(len(columns)):
            if not abs(points[cell, columns[j]]) < np.inf:
                points[cell, columns[j]] = 0.0
    return good & finite


@compiled(error_model="numpy", fastmath={"nsz", "contract"})
def _order_crossings(values, slopes, times, order):
    """When a point that moves on a line meets the rows, and in which order."""
    n = np.uint64(len(times))
    for k in range(n):
        times[k] = -values[k] / slopes[k]
    for k in range(n):
        t, rank = times[k], np.int64(0)
        for i in range(k):
            rank += np.int64(times[i] <= t)
        for i in range(k, n):
            rank += np.int64(times[i] < t)
        order[rank] = k


@compiled(error_model="numpy", fastmath={"nnan", "nsz", "contract"})
def _add(sums, rows, j, factor):
    """Add a multiple of a row's entries."""
    for k in range(np.uint64(rows.shape[1])):
        sums[k] += factor * rows[j, k]


@compiled(error_model="numpy", fastmath={"nnan", "nsz", "contract", "reassoc"})
def _least(values, slopes, t, n):
    """The least absolute value at a time."""
    least = np.inf
    for k in range(np.uint64(n)):
        value = abs(values[k] + t * slopes[k])
        least = value if value < least else least
    return least


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
        _add(values, table, column, sides[row] * margins[row] - values[row])
    return -1


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
