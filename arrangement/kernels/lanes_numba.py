"""What numba makes of the operations that :mod:`arrangement.kernels.lanes` lists."""

from __future__ import annotations

import functools
import operator

from llvmlite import ir
from numba.core import types
from numba.core.imputils import lower_builtin
from numba.core.typing.templates import ConcreteTemplate, infer_global, signature
from numba.extending import intrinsic, models, register_model

LANES = 8

_VECTOR = ir.VectorType(ir.DoubleType(), LANES)
_INDICES = ir.VectorType(ir.IntType(32), LANES)
_WORD = ir.IntType(64)
_WORDS = ir.VectorType(_WORD, LANES)


class _Lanes(types.Type):
    def __init__(self) -> None:
        super().__init__(name="lanes")


lanes = _Lanes()


@register_model(_Lanes)
class _Model(models.PrimitiveModel):  # type: ignore[misc]
    def __init__(self, dmm, fe_type):
        super().__init__(dmm, fe_type, _VECTOR)


def _spread(builder, value, vector=_VECTOR):
    nothing = ir.Constant(vector, ir.Undefined)
    one = builder.insert_element(nothing, value, ir.Constant(ir.IntType(32), 0))
    return builder.shuffle_vector(one, nothing, ir.Constant(_INDICES, [0] * LANES))


def _define(operation, instruction):
    pairs = [(lanes, lanes), (lanes, types.float64), (types.float64, lanes)]
    cases = [signature(lanes, *pair) for pair in pairs]
    infer_global(operation)(type(f"_{instruction}", (ConcreteTemplate,), {"cases": cases}))

    def lower(context, builder, sig, args):
        left, right = (
            value if kind == lanes else _spread(builder, value)
            for kind, value in zip(sig.args, args, strict=True)
        )
        return getattr(builder, instruction)(left, right)

    for pair in pairs:
        lower_builtin(operation, *pair)(lower)


for _name, _instruction in (
    ("add", "fadd"),
    ("sub", "fsub"),
    ("mul", "fmul"),
    ("truediv", "fdiv"),
):
    _define(getattr(operator, _name), _instruction)
    _define(getattr(operator, f"i{_name}"), _instruction)


def _place(context, builder, kind, array, start, vector):
    data = context.make_array(kind)(context, builder, array).data
    return builder.bitcast(builder.gep(data, [start]), vector.as_pointer())


def _call(builder, name, result, *arguments):
    """A call of one of LLVM's own functions."""
    kind = ir.FunctionType(result, [a.type for a in arguments])
    function = builder.module.globals.get(name) or ir.Function(builder.module, kind, name)
    return builder.call(function, arguments)


def _fits(array, dtype):
    return isinstance(array, types.Array) and array.layout == "C" and array.dtype == dtype


@intrinsic
def load(typing, array, start):
    """Eight entries of a contiguous float64 array of any shape, from a place in its memory."""
    if not _fits(array, types.float64):
        return None

    def generate(context, builder, sig, args):
        place = _place(context, builder, sig.args[0], args[0], args[1], _VECTOR)
        return builder.load(place, align=8)

    return lanes(array, types.uint64), generate


@intrinsic
def store(typing, array, start, value):
    """Set eight entries of a contiguous array of float64 or of words; see :func:`load`."""
    if not (_fits(array, types.float64) or _fits(array, types.uint64)):
        return None

    def generate(context, builder, sig, args):
        place = _place(context, builder, sig.args[0], args[0], args[1], _VECTOR)
        builder.store(args[2], place, align=8)
        return context.get_dummy_value()

    return types.none(array, types.uint64, lanes), generate


def _operation(result, *kinds):
    """An operation on arguments of these types, from the function that builds it."""

    def made(build):
        @functools.wraps(build)  # by whose parameters numba knows how many there are
        def typed(typing, *arguments):
            return result(*kinds), lambda context, builder, sig, args: build(builder, *args)

        return intrinsic(typed)

    return made


@_operation(lanes, types.float64)
def spread(builder, value):
    """The same number in all places."""
    return _spread(builder, value)


@_operation(lanes, lanes, lanes, lanes)
def fused(builder, left, right, added):
    """left·right + added, rounded once where the machine can do that and else twice."""
    product = builder.fmul(left, right, flags=("contract",))
    return builder.fadd(product, added, flags=("contract",))


@_operation(lanes, lanes)
def absolute(builder, value):
    """The absolute values."""
    return _call(builder, "llvm.fabs.v8f64", _VECTOR, value)


@_operation(lanes, lanes)
def down(builder, value):
    """Rounded down to integers."""
    return _call(builder, "llvm.floor.v8f64", _VECTOR, value)


@_operation(types.uint64, lanes, lanes)
def above(builder, left, right):
    """Bit k is 1 where left > right at place k (and neither is NaN)."""
    mask = builder.fcmp_ordered(">", left, right)
    return builder.zext(builder.bitcast(mask, ir.IntType(LANES)), _WORD)


@_operation(lanes, lanes, lanes, lanes)
def if_above(builder, left, right, value):
    """The value where left > right, else 0."""
    mask = builder.fcmp_ordered(">", left, right)
    return builder.select(mask, value, ir.Constant(_VECTOR, [0.0] * LANES))


@_operation(lanes, lanes, lanes)
def maximum(builder, left, right):
    """The larger of two values (the second one if one is NaN)."""
    return builder.select(builder.fcmp_ordered(">", left, right), left, right)


@_operation(types.float64, lanes)
def peak(builder, value):
    """The largest of the eight values."""
    return _call(builder, "llvm.vector.reduce.fmax.v8f64", ir.DoubleType(), value)


@_operation(lanes, lanes, types.uint64, types.uint64)
def marked(builder, words, where, bit):
    """Eight words, held as float64, with a bit set in those that `where` has a 1 for."""
    flags = builder.trunc(where, ir.IntType(LANES))
    mask = builder.bitcast(flags, ir.VectorType(ir.IntType(1), LANES))
    bits = _spread(builder, bit, _WORDS)
    chosen = builder.select(mask, bits, ir.Constant(_WORDS, [0] * LANES))
    return builder.bitcast(builder.or_(builder.bitcast(words, _WORDS), chosen), _VECTOR)


@intrinsic
def shared(typing, words, start, word):
    """How many bits each of eight words from a place in memory shares with a word."""
    if not _fits(words, types.uint64):
        return None

    def generate(context, builder, sig, args):
        place = _place(context, builder, sig.args[0], args[0], args[1], _WORDS)
        both = builder.and_(builder.load(place, align=8), _spread(builder, args[2], _WORDS))
        counts = builder.trunc(_call(builder, "llvm.ctpop.v8i64", _WORDS, both), _INDICES)
        return builder.sitofp(counts, _VECTOR)

    return lanes(words, types.uint64, types.uint64), generate


@intrinsic
def covering(typing, words, start, word):
    """Bit k is 1 where the k-th of eight words from a place on has all bits of a word."""
    if not _fits(words, types.uint64):
        return None

    def generate(context, builder, sig, args):
        place = _place(context, builder, sig.args[0], args[0], args[1], _WORDS)
        wanted = _spread(builder, args[2], _WORDS)
        both = builder.and_(builder.load(place, align=8), wanted)
        mask = builder.icmp_unsigned("==", both, wanted)
        return builder.zext(builder.bitcast(mask, ir.IntType(LANES)), _WORD)

    return types.uint64(words, types.uint64, types.uint64), generate
