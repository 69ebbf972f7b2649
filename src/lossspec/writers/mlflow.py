"""Writes values to MLflow: into a run that the caller started."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from lossspec.errors import LossSpecError, MissingExtraError
from lossspec.writers.config import config_of, formula_of, toml_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import mlflow

    from lossspec.log.points import SeriesPoint
    from lossspec.log.protocol import Run

#: The most metrics that MLflow takes in one call.
_BATCH = 1000
#: The tag with the last position of each section.
_POSITIONS = "lossspec.positions"


class MLflowWriter:
    """Logs values to a run of MLflow.

    The metrics are ``raw/TERM``, ``weight/TERM``, ``weighted/TERM`` and ``total/OBJECTIVE``, with the prefix
    ``SECTION/`` for validation sections. The steps of MLflow are whole numbers: a fractional epoch is rounded
    down. The reference, digest and params of the spec are the params ``lossspec.spec``, ``lossspec.digest``
    and ``lossspec.params.NAME``. The resolved spec and the formula are the artifacts
    ``lossspec/spec.loss.toml`` and ``lossspec/formula.txt``. A resumed run does not get the points again that
    it has.

    Args:
        run: the return value of ``mlflow.start_run``; you end it. None on ranks other than 0.

    Raises:
        MissingExtraError: mlflow is not installed.
    """

    whole = True

    def __init__(self, run: mlflow.entities.Run | None) -> None:
        try:
            from mlflow import MlflowClient
        except ModuleNotFoundError as error:
            raise MissingExtraError(
                'MLflowWriter needs mlflow, which is not installed: pip install "lossspec[mlflow]"'
            ) from error
        self._given = run
        self._client = MlflowClient()
        self._positions: dict[str, float] = {}

    @property
    def _id(self) -> str:
        if self._given is None:
            raise LossSpecError("`run` must be a run of `mlflow.start_run` on rank 0, got None")
        return str(self._given.info.run_id)

    def begin(self, run: Run, *, resumes: bool) -> Mapping[str, float]:
        """Write the configuration as params, and the spec and the formula as artifacts."""
        from mlflow.entities import Param

        config, formula, toml = config_of(run), formula_of(run), toml_of(run)
        params = {f"params.{name}": value for name, value in run.spec.params.items()} if run.spec else {}
        found = {"spec": config["spec"], "digest": config["digest"], **params}
        self._client.log_batch(
            self._id, params=[Param(f"lossspec.{key}", str(value)) for key, value in found.items()]
        )
        if formula is not None and toml is not None:
            self._client.log_text(self._id, formula, "lossspec/formula.txt")
            self._client.log_text(self._id, toml, "lossspec/spec.loss.toml")
        if resumes:
            tags = self._client.get_run(self._id).data.tags
            self._positions = json.loads(tags.get(_POSITIONS, "{}"))
        return dict(self._positions)

    def write(self, points: Sequence[SeriesPoint]) -> None:
        """Log the points of a flush."""
        from mlflow.entities import Metric, RunTag

        metrics = []
        for each in points:
            position, time = int(each.point.position), round(1000 * each.point.time)
            metrics += [Metric(tag, value, time, position) for tag, value in each.values().items()]
            self._positions[each.section] = max(position, self._positions.get(each.section, position))
        for start in range(0, len(metrics), _BATCH):
            self._client.log_batch(self._id, metrics[start : start + _BATCH])
        self._client.log_batch(self._id, tags=[RunTag(_POSITIONS, json.dumps(self._positions))])

    def close(self) -> None:
        """Do nothing: whoever started the run ends it."""
