"""The provider's prompt cache: what it costs, who broke it, and what to do then."""
