"""Entity tags in the styles that the recordings show, and the two conditional headers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arm_emulator.errors import ArmError
from arm_emulator.model import EtagStyle, Resource

if TYPE_CHECKING:
    from collections.abc import Mapping


def next_etag(style: EtagStyle, guid: str) -> str | None:
    """The text of a new tag made from a guid; None for styles that show none."""
    if style is EtagStyle.WEAK:
        return f'W/"{guid}"'
    if style is EtagStyle.BARE:
        return guid
    if style is EtagStyle.BLOB:
        return f'"0x{guid.replace("-", "")[:15].upper()}"'
    if style is EtagStyle.HEX:
        return f'"{guid[:8]}-0000-0100-0000-{guid[-8:]}0000"'
    return None


def check_preconditions(headers: Mapping[str, str], resource: Resource | None, etag: str) -> None:
    """Honour `If-Match` and `If-None-Match`; tags compare weakly, with or without quotes.

    Args:
        headers: request headers, names in lower case.
        resource: the resource as it is, None when absent.
        etag: its present tag.

    Raises:
        ArmError: 412 PreconditionFailed.
    """
    # A type without tags cannot compare one: only `*`, presence or absence, means something there.
    blind = resource is not None and not etag
    wanted = _judged(headers.get("if-match"), blind=blind)
    if wanted and (resource is None or not _matches(wanted, etag)):
        raise _failed("If-Match", wanted, resource, etag)
    unwanted = _judged(headers.get("if-none-match"), blind=blind)
    if unwanted and resource is not None and _matches(unwanted, etag):
        raise _failed("If-None-Match", unwanted, resource, etag)


def _judged(header: str | None, *, blind: bool) -> str | None:
    return None if header and blind and header.strip() != "*" else header


def _matches(header: str, etag: str) -> bool:
    if header.strip() == "*":
        return True
    return _bare(etag) in {_bare(part) for part in header.split(",")} if etag else False


def _bare(tag: str) -> str:
    return tag.strip().removeprefix("W/").strip('"').lower()


def _failed(header: str, value: str, resource: Resource | None, etag: str) -> ArmError:
    shown = f"the current etag is '{etag}'" if resource is not None else "the resource does not exist"
    return ArmError(
        412,
        "PreconditionFailed",
        f"Precondition failed: {header} is '{value}' and {shown}. Read the resource again and retry.",
    )
