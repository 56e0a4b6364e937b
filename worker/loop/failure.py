"""Translation of exceptions raised in jobs into the queue's errors."""

from __future__ import annotations

from rq.timeouts import JobTimeoutException

from model.runtime.out_of_memory import ONEDNN_FAILED, is_out_of_memory
from worker.queue.contracts.state import JobError
from worker.queue.errors import DeviceFailed, JobTimedOut, OutOfMemory, error_type


def named(error: BaseException) -> BaseException:
    """Return the queue's error for an exception of torch or RQ; others unchanged."""
    if is_out_of_memory(error):
        return OutOfMemory("not even one image at a time fits the memory")
    if isinstance(error, JobTimeoutException):
        return JobTimedOut(str(error))
    return device_failure(error) or error


def device_failure(error: BaseException) -> DeviceFailed | None:
    """Return a DeviceFailed for an exception after which the process cannot continue; else None.

    A CUDA error breaks the whole process. oneDNN, once it lacked memory to write code to, creates no primitive in
    that thread again, even when there is memory.
    """
    if not isinstance(error, RuntimeError):
        return None
    is_cuda = "CUDA" in str(error) and not is_out_of_memory(error)
    return DeviceFailed(str(error).splitlines()[0]) if is_cuda or ONEDNN_FAILED in str(error) else None


def job_error(error: BaseException) -> JobError:
    """Return the error document of a job. Messages of unexpected exceptions are left out: they may leak data."""
    kind = error_type(error)
    detail = f"unexpected {type(error).__name__}; see the worker's log" if kind == "internal" else str(error)
    return JobError(type=kind, detail=detail)
