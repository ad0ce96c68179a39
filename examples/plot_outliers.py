"""
Outliers among digits
=====================

:class:`~skgan.GANOutlierDetector` learns one kind of image. What its generator cannot
make is an outlier: here it learns nines, and is shown nines and other digits.
"""

# %%
import matplotlib.pyplot as plt
import numpy as np
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import train_test_split

from skgan import GANOutlierDetector
from skgan.datasets import load_digit_images
from skgan.plotting import OutlierDisplay

images, y = load_digit_images(return_X_y=True)
nines, test_nines = train_test_split(images[y == 9], random_state=0)
detector = GANOutlierDetector(random_state=0).fit(nines)

# %%
# Scores are higher the more normal an image is.
others = images[y != 9]
test = np.concatenate([test_nines, others])
is_inlier = np.arange(len(test)) < len(test_nines)
scores = detector.score_samples(test)
print(f"area under the ROC curve: {roc_auc_score(is_inlier, scores):.3f}")
print(f"others found: {(detector.predict(others) == -1).mean():.0%}")
print(f"false alarms: {(detector.predict(test_nines) == -1).mean():.0%}")

# %%
# One of each digit, what the detector makes of it, and what is left: red is too much
# ink for a nine, blue too little. Below is the decision, negative for outliers.
one_each = images[[np.flatnonzero(y == digit)[0] for digit in range(10)]]
OutlierDisplay.from_estimator(detector, one_each, n_images=10)
plt.show()
