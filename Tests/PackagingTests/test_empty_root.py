"""The function in a root file system that holds nothing else, under AWS's own Runtime Interface Emulator."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from conftest import table_names
from network import Certificates, HTTPSServer, NameServer
from sandbox import Function

HOST = "dynamodb.aws.test"
Make = Callable[..., Function]


def event(number: int, tables: list[str] | None = None) -> dict[str, object]:
    return {"source": "manual", "id": f"00000000-0000-4000-8000-{number:012}", "time": "2026-11-21T02:00:00Z",
            **({"tables": tables} if tables is not None else {})}


def test_it_starts_and_answers_ten_invocations_as_nobody(make_function: Make, endpoint: str) -> None:
    with make_function(table_names(), AWS_ENDPOINT_URL=endpoint) as function:
        for number in range(10):
            answer = function.invoke(event(number))
            assert "results" in answer, answer
            assert [table["table"] for table in answer["results"]] == table_names(), answer
        assert function.status("Uid").split() == ["65534"] * 4
        assert function.status("CapEff") == "0" * 16
        peak = int(function.status("VmHWM").split()[0])
        assert peak < 25 * 1024, f"{peak} KiB"
        # One process answered them all.
        assert len(function.processes) == 1


def test_an_event_that_is_none_is_an_error_and_the_next_one_is_answered(make_function: Make, endpoint: str) -> None:
    with make_function(table_names(), AWS_ENDPOINT_URL=endpoint) as function:
        answer = function.invoke({"source": "nobody"})
        assert answer["errorType"] == "Function.InvalidEvent"
        assert "nobody" in answer["errorMessage"]
        assert len(function.invoke(event(1))["results"]) == 10


def test_a_configuration_that_is_wrong_ends_the_initialization_with_its_reason(make_function: Make) -> None:
    function = make_function(["Orders"])
    (function.root / "var/task/config.json").write_text("{")
    with function:
        answer = function.invoke(event(1))
        assert answer["errorType"] == "Runtime.InvalidConfiguration", answer
        assert "config.json" in answer["errorMessage"]


def test_it_answers_before_its_deadline_when_aws_does_not(make_function: Make) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"http://127.0.0.1:{silent.getsockname()[1]}"
        with make_function(["Orders"], timeout=5, AWS_ENDPOINT_URL=address) as function:
            answer = function.invoke(event(1))
            assert "timed out" not in str(answer), answer
            assert answer["errorType"] == "Function.BackupIncomplete", answer
            # The process is still the same and ready for the next.
            assert function.invoke({"source": "nobody"})["errorType"] == "Function.InvalidEvent"
            assert "Task timed out" not in function.output


def test_one_that_is_overdue_is_killed_and_the_next_invocation_starts_anew(make_function: Make) -> None:
    with make_function(["Orders"], timeout=5) as function:
        assert function.invoke({"source": "nobody"})["errorType"] == "Function.InvalidEvent"
        (first,) = function.processes
        # What is stopped answers nothing, however careful it is with its deadline.
        os.kill(first, signal.SIGSTOP)
        answer = function.invoke(event(1))
        assert "timed out after 5.00 seconds" in str(answer), answer
        assert first not in function.processes
        assert function.invoke({"source": "nobody"})["errorType"] == "Function.InvalidEvent"
        (second,) = function.processes
        assert second != first


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return Certificates(tmp_path_factory.mktemp("certificates"), HOST)


@pytest.fixture
def name_server(private_network: None) -> Iterator[NameServer]:
    server = NameServer({HOST})
    yield server
    server.close()


@pytest.fixture
def server(private_network: None, certificates: Certificates) -> Iterator[HTTPSServer]:
    server = HTTPSServer(certificates)
    yield server
    server.close()


BUNDLES = {
    "given by AWS_CA_BUNDLE": "/tmp/authorities.pem",
    "of Debian": "/etc/ssl/certs/ca-certificates.crt",
    "of Amazon Linux 2023": "/etc/pki/tls/certs/ca-bundle.crt",
    "of SUSE": "/etc/ssl/ca-bundle.pem",
    "of Alpine": "/etc/ssl/cert.pem",
}


def place(function: Function, path: str, bundle: Path) -> None:
    target = function.root / path.lstrip("/")
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(bundle.read_bytes())
    target.chmod(0o644)


@pytest.mark.parametrize("path", BUNDLES.values(), ids=BUNDLES.keys())
def test_it_finds_a_name_by_dns_and_trusts_the_bundle(
    make_function: Make, name_server: NameServer, server: HTTPSServer, certificates: Certificates, path: str
) -> None:
    given = {"AWS_CA_BUNDLE": path} if path.startswith("/tmp/") else {}
    function = make_function(["Orders"], AWS_ENDPOINT_URL=f"https://{HOST}:{server.port}", **given)
    place(function, path, certificates.authority)
    with function:
        answer = function.invoke(event(1))
        assert "reached over TLS" in str(answer), (answer, function.output)
    assert HOST in name_server.asked
    assert f"{HOST}:{server.port}" in server.hosts


def test_it_does_not_trust_a_server_of_another_authority(
    make_function: Make, name_server: NameServer, server: HTTPSServer, tmp_path: Path
) -> None:
    (tmp_path / "other").mkdir()
    other = Certificates(tmp_path / "other", HOST)
    function = make_function(["Orders"], AWS_ENDPOINT_URL=f"https://{HOST}:{server.port}")
    place(function, "/etc/pki/tls/certs/ca-bundle.crt", other.authority)
    with function:
        answer = function.invoke(event(1))
        assert "certificate" in str(answer).lower(), answer
    assert server.hosts == []


def test_it_uses_dns_where_the_system_wants_a_library_asked(
    make_function: Make, name_server: NameServer, server: HTTPSServer, certificates: Certificates
) -> None:
    function = make_function(["Orders"], AWS_ENDPOINT_URL=f"https://{HOST}:{server.port}")
    (function.root / "etc/nsswitch.conf").write_text("hosts: myhostname [!UNAVAIL=return]\npasswd: sss\n")
    place(function, "/etc/pki/tls/certs/ca-bundle.crt", certificates.authority)
    with function:
        assert "reached over TLS" in str(function.invoke(event(1))), function.output


def test_a_name_that_does_not_exist_is_named_in_the_error(make_function: Make, name_server: NameServer) -> None:
    with make_function(["Orders"], AWS_ENDPOINT_URL="http://nowhere.aws.test") as function:
        answer = function.invoke(event(1))
        assert "nowhere.aws.test" in str(answer), answer
    assert "nowhere.aws.test" in name_server.asked
