"""Several processes that write to one place, and processes killed while they write."""

import json
import os
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pytest

from arrangement import Arrangement, Cells, InputError, families
from arrangement.bounds import zaslavsky
from arrangement.enumeration import sweep, tasks
from arrangement.enumeration.checkpoints import Checkpoint
from arrangement.files.output import atomic_output
from arrangement.hyperplanes.reduction import Reduction
from arrangement.results.blocks import CLAIM, write_blocks
from tests.amounts import first
from tests.enumeration.test_sweep import random


def started(*arguments, **options):
    command = [sys.executable, "-m", "arrangement", *map(str, arguments)]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    return subprocess.Popen(command, **pipes, **options)


def ended(processes):
    return [(*process.communicate(timeout=120), process.returncode) for process in processes]


def cells_in(folder):
    return sum(len(Cells.load(path)) for path in sorted(folder.glob("cells-*.npz")))


@pytest.mark.processes
def test_of_runs_into_one_directory_of_blocks_one_has_it(tmp_path):
    folder = tmp_path / "out"
    sizes = (30, 31, 32)
    runs = [started("cells", "--family", "generic", n, 3, "--out", folder) for n in sizes]
    results = ended(runs)
    assert sorted(code for *_, code in results) == [0, 2, 2]
    for (out, err, code), n in zip(results, sizes, strict=True):
        if code == 0:
            count = zaslavsky(n, 3)
            assert f"cells        {count}" in out
        else:
            assert err.startswith(f"arrangement: error: {folder}: ")
            assert len(err.splitlines()) == 1 + err.count("\r")
    facts = json.loads((folder / "arrangement.json").read_text())
    assert facts["cells"] == count == cells_in(folder)
    assert not (folder / CLAIM).exists()


@pytest.mark.parametrize("trials", first(1, [4, 20]))
def test_threads_that_claim_one_directory(tmp_path, trials):
    gate = threading.Barrier(8)
    results = []

    def run(folder, k):
        gate.wait()
        try:
            results.append(
                write_blocks(families.braid(3), families.braid(3).iter_cells(2), folder)
            )
        except InputError as error:
            results.append(str(error))

    for trial in range(trials):
        folder = tmp_path / str(trial)
        if trial % 2:
            folder.mkdir()
        results.clear()
        threads = [threading.Thread(target=run, args=(folder, k)) for k in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert [r for r in results if r == 6] == [6], results
        assert all("taken by process" in r or "not empty" in r for r in results if r != 6)
        assert cells_in(folder) == 6
        assert len(list(folder.iterdir())) == 4


@pytest.mark.processes
def test_a_run_that_was_killed_says_what_to_do(tmp_path):
    folder = tmp_path / "out"
    run = started("cells", "--family", "generic", 60, 5, "--out", folder)
    while not (folder / CLAIM).exists():
        assert run.poll() is None
        time.sleep(0.01)
    run.kill()
    ended([run])
    ((_, err, code),) = ended([started("cells", "--family", "braid", 3, "--out", folder)])
    assert code == 2
    assert f"taken by process {run.pid} on " in err
    assert err.endswith("give another directory, or remove this one if that run was killed\n")


@pytest.mark.parametrize("there", [False, True])
def test_a_run_that_fails_leaves_no_blocks(tmp_path, there):
    folder = tmp_path / "out"
    if there:
        folder.mkdir()

    def portions():
        yield from families.braid(4).iter_cells(10)
        raise MemoryError

    with pytest.raises(MemoryError):
        write_blocks(families.braid(4), portions(), folder)
    assert folder.exists() == there
    assert not there or list(folder.iterdir()) == []
    assert write_blocks(families.braid(4), families.braid(4).iter_cells(10), folder) == 24


@pytest.mark.slow
def test_runs_that_share_a_checkpoint(tmp_path):
    kept = tmp_path / "kept"
    outs = [tmp_path / f"{k}.npz" for k in range(2)]
    command = ["cells", "--family", "generic", 26, 4, "--checkpoint", kept, "--out"]
    results = ended([started(*command, out) for out in outs])
    assert [code for *_, code in results] == [0, 0], results
    assert len({Cells.load(out).packed.tobytes() for out in outs}) == 1
    assert len(Cells.load(outs[0])) == zaslavsky(26, 4)


@pytest.mark.slow
def test_runs_of_two_arrangements_into_one_checkpoint(tmp_path):
    for trial in range(2):
        kept = tmp_path / str(trial)
        runs = [
            started("cells", "--family", "generic", n, 3, "--checkpoint", kept)
            for n in (20, 21)
        ]
        results = ended(runs)
        assert sorted(code for *_, code in results) == [0, 2], results
        assert "holds checkpoints of another arrangement" in results[0][1] + results[1][1]


@pytest.mark.slow
def test_writers_and_readers_of_one_file(tmp_path):
    """Whoever reads finds one of the answers, whole; and nothing else is left."""
    path = tmp_path / "cells.npz"
    families.braid(3).cells().save(path)
    runs = [started("cells", "--family", "braid", n, "--out", path) for n in (3, 4, 5)]
    sizes = set()
    while any(run.poll() is None for run in runs):
        sizes.add(len(Cells.load(path)))
    assert all(code == 0 for *_, code in ended(runs))
    assert sizes <= {6, 24, 120}
    assert [p.name for p in tmp_path.iterdir()] == ["cells.npz"]


WRITER = """
import sys, time
from arrangement.files import output
if sys.argv[2] == "named":
    output._nameless = lambda folder: None
from arrangement.cli.termination import orderly_termination
with orderly_termination():
    for k in range(10**9):
        with output.atomic_output(sys.argv[1], "w") as stream:
            for _ in range(5):
                stream.write(f"{k}\\n" * 500)
                stream.flush()
        print(k, flush=True)
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("way", "name"),
    [
        ("nameless", "SIGTERM"),
        ("nameless", "SIGKILL"),
        ("named", "SIGTERM"),
    ],
)
def test_killed_at_random_moments_nothing_is_left(tmp_path, way, name):
    if way == "nameless" and not hasattr(os, "O_TMPFILE"):
        pytest.skip("no files without a name on this system")
    rng = np.random.default_rng(0)
    for k in range(12):
        path = tmp_path / f"{k}.txt"
        run = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(path), way],
            stdout=subprocess.PIPE,
        )
        run.stdout.readline()
        time.sleep(float(rng.random()) * 0.02)
        run.send_signal(getattr(signal, name))
        run.communicate(timeout=300)
        assert run.returncode == (143 if name == "SIGTERM" else -9)
        lines = path.read_text().split()
        assert len(lines) == 2500
        assert len(set(lines)) == 1
    left = sum(p.suffix == ".part" for p in tmp_path.iterdir())
    # Between the two steps of replacing a file SIGKILL leaves a name.
    assert left == 0 or (name == "SIGKILL" and left < 3)


@pytest.mark.processes
def test_a_command_that_is_terminated(tmp_path):
    """With workers, between kernels, while it writes: 143, soon, and nothing is left."""
    rng = np.random.default_rng(0)
    for number in (signal.SIGTERM, signal.SIGTERM, signal.SIGHUP):
        begun = sum(os.times()[2:4])  # of processes that have ended
        run = started(
            "cells", "--family", "generic", 60, 5, "--jobs", 2, "--out", tmp_path / "out",
            start_new_session=True,
            preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_DFL),
        )  # fmt: skip
        while not (tmp_path / "out").exists():
            assert run.poll() is None
            time.sleep(0.01)
        time.sleep(float(rng.random()) * 0.2)
        run.send_signal(number)
        ((_, err, code),) = ended([run])
        assert code == 128 + number
        assert "SystemExit" not in err, err[-3000:]
        assert sum(os.times()[2:4]) - begun < 20
        assert list(tmp_path.iterdir()) == []
        with pytest.raises(ProcessLookupError):
            _wait_for_group(run.pid)


def _wait_for_group(group):
    for _ in range(60):
        os.killpg(group, 0)
        time.sleep(0.1)


def test_one_writer_of_a_file_that_is_not_to_be_replaced(tmp_path, monkeypatch):
    for way in ("nameless", "named", "no links"):
        if way != "nameless":
            monkeypatch.setattr("arrangement.files.output._nameless", lambda folder: None)
        if way == "no links":
            monkeypatch.setattr(os, "link", _no_links)
        path = tmp_path / way
        slow = atomic_output(path, "w", replace=False)
        slow.__enter__().write("slow")
        with atomic_output(path, "w", replace=False) as stream:
            stream.write("other")
        with pytest.raises(FileExistsError) as caught:
            slow.__exit__(None, None, None)
        assert caught.value.filename == str(path)
        with pytest.raises(FileExistsError), atomic_output(path, "w", replace=False):
            pass
        assert path.read_text() == "other"
    assert len(list(tmp_path.iterdir())) == 3


def _no_links(*_):
    raise PermissionError(1, "Operation not permitted")


def test_checkpoints_of_other_coordinates_are_not_mixed_in(tmp_path, monkeypatch):
    """As after a change of the generator of random numbers."""
    arrangement = random(15, 3)
    whole = arrangement.cells(method="sweep", checkpoint=tmp_path).packed
    blocks = {p.name for p in tmp_path.glob("lines-*")}
    for block in sorted(tmp_path.glob("lines-3-*"))[1:]:
        block.unlink()
    draw = sweep.random_change
    monkeypatch.setattr(sweep, "random_change", lambda d, number: draw(d, number + 1))
    found = arrangement.cells(method="sweep", checkpoint=tmp_path).packed
    assert set(map(bytes, found)) == set(map(bytes, whole))
    assert len({p.name for p in tmp_path.glob("lines-*")} - blocks) == len(blocks)


def test_workers_take_the_coordinates_that_they_are_given(monkeypatch):
    """A worker elsewhere, with another generator of random numbers, draws none."""
    arrangement = random(14, 3)
    rows = Reduction(arrangement).rows
    swept = sweep.Sweep(rows)
    part = swept.intervals()[3]
    given = tasks.pickle.dumps(swept)
    expected, _ = tasks._run(swept, part, 10**9)
    monkeypatch.setattr(sweep, "random_change", None)
    found, _ = tasks._work(given, part, 10**9, None)
    assert np.array_equal(found, expected)


def test_checkpoints_of_numbers_of_any_size(tmp_path):
    normals = [[10**5000, 1], [1, 10**5000 + 1], [3, -1], [1, 1]]
    arrangement = Arrangement(normals, [1, 2, 10**4500, 0])
    expected = arrangement.cells(method="sweep").packed
    for _ in range(2):
        found = arrangement.cells(method="sweep", checkpoint=tmp_path)
        assert np.array_equal(found.packed, expected)


@pytest.mark.parametrize(
    "content",
    [
        '{"arrangement": "", "draw": 1e400}',
        '{"arrangement": "", "draw": -1}',
        "[" * 10**5,
        '{"arrangement": "", "draw": true}',
        '{"draw": 0}',
        "\xff",
        "",
    ],
)
def test_damaged_manifests(tmp_path, content):
    (tmp_path / "sweep.json").write_bytes(content.encode("latin-1"))
    with pytest.raises(InputError, match=r"sweep.json: damaged; remove the directory"):
        Checkpoint(tmp_path, Reduction(random(9, 2)).rows)


def test_a_folder_in_place_of_a_block(tmp_path):
    arrangement = random(12, 3)
    whole = arrangement.cells(method="sweep", checkpoint=tmp_path).packed
    block = next(tmp_path.glob("lines-2-*"))
    block.unlink()
    block.mkdir()
    with pytest.raises(InputError, match=block.name):
        arrangement.cells(method="sweep", checkpoint=tmp_path)
    block.rmdir()
    assert np.array_equal(arrangement.cells(method="sweep", checkpoint=tmp_path).packed, whole)


@pytest.mark.processes
@pytest.mark.parametrize(("number", "code"), [("SIGTERM", 143), ("SIGINT", 130)])
def test_a_signal_where_an_exception_goes_no_further(number, code):
    """Compilers call Python from C, and delete objects: what is raised there is lost."""
    program = f"""
import os, signal, time
from arrangement.cli.termination import orderly_termination

class Deleted:
    def __del__(self):
        os.kill(os.getpid(), signal.{number})
        time.sleep(0.1)

signal.signal(signal.SIGINT, signal.default_int_handler)
with orderly_termination():
    one = Deleted()
    del one
    for _ in range(500):
        time.sleep(0.01)
print("not ended")
"""
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert "not ended" not in run.stdout
    assert run.returncode == code
