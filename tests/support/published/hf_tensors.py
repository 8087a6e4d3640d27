"""The tensors of published models under the names that transformers and mlx-lm give them."""

from collections.abc import Iterator
from enum import Enum, auto

from attrs import evolve, frozen

from tests.support.blueprints.parts import Sizes


class Role(Enum):
    """How a tensor is treated when a model is rounded."""

    MATRIX = auto()
    """Rounded."""
    KEPT = auto()
    """Kept as it is: norms, biases, all of an encoder."""
    MXFP4 = auto()
    """Rounded by the maker himself; the name ends without `.weight`."""


@frozen
class Part:
    """One tensor: its name, its dimensions with the rows' length last, and its role."""

    name: str
    shape: tuple[int, ...]
    role: Role


@frozen
class Build:
    """In what the models' modules differ.

    Attributes:
        prefix: What stands before `model.` in every name of the language model.
        head_norms: Whether queries and keys are normalized.
        biased: Whether the projections of attention have biases.
        fused: Whether projections are fused, as in Phi.
        four_norms: Whether a layer has four norms, as in Gemma.
        sinks: Whether attention has sinks, a router and rounded experts with biases (gpt-oss).
        encoder: Elements of encoder and projector for other inputs than text.
    """

    prefix: str = ""
    head_norms: bool = False
    biased: bool = False
    fused: bool = False
    four_norms: bool = False
    sinks: bool = False
    encoder: int = 0


def parts_of(sizes: Sizes, layers: int, build: Build, *, tied: bool, mlx: bool) -> list[Part]:
    """Return a model's tensors; mlx-lm stacks the experts of a layer."""
    stem = f"{build.prefix}model"
    found = [_matrix(f"{stem}.embed_tokens.weight", sizes.vocabulary, sizes.hidden)]
    for number in range(layers):
        at = f"{stem}.layers.{number}"
        found += [evolve(part, name=f"{at}.{part.name}") for part in _layer(sizes, build, mlx)]
    found.append(_kept(f"{stem}.norm.weight", sizes.hidden))
    if not tied:
        name = f"{build.prefix}lm_head.weight"
        found.append(_matrix(name, sizes.vocabulary, sizes.hidden))
    if build.encoder:
        found.append(_kept("vision_tower.encoder_and_projector.weight", build.encoder))
    return found


def _layer(sizes: Sizes, build: Build, mlx: bool) -> Iterator[Part]:
    names = ["input_layernorm", "post_attention_layernorm"]
    if build.four_norms:
        names += ["pre_feedforward_layernorm", "post_feedforward_layernorm"]
    for name in names:
        yield _kept(f"{name}.weight", sizes.hidden)
    yield from _attention(sizes, build)
    if build.sinks:
        yield from _rounded_experts(sizes, mlx)
    elif sizes.experts:
        yield from _experts(sizes, mlx)
    elif build.fused:
        yield _matrix("mlp.gate_up_proj.weight", 2 * sizes.inner, sizes.hidden)
        yield _matrix("mlp.down_proj.weight", sizes.hidden, sizes.inner)
    else:
        yield from _feed_forward("mlp", sizes)


def _attention(sizes: Sizes, build: Build) -> Iterator[Part]:
    queries, cached = sizes.heads * sizes.head, sizes.kv_heads * sizes.head
    projections = {"q_proj": queries, "k_proj": cached, "v_proj": cached}
    if build.fused:
        projections = {"qkv_proj": queries + 2 * cached}
    for name, wide in projections.items():
        yield _matrix(f"self_attn.{name}.weight", wide, sizes.hidden)
        if build.biased:
            yield _kept(f"self_attn.{name}.bias", wide)
    yield _matrix("self_attn.o_proj.weight", sizes.hidden, queries)
    if build.head_norms:
        for name in ("q_norm", "k_norm"):
            yield _kept(f"self_attn.{name}.weight", sizes.head)
    if build.sinks:
        yield _kept("self_attn.o_proj.bias", sizes.hidden)
        yield _kept("self_attn.sinks", sizes.heads)


def _feed_forward(at: str, sizes: Sizes) -> Iterator[Part]:
    yield _matrix(f"{at}.gate_proj.weight", sizes.inner, sizes.hidden)
    yield _matrix(f"{at}.up_proj.weight", sizes.inner, sizes.hidden)
    yield _matrix(f"{at}.down_proj.weight", sizes.hidden, sizes.inner)


def _experts(sizes: Sizes, mlx: bool) -> Iterator[Part]:
    yield _matrix("mlp.gate.weight", sizes.experts, sizes.hidden)
    if mlx:
        for part in _feed_forward("mlp.switch_mlp", sizes):
            yield evolve(part, shape=(sizes.experts, *part.shape))
        return
    for number in range(sizes.experts):
        yield from _feed_forward(f"mlp.experts.{number}", sizes)


def _rounded_experts(sizes: Sizes, mlx: bool) -> Iterator[Part]:
    count, hidden, inner = sizes.experts, sizes.hidden, sizes.inner
    yield _matrix("mlp.router.weight", count, hidden)
    yield _kept("mlp.router.bias", count)
    ups = {"gate_proj": inner, "up_proj": inner} if mlx else {"gate_up_proj": 2 * inner}
    for name, wide in ups.items():
        yield Part(f"mlp.experts.{name}", (count, wide, hidden), Role.MXFP4)
        yield _kept(f"mlp.experts.{name}{'.bias' if mlx else '_bias'}", count, wide)
    yield Part("mlp.experts.down_proj", (count, hidden, inner), Role.MXFP4)
    yield _kept(f"mlp.experts.down_proj{'.bias' if mlx else '_bias'}", count, hidden)


def _matrix(name: str, *shape: int) -> Part:
    return Part(name, shape, Role.MATRIX)


def _kept(name: str, *shape: int) -> Part:
    return Part(name, shape, Role.KEPT)
