"""Resolver, planner, materialization and backend loading, in that order."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from attrs import evolve, field, frozen

from lmrt.application.effective import check_effective
from lmrt.application.fallback import FailedLoads, both_failed, fallen_back, hinting, way_out
from lmrt.application.resolver import Resolver
from lmrt.application.runtime import LoadedRuntime
from lmrt.application.scheduler import Scheduler
from lmrt.application.strictness import refuse_unknown_backend, strict_notice
from lmrt.domain.config import RuntimeConfig
from lmrt.domain.corrections import corrections
from lmrt.domain.errors import LmrtError, LoadFailed, NoExecutablePlan
from lmrt.domain.failures import FailedLoad
from lmrt.domain.fingerprints import fingerprint
from lmrt.domain.messages import Modality
from lmrt.domain.models import Artifact, ArtifactFormat, ResolvedModel
from lmrt.domain.planning import counterfactuals, replayed
from lmrt.domain.planning import plan as plan_runtime
from lmrt.domain.plans import PlanRequest, RuntimePlan
from lmrt.domain.probes import BackendProbe, Feature
from lmrt.domain.prompts import template_missing
from lmrt.domain.references import Lookup
from lmrt.domain.resolution import Resolution
from lmrt.domain.surroundings import Surroundings
from lmrt.ports.backend import Backend, LoadProgress
from lmrt.ports.machine import Clock, MachineProbe
from lmrt.ports.models import DownloadProgress, Materializer
from lmrt.ports.speed import SpeedLedger
from lmrt.ports.text import TokenizerFactory


@frozen
class Needs:
    """What a request needs beyond text generation.

    Attributes:
        modalities: Kinds of input that it holds.
        features: Abilities that the backend must have.
        template: Whether the model must have a chat template; a loaded runtime serves requests
            that need one and such that do not.
    """

    modalities: frozenset[Modality] = frozenset({Modality.TEXT})
    features: frozenset[Feature] = frozenset()
    template: bool = field(default=False, eq=False)


class RuntimeLoader:
    """The boundary between a reference and a loaded runtime.

    Args:
        resolver: Finds models.
        backends: Every backend, by whatever order; the planner does not depend on it.
        machine: Looks at the machine.
        materializer: Makes files present.
        tokenizers: One factory for each artifact format.
        clock: Measures the load.
        downloads: Told of every download.
        saved: A plan to load by, in place of one made anew; none is loaded that has changed, and
            nothing else in its place.
        ledger: Past runs, which correct estimated speeds.
        isolated: Backends that run their engine in a process of its own, for plans that ask for it;
            without one of its id, a backend runs in this process.
    """

    def __init__(
        self,
        *,
        resolver: Resolver,
        backends: Sequence[Backend],
        machine: MachineProbe,
        materializer: Materializer,
        tokenizers: Mapping[ArtifactFormat, TokenizerFactory],
        clock: Clock,
        downloads: DownloadProgress | None = None,
        saved: RuntimePlan | None = None,
        ledger: SpeedLedger | None = None,
        isolated: Sequence[Backend] = (),
    ) -> None:
        self._resolver = resolver
        self._backends = {backend.id: backend for backend in backends}
        self._machine = machine
        self._materializer = materializer
        self._tokenizers = dict(tokenizers)
        self._clock = clock
        self._downloads = downloads
        self._saved = saved
        self._ledger = ledger
        self._isolated = {backend.id: backend for backend in isolated}
        self._failed = FailedLoads()

    def resolve(
        self, model_reference: str, models_dir: Path, *, offline: bool = False
    ) -> ResolvedModel:
        """Return the model's metadata; see `Resolver.resolve`."""
        return self._resolver.resolve(model_reference, Lookup(models_dir, offline))

    def explain(self, model_reference: str, lookup: Lookup) -> Resolution:
        """Return the model with every reading of its reference; see `Resolver.explain`."""
        return self._resolver.explain(model_reference, lookup)

    def discover_local_models(self, models_dir: Path) -> tuple[ResolvedModel, ...]:
        """Return the models under `models_dir`."""
        return self._resolver.discover(models_dir)

    def probe(self, *, deep: bool = False) -> tuple[BackendProbe, ...]:
        """Return every backend's probe; see `Backend.probe`."""
        return tuple(backend.probe(deep=deep) for backend in self._backends.values())

    def plan(self, config: RuntimeConfig, needs: Needs | None = None) -> RuntimePlan:
        """Return the plan for a configuration, without loading anything.

        What failed to load in this process is not planned again.

        Raises:
            ConfigurationError: The configuration is invalid, or `strict` refuses a notice.
            ModelNotFound: The reference leads nowhere.
            NoExecutablePlan: Nothing can run here; every candidate's reasons are in it.
        """
        request = _request(config, needs or Needs())
        return self._checked(
            self._resolve(config), config, request, self.surroundings(), self._failed()
        )

    def explain_plan(
        self, config: RuntimeConfig, surroundings: Surroundings | None = None
    ) -> RuntimePlan:
        """Return the plan with its counterfactuals, which takes many plans more.

        It is what the machine allows, whatever failed to load in this process.

        Args:
            config: What is asked for.
            surroundings: Another machine to plan for; by default this one.

        Raises:
            NoExecutablePlan: As `plan`; with what would let a candidate run.
            LmrtError: As `plan`.
        """
        model = self._resolve(config)
        seen = surroundings or self.surroundings()
        request = _request(config, Needs())
        try:
            plan = self._checked(model, config, request, seen)
        except NoExecutablePlan as error:
            error.counterfactuals = counterfactuals(
                request, model, seen.machine, seen.probes, error.rejected, seen.corrections
            )
            raise
        found = counterfactuals(
            request, model, seen.machine, seen.probes, plan.alternatives, seen.corrections
        )
        return evolve(plan, counterfactuals=found)

    def surroundings(self) -> Surroundings:
        """Return this machine as it is now, and what each backend can do on it."""
        machine = self._machine.inspect()
        runs = () if self._ledger is None else self._ledger.runs(fingerprint(machine))
        return Surroundings(machine, self.probe(), corrections(runs))

    def load(
        self,
        config: RuntimeConfig,
        needs: Needs | None = None,
        progress: LoadProgress | None = None,
    ) -> LoadedRuntime:
        """Resolve, plan, materialize and load.

        Where the load fails, the next candidate is tried once, with a notice in its plan. Neither
        what the request pins nor a saved plan is departed from.

        Raises:
            ConfigurationError: A chat template is needed and there is none (`template-missing`).
            NotMaterialized: The artifact's files are not here and cannot be downloaded.
            LoadFailed: The engine refused them, ended or ran out of memory, or loaded them
                differently from the plan, and no other candidate could be loaded either.
            LmrtError: As `plan`.
        """
        needs = needs or Needs()
        model, seen = self._resolve(config), self.surroundings()
        request = _request(config, needs)
        plan = self._checked(model, config, request, seen, self._failed())
        try:
            return self._open(model, plan, config, needs, progress)
        except LoadFailed as error:
            first = error
        failed = self._failed.add(plan, first)
        instead = self._next(request, model, seen)
        if instead is None or config.strict:
            advice = None if self._saved is not None else way_out(first, plan, instead)
            if advice is None:
                raise first
            raise hinting(first, advice) from first
        instead = fallen_back(failed, plan, instead)
        # Frames of the first load may hold on to what the second needs room for
        first.__traceback__ = None
        try:
            return self._open(model, instead, config, needs, progress)
        except LmrtError as second:
            if isinstance(second, LoadFailed):
                self._failed.add(instead, second)
            raise both_failed(first, plan, second, instead) from second

    def _open(
        self,
        model: ResolvedModel,
        plan: RuntimePlan,
        config: RuntimeConfig,
        needs: Needs,
        progress: LoadProgress | None,
    ) -> LoadedRuntime:
        """Load what is planned, and nothing else."""
        told = model.told_by(plan.artifact)
        if needs.template and told.chat_template is None:
            raise template_missing(told.name)
        root = self.materialize(plan.artifact, offline=config.offline)
        started = self._clock()
        tokenizer = self._tokenizers[plan.artifact.format].open(plan.artifact, root)
        backend = self._backends[plan.backend]
        if plan.isolated is not None:
            backend = self._isolated.get(plan.backend, backend)
        scheduler = Scheduler(lambda: backend.load(plan, root, progress), plan.backend)
        runtime = LoadedRuntime(told, plan, tokenizer, scheduler, self._clock() - started)
        try:
            check_effective(plan, runtime.facts)
        except ValueError:
            runtime.close()
            raise
        return runtime

    def materialize(self, artifact: Artifact, *, offline: bool = False) -> Path:
        """Make an artifact's files present; see `Materializer.materialize`."""
        return self._materializer.materialize(artifact, offline=offline, progress=self._downloads)

    def _resolve(self, config: RuntimeConfig) -> ResolvedModel:
        lookup = Lookup(config.models_dir, config.offline)
        return self._resolver.resolve(config.model_reference, lookup)

    def _next(
        self, request: PlanRequest, model: ResolvedModel, seen: Surroundings
    ) -> RuntimePlan | None:
        """Return the best plan that no failed load rules out, or None where there is none."""
        if self._saved is not None:
            return None
        try:
            return plan_runtime(
                request, model, seen.machine, seen.probes, self._failed(), seen.corrections
            )
        except NoExecutablePlan:
            return None

    def _checked(
        self,
        model: ResolvedModel,
        config: RuntimeConfig,
        request: PlanRequest,
        seen: Surroundings,
        failed: Sequence[FailedLoad] = (),
    ) -> RuntimePlan:
        refuse_unknown_backend(config, self._backends)
        if self._saved is None:
            plan = plan_runtime(request, model, seen.machine, seen.probes, failed, seen.corrections)
        else:
            plan = replayed(self._saved, request, model, seen.machine, seen.probes)
        if config.strict and plan.notices:
            raise strict_notice(plan.notices[0])
        return plan


def _request(config: RuntimeConfig, needs: Needs) -> PlanRequest:
    return PlanRequest(
        backend=config.backend,
        device=config.device,
        context_length=config.context_length,
        kv_type=config.kv_type,
        memory_budget=config.memory_budget,
        prefer=config.prefer,
        modalities=needs.modalities,
        features=needs.features,
        allow_remote_code=config.allow_remote_code,
        allow_unsafe_weights=config.allow_unsafe_weights,
        dtype=config.dtype,
        threads=config.threads,
    )
