"""What is told of a root before it is changed: what becomes of each distribution, and why."""

import os

from siteroot.model.event import Note, Warned
from siteroot.model.layout import Layout
from siteroot.model.root import Inventory
from siteroot.model.target import Target
from siteroot.plan.renewal import explain_renewal
from siteroot.plan.triage import Policy, Triage, find_unlisted
from siteroot.ports import Reporter

_NAMED = 5  # distributions in a warning


def tell_triage(triage: Triage, reporter: Reporter) -> None:
    """Tell, with -v, why each distribution is placed, and from which file, stays or goes."""
    for wanted in triage.wanted:
        pin = wanted.pin
        file = pin.artifact.file.filename  # "" where only the cache knows it
        whence = f"; from {file}" if file else ""
        reporter.report(Note(f"{pin.name}=={pin.version}: {wanted.why}{whence}"))
    for pin, _ in triage.kept:
        reporter.report(Note(f"{pin.name}=={pin.version}: is as it shall be", depth=2))
    for old in triage.removed:
        reporter.report(Note(f"{old.name}=={old.version}: not selected"))
    for old in triage.left:
        reporter.report(Note(f"{old.name}=={old.version}: not selected, and kept"))


def warn_of_triage(
    triage: Triage,
    inventory: Inventory,
    layout: Layout,
    target: Target,
    policy: Policy,
    *,
    reporter: Reporter,
) -> None:
    """Warn where one word, said or forgotten, makes much be placed anew, and of what cannot go."""

    def read_tags(dist_info: str) -> tuple[str, ...]:
        # only where a distribution is replaced by another file of its version
        from siteroot.root.installed import read_installed_tags  # noqa: PLC0415

        return read_installed_tags(os.path.join(layout.root, dist_info))

    why = explain_renewal(triage, inventory, layout, target, policy, read_tags)
    if why is not None:
        reporter.report(Warned(why))
    unlisted = find_unlisted(triage, layout, policy)
    if unlisted:
        told = [f"{old.name} {old.version} ({old.foreign_form})" for old in unlisted[:_NAMED]]
        more = f" and {len(unlisted) - _NAMED} more" if len(unlisted) > _NAMED else ""
        stay = "it stays" if len(unlisted) == 1 else "they stay"
        reporter.report(
            Warned(f"no list says which files are those of {', '.join(told)}{more}, so {stay}")
        )
