"""Child processes that end with their parent."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from typing import IO

PR_SET_PDEATHSIG = 1  # linux/prctl.h


def start_child(
    command: Sequence[str | os.PathLike[str]], *, environment: Mapping[str, str] | None = None,
    output: IO[bytes] | None = None, niceness: int = 0, inherited: Sequence[int] = (),
    parent_died: signal.Signals = signal.SIGKILL,
) -> subprocess.Popen[bytes]:  # fmt: skip
    """Start a process outside the terminal's foreground group, so that Ctrl-C reaches only its parent.

    On Linux the kernel sends it `parent_died` when the starting thread ends, even after a crash: call this in the
    main thread. On other systems only an orderly end of the parent ends it.

    Args:
        command: program and arguments.
        environment: all variables of the process; None: those of this process.
        output: file for standard output and error; None: those of this process.
        niceness: added to that of this process.
        inherited: file descriptors to pass on.
        parent_died: signal on the death of this process.
    """
    parent = os.getpid()
    libc = ctypes.CDLL(None) if sys.platform == "linux" else None

    def prepare() -> None:  # in the child, between fork and exec
        if niceness:
            os.nice(niceness)
        if libc is not None:
            libc.prctl(PR_SET_PDEATHSIG, parent_died)
            if os.getppid() != parent:  # it died before prctl
                os._exit(1)

    return subprocess.Popen(
        command, env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=output, pass_fds=inherited,
        process_group=0, preexec_fn=prepare,
    )  # fmt: skip
