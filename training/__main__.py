"""Command line of training: `python -m training train | evaluate | ablate | report | ship | generate`."""

from __future__ import annotations

import argparse
import sys

from model.errors import LabnError
from model.runtime.allocator import keep_memory
from training.cli import ablate, evaluate, generate, report, ship, train

COMMANDS = (train, evaluate, ablate, report, ship, generate)


def main(arguments: list[str] | None = None) -> int:
    """Run a command; a named error is one line on stderr and exit status 2."""
    keep_memory()
    options = _parser().parse_args(arguments)
    options.typed = sys.argv[1:] if arguments is None else arguments
    try:
        return options.command(options) or 0
    except (LabnError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("stopped; the same command resumes from here", file=sys.stderr)
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m training", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for command in COMMANDS:
        command.add_command(commands)
    return parser


if __name__ == "__main__":
    sys.exit(main())
