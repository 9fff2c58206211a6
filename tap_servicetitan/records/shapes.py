"""What is declared of a row, as types that check its bytes and copy what records have of it."""

from __future__ import annotations

from datetime import datetime
from types import GenericAlias
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

import msgspec
from typing_extensions import override

from tap_servicetitan.errors import NonConformingPageError
from tap_servicetitan.state.timestamps import utc

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

    from tap_servicetitan.json_type import Json
    from tap_servicetitan.records.masking import Tree

Schema: TypeAlias = dict[str, Any]
Selects: TypeAlias = "Callable[[tuple[str, ...]], bool]"
Rewriter: TypeAlias = "Callable[[Any], Any]"
Type: TypeAlias = Any
"""A type made at run time, which no annotation can name."""

MOMENT: Type = Annotated[datetime, msgspec.Meta(tz=True)]

encode = msgspec.json.Encoder(decimal_format="number").encode


def json_text(value: Json) -> str:
    """Write a value as a text of JSON."""
    return encode(value).decode()


class Value:
    """What is declared of a value; of this one, that it is passed on as it came."""

    def __init__(self, kind: Type) -> None:
        """Hold the type that checks the value."""
        self.kind = kind

    def strict(self) -> Type:
        """Make the type that checks the value."""
        return self.kind

    def kept(self) -> Type:
        """Make the type that copies what records have of the value: raw bytes where they have all of it."""
        return msgspec.Raw

    def rewriter(self) -> Rewriter | None:
        """Make what rewrites the value that was copied, in place where it is an object; None where nothing does."""
        return None

    def with_any_zone(self) -> Value:
        """Take times in any zone, or in none, and write them in UTC."""
        return Rewritten(utc, datetime) if self.kind == MOMENT else self

    def mask(self, tree: Tree) -> None:
        """Leave out or hash what is personal.

        Raises:
            NonConformingPageError: Nothing is known of what is within.
        """
        raise unsupported(", ".join(tree), "holds personal data")

    def undeclared(self, value: object, path: str = "") -> Iterator[tuple[str, Object, str]]:
        """Find the fields of a value that are not declared: their paths, where they lack, their names."""
        del value, path
        yield from ()


class Rewritten(Value):
    """A text that is written in another form than it came: hashed, or as a time in UTC."""

    def __init__(self, rewrite: Rewriter, kind: Type = str) -> None:
        """Hold what rewrites it, and the type that checks it."""
        super().__init__(kind)
        self._rewrite = rewrite

    @override
    def kept(self) -> Type:
        return str

    @override
    def rewriter(self) -> Rewriter:
        return self._rewrite


class AnyText(Value):
    """A text; what is of another type is written as a text of its JSON."""

    def __init__(self) -> None:
        """Take any value."""
        super().__init__(object)

    @override
    def kept(self) -> Type:
        return object

    @override
    def rewriter(self) -> Rewriter:
        return lambda value: value if isinstance(value, str) else json_text(value)


class Array(Value):
    """An array whose items may hold what records have not."""

    def __init__(self, item: Value) -> None:
        """Hold what is declared of the items."""
        self.item = item

    @override
    def strict(self) -> Type:
        return GenericAlias(list, (self.item.strict() | None,))

    @override
    def kept(self) -> Type:
        kept = self.item.kept()
        return kept if kept is msgspec.Raw else GenericAlias(list, (kept | None,))

    @override
    def rewriter(self) -> Rewriter | None:
        rewrite = self.item.rewriter()
        return rewrite and (lambda items: [item if item is None else rewrite(item) for item in items])

    @override
    def with_any_zone(self) -> Array:
        self.item = self.item.with_any_zone()
        return self

    @override
    def mask(self, tree: Tree) -> None:
        self.item.mask(tree)

    @override
    def undeclared(self, value: object, path: str = "") -> Iterator[tuple[str, Object, str]]:
        for item in value if isinstance(value, list) else ():
            yield from self.item.undeclared(item, f"{path}[]")


class Object(Value):
    """An object, of whose fields records may have but some."""

    def __init__(self, fields: dict[str, Value], dropped: set[str], required: Collection[str]) -> None:
        """Hold what is declared of the fields."""
        self.fields = fields
        self.dropped = dropped
        """What may come, and is left out."""
        self.required = required

    @override
    def strict(self) -> Type:
        types = {name: one.strict() for name, one in self.fields.items()}
        wanted = [(name, kind) if name in self.required else (name, kind | None, None) for name, kind in types.items()]
        return struct(*wanted, *((name, object, None) for name in sorted(self.dropped)), forbid_unknown_fields=True)

    @override
    def kept(self, without: frozenset[str] = frozenset()) -> Type:
        types = {name: one.kept() for name, one in self.fields.items() if name not in without}
        if not self.dropped and not without and all(kind is msgspec.Raw for kind in types.values()):
            return msgspec.Raw
        # Raw bytes may be those of a null.
        nullable = {name: kind if kind is msgspec.Raw else kind | None for name, kind in types.items()}
        return struct(*((name, kind | msgspec.UnsetType, msgspec.UNSET) for name, kind in nullable.items()))

    @override
    def rewriter(self, without: frozenset[str] = frozenset()) -> Rewriter | None:
        kept = [one.rewriter() for name, one in self.fields.items() if name not in without]
        found = [(member(number), rewrite) for number, rewrite in enumerate(kept) if rewrite]

        def rewritten(value: msgspec.Struct) -> msgspec.Struct:
            for name, rewrite in found:
                inner = getattr(value, name)
                if inner is not None and inner is not msgspec.UNSET:
                    setattr(value, name, rewrite(inner))
            return value

        return rewritten if found else None

    @override
    def with_any_zone(self) -> Object:
        self.fields.update({name: one.with_any_zone() for name, one in self.fields.items()})
        return self

    @override
    def mask(self, tree: Tree) -> None:
        for name, mask in tree.items():
            if mask is None:
                self.fields.pop(name, None)
                self.dropped.add(name)
            elif name in self.fields:
                if isinstance(mask, dict):
                    self.fields[name].mask(mask)
                else:
                    self.fields[name] = Rewritten(mask)

    @override
    def undeclared(self, value: object, path: str = "") -> Iterator[tuple[str, Object, str]]:
        for name, inner in value.items() if isinstance(value, dict) else ():
            place = f"{path}.{name}" if path else name
            if name in self.fields:
                yield from self.fields[name].undeclared(inner, place)
            elif name not in self.dropped:
                yield place, self, name


def is_plain_name(name: str) -> bool:
    """Tell whether a name is written without escapes, as the types made here need it."""
    return encode(name)[1:-1] == name.encode()


def member(number: int) -> str:
    """Name the member of a struct by its place."""
    return f"f{number}"


def struct(*fields: tuple[Any, ...], forbid_unknown_fields: bool = False) -> type[msgspec.Struct]:
    """Make a type for JSON objects; their names need not be names in Python."""
    names = [member(number) for number in range(len(fields))]
    return msgspec.defstruct(
        "Fields",
        [(own, *rest) for own, (_, *rest) in zip(names, fields, strict=True)],
        rename={own: name for own, (name, *_) in zip(names, fields, strict=True)},
        forbid_unknown_fields=forbid_unknown_fields,
        kw_only=True,
        # JSON has no cycles.
        gc=False,
    )


def unsupported(path: str, reason: str) -> NonConformingPageError:
    """Say what leaves a stream to the SDK's path."""
    return NonConformingPageError(f"{path}: {reason}, which only the SDK's path knows how to take")
