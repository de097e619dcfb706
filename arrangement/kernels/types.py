"""The types of the arguments of loops, as annotations that say more than `numpy.typing` can.

A loop that Python calls declares them (:func:`arrangement.kernels.compiled.compiled`), and so
does each NamedTuple that it takes, field by field. Arrays are contiguous in C's order.
"""

from __future__ import annotations

from typing import Annotated, Any, NamedTuple, get_args, get_type_hints

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "Array",
    "array_of",
    "expected",
    "fields_of",
    "fit",
    "read_only",
]


class Array(NamedTuple):
    """What an annotation says about an array."""

    dtype: str
    ndim: int
    read_only: bool = False


Bools1 = Annotated[NDArray[np.bool_], Array("bool", 1)]
Bools2 = Annotated[NDArray[np.bool_], Array("bool", 2)]
Bools3 = Annotated[NDArray[np.bool_], Array("bool", 3)]
Bytes1 = Annotated[NDArray[np.uint8], Array("uint8", 1)]
Floats1 = Annotated[NDArray[np.float64], Array("float64", 1)]
Floats2 = Annotated[NDArray[np.float64], Array("float64", 2)]
Floats3 = Annotated[NDArray[np.float64], Array("float64", 3)]
Floats4 = Annotated[NDArray[np.float64], Array("float64", 4)]
Ints1 = Annotated[NDArray[np.int64], Array("int64", 1)]
Ints2 = Annotated[NDArray[np.int64], Array("int64", 2)]
Ints3 = Annotated[NDArray[np.int64], Array("int64", 3)]
Int32s1 = Annotated[NDArray[np.int32], Array("int32", 1)]
Int32s2 = Annotated[NDArray[np.int32], Array("int32", 2)]
Signs1 = Annotated[NDArray[np.int8], Array("int8", 1)]
Signs2 = Annotated[NDArray[np.int8], Array("int8", 2)]
Singles2 = Annotated[NDArray[np.float32], Array("float32", 2)]
Uint16s2 = Annotated[NDArray[np.uint16], Array("uint16", 2)]
Uint32s1 = Annotated[NDArray[np.uint32], Array("uint32", 1)]
Words1 = Annotated[NDArray[np.uint64], Array("uint64", 1)]
Words2 = Annotated[NDArray[np.uint64], Array("uint64", 2)]
Words3 = Annotated[NDArray[np.uint64], Array("uint64", 3)]


def read_only(annotation: Any) -> Any:
    """The same array, never written: such an argument may also be protected from writing."""
    array = array_of(annotation)
    assert array is not None
    return Annotated[annotation, array._replace(read_only=True)]


def array_of(annotation: Any) -> Array | None:
    """What an annotation says about an array; None if it is of something else."""
    said = [one for one in get_args(annotation) if isinstance(one, Array)]
    return said[-1] if said else None


def fields_of(annotation: Any) -> tuple[Any, ...] | None:
    """The annotations of the parts of a tuple or a NamedTuple; None if it is neither."""
    if isinstance(annotation, tuple):
        return annotation
    if isinstance(annotation, type) and issubclass(annotation, tuple):
        return tuple(get_type_hints(annotation, include_extras=True).values())
    return None


def expected(annotation: Any) -> tuple[Any, ...]:
    """What `fit` compares a value with: the types that it may be of, and more of arrays."""
    array, fields = array_of(annotation), fields_of(annotation)
    if array is not None:
        return np.ndarray, np.dtype(array.dtype), array.ndim, _FLAGS[array.read_only]
    if fields is not None:
        kind = tuple if isinstance(annotation, tuple) else annotation
        return kind, tuple(map(expected, fields))
    return _SCALARS[annotation]


def fit(values: tuple[Any, ...], wanted: tuple[Any, ...]) -> bool:
    """Has each value exactly the type that is expected of it?"""
    for value, one in zip(values, wanted, strict=True):
        if isinstance(value, np.ndarray):
            if one[0] is not np.ndarray:
                return False
            _, dtype, ndim, flags = one
            if value.ndim != ndim or value.dtype != dtype or value.flags.num & flags != flags:
                return False
        elif type(value) not in one or (isinstance(value, tuple) and not fit(value, one[1])):
            return False
    return True


_SCALARS: dict[Any, tuple[Any, ...]] = {
    bool: (bool, np.bool_),
    int: (int, np.int64),
    float: (float, np.float64),
}
# Of numpy's flags: contiguous in C's order, aligned, and, if it is written to, writeable.
_FLAGS = {True: 0x101, False: 0x501}
