"""Two cores beside one, the memory of a stream, and what a large arrangement's columns cost.

    python benchmarks/scale.py [--hyperplanes 60] [--dimension 5] [--columns]
    python benchmarks/scale.py --regions 3 6 3

Times are the least of a few repetitions, with workers that are warm; the memory is the peak of
a process that streams all cells, beyond that of one that has only loaded numpy. With --regions
D P DEPTH nothing but the regions of a network of D inputs is streamed, whose layers fold the
unit cube P times along each input: P^(D DEPTH) of them, in seconds of its process.
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

PEAK = """
import sys, time
import numpy as np
def peak():  # getrusage would count what the parent had when it forked
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmHWM"))
before = peak()
"""

STREAM = f"""{PEAK}
from arrangement import Arrangement
n, d = map(int, sys.argv[1:])
rng = np.random.default_rng(0)
arrangement = Arrangement(rng.normal(size=(n, d)), rng.normal(size=n))
count = sum(map(len, arrangement.iter_cells()))
print(count, peak() - before)
"""

REGIONS = f"""{PEAK}
from arrangement.networks import Network
d, p, depth = map(int, sys.argv[1:])
# Each layer folds the unit cube p times along each input (Montufar et al. 2014), about.
first = np.kron(np.eye(d), np.full((p, 1), p))
again = np.kron(np.eye(d), np.full((p, 1), p) * [[1] + [2 * (-1) ** k for k in range(1, p)]])
biases = [np.tile([1] + [-k for k in range(1, p)], d)]
biases += [biases[0] - p * np.ones(d * p, int)] * (depth - 1)
weights = [first, *[again] * (depth - 1), again[::p]]
rng = np.random.default_rng(0)
network = Network(weights, [*(b + rng.uniform(-0.001, 0.001, d * p) for b in biases), [0] * d])
count = sum(map(len, network.iter_regions([(0, 1)] * d)))
assert count == p ** (d * depth), count
print(count, peak() - before, time.process_time())
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


def streamed(script, sizes):
    """What a process of its own prints."""
    command = [sys.executable, "-c", script, *map(str, sizes)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return map(float, done.stdout.split())


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
    parser.add_argument("--regions", type=int, nargs=3, metavar=("D", "P", "DEPTH"))
    options = parser.parse_args()
    if options.regions:
        count, memory, seconds = streamed(REGIONS, options.regions)
        print(f"iter_regions: {int(count):,} in {memory / 2**10:.0f} MB, {seconds:,.0f} s")
        return
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
    count, memory = streamed(STREAM, (n, d))
    print(f"iter_cells: {int(count):,} cells in {memory / 2**10:.0f} MB")
    if options.columns:
        columns(random(50, 5))


if __name__ == "__main__":
    main()
