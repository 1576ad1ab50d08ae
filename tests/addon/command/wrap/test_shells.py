"""What is printed for a shell sets exactly the values given, whatever is in them."""

import shutil
import subprocess

import pytest

from addon.command.wrap.shells import forgotten_by, told_to, usual_shell

_VALUES = {"A_PATH": "/with a blank/and 'quotes'", "A_URL": "http://127.0.0.1:8080", "A_SIGN": "$HOME\\n`x`"}
_PRINT = 'printf \'%s|%s|%s\' "$A_PATH" "$A_URL" "$A_SIGN"'


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_shell_that_reads_it_has_the_values_and_has_them_no_more_afterwards(shell: str) -> None:
    if not shutil.which(shell):
        pytest.skip(f"{shell} is not installed")
    lines = told_to(shell, _VALUES) + _PRINT + "\n" + forgotten_by(shell, _VALUES) + _PRINT
    done = subprocess.run([shell, "-c", lines], capture_output=True, text=True, check=True, env={"PATH": "/bin"})
    assert done.stdout == "|".join(_VALUES.values()) + "||"


def test_fish_and_powershell_have_their_own_quotes() -> None:
    assert told_to("fish", {"A": "it's \\"}) == "set -gx A 'it\\'s \\\\'\n"
    assert told_to("powershell", {"A": "it's"}) == "$env:A = 'it''s'\n"
    assert forgotten_by("powershell", ["A"]) == "Remove-Item Env:A -ErrorAction SilentlyContinue\n"


@pytest.mark.parametrize(("given", "shell"), [("/usr/bin/fish", "fish"), ("/bin/dash", "bash"), ("", "bash")])
def test_the_shell_is_the_users(given: str, shell: str) -> None:
    assert usual_shell({"SHELL": given}) == shell
