"""The one table of the command line: every option, its variables, its setting, its words.

The parser (`arguments`), the variable reader (`variables`), `--help` (`guide`) and the reference in docs/ (`reference`)
are all made from it, so that they cannot disagree. Where uv has an option, its name and meaning are uv's.
"""

from siteroot.model.value import replace

from .option import Contradiction, Farther, Kind, Option, Section, both
from .pip_options import COMPILE, INSTALLING, PIP_COMMANDS, PIP_OPTIONS, PRERELEASES, SHARED_FIELDS

SYNC = "sync"
CACHE_COMMANDS = ("cache dir", "cache size", "cache prune", "cache clean")
COMMANDS = (SYNC, *CACHE_COMMANDS, *PIP_COMMANDS)

#: The words that only stand before other words, with these.
GROUPS = {
    group: tuple(name.partition(" ")[2] for name in COMMANDS if name.startswith(f"{group} "))
    for group in ("cache", "pip")
}
#: The commands that take words of their own: names of distributions.
WORDED = ("cache clean", COMPILE, "pip install", "pip show", "pip sync", "pip uninstall")
_ROOTED = (SYNC, *(name for name in PIP_COMMANDS if name != COMPILE))  # what works on a root
_CHANGING = (SYNC, "pip uninstall", *INSTALLING)

_NO_LOCKING = "siteroot does not lock: run `uv lock` with it, then sync the lock that it writes"
_NO_DOWNLOADS = "siteroot never downloads a Python: leave it out"
_UVS_OWN = "it is about uv itself: leave it out"
_RESOLUTIONS = ("highest", "lowest", "lowest-direct")

S, T, N, L, M, C = Kind.SWITCH, Kind.TEXT, Kind.NUMBER, Kind.LIST, Kind.NAMES, Kind.COUNT
ROOT, LOCK, SELECTION, PYTHON = Section.ROOT, Section.LOCK, Section.SELECTION, Section.PYTHON
INSTALLER, BUILD, NETWORK = Section.INSTALLER, Section.BUILD, Section.NETWORK
CACHE, OUTPUT, GLOBAL = Section.CACHE, Section.OUTPUT, Section.GLOBAL

# fmt: off
_ROWS = (
    # -- where the root goes (ROOT.md 1)
    Option(("--target",), ROOT, T, "Make DIR the site root: distributions in DIR, their scripts in DIR/bin.",
           metavar="DIR", aliases=("-t",), variables=("SITEROOT_TARGET",), setting="target", own_setting=True, own=True, commands=_ROOTED),
    Option(("--prefix",), ROOT, T, "Make DIR a prefix: distributions in DIR/lib/pythonX.Y/site-packages, scripts in DIR/bin.",
           metavar="DIR", variables=("SITEROOT_PREFIX",), setting="prefix", own_setting=True, own=True, commands=_ROOTED),
    Option(("--pypackages",), ROOT, S, "Use __pypackages__/X.Y beside pyproject.toml (PEP 582), as `sync` does when nothing else is said.",
           setting="pypackages", own_setting=True, own=True, commands=_ROOTED),
    Option(("--system",), ROOT, S, "Use the site-packages of the Python itself. With --target or --prefix it only picks that Python.",
           own=True),
    Option(("--no-system",), ROOT, S, "", into="system", value=False, own=True),
    Option(("--break-system-packages",), ROOT, S, "Change a Python that its operating system manages (EXTERNALLY-MANAGED).",
           variables=both("BREAK_SYSTEM_PACKAGES"), setting="break-system-packages", own_setting=True, own=True, commands=_CHANGING),
    Option(("--no-break-system-packages",), ROOT, S, "", into="break_system_packages", value=False, own=True, commands=_CHANGING),
    Option(("--active",), ROOT, S, "Use the site-packages of the virtual environment that VIRTUAL_ENV names."),
    Option(("--no-active",), ROOT, S, "", into="active", value=False),
    # -- the lock
    Option(("--frozen",), LOCK, S, "Use the lock as it is, without asking whether it still fits pyproject.toml.",
           variables=both("FROZEN")),
    Option(("--locked",), LOCK, S, "Compare the lock with pyproject.toml first, and fail if it no longer fits.",
           variables=both("LOCKED")),
    Option(("--lock",), LOCK, T, "Read this lock: a uv.lock or a pylock.toml. [default: uv.lock of the workspace, else its pylock.toml]",
           metavar="FILE", variables=("SITEROOT_LOCK",), own=True),
    Option(("--require-hashes",), BUILD, S, "Refuse every file that no strong hash is told of beforehand, instead of warning.",
           variables=both("REQUIRE_HASHES"), setting="require-hashes", own_setting=True, own=True),
    Option(("--no-require-hashes",), BUILD, S, "", into="require_hashes", value=False, own=True),
    Option(("-U", "--upgrade"), LOCK, S, "", refused=_NO_LOCKING),
    Option(("-P", "--upgrade-package"), LOCK, L, "", refused=_NO_LOCKING),
    Option(("--upgrade-group",), LOCK, L, "", refused=_NO_LOCKING),
    Option(("--resolution",), LOCK, T, "", refused=_NO_LOCKING, into="flag_resolution"),
    Option(("--prerelease",), LOCK, T, "", refused=_NO_LOCKING, into="flag_prerelease"),
    Option(("--pre",), LOCK, S, "", refused=_NO_LOCKING),
    Option(("--prerelease-package",), LOCK, L, "", refused=_NO_LOCKING),
    Option(("--fork-strategy",), LOCK, T, "", refused=_NO_LOCKING, into="flag_fork_strategy"),
    Option(("--exclude-newer",), LOCK, T, "", refused=_NO_LOCKING, into="flag_exclude_newer"),
    Option(("--exclude-newer-package",), LOCK, L, "", refused=_NO_LOCKING),
    Option(("--no-sources",), LOCK, S, "", refused=_NO_LOCKING, into="flag_no_sources"),
    Option(("--no-sources-package",), LOCK, L, "", refused=_NO_LOCKING, into="flag_no_sources_package"),
    Option(("--index-strategy",), LOCK, T, "", refused=_NO_LOCKING, into="flag_index_strategy"),
    # what a lock was resolved with: compared where its freshness is judged
    Option((), LOCK, T, "The resolution that the lock was made with.", into="resolution",
           choices=_RESOLUTIONS, variables=both("RESOLUTION"), setting="resolution"),
    Option((), LOCK, T, "The pre-releases that the lock was made with.", into="prerelease",
           choices=PRERELEASES, variables=both("PRERELEASE"), setting="prerelease"),
    Option((), LOCK, T, "The fork strategy that the lock was made with.", into="fork_strategy",
           choices=("fewest", "requires-python"), variables=both("FORK_STRATEGY"), setting="fork-strategy"),
    Option((), LOCK, T, "The date that the lock was made with.", into="exclude_newer",
           variables=both("EXCLUDE_NEWER"), setting="exclude-newer"),
    Option((), LOCK, S, "Whether the lock was made without [tool.uv.sources].", into="no_sources",
           variables=both("NO_SOURCES"), setting="no-sources"),
    Option((), LOCK, M, "The distributions whose sources the lock was made without.", into="no_sources_package",
           variables=both("NO_SOURCES_PACKAGE"), setting="no-sources-package"),
    Option((), LOCK, L, "The pre-releases of single distributions that the lock was made with.", into="prerelease_package",
           setting="prerelease-package"),
    Option((), LOCK, L, "The dates of single distributions that the lock was made with.", into="exclude_newer_package",
           setting="exclude-newer-package"),
    Option((), LOCK, L, "Metadata that the lock was made with, in place of a distribution's own.", into="dependency_metadata",
           setting="dependency-metadata"),
    # -- what is installed
    Option(("--extra",), SELECTION, M, "Include the optional dependencies of this extra. May be said again, or be a list with commas.",
           metavar="EXTRA", separator=","),
    Option(("--all-extras",), SELECTION, S, "Include the optional dependencies of every extra."),
    Option(("--no-all-extras",), SELECTION, S, "", into="all_extras", value=False),
    Option(("--no-extra",), SELECTION, M, "Leave this extra out of --all-extras.", metavar="EXTRA"),
    Option(("--group",), SELECTION, M, "Include this dependency group.", metavar="GROUP"),
    Option(("--no-group",), SELECTION, M, "Leave this dependency group out, whatever includes it.",
           metavar="GROUP", variables=both("NO_GROUP")),
    Option(("--only-group",), SELECTION, M, "Install this dependency group alone, without the project and its dependencies.",
           metavar="GROUP"),
    Option(("--all-groups",), SELECTION, S, "Include every dependency group."),
    Option(("--no-default-groups",), SELECTION, S, "Leave out the default groups (tool.uv.default-groups; the group dev where that is not set).",
           variables=both("NO_DEFAULT_GROUPS")),
    Option(("--dev",), SELECTION, S, "Include the group dev, as is the default.", into="dev", variables=both("DEV")),
    Option(("--no-dev",), SELECTION, S, "Leave out the group dev.", into="dev", value=False, variables=both("NO_DEV")),
    Option(("--only-dev",), SELECTION, S, "Install the group dev alone, without the project and its dependencies."),
    Option(("--package",), SELECTION, M, "Sync for this member of the workspace. May be said again.", metavar="MEMBER"),
    Option(("--all-packages",), SELECTION, S, "Sync for all members of the workspace."),
    Option(("--no-install-project",), SELECTION, S, "Do not install the project itself; its dependencies are installed.",
           variables=both("NO_INSTALL_PROJECT")),
    Option(("--no-install-workspace",), SELECTION, S, "Do not install members of the workspace, the project included; their dependencies are installed.",
           variables=both("NO_INSTALL_WORKSPACE")),
    Option(("--no-install-local",), SELECTION, S, "Do not install what comes from a local path: members, path and editable dependencies.",
           variables=both("NO_INSTALL_LOCAL")),
    Option(("--no-install-package",), SELECTION, M, "Do not install this distribution; its dependencies are installed.", metavar="NAME"),
    Option(("--only-install-project",), SELECTION, S, "Install the project alone.",
           variables=both("ONLY_INSTALL_PROJECT")),
    Option(("--only-install-workspace",), SELECTION, S, "Install the members of the workspace alone.",
           variables=both("ONLY_INSTALL_WORKSPACE")),
    Option(("--only-install-local",), SELECTION, S, "Install what comes from a local path alone.",
           variables=both("ONLY_INSTALL_LOCAL")),
    Option(("--only-install-package",), SELECTION, M, "Install this distribution alone.", metavar="NAME"),
    Option(("--no-editable",), SELECTION, S, "Install projects as built copies, not as links to their sources.",
           variables=both("NO_EDITABLE")),
    Option(("--editable",), SELECTION, S, "", into="no_editable", value=False),
    Option(("--no-editable-package",), SELECTION, M, "Install this project as a built copy.", metavar="NAME", separator=" "),
    Option(("--script",), SELECTION, T, "",
           refused="siteroot does not read scripts (PEP 723): `uv export --script FILE -o pylock.toml`, then --lock pylock.toml"),
    # -- the Python
    Option(("-p", "--python"), PYTHON, T, "The Python that the root is made for: a version, a name or a path.",
           metavar="PYTHON", variables=("UV_PYTHON",), empty_is_unset=True, commands=_ROOTED),
    Option(("--python-version",), PYTHON, T, "The version that the root is made for (3.12), with or without such a Python on this machine. It holds where --python names another one, which then says all but the version.",
           metavar="X.Y", own=True, commands=(SYNC, "pip check")),
    Option(("--python-platform",), PYTHON, T, "The platform that the root is made for: linux, macos, windows, x86_64-manylinux_2_28 and the like; uv's names.",
           metavar="PLATFORM", commands=(SYNC, "pip check")),
    Option(("--managed-python",), PYTHON, S, "Use Pythons that uv installed, no others.",
           into="managed_python", variables=both("MANAGED_PYTHON"), commands=COMMANDS),
    Option(("--no-managed-python",), PYTHON, S, "Do not use Pythons that uv installed.",
           into="managed_python", value=False, variables=both("NO_MANAGED_PYTHON"), commands=COMMANDS),
    Option(("--python-preference",), PYTHON, T, "Which Pythons are preferred.", metavar="PREFERENCE",
           choices=("only-managed", "managed", "system", "only-system"),
           variables=both("PYTHON_PREFERENCE"), setting="python-preference", commands=COMMANDS),
    Option(("--no-python-downloads",), PYTHON, S, "Do not download a Python; siteroot never does.", commands=COMMANDS),
    Option(("--allow-python-downloads",), PYTHON, S, "", refused=_NO_DOWNLOADS, commands=COMMANDS),
    Option(("--python-fetch",), PYTHON, T, "", refused=_NO_DOWNLOADS, commands=COMMANDS),
    # -- how it is installed
    Option(("--inexact",), INSTALLER, S, "Keep distributions that nothing here asks for.",
           into="exact", value=False, aliases=("--no-exact",)),
    Option(("--exact",), INSTALLER, S, "Remove what nothing here asks for, whoever installed it.",
           setting="exact", own_setting=True),
    Option(("--overwrite",), INSTALLER, S, "Replace files of nobody that stand where a file must go, instead of refusing.",
           variables=("SITEROOT_OVERWRITE",), setting="overwrite", own_setting=True, own=True),
    Option(("--no-overwrite",), INSTALLER, S, "", into="overwrite", value=False, own=True),
    Option(("--strict",), INSTALLER, S, "Refuse two distributions that bring different bytes for one path, instead of warning.",
           variables=("SITEROOT_STRICT",), setting="strict", own_setting=True, own=True),
    Option(("--no-strict",), INSTALLER, S, "", into="strict", value=False, own=True),
    Option(("--link-mode",), INSTALLER, T, "How files come from the cache into the root; clone is hardlink where the disk cannot, hardlink is copy. [default: clone]",
           metavar="MODE", choices=("clone", "copy", "hardlink", "symlink"), variables=both("LINK_MODE"), setting="link-mode"),
    Option(("--pth",), INSTALLER, T, "Whether a sitecustomize.py makes .pth files work from PYTHONPATH. [default: auto, where there are some]",
           metavar="WHEN", choices=("auto", "off"), variables=("SITEROOT_PTH",), setting="pth", own_setting=True, own=True),
    Option(("--tolerate-record",), INSTALLER, M, "Take this distribution though its RECORD is wrong, with a warning.",
           metavar="NAME", variables=("SITEROOT_TOLERATE_RECORD",), setting="tolerate-record", own_setting=True, own=True),
    Option((), INSTALLER, N, "How many members one wheel may have.", into="limit_members", least=1,
           variables=("SITEROOT_LIMIT_MEMBERS",), setting="limit-members", own_setting=True, own=True),
    Option((), INSTALLER, N, "How many bytes one wheel may unpack to.", into="limit_size", least=1,
           variables=("SITEROOT_LIMIT_SIZE",), setting="limit-size", own_setting=True, own=True),
    Option(("--reinstall",), INSTALLER, S, "Install everything anew. Implies --refresh.", aliases=("--force-reinstall",),
           setting="reinstall"),
    Option(("--no-reinstall",), INSTALLER, S, "", into="reinstall", value=False),
    Option(("--reinstall-package",), INSTALLER, M, "Install this distribution anew. Implies --refresh-package.", metavar="NAME",
           setting="reinstall-package"),
    Option(("--check",), INSTALLER, S, "Change nothing; exit 1 if the root is not as asked. It looks at which files are there, and fetches no wheel where the root alone tells."),
    Option(("--no-check",), INSTALLER, S, "", into="check", value=False),
    Option(("--dry-run",), INSTALLER, S, "Change nothing; say what would be done. Wheels that the cache lacks are fetched, to look into them.", commands=_CHANGING),
    Option(("--compile-bytecode",), INSTALLER, S, "Place bytecode beside the modules. Each wheel is compiled once, and its bytecode kept in the cache.",
           aliases=("--compile",), variables=both("COMPILE_BYTECODE"), setting="compile-bytecode"),
    Option(("--no-compile-bytecode",), INSTALLER, S, "Leave bytecode to the interpreter, as is the default.", into="compile_bytecode",
           value=False, aliases=("--no-compile",)),
    Option((), INSTALLER, N, "How many seconds one module may take to compile; 0 is any time. [default: 60]", into="compile_bytecode_timeout",
           variables=both("COMPILE_BYTECODE_TIMEOUT")),
    Option(("--verify",), INSTALLER, S, "Read every file of the root, compare it with what was placed, and mend what differs. With --check: exit 1 if one differs.",
           variables=("SITEROOT_VERIFY",), own=True),
    Option(("--no-verify",), INSTALLER, S, "", into="verify", value=False, own=True),
    Option(("--durable",), INSTALLER, S, "Wait for the disk at each step of a change, so that losing power leaves the old root or the new one too.",
           variables=("SITEROOT_DURABLE",), setting="durable", own_setting=True, own=True, commands=_CHANGING),
    Option(("--no-durable",), INSTALLER, S, "", into="durable", value=False, own=True, commands=_CHANGING),
    # -- wheels and builds
    Option(("--no-build",), BUILD, S, "Do not build from sdists.", variables=both("NO_BUILD"), setting="no-build"),
    Option(("--build",), BUILD, S, "", into="no_build", value=False),
    Option(("--no-build-package",), BUILD, M, "Do not build this distribution from an sdist.", metavar="NAME", separator=" ",
           variables=both("NO_BUILD_PACKAGE"), setting="no-build-package"),
    Option(("--no-binary",), BUILD, S, "Do not install wheels.", variables=both("NO_BINARY"), setting="no-binary"),
    Option(("--binary",), BUILD, S, "", into="no_binary", value=False),
    Option(("--no-binary-package",), BUILD, M, "Do not install this distribution from a wheel.", metavar="NAME", separator=" ",
           variables=both("NO_BINARY_PACKAGE"), setting="no-binary-package"),
    Option(("-C", "--config-setting"), BUILD, L, "Hand this setting to every build backend.", into="config_settings",
           metavar="KEY=VALUE", aliases=("--config-settings",), setting="config-settings"),
    Option(("--config-settings-package",), BUILD, L, "Hand this setting to the build backend of this distribution.",
           metavar="NAME:KEY=VALUE", aliases=("--config-setting-package",), setting="config-settings-package"),
    Option(("--no-build-isolation",), BUILD, S, "Let build backends see the selected distributions in place of what they say they need.",
           variables=both("NO_BUILD_ISOLATION"), setting="no-build-isolation"),
    Option(("--build-isolation",), BUILD, S, "", into="no_build_isolation", value=False),
    Option(("--no-build-isolation-package",), BUILD, M, "The same for the build backend of this distribution.", metavar="NAME",
           setting="no-build-isolation-package"),
    Option(("--build-network",), BUILD, T, "Whether builds see a network; none takes a kernel with network namespaces. [default: any]",
           metavar="WHICH", choices=("any", "none"), variables=("SITEROOT_BUILD_NETWORK",), setting="build-network",
           own_setting=True, own=True),
    Option((), BUILD, N, "How many seconds one hook of a build backend may take; 0 is any time. [default: 0]", into="build_timeout",
           variables=("SITEROOT_BUILD_TIMEOUT",), setting="build-timeout", own_setting=True, own=True),
    Option((), BUILD, N, "", into="concurrent_builds", refused="siteroot runs builds one after another",
           variables=both("CONCURRENT_BUILDS")),
    Option((), BUILD, L, "What builds need beside what their backends say, by distribution.", into="extra_build_dependencies",
           setting="extra-build-dependencies"),
    Option((), BUILD, L, "Environment variables of builds, by distribution.", into="extra_build_variables",
           setting="extra-build-variables"),
    Option(("--require-build-hashes",), BUILD, S, "Build with nothing but what `build-constraint-dependencies` gives a hash of.",
           setting="require-build-hashes"),
    Option(("--no-require-build-hashes",), BUILD, S, "", into="require_build_hashes", value=False),
    # -- the network
    Option(("--offline",), NETWORK, S, "Use no network: what the cache and local files have, or an error.",
           variables=both("OFFLINE"), setting="offline", commands=COMMANDS),
    Option(("--no-offline",), NETWORK, S, "", into="offline", value=False, commands=COMMANDS),
    Option(("--index",), NETWORK, L, "An index, as NAME=URL or URL. To `sync` it only says credentials: the lock says where files are.",
           metavar="INDEX", separator=" ", variables=both("INDEX"), setting="index"),
    Option(("--default-index",), NETWORK, T, "The default index, in PyPI's place.", metavar="INDEX",
           variables=both("DEFAULT_INDEX"), empty_is_unset=True),
    Option(("-i", "--index-url"), NETWORK, T, "The default index (older word).", metavar="URL",
           variables=both("INDEX_URL"), empty_is_unset=True, setting="index-url"),
    Option(("--extra-index-url",), NETWORK, L, "One more index (older word).", metavar="URL", separator=" ",
           variables=both("EXTRA_INDEX_URL"), setting="extra-index-url"),
    Option(("-f", "--find-links"), NETWORK, L, "A folder or page with links to distributions.", metavar="PLACE", separator=",",
           variables=both("FIND_LINKS"), variable_separator=",", setting="find-links"),
    Option(("--no-index",), NETWORK, S, "Ignore indexes.", setting="no-index"),
    Option(("--mirror",), NETWORK, L, "Fetch files of the index FROM, or from below the URL FROM, from the index TO, by name and hash.",
           metavar="FROM=TO", separator=" ", variables=("SITEROOT_MIRROR",), setting="mirrors", own_setting=True, own=True),
    Option((), NETWORK, T, "Which of several indexes that know a distribution count, where one is looked for.", into="index_strategy",
           choices=("first-index", "unsafe-first-match", "unsafe-best-match"), variables=both("INDEX_STRATEGY"), setting="index-strategy"),
    Option(("--keyring-provider",), NETWORK, T, "Ask the keyring for credentials.", metavar="PROVIDER",
           choices=("disabled", "subprocess", "import"), variables=both("KEYRING_PROVIDER"), setting="keyring-provider"),
    Option(("--allow-insecure-host",), NETWORK, L, "Do not check this host's certificate, and send it credentials without encryption.",
           metavar="HOST", aliases=("--trusted-host",), separator=" ", variables=both("INSECURE_HOST"), setting="allow-insecure-host", commands=COMMANDS),
    Option(("--system-certs",), NETWORK, S, "Trust the certificates that the system trusts; siteroot does in any case.",
           aliases=("--native-tls",), variables=(*both("SYSTEM_CERTS"), "UV_NATIVE_TLS"), setting="system-certs", commands=COMMANDS),
    Option(("--no-system-certs",), NETWORK, S, "", into="system_certs", value=False, aliases=("--no-native-tls",), commands=COMMANDS),
    Option((), NETWORK, N, "How many downloads run at once. [default: 50]", into="concurrent_downloads", least=1, empty_is_unset=True,
           variables=both("CONCURRENT_DOWNLOADS"), setting="concurrent-downloads"),
    Option((), NETWORK, N, "How often a failed request is tried again. [default: 3]", into="http_retries", empty_is_unset=True,
           variables=both("HTTP_RETRIES"), setting="http-retries", own_setting=True),
    Option((), NETWORK, N, "How many seconds a server may keep silent. [default: 30]", into="http_timeout", empty_is_unset=True,
           variables=(*both("HTTP_TIMEOUT"), "UV_REQUEST_TIMEOUT", "HTTP_TIMEOUT"), setting="http-timeout", own_setting=True),
    Option((), NETWORK, N, "How many seconds a connection may take. [default: 10]", into="http_connect_timeout", empty_is_unset=True,
           variables=both("HTTP_CONNECT_TIMEOUT"), setting="http-connect-timeout", own_setting=True),
    Option((), NETWORK, T, "The proxy for http, where HTTP_PROXY says none.", into="http_proxy", setting="http-proxy"),
    Option((), NETWORK, T, "The proxy for https, where HTTPS_PROXY says none.", into="https_proxy", setting="https-proxy"),
    Option((), NETWORK, L, "The hosts that are reached without a proxy.", into="no_proxy", setting="no-proxy"),
    Option((), NETWORK, S, "The older word for system-certs.", into="native_tls", setting="native-tls"),
    # -- the cache
    Option(("--cache-dir",), CACHE, T, "Where checked wheels are kept. [default: `siteroot cache dir` tells]", metavar="DIR",
           variables=both("CACHE_DIR"), setting="cache-dir", commands=COMMANDS),
    Option(("-n", "--no-cache"), CACHE, S, "Keep nothing: use a cache of this command's own, and remove it at the end.",
           aliases=("--no-cache-dir",), variables=both("NO_CACHE"), setting="no-cache", commands=COMMANDS),
    Option(("--refresh",), CACHE, S, "Fetch anew what the cache has, unless a strong hash of the file is known: such a file cannot have changed."),
    Option(("--no-refresh",), CACHE, S, "", into="refresh", value=False),
    Option(("--refresh-package",), CACHE, M, "The same for this distribution.", metavar="NAME"),
    Option(("--ci",), CACHE, S, "Remove fetched wheels too, and keep those that were built here: a cache that is saved between jobs is the smaller.",
           into="prune_fetched", commands=("cache prune",)),
    Option(("--force",), CACHE, S, "Has no effect, and is taken for uv's sake: nothing here waits for other commands.", commands=("cache prune", "cache clean")),
    # -- output
    Option(("--output-format",), OUTPUT, T, "What stdout gets at the end: nothing, or a JSON document. [default: text]",
           metavar="FORMAT", choices=("text", "json")),
    Option(("-H", "--human"), OUTPUT, S, "Write the size for people (1.5MiB) instead of in bytes.", commands=("cache size",), own=True),
    Option(("-q", "--quiet"), OUTPUT, C, "Say only errors; twice: not even these, nor JSON.", commands=COMMANDS),
    Option(("-v", "--verbose"), OUTPUT, C, "Tell each decision and its reason; twice: in detail.", commands=COMMANDS),
    Option(("--color",), OUTPUT, T, "Whether to use colours. [default: auto, on a terminal]", metavar="WHEN",
           choices=("auto", "always", "never"), commands=COMMANDS),
    Option(("--no-color",), OUTPUT, S, "Use no colours.", commands=COMMANDS),
    Option(("--no-progress",), OUTPUT, S, "Draw no progress display.", variables=both("NO_PROGRESS"), commands=COMMANDS),
    # -- global
    Option(("--directory",), GLOBAL, T, "Work in this folder, as if the command had been called there.", metavar="DIR",
           variables=(*both("WORKING_DIR"), "UV_WORKING_DIRECTORY"), commands=COMMANDS),
    Option(("--project",), GLOBAL, T, "Look for the project in this folder and above. Other paths stay relative to where you are.",
           metavar="DIR", variables=both("PROJECT"), commands=COMMANDS),
    Option(("--config-file",), GLOBAL, T, "Read settings from this uv.toml, and from no other file.", metavar="FILE",
           variables=both("CONFIG_FILE"), commands=COMMANDS),
    Option(("--no-config",), GLOBAL, S, "Read no settings from files.", variables=both("NO_CONFIG"), commands=COMMANDS),
    Option((), GLOBAL, S, "Read no settings of the system.", into="no_system_config",
           variables=both("NO_SYSTEM_CONFIG"), commands=COMMANDS),
    Option(("--preview",), GLOBAL, S, "", refused=_UVS_OWN, commands=COMMANDS),
    Option(("--no-preview",), GLOBAL, S, "", refused=_UVS_OWN, commands=COMMANDS),
    Option(("--preview-features",), GLOBAL, L, "", aliases=("--preview-feature",), refused=_UVS_OWN, commands=COMMANDS),
    Option(("--isolated",), GLOBAL, S, "", refused=_UVS_OWN, commands=COMMANDS),
    Option(("--show-settings",), GLOBAL, S, "", refused=_UVS_OWN, commands=COMMANDS),
    Option(("--no-installer-metadata",), GLOBAL, S, "", refused=_UVS_OWN, commands=COMMANDS),
)


def _shared(option: Option) -> Option:
    """Return the row for all commands that have it; where they mean something else by its name they have their own."""
    more = [
        command
        for command, fields in SHARED_FIELDS.items()
        if option.field in fields
        and command not in option.commands
        and not set(option.names) & _PIP_NAMES[command]
    ]
    if option.refused or SYNC not in option.commands or not more:
        return option
    return replace(option, commands=(*option.commands, *more))


_PIP_NAMES = {
    command: {name for row in PIP_OPTIONS if command in row.commands for name in row.names}
    for command in SHARED_FIELDS
}
OPTIONS = tuple(map(_shared, (*_ROWS, *PIP_OPTIONS)))

CONTRADICTIONS = (
    Contradiction("frozen", "locked", farther=Farther.DROPPED_WITH_WARNING),
    Contradiction("frozen", "no_sources", farther=Farther.REFUSED),
    Contradiction("extra", "all_extras"),
    Contradiction("only_group", "extra"),
    Contradiction("only_group", "all_extras"),
    Contradiction("only_group", "group"),
    Contradiction("only_group", "dev"),
    Contradiction("only_group", "all_groups"),
    Contradiction("only_dev", "group"),
    Contradiction("only_dev", "all_groups"),
    Contradiction("only_dev", "dev", other_value=False),
    Contradiction("package", "all_packages"),
    Contradiction("no_install_project", "only_install_project"),
    Contradiction("no_install_workspace", "only_install_workspace"),
    Contradiction("no_install_local", "only_install_local"),
    Contradiction("no_install_package", "only_install_package"),
    Contradiction("offline", "refresh", farther=Farther.REFUSED),
    Contradiction("offline", "refresh_package", farther=Farther.REFUSED),
    Contradiction("quiet", "verbose"),
    Contradiction("color", "no_color"),
    Contradiction("target", "prefix"),
    Contradiction("target", "pypackages"),
    Contradiction("target", "active"),
    Contradiction("prefix", "pypackages"),
    Contradiction("prefix", "active"),
    Contradiction("pypackages", "active"),
    Contradiction("pypackages", "system"),
    Contradiction("active", "system"),
    Contradiction("only_editable", "exclude_editable"),
)
# fmt: on
