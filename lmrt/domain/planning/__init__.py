"""The planner: which artifact of a model runs best here, on which backend, with which settings.

A pure function of the request, the model, the machine and the probes. It goes through these steps,
each in a module of its own::

    combinations   every artifact x backend x device
    screening      what speaks against one, memory apart
    dtypes         which data types its weights may be loaded as
    kv_types       which KV cache types it may take
    failed         what loads that failed before rule out
    context        which context lengths are tried
    fitting        the first context, KV type and placement that fit into memory
      settings, weights, kv_cache, compute, memory, pools, offload, speed
    choice         the best of those that fit
    isolation      whether the engine gets a process of its own
    explain        why, and what differs from what was asked
    refusal        the error where nothing fits

`counterfactuals` asks it again and again, each time with one fact changed; `replayed` takes up a
plan that was made before.
"""

from lmrt.domain.planning.counterfactuals import counterfactuals
from lmrt.domain.planning.planner import plan
from lmrt.domain.planning.replay import replayed

__all__ = ["counterfactuals", "plan", "replayed"]
