"""What a file holds, told from its name.

Contract: pure, never raises; None where the name does not tell.
"""

import re

from transforms.contract import Kind
from transforms.routing.commands import names

_SOURCE = names(
    "py pyi pyx ipynb js jsx mjs cjs ts tsx mts cts vue svelte astro go rs c h cc cpp cxx hpp hh m mm swift kt kts"
    " java scala groovy gradle clj cljs ex exs erl hs ml mli fs fsx cs vb rb rake php pl pm lua r jl dart zig nim"
    " sh bash zsh fish bats ps1 bat cmd sql graphql proto thrift tf hcl nix cmake mk make bazel bzl dockerfile"
    " html htm xhtml css scss sass less svg xml xsl yaml yml toml ini cfg conf properties env editorconfig plist"
    " json5 jsonc md mdx rst adoc tex org kdl el vim asm s v sv vhdl sol tmpl tpl j2 jinja hbs ejs erb haml pug"
    " lock mod sum spec service desktop gitignore gitattributes gitmodules dockerignore npmrc"
)
_SOURCE_NAMES = names(
    "makefile gnumakefile dockerfile containerfile rakefile gemfile procfile justfile vagrantfile jenkinsfile"
    " cmakelists.txt requirements.txt codeowners license readme changelog .gitignore .env .bashrc .zshrc"
)
_DATA = {
    "json": Kind.JSON, "jsonl": Kind.JSON, "ndjson": Kind.JSON, "geojson": Kind.JSON, "har": Kind.JSON,
    "log": Kind.LOG, "out": Kind.LOG, "err": Kind.LOG,
    "csv": Kind.TABLE, "tsv": Kind.TABLE,
    "diff": Kind.DIFF, "patch": Kind.DIFF,
    "map": Kind.BLOB, "b64": Kind.BLOB, "pem": Kind.BLOB,
}  # fmt: skip
_EXTENSION = re.compile(r"\.(?P<extension>[A-Za-z0-9_]{1,12})$")


def file_kind(path: str) -> Kind | None:
    """What the file at `path` holds, by its name: CODE for what people write, the data's kind for data."""
    name = path.replace("\\", "/").rpartition("/")[2].lower()
    if name in _SOURCE_NAMES or name.startswith(("dockerfile", "makefile", ".env")):
        return Kind.CODE
    found = _EXTENSION.search(name)
    if found is None:
        return None
    return Kind.CODE if found["extension"] in _SOURCE else _DATA.get(found["extension"])
