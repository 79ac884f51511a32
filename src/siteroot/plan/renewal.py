"""Why one word makes a root be placed anew that the lock leaves as it is.

Whoever forgot that word (`--python-version`, `--python-platform`, `--compile-bytecode`) would see but a list of
distributions.
"""

from collections.abc import Callable, Sequence

from siteroot.formats.wheel_tags import WheelTags
from siteroot.model.layout import Layout
from siteroot.model.root import Inventory
from siteroot.model.target import Target

from .layout import root_form
from .triage import Policy, Triage, is_for_python, same_version

#: What people call the implementations.
_IMPLEMENTATIONS = {"cpython": "CPython", "pypy": "PyPy", "graalpy": "GraalPy"}


def explain_renewal(
    triage: Triage,
    inventory: Inventory,
    layout: Layout,
    target: Target,
    policy: Policy,
    read_tags: Callable[[str], tuple[str, ...]],
) -> str | None:
    """Return why distributions are placed anew in the version that is there; None where no word is the reason.

    `read_tags` returns the tags that the WHEEL in a dist-info names.
    """
    again = [old for wanted in triage.wanted for old in wanted.old if old.entry is not None]
    state, root = inventory.state, layout.root
    if state is None:
        return None
    if not is_for_python(state, target) and (again or triage.left):
        was = _python(state.implementation, state.python)
        now = _python(target.implementation, target.python_version)
        if not triage.left:
            return f"{root} was made for {was}, and is made anew for {now}"
        stays = _count(triage.left, "stays as it is", "stay as they are")
        return f"{root} was made for {was}: what is asked for is placed for {now}, and {stays}"
    if not again:
        return None
    if state.form != root_form(layout, target):
        return f"{root} was made in another layout, for another system, or by an older siteroot, and is made anew"
    elsewhere = _platforms_elsewhere(triage, target, read_tags)
    if elsewhere:
        wheels = "1 wheel" if len(elsewhere) == 1 else f"{len(elsewhere)} wheels"
        now = "this machine" if target.platform is None else target.platform
        unsaid = "" if target.platform else ": --python-platform was not said"
        return f"{root} has {wheels} for another platform ({elsewhere[0]}), placed anew for {now}{unsaid}"
    compiled = [old for old in again if old.entry is not None and old.entry.bytecode]
    if compiled and not policy.bytecode:
        return f"{_count(compiled, 'has', 'have')} bytecode in {root}, which goes: --compile-bytecode was not said"
    return None


def _count(distributions: Sequence[object], one: str, more: str) -> str:
    count = len(distributions)
    return f"1 distribution {one}" if count == 1 else f"{count} distributions {more}"


def _python(implementation: str, version: str) -> str:
    return f"{_IMPLEMENTATIONS.get(implementation, implementation)} {version}"


def _platforms_elsewhere(
    triage: Triage, target: Target, read_tags: Callable[[str], tuple[str, ...]]
) -> list[str]:
    """Return the platforms of wheels in the root that the target cannot use, in versions that stay."""
    others = [
        old
        for wanted in triage.wanted
        for old in wanted.old
        if same_version(old.version, wanted.pin)
    ]
    known = WheelTags(target.tags) if others else None
    platforms = []
    for old in others:
        tags = read_tags(old.dist_info)
        if tags and known is not None and all(known.rank(tag) is None for tag in tags):
            platforms.append(tags[0].rpartition("-")[2])
    return platforms
