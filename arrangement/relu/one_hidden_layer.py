"""One hidden layer of ReLU on some data: its landscape and its global optimum."""

from __future__ import annotations

from collections.abc import Collection
from concurrent.futures import Executor
from dataclasses import replace
from math import comb, inf
from typing import Any, Literal

from numpy.typing import ArrayLike

from arrangement.bounds import cover
from arrangement.checks import check_executor, check_flag, whole
from arrangement.enumeration.estimate import estimated_cells
from arrangement.errors import InputError, SizeError, SolverError
from arrangement.exact.numbers import shown
from arrangement.hyperplanes.reduction import distinct_essential_rows
from arrangement.progress import Progress, reporter
from arrangement.relu.curvature import Curvature, curvature
from arrangement.relu.landscape import Landscape
from arrangement.relu.minima.pieces import KINDS, Pieces
from arrangement.relu.minima.rank_one import RankOneDecider
from arrangement.relu.minima.search import (
    VERY_FEW,
    enumerate_minima,
    refuse_large_table,
    refuse_long,
    refuse_too_many,
)
from arrangement.relu.minima.ties import rising
from arrangement.relu.problem import Problem, checked_loss
from arrangement.relu.training.optimum import GlobalOptimum, global_optimum
from arrangement.relu.training.polish import Polished, polished
from arrangement.relu.training.several_outputs import several_outputs_optimum

__all__ = ["OneHiddenLayer"]


class OneHiddenLayer(Problem):
    """Regression or classification with one hidden layer of ReLU neurons.

    f(x) = Σ_j z_j max(0, w_j·x), with loss L(w, z) = (1/N) Σ_i l(f(x_i), y_i), that of least
    squares, l = (f − y)², if no other is named. The samples are normals of a central
    arrangement in the space of one neuron's weights w, and on each of its cells a neuron is
    active on the same samples.

    Parameters
    ----------
    X : array_like, shape (N, features)
        The samples, each taken exactly as given.
    y : array_like, shape (N,), or (N, outputs)
        The targets; labels −1 and +1 for the logistic loss.
    hidden : int
        Number K of hidden neurons, at least one.
    bias : number, optional
        The value of a constant coordinate appended to every sample, so that the last entry of
        w is a bias; None for neurons without bias.
    output_bias : bool
        Add a free constant to the outputs.
    negative_slope : float
        α of the activation max(t, αt) with |α| < 1; 0 for ReLU.
    loss : {"squared", "huber", "log_cosh", "logistic"}
        See :mod:`arrangement.relu.losses.losses`. Others than squares have landscapes only.
    threshold : float
        Where the Huber loss becomes linear.

    Attributes
    ----------
    arrangement : Arrangement
        Of the N samples, in dimension d: the features, and one more with a bias.
    targets : ndarray, shape (N,), or (N, outputs)
    hidden : int
    bias : float or None
    output_bias : bool
    negative_slope : float
    loss : Loss

    Raises
    ------
    InputError
        If X or y is not a table of finite numbers of matching length, or if a sample is zero
        and there is no bias. The message names the row.

    Examples
    --------
    >>> from arrangement.relu import OneHiddenLayer
    >>> landscape = OneHiddenLayer([[0.0], [1.0], [2.0]], [1.0, 0.0, 1.0]).landscape()
    >>> for piece in landscape.pieces:
    ...     print(piece.kind, round(piece.loss, 6), piece.dimension, piece.output_signs)
    isolated 0.222222 0 [1]
    continuum 0.333333 1 [1]
    continuum 0.333333 1 [1]
    boundary 0.333333 0 [1]
    boundary 0.333333 0 [1]
    dead 0.666667 2 [0]
    boundary 0.666667 1 [-1]
    boundary 0.666667 1 [-1]
    zero 0.666667 0 [-1]

    Two neurons fit these samples in many ways:

    >>> import numpy as np
    >>> two = OneHiddenLayer([[0.0], [1.0], [2.0]], [1.0, 0.0, 1.0], hidden=2).landscape()
    >>> best = two.global_minimum
    >>> round(best.loss, 9), np.abs(best.predict([[0], [1], [2]]).round(9)).tolist()
    (0.0, [1.0, 0.0, 1.0])

    A logistic loss falls for ever where a cell leaves labels of one kind only:

    >>> OneHiddenLayer([[0], [1], [2], [3]], [1, -1, 1, -1], loss="logistic").landscape()
    Landscape: 8 cells, 5 pieces, least loss 0.656536 (boundary), falls towards 0.519860
    """

    def landscape(
        self,
        max_loss: float | None = None,
        kinds: Collection[str] | str | None = None,
        exact: bool = False,
        executor: Executor | None = None,
        progress: Progress = None,
    ) -> Landscape:
        """All local minima of the loss.

        Parameters
        ----------
        max_loss : float, optional
            Only minima of at most this loss. Tuples of faces whose least squares loss, without
            any condition on signs, is larger are left out before anything else is computed: it
            is a lower bound of every minimum on them.
        kinds : collection of str, optional
            Only pieces of these kinds (see :class:`Piece`). Without ``"boundary"`` only cells
            are gone through, which is several times less work.
        exact : bool
            Decide all ranks, strict inequalities and multipliers in rational arithmetic, for
            the data as given, not only those that float64 leaves open.
        executor : concurrent.futures.Executor, optional
            Where tuples of two and more neurons are worked through, for example a
            `ProcessPoolExecutor`.
        progress : bool or callable, optional
            True shows progress on stderr when that is a terminal; a callable is called with
            (tuples of faces done, tuples in all); with one neuron of a bound on them.

        Returns
        -------
        Landscape

        Raises
        ------
        InputError
            If an argument is not what it must be.
        SizeError
            If there are too many tuples of faces to go through, before that is begun.
        SolverError
            If the samples are beyond float64 (the message names two rows) and have too many
            tuples for rational arithmetic, or a minimum has weights beyond float64.

        Notes
        -----
        Cells, faces and losses are exact, the losses rounded at the end: pieces are in exact
        order, and of equal losses the one with the earlier faces and output signs is first.
        Without `exact`, ranks and inequalities are decided in float64. A strict inequality has
        to hold by 1e-11 of the size of its terms and by more than its rounding error, else the
        tuple of faces is refused, and doubtful if that may be due to rounding; a weak one may
        fail by 1e-9 or by the rounding of the fit, and its piece is not `decided` if it may
        hold only by rounding. Tuples that are doubtful or hold such a piece (those of repeated
        samples, equal targets and integers, where inequalities hold with equality) are decided
        again in rational arithmetic, as long as they are few: of each million tuples as many
        as take an estimated 20 seconds, and 0.1 ms for each that is decided in float64. Where a
        sample is within 1e-9 of its length of a flat that it is not on, that is every tuple.
        What is beyond that is counted in `doubtful`, or not `decided`. The margin of a piece is
        how wide its narrowest inequality was, 0 where it holds with equality and not in all
        fits on the tuple, or where rounding moves the weights off their faces.

        Samples that leave float64 few digits, because their lengths differ by more than 10^6 or
        some are as nearly dependent, are decided in rational arithmetic, as with `exact`, up to
        200,000 tuples.

        The faces of one neuron are gone through in portions, and few are kept: memory grows
        with the minima. The cells, the graph and saddles are enumerated when they are asked
        for. With more neurons a table holds all faces.

        Complete, up to the scaling and the order of neurons. A neuron with z ≠ 0 has u = |z| w
        in a cell, on a face with some w·x_i ≠ 0, or on all hyperplanes ("zero"); every
        multiset of these is looked at. A neuron with z = 0 is in place iff
        Σ_i r_i max(0, v·x_i) vanishes for v near w, r the residuals, that is on every cell
        around w: it is reported in the cells where this holds, with output sign 0, as a neuron
        in the cell without an active sample is, whose z is free; minima with z = 0 on faces are
        in the closures of these pieces.

        Examples
        --------
        >>> from arrangement.relu import OneHiddenLayer
        >>> layer = OneHiddenLayer([[-1], [1], [2]], [1, 0, 3], hidden=2, bias=None)
        >>> layer.landscape().pieces
        10 pieces (4 continuum, 1 isolated, 5 zero)
        >>> layer.landscape(max_loss=1.0, exact=True).pieces
        5 pieces (2 continuum, 1 isolated, 2 zero)
        """
        if self.n_outputs > 1 and self.hidden > 1:
            raise InputError(
                f"y has {self.n_outputs} columns and there are {self.hidden} neurons: within a "
                "tuple of cells the loss is not convex, and has no landscape here; take one "
                "neuron, or fit_global() for the best network with a bound"
            )
        bound, wanted = checked_loss(max_loss), self._kinds(kinds)
        quiet = None if callable(progress) else progress
        check_flag(exact, "exact")
        check_executor(executor)
        most = self._most_faces("boundary" in wanted)
        show = reporter(progress, "faces" if self.hidden == 1 else "tuples")
        if self.in_portions and most > VERY_FEW:
            faces = self.candidates(bound, wanted, lambda done: show(min(done, most), most))
            show(most, most)
            show = reporter(None, "tuples")  # of a few faces
        else:
            faces = self.faces(None if wanted & {"boundary", "zero"} else 1, quiet)
        search = self.search(faces, bound, wanted, exact)
        refuse_too_many(len(search.positions), self.hidden, self.n_samples, self.dimension)
        search = search.suited()
        if search.exhaustive:
            # Float64 decides nothing here, and uncentred samples keep the weights' digits.
            faces = faces.of(self.samples.uncentred())
            search = replace(search, faces=faces)
        minima, doubtful = enumerate_minima(search, executor, show)
        minima, level = rising(minima, search.rational)
        z = None
        if isinstance(search.rational, RankOneDecider):
            z = search.rational.output_weights(minima)
        pieces = Pieces(faces, minima, level, self.bias, output_weights=z)
        whole = bound == inf and wanted == set(KINDS) and not self.loss.separable
        if not len(pieces) and not doubtful and whole:
            raise SolverError(
                "no minimum was found: the samples are too ill-conditioned for float64"
            )
        return Landscape(
            self, faces, pieces.of_kinds(wanted), sum(map(len, doubtful)), search.exact
        )

    def _kinds(self, kinds: Collection[str] | str | None) -> frozenset[str]:
        if kinds is None:
            return frozenset(KINDS)
        try:
            wanted = frozenset([kinds] if isinstance(kinds, str) else kinds)
        except TypeError:
            wanted = frozenset()
        unknown = wanted - set(KINDS)
        if unknown or not wanted:
            raise InputError(f"kinds={shown(kinds)}: some of {', '.join(KINDS)}")
        return wanted

    def _most_faces(self, boundary: bool) -> int:
        """How many faces there are at most; what is far too large is refused."""
        n, d = self.n_samples, self.arrangement.rank
        most = [comb(n, k) * cover(n - k, d - k) for k in range(min(d, n) if boundary else 1)]

        def refuse(n_faces: int) -> None:
            if self.in_portions:
                refuse_long(n_faces, n, self.dimension)
            else:
                refuse_too_many(n_faces, self.hidden, n, self.dimension)
                refuse_large_table(n_faces, n, self.dimension)

        try:
            refuse(sum(most))
        except SizeError as error:
            # So many are there in general position. A lower bound is quick; only where it
            # leaves room are the cells that these samples have counted, or estimated: of one
            # neuron they may be too many to be counted.
            lower = self.samples.some_cells() * sum(most) // most[0]
            try:
                refuse(lower)
            except SizeError:
                raise error from None
            if self.in_portions:
                cells = int(estimated_cells(distinct_essential_rows(self.arrangement)))
            else:
                cells = self.arrangement.n_cells()
            refuse(cells * sum(most) // most[0])
        return sum(most)

    def curvature(
        self,
        weights: ArrayLike,
        output_weights: ArrayLike,
        output_bias: Any = 0.0,
        signs: ArrayLike | None = None,
    ) -> Curvature:
        """Gradient, Hessian, inertia and Newton's step at one point, in closed form.

        Parameters
        ----------
        weights : array_like, shape (K, d)
            The weights w_j, the bias last, taken exactly as given, as are the others.
        output_weights : array_like, shape (K,)
        output_bias : number
            Only with ``output_bias=True`` of the layer.
        signs : array_like, shape (K, N), optional
            The signs −1, 0, +1 of w_j·x_i, for weights that are only near the face that they
            are meant to lie on, or for the derivatives that a cell has at its boundary. Left
            out, they are computed exactly.

        Returns
        -------
        Curvature

        Raises
        ------
        InputError
            If a shape or a number does not fit.

        Examples
        --------
        The minimum of one neuron is flat along (αw, z/α):

        >>> layer = OneHiddenLayer([[1], [2]], [1, 4], bias=None)
        >>> point = layer.curvature([["9/5"]], [1])
        >>> point.gradient.round(9) + 0.0, point.inertia
        (array([0., 0.]), (0, 1, 1))
        >>> layer.curvature([[1]], [0]).inertia  # no critical point
        (1, 0, 1)
        >>> layer.curvature([[-1]], [0]).hessian
        array([[0., 0.],
               [0., 0.]])
        """
        self.refuse_other_losses("curvature()")
        return curvature(self, weights, output_weights, output_bias, signs)

    def fit_global(
        self,
        time_limit: float | None = None,
        progress: Progress = None,
        *,
        tolerance: float = 1e-8,
        method: Literal["auto", "screen", "branch", "cones"] = "auto",
        random_state: int = 0,
        max_nodes: int | Literal["auto"] | None = None,
    ) -> GlobalOptimum:
        """A network of least loss, proven to be one.

        Parameters
        ----------
        time_limit : float, optional
            Seconds after which the search stops with the best network and the best bound so
            far, kept to a second or 5 %, compiling at first use (once, some 20 s) aside; None
            searches to the end.
        progress : bool or callable, optional
            True shows progress, the loss and its bound on stderr when that is a terminal; a
            callable is called with (done, total).
        tolerance : float
            The gap between the loss and its lower bound that counts as none, as a share of
            mean(y²).
        method : {"auto", "screen", "branch", "cones"}
            ``"screen"`` bounds every tuple of cells by least squares and fits the promising
            ones, lowest bound first; ``"branch"`` is branch and bound over samples, ``"cones"``
            over directions of the neurons, for hundreds of samples in few dimensions: with
            hardly more samples than weights its bounds say little, and it may not end. The
            default screens for one neuron, and takes cones for two or three neurons, more than
            40 samples and at most 5 weights a neuron.
        random_state : int
            Seed of the local search that finds a good network first; the proof does not
            depend on it.
        max_nodes : int or "auto", optional
            Nodes of branch and bound after which the search stops as at a time limit, but with
            the same answer on every machine. ``"auto"`` takes as many as take seconds, where
            otherwise the patterns are too many (see below), and else sets no limit.

        Returns
        -------
        GlobalOptimum

        Raises
        ------
        SizeError
            If the samples may have more than 4,000,000 activation patterns and there is no
            limit. With one the search goes on without the cells.

        Notes
        -----
        With u_j = |z_j| w_j and output signs s_j, the loss is a convex quadratic on each tuple
        of closed cells, and closed cells cover everything, minima on faces included. A node of
        the search says which neurons are active on some of the samples; the squared loss on
        these alone, under the linear constraints that the pattern puts on u, is a lower bound
        for all networks of the node. The bound is the value of a dual point whose residuals
        are taken off, with bounds for the rounding of every sum, so that no solver's word is
        trusted; ranks are exact, and no weight is too large for it. What rounding leaves open
        is solved in rational arithmetic, and a network found there counts. The patterns are
        those of the exact cells; the returned loss is evaluated in rational arithmetic.

        With several outputs the answer for one neuron is the least of its exact minima. More
        neurons are no convex problem within a tuple of cells: the network is the best end of
        descents, the bound that of outputs of rank K in the span of the cells' columns, and the
        status ``"bounded"`` where they leave a gap; `time_limit`, `method` and `max_nodes` are
        not used. See :mod:`arrangement.relu.training.several_outputs`.

        Examples
        --------
        >>> from arrangement.relu import OneHiddenLayer
        >>> X, y = [[-2], [-1], [0], [1], [2]], [1, 0, 2, 0, 1]
        >>> best = OneHiddenLayer(X, y, hidden=2).fit_global()
        >>> round(best.fun, 6), best.status
        (0.5, 'optimal')
        """
        if self.n_outputs > 1:
            return several_outputs_optimum(
                self,
                self.landscape,
                time_limit,
                tolerance,
                method,
                random_state,
                max_nodes,
                progress,
            )
        self.refuse_other_losses("fit_global()")
        return global_optimum(
            self,
            time_limit=time_limit,
            tolerance=tolerance,
            method=method,
            random_state=random_state,
            max_nodes=max_nodes,
            progress=progress,
        )

    def polish(
        self,
        network: Any,
        *,
        exact: bool = False,
        max_steps: int = 100_000,
        progress: Progress = None,
    ) -> Polished:
        """The way down from a trained network to a piece of minima, which is proved to be one.

        No cells are enumerated: any number of samples, features and neurons is possible.

        Parameters
        ----------
        network : Network, torch.nn.Sequential, MLPRegressor, or tuple
            Of one hidden layer, with these samples' features; or weights of shape (K, d), the
            bias last, output weights of shape (K,) and, if there is one, an output bias.
        exact : bool
            Prove the piece in rational arithmetic, not only what float64 leaves open (which is
            done unasked where N times the number of weights is at most 4,000).
        max_steps : int
            Stop after so many steps.
        progress : bool or callable, optional
            True shows progress on stderr when that is a terminal; a callable is called with
            (steps, `max_steps`).

        Returns
        -------
        Polished

        Raises
        ------
        InputError
            If the network is none, or does not fit the layer.

        Notes
        -----
        Pre-activations near zero propose a face for each neuron; least squares on the faces,
        exact line searches across kinks and rays of descent lead on until no ray descends.
        Each step lowers the loss, so that this ends. A neuron that shrinks to zero goes on
        with other weights, and perhaps the other output sign, which changes no output: minima
        with z = 0 or w = 0 are left where the residuals allow it.

        The certificate is a proof: norms bound how far the least squares fit of the faces and
        its residuals are from the computed ones, all rounding counted; ranks and multipliers
        of 0 are proved modulo primes. In rational arithmetic the descent goes on where
        residuals are as small as the rounding of the targets.

        Examples
        --------
        >>> from arrangement.relu import OneHiddenLayer
        >>> layer = OneHiddenLayer([[-1], [1], [2]], [1, 0, 3], bias=None)
        >>> end = layer.polish(([[0.9]], [1.2]))
        >>> end
        Polished(isolated, loss 0.933333 from 0.957333 in 1 steps, certified)
        >>> end.signs.tolist(), end.fall.__round__(4)
        ([[-1, 1, 1]], 0.024)
        """
        self.refuse_other_losses("polish()")
        check_flag(exact, "exact")
        most = whole(max_steps, "max_steps", 1)
        return polished(self, network, exact, most, reporter(progress, "steps"))
