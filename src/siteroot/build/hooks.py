"""A source tree's backend, called through its hooks (PEP 517, PEP 660), each in a process of its own."""

import os
import shlex
import tempfile  # noqa: TID251 - it is pyproject-hooks that makes files by it
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar

from pyproject_hooks import (
    BackendUnavailable,
    BuildBackendHookCaller,
    HookMissing,
    UnsupportedOperation,
)

from siteroot import fs
from siteroot.errors import BuildError
from siteroot.model.build import BuildKind, BuildOptions, BuildRoot, BuildSystem

from .causes import hints_of
from .running import add_to_log, backend_variables, read_last_lines, run_logged

T = TypeVar("T")

_LONGEST_METADATA = 64 << 20


class BackendFailedError(BuildError):
    """A backend could not be run, failed, or answered what no backend may answer."""


class NoEditableError(BuildError):
    """A backend cannot build editables."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One build. Paths are absolute.

    `label` says who is built, `name` is its own, "" where nobody knows it yet. `scratch` is a folder for this build alone, `log` a file that exists. `environ` is the
    environment of siteroot itself. `again` is a command that does the same once more.
    """

    label: str
    name: str
    source: str
    system: BuildSystem
    options: BuildOptions
    scratch: str
    log: str
    environ: Mapping[str, str]
    again: str


def ask_requires(job: Job, root: BuildRoot, kind: BuildKind) -> tuple[str, ...]:
    """Return what the backend wants besides `requires`, once it runs. Raises BackendFailedError."""
    caller = _caller(job, root)
    hook = f"get_requires_for_{_hook(kind)}"
    ask: Callable[[Mapping[str, object]], object] = getattr(caller, hook)
    answer = _call(job, hook, lambda: ask(_config(job)))
    if not isinstance(answer, list) or not all(isinstance(text, str) for text in answer):
        raise _failure(job, hook, "it answered no list of requirements")
    return tuple(answer)


def build(job: Job, root: BuildRoot, kind: BuildKind, folder: str) -> str:
    """Return the path of the wheel that the backend put into the folder. Raises BackendFailedError, NoEditableError."""
    caller = _caller(job, root)
    hook = _hook(kind)
    run: Callable[[str, Mapping[str, object]], object] = getattr(caller, hook)
    name = _call(job, hook, lambda: run(folder, _config(job)))
    if not isinstance(name, str) or name != os.path.basename(name) or not name.endswith(".whl"):
        raise _failure(job, hook, "it answered no name of a wheel")
    path = f"{folder}/{name}"
    if os.path.islink(path) or not os.path.isfile(path):
        raise _failure(job, hook, f"it says that it made {name!r}, and there is no such file")
    return path


def read_metadata(job: Job, root: BuildRoot, kind: BuildKind, folder: str) -> bytes | None:
    """Return the METADATA that a wheel would have, None where the backend only builds. Raises BackendFailedError."""
    caller = _caller(job, root)
    hook = f"prepare_metadata_for_{_hook(kind)}"
    prepare: Callable[..., object] = getattr(caller, hook)

    def run() -> object:
        try:
            return prepare(folder, _config(job), _allow_fallback=False)
        except HookMissing:
            return None

    name = _call(job, hook, run)
    if name is None:
        return None
    if not isinstance(name, str) or name != os.path.basename(name):
        raise _failure(job, hook, "it answered no name of a dist-info")
    try:
        return fs.read_plain(f"{folder}/{name}/METADATA", _LONGEST_METADATA, follow=False)
    except OSError:
        raise _failure(job, hook, f"{name!r}, which it names, holds no METADATA") from None


def _hook(kind: BuildKind) -> str:
    return "build_editable" if kind is BuildKind.EDITABLE else "build_wheel"


def _config(job: Job) -> dict[str, object]:
    settings = job.options.config_settings
    return {
        key: value if isinstance(value, str) else list(value) for key, value in settings.items()
    }


def _caller(job: Job, root: BuildRoot) -> BuildBackendHookCaller:
    variables = backend_variables(job.environ, root, job.options, job.scratch)
    fs.make_folder(variables["TMPDIR"])

    def run(
        cmd: Sequence[str],
        cwd: str | None = None,
        extra_environ: Mapping[str, str] | None = None,
    ) -> None:
        ended = run_logged(
            cmd,
            cwd=cwd or job.source,
            variables=variables | dict(extra_environ or {}),
            log=job.log,
            options=job.options,
        )
        if ended.code != 0:
            raise _HookEndedError(str(ended))

    return BuildBackendHookCaller(
        job.source,
        job.system.backend,
        job.system.backend_path,
        runner=run,
        python_executable=root.executable,
    )


class _HookEndedError(Exception):
    """A hook's process failed. Internal."""


def _call(job: Job, hook: str, call: Callable[[], T]) -> T:
    try:
        with (
            _temporary_files_in(os.path.join(job.scratch, "tmp")),
            warnings.catch_warnings(record=True) as warned,  # pyproject-hooks passes a backend's on
        ):
            warnings.simplefilter("always")
            answer = call()
        add_to_log(job.log, [str(warning.message) for warning in warned])
    except _HookEndedError as error:
        raise _failure(job, hook, str(error)) from None
    except BackendUnavailable as error:
        why = (error.traceback or "").strip().rpartition("\n")[2] or str(error)
        raise _failure(job, hook, f"it cannot be imported ({why})", log=False) from None
    except (HookMissing, UnsupportedOperation):
        raise NoEditableError(
            f"{job.label}: its build backend `{job.system.backend}` cannot build editables",
            hints=(
                "--no-editable installs real copies",
                "--no-editable-package NAME does so for one",
            ),
        ) from None
    except (OSError, ValueError) as error:  # no answer, or no JSON
        raise _failure(job, hook, f"it gave no answer that can be read ({error})") from None
    return answer


@contextmanager
def _temporary_files_in(folder: str) -> Iterator[None]:
    """Keep what pyproject-hooks writes out of TMPDIR: what a killed siteroot leaves goes with its work in the cache.

    In the build of an image, /tmp would become part of the layer.
    """
    before, tempfile.tempdir = tempfile.tempdir, folder
    try:
        yield
    finally:
        tempfile.tempdir = before


def _failure(job: Job, hook: str, why: str, *, log: bool = True) -> BackendFailedError:
    lines = read_last_lines(job.log) if log else ()
    shown = "".join(f"\n    {line}" for line in lines)
    return BackendFailedError(
        f"{job.label} cannot be built: its build backend `{job.system.backend}` failed in `{hook}`: {why}{shown}",
        hints=(
            *hints_of(lines, job.name),
            f"all of its output: {shlex.quote(job.log)}",
            f"the same once more: {job.again}",
        ),
    )
