"""The data path: every row, whole batches, no gap, no copy, no Python a row."""

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader, Subset

from skgan.loader import BatchLoader, OrderedLoader, TensorData


def numbered(n, condition=False):
    X = torch.arange(float(n))[:, None].repeat(1, 2)
    return TensorData(X, -X[:, :1] if condition else None)


def stream(seed=0):
    return torch.Generator().manual_seed(seed)


def drawn(loader):
    """First column of each batch of one epoch."""
    return [x[:, 0] for x, _ in loader]


class TestTensorData:
    def test_without_conditions_there_is_one_of_width_zero(self):
        data = TensorData(torch.zeros(3, 2))
        assert len(data) == 3 and data.y.shape == (3, 0)

    @pytest.mark.parametrize(
        "X",
        [
            [[1, 2], [3, 4]],
            np.array([[1, 2], [3, 4]], dtype=np.uint8),
            np.array([[1, 2], [3, 4]], dtype=np.float64),
            np.array([[1, 2], [3, 4]], dtype=">f4"),
            np.array([[3, 4], [1, 2]], dtype=np.float32)[::-1],
            torch.tensor([[1, 2], [3, 4]]),
        ],
    )
    def test_what_is_no_floating_tensor_becomes_float32(self, X):
        data = TensorData(X, X)
        for tensor in (data.X, data.y):
            assert tensor.dtype == torch.float32
            assert tensor.tolist() == [[1, 2], [3, 4]]

    @pytest.mark.parametrize("dtype", [torch.float64, torch.float16, torch.bfloat16])
    def test_floating_tensors_keep_their_dtype(self, dtype):
        assert TensorData(torch.zeros(3, 2, dtype=dtype)).X.dtype == dtype

    def test_float32_is_shared_not_copied(self):
        array = np.zeros((5, 2), dtype=np.float32)
        data = TensorData(array, array)
        array[2] = 7
        assert data.X[2].tolist() == data.y[2].tolist() == [7, 7]
        tensor = torch.zeros(5, 2)
        assert TensorData(tensor).X is tensor

    def test_read_only_arrays_are_left_alone(self):
        array = np.zeros((5, 2), dtype=np.float32)
        array.flags.writeable = False
        TensorData(array).X[0] = 1
        assert not array.any()

    def test_rows_and_conditions_must_be_as_many(self):
        with pytest.raises(ValueError, match=r"X has 3 rows but y has 2"):
            TensorData(torch.zeros(3, 2), torch.zeros(2, 1))

    def test_conditions_have_two_dimensions(self):
        with pytest.raises(ValueError, match=r"y must be of shape .* got \(3,\)"):
            TensorData(torch.zeros(3, 2), [0, 1, 2])

    @pytest.mark.parametrize("index", [1, slice(1, 3), [2, 0]])
    def test_index(self, index):
        data = numbered(4, condition=True)
        x, c = data[index]
        assert torch.equal(x, data.X[index]) and torch.equal(c, data.y[index])

    def test_a_data_loader_reads_it_too(self):
        data = numbered(5, condition=True)
        batches = list(DataLoader(data, batch_size=2))
        assert torch.equal(torch.cat([x for x, _ in batches]), data.X)
        assert torch.equal(torch.cat([c for _, c in batches]), data.y)

    def test_to_moves_both(self):
        data = numbered(5, condition=True)
        assert data.to("meta") is data
        assert data.X.device.type == data.y.device.type == "meta"


class TestBatchLoader:
    @pytest.mark.parametrize(("n", "size"), [(12, 4), (13, 4), (5, 3), (7, 7), (3, 8)])
    @pytest.mark.parametrize("shuffle", [False, True])
    def test_batches_are_full_and_hold_every_row(self, n, size, shuffle):
        loader = BatchLoader(numbered(n), size, shuffle, stream())
        batches = drawn(loader)
        assert len(batches) == len(loader) == -(-n // min(size, n))
        assert {len(batch) for batch in batches} == {min(size, n)}
        assert set(torch.cat(batches).tolist()) == set(range(n))

    def test_passes_follow_without_a_gap(self):
        loader = BatchLoader(numbered(13), 4, shuffle=True, generator=stream())
        rows = torch.cat([row for _ in range(13) for row in drawn(loader)])
        for window in rows[: len(rows) // 13 * 13].split(13):
            assert sorted(window.tolist()) == list(range(13))

    def test_every_pass_has_an_order_of_its_own(self):
        loader = BatchLoader(numbered(50), 50, shuffle=True, generator=stream())
        (first,), (second,) = drawn(loader), drawn(loader)
        assert not torch.equal(first, second)
        assert not torch.equal(first, torch.arange(50.0))

    def test_seed_fixes_the_order(self):
        def order(seed):
            return torch.cat(drawn(BatchLoader(numbered(40), 8, True, stream(seed))))

        assert torch.equal(order(3), order(3))
        assert not torch.equal(order(3), order(4))

    def test_orders_are_uniform(self):
        loader = BatchLoader(numbered(4), 4, shuffle=True, generator=stream())
        firsts = torch.stack([drawn(loader)[0][0] for _ in range(2000)])
        assert (torch.bincount(firsts.long()) - 500).abs().max() < 100

    def test_without_a_generator_global_streams_stay_and_orders_differ(self):
        before = torch.get_rng_state(), np.random.get_state()[1].copy()
        first, second = (
            torch.cat(drawn(BatchLoader(numbered(60), 8, shuffle=True)))
            for _ in range(2)
        )
        assert not torch.equal(first, second)
        assert torch.equal(torch.get_rng_state(), before[0])
        assert np.array_equal(np.random.get_state()[1], before[1])

    def test_unshuffled_epochs_start_at_the_first_row(self):
        loader = BatchLoader(numbered(5), 2)
        wanted = [[0, 1], [2, 3], [4, 0]]
        assert [batch.tolist() for batch in drawn(loader)] == wanted
        assert [batch.tolist() for batch in drawn(loader)] == wanted

    @pytest.mark.parametrize("shuffle", [False, True])
    def test_conditions_travel_with_their_rows(self, shuffle):
        data = numbered(11, condition=True)
        for x, c in BatchLoader(data, 4, shuffle, stream()):
            assert torch.equal(c, -x[:, :1])

    def test_images_keep_their_shape(self):
        data = TensorData(torch.rand(7, 3, 4, 5))
        assert {x.shape for x, _ in BatchLoader(data, 2)} == {(2, 3, 4, 5)}

    def test_subset_draws_its_rows_alone(self):
        subset = Subset(numbered(20, condition=True), [3, 5, 8, 13])
        nested = Subset(subset, np.array([0, 3]))
        x, c = next(iter(BatchLoader(subset, 4)))
        assert x[:, 0].tolist() == [3, 5, 8, 13] and torch.equal(c, -x[:, :1])
        x, _ = next(iter(BatchLoader(nested, 4, shuffle=True, generator=stream())))
        assert set(x[:, 0].tolist()) == {3, 13}

    def test_n_batches_sets_the_length_of_an_epoch(self):
        loader = BatchLoader(numbered(10), 4, True, stream(), n_batches=7)
        assert len(loader) == len(drawn(loader)) == 7

    def test_n_total_ends_the_stream_in_the_midst_of_an_epoch(self):
        loader = BatchLoader(numbered(10), 4, True, stream(), n_batches=3, n_total=7)
        lengths = []
        for _ in range(4):
            announced = len(loader)
            lengths.append(len(drawn(loader)))
            assert announced == lengths[-1]
        assert lengths == [3, 3, 1, 0]

    @pytest.mark.parametrize(("n", "size", "joined"), [(10, 4, 3), (100, 128, 5)])
    def test_joined_batches_are_one_stream(self, n, size, joined):
        one = BatchLoader(numbered(n), size, True, stream(), n_batches=4 * joined)
        more = BatchLoader(
            numbered(n), size, True, stream(), n_batches=4, n_joined=joined
        )
        batches = drawn(more)
        assert {len(batch) for batch in batches} == {joined * min(size, n)}
        assert torch.equal(torch.cat(batches), torch.cat(drawn(one)))

    def test_batches_are_taken_whole_never_row_by_row(self, monkeypatch):
        def refuse(self, index):
            raise AssertionError("a row was taken on its own")

        monkeypatch.setattr(TensorData, "__getitem__", refuse)
        monkeypatch.setattr(TensorData, "__getitems__", refuse)
        data = numbered(1000)
        for _ in BatchLoader(data, 100, shuffle=True, generator=stream()):
            pass
        for _ in BatchLoader(Subset(data, range(500)), 100):
            pass
        for _ in OrderedLoader(data, 100):
            pass

    def test_rows_are_held_once(self):
        data = numbered(1000, condition=True)
        for loader in (BatchLoader(data, 10), OrderedLoader(data, 10)):
            assert loader.X.data_ptr() == data.X.data_ptr()
            assert loader.y.data_ptr() == data.y.data_ptr()

    def test_a_batch_is_no_view_of_the_rows(self):
        data = numbered(4)
        x, _ = next(iter(BatchLoader(data, 4)))
        x.zero_()
        assert data.X[:, 0].tolist() == [0, 1, 2, 3]

    def test_no_rows_is_an_error(self):
        with pytest.raises(ValueError, match="no row to draw batches from"):
            BatchLoader(TensorData(torch.zeros(0, 2)), 4)


class TestOrderedLoader:
    @pytest.mark.parametrize(("n", "size"), [(12, 4), (13, 4), (3, 8), (0, 4)])
    def test_rows_come_once_in_their_order(self, n, size):
        data = numbered(n, condition=True)
        loader = OrderedLoader(data, size)
        for _ in range(2):
            batches = list(loader)
            assert len(batches) == len(loader) == -(-n // size)
            assert all(len(x) == size for x, _ in batches[:-1])
            rows = [x for x, _ in batches]
            assert torch.equal(torch.cat([data.X[:0], *rows]), data.X)
            assert all(torch.equal(c, -x[:, :1]) for x, c in batches)

    def test_subset(self):
        (x, _), (rest, _) = OrderedLoader(Subset(numbered(9), [7, 1, 4]), 2)
        assert [*x[:, 0].tolist(), *rest[:, 0].tolist()] == [7, 1, 4]


@pytest.mark.parametrize("loader", [BatchLoader, OrderedLoader])
@pytest.mark.parametrize("dataset", [torch.zeros(4, 2), [1, 2, 3]])
def test_other_datasets_are_refused_with_a_way_out(loader, dataset):
    with pytest.raises(TypeError, match=r"TensorData or a Subset.*DataLoader"):
        loader(dataset, 2)
    with pytest.raises(TypeError, match=type(dataset).__name__):
        loader(Subset(dataset, [0, 1]), 2)


class TestGroups:
    def test_groups_come_equally_often(self):
        groups = torch.tensor([0] * 30 + [1] * 3 + [2] * 7)
        data = TensorData(groups[:, None].float())
        stream = torch.Generator().manual_seed(0)
        loader = BatchLoader(
            data, 10, shuffle=True, generator=stream, n_batches=84, groups=groups
        )
        seen = torch.cat([x for x, _ in loader]).flatten().long()
        assert torch.bincount(seen).tolist() == [280] * 3

    def test_every_row_comes(self):
        groups = torch.tensor([0] * 30 + [1] * 3)
        data = TensorData(torch.arange(33.0)[:, None])
        stream = torch.Generator().manual_seed(0)
        loader = BatchLoader(
            data, 33, shuffle=True, generator=stream, n_batches=20, groups=groups
        )
        assert len(torch.cat([x for x, _ in loader]).unique()) == 33
