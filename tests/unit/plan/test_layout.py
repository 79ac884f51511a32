from dataclasses import replace

import pytest

from siteroot.model.layout import LayoutKind, is_below
from siteroot.model.target import Interpreter
from siteroot.plan.layout import (
    interpreter_layout,
    is_standing,
    outer_folders,
    prefix_layout,
    pypackages_layout,
    target_layout,
)
from support.memory_roots import made_target


def made_interpreter(**schemes: str) -> Interpreter:
    return Interpreter(
        executable="/opt/py/bin/python3",
        version="3.12.1",
        implementation="cpython",
        prefix="/opt/py",
        base_prefix="/opt/py",
        stdlib=("/opt/py/lib/python3.12",),
        schemes=schemes,
        externally_managed=None,
    )


def test_a_target_is_flat_on_every_platform() -> None:
    layout = target_layout("/srv/pkgs")
    assert layout.kind is LayoutKind.TARGET
    assert layout.root == "/srv/pkgs"
    assert dict(layout.folders) == {
        "purelib": "",
        "platlib": "",
        "scripts": "bin",
        "headers": "include",
        "data": "",
    }
    assert layout.movable


@pytest.mark.parametrize(
    ("words", "library", "scripts", "headers"),
    [
        ({}, "lib/python3.12/site-packages", "bin", "include/site/python3.12"),
        ({"implementation": "pypy"}, "lib/pypy3.12/site-packages", "bin", "include/site/pypy3.12"),
        (
            {"free_threaded": True},
            "lib/python3.12t/site-packages",
            "bin",
            "include/site/python3.12t",
        ),
        ({"platform": "win32"}, "Lib/site-packages", "Scripts", "Include"),
    ],
)
def test_a_prefix_is_as_a_venv_has_it(
    words: dict[str, object], library: str, scripts: str, headers: str
) -> None:
    layout = prefix_layout("/p", made_target(**words))  # type: ignore[arg-type]
    assert layout.folders == {
        "purelib": library,
        "platlib": library,
        "scripts": scripts,
        "headers": headers,
        "data": "",
    }
    assert outer_folders(layout) == ()


def test_pypackages_has_its_modules_in_lib() -> None:
    layout = pypackages_layout("/p/__pypackages__/3.12", made_target())
    assert (layout.folders["purelib"], layout.folders["scripts"]) == ("lib", "bin")
    windows = pypackages_layout("/p", made_target(platform="win32"))
    assert windows.folders["scripts"] == "Scripts"


def test_an_interpreters_folders_may_lead_out_of_its_purelib() -> None:
    interpreter = made_interpreter(
        purelib="/opt/py/lib/python3.12/site-packages",
        platlib="/opt/py/lib64/python3.12/site-packages",
        scripts="/opt/py/bin",
        headers="/opt/py/include/site/python3.12",
        data="/opt/py",
    )
    layout = interpreter_layout(interpreter, interpreter.schemes)
    assert layout.root == "/opt/py/lib/python3.12/site-packages"
    assert layout.folders == {
        "purelib": "",
        "platlib": "../../../lib64/python3.12/site-packages",
        "scripts": "../../../bin",
        "headers": "../../../include/site/python3.12",
        "data": "../../..",
    }
    assert outer_folders(layout) == (
        "../../..",
        "../../../bin",
        "../../../include",
        "../../../include/site/python3.12",
        "../../../lib64/python3.12/site-packages",
    )
    assert not layout.movable


@pytest.mark.parametrize("virtual", [True, False])
def test_an_interpreters_own_folders_stand(virtual: bool) -> None:
    """What a removal empties goes; what the environment or the system brings stays, however empty."""
    schemes = {
        "purelib": "/opt/py/lib/python3.12/site-packages",
        "platlib": "/opt/py/lib64/python3.12/site-packages",
        "scripts": "/opt/py/bin",
        "headers": "/opt/py/include/site/python3.12",
        "data": "/opt/py",
    }
    interpreter = replace(
        made_interpreter(**schemes), prefix="/opt/py", base_prefix="/usr" if virtual else "/opt/py"
    )
    layout = interpreter_layout(interpreter, schemes)
    stand = ("../../..", "../../../bin", "../../../include", "../../../lib64")
    go = (
        "demo",
        "../../../share/demo",
        "../../../include/site",
        "../../../include/site/python3.12",
    )
    assert all(is_standing(folder, layout) for folder in stand)
    assert not any(is_standing(folder, layout) for folder in go)
    assert is_standing("../../../etc", layout) is not virtual
    assert not is_standing("bin", target_layout("/r"))


def test_a_path_that_climbs_further_lies_in_no_folder_below() -> None:
    assert is_below("../../x", "../..")
    assert is_below("a/b", "a")
    assert is_below("a", "")
    for path, folder in (("../../../x", "../.."), ("../..", ".."), ("../x", ""), ("a", "a")):
        assert not is_below(path, folder)
    assert is_below("../..data/x", "..")
