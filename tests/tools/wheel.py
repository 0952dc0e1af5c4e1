"""Install the wheel into an empty environment, once without extras and once with each, and use it there.

    python -m tests.tools.wheel dist/harvdiag-0.2.0-py3-none-any.whl

Each environment is made in a temporary folder and runs the same commands as a user would: the tool on a sample bundle,
and what its extra is for. Exit code 1 with the output of the first command that fails.
"""

from __future__ import annotations

import os
import subprocess
import sys
import venv
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).parents[2]
SAMPLE = ROOT / "data" / "bundles" / "issue-8236.zip"
LAB = """
import signal, subprocess, sys, urllib.request
words, pipes = ["lab", SAMPLE, "--no-browser"], dict.fromkeys(("stdout", "stderr"), subprocess.PIPE)
lab = subprocess.Popen([sys.executable, "-m", "harvdiag", *words], **pipes, text=True)
address = next(line for line in lab.stdout if line.startswith("JupyterLab: ")).split()[1]
place, _, token = address.partition("lab/tree/README.md?token=")
with urllib.request.urlopen(f"{place}api/contents/notebooks?token={token}") as answer:
    assert b"01-find-orphans.ipynb" in answer.read()
lab.send_signal(signal.SIGINT)
said = lab.communicate(timeout=60)
assert lab.returncode == 0, said
assert said[1].splitlines()[-1] == "JupyterLab has ended. Your notebooks are in harvdiag-lab", said
"""
"""Start JupyterLab on a copy of the notebooks, ask it for them, and end it with Ctrl-C."""
CHECK = "import harvdiag as hd; f = hd.open(SAMPLE).check(); assert f.worst().rule == 'node-without-machine', f"
TRIALS = {
    "": CHECK
    + "; import subprocess, sys; done = subprocess.run([sys.executable, '-m', 'harvdiag', 'lab'], capture_output=True)"
    "; assert done.returncode == 2 and b'harvdiag[notebook]' in done.stderr, done",
    "fast": "import yaml_rs; " + CHECK,
    "live": "import kubernetes, harvdiag as hd; hd.connect",
    "notebook": "import jupyterlab, harvdiag as hd; hd.draw(hd.open(SAMPLE)).save('picture.png'); "
    "from harvdiag.cli import cli; assert [cli.main(['run', name], standalone_mode=False) for name in ('01', '04')] == "
    "[0, 0]\n" + LAB,
    "all": "import yaml_rs, kubernetes, jupyterlab; " + CHECK,
}
"""What each extra is for, as a program; SAMPLE is the path of a bundle."""


def main(wheel: Path) -> int:
    """Try the wheel with each extra; return the exit code."""
    for extra, program in TRIALS.items():
        with TemporaryDirectory(prefix="harvdiag-wheel-") as folder:
            problem = try_extra(wheel.resolve(), extra, program, Path(folder))
        print(f"{'✗' if problem else '✓'} {wheel.name}{f'[{extra}]' if extra else ', no extra'}")
        if problem:
            print(problem)
            return 1
    return 0


def try_extra(wheel: Path, extra: str, program: str, folder: Path) -> str:
    """Install and use it in a new environment; return the output of the command that failed, or nothing."""
    venv.create(folder / "venv", with_pip=True)
    scripts = folder / "venv" / ("Scripts" if os.name == "nt" else "bin")
    wanted = f"{wheel}[{extra}]" if extra else str(wheel)
    install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    commands = [
        ([scripts / "python", *install, "--constraint", ROOT / "constraints.txt", wanted], 0),
        ([scripts / "harvdiag", "--version"], 0),
        ([scripts / "harvdiag", "check", SAMPLE], 1),
        ([scripts / "python", "-c", program.replace("SAMPLE", repr(str(SAMPLE)))], 0),
    ]
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    for command, code in commands:
        done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
        if done.returncode != code:
            return f"{' '.join(map(str, command))}: exit code {done.returncode}\n{done.stdout}{done.stderr}"
    return ""


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
