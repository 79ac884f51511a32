"""Certificates for servers on loopback, made on the spot by an authority that nobody else trusts."""

import ssl
from dataclasses import dataclass
from pathlib import Path

import trustme


@dataclass(frozen=True, slots=True)
class Authority:
    """A certificate authority and the folder that its files lie in."""

    authority: trustme.CA
    folder: Path

    @property
    def file(self) -> Path:
        """The authority's own certificate, as SSL_CERT_FILE takes it."""
        return self.folder / "authority.pem"

    def issue_server(
        self, *names: str, client_authority: "Authority | None" = None
    ) -> ssl.SSLContext:
        """Return the TLS settings of a server of these names; with an authority it wants a client certificate."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.authority.issue_cert(*(names or ("127.0.0.1", "localhost"))).configure_cert(context)
        if client_authority is not None:
            client_authority.authority.configure_trust(context)
            context.verify_mode = ssl.CERT_REQUIRED
        return context

    def issue_client(self, name: str = "client@example.org") -> Path:
        """Return a file with a client's certificate and key, as SSL_CLIENT_CERT takes it."""
        path = self.folder / "client.pem"
        self.authority.issue_cert(name).private_key_and_cert_chain_pem.write_to_path(path)
        return path


def make_authority(folder: Path) -> Authority:
    """Make a new authority; its certificate is written into the folder."""
    authority = Authority(trustme.CA(), folder)
    authority.authority.cert_pem.write_to_path(authority.file)
    return authority
