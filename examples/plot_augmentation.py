"""
Twenty digits of each kind, and more of them
============================================

Two hundred images are few for ten classes. A conditional sampler learns them, draws
more, and two classifiers train on both; they are judged on real images alone. Here both
lose, for drawn digits are less clear than real ones. So try augmentation before you
rely on it: ``n_synthetic="auto"`` does, on rows held out of the training rows.
"""

# %%
# Two hundred rows to learn from
# ------------------------------

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import train_test_split

from skgan import AugmentedClassifier, ConditionalGANSampler

X, y = load_digits(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(
    X, y, train_size=200, stratify=y, random_state=0
)

# %%
# Both classifiers shall have the same sampler, so it is fitted once, to the training
# rows alone, and frozen. In a cross-validation it would be handed over unfitted.

sampler = ConditionalGANSampler(random_state=0).fit(X_train, y_train)
drawn, labels = sampler.sample(y=np.arange(10).repeat(5), random_state=0)

figure, axes = plt.subplots(5, 10, figsize=(7, 3.5), layout="constrained")
for axis, image in zip(axes.T.flat, drawn, strict=True):
    axis.imshow(image.reshape(8, 8), cmap="gray_r")
    axis.axis("off")
for digit, axis in enumerate(axes[0]):
    axis.set_title(digit)
plt.show()

# %%
# How many more?
# --------------

shares = [0, 1.0, 4.0]
models = {
    "boosted trees": HistGradientBoostingClassifier(max_iter=30, random_state=0),
    "random forest": RandomForestClassifier(random_state=0),
}
accuracy = {
    name: [
        AugmentedClassifier(
            model, FrozenEstimator(sampler), n_synthetic=share, random_state=0
        )
        .fit(X_train, y_train)
        .score(X_test, y_test)
        for share in shares
    ]
    for name, model in models.items()
}
accuracy

# %%
figure, axis = plt.subplots(figsize=(5, 3.2), layout="constrained")
for (name, values), color in zip(accuracy.items(), ("#0072B2", "#D55E00"), strict=True):
    axis.plot(shares, values, "o-", color=color, label=name)
axis.set(
    xlabel="synthetic rows for each real one",
    ylabel="accuracy on real images",
    xticks=shares,
)
axis.legend()
plt.show()

# %%
# One split and one seed say little: ``benchmarks/tables/augmentation.py`` has ten of
# them for each of several sets, and cheaper means beside. The page *Augmenting without
# leaking* says when to expect a gain, and when not.
