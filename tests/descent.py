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


# --- several neurons ----------------------------------------------------------------------


def layer_loss(X, y, w, z):
    """Loss of each (w, z): w of shape (m, K, d), z of shape (m, K)."""
    hidden = np.maximum(w @ X.T, 0.0)
    return np.mean((np.einsum("mkn,mk->mn", hidden, z) - y) ** 2, axis=1)


def layer_descend(X, y, w, z, steps, size):
    """Plain (sub)gradient descent of layers; the step as in :func:`descend`."""
    n, norm = len(y), np.linalg.norm(X, 2) ** 2
    for _ in range(steps):
        outputs = np.maximum(w @ X.T, 0.0)
        r = np.einsum("mkn,mk->mn", outputs, z) - y
        pull = (r[:, None] * (outputs > 0)) @ X
        dw, dz = 2 / n * z[:, :, None] * pull, 2 / n * np.sum(r[:, None] * outputs, axis=2)
        curvature = norm * (np.sum(z**2, axis=1) + np.sum(w**2, axis=(1, 2)))
        curvature = 2 / n * (curvature + np.linalg.norm(pull, axis=(1, 2)))
        eta = size / np.maximum(curvature, 1e-12)
        w, z = w - eta[:, None, None] * dw, z - eta[:, None] * dz
    return w, z


def layer_limit(X, y, w, z):
    """The loss at the end that a run approaches, with a point (u, s) there, or None."""
    s, u = np.where(z > 0, 1.0, -1.0), np.abs(z)[:, None] * w
    size = np.linalg.norm(u, axis=1)
    before = layer_loss(X, y, w[None], z[None])[0]
    allowed = FALL * np.mean(y**2) + 1e-12
    largest = max(size.max(), 1e-300)
    best = None
    for gone in (0.0, 1e-3, 3e-2):
        kept = np.flatnonzero(size > gone * largest) if largest > 1e-6 else []
        if gone and len(kept) == len(u):
            continue
        found = _layer_end(X, y, u[kept], s[kept], before, allowed)
        if found is not None and (best is None or found[0] < best[0] - 1e-12):
            end = np.zeros_like(u)
            end[kept] = found[1]
            best = found[0], end, s
    return best


def _layer_end(X, y, u, s, before, allowed):
    lengths = np.linalg.norm(X, axis=1)
    size = np.linalg.norm(u, axis=1)
    values = (u @ X.T) / (lengths * np.maximum(size, 1e-300)[:, None])
    order = np.argsort(np.abs(values), axis=None)
    best = None
    for count in range(len(order) + 1):
        if count and np.abs(values.flat[order[count - 1]]) > 0.3:
            break
        zero = np.zeros(values.size, dtype=bool)
        zero[order[:count]] = True
        zero = zero.reshape(values.shape)
        bases, columns = [], [np.zeros((len(y), 0))]
        for j in range(len(u)):
            axes, Vt = np.linalg.svd(X[zero[j]], full_matrices=True)[1:]
            T = Vt[np.sum(axes > 1e-9 * axes.max(initial=0)) :].T
            bases.append(T)
            columns.append(s[j] * np.where(zero[j] | (values[j] < 0), 0, 1)[:, None] * (X @ T))
        A = np.column_stack(columns)
        c = np.concatenate([np.zeros(0), *(T.T @ v for T, v in zip(bases, u, strict=True))])
        c = c + np.linalg.lstsq(A, y - A @ c, rcond=1e-9)[0] if A.size else c
        end, at = np.zeros_like(u), 0
        for j, T in enumerate(bases):
            end[j] = T @ c[at : at + T.shape[1]]
            at += T.shape[1]
        off = ~zero
        if np.any(np.sign(values[off]) * (end @ X.T)[off] <= 1e-9 * np.linalg.norm(end)):
            continue
        after = layer_loss(X, y, end[None], s[None])[0]
        short = np.linalg.norm(end - u) <= SHORT * np.linalg.norm(u)
        short = short or before - after < 1e-2 * allowed
        if (
            short
            and abs(before - after) <= allowed
            and (best is None or after < best[0] - 1e-12)
        ):
            best = after, end
    return best


def layer_ends(X, y, hidden, starts, rng, rounds=10, steps=400):
    """The losses at which runs of layers end, and how many did not end."""
    U, lengths, _ = np.linalg.svd(X, full_matrices=False)
    white = U[:, lengths > 1e-9 * lengths[0]] * np.sqrt(len(y))
    w = rng.normal(size=(starts, hidden, white.shape[1]))
    z = rng.normal(size=(starts, hidden)) * np.sqrt(np.mean(y**2) + 0.1)
    finished = []
    for _ in range(rounds):
        for size in 0.5 * 0.3 ** np.arange(7):
            w, z = layer_descend(white, y, w, z, steps, size)
        going = []
        for k in range(len(w)):
            end = layer_limit(white, y, w[k], z[k])
            down = None if end is None else layer_leaves(white, y, end, w[k], z[k], rng)
            if end is None:
                going.append((w[k], z[k]))
            elif down is not None:
                going.append(down)
            else:
                finished.append(end[0])
        if not going:
            return finished, 0
        w, z = (np.array(part) for part in zip(*going, strict=True))
        steps = min(2 * steps, 3200)
    return finished, len(w)


def layer_leaves(X, y, end, w, z, rng, tries=40, radius=1e-3):
    """A point below an end, reached by descent from near it, or None."""
    level, u, s = end
    scale = np.sqrt(np.maximum(np.linalg.norm(u, axis=1), 1e-2 * np.sqrt(np.mean(y**2) + 0.1)))
    # Where u_j has vanished the run's own direction of w_j is kept.
    near = np.where(
        np.linalg.norm(u, axis=1, keepdims=True) > 0,
        u / scale[:, None],
        w * (scale / np.maximum(np.linalg.norm(w, axis=1), 1e-300))[:, None],
    )
    heights = np.where(np.linalg.norm(u, axis=1) > 0, s * scale, 0.0)
    near = near + radius * scale[:, None] * rng.normal(size=(tries, *near.shape))
    heights = heights + radius * scale * rng.normal(size=(tries, len(s)))
    a, b = layer_descend(X, y, near, heights, 300, 0.3)
    a, b = layer_descend(X, y, a, b, 60, 0.03)
    below = layer_loss(X, y, a, b) < level - 1e-7 * np.mean(y**2)
    k = int(np.argmax(below))
    return (a[k], b[k]) if below[k] else None
