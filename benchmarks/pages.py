"""How large are pages to explore, and how long does a frame take while one is turned?

python benchmarks/pages.py [--screenshots FOLDER]

In chromium without a window and without a graphics card (the extra `browser`): each page
is moved by keys, 40 pixels a frame. "Script" is the median time of the page's code, "processor"
what all of chromium's processes take a frame, down to the last pixel, which is read back. With
``--screenshots``: pictures of every page, light and dark.
"""

import argparse
import shutil
import tempfile
import time
from pathlib import Path

import numpy as np
import psutil
from selenium import webdriver
from selenium.webdriver.chrome.service import Service

from arrangement import Arrangement, plot
from arrangement.networks import Network
from arrangement.relu import NetworkLoss, OneHiddenLayer, loss_surface

FRAMES = 60
DRAG = """
const times = [];
for (let k = 0; k < arguments[0]; k++) {
  dispatchEvent(new KeyboardEvent("keydown", { key: k % 8 < 4 ? "ArrowLeft" : "ArrowDown" }));
  const begin = performance.now();
  explorer.frame();
  times.push(performance.now() - begin);
  ink.getImageData(0, 0, 1, 1);
}
return times.sort((a, b) => a - b)[times.length >> 1];
"""


def pages():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(60, 2)), rng.normal(size=60)
    square = [(-1, 1), (-1, 1)]
    yield "sphere", Arrangement(rng.normal(size=(100, 3))).cells()
    yield "plane", Arrangement(rng.normal(size=(141, 2)), rng.normal(size=141)).cells()
    yield "regions", Network.random([2, 70, 70, 3], rng=0).regions(square)
    yield "decisions", Network.random([2, 70, 70, 3], rng=0).regions(square).decision_regions()
    yield "space", Arrangement(rng.normal(size=(26, 3)), rng.normal(size=26)).cells()
    yield "neuron", OneHiddenLayer(X, y).landscape()
    yield "two neurons", OneHiddenLayer(X[:7, :1], y[:7], hidden=2).landscape()
    loss = NetworkLoss(Network.random([2, 8, 1], rng=0), X, y)
    yield "loss", loss_surface(loss, "random", layer=0, points=120)


def browser(dark):
    options = webdriver.ChromeOptions()
    for argument in ("headless=new", "no-sandbox", "disable-gpu", "window-size=1100,800"):
        options.add_argument(f"--{argument}")
    if dark:
        options.add_argument("--blink-settings=preferredColorScheme=0")
    options.binary_location = shutil.which("chromium")
    return webdriver.Chrome(options=options, service=Service(shutil.which("chromedriver")))


def processor_time(driver):
    """Of all of chromium's processes, in seconds."""
    found = psutil.Process(driver.service.process.pid).children(recursive=True)
    return sum(sum(process.cpu_times()[:2]) for process in found)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--screenshots", type=Path)
    options = parser.parse_args()
    print("| page | items | polygons | size | script | processor |")
    print("| --- | ---: | ---: | ---: | ---: | ---: |")
    with tempfile.TemporaryDirectory() as folder:
        light = browser(False)
        light.set_script_timeout(300)
        for name, what in pages():
            path = Path(folder) / f"{name.replace(' ', '_')}.html"
            plot.page(what, path)
            light.get(path.as_uri())
            time.sleep(2)  # What it prepares.
            light.execute_script(DRAG, 10)
            begin = processor_time(light)
            script = light.execute_script(DRAG, FRAMES)
            used = 1000 * (processor_time(light) - begin) / FRAMES
            polygons = light.execute_script("return nPolygons")
            items = len(what) if hasattr(what, "__len__") else 1
            print(
                f"| {name} | {items:,} | {polygons:,} | {path.stat().st_size / 1000:.0f} kB "
                f"| {script:.1f} ms | {used:.1f} ms |",
                flush=True,
            )
        light.quit()
        for dark in (False, True) if options.screenshots else ():
            options.screenshots.mkdir(exist_ok=True)
            one = browser(dark)
            for path in sorted(Path(folder).iterdir()):
                one.get(path.as_uri())
                mode = "dark" if dark else "light"
                one.save_screenshot(str(options.screenshots / f"{path.stem}-{mode}.png"))
            one.quit()


if __name__ == "__main__":
    main()
