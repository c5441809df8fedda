"""The unit file that lets systemd start `likelens serve` at boot, and again after a failure."""

from __future__ import annotations

from pathlib import Path

ENVIRONMENT_FILE = "serve.env"
"""A file beside the settings with secrets, a line `NAME=value` for each."""

_UNIT = """\
# Written by `likelens serve --unit`. Save it as ~/.config/systemd/user/likelens.service, then:
#     systemctl --user daemon-reload
#     systemctl --user enable --now likelens
#     loginctl enable-linger             # also without somebody logged in, after a reboot
# Read its log with: journalctl --user --unit likelens --follow

[Unit]
Description=likelens: Prefect's server and worker for {config_text}
Documentation=https://docs.prefect.io/
StartLimitIntervalSec=600
StartLimitBurst=5

[Service]
Type=exec
ExecStart={command} serve --config {config}
WorkingDirectory={folder}
EnvironmentFile=-{environment}
{variables}Restart=on-failure
RestartSec=10
KillMode=mixed
TimeoutStopSec=180

[Install]
WantedBy=default.target
"""


def unit_text(command: Path, config: Path, variables: dict[str, str]) -> str:
    """The unit; all paths in it are absolute. `variables` are set for the service."""
    lines = "".join(f"Environment={_quote(f'{name}={value}')}\n" for name, value in sorted(variables.items()))
    return _UNIT.format(
        command=_word(str(command.absolute())),
        config=_word(str(config.absolute())),
        config_text=_escape(str(config.absolute())),
        folder=_escape(str(config.absolute().parent)),
        environment=_escape(str(config.absolute().with_name(ENVIRONMENT_FILE))),
        variables=lines,
    )


def _escape(text: str) -> str:
    """Text to the end of a line; only `%` has a meaning there."""
    return text.replace("%", "%%")


def _quote(text: str) -> str:
    """A text in quotation marks, for an assignment."""
    escaped = _escape(text).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _word(text: str) -> str:
    """A word of a command line, where `$` begins a variable."""
    return _quote(text).replace("$", "$$")
