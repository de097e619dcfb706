"""The same arrangements, enumerated by this package's methods and by peers that are installed.

Times are whole calls after a warm-up (and after compilation), on one machine in one run, the
least of three where a call takes less than a second; every count of cells is compared. A peer
runs in its own process, so that it may live in an environment of its own:

    python benchmarks/compare_peers.py [--sage PYTHON] [--polypart PYTHON] [--polymake POLYMAKE]
                                       [--large] [--json]

PYTHON is an interpreter that has the peer: SageMath's hyperplane arrangements are
`pip install passagemath-polyhedra`, polypart is `pip install polypart`. A peer that is not
found is left out.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time

os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", MKL_NUM_THREADS="1")

import numpy as np

from arrangement import Arrangement, families

LIMIT = 600
"""Seconds that a peer may take for one arrangement."""

SAGE = """
import json, sys, time
from passagemath_polyhedra import *
from sage.geometry.hyperplane_arrangement.arrangement import HyperplaneArrangements
from sage.rings.rational_field import QQ
def build(rows):
    names = tuple(f"x{i}" for i in range(len(rows[0]) - 1))
    return HyperplaneArrangements(QQ, names)([[tuple(row[:-1]), row[-1]] for row in rows])
len(build([[1, 0, 0], [0, 1, 0]]).regions())
rows = json.load(sys.stdin)
arrangement = build(rows)
start = time.perf_counter()
count = len(arrangement.regions())
print(json.dumps([time.perf_counter() - start, count]))
"""

POLYPART = """
import json, sys, time
from polypart.geometry import Hyperplane
from polypart.inc_enu import build_tree_inc_enu
rows = json.load(sys.stdin)
planes = [Hyperplane(row[:-1], -row[-1]) for row in rows]
start = time.perf_counter()
_, count = build_tree_inc_enu(planes)
print(json.dumps([time.perf_counter() - start, count]))
"""

POLYMAKE = """
use application "fan";
use Time::HiRes;
my $start = Time::HiRes::time();
my $a = new HyperplaneArrangement(HYPERPLANES=>new Matrix<Rational>({rows}));
my $count = $a->CHAMBER_DECOMPOSITION->N_MAXIMAL_CONES;
print "[", Time::HiRes::time() - $start, ",", $count, "]\\n";
"""


def instances(large):
    yield "braid 5", families.braid(5)
    yield "resonance 4", families.resonance(4)
    rng = np.random.default_rng(0)
    yield (
        "random integers n=15 d=3",
        Arrangement(rng.integers(-99, 100, (15, 3)), rng.integers(-99, 100, 15)),
    )
    yield "braid 6", families.braid(6)
    if large:
        yield "resonance 5", families.resonance(5)


def whole_rows(arrangement):
    return [[int(v) for v in row] for row in arrangement.rows]


def ours(arrangement, method):
    times = []
    while not times or (len(times) < 3 and sum(times) < 1):
        start = time.perf_counter()
        count = len(arrangement.cells(method=method))
        times.append(time.perf_counter() - start)
    return min(times), count


def peer(command, text):
    """(seconds, cells) that a peer prints as JSON; None if it fails or is too slow."""
    try:
        run = subprocess.run(
            command, input=text, capture_output=True, text=True, timeout=LIMIT, check=True
        )
        return json.loads(run.stdout.splitlines()[-1])
    except (subprocess.SubprocessError, OSError, ValueError, IndexError):
        return None


def polymake(program, rows):
    """polymake takes hyperplanes through the origin: others are coned, which doubles them."""
    copies = 2 if any(row[-1] for row in rows) else 1
    width = len(rows[0]) if copies == 2 else len(rows[0]) - 1
    infinity = [[0] * (width - 1) + [1]] if copies == 2 else []
    script = POLYMAKE.format(rows=json.dumps([row[:width] for row in rows] + infinity))
    with tempfile.NamedTemporaryFile("w", suffix=".pl") as file:
        file.write(script)
        file.flush()
        found = peer([program, "--script", file.name], "")
    return found and [found[0], found[1] // copies]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sage", metavar="PYTHON", default=sys.executable)
    parser.add_argument("--polypart", metavar="PYTHON", default=sys.executable)
    parser.add_argument("--polymake", metavar="POLYMAKE", default=shutil.which("polymake"))
    parser.add_argument("--large", action="store_true", help="resonance 5 too")
    parser.add_argument("--json", action="store_true", help="print JSON")
    options = parser.parse_args()
    for warm in (families.braid(3), Arrangement(np.eye(3), [0.5, 1, 2])):
        for method in ("sweep", "restrict", "lp"):
            warm.cells(method=method)
    rows = []
    for name, arrangement in instances(options.large):
        text = json.dumps(whole_rows(arrangement))
        found = {m: ours(arrangement, m) for m in ("auto", "sweep", "restrict", "lp")}
        found["SageMath regions()"] = peer([options.sage, "-c", SAGE], text)
        found["polypart"] = peer([options.polypart, "-c", POLYPART], text)
        if options.polymake:
            found["polymake"] = polymake(options.polymake, whole_rows(arrangement))
        seconds, cells = found["auto"]
        for who, result in found.items():
            if result is not None and result[1] != cells:
                raise AssertionError(f"{name}: {who} finds {result[1]} cells, not {cells}")
        rows.append((name, cells, found))
        if not options.json:
            print(f"{name}: {cells:,} cells, {seconds:.4f} s")
            for who, result in found.items():
                if result is not None and who != "auto":
                    print(f"  {who:<20} {result[0]:>10.4f} s  {result[0] / seconds:>10,.1f} x")
    if options.json:
        json.dump([{"instance": n, "cells": c, "found": f} for n, c, f in rows], sys.stdout)


if __name__ == "__main__":
    main()
