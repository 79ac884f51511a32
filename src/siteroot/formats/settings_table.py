"""The settings tables: `[tool.uv]`, `[tool.siteroot]` and uv.toml, which spell the same keys alike.

Paths and relative index locations count from the file's folder, as in uv. What is the project's own in `[tool.uv]`
(sources, workspace, groups ...) is read by `pyproject.py`.
"""

import posixpath
from collections.abc import Callable, Collection, Iterable

from siteroot.model.settings import IndexSetting, LinkMode, MirrorSetting, Settings
from siteroot.model.value import replace

from .build_settings import (
    read_config_settings,
    read_config_settings_package,
    read_requirements_package,
    read_variables_package,
)
from .reading import Table, parse_name, read_by_name

#: The keys of `[tool.uv]` that belong to a project: pyproject.toml may have them, uv.toml may not.
PROJECT_KEYS = frozenset({
    "build-backend", "conflicts", "default-groups", "dependency-groups", "dev-dependencies", "environments",
    "managed", "package", "required-environments", "sources", "workspace",
})  # fmt: skip

#: Those of both files that change what is resolved. uv reads them from pyproject.toml alone when it locks.
RESOLVER_KEYS = frozenset({
    "build-constraint-dependencies", "constraint-dependencies", "exclude-dependencies", "override-dependencies",
})  # fmt: skip

#: The settings of uv that siteroot reads, with uv's spelling.
SHARED_KEYS = frozenset({
    "allow-insecure-host", "cache-dir", "compile-bytecode", "concurrent-downloads", "config-settings",
    "config-settings-package", "dependency-metadata", "extra-build-dependencies", "extra-build-variables", "exclude-newer",
    "exclude-newer-package", "extra-index-url", "find-links", "fork-strategy", "http-proxy", "https-proxy", "index",
    "index-strategy", "index-url", "keyring-provider", "link-mode", "native-tls", "no-binary", "no-binary-package", "no-build",
    "no-build-isolation", "no-build-isolation-package", "no-build-package", "no-cache", "no-index", "no-proxy", "no-sources",
    "no-sources-package", "offline",
    "prerelease", "prerelease-package", "python-preference", "reinstall", "reinstall-package", "require-build-hashes",
    "resolution", "system-certs",
})  # fmt: skip

#: The settings of uv that mean nothing to siteroot.
_FOREIGN_KEYS = frozenset({
    "add-bounds", "audit", "cache-keys", "check-url", "concurrent-builds", "concurrent-installs",
    "preview", "preview-features",
    "publish-url", "pypy-install-mirror", "python-downloads", "python-downloads-json-url", "python-install-mirror",
    "required-version", "torch-backend", "trusted-publishing", "upgrade", "upgrade-package",
})  # fmt: skip

UV_KEYS = SHARED_KEYS | _FOREIGN_KEYS | RESOLVER_KEYS | PROJECT_KEYS | {"pip"}

#: The settings that `[tool.siteroot]` has and uv has not.
OWN_KEYS = frozenset({
    "break-system-packages", "build-network", "build-timeout", "durable", "exact", "http-connect-timeout", "http-retries",
    "http-timeout", "limit-members", "limit-size", "mirrors", "overwrite", "prefix", "pth", "pypackages", "require-hashes",
    "strict", "target",
    "tolerate-record",
})  # fmt: skip

_PRERELEASES = ("disallow", "allow", "if-necessary", "explicit", "if-necessary-or-explicit")


def read_shared_settings(table: Table, folder: str) -> Settings:
    """Return the settings of a table that uv and siteroot share; `folder` is the file's."""
    return Settings(
        link_mode=table.parsed("link-mode", _link_mode),
        compile_bytecode=table.boolean("compile-bytecode"),
        cache_dir=table.text("cache-dir"),
        no_cache=table.boolean("no-cache"),
        offline=table.boolean("offline"),
        reinstall=table.boolean("reinstall"),
        reinstall_package=table.parsed_texts("reinstall-package", parse_name),
        allow_insecure_host=table.texts("allow-insecure-host"),
        system_certs=_first(table.boolean("system-certs"), table.boolean("native-tls")),
        keyring_provider=table.parsed("keyring-provider", word("disabled", "subprocess", "import")),
        http_proxy=table.text("http-proxy"),
        https_proxy=table.text("https-proxy"),
        no_proxy=table.texts("no-proxy"),
        concurrent_downloads=_positive(table, "concurrent-downloads"),
        indexes=_indexes(table, folder),
        no_index=table.boolean("no-index"),
        index_strategy=table.parsed(
            "index-strategy", word("first-index", "unsafe-first-match", "unsafe-best-match")
        ),
        find_links=tuple(_location(text, folder) for text in table.texts("find-links")),
        no_build=table.boolean("no-build"),
        no_build_package=table.parsed_texts("no-build-package", parse_name),
        no_binary=table.boolean("no-binary"),
        no_binary_package=table.parsed_texts("no-binary-package", parse_name),
        config_settings=read_config_settings(table, "config-settings"),
        config_settings_package=read_config_settings_package(table, "config-settings-package"),
        no_build_isolation=table.boolean("no-build-isolation"),
        no_build_isolation_package=table.parsed_texts("no-build-isolation-package", parse_name),
        require_build_hashes=table.boolean("require-build-hashes"),
        extra_build_dependencies=read_requirements_package(table, "extra-build-dependencies"),
        extra_build_variables=read_variables_package(table, "extra-build-variables"),
        python_preference=table.parsed(
            "python-preference", word("only-managed", "managed", "system", "only-system")
        ),
        resolution=table.parsed("resolution", word("highest", "lowest", "lowest-direct")),
        prerelease=table.parsed("prerelease", word(*_PRERELEASES)),
        prerelease_package=read_by_name(table, "prerelease-package", _prerelease),
        fork_strategy=table.parsed("fork-strategy", word("fewest", "requires-python")),
        exclude_newer=_exclude_newer(table, "exclude-newer"),
        exclude_newer_package=read_by_name(table, "exclude-newer-package", _exclude_newer),
        no_sources=table.boolean("no-sources"),
        no_sources_package=table.parsed_texts("no-sources-package", parse_name),
        dependency_metadata=tuple(each.values for each in table.tables("dependency-metadata")),
    )


_MOST_SECONDS = 10**9


def read_siteroot_settings(table: Table, folder: str) -> Settings:
    """Return the settings of `[tool.siteroot]`. An unknown key is a fault that tells the near name."""
    known = SHARED_KEYS | OWN_KEYS
    for key in unknown_keys(table, known):
        table.fault(key, f"is no setting of siteroot{near(key, known)}")
    places = [key for key in ("target", "prefix", "pypackages") if table.values.get(key)]
    if len(places) > 1:
        table.fault("", f"has {' and '.join(places)}, but a root goes to one place")
    shared = read_shared_settings(table, folder)
    return replace(
        shared,
        target=_folder(table, "target", folder),
        prefix=_folder(table, "prefix", folder),
        cache_dir=_folder(table, "cache-dir", folder),
        pypackages=table.boolean("pypackages"),
        exact=table.boolean("exact"),
        overwrite=table.boolean("overwrite"),
        strict=table.boolean("strict"),
        durable=table.boolean("durable"),
        pth=table.parsed("pth", word("auto", "off")),
        break_system_packages=table.boolean("break-system-packages"),
        tolerate_record=table.parsed_texts("tolerate-record", parse_name),
        require_hashes=table.boolean("require-hashes"),
        build_network=table.parsed("build-network", word("any", "none")),
        build_timeout=table.integer("build-timeout"),
        limit_members=_positive(table, "limit-members"),
        limit_size=_positive(table, "limit-size"),
        mirrors=_mirrors(table, folder),
        http_retries=table.integer("http-retries"),
        http_timeout=_seconds(table, "http-timeout"),
        http_connect_timeout=_seconds(table, "http-connect-timeout"),
    )


def unknown_keys(table: Table, known: Collection[str]) -> tuple[str, ...]:
    """Return the table's keys that are none of the known, in the order of the text."""
    return tuple(key for key in table.values if key not in known)


def near(key: str, known: Iterable[str]) -> str:
    """Return "; did you mean `x`?" where a known key is near, else nothing."""
    from difflib import get_close_matches  # noqa: PLC0415 - for errors alone

    closest = get_close_matches(key, sorted(known), n=1)
    return f"; did you mean `{closest[0]}`?" if closest else ""


def word(*choices: str) -> Callable[[str], str]:
    """Return a parser that takes only these words and tells them."""

    def parse(text: str) -> str:
        if text in choices:
            return text
        raise ValueError(f"is `{text}` where one of {', '.join(choices)} is expected")

    return parse


def _link_mode(text: str) -> LinkMode:
    return LinkMode(word(*(mode.value for mode in LinkMode))(text))


def _first(value: bool | None, other: bool | None) -> bool | None:  # noqa: FBT001 - two readings of one setting
    return other if value is None else value


def _positive(table: Table, key: str) -> int | None:
    value = table.integer(key)
    if value == 0:
        table.fault(key, "is 0 where at least 1 is expected")
        return None
    return value


def _seconds(table: Table, key: str) -> float | None:
    value = table.values.get(key)
    if value is None:
        return None
    if (
        isinstance(value, bool)
        or not isinstance(value, int | float)
        or not 0 < value <= _MOST_SECONDS
    ):
        table.fault(key, "is not a number of seconds above 0, a thousand million at most")
        return None
    return float(value)


def _folder(table: Table, key: str, folder: str) -> str | None:
    text = table.text(key)
    if text == "":
        table.fault(key, "is empty where a folder is expected")
    return posixpath.join(folder, text) if text else None


def _location(text: str, folder: str) -> str:
    """Return a URL as it is, a path as counted from the file's folder."""
    if "://" in text or text.startswith("file:"):
        return text
    return posixpath.normpath(posixpath.join(folder, text))


def _indexes(table: Table, folder: str) -> tuple[IndexSetting, ...]:
    """Return `index`, then the older `extra-index-url`, then the older `index-url`: uv's order of precedence."""
    indexes: list[IndexSetting] = []
    for each in table.tables("index"):
        url = each.required("url", _not_empty)
        name = each.parsed("name", _index_name)
        explicit = each.boolean("explicit") or False
        if explicit and "name" not in each.values:
            each.fault("explicit", "is true, but the index has no name to ask for it by")
        kind = each.parsed("format", word("simple", "flat"))
        authenticate = each.parsed("authenticate", word("auto", "always", "never")) or "auto"
        cache_control = each.table_or_empty("cache-control")
        default = each.boolean("default") or False
        if name is not None and name in {one.name for one in indexes}:
            each.fault("name", f"is `{name}`, which another index has too")
        if default and any(one.default for one in indexes):
            each.fault("default", "is true, but another index is the default already")
        if url is not None:
            indexes.append(
                IndexSetting(
                    url=_location(url, folder),
                    name=name,
                    default=default,
                    explicit=explicit,
                    flat=kind == "flat",
                    authenticate=authenticate,
                    ignore_error_codes=_error_codes(each),
                    cache_control_api=cache_control.text("api"),
                    cache_control_files=cache_control.text("files"),
                )
            )
    extra = [IndexSetting(url=_location(url, folder)) for url in table.texts("extra-index-url")]
    main = table.text("index-url")
    last = [] if main is None else [IndexSetting(url=_location(main, folder), default=True)]
    return (*indexes, *extra, *last)


def _error_codes(table: Table) -> tuple[int, ...] | None:
    """Return the HTTP statuses that stand for a project that is not there, None where it is not said."""
    codes = table.values.get("ignore-error-codes")
    if codes is None:
        return None
    if isinstance(codes, list) and all(
        isinstance(code, int) and not isinstance(code, bool) and 100 <= code <= 999
        for code in codes
    ):
        return tuple(codes)
    table.fault("ignore-error-codes", "is no list of HTTP statuses")
    return None


def _mirrors(table: Table, folder: str) -> tuple[MirrorSetting, ...]:
    """Return `mirrors`, a table of the indexes that there are by the URLs of those that are not."""
    found = []
    inner = table.table_or_empty("mirrors")
    for replaced in inner.values:
        url = inner.parsed(replaced, _not_empty)
        if "://" not in replaced:
            inner.fault(replaced, "is not the URL of an index")
        elif url is not None:
            found.append(MirrorSetting(replaced=replaced, url=_location(url, folder)))
    return tuple(found)


def _not_empty(text: str) -> str:
    if not text.strip():
        raise ValueError("is empty")
    return text


def _index_name(text: str) -> str:
    if text and all(letter.isascii() and (letter.isalnum() or letter in "-_.") for letter in text):
        return text
    raise ValueError(f"is `{text}` where letters, digits, '-', '_' and '.' are expected")


def _prerelease(table: Table, key: str) -> str | None:
    return table.parsed(key, word(*_PRERELEASES))


def _exclude_newer(table: Table, key: str) -> str | None:
    """Return a time or a span as written; "false" where it is switched off."""
    if table.values.get(key) is False:
        return "false"
    return table.text(key)
