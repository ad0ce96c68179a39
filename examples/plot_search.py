"""
A search that does not reward copying
=====================================

Settings are compared by the energy distance between rows held out and a sample. Copies
of the training rows do well there, so a second score watches: β-recall, which is
higher on training rows than on held-out ones if rows were copied.
"""

# %%
import matplotlib.pyplot as plt
from sklearn.datasets import make_moons
from sklearn.model_selection import GridSearchCV
from sklearn.neighbors import KernelDensity

from skgan import GANSampler
from skgan.metrics import SCORERS, make_sampler_scorer, refit_without_copying

X, _ = make_moons(800, noise=0.08, random_state=0)

# %%
# Four settings of GANSampler, and kernel densities of three bandwidths, the smallest of
# which draws its training rows again, with a jitter nobody sees.
gan = GANSampler(prior="normal", max_iter=300, batch_size=128, random_state=0)
search = GridSearchCV(
    gan,
    {"learning_rate": [3e-4, 2e-3], "penalty_weight": [0.02, 0.5]},
    scoring={
        "energy_distance": make_sampler_scorer("energy_distance", n_samples=2000),
        "beta_recall": SCORERS["beta_recall"],
    },
    refit=refit_without_copying("energy_distance"),
    return_train_score=True,
    cv=2,
)
densities = GridSearchCV(
    KernelDensity(),
    {"bandwidth": [0.001, 0.1, 0.3]},
    scoring=search.scoring,
    refit=search.refit,
    return_train_score=True,
    cv=2,
)
search.fit(X)
densities.fit(X)
print(search.best_params_, densities.best_params_)

# %%
# Candidates are compared after few updates; the winner gets more of them.
sampler = search.best_estimator_.set_params(max_iter=1200).fit(X)

# %%
# Left of the line is what does not copy; of that, the highest is chosen.
figure, (scores, rows) = plt.subplots(1, 2, figsize=(9, 3.4), layout="constrained")
for name, found, color in (
    ("GANSampler", search, "#D55E00"),
    ("KernelDensity", densities, "#009E73"),
):
    results = found.cv_results_
    gap = results["mean_train_beta_recall"] - results["mean_test_beta_recall"]
    scores.scatter(gap, results["mean_test_energy_distance"], color=color, label=name)
scores.axvline(search.refit.tolerance, color="0.5", linestyle="--")
scores.annotate(
    "copies its\ntraining rows",
    (gap[0], results["mean_test_energy_distance"][0]),
    xytext=(0, -12),
    textcoords="offset points",
    ha="center",
    va="top",
)
scores.set(
    xlabel="β-recall, training minus held-out rows",
    ylabel="minus the energy distance",
    title="candidates",
)
scores.margins(x=0.25)
scores.legend(loc="lower right")
drawn = sampler.sample(len(X), random_state=0)
rows.scatter(*X.T, s=3, color="#0072B2", label="real")
rows.scatter(*drawn.T, s=3, color="#D55E00", label="synthetic")
rows.set(aspect="equal", title="the GANSampler that was chosen")
rows.legend(loc="lower left", markerscale=3)
plt.show()
