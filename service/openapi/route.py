"""GET /docs: the API to read and try, from files of this machine only."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from fastapi import APIRouter
from starlette.responses import FileResponse, HTMLResponse, Response

from service.openapi.description import TITLE

ASSETS = Path(str(files("fastapi_offline") / "static"))  # holds Swagger UI
# Swagger UI styles its parts inline; its pictures of answers are blobs.
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
HEADERS = {"Content-Security-Policy": CONTENT_SECURITY_POLICY, "X-Content-Type-Options": "nosniff"}
PAGE = f"""<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{TITLE}</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="docs/swagger-ui.css">
<div id="api"></div>
<script src="docs/swagger-ui-bundle.js"></script>
<script src="docs/start.js"></script>
</html>
"""
START = "SwaggerUIBundle({url: 'openapi.json', dom_id: '#api', deepLinking: true, validatorUrl: null});\n"

router = APIRouter(include_in_schema=False)


@router.head("/docs")
@router.get("/docs")
async def get_docs() -> Response:
    """Serve the page."""
    return HTMLResponse(PAGE, headers=HEADERS)


@router.get("/docs/start.js")
async def get_start() -> Response:
    """Serve what starts Swagger UI: a file, because the page allows no inline script."""
    return Response(START, media_type="text/javascript", headers=HEADERS)


@router.get("/docs/swagger-ui.css")
async def get_style() -> Response:
    """Serve Swagger UI's style."""
    return FileResponse(ASSETS / "swagger-ui.css", headers=HEADERS)


@router.get("/docs/swagger-ui-bundle.js")
async def get_script() -> Response:
    """Serve Swagger UI."""
    return FileResponse(ASSETS / "swagger-ui-bundle.js", headers=HEADERS)
