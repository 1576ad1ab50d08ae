"""The view as mitmproxy uses it: picked for our flows, in saved files too, and never in the way."""

import io

from mitmproxy import contentviews, http
from mitmproxy import io as flow_io

from addon.views.content_view import HeadroomView, original_body
from tests.addon.rig import BODY, Rig


def saved_and_read(flow: http.HTTPFlow) -> http.HTTPFlow:
    file = io.BytesIO()
    flow_io.FlowWriter(file).add(flow)
    file.seek(0)
    read = next(iter(flow_io.FlowReader(file).stream()))
    assert isinstance(read, http.HTTPFlow)
    return read


async def test_it_is_picked_for_a_request_of_ours_and_shows_the_difference(rig: Rig) -> None:
    flow = await rig.send()
    shown = contentviews.prettify_message(flow.request, flow)
    assert shown.view_name == "Headroom"
    assert "# original against sent" in shown.text


async def test_a_saved_flow_still_has_note_marker_view_and_difference(rig: Rig) -> None:
    sent = await rig.send()
    flow = saved_and_read(sent)
    assert flow.comment == sent.comment and flow.marked == ":scissors:"
    assert original_body(flow) == BODY
    assert (
        contentviews.prettify_message(flow.request, flow).text == contentviews.prettify_message(sent.request, sent).text
    )


async def test_a_reverted_flow_says_that_nothing_can_be_compared(rig: Rig) -> None:
    flow = await rig.send()
    flow.revert()
    assert original_body(flow) is None


async def test_the_answer_is_shown_with_its_usage(rig: Rig) -> None:
    flow = await rig.send()
    flow.response = http.Response.make(
        200,
        b'{"choices":[{"message":{"role":"assistant","content":"Done."}}],"usage":{"prompt_tokens":9}}',
        {"content-type": "application/json"},
    )
    text = contentviews.prettify_message(flow.response, flow).text
    assert "usage: 9 tokens in" in text and "Done." in text


async def test_other_traffic_keeps_its_own_views(rig: Rig) -> None:
    flow = await rig.send(host="example.com")
    assert contentviews.prettify_message(flow.request, flow).view_name != "Headroom"


def test_it_fits_the_interface_of_mitmproxy() -> None:
    assert isinstance(HeadroomView(), contentviews.Contentview)
