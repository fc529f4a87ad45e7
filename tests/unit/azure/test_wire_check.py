"""What is about to be sent is what was declared, or the paths say where it is not."""

from __future__ import annotations

from typing import Any

import pytest

from secureml_reconcilers.azure.wire_check import differences

DECLARED = {"location": "westeurope", "properties": {"computeType": "AmlCompute", "list": [{"a": 1}]}}


@pytest.mark.parametrize(
    ("sent", "where"),
    [
        pytest.param(DECLARED, [], id="the same"),
        pytest.param({**DECLARED, "tags": None}, [], id="null is absent"),
        pytest.param({**DECLARED, "tags": {}}, ["tags"], id="an empty object is something"),
        pytest.param({**DECLARED, "identity": {"type": "None"}}, ["identity"], id="one more"),
        pytest.param({"location": "westeurope"}, ["properties"], id="one less"),
        pytest.param({**DECLARED, "location": "WestEurope"}, ["location"], id="another case"),
        pytest.param(
            {**DECLARED, "properties": {**DECLARED["properties"], "disableLocalAuth": True}},  # type: ignore[dict-item]
            ["properties.disableLocalAuth"],
            id="one more inside",
        ),
        pytest.param(
            {**DECLARED, "properties": {"computeType": "AmlCompute", "list": [{"a": True}]}},
            ["properties.list[0].a"],
            id="true is not one",
        ),
        pytest.param(
            {**DECLARED, "properties": {"computeType": "AmlCompute", "list": []}},
            ["properties.list"],
            id="a shorter list",
        ),
        pytest.param([], ["the body"], id="another form"),
    ],
)
def test_where_it_differs(sent: Any, where: list[str]) -> None:  # noqa: ANN401
    """Each path that the reader must look at."""
    assert differences(sent, DECLARED) == where
