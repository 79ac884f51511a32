"""`--compile-bytecode`: which bytecode a root gets, and whence: from the store, or from a Python that makes it."""

import os
import posixpath
from collections.abc import Mapping, Sequence
from contextlib import ExitStack

from siteroot.errors import TargetError, UsageError
from siteroot.interpreter.compiling import Compiled, Compiler, Module
from siteroot.model.event import (
    CompilingAdvanced,
    CompilingFinished,
    CompilingStarted,
    Note,
    Warned,
)
from siteroot.model.settings import Settings
from siteroot.model.target import Target
from siteroot.model.value import dataclass
from siteroot.model.wheel import StoredScheme, StoredWheel
from siteroot.ports import Clock, Reporter
from siteroot.root.placing import PoisonedError
from siteroot.store.bytecode import BytecodeStore, Draft
from siteroot.store.store import Store

#: PYC_INVALIDATION_MODE -> the mode, as py_compile names and means them.
_MODES = {
    "TIMESTAMP": "timestamp",
    "CHECKED_HASH": "checked-hash",
    "UNCHECKED_HASH": "unchecked-hash",
}
_PATIENCE = 60
#: Bytes in a file's name, as nearly every disk has it: what a root holds does not hang on the disk.
_LONGEST_NAME = 255


@dataclass(frozen=True, slots=True, kw_only=True)
class Bytecode:
    """The bytecode that a root shall hold. `kind` names it in the store and in `.siteroot.json`."""

    kind: str
    cache_tag: str
    compiler: Compiler


def choose_bytecode(
    settings: Settings, target: Target, environ: Mapping[str, str]
) -> Bytecode | None:
    """Return what the root shall hold of bytecode, None where it is left to the interpreter.

    Any Python of the target's implementation and version makes bytecode that the target takes, whatever the platform.
    `kind` has its full version: patch releases of one magic number compile some modules differently. Raises
    TargetError where there is none, UsageError for a mode that is none.
    """
    if not settings.compile_bytecode:
        return None
    python = target.interpreter
    if python is None or not python.cache_tag or not _makes_it(target, python.version):
        raise TargetError(
            f"to compile bytecode for {target.implementation} {target.python_version} a Python of that version is"
            " needed on this machine, of any platform's build, and there is none",
            where="--compile-bytecode",
            hints=(
                "--python names one",
                "--no-compile-bytecode leaves bytecode to the interpreter",
            ),
        )
    mode = _mode(environ)
    seconds = settings.compile_bytecode_timeout
    timeout = float(_PATIENCE if seconds is None else seconds)
    threads = "t" if target.free_threaded else ""
    return Bytecode(
        kind=f"{python.cache_tag}{threads}-{python.version}-{python.magic}-{mode}",
        cache_tag=python.cache_tag,
        compiler=Compiler(
            executable=python.executable, mode=mode, timeout=timeout or None, environ=environ
        ),
    )


def _makes_it(target: Target, version: str) -> bool:
    return version.startswith(f"{target.python_version}.")


def _mode(environ: Mapping[str, str]) -> str:
    said = environ.get("PYC_INVALIDATION_MODE")
    if said is None:
        return "checked-hash" if environ.get("SOURCE_DATE_EPOCH") else "timestamp"
    if said not in _MODES:
        raise UsageError(
            f"the variable `PYC_INVALIDATION_MODE` cannot be `{said}`",
            hints=(f"it is one of {', '.join(_MODES)}",),
        )
    return _MODES[said]


def supply_bytecode(
    settings: Settings,
    target: Target,
    environ: Mapping[str, str],
    store: Store,
    reporter: Reporter,
    clock: Clock,
) -> "BytecodeSupply | None":
    """Return what gives wheels their bytecode, None where that is left to the interpreter. Raises as above."""
    bytecode = choose_bytecode(settings, target, environ)
    if bytecode is None:
        return None
    reporter.report(Note(f"bytecode: {bytecode.kind}, made by {bytecode.compiler.executable}"))
    return BytecodeSupply(bytecode, BytecodeStore(store), reporter, clock)


class BytecodeSupply:
    """Gives wheels their bytecode: found in the store, else compiled and kept there."""

    def __init__(
        self, bytecode: Bytecode, store: BytecodeStore, reporter: Reporter, clock: Clock
    ) -> None:
        self._bytecode = bytecode
        self._store = store
        self._reporter = reporter
        self._clock = clock

    @property
    def kind(self) -> str:
        """The kind of the bytecode."""
        return self._bytecode.kind

    def find(self, wheel: StoredWheel) -> StoredWheel:
        """Return the wheel, with its bytecode where that was compiled before."""
        return self._store.find(wheel, self.kind) or wheel

    def obtain(self, wheels: Sequence[StoredWheel]) -> list[StoredWheel]:
        """Return the wheels with their bytecode. Raises CompilerLostError, PoisonedError, StoreError."""
        found = [self._store.find(wheel, self.kind) for wheel in wheels]
        lacking = [wheel for wheel, had in zip(wheels, found, strict=True) if had is None]
        made = self._compile(lacking) if lacking else {}
        for wheel in (each for each in found if each is not None):
            for path, why in _uncompiled(wheel):
                self._reporter.report(Note(f"{wheel.label}: {path} does not compile: {why}"))
        return [
            made[wheel.folder] if had is None else had
            for wheel, had in zip(wheels, found, strict=True)
        ]

    def discard(self, wheel: StoredWheel) -> None:
        """Forget bytecode whose stored bytes turned out to be wrong."""
        self._store.discard(wheel)

    def _compile(self, wheels: Sequence[StoredWheel]) -> dict[str, StoredWheel]:
        """Return the wheels by their folder, compiled; the largest first, so that no processor waits at the end."""
        work = [_Work(wheel, self._bytecode.cache_tag) for wheel in wheels]
        work.sort(key=lambda each: -each.weight)
        count = sum(len(each.modules) for each in work)
        self._reporter.report(Note(f"compiling {count} modules"))
        began, finished = self._clock.monotonic(), 0
        self._reporter.report(CompilingStarted(modules=count))
        try:
            done = self._run(work)
            finished = count
        finally:
            seconds = self._clock.monotonic() - began
            self._reporter.report(CompilingFinished(modules=finished, seconds=seconds))
        for wheel in done.values():
            self._tell_uncompiled(wheel)
        return done

    def _run(self, work: Sequence["_Work"]) -> dict[str, StoredWheel]:
        owners = {module.path: each for each in work for module in each.modules}
        done = {}
        with ExitStack() as drafts:
            for each in work:
                if not each.modules:
                    with self._store.draft(each.wheel, self.kind) as draft:
                        done[each.wheel.folder] = draft.admit()
            modules = [module for each in work for module in each.modules]
            open_drafts: dict[str, tuple[ExitStack, Draft]] = {}
            answers = self._bytecode.compiler.compile(modules)
            drafts.callback(answers.close)
            for compiled in answers:
                each = owners[compiled.module.path]
                folder = each.wheel.folder
                if folder not in open_drafts:
                    scope = drafts.enter_context(ExitStack())
                    draft = scope.enter_context(self._store.draft(each.wheel, self.kind))
                    open_drafts[folder] = scope, draft
                scope, draft = open_drafts[folder]
                each.take(compiled, draft)
                self._reporter.report(CompilingAdvanced(modules=1))
                if not each.left:
                    done[folder] = draft.admit()
                    scope.close()
                    del open_drafts[folder]
        return done

    def _tell_uncompiled(self, wheel: StoredWheel) -> None:
        failed = _uncompiled(wheel)
        if not failed:
            return
        path, why = failed[0]
        more = f", and {len(failed) - 1} modules more do not" if len(failed) > 1 else ""
        self._reporter.report(Warned(f"{wheel.label}: {path} does not compile ({why}){more}"))
        for path, why in failed[1:]:
            self._reporter.report(Note(f"{wheel.label}: {path} does not compile: {why}"))


class _Work:
    """The modules of one wheel."""

    def __init__(self, wheel: StoredWheel, cache_tag: str) -> None:
        self.wheel = wheel
        self._cache_tag = cache_tag
        self._rows: dict[str, tuple[str, str, bytes]] = {}  # by path: scheme, path in it, sha256
        sized = []
        for part in wheel.schemes:
            for path, size, _, mtime, sha256 in _modules(part):
                full = os.path.join(wheel.folder, part.scheme, path)
                self._rows[full] = part.scheme, path, sha256
                sized.append((-size, Module(path=full, name=path, mtime=mtime)))
        sized.sort(key=lambda each: (each[0], each[1].path))
        self.modules = [module for _, module in sized]
        self.weight = -sum(size for size, _ in sized)
        self.left = len(sized)

    def take(self, compiled: Compiled, draft: Draft) -> None:
        """Put what became of a module into the draft. Raises PoisonedError where its source is not what was stored."""
        scheme, path, sha256 = self._rows[compiled.module.path]
        if compiled.source != sha256:
            raise PoisonedError([(self.wheel.label, self.wheel.folder, f"{scheme}/{path}")])
        folder, name = posixpath.split(path)
        cached = f"{name[:-3]}.{self._cache_tag}.pyc"
        if compiled.why:
            draft.fail(scheme, path, compiled.why)
        elif len(os.fsencode(cached)) > _LONGEST_NAME:  # then Python keeps none either
            draft.fail(scheme, path, "its bytecode's name would be too long")
        else:
            draft.add(scheme, posixpath.join(folder, "__pycache__", cached), compiled.content)
        self.left -= 1


def _modules(part: StoredScheme) -> list[tuple[str, int, int, int, bytes]]:
    """Return the rows of a scheme's modules: those of purelib and platlib, as nothing else is imported."""
    if part.scheme not in ("purelib", "platlib"):
        return []
    return [
        row
        for row in part.files
        if row[0].endswith(".py") and "__pycache__" not in row[0].split("/")
    ]


def _uncompiled(wheel: StoredWheel) -> list[tuple[str, str]]:
    return [failed for part in wheel.schemes for failed in part.uncompiled]
