"""Certificates of linear regions: how long to write, how large, how long to check.

Run ``python benchmarks/certificates.py``; ``--large`` adds the networks that take minutes.
"""

import argparse
import tempfile
import time
from itertools import pairwise
from pathlib import Path

from arrangement.networks import Network
from arrangement.networks.proofs.verify import verify

NETWORKS = [
    ([1, 64, 64, 1], "relu"),
    ([2, 32, 32, 1], "relu"),
    ([2, 16, 16, 1], ("maxout", 3)),
    ([3, 12, 12, 1], "relu"),
    ([4, 8, 6, 1], "relu"),
]
LARGE = [([2, 64, 64, 1], "relu"), ([3, 20, 20, 1], "relu"), ([5, 6, 5, 1], "relu")]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--large", action="store_true", help="networks that take minutes, too")
    options = parser.parse_args()
    Network.random([2, 3, 1], rng=0).regions([(-1, 1)] * 2).points  # noqa: B018  compiles
    print("| network | regions | simplices | regions() | write | kB | check |")
    print("| --- | ---: | ---: | ---: | ---: | ---: | ---: |")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "certificate.json.gz"
        for layers, activation in NETWORKS + LARGE * options.large:
            network = Network.random(layers, rng=0, activation=activation)
            times = [time.perf_counter()]
            regions = network.regions([(-1, 1)] * layers[0])
            times.append(time.perf_counter())
            regions.write_certificate(path)
            times.append(time.perf_counter())
            verdict = verify(path)
            times.append(time.perf_counter())
            assert verdict.holds
            found, wrote, checked = (b - a for a, b in pairwise(times))
            name = "-".join(map(str, layers)) + (" maxout 3" if activation != "relu" else "")
            print(
                f"| {name} | {len(regions):,} | {verdict.n_simplices:,} | {found:.2f} s | "
                f"{wrote:.2f} s | {path.stat().st_size // 1000:,} | {checked:.2f} s |",
                flush=True,
            )


if __name__ == "__main__":
    main()
