"""Settings: typed, named, from three sources of which the last wins."""

from dataclasses import FrozenInstanceError
from operator import attrgetter
from pathlib import Path

import pytest

from postwarden.model.addresses import Address
from postwarden.model.errors import Invalid, NotFound
from postwarden.settings import Settings, load_settings
from postwarden.settings.kinds import Kind
from postwarden.settings.sources import setting_fields, variable_of

NAMES = [name for name, _ in setting_fields()]


def config(path: Path, text: str) -> Path:
    file = path / "postwarden.toml"
    file.write_text(text)
    return file


def test_everything_has_a_default() -> None:
    assert load_settings() == Settings()


@pytest.mark.parametrize("name", NAMES)
def test_every_setting_says_what_it_means_and_takes_its_own_default(name: str) -> None:
    field = dict(setting_fields())[name]
    kind: Kind = field.metadata["kind"]
    assert field.metadata["meaning"]
    shown = kind.show(field.default)
    loaded = load_settings(overrides=[f"{name}={shown}"])
    assert attrgetter(name)(loaded) == field.default


def test_a_section_within_a_section_is_a_table_within_a_table(tmp_path: Path) -> None:
    file = tmp_path / "settings.toml"
    file.write_text('[dialects.native]\nauthentication = "none"\n')
    assert load_settings(file).dialects.native.authentication == "none"


def test_settings_cannot_be_changed_in_place() -> None:
    with pytest.raises(FrozenInstanceError):
        load_settings().smtp.recipients = 5  # type: ignore[misc]  # that is the test


def test_the_last_source_wins(tmp_path: Path) -> None:
    file = config(tmp_path, "[smtp]\nrecipients = 200\ncommands = 200\nerrors = 7\n")
    environment = {
        "POSTWARDEN_SMTP_RECIPIENTS": "300",
        "POSTWARDEN_SMTP_COMMANDS": "300",
    }
    overrides = ["smtp.recipients=400", "smtp.recipients=500"]
    smtp = load_settings(file, environment, overrides).smtp
    assert (smtp.recipients, smtp.commands, smtp.errors) == (500, 300, 7)


@pytest.mark.parametrize(
    ("override", "expected"),
    [
        ("smtp.message_size=25M", 25 * 2**20),
        ("smtp.message_size=26214400", 25 * 2**20),
        ("smtp.command_seconds=2m", 120),
        ("smtp.command_seconds=1.5", 1.5),
        ("smtp.hostname=MX.Example.ORG", "mx.example.org"),
        ("smtp.hostname=", ""),
        ("smtp.proxy_networks=10.0.0.0/8, ::1", ("10.0.0.0/8", "::1/128")),
        ("smtp.proxy_networks=", ()),
        ("ledger.keep=READ=30d, *=1d", (("*", 86_400.0), ("READ", 2_592_000.0))),
        ("ledger.keep=", ()),
        ("delivery.postmaster=ada@Example.org", Address("ada", "example.org")),
        ("delivery.postmaster=", None),
        ("tls.key=/etc/key.pem", Path("/etc/key.pem")),
        ("tls.key=", None),
        ("log.level=debug", "debug"),
    ],
)
def test_text_is_read_as_the_setting_takes_it(override: str, expected: object) -> None:
    section, setting = override.partition("=")[0].split(".")
    loaded = load_settings(overrides=[override])
    assert getattr(getattr(loaded, section), setting) == expected


def test_toml_has_numbers_texts_and_lists(tmp_path: Path) -> None:
    text = (
        '[smtp]\nmessage_size = "1M"\ncommand_seconds = 60\ndata_seconds = 1.5\n'
        'proxy_networks = ["10.0.0.0/8"]\n'
    )
    smtp = load_settings(config(tmp_path, text)).smtp
    assert smtp.message_size == 2**20
    assert (smtp.command_seconds, smtp.data_seconds) == (60, 1.5)
    assert smtp.proxy_networks == ("10.0.0.0/8",)


@pytest.mark.parametrize(
    "override",
    [
        "smtp.message_size=25X",
        "smtp.message_size=1",
        "smtp.message_size=-1",
        "smtp.message_size=99999999999999999999T",
        "smtp.recipients=many",
        "smtp.recipients=99",
        "smtp.recipients=100.5",
        "smtp.recipients=" + "9" * 5000,
        "smtp.command_seconds=nan",
        "smtp.command_seconds=inf",
        "smtp.command_seconds=5y",
        "smtp.hostname=not a name",
        "smtp.proxy_networks=10.0.0.1/8",
        "smtp.proxy_networks=everybody",
        "ledger.keep=READ=0",
        "ledger.keep=LOST=30d",
        "ledger.keep=READ",
        "delivery.postmaster=ada",
        "tls.key=\0",
        "log.level=loud",
    ],
    ids=lambda override: override[:40],
)
def test_a_bad_value_names_the_setting_and_what_is_allowed(override: str) -> None:
    name = override.partition("=")[0]
    with pytest.raises(Invalid, match=f"^{name} takes ") as caught:
        load_settings(overrides=[override])
    assert caught.value.field == name
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize(
    "value", ["true", "[1]", "1979-05-27", "{}", "5.5", '["x"]'], ids=str
)
def test_a_toml_value_of_another_type_is_refused(tmp_path: Path, value: str) -> None:
    with pytest.raises(Invalid, match=r"^smtp\.recipients takes a whole number"):
        load_settings(config(tmp_path, f"[smtp]\nrecipients = {value}\n"))


@pytest.mark.parametrize(
    "name", ["smtp.recipient", "smpt.recipients", "recipients", "smtp", "", "."]
)
def test_an_unknown_name_is_refused(name: str) -> None:
    with pytest.raises(Invalid) as caught:
        load_settings(overrides=[f"{name}=5"])
    assert caught.value.field == name


def test_an_unknown_name_is_answered_with_a_close_one() -> None:
    with pytest.raises(Invalid, match="did you mean smtp"):
        load_settings(overrides=["smtp.recipient=5"])
    with pytest.raises(Invalid, match="did you mean POSTWARDEN_SMTP_RECIPIENTS"):
        load_settings(environment={"POSTWARDEN_SMTP_RECIPIENT": "5"})


def test_variables_that_are_no_settings_pass() -> None:
    environment = {
        "LANG": "C.UTF-8",
        "POSTWARDEN_DATA": "/data",
        "POSTWARDEN_STORE": "sqlite:x",
        "POSTWARDEN_KEY": "secret",
        "POSTWARDEN_TEST_DATA": "/mail",
        "POSTWARDEN_SERVICE_HOST": "10.0.0.1",
        "POSTWARDEN_PORT": "tcp://10.0.0.1:25",
        "POSTWARDEN_PORT_25_TCP": "tcp://10.0.0.1:25",
    }
    assert load_settings(environment=environment) == Settings()


@pytest.mark.parametrize(
    "text",
    [
        "smtp = 5",
        "smtp",
        "[smtp]\nrecipients = 100\nrecipients = 200",
        "\x00",
        "[" * 9999,
    ],
    ids=["no table", "no TOML", "twice", "NUL", "deep"],
)
def test_a_file_that_is_no_configuration_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(Invalid):
        load_settings(config(tmp_path, text))


def test_a_file_that_is_not_there_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        load_settings(tmp_path / "absent.toml")
    with pytest.raises(Invalid):
        load_settings(tmp_path)


def test_an_enormous_file_is_not_read(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="larger than"):
        load_settings(config(tmp_path, "#" * 1_100_000))


def test_no_two_settings_share_a_variable() -> None:
    assert len({variable_of(name) for name in NAMES}) == len(NAMES)
