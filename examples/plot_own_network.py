"""
A generator that cannot be wrong
================================

What is known of the data need not be learnt. Directions of the wind are points of a
circle; a generator of one's own puts every sample there, whatever its weights are.
"""

# %%
# Winds of three quarters, as east and north components of length one.
import matplotlib.pyplot as plt
import numpy as np
from torch.nn.functional import normalize

from skgan import GANSampler
from skgan.encoding import BaseEncoder
from skgan.metrics import energy_distance
from skgan.modules import ResidualMLPGenerator


def draw_winds(n_samples, rng):
    """Return directions of winds, (n_samples, 2)."""
    quarter = rng.choice(3, n_samples, p=[0.5, 0.3, 0.2])
    angle = rng.vonmises(np.array([0.6, 2.4, -1.8])[quarter], 40)
    return np.column_stack([np.cos(angle), np.sin(angle)])


rng = np.random.default_rng(0)
X, test = draw_winds(2000, rng), draw_winds(2000, rng)


# %%
# The generator is a registered one with one line more; the encoder leaves components
# as they are, since a circle is none any more once columns are rescaled.
class CircleGenerator(ResidualMLPGenerator):
    """Rows of length one."""

    def forward(self, z, condition=None):
        """Return rows of latents."""
        return normalize(super().forward(z, condition), dim=1)


class PlainEncoder(BaseEncoder):
    """Rows as they are."""

    def _fit_rows(self, values):
        self.tensor_shape_ = (values.shape[1],)

    def _encode(self, values):
        return values

    def _decode(self, rows):
        return rows


# %%
settings = dict(max_iter=600, random_state=0)
samplers = {
    "as it comes": GANSampler(**settings),
    "on the circle": GANSampler(
        generator=CircleGenerator, encoder=PlainEncoder(), **settings
    ),
}
figure, axes = plt.subplots(
    1, 3, figsize=(9, 3.3), sharex=True, sharey=True, layout="constrained"
)
axes[0].scatter(*X.T, s=2, color="#0072B2")
axes[0].set(title="real")
for ax, (name, sampler) in zip(axes[1:], samplers.items(), strict=True):
    drawn = sampler.fit(X).sample(2000, random_state=0)
    length = np.linalg.norm(drawn, axis=1)
    print(
        f"{name}: lengths from {length.min():.3f} to {length.max():.3f}, "
        f"energy distance {energy_distance(test, drawn):.4f}"
    )
    ax.scatter(*drawn.T, s=2, color="#D55E00")
    ax.set(title=name)
for ax in axes:
    ax.set(aspect="equal", xlim=(-1.25, 1.25), ylim=(-1.25, 1.25))
plt.show()
