"""SageMath's methods beside ours, on random arrangements: do the answers agree?

What docs/vocabulary.md puts side by side, where answers can be compared, is asked of both. A
line is a method, with the arrangements on which it was asked, and the seconds that SageMath and
we took:

    python benchmarks/vocabulary.py --sage PYTHON [--count N] [--seed N]

PYTHON has passagemath-polyhedra, -graphs, -flint, -modules and -singular. A line with "differs"
is a mistake, and makes the exit code 1. SageMath has an order of its own for hyperplanes and
regions; what is compared does not depend on it.
"""

import argparse
import json
import subprocess
import sys
import time

import numpy as np
from flint import fmpz_mat

from arrangement import Arrangement, families

SAGE = """
import json, sys, time
from passagemath_polyhedra import *
from sage.geometry.hyperplane_arrangement.arrangement import HyperplaneArrangements
from sage.geometry.hyperplane_arrangement.library import hyperplane_arrangements as library
from sage.graphs.graph import Graph
from sage.rings.rational_field import QQ

def powers(polynomial):
    return [int(c) for c in polynomial.list()[::-1]]

def evaluated(matrix, weight):
    return matrix.subs({h: weight for h in matrix.base_ring().gens()}).det()

for line in sys.stdin:
    question, rows = json.loads(line)
    H = HyperplaneArrangements(QQ, tuple(f"x{i}" for i in range(len(rows[0]) - 1)))
    A = H([[tuple(row[:-1]), row[-1]] for row in rows])
    start = time.perf_counter()
    found = eval(question)
    seconds = time.perf_counter() - start
    print(json.dumps([found, seconds], default=int), flush=True)
"""

METHODS = {
    "n_regions": ("A.n_regions()", lambda A: A.n_cells()),
    "n_bounded_regions": ("A.n_bounded_regions()", lambda A: A.n_bounded_cells()),
    "rank": ("A.rank()", lambda A: A.rank),
    "center": (
        "A.center().dimension()",
        lambda A: A.center().dimension if A.is_central else -1,
    ),
    "is_central": ("A.is_central()", lambda A: A.is_central),
    "is_linear": ("A.is_linear()", lambda A: A.is_linear),
    "is_essential": ("A.is_essential()", lambda A: A.is_essential),
    "is_simplicial": ("A.is_simplicial()", lambda A: A.is_simplicial()),
    "characteristic_polynomial": (
        "powers(A.characteristic_polynomial())",
        lambda A: A.characteristic_polynomial(),
    ),
    "poincare_polynomial": (
        "powers(A.poincare_polynomial())",
        lambda A: _trimmed(A.poincare_polynomial()),
    ),
    "face_vector": ("list(A.face_vector())", lambda A: A.face_vector()),
    "whitney_data": (
        "[[list(row) for row in table] for table in A.whitney_data()]",
        lambda A: A.whitney_data(),
    ),
    "intersection_poset": (
        "[P.cardinality(), len(P.cover_relations())] if (P := A.intersection_poset()) else 0",
        lambda A: _size(A.intersection_poset()),
    ),
    "poset_of_regions": (
        "[P.cardinality(), len(P.cover_relations())] if (P := A.poset_of_regions()) else 0",
        lambda A: _size(A.poset_of_regions(0)),
    ),
    "distance_enumerator": (
        "sorted(A.distance_enumerator(region).list() for region in A.regions())",
        lambda A: sorted(A.distance_enumerator(i) for i in range(A.n_cells())),
    ),
    "varchenko_matrix": (
        "evaluated(A.varchenko_matrix(), 3)",
        lambda A: _evaluated(A.varchenko_matrix(), [3] * len(A)),
    ),
    "vertices": (
        "sorted(str(list(vertex)) for vertex in A.vertices())",
        lambda A: sorted(
            f"[{', '.join(map(str, flat.point))}]" for flat in A.flats(A.dimension)
        ),
    ),
    "deletion": (
        "sorted(powers(A.deletion(h).characteristic_polynomial()) for h in A)",
        lambda A: sorted(A.deletion(h).characteristic_polynomial() for h in A),
    ),
    "restriction": (
        "sorted(powers(A.restriction(h).characteristic_polynomial()) for h in A)",
        lambda A: sorted(A.restriction(h).characteristic_polynomial() for h in A),
    ),
    "cone": (
        "powers(A.cone().characteristic_polynomial())",
        lambda A: A.cone().characteristic_polynomial(),
    ),
    "essentialization": (
        "powers(A.essentialization().characteristic_polynomial())",
        lambda A: A.essentialization().characteristic_polynomial(),
    ),
}
CENTRAL = {
    "cocharacteristic_polynomial": (
        "powers(A.cocharacteristic_polynomial())",
        lambda A: A.cocharacteristic_polynomial(),
    ),
    "primitive_eulerian_polynomial": (
        "powers(A.primitive_eulerian_polynomial())",
        lambda A: A.primitive_eulerian_polynomial(),
    ),
    "matroid": (
        "[A.matroid().bases_count(), len(A.matroid().circuits())]",
        lambda A: [len(A.matroid().bases), len(A.matroid().circuits)],
    ),
    "is_free": ("A.is_free()", lambda A: A.is_free()),
    "is_formal": ("A.is_formal()", lambda A: A.is_formal()),
    "minimal_generated_number": (
        "A.minimal_generated_number()",
        lambda A: A.minimal_generated_number(),
    ),
}
"""What SageMath is asked of an arrangement A, and what is asked here."""


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sage", metavar="PYTHON", required=True)
    parser.add_argument("--count", type=int, default=40, metavar="N")
    parser.add_argument("--seed", type=int, default=0, metavar="N")
    options = parser.parse_args()
    rng = np.random.default_rng(options.seed)
    members = [families.shi(3), families.linial(3), families.braid(4), families.coxeter("B", 3)]
    members += [_random(rng) for _ in range(options.count)]
    process = subprocess.Popen(
        [options.sage, "-c", SAGE], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    wrong = 0
    for name, (question, ours) in (METHODS | CENTRAL).items():
        asked, differ, seconds = 0, [], np.zeros(2)
        for arrangement in members:
            # Of no hyperplanes SageMath forgets the dimension.
            few = len(arrangement) <= (name in ("deletion", "restriction"))
            # Of one variable it has no Jacobian ideal.
            few |= name == "is_free" and arrangement.dimension == 1
            if few or (name in CENTRAL and not arrangement.is_linear):
                continue
            process.stdin.write(json.dumps([question, arrangement.rows.tolist()]) + "\n")
            process.stdin.flush()
            theirs, taken = json.loads(process.stdout.readline())
            start = time.perf_counter()
            found = json.loads(json.dumps(ours(arrangement), default=int))
            seconds += taken, time.perf_counter() - start
            asked += 1
            if found != theirs:
                differ.append(f"{arrangement.rows.tolist()}: {found}, not {theirs}")
        verdict = f"differs: {differ[0]}" if differ else "agrees"
        print(f"{name:30} {asked:4} {seconds[0]:8.2f} {seconds[1]:8.2f}  {verdict}")
        wrong += len(differ)
    sys.exit(wrong > 0)


def _random(rng):
    """Few small numbers, so that hyperplanes are parallel and share points."""
    d = int(rng.integers(1, 4))
    rows = rng.integers(-2, 3, (int(rng.integers(1, 8)), d + 1))
    rows[:, -1] *= rng.integers(2)
    rows = rows[rows[:, :-1].any(axis=1)]
    arrangement = Arrangement(rows[:, :-1], rows[:, -1])
    return arrangement.chosen(arrangement.different)


def _trimmed(coefficients):
    """Without zeros in front, which ours have where hyperplanes have lines in common."""
    return np.trim_zeros(coefficients, "f")


def _size(graph):
    return [graph.number_of_nodes(), graph.number_of_edges()]


def _evaluated(matrix, weights):
    return fmpz_mat([[int(entry(*weights)) for entry in row] for row in matrix]).det()


if __name__ == "__main__":
    main()
