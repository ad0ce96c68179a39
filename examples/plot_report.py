"""
A report to show
================

One page on how good the samples of a sampler are: verdicts first, then what they rest
on. It is a file of its own, for colleagues who have no Python, and shows itself in a
notebook, or here.
"""

# %%
import pandas as pd
from sklearn.datasets import load_breast_cancer
from sklearn.model_selection import train_test_split

import skgan

cancer = load_breast_cancer(as_frame=True)
names = ["radius", "texture", "smoothness", "concavity", "symmetry"]
frame = cancer.data[[f"mean {name}" for name in names]].set_axis(names, axis=1)
frame["diagnosis"] = pd.Categorical.from_codes(cancer.target, cancer.target_names)
train, test = train_test_split(frame, test_size=0.5, random_state=0)
sampler = skgan.GANSampler(prior="normal", max_iter=1500, random_state=0).fit(train)

# %%
# ``report.save("report.html")`` writes it.
report = skgan.report(sampler, test, train, title="Synthetic tumours")
report

# %%
# The verdicts are values, too.
report.diagnosis
