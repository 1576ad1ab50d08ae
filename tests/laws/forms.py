"""How tools write: a form for everything that a kind of text comes in, of any length, the same every time."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from transforms.call import Call
from transforms.contract import Kind

_WORDS = ("order", "invoice", "customer", "shipment", "refund", "ledger", "warehouse", "basket", "voucher", "parcel")
_VERBS = ("created", "loaded", "stored", "checked", "sent", "queued", "updated", "removed")
_FOLDERS = ("src/shop", "src/shop/api", "src/shop/models", "tests/unit", "docs/guide", "scripts")


@dataclass(frozen=True, slots=True)
class Form:
    """One way in which a tool writes."""

    name: str
    kind: Kind
    call: Call
    line: Callable[[int, Random], str]
    """The line, or lines, of a number that counts from 0."""
    head: str = ""
    tail: str = ""
    separator: str = "\n"
    question: str = ""

    def text(self, characters: int) -> str:
        """A text of about this length, the same every time."""
        choice, lines, size = Random(self.name), list[str](), 0
        while size < characters:
            lines.append(self.line(len(lines), choice))
            size += len(lines[-1])
        return f"{self.head}{self.separator.join(lines)}{self.tail}"


def _clock(number: int) -> str:
    return f"{9 + number // 36000 % 14:02d}:{number // 600 % 60:02d}:{number // 10 % 60:02d}"


def _thing(choice: Random) -> str:
    return f"{choice.choice(_WORDS)} {choice.choice(_VERBS)}"


def _path(choice: Random) -> str:
    return f"{choice.choice(_FOLDERS)}/{choice.choice(_WORDS)}_{choice.choice(_WORDS)}.py"


def _log_line(number: int, choice: Random) -> str:
    stamp = f"2026-02-11 {_clock(number)},{choice.randrange(1000):03d}"
    if choice.random() < 0.01:
        return (
            f"{stamp} ERROR [worker-{number % 4}] shop.payments: refund {choice.randrange(10**6)} failed\n"
            f'Traceback (most recent call last):\n  File "/app/{_path(choice)}", line {choice.randrange(300)}, in charge\n'
            f"    raise GatewayError(code)\nshop.errors.GatewayError: code {choice.randrange(400, 600)}"
        )
    if choice.random() < 0.5:
        return f"{stamp} INFO  [scheduler] shop.cache: heartbeat sent to all peers, queue is empty"
    return f"{stamp} INFO  [worker-{number % 4}] shop.orders: {_thing(choice)}, id {choice.randrange(10**6)}"


def _access_line(number: int, choice: Random) -> str:
    return (
        f"192.0.2.{choice.randrange(20)} - - [11/Feb/2026:{_clock(number)} +0000] "
        f'"GET /api/{choice.choice(_WORDS)}s/{choice.randrange(9000)} HTTP/1.1" {choice.choice((200, 200, 200, 304, 500))} '
        f'{choice.randrange(90_000)} "-" "Mozilla/5.0 (X11; Linux x86_64)"'
    )


def _coloured_line(number: int, choice: Random) -> str:
    return f"\x1b[2m{_clock(number)}\x1b[0m \x1b[32m INFO\x1b[0m \x1b[1mshop::api\x1b[0m: {_thing(choice)} {number}"


def _record(number: int, choice: Random) -> dict[str, object]:
    return {
        "id": 4_000_000 + number * 17,
        "title": f"{_thing(choice).capitalize()} twice after {choice.choice(_WORDS)}",
        "state": "open",
        "user": {"login": f"user{choice.randrange(40)}", "site_admin": False},
        "labels": [{"name": choice.choice(("bug", "docs")), "color": "d73a4a"}],
        "score": choice.randrange(1000) / 10,
        "body": None if choice.random() < 0.2 else f"Seen at {_clock(number)}.\nThe {choice.choice(_WORDS)} is gone.",
    }


def _manifest(number: int, choice: Random) -> str:
    """An item of `kubectl get -o yaml`."""
    restarts = choice.choice((0, 0, 0, 7))
    return (
        f"- apiVersion: v1\n  kind: Pod\n  metadata:\n    labels:\n      app: {choice.choice(_WORDS)}\n"
        f'    name: {choice.choice(_WORDS)}-{number}\n    resourceVersion: "{4000 + number}"\n  status:\n'
        f'    conditions:\n    - lastTransitionTime: "2026-02-11T{_clock(number)}Z"\n      type: Ready\n'
        f"    message: |\n      {_thing(choice)}\n      again\n    restarts: {restarts}"
    )


def _expanded(number: int, choice: Random) -> str:
    state = "failed" if number % 70 == 33 else "paid"
    return (
        f"-[ RECORD {number + 1} ]--------\nid     | {number + 1}\nitem   | {_thing(choice)}\nstate  | {state}\n"
        f"total  | {choice.randrange(10**5) / 100:.2f}\nplaced | 2026-02-11 {_clock(number)}+00"
    )


def _ticket(number: int, choice: Random) -> str:
    owner = choice.choice(("Ada", "Grace"))
    return f"Issue: WEB-{number}\nTitle: {_thing(choice)} on {choice.choice(_WORDS)}\nOwner: {owner}\nStatus: Open\n"


def _event(number: int, choice: Random) -> str:
    if number % 70 == 33:
        return f'{{"time":"2026-02-11T{_clock(number)}Z","level":"error","message":"refund {choice.randrange(10**6)} failed","ms":9000}}'
    return (
        f'{{"time":"2026-02-11T{_clock(number)}Z","level":"info","message":"heartbeat","ms":{choice.randrange(9, 20)}}}'
    )


def _row(number: int, choice: Random) -> str:
    return json.dumps(_record(number, choice), separators=(",", ":"))


def _printed_row(number: int, choice: Random) -> str:
    return json.dumps(_record(number, choice), indent=2)


def _match(number: int, choice: Random) -> str:
    path = f"{_FOLDERS[number // 40 % len(_FOLDERS)]}/{_WORDS[number // 8 % len(_WORDS)]}_{number // 8}.py"
    return f'{path}:{number % 8 * 9 + 3}:        log.debug("{_thing(choice)}", {choice.choice(_WORDS)}_{number})'


def _found(number: int, choice: Random) -> str:
    if number % 100 >= 30:
        return f"./node_modules/{_WORDS[number // 10 % 10]}/dist/{choice.choice(_WORDS)}{number}.js"
    return f"./{_path(choice).removesuffix('.py')}_{number}.py"


def _long_listing_row(number: int, choice: Random) -> str:
    return f"-rw-r--r--  1 dev dev {choice.randrange(10**6):>8} Feb 11 {_clock(number)[:5]} {choice.choice(_WORDS)}_{number}.py"


def _tree_folder(number: int, choice: Random) -> str:
    names = [f"│   {'└' if n == 8 else '├'}── {choice.choice(_WORDS)}_{number}{n}.ts" for n in range(9)]
    return "\n".join([f"├── {choice.choice(_WORDS)}_{number}", *names])


def _package(number: int, choice: Random) -> str:
    names = [f"│ {'└' if n == 4 else '├'}── {choice.choice(_WORDS)}-{n}@1.{number}.{n} deduped" for n in range(5)]
    return "\n".join([f"├─┬ {choice.choice(_WORDS)}-kit@{number}.0.1", *names])


def _file_diff(number: int, choice: Random) -> str:
    path = "poetry.lock" if number % 7 == 3 else f"{_path(choice)}".replace(".py", f"_{number}.py")
    context = [f"     {word} = load({word!r})" for word in choice.sample(_WORDS, 6)]
    changes = [f"{sign}    total_{n} = {choice.choice(_WORDS)}.amount * {n}" for n in range(5) for sign in "-+"]
    if path == "poetry.lock":
        changes = [
            f'{sign}    {{file = "x{n}.whl", hash = "sha256:{choice.getrandbits(256):064x}"}},'
            for n in range(5)
            for sign in "-+"
        ]
    head = f"diff --git a/{path} b/{path}\nindex {choice.getrandbits(28):07x}..{choice.getrandbits(28):07x} 100644\n--- a/{path}\n+++ b/{path}"
    return "\n".join([head, "@@ -10,11 +10,11 @@ def pay():", *context[:3], *changes, *context[3:]])


def _commit(number: int, choice: Random) -> str:
    author = choice.choice(("Ada Lovelace <ada@example.org>", "Grace Hopper <grace@example.org>"))
    return f"commit {choice.getrandbits(160):040x}\nAuthor: {author}\nDate:   Wed Feb 11 {_clock(number)} 2026 +0000\n\n    {_thing(choice).capitalize()}\n\n{_file_diff(number, choice)}\n"


def _epoch(number: int, choice: Random) -> str:
    frames = [
        f"Epoch {number}: {share:>3}%|{'█' * (share // 10):<10}| {share}/100 [00:01<00:00]"
        for share in range(0, 101, 20)
    ]
    return "\n".join([*frames[1:], *frames[: choice.choice((1, 3, 5))]])


def _test_line(number: int, choice: Random) -> str:
    verdict = "FAILED" if choice.random() < 0.01 else "PASSED"
    return f"tests/unit/test_{_WORDS[number // 50 % 10]}.py::test_{choice.choice(_VERBS)}_{number} {verdict} [ {number % 90 + 10}%]"


def _warning(number: int, choice: Random) -> str:
    """Some hundred warnings in each file."""
    place = f"src/shop/{_WORDS[number // 100 % 10]}.ts({number % 100 * 3 + 1},{choice.randrange(1, 90)})"
    return f"{place}: warning TS{choice.choice((6133, 7006))}: '{_thing(choice)}' is declared but never read."


def _findings(number: int, choice: Random) -> str:
    """What ESLint says of one file."""
    rows = [(n * 11 + number % 7, choice.randrange(1, 90), f"Unexpected {choice.choice(_WORDS)}") for n in range(1, 20)]
    cells = [(str(line), str(column), message) for line, column, message in rows]
    lines, columns, messages = (max(map(len, column)) for column in zip(*cells, strict=True))
    table = [f"  {a:>{lines}}:{b:<{columns}}  warning  {c:<{messages}}  no-plain" for a, b, c in cells]
    return "\n".join([f"/app/src/{choice.choice(_WORDS)}_{number}.js", *table, ""])


def _progress_line(number: int, choice: Random) -> str:
    if number % 40 == 0:
        return f"Collecting {choice.choice(_WORDS)}-{number}"
    done = number % 40 * 2.5
    bar = "━" * (number % 40) + " " * (40 - number % 40)
    return f"   {bar} {done:.1f}/100.0 MB {choice.randrange(10, 99)}.0 MB/s eta 0:00:{40 - number % 40:02d}"


def _blamed(number: int, choice: Random) -> str:
    commit, author = ("1f0c77ab", "Grace Hopper") if number // 7 % 3 == 1 else ("d4812e58", "Ada         ")
    return f"{commit} ({author} 2026-02-11 09:00:00 +0000 {number + 1:>5}) {_code_line(number, choice).lstrip(chr(10))}"


def _returned_frames(number: int, choice: Random) -> str:
    frames = "\r".join(f"Receiving objects: {share:3d}% ({share}/100)" for share in range(0, 100, 20))
    return f"Cloning into '{choice.choice(_WORDS)}-{number}'...\n{frames}\rReceiving objects: 100% (100/100), done."


def _code_line(number: int, choice: Random) -> str:
    if number % 12 == 0:
        return f"\ndef {choice.choice(_VERBS)}_{number}({choice.choice(_WORDS)}, {choice.choice(_WORDS)}_2):"
    return f"    {choice.choice(_WORDS)}_{number} = {choice.choice(_WORDS)}.{choice.choice(_VERBS)}({number})"


def _numbered_line(number: int, choice: Random) -> str:
    return f"{number + 1:>6}→{'' if number % 12 == 9 else _code_line(number, choice).lstrip(chr(10))}"


def _html_line(number: int, choice: Random) -> str:
    if number % 10 == 5:
        return f'<script>window.track("{choice.getrandbits(64):x}", {{page: {number}}});</script>'
    return f'<p class="c{number % 5} wide">The {_thing(choice)} <a href="/docs/{choice.choice(_WORDS)}/{number}" onclick="go()">guide {number}</a> &amp; more.</p>'


def _csv_line(number: int, choice: Random) -> str:
    return f"{number},{choice.choice(_WORDS)},{choice.randrange(10**5) / 100:.2f},2026-02-11T{_clock(number)}Z,EUR"


def _base64_line(_number: int, choice: Random) -> str:
    return "".join(choice.choices("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", k=76))


def _paragraph(_number: int, choice: Random) -> str:
    about = choice.choice(_WORDS)
    lines = [f"the {about} is {choice.choice(_VERBS)} by people who know the {about} well, and so" for _ in range(6)]
    return "\n".join([f"Whoever asks about the {about} hears that", *lines, "it goes on.", ""])


def _minified_match(number: int, choice: Random) -> str:
    calls = "".join(f"{choice.choice(_VERBS)}_{choice.randrange(99)}({choice.choice(_WORDS)});" for _ in range(110))
    return f"dist/page_{number}.js:1:!function(e){{{calls}chargeRefund({number});{calls}}}(this);"


def _told_commit(number: int, choice: Random) -> str:
    told = (
        "\n".join(f"    {line}" for line in _paragraph(number, choice).split("\n")[:5]) if number % 3 == 2 else "    "
    )
    return (
        f"commit {choice.getrandbits(160):040x}\nAuthor: Ada <ada@example.org>\nDate:   Mon Mar 2 10:00:00 2026 +0100\n\n"
        f"    {_thing(choice).capitalize()} once\n    \n{told}\n\n {_path(choice)} | {number + 1} +\n"
    )


def _long_paragraph(number: int, choice: Random) -> str:
    """A paragraph on one line: facts at both ends and in the middle, and between them what anybody would say."""
    plain = [
        f"The {choice.choice(_WORDS)} goes its way and nobody thinks much about the {choice.choice(_WORDS)} any more."
        for _ in range(6)
    ]
    told = f"The {choice.choice(_WORDS)} is {choice.choice(_VERBS)} {number} times."
    return " ".join([f"Every {choice.choice(_WORDS)} counts.", *plain[:3], told, *plain[3:], "So it ends.", "\n"])


def _page_row(number: int, choice: Random) -> str:
    first = 9 * number + 10
    return (
        f"  - row [ref=e{first}]:\n    - rowheader [ref=e{first + 1}]:\n"
        f'      - link "SO-{number}" [ref=e{first + 2}] [cursor=pointer]:\n        - /url: /orders/{number}/change/\n'
        f'    - cell "{_thing(choice)}" [ref=e{first + 3}]'
    )


def _page_node(number: int, choice: Random) -> str:
    if number % 2:
        return f'  uid=1_{number} "{_thing(choice)}"'
    return f'  uid=1_{number} link "SO-{number}" url="https://shop.example.org/orders/{number}/change/"'


def _shell(command: str) -> Call:
    return Call("Bash", json.dumps({"command": command}))


FORMS: tuple[Form, ...] = (
    Form("application log", Kind.LOG, _shell("cat logs/app.log"), _log_line),
    Form("access log", Kind.LOG, _shell("tail -n 5000 access.log"), _access_line),
    Form("coloured log", Kind.LOG, _shell("docker logs shop-api"), _coloured_line),
    Form("JSON records", Kind.JSON, _shell("gh api repos/shop/shop/issues"), _row, "[", "]", ","),
    Form("printed JSON", Kind.JSON, Call("mcp__tracker__list", "{}"), _printed_row, '{"issues": [', '], "next": null}', ", "),
    Form("YAML records", Kind.YAML, _shell("kubectl get pods -o yaml"), _manifest, "apiVersion: v1\nitems:\n", "\nkind: List\n"),
    Form("expanded rows", Kind.FIELDS, _shell("psql -xc 'select * from orders'"), _expanded),
    Form("paragraphs of fields", Kind.FIELDS, Call("mcp__tracker__list", "{}"), _ticket),
    Form("JSON lines", Kind.JSON, _shell("kubectl get events -o json | jq -c '.items[]'"), _row),
    Form("JSON behind names", Kind.JSON, _shell("docker compose logs"), lambda n, choice: f"shop-1  | {_row(n, choice)}"),
    Form("JSON events", Kind.JSON, _shell("curl -s localhost:9090/events"), _event, "[", "]", ","),
    Form("JSON, cut off", Kind.JSON, _shell("curl -s localhost:9090/issues | head"), _printed_row, '{"issues": [', "", ", "),
    Form("matches", Kind.SEARCH, _shell("grep -rn 'log.debug' ."), _match),
    Form("found paths", Kind.LISTING, _shell("find . -name '*s'"), _found),
    Form("long listing", Kind.LISTING, _shell("ls -la src"), _long_listing_row, "total 4096\n"),
    Form("tree", Kind.LISTING, _shell("tree"), _tree_folder, ".\n", "\n└── setup.py\n\n9 directories\n"),
    Form("packages", Kind.LISTING, _shell("npm ls --all"), _package, "shop@1.0.0 /app\n", "\n└── zod@3.0.0\n"),
    Form("diff", Kind.DIFF, _shell("git diff"), _file_diff, tail="\n"),
    Form("commits", Kind.DIFF, _shell("git log -p"), _commit),
    Form("matches in generated code", Kind.SEARCH, _shell("rg -n chargeRefund"), _minified_match),
    Form("history", Kind.DIFF, _shell("git log --stat"), _told_commit),
    Form("test run", Kind.TEST, _shell("pytest -v"), _test_line, "=== test session starts ===\n", "\n=== 1 failed in 3.21s ===\n"),
    Form("warnings", Kind.TEST, _shell("npx tsc --noEmit"), _warning),
    Form("findings", Kind.TEST, _shell("npx eslint ."), _findings, "\n", "\n✖ 9 problems (0 errors, 9 warnings)\n"),
    Form("installation", Kind.TEST, _shell("pip install -r requirements.txt"), _progress_line),
    Form("training", Kind.TEXT, _shell("python train.py"), _epoch),
    Form("clones", Kind.TEXT, _shell("./clone-all.sh"), _returned_frames),
    Form("blame", Kind.CODE, _shell("git blame src/shop/api.py"), _blamed),
    Form("source", Kind.CODE, _shell("cat src/shop/api.py"), _code_line, "import shop\n"),
    Form("numbered source", Kind.CODE, Call("Read", '{"file_path":"/app/src/shop/api.py"}'), _numbered_line),
    Form("page", Kind.MARKUP, Call("WebFetch", '{"url":"https://docs.example.org/guide"}'), _html_line, "<!doctype html><html><head><title>Guide</title><style>p{margin:0}</style></head><body>\n", "\n</body></html>\n"),
    Form("page snapshot", Kind.SNAPSHOT, Call("mcp__playwright__browser_snapshot", "{}"), _page_row, "### Snapshot\n```yaml\n- table [ref=e9]:\n", "\n```\n"),
    Form("accessibility tree", Kind.SNAPSHOT, Call("mcp__chrome-devtools__take_snapshot", "{}"), _page_node, 'uid=1_0 RootWebArea "Orders" url="https://shop.example.org/orders/"\n'),
    Form("table", Kind.TABLE, _shell("cat data/orders.csv"), _csv_line, "id,item,amount,time,currency\n"),
    Form("base64", Kind.BLOB, _shell("cat logo.b64"), _base64_line),
    Form("prose", Kind.PROSE, Call("WebFetch", '{"url":"https://docs.example.org/refunds"}'), _paragraph, "# Guide\n\n", question="How does a refund work?"),
    Form("long paragraphs", Kind.PROSE, Call("WebFetch", '{"url":"https://docs.example.org/parcels"}'), _long_paragraph, "# Guide\n\nRestitution is paid by hand.\n\n", question="How does restitution work?"),
    Form("rows with ids", Kind.TEXT, _shell("./report.sh"), lambda n, _: f"{n + 1}\torder {n % 90}\tpaid\t{n % 70}.{n % 99}"),
    Form("numbers", Kind.TEXT, _shell("seq 1 4000"), lambda number, _: str(number + 1)),
)  # fmt: skip
