"""Run language models on your own machine.

::

    from lmrt import RuntimeClient, RuntimeConfig

    with RuntimeClient() as client:
        response = client.prompt("What is lmrt?", runtime_config=RuntimeConfig("guide"))
    print(response.text)

Importing this package loads nothing but this file; each name is loaded when it is first used.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lmrt.application.runtime import LoadedRuntime
    from lmrt.application.session import ChatSession
    from lmrt.bootstrap.client import RuntimeClient
    from lmrt.domain.config import KvType, Preference, RuntimeConfig
    from lmrt.domain.errors import (
        BackendsDisagree,
        ConfigurationError,
        GenerationFailed,
        LmrtError,
        LoadFailed,
        ModelNotFound,
        NoExecutablePlan,
        NotMaterialized,
    )
    from lmrt.domain.generation import DEFAULT_SYSTEM_PROMPT, GenerationConfig
    from lmrt.domain.messages import (
        AudioPart,
        ContentPart,
        ImagePart,
        MediaBytes,
        MediaUri,
        Message,
        Role,
        TextPart,
    )
    from lmrt.domain.models import ResolvedModel
    from lmrt.domain.plans import RuntimePlan
    from lmrt.domain.responses import (
        Finished,
        FinishReason,
        NoticeRaised,
        PromptResponse,
        Started,
        StreamEvent,
        TextDelta,
    )
    from lmrt.ports.sink import StreamSink

_HOMES = {
    "application.runtime": ("LoadedRuntime",),
    "application.session": ("ChatSession",),
    "bootstrap.client": ("RuntimeClient",),
    "domain.config": ("KvType", "Preference", "RuntimeConfig"),
    "domain.errors": (
        "BackendsDisagree",
        "ConfigurationError",
        "GenerationFailed",
        "LmrtError",
        "LoadFailed",
        "ModelNotFound",
        "NoExecutablePlan",
        "NotMaterialized",
    ),
    "domain.generation": ("DEFAULT_SYSTEM_PROMPT", "GenerationConfig"),
    "domain.messages": (
        "AudioPart",
        "ContentPart",
        "ImagePart",
        "MediaBytes",
        "MediaUri",
        "Message",
        "Role",
        "TextPart",
    ),
    "domain.models": ("ResolvedModel",),
    "domain.plans": ("RuntimePlan",),
    "domain.responses": (
        "FinishReason",
        "Finished",
        "NoticeRaised",
        "PromptResponse",
        "Started",
        "StreamEvent",
        "TextDelta",
    ),
    "ports.sink": ("StreamSink",),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

__all__ = [
    "DEFAULT_SYSTEM_PROMPT",
    "AudioPart",
    "BackendsDisagree",
    "ChatSession",
    "ConfigurationError",
    "ContentPart",
    "FinishReason",
    "Finished",
    "GenerationConfig",
    "GenerationFailed",
    "ImagePart",
    "KvType",
    "LmrtError",
    "LoadFailed",
    "LoadedRuntime",
    "MediaBytes",
    "MediaUri",
    "Message",
    "ModelNotFound",
    "NoExecutablePlan",
    "NotMaterialized",
    "NoticeRaised",
    "Preference",
    "PromptResponse",
    "ResolvedModel",
    "Role",
    "RuntimeClient",
    "RuntimeConfig",
    "RuntimePlan",
    "Started",
    "StreamEvent",
    "StreamSink",
    "TextDelta",
    "TextPart",
]


def __getattr__(name: str) -> object:
    home = _HOME_OF.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"lmrt.{home}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
