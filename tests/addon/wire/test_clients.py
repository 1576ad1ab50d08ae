"""Auth mode, client and signature from headers as real clients send them, with keys that are none."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from addon.wire.clients import CLIENTS, Credentials, classify
from transforms.compression_policy import AuthMode

CLAUDE = "claude-cli/2.1.329 (external, sdk-cli)"
CODEX = "codex_exec/0.169.0 (Debian 12.0.0; x86_64) dumb (codex_exec; 0.169.0)"
JWT = "eyJhbGciOiAiUlMyNTYifQ.eyJpc3MiOiAiaHR0cHM6Ly9hdXRoLmV4YW1wbGUudGVzdCJ9.ZmFrZXNpZw"
SIGV4 = (
    "AWS4-HMAC-SHA256 Credential=AKIADUMMY/20261120/us-east-1/bedrock/aws4_request, "
    "SignedHeaders=host;x-amz-content-sha256, Signature=1295384b"
)
PAYG, OAUTH, SUBSCRIPTION = AuthMode.PAYG, AuthMode.OAUTH, AuthMode.SUBSCRIPTION

REAL_CLIENTS = {
    "Claude Code with an API key pays as it goes, whatever its User-Agent": (
        {"User-Agent": CLAUDE, "X-Claude-Code-Session-Id": "39f1", "x-app": "cli", "x-api-key": "sk-ant-api03-dummy"},
        Credentials(PAYG, "claude-code", False),
    ),
    "Claude Code with a login is a subscription": (
        {"User-Agent": CLAUDE, "Authorization": "Bearer sk-ant-oat01-dummy", "anthropic-beta": "oauth-2025-04-20"},
        Credentials(SUBSCRIPTION, "claude-code", False),
    ),
    "Claude Code on Bedrock with AWS keys is signed and pays in a way of its own": (
        {"User-Agent": CLAUDE, "Authorization": SIGV4, "x-amz-content-sha256": "6081851f"},
        Credentials(None, "claude-code", True),
    ),
    "Claude Code on Bedrock with a bearer token is not signed": (
        {"User-Agent": CLAUDE, "Authorization": "Bearer bedrock-api-key-dummy"},
        Credentials(PAYG, "claude-code", False),
    ),
    "Codex with an API key has its name, though it is not called codex-cli": (
        {"user-agent": CODEX, "originator": "codex_exec", "authorization": "Bearer sk-proj-dummy"},
        Credentials(PAYG, "codex", False),
    ),
    "Codex with a ChatGPT login is a subscription, though its token is a JWT": (
        {"user-agent": CODEX, "authorization": f"Bearer {JWT}", "chatgpt-account-id": "1111-2222"},
        Credentials(SUBSCRIPTION, "codex", False),
    ),
    "Copilot's CLI with GitHub's OAuth token is a subscription": (
        {"user-agent": "copilot/1.0.102 (linux)", "authorization": "Bearer gho_dummy"},
        Credentials(SUBSCRIPTION, "copilot-cli", False),
    ),
    "Copilot in VS Code with its session token is a subscription": (
        {"user-agent": "GitHubCopilotChat/0.40.0", "authorization": "Bearer tid=00ff;exp=1795197118;sku=pro"},
        Credentials(SUBSCRIPTION, "copilot-chat", False),
    ),
    "Copilot's integration id alone makes a subscription": (
        {"copilot-integration-id": "copilot-developer-cli", "authorization": "Bearer github_pat_dummy"},
        Credentials(SUBSCRIPTION, "copilot-cli", False),
    ),
    "Gemini CLI with a Google login is OAuth": (
        {"User-Agent": "GeminiCLI/0.61.0/gemini-3-pro (linux; x64)", "Authorization": "Bearer ya29.dummy"},
        Credentials(OAUTH, "gemini-cli", False),
    ),
    "Gemini CLI with a key pays as it goes": (
        {"User-Agent": "GeminiCLI/0.61.0/gemini-3-pro (linux; x64)", "x-goog-api-key": "dummy"},
        Credentials(PAYG, "gemini-cli", False),
    ),
    "the Anthropic SDK sends its key as a bearer token": (
        {"User-Agent": "Anthropic/Python 2.11.0", "Authorization": "Bearer sk-ant-api03-dummy"},
        Credentials(PAYG, "anthropic-python", False),
    ),
    "a gateway's JWT is OAuth": (
        {"User-Agent": "OpenAI/JS 6.49.0", "Authorization": f"Bearer {JWT}"},
        Credentials(OAUTH, "openai-node", False),
    ),
    "Azure's key header pays as it goes": (
        {"User-Agent": "AsyncAzureOpenAI/Python 3.52.0", "api-key": "dummy"},
        Credentials(PAYG, "openai-python", False),
    ),
    "Qwen Code is known by its User-Agent": (
        {"User-Agent": "QwenCode/0.15.10 (linux; x64)", "authorization": "Bearer sk-dummy"},
        Credentials(PAYG, "qwen-code", False),
    ),
    "aider is known by the title it gives OpenRouter, not by the library it calls with": (
        {"User-Agent": "OpenAI/Python 2.20.0", "X-Title": "Aider", "Authorization": "Bearer sk-or-v1-dummy"},
        Credentials(PAYG, "aider", False),
    ),
    "LiteLLM is known by its User-Agent": (
        {"User-Agent": "litellm/1.106.2", "x-api-key": "sk-ant-api03-dummy"},
        Credentials(PAYG, "litellm", False),
    ),
    "the agent comes before the library behind it": (
        {"User-Agent": "opencode/1.18.33 ai-sdk/anthropic/3.0.1 runtime/bun/1.3", "x-api-key": "sk-ant-api03-dummy"},
        Credentials(PAYG, "opencode", False),
    ),
    "curl without a key is of no known mode": ({"user-agent": "curl/8.14.1"}, Credentials(None, "curl", False)),
    "no headers at all tell nothing": ({}, Credentials(None, "other", False)),
}


@pytest.mark.parametrize(("headers", "credentials"), REAL_CLIENTS.values(), ids=REAL_CLIENTS)
def test_a_real_client_is_told_from_its_headers(headers: dict[str, str], credentials: Credentials) -> None:
    assert classify(headers) == credentials
    assert classify({name.upper(): f" {value} " for name, value in headers.items()}) == credentials


@pytest.mark.parametrize(
    "header",
    ["x-amz-content-sha256", "Content-MD5", "Digest", "Content-Digest", "Repr-Digest", "Signature-Input", "Signature"],
)
def test_a_header_that_hashes_or_signs_the_body_forbids_to_change_it(header: str) -> None:
    assert classify({header: "dummy", "x-api-key": "sk-dummy"}) == Credentials(PAYG, "other", True)


def test_every_algorithm_of_aws_signatures_counts_as_signed() -> None:
    assert classify({"authorization": "AWS4-ECDSA-P256-SHA256 Credential=AKIADUMMY"}).signed
    assert not classify({"authorization": "Bearer AWS4-is-no-scheme-here"}).signed


@pytest.mark.parametrize(
    ("authorization", "mode"),
    [
        ("bearer sk-dummy", PAYG),
        ("sk-dummy", PAYG),
        ("Bearer  ghu_dummy", SUBSCRIPTION),
        ("token gho_dummy", SUBSCRIPTION),
        (f"Bearer {JWT}.fourth", None),
        ("Bearer one.two.three", None),
        ("Bearer eyJhbGciOiAiUlMyNTYifQ.e30", None),
        ("Bearer eyJhbGciOiAiUlMyNTYifQ==.e30=.", OAUTH),
        ("Bearer dummy-sk-in-the-middle", None),
        ("Basic dXNlcjpwYXNz", None),
        ("Bearer", None),
        ("", None),
    ],
)
def test_the_token_decides_the_mode(authorization: str, mode: AuthMode | None) -> None:
    assert classify({"Authorization": authorization}).auth_mode is mode


def test_a_login_token_in_a_key_header_is_still_a_subscription() -> None:
    assert classify({"x-api-key": "sk-ant-oat01-dummy"}).auth_mode is SUBSCRIPTION


def test_an_empty_key_header_tells_nothing() -> None:
    assert classify({"x-api-key": " ", "chatgpt-account-id": ""}).auth_mode is None


@pytest.mark.parametrize(
    ("user_agent", "client"),
    [
        ("precursor/1.0", "other"),
        ("Mozilla/5.0 (X11; Linux x86_64) Cursor/2.4.1 Chrome/142.0 Electron/39.2", "cursor"),
        ("codex_cli_rs/0.169.0 (Mac OS 26.1.0; arm64) ghostty/1.2", "codex"),
        ("codex-tui/0.169.0", "codex"),
        ("codexpress/1.0", "other"),
        ("Anthropic/JS 1.11.0", "anthropic-node"),
        ("OpenAI/Ruby 1.0", "other"),
        ("x" * 600 + " curl/8", "other"),
    ],
)
def test_a_client_is_known_by_whole_product_names(user_agent: str, client: str) -> None:
    assert classify({"User-Agent": user_agent}).client == client


@given(
    st.dictionaries(
        st.sampled_from(
            ["User-Agent", "originator", "X-Title", "copilot-integration-id", "Authorization", "x-api-key"]
        ),
        st.text() | st.sampled_from(["Bearer sk-dummy-secret", "codex_sk-dummy-secret/1", "sk-dummy-secret"]),
    )
)
def test_any_headers_are_classified_and_the_name_comes_from_the_closed_set(headers: dict[str, str]) -> None:
    assert classify(headers).client in CLIENTS


def test_no_secret_is_kept() -> None:
    headers = {
        "Authorization": "Bearer sk-dummy-secret",
        "User-Agent": "sk-dummy-secret/1",
        "originator": "sk-dummy-secret",
    }
    assert "secret" not in repr(classify(headers))
