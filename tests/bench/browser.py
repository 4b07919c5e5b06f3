"""Chromium as the clock: a page that is cold until it is ready, a click until its result is there.

All times are taken inside the page, by the same few lines for every side.
"""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser as Chromium
from playwright.sync_api import BrowserContext, Page, sync_playwright

from tests.bench.client import CSRF
from tests.conftest import CHROMIUM

WAIT_MS = 30_000
ARGUMENTS = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update"),
    # Pages that want something from elsewhere get an error at once.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
]
# Milliseconds since the navigation began, at the first frame in which everything has been loaded
# and the wanted words are there.
_READY = """words => new Promise(done => {
  const look = () => document.readyState === "complete" && document.body.textContent.includes(words)
    ? done(performance.now()) : requestAnimationFrame(look);
  look();
})"""
# From the click until the place holds another element than before which says that it is done.
_PRESS = """([button, place]) => new Promise((done, failed) => {
  const before = document.querySelector(place), began = performance.now();
  const watch = new MutationObserver(() => {
    const now = document.querySelector(place);
    if (!now || now === before || now.dataset.state !== "done") return;
    watch.disconnect();
    done(performance.now() - began);
  });
  watch.observe(document, {subtree: true, childList: true, attributes: true});
  setTimeout(() => failed(new Error("no result")), 30000);
  document.querySelector(button).click();
})"""
# The same for many places at once: when each of them was done for the first time after the click,
# or after `most` milliseconds what there was until then.
_PRESS_ALL = """([button, places, most]) => new Promise(done => {
  const began = performance.now(), shown = {}, before = {};
  const find = () => document.querySelectorAll(places);
  for (const one of find()) before[one.id] = one;
  const end = () => { watch.disconnect(); done(shown); };
  const watch = new MutationObserver(() => {
    const all = [...find()];
    for (const one of all)
      if (!(one.id in shown) && one !== before[one.id] && one.dataset.state === "done")
        shown[one.id] = performance.now() - began;
    if (all.every(one => one.id in shown || one.dataset.state === "never")) end();
  });
  watch.observe(document, {subtree: true, childList: true, attributes: true});
  setTimeout(end, most);
  document.querySelector(button).click();
})"""
# From then on, how long each task took that kept the page from answering for 50 milliseconds.
LONG_TASKS = """() => {
  window.longTasks = [];
  new PerformanceObserver(list => {
    for (const one of list.getEntries()) window.longTasks.push(one.duration);
  }).observe({type: "longtask"});
}"""


@dataclass(frozen=True)
class Browser:
    chromium: Chromium

    @property
    def version(self) -> str:
        return self.chromium.version

    def visit(self, url: str, session: str = "") -> BrowserContext:
        """A profile of its own with nothing in its cache; with the cookies of a Django side."""
        context = self.chromium.new_context(viewport={"width": 1280, "height": 900})
        context.set_default_timeout(WAIT_MS)
        if session:
            host = urlsplit(url).hostname or ""
            names = {"session": session, "sessionid": session, "csrf": CSRF, "csrftoken": CSRF}
            context.add_cookies(
                [{"name": k, "value": v, "domain": host, "path": "/"} for k, v in names.items()]
            )
        return context

    def cold(self, url: str, words: str, session: str = "") -> float:
        """Milliseconds until the page shows these words."""
        with contextlib.closing(self.visit(url, session)) as context:
            page = context.new_page()
            page.goto(url, wait_until="commit")
            return float(page.evaluate(_READY, words))

    @contextlib.contextmanager
    def tab(self, url: str, session: str) -> Iterator[Page]:
        with contextlib.closing(self.visit(url, session)) as context:
            page = context.new_page()
            page.goto(url, wait_until="load")
            yield page


def press(page: Page, button: str, place: str) -> float:
    """Milliseconds from the click until `place` shows a result."""
    return float(page.evaluate(_PRESS, [button, place]))


def press_all(page: Page, button: str, places: str, *, most: float = 20_000) -> dict[str, float]:
    """Element id -> milliseconds; without those that showed none within `most`."""
    found: dict[str, Any] = page.evaluate(_PRESS_ALL, [button, places, most])
    return {name: float(ms) for name, ms in found.items()}


@contextlib.contextmanager
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        try:
            yield Browser(chromium)
        finally:
            chromium.close()
