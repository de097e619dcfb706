"""The tope graph and its files."""

import gzip
import os
import signal
import stat
import subprocess
import sys
import time

import networkx as nx
import numpy as np
import pytest
from hypothesis import given

from arrangement import Arrangement, families
from arrangement.cli.arrangement_files import read_arrangement
from arrangement.exact.numbers import real_number
from arrangement.files import graphml
from arrangement.files.graphml import write_graphml
from arrangement.files.output import atomic_output
from arrangement.kernels.cells import lookup
from tests.hyperplanes.test_hyperplanes import arrangement_of
from tests.strategies import tables


@given(tables())
def test_edges_join_cells_that_differ_in_one_hyperplane(table):
    cells = arrangement_of(*table).cells()
    first, _ = cells.arrangement.coincidence
    wanted = set()
    for a in range(len(cells)):
        for b in range(a + 1, len(cells)):
            differ = set(first[cells.signs[a] != cells.signs[b]].tolist())
            if len(differ) == 1:
                wanted.add((a, b, *differ))
    edges = [tuple(e) for e in cells.edges.tolist()]
    assert len(edges) == len(wanted)
    assert set(edges) == wanted


def test_hash_collisions_do_no_harm():
    cells, plain = families.shi(4).cells(), families.shi(4).cells()
    table = cells._table.table
    table.random[:], table.slots[:] = 0, -1  # every cell has the same hash
    lookup.fill_table(cells.packed, table)
    assert (cells.edges == plain.edges).all()
    assert (cells.look_up(cells.packed) == np.arange(len(cells))).all()
    assert cells.bounded.tolist() == plain.bounded.tolist()


@given(tables())
def test_tope_graph_is_connected_and_bipartite(table):
    cells = arrangement_of(*table).cells()
    graphml = cells.to_networkx()
    assert nx.is_connected(graphml)
    assert nx.is_bipartite(graphml)


def test_facets_are_cells_of_the_restrictions():
    arrangement = families.shi(4)
    counts = np.bincount(arrangement.cells().edges[:, 2], minlength=len(arrangement))
    for i, count in enumerate(counts):
        assert count == len(arrangement.restriction(i).cells())


def test_adjacency_is_symmetric_with_hyperplane_plus_one():
    cells = families.catalan(3).cells()
    adjacency = cells.adjacency
    assert adjacency.shape == (30, 30)
    assert (adjacency != adjacency.T).nnz == 0
    assert adjacency.nnz == 2 * len(cells.edges)
    for a, b, hyperplane in cells.edges.tolist():
        assert adjacency[a, b] == hyperplane + 1
    neighbors = cells[0].neighbors
    assert sorted(adjacency[[0], :].tocoo().coords[1].tolist()) == sorted(neighbors.tolist())


@pytest.mark.parametrize("name", ["graph.graphml", "graph.graphml.gz"])
def test_graphml_is_read_back_by_networkx(tmp_path, name):
    tiny = Arrangement([[1, 0], [1, 0], [0, 1]], ["-1/3", f"-{10**40 // 3 + 1}/{10**40}", 0])
    for arrangement in (families.catalan(3), tiny, Arrangement(np.zeros((0, 2)))):
        cells = arrangement.cells()
        cells.write_graphml(tmp_path / name)
        graphml = nx.read_graphml(tmp_path / name, node_type=int)
        wanted = cells.to_networkx()
        assert dict(graphml.nodes(data=True)) == dict(wanted.nodes(data=True))
        assert set(graphml.edges) == set(wanted.edges)
        for a, b, data in wanted.edges(data=True):
            assert graphml.edges[a, b]["hyperplane"] == data["hyperplane"]
        for i, data in graphml.nodes(data=True):
            assert data["signs"] == "".join("+" if s > 0 else "-" for s in cells[i].signs)
            assert data["bounded"] is cells[i].bounded
            point = [data.get(f"x{c}", np.nan) for c in range(arrangement.dimension)]
            assert np.array_equal(point, cells[i].point, equal_nan=True)


FIELDS = {
    "quadratic": families.coxeter("H", 3),
    "cubic": families.coxeter("I", 7),
    "composed": Arrangement(
        [["root(x^3-x-1,1,2)", 1], ["cos(2*pi/7)", "1/3"], [0.1, 1]], [0, "-sqrt(2)/10**30", 5]
    ),
    "rational": Arrangement([["1/3", 1], [0.1, 10**5000]], [f"1/{10**40}", 3]),
}


@pytest.mark.parametrize("arrangement", FIELDS.values(), ids=FIELDS)
def test_hyperplanes_are_read_back_exactly(tmp_path, arrangement):
    domain = [("-1/3", None)] * arrangement.dimension
    for cells in (arrangement.cells(), arrangement.cells(domain=domain)):
        cells.write_graphml(tmp_path / "graph.graphml")
        facts = nx.read_graphml(tmp_path / "graph.graphml").graph
        assert cells.to_networkx().graph.items() <= facts.items()
        (tmp_path / "hyperplanes.csv").write_text(facts["hyperplanes"])
        back, _ = read_arrangement(str(tmp_path / "hyperplanes.csv"))
        assert back == arrangement
        assert (back.given == arrangement.given).all()
    assert [row.split(", ") for row in facts["domain"].splitlines()] == [
        [str(v) for v in row] for row in cells.domain
    ]


def test_cells_without_a_float_inside_have_an_exact_witness(tmp_path):
    third = ["-1/3", f"-{10**40 // 3 + 1}/{10**40}"]
    root = ["-sqrt(2)", f"-sqrt(2)-1/{10**40}"]
    for offsets in (third, root):
        cells = Arrangement([[1], [1]], offsets).cells()
        cells.write_graphml(tmp_path / "graph.graphml")
        nodes = nx.read_graphml(tmp_path / "graph.graphml", node_type=int).nodes
        assert sorted(len(data) for _, data in nodes(data=True)) == [3, 3, 3]
        sliver = cells.index("+-")
        assert [i for i in nodes if "witness" in nodes[i]] == [sliver]
        point = real_number(nodes[sliver]["witness"])
        assert (point,) == cells[sliver].witness
        assert cells.locate([point]) == sliver


def test_the_same_graph_is_the_same_bytes(tmp_path):
    cells = families.braid(4).cells()
    for k in range(2):
        cells.write_graphml(tmp_path / f"{k}.graphml.gz")
    assert (tmp_path / "0.graphml.gz").read_bytes() == (tmp_path / "1.graphml.gz").read_bytes()


def test_text_is_escaped(tmp_path):
    path = tmp_path / "odd.graphml"
    write_graphml(path, {'a "<name>"': ["<&>", "x"]}, np.zeros((0, 2), dtype=int), {})
    assert nx.read_graphml(path).nodes["0"]['a "<name>"'] == "<&>"


def test_an_error_while_writing_leaves_the_old_file(tmp_path):
    path = tmp_path / "file.txt"
    path.write_text("old")

    def write_half():
        with atomic_output(path, "w") as stream:
            stream.write("new")
            raise RuntimeError("half way")

    with pytest.raises(RuntimeError, match="half way"):
        write_half()
    assert path.read_text() == "old"
    assert len(list(tmp_path.iterdir())) == 1


def test_devices_and_links_stay_what_they_are(tmp_path):
    with atomic_output("/dev/null") as stream:
        stream.write(b"gone")
    target, link = tmp_path / "target", tmp_path / "link"
    target.write_text("old")
    link.symlink_to(target)
    with atomic_output(link, "w") as stream:
        stream.write("new")
    assert link.is_symlink()
    assert target.read_text() == "new"


def test_pipes_and_descriptors_are_written_to_directly(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    # Opened for reading first: a pipe without a reader keeps its writer waiting.
    reader = os.open(tmp_path / "pipe", os.O_RDONLY | os.O_NONBLOCK)
    with atomic_output(tmp_path / "pipe") as stream:
        stream.write(b"named")
    assert os.read(reader, 100) == b"named"
    os.close(reader)
    reader, writer = os.pipe()
    with atomic_output(f"/dev/fd/{writer}", "w") as stream:
        stream.write("numbered")
    assert os.read(reader, 100) == b"numbered"
    os.close(reader)
    os.close(writer)
    assert [p.name for p in tmp_path.iterdir()] == ["pipe"]


def test_an_old_file_keeps_its_permissions(tmp_path):
    path = tmp_path / "secret"
    path.touch(0o600)
    with atomic_output(path, "w") as stream:
        stream.write("new")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert path.read_text() == "new"


def test_a_file_without_permission_to_write_is_not_replaced(tmp_path, monkeypatch):
    path = tmp_path / "kept"
    path.write_text("old")
    monkeypatch.setattr(os, "access", lambda *_: False)  # the superuser may write everything
    with pytest.raises(PermissionError) as caught, atomic_output(path, "w") as stream:
        stream.write("new")
    assert caught.value.filename == str(path)
    assert path.read_text() == "old"
    assert len(list(tmp_path.iterdir())) == 1


def test_an_error_names_the_file_that_was_given(tmp_path, monkeypatch):
    def full(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError) as caught, atomic_output(tmp_path / "a", "w") as stream:
        stream.write("new")
    assert (caught.value.errno, caught.value.filename) == (28, str(tmp_path / "a"))
    with pytest.raises(FileNotFoundError) as caught, atomic_output(tmp_path / "no" / "a"):
        pass
    assert caught.value.filename == str(tmp_path / "no" / "a")


WRITER = """
import sys, numpy as np
from arrangement import Cells
from arrangement.files.graphml import write_graphml
n = 200_000
nodes = {"signs": ["+-" * 20] * n, "value": np.arange(n) / 7}
ends = np.column_stack([np.arange(n - 1), np.arange(1, n)])
print("ready", flush=True)
while True:
    write_graphml(sys.argv[1], nodes, ends, {"hyperplane": np.arange(n - 1)})
    print("written", flush=True)
"""


@pytest.mark.processes
@pytest.mark.parametrize("delay", [0.05, 0.4, 0.9])
def test_killed_while_writing_leaves_a_whole_file_or_none(tmp_path, delay):
    path = tmp_path / "graph.graphml"
    for old in (False, True):
        if old:
            path.write_text("old")
        writer = subprocess.Popen(
            [sys.executable, "-c", WRITER, path], stdout=subprocess.PIPE, text=True
        )
        assert writer.stdout is not None
        assert writer.stdout.readline() == "ready\n"
        time.sleep(delay)
        writer.send_signal(signal.SIGKILL)
        writer.wait()
        writer.stdout.close()
        if path.exists():
            text = path.read_text()
            assert text == "old" or text.endswith("</graphml>\n")
        else:
            assert not old


def test_gzip_is_a_whole_stream(tmp_path):
    cells = families.braid(4).cells()
    cells.write_graphml(tmp_path / "a.graphml")
    cells.write_graphml(tmp_path / "a.graphml.gz")
    with gzip.open(tmp_path / "a.graphml.gz", "rt") as stream:
        assert stream.read() == (tmp_path / "a.graphml").read_text()


def test_graphml_is_the_same_in_small_blocks(tmp_path, monkeypatch):
    cells = families.braid(4).cells()
    cells.write_graphml(tmp_path / "whole.graphml")
    monkeypatch.setattr(graphml, "BLOCK", 5)
    cells.write_graphml(tmp_path / "blocks.graphml")
    whole, blocks = (tmp_path / f"{name}.graphml" for name in ("whole", "blocks"))
    assert whole.read_bytes() == blocks.read_bytes()
    assert nx.read_graphml(blocks).number_of_edges() == len(cells.edges)
