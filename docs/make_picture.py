"""Makes docs/explorer.png, the picture in README: a saved explorer opened in Chromium and photographed.

python docs/make_picture.py
"""

import shutil
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from optcourse.explorers.lesson_03 import ValleyExplorer
from optcourse.explorers.page import write_page

HERE = Path(__file__).parent


def main() -> None:
    chromium = shutil.which("chromium")
    if chromium is None:
        sys.exit("No chromium on the path. Install it (sudo apt install chromium) and run this again.")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        page_file = write_page(ValleyExplorer(learning_rate=0.46), Path(folder) / "valley.html")
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_context(
            viewport={"width": 1010, "height": 800}, device_scale_factor=1.5
        ).new_page()
        page.goto(page_file.as_uri())
        page.wait_for_selector(".oc-explorer canvas")
        page.locator(".oc-explorer").screenshot(path=HERE / "explorer.png")
        browser.close()
    print(f"wrote {HERE / 'explorer.png'}")


if __name__ == "__main__":
    main()
