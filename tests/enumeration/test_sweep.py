"""The sweep: equal to the reference and to restrict and split, however it is divided."""

import os
import pickle
import shutil
import signal
import subprocess
import sys
import time
from concurrent.futures import (
    BrokenExecutor,
    Executor,
    Future,
    ProcessPoolExecutor,
    ThreadPoolExecutor,
)
from functools import partial
from math import comb
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from arrangement import Arrangement, Cells, InputError, SolverError, exact, families
from arrangement.bounds import zaslavsky
from arrangement.enumeration import (
    choose,
    cone_counts,
    cones,
    restrict,
    shared_memory,
    sweep,
    tasks,
)
from arrangement.enumeration.checkpoints import Checkpoint
from arrangement.enumeration.intervals import line_at, rank_of
from arrangement.enumeration.tasks import portions
from arrangement.hyperplanes.reduction import Reduction
from tests import reference
from tests.amounts import examples, first
from tests.hyperplanes.test_hyperplanes import arrangement_of
from tests.strategies import tables


@pytest.fixture(autouse=True)
def executors_are_used(monkeypatch):
    monkeypatch.setattr(choose, "WORTH_SHARING", 0)


def signs_of(cells):
    found = [row.tobytes() for row in cells.signs]
    assert len(found) == len(set(found))
    return set(found)


def words_of(rows):
    return np.concatenate([words for _, words in portions(sweep.Sweep(rows), lambda *_: None)])


def random(n, d, seed=0):
    rng = np.random.default_rng(seed)
    return Arrangement(rng.normal(size=(n, d)), rng.normal(size=n))


@given(tables())
def test_equal_to_the_reference(table):
    _, normals, offsets = table
    cells = arrangement_of(*table).cells(method="sweep")
    found = list(map(tuple, cells.signs.tolist()))
    assert len(found) == len(set(found))
    assert set(found) == reference.cells(reference.rows_of(normals, offsets))


@given(tables(max_hyperplanes=11, max_dimension=5))
@examples(60)
def test_equal_to_restrict_and_split(table):
    arrangement = arrangement_of(*table)
    assert signs_of(arrangement.cells(method="sweep")) == signs_of(
        arrangement.cells(method="restrict")
    )


@pytest.mark.slow
@given(tables(max_hyperplanes=8, max_dimension=3))
@examples(1500)
def test_equal_to_restrict_and_split_many_times(table):
    arrangement = arrangement_of(*table)
    assert signs_of(arrangement.cells(method="sweep")) == signs_of(
        arrangement.cells(method="restrict")
    )


@pytest.mark.parametrize(
    ("n", "d"), [(1, 1), (30, 1), (40, 2), (70, 2), (20, 3), (130, 2), (14, 5), (10, 9)]
)
def test_simple_arrangements_meet_zaslavskys_bound(n, d):
    arrangement = random(n, d)
    cells = arrangement.cells(method="sweep")
    assert len(signs_of(cells)) == zaslavsky(n, d)
    assert (np.asarray(cells.signs) != 0).all()
    assert signs_of(cells) == signs_of(arrangement.cells(method="restrict"))


def nearly(kind):
    rng = np.random.default_rng(7)
    if kind == "a concurrent triple among forty":
        normals, offsets = rng.integers(-(10**6), 10**6, (40, 3)), np.zeros(40, dtype=int)
        offsets[3:] = rng.integers(-(10**6), 10**6, 37)
        normals[2] = normals[0] + normals[1]
        return Arrangement(normals, offsets)
    if kind == "a quadruple through a line":
        normals = rng.integers(-99, 100, (16, 4)).astype(object)
        offsets = rng.integers(-99, 100, 16).astype(object)
        normals[15] = normals[0] + normals[3] - normals[8]
        offsets[15] = offsets[0] + offsets[3] - offsets[8]
        return Arrangement(normals, offsets)
    if kind == "parallel classes":
        normals = rng.integers(-99, 100, (9, 3)).astype(object)
        normals[4] = normals[2]
        normals[7] = -3 * normals[1]
        return Arrangement(normals, rng.integers(-99, 100, 9).astype(object))
    if kind == "dependent normals":
        normals = rng.integers(-99, 100, (12, 4)).astype(object)
        normals[11] = normals[0] - 2 * normals[5]
        return Arrangement(normals, rng.integers(-99, 100, 12).astype(object))
    if kind == "a last bit":
        base = rng.normal(size=(5, 3))
        return Arrangement(np.vstack([base, np.nextafter(base, 9)]), rng.normal(size=10))
    if kind == "a lattice":
        return Arrangement(
            rng.integers(-1, 2, (9, 3)) + np.array([0, 0, 3]), rng.integers(-1, 2, 9)
        )
    if kind == "rank-deficient":
        normals = rng.normal(size=(12, 2)) @ rng.integers(-2, 3, (2, 4)).astype(float)
        return Arrangement(normals.round(3) + 0.0, rng.normal(size=12))
    return Arrangement(rng.normal(size=(14, 4)))


@pytest.mark.parametrize(
    "kind",
    [
        "a concurrent triple among forty",
        "a quadruple through a line",
        "parallel classes",
        "dependent normals",
        "a last bit",
        "a lattice",
        "rank-deficient",
        "central",
    ],
)
def test_nearly_simple(kind):
    arrangement = nearly(kind)
    expected = signs_of(arrangement.cells(method="restrict"))
    assert signs_of(arrangement.cells(method="sweep")) == expected
    assert signs_of(arrangement.cells()) == expected


@st.composite
def crowded(draw):
    """Integers, with hyperplanes through intersections of those before."""
    d = draw(st.integers(1, 4))
    size = draw(st.sampled_from([2, 9, 2**40]))
    entries = st.integers(-size, size)
    rows = []
    for _ in range(draw(st.integers(1, 8))):
        row = draw(st.lists(entries, min_size=d + 1, max_size=d + 1))
        if rows and draw(st.booleans()):
            chosen = draw(st.lists(st.sampled_from(rows), min_size=1, max_size=d))
            factors = draw(st.lists(st.integers(-2, 2), min_size=d, max_size=d))
            row = [
                sum(f * r[c] for f, r in zip(factors, chosen, strict=False)) for c in range(d)
            ]
            last = sum(f * r[-1] for f, r in zip(factors, chosen, strict=False))
            row.append(last + draw(st.sampled_from([0, 0, 1])))
        elif rows and draw(st.booleans()):
            row[:-1] = draw(st.sampled_from(rows))[:-1]  # parallel
        if any(row[:-1]):
            rows.append(row)
    if not rows:
        rows = [[1] + [0] * d]
    table = np.array(rows, dtype=object)
    return table[:, :-1], table[:, -1] * draw(st.sampled_from([1, 10**12]))


def wider(error):
    """The honest rows as floats, but with larger bounds on their errors."""
    honest = exact.double_rows

    def double_rows(rows):
        high, low, errors = honest(rows)
        return high, low, errors + error

    return double_rows


def primes_that_divide(swept, drawn=sweep.Sweep.draw_primes):
    """At first the smallest primes, which divide many minors and prove no zero."""
    if swept.needed:
        swept.primes = []  # those below the ones that there are would not be enough
        drawn(swept)
    else:
        swept.primes = [(p, 0) for p in (3, 3, 3, 3, 5, 5, 5, 7)]
        swept.needed = 9


@given(crowded(), st.sampled_from(["", "wide", "wider", "nothing known", "primes"]))
@examples(150)
def test_crowded_vertices_however_they_are_settled(table, how):
    arrangement = Arrangement(*table)
    with pytest.MonkeyPatch.context() as patch:
        if how == "primes":
            patch.setattr(sweep.Sweep, "draw_primes", primes_that_divide)
        if how:
            error = {"wide": 1e-9, "wider": 1e-3}.get(how, 10.0)
            patch.setattr(exact, "double_rows", wider(error))
        cells = arrangement.cells(method="sweep")
    assert {tuple(s) for s in cells.signs.tolist()} == reference.cells(
        reference.rows_of(*table)
    )
    assert len(signs_of(cells)) == len(cells)


@pytest.mark.parametrize("far", [2**40, 2**587], ids=["near", "far"])
def test_circuits_at_infinity_where_rows_are_scaled_apart(far):
    # The first row's normal is so short beside its offset that its dictionary is filled
    # exactly, in units of its own; it is in a circuit at infinity that leaves a constant.
    normals = [[0, 2, -1], [1, -1, 2], [1, 1, 1], [far, far, 0], [-1, 1, 1]]
    arrangement = Arrangement(normals, [-far, 0, -1024, -1, 0])
    found = signs_of(arrangement.cells(method="sweep"))
    assert found == signs_of(arrangement.cells(method="restrict"))


@pytest.mark.parametrize("seed", first(2, range(8)))
def test_primes_that_prove_nothing_are_replaced(seed, monkeypatch):
    table = np.random.default_rng(seed).integers(-9, 10, (7, 3)).astype(object)
    table[:, 0] += 10
    monkeypatch.setattr(sweep.Sweep, "draw_primes", primes_that_divide)
    monkeypatch.setattr(exact, "double_rows", wider(10.0))
    cells = Arrangement(table[:, :-1], table[:, -1]).cells(method="sweep")
    expected = reference.cells(reference.rows_of(table[:, :-1], table[:, -1]))
    assert {tuple(s) for s in cells.signs.tolist()} == expected


def a_few_vertices(kind):
    rng = np.random.default_rng(3)
    rows = rng.integers(-(2**40), 2**40, (24, 5)).astype(object)
    if kind == "over a number field":
        table = [[f"{a % 19 - 9}+{a % 17 - 8}*sqrt(2)" for a in row] for row in rows[:12, :4]]
        table.append([f"2*({a})-3*({b})+({c})" for a, b, c in zip(*table[:3], strict=True)])
        return Arrangement([row[:-1] for row in table], [row[-1] for row in table])
    rows[7] = rows[0] + 2 * rows[1] - rows[2] + 3 * rows[4]
    rows[15] = rows[3] - rows[8]
    if kind == "parallel to lines":
        rows[7, -1] += 2**39
        rows[15, -1] += 2**38
    return Arrangement(rows[:, :-1], rows[:, -1])


WITHOUT_INVERSES = SimpleNamespace(**{**vars(exact), "inverse": None})


@pytest.mark.parametrize("kind", ["concurrent", "parallel to lines", "over a number field"])
def test_zeros_are_proved_without_rational_numbers(kind, monkeypatch):
    arrangement = a_few_vertices(kind)
    rows = Reduction(arrangement).rows
    expected = cone_counts.count(*cones.homogeneous(rows))
    monkeypatch.setattr(sweep, "exact", WITHOUT_INVERSES)
    swept = sweep.Sweep(rows)
    assert sum(len(b) for part in swept.intervals() for b in swept.blocks(part)) == expected
    assert expected < zaslavsky(*arrangement.normals.shape)
    assert swept.settled == 0


def test_crowded_vertices_need_no_rational_signs(monkeypatch):
    arrangement = families.shi(4)
    rows = Reduction(arrangement).rows
    monkeypatch.setattr(sweep, "exact", WITHOUT_INVERSES)
    swept = sweep.Sweep(rows)
    assert sum(len(b) for part in swept.intervals() for b in swept.blocks(part)) == 125
    assert swept.settled > 0


def test_families():
    for arrangement in (families.braid(5), families.shi(4), families.resonance(4)):
        assert signs_of(arrangement.cells(method="sweep")) == signs_of(arrangement.cells())


def _at_first_none(dimension, draw, honest=sweep.random_change):
    return honest(dimension, draw) if draw else np.eye(dimension, dtype=int).astype(object)


def test_special_positions_are_noticed_and_drawn_again(monkeypatch):
    monkeypatch.setattr(sweep, "random_change", _at_first_none)
    arrangement = families.resonance(3)
    rows = Reduction(arrangement).rows
    plain = sweep.Sweep(rows)
    with pytest.raises(sweep.SpecialPosition):
        [list(plain.blocks(part)) for part in plain.intervals()]
    assert len(signs_of(arrangement.cells(method="sweep"))) == 32
    assert sum(map(len, arrangement.iter_cells())) == 32


@given(st.integers(0, 3), st.integers(1, 40), st.integers(0, 60))
@examples(30)
def test_however_divided_the_cells_come_in_the_same_order(which, size, budget):
    arrangement = [random(9, 3), random(12, 2), nearly("parallel classes"), families.braid(4)][
        which
    ]
    swept = sweep.Sweep(Reduction(arrangement).rows)
    whole = [b.copy() for part in swept.intervals() for b in swept.blocks(part)]
    parts = []
    for part in swept.intervals():
        pieces = list(part.pieces(size, swept.n))
        assert sum(map(len, pieces)) == len(part)
        for rest in pieces:
            while rest is not None:
                words, rest = tasks._run(swept, rest, budget)
                parts.append(words)
    assert np.array_equal(np.concatenate(parts), np.concatenate(whole))


@pytest.mark.parametrize("level", [1, 2, 3, 5])
def test_ranks_of_lines(level):
    n = 8
    lines = sorted({c[:-1] for c in _subsets(range(n), level)})
    ranks = [rank_of(line, n, level) for line in lines]
    assert ranks[0] == 0
    for line, start, stop in zip(lines, ranks, [*ranks[1:], comb(n, level)], strict=True):
        for rank in range(start, stop):
            assert line_at(rank, n, level) == line


def _subsets(items, size):
    from itertools import combinations

    return combinations(items, size)


def test_portions():
    arrangement = random(20, 3)
    whole = arrangement.cells(method="sweep")
    for size in (1, 7, 500, 10**6):
        portions = list(arrangement.iter_cells(batch_size=size))
        assert {len(p) for p in portions[:-1]} <= {size}
        assert np.array_equal(np.concatenate([p.packed for p in portions]), whole.packed)
    third = portions[0] if len(portions) == 1 else portions[1]
    assert not third.complete
    with pytest.raises(InputError, match="batch_size=0"):
        next(arrangement.iter_cells(batch_size=0))


def test_points_of_portions_lie_in_their_cells():
    e = f"1/{10**30}"
    arrangement = Arrangement([[1, 0], [1, 0], [1, 1], [0, 1]], [0, e, "1/3", "1/7"])
    for portion in arrangement.iter_cells(batch_size=2):
        for cell in portion:
            located = arrangement.cells().locate(np.array(cell.witness, dtype=object))
            assert (arrangement.cells()[located].signs == cell.signs).all()
        assert len(portion.bounded) == len(portion)


def test_cells_come_at_once_where_there_are_many_levels_to_sweep_first(monkeypatch, tmp_path):
    arrangement = random(12, 4)
    whole = signs_of(arrangement.cells())
    monkeypatch.setattr(choose, "FIRST", 100)
    executor = Here()
    for how in ({}, {"executor": executor}, {"checkpoint": tmp_path / "kept"}):
        portions = list(arrangement.iter_cells(50, **how))
        assert [len(p) for p in portions[:-1]] == [50] * (len(portions) - 1)
        assert set().union(*map(signs_of, portions)) == whole
        assert sum(map(len, portions)) == len(whole)
    assert executor.tasks > 0
    assert any((tmp_path / "kept").glob("lines-*"))
    many = random(60, 9)  # 2 * 10^9 lines at infinity
    monkeypatch.undo()
    assert len(next(many.iter_cells(100))) == 100


@pytest.mark.parametrize("n", [0, 1])
def test_portions_of_few_hyperplanes(n):
    arrangement = Arrangement(np.ones((n, 2)))
    assert sum(map(len, arrangement.iter_cells())) == n + 1 == arrangement.n_cells()


@pytest.mark.processes
def test_processes_give_the_same_cells():
    arrangement = random(25, 4)
    whole = arrangement.cells(method="sweep")
    with ProcessPoolExecutor(2) as executor:
        assert np.array_equal(arrangement.cells(executor=executor).packed, whole.packed)
        portions = arrangement.iter_cells(executor=executor)
        assert sum(map(len, portions)) == len(whole)
        with pytest.raises(InputError, match="an executor is for method 'sweep'"):
            arrangement.cells(method="lp", executor=executor)


def test_threads_give_the_same_cells():
    arrangement = random(60, 4)  # enough for tasks that run side by side
    whole = arrangement.cells(method="sweep")
    with ThreadPoolExecutor(4) as executor:
        assert np.array_equal(arrangement.cells(executor=executor).packed, whole.packed)
        assert sum(map(len, arrangement.iter_cells(executor=executor))) == len(whole)


@pytest.mark.parametrize("kind", ["random", "a quadruple through a line", "parallel classes"])
def test_cells_come_back_through_shared_memory_or_without(kind, monkeypatch):
    arrangement = random(14, 3) if kind == "random" else nearly(kind)
    whole = arrangement.cells(method="sweep").packed
    put = []

    def put_every_other(words, place, after):
        put.append(shared_memory.put(words, place, after))
        return put[-1] and len(put) % 2

    monkeypatch.setattr(tasks, "put", put_every_other)
    assert np.array_equal(arrangement.cells(method="sweep", executor=Here()).packed, whole)
    assert all(put)
    monkeypatch.setattr(tasks, "put", lambda *_: False)  # as on another machine
    assert np.array_equal(arrangement.cells(method="sweep", executor=Here()).packed, whole)
    monkeypatch.setattr(os, "memfd_create", None)
    monkeypatch.delattr(os, "memfd_create")  # as on another system
    assert np.array_equal(arrangement.cells(method="sweep", executor=Here()).packed, whole)


def test_room_of_another_process_is_refused():
    with shared_memory.Room(2, 1) as room:
        words = np.ones((1, 1), dtype=np.uint64)
        assert not shared_memory.put(words, room.place(0)._replace(token=b"another"))
        assert not shared_memory.put(words, room.place(0)._replace(process=2**22 + 1))
        assert not shared_memory.put(words, room.place(2))
        assert room.words(0, 2).tolist() == [[0], [0]]


class Here(Executor):
    """Runs a task at once; those in `deaths` fail as often as it says."""

    def __init__(self, deaths=0):
        self.deaths = deaths
        self.tasks = 0

    def submit(self, function, /, *args, **kwargs):
        future = Future()
        self.tasks += 1
        if self.deaths:
            self.deaths -= 1
            future.set_exception(BrokenExecutor("a worker died"))
        else:
            future.set_result(function(*args, **kwargs))
        return future


def test_what_a_budget_leaves_is_done_later(monkeypatch):
    monkeypatch.setattr(tasks, "TASK", 50)
    arrangement = nearly("a quadruple through a line")
    rows = Reduction(arrangement).rows
    executor = Here()
    found = sorted(
        portions(sweep.Sweep(rows), lambda *_: None, executor=executor, task=100),
        key=lambda b: b[0],
    )
    assert np.array_equal(np.concatenate([w for _, w in found]), words_of(rows))
    assert executor.tasks > sum(len(p) for p in sweep.Sweep(rows).intervals()) // 400


def test_tasks_of_dead_workers_are_repeated():
    arrangement = random(12, 3)
    assert len(arrangement.cells(method="sweep", executor=Here(deaths=2))) == zaslavsky(12, 3)
    with pytest.raises(SolverError, match="tasks failed with no success"):
        arrangement.cells(method="sweep", executor=Here(deaths=10**6))


def die_once(flag, given, task, budget, place, patience=np.inf):
    if not os.path.exists(flag):
        Path(flag).touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return tasks._run(pickle.loads(given), task, budget)


@pytest.mark.processes
def test_a_killed_process_is_replaced(tmp_path, monkeypatch):
    arrangement = random(70, 4)
    monkeypatch.setattr(tasks, "_work", partial(die_once, str(tmp_path / "died")))
    with ProcessPoolExecutor(2) as executor:
        cells = arrangement.cells(executor=executor)
    assert (tmp_path / "died").exists()
    assert np.array_equal(cells.packed, arrangement.cells(method="sweep").packed)


@pytest.mark.processes
def test_a_dask_cluster_gives_the_same_cells(dask_executor):
    arrangement = random(20, 3)
    cells = arrangement.cells(method="sweep", executor=dask_executor)
    assert np.array_equal(cells.packed, arrangement.cells(method="sweep").packed)


def test_checkpoints_hold_what_is_done(tmp_path):
    arrangement = random(15, 3)
    rows = Reduction(arrangement).rows
    whole = words_of(rows)
    checkpoint = Checkpoint(tmp_path, rows)
    steps = portions(
        sweep.Sweep(rows, checkpoint.draw), lambda *_: None, checkpoint=checkpoint, task=40
    )
    for _ in range(7):
        next(steps)
    steps.close()
    before = {p.name: p.stat().st_mtime_ns for p in tmp_path.iterdir()}
    again = Checkpoint(tmp_path, rows)
    found = sorted(
        portions(sweep.Sweep(rows, again.draw), lambda *_: None, checkpoint=again, task=33),
        key=lambda b: b[0],
    )
    assert np.array_equal(np.concatenate([w for _, w in found]), whole)
    after = {p.name: p.stat().st_mtime_ns for p in tmp_path.iterdir()}
    assert before.items() <= after.items()
    assert np.array_equal(arrangement.cells(method="sweep", checkpoint=tmp_path).packed, whole)


def test_checkpoints_of_something_else_are_refused(tmp_path):
    rows = Reduction(random(9, 2)).rows
    Checkpoint(tmp_path / "a", rows)
    with pytest.raises(InputError, match="of another arrangement"):
        Checkpoint(tmp_path / "a", rows[:-1])
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / ".killed.part").touch()
    Checkpoint(tmp_path / "b", rows)
    (tmp_path / "b" / "sweep.json").unlink()
    (tmp_path / "b" / "mine.txt").touch()
    with pytest.raises(InputError, match="not empty, and no directory of checkpoints"):
        Checkpoint(tmp_path / "b", rows)
    with pytest.raises(InputError, match="not a directory"):
        Checkpoint(tmp_path / "b" / "mine.txt", rows)
    (tmp_path / "a" / "sweep.json").write_text("{")
    with pytest.raises(InputError, match="damaged"):
        Checkpoint(tmp_path / "a", rows)


def test_a_special_position_clears_the_checkpoint(tmp_path, monkeypatch):
    monkeypatch.setattr(sweep, "random_change", _at_first_none)
    arrangement = families.resonance(3)
    cells = arrangement.cells(method="sweep", checkpoint=tmp_path)
    assert len(signs_of(cells)) == 32
    assert Checkpoint(tmp_path, Reduction(arrangement).rows).draw == 1
    again = arrangement.cells(method="sweep", checkpoint=tmp_path)
    assert np.array_equal(again.packed, cells.packed)


def blocks_of(directory):
    return sorted(directory.glob("lines-3-*.npy"))


def test_damaged_checkpoints_are_done_again(tmp_path):
    arrangement = random(15, 3)
    whole = arrangement.cells(method="sweep", checkpoint=tmp_path).packed
    (block,) = blocks_of(tmp_path)
    content = block.read_bytes()
    for damaged in (b"", content[:100], content[:-9], content[:-3] + b"abc", b"x" * 200):
        block.write_bytes(damaged)
        assert np.array_equal(
            arrangement.cells(method="sweep", checkpoint=tmp_path).packed, whole
        )
    block.rename(tmp_path / block.name.replace(f"-{comb(15, 3)}-", "-99999-"))
    assert np.array_equal(arrangement.cells(method="sweep", checkpoint=tmp_path).packed, whole)


def test_checkpoints_of_two_runs_at_once_count_once(tmp_path):
    arrangement = random(15, 3)
    rows = Reduction(arrangement).rows
    for name, size in (("one", 100), ("other", 70)):
        checkpoint = Checkpoint(tmp_path / name, rows)
        list(
            portions(
                sweep.Sweep(rows, checkpoint.draw),
                lambda *_: None,
                checkpoint=checkpoint,
                task=size,
            )
        )
    for block in blocks_of(tmp_path / "other"):
        shutil.copy(block, tmp_path / "one")
    found = arrangement.cells(method="sweep", checkpoint=tmp_path / "one")
    assert signs_of(found) == signs_of(arrangement.cells())


@pytest.mark.processes
def test_a_pool_that_is_broken_already_is_replaced():
    arrangement = random(12, 3)
    with ProcessPoolExecutor(1) as executor:
        with pytest.raises(BrokenExecutor):
            executor.submit(os._exit, 1).result()
        assert len(arrangement.cells(method="sweep", executor=executor)) == zaslavsky(12, 3)


@given(tables())
@examples(60)
def test_far_cells_by_sweep_and_by_restriction(table):
    arrangement = arrangement_of(*table)
    if arrangement.is_central:
        return
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(choose, "SMALL", 0)
        patch.setattr(choose, "PATIENCE", 10**6)
        patch.setattr(sweep, "looks_degenerate", lambda _: False)
        swept = choose.unbounded(arrangement)
    restricted = restrict.unbounded(arrangement)
    assert set(map(bytes, swept)) == set(map(bytes, restricted))


@pytest.mark.slow
def test_killed_and_started_again_the_result_is_the_same(tmp_path):
    command = [
        sys.executable, "-m", "arrangement", "cells", "--family", "generic", "52", "5",
        "--checkpoint", str(tmp_path / "kept"), "--out", str(tmp_path / "cells.npz"),
    ]  # fmt: skip
    for delay in (2.0, 2.5, 3.0):
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        time.sleep(delay)
        process.kill()
        process.wait()
    done = {p.name: p.stat().st_mtime_ns for p in (tmp_path / "kept").glob("lines-*")}
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    kept = {p.name: p.stat().st_mtime_ns for p in (tmp_path / "kept").glob("lines-*")}
    assert done.items() <= kept.items()
    shutil.rmtree(tmp_path / "kept")
    cells = Cells.load(tmp_path / "cells.npz")
    assert len(cells) == zaslavsky(52, 5)
    assert np.array_equal(cells.packed, cells.arrangement.cells(method="sweep").packed)


@pytest.mark.slow
def test_portions_take_little_memory():
    code = """
import resource, numpy as np
from arrangement import Arrangement
rng = np.random.default_rng(0)
warm = Arrangement(rng.normal(size=(30, 4)), rng.normal(size=30))
sum(map(len, warm.iter_cells()))
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
big = Arrangement(rng.normal(size=(52, 5)), rng.normal(size=52))
count = sum(map(len, big.iter_cells()))
print(count, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""
    out = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, check=True, text=True
    ).stdout
    count, kilobytes = map(int, out.split())
    assert count == zaslavsky(52, 5)
    assert kilobytes < 50_000  # the cells alone are 22 MB packed, 150 MB as signs


def test_patience_runs_out_on_an_executor_too():
    """With the small levels, which are tried first, and with a task of a large one."""
    rows = Reduction(families.resonance(5)).rows

    def show(done, total):
        pass

    with ThreadPoolExecutor(1) as executor:
        for size in (tasks.TASK, 1):
            with pytest.raises(sweep.TooDegenerate):
                list(portions(sweep.Sweep(rows), show, executor, patience=0, task=size))
