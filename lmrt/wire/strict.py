"""A converter that takes nothing for granted: exact types, no unknown keys."""

from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping
from enum import StrEnum
from pathlib import Path, PurePath
from typing import Any, get_args, get_origin

from attrs import has
from cattrs import Converter
from cattrs.cols import list_structure_factory
from cattrs.gen import make_dict_structure_fn

from lmrt.domain.payloads import JsonObject


def strict_converter() -> Converter:
    """Return a converter between attrs values and plain JSON values.

    Numbers are not read from texts, nor flags from numbers. Tuples become lists, sets sorted
    lists, paths texts, and bytes base64.
    """
    converter = Converter(
        forbid_extra_keys=True, unstruct_collection_overrides={tuple: list, frozenset: sorted}
    )
    converter.register_structure_hook(str, _text)
    converter.register_structure_hook(bool, _flag)
    converter.register_structure_hook(int, _whole)
    converter.register_structure_hook(float, _number)
    converter.register_structure_hook(bytes, _data)
    converter.register_structure_hook(Path, lambda value, _: Path(_text(value, str)))
    converter.register_structure_hook_factory(_is_collection, _collection_hook)
    converter.register_structure_hook_factory(has, object_hook)
    converter.register_unstructure_hook(StrEnum, str)
    converter.register_unstructure_hook(PurePath, str)
    converter.register_unstructure_hook(bytes, lambda value: b64encode(value).decode("ascii"))
    return converter


def object_hook(
    kind: type, converter: Converter, ignored: frozenset[str] = frozenset()
) -> Callable[[Any, Any], Any]:
    """Return a hook that reads an attrs value from a JSON object.

    Args:
        kind: The attrs class.
        converter: Knows the classes of its fields.
        ignored: Keys that may be there and are left aside.
    """
    structure: Callable[[Any, Any], Any] = make_dict_structure_fn(kind, converter)

    def hook(value: Any, _kind: Any) -> Any:
        return structure(without(value, ignored), kind)

    return hook


def without(value: Any, names: frozenset[str]) -> JsonObject:
    """Return a JSON object less some keys.

    Raises:
        ValueError: It is no object.
    """
    if not isinstance(value, Mapping):
        raise _wrong(value, "an object")
    return {key: found for key, found in value.items() if key not in names}


def _is_collection(kind: Any) -> bool:
    if get_origin(kind) is frozenset:
        return True
    return get_origin(kind) is tuple and get_args(kind)[1:] == (...,)


def _collection_hook(kind: Any, converter: Converter) -> Callable[[Any, Any], Any]:
    elements = list_structure_factory(kind, converter)
    collection = get_origin(kind)

    def hook(value: Any, _kind: Any) -> Any:
        if not isinstance(value, list):
            raise _wrong(value, "a list")
        return collection(elements(value, kind))

    return hook


def _text(value: Any, kind: type[str]) -> str:
    # Texts and the members of enumerations of texts both come here.
    if not isinstance(value, str):
        raise _wrong(value, "a text")
    try:
        return kind(value)
    except ValueError:
        known = ", ".join(f"`{member}`" for member in kind)  # type: ignore[attr-defined]
        raise _wrong(value, f"one of {known}") from None


def _flag(value: Any, _kind: type[bool]) -> bool:
    if not isinstance(value, bool):
        raise _wrong(value, "true or false")
    return value


def _whole(value: Any, _kind: type[int]) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise _wrong(value, "a whole number")
    return value


def _number(value: Any, _kind: type[float]) -> float:
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        raise _wrong(value, "a number")
    return float(value)


def _data(value: Any, _kind: type[bytes]) -> bytes:
    try:
        return b64decode(_text(value, str), validate=True)
    except ValueError:
        raise _wrong(value, "base64") from None


def _wrong(value: Any, wanted: str) -> ValueError:
    match value:
        case None:
            shown = "null"
        case Mapping():
            shown = "an object"
        case list():
            shown = "a list"
        case _:
            shown = repr(value)
    shown = shown if len(shown) <= 40 else shown[:39] + "…"
    return ValueError(f"must be {wanted}, not {shown}")
