"""Virtual time."""

from __future__ import annotations

import asyncio

import pytest

from arm_emulator.clock import Clock, iso


def test_speed_multiplies_real_time_and_changes_from_now_on() -> None:
    """60 times the speed for 2 s, then standing, then real: 120 s, 0 s, 3 s."""
    real = 0.0
    clock = Clock(60, start=1000, real=lambda: real)
    real = 2.0
    assert clock.now() == 1120
    clock.set_speed(0)
    real = 50.0
    assert clock.now() == 1120
    clock.set_speed(1)
    real = 53.0
    assert clock.now() == 1123


def test_time_never_goes_back() -> None:
    """Negative speeds and jumps are refused."""
    clock = Clock(0)
    with pytest.raises(ValueError, match="forward"):
        clock.advance(-1)
    with pytest.raises(ValueError, match="speed"):
        clock.set_speed(-1)


async def test_a_sleeper_wakes_when_a_standing_clock_is_advanced() -> None:
    """Waiting follows the virtual clock, not the real one."""
    clock = Clock(0, start=0)
    sleeper = asyncio.create_task(clock.sleep_until(10))
    await asyncio.sleep(0)
    clock.advance(9)
    await asyncio.sleep(0)
    assert not sleeper.done()
    clock.advance(1)
    async with asyncio.timeout(1):
        await sleeper


def test_times_read_as_arm_prints_them() -> None:
    """Seven fractional digits and a Z (recorded systemData and createdOn)."""
    assert iso(0.5) == "1970-01-01T00:00:00.5000000Z"
