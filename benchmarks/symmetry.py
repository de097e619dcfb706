"""Cells counted in a chamber of reflections: how fast, in how much memory, beside flats.

Every total is known. Classes are the cells of the chamber alone, those up to reflections; all
cells come from the chamber and its faces. Seconds are of one processor; with ``--jobs`` it
is compared how long one process and N take by the clock; with ``--flats`` all is counted by
orbits of flats, too, which takes minutes and gigabytes.

    python benchmarks/symmetry.py [--large] [--jobs N] [--flats] [--json]

``--large`` adds resonance 9.
"""

import argparse
import json
import os
import resource
from concurrent.futures import ProcessPoolExecutor
from time import perf_counter, process_time

os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", MKL_NUM_THREADS="1")

from arrangement import families
from arrangement.counting.by_chambers import chamber_counts, count_by_chambers

TOTALS = {
    ("threshold", 7): (2470, 8378070864),
    ("threshold", 8): (175428, 17561539552946),
    ("resonance", 8): (1681100, 419172756930),
    ("threshold", 9): (52980624, 144130531453121108),
    ("resonance", 9): (653416620, 1955230985997140),
}
ASKED = {("threshold", 9): 15.0, ("resonance", 9): 180.0}
"""Seconds that are asked for."""


def seconds(run, clock=process_time):
    start = clock()
    result = run()
    return clock() - start, result


def measured(family, n, jobs, flats):
    arrangement = getattr(families, family)(n)
    classes, cells = TOTALS[family, n]
    prepared, counts = seconds(lambda: chamber_counts(arrangement))
    chamber = [i for i, task in enumerate(counts.tasks) if not counts.faces[task[0]].walls]
    alone, numbers = seconds(lambda: [counts.count(i) for i in chamber])
    assert sum(numbers) == classes
    started = perf_counter()
    counted, found = seconds(lambda: count_by_chambers(counts))
    by_clock = perf_counter() - started
    assert (found.n_classes, found.n_cells) == (classes, cells)
    row = {
        "arrangement": f"{family} {n}",
        "classes": classes,
        "million classes a second": classes / alone / 1e6,
        "counted": found.n_counted,
        "seconds to prepare": prepared,
        "seconds": prepared + counted,
        "asked": ASKED.get((family, n)),
        "MiB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }
    if jobs:
        with ProcessPoolExecutor(jobs) as executor:
            list(executor.map(abs, range(jobs)))
            shared, again = seconds(
                lambda: count_by_chambers(counts, executor=executor), perf_counter
            )
        assert again == found
        row[f"times as fast, {jobs} processes"] = by_clock / shared
    if flats:
        took, total = seconds(lambda: sum(arrangement.whitney_numbers("auto")))
        assert total == cells
        row["seconds by flats"] = took
    return row


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--large", action="store_true")
    parser.add_argument("--jobs", type=int)
    parser.add_argument("--flats", action="store_true")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    count_by_chambers(chamber_counts(families.threshold(5)))
    rows = []
    for family, n in TOTALS:
        if (family, n) == ("resonance", 9) and not options.large:
            continue
        rows.append(measured(family, n, options.jobs, options.flats))
        if not options.json:
            facts = (
                f"{k} {v:.3g}" if isinstance(v, float) else f"{k} {v}"
                for k, v in rows[-1].items()
                if v is not None
            )
            print(", ".join(facts).removeprefix("arrangement "), flush=True)
    if options.json:
        print(json.dumps(rows, indent=1))


if __name__ == "__main__":
    main()
