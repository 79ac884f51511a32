"""Windows launchers, made on any host: a stub from `installer`, a `#!python` line, and a zip with the script."""

import io
from functools import partial

from siteroot.model.target import Target
from siteroot.plan.place import WindowsLauncher

#: installer's name of the stub, by PEP 508's platform_machine.
_KINDS = {"ARM64": "win-arm64", "x86": "win-ia32"}


def windows_launcher_for(target: Target) -> WindowsLauncher:
    """Return what makes launchers that run on the target's machine."""
    return partial(_make, _KINDS.get(target.markers["platform_machine"], "win-amd64"))


def _make(kind: str, script: bytes, gui: bool) -> bytes:  # noqa: FBT001 - plan.place.WindowsLauncher
    """Return the bytes of an .exe that runs the script with the `python` that its stub finds.

    The zip's time is fixed, so that the same script gives the same bytes.
    """
    import zipfile  # noqa: PLC0415 - 3 ms, for Windows targets only

    from installer.scripts import Script  # noqa: PLC0415 - 16 ms

    section = "gui" if gui else "console"
    _, sample = Script("x", "x", "x", section).generate("python", kind)  # type: ignore[arg-type]
    stub = sample[: sample.rindex(b"#!python")]
    line = b"#!pythonw\n" if gui else b"#!python\n"
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr(zipfile.ZipInfo("__main__.py", (1980, 1, 1, 0, 0, 0)), script)
    return stub + line + archive.getvalue()
