"""python busy.py [PID]: has the process (the container's first) used processor time since the last look?"""

import sys
import tempfile
from pathlib import Path


def ticks(pid: str) -> int:
    """Return the clock ticks that a process and the children it has waited for have used."""
    after_the_name = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, after_the_name[11:15]))  # utime, stime, cutime, cstime: fields 14 to 17 of proc(5)


def main(pid: str = "1") -> int:
    """Return 0 if so or at the first look, else 1."""
    seen, now = Path(tempfile.gettempdir(), f"ticks-of-{pid}"), ticks(pid)
    before = int(seen.read_text()) if seen.exists() else -1
    seen.write_text(str(now))
    print(f"{now} clock ticks, {before} at the last look")
    return int(now == before)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
