"""How long does it take to find the cells of a domain, beside all cells and linear programs?

Every number of cells is found in two ways and compared. On one core, after compilation.

    python benchmarks/domains.py [--lp] [--jobs N] [--json]

The second table has the ratios that are asked for, beside what is asked: a domain that holds
half of the cells against all cells of its walls and the hyperplanes, one that holds a cell in a
thousand against all cells; and, with ``--jobs``, how much faster N processes are.
"""

import argparse
import json
import os
import sys
from concurrent.futures import ProcessPoolExecutor
from itertools import product
from time import perf_counter

os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", MKL_NUM_THREADS="1")

import numpy as np

from arrangement import Arrangement, InputError, families
from arrangement.bounds import zaslavsky


def seconds(run):
    start = perf_counter()
    result = run()
    return perf_counter() - start, result


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


def best(run, times=3):
    """The least of a few times, and the result; of more where a time is of milliseconds."""
    found = [seconds(run) for _ in range(times)]
    more = int(0.1 // min(t for t, _ in found)) if times > 1 else 0
    found += [(seconds(run)[0], None) for _ in range(more)]
    return min(t for t, _ in found), found[0][1]


def box_of(arrangement, share):
    """A box round the origin that holds about a share of the cells, and their number."""
    total = zaslavsky(arrangement.n_hyperplanes, arrangement.dimension)
    low, high = 0.0, 16.0
    for _ in range(10):
        width = (low + high) / 2
        box = [(-width, width)] * arrangement.dimension
        count = arrangement.n_cells(domain=box)
        low, high = (width, high) if count < share * total else (low, width)
    return box, count


def with_walls(arrangement, box):
    """The hyperplanes and walls a little tilted: parallel ones would take longer."""
    d = arrangement.dimension
    walls = np.repeat(np.eye(d), 2, axis=0)
    walls += np.random.default_rng(d).normal(scale=0.01, size=walls.shape)
    ends = -np.array(box).ravel()
    return Arrangement(
        np.concatenate([arrangement.normals, walls]),
        np.concatenate([arrangement.offsets, ends]),
    )


def judged(jobs):
    """What is asked for: name, cells, seconds, against what, ratio or seconds, at most."""
    for n, d in ((60, 4), (40, 5), (100, 3)):
        planes = random(n, d)
        whole, _ = best(planes.cells)
        for share in (0.5, 0.001):
            box, count = box_of(planes, share)
            time, cells = best(lambda a=planes, x=box: a.cells(domain=x))
            assert len(cells) == count
            name = f"{n} random, d = {d}, box with {share:.1%} of the cells"
            if share == 0.5:
                both, _ = best(with_walls(planes, box).cells)
                yield name, count, time, "A and the walls", time / both, 3
            else:
                yield name, count, time, "all cells", time / whole, 0.05
    arrangement, chamber = threshold_chamber(8)
    time, count = best(lambda: arrangement.n_cells(domain=chamber))
    yield "threshold 8 in a chamber, counted", count, time, "", time, 0.5
    time, points = best(lambda: arrangement.cells(domain=chamber).points, 1)
    yield "the same with signs and points", len(points), time, "", time, 3
    for name, domain in (("empty", [(1, 0)] * 9), ("flat", [(0, 0)] * 9)):
        try:
            start = perf_counter()
            arrangement.cells(domain=domain)
        except InputError as error:
            time = perf_counter() - start
            if "\n" in str(error):
                sys.exit(f"{name} domain: more than one line")
            yield f"{name} domain is refused", 0, time, "", time, 0.01
    if jobs is not None:
        yield from speed_ups(jobs)


def speed_ups(jobs):
    """One process against some: no loss on a second of work, and some gain where it is long."""
    half = [(0, None)] + [(None, None)] * 4
    cases = [
        ("resonance 6", families.resonance(6), None, 1.2),
        ("braid 10", families.braid(10), None, 1.2),
        ("50 random, d = 5, in a half-space", random(50, 5), half, 1.2),
        ("65 random, d = 5, in a half-space", random(65, 5), half, 0.9),
    ]
    with ProcessPoolExecutor(jobs) as executor:
        for name, arrangement, domain, most in cases:

            def run(executor=executor, a=arrangement, x=domain):
                return a.cells("restrict", domain=x, executor=executor)

            one, cells = best(lambda run=run: run(None))
            some, found = best(run)
            assert np.array_equal(cells.packed, found.packed)
            yield (
                f"{name}, {jobs} processes",
                len(cells),
                some,
                "one",
                some / one,
                most,
            )


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--lp", action="store_true", help="linear programs, too: seconds")
    parser.add_argument("--jobs", type=int, help="processes to compare with one")
    parser.add_argument("--json", action="store_true", help="print JSON")
    arguments = parser.parse_args()
    warm = random(12, 3)
    for box in (None, [(-1, 1)] * 3, [(-9, 9)] * 3):
        warm.cells(domain=box).points, warm.n_cells(domain=box)
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
    keys = ("name", "cells", "seconds", "against", "figure", "at most")
    ratios = [dict(zip(keys, row, strict=True)) for row in judged(arguments.jobs)]
    if arguments.json:
        print(json.dumps({"domains": rows, "judged": ratios}))
        return
    print("| | cells | `cells()` | `n_cells()` | all cells | LP |")
    print("| --- | ---: | ---: | ---: | ---: | ---: |")
    for row in rows:
        times = [
            f"{row[k]:.4f} s" if k in row else "" for k in ("cells()", "n_cells()", "all", "LP")
        ]
        print(f"| {row['name']} | {row['cells']:,} | {' | '.join(times)} |")
    print("\n| | cells | seconds | against | ratio or seconds | at most |")
    print("| --- | ---: | ---: | --- | ---: | ---: |")
    for row in ratios:
        figures = f"{row['seconds']:.4f} | {row['against']} | {row['figure']:.3f}"
        print(f"| {row['name']} | {row['cells']:,} | {figures} | {row['at most']:.2f} |")


if __name__ == "__main__":
    main()
