"""The forms of lines, and of a text's start, by which kinds of text are told apart.

Contract: every pattern is linear on a line of bounded length; all are meant for `match` at the start of a line
or text, except where the name says what is searched for inside. Forms come from the programs' own output:
GNU and BSD tools, git, ripgrep, pytest, unittest, go test, cargo, jest, TAP, npm, pip, apt, make, docker.
"""

import re


def _form(*alternatives: str, flags: int = 0) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{alternative})" for alternative in alternatives), flags)


GUTTER = _form(r"\s{0,8}(?P<number>\d{1,7})(?:→|\t|\| ?)")
"""A line number as readers put it before a line: `    12→`, `12<tab>`, `00012| `."""

JSON_START = _form(
    r'\{\s*(?:["}]|\Z)',
    r'(?:\[\s*)+(?:["{\]]|(?:-?\d[\d.eE+-]*|true|false|null)\s*(?:,|\](?:\s*(?:[,\]]|\Z)|[ \t\r]*\n))|\Z)',
)
JSON_LINE = _form(r"\s*[\"{}\[\]]", r"\s*(?:-?\d[\d.eE+-]*|true|false|null),?\s*$")
FRAMED_JSON = _form(r'(?:[^{\s]{1,80}+[ \t]{0,40}+){1,6}\{"(?:[^\n]*+(?<=\})\s*$|[^\n]{250})')
YAML_LINE = _form(r"""\s*(?:- )*(?:["']?[\w./$][^\s"'|]*["']?:(?: \S.*)?$|- \S|-$|---$)""")
YAML_PARENT = _form(r"""\s*(?:- )*["']?[\w./$][^\s"'|]*["']?:$""")
FIELD_HEAD = _form(r"-\[ RECORD \d+ \]-", r"\*{27} \d+\. row \*{27}$")
"""psql's and mysql's above a record."""
FIELD = re.compile(r"(?P<key> *[\w.][\w ./()-]{0,50}?) *(?:\||=|:)(?: |$)")
"""A line of a record in paragraphs."""
JSON_KEY = re.compile(r'"([^"\\\n]{1,40})"\s*:')
"""Searched for."""

PAGE_NODE = _form(r" *- (?:/url:|text: |'?[a-z]+ [^\n]*\[ref=)", r" *uid=\w+_\d+ ")
"""A line of the tree that Playwright or Chrome DevTools gives of a page."""

COMMIT = _form(r"commit [0-9a-f]{7,40}\b[^\n]*\n(?:Merge: [^\n]*\n)?(?:Author|tree|parent)[: ]", r"From [0-9a-f]{40} ")
DIFF_START = _form(r"diff (?:--|-[ru])", r"Index: \S", r"--- \S[^\n]*\n\+\+\+ \S", r"@@ -\d", r"\*\*\* Begin Patch")
DIFF_MARK = _form(
    r"diff --(?:git|cc|combined) ",
    r"@@@* -\d+(?:,\d+)? ",
    r"\+\+\+ \S",
    r"Index: \S",
    r"\d+[acd]\d+$",
    r" \S.* \|\s+(?:\d+ ?[+-]*$|Bin )",
)
DIFF_LINE = _form(
    r"[ +\-@\\<>]", r"(?:diff|index|new|deleted|old|similarity|rename|copy|Binary|Index:|commit|Author:|Date:|Merge:)\b"
)

MARKUP_START = _form(r"<!doctype (?:html|svg|xml)", r"<(?:html|\?xml|svg|rss|feed|head|body)\b", flags=re.IGNORECASE)
TAG = re.compile(r"</?[A-Za-z][^<>\n]{0,400}>")
"""Searched for."""
TAG_LINE = _form(r"\s*<[A-Za-z/!]")

MATCH = _form(r"(?:[A-Za-z]:)?[^\s:,]*[./\\][^\s:,]*?(?::\d+:(?!\d\d[\s.,])|(?<!\d{4})-\d+-)", r"--$")
"""`path:12:text`, `path-12-text`; a number within a date or a time of day is no place."""
MATCH_OF_A_SEARCH = _form(MATCH.pattern, r"\s*(?:Line |L)?\d+[:-]", r"[^\s:]*[./\\][^\s:]*:")
"""Also `12:text` below a path, and `path:text`."""

REPORT_MARK = _form(
    r"=+ (?:test session starts|FAILURES|ERRORS|short test summary info|\d+ (?:passed|failed))\b",
    r"=== RUN\s|--- (?:PASS|FAIL): ",
    r"test result: ",
    r"Ran \d+ tests? in ",
    r"\s*Tests?:?\s+.*\d+ (?:passed|failed)",
    r"npm ERR! ",
    r"error\[E\d{4}\]:",
    r"Creating test database",
    r"#\d+ (?:\[internal\]|DONE \d)",
    r"\[INFO\] (?:BUILD|Tests run)|BUILD (?:SUCCESSFUL|FAILED) in ",
    r"Running \d+ tests? using \d+ worker|Test run for \S+\.dll|INFO: Analyzed \d+ targets? ",
    r"\s*\d+ (?:tests?|doctests?|examples?), (?:\d+ \w+, )*\d+ failures?\b",
    r"(?:(?:[^\t\n]{1,80}\t[^\t\n]{1,80}\t)?\ufeff?\d{4}-\d\d-\d\dT[\d:.]{8,20}Z )?##\[(?:group|section|error)\]",
)
"""One is enough: no other program writes it, only a document may quote it."""
FENCE = _form(r"\s*```")
"""Around what a document quotes."""
REPORT_LINE = _form(
    REPORT_MARK.pattern,
    r"\s*(?:PASS|FAIL|FAILED|PASSED|ERROR|XFAIL|SKIPPED)[ :]+\S",
    r"\S+::\S+.* (?:PASSED|FAILED|ERROR|SKIPPED|XFAIL|XPASS)\b",
    r"\S+\.py [.FEsxX]+(?:\s|$)",
    r"=== (?:PAUSE|CONT|NAME)\s",
    r"(?:ok|FAIL|\?)\s+\S+\s+(?:\d+\.\d+s|\(cached\)|\[no test)",
    r"test \S+.* \.\.\. \w+$",
    r"test\w* \(\S+\).* \.\.\. ",
    r"(?:not )?ok \d+ ",
    r"\s*[✓✔✗✘✕×√❯●] ?\S",
    r"\s*(?:Compiling|Downloading|Downloaded|Checking|Finished|Building|Linking|Installing|Fetching|Updating) \S",
    r"\s*(?:error|warning|note|help)(?:\[\w+\])?: |\s*--> \S+:\d+:\d+$|> Task :\S",
    r"//\S+ +(?:\(cached\) )?(?:PASSED|FAILED)|\s+(?:Passed|Failed) \S.* \[[^\]]*\d m?s\]$",
    r"(?:  )?\S+:\d+(?::\d+)?:?(?: -)?\s(?:fatal )?(?:error|warning|note|\w+Warning)\b",
    r"\S+\.\w+:\d+:\d+: (?:[A-Z]+\d+ |.* \([\w-]+\)$)",
    r"\S+\(\d+,\d+\): (?:error|warning)",
    r"\s+\d+:\d+\s+(?:error|warning)\s",
    r"npm (?:WARN|error|warn|notice) ",
    r"(?:Collecting|Obtaining|Using cached|Requirement already satisfied:|Successfully (?:installed|built)) ",
    r"Step \d+/\d+|#\d+ (?:\[|CACHED|\d+\.\d+|sha256)",
    r"go: (?:downloading|finding) ",
    r"(?:Get|Hit|Ign):\d+ |(?:Unpacking|Setting up|Selecting previously unselected|Preparing to unpack) ",
    r"(?:added|removed|changed|audited) \d+ packages?",
    r"make(?:\[\d+\])?: |\[\s*\d+%\] |\[\d+/\d+\] ",
    r"\[[\w:.-]+\] \$ ",
    r"\S+: (?:Refreshing state|Reading|Read complete|Creating|Creation complete|Modif\w+|Destr\w+)[ .]",
    r"Plan: \d+ to ",
    r"[^\t\n]{1,80}\t[^\t\n]{1,80}\t\ufeff?\d{4}-\d\d-\d\dT",
    r"E   +\S",
)

UNBROKEN_LENGTH = 200
UNBROKEN = re.compile(rf"(?:data:[\w/+.-]+;base64,)?[A-Za-z0-9+/_-]{{{UNBROKEN_LENGTH},}}+=*")
"""Searched for."""
CODE_SIGNS = ";{}(),="

LOG_LINE = _form(
    r".{0,60}?(?:\d{4}[-/]\d\d[-/]\d\d[T ,]\d\d:\d\d|\b\d\d:\d\d:\d\d\b"
    r"|\b(?:TRACE|DEBUG|INFO|WARN|WARNING|ERROR|FATAL|CRITICAL|NOTICE|SEVERE)\b(?!\)))",
    r".{0,80}?\blevel=\w",
)

SECONDS = _form(r"(?=[^\n]*[^\W\d]).{0,80}?(?<![\w.])1\d{9}(?:\.\d{1,9})?(?![\w.])")
"""Seconds since 1970 among words, as squid and auditd write them; by themselves they are data."""

LOG_MARK = re.compile(r":\d|[A-Z]{4}|level=")
"""Searched for: stands in every `LOG_LINE`."""

TIMED_LINE = _form(r"\W{0,3}\d{4}[-/]\d\d[-/]\d\d[T ]\d\d:\d\d", r"\W{0,3}(?:[A-Z][a-z]{2} [ \d]\d )?\d\d:\d\d:\d\d\b")
"""Begins with a time."""

METRIC_WORDS = (
    *("loss", "acc", "accuracy", "perplexity", "ppl", "reward", "score", "f1", "auc", "bleu", "rouge", "rmse", "mae"),
    *("mse", "iou", "lr", "grad_norm", "precision", "recall", "return"),
)
METRIC = re.compile(
    rf"(?:\b|(?<=_))(?:{'|'.join(METRIC_WORDS)})\w{{0,8}}['\"]?\s{{0,3}}[:=]?\s{{0,3}}"
    r"-?\d{1,12}(?:\.\d+|\.?\d*e[+-]?\d)"
)
"""Searched for, in lower case: what a training or a benchmark measured."""
DECIMAL = re.compile(r"[0-9](?:\.[0-9]|\.?[0-9]*+[eE][+-]?[0-9])")
"""Searched for: stands in every `METRIC`."""
MEASURED = re.compile(
    r"[A-Za-z_][\])'\"]?\s{0,3}[:=]?\s{0,3}-?\d+\.\d+(?![\w.%]|\s?(?:[mun]?s|sec\w*|min\w*|[KMGT]?i?B)\b)"
)
"""Searched for: a decimal number behind a name, without a unit of time or size."""

BLAMED = _form(r"\^?[0-9a-f]{7,40} (?:[^(\n]{1,200} )?\(.{1,120}? +\d+\)(?: |$)")
"""A line of `git blame`."""
DUMPED = _form(r"\s*[0-9a-f]{4,16}:\s+[0-9a-f]{2,8}\s", r"[0-9a-f]{7,8} (?: [0-9a-f]{2,4}){2}")
"""A line of hexdump, xxd or a disassembler."""
COLUMN_NAMES = _form(r"\s*(?=.*\S(?: {2}|\t))[A-Z][A-Z0-9_%/()-]*(?:\s+[A-Z%#][A-Z0-9_%/()+-]*){2,}\s*$")
TABLE_RULE = _form(
    r"\s*[+|├╞┣╟╠]?[:=─═━-]{2,}(?:[+|┼╪╋╫╬][:=─═━-]{2,})+[+|┤╡┫╢╣]?\s*$",
    r"\+-{2,}\+\s*$",
    r"-\[ RECORD \d+ \]",
    r"\s*\|\s?:?-{2,}:?\s?(?:\|\s?:?-{2,}:?\s?)+\|\s*$",
)
"""The rule below a table's header: psql, mysql, Markdown, boxes."""
COLUMN_RULE = _form(r"\s*-{2,}(?:[ \t]{1,4}-{2,})+\s*$")
"""The rule below a header whose columns are only set apart: sqlite3, pip list, PowerShell."""
CELL_MARK = re.compile(r"[|│┃║]")
"""Searched for."""
DRAWN_ROW = _form(r"\s*[|│┃+├└┌┏┣┗╔╠╚║](?:.*[|│┃+┤┘┐┓┫┛╗╣╝║])\s*$", r"[^|\n]+(?: \| [^|\n]*){2,}$", r"-+(?:\+-+)+$")

LISTED = _form(
    r"[-dlbcps][-rwxsStT]{9}[.+@]?\s+\d+\s",
    r"total \d+",
    r"\s*[│├└|`].*[─-] ?\S",
    r"[\d.]+[KMGT]?\t\S",
    r"[ MADRCU?!]{2} \S+$",
    r"\s+(?:modified|new file|deleted|renamed|both modified):\s",
    r"[0-7]{6} (?:blob|tree|commit) [0-9a-f]{40}",
)
NAME = _form(r"\s{0,16}[^\s:,;(){}=<>\"'|]{1,200}:?$", r"Found \d+ files?$")
PATH = _form(r"\s{0,16}(?=[^\s]*[A-Za-z])[^\s]*[./\\][^\s]*$")

CODE_LINE = _form(
    r"\s*(?:def|class|func|fn|import|from|package|return|const|let|var|struct|enum|impl|use|pub|module|export|type"
    r"|public|private|protected|static|async|namespace|interface|#include|#define|elif|else|if|for|while|switch|case"
    r"|try|except|catch|throw|raise|assert|yield|await)\b.*[:;{}()\[\],=\"'`]\s*$",
    r"\s*[)}\]]+[;,)]*\s*$",
    r"\s+\S.*[;{(\[]\s*$",
    r"\s*(?://|/\*|\*/|@\w+\(?|#\[)",
    r"\s*[\w.\[\]]+ (?::=|=|\+=) \S",
)

WORDS = re.compile(r"(?<![^\W\d_])(?:[^\W\d_]{1,30}+(?:['’-][^\W\d_]{1,30}+)?+[,;:]?+ ){4}")
"""Searched for."""
SENTENCE_END = _form(r".*[.!?:;,)…”’\"`*]\s*$")

HEADING = _form(r"#{1,6} \S")
MARKDOWN = _form(HEADING.pattern, r"\s*(?:[-*+]|\d+\.) \S", r"\s*(?:```|> )", r"\|.*\|$", r"\*\*\S")

DIGITS = re.compile(r"\d+")
LETTERS = re.compile(r"[^\W\d_]{3}")
