"""What `--hash` and `--require-hashes` ask of files: before anything is resolved, and of the pins that came out."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from urllib.parse import urlsplit

from siteroot.errors import IntegrityError, UsageError
from siteroot.model.digest import Digest
from siteroot.model.file_url import unquoted_path
from siteroot.model.lock import TREE_SOURCES, GitSource, PathSource, UrlSource
from siteroot.model.pin import Pin, SdistArtifact, WheelArtifact
from siteroot.model.requirement import Requirement
from siteroot.model.resolution import ResolutionRequest
from siteroot.model.value import replace

_WRITING = "`siteroot pip compile --generate-hashes` writes those of everything"
_MODE = "In `--require-hashes` mode, all requirements must"


class UnpinnedRequirementError(UsageError):
    """Hashes are required, and a requirement does not say which version, or which bytes, it means."""


class UntrustedFileError(IntegrityError):
    """A file that was chosen has none of the hashes that were asked for, or hashes are required and it has none."""


def require_hashes(request: ResolutionRequest) -> None:
    """Refuse a requirement without a version or a hash. Raises UnpinnedRequirementError."""
    hashed = _by_name(request)
    for each in request.requirements:
        if isinstance(each.source, (GitSource, *TREE_SOURCES)):
            raise UnpinnedRequirementError(
                f"{_MODE} be files, which a repository or source tree is not: {each.name}",
                where=each.origin or None,
            )
        if not isinstance(each.source, UrlSource | PathSource) and not _is_pinned(each):
            raise UnpinnedRequirementError(
                f"{_MODE} have their versions pinned with `==`, but found: {each.name}{each.specifier}",
                where=each.origin or None,
            )
        if each.name not in hashed:
            raise UnpinnedRequirementError(
                f"{_MODE} have a hash, but none were provided for: {each.name}{each.specifier}",
                where=each.origin or None,
            )


def check_requested(
    pins: Iterable[Pin], request: ResolutionRequest, *, required: bool, hint: str = _WRITING
) -> tuple[Pin, ...]:
    """Return the pins, each with the digests that its file has to have. Raises UntrustedFileError, IntegrityError.

    `hint` says how a hash that is required comes to be there.
    """
    hashed = _by_name(request)
    if required and (unknown := next((pin for pin in pins if pin.name not in hashed), None)):
        raise UntrustedFileError(
            f"Hash-checking is required, but no trusted hash was provided for: `{unknown.name}`",
            hints=(hint,),
        )
    return tuple(_checked(pin, hashed.get(pin.name, ())) for pin in pins)


def without_hashes(request: ResolutionRequest) -> ResolutionRequest:
    """Return the request as if nobody had named a hash (`--no-verify-hashes`)."""
    return replace(
        request,
        requirements=plain(request.requirements),
        constraints=plain(request.constraints),
        overrides=plain(request.overrides),
    )


def plain(requirements: Iterable[Requirement]) -> tuple[Requirement, ...]:
    """Return requirements without their hashes."""
    return tuple(replace(each, digests=()) for each in requirements)


def _by_name(request: ResolutionRequest) -> Mapping[str, tuple[Digest, ...]]:
    """Return the digests that are allowed, by name."""
    found: dict[str, tuple[Digest, ...]] = defaultdict(tuple)
    for each in (*request.requirements, *request.constraints, *request.overrides):
        if each.digests:
            found[each.name] += each.digests
    return dict(found)


def _is_pinned(requirement: Requirement) -> bool:
    return any(
        each.operator == "===" or (each.operator == "==" and not each.version.endswith(".*"))
        for each in requirement.specifier
    )


def _checked(pin: Pin, allowed: tuple[Digest, ...]) -> Pin:
    if not allowed:
        return pin
    artifact = pin.artifact
    if not isinstance(artifact, WheelArtifact | SdistArtifact):
        return pin
    known = artifact.file.digests
    algorithms = {digest.algorithm for digest in known} & {each.algorithm for each in allowed}
    if any(digest in allowed for digest in known):
        return pin
    if algorithms:
        raise UntrustedFileError(
            f"{artifact.file.filename} of `{pin.name}=={pin.version}` has none of the hashes that were asked for:"
            f" {', '.join(map(str, allowed))}; it has {', '.join(map(str, known))}",
        )
    file = replace(artifact.file, digests=(*known, *_of_unhashed(artifact.location, allowed)))
    return replace(pin, artifact=replace(artifact, file=file))


def _of_unhashed(location: str, allowed: tuple[Digest, ...]) -> tuple[Digest, ...]:
    """Return the digests that a file has to have of which its index gives none."""
    path = unquoted_path(urlsplit(location).path) if location.startswith("file:") else location
    if path.startswith("/"):  # it lies here: any of several will do
        from .sources import match_digests  # noqa: PLC0415 - what opens archives, where a file lies here

        return match_digests(path, allowed)
    algorithms = [digest.algorithm for digest in allowed]
    single = tuple(each for each in allowed if algorithms.count(each.algorithm) == 1)
    if not single:
        raise UntrustedFileError(
            "its index gives no hash of it, so that of several allowed ones none can be chosen",
            where=path.rpartition("/")[2],
            hints=("name the hash of this file alone",),
        )
    return single
