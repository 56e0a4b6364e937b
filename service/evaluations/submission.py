"""POST /v1/evaluations: read the form, check everything that a worker would refuse, submit the job."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

import torch
from fastapi import Request

from model.errors import ImageError
from model.images.mask import MASK_MODE, mask_of
from model.images.preprocessing import Picture, decode_image, decode_size
from service.http.admission import Admission
from service.http.multipart import Form
from service.http.uploads import required
from service.jobs.form import LISTS, count_forwards, parse_model_name, parse_parameters, read_job_form, version_of
from service.models.registry import ModelRegistry, ServedModel
from service.openapi.jobs import form_body
from service.openapi.responses import BINARY
from worker.queue.contracts.evaluation import EvaluationPayload, EvaluationState
from worker.queue.job_queue import JobQueue
from worker.queue.store.blobs import sha256

IMAGE, MASK = "image", "mask"
SLOTS = 32  # concurrent submissions, uploads included; each may hold LABN_MAX_BODY_BYTES
CHECK_S = 0.2  # about what the check of an image takes
DECODERS = 2  # threads, beside those of predictions

EVALUATION_BODY = form_body(
    "The image, and what to measure; lists are comma-separated or repeated.",
    {
        IMAGE: {**BINARY, "description": "JPEG, PNG, WebP, TIFF or BMP."},
        MASK: {**BINARY, "description": "Lesion mask: white on black, with the image's aspect ratio."},
    },
    required=[IMAGE],
    lists=LISTS,
)


@dataclass(frozen=True, kw_only=True)
class _Submission:
    payload: EvaluationPayload
    uploads: dict[str, bytes]  # by sha256
    forwards: int  # about how many forward passes it needs


class EvaluationSubmissions:
    """Takes forms in and submits evaluations. Used by the event loop's thread only."""

    def __init__(self, jobs: JobQueue, registry: ModelRegistry, *, upload_s: float, max_pixels: int) -> None:
        self._jobs = jobs
        self._registry = registry
        self._upload_s = upload_s
        self._max_pixels = max_pixels
        self.slots = Admission(slots=SLOTS, seconds_per_request=lambda: CHECK_S)
        self._decoders = ThreadPoolExecutor(
            DECODERS, thread_name_prefix="labn-decoders", initializer=torch.set_num_threads, initargs=(1,)
        )

    def stop(self) -> None:
        """Stop the threads."""
        self._decoders.shutdown(wait=False, cancel_futures=True)

    async def submit(self, request: Request, idempotency_key: str | None) -> EvaluationState:
        """Submit the evaluation that a request describes, and return its state.

        Raises:
            RequestError: the body is not a valid form, or the model is unknown.
            RequestValidationError: names the invalid parameters.
            ImageError: the image or the mask cannot be used.
            QueueFull: too many submissions at a time, or too many evaluations in the queue.
        """
        with self.slots.slot():
            form = await read_job_form(request, {IMAGE, MASK}, within_s=self._upload_s)
            submission = await asyncio.get_running_loop().run_in_executor(self._decoders, self._check, form)
            submit = partial(
                self._jobs.evaluations.submit,
                submission.payload,
                submission.uploads,
                idempotency_key=idempotency_key,
                forwards=submission.forwards,
            )
            return await asyncio.to_thread(submit)

    def _check(self, form: Form) -> _Submission:
        model = self._registry.find(parse_model_name(form))
        parameters = parse_parameters(form)
        forwards = count_forwards(parameters, model)
        image, mask = required(form.bytes_of(IMAGE), IMAGE), form.bytes_of(MASK)
        picture = decode_for(model, image, max_pixels=self._max_pixels)
        if mask is not None:
            _check_mask(mask, picture, model, max_pixels=self._max_pixels)
        payload = EvaluationPayload(
            model=version_of(model),
            image_sha256=sha256(image),
            mask_sha256=None if mask is None else sha256(mask),
            parameters=parameters,
        )
        uploads = {sha256(data): data for data in (image, mask) if data is not None}
        return _Submission(payload=payload, uploads=uploads, forwards=forwards)


def decode_for(model: ServedModel, data: bytes, *, max_pixels: int) -> Picture:
    """Decode an image as a worker will.

    Raises:
        ImageError: the image cannot be used.
    """
    preprocessing = model.predictor.loaded.preprocessing
    return decode_image(data, preprocessing.mode, max_pixels=max_pixels, at_least=decode_size(preprocessing))


def _check_mask(data: bytes, image: Picture, model: ServedModel, *, max_pixels: int) -> None:
    """Check that a worker can use a mask.

    Raises:
        ImageError: names the mask, which does not decode or has another aspect ratio than its image.
    """
    try:
        mask = decode_image(data, MASK_MODE, max_pixels=max_pixels)
        mask_of(mask, image, model.predictor.loaded.preprocessing)
    except ImageError as error:
        raise type(error)(f"{MASK}: {error}") from error
