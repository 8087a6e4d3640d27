"""The high-level runtime API shared by the command line and the Python library."""

from collections.abc import Callable
from pathlib import Path
from typing import Self

from lmrt.application.executor import RuntimeExecutor
from lmrt.application.keeper import RuntimeKeeper
from lmrt.application.loader import Needs, RuntimeLoader
from lmrt.application.needs import needs_of, refuse_unsupported
from lmrt.application.runtime import LoadedRuntime
from lmrt.application.session import ChatSession
from lmrt.domain.config import RuntimeConfig
from lmrt.domain.generation import DEFAULT_SYSTEM_PROMPT, GenerationConfig
from lmrt.domain.messages import (
    AudioPart,
    ContentPart,
    ImagePart,
    MediaUri,
    Message,
    Role,
    TextPart,
)
from lmrt.domain.models import ResolvedModel
from lmrt.domain.payloads import PlanJsonPayload
from lmrt.domain.plans import RuntimePlan
from lmrt.domain.responses import PromptResponse
from lmrt.ports.backend import LoadProgress
from lmrt.ports.sink import StreamSink
from lmrt.ports.transcripts import TranscriptStore


class RuntimeClient:
    """High-level runtime API; safe to use from several threads, which share the loaded model.

    The client keeps the last loaded runtime and loads another only when a request asks for
    another configuration. Use it in a `with` block, or call `close`.

    Attributes:
        runtime_loader: Resolver, planner, materialization and backend-loading boundary.
        runtime_executor: Prompt execution boundary used once a runtime has been loaded.
    """

    def __init__(
        self,
        runtime_loader: RuntimeLoader,
        runtime_executor: RuntimeExecutor,
        *,
        transcripts: TranscriptStore,
        plan_payload: Callable[[RuntimePlan], PlanJsonPayload],
    ) -> None:
        self.runtime_loader = runtime_loader
        self.runtime_executor = runtime_executor
        self._transcripts = transcripts
        self._plan_payload = plan_payload
        self._keeper = RuntimeKeeper(runtime_loader)

    def resolve(self, model_reference: str, models_dir: Path = Path("models")) -> ResolvedModel:
        """Resolve a model reference without loading a runtime.

        Args:
            model_reference: User-facing model reference such as a built-in alias, Hugging Face
                repository, or local model path.
            models_dir: Local models root used for implicit path resolution.

        Returns:
            Normalized model metadata for planning or inspection.

        Raises:
            ValueError: The reference is malformed or leads to no model.
        """
        return self.runtime_loader.resolve(model_reference, models_dir)

    def discover_local_models(self, models_dir: Path = Path("models")) -> tuple[ResolvedModel, ...]:
        """Discover local materialized models under a models directory.

        Args:
            models_dir: Local models root to inspect.

        Returns:
            Materialized models discovered under the given root, sorted by location.
        """
        return self.runtime_loader.discover_local_models(models_dir)

    def plan(self, runtime_config: RuntimeConfig) -> RuntimePlan:
        """Build a runtime plan without loading a backend.

        Args:
            runtime_config: Execution configuration to inspect.

        Returns:
            Planned backend, specialization, and capability result.

        Raises:
            ValueError: The runtime configuration is invalid or no executable plan can be
                produced.
        """
        return self.runtime_loader.plan(runtime_config)

    def describe_plan(self, runtime_config: RuntimeConfig) -> PlanJsonPayload:
        """Return a JSON-serializable inspection payload for a runtime plan.

        It also tells what would make another candidate the chosen one.

        Args:
            runtime_config: Execution configuration to inspect.

        Returns:
            Serialized inspection payload for CLI or HTTP use.

        Raises:
            ValueError: The runtime configuration is invalid or no executable plan can be
                produced.
        """
        return self._plan_payload(self.runtime_loader.explain_plan(runtime_config))

    def load(
        self, runtime_config: RuntimeConfig, *, progress: LoadProgress | None = None
    ) -> LoadedRuntime:
        """Resolve and load a runtime backend for the given configuration.

        The caller owns the result and closes it; the client's own runtime is another.

        Args:
            runtime_config: Execution configuration to load.
            progress: Told how far the load is, 0 to 1, on the engine's thread.

        Returns:
            Loaded backend runtime bundle ready for execution.

        Raises:
            ValueError: The model cannot be resolved, materialized, planned, or loaded.
        """
        return self.runtime_loader.load(runtime_config, Needs(), progress)

    def prompt(
        self,
        prompt: str,
        *,
        runtime_config: RuntimeConfig,
        generation_config: GenerationConfig | None = None,
        system_prompt: str = DEFAULT_SYSTEM_PROMPT,
        images: tuple[str, ...] = (),
        audio: tuple[str, ...] = (),
        sink: StreamSink | None = None,
    ) -> PromptResponse:
        """Execute one prompt using text plus optional image or audio inputs.

        Args:
            prompt: Primary text prompt.
            runtime_config: Runtime configuration to execute.
            generation_config: Optional generation overrides. Defaults to the model's own
                settings.
            system_prompt: System instruction prepended to the request when non-empty.
            images: Optional image input paths or URIs.
            audio: Optional audio input paths or URIs.
            sink: Optional streaming sink for incremental text callbacks.

        Returns:
            Final prompt response and assistant message payload.

        Raises:
            ValueError: The runtime or generation configuration is invalid or no executable
                backend exists.
        """
        parts: list[ContentPart] = [ImagePart(MediaUri(uri)) for uri in images]
        parts += [AudioPart(MediaUri(uri)) for uri in audio]
        return self.prompt_parts(
            [*parts, TextPart(prompt)],
            runtime_config=runtime_config,
            generation_config=generation_config,
            system_prompt=system_prompt,
            sink=sink,
        )

    def prompt_parts(
        self,
        parts: list[ContentPart],
        *,
        runtime_config: RuntimeConfig,
        generation_config: GenerationConfig | None = None,
        system_prompt: str = DEFAULT_SYSTEM_PROMPT,
        history: list[Message] | None = None,
        sink: StreamSink | None = None,
    ) -> PromptResponse:
        """Execute a prompt composed from explicit content parts.

        Args:
            parts: Prompt payload parts in final user-message order.
            runtime_config: Runtime configuration to execute.
            generation_config: Optional generation overrides. Defaults to the model's own
                settings.
            system_prompt: System instruction prepended to the request when non-empty.
            history: Optional prior conversation messages to prepend before the new user message.
            sink: Optional streaming sink for incremental callbacks.

        Returns:
            Final prompt response and assistant message payload.

        Raises:
            ValueError: `parts` is empty, the configuration is invalid, or no executable backend
                exists.
        """
        generation = generation_config or GenerationConfig()
        system = (Message.system(system_prompt),) if system_prompt else ()
        messages = (*system, *(history or ()), Message(Role.USER, tuple(parts)))
        refuse_unsupported(generation)
        needs = needs_of(messages, generation)
        with self._keeper.borrow(runtime_config, needs) as (runtime, loading):
            return self.runtime_executor.execute(
                runtime,
                messages,
                generation,
                sink=sink,
                strict=runtime_config.strict,
                load_seconds=loading,
            )

    def session(
        self,
        *,
        runtime_config: RuntimeConfig,
        generation_config: GenerationConfig | None = None,
        session_name: str = "default",
        system_prompt: str = DEFAULT_SYSTEM_PROMPT,
        messages: list[Message] | None = None,
        autosave_path: Path | None = None,
    ) -> ChatSession:
        """Create a reusable chat session over the shared runtime stack.

        Args:
            runtime_config: Runtime configuration for the session.
            generation_config: Optional generation overrides. Defaults to the model's own
                settings.
            session_name: Human-readable session label.
            system_prompt: Session-wide system instruction.
            messages: Optional initial transcript messages. Without them, a transcript that lies
                at `autosave_path` already goes on.
            autosave_path: Optional transcript autosave path; written after every turn.

        Returns:
            Reusable session object bound to the shared runtime stack.

        Raises:
            ValueError: The runtime or generation configuration is invalid, or `messages` are
                given while a transcript lies at `autosave_path` already.
        """
        return ChatSession.open(
            self.prompt_parts,
            self._transcripts,
            runtime_config=runtime_config,
            generation_config=generation_config,
            session_name=session_name,
            system_prompt=system_prompt,
            messages=messages,
            autosave_path=autosave_path,
        )

    def close(self) -> None:
        """Free the loaded model and end what still runs; a second call does nothing."""
        self._keeper.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()
