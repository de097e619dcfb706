"""Convex training over all activation patterns, beside sampled ones.

For random samples (standard normal features and targets, a bias) and several weight decays β,
as shares of the least β for which the zero network is optimal: the number of patterns, the
certified optimum of all networks, its gap, the neurons it needs, the seconds it takes, and the
optima over the patterns of 20, 50 and 200 random vectors (as percentages above, mean over the
seeds of the vectors).

    python benchmarks/convex_training.py [--large] [--seeds 5] [--json]
"""

import argparse
import json
import os
import time

os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", MKL_NUM_THREADS="1")

import numpy as np

from arrangement.relu.training import convex

SHARES = (0.3, 0.1, 0.03, 0.01)
SAMPLED = (20, 50, 200)


def instances(large):
    yield 10, 2
    yield 20, 2
    yield 30, 2
    yield 20, 3
    if large:
        yield 60, 2
        yield 100, 2
        yield 40, 3
        yield 30, 4


def data_set(n, features):
    rng = np.random.default_rng(0)
    return rng.normal(size=(n, features)), rng.normal(size=n)


def measured(n, features, share, seeds):
    X, y = data_set(n, features)
    beta = share * convex.critical_beta(X, y)
    start = time.perf_counter()
    best = convex.train(X, y, beta)
    row = {
        "samples": n,
        "inputs": features,
        "share": share,
        "beta": beta,
        "patterns": best.n_patterns,
        "neurons": len(best.weights),
        "optimum": best.fun,
        "gap": best.gap,
        "seconds": time.perf_counter() - start,
    }
    for count in SAMPLED:
        start = time.perf_counter()
        runs = [convex.train(X, y, beta, patterns=count, rng=seed) for seed in range(seeds)]
        row[f"sampled {count}"] = [run.fun for run in runs]
        row[f"seconds {count}"] = (time.perf_counter() - start) / seeds
        assert min(row[f"sampled {count}"]) >= best.lower_bound * (1 - 1e-9)
    return row


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--large", action="store_true", help="up to 55,682 patterns")
    parser.add_argument("--seeds", type=int, default=5, help="of the random vectors")
    parser.add_argument("--json", action="store_true", help="print JSON")
    options = parser.parse_args()
    convex.train(*data_set(5, 2), beta=0.1)  # compiles, and imports cvxpy
    rows = []
    if not options.json:
        print(
            "N   inputs patterns  β/critical      optimum     gap neurons seconds  "
            + "  ".join(f"{count:>4} sampled" for count in SAMPLED)
        )
    for n, features in instances(options.large):
        for share in SHARES:
            row = measured(n, features, share, options.seeds)
            rows.append(row)
            if options.json:
                continue
            above = [
                f"{100 * (np.mean(row[f'sampled {c}']) / row['optimum'] - 1):+11.4f}%"
                for c in SAMPLED
            ]
            print(
                f"{n:<4}{features:>6} {row['patterns']:>8,} {share:>11} "
                f"{row['optimum']:>12.8f} {row['gap']:>7.0e} {row['neurons']:>7} "
                f"{row['seconds']:>7.2f}  " + "  ".join(above),
                flush=True,
            )
    if options.json:
        print(json.dumps(rows, indent=1))


if __name__ == "__main__":
    main()
