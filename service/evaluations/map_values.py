"""GET /v1/evaluations/{id}/maps/{method}.npy: the numbers of a map, for whoever draws or ranks by himself."""

from __future__ import annotations

import io

import numpy as np
from fastapi import APIRouter, Request
from starlette.responses import Response

from service.dependencies import QueueOfApp
from service.errors import NotThere
from service.evaluations.result_parts import check_succeeded
from service.evaluations.route import PATH
from service.http.etag import answer_once
from service.openapi.description import Responses
from service.openapi.evaluations import BINARY, job_problems
from worker.queue.job_queue import JobQueue

NPY = "application/x-npy"
ANSWER: Responses = {200: {"description": "A NumPy file.", "content": {NPY: {"schema": BINARY}}}}

router = APIRouter(prefix=PATH, tags=["evaluations"])


@router.head("/{id}/maps/{method}.npy", include_in_schema=False)
@router.get(
    "/{id}/maps/{method}.npy",
    summary="A method's map as numbers",
    response_class=Response,
    responses={**ANSWER, **job_problems(404, 409)},
)
def get_map_values(id: str, method: str, request: Request, queue: QueueOfApp) -> Response:  # noqa: A002
    """Send (H, W) float32 at the network's input, in the method's own units and to three digits."""
    return answer_once(request, map_values(queue.jobs, id, method), NPY)


def map_values(jobs: JobQueue, job_id: str, method: str) -> bytes:
    """Return a map as a NumPy file.

    Raises:
        UnknownJob: there is no evaluation of that id.
        NotFinished: it has no result.
        NotThere: no map of that method.
    """
    check_succeeded(jobs.evaluations.state(job_id, with_result=False))
    maps = jobs.store.results.maps(job_id) or {}
    if method not in maps:
        raise NotThere(f"no map of {method!r}; there are {', '.join(maps) or 'none any more'}")
    file = io.BytesIO()
    np.save(file, maps[method].astype("<f4"))
    return file.getvalue()
