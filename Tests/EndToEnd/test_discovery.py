"""A box is found from another machine by real avahi-daemons, and is gone when it has ended."""

import json
import signal

import pytest

from conftest import wait_until
from lan_hosts import Lan

SERVER_NAME = "kitchen.example"
HTTP_PORT = 8008


@pytest.fixture
def lan():
    network = Lan()
    yield network
    for host in network.hosts:
        for log in sorted(host.directory.glob("*.log")):
            print(f"--- {host.name}: {log.name}\n{log.read_text(errors='replace')[-8000:]}")
    network.close()


def serve(host, executable, port=HTTP_PORT, server_name=SERVER_NAME, log="landline.log"):
    """Starts a box that announces itself; `host.log(log)` is what it says."""
    return host.spawn(
        executable, "serve", "--data", host.directory / f"data-{port}", "--http-port", port, "--https-port", 0,
        "--server-name", server_name, "--registration", "open", "--home-room", "off", "--discovery", "on", log=log,
    )  # fmt: skip


def discovered(host, executable):
    """The lines of `landline discover` on this machine, without the heading."""
    result = host.run(executable, "discover")
    return result.stdout.splitlines()[1:]


def found(host, executable, port=HTTP_PORT):
    """The line of the box on machine A with this port, or None."""
    lines = [line for line in discovered(host, executable) if f"http://10.77.0.1:{port}/" in line]
    assert len(lines) <= 1, lines
    return lines[0] if lines else None


def browsed(host, service_type):
    """What avahi-browse, an independent client, resolves: (name, host name, address, port, TXT) for each answer over IPv4."""
    result = host.run("avahi-browse", "--resolve", "--parsable", "--terminate", service_type)
    answers = []
    for line in result.stdout.splitlines():
        fields = line.split(";", 9)
        if fields[0] == "=" and fields[2] == "IPv4":
            answers.append((fields[3], fields[6], fields[7], int(fields[8]), fields[9]))
    return answers


def test_a_box_is_found_and_withdrawn(lan, landline_executable):
    for host in lan.hosts:
        host.start_bus()
        host.start_avahi()
    assert discovered(lan.b, landline_executable) == []
    process = serve(lan.a, landline_executable)

    line = wait_until(lambda: found(lan.b, landline_executable), "the box to be discovered", timeout_seconds=60)
    assert "kitchen" in line.split("  ")[0], "the name says on which machine it is"
    assert SERVER_NAME in line

    matrix = browsed(lan.b, "_matrix._tcp")
    assert len(matrix) == 1
    name, host_name, address, port, text = matrix[0]
    assert (host_name, address, port) == ("kitchen.local", "10.77.0.1", HTTP_PORT)
    assert f'"server_name={SERVER_NAME}"' in text and '"version=' in text and '"path=/' in text
    web = [answer for answer in browsed(lan.b, "_http._tcp") if answer[0] == name]
    assert [answer[1:4] for answer in web] == [("kitchen.local", "10.77.0.1", HTTP_PORT)]
    assert '"path=/"' in web[0][4]
    drives = [answer for answer in browsed(lan.b, "_webdav._tcp") if answer[0] == name]
    assert [answer[1:4] for answer in drives] == [("kitchen.local", "10.77.0.1", HTTP_PORT)]
    assert '"path=/dav/"' in drives[0][4]

    # What was announced is true: the box answers there.
    response = lan.b.run("python3", "-c", f"import urllib.request as r; print(r.urlopen('http://{address}:{port}/_matrix/client/versions').read().decode())")
    assert "versions" in json.loads(response.stdout)

    process.terminate()
    assert process.wait(15) == 0
    # A box that withdraws says goodbye: others forget it after a second, and not after the records' lifetime of minutes.
    wait_until(lambda: browsed(lan.b, "_matrix._tcp") == [], "the box to disappear", timeout_seconds=10)
    assert browsed(lan.b, "_http._tcp") == []
    assert browsed(lan.b, "_webdav._tcp") == []
    assert discovered(lan.b, landline_executable) == []


def test_the_daemon_may_come_later_and_restart(lan, landline_executable):
    lan.b.start_bus()
    lan.b.start_avahi()
    process = serve(lan.a, landline_executable)
    absent = "Not announced on the local network"
    wait_until(lambda: absent in lan.a.log("landline.log"), "the box to say that there is no daemon")

    # First the bus alone, as when the machine is still starting; then the daemon.
    lan.a.start_bus()
    lan.a.start_avahi()
    wait_until(lambda: found(lan.b, landline_executable), "the box to be discovered", timeout_seconds=60)
    assert lan.a.log("landline.log").count(absent) == 1, "it says so once"

    # Without the daemon's process nobody says goodbye, so its end and its return are told apart by the box's own log.
    announced = lan.a.log("landline.log").count("Announced on the local network")
    lan.a.end(lan.a.avahi)
    wait_until(lambda: lan.a.log("landline.log").count(absent) == 2, "the box to notice the daemon's end")
    lan.a.start_avahi()
    wait_until(lambda: lan.a.log("landline.log").count("Announced on the local network") > announced, "the box to announce itself again")
    assert found(lan.b, landline_executable)

    # The bus restarts, and takes every connection with it; so does the daemon.
    lan.a.end(lan.a.bus)
    lan.a.end(lan.a.avahi)
    announced = lan.a.log("landline.log").count("Announced on the local network")
    lan.a.start_bus()
    lan.a.start_avahi()
    wait_until(lambda: lan.a.log("landline.log").count("Announced on the local network") > announced, "the box to announce itself again")
    assert found(lan.b, landline_executable)
    process.terminate()
    assert process.wait(15) == 0


def test_a_taken_name_gives_another(lan, landline_executable):
    for host in lan.hosts:
        host.start_bus()
        host.start_avahi()
    # The other machine has the same name, so that both want the same service name; its daemon calls the host kitchen-2.local.
    serve(lan.a, landline_executable)
    first = wait_until(lambda: found(lan.b, landline_executable), "the first box to be discovered", timeout_seconds=60)
    name = first.split("  ")[0]
    lan.b.run("hostname", "kitchen")
    serve(lan.b, landline_executable, server_name="second.example")
    serve(lan.a, landline_executable, port=8009, server_name="third.example", log="landline-3.log")

    def all_found():
        lines = discovered(lan.b, landline_executable)
        return lines if len(lines) == 3 else None

    lines = wait_until(all_found, "three boxes under three names", timeout_seconds=60)
    names = {line.split("  ")[0] for line in lines}
    assert len(names) == 3 and name in names
    assert all(other.startswith(name) for other in names)
    assert "is taken on this network" in lan.b.log("landline.log")
    assert "is taken on this network" in lan.a.log("landline-3.log")


def test_without_a_daemon_discover_says_what_to_do(lan, landline_executable):
    result = lan.a.run(landline_executable, "discover", check=False)
    assert result.returncode != 0
    assert result.stdout == ""
    assert "avahi-daemon" in result.stderr and "apt install" in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1


def test_a_daemon_that_hangs_does_not_keep_the_box_from_ending(lan, landline_executable):
    lan.a.start_bus()
    lan.a.start_avahi()
    process = serve(lan.a, landline_executable)
    wait_until(lambda: "Announced on the local network" in lan.a.log("landline.log"), "the box to announce itself")
    lan.a.avahi.send_signal(signal.SIGSTOP)
    try:
        process.terminate()
        assert process.wait(15) == 0
    finally:
        lan.a.avahi.send_signal(signal.SIGCONT)
