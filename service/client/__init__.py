"""A client of the service for scripts and notebooks: `from service.client import Client`; needs no torch.

What others import stands here, so that they need not know the files.
"""

from service.client.client import Client
from service.client.errors import ClientError, JobFailed, Refused, UnknownId, Unreachable
from service.client.job import Job

__all__ = ["Client", "ClientError", "Job", "JobFailed", "Refused", "UnknownId", "Unreachable"]
