"""What the process's variables say about the cloud."""

import pytest

from secureml_reconcilers.azure.environment import CLOCK_SPEED, AzureEnvironment

EMULATOR = "https://localhost:8443"


@pytest.mark.parametrize(
    ("variables", "speed"),
    [
        pytest.param({}, 1.0, id="time runs as it does here"),
        pytest.param({CLOCK_SPEED: ""}, 1.0, id="empty is not set"),
        pytest.param({CLOCK_SPEED: "1"}, 1.0, id="said of Azure, which is true"),
        pytest.param(
            {CLOCK_SPEED: "20", "AZURE_RESOURCE_MANAGER_ENDPOINT": EMULATOR}, 20.0, id="an emulator in a hurry"
        ),
    ],
)
def test_how_fast_time_runs(variables: dict[str, str], speed: float) -> None:
    """The operator leaves an operation alone for as long as Azure takes; a stand-in may be done long before."""
    assert AzureEnvironment.read(variables).clock_speed == speed


@pytest.mark.parametrize("text", ["fast", "0", "-3", "0.5", "101", "nan", "inf"])
def test_what_is_no_speed_is_refused(text: str) -> None:
    """The message names the variable and what it may hold."""
    with pytest.raises(ValueError, match=r"SECUREML_CLOCK_SPEED .* a number from 1 to 100"):
        AzureEnvironment.read({CLOCK_SPEED: text, "AZURE_RESOURCE_MANAGER_ENDPOINT": EMULATOR})


@pytest.mark.parametrize(
    "endpoint",
    [None, "https://management.usgovcloudapi.net", "https://MANAGEMENT.chinacloudapi.cn/"],
)
def test_in_azure_a_second_takes_a_second(endpoint: str | None) -> None:
    """Hurried, it would ask every other second for what takes a minute."""
    where = {"AZURE_RESOURCE_MANAGER_ENDPOINT": endpoint} if endpoint else {}
    with pytest.raises(ValueError, match="is for emulators: remove it"):
        AzureEnvironment.read({CLOCK_SPEED: "20", **where})
