"""Network and preprocessing configuration. Frozen; unknown keys are rejected."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import Annotated, Any, Literal, Self

from pydantic import ConfigDict, Field, ModelWrapValidatorHandler, ValidationError, model_validator
from pydantic.dataclasses import dataclass

from model.errors import ConfigurationError

BranchBlock = Literal["conv", "lambda"]
ColorMode = Literal["rgb", "grey"]
AtLeast1 = Annotated[int, Field(ge=1)]
Fraction = Annotated[float, Field(ge=0, le=1)]

STRICT = ConfigDict(extra="forbid", strict=True)


class Document:
    """Flat, frozen dataclass with a JSON form. Lists become tuples; unknown keys are rejected."""

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> Self:
        """Build the record from a JSON object.

        Raises:
            ConfigurationError: not an object, an unknown or missing key, or a value out of range.
        """
        if not isinstance(document, Mapping):
            raise ConfigurationError(f"{cls.__name__}: must be an object, is {document!r}")
        known = {field.name for field in fields(cls)}  # type: ignore[arg-type]  # all subclasses are dataclasses
        if unknown := sorted(set(document) - known):
            raise ConfigurationError(f"{cls.__name__}: unknown keys {unknown}; known are {sorted(known)}")
        values = {key: tuple(value) if isinstance(value, list) else value for key, value in document.items()}
        try:
            return cls(**values)
        except (TypeError, ValueError, ConfigurationError) as error:
            raise ConfigurationError(f"{cls.__name__}: {error}") from error

    def to_dict(self) -> dict[str, Any]:
        """Return the record as plain JSON types."""
        return {k: list(v) if isinstance(v, tuple) else v for k, v in asdict(self).items()}  # type: ignore[call-overload]  # as above


class _Checked(Document):
    """Document that is validated at construction."""

    @model_validator(mode="wrap")
    @classmethod
    def _name_wrong_keys(cls, values: Any, build: ModelWrapValidatorHandler[Self]) -> Self:
        """Turn pydantic's errors into ours.

        Raises:
            ConfigurationError: naming each wrong key.
        """
        try:
            return build(values)
        except ValidationError as error:
            raise ConfigurationError("; ".join(map(_sentence, error.errors()))) from error


def _sentence(error: Any) -> str:
    key = ".".join(map(str, error["loc"]))
    if error["type"] == "unexpected_keyword_argument":
        return f"{key}: unknown key"
    if error["type"] == "missing":
        return f"{key} is missing"
    return f"{key} {str(error['msg']).replace('Input should', 'must', 1)}, is {error['input']!r}"


@dataclass(frozen=True, kw_only=True, config=STRICT)
class NetworkConfig(_Checked):
    """Architecture of a Lambda Attention Branch Network (Iida et al., JSAI 2022, section 3)."""

    preset: str = "custom"
    channels: AtLeast1  # of the input image
    height: AtLeast1  # px, of the input image
    width: AtLeast1  # px
    classes: AtLeast1
    contrast_window: Annotated[int, Field(ge=0)] = 0  # px, odd: local contrast normalisation; 0: none
    stem_channels: AtLeast1 = 64
    stage_widths: tuple[int, ...] = (64, 128, 256, 512)  # bottleneck widths; a stage has expansion x width outputs
    stage_depths: tuple[int, ...] = (3, 4, 6, 3)  # bottlenecks per stage; their sum is N_B
    expansion: AtLeast1 = 4
    split: int = 7  # B: bottlenecks before the attention branch, 0..N_B
    heads: AtLeast1 = 4
    key_depth: AtLeast1 = 16  # |k|
    intra_depth: AtLeast1 = 1  # |u|
    receptive_field: AtLeast1 = 23  # r, odd, in cells of the layer's feature map
    branch_width: AtLeast1 = 512
    branch_depth: AtLeast1 = 2  # bottlenecks in the attention branch
    branch_block: BranchBlock = "conv"
    threshold: Annotated[float, Field(ge=0, lt=1)] = 0.75  # θ of eq. (2), on the sigmoid

    @property
    def bottlenecks(self) -> int:
        """N_B, the number of lambda bottlenecks before and after the branch."""
        return sum(self.stage_depths)

    def __post_init__(self) -> None:
        """Check fields that depend on one another.

        Raises:
            ConfigurationError: naming the field.
        """
        if len(self.stage_widths) != len(self.stage_depths) or not self.stage_widths:
            raise ConfigurationError(
                f"stage_widths {self.stage_widths} and stage_depths {self.stage_depths} must have the same length"
            )
        if min(self.stage_depths) < 1:
            raise ConfigurationError(f"stage_depths {self.stage_depths}: each stage needs a bottleneck")
        if not 0 <= self.split <= self.bottlenecks:
            raise ConfigurationError(f"split must lie in 0..{self.bottlenecks}, is {self.split}")
        widths = (*self.stage_widths, self.branch_width) if self.branch_block == "lambda" else self.stage_widths
        if any(width < 1 or width % self.heads for width in widths):
            raise ConfigurationError(f"widths {widths} must be multiples of heads = {self.heads}")
        if self.receptive_field % 2 == 0:
            raise ConfigurationError(f"receptive_field must be odd, is {self.receptive_field}")
        if self.contrast_window and self.contrast_window % 2 == 0:
            raise ConfigurationError(f"contrast_window must be 0 or odd, is {self.contrast_window}")


@dataclass(frozen=True, kw_only=True, config=STRICT)
class Preprocessing(_Checked):
    """Conversion of a picture of any size to the network's input."""

    mode: ColorMode
    height: AtLeast1  # px, after the resize
    width: AtLeast1  # px
    mean: tuple[float, ...]  # per channel, of values in 0..1
    std: tuple[float, ...]
    crop: tuple[Fraction, Fraction, Fraction, Fraction] = (0.0, 0.0, 1.0, 1.0)  # left, top, right, bottom

    def __post_init__(self) -> None:
        """Check fields that depend on one another.

        Raises:
            ConfigurationError: naming the field.
        """
        if len(self.mean) != self.channels or len(self.std) != self.channels or min(self.std) <= 0:
            raise ConfigurationError(f"mean {self.mean} and std {self.std} must fit mode {self.mode}")
        left, top, right, bottom = self.crop
        if not (left < right and top < bottom):
            raise ConfigurationError(f"crop {self.crop} must be left < right, top < bottom within 0..1")

    @property
    def channels(self) -> int:
        """Channels of the tensor: 3 or 1."""
        return 3 if self.mode == "rgb" else 1
