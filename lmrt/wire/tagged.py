"""Hooks for values with derived keys, and for unions whose members carry a tag."""

from collections.abc import Callable, Mapping
from typing import Any, get_args

from attrs import fields
from cattrs import Converter
from cattrs.gen import make_dict_unstructure_fn

from lmrt.domain.payloads import JsonObject
from lmrt.wire.strict import object_hook, without

Derive = Callable[[Any], Mapping[str, Any]]


def register_derived(
    converter: Converter, kind: type, derive: Derive, names: frozenset[str]
) -> None:
    """Let the document of a class also hold keys that are computed from its fields.

    Args:
        converter: Where to register; hooks of the fields must be there already.
        kind: An attrs class.
        derive: Returns the keys of a value; the class's own fields win over them.
        names: The names of those keys. They are left aside when a document is read.
    """
    own = frozenset(attribute.name for attribute in fields(kind))
    unstructure: Callable[[Any], JsonObject] = make_dict_unstructure_fn(kind, converter)

    def to_document(value: Any) -> JsonObject:
        derived = {key: found for key, found in derive(value).items() if key not in own}
        return {**unstructure(value), **derived}

    converter.register_unstructure_hook(kind, to_document)
    converter.register_structure_hook(kind, object_hook(kind, converter, names - own))


def register_union(
    converter: Converter, union: Any, tag: str, name_of: Callable[[type], str]
) -> None:
    """Let the members of a union be told apart by a tag.

    Args:
        converter: Where to register.
        union: A union of attrs classes.
        tag: The tag's key; it comes first.
        name_of: Returns a member's tag.
    """
    members = {name_of(kind): kind for kind in get_args(union)}

    def to_document(value: Any) -> JsonObject:
        return {tag: name_of(type(value)), **converter.unstructure(value, type(value))}

    def from_document(document: Any, _union: Any) -> Any:
        rest = without(document, frozenset({tag}))
        name = document.get(tag)
        if not isinstance(name, str) or name not in members:
            known = ", ".join(f"`{known}`" for known in members)
            raise ValueError(f"`{tag}` must be one of {known}, not {name!r}")
        return converter.structure(rest, members[name])

    converter.register_unstructure_hook(union, to_document)
    converter.register_structure_hook(union, from_document)
