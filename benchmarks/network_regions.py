"""Linear regions of the same networks in the same box, by this package and by peers.

He-initialised networks (biases U(±1/√fan_in), all numbers rounded to float32 since a peer takes
no others) in [−1, 1]^d, and degenerate networks whose number of regions is known. Times are
whole calls on one core after a warm-up (and after compilation), the least of three where a call
takes less than a second. A peer runs in its own process, so that it may live in an environment
of its own, and must finish within `--limit` seconds:

    python benchmarks/network_regions.py [--peers PYTHON] [--only PEER ...]
                                         [--limit SECONDS] [--degenerate] [--large] [--json]
                                         [--questions]

With `--questions`, not peers but what follows from the regions is compared with `regions()`:
`n_linear_regions` and `prune`, up to five inputs.

PYTHON is an interpreter that has the peers: `pip install regioncam affinitree relucent parx`.
edges is Berzins' subdivision of edges as `edge_subdivision.py` has it, in float64, which finds
vertices, edges and signs, and takes no degenerate network;
regioncam cuts squares in float32; affinitree solves linear programs, in any dimension; relucent
crosses facets found by Gurobi, whose licence on PyPI is limited in size; parx enumerates the
regions in all of R^d, so that its counts are others, and asks for Julia even where its method
"exact_python" needs none: it is only told that there is one.
"""

import argparse
import json
import math
import os
import subprocess
import sys
import time

os.environ.update(
    OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", MKL_NUM_THREADS="1", RAYON_NUM_THREADS="1"
)

import numpy as np

from arrangement import families
from arrangement.relu import Network

MEMORY = 6 * 2**30
"""Bytes of address space that a peer may have."""

START = """
import json, sys, time, warnings, resource
import numpy as np
warnings.simplefilter("ignore")
given = json.load(sys.stdin)
resource.setrlimit(resource.RLIMIT_AS, (given["memory"], given["memory"]))
weights = [np.array(W) for W in given["weights"]]
biases = [np.array(b) for b in given["biases"]]
d = weights[0].shape[1]
def timed(call):
    times = []
    while not times or (len(times) < 3 and sum(times) < 1):
        start = time.perf_counter()
        result = call()
        times.append(time.perf_counter() - start)
    return min(times), result
"""

REGIONCAM = """
import regioncam
if d != 2:
    sys.exit("two dimensions only")
layers = [(W.T.astype(np.float32).copy(), b.astype(np.float32))
          for W, b in zip(weights[:-1], biases[:-1])]
def call():
    camera = regioncam.Regioncam(size=1.0)
    for W, b in layers:
        camera.linear(W, b)
        camera.relu()
    return camera.num_faces
seconds, count = timed(call)
"""

AFFINITREE = """
from affinitree import AffFunc, AffTree, Architecture, Polytope, builder
def call():
    layers = Architecture(d)
    for W, b in zip(weights[:-1], biases[:-1]):
        layers.linear(AffFunc.from_mats(W, b))
        layers.relu()
    layers.linear(AffFunc.from_mats(weights[-1], biases[-1]))
    box = Polytope.hyperrectangle(d, [(-1.0, 1.0)] * d)
    return builder.from_layers(layers, AffTree.from_poly(box, AffFunc.identity(d)))
seconds, tree = timed(call)
count = tree.num_terminals()
"""

RELUCENT = """
from relucent import Complex
from relucent.model.model import LinearLayer, ReLULayer, ReLUNetwork
# A first cell is that of a point, which must lie on no hyperplane.
start = np.random.default_rng(1).uniform(-1, 1, d)
def call():
    layers = []
    for W, b in zip(weights[:-1], biases[:-1]):
        layers += [LinearLayer(W, b), ReLULayer()]
    found = Complex(ReLUNetwork([*layers, LinearLayer(weights[-1], biases[-1])]))
    found.bfs(start, cube_radius=1, cube_mode="intersect", nworkers=1, verify=False, verbose=0)
    return found
seconds, found = timed(call)
count = len(found)
"""

PARX = """
import shutil
which = shutil.which
shutil.which = lambda name: which(name) or name
from parx import compute_partition
state = {}
for l, (W, b) in enumerate(zip(weights, biases)):
    state[f"{l}.weight"], state[f"{l}.bias"] = W, b
start = np.random.default_rng(1).uniform(-1, 1, (1, d))
seconds, found = timed(lambda: compute_partition(state, start, method="exact_python"))
count = len(found)
"""

EDGES = """
if d > 8:
    sys.exit("regions are counted up to eight dimensions")
sys.path.insert(0, given["benchmarks"])
from edge_subdivision import edge_subdivision, number_of_regions
seconds, (_, _, signs) = timed(lambda: edge_subdivision(weights[:-1], biases[:-1], d))
count = number_of_regions(signs, d)
"""

PEERS = {
    "edges": EDGES,
    "regioncam": REGIONCAM,
    "affinitree": AFFINITREE,
    "relucent": RELUCENT,
    "parx": PARX,
}

QUESTIONS = ("n_linear_regions", "prune")

END = """
print(json.dumps([seconds, count]))
"""


def random_network(layers):
    network = Network.random(layers, rng=0)
    return Network(
        *([np.float32(v) for v in part] for part in (network.weights, network.biases))
    )


def random_instances(large):
    for hidden in ([16, 16], [64, 64], [16] * 8, [32] * 10):
        yield f"2-D {hidden}", random_network([2, *hidden, 1]), None
    yield "3-D [16, 16]", random_network([3, 16, 16, 1]), None
    yield "3-D [32, 32]", random_network([3, 32, 32, 1]), None
    yield "4-D [12, 12]", random_network([4, 12, 12, 1]), None
    yield "5-D [12, 12]", random_network([5, 12, 12, 1]), None
    yield "6-D [10, 10]", random_network([6, 10, 10, 1]), None
    yield "8-D [10, 10]", random_network([8, 10, 10, 1]), None
    yield "16-D [8, 8]", random_network([16, 8, 8, 1]), None
    if large:
        yield "2-D [128, 128, 128]", random_network([2, 128, 128, 128, 1]), None


def one_layer(rows):
    """The network whose hidden neurons are the rows [normal | offset]."""
    rows = np.array([[int(v) for v in row] for row in rows], dtype=float)
    return Network([rows[:, :-1], np.ones((1, len(rows)))], [rows[:, -1], [0]])


def sawtooth(depth, d):
    """t(x) = 2·relu(x) − 4·relu(x − 1/2) in every coordinate, `depth` times, of (u + 1)/2."""
    eye, tooth = np.eye(d), np.array([[2.0, -4.0]])
    weights = [np.kron(eye, [[0.5], [0.5]])]
    biases = [np.tile([0.5, 0.0], d)]
    for _ in range(depth - 1):
        weights.append(np.kron(eye, np.vstack([tooth, tooth])))
        biases.append(np.tile([0.0, -0.5], d))
    return Network([*weights, np.kron(np.ones((1, d)), tooth)], [*biases, [0]])


def degenerate_instances(large):
    rng = np.random.default_rng(0)
    normals = rng.integers(-(2**20), 2**20, (32, 2))
    assert len({math.atan2(*(v if v[1] > 0 else -v)) for v in normals}) == 32
    zeros = np.zeros((32, 1))
    yield "32 lines, zero biases", one_layer(np.hstack([normals, zeros])), 64
    pencil = [[3 * a, 5 * b, -a - b] for a, b in [(1, k) for k in range(-7, 8)] + [(0, 1)]]
    yield "16 lines through (1/3, 1/5)", one_layer(pencil), 32
    lines = [[3, 1, -1], [1, -4, 2], [5, 7, -3]]
    copies = [[k * v for v in row] for row in lines for k in (1, 3, -7)]
    # The three lines meet in three points of the square.
    yield "3 lines, each also × 3 and × −7", one_layer(copies), 7
    strips = [[2**40 * (c == 0), 2**40 * (c == 1), -k] for c in (0, 1) for k in range(3)]
    yield "strips of width 2^−40", one_layer(strips), 16
    yield "lines that touch the square", one_layer([[1, 1, -2], [1, 0, -1], [0, 1, 1]]), 1
    yield (
        "zero on a region",
        Network([np.eye(2), [[1, -1], [1, 1]], [[1, 1]]], [[0, 0], [0, 0], [0]]),
        5,
    )
    yield "dead first layer", Network(
        [np.eye(2), rng.normal(size=(8, 2)).astype(np.float32), np.ones((1, 8))],
        [[-2, -2], np.ones(8), [0]],
    ), 1  # fmt: skip
    for depth in (3, 5, 7) if large else (3, 5):
        yield f"sawtooth, {depth} layers", sawtooth(depth, 2), 4**depth
    yield "3-D sawtooth, 3 layers", sawtooth(3, 3), 8**3
    yield "3-D resonance", one_layer(families.resonance(3).rows), 32
    yield "4-D braid", one_layer(families.braid(4).rows), 24
    yield "4-D resonance", one_layer(families.resonance(4).rows), 370
    yield "4-D threshold", one_layer(families.threshold(3).rows), 104


def timed(call):
    times = []
    while not times or (len(times) < 3 and sum(times) < 1):
        start = time.perf_counter()
        result = call()
        times.append(time.perf_counter() - start)
    return min(times), result


def ours(network):
    box = [(-1, 1)] * network.input_dimension
    return timed(lambda: len(network.regions(box)))


def questions(network, count):
    """What is asked after the regions, with their seconds, as peers of `regions()`."""
    box = [(-1, 1)] * network.input_dimension
    if len(box) > 5:
        return dict.fromkeys(QUESTIONS, "more than five inputs")
    calls = (lambda: network.regions(box).n_linear_regions, lambda: network.prune(box))
    return {name: (timed(call)[0], count) for name, call in zip(QUESTIONS, calls, strict=True)}


def peer(python, script, network, limit):
    """(seconds, regions) that a peer finds, or why it does not."""
    given = {
        "weights": [W.tolist() for W in network.weights],
        "biases": [b.tolist() for b in network.biases],
        "memory": MEMORY,
        "benchmarks": os.path.dirname(os.path.abspath(__file__)),
    }
    try:
        run = subprocess.run(
            [python, "-c", START + script + END],
            input=json.dumps(given),
            capture_output=True,
            text=True,
            timeout=limit,
        )
    except subprocess.TimeoutExpired:
        return f"more than {limit} s"
    except OSError as error:
        return error.strerror
    if run.returncode:
        said = [line for line in run.stderr.splitlines() if line.strip()]
        return said[-1].strip()[:90] if said else f"ended with {run.returncode}"
    return tuple(json.loads(run.stdout.splitlines()[-1]))


def table(rows, peers):
    print("| network | regions | `regions()` | " + " | ".join(peers) + " |")
    print("| --- | ---: | ---: |" + " --- |" * len(peers))
    for name, count, seconds, found in rows:
        cells = []
        for result in found.values():
            if isinstance(result, str):
                cells.append(result)
                continue
            text = f"{result[0]:.3g} s, {result[0] / seconds:.3g} ×"
            cells.append(text if result[1] == count else f"{text}, **{result[1]:,}**")
        print(f"| {name} | {count:,} | {seconds:.3g} s | " + " | ".join(cells) + " |")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--peers", metavar="PYTHON", default=sys.executable)
    parser.add_argument("--only", nargs="*", choices=PEERS, default=list(PEERS), metavar="PEER")
    parser.add_argument("--limit", type=float, default=300, metavar="SECONDS")
    parser.add_argument("--degenerate", action="store_true", help="degenerate networks only")
    parser.add_argument("--large", action="store_true", help="larger networks too")
    parser.add_argument("--questions", action="store_true", help="questions, not peers")
    parser.add_argument("--json", action="store_true", help="print JSON")
    options = parser.parse_args()
    instances = degenerate_instances if options.degenerate else random_instances
    for d in (2, 3, 4, 5, 8):
        ours(random_network([d, 4, 4, 1]))
    rows = []
    for name, network, known in instances(options.large):
        seconds, count = ours(network)
        if known not in (None, count):
            raise AssertionError(f"{name}: {count} regions, not {known}")
        if options.questions:
            found = questions(network, count)
        else:
            found = {
                who: peer(options.peers, PEERS[who], network, options.limit)
                for who in options.only
            }
        rows.append((name, count, seconds, found))
        if not options.json:
            print(f"{name}: {count:,} regions, {seconds:.4g} s; {found}", file=sys.stderr)
    if options.json:
        keys = ("network", "regions", "seconds", "peers")
        json.dump([dict(zip(keys, row, strict=True)) for row in rows], sys.stdout)
    else:
        table(rows, QUESTIONS if options.questions else options.only)


if __name__ == "__main__":
    main()
