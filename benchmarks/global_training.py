"""Global training against SCIP: the same problem, machine and run.

    python benchmarks/global_training.py [--seeds 3] [--limit 600] [--sizes 30,2,3 12,3,3]

SCIP (pyscipopt, where it is installed) gets the usual mixed-integer program: pre-activations
u_j·x_i with u_j = |z_j| w_j, outputs v_ij = max(0, u_j·x_i) by big-M with one binary a sample
and neuron, and the squared loss as one quadratic constraint. There is one run for each number
of negative output signs, cut off at the least loss so far. M is in SCIP's favour: the least
power of two that is twice what the proven optimum needs. Data: standard normal features and
targets, a bias counted in d. Times without compiling.
"""

from __future__ import annotations

import argparse
import time

import numpy as np

from arrangement.relu import OneHiddenLayer

try:
    import pyscipopt
except ImportError:
    pyscipopt = None


def data(N, d, seed):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(N, d - 1)), rng.normal(size=N)


def largest_preactivation(result, X):
    """The largest |z_j w_j·x_i| of the returned network."""
    X = np.column_stack([X, np.full(len(X), result.bias)])
    return float(np.abs(X @ result.weights.T * result.output_weights).max())


def scip(X, y, K, M, limit):
    """Least mean squared error, its dual bound, nodes and seconds by SCIP.

    f_i = Σ_j s_j v_ij with v_ij = max(0, u_j·x_i); the number of negative s_j is tried from 0
    to K, the loss found so far is the next one's cutoff.
    """
    N = len(y)
    X = np.column_stack([X, np.ones(N)])
    best, bound, nodes = float(np.mean(y**2)), np.inf, 0
    started = time.perf_counter()
    for negative in range(K + 1):
        left = limit - (time.perf_counter() - started)
        if left <= 0:
            return best, 0.0, nodes, time.perf_counter() - started
        s = [-1 if j < negative else 1 for j in range(K)]
        model = pyscipopt.Model()
        model.hideOutput()
        model.setParam("limits/time", left)
        model.setParam("limits/gap", 1e-6)
        model.setParam("parallel/maxnthreads", 1)
        u = [[model.addVar(lb=None) for _ in range(X.shape[1])] for _ in range(K)]
        r = [model.addVar(lb=None) for _ in range(N)]
        loss = model.addVar(lb=0.0)
        for i in range(N):
            v = []
            for j in range(K):
                t = pyscipopt.quicksum(float(x) * w for x, w in zip(X[i], u[j], strict=True))
                value, on = model.addVar(lb=0.0, ub=M), model.addVar(vtype="B")
                model.addCons(value >= t)
                model.addCons(value <= t + M * (1 - on))
                model.addCons(value <= M * on)
                v.append(value)
            f = pyscipopt.quicksum(s[j] * v[j] for j in range(K))
            model.addCons(r[i] == f - float(y[i]))
        model.addCons(pyscipopt.quicksum(e * e for e in r) <= N * loss)
        for j in range(K - 1):
            if s[j] == s[j + 1]:
                model.addCons(u[j][0] >= u[j + 1][0])
        model.setObjective(loss)
        model.setObjlimit(best * (1 + 1e-9))
        model.optimize()
        nodes += model.getNNodes()
        bound = min(bound, max(0.0, min(model.getDualbound(), best)))
        if model.getNSols():
            best = min(best, model.getObjVal())
    return best, bound, nodes, time.perf_counter() - started


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--limit", type=float, default=600.0, help="seconds for each run")
    parser.add_argument("--sizes", nargs="*", default=["30,2,3", "12,3,3"], metavar="N,K,d")
    parser.add_argument("--no-scip", action="store_true")
    arguments = parser.parse_args()
    started = time.perf_counter()
    OneHiddenLayer(*data(6, 2, 0), hidden=2).fit_global()
    print(f"compiled in {time.perf_counter() - started:.1f} s")
    print(
        "N K d seed | loss, bound, status, nodes, seconds | SCIP: loss, bound, nodes, seconds"
    )
    for size in arguments.sizes:
        N, K, d = map(int, size.split(","))
        for seed in range(arguments.seeds):
            X, y = data(N, d, seed)
            started = time.perf_counter()
            found = OneHiddenLayer(X, y, hidden=K).fit_global(time_limit=arguments.limit)
            seconds = time.perf_counter() - started
            line = (
                f"{N} {K} {d} {seed} | {found.fun:.9f} {found.lower_bound:.9f} {found.status} "
                f"{found.certificate.n_bounds} {seconds:.2f} s"
            )
            print(line, end="", flush=True)
            if pyscipopt is not None and not arguments.no_scip:
                M = 2.0 ** np.ceil(np.log2(2 * max(largest_preactivation(found, X), 1.0)))
                loss, bound, nodes, taken = scip(X, y, K, M, arguments.limit)
                print(
                    f" | {loss:.9f} {bound:.9f} {nodes} {taken:.1f} s (M = {M:g}), "
                    f"{taken / seconds:.0f} times",
                    end="",
                )
            print(flush=True)


if __name__ == "__main__":
    main()
