"""CIFAR-10 batches, which are pickles, read without running code of the file's choosing."""

from __future__ import annotations

import io
import os
import pickle
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from arrangement.errors import InputError
from arrangement.files import FilePath, read_bytes
from arrangement.relu.dataset import DataSet

__all__ = ["read_cifar10"]


def read_cifar10(paths: FilePath | Sequence[FilePath]) -> DataSet:
    """Samples from CIFAR-10 batch files (Python version), 3,072 pixels and a label each.

    The files are pickles. They are read by an unpickler that knows nothing but byte strings,
    numbers, lists, dicts and arrays of bytes: a file that asks for anything else is refused,
    and no code of the file's choosing runs.

    Parameters
    ----------
    paths : path-like, or sequence of path-like
        ``data_batch_1``, …, ``test_batch``, perhaps compressed (.gz); joined in this order.

    Returns
    -------
    DataSet

    Raises
    ------
    InputError
        If a file is missing or is no such batch.

    References
    ----------
    A. Krizhevsky, *Learning Multiple Layers of Features from Tiny Images* (2009).
    """
    names = [os.fspath(p) for p in ([paths] if isinstance(paths, str | os.PathLike) else paths)]
    if not names:
        raise InputError("no CIFAR-10 batch file was given")
    batches = [_cifar_batch(name) for name in names]
    label = names[0] if len(names) == 1 else f"{names[0]} and {len(names) - 1} more"
    X, y = (np.concatenate(parts) for parts in zip(*batches, strict=True))
    return DataSet(X, y, label)


def _cifar_batch(name: str) -> tuple[NDArray[np.uint8], NDArray[np.float64]]:
    content = read_bytes(name)
    try:
        batch = _CifarUnpickler(io.BytesIO(content), encoding="bytes").load()
    except InputError as error:
        raise InputError(f"{name}: {error}") from None
    except Exception:  # a damaged pickle raises whatever its last instruction happens to raise
        raise InputError(
            f"{name}: not a CIFAR-10 batch (a damaged or cut off pickle)"
        ) from None
    if not isinstance(batch, dict):
        raise InputError(f"{name}: not a CIFAR-10 batch (no 'data' and 'labels')")
    # The keys are bytes for Python 2's str; a batch that Python 3 wrote may have its own str.
    pixels, labels = (batch.get(key.encode(), batch.get(key)) for key in ("data", "labels"))
    if pixels is None or labels is None:
        raise InputError(f"{name}: not a CIFAR-10 batch (no 'data' and 'labels')")
    if (
        not isinstance(pixels, _Pixels)
        or pixels.values.ndim != 2
        or pixels.values.shape[1] != 3072
    ):
        raise InputError(f"{name}: 'data' is no table of 3072 bytes a row")
    if not isinstance(labels, list) or not all(isinstance(v, int) for v in labels):
        raise InputError(f"{name}: 'labels' is no list of integers")
    if len(labels) != len(pixels.values):
        raise InputError(f"{name}: {len(pixels.values)} images but {len(labels)} labels")
    return pixels.values, np.array(labels, dtype=np.float64)


class _Pixels:
    """What a pickled array of bytes becomes: no numpy constructor is left to the file."""

    values: NDArray[np.uint8]

    def __init__(self, *_: object) -> None:
        self.values = np.empty((0, 0), dtype=np.uint8)

    def __setstate__(self, state: tuple[object, tuple[int, ...], object, bool, bytes]) -> None:
        _, shape, dtype, by_columns, content = state
        self._fill(content, dtype, shape, "F" if by_columns else "C")

    def _fill(self, content: Any, dtype: object, shape: tuple[int, ...], order: Any) -> None:
        if not isinstance(dtype, _ByteType):
            raise InputError("not a CIFAR-10 batch (its array has no type)")
        if order not in ("C", "F"):
            raise InputError("not a CIFAR-10 batch (its array has no order)")
        self.values = np.frombuffer(content, dtype=np.uint8).reshape(shape, order=order)


class _ByteType:
    """What a pickled dtype becomes; only unsigned bytes are admitted."""

    def __init__(self, code: object, *_: object) -> None:
        if code not in ("u1", b"u1"):
            raise InputError(f"an array of type {code!r}, CIFAR-10 batches hold bytes ('u1')")

    def __setstate__(self, state: object) -> None:
        pass


def _pixels_from_buffer(
    content: Any, dtype: object, shape: Any, order: Any, *_: Any
) -> _Pixels:
    pixels = _Pixels()
    pixels._fill(content, dtype, shape, order)
    return pixels


def _latin1(text: str, encoding: str) -> bytes:
    if encoding != "latin1":
        raise InputError(f"not a CIFAR-10 batch (it asks for the encoding {encoding!r})")
    return text.encode("latin1")


def _no_bytes() -> bytes:
    return b""


_CIFAR_GLOBALS: dict[tuple[str, str], Callable[..., Any]] = {
    ("numpy", "ndarray"): _Pixels,
    ("numpy", "dtype"): _ByteType,
    ("_codecs", "encode"): _latin1,
    ("__builtin__", "bytes"): _no_bytes,
    ("builtins", "bytes"): _no_bytes,
    ("numpy.core.multiarray", "_reconstruct"): _Pixels,
    ("numpy._core.multiarray", "_reconstruct"): _Pixels,
    ("numpy.core.numeric", "_frombuffer"): _pixels_from_buffer,
    ("numpy._core.numeric", "_frombuffer"): _pixels_from_buffer,
}
"""The globals that CIFAR-10 batches name, and what stands in for each of them here."""


class _CifarUnpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str, /) -> Callable[..., Any]:
        """The stand-in for a global that a batch may name; any other is refused."""
        try:
            return _CIFAR_GLOBALS[module, name]
        except KeyError:
            raise InputError(
                f"refused: it asks for {module}.{name}, no CIFAR-10 batch does"
            ) from None
