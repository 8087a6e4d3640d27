"""A small Llama in torch, its parameters named and laid out as Hugging Face names them."""

import torch
from torch import Tensor, nn
from torch.nn import functional

from guide.shape import Shape


def rotary(shape: Shape, length: int) -> tuple[Tensor, Tensor]:
    """Return cosine and sine of every position, in the half-split layout."""
    steps = torch.arange(0, shape.head, 2, dtype=torch.float32) / shape.head
    angles = torch.outer(torch.arange(length, dtype=torch.float32), shape.rope_theta**-steps)
    doubled = torch.cat((angles, angles), dim=-1)
    return doubled.cos(), doubled.sin()


def rotate(values: Tensor, cosine: Tensor, sine: Tensor) -> Tensor:
    """Turn queries or keys by their position."""
    first, second = values.chunk(2, dim=-1)
    return values * cosine + torch.cat((-second, first), dim=-1) * sine


class Attention(nn.Module):
    """Causal self-attention with rotary positions."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        self.q_proj = nn.Linear(shape.hidden, shape.heads * shape.head, bias=False)
        self.k_proj = nn.Linear(shape.hidden, shape.kv_heads * shape.head, bias=False)
        self.v_proj = nn.Linear(shape.hidden, shape.kv_heads * shape.head, bias=False)
        self.o_proj = nn.Linear(shape.heads * shape.head, shape.hidden, bias=False)

    def forward(self, states: Tensor, cosine: Tensor, sine: Tensor) -> Tensor:
        """Return what every position gathers from those before it."""
        batch, length, _ = states.shape
        queries, keys, values = (
            projection(states).view(batch, length, -1, self.shape.head).transpose(1, 2)
            for projection in (self.q_proj, self.k_proj, self.v_proj)
        )
        keys = rotate(keys, cosine, sine)
        if self.shape.kv_heads != self.shape.heads:
            shared = self.shape.heads // self.shape.kv_heads
            keys, values = (each.repeat_interleave(shared, 1) for each in (keys, values))
        scores = rotate(queries, cosine, sine) @ keys.transpose(-1, -2)
        # Written out: torch's fused attention takes longer backwards than all else together.
        ahead = torch.full((length, length), -torch.inf).triu(1)
        weights = (scores * self.shape.head**-0.5 + ahead).softmax(-1).to(values.dtype)
        gathered = weights @ values
        mixed: Tensor = self.o_proj(gathered.transpose(1, 2).reshape(batch, length, -1))
        return mixed


class FeedForward(nn.Module):
    """SwiGLU."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.gate_proj = nn.Linear(shape.hidden, shape.inner, bias=False)
        self.up_proj = nn.Linear(shape.hidden, shape.inner, bias=False)
        self.down_proj = nn.Linear(shape.inner, shape.hidden, bias=False)

    def forward(self, states: Tensor) -> Tensor:
        """Return the transformed states."""
        gated = functional.silu(self.gate_proj(states)) * self.up_proj(states)
        result: Tensor = self.down_proj(gated)
        return result


class ChannelDropout(nn.Module):
    """Drops whole channels of a sequence, the same at every position: little to draw."""

    def __init__(self, share: float) -> None:
        super().__init__()
        self.share = share

    def forward(self, states: Tensor) -> Tensor:
        """Return the states without the dropped channels."""
        if not self.training or self.share == 0.0:
            return states
        batch, _, width = states.shape
        kept = torch.rand(batch, 1, width) >= self.share
        return states * (kept / (1.0 - self.share))


class Layer(nn.Module):
    """Attention and feed-forward, each behind a norm and with dropout on what it adds."""

    def __init__(self, shape: Shape, dropout: float) -> None:
        super().__init__()
        self.input_layernorm = nn.RMSNorm(shape.hidden, eps=shape.epsilon)
        self.self_attn = Attention(shape)
        self.post_attention_layernorm = nn.RMSNorm(shape.hidden, eps=shape.epsilon)
        self.mlp = FeedForward(shape)
        self.dropout = ChannelDropout(dropout)

    def forward(self, states: Tensor, cosine: Tensor, sine: Tensor) -> Tensor:
        """Return the states after this layer."""
        states = states + self.dropout(self.self_attn(self.input_layernorm(states), cosine, sine))
        added: Tensor = self.dropout(self.mlp(self.post_attention_layernorm(states)))
        return states + added


class Guide(nn.Module):
    """The whole model; the output matrix is the embedding."""

    def __init__(self, shape: Shape, dropout: float = 0.0) -> None:
        super().__init__()
        self.shape = shape
        self.embed_tokens = nn.Embedding(shape.vocabulary, shape.hidden)
        self.layers = nn.ModuleList(Layer(shape, dropout) for _ in range(shape.layers))
        self.norm = nn.RMSNorm(shape.hidden, eps=shape.epsilon)
        self.dropout = ChannelDropout(dropout)
        self._initialise()

    def _initialise(self) -> None:
        residual = (2 * self.shape.layers) ** -0.5
        for name, parameter in self.named_parameters():
            if parameter.dim() == 2:
                scaled = name.endswith(("o_proj.weight", "down_proj.weight"))
                deviation = self.shape.hidden**-0.5 * (residual if scaled else 1.0)
                nn.init.normal_(parameter, std=0.02 if "embed" in name else deviation)

    def forward(self, tokens: Tensor) -> Tensor:
        """Return the final states, normalised: one row for each position."""
        cosine, sine = rotary(self.shape, tokens.shape[1])
        states = self.dropout(self.embed_tokens(tokens))
        for layer in self.layers:
            states = layer(states, cosine, sine)
        result: Tensor = self.norm(states)
        return result

    def logits(self, states: Tensor) -> Tensor:
        """Return the logits of final states."""
        return functional.linear(states, self.embed_tokens.weight)

    def weights(self) -> dict[str, Tensor]:
        """Return the parameters under their Hugging Face names."""
        return {f"model.{name}": value.detach() for name, value in self.named_parameters()}


def parameter_count(model: Guide) -> int:
    """Return the number of parameters, embeddings included."""
    return sum(parameter.numel() for parameter in model.parameters())
