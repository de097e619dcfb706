"""How long does it take to count cells, without symmetry and by the flats with symmetry?

Each count is checked against the number that is known for it. On one core, after compilation;
"symmetry" finds the symmetries too.

    python benchmarks/counting.py [--large] [--huge] [--json]
"""

import argparse
import json
import os
import resource
import sys
import time

os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", MKL_NUM_THREADS="1")

from arrangement import families
from arrangement.enumeration import restrict

# name, arguments, cells, and how to count: cones, set by set, symmetry
INSTANCES = [
    ("generic", (200, 3), 1333501, "rp"),
    ("generic", (50, 5), 2369936, "rp"),
    ("generic", (24, 8), 1271626, "rp"),
    ("resonance", (5,), 11292, "rps"),
    ("threshold", (5,), 94572, "rps"),
    ("shi", (7,), 262144, "rps"),
    ("braid", (9,), 362880, "rps"),
    ("resonance", (6,), 1066044, "rps"),
    ("coxeter", ("E", 7), 2903040, "rps"),
    ("threshold", (6,), 15028134, "ps"),
    ("coxeter", ("E", 8), 696729600, "s"),
    ("resonance", (7,), 347326352, "s"),
    ("threshold", (7,), 8378070864, "s"),
]
LARGE = [
    ("threshold", (8,), 17561539552946, "s"),
    ("resonance", (8,), 419172756930, "s"),
]
HUGE = [("resonance", (9,), 1955230985997140, "s")]


def seconds(count):
    start = time.perf_counter()
    cells = count()
    return time.perf_counter() - start, cells


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--large", action="store_true", help="seconds each")
    parser.add_argument("--huge", action="store_true", help="minutes, and gigabytes")
    parser.add_argument("--json", action="store_true", help="print JSON")
    arguments = parser.parse_args()
    start = time.perf_counter()
    small = families.braid(4)
    restrict.count(small)
    for generators in (None, "auto", [[0, 1, 2, 3, 4, 5]]):
        small.n_cells(symmetry=generators)
    families.coxeter("D", 4).n_cells(symmetry="auto")
    families.threshold(5).n_cells(symmetry="auto")
    compiling = time.perf_counter() - start
    rows = []
    if not arguments.json:
        print(f"loading or compiling the kernels: {compiling:.1f} s", file=sys.stderr)
        print(
            "| arrangement | hyperplanes | cells | cones | set by set | with symmetry "
            "| memory |\n"
            "| --- | ---: | ---: | ---: | ---: | ---: | ---: |"
        )
    wanted = INSTANCES + LARGE * arguments.large + HUGE * arguments.huge
    for name, parameters, cells, ways in wanted:
        arrangement = getattr(families, name)(*parameters)
        row = {
            "arrangement": " ".join(map(str, (name, *parameters))),
            "hyperplanes": arrangement.n_hyperplanes,
            "cells": cells,
        }
        for way, column, count in (
            ("r", "cones", lambda a=arrangement: restrict.count(a)),
            ("p", "set by set", lambda a=arrangement: a.n_cells()),
            ("s", "with symmetry", lambda a=arrangement: a.n_cells(symmetry="auto")),
        ):
            row[column] = None
            if way in ways:
                row[column], found = seconds(count)
                if found != cells:
                    raise AssertionError(f"{row['arrangement']}: {found}, not {cells}")
        row["peak GiB"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
        rows.append(row)
        if not arguments.json:
            times = (row[c] for c in ("cones", "set by set", "with symmetry"))
            shown = " | ".join("" if t is None else f"{t:.3f} s" for t in times)
            print(
                f"| {row['arrangement']} | {row['hyperplanes']} | {cells:,} | {shown} "
                f"| {row['peak GiB']:.2f} GiB |",
                flush=True,
            )
    if arguments.json:
        json.dump({"compiling": compiling, "rows": rows}, sys.stdout)


if __name__ == "__main__":
    main()
