"""RowSampler leaves out what is routine, says so in place, and nothing else."""

import json
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from transforms.call import Call
from transforms.contract import Block, Budget, Rewrite
from transforms.records.row_sampler import RowSampler
from transforms.records.sample import words_of
from transforms.smart_crusher import SmartCrusher
from transforms.tokenizer import count_tokens

SAMPLER = RowSampler()
HANDLE = "/var/lib/headroom/o/1a2b"
ANY = Call("shell", '{"command":"metrics --json"}')


def metric(n: int) -> dict[str, object]:
    return {"time": f"2026-03-01T10:{n // 60:02}:{n % 60:02}Z", "service": "api", "status": "ok", "ms": 20 + n % 7}


def sample(data: object, question: str = "", share: float = 0.45) -> Rewrite | None:
    """The proven rewrite of `data` with a budget of `share`."""
    text = data if isinstance(data, str) else json.dumps(data, indent=1)
    rewrite = SAMPLER.rewrite(Block(text, ANY, question), Budget(int(share * count_tokens(text)), HANDLE))
    assert rewrite is None or SAMPLER.proof(text, rewrite.text)
    return rewrite


def sampled(data: object, question: str = "", share: float = 0.45) -> Rewrite:
    """The same, where rows are left out."""
    rewrite = sample(data, question, share)
    assert rewrite is not None
    return rewrite


@pytest.mark.parametrize(
    ("command", "named"),
    [
        ("psql -c 'select id from orders limit 60'", False),
        ("psql -c 'select * from orders where n = 60'", True),
        ("gh issue list --limit 60 --json title", False),
        ("curl 'localhost/items?per_page=60&sort=id'", False),
        ("head -n 60 a", False),
        ("head -60 a", False),
        ("kubectl logs web --tail=60", False),
        ("gh pr view 60 --json title", True),
        ("psql -c 'select * from orders where id = 60'", True),
    ],
)
def test_how_many_rows_are_asked_for_names_none(command: str, named: bool) -> None:
    assert ("60" in words_of("", Call("Bash", json.dumps({"command": command})))) == named


def test_every_gap_is_named_in_place_and_listed() -> None:
    rewrite = sampled([metric(n) for n in range(200)])
    named = [(int(a), int(b)) for a, b in re.findall(r"^\[rows (\d+)-(\d+) omitted", rewrite.text, re.MULTILINE)]
    assert named == [(gap.first, gap.last) for gap in rewrite.omitted]
    assert rewrite.text.count(HANDLE) == 1
    assert "service" in rewrite.text and "[200 rows" in rewrite.text


either_way = pytest.mark.parametrize("question", ["", "What happened at 2026-03-01T10:01:07Z?"], ids=["", "asked"])
"""Rows that are like others may go when nobody asks for any; any that say nothing of their own, when some are named."""


@pytest.mark.parametrize(
    "odd",
    [
        {"status": "error", "note": "upstream timeout"},
        {"status": "degraded"},
        {"ms": 90_000},
        {"ms": -1},
        {"service": "mail"},
        {"extra": 1},
        {"status": None},
        {"trace": "Traceback: ValueError in worker 3"},
    ],
    ids=str,
)
@either_way
def test_a_row_that_stands_out_stays(odd: dict[str, object], question: str) -> None:
    rows = [metric(n) for n in range(300)]
    rows[151] = {**rows[151], **odd}
    text = sampled(rows, question).text
    assert "2026-03-01T10:02:31Z" in text
    assert all(str(value) in text for value in odd.values() if value is not None)


def test_first_and_last_rows_stay() -> None:
    text = sampled([metric(n) for n in range(300)]).text
    assert "10:00:00Z" in text and "10:04:59Z" in text


@pytest.mark.parametrize("odd", [{"ms": 90_000}, {"ms": -1}, {"host": "web-9"}], ids=str)
def test_among_many_values_the_odd_one_stays_where_other_rows_are_asked_for(odd: dict[str, object]) -> None:
    rows = [metric(n) | {"ms": 100 + n * 37 % 211, "host": f"web-{n % 4}"} for n in range(300)]
    rows[120] |= odd
    text = sampled(rows, "What happened at 2026-03-01T10:00:20Z?", 0.9).text
    assert "10:02:00Z" in text and "10:02:05Z" not in text


def test_rows_at_which_a_long_run_changes_stay() -> None:
    rows = [metric(n) | {"version": f"1.4.{n // 75}"} for n in range(300)]
    text = sampled(rows, "What happened at 2026-03-01T10:04:00Z?", 0.9).text
    assert all(f"10:{n // 60:02}:{n % 60:02}Z" in text for change in (75, 150, 225) for n in (change - 1, change))


def test_rows_at_which_a_curve_jumps_stay() -> None:
    values = [[1_795_600_000 + 60 * n, 200.0 + n % 7 + n / 900 + (900 if n > 170 else 0)] for n in range(300)]
    rewrite = sampled(values)
    gone = {row - 1 for gap in rewrite.omitted for row in range(gap.first, gap.last + 1)}
    assert len(gone) > 100
    assert gone.isdisjoint({170, 171})


def test_in_a_log_the_rows_beside_an_error_stay() -> None:
    rows = [{"time": n, "level": "info", "message": f"batch {n} was imported"} for n in range(300)]
    rows[151] |= {"level": "error", "message": "batch 151 was refused"}
    rewrite = sampled(rows, "What happened at `23`?")
    gone = {row - 1 for gap in rewrite.omitted for row in range(gap.first, gap.last + 1)}
    assert len(gone) > 50
    assert gone.isdisjoint(range(149, 154))


def test_messages_that_differ_in_their_numbers_are_alike() -> None:
    rows = [{"at": n, "message": f"imported batch {n} of 300: {n * 7} rows in {n % 90} ms"} for n in range(300)]
    rows[120]["message"] = "skipped batch 120 of 300: not due before 10:00"
    text = sampled(rows).text
    assert "skipped batch 120" in text
    assert sample([{"at": n, "title": f"Chapter{n}"} for n in range(300)]) is None


def test_names_with_numbers_are_routine_in_a_log_alone() -> None:
    rows = [{"url": f"/api/orders/{n * 31}", "host": f"ip-10-0-{n}", "status": 200} for n in range(300)]
    assert sample(rows) is None
    assert sample([{"time": n, "msg": "request completed", **row} for n, row in enumerate(rows)]) is not None


PACKAGES = [
    {"name": f"lib{n * 7919:x}-tools", "version": f"{n % 9}.{n % 4}", "arch": "x86_64", "repo": "base"}
    for n in range(200)
]


def test_rows_with_names_of_their_own_stay_when_nobody_asked_for_some() -> None:
    assert sample(PACKAGES, "Load this first, I will ask about it next.") is None


def test_the_names_of_a_calls_arguments_ask_for_nothing() -> None:
    """Or a row that says `command` would be the one asked for, and all others might go."""
    rows = [*PACKAGES, {"name": "xargs-command", "version": "1.0", "arch": "x86_64", "repo": "base"}]
    text = json.dumps(rows)
    budget = Budget(count_tokens(text) // 3, HANDLE)
    assert (
        SAMPLER.rewrite(Block(text, Call("Bash", '{"command":"rpm -qa --json","description":"List them"}')), budget)
        is None
    )


def test_rows_that_the_question_names_stay() -> None:
    wanted = str(PACKAGES[123]["name"])
    text = sampled(PACKAGES, f"Which version of {wanted} is installed?").text
    assert re.search(rf"^{wanted}\t", text, re.MULTILINE)


CITIES = [
    {"name": "".join(chr(ord("a") + n // 26**k % 26) for k in range(5)).capitalize(), "people": n * 37, "level": "town"}
    for n in range(400)
]


@pytest.mark.parametrize(
    ("question", "asks"),
    [
        (f"How many live in {CITIES[200]['name']}?", True),
        (f"Compare {CITIES[200]['name']} with {CITIES[300]['name']}", True),
        (f"How many live in {str(CITIES[200]['name']).lower()}?", False),
        ("Load this first, I will ask about it next.", False),
    ],
)
def test_a_row_may_be_called_by_any_word_that_tells_it_from_all_others(question: str, asks: bool) -> None:
    rewrite = sample(CITIES, question)
    assert (rewrite is not None) is asks
    if rewrite:
        assert re.search(rf"^{CITIES[200]['name']}\t", rewrite.text, re.MULTILINE)


def test_one_common_word_calls_no_row_and_two_do() -> None:
    rows = [city | {"name": str(city["name"]).lower()} for city in CITIES]
    first, second = rows[200]["name"], rows[300]["name"]
    assert sample(rows, f"Is {first} a town?") is None
    text = sampled(rows, f"Is {first} larger than {second}?").text
    assert all(re.search(rf"^{name}\t", text, re.MULTILINE) for name in (first, second))


def test_a_row_whose_id_is_one_digit_stays_when_it_is_asked_for() -> None:
    rows = [{"id": n, "name": f"part {n % 3}", "state": "ok", "note": "as usual"} for n in range(400)]
    assert re.search(r"^7\t", sampled(rows, "Is 7 ok?").text, re.MULTILINE)


def test_a_rare_value_stays_also_where_others_are_lists() -> None:
    rows = [{"id": 50000 + n, "kind": [f"a{n}", "b"] if n % 3 else "text", "note": "as usual"} for n in range(200)]
    rows[101]["kind"] = "number"
    assert "number" in sampled(rows, "Which kind is 50122 of?").text


def test_rows_with_a_key_that_only_two_have_stay() -> None:
    rows = [metric(n) for n in range(100)]
    for n in (41, 67):
        rows[n]["names"] = {"es": "Perú"}
    assert sampled(rows).text.count("Perú") == 2


def test_no_more_than_the_budget_is_left_out() -> None:
    rows = [metric(n) for n in range(400)]
    whole = json.dumps(rows, indent=1)
    for share in (0.15, 0.25, 0.45):
        gone = [row for gap in sampled(rows, share=share).omitted for row in rows[gap.first - 1 : gap.last]]
        assert 0.5 * share < count_tokens(json.dumps(gone, indent=1)) / count_tokens(whole) <= share * 1.02


def test_keys_are_never_left_out() -> None:
    assert sample({f"key_{n}": n % 3 for n in range(200)}) is None


def test_rows_within_objects_and_strings_are_sampled_too() -> None:
    rows = [metric(n) for n in range(200)]
    for data in ({"total": 200, "data": {"rows": rows}, "next": None}, [{"type": "text", "text": json.dumps(rows)}]):
        assert sampled(data).omitted[0].unit == "rows"


def test_rows_nested_too_deep_for_a_table_all_stay() -> None:
    data: object = [metric(n) for n in range(200)]
    for _ in range(30):
        data = {"inner": data}
    assert sample(data) is None


def test_findings_of_linters_all_stay_for_each_is_something_to_do() -> None:
    rows = [{"code": "E501", "location": {"row": n, "column": 1}, "file": "a.py", "rule": "long"} for n in range(300)]
    assert sample(json.dumps(rows)) is not None
    assert sample(json.dumps([{**row, "message": "Line too long"} for row in rows])) is None


def test_matches_of_ripgrep_all_stay_though_other_rows_stand_between_them() -> None:
    rows = [
        {"type": kind, "data": {"path": {"text": f"src/f{n % 7}.py"}, **more}}
        for n in range(60)
        for kind, more in (
            ("begin", {}),
            ("match", {"lines": {"text": "    return None\n"}, "line_number": 9 + n, "absolute_offset": 30 * n}),
            ("end", {"binary_offset": None, "stats": {"searches": 1, "bytes_searched": 90 * n}}),
        )
    ]
    text = json.dumps(rows)
    assert sample(text) is None
    assert sample(text.replace("line_number", "number")) is not None


def test_a_document_of_smart_crusher_is_sampled_like_the_json_it_stands_for() -> None:
    text = json.dumps([metric(n) for n in range(300)], indent=1)
    crushed = SmartCrusher().rewrite(Block(text, ANY), Budget(0, ""))
    assert crushed is not None
    again = sampled(crushed.text)
    assert SAMPLER.proof(text, again.text)
    assert 0 < count_tokens(crushed.text) - count_tokens(again.text) <= 0.45 * count_tokens(crushed.text)


def test_its_own_output_is_left_alone() -> None:
    rewrite = sampled([metric(n) for n in range(300)])
    assert sample(rewrite.text) is None


def test_a_gap_that_is_not_told_is_no_proof() -> None:
    rows = [metric(n) for n in range(300)]
    text = json.dumps(rows)
    lines = sampled(rows).text.split("\n")
    at = next(n for n, line in enumerate(lines) if line.startswith("[rows"))
    assert not SAMPLER.proof(text, "\n".join(lines[:at] + lines[at + 1 :]))
    assert not SAMPLER.proof(text, "\n".join(lines[: at - 1] + lines[at:]))
    assert not SAMPLER.proof(text, "\n".join([*lines[: at + 1], lines[at + 2], lines[at + 1], *lines[at + 3 :]]))
    assert not SAMPLER.proof(text, "\n".join(lines).replace("\t25", "\t24"))
    assert not SAMPLER.proof(text, "plain")


@settings(max_examples=40)
@given(st.data())
def test_any_array_is_proven_and_damage_never_raises(data: st.DataObject) -> None:
    cell = st.sampled_from(["ok", "error", "", None, 1, 2, 2.5, "[rows 2-9 omitted]", "a b", [1], {"x": 1}])
    row = st.fixed_dictionaries({"a": cell, "b": cell}, optional={"c": cell}) | cell
    base = data.draw(st.lists(row, min_size=1, max_size=12))
    text = json.dumps((base * 40)[: data.draw(st.integers(20, 300))])
    sample(text, "what of row_17?", 0.9)
    at = data.draw(st.integers(0, len(text)))
    sample(text[:at] + data.draw(st.text(max_size=3)) + text[at:], "", 0.9)


def test_rows_with_a_plain_name_of_the_question_stay() -> None:
    data = [{**metric(n), "owner": "Alice" if n % 43 == 7 else f"Team {n % 9}", "n": n} for n in range(300)]
    text = sampled(data, "Which of the slow requests are Alice's?").text
    assert text.count("Alice") == sum(row["owner"] == "Alice" for row in data)


@pytest.mark.parametrize(
    "odd",
    [{"share": "99.8%"}, {"share": ""}, {"share": "-"}, {"share": None}, {"day": "1999-01-01"}, {"price": "98,5"}],
)
def test_a_value_unlike_its_column_stays_however_it_is_written(odd: dict[str, object]) -> None:
    data = [
        {**metric(n), "share": f"{10 + n % 9}.5%", "day": f"2024-03-{10 + n % 17}", "price": f"{10 + n % 9},5"}
        for n in range(200)
    ]
    data[137].update(odd, ms=23, service="api")
    assert str(data[137]["time"]) in sampled(data, share=0.9).text
