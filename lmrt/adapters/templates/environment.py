"""The Jinja environment in which Hugging Face renders chat templates.

Matches `transformers.utils.chat_template_utils`, which is what models' templates are written for.
"""

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any, NoReturn

from jinja2.exceptions import SecurityError, TemplateError
from jinja2.ext import Extension, LoopControlExtension
from jinja2.nodes import Node, Scope
from jinja2.parser import Parser
from jinja2.utils import Namespace

from lmrt.adapters.templates.bounded import BoundedEnvironment
from lmrt.adapters.templates.limits import bounded_filter


class RaisedByTemplateError(TemplateError):
    """The template called `raise_exception`; the message is the template's own."""


class TemplateDict:
    """What templates call as `dict`: without the attributes of the class itself."""

    def __call__(self, *arguments: Any, **named: Any) -> dict[Any, Any]:
        """Return a dictionary, made as by Python's own `dict`."""
        return dict(*arguments, **named)

    def fromkeys(self, *arguments: Any) -> dict[Any, Any]:
        """Return a dictionary whose keys share one value."""
        return dict.fromkeys(*arguments)


class TemplateNamespace(Namespace):
    """What templates call as `namespace`: no name in it may begin with `_`, as Python's own do."""

    def __init__(*arguments: Any, **named: Any) -> None:  # so that a name may be `self`
        self, *rest = arguments
        values = dict(*rest, **named)
        for name in values:
            TemplateNamespace._check(name)
        Namespace.__init__(self, values)

    def __setitem__(self, name: str, value: Any) -> None:
        TemplateNamespace._check(name)
        super().__setitem__(name, value)

    @staticmethod
    def _check(name: Any) -> None:
        if isinstance(name, str) and name.startswith("_"):
            raise SecurityError(f"a namespace takes no name that begins with `_`: {name!r}")


class GenerationTag(Extension):
    """Accepts `{% generation %}`, which marks what a model is trained on, and prints its body."""

    tags = {"generation"}  # noqa: RUF012 - Jinja's own declaration

    def parse(self, parser: Parser) -> Node:
        """Return the body as a scope of its own, as the call block of the reference is one."""
        line = next(parser.stream).lineno
        body = parser.parse_statements(("name:endgeneration",), drop_needle=True)
        return Scope(body).set_lineno(line)


def chat_environment(now: Callable[[], datetime]) -> BoundedEnvironment:
    """Return the environment; `now` is the clock behind `strftime_now`."""
    environment = BoundedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=[GenerationTag, LoopControlExtension]
    )
    environment.filters["tojson"] = bounded_filter("tojson", _to_json)
    environment.globals["dict"] = TemplateDict()
    environment.globals["namespace"] = TemplateNamespace
    environment.globals["raise_exception"] = _raise_exception
    environment.globals["strftime_now"] = lambda format: now().strftime(format)  # noqa: A006
    return environment


def _raise_exception(message: str) -> NoReturn:
    raise RaisedByTemplateError(message)


def _to_json(
    value: Any,
    ensure_ascii: bool = False,
    indent: int | None = None,
    separators: tuple[str, str] | None = None,
    sort_keys: bool = False,
) -> str:
    """Return JSON text without Jinja's escapes for HTML."""
    return json.dumps(
        value,
        ensure_ascii=ensure_ascii,
        indent=indent,
        separators=separators,
        sort_keys=sort_keys,
    )
