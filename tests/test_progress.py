"""What is seen of progress: on a terminal only, and only of work that takes its time."""

import os
import re
import subprocess
import sys

import pytest

from tests.amounts import first

pty = pytest.importorskip("pty", reason="no pseudo-terminals")
termios = pytest.importorskip("termios", reason="no pseudo-terminals")

COUNT = """
import sys, time
from arrangement.progress import reporter
note = (lambda: "a note") if "note" in sys.argv else None
show = reporter(True, "cells", note)
for done in range(int(sys.argv[1])):
    show(done, 100)
    time.sleep(0.1)
show(100, 100)
show(100, 100)
"""
"""A process that counts up to a hundred, so many of which take a tenth of a second each."""


def on_terminal(*arguments, columns=80):
    """What a process writes to stderr when that is a terminal, and to stdout."""
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (24, columns))
    with subprocess.Popen(
        [sys.executable, *map(str, arguments)], stdout=subprocess.PIPE, stderr=theirs
    ) as process:
        os.close(theirs)
        shown = b""
        while True:
            try:
                part = os.read(ours, 1024)
            except OSError:  # the other end is closed
                break
            if not part:
                break
            shown += part
        output = process.stdout.read().decode()
    os.close(ours)
    assert process.returncode == 0
    return shown.decode().replace("\r\n", "\n"), output


# A size of 0 is that of a terminal that does not know it.
@pytest.mark.parametrize("columns", first(0, [80, 0]))
def test_long_work_is_shown_with_share_times_and_rate(columns):
    shown, output = on_terminal("-c", COUNT, 30, "note", columns=columns)
    assert output == ""
    assert shown.startswith("\r")
    assert shown.endswith("\n")
    assert shown.count("\n") == 1
    lines = shown.rstrip("\n").split("\r")[1:]
    assert 3 <= len(lines) <= 6
    form = r" *(\d+)%\|.*\| \1/100, a note \[(\d\d:\d\d)<(\d\d:\d\d), +\d+\.\d+cells/s\]"
    found = [re.fullmatch(form, line.rstrip()).groups() for line in lines]
    shares, elapsed, remaining = zip(*found, strict=True)
    assert all(time >= "00:02" for time in elapsed)
    assert 0 < int(shares[0]) <= 20
    assert (shares[-1], remaining[-1]) == ("100", "00:00")


@pytest.mark.slow
def test_a_narrow_terminal_has_one_line():
    shown, _ = on_terminal("-c", COUNT, 30, "note", columns=40)
    lines = shown.rstrip("\n").split("\r")[1:]
    assert all(len(line) <= 40 for line in lines)


@pytest.mark.processes
def test_short_work_is_not_shown():
    assert on_terminal("-c", COUNT, 5) == ("", "")


@pytest.mark.slow
def test_nothing_is_shown_where_there_is_no_terminal():
    done = subprocess.run(
        [sys.executable, "-c", COUNT, "25"], capture_output=True, text=True, check=True
    )
    assert (done.stdout, done.stderr) == ("", "")
