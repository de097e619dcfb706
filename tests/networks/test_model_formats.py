"""The table of formats of benchmarks/model_formats.py, of the programs that are installed."""

import pytest

from benchmarks.model_formats import SOURCES, is_right, outcome


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::RuntimeWarning")
@pytest.mark.parametrize("source", SOURCES)
def test_the_table_of_formats(source):
    wrong = {}
    try:
        for model in SOURCES[source]():
            result = outcome(model)
            if not is_right(model, result):
                wrong[model.name] = result
    except ImportError as error:
        assert not wrong  # of the models before the one whose framework is absent
        pytest.skip(str(error))
    assert not wrong
