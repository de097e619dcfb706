"""Networks of affine layers with a piecewise linear activation; their numbers are exact."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from typing import Any, Literal, overload

from arrangement.arguments import check_executor, check_flag, choice
from arrangement.deep import formats, onnx_graph
from arrangement.deep.complex import Complex
from arrangement.deep.domains import bounded_domain, bounded_rows
from arrangement.deep.feed_forward import FeedForward
from arrangement.deep.layers import Layers
from arrangement.deep.parameters import Activation
from arrangement.deep.recursion import HalfspaceRegions, regions_by_recursion
from arrangement.deep.redundancy import Redundancy, pruned, redundancies
from arrangement.deep.regions import Regions
from arrangement.errors import InputError
from arrangement.files import FilePath
from arrangement.progress import Progress

__all__ = ["Network"]

MOST_INPUTS = 7
"""Above this a region of the complex has too many faces: 2^d for each of its corners."""


class Network(FeedForward):
    """A feed-forward network: affine layers, the same activation after all but the last.

    The numbers of the network are those that are stored: float64 is the dyadic rational that
    it is, and float32 becomes float64 without a change. Framework output in float32 differs
    from this network's by their rounding.

    Parameters
    ----------
    weights : sequence of array_like, weights[l] of shape (out, in)
        One per layer, the first to the last; ``in`` of a layer is the number of neurons of the
        layer before.
    biases : sequence of array_like, biases[l] of shape (out,)
    activation : {"relu", "leaky_relu"} or ("maxout", k), optional
        Of the hidden layers; the last layer is affine. A maxout neuron is the largest of k
        affine functions, its pieces: a hidden layer of m neurons has m·k rows, and row
        j·k + p is piece p of neuron j.
    negative_slope : number, optional
        Slope of the leaky ReLU for negative arguments, a float64; unused by the others.
    labels : array_like, shape (output_dimension,), optional
        Names of the classes when the network is a classifier: an input is of the class whose
        output is largest.

    Attributes
    ----------
    weights, biases : tuple of read-only float64 arrays
        The numbers of the network, or the nearest to those that are no float64 (a slice has
        such, see :meth:`restrict`): `exact_weights` and `exact_biases` have the numbers
        themselves.
    activation : str or tuple
    negative_slope : float
        0 unless the activation is the leaky ReLU.
    labels : ndarray or None

    Raises
    ------
    InputError
        If there is no layer, a layer is empty, ragged or does not fit the one before, a number
        is not finite or beyond float64; the message names the layer.

    Examples
    --------
    The tent function |x| as a network, and its composition with itself:

    >>> from arrangement.deep import Network
    >>> tent = Network([[[1], [-1]], [[1, 1]]], [[0, 0], [0]])
    >>> tent.forward([[-2.0], [0.5]]).tolist()
    [[2.0], [0.5]]
    >>> tent.pattern([[-2.0], [0.5]])[0].tolist()
    [[False, True], [True, False]]
    >>> Network.random([2, 8, 8, 3], rng=0)
    Network(2 → 8 → 8 → 3, relu)
    """

    @overload
    def regions(
        self,
        domain: Any,
        executor: Executor | None = None,
        progress: Progress = None,
        merge: bool = False,
        *,
        method: Literal["complex"],
    ) -> Regions: ...

    @overload
    def regions(
        self,
        domain: Any,
        executor: Executor | None = None,
        progress: Progress = None,
        merge: bool = False,
        *,
        method: Literal["recursion"],
    ) -> HalfspaceRegions: ...

    @overload
    def regions(
        self,
        domain: Any,
        executor: Executor | None = None,
        progress: Progress = None,
        merge: bool = False,
        method: str = "auto",
    ) -> Regions | HalfspaceRegions: ...

    def regions(
        self,
        domain: Any,
        executor: Executor | None = None,
        progress: Progress = None,
        merge: bool = False,
        method: str = "auto",
    ) -> Regions | HalfspaceRegions:
        """All full-dimensional linear regions of the network in a domain, exactly.

        Parameters
        ----------
        domain : list of (low, high) per input, or (G, h)
            A box, or a bounded polytope G x ≤ h. Numbers are exactly as given.
        executor : concurrent.futures.Executor, optional
            For ``method="recursion"``; the complex is one data structure, cut on one core.
        progress : bool or callable, optional
            True shows progress on stderr when that is a terminal; a callable is called with
            (done, total).
        merge : bool
            Regions with one affine map and a common facet as one.
        method : {"auto", "complex", "recursion"}
            "complex" keeps all faces of all regions: it is quick up to about 7 inputs, and
            tells everything. "recursion" solves linear programs, region by region, for any
            number of inputs, and tells less. "auto" takes the complex up to 7 inputs, and
            where regions are to be merged.

        Returns
        -------
        Regions, or HalfspaceRegions from the recursion

        Raises
        ------
        InputError
            If the domain is malformed, empty or unbounded.
        SizeError
            If there are too many faces for the complex.

        Examples
        --------
        >>> from arrangement.deep import Network
        >>> tent = Network([[[1], [-1]], [[1, 1]]], [[0, 0], [0]])
        >>> regions = tent.regions([(-1, 2)])
        >>> [(region.slope.item(), region.volume) for region in regions]
        [(-1.0, 1.0), (1.0, 2.0)]
        """
        choice(method, ("auto", "complex", "recursion"), "method")
        check_flag(merge, "merge")
        check_executor(executor)
        layers = Layers(self)
        if method == "auto":
            many = layers.input_dimension > MOST_INPUTS and not merge
            method = "recursion" if many else "complex"
        if method == "recursion":
            if merge:
                raise InputError("merge=True needs neighbours: use method='complex'")
            walls = bounded_rows(domain, layers.input_dimension)
            return regions_by_recursion(layers, walls, executor, progress)
        polytope = bounded_domain(domain, layers.input_dimension)
        regions = Regions(Complex(layers, polytope, progress))
        return regions.merge() if merge else regions

    def redundant_neurons(self, domain: Any, progress: Progress = None) -> list[Redundancy]:
        """The hidden neurons that are redundant on a domain, each with its certificate.

        Parameters
        ----------
        domain, progress
            As for :meth:`regions`.

        Returns
        -------
        list of Redundancy

        Examples
        --------
        >>> from arrangement.deep import Network
        >>> network = Network([[[1], [2], [1]], [[1, 1, 1]]], [[0, 0, 9], [0]])
        >>> [(one.neuron, one.kind) for one in network.redundant_neurons([(-1, 1)])]
        [(1, 'duplicate'), (2, 'active')]
        """
        return redundancies(self.regions(domain, progress=progress, method="complex"))

    def prune(self, domain: Any, progress: Progress = None) -> Network:
        """A smaller network that equals this one on a domain.

        Neurons whose output is a combination of other outputs of their layer and a constant
        are left out, which includes those that are never active and multiples of others; a
        layer that is linear on the domain, an affine function of a layer before it or of the
        input, becomes one with the next.

        Parameters
        ----------
        domain, progress
            As for :meth:`regions`.

        Returns
        -------
        Network
            Compared exactly with this one at the vertices of all regions. Its numbers may be
            rationals that are no float64.

        References
        ----------
        T. Serra, A. Kumar and S. Ramalingam, *Lossless compression of deep neural networks*,
        CPAIOR (2020).

        Examples
        --------
        >>> from arrangement.deep import Network
        >>> network = Network([[[1], [2], [-1]], [[1, 1, 1]]], [[0, 0, -9], [0]])
        >>> small = network.prune([(-1, 1)])
        >>> small, small.weights[1].tolist()
        (Network(1 → 1 → 1, relu), [[3.0]])
        """
        return self._of(pruned(self.regions(domain, progress=progress, method="complex")))

    @classmethod
    def _of(cls, parts: FeedForward) -> Network:
        """The same numbers as a network."""
        return cls(*parts.__reduce__()[1])

    @classmethod
    def from_torch(
        cls,
        model: Any,
        activation: Activation | None = None,
        negative_slope: float | None = None,
        *,
        layers: Sequence[str] | None = None,
        check: tuple[Any, Any] | None = None,
    ) -> Network:
        """From a torch ``Sequential``, or a state dict and what it does not say.

        See :func:`formats.from_torch`.
        """
        return cls._of(
            formats.from_torch(model, activation, negative_slope, layers=layers, check=check)
        )

    @classmethod
    def from_sklearn(cls, model: Any) -> Network:
        """From a fitted MLPClassifier or MLPRegressor; see :func:`formats.from_sklearn`."""
        return cls._of(formats.from_sklearn(model))

    @classmethod
    def from_onnx(cls, path: FilePath | Any) -> Network:
        """From an ONNX file or model (extra ``onnx``); see :func:`onnx_graph.from_onnx`."""
        return cls._of(onnx_graph.from_onnx(path))

    @classmethod
    def from_arrays(
        cls,
        arrays: Mapping[str, Any],
        layers: Sequence[str] | None = None,
        check: tuple[Any, Any] | None = None,
    ) -> Network:
        """From arrays by name, as a .npz file has them; see :func:`formats.from_arrays`."""
        return cls._of(formats.from_arrays(arrays, layers, check))

    @classmethod
    def read(
        cls,
        path: FilePath,
        activation: Activation | None = None,
        negative_slope: float | None = None,
        *,
        layers: Sequence[str] | None = None,
        check: tuple[Any, Any] | None = None,
    ) -> Network:
        """From a .npz, .json, .onnx or .pt file; see :func:`formats.read`."""
        return cls._of(
            formats.read(path, activation, negative_slope, layers=layers, check=check)
        )

    @classmethod
    def load(cls, path: FilePath) -> Network:
        """From a .npz file, of :meth:`save` or another; see :func:`formats.load`."""
        return cls._of(formats.load(path))

    def save(self, path: FilePath) -> None:
        """Write a .npz or .json file that :meth:`read` reads; see :func:`formats.save`."""
        formats.save(self, path)
