"""`siteroot pip compile`: what requirements come to, written down: requirements.txt, or pylock.toml.

An output that is there says which versions are preferred. Nothing is installed; what only a build can say is built.
"""

import os
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

from packaging.utils import canonicalize_name
from packaging.version import Version

from siteroot import fs
from siteroot.errors import ProjectError, RootError, UsageError
from siteroot.formats.compiled_requirements import (
    CompiledDistribution,
    describe_distributions,
    render_header,
    render_options,
    render_requirements_txt,
)
from siteroot.formats.markers import TargetMarkers
from siteroot.formats.reading import Faults
from siteroot.formats.requirements_txt import parse_requirements_txt
from siteroot.formats.wheel_tags import WheelTags
from siteroot.model.digest import Digest
from siteroot.model.event import Resolved, Warned
from siteroot.model.file_url import unquoted_path
from siteroot.model.lock import GitSource, PathSource, Source, UrlSource
from siteroot.model.pip_request import CompiledFile, CompileRequest, PipContext
from siteroot.model.requirement import Requirement, entry_for
from siteroot.model.requirements import RequirementLine
from siteroot.model.resolution import Resolution, ResolutionRequest, ResolvedPin
from siteroot.model.settings import Settings
from siteroot.model.surroundings import Surroundings
from siteroot.model.target import Target
from siteroot.model.value import dataclass, replace
from siteroot.ports import Reporter
from siteroot.project.indexes import order_indexes

from .build_means import install_again
from .caches import choose_caches
from .clock import SystemClock
from .pip_place import choose_pip_python
from .pip_resolving import Asking, complete_request, read_asking
from .settings import load_pip_settings
from .supplying import BuildPurpose, Supplies

if TYPE_CHECKING:
    from .reading_sources import SourceReader

_MOST = 64 << 20
_PYLOCK = re.compile(r"pylock(?:\.[^.]+)?\.toml")
_VERSION = re.compile(r"\d+(?:\.\d+){0,2}")


class BadOutputError(UsageError):
    """The output cannot be what was asked for."""


class UnwrittenOutputError(RootError):
    """The output cannot be read or written."""


class StaleOutputError(ProjectError):
    """The output that is there says what nobody can read."""


class _Written(NamedTuple):
    """What an output that is there pins, and the digests that stand with it."""

    version: Version
    digests: tuple[Digest, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Compilation:
    """What came out: the text of the file, and what there is to say of it, one sentence each."""

    text: str
    notes: tuple[str, ...]


def pip_compile(
    request: CompileRequest,
    surroundings: Surroundings,
    reporter: Reporter,
    stdin: Callable[[], bytes],
) -> Compilation:
    """Resolve what is asked for, and write it where that is said.

    Raises UsageError, ProjectError, TargetError, ResolutionError, SourceError, BuildError, and UnwrittenOutputError.
    """
    clock = SystemClock()
    began = clock.monotonic()
    _refuse_senseless(request)
    context = _versioned(request.context)
    settings = load_pip_settings(context, surroundings, reporter)
    asking = read_asking(
        request.sources,
        request.resolution,
        settings,
        surroundings,
        reporter,
        clock,
        stdin=stdin,
    )
    _refuse_locks(asking)
    target = choose_pip_python(context, settings, surroundings, reporter)
    path = None if request.file.path is None else os.path.join(surroundings.cwd, request.file.path)
    with ExitStack() as scope:
        supplies = Supplies(
            asking.settings,
            surroundings,
            choose_caches(asking.settings, surroundings),
            scope,
            reporter=reporter,
            clock=clock,
        )
        purpose = BuildPurpose(
            target=_builder(target, context, settings, surroundings, reporter),
            root=os.path.join(supplies.store.folder, "nowhere"),
            again=install_again(context.building),
            constraints=asking.build_constraints,
            installs=False,
        )
        resolver, builds = supplies.open_index(purpose)
        written = {} if path is None else _written(path, pylock=_is_pylock(request.file))
        completed = complete_request(
            asking,
            lambda: builds().open_reader(),
            target,
            preferences={name: one.version for name, one in written.items()},
        )
        resolution = resolver.resolve(completed, target)
        if request.file.hashes or _is_pylock(request.file):
            kept = {name: written[name] for name in completed.preferences}
            pins = tuple(
                _with_kept_digests(pin, kept[pin.name])
                if pin.name in kept and pin.version == kept[pin.name].version
                else pin
                for pin in resolution.pins
            )
            pins = tuple(_with_digests(pin, lambda: builds().open_reader()) for pin in pins)
            resolution = replace(resolution, pins=pins)
    reporter.report(Resolved(count=len(resolution.pins), seconds=clock.monotonic() - began))
    described = describe_distributions(resolution, _asked(completed, target, resolution))
    text = _render(request.file, described, asking.settings, target, context, surroundings.cwd)
    if path is not None:
        _write(path, text.encode())
    return Compilation(text=text, notes=resolution.notes)


def _refuse_senseless(request: CompileRequest) -> None:
    file = request.file
    name = os.path.basename(file.path or "")
    if name.lower() == "pyproject.toml":
        raise BadOutputError("a pyproject.toml is no output", where="--output-file")
    if _is_pylock(file) and name and not _PYLOCK.fullmatch(name):
        raise BadOutputError(
            f"`{name}` would not be found: a lock is `pylock.toml` or `pylock.NAME.toml`",
            where="--output-file",
        )


def _refuse_locks(asking: Asking) -> None:
    for lock in asking.requirements.locks:
        raise BadOutputError("a pylock.toml is resolved already", where=lock)


def _is_pylock(file: CompiledFile) -> bool:
    if file.form is not None:
        return file.form == "pylock.toml"
    return (file.path or "").lower().endswith(".toml")


def _versioned(context: PipContext) -> PipContext:
    """Return the request for a Python with a bare version as that of the target, as uv has it for this command."""
    python = context.python
    if python.python_version is None and python.python and _VERSION.fullmatch(python.python):
        said = replace(python, python=None, python_version=python.python)
        return replace(context, python=said)
    return context


def _builder(
    target: Target,
    context: PipContext,
    settings: Settings,
    surroundings: Surroundings,
    reporter: Reporter,
) -> Target:
    """Return what builds run on: this machine's Python that is nearest to the target's."""
    if target.interpreter is not None and target.platform is None:
        return target
    said = replace(context.python, python_version=None, python_platform=None)
    if target.interpreter is not None:
        said = replace(said, python=target.interpreter.executable)
    else:
        reporter.report(
            Warned(f"there is no Python {target.python_version} here: builds use another one")
        )
    return choose_pip_python(replace(context, python=said), settings, surroundings, reporter)


def _with_kept_digests(pin: ResolvedPin, written: _Written) -> ResolvedPin:
    """Return a pin that stays with the hashes that it had: a file that came to the index since is nobody's choice."""
    if pin.file is None or not written.digests:
        return pin
    return replace(pin, files=(replace(pin.file, digests=written.digests),))


def _with_digests(pin: ResolvedPin, open_reader: "Callable[[], SourceReader]") -> ResolvedPin:
    """Return a pin whose files have digests: where an index tells none, that which is installed is brought and measured."""
    if pin.file is None or any(file.digests for file in pin.files):
        return replace(pin, files=tuple(file for file in pin.files if file.digests))
    location = pin.file.location
    source: Source
    if location.startswith(("http://", "https://")):
        source = UrlSource(url=location, subdirectory=None)
    else:
        source = PathSource(path=unquoted_path(urlsplit(location).path))
    reader = open_reader()
    reader.read(source)
    measured = reader.settle(replace(pin, source=source)).file
    assert measured is not None
    file = replace(pin.file, digests=measured.digests)
    return replace(pin, file=file, files=(file,))


def _asked(
    request: ResolutionRequest, target: Target, resolution: Resolution
) -> Iterator[Requirement]:
    """Yield all that was asked for and bounded by name, as far as it concerns the target and what was taken."""
    markers = TargetMarkers(target.markers)
    edges = {(edge.requirer, edge.required) for edge in resolution.edges}
    taken = (
        each
        for pin in resolution.pins
        for each in entry_for(request.overrides_of, pin.name, pin.version) or ()
        if (pin.name, each.name) in edges
    )
    overrides = (
        replace(each, asker=each.asker.replace("-r ", "--override ", 1))
        for each in request.overrides
    )
    for each in (*request.requirements, *request.constraints, *overrides, *taken):
        if markers.holds(each.marker):
            yield each


def _render(
    file: CompiledFile,
    described: tuple[CompiledDistribution, ...],
    settings: Settings,
    target: Target,
    context: PipContext,
    cwd: str,
) -> str:
    if not _is_pylock(file):
        options = render_options(file, order_indexes(settings).searched, settings, cwd)
        return render_requirements_txt(described, file, options)
    from siteroot.formats.compiled_pylock import PylockPlace, render_pylock  # noqa: PLC0415 - 9 ms

    place = PylockPlace(
        folder=os.path.dirname(os.path.join(cwd, file.path or "x")),
        python=context.python.python_version or target.markers["python_full_version"],
        tags=WheelTags(target.tags),
    )
    header = "".join(f"{line}\n" for line in render_header(file))
    omitted = set(map(canonicalize_name, file.omitted))
    kept = [one for one in described if one.pin.name not in omitted]
    for one in kept:
        if isinstance(one.pin.source, GitSource) and one.pin.source.path is not None:
            raise BadOutputError(
                f"a pylock.toml (PEP 751) has no words for an archive inside a repository, which {one.pin.name} is",
                hints=("--format requirements.txt can name it",),
            )
    return header + render_pylock(kept, place)


# -- the output that is there -----------------------------------------------------------------------------------------


def _written(path: str, *, pylock: bool) -> dict[str, _Written]:
    """Return what an output pins, by name. Raises StaleOutputError where nobody can read it."""
    if _is_stream(path):
        return {}  # reading a pipe that only we write into would have no end
    try:
        content = fs.read_plain(path, _MOST)
    except (FileNotFoundError, fs.NotPlainError):
        return {}
    except OSError as error:
        raise UnwrittenOutputError(f"cannot be read: {error.strerror}", where=path) from None
    if pylock:
        from siteroot.formats.pylock import parse_pylock  # noqa: PLC0415 - 11 ms that requirements.txt need not pay

        packages = parse_pylock(content, path).packages
        return {one.name: _Written(one.version) for one in packages if one.version}
    faults = Faults()
    lines = parse_requirements_txt(content, path, {}, faults)
    faults.raise_any(StaleOutputError, "")
    return dict(_pinned(lines))


def _pinned(lines: Iterable[object]) -> Iterator[tuple[str, _Written]]:
    for line in lines:
        if isinstance(line, RequirementLine) and line.written.name is not None:
            for specifier in line.written.specifier:
                if specifier.operator == "==" and not specifier.version.endswith(".*"):
                    yield line.written.name, _Written(Version(specifier.version), line.digests)


def _write(path: str, content: bytes) -> None:
    """Write the output, whole or not at all; one that says the same keeps its time, for whoever compares times."""
    try:
        if _is_stream(path):
            with open(path, "wb") as stream:
                stream.write(content)
            return
        real = os.path.realpath(path)
        fs.make_folder(os.path.dirname(real))
        mode = os.stat(real).st_mode & 0o777 if os.path.exists(real) else 0o644
        if not os.path.exists(real) or fs.read_plain(real, _MOST) != content:
            fs.write_whole(real, content, mode=mode)
    except OSError as error:
        raise UnwrittenOutputError(f"cannot be written: {error.strerror}", where=path) from None


def _is_stream(path: str) -> bool:
    """Whether it is a pipe or a device, which is written to and not replaced; a pipe's own name may be nowhere."""
    return os.path.exists(path) and not os.path.isfile(path) and not os.path.isdir(path)
