"""Characteristic polynomials by orbits of flats: time, memory, and orbits by rank.

Every sum of coefficients is known. Each count is a process of its own; seconds are of
processors, memory is the most that the process took beyond what it takes for a small
arrangement, of the workers the most that one took in all.

    python benchmarks/flats.py [--large] [--disk] [--jobs N] [--json]

``--disk`` keeps flats in a directory, ``--jobs`` finds them on N processes; ``--large`` adds
resonance 9.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
from contextlib import nullcontext
from pathlib import Path

os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", MKL_NUM_THREADS="1")

from arrangement import families
from arrangement.cli.options import workers
from arrangement.counting.flat_count import FlatCount

TOTALS = {
    ("threshold", 7): 8378070864,
    ("threshold", 8): 17561539552946,
    ("resonance", 8): 419172756930,
    ("threshold", 9): 144130531453121108,
    ("resonance", 9): 1955230985997140,
}


def measured(family, n, disk, jobs):
    counts = []
    made = FlatCount.__init__

    def noticed(self, *given):
        counts.append(self)
        made(self, *given)

    arrangement = getattr(families, family)(n)
    families.threshold(5).whitney_numbers("auto")
    before, start = peak(), seconds()
    FlatCount.__init__ = noticed
    with (
        workers(jobs) as executor,
        tempfile.TemporaryDirectory() if disk else nullcontext() as kept,
    ):
        found = arrangement.whitney_numbers("auto", executor=executor, checkpoint=kept)
        size = sum(path.stat().st_size for path in Path(kept).iterdir()) if kept else 0
    assert sum(found) == TOTALS[family, n]
    row = {
        "arrangement": f"{family} {n}",
        "orbits": counts[0].orbits,
        "seconds": seconds() - start,
        "MiB": peak() - before,
    }
    if disk:
        row["MiB on disk"] = size / 2**20
    if jobs:
        row["MiB of a worker"] = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    return row


def seconds():
    kinds = resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN
    return sum(resource.getrusage(kind).ru_utime for kind in kinds)


def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--large", action="store_true")
    parser.add_argument("--disk", action="store_true")
    parser.add_argument("--jobs", type=int)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--only", nargs=2, metavar=("FAMILY", "N"))
    options = parser.parse_args()
    if options.only:
        family, n = options.only
        print(json.dumps(measured(family, int(n), options.disk, options.jobs)))
        return
    rows = []
    for family, n in TOTALS:
        if (family, n) == ("resonance", 9) and not options.large:
            continue
        again = [sys.executable, *sys.argv, "--only", family, str(n)]
        run = subprocess.run(again, stdout=subprocess.PIPE, text=True, check=True)
        rows.append(json.loads(run.stdout))
        if not options.json:
            facts = (
                f"{k} {v:.3g}" if isinstance(v, float) else f"{k} {v}"
                for k, v in rows[-1].items()
            )
            print(", ".join(facts).removeprefix("arrangement "), flush=True)
    if options.json:
        print(json.dumps(rows, indent=1))


if __name__ == "__main__":
    main()
