"""What do other coordinates cost? The same arrangements as in textbooks and in random ones.

The coordinates are changed by random invertible integer matrices with entries up to 10, by
translations p/q, by a positive rational factor for each row, and by all three. Then those
whose entries have some digits, with many dependencies: listing beside counting. Every
arrangement is new to each call, and every number found is compared with the textbook form's.
Processor time of one core, after compilation; the least of a few repetitions, the worst draw.

    python benchmarks/coordinates.py [--draws 3] [--only NAME] [--json]
"""

import argparse
import json
import os
import random
import sys
import time
from fractions import Fraction

os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", MKL_NUM_THREADS="1")

import networkx as nx
import numpy as np

from arrangement import Arrangement, families

INSTANCES = [
    *(("braid", n) for n in (6, 7, 9)),
    *(("shi", n) for n in (5, 6, 7)),
    ("linial", 6),
    ("catalan", 5),
    ("semiorder", 5),
    ("ish", 5),
    *(("resonance", n) for n in (4, 5, 6)),
    *(("threshold", n) for n in (4, 5)),
    *(("coxeter", *group) for group in (("B", 5), ("D", 5), ("E", 6), ("F", 4))),
    *(("coxeter", "H", n) for n in (3, 4)),
    ("simplicial", 1, 14),
    ("graphical", nx.petersen_graph()),
    ("discriminantal", 6, 3),
    ("cross_polytope", 6),
    ("permutohedron", 4),
    ("regular_polytope", "icosahedron"),
    ("generic", 16, 4),
    ("generic", 40, 3),
    ("grid", 4, 4, 4, 4),
]
MANY_CELLS = 30_000
"""Above this number of cells no facets are listed."""

MANY_POINTS = 120_000

CALLS = {
    "n_cells": lambda a: a.n_cells(),
    "cells": lambda a: len(a.cells()),
    "iter_cells": lambda a: sum(map(len, a.iter_cells())),
    "points": lambda a: len(a.cells().points),
    "facets": lambda a: len(a.faces(a.dimension - 1)),
    "flats(2)": lambda a: len(a.flats(min(2, a.rank))),
    "polynomial": lambda a: a.characteristic_polynomial(),
}


def matrix(rng, d):
    while True:
        M = rng.integers(-10, 11, size=(d, d))
        if np.linalg.matrix_rank(M) == d:
            return M.astype(object)


def other_coordinates(rows, rng):
    """The same hyperplanes, by what was done to them."""
    n, d = rows.shape[0], rows.shape[1] - 1
    M = matrix(rng, d)
    t = np.array([Fraction(int(p), int(q)) for p, q in rng.integers(1, 11, size=(d, 2))])
    factors = np.array([Fraction(int(p), int(q)) for p, q in rng.integers(1, 51, size=(n, 2))])
    linear = np.column_stack([rows[:, :-1] @ M, rows[:, -1]])
    yield "matrix", linear
    yield "translation", np.column_stack([rows[:, :-1], rows[:, -1] + rows[:, :-1] @ t])
    yield "rows", rows * factors[:, None]
    moved = linear[:, -1] + linear[:, :-1] @ t
    yield "all", np.column_stack([linear[:, :-1], moved]) * factors[:, None]


def least(call, rows, repetitions=3):
    """The shortest time of a call on a new arrangement, and what it gives."""
    times = []
    while len(times) < repetitions and sum(times) < 2:
        arrangement = Arrangement(rows[:, :-1], rows[:, -1])
        start = time.process_time()
        found = call(arrangement)
        times.append(time.process_time() - start)
    return min(times), found


def families_in_other_coordinates(options):
    for name, *parameters in INSTANCES:
        shown = ["Petersen" if isinstance(p, nx.Graph) else p for p in parameters]
        title = " ".join(map(str, (name, *shown)))
        if options.only and options.only not in title:
            continue
        rows = getattr(families, name)(*parameters).rows
        cells = Arrangement(rows[:, :-1], rows[:, -1]).n_cells()
        drawn = [
            list(other_coordinates(rows, np.random.default_rng(seed)))
            for seed in range(options.draws)
        ]
        for way, call in CALLS.items():
            if way == "facets" and cells > MANY_CELLS:
                continue
            if way == "points" and cells > MANY_POINTS:
                continue
            seconds, expected = least(call, rows)
            row = {"arrangement": title, "cells": cells, "call": way, "textbook": seconds}
            for draw in drawn:
                for change, changed in draw:
                    seconds, found = least(call, changed)
                    if found != expected:
                        sys.exit(f"{title}, {change}, {way}: {found}, not {expected}")
                    row[change] = max(row.get(change, 0), seconds)
            changes = ("matrix", "translation", "rows", "all")
            row["ratio"] = max(row[change] for change in changes) / row["textbook"]
            yield row


def dependent(rng, n, d, size=50):
    """Vectors with entries of a few digits, most of them combinations of two earlier ones."""
    rows = [[rng.randint(-9, 9) for _ in range(d)] for _ in range(d)]
    while len(rows) < n:
        (a, b), (p, q) = rng.sample(rows, 2), (rng.randint(1, 3), rng.randint(-3, 3))
        row = [p * v + q * w for v, w in zip(a, b, strict=True)]
        if any(row) and max(map(abs, row)) <= size:
            rows.append(row)
    return rows


def ratios(rng, n, d, size=7):
    """Hyperplanes p x_i = q x_j, most p : q being those of one point; some x_i + x_j = …"""
    weights = [rng.randint(1, size) for _ in range(d)]
    rows = []
    while len(rows) < n:
        i, j = rng.sample(range(d), 2)
        row = [0] * d
        row[i], row[j] = weights[j], -weights[i]
        if rng.random() < 0.3:
            row[i] = rng.randint(1, size)
        if rng.random() < 0.3:
            k = rng.randrange(d)
            row[k] += rng.randint(1, size)
        if any(row):
            rows.append(row)
    return rows


def dependencies(options):
    for kind in (dependent, ratios):
        for n, d in ((12, 4), (24, 4), (16, 6), (20, 6), (17, 8), (18, 8), (20, 8)):
            title = f"{kind.__name__}, n = {n}, d = {d}"
            if options.only and options.only not in title:
                continue
            for seed in range(options.draws):
                rng = random.Random(f"{title} {seed}")
                normals = np.array(kind(rng, n, d), dtype=object)
                rows = np.column_stack([normals, np.zeros(n, dtype=object)])
                row = {"arrangement": title}
                for way in ("n_cells", "cells", "iter_cells", "polynomial"):
                    row[way], found = least(CALLS[way], rows)
                    if way == "polynomial":
                        found = sum(map(abs, found))
                    if row.setdefault("count", found) != found:
                        sys.exit(f"{title}, {way}: {found}, not {row['count']} cells")
                row["largest"] = int(abs(normals).max())
                row["ratio"] = row["cells"] / row["n_cells"]
                yield row


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--draws", type=int, default=3)
    parser.add_argument("--only", help="arrangements with this in their name")
    parser.add_argument("--json", action="store_true", help="print JSON")
    options = parser.parse_args()
    for warm in (families.braid(4), families.shi(3), families.coxeter("H", 3)):
        rows = np.random.default_rng(0).permutation(warm.rows)
        for call in CALLS.values():
            for _, changed in other_coordinates(rows, np.random.default_rng(0)):
                call(Arrangement(changed[:, :-1], changed[:, -1]))
    families_rows, others = [], []
    if not options.json:
        print(
            "| arrangement | cells | call | textbook | matrix | translation | rows | all "
            "| worst ratio |\n| --- | ---: | --- | ---: | ---: | ---: | ---: | ---: | ---: |"
        )
    for row in families_in_other_coordinates(options):
        families_rows.append(row)
        if not options.json:
            times = [
                f"{1000 * row[column]:.1f} ms"
                for column in ("textbook", "matrix", "translation", "rows", "all")
            ]
            print(
                f"| {row['arrangement']} | {row['cells']:,} | {row['call']} "
                f"| {' | '.join(times)} | {row['ratio']:.1f} |",
                flush=True,
            )
    if not options.json:
        print(
            "\n| arrangement | entries | cells | n_cells | cells | iter_cells | polynomial "
            "| cells / n_cells |\n| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |"
        )
    for row in dependencies(options):
        others.append(row)
        if not options.json:
            times = [
                f"{1000 * row[column]:.1f} ms"
                for column in ("n_cells", "cells", "iter_cells", "polynomial")
            ]
            print(
                f"| {row['arrangement']} | {row['largest']} | {row['count']:,} "
                f"| {' | '.join(times)} | {row['ratio']:.1f} |",
                flush=True,
            )
    if options.json:
        json.dump({"coordinates": families_rows, "dependencies": others}, sys.stdout)


if __name__ == "__main__":
    main()
