"""The git command: asks nobody anything, shows no credential, and heeds no repository but the one that is named."""

import os
import signal
import subprocess
from collections.abc import Mapping
from contextlib import suppress
from urllib.parse import urlsplit

from siteroot.errors import SourceError
from siteroot.formats.credentials import without_credentials

#: Variables that a git hook or alias sets, and that would lead git to another repository.
_DROPPED = frozenset(
    (
        "GIT_DIR",
        "GIT_WORK_TREE",
        "GIT_INDEX_FILE",
        "GIT_OBJECT_DIRECTORY",
        "GIT_ALTERNATE_OBJECT_DIRECTORIES",
        "GIT_COMMON_DIR",
        "GIT_NAMESPACE",
        "GIT_PREFIX",
        "GIT_QUARANTINE_PATH",
    )
)
_LONGEST = 400


class GitFailedError(SourceError):
    """The git command did not do what was asked of it."""


class GitAbsentError(SourceError):
    """There is no git command."""


class Git:
    """Runs git for one repository. `url` may hold credentials: they go to git by its environment alone.

    `named_by_person` False: another repository names this one, and may not use what git lets only people use (CVE-2022-39253).
    """

    def __init__(
        self, url: str, environ: Mapping[str, str], *, named_by_person: bool = True
    ) -> None:
        self._named_by_person = named_by_person
        self.url, secret = _part_credentials(url)
        self.shown = without_credentials(self.url)
        kept = {name: value for name, value in environ.items() if name not in _DROPPED}
        kept.setdefault("GIT_SSH_COMMAND", "ssh -o BatchMode=yes")
        # collecting would take commits that locks still name, and go on behind the back of whoever called
        config = {"core.autocrlf": "false", "advice.detachedHead": "false", "gc.auto": "0"}
        if secret:
            config[f"url.{secret}.insteadOf"] = _host(self.url)
        self._environ = kept | {
            "GIT_TERMINAL_PROMPT": "0",
            "GCM_INTERACTIVE": "never",
            "GIT_LFS_SKIP_SMUDGE": "1",
            "LC_ALL": "C.UTF-8",
            **_config_variables(kept, config),
        }

    def of_submodule(self, url: str) -> "Git":
        """Return git for a submodule, which has the credentials of its repository where both lie on one host."""
        return Git(url, self._environ, named_by_person=False)

    def run(self, *words: str, cwd: str) -> str:
        """Return what git prints in a folder that is a repository, or holds one as `.git`.

        Raises GitFailedError with what it complains of, GitAbsentError.
        """
        code, out, complaint = self.attempt(*words, cwd=cwd)
        if code:
            raise GitFailedError(f"git {words[0]} failed: {complaint}", where=self.shown)
        return out

    def attempt(self, *words: str, cwd: str) -> tuple[int, str, str]:
        """Return git's exit code, what it prints, and the telling line of its complaint."""
        environ = self._environ
        if not os.path.isdir(f"{cwd}/.git"):
            # a mirror: else git looks in the folders above, and a cache may lie inside of somebody's own repository
            environ = environ | {"GIT_DIR": cwd}
        if words[0] == "fetch" and not self._named_by_person:
            environ = environ | {"GIT_PROTOCOL_FROM_USER": "0"}
        try:
            child = subprocess.Popen(  # noqa: S603 - the words are ours, and what a lock names is checked
                ["git", *words],  # noqa: S607 - which git is the person's to say, by PATH
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                cwd=cwd,
                env=environ,
                umask=0o022,
                process_group=0,
            )
        except FileNotFoundError:
            raise GitAbsentError(
                "comes from a git repository, and there is no git command on PATH", where=self.shown
            ) from None
        try:
            out, err = child.communicate()
        except BaseException:
            with suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGKILL)
            child.wait()
            raise
        return child.returncode, out.decode("utf-8", "replace"), _complaint(err)


def _part_credentials(url: str) -> tuple[str, str]:
    """Return the URL without credentials, and the beginning of it up to the host with them, "" where it has none.

    The user of ssh is no secret, and is a part of the place.
    """
    if not url.startswith(("http://", "https://")):
        return url, ""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    if host == parts.netloc:
        return url, ""
    return parts._replace(netloc=host).geturl(), f"{parts.scheme}://{parts.netloc}/"


def _host(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}/"


def _config_variables(environ: Mapping[str, str], config: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that give git more settings than those that the environment already gives."""
    count = environ.get("GIT_CONFIG_COUNT", "")
    first = int(count) if count.isdecimal() else 0
    variables = {"GIT_CONFIG_COUNT": str(first + len(config))}
    for index, (key, value) in enumerate(config.items(), first):
        variables |= {f"GIT_CONFIG_KEY_{index}": key, f"GIT_CONFIG_VALUE_{index}": value}
    return variables


def _complaint(err: bytes) -> str:
    """Return the line that says most: the first that is an error or fatal, else the last."""
    lines = [line for line in err.decode("utf-8", "replace").splitlines() if line.strip()]
    telling = [line for line in lines if line.startswith(("fatal:", "error:", "ERROR:"))]
    line = without_credentials((telling or lines[-1:] or ["it says nothing"])[0])
    line = "".join(sign if sign.isprintable() else "?" for sign in line)
    return line if len(line) <= _LONGEST else f"{line[:_LONGEST]}…"
