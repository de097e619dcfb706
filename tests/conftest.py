"""Settings of the test suite, and the command line run in this process."""

import gc
import io
import json
import os
import sys

import pytest
from hypothesis import settings

from arrangement.cli import main
from arrangement.kernels import built

# Compiling a kernel takes longer than any deadline; the first example would fail on it.
settings.register_profile("ci", deadline=None, max_examples=100)
settings.register_profile("dev", deadline=None, max_examples=8)
settings.load_profile("dev")

# There is a worker a core; they inherit it before they load numpy.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

# Where loops were built from these sources, none of them may be left to numba.
if built.functions():
    os.environ.setdefault("ARRANGEMENT_KERNELS", "built")


@pytest.hookimpl(wrapper=True)
def pytest_collection():
    # Of what is read and rewritten here nothing is garbage, however often it is looked through.
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


def pytest_report_header():
    if built.functions():
        return "compiled loops: as built"
    return "compiled loops: by numba (python .build/kernels.py builds them from these sources)"


class Input(io.BytesIO):
    name = "<stdin>"


@pytest.fixture
def dask_executor():
    """An executor of a cluster of two processes of two threads each."""
    distributed = pytest.importorskip("distributed")
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=2, dashboard_address=None
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        yield client.get_executor()


@pytest.fixture
def run(capfd, monkeypatch):
    """Run the command line in this process: its exit code, stdout and stderr."""

    def run(*arguments, stdin=""):
        content = stdin if isinstance(stdin, bytes) else stdin.encode()
        # As Python reads it where the locale is C.
        stream = io.TextIOWrapper(Input(content), "ascii", errors="surrogateescape")
        monkeypatch.setattr(sys, "stdin", stream)
        code = main([str(a) for a in arguments])
        return (code, *capfd.readouterr())

    return run


@pytest.fixture
def facts(run):
    """The JSON object that a run prints."""

    def facts(*arguments, **options):
        code, out, err = run(*arguments, "--json", **options)
        assert (code, err) == (0, "")
        assert out.count("\n") == 1
        return json.loads(out)

    return facts


@pytest.fixture
def refused(run):
    """The message of a run that fails in the one way in which runs fail."""

    def refused(*arguments, **options):
        code, out, err = run(*arguments, **options)
        assert (code, out) == (2, "")
        assert err.startswith("arrangement: error: ")
        assert err.count("\n") == 1
        return err.removeprefix("arrangement: error: ").rstrip("\n")

    return refused
