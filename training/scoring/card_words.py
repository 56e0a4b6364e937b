"""Data-dependent texts of a model card, by kind of data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from training.errors import DatasetError


@dataclass(frozen=True, kw_only=True)
class CardWords:
    """Texts of a model card that depend on its data."""

    pictures: str  # "... in colour fundus photographs"
    warning: str  # limits of use
    data: str  # Markdown paragraphs
    doubt: str  # reliability of the figures


def check_kind(kind: str) -> None:
    """Check that model cards cover data of that kind.

    Raises:
        DatasetError: they do not.
    """
    if kind not in _WORDS:
        raise DatasetError(f"model cards are written for data of kind {' or '.join(_WORDS)}, these are {kind!r}")


def card_words(card: dict[str, Any]) -> CardWords:
    """Return the texts for a checkpoint's card. `check_kind` must have accepted its data."""
    return _WORDS[card["training"]["data"]["kind"]](card)


def _idrid(card: dict[str, Any]) -> CardWords:
    data, training = card["data"], card["training"]
    patched = training["augment"].get("missing", 0) > 0
    return CardWords(
        pictures="colour fundus photographs",
        warning=_NOT_MEDICAL.format(images=sum(data["training"].values())),
        data=_IDRID.format(training=_counts(data["training"]), validation=_counts(data["validation"]))
        + training_notes(data, pretrained=bool(training["run"]["initialise_from"]), patched=patched),
        doubt=_SMALL_TEST.format(images=card["evaluations"]["test"]["images"]),
    )


_NOT_MEDICAL = """\
**Not a medical device.** It was trained on {images} photographs from one clinic and must not be used for
diagnosis. Its attention map shows which features the network kept, not what a physician would call a
lesion."""
_IDRID = """\
IDRiD, the Indian Diabetic Retinopathy Image Dataset (Porwal et al., 2018, doi:10.3390/data3030025),
licence CC BY 4.0, scaled to 644x428 px. Grade 0 is negative, grades 1-4 are positive. Training
{training}, validation {validation} (images per class; split by seed, byte-identical images kept together).
The official test split is used without image 064, which is byte-identical to training image 118 but graded
differently. All choices were made on the validation split.
"""
_SMALL_TEST = """\
The test split has only {images} images and differs from the training split in cameras and light: rely on the
intervals, not on the digits."""


def _magnetogram(card: dict[str, Any]) -> CardWords:
    data, run = card["data"], card["training"]["run"]
    return CardWords(
        pictures="full-disk line-of-sight magnetograms of the Sun",
        warning=_NOT_A_FORECAST,
        data=_MAGNETOGRAMS.format(
            training=data["training"],
            validation=data["validation"],
            before=_OTHERS_BEFORE if run["initialise_from"] else "",
            clip=card["training"]["data"]["clip_gauss"],
        ),
        doubt=_SAME_GENERATOR,
    )


_NOT_A_FORECAST = """\
**Trained on generated data only: not for forecasting.** No real magnetogram or flare was used. It shows that
the service, its explanations and their scores work on this kind of image, and it is a starting point for
training on real ones."""
_SAME_GENERATOR = """\
The test images come from the same generator: the figures show how well the network learnt that generator's rule
and say nothing about flares."""
_MAGNETOGRAMS = """\
Images of `python -m training generate magnetogram`, 512x512 px, ±{clip:g} G: {training:,} for training,
{validation} for validation, as many for test, all with different seeds.{before} Both classes are equally
frequent. A positive has one region whose core has a sharp, sheared polarity inversion line; a negative has a
core of the same outline with another arrangement of polarities, mostly of the same flux, so that size and flux
reveal next to nothing. During training the mask of that core was a target for the attention map.
"""
_OTHERS_BEFORE = " Before that it was trained on as many others."


def training_notes(data: dict[str, Any], *, pretrained: bool, patched: bool) -> str:
    """Return paragraphs on pretraining, generated images, masks and black patches."""
    generated, masked = data.get("generated", 0), data.get("masked", 0)
    sentences = [_PRETRAINING] if pretrained else []
    sentences += [_GENERATED.format(count=generated)] if generated else []
    if sentences or masked:
        sentences.append(_MASKED.format(count=masked) if masked else _UNMASKED)
    sentences += [_PATCHED] if patched else []
    return "".join(sentences)


_PRETRAINING = """
It was first trained on generated photographs (`python -m training generate fundus` writes examples), with the
exact lesion masks as a target for its attention map.
"""
_GENERATED = """
Each batch also contained generated photographs ({count:,} in all), with the exact lesion masks as a target for the
attention map.
"""
_MASKED = """
Lesion masks of {count} real training photographs were a target for the attention map; photographs of grade 0
counted as free of lesions.
"""
_UNMASKED = """
No lesion mask of a real photograph was used.
"""
_PATCHED = """
Black squares covered parts of some training images, because patch insertion-deletion shows such images.
"""


def _counts(counts: dict[str, int]) -> str:
    return " + ".join(str(counts[label]) for label in sorted(counts))


_WORDS = {"idrid": _idrid, "generated-magnetogram": _magnetogram}
