"""What a worker can do: each job validates its payload, calls the model, and stores what comes of it."""

from __future__ import annotations

import platform
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

from torch import Tensor

from model.checkpoint import LoadedCheckpoint
from model.evaluation.evaluate import evaluate_image
from model.evaluation.request import EvaluationRequest
from model.evaluation.result import score_document
from model.evaluation.tables.comparison import difference_rows, differences_markdown
from model.evaluation.tables.localisation import localisation_markdown, localisation_rows
from model.evaluation.tables.scores import table_markdown, table_rows, without_curves
from model.images.mask import MASK_MODE, mask_of
from model.images.preprocessing import decode_image, decode_size, to_tensor
from model.metrics.pid import PatchInsertionDeletion
from model.runtime.stages import StageProgress
from worker.queue.blobs import Blobs
from worker.queue.contracts.evaluation import EvaluationPayload
from worker.queue.contracts.sets import AggregatePayload
from worker.queue.results import Results
from worker.queue.sets.sets import Sets
from worker.work.networks import ResidentNetworks
from worker.work.partial_curves import GrowingCurves
from worker.work.provenance import all_warnings, common_provenance

LIBRARIES = ("torch", "numpy", "pillow")  # that the numbers depend on
Document = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Workshop:
    """What jobs work with."""

    networks: ResidentNetworks
    blobs: Blobs
    results: Results
    sets: Sets
    max_pixels: int


Job = Callable[[object, Workshop, StageProgress], Document | None]


def evaluate(document: object, workshop: Workshop, report: StageProgress) -> Document:
    """Evaluate one image.

    Returns:
        the result.

    Raises:
        PayloadRefused: the document is no EvaluationPayload.
        UploadMissing: image or mask are no longer there.
        ModelMissing: no such checkpoint here.
        LabnError: what the model's room says of the image or the request.
    """
    payload = EvaluationPayload.read(document)
    report("loading", 0, 0)
    request = EvaluationRequest.from_dict(payload.parameters.model_dump(mode="json"))
    loaded = workshop.networks.find(payload.model)
    image, mask = _inputs(payload, loaded, workshop)
    workshop.results.begin_scores(payload.id)

    def keep(method: str, score: PatchInsertionDeletion) -> None:
        workshop.results.add_score(payload.id, method, score_document(score, blank=request.blank))

    growing = GrowingCurves(workshop.results, payload.id)
    evaluation = evaluate_image(loaded, image, request, report, mask, keep, growing)
    result = evaluation.to_dict()
    result["provenance"] = {**result["provenance"], **_provenance(payload, loaded)}
    workshop.results.put_maps(payload.id, {name: found.saliency for name, found in evaluation.methods.items()})
    workshop.results.put(payload.id, result)
    return result


def aggregate(document: object, workshop: Workshop, report: StageProgress) -> None:
    """Make the tables of a set over the images that have succeeded so far.

    Raises:
        PayloadRefused: the document is no AggregatePayload.
        UnknownJob: the set's time is over.
    """
    set_id = AggregatePayload.read(document).set_id
    counts = workshop.sets.counts(set_id)  # before the results: what has ended by now is among them
    found = [(label, without_curves(result)) for label, result in workshop.sets.documents(set_id)]
    groups = list(_by_label(found)) if found else []
    tables = []
    for done, (label, documents) in enumerate(groups):
        report("tables", done, len(groups))
        tables.append(_tables(label, documents))
    documents = [document for _, document in found]
    common = {"provenance": common_provenance(documents), "warnings": all_warnings(documents)}
    workshop.sets.conclude(set_id, {"images": len(found), "tables": tables, **common}, counts)


JOBS: Mapping[str, Job] = {"worker.jobs.evaluate": evaluate, "worker.jobs.aggregate": aggregate}


def _inputs(
    payload: EvaluationPayload, loaded: LoadedCheckpoint, workshop: Workshop
) -> tuple[Tensor, Tensor | None]:
    """Return image (C, H, W) and mask (H, W).

    Raises:
        UploadMissing: one of them is no longer there.
        ImageError: one of them cannot be used.
    """
    preprocessing = loaded.preprocessing
    data = workshop.blobs.get(payload.image_sha256)
    size = decode_size(preprocessing)
    picture = decode_image(data, preprocessing.mode, max_pixels=workshop.max_pixels, at_least=size)
    image = to_tensor(picture, preprocessing)[0]
    if payload.mask_sha256 is None:
        return image, None
    mask = decode_image(workshop.blobs.get(payload.mask_sha256), MASK_MODE, max_pixels=workshop.max_pixels)
    return image, mask_of(mask, picture, preprocessing)


def _provenance(payload: EvaluationPayload, loaded: LoadedCheckpoint) -> Document:
    """Return what it takes to do the same again, beside the request."""
    libraries = {name: version(name) for name in LIBRARIES}
    return {
        "model": payload.model.model_dump(),
        "image_sha256": payload.image_sha256,
        "mask_sha256": payload.mask_sha256,
        "preprocessing": loaded.preprocessing.to_dict(),
        "seed": payload.parameters.seed,
        "libraries": {"python": platform.python_version(), **libraries},
    }


def _by_label(found: Sequence[tuple[str | None, Document]]) -> Iterator[tuple[str | None, list[Document]]]:
    """Yield all images, then, where there is more than one label, those of each."""
    yield None, [document for _, document in found]
    labels = sorted({label for label, _ in found if label is not None})
    for label in labels if len(labels) > 1 else ():
        yield label, [document for of, document in found if of == label]


def _tables(label: str | None, documents: Sequence[Document]) -> Document:
    """Return the layout of the paper's Table 2 with intervals, paired differences, and localisation."""
    differences, localised = difference_rows(documents), localisation_rows(documents)
    parts = [table_markdown(documents), differences_markdown(differences), localisation_markdown(localised)]
    return {
        "label": label,
        "images": len(documents),
        "rows": table_rows(documents),
        "differences": differences,
        "localisation": localised,
        "markdown": "\n".join(filter(None, parts)),
    }
