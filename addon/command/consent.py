"""Before something is done that cannot be taken back, the user is asked."""


def agreed(question: str) -> bool:
    """Whether the user says yes, in a terminal; anything else is a no."""
    return input(f"{question} [y/N] ").strip().lower() in {"y", "yes"}
