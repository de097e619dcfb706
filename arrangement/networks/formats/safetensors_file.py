"""Files of safetensors: a JSON header that says where in the file the numbers are."""

from __future__ import annotations

import json
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from arrangement.errors import InputError
from arrangement.files.reading import read_bytes

__all__ = ["tensors"]

_TYPES = {
    **{"F64": "<f8", "F32": "<f4", "F16": "<f2", "BF16": "<u2", "I8": "i1", "U8": "u1"},
    **{"I16": "<i2", "I32": "<i4", "I64": "<i8", "U16": "<u2", "U32": "<u4", "U64": "<u8"},
}


def tensors(name: str) -> dict[str, NDArray[Any]]:
    """The arrays of a file by name; bfloat16 is widened to float32, which is exact.

    Raises
    ------
    InputError
        If the file cannot be read or is damaged; the message names the tensor.
    """
    content = read_bytes(name)
    size = int.from_bytes(content[:8], "little")
    start = 8 + size
    try:
        header = json.loads(content[8:start].decode()) if start <= len(content) else None
    except (ValueError, RecursionError):
        header = None
    if not isinstance(header, dict):
        raise InputError(f"{name}: damaged or not a safetensors file (it has no header)")
    header.pop("__metadata__", None)
    rest = memoryview(content)[start:]
    found = {key: _tensor(rest, entry, f"{name}: {key}") for key, entry in header.items()}
    if sum(array.nbytes for array in found.values()) > 2 * len(rest):
        raise InputError(f"{name}: its tensors have more numbers than the file has bytes")
    return found


def _tensor(content: memoryview, entry: Any, name: str) -> NDArray[Any]:
    """One array; its place, its shape and its type have to fit each other."""
    entry = entry if isinstance(entry, dict) else {}
    kind, shape, ends = (entry.get(key) for key in ("dtype", "shape", "data_offsets"))
    if not (_sizes(shape) and _sizes(ends) and len(ends) == 2):
        raise InputError(f"{name}: the header does not say its shape or where it is")
    if not isinstance(kind, str) or kind not in _TYPES:
        raise InputError(f"{name}: numbers of type {kind} are not read; save it as F32")
    low, high = ends
    if (
        not low <= high <= len(content)
        or high - low != prod(shape) * np.dtype(_TYPES[kind]).itemsize
    ):
        raise InputError(f"{name}: shape {shape} and type {kind} do not fit the file")
    array = np.frombuffer(content[low:high], dtype=_TYPES[kind])
    if kind == "BF16":  # the upper half of a float32
        array = (array.astype("<u4") << 16).view("<f4")
    return array.reshape(shape)


def _sizes(values: Any) -> bool:
    return isinstance(values, list) and all(type(v) is int and v >= 0 for v in values)
