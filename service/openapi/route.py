"""GET /docs: Swagger UI for the API, served from local files only."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from fastapi import APIRouter
from starlette.responses import FileResponse, HTMLResponse, Response

TITLE = "Lambda Attention Branch Network"
DESCRIPTION = """Classifies an image and shows which regions the network used.

The heatmap is the network's own attention: features outside it do not reach the classifier. Not a
medical device.
Errors are `application/problem+json` (RFC 9457); every answer carries `X-Request-Id`."""
ASSETS = Path(str(files("fastapi_offline") / "static"))  # of Swagger UI
# Swagger UI uses inline styles, and blobs for images in answers.
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
    """Serve the script that starts Swagger UI; the page allows no inline script."""
    return Response(START, media_type="text/javascript", headers=HEADERS)


@router.get("/docs/swagger-ui.css")
async def get_style() -> Response:
    """Serve Swagger UI's style sheet."""
    return FileResponse(ASSETS / "swagger-ui.css", headers=HEADERS)


@router.get("/docs/swagger-ui-bundle.js")
async def get_script() -> Response:
    """Serve Swagger UI's script."""
    return FileResponse(ASSETS / "swagger-ui-bundle.js", headers=HEADERS)
