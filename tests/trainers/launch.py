"""Runs a script of `processes/` as users do, and fails with what it printed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.docs.blocks import ROOT

PROCESSES = Path(__file__).parent / "processes"
PYTHON = [sys.executable]
TORCHRUN = [*PYTHON, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]


def started(command, folder, status=0):
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])}
    done = subprocess.run(
        list(map(str, command)),
        capture_output=True,
        text=True,
        timeout=250,
        check=False,
        cwd=folder,
        env=environment,
    )
    assert done.returncode == status, done.stderr[-5000:]
    return done
