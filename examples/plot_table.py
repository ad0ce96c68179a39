"""
A table, and rows under conditions
==================================

Wines with their cultivar as a category and a few unknown values. The frame goes in as
it is; rows of one cultivar are drawn by asking for it.
"""

# %%
# A frame of numbers, a category and what is missing
# --------------------------------------------------

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.datasets import load_wine

from skgan import GANSampler

wine = load_wine(as_frame=True)
frame = wine.data[["alcohol", "malic_acid", "color_intensity", "proline"]].copy()
frame["cultivar"] = pd.Categorical.from_codes(
    wine.target, ["Barolo", "Grignolino", "Barbera"]
)
frame.loc[::9, "malic_acid"] = np.nan
frame.dtypes

# %%
# The same columns, dtypes and levels come back
# ---------------------------------------------

sampler = GANSampler(random_state=0).fit(frame)
sampler.sample(5, random_state=0)

# %%
# One cultivar at a time
# ----------------------

figure, axes = plt.subplots(
    1, 3, sharex=True, sharey=True, figsize=(9, 3.2), layout="constrained"
)
for axis, cultivar in zip(axes, frame["cultivar"].cat.categories, strict=True):
    real = frame[frame["cultivar"] == cultivar]
    drawn = sampler.sample(len(real), given={"cultivar": cultivar}, random_state=0)
    axis.scatter(
        real["alcohol"], real["color_intensity"], s=12, color="#0072B2", label="real"
    )
    axis.scatter(
        drawn["alcohol"], drawn["color_intensity"], s=12, color="#D55E00", label="drawn"
    )
    axis.set(title=cultivar, xlabel="alcohol, %")
axes[0].set_ylabel("colour intensity")
axes[0].legend()
plt.show()
