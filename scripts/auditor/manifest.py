"""Holds files against their manifest."""

import hashlib


def check_manifest(folder, files, findings):
    """Sizes, rows and hashes of the files; gives how many fit."""
    good = 0
    for named in files:
        path = folder / named["name"]
        digest, size, lines = hashlib.sha256(), 0, 0
        try:
            with open(path, "rb") as file:
                while block := file.read(1 << 20):
                    digest.update(block)
                    size += len(block)
                    lines += block.count(b"\n")
        except OSError as error:
            findings.append(f"{path}: {error.strerror}")
            continue
        rows = {".ndjson": lines, ".csv": lines - 1}.get(path.suffix, named.get("rows"))
        found = {"bytes": size, "rows": rows, "sha256": digest.hexdigest()}
        wrong = [name for name, value in found.items() if named.get(name, value) != value]
        if wrong:
            findings.append(f"{path} is not as its manifest says: {', '.join(wrong)} differ")
        good += not wrong
    return good
