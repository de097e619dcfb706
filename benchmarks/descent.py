"""Does gradient descent end on the enumerated minima only, and are they minima?

For 20 data sets, half of them degenerate, and some more with an output bias or a leaky ReLU,
with one and two neurons:

- *descent*: plain gradient descent from random starts with small, shrinking steps. A run is
  "at rest" when the falling path to its end (see tests/descent.py) lowers the loss by less than
  1e-6 mean(y²) and leaves no cell; the others are "carried on" to the end of that path.
  "one-sided" are those of them that have a gradient of almost zero: on integers a fit may lie
  on a hyperplane exactly and attract from one side of it while the loss falls on the other. The
  end of every run has to be an enumerated piece, of the same signs and the same loss; "new"
  counts those that are not, "off" those whose path has no end. "found" is the number of
  the enumerated "losses" at which some run ended, "gradient" the largest that is left.
- *perturbation*: from each piece a random move within it, then many random changes of all
  weights, as far as the nearest hyperplanes and much less far; "dips" counts pieces from which
  the loss falls by more than rounding.
- *rejected*: random tuples of faces whose least squares solution lies inside, but which are
  no minima by `arrangement.relu.losses.criterion`, whose direction has to lower the loss;
  "stuck" counts those where it does not. Those that are minima have to be enumerated: "missed".

    python benchmarks/descent.py [--starts 500] [--only NAME] [--json]

Ends with status 1 if anything is new, off, dips, is stuck or missed.
"""

import argparse
import json
import sys
import time
from dataclasses import asdict, dataclass, fields
from itertools import combinations_with_replacement, product
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np

from arrangement.relu import OneHiddenLayer
from arrangement.relu.losses.criterion import local_minimum
from tests import descent

RADII = (0.9, 0.1, 1e-2, 1e-4, 1e-6)
ROUNDS = 7


@dataclass(frozen=True)
class Data:
    """A data set and the options of the layer."""

    name: str
    X: Any
    y: Any
    bias: float | None = 1.0
    output_bias: bool = False
    slope: float = 0.0

    @property
    def full(self):
        constant = [] if self.bias is None else [np.full((len(self.X), 1), self.bias)]
        return np.hstack([np.asarray(self.X, dtype=float), *constant])

    def layer(self, hidden):
        return OneHiddenLayer(self.X, self.y, hidden, self.bias, self.output_bias, self.slope)


def data_sets():
    rng = np.random.default_rng(5)
    shapes = [(4, 1, 1.0), (6, 1, 1.0), (9, 1, 1.0), (12, 1, 1.0), (8, 2, None)]
    shapes += [(12, 2, None), (6, 2, 1.0), (9, 2, 1.0), (12, 2, 1.0), (9, 3, None)]
    for k, (n, features, bias) in enumerate(shapes):
        y = rng.choice([-1.0, 1.0], n) if k % 3 == 2 else rng.normal(size=n)
        name = f"Gaussian {features}{'+b' if bias else ''}{' ±1' if k % 3 == 2 else ''}"
        yield Data(name, rng.normal(size=(n, features)), y, bias)

    def integers(*shape):
        return rng.integers(-2, 3, shape).astype(float)

    plane = rng.normal(size=(6, 2))
    yield Data("repeated", plane[[0, 0, 1, 1, 2, 2, 3, 4, 5, 5]], rng.normal(size=10))
    yield Data("repeated, integers", integers(5, 2)[rng.integers(0, 5, 12)], integers(12))
    space = rng.normal(size=(5, 3))[rng.integers(0, 5, 12)]
    yield Data(
        "parallel", space * rng.choice([-2.0, -1, 0.5, 1], (12, 1)), rng.normal(size=12), None
    )
    rays = np.array([[1, 0], [0, 1], [1, 1], [1, -1]])[rng.integers(0, 4, 10)]
    yield Data(
        "parallel, integers", rays * rng.choice([-2, -1, 1, 2], (10, 1)), integers(10), None
    )
    # On a line exactly: multiples of 1/64.
    line = np.outer(rng.integers(-128, 129, 9) / 64, [1, 2]) + np.array([0, 1])
    yield Data("collinear", line, rng.normal(size=9))
    yield Data("collinear, integers", np.outer(np.arange(8) - 3, [1, 1]), integers(8))
    grid = np.array(list(product([-1.0, 0, 1], repeat=2)))
    yield Data("grid 3 x 3", grid, integers(9))
    yield Data("grid of 12", np.arange(12.0)[:, None], integers(12))
    cube = np.array([v for v in product([-1.0, 0, 1], repeat=3) if any(v)])
    yield Data("cube", cube[rng.choice(26, 10, replace=False)], integers(10), None)
    twice = rng.normal(size=(9, 1))
    yield Data("equal features, one target", np.hstack([twice, twice]), np.ones(9))

    X, y = rng.normal(size=(8, 2)), rng.normal(size=8)
    yield Data("output bias", X, y, None, True)
    yield Data("output bias, grid", np.arange(7.0)[:, None], integers(7), 1.0, True)
    yield Data("leaky 0.1", X, y, None, False, 0.1)
    yield Data("leaky -0.25, grid", np.arange(6.0)[:, None], integers(6), 1.0, False, -0.25)


@dataclass
class Row:
    """What one data set gives."""

    name: str
    N: int
    d: int
    K: int
    pieces: int = 0
    doubtful: int = 0
    losses: int = 0
    found: int = 0
    at_rest: int = 0
    carried: int = 0
    one_sided: int = 0
    gradient: float = 0.0
    new: int = 0
    off: int = 0
    dips: int = 0
    rejected: int = 0
    stuck: int = 0
    missed: int = 0
    seconds: float = 0.0

    @property
    def bad(self):
        return self.new + self.off + self.dips + self.stuck + self.missed


def states_of(signs, output_signs):
    rows = zip(map(tuple, signs.tolist()), output_signs.tolist(), strict=True)
    return tuple(sorted(rows))


def examine(data, hidden, starts, seed=0, trials=60, tuples=20_000, points=100):
    """The whole experiment on one data set."""
    began = time.perf_counter()
    row = Row(data.name, len(data.y), data.full.shape[1], hidden)
    landscape = data.layer(hidden).landscape()
    if landscape.doubtful:
        row.doubtful = landscape.doubtful
        landscape = data.layer(hidden).landscape(exact=True)
    pieces = landscape.pieces
    known = {
        states_of(signs, s): loss
        for signs, s, loss in zip(pieces.signs, pieces.output_signs, pieces.loss, strict=True)
    }
    row.pieces = len(pieces)
    rng = np.random.default_rng(seed)
    run(data, hidden, starts, known, rng, row)
    row.dips = sum(_dips(data, piece, trials, rng) for piece in pieces)
    reject(data, landscape, known, rng, row, tuples, points)
    row.seconds = round(time.perf_counter() - began, 1)
    return row


def run(data, hidden, starts, known, rng, row):
    """Gradient descent, and where it ends."""
    full, y = data.full, np.asarray(data.y, dtype=float)
    layer = descent.whitened(full, y, data.slope, data.output_bias)
    runs = descent.starts_of(layer, hidden, starts, rng)
    ends = []
    for k in range(ROUNDS):
        *runs, gradient = descent.descend(layer, *runs, 1000 << k, descent.SIZES)
        found = [descent.settle(layer, *one) for one in zip(*runs, strict=True)]
        rest = np.array([end is not None and end.rests for end in found])
        ends += [end for end, still in zip(found, rest, strict=True) if still]
        row.at_rest = len(ends)
        row.gradient = float(f"{gradient[~rest].max(initial=0.0):.1e}")
        row.one_sided = int(np.sum(gradient[~rest] < 1e-9 * np.linalg.norm(y)))
        left = [end for end, still in zip(found, rest, strict=True) if not still]
        runs = [part[~rest] for part in runs]
        if not left:
            break
    row.carried = len(left)
    row.off = sum(end is None for end in left)
    ends += [end for end in left if end is not None]
    level = 1e-9 * (np.mean(y**2) or 1.0)
    losses = np.sort(np.fromiter(known.values(), float))
    losses = losses[np.append(True, np.diff(losses) > level)]
    hit = np.zeros(len(losses), dtype=bool)
    for end in ends:
        if end.states not in known or abs(known[end.states] - end.loss) > level:
            row.new += 1
        else:
            hit[np.argmin(np.abs(losses - end.loss))] = True
    row.losses, row.found = len(losses), int(hit.sum())


def _dips(data, piece, trials, rng):
    """Does the loss fall near a random point of a piece?"""
    X, y = data.full, np.asarray(data.y, dtype=float)
    lengths = np.linalg.norm(X, axis=1)
    w, z, b = _within(data, piece, rng)
    level = _losses(data, w[None], z[None], np.array([b]))[0]
    value = np.abs(w @ X.T) / lengths
    off = piece.signs != 0
    reach = np.min(value, axis=1, where=off, initial=np.inf)
    reach = np.where(np.isfinite(reach), reach, np.maximum(np.linalg.norm(w, axis=1), 1.0))
    K, d = w.shape
    radius = np.repeat(RADII, trials)
    v = rng.normal(size=(len(radius), K, d))
    v *= (radius[:, None] * reach / np.linalg.norm(v, axis=2))[:, :, None]
    # Every other time one neuron moves alone: directions of descent are rare in high dimension.
    alone = rng.random((len(radius), K)) < 0.5
    v[::2] *= alone[::2, :, None]
    dz = rng.uniform(-1, 1, (len(radius), K)) * radius[:, None] * np.where(z, np.abs(z), 1.0)
    db = rng.uniform(-1, 1, len(radius)) * radius * data.output_bias
    after = _losses(data, w + v, z + dz, b + db)
    size = (np.abs(z) + 1) @ (np.linalg.norm(w, axis=1) + reach)
    terms = 2 * size * lengths + np.abs(y) + np.abs(b)
    rounding = 16 * len(y) * np.finfo(float).eps * np.mean(terms**2)
    # The flat move may leave the minimizers by rounding, but not their level.
    return bool(after.min() < level - rounding or abs(level - piece.loss) > rounding)


def _within(data, piece, rng):
    """A random point (w, z, b) of a piece."""
    X, s, b = data.full, piece.output_signs, piece.output_bias
    w, z = piece.weights.copy(), piece.output_weights.copy()
    bases, columns = [], [np.ones((len(X), int(data.output_bias)))]
    for j, signs in enumerate(piece.signs):
        T = descent.null_space(X[signs == 0])
        rates = np.where(signs > 0, 1.0, np.where(signs < 0, data.slope, 0.0))
        bases.append(T)
        columns.append((rates * s[j])[:, None] * (X @ T))
    null = descent.null_space(np.hstack(columns))
    for _ in range(3):
        step = null @ rng.normal(size=null.shape[1])
        at = int(data.output_bias)
        moves = np.zeros_like(w)
        for j, T in enumerate(bases):
            moves[j] = T @ step[at : at + T.shape[1]]
            at += T.shape[1]
        now, rate = piece.signs * (w @ X.T), piece.signs * (moves @ X.T)
        meets = (piece.signs != 0) & (rate < -1e-12)
        t = np.min(-now / np.where(meets, rate, -1.0), where=meets, initial=1.0)
        t *= 0.9 * rng.random()
        w += t * moves
        b += t * step[0] if data.output_bias else 0.0
    size = np.exp(rng.normal(size=len(w)))
    dead = (data.slope == 0) & np.all(piece.signs < 0, axis=1)
    return w * size[:, None], np.where(dead, rng.normal(size=len(z)), z / size), b


def _losses(data, w, z, b):
    return descent.loss(data.full, np.asarray(data.y, dtype=float), w, z, b, data.slope)


def reject(data, landscape, known, rng, row, tuples, points):
    """Random tuples of faces with a least squares solution inside."""
    X, y = data.full, np.asarray(data.y, dtype=float)
    signs = landscape.table.signs
    bases = [descent.null_space(X[face == 0]) for face in signs]
    maps = [
        np.where(face > 0, 1.0, np.where(face < 0, data.slope, 0.0))[:, None] * (X @ T)
        for face, T in zip(signs, bases, strict=True)
    ]
    useful = [f for f, T in enumerate(bases) if T.shape[1] and np.abs(maps[f]).max() > 0]
    free = np.ones((len(y), int(data.output_bias)))
    chosen = list(combinations_with_replacement(useful, row.K))
    for k in rng.permutation(len(chosen))[:tuples]:
        faces = chosen[k]
        A = np.hstack([free, *(maps[f] for f in faces)])
        c = np.linalg.lstsq(A, y, rcond=1e-10)[0]
        at, w, z = int(data.output_bias), [], []
        for f in faces:
            R = bases[f] @ c[at : at + bases[f].shape[1]]
            at += bases[f].shape[1]
            value = (signs[f] * (X @ R))[signs[f] != 0]
            least = 1e-7 * np.linalg.norm(R) * np.linalg.norm(X, axis=1)[signs[f] != 0]
            if np.linalg.norm(R) * np.linalg.norm(X, 2) <= 1e-7 * np.linalg.norm(y):
                break
            s = 1 if np.all(value > least) else -1 if np.all(value < -least) else 0
            if not s:
                break
            w.append(s * R)
            z.append(float(s))
        if len(z) < row.K:
            continue
        w, z, b = np.array(w), np.array(z), c[0] if data.output_bias else 0.0
        verdict = local_minimum(
            data.X, y, w, z, bias=data.bias, signs=signs[list(faces)],
            output_bias=b if data.output_bias else None, negative_slope=data.slope,
        )  # fmt: skip
        if verdict:
            row.missed += states_of(signs[list(faces)], z.astype(int)) not in known
            continue
        row.rejected += 1
        t = np.linalg.norm(w) * 10.0 ** -np.arange(0, 9)
        after = _losses(
            data,
            w + t[:, None, None] * verdict.weights_direction,
            z + t[:, None] * verdict.output_weights_direction,
            np.full(len(t), b),
        )
        rounding = 64 * np.finfo(float).eps * np.mean(y**2)
        row.stuck += not after.min() < verdict.loss - rounding
        if row.rejected >= points:
            break


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--starts", type=int, default=500)
    parser.add_argument("--only", help="data sets with this in their name")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    names = [field.name for field in fields(Row)][1:]
    if not options.json:
        print(f"{'data set':26}", *(f"{name:>{len(name) + 1}}" for name in names))
    rows = []
    for data in data_sets():
        if options.only and options.only not in data.name:
            continue
        for hidden in (1, 2):
            row = examine(data, hidden, options.starts)
            rows.append(row)
            if not options.json:
                values = [f"{getattr(row, name):>{len(name) + 1}.6g}" for name in names]
                print(f"{row.name:26}", *values, flush=True)
    total = {name: sum(getattr(row, name) for row in rows) for name in names[3:]}
    del total["gradient"]
    if options.json:
        print(json.dumps({"rows": [asdict(row) for row in rows], "total": total}))
    else:
        print(", ".join(f"{value:,.0f} {name}" for name, value in total.items()))
    return int(any(row.bad for row in rows))


if __name__ == "__main__":
    sys.exit(main())
