"""Gradient descent on one hidden layer, many starts at once, and where its runs come to rest.

Written from the definition of the loss and the one-sided derivatives of it; it shares no code
with the package.  Plain gradient steps with shrinking sizes bring a run near its end, but never
onto a kink, and along flat valleys only very slowly.  :func:`settle` takes it from there, along
a path on which the loss falls strictly, to a point that no neuron can leave downwards.  In
R_j = s_j u_j, u_j = |z_j| w_j, the outputs are linear while no w_j.x_i changes its sign: so the
path consists of

- straight steps to the least squares fit on the present face, up to the first hyperplane that
  is met, which is then joined: the loss is convex on the way;
- where the fit is reached, a step of one neuron into a cell around, along a ray on which the
  one-sided derivative h(v) is negative, up to the lowest point before the next hyperplane.

Each fit lies strictly below the one before, so that no face is seen twice.  No ray descends iff
no direction does: h is linear between the rays of the hyperplanes that meet in the point.

A run that is at rest already hardly moves on this path: `End.fall` tells.
"""

from itertools import combinations
from typing import NamedTuple

import numpy as np
from numba import njit

REST = 1e-6
"""A run is at rest if the path from it falls by less than this share of mean(y^2)."""

SLOPE = 1e-7
"""A slope below this share of the size of its terms is none."""

TINY = 1e-10
"""A neuron with u below this, in units of the targets, has vanished."""

PATH = 1000
"""Most pieces of a path."""


class Layer(NamedTuple):
    """A problem: samples with their constant coordinate, targets, activation, output bias."""

    X: np.ndarray
    y: np.ndarray
    slope: float = 0.0
    free: bool = False


class End(NamedTuple):
    """Where a run ends: the sorted (signs of w_j.x, sign of z_j) of the neurons; a point."""

    loss: float
    states: tuple
    w: np.ndarray
    z: np.ndarray
    b: float
    fall: float
    """From the last point of gradient descent, as a share of mean(y^2)."""
    stays: bool
    """Are the signs those that the run had, but for hyperplanes that it has joined?"""

    @property
    def rests(self):
        return self.stays and self.fall <= REST


def loss(X, y, w, z, b=0.0, slope=0.0):
    """Loss of each (w, z): w of shape (m, K, d), z of shape (m, K); or (m, d) and (m,)."""
    if z.ndim == 1:
        w, z = w[:, None], z[:, None]
    t = w @ X.T
    hidden = np.maximum(t, 0.0) + slope * np.minimum(t, 0.0)
    outputs = np.einsum("mkn,mk->mn", hidden, z) + np.reshape(b, (-1, 1))
    return np.mean((outputs - y) ** 2, axis=1)


# --- gradient descent -------------------------------------------------------------------


@njit(cache=True)
def _descend(X, y, slope, free, w, z, b, steps, size):
    """Gradient descent of each run in place; returns the lengths of the last gradients."""
    m, K, d = w.shape
    n = len(y)
    norm = np.linalg.norm(X, 2) ** 2 + n * free
    t, r, dw = np.empty((K, n)), np.empty(n), np.empty((K, d))
    lengths = np.zeros(m)
    for run in range(m):
        for _ in range(steps):
            square, steep, change = 0.0, 0.0, 0.0
            for i in range(n):
                r[i] = b[run] - y[i]
                for j in range(K):
                    value = 0.0
                    for k in range(d):
                        value += w[run, j, k] * X[i, k]
                    t[j, i] = value
                    r[i] += z[run, j] * (value if value > 0 else slope * value)
            for j in range(K):
                dz = 0.0
                dw[j] = 0.0
                for i in range(n):
                    rate = 1.0 if t[j, i] > 0 else slope
                    dz += rate * t[j, i] * r[i]
                    for k in range(d):
                        dw[j, k] += rate * r[i] * X[i, k]
                square += z[run, j] ** 2
                for k in range(d):
                    square += w[run, j, k] ** 2
                    steep += dw[j, k] ** 2
                    dw[j, k] *= z[run, j]
                    change += dw[j, k] ** 2
                change += dz**2
                t[j, 0] = dz
            total = np.sum(r) if free else 0.0
            change += total**2
            lengths[run] = 2 / n * np.sqrt(change)
            # The step is `size` over a bound of the local curvature; n/2 cancels.
            eta = size / max(norm * (square + free) + np.sqrt(steep), 1e-300)
            for j in range(K):
                z[run, j] -= eta * t[j, 0]
                for k in range(d):
                    w[run, j, k] -= eta * dw[j, k]
            b[run] -= eta * total
            if change < 1e-28 * np.sum(y**2) * norm:
                break
    return lengths


def descend(layer, w, z, b, steps, sizes):
    """Runs (w, z, b) after plain gradient descent, and the lengths of the last gradients.

    There are `steps` of the first size, and a fifth of that of the others, which calm a run
    down that jumps from one side of a kink to the other.
    """
    w, z, b = w.copy(), z.copy(), b.copy()
    lengths = np.zeros(len(w))
    for k, size in enumerate(sizes):
        lengths = _descend(*layer, w, z, b, steps if k == 0 else steps // 5, size)
    return w, z, b, lengths


# --- to the end -------------------------------------------------------------------------


def settle(layer, w, z, b):
    """The end of a falling path from (w, z, b), or None if it is too long."""
    return _Path(layer, w, z, b).end()


class _Path:
    """A point with neurons u_j on faces `signs` and output signs s_j.

    Gradient flow keeps |w_j|^2 - z_j^2. Where u_j vanishes, w_j therefore keeps its place in a
    cell, `own`, if that is positive (`loose`), and otherwise w_j = 0 while z_j keeps its sign.
    """

    def __init__(self, layer, w, z, b):
        self.layer = layer
        self.s = np.where(z > 0, 1.0, -1.0)
        self.u, self.b = np.abs(z)[:, None] * w, float(b)
        self.loose = np.linalg.norm(w, axis=1) > np.abs(z)
        self.scale = np.sqrt(np.mean(layer.y**2)) or 1.0
        self.lengths = np.linalg.norm(layer.X, axis=1)
        self.w, self.own = w.copy(), np.array([self._signs_of(v) for v in w])
        self.signs = self.own.copy()
        self.gone = np.zeros(len(z), dtype=bool)

    def end(self):
        first = self.signs.copy()
        start = np.mean(self._residuals() ** 2)
        for _ in range(PATH):
            if not self._fit() and not self._leave():
                break
        else:
            return None
        level = np.mean(self._residuals() ** 2)
        states, w, z = [], self.u.copy(), self.s.copy()
        for j, row in enumerate(self.signs):
            silent = self.gone[j] and self.loose[j]
            dead = self.layer.slope == 0 and np.all(row < 0)
            own = self.own[j] if silent else row
            states.append((tuple(own.tolist()), 0 if silent or dead else int(self.s[j])))
            size = np.sqrt(self.scale if self.gone[j] else np.linalg.norm(self.u[j]))
            w[j] = self.w[j] / np.linalg.norm(self.w[j]) * size if silent else w[j] / size
            z[j] *= 0.0 if silent else size
        kept = np.all((self.signs == first) | (self.signs == 0))
        fall = max(start - level, 0.0) / self.scale**2
        return End(level, tuple(sorted(states)), w, z, self.b, fall, bool(kept))

    def _signs_of(self, v, share=1e-12):
        value = self.layer.X @ v
        zero = np.abs(value) <= share * self.lengths * np.linalg.norm(v)
        return np.where(zero, 0, np.sign(value)).astype(int)

    def _rates(self, signs):
        return np.where(signs > 0, 1.0, np.where(signs < 0, self.layer.slope, 0.0))

    def _residuals(self):
        outputs = np.full(len(self.layer.y), self.b)
        for j in range(len(self.u)):
            outputs += self.s[j] * self._rates(self.signs[j]) * (self.layer.X @ self.u[j])
        return outputs - self.layer.y

    def _shrink(self, j, before):
        """Let u_j vanish that was `before`; a face counts as one of the cells around it."""
        if self.gone[j]:
            return
        self.u[j], self.signs[j], self.gone[j] = 0.0, 0, True
        turn = 1e-6 * np.linalg.norm(before) * np.cos(np.arange(1.0, len(before) + 1))
        self.w[j] = before if np.all(self._signs_of(before)) else before + turn
        self.own[j] = self._signs_of(self.w[j])

    def _fit(self):
        """One straight step towards the fit on the present face; False if it is reached."""
        X, y, _, free = self.layer
        bases, columns = [], [np.ones((len(y), int(free)))]
        for j, row in enumerate(self.signs):
            # On integers a fit often lies on further hyperplanes exactly.
            near = 1e-10 * np.linalg.norm(self.u[j]) + 1e-14 * self.scale
            row[np.abs(X @ self.u[j]) <= near * self.lengths] = 0
            T = null_space(X[row == 0])
            row[np.linalg.norm(X @ T, axis=1) <= 1e-9 * self.lengths] = 0
            before, self.u[j] = self.u[j].copy(), T @ (T.T @ self.u[j])
            if np.linalg.norm(self.u[j]) <= TINY * self.scale:
                self._shrink(j, before)
            bases.append(T)
            columns.append(self.s[j] * self._rates(row)[:, None] * (X @ T))
        A = np.column_stack(columns)
        r = self._residuals()
        if not A.shape[1]:
            return False
        step = np.linalg.lstsq(A, -r, rcond=1e-10)[0]
        if np.linalg.norm(A @ step) <= 1e-12 * self.scale * np.sqrt(len(y)):
            return False
        at = int(free)
        moves = np.zeros_like(self.u)
        for j, T in enumerate(bases):
            moves[j] = T @ step[at : at + T.shape[1]]
            at += T.shape[1]
        hits = np.array([self._hits(j, moves[j]) for j in range(len(moves))])
        t = min(1.0, hits.min())
        self.b += t * step[0] if free else 0.0
        for j in range(len(moves)):
            self._move(j, t, moves[j], hits[j])
        return True

    def _hits(self, j, v):
        """Where the values w_j.x_i, now of given signs, get zero along v."""
        inward = self.signs[j] * (self.layer.X @ v)
        now = np.maximum(self.signs[j] * (self.layer.X @ self.u[j]), 0.0)
        meets = (self.signs[j] != 0) & (inward < -1e-14 * self.lengths * np.linalg.norm(v))
        return np.divide(now, -inward, out=np.full(len(now), np.inf), where=meets)

    def _move(self, j, t, v, hits):
        before, self.u[j] = self.u[j].copy(), self.u[j] + t * v
        self.signs[j, hits <= t * (1 + 1e-9)] = 0
        if np.linalg.norm(self.u[j]) <= TINY * self.scale:
            self._shrink(j, before if before.any() else v)

    def _leave(self):
        """A step of one neuron away from the fit; False if there is none."""
        r = self._residuals()
        sizes = np.abs(r + self.layer.y) + np.abs(self.layer.y) + 1e-6 * self.scale
        best = -SLOPE, None, None, None
        for j in range(len(self.u)):
            for v, s in self._ways(j, r):
                t = self.layer.X @ v
                t[np.abs(t) <= 1e-9 * self.lengths * np.linalg.norm(v)] = 0.0
                rates = self._rates(np.where(self.signs[j] != 0, self.signs[j], np.sign(t)))
                size = np.abs(rates * t) @ sizes
                value = s * (rates * t) @ r
                if size > 0 and value < best[0] * size:
                    best = value / size, j, v, s
        _, j, v, s = best
        if j is None:
            return False
        self.s[j], self.gone[j] = s, False
        around = self.signs[j] == 0
        self.signs[j, around] = self._signs_of(v, 1e-9)[around]
        change = s * self._rates(self.signs[j]) * (self.layer.X @ v)
        hits = self._hits(j, v)
        hits[around] = np.inf
        t = min(-(r @ change) / (change @ change), hits.min())
        self._move(j, t, v, hits)
        return True

    def _ways(self, j, r):
        """Directions (v, sign of z_j) of which one descends if any does."""
        X = self.layer.X
        if self.gone[j] and self.loose[j]:
            # (w_j, 0) can go to either sign of z_j, after a move of w_j in its cell.
            g = (self._rates(self.own[j]) * r) @ X
            w = self.w[j]
            if np.linalg.norm(g) > SLOPE * np.abs(X).sum() * self.scale:
                reach = np.abs(X @ w) / self.lengths
                step = 0.5 * reach.min() / np.linalg.norm(g) * g
                for v in (w, w + step, w - step):
                    yield v, -1.0
                    yield v, 1.0
            return
        for v in _rays(X[self.signs[j] == 0]):
            yield v, self.s[j]
            yield -v, self.s[j]


def null_space(rows):
    """Orthonormal columns orthogonal to some rows."""
    axes, Vt = np.linalg.svd(rows, full_matrices=True)[1:]
    return Vt[np.sum(axes > 1e-9 * axes.max(initial=0)) :].T


def _rays(rows):
    """The rays, up to sign, of the hyperplanes with these normals, modulo their meet."""
    if not len(rows):
        return
    unit = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    distinct = []
    for v in unit:
        if all(min(np.abs(v - p).max(), np.abs(v + p).max()) > 1e-9 for p in distinct):
            distinct.append(v)
    unit = np.array(distinct)
    axes, Vt = np.linalg.svd(unit)[1:]
    rank = int(np.sum(axes > 1e-9 * axes[0]))
    plane = unit @ Vt[:rank].T
    for chosen in combinations(range(len(unit)), rank - 1):
        null = null_space(plane[list(chosen)])
        if null.shape[1] == 1:
            yield Vt[:rank].T @ null[:, 0]


# --- many runs --------------------------------------------------------------------------

SIZES = 0.5 * 0.3 ** np.arange(9)


def starts_of(layer, hidden, count, rng):
    """Random starts (w, z, b); outputs are of the size of the targets."""
    height = np.sqrt(np.mean(layer.y**2) + 0.1)
    w = rng.normal(size=(count, hidden, layer.X.shape[1]))
    z = rng.normal(size=(count, hidden)) * height
    return w, z, rng.normal(size=count) * height * layer.free


def whitened(X, y, slope=0.0, free=False):
    """The layer in coordinates in which the samples are white, which changes no minimum."""
    U, lengths, _ = np.linalg.svd(X, full_matrices=False)
    white = U[:, lengths > 1e-9 * lengths[0]] * np.sqrt(len(y))
    return Layer(np.ascontiguousarray(white), np.asarray(y, float), float(slope), bool(free))


def ends(X, y, hidden, count, rng, rounds=6, steps=400, slope=0.0, free=False):
    """The ends of runs from random starts, and how many have none.

    A run is believed to end where it has come to rest, or where its path ends if it is not at
    rest after some rounds, unless gradient descent from points near that end gets below it: if
    so the run goes on from there.
    """
    layer = whitened(X, y, slope, free)
    runs = starts_of(layer, hidden, count, rng)
    finished, exits = [], {}
    for k in range(2 * rounds):
        *runs, _ = descend(layer, *runs, steps << min(k, rounds), SIZES)
        going = []
        for run in zip(*runs, strict=True):
            end = settle(layer, *run)
            if end is None or not (end.rests or k >= rounds - 1):
                going.append(run)
                continue
            if end.states not in exits:
                exits[end.states] = below(layer, end, rng)
            down = exits[end.states]
            if len(down):
                going.append(down[rng.integers(len(down))])
            else:
                finished.append(end)
        if not going:
            return finished, 0
        runs = [np.array(part) for part in zip(*going, strict=True)]
    return finished, len(going)


def below(layer, end, rng, tries=60, radius=1e-2):
    """Points below an end, reached by gradient descent from many points near it; maybe none.

    Points and steps are small beside the distance of the next hyperplanes: at a kink the
    gradient does not vanish, and a long step hops out of a shallow minimum.
    """
    size = np.sqrt(np.linalg.norm(end.w, axis=1) ** 2 + end.z**2)
    value = np.abs(end.w @ layer.X.T) / np.linalg.norm(layer.X, axis=1)
    reach = np.min(value, axis=1, where=value > 1e-9 * size[:, None], initial=np.inf)
    reach = radius * np.minimum(reach, 0.1 * size)
    step = np.min(reach / np.where(size > 0, size, 1.0), initial=1e-3)
    w = end.w + reach[:, None] * rng.normal(size=(tries, *end.w.shape))
    z = end.z + reach * rng.normal(size=(tries, len(size)))
    b = end.b + reach.min() * layer.free * rng.normal(size=tries)
    w, z, b, _ = descend(layer, w, z, b, 2000, (step,))
    lower = loss(layer.X, layer.y, w, z, b, layer.slope) < end.loss - 1e-7 * np.mean(layer.y**2)
    return list(zip(w[lower], z[lower], b[lower], strict=True))
