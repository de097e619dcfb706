"""Room for the cells of a sweep in memory that the processes of one machine share.

It is an anonymous file in memory: nothing is left behind, whatever dies. Workers open it by the
process that holds it; on another machine or system they find none, and send their cells.
"""

from __future__ import annotations

import mmap
import os
import secrets
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from arrangement.exact.packing import Words

__all__ = ["Place", "Room", "put"]

HEADER = 64
"""Bytes in front of the cells: the token by which a worker knows the file."""


class Place(NamedTuple):
    """Where a worker may put cells."""

    process: int
    descriptor: int
    token: bytes
    start: int
    n_words: int


class Room:
    """Room for up to a number of packed sign vectors; a context manager.

    Parameters
    ----------
    size : int
        How many.
    n_words : int
        64-bit words in each.

    Raises
    ------
    OSError
        If there is no such memory here.

    Examples
    --------
    >>> import numpy as np
    >>> with Room(4, 1) as room:
    ...     put(np.array([[7], [5]], dtype=np.uint64), room.place(2))
    ...     room.words(2, 2).ravel().tolist()
    True
    [7, 5]
    """

    def __init__(self, size: int, n_words: int) -> None:
        if not hasattr(os, "memfd_create"):
            raise OSError("no anonymous files in memory on this system")
        self._descriptor = os.memfd_create("cells", os.MFD_CLOEXEC)
        try:
            os.ftruncate(self._descriptor, HEADER + 8 * size * n_words)
            self._memory = mmap.mmap(self._descriptor, 0)
        except BaseException:
            os.close(self._descriptor)
            raise
        self._token = secrets.token_bytes(HEADER)
        self._memory[:HEADER] = self._token
        self._all = np.frombuffer(self._memory, dtype=np.uint64, offset=HEADER)
        self._all = self._all.reshape(size, n_words)

    def __enter__(self) -> Room:
        return self

    def __exit__(self, *_: object) -> None:
        """No more can be put here; the memory is freed with the last array of words."""
        os.close(self._descriptor)

    def place(self, start: int) -> Place:
        """Where a worker may put sign vectors from a certain one on."""
        return Place(os.getpid(), self._descriptor, self._token, start, self._all.shape[1])

    def words(self, start: int, count: int) -> Words:
        """Some of the sign vectors that were put here."""
        return self._all[start : start + count]

    def filled(self, portions: Sequence[Words]) -> Words:
        """Sign vectors that fill the room; those not in their place yet are put there."""
        start = 0
        for words in portions:
            there = self._all[start : start + len(words)]
            if not np.may_share_memory(there, words):
                there[:] = words
            start += len(words)
        return self._all


def put(words: Words, place: Place, after: int = 0) -> bool:
    """Put sign vectors where another process of this machine holds room for them.

    Parameters
    ----------
    words : ndarray of uint64, shape (m, n_words)
    place : Place
    after : int
        How many were put there before.

    Returns
    -------
    bool
        False if that room cannot be reached from here.
    """
    data = memoryview(np.ascontiguousarray(words)).cast("B")  # type: ignore[arg-type]
    at = HEADER + 8 * (place.start + after) * place.n_words
    try:
        with open(f"/proc/{place.process}/fd/{place.descriptor}", "r+b", buffering=0) as file:
            there = file.fileno()
            # Written, not mapped: pages that appear one by one cost more than the cells.
            if os.pread(there, HEADER, 0) != place.token:
                return False
            if at + len(data) > os.fstat(there).st_size:
                return False
            while data:
                written = os.pwrite(there, data, at)
                data, at = data[written:], at + written
    except OSError:
        return False
    return True
