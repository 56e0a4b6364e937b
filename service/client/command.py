"""Commands of the client: options become requests, answers become JSON lines on stdout."""

from __future__ import annotations

import argparse
import base64
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import httpx

from model.errors import LabnError
from model.runtime.atomic_file import write_whole
from service.client.client import Client
from service.client.connection import wait_for
from service.client.errors import ClientError, JobFailed, Refused, Unreachable
from service.client.job import Job
from service.client.progress_bar import follow

EVALUATION_OPTIONS = {
    "methods": "comma-separated: attention,lambda_attention,rise,grad_cam,random,edges",
    "patch_sizes": "m in px, comma-separated",
    "protocol": "paper or published",
    "step": "auto, recommended, or every N-th count",
    "blank": "replaces removed patches: black, mean or blur",
    "target": "label, or index; default: the predicted class",
    "rise_masks": "number of RISE masks",
    "random_orders": "number of random orders for the chance band",
    "seed": "of RISE's masks, the random map and the random orders",
    "model": "name or name@version",
}
PREDICTION_OPTIONS = {
    "explanation": "attention, lambda_attention or none",
    "threshold": "of the overlay",
    "colormap": "of the overlay",
    "opacity": "of the overlay",
    "size": "of the overlay: upload, input, or its longest side in px",
    "model": "name or name@version",
}


def predict(client: Client, options: argparse.Namespace) -> int:
    """Classify images; print one line each, write overlays to a folder."""
    asked = _given(options, PREDICTION_OPTIONS) | {"include": "overlay" if options.out else ""}
    failed = 0
    for path in options.images:
        try:
            answer = client.predict(path, **asked)
        except (Refused, OSError) as error:
            failed += 1
            _print({"path": str(path), "error": _message(error)})
            continue
        if options.out and answer["explanation"]:
            answer["explanation"]["overlay_png"] = _save_overlay(answer["explanation"], path, options.out)
        _print({"path": str(path), **answer})
    return int(failed > 0)


def submit(client: Client, options: argparse.Namespace) -> int:
    """Submit images and sets; print one line each; --watch and --out wait until they end."""
    jobs = []
    for name, job in _submitted(client, options):
        _print({"name": name, "id": job.id, "kind": job.kind})
        jobs.append((name, job))
    if not options.watch and not options.out:
        return 0
    return _follow_all(jobs, options.out)


def watch(client: Client, options: argparse.Namespace) -> int:
    """Show the progress of jobs until they end."""
    return _follow_all([(identifier, client.job(identifier)) for identifier in options.ids], None)


def fetch(client: Client, options: argparse.Namespace) -> int:
    """Wait for jobs and write their results into folders named by their IDs."""
    return _follow_all([(identifier, client.job(identifier)) for identifier in options.ids], options.out)


def cancel(client: Client, options: argparse.Namespace) -> int:
    """Cancel jobs."""
    for identifier in options.ids:
        client.job(identifier).cancel()
    return 0


def _submitted(client: Client, options: argparse.Namespace) -> Iterator[tuple[str, Job]]:
    if not options.sources and not options.named:
        raise ClientError("nothing to submit: name an image, a zip, a folder, or a set with --named")
    if options.mask and len(options.sources) != 1:
        raise ClientError("--mask belongs to one image; for several, name masks in the labels.csv of a set")
    asked = _given(options, EVALUATION_OPTIONS)
    for name in options.named:
        yield name, _submit_when_possible(partial(client.submit_named_set, name, **asked))
    for path in options.sources:
        if path.is_dir() or path.suffix.lower() == ".zip":
            yield path.name, _submit_when_possible(partial(client.submit_set, path, **asked))
        else:
            yield path.stem, _submit_when_possible(partial(client.submit, path, mask=options.mask, **asked))


def _submit_when_possible(submit_one: Callable[[], Job]) -> Job:
    """Submit; wait and try again while the queue is full."""
    while True:
        try:
            return submit_one()
        except Refused as refusal:
            if refusal.status != httpx.codes.TOO_MANY_REQUESTS:
                raise
            wait_for(refusal)


def _follow_all(jobs: Sequence[tuple[str, Job]], out: Path | None) -> int:
    """Follow jobs until they end and print one line each; return 1 if one has no result."""
    failed = 0
    for number, (name, job) in enumerate(jobs):
        try:
            line, is_sound = _outcome(job, name, out)
        except KeyboardInterrupt:
            ids = " ".join(job.id for _, job in jobs[number:])
            print(f"\nstill running; to resume watching: python -m service.client watch {ids}", file=sys.stderr)
            return 130
        failed += not is_sound
        _print(line)
    return int(failed > 0)


def _outcome(job: Job, name: str, out: Path | None) -> tuple[dict[str, Any], bool]:
    """Wait for a job; return its output line and whether it succeeded."""
    try:
        state = follow(job, name)
        is_sound = state["status"] == "succeeded"
        if out is None:
            return {"name": name, **state}, is_sound
        line: dict[str, Any] = {"name": name, "id": job.id}
        if not is_sound:
            line["error"] = str(JobFailed(state))
        if state["result"]:  # a set whose images did not all succeed has one too
            line["files"] = [str(path) for path in job.fetch(out / name)]
    except Refused as refusal:
        return {"name": name, "id": job.id, "error": str(refusal)}, False
    else:
        return line, is_sound


def _message(error: Exception) -> str:
    """Return the message for the user: for files the name and the reason, without the error number."""
    if isinstance(error, OSError) and error.strerror and error.filename is not None:
        return f"{error.filename}: {error.strerror.lower()}"
    return str(error)


def _given(options: argparse.Namespace, names: dict[str, str]) -> dict[str, Any]:
    return {name: getattr(options, name) for name in names}


def _save_overlay(explanation: dict[str, Any], image: Path, folder: Path) -> str:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{image.stem}.{explanation['method']}.overlay.png"
    write_whole(path, base64.b64decode(explanation["overlay_png"]))
    return str(path)


def _print(line: dict[str, Any]) -> None:
    print(json.dumps(line, ensure_ascii=False), flush=True)


def run(client: Client, options: argparse.Namespace) -> int:
    """Run the command.

    Returns:
        0; 1 where some image or job has no result; 2 where nothing could be done, with one line on stderr.
    """
    try:
        return int(options.command(client, options))
    except Unreachable as error:
        print(f"error: {error}. Is the service running (make serve), and LABN_URL its address?", file=sys.stderr)
    except (LabnError, OSError) as error:
        print(f"error: {_message(error)}", file=sys.stderr)
    return 2
