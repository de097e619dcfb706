"""Networks from modules of torch: the graph of ATen operators that torch.export traces.

The graph, rather than an ONNX file, because it is traced without another package, keeps each
number as the module has it (exporters fold batch normalization in float32), and holds the place
of each operator in the module. Operators are lowered to those of ONNX; what only moves entries
is done to their positions by torch itself, and what depends on no input is computed by it.
"""

from __future__ import annotations

import copy
import sys
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from inspect import signature
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from arrangement.checks import whole
from arrangement.errors import InputError, MissingExtraError, ModelWarning, one_line
from arrangement.exact.numbers import shown
from arrangement.memory import refuse
from arrangement.networks.feed_forward import FeedForward
from arrangement.networks.formats.affine_tensors import (
    Affine,
    Units,
    concatenated,
    equal,
    finite,
)
from arrangement.networks.formats.aten_operators import (
    ADVICE,
    ENDS,
    LIKE,
    LOWERED,
    MISSING,
    MOVES,
)
from arrangement.networks.formats.operators.operands import of_node, whole_output
from arrangement.networks.formats.own_outputs import compare
from arrangement.networks.formats.torch_export import lowered, traced, tracing, trains
from arrangement.networks.formats.torch_modules import array

__all__ = ["from_module"]

SAMPLES = 3
"""With so many the module is traced once more."""


def from_module(
    model: Any, input_shape: Sequence[int] | int | None = None, check: Any = None
) -> FeedForward:
    """The network of a ``torch.nn.Module``, as it computes after ``model.eval()``.

    Parameters
    ----------
    model : torch.nn.Module
        It is traced, not run: no buffer or mode of it is changed.
    input_shape : int or sequence of int, optional
        Of one sample, without the axis of samples.
    check : array_like, optional
        Inputs at which the network is compared with the module in float64.

    Raises
    ------
    InputError
        If it cannot be traced, an operator is not piecewise linear, or the module computes
        something else at `check`.
    MissingExtraError
        If torch is older than 2.6.
    """
    torch = sys.modules.get("torch")
    if torch is None or not isinstance(model, torch.nn.Module):
        raise InputError(
            f"{shown(model)} is not read: a torch.nn.Module or a state dict is needed"
        )
    if not hasattr(getattr(torch, "export", None), "default_decompositions"):
        raise MissingExtraError(
            f"torch {torch.__version__} does not trace modules as torch 2.6 does; install "
            "that, or give a file that torch.onnx.export wrote"
        )
    if isinstance(model, torch.jit.ScriptModule):
        raise InputError(
            f"{type(model).__name__}: a module of TorchScript is not traced; give the module "
            "that it was made of, or a file that torch.onnx.export wrote"
        )
    _refuse_global_hooks(torch)
    shape = _input_shape(model, input_shape)
    n_inputs = prod(shape)
    refuse(64 * SAMPLES * n_inputs, f"{n_inputs:,} inputs", "reduce the network")
    graph = _Graph(lowered(model, (1, *shape)), (1, *shape))
    if check is not None:
        _check(graph, model, shape, check)
    said = list(graph.said)
    if trains(model, (1, *shape)):
        said.append(
            "the module is in training mode; this is its network after .eval(), without "
            "dropout and with the running statistics of batch normalization"
        )
    if _mixes(model, shape, graph):
        said.append(
            "the module mixes the samples of a batch, or counts them; this is its network for "
            "batches of one"
        )
    for message in said:
        warnings.warn(message, ModelWarning, stacklevel=4)
    return graph.units.network(graph.output)


def _refuse_global_hooks(torch: Any) -> None:
    """Hooks of all modules would be called for the modules that torch.export makes, too."""
    for key, value in vars(torch.nn.modules.module).items():
        if value and ("_forward_hooks" in key or "_forward_pre_hooks" in key):
            raise InputError(f"torch has a hook for all modules ({key}); remove it")


def _input_shape(model: Any, given: Sequence[int] | int | None) -> tuple[int, ...]:
    if given is not None:
        sizes = given if isinstance(given, Sequence) else (given,)
        return tuple(whole(n, "input_shape", 1) for n in sizes)
    width = next((m.in_features for m in model.modules() if hasattr(m, "in_features")), 0)
    if width:
        # One width is taken only where the module takes no other.
        try:
            traced(model, (1, width + 1))
        except InputError:
            return (width,)
    raise InputError(
        f"{type(model).__name__} does not say the shape of its input; state it, without the "
        "axis of samples: input_shape=(3, 32, 32)"
    )


def _mixes(model: Any, shape: tuple[int, ...], graph: _Graph) -> bool:
    """Is one sample of a batch treated otherwise than a batch of one?"""
    try:
        batch = _Graph(lowered(model, (SAMPLES, *shape)), (SAMPLES, *shape))
    except InputError:  # of one sample, and no more
        return False
    alone = graph.units.of_one_sample(graph.output, 1)
    beside = batch.units.of_one_sample(batch.output, SAMPLES)
    if alone is None or beside is None:
        return True
    return not (alone[0].equals(beside[0]) and equal(alone[1], beside[1]))


def _check(graph: _Graph, model: Any, shape: tuple[int, ...], inputs: Any) -> None:
    """An InputError unless torch computes the same up to the operator that is left out."""
    import torch

    def compute(X: NDArray[np.float64]) -> NDArray[np.float64]:
        samples = torch.from_numpy(X.reshape(len(X), 1, *shape).copy())
        with tracing(model, (1, *shape)), torch.no_grad():
            wide = copy.deepcopy(model).double().eval()
        if not graph.said:
            run = wide
        else:
            program = lowered(wide, (1, *shape))
            end = _Graph(program, (1, *shape)).end

            def run(x: Any) -> Any:
                held = {**program.state_dict, **program.constants}
                given = [held.get(e.target, x) for e in program.graph_signature.input_specs]
                whole = torch.fx.Interpreter(program.graph_module, garbage_collect_values=False)
                whole.run(*given)
                return next(value for node, value in whole.env.items() if node.name == end[1])

        with tracing(model, (1, *shape)), torch.no_grad():
            results = (torch.utils._pytree.tree_leaves(run(x)) for x in samples)
            return np.array([array(result[0], "check").ravel() for result in results])

    given = array(inputs, "check")
    compare(graph.units.network(graph.end[0]), given, compute)


@dataclass(frozen=True, eq=False)
class _Ended:
    """The result of an operator at the end that is not piecewise linear, such as a softmax."""

    given: Affine
    name: str
    chosen: bool
    before: tuple[Affine, str]


class _Graph:
    """The operators of a traced program, followed from its input to its output."""

    n_outputs = 1

    def __init__(self, program: Any, shape: tuple[int, ...]) -> None:
        import torch

        self.units = Units(prod(shape))
        self.name = "the module"
        self.said: list[str] = []
        self._values: dict[str, Any] = {}
        facts = program.graph_signature
        held = {**program.state_dict, **program.constants}
        for entry in facts.input_specs:
            if entry.kind.name == "USER_INPUT":
                value: Any = self.units.inputs(shape)
            elif isinstance(held.get(entry.target), torch.Tensor):
                array(held[entry.target], entry.target)  # an InputError for what has none
                value = _wide(held[entry.target])
            else:
                name = entry.target or entry.arg.name
                raise InputError(f"{name}, which the module takes, is no tensor")
            self._values[entry.arg.name] = value
        for buffer in (*facts.buffers_to_mutate.values(), *facts.parameters_to_mutate.values()):
            raise InputError(
                f"{buffer} is changed at every call, so that the module is no function"
            )
        with torch.no_grad():
            for node in program.graph.nodes:
                if node.op not in ("placeholder", "output"):
                    self._values[node.name] = self._follow(node)
        self.output = self._end(facts.user_outputs)

    def _end(self, names: Sequence[Any]) -> Affine:
        if len(names) != 1 or names[0] not in self._values:
            raise InputError(
                "the module returns no tensor, or several values; wrap it in a module that "
                "returns one tensor"
            )
        end = self._values[names[0]]
        if end is MISSING:
            raise InputError(f"{self.name} gives the places of the maxima; return the maxima")
        if isinstance(end, _Ended):
            self.said.append(
                f"{end.name} ends the module and is left out: the outputs are what it is given"
            )
            self.end, end = end.before, end.given
        end = whole_output(_numpy(end), "the output")
        if not self.said:
            self.end = end, names[0]
        return end

    def _follow(self, node: Any) -> Any:
        self.name = _place(node)
        with of_node(self.name):
            result = self._computed(node)
        shape = list(getattr(node.meta.get("val"), "shape", ()))
        known = isinstance(result, Affine) and all(isinstance(n, int) for n in shape)
        if known and list(result.shape) != shape:
            raise InputError(
                f"{self.name}: was misread, of shape {list(result.shape)} where torch has "
                f"{shape}; report the module"
            )
        return result

    def _computed(self, node: Any) -> Any:
        import torch

        place: dict[str, Any] = {}
        torch.fx.node.map_arg((node.args, node.kwargs), lambda n: place.setdefault(n.name, n))
        given = [self._values[name] for name in place]
        args, kwargs = torch.fx.node.map_arg(
            (node.args, dict(node.kwargs)), lambda n: self._values[n.name]
        )
        kind = getattr(node.target, "__name__", str(node.target)).split(".")[0]
        if kind == "_assert_tensor_metadata":
            return None
        if kind == "getitem":
            return args[0][args[1]]
        if kind == "sym_size":
            return args[0].shape[args[1]]
        if kind == "copy_strided":  # in another order in memory
            return args[0]
        if node.op != "call_function" or not isinstance(node.target, torch._ops.OpOverload):
            if (
                any(isinstance(value, Affine | _Ended) for value in given)
                or node.op == "get_attr"
            ):
                raise InputError(f"{self.name} is not read; {ADVICE}")
            return node.target(*args, **kwargs)
        if torch.Tag.nondeterministic_seeded in node.target.tags:
            raise InputError(f"{self.name} is random, so that the module is no function")
        if any(value is MISSING for value in given):
            raise InputError(f"{self.name} takes the places of the maxima; {ADVICE}")
        ended = next((value for value in given if isinstance(value, _Ended)), None)
        if ended is not None:
            return self._after(ended, node.target, kind, args, kwargs)
        if kind in LIKE:
            args = (torch.zeros(args[0].shape, dtype=torch.float64), *args[1:])
            given = []
        if not any(isinstance(value, Affine) for value in given):
            return self._folded(node.target, kind, args, kwargs)
        if kind in ENDS and isinstance(args[0], Affine):
            before = args[0], node.args[0].name
            return _Ended(args[0], self.name, kind == "argmax", before)
        val = node.meta.get("val")
        if isinstance(val, torch.Tensor) and not val.dtype.is_floating_point:
            raise InputError(
                f"{self.name} compares or rounds, which is not piecewise linear; write it with "
                "relu, leaky_relu, clamp or maximum"
            )
        if str(node.target) in MOVES:
            return self._moved(node.target, args, kwargs)
        if kind not in LOWERED:
            raise InputError(f"{self.name} is not piecewise linear, or not read; {ADVICE}")
        operator = LOWERED[kind]
        try:
            signature(operator).bind(self, *args, **kwargs)
        except TypeError as error:
            raise InputError(f"{self.name} is not read ({error}); {ADVICE}") from None
        args, kwargs = torch.utils._pytree.tree_map(_numpy, (args, kwargs))
        # What no longer depends on the input stays exact; torch would round it.
        return torch.utils._pytree.tree_map(
            lambda x: Affine.constant(x) if isinstance(x, np.ndarray) else x,
            operator(self, *args, **kwargs),
        )

    def _after(self, ended: _Ended, target: Any, kind: str, args: Any, kwargs: Any) -> _Ended:
        """What follows an operator that ends the module: it is left out, too."""
        if args and args[0] is ended and not ended.chosen:
            if kind in ENDS or kind == "log":
                return replace(ended, chosen=kind == "argmax")
            if str(target) in MOVES:
                moved: Any = self._moved(target, (ended.given, *args[1:]), kwargs)
                return replace(ended, given=moved)
        if str(target) in MOVES and ended.chosen:
            return ended
        then = f", but {self.name} takes its result" if self.name != ended.name else ""
        raise InputError(
            f"{ended.name} is not piecewise linear, and read only where it ends the module"
            f"{then}; {ADVICE}"
        )

    def _folded(self, target: Any, kind: str, args: Any, kwargs: Any) -> Any:
        """What depends on no input, by torch in float64."""
        import torch

        if "device" in kwargs:
            kwargs = {**kwargs, "device": "cpu"}
        try:
            result = target(*args, **kwargs)
        except (RuntimeError, TypeError, ValueError, IndexError) as error:
            said = one_line(error, first=True)
            raise InputError(f"{self.name}: torch does not compute it ({said})") from None
        if kind.startswith(("empty", "new_empty")):
            result.zero_()
        return torch.utils._pytree.tree_map(_wide, result)

    def _moved(self, target: Any, args: Any, kwargs: Any) -> Affine | tuple[Affine, ...]:
        """Entries at other places: torch moves their positions in all tensors in a row."""
        import torch

        parts: list[Affine] = []

        def positions(value: Any) -> Any:
            if isinstance(value, torch.Tensor) and value.is_floating_point():
                value = Affine.constant(finite(_numpy(value), self.name))
            if not isinstance(value, Affine):
                return value
            start = sum(len(part.offset) for part in parts)
            parts.append(value)
            return torch.from_numpy(value.positions).double() + start

        args, kwargs = torch.utils._pytree.tree_map(positions, (args, kwargs))
        kwargs = {key: value for key, value in kwargs.items() if key != "dtype"}
        aten = torch.ops.aten
        if target is aten.index_put.default and len(args) > 3 and args[3]:
            raise InputError(f"{self.name}: a sum of entries at places is not read; {ADVICE}")
        if target is aten.constant_pad_nd.default:
            # The value is one more entry, at the end.
            value = args[2] if len(args) > 2 else 0.0
            fill = Affine.constant(finite(np.array([value], dtype=np.float64), self.name))
            args = (*args[:2], float(len(parts[0].offset)))
            parts.append(fill)
        whole_row = concatenated(parts)
        moved = target(*args, **kwargs)
        if isinstance(moved, tuple | list):
            return tuple(whole_row.take(at.long().numpy()) for at in moved)
        return whole_row.take(moved.long().numpy())


def _wide(value: Any) -> Any:
    """A tensor on the CPU, of float64 if its numbers are floating-point."""
    import torch

    if not isinstance(value, torch.Tensor):
        return value
    value = value.detach().cpu()
    return value.double() if value.is_floating_point() else value


def _numpy(value: Any) -> Any:
    import torch

    return value.numpy() if isinstance(value, torch.Tensor) else value


def _place(node: Any) -> str:
    """The operator and the innermost module that it is in, as messages name them."""
    stack = list((node.meta.get("nn_module_stack") or {}).values())
    kind = str(node.meta.get("torch_fn", ("", str(node.target)))[1]).rsplit(".", 1)[-1]
    if "torch_fn" not in node.meta:
        kind = getattr(node.target, "__name__", kind).split(".")[0]
    if not stack:
        return f"the operator {kind}"
    path, cls = stack[-1]
    name = cls if isinstance(cls, str) else cls.__name__
    name = name.rsplit(".", 1)[-1]
    return f"module {path} ({name}), {kind}" if path else f"{name}, {kind}"
