"""Random small arrangements with hostile numbers: every method against the reference.

Entries are k/7, j + k/2^50, ±2^k, j·10^30 + k, or a mixture; rows are repeated, parallel and
central now and then. Stops at the first difference.

    python benchmarks/attack.py [--count 10000] [--seed 0]
"""

import argparse
import random
import sys
import time
from fractions import Fraction
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from arrangement import Arrangement
from tests import reference

NUMBERS = (
    lambda rng: Fraction(rng.randint(-6, 6), 7),
    lambda rng: rng.randint(-1, 1) + Fraction(rng.randint(-3, 3), 2**50),
    lambda rng: rng.choice((-1, 0, 1)) * Fraction(2) ** rng.randint(-60, 60),
    lambda rng: rng.randint(-2, 2) * 10**30 + rng.randint(-2, 2),
)


def hostile_rows(rng):
    d = rng.randint(1, 3)
    kinds = NUMBERS if rng.random() < 0.2 else (rng.choice(NUMBERS),)
    rows = []
    for _ in range(rng.randint(1, 6 if d < 3 else 5)):
        row = [rng.choice(kinds)(rng) for _ in range(d + 1)]
        if not any(row[:-1]):
            row[0] = 1
        if rng.random() < 0.3:
            row[-1] = 0
        if rows and rng.random() < 0.15:
            row = [-2 * v for v in rng.choice(rows)]
        if rows and rng.random() < 0.15:
            row = [*rng.choice(rows)[:-1], row[-1]]
        rows.append(row)
    return rows


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    rng = random.Random(options.seed)
    start = time.perf_counter()
    for _ in range(options.count):
        rows = hostile_rows(rng)
        normals, offsets = [row[:-1] for row in rows], [row[-1] for row in rows]
        expected = reference.cells(reference.rows_of(normals, offsets))
        arrangement = Arrangement(normals, offsets)
        for method in ("sweep", "restrict", "lp"):
            signs = [tuple(s) for s in arrangement.cells(method=method).signs.tolist()]
            if len(signs) != len(expected) or set(signs) != expected:
                print(f"{method} differs from the reference on {rows}")
                return 1
    seconds = time.perf_counter() - start
    print(f"{options.count:,} arrangements, three methods: all equal ({seconds:.0f} s)")
    return 0


if __name__ == "__main__":
    sys.exit(main())
