"""Runs a rehearsal with pytest, and makes each of its expectations a test.

    OUTAGE=tests/outage.toml pytest test_outage.py
"""
import json
import os
import pathlib
import shlex
import subprocess
import tempfile

import pytest


def rehearse():
    folder = pathlib.Path(tempfile.mkdtemp(prefix="brownout-"))
    command = [os.environ.get("BROWNOUT", "brownout"), "rehearse", os.environ["OUTAGE"], "--ci", "--report", str(folder)]
    done = subprocess.run(command + shlex.split(os.environ.get("OPTIONS", "")), capture_output=True, text=True)
    if not (folder / "report.json").exists():
        raise RuntimeError(done.stdout + done.stderr)
    return json.loads((folder / "report.json").read_text())


REPORT = rehearse()


@pytest.mark.parametrize("expectation", REPORT["expectations"], ids=lambda one: one["name"])
def test_expectation(expectation):
    if not expectation["measured"]:
        pytest.skip(expectation["evidence"])
    assert expectation["met"], f"{expectation['wanted']}: {expectation['evidence']}"


def test_there_is_a_verdict():
    assert REPORT["result"] in ("met", "not met"), REPORT["stopped"]


def test_every_rule_matched_somebody():
    assert REPORT["missed_rules"] == []
