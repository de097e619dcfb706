"""
How many cells hold a minimum, at real sizes
============================================

With many samples and features cells cannot be listed, but drawn: the share of those that hold
their own differentiable minimum, with an interval of confidence. Narrow networks are in cells
without one, wide ones in cells where the loss can be zero; in between it changes fast.
"""

from matplotlib.figure import Figure

from arrangement import data, relu

digits = data.prepare(data.mnist(), classes=[3, 8], samples=60, features=10, labels="sign")
widths = [4, 8, 16, 18, 20, 22, 24, 28, 32, 48]
shares = [
    relu.sampled_cells(digits.X, digits.y, hidden=K, draws=20, random_state=1) for K in widths
]
for K, share in zip(widths, shares, strict=True):
    print(
        f"{K:3} neurons: {share.holding} of {share.draws} hold one, {share.undecided} undecided"
    )

# %%
figure = Figure(figsize=(5, 3), layout="constrained")
axes = figure.add_subplot(xlabel="hidden neurons", ylabel="share of cells with a minimum")
middle = [share.share for share in shares]
axes.fill_between(widths, [s.low for s in shares], [s.high for s in shares], alpha=0.3)
axes.plot(widths, middle, "o-")
figure
