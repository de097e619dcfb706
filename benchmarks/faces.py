"""Face vectors and faces, beside SageMath's where it is installed.

For each instance, after compilation: `face_vector()` by the intersection poset and by
enumeration, all faces with their signs, and with the cells around them; then SageMath's
`face_vector()` (by the poset) and, with --closed-faces, its `closed_faces()`. Every face vector
is compared. Times are seconds, the least of three where a call takes less than one.

    python benchmarks/faces.py [--sage PYTHON] [--closed-faces] [--large] [--json]

PYTHON is an interpreter that has SageMath's hyperplane arrangements: closed faces need
`pip install passagemath-polyhedra`, the face vector its posets as well. SageMath is asked only
where there are less than 100,000 faces.
"""

import argparse
import json
import os
import sys
import time

os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", MKL_NUM_THREADS="1")

import numpy as np
from compare_peers import peer, whole_rows

from arrangement import Arrangement, families

SAGE = """
import json, sys, time
from passagemath_polyhedra import *
from sage.geometry.hyperplane_arrangement.arrangement import HyperplaneArrangements
from sage.rings.rational_field import QQ
def build(rows):
    names = tuple(f"x{i}" for i in range(len(rows[0]) - 1))
    return HyperplaneArrangements(QQ, names)([[tuple(row[:-1]), row[-1]] for row in rows])
question, rows = json.load(sys.stdin)
def answer(arrangement):
    if question == "vector":
        return [int(f) for f in arrangement.face_vector()]
    return len(list(arrangement.closed_faces()))
answer(build([[1, 0, 0], [0, 1, 0]]))
arrangement = build(rows)
start = time.perf_counter()
found = answer(arrangement)
print(json.dumps([time.perf_counter() - start, found]))
"""


def instances(large):
    yield "braid 5", families.braid(5)
    yield "catalan 4", families.catalan(4)
    yield "resonance 4", families.resonance(4)
    yield "braid 6", families.braid(6)
    yield "random n=15 d=4", random(15, 4)
    yield "resonance 5", families.resonance(5)
    yield "threshold 5", families.threshold(5)
    if large:
        yield "braid 8", families.braid(8)
        yield "random n=30 d=5", random(30, 5)
        yield "resonance 6", families.resonance(6)


def random(n, d):
    rng = np.random.default_rng(0)
    return Arrangement(rng.integers(-99, 100, (n, d)), rng.integers(-99, 100, n))


def timed(function):
    times = []
    while not times or (len(times) < 3 and sum(times) < 1):
        start = time.perf_counter()
        found = function()
        times.append(time.perf_counter() - start)
    return min(times), found


def all_faces(arrangement):
    return tuple(len(arrangement.faces(k).signs) for k in range(arrangement.dimension + 1))


def all_incidences(arrangement):
    cells = arrangement.cells()
    levels = [arrangement.faces(k) for k in range(arrangement.dimension + 1)]
    return sum(faces.incidence_to(cells).nnz for faces in levels)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sage", metavar="PYTHON", default=sys.executable)
    parser.add_argument("--closed-faces", action="store_true", help="SageMath's faces too")
    parser.add_argument("--large", action="store_true", help="up to 13 million faces")
    parser.add_argument("--json", action="store_true", help="print JSON")
    options = parser.parse_args()
    for warm in (families.shi(3), random(6, 3)):
        warm.face_vector(), all_faces(warm), all_incidences(warm)
    rows = []
    for name, arrangement in instances(options.large):
        row = measured(arrangement)
        questions = ["vector", "closed faces"] if options.closed_faces else ["vector"]
        for question in questions if row["all"] < 10**5 else []:
            text = json.dumps([question, whole_rows(arrangement)])
            found = peer([options.sage, "-c", SAGE], text)
            if found:
                wanted = row["vector"] if question == "vector" else row["all"]
                assert found[1] == wanted, f"{name}: SageMath finds {found[1]}, not {wanted}"
                row[f"SageMath {question}"] = found[0]
        rows.append({"arrangement": name, **row})
        if not options.json:
            print(f"{name}: {row['all']:,} faces {tuple(row['vector'])}", flush=True)
            for what, seconds in row.items():
                if isinstance(seconds, float):
                    print(f"  {what:<24} {seconds:>10.4f} s")
    if options.json:
        print(json.dumps(rows, indent=1))


def measured(arrangement):
    vector = arrangement.face_vector()
    row = {"vector": list(vector), "all": sum(vector)}
    row["count"], _ = timed(arrangement.face_vector)
    row["enumerate"], found = timed(lambda: arrangement.face_vector("enumerate"))
    assert found == vector
    row["list"], found = timed(lambda: all_faces(arrangement))
    assert found == vector
    row["cells around faces"], row["pairs"] = timed(lambda: all_incidences(arrangement))
    return row


if __name__ == "__main__":
    main()
