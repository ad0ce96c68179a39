"""SamplerPipeline: transformers, then a sampler whose rows go back through them."""

from __future__ import annotations

from copy import copy
from functools import wraps
from typing import Any

import numpy as np
from scipy.sparse import issparse
from sklearn.compose import ColumnTransformer
from sklearn.feature_selection import SelectorMixin
from sklearn.impute import SimpleImputer
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from skgan._diagram import without_features
from skgan.frames import (
    as_rows,
    as_source,
    cast_column,
    cast_numbers,
    frame_library,
    make_frame,
    open_container,
    read_values,
)


def _last_step_has(name: str):
    """Check that the last step has a method; its error says which it lacks."""

    def check(pipeline) -> bool:
        getattr(pipeline._final_estimator, name)
        return True

    return check


class SamplerPipeline(Pipeline):
    """A pipeline whose last step samples, in the units of what ``fit`` was given.

    ``sample`` draws from the last step and takes the rows back through the other
    steps, the last one first, by their ``inverse_transform``.

    Parameters
    ----------
    steps : list of tuple
        Names and steps, as in `sklearn.pipeline.Pipeline`: transformers that can be
        inverted (or "passthrough" or None), and last what has a method ``sample``,
        such as `GANSampler`, `ConditionalGANSampler`,
        `sklearn.mixture.GaussianMixture` or `sklearn.neighbors.KernelDensity`.
    transform_input : list of str or None, default=None
        As in `sklearn.pipeline.Pipeline`.
    memory : str, joblib.Memory or None, default=None
        Where fitted transformers are cached, which pays in a search over
        ``sampler__…``; as in `sklearn.pipeline.Pipeline`.
    verbose : bool, default=False
        Whether each step's time is printed.

    Attributes
    ----------
    named_steps : sklearn.utils.Bunch
        The steps by name.
    n_features_in_ : int
        Features of a row, if the first step tells.
    feature_names_in_ : ndarray of shape (n_features,)
        Names of columns, where X had them.

    See Also
    --------
    make_sampler_pipeline : The same, with names made from those of the classes.
    sklearn.pipeline.Pipeline : What else it can do.

    Notes
    -----
    `GANSampler` needs no scaling: what pays is what it cannot know, such as a
    logarithm or a projection. A projection (`sklearn.decomposition.PCA`) loses what
    it leaves out, so samples lie in its subspace. A table of mixed columns needs no
    pipeline.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.mixture import GaussianMixture
    >>> from sklearn.preprocessing import StandardScaler
    >>> from skgan import SamplerPipeline
    >>> X = np.random.default_rng(0).normal(1000, 50, size=(500, 2))
    >>> pipeline = SamplerPipeline(
    ...     [("scaler", StandardScaler()), ("sampler", GaussianMixture(2))]
    ... )
    >>> rows, component = pipeline.fit(X).sample(200)
    >>> rows.shape, bool(abs(rows.mean() - 1000) < 20)
    ((200, 2), True)
    """

    def fit(self, X, y=None, **params):
        """Fit the transformers one after the other, then the sampler.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n_samples, ...)
            What the first step takes.
        y : array-like, default=None
            Passed to every step; labels of a conditional sampler.
        **params
            As in `sklearn.pipeline.Pipeline`.

        Returns
        -------
        self

        Raises
        ------
        TypeError
            If the last step cannot sample, or another step cannot be inverted; the
            message names it. No step is fitted then. If `X` names rows, such as those
            of a file, which steps cannot hand on.
        """
        self._check_steps()
        if as_source(X) is not None:
            raise TypeError(
                f"X is a {type(X).__name__}, which names rows, and steps hand on rows "
                "that are in memory: read them first, or fit GANSampler by itself, "
                "which reads them in batches."
            )
        X = open_container(X)
        super().fit(X, y, **params)
        self._templates = self._transformed_templates(X)
        return self

    @available_if(_last_step_has("transform"))
    def fit_transform(self, X, y=None, **params):
        """Fit, and transform `X` by every step.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n_samples, ...)
            What the first step takes.
        y : array-like, default=None
            As in ``fit``.
        **params
            As in ``fit``.

        Returns
        -------
        array-like of shape (n_samples, n_features_out)
        """
        return self.fit(X, y, **params).transform(X)

    @available_if(_last_step_has("score"))
    def score(self, X, y=None, sample_weight=None, **params):
        """Transform rows, and score them by the last step.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n_samples, ...)
            Rows like those of ``fit``.
        y : array-like, default=None
            Passed to the last step.
        sample_weight : array-like, default=None
            Passed to the last step, if given.
        **params
            As in `sklearn.pipeline.Pipeline`.

        Returns
        -------
        float
        """
        return super().score(open_container(X), y, sample_weight, **params)

    @property
    def sample(self):
        """Draw rows: ``sample(n_samples=1, ...)``, with the last step's parameters.

        Returns rows like those given to ``fit``: of a frame the columns and their
        dtypes, of an array the dtype. What the last step returns beside them, such
        as labels, is returned as it is: ``(X, y)``.
        """
        if not self.steps:
            raise AttributeError("A pipeline without steps has no method sample.")
        draw = getattr(self.steps[-1][1], "sample", None)
        if draw is None:
            raise AttributeError(f"{_described(*self.steps[-1])} has no method sample.")

        # Whoever looks sees the last step's parameters, `y` among them or not.
        @wraps(draw)
        def sample(*args, **params):
            check_is_fitted(self)
            drawn = draw(*args, **params)
            if isinstance(drawn, tuple):
                return self._take_back(drawn[0]), *drawn[1:]
            return self._take_back(drawn)

        return sample

    @property
    def _repr_html_(self):
        return super(SamplerPipeline, self._for_diagram())._repr_html_

    def _repr_mimebundle_(self, **kwargs):
        return super(SamplerPipeline, self._for_diagram())._repr_mimebundle_(**kwargs)

    def _for_diagram(self) -> SamplerPipeline:
        """Return a copy whose sampler does not list what its ``transform`` gives."""
        twin = copy(self)
        if self.steps and hasattr(self.steps[-1][1], "sample"):
            name, sampler = self.steps[-1]
            twin.steps = [*self.steps[:-1], (name, without_features(sampler))]
        return twin

    def _transformers(self) -> list[tuple[int, Any]]:
        """Steps that change rows, with their places."""
        return [
            (place, step)
            for place, (_, step) in enumerate(self.steps[:-1])
            if step is not None and step != "passthrough"
        ]

    def __getitem__(self, ind):
        part = super().__getitem__(ind)
        if isinstance(ind, slice) and hasattr(self, "_templates"):
            part._templates = self._templates[ind]
        return part

    def _check_steps(self) -> None:
        if not self.steps:
            raise ValueError("The pipeline is empty: give it steps, last a sampler.")
        last = self.steps[-1]
        if not hasattr(last[1], "sample"):
            raise TypeError(
                f"{_described(*last)} comes last and has no method sample; the last "
                "step must be a sampler, such as GANSampler."
            )
        for place, step in self._transformers():
            obstacle = _obstacle(step)
            if obstacle:
                name = _described(self.steps[place][0], step)
                raise TypeError(f"{name} {obstacle}")

    def _transformed_templates(self, X) -> list:
        """No rows, but in the containers, columns and dtypes between the steps."""
        X = as_rows(X)
        rows = X[:2] if frame_library(X) is None else X.head(2)
        templates, transformers = [_without_rows(rows)], dict(self._transformers())
        for place in range(len(self.steps) - 1):
            if place in transformers:
                rows = transformers[place].transform(rows)
            templates.append(_without_rows(rows))
        return templates

    def _take_back(self, rows):
        if len(rows) == 0:  # which transformers refuse
            return self._templates[0]
        for place, step in reversed(self._transformers()):
            try:
                rows = step.inverse_transform(_cast(rows, self._templates[place + 1]))
            except Exception as error:
                name = _described(self.steps[place][0], step)
                error.add_note(f"Samples could not go back through it: {name}.")
                raise
        return _cast(rows, self._templates[0], exactly=True)


def make_sampler_pipeline(
    *steps, memory=None, transform_input=None, verbose=False
) -> SamplerPipeline:
    """Make a `SamplerPipeline` of steps named after their classes.

    Parameters
    ----------
    *steps : estimators
        Transformers that can be inverted, then a sampler.
    memory : str, joblib.Memory or None, default=None
        Where fitted transformers are cached.
    transform_input : list of str or None, default=None
        As in `sklearn.pipeline.Pipeline`.
    verbose : bool, default=False
        Whether each step's time is printed.

    Returns
    -------
    SamplerPipeline

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.preprocessing import PowerTransformer
    >>> from skgan import GANSampler, make_sampler_pipeline
    >>> X = np.random.default_rng(0).lognormal(size=(200, 2))
    >>> sampler = GANSampler(max_iter=10, random_state=0)
    >>> pipeline = make_sampler_pipeline(PowerTransformer(), sampler).fit(X)
    >>> pipeline.sample(3).shape, bool(pipeline.sample(100).min() > 0)
    ((3, 2), True)
    """
    options = {} if transform_input is None else {"transform_input": transform_input}
    named = make_pipeline(*steps).steps
    return SamplerPipeline(named, memory=memory, verbose=verbose, **options)


def _described(name: str, step) -> str:
    return f"Step {name!r} ({step if isinstance(step, str) else type(step).__name__})"


def _obstacle(step) -> str | None:
    """Why samples cannot go back through a step, and what to do; None if they can."""
    if isinstance(step, ColumnTransformer):
        return (
            "has no inverse_transform. GANSampler takes tables of mixed columns as "
            "they are: leave the step out, and set encoder=TableEncoder(...) of "
            "skgan.encoding for what the columns are."
        )
    if isinstance(step, Pipeline):
        for name, inner in step.steps:
            if inner is not None and inner != "passthrough" and _obstacle(inner):
                return f"holds {name!r} ({type(inner).__name__}): {_obstacle(inner)}"
        return None
    if isinstance(step, FunctionTransformer):
        if step.func is None or step.inverse_func is not None:
            return None
        return "has no inverse_func, so samples would stay transformed: give one."
    if isinstance(step, SelectorMixin):
        return (
            "drops columns, which would come back as zeros: select columns before "
            "the pipeline."
        )
    if isinstance(step, SimpleImputer) and not step.add_indicator:
        return (
            "cannot be inverted without add_indicator=True; without a pipeline, "
            "GANSampler takes missing values in a DataFrame as they are."
        )
    if getattr(step, "fit_inverse_transform", True) is False:
        return "cannot be inverted: set fit_inverse_transform=True."
    if not hasattr(step, "inverse_transform"):
        return "has no inverse_transform, so samples cannot go back through it."
    return None


def _without_rows(rows):
    if issparse(rows):
        return np.empty((0, rows.shape[1]))
    return np.asarray(rows)[:0] if frame_library(rows) is None else rows.head(0)


def _cast(rows, template, *, exactly: bool = False):
    """Rows in the container of a template, if `exactly` in its dtypes too."""
    library = frame_library(template)
    if library is None:
        rows = np.asarray(rows)
        is_number = rows.dtype.kind in "biuf" and template.dtype.kind in "biuf"
        if exactly and is_number and rows.dtype != template.dtype:
            return cast_numbers(rows.astype(np.float64), template.dtype)
        return rows
    is_named = frame_library(rows) == library and (
        list(rows.columns) == list(template.columns)
    )
    if is_named and (not exactly or list(rows.dtypes) == list(template.dtypes)):
        return rows
    columns = read_values(rows)
    if len(columns) != template.shape[1]:  # no column of X: nothing to restore
        return rows
    if exactly:
        pairs = zip(columns, template.dtypes, strict=True)
        columns = [cast_column(values, dtype, library) for values, dtype in pairs]
    return make_frame(columns, template.columns, library)
