"""Files as bytes or as numpy arrays; every error is one line that names the file."""

from __future__ import annotations

import gzip
import io
import os
import sys
import zlib
from pathlib import Path
from typing import IO, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from arrangement.errors import InputError

__all__ = ["FilePath", "Source", "read_arrays", "read_bytes", "standard_input", "unpacked"]

FilePath: TypeAlias = str | os.PathLike[str]
Source: TypeAlias = FilePath | IO[str] | IO[bytes]


def standard_input() -> IO[bytes] | IO[str]:
    """Standard input, of bytes if it has them, or an InputError if it is closed."""
    if sys.stdin is None:
        raise InputError("standard input is closed")
    return getattr(sys.stdin, "buffer", sys.stdin)


def read_bytes(name: str) -> bytes:
    """The content of a file, decompressed if it is a gzip file.

    Raises
    ------
    InputError
        If it cannot be read, or the compressed file is damaged.
    """
    if not name:
        raise InputError("the name of the file is empty")
    try:
        content = Path(name).read_bytes()
    except OSError as error:
        raise InputError(f"{name}: cannot be read ({error.strerror})") from None
    return unpacked(content, name)


def unpacked(content: bytes, name: str) -> bytes:
    """The content, decompressed if it begins like a gzip file."""
    if not content.startswith(b"\x1f\x8b"):
        return content
    try:
        return gzip.decompress(content)
    except (OSError, EOFError, zlib.error):
        raise InputError(f"{name}: the compressed file is cut off or damaged") from None


def read_arrays(path: FilePath) -> NDArray[Any] | dict[str, NDArray[Any]]:
    """The array of a .npy file, or the arrays of a .npz file by name; either may be gzipped.

    Raises
    ------
    InputError
        If the file cannot be read, is damaged, or holds pickled objects.
    """
    name = os.fspath(path)
    content = io.BytesIO(read_bytes(name))
    try:
        loaded = np.load(content, allow_pickle=False)
        return loaded if isinstance(loaded, np.ndarray) else dict(loaded)
    except Exception as error:  # numpy promises no particular errors for a damaged file
        objects = "Object arrays" in str(error)
        reason = "it holds Python objects" if objects else "damaged or not an npy file"
        raise InputError(f"{name}: not a numpy file of numbers ({reason})") from None
