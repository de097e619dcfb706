"""What memory is left: control groups of both versions, limits of the process; and arrays."""

import os
import pickle
import subprocess
import sys

import numpy as np
import pytest

from arrangement import Arrangement, memory
from arrangement.enumeration import ray_values
from arrangement.errors import SizeError

GIB = 2**30


@pytest.fixture
def system(tmp_path):
    """Write files of a system that is made up."""

    def write(files):
        for name, text in {"proc/meminfo": "MemAvailable: 8388608 kB\n", **files}.items():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text(str(text))
        return memory.memory(tmp_path)

    return write


V2 = {
    "proc/self/cgroup": "0::/user/job\n",
    "proc/self/mountinfo": "25 1 0:22 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 none rw\n",
}
V1 = {
    "proc/self/cgroup": "5:cpu:/\n4:hugetlb,memory:/docker/ab:c\n1:name=systemd:/\n0::/\n",
    "proc/self/mountinfo": (
        "31 23 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw,mode=755\n"
        "34 31 0:31 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n"
        "35 31 0:32 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,hugetlb,memory\n"
    ),
}


def test_the_machine(system):
    assert system({}) == 8 * GIB


def test_no_system_at_all(tmp_path):
    assert 0 < memory.memory(tmp_path) < 2**60


@pytest.mark.parametrize("name", ["memory.max", "memory.high"])
@pytest.mark.parametrize("group", ["user/job/", "user/", ""])
def test_a_group_and_its_ancestors(system, name, group):
    base = "sys/fs/cgroup/"
    assert system({**V2, f"{base}user/job/memory.max": "max\n"}) == 8 * GIB
    left = system({**V2, f"{base}{group}{name}": 3 * GIB, f"{base}{group}memory.current": GIB})
    assert left == 2 * GIB
    stat = f"anon 1\ninactive_file {GIB // 2}\n"
    assert system({f"{base}{group}memory.stat": stat}) == 2.5 * GIB
    assert system({f"{base}{group}memory.current": 4 * GIB}) == 0


@pytest.mark.parametrize("group", ["docker/ab:c/", "docker/", ""])
def test_groups_of_the_first_version(system, group):
    base = f"sys/fs/cgroup/memory/{group}memory"
    (none := {f"{base}.limit_in_bytes": 9223372036854771712})
    assert system({**V1, "sys/fs/cgroup/memory/docker/ab:c/x": "", **none}) == 8 * GIB
    assert system({f"{base}.limit_in_bytes": 2 * GIB}) == 2 * GIB
    assert system({f"{base}.usage_in_bytes": GIB}) == GIB
    assert system({f"{base}.stat": f"total_inactive_file {GIB}\n"}) == 2 * GIB


def test_a_container_sees_its_group_at_the_mount_point(system):
    mount = "25 1 0:22 /docker/x /sys/fs/cgroup rw - cgroup2 none rw\n"
    files = {"proc/self/mountinfo": mount, "sys/fs/cgroup/memory.max": GIB}
    assert system({**files, "proc/self/cgroup": "0::/docker/x\n"}) == GIB
    assert system({"proc/self/cgroup": "0::/elsewhere\n"}) == GIB
    assert system({"proc/self/cgroup": "0::/../sibling\n"}) == GIB


@pytest.mark.parametrize(
    ("name", "line"),
    [("RLIMIT_AS", "VmSize: 1048576 kB"), ("RLIMIT_DATA", "VmData:\t1048576 kB")],
)
def test_limits_of_the_process(system, monkeypatch, name, line):
    resource = pytest.importorskip("resource", reason="limits of POSIX")
    kind = getattr(resource, name)
    known = resource.getrlimit
    monkeypatch.setattr(
        resource, "getrlimit", lambda k: (3 * GIB, 9 * GIB) if k == kind else known(k)
    )
    assert system({"proc/self/status": f"Name: x\n{line}\n"}) == 2 * GIB


def test_a_size_is_refused(monkeypatch):
    monkeypatch.setattr(memory, "memory", lambda: GIB)
    memory.refuse(GIB, "10 tables", "take fewer")
    with pytest.raises(SizeError, match=r"10 tables take about 2.0 GiB of memory, and 1.0 GiB"):
        memory.refuse(2 * GIB, "10 tables", "take fewer")


@pytest.mark.processes
def test_cells_are_refused_under_ulimit():
    code = (
        "import resource; resource.setrlimit(resource.RLIMIT_AS, (2**32, 2**32));"
        "from arrangement import Arrangement, SizeError, memory; import numpy as np;"
        "assert memory.memory() < 2**32;"
        "rng = np.random.default_rng(0); a = Arrangement(rng.normal(size=(400, 5)));"
        "\ntry: a.cells()\nexcept SizeError as error: print(error)"
    )
    environment = os.environ | {"OPENBLAS_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        env=environment,
        check=True,
    )
    assert "cells do not fit in the memory" in done.stdout


def test_rays_and_faces_in_a_domain_are_refused_before_they_are_made(monkeypatch):
    rng = np.random.default_rng(0)
    planes = Arrangement(rng.normal(size=(40, 3)), rng.normal(size=40))
    box = [(-5, 5)] * 3
    monkeypatch.setattr(memory, "LITTLE", 0)
    monkeypatch.setattr(memory, "memory", lambda: 2**20)
    with pytest.raises(SizeError, match="the 1,048,576 corners of the domain take about"):
        Arrangement(np.eye(20)).n_cells(domain=[(-1, 1)] * 20)
    with pytest.raises(SizeError, match="faces do not fit in the memory that is left"):
        planes.faces(1, domain=box)
    monkeypatch.setattr(ray_values, "ROOM", 1)
    monkeypatch.setattr(memory, "memory", lambda: 2**16)
    with pytest.raises(SizeError, match=r"more than \d+ rays of cones take .* walls$"):
        planes.faces(1, domain=box)
    monkeypatch.setattr(memory, "memory", lambda: 2**12)
    for ask in (lambda: planes.faces(1, domain=box), lambda: planes.n_cells(domain=box)):
        with pytest.raises(SizeError, match=r"^8 rays take about .* are left: take fewer"):
            ask()


def test_large_arrays_are_like_others(monkeypatch):
    monkeypatch.setattr(memory, "HUGE", 64)
    for shape in ((1, 2), (100, 3), (0, 5), (2**12, 12)):
        array = memory.zeros(shape)
        assert (array.shape, array.dtype) == (shape, np.float64)
        assert not array.any()
        assert array.flags.behaved
        assert array.flags.c_contiguous
        array[:] = 1.5
        array.flags.writeable = False
        array.flags.writeable = True
        assert np.array_equal(pickle.loads(pickle.dumps(array)), array.copy())
        assert (array == 1.5).all()
    with pytest.raises(MemoryError):
        memory.zeros((2**55, 3))
