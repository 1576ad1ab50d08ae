"""RunReport counts what went well, shows what did not, and alters nothing."""

import re
from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.transforms.rewritten import used
from transforms.runs.report import RunReport
from transforms.tokenizer import count_tokens

told = partial(used, RunReport())

NAMES = ["".join(chr(97 + (n * step + n // 7) % 26) for step in (3, 5, 11, 17)) for n in range(60)]
"""Of what nobody could take for one another."""


def passing(count: int, form: str = "tests/test_pay.py::test_amount_{} PASSED") -> str:
    return "".join(form.format(n) + "\n" for n in range(count))


@pytest.mark.parametrize(
    "form",
    [
        "tests/test_pay.py::test_amount[{}-EUR] PASSED                  [ 12%]",
        "[gw3] [ 12%] PASSED tests/test_pay.py::test_amount_{}",
        "PASSED tests/test_pay.py::test_amount_{}",
        "test_amount_{} (shop.tests.PayTests) ... ok",
        "test pay::tests::amount_{} ... ok",
        "--- PASS: TestAmount/case_{} (0.00s)",
        "ok  \texample.com/shop/pay{}\t0.012s",
        "    ✓ adds {} items (2 ms)",
        "PASS src/pay/amount{}.test.ts",
        "        PASS [   0.012s] shop::pay amount_{}",
        "ok {} - adds the amount of two carts",
        "PayTest > amount{}() PASSED",
        "[INFO] Tests run: 3, Failures: 0, Errors: 0, Skipped: 0, Time elapsed: 0.1 s -- in com.example.Pay{}Test",
        " 3/40 Test  #3: pay_amount_{} ................   Passed    0.02 sec",
        "[       OK ] PayTest.Amount{} (0 ms)",
        "  Passed Shop.Tests.Pay.Amount{} [2 ms]",
        "Test Case '-[ShopTests.PayTests testAmount{}]' passed (0.002 seconds).",
        "   Compiling crate_{} v1.0.2",
        "[ 12%] Building CXX object src/pay/CMakeFiles/pay.dir/amount_{}.cpp.o",
        "gcc -O2 -Wall -Iinclude -c src/amount_{}.c -o build/amount.o",
        "Requirement already satisfied: package{} in /usr/lib/python3/dist-packages (1.0)",
        "Downloading from central: https://repo.maven.apache.org/maven2/org/a/{}/a.pom",
        "npm http fetch GET 200 https://registry.npmjs.org/package{} 31ms (cache miss)",
        "Get:{} http://deb.debian.org/debian bookworm/main amd64 pkg amd64 1.2 [7 kB]",
        "go: downloading example.com/module{} v1.2.3",
        "2026-01-05T10:00:00.1234567Z tests/test_pay.py::test_amount_{} PASSED [  1%]",
        "test (3.13)\tRun pytest\t2026-01-05T10:00:00.1234567Z tests/test_pay.py::test_amount_{} PASSED",
        "#12 3.456 Setting up package{} (1.2) ...",
    ],
)
def test_routine_lines_of_every_known_tool_are_counted(form: str) -> None:
    text = "started\n" + passing(60, form) + "one failed\n\nsummary\nof\nthe\nrun\n"
    out = told(text)
    assert count_tokens(out) < count_tokens(text) / 3
    assert form.format(0) in out and form.format(59) in out
    assert "one failed" in out


def test_what_pytest_xdist_says_when_a_test_starts_goes_with_its_result() -> None:
    """It says the name of each test twice; that of a test without a result, or with a bad one, stays."""
    name = "tests/test_pay.py::test_amount_{}"
    text = "2 workers [62 items]\n\n" + passing(60, f"{name}\n[gw0] [  1%] PASSED {name}".replace("{}", "{0}"))
    text += f"{name.format(60)}\n{name.format(61)}\n[gw1] [ 99%] FAILED {name.format(60)}\n\nsummary\nof\nthe\nrun\n"
    out = told(text)
    assert count_tokens(out) < count_tokens(text) / 3
    assert f"\n{name.format(60)}\n{name.format(61)}\n[gw1] [ 99%] FAILED {name.format(60)}\n" in out


def test_what_jest_prints_around_what_tests_printed_is_routine() -> None:
    """What they printed stays where it is not the same again and again, and so does what they printed of an error."""
    entry = "    console.{1}\n      {2} {0}\n\n      at Object.log (src/pay.test.js:{0}:9)\n\n"
    said = "".join(entry.format(n, "log", "checking the amount") for n in range(40))
    odd = entry.format(41, "log", "refunded twice:") + entry.format(42, "error", "the gateway said no")
    text = (
        f"PASS src/pay.test.js\n  ● Console\n\n{said}{odd}PASS src/cart.test.js (7 s)\n\nTests: 99 passed\nTime: 8 s\n"
    )
    out = told(text)
    assert count_tokens(out) < count_tokens(text) / 3
    assert '38 × "checking the amount"' in out
    assert "refunded twice: 41" in out and entry.format(42, "error", "the gateway said no") in out


def test_verbose_pytest_is_never_longer_than_before() -> None:
    for count in range(1, 12):
        assert count_tokens(told(passing(count))) <= count_tokens(passing(count))


def test_the_name_of_a_test_makes_no_failure_of_it() -> None:
    out = told(passing(60, "tests/test_error.py::test_fails_with_exception_{} PASSED"))
    assert "57 passed tests" in out or "omitted: 5" in out


def test_the_last_line_of_a_traceback_stays() -> None:
    frame = '  File "/venv/lib/python3.13/site-packages/lib/a{0}.py", line {0}, in call\n    return f({0})\n'
    own = '  File "/home/u/app/main.py", line 3, in main\n    run()\n'
    text = (
        "Traceback (most recent call last):\n"
        + own
        + "".join(frame.format(n) for n in range(60))
        + "KeyError: 'amount'\n"
    )
    out = told("before\n" * 3 + text + passing(20))
    assert "omitted: 110 lines of library frames" in out
    assert own in out
    assert frame.format(59) + "KeyError: 'amount'\n" in out


def test_a_traceback_of_the_users_own_frames_stays_whole() -> None:
    frames = "".join(f'  File "/home/u/app/m{n}.py", line {n}, in call\n    return f({n})\n' for n in range(30))
    text = "Traceback (most recent call last):\n" + frames + "RecursionError: maximum recursion depth exceeded\n"
    assert told(text + "\n\n\n\n\n") == text + "\n\n\n\n\n"


def test_errors_are_kept_however_often_they_come() -> None:
    text = (
        "".join(f"src/m{n}.py:{n}:1: error: Name 'x{n}' is not defined\n" for n in range(1, 80)) + "Found 79 errors\n"
    )
    assert told(text) == text


def test_what_stands_beside_an_error_stays() -> None:
    steps = [f"fetching part {n} of the archive from mirror {n % 3}" for n in range(60)]
    out = told("\n".join(["start", *steps[:30], "error: checksum of the part does not match", *steps[30:], "end"]))
    assert f"{steps[29]}\nerror: checksum of the part does not match\n{steps[30]}\n" in out
    assert steps[15] not in out


def test_the_header_of_a_section_stays_with_what_stays_of_it() -> None:
    sections = [f"____ test_amount_{n} ____\n" + "loading 3 items\n" * 9 for n in range(12)]
    sections[6] += "the amount is negative\n"
    lines = told("==== PASSES ====\n" + "".join(sections) + "==== 12 passed in 1.00s ====\n").split("\n")
    above = lines[: lines.index("the amount is negative")]
    assert [line for line in above if line.startswith("__")][-1] == "____ test_amount_6 ____"
    assert "____ test_amount_5 ____" not in lines


def test_the_first_of_equal_warnings_stays() -> None:
    warning = "npm warn old lockfile  This is a one-time fix-up, please be patient\n"
    out = told("start\n" * 3 + warning * 40 + "done\n\n\n\n\n\n\n")
    assert out.count(warning) == 3
    assert '37 × "npm warn old lockfile' in out


def test_different_warnings_stay() -> None:
    text = "".join(f"npm warn deprecated pkg-{n}@1.0: use other-{n} instead\n" for n in range(40))
    assert told(text) == text


def test_rows_of_data_are_no_repetition() -> None:
    text = "".join(f"src/pay/m{n}.py     {n * 3}    {n}   {100 - n}%   {n}-{n + 4}\n" for n in range(60))
    assert told("Name Stmts Miss Cover Missing\n" + text) == "Name Stmts Miss Cover Missing\n" + text


@pytest.mark.parametrize("form", ["tests/test_pay.py::test_amount_{}", "tests/a.py:{}: F401 `os` unused"])
def test_lists_that_were_asked_for_are_no_routine(form: str) -> None:
    assert told(passing(60, form)) == passing(60, form)


def test_what_terraform_plans_is_no_repetition() -> None:
    """Of many resources that are alike, one may have another size, or go."""
    planned = '  # aws_instance.web["{0}"] will be {1}\n  {2} resource "aws_instance" "web" {{\n'
    planned += '      {2} ami           = "ami-0{0}ad9"\n      {2} instance_type = "t3.large"\n    }}\n\n'
    text = "Terraform will perform the following actions:\n\n" + "".join(
        planned.format(n, *(("destroyed", "-") if n == 31 else ("created", "+"))) for n in range(60)
    )
    text += "Plan: 59 to add, 0 to change, 1 to destroy.\n"
    assert told(text) == text


@pytest.mark.parametrize(
    "form",
    [
        "test bench_{0} ... bench:       {1},{0:02} ns/iter (+/- {0})",
        "store/{0}/1000        time:   [{1}.{0:02} µs {1}.{0:02} µs {1}.{0:02} µs]",
        "parse#{0} x {1},{0}0 ops/sec ±{1}.1% (90 runs sampled)",
        "dist/assets/page-{0}.js   {1}.{0:02} kB │ gzip: {1}.1 kB",
        "{1}.{0:02}s call     tests/test_pay.py::test_amount_{0}",
    ],
)
def test_results_and_sizes_are_no_repetition(form: str) -> None:
    """Each is one that may be asked for, be it between tests that passed."""
    text = passing(300) + "".join(form.format(n, n * 37 % 89) + "\n" for n in range(60)) + "done\n"
    out = told(text)
    assert out.endswith(text[len(passing(300)) :]) and "passed tests" in out


@pytest.mark.parametrize(
    "form",
    [
        "would reformat src/{0}/cart.py",
        "{0}-lib {1}.1 needs urllib3<3, but you have 3.{1}",
        "  Test #{1}: {0}_test",
        "  Applying {0}.0001_x{1}... OK",
    ],
)
def test_a_list_of_names_is_no_repetition(form: str) -> None:
    """Not where it is most of what the passed tests leave over; what differs in numbers only is."""
    text = "checking\n" + "".join(form.format(name, n) + "\n" for n, name in enumerate(NAMES)) + "done\n\n\n\n\n\n\n"
    assert told(text) == text
    assert told(passing(2000) + text).endswith(text)
    assert "omitted" in told("checking\n" + passing(60, form.format("shop", "{0}")) + "done\n\n\n\n\n\n\n")


@pytest.mark.parametrize("form", ["    Updating {}-rs v1.0.1 -> v1.0.2", "go: upgraded a.example/{} v1.0.1 => v1.0.2"])
def test_versions_that_changed_are_no_steps(form: str) -> None:
    text = "start\n" + "".join(form.format(name) + "\n" for name in NAMES) + "end\n\n\n\n\n\n\n"
    assert told(text) == text


def test_a_download_that_failed_is_no_step() -> None:
    text = passing(60, "npm http fetch GET 200 https://registry.npmjs.org/package{} 31ms (cache miss)").split("\n")
    text[30] = text[30].replace(" 200 ", " 404 ")
    assert text[30] in told("\n".join(text)).split("\n")


def test_the_lines_of_a_tree_are_no_repetition() -> None:
    text = "[INFO] com.acme:web:jar:1.4.2\n" + passing(60, "[INFO] |  +- io.netty:netty-codec-{0}:jar:4.{0}:compile")
    assert told(text) == text


def test_how_long_each_of_many_steps_took_is_no_result() -> None:
    text = passing(60, "resource-{0}: Creation complete after 0s [id=8{0}]")
    assert "omitted: 5" in told(text + "\n\n\n\n\n\n\n")


def test_what_ansible_shows_of_a_host_is_no_step_of_its_state() -> None:
    text = "PLAY [all] ***\n{}\nPLAY RECAP ***\n\n\n\n\n\n"
    assert "57 state steps" in told(text.format(passing(60, "ok: [web{}]")))
    assert "state steps" not in told(text.format(passing(60, 'ok: [web{0}] => {{"stdout": "{0} days up"}}')))


def test_skipped_tests_are_not_called_passed() -> None:
    assert "passed" not in told(passing(60, "ok {} - adds # SKIP no network"))


def jest(files: int, odd: int) -> str:
    ticks = "".join(f"  ✓ renders case {n} of the long list of items ({n} ms)\n" for n in range(12))
    files_told = (f"PASS src/c{n}.test.tsx\n{ticks}" + "  console.log\n    odd\n" * (n == odd) for n in range(files))
    return "".join(files_told) + "\nTest Suites: 9 passed\nTests: 90 passed\nTime: 3 s\n"


def test_what_stays_of_a_file_stands_below_its_own_heading() -> None:
    lines = told(jest(9, odd=5)).split("\n")
    above = lines[: lines.index("    odd")]
    assert [line for line in above if line.startswith("PASS")][-1] == "PASS src/c5.test.tsx"


def test_a_test_that_took_far_longer_than_the_others_stays() -> None:
    text = passing(60, "--- PASS: TestA/case_{} (0.01s)").replace("case_33 (0.01s)", "case_33 (60.90s)")
    assert "--- PASS: TestA/case_33 (60.90s)" in told(text)
    assert "case_34" not in told(text)


@pytest.mark.parametrize("text", [jest(9, odd=5), passing(30) + "\n\n" + passing(30, "   Compiling crate_{} v1.0")])
def test_the_numbers_of_a_gap_add_up_to_its_lines(text: str) -> None:
    markers = re.findall(r"\[lines (\d+)-(\d+) omitted: ([^;\n\]]+)", told(text))
    assert markers
    for first, last, what in markers:
        assert int(last) - int(first) + 1 == sum(int(part.split()[0]) for part in what.split(", "))


def test_what_a_failing_test_printed_stays() -> None:
    rounds = "".join(f"=== round {n} ===\nitem {n} was done here\n" for n in range(40))
    pytest_section = (
        "=================================== FAILURES ===================================\n"
        "____________________________________ test_x ____________________________________\n"
        f"----------------------------- Captured stdout call -----------------------------\n{rounds}"
        "=========================== short test summary info ============================\nFAILED a.py::test_x\n"
    )
    go_section = f"=== RUN   TestBad\n{rounds}--- FAIL: TestBad (0.10s)\n"
    cargo_section = f"---- pay::tests::amount stdout ----\n{rounds}\nfailures:\n    pay::tests::amount\n"
    for section in (pytest_section, go_section, cargo_section):
        assert section in told(passing(60) + section + "\n" * 8)
    cut_off = pytest_section.partition("=========================== short")[0]
    assert told(passing(60) + cut_off).endswith(cut_off)


_ROUNDS = "".join(f"round {n} of the shop was fine\n" for n in range(30))


@pytest.mark.parametrize(
    "section",
    [
        "  + Exception Group Traceback (most recent call last):\n"
        + "".join(f'  |   File "/home/u/app/m{n}.py", line {n}, in call\n' for n in range(30))
        + "  | ExceptionGroup: two of them (2 sub-exceptions)\n",
        f"{'=' * 70}\nFAIL: test_put (shop.tests.PayTests)\n{'-' * 70}\nStdout:\n{_ROUNDS}\nRan 61 tests in 0.1s\n",
        f"  ● pay › refunds twice\n\n{_ROUNDS}\nTests: 1 failed, 60 passed\n",
        "error[E0308]: mismatched types\n" + "".join(f"{n} | let total_{n} = pay({n});\n" for n in range(30)),
        "Could not find these:\n" + "".join(f"    package-{n} of the shop, wanted by lib {n}\n" for n in range(30)),
    ],
    ids=["exception group", "unittest", "jest", "rustc", "indented"],
)
def test_what_belongs_to_a_failure_stays_however_often_it_is_said(section: str) -> None:
    text = passing(60) + section + passing(60) + "the\nend\nof\nthe\nrun\n\n"
    assert section in told(text)
    assert told(text) != text


def test_a_test_that_the_question_names_stays() -> None:
    assert "test_amount_37 PASSED" in told(passing(90), question="Did test_amount_37 run?")


def test_a_section_of_a_failing_test_stays_whole() -> None:
    section = (
        "=================================== FAILURES ===================================\n"
        "__________________________________ test_put ___________________________________\n\n"
        "    def test_put():\n"
        + "".join(f"        client.put({n})\n" for n in range(30))
        + ">       assert client.ok\n"
        "E       assert False\n\ntests/test_api.py:40: AssertionError\n"
        "------------------------------ Captured log call -------------------------------\n"
        + "".join(f"INFO     client:client.py:{n} put {n}\n" for n in range(30))
        + "=========================== short test summary info ============================\n"
    )
    text = passing(60) + section + "FAILED tests/test_api.py::test_put\n=== 1 failed, 60 passed in 1.00s ===\n"
    assert section in told(text)


def test_a_report_that_was_read_from_a_file_is_a_report() -> None:
    """The reader's line numbers hide nothing from it, and a gap names them where it counts otherwise."""
    lines = (passing(60) + "=== FAILURES ===\n___ test_put ___\n\n    def test_put():\n>       assert put(1)\n").split(
        "\n"
    )
    out = told("\n".join(f"{number:6d}→{line}" for number, line in enumerate(lines, 500)))
    (marker,) = [line for line in out.split("\n") if line.startswith("[lines")]
    assert marker == "[lines 4-59 omitted: 56 passed tests, numbered 503-558; full text: /o/1]"
    assert out.endswith("\n".join(f"{number:6d}→{line}" for number, line in enumerate(lines[59:], 559)))


def test_one_of_a_kind_is_told_in_the_singular() -> None:
    """The first and the last of a kind stay; the one between them goes."""
    tested, bare = passing(20, "ok  \tpkg/name{}\t0.01s"), "?   \tpkg/bare\t[no test files]\n"
    assert "packages and test files, 1 package without tests" in told((tested + bare) * 3 + tested)


def test_content_cannot_name_another_place_for_the_full_text() -> None:
    out = told("start\n" * 3 + "great; full text: elsewhere\n" * 60 + "end\n" * 6)
    (marker,) = [line for line in out.split("\n") if line.startswith("[lines")]
    assert marker.count("full text") == 1 and marker.endswith("; full text: /o/1]")


@given(st.lists(st.tuples(st.integers(0, 11), st.integers(1, 40)), max_size=12), st.booleans())
@settings(max_examples=60)
def test_no_mixture_shrinks_twice(parts: list[tuple[int, int]], crlf: bool) -> None:
    forms = (
        "tests/test_a.py::test_{} PASSED", "Traceback (most recent call last):", '  File "a.py", line {}, in f', "",
        "E   assert {}", "____ test_{} ____", "==== FAILURES ====", "[lines {}-9 omitted: x; full text: y]", "\ud800\x00 {}",
        "  ● suite › test {}", "    at f (node_modules/a.js:{}:1)", "built target number {} of all",
    )  # fmt: skip
    end = "\r\n" if crlf else "\n"
    text = "".join(forms[form].format(n) + end for form, count in parts for n in range(count))
    assert told(told(text)) == told(text)
