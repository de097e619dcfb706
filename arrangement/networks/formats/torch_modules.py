"""Networks of torch: modules in a chain, and files of state dicts, which are not trusted."""

from __future__ import annotations

import io
import pickle
import sys
import zipfile
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from arrangement.errors import InputError, MissingExtraError
from arrangement.files.reading import read_bytes
from arrangement.networks.feed_forward import FeedForward
from arrangement.networks.formats.stacking import Stack

__all__ = ["array", "sequential", "state_dict"]


def sequential(model: Any) -> FeedForward:
    """The network of a ``Sequential``; an InputError names the module that is not read."""
    stack = Stack()
    _add_modules(stack, model, "")
    return stack.network()


def array(tensor: Any, name: str) -> NDArray[Any]:
    """A torch tensor, or what is like one, as an array."""
    try:
        for step in ("detach", "cpu", "numpy"):
            tensor = getattr(tensor, step)() if hasattr(tensor, step) else tensor
        array = np.asarray(tensor)
    except (TypeError, ValueError, RuntimeError) as error:
        # bfloat16, sparse, quantized and meta tensors have no array.
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
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
            raise InputError("it is none of torch 1.6 or later")
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            # torch does not compress: what a file holds is not larger than the file.
            if sum(member.file_size for member in archive.infolist()) > len(content):
                raise InputError("its members are larger than the file")
            if archive.testzip() is not None:
                raise InputError("damaged")
        state = torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)
    except InputError as error:
        raise InputError(f"{name}: no state dict saved by torch ({error})") from None
    except Exception as error:  # torch promises no particular errors for a damaged file
        objects = isinstance(error, pickle.UnpicklingError)
        reason = "it holds other Python objects" if objects else "damaged"
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


def _add_modules(stack: Stack, module: Any, name: str) -> None:
    kind = type(module).__name__
    place = f"module {name} ({kind})" if name else kind
    _refuse_changed(module, place)
    if kind == "Sequential":
        # named_children() leaves out what is there a second time.
        for key, child in module._modules.items():
            _add_modules(stack, child, f"{name}.{key}" if name else key)
    elif kind == "Linear":
        bias = None if module.bias is None else array(module.bias, place)
        stack.affine(array(module.weight, place), bias, place)
    elif kind == "ReLU":
        stack.activate("relu", 0.0, place)
    elif kind == "LeakyReLU":
        stack.activate("leaky_relu", float(module.negative_slope), place)
    elif kind == "Flatten":
        axes = getattr(module, "start_dim", 1), getattr(module, "end_dim", -1)
        if axes != (1, -1):
            raise InputError(
                f"{place}: flattens the axes {axes}; those of one sample are 1, -1"
            )
    elif kind not in _NOTHING:
        raise InputError(
            f"{place} is not read: a Sequential of Linear, ReLU, LeakyReLU and Flatten is "
            "needed; of other modules, a file that torch.onnx.export wrote has the architecture"
        )


_NOTHING = (
    *("Identity", "Dropout", "Dropout1d", "Dropout2d", "Dropout3d"),
    *("AlphaDropout", "FeatureAlphaDropout"),
)
"""Modules that do nothing after training."""


def _refuse_changed(module: Any, place: str) -> None:
    """An InputError if a module may compute something else than its name says."""
    torch = sys.modules.get("torch")
    hooks = [vars(module)] if hasattr(module, "__dict__") else []
    if torch is not None and isinstance(module, torch.nn.Module):
        if type(module) is not getattr(torch.nn, type(module).__name__, None):
            raise InputError(
                f"{place} is {type(module).__module__}.{type(module).__qualname__}, not a "
                "module of torch.nn itself, and may compute anything; a file that "
                "torch.onnx.export wrote has the architecture"
            )
        hooks.append(vars(torch.nn.modules.module))
    for names in hooks:
        for key, value in names.items():
            if value and ("_forward_hooks" in key or "_forward_pre_hooks" in key):
                raise InputError(f"{place} has a hook ({key}), which may compute anything")
        if names is hooks[0] and "forward" in names:
            raise InputError(f"{place} has a forward of its own, which may compute anything")
