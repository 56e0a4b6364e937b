"""From a form to an evaluation that will not fail for its input: everything is tried that a worker would try."""

from __future__ import annotations

from dataclasses import dataclass

from model.errors import ImageError
from model.evaluation.request import EvaluationRequest
from model.images.mask import MASK_MODE, mask_of
from model.images.preprocessing import Picture, decode_image, decode_size
from service.evaluations.form import IMAGE, MASK, check_for_model, model_name_of, parameters_of
from service.http.multipart import Form
from service.http.uploads import required
from service.models.registry import ModelRegistry, ServedModel
from worker.queue.contracts.evaluation import EvaluationPayload, ModelVersion
from worker.queue.store.blobs import sha256


@dataclass(frozen=True, kw_only=True)
class Submission:
    """An evaluation and the uploads that it needs."""

    payload: EvaluationPayload
    uploads: dict[str, bytes]  # by sha256
    forwards: int  # about as many as it needs


def submission_of(form: Form, registry: ModelRegistry, *, max_pixels: int) -> Submission:
    """Read a form and try its image and mask.

    Raises:
        RequestError: a field is missing or given twice, or no such model.
        RequestValidationError: names the parameters that cannot be used.
        ImageError: the image or the mask does not decode.
    """
    model = registry.find(model_name_of(form))
    parameters = parameters_of(form)
    check_for_model(parameters, model)
    image, mask = required(form.bytes_of(IMAGE), IMAGE), form.bytes_of(MASK)
    picture = decode_for(model, image, max_pixels=max_pixels)
    if mask is not None:
        check_mask(mask, picture, model, max_pixels=max_pixels)
    payload = EvaluationPayload(
        model=version_of(model),
        image_sha256=sha256(image),
        mask_sha256=None if mask is None else sha256(mask),
        parameters=parameters,
    )
    config = model.predictor.loaded.config
    return Submission(
        payload=payload,
        uploads={sha256(data): data for data in (image, mask) if data is not None},
        forwards=EvaluationRequest(**parameters.model_dump()).forwards(config.height, config.width),
    )


def version_of(model: ServedModel) -> ModelVersion:
    """Return how the queue names a model."""
    return ModelVersion(name=model.name, version=model.version)


def decode_for(model: ServedModel, data: bytes, *, max_pixels: int) -> Picture:
    """Decode an image as a worker will.

    Raises:
        ImageError: it cannot be used.
    """
    preprocessing = model.predictor.loaded.preprocessing
    return decode_image(data, preprocessing.mode, max_pixels=max_pixels, at_least=decode_size(preprocessing))


def check_mask(data: bytes, image: Picture, model: ServedModel, *, max_pixels: int) -> None:
    """Make sure that a worker can use a mask.

    Raises:
        ImageError: naming the mask: it does not decode, or has other proportions than its image.
    """
    try:
        mask = decode_image(data, MASK_MODE, max_pixels=max_pixels)
        mask_of(mask, image, model.predictor.loaded.preprocessing)
    except ImageError as error:
        raise type(error)(f"{MASK}: {error}") from error
