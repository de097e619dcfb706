"""CIFAR-10 batches: pickles, read as plain data without the machine that runs pickles."""

from __future__ import annotations

import os
import pickletools
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from arrangement.data.dataset import DataSet, refuse_many
from arrangement.errors import InputError, SizeError
from arrangement.files.reading import FilePath, file_name, read_bytes

__all__ = ["read_cifar10"]

_MOST_BYTES = 64 * 2**20
"""Of any batch; a whole one takes 31 MB."""

_MOST_STEPS = 2_000_000
"""Instructions of a pickle, each of which makes an object; a whole batch takes 60,000."""


def read_cifar10(paths: FilePath | Sequence[FilePath]) -> DataSet:
    """Samples from CIFAR-10 batch files (Python version), 3,072 pixels and a label each.

    The files are pickles. They are read as data: byte strings, numbers, lists, dicts and arrays
    of bytes. A file that asks for anything else is refused, and no code of the file's choosing
    runs.

    Parameters
    ----------
    paths : path-like, or sequence of path-like
        ``data_batch_1``, …, ``test_batch``, perhaps compressed (.gz); joined in this order.

    Raises
    ------
    InputError
        If a file is missing or is no such batch.
    SizeError
        If a small file takes much memory.

    References
    ----------
    A. Krizhevsky, *Learning Multiple Layers of Features from Tiny Images* (2009).
    """
    if isinstance(paths, str | os.PathLike):
        paths = [paths]
    elif not isinstance(paths, Sequence):
        raise InputError(f"{paths!r} is no list of names of files")
    names = [file_name(path) for path in paths]
    if not names:
        raise InputError("no CIFAR-10 batch file was given")
    batches = [_cifar_batch(name) for name in names]
    label = names[0] if len(names) == 1 else f"{names[0]} and {len(names) - 1} more"
    X, y = (np.concatenate(parts) for parts in zip(*batches, strict=True))
    return DataSet(X, y, label)


def _cifar_batch(name: str) -> tuple[NDArray[np.uint8], NDArray[np.float64]]:
    content = read_bytes(name, _MOST_BYTES)
    try:
        with warnings.catch_warnings():  # of escapes in text that a hostile pickle has
            warnings.simplefilter("ignore")
            batch = _unpickled(content)
    except (InputError, SizeError) as error:
        raise type(error)(f"{name}: {error}") from None
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
    values = pixels.values if isinstance(pixels, _Pixels) else None
    if values is None or values.ndim != 2 or values.shape[1] != 3072:
        raise InputError(f"{name}: 'data' is no table of 3072 bytes a row")
    if not isinstance(labels, list) or not all(isinstance(v, int) for v in labels):
        raise InputError(f"{name}: 'labels' is no list of integers")
    if labels and not -(2**53) <= min(labels) <= max(labels) <= 2**53:
        raise InputError(f"{name}: a label beyond ±2^53, CIFAR-10 batches have 0 to 9")
    if len(labels) != len(values):
        raise InputError(f"{name}: {len(values)} images but {len(labels)} labels")
    refuse_many(values.size, name)
    return values, np.array(labels, dtype=np.float64)


@dataclass
class _Pixels:
    """An array of bytes, empty until the pickle says what it holds."""

    values: NDArray[np.uint8] | None = None

    def fill(self, content: Any, dtype: object, shape: Any, order: object) -> None:
        if not isinstance(dtype, _ByteType):
            _refuse("its array has no type")
        if order not in ("C", "F"):
            _refuse("its array has no order")
        values = np.frombuffer(content, dtype=np.uint8)
        self.values = values.reshape(shape, order=order)


class _ByteType:
    """The dtype of unsigned bytes, the only one."""


@dataclass(frozen=True)
class _Global:
    """A name that the pickle asks for; the names are those of `_GLOBALS`."""

    name: str


_GLOBALS = {
    "numpy ndarray": "ndarray",
    "numpy dtype": "dtype",
    "_codecs encode": "encode",
    "__builtin__ bytes": "bytes",
    "builtins bytes": "bytes",
    "numpy.core.multiarray _reconstruct": "reconstruct",
    "numpy._core.multiarray _reconstruct": "reconstruct",
    "numpy.core.numeric _frombuffer": "frombuffer",
    "numpy._core.numeric _frombuffer": "frombuffer",
}
"""The globals that CIFAR-10 batches name, and what they are called here."""

_MARK = object()

_CONSTANTS = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False, "MARK": _MARK}

_VALUES = (
    *("INT", "BININT", "BININT1", "BININT2", "LONG", "LONG1", "LONG4"),
    *("UNICODE", "BINUNICODE", "SHORT_BINUNICODE", "BINUNICODE8"),
    *("BINBYTES", "SHORT_BINBYTES", "BINBYTES8", "BYTEARRAY8"),
)
_BYTES_OF_PYTHON_2 = ("STRING", "BINSTRING", "SHORT_BINSTRING")
_PUTS = ("PUT", "BINPUT", "LONG_BINPUT", "MEMOIZE")
_GETS = ("GET", "BINGET", "LONG_BINGET")


def _unpickled(content: bytes) -> Any:
    """What a pickle of plain data and arrays of bytes says, instruction by instruction."""
    stack: list[Any] = []
    memo: dict[int, Any] = {}

    def since_mark() -> list[Any]:
        start = next(i for i in reversed(range(len(stack))) if stack[i] is _MARK)
        items = stack[start + 1 :]
        del stack[start:]
        return items

    argument: Any
    for step, (opcode, argument, _) in enumerate(pickletools.genops(content)):
        if step >= _MOST_STEPS:
            raise SizeError(f"a pickle of more than {_MOST_STEPS:,} instructions")
        code = opcode.name
        if code in ("PROTO", "FRAME"):
            continue
        if code == "STOP":
            return stack.pop()
        if code in _CONSTANTS:
            stack.append(_CONSTANTS[code])
        elif code in _VALUES:
            stack.append(argument)
        elif code in _BYTES_OF_PYTHON_2:
            stack.append(str(argument).encode("latin1"))
        elif code in ("EMPTY_LIST", "EMPTY_DICT", "EMPTY_TUPLE"):
            stack.append({"L": [], "D": {}, "T": ()}[code[6]])
        elif code == "LIST":
            stack.append(since_mark())
        elif code == "DICT":
            items = since_mark()
            stack.append({})
            _set_items(stack[-1], items)
        elif code == "TUPLE":
            stack.append(tuple(since_mark()))
        elif code in ("TUPLE1", "TUPLE2", "TUPLE3"):
            length = int(code[-1])
            stack[-length:] = [tuple(stack[-length:])]
        elif code in ("APPEND", "APPENDS"):
            items = since_mark() if code == "APPENDS" else [stack.pop()]
            if type(stack[-1]) is not list:
                _refuse("it appends to what is no list")
            stack[-1].extend(items)
        elif code in ("SETITEM", "SETITEMS"):
            items = since_mark() if code == "SETITEMS" else [stack.pop(-2), stack.pop()]
            _set_items(stack[-1], items)
        elif code in _PUTS:
            memo[len(memo) if code == "MEMOIZE" else argument] = stack[-1]
        elif code in _GETS:
            stack.append(memo[argument])
        elif code == "GLOBAL":
            stack.append(_global(str(argument)))
        elif code == "STACK_GLOBAL":
            name = stack.pop()
            stack.append(_global(f"{stack.pop()} {name}"))
        elif code == "REDUCE":
            arguments = stack.pop()
            stack.append(_called(stack.pop(), *arguments))
        elif code == "BUILD":
            _build(stack[-2], stack.pop())
        else:
            _refuse(f"it has the instruction {code}")
    return _refuse("a damaged or cut off pickle")


def _set_items(target: Any, items: list[Any]) -> None:
    if type(target) is not dict:
        _refuse("it sets items of what is no dict")
    for key, value in zip(items[::2], items[1::2], strict=True):
        if not isinstance(key, str | bytes):
            _refuse("a key is no text")
        target[key] = value


def _global(name: str) -> _Global:
    if name not in _GLOBALS:
        shown = name.replace(" ", ".")
        raise InputError(f"refused: it asks for {shown}, no CIFAR-10 batch does")
    return _Global(_GLOBALS[name])


def _called(function: Any, *arguments: Any) -> Any:
    """What calling a global gives: nothing but data is made, whatever the arguments are."""
    name = function.name if isinstance(function, _Global) else None
    if name == "reconstruct":
        return _Pixels()
    if name == "dtype":
        if arguments[0] not in ("u1", b"u1"):
            shown = repr(arguments[0])[:40]
            raise InputError(f"an array of type {shown}, CIFAR-10 batches hold bytes ('u1')")
        return _ByteType()
    if name == "encode":
        text, encoding = arguments
        if encoding != "latin1":
            _refuse(f"it asks for the encoding {encoding!r}")
        return text.encode("latin1")
    if name == "bytes" and not arguments:
        return b""
    if name == "frombuffer":
        pixels = _Pixels()
        pixels.fill(*arguments[:4])
        return pixels
    return _refuse("it calls what no batch calls")


def _build(target: Any, state: Any) -> None:
    if isinstance(target, _Pixels):
        _, shape, dtype, by_columns, content = state
        target.fill(content, dtype, shape, "F" if by_columns else "C")
    elif not isinstance(target, _ByteType):
        _refuse("it gives a state to what has none")


def _refuse(fault: str) -> NoReturn:
    raise InputError(f"not a CIFAR-10 batch ({fault})")
