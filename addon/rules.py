"""What holds for one request: the settings, the policy of its auth mode, its deadline, and what follows from them."""

from dataclasses import dataclass
from functools import cached_property

from addon.deadline import Deadline
from addon.setting_values import Mode
from addon.settings import Settings
from transforms.catalog import TRANSFORMS
from transforms.compression_policy import AuthMode, CompressionPolicy
from transforms.contract import Transform
from transforms.reasons import Reason


@dataclass(frozen=True)
class Rules:
    """What holds for one request. Not slotted: what is on is looked up once."""

    settings: Settings
    policy: CompressionPolicy
    auth_mode: AuthMode | None
    deadline: Deadline
    keep: Reason | None
    """Decide nothing new, for this reason."""
    catalog: tuple[Transform, ...] = TRANSFORMS
    """Every transform there is, in order."""

    @cached_property
    def transforms(self) -> tuple[Transform, ...]:
        """Those that are on, in order."""
        return tuple(transform for transform in self.catalog if self.is_on(transform.name))

    def is_on(self, name: str) -> bool:
        """Whether a transform may be used."""
        return not self.settings.transforms or name in self.settings.transforms

    @property
    def threshold(self) -> int:
        """Tokens below which a block is left alone."""
        return max(self.settings.min_tokens, self.policy.volatile_token_threshold)

    @property
    def held_back(self) -> Reason | None:
        """Why rewrites are only logged, if they are."""
        if self.settings.mode is Mode.SHADOW:
            return Reason.SHADOW
        return None if self.auth_mode in self.settings.auth_modes else Reason.AUTH_MODE
