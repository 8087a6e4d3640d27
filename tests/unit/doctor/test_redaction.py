"""What stays in a report, and what goes."""

import pytest

from lmrt.domain.redaction import Private, private_values, redacted, safe_variables

ALICE = Private(("/home/alice", "/srv/people/alice"), ("alice",), ("wonder.land", "wonder"))


@pytest.mark.parametrize(
    "text",
    [
        "a token: reading the weights 0.144 ms + calls 0.2 ms",
        "KV cache f16 · 48 tokens · batch 512",
        "llama-cpp-python 0.3.36, driver 580.65.06, torch 2.13.0+cpu",
        "CPU : SSE3 = 1 | SSSE3 = 1 | AVX512_VBMI = 1",
        "unknown key `modle`: did you mean `model`?",
        "Linux-6.1.0-18-amd64-x86_64-with-glibc2.36",
        "at 12:34:56 on cuda:0 and cuda:1",
        "pip install --force-reinstall 'lmrt[mlx]'",
        "malice and alices are other words",
    ],
)
def test_what_is_harmless_stays(text: str) -> None:
    assert redacted(text, ALICE) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("/home/alice/m.gguf", "~/m.gguf"),
        ("/srv/people/alice/.cache", "~/.cache"),
        ("/Users/bob/x and /home/carol", "~/x and ~"),
        ("alice@wonder.land", "<e-mail>"),
        ("alice on wonder", "<user> on <host>"),
        ("https://bob:pass@hub.example/x", "https://<login>@hub.example/x"),
        ("Authorization: Bearer abc.def", "Authorization: Bearer <token>"),
        ("hf_abcdefgh", "<token>"),
        ("password: hunter2", "password: <secret>"),
        ("api_key=abcd1234efgh", "api_key=<secret>"),
        ("token: 0abc1def2ghi", "token: <secret>"),
        ("serial number: C02XK0AAJG5H", "serial number: <serial>"),
        ("GPU-e3e70682-c209-4cac-629f-6fbed82c07cd", "<id>"),
        ("from 192.168.1.20:8080", "from <address>:8080"),
        ("at fe80::1c2b:3d4e", "at <address>"),
        ("de:ad:be:ef:00:01", "<address>"),
    ],
)
def test_what_is_private_goes(text: str, shown: str) -> None:
    assert redacted(text, ALICE) == shown


def test_values_of_variables_go_under_their_names() -> None:
    variables = {"MY_KEY": "abc", "MY_PATH": "/opt/thing", "SHORT": "cpu", "LANG": "C.UTF-8"}
    values = private_values(variables)
    assert values == (("MY_PATH", "/opt/thing"), ("MY_KEY", "abc"))
    private = Private((), (), (), values)
    assert (
        redacted("abc in /opt/thing on cpu, abcd", private) == "<MY_KEY> in <MY_PATH> on cpu, abcd"
    )
    assert list(safe_variables(variables)) == [("LANG", "C.UTF-8")]
    assert list(safe_variables({"LANG": "odd value!"})) == [("LANG", "<set>")]
