"""Files that are whole or absent: written beside their place, then moved into it."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

__all__ = ["atomic_output"]


@contextmanager
def atomic_output(path: str | os.PathLike[str], mode: str = "wb") -> Iterator[IO[Any]]:
    """Open a file for writing that appears at `path` only when the block ends well.

    The data goes to a temporary file in the same directory, is flushed to disk and then
    renamed, which replaces an old file in one step. Killed at any moment, `path` holds the
    whole old file, the whole new one, or nothing.

    Parameters
    ----------
    path : path-like
        A link is followed; a device or pipe is written to directly.
    mode : {"wb", "w"}

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
    target = Path(path).resolve()
    encoding = None if "b" in mode else "utf-8"
    if target.exists() and not target.is_file():  # a device or a pipe has no old content
        with open(target, mode, encoding=encoding) as stream:
            yield stream
        return
    handle, temporary = tempfile.mkstemp(
        prefix=f".{target.name}.", suffix=".part", dir=target.parent
    )
    try:
        mask = os.umask(0)
        os.umask(mask)
        os.chmod(temporary, 0o666 & ~mask)
        with os.fdopen(handle, mode, encoding=encoding) as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(temporary, target)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
