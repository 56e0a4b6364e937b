"""Names in Redis, besides RQ's own."""

from __future__ import annotations

UNFINISHED = "labn:unfinished"  # set: ids of jobs that wait or run
MISSING = "labn:missing"  # hash: id -> since when a waiting job is in no list
LISTED = "labn:evaluations"  # sorted set: ids of evaluations, by when they were asked for
LISTED_SETS = "labn:sets"
SETS_UNFINISHED = "labn:sets:unfinished"  # set: ids of sets whose tables are not final
MAINTAINED = "labn:maintained"  # string: there while maintenance need not be done again
KEPT_UP = "labn:kept_up"  # string: there while the time of what waits need not begin again
ABANDONED = "labn:abandoned"  # integer: jobs that have failed because their workers vanished
FORWARD_S = "labn:forward_s"  # hash: version of a model -> of an image in its last evaluations, a moving mean
MEAN_RUN_S = "labn:mean_run_s"  # of the last jobs, a moving mean


def job(job_id: str) -> str:
    """Hash: what was asked, when, and how far it is."""
    return f"labn:job:{job_id}"


def events(job_id: str) -> str:
    """Stream: an entry each time there is something new to tell."""
    return f"labn:events:{job_id}"


def result(job_id: str) -> str:
    """String: the result, deflated JSON."""
    return f"labn:result:{job_id}"


def growing(job_id: str) -> str:
    """String: the curves that are being measured, deflated JSON."""
    return f"labn:growing:{job_id}"


def scores(job_id: str) -> str:
    """List: scores in the order in which they were measured, each deflated JSON."""
    return f"labn:scores:{job_id}"


def maps(job_id: str) -> str:
    """String: saliency maps, an npz file of float16."""
    return f"labn:maps:{job_id}"


def owners(job_id: str) -> str:
    """Set: who asked for a job: ids of sets, and `client`."""
    return f"labn:owners:{job_id}"


def blob(sha256: str) -> str:
    """String: an upload."""
    return f"labn:blob:{sha256}"


def blob_users(sha256: str) -> str:
    """Set: ids of jobs that need an upload."""
    return f"labn:blob:{sha256}:users"


def idempotency(digest: str) -> str:
    """String: the id that a key was given with."""
    return f"labn:idempotency:{digest}"


def items(set_id: str) -> str:
    """List: ids of a set's items, in its order."""
    return f"labn:set:{set_id}:items"


def pending(set_id: str) -> str:
    """Set: ids of a set's items that were not seen to end; it may hold too many, never too few."""
    return f"labn:set:{set_id}:pending"


def submitters(set_id: str) -> str:
    """Set: calls that ask for a set and are not through with its images."""
    return f"labn:set:{set_id}:submitters"


def table_lock(set_id: str) -> str:
    """String: there while partial tables are young enough."""
    return f"labn:set:{set_id}:tables"
