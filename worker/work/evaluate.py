"""Job: evaluate one image."""

from __future__ import annotations

import platform
from importlib.metadata import version

from torch import Tensor

from model.checkpoint import LoadedCheckpoint
from model.evaluation.evaluate import evaluate_image
from model.evaluation.request import EvaluationRequest
from model.evaluation.result import score_document
from model.images.mask import MASK_MODE, mask_of
from model.images.preprocessing import decode_image, decode_size, to_tensor
from model.metrics.pid import PatchInsertionDeletion
from model.runtime.stages import StageProgress
from worker.queue.contracts.evaluation import EvaluationPayload
from worker.work.context import Document, JobContext
from worker.work.partial_curves import PartialCurves

LIBRARIES = ("torch", "numpy", "pillow")  # whose versions affect the results


def evaluate(document: object, context: JobContext, report: StageProgress) -> Document:
    """Evaluate one image and store result and maps.

    Returns:
        the result.

    Raises:
        PayloadRefused: the document is not an EvaluationPayload.
        UploadMissing: image or mask are no longer stored.
        ModelMissing: this worker has no such checkpoint.
        LabnError: the image or the request cannot be used.
    """
    payload = EvaluationPayload.read(document)
    report("loading", 0, 0)
    request = EvaluationRequest.from_dict(payload.parameters.model_dump(mode="json"))
    loaded = context.networks.find(payload.model)
    image, mask = _inputs(payload, loaded, context)
    context.results.begin_scores(payload.id)

    def store_score(method: str, score: PatchInsertionDeletion) -> None:
        context.results.add_score(payload.id, method, score_document(score, blank=request.blank))

    curves = PartialCurves(context.results, payload.id)
    evaluation = evaluate_image(loaded, image, request, report, mask, store_score, curves)
    result = evaluation.to_dict()
    result["provenance"] = {**result["provenance"], **_provenance(payload, loaded)}
    context.results.put_maps(payload.id, {name: found.saliency for name, found in evaluation.methods.items()})
    context.results.put(payload.id, result)
    return result


def _inputs(
    payload: EvaluationPayload, loaded: LoadedCheckpoint, context: JobContext
) -> tuple[Tensor, Tensor | None]:
    """Return image (C, H, W) and mask (H, W).

    Raises:
        UploadMissing: one of them is no longer stored.
        ImageError: one of them cannot be used.
    """
    preprocessing = loaded.preprocessing
    data = context.blobs.get(payload.image_sha256)
    size = decode_size(preprocessing)
    picture = decode_image(data, preprocessing.mode, max_pixels=context.max_pixels, at_least=size)
    image = to_tensor(picture, preprocessing)[0]
    if payload.mask_sha256 is None:
        return image, None
    mask = decode_image(context.blobs.get(payload.mask_sha256), MASK_MODE, max_pixels=context.max_pixels)
    return image, mask_of(mask, picture, preprocessing)


def _provenance(payload: EvaluationPayload, loaded: LoadedCheckpoint) -> Document:
    """Return what is needed to repeat the evaluation, besides the request."""
    libraries = {name: version(name) for name in LIBRARIES}
    return {
        "model": payload.model.model_dump(),
        "image_sha256": payload.image_sha256,
        "mask_sha256": payload.mask_sha256,
        "preprocessing": loaded.preprocessing.to_dict(),
        "seed": payload.parameters.seed,
        "libraries": {"python": platform.python_version(), **libraries},
    }
