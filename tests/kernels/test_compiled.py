"""The loops run wherever the package is installed, with or without a place to keep them."""

import ast
import importlib
import json
import logging
import os
import pkgutil
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import numba
import numpy as np
import pytest
from numba.core import event

import arrangement
from arrangement import progress
from arrangement.kernels import built, compiled, just_in_time, types
from arrangement.kernels.cells.images import find_orbits
from arrangement.kernels.landscape import merging
from arrangement.networks.complex import affine_maps
from arrangement.relu import Network

# One loop, for the sake of the time that it takes to compile them.
LOOP = """
import numpy as np
from arrangement.kernels.cells.images import find_orbits
orbit = np.zeros(3, np.int64)
find_orbits(np.array([[0, 2, 1]], np.uint16), orbit)
print(orbit.tolist())
"""

KERNELS = "arrangement.kernels"

# What reaches most loops, on small inputs.
COMMANDS = [
    "cells --family generic 9 3 --json",
    "cells --family resonance 4 --domain -1 1 --json",
    "count --family braid 6 --json",
    "faces --family braid 4 --json",
    "flats --family braid 4 --json",
    "landscape --data {folder}/samples.csv --hidden 2 --json",
    "train --data {folder}/samples.csv --hidden 2 --json",
    "convex --data {folder}/samples.csv --beta 0.1 --json",
    "network {folder}/network.npz --box -1 1 --merge --json",
]


@pytest.fixture
def installed(tmp_path):
    """A copy of the package beside which nothing can be written, not even by root."""
    source = Path(arrangement.__file__).parent
    shutil.copytree(
        source,
        tmp_path / "arrangement",
        ignore=shutil.ignore_patterns("__pycache__", "_built*"),
    )
    kernels = tmp_path / "arrangement" / "kernels"
    for folder in (kernels, *(path.parent for path in kernels.glob("*/__init__.py"))):
        (folder / "__pycache__").write_text("not a directory")
    return tmp_path


def run(path, arguments, answer, **environment):
    """Run Python with the package in a folder: what stderr holds when the answer is right."""
    nowhere = str(path / "arrangement" / "py.typed")
    environment = {"ARRANGEMENT_KERNELS": ""} | environment
    # A folder that is a file: for the home directory, and for the user's cache.
    settings = {"PYTHONPATH": str(path), "HOME": nowhere, "XDG_CACHE_HOME": nowhere}
    done = subprocess.run(
        [sys.executable, *arguments],
        env=os.environ | settings | environment,
        cwd=path, check=False, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert answer in done.stdout
    return done.stderr


def run_loop(path, **environment):
    return run(path, ["-c", LOOP], "[0, 1, 1]", **environment)


@pytest.mark.processes
def test_the_command_line_without_a_place_to_keep_compiled_code(installed):
    cells = ["-m", "arrangement", "cells", "--family", "grid", "2", "2", "--json"]
    blocked = str(installed / "arrangement" / "py.typed")
    message = run(installed, cells, '"cells": 9', NUMBA_CACHE_DIR=blocked)
    assert message.startswith("arrangement: warning: compiled code is not kept")
    assert message.count("\n") == 1
    assert sorted(os.listdir(installed)) == ["arrangement"]


@pytest.mark.slow
def test_compiled_code_is_kept_and_what_is_cut_short_is_made_again(installed):
    cache = installed / "cache"
    assert run_loop(installed, NUMBA_CACHE_DIR=str(cache)) == ""
    kept = {path.name: path.stat() for path in cache.rglob("*.nbc")}
    assert kept
    assert run_loop(installed, NUMBA_CACHE_DIR=str(cache)) == ""
    assert {path.name: path.stat().st_ino for path in cache.rglob("*.nbc")} == {
        name: status.st_ino for name, status in kept.items()
    }
    for suffix, share in (("nbi", 0.0), ("nbc", 0.5)):
        for path in cache.rglob(f"*.{suffix}"):
            os.truncate(path, int(share * path.stat().st_size))
        assert run_loop(installed, NUMBA_CACHE_DIR=str(cache)) == ""
        for path in cache.rglob("*.nbc"):
            assert path.stat().st_size > 0.9 * kept[path.name].st_size
    # What a loop calls lies in other modules: all is made again where one of them has changed.
    kept = {path: path.stat().st_mtime_ns for path in cache.rglob("*.nbc")}
    other = next(installed.rglob("kernels/lanes.py"))
    other.write_text(other.read_text() + "\nCHANGED = True\n")
    assert run_loop(installed, NUMBA_CACHE_DIR=str(cache)) == ""
    assert all(path.stat().st_mtime_ns != time for path, time in kept.items())


@pytest.mark.processes
@pytest.mark.skipif(os.name == "nt", reason="limits of POSIX")
def test_a_full_disk_is_no_place(installed):
    # Numba tries with an empty file whether a directory can be written.
    limit = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))"
    (installed / "sitecustomize.py").write_text(limit)
    cache = installed / "cache"
    message = run_loop(installed, NUMBA_CACHE_DIR=str(cache), PYTHONDONTWRITEBYTECODE="1")
    assert message.count("compiled code is not kept") == 1
    assert "File too large" in message
    assert not [path for path in cache.rglob("*") if path.is_file()]


def test_every_loop_is_compiled_in_one_place():
    for path in Path(compiled.__file__).parent.rglob("*.py"):
        assert "njit" not in path.read_text() or path.name == "just_in_time.py"
    assert merging.merge.dispatcher.stats.cache_path is not None


def loops():
    """Every compiled loop."""
    package = importlib.import_module(KERNELS)
    for found in pkgutil.walk_packages(package.__path__, f"{KERNELS}."):
        if "._built" not in found.name:
            for value in vars(importlib.import_module(found.name)).values():
                if isinstance(value, compiled.Kernel) and value.__module__ == found.name:
                    yield value


def called_from(path):
    """The loops that a module of the package names."""
    nodes = [*ast.walk(ast.parse(path.read_text()))]
    bound = {}
    for node in nodes:
        if isinstance(node, ast.ImportFrom) and node.module.startswith("arrangement"):
            source = importlib.import_module(node.module)
            for one in node.names:
                bound[one.asname or one.name] = getattr(source, one.name, None)
    for node in nodes:
        if isinstance(node, ast.Name):
            yield bound.get(node.id)
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            module = bound.get(node.value.id)
            if isinstance(module, ModuleType) and module.__name__.startswith(KERNELS):
                yield getattr(module, node.attr)


@pytest.mark.slow
def test_loops_that_python_calls_declare_their_arguments():
    root = Path(arrangement.__file__).parent
    called = {
        one
        for path in root.rglob("*.py")
        if not path.is_relative_to(root / "kernels")
        for one in called_from(path)
        if isinstance(one, compiled.Kernel)
    }
    assert len(called) > 30
    for kernel in called:
        assert kernel.annotations, kernel.py_func
    for kernel in loops():
        if kernel.annotations:
            assert len(kernel.annotations) == kernel.py_func.__code__.co_argcount
            assert [types.expected(annotation) for annotation in kernel.annotations]


@pytest.mark.skipif(not built.functions(), reason="no loops were built")
def test_every_declared_loop_was_built():
    declared = {built.name_of(one.py_func) for one in loops() if one.annotations}
    assert set(built.functions()) == declared


@pytest.mark.slow
@pytest.mark.skipif(not built.functions(), reason="no loops were built")
def test_built_loops_give_what_numba_gives(tmp_path):
    """Bit for bit."""
    Network.random([2, 6, 4, 2], rng=0).save(tmp_path / "network.npz")
    np.savetxt(tmp_path / "samples.csv", np.random.default_rng(0).normal(size=(7, 3)))
    program = "import sys\nfrom arrangement.cli import main\nfor line in sys.stdin:\n    "
    facts = []
    for wanted in ("built", "jit"):
        done = subprocess.run(
            [sys.executable, "-c", f"{program}main(line.split())"],
            input="\n".join(COMMANDS).format(folder=tmp_path),
            env=os.environ | {"ARRANGEMENT_KERNELS": wanted},
            check=True, capture_output=True, text=True,
        )  # fmt: skip
        facts.append([json.loads(line) for line in done.stdout.splitlines()])
        for fact in facts[-1]:
            fact.pop("seconds", None)
    assert facts[0] == facts[1]
    assert len(facts[0]) == len(COMMANDS)


def test_arguments_of_other_types_are_left_to_numba(monkeypatch):
    orbit = np.zeros(3, dtype=np.int64)
    monkeypatch.setattr(compiled, "_wanted", lambda: "")
    arguments = [np.array([[0, 2, 1]], dtype=np.int64), orbit]
    find_orbits(*arguments)
    assert orbit.tolist() == [0, 1, 1]
    if built.functions():
        monkeypatch.setattr(compiled, "_wanted", lambda: "built")
        with pytest.raises(TypeError, match="find_orbits is not built for its arguments"):
            find_orbits(*arguments)


@pytest.mark.parametrize(
    ("value", "annotation", "answer"),
    [
        (np.zeros((2, 3)), types.Floats2, True),
        (np.zeros((2, 3)).T, types.Floats2, False),
        (np.zeros((2, 6))[:, ::2], types.Floats2, False),
        (np.zeros(3), types.Floats2, False),
        (np.zeros((2, 3), ">f8"), types.Floats2, False),
        (np.zeros((2, 3), np.int64), types.Floats2, False),
        (np.broadcast_to(0.0, (2, 0)), types.Floats2, False),
        (np.broadcast_to(0.0, (2, 0)), types.read_only(types.Floats2), True),
        ([[1.0]], types.Floats2, False),
        (None, types.Floats2, False),
        (1, int, True),
        (np.int64(1), int, True),
        (True, int, False),
        (1, float, False),
        (np.float64(1), float, True),
        (np.zeros(3), float, False),
        ((1, 2.0), (int, float), True),
        ((1, 2), (int, float), False),
    ],
)
def test_types_of_arguments(value, annotation, answer):
    assert types.fit((value,), (types.expected(annotation),)) is answer


@pytest.mark.processes
@pytest.mark.parametrize("variable", ["NUMBA_BOUNDSCHECK", "NUMBA_DISABLE_JIT"])
def test_numba_checks_what_it_is_asked_to_check(variable):
    program = "from arrangement.kernels import built; assert not built.functions()"
    environment = os.environ | {variable: "1"}
    subprocess.run([sys.executable, "-c", program], env=environment, check=True)


@pytest.mark.processes
def test_loops_built_from_other_sources_are_not_used(installed):
    for path in built.description().parent.glob("_built*"):
        shutil.copy2(path, installed / "arrangement" / "kernels")
    program = "from arrangement.kernels import built; print(bool(built.functions()))"
    run(installed, ["-c", program], str(bool(built.functions())))
    with (installed / "arrangement" / "kernels" / "merging.py").open("a") as file:
        file.write("# changed\n")
    run(installed, ["-c", program], "False")


@pytest.mark.processes
def test_a_wrong_setting_is_refused():
    program = "import sys; from arrangement.cli import main; sys.exit(main(sys.argv[1:]))"
    done = subprocess.run(
        [sys.executable, "-c", program, "cells", "--family", "grid", "2"],
        env=os.environ | {"ARRANGEMENT_KERNELS": "fast"},
        check=False, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "ARRANGEMENT_KERNELS is 'fast': it may be 'built' or 'jit'" in done.stderr


def test_progress_says_that_numba_compiles(monkeypatch, capfd, tmp_path):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    monkeypatch.setattr(logging.getLogger("arrangement"), "handlers", [])
    monkeypatch.setattr(numba.config, "CACHE_DIR", str(tmp_path))
    patience = just_in_time._Patience()
    monkeypatch.setattr(patience, "left", 0.0)
    event.register("numba:compile", patience)
    progress.reporter(True, "cells")
    just_in_time.just_in_time(lambda x: x + 1, {})(1)
    assert "compiling, once" in capfd.readouterr().err


def test_hashes_of_maps_read_no_array_past_its_end(monkeypatch):
    # As Python, which checks every index, on a hidden layer that is wider than the output.
    network = Network.random([2, 5, 4, 1], rng=0)
    expected = network.regions([(-1, 1)] * 2).n_affine_maps
    monkeypatch.setattr(affine_maps, "combined_maps", affine_maps.combined_maps.py_func)
    assert network.regions([(-1, 1)] * 2).n_affine_maps == expected
