"""Progress on stderr, only on a terminal and only for work that takes its time."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable
from functools import cache
from threading import RLock
from typing import Any, TypeAlias

from arrangement.checks import check_flag

__all__ = ["Progress", "reporter"]

Progress: TypeAlias = bool | Callable[[int, int], None] | None

FORM = "{l_bar}{bar}| {n_fmt}/{total_fmt}{postfix} [{elapsed}<{remaining}, {rate_fmt}]"
"""The unit last, for it is what a narrow terminal may cut off."""


def reporter(
    progress: Progress, label: str, note: Callable[[], str] | None = None
) -> Callable[[int, int], None]:
    """A function of (done, total) that shows how far the work is.

    Parameters
    ----------
    progress : bool, callable or None
        A callable is returned as it is. True shows a bar on stderr once two seconds have
        passed, if stderr is a terminal: the share that is done, the time it took and the time
        that is left, and the rate. None and False stay silent.
    label : str
        What is counted; the unit of the rate.
    note : callable, optional
        Gives a few words for the end of the line.

    Examples
    --------
    >>> reporter(None, "hyperplanes")(1, 10)
    """
    if callable(progress):
        return progress
    if progress is not None:
        check_flag(progress, "progress")
    if not progress or not sys.stderr.isatty():
        return lambda done, total: None
    _show_log()
    bar = _bar_class()(
        unit=label, bar_format=FORM, delay=2, mininterval=0.25, miniters=0, position=0
    )
    if bar.ncols is not None and bar.ncols < 1:  # of a terminal that does not know its size
        bar.ncols = bar.nrows = None

    def show(done: int, total: int) -> None:
        bar.total = total
        if note is not None:
            bar.set_postfix_str(note(), refresh=False)
        bar.update(done - bar.n)
        if done >= total:
            bar.close()

    return show


@cache
def _bar_class() -> Any:
    from tqdm import tqdm  # where there is a terminal only: it takes 30 ms

    class Bar(tqdm):  # type: ignore[misc]
        """Without a thread, and without a lock that several processes share."""

        monitor_interval = 0

    Bar.set_lock(RLock())
    return Bar


def _show_log() -> None:
    """Say, where progress is shown, what keeps it waiting."""
    log = logging.getLogger("arrangement")
    if not log.handlers:
        log.addHandler(logging.StreamHandler())
        log.setLevel(logging.INFO)
