"""GGUFs with vocabularies as large as real ones, in the order that converters write them."""

import itertools
import os
import random
import struct
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from attrs import frozen

from tests.support.gguf_bytes import ARRAY, F32, I32, TEXT, U16, GgufBytes, scalar, text

_LETTERS = "etaoinshrdlucmfwypvbgkjqxz"
_WIDE = "的一是不了人我在有他这中大来上国语ありがとうприветмир한국어ελ"
TEMPLATE = "{% for message in messages %}{{ message.content }}{% endfor %}" + "{# é #}" * 1500

Q4_K, Q6_K, Q8_0, F16 = 12, 14, 8, 1
_BLOCKS = {0: (1, 4), F16: (1, 2), Q8_0: (32, 34), Q4_K: (256, 144), Q6_K: (256, 210)}


@cache
def bpe_tokens(count: int) -> tuple[str, ...]:
    """Return byte-level tokens: single bytes, words, wide letters, runs, control tokens."""
    found = {chr(256 + byte): None for byte in range(256)}
    found |= {" " * length: None for length in range(2, 40)}
    parts = _parts()
    for end, start in itertools.product(["", *parts], parts):
        if len(found) >= count - 300:
            break
        found[start + end] = None
    found |= {f"<|reserved_special_token_{number}|>": None for number in range(count - len(found))}
    return tuple(found)


def _parts() -> list[str]:
    chance = random.Random(1)
    found: dict[str, None] = {}
    while len(found) < 2000:
        letters = _WIDE if chance.random() < 0.2 else _LETTERS
        length = min(int(chance.expovariate(0.3)) + 1, 40)
        found["Ġ" * chance.randint(0, 1) + "".join(chance.choices(letters, k=length))] = None
    return list(found)


@cache
def bpe_merges(count: int) -> tuple[str, ...]:
    """Return merges: two tokens with a space between."""
    parts = _parts()
    return tuple(map(" ".join, itertools.islice(itertools.product(parts, parts), count)))


@cache
def spm_tokens(count: int) -> tuple[str, ...]:
    """Return SentencePiece tokens: bytes, pieces, runs of line breaks."""
    found = dict.fromkeys(("<pad>", "<eos>", "<bos>", "<unk>"))
    found |= {"\n" * length: None for length in range(1, 32)}
    found |= {f"<0x{byte:02X}>": None for byte in range(256)}
    for token in bpe_tokens(count):
        found[token.replace("Ġ", "▁")] = None
    return tuple(found)[:count]


@cache
def packed_texts(texts: tuple[str, ...]) -> bytes:
    """Return an array of texts as it stands in a file."""
    items = b"".join(text(item) for item in texts)
    return struct.pack("<IQ", TEXT, len(texts)) + items


@cache
def _numbers(kind: int, layout: str, count: int, value: float) -> bytes:
    return struct.pack("<IQ", kind, count) + struct.pack("<" + layout, value) * count


@frozen(kw_only=True)
class Variant:
    """A quantized model of 28 layers in the order that llama-quantize writes.

    Attributes:
        tokens: Its vocabulary.
        merges: Of a byte-level vocabulary; a SentencePiece one has scores.
        kind: ggml's number of the matrices' type.
        file_type: llama.cpp's number of the file's type.
        imatrix: Where its importance matrix was, or None.
        layers: Repeating layers.
    """

    tokens: tuple[str, ...]
    merges: tuple[str, ...] = ()
    kind: int = Q4_K
    file_type: int = 15
    imatrix: str | None = None
    layers: int = 28

    def header(self) -> GgufBytes:
        """Return the header, without the tensors' data."""
        file = GgufBytes().pair("general.architecture", "qwen3").pair("general.type", "model")
        file.pair("general.name", "Large").pair("general.size_label", "0.6B")
        file.pair("general.tags", ["chat", "text-generation"])
        file.pair("general.license.link", "https://example.org/license")
        sizes = {"block_count": self.layers, "context_length": 40960, "embedding_length": 1024}
        sizes |= {"feed_forward_length": 3072, "attention.head_count": 16}
        sizes |= {"attention.head_count_kv": 8, "attention.key_length": 128}
        for key, value in sizes.items():
            file.pair(f"qwen3.{key}", value)
        file.pair("tokenizer.ggml.model", "gpt2").pair("tokenizer.ggml.pre", "qwen2")
        file.raw_pair("tokenizer.ggml.tokens", ARRAY, packed_texts(self.tokens))
        if not self.merges:
            scores = _numbers(F32, "f", len(self.tokens), -7.5)
            file.raw_pair("tokenizer.ggml.scores", ARRAY, scores)
        types = _numbers(I32, "i", len(self.tokens), 1)
        file.raw_pair("tokenizer.ggml.token_type", ARRAY, types)
        if self.merges:
            file.raw_pair("tokenizer.ggml.merges", ARRAY, packed_texts(self.merges))
        file.pair("tokenizer.ggml.bos_token_id", 0)
        file.pair("tokenizer.ggml.eos_token_id", 151645)
        file.pair("tokenizer.ggml.add_bos_token", False)
        file.pair("tokenizer.chat_template", TEMPLATE)
        file.pair("general.quantization_version", 2).pair("general.file_type", self.file_type)
        if self.imatrix is not None:
            file.pair("quantize.imatrix.file", self.imatrix)
            file.pair("quantize.imatrix.entries_count", 196)
        return file

    def write(self, path: Path) -> Path:
        """Write the file; the tensors' data is a hole."""
        file = self.header()
        stored = _add_tensors(file, self, _tensors(self))
        data = file.build()
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        os.truncate(path, len(data) + stored)
        return path


def write_parts(model: Variant, folder: Path, stem: str, parts: int) -> None:
    """Write a variant as llama-gguf-split does: the keys are in the first part alone."""
    folder.mkdir(parents=True, exist_ok=True)
    tensors = _tensors(model)
    size = -(-len(tensors) // parts)
    for part in range(parts):
        file = GgufBytes() if part else model.header()
        file.raw_pair("split.no", U16, scalar(U16, part))
        file.raw_pair("split.tensors.count", I32, scalar(I32, len(tensors)))
        file.raw_pair("split.count", U16, scalar(U16, parts))
        stored = _add_tensors(file, model, tensors[part * size : (part + 1) * size])
        path = folder / f"{stem}-{part + 1:05}-of-{parts:05}.gguf"
        data = file.build()
        path.write_bytes(data)
        os.truncate(path, len(data) + stored)


def _add_tensors(
    file: GgufBytes, model: Variant, tensors: Sequence[tuple[str, tuple[int, ...]]]
) -> int:
    at = 0
    for name, shape in tensors:
        kind = model.kind if len(shape) > 1 else 0
        block, size = _BLOCKS[kind]
        elements = shape[0] * (shape[1] if len(shape) > 1 else 1)
        file.tensor(name, shape, kind=kind, offset=at, size=0)
        at += -(-elements // block * size // 32) * 32
    return at


def _tensors(model: Variant) -> list[tuple[str, tuple[int, ...]]]:
    found: list[tuple[str, tuple[int, ...]]] = [("token_embd.weight", (1024, len(model.tokens)))]
    parts: dict[str, tuple[int, ...]] = {
        "attn_k": (1024, 1024), "attn_k_norm": (128,), "attn_norm": (1024,),
        "attn_output": (2048, 1024), "attn_q": (1024, 2048), "attn_q_norm": (128,),
        "attn_v": (1024, 1024), "ffn_down": (3072, 1024), "ffn_gate": (1024, 3072),
        "ffn_norm": (1024,), "ffn_up": (1024, 3072),
    }  # fmt: skip
    for layer in range(model.layers):
        found += [(f"blk.{layer}.{name}.weight", shape) for name, shape in parts.items()]
    return [*found, ("output_norm.weight", (1024,))]
