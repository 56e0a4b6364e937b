"""Python client of the service: `from service.client import Client`. Needs no torch."""

from service.client.client import Client
from service.client.errors import ClientError, JobFailed, Refused, UnknownId, Unreachable
from service.client.job import Job

__all__ = ["Client", "ClientError", "Job", "JobFailed", "Refused", "UnknownId", "Unreachable"]
