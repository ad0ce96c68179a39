"""
What is missing stays missing
=============================

Which values are missing often has reasons. Here tumours of little texture were often
not measured for symmetry, and nobody imputed anything: the sampler learns where values
are missing, as it learns the values.
"""

# %%
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.datasets import load_breast_cancer

from skgan import GANSampler

cancer = load_breast_cancer(as_frame=True)
frame = pd.DataFrame(
    {
        "texture": cancer.data["mean texture"],
        "symmetry": cancer.data["mean symmetry"],
        "radius": cancer.data["mean radius"],
        "diagnosis": pd.Categorical.from_codes(cancer.target, cancer.target_names),
    }
)
rng = np.random.default_rng(0)
likely = 0.75 / (1 + np.exp(1.2 * (frame["texture"] - 17)))
frame["symmetry"] = frame["symmetry"].mask(rng.random(len(frame)) < likely)
sampler = GANSampler(max_iter=1000, random_state=0).fit(frame)
synthetic = sampler.sample(3000, random_state=0)
synthetic.isna().mean().round(2)

# %%
# The share that is missing by itself would be kept by leaving values out at random.
# Where it is missing would not.
edges = np.quantile(frame["texture"], np.linspace(0, 1, 9))
middles = (edges[1:] + edges[:-1]) / 2


def missing_share(rows):
    """Return how much symmetry is missing, by texture."""
    bins = np.digitize(rows["texture"], edges[1:-1])
    return rows["symmetry"].isna().groupby(bins).mean()


figure, ax = plt.subplots(figsize=(6.5, 3.4), layout="constrained")
ax.plot(middles, missing_share(frame), "o-", color="#0072B2", label="real")
ax.plot(middles, missing_share(synthetic), "s--", color="#D55E00", label="synthetic")
ax.axhline(frame["symmetry"].isna().mean(), color="0.6", linewidth=1)
ax.annotate(
    "at random", (middles[-1], frame["symmetry"].isna().mean()), va="bottom", ha="right"
)
ax.set(
    xlabel="mean texture",
    ylabel="symmetry is missing in",
    ylim=(0, 1),
    yticks=[0, 0.5, 1],
)
ax.yaxis.set_major_formatter("{x:.0%}")
ax.legend(frameon=False)
plt.show()
