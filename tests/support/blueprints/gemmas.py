"""Gemma 2 to 4: windows in most layers, and from 3n on caches that later layers share."""

from attrs import evolve

from tests.support.blueprints.blueprint import Blueprint, Tensor, blueprint
from tests.support.blueprints.parts import (
    Sizes,
    attention,
    common_keys,
    ends,
    feed_forward,
    head_norms,
    norms,
)

_GEMMA2_9B = Sizes(3584, 16, 8, 256, 14_336, 256_000)
_GEMMA3_4B = Sizes(2560, 8, 4, 256, 10_240, 262_208)
_GEMMA3N_E4B = Sizes(2048, 8, 2, 256, 16_384, 262_400)
_GEMMA4 = Sizes(2304, 8, 4, 512, 9216, 262_144)
_ALTUP, _PER_LAYER, _LAUREL = 4, 256, 64


def _gemma_layer(sizes: Sizes) -> list[Tensor]:
    names = ("attn_norm", "post_attention_norm", "ffn_norm", "post_ffw_norm")
    return [
        *norms(sizes.hidden, *names),
        *attention(sizes),
        *feed_forward(sizes.hidden, sizes.inner),
    ]


def gemma2(layers: int = 42) -> Blueprint:
    """Return Gemma 2 9B: every other layer has a window of 4,096; scores are capped."""
    sizes = _GEMMA2_9B
    return blueprint(
        "gemma2",
        "huggingface.co/google/gemma-2-9b",
        {
            **common_keys(sizes),
            "attention.sliding_window": 4096,
            "attn_logit_softcapping": 50.0,
            "final_logit_softcapping": 30.0,
        },
        [_gemma_layer(sizes)] * layers,
        ends(sizes, tied=True),
    )


def gemma3(layers: int = 34, sizes: Sizes = _GEMMA3_4B) -> Blueprint:
    """Return Gemma 3 4B, or another size: five layers of six have a window of 1,024."""
    return blueprint(
        "gemma3",
        "huggingface.co/google/gemma-3-4b-it",
        {**common_keys(sizes), "attention.sliding_window": 1024},
        [[*_gemma_layer(sizes), *head_norms(sizes)]] * layers,
        ends(sizes, tied=True),
    )


def gemma3n(layers: int = 35) -> Blueprint:
    """Return Gemma 3n E4B: the layers from the 21st on read the caches of earlier ones."""
    sizes = _GEMMA3N_E4B
    hidden = sizes.hidden
    layer: list[Tensor] = [
        *_gemma_layer(sizes),
        *head_norms(sizes),
        *norms(hidden, "post_norm", "altup_correct_scale", "altup_router_norm", "laurel_post_norm"),
        ("inp_gate.weight", (hidden, _PER_LAYER)),
        ("proj.weight", (_PER_LAYER, hidden)),
        ("altup_correct_coef.weight", (_ALTUP, _ALTUP)),
        ("altup_predict_coef.weight", (_ALTUP, _ALTUP * _ALTUP)),
        ("altup_router.weight", (hidden, _ALTUP)),
        ("laurel_l.weight", (hidden, _LAUREL)),
        ("laurel_r.weight", (_LAUREL, hidden)),
    ]
    return blueprint(
        "gemma3n",
        "huggingface.co/google/gemma-3n-E4B-it",
        {**common_keys(sizes), "attention.sliding_window": 512},
        [layer] * layers,
        [
            *ends(sizes, tied=True),
            ("altup_proj.weight", (hidden, hidden, _ALTUP - 1)),
            ("altup_unembd_proj.weight", (hidden, hidden, _ALTUP - 1)),
            *_per_layer_inputs(sizes, layers),
        ],
    )


def gemma4(layers: int = 30) -> Blueprint:
    """Return a Gemma 4: smaller heads in the layers with a window, the last share caches."""
    sizes, sliding = _GEMMA4, evolve(_GEMMA4, head=256)
    hidden = sizes.hidden
    # The last cache of its own has to be that of a layer without a window.
    own = layers * 3 // 5 // 6 * 6
    windowed = [layer % 6 != 5 for layer in range(layers)]
    rest: list[Tensor] = [
        *norms(hidden, "post_norm"),
        ("inp_gate.weight", (hidden, _PER_LAYER)),
        ("proj.weight", (_PER_LAYER, hidden)),
    ]
    repeated = {
        window: [*_gemma_layer(shape), *head_norms(shape), *rest]
        for window, shape in ((True, sliding), (False, sizes))
    }
    return blueprint(
        "gemma4",
        "transformers' defaults of Gemma4TextConfig, with shared caches",
        {
            **common_keys(sizes),
            "attention.sliding_window": 512,
            "attention.sliding_window_pattern": windowed,
            "attention.key_length_swa": sliding.head,
            "attention.value_length_swa": sliding.head,
            "attention.shared_kv_layers": layers - own,
            "rope.dimension_count_swa": sliding.head,
            "embedding_length_per_layer_input": _PER_LAYER,
        },
        [repeated[window] for window in windowed],
        [
            *ends(sizes, tied=True),
            ("rope_freqs.weight", (sizes.head // 2,)),
            *_per_layer_inputs(sizes, layers),
        ],
    )


def _per_layer_inputs(sizes: Sizes, layers: int) -> list[Tensor]:
    return [
        ("per_layer_token_embd.weight", (_PER_LAYER * layers, sizes.vocabulary)),
        ("per_layer_model_proj.weight", (sizes.hidden, _PER_LAYER * layers)),
        ("per_layer_proj_norm.weight", (_PER_LAYER,)),
    ]
