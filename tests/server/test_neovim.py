"""Neovim, where a version that can start a server is installed, with the settings that the guide shows."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

GUIDE = Path(__file__).parents[2] / "docs" / "guides" / "editors.md"
WRONG = """\
format = 1
params.k = 2.0
losses.a = { type = "torch.L1Loss", inputs = ["x", "y"], wieght = "${k}" }
"""
CHECK = """
local function line() return vim.api.nvim_buf_get_lines(0, 2, 3, false)[1] end
local function wait(what, done) assert(vim.wait(60000, done, 50), what) end
wait("no problem is shown", function() return #vim.diagnostic.get(0) == 1 end)
print(vim.diagnostic.get(0)[1].code)
vim.api.nvim_win_set_cursor(0, { 3, 60 })
vim.lsp.buf.code_action({ apply = true, filter = function(each) return each.title:find("weight") end })
wait("the problem is not fixed", function() return line():find("weight", 1, true) end)
wait("the problem stays", function() return #vim.diagnostic.get(0) == 0 end)
print(line())
vim.cmd("qa!")
"""


def neovim():
    """Return Neovim if it is 0.8 or newer, which can start a server."""
    found = shutil.which("nvim")
    shown = (
        subprocess.run([found, "--version"], capture_output=True, text=True, check=True) if found else None
    )
    version = re.match(r"NVIM v(\d+)\.(\d+)", shown.stdout) if shown else None
    return found if version and (int(version[1]), int(version[2])) >= (0, 8) else None


@pytest.mark.slow
@pytest.mark.skipif(neovim() is None, reason="needs Neovim 0.8 or newer")
def test_neovim_shows_a_problem_and_fixes_it(tmp_path):
    block = re.search(r'```lua title="init.lua"\n(.*?)```', GUIDE.read_text("utf-8"), re.DOTALL)
    (tmp_path / "init.lua").write_text(block[1])
    (tmp_path / "check.lua").write_text(CHECK)
    (tmp_path / "mine.loss.toml").write_text(WRONG)
    (tmp_path / "bin").mkdir()
    command = tmp_path / "bin" / "lossspec"
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m lossspec "$@"\n')
    command.chmod(0o755)
    done = subprocess.run(
        [neovim(), "--headless", "-u", "init.lua", "mine.loss.toml", "-c", "luafile check.lua"],
        cwd=tmp_path,
        env={
            **os.environ,
            "PATH": f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}",
            "HOME": str(tmp_path),
        },
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    shown = done.stdout + done.stderr
    assert "unknown-key" in shown
    assert WRONG.splitlines()[2].replace("wieght", "weight") in shown
