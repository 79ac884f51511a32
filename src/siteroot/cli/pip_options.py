"""The rows of the option table that `siteroot pip` has for itself, in uv's words, and what it shares with `sync`."""

from .option import Kind, Option, Section, both

INSTALLING = ("pip install", "pip sync")
COMPILE = "pip compile"
PIP_COMMANDS = (
    "pip check",
    COMPILE,
    "pip freeze",
    *INSTALLING,
    "pip list",
    "pip show",
    "pip tree",
    "pip uninstall",
)

RESOLVING = (*INSTALLING, COMPILE)
_ASKING = (*RESOLVING, "pip list", "pip tree")  # what asks indexes

PRERELEASES = ("disallow", "allow", "if-necessary", "explicit", "if-necessary-or-explicit")

#: What resolving and installing share with `sync`: the same words, variables and settings, by field.
_NETWORK = (
    "index", "default_index", "index_url", "extra_index_url", "find_links", "no_index", "index_strategy", "keyring_provider",
    "concurrent_downloads", "http_retries", "http_timeout", "http_connect_timeout", "http_proxy", "https_proxy", "no_proxy",
    "native_tls", "mirror",
)  # fmt: skip
_CHOICE = (
    "resolution", "prerelease", "fork_strategy", "exclude_newer", "no_sources", "no_sources_package", "prerelease_package",
    "exclude_newer_package", "dependency_metadata", "python", "python_version", "python_platform", "extra", "all_extras",
    "no_build", "require_build_hashes", "refresh", "refresh_package",
)  # fmt: skip
_PLACING = (
    "target", "prefix", "pypackages", "break_system_packages", "overwrite", "link_mode", "pth", "tolerate_record",
    "limit_members", "limit_size", "reinstall", "reinstall_package", "check", "dry_run", "compile_bytecode",
    "compile_bytecode_timeout", "durable", "require_hashes", "output_format", "no_editable", "no_editable_package",
)  # fmt: skip
SHARED_FIELDS = {
    "pip install": frozenset((*_NETWORK, *_CHOICE, *_PLACING, "exact")),
    "pip sync": frozenset((*_NETWORK, *_CHOICE, *_PLACING)),
    COMPILE: frozenset((*_NETWORK, *_CHOICE, "link_mode")),
    "pip uninstall": frozenset(("keyring_provider",)),
    **dict.fromkeys(
        ("pip list", "pip tree"),
        frozenset((*_NETWORK, "exclude_newer", "exclude_newer_package", "prerelease")),
    ),
}

S, T, N, L, M = Kind.SWITCH, Kind.TEXT, Kind.NUMBER, Kind.LIST, Kind.NAMES
ROOT, LISTING, SELECTION, BUILD = Section.ROOT, Section.LISTING, Section.SELECTION, Section.BUILD
OUTPUT, VERSIONS, NETWORK = Section.OUTPUT, Section.VERSIONS, Section.NETWORK

# fmt: off
PIP_OPTIONS = (
    # -- where
    Option(("--system",), ROOT, S, "Work on the site-packages of the Python itself, not on an environment's. Where a target or prefix is named it only picks that Python.",
           variables=both("SYSTEM_PYTHON"), commands=PIP_COMMANDS),
    Option(("--no-system",), ROOT, S, "", into="system", value=False, commands=PIP_COMMANDS),
    # -- what a listing shows, what goes
    Option(("--format",), LISTING, T, "How the list is written. [default: columns]", metavar="FORMAT",
           choices=("columns", "freeze", "json"), commands=("pip list",)),
    Option(("-e", "--editable"), LISTING, S, "Show editables alone.", into="only_editable", commands=("pip list",)),
    Option(("--exclude-editable",), LISTING, S, "Leave out editables.", commands=("pip list", "pip freeze")),
    Option(("--exclude",), LISTING, M, "Leave out this distribution.", metavar="NAME", commands=("pip list", "pip freeze")),
    Option(("--path",), LISTING, L, "Look into this folder, in the root's place. May be said again.", metavar="DIR", commands=("pip freeze",)),
    Option(("-f", "--files"), LISTING, S, "Show the files of each distribution.", commands=("pip show",)),
    Option(("-d", "--depth"), LISTING, N, "How deep the tree is shown. [default: 255]", metavar="DEPTH", commands=("pip tree",)),
    Option(("--prune",), LISTING, M, "Leave out this distribution, with what hangs on it alone.", metavar="NAME", commands=("pip tree",)),
    Option(("--package",), LISTING, M, "Show this distribution alone, with what hangs on it.", into="only_package", metavar="NAME", commands=("pip tree",)),
    Option(("--no-dedupe",), LISTING, S, "Show what hangs on a distribution each time, not the first time alone.", commands=("pip tree",)),
    Option(("--invert",), LISTING, S, "Show what needs a distribution, not what it needs.", aliases=("--reverse",), commands=("pip tree",)),
    Option(("--show-version-specifiers",), LISTING, S, "Show which versions are asked for.", commands=("pip tree",)),
    Option(("--strict",), LISTING, S, "Warn of what does not fit together, as `siteroot pip check` finds it.", into="strict_listing",
           commands=("pip freeze", "pip list", "pip show", "pip tree", *INSTALLING)),
    Option(("--no-strict",), LISTING, S, "", into="strict_listing", value=False,
           commands=("pip freeze", "pip list", "pip show", "pip tree", *INSTALLING)),
    Option(("--outdated",), LISTING, S, "Ask the indexes what they have newer; `list` shows nothing else.", commands=("pip list", "pip tree")),
    Option(("--show-sizes",), LISTING, S, "", refused="what is installed does not say how large its wheel was: leave it out", commands=("pip tree",)),
    Option(("-r", "--requirements"), LISTING, L, "Uninstall what this file names. `-` is stdin.", metavar="FILE", into="requirement_files",
           aliases=("--requirement",), commands=("pip uninstall",)),
    Option(("-y", "--yes"), LISTING, S, "It is never asked whether to go on.", commands=("pip uninstall",)),
    # -- what is asked for
    Option(("-r", "--requirements"), SELECTION, L, "Install what this file asks for: requirements.txt, pyproject.toml, pylock.toml, a URL, or `-` for stdin.",
           metavar="FILE", into="requirement_files", aliases=("--requirement",), commands=("pip install",)),
    Option(("-e", "--editable"), SELECTION, L, "Install the project in this folder as a link to it.", metavar="DIR", into="editables", commands=("pip install",)),
    Option(("-c", "--constraints"), SELECTION, L, "Take no version that this file excludes.", metavar="FILE", aliases=("--constraint",),
           variables=both("CONSTRAINT"), commands=RESOLVING),
    Option(("--overrides",), SELECTION, L, "Take what this file says in place of what distributions ask for.", metavar="FILE", aliases=("--override",),
           variables=both("OVERRIDE"), commands=("pip install", "pip compile")),
    Option(("--excludes",), SELECTION, L, "Leave out the distributions that this file names, whoever asks for them.", metavar="FILE", aliases=("--exclude",),
           variables=both("EXCLUDE"), commands=("pip install", "pip compile")),
    Option(("-b", "--build-constraints"), SELECTION, L, "Take no version for a build that this file excludes.", metavar="FILE", aliases=("--build-constraint",),
           variables=both("BUILD_CONSTRAINT"), commands=RESOLVING),
    Option(("--group",), SELECTION, L, "Include this dependency group of the pyproject.toml here, or of another: PATH:GROUP.", metavar="GROUP", into="file_group", commands=RESOLVING),
    Option(("--no-deps",), SELECTION, S, "Do not follow dependencies.", commands=("pip install", "pip compile")),
    Option(("--deps",), SELECTION, S, "", into="no_deps", value=False, commands=("pip install", "pip compile")),
    Option(("-U", "--upgrade"), SELECTION, S, "Prefer the newest versions to those that are there.", commands=("pip install", "pip compile")),
    Option(("--no-upgrade",), SELECTION, S, "", into="upgrade", value=False, commands=("pip install", "pip compile")),
    Option(("-P", "--upgrade-package"), SELECTION, L, "The same for this distribution.", metavar="NAME", commands=("pip install", "pip compile")),
    Option(("--no-verify-hashes",), SELECTION, S, "Do not compare files with the hashes of requirements files.", into="verify_hashes", value=False,
           variables=both("NO_VERIFY_HASHES"), commands=INSTALLING),
    Option(("--verify-hashes",), SELECTION, S, "", into="verify_hashes", commands=INSTALLING),
    Option(("--allow-empty-requirements",), SELECTION, S, "Take out everything where nothing is asked for.", commands=("pip sync",)),
    Option(("--no-allow-empty-requirements",), SELECTION, S, "", into="allow_empty_requirements", value=False, commands=("pip sync",)),
    Option(("--user",), ROOT, S, "", refused="say --target DIR", commands=("pip install",)),
    # -- what commands that were written for pip say
    Option(("--disable-pip-version-check",), OUTPUT, S, "Has no effect, and is taken for pip's sake.",
           aliases=("--no-input", "--no-warn-script-location"), commands=PIP_COMMANDS),
    Option(("--allow-unsafe",), OUTPUT, S, "Has no effect, and is taken for pip-compile's sake.", commands=(COMPILE,),
           aliases=("--no-allow-unsafe", "--reuse-hashes", "--no-emit-options", "--no-emit-trusted-host", "--strip-markers", "--no-universal")),
    Option(("--resolver",), VERSIONS, T, "The same.", metavar="RESOLVER", choices=("backtracking",), commands=(COMPILE,)),
    Option(("-I", "--ignore-installed"), Section.INSTALLER, S, "", refused="say --reinstall", commands=("pip install",)),
    Option(("--upgrade-strategy",), VERSIONS, T, "", commands=("pip install",),
           refused="what is there stays where it fits; -U prefers the newest of everything, -P of one"),
    # -- how versions are chosen
    Option(("--resolution",), VERSIONS, T, "Which of the versions that fit is taken. [default: highest]", metavar="RESOLUTION",
           choices=("highest", "lowest", "lowest-direct"), commands=RESOLVING),
    Option(("--prerelease",), VERSIONS, T, "Which pre-releases are taken. [default: if-necessary-or-explicit]", metavar="PRERELEASE",
           choices=PRERELEASES, commands=RESOLVING),
    Option(("--pre",), VERSIONS, S, "Take pre-releases, as --prerelease allow.", commands=RESOLVING),
    Option(("--prerelease-package",), VERSIONS, L, "Which pre-releases of one distribution are taken.", metavar="NAME=PRERELEASE",
           commands=("pip install", COMPILE)),
    Option(("--fork-strategy",), VERSIONS, T, "How a resolution for several platforms forks; one for a single platform never does.", metavar="STRATEGY",
           choices=("fewest", "requires-python"), commands=("pip install", COMPILE)),
    Option(("--exclude-newer",), VERSIONS, T, "Take no file that came later than this date, or within this time: 2026-01-31, 7 days.", metavar="DATE", commands=_ASKING),
    Option(("--exclude-newer-package",), VERSIONS, L, "The same for one distribution; NAME=false lifts the date for it.", metavar="NAME=DATE", commands=_ASKING),
    Option(("--index-strategy",), VERSIONS, T, "Which of several indexes that know a distribution count.", metavar="STRATEGY",
           choices=("first-index", "unsafe-first-match", "unsafe-best-match"), commands=_ASKING),
    Option(("--no-sources",), VERSIONS, S, "Do not heed [tool.uv.sources].", commands=RESOLVING),
    Option(("--no-sources-package",), VERSIONS, M, "Do not heed what [tool.uv.sources] says of this distribution.", metavar="NAME", separator=" ", commands=RESOLVING),
    Option(("--upgrade-group",), VERSIONS, L, "", refused="`uv pip` refuses it too: name the distributions with -P", commands=("pip install", COMPILE)),
    Option(("--universal",), VERSIONS, S, "", refused="siteroot resolves for one Python and one platform: leave it out", commands=(COMPILE,)),
    # -- wheels and builds
    Option(("--no-binary",), BUILD, L, "Take no wheel of this distribution; `:all:` is every one, `:none:` undoes it.", metavar="NAME", into="no_binary_words", commands=RESOLVING),
    Option(("--only-binary",), BUILD, L, "Build no sdist of this distribution; `:all:` is every one, `:none:` undoes it.", metavar="NAME", into="only_binary_words", commands=RESOLVING),
    Option(("-C", "--config-setting"), BUILD, L, "Tell build backends KEY=VALUE.", metavar="KEY=VALUE", into="config_settings", aliases=("--config-settings",), commands=RESOLVING),
    Option(("--config-settings-package",), BUILD, L, "The same for this distribution: NAME:KEY=VALUE.", metavar="SETTING", commands=RESOLVING),
    Option(("--no-build-isolation",), BUILD, S, "Build with what the root's Python has.", commands=RESOLVING),
    Option(("--build-isolation",), BUILD, S, "", into="no_build_isolation", value=False, commands=RESOLVING),
    Option(("--no-build-isolation-package",), BUILD, M, "The same for this distribution.", metavar="NAME", commands=RESOLVING),
    Option(("--torch-backend",), BUILD, T, "", refused="name the index instead: --index https://download.pytorch.org/whl/cpu",
           variables=both("TORCH_BACKEND"), commands=RESOLVING),
    # -- the network
    Option(("--cert",), NETWORK, T, "Trust the certificates in this file (PEM) alone.", metavar="FILE", commands=PIP_COMMANDS),
    # -- what `compile` writes
    Option(("-o", "--output-file"), OUTPUT, T, "Write this file beside stdout, and prefer the versions that stand in it; `-` is stdout alone.", metavar="FILE", commands=("pip compile",)),
    Option(("--format",), OUTPUT, T, "What is written. [default: by the file's name]", metavar="FORMAT", into="lock_format",
           choices=("requirements.txt", "pylock.toml"), commands=("pip compile",)),
    Option(("--generate-hashes",), OUTPUT, S, "Write the hashes of each version's files.", commands=("pip compile",)),
    Option(("--no-generate-hashes",), OUTPUT, S, "", into="generate_hashes", value=False, commands=("pip compile",)),
    Option(("--no-strip-extras",), OUTPUT, S, "Write extras.", commands=("pip compile",)),
    Option(("--strip-extras",), OUTPUT, S, "", into="no_strip_extras", value=False, commands=("pip compile",)),
    Option(("--no-strip-markers",), OUTPUT, S, "", aliases=("--emit-marker-expression",), commands=(COMPILE,),
           refused="what is resolved for one Python and one platform needs no markers: leave it out"),
    Option(("--no-annotate",), OUTPUT, S, "Do not write who asks for what.", commands=("pip compile",)),
    Option(("--annotate",), OUTPUT, S, "", into="no_annotate", value=False, commands=("pip compile",)),
    Option(("--annotation-style",), OUTPUT, T, "How it is written who asks for what. [default: split]", metavar="STYLE", choices=("line", "split"), commands=("pip compile",)),
    Option(("--no-header",), OUTPUT, S, "Do not write which command made the file.", commands=("pip compile",)),
    Option(("--header",), OUTPUT, S, "", into="no_header", value=False, commands=("pip compile",)),
    Option(("--custom-compile-command",), OUTPUT, T, "The command that the header names.", metavar="COMMAND",
           variables=both("CUSTOM_COMPILE_COMMAND"), commands=("pip compile",)),
    Option(("--no-emit-package",), OUTPUT, M, "Leave this distribution out of the file; its dependencies are in it.", metavar="NAME",
           aliases=("--unsafe-package",), commands=("pip compile",)),
    Option(("--emit-index-url",), OUTPUT, S, "Write `--index-url` and `--extra-index-url`.", commands=("pip compile",)),
    Option(("--no-emit-index-url",), OUTPUT, S, "", into="emit_index_url", value=False, commands=("pip compile",)),
    Option(("--emit-find-links",), OUTPUT, S, "Write `--find-links`.", commands=("pip compile",)),
    Option(("--no-emit-find-links",), OUTPUT, S, "", into="emit_find_links", value=False, commands=("pip compile",)),
    Option(("--emit-build-options",), OUTPUT, S, "Write `--no-binary` and `--only-binary`.", commands=("pip compile",)),
    Option(("--no-emit-build-options",), OUTPUT, S, "", into="emit_build_options", value=False, commands=("pip compile",)),
    Option(("--emit-index-annotation",), OUTPUT, S, "Write which index each distribution comes from.", commands=("pip compile",)),
    Option(("--no-emit-index-annotation",), OUTPUT, S, "", into="emit_index_annotation", value=False, commands=("pip compile",)),
)
# fmt: on
