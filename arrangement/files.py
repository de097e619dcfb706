"""Files as bytes or as numpy arrays; every error is one line that names the file."""

from __future__ import annotations

import gzip
import io
import os
import zlib
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from arrangement.errors import InputError

__all__ = ["FilePath", "read_arrays", "read_bytes", "unpacked"]

FilePath: TypeAlias = str | os.PathLike[str]


def read_bytes(name: str) -> bytes:
    """The content of a file, or an InputError that says why it cannot be read."""
    try:
        return Path(name).read_bytes()
    except OSError as error:
        raise InputError(f"{name}: cannot be read ({error.strerror})") from None


def unpacked(content: bytes, name: str) -> bytes:
    """The content, decompressed if it begins like a gzip file."""
    if not content.startswith(b"\x1f\x8b"):
        return content
    try:
        return gzip.decompress(content)
    except (OSError, EOFError, zlib.error):
        raise InputError(f"{name}: the compressed file is cut off or damaged") from None


def read_arrays(path: FilePath) -> NDArray[Any] | dict[str, NDArray[Any]]:
    """The array of a .npy file, or the arrays of a .npz file by name.

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
        reason = "it holds Python objects" if "pickle" in str(error) else "damaged or cut off"
        raise InputError(f"{name}: not a numpy file of numbers ({reason})") from None
