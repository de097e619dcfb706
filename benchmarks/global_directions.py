"""Global training of two neurons on hundreds of samples: seconds, nodes, gap, memory.

    python benchmarks/global_directions.py [--sizes 200 704] [--limit 1800] [--seed 0]

Data: two standard normal features and a bias, y = sin(2 x₁) + 0.3 times standard normal noise.
Times without compiling.
"""

from __future__ import annotations

import argparse
import resource
import time

import numpy as np

from arrangement.relu import OneHiddenLayer


def data(N, seed):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(N, 2))
    return X, np.sin(2 * X[:, 0]) + 0.3 * rng.normal(size=N)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", type=int, nargs="*", default=[200, 704])
    parser.add_argument("--limit", type=float, default=1800.0, help="seconds for each run")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    OneHiddenLayer(*data(8, 1), hidden=2).fit_global(method="cones", time_limit=1.0)
    for N in arguments.sizes:
        problem = OneHiddenLayer(*data(N, arguments.seed), hidden=2)
        started = time.perf_counter()
        found = problem.fit_global(time_limit=arguments.limit)
        seconds = time.perf_counter() - started
        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(
            f"N = {N}: {found}, gap {found.gap:.2g}, {found.certificate.n_bounds:,} nodes, "
            f"{found.certificate.n_open:,} open, {seconds:.1f} s, {most:.0f} MB",
            flush=True,
        )


if __name__ == "__main__":
    main()
