"""Machines on a network of their own, made of Linux namespaces: each has a host name, an interface, a message bus and avahi-daemon.

Nothing of it touches the real network. Everything ends with the processes that `Lan.close` ends, each by its own pid.
"""

import os
import pathlib
import shutil
import subprocess
import tempfile

from conftest import clean_environment, wait_until

STOP_TIMEOUT_SECONDS = 10

BUS_CONFIGURATION = """<busconfig>
  <type>system</type>
  <listen>unix:path={socket}</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow user="*"/>
    <allow own="*"/>
    <allow send_destination="*"/>
    <allow receive_sender="*"/>
  </policy>
</busconfig>
"""

AVAHI_CONFIGURATION = """[server]
use-ipv4=yes
use-ipv6=yes
allow-interfaces=lan0
[wide-area]
enable-wide-area=no
[publish]
publish-hinfo=no
publish-workstation=no
"""


class Host:
    """One machine: a network, mount and host name namespace, held open by a sleeping process."""

    def __init__(self, name, address, directory, user_namespace_of=None):
        self.name = name
        self.address = address
        self.directory = directory
        self.processes = []
        self.bus = None
        self.avahi = None
        self.bus_socket = directory / "bus"
        directory.mkdir()
        command = ["unshare", "--net", "--mount", "--uts", "sleep", "infinity"]
        if os.geteuid() != 0:
            # Without root the first host brings a user namespace in which we are; the others join it.
            if user_namespace_of is None:
                command[1:1] = ["--user", "--map-root-user"]
            else:
                command = ["nsenter", "--target", str(user_namespace_of.pid), "--user", "--preserve-credentials", *command]
        self.holder = subprocess.Popen(command, stdin=subprocess.DEVNULL)
        self.processes.append(self.holder)
        own = os.readlink("/proc/self/ns/uts")

        def separated():
            # `sleep` runs only when all namespaces are there.
            executable = os.path.basename(os.readlink(f"/proc/{self.pid}/exe"))
            return executable not in ("unshare", "nsenter") and os.readlink(f"/proc/{self.pid}/ns/uts") != own

        wait_until(separated, f"the namespaces of {name}")
        self.run("hostname", name)
        self.run("ip", "link", "set", "lo", "up")
        # avahi-daemon's pid file and socket have fixed places.
        self.run("mount", "-t", "tmpfs", "tmpfs", "/run")
        if os.geteuid() != 0:
            # It gives its directory to the user "avahi", and here root is the only user there is.
            for database, entry in {"passwd": "root:x:0:0::/:/bin/sh\navahi:x:0:0::/:/bin/sh\n", "group": "root:x:0:\navahi:x:0:\n"}.items():
                replacement = directory / database
                replacement.write_text(entry)
                self.run("mount", "--bind", replacement, f"/etc/{database}")

    @property
    def pid(self):
        return self.holder.pid

    def enter(self, command):
        prefix = ["nsenter", "--target", str(self.pid)]
        if os.geteuid() != 0:
            prefix += ["--user", "--preserve-credentials"]
        return [*prefix, "--net", "--mount", "--uts", "--", *map(str, command)]

    def environment(self):
        return clean_environment(DBUS_SYSTEM_BUS_ADDRESS=f"unix:path={self.bus_socket}", LC_ALL="C.UTF-8")

    def run(self, *command, check=True, timeout_seconds=30):
        """Runs a command on this machine to its end; returns the completed process with its output as text."""
        result = subprocess.run(
            self.enter(command), stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=timeout_seconds, env=self.environment()
        )
        if check and result.returncode != 0:
            raise AssertionError(f"{self.name}: {command} ended with {result.returncode}:\n{result.stdout}{result.stderr}")
        return result

    def spawn(self, *command, log):
        """Starts a command on this machine in the background, its output in the file `log` of this machine's directory."""
        with open(self.directory / log, "ab") as output:
            process = subprocess.Popen(
                self.enter(command), stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, env=self.environment()
            )
        self.processes.append(process)
        return process

    def log(self, name):
        path = self.directory / name
        return path.read_text(errors="replace") if path.exists() else ""

    def start_bus(self):
        configuration = self.directory / "bus.conf"
        configuration.write_text(BUS_CONFIGURATION.format(socket=self.bus_socket))
        self.bus_socket.unlink(missing_ok=True)
        self.bus = self.spawn("dbus-daemon", "--nofork", "--nopidfile", f"--config-file={configuration}", log="bus.log")
        wait_until(self.bus_socket.exists, f"the message bus of {self.name}")

    def start_avahi(self):
        configuration = self.directory / "avahi.conf"
        configuration.write_text(AVAHI_CONFIGURATION)
        earlier = self.log("avahi.log").count("Server startup complete")
        daemon = shutil.which("avahi-daemon", path=os.environ.get("PATH", "") + ":/usr/sbin")
        assert daemon, "avahi-daemon is not installed (packaging/test installs it)"
        self.avahi = self.spawn(
            daemon, "--file", configuration, "--no-drop-root", "--no-chroot", "--no-proc-title", "--no-rlimits", log="avahi.log"
        )
        wait_until(lambda: self.log("avahi.log").count("Server startup complete") > earlier, f"avahi-daemon of {self.name}")

    def end(self, process):
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(STOP_TIMEOUT_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        if process in self.processes:
            self.processes.remove(process)
        return process.returncode

    def close(self):
        for process in reversed(self.processes):
            self.end(process)
        self.processes = []


class Lan:
    """Two machines on one cable. A socket's path must be short, so this lives in its own directory under /tmp."""

    def __init__(self):
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="landline-lan-"))
        self.hosts = []
        try:
            self.a = self._add_host(Host("kitchen", "10.77.0.1", self.directory / "a"))
            self.b = self._add_host(Host("study", "10.77.0.2", self.directory / "b", user_namespace_of=self.a))
            self.a.run("ip", "link", "add", "lan0", "type", "veth", "peer", "name", "lan0", "netns", str(self.b.pid))
            for host in self.hosts:
                host.run("ip", "address", "add", f"{host.address}/24", "dev", "lan0")
                host.run("ip", "link", "set", "lan0", "up")
        except BaseException:
            self.close()
            raise

    def _add_host(self, host):
        self.hosts.append(host)
        return host

    def close(self):
        for host in reversed(self.hosts):
            host.close()
        shutil.rmtree(self.directory, ignore_errors=True)
