"""Files that are whole or absent: written beside their place, then moved into it."""

from __future__ import annotations

import errno
import os
import re
import secrets
import stat
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any, TextIO

from arrangement.files.reading import file_name

__all__ = [
    "atomic_output",
    "claim_stdout",
    "discard_unfinished",
    "hindrance",
    "is_stream",
    "undone",
]

_STANDARD = {"/dev/stdout": "/dev/fd/1", "/dev/stderr": "/dev/fd/2"}
MOST_LINKS = 40

_claimed: dict[int, int] = {}  # descriptor 1: the one that took its place


def claim_stdout() -> TextIO:
    """A stream to standard output, which nothing else in this process can write to any more.

    What libraries print to descriptor 1, now, from their own buffers at exit, or in processes
    that are started later, goes nowhere. `atomic_output` knows where ``/dev/stdout`` is.
    Characters that its encoding does not have are escaped, as on standard error.

    Raises
    ------
    OSError
        If standard output is closed.
    """
    old = sys.stdout
    old.flush()
    kept = os.dup(1)
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 1)
    os.close(null)
    _claimed[1] = kept
    return open(kept, "w", encoding=old.encoding, errors="backslashreplace")


@contextmanager
def atomic_output(
    path: str | os.PathLike[str], mode: str = "wb", replace: bool = True
) -> Iterator[IO[Any]]:
    """Open a file for writing that appears at `path` only when the block ends well.

    The data goes to a file in the same directory, without a name where the system allows that,
    is flushed to disk and then named, which replaces an old file in one step. Killed at any
    moment, `path` holds the whole old file, the whole new one, or nothing; of several writers
    at once, one is last. The permissions of an old file are kept.

    Parameters
    ----------
    path : path-like
        A link is followed; a device, a pipe or an open descriptor (``/dev/stdout``,
        ``/dev/fd/3``) is written to directly.
    mode : {"wb", "w"}
    replace : bool
        If not, of several writers at once only one succeeds.

    Raises
    ------
    OSError
        If the file cannot be written; it names `path`. A file without permission to write is
        not replaced. FileExistsError if there is one that is not to be replaced.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     target = Path(folder) / "answer.txt"
    ...     with atomic_output(target, "w") as stream:
    ...         _ = stream.write("42")
    ...     target.read_text(), len(list(Path(folder).iterdir()))
    ('42', 1)
    """
    name = file_name(path)
    encoding = None if "b" in mode else "utf-8"
    try:
        if is_stream(name):
            number = _descriptor(name)
            # A copy of the descriptor shares its position: what is printed later comes after.
            target = name if number is None else os.dup(_claimed.get(number, number))
            with open(target, mode, encoding=encoding) as stream:
                yield stream
        else:
            with _replacement(Path(name).resolve(), mode, encoding, replace) as stream:
                yield stream
    except OSError as error:
        if error.errno is None:
            raise
        raise OSError(error.errno, error.strerror, name) from error


@contextmanager
def _replacement(
    target: Path, mode: str, encoding: str | None, replace: bool
) -> Iterator[IO[Any]]:
    if target.exists():
        if not replace:
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST))
        if not os.access(target, os.W_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        permissions = stat.S_IMODE(target.stat().st_mode)
    else:
        mask = os.umask(0)
        os.umask(mask)
        permissions = 0o666 & ~mask
    # The name is short, so that there is room for it wherever there is room for the target's.
    temporary = target.with_name(f".{secrets.token_hex(6)}.part")
    with undone(lambda: temporary.unlink(missing_ok=True)):
        handle = _nameless(target.parent)
        nameless = handle is not None
        if handle is None:
            handle = os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600)
        with os.fdopen(handle, mode, encoding=encoding) as stream:
            os.chmod(handle if nameless else temporary, permissions)
            yield stream
            stream.flush()
            os.fsync(handle)
            if nameless and _named(handle, target):
                return
            if nameless and replace:
                _named(handle, temporary)
        if replace:
            os.replace(temporary, target)
        elif nameless:
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST))
        else:
            _first_there(temporary, target)


_unfinished: list[Callable[[], None]] = []


@contextmanager
def undone(undo: Callable[[], None]) -> Iterator[None]:
    """Call `undo` if the block fails, or if a signal ends the process in it."""
    _unfinished.append(undo)
    try:
        yield
    except BaseException:
        undo()
        raise
    finally:
        _unfinished.remove(undo)


def discard_unfinished() -> None:
    """Undo what is being written, since the process is about to end."""
    for undo in reversed(_unfinished):
        with suppress(OSError):
            undo()


def _nameless(folder: Path) -> int | None:
    """A file in a folder that has no name yet, and is gone when its process is; None if the
    system has no such files."""
    try:
        handle = os.open(folder, os.O_TMPFILE | os.O_RDWR, 0o600)
    except (AttributeError, OSError):
        return None
    if os.path.exists(f"/proc/self/fd/{handle}"):
        return handle
    os.close(handle)
    return None


def _named(handle: int, target: Path) -> bool:
    """Give a file without a name one, if it is not taken."""
    folder = os.open(target.parent, os.O_PATH)
    try:
        # Only with a folder by descriptor is the link in /proc followed.
        os.link(f"/proc/self/fd/{handle}", target.name, dst_dir_fd=folder)
    except FileExistsError:
        return False
    finally:
        os.close(folder)
    return True


def _first_there(temporary: Path, target: Path) -> None:
    """Rename a file, or FileExistsError if the name is taken."""
    try:
        os.link(temporary, target)
    except FileExistsError:
        raise
    except OSError:  # a file system without hard links
        os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
        os.replace(temporary, target)
    else:
        temporary.unlink()


def is_stream(name: str) -> bool:
    """Is this no file but a device, a pipe or an open descriptor, with no old content?"""
    return _descriptor(name) is not None or (os.path.exists(name) and not os.path.isfile(name))


def hindrance(name: str) -> str | None:
    """What would keep `atomic_output` from writing a file of this name; None if nothing.

    A link that leads nowhere counts as a mistake.

    Examples
    --------
    >>> from arrangement.files.output import hindrance
    >>> hindrance(".")
    'is a directory'
    >>> hindrance("missing/answer.txt")
    'there is no directory missing'
    """
    number = _descriptor(name)
    if number is not None:
        return None if _is_open(number) else "is not open"
    if not name:
        return "the name is empty"
    if os.path.isdir(name):
        return "is a directory"
    folder = os.path.dirname(name) or "."
    if not os.path.isdir(folder):
        return f"there is no directory {folder}"
    if os.path.exists(name):
        if not os.access(name, os.W_OK):
            return "is not writable"
        if is_stream(name):
            return None
    else:
        try:
            os.lstat(name)
            return f"a link to {os.readlink(name)}, which does not exist"
        except FileNotFoundError:
            pass  # as it should be
        except OSError as error:
            return error.strerror
    folder = os.path.dirname(os.path.realpath(name))
    try:
        with tempfile.TemporaryFile(dir=folder):
            return None
    except OSError as error:
        return f"the directory {folder} is not writable ({error.strerror})"


def _descriptor(name: str) -> int | None:
    """The open descriptor that a name, or what it is a link to, stands for."""
    own = rf"/(?:dev|proc/{os.getpid()}(?:/task/\d+)?)/fd/(\d{{1,9}})"
    name = _STANDARD.get(name, name)
    for _ in range(MOST_LINKS):
        folder, last = os.path.split(name)
        folder = os.path.realpath(folder)
        place = os.path.join(folder, last)
        match = re.fullmatch(own, place)
        if match:
            return int(match[1])
        if not os.path.islink(place):
            return None
        name = os.path.join(folder, os.readlink(place))
    return None


def _is_open(number: int) -> bool:
    if number in _claimed.values():
        return False
    try:
        os.fstat(number)
    except OSError:
        return False
    return True
