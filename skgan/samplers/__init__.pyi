from skgan.samplers._conditional import ConditionalGANSampler
from skgan.samplers._conditions import LabelledRows as LabelledRows
from skgan.samplers._diagnosis_mixin import DiagnosisMixin as DiagnosisMixin
from skgan.samplers._gan import GANSampler
from skgan.samplers._imputer import GANImputer
from skgan.samplers._infogan import InfoGANSampler
from skgan.samplers._inversion import Inverter as Inverter
from skgan.samplers._inversion import InverterRunner as InverterRunner
from skgan.samplers._outlier import GANOutlierDetector
from skgan.samplers._prior_conditions import condition_on_labels as condition_on_labels
from skgan.samplers._sample_rows import SampleRows as SampleRows
from skgan.samplers._stages import StageDraws as StageDraws

__all__ = [
    "ConditionalGANSampler",
    "GANImputer",
    "GANOutlierDetector",
    "GANSampler",
    "InfoGANSampler",
]
