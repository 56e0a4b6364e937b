"""Tables of a training configuration. Frozen; unknown keys, wrong types and values out of range are refused."""

from __future__ import annotations

import json
from dataclasses import fields
from typing import Annotated, Any, Literal, TypeVar

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

from model.errors import ConfigurationError

STRICT = ConfigDict(extra="forbid", strict=True)

AtLeast0 = Annotated[int, Field(ge=0)]
AtLeast1 = Annotated[int, Field(ge=1)]
Kind = Literal["idrid", "defn", "own", "generated-fundus", "generated-magnetogram"]
MaskLoss = Literal["balanced_bce", "bce", "focal", "dice", "dice_bce"]
Section = TypeVar("Section")


@dataclass(frozen=True, kw_only=True, config=STRICT)
class DataConfig:
    """Source of the images and their split."""

    kind: Kind = "idrid"
    validation_share: float = 0.2  # of each class, without folds
    folds: AtLeast0 = 0  # cross-validation folds of real images; 0: a single split
    fold: int = 0  # which fold is for validation
    labels: tuple[str, ...] = ()  # class names, for kind "own"
    count: int = 4000  # number of generated images
    generated_share: Annotated[float, Field(ge=0, lt=1)] = 0.0  # of each batch: generated images, `count` in all
    clip_gauss: Annotated[float, Field(gt=0)] = 1500.0  # field strength (G) of level 255 in magnetograms

    @property
    def generated(self) -> bool:
        """Whether all images are generated, with their masks."""
        return self.kind.startswith("generated-")


@dataclass(frozen=True, kw_only=True, config=STRICT)
class AugmentConfig:
    """Augmentation. The defaults are those of the authors' published code."""

    horizontal_flip: float = 0.5  # probability
    vertical_flip: float = 0.5
    rotation_deg: float = 5.0
    scale: tuple[float, float] = (0.7, 1.3)  # area of the crop over the area of the image
    ratio: tuple[float, float] = (3 / 4, 4 / 3)  # aspect ratio of the crop
    brightness: float = 0.5  # factor drawn from 1 ± this; likewise contrast and saturation
    contrast: float = 0.5
    saturation: float = 0.5
    channel_gain: float = 0.0  # factor of each channel drawn from 1 ± this: another camera's white balance
    gamma: float = 0.0  # exponent drawn from exp(± this)
    erasing: float = 0.5  # probability of an erased rectangle
    erasing_area: tuple[float, float] = (0.02, 0.33)
    missing: float = 0.0  # probability of black patches, as PID inserts them
    missing_share: tuple[float, float] = (0.0, 0.75)  # share of black patches in such an image


@dataclass(frozen=True, kw_only=True, config=STRICT)
class LossConfig:
    """Loss function: eq. (6), with an optional term for the attention map."""

    kind: Literal["cross_entropy", "one_hot_bce"] = "cross_entropy"  # the published code: one_hot_bce
    branch_weight: float = 1.0  # λ
    class_weights: tuple[float, ...] = ()  # empty: all 1
    label_smoothing: float = 0.0
    mask_weight: float = 0.0  # of the attention map's loss against lesion masks
    mask_kind: MaskLoss = "balanced_bce"


@dataclass(frozen=True, kw_only=True, config=STRICT)
class OptimConfig:
    """Optimiser (AdamW). The defaults are Table 1 of the paper and the plateau schedule of the published code."""

    branch_lr: float = 1e-3  # LAB and the linear layer
    trunk_lr: float = 1e-4  # LFE and LPB
    weight_decay: float = 0.09
    schedule: Literal["plateau", "cosine"] = "plateau"
    warmup_epochs: int = 0  # cosine only
    plateau_factor: float = 0.333
    plateau_patience: int = 2  # epochs
    min_lr: float = 1e-6  # plateau only


@dataclass(frozen=True, kw_only=True, config=STRICT)
class RunConfig:
    """Training loop."""

    epochs: AtLeast1 = 100
    batch_size: AtLeast1 = 32
    balanced: bool = False  # the same number of images of each class in a batch, instead of class weights
    patience: AtLeast1 = 6  # epochs without a lower validation loss before stopping
    seed: AtLeast0 = 0
    precision: Literal["fp32", "bf16"] = "fp32"  # bf16: autocast, on CPU and CUDA
    channels_last: bool = False  # memory format for GPUs; on a CPU a bf16 step then takes minutes
    compiled: bool = False  # torch.compile: a minute or more of compilation first
    averaging: float = 0.0  # decay per step of a moving average of the weights; 0: none
    initialise_from: str = ""  # checkpoint of the same architecture; class heads are copied if the classes fit
    disjoint_start: bool = False  # you vouch that `initialise_from` was not trained on any image of this run
    pid_images: AtLeast0 = 0  # validation positives whose PID (m = 16) is measured each epoch; 0: none


def read_section(section: type[Section], name: str, table: Any) -> Section:
    """Build a section from a table of a TOML file or of a checkpoint's card.

    Raises:
        ConfigurationError: naming each wrong key as `name.key`.
    """
    try:  # as JSON, in which strict validation takes arrays for tuples
        return TypeAdapter(section).validate_json(json.dumps(table, default=str))
    except ValidationError as error:
        known = [field.name for field in fields(section)]  # type: ignore[arg-type]  # all sections are dataclasses
        raise ConfigurationError("; ".join(_in_words(each, name, known) for each in error.errors())) from error


def _in_words(error: Any, name: str, known: list[str]) -> str:
    key = ".".join([name, *map(str, error["loc"])])
    if error["type"] == "unexpected_keyword_argument":
        return f"{key}: unknown key; known keys: {', '.join(known)}"
    if error["type"] == "dataclass_type":
        return f"{key} must be a table"
    said = str(error["msg"]).replace("Input should be", "must be", 1)
    return f"{key} {said}, is {error['input']!r}"
