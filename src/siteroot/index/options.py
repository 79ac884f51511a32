"""What a person said about the network, in one value."""

from collections.abc import Mapping

from siteroot.model.settings import IndexSetting
from siteroot.model.value import dataclass, field

from .hosts import Proxies


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchOptions:
    """How files are fetched. Defaults are uv's; times are in seconds.

    `variables` is the environment: UV_INDEX_<NAME>_USERNAME and _PASSWORD are read from it (SITEROOT_INDEX_… first),
    and the `keyring` command runs in it. `netrc` is a path: NETRC, else ~/.netrc. `ssl_cert_file`, `ssl_cert_dir` and
    `ssl_client_cert` are paths, as the variables of these names have them. `system_certs` is uv's word for the
    system's certificates instead of bundled ones; siteroot bundles none and always takes those of Python's `ssl`, so
    that it changes nothing. `keyring_provider` is "disabled", "subprocess" or "import".
    """

    offline: bool = False
    retries: int = 3
    timeout: float = 30.0
    connect_timeout: float = 10.0
    concurrent_downloads: int = 50
    allow_insecure_hosts: tuple[str, ...] = ()
    system_certs: bool = False
    proxies: Proxies = field(default_factory=Proxies)
    netrc: str | None = None
    variables: Mapping[str, str] = field(default_factory=dict, repr=False)
    indexes: tuple[IndexSetting, ...] = field(default=(), repr=False)
    keyring_provider: str | None = None
    ssl_cert_file: str | None = None
    ssl_cert_dir: str | None = None
    ssl_client_cert: str | None = None
    user_agent: str = "siteroot"
