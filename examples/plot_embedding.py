"""
All columns at once
===================

The plane of the two principal components shows whether a group is missing, or made up:
here of handwritten digits, 64 pixels each, real ones that were held out among
synthetic ones.
"""

# %%
import matplotlib.pyplot as plt
from sklearn.mixture import GaussianMixture
from sklearn.model_selection import train_test_split

from skgan import GANSampler
from skgan.datasets import load_digit_images
from skgan.plotting import EmbeddingDisplay

train, test = train_test_split(load_digit_images().data, random_state=0)
sampler = GANSampler(max_iter=1200, random_state=0).fit(train)

# %%
# On the right a single normal distribution in place of the sampler: it fills the gap
# between the groups.
normal = GaussianMixture(reg_covar=1e-3, random_state=0)
normal.fit(train.reshape(len(train), -1))
drawn = normal.sample(len(test))[0].reshape(test.shape)

figure, axes = plt.subplots(1, 2, figsize=(9, 4.5), layout="constrained")
EmbeddingDisplay.from_estimator(sampler, test, ax=axes[0])
EmbeddingDisplay.from_samples(drawn, real=test, ax=axes[1])
axes[0].set_title("GANSampler", pad=28)
axes[1].set_title("normal distribution", pad=28)
plt.show()
