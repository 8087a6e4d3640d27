"""Makes the bundled model: topics, tokenizer, training, rounding, export, evaluation, card."""

import argparse
import random
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from attrs import evolve, frozen

from guide.card import Run, card, write_card
from guide.corpus import texts
from guide.evaluate import by_file, describe, figures, generate
from guide.export import export
from guide.files import MODEL_DIR
from guide.model import Guide, parameter_count
from guide.optimise import THREADS, Recipe, optimise, round_to_half
from guide.patterns import Pattern, load_patterns, unfold
from guide.sampler import make_sampler
from guide.shape import Shape
from guide.split import split
from guide.tokenizer import Codec, train_codec
from guide.topics import TOPICS_DIR, Knowledge, TopicError, load_knowledge

VOCABULARY = 4096
SEED = 1


@frozen
class Made:
    """A trained model with its tokenizer.

    Attributes:
        model: Rounded to float16 values.
        codec: The tokenizer.
    """

    model: Guide
    codec: Codec


def make(
    knowledge: Knowledge,
    seed: int,
    recipe: Recipe,
    shape: Shape,
    vocabulary: int = VOCABULARY,
    patterns: Mapping[str, Pattern] | None = None,
) -> Made:
    """Train the tokenizer and the model, and round the model."""
    sampler = make_sampler(knowledge, seed, patterns=patterns)
    rng = random.Random(seed)
    questions = [asked.text for asked in sampler.divided.train]
    questions += [unfold(line, rng) for row in sampler.patterns.values() for line in row.lines]
    codec = train_codec(texts(knowledge, questions), vocabulary)
    model = optimise(evolve(shape, vocabulary=codec.size), recipe, sampler, codec)
    round_to_half(model)
    return Made(model, codec)


def train(knowledge: Knowledge, folder: Path, seed: int, recipe: Recipe) -> None:
    """Make the model and write its directory."""
    began = time.monotonic()
    patterns = load_patterns(topic.id for topic in knowledge.topics)
    made = make(knowledge, seed, recipe, Shape(VOCABULARY), patterns=patterns)
    minutes = (time.monotonic() - began) / 60
    export(made.model, made.codec, folder)
    outcomes = generate(knowledge, folder)
    print(describe(figures(outcomes), by_file(outcomes)))
    shape, count = made.model.shape, parameter_count(made.model)
    run = Run(seed, recipe, shape, count, THREADS, minutes)
    write_card(folder, card(folder, knowledge, split(knowledge), figures(outcomes), run))


def main(arguments: list[str] | None = None) -> int:
    """Train and write the bundled model."""
    parser = argparse.ArgumentParser(prog="python -m guide.train", description=__doc__)
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--steps", type=int, default=Recipe().steps)
    parser.add_argument("--out", type=Path, default=MODEL_DIR, help="model directory to write")
    parser.add_argument("--topics", type=Path, default=TOPICS_DIR, help="directory of topics")
    options = parser.parse_args(arguments)
    try:
        knowledge = load_knowledge(options.topics)
    except TopicError as error:
        print(error, file=sys.stderr)
        return 1
    train(knowledge, options.out, options.seed, evolve(Recipe(), steps=options.steps))
    return 0


if __name__ == "__main__":
    sys.exit(main())
