"""Two cores beside one, the memory of a stream, and what a large arrangement's columns cost.

    python benchmarks/scale.py [--hyperplanes 60] [--dimension 5] [--columns]

Times are the least of a few repetitions, with workers that are warm; the memory is the peak of
a process that streams all cells, beyond that of one that has only loaded numpy.
"""

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor

os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", MKL_NUM_THREADS="1")

import numpy as np

from arrangement import Arrangement

STREAM = """
import sys
import numpy as np
def peak():  # getrusage would count what the parent had when it forked
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmHWM"))
before = peak()
from arrangement import Arrangement
n, d = map(int, sys.argv[1:])
rng = np.random.default_rng(0)
arrangement = Arrangement(rng.normal(size=(n, d)), rng.normal(size=n))
count = sum(map(len, arrangement.iter_cells()))
print(count, peak() - before)
"""


def random(n, d):
    rng = np.random.default_rng(0)
    return Arrangement(rng.normal(size=(n, d)), rng.normal(size=n))


def least(function, repetitions=5):
    times = []
    for _ in range(repetitions):
        start = time.perf_counter()
        result = function()
        times.append(time.perf_counter() - start)
    return min(times), result


def compare(name, arrangement, executor):
    """One core and an executor in turn, so that other load falls on both."""
    arrangement.cells(executor=executor)
    alone, shared = [], []
    for _ in range(5):
        seconds, cells = least(lambda: arrangement.cells(method="sweep"), 1)
        alone.append(seconds)
        seconds, same = least(lambda: arrangement.cells(executor=executor), 1)
        shared.append(seconds)
        assert np.array_equal(cells.packed, same.packed)
    ratio = min(alone) / min(shared)
    print(f"{name}: {min(shared):.3f} s, one core {min(alone):.3f} s, ratio {ratio:.2f}")


def columns(arrangement):
    seconds, cells = least(arrangement.cells, 1)
    print(f"{len(cells):,} cells: {seconds:.2f} s")
    for name in ("edges", "bounded", "points"):
        seconds, column = least(lambda name=name: getattr(cells, name), 1)
        print(f"{name} {column.shape}: {seconds:.2f} s")
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "cells.graphml")
        seconds, _ = least(lambda: cells.write_graphml(path), 1)
        print(f"GraphML of {os.path.getsize(path) / 1e6:,.0f} MB: {seconds:.1f} s")
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20:.2f} GiB")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--hyperplanes", type=int, default=60)
    parser.add_argument("--dimension", type=int, default=5)
    parser.add_argument("--columns", action="store_true", help="n = 50, d = 5: edges, GraphML")
    options = parser.parse_args()
    n, d = options.hyperplanes, options.dimension
    arrangement = random(n, d)
    arrangement.cells(method="sweep")
    with ProcessPoolExecutor(2) as executor:
        compare("two processes", arrangement, executor)
    try:
        from distributed import Client, LocalCluster
    except ImportError:
        print("Dask is not installed")
    else:
        with (
            LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster,
            Client(cluster) as client,
        ):
            compare("Dask, two workers", arrangement, client.get_executor())
    stream = [sys.executable, "-c", STREAM, str(n), str(d)]
    found = subprocess.run(stream, capture_output=True, text=True, check=True).stdout.split()
    print(f"iter_cells: {int(found[0]):,} cells in {int(found[1]) / 2**10:.0f} MB")
    if options.columns:
        columns(random(50, 5))


if __name__ == "__main__":
    main()
