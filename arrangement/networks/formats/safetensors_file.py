"""Files of safetensors: a JSON header that says where in the file the numbers are."""

from __future__ import annotations

from itertools import chain
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from arrangement.errors import InputError
from arrangement.files.reading import read_bytes
from arrangement.files.text import parse_json

__all__ = ["tensors"]

_TYPES = {
    **{"F64": "<f8", "F32": "<f4", "F16": "<f2", "BF16": "<u2", "I8": "i1", "U8": "u1"},
    **{"I16": "<i2", "I32": "<i4", "I64": "<i8", "U16": "<u2", "U32": "<u4", "U64": "<u8"},
}

_MOST_AXES = 32
"""So many every numpy has."""


def tensors(name: str) -> dict[str, NDArray[Any]]:
    """The arrays of a file by name; bfloat16 is widened to float32, which is exact.

    Raises
    ------
    InputError
        If the file cannot be read or is damaged, or tensors do not fill it one behind the
        other; the message names the tensor.
    SizeError
        If its header holds more than four million values.
    """
    content = read_bytes(name)
    start = 8 + int.from_bytes(content[:8], "little")
    try:
        text = content[8:start].decode() if start <= len(content) else ""
    except UnicodeDecodeError:
        text = ""
    if not text:
        raise InputError(f"{name}: damaged or not a safetensors file (it has no header)")
    header = parse_json(text, name, _number, "(it has no header)")
    header.pop("__metadata__", None)
    rest = memoryview(content)[start:]
    found = {key: _tensor(rest, entry, f"{name}: {key}") for key, entry in header.items()}
    ends = [0, *chain(*sorted(entry["data_offsets"] for entry in header.values())), len(rest)]
    for at, next_at in zip(ends[::2], ends[1::2], strict=True):
        if at != next_at:
            raise InputError(
                f"{name}: damaged: what is at byte {start + min(at, next_at)} is of no tensor, "
                "or of two"
            )
    return found


def _number(text: str) -> float:
    return int(text) if text.isdigit() else float(text)


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
    if len(shape) > _MOST_AXES or max(shape, default=0) > high - low:
        raise InputError(f"{name}: shape {shape} is that of no weights or biases")
    array = np.frombuffer(content[low:high], dtype=_TYPES[kind])
    if kind == "BF16":  # the upper half of a float32
        array = (array.astype("<u4") << 16).view("<f4")
    return array.reshape(shape)


def _sizes(values: Any) -> bool:
    return isinstance(values, list) and all(type(v) is int and v >= 0 for v in values)
