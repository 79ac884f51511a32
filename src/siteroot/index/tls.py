"""What is trusted, and what is shown of ourselves, when a connection is encrypted."""

import os
import ssl

from siteroot.errors import UsageError
from siteroot.model.event import Warned
from siteroot.ports import Reporter

from .options import FetchOptions


class UnusableCertificateError(UsageError):
    """A certificate file or folder that a variable names cannot be used."""


def make_context(
    options: FetchOptions, reporter: Reporter, *, verify: bool = True
) -> ssl.SSLContext:
    """Return the TLS settings of all connections to hosts that are verified, or that need not be.

    SSL_CERT_FILE and SSL_CERT_DIR replace the certificates of Python's own store; one that does not exist is told
    and left out, as uv does. Raises UnusableCertificateError where SSL_CERT_FILE holds no certificate.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    if verify:
        _load_authorities(context, options, reporter)
    else:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if options.ssl_client_cert:
        _load_client_certificate(context, options.ssl_client_cert, reporter)
    return context


def _load_authorities(context: ssl.SSLContext, options: FetchOptions, reporter: Reporter) -> None:
    file, folder = options.ssl_cert_file, options.ssl_cert_dir
    if file and not os.path.isfile(file):
        reporter.report(Warned(f"SSL_CERT_FILE is left out of account: there is no file {file}"))
        file = None
    folders = [name for name in (folder or "").split(os.pathsep) if name]
    for name in [name for name in folders if not os.path.isdir(name)]:
        reporter.report(Warned(f"SSL_CERT_DIR is left out of account: there is no folder {name}"))
        folders.remove(name)
    if not file and not folders:
        context.load_default_certs()
        return
    try:
        if file:
            context.load_verify_locations(cafile=file)
        for name in folders:
            context.load_verify_locations(capath=name)
    except (OSError, ssl.SSLError) as error:
        raise UnusableCertificateError(
            f"no certificate can be read from it: {_reason(error)}",
            where=file,
            hints=("SSL_CERT_FILE, or --cert, has to name a file of certificates in PEM form.",),
        ) from None


def _load_client_certificate(context: ssl.SSLContext, path: str, reporter: Reporter) -> None:
    try:
        # the empty password keeps OpenSSL from asking the terminal for one
        context.load_cert_chain(path, password="")
    except (OSError, ssl.SSLError) as error:
        reporter.report(
            Warned(
                f"SSL_CLIENT_CERT is left out of account: {path} holds no certificate with its "
                f"unencrypted key in PEM form ({_reason(error)})"
            )
        )


def _reason(error: OSError) -> str:
    return error.strerror or getattr(error, "reason", "") or type(error).__name__
