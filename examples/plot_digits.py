"""
Handwritten digits
==================

Images in, images out: :class:`~skgan.GANSampler` takes an array of shape
(n, height, width) as it is, here scikit-learn's digits of 8 by 8 pixels, and samples
come back in the same shape and dtype.
"""

# %%
from sklearn.model_selection import train_test_split

from skgan import GANSampler
from skgan.datasets import load_digit_images
from skgan.plotting import SamplesDisplay, TrainingDisplay

train, test = train_test_split(load_digit_images().data, random_state=0)
sampler = GANSampler(max_iter=1500, random_state=0).fit(train)
sampler.sample(1000).shape

# %%
# The score is minus a distance between the held-out digits and a sample; 0 is perfect.
print(f"score: {sampler.score(test):.3f}")

# %%
# The losses of two players who learn from each other do not fall to zero. That they
# level off is good.
TrainingDisplay.from_estimator(sampler)

# %%
SamplesDisplay.from_estimator(sampler, test)
