"""Restrict and split in parts: on executors, with checkpoints, in domains of every kind."""

import pickle
import shutil
import subprocess
import sys
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from functools import partial
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from arrangement import Arrangement, Cells, InputError, SolverError, families
from arrangement.bounds import zaslavsky
from arrangement.enumeration import choose, cone_faces, cones, splitting, sweep, tasks
from arrangement.enumeration.splitting import Counts, Splitting
from arrangement.hyperplanes.domain import parse_domain
from tests.amounts import examples, first
from tests.enumeration.test_cones import integer_rows, problems, threshold, weyl_chamber
from tests.enumeration.test_sweep import Here, die_once, random, signs_of


def use_parts(patch, parts=8):
    patch.setattr(splitting, "FEW", 0)
    patch.setattr(splitting, "PARTS", parts)
    patch.setattr(splitting, "HEAD_START", 0)
    patch.setattr(splitting, "LONG", 0)


@pytest.fixture
def in_parts(monkeypatch):
    use_parts(monkeypatch)


def words_of(source):
    return [
        np.concatenate(list(source.blocks(piece)))
        for interval in source.intervals()
        for piece in source.pieces(interval, 1)
    ]


@examples(150)
@given(problem=problems(), parts=st.integers(1, 9))
def test_parts_one_after_another_are_the_whole_in_order(problem, parts):
    d, _, _, rows, walls = problem
    given_rows, given_walls = cones.homogeneous(integer_rows(rows, d), integer_rows(walls, d))
    if not len(given_walls):
        given_walls = given_rows[:1]
    blocks = list(cone_faces.words(given_rows, given_walls))
    if not blocks:
        return
    whole = np.concatenate(blocks)
    with pytest.MonkeyPatch.context() as patch:
        use_parts(patch, parts)
        source, counts = (kind(given_rows, given_walls) for kind in (Splitting, Counts))
    found = words_of(source)
    assert np.array_equal(np.concatenate(found), whole)
    assert len(source.sides) < 2 * max(parts, 2)
    assert len(source.sides) >= min(parts, len(whole))
    assert [int(w[0, 0]) for w in words_of(counts)] == [len(w) for w in found]
    again = pickle.loads(pickle.dumps(source))
    assert np.array_equal(np.concatenate(words_of(again)), whole)


def test_few_cells_are_one_part():
    rows, walls = threshold(6), weyl_chamber(6)
    assert len(Splitting(rows, walls).sides) == 1
    assert [w.shape for w in words_of(Splitting(rows, walls))] == [(135, 1)]


def threshold_chamber(n):
    walls = weyl_chamber(n)
    return Arrangement(threshold(n)), (-walls, np.zeros(n + 1, dtype=int))


LINES = [[1, 0], [0, 1], [1, 1], [1, -1]]
OFFSETS = [0, 0, -1, "1/3"]
HUGE = 10**40

DOMAINS = {
    "box": (LINES, OFFSETS, [(0, 1), ("-1/2", 2)]),
    "half a plane": (LINES, OFFSETS, [(0, None), (None, None)]),
    "everything": (LINES, OFFSETS, [(None, None)] * 2),
    "everything, central": (LINES, [0] * 4, [(None, None)] * 2),
    "nothing limits": (LINES, OFFSETS, ([[1, 1]], [np.inf])),
    "redundant": (LINES, OFFSETS, ([[1, 0], [2, 0], [1, 0], [1, 1]], [2, 4, 9, "7/2"])),
    "a cell": (LINES, OFFSETS, ([[-1, 0], [0, -1], [1, 1]], [0, 0, 1])),
    "a wall is a hyperplane": (LINES, OFFSETS, ([[-1, -1]], [-1])),
    "a strip": (LINES, OFFSETS, ([[1, 1], [-1, -1]], [2, "1/7"])),
    "a sliver": (LINES, OFFSETS, [(f"1/{HUGE}", f"2/{HUGE}"), (-HUGE, HUGE)]),
    "far away": (LINES, OFFSETS, [(HUGE, None), (None, -HUGE)]),
    "huge numbers": ([[HUGE, 1], [1, HUGE + 1], [3, -1]], [1, 2, HUGE], [(0, 1), (0, HUGE)]),
    "algebraic domain": (LINES, OFFSETS, [("sqrt(2)-1", "sqrt(3)"), (None, "2*cos(2*pi/7)")]),
    "algebraic normals": ([["sqrt(5)", 1], [1, 1], [0, 1]], [0, "1/3", -1], [(0, 1)] * 2),
    "both": ([["sqrt(5)", 1], [1, 1]], [0, "-1/3"], [("sqrt(5)/9", 1), (0, None)]),
    "copies": ([*LINES, [-2, 0]], [*OFFSETS, 0], [(-1, None), (-1, None)]),
    "no hyperplanes": (np.zeros((0, 2)), [], [(0, 1), (0, None)]),
    "not essential": ([[1, 1, 0], [2, 2, 0]], [0, 1], [(0, 1), (-1, 1), (None, 3)]),
}


@pytest.mark.parametrize("name", first(8, DOMAINS))
@pytest.mark.parametrize("parts", first(1, [False, True]))
def test_a_domain_gives_the_same_cells_in_every_way(name, parts, monkeypatch, tmp_path):
    if parts:
        use_parts(monkeypatch, 3)
    normals, offsets, domain = DOMAINS[name]
    A = Arrangement(normals, offsets)
    cells = A.cells(domain=domain)
    assert signs_of(cells) == signs_of(A.cells("lp", domain=domain))
    assert len(signs_of(cells)) == len(cells) == A.n_cells(domain=domain) > 0
    kept = {"checkpoint": tmp_path / "kept"}
    for how in ({"executor": Here()}, kept, kept, {"executor": Here(), **kept}):
        found = A.cells(domain=domain, **how)
        assert np.array_equal(found.packed, cells.packed)
        assert (found.domain is None) == (cells.domain is None)
        portions = list(A.iter_cells(domain=domain, batch_size=2, **how))
        assert sorted(s for p in portions for s in p.signs.tolist()) == sorted(
            cells.signs.tolist()
        )
        assert A.n_cells(domain=domain, **how) == len(cells)
    for i in range(len(cells)):
        assert all(
            sum(g * x for g, x in zip(wall, (*cells[i].witness, 1), strict=True)) > 0
            for wall in (cells.domain if cells.domain is not None else [])
        )


@pytest.mark.parametrize(
    ("domain", "message"),
    [
        ([(0, 0), (0, 1)], "domain, coordinate 0: low 0 is not below high 0"),
        ([(0, 1), (HUGE, HUGE)], "domain, coordinate 1"),
        ([(0, 1), ("sqrt(2)", "sqrt(2)")], "domain, coordinate 1"),
        (([[1, 0], [-1, 0]], [1, -1]), "rows 0, 1 of G contradict each other"),
        (([[1, 0], [-1, 0]], [0, f"-1/{HUGE}"]), "interior is empty"),
        (([[1, 1], [-1, 0], [0, -1]], [0, 0, 0]), "interior is empty"),
        (([[0, 0]], [1]), "domain G, row 0: the row is zero"),
        ([(0, 1)], "1 bounds for 2 coordinates"),
        (([[1, 0, 0]], [1]), "domain G has 3 columns"),
    ],
)
def test_a_domain_that_is_none_is_refused_in_every_way(domain, message, tmp_path):
    A = Arrangement(LINES, OFFSETS)
    kept = {"checkpoint": tmp_path / "kept"}
    for how in ({}, {"executor": Here()}, kept):
        for ask in (A.cells, A.iter_cells, A.n_cells):
            with pytest.raises(InputError, match=message) as caught:
                ask(domain=domain, **how)
            assert "\n" not in str(caught.value)
    assert not (tmp_path / "kept").exists()


@pytest.mark.processes
@pytest.mark.usefixtures("in_parts")
def test_processes_and_threads_give_the_same_cells():
    chamber = threshold_chamber(7)
    box = random(16, 3), [(-1, 1)] * 3
    orthant = families.resonance(5), [(-1, None)] * 5
    with ProcessPoolExecutor(2) as processes, ThreadPoolExecutor(2) as threads:
        for arrangement, domain in (chamber, box, orthant, (families.coxeter("H", 3), None)):
            whole = arrangement.cells(domain=domain)
            for executor in (processes, threads):
                how = {"domain": domain, "executor": executor}
                assert np.array_equal(arrangement.cells(**how).packed, whole.packed)
                assert sum(map(len, arrangement.iter_cells(**how))) == len(whole)
                if domain is not None:
                    assert arrangement.n_cells(**how) == len(whole)


@pytest.mark.usefixtures("in_parts")
@pytest.mark.parametrize("name", ["resonance", "braid", "shi", "threshold"])
def test_degenerate_arrangements_are_divided(name, tmp_path):
    arrangement = families.FAMILIES[name](5) if name != "threshold" else families.threshold(4)
    whole = arrangement.cells()
    executor = Here()
    found = arrangement.cells(executor=executor, checkpoint=tmp_path / "kept")
    assert executor.tasks >= 8
    assert np.array_equal(found.packed, whole.packed)
    assert len(signs_of(found)) == len(found) == arrangement.n_cells()
    portions = list(arrangement.iter_cells(executor=executor))
    assert set().union(*map(signs_of, portions)) == signs_of(whole)


class Clock:
    """A second goes by between two looks at it."""

    def __init__(self):
        self.now = 0

    def __call__(self):
        self.now += 1
        return self.now


@examples(100)
@given(
    problem=problems(),
    blocks=st.integers(0, 4),
    block=st.integers(8, 12),
    few=st.booleans(),
)
def test_an_executor_goes_on_where_this_process_stops(problem, blocks, block, few):
    d, _, _, rows, walls = problem
    rows, walls = cones.homogeneous(integer_rows(rows, d), integer_rows(walls, d))
    if not len(walls):
        walls = rows[:1]
    whole = [word for part in cone_faces.words(rows, walls) for word in part.tolist()]
    if not whole:
        return
    executor, seen = Here(), []
    with pytest.MonkeyPatch.context() as patch:
        use_parts(patch, 4)
        patch.setattr(cone_faces, "BLOCK", block)
        patch.setattr(splitting, "monotonic", Clock())
        patch.setattr(splitting, "HEAD_START", blocks + 1)
        patch.setattr(splitting, "LONG", 10**9 if few else 0)
        spread = splitting.spread(rows, walls, lambda *at: seen.append(at), executor)
        found = sorted(spread, key=lambda item: item[0])
        counted = splitting.spread_count(rows, walls, None, executor)
    assert [w for _, part in found for w in part.tolist()] == whole
    assert counted == len(whole)
    assert all(done <= total for done, total in seen)
    assert seen[-1][0] == seen[-1][1]


def test_little_work_is_not_handed_over(monkeypatch):
    chamber, domain = threshold_chamber(6)
    executor = Here()
    assert len(chamber.cells(domain=domain, executor=executor)) == 135
    assert chamber.n_cells(domain=domain, executor=executor) == 135
    assert sum(map(len, chamber.iter_cells(domain=domain, executor=executor))) == 135
    assert len(random(25, 4).cells(executor=executor)) == zaslavsky(25, 4)
    assert executor.tasks == 0
    monkeypatch.setattr(choose, "WORTH_SHARING", 1000)
    assert len(random(70, 4).cells(executor=executor)) == zaslavsky(70, 4)
    assert executor.tasks > 0


@pytest.mark.processes
def test_a_dask_cluster_takes_parts(in_parts, dask_executor):
    arrangement, domain = threshold_chamber(6)
    cells = arrangement.cells(domain=domain, executor=dask_executor)
    assert arrangement.n_cells(domain=domain, executor=dask_executor) == len(cells) == 135
    assert np.array_equal(cells.packed, arrangement.cells(domain=domain).packed)


@pytest.mark.usefixtures("in_parts")
def test_parts_of_dead_workers_are_repeated():
    arrangement, domain = threshold_chamber(6)
    assert len(arrangement.cells(domain=domain, executor=Here(deaths=2))) == 135
    assert arrangement.n_cells(domain=domain, executor=Here(deaths=2)) == 135
    with pytest.raises(SolverError, match="tasks failed with no success"):
        arrangement.cells(domain=domain, executor=Here(deaths=10**6))


@pytest.mark.processes
def test_a_killed_process_is_replaced(in_parts, tmp_path, monkeypatch):
    arrangement, domain = threshold_chamber(6)
    monkeypatch.setattr(tasks, "_work", partial(die_once, str(tmp_path / "died")))
    with ProcessPoolExecutor(2) as executor:
        assert arrangement.n_cells(domain=domain, executor=executor) == 135
    assert (tmp_path / "died").exists()


@pytest.mark.usefixtures("in_parts")
def test_a_run_that_stops_goes_on_from_there(tmp_path):
    arrangement, domain = threshold_chamber(7)
    whole = arrangement.cells(domain=domain)
    steps = arrangement.iter_cells(1, domain=domain, checkpoint=tmp_path)
    for _ in range(whole.packed.shape[0] // 2):
        next(steps)
    steps.close()
    before = {p.name: p.stat().st_mtime_ns for p in tmp_path.glob("parts-*")}
    assert len(before) > 0
    found = arrangement.cells(domain=domain, checkpoint=tmp_path)
    after = {p.name: p.stat().st_mtime_ns for p in tmp_path.glob("parts-*")}
    assert before.items() < after.items()
    assert np.array_equal(found.packed, whole.packed)
    # Numbers of cells are blocks of their own.
    assert arrangement.n_cells(domain=domain, checkpoint=tmp_path) == len(whole)
    assert len(list(tmp_path.glob("parts-*"))) == 2 * len(after)


@pytest.mark.usefixtures("in_parts")
def test_damaged_parts_are_done_again(tmp_path):
    arrangement, domain = threshold_chamber(6)
    whole = arrangement.cells(domain=domain, checkpoint=tmp_path).packed
    block = sorted(tmp_path.glob("parts-*.npy"))[3]
    content = block.read_bytes()
    for damaged in (b"", content[:100], content[:-3], content[:-3] + b"abc", b"x" * 200):
        block.write_bytes(damaged)
        found = arrangement.cells(domain=domain, checkpoint=tmp_path).packed
        assert np.array_equal(found, whole)
        assert block.read_bytes() == content


def test_other_domains_and_other_parts(tmp_path, monkeypatch):
    arrangement, domain = threshold_chamber(6)
    whole = arrangement.cells(domain=domain).packed
    for parts in (8, 5, 8):
        use_parts(monkeypatch, parts)
        assert np.array_equal(
            arrangement.cells(domain=domain, checkpoint=tmp_path).packed, whole
        )
    for other in (None, [(0, 1)] * 7, (domain[0][:-1], domain[1][:-1])):
        with pytest.raises(InputError, match="of another arrangement or domain"):
            arrangement.cells("restrict", domain=other, checkpoint=tmp_path)
    with pytest.raises(InputError, match="of another arrangement or domain"):
        arrangement.restriction(0).cells(checkpoint=tmp_path)


def test_a_sweep_and_parts_share_a_directory(in_parts, tmp_path):
    arrangement = families.resonance(4)
    found = [arrangement.cells(m, checkpoint=tmp_path) for m in ("auto", "sweep") * 2]
    assert {len(signs_of(cells)) for cells in found} == {370}
    assert {p.name[:6] for p in tmp_path.glob("*.npy")} == {"lines-", "parts-"}


@pytest.mark.parametrize("method", ["sweep", "restrict"])
def test_checkpoints_of_field_elements(method, in_parts, tmp_path):
    arrangement = families.coxeter("H", 3)
    whole = arrangement.cells(method).packed
    for _ in range(2):
        found = arrangement.cells(method, checkpoint=tmp_path)
        assert np.array_equal(found.packed, whole)
    with pytest.raises(InputError, match="of another arrangement"):
        families.coxeter("B", 3).cells(checkpoint=tmp_path)


def test_most_of_a_domain_is_swept_on_an_executor(tmp_path, monkeypatch):
    monkeypatch.setattr(choose, "WORTH_SHARING", 0)
    arrangement, domain = random(30, 4), [(-9, 9)] * 4
    whole = arrangement.cells(domain=domain)
    for _ in range(2):
        found = arrangement.cells(domain=domain, executor=Here(), checkpoint=tmp_path)
        assert np.array_equal(found.packed, whole.packed)
    assert any(tmp_path.glob("lines-*"))
    assert len(whole) == arrangement.n_cells(domain=domain, executor=Here())
    shutil.rmtree(tmp_path)
    portions = arrangement.iter_cells(domain=domain, checkpoint=tmp_path)
    assert sum(map(len, portions)) == len(whole)


@pytest.mark.parametrize("half", [False, True])
def test_a_special_position_in_a_domain_is_noticed(half, monkeypatch, tmp_path):
    """The sweep begins with lines along the axes, on which a coordinate is constant."""
    A = Arrangement(
        [[1, 0, 0], [0, 1, 0], [1, 1, 0], [0, 1, 1], [1, 2, 3]], [0, 0, -1, 0, "1/2"]
    )
    domain = [(-1, 2)] * 3 if not half else [(-1, None), (None, 2), (None, None)]
    wanted = signs_of(A.cells("restrict", domain=domain))
    walls = parse_domain(domain, 3)
    for executor, directory in product((None, Here()), (None, tmp_path / "kept")):
        drawn = []

        original = sweep.random_change

        def change(d, number, drawn=drawn, original=original):
            drawn.append(number)
            return np.eye(d, dtype=int).astype(object) if number == 0 else original(d, number)

        with monkeypatch.context() as patch:
            patch.setattr(sweep, "random_change", change)
            patch.setattr(choose, "WORTH_SHARING", 0)
            task = choose._Task(A, walls, None, executor, directory)
            found = Cells(A, choose._swept_inside(task).words)
        assert len(found) == len(wanted)
        assert signs_of(found) == wanted
        assert max(drawn) > 0


def test_counting_without_a_domain_has_no_tasks(tmp_path):
    for how in ({"executor": Here()}, {"checkpoint": tmp_path / "kept"}):
        with pytest.raises(InputError, match="is for counting in a domain"):
            families.braid(4).n_cells(**how)
    assert not (tmp_path / "kept").exists()


def started(*arguments):
    command = [sys.executable, "-m", "arrangement", *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def domain_file(folder, n=44, d=5):
    """A file of an arrangement that has an unbounded domain of its own, and the cells there."""
    rng = np.random.default_rng(1)
    A = Arrangement(rng.integers(-9, 10, size=(n, d)), rng.integers(-9, 10, size=n))
    normals = [list(map(int, row)) for row in A.rows[:, :-1]]
    np.savez(
        folder / "given.npz",
        normals=np.array(normals),
        offsets=np.array(A.rows[:, -1].astype(int)),
        domain=np.eye(d, d + 1, dtype=int)[:2],
    )
    return folder / "given.npz"


@pytest.mark.slow
@pytest.mark.parametrize("jobs", [(), ("--jobs", 2)])
@pytest.mark.parametrize("command", ["cells", "count"])
def test_killed_at_any_moment_and_started_again(command, jobs, tmp_path):
    given = domain_file(tmp_path)
    whole = tmp_path / "whole.npz"
    assert started("cells", given, "--method", "restrict", "--out", whole).wait() == 0
    kept, out = tmp_path / "kept", tmp_path / "out.npz"
    asked = [command, given, *jobs, "--checkpoint", kept]
    if command == "cells":
        asked += ["--method", "restrict", "--out", out]
    for blocks in (0, 5, 40):
        run = started(*asked)
        while len(list(kept.glob("parts-*"))) < blocks and run.poll() is None:
            time.sleep(0.01)
        assert run.poll() is None
        run.kill()
        run.communicate()
    done = {p.name: p.stat().st_mtime_ns for p in kept.glob("parts-*")}
    assert len(done) >= 40
    told, err = (run := started(*asked)).communicate()
    assert run.returncode == 0, err
    assert done.items() <= {p.name: p.stat().st_mtime_ns for p in kept.glob("*")}.items()
    cells = Cells.load(whole)
    assert f"  {len(cells)}\n" in told
    if command == "cells":
        assert np.array_equal(Cells.load(out).packed, cells.packed)


@pytest.mark.slow
def test_runs_that_share_a_checkpoint_of_a_domain(tmp_path):
    given = domain_file(tmp_path)
    kept = tmp_path / "kept"
    asked = ["cells", given, "--method", "restrict", "--checkpoint", kept, "--out"]
    outs = [tmp_path / f"{k}.npz" for k in range(2)]
    counting = ["count", given, "--checkpoint", kept]
    runs = [started(*asked, outs[0]), started(*asked, outs[1]), started(*counting)]
    told = [run.communicate(timeout=200) for run in runs]
    assert [run.returncode for run in runs] == [0, 0, 0], told
    first, second = map(Cells.load, outs)
    assert np.array_equal(first.packed, second.packed)
    assert f"  {len(first)}\n" in told[2][0]


@pytest.mark.slow
def test_the_command_line_knows_domains_of_files(tmp_path, in_parts):
    from arrangement.cli import main

    given = domain_file(tmp_path, 7, 3)
    options = product(((), ("--jobs", "2")), ((), ("--json",)))
    for k, (jobs, json) in enumerate(options):
        more = ["--checkpoint", str(tmp_path / str(k)), *jobs, *json]
        assert main(["count", str(given), *more]) == 0
        assert main(["cells", str(given), *more]) == 0


def test_a_block_of_cells_tells_that_parts_are_worth_it(monkeypatch):
    listed, words = [], cone_faces.words

    def noted(*arguments):
        for block in words(*arguments):
            listed.append(len(block))
            yield block

    monkeypatch.setattr(cone_faces, "words", noted)
    rows = families.braid(10).rows[:, :-1]
    assert len(Splitting(rows, rows[:1]).sides) > 1
    assert sum(listed) < splitting.FEW
