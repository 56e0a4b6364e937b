"""Progress bar of a job."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from tqdm import tqdm

from service.client.job import Job
from service.client.watch import State

FORMAT = "{desc} {percentage:3.0f}% |{bar}| {n_fmt}/{total_fmt} [{elapsed}{postfix}]"


def follow(job: Job, name: str) -> State:
    """Watch a job until it ends, with a progress bar if stderr is a terminal; return its final state.

    Raises:
        Refused: there is no such job, or no longer.
        Unreachable: no answer within the time limit.
    """
    bar: tqdm[Any]
    with tqdm(disable=None, leave=False, bar_format=FORMAT, total=0) as bar:
        for state in job.watch():
            _show(bar, name, state)
    return state


def _show(bar: tqdm[Any], name: str, state: State) -> None:
    progress = state["progress"] or {}
    waits = state["status"] == "queued"
    bar.set_description_str(
        f"{name}: {'queued' if waits else progress.get('stage', state['status'])}", refresh=False
    )
    bar.total, bar.n = progress.get("total", 0), progress.get("done", 0)
    eta_s = progress.get("eta_s")
    bar.set_postfix_str("" if eta_s is None else f"{timedelta(seconds=round(eta_s))} left", refresh=False)
    bar.refresh()
