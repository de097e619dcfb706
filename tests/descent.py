"""Gradient descent on one ReLU neuron, many starts at once, with an exact last step.

Written for tests from the definition of the loss; it knows nothing of cells, faces or
multipliers.  The last step takes a run that has nearly stopped to the end that it approaches:
it guesses which samples the limit switches on (those with |u.x| small), and solves the least
squares problem on that flat.  It is believed only if it is short, keeps all other signs and
hardly lowers the loss, and if descent from points near the end does not get below it; otherwise
the run goes on, and at last counts as unfinished.
"""

import numpy as np

SHORT = 0.1
"""Longest last step, as a share of |u|."""

FALL = 1e-3
"""Largest fall of the loss in the last step, as a share of mean(y^2)."""


def loss(X, y, w, z):
    """Loss of each row of (w, z)."""
    return np.mean((z[:, None] * np.maximum(w @ X.T, 0.0) - y) ** 2, axis=1)


def descend(X, y, w, z, steps, size):
    """Plain (sub)gradient descent; the step is `size` over a bound of the local curvature."""
    n = len(y)
    norm = np.linalg.norm(X, 2) ** 2
    for _ in range(steps):
        outputs = np.maximum(w @ X.T, 0.0)
        r = z[:, None] * outputs - y
        pull = (r * (outputs > 0)) @ X
        dw, dz = 2 / n * z[:, None] * pull, 2 / n * np.sum(r * outputs, axis=1)
        curvature = (
            2 / n * (norm * (z**2 + np.sum(w**2, axis=1)) + np.linalg.norm(pull, axis=1))
        )
        eta = size / np.maximum(curvature, 1e-12)
        w, z = w - eta[:, None] * dw, z - eta * dz
    return w, z


def limit(X, y, w, z):
    """The end (u, s, signs, loss) that a run approaches, or None; s = 0 where z tends to 0."""
    s = 1 if z > 0 else -1
    u = abs(z) * w
    before = loss(X, y, w[None], np.array([z]))[0]
    allowed = FALL * np.mean(y**2) + 1e-12
    length = np.linalg.norm(u)
    values = (X @ u) / (np.linalg.norm(X, axis=1) * max(length, 1e-300))
    order = np.argsort(np.abs(values))
    best = None
    for count in range(len(y) + 1):
        # Copies of a hyperplane have the same value up to rounding: they go together.
        if 0 < count < len(y) and np.isclose(
            *np.abs(values[order[count - 1 : count + 1]]), rtol=1e-6, atol=1e-12
        ):
            continue
        zero = np.zeros(len(y), dtype=bool)
        zero[order[:count]] = True
        axes, Vt = np.linalg.svd(X[zero], full_matrices=True)[1:]
        T = Vt[np.sum(axes > 1e-9 * axes.max(initial=0)) :].T
        signs = np.where(zero, 0, np.sign(values)).astype(int)
        if np.any(np.linalg.norm(X[~zero] @ T, axis=1) < 1e-9):
            continue  # other samples vanish on this flat too: a later guess has them
        A = X[signs > 0] @ T
        if len(A) and np.allclose(A.T @ y[signs > 0], 0, atol=1e-9 * np.abs(A).sum()):
            # The best R on this flat is zero: z tends to zero while w stays in its cell.
            if count == 0 and before - np.mean(y**2) <= allowed:
                best = (u, 0, signs, np.mean(y**2))
            continue
        c = T.T @ (s * u)
        c = c + np.linalg.lstsq(A, y[signs > 0] - A @ c, rcond=1e-9)[0]
        end = s * T @ c
        off = signs != 0
        if np.any(signs[off] * (X[off] @ end) <= 1e-9 * np.linalg.norm(end)):
            continue
        after = loss(X, y, end[None], np.array([float(s)]))[0]
        short = np.linalg.norm(end - u) <= SHORT * length or before - after < 1e-2 * allowed
        if not short or abs(before - after) > allowed:
            continue
        if best is None or after < best[3] - 1e-12:
            best = (end, s, signs, after)
    return best


def leaves(X, y, end, rng, tries=100, radius=1e-3):
    """Points (w, z) below an end, reached by descent from many points near it; maybe none."""
    u, s, _, level = end
    scale = np.linalg.norm(u) or np.sqrt(np.mean(y**2) + 0.1) / np.linalg.norm(X)
    w = u / np.sqrt(scale) + radius * np.sqrt(scale) * rng.normal(size=(tries, len(u)))
    w, z = descend(X, y, w, np.full(tries, s * np.sqrt(scale)), 200, 0.3)
    w, z = descend(X, y, w, z, 50, 0.03)
    below = loss(X, y, w, z) < level - 1e-7 * np.mean(y**2)
    return w[below], z[below]


def ends(X, y, starts, rng, rounds=24, steps=300):
    """The ends (u, s, signs, loss) of runs from random starts, and how many did not end.

    The runs are in the coordinates in which the samples are white, which changes no minimum.
    """
    U, lengths, Vt = np.linalg.svd(X, full_matrices=False)
    kept = lengths > 1e-9 * lengths[0]
    white = U[:, kept] * np.sqrt(len(y))
    back = Vt[kept].T / lengths[kept] * np.sqrt(len(y))
    w = rng.normal(size=(starts, white.shape[1]))
    z = rng.normal(size=starts) * np.sqrt(np.mean(y**2) + 0.1)
    finished = []
    for _ in range(rounds):
        for size in 0.5 * 0.3 ** np.arange(7):
            w, z = descend(white, y, w, z, steps, size)
        found = [limit(white, y, w[k], z[k]) for k in range(len(w))]
        going = [(w[k : k + 1], z[k : k + 1]) for k, end in enumerate(found) if end is None]
        exits = {}
        for end in found:
            if end is None:
                continue
            name = (end[1], *end[2], round(end[3], 9))
            if name not in exits:
                exits[name] = leaves(white, y, end, rng)
            down = exits[name]
            if len(down[0]):
                k = rng.integers(len(down[0]))
                going.append((down[0][k : k + 1], down[1][k : k + 1]))
            else:
                finished.append(end)
        w = np.concatenate([start[0] for start in going] or [w[:0]])
        z = np.concatenate([start[1] for start in going] or [z[:0]])
        steps = min(2 * steps, 2400)
        if not len(w):
            break
    return [(back @ u, *rest) for u, *rest in finished], len(w)
