"""What a rejection means and what helps against it, one line each, for people."""

from collections.abc import Iterable

from lmrt.domain.rejections import (
    ArchitectureUnsupported,
    BackendUnavailable,
    ContextExceeded,
    DeviceUnavailable,
    DtypeUnsupported,
    FailedBefore,
    FeatureMissing,
    FormatUnsupported,
    KvTypeUnsupported,
    MemoryExceeded,
    ModalityUnsupported,
    PinnedElsewhere,
    Rejection,
    RemoteCodeRequired,
    UnsafeFormat,
    WindowUnsupported,
)
from lmrt.domain.sizes import format_size, format_size_up


def describe(rejection: Rejection) -> str:
    """Return why the candidate cannot run, as a clause about it."""
    match rejection:
        case BackendUnavailable(_, message, _):
            return message
        case MemoryExceeded():
            return _describe_shortage(rejection)
        case ContextExceeded(asked, trained):
            return f"was trained on {trained:,} tokens of context, {asked:,} are asked for"
        case WindowUnsupported(asked, window):
            return (
                f"does not keep the model's sliding window of {window:,} tokens, and {asked:,} "
                "tokens of context are asked for"
            )
        case PinnedElsewhere(option, pinned):
            return f"`--{option}` asks for `{pinned}`"
        case RemoteCodeRequired(file):
            return f"would execute the model's own Python code, `{file}`"
        case UnsafeFormat(file):
            return f"`{file}` is a pickle file, which can execute code when it is read"
        case FailedBefore(_, reason):
            return f"failed when it was loaded in this process: {reason}"
        case _:
            return _describe_inability(rejection)


def fix(rejection: Rejection) -> str | None:
    """Return what the user can do about it whatever else was asked for, or None."""
    match rejection:
        case BackendUnavailable(_, _, command):
            return command
        case MemoryExceeded("budget"):
            return f"raise `--memory-budget` by {format_size(rejection.short_by)}"
        case MemoryExceeded():
            return _relief(rejection)
        case ContextExceeded(_, most) | WindowUnsupported(_, most):
            return f"ask for at most {most:,} tokens with `--context`"
        case KvTypeUnsupported(_, supported) if supported:
            return f"give `--kv-type` {_one_of(supported)}"
        case DtypeUnsupported():
            return "leave `--dtype` out, or give one that is listed"
        case RemoteCodeRequired():
            return (
                "take a GGUF of the model, or a repository whose architecture a backend knows: "
                "no backend runs a model's own code"
            )
        case UnsafeFormat():
            return (
                "take the model's safetensors or GGUF files; if you trust its author, give "
                "`--allow-unsafe-weights`"
            )
        case _:
            return None


def _describe_inability(
    rejection: FormatUnsupported
    | ArchitectureUnsupported
    | ModalityUnsupported
    | FeatureMissing
    | KvTypeUnsupported
    | DtypeUnsupported
    | DeviceUnavailable,
) -> str:
    match rejection:
        case FormatUnsupported(name, supported):
            return f"reads no {name}" + (f", only {', '.join(supported)}" if supported else "")
        case ArchitectureUnsupported(architecture):
            return f"does not know the architecture `{architecture}`"
        case ModalityUnsupported(modality, by):
            return f"the {by} takes no {modality}"
        case FeatureMissing(feature):
            return f"lacks `{feature}`"
        case KvTypeUnsupported(kv_type, supported):
            only = f", only {', '.join(supported)}" if supported else ""
            return f"takes no {kv_type} KV cache with this model{only}"
        case DtypeUnsupported(dtype, supported):
            only = f", only as {_or(supported)}" if supported else ""
            return f"cannot load these weights as {dtype}{only}"
        case DeviceUnavailable(device, available):
            return f"cannot use `{device}` here" + (
                f", only {_listed(available)}" if available else ""
            )


def _describe_shortage(rejection: MemoryExceeded) -> str:
    needed, free = format_size(rejection.needed), format_size(rejection.free)
    short = f"short by {format_size(rejection.short_by)}"
    if rejection.pool == "budget":
        return f"needs {needed} of memory, the budget is {free}: {short}"
    return f"needs {needed} of {_pool(rejection.pool)}, {free} can be used: {short}"


def _relief(rejection: MemoryExceeded) -> str:
    """Return how to have as much memory as is needed; the counterfactual tells the same size."""
    missing = rejection.short_by if rejection.to_free is None else rejection.to_free
    where = _pool(rejection.pool)
    if rejection.held is not None and missing > rejection.held:
        return f"take a smaller model or quantization: all of {where} is too little"
    return f"free {format_size_up(missing)} of {where}"


def _pool(name: str) -> str:
    return "main memory" if name == "cpu" else f"memory on `{name}`"


def _or(names: tuple[str, ...]) -> str:
    return ", ".join(names[:-1]) + (" or " if names[:-1] else "") + names[-1]


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _one_of(names: tuple[str, ...]) -> str:
    return f"`{names[0]}`" if len(names) == 1 else f"one of {_listed(names)}"
