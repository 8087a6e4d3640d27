"""Tokenizers of Hugging Face directories, over the `tokenizers` library."""

from pathlib import Path

from lmrt.domain.models import Artifact
from lmrt.ports.text import Tokenizer


class HfTokenizerFactory:
    """Opens the `tokenizer.json` beside an artifact's weights; implements `TokenizerFactory`."""

    def open(self, artifact: Artifact, root: Path) -> Tokenizer:  # noqa: ARG002 - the port's
        """Return the tokenizer of the directory `root`.

        Raises:
            LoadFailed: A tokenizer file is missing or malformed (`malformed-file`).
        """
        from lmrt.adapters.tokenizers.huggingface import open_tokenizer

        return open_tokenizer(root)
