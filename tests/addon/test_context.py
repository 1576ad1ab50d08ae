"""What references may point to: texts that stand in the request, under names that are not cut short in the middle."""

import json

import pytest

from addon.context import Context
from addon.shapes.slot import Place, Slot
from transforms.call import Call
from transforms.repeats.references import refer, refer_whole, resolve

BODY = "\n".join(f"    value_{n} = compute(value_{n - 1}, {n * 7919})" for n in range(40))


def slot(tool: str, text: str = BODY, **arguments: str) -> Slot:
    return Slot(Place(0, 0, 3), text, "call", 0, b"key", Call(tool, json.dumps(arguments)))


def pointer(context: Context, text: str = BODY) -> str | None:
    found = refer(text, context.index)
    return None if found is None else found.text


def test_a_repeat_is_named_by_tool_and_path_or_command() -> None:
    context = Context()
    context.add(slot("Read", file_path="src/x.py"), BODY, "none")
    assert pointer(context) == "[output lines 1-40: same as output lines 1-40 of the Read of src/x.py above]"


def test_long_paths_are_known_by_their_end_and_long_commands_by_a_mark() -> None:
    context = Context()
    deep = "/home/ada/" + "folder/" * 20
    for name in ("Alpha.java", "Beta.java"):
        context.add(slot("Read", file_path=deep + name), BODY.replace("value", name[:4]), "none")
    found = pointer(context, BODY.replace("value", "Beta"))
    assert found is not None
    assert "…" in found and "/Beta.java above]" in found
    context.add(slot("bash", command="make " + "x" * 200), BODY, "none")
    assert "…` above]" in (pointer(context) or "")


def test_a_file_that_the_model_wrote_is_pointed_to_and_parts_of_files_are_not() -> None:
    context = Context()
    context.add(slot("Edit", "done", file_path="x.py", old_string=BODY, new_string=BODY), "done", "none")
    assert pointer(context) is None
    context.add(slot("Write", "done", file_path="x.py", content=BODY), "done", "none")
    assert "of what you wrote to x.py above" in (pointer(context) or "")


def test_lines_that_the_request_spells_with_escapes_are_not_pointed_to() -> None:
    context = Context()
    quoted = BODY.replace("compute", '"compute"')
    context.add(slot("Write", "done", file_path="x.py", content=quoted), "done", "none")
    assert pointer(context, quoted) is None


@pytest.mark.parametrize(
    "name", ["log_folder", "smart_crusher", "table_text", "run_report+path_grouper", "listing_folder"]
)
def test_lines_whose_sense_stands_in_a_legend_are_not_pointed_to(name: str) -> None:
    context = Context()
    context.add(slot("bash", command="cat a.log"), BODY, name)
    assert pointer(context) is None


def test_they_are_pointed_to_as_a_whole_and_only_while_it_stands_as_it_was_sent() -> None:
    context = Context()
    for sent in (BODY, BODY + "\nmore"):
        context.add(slot("bash", "original", command="cat a.log"), sent, "log_folder")
    found = refer_whole(BODY, context.index)
    assert found is not None
    assert found.text == "[output lines 1-40: same as output lines 1-40 of the output of `cat a.log` above (1st of 2)]"
    assert resolve(found.text, context.index) == BODY
    assert refer_whole(BODY + "\n", context.index) is None
    needs = context.namesakes(found.needs)
    assert context.holds(needs)
    changed = Context()
    for sent in (BODY.replace("value_7", "value"), BODY + "\nmore"):
        changed.add(slot("bash", "original", command="cat a.log"), sent, "log_folder")
    assert not changed.holds(needs)


def test_a_need_is_met_while_the_texts_stand_there_unchanged() -> None:
    context = Context()
    context.add(slot("Read", file_path="src/x.py"), BODY, "none")
    found = refer(BODY, context.index)
    assert found is not None
    needs = context.namesakes(found.needs)
    assert context.holds(needs)
    assert not Context().holds(needs)
