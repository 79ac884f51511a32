"""Asks a keyring, by its command or by the `keyring` distribution."""

import importlib
import subprocess
from collections.abc import Mapping

from siteroot.model.event import Warned
from siteroot.ports import Reporter

from .address import Login, show_url

#: How long the keyring may take: it may ask the person to unlock it.
_PATIENCE = 120.0

#: What would make the command import from a root (ROOT.md 6).
_KEPT_OUT = frozenset({"PYTHONPATH", "PYTHONHOME", "PYTHONSTARTUP"})


def ask_keyring(
    provider: str, service: str, username: str, variables: Mapping[str, str], reporter: Reporter
) -> Login | None:
    """Return the login that the keyring holds for a service (a URL or host), of any user where none is named.

    A keyring that is absent or fails is told and counts as an empty one.
    """
    if provider == "subprocess":
        return _ask_command(service, username, variables, reporter)
    return _ask_distribution(service, username, reporter)


def _ask_command(
    service: str, username: str, variables: Mapping[str, str], reporter: Reporter
) -> Login | None:
    command = ["keyring", "get", service, *([username] if username else ["--mode", "creds"])]
    environment = {name: value for name, value in variables.items() if name not in _KEPT_OUT}
    try:
        run = subprocess.run(  # noqa: S603 - the person asked for this command
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_PATIENCE,
            check=False,
        )
    except subprocess.TimeoutExpired:
        _warn(reporter, service, f"it did not answer within {_PATIENCE:.0f} s")
        return None
    except OSError as error:
        _warn(reporter, service, error.strerror or type(error).__name__)
        return None
    if run.returncode != 0:
        return None
    lines = run.stdout.decode("utf-8", "replace").splitlines()
    if username and lines:
        return Login(username, lines[0], "the keyring command")
    if not username and len(lines) > 1:
        return Login(lines[0], lines[1], "the keyring command")
    return None


def _ask_distribution(service: str, username: str, reporter: Reporter) -> Login | None:
    try:
        keyring = importlib.import_module("keyring")
        found = keyring.get_credential(service, username or None)
    except ImportError:
        _warn(reporter, service, "the `keyring` distribution is not installed beside siteroot")
        return None
    except Exception as error:  # noqa: BLE001 - a backend of any origin; its words may hold anything
        _warn(reporter, service, type(error).__name__)
        return None
    if found is None or not found.password:
        return None
    return Login(found.username or username, found.password, "the keyring")


def _warn(reporter: Reporter, service: str, reason: str) -> None:
    reporter.report(Warned(f"the keyring could not be asked for {show_url(service)}: {reason}"))
