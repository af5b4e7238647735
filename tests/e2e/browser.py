"""Headless Chromium, which shows a page as people see it."""

import pathlib
import shutil
import subprocess

OPTIONS = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
           "--disable-background-networking", "--disable-component-update", "--disable-sync")


def require_programs(*names):
    for name in names:
        if shutil.which(name) is None:
            raise AssertionError(f"{name} is missing; run: scripts/install_packages test")


def open_page(folder, text, *options):
    """The page and the browser's profile are kept in the folder. Gives what the browser wrote to its two outputs."""
    path = pathlib.Path(folder, "page.html")
    path.write_text(text, encoding="utf-8")
    done = subprocess.run(["chromium", *OPTIONS, f"--user-data-dir={folder}/profile", *options, path.as_uri()],
                          stdin=subprocess.DEVNULL, capture_output=True, encoding="utf-8", errors="replace",
                          timeout=120, check=False)
    if done.returncode != 0:
        raise AssertionError(f"chromium: exit status {done.returncode}: {done.stderr[-2000:]}")
    return done.stdout, done.stderr


def document_of(folder, text, *options):
    """The document as it became, and what the browser wrote to standard error."""
    document, errors = open_page(folder, text, *options, "--dump-dom")
    if "<html" not in document:
        raise AssertionError(f"chromium gave no document: {errors[-2000:]}")
    return document, errors
