"""The documents beside weights that are elsewhere."""

from collections.abc import Sequence
from pathlib import Path

from lmrt.adapters.safetensors.texts import TEMPLATE
from lmrt.adapters.safetensors.weights import PICKLE_INDEX
from lmrt.domain.notices import HeadersIncomplete
from lmrt.ports.headers import RemoteFiles, Span

_ALWAYS = ("config.json", "generation_config.json")
_WITH_TEMPLATES = ("tokenizer_config.json", "chat_template.json")


class LeftOut(Exception):  # noqa: N818 - no error: it becomes a notice
    """What is to be read of files takes more than may be read.

    Args:
        names: The files.
    """

    def __init__(self, names: Sequence[str]) -> None:
        super().__init__(*names)
        what = "left out of the plan: more than what is read before a download"
        self.notice = HeadersIncomplete(tuple(names), what)


def write_documents(
    files: RemoteFiles, folder: Path, names: Sequence[str], *, pickled: bool
) -> None:
    """Fetch the documents that the reader reads.

    A `tokenizer_config.json` can take a megabyte and counts for its chat template only: it is not
    fetched where a `chat_template.jinja` lies beside it.

    Args:
        files: All files.
        folder: Where the documents are written.
        names: The files of the folder itself.
        pickled: Whether the weights are pickles.

    Raises:
        LeftOut: They take too much.
    """
    wanted = (*_ALWAYS, *((TEMPLATE,) if TEMPLATE in names else _WITH_TEMPLATES))
    if pickled:
        wanted = (*wanted, PICKLE_INDEX)
    spans = [Span(name, 0, files.sizes[name]) for name in wanted if name in names]
    if sum(span.size for span in spans) > files.room:
        raise LeftOut([span.name for span in spans])
    for span, data in zip(spans, files.read(spans), strict=True):
        (folder / span.name).write_bytes(data)
