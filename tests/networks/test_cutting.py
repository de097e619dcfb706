"""Polytopes while they are cut: the room for faces."""

import numpy as np
import pytest

from arrangement.networks import Network
from arrangement.networks.complex import complex as complexes
from arrangement.networks.complex import cutting
from arrangement.networks.complex.simple_cutting import EdgeSubdivision
from tests.networks.test_regions import box, random_network

COLUMNS = ["faces", "pool", "points", "spread", "parents", "origin", "signs_of_regions"]


@pytest.mark.parametrize("large", [0, 2**27], ids=["in place", "by copies"])
@pytest.mark.parametrize("sizes", [[2, 12, 12, 1], [3, 6, 6, 1], [4, 6, 1]])
@pytest.mark.parametrize("kind", [EdgeSubdivision, cutting.FaceSubdivision])
def test_the_room_at_the_beginning_changes_nothing(monkeypatch, kind, sizes, large):
    """The arrays are those of a room that is never left, and lists follow without gaps."""
    if kind is cutting.FaceSubdivision:
        monkeypatch.setattr(complexes, "is_simple", lambda domain: False)
    network = Network(*random_network(sizes))
    expected = network.regions(box(sizes[0])).complex
    grown = []
    grow = kind._grow

    def counted(self, n_regions):
        grown.append(n_regions)
        grow(self, n_regions)

    monkeypatch.setattr(kind, "_grow", counted)
    network.regions(box(sizes[0]))
    assert not grown
    monkeypatch.setattr(cutting, "ROOM", 4)
    monkeypatch.setattr(cutting, "LARGE", large)
    found = network.regions(box(sizes[0])).complex
    assert len(grown) > 1
    for name in COLUMNS:
        assert np.array_equal(getattr(found, name), getattr(expected, name)), name
    solid = found.faces[:, 0] > 0
    begin, end = found.faces[solid, 1:3].T
    assert np.array_equal(begin, [0, *end[:-1]])
    assert end[-1] == len(found.pool)
