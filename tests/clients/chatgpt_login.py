"""A made-up ChatGPT login for Codex: no key, no server of OpenAI's would take it."""

import base64
import json

ACCOUNT = "11111111-2222-3333-4444-555555555555"
_AUTH = {"chatgpt_account_id": ACCOUNT, "chatgpt_plan_type": "pro", "chatgpt_user_id": "user-x", "user_id": "user-x"}
_FAR = 4_102_444_800
"""2100-01-01: Codex renews what is about to expire."""


def _token() -> str:
    """A JWT whose signature is none."""
    claims = {"sub": "user-x", "email": "dev@example.com", "exp": _FAR, "https://api.openai.com/auth": _AUTH}
    parts = ({"alg": "RS256", "typ": "JWT"}, claims, {"signature": "none"})
    return ".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts)


def login_file() -> str:
    """Codex's `auth.json`."""
    tokens = {"id_token": _token(), "access_token": _token(), "refresh_token": "none", "account_id": ACCOUNT}
    return json.dumps({"OPENAI_API_KEY": None, "tokens": tokens, "last_refresh": "2100-01-01T00:00:00Z"})


ACCOUNTS = {
    "accounts": [
        {
            "id": ACCOUNT,
            "name": "dev",
            "structure": "personal",
            "plan_type": "pro",
            "can_access_with_session": True,
            "is_deactivated": False,
            "is_fedramp_compliant_workspace": False,
            "workspace_backend_origin": "https://chatgpt.com",
            "account_routing_override": "us",
        }
    ],
    "account_ordering": [ACCOUNT],
}
"""Where Codex learns to which server an account's requests go; without it, it sends none."""
