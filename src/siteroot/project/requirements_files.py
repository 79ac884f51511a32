"""What was asked for: the words of a command, and the files that they name, followed to their ends.

A file that names another means it beside itself; the paths and folders of requirements start where the command was
called, as pip and uv have it. A file is read once, so files may name each other in a circle. What is wrong is told with
file and line, for all files at once.
"""

import posixpath
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from urllib.parse import unquote, urljoin, urlsplit

from packaging.markers import Marker
from packaging.utils import canonicalize_name

from siteroot.errors import ProjectError, UsageError
from siteroot.formats.credentials import without_credentials
from siteroot.formats.reading import Faults
from siteroot.formats.requirements_txt import parse_requirement, parse_requirements_txt
from siteroot.model.file_url import unquoted_path
from siteroot.model.project import Pyproject
from siteroot.model.requirement import Requirement
from siteroot.model.requirements import (
    Asked,
    IncludeLine,
    OptionLine,
    ProjectFile,
    RequirementLine,
    Requirements,
    RequirementSource,
    SourceKind,
    UnnamedRequirement,
)
from siteroot.model.value import dataclass, replace
from siteroot.ports import ProjectFiles

from .declared_sources import declared_sources
from .file_options import SaidOption, combine_options, passed_over
from .groups import expand_groups
from .own_extras import both_markers, chosen_requirements
from .requirement_places import place_requirement

_URL = re.compile(r"(?:https?|file)://", re.IGNORECASE)
_PYLOCK = re.compile(r"pylock(?:\.[^.]+)?\.toml")
_STDIN = ("-", "/dev/stdin")
_TREE_FILES = ("setup.py", "setup.cfg")


class RequirementsFileError(ProjectError):
    """A requirements file is not there, or says what it cannot."""


class RequirementWordError(UsageError):
    """A word of the command line is no requirement."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What files are read with. `folder` is where the command was called, absolute.

    `fetch` returns what an http(s) URL holds, `stdin` all that stands there; both raise a SiterootError. `extras` are
    those that are wanted of every pyproject.toml, None for all. `no_sources`: `[tool.uv.sources]` is not heeded, for
    these (normalised), or for none where it is True.
    """

    files: ProjectFiles
    folder: str
    variables: Mapping[str, str]
    fetch: Callable[[str], bytes]
    stdin: Callable[[], bytes]
    extras: tuple[str, ...] | None = ()
    no_sources: bool | frozenset[str] = False


@dataclass(frozen=True, slots=True)
class _File:
    """A requirements file: its place, absolute or a URL, and what messages call it. stdin's place is ""."""

    place: str
    shown: str


def read_requirements(sources: Sequence[RequirementSource], reading: Reading) -> Requirements:
    """Return all that the sources ask for, in their order.

    Raises RequirementsFileError with all faults of all files, RequirementWordError for a word of the command line.
    """
    walk = _Walk(reading)
    for source in sources:
        match source.kind:
            case SourceKind.REQUIREMENT | SourceKind.EDITABLE:
                walk.add_word(source.text, editable=source.kind is SourceKind.EDITABLE)
            case SourceKind.FILE:
                walk.add_file(source.text)
            case SourceKind.CONSTRAINTS:
                walk.add_constraints(source.text)
            case SourceKind.GROUP:
                walk.add_group(source.text)
    return walk.end()


class _Walk:
    """One reading under way: what was found, and what was wrong."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        self._variables = {"PROJECT_ROOT": reading.folder, **reading.variables}
        self._faults = Faults()
        self._visited: set[tuple[str, bool]] = set()
        self._asked: list[Asked] = []
        self._constraints: list[Requirement] = []
        self._options: list[SaidOption] = []
        self._trees: list[ProjectFile] = []
        self._locks: list[str] = []
        self._warnings: list[str] = []

    def _found(self) -> tuple[int, int, int]:
        return len(self._asked), len(self._constraints), len(self._options)

    def end(self) -> Requirements:
        options = combine_options(self._options, self._located, self._faults)
        self._faults.raise_any(RequirementsFileError, "")
        return Requirements(
            asked=tuple(self._asked),
            constraints=tuple(self._constraints),
            options=options,
            trees=tuple(dict.fromkeys(self._trees)),
            locks=tuple(dict.fromkeys(self._locks)),
            warnings=(*self._warnings, *passed_over(self._options)),
        )

    def add_word(self, text: str, *, editable: bool) -> None:
        """Take a requirement of the command line."""
        shown = without_credentials(text)
        if text.endswith((".txt", ".in")) and self._is_file(text):
            raise RequirementWordError(
                "is a requirements file", where=shown, hints=(f"say `-r {shown}`",)
            )
        try:
            line = RequirementLine(
                line=0, written=parse_requirement(text, editable=editable), editable=editable
            )
            self._asked.append(self._placed(line, f"`{shown}`", asker=""))
        except ValueError as error:
            raise RequirementWordError(str(error), where=shown) from None

    def add_file(self, text: str) -> None:
        """Take a file of the command line, of whatever kind its name says."""
        file = self._file_of_word(text)
        name = posixpath.basename(
            urlsplit(file.place).path if _URL.match(file.place) else file.place
        )
        if _PYLOCK.fullmatch(name):
            self._locks.append(file.place)
        elif name == "pyproject.toml":
            self._add_pyproject(self._read_pyproject(file), file)
        elif name in _TREE_FILES:
            self._trees.append(ProjectFile(file.place, self._near(file)))
        else:
            before = self._found()
            self._follow(file, None, constraint=False)
            if self._found() == before:
                self._warnings.append(
                    f"Requirements file `{file.shown}` does not contain any dependencies"
                )

    def add_constraints(self, text: str) -> None:
        """Take a file of constraints of the command line."""
        self._follow(self._file_of_word(text), None, constraint=True)

    def add_group(self, text: str) -> None:
        """Take a dependency group: "NAME" of the pyproject.toml here, or "PATH:NAME"."""
        path, _, name = text.rpartition(":")
        file = self._file_of_word(path or "pyproject.toml")
        pyproject = self._read_pyproject(file)
        group = expand_groups(pyproject).get(canonicalize_name(name))
        if group is None:
            raise RequirementsFileError(f"has no dependency group `{name}`", where=file.shown)
        for each in group.requirements:
            where = f"{file.shown} (group `{name}`)"
            self._add_declared(each.text, where, file, pyproject, group=name)

    def _follow(self, file: _File, asking: str | None, *, constraint: bool) -> None:
        """Read a requirements file and those that it names, each once, however long the chain of them is.

        `asking` is the line that names it, None where that is an option, a variable or a setting.
        """
        readings = [self._read_lines(file, asking, constraint=constraint)]
        while readings:
            named = next(readings[-1], None)
            if named is None:
                readings.pop()
            else:
                file, asking, constraint = named
                readings.append(self._read_lines(file, asking, constraint=constraint))

    def _read_lines(
        self, file: _File, asking: str | None, *, constraint: bool
    ) -> Iterator[tuple[_File, str, bool]]:
        """Take a file's lines; those that name another give it, what names it, and whether it constrains."""
        if (file.place, constraint) in self._visited:
            return
        self._visited.add((file.place, constraint))
        content = self._read(file)
        if content is None:
            folder = bool(file.place) and self._is_folder(file.place)
            what = "is a folder, and no file" if folder else "there is no such file"
            if asking is not None:
                what = f"{file.shown} is a folder" if folder else f"there is no file {file.shown}"
            self._faults.add(asking or file.shown, what)
            return
        for line in parse_requirements_txt(content, file.shown, self._variables, self._faults):
            where = f"{file.shown}:{line.line}"
            try:
                match line:
                    case RequirementLine():
                        self._take(line, where, file, constraint=constraint)
                    case IncludeLine(file=named, constraint=constrains):
                        yield self._file_named(named, file), where, constraint or constrains
                    case OptionLine() if not constraint:
                        self._options.append(SaidOption(where, line, file.place))
                    case OptionLine():
                        pass
            except ValueError as error:
                self._faults.add(where, str(error))

    def _file_of_word(self, text: str) -> _File:
        try:
            return self._file_named(text, None)
        except ValueError as error:
            raise RequirementWordError(str(error), where=without_credentials(text)) from None

    def _file_named(self, text: str, inside: _File | None) -> _File:
        """Return the file that a word means: beside the file that it stands in, else from the command's folder.

        Raises ValueError for what is no place of a file.
        """
        if "\0" in unquote(text):
            raise ValueError("no file has a NUL character in its name")
        if inside is None and text in _STDIN:
            return _File("", "<stdin>" if text == "-" else text)
        if inside is not None and _URL.match(inside.place):
            text = _joined(inside.place, text)
        shown = without_credentials(text)
        if _URL.match(text):
            path = _local_path(text)
            return _File(text, shown) if path is None else _File(path, path)
        if inside is None or not inside.place:
            return _File(posixpath.normpath(posixpath.join(self._reading.folder, text)), shown)
        return _File(
            posixpath.normpath(posixpath.join(posixpath.dirname(inside.place), text)),
            posixpath.normpath(posixpath.join(posixpath.dirname(inside.shown), shown)),
        )

    def _take(self, line: RequirementLine, where: str, file: _File, *, constraint: bool) -> None:
        asker = f"-c {self._near(file)}" if constraint else f"-r {self._near(file)}"
        asked = self._placed(line, where, asker="" if file.shown == "<stdin>" else asker)
        if not constraint:
            self._asked.append(asked)
        elif line.editable:
            raise ValueError("an editable cannot be a constraint")
        elif isinstance(asked.requirement, UnnamedRequirement):
            raise ValueError("a constraint has to say the name that it is about: NAME @ URL")
        else:
            self._constraints.append(asked.requirement)

    def _near(self, file: _File) -> str:
        """Return what annotations call a file: its path from where the command was called, where it lies below."""
        return file.shown.removeprefix(posixpath.join(self._reading.folder, ""))

    def _placed(self, line: RequirementLine, origin: str, *, asker: str) -> Asked:
        """Return what a line asks for. Raises ValueError for a place that makes no sense."""
        written = line.written
        requirement: Requirement | UnnamedRequirement
        if written.location is not None:
            requirement = self._at_place(line, written.location, origin, asker)
        elif line.editable or written.name is None:
            raise ValueError("an editable has to be a folder of this machine")
        else:
            requirement = Requirement(
                name=written.name,
                extras=written.extras,
                specifier=written.specifier,
                marker=written.marker,
                source=None,
                origin=origin,
                digests=line.digests,
                asker=asker,
            )
        settings: dict[str, tuple[str, ...]] = {}
        for key, value in line.settings:
            settings[key] = (*settings.get(key, ()), value)
        return Asked(requirement=requirement, settings=settings)

    def _at_place(
        self, line: RequirementLine, location: str, origin: str, asker: str
    ) -> Requirement | UnnamedRequirement:
        place = place_requirement(
            location, self._reading.folder, self._is_folder, editable=line.editable
        )
        requirement = UnnamedRequirement(
            extras=tuple(sorted({*line.written.extras, *place.extras})),
            marker=line.written.marker,
            source=place.source,
            origin=origin,
            digests=(*line.digests, *place.digests),
            place=line.place or location,
            asker=asker,
        )
        name = line.written.name or place.name
        return requirement if name is None else requirement.named(name)

    def _add_pyproject(self, pyproject: Pyproject, file: _File) -> None:
        """Take the dependencies of a project and of its wanted extras, where they can be known without a build."""
        project, wanted = pyproject.project, self._reading.extras
        if (
            project is None
            or "dependencies" in project.dynamic
            or (wanted != () and "optional-dependencies" in project.dynamic)
        ):
            self._trees.append(ProjectFile(file.place, self._near(file)))
            return
        optional = project.optional_dependencies
        for extra in wanted or ():
            if canonicalize_name(extra) not in optional:
                raise RequirementsFileError(f"has no extra `{extra}`", where=file.shown)
        asked = optional if wanted is None else map(canonicalize_name, wanted)
        for each in chosen_requirements(project, asked):
            self._add_declared(
                each.text, file.shown, file, pyproject, extra=each.extra, condition=each.condition
            )

    def _add_declared(
        self,
        text: str,
        where: str,
        file: _File,
        pyproject: Pyproject,
        *,
        extra: str | None = None,
        group: str | None = None,
        condition: Marker | None = None,
    ) -> None:
        """Take a requirement that a project declares, under a condition, from where its `[tool.uv.sources]` say."""
        project, inside = pyproject.project, f":{group}" if group else ""
        named = f"{project.normalized_name} " if project is not None else ""
        asker = f"{named}({self._near(file)}{inside})"
        try:
            line = RequirementLine(line=0, written=parse_requirement(text), editable=False)
            asked = self._placed(line, where, asker=asker)
            requirement, unheeded = asked.requirement, self._reading.no_sources
            plain = replace(requirement, marker=both_markers(condition, requirement.marker))
            if (
                isinstance(plain, UnnamedRequirement)
                or unheeded is True
                or (unheeded and plain.name in unheeded)
            ):
                self._asked.append(Asked(requirement=plain))
                return
            files = self._reading.files
            sources = tuple(
                declared_sources(plain.name, pyproject, files, extra=extra, group=group)
            )
            for source, marker in sources or ((plain.source, None),):
                both = both_markers(plain.marker, marker)
                self._asked.append(Asked(requirement=replace(plain, source=source, marker=both)))
        except ValueError as error:
            self._faults.add(where, str(error))

    def _read_pyproject(self, file: _File) -> Pyproject:
        content = self._read(file)
        if content is None:
            raise RequirementsFileError("there is no such file", where=file.shown)
        from siteroot.formats.pyproject import parse_pyproject  # noqa: PLC0415 - 3 ms that a requirements.txt need not pay

        return parse_pyproject(content, file.place)

    def _read(self, file: _File) -> bytes | None:
        if not file.place:
            return self._reading.stdin()
        if _URL.match(file.place):
            return self._reading.fetch(file.place)
        return self._reading.files.read(file.place)

    def _is_folder(self, path: str) -> bool:
        return self._reading.files.is_folder(path)

    def _is_file(self, text: str) -> bool:
        path = posixpath.join(self._reading.folder, text)
        return self._reading.files.read(path) is not None

    def _located(self, value: str, beside: str) -> str:
        """Return a URL, or a path as an absolute one: beside a file, where there is such a folder or file."""
        if "://" in value:
            return value
        if _URL.match(beside):
            return _joined(beside, value)
        files = self._reading.files
        for folder in (posixpath.dirname(beside), self._reading.folder) if beside else ():
            path = posixpath.normpath(posixpath.join(folder, value))
            if files.is_folder(path) or files.read(path) is not None:
                return path
        return posixpath.normpath(posixpath.join(self._reading.folder, value))


def _joined(url: str, text: str) -> str:
    """Return where a word of a page leads; as it stands where that is no URL, which is told when it is used."""
    try:
        return urljoin(url, text)
    except ValueError:
        return f"{urlsplit(url).scheme}:{text}"


def _local_path(url: str) -> str | None:
    """Return the path of a file URL, None for another one. Raises ValueError for one that cannot be meant."""
    try:
        parts = urlsplit(url)
    except ValueError:
        raise ValueError(f"`{without_credentials(url)}` is no URL") from None
    if parts.scheme != "file":
        return None
    if parts.netloc not in ("", "localhost"):
        raise ValueError(f"`{url}` is on another host: a file URL has three slashes")
    if not parts.path:
        raise ValueError(f"`{url}` names no file")
    return unquoted_path(parts.path)
