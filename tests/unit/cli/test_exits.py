"""Which exit code an error ends with; `uv sync` is the yardstick (SYNC_SEMANTICS 1)."""

import pytest

from siteroot import errors
from siteroot.cli.exits import EXIT_CODES, exit_code

_UVS = {
    errors.UsageError: 2,
    errors.ProjectError: 2,
    errors.LockError: 2,
    errors.LockAbsentError: 1,
    errors.LockOutdatedError: 1,
    errors.SelectionError: 2,
    errors.ResolutionError: 1,
    errors.TargetError: 2,
    errors.SourceError: 1,
    errors.IntegrityError: 1,
    errors.BuildError: 1,
    errors.StoreError: 1,
    errors.RootError: 1,
    errors.RootPlaceError: 2,
    errors.SiterootError: 2,
}


def _families() -> list[type[errors.SiterootError]]:
    found = [kind for kind in vars(errors).values() if isinstance(kind, type)]
    return [kind for kind in found if issubclass(kind, errors.SiterootError)]


@pytest.mark.parametrize("family", _families())
def test_every_family_has_its_code_and_leaves_have_their_familys(
    family: type[errors.SiterootError],
) -> None:
    leaf = type("LeafError", (family,), {})
    assert exit_code(family("x")) == exit_code(leaf("x")) == _UVS[family]


def test_every_code_is_told_once() -> None:
    codes = [code for code, _ in EXIT_CODES]
    assert codes == sorted(set(codes)) == [0, 1, 2, 70, 129, 130, 141, 143]
