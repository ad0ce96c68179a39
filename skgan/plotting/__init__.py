"""Pictures of samples and of training, as scikit-learn's Display classes.

They need matplotlib, ``pip install "skgan[plot]"``, and only when they draw.
"""

# Names that are not in __all__ are for other rooms.
from skgan.plotting._attribution import AttributionDisplay
from skgan.plotting._comparison import title_of as title_of
from skgan.plotting._embedding import EmbeddingDisplay
from skgan.plotting._loss_curves import TrainingDisplay
from skgan.plotting._marginals import MarginalsDisplay
from skgan.plotting._matplotlib import FIRST_COLOR as FIRST_COLOR
from skgan.plotting._matplotlib import SECOND_COLOR as SECOND_COLOR
from skgan.plotting._matplotlib import check_matplotlib as check_matplotlib
from skgan.plotting._outliers import OutlierDisplay
from skgan.plotting._pairs import PairsDisplay
from skgan.plotting._samples import SamplesDisplay
from skgan.plotting._traversal import LatentTraversalDisplay

__all__ = [
    "AttributionDisplay",
    "EmbeddingDisplay",
    "LatentTraversalDisplay",
    "MarginalsDisplay",
    "OutlierDisplay",
    "PairsDisplay",
    "SamplesDisplay",
    "TrainingDisplay",
]
