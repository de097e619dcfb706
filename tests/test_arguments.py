"""Bad arguments of public functions, and odd text in labels: one clear line, never a crash."""

import gzip
import json
import os
import signal
import subprocess
import sys
import time
import xml.etree.ElementTree as ET
from decimal import Decimal
from types import GeneratorType

import networkx as nx
import numpy as np
import pytest
import scipy.sparse

from arrangement import (
    Arrangement,
    ArrangementBuilder,
    ReflectionGroup,
    bounds,
    families,
    plot,
)
from arrangement.counting import freeness, polynomial, poset
from arrangement.data import samples
from arrangement.enumeration.checkpoints import Checkpoint
from arrangement.errors import ArrangementError, InputError, SizeError
from arrangement.files import graphml
from arrangement.hyperplanes import operations
from arrangement.networks import Network
from arrangement.networks.regions.regions import Regions
from arrangement.relu import (
    LinearNetwork,
    NetworkLoss,
    OneHiddenLayer,
    bias_direction,
    cellwise_minima,
    convex,
    decayed_minimum,
    directions_at,
    local_minimum,
    loss_surface,
    pattern_minimum,
    sampled_cells,
)
from arrangement.results import distances, matroid, topes
from arrangement.results.cells import Cells

X, Y = np.array([[0.0, 1], [1, 0.5], [2, -1]]), np.array([1.0, -1, 0.5])
LINES = Arrangement([[1, 0], [0, 1], [1, 1]], [0, 0, -1])
BOX = [(-1, 1), (-1, 1)]
NETWORK = Network([[[1.0, 0], [0, 1]], [[1, 1]]], [[0.0, 0], [0]])
LAYER = OneHiddenLayer(X, Y)
LOSS = NetworkLoss(NETWORK, [[1.0, 2.0], [0.5, -1.0]], [1.0, 0.0])

BAD = {
    "none": None,
    "nan": float("nan"),
    "infinite": float("inf"),
    "negative": -1,
    "huge": 10**30,
    "large": 10**9,
    "fraction": 1.5,
    "text": "x",
    "digit": "3",
    "true": True,
    "empty": [],
    "bytes": b"x",
    "dict": {"a": 1},
    "set": {1, 2},
    "object": object(),
    "class": Arrangement,
    "objects": np.array([[None, 1]], dtype=object),
    "dates": np.array(["2020-01-01"], dtype="M8[D]"),
    "complex": np.array([[1j, 2]]),
    "texts": np.array([["a", "b"]]),
    "masked": np.ma.masked_array([[1.0, 2]], [[True, False]]),
    "sparse": scipy.sparse.csr_array([[1.0, 2]]),
    "no_axes": np.array(3.0),
    "three_axes": np.zeros((2, 2, 2)),
    "nan_inside": np.array([[np.nan, 1]]),
    "ragged": [[1, 2], [3]],
    "records": np.zeros(2, dtype=[("a", "f8")]),
    "decimal": Decimal("1e999999999"),
    "slice": slice(1),
    "range": range(3),
    "list": [1, 2, 3],
}

SIZED = ("braid", "catalan", "ish", "linial", "semiorder", "shi", "cross_polytope", "demicube",
         "permutohedron", "resonance", "threshold", "grid")  # fmt: skip

CALLS = [
    *((getattr(families, name), (3,), {}) for name in SIZED),
    (families.coxeter, ("A", 3), {}),
    (families.generic, (4, 2), {"rng": 0}),
    (families.discriminantal, (4, 2), {"rng": 0}),
    *((f, (nx.path_graph(3),), {}) for f in (families.graphical, families.g_shi)),
    (families.bigraphical, (nx.path_graph(3),), {"rng": 0}),
    (families.shi, ("B2", 1), {}),
    (families.ish_b, (2,), {}),
    (families.ternary, (2,), {}),
    (families.specht, (2, 1), {}),
    (families.soft_discriminantal, (3, 5), {"rng": 0}),
    (families.multigrid, (3, 1, [0, 0, 0]), {"rng": 0}),
    (families.matroid, ("pappus",), {}),
    (families.facets, ([[0, 0], [1, 0], [0, 1]],), {}),
    (families.zonotope, ([[1, 0], [0, 1]],), {}),
    (families.known_counts, ("braid", 3), {}),
    (Arrangement, ([[1, 0], [0, 1]], [0, 1]), {}),
    (Arrangement.from_samples, (X,), {"bias": 1.0}),
    (bounds.zaslavsky, (3, 2), {"bounded": False}),
    (bounds.buck, (3, 2), {"bounded": False}),
    (bounds.cover, (3, 2), {}),
    *((getattr(bounds, n), (2, [2, 2]), {}) for n in ("montufar_2014", "raghu", "serra")),
    (polynomial.n_cells, (LINES,), {"symmetry": None, "progress": None}),
    (polynomial.whitney_numbers, (LINES,), {}),
    (operations.closure, (LINES, [0, 1]), {}),
    (operations.restriction, (LINES, [0]), {"repetitions": False}),
    (operations.product, (LINES, LINES), {}),
    (operations.union, (LINES, LINES), {}),
    (operations.add_hyperplane, (LINES, [1, 2], 3), {"label": "a"}),
    (Arrangement, ([[1, 0], [0, 1]], [0, 1], ["a", "b"]), {}),
    (LINES.chosen, ([0, 2],), {}),
    (LINES.sign_vector, ([1, 2],), {}),
    (LINES.locate, ([1, 2],), {}),
    (LINES.faces(1).locate, ([0, 2],), {}),
    (LINES[0].side, ([0, 2],), {}),
    (operations.decone, (LINES.cone(), 0), {}),
    *((f, (LINES.cone(),), {}) for f in (matroid.circuits, matroid.covectors, matroid.dual)),
    (topes.is_isomorphic, (LINES, LINES), {}),
    *((f, (LINES, [0], [1]), {}) for f in (operations.join, operations.meet)),
    (matroid.face_product, (LINES, "++0", "+++"), {}),
    (distances.distance_between_regions, (LINES, 0, "+++"), {}),
    (distances.is_separating_hyperplane, (LINES, 0, 1, 2), {}),
    (distances.distance_enumerator, (LINES,), {"base": 0}),
    (poset.whitney_number, (LINES, 1), {"kind": 2}),
    (poset.nbc_sets, (LINES,), {"size": 1}),
    (freeness.inductive_chain, (LINES.cone(),), {"most": 100}),
    (LINES.cone().matroid().is_independent, ([0, 1],), {}),
    (LINES.cells().polyhedra.exact_volumes, (), {"which": [0]}),
    (LINES.cells().polyhedra.cells_around, (0,), {}),
    (topes.poset_of_regions, (LINES,), {"base": 0}),
    (poset.mobius, (LINES, 1), {}),
    (poset.intersection_poset, (LINES,), {}),
    (LINES.cells, (), {"method": "auto", "domain": BOX, "progress": None, "executor": None}),
    (lambda G, h: LINES.cells(domain=(G, h)), ([[1, 0]], [1]), {}),
    (LINES.iter_cells, (), {"batch_size": 10, "progress": None, "executor": None}),
    (LINES.cells, (), {"symmetry": [[0, 1, 2]]}),
    (LINES.n_classes, (), {"symmetry": "auto", "checkpoint": None, "executor": None}),
    (ReflectionGroup, ([[1, 0], [0, 1]], [[1, 0], [0, 1]]), {}),
    (ReflectionGroup([[1, 0], [0, 1]]).parabolic_order, ([0],), {}),
    (LINES.audit_count, (3,), {"symmetry": "auto", "samples": 20, "seed": 0}),
    (LINES.face_vector, (), {"method": "count"}),
    (LINES.faces, (1,), {}),
    (LINES.flats, (1,), {}),
    (LINES.cells().index, ([1, 1, -1],), {}),
    (LINES.cells().locate, ([0.5, 0.3],), {}),
    (LINES.faces(1).incidence_to, (LINES.cells(),), {}),
    (ArrangementBuilder, (2,), {}),
    (Network, ([[[1.0, 0], [0, 1]], [[1, 1]]], [[0.0, 0], [0]]), {"labels": None}),
    (Network.random, ([2, 3, 1],), {"rng": 0, "init": "he", "activation": "relu"}),
    (Network.from_arrays, ({"W1": [[1.0]], "b1": [0.0]},), {}),
    (NETWORK.forward, (X,), {}),
    (NETWORK.layer_is_float64, (0,), {}),
    (NETWORK.prune, (BOX,), {}),
    (NETWORK.regions, (BOX,), {"executor": None, "merge": False, "method": "auto"}),
    (OneHiddenLayer, (X, Y), {"hidden": 1, "bias": 1.0, "negative_slope": 0.0}),
    (LAYER.faces, (), {"codimensions": None}),
    (LAYER.curvature, ([[1.0, 0, 0]], [1.0]), {"output_bias": 0, "signs": None}),
    (LAYER.curvature([[1.0, 0, 0]], [1.0]).along, ([[1, 0, 0]], [0]), {"output_bias": 0}),
    (LAYER.fit_global, (), {"time_limit": 5.0, "method": "auto", "random_state": 0}),
    (LAYER.landscape, (), {"kinds": None, "exact": False, "executor": None}),
    (LAYER.landscape().critical_points, (), {"saddles": None}),
    (LAYER.landscape().saddles, (), {"max_loss": None, "on_faces": False}),
    (convex.train, (X, Y, 1.0), {"rng": 0, "patterns": 2}),
    (LinearNetwork, (X, Y), {"hidden": [1], "bias": 1.0}),
    (lambda *given, **more: sampled_cells(*given, draws=9, **more), (X, Y), {
        "bias": 1.0, "around": None, "spread": 0.1, "confidence": 0.95,
        "max_steps": 5, "random_state": 0,
    }),
    (cellwise_minima, (X, Y), {"output_weights": [1.0], "loss": "squared", "penalty": None}),
    (decayed_minimum, (X, Y, [[True, False, True]], 1.0), {"loss": "squared", "bias": 1.0}),
    (local_minimum, (X, Y, [[1.0, 0, 0]], [1.0]), {"signs": None, "tolerance": 1e-9}),
    (pattern_minimum, (X, Y, [[True, False, True]]), {"bias_penalty": False}),
    (samples.DataSet, (X, Y, "d"), {}),
    (samples.gaussian, (4, 2), {"seed": 0}),
    (samples.load, ("iris",), {"target": None}),
    (samples.prepare, (samples.DataSet(X, Y, "d"),), {
        "classes": None, "samples": 2, "features": 1, "reduction": "pca", "normalise": True,
        "labels": "regression", "seed": 0,
    }),
    (plot.arrangement, (LINES.cells(),), {"projection": "stereographic", "window": None}),
    (plot.index, (LAYER.landscape().critical_points(),), {"title": None}),
    (plot.landscape, (LAYER.landscape(),), {"projection": "stereographic"}),
    (plot.regions, (NETWORK.regions(BOX),), {"colour": "map", "layer": None}),
    (NetworkLoss, (NETWORK, LOSS.X, LOSS.y), {
        "loss": "squared", "penalty": "l2", "alpha": 1.0, "l1_ratio": 0.5, "max_norm": 2.0,
        "threshold": 1.0, "margin": 1.0,
    }),
    (LOSS.value, (), {"parameters": LOSS.parameters}),
    (LOSS.gradient, (), {"parameters": LOSS.parameters}),
    (LOSS.hessian_product, (LOSS.parameters,), {}),
    (LOSS.hessian_eigenvectors, (), {"k": 1}),
    (bias_direction, (NETWORK, 0, 1), {}),
    (directions_at, (LOSS,), {"kind": "random", "layer": None, "rng": 0}),
    (loss_surface, (LOSS,), {
        "directions": "random", "layer": None, "window": None, "points": 3, "rng": 0,
        "progress": None,
    }),
    (loss_surface, (LOSS,), {"through": [Network.random([2, 2, 1])], "points": 3}),
    (plot.surface, (loss_surface(LOSS, points=3),), {"kinks": False}),
    (plot.spectrum, (LAYER.landscape(),), {"saddles": None}),
    (graphml.write_poset, (nx.DiGraph([(0, 1)]), os.devnull), {}),
]  # fmt: skip


def places():
    for number, (function, arguments, options) in enumerate(CALLS):
        name = getattr(function, "__qualname__", str(function))
        for place in [*range(len(arguments)), *options]:
            yield pytest.param(number, place, id=f"{number}-{name}-{place}")


@pytest.mark.parametrize(("number", "place"), list(places()))
def test_bad_values_give_one_clear_error(number, place, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    function, arguments, options = CALLS[number]
    for value in BAD.values():
        given, named = list(arguments), dict(options)
        (given if isinstance(place, int) else named)[place] = value
        try:
            result = function(*given, **named)
            if isinstance(result, GeneratorType):
                next(result, None)
        except ArrangementError as error:
            message = str(error)
        except OSError:  # a name that is no file that can be written
            assert function is graphml.write_poset
            continue
        else:
            continue
        assert message
        assert message.isprintable()
        assert len(message) <= 2000


def test_the_class_itself_and_a_missing_rank():
    with pytest.raises(InputError, match=r"that is the class itself, make an instance"):
        polynomial.n_cells(Arrangement)
    with pytest.raises(InputError, match=r"type 'A' without a rank; give both"):
        families.coxeter("A")
    with pytest.raises(InputError, match="rng = -1 is too small"):
        Network.random([2, 1], rng=-1)
    with pytest.raises(InputError, match=r"executor must be a concurrent.futures.Executor"):
        LINES.cells(executor=3, method="sweep")


def test_arguments_that_would_be_taken_for_others():
    for function in (sampled_cells, LinearNetwork, OneHiddenLayer, convex.critical_beta):
        for none in (0, 0.0, False, "0"):
            with pytest.raises(InputError, match=r"bias=0 appends .* for no bias give None"):
                function(X, Y, bias=none)
    with pytest.raises(InputError, match="hidden = b'x' is not an integer"):
        LinearNetwork(X, Y, b"x")
    with pytest.raises(InputError, match="output_weights must be numbers"):
        cellwise_minima(X, Y, np.array(["2020-01-01"], dtype="M8[D]"))
    for patterns in ("all", 2):
        with pytest.raises(InputError, match="rng = -1 is too small"):
            convex.train(X, Y, 1.0, patterns=patterns, rng=-1)
    with pytest.raises(SizeError, match=r"3 samples and 1,000,000,000,000 neurons: tables of"):
        sampled_cells(X, Y, 10**12)
    assert sampled_cells(X, Y, bias="1/2") == sampled_cells(X, Y, bias=0.5)


def test_a_folder_in_place_of_a_block(tmp_path):
    LINES.cells(method="sweep", checkpoint=tmp_path / "kept")
    block = next((tmp_path / "kept").glob("lines-*.npy"))
    block.unlink()
    block.mkdir()
    with pytest.raises(InputError, match=f"{block.name}: not a file of finished blocks"):
        LINES.cells(method="sweep", checkpoint=tmp_path / "kept")
    for name in ("sweep.json",):
        (tmp_path / "other" / name).mkdir(parents=True)
    with pytest.raises(InputError, match=r"sweep.json: cannot be read"):
        Checkpoint(tmp_path / "other", LINES.rows)


def test_names_that_are_none():
    for load in (Cells.load, Network.load, Regions.load):
        with pytest.raises(InputError, match="None"):
            load(None)


def test_a_checkpoint_is_a_directory_even_where_none_is_needed(tmp_path):
    (tmp_path / "file").touch()
    for bad in (3, tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(InputError):
            families.resonance(4).cells(checkpoint=bad)


def test_more_points_than_can_be_drawn():
    with pytest.raises(SizeError, match="n_points"):
        NETWORK.regions([(-1, 1)] * NETWORK.input_dimension).coverage(10**15)


# --- the command line ---


def run(*arguments, text=None, timeout=120):
    return subprocess.run(
        [sys.executable, "-m", "arrangement", *map(str, arguments)],
        capture_output=True, text=True, input=text, timeout=timeout,
    )  # fmt: skip


@pytest.mark.processes
def test_commands_with_bad_files_print_one_line(tmp_path):
    np.savez(tmp_path / "flat.npz", G=np.array(1.0), h=np.array(2.0))
    NETWORK.save(tmp_path / "n.npz")
    (tmp_path / "empty.csv").touch()
    (tmp_path / "noise.csv").write_bytes(np.random.default_rng(0).bytes(500))
    (tmp_path / "escape\x1b[31m.csv").touch()
    (tmp_path / "a.csv.gz").write_bytes(gzip.compress(bytes(2**26)))
    for arguments in (
        ("network", tmp_path / "n.npz", "--domain", tmp_path / "flat.npz"),
        ("network", tmp_path, "--box", -1, 1),
        ("cells", tmp_path / "empty.csv"),
        ("cells", tmp_path / "noise.csv"),
        ("cells", tmp_path / "escape\x1b[31m.csv"),
        ("cells", tmp_path / "a.csv.gz"),
        ("cells", tmp_path),
        ("cells", "--family", "coxeter", "Q3"),
        ("cells", "--family", "generic", "4", "2", "--seed", "-1"),
        ("landscape", "--data", tmp_path / "a.csv.gz"),
        ("landscape", "--data", "/dev/zero"),
        ("landscape", "--data", "iris", "--seed", "-1"),
        ("cells", "\x1b[31m"),
        ("\x1b[31m",),
    ):
        done = run(*arguments)
        assert done.returncode == 2, (arguments, done.stderr)
        assert done.stdout == ""
        (line,) = done.stderr.splitlines()
        assert line.startswith("arrangement: error: ")
        assert line.isprintable()


@pytest.mark.processes
def test_an_endless_stream_is_refused():
    with open("/dev/zero", "rb") as endless:
        done = subprocess.run(
            [sys.executable, "-m", "arrangement", "cells", "-"],
            stdin=endless, capture_output=True, text=True, timeout=120,
        )  # fmt: skip
    assert done.returncode == 2
    assert "<stdin>: larger than 32 MiB" in done.stderr


@pytest.mark.processes
@pytest.mark.parametrize("delay", [0.03, 0.1, 0.2, 0.3])
def test_an_interruption_at_any_moment_is_quiet(delay):
    """Signals that come before the package is reached end in Python itself."""
    command = (
        "import sys; sys.argv = ['arrangement', 'count', '--family', 'braid', '9'];"
        "import signal; signal.signal(signal.SIGINT, signal.default_int_handler);"
        "import arrangement; print('ready', flush=True);"
        "from arrangement.__main__ import main; sys.exit(main())"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", command],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout.readline() == "ready\n"
    time.sleep(delay)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=300)
    assert process.returncode in (0, 130)
    assert errors == ""


@pytest.mark.processes
def test_importing_the_package_imports_nothing_large():
    code = "import sys, arrangement; sys.exit('numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


# --- labels ---

ODD = "a\x1b[31m\0\ud800\ufffe$x^\r\n<&"


def test_labels_in_graphml(tmp_path):
    path = tmp_path / "a.graphml"
    columns = {"label\0": [ODD, "b\r"], "n": [1, 2]}
    graphml.write_graphml(path, columns, np.array([[0, 1]]), {"e\x1b": ["\x07"]})
    ET.parse(path)
    found = nx.read_graphml(path)
    assert found.nodes["0"] == {
        "label\\x00": "a\\x1b[31m\\x00\\ud800\\ufffe$x^\r\n<&",
        "n": 1,
    }
    assert found.nodes["1"]["label\\x00"] == "b\r"
    assert found.edges["0", "1"] == {"e\\x1b": "\\x07"}


@pytest.mark.processes
def test_labels_in_text_and_pictures(tmp_path):
    odd = ODD.replace("\ud800", "").replace("\r\n", "")
    named = Network(NETWORK.weights[:1], NETWORK.biases[:1], labels=[odd, "$b_{$"])
    named.save(tmp_path / "n.json")
    (tmp_path / "a.csv").write_text("1,2,\x1b[31m$x^\n2,1,b\n3,3,b\n", encoding="utf-8")
    for arguments in (
        ("network", tmp_path / "n.json", "--box", -1, 1, "--by-class"),
        ("landscape", "--data", tmp_path / "a.csv"),
        (
            "landscape",
            "--data",
            tmp_path / "a.csv",
            "--labels",
            "sign",
            "--classes",
            "b",
            "\x1b[31m$x^",
        ),
    ):
        for extra in ((), ("--json",)):
            done = run(*arguments, *extra)
            assert all(line.isprintable() for line in (done.stdout + done.stderr).splitlines())
            if extra and not done.returncode:
                json.loads(done.stdout)
    found = named.regions(BOX)
    for colour in ("map", "class"):
        plot.regions(found, tmp_path / f"{colour}.svg", colour)
        ET.parse(tmp_path / f"{colour}.svg")
    with pytest.raises(InputError, match=r"a text cannot be set"):
        plot.regions(found, tmp_path / "a.png", title="$x^$")
    assert not (tmp_path / "a.png").exists()


@pytest.mark.parametrize(
    ("points", "fault"),
    [
        ([0.5], "a point has 2 coordinates"),
        ([[[0.5, 1]]], "a point has 2 coordinates"),
        ([["1/3", "x"]], "points, row 0"),
        ([[0, 1], [0.5, np.inf]], "points, row 1"),
        (np.ma.masked_equal([[0.5, -1.0]], -1), "masked"),
    ],
)
def test_cells_and_regions_refuse_the_same_points(points, fault):
    refused = set()
    for located in (LINES.cells(), NETWORK.regions(BOX)):
        with pytest.raises(InputError, match=fault) as error:
            located.locate(points)
        refused.add(str(error.value).replace("rational", "real"))
    assert len(refused) == 1
