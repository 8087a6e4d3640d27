"""A sandbox whose templates pay for what they do; see `limits`."""

from typing import Any

from jinja2 import nodes
from jinja2.compiler import CodeGenerator, Frame
from jinja2.runtime import Context, LoopContext
from jinja2.sandbox import ImmutableSandboxedEnvironment

from lmrt.adapters.templates import limits

_COUNTED = "counted rounds"
_JOINED = "joined pieces"
"""Names of filters that no template can write."""

_LETTERS_A_STEP = 64


class PayingGenerator(CodeGenerator):
    """Lets every loop pay for its rounds, and `~` for its text."""

    def visit_Template(  # noqa: N802 - Jinja's name
        self, node: nodes.Template, frame: Frame | None = None
    ) -> None:
        """Compile a template."""
        for loop in node.find_all(nodes.For):
            written = sum(len(data.data) for data in loop.find_all(nodes.TemplateData))
            cost = nodes.Const(1 + written // _LETTERS_A_STEP)
            loop.iter = _filter(_COUNTED, loop.iter, [cost])
        _pay_for_joining(node)
        node.set_environment(self.environment)
        super().visit_Template(node, frame)


def _pay_for_joining(node: nodes.Node) -> None:
    for field, value in node.iter_fields():
        if isinstance(value, nodes.Concat):
            setattr(node, field, _filter(_JOINED, value, []))
        elif isinstance(value, list):
            value[:] = [
                _filter(_JOINED, item, []) if isinstance(item, nodes.Concat) else item
                for item in value
            ]
    for child in node.iter_child_nodes():
        # What was just put around a text is not looked at again, only what is inside of it
        if isinstance(child, nodes.Filter) and child.name == _JOINED:
            child = child.node or child
        _pay_for_joining(child)


def _filter(name: str, value: Any, arguments: list[nodes.Expr]) -> nodes.Filter:
    made = nodes.Filter(value, name, arguments, [], None, None)
    made.set_lineno(value.lineno)
    return made


class BoundedEnvironment(ImmutableSandboxedEnvironment):
    """The sandbox with limits."""

    code_generator_class = PayingGenerator
    intercepted_binops = frozenset({"+", "*", "**", "%"})

    def __init__(self, **options: Any) -> None:
        super().__init__(**options, finalize=limits.made)
        self.filters |= {
            name: limits.bounded_filter(name, function) for name, function in self.filters.items()
        }
        self.filters[_COUNTED] = limits.counted
        self.filters[_JOINED] = limits.made

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        """Compute one of the operators that can make something large."""
        limits.operate(operator, left, right)
        result = super().call_binop(context, operator, left, right)
        return limits.made(result) if isinstance(result, str) else result

    def call(__self, __context: Context, __obj: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: N805
        """Call a function, a macro or a method."""
        if isinstance(__obj, LoopContext):
            args = tuple(limits.counted(value) for value in args)
        name = getattr(__obj, "__name__", "a function")
        # The sandbox wraps the methods that format
        method = getattr(__obj, "__wrapped__", __obj)
        limits.call(name, getattr(method, "__self__", None), (*args, *kwargs.values()))
        result = super().call(__context, __obj, *args, **kwargs)
        return limits.made(result) if isinstance(result, str) else result
