"""Every common check over every estimator."""

from sklearn.utils.estimator_checks import parametrize_with_checks

from skgan import GANSampler
from skgan.encoding import ImageEncoder, VectorEncoder


@parametrize_with_checks(
    [
        GANSampler(max_iter=20, hidden_dims=(16, 16), batch_size=32, random_state=0),
        VectorEncoder(),
        ImageEncoder(),
    ]
)
def test_scikit_learn_checks(estimator, check):
    check(estimator)
