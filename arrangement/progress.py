"""Progress on stderr, only on a terminal and only for work that takes its time."""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Callable
from typing import TypeAlias

from arrangement.checks import check_flag

__all__ = ["Progress", "reporter"]

Progress: TypeAlias = bool | Callable[[int, int], None] | None


def reporter(
    progress: Progress, label: str, note: Callable[[], str] | None = None
) -> Callable[[int, int], None]:
    """A function of (done, total) that shows how far the work is.

    Parameters
    ----------
    progress : bool, callable or None
        A callable is returned as it is. True writes a line to stderr once two seconds have
        passed, if stderr is a terminal. None and False stay silent.
    label : str
        What is counted.
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
    started = time.monotonic()
    last, width, ended = started + 1.75, 0, False

    def show(done: int, total: int) -> None:
        nonlocal last, width, ended
        now = time.monotonic()
        finished = done >= total
        if ended or (now - last < 0.25 and not (finished and now - started > 2.25)):
            return
        last, ended = now, finished
        share = f" ({done / total:.0%})" if total else ""
        line = f"{label}: {done:,} of {total:,}{share}, {now - started:.0f} s"
        if note is not None:
            line += f", {note()}"
        width = max(width, len(line))
        sys.stderr.write(f"\r{line:<{width}}" + ("\n" if finished else ""))
        sys.stderr.flush()

    return show


def _show_log() -> None:
    """Say, where progress is shown, what keeps it waiting."""
    log = logging.getLogger("arrangement")
    if not log.handlers:
        log.addHandler(logging.StreamHandler())
        log.setLevel(logging.INFO)
