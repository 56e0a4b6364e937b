from __future__ import annotations

import mmap
from pathlib import Path

import pytest
import torch

from model.runtime import device_memory as module
from model.runtime.device_memory import device_memory


def test_of_this_machine() -> None:
    found = device_memory("cpu")
    assert 1e7 < found["allocated"] < found["total"]
    assert 0 < found["free"] < found["total"]


def test_grows_with_what_is_allocated() -> None:
    before = device_memory("cpu")["allocated"]
    with mmap.mmap(-1, 64 << 20) as new:  # pages of its own, where the heap may have some left
        new.write(b"1" * len(new))
        assert device_memory("cpu")["allocated"] - before > 50 << 20


@pytest.mark.parametrize(("bound", "expected"), [("1000", (550, 1000)), ("max", None)])
def test_of_a_container_its_bound_counts(
    bound: str, expected: tuple[int, int] | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "memory.max").write_text(f"{bound}\n")
    (tmp_path / "memory.current").write_text("600\n")
    (tmp_path / "memory.stat").write_text("anon 450\ninactive_file 150\n")
    monkeypatch.setattr(module, "CGROUP", tmp_path)
    found = device_memory("cpu")
    machine = int(Path("/proc/meminfo").read_text().split()[1]) * 1024
    assert (found["free"], found["total"]) == expected if expected else found["total"] == machine


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_of_a_gpu() -> None:
    kept = torch.ones(64 << 20, dtype=torch.uint8, device="cuda")
    found = device_memory("cuda")
    assert 64 << 20 <= found["allocated"] <= found["reserved"] <= found["total"] - found["free"]
    assert kept[0] == 1
