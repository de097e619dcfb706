"""What the scripts of this folder share: terms counted by chambers, with what they cost."""

from __future__ import annotations

import argparse
import resource
import time
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from arrangement import Arrangement
from arrangement.cli.options import workers
from arrangement.counting.by_chambers import audit_count, chamber_counts, count_by_chambers
from arrangement.enumeration.intervals import Interval
from arrangement.symmetry.chamber_count import ChamberCounts
from arrangement.symmetry.count_log import CountLog
from arrangement.symmetry.reflection_groups import ReflectionGroup

SOON = 10.0
"""Seconds that a term may take to be counted where none was asked for."""

SPEED = 1.5e7
"""Cells a second that one core counts, about."""


def orders(n: int, signs: bool = False) -> ReflectionGroup:
    """The permutations of n coordinates, with their signs or without."""
    mirrors = [[(i == k) - (i == k + 1) for i in range(n)] for k in range(n - 1)]
    return ReflectionGroup(mirrors + [[0] * (n - 1) + [1]] * signs)


def share(counts: ChamberCounts, log: CountLog, k: int, of: int) -> None:
    """Count every `of`-th task that the log has not, from the k-th on: one job of an array."""
    for i in range(k, len(counts.tasks), of):
        part = Interval(0, i, i + 1)
        if i not in log.found:
            log.write(part, next(counts.blocks(part)))
    print(f"tasks {k}, {k + of}, … are done")


def plan(counts: ChamberCounts, samples: int, prepared: float) -> None:
    """What all tasks take, from some that are drawn in proportion to their estimates."""
    share = counts.expected / counts.expected.sum()
    drawn = np.random.default_rng(0).choice(len(share), size=samples, p=share).tolist()
    started = time.process_time()
    speed = sum(map(counts.count, drawn)) / (time.process_time() - started)
    hours, error = np.array(counts.estimate) / speed / 3600
    print(
        f"{len(share)} tasks; {samples} drawn: {speed / 1e6:.3g} million cells a second, so "
        f"{hours:.3g} ± {error:.1g} core hours, and {prepared:.2g} s to prepare; "
        f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MiB"
    )


def main(
    arrangement: Callable[[int], Arrangement],
    group: Callable[[int], Any],
    known: Mapping[int, int],
    classes: bool,
) -> None:
    """Count one term, or the terms that are soon counted, and tell what the next would cost.

    Parameters
    ----------
    arrangement, group : callable
        The arrangement of a term, and the reflections: "auto" or a ReflectionGroup.
    known : mapping
        The terms that are published.
    classes : bool
        Are the terms numbers of cells up to the reflections?
    """
    parser = argparse.ArgumentParser()
    parser.add_argument("n", type=int, nargs="?", help="the term to count")
    parser.add_argument("--checkpoint", metavar="DIR", help="keep each task's count, and go on")
    parser.add_argument("--jobs", type=int, metavar="N", help="run on N processes")
    parser.add_argument("--audit", type=int, metavar="N", help="count N tasks of DIR again")
    parser.add_argument("--share", metavar="K/N", help="count each N-th task, from K on")
    parser.add_argument("--plan", type=int, metavar="N", help="time N random tasks, no more")
    options = parser.parse_args()
    if options.audit is not None and (options.n is None or options.checkpoint is None):
        parser.error("--audit: give n and --checkpoint, too")
    if options.share is not None and (options.n is None or options.checkpoint is None):
        parser.error("--share: give n and --checkpoint, too")
    if options.plan is not None and options.n is None:
        parser.error("--plan: give n, too")
    if options.audit is not None:
        print(
            audit_count(
                arrangement(options.n), options.checkpoint, group(options.n), options.audit
            )
        )
        return
    for n in [options.n] if options.n is not None else sorted([*known, max(known) + 1]):
        started = time.monotonic()
        counts = chamber_counts(arrangement(n), group(n))
        cells, error = counts.estimate
        hours = cells / SPEED / 3600
        expected = f"about {cells:.3g} ± {error:.1g} cells to count, {hours:.2g} core hours"
        if options.n is None and hours * 3600 > SOON:
            print(f"n = {n}: {expected}; to count them: {n} --checkpoint DIR")
            return
        if options.n is not None:
            print(f"n = {n}: {expected}", flush=True)
        if options.plan is not None:
            plan(counts, options.plan, time.process_time())
            return
        if options.share is not None:
            k, of = map(int, options.share.split("/"))
            share(counts, CountLog(options.checkpoint, counts), k, of)
            return
        with workers(options.jobs) as executor:
            found = count_by_chambers(counts, True, executor, options.checkpoint)
        term = found.n_classes if classes else found.n_cells
        source = {None: "counted here", term: "as published"}.get(
            known.get(n), "NOT AS PUBLISHED"
        )
        print(
            f"n = {n}: {term} ({source}; {found.n_classes} up to reflections, "
            f"{found.n_counted} counted, {time.monotonic() - started:.1f} s)",
            flush=True,
        )
