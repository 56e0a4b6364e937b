"""What a network is (`NetworkConfig`) and what it eats (`Preprocessing`): frozen, unknown keys refused."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal, Self, get_args

from model.errors import ConfigurationError

BranchBlock = Literal["conv", "lambda"]
ColorMode = Literal["rgb", "grey"]


@dataclass(frozen=True, kw_only=True)
class Document:
    """A flat frozen record that goes to JSON and back; lists become tuples, unknown keys are refused."""

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> Self:
        """Build the record from a JSON object.

        Raises:
            ConfigurationError: not an object, an unknown or missing key, or a value out of range.
        """
        if not isinstance(document, Mapping):
            raise ConfigurationError(f"{cls.__name__}: must be an object, is {document!r}")
        known = {field.name for field in fields(cls)}
        if unknown := sorted(set(document) - known):
            raise ConfigurationError(f"{cls.__name__}: unknown keys {unknown}; known are {sorted(known)}")
        values = {key: tuple(value) if isinstance(value, list) else value for key, value in document.items()}
        try:
            return cls(**values)
        except (TypeError, ValueError) as error:
            raise ConfigurationError(f"{cls.__name__}: {error}") from error

    def to_dict(self) -> dict[str, Any]:
        """Return the record as plain JSON types."""
        return {k: list(v) if isinstance(v, tuple) else v for k, v in asdict(self).items()}


@dataclass(frozen=True, kw_only=True)
class NetworkConfig(Document):
    """A Lambda Attention Branch Network (Iida et al., ACCV 2022, section 3)."""

    preset: str = "custom"
    channels: int  # of the input image
    height: int  # px, of the input image
    width: int  # px
    classes: int
    contrast_window: int = 0  # px, odd: local contrast is normalised before the stem; 0: it is not
    stem_channels: int = 64
    stage_widths: tuple[int, ...] = (64, 128, 256, 512)  # bottleneck widths; a stage gives expansion x width
    stage_depths: tuple[int, ...] = (3, 4, 6, 3)  # bottlenecks a stage; their sum is N_B
    expansion: int = 4
    split: int = 7  # B: bottlenecks before the attention branch, 0..N_B
    heads: int = 4
    key_depth: int = 16  # |k|
    intra_depth: int = 1  # |u|
    receptive_field: int = 23  # r, odd, in cells of the layer's map
    branch_width: int = 512
    branch_depth: int = 2  # bottlenecks in the attention branch
    branch_block: BranchBlock = "conv"
    threshold: float = 0.75  # θ of eq. (2), on the sigmoid

    @property
    def bottlenecks(self) -> int:
        """N_B, the number of lambda bottlenecks before and after the branch together."""
        return sum(self.stage_depths)

    def __post_init__(self) -> None:
        """Refuse what cannot be built.

        Raises:
            ConfigurationError: naming the field.
        """
        positive = (
            "channels",
            "height",
            "width",
            "classes",
            "stem_channels",
            "expansion",
            "heads",
            "key_depth",
        )
        for name in (*positive, "intra_depth", "receptive_field", "branch_width", "branch_depth"):
            if getattr(self, name) < 1:
                raise ConfigurationError(f"{name} must be at least 1, is {getattr(self, name)}")
        if len(self.stage_widths) != len(self.stage_depths) or not self.stage_widths:
            raise ConfigurationError(
                f"stage_widths {self.stage_widths} and stage_depths {self.stage_depths} must pair up"
            )
        if min(self.stage_depths) < 1:
            raise ConfigurationError(f"stage_depths {self.stage_depths}: a stage needs a bottleneck")
        if not 0 <= self.split <= self.bottlenecks:
            raise ConfigurationError(f"split must lie in 0..{self.bottlenecks}, is {self.split}")
        widths = (*self.stage_widths, self.branch_width) if self.branch_block == "lambda" else self.stage_widths
        if any(width < 1 or width % self.heads for width in widths):
            raise ConfigurationError(f"widths {widths} must be multiples of heads = {self.heads}")
        if self.receptive_field % 2 == 0:
            raise ConfigurationError(f"receptive_field must be odd, is {self.receptive_field}")
        if self.contrast_window < 0 or (self.contrast_window and self.contrast_window % 2 == 0):
            raise ConfigurationError(f"contrast_window must be 0 or odd, is {self.contrast_window}")
        if self.branch_block not in get_args(BranchBlock):
            raise ConfigurationError(f"branch_block must be one of {get_args(BranchBlock)}, is {self.branch_block}")
        if not 0.0 <= self.threshold < 1.0:
            raise ConfigurationError(f"threshold must lie in [0, 1), is {self.threshold}")


@dataclass(frozen=True, kw_only=True)
class Preprocessing(Document):
    """From a picture of any resolution to the network's input."""

    mode: ColorMode
    height: int  # px, after the resize
    width: int  # px
    mean: tuple[float, ...]  # per channel, of values in 0..1
    std: tuple[float, ...]
    crop: tuple[float, float, float, float] = (0.0, 0.0, 1.0, 1.0)  # left, top, right, bottom: fractions

    def __post_init__(self) -> None:
        """Refuse what cannot be applied.

        Raises:
            ConfigurationError: naming the field.
        """
        if self.mode not in get_args(ColorMode):
            raise ConfigurationError(f"mode must be one of {get_args(ColorMode)}, is {self.mode}")
        if self.height < 1 or self.width < 1:
            raise ConfigurationError(f"height and width must be positive, are {self.height}, {self.width}")
        if len(self.mean) != self.channels or len(self.std) != self.channels or min(self.std) <= 0:
            raise ConfigurationError(f"mean {self.mean} and std {self.std} must fit mode {self.mode}")
        left, top, right, bottom = self.crop
        if not (0 <= left < right <= 1 and 0 <= top < bottom <= 1):
            raise ConfigurationError(f"crop {self.crop} must be left < right, top < bottom within 0..1")

    @property
    def channels(self) -> int:
        """Channels of the tensor: 3 or 1."""
        return 3 if self.mode == "rgb" else 1
