"""What a single line in the output of a run says: routine of a known tool, or a sign that something is wrong.

A run is a test run, a build, an installation, a lint, or the log of a CI job that does these. Contract: pure,
linear, never raises.
"""

import re
from collections.abc import Iterator, Sequence
from statistics import median

from transforms.occurrences import Occurrences

_STAMP = re.compile(
    r"(?: {0,11}\d{1,9}(?:→|\t))?"  # a file that was read: line number
    r"(?:[^\t\n]{1,80}+\t[^\t\n]{1,80}+\t\ufeff?(?=\d{4}-\d\d-\d\dT))?\ufeff?"  # `gh run view --log`: job, step
    r"(?:\[?\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?:Z|[+-]\d\d:?\d\d)?\]? "
    r"|\[?\d\d:\d\d:\d\d(?:\.\d+)?\]? )?"
    r"(?:#\d{1,4} \d{1,6}\.\d{1,3} )?"  # `docker build --progress=plain`: step, seconds
)
_STAMP_STARTS = frozenset("[#\ufeff0123456789")
"""What a stamp without a tab or an arrow starts with."""
_PERCENT = r"(?:[ \t]+\[[ \d/]{1,12}%?\])?"
_ROUTINE: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    (
        "passed",
        "passed tests",
        (
            r"\S.*::.* PASSED" + _PERCENT,  # pytest -v
            r"\[gw\d+\](?: \[ *\d+%\])? PASSED \S.*",  # pytest-xdist
            r"PASSED \S+.*",  # pytest -rA
            r"\w+ \(\S+\) \.\.\. ok",  # unittest
            r"test .+ \.\.\. ok(?: <[\d.]+s>)?",  # cargo
            r"test_\w+ ok(?: +\[OK\])?",  # sympy
            r" *--- PASS: .+",  # go
            r" *PASS \[ *[\d.]+s\] .+",  # nextest
            r" *ok \d+ (?!.*# ?(?i:skip|todo)).+",  # TAP
            r".+ > .+ PASSED",  # gradle
            r"//\S+ +(?:\(cached\) )?PASSED in [\d.]+s",  # bazel
            r"\[INFO\] Tests run: \d+, Failures: 0, Errors: 0, Skipped: 0.*(?:in|-) \S+",  # maven
            r" *\d+/\d+ Test +#\d+: .+ Passed +[\d.]+ sec",  # ctest
            r"\[       OK \] .+",  # googletest
            r" *Passed .+ \[.+\]",  # dotnet
            r"Test Case '.+' passed .+",  # xctest
        ),
    ),
    ("packages", "passed packages and test files", (r"ok {2,4}\t? *\S+[\t ]+(?:\d|\(cached\)).*", r"PASS {1,2}\S+.*")),
    ("untested", "packages without tests", (r"\? {2,4}\t? *\S+[\t ]+\[no test files\]",)),
    ("ticked", "ticked lines", (r" *(?:✓|✔|√|✅|☑) .+",)),  # jest, vitest, mocha, bats, playwright
    ("done", "steps that ended well", (r"\S.* \.\.\. (?:ok|OK|done)",)),
    ("bars", "progress bars", (r"[^\w\s]? *+[\w. /:-]{0,60}+[\[|][=#>\-.█▏▎▍▌▋▊▉░▒▓ ]{6,}[\]|].{0,80}",)),
    (
        "dots",
        "lines of passing tests",
        (r"\S+\.py(?:\[\d+\])? [.sxX]+(?: +\[OK\])?" + _PERCENT, r"[.sx]{3,}[ \t]+\[ *\d+%\]"),
    ),
    (
        "started",
        "started tests",
        (
            r"=== (?:RUN|PAUSE|CONT|NAME) +\S.*",
            r"\[ RUN      \] .+",
            r" *Start +\d+: .+",
            r"Test Case '.+' started.*",
            r"\[INFO\] Running \S+",
        ),
    ),
    (
        "compiled",
        "compiler steps",
        (
            r" +(?:Compiling|Checking|Fresh|Building|Documenting|Dirty) \S+ v[\d.]+.*",  # cargo
            r"\[ *\d+%\] (?:Building|Linking|Built|Generating|Compiling) .+",  # cmake
            r"\[\d+/\d+\] (?:Building|Linking|Generating|Compiling|CC|CXX|LD|AR|Copying) .+",  # ninja
            r" +(?:CC|CXX|LD|AR|AS|GEN|HOSTCC|HOSTLD|CCLD|CXXLD|OBJCOPY|LDS|UPD|WRAP|SYSHDR|COPY|MKDIR) +.+",  # make
            r"make(?:\[\d+\])?: (?:Entering|Leaving) directory .+",
            r"(?:\S*/)?(?:gcc|g\+\+|cc|c\+\+|clang|clang\+\+|x86_64-linux-gnu-g(?:cc|\+\+)) .*-[co] .+",
            r"> Task :\S+(?: UP-TO-DATE| NO-SOURCE| FROM-CACHE| SKIPPED)?",  # gradle
            r"\[INFO\] --- .+ ---",  # maven
        ),
    ),
    (
        "fetched",
        "download and install steps",
        (
            r"(?:Requirement already satisfied:|Collecting|Obtaining dependency|Using cached|Downloading) .+",  # pip
            r"Processing (?:/|\./|file:)\S+(?: \(from .+\))?",
            r" +(?:Downloading|Using cached|Preparing metadata|Getting requirements|Created wheel|Stored in) .+",
            r" +(?:Installing build dep|Building wheel|Attempting uninstall|Found existing|Uninstalling|Not unin).+",
            r" +━+ .+",
            r" [+~-] [\w.\[\]-]+==\S+(?: \(.*\))?",  # uv
            r" +(?:Downloaded|Downloading|Updating|Locking|Adding|Unpacking|Installed) (?!.* -> ).+",  # cargo
            r"(?: *Downloading|Downloaded) (?:from \S+: )?https?://.+",  # maven, gradle
            r"\[INFO\] (?:Downloading|Downloaded) .+",
            r"go: (?:downloading|extracting|finding) .+",
            r"npm (?:http(?! fetch [A-Z]+ [45])|timing|verb|verbose|sill|silly) .+",
            r"Progress: resolved .+",  # pnpm
            r"(?:➤ )?YN0013: .+",
            r"(?:Get|Hit|Ign):\d+ .+",  # apt
            r"(?:Selecting previously|Preparing to unpack|Unpacking|Setting up|Processing triggers for) .+",
            r"\(Reading database .+",
        ),
    ),
    (
        "layers",
        "steps of image layers",
        (
            r"[0-9a-f]{12}: (?:Pulling|Waiting|Download|Verifying|Extract|Pull|Already|Push|Prepar|Layer|Mount).*",
            r"#\d+ (?:sha256:|extracting|resolve |transferring |exporting |pushing |writing |naming |\.\.\.).*",
            r" ---> (?:Running in )?[0-9a-f]{12}",
            r"(?: ---> )?Removed? intermediate container .+|Removing intermediate container .+",
        ),
    ),
    (
        "received",
        "progress lines of git",
        (r"(?:remote: )?(?:Enumerating|Counting|Compressing|Receiving|Writing|Resolving|Updating) \w+: .+",),
    ),
    (
        "refreshed",
        "state steps",
        (
            r"[\w.\[\]\"-]+: (?:Refreshing state|Reading|Still (?:creat|destroy|modify|read)ing)\.\.\..*",  # terraform
            r"[\w.\[\]\"-]+: Read complete after .+",
            r"ok: \[[^]]+\](?: => \(item=[^{]*\))?",  # ansible, of what it does not tell more
        ),
    ),
    (
        "printed",
        "lines around what tests printed",
        (r" {2,8}console\.(?:log|info|debug)",),  # jest
    ),
    (
        "skipped",
        "skipped tests",
        (
            r"\S.*::.* SKIPPED.*",
            r" *--- SKIP: .+",
            r".+ \.\.\. (?:skipped.*|ignored)",
            r" *(?:○|↓|⏭) .+",
        ),
    ),
)
LABELS = {name: told for name, told, _ in _ROUTINE}
"""What a gap says of the lines of each kind, after their number."""
_KINDS = re.compile("|".join(f"(?P<{name}>{'|'.join(forms)})" for name, _, forms in _ROUTINE))

_PASSED_ON_A_WORKER = re.compile(r"\[gw\d+\](?: \[ *\d+%\])? PASSED (\S.*)")
"""pytest-xdist says a test's name when it starts, and again with its result."""

_LONGEST = 1000
"""Characters. A longer line is data, whatever it begins with."""

_SIGN = re.compile(
    r"\b(?:errors?|fail(?:ed|ures?|s|ing)?|fatal|panic\w*|exceptions?|traceback|assert\w*|abort\w*|crash\w*|denied|"
    r"refused|time[ds]?[ -]?out|unable|cannot|can't|could not|couldn't|not found|no such|missing|undefined|"
    r"unresolved|invalid|illegal|unexpected|critical|severe|killed|segfault|segmentation|leak\w*|mismatch\w*|"
    r"conflict\w*|vulnerabilit\w+|exit(?:ed|s)?(?: with)? (?:code|status)|violat\w+|unhandled|uncaught|reject\w*|"
    r"unsupported|broken|corrupt\w*|bad|wrong|(?:status|http\S{0,8}|code)[^\w\n]{1,3}[45]\d\d)\b|[✗✘✕×❌✖]|\bxpass"
)
"""Looked for in lower case, which is far faster than to pass over the case."""
_CLASS = re.compile(r"(?<=\w)(?:Error|Exception|Failure)\b")
"""The end of the name of a class, in the line as it is."""
_CLASS_STEMS = ("Error", "Exception", "Failure")
_SIGN_STEMS = (
    *("error", "fail", "fatal", "panic", "exception", "traceback", "assert", "abort", "crash", "denied", "refused"),
    *("time", "unable", "cannot", "can't", "could", "not found", "no such", "missing", "undefined", "unresolved"),
    *("invalid", "illegal", "unexpected", "critical", "severe", "killed", "seg", "leak", "mismatch", "conflict"),
    *("vulnerabilit", "exit", "violat", "unhandled", "uncaught", "reject", "unsupported", "broken", "corrupt", "bad"),
    *("wrong", "status", "http", "code", "xpass", "✗", "✘", "✕", "×", "❌", "✖"),
)
"""Whatever `_SIGN` matches begins with one of them."""
_PLACE = re.compile(r"[ \t]*(?:E  |> |##\[(?:error|warning)\]|\S{1,300}?\.\w{1,8}(?::\d+(?::\d+)?[:\s]|\(\d+,\d+\): ))")
_WARNING = re.compile(r"\b(?:warn(?:ing|ings|ed)?|deprecat\w+|caution|notice)\b|warning\b")
"""In lower case."""
_WARNING_STEMS = ("warn", "deprecat", "caution", "notice")
_NONE_OF = re.compile(
    r"\b(?:0|no|without)\s+(?:\w+\s+)?(?:errors?|warnings?|fail(?:ed|ures?)|vulnerabilit\w+|issues|problems)\b|"
    r"\b(?:errors?|failures?|warnings?|failed)\s*[:=]\s*0\b",
    re.IGNORECASE,
)


_TIMED = frozenset({"passed", "packages", "ticked", "done"})
"""Kinds of routine whose lines may say how long something took."""
_TOOK = re.compile(
    r"(?<![\w.:-])(?:(?P<minutes>\d{1,6}) ?m(?:in)? ?)?(?P<count>\d{1,9}(?:\.\d{1,9})?) ?(?P<unit>ms|s(?:ec\w*)?)\b"
)
_SLOW, _SLOWER = 5.0, 10.0
"""Seconds, and times the median, above which a duration is worth a line."""


def body_of(line: str) -> str:
    """The tool's own words, without what others put before them: line number, time, step of a CI system or docker."""
    if line[:1] not in _STAMP_STARTS and "\t" not in line and "→" not in line:
        return line
    found = _STAMP.match(line)
    return line[found.end() :] if found is not None else line


def routines(bodies: Sequence[str]) -> list[str]:
    """For each line its kind of routine (a key of `LABELS`), or an empty string."""
    passed = {
        found[1].rstrip() for body in bodies if body.startswith("[gw") and (found := _PASSED_ON_A_WORKER.match(body))
    }
    kinds = ["started" if body.rstrip() in passed else routine(body) for body in bodies]
    for at in _printed_from(bodies, kinds):
        kinds[at] = "printed"
    return kinds


def _printed_from(bodies: Sequence[str], kinds: Sequence[str]) -> Iterator[int]:
    """The lines with which jest says where something was printed: the first frame below `console.log`."""
    below = False
    for at, (body, kind) in enumerate(zip(bodies, kinds, strict=True)):
        if below and body.startswith("      at "):
            yield at
        below = kind == "printed" or (below and not body.startswith("      at ") and (body[:1] in ("", " ")))


def routine(body: str) -> str:
    """The kind of routine line (a key of `LABELS`), or an empty string."""
    found = _KINDS.fullmatch(body.rstrip()) if len(body) <= _LONGEST else None
    return found.lastgroup or "" if found is not None else ""


def signs(bodies: Sequence[str]) -> list[bool]:
    """Which lines may be about something wrong: an error word, an assertion, a place in a source file."""
    text = "\n".join(bodies)
    told = Occurrences(text.lower()).lines_where(_SIGN, _SIGN_STEMS)
    told |= Occurrences(text).lines_where(_CLASS, _CLASS_STEMS)
    told = {at for at in told if not _tells_of_none(bodies[at])}
    return [at in told or _PLACE.match(body) is not None for at, body in enumerate(bodies)]


def _tells_of_none(body: str) -> bool:
    """Whether a line with a sign says that there was none of it, and has no other."""
    left = _NONE_OF.sub("", body)
    return left != body and _SIGN.search(left.lower()) is None and _CLASS.search(left) is None


def is_warning(body: str) -> bool:
    """Whether a line warns."""
    lowered = body.lower()
    if not any(stem in lowered for stem in _WARNING_STEMS) or _WARNING.search(lowered) is None:
        return False
    return _WARNING.search(_NONE_OF.sub("", lowered)) is not None


def slow_lines(bodies: Sequence[str], routines: Sequence[str]) -> list[int]:
    """The routine lines that took far longer than the others like them."""
    took = {
        at: seconds
        for at, (body, kind) in enumerate(zip(bodies, routines, strict=True))
        if kind in _TIMED and (seconds := _seconds(body)) is not None
    }
    limit = max(_SLOW, _SLOWER * median(took.values())) if took else 0.0
    return [at for at, seconds in took.items() if seconds > limit]


def _seconds(body: str) -> float | None:
    """How long something took: the last duration on the line."""
    durations = [*_TOOK.finditer(body)]
    if not durations:
        return None
    found = durations[-1]
    count = float(found["count"]) / (1000 if found["unit"] == "ms" else 1)
    return count + 60 * int(found["minutes"] or 0)
