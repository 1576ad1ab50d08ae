"""LLM API hosts: the known ones, the user's own, and whether a host is one of them.

A pattern is a host name in which `*` stands for what one label may hold (`bedrock-runtime.*.amazonaws.com`,
`*-aiplatform.googleapis.com`); as the whole first label it stands for one label or more (`*.githubcopilot.com`).
A host matches as a whole, never by a part of it; letter case, a trailing dot and the port do not count.
"""

import ipaddress
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Self

LOOPBACK = "127.0.0.1"
KNOWN_HOSTS: tuple[str, ...] = (
    "api.openai.com",  # https://developers.openai.com/api/reference/overview
    "*.api.openai.com",  # https://developers.openai.com/api/docs/guides/data-residency
    "chatgpt.com",  # https://developers.openai.com/codex/auth
    "api.anthropic.com",  # https://platform.claude.com/docs/en/api/overview
    "*.githubcopilot.com",  # https://docs.github.com/en/copilot/reference/copilot-allowlist-reference
    "models.github.ai",  # https://docs.github.com/en/rest/models/inference
    "openrouter.ai",  # https://openrouter.ai/docs/api/reference/overview
    "*.openrouter.ai",  # https://openrouter.ai/docs/client-sdks/python/components/guardraildataregion
    "*.openai.azure.com",  # https://learn.microsoft.com/azure/ai-foundry/openai/reference
    "*.services.ai.azure.com",  # https://platform.claude.com/docs/en/build-with-claude/claude-in-microsoft-foundry
    "*.cognitiveservices.azure.com",  # https://learn.microsoft.com/azure/ai-services/cognitive-services-custom-subdomains
    "aiplatform.googleapis.com",  # https://cloud.google.com/vertex-ai/docs/reference/rest
    "*-aiplatform.googleapis.com",  # https://cloud.google.com/vertex-ai/docs/reference/rest
    "aiplatform.*.rep.googleapis.com",  # https://platform.claude.com/docs/en/build-with-claude/claude-on-vertex-ai
    "generativelanguage.googleapis.com",  # https://ai.google.dev/api
    "cloudcode-pa.googleapis.com",  # https://developers.google.com/gemini-code-assist/docs/overview
    "bedrock-runtime.*.amazonaws.com",  # https://docs.aws.amazon.com/bedrock/latest/userguide/endpoints.html
    "bedrock-runtime-fips.*.amazonaws.com",  # https://docs.aws.amazon.com/general/latest/gr/bedrock.html
    "bedrock-mantle.*.api.aws",  # https://docs.aws.amazon.com/bedrock/latest/userguide/endpoints.html
    "aws-external-anthropic.*.api.aws",  # https://github.com/anthropics/anthropic-sdk-python/tree/main/src/anthropic/lib
    "ollama.com",  # https://docs.ollama.com/cloud
    "api.x.ai",  # https://docs.x.ai/docs/api-reference
    "*.api.x.ai",  # https://docs.x.ai/developers/regions
    "api.groq.com",  # https://console.groq.com/docs/api-reference
    "api.deepseek.com",  # https://api-docs.deepseek.com
    "api.mistral.ai",  # https://docs.mistral.ai/api
    "api.together.xyz",  # https://docs.together.ai/docs/openai-api-compatibility
    "api.fireworks.ai",  # https://docs.fireworks.ai/api-reference/introduction
    "api.cerebras.ai",  # https://inference-docs.cerebras.ai/resources/openai
    "dashscope.aliyuncs.com",  # https://www.alibabacloud.com/help/en/model-studio/base-url
    "dashscope-*.aliyuncs.com",  # https://www.alibabacloud.com/help/en/model-studio/base-url
    "*.dashscope.aliyuncs.com",  # https://www.alibabacloud.com/help/en/model-studio/base-url
    "*.maas.aliyuncs.com",  # https://www.alibabacloud.com/help/en/model-studio/base-url
    "api.moonshot.ai",  # https://platform.moonshot.ai/docs/introduction
    "api.moonshot.cn",  # https://platform.moonshot.cn/docs/introduction
    "open.bigmodel.cn",  # https://docs.bigmodel.cn/cn/api/introduction
    "api.z.ai",  # https://docs.z.ai/api-reference/introduction
    "api.minimax.io",  # https://platform.minimax.io/docs/api-reference/text-intro
    "ai-gateway.vercel.sh",  # https://vercel.com/docs/ai-gateway
    "gateway.ai.cloudflare.com",  # https://developers.cloudflare.com/ai-gateway
    "router.huggingface.co",  # https://huggingface.co/docs/inference-providers
    "opencode.ai",  # https://opencode.ai/docs/zen
    "inference.baseten.co",  # https://docs.baseten.co/development/model-apis/overview
    "integrate.api.nvidia.com",  # https://docs.api.nvidia.com/nim/reference/llm-apis
    "api.deepinfra.com",  # https://deepinfra.com/docs/openai_api
    "api.sambanova.ai",  # https://docs.sambanova.ai
    "api.perplexity.ai",  # https://docs.perplexity.ai/api-reference
    "api.cohere.com",  # https://docs.cohere.com/reference/about
)
"""The address behind each is the provider's own documentation, or its SDK where that says it."""

_LABEL = re.compile(r"[a-z0-9_*](?:[a-z0-9_*-]{0,61}[a-z0-9_*])?")
_NEVER = r"(?!)"


@dataclass(frozen=True, slots=True)
class HostSet:
    """Host patterns, as `parse_host_pattern` returns them."""

    patterns: tuple[str, ...] = KNOWN_HOSTS

    @classmethod
    def known(cls, extra: Iterable[str] = ()) -> Self:
        """The known hosts and the user's own patterns. Raises ValueError for a text that is no pattern."""
        return cls((*KNOWN_HOSTS, *map(parse_host_pattern, extra)))

    def matches(self, host: str) -> bool:
        """Whether a `Host` header, an SNI or a URL's authority names one of these hosts."""
        return host.isascii() and _compiled(self.patterns).fullmatch(_bare(host)) is not None


def parse_host_pattern(text: str) -> str:
    """The pattern in its plain form: lower case, no trailing dot, an IPv6 address compressed and without brackets.

    Raises ValueError that says what is wrong with it.
    """
    if not text.isascii():
        raise ValueError(f"not a host: {text!r}; allowed: ASCII; write an international name in its xn-- form")
    pattern = text.strip().lower().removesuffix(".")
    if "/" in pattern or "@" in pattern:
        raise ValueError(f"not a host: {text!r}; allowed: the name alone, without scheme, user and path")
    if address := _ipv6(pattern):
        return address
    if ":" in pattern:
        raise ValueError(f"not a host: {text!r}; allowed: the name alone, every port of it counts")
    labels = pattern.split(".")
    if len(pattern) > 253 or not all(_LABEL.fullmatch(label) and label.count("*") < 2 for label in labels):
        raise ValueError(f"not a host: {text!r}; allowed: labels of letters, digits, - and at most one *, between dots")
    if "*" in labels[-1]:
        raise ValueError(f"too wide a host: {text!r}; allowed: a * anywhere but in the last label")
    return pattern


def _bare(host: str) -> str:
    """The host in the form of a pattern, without its port."""
    name = host.strip().lower()
    if name.startswith("["):
        name = name[1:].partition("]")[0]
    elif name.count(":") == 1:
        name = name.partition(":")[0]
    return _ipv6(name) or name.removesuffix(".")


def _ipv6(text: str) -> str | None:
    if text.count(":") < 2:
        return None
    try:
        return ipaddress.IPv6Address(text.removeprefix("[").removesuffix("]")).compressed
    except ValueError:
        return None


def _expression(patterns: Iterable[str]) -> str:
    return "|".join(map(_branch, patterns)) or _NEVER


def _branch(pattern: str) -> str:
    """One pattern as a regular expression. Labels are delimited by dots, so that no input makes it backtrack far."""
    labels, rest = (r"(?:[a-z0-9_-]+\.)+", pattern[2:]) if pattern.startswith("*.") else ("", pattern)
    return labels + re.escape(rest).replace(r"\*", "[a-z0-9_-]+")


@lru_cache(maxsize=8)
def _compiled(patterns: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile(_expression(patterns), re.ASCII)
