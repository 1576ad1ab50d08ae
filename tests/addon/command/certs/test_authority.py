"""The bound authority is believed for LLM API hosts and for no other, by clients of every TLS library."""

import os
import shutil
import socket
import ssl
import stat
import subprocess
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from pyreqwest.client import SyncClientBuilder
from pyreqwest.exceptions import RequestError

from addon.command.certs.authority import ROOT_FILE, AuthorityExists, make_authority, read_authority
from addon.wire.hosts import KNOWN_HOSTS
from addon.wire.name_constraints import Subtrees
from tests.addon.command.certs.tls_server import leaf_file, serving

OURS, OTHER = "api.openai.com", "example.com"
_NODE = """
const [port, name] = process.argv.slice(1)
const socket = require("tls").connect({host: "127.0.0.1", port, servername: name}, () => process.exit(0))
socket.on("error", (error) => { console.error(error.code); process.exit(1) })
"""
_JAVA = """
import java.net.*; import javax.net.ssl.*;
class Ask {
    public static void main(String[] given) throws Exception {
        var plain = new Socket("127.0.0.1", Integer.parseInt(given[0]));
        var factory = (SSLSocketFactory) SSLSocketFactory.getDefault();
        try { ((SSLSocket) factory.createSocket(plain, given[1], 443, true)).startHandshake(); }
        catch (SSLException error) { System.err.println(error.getMessage()); System.exit(1); }
    }
}
"""

type Client = Callable[[Path, int, str], bool]


@pytest.fixture(scope="module")
def confdir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("authority")
    make_authority(folder, Subtrees.of_patterns(KNOWN_HOSTS))
    return folder


@pytest.fixture(scope="module")
def port(confdir: Path) -> Iterator[int]:
    with serving(confdir, OURS, OTHER) as listening:
        yield listening


def openssl(root: Path, port: int, host: str) -> bool:
    to = ["-connect", f"127.0.0.1:{port}", "-servername", host, "-verify_hostname", host]
    checks = ["-CAfile", str(root), "-no-CApath", "-verify_return_error", "-x509_strict"]
    return not subprocess.run(["openssl", "s_client", *to, *checks], input=b"", capture_output=True).returncode


def python_strict(root: Path, port: int, host: str) -> bool:
    context = ssl.create_default_context(cafile=root)
    context.verify_flags |= ssl.VERIFY_X509_STRICT
    context.verify_flags &= ~ssl.VERIFY_X509_PARTIAL_CHAIN
    try:
        with socket.create_connection(("127.0.0.1", port)) as plain, context.wrap_socket(plain, server_hostname=host):
            return True
    except ssl.SSLCertVerificationError:
        return False


def node(root: Path, port: int, host: str) -> bool:
    environment = {**os.environ, "NODE_EXTRA_CA_CERTS": str(root)}
    return not subprocess.run(["node", "-e", _NODE, str(port), host], env=environment, capture_output=True).returncode


def rustls(root: Path, port: int, host: str) -> bool:
    builder = SyncClientBuilder().no_proxy().add_root_certificate_pem(root.read_bytes()).timeout(timedelta(seconds=10))
    with builder.resolve(host, "127.0.0.1", port).build() as client:
        try:
            return client.get(f"https://{host}:{port}/").build().send().status == 200
        except RequestError as error:
            assert "certificate" in str(error.details), error
            return False


def java(root: Path, port: int, host: str) -> bool:
    store, source = root.parent / "trust.p12", root.parent / "Ask.java"
    source.write_text(_JAVA)
    if not store.exists():
        where = ["-keystore", str(store), "-storepass", "changeit", "-storetype", "PKCS12"]
        subprocess.run(
            ["keytool", "-importcert", "-noprompt", "-file", str(root), *where], check=True, capture_output=True
        )
    trust = [f"-Djavax.net.ssl.trustStore={store}", "-Djavax.net.ssl.trustStorePassword=changeit"]
    return not subprocess.run(["java", *trust, str(source), str(port), host], capture_output=True).returncode


@pytest.mark.parametrize(
    ("client", "program"),
    [(openssl, "openssl"), (python_strict, ""), (node, "node"), (rustls, ""), (java, "java")],
    ids=["openssl", "python_strict", "node", "rustls", "java"],
)
def test_it_is_believed_for_an_llm_host_and_for_no_other(
    confdir: Path, port: int, client: Client, program: str
) -> None:
    if program and not shutil.which(program):
        pytest.skip(f"{program} is not installed")
    root = confdir / ROOT_FILE
    assert client(root, port, OURS)
    assert not client(root, port, OTHER)


def test_names_below_the_listed_ones_are_believed_and_addresses_are_not(confdir: Path) -> None:
    root, issuer = confdir / ROOT_FILE, confdir / "issuer.pem"
    issuer.write_bytes((confdir / "mitmproxy-ca.pem").read_bytes())
    for host, believed in (("mine.openai.azure.com", True), ("azure.com", False), ("storage.googleapis.com", False)):
        check = ["openssl", "verify", "-x509_strict", "-CAfile", str(root), "-untrusted", str(issuer)]
        check.append(str(leaf_file(confdir, host)))
        assert (subprocess.run(check, capture_output=True).returncode == 0) is believed


def test_both_certificates_say_critically_what_they_may_and_the_roots_key_is_nowhere(confdir: Path) -> None:
    authority = read_authority(confdir)
    assert authority is not None and len(authority.certificates) == 2
    for certificate in authority.certificates:
        for kind in (x509.NameConstraints, x509.BasicConstraints, x509.KeyUsage):
            assert certificate.extensions.get_extension_for_class(kind).critical
    text = (confdir / "mitmproxy-ca.pem").read_text()
    assert text.count("PRIVATE KEY-----") == 2  # one key, its first and last line
    assert "PRIVATE KEY" not in (confdir / ROOT_FILE).read_text()


def test_the_key_is_readable_by_its_owner_only(confdir: Path) -> None:
    assert stat.S_IMODE((confdir / "mitmproxy-ca.pem").stat().st_mode) == 0o600


def test_an_authority_that_is_there_stays_unless_it_is_to_be_replaced(tmp_path: Path) -> None:
    make_authority(tmp_path, Subtrees.of_patterns(["a.example"]))
    before = (tmp_path / "mitmproxy-ca.pem").read_bytes()
    with pytest.raises(AuthorityExists, match=str(tmp_path)):
        make_authority(tmp_path, Subtrees.of_patterns(["b.example"]))
    assert (tmp_path / "mitmproxy-ca.pem").read_bytes() == before
    make_authority(tmp_path, Subtrees.of_patterns(["b.example"]), replace=True)
    assert (tmp_path / "mitmproxy-ca.pem.old").read_bytes() == before
    made = read_authority(tmp_path)
    assert made is not None and made.subtrees == Subtrees(("b.example",))
