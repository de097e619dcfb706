"""The search of regions in parts: executors, checkpoints, killed workers and killed runs."""

import json
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from fractions import Fraction
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from arrangement import InputError, SolverError, families
from arrangement.networks import Network
from arrangement.networks.complex.domains import bounded_rows
from arrangement.networks.layers import Layers
from arrangement.networks.regions import region_search, region_tasks
from arrangement.networks.regions.region_search import PatternSearch
from tests.amounts import first
from tests.enumeration.test_sweep import Here
from tests.networks.test_pattern_search import hostile
from tests.networks.test_regions import box, pattern_set


@pytest.fixture
def in_parts(monkeypatch):
    """Parts of few regions."""
    monkeypatch.setattr(region_search, "LOOK", 2)
    monkeypatch.setattr(region_search, "PART", 3)


def same(found, whole):
    """The same regions in the same order, with the same points."""
    assert len(found) == len(whole)
    assert all(map(np.array_equal, found.patterns, whole.patterns))
    assert [found.witness(i) for i in range(len(found))] == [
        whole.witness(i) for i in range(len(whole))
    ]


@pytest.mark.usefixtures("in_parts")
@pytest.mark.parametrize("seed", first(2, [1, 2, 3, 5, 0, *range(6, 20)]))
def test_parts_in_order_are_the_whole(seed, tmp_path):
    network, domain = hostile(seed)
    whole = network.regions(domain, method="recursion")
    same(network.regions(domain, Here(), method="recursion"), whole)
    kept = {"method": "recursion", "checkpoint": tmp_path}
    same(network.regions(domain, **kept), whole)
    files = {path: path.stat().st_mtime_ns for path in tmp_path.glob("regions-*")}
    assert len(files) >= len(whole) / 5
    same(network.regions(domain, Here(), **kept), whole)
    assert files == {path: path.stat().st_mtime_ns for path in tmp_path.glob("regions-*")}


def test_parts_hold_little_and_there_are_few(monkeypatch):
    monkeypatch.setattr(region_search, "LOOK", 16)
    monkeypatch.setattr(region_search, "PART", 64)
    network = Network.random([4, 2, 9, 9, 1], rng=1)
    search = PatternSearch(Layers(network), bounded_rows(box(4), 4))
    sizes = [len(part.batch.points) for part in region_tasks.parts(search)]
    assert max(sizes) <= 64 + 16
    assert sum(sizes) == len(network.regions(box(4)))
    assert len(sizes) < sum(sizes) / 8


@pytest.mark.slow
@pytest.mark.usefixtures("in_parts")
def test_portions_on_an_executor_are_all_regions(tmp_path):
    network = Network.random([3, 8, 8, 1], rng=0)
    whole = pattern_set(network.regions(box(3)))
    with ThreadPoolExecutor(2) as executor:
        for given in ({}, {"checkpoint": tmp_path}, {"checkpoint": tmp_path}):
            portions = list(network.iter_regions(box(3), executor, **given))
            assert sum(map(len, portions)) == len(whole)
            assert set().union(*map(pattern_set, portions)) == whole


@pytest.mark.usefixtures("in_parts")
def test_a_search_that_stops_goes_on_from_there(tmp_path):
    network = Network.random([3, 8, 8, 1], rng=0)
    portions = network.iter_regions(box(3), checkpoint=tmp_path)
    before = sum(len(next(portions)) for _ in range(9))
    portions.close()
    done = {p.name: p.stat().st_mtime_ns for p in tmp_path.glob("regions-*")}
    assert before >= 9
    assert len(done) >= 9
    whole = network.regions(box(3), method="recursion")
    same(network.regions(box(3), method="recursion", checkpoint=tmp_path), whole)
    assert done.items() < {p.name: p.stat().st_mtime_ns for p in tmp_path.glob("*")}.items()


@pytest.mark.usefixtures("in_parts")
def test_damaged_parts_are_done_again(tmp_path):
    network = Network.random([3, 5, 4, 1], rng=0)
    asked = {"method": "recursion", "checkpoint": tmp_path}
    whole = network.regions(box(3), **asked)
    for number, path in enumerate(sorted(tmp_path.glob("regions-*"))):
        content = path.read_bytes()
        if number % 3 == 0:
            path.write_bytes(content[: len(content) // 2])
        elif number % 3 == 1:
            path.unlink()
    same(network.regions(box(3), **asked), whole)


def test_rational_witnesses_are_kept(tmp_path):
    third = Fraction(1, 3)
    network = Network([[[1], [1]], [[1, 1]]], [[-third, -third - Fraction(1, 10**40)], [0]])
    whole = network.regions(box(1), method="recursion")
    assert any(v.denominator > 2**60 for i in range(3) for v in whole.witness(i))
    for _ in range(2):
        same(network.regions(box(1), method="recursion", checkpoint=tmp_path), whole)


def test_what_is_kept_of_something_else_is_refused(tmp_path):
    network, other = (Network.random([2, 3, 1], rng=seed) for seed in (0, 1))
    list(network.iter_regions(box(2), checkpoint=tmp_path))
    for one, domain in ((other, box(2)), (network, [(-1, 2)] * 2)):
        with pytest.raises(InputError, match="checkpoints of another network or domain"):
            list(one.iter_regions(domain, checkpoint=tmp_path))
    with pytest.raises(InputError, match="checkpoints of another arrangement or domain"):
        families.braid(4).cells(checkpoint=tmp_path)
    with pytest.raises(InputError, match="use method='recursion'"):
        network.regions(box(2), checkpoint=tmp_path / "new")
    assert not (tmp_path / "new").exists()
    with pytest.raises(InputError, match="executor must be"):
        network.iter_regions(box(2), 3)


@pytest.mark.usefixtures("in_parts")
def test_parts_of_dead_workers_are_repeated():
    network = Network.random([3, 6, 6, 1], rng=0)
    whole = network.regions(box(3), method="recursion")
    same(network.regions(box(3), Here(deaths=2), method="recursion"), whole)
    with pytest.raises(SolverError, match="tasks failed with no success"):
        network.regions(box(3), Here(deaths=10**6), method="recursion")


def _die_once(flag, given, prefixes):
    if not os.path.exists(flag):
        Path(flag).touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return region_search.PatternSearch(*given).part(prefixes)


@pytest.mark.processes
def test_a_killed_process_is_replaced(tmp_path, monkeypatch):
    network = Network.random([3, 6, 6, 1], rng=0)
    die = partial(_die_once, str(tmp_path / "died"))
    monkeypatch.setattr(region_tasks, "_search", die)
    monkeypatch.setattr(region_tasks.pickle, "dumps", lambda search: search.given)
    with ProcessPoolExecutor(2) as executor:
        found = network.regions(box(3), executor, method="recursion")
    assert (tmp_path / "died").exists()
    same(found, network.regions(box(3), method="recursion"))


@pytest.mark.processes
def test_a_dask_cluster_takes_parts(dask_executor):
    network = Network.random([4, 8, 8, 1], rng=0)
    found = network.regions(box(4), dask_executor, method="recursion")
    same(found, network.regions(box(4), method="recursion"))


SHORT_PARTS = """
import sys
from arrangement.cli import main
from arrangement.networks.regions import region_search
region_search.LOOK, region_search.PART = 16, 64
sys.exit(main(sys.argv[1:]))
"""


@pytest.mark.processes
@pytest.mark.parametrize("jobs", [(), ("--jobs", "2")])
def test_killed_at_any_moment_and_started_again(jobs, tmp_path):
    Network.random([6, 7, 7, 1], rng=2).save(tmp_path / "network.npz")
    kept = tmp_path / "kept"
    asked = [sys.executable, "-c", SHORT_PARTS, "network", tmp_path / "network.npz",
             "--box", "-1", "1", *jobs, "--json", "--checkpoint", kept]  # fmt: skip
    for parts in (1, 6):
        run = subprocess.Popen(asked, stdout=subprocess.DEVNULL)
        while len(list(kept.glob("regions-*"))) < parts and run.poll() is None:
            time.sleep(0.001)
        assert run.poll() is None
        run.kill()
        run.wait()
    done = {p.name: p.stat().st_mtime_ns for p in kept.glob("regions-*")}
    assert len(done) >= 6
    told = json.loads(subprocess.run(asked, check=True, capture_output=True).stdout)
    assert done.items() < {p.name: p.stat().st_mtime_ns for p in kept.glob("*")}.items()
    network = Network.read(tmp_path / "network.npz")
    assert told["activation_regions"] == len(network.regions(box(6)))
