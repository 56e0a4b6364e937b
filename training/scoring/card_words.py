"""What a model card says of the data, by their kind."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from training.errors import DatasetError


@dataclass(frozen=True, kw_only=True)
class CardWords:
    """The parts of a card that its data decide."""

    pictures: str  # "... in colour fundus photographs"
    warning: str  # what it must not be used for
    data: str  # Markdown paragraphs
    doubt: str  # how far the figures can be trusted


def check_kind(kind: str) -> None:
    """Make sure that there are words for data of that kind.

    Raises:
        DatasetError: there are none.
    """
    if kind not in _WORDS:
        raise DatasetError(f"model cards are written for data of kind {' or '.join(_WORDS)}, these are {kind!r}")


def card_words(card: dict[str, Any]) -> CardWords:
    """Return the words for a checkpoint's card; its data are of a kind that has been checked."""
    return _WORDS[card["training"]["data"]["kind"]](card)


def _idrid(card: dict[str, Any]) -> CardWords:
    data, training = card["data"], card["training"]
    patched = training["augment"].get("missing", 0) > 0
    return CardWords(
        pictures="colour fundus photographs",
        warning=_NOT_MEDICAL.format(images=sum(data["training"].values())),
        data=_IDRID.format(training=_counts(data["training"]), validation=_counts(data["validation"]))
        + lessons(data, pretrained=bool(training["run"]["initialise_from"]), patched=patched),
        doubt=_SMALL_TEST.format(images=card["evaluations"]["test"]["images"]),
    )


_NOT_MEDICAL = """\
**Not a medical device.** It has learnt from {images} photographs of one clinic and must not be used for
diagnosis. Its attention map shows what gated the network's features, not what a physician would call a
lesion."""
_IDRID = """\
IDRiD, the Indian Diabetic Retinopathy Image Dataset (Porwal et al., 2018, doi:10.3390/data3030025),
licence CC BY 4.0, scaled to 644x428 px. Grade 0 is negative, grades 1-4 are positive. Training
{training}, validation {validation} (images a class, split by seed, byte-identical images never parted).
The official test split is used without image 064, which is byte-identical to training image 118 under
another grade. Everything was chosen on validation.
"""
_SMALL_TEST = """\
A test split of {images} images is small, and it differs from the training split in cameras and light:
read the intervals, not the digits."""


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
**Trained on generated data alone: not a forecast of anything.** It has never seen a real magnetogram,
nor a flare. It shows that the service, its explanations and their scores work on this kind of image, and
is where training on real ones may start."""
_SAME_GENERATOR = """\
The test images come from the same generator: the figures say how well the network learnt the rule of that
generator, and nothing of flares."""
_MAGNETOGRAMS = """\
Images of `python -m training generate magnetogram`, 512x512 px, ±{clip:g} G: {training:,} for training,
{validation} for validation, as many for test, all of different seeds.{before} Both classes are equally
frequent. A positive has one region whose core holds a sharp, sheared inversion line of polarity; a
negative has a core of the same outline whose polarities lie otherwise, mostly of the same flux: size and
flux tell next to nothing. The mask of that core is a target of the attention while it learns.
"""
_OTHERS_BEFORE = " It has learnt from as many others before."


def lessons(data: dict[str, Any], *, pretrained: bool, patched: bool) -> str:
    """Say what else a network of real photographs has learnt from."""
    generated, masked = data.get("generated", 0), data.get("masked", 0)
    sentences = [_PRETRAINING] if pretrained else []
    sentences += [_GENERATED.format(count=generated)] if generated else []
    if sentences or masked:
        sentences.append(_MASKED.format(count=masked) if masked else _UNMASKED)
    sentences += [_PATCHED] if patched else []
    return "".join(sentences)


_PRETRAINING = """
Before that it was trained on generated photographs (`python -m training generate fundus` shows such images), with
the exact lesion masks as a target of its attention.
"""
_GENERATED = """
Each batch held generated photographs too ({count:,} in all), with their exact lesion masks as a target of its
attention.
"""
_MASKED = """
Lesion masks of {count} real training photographs were a target of its attention; grade 0 counted as free of
lesions.
"""
_UNMASKED = """
No lesion mask of a real photograph was used.
"""
_PATCHED = """
Black squares covered parts of some training images, so that it knows what patch insertion-deletion shows it.
"""


def _counts(counts: dict[str, int]) -> str:
    return " + ".join(str(counts[label]) for label in sorted(counts))


_WORDS = {"idrid": _idrid, "generated-magnetogram": _magnetogram}
