"""
A fit that breaks off, and goes on
==================================

Fits are killed: by the power, by a queue's time limit, by Ctrl-C. One with a
`checkpoint` goes on from where it was when the same program is run again, and ends as
it would have ended, bit for bit.
"""

# %%
# The trouble is planted: a callback that breaks the fit off half way.
from tempfile import TemporaryDirectory

import matplotlib.pyplot as plt
import numpy as np
from skorch.callbacks import Callback

from skgan import GANSampler
from skgan.callbacks import TrainingCheckpoint
from skgan.datasets import make_ring

X, _ = make_ring(4000, random_state=0)


class Trouble(Callback):
    """Something that happens once, after 620 updates."""

    def on_batch_end(self, net, training=True, **kwargs):
        """Count the updates."""
        n_done = sum(epoch.get("train_batch_count", 0) for epoch in net.history)
        if n_done + len(net.history[-1]["batches"]) == 620:
            raise RuntimeError("the power fails")


# %%
# First as it should be: a fit of 1000 updates that nothing disturbs.
settings = dict(prior="normal", max_iter=1000, batch_size=128, random_state=0)
undisturbed = GANSampler(**settings).fit(X)

# %%
# Then with a checkpoint at the end of each epoch, here of a hundred updates.
folder = TemporaryDirectory()
checkpoint = TrainingCheckpoint(folder.name, seconds=0)
broken = GANSampler(checkpoint=checkpoint, callbacks=[Trouble()], **settings)
try:
    broken.fit(X)
except RuntimeError as error:
    print(f"{error}: {broken.n_iter_} updates done")

# %%
# The same program once more, without the trouble: it starts from update 600.
resumed = GANSampler(checkpoint=checkpoint, **settings).fit(X)
folder.cleanup()
draws = [s.sample(2000, random_state=0) for s in (undisturbed, resumed)]
print(f"the same bits: {np.array_equal(*draws)}")

# %%
# The gradient norms of both, epoch by epoch, lie upon one another.
figure, ax = plt.subplots(figsize=(6.5, 3.2), layout="constrained")
for name, sampler, style in (
    ("undisturbed", undisturbed, {"color": "#0072B2", "linewidth": 6, "alpha": 0.3}),
    ("resumed", resumed, {"color": "#D55E00", "linewidth": 1.5}),
):
    epochs = sampler.history_
    updates = np.cumsum([epoch["train_batch_count"] for epoch in epochs])
    ax.plot(
        updates, [epoch["fake_gradient_norm"] for epoch in epochs], **style, label=name
    )
ax.axvline(620, color="0.4", linestyle="--")
ax.text(628, 0.03, "the power fails", transform=ax.get_xaxis_transform())
ax.set(xlabel="generator updates", ylabel="slope of the discriminator")
ax.legend(frameon=False)
plt.show()
