"""
A CSV file as it comes
======================

Orders with a key, dates and amounts as text, a word for what is missing, and a total.
`pandas.read_csv` is told nothing, and neither is the sampler.
"""

# %%
from io import StringIO

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from skgan import GANSampler

rng = np.random.default_rng(0)
n = 600
ordered = pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(365, size=n), "D")
sent = ordered + pd.to_timedelta(rng.gamma(2, 2, n).astype(int), "D")
orders = pd.DataFrame(
    {
        "order_id": range(1, n + 1),
        "ordered": ordered.strftime("%d.%m.%Y"),
        "sent": sent.strftime("%d.%m.%Y"),
        "price": rng.lognormal(3, 1, n).round(2),
        "count": rng.integers(1, 6, n),
        "discount": [f"{share:.1f}%" for share in rng.beta(2, 8, n) * 100],
        "weight": [f"{kilos:.1f}" for kilos in rng.gamma(2, 3, n)],
    }
)
orders["total"] = (orders["price"] * orders["count"]).round(2)
orders.loc[rng.random(n) < 0.05, "weight"] = "?"
rows = pd.read_csv(StringIO(orders.to_csv(index=False)))
rows.dtypes

# %%
# Texts are learnt as the dates and numbers that they spell, and drawn in the same
# spelling. Keys go on.
sampler = GANSampler(random_state=0).fit(rows)
synthetic = sampler.sample(600, random_state=0)
synthetic.head()

# %%
# What was found: keys, a column that follows from others, and two dates of which one is
# never before the other.
encoder = sampler.encoder_
print(encoder.identifiers_, encoder.dependencies_, encoder.orders_)

# %%
# So nothing was sent before it was ordered, and all totals are right.


def days(frame):
    """Return how long orders took."""
    dates = frame[["ordered", "sent"]].apply(pd.to_datetime, format="%d.%m.%Y")
    return (dates["sent"] - dates["ordered"]).dt.days


figure, ax = plt.subplots(figsize=(6.5, 3.2), layout="constrained")
bins = np.arange(-2.5, 20.5)
ax.hist(days(rows), bins, color="#0072B2", alpha=0.5, label="real")
ax.hist(days(synthetic), bins, histtype="step", color="#D55E00", lw=2, label="drawn")
ax.axvline(-0.5, color="0.6", linewidth=1)
ax.set(xlabel="days from order to dispatch", ylabel="orders")
ax.legend(frameon=False)
plt.show()
