"""Where L-BFGS ends, and the proven pieces of minima below its ends.

    OPENBLAS_NUM_THREADS=1 python benchmarks/polish.py [--runs 200] [--size N,d,K]

Data: standard normal features (d − 1, and a bias) and targets. Each run starts at random
weights and is ended by scipy's L-BFGS-B after at most 2,000 iterations; then `polish` goes on.
Told are how many ends are certified and of no higher loss, kinds, steps and seconds.
"""

from __future__ import annotations

import argparse
import time
from collections import Counter

import numpy as np
from scipy.optimize import minimize

from arrangement.relu import OneHiddenLayer


def trained(X, y, K, rng, iterations=2000):
    """The end of L-BFGS: weights, the bias last, and output weights."""
    X = np.column_stack([X, np.ones(len(X))])
    N, d = X.shape

    def loss(p):
        W, z = p[: K * d].reshape(K, d), p[K * d :]
        inner = X @ W.T
        active = np.maximum(inner, 0.0)
        r = active @ z - y
        slope = ((r[:, None] * z) * (inner > 0)).T @ X
        return r @ r / N, 2 / N * np.concatenate([slope.ravel(), active.T @ r])

    start = np.concatenate(
        [rng.normal(size=K * d) * np.sqrt(2 / d), rng.normal(size=K) / np.sqrt(K)]
    )
    limits = {"maxiter": iterations, "maxfun": 10 * iterations}
    end = minimize(loss, start, jac=True, method="L-BFGS-B", options=limits).x
    return end[: K * d].reshape(K, d), end[K * d :]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--size", default="200,11,20", help="N,d,K, the bias counted in d")
    options = parser.parse_args()
    N, d, K = map(int, options.size.split(","))
    kinds, steps, seconds, falls, good = Counter(), [], [], [], 0
    for seed in range(options.runs):
        rng = np.random.default_rng(seed)
        X, y = rng.normal(size=(N, d - 1)), rng.normal(size=N)
        layer = OneHiddenLayer(X, y, hidden=K)
        network = trained(X, y, K, rng)
        started = time.perf_counter()
        end = layer.polish(network)
        seconds.append(time.perf_counter() - started)
        good += end.certified and end.loss <= end.initial_loss
        kinds[end.kind] += 1
        steps.append(end.steps)
        falls.append(end.loss / end.initial_loss)
        if not end.certified:
            print(f"seed {seed}: {end}", flush=True)
    print(f"N = {N}, d = {d}, K = {K}: {good} of {options.runs} certified, of no higher loss")
    print("kinds:", ", ".join(f"{n} {kind}" for kind, n in kinds.most_common()))
    print(f"steps: median {np.median(steps):.0f}, most {max(steps)}")
    print(f"seconds: median {np.median(seconds):.2f}, most {max(seconds):.2f}")
    print(f"loss left: median {np.median(falls):.3g} of what L-BFGS had")


if __name__ == "__main__":
    main()
