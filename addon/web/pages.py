"""The pages that tell of the addon itself."""

from addon.dashboard import pages as dashboard
from addon.routing_log import VERSION
from addon.web.exchange import Reply, Request, json, text
from addon.web.sources import Sources

_INDEX = """\
headroom {version}

/dashboard the figures as a page, and for Grafana: /dashboard/grafana
/o/ID      an original: ?lines=FIRST-LAST&grep=REGEX&context=3&tokens=4000&format=json
/r/ID      what was decided in a request: ?format=text; /r/last, with the token
/mcp       the same for MCP clients
/stats     figures since the start, as JSON
/metrics   the same for Prometheus
/healthz   whether it is up
"""


def index(sources: Sources, request: Request) -> Reply:
    """The dashboard for browsers, for others what there is."""
    if "text/html" in request.headers.get("accept", ""):
        return dashboard.page(sources, request)
    return text(_INDEX.format(version=VERSION))


def healthz(_sources: Sources, _request: Request) -> Reply:
    """That it answers at all."""
    return json({"status": "ok", "version": VERSION})


def stats(sources: Sources, _request: Request) -> Reply:
    """Figures since the start."""
    return json(sources.stats())


def metrics(sources: Sources, _request: Request) -> Reply:
    """https://prometheus.io/docs/instrumenting/exposition_formats/"""
    return text(sources.metrics(), headers={"content-type": "text/plain; version=0.0.4; charset=utf-8"})
