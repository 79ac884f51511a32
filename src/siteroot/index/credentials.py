"""Which username and password go with a request: from the URL, an index setting, variables, netrc, the keyring.

As uv has it: those of the URL, of the index whose URL leads to the file's, and those that once served the same host go
with the first request; netrc and the keyring are asked only after a refusal, or at once for an index that says
`authenticate = "always"`. Each belongs to one scheme, host and port, and goes nowhere else.
"""

import netrc
import threading
from collections.abc import Iterator
from dataclasses import dataclass

from siteroot.fs import read_plain
from siteroot.model.event import Note, Warned
from siteroot.model.settings import IndexSetting
from siteroot.ports import Reporter

from .address import DEFAULT_PORTS, Address, Login, parse_address, split_url
from .keyrings import ask_keyring
from .options import FetchOptions


@dataclass(frozen=True, slots=True, kw_only=True)
class _KnownIndex:
    """An index as credentials see it: the part of the web that it speaks for, and its login."""

    address: Address
    root: str  # the path that its files lie under, ending in "/"
    label: str
    authenticate: str
    login: Login | None

    def leads_to(self, address: Address) -> bool:
        return address.origin == self.address.origin and address.path.startswith(self.root)


class Credentials:
    """All logins that are known or can be looked up. Safe for many threads; netrc and keyring are asked once."""

    def __init__(self, options: FetchOptions, reporter: Reporter) -> None:
        self._options = options
        self._reporter = reporter
        self._indexes = tuple(_read_indexes(options, reporter))
        self._lock = threading.Lock()
        self._proved: dict[tuple[str, str, int], Login] = {}
        self._found: dict[tuple[str, str], Login | None] = {}
        self._netrc: netrc.netrc | None = None
        self._netrc_read = False

    def at_once(self, address: Address) -> Login | None:
        """Return what goes with the first request to an address, None where nothing does."""
        index = self._index_of(address)
        if index is not None and index.authenticate == "never":
            return None
        known = address.login or (index.login if index else None)
        if known is None:
            known = self._proved.get(address.origin)
        if known is not None and not known.password:
            return next((login for login in self._look_up(address, known.username)), known)
        if known is None and index is not None and index.authenticate == "always":
            return next(self._look_up(address, ""), None)
        return known

    def after_refusal(self, address: Address, refused: Login | None) -> Iterator[Login]:
        """Yield what else may serve an address that was refused with `refused`, or without a login."""
        index = self._index_of(address)
        if (index is not None and index.authenticate == "never") or address.login is not None:
            return
        username = refused.username if refused is not None and not refused.password else ""
        tried = {(refused.username, refused.password)} if refused is not None else set()
        for login in self._look_up(address, username):
            if (login.username, login.password) not in tried:
                tried.add((login.username, login.password))
                yield login

    def keep(self, address: Address, login: Login) -> None:
        """Remember a login that a host accepted, for its next files."""
        self._proved[address.origin] = login

    def must_authenticate(self, address: Address) -> str | None:
        """Return the name of the index that wants no request without a login, None where one is fine."""
        index = self._index_of(address)
        return index.label if index is not None and index.authenticate == "always" else None

    def describe(self, address: Address) -> str:
        """Return in words where a login for an address was looked for."""
        index = self._index_of(address)
        places = []
        if index is not None:
            if index.authenticate == "never":
                return f'none, since {index.label} says `authenticate = "never"`'
            places.append(f"the setting of {index.label}")
        places.append("UV_INDEX_<NAME>_USERNAME and _PASSWORD")
        if self._options.netrc is not None:
            places.append(self._options.netrc)
        if self._options.keyring_provider in {"subprocess", "import"}:
            places.append("the keyring")
        return ", ".join(places)

    def _index_of(self, address: Address) -> _KnownIndex | None:
        """Return the index that speaks for an address, the one with the longest path where several do."""
        fitting = [index for index in self._indexes if index.leads_to(address)]
        return max(fitting, key=lambda index: len(index.root), default=None)

    def _look_up(self, address: Address, username: str) -> Iterator[Login]:
        """Yield logins for an address (of that user, where one is named) that cost a look: host, netrc, keyring."""
        for index in self._indexes:
            login = index.login
            if login is None or index.address.origin != address.origin:
                continue
            if login.password and username in {"", login.username}:
                yield login
        if (login := self._ask_netrc(address.host, username)) is not None:
            yield login
        if (login := self._ask_keyring(address, username)) is not None:
            yield login

    def _ask_netrc(self, host: str, username: str) -> Login | None:
        path = self._options.netrc
        if path is None:
            return None
        with self._lock:
            if not self._netrc_read:
                self._netrc_read = True
                self._netrc = self._read_netrc(path)
            found = self._netrc.authenticators(host) if self._netrc is not None else None
        if found is None or username not in {"", found[0]} or not found[2]:
            return None
        return Login(found[0], found[2], path)

    def _read_netrc(self, path: str) -> netrc.netrc | None:
        try:
            read_plain(path, 16 << 20)  # a pipe or a device would be waited for without end
            return netrc.netrc(path)
        except FileNotFoundError:
            return None
        except netrc.NetrcParseError as error:
            # its message can repeat the word that it stumbled over: a password
            reason = f"line {error.lineno} cannot be understood"
        except UnicodeDecodeError:
            reason = "it is not UTF-8"
        except OSError as error:
            reason = error.strerror or type(error).__name__
        self._reporter.report(Warned(f"{path} is left out of account: {reason}"))
        return None

    def _ask_keyring(self, address: Address, username: str) -> Login | None:
        """Return the keyring's login: for the index's URL or else the file's, or else the host, as uv asks."""
        index = self._index_of(address)
        provider = self._options.keyring_provider
        if provider not in {"subprocess", "import"}:
            return None
        if not username and (index is None or index.authenticate != "always"):
            self._reporter.report(
                Note(f"the keyring is not asked for {address.shown}, since no username is known", 2)
            )
            return None
        url = index.address.url if index is not None else address.url
        with self._lock:
            for service in (url, address.netloc):
                key = (service, username)
                if key not in self._found:
                    self._found[key] = ask_keyring(
                        provider, service, username, self._options.variables, self._reporter
                    )
                if (login := self._found[key]) is not None:
                    return login
        return None


def _read_indexes(options: FetchOptions, reporter: Reporter) -> Iterator[_KnownIndex]:
    for setting in options.indexes:
        if split_url(setting.url).scheme.lower() not in DEFAULT_PORTS:
            continue  # a folder
        address = parse_address(setting.url)
        label = f"index `{setting.name}`" if setting.name else f"index {address.shown}"
        login = _read_variables(setting, options) or (
            Login(address.login.username, address.login.password, f"the URL of {label}")
            if address.login
            else None
        )
        if login is not None and setting.authenticate == "never":
            text = f'{label} says `authenticate = "never"`: the credentials of {login.source} are not used'
            reporter.report(Warned(text))
            login = None
        path = address.path.rstrip("/")
        for ending in ("/simple", "/+simple"):
            path = path.removesuffix(ending)
        yield _KnownIndex(
            address=address,
            root=f"{path.rstrip('/')}/",
            label=label,
            authenticate=setting.authenticate,
            login=login,
        )


def _read_variables(setting: IndexSetting, options: FetchOptions) -> Login | None:
    """Return the login that UV_INDEX_<NAME>_USERNAME and _PASSWORD hold; SITEROOT_INDEX_… win."""
    if not setting.name:
        return None
    name = "".join(c if c.isascii() and c.isalnum() else "_" for c in setting.name).upper()
    for family in ("SITEROOT", "UV"):
        variable = f"{family}_INDEX_{name}"
        username = options.variables.get(f"{variable}_USERNAME", "")
        password = options.variables.get(f"{variable}_PASSWORD", "")
        if username or password:
            return Login(username, password, f"{variable}_USERNAME and _PASSWORD")
    return None
