"""Signals that end the process of a command, and leave nothing half-written."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from arrangement.files.output import discard_unfinished

__all__ = ["orderly_termination"]

SIGNALS = ("SIGINT", "SIGTERM", "SIGHUP")


@contextmanager
def orderly_termination() -> Iterator[None]:
    """In the block a signal ends the process, with 128 and its number as the exit code.

    SIGINT, SIGTERM and the end of the terminal, SIGHUP, unless they are ignored. Workers are
    ended and what is unfinished is removed. All this is done where the signal comes, without an
    exception: that would be lost, or worse, where compiled code calls Python or is called.
    """
    if threading.current_thread() is not threading.main_thread():
        yield  # signals are none of its business
        return
    process = os.getpid()

    def stop(number: int, *_: object) -> None:
        if os.getpid() == process:  # and no worker forked just now: the rest is its parent's
            for other in handlers:
                signal.signal(other, signal.SIG_IGN)
            for child in multiprocessing.active_children():
                child.terminate()
            discard_unfinished()
        os._exit(128 + number)

    handlers = {}
    for name in SIGNALS:
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) not in (signal.SIG_IGN, None):
            handlers[number] = signal.getsignal(number)
    for number in handlers:
        signal.signal(number, stop)
    try:
        yield
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
