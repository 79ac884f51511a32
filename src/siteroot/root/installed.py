"""The distributions of a root as their metadata describes them, whoever installed them, for listings.

    NAME-VERSION.dist-info/            PyPA "Recording installed projects": METADATA, WHEEL, direct_url.json
    NAME[-VERSION[-pyX.Y]].egg-info/   setuptools: PKG-INFO, requires.txt
    NAME[-VERSION[-pyX.Y]].egg-info    distutils: the text of a PKG-INFO itself
    NAME.egg-link                      `setup.py develop`: its first line is the folder that has the egg-info
    NAME-VERSION-pyX.Y.egg             `easy_install`: a folder, or a zip archive, with EGG-INFO in it

Nothing is judged and nothing is changed here; what cannot be read is described as far as its name goes.
"""

import os
import zipfile
from collections.abc import Iterator
from contextlib import suppress
from zlib import error as InflateError  # noqa: N812 - its own name says nothing

from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from siteroot.errors import RootError
from siteroot.formats.installed_metadata import (
    parse_direct_url,
    parse_installed_metadata,
    parse_requires_txt,
    parse_wheel_tags,
)
from siteroot.formats.record import parse_record_paths
from siteroot.fs import read_plain
from siteroot.model.installed import DescribedDistribution, Form
from siteroot.model.layout import Layout
from siteroot.model.value import replace

from .faults import explain_os_error

_EGG_FILES = ("EGG-INFO/PKG-INFO", "EGG-INFO/requires.txt")
_MOST = 16 << 20  # bytes of one metadata file that are read


class UnlistedRootError(RootError):
    """A folder of distributions cannot be listed."""


def describe_installed(layout: Layout) -> tuple[DescribedDistribution, ...]:
    """Return every distribution in purelib and platlib, by name and version; none where there is no such folder.

    Raises UnlistedRootError.
    """
    libraries = dict.fromkeys(
        os.path.normpath(os.path.join(layout.root, layout.folders[scheme]))
        for scheme in ("purelib", "platlib")
    )
    found = [one for library in libraries for one in _describe_folder(library)]
    return tuple(sorted(_without_owned_eggs(found), key=lambda one: one.order))


def read_installed_tags(dist_info: str) -> tuple[str, ...]:
    """Return the tags that the WHEEL in a dist-info names, none where it cannot be read."""
    wheel = _read(f"{dist_info}/WHEEL")
    return () if wheel is None else parse_wheel_tags(_text(wheel))


def version_inside(path: str) -> str:
    """Return the version of an egg-info or egg-link whose name says none, "" where nothing says one."""
    library, _, name = path.rpartition("/")
    stem, _, ending = name.rpartition(".")
    describe = _describe_egg_link if ending == "egg-link" else _describe_egg_info
    found = describe(path, stem, library)
    return "" if found is None else found.version


def list_files(one: DescribedDistribution) -> tuple[str, ...] | None:
    """Return the paths of a distribution's own list of files, as it has them; None where there is none."""
    record = _read(os.path.join(one.path, "RECORD"))
    if record is not None:
        return parse_record_paths(record.decode("utf-8", "replace"))
    installed = _read(os.path.join(one.path, "installed-files.txt"))  # setuptools' own, of old
    return None if installed is None else tuple(_text(installed).split("\n")[:-1])


def _without_owned_eggs(found: list[DescribedDistribution]) -> Iterator[DescribedDistribution]:
    """Leave out egg-infos that a wheel of the same name brought, as some do, or that are of a source tree beside it.

    The latter have no version in their names, and those of installed distributions have one.
    """
    wheels = {one.name: one for one in found if one.form is Form.DIST_INFO}
    for one in found:
        wheel = wheels.get(one.name) if one.form is Form.EGG_INFO else None
        owned = os.path.basename(one.path)
        if wheel is None or not (
            ("-" not in owned.removesuffix(".egg-info") and one.location == wheel.location)
            or any(path.partition("/")[0] == owned for path in list_files(wheel) or ())
        ):
            yield one


def _describe_folder(library: str) -> Iterator[DescribedDistribution]:
    try:
        names = os.listdir(library)
    except FileNotFoundError:
        return
    except OSError as error:
        raise UnlistedRootError(
            f"cannot be listed: {explain_os_error(error)}", where=library
        ) from error
    for name in names:
        if name.startswith("~"):  # what pip left of one that it removed
            continue
        stem, _, ending = name.rpartition(".")
        path = os.path.join(library, name)
        one = None
        if ending == "dist-info" and "-" in stem and os.path.isdir(path):
            one = _describe_dist_info(path, stem, library)
        elif ending == "egg-info":
            one = _describe_egg_info(path, stem, library)
        elif ending == "egg-link":
            one = _describe_egg_link(path, stem, library)
        elif ending == "egg" and "-" in stem:
            one = _describe_egg(path, stem)
        if one is not None:
            yield one


def _describe_dist_info(path: str, stem: str, library: str) -> DescribedDistribution:
    text, wheel = _read(f"{path}/METADATA"), _read(f"{path}/WHEEL")
    content = _read(f"{path}/direct_url.json")
    direct_url = None if content is None else parse_direct_url(content)
    editable = direct_url.folder if direct_url is not None and direct_url.editable else None
    metadata = None if text is None else parse_installed_metadata(_text(text))
    name, version = _split_stem(stem)
    return DescribedDistribution(
        name=name,
        version=version,
        form=Form.DIST_INFO,
        path=path,
        location=library,
        metadata=metadata,
        tags=None if wheel is None else parse_wheel_tags(_text(wheel)),
        unread="METADATA" if metadata is None else "WHEEL" if wheel is None else "",
        direct_url=direct_url,
        editable=editable,
    )


def _describe_egg_info(path: str, stem: str, library: str) -> DescribedDistribution | None:
    """Return None where neither the name nor PKG-INFO says a version, as pip and uv do."""
    is_folder = os.path.isdir(path)
    return _egg(
        Form.EGG_INFO,
        path=path,
        location=library,
        stem=stem,
        text=_read(f"{path}/PKG-INFO" if is_folder else path),
        requires=_read(f"{path}/requires.txt") if is_folder else None,
    )


def _describe_egg_link(path: str, stem: str, library: str) -> DescribedDistribution | None:
    lines = _text(_read(path) or b"").splitlines()
    first = next((line.strip() for line in lines if line.strip()), None)
    if first is None:
        return None
    folder = os.path.normpath(os.path.join(library, first))
    egg_info = os.path.join(folder, f"{stem.replace('-', '_')}.egg-info")
    return _egg(
        Form.EGG_LINK,
        path=egg_info,
        location=folder,
        stem=stem,
        text=_read(f"{egg_info}/PKG-INFO"),
        requires=_read(f"{egg_info}/requires.txt"),
        editable=folder,
    )


def _describe_egg(path: str, stem: str) -> DescribedDistribution | None:
    if os.path.isdir(path):
        text, requires = (_read(f"{path}/{name}") for name in _EGG_FILES)
    else:
        text, requires = _read_zipped(path, _EGG_FILES)
    return _egg(Form.EGG, path=path, location=path, stem=stem, text=text, requires=requires)


def _egg(
    form: Form,
    *,
    path: str,
    location: str,
    stem: str,
    text: bytes | None,
    requires: bytes | None,
    editable: str | None = None,
) -> DescribedDistribution | None:
    metadata = None if text is None else parse_installed_metadata(_text(text))
    if metadata is not None and requires is not None and not metadata.requires_dist:
        metadata = replace(metadata, requires_dist=parse_requires_txt(_text(requires)))
    name, version = (canonicalize_name(stem), "") if form is Form.EGG_LINK else _split_stem(stem)
    if metadata is not None:
        version = version or str(metadata.version)
    if not version:
        return None
    return DescribedDistribution(
        name=name,
        version=version,
        form=form,
        path=path,
        location=location,
        metadata=metadata,
        unread="PKG-INFO" if metadata is None else "",
        editable=editable,
    )


def _split_stem(stem: str) -> tuple[str, str]:
    """Return the name and version in the name of a dist-info, egg-info or egg; the version may be lacking."""
    name, _, rest = stem.partition("-")
    version = rest.partition("-py")[0]
    with suppress(InvalidVersion):
        version = str(Version(version.replace("_", "-")))
    return canonicalize_name(name), version


def _read(path: str) -> bytes | None:
    """Return a file's bytes, None where there is none that can be read."""
    try:
        return read_plain(path, _MOST)
    except (OSError, ValueError):
        return None


def _read_zipped(path: str, names: tuple[str, ...]) -> list[bytes | None]:
    found: list[bytes | None] = []
    faults = (OSError, ValueError, zipfile.BadZipFile, InflateError, NotImplementedError)
    with suppress(*faults), zipfile.ZipFile(path) as archive:
        for name in names:
            known = name in archive.namelist() and archive.getinfo(name).file_size <= _MOST
            found.append(archive.read(name) if known else None)
    return found + [None] * (len(names) - len(found))


def _text(content: bytes) -> str:
    return content.decode("utf-8", "replace")
