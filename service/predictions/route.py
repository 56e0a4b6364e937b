"""POST /v1/predictions: classify an image and explain it."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from starlette.background import BackgroundTask
from starlette.responses import Response

from service.errors import BadParameter
from service.http.admission import Admission
from service.http.disconnect import while_connected
from service.http.query import require_single_values
from service.http.state import from_state
from service.http.uploads import read_image
from service.lifecycle import Lifecycle
from service.models.route import Registry
from service.openapi.responses import problem_responses
from service.predictions.description import IMAGE_BODY, PREDICTION_ANSWER
from service.predictions.negotiation import prefers_png
from service.predictions.pipeline import Pipeline
from service.predictions.request import PredictionRequest
from service.predictions.schemas import PredictionAnswer, PredictionOptions
from service.predictions.shadow import Shadow
from service.settings import Settings


async def require_ready(lifecycle: Annotated[Lifecycle, from_state("lifecycle")]) -> None:
    """Check that predictions can be served.

    Raises:
        NotReady: the service is starting, draining or broken.
    """
    lifecycle.require_ready()


router = APIRouter(prefix="/v1", tags=["predictions"], dependencies=[Depends(require_ready)])


# `async def`, unlike other routes: only so can it notice that the client disconnects, and free the slot.
# It only reads the body and waits; decoding, inference and rendering run in threads.
@router.post(
    "/predictions",
    summary="Classify an image and show which regions the network used",
    response_model=PredictionAnswer,
    dependencies=[Depends(require_single_values)],
    responses={200: PREDICTION_ANSWER, **problem_responses(400, 401, 403, 404, 408, 413, 415, 422, 429, 500, 503)},
    openapi_extra={"requestBody": IMAGE_BODY},
)
async def create_prediction(
    request: Request,
    options: Annotated[PredictionOptions, Query()],
    settings: Annotated[Settings, from_state("settings")],
    registry: Registry,
    slots: Annotated[Admission, from_state("prediction_slots")],
    pipeline: Annotated[Pipeline, from_state("pipeline")],
    shadow: Annotated[Shadow | None, from_state("shadow")],
) -> Response:
    """Send the image as the multipart field `image`, or as the body itself.

    `curl -F image=@photo.jpg …` or `curl --data-binary @photo.jpg …`;
    `Accept: image/png` gives the overlay itself.
    """
    as_png = prefers_png(request.headers.get("accept", ""))
    if as_png and options.explanation == "none":
        raise BadParameter("explanation: an image/png answer is the overlay, which needs an explanation")
    model = registry.find(options.model)
    with slots.slot():
        prediction_request = PredictionRequest(
            id=request.state.request_id,
            model=model,
            data=await read_image(request, within_s=settings.upload_s),
            options=options,
            as_png=as_png,
            max_pixels=settings.max_pixels,
        )
        answer = await while_connected(request, pipeline.answer(prediction_request))
    after = BackgroundTask(shadow.offer, prediction_request, answer.prediction) if shadow else None
    return Response(answer.body, media_type=answer.media_type, headers=answer.headers, background=after)
