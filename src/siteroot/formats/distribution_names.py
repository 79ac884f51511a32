"""Which version a file is of, by its name alone ("Binary distribution format", "Source distribution format")."""

from packaging.utils import canonicalize_name

#: The endings of archives of sources that uv takes for distributions, longest first.
SDIST_ENDINGS = (
    ".tar.lzma", ".tar.zst", ".tar.bz2", ".tar.gz", ".tar.lz", ".tar.xz", ".tar", ".tbz", ".tgz", ".tlz", ".txz", ".zip",
)  # fmt: skip

#: The endings of what is a file and no source tree.
ARCHIVE_ENDINGS = (".whl", *SDIST_ENDINGS)


def is_wheel(filename: str) -> bool:
    """Whether a file's name is a wheel's."""
    return filename.endswith(".whl")


def version_in(filename: str, project: str) -> str | None:
    """Return the version as a file's name writes it, None where the file is no distribution of the project.

    `project` is normalised. An old sdist may have dashes in its name and in its version, so that the name alone does
    not say where the one ends: the project does.
    """
    if is_wheel(filename):
        parts = filename[:-4].split("-")
        if len(parts) not in {5, 6} or not _is_named(parts[0], project):
            return None
        return parts[1].replace("_", "-")
    ending = next((ending for ending in SDIST_ENDINGS if filename.endswith(ending)), None)
    if ending is None:
        return None
    stem = filename.removesuffix(ending)
    if stem[len(project) : len(project) + 1] == "-" and _is_named(stem[: len(project)], project):
        return stem[len(project) + 1 :]
    name, _, version = stem.rpartition("-")
    return version if _is_named(name, project) else None


def _is_named(name: str, project: str) -> bool:
    return name == project or canonicalize_name(name) == project
