"""The kind of a text is told from the text and the call; a source file is source whatever it looks like."""

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms.call import Call
from transforms.contract import Kind
from transforms.routing.expected_kind import expected
from transforms.routing.kinds import kind_of

RECORDS = [{"id": n, "name": f"widget {n}", "tags": ["a", "b"], "price": n * 1.5} for n in range(200)]
LOG = "".join(
    f"2026-03-0{n % 9 + 1}T10:{n % 60:02}:00.12Z INFO billing request {n} done in {n * 7} ms\n" for n in range(40)
)
SYSLOG = "".join(f"Mar  3 10:{n % 60:02}:07 web1 sshd[{n}]: session opened for user deploy\n" for n in range(40))
DIFF = """\
diff --git a/app/main.py b/app/main.py
index 1234567..89abcde 100644
--- a/app/main.py
+++ b/app/main.py
@@ -1,4 +1,5 @@
 import os
+import sys

 def main():
-    pass
+    sys.exit(0)
"""
COMMIT = "commit 1f2e3d4c5b6a79881f2e3d4c5b6a79881f2e3d4c\nAuthor: A <a@b.c>\nDate:   Mon Mar 2 2026\n\n    Fix it\n\n"
PYTHON = """\
import os
from pathlib import Path

class Store:
    def __init__(self, root: Path) -> None:
        self.root = root
        self.items = {}

    def load(self, name: str) -> bytes:
        if name in self.items:
            return self.items[name]
        return (self.root / name).read_bytes()
"""
MATCHES = "".join(f"src/app/module{n}.py:{n * 3 + 1}:    def handle_{n}(self, event):\n" for n in range(20))
CONTEXT = (
    "src/a.go-10-func a() {\nsrc/a.go:11:\treturn needle\nsrc/a.go-12-}\n--\nsrc/b.go:4:// needle\nsrc/b.go-5-\n" * 3
)
HTML = (
    "<!DOCTYPE html>\n<html><head><title>T</title></head>\n<body>\n" + "<p>Some words.</p>\n" * 20 + "</body></html>\n"
)
PYTEST = """\
============================= test session starts ==============================
platform linux -- Python 3.12.1, pytest-8.3.3
collected 3 items

tests/test_a.py ..F                                                      [100%]

=================================== FAILURES ===================================
E       assert 1 == 2
=========================== short test summary info ============================
FAILED tests/test_a.py::test_x - assert 1 == 2
========================= 1 failed, 2 passed in 0.12s ==========================
"""
GO_TEST = (
    "=== RUN   TestA\n--- PASS: TestA (0.01s)\nok  \texample.com/a/b\t0.512s\n?   \texample.com/a\t[no test files]\n"
    * 4
)
CARGO = "   Compiling serde v1.0.1\n   Compiling app v0.1.0 (/w/app)\nerror[E0308]: mismatched types\n --> src/main.rs:3:5\n"
TSC = (
    "src/a.ts(3,5): error TS2322: Type 'string' is not assignable.\nsrc/b.ts(9,1): error TS2304: Cannot find name 'x'.\n"
    * 3
)
PIP = "Collecting requests\n  Downloading requests-2.32.0-py3-none-any.whl (64 kB)\nSuccessfully installed requests-2.32.0\n"
DOCKER = (
    "#1 [internal] load build definition\n#1 DONE 0.0s\n#5 [2/4] RUN apt-get update\n#5 0.412 Get:1 http://deb x\n" * 3
)
UNITTEST = "test_a (app.tests.T.test_a) ... ok\ntest_b (app.tests.T.test_b) ... FAIL\n" * 6 + "Ran 12 tests in 0.1s\n"
TAP = "1..3\nok 1 starts\nok 2 stops\nnot ok 3 restarts\n" * 3
INSTALLED = "".join(f"lib{n}/stable,now {n}.2-1 amd64 [installed,automatic]\n" for n in range(60))
LINT = "src/a.py:10:1: E302 expected 2 blank lines, got 1\nsrc/b.py:3:80: E501 line too long (91 > 79 characters)\n" * 4
LS = "total 8\n" + "".join(f"-rw-r--r-- 1 root root {n * 17} Nov 20 17:41 file{n}.py\n" for n in range(20))
PATHS = "".join(f"src/pkg{n % 3}/module_{n}.py\n" for n in range(30))
TREE = ".\n├── src\n│   ├── a.py\n│   └── b.py\n└── tests\n    └── test_a.py\n\n2 directories, 3 files\n" * 2
CSV = "id,name,price,stock\n" + "".join(f"{n},widget {n},{n}.50,{n * 3}\n" for n in range(30))
PODS = "NAME        READY   STATUS    RESTARTS   AGE\n" + "".join(
    f"web-{n}-x   1/1     Running   0   {n}d\n" for n in range(9)
)
MARKDOWN_TABLE = "| name | value | note |\n|---|---|---|\n" + "".join(
    f"| k{n} | {n} | some words |\n" for n in range(20)
)
PSQL = " id | name  | price\n----+-------+-------\n" + "".join(f"  {n} | w{n} | {n}.0\n" for n in range(20))
EXPANDED = "".join(f"-[ RECORD {n} ]-\nid   | {n}\nname | w{n}\n" for n in range(1, 9))
ARIA = "### Page\n- Page URL: http://h.test/\n```yaml\n" + "".join(
    f'  - listitem [ref=e{2 * n}]:\n    - link "L{n}" [ref=e{2 * n + 1}] [cursor=pointer]:\n      - /url: /{n}\n'
    for n in range(9)
)
APPLIED = 'resource "a" "b" {\n  + id = (known after apply)\n}\n' * 9 + "a.b[0]: Creating...\na.b[1]: Creating...\n"
RULES = "".join(f"ACCEPT     tcp  --  0.0.0.0/0            0.0.0.0/0            tcp dpt:{n}\n" for n in range(80))
CLIPPY = (
    "warning: writing `&Vec` instead of `&[_]` involves a new object\n  --> src/lib.rs:4:14\n   |\n"
    "4  | pub fn f(v: &Vec<i32>) -> i32 {\n   |             ^^^^^^^^^ help: change this to: `&[i32]`\n   |\n\n" * 9
)
CI_GROUPS = "2026-03-01T10:00:01.1234567Z ##[group]Run npm ci\n" + "2026-03-01T10:00:02.1234567Z added 2\n" * 9
CI = "".join(f"test\tRun\t2026-03-01T10:00:0{n}.1Z ok {n}\n" for n in range(9))
VITEST = "".join(f" ✓ adds {n} items 1ms\n" for n in range(20)) + (
    "\n- Expected\n+ Received\n\n@@ -2,3 +2,3 @@\n   2,\n-  3,\n+  4,\n" * 2 + " Tests  2 failed | 20 passed (22)\n"
)
PYRIGHT = "".join(f'  /w/a.py:{n}:9 - error: "x" is no attribute, as far as is known (reportX)\n' for n in range(1, 30))
TREE_OF_PAGE = 'uid=1_0 RootWebArea "P" url="http://h.test/"\n' + "".join(f'  uid=1_{n} "word"\n' for n in range(1, 9))
BASE64 = "iVBORw0KGgoAAAANSUhEUgAA" * 100
MINIFIED = "!function(e,t){var n=e[t];return n?n(e):t(n,e)}(window,{a:1,b:[2,3]});" * 60
PROSE = (
    "The proxy reads each request before it leaves. It changes the text of tool results, and nothing else.\n"
    "When something goes wrong, the bytes of the client go on as they are, and the log says why that was so.\n"
) * 10
MARKDOWN = (
    "# Guide\n\nRead this first, then the rest.\n\n- the first step is to install it\n- the second is to run it\n\n" * 6
)
LISTED_BY_A_TOOL = "Found 3 files\nsrc/a.go\nsrc/b.go\nsrc/c.go\n"
ROWS = "".join(f"worker {n} ready\n" for n in range(100))

TIMES = " id | created_at\n----+---------------------\n" + "".join(
    f"  {n} | 2026-01-02 10:00:{n:02}\n" for n in range(40)
)
MYSQL = "+----+---------------------+\n| id | at                  |\n+----+---------------------+\n" + "".join(
    f"| {n:2} | 2026-01-02 10:00:{n:02} |\n" for n in range(40)
)
PROCESSES = "    PID TTY          TIME CMD\n" + "".join(f"   {n} pts/0    00:00:0{n % 9} bash\n" for n in range(40))
MANIFESTS = "apiVersion: v1\nitems:\n" + "".join(
    f"- kind: Pod\n  metadata:\n    name: web-{n}\n    labels:\n      app: web\n  spec:\n    nodeName: node-{n % 3}\n"
    for n in range(12)
)
FRAMED = "".join(f'web-1  | {{"level":30,"time":{n},"msg":"request completed"}}\n' for n in range(40))
EVENTS = "".join(f"{n}|2026-01-02 10:00:{n:02}|INFO|job {n} done\n" for n in range(40))
KERNEL = "".join(f"[{n / 7:12.6f}] usb 1-{n}: new device number {n}\n" for n in range(40))
SERVERS = "".join(
    f"nova-api.log.1.2026-01-02_13:53:{n:02} 2026-01-02 00:01:{n:02}.008 25746 INFO nova.wsgi [req-{n}] GET /v2/{n}\n"
    for n in range(40)
)
PROXY = "".join(
    f"12869536{n}.779    18{n} 10.0.0.{n} MISS/200 GET http://a.example/b is from it\n" for n in range(10, 50)
)
BLAME = "".join(f"1a2b3c4{n % 10} (Ann Doe 2026-01-02 10:00:{n:02} +0100 {n}) x = {n}\n" for n in range(40))
BLAME_WITH_NUMBERS = BLAME.replace(" (Ann", " 7 (Ann")
TRAINING = "".join(f"epoch {n} loss 0.{n * 37:04} val_loss 0.{n * 53:04}\n" for n in range(60))
TIMED_TRAINING = "".join(f"2026-01-02 10:00:{n:02} INFO step {n} loss=0.{n * 37:04}\n" for n in range(60))
READINGS = "".join(f"sensor {n} reads {n}.{n * 7:03}\n" for n in range(60))


def numbered(text: str, mark: str = "→") -> str:
    """`text` as a reading tool shows it."""
    return "".join(f"{n:>6}{mark}{line}\n" for n, line in enumerate(text.split("\n"), 1))


def coloured(text: str) -> str:
    """As git colours what it prints to a terminal."""
    return "".join(f"\x1b[1;32m{line}\x1b[m\n" for line in text.splitlines())


def bash(command: str) -> Call:
    return Call("Bash", json.dumps({"command": command}))


def read(path: str) -> Call:
    return Call("Read", json.dumps({"file_path": path}))


NO_CALL = Call()

SAMPLES = [
    ("nothing", "", NO_CALL, Kind.TEXT),
    ("blanks", " \n\t\n", NO_CALL, Kind.TEXT),
    ("one word", "done", NO_CALL, Kind.TEXT),
    ("an array of records", json.dumps(RECORDS), NO_CALL, Kind.JSON),
    ("a printed array", json.dumps(RECORDS, indent=2), NO_CALL, Kind.JSON),
    ("an object", '{"a": 1, "b": {"c": []}}', NO_CALL, Kind.JSON),
    ("JSON lines", "".join(json.dumps(r) + "\n" for r in RECORDS), NO_CALL, Kind.JSON),
    (
        "a JSON array cut by head",
        json.dumps(RECORDS, indent=2)[:4000],
        bash("cat d.json | jq . | head -400"),
        Kind.JSON,
    ),
    ("JSON cut on one line", json.dumps(RECORDS)[:9000], bash("curl -s localhost/items | jq -c ."), Kind.JSON),
    ("JSON of an MCP tool", json.dumps(RECORDS), Call("mcp__db__query", "{}"), Kind.JSON),
    ("kubectl get -o json", json.dumps({"items": RECORDS}, indent=4), bash("kubectl get pods -o json"), Kind.JSON),
    ("a data file", json.dumps(RECORDS, indent=2), read("/w/data/items.json"), Kind.JSON),
    ("a data file on one line", json.dumps(RECORDS), bash("cat data/items.json"), Kind.JSON),
    (
        "a project's JSON file",
        json.dumps({"name": "x", "scripts": {"a": "b"}}, indent=2),
        read("package.json"),
        Kind.CODE,
    ),
    ("a part of a JSON file", '    "b": 1,\n    "c": 2\n  },\n' * 9, bash("sed -n 9,40p tsconfig.json"), Kind.CODE),
    ("numbered JSON", numbered(json.dumps(RECORDS, indent=2)), read("/w/data/items.json"), Kind.CODE),
    ("a TOML section is no JSON", "[tool.x]\nname = 'a'\nother = 1\nmore = 2\nlast = 3\n", NO_CALL, Kind.CODE),
    ("git diff", DIFF, bash("git diff"), Kind.DIFF),
    ("a coloured diff", coloured(DIFF), bash("git diff --color=always"), Kind.DIFF),
    ("a coloured diff nobody asked for", coloured(DIFF * 3), NO_CALL, Kind.DIFF),
    ("a diff nobody asked for", DIFF * 3, NO_CALL, Kind.DIFF),
    ("git show", COMMIT + DIFF, bash("git show HEAD"), Kind.DIFF),
    ("git log", COMMIT * 5, bash("git log | head -50"), Kind.DIFF),
    (
        "git diff --stat",
        " a.py | 3 ++-\n b.py | 1 +\n 2 files changed, 3 insertions(+)\n",
        bash("git diff --stat"),
        Kind.DIFF,
    ),
    ("a diff tool's output", "3c3\n< a\n---\n> b\n10a11\n> c\n", bash("diff a b"), Kind.DIFF),
    ("git diff --name-only", PATHS, bash("git diff --name-only main"), Kind.LISTING),
    ("a page", HTML, bash("curl -sL https://example.com"), Kind.MARKUP),
    (
        "a page's fragment",
        "<ul>\n" + "  <li class='x'><a href='/p'>a</a></li>\n" * 30 + "</ul>\n",
        NO_CALL,
        Kind.MARKUP,
    ),
    ("XML", '<?xml version="1.0"?>\n<a><b>1</b></a>\n', NO_CALL, Kind.MARKUP),
    ("a template of the project", HTML, read("/w/templates/index.html"), Kind.CODE),
    ("rg -n", MATCHES, bash("cd src && rg -n 'handle' . | head -20"), Kind.SEARCH),
    ("grep with context", CONTEXT, bash("grep -rn -C1 needle src"), Kind.SEARCH),
    ("the Grep tool", MATCHES, Call("Grep", '{"pattern": "handle"}'), Kind.SEARCH),
    ("matches nobody asked for", MATCHES, NO_CALL, Kind.SEARCH),
    ("grep -n in one file", "3:import os\n17:    return os\n40:# os\n", bash("grep -n os a.py"), Kind.SEARCH),
    ("matches that hold errors", "src/a.c:3:error: x\n" * 9, bash("rg -n error"), Kind.SEARCH),
    ("files with matches", LISTED_BY_A_TOOL, Call("Grep", '{"pattern": "x"}'), Kind.LISTING),
    ("rg --files", PATHS, bash("rg --files src"), Kind.LISTING),
    ("pytest", PYTEST, bash("python -m pytest -x"), Kind.TEST),
    ("a test log that was read", PYTEST, bash("cat logs/pytest.log"), Kind.TEST),
    ("go test", GO_TEST, bash("go test ./... 2>&1 | tail -30"), Kind.TEST),
    ("cargo", CARGO, bash("cargo build"), Kind.TEST),
    ("tsc", TSC, bash("npx tsc --noEmit"), Kind.TEST),
    ("pip", PIP, bash("pip install requests"), Kind.TEST),
    ("docker build", DOCKER, bash("docker build -t x ."), Kind.TEST),
    ("unittest of a script", UNITTEST, bash("./tests/runtests.py"), Kind.TEST),
    ("TAP", TAP, NO_CALL, Kind.TEST),
    ("a linter of a task runner", LINT, bash("mise run fmt && mise run lint"), Kind.TEST),
    (
        "a linter without words of its own",
        "pkg/a.go:3:5: x declared and not used\n" * 9,
        bash("go vet ./..."),
        Kind.TEST,
    ),
    ("vitest with hunks", VITEST, bash("npx vitest run"), Kind.TEST),
    ("vitest with hunks, of a task runner", VITEST, bash("./check"), Kind.TEST),
    ("pyright", PYRIGHT, bash("pyright src"), Kind.TEST),
    ("gh run view --log", CI, bash("gh run view 7 --log-failed"), Kind.TEST),
    (
        "Playwright, of a script",
        "Running 2 tests using 1 worker\n\n  ✓ 1 a.spec.ts:2:1 › a (31ms)\n",
        NO_CALL,
        Kind.TEST,
    ),
    ("Maven, of a script", "[INFO] Building web\n" * 30 + "[INFO] BUILD FAILURE\n", bash("./check"), Kind.TEST),
    ("Gradle, of a script", "> Task :app:test\n" * 9 + "\nBUILD FAILED in 2s\n", bash("./check"), Kind.TEST),
    ("ExUnit, of a script", "  * test adds 1 [L#4]\n" * 9 + "\n9 tests, 1 failure\n", bash("./check"), Kind.TEST),
    ("Clippy, of a script", CLIPPY, bash("./check"), Kind.TEST),
    ("a CI log of another tool", CI_GROUPS, Call("mcp__github__get_job_logs", "{}"), Kind.TEST),
    ("a CI log without times", CI_GROUPS.replace("2026-03-01T10:00:01.1234567Z ", ""), NO_CALL, Kind.TEST),
    ("a document that quotes a report", MARKDOWN + f"```\n{GO_TEST}```\n", Call("WebFetch", "{}"), Kind.PROSE),
    ("terraform apply", APPLIED, bash("terraform apply -auto-approve"), Kind.TEST),
    ("a build that only says done", "Done in 2 s.", bash("npm run build"), Kind.TEST),
    ("what is installed is no run", INSTALLED, bash("apt list --installed"), Kind.TABLE),
    ("what is installed, of another manager", INSTALLED, bash("pip3 list"), Kind.TABLE),
    ("an application's log", LOG, bash("docker logs web"), Kind.LOG),
    ("matches in JSON lines", FRAMED.replace("web-1  | ", "data/web.jsonl:12: "), Call("mcp__code__find"), Kind.SEARCH),
    ("YAML that is no file", MANIFESTS, bash("kubectl get pods -o yaml"), Kind.YAML),
    ("YAML of a file", MANIFESTS, bash("cat pods.yaml"), Kind.CODE),
    ("a log of JSON behind names", FRAMED, bash("docker compose logs"), Kind.JSON),
    ("syslog", SYSLOG, bash("sed -n 1,40p /var/log/auth.log"), Kind.LOG),
    ("a log of the Read tool", numbered(LOG), read("/w/logs/app.log"), Kind.LOG),
    ("a log nobody asked for", "starting up\n" + LOG + "bye\n", NO_CALL, Kind.LOG),
    ("a CI log", CI, NO_CALL, Kind.LOG),
    ("dmesg is no JSON", KERNEL, bash("dmesg"), Kind.LOG),
    ("arrays on lines of their own", "[1]\n[2, 3]\n[4]\n[5]\n[6]\n", NO_CALL, Kind.JSON),
    ("dates in the names of files are no places", SERVERS, bash("cat nova.log"), Kind.LOG),
    ("a log with seconds since 1970", PROXY, bash("tail -40 access.log"), Kind.LOG),
    ("lines of one form", ROWS, Call("mcp__lab__status", "{}"), Kind.LOG),
    ("numbers alone are no log", "".join(f"{n}\n" for n in range(400)), bash("seq 400"), Kind.TEXT),
    ("ls -la", LS, bash("ls -la src"), Kind.LISTING),
    ("ls", "a.py  b.py  c\nd.py  e.py  f\n", bash("ls"), Kind.LISTING),
    ("find", PATHS, bash("find . -name '*.py' | sort | head -30"), Kind.LISTING),
    ("what find runs", "12:    names = {}\n" * 20, bash("find . -name '*.py' -exec grep -n names {} ';'"), Kind.SEARCH),
    ("what xargs runs", "12:    names = {}\n" * 20, bash("ls a.py | xargs -n 1 grep -n names | head"), Kind.SEARCH),
    ("what xargs shows", MARKDOWN, bash("find docs -name '*.md' | sort | xargs cat"), Kind.PROSE),
    ("Glob", PATHS, Call("Glob", '{"pattern": "**/*.py"}'), Kind.LISTING),
    ("tree", TREE, bash("tree"), Kind.LISTING),
    ("git status", " M a.py\n?? b.py\nA  c/d.py\n", bash("git status --short"), Kind.LISTING),
    ("CSV", CSV, NO_CALL, Kind.TABLE),
    ("rows with running ids", "".join(f"{n}\twidget\t{n * 3}\ton\n" for n in range(30)), NO_CALL, Kind.TABLE),
    ("kubectl get", PODS, bash("kubectl get pods"), Kind.TABLE),
    ("a Markdown table", MARKDOWN_TABLE, NO_CALL, Kind.TABLE),
    ("psql", PSQL, bash("psql -c 'select * from w'"), Kind.TABLE),
    ("psql with times", TIMES, NO_CALL, Kind.TABLE),
    ("mysql with times", MYSQL, NO_CALL, Kind.TABLE),
    ("ps", PROCESSES, NO_CALL, Kind.TABLE),
    ("rules of a firewall", RULES, bash("iptables -L INPUT -n"), Kind.TEXT),
    ("a file in a container", "one two three\n" * 9, bash("docker exec web cat /app/fixture.py"), Kind.CODE),
    ("a file on another machine", "one two three\n" * 9, bash("ssh -p 22 me@host 'cat /srv/fixture.conf'"), Kind.CODE),
    ("a log of another machine", ROWS, bash("ssh host journalctl -u web"), Kind.LOG),
    ("a runner with options", "Done in 2 s.", bash("uv run --with x --frozen pytest -q"), Kind.TEST),
    ("a runner that asks nothing", "Done in 2 s.", bash("npx --yes vitest run"), Kind.TEST),
    ("a runner's own mark", "Done in 2 s.", bash("mise exec -- go test ./..."), Kind.TEST),
    ("tests of a script of Python's", "Done in 2 s.", bash("python manage.py test"), Kind.TEST),
    ("ps, asked for", PROCESSES, bash("ps | head -40"), Kind.TABLE),
    ("sqlite3", EVENTS, bash("sqlite3 jobs.db 'select * from event'"), Kind.TABLE),
    ("sqlite3 in a container", EVENTS, bash("docker exec db sqlite3 jobs.db 'select 1'"), Kind.TABLE),
    ("psql's expanded rows", EXPANDED, bash("psql -xc 'select * from w'"), Kind.FIELDS),
    ("expanded rows in a file", EXPANDED, bash("cat notes.md"), Kind.CODE),
    (
        "sqlite3 -line",
        "   id = 1\n name = a\n\n   id = 2\n name = b\n\n   id = 3\n name =\n",
        bash("sqlite3 -line w.db"),
        Kind.FIELDS,
    ),
    ("paragraphs of fields", "Issue: W-1\nTitle: A b\n\n" * 5, Call("mcp__tracker__list", "{}"), Kind.FIELDS),
    ("psql as another user", EVENTS, bash("sudo -u postgres psql -tc 'select 1'"), Kind.TABLE),
    ("git blame", BLAME, bash("git blame a.py"), Kind.CODE),
    ("git blame nobody asked for", BLAME, NO_CALL, Kind.CODE),
    (
        "hexdump",
        "0000a010  03 00 3e 00 01 00 00 00  d0 23 00 00 00 00 00 00  |..>......#......|\n" * 9,
        NO_CALL,
        Kind.TEXT,
    ),
    ("a disassembly", "    200b:\t48 85 c0             \ttest   %rax,%rax\n" * 9, bash("objdump -d a.out"), Kind.TEXT),
    ("a training's curve", TRAINING, bash("python train.py"), Kind.TEXT),
    ("a training's log", TIMED_TRAINING, bash("cat train.log"), Kind.TEXT),
    ("readings", READINGS, NO_CALL, Kind.TEXT),
    ("a page of Playwright", ARIA, Call("mcp__playwright__browser_snapshot", "{}"), Kind.SNAPSHOT),
    ("git blame with numbers", BLAME_WITH_NUMBERS, bash("git blame -n a.py"), Kind.CODE),
    ("a page of Playwright, kept in a file", ARIA, bash("cat .playwright-mcp/page.yml"), Kind.SNAPSHOT),
    ("a page of Chrome's developer tools", TREE_OF_PAGE, Call("mcp__chrome__take_snapshot", "{}"), Kind.SNAPSHOT),
    ("base64", BASE64, NO_CALL, Kind.BLOB),
    ("a data URI", "data:image/png;base64," + BASE64, NO_CALL, Kind.BLOB),
    ("a minified bundle", MINIFIED, bash("curl -s https://example.com/app.js"), Kind.BLOB),
    ("a source file", PYTHON, bash("sed -n '1,80p' app/store.py"), Kind.CODE),
    ("a source file with numbers", numbered(PYTHON), read("/w/app/store.py"), Kind.CODE),
    ("nl -ba", numbered(PYTHON, "\t"), bash("nl -ba app/store.py | sed -n '1,20p'"), Kind.CODE),
    (
        "opencode's gutter",
        numbered(PYTHON, "| ").replace("     ", "0000"),
        Call("read", '{"filePath": "a.zz"}'),
        Kind.CODE,
    ),
    ("a snippet after an edit", numbered(PYTHON), Call("Edit", '{"file_path": "a.py"}'), Kind.CODE),
    ("source of unknown origin", PYTHON * 2, Call("mcp__gh__file", "{}"), Kind.CODE),
    ("a source file like a log", LOG, read("/w/tests/fixture.py"), Kind.CODE),
    ("a source file of matches", MATCHES, bash("cat tests/fixture.py"), Kind.CODE),
    ("a document of the project", MARKDOWN, read("/w/README.md"), Kind.CODE),
    ("git show of a file", PYTHON, bash("git show HEAD~1:app/store.py"), Kind.CODE),
    ("two source files", PYTHON, bash("cd /w && cat a.py && cat b.py"), Kind.CODE),
    ("source files in a loop", PYTHON, bash('for f in a.py b.py; do echo "-- $f"; cat a.py; done'), Kind.CODE),
    (
        "Codex's code mode",
        PYTHON,
        Call("exec", 'const r = await tools.exec_command({cmd: "cat a.py"}); text(r);'),
        Kind.CODE,
    ),
    (
        "times that were read are data",
        "".join(f"{1700000000 + 60 * n}\n" for n in range(99)),
        read("/w/t.txt"),
        Kind.TEXT,
    ),
    ("lines with seconds", "".join(f"{1286536309 + n}.450 TCP_MISS/200 a.b\n" for n in range(99)), bash("x"), Kind.LOG),
    ("sentences", PROSE, Call("Task", '{"prompt": "explain"}'), Kind.PROSE),
    ("a fetched document", MARKDOWN, Call("WebFetch", '{"url": "https://example.com/guide"}'), Kind.PROSE),
    ("one sentence", "The file a.py has been updated successfully.", Call("Edit", "{}"), Kind.PROSE),
]


@pytest.mark.parametrize(("text", "call", "kind"), [pytest.param(*s[1:], id=s[0]) for s in SAMPLES])
def test_the_kind_of_a_realistic_sample(text: str, call: Call, kind: Kind) -> None:
    assert kind_of(text, call) is kind


FILES = [
    *map(
        bash,
        (
            *("pwd && cat x.yml", "cat x.yml; git status", "helm template web > out.yaml; cat out.yaml", "cat < x.yml"),
            *(
                "docker exec c cat x.yml",
                "kubectl exec p -- cat x.yaml",
                "git cat-file -p HEAD:x.yml",
                "ssh h cat x.yaml",
            ),
            *(
                "find . -name '*.yml' -exec cat {} ';'",
                "ls *.yml | xargs cat",
                "Get-Content x.yml",
                "cat ~/.ssh/config",
            ),
            *("cat debian/control", "cat $F", "for f in *.yml; do cat $f; done", "head -90 DESCRIPTION"),
        ),
    ),
    Call("mcp__serena__read_file", '{"relative_path": "deploy/x.yml"}'),
    Call("view_file", '{"AbsolutePath": "/w/x.yml"}'),
    Call("read_multiple_files", '{"paths": ["x.yml", "y.yml"]}'),
]


@pytest.mark.parametrize("call", FILES, ids=lambda call: call.arguments)
@pytest.mark.parametrize("text", [MANIFESTS, "Host: a\nUser: b\n\n" * 9], ids=["YAML", "fields"])
def test_what_may_be_the_text_of_a_file_is_no_data(text: str, call: Call) -> None:
    """Agents edit files by exact match."""
    assert kind_of(text, call) not in (Kind.YAML, Kind.FIELDS, Kind.JSON)


@pytest.mark.parametrize(
    "command",
    [
        "docker exec -it -e A=1 coverage cat {}",
        "docker compose -f y.yml exec -T web sh -c 'cd /app && cat {}'",
        "kubectl exec -n next web -c app -- cat {}",
        "ssh -p 22 top cat {}",
        "ssh host 'cat {} | head -40'",
        "ssh host 'docker exec web cat {}'",
        "git show HEAD~1:{}",
    ],
)
def test_a_file_that_is_elsewhere_is_a_file(command: str) -> None:
    report = "".join(f"tests/test_a.py::test_{n} PASSED\n" for n in range(60))
    assert kind_of(report, bash(command.format("/app/x.py"))) is Kind.CODE
    assert kind_of(json.dumps({"scripts": RECORDS[:9]}, indent=2), bash(command.format("package.json"))) is Kind.CODE


def test_the_name_of_a_machine_is_no_program() -> None:
    assert expected(bash("ssh top uptime")) == expected(bash("uptime"))
    assert expected(bash("docker exec pytest git diff -- a")).kind is Kind.DIFF


def test_commands_within_commands_are_read_to_an_end() -> None:
    assert expected(bash("ssh h " * 3000)) == expected(bash("docker exec c " * 3000)) == expected(bash("uptime"))


def test_a_long_text_is_told_as_its_short_form_is() -> None:
    assert kind_of(LOG * 2000, NO_CALL) is Kind.LOG
    assert kind_of(MATCHES * 2000, NO_CALL) is Kind.SEARCH
    assert kind_of(json.dumps(RECORDS * 100), NO_CALL) is Kind.JSON


@given(st.text(), st.text(), st.text())
def test_no_text_and_no_call_raises(text: str, tool: str, arguments: str) -> None:
    kind_of(text, Call(tool, arguments))
    kind_of(text, bash(arguments))


@given(st.sampled_from(SAMPLES), st.integers(0, 400), st.text(max_size=20), st.integers(0, 400))
def test_no_damaged_sample_raises(sample: tuple[str, str, Call, Kind], at: int, text: str, cut: int) -> None:
    kind_of(sample[1][:at] + text + sample[1][at + cut :], sample[2])


def test_the_look_is_bounded_whatever_the_length_of_the_text() -> None:
    for hostile in ("a " * 4_000_000, "[" * 8_000_000, "<a" * 4_000_000, "\n" * 8_000_000, " \t" * 4_000_000):
        start = time.process_time()
        kind_of(hostile, NO_CALL)
        assert time.process_time() - start < 1.0
