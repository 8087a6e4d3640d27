"""Everything that `rt doctor` can find: what, why it matters, and the command that mends it."""

from lmrt.domain.remedies_engine import (
    BuiltWithoutCuda,
    BuiltWithoutMetal,
    EngineBroken,
    EngineCrashed,
    EngineHangs,
    EngineVersionUnsupported,
    ExtraMissing,
    TrialFailed,
    WheelForAnotherArchitecture,
    WheelForAnotherProcessor,
)
from lmrt.domain.remedies_hub import (
    BrokenCacheLinks,
    CacheDiskFull,
    CacheElsewhere,
    CacheUnwritable,
    HubOffline,
    HubUnreachable,
    TokenMalformed,
    TokenRefused,
)
from lmrt.domain.remedies_machine import (
    BundledModelMissing,
    DebugOn,
    FewFileDescriptors,
    InvalidConfigFile,
    MachineUnread,
    MemoryLow,
    ModelsDirMissing,
    ModelsDirUnreadable,
    PythonUnderRosetta,
)

Remedy = (
    ExtraMissing
    | EngineVersionUnsupported
    | EngineBroken
    | EngineCrashed
    | EngineHangs
    | WheelForAnotherProcessor
    | WheelForAnotherArchitecture
    | BuiltWithoutCuda
    | BuiltWithoutMetal
    | TrialFailed
    | MemoryLow
    | FewFileDescriptors
    | MachineUnread
    | PythonUnderRosetta
    | BundledModelMissing
    | ModelsDirMissing
    | ModelsDirUnreadable
    | InvalidConfigFile
    | DebugOn
    | HubUnreachable
    | HubOffline
    | TokenMalformed
    | TokenRefused
    | CacheUnwritable
    | CacheDiskFull
    | CacheElsewhere
    | BrokenCacheLinks
)
"""A finding with its remedy: each has `code`, `what`, `why` and `command`, or None for nothing."""
