"""
Columns and pairs of columns
============================

Synthetic tumours beside real ones that the sampler has not seen: each column by
itself, then by twos.
"""

# %%
import numpy as np
import pandas as pd
from sklearn.datasets import load_breast_cancer
from sklearn.model_selection import train_test_split

from skgan import GANSampler
from skgan.plotting import MarginalsDisplay, PairsDisplay

cancer = load_breast_cancer(as_frame=True)
names = ["radius", "texture", "smoothness", "concavity", "symmetry"]
frame = cancer.data[[f"mean {name}" for name in names]].set_axis(names, axis=1)
frame["diagnosis"] = pd.Categorical.from_codes(cancer.target, cancer.target_names)
frame.loc[::9, "texture"] = np.nan
train, test = train_test_split(frame, test_size=0.5, random_state=0)
sampler = GANSampler(max_iter=800, random_state=0).fit(train)

# %%
# Each column, with its score: 1 where both are alike. What is missing stands to the
# right.
MarginalsDisplay.from_estimator(sampler, test, n_samples=1000)

# %%
# What two columns have to do with each other: pale where that is alike in both sets.
display = PairsDisplay.from_estimator(sampler, test, n_samples=1000)

# %%
# The tumours themselves, in two pairs of columns.
display.plot_pairs([("radius", "concavity"), ("diagnosis", "radius")])
