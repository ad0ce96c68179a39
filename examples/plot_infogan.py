"""
Digits without labels
=====================

:class:`~skgan.InfoGANSampler` finds categories in images that nobody labelled, and
draws by them: a clustering and a generator at once.
"""

# %%
from sklearn.metrics import normalized_mutual_info_score

from skgan import InfoGANSampler
from skgan.datasets import load_digit_images
from skgan.plotting import LatentTraversalDisplay

images, y = load_digit_images(return_X_y=True)
sampler = InfoGANSampler(max_iter=1500, random_state=0).fit(images)

# %%
# The labels are looked at only now: what do the categories tell of the digits?
print(f"{normalized_mutual_info_score(y, sampler.labels_):.2f} of 1")

# %%
# A row is a category with one latent, along which one continuous code changes.
LatentTraversalDisplay.from_estimator(sampler, code=0)

# %%
# A column is a latent: what stays the same from digit to digit is its style.
LatentTraversalDisplay.from_estimator(sampler, code=None)
