"""Pages to explore: their data, read here, and what they do, where there is a browser."""

import base64
import io
import json
import re
import shutil
import sys
from functools import partial
from itertools import pairwise

import numpy as np
import pytest

pytest.importorskip("matplotlib")

from arrangement import Arrangement, InputError, MissingExtraError, families, plot
from arrangement.networks import Network
from arrangement.relu import NetworkLoss, OneHiddenLayer, loss_surface
from tests.amounts import first

rng = np.random.default_rng(0)
X, y = rng.normal(size=(12, 2)), rng.normal(size=12)
NEURON = OneHiddenLayer(X, y).landscape()
PAIR = OneHiddenLayer(X[:6, :1], y[:6], hidden=2).landscape()
NETWORK = Network.random([2, 8, 8, 3], rng=0)
REGIONS = NETWORK.regions([(-1, 1), (-1, 2)])
LOSS = NetworkLoss(Network.random([2, 4, 1], rng=0), X, y)

CELLS = {
    "plane": Arrangement(rng.normal(size=(9, 2)), rng.normal(size=9)).cells(),
    "parallel": Arrangement([[1, 0], [1, 0], [2, 0]], [0, 1, 0]).cells(),
    "none in the plane": Arrangement(np.zeros((0, 2))).cells(),
    "in a box": Arrangement([[1, 0], [0, 1], [1, 1]]).cells(domain=[(-1, 2), (-1, 1)]),
    "sphere": families.coxeter("H", 3).cells(),
    "random on the sphere": Arrangement(rng.normal(size=(20, 3))).cells(),
    "through a line": Arrangement([[1, 0, 0], [0, 1, 0], [1, 1, 0]]).cells(),
    "one plane": Arrangement([[1, 2, 3]]).cells(),
    "none on the sphere": Arrangement(np.zeros((0, 3))).cells(),
    "in a cone": families.coxeter("B", 3).cells(domain=[(0, None)] * 3),
}
OTHERS = {
    "neuron": NEURON,
    "pair": PAIR,
    "layer": OneHiddenLayer(X[:6, :1], y[:6]).landscape(),
    "regions": REGIONS,
    "decisions": REGIONS.decision_regions(),
    "surface": loss_surface(LOSS, "random", layer=0, points=20),
    "space": families.shi(3).cells(),
    "space of random planes": Arrangement(rng.normal(size=(5, 3)), rng.normal(size=5)).cells(),
    "one plane in space": Arrangement([[1, 1, 1]], [1]).cells(),
}
KINDS = {"u1": "u1", "u2": "<u2", "u4": "<u4", "i4": "<i4", "f4": "<f4", "f8": "<f8"}


def scene_of(what, tmp_path, **named):
    path = tmp_path / "page.html"
    plot.page(what, path, **named)
    text = path.read_text("utf-8")
    scene = json.loads(re.search(r"^const scene = (.*);$", text, flags=re.MULTILINE).group(1))
    return scene, text


def array(packed):
    return np.frombuffer(base64.b64decode(packed["data"]), dtype=KINDS[packed["type"]])


def polygons(scene):
    points = array(scene["points"]).reshape(-1, scene["dimension"])
    corners, starts = array(scene["corners"]), array(scene["starts"])
    return [points[corners[a:b]] for a, b in pairwise(starts)]


def area(polygon):
    (x, y), (u, v) = polygon.T, np.roll(polygon, -1, axis=0).T
    return abs(np.sum(x * v - y * u)) / 2


def solid_angle(polygon):
    """Of triangles from the first corner (van Oosterom and Strackee 1983)."""
    a, total = polygon[0], 0.0
    for b, c in pairwise(polygon[1:]):
        total += 2 * np.arctan2(abs(np.linalg.det([a, b, c])), 1 + a @ b + b @ c + c @ a)
    return total


@pytest.mark.parametrize("name", CELLS)
def test_polygons_of_cells_cover_what_is_shown_once(name, tmp_path):
    cells = CELLS[name]
    scene, _ = scene_of(cells, tmp_path)
    shapes, owner = polygons(scene), array(scene["owner"])
    normals = array(scene["rows"]).reshape(-1, cells.arrangement.dimension + 1)
    for polygon, own in zip(shapes, owner, strict=True):
        middle = polygon.mean(axis=0)
        heights = normals[:, :-1] @ middle + normals[:, -1]
        assert (np.sign(heights) == cells.signs[own]).all()
    if scene["kind"] == "sphere":
        share = {"in a cone": 1 / 8}.get(name, 1)
        total = 4 * np.pi * share
        assert sum(map(solid_angle, shapes)) == pytest.approx(total, rel=1e-3)
    elif cells.domain is None:
        a, b, c, d = scene["window"]
        assert sum(map(area, shapes)) == pytest.approx((c - a) * (d - b), rel=1e-4)
    else:
        assert sum(map(area, shapes)) == pytest.approx(6, rel=1e-4)


@pytest.mark.parametrize("name", [*CELLS, *OTHERS])
def test_pages_ask_for_nothing(name, tmp_path):
    scene, text = scene_of({**CELLS, **OTHERS}[name], tmp_path, title="<b>&", source="\x00<")
    assert scene["title"].endswith(": <b>&")
    assert not re.search(r"https?:|src=|@import|url\(|<b>", text)


def test_regions_have_their_maps(tmp_path):
    scene, _ = scene_of(REGIONS, tmp_path)
    slope = array(scene["maps"]["slope"]).reshape(REGIONS.slope.shape)
    assert np.allclose(slope, REGIONS.slope, rtol=1e-6)
    assert sum(map(area, polygons(scene))) == pytest.approx(6, rel=1e-5)


def test_minima_are_marked(tmp_path):
    scene, _ = scene_of(NEURON, tmp_path)
    assert len(scene["marks"]) == len(NEURON.pieces)
    assert scene["marks"][0]["best"]
    scene, _ = scene_of(PAIR, tmp_path)
    losses = array(scene["raster"]["values"])
    assert losses.min() >= PAIR.global_minimum.loss * (1 - 1e-6)


@pytest.mark.slow
def test_ten_thousand_cells_take_less_than_a_megabyte(tmp_path):
    plot.page(Arrangement(rng.normal(size=(100, 3))).cells(), tmp_path / "page.html")
    assert (tmp_path / "page.html").stat().st_size < 1_000_000


@pytest.mark.parametrize(
    ("what", "named", "message"),
    [
        (families.braid(4).cells(), {}, "dimension 2 or 3, not 4"),
        (CELLS["plane"], {"values": [1]}, r"shape \(46,\)"),
        (REGIONS, {"values": [1]}, "values: one number a cell"),
        (Network.random([3, 2, 1], rng=0).regions([(-1, 1)] * 3), {}, "3 inputs has no page"),
        (7, {}, "a page shows Cells"),
    ],
)
def test_what_has_no_page_is_refused(what, named, message, tmp_path):
    with pytest.raises(InputError, match=message):
        plot.page(what, tmp_path / "page.html", **named)
    with pytest.raises(InputError, match=r"must be \.html"):
        plot.page(CELLS["plane"], tmp_path / "page.png")
    assert list(tmp_path.iterdir()) == []


def test_missing_matplotlib_says_what_to_install(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'arrangement\[plot\]'"):
        plot.page(families.braid(3).cells(), tmp_path / "page.html")
    assert list(tmp_path.iterdir()) == []


@pytest.fixture(scope="module")
def browser():
    selenium = pytest.importorskip("selenium", reason="there is no selenium")
    chromium, driver = (shutil.which(name) for name in ("chromium", "chromedriver"))
    if chromium is None or driver is None:
        pytest.skip("there is no chromium with its chromedriver")
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service

    assert selenium
    options = webdriver.ChromeOptions()
    for argument in (
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--window-size=1100,800",
    ):
        options.add_argument(argument)
    options.binary_location = chromium
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    found = webdriver.Chrome(options=options, service=Service(driver))
    yield found
    found.quit()


def opened(browser, what, tmp_path):
    plot.page(what, tmp_path / "page.html")
    browser.get((tmp_path / "page.html").as_uri())
    return partial(browser.execute_script)


def quiet(browser, run):
    assert browser.get_log("browser") == []
    assert run("return performance.getEntriesByType('resource').length") == 0


@pytest.mark.processes
@pytest.mark.parametrize("name", first(0, ["neuron", "plane", "regions", "decisions"]))
def test_what_is_under_the_pointer_is_what_python_finds(name, browser, tmp_path):
    what = {**CELLS, **OTHERS}[name]
    run = opened(browser, what, tmp_path)
    points = np.random.default_rng(1).uniform(-1, 1, (1000, 3 if name == "neuron" else 2))
    found = run("return arguments[0].map(p => explorer.at(p))", points.tolist())
    where = what.cells if name == "neuron" else what
    assert found == [int(i) for i in where.locate(points)]
    quiet(browser, run)


@pytest.mark.processes
@pytest.mark.parametrize("name", first(0, [*CELLS, *OTHERS]))
def test_a_page_can_be_turned_zoomed_and_asked(name, browser, tmp_path):
    from selenium.webdriver import ActionChains, Keys
    from selenium.webdriver.common.actions.wheel_input import ScrollOrigin
    from selenium.webdriver.common.by import By

    what = {**CELLS, **OTHERS}[name]
    run = opened(browser, what, tmp_path)
    view = browser.find_element(By.ID, "view")
    picture = "return document.getElementById('view').toDataURL()"
    frame = "explorer.frame(); " + picture
    seen = [run(frame)]
    keys = browser.find_element(By.CLASS_NAME, "keys").text
    assert ("N and P" in keys) == bool(run("return scene.marks.length"))
    ActionChains(browser).move_to_element(view).perform()
    told = run("return document.getElementById('detail').children.length")
    assert told or run("return scene.kind") == "space"  # between its faces there is nothing
    ActionChains(browser).click_and_hold(view).move_by_offset(90, 60).release().perform()
    seen.append(run(frame))
    ActionChains(browser).scroll_from_origin(ScrollOrigin.from_element(view), 0, -300).perform()
    seen.append(run(frame))
    view.send_keys(Keys.ARROW_LEFT, "+", "n")
    seen.append(run(frame))
    if not name.startswith("none"):  # a page of one colour
        assert len(set(seen)) == 4
    if "signs" in run("return Object.keys(scene)") and what.__class__.__name__ == "Cells":
        last = len(what) - 1
        text = "".join("+" if sign > 0 else "-" for sign in what.signs[last])
        assert run("return explorer.find(arguments[0])", text) == (last if text else 0)
    quiet(browser, run)


def pixels(url):
    """Of a picture that a canvas gave: shape (height, width, 4), from 0 to 1."""
    from matplotlib.image import imread

    return imread(io.BytesIO(base64.b64decode(url.partition(",")[2])))


@pytest.mark.processes
@pytest.mark.parametrize("dimension", [2, 3])
def test_what_moves_looks_like_what_rests(dimension, browser, tmp_path):
    random = np.random.default_rng(2)
    normals, offsets = random.normal(size=(36, dimension)), random.normal(size=36)
    drawn = Arrangement(normals, (3 - dimension) * offsets)
    run = opened(browser, drawn.cells(), tmp_path)
    keys = "for (const key of ['ArrowLeft', '+', '+', 'ArrowUp']) dispatchEvent(new "
    keys += "KeyboardEvent('keydown', {key})); while (stage.texture && !stage.texture()); "
    frames = "explorer.frame(); const a = view.toDataURL(); moving = 0; explorer.frame();"
    urls = run(keys + frames + "return [a, view.toDataURL()]")
    moved, still = (pixels(url)[..., :3] for url in urls)
    assert urls[0] != urls[1]  # else both are drawn in one way
    assert np.mean(np.abs(moved - still).max(axis=-1) > 0.1) < 0.08
    assert np.mean(np.abs(still - still.mean(axis=(0, 1)))) > 0.03
    quiet(browser, run)


@pytest.mark.processes
def test_planes_in_space_move_as_their_outlines(browser, tmp_path):
    random = np.random.default_rng(2)
    drawn = Arrangement(random.normal(size=(17, 3)), random.normal(size=17))
    run = opened(browser, drawn.cells(), tmp_path)
    picture = "explorer.frame(); return view.toDataURL()"
    moved, still = (
        pixels(run(f"if (nPolygons < 2000) throw 'few'; moving = {k}; {picture}"))[..., 3] > 0
        for k in (1, 0)
    )
    assert np.mean(moved != still) < 0.01 < np.mean(still)
    quiet(browser, run)


@pytest.mark.processes
def test_fingers_turn_and_zoom(browser, tmp_path):
    run = opened(browser, CELLS["sphere"], tmp_path)
    browser.execute_cdp_cmd("Emulation.setTouchEmulationEnabled", {"enabled": True})

    def touch(kind, *places):
        points = [{"x": x, "y": y, "id": k} for k, (x, y) in enumerate(places)]
        browser.execute_cdp_cmd(
            "Input.dispatchTouchEvent", {"type": kind, "touchPoints": points}
        )
        return run("return [...stage.turn, stage.zoom]")

    try:
        first = touch("touchStart", (300, 300))
        turned = touch("touchMove", (380, 340))
        touch("touchEnd")
        touch("touchStart", (300, 300), (340, 300))
        apart = touch("touchMove", (260, 300), (380, 300))
        touch("touchEnd")
    finally:
        browser.execute_cdp_cmd("Emulation.setTouchEmulationEnabled", {"enabled": False})
    assert turned[:9] != first[:9]
    assert apart[9] == pytest.approx(3 * turned[9], rel=0.05)
    quiet(browser, run)
