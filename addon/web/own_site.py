"""The site as a whole: its way in through the proxy, its ports on this machine, and what it says of itself."""

from pathlib import Path

from addon.web.beacon import Beacon
from addon.web.by_port import PortServer
from addon.web.by_proxy import ProxyDoor
from addon.web.sources import Sources


class PortTaken(Exception):
    """A port that a setting asks for is not to be had; the message names both."""

    def __init__(self, name: str, port: int, error: OSError) -> None:
        super().__init__(f"{name}={port}: {error}")


class Site:
    """Answers at `headroom.internal` and at the ports it is told."""

    def __init__(self, sources: Sources) -> None:
        self.door = ProxyDoor(sources)
        self._sources = sources
        self._ports: dict[str, PortServer] = {}
        self._beacon = Beacon()

    def serve(self, home: Path, **ports: int) -> None:
        """Be at these ports, by the names of their settings, and at no others. Raises `PortTaken`."""
        for name, port in ports.items():
            running = self._ports.get(name)
            if port == (running.port if running else 0):
                continue
            try:
                started = PortServer(self._sources, port) if port else None
            except OSError as error:
                raise PortTaken(name, port, error) from None
            if running:
                self._ports.pop(name).stop()
            if started:
                self._ports[name] = started
        self._beacon.show(home, ports.get("port", 0), self._sources.key)

    def stop(self, home: Path) -> None:
        """Take no more, anywhere."""
        self.door.stop()
        self.serve(home, **dict.fromkeys(self._ports, 0))
