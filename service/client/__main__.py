"""`python -m service.client predict | submit | watch | fetch | cancel`."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from service.client.client import Client
from service.client.command import (
    EVALUATION_OPTIONS,
    PREDICTION_OPTIONS,
    cancel,
    fetch,
    predict,
    run,
    submit,
    watch,
)


def main(arguments: list[str] | None = None) -> int:
    """Run one command; `service.client.command.run` says what is returned."""
    options = _parser().parse_args(arguments)
    try:
        with Client.from_environment(
            {**os.environ, **({"LABN_URL": options.url} if options.url else {})}
        ) as client:
            return run(client, options)
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # the reader has seen enough, as `| head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m service.client",
        description="Ask a running service. LABN_URL is its address, LABN_API_KEY the key that it may ask for.",
    )
    parser.add_argument("--url", help="of the service, before LABN_URL and http://127.0.0.1:8000")
    commands = parser.add_subparsers(required=True)

    predicting = commands.add_parser("predict", help="classify images; one JSON object a line")
    predicting.add_argument("images", nargs="+", type=Path, metavar="IMAGE")
    _add_options(predicting, PREDICTION_OPTIONS)
    predicting.add_argument("--out", type=Path, help="folder for overlays")
    predicting.set_defaults(command=predict)

    submitting = commands.add_parser("submit", help="have explanations scored; prints ids")
    submitting.add_argument(
        "sources", nargs="*", type=Path, metavar="SOURCE", help="images, zips, folders with labels.csv"
    )
    submitting.add_argument("--named", action="append", default=[], help="a set that the service has")
    submitting.add_argument("--mask", type=Path, help="lesion mask of the image, for localisation")
    _add_options(submitting, EVALUATION_OPTIONS)
    submitting.add_argument("--watch", action="store_true", help="wait for the ends")
    submitting.add_argument("--out", type=Path, help="wait, and write results into a folder for each")
    submitting.set_defaults(command=submit)

    for name, command, sentence in (
        ("watch", watch, "show the progress of jobs until they end"),
        ("fetch", fetch, "wait for jobs and write results into a folder for each"),
        ("cancel", cancel, "end jobs and have their uploads erased"),
    ):
        looking = commands.add_parser(name, help=sentence)
        looking.add_argument("ids", nargs="+", metavar="ID")
        looking.set_defaults(command=command)
        if name == "fetch":
            looking.add_argument("--out", type=Path, required=True, help="folder")
    return parser


def _add_options(parser: argparse.ArgumentParser, options: dict[str, str]) -> None:
    for name, sentence in options.items():
        parser.add_argument(f"--{name.replace('_', '-')}", help=sentence)


if __name__ == "__main__":
    sys.exit(main())
