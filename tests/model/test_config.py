"""Records that refuse what cannot be built, naming the field."""

from __future__ import annotations

import json
from dataclasses import FrozenInstanceError, replace
from typing import Any

import pytest

from model.config import NetworkConfig, Preprocessing
from model.errors import ConfigurationError
from model.presets import NETWORKS, PREPROCESSING_OF, PREPROCESSINGS, network_config
from tests.model.networks import SMALL

PLAIN = Preprocessing(mode="rgb", height=8, width=8, mean=(0.5, 0.4, 0.3), std=(0.2, 0.3, 0.4))


@pytest.mark.parametrize("record", [SMALL, PLAIN, *NETWORKS.values(), *PREPROCESSINGS.values()])
def test_a_record_survives_json(record: NetworkConfig | Preprocessing) -> None:
    assert type(record).from_dict(json.loads(json.dumps(record.to_dict()))) == record


def test_a_record_is_frozen() -> None:
    with pytest.raises(FrozenInstanceError):
        SMALL.split = 2  # type: ignore[misc]


@pytest.mark.parametrize("record", [SMALL, PLAIN])
def test_unknown_keys_are_refused_by_name(record: NetworkConfig | Preprocessing) -> None:
    with pytest.raises(ConfigurationError, match="colour"):
        type(record).from_dict(record.to_dict() | {"colour": 1})


@pytest.mark.parametrize(("record", "key"), [(SMALL, "classes"), (PLAIN, "std")])
def test_missing_keys_are_refused_by_name(record: NetworkConfig | Preprocessing, key: str) -> None:
    document = record.to_dict()
    del document[key]
    with pytest.raises(ConfigurationError, match=key):
        type(record).from_dict(document)


@pytest.mark.parametrize("document", [[], "", "abc", 3, None, [["classes", 2]]])
def test_what_is_no_object_is_refused(document: Any) -> None:
    with pytest.raises(ConfigurationError):
        NetworkConfig.from_dict(document)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *((name, 0) for name in ("channels", "height", "width", "classes", "stem_channels", "expansion", "heads")),
        *((name, -1) for name in ("key_depth", "intra_depth", "receptive_field", "branch_width", "branch_depth")),
        ("classes", "two"), ("classes", None), ("split", -1), ("split", 4), ("receptive_field", 4),
        ("contrast_window", 4), ("contrast_window", -1), ("branch_block", "dense"), ("threshold", 1.0),
        ("threshold", -0.1), ("threshold", float("nan")), ("stage_widths", ()), ("stage_widths", (8,)),
        ("stage_depths", (2, 0)),
    ],
)  # fmt: skip
def test_a_network_that_cannot_be_built_is_refused_naming_the_field(field: str, value: Any) -> None:
    with pytest.raises(ConfigurationError, match=field if value != "two" and value is not None else None):
        NetworkConfig.from_dict(SMALL.to_dict() | {field: value})


def test_widths_must_be_shared_by_the_heads() -> None:
    with pytest.raises(ConfigurationError, match="heads"):
        replace(SMALL, stage_widths=(8, 9))
    with pytest.raises(ConfigurationError, match="heads"):
        replace(SMALL, branch_width=9, branch_block="lambda")
    assert replace(SMALL, branch_width=9).branch_width == 9  # plain convolutions have no heads


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("mode", "cmyk"), ("height", 0), ("width", -3), ("mean", (0.5,)), ("std", (0.2, 0.2)),
        ("std", (0.2, 0.0, 0.2)), ("crop", (0.5, 0.0, 0.5, 1.0)), ("crop", (0.0, 0.0, 1.1, 1.0)),
        ("crop", (0.0, 0.0, 1.0, float("nan"))), ("crop", (0.0, 0.0, 1.0)),
    ],
)  # fmt: skip
def test_a_preprocessing_that_cannot_be_applied_is_refused(field: str, value: Any) -> None:
    with pytest.raises(ConfigurationError):
        Preprocessing.from_dict(PLAIN.to_dict() | {field: value})


def test_the_published_networks_have_the_depths_of_the_paper() -> None:
    assert [
        (config.bottlenecks, config.split) for config in map(network_config, ["paper-idrid", "paper-defn"])
    ] == [
        (16, 7),
        (1, 0),
    ]


@pytest.mark.parametrize("preset", NETWORKS)
def test_each_preset_fits_its_preprocessing(preset: str) -> None:
    config, preprocessing = NETWORKS[preset], PREPROCESSINGS[PREPROCESSING_OF[preset]]
    assert config.preset == preset
    assert (config.channels, config.height, config.width) == (
        preprocessing.channels,
        preprocessing.height,
        preprocessing.width,
    )


def test_a_preset_may_be_changed_and_unknown_ones_are_refused() -> None:
    assert network_config("compact", split=2).split == 2
    with pytest.raises(ConfigurationError, match="compact"):
        network_config("huge")
    with pytest.raises(ConfigurationError, match="colour"):
        network_config("compact", colour=1)
