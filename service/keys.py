"""`python -m service.keys new NAME`: create an API key, print it once, store its digest."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from service.auth.key import NAME, SCOPES, ApiKey, digest_of, make_secret
from service.auth.key_file import append_key, parse_scopes
from service.errors import SettingsError


def main(arguments: list[str] | None = None) -> int:
    """Create a key; return 2 if it cannot be stored."""
    options = _parser().parse_args(arguments)
    secret = make_secret()
    try:
        append_key(options.file, ApiKey(name=options.name, digest=digest_of(secret), scopes=options.scopes))
    except SettingsError as error:
        print(f"labn: {error}", file=sys.stderr)
        return 2
    print(
        f"{options.name} may {', '.join(sorted(options.scopes))}. The key is stored nowhere; copy it now:",
        file=sys.stderr,
    )
    print(secret)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m service.keys", description="Manage the API keys of the service."
    )
    new = parser.add_subparsers(required=True).add_parser("new", help="create a key and print it once")
    new.add_argument("name", type=_name, help="name of its owner, shown in logs")
    new.add_argument(
        "--scopes",
        type=_scopes,
        default="predict,evaluate",
        help=f"comma-separated, of {', '.join(SCOPES)}; default: %(default)s",
    )
    file = os.environ.get("LABN_API_KEYS_FILE")
    new.add_argument(
        "--file", type=Path, default=file, required=not file, help="key file; default: LABN_API_KEYS_FILE"
    )
    return parser


def _name(text: str) -> str:
    if not NAME.fullmatch(text):
        raise argparse.ArgumentTypeError("up to 64 letters, digits and . _ @ -")
    return text


def _scopes(text: str) -> object:
    try:
        return parse_scopes(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


if __name__ == "__main__":
    sys.exit(main())
