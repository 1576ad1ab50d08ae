"""The content view `Headroom`: mitmweb and mitmproxy's console pick it for requests and answers of ours.

https://docs.mitmproxy.org/stable/api/mitmproxy/contentviews.html
"""

from typing import Any

from mitmproxy import contentviews, http
from mitmproxy.contentviews import Metadata, SyntaxHighlight

from addon import sinks
from addon.views.answer_text import answer_text
from addon.views.request_text import request_text
from addon.wire.body_codecs import BODY_LIMIT, BadEncoding, codec_for

_PICKED = 2.0
"""Before mitmproxy's own views for JSON and event streams, which have 1."""


class HeadroomView(contentviews.Contentview):
    """Shows what the flow's metadata and its backup tell; reads files and settings of no kind."""

    name = "Headroom"
    syntax_highlight: SyntaxHighlight = "yaml"

    def prettify(self, data: bytes, metadata: Metadata) -> str:
        """The view. Raises ValueError for what cannot be shown; mitmproxy then shows the raw body."""
        flow = metadata.flow
        if not isinstance(flow, http.HTTPFlow) or not (log := _log(flow)):
            raise ValueError("no request that headroom has looked at")
        if metadata.http_message is flow.response and flow.response is not None:
            return answer_text(flow.response.headers.get("content-type", ""), data, str(log.get("cache", "")))
        return request_text(flow.comment, log, data, original_body(flow))

    def render_priority(self, data: bytes, metadata: Metadata) -> float:
        """Picked for conversations only: not for other hosts, nor for what is no JSON."""
        flow = metadata.flow
        ours = isinstance(flow, http.HTTPFlow) and bool(_log(flow).get("shape")) and metadata.http_message is not None
        return _PICKED if ours and data else -1.0


def original_body(flow: http.HTTPFlow) -> bytes | None:
    """The request's body as it came, decoded; None where the flow does not hold it or it cannot be read.

    mitmproxy keeps what a flow was before it was changed, in saved files too, until it is reverted.
    """
    backup = flow.get_state()["backup"]
    if not backup:
        return None
    request = http.Request.make("POST", "http://example.invalid/")
    request.set_state(backup["request"])
    try:
        return codec_for(request.headers.get("content-encoding", "")).decode(request.raw_content or b"", BODY_LIMIT)
    except BadEncoding:
        return None


def _log(flow: http.HTTPFlow) -> dict[str, Any]:
    found = flow.metadata.get(sinks.METADATA)
    return found if isinstance(found, dict) else {}
