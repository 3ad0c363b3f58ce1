"""Draws perplexity against the size of the layers, stage by stage, from the figures in README.md. Needs matplotlib.

    python plot.py ../../../docs/img/spiking-sizes.svg
"""

import sys

from matplotlib import pyplot

# Validation perplexities of the runs of 2026-11-29 and, with a teacher, of 2026-11-30;
# parameters of the layers in millions.
# None: not finished, or not run.
SIZES = [0.67, 2.66, 5.98]
STAGES = {
    "ASA, GELU": [119.4, 115.8, 118.6],
    "blocks converted": [121.6, 114.9, 118.2],
    "SSA, attention tuned": [172.0, 147.9, 144.3],
    "all but the blocks tuned": [170.9, 165.7, None],
    # Of 256 sequences, twelve minutes before the end; the twin has 114.8 there.
    "trained further with a teacher": [None, 132.1, None],
}


def main():
    pyplot.rcParams["svg.hashsalt"] = "spiking-sizes"
    figure, axes = pyplot.subplots(figsize=(6.4, 3.6))
    for marker, (name, values) in zip("osD^*", STAGES.items()):
        points = [(x, y) for x, y in zip(SIZES, values) if y is not None]
        axes.plot(*zip(*points), marker=marker, label=name)
    axes.set(xscale="log", xlabel="parameters of the layers (millions)", ylabel="perplexity, validation text", ylim=(100, 180))
    axes.set_xticks(SIZES, [str(x) for x in SIZES])
    axes.minorticks_off()
    axes.grid(alpha=0.3)
    axes.legend(fontsize=8)
    figure.tight_layout()
    figure.savefig(sys.argv[1], metadata={"Date": None})


if __name__ == "__main__":
    main()
