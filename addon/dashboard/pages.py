"""The dashboard's page and what belongs to it, as files of this package."""

from html import escape
from pathlib import Path
from urllib.parse import quote

from addon.web.exchange import Reply, Request, text
from addon.web.sources import Sources

_FOLDER = Path(__file__).parent
_FILES = {
    "style": ("page.css", "text/css"),
    "script": ("page.js", "text/javascript"),
    "grafana": ("grafana.json", "application/json"),
}
_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src data:; "
    "frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
)


def page(_sources: Sources, request: Request) -> Reply:
    """The page; a token that came in the query goes on to what the page asks for."""
    token = request.fields().get("token", "")
    query = f"?token={quote(token, safe='')}" if token else ""
    html = (_FOLDER / "page.html").read_text("utf-8").replace("{query}", escape(query))
    return text(html, headers={"content-type": "text/html; charset=utf-8", "content-security-policy": _POLICY})


def file(_sources: Sources, request: Request) -> Reply:
    """How the page looks, what draws its figures, and a dashboard to be imported in Grafana."""
    found = _FILES.get(request.names["file"])
    if found is None:
        return text("There is no such file.\n", 404)
    name, kind = found
    return text((_FOLDER / name).read_bytes(), headers={"content-type": f"{kind}; charset=utf-8"})
