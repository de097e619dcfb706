"""ONNX models whose floating-point numbers are all float64."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["widened"]


def widened(model: Any, output: str) -> Any:
    """A copy of a model in float64, of the nodes up to the one that computes `output`."""
    from onnx import ModelProto, TensorProto, ValueInfoProto, helper, numpy_helper

    narrow = (TensorProto.FLOAT, TensorProto.FLOAT16, TensorProto.BFLOAT16)

    def widen(tensor: Any) -> None:
        if tensor.data_type in narrow:
            values = numpy_helper.to_array(tensor).astype(np.float64)
            tensor.CopyFrom(numpy_helper.from_array(values, tensor.name))

    result = ModelProto.FromString(model.SerializeToString())
    graph = result.graph
    for tensor in graph.initializer:
        widen(tensor)
    for value in graph.input:
        if value.type.tensor_type.elem_type in narrow:
            value.type.tensor_type.elem_type = TensorProto.DOUBLE
    last = max((i for i, node in enumerate(graph.node) if output in node.output), default=-1)
    del graph.node[last + 1 :]
    del graph.value_info[:], graph.output[:]
    graph.output.append(ValueInfoProto(name=output))
    for node in graph.node:
        for fact in node.attribute:
            if fact.name == "to" and node.op_type == "Cast" and fact.i in narrow:
                fact.i = TensorProto.DOUBLE
            elif fact.name in ("value_float", "value_floats") and node.op_type == "Constant":
                values = np.array(helper.get_attribute_value(fact), dtype=np.float64)
                fact.CopyFrom(helper.make_attribute("value", numpy_helper.from_array(values)))
            elif fact.HasField("t"):
                widen(fact.t)
        if node.op_type == "ConstantOfShape" and not node.attribute:
            zero = numpy_helper.from_array(np.zeros(1))
            node.attribute.append(helper.make_attribute("value", zero))
    return result
