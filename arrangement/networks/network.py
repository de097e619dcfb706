"""Networks of affine layers with piecewise linear activations; their numbers are exact."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor
from functools import update_wrapper
from inspect import Parameter, Signature, signature
from typing import Any, Literal, ParamSpec, overload

from arrangement.checks import check_executor, check_flag, choice
from arrangement.errors import InputError
from arrangement.networks.complex.complex import Complex
from arrangement.networks.complex.domains import bounded_domain, bounded_rows
from arrangement.networks.feed_forward import FeedForward
from arrangement.networks.formats import onnx_graph, readers, sklearn_models
from arrangement.networks.layers import Layers
from arrangement.networks.questions import questions
from arrangement.networks.questions.answers import Equality, Extremum, OutputRange, Robustness
from arrangement.networks.regions.halfspaces import (
    HalfspaceRegions,
    regions_by_recursion,
    regions_in_portions,
)
from arrangement.networks.regions.redundancy import Redundancy, pruned, redundancies
from arrangement.networks.regions.regions import Regions
from arrangement.networks.regions.walks import Walk
from arrangement.progress import Progress

__all__ = ["Network"]

MOST_INPUTS = 7
"""Above this a region of the complex has too many faces: 2^d for each of its corners."""


P = ParamSpec("P")


def _reader(read: Callable[P, FeedForward]) -> classmethod[Network, P, Network]:
    """The class method that makes a network of what a function reads."""

    def method(cls: type[Network], /, *args: P.args, **kwargs: P.kwargs) -> Network:
        return cls(*read(*args, **kwargs).as_arguments())

    first = Parameter("cls", Parameter.POSITIONAL_ONLY)
    shown = Signature([first, *signature(read).parameters.values()])
    vars(update_wrapper(method, read))["__signature__"] = shown
    return classmethod(method)


class Network(FeedForward):
    """A feed-forward network: affine layers, a piecewise linear activation between them.

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
    negative_slope : number, or sequence of them or of arrays, optional
        Slope of the leaky ReLU for negative arguments, a float64; unused by the others. Where
        neurons differ, an entry for each hidden layer: a number, or an array with one for each
        neuron. 0 is a ReLU, −1 the absolute value, and a neuron of slope 1 is linear: it has
        no kink, cuts no region and counts as active.
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
    negative_slope : float, or tuple of float64 arrays
        0 unless the activation is the leaky ReLU; arrays where neurons differ.
    slopes : tuple of float64 arrays
        The slope of each neuron for negative arguments, per hidden layer.
    labels : ndarray or None

    Raises
    ------
    InputError
        If there is no layer, a layer is empty, ragged or does not fit the one before, a number
        is not finite or beyond float64; the message names the layer.

    Examples
    --------
    The tent function |x| as a network, and its composition with itself:

    >>> from arrangement.networks import Network
    >>> tent = Network([[[1], [-1]], [[1, 1]]], [[0, 0], [0]])
    >>> tent.forward([[-2.0], [0.5]]).tolist()
    [[2.0], [0.5]]
    >>> tent.pattern([[-2.0], [0.5]])[0].tolist()
    [[False, True], [True, False]]
    >>> Network.random([2, 8, 8, 3], rng=0)
    Network(2 → 8 → 8 → 3, relu)

    x + |x| of a linear neuron and an absolute value:

    >>> Network([[[1], [1]], [[1, 1]]], [[0, 0], [0]], "leaky_relu", [[1, -1]])
    Network(1 → 2 → 1, leaky_relu of slopes -1 (1), 1 (1))
    """

    @overload
    def regions(
        self,
        domain: Any,
        executor: Executor | None = None,
        progress: Progress = None,
        merge: bool = False,
        *,
        method: Literal["recursion"],
        checkpoint: str | os.PathLike[str] | None = None,
    ) -> HalfspaceRegions: ...

    @overload
    def regions(
        self,
        domain: Any,
        executor: Executor | None = None,
        progress: Progress = None,
        merge: bool = False,
        *,
        method: Literal["complex"],
        checkpoint: str | os.PathLike[str] | None = None,
    ) -> Regions: ...

    @overload
    def regions(
        self,
        domain: Any,
        executor: Executor | None = None,
        progress: Progress = None,
        merge: bool = False,
        method: Literal["auto"] = "auto",
        checkpoint: str | os.PathLike[str] | None = None,
    ) -> Regions | Any: ...

    def regions(
        self,
        domain: Any,
        executor: Executor | None = None,
        progress: Progress = None,
        merge: bool = False,
        method: str = "auto",
        checkpoint: str | os.PathLike[str] | None = None,
    ) -> Any:
        """All full-dimensional linear regions of the network in a domain, exactly.

        Parameters
        ----------
        domain : list of (low, high) per input, or (G, h)
            A box, or a bounded polytope G x ≤ h. Numbers are exactly as given.
        executor : concurrent.futures.Executor, optional
            Where parts of the search are run, for ``method="recursion"``: processes, threads
            or Dask. The complex is one data structure, cut on one core.
        progress : bool or callable, optional
            True shows progress on stderr when that is a terminal; a callable is called with
            (done, total).
        merge : bool
            Regions with one affine map and a common facet as one.
        method : {"auto", "complex", "recursion"}
            "complex" has all faces of all regions: it is quick up to about 7 inputs, and
            tells everything. "recursion" goes down the neurons by the simplex method, for any
            number of inputs, and tells less. "auto" takes the complex up to 7 inputs, and
            where regions are to be merged.
        checkpoint : path-like, optional
            For ``method="recursion"``: a directory where finished parts of the search are
            kept, so that a run that was killed goes on from there.

        Returns
        -------
        Regions, or HalfspaceRegions from the recursion
            To a type checker "auto" gives ``Regions | Any``: what most networks have, and no
            claim that it cannot be the other.

        Raises
        ------
        InputError
            If the domain is malformed, empty or unbounded, or the checkpoint is of another
            network or domain.
        SizeError
            If there are too many faces for the complex, or more regions than there is memory
            for, as far as a first estimate tells.

        Examples
        --------
        >>> from arrangement.networks import Network
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
            return regions_by_recursion(layers, walls, executor, progress, checkpoint)
        if checkpoint is not None:
            raise InputError("checkpoint: of a search in parts; use method='recursion'")
        polytope = bounded_domain(domain, layers.input_dimension)
        regions = Regions(Complex(layers, polytope, progress))
        return regions.merge() if merge else regions

    def iter_regions(
        self,
        domain: Any,
        executor: Executor | None = None,
        checkpoint: str | os.PathLike[str] | None = None,
    ) -> Iterator[HalfspaceRegions]:
        """The regions in portions, in memory that does not grow with them.

        Parameters
        ----------
        domain, executor, checkpoint
            As for :meth:`regions` by recursion. What is kept in a checkpoint comes first.

        Yields
        ------
        HalfspaceRegions
            Some thousands of regions, in the order of the recursion, or with an executor or a
            checkpoint in no particular order. With ``complete`` False: edges join regions
            within the portion only.

        Raises
        ------
        InputError
            If the domain is malformed, empty or unbounded, or the checkpoint is of another
            network or domain.

        Examples
        --------
        >>> from arrangement.networks import Network
        >>> network = Network.random([3, 16, 16, 1], rng=0)
        >>> portions = network.iter_regions([(-1, 1)] * 3)
        >>> sum(map(len, portions)) == len(network.regions([(-1, 1)] * 3))
        True
        """
        check_executor(executor)
        walls = bounded_rows(domain, self.input_dimension)
        return regions_in_portions(Layers(self), walls, executor, checkpoint)

    def walk(
        self,
        x: Sequence[Any],
        radius: Any = None,
        max_regions: int | None = None,
        domain: Any = None,
    ) -> Walk:
        """From a point, region by region through facets, the nearest first, exactly.

        The distance of a region to `x` is that of its closure in l∞, a rational number; regions
        that are equally far come in the order in which they are met. Any number of inputs.

        Parameters
        ----------
        x : sequence of input_dimension numbers
            Exactly as given; in the domain, its boundary included.
        radius : number, optional
            Only regions at most this far, in l∞.
        max_regions : int, optional
            The walk ends after so many.
        domain : list of (low, high) per input, or (G, h), optional
            As for :meth:`regions`, but it may be unbounded; all inputs if it is left out.

        Returns
        -------
        Walk
            An iterable of :class:`WalkedRegion`, found one by one as they are asked for; its
            ``regions()`` has all of them, with their graph, and tells whether they are all.

        Raises
        ------
        InputError
            If an argument is malformed, or `x` is outside the domain.

        Examples
        --------
        >>> from arrangement.networks import Network
        >>> tent = Network([[[1], [-1]], [[1, 1]]], [[0, 0], [0]])
        >>> [(str(r.distance), r.slope.item()) for r in tent.walk(["1/3"])]
        [('0', 1.0), ('1/3', -1.0)]
        >>> tent.walk(["1/3"], radius="1/4").regions()
        1 activation regions of a network, nearest first: all within the radius
        """
        return Walk(Layers(self), x, domain, radius, max_regions)

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
        >>> from arrangement.networks import Network
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
            Equal by relations that are proved in rational numbers. Its numbers may be
            rationals that are no float64.

        References
        ----------
        T. Serra, A. Kumar and S. Ramalingam, *Lossless compression of deep neural networks*,
        CPAIOR (2020).

        Examples
        --------
        >>> from arrangement.networks import Network
        >>> network = Network([[[1], [2], [-1]], [[1, 1, 1]]], [[0, 0, -9], [0]])
        >>> small = network.prune([(-1, 1)])
        >>> small, small.weights[1].tolist()
        (Network(1 → 1 → 1, relu), [[3.0]])
        """
        small = pruned(self.regions(domain, progress=progress, method="complex"))
        return type(self)(*small.as_arguments())

    def maximum(
        self,
        c: Sequence[Any],
        domain: Any,
        *,
        gap: Any = 0,
        time_limit: float | None = None,
        progress: Progress = None,
    ) -> Extremum:
        """The largest value of a linear functional of the outputs on a domain, exactly.

        Branch and bound over parts of the domain and signs of neurons: bounds by lines in
        float64 whose rounding is bounded, linear programs that a solver proposes, and rational
        arithmetic where it decides. Regions are not enumerated, and there may be any number of
        inputs.

        Parameters
        ----------
        c : sequence of output_dimension numbers
            c·f(x) is maximised, with numbers exactly as given.
        domain : list of (low, high) per input, or (G, h)
            As for :meth:`regions`; its boundary is included.
        gap : number
            The search ends once the bound is within this of the value, in units of c·f(x).
        time_limit : float, optional
            Seconds after which the best value and bound so far are returned; a linear program
            that has begun is finished.
        progress : bool or callable, optional
            As for :meth:`regions`; of parts that were bounded and those that are open.

        Returns
        -------
        Extremum

        Raises
        ------
        InputError
            If c or the domain is malformed, or values on the domain are beyond float64.

        References
        ----------
        H. Zhang, T.-W. Weng, P.-Y. Chen, C.-J. Hsieh and L. Daniel, *Efficient neural network
        robustness certification with general activation functions*, NeurIPS (2018);
        S. Wang et al., *Beta-CROWN*, NeurIPS (2021); D. Applegate, W. Cook, S. Dash and
        D. Espinoza, *Exact solutions to linear programming problems*, Operations Research
        Letters 35 (2007).

        Examples
        --------
        >>> from arrangement.networks import Network
        >>> tent = Network([[[1], [-1]], [[1, 1]]], [[0, 0], [0]])
        >>> top = tent.maximum([1], [(-1, "7/3")])
        >>> str(top.value), str(top.point[0]), top.status
        ('7/3', '7/3', 'optimal')
        """
        return questions.extremum(self, c, domain, 1, gap, time_limit, progress)

    def minimum(
        self,
        c: Sequence[Any],
        domain: Any,
        *,
        gap: Any = 0,
        time_limit: float | None = None,
        progress: Progress = None,
    ) -> Extremum:
        """The least value of a linear functional of the outputs on a domain, exactly.

        Parameters
        ----------
        c, domain, gap, time_limit, progress
            As for :meth:`maximum`.

        Returns
        -------
        Extremum

        Examples
        --------
        >>> from arrangement.networks import Network
        >>> tent = Network([[[1], [-1]], [[1, 1]]], [[0, 0], [0]])
        >>> tent.minimum([1], [(-1, 2)]).value
        Fraction(0, 1)
        """
        return questions.extremum(self, c, domain, -1, gap, time_limit, progress)

    def output_range(
        self,
        domain: Any,
        *,
        gap: Any = 0,
        time_limit: float | None = None,
        progress: Progress = None,
    ) -> OutputRange:
        """The least and the largest value of each output on a domain, exactly.

        Parameters
        ----------
        domain, gap, time_limit, progress
            As for :meth:`maximum`; the time is that of all outputs together.

        Returns
        -------
        OutputRange

        Examples
        --------
        >>> from arrangement.networks import Network
        >>> tent = Network([[[1], [-1]], [[1, 1]]], [[0, 0], [0]])
        >>> ends = tent.output_range([(-1, 2)])
        >>> [str(end.value) for end in (*ends.minima, *ends.maxima)]
        ['0', '2']
        """
        return questions.output_range(self, domain, gap, time_limit, progress)

    def robustness(
        self,
        x: Sequence[Any],
        domain: Any,
        norm: str = "linf",
        *,
        gap: Any = 0,
        time_limit: float | None = None,
        progress: Progress = None,
    ) -> Robustness:
        """The distance of an input to the decision boundary, and the nearest point on it.

        The class of an input is the first of its largest outputs. Sought is the nearest input
        at which an output of another class is at least as large as that of the class of `x`:
        beyond it, or on the boundary itself, that class is lost.

        Parameters
        ----------
        x : sequence of input_dimension numbers
            Exactly as given; in the domain.
        domain : list of (low, high) per input, or (G, h)
            Where the point is sought, as for :meth:`maximum`.
        norm : {"l1", "l2", "linf"}
            What distances are measured in.
        gap : number
            As for :meth:`maximum`, in units of the distance, in l2 of its square.
        time_limit, progress
            As for :meth:`maximum`.

        Returns
        -------
        Robustness

        Raises
        ------
        InputError
            If there is one output only, or `x` is not in the domain.

        Examples
        --------
        >>> from arrangement.networks import Network
        >>> network = Network([[[1, 1]], [[1], [0]]], [[0], [-1, 0]])  # classes x + y > 1, < 1
        >>> for norm in ("l1", "l2", "linf"):
        ...     near = network.robustness([0, 0], [(-2, 2), (-2, 2)], norm)
        ...     print(near.size, near.nearest_label, near.status)
        1 0 optimal
        1/2 0 optimal
        1/2 0 optimal
        """
        return questions.robustness(self, x, domain, norm, gap, time_limit, progress)

    def largest_difference(
        self,
        other: Network,
        domain: Any,
        *,
        gap: Any = 0,
        time_limit: float | None = None,
        progress: Progress = None,
    ) -> Extremum:
        """The largest difference of an output of two networks on a domain, exactly.

        Parameters
        ----------
        other : Network
            Of as many inputs and outputs; depth, widths and activation may differ.
        domain, gap, time_limit, progress
            As for :meth:`maximum`.

        Returns
        -------
        Extremum
            Of the largest of |f_i(x) − g_i(x)| over the outputs i.

        Examples
        --------
        >>> from arrangement.networks import Network
        >>> tent = Network([[[1], [-1]], [[1, 1]]], [[0, 0], [0]])
        >>> tent.largest_difference(Network([[[1]]], [[0.5]]), [(-1, 2)]).value
        Fraction(3, 2)
        """
        return questions.largest_difference(self, other, domain, gap, time_limit, progress)

    def equals(
        self,
        other: Network,
        domain: Any,
        *,
        time_limit: float | None = None,
        progress: Progress = None,
    ) -> Equality:
        """Are two networks the same function on a domain? Decided exactly.

        Parameters
        ----------
        other, domain, time_limit, progress
            As for :meth:`largest_difference`; the search ends at the first difference.

        Returns
        -------
        Equality

        Examples
        --------
        >>> from arrangement.networks import Network
        >>> tent = Network([[[1], [-1]], [[1, 1]]], [[0, 0], [0]])
        >>> line = Network([[[1]]], [[0]])
        >>> tent.equals(line, [(0, 1)]).is_equal
        True
        >>> found = tent.equals(line, [(-1, 1)])
        >>> found.is_equal, found.difference == 2 * abs(found.point[0])
        (False, True)
        """
        return questions.equality(self, other, domain, time_limit, progress)

    from_torch = _reader(readers.from_torch)
    from_sklearn = _reader(sklearn_models.from_sklearn)
    from_onnx = _reader(onnx_graph.from_onnx)
    from_arrays = _reader(readers.from_arrays)
    read = _reader(readers.read)
    load = _reader(readers.load)
    save = readers.save
