"""How likely a cell holds a differentiable minimum: random data and handwritten digits.

    python benchmarks/minima_probability.py [--seeds 20] [--large] [--jobs 1] [--plot DIR]

The share of cells, or of pairs and triples of cells, with a non-dead differentiable minimum:
mean and standard error over the seeds, d counting the bias. Gaussian samples with labels ±1,
and MNIST's zeros and ones (-1 and +1, equally many), reduced by principal components (PCA) or
random directions (LSH) and normalised. "drawn" tells how many tuples of a data set were looked
at where they are too many. Seconds are the median for one data set on one core.
"""

import argparse
import contextlib
import functools
import pathlib
import time
from concurrent.futures import ProcessPoolExecutor

from arrangement import plot
from arrangement.data.samples import DataSet, gaussian, mnist, prepare
from arrangement.enumeration.tasks import start_worker
from arrangement.relu.minima_probability import minima_probability


@functools.cache
def digits() -> DataSet:
    return mnist()


def zeros_and_ones(samples: int, features: int, seed: int, reduction: str) -> DataSet:
    return prepare(
        digits(), [0, 1], samples, features, reduction=reduction, labels="sign", seed=seed
    )


SOURCES = {
    "Gaussian": gaussian,
    "MNIST 0 and 1, PCA": functools.partial(zeros_and_ones, reduction="pca"),
    "MNIST 0 and 1, LSH": functools.partial(zeros_and_ones, reduction="lsh"),
}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--large", action="store_true", help="more samples and features")
    parser.add_argument("--draws", type=int, default=20_000, help="tuples of a data set")
    parser.add_argument("--jobs", type=int, default=1, help="processes")
    parser.add_argument("--plot", type=pathlib.Path, metavar="DIR", help="a picture a source")
    options = parser.parse_args()
    samples = [5, 10, 20, 40] + [80, 160] * options.large
    features = [2, 3] + [4] * options.large
    print("## K = 1, two inputs, Gaussian: the figures of the theory\n")
    for bias in (None, 1.0):
        table = minima_probability(seeds=options.seeds, bias=bias)
        print(f"{'no bias' if bias is None else 'bias 1'}\n\n{table.markdown()}")
    context = contextlib.nullcontext()
    if options.jobs > 1:
        context = ProcessPoolExecutor(options.jobs, initializer=start_worker)
    with context as executor:
        for name, source in SOURCES.items():
            started = time.perf_counter()
            parts = {"K = 1": ([1], samples), "K = 2, 3": ([2, 3], samples[:4])}
            for part, (hidden, sizes) in parts.items():
                table = minima_probability(
                    source,
                    sizes,
                    features if hidden == [1] else features[:2],
                    hidden,
                    options.seeds,
                    draws=options.draws,
                    executor=executor,
                    progress=True,
                )
                print(f"## {name}, {part}\n\n{table.markdown()}", flush=True)
                if options.plot is not None:
                    kind = f"{name}, {part}".lower().replace(",", "").replace(" = ", "")
                    target = options.plot / f"{kind.replace(' ', '_')}.png"
                    plot.minima_probability(table, target, f"{name}, {options.seeds} seeds")
            print(f"{name}: {time.perf_counter() - started:.0f} s\n", flush=True)


if __name__ == "__main__":
    main()
