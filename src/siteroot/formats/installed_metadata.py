"""What an installed distribution says of itself: METADATA or PKG-INFO, the tags of its WHEEL, direct_url.json.

Read kindly: it is installed already, and a listing of a thousand distributions must not end at one whose author erred.
"""

import json
from urllib.parse import urlsplit

from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from siteroot.model.installed import DirectUrl
from siteroot.model.metadata import DistributionMetadata

from .headers import parse_headers


def parse_installed_metadata(text: str) -> DistributionMetadata | None:
    """Return the fields, None where name or version is missing or senseless."""
    headers = parse_headers(text)
    name, version = (headers.get(key, ("",))[0].strip() for key in ("name", "version"))
    try:
        parsed = Version(version)
    except InvalidVersion:
        return None
    if not name:
        return None
    requires_python = headers.get("requires-python", ("",))[0].strip()
    return DistributionMetadata(
        name=canonicalize_name(name),
        version=parsed,
        requires_dist=tuple(" ".join(one.split()) for one in headers.get("requires-dist", ())),
        requires_python=requires_python or None,
        provides_extras=tuple(canonicalize_name(one) for one in headers.get("provides-extra", ())),
        dynamic=frozenset(one.strip().lower() for one in headers.get("dynamic", ())),
    )


def parse_wheel_tags(text: str) -> tuple[str, ...]:
    """Return the tags of a WHEEL file, each on its own."""
    return tuple(
        f"{python}-{abi}-{platform}"
        for line in parse_headers(text).get("tag", ())
        if line.count("-") == 2
        for pythons, abis, platforms in (line.strip().split("-"),)
        for python in pythons.split(".")
        for abi in abis.split(".")
        for platform in platforms.split(".")
    )


def parse_requires_txt(text: str) -> tuple[str, ...]:
    """Return setuptools' requires.txt as requirements; a section is named `[EXTRA:MARKER]`, either may be left out."""
    requirements = []
    condition = ""
    for raw in text.splitlines():
        line = raw.strip()
        if not line or line.startswith("#"):
            continue
        if line.startswith("[") and line.endswith("]"):
            extra, _, marker = line[1:-1].partition(":")
            parts = [f'extra == "{extra.strip()}"'] if extra.strip() else []
            parts += [f"({marker.strip()})"] if marker.strip() else []
            condition = " and ".join(parts)
        else:
            requirements.append(f"{line} ; {condition}" if condition else line)
    return tuple(requirements)


def parse_direct_url(content: bytes) -> DirectUrl | None:
    """Return what the file says, None where it is not one: whoever wrote it, a listing goes on."""
    try:
        document = json.loads(content)
        url, subdirectory = document["url"], document.get("subdirectory")
        path = document.get("path")
        folder, vcs = document.get("dir_info") or {}, document.get("vcs_info") or {}
        urlsplit(url)
        texts = (vcs.get("vcs", ""), vcs.get("commit_id") or vcs.get("requested_revision") or "")
        editable = folder.get("editable") is True
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
    if not all(isinstance(text, str) for text in (url, *texts, subdirectory or "", path or "")):
        return None
    return DirectUrl(
        url=url,
        editable=editable,
        vcs=texts[0],
        revision=texts[1],
        subdirectory=subdirectory,
        path=path,
    )
