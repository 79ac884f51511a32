"""Where each file of a stored wheel goes in a layout, and what is rendered beside it.

Rests on "Binary distribution format" (schemes), "Recording installed projects" (RECORD, INSTALLER, REQUESTED) and
"Entry points specification". Bytecode from the store is placed like any other file.
"""

import hashlib
import posixpath
from collections.abc import Callable, Mapping

from siteroot.formats.record import render_record
from siteroot.model.layout import Layout, LayoutKind
from siteroot.model.plan import DesiredDistribution
from siteroot.model.rows import RenderedRow, StoredRow
from siteroot.model.target import Target
from siteroot.model.times import derive_mtime
from siteroot.model.value import dataclass
from siteroot.model.wheel import EntryPoint, StoredWheel

from .landing import MeetingFilesError, land, refuse_landings
from .paths import is_ascent, join_path
from .startup import (
    START_FOLDER,
    LauncherPlace,
    absolute_shebang,
    render_absolute_launcher,
    render_launcher,
    render_script,
    render_windows_script,
)

INSTALLER = b"siteroot\n"


#: Wraps a script's text into a Windows launcher: (script, gui) -> bytes of the .exe.
WindowsLauncher = Callable[[bytes, bool], bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class Placing:
    """What is the same for every distribution of one root. `bytecode`: the kind that is placed too, "" for none."""

    layout: Layout
    target: Target
    windows_launcher: WindowsLauncher
    bytecode: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Extras:
    """What a distribution gets beside its wheel. `scripts`: the text after the first line of its python scripts."""

    direct: bool
    direct_url: bytes | None
    scripts: Mapping[str, bytes]


def place_distribution(wheel: StoredWheel, placing: Placing, extras: Extras) -> DesiredDistribution:
    """Return every file that the distribution brings into the root, RECORD among them."""
    layout = placing.layout
    modules = layout.folders["purelib" if wheel.purelib else "platlib"]
    dist_info = join_path(modules, wheel.dist_info)
    stored = _place_stored(wheel, placing)
    launchers = _render_launchers(wheel, placing, extras.scripts)
    rendered = [
        *launchers,
        rendered_row(join_path(dist_info, "INSTALLER"), INSTALLER),
    ]
    if extras.direct:
        rendered.append(rendered_row(join_path(dist_info, "REQUESTED"), b""))
    if extras.direct_url is not None:
        rendered.append(rendered_row(join_path(dist_info, "direct_url.json"), extras.direct_url))
    record_path = join_path(dist_info, "RECORD")
    inner = f"{dist_info}/"
    metadata = [row for row in stored if row[0].startswith(inner)]
    refuse_landings(wheel.label, dist_info, layout, stored, metadata)
    paths = {row[0] for row in stored}.union([row[0] for row in rendered], [record_path])
    if len(paths) < len(stored) + len(rendered) + 1:
        stored = _refuse_doubles(wheel, stored, [*(row[0] for row in rendered), record_path])
    compiled = _place_compiled(wheel, placing, paths)
    record = _render_record(layout.root, modules, (*stored, *compiled), rendered, record_path)
    digest = hashlib.sha256(record).digest()
    rendered.append((record_path, record, 0o644, derive_mtime(digest)))
    return DesiredDistribution(
        wheel=wheel,
        direct=extras.direct,
        dist_info=dist_info,
        record=digest.hex(),
        stored=stored,
        rendered=tuple(rendered),
        paths=frozenset(paths.union([row[0] for row in compiled]) if compiled else paths),
        metadata=tuple(
            [row[0] for row in metadata] + [row[0] for row in rendered[len(launchers) :]]
        ),
        launchers=frozenset(row[0] for row in launchers),
        compiled=compiled,
        bytecode=placing.bytecode,
    )


def _refuse_doubles(
    wheel: StoredWheel, stored: tuple[StoredRow, ...], rendered: list[str]
) -> tuple[StoredRow, ...]:
    """Refuse a wheel two of whose files meet at one path: schemes may share a folder in a layout.

    Return its stored files, those that are there twice with equal bytes once.
    """
    once: dict[str, StoredRow] = {}
    for row in stored:
        first = once.setdefault(row[0], row)
        if (first[3], first[5]) != (row[3], row[5]) or row[0] in rendered:
            raise MeetingFilesError(
                f"two files of the wheel would lie at {row[0]} in this layout",
                where=wheel.label,
                hints=("report it to the distribution's authors",),
            )
    return tuple(once.values())


def rendered_row(path: str, content: bytes, mode: int = 0o644) -> RenderedRow:
    """Return a row for a file that siteroot renders, its time derived from its content (ROOT.md 4)."""
    return (path, content, mode, derive_mtime(hashlib.sha256(content).digest()))


def _place_stored(wheel: StoredWheel, placing: Placing) -> tuple[StoredRow, ...]:
    rows: list[StoredRow] = []
    for scheme in wheel.schemes:
        folder = placing.layout.folders[scheme.scheme]
        if scheme.scheme == "headers":
            folder = join_path(folder, wheel.name)
        prefix = f"{folder}/" if folder else ""
        source = f"{scheme.scheme}/"
        files = scheme.files
        if scheme.scheme == "scripts" and wheel.python_scripts:
            files = tuple(row for row in files if row[0] not in wheel.python_scripts)
        if is_ascent(folder):
            root = placing.layout.root
            rows += [
                (land(folder, path, root), source + path, size, mode, mtime, sha256)
                for path, size, mode, mtime, sha256 in files
            ]
            continue
        rows += [
            (prefix + path, source + path, size, mode, mtime, sha256)
            for path, size, mode, mtime, sha256 in files
        ]
    return tuple(rows)


def _place_compiled(wheel: StoredWheel, placing: Placing, taken: set[str]) -> tuple[StoredRow, ...]:
    """Return the bytecode's rows. What a wheel brings itself stands before it."""
    rows: dict[str, StoredRow] = {}
    for scheme in wheel.schemes if placing.bytecode else ():
        folder = placing.layout.folders[scheme.scheme]
        root = placing.layout.root
        for path, size, mode, mtime, sha256 in scheme.bytecode:
            target = land(folder, path, root)
            if target not in taken:
                rows[target] = (target, f"{scheme.scheme}/{path}", size, mode, mtime, sha256)
    return tuple(rows.values())


def _render_launchers(
    wheel: StoredWheel, placing: Placing, scripts: Mapping[str, bytes]
) -> list[RenderedRow]:
    layout, target = placing.layout, placing.target
    folder = layout.folders["scripts"]
    modules = layout.folders["purelib" if wheel.purelib else "platlib"]
    rows = []
    if layout.kind is LayoutKind.INTERPRETER and target.interpreter is not None:
        executable = target.interpreter.executable
        for entry_point in _entry_points(wheel, target):
            content = render_absolute_launcher(entry_point, executable)
            rows.append(rendered_row(join_path(folder, entry_point.name), content, 0o755))
        header = absolute_shebang(executable).encode()
        texts = {path: header + scripts[path] for path in wheel.python_scripts}
    else:
        up = "/".join([".."] * (folder.count("/") + 1))
        place = LauncherPlace(
            to_modules=join_path(up, modules),
            to_start=join_path(up, START_FOLDER),
            target=target,
        )
        for entry_point in _entry_points(wheel, target):
            name = entry_point.name
            if target.windows:
                script = render_windows_script(entry_point, place)
                content = placing.windows_launcher(script, entry_point.gui)
                name += ".exe"
            else:
                content = render_launcher(entry_point, place)
            rows.append(rendered_row(join_path(folder, name), content, 0o755))
        texts = {
            path: b"#!python\n" + scripts[path]
            if target.windows
            else render_script(scripts[path], place)
            for path in wheel.python_scripts
        }
    rows += [
        rendered_row(join_path(folder, path), content, 0o755) for path, content in texts.items()
    ]
    return rows


def _entry_points(wheel: StoredWheel, target: Target) -> list[EntryPoint]:
    """Return the wheel's entry points; pip's `pip3.N` becomes the target's own, as uv and pip have it."""
    if wheel.name != "pip":
        return list(wheel.entry_points)
    found = [e for e in wheel.entry_points if not e.name.startswith("pip3.")]
    versioned = [e for e in wheel.entry_points if e.name.startswith("pip3.")][:1]
    return found + [
        EntryPoint(
            name=f"pip{target.python_version}", module=e.module, attribute=e.attribute, gui=e.gui
        )
        for e in versioned
    ]


def _render_record(
    root: str,
    modules: str,
    stored: tuple[StoredRow, ...],
    rendered: list[RenderedRow],
    record_path: str,
) -> bytes:
    rows: list[tuple[str, bytes | None, int | None]] = [(row[0], row[5], row[2]) for row in stored]
    rows += [
        (path, hashlib.sha256(content).digest(), len(content)) for path, content, _, _ in rendered
    ]
    rows.append((record_path, None, None))
    if modules:
        rows = [(_relative(path, modules, root), sha256, size) for path, sha256, size in rows]
    return render_record(rows)


def _relative(path: str, folder: str, root: str) -> str:
    """Return `path` as seen from `folder`; both relative to the root."""
    if path.startswith(f"{folder}/"):
        return path[len(folder) + 1 :]
    if folder.startswith("../"):  # the way back down goes by the root's own name
        return posixpath.relpath(posixpath.join(root, path), posixpath.join(root, folder))
    parts, base = path.split("/"), folder.split("/")
    shared = 0
    while shared < min(len(parts) - 1, len(base)) and parts[shared] == base[shared]:
        shared += 1
    return "/".join([".."] * (len(base) - shared) + parts[shared:])
