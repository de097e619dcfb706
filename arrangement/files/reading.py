"""Files as bytes or as numpy arrays, within a budget; every error is one line with the name.

No file is trusted: a few bytes can unpack to gigabytes, declare an array of any size, or be a
link to a device that never ends. What a file may take is bounded before it is taken.
"""

from __future__ import annotations

import gzip
import io
import math
import os
import sys
import warnings
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from arrangement.errors import InputError, SizeError
from arrangement.exact.numbers import shown
from arrangement.memory import memory

__all__ = [
    "FilePath",
    "Source",
    "file_name",
    "naming",
    "read_arrays",
    "read_bytes",
    "read_stream",
    "standard_input",
    "unpacked",
]

FilePath: TypeAlias = str | os.PathLike[str]
Source: TypeAlias = FilePath | IO[str] | IO[bytes]

_MEBIBYTE = 2**20

_SMALL = 256 * _MEBIBYTE
"""Bytes that any file may take, however small it is itself."""

_RATIO = 16
"""How many times its size on disk a larger file may take."""

_ARRAYS_RATIO = 64
"""The same for archives of arrays: signs of cells repeat, and are packed so tightly."""

_MOST_ARRAYS = 1000
"""Arrays in an archive: two a layer of a network, and a few for anything else."""

_LONGEST_HEADER = 10_000
"""Characters of the header of a .npy file, the bound that numpy recommends."""


def standard_input() -> IO[bytes] | IO[str]:
    """Standard input, of bytes if it has them, or an InputError if it is closed."""
    if sys.stdin is None:
        raise InputError("standard input is closed")
    return getattr(sys.stdin, "buffer", sys.stdin)


def file_name(path: FilePath) -> str:
    """The name of a file as text, or an InputError if it is none."""
    try:
        name = os.fsdecode(path)
    except TypeError:
        raise InputError(f"{shown(path)} is not the name of a file") from None
    if not name:
        raise InputError("the name of the file is empty")
    return name


@contextmanager
def naming(name: str) -> Iterator[None]:
    """An InputError in the block begins with a name, of the file that it is about.

    Examples
    --------
    >>> with naming("a.npz"):
    ...     raise InputError("no weights")
    Traceback (most recent call last):
    arrangement.errors.InputError: a.npz: no weights
    """
    try:
        yield
    except InputError as error:
        raise type(error)(f"{name}: {error}") from None


def read_bytes(path: FilePath, least: int = _SMALL, max_bytes: int | None = None) -> bytes:
    """The content of a file, decompressed if it is a gzip file.

    Parameters
    ----------
    path : path-like
    least : int, optional
        Bytes that any file may take, before and after decompression; 256 MiB if left out. A
        file that takes more on disk may take 16 times that.
    max_bytes : int, optional
        The bound itself, instead of these.

    Raises
    ------
    InputError
        If it cannot be read, or the compressed file is damaged.
    SizeError
        If it is larger than the bound, or never ends, as a device.
    """
    name = file_name(path)
    try:
        with open(name, "rb") as stream:
            state = os.fstat(stream.fileno())
            # Blocks, since a file with holes is long without taking any place.
            on_disk = 512 * getattr(state, "st_blocks", state.st_size // 512)
            limit = max(least, _RATIO * on_disk) if max_bytes is None else max_bytes
            limit = _affordable(limit)
            if state.st_size > limit:
                raise _too_large(name, limit)
            content: bytes = read_stream(stream, name, limit)
    except OSError as error:
        raise InputError(f"{name}: cannot be read ({error.strerror})") from None
    except InputError:
        raise
    except ValueError as error:
        raise InputError(f"{name!r} is not the name of a file ({error})") from None
    return unpacked(content, name, limit)


def read_stream(stream: Any, name: str, limit: int) -> Any:
    """What is left of a stream, bytes or text, or a SizeError as soon as that is too much.

    Raises
    ------
    InputError
        If it cannot be read, or gives neither bytes nor text.
    """
    parts: Any = None
    try:
        while part := stream.read(_MEBIBYTE):
            if parts is None:
                parts = io.BytesIO() if isinstance(part, bytes) else io.StringIO(newline="")
            parts.write(part)
            if parts.tell() > limit:
                raise _too_large(name, limit)
    except MemoryError:
        raise SizeError(f"{name}: larger than the memory that is left") from None
    except (UnicodeError, InputError):
        raise
    except (TypeError, ValueError) as error:
        raise InputError(f"{name}: cannot be read ({error})") from None
    return b"" if parts is None else parts.getvalue()


def unpacked(content: bytes, name: str, limit: int) -> bytes:
    """The content, decompressed if it begins like a gzip file.

    Raises
    ------
    InputError
        If it is cut off or damaged.
    SizeError
        If it unpacks to more bytes than the limit.
    """
    if not content.startswith(b"\x1f\x8b"):
        return content
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(content)) as stream:
            return bytes(read_stream(stream, name, limit))
    except (OSError, EOFError, zlib.error):
        raise InputError(f"{name}: the compressed file is cut off or damaged") from None


def read_arrays(
    path: FilePath, max_bytes: int | None = None
) -> NDArray[Any] | dict[str, NDArray[Any]]:
    """The array of a .npy file, or the arrays of a .npz file by name; either may be gzipped.

    What the file declares (the shapes, the sizes of the members) is checked before anything
    is allocated for it.

    Parameters
    ----------
    path : path-like
    max_bytes : int, optional
        Bytes that the arrays may take together; 256 MiB, or 64 times the size of a larger
        file, if left out.

    Raises
    ------
    InputError
        If the file cannot be read, is damaged, or holds anything but arrays of numbers or
        text: pickled objects, records, encrypted members.
    SizeError
        If the arrays take more than the bound.
    """
    name = file_name(path)
    content = read_bytes(name, max_bytes=max_bytes)
    limit = max(_SMALL, _ARRAYS_RATIO * len(content)) if max_bytes is None else max_bytes
    limit = _affordable(limit)
    try:
        # The header is Python text, and a hostile one can make its parser warn.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            if content.startswith(b"PK"):
                return _archive(content, name, limit)
            return _array(io.BytesIO(content), len(content))
    except SizeError:
        raise
    except InputError as error:
        reason = str(error)
    except Exception:  # neither numpy nor zipfile promises particular errors for damaged files
        reason = "damaged or not an npy file"
    raise InputError(f"{name}: not a numpy file of numbers ({reason})")


def _archive(content: bytes, name: str, limit: int) -> dict[str, NDArray[Any]]:
    # Counted before they are listed: an entry of the list takes more memory than in the file.
    if content.count(b"PK\x01\x02") > _MOST_ARRAYS:
        raise InputError(f"it holds more than {_MOST_ARRAYS} arrays")
    arrays: dict[str, NDArray[Any]] = {}
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        members = archive.infolist()
        # A member never gives more bytes than it declares: zipfile stops there.
        if sum(member.file_size for member in members) > limit:
            raise _too_large(name, limit)
        for member in members:
            key = member.filename.removesuffix(".npy")
            if key in arrays:
                raise InputError(f"it holds {key!r} twice")
            if member.flag_bits & 1:
                raise InputError(f"{key!r} is encrypted")
            if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                raise InputError(f"{key!r} is compressed in a way that numpy does not use")
            with archive.open(member) as stream, naming(repr(key)):
                arrays[key] = _array(stream, member.file_size)
    return arrays


def _array(stream: IO[bytes], size: int) -> NDArray[Any]:
    """The array of a .npy file of so many bytes, whose header is checked first."""
    version = np.lib.format.read_magic(stream)
    read_header = {
        (1, 0): np.lib.format.read_array_header_1_0,
        (2, 0): np.lib.format.read_array_header_2_0,
    }.get(version)
    if read_header is None:  # version 3 is for the names of records
        raise InputError("it holds records, not numbers")
    shape, _, dtype = read_header(stream, max_header_size=_LONGEST_HEADER)
    if dtype.hasobject:
        raise InputError("it holds Python objects")
    if dtype.kind == "V":
        raise InputError("it holds records, not numbers")
    declared = math.prod(shape) * dtype.itemsize
    held = size - stream.tell()
    if min(shape, default=0) < 0 or declared != held or (not dtype.itemsize and shape):
        raise ValueError(f"shape {shape} and type {dtype} do not fit {held} bytes")
    stream.seek(0)
    array: NDArray[Any] = np.lib.format.read_array(
        stream, allow_pickle=False, max_header_size=_LONGEST_HEADER
    )
    if dtype.kind == "U" and array.size:
        letters = np.frombuffer(array.tobytes(), dtype=dtype.str[0] + "u4")
        if letters.max() > sys.maxunicode:
            raise InputError("it holds text with characters that do not exist")
    return array


def _affordable(limit: int) -> int:
    """The limit, or what is left of the memory if that is less: a file is in it twice while it
    is unpacked."""
    return min(limit, memory() // 2)


def _too_large(name: str, limit: int) -> SizeError:
    return SizeError(
        f"{name}: larger than {limit // _MEBIBYTE:,} MiB, the bound for a file of its size on "
        "disk, or all that the memory allows; if it is meant, write it without compression"
    )
