"""PID and RISE of one image in a process of its own, in our form or in the published one.

`python -m benchmarks.explanation_jobs FORM CHECKPOINT PATCH_SIZE MASKS BATCH_SIZE` is ordered jobs by name and
answers with what each took. Ours sets the allocator as `python -m model` does, which the published program does
not: hence two processes.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import Any, Literal

import torch
from torch import Tensor

from benchmarks.blocks import Effort, seconds_of
from benchmarks.checkpoints import published_of
from benchmarks.pictures import fundus_batch
from benchmarks.piped_process import PipedProcess, answer_orders
from benchmarks.published_loops import published_pid, published_probability_of, published_rise
from model.checkpoint import load_checkpoint
from model.explain.rise import Rise
from model.explain.rise_masks import RiseMasks
from model.metrics.blanks import blank_image
from model.metrics.pid import patch_insertion_deletion
from model.runtime.allocator import keep_memory
from model.target_probability import Predict, probability_of
from service.settings import usable_cores

Form = Literal["ours", "published"]
JobName = Literal["PID", "RISE"]
Jobs = dict[str, Callable[[Predict], object]]
TARGET = 1  # the positive class


@dataclass(frozen=True, kw_only=True)
class Spent:
    """What a job took."""

    seconds: float
    forwards_s: float  # of these, inside the network

    @property
    def besides_percent(self) -> float:
        """What does not pass in the network."""
        return 100 * (1 - self.forwards_s / self.seconds)


class JobProcess(PipedProcess):
    """The process, warm once the context is entered; leaving it ends the process."""

    def __init__(self, form: Form, checkpoint: Path, effort: Effort) -> None:
        what = [form, checkpoint, effort.patch_size, effort.masks, effort.batch_size]
        super().__init__("benchmarks.explanation_jobs", *what)

    def run(self, job: JobName) -> Spent:
        """Run a job.

        Raises:
            RuntimeError: the process has ended, over an error that it wrote.
        """
        return Spent(**self.ask(job))


class TimedPredict:
    """A function of images that adds up the seconds it takes."""

    def __init__(self, predict: Predict) -> None:
        self._predict = predict
        self.seconds = 0.0

    def __call__(self, images: Tensor) -> Tensor:
        """Ask the function."""
        started = perf_counter()
        probabilities = self._predict(images)
        self.seconds += perf_counter() - started
        return probabilities


def our_jobs(image: Tensor, blank: Tensor, saliency: Tensor, *, patch_size: int, rise: Rise) -> Jobs:
    """Return the jobs on an image and its blank (C, H, W) as `python -m model pid` runs them."""
    pid = partial(patch_insertion_deletion, patch_size=patch_size, batch_size=rise.batch_size)
    return {
        "PID": lambda predict: pid(predict, image, saliency, blank),
        "RISE": lambda predict: rise.estimate(predict, image),
    }


def published_jobs(image: Tensor, blank: Tensor, saliency: Tensor, *, patch_size: int, rise: Rise) -> Jobs:
    """Return the same jobs as the published loops; RISE with the very same masks."""
    height, width = image.shape[-2:]
    draw = partial(
        RiseMasks, rise.masks, grid=rise.grid, keep=rise.keep, seed=rise.seed, height=height, width=width
    )
    pid = partial(published_pid, patch_size=patch_size, batch_size=rise.batch_size)
    return {
        "PID": lambda predict: pid(predict, image, saliency, blank),
        "RISE": lambda predict: published_rise(predict, image, draw(), keep=rise.keep, batch_size=rise.batch_size),
    }


def main() -> None:
    """Run what is asked until the input ends."""
    form, checkpoint, *sizes = sys.argv[1:]
    patch_size, masks, batch_size = map(int, sizes)
    if form == "ours":
        keep_memory()
    torch.set_num_threads(usable_cores())
    loaded = load_checkpoint(checkpoint, folded=form == "ours")
    image = fundus_batch(1, loaded.preprocessing)[0]
    blank = blank_image("blur", image, loaded.preprocessing)  # random weights overflow on black
    noise = torch.rand(image.shape[-2:], generator=torch.Generator().manual_seed(0))  # a map without ties
    rise = Rise(masks=masks, batch_size=batch_size)
    if form == "ours":
        jobs, predict = our_jobs, probability_of(loaded.network, TARGET)
    else:
        jobs, predict = published_jobs, published_probability_of(published_of(loaded.network), TARGET)
    run = jobs(image, blank, noise, patch_size=patch_size, rise=rise)
    predict(image.expand(batch_size, -1, -1, -1))

    def answer(job: Any) -> dict[str, float]:
        timed = TimedPredict(predict)
        seconds = seconds_of(partial(run[job], timed))
        return asdict(Spent(seconds=seconds, forwards_s=timed.seconds))

    answer_orders(answer)


if __name__ == "__main__":
    main()
