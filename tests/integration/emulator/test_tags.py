"""Tags as a resource of their own, and the tag names of a subscription.

Witness: Microsoft's OpenAPI document of Microsoft.Resources, operations `Tags_*`; command line `az tag`.
"""

from __future__ import annotations

import pytest

from .client import GROUP, SUB, Azure

WRAPPED = "providers/Microsoft.Resources/tags/default"


def _body(tags: dict[str, str], operation: str = "") -> dict[str, object]:
    return {"properties": {"tags": tags}, **({"operation": operation} if operation else {})}


async def test_tags_of_a_scope_are_those_of_its_resource(started: Azure) -> None:
    """PUT replaces, GET wraps, DELETE empties; the resource itself shows the same."""
    account = await started.storage()
    put = await started.put(f"{account}/{WRAPPED}", _body({"env": "test"}))
    assert (put.status, put.body) == (
        200,
        {
            "id": f"{account}/{WRAPPED}",
            "name": "default",
            "type": "Microsoft.Resources/tags",
            "properties": {"tags": {"env": "test"}},
        },
    )
    assert (await started.get(account)).body["tags"] == {"env": "test"}
    assert (await started.get(f"{account}/{WRAPPED}")).body == put.body
    assert (await started.delete(f"{account}/{WRAPPED}")).status == 200
    assert (await started.get(account)).body["tags"] == {}


@pytest.mark.parametrize(
    ("operation", "sent", "left"),
    [
        pytest.param("Merge", {"ENV": "prod", "c": "3"}, {"a": "1", "ENV": "prod", "c": "3"}, id="merge"),
        pytest.param("Replace", {"c": "3"}, {"c": "3"}, id="replace"),
        pytest.param("Delete", {"env": "test", "a": "other"}, {"a": "1"}, id="delete pairs that are equal"),
        pytest.param("delete", {"env": "", "a": ""}, {}, id="delete names"),
    ],
)
async def test_a_patch_names_its_operation(
    azure: Azure, operation: str, sent: dict[str, str], left: dict[str, str]
) -> None:
    """`operation` decides (TagsPatchResource); tag names compare without case."""
    await azure.make(GROUP, {"location": "westeurope", "tags": {"env": "test", "a": "1"}})
    reply = await azure.call("PATCH", f"{GROUP}/{WRAPPED}", _body(sent, operation))
    assert (reply.status, reply.properties["tags"]) == (200, left)
    assert (await azure.get(GROUP)).body["tags"] == left


async def test_tags_of_nothing_and_tags_without_an_operation(azure: Azure) -> None:
    """404 for a scope that is not there, 400 for a patch that says nothing, 409 below a lock."""
    assert (await azure.get(f"{GROUP}/{WRAPPED}")).code == "ResourceGroupNotFound"
    await azure.group()
    assert (await azure.call("PATCH", f"{GROUP}/{WRAPPED}", _body({}))).code == "InvalidRequestContent"
    lock = {"properties": {"level": "ReadOnly"}}
    await azure.put(f"{GROUP}/providers/Microsoft.Authorization/locks/l", lock)
    assert (await azure.put(f"{GROUP}/{WRAPPED}", _body({"a": "1"}))).code == "ScopeLocked"


async def test_tag_names_are_those_in_use_and_those_made_ahead(azure: Azure) -> None:
    """The list is their union with counts; what is used, or has values, cannot be deleted."""
    await azure.make(GROUP, {"location": "westeurope", "tags": {"env": "test"}})
    name, value = f"{SUB}/tagNames/cost", f"{SUB}/tagNames/cost/tagValues/12"
    assert (await azure.put(value)).status == 404
    assert [(await azure.put(name)).status for _ in range(2)] == [201, 200]
    assert (await azure.put(value)).body == {"id": value, "tagValue": "12", "count": {"type": "Total", "value": 0}}
    rows = (await azure.get(f"{SUB}/tagNames")).body["value"]
    assert {row["tagName"]: (row["count"]["value"], len(row["values"])) for row in rows} == {
        "env": (1, 1),
        "cost": (0, 1),
    }
    assert (await azure.delete(name)).status == 409
    assert [(await azure.delete(value)).status for _ in range(2)] == [200, 204]
    assert (await azure.delete(name)).status == 200
