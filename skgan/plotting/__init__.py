"""Pictures of samples and of training, as scikit-learn's Display classes.

They need matplotlib, ``pip install "skgan[plot]"``, and only when they draw.
"""

from skgan.plotting._samples import SamplesDisplay
from skgan.plotting._training import TrainingDisplay

__all__ = ["SamplesDisplay", "TrainingDisplay"]
