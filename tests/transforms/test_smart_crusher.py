"""SmartCrusher gives every value back, in every spelling, and is shorter."""

import json
import re
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from transforms.call import Call
from transforms.contract import Block, Budget
from transforms.records.document import DocumentWriter
from transforms.records.legend import Form, explain
from transforms.records.sample import names_of, words_of
from transforms.records.source import Source, decode
from transforms.records.tree import Pairs, Tree
from transforms.smart_crusher import SmartCrusher

CRUSHER = SmartCrusher()
ODD = (
    *("", "1", "1.0", "null", "true", "NaN", "-", "+", "#", "*1", "*1=x", "+a=b", "=", "==b", "a=b", "a.b", "a[0].b", "a,b"),
    *("k:str", "[3 rows", "{2 rows", "]", "}", '"', '"""', '"""text', '"""json', "[row 1 omitted]", "(JSON; x)", "(key)"),
    *("(value)", " x", "x ", "a\tb", "\n", "\r\n", "\x00", "\x1b[1m", "\\", "é", "\u2028", "\ud800", "https://example.org/" + "p" * 60),
    *("a\nb\nc\nd\n" * 30, '"""\nb\n"""\nd\n' * 20, '{"a":1,"b":[1,2]}'),
    json.dumps([{"id": n, "name": f"n{n}"} for n in range(12)]),
    json.dumps([{"id": n, "name": f"n\nü{n}"} for n in range(12)], indent=2),
)  # fmt: skip
texts = st.sampled_from(ODD) | st.text(max_size=4)
numbers = st.sampled_from(
    [b"0", b"-0", b"1.0", b"1e5", b"1E+5", b"9" * 40, b"NaN", b"-Infinity", b"0e00000", b"0e00001"]
)
leaves = texts | numbers | st.booleans() | st.none()
few = st.sampled_from("abcde")


def containers(inner: st.SearchStrategy[Tree]) -> st.SearchStrategy[Any]:
    """Arrays and objects, many of them records, some with a key twice."""
    pairs = st.lists(st.tuples(texts, inner), max_size=4)
    return (
        st.lists(inner, max_size=4)
        | st.lists(st.dictionaries(few, inner, max_size=5), max_size=8)
        | st.dictionaries(texts, st.dictionaries(few, inner, min_size=1, max_size=4), max_size=6)
        | pairs.map(lambda items: dict(items) if len(dict(items)) == len(items) else Pairs(tuple(items)))
    )


trees: st.SearchStrategy[Tree] = st.recursive(leaves, containers, max_leaves=40)


def crush(text: str) -> str | None:
    """The rewritten text, proven, or None."""
    rewrite = CRUSHER.rewrite(Block(text, Call()), Budget(0, ""))
    if rewrite is None:
        return None
    assert CRUSHER.proof(text, rewrite.text)
    assert not rewrite.omitted
    return rewrite.text


def crushed(text: str) -> str:
    """The same, where there is something to do."""
    rewritten = crush(text)
    assert rewritten is not None
    return rewritten


def document(text: str) -> str:
    """The document of `text`, also where plain JSON is shorter."""
    source = Source.read(text)
    return explain(source.told(DocumentWriter().write(source.tree)))


@settings(max_examples=120)
@given(st.lists(trees, min_size=1, max_size=3))
def test_every_document_reads_back_as_the_values_it_was_written_from(values: list[Tree]) -> None:
    text = Source(values).minified
    assert decode(document(text)).minified == text
    assert CRUSHER.proof(text, document(text))


@settings(max_examples=150)
@given(st.data())
def test_records_keep_the_order_of_their_keys_whatever_is_said_in_the_header(data: st.DataObject) -> None:
    cells = st.sampled_from(
        ["short", "v" * 30, "w" * 200, "line\n" * 40, "1", 1, None, [{"a": 1}, {"a": 2}], {"x": {"y": 1}}]
    ) | st.integers(0, 99).map(lambda n: [{"a": n, "b": [{"c[0]": n}, {"c[0]": 1}]}])
    record = st.lists(st.tuples(st.sampled_from("abcdefgh"), cells), max_size=8, unique_by=lambda pair: pair[0])
    base = data.draw(st.lists(record.map(dict), min_size=1, max_size=5))
    rows = [base[n] for n in data.draw(st.lists(st.integers(0, len(base) - 1), min_size=2, max_size=30))]
    text = json.dumps(rows)
    assert decode(document(text)).minified == Source.read(text).minified


@settings(max_examples=60)
@given(trees, st.sampled_from([0, 1, 4, None]))
def test_a_rewrite_is_proven_and_final(tree: Tree, indent: int | None) -> None:
    minified = Source([tree]).minified
    rewritten = crush(f" {minified}\n\n" if indent is None else minified.replace(",", ",\n" + " " * indent))
    assert rewritten is None or crush(rewritten) in (None, rewritten)


@settings(max_examples=200)
@given(st.data())
def test_damaged_text_never_raises(data: st.DataObject) -> None:
    original = data.draw(st.sampled_from([ORDERS, RICH]))
    text = document(original) if data.draw(st.booleans()) else original
    at = data.draw(st.integers(0, len(text)))
    damaged = text[:at] + data.draw(texts) + text[at + data.draw(st.integers(0, 30)) :]
    crush(damaged)
    assert CRUSHER.proof(original, damaged) in (True, False)


@settings(max_examples=300)
@given(st.data())
def test_json_that_was_cut_off_keeps_what_is_whole_and_says_what_is_missing(data: st.DataObject) -> None:
    text = data.draw(st.sampled_from([ORDERS, RICH, LINES]))
    beginning = text[: data.draw(st.integers(1, len(text) - 1))] + data.draw(st.sampled_from(["", "\n"]))
    rewritten = crush(beginning)
    if rewritten is None:
        return
    source = decode(rewritten)
    assert source == Source.read(beginning)
    if source.cut is not None:
        whole, told = Source.read(text).minified, Source(source.values).minified.removesuffix(source.cut.missing)
        assert whole.startswith(told)
        assert not source.cut.begun.endswith("\n"), "the tool's own, or its shell's"
        assert whole[len(told) :].lstrip(",\n").startswith(source.cut.begun)


@settings(max_examples=120)
@given(
    st.lists(st.sampled_from(["web-1  | ", "job-2  | ", "2026-03-01T10:00:00.5Z ", "INFO [a] ", ""]), min_size=6),
    st.lists(trees, min_size=1, max_size=3),
    st.sampled_from(["", "ready\t", "  at main ({x.js:4})", '{"open":', "[1,", "\r", '{"a":1} {"b":2}']),
)
def test_json_behind_something_comes_back_line_by_line(fronts: list[str], values: list[Tree], odd: str) -> None:
    lines = [
        front + Source([{"n": str(n).encode(), "v": value}]).minified
        for n, front in enumerate(fronts)
        for value in values
    ]
    text = "\n".join([*lines[:3], odd, *lines[3:]])
    rewritten = crush(text)
    if rewritten is None:
        return
    source = decode(rewritten)
    if source.form is Form.FRAMED:
        told = [dict(value) for value in source.values if isinstance(value, dict)]
        assert [
            str(value.pop("(before)", "")) + Source([dict(value)]).minified
            if "(line)" not in value
            else value["(line)"]
            for value in told
        ] == text.rstrip("\n").split("\n")


def test_keys_that_have_a_meaning_behind_something_are_not_read() -> None:
    assert (
        crush("\n".join(f'web-1 | {{"(before)":"x","n":{n},"status":"all of it is well"}}' for n in range(30))) is None
    )


@pytest.mark.parametrize(
    "text",
    [
        "not json",
        "[1, 2}, 3",
        '{"a": 1} and more',
        '{"a": 1}, {"a"',
        '{"a" 1, "b": [',
        "[" * 9000,
        '{"a":' + '"' * 9001,
    ],
)
def test_what_is_no_beginning_of_json_is_left_alone(text: str) -> None:
    assert crush(text) is None


ORDERS = json.dumps([{"id": n, "to": f"street {n}", "kind": "parcel", "note": None} for n in range(30)], indent=2)
RICH = json.dumps(
    {
        "hosts": {
            f"h{n}": {"up": n % 2, "tags": [{"k": "a", "v": n}, {"k": "b", "v": 1}], "at": {"x": n}} for n in range(9)
        },
        "runs": [{"log": "step\n" * 40, "same": "s" * 90, "id": n, "as": n, "tail": ORDERS[:900]} for n in range(5)],
        "text": ORDERS,
    }
)


LINES = "\n".join(json.dumps({"id": n, "to": f"street {n}", "open": n % 2 == 0}) for n in range(12))


def test_records_become_a_table_that_says_constants_once() -> None:
    rewritten = crushed(ORDERS)
    lines = rewritten.split("\n")[1:5]
    assert lines == ["[30 rows", "#every row: kind=parcel\tnote=null", "#id\tto", "0\tstreet 0"]
    assert len(rewritten) < len(ORDERS) / 3


@pytest.mark.parametrize(
    "pair",
    [
        ('""', "null"),
        ("1", '"1"'),
        ("1.0", "1"),
        ("1e5", "100000"),
        ("-0", "0"),
        ("true", '"true"'),
        ("null", '"null"'),
        ("[]", "{}"),
        ("9" * 40, "9" * 39 + "8"),
        ('"a"', '" a"'),
        ('"*1"', '"1"'),
        ('"+a=1"', "1"),
    ],
    ids=lambda pair: " and ".join(pair)[:30],
)
def test_values_that_are_easily_confused_stay_apart(pair: tuple[str, str]) -> None:
    one, other = (
        json.dumps([{"id": n, "a": n, "b": "x" * 9} for n in range(20)], indent=1).replace('"a": 7', f'"a": {value}')
        for value in pair
    )
    assert crushed(one) != crushed(other)
    assert not CRUSHER.proof(one, crushed(other))


def cells_by_column(lines: list[str]) -> list[dict[str, str]]:
    """The cells of one table's rows as a reader takes them: one below the other, named ones by their names."""
    rows: list[dict[str, str]] = []
    columns: list[str] = []
    for line in lines:
        if line.startswith("#"):
            columns = line[1:].split("\t")
            continue
        cells = line.split("\t")
        named = [cell.lstrip("+0123456789:").split("=", 1) for cell in cells if cell.startswith("+")]
        rows.append(dict(zip(columns, cells, strict=False)) | {cell[0]: cell[1] for cell in named})
        assert all(cell.startswith("+") for cell in cells[len(cells) - len(named) :])
    return rows


def test_cells_stand_below_their_columns_and_named_ones_behind_them() -> None:
    records = [
        {"id": n, "kind": "parcel"}
        | ({"late": f"{n} days"} if n % 9 == 4 else {})
        | {"to": f"street {n}", "unit": "kg", "weight": n * 7}
        for n in range(40)
    ]
    lines = crushed(json.dumps(records, indent=1)).split("\n")
    assert "+late=4 days" in "\n".join(lines)
    apart = {"kind": "parcel", "unit": "kg"}
    told = [{key: str(value) for key, value in record.items() if key not in apart} for record in records]
    assert cells_by_column([line for line in lines[2:-1] if not re.match("#(every|some) row", line)]) == told


def test_wide_rows_with_many_keys_missing_name_what_they_have() -> None:
    records = [
        {"id": n} | {f"limit_{k}": n * k for k in range(14) if k < 4 or (n * 31 + k * 17) % 5 == 0} for n in range(60)
    ]
    text = crushed(json.dumps(records))
    assert text.count("\t\t\t") == 0
    assert "+limit_9=" in text


LINKS = [
    {
        "id": n,
        "url": f"https://api.example.org/carts/{n * 7}",
        "items_url": f"https://api.example.org/carts/{n * 7}/items",
    }
    for n in range(30)
]


def test_an_address_that_goes_on_from_another_is_told_once() -> None:
    rewritten = crushed(json.dumps(LINKS))
    assert "items_url=={url}/items" in rewritten
    assert rewritten.count("/items") == 1


def test_an_ending_that_looks_as_if_it_named_a_column_is_no_ending() -> None:
    """The reader would fill in what stands there as it is."""
    templates = [
        {**link, "template": f"{link['items_url']}/{{id}}", "other": f"{link['url']}{{/page}}"} for link in LINKS
    ]
    rewritten = crushed(json.dumps(templates))
    assert "other=={url}{/page}" in rewritten
    assert rewritten.count("/{id}") == len(LINKS)


@pytest.mark.parametrize("question", ["What is in cart 12?", "Show `https://api.example.org/carts/84`, please"])
def test_a_row_that_is_asked_for_tells_its_addresses_whole(question: str) -> None:
    rewrite = CRUSHER.rewrite(Block(json.dumps(LINKS), Call(), question), Budget(0, ""))
    assert rewrite is not None
    assert CRUSHER.proof(json.dumps(LINKS), rewrite.text)
    assert "\t+items_url=https://api.example.org/carts/84/items\n" in rewrite.text
    assert rewrite.text.count("/items") == 2


def test_a_row_that_alone_has_its_address_among_few_tells_all_of_them() -> None:
    """It is one of those that stand out."""
    rows = [row | LINKS[3 if row["id"] == 17 else 1] | {"id": row["id"]} for row in LINKS]
    assert "+items_url=https://api.example.org/carts/21/items" in crushed(json.dumps(rows))


GAUGES = [
    {"host": f"node-{n}", **{f"gauge_of_part_{c}": 1000 * n + c for c in range(14) if (n * n + 3 * c * n + c) % 5 > 1}}
    for n in range(40)
]


def test_a_row_that_is_asked_for_names_its_cells_where_a_reader_had_to_count_columns() -> None:
    text = json.dumps(GAUGES)
    rewrite = CRUSHER.rewrite(Block(text, Call(), "What is wrong with node-17?"), Budget(0, ""))
    assert rewrite is not None
    assert CRUSHER.proof(text, rewrite.text)
    cells = [f"+{name}={value}" for name, value in GAUGES[17].items() if name != "host"]
    assert "\n" + "\t".join(["node-17", *cells]) + "\n" in rewrite.text
    assert "\nnode-39\t39002\t\t39004" in rewrite.text


@settings(max_examples=80)
@given(st.lists(st.lists(st.integers(0, 12), unique=True, max_size=13), min_size=12, max_size=20), st.sampled_from(ODD))
def test_rows_that_name_their_cells_read_back(rows: list[list[int]], odd: str) -> None:
    """Whichever keys they have, in whatever order, be they asked for or not."""
    records = [{f"c{c}": odd if c == 3 else f"v{n % 2}" if c < 9 else n for c in own} for n, own in enumerate(rows)]
    text = json.dumps([{"id": f"n{n}", **record} if n % 3 else record for n, record in enumerate(records)])
    tree = Source.read(text).tree
    body = DocumentWriter(words=frozenset([*(f"n{n}" for n in range(20)), "v0", odd])).write(tree)
    assert decode(explain(Source.read(text).told(body))).minified == Source.read(text).minified


@settings(max_examples=80)
@given(
    st.lists(st.sampled_from([*ODD, "carts/1", "carts/2"]), min_size=3, max_size=9),
    st.tuples(st.sampled_from(["a", "a.b", "{a", "a}b", "3:c"]), st.sampled_from(["z", "z==b", "+z"])),
    st.sampled_from(["/x", "{/name}", "=", "\t", " ", "\n", '"', "\\"]),
    st.integers(0, 9),
)
def test_columns_that_others_tell_read_back(bases: list[str], names: tuple[str, str], ending: str, odd: int) -> None:
    """Whatever stands in them, in whatever order, and where one row has something else or none."""
    first, second = names
    long = [f"https://example.org/{base}" if len(base) < 12 else base for base in bases]
    rows: list[dict[str, str]] = [{first: base, second: base + ending, "end": base + ending + "!"} for base in long]
    if odd < len(rows):
        rows[odd] = [{second: "other", first: rows[odd][first]}, {first: "x"}, rows[odd]][odd % 3]
    text = json.dumps(rows)
    for question in ("", f"What about `{long[0]}`?"):
        tree = Source.read(text).tree
        body = DocumentWriter(words=names_of(words_of(question, Call()), question)).write(tree)
        assert decode(explain(Source.read(text).told(body))).minified == Source.read(text).minified


@pytest.mark.parametrize("key", ["3", "3:a", "every row", "every row:", "some rows: 1", "*1", "a==b"])
def test_keys_that_look_like_a_header_come_back(key: str) -> None:
    rows = [{"id": n, key: "same", "to": n} | ({key + "x": n} if n % 4 == 1 else {}) | {"z": n} for n in range(30)]
    text = json.dumps(rows)
    assert decode(document(text)).minified == Source.read(text).minified


@pytest.mark.parametrize(
    "document",
    [
        "(JSON)\n{2 rows\n#(key)\ta\nx\t1\nx\t2\n}",
        "(JSON)\n{1 rows\n#(key)\ta\n1\t2\n}",
        '(JSON)\n[1 rows\n#a\n"""\nno fence\n]',
        '(JSON)\n[1 rows\n#a\n"""\n"""text a\nx\n""" more\n]',
        "(JSON)\n[1 rows\n#a\n1\t+b\n]",
        "(JSON)\n[1 rows\n#a\n1\t2\n]",
        "(JSON)\n[1 rows\n#a\ta.b\n1\t2\n]",
        "(JSON)\n[1 rows\n#every row: b=={a}/x\n#a\n1\n]",
        "(JSON)\n[1 rows\n#every row: b=={a}/x\n#a\nq\t+b=z\n]",
        "(JSON)\n[1 rows\n#*1=x\n#a\nq\n]",
        "(JSON lines)\n[1]",
        "(JSON)\n[1]\nmore",
    ],
)
def test_a_document_that_contradicts_itself_is_read_as_nothing(document: str) -> None:
    """Nobody of ours wrote it, and rows must not go from it because it was read wrongly."""
    with pytest.raises((ValueError, LookupError)):
        decode(document)


def test_a_place_beyond_all_keys_is_no_proof() -> None:
    text = document(ORDERS)
    assert not CRUSHER.proof(ORDERS, text.replace("#every row: ", "#every row: 999999999999999999999999:"))
    assert not CRUSHER.proof(ORDERS, text.replace("\tstreet 7", "\t+99999999999999999999:to=street 7"))
    assert not CRUSHER.proof(ORDERS, text.replace("#every row: kind", "#every row: 2:kind"))


def test_a_missing_key_is_neither_null_nor_empty() -> None:
    rows: list[dict[str, object]] = [{"id": n, "note": "fine", "to": "here and there"} for n in range(20)]
    texts = set()
    changes: tuple[dict[str, object], ...] = (
        {"id": 5, "to": "x"},
        {"id": 5, "note": None, "to": "x"},
        {"id": 5, "note": "", "to": "x"},
    )
    for change in changes:
        rows[5] = change
        texts.add(crushed(json.dumps(rows)))
    assert len(texts) == 3


def test_keys_in_another_order_are_another_text() -> None:
    rows = [{"a": n, "b": n + 1, "c": n + 2} for n in range(20)]
    other = [{"b": 8, "c": 9, "a": 7} if row["a"] == 7 else row for row in rows]
    assert not CRUSHER.proof(json.dumps(rows), crushed(json.dumps(other)))


def test_a_key_that_stands_twice_stays_twice() -> None:
    assert crushed('{"a": 1,\n   "a": 2,\n   "b": [1, 2, 3]}') == '{"a":1,"a":2,"b":[1,2,3]}'
    assert not CRUSHER.proof('{"a":1,"a":2}', '{"a":2}')
    assert not CRUSHER.proof('{"a":1,"a":2}', '{"items":[["a",1],["a",2]]}')


@pytest.mark.parametrize(
    "text", ['[{"a": 1, "a": 2}]', '[{"a": 1, "a": 2, "b": "\\u0022"}]', '{"a": 1}\n{"b": 1, "b": 1}']
)
def test_keys_that_stand_twice_are_read_whatever_else_is_escaped(text: str) -> None:
    assert Source.read(text).minified.count(":") == text.count(":")


def test_strings_with_line_ends_share_a_column_with_others() -> None:
    text = json.dumps([{"id": n, "said": ("two\nlines", "one line", "a: b", "-")[n % 4]} for n in range(40)])
    assert decode(document(text)).minified == Source.read(text).minified


def test_long_text_stays_whole_and_on_lines_of_its_own() -> None:
    code = "def f():\n\treturn 'a\"b\\\\c'\n\n" * 12
    rewritten = crushed(json.dumps({"path": "f.py", "content": code}))
    assert code in rewritten


def test_long_values_stand_verbatim() -> None:
    message = "E" + "x" * 5000
    rewritten = crushed(json.dumps([{"id": n, "message": message if n == 3 else "ok"} for n in range(20)], indent=2))
    assert message in rewritten


def test_sixty_keys_stay_sixty() -> None:
    text = json.dumps({f"key_{n}": n * n for n in range(60)}, indent=4)
    assert all(f'"key_{n}":{n * n}' in crushed(text) for n in range(60))


def test_json_lines_stay_json_lines() -> None:
    lines = "\n".join(json.dumps({"level": "info", "message": f"step {n}", "n": n}) for n in range(20))
    assert crushed(lines).startswith("(JSON lines;")
    assert not CRUSHER.proof(f"[{lines.replace(chr(10), ',')}]", crushed(lines))


def test_what_holds_many_records_within_a_row_is_a_table_below_it() -> None:
    versions = {f"v1.{n}": {"size": n * 7919, "tag": "latest"} for n in range(24)}
    files = [{"name": f"src/f{n}.ts", "bytes": n * 7} for n in range(24)]
    rewritten = crushed(json.dumps([{"id": n, "versions": versions, "files": files} for n in range(3)]))
    assert rewritten.count('\n"""value versions\n{24 rows\n#every row: tag=latest\n#(key)\tsize\nv1.0\t0\n') == 1
    assert rewritten.count('\n"""value files\n[24 rows\n#name\tbytes\nsrc/f0.ts\t0\n') == 1


@pytest.mark.parametrize("text", ["[" + "x" * 200 + "]", "{" + "x" * 200 + "}"])
def test_a_string_that_only_looks_like_json_stays_a_string(text: str) -> None:
    assert text in crushed(
        json.dumps([{"id": n, "text": f"{text[0]}{n}{text[1:]}"} for n in range(9)] + [text], indent=2)
    )


@pytest.mark.parametrize("indent", [None, 2, 4])
def test_json_in_a_string_profits_too(indent: int | None) -> None:
    inner = json.dumps([{"id": n, "title": f"Title {n}", "state": "open"} for n in range(24)], indent=indent)
    text = json.dumps([{"type": "text", "text": inner}])
    assert "#every row: state=open\n#id\ttitle\n" in crushed(text)
    assert len(crushed(text)) < len(text) / 1.8


def test_a_string_of_json_that_cannot_be_spelled_again_stays_a_string() -> None:
    inner = '[{"a":1, "b":2},' + ",".join(f'{{"a":{n},"b":{n}}}' for n in range(40)) + "]"
    crush(json.dumps({"text": inner}, indent=2))


@pytest.mark.parametrize("text", ["", " ", "plain", "[1,2", '{"a":1}', "[]", "3", '{"a":1} trailing', "[1] [2]"])
def test_what_is_not_json_or_already_short_is_left_alone(text: str) -> None:
    assert crush(text) is None


@pytest.mark.parametrize("opening", ["[", '{"a":', '[{"a":'])
def test_deep_nesting_is_left_alone_quickly(opening: str) -> None:
    started = time.monotonic()
    for depth in (300, 5000, 200_000):
        closing = "".join({"[": "]", "{": "}"}.get(char, "") for char in reversed(opening))
        crush(opening * depth + "1" + closing * depth)
    assert time.monotonic() - started < 2


@pytest.mark.parametrize("keys", [390, 20_000])
def test_wide_records_are_no_trouble(keys: int) -> None:
    started = time.process_time()
    row = {f"k{n}": n for n in range(keys)}
    crush(json.dumps([row, dict(reversed(row.items())), row, {**row, "k7": "x"}], indent=1))
    assert time.process_time() - started < 2


@pytest.mark.usefixtures("no_garbage_collection")
def test_work_grows_with_the_text() -> None:
    def seconds(rows: int) -> float:
        text = json.dumps(
            [{"id": n, "name": f"n{n}", "kind": n % 7, "at": {"x": n, "y": n}} for n in range(rows)], indent=2
        )
        started = time.process_time()
        crushed(text)
        return time.process_time() - started

    seconds(100)
    assert min(map(seconds, range(8000, 8003))) < 8 * max(min(map(seconds, range(2000, 2003))), 0.02)
