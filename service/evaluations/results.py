"""Parts of an evaluation's result: scores, curves and maps."""

from __future__ import annotations

import io
from typing import Any

import numpy as np

from service.errors import NotFinished, NotThere, UnknownModel
from service.evaluations.map_picture import Saliency, draw_map, draw_map_over, scale_map
from service.evaluations.schemas import GrowingAnswer, MapOptions, PartialAnswer, PartialMethod
from service.models.registry import ModelRegistry
from worker.queue.contracts.evaluation import EvaluationState
from worker.queue.contracts.state import State
from worker.queue.errors import UploadMissing
from worker.queue.job_queue import JobQueue


def result_of(jobs: JobQueue, job_id: str) -> dict[str, Any]:
    """Return the result of an evaluation.

    Raises:
        UnknownJob: no evaluation of that id.
        NotFinished: it has no result.
        NotThere: the result has expired.
    """
    state = jobs.evaluations.state(job_id)
    _require_success(state)
    if state.result is None:
        raise NotThere(f"the result of {job_id} is no longer kept")
    return state.result


def partial_result(jobs: JobQueue, job_id: str) -> PartialAnswer:
    """Return what has been measured so far; nothing while the evaluation is queued.

    Raises:
        UnknownJob: no evaluation of that id.
        NotFinished: it ended without a result.
    """
    state = jobs.evaluations.state(job_id, with_result=False)
    if state.is_ended:
        _require_success(state)
    growing = jobs.store.results.partial_curves(
        job_id
    )  # read first: a curve that ends meanwhile is among the scores
    scores = jobs.store.results.scores(job_id)
    return PartialAnswer(
        methods={name: PartialMethod(scores=own) for name, own in scores.items()},
        growing=None if growing is None else GrowingAnswer(**growing),
    )


def map_as_npy(jobs: JobQueue, job_id: str, method: str) -> bytes:
    """Return a map as a NumPy file: (H, W) float32.

    Raises:
        UnknownJob: no evaluation of that id.
        NotFinished: it has no result.
        NotThere: no map of that method.
    """
    _, saliency = _map(jobs, job_id, method)
    file = io.BytesIO()
    np.save(file, saliency.astype("<f4"))
    return file.getvalue()


def map_as_png(
    jobs: JobQueue, registry: ModelRegistry, job_id: str, method: str, options: MapOptions, *, max_pixels: int
) -> bytes:
    """Return a PNG of a method's map, over the upload while that is kept.

    Raises:
        UnknownJob: no evaluation of that id.
        NotFinished: it has no result.
        NotThere: no map of that method.
    """
    state, saliency = _map(jobs, job_id, method)
    scaled = scale_map(saliency, method)
    try:
        upload = jobs.store.blobs.get(state.request.image_sha256)
        model = registry.find(f"{state.request.model.name}@{state.request.model.version}")
    except (UploadMissing, UnknownModel):
        return draw_map(scaled, options)
    return draw_map_over(scaled, options, upload, model, max_pixels=max_pixels)


def _map(jobs: JobQueue, job_id: str, method: str) -> tuple[EvaluationState, Saliency]:
    state = jobs.evaluations.state(job_id, with_result=False)
    _require_success(state)
    maps = jobs.store.results.maps(job_id) or {}
    if method not in maps:
        raise NotThere(f"no map of {method!r}; there are {', '.join(maps) or 'none any more'}")
    return state, maps[method]


def _require_success(state: State) -> None:
    if state.status != "succeeded":
        why = f": {state.error.detail}" if state.error else ""
        raise NotFinished(f"{state.id} is {state.status}{why}")
