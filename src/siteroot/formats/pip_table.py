"""`[tool.uv.pip]`, and `[pip]` of uv.toml: settings of `uv pip` alone, over those that all of uv's commands share."""

from collections.abc import Collection

from siteroot.model.settings import PipTable, PipWord

from .reading import Table
from .settings_table import near, read_shared_settings, unknown_keys

#: The keys that say what words of the command line say, by what stands after them.
_SWITCHES = frozenset({
    "all-extras", "allow-empty-requirements", "break-system-packages", "emit-build-options", "emit-find-links",
    "emit-index-annotation", "emit-index-url", "generate-hashes", "no-annotate", "no-deps", "no-header", "no-strip-extras",
    "no-strip-markers", "require-hashes", "strict", "system", "universal", "upgrade", "verify-hashes",
})  # fmt: skip
_TEXTS = frozenset({
    "annotation-style", "custom-compile-command", "output-file", "prefix", "python", "python-platform", "python-version",
    "target",
})  # fmt: skip
_LISTS = frozenset({
    "extra", "group", "no-binary", "no-emit-package", "no-extra", "only-binary", "upgrade-package",
})  # fmt: skip

#: Those that the whole of `[tool.uv]` has too, with the same meaning.
_SHARED = frozenset({
    "compile-bytecode", "config-settings", "config-settings-package", "dependency-metadata", "exclude-newer",
    "exclude-newer-package", "extra-build-dependencies", "extra-build-variables", "extra-index-url", "find-links",
    "fork-strategy", "index-strategy", "index-url", "keyring-provider", "link-mode", "no-build", "no-build-isolation",
    "no-build-isolation-package", "no-index", "no-sources", "no-sources-package", "prerelease", "reinstall",
    "reinstall-package", "require-build-hashes", "resolution",
})  # fmt: skip

#: Those that uv knows and siteroot does not heed.
_UNHEEDED = frozenset({"emit-marker-expression", "torch-backend"})

_KNOWN = _SWITCHES | _TEXTS | _LISTS | _SHARED | _UNHEEDED


def read_pip_table(table: Table | None, folder: str) -> PipTable | None:
    """Return what the table says, None where there is none. `folder` is the file's."""
    if table is None:
        return None
    words: list[PipWord] = []
    for key in table.values:
        if key in _SWITCHES and (switch := table.boolean(key)) is not None:
            words.append(PipWord(key, switch))
        elif key in _TEXTS and (text := table.text(key)) is not None:
            words.append(PipWord(key, text))
        elif key in _LISTS and (texts := table.texts(key)):
            words.append(PipWord(key, texts))
    return PipTable(
        settings=read_shared_settings(table.only(_SHARED), folder),
        words=tuple(words),
        unheeded=_present(table, _UNHEEDED),
    )


def explain_unknown(table: Table | None) -> tuple[tuple[str, str], ...]:
    """Return the keys of the table that uv does not know, each with "; did you mean" where one is near."""
    keys = () if table is None else unknown_keys(table, _KNOWN)
    return tuple((key, near(key, _KNOWN)) for key in keys)


def _present(table: Table, keys: Collection[str]) -> tuple[str, ...]:
    return tuple(key for key in table.values if key in keys)
