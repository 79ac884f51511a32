"""Windows launchers, made on any host: a stub from `installer`, a `#!python` line, and a zip with the script."""

import io
import zipfile

from installer.scripts import Script

_LINE = b"#!python\n"


def make_windows_launcher(script: bytes, gui: bool) -> bytes:  # noqa: FBT001 - plan.place.WindowsLauncher
    """Return the bytes of an .exe that runs the script with the `python` that its stub finds.

    The zip's time is fixed, so that the same script gives the same bytes.
    """
    _, sample = Script("x", "x", "x", "gui" if gui else "console").generate("python", "win-amd64")
    stub = sample[: sample.rindex(b"PK\x03\x04")]
    stub = stub[: stub.rindex(b"#!python")]
    line = _LINE.replace(b"python", b"pythonw") if gui else _LINE
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr(zipfile.ZipInfo("__main__.py", (1980, 1, 1, 0, 0, 0)), script)
    return stub + line + archive.getvalue()
