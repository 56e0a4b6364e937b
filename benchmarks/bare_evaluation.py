"""An evaluation without the queue, in a process that is what the launcher's worker is: niced, one thread.

`python -m benchmarks.bare_evaluation CHECKPOINT…` evaluates what it is asked to and answers with the seconds.
"""

from __future__ import annotations

import os
import sys
from functools import partial
from pathlib import Path
from typing import Any

import torch

from benchmarks.blocks import seconds_of
from benchmarks.piped_process import PipedProcess, answer_orders
from model.checkpoint import LoadedCheckpoint, load_checkpoint
from model.evaluation.evaluate import evaluate_image
from model.evaluation.request import EvaluationRequest
from model.images.preprocessing import decode_image, decode_size, to_tensor
from model.runtime.allocator import keep_memory
from service.standalone import WORKER_NICENESS

Parameters = dict[str, Any]  # of POST /v1/evaluations


class BareEvaluation(PipedProcess):
    """The process."""

    def __init__(self, *checkpoints: Path) -> None:
        super().__init__("benchmarks.bare_evaluation", *checkpoints)

    def run(self, model: str, image: Path, parameters: Parameters) -> float:
        """Return the seconds from the file's bytes to the result as a document.

        Raises:
            RuntimeError: the process has ended, over an error that it wrote.
        """
        order = {"model": model, "image": str(image), "parameters": parameters}
        return float(self.ask(order))


def evaluate(loaded: LoadedCheckpoint, data: bytes, parameters: Parameters) -> dict[str, Any]:
    """Do what a worker's job does of an image, besides the queue's part."""
    preprocessing = loaded.preprocessing
    picture = decode_image(data, preprocessing.mode, at_least=decode_size(preprocessing))
    request = EvaluationRequest.from_dict(parameters)
    return evaluate_image(loaded, to_tensor(picture, preprocessing)[0], request).to_dict()


def main() -> None:
    """Evaluate until the input ends."""
    os.nice(WORKER_NICENESS)
    keep_memory()
    torch.set_num_threads(1)
    networks = {Path(path).stem: load_checkpoint(path) for path in sys.argv[1:]}

    def answer(order: Any) -> float:
        data = Path(order["image"]).read_bytes()
        return seconds_of(partial(evaluate, networks[order["model"]], data, order["parameters"]))

    answer_orders(answer)


if __name__ == "__main__":
    main()
