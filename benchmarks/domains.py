"""How long does it take to find the cells of a domain, beside all cells and linear programs?

Every number of cells is found in two ways and compared. On one core, after compilation.

    python benchmarks/domains.py [--lp] [--json]
"""

import argparse
import json
import os
import sys
import time
from itertools import product

os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", MKL_NUM_THREADS="1")

import numpy as np

from arrangement import Arrangement, families


def seconds(run):
    start = time.perf_counter()
    result = run()
    return time.perf_counter() - start, result


def random(n, d):
    rng = np.random.default_rng([n, d])
    return Arrangement(rng.normal(size=(n, d)), rng.normal(size=n))


def threshold_chamber(n):
    """The normals (1, ±1, …, ±1) in the chamber w_0 > w_1 > … > w_n > 0."""
    arrangement = Arrangement([(1, *signs) for signs in product((1, -1), repeat=n)])
    G = -np.eye(n + 1, dtype=int)
    G[np.arange(n), np.arange(1, n + 1)] = 1
    return arrangement, (G, np.zeros(n + 1, dtype=int))


def instances():
    planes = random(30, 3)
    yield "30 random planes, box ±1", planes, [(-1, 1)] * 3, True
    large = random(60, 4)
    for width in (0.05, 0.3, 1, 3):
        yield f"60 random, d = 4, box ±{width}", large, [(-width, width)] * 4, False
    for n in (7, 8):
        yield f"threshold {n} in a chamber", *threshold_chamber(n), False
    change = [
        [3, -1, 2, 0, 1],
        [1, 3, -2, 1, 0],
        [0, 2, 3, -1, 2],
        [-2, 1, 0, 3, 1],
        [1, 0, -1, 2, 3],
    ]
    moved = Arrangement(families.resonance(5).normals.astype(int) @ np.array(change))
    yield "resonance 5 in other coordinates", moved, None, False


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--lp", action="store_true", help="linear programs, too: seconds")
    parser.add_argument("--json", action="store_true", help="print JSON")
    arguments = parser.parse_args()
    warm = random(12, 3)
    for box in (None, [(-1, 1)] * 3, [(-9, 9)] * 3):
        warm.cells(domain=box), warm.n_cells(domain=box)
    rows = []
    for name, arrangement, domain, small in instances():
        listing, cells = seconds(lambda a=arrangement, x=domain: a.cells(domain=x))
        counting, count = seconds(lambda a=arrangement, x=domain: a.n_cells(domain=x))
        if count != len(cells):
            sys.exit(f"{name}: {len(cells)} cells, but {count} are counted")
        row = {"name": name, "cells": count, "cells()": listing, "n_cells()": counting}
        if domain is not None and not name.startswith("threshold"):
            row["all"], _ = seconds(arrangement.cells)
        if arguments.lp and small:
            row["LP"], found = seconds(lambda a=arrangement, x=domain: a.cells("lp", x))
            if len(found) != count:
                sys.exit(f"{name}: {len(found)} cells by linear programs")
        rows.append(row)
    if arguments.json:
        print(json.dumps(rows))
        return
    print("| | cells | `cells()` | `n_cells()` | all cells | LP |")
    print("| --- | ---: | ---: | ---: | ---: | ---: |")
    for row in rows:
        times = [
            f"{row[k]:.4f} s" if k in row else "" for k in ("cells()", "n_cells()", "all", "LP")
        ]
        print(f"| {row['name']} | {row['cells']:,} | {' | '.join(times)} |")


if __name__ == "__main__":
    main()
