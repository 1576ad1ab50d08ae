"""Every setting is parsed once; a bad value is refused by name, value and what is allowed."""

from pathlib import Path

import pytest

from addon.setting_values import Attach, LogLevel, Mode
from addon.settings import BadSetting, Settings, environment_variable, option_default, option_help, option_names
from transforms.compression_policy import AuthMode

BAD = {
    "mode": ["", "compres", "on"],
    "compress_passthrough": ["", "maybe", "2"],
    "policy_enforcement": ["perhaps"],
    "tls_strict": ["perhaps"],
    "auth_modes": ["", "paid", "payg,free"],
    "attach": ["later"],
    "transforms": ["a b", "ok, not ok!"],
    "exclude_tools": ["Bash;Read"],
    "min_tokens": ["abc", "-1", "1.5", "99999999999", "²"],
    "max_lossy_ratio": ["1.01", "-0.1", "nan", "half", "1e-1"],
    "originals": ["?"],
    "retrieve": ["", "path"],
    "prompt_cache_key": ["?"],
    "cache_control": ["?"],
    "time_budget_ms": ["1s", ""],
    "websockets": ["", "on"],
    "websocket_messages": ["-1", "many"],
    "bodies_mb": ["-1", "1.5"],
    "hosts": ["http://api.example.com/v1", "a b", "*"],
    "only_llm_hosts": ["?"],
    "defaults": ["?"],
    "home": ["", "  ", "/dev/null", f"{__file__}/state"],
    "kompress_model": ["~nobody_of_this_name/model"],
    "store": ["http://127.0.0.1", "redis://", "redis://127.0.0.1:99999", "redis://127.0.0.1/name", "unix:socket"],
    "log_level": ["verbose"],
    "exclude_clients": ["netscape"],
    "log_format": ["xml"],
    "port": ["65536", "-1"],
    "token": ["short", "with blanks in it it is none", "ünprintable-token"],
    "metrics_port": ["65536", "http"],
}


def test_the_defaults_are_valid_and_compress_known_hosts_only() -> None:
    settings = Settings()
    assert (settings.mode, settings.attach, settings.log_level) == (Mode.COMPRESS, Attach.KEEP, LogLevel.INFO)
    assert not settings.compress_passthrough
    assert settings.policy_enforcement
    assert settings.max_lossy_ratio is None
    assert settings.auth_modes == {*AuthMode, None}


def test_defaults_given_as_text_parse_to_the_same_record() -> None:
    assert Settings.of_environment({}) == Settings()


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in BAD.items() for value in values])
def test_a_bad_value_is_refused_with_name_value_and_what_is_allowed(name: str, value: str) -> None:
    with pytest.raises(BadSetting) as error:
        Settings.parse({name: value})
    assert f"headroom_{name}={value!r}: " in str(error.value)
    assert len(str(error.value)) > len(f"headroom_{name}={value!r}: ") + 8
    assert "\n" not in str(error.value)


def test_there_is_a_bad_value_for_every_setting() -> None:
    assert set(BAD) == set(option_names())


@pytest.mark.parametrize("word", ["disabled", "off", "false", "no", "0", "OFF", " off "])
def test_a_switch_is_off_by_any_of_the_usual_words(word: str) -> None:
    assert not Settings.parse({"policy_enforcement": word}).policy_enforcement


@pytest.mark.parametrize("word", ["enabled", "on", "true", "yes", "1"])
def test_a_switch_is_on_by_any_of_the_usual_words(word: str) -> None:
    assert Settings.parse({"compress_passthrough": word}).compress_passthrough


def test_values_are_parsed_to_their_types() -> None:
    settings = Settings.parse(
        {
            "auth_modes": "payg, unknown",
            "exclude_tools": "Bash, mcp__*",
            "max_lossy_ratio": "0",
            "hosts": "llm.example.com,*.example.org",
            "home": "~/state",
        }
    )
    assert settings.auth_modes == {AuthMode.PAYG, None}
    assert settings.exclude_tools == {"Bash", "mcp__*"}
    assert settings.max_lossy_ratio == 0
    assert settings.hosts == ("llm.example.com", "*.example.org")
    assert settings.home == Path.home() / "state"


def test_an_environment_variable_gives_the_default() -> None:
    assert environment_variable("compress_passthrough") == "HEADROOM_COMPRESS_PASSTHROUGH"
    assert environment_variable("policy_enforcement") == "HEADROOM_PROXY_AUTH_MODE_POLICY_ENFORCEMENT"
    assert environment_variable("home") == "HEADROOM_HOME"
    assert option_default("home", {"HEADROOM_HOME": "/x"}) == "/x"
    assert option_default("min_tokens", {}) == "0"


def test_every_option_has_a_help_text() -> None:
    assert all(option_help(name).endswith(".") for name in option_names())


def test_the_password_of_a_store_is_not_repeated_in_an_error() -> None:
    with pytest.raises(BadSetting) as error:
        Settings.parse({"store": "redis://user:secret@127.0.0.1/name"})
    assert "secret" not in str(error.value)


def test_a_store_asks_for_the_extra_that_it_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Settings.parse({"store": "redis://127.0.0.1:6379/0"}).store
    assert Settings.parse({"store": "unix:///run/valkey.sock"}).store
    monkeypatch.setattr("addon.setting_values.find_spec", lambda _name: None)
    with pytest.raises(BadSetting, match=r"pip install '\.\[redis\]'"):
        Settings.parse({"store": "redis://127.0.0.1"})


@pytest.mark.parametrize(
    ("originals", "store", "kept"),
    [
        ("on", "", True),
        ("off", "", False),
        ("shared", "", True),
        ("on", "redis://127.0.0.1", False),
        ("shared", "redis://127.0.0.1", True),
    ],
)
def test_originals_are_kept_where_every_proxy_that_names_them_has_them(originals: str, store: str, kept: bool) -> None:
    assert Settings.parse({"originals": originals, "store": store}).keeps_originals is kept
