"""GET /: the web page and its files."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.exceptions import HTTPException
from starlette.responses import Response

from service.page.files import INDEX, PageFile, page_files

# No inline scripts or styles and no other origins; pictures that the page draws itself are blobs.
CONTENT_SECURITY_POLICY = (
    "default-src 'self'; img-src 'self' data: blob:; object-src 'none'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Vary": "Accept-Encoding",
}
REVALIDATE = "no-cache"
IMMUTABLE = "public, max-age=31536000, immutable"  # the URL contains the version

router = APIRouter(include_in_schema=False)


@router.head("/")
@router.get("/")
async def get_page(request: Request) -> Response:
    """Serve the page, whose links contain the version of the other files."""
    files = page_files()
    headers = {"ETag": f'W/"{files.version}"', "Cache-Control": REVALIDATE}
    if files.version in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=HEADERS | headers)
    return _send(request, files.files[INDEX], headers)


@router.head("/static/{version}/{path:path}")
@router.get("/static/{version}/{path:path}")
async def get_file(request: Request, version: str, path: str) -> Response:
    """Serve a file of the page; 404 if the version is not the current one."""
    files = page_files()
    if version != files.version or path not in files.files or path == INDEX:
        raise HTTPException(404)
    return _send(request, files.files[path], {"Cache-Control": IMMUTABLE})


def _send(request: Request, file: PageFile, headers: dict[str, str]) -> Response:
    headers = HEADERS | headers
    if file.gzipped and "gzip" in request.headers.get("accept-encoding", ""):
        return Response(file.gzipped, media_type=file.media_type, headers={**headers, "Content-Encoding": "gzip"})
    return Response(file.body, media_type=file.media_type, headers=headers)
