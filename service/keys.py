"""`python -m service.keys new NAME`: make a key, tell it once, keep its digest."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from service.auth.key import NAME, SCOPES, ApiKey, digest_of, make_secret
from service.auth.key_file import append_key, parse_scopes
from service.errors import SettingsError


def main(arguments: list[str] | None = None) -> int:
    """Make one; 2 where it cannot be kept."""
    options = _parser().parse_args(arguments)
    secret = make_secret()
    try:
        append_key(options.file, ApiKey(name=options.name, digest=digest_of(secret), scopes=options.scopes))
    except SettingsError as error:
        print(f"labn: {error}", file=sys.stderr)
        return 2
    print(f"{options.name} may {', '.join(sorted(options.scopes))}; kept nowhere, told now:", file=sys.stderr)
    print(secret)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m service.keys", description="The API keys of the service.")
    new = parser.add_subparsers(required=True).add_parser("new", help="make a key; prints it once")
    new.add_argument("name", type=_name, help="whose it is, as logs tell it")
    new.add_argument("--scopes", type=_scopes, default="predict,evaluate", help=f"of {', '.join(SCOPES)}")
    file = os.environ.get("LABN_API_KEYS_FILE")
    new.add_argument("--file", type=Path, default=file, required=not file, help="before LABN_API_KEYS_FILE")
    return parser


def _name(text: str) -> str:
    if not NAME.fullmatch(text):
        raise argparse.ArgumentTypeError("letters, digits and . _ @ -, 64 at most")
    return text


def _scopes(text: str) -> object:
    try:
        return parse_scopes(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


if __name__ == "__main__":
    sys.exit(main())
