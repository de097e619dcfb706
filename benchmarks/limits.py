"""How far is the enumeration from the least that any program must do with its answer?

For each instance, on one core and after compilation: the time to enumerate all cells as packed
sign vectors, the time that numpy needs to check such an answer (interior points @ normals.T in
blocks, sign, packbits), and the time to copy it; the LP builder where it ends in reasonable
time. Ratios are within one run; the least of a few repetitions counts.

    python benchmarks/limits.py [--large] [--json]
"""

import argparse
import json
import os
import resource
import sys
import time

os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", MKL_NUM_THREADS="1")

import numpy as np

from arrangement import Arrangement, families
from arrangement.results.points import interior_points

BLOCK = 2**15


def instances(large):
    yield "braid 7", families.braid(7), True
    yield "resonance 4", families.resonance(4), True
    yield "threshold 4", families.threshold(4), True
    yield "resonance 5", families.resonance(5), True
    yield "shi 6", families.shi(6), False
    yield "threshold 5", families.threshold(5), False
    yield "random n=40 d=4", random(40, 4), False
    yield "resonance 6", families.resonance(6), False
    if large:
        yield "braid 9", families.braid(9), False
        yield "shi 7", families.shi(7), False
        yield "random n=50 d=5", random(50, 5), False
        yield "the same, four through a line", concurrent_quadruple(50, 5), False
        yield "random n=200 d=3", random(200, 3), False
        yield "random n=24 d=12", random(24, 12), False


def random(n, d):
    rng = np.random.default_rng(0)
    return Arrangement(rng.normal(size=(n, d)), rng.normal(size=n))


def concurrent_quadruple(n, d):
    """Random integers, but row 3 is a combination of rows 0, 1 and 2."""
    rng = np.random.default_rng(0)
    rows = np.rint(rng.normal(size=(n, d + 1)) * 2**40).astype(int).astype(object)
    rows[3] = rows[0] + rows[1] - rows[2]
    return Arrangement(rows[:, :-1], rows[:, -1])


def least(function, repetitions):
    times = []
    for _ in range(repetitions):
        start = time.perf_counter()
        result = function()
        times.append(time.perf_counter() - start)
    return min(times), result


def check(points, normals, offsets, packed):
    """numpy's check that each point has its cell's signs."""
    n = len(normals)
    octets = packed.view(np.uint8)
    for start in range(0, len(points), BLOCK):
        values = points[start : start + BLOCK] @ normals.T + offsets
        bits = np.packbits(np.sign(values) > 0, axis=1, bitorder="little")
        if not np.array_equal(bits, octets[start : start + BLOCK, : -(-n // 8)]):
            raise AssertionError("numpy finds other signs")


def measure(name, arrangement, with_lp):
    normals = arrangement.normals.astype(float)
    offsets = arrangement.offsets.astype(float)
    seconds, cells = least(arrangement.cells, 3)
    inside, points = least(lambda: interior_points(cells), 1)
    checking, _ = least(lambda: check(points, normals, offsets, cells.packed), 3)
    copying, _ = least(cells.packed.copy, 3)
    row = {
        "instance": name,
        "cells": len(cells),
        "seconds": seconds,
        "numpy check": checking,
        "ratio": seconds / checking,
        "copy": copying,
        "points": inside,
    }
    if with_lp:
        lp_seconds, lp_cells = least(lambda: arrangement.cells(method="lp"), 1)
        assert len(lp_cells) == len(cells)
        row["lp builder"] = lp_seconds
        row["lp ratio"] = lp_seconds / seconds
    return row


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--large", action="store_true", help="larger instances too")
    parser.add_argument("--json", action="store_true", help="print JSON")
    arguments = parser.parse_args()
    start = time.perf_counter()
    families.braid(3).cells()
    random(12, 3).cells(method="sweep")
    Arrangement([[0.1, 0.2], [0.3, 0.4]], [0.5, 0.6]).cells().points  # noqa: B018 (compiles)
    compiling = time.perf_counter() - start
    rows = []
    if not arguments.json:
        print(f"loading or compiling the kernels: {compiling:.1f} s", file=sys.stderr)
        print(
            "| instance | cells | seconds | numpy's check | ratio | points "
            "| LP builder | ratio |\n"
            "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |"
        )
    for name, arrangement, with_lp in instances(arguments.large):
        row = measure(name, arrangement, with_lp)
        rows.append(row)
        if not arguments.json:
            lp = f"{row['lp builder']:.2f} s | {row['lp ratio']:,.0f}" if with_lp else "– | –"
            print(
                f"| {name} | {row['cells']:,} | {row['seconds']:.4f} s "
                f"| {row['numpy check']:.4f} s | {row['ratio']:.2f} | {row['points']:.2f} s "
                f"| {lp} |",
                flush=True,
            )
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    if arguments.json:
        json.dump({"compiling": compiling, "peak GiB": memory, "rows": rows}, sys.stdout)
    else:
        print(f"peak memory {memory:.2f} GiB", file=sys.stderr)


if __name__ == "__main__":
    main()
