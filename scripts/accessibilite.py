"""Ask axe-core what it holds against a page: python scripts/accessibilite.py PAGE.html AXE.MIN.JS

`axe.min.js` comes with `npm install axe-core`; Chromium runs it on a copy of the page, without network.
Exit 0 when it finds nothing, 1 when it does, 3 when Chromium is not there.
"""

from __future__ import annotations

import html
import json
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

WIDTHS = (1280, 640, 390)  # pixels: a desktop, the same at 200 %, a phone
RUN = """axe.run().then(found => {
  const said = document.createElement("pre");
  said.id = "axe-found";
  said.textContent = JSON.stringify({violations: found.violations, passes: found.passes.length});
  document.body.append(said);
});"""


def browser() -> str | None:
    """The Chromium of this machine."""
    return next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


def found(page: Path, axe: Path, width: int, chromium: str) -> dict[str, Any]:
    """What axe says of `page` in a window of `width` pixels: `violations`, and the number of `passes`."""
    source = axe.read_text(encoding="utf-8").replace("</script", "<\\/script")
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "page.html"
        text = page.read_text(encoding="utf-8")
        copy.write_text(
            text.replace("</body>", f"<script>{source}</script><script>{RUN}</script></body>"),
            encoding="utf-8",
        )
        options = ["--headless", "--no-sandbox", "--disable-gpu", "--virtual-time-budget=60000", "--dump-dom"]
        command = [chromium, *options, f"--user-data-dir={folder}/profile", f"--window-size={width},900"]
        done = subprocess.run([*command, copy.as_uri()], capture_output=True, timeout=120, check=True)
    dom = done.stdout.decode()
    said = re.search(r'<pre id="axe-found">(.*?)</pre>', dom, re.DOTALL)
    if said is None:
        raise RuntimeError("axe did not answer")
    answer: dict[str, Any] = json.loads(html.unescape(said[1]))
    return answer


def main(page: Path, axe: Path) -> int:
    """Print every violation at every width; the exit code."""
    chromium = browser()
    if chromium is None:
        print("no Chromium on this machine", file=sys.stderr)
        return 3
    failed = False
    for width in WIDTHS:
        answer = found(page, axe, width, chromium)
        print(f"{width} px: {answer['passes']} rules hold, {len(answer['violations'])} do not")
        for violation in answer["violations"]:
            failed = True
            print(f"  {violation['id']} ({violation['impact']}): {violation['help']}")
            for node in violation["nodes"]:
                print(f"    {node['html'][:160]}")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))
