"""Originals: the whole of what a lossy rewrite left parts of, as plain files that any agent's read tool or shell opens.

Content-addressed, in the state folder, readable by its owner only. A file is written before the request that names
it leaves, and removed 30 days after its last use, or earlier, oldest first, when all of them pass 512 MB.
"""

import hashlib
import os
import re
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

_FILE = re.compile(r"originals[/\\]{1,4}([0-9a-f]{12}\.txt)")
_KEEP_SECONDS = 30 * 86_400
_KEEP_BYTES = 512 * 1024 * 1024


class Originals:
    """The store of one state folder. Every method that touches the disk raises OSError when it cannot."""

    def __init__(self, home: Path) -> None:
        self._folder = home / "originals"

    def handle(self, text: str) -> str:
        """The path under which `text` is or would be kept."""
        digest = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=6).hexdigest()
        return str(self._folder / f"{digest}.txt")

    def named_in(self, text: str) -> set[str]:
        """The handles of ours that a text names."""
        return {str(self._folder / name) for name in _FILE.findall(text)}

    def save(self, texts: Iterable[tuple[str, str]]) -> None:
        """Keep texts under their handles; what is there already is marked as used."""
        for handle, text in texts:
            path = Path(handle)
            if path.exists():
                os.utime(path)
                continue
            for folder in (path.parent.parent, path.parent):
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            unfinished = path.with_suffix(f".{os.getpid()}")
            try:
                unfinished.touch(mode=0o600)
                unfinished.write_bytes(text.encode("utf-8", "surrogatepass"))
                unfinished.replace(path)
            except OSError:
                unfinished.unlink(missing_ok=True)
                raise

    def touch(self, text: str) -> None:
        """Mark the originals that a text names as used; best effort."""
        for handle in self.named_in(text):
            with suppress(OSError):
                os.utime(handle)

    def prune(self) -> None:
        """Remove what is too old or too much, least recently used first; best effort."""
        with suppress(OSError):
            found = sorted(((entry.stat(), entry) for entry in self._folder.iterdir()), key=lambda f: -f[0].st_mtime)
            oldest, size = time.time() - _KEEP_SECONDS, 0
            for stat, entry in found:
                size += stat.st_size
                if stat.st_mtime < oldest or size > _KEEP_BYTES:
                    entry.unlink(missing_ok=True)
