"""Settings come from the environment, are checked once, and name what is wrong."""

import sys
from dataclasses import fields

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.cores import available_cores
from server.settings import LIMITS, Settings, SettingsError, variable

NUMBERS = sorted(LIMITS)


def test_defaults_hold_without_variables() -> None:
    """An empty environment gives the documented defaults."""
    settings = Settings.from_environ({})
    assert (settings.bind, settings.workers) == ("127.0.0.1:8080", available_cores())


def test_every_variable_is_read() -> None:
    """Each field follows its own variable."""
    given_values = {"host": "::1", "model": "/models/a.onnx", "log_level": "DEBUG", "port": "81"}
    given_values |= {"request_log": "Off", "metrics_dir": "/metrics", "model_cache": "/models"}
    given_values["traces_endpoint"] = "http://localhost:4318/v1/traces"
    given_values |= {name: "7" for name in NUMBERS if name != "port"}
    settings = Settings.from_environ({variable(name): text for name, text in given_values.items()})
    expected = given_values | {"log_level": "debug", "request_log": "off"}
    assert {f.name: str(getattr(settings, f.name)) for f in fields(Settings)} == expected
    assert settings.bind == "[::1]:81"


def test_an_empty_variable_keeps_the_default() -> None:
    """Compose files pass unset variables as empty strings; these change nothing."""
    environ = {variable(f.name): " " for f in fields(Settings)}
    assert Settings.from_environ(environ) == Settings()


@pytest.mark.parametrize("name", NUMBERS)
@pytest.mark.parametrize(
    "text",
    ["many", "1.5", "-1", "99999999999", "8_0", "+80", "٨٠", "9" * 5_000, "tcp://10.0.0.7:80"],
)
def test_a_bad_number_is_named(name: str, text: str) -> None:
    """The error names the variable, the value and both limits."""
    with pytest.raises(SettingsError) as caught:
        Settings.from_environ({variable(name): text})
    least, greatest = LIMITS[name]
    message = str(caught.value)
    assert f"{variable(name)}={text}" in message
    assert f"{least} to {greatest}" in message


@given(st.sampled_from(NUMBERS), st.data())
def test_limits_are_inclusive(name: str, data: st.DataObject) -> None:
    """Exactly the numbers between the limits are taken."""
    least, greatest = LIMITS[name]
    value = data.draw(st.sampled_from([least - 1, least, greatest, greatest + 1]))
    others = {"max_texts": 1} if name == "max_queue_texts" else {"max_queue_texts": 10_000_000}
    if least <= value <= greatest:
        assert getattr(Settings(**{**others, name: value}), name) == value  # type: ignore[arg-type]
    else:
        with pytest.raises(SettingsError):
            Settings(**{**others, name: value})  # type: ignore[arg-type]


def test_an_unknown_log_level_is_named() -> None:
    """The error lists the levels there are."""
    with pytest.raises(SettingsError, match="SCANDID_LOG_LEVEL=loud: must be one of debug, info"):
        Settings.from_environ({"SCANDID_LOG_LEVEL": "loud"})


@pytest.mark.parametrize(
    ("name", "text", "demand"),
    [
        ("host", "[::1]", "IPv6 without brackets"),
        ("host", "10.0.0", "a host's name or an IP address"),
        ("host", f"scandid.{'a' * 64}.internal", "a host's name or an IP address"),
        ("host", "unix:/run/scandid", "a host's name or an IP address"),
        ("model", "s3://", "must be a path or s3://BUCKET/KEY"),
        ("model", "s3://models/", "must be a path or s3://BUCKET/KEY"),
        ("model", "https://models/a.onnx", "must be a path or s3://BUCKET/KEY"),
        ("traces_endpoint", "localhost:4318", "must be http://HOST/PATH"),
        ("traces_endpoint", "http://localhost:otlp", "must be http://HOST/PATH"),
        ("traces_endpoint", "http://localhost:0/v1/traces", "must be http://HOST/PATH"),
        ("traces_endpoint", "http:///v1/traces", "must be http://HOST/PATH"),
        ("traces_endpoint", "http://[::1/v1/traces", "must be http://HOST/PATH"),
    ],
)
def test_an_address_that_is_none_is_named(name: str, text: str, demand: str) -> None:
    """The error names the variable, the value, and the form that would be right."""
    with pytest.raises(SettingsError) as caught:
        Settings.from_environ({variable(name): text})
    assert str(caught.value).startswith(f"{variable(name)}={text}: ")
    assert demand in str(caught.value)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("host", "::"),
        ("host", "fe80::1%eth0"),
        ("host", "scandid_1.internal."),
        ("host", f"Scandid.{'A' * 63}.internal"),
        ("model", "s3://models/champion/scandid.onnx"),
        ("model", "my models/å.onnx"),
        ("model", "my\nmodels/å.onnx"),
        ("traces_endpoint", "https://[::1]:4318/v1/traces"),
    ],
)
def test_any_address_is_taken_as_it_is(name: str, text: str) -> None:
    """Names, both kinds of IP addresses, paths and addresses of objects are what they were."""
    assert getattr(Settings.from_environ({variable(name): text}), name) == text


def test_tracing_needs_its_packages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without OpenTelemetry a collector is refused, and nothing else asks for it."""
    monkeypatch.setitem(sys.modules, "opentelemetry.sdk", None)
    assert Settings().traces_endpoint == ""
    with pytest.raises(SettingsError, match=r"needs OpenTelemetry: install requirements/tracing"):
        Settings(traces_endpoint="http://localhost:4318/v1/traces")


def test_the_queue_must_hold_a_full_request() -> None:
    """A queue too short for one request would refuse that request for ever."""
    with pytest.raises(SettingsError, match=r"_QUEUE_TEXTS=10: .*SCANDID_MAX_TEXTS.* 11"):
        Settings.from_environ({"SCANDID_MAX_QUEUE_TEXTS": "10", "SCANDID_MAX_TEXTS": "11"})


def test_metrics_stay_off_the_public_port() -> None:
    """What is measured is never served where clients ask."""
    with pytest.raises(SettingsError, match="SCANDID_METRICS_PORT=8080: must differ"):
        Settings(metrics_port=8080)


@pytest.mark.parametrize(
    ("level", "switch", "logged"),
    [("debug", "on", True), ("info", "on", True), ("warning", "on", False), ("info", "off", False)],
)
def test_requests_are_logged_at_info(level: str, switch: str, logged: bool) -> None:
    """A line about a request needs both its switch and its level."""
    assert Settings(log_level=level, request_log=switch).logs_requests is logged
