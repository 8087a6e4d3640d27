"""The chat template and the generation settings that lie beside the weights."""

from pathlib import Path
from typing import Any

from lmrt.adapters.safetensors.documents import MAX_DOCUMENT, Settings, open_text, read_document
from lmrt.domain.describe import model_generation
from lmrt.domain.files import malformed_file, unreadable
from lmrt.domain.generation import GenerationConfig

TEMPLATE = "chat_template.jinja"


def chat_template(folder: Path) -> str | None:
    """Return the Jinja template of conversations, or None where there is none.

    A `chat_template.jinja` counts first, then `tokenizer_config.json` (one template, or a list of
    which the one named `default` is taken), then a processor's `chat_template.json`.

    Raises:
        LoadFailed: A file is malformed (`malformed-file`).
    """
    path = folder / TEMPLATE
    try:
        return _text(path)
    except FileNotFoundError:
        pass
    except OSError as error:
        raise unreadable(path, error) from error
    for name in ("tokenizer_config.json", "chat_template.json"):
        document = read_document(folder / name)
        if document is not None and (found := _in_document(Settings(folder / name, document))):
            return found
    return None


def _text(path: Path) -> str:
    with open_text(path) as file:
        data = file.read(MAX_DOCUMENT + 1)
    if len(data) > MAX_DOCUMENT:
        raise malformed_file(path, f"has more than {MAX_DOCUMENT:,} bytes")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise malformed_file(path, f"is not UTF-8 at byte {error.start:,}") from error


def _in_document(document: Settings) -> str | None:
    value = document.values.get("chat_template")
    if not isinstance(value, list):
        return document.text("chat_template")
    templates: dict[Any, Any] = {}
    for entry in value:
        match entry:
            case {"name": str(name), "template": str(template)}:
                templates[name] = template
            case _:
                raise document.wrong("chat_template", "a text or a list of named templates")
    if len(templates) == 1:
        return str(next(iter(templates.values())))
    return templates.get("default")


def generation_defaults(folder: Path) -> GenerationConfig:
    """Return the settings of `generation_config.json`; `do_sample: false` is temperature 0.

    Raises:
        LoadFailed: A value is outside its range (`malformed-file`).
    """
    path = folder / "generation_config.json"
    values = read_document(path) or {}
    greedy = Settings(path, values).truth("do_sample") is False
    top_k = values.get("top_k")
    settings = [
        ("temperature", "temperature", 0.0 if greedy else values.get("temperature")),
        # -1 is vLLM's way to write that all tokens stay.
        ("top_k", "top_k", 0 if top_k == -1 else top_k),
        ("top_p", "top_p", values.get("top_p")),
        ("min_p", "min_p", values.get("min_p")),
        ("repetition_penalty", "repetition_penalty", values.get("repetition_penalty")),
    ]
    return model_generation(path, settings)
