"""Holds a statement of reconciliation against what follows from the journal."""

import hashlib
import json
from pathlib import Path

from .manifest import check_manifest


class Statement:

    def __init__(self, folder):
        self.folder = Path(folder)
        self.content = json.loads((self.folder / "statement.json").read_text(encoding="utf-8"))
        self.position = int(self.content["position"].removeprefix("0-"))

    def check_files(self, keys, findings):
        """`keys` have signed the journal, by their ids."""
        raw = (self.folder / "manifest.json").read_bytes()
        signed = json.loads((self.folder / "manifest.sig").read_text(encoding="utf-8"))
        key = keys.get(signed["keyId"])
        if key is None:
            findings.append(f"{self.folder}: the manifest is signed with the key {signed['keyId']}, which has not signed the "
                            "journal")
        elif not key.is_signed(hashlib.sha256(raw).digest(), bytes.fromhex(signed["signature"])):
            findings.append(f"{self.folder}: the signature of the manifest does not fit")
        manifest = json.loads(raw)
        if "statement.json" not in {file["name"] for file in manifest["files"]}:
            findings.append(f"{self.folder}: the manifest does not name statement.json")
        check_manifest(self.folder, manifest["files"], findings)

    def compare(self, figures, findings):
        """Every figure that the statement has and this program knows; gives how many."""
        compared = 0

        def compare(where, said, known):
            nonlocal compared
            for name in known:
                if name not in said:
                    continue
                compared += 1
                if said[name] != known[name]:
                    findings.append(f"{self.folder}: {where} {name} is {said[name]}, the journal gives {known[name]}")
        compare("totals:", self.content.get("totals", {}), figures["totals"])
        for part, key in (("serviceTypes", "serviceType"), ("practices", "practiceId")):
            said = self.content.get(part)
            if not isinstance(said, list):
                continue
            said = {row[key]: row for row in said}
            for row in figures[part]:
                compare(f"{part} {row[key]}:", said.pop(row[key], dict.fromkeys(row)), row)
            findings += [f"{self.folder}: {part} {name} does not follow from the journal"
                         for name, row in said.items() if row.get("registrations")]
        practices = {row["practiceId"]: row for row in figures["practices"]}
        for row in self.content.get("latestPractices", []):
            compare(f"latestPractices {row['practiceId']}:", row, practices.get(row["practiceId"], dict.fromkeys(row)))
        compare("refunds:", self.content.get("refunds", {}), figures["refunds"])
        lags = self.content.get("timeliness", {})
        compare("timeliness:", lags, {"count": figures["timeliness"]["count"]})
        within = {limit["days"]: limit for limit in lags.get("limits", [])}
        for limit in figures["timeliness"]["limits"]:
            compare(f"timeliness within {limit['days']} days:", within.get(limit["days"], {}), limit)
        return compared
