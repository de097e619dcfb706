"""Decisions in float64, and in rational arithmetic where those leave something open.

Targets that are equal, samples that are repeated or on one line, and integers make inequalities
that hold with equality: a coefficient, a side or a multiplier is exactly zero. Float64 cannot
tell, and flags the tuple of faces. Those tuples are few beside all that are screened, so that
they are decided once more, exactly, as long as that takes no more time than is allowed here.
"""

from __future__ import annotations

import numpy as np

from arrangement.relu.minima.minima_table import Minima
from arrangement.relu.minima.rational import RationalDecider
from arrangement.relu.minima.stationary import Decider
from arrangement.relu.weight_space import Indices, Mask

__all__ = ["SettlingDecider"]


SECONDS, SECONDS_PER_TUPLE = 20.0, 1e-4
"""The time that exact decisions may take, by estimate: so much, and so much for each tuple of
faces that was decided in float64."""

SECONDS_PER_DECISION, SECONDS_PER_ENTRY = 2e-4, 3e-6
"""Of one exact decision on a matrix of so many entries: measured, rounded up."""


class SettlingDecider(Decider):
    """Decides in float64, and exactly what is left open, if it is few.

    The limit is one of estimated time, so that the outcome does not depend on a clock. What is
    beyond it stays doubtful, or not `decided`.

    Parameters
    ----------
    rational : RationalDecider
        What decides exactly.
    """

    def __init__(self, rational: RationalDecider) -> None:
        super().__init__(rational.faces, rational.y, rational.free)
        self.rational, self.seconds = rational, SECONDS

    def minima(self, tuples: Indices) -> tuple[Minima, Indices]:
        """The same, and what is open decided exactly, if it is little."""
        found, doubtful = super().minima(tuples)
        self.seconds += SECONDS_PER_TUPLE * len(tuples)
        if self.faces.nearly_dependent:
            # The sign of a sample may be another in float64: nothing it says is certain.
            found.decided[:] = False
            others = tuples[~_among(tuples, np.concatenate([doubtful, found.faces]))]
            doubtful = np.concatenate([doubtful, others])
        held = np.unique(found.faces[~found.decided], axis=0)
        open_ = np.concatenate([held, doubtful[~_among(doubtful, held)]])
        settled = self._affordable(open_, tuples.shape[1])
        if not len(settled):
            return found, doubtful
        exact, _ = self.rational.minima(settled)
        known = found.take(~_among(found.faces, settled))
        return Minima.concatenated([known, exact]), doubtful[~_among(doubtful, settled)]

    def _affordable(self, rows: Indices, neurons: int) -> Indices:
        """The first rows, as many as there is time for; it is taken off."""
        entries = len(self.y) * (neurons * self.faces.rank + self.free.shape[1])
        each = SECONDS_PER_DECISION + SECONDS_PER_ENTRY * entries
        settled = rows[: max(0, int(self.seconds / each))]
        self.seconds -= each * len(settled)
        return settled

    def states(
        self, minima: Minima, idle: Indices, silent: Indices
    ) -> list[list[tuple[int, int, float, bool]]]:
        """The same, and those that are open decided exactly, if they are few."""
        states = super().states(minima, idle, silent)
        self.seconds += SECONDS_PER_TUPLE * len(minima)
        for k, own in enumerate(states):
            open_ = np.unique([face for face, *_, sure in own if not sure]).astype(np.int64)
            settled = self._affordable(open_, minima.faces.shape[1])
            if len(settled):
                (exact,) = self.rational.states(
                    minima.take(np.array([k])),
                    np.intersect1d(idle, settled),
                    np.intersect1d(silent, settled),
                )
                kept = set(settled.tolist())
                states[k] = [state for state in own if state[0] not in kept] + exact
        return states


def _among(rows: Indices, some: Indices) -> Mask:
    """Which rows are among some others."""
    _, label = np.unique(np.concatenate([rows, some]), axis=0, return_inverse=True)
    label = label.reshape(-1)
    return np.isin(label[: len(rows)], label[len(rows) :])
