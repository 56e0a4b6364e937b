"""The split into training and validation."""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path

import pytest

from training.data.examples import Example, fold_examples, split_examples
from training.errors import DatasetError


@pytest.fixture
def examples(tmp_path: Path) -> list[Example]:
    """Forty files of class 0, ten of class 1; any bytes will do."""
    made = [Example(tmp_path / f"{index:02d}.png", int(index >= 40)) for index in range(50)]
    for example in made:
        example.path.write_bytes(example.path.name.encode())
    return made


@pytest.mark.parametrize(("share", "validation"), [(0.2, {0: 8, 1: 2}), (0.5, {0: 20, 1: 5})])
def test_share_is_that_of_each_class_and_nothing_is_lost(
    examples: list[Example], share: float, validation: dict[int, int]
) -> None:
    train, held_out = split_examples(examples, share=share, seed=0)
    assert Counter(example.label for example in held_out) == validation
    assert sorted(train + held_out, key=lambda e: e.path) == examples


def test_same_seed_gives_the_same_split_in_whatever_order_files_come(examples: list[Example]) -> None:
    shuffled = random.Random(1).sample(examples, len(examples))
    assert split_examples(shuffled, share=0.2, seed=3) == split_examples(examples, share=0.2, seed=3)


def test_other_seed_gives_another_split(examples: list[Example]) -> None:
    assert split_examples(examples, share=0.2, seed=3) != split_examples(examples, share=0.2, seed=4)


@pytest.mark.parametrize("seed", range(10))
def test_byte_identical_images_never_part(examples: list[Example], seed: int) -> None:
    twins = [examples[:3], [examples[7], examples[44]], examples[46:48]]  # the second pair under two labels
    for group in twins:
        for example in group:
            example.path.write_bytes(group[0].path.name.encode())
    _, held_out = split_examples(examples, share=0.3, seed=seed)
    for group in twins:
        assert len({example in held_out for example in group}) == 1


def test_class_of_twins_alone_is_too_small(examples: list[Example]) -> None:
    for example in examples[40:]:
        example.path.write_bytes(b"the same")
    with pytest.raises(DatasetError, match="class 1 is too small to be split by 20%"):
        split_examples(examples, share=0.2, seed=0)


@pytest.mark.parametrize(("kept", "share"), [(1, 0.5), (2, 0.2), (2, 0.9)])
def test_class_that_cannot_be_on_both_sides_is_named(examples: list[Example], kept: int, share: float) -> None:
    with pytest.raises(DatasetError, match="class 1 is too small"):
        split_examples(examples[: 40 + kept], share=share, seed=0)


def test_every_image_is_held_out_by_exactly_one_fold(examples: list[Example]) -> None:
    folds = [fold_examples(examples, folds=5, fold=fold, seed=0) for fold in range(5)]
    for training, held_out in folds:
        assert Counter(example.label for example in held_out) == {0: 8, 1: 2}
        assert sorted(training + held_out, key=lambda e: e.path) == examples
    assert sorted((e for _, held_out in folds for e in held_out), key=lambda e: e.path) == examples


@pytest.mark.parametrize("fold", range(5))
def test_twins_never_part_in_folds(examples: list[Example], fold: int) -> None:
    for example in examples[:3]:
        example.path.write_bytes(b"the same")
    _, held_out = fold_examples(examples, folds=5, fold=fold, seed=0)
    assert len({example in held_out for example in examples[:3]}) == 1


def test_class_with_fewer_images_than_folds_is_named(examples: list[Example]) -> None:
    with pytest.raises(DatasetError, match="class 1 has too few images for 11 folds"):
        fold_examples(examples, folds=11, fold=0, seed=0)
