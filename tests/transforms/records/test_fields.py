"""Records of one field a line are read as rows, and any other text is refused."""

import pytest

from transforms.call import Call
from transforms.contract import Block, Budget
from transforms.records.fields import read_fields
from transforms.smart_crusher import SmartCrusher
from transforms.tokenizer import count_tokens

_ROWS = [{"id": str(n).encode(), "name": f"w {n}", "note": "" if n % 2 else "a: b | c"} for n in range(1, 9)]
_WORDS = [{key: value.decode() if isinstance(value, bytes) else value for key, value in row.items()} for row in _ROWS]
_PSQL = "\n".join(
    f"-[ RECORD {n} ]-----\n" + "\n".join(f"{key:<5}| {value}" for key, value in row.items())
    for n, row in enumerate(_WORDS, 1)
)
_MYSQL = "\n".join(
    f"{'*' * 27} {n}. row {'*' * 27}\n" + "\n".join(f"{key:>5}: {value}" for key, value in row.items())
    for n, row in enumerate(_WORDS, 1)
)
_SQLITE = "\n\n".join("\n".join(f"{key:>5} = {value}" for key, value in row.items()) for row in _WORDS) + "\n"
_POWERSHELL = "\n\n".join("\n".join(f"{key:<5} : {value}" for key, value in row.items()) for row in _WORDS)


@pytest.mark.parametrize("text", [_PSQL, _MYSQL, _SQLITE, _POWERSHELL], ids=["psql", "mysql", "sqlite3", "powershell"])
def test_the_forms_of_several_programs(text: str) -> None:
    assert read_fields(text) == _ROWS


def test_numbers_keep_their_spelling_and_other_words_are_words() -> None:
    values = ["007", "1.50", "-3", "1e5", "true", "", "0x1f"]
    read = read_fields("\n\n".join(f"a: {value}" for value in values))
    assert [row["a"] for row in read if isinstance(row, dict)] == ["007", b"1.50", b"-3", "1e5", "true", "", "0x1f"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a: 1\n\na: 2",
        "a: 1\n\nb: 2\n\na: 3",
        "a: 1\na: 2\n\na: 3\n\na: 4",
        "a: 1\n\na: 2\n\n\na: 3",
        "a: 1\n\na: 2\n more\n\na: 3",
        "a: 1\n\na: 2 \n\na: 3",
        _PSQL.replace("RECORD 3", "RECORD 4"),
        _PSQL.replace("id   | 3", "id   | 3+\n     | 4"),
        _PSQL + "\n(8 rows)",
        _MYSQL.replace("w 3", "w 3\nand more"),
    ],
)
def test_what_is_not_all_fields_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        read_fields(text)


@pytest.mark.parametrize("text", [_PSQL, _MYSQL, _SQLITE])
def test_they_become_a_table_and_every_value_comes_back(text: str) -> None:
    crusher = SmartCrusher()
    table = crusher.rewrite(Block(text, Call()), Budget(0, ""))
    assert table is not None and crusher.proof(text, table.text)
    assert table.text.startswith("(records that stood one field a line; ")
    assert "\n3\tw 3" in table.text
    assert not crusher.proof(text, table.text.replace("w 3", "w 5"))
    assert count_tokens(table.text) < count_tokens(text)
