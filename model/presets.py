"""Named network and preprocessing configurations."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from model.config import NetworkConfig, Preprocessing
from model.errors import ConfigurationError

NETWORKS = {
    # Section 4.1 of the paper and the authors' published configuration: Lambda-ResNet-50, split after stage 2.
    "paper-idrid": NetworkConfig(
        preset="paper-idrid", channels=3, height=224, width=224, classes=2,
        stage_widths=(64, 128, 256, 512), stage_depths=(3, 4, 6, 3), split=7, branch_width=512, threshold=0.75,
    ),
    # One lambda bottleneck behind the stem; the branch looks at the stem's map.
    "paper-defn": NetworkConfig(
        preset="paper-defn", channels=1, height=512, width=512, classes=2,
        stem_channels=16, stage_widths=(8,), stage_depths=(1,), split=0, branch_width=16, threshold=0.5,
    ),
    # Ours: answers in milliseconds on two cores.
    "compact": NetworkConfig(
        preset="compact", channels=3, height=224, width=224, classes=2,
        contrast_window=17, stem_channels=32, stage_widths=(32, 48, 80, 128), stage_depths=(2, 2, 4, 2), split=4,
        receptive_field=11, branch_width=64, threshold=0.5,
    ),
}  # fmt: skip

PREPROCESSINGS = {
    # The crop is the authors' (290, 0, 3701, 2849) of a 4288x2848 photograph.
    "idrid": Preprocessing(
        mode="rgb", height=224, width=224, mean=(0.4329, 0.2094, 0.0687), std=(0.3083, 0.1643, 0.0829),
        crop=(290 / 4288, 0.0, 3701 / 4288, 1.0),
    ),
    "magnetogram": Preprocessing(mode="grey", height=512, width=512, mean=(0.3625,), std=(0.2234,)),
}  # fmt: skip

PREPROCESSING_OF = {"paper-idrid": "idrid", "compact": "idrid", "paper-defn": "magnetogram"}


def network_config(preset: str, **changes: Any) -> NetworkConfig:
    """Return the named network, with some fields changed.

    Raises:
        ConfigurationError: no such preset or field.
    """
    if preset not in NETWORKS:
        raise ConfigurationError(f"no preset {preset!r}; there are {sorted(NETWORKS)}")
    try:
        return replace(NETWORKS[preset], **changes)
    except ConfigurationError as error:
        raise ConfigurationError(f"preset {preset}: {error}") from error
