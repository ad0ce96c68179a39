"""
When to stop
============

Losses do not say when a fit is done. A score on rows held out does, and
`early_stopping=True` watches it, keeps the best generator, and ends the fit when
nothing improves any more. A callback of one's own looks over its shoulder.
"""

# %%
import matplotlib.pyplot as plt
import numpy as np
import torch
from skorch.callbacks import Callback

from skgan import GANSampler
from skgan.datasets import load_digit_images
from skgan.plotting import TrainingDisplay

images = load_digit_images().data


# %%
# Any callback of skorch works. This one draws the same ten latents at the end of
# every third epoch; whoever draws brings a stream of random numbers, so that watching
# does not change what is watched.
class Snapshots(Callback):
    """Generated images of the same latents, from time to time."""

    def on_train_begin(self, net, **kwargs):
        """Choose the latents."""
        self.images_ = []
        self.latents_ = net.draw_latents(10, torch.Generator().manual_seed(0))

    @torch.no_grad()
    def on_epoch_end(self, net, **kwargs):
        """Draw."""
        if len(net.history) % 3 == 1:
            drawn = net.sampling_generator_(self.latents_)
            self.images_.append(drawn.reshape(-1, 8, 8).numpy())


snapshots = Snapshots()
sampler = GANSampler(
    early_stopping=True,
    n_iter_no_change=3,
    max_iter=1500,
    callbacks=[("snapshots", snapshots)],
    random_state=0,
).fit(images)
print(f"{sampler.n_iter_} updates")

# %%
# Above, both losses; below, the score, minus the energy distance to the rows held out.
# The losses go on as before where the score has long stopped to rise.
history = sampler.history_
updates = np.cumsum([epoch["train_batch_count"] for epoch in history])
scored = [i for i, epoch in enumerate(history) if "valid_score" in epoch]
scores = [history[i, "valid_score"] for i in scored]
best = scored[int(np.argmax(scores))]

figure, (above, below) = plt.subplots(
    2, 1, figsize=(7, 4.5), sharex=True, layout="constrained"
)
TrainingDisplay.from_estimator(sampler, ax=above)
above.set(xlabel=None)
below.plot(updates[scored], scores, "o-", color="#009E73")
below.axvline(updates[best], color="0.5", linestyle="--")
below.annotate(
    "kept",
    (updates[best], min(scores)),
    xytext=(-4, 0),
    textcoords="offset points",
    ha="right",
)
below.set(xlabel="generator updates", ylabel="score, rows held out")
plt.show()

# %%
# Ten latents on their way, a row a snapshot.
margins = [(0, 0), (0, 0), (1, 1), (1, 1)]
tiles = np.pad(np.array(snapshots.images_), margins, constant_values=-1)
tiles = tiles.transpose(0, 2, 1, 3)
height, width = tiles.shape[0] * 10, tiles.shape[2] * 10
figure, ax = plt.subplots(figsize=(6, 6 * height / width), layout="constrained")
ax.imshow(tiles.reshape(height, width), cmap="gray_r")
n_snapshots = len(snapshots.images_)
ax.set(
    xticks=[],
    yticks=np.arange(4.5, height, 10),
    yticklabels=updates[::3][:n_snapshots],
    ylabel="updates",
)
ax.tick_params(length=0)
plt.show()
