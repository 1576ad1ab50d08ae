"""The one form in which a gap is named: `[lines 120-480 omitted: 361 INFO lines; full text: HANDLE]`.

The first marker in a block carries the handle, the later ones belong to the same whole and stay short.
Markers found in content are never trusted as ours. Proofs read those of a rewrite, against its original; a
transform whose gaps lie within lines writes the same form there.
"""

from dataclasses import dataclass, field

from transforms.contract import Omission


@dataclass(slots=True)
class Markers:
    """Writes the markers of one block and keeps the list of what was left out."""

    handle: str
    """Where the whole text is: a path or a URL."""
    omitted: list[Omission] = field(default_factory=list)

    def gap(self, first: int, last: int, what: str = "", unit: str = "lines") -> str:
        """Name the gap from `first` to `last` (inclusive, in `unit`); `what` says what was there."""
        where = f"{unit} {first}-{last}" if last > first else f"{unit.removesuffix('s')} {first}"
        told = f": {what}" if what else ""
        source = "" if self.omitted else f"; full text: {self.handle}"
        self.omitted.append(Omission(unit, first, last))
        return f"[{where} omitted{told}{source}]"
