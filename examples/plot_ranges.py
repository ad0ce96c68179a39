"""
What if: rows given ranges
==========================

The question that tables are asked most: what does the rest look like, given this? A
condition can be a category, a value, or a range of a number, and several of them at
once. Here: the blood sugar of patients, by age and sex.
"""

# %%
# Columns of the plain array have names in its description; the table gets them here.
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.datasets import load_diabetes

from skgan import GANSampler
from skgan.encoding import TableEncoder

patients = load_diabetes(as_frame=True, scaled=False)
frame = patients.data[["age", "bmi", "bp", "s6"]].rename(columns={"s6": "sugar"})
frame["sex"] = pd.Categorical.from_codes(
    (patients.data["sex"] == 2).astype(int), ["first", "second"]
)
frame = frame.astype({"age": int, "sugar": int})
encoder = TableEncoder(condition_on=["age", "sex"])
sampler = GANSampler(encoder=encoder, max_iter=1000, random_state=0).fit(frame)

# %%
# Ten rows of those that were asked for. What is given comes back exactly.
asked = {"age": (60, 79), "sex": "second"}
drawn = sampler.sample(1000, given=asked, random_state=0)
print(drawn["age"].min(), drawn["age"].max(), set(drawn["sex"]))
drawn.head(10)

# %%
# Quartiles of blood sugar, in four ranges of age for either sex. With a few dozen real
# patients each, the real ones are not certain themselves: bars are two standard errors
# of their median.
ranges = [(19, 34), (35, 49), (50, 59), (60, 79)]
figure, axes = plt.subplots(1, 2, figsize=(8, 3.3), sharey=True, layout="constrained")
for ax, sex in zip(axes, frame["sex"].cat.categories, strict=True):
    for i, (low, high) in enumerate(ranges):
        real = frame[(frame["sex"] == sex) & frame["age"].between(low, high)]["sugar"]
        given = {"age": (low, high), "sex": sex}
        made = sampler.sample(1000, given=given, random_state=0)["sugar"]
        for rows, x, color in ((real, i - 0.1, "#0072B2"), (made, i + 0.1, "#D55E00")):
            ax.vlines(
                x, *np.percentile(rows, [25, 75]), color=color, linewidth=6, alpha=0.3
            )
            ax.plot(x, rows.median(), "o", color=color)
        error = 2 * 1.25 * real.std() / len(real) ** 0.5
        ax.errorbar(i - 0.1, real.median(), error, color="#0072B2", capsize=3)
    ax.set_xticks(range(4), [f"{low}–{high}" for low, high in ranges])
    ax.set(title=f"{sex} sex", xlabel="age")
axes[0].set_ylabel("blood sugar")
axes[1].plot([], [], "o", color="#0072B2", label="real")
axes[1].plot([], [], "o", color="#D55E00", label="drawn, given age and sex")
figure.legend(loc="outside upper center", ncols=2, frameon=False)
plt.show()
