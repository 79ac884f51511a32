"""setuptools, kept from taking a site root in the tree for packages of the project.

An editable is built where its sources are, and so is what takes its version from a repository that begins above it: there
no copy leaves out the root. Of the backends it is setuptools that takes every folder beside pyproject.toml for a package and
stops where there are two. Its finders are told of the roots before they are asked; a module in the scratch root does so, and
hands on to the hooks.
"""

from collections.abc import Collection
from dataclasses import replace

from siteroot import fs
from siteroot.model.build import BuildRoot, BuildSystem

_MODULE = "setuptools_beside_roots"
_TEXT = '''"""The hooks of setuptools, which here takes site roots for no packages."""

from setuptools import discovery
from setuptools.build_meta import *
from setuptools.build_meta import __legacy__

discovery.PackageFinder.ALWAYS_EXCLUDE += {excluded!r}
discovery.ModuleFinder.ALWAYS_EXCLUDE += {excluded!r}
'''


def keep_from_roots(system: BuildSystem, root: BuildRoot, roots: Collection[str]) -> BuildSystem:
    """Return how a tree is built in which these paths are site roots'; writes the module where it takes one."""
    module, colon, attribute = system.backend.partition(":")
    if not roots or module != "setuptools.build_meta" or system.backend_path:
        return system
    names = [path.removesuffix(".py").replace("/", ".") for path in sorted(roots)]
    excluded = tuple(pattern for name in names for pattern in (name, f"{name}.*"))
    text = _TEXT.format(excluded=excluded)
    fs.write_whole(f"{root.purelib}/{_MODULE}.py", text.encode("utf-8", "surrogateescape"))
    return replace(system, backend=f"{_MODULE}{colon}{attribute}")
