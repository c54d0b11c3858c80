"""The conditions of `where`: only whether the function would take one, and where not.

The function's own reader is SyncCore/Items/Filter, which also says what a condition means;
Tests/Oracles/where_expressions.json keeps both readers together.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

_MAXIMUM_BYTES, _MAXIMUM_DEPTH, _MAXIMUM_OPERANDS, _MAXIMUM_DIGITS = 4_096, 64, 100, 38
_KEYWORDS = frozenset(["AND", "OR", "NOT", "BETWEEN", "IN", "TRUE", "FALSE", "NULL"])
_FUNCTIONS = frozenset(
    ["attribute_exists", "attribute_not_exists", "attribute_type", "begins_with", "contains", "size"])
_TYPES = frozenset(["S", "N", "B", "BOOL", "NULL", "L", "M", "SS", "NS", "BS"])
_SPACE = re.compile(r"[ \t\n\r]*")
_TOKEN = re.compile(
    r"""(?P<text>'(?:[^']|'')*'(?!'))|(?P<name>"(?:[^"]|"")*"(?!"))|(?P<symbol><=|>=|<>|[=<>(),.\[\]])
        |(?P<number>[-0-9](?:[0-9.eE]|(?<=[eE])[-+])*)|(?P<word>[A-Za-z_][A-Za-z0-9_]*)""", re.VERBOSE)


class WhereError(Exception):
    """What is wrong with a condition, and at which character, from 1."""

    def __init__(self, message: str, column: int, expression: str) -> None:
        self.column = column
        place = column - 1
        around = expression[max(0, place - 40):place] + "^" + expression[place:place + 40]
        super().__init__(f"column {column}: {message}: {around}")


@dataclass(frozen=True)
class _Token:
    kind: str
    text: str
    start: int


@dataclass(frozen=True)
class _Literal:
    """A value that stands in the condition, with its type's name."""

    kind: str
    value: bytes | Decimal = b""


def check(expression: str) -> None:
    """Raises WhereError unless the function would take the condition."""
    _Parser(expression).parse()


class _Parser:
    """Recursive descent over the grammar of DynamoDB's condition expressions, with values in place."""

    def __init__(self, expression: str) -> None:
        self._expression = expression
        if len(expression.encode("utf-8", "surrogatepass")) > _MAXIMUM_BYTES:
            raise WhereError(f"the expression is longer than {_MAXIMUM_BYTES} bytes", 1, expression)
        self._tokens = self._split()
        self._index = 0
        self._depth = 0

    def parse(self) -> None:
        if self._current.kind == "end":
            raise self._error("the expression is empty; expected a condition such as status = 'open'")
        self._any()
        if self._current.kind != "end":
            raise self._error(f"expected AND, OR or the end, found {self._found}")

    # Words

    def _split(self) -> list[_Token]:
        tokens = []
        position = 0
        while True:
            space = _SPACE.match(self._expression, position)
            position = space.end() if space else position
            if position == len(self._expression):
                return [*tokens, _Token("end", "", position)]
            token = _TOKEN.match(self._expression, position)
            if token is None or token.end() == position:
                raise WhereError(_no_token(self._expression[position]), position + 1, self._expression)
            kind, text = token.lastgroup or "", token.group()
            following = self._expression[token.end():token.end() + 1]
            if kind == "number" and re.match("[A-Za-z_]", following):
                raise WhereError("malformed number", position + 1, self._expression)
            if kind in ("text", "name"):
                text = text[1:-1].replace(text[0] * 2, text[0])
            tokens.append(_Token(kind, text, position))
            position = token.end()

    @property
    def _current(self) -> _Token:
        return self._tokens[self._index]

    @property
    def _found(self) -> str:
        return self._current.text or "the end"

    def _error(self, message: str, index: int | None = None) -> WhereError:
        token = self._tokens[self._index if index is None else index]
        return WhereError(message, token.start + 1, self._expression)

    def _advance(self) -> None:
        self._index = min(self._index + 1, len(self._tokens) - 1)

    def _take(self, symbol: str) -> bool:
        if self._current.kind != "symbol" or self._current.text != symbol:
            return False
        self._advance()
        return True

    def _require(self, symbol: str) -> None:
        if not self._take(symbol):
            raise self._error(f'expected "{symbol}", found {self._found}')

    def _take_keyword(self, keyword: str) -> bool:
        if self._current.kind != "word" or self._current.text.upper() != keyword:
            return False
        self._advance()
        return True

    def _is_call(self) -> bool:
        following = self._tokens[min(self._index + 1, len(self._tokens) - 1)]
        return self._current.kind == "word" and following.kind == "symbol" and following.text == "("

    # Conditions

    def _any(self) -> None:
        self._all()
        while self._take_keyword("OR"):
            self._all()

    def _all(self) -> None:
        self._not()
        while self._take_keyword("AND"):
            self._not()

    def _not(self) -> None:
        self._depth += 1
        if self._depth > _MAXIMUM_DEPTH + 1:
            raise self._error(f"parentheses and NOT lie more than {_MAXIMUM_DEPTH} deep in each other")
        if self._take_keyword("NOT"):
            self._not()
        elif self._take("("):
            self._any()
            self._require(")")
        elif self._is_call() and self._current.text != "size":
            self._function()
        else:
            self._comparison()
        self._depth -= 1

    def _function(self) -> None:
        name = self._current.text
        if name not in _FUNCTIONS:
            raise self._error(f"there is no function {name}; there are {', '.join(sorted(_FUNCTIONS))}")
        self._advance()
        self._advance()
        if name.endswith("exists"):
            self._path()
        else:
            first = self._operand()
            self._require(",")
            place = self._index
            if name == "attribute_type":
                if self._current.kind != "text" or self._current.text not in _TYPES:
                    raise self._error(f"expected one of {' '.join(sorted(_TYPES))} in single quotes, found {self._found}")
                self._advance()
            else:
                second = self._operand()
                if name == "begins_with":
                    self._require_types([second, first], ["S"], "begins_with compares texts", place)
        self._require(")")

    def _comparison(self) -> None:
        start = self._index
        left = self._operand()
        if self._take_keyword("BETWEEN"):
            self._between(left)
        elif self._take_keyword("IN"):
            self._require("(")
            count = 1
            self._operand()
            while self._take(","):
                self._operand()
                count += 1
            if count > _MAXIMUM_OPERANDS:
                raise self._error(f"IN takes at most {_MAXIMUM_OPERANDS} values", start)
            self._require(")")
        else:
            comparator = self._current.text
            if self._current.kind != "symbol" or comparator not in ("=", "<>", "<", "<=", ">", ">="):
                raise self._error(f"expected = <> < <= > >= BETWEEN or IN, found {self._found}")
            self._advance()
            place = self._index
            right = self._operand()
            if comparator not in ("=", "<>"):
                self._require_types([left, right], ["S", "N"], f"{comparator} orders texts and numbers", place)

    def _between(self, left: _Literal | None) -> None:
        place = self._index
        lower = self._operand()
        if not self._take_keyword("AND"):
            raise self._error(f"expected AND of BETWEEN, found {self._found}")
        upper = self._operand()
        self._require_types([left, lower, upper], ["S", "N"], "BETWEEN orders texts and numbers", place)
        if lower is None or upper is None:
            return
        if lower.kind != upper.kind:
            raise self._error("the ends of BETWEEN are of different types", place)
        if upper.value < lower.value:  # type: ignore[operator]
            raise self._error("the ends of BETWEEN stand in reverse order", place)

    def _require_types(self, operands: list[_Literal | None], kinds: list[str], message: str, place: int) -> None:
        for operand in operands:
            if operand is not None and operand.kind not in kinds:
                raise self._error(f"{message}, not {operand.kind}", place)

    # Operands

    def _operand(self) -> _Literal | None:
        """A value that stands in the condition; None for an attribute or a size."""
        if self._is_call() and self._current.text == "size":
            self._advance()
            self._advance()
            if self._is_call() and self._current.text == "size":
                self._operand()
                raise self._error("size takes an attribute")
            self._operand()
            self._require(")")
            return None
        token = self._current
        word = token.text.upper() if token.kind == "word" else ""
        if token.kind == "text":
            literal = _Literal("S", token.text.encode("utf-8", "surrogatepass"))
        elif token.kind == "number":
            literal = _Literal("N", self._number(token.text))
        elif word in ("TRUE", "FALSE", "NULL"):
            literal = _Literal("NULL" if word == "NULL" else "BOOL")
        else:
            self._path()
            return None
        self._advance()
        return literal

    def _number(self, text: str) -> Decimal:
        try:
            number = Decimal(text)
        except InvalidOperation:
            raise self._error(f"{text} is no number of up to {_MAXIMUM_DIGITS} digits") from None
        digits = "".join(str(digit) for digit in number.as_tuple().digits).strip("0")
        if len(digits) > _MAXIMUM_DIGITS:
            raise self._error(f"{text} is no number of up to {_MAXIMUM_DIGITS} digits")
        return number

    def _path(self) -> None:
        self._name()
        while True:
            if self._take("."):
                self._name()
            elif self._take("["):
                if self._current.kind != "number" or not self._current.text.isdigit():
                    raise self._error(f"expected the number of an element from 0, found {self._found}")
                self._advance()
                self._require("]")
            else:
                return

    def _name(self) -> None:
        token = self._current
        if token.kind == "name" and not token.text:
            raise self._error("a name is empty")
        if token.kind == "word" and token.text.upper() in _KEYWORDS:
            raise self._error(f"expected an attribute, found {token.text}; an attribute of that name stands in double"
                              " quotes")
        if token.kind not in ("name", "word"):
            raise self._error(f"expected an attribute or a value, found {self._found}")
        self._advance()


def _no_token(character: str) -> str:
    if character in "'\"":
        return f"the {'text' if character == chr(39) else 'name'} has no closing {character}"
    if character in ":#":
        return "values and names stand in the expression itself: 'text', 12, \"name\""
    return "unexpected character; put texts in single quotes and unusual names in double quotes"
