"""Drawing and fitting at once, from several threads."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch

from skgan import GANSampler

N_THREADS = 8


def make_sampler(seed=0):
    return GANSampler(
        generator="mlp",
        discriminator="mlp",
        hidden_dims=(32, 32),
        latent_dim=8,
        batch_size=32,
        max_iter=10,
        random_state=seed,
    )


def make_rows():
    return np.random.default_rng(0).normal(size=(80, 4))


@pytest.fixture(scope="module")
def fitted():
    return make_sampler().fit(make_rows())


def in_threads(function, arguments):
    with ThreadPoolExecutor(N_THREADS) as pool:
        return list(pool.map(function, arguments))


def test_one_seed_in_many_threads(fitted):
    def draw(_):
        return fitted.sample(5000, random_state=3)

    alone = draw(0)
    for drawn in in_threads(draw, range(N_THREADS)):
        np.testing.assert_array_equal(drawn, alone)


def test_many_seeds_in_many_threads(fitted):
    def draw(seed):
        return fitted.sample(500 + 300 * seed, random_state=seed)

    for seed, drawn in enumerate(in_threads(draw, range(2 * N_THREADS))):
        np.testing.assert_array_equal(drawn, draw(seed))


def test_unseeded_draws_share_out_the_stream():
    a, b = make_sampler().fit(make_rows()), make_sampler().fit(make_rows())
    together = in_threads(lambda _: a.sample(3).tobytes(), range(32))
    assert sorted(together) == sorted(b.sample(3).tobytes() for _ in range(32))
    assert len(set(together)) == 32


def test_score_and_transform_in_many_threads(fitted):
    rows = make_rows()

    def judge(_):
        return fitted.score(rows), fitted.transform(rows)

    score, features = judge(0)
    for other_score, other_features in in_threads(judge, range(N_THREADS)):
        assert other_score == score
        np.testing.assert_array_equal(other_features, features)


def test_fits_in_many_threads_equal_fits_alone():
    def draw(seed):
        return make_sampler(seed).fit(make_rows()).sample(50)

    before = torch.get_rng_state()
    together = in_threads(draw, range(N_THREADS))
    assert torch.equal(torch.get_rng_state(), before)
    for seed in (0, N_THREADS - 1):
        np.testing.assert_array_equal(together[seed], draw(seed))


SCRIPT = """
    import warnings
    from concurrent.futures import ThreadPoolExecutor
    import numpy as np
    import torch
    from skgan import GANSampler

    warnings.simplefilter("error")
    rows = np.random.default_rng(0).normal(size=(300, 20)).cumsum(axis=1)
    sampler = GANSampler(
        generator="mlp", discriminator="mlp", hidden_dims=(256, 256), max_iter=1,
        random_state=0,
    ).fit(rows)
    for n_threads in (1, 2):
        torch.set_num_threads(n_threads)
        alone = sampler.sample(1500, random_state=1)
        with ThreadPoolExecutor(8) as pool:
            for drawn in pool.map(
                lambda _: sampler.sample(1500, random_state=1), range(8)
            ):
                assert (drawn == alone).all(), n_threads
        short = sampler.sample(1025, random_state=1)
        assert (short == alone[:1025]).all(), n_threads
    print("same")
"""


def test_whatever_torch_does_with_threads_of_its_own(run_script):
    output, errors = run_script(SCRIPT, OMP_NUM_THREADS="2")
    assert output == "same", errors
