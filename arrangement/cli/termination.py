"""Signals that end a process as an exception, so that nothing half-written is left."""

from __future__ import annotations

import _thread
import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["orderly_termination"]

SOON = 0.05
"""After so many seconds an exception that was lost is raised again."""


@contextmanager
def orderly_termination() -> Iterator[None]:
    """In the block SIGTERM ends the worker processes and raises SystemExit(143).

    So does the end of the terminal, SIGHUP, unless it is ignored, with 129. An exception that
    comes where C code calls Python, or in the deletion of an object, goes no further; it, and
    a KeyboardInterrupt, are raised again.
    """
    if threading.current_thread() is not threading.main_thread():
        yield  # signals are none of its business
        return
    process, ending, hook = os.getpid(), False, sys.unraisablehook

    def stop(number: int, *_: object) -> None:
        nonlocal ending
        if os.getpid() != process:  # a worker forked just now: the rest is its parent's
            os._exit(128 + number)
        if ending:
            return
        ending = True
        # What the threads of a pool say of workers that are gone is no news.
        threading.excepthook = lambda _: None
        for child in multiprocessing.active_children():
            child.terminate()
        raise SystemExit(128 + number)

    def lost(args: sys.UnraisableHookArgs) -> None:
        nonlocal ending
        if ending and isinstance(args.exc_value, SystemExit):
            ending, number = False, int(str(args.exc_value)) - 128
        elif isinstance(args.exc_value, KeyboardInterrupt):
            number = int(signal.SIGINT)
        else:
            hook(args)
            return
        again = threading.Timer(SOON, _thread.interrupt_main, [number])
        again.daemon = True
        again.start()

    handlers = {}
    for name in ("SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) not in (signal.SIG_IGN, None):
            handlers[number] = signal.signal(number, stop)
    sys.unraisablehook = lost
    try:
        yield
    finally:
        sys.unraisablehook = hook
        for number, handler in handlers.items():
            signal.signal(number, handler)
