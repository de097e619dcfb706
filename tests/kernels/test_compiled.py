"""The loops run wherever the package is installed, with or without a place to keep them."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import arrangement
from arrangement.kernels import compiled
from arrangement.kernels.landscape import merging
from arrangement.networks.complex import affine_maps
from arrangement.relu import Network

# One loop, for the sake of the time that it takes to compile them.
LOOP = """
import numpy as np
from arrangement.kernels import masked_maps
maps = np.zeros((1, 2, 2))
masked_maps(np.eye(2)[None], np.array([0]), np.array([[1, -1]]), 0.5, maps)
print(maps.tolist())
"""


@pytest.fixture
def installed(tmp_path):
    """A copy of the package beside which nothing can be written, not even by root."""
    source = Path(arrangement.__file__).parent
    shutil.copytree(
        source, tmp_path / "arrangement", ignore=shutil.ignore_patterns("__pycache__")
    )
    kernels = tmp_path / "arrangement" / "kernels"
    for folder in (kernels, *(path.parent for path in kernels.glob("*/__init__.py"))):
        (folder / "__pycache__").write_text("not a directory")
    return tmp_path


def run(path, arguments, answer, **environment):
    """Run Python with the package in a folder: what stderr holds when the answer is right."""
    nowhere = str(path / "arrangement" / "py.typed")
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
    return run(path, ["-c", LOOP], "[[[1.0, 0.0], [0.0, 0.5]]]", **environment)


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
        assert "njit" not in path.read_text() or path.name == "compiled.py"
    assert merging.merge.stats.cache_path is not None


def test_hashes_of_maps_read_no_array_past_its_end(monkeypatch):
    # As Python, which checks every index, on a hidden layer that is wider than the output.
    network = Network.random([2, 5, 4, 1], rng=0)
    expected = network.regions([(-1, 1)] * 2).n_affine_maps
    monkeypatch.setattr(affine_maps, "hash_maps", affine_maps.hash_maps.py_func)
    assert network.regions([(-1, 1)] * 2).n_affine_maps == expected
