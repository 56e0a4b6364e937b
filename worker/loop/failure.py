"""What goes wrong in a job, in our words."""

from __future__ import annotations

from rq.timeouts import JobTimeoutException

from model.runtime.out_of_memory import ONEDNN_FAILED, is_out_of_memory
from worker.queue.contracts.state import JobError
from worker.queue.errors import DeviceFailed, JobTimedOut, OutOfMemory, error_type


def named(error: BaseException) -> BaseException:
    """Return an error of ours for what torch or RQ raise."""
    if is_out_of_memory(error):
        return OutOfMemory("not even one image at a time fits the memory")
    if isinstance(error, JobTimeoutException):
        return JobTimedOut(str(error))
    return device_failure(error) or error


def device_failure(error: BaseException) -> DeviceFailed | None:
    """Return what ends the process, where an error leaves no other way.

    CUDA is broken for all of it. oneDNN, once it had no memory to write code to, makes no new primitive in that
    thread again, however much there is later.
    """
    if not isinstance(error, RuntimeError):
        return None
    is_cuda = "CUDA" in str(error) and not is_out_of_memory(error)
    return DeviceFailed(str(error).splitlines()[0]) if is_cuda or ONEDNN_FAILED in str(error) else None


def job_error(error: BaseException) -> JobError:
    """Return what is told of an error; of one without a name, no more than that, since it may say too much."""
    kind = error_type(error)
    detail = f"unexpected {type(error).__name__}; see the worker's log" if kind == "internal" else str(error)
    return JobError(type=kind, detail=detail)
