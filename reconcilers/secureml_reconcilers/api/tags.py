"""Tags that an author gives to what the operator makes: what Azure takes, and what the operator needs itself."""

from typing import Annotated, Final

from secureml_reconcilers.api.fields import TextMap
from secureml_reconcilers.api.rules import Rule

_MOST: Final = 14
"""A private DNS zone and its links carry fifteen tags, and one is the operator's mark."""

_LONGEST_NAME: Final = 512
_LONGEST_VALUE: Final = 256
_FORBIDDEN: Final = r"<>%&\\\\?/"
_OWN: Final = ("managed-by", "secureml-")
"""What the names of the operator's own tags are, or begin with."""


def _well_named(tags: dict[str, str]) -> bool:
    return all(0 < len(name) <= _LONGEST_NAME and not set(name) & set("<>%&\\?/") for name in tags)


def _not_our_own(tags: dict[str, str]) -> bool:
    return not any(name.lower() == _OWN[0] or name.lower().startswith(_OWN[1]) for name in tags)


def _distinct(tags: dict[str, str]) -> bool:
    return len({name.lower() for name in tags}) == len(tags)


Tags = Annotated[
    dict[str, str],
    TextMap(
        _MOST,
        _LONGEST_VALUE,
        (
            Rule(
                f"self.all(name, name.size() > 0 && name.size() <= {_LONGEST_NAME}"
                f" && !name.matches('[{_FORBIDDEN}]'))",
                f"the name of a tag has 1 to {_LONGEST_NAME} characters, and none of < > % & \\ ? /",
                holds=_well_named,
            ),
            Rule(
                f"self.all(name, name.lowerAscii() != '{_OWN[0]}' && !name.lowerAscii().startsWith('{_OWN[1]}'))",
                f"{_OWN[0]} and names that begin with {_OWN[1]} are tags by which the operator knows what it made:"
                " choose another name",
                holds=_not_our_own,
            ),
            Rule(
                "self.all(name, self.exists_one(other, other.lowerAscii() == name.lowerAscii()))",
                "two names differ in nothing but capitals, and Azure takes them for one tag: remove one of them",
                holds=_distinct,
            ),
        ),
    ),
]
