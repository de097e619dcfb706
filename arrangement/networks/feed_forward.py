"""The numbers of a network of affine layers and one activation, and its forward passes."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from functools import cached_property
from itertools import pairwise
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from arrangement import exact
from arrangement.checks import choice, entries, generator, whole
from arrangement.errors import InputError, SizeError
from arrangement.exact.numbers import common_denominator, exact_number, exact_table, shown
from arrangement.in_notebooks import InNotebooks
from arrangement.networks.weights import (
    Activation,
    Exact,
    Floats,
    Slopes,
    exact_product,
    exact_values,
    is_number,
    parse_activation,
    parse_labels,
    parse_layers,
    parse_slopes,
    shown_activation,
)
from arrangement.results.columns import frozen

__all__ = ["FeedForward"]


_MOST_WEIGHTS = 10**7


class FeedForward(InNotebooks):
    """Affine layers with an activation between them; see :class:`network.Network`."""

    def __init__(
        self,
        weights: Sequence[ArrayLike],
        biases: Sequence[ArrayLike],
        activation: Activation = "relu",
        negative_slope: Slopes = 0.01,
        labels: ArrayLike | None = None,
    ) -> None:
        tables = parse_layers(weights, biases)
        leaky = isinstance(activation, str) and activation == "leaky_relu"
        several = leaky and not is_number(negative_slope)
        self.negative_slope: float | tuple[Floats, ...]
        self.activation, self.negative_slope = parse_activation(
            activation, 0.0 if several else negative_slope
        )
        self.weights: tuple[Floats, ...] = tuple(frozen(W.floats) for W, _ in tables)
        self.biases: tuple[Floats, ...] = tuple(frozen(b.floats) for _, b in tables)
        self._rational = [(W.exact, b.exact) for W, b in tables]
        for l, W in enumerate(self.weights):
            if l and W.shape[1] != self._width(l - 1):
                raise InputError(
                    f"layer {l}: weights of shape {W.shape} take {W.shape[1]} inputs, but "
                    f"layer {l - 1} has {self._width(l - 1)} neurons"
                )
        if several:
            self.activation, self.negative_slope = parse_slopes(
                negative_slope, self.hidden_widths
            )
        self.labels = None if labels is None else parse_labels(labels, self.output_dimension)

    def _width(self, l: int) -> int:
        """The number of neurons of hidden layer l."""
        rows = len(self.weights[l])
        if rows % self.pieces:
            raise InputError(
                f"layer {l}: {rows} rows are not divided into neurons of {shown(self.pieces)} "
                "pieces"
            )
        return rows // self.pieces

    @property
    def pieces(self) -> int:
        """Rows per neuron: k for maxout, otherwise 1."""
        return 1 if isinstance(self.activation, str) else self.activation[1]

    @property
    def input_dimension(self) -> int:
        """Number of inputs."""
        return int(self.weights[0].shape[1])

    @property
    def output_dimension(self) -> int:
        """Number of outputs."""
        return len(self.weights[-1])

    @property
    def depth(self) -> int:
        """Number of affine layers: hidden layers and one."""
        return len(self.weights)

    @property
    def hidden_widths(self) -> tuple[int, ...]:
        """Neurons of each hidden layer."""
        return tuple(len(W) // self.pieces for W in self.weights[:-1])

    @property
    def sizes(self) -> tuple[int, ...]:
        """Number of inputs, neurons of each hidden layer, number of outputs."""
        return self.input_dimension, *self.hidden_widths, self.output_dimension

    @property
    def n_neurons(self) -> int:
        """Number of hidden neurons."""
        return sum(self.hidden_widths)

    @property
    def is_float64(self) -> bool:
        """Are `weights` and `biases` the numbers themselves, not only the nearest float64?"""
        return all(map(self.layer_is_float64, range(self.depth)))

    def layer_is_float64(self, l: int) -> bool:
        """Are the numbers of one layer those of `weights` and `biases`?

        Parameters
        ----------
        l : int
            A layer.

        Examples
        --------
        >>> from arrangement.networks import Network
        >>> Network([[['1/3']]], [[0]]).layer_is_float64(0)
        False
        """
        l = whole(l, "layer", 0, self.depth - 1)
        return all(numbers is None for numbers in self._rational[l])

    @cached_property
    def exact_weights(self) -> tuple[Exact, ...]:
        """The weights as arrays of ints and Fractions, shapes as `weights`."""
        return tuple(map(exact_values, self.as_given()[0]))

    @cached_property
    def exact_biases(self) -> tuple[Exact, ...]:
        """The biases as arrays of ints and Fractions, shapes as `biases`."""
        return tuple(map(exact_values, self.as_given()[1]))

    @property
    def exact_negative_slope(self) -> int | Fraction | tuple[Exact, ...]:
        """The slope for negative arguments as an exact number; arrays where neurons differ."""
        if isinstance(self.negative_slope, tuple):
            return tuple(map(exact_values, self.slopes))
        return exact_number(self.negative_slope)

    @cached_property
    def slopes(self) -> tuple[Floats, ...]:
        """The slope of each neuron for negative arguments, per hidden layer; 1 is no kink.

        Shape (width,) each. Of maxout, which has none, 0.
        """
        if isinstance(self.negative_slope, tuple):
            return self.negative_slope
        return tuple(frozen(np.full(n, self.negative_slope)) for n in self.hidden_widths)

    def preactivations(self, X: ArrayLike) -> list[Floats]:
        """The values of all rows of the hidden layers, before the activation, in float64.

        Parameters
        ----------
        X : array_like, shape (…, input_dimension)

        Returns
        -------
        list of ndarrays, shape (…, rows), one per hidden layer
            For maxout, the k pieces of a neuron are next to each other.

        Examples
        --------
        >>> from arrangement.networks import Network
        >>> network = Network([[[1, -1]], [[2]]], [[0], [1]])
        >>> [z.tolist() for z in network.preactivations([[1, 3]])]
        [[[-2.0]]]
        """
        return self._values(X)[:-1]

    def forward(self, X: ArrayLike) -> Floats:
        """The outputs in float64, with its rounding.

        Parameters
        ----------
        X : array_like, shape (…, input_dimension)

        Returns
        -------
        ndarray, shape (…, output_dimension)

        Examples
        --------
        >>> from arrangement.networks import Network
        >>> Network([[[2.0, 1.0]]], [[0.5]]).forward([1.0, -1.0])
        array([1.5])
        """
        return self._values(X)[-1]

    def pattern(self, X: ArrayLike) -> list[NDArray[Any]]:
        """The activation pattern of each input, one array per hidden layer.

        Parameters
        ----------
        X : array_like, shape (…, input_dimension)

        Returns
        -------
        list of ndarrays, shape (…, neurons)
            bool: is the neuron active, its preactivation positive? A linear neuron, of slope
            1 below zero too, always is. For maxout, int64: the first of the largest pieces.
        """
        values = self.preactivations(X)
        if self.pieces == 1:
            return [(z > 0) | (s == 1) for z, s in zip(values, self.slopes, strict=True)]
        return [self._by_neuron(z).argmax(axis=-1) for z in values]

    def classify(self, X: ArrayLike) -> NDArray[Any]:
        """The class of each input: the first of its largest outputs, by label if there are.

        Parameters
        ----------
        X : array_like, shape (…, input_dimension)

        Returns
        -------
        ndarray, shape (…)

        Examples
        --------
        >>> from arrangement.networks import Network
        >>> network = Network.random([2, 4, 3], rng=0)
        >>> network.classify([[0, 1], [1, 0]]).tolist() == [
        ...     int(out.argmax()) for out in network.forward([[0, 1], [1, 0]])
        ... ]
        True
        """
        classes = self.forward(X).argmax(axis=-1)
        return classes if self.labels is None else self.labels[classes]

    def _values(self, X: ArrayLike) -> list[Floats]:
        try:
            if np.iscomplexobj(X):
                raise TypeError
            x = np.asarray(X, dtype=np.float64)
        except (TypeError, ValueError) as error:
            raise InputError(f"inputs: not an array of numbers ({error})") from None
        if x.shape[-1:] != (self.input_dimension,):
            raise InputError(
                f"inputs of shape {x.shape}: the last axis must be {self.input_dimension}, the "
                "input dimension"
            )
        values: list[Floats] = []
        for W, b in zip(self.weights, self.biases, strict=True):
            x = self.activated(values[-1], len(values) - 1) if values else x
            values.append(x @ W.T + b)
        return values

    def activated(self, z: NDArray[Any], l: int) -> NDArray[Any]:
        """The outputs of hidden layer l from the values of its rows, in the last axis.

        Parameters
        ----------
        z : ndarray, shape (…, rows)
        l : int
            A hidden layer.

        Returns
        -------
        ndarray, shape (…, neurons)

        Examples
        --------
        >>> from arrangement.networks import Network
        >>> import numpy as np
        >>> network = Network([[[1, -1]], [[2]]], [[0], [1]])
        >>> network.activated(np.array([-2.0]), 0).tolist()
        [0.0]
        """
        if self.pieces > 1:
            return self._by_neuron(z).max(axis=-1)
        slope = exact_values(self.slopes[l]) if z.dtype == object else self.slopes[l]
        return np.where(z > 0, z, slope * z) if slope.any() else np.maximum(z, 0)

    def _by_neuron(self, z: NDArray[Any]) -> NDArray[Any]:
        return z.reshape(*z.shape[:-1], -1, self.pieces)

    def exact_preactivations(self, x: Sequence[Any]) -> list[tuple[Fraction, ...]]:
        """The values of all rows of all layers at one input, exact; the last are the outputs.

        Parameters
        ----------
        x : sequence of input_dimension numbers
            Exactly as given: ints, Fractions, "p/q" strings, float64.

        Returns
        -------
        list of tuples of Fractions
            One for each layer.

        Raises
        ------
        InputError
            If x has not so many numbers.

        Examples
        --------
        >>> from arrangement.networks import Network
        >>> tent = Network([[[1], [-1]], [[1, 1]]], [[0, 0], [0]])
        >>> [[str(v) for v in layer] for layer in tent.exact_preactivations(["-1/3"])]
        [['-1/3', '1/3'], ['1/3']]
        """
        point = exact_table(x, "x", "entry", 1)
        if len(point) != self.input_dimension:
            raise InputError(
                f"x has {len(point)} entries, but the input dimension is {self.input_dimension}"
            )
        values: list[Exact] = []
        for W, b in zip(self.exact_weights, self.exact_biases, strict=True):
            point = self.activated(values[-1], len(values) - 1) if values else point
            values.append(W @ point + b)
        return [tuple(map(Fraction, z)) for z in values]

    def exact_forward(self, x: Sequence[Any]) -> tuple[Fraction, ...]:
        """The outputs at one input, exact.

        Parameters
        ----------
        x : sequence of input_dimension numbers
            Exactly as given: ints, Fractions, "p/q" strings, float64.

        Returns
        -------
        tuple of Fractions

        Examples
        --------
        >>> from arrangement.networks import Network
        >>> Network([[[3.0]]], [[0.5]]).exact_forward(["1/9"])
        (Fraction(5, 6),)
        """
        return self.exact_preactivations(x)[-1]

    def restrict(self, point: Sequence[Any], directions: ArrayLike) -> Self:
        """The network on the slice x = point + t·directions, as a network of t.

        The first layer is composed exactly. Its products are in general no float64, so
        `weights[0]` of the slice may be rounded; `exact_weights` are not.

        Parameters
        ----------
        point : sequence of input_dimension numbers
            Exactly as given, as are the directions.
        directions : array_like, shape (k, input_dimension)
            What each of the k new coordinates t adds to x. They need not be orthogonal or of
            length 1: areas in t are those of the slice divided by √det(DDᵀ).

        Returns
        -------
        Network
            Of input dimension k.

        Raises
        ------
        InputError
            If the point or a direction has another length.

        Examples
        --------
        >>> from arrangement.networks import Network
        >>> network = Network([[[0.5, 3]]], [[1]]).restrict([0, "1/3"], [[1, 1]])
        >>> network.exact_weights[0].tolist(), network.exact_biases[0].tolist()
        ([[Fraction(7, 2)]], [2])
        """
        x = exact_table(point, "point", "entry", 1)
        if isinstance(directions, Sequence) and not directions:
            raise InputError("directions: at least one is needed")
        D = exact_table(directions, "directions", "row", 2)
        if len(x) != self.input_dimension or D.shape[1] != self.input_dimension:
            raise InputError(
                f"a point of {len(x)} entries and directions of shape {D.shape}: both need "
                f"{self.input_dimension}, the input dimension"
            )
        composed = exact_product(self.exact_weights[0], np.vstack([D, x]).T)
        return type(self)(
            [composed[:, :-1], *self.weights[1:]],
            [composed[:, -1] + self.exact_biases[0], *self.biases[1:]],
            self.activation,
            self.negative_slope,
            self.labels,
        )

    def slice_through(self, points: ArrayLike) -> Self:
        """The network on the flat through k + 1 points: :meth:`restrict` to it.

        The first point becomes t = 0, point i becomes the unit vector e_i.

        Parameters
        ----------
        points : array_like, shape (k + 1, input_dimension)
            Three of them for a plane; they must be affinely independent.

        Raises
        ------
        InputError
            If the points lie in a flat of lower dimension (decided exactly).

        Examples
        --------
        >>> from arrangement.networks import Network
        >>> network = Network.random([784, 16, 10], rng=0)
        >>> network.slice_through([[0.0] * 784, [0.1] * 784, [0.1, 0.2] * 392])
        Network(2 → 16 → 10, relu)
        """
        given = exact_table(points, "points", "row", 2)
        if len(given) < 2:
            raise InputError(f"points: {len(given)} given, at least two are needed")
        directions = given[1:] - given[0]
        rank = exact.rank(common_denominator(directions)[0])
        if rank < len(directions):
            raise InputError(
                f"points: the {len(given)} points lie in a flat of dimension {rank}; they must "
                "be affinely independent"
            )
        return self.restrict(given[0], directions)

    @classmethod
    def random(
        cls,
        layers: Sequence[int],
        rng: np.random.Generator | int | None = None,
        init: str = "he",
        activation: Activation = "relu",
        negative_slope: float = 0.01,
    ) -> Self:
        """A network at a random initialisation.

        Parameters
        ----------
        layers : sequence of int
            Inputs, neurons of each hidden layer, outputs.
        rng : Generator or seed, optional
        init : {"he", "torch"}, optional
            "he": weights N(0, 2/fan_in) (He et al. 2015), biases U(±1/√fan_in). "torch":
            weights and biases U(±1/√fan_in), the default of ``torch.nn.Linear``.
        activation, negative_slope
            As for :class:`Network`.

        Raises
        ------
        InputError
            If a size, the initialisation or the activation is none.
        SizeError
            If there are more weights than memory holds.

        References
        ----------
        K. He, X. Zhang, S. Ren and J. Sun, *Delving deep into rectifiers*, ICCV (2015).

        Examples
        --------
        >>> from arrangement.networks import Network
        >>> Network.random([2, 4, 1], rng=1, activation=("maxout", 3)).weights[0].shape
        (12, 2)
        """
        sizes = list(layers) if entries(layers).ndim == 1 else []
        if len(sizes) < 2 or any(
            isinstance(n, bool) or not isinstance(n, int | np.integer) or n < 1 for n in sizes
        ):
            raise InputError(f"layers = {shown(layers)} must be at least two positive integers")
        choice(init, ("he", "torch"), "init")
        many = sum(a * b for a, b in pairwise(map(int, sizes)))
        if many > _MOST_WEIGHTS:
            raise SizeError(f"layers = {shown(sizes)}: more than {_MOST_WEIGHTS:,} weights")
        name, _ = parse_activation(activation, negative_slope)
        draw = generator(rng)
        weights, biases = [], []
        for l, (fan_in, rows) in enumerate(pairwise(sizes)):
            if isinstance(name, tuple) and l < len(sizes) - 2:
                rows *= name[1]
            end = fan_in**-0.5
            weights.append(
                draw.normal(0, (2 / fan_in) ** 0.5, (rows, fan_in))
                if init == "he"
                else draw.uniform(-end, end, (rows, fan_in))
            )
            biases.append(draw.uniform(-end, end, rows))
        return cls(weights, biases, activation, negative_slope)

    def __eq__(self, other: object) -> bool:
        """The same numbers, activation and labels?"""
        if not isinstance(other, FeedForward):
            return NotImplemented
        mine, theirs = (
            [part for given in n.as_given() for part in given] for n in (self, other)
        )
        return (
            self.activation == other.activation
            and len(mine) == len(theirs)
            and all(np.array_equal(a, b) for a, b in zip(mine, theirs, strict=True))
            and all(map(np.array_equal, self.slopes, other.slopes))
            and _same(self.labels, other.labels)
        )

    def __hash__(self) -> int:
        return hash((self.activation, *(W.shape for W in self.weights)))

    def as_given(self) -> tuple[list[NDArray[Any]], list[NDArray[Any]]]:
        """Weights and biases as the numbers themselves: float64 arrays wherever they can be.

        Arrays of ints and Fractions where float64 cannot hold all.

        Returns
        -------
        weights, biases : lists of ndarrays

        Examples
        --------
        >>> from arrangement.networks import Network
        >>> Network([[['1/3']]], [[0]]).as_given()[0][0].tolist()
        [[Fraction(1, 3)]]
        """
        tables = zip(self.weights, self.biases, self._rational, strict=True)
        weights, biases = zip(
            *((W if V is None else V, b if c is None else c) for W, b, (V, c) in tables),
            strict=True,
        )
        return list(weights), list(biases)

    def facts(self) -> dict[str, Any]:
        """What files say of a network beside its weights and biases.

        Returns
        -------
        dict

        Examples
        --------
        >>> from arrangement.networks import Network
        >>> network = Network([[[1, -1]], [[2]]], [[0], [1]])
        >>> network.facts()
        {'activation': 'relu'}
        """
        facts: dict[str, Any] = {"activation": self.activation}
        if self.activation == "leaky_relu":
            facts["negative_slope"] = self.negative_slope
        return facts if self.labels is None else facts | {"labels": self.labels}

    def as_arguments(self) -> tuple[Any, ...]:
        """What the class is to be called with to make the network again.

        Returns
        -------
        tuple

        Examples
        --------
        >>> from arrangement.networks import Network
        >>> network = Network([[[1, -1]], [[2]]], [[0], [1]])
        >>> Network(*network.as_arguments()).sizes
        (2, 1, 1)
        """
        return *self.as_given(), self.activation, self.negative_slope, self.labels

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), self.as_arguments()

    def __repr__(self) -> str:
        name = shown_activation(self.activation, self.negative_slope)
        return f"Network({' → '.join(map(str, self.sizes))}, {name})"


def _same(one: NDArray[Any] | None, other: NDArray[Any] | None) -> bool:
    if one is None or other is None:
        return one is other
    return np.array_equal(one, other)
