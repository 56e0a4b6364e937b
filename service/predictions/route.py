"""POST /v1/predictions: an image in, its classes and where the network looked out."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from starlette.background import BackgroundTask
from starlette.responses import Response

from service.dependencies import PartsOfApp, require_ready, require_single_values
from service.errors import BadParameter
from service.http.disconnect import while_connected
from service.http.negotiation import prefers_png
from service.http.uploads import read_image
from service.openapi.description import IMAGE_BODY, PREDICTION_ANSWER, problem_responses
from service.predictions.request import Question
from service.schemas import PredictionAnswer, PredictionOptions

router = APIRouter(prefix="/v1", tags=["predictions"], dependencies=[Depends(require_ready)])


# `async def`, against the rule for routes: only so can it see a client leave and give its place to the next.
# All it does itself is read the body and wait; pixels and the network are worked on in threads.
@router.post(
    "/predictions",
    summary="Classify an image and show where the network looked",
    response_model=PredictionAnswer,
    dependencies=[Depends(require_single_values)],
    responses={200: PREDICTION_ANSWER, **problem_responses(400, 401, 403, 404, 408, 413, 415, 422, 429, 500, 503)},
    openapi_extra={"requestBody": IMAGE_BODY},
)
async def create_prediction(
    request: Request, options: Annotated[PredictionOptions, Query()], parts: PartsOfApp
) -> Response:
    """Take the image as the multipart field `image`, or as the body itself.

    `curl -F image=@photo.jpg …` or `curl --data-binary @photo.jpg …`;
    `Accept: image/png` gives the overlay itself.
    """
    as_png = prefers_png(request.headers.get("accept", ""))
    if as_png and options.explanation == "none":
        raise BadParameter("explanation: an image/png answer is the overlay, which needs an explanation")
    model = parts.registry.find(options.model)
    with parts.admission.place():
        question = Question(
            id=request.state.request_id,
            model=model,
            data=await read_image(request, within_s=parts.settings.upload_s),
            options=options,
            as_png=as_png,
            max_pixels=parts.settings.max_pixels,
        )
        answer = await while_connected(request, parts.pipeline.answer(question))
    after = BackgroundTask(parts.shadow.offer, question, answer.prediction) if parts.shadow else None
    return Response(answer.body, media_type=answer.media_type, headers=answer.headers, background=after)
