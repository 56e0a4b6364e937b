"""The parts of an evaluation that has succeeded, as they are asked for."""

from __future__ import annotations

from typing import Any

from model.evaluation.tables.rows import csv_text
from model.evaluation.tables.scores import TABLE_COLUMNS
from service.errors import NotFinished, NotThere, UnknownModel
from service.evaluations.map_picture import draw_map, draw_map_over, scaled
from service.evaluations.schemas import MapOptions
from service.models.registry import ModelRegistry
from worker.queue.contracts.evaluation import EvaluationState
from worker.queue.contracts.state import State
from worker.queue.errors import UploadMissing
from worker.queue.job_queue import JobQueue


def check_succeeded(state: State) -> None:
    """Let a request for a part of the result in.

    Raises:
        NotFinished: there is no result.
    """
    if state.status != "succeeded":
        why = f": {state.error.detail}" if state.error else ""
        raise NotFinished(f"{state.id} is {state.status}{why}")


def check_hopeful(state: State) -> None:
    """Let a request for what is measured by now in.

    Raises:
        NotFinished: there will be no result.
    """
    if state.is_ended:
        check_succeeded(state)


def result_of(jobs: JobQueue, job_id: str) -> dict[str, Any]:
    """Return the result of an evaluation.

    Raises:
        UnknownJob: there is none of that id.
        NotFinished: it has no result.
        NotThere: the result is no longer kept.
    """
    state = jobs.evaluations.state(job_id)
    check_succeeded(state)
    if state.result is None:
        raise NotThere(f"the result of {job_id} is no longer kept")
    return state.result


def table_of(jobs: JobQueue, set_id: str) -> str:
    """Return the mean scores of a set as CSV, of all its images and of each label's, so far.

    Raises:
        UnknownJob: there is no set of that id.
        NotFinished: no image has been evaluated yet.
    """
    state = jobs.sets.state(set_id)
    if state.result is None:
        raise NotFinished(f"{set_id} is {state.status} and has no table yet")
    rows = ({"label": table["label"] or "", **row} for table in state.result["tables"] for row in table["rows"])
    return csv_text(("label", *TABLE_COLUMNS), rows)


def map_of(
    jobs: JobQueue, registry: ModelRegistry, job_id: str, method: str, options: MapOptions, *, max_pixels: int
) -> bytes:
    """Return a PNG of a method's map, over the upload where that is still kept.

    Raises:
        UnknownJob: there is none of that id.
        NotFinished: it has no result.
        NotThere: no map of that method.
    """
    state = jobs.evaluations.state(job_id, with_result=False)
    check_succeeded(state)
    maps = jobs.store.results.maps(job_id) or {}
    if method not in maps:
        raise NotThere(f"no map of {method!r}; there are {', '.join(maps) or 'none any more'}")
    saliency = scaled(maps[method], method)
    try:
        upload = jobs.store.blobs.get(state.request.image_sha256)
        model = registry.find(_reference(state))
    except (UploadMissing, UnknownModel):
        return draw_map(saliency, options)
    return draw_map_over(saliency, options, upload, model, max_pixels=max_pixels)


def _reference(state: EvaluationState) -> str:
    return f"{state.request.model.name}@{state.request.model.version}"
