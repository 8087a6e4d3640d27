"""Secrets are planted in every place that a report is made of, and none comes out of it."""

from itertools import cycle
from pathlib import Path

from attrs import evolve, frozen
from hypothesis import assume, given
from hypothesis import strategies as st

from lmrt.cli.doctor_report import Report, report_text
from lmrt.domain.diagnosis import BackendDiagnosis, Diagnosis, Failed, NotTried, Ran
from lmrt.domain.probes import Available, Unavailable, UnavailableReason
from lmrt.domain.redaction import SAFE_VARIABLES, Private, private_values
from lmrt.domain.remedies_engine import EngineBroken, TrialFailed
from lmrt.domain.remedies_hub import BrokenCacheLinks, CacheUnwritable, HubUnreachable
from lmrt.domain.remedies_machine import InvalidConfigFile, ModelsDirMissing
from tests.support.worlds import GIB, gguf_backend, machine

LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
words = st.text(LETTERS, min_size=10, max_size=24)
octets = st.integers(0, 255)
groups = st.integers(0x1000, 0xFFFF).map(lambda number: f"{number:x}")
tokens = st.builds(
    lambda begin, rest: begin + rest, st.sampled_from(("hf_", "sk-", "ghp_", "api_org_")), words
)
addresses = st.one_of(
    st.builds(lambda *parts: ".".join(map(str, parts)), octets, octets, octets, octets),
    st.lists(groups, min_size=8, max_size=8).map(":".join),
    st.builds(lambda a, b: f"fe80::{a}:{b}", groups, groups),
    st.lists(groups.map(lambda g: g[:2]), min_size=6, max_size=6).map(":".join),
)
serials = st.one_of(
    st.uuids().map(lambda made: f"GPU-{made}"),
    st.uuids().map(str),
    st.binary(min_size=20, max_size=20).map(bytes.hex),
)
BEFORE = ("", "at ", "cannot open '", "https://", "x=", "(", "error: ", "`")
AFTER = ("", ": refused", "'", ", and", ")", "\n", "`", "/models/a.gguf")


@frozen
class Secrets:
    """What must not come out."""

    user: str
    home: str
    host: str
    token: str
    address: str
    serial: str
    password: str
    variable: str

    def all(self) -> tuple[str, ...]:
        return (
            self.user,
            self.home,
            self.host,
            self.token,
            self.address,
            self.serial,
            self.password,
            self.variable,
        )


@st.composite
def secrets(draw: st.DrawFn) -> Secrets:
    user = draw(words)
    root = draw(st.sampled_from(("/home", "/Users", "/srv/people", "/data")))
    return Secrets(
        user,
        f"{root}/{user}",
        draw(words),
        draw(tokens),
        draw(addresses),
        draw(serials),
        draw(words),
        draw(words),
    )


@st.composite
def planted(draw: st.DrawFn, found: Secrets) -> str:
    """Return a message that quotes secrets, as messages do."""
    pieces = [
        f"{draw(st.sampled_from(BEFORE))}{secret}{draw(st.sampled_from(AFTER))}"
        for secret in draw(st.permutations((*found.all()[:6], found.variable)))
    ]
    marked = (
        f"https://{found.user}:{found.password}@example.org/x",
        f"password={found.password}",
        f"Authorization: Bearer {found.token}",
        f"serial number: {found.serial}",
        f"HF_TOKEN={found.token}",
        f"{found.home}/.cache/huggingface/hub",
    )
    return " ".join((*pieces, draw(st.sampled_from(marked))))


@st.composite
def reports(draw: st.DrawFn, found: Secrets) -> Report:
    """Return a report with secrets in every place of it."""
    messages = cycle([draw(planted(found)) for _ in range(3)])

    def told() -> str:
        return next(messages)

    path = Path(found.home, "models")
    gone = Unavailable(UnavailableReason.BROKEN, told(), told())
    diagnosis = Diagnosis(
        "1",
        evolve(
            machine(8 * GIB),
            processor=evolve(machine(GIB).processor, name=f"CPU serial {found.serial}"),
        ),
        (
            BackendDiagnosis(
                gguf_backend(details=(("libraries", told()), (found.host, told()))),
                Ran(told(), "cpu", 0, 4, None),
            ),
            BackendDiagnosis(gguf_backend(availability=gone), NotTried()),
            BackendDiagnosis(
                gguf_backend(availability=Available("1")), Failed("code", told(), told())
            ),
        ),
        (
            EngineBroken("alpha", told(), told()),
            TrialFailed("alpha", "code", told(), told()),
            CacheUnwritable(path, told()),
            BrokenCacheLinks(1, path / "link"),
            HubUnreachable(f"https://{found.user}:{found.password}@{found.host}", told()),
            ModelsDirMissing(path),
            InvalidConfigFile(told(), told()),
        ),
    )
    variables = {
        "HOME": found.home,
        "USER": found.user,
        "HF_TOKEN": found.token,
        "MY_SETTING": found.variable,
        "DB_PASSWORD": found.password,
        "CUDA_VISIBLE_DEVICES": found.serial,
        "LANG": told(),
    }
    return Report(diagnosis, (told(), told()), told(), variables)


@given(st.data())
def test_no_secret_is_in_the_report(data: st.DataObject) -> None:
    found = data.draw(secrets())
    names = [found.user, found.host, found.password, found.variable]
    assume(len({name.lower() for name in names}) == len(names))
    report = data.draw(reports(found))
    private = Private((found.home,), (found.user,), (found.host,), private_values(report.variables))
    text = report_text(report, private)
    for secret in found.all():
        assert secret not in text, secret
    assert text.count("```") == 2


@given(st.data())
def test_what_looks_like_a_secret_goes_though_nobody_knows_it(data: st.DataObject) -> None:
    found = data.draw(secrets())
    report = evolve(data.draw(reports(found)), variables={})
    text = report_text(report, Private((), (), ()))
    shown = [found.token, found.address, found.serial]
    for secret in shown:
        assert secret not in text, secret


def test_only_named_variables_are_shown() -> None:
    assert "HF_TOKEN" not in SAFE_VARIABLES
    report = Report(
        Diagnosis("1", machine(GIB), ()),
        (),
        None,
        {"RT_DEBUG": "1", "PS1": "prompt", "LANG": "C.UTF-8"},
    )
    text = report_text(report, Private((), (), ()))
    assert "RT_DEBUG=1" in text
    assert "LANG=C.UTF-8" in text
    assert "PS1" not in text
