"""Reading a query: words, and expressions turned into functions of a row.

The subset of the Kusto query language that Resource Graph clients use; what is missing raises
`UnsupportedQueryError`, so that it is seen instead of answered wrongly.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

from arm_emulator.kql_functions import FUNCTIONS, OPERATORS, Moments, folded_text, text_of, timespan

Row: TypeAlias = dict[str, Any]
Value: TypeAlias = Any
Expression: TypeAlias = Callable[[Row], Value]

_TOKEN = re.compile(
    r"""\s+|//[^\n]*
    |(?P<string>@?'(?:[^'\\]|\\.)*'|@?"(?:[^"\\]|\\.)*")
    |(?P<literal>(?:datetime|dynamic)\s*\([^()]*\))
    |(?P<set>!?(?:in~|in\b))
    |(?P<span>\d+(?:\.\d+)?(?:ms|d|h|m|s)\b)
    |(?P<number>\d+(?:\.\d+)?)
    |(?P<word>[A-Za-z_$][\w]*(?:-(?:away|expand|keep|rename|reorder)\b)?)
    |(?P<mark>==|=~|!=|!~|<=|>=|\.\.|!(?=[a-z])|[|()\[\],.<>=+\-*:])
    """,
    re.VERBOSE,
)
_MEMBERSHIP = frozenset({"in", "in~", "!in", "!in~"})
_LITERALS = {"true": True, "false": False, "null": None}


class UnsupportedQueryError(Exception):
    """The query uses something the emulator does not know; the text names it."""


@dataclass(frozen=True, slots=True)
class Token:
    """One word: its kind (string, literal, set, span, number, word, mark) and its text."""

    kind: str
    text: str


def tokens(query: str) -> list[Token]:
    """Split a query into words; comments and spaces are dropped.

    Raises:
        UnsupportedQueryError: a character belongs to nothing known.
    """
    found, at = [], 0
    while at < len(query):
        match = _TOKEN.match(query, at)
        if match is None:
            raise UnsupportedQueryError(f"cannot read the query at {query[at : at + 20]!r}")
        at = match.end()
        if match.lastgroup:
            found.append(Token(match.lastgroup, match.group()))
    return found


class Reader:
    """Reads expressions from a list of words.

    Args:
        words: what `tokens` made of one stage of the query.
        moments: present time for `now()` and `ago()`.
    """

    def __init__(self, words: list[Token], moments: Moments) -> None:
        self._words = words
        self._at = 0
        self._moments = moments

    @property
    def done(self) -> bool:
        """Whether every word was read."""
        return self._at >= len(self._words)

    def peek(self, *texts: str) -> bool:
        """Whether the next word is one of these."""
        return not self.done and self._words[self._at].text.lower() in texts

    def accept(self, *texts: str) -> bool:
        """Read the next word if it is one of these."""
        if self.peek(*texts):
            self._at += 1
            return True
        return False

    def expect(self, text: str) -> None:
        """Read the next word, which must be this one."""
        if not self.accept(text):
            raise UnsupportedQueryError(f"expected '{text}' and found '{self._shown()}'")

    def word(self) -> str:
        """Read a name."""
        token = self._next()
        if token.kind == "string":
            return unquote(token.text)
        if token.kind != "word":
            raise UnsupportedQueryError(f"expected a name and found '{token.text}'")
        return token.text

    def named(self) -> tuple[str, Expression]:
        """Read `name = expression` or an expression that names its own column."""
        start = self._at
        if self._at + 1 < len(self._words) and self._words[self._at + 1].text == "=":
            name = self.word()
            self.expect("=")
            return name, self.expression()
        expression = self.expression()
        return column_name(self._words[start : self._at]), expression

    def expression(self) -> Expression:
        """Read a whole expression, `or` binding loosest."""
        parts = [self._conjunction()]
        while self.accept("or"):
            parts.append(self._conjunction())
        return parts[0] if len(parts) == 1 else lambda row: any(truth(each(row)) for each in parts)

    def _conjunction(self) -> Expression:
        parts = [self._comparison()]
        while self.accept("and"):
            parts.append(self._comparison())
        return parts[0] if len(parts) == 1 else lambda row: all(truth(each(row)) for each in parts)

    def _comparison(self) -> Expression:
        left = self._sum()
        negated = self.accept("!")
        if self.done:
            return left
        name = self._words[self._at].text.lower()
        if name in {"matches", "between"}:
            return self._matches(left) if name == "matches" else self._between(left)
        if name not in OPERATORS and name not in _MEMBERSHIP:
            return left
        self._at += 1
        if name in _MEMBERSHIP:
            return _membership(left, self._list(), name)
        operator = OPERATORS[name]
        right = self._list() if name in {"has_any", "has_all"} else self._sum()
        if negated:
            return lambda row: not operator(left(row), right(row))
        return lambda row: operator(left(row), right(row))

    def _matches(self, left: Expression) -> Expression:
        self._at += 1
        self.expect("regex")
        pattern = self._sum()
        return lambda row: re.search(str(pattern(row)), str(left(row) or "")) is not None

    def _between(self, left: Expression) -> Expression:
        self._at += 1
        self.expect("(")
        low = self._sum()
        self.expect("..")
        high = self._sum()
        self.expect(")")
        at_least, at_most = OPERATORS[">="], OPERATORS["<="]
        return lambda row: at_least(left(row), low(row)) and at_most(left(row), high(row))

    def _list(self) -> Expression:
        self.expect("(")
        items = []
        while not self.accept(")"):
            items.append(self.expression())
            self.accept(",")
        constants = [each({}) for each in items] if all(is_constant(each) for each in items) else None
        if constants is not None:
            flat = [part for each in constants for part in (each if isinstance(each, list) else [each])]
            return constant(flat)
        return lambda row: [each(row) for each in items]

    def _sum(self) -> Expression:
        left = self._postfix()
        while self.peek("+", "-"):
            plus = self._next().text == "+"
            left = _added(left, self._postfix(), plus=plus)
        return left

    def _postfix(self) -> Expression:
        value = self._primary()
        while self.peek(".", "["):
            if self.accept("."):
                value = _member(value, self.word())
                continue
            self.expect("[")
            inside = self.expression()
            self.expect("]")
            value = _indexed(value, inside)
        return value

    def _primary(self) -> Expression:
        if self.accept("("):
            inner = self.expression()
            self.expect(")")
            return inner
        if self.accept("-"):
            inner = self._postfix()
            return lambda row: -inner(row)
        token = self._next()
        if token.kind == "word":
            return self._call(token.text) if self.peek("(") else _named_value(token.text)
        return constant(self._literal(token))

    def _literal(self, token: Token) -> Value:
        if token.kind == "string":
            return unquote(token.text)
        if token.kind == "number":
            return float(token.text) if "." in token.text else int(token.text)
        if token.kind == "span":
            return timespan(token.text)
        if token.kind == "literal":
            name, _, inside = token.text[:-1].partition("(")
            return FUNCTIONS[f"{name.strip().lower()}_literal"](self._moments, inside.strip())
        raise UnsupportedQueryError(f"'{token.text}' stands where a value is expected")

    def _call(self, name: str) -> Expression:
        self.expect("(")
        arguments = []
        while not self.accept(")"):
            arguments.append(self.expression())
            self.accept(",")
        function = FUNCTIONS.get(name.lower())
        if function is None:
            raise UnsupportedQueryError(f"the function '{name}' is not served")
        moments = self._moments
        if all(is_constant(each) for each in arguments):
            value = function(moments, *(each({}) for each in arguments))
            return constant(value)
        return lambda row: function(moments, *(each(row) for each in arguments))

    def _next(self) -> Token:
        if self.done:
            raise UnsupportedQueryError("the query ends too early")
        self._at += 1
        return self._words[self._at - 1]

    def _shown(self) -> str:
        return "the end" if self.done else self._words[self._at].text


class _Constant:
    """An expression whose value does not depend on the row."""

    def __init__(self, value: Value) -> None:
        self._value = value

    def __call__(self, row: Row) -> Value:
        del row
        return self._value


def constant(value: Value) -> Expression:
    """An expression that is this value for every row."""
    return _Constant(value)


def is_constant(expression: Expression) -> bool:
    """Whether an expression's value does not depend on the row."""
    return isinstance(expression, _Constant)


def truth(value: Value) -> bool:
    """Whether a condition holds; null does not."""
    return bool(value)


def unquote(text: str) -> str:
    """The content of a quoted literal; `@` literals keep their backslashes."""
    if text.startswith("@"):
        return text[2:-1]
    return re.sub(r"\\(.)", r"\1", text[1:-1])


def column_name(words: list[Token]) -> str:
    """The name Kusto gives a column without one: the path with underscores, or the last name in a call."""
    if all(
        each.kind == "word" or each.text in {".", "[", "]"} or each.kind in {"string", "number"} for each in words
    ):
        names = [unquote(each.text) if each.kind == "string" else each.text for each in words]
        return "_".join(each for each in names if each not in {".", "[", "]"})
    inner = [each.text for each in words if each.kind == "word"]
    return "_".join(inner[1:]) if len(inner) > 1 else f"{inner[0]}_" if inner else "Column1"


def _named_value(name: str) -> Expression:
    if name.lower() in _LITERALS:
        return constant(_LITERALS[name.lower()])
    return lambda row: row.get(name)


def _membership(left: Expression, items: Expression, name: str) -> Expression:
    folded, negated = name.endswith("~"), name.startswith("!")
    shown = folded_text if folded else text_of
    # A thousand ids against every row: the list becomes a set once, not once per row.
    fixed = frozenset(map(shown, items({}))) if is_constant(items) else None

    def judge(row: Row) -> bool:
        wanted = fixed if fixed is not None else frozenset(map(shown, items(row)))
        return (shown(left(row)) in wanted) != negated

    return judge


def _member(value: Expression, name: str) -> Expression:
    def read(row: Row) -> Value:
        found = value(row)
        return found.get(name) if isinstance(found, dict) else None

    return read


def _indexed(value: Expression, inside: Expression) -> Expression:
    def read(row: Row) -> Value:
        found, index = value(row), inside(row)
        if isinstance(found, dict):
            return found.get(index)
        if isinstance(found, list) and isinstance(index, int) and -len(found) <= index < len(found):
            return found[index]
        return None

    return read


def _added(left: Expression, right: Expression, *, plus: bool) -> Expression:
    def read(row: Row) -> Value:
        first, second = left(row), right(row)
        if first is None or second is None:
            return None
        return first + second if plus else first - second

    if is_constant(left) and is_constant(right):
        return constant(read({}))
    return read
