"""Programs of ATen operators that torch.export traces of a module, for evaluation."""

from __future__ import annotations

import contextlib
import io
import logging
import traceback
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from arrangement.errors import InputError, one_line

__all__ = ["lowered", "traced", "tracing", "trains"]


@contextlib.contextmanager
def _evaluating(model: Any) -> Iterator[None]:
    """The module as after ``.eval()``, and then as it was."""
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        yield
    finally:
        for module, training in modes:
            module.training = training


def traced(model: Any, shape: tuple[int, ...]) -> Any:
    """The program that torch.export traces on inputs of a shape, for evaluation."""
    with _evaluating(model):
        return _exported(model, shape)


def lowered(model: Any, shape: tuple[int, ...]) -> Any:
    """The same of fewer operators: those of core ATen, pools and images spelt out."""
    import torch
    from torch._decomp import get_decompositions

    aten = torch.ops.aten
    table = torch.export.default_decompositions()
    spelt = (
        *(aten._adaptive_avg_pool2d, aten.upsample_nearest2d, aten.upsample_nearest1d),
        *(aten.upsample_bilinear2d, aten.upsample_linear1d),
    )
    table.update(get_decompositions(spelt))
    for operator in (aten.prelu, aten.log_sigmoid, aten.hardsigmoid, aten.threshold):
        table.pop(operator.default, None)
    with _evaluating(model), tracing(model, shape):
        return torch.export.export(model, _example(model, shape)).run_decompositions(table)


def _exported(model: Any, shape: tuple[int, ...]) -> Any:
    """The program in the mode in which the module is."""
    from torch.export import export

    with tracing(model, shape):
        return export(model, _example(model, shape))


def _example(model: Any, shape: tuple[int, ...]) -> tuple[Any]:
    import torch

    floats = (p for p in model.parameters() if p.is_floating_point())
    like = next(floats, torch.empty(0))
    return (torch.zeros(shape, dtype=like.dtype, device=like.device),)


@contextlib.contextmanager
def tracing(model: Any, shape: tuple[int, ...]) -> Iterator[None]:
    """What a forward raises, and torch.export of it, as an InputError; nothing else is said."""
    disabled = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        with warnings.catch_warnings(), contextlib.redirect_stderr(io.StringIO()):
            warnings.simplefilter("ignore")
            yield
    except Exception as error:  # a forward may raise anything
        reason = one_line(error, first=True)
        if "data-dependent" in reason:
            reason = (
                "its control flow depends on values of the input; write it with relu, clamp or "
                "maximum"
            )
        raise InputError(
            f"{type(model).__name__}: torch.export cannot trace it on an input of shape "
            f"{list(shape)}{_own_line(error)} ({reason}); it must take one tensor of the shape "
            "that input_shape says, and compute with operators of torch alone"
        ) from None
    finally:
        logging.disable(disabled)


def _own_line(error: BaseException) -> str:
    """Where an error was raised, in what is neither torch's, this package's nor Python's."""
    import torch

    inner = Path(torch.__file__).parent, Path(__file__).parent
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        path = Path(frame.filename)
        ours = any(folder in path.parents for folder in inner)
        own = "site-packages" not in path.parts and Path(io.__file__).parent in path.parents
        if not (ours or own) and path.suffix == ".py":
            return f', at "{frame.line}" ({path.name}, line {frame.lineno})'
    return ""


def trains(model: Any, shape: tuple[int, ...]) -> bool:
    """Does the module compute something else in the mode in which it is?"""
    if not any(module.training for module in model.modules()):
        return False
    try:
        trained = _exported(model, shape)
    except InputError:  # batch normalization takes no batch of one
        return True
    first, second = (
        [part.code for part in program.graph_module.modules()]
        for program in (trained, traced(model, shape))
    )
    return bool(first != second)
