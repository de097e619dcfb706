"""How much memory this process may still take, and memory for large results."""

from __future__ import annotations

import mmap
import os
from collections.abc import Iterator, Sequence
from math import prod
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from arrangement.errors import SizeError

try:
    import resource
except ImportError:  # on Windows
    LIMITS = []
else:
    LIMITS = [(resource.RLIMIT_AS, "VmSize:"), (resource.RLIMIT_DATA, "VmData:")]

__all__ = ["memory", "refuse", "refuse_large", "zeros"]

UNKNOWN = 2**34
"""Taken where the system does not tell."""

HUGE = 2**22
"""Bytes from which on numpy asks for huge pages."""

LITTLE = 2**20
"""Bytes that there always are: to ask the system takes a millisecond."""


def memory(root: str | os.PathLike[str] = "/") -> int:
    """Bytes that this process may still take.

    The least of what is left of the machine's memory, of the limits of the control groups that
    the process is in (versions 1 and 2, their ancestors included), and of the process's own
    limits on its address space and its data (``ulimit -v`` and ``-d``).

    Parameters
    ----------
    root : path
        Where ``proc`` is, and what mount points are relative to.

    Examples
    --------
    >>> memory() > 0
    True
    """
    top = Path(root)
    return max(0, min((*_machine(top), *_groups(top), *_own(top)), default=UNKNOWN))


def refuse(size: int, what: str, advice: str) -> None:
    """Raise a SizeError if so many bytes are more than there are left."""
    if size <= LITTLE:
        return
    left = memory()
    if size > left:
        raise SizeError(
            f"{what} take about {size / 2**30:,.1f} GiB of memory, and {left / 2**30:,.1f} GiB "
            f"are left: {advice}"
        )


def refuse_large(found: Sequence[NDArray[np.uint64]], what: str, copies: int = 4) -> None:
    """A SizeError when some copies of what was found so far would fill what memory is left."""
    count = sum(map(len, found))
    left = memory()
    if copies * found[0].itemsize * found[0].shape[1] * count > left:
        raise SizeError(
            f"more than {count:,} {what} do not fit in the memory that is left on this machine "
            f"({left / 2**30:.0f} GiB): take fewer hyperplanes or dimensions"
        )


def zeros(shape: tuple[int, ...]) -> NDArray[np.float64]:
    """Zeros to be filled from the first to the last, as of `numpy.zeros`.

    For large arrays numpy asks for huge pages. The system has cleared one of the usual size
    just before it is filled, while it is in the processor's cache; and virtual machines have
    such pages at hand, where they may have to fetch huge ones from their host.

    Examples
    --------
    >>> zeros((2, 3)).tolist()
    [[0.0, 0.0, 0.0], [0.0, 0.0, 0.0]]
    """
    size = 8 * prod(shape)
    if size < HUGE or not hasattr(mmap, "MAP_PRIVATE"):
        return np.zeros(shape)
    try:
        pages = mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    except OSError as error:
        raise MemoryError(f"an array of shape {shape}: {error}") from None
    return np.frombuffer(pages).reshape(shape)


def _machine(root: Path) -> Iterator[int]:
    fields = _fields(root / "proc/meminfo")
    if "MemAvailable:" in fields:
        yield 1024 * fields["MemAvailable:"]
    try:
        yield os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):
        return


def _groups(root: Path) -> Iterator[int]:
    """What is left of each limit of a control group."""
    paths = {}
    for line in _text(root / "proc/self/cgroup").splitlines():
        number, controllers, path = line.split(":", 2)
        if number == "0" and not controllers:
            paths["cgroup2"] = path
        elif "memory" in controllers.split(","):
            paths["cgroup"] = path
    for line in _text(root / "proc/self/mountinfo").splitlines():
        mount, _, kind = line.partition(" - ")
        version, _, options = kind.split(" ", 2)
        if version not in paths or (version == "cgroup" and "memory" not in options.split(",")):
            continue
        start, point = mount.split(" ")[3:5]
        base = root / point.lstrip("/")
        # A container sees its own group at the mount point, whatever its path is outside.
        group = base / os.path.relpath(paths[version], start)
        if ".." in group.parts or not group.is_dir():
            group = base
        while True:
            yield from _group(group, version)
            if group == base:
                break
            group = group.parent


def _group(group: Path, version: str) -> Iterator[int]:
    if version == "cgroup2":
        limits, usage, cache = ["memory.max", "memory.high"], "memory.current", "inactive_file"
    else:
        limits, usage = ["memory.limit_in_bytes"], "memory.usage_in_bytes"
        cache = "total_inactive_file"
    for name in limits:
        limit = _text(group / name).strip()
        # Where there is none, version 2 has "max", version 1 almost 2^63.
        if limit.isdecimal() and int(limit) < 2**62:
            used = int(_text(group / usage).strip() or 0)
            # Files that were read count as used, but give way.
            freed = _fields(group / "memory.stat").get(cache, 0)
            yield int(limit) - max(0, used - freed)


def _own(root: Path) -> Iterator[int]:
    for kind, used in LIMITS:
        limit = resource.getrlimit(kind)[0]
        if limit != resource.RLIM_INFINITY:
            yield limit - 1024 * _fields(root / "proc/self/status").get(used, 0)


def _fields(path: Path) -> dict[str, int]:
    """The first number of each line that is "name number …"."""
    words = (line.split() for line in _text(path).splitlines())
    return {row[0]: int(row[1]) for row in words if len(row) > 1 and row[1].isdecimal()}


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
