"""
Thirty columns, three samplers
==============================

A Gaussian mixture, a kernel density and a GAN learn the same 284 tumours. The first two
get the setting that a search by likelihood finds best; the GAN has what it chooses
itself. Trees then try to tell their samples from tumours that none of them has seen.
"""

# %%
import matplotlib.pyplot as plt
from sklearn.datasets import load_breast_cancer
from sklearn.mixture import GaussianMixture
from sklearn.model_selection import GridSearchCV, train_test_split
from sklearn.neighbors import KernelDensity
from sklearn.preprocessing import StandardScaler

from skgan import GANSampler, make_sampler_pipeline
from skgan.metrics import c2st, energy_distance

X = load_breast_cancer(as_frame=True).data
train, test = train_test_split(X, train_size=284, random_state=0)

# %%
# scikit-learn's densities want standardised columns; in a pipeline of skgan's, samples
# go back to the units of the data.
mixture = make_sampler_pipeline(StandardScaler(), GaussianMixture(random_state=0))
kernels = make_sampler_pipeline(StandardScaler(), KernelDensity())
mixture_search = GridSearchCV(
    mixture, {"gaussianmixture__n_components": [1, 2, 3, 5]}, cv=3
).fit(train)
kernels_search = GridSearchCV(
    kernels, {"kerneldensity__bandwidth": [0.25, 0.5, 1.0]}, cv=3
).fit(train)
drawn = {
    "GaussianMixture": mixture_search.best_estimator_.sample(len(test))[0],
    "KernelDensity": kernels_search.best_estimator_.sample(len(test), random_state=0),
    "GANSampler": GANSampler(prior="normal", random_state=0)
    .fit(train)
    .sample(len(test)),
}

# %%
# One is the most that C2ST can be: trees do no better than a coin. A distance of 0 is
# that of two sets of real rows.
for name, rows in drawn.items():
    told = c2st(test, rows, random_state=0)
    scaled = [StandardScaler().fit(train).transform(part) for part in (test, rows)]
    print(f"{name}: C2ST {told:.2f}, energy distance {energy_distance(*scaled):.3f}")

# %%
# What gives the densities away is seen in two columns already: tumours have no negative
# size, and many share small values.
names = ["mean concavity", "area error"]
figure, axes = plt.subplots(
    1, 4, figsize=(10, 3), sharex=True, sharey=True, layout="constrained"
)
for ax, (name, rows) in zip(axes, {"real": test, **drawn}.items(), strict=True):
    color = "#0072B2" if name == "real" else "#D55E00"
    ax.axvspan(-1, 0, color="0.9")
    ax.axhspan(-1000, 0, color="0.9")
    ax.scatter(rows[names[0]], rows[names[1]], s=4, color=color)
    ax.set(title=name, xlabel=names[0], xlim=(-0.15, 0.4), ylim=(-70, 160))
axes[0].set_ylabel(names[1])
plt.show()
