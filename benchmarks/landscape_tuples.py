"""How fast tuples of cells and faces are gone through, and what is found on the way.

    python benchmarks/landscape_tuples.py [--samples 30] [--hidden 2] [--features 2]

Gaussian samples with a bias and targets ±1, one process, fixed seed. "differentiable" goes
through the multisets of cells, "all" through those of faces; compilation is not counted.
"""

import argparse
import time

import numpy as np

from arrangement.relu import OneHiddenLayer
from arrangement.relu.multisets import n_multisets


def data(n: int, features: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, features)), rng.choice([-1.0, 1.0], n)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--samples", type=int, default=30)
    parser.add_argument("--features", type=int, default=2)
    parser.add_argument("--hidden", type=int, default=2)
    parser.add_argument("--exact", type=int, default=10, help="samples of the exact run")
    options = parser.parse_args()
    for exact in (False, True):
        OneHiddenLayer(*data(6, options.features), options.hidden).landscape(exact=exact)

    def run(name: str, n: int, **arguments: object) -> None:
        layer = OneHiddenLayer(*data(n, options.features), options.hidden)
        started, used = time.perf_counter(), time.process_time()
        landscape = layer.landscape(**arguments)
        seconds, used = time.perf_counter() - started, time.process_time() - used
        states = len(landscape.table.active)
        tuples = n_multisets(states, options.hidden)
        print(
            f"{name:24} N = {n:2}, d = {layer.dimension}, K = {layer.hidden}: "
            f"{states:,} states, {tuples:,} tuples, {seconds:.2f} s "
            f"({used:.2f} s of processor time, {tuples / used:,.0f} tuples/s), "
            f"{landscape.pieces!r}, {landscape.doubtful} doubtful",
            flush=True,
        )

    cells = ("isolated", "continuum", "dead")
    run("differentiable", options.samples, kinds=cells)
    run("all", options.samples)
    whole = OneHiddenLayer(*data(options.samples, options.features), options.hidden)
    least = whole.landscape(kinds=cells).global_minimum.loss
    run("up to the best cell", options.samples, max_loss=least)
    run("all", options.exact)
    run("all, exact", options.exact, exact=True)
    started = time.perf_counter()
    graph = whole.landscape(kinds=cells).graph
    edges = len(graph.edges)
    print(f"product graph: {len(graph):,} nodes, {edges:,} edges, ", end="")
    print(f"{time.perf_counter() - started:.2f} s; {len(graph.minima):,} minima of the graph")


if __name__ == "__main__":
    main()
