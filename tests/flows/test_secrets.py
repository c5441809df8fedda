"""Keys and tokens, from the environment and from a real Prefect server."""

from __future__ import annotations

import json
import subprocess

import pytest

from flows.secrets import block_name, secret

PRINT = """
import json, logging, os
logging.basicConfig()
from flows.secrets import secret
names = ("LIKELENS_TEST_TOKEN", "LIKELENS_TEST_DIGITS")
blocks = [secret(name) for name in names]
os.environ.update(dict.fromkeys(names, "mine"))
print(json.dumps([blocks, [secret(name) for name in names]]))
"""


@pytest.fixture
def python(fork_server, forking, tmp_path):
    """Run a program in its own process with these variables, which Prefect reads again."""

    def run(program: str, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
        start = {"cwd": tmp_path, "env": environment, "timeout": 600}
        ran = forking.run_forked(fork_server, forking.PROGRAM, [program], **start)
        assert ran.returncode == 0, ran.stderr
        return ran

    return run


@pytest.fixture
def alone(tmp_path, monkeypatch):
    """No Prefect server is configured."""
    monkeypatch.delenv("PREFECT_API_URL", raising=False)
    monkeypatch.setenv("PREFECT_HOME", str(tmp_path))


def test_the_environment_comes_first(alone, monkeypatch):
    """A variable's value is the secret, without blanks and line ends around it."""
    monkeypatch.setenv("LIKELENS_TEST_TOKEN", " abc\n")
    assert secret("LIKELENS_TEST_TOKEN") == "abc"


@pytest.mark.parametrize("value", [None, "", "  \n"])
def test_an_empty_value_is_not_a_secret(alone, monkeypatch, value):
    """An empty variable counts as unset."""
    monkeypatch.delenv("LIKELENS_TEST_TOKEN", raising=False)
    if value is not None:
        monkeypatch.setenv("LIKELENS_TEST_TOKEN", value)
    assert secret("LIKELENS_TEST_TOKEN") is None


def test_a_block_is_named_after_its_variable():
    """The block's name is the variable's in lower case with dashes, because Prefect accepts no underscores."""
    assert block_name("CLARIFAI_PAT") == "clarifai-pat"


@pytest.mark.slow
def test_a_block_gives_the_secret(prefect, save_secret, python):
    """Without the variable the Secret block's value is the secret, to the letter, also where it is all digits."""
    save_secret("likelens-test-token", "s3cr3t")
    save_secret("likelens-test-digits", "0123456789")
    blocks, variables = json.loads(python(PRINT, prefect).stdout)
    assert blocks == ["s3cr3t", "0123456789"]
    assert variables == ["mine", "mine"]


def test_without_a_response_from_the_server_there_is_no_secret(prefect, python):
    """When Prefect's server can't be reached, there is no secret, and a warning names the block."""
    printed = python(PRINT, {**prefect, "PREFECT_API_URL": "http://127.0.0.1:9/api"})
    blocks, _ = json.loads(printed.stdout)
    assert blocks == [None, None]
    assert "likelens-test-token" in printed.stderr
