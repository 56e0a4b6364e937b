"""Names of keys in Redis, besides RQ's own."""

from __future__ import annotations

CLIENT = "client"  # owner of a job that was submitted by itself; the other owners are ids of sets

UNFINISHED = "labn:unfinished"  # set: ids of jobs that wait or run
MISSING = "labn:missing"  # hash: id -> time (s) since when an unfinished job is in no list
LISTED = "labn:evaluations"  # sorted set: ids of evaluations by time of submission (us)
LISTED_SETS = "labn:sets"  # sorted set: ids of sets, likewise
SETS_UNFINISHED = "labn:sets:unfinished"  # set: ids of sets without final tables
MAINTAINED = "labn:maintained"  # string: exists while maintenance is not due
RETAINED = "labn:kept_up"  # string: exists while retention is not due
ABANDONED = "labn:abandoned"  # integer: jobs failed because their workers vanished
FORWARD_S = "labn:forward_s"  # hash: model version -> moving mean of seconds per forward of one image
MEAN_RUN_S = "labn:mean_run_s"  # string: moving mean of seconds per evaluation


def job(job_id: str) -> str:
    """Hash: request, times and progress of a job or set."""
    return f"labn:job:{job_id}"


def events(job_id: str) -> str:
    """Stream: one entry per change of a job or set."""
    return f"labn:events:{job_id}"


def result(job_id: str) -> str:
    """String: result, deflated JSON."""
    return f"labn:result:{job_id}"


def partial_curves(job_id: str) -> str:
    """String: the curves being measured, deflated JSON."""
    return f"labn:growing:{job_id}"


def scores(job_id: str) -> str:
    """List: scores in order of measurement, each deflated JSON."""
    return f"labn:scores:{job_id}"


def maps(job_id: str) -> str:
    """String: saliency maps, an npz file of float16."""
    return f"labn:maps:{job_id}"


def owners(job_id: str) -> str:
    """Set: who submitted a job: ids of sets, and CLIENT."""
    return f"labn:owners:{job_id}"


def blob(sha256: str) -> str:
    """String: an upload."""
    return f"labn:blob:{sha256}"


def blob_users(sha256: str) -> str:
    """Set: ids of jobs that need an upload."""
    return f"labn:blob:{sha256}:users"


def idempotency(digest: str) -> str:
    """String: id of the job or set for which an idempotency key was used."""
    return f"labn:idempotency:{digest}"


def items(set_id: str) -> str:
    """List: ids of a set's evaluations, in its order."""
    return f"labn:set:{set_id}:items"


def pending(set_id: str) -> str:
    """Set: ids of a set's unfinished evaluations; may hold finished ones, never lacks an unfinished one."""
    return f"labn:set:{set_id}:pending"


def submitters(set_id: str) -> str:
    """Set: calls that are submitting a set."""
    return f"labn:set:{set_id}:submitters"


def table_lock(set_id: str) -> str:
    """String: exists while partial tables are recent."""
    return f"labn:set:{set_id}:tables"
