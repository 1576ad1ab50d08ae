"""What is printed and checked before the start is what mitmproxy will do with the same arguments."""

import socket
from collections.abc import Iterator

import pytest

from addon.command.hints import Endpoint
from addon.command.start_plan import PortTaken, read_plan
from addon.settings import Settings

_DEFAULTS = ["--listen-host", "127.0.0.1", "--listen-port", "8080"]
_WEB = ["--web-host", "127.0.0.1", "--web-port", "8081", "--no-web-open-browser"]


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


def test_without_arguments_proxy_and_web_ui_are_on_loopback() -> None:
    plan = read_plan([], dump=False)
    assert (plan.first, plan.web) == (Endpoint("127.0.0.1", 8080), Endpoint("127.0.0.1", 8081))
    assert plan.arguments([]) == [*_DEFAULTS, *_WEB]


def test_mitmdump_has_no_web_ui() -> None:
    assert read_plan([], dump=True).arguments(["-w", "f"]) == [*_DEFAULTS, "-w", "f"]


@pytest.mark.parametrize(
    "arguments", [["-p", "9000"], ["-p9000"], ["--listen-port=9000"], ["--set", "listen_port=9000"]]
)
def test_a_port_of_the_users_own_counts_however_it_is_given(arguments: list[str]) -> None:
    plan = read_plan(["-w", "file", *arguments], dump=False)
    assert plan.first == Endpoint("127.0.0.1", 9000)
    assert "9000" in plan.arguments([]) and "8080" not in plan.arguments([])


def test_web_port_and_hosts_of_the_users_own_count() -> None:
    plan = read_plan(["--web-port", "9001", "--set", "web_host=::1", "--listen-host", "0.0.0.0"], dump=False)
    assert (plan.first.host, plan.web) == ("0.0.0.0", Endpoint("::1", 9001))


@pytest.mark.parametrize(
    ("mode", "endpoint"),
    [
        ("reverse:https://api.anthropic.com", Endpoint("127.0.0.1", 8080)),
        ("reverse:https://api.anthropic.com@127.0.0.2:9002", Endpoint("127.0.0.2", 9002)),
        ("socks5", Endpoint("127.0.0.1", 1080)),
        ("local:claude", Endpoint("127.0.0.1", 0)),
    ],
)
def test_each_mode_listens_where_mitmproxy_has_it(mode: str, endpoint: Endpoint) -> None:
    plan = read_plan(["-m", mode], dump=True)
    assert (plan.modes[0].full_spec, plan.first) == (mode, endpoint)
    assert "--listen-port" not in plan.arguments([])  # several modes have several ports


@pytest.mark.parametrize("arguments", [["-p", "http"], ["-p", "65536"], ["--set", "web_port=x"], ["-m", "revers:x"]])
def test_a_port_or_mode_that_is_none_is_named(arguments: list[str]) -> None:
    with pytest.raises(ValueError, match=arguments[1].rpartition("=")[2]):
        read_plan(arguments, dump=False)


@pytest.mark.parametrize(("arguments", "flag"), [(["-p", "{}"], "-p"), (["-p", "0", "--web-port", "{}"], "--web-port")])
def test_a_taken_port_is_named_with_the_argument_that_chooses_another(
    taken: int, arguments: list[str], flag: str
) -> None:
    plan = read_plan([argument.format(taken) for argument in arguments], dump=False)
    with pytest.raises(PortTaken, match=rf"127\.0\.0\.1:{taken}: .*in use.* {flag} PORT"):
        plan.check_ports(Settings())


@pytest.mark.parametrize("name", ["port", "metrics_port"])
def test_so_is_one_of_our_own_pages(taken: int, name: str) -> None:
    plan = read_plan(["-p", "0", "--web-port", "0"], dump=False)
    with pytest.raises(PortTaken, match=rf"127\.0\.0\.1:{taken}: .*in use.* --set headroom_{name}=PORT"):
        plan.check_ports(Settings.parse({name: str(taken)}))


def test_proxy_and_web_ui_cannot_have_the_same_port(taken: int) -> None:
    free = taken + 1 if taken < 65535 else taken - 1
    with pytest.raises(PortTaken, match="--web-port"):
        read_plan(["-p", str(free), "--web-port", str(free)], dump=False).check_ports(Settings())


def test_where_nothing_is_served_no_port_of_the_proxy_is_checked(taken: int) -> None:
    read_plan(["-n", "-r", "flows", "-p", str(taken)], dump=True).check_ports(Settings())
