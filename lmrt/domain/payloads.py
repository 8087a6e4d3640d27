"""JSON documents as Python values."""

from typing import Any, TypeAlias

JsonObject: TypeAlias = dict[str, Any]
"""A JSON object: strings, numbers, booleans, None, lists and further objects."""

PlanJsonPayload: TypeAlias = JsonObject
"""The plan document, versioned; `docs/json.md` describes its keys."""
