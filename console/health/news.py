"""What has appeared and what is over between two looks, told once each."""

from collections.abc import Mapping

from console.health.finding import Finding, Kind

Told = Mapping[tuple[str, Kind], Finding]
"""What has been told and is not over."""


def news(told: Told, now: tuple[Finding, ...]) -> tuple[tuple[Finding, ...], tuple[Finding, ...], Told]:
    """(appeared, over, told from now on). What has become a part of another finding is not over."""
    standing = {(one.machine, one.kind) for finding in now for one in (finding, *finding.brings)}
    appeared = tuple(finding for finding in now if (finding.machine, finding.kind) not in told)
    over = tuple(finding for key, finding in told.items() if key not in standing)
    left = {key: finding for key, finding in told.items() if key in standing}
    return appeared, over, {**left, **{(finding.machine, finding.kind): finding for finding in appeared}}
