"""Which agents there are: how each is installed, and run without a person at the keyboard."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from tests.clients.chatgpt_login import ACCOUNTS, login_file

PROMPT = "Why did the nightly import fail? Look at the files here with your shell."

_GEMINI = {
    "general": {"enableAutoUpdate": False, "enableAutoUpdateNotification": False},
    "privacy": {"usageStatisticsEnabled": False},
    "security": {"auth": {"selectedType": "gemini-api-key"}},
}


@dataclass(frozen=True, slots=True)
class Agent:
    """One agent, by what it takes to run it. `{prompt}` and `{home}` are filled in."""

    name: str
    packages: tuple[str, ...]
    """Of npm."""
    program: str
    arguments: tuple[str, ...]
    variables: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)
    """Written into its home before it starts."""
    websockets: bool = False
    """Whether the stand-in takes them: else the client falls back to HTTP."""
    cut_after: int | None = None
    """After how many turns the stand-in cuts its first WebSocket."""

    coding: str = ""
    """The Content-Encoding of its requests."""
    pages: Mapping[str, object] = field(default_factory=dict)
    """What the stand-in has for its GET requests, by the end of their path."""

    @property
    def folder(self) -> str:
        """Where it is installed: what is run in two ways is installed once."""
        return self.program


_CODEX = (
    ("@openai/codex",),
    "codex",
    ("exec", "--skip-git-repo-check", "--dangerously-bypass-approvals-and-sandbox", "{prompt}"),
)
_CODEX_KEY = {"CODEX_API_KEY": "sk-proj-dummy", "CODEX_HOME": "{home}/.codex"}
_CODEX_FILES = {".codex/config.toml": "check_for_update_on_startup = false\n"}

AGENTS = (
    Agent(
        "claude",
        ("@anthropic-ai/claude-code@latest",),
        "claude",
        ("-p", "{prompt}", "--dangerously-skip-permissions"),
        {
            "ANTHROPIC_API_KEY": "sk-ant-api03-dummy",
            "IS_SANDBOX": "1",
            "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
        },
    ),
    *(
        Agent(name, *_CODEX, _CODEX_KEY, _CODEX_FILES, websockets=websockets, cut_after=cut_after)
        for name, websockets, cut_after in (("codex", True, None), ("codex-cut", True, 3), ("codex-http", False, None))
    ),
    Agent(
        "codex-login",
        *_CODEX,
        {"CODEX_HOME": "{home}/.codex"},
        {**_CODEX_FILES, ".codex/auth.json": login_file()},
        coding="zstd",
        pages={"/wham/accounts/check": ACCOUNTS},
    ),
    Agent(
        "opencode",
        ("opencode-ai",),
        "opencode",
        ("run", "-m", "anthropic/claude-sonnet-4-5", "{prompt}"),
        {"ANTHROPIC_API_KEY": "sk-ant-api03-dummy", "OPENCODE_DISABLE_AUTOUPDATE": "1"},
    ),
    Agent(
        "qwen",
        ("@qwen-code/qwen-code@0.15.10", "node@22"),
        "qwen",
        ("-y", "--auth-type", "openai", "-p", "{prompt}"),
        {
            "OPENAI_API_KEY": "sk-proj-dummy",
            "OPENAI_BASE_URL": "https://api.openai.com/v1",
            "OPENAI_MODEL": "qwen3-coder-plus",
        },
    ),
    Agent(
        "pi",
        ("@earendil-works/pi-coding-agent@0.74.2", "node@22"),
        "pi",
        ("--provider", "anthropic", "--model", "claude-sonnet-4-5", "-p", "{prompt}"),
        {"ANTHROPIC_API_KEY": "sk-ant-api03-dummy"},
    ),
    Agent(
        "copilot",
        ("@github/copilot",),
        "copilot",
        ("-p", "{prompt}", "--allow-all-tools"),
        {
            "COPILOT_PROVIDER_TYPE": "openai",
            "COPILOT_PROVIDER_BASE_URL": "https://api.openai.com/v1",
            "COPILOT_PROVIDER_API_KEY": "sk-proj-dummy",
            "COPILOT_MODEL": "gpt-5.6",
            "COPILOT_OFFLINE": "true",
        },
    ),
    Agent(
        "gemini",
        ("@google/gemini-cli",),
        "gemini",
        ("--yolo", "--skip-trust", "-m", "gemini-2.5-pro", "-p", "{prompt}"),
        {"GEMINI_API_KEY": "AIza-dummy"},
        {".gemini/settings.json": json.dumps(_GEMINI)},
    ),
)
