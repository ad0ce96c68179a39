"""Loaders: scikit-learn's digits as images, MNIST and Adult."""

from __future__ import annotations

import io
import os
import warnings
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import Bunch

_MNIST_FILE = "mnist.npz"
_MNIST_TRAIN_ROWS = 60_000

_ADULT_FILES = {"train": "adult_train.csv.gz", "test": "adult_test.csv.gz"}
_ADULT_NUMERIC = [
    "age",
    "fnlwgt",
    "education-num",
    "capital-gain",
    "capital-loss",
    "hours-per-week",
]
# OpenML holds both parts in one table. Its order is not documented, so the parts
# are told apart by the weight of the first person of each.
_ADULT_ROWS = {"train": 32_561, "test": 16_281}
_ADULT_FIRST_WEIGHT = {"train": 77_516, "test": 226_802}


def load_digit_images(*, return_X_y: bool = False) -> Any:
    """Load scikit-learn's bundled digits as 8-bit images.

    The 1797 handwritten digits of `sklearn.datasets.load_digits`, in their own
    shape and as the 8-bit greys that images usually are. They come with
    scikit-learn: no file and no network is needed.

    Parameters
    ----------
    return_X_y : bool, default=False
        If True, ``(data, target)`` is returned instead of a Bunch.

    Returns
    -------
    digits : :class:`~sklearn.utils.Bunch`
        With the attributes

        data : ndarray of shape (1797, 8, 8), dtype uint8
            The images, 0 (background) to 255 (ink).
        target : ndarray of shape (1797,), dtype int64
            The digit that each shows, 0 to 9.
        target_names : list of int
            The ten digits.
        DESCR : str
            Where the images are from.

    (data, target) : tuple of ndarrays
        If `return_X_y` is True.

    Notes
    -----
    scikit-learn's 17 levels, 0 to 16, are spread over 0 to 255 and rounded, so
    ``(data / 255 * 16).round()`` gives scikit-learn's values back exactly.

    Examples
    --------
    >>> from skgan.datasets import load_digit_images
    >>> digits = load_digit_images()
    >>> digits.data.shape, digits.data.dtype
    ((1797, 8, 8), dtype('uint8'))
    >>> X, y = load_digit_images(return_X_y=True)
    >>> y[:5]
    array([0, 1, 2, 3, 4])
    """
    from sklearn.datasets import load_digits

    digits = load_digits()
    images = np.rint(digits.images * (255 / 16)).astype(np.uint8)
    target = digits.target.astype(np.int64)
    if return_X_y:
        return images, target
    return Bunch(
        data=images,
        target=target,
        target_names=list(range(10)),
        DESCR=digits.DESCR,
    )


def load_mnist(path: str | os.PathLike[str] | None = None) -> Bunch:
    """Load MNIST: 60 000 training and 10 000 test images of handwritten digits.

    The file ``mnist.npz`` is looked for in `path` or, if `path` is None, in the
    folder named by the environment variable ``SKGAN_DATA``. If neither is given,
    or that folder has no such file, the set is fetched from OpenML, which needs a
    network and pandas, and kept in scikit-learn's data folder.

    Parameters
    ----------
    path : str or path-like, default=None
        The file, or the folder that holds ``mnist.npz``, with arrays ``x_train``,
        ``y_train``, ``x_test`` and ``y_test``. A `path` that is given and holds no
        such file is an error: the network is then not asked.

    Returns
    -------
    mnist : :class:`~sklearn.utils.Bunch`
        With the attributes

        data, data_test : ndarray of shape (60000, 28, 28) and (10000, 28, 28)
            The images, uint8, 0 (background) to 255 (ink).
        target, target_test : ndarray of shape (60000,) and (10000,)
            The digits, int64, 0 to 9.
        target_names : list of int
            The ten digits.
        DESCR : str
            Where the images are from.

    Raises
    ------
    FileNotFoundError
        If `path` is given and there is no such file.

    ValueError
        If the file does not hold the four arrays.

    OSError
        If there is no file and OpenML cannot be reached.

    References
    ----------
    .. [1] Y. LeCun, L. Bottou, Y. Bengio, P. Haffner, "Gradient-based learning
       applied to document recognition", Proceedings of the IEEE 86(11), 1998.

    Examples
    --------
    >>> from skgan.datasets import load_mnist
    >>> mnist = load_mnist("data/mnist.npz")  # doctest: +SKIP
    >>> mnist.data.shape, mnist.data_test.shape  # doctest: +SKIP
    ((60000, 28, 28), (10000, 28, 28))
    """
    file = _find_file(path, _MNIST_FILE)
    if file is None:
        images, labels = _fetch_openml_mnist()
        parts = {
            "x_train": images[:_MNIST_TRAIN_ROWS],
            "y_train": labels[:_MNIST_TRAIN_ROWS],
            "x_test": images[_MNIST_TRAIN_ROWS:],
            "y_test": labels[_MNIST_TRAIN_ROWS:],
        }
    else:
        parts = _read_npz(file, ("x_train", "y_train", "x_test", "y_test"))
    return Bunch(
        data=parts["x_train"].astype(np.uint8, copy=False),
        target=parts["y_train"].astype(np.int64),
        data_test=parts["x_test"].astype(np.uint8, copy=False),
        target_test=parts["y_test"].astype(np.int64),
        target_names=list(range(10)),
        DESCR="MNIST, LeCun, Cortes and Burges, in its official order.",
    )


def load_adult(path: str | os.PathLike[str] | None = None) -> Bunch:
    """Load Adult: 48 842 people of the 1994 US census, numbers and categories mixed.

    The files ``adult_train.csv.gz`` and ``adult_test.csv.gz`` are looked for in
    `path` or, if `path` is None, in the folder named by the environment variable
    ``SKGAN_DATA``. If neither is given, or that folder has no such files, the set
    is fetched from OpenML, which needs a network, and kept in scikit-learn's data
    folder. pandas is needed either way.

    Parameters
    ----------
    path : str or path-like, default=None
        The folder that holds both files, or either of them. A `path` that is given
        and holds no such files is an error: the network is then not asked.

    Returns
    -------
    adult : :class:`~sklearn.utils.Bunch`
        With the attributes

        train, test : DataFrame of shape (32561, 15) and (16281, 15)
            The official parts. Six columns are int64, nine are text; a missing
            value, which the set writes as ``?``, is read as missing (NaN).
        feature_names : list of str
            The 14 columns other than the target.
        target_name : str
            ``"income"``, either ``"<=50K"`` or ``">50K"``.
        DESCR : str
            Where the rows are from.

    Raises
    ------
    ImportError
        If pandas is not installed.

    FileNotFoundError
        If `path` is given and there are no such files.

    OSError
        If there are no files and OpenML cannot be reached.

    References
    ----------
    .. [1] B. Becker, R. Kohavi, "Adult", UCI Machine Learning Repository, 1996,
       https://doi.org/10.24432/C5XW20.

    Examples
    --------
    >>> from skgan.datasets import load_adult
    >>> adult = load_adult("data")  # doctest: +SKIP
    >>> adult.train.shape, adult.test.shape  # doctest: +SKIP
    ((32561, 15), (16281, 15))
    """
    pandas = _import_pandas("load_adult")
    if path is not None and Path(path).is_file():
        path = Path(path).parent
    files = {part: _find_file(path, name) for part, name in _ADULT_FILES.items()}
    if None in files.values():
        frames = _fetch_openml_adult(pandas)
    else:
        frames = {part: _read_adult(pandas, file) for part, file in files.items()}
    return Bunch(
        train=frames["train"],
        test=frames["test"],
        feature_names=[name for name in frames["train"] if name != "income"],
        target_name="income",
        DESCR="Adult, Becker and Kohavi, 1996, UCI Machine Learning Repository.",
    )


def _find_file(path: str | os.PathLike[str] | None, name: str) -> Path | None:
    """Return the file `name` in `path` or in $SKGAN_DATA; None if in neither."""
    if path is not None:
        file = Path(path)
        file = file / name if file.is_dir() else file
        if not file.is_file():
            raise FileNotFoundError(
                f"There is no file {str(file)!r}. Pass path= the folder that holds "
                f"{name}, or leave path out to use the folder in the environment "
                "variable SKGAN_DATA or, failing that, OpenML."
            )
        return file
    folder = os.environ.get("SKGAN_DATA")
    if folder and (Path(folder) / name).is_file():
        return Path(folder) / name
    return None


def _read_npz(file: Path, names: tuple[str, ...]) -> dict[str, NDArray[Any]]:
    with np.load(file, allow_pickle=False) as arrays:
        missing = [name for name in names if name not in arrays]
        if missing:
            raise ValueError(
                f"{str(file)!r} lacks the arrays {missing}; it holds {arrays.files}."
            )
        return {name: arrays[name] for name in names}


def _import_pandas(caller: str) -> Any:
    try:
        import pandas
    except ImportError as error:
        raise ImportError(
            f"{caller} gives DataFrames and so needs pandas. Install it with: "
            "pip install pandas"
        ) from error
    return pandas


def _fetch_openml(name: str, version: int, files: str) -> Any:
    """Fetch a frame from OpenML; say what else can be done when that fails."""
    from sklearn.datasets import fetch_openml

    try:
        with warnings.catch_warnings():
            # scikit-learn warns before it asks again; the error below says it all.
            warnings.filterwarnings("ignore", "A network error occurred")
            return fetch_openml(
                name, version=version, as_frame=True, n_retries=1, delay=1.0
            ).frame
    except OSError as error:
        raise OSError(
            "The folder of the environment variable SKGAN_DATA "
            f"({os.environ.get('SKGAN_DATA') or 'not set'}) has no {files}, and OpenML "
            f"could not be reached ({error}). Pass path= the folder that holds "
            f"{files}, set SKGAN_DATA to it, or connect to a network."
        ) from error


def _fetch_openml_mnist() -> tuple[NDArray[Any], NDArray[Any]]:
    _import_pandas("load_mnist without a file (OpenML)")
    frame = _fetch_openml("mnist_784", 1, _MNIST_FILE)
    images = frame.drop(columns="class").to_numpy(np.uint8).reshape(-1, 28, 28)
    return images, frame["class"].to_numpy().astype(np.int64)


def _fetch_openml_adult(pandas: Any) -> dict[str, Any]:
    frame = _fetch_openml("adult", 2, " and ".join(_ADULT_FILES.values()))
    frame = frame.rename(columns={"class": "income"})
    frame[_ADULT_NUMERIC] = frame[_ADULT_NUMERIC].astype(np.int64)
    # Written and read again, the columns get the dtypes that the files give.
    frame = _read_adult(pandas, io.StringIO(frame.to_csv(index=False)))
    first_weight = int(frame["fnlwgt"].iloc[0])
    for part, other in (("train", "test"), ("test", "train")):
        rows = _ADULT_ROWS[part]
        if first_weight == _ADULT_FIRST_WEIGHT[part]:
            return {
                part: frame.iloc[:rows].reset_index(drop=True),
                other: frame.iloc[rows:].reset_index(drop=True),
            }
    raise ValueError(
        "OpenML's adult, version 2, has changed its order, so that the official "
        "training and test rows cannot be told apart. Pass path= the folder that "
        "holds the files " + " and ".join(_ADULT_FILES.values()) + "."
    )


def _read_adult(pandas: Any, file: Any) -> Any:
    return pandas.read_csv(file, na_values="?", skipinitialspace=True)
