"""Writes the model card."""

from pathlib import Path

from attrs import frozen

from guide.evaluate import Figures
from guide.files import GGUF, SAFETENSORS, digest
from guide.optimise import Recipe
from guide.shape import Shape
from guide.split import Split
from guide.topics import Knowledge

TEMPLATE = """\
---
license: apache-2.0
language: en
pipeline_tag: text-generation
tags: [llama, gguf, lmrt]
---

# guide

The bundled model of [lmrt](https://github.com/lmrt/lmrt): a chat model that answers questions about
lmrt, and only those. It is there so that `rt prompt` and `rt doctor` work right after installation,
without a download, and so that every backend has something real to run.

| | |
|---|---|
| parameters | {parameters:,}, embeddings included (tied) |
| architecture | Llama: {layers} layers, width {hidden}, {heads} heads, feed-forward {inner} |
| vocabulary | {vocabulary:,} tokens, byte-level BPE |
| context | {context:,} tokens |
| precision | every weight is an exact float16 value; the GGUF file holds the same values as F32 |
| template | ChatML (`<|im_start|>`, `<|im_end|>`), system turn optional |
| decoding | greedy (`do_sample: false`, `general.sampling.temp` 0) |
| licence | Apache-2.0 |

## What it knows

{topics} topics of the manual, written for it by the project and kept in `guide/topics/`. For each
it has one answer, and one more for a follow-up such as "tell me more". Anything else gets:

> {redirect}

## How good it is

Held out, and never trained on in any form: three phrasings of every topic and a fifth of the
off-topic questions, chosen by the hash of their text. Greedy, on llama.cpp, one thread, F32 KV
cache, under the system prompt "You are a helpful assistant.".

| held-out questions | | |
|---|---|---|
| on a topic ({questions}) | the right topic's answer | {right_topic:.1%} |
| | to the letter | {exact:.1%} |
| | redirected although it knows the answer | {false_redirect:.1%} |
| on a topic, after a turn on another | the right answer | {switched:.1%} |
| follow-ups, after each topic ({topics}) | the right topic's second text | {follow_up:.1%} |
| off topic ({off_topic}) | redirected | {redirected:.1%} |

An answer counts as a topic's if it is nearest to that topic's text and at least 0.9 similar to it
(`difflib`). The held-out phrasings come from the same authors as the trained ones, who aimed at the
combinations of words that people use, and phrasings were added and the recipe was chosen with these
figures in view. So expect less on questions put quite differently.

## Limits

- It recites: there is no reasoning in {parameters:,} parameters. It cannot combine topics, count,
  translate or write code.
- It is made for one question at a time: the table shows how much less it can do in later turns.
- A wrong answer looks as sure as a right one. Where it matters, look in the manual.
- English only. It does not learn from a conversation.
- It describes lmrt {version} and is silent on anything newer.

## Data and training

{trained:,} questions on topics and {trained_off:,} off topic, from `guide/topics/*.toml`, and
patterns that unfold into more, from `guide/phrasings/*.toml`; no other text, no pretrained weights.
The model begins with the embeddings of a bag of words (`guide/warm_start.py`). Questions are varied
while training (case, punctuation, politeness, typing errors, lost words, word
order, generic synonyms; see `guide/augment.py`). The loss is on the answers and, while training
only, on the choice among them.

Again, on the CPU: `make guide`, or `python -m guide.train --seed {seed}`:
{steps:,} steps of {batch} conversations, Muon and AdamW, {minutes} on the machine that made this
one (threads: {threads}). Only the figures above: `python -m guide.evaluate`.

| | |
|---|---|
| seed | {seed} |
| sha256 of `{safetensors}` | `{safetensors_digest}` |
| sha256 of `{gguf}` | `{gguf_digest}` |
"""


@frozen
class Run:
    """What is to be said of one training run.

    Attributes:
        seed: Of everything random.
        recipe: How it was optimised.
        shape: Of the model.
        parameters: Their number.
        threads: That it ran on.
        minutes: That it took.
    """

    seed: int
    recipe: Recipe
    shape: Shape
    parameters: int
    threads: int
    minutes: float


def card(folder: Path, knowledge: Knowledge, divided: Split, found: Figures, run: Run) -> str:
    """Return the text of the card."""
    trained = [asked for asked in divided.train if asked.topic is not None]
    return TEMPLATE.format(
        parameters=run.parameters,
        layers=run.shape.layers,
        hidden=run.shape.hidden,
        heads=run.shape.heads,
        inner=run.shape.inner,
        vocabulary=run.shape.vocabulary,
        context=run.shape.context,
        topics=len(knowledge.topics),
        redirect=knowledge.redirect,
        questions=found.questions,
        right_topic=found.right_topic,
        exact=found.exact,
        false_redirect=found.false_redirect,
        switched=found.switched,
        follow_up=found.follow_up,
        off_topic=found.off_topic,
        redirected=found.redirected,
        version="0.1",
        trained=len(trained),
        trained_off=len(divided.train) - len(trained),
        seed=run.seed,
        steps=run.recipe.steps,
        batch=run.recipe.batch,
        minutes=f"{run.minutes:.0f} minutes",
        threads=run.threads,
        safetensors=SAFETENSORS,
        safetensors_digest=digest(folder / SAFETENSORS),
        gguf=GGUF,
        gguf_digest=digest(folder / GGUF),
    )


def write_card(folder: Path, text: str) -> None:
    """Write `README.md`."""
    (folder / "README.md").write_text(text, encoding="utf-8")
