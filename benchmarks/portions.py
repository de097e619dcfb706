"""How long the landscape of one neuron takes, and how much memory, for hundreds of samples.

    python benchmarks/portions.py [N ...]

Normal samples of two features with a bias, each number in a process of its own: the faces that
were gone through, the pieces, seconds (by the clock and of the processor), nanoseconds for the
sign of a face on a sample, and the most memory that the process held. Compiled loops are loaded
before the clock starts. It fails where 500 samples take more than 10 s or 1 GB, or 1,000 more
than 60 s or 2 GB.
"""

import argparse
import resource
import subprocess
import sys
import time

import numpy as np

from arrangement.relu import OneHiddenLayer

LIMITS = {500: (10.0, 1.0), 1000: (60.0, 2.0)}


def layer(n: int) -> OneHiddenLayer:
    rng = np.random.default_rng(0)
    return OneHiddenLayer(rng.normal(size=(n, 2)), rng.normal(size=n))


def measured(n: int) -> None:
    """Print one line, and fail where a limit is not kept."""
    layer(60).landscape()
    problem = layer(n)
    clock, work = time.perf_counter(), time.process_time()
    landscape = problem.landscape()
    seconds, work = time.perf_counter() - clock, time.process_time() - work
    gigabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    faces = sum(landscape.n_faces)
    each = work / faces / n * 1e9
    print(
        f"{n:6,} samples: {faces:11,} faces, {landscape.pieces}, "
        f"{landscape.doubtful} doubtful: {seconds:.1f} s ({work:.1f} s of the processor, "
        f"{each:.1f} ns a sign), {gigabytes:.2f} GB",
        flush=True,
    )
    most_seconds, most_gigabytes = LIMITS.get(n, (np.inf, np.inf))
    if seconds > most_seconds or gigabytes > most_gigabytes:
        sys.exit(f"more than {most_seconds:g} s or {most_gigabytes:g} GB")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("samples", type=int, nargs="*", default=[100, 200, 500, 1000])
    parser.add_argument("--here", action="store_true", help="in this process")
    options = parser.parse_args()
    for n in options.samples:
        if options.here:
            measured(n)
        elif subprocess.run(
            [sys.executable, __file__, "--here", str(n)], check=False
        ).returncode:
            sys.exit(1)


if __name__ == "__main__":
    main()
