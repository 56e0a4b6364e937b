"""python answers.py VARIABLE PATH: does this container answer 200 at the port that VARIABLE names?"""

import os
import sys
from http.client import HTTPConnection, HTTPException

TIMEOUT_S = 4.0  # below the engine's own


def main(variable: str, path: str) -> int:
    """Return 0 if so, else 1 with the reason on stdout, which the engine keeps."""
    connection = HTTPConnection("127.0.0.1", int(os.environ[variable]), timeout=TIMEOUT_S)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        print(answer.status, answer.read(2000).decode("utf-8", "replace"))
    except (OSError, HTTPException) as error:
        print(f"no answer: {error}")
        return 1
    return int(answer.status != 200)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
