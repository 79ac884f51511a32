"""Made-up answers of interpreters that no machine here has, and the targets that siteroot makes of them."""

import json

from siteroot.interpreter.facts import Facts, parse_facts, target_of
from siteroot.model.target import Target


def answer(**changes: object) -> dict[str, object]:
    """The answer of a CPython 3.12 on a Debian, with changes."""
    whole: dict[str, object] = {
        "markers": {
            "implementation_name": "cpython",
            "implementation_version": "3.12.1",
            "os_name": "posix",
            "platform_machine": "x86_64",
            "platform_python_implementation": "CPython",
            "platform_release": "6.1",
            "platform_system": "Linux",
            "platform_version": "#1",
            "python_full_version": "3.12.1",
            "python_version": "3.12",
            "sys_platform": "linux",
        },
        "executable": "/opt/py/bin/python3.12",
        "prefix": "/opt/py",
        "base_prefix": "/opt/py",
        "stdlib": ["/opt/py/lib/python3.12", "/opt/py/lib/python3.12"],
        "schemes": {
            "purelib": "/opt/py/lib/python3.12/site-packages",
            "platlib": "/opt/py/lib/python3.12/site-packages",
            "scripts": "/opt/py/bin",
            "data": "/opt/py",
            "headers": "/opt/py/include/python3.12",
        },
        "libraries": ["/opt/py/lib/python3.12/site-packages"],
        "flags": "",
        "bytecode": ["cpython-312", 3531],
        "soabi": "cpython-312-x86_64-linux-gnu",
        "platform": "linux-x86_64",
        "bits": 64,
        "libc": ["glibc", 2, 36],
        "manylinux": None,
        "system": [[], ""],
    }
    marks = changes.pop("markers", {})
    assert isinstance(marks, dict)
    assert isinstance(whole["markers"], dict)
    return {**whole, **changes, "markers": {**whole["markers"], **marks}}


def made(**changes: object) -> Target:
    """The target of such an interpreter."""
    facts = parse_facts(json.dumps(answer(**changes)))
    assert isinstance(facts, Facts), facts
    return target_of(facts, None)


def made_version(version: str, **changes: object) -> Target:
    """The target of a CPython of some version, as "3.13.0"."""
    short = ".".join(version.split(".")[:2])
    marks = {
        "python_version": short,
        "python_full_version": version,
        "implementation_version": version,
    }
    return made(markers=marks, **changes)
