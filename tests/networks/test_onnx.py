"""Networks from ONNX graphs, compared with the reference evaluator of ONNX."""

import contextlib
import warnings
from fractions import Fraction

import numpy as np
import pytest

from arrangement.errors import ArrangementError, InputError, ModelWarning
from arrangement.networks import Network
from arrangement.networks.formats.operators.table import OPERATORS
from tests.amounts import first

onnx = pytest.importorskip("onnx")

from onnx import TensorProto, helper, numpy_helper  # noqa: E402
from onnx.reference import ReferenceEvaluator  # noqa: E402


class Graph:
    """A random valid graph, made node by node; the value at one input tells the shapes."""

    def __init__(self, seed):
        self.rng = np.random.default_rng(seed)
        self.opset = int(self.rng.choice([11, 13, 17, 18, 21]))
        rank = int(self.rng.integers(1, 5))
        self.shape = [1, *self.rng.integers(1, 4, rank - 1)]
        if rank == 4:
            self.shape[2:] = self.rng.integers(3, 6, 2)
        if rank == 1:
            self.shape = [int(self.rng.integers(1, 5))]
        self.is_open = rank > 1 and self.rng.random() < 0.5
        self.nodes, self.constants = [], {}
        self.values = {"x": self.numbers(self.shape)}
        self.constant_names = []
        for _ in range(self.rng.integers(1, 9)):
            # The reference adds up in place, and refuses some more that is valid.
            with contextlib.suppress(ValueError, TypeError, IndexError):
                self.grow()

    def numbers(self, shape):
        """Many ties, or none."""
        if self.rng.random() < 0.5:
            return self.rng.integers(-4, 5, shape) / 2
        return self.rng.normal(size=shape).astype(np.float32).astype(np.float64)

    def constant(self, value):
        name = f"c{len(self.constants)}"
        self.constants[name] = np.asarray(value)
        if self.rng.random() < 0.2:
            self.add("Constant", [], value=numpy_helper.from_array(np.asarray(value)))
            return self.nodes[-1].output[0]
        self.values[name] = self.constants[name]
        self.constant_names.append(name)
        return name

    def add(self, kind, given, outputs=1, **attributes):
        out = [f"t{len(self.nodes)}_{i}" for i in range(outputs)]
        node = helper.make_node(kind, given, out, f"{kind}_{len(self.nodes)}", **attributes)
        feeds = {name: self.values[name] for name in given if name}
        self.values |= zip(out, self.run([node], feeds, out), strict=True)
        self.nodes.append(node)
        return out[0]

    def run(self, nodes, feeds, outputs):
        types = [
            helper.make_tensor_value_info(
                k, helper.np_dtype_to_tensor_dtype(np.asarray(v).dtype), np.shape(v)
            )
            for k, v in feeds.items()
        ]
        ends = [helper.make_tensor_value_info(k, TensorProto.DOUBLE, None) for k in outputs]
        graph = helper.make_graph(nodes, "part", types, ends)
        opset = [helper.make_opsetid("", self.opset)]
        return ReferenceEvaluator(helper.make_model(graph, opset_imports=opset)).run(
            None, feeds
        )

    def some(self, rank=None):
        """A tensor that depends on the input, a late one more often."""
        names = [k for k, v in self.values.items() if self.is_float(k, v)]
        names = [k for k in names if rank is None or self.values[k].ndim in rank]
        if not names:
            return None
        return names[-1 - int(self.rng.integers(len(names)) * self.rng.random())]

    def is_float(self, name, value):
        return (name == "x" or name.startswith("t")) and value.dtype == np.float64

    def partner(self, name, whole=False):
        """Something that fits a tensor by broadcasting: a constant or a tensor."""
        shape = self.values[name].shape
        if not whole and self.rng.random() < 0.4:
            fits = [
                k for k, v in self.values.items()
                if self.is_float(k, v) and fit(v.shape, shape)
                and np.prod(np.broadcast_shapes(v.shape, shape)) <= 60
            ]  # fmt: skip
            return fits[int(self.rng.integers(len(fits)))]
        kept = [n if self.rng.random() < 0.6 else 1 for n in shape]
        own = kept[int(self.rng.integers(len(kept) + 1)) :]
        if not whole and self.rng.random() < 0.1 and len(shape) < 4:
            own = [int(self.rng.integers(1, 3)), *shape]
        return self.constant(self.numbers(own))

    def grow(self):
        rng, x = self.rng, self.some()
        shape = self.values[x].shape
        rank, size = len(shape), self.values[x].size
        kind = str(rng.choice(KINDS))
        pick = lambda *options: options[int(rng.integers(len(options)))]  # noqa: E731
        if kind in ("Add", "Sub", "Max", "Min", "Sum", "Mean"):
            many = pick(1, 1, 2) if kind in ("Max", "Min", "Sum", "Mean") else 1
            given = [x]
            for _ in range(many):
                shown = np.broadcast_shapes(*(self.values[k].shape for k in given))
                other = self.partner(x)
                if not fit(self.values[other].shape, shown):
                    continue
                given.append(other)
            if len(given) < 2:
                return
            if np.prod(np.broadcast_shapes(*(self.values[k].shape for k in given))) > 60:
                return
            self.add(kind, given if rng.random() < 0.5 else given[::-1])
        elif kind in ("Mul", "Div"):
            other = self.partner(x, whole=True)
            if kind == "Div":
                value = self.values[other]
                if np.any(value == 0):
                    return
                self.add("Div", [x, other])
            else:
                self.add("Mul", [x, other] if rng.random() < 0.5 else [other, x])
        elif kind in ("Neg", "Relu", "Abs", "Identity", "Dropout"):
            self.add(kind, [x])
        elif kind == "LeakyRelu":
            self.add(kind, [x], **pick({}, {"alpha": 0.25}, {"alpha": 1.5}, {"alpha": -0.1}))
        elif kind == "HardSigmoid":
            self.add(kind, [x], **pick({}, {"alpha": 0.5}, {"alpha": -1.0, "beta": 0.25}))
        elif kind == "PRelu":
            kept = [n if rng.random() < 0.6 else 1 for n in shape]
            self.add(
                kind, [x, self.constant(self.numbers(kept[int(rng.integers(rank + 1)) :]))]
            )
        elif kind == "Clip":
            low, high = np.sort(self.numbers([2]))
            ends = [self.constant(low), self.constant(high)]
            self.add(kind, pick([x, *ends], [x, ends[0]], [x, "", ends[1]], [x]))
        elif kind == "Gemm":
            x = self.some(rank=(2,))
            if x is None:
                return
            n, k = self.values[x].shape
            m = int(rng.integers(1, 4))
            turned, other = bool(rng.random() < 0.5), bool(rng.random() < 0.5)
            attributes = pick({}, {"alpha": 0.5}, {"beta": 2.0}, {"alpha": -1.5, "beta": 0.1})
            if rng.random() < 0.7:
                k, out = (n if turned else k), (k if turned else n, m)
                W = self.constant(self.numbers([m, k] if other else [k, m]))
                given = [x, W]
            else:
                k, out = (k if other else n), (m, n if other else k)
                given = [self.constant(self.numbers([k, m] if turned else [m, k])), x]
            if rng.random() < 0.7:
                kept = [v if rng.random() < 0.6 else 1 for v in out]
                given.append(self.constant(self.numbers(kept[int(rng.integers(3)) :])))
            self.add(kind, given, transA=int(turned), transB=int(other), **attributes)
        elif kind == "MatMul":
            if rank == 0:
                return
            left = rng.random() < 0.5 or rank < 2
            k, m = shape[-1] if left else shape[-2], int(rng.integers(1, 4))
            outer = [n if rng.random() < 0.5 else 1 for n in shape[:-2]]
            outer = outer[int(rng.integers(len(outer) + 1)) :]
            W = [*outer, k, m] if left else [*outer, m, k]
            W = [k] if rng.random() < 0.2 else W
            W = self.constant(self.numbers(W))
            self.add(kind, [x, W] if left else [W, x])
        elif kind == "BatchNormalization":
            if rank < 2 or self.opset < 14:  # where the reference trains
                return
            C = shape[1]
            given = [self.constant(self.numbers([C])) for _ in range(3)]
            variance = self.constant(np.abs(self.numbers([C])) + 0.1)
            self.add(kind, [x, *given, variance], **pick({}, {"epsilon": 0.01}))
        elif kind in ("Conv", "MaxPool", "AveragePool", "GlobalAveragePool", "GlobalMaxPool"):
            # Of three axes the reference loses one in GlobalMaxPool.
            x = self.some(rank=(4,) if kind == "GlobalMaxPool" else (3, 4))
            if x is None:
                return
            shape = self.values[x].shape
            n = len(shape) - 2
            if kind.startswith("Global"):
                self.add(kind, [x])
                return
            kernel = [int(rng.integers(1, min(size, 3) + 1)) for size in shape[2:]]
            window = {"strides": [int(rng.integers(1, 3)) for _ in range(n)]}
            if rng.random() < 0.5:
                window["pads"] = [int(rng.integers(0, k)) for _ in range(2) for k in kernel]
            if kind == "Conv":
                group = pick(*(g for g in (1, shape[1])))
                M = group * int(rng.integers(1, 3))
                W = self.constant(self.numbers([M, shape[1] // group, *kernel]))
                given = [x, W]
                if rng.random() < 0.5:
                    given.append(self.constant(self.numbers([M])))
                self.add(kind, given, group=group, **window)
            else:
                if kind == "MaxPool" and max(window["strides"]) == 1:
                    window.pop("pads", None)  # which the reference confuses
                if kind == "AveragePool":
                    window["count_include_pad"] = int(rng.integers(2))
                self.add(kind, [x], kernel_shape=kernel, **window)
        elif kind == "Flatten":
            self.add(kind, [x], axis=int(rng.integers(-rank, rank + 1)))
        elif kind == "Reshape":
            sizes = pick([-1], [1, -1], [size], [1, 1, size], [-1, 1], [*shape[::-1]])
            if rank and rng.random() < 0.3:
                sizes = [0, -1]
            self.add(kind, [x, self.constant(np.array(sizes, dtype=np.int64))])
        elif kind == "Transpose":
            self.add(kind, [x], **pick({}, {"perm": rng.permutation(rank).tolist()}))
        elif kind == "Squeeze":
            ones = [i for i, n in enumerate(shape) if n == 1]
            chosen = [i - rank * int(rng.integers(2)) for i in ones if rng.random() < 0.7]
            if not chosen:
                return
            self.with_axes(kind, x, chosen, 13)
        elif kind == "Unsqueeze":
            if rank < 4:
                self.with_axes(kind, x, [int(rng.integers(-rank - 1, rank + 1))], 13)
        elif kind in ("ReduceMean", "ReduceMax", "ReduceMin", "ReduceSum"):
            chosen = [i for i in range(rank) if rng.random() < 0.5]
            if chosen:
                since = 13 if kind == "ReduceSum" else 18
                self.with_axes(kind, x, chosen, since, keepdims=int(rng.integers(2)))
        elif kind == "Slice":
            if rank == 0:
                return
            axis = int(rng.integers(rank))
            n, step = shape[axis], pick(1, 1, 2, -1)
            begin = int(rng.integers(n))
            end = begin + int(rng.integers(1, 4)) if step > 0 else -n - 5
            row = lambda v: self.constant(np.array([v], dtype=np.int64))  # noqa: E731
            self.add(kind, [x, row(begin), row(end), row(axis - rank), row(step)])
        elif kind == "Concat":
            if rank == 0:
                return
            axis = int(rng.integers(-rank, rank))
            other = list(shape)
            other[axis] = int(rng.integers(1, 3))
            fits = [
                k for k, v in self.values.items()
                if self.is_float(k, v) and v.ndim == rank
                and np.delete(v.shape, axis).tolist() == np.delete(shape, axis).tolist()
            ]  # fmt: skip
            given = [
                x,
                pick(*fits) if rng.random() < 0.6 else self.constant(self.numbers(other)),
            ]
            if sum(self.values[k].size for k in given) <= 60:
                self.add(kind, given if rng.random() < 0.5 else given[::-1], axis=axis)
        elif kind == "Cast":
            self.add(kind, [x], to=TensorProto.DOUBLE)
        elif kind == "Split":
            axes = [i for i, n in enumerate(shape) if n > 1]
            if axes and self.opset >= 13:
                axis = pick(*axes)
                parts = np.array([1, shape[axis] - 1], dtype=np.int64)
                self.add(kind, [x, self.constant(parts)], outputs=2, axis=axis)
        elif kind == "Gather":
            if rank:
                axis = int(rng.integers(rank))
                which = rng.integers(-shape[axis], shape[axis], pick((), (2,), (1, 2)))
                self.add(kind, [x, self.constant(np.int64(which))], axis=axis)
        elif kind == "Pad":
            ends = rng.integers(0, 2, 2 * rank)
            ends = [
                int(v) if n > 2 else max(int(v), 0)
                for v, n in zip(ends, (*shape, *shape), strict=True)
            ]
            if (
                np.prod([n + a + b for n, a, b in zip(shape, ends, ends[rank:], strict=False)])
                <= 60
            ):
                pads = self.constant(np.array(ends, dtype=np.int64))
                self.add(kind, [x, pads, self.constant(self.numbers([]))])
        elif kind == "Expand":
            sizes = [n if n > 1 else int(rng.integers(1, 3)) for n in shape]
            if np.prod(sizes) <= 60:
                self.add(kind, [x, self.constant(np.array(sizes, dtype=np.int64))])
        elif kind == "ConstantOfShape":
            sizes = self.constant(np.array(shape, dtype=np.int64))
            value = numpy_helper.from_array(np.array([1.5]))
            self.add("Add", [x, self.add(kind, [sizes], value=value)])
        elif kind == "Shape":
            row = self.add(kind, [x])
            self.add("Reshape", [x, row])

    def with_axes(self, kind, x, axes, since, **attributes):
        if self.opset >= since:
            self.add(kind, [x, self.constant(np.array(axes, dtype=np.int64))], **attributes)
        else:
            self.add(kind, [x], axes=axes, **attributes)

    def model(self):
        shape = [*map(int, self.shape)]
        if self.is_open:
            shape[0] = "N"
        graph = helper.make_graph(
            self.nodes,
            "graph",
            [helper.make_tensor_value_info("x", TensorProto.DOUBLE, shape)],
            [helper.make_tensor_value_info(self.output, TensorProto.DOUBLE, None)],
            [numpy_helper.from_array(self.constants[k], k) for k in self.constant_names],
        )
        return helper.make_model(graph, opset_imports=[helper.make_opsetid("", self.opset)])

    @property
    def output(self):
        return [k for k, v in self.values.items() if k == "x" or self.is_float(k, v)][-1]


def fit(a, b):
    try:
        np.broadcast_shapes(a, b)
    except ValueError:
        return False
    return True


KINDS = (
    *("Add", "Add", "Sub", "Mul", "Div", "Neg", "Max", "Max", "Min", "Sum", "Mean"),
    *("Relu", "Relu", "LeakyRelu", "PRelu", "Abs", "Clip", "HardSigmoid"),
    *("Gemm", "Gemm", "MatMul", "MatMul", "Conv", "Conv", "BatchNormalization"),
    *("MaxPool", "AveragePool", "GlobalAveragePool", "GlobalMaxPool", "Flatten", "Reshape"),
    *("Transpose", "Squeeze", "Unsqueeze", "Slice", "Concat", "Split", "Gather", "Pad"),
    *("Identity", "Dropout", "Cast", "Expand", "ConstantOfShape", "Shape"),
    *("ReduceMean", "ReduceMax", "ReduceMin", "ReduceSum"),
)


def check(seed):
    graph = Graph(seed)
    model = graph.model()
    evaluator = ReferenceEvaluator(model)
    with warnings.catch_warnings(action="ignore"):
        network = Network.from_onnx(model)
    for _ in range(3):
        x = graph.numbers(graph.shape)
        (wanted,) = evaluator.run(None, {"x": x})
        found = network.forward(x.ravel())
        scale = 1 + np.abs(wanted).max(initial=0)
        assert found.shape == (wanted.size,)
        assert np.abs(found - wanted.ravel()).max() <= 1e-9 * scale, (seed, found, wanted)


def of(nodes, constants, shape, outputs=("y",)):
    """A model of one input x, of nodes (operator, inputs, output, attributes)."""
    graph = helper.make_graph(
        [
            helper.make_node(
                k, given, [out], k, domain="ai.onnx.ml" if k in OF_LEARNING else "", **facts
            )
            for k, given, out, facts in nodes
        ],
        "graph",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in outputs],
        [numpy_helper.from_array(np.asarray(v), k) for k, v in constants.items()],
    )
    opsets = [helper.make_opsetid("", 18), helper.make_opsetid("ai.onnx.ml", 1)]
    return helper.make_model(graph, opset_imports=opsets)


OF_LEARNING = ("ArrayFeatureExtractor", "Scaler", "ZipMap")
W = {"W": np.float32([[1, -1, 2], [0, 1, 1]])}


@pytest.mark.parametrize("end", ["Softmax", "LogSoftmax", "Sigmoid", "ArgMax"])
def test_what_ends_a_model_is_left_out_and_said(end):
    nodes = [
        ("MatMul", ["x", "W"], "z", {}),
        (end, ["z"], "p", {}),
        ("Identity", ["p"], "y", {}),
    ]
    with pytest.warns(ModelWarning, match=f'{end} node "{end}" ends the model') as said:
        network = Network.from_onnx(of(nodes, W, ["N", 2]))
    assert len(said) == 1
    assert network == Network([W["W"].T], [np.zeros(3)])
    with pytest.warns(ModelWarning):
        both = Network.from_onnx(of(nodes, W, ["N", 2], ["z", "y"]))
    assert both == network


def test_samples_that_are_mixed():
    transposed = [("Transpose", ["x"], "t", {}), ("MatMul", ["W", "t"], "y", {})]
    given = {"W": W["W"][:, :2]}
    with pytest.warns(ModelWarning, match="mixes the samples of a batch"):
        network = Network.from_onnx(of(transposed, given, ["N", 2]))
    assert network.forward([1.0, 3.0]).tolist() == [-2.0, 3.0]
    added = [("Add", ["x", "c"], "s", {}), ("Relu", ["s"], "y", {})]
    c = np.float32([[1], [1], [2]])
    whole = Network.from_onnx(of(added, {"c": c}, [3, 2]))
    assert whole.sizes == (6, 6, 6)
    assert Network.from_onnx(of(added, {"c": 0 * c}, [3, 2])).sizes == (2, 2, 2)


def test_residual_neurons_cut_nothing():
    nodes = [
        ("MatMul", ["x", "V"], "z", {}),
        ("Relu", ["z"], "a", {}),
        ("Add", ["a", "x"], "y", {}),
    ]
    model = of(nodes, {"V": np.float32([[1, 1], [0, 1]])}, [1, 2])
    network = Network.from_onnx(model)
    assert [s.tolist() for s in network.slopes] == [[0, 0, 1, 1]]
    assert len(network.regions([(-1, 1)] * 2)) == 4


def test_a_product_of_rationals_is_exact():
    thirds = {"c": np.float32([3, 7])}
    network = Network.from_onnx(of([("Div", ["x", "c"], "y", {})], thirds, [1, 2]))
    assert network.exact_forward([1, 1]) == (Fraction(1, 3), Fraction(1, 7))


@pytest.mark.parametrize("block", first(1, range(10)))
def test_random_graphs_compute_what_onnx_says(block):
    for seed in range(100 * block, 100 * block + 100):
        check(seed)


def test_bfloat16_is_widened():
    """1.5, −2, 2^-100, which are bfloat16, and the least number above 1 that is."""
    numbers = np.float32([[1.5, -2.0, 2.0**-100, 1 + 2.0**-7]])
    upper = (numbers.view(np.uint32) >> 16).astype(np.uint16).tobytes()
    tensor = helper.make_tensor("W", TensorProto.BFLOAT16, numbers.shape, upper, raw=True)
    model = of([("MatMul", ["x", "W"], "y", {})], {"W": numbers}, ["N", 1])
    model.graph.initializer[0].CopyFrom(tensor)
    assert Network.from_onnx(model) == Network([numbers.T], [np.zeros(4)])


def test_what_is_no_model_of_one_input_and_output():
    with pytest.raises(InputError, match="damaged or not an ONNX model"):
        Network.from_onnx(onnx.ModelProto())
    model = of([("Relu", ["x"], "y", {}), ("Abs", ["x"], "z", {})], {}, [1, 2], ["y", "z"])
    with pytest.raises(InputError, match=r"1 inputs and 2 outputs; .* onnx.utils.extract"):
        Network.from_onnx(model)
    model.graph.input.append(helper.make_tensor_value_info("u", TensorProto.FLOAT, [1, 2]))
    with pytest.raises(InputError, match=r"2 inputs and 2 outputs; .* onnx.utils.extract"):
        Network.from_onnx(model)


def test_entries_at_places():
    """GatherND, as torch writes x[:, order] and the like."""
    shape, rng = [2, 3, 2], np.random.default_rng(0)
    for batch_dims, places in (
        (0, [[1, -1], [0, 2]]), (0, [[[1, 2, -2]], [[0, 0, 1]]]), (1, [[[2]], [[-3]]]),
        (1, [[2, 1], [-1, 0]]), (2, [[[0], [1], [0]], [[1], [1], [-2]]]),
    ):  # fmt: skip
        nodes = [("GatherND", ["x", "at"], "y", {"batch_dims": batch_dims})]
        graph = of(nodes, {"at": np.array(places)}, shape)
        x = np.float32(rng.normal(size=shape))
        (wanted,) = ReferenceEvaluator(graph).run(None, {"x": x})
        assert Network.from_onnx(graph).forward(x.ravel()).tolist() == wanted.ravel().tolist()
    for batch_dims, places in (
        (0, [[2]]), (0, [[0, 0, 0, 0]]), (1, [[0]] * 3), (3, [[0]]), (0, 1), (0, [[0.0]]),
        (-1, [[0]]), (0, np.zeros((1, 0), int)),
    ):  # fmt: skip
        nodes = [("GatherND", ["x", "at"], "y", {"batch_dims": batch_dims})]
        with pytest.raises(InputError, match=r"GatherND.*: indices out of range"):
            Network.from_onnx(of(nodes, {"at": np.array(places)}, shape))


def test_entries_that_are_put_at_places():
    """ScatterND, as torch writes y[:, 0] = 0.5, of numbers and of what is computed."""
    shape, rng = [3, 2], np.random.default_rng(0)
    for places, new in (([[2], [0]], (2, 2)), ([[[1, -1], [0, 0]]], (1, 2)), ([[1, 1]], (1,))):
        for computed in (False, True):
            nodes = [
                ("Reshape", ["x", "all"], "f", {}), ("Gather", ["f", "some"], "g", {}),
                ("Relu", ["g"], "u", {}),
                ("ScatterND", ["x", "at", "u" if computed else "n"], "y", {}),
            ]  # fmt: skip
            given = {"at": np.array(places), "n": np.float32(rng.normal(size=new))}
            given |= {"all": np.array([-1]), "some": rng.integers(6, size=new)}
            graph = of(nodes, given, shape)
            x = np.float32(rng.normal(size=shape))
            (wanted,) = ReferenceEvaluator(graph).run(None, {"x": x})
            found = Network.from_onnx(graph).forward(x.ravel())
            assert found.tolist() == wanted.ravel().tolist()
    for places, new, facts, message in (
        ([[2], [-1]], (2, 2), {}, "several numbers for one"), ([[3]], (1, 2), {}, "range"),
        ([[2]], (2, 2), {}, r"\[2, 2\] entries for \[1, 2\]"),
        ([[2]], (1, 2), {"reduction": "add"}, "several numbers for one"),
    ):  # fmt: skip
        nodes = [("ScatterND", ["x", "at", "n"], "y", facts)]
        with pytest.raises(InputError, match=f"ScatterND.*{message}"):
            Network.from_onnx(of(nodes, {"at": np.array(places), "n": np.ones(new)}, shape))


def edited(model, rng):
    """A copy of a valid model that is most often none: a part of it is changed at random."""
    model = onnx.ModelProto.FromString(model.SerializeToString())
    graph = model.graph
    nodes, names = graph.node, ["", "x", "nothing", *(v.name for v in graph.initializer)]
    names += [name for node in nodes for name in node.output]
    pick = lambda values: values[int(rng.integers(len(values)))]  # noqa: E731
    for _ in range(rng.integers(1, 4)):
        what = rng.integers(10)
        node = pick(nodes) if nodes else None
        tensor = pick(graph.initializer) if graph.initializer else None
        if what == 0 and node is not None:
            node.op_type = str(pick(("Tanh", "Softmax", "Cast", "Erf", *KINDS)))
        elif what in (1, 2) and node is not None and node.input:
            node.input[int(rng.integers(len(node.input)))] = pick(names)
        elif what == 3 and node is not None:
            node.input.append(pick(names))
        elif what == 4 and node is not None and node.attribute:
            fact = pick(node.attribute)
            fact.i, fact.f = int(rng.integers(-9, 9)), float(rng.normal())
            fact.ints[:] = rng.integers(-4, 9, int(rng.integers(4))).tolist()
            fact.type = int(pick((fact.type, rng.integers(15))))
        elif what == 5 and node is not None:
            name = str(pick(("axis", "alpha", "axes", "pads", "kernel_shape", "perm", "to")))
            value = pick((7, -3, 0.5, [1], [0, 0], [], "text", [1.5], float("nan"), 2**62))
            if name not in [fact.name for fact in node.attribute] and value != []:
                node.attribute.append(helper.make_attribute(name, value))
        elif what == 6 and tensor is not None:
            tensor.dims[:] = rng.integers(-2, 6, int(rng.integers(5))).tolist()
        elif what == 7 and tensor is not None:
            tensor.data_type = int(rng.integers(25))
        elif what == 8 and tensor is not None and tensor.raw_data:
            raw = bytearray(tensor.raw_data)
            # Of an integer the lowest byte: large sizes are valid, and take their memory.
            whole = 8 if tensor.data_type == TensorProto.INT64 else 1
            raw[int(rng.integers(len(raw))) // whole * whole] = int(rng.integers(256))
            tensor.raw_data = bytes(raw)
        elif what == 9:
            for axis in graph.input[0].type.tensor_type.shape.dim[:1]:
                axis.dim_value = int(pick((-1, 0, 2, 3, 2**40)))
            if nodes and rng.random() < 0.5:
                del nodes[int(rng.integers(len(nodes)))]
    return model


def check_edited(seed):
    """Whether an edited graph is refused, in one line; another is read."""
    rng = np.random.default_rng(seed)
    model = edited(Graph(seed).model(), rng)
    message = None
    try:
        with warnings.catch_warnings(action="ignore"):
            Network.from_onnx(model)
    except ArrangementError as error:
        message = str(error)
    assert message is None or (message and "\n" not in message)
    return message is not None


@pytest.mark.parametrize("block", first(1, range(10)))
def test_edited_graphs_are_read_or_refused_in_one_line(block):
    refused = sum(map(check_edited, range(100 * block, 100 * block + 100)))
    assert 30 <= refused < 100


@pytest.mark.parametrize("seed", first(8, range(200)))
def test_networks_agree_with_the_evaluator(seed):
    graph = Graph(seed)
    x = np.array([graph.numbers(graph.shape).ravel() for _ in range(2)])
    with warnings.catch_warnings(action="ignore"):
        Network.from_onnx(graph.model(), check=x)


def test_a_network_that_computes_something_else_is_refused(monkeypatch):
    nodes = [("MatMul", ["x", "W"], "z", {}), ("LeakyRelu", ["z"], "r", {}),
             ("Softmax", ["r"], "y", {})]  # fmt: skip
    model = of(nodes, W, ["N", 2])
    x = [[1.0, 2.0], [3.0, -1.0], [0.0, -2.0]]
    with pytest.warns(ModelWarning):
        Network.from_onnx(model, check=x)
    monkeypatch.setitem(OPERATORS, "LeakyRelu", OPERATORS["Relu"])
    with pytest.raises(InputError, match=r"row 1 output 1 of the model is -0\.0399"):
        Network.from_onnx(model, check=x)
    for bad, message in (
        ([[1.0]], r"\(k, 2\)"),
        ([["a", 1]], "entry 0: 'a'"),
        ([], r"\(k, 2\)"),
    ):
        with pytest.raises(InputError, match=f"check.*{message}"):
            Network.from_onnx(model, check=bad)
