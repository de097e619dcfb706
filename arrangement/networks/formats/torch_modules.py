"""Tensors of torch, and files of its state dicts, which are not trusted."""

from __future__ import annotations

import io
import pickle
import zipfile
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from arrangement.errors import InputError, MissingExtraError, one_line
from arrangement.files.reading import read_bytes

__all__ = ["array", "state_dict"]


def array(tensor: Any, name: str) -> NDArray[Any]:
    """A torch tensor, or what is like one, as an array."""
    try:
        for step in ("detach", "cpu", "numpy"):
            tensor = getattr(tensor, step)() if hasattr(tensor, step) else tensor
        array = np.asarray(tensor)
    except (TypeError, ValueError, RuntimeError) as error:
        # bfloat16, sparse, quantized and meta tensors have no array.
        reason = one_line(error, first=True)
        bfloat = "; convert it by .float(), which is exact" if "BFloat16" in reason else ""
        raise InputError(f"{name}: no array of numbers ({reason}){bfloat}") from None
    if array.dtype.kind not in "biuf" and array.dtype != object:
        raise InputError(f"{name}: numbers of type {array.dtype} are not read")
    return array


def state_dict(name: str) -> Mapping[Any, Any]:
    """The state dict of a file, which is not trusted: its tensors take what it has of bytes."""
    try:
        import torch
    except ImportError:
        raise MissingExtraError(
            f"{name}: reading it needs torch, which is not installed; where it is, export the "
            "module by torch.onnx.export, or save the state dict as "
            "numpy.savez('network.npz', **{k: v.numpy() for k, v in state.items()})"
        ) from None
    content = read_bytes(name)
    try:
        if not content.startswith(b"PK"):
            raise InputError("it is none of torch 1.6 or later; load it and save it again")
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            # torch does not compress: what a file holds is not larger than the file.
            if sum(member.file_size for member in archive.infolist()) > len(content):
                raise InputError("its members are larger than the file")
            if archive.testzip() is not None:
                raise InputError("damaged")
            if any("/code/" in member for member in archive.namelist()):
                raise InputError("it is of TorchScript; save module.state_dict()")
        state = torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)
    except InputError as error:
        raise InputError(f"{name}: no state dict saved by torch ({error})") from None
    except Exception as error:  # torch promises no particular errors for a damaged file
        objects = isinstance(error, pickle.UnpicklingError)
        reason = "damaged"
        if objects:
            reason = "it holds other Python objects; save module.state_dict()"
        raise InputError(f"{name}: no state dict saved by torch ({reason})") from None
    if not isinstance(state, Mapping):
        raise InputError(f"{name}: a {type(state).__name__}, not a state dict")
    # What training keeps beside it (optimizer, epoch, …) says nothing of the network.
    nested = [key for key in _NESTED if isinstance(state.get(key), Mapping)]
    if len(nested) > 1:
        raise InputError(f"{name}: {' and '.join(nested)} are state dicts; save one of them")
    state = state[nested[0]] if nested else state
    total = 0
    for key, tensor in state.items():
        if not isinstance(tensor, torch.Tensor):
            raise InputError(f"{name}: {key!r} is no tensor, but a {type(tensor).__name__}")
        total += tensor.numel()
        if total > len(content):
            raise InputError(f"{name}: its tensors have more numbers than the file has bytes")
    return state


_NESTED = ("state_dict", "model_state_dict", "model")
"""Where checkpoints have the state dict."""
