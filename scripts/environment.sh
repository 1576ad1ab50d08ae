# shellcheck shell=sh
# Makes the Python environment in .venv as uv.lock pins it. Sourced by `run` and `test`, which set $root.
#
# make_environment run|dev   leaves the interpreter in $python, or says what is missing and exits with 1.
#
# Writes to .venv and .tools only (and uv's own cache), and bytecode beside the sources. When neither the lock nor the
# place of the checkout has changed since the last time, nothing is resolved and no network is needed.

uv_pin=0.13.8
wanted="Python 3.12 or 3.13"
tools=$root/.tools
venv=$root/.venv

say() {
    printf 'headroom: %s\n' "$*" >&2
}

give_up() {
    say "$*"
    exit 1
}

# Prints "<sortable version> <path of the real interpreter>" if $1 runs and will do. 3.14 will not while mitmproxy holds
# typing-extensions at 4.14: the newest pydantic that goes with it has no wheels for 3.14.
fitting() {
    "$1" -I -c '
import ctypes, sqlite3, ssl, sys, zlib
version = sys.version_info
if sys.implementation.name != "cpython" or version.releaselevel != "final" or not (3, 12) <= version < (3, 14):
    sys.exit(1)
print("%03d.%03d" % version[1:3], getattr(sys, "_base_executable", sys.executable))
' 2>/dev/null
}

# Prints the path of the newest fitting interpreter among the arguments, or nothing.
newest() {
    for candidate in "$@"; do
        fitting "$candidate" || :
    done | LC_ALL=C sort -r | sed -n '1s/^[^ ]* //p'
}

# Prints the path of a fitting interpreter from PATH, pyenv or uv (in this order), or nothing. UV_PYTHON goes first.
find_python() {
    newest "${UV_PYTHON:-}" | grep . && return
    newest python3.13 python3.12 python3 | grep . && return
    newest "${PYENV_ROOT:-$HOME/.pyenv}"/versions/*/bin/python3 | grep . && return
    newest "$(UV_PYTHON_DOWNLOADS=never uv python find --system '>=3.12,<3.14' 2>/dev/null)"
}

new_enough() {
    case $("$1" --version 2>/dev/null) in
    "uv 0."[0-7].*) return 1 ;; # older than the form of uv.lock
    "uv "*) ;;
    *) return 1 ;;
    esac
}

# Leaves in $uv the user's own uv, else the pinned one in .tools/, installed there by $1 if it is not there yet.
find_uv() {
    uv=$(command -v uv) && new_enough "$uv" && return
    uv=$tools/bin/uv
    case $("$uv" --version 2>/dev/null) in
    "uv $uv_pin" | "uv $uv_pin "*) return ;;
    esac
    "$1" -c 'import sys; sys.exit(sys.version_info < (3, 8))' 2>/dev/null ||
        give_up "found neither uv nor $wanted. Install one of them: https://docs.astral.sh/uv/ https://www.python.org/"
    say "getting uv $uv_pin into .tools/"
    rm -rf "$tools" && mkdir -p "$tools"
    install_uv "$1" >"$tools/install.log" 2>&1 || {
        cat "$tools/install.log" >&2
        give_up "could not install uv $uv_pin (see above). Install uv yourself: https://docs.astral.sh/uv/"
    }
}

# Debian's python3 comes without ensurepip and so without venv; `--target` asks for pip only, and makes bin/uv too.
install_uv() {
    { "$1" -m venv "$tools" && "$tools/bin/python" -m pip install "uv==$uv_pin"; } ||
        "$1" -m pip install --target "$tools" "uv==$uv_pin"
}

make_environment() {
    state=$(printf '%s\n' "$root" && cksum <"$root/uv.lock" && cksum <"$root/pyproject.toml")
    python=$venv/bin/python
    for stamp in "$venv/synced-$1" "$venv/synced-dev"; do
        [ -x "$python" ] && [ "$(cat "$stamp" 2>/dev/null)" = "$state" ] && return
    done
    sync_environment "$1"
    printf '%s\n' "$state" >"$venv/synced-$1"
}

sync_environment() {
    interpreter=$(find_python) || :
    find_uv "${interpreter:-python3}"
    if [ -z "$interpreter" ]; then
        say "found no $wanted (tried PATH, pyenv, uv); uv fetches one into .tools/"
        interpreter=3.13
        export UV_PYTHON_INSTALL_DIR="$tools/python"
    fi
    # Console scripts hold the absolute path of their environment: after a move it is made anew.
    for stamp in "$venv"/synced-*; do
        [ ! -e "$stamp" ] || [ "$(sed -n 1p "$stamp")" = "$root" ] || rm -rf "$venv"
    done
    say "making the environment in .venv with $interpreter"
    # `run` leaves what `test` has installed: else each would undo the other.
    [ "$1" = dev ] && groups="--group dev" || groups="--no-dev --inexact --extra mcp"
    # Compiled now, once: where Python may not write bytecode (containers often say so), each start would compile it all,
    # and a proxy be twice as long in coming up.
    # shellcheck disable=SC2086 # two words
    (
        unset VIRTUAL_ENV
        cd "$root" || exit
        UV_PROJECT_ENVIRONMENT=$venv "$uv" sync --frozen --quiet --compile-bytecode --python "$interpreter" $groups
    ) || give_up "uv could not make the environment (see above). $wanted, uv and, the first time, a network are needed."
    "$python" -m compileall -qq "$root/addon" "$root/transforms" || : # where the sources may not be written to, it goes on
}
