"""What is sent of a text where one transform alone is tried on it."""

from transforms.call import Call
from transforms.contract import Block, Budget, Transform
from transforms.tokenizer import count_tokens

AMPLE = Budget(10**6, "/o/1")
NO_CALL = Call()


def used(transform: Transform, text: str, question: str = "", *, call: Call = NO_CALL, budget: Budget = AMPLE) -> str:
    """The rewrite, if there is one and it is proven; else the text itself."""
    rewrite = transform.rewrite(Block(text, call, question), budget)
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
