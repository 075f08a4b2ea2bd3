"""The pictures of the README, anew: `python -m tests.dashboard.pictures`.

Overview, months of stock and sync of a fabricated network of two dozen stores, each a PNG under 200 KB in docs/images.
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from bench.networks.large_network import published_network
from dashboard.answers import FOLDER, answer
from dashboard.links import FileLinks
from dashboard.reader import Reader
from tests.dashboard.browser import provide

IMAGES = Path(__file__).parents[2] / "docs" / "images"
PICTURES = {"overview": "/", "months-of-stock": "/stock", "sync": "/sync"}
STORES = (
    "Central Medical Store", "Honiara Clinic", "Naha Clinic", "Tetere Health Centre", "Gizo Hospital", "Buala Hospital",
    "Kirakira Hospital", "Auki District Store", "Taro Clinic", "Lata Hospital", "Munda Hospital", "Noro Clinic",
    "Ringgi Clinic", "Seghe Health Centre", "Tulagi Hospital", "Malu'u Clinic", "Atoifi Hospital", "Rohinari Clinic",
    "Visale Clinic", "Aola Health Centre", "Marau Clinic", "Yandina Clinic",
)  # fmt: skip


def main() -> None:
    """Makes the network, and a picture of each of the three pages."""
    IMAGES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        with published_network(folder, len(STORES), 60, STORES):
            pass
        _take(folder / "published", folder)


def _take(published: Path, pages: Path) -> None:
    """Three pages and their style as files: the window needs no server for that."""
    links = FileLinks(lambda *_: None)
    reader = Reader(published)
    with reader.current() as reading:
        for name, path in PICTURES.items():
            (pages / f"{name}.html").write_bytes(answer(reading, links, path, {}).body)
    reader.close()
    shutil.copy(FOLDER / "static" / "style.css", pages)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(provide()), args=["--no-sandbox"])
        window = browser.new_page(viewport={"width": 1240, "height": 800}, color_scheme="light")
        for name in PICTURES:
            window.goto((pages / f"{name}.html").as_uri())
            window.screenshot(path=IMAGES / f"{name}.png")
        browser.close()


if __name__ == "__main__":
    main()
