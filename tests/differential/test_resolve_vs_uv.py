"""Random indexes in which much clashes: `uv pip compile` and the resolver pin the same versions.

Which of many right answers comes out hangs on uv's order of packages, on what it learns and on the marks that conflicts
leave; an index of a dozen projects shows a difference in any of these within a few dozen tries.
"""

import random
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from siteroot.model.resolution import (
    PrereleaseMode,
    ResolutionOptions,
    ResolutionRequest,
    VersionChoice,
)
from siteroot.model.value import replace
from siteroot.resolve.explain import UnsatisfiableError
from siteroot.resolve.solving import resolve
from support.interpreters import need_uv
from support.made_index import MadeIndex, MadeRelease, asks
from support.resolving import pinned
from support.selection import make_target
from support.wheels import build_wheel

_PROJECTS, _VERSIONS = 12, 12
_TARGET = make_target("{}.{}.{}".format(*sys.version_info))

Index = Mapping[str, Mapping[str, MadeRelease]]


@pytest.mark.uv
@pytest.mark.parametrize("bounded", [False, True])
def test_uv_pins_the_same_versions(bounded: bool, tmp_path: Path) -> None:
    solvable = 0
    for seed in range(10):
        chance = random.Random(seed)
        index, asked = _make(chance)
        request = ResolutionRequest(requirements=asks(*asked))
        words: list[str] = []
        folder = tmp_path / str(seed)
        folder.mkdir()
        if bounded:
            request, words = _bound(chance, request, folder)
        _write(index, folder)
        expected = _uv_pins(asked, words, folder, tmp_path / "cache")
        assert (seed, _our_pins(index, request)) == (seed, expected)
        solvable += expected is not None
    assert 1 < solvable < 10


def _bound(
    chance: random.Random, request: ResolutionRequest, folder: Path
) -> tuple[ResolutionRequest, list[str]]:
    """Return the request with constraints, an override and modes, and uv's words for them."""

    def bound(signs: tuple[str, ...]) -> str:
        version = chance.randint(2, _VERSIONS)
        return f"p{chance.randrange(_PROJECTS)}{chance.choice(signs)}{version}"

    constraints = [bound(("<=", ">=", "!=")) for _ in range(3)]
    overrides = [bound(("<=", ">="))]
    choice = chance.choice(list(VersionChoice))
    prereleases = chance.choice([mode for mode in PrereleaseMode if "or" not in mode.value])
    (folder / "constraints").write_text("\n".join(constraints))
    (folder / "overrides").write_text("\n".join(overrides))
    words = ["--constraints", str(folder / "constraints"), "--overrides", str(folder / "overrides")]
    words += ["--resolution", choice.value, "--prerelease", prereleases.value]
    options = ResolutionOptions(choice=choice, prereleases=prereleases)
    bounded = replace(
        request,
        options=options,
        constraints=asks(*constraints),
        overrides=asks(*overrides),
    )
    return bounded, words


def _make(chance: random.Random) -> tuple[Index, tuple[str, ...]]:
    names = [f"p{number}" for number in range(_PROJECTS)]

    def requirements(count: int, own: str | None = None) -> tuple[str, ...]:
        others = [name for name in names if name != own]
        return tuple(map(requirement, chance.sample(others, count)))

    def requirement(name: str) -> str:
        low = chance.randint(1, _VERSIONS)
        high = min(_VERSIONS + 1, low + chance.randint(1, 4))
        bounds = chance.choices(
            [f"=={low}", f">={low}", f"<={low}", f">={low},<{high}", ""], [12, 28, 20, 25, 15]
        )[0]
        extra = "[x]" if chance.random() < 0.25 else ""
        marker = "; python_version >= '3.8'" if chance.random() < 0.3 else ""
        return f"{name}{extra}{bounds}{marker}"

    index = {
        name: {
            f"{version}{'a1' if chance.random() < 0.15 else ''}": MadeRelease(
                requires=requirements(chance.choice((0, 1, 1, 2, 3)), name),
                extras={"x": requirements(chance.choice((0, 1, 2)), name)},
                metadata_python=">=3.99" if chance.random() < 0.08 else None,
                sdist=False,
            )
            for version in range(1, _VERSIONS + 1)
        }
        for name in names
    }
    return index, requirements(4)


def _write(index: Index, folder: Path) -> None:
    made = MadeIndex(index)
    for name, versions in index.items():
        (page,) = made.pages(name, None)
        for file, version in zip(page.files, versions, strict=True):
            metadata = made.read(file)
            lines = [
                "Metadata-Version: 2.1",
                f"Name: {name}",
                f"Version: {version}",
                *(f"Requires-Dist: {text}" for text in metadata.requires_dist),
                *(f"Provides-Extra: {extra}" for extra in metadata.provides_extras),
            ]
            if metadata.requires_python:
                lines.append(f"Requires-Python: {metadata.requires_python}")
            build_wheel(folder, name, version, metadata="\n".join(lines) + "\n")


def _uv_pins(
    asked: tuple[str, ...], said: list[str], folder: Path, cache: Path
) -> dict[str, str] | None:
    words: tuple[str, ...] = (
        "--no-index",
        "--offline",
        "--no-header",
        "--no-annotate",
        "--quiet",
        "--no-config",
    )
    words += ("--find-links", str(folder), "--cache-dir", str(cache), "--python", sys.executable)
    result = subprocess.run(
        [need_uv(), "pip", "compile", *words, *said, "-"],
        input="\n".join(asked),
        capture_output=True,
        text=True,
        check=False,
    )
    if result.returncode:
        assert "No solution found" in result.stderr
        return None
    lines = (line.partition("==") for line in result.stdout.splitlines())
    return {name: version for name, _, version in lines}


def _our_pins(index: Index, request: ResolutionRequest) -> dict[str, str] | None:
    try:
        return pinned(resolve(request, _TARGET, MadeIndex(index)))
    except UnsatisfiableError:
        return None
