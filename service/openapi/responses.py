"""OpenAPI descriptions of responses: JSON examples, and the problems behind each error status."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from service.http.problems import (
    MEDIA_TYPE,
    METHOD_NOT_ALLOWED,
    NOT_FOUND,
    PROBLEMS,
    UNEXPECTED,
    Problem,
    ProblemAnswer,
)
from service.openapi.examples import load_example

Responses = dict[int | str, dict[str, Any]]

BINARY = {"type": "string", "format": "binary"}
DETAILS: dict[str, str] = load_example("problems")  # an example of `detail` for each type of problem


def example_of(example: dict[str, Any]) -> Responses:
    """Describe a 200 answer in JSON."""
    return {200: {"content": json_content(example)}}


def json_content(example: dict[str, Any]) -> dict[str, Any]:
    """Return the `content` of a JSON answer with this example."""
    return {"application/json": {"example": example}}


def problem_responses(*statuses: int) -> Responses:
    """Describe these statuses, with an example of each problem that has them."""
    by_status: defaultdict[int, list[Problem]] = defaultdict(list)
    for problem in dict.fromkeys((*PROBLEMS.values(), NOT_FOUND, METHOD_NOT_ALLOWED, UNEXPECTED)):
        by_status[problem.status].append(problem)
    return {status: _describe(status, by_status[status]) for status in statuses}


def _describe(status: int, problems: list[Problem]) -> dict[str, Any]:
    examples = {
        problem.slug: {
            "value": {
                "type": f"urn:labn:problem:{problem.slug}",
                "title": problem.title,
                "status": status,
                "detail": DETAILS[problem.slug],
            }
        }
        for problem in problems
    }
    described: dict[str, Any] = {
        "description": " · ".join(problem.title for problem in problems),
        "content": {MEDIA_TYPE: {"schema": ProblemAnswer.model_json_schema(), "examples": examples}},
    }
    if status in (401, 403):
        described["headers"] = {
            "WWW-Authenticate": {
                "description": "APIKey, and the missing scope.",
                "schema": {"type": "string"},
            }
        }
    if status in (429, 503):
        described["headers"] = {"Retry-After": {"description": "Seconds.", "schema": {"type": "integer"}}}
    return described
