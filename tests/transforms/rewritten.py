"""What is sent of a text where one transform alone is tried on it."""

from transforms.call import Call
from transforms.contract import Block, Budget, Transform
from transforms.tokenizer import count_tokens

AMPLE = Budget(10**6, "/o/1")
NO_CALL = Call()


def used(transform: Transform, text: str, question: str = "", *, call: Call = NO_CALL, budget: Budget = AMPLE) -> str:
    """The rewrite, which must be proven; the text itself where there is none."""
    rewrite = transform.rewrite(Block(text, call, question), budget)
    if rewrite is None:
        return text
    assert transform.proof(text, rewrite.text)
    return rewrite.text


def sent(transform: Transform, text: str) -> str:
    """The rewrite, if there is one and it is proven; else the text itself: for what is made to be unprovable."""
    rewrite = transform.rewrite(Block(text, NO_CALL), AMPLE)
    return rewrite.text if rewrite and transform.proof(text, rewrite.text) else text


def rewritten(
    transform: Transform, text: str, question: str = "", *, call: Call = NO_CALL, budget: Budget = AMPLE
) -> str:
    """The rewrite, which there must be, proven."""
    out = used(transform, text, question, call=call, budget=budget)
    assert out != text
    return out


def check_budget(transform: Transform, text: str) -> None:
    """At most a budget of 45 % is used, and a second pass with it finds nothing."""
    budget = Budget(count_tokens(text) * 45 // 100, "/o/1")
    out = used(transform, text, budget=budget)
    assert count_tokens(text) - count_tokens(out) <= budget.tokens
    assert used(transform, out, budget=budget) == out
