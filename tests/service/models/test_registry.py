from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from service.errors import SettingsError, UnknownModel
from service.models.registry import ModelRegistry, load_registry


def test_finds_by_name_version_and_default(registry: ModelRegistry) -> None:
    old = next(model for model in registry if model.name == "other" and model is not registry.find("other"))
    assert registry.find(None).name == "tiny"
    assert registry.find(old.reference) is old
    assert registry.find("other").version != old.version


@pytest.mark.parametrize("reference", ["nothing", "tiny@000000000000", "", "@"])
def test_unknown_model_lists_what_there_is(registry: ModelRegistry, reference: str) -> None:
    with pytest.raises(UnknownModel, match="tiny@"):
        registry.find(reference)


def test_default_must_be_there(tiny_checkpoint: Path) -> None:
    with pytest.raises(SettingsError, match=r"LABN_DEFAULT_MODEL: no model 'labn-idrid'.*tiny"):
        load_registry([tiny_checkpoint], default="labn-idrid", device="cpu")


def test_the_only_model_is_the_default_where_none_is_named(
    tiny_checkpoint: Path, save_tiny: Callable[..., Path]
) -> None:
    assert load_registry([tiny_checkpoint], default=None, device="cpu").default.name == "tiny"
    idrid = save_tiny("labn-idrid")
    assert load_registry([tiny_checkpoint, idrid], default=None, device="cpu").default.name == "labn-idrid"
    with pytest.raises(SettingsError, match="LABN_DEFAULT_MODEL: no model 'labn-idrid'"):
        load_registry([tiny_checkpoint, save_tiny("other")], default=None, device="cpu")


def test_folder_without_checkpoints_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=str(tmp_path)):
        load_registry([tmp_path], default="tiny", device="cpu")
