"""What a query may cost, known before it runs.

Each fragment is looked at once, however often it is spread. Strawberry's own limits follow every
spread: sixty fragments that each spread the next one twice keep them busy for ever.
"""

from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    InlineFragmentNode,
    IntValueNode,
    OperationDefinitionNode,
    SelectionNode,
    ValidationRule,
)

from eureke.pipeline.accounts import PAGE_MOST
from eureke.pipeline.api.graph.context import NEWEST_FIRST, USERS_FIRST

LISTS: Final = {"users": USERS_FIRST, "notifications": NEWEST_FIRST}
"""Fields that are lists, with how many they bring where nothing is said."""

DIGITS_MOST: Final = 12
"""Of a number that are read: one that is longer is none that GraphQL takes."""


class Cost(NamedTuple):
    """Of some selections."""

    weight: int = 0
    """Users and notifications that they may bring: lists in lists multiply."""
    depth: int = 0
    aliases: int = 0


MOST: Final = Cost(weight=5_000, depth=12, aliases=15)


class Limits(ValidationRule):
    """Refuses an operation that may cost more than it should."""

    def enter_operation_definition(self, node: OperationDefinitionNode, *_others: object) -> None:
        """Weighs the operation."""
        fragments = {
            each.name.value: each
            for each in self.context.document.definitions
            if isinstance(each, FragmentDefinitionNode)
        }
        cost = _Scales(fragments).weigh(node.selection_set.selections)
        for name, found, most in zip(Cost._fields, cost, MOST, strict=True):
            if found > most:
                words = f"{found:,}" if found < 10**12 else "more than a million million"
                self.report_error(
                    GraphQLError(f"the {name} of this is {words}; at most {most:,} is taken", node)
                )


class _Scales:
    """Weighs selections."""

    def __init__(self, fragments: Mapping[str, FragmentDefinitionNode]) -> None:
        self._fragments = fragments
        self._known: dict[str, Cost] = {}

    def weigh(self, selections: Iterable[SelectionNode]) -> Cost:
        """What they may cost together."""
        costs = [self._one(each) for each in selections]
        return Cost(
            weight=sum(each.weight for each in costs),
            depth=max((each.depth for each in costs), default=0),
            aliases=sum(each.aliases for each in costs),
        )

    def _one(self, selection: SelectionNode) -> Cost:
        if isinstance(selection, FragmentSpreadNode):
            return self._fragment(selection.name.value)
        if not isinstance(selection, FieldNode | InlineFragmentNode):
            return Cost()
        inner = selection.selection_set
        below = self.weigh(inner.selections) if inner else Cost()
        return _field(selection, below) if isinstance(selection, FieldNode) else below

    def _fragment(self, name: str) -> Cost:
        if name in self._fragments and name not in self._known:
            self._known[name] = Cost()  # one that holds itself is another rule's business
            self._known[name] = self.weigh(self._fragments[name].selection_set.selections)
        return self._known.get(name, Cost())


def _field(field: FieldNode, below: Cost) -> Cost:
    name = field.name.value
    if name.startswith("__"):
        return Cost()  # the schema's depth is limited by a rule of GraphQL's own
    if name in LISTS:
        weight = _first(field) * (1 + below.weight)
    else:
        weight = below.weight + (name == "user")
    return Cost(weight, below.depth + 1, below.aliases + (field.alias is not None))


def _first(field: FieldNode) -> int:
    """How many of a list are asked for; what a variable says is not known yet.

    Less than nothing is refused later, and must not make up for others here.
    """
    for argument in field.arguments or ():
        if argument.name.value == "first":
            value = argument.value
            if not isinstance(value, IntValueNode):
                return PAGE_MOST
            return max(0, int(value.value[:DIGITS_MOST]))
    return LISTS[field.name.value]
