"""The policy of each auth mode, and which one is in force."""

import pytest
from pydantic import ValidationError

from transforms.compression_policy import AuthMode, CompressionPolicy, policy_for_mode, resolve_policy

PAYG = CompressionPolicy(
    live_zone_only=False,
    cache_aligner_enabled=True,
    volatile_token_threshold=128,
    max_lossy_ratio=0.45,
    toin_read_only=False,
)
OAUTH = CompressionPolicy(
    live_zone_only=True,
    cache_aligner_enabled=False,
    volatile_token_threshold=64,
    max_lossy_ratio=0.25,
    toin_read_only=False,
)
SUBSCRIPTION = CompressionPolicy(
    live_zone_only=True,
    cache_aligner_enabled=False,
    volatile_token_threshold=32,
    max_lossy_ratio=0.25,
    toin_read_only=True,
)
POLICIES = {AuthMode.PAYG: PAYG, AuthMode.OAUTH: OAUTH, AuthMode.SUBSCRIPTION: SUBSCRIPTION}


@pytest.mark.parametrize("mode", AuthMode)
def test_every_auth_mode_has_its_policy(mode: AuthMode) -> None:
    assert policy_for_mode(mode) == POLICIES[mode]
    assert resolve_policy(mode) == POLICIES[mode]


@pytest.mark.parametrize("mode", [*AuthMode, None])
def test_with_enforcement_off_all_have_the_policy_of_payg(mode: AuthMode | None) -> None:
    assert resolve_policy(mode, enforcement=False) == PAYG


@pytest.mark.parametrize("enforcement", [True, False])
def test_an_auth_mode_that_could_not_be_told_is_payg(enforcement: bool) -> None:
    assert resolve_policy(None, enforcement=enforcement) == PAYG


@pytest.mark.parametrize("ratio", [0.0, 0.1, 1.0])
@pytest.mark.parametrize("mode", [*AuthMode, None])
def test_the_users_own_lossy_ratio_overrides_that_field_and_no_other(mode: AuthMode | None, ratio: float) -> None:
    policy = resolve_policy(mode, max_lossy_ratio=ratio)
    assert policy.max_lossy_ratio == ratio
    assert policy.model_copy(update={"max_lossy_ratio": 0.45}) == resolve_policy(mode, max_lossy_ratio=0.45)
    assert policy.model_dump(exclude={"max_lossy_ratio"}) == resolve_policy(mode).model_dump(
        exclude={"max_lossy_ratio"}
    )


def test_a_policy_cannot_be_changed_and_has_bounds() -> None:
    with pytest.raises(ValidationError):
        PAYG.max_lossy_ratio = 1.0  # type: ignore[misc]  # what is tried here
    for field, value in (("max_lossy_ratio", 1.1), ("volatile_token_threshold", -1), ("unknown", 1)):
        with pytest.raises(ValidationError):
            CompressionPolicy.model_validate({**PAYG.model_dump(), field: value})
