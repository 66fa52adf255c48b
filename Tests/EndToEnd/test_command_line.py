"""The commands that look after accounts: beside a running box, and on a box that is at rest."""

import subprocess

import pytest
from conftest import clean_environment


@pytest.fixture
def run(landline_executable):
    def run(*arguments, stdin=""):
        return subprocess.run(
            [str(landline_executable), *map(str, arguments)], input=stdin, capture_output=True, text=True, env=clean_environment(), timeout=60
        )

    return run


def login(box, name, password):
    return box.request(
        "POST",
        "/_matrix/client/v3/login",
        {"type": "m.login.password", "identifier": {"type": "m.id.user", "user": name}, "password": password},
    )


def assert_one_line_failure(result):
    assert result.returncode != 0
    assert result.stderr.startswith("landline: ") and result.stderr.count("\n") == 1, result.stderr


def test_accounts_beside_a_running_box(landline, run):
    box = landline("--registration", "closed")
    data = ("--data", box.data)
    assert run("user", "add", "anna", "--admin", *data, stdin="apple\n").returncode == 0
    assert run("user", "add", "ben", *data, stdin="pear\n").returncode == 0
    assert login(box, "anna", "apple")[0] == 200

    listed = run("user", "list", *data).stdout.splitlines()
    assert [line.split()[0].split(":")[0] for line in listed] == ["@anna", "@ben"]
    assert listed[0].endswith("administrator") and "administrator" not in listed[1]

    token = login(box, "ben", "pear")[1]["access_token"]
    assert run("user", "password", "ben", *data, stdin="plum\n").returncode == 0
    assert box.request("GET", "/_matrix/client/v3/account/whoami", token=token)[0] == 401
    assert login(box, "ben", "pear")[0] == 403
    token = login(box, "ben", "plum")[1]["access_token"]

    assert run("user", "deactivate", "ben", *data).returncode == 0
    assert box.request("GET", "/_matrix/client/v3/account/whoami", token=token)[0] == 401
    assert login(box, "ben", "plum")[0] == 403
    assert_one_line_failure(run("user", "add", "ben", *data, stdin="pear\n"))


def test_accounts_of_a_box_at_rest(landline, run):
    box = landline("--registration", "closed")
    box.stop()
    assert run("user", "add", "anna", "--admin", "--data", box.data, stdin="apple\n").returncode == 0
    assert_one_line_failure(run("user", "add", "anna", "--data", box.data, stdin="apple\n"))
    assert_one_line_failure(run("user", "password", "nobody", "--data", box.data, stdin="apple\n"))
    assert_one_line_failure(run("user", "add", "cleo", "--data", box.data, stdin=""))
    assert_one_line_failure(run("user", "add", "Not a name", "--data", box.data, stdin="apple\n"))
    box.start()
    assert login(box, "anna", "apple")[0] == 200


def test_an_invitation_lets_in_as_many_as_it_says(landline, run):
    box = landline("--registration", "invite")
    assert run("user", "add", "anna", "--admin", "--data", box.data, stdin="apple\n").returncode == 0
    made = run("invite", "--uses", "1", "--expires", "2h", "--data", box.data)
    link = made.stdout.splitlines()[0]
    assert f":{box.port}/j/" in link
    token = link.rsplit("/", 1)[1]

    def register(name):
        body = {"username": name, "password": "pear"}
        status, reply = box.request("POST", "/_matrix/client/v3/register", body)
        assert status == 401 and reply["flows"] == [{"stages": ["m.login.registration_token"]}]
        body["auth"] = {"type": "m.login.registration_token", "token": token, "session": reply["session"]}
        return box.request("POST", "/_matrix/client/v3/register", body)[0]

    assert register("ben") == 200
    assert register("cleo") == 401


@pytest.mark.parametrize(
    "arguments",
    [
        ("invite", "--expires", "soon"),
        ("invite", "--uses", "0"),
        ("user", "add"),
        ("user", "rename", "anna"),
        ("restart",),
        ("serve", "--http-port", "70000"),
        ("serve", "--registration", "perhaps"),
        ("serve", "--colour", "blue"),
    ],
    ids=" ".join,
)
def test_what_makes_no_sense_ends_with_one_clear_line(run, tmp_path, arguments):
    assert_one_line_failure(run(*arguments, "--data", tmp_path / "data"))
    assert not (tmp_path / "data").exists()
