"""What `rt parity` makes of its options and of a file of prompts."""

import io
from pathlib import Path
from typing import Any

import pytest

from lmrt.cli.parity_inputs import parity_request
from lmrt.cli.settings import Settings
from lmrt.domain.config import Dtype, KvType
from lmrt.domain.errors import ConfigurationError
from lmrt.domain.parity.request import DEFAULT_PROMPTS, ParityRequest

OPTIONS: dict[str, Any] = dict.fromkeys(
    (
        "backends",
        "prompts",
        "max_tokens",
        "device",
        "context",
        "kv_type",
        "dtype",
        "models_dir",
    )
)


def asked(settings: Settings | None = None, **options: Any) -> ParityRequest:
    return parity_request(settings or Settings(), "guide", **{**OPTIONS, **options})


def test_without_options() -> None:
    request = asked()
    assert (request.backends, request.prompts, request.max_tokens) == ((), DEFAULT_PROMPTS, 64)
    assert (request.config.dtype, request.config.kv_type) == (None, None)


def test_the_user_s_settings_do_not_change_what_is_compared() -> None:
    settings = Settings(backend="mlx", kv_type="q8_0", dtype="bf16", context=512, device="cpu")
    config = asked(settings).config
    assert (config.backend, config.kv_type, config.dtype) == (None, None, None)
    assert (config.context_length, config.device) == (512, "cpu")


def test_options_are_taken() -> None:
    request = asked(backends="torch, mlx", max_tokens=3, kv_type="f16", dtype="f16", context=99)
    assert (request.backends, request.max_tokens) == (("torch", "mlx"), 3)
    config = request.config
    assert (config.dtype, config.kv_type, config.context_length) == (Dtype.F16, KvType.F16, 99)


@pytest.mark.parametrize(
    "options",
    [{"backends": "torch,,mlx"}, {"max_tokens": 0}, {"kv_type": "f17"}, {"dtype": "f8"}],
)
def test_values_outside_their_range(options: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError) as caught:
        asked(**options)
    assert caught.value.code == "invalid-option"


def test_prompts_are_the_lines_of_a_file(tmp_path: Path) -> None:
    file = tmp_path / "prompts.txt"
    file.write_bytes("\ufeffone line\r\n\n  \n次の行\n".encode())
    assert asked(prompts=str(file)).prompts == ("one line", "次の行")


def test_prompts_come_from_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"first\nsecond\n")))
    assert asked(prompts="-").prompts == ("first", "second")


@pytest.mark.parametrize(
    ("content", "code"), [(b"abc\n\xff", "unreadable-input"), (b"\n \n", "empty-prompt")]
)
def test_a_file_without_prompts(tmp_path: Path, content: bytes, code: str) -> None:
    file = tmp_path / "prompts.txt"
    file.write_bytes(content)
    with pytest.raises(ConfigurationError) as caught:
        asked(prompts=str(file))
    assert caught.value.code == code
    assert str(file) in caught.value.message


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as caught:
        asked(prompts=str(tmp_path / "none.txt"))
    assert caught.value.code == "unreadable-input"
