"""Random ONNX graphs: what is read computes what ONNX says, and what is not is one line.

    python benchmarks/onnx_graphs.py --number 100000 [--first 0]

Of each seed a valid graph of tests/networks/test_onnx.py is compared with the reference
evaluator of ONNX, and a copy with up to three random edits (operators, inputs, attributes,
shapes, types, bytes) is read: a network, or an error of one line.
"""

import argparse
import sys
import time
import warnings
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from tests.networks.test_onnx import check, check_edited


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--number", type=int, default=1000)
    parser.add_argument("--first", type=int, default=0)
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    started, refused = time.perf_counter(), 0
    for seed in range(options.first, options.first + options.number):
        try:
            check(seed)
            refused += check_edited(seed)
        except Exception:
            print(f"seed {seed}", file=sys.stderr)
            raise
    print(f"{options.number} graphs equal the reference, {options.number} edited ones are read")
    print(f"or refused in one line ({refused}): {time.perf_counter() - started:.0f} s")


if __name__ == "__main__":
    main()
