"""All checks, one after another, and what is shown of them."""

import json

from .journal import Journal
from .manifest import check_manifest
from .model import Model
from .tables import EntriesTable, Tables, compare_tables
from .terms import Finding, position_text


def audit(folder, key, statement, year):
    """Everything; gives (what was checked, findings)."""
    findings = []
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    tables = Tables(folder, manifest["files"])
    if "journal.records" not in tables.names.values():
        raise OSError(f"{folder} has no journal.records; remedy: export with --journal")
    report = {"files": check_manifest(folder, manifest["files"], findings)}
    if statement:
        year = year or statement.content["year"]
    model = Model()
    journal = Journal(folder / "journal.records", key, model)
    stated = {}
    entries = EntriesTable(tables, manifest.get("year"), findings)
    try:
        journal.read(statement and statement.position, lambda: stated.update(model.figures(year)), entries.take)
    except Finding as finding:
        findings.append(str(finding))
    if statement:
        statement.check_files(journal.keys, findings)
    if not journal.is_whole:
        return {**report, "records": journal.records, "entries": journal.entries}, findings
    entries.finish()
    report.update(records=journal.records, entries=journal.entries, position=position_text(journal.last),
                  root=journal.root.hex(), keyId=journal.key.id, erased=journal.erased, practices=len(model.practices),
                  persons=model.persons.count, registryEvents=len(journal.registries.events))
    if (manifest["position"], manifest["root"]) != (report["position"], report["root"]):
        findings.append(f"record at {position_text(journal.last + 1)}: is missing: the journal ends at "
                        f"{report['position']}, but the manifest names {manifest['position']} with another root")
    report["compared"] = compare_tables(tables, model, manifest.get("year"), findings)
    report["years"] = sorted({of for _, of in model.accounts})
    report["figures"] = model.figures(year or model.fullest_year())
    if statement:
        report["statement"] = {"position": position_text(statement.position)}
        if journal.ends.get(statement.position, bytes()).hex() != statement.content["root"]:
            findings.append(f"{statement.folder}: no record ends at {position_text(statement.position)} with the root "
                            "of the statement: the journal was cut off or replaced")
        else:
            report["statement"]["figures"] = statement.compare(stated, findings)
    return report, findings


def show(report):
    print(f"manifest           {report['files']} files fit")
    print(f"journal            {report['records']} records, {report['entries']} entries")
    if "root" not in report:
        return
    if report["registryEvents"]:
        print(f"registries         {report['registryEvents']} events")
    print(f"head               {report['position']} {report['root']}")
    print(f"signed by          {report['keyId']}")
    if report["erased"]:
        print(f"erased             {report['erased']} national numbers")
    print("compared           " + ", ".join(f"{count} {name}" for name, count in report["compared"].items()))
    if "statement" in report and "figures" in report["statement"]:
        print(f"statement          {report['statement']['figures']} figures at {report['statement']['position']}")
    figures = report["figures"]
    others = [str(year) for year in report["years"] if year != figures["year"]]
    print(f"year               {figures['year']}" + (f"; --year shows {', '.join(others)}" if others else ""))
    for name, value in figures["totals"].items():
        print(f"  {name:<16} {value}")
    for limit in figures["timeliness"]["limits"]:
        print(f"  within {limit['days']} days   {limit['within']}")
    for row in figures["serviceTypes"]:
        print(f"  {row['serviceType']:<3} {row['registrations']:>10} registrations {row['amountOre']:>14} øre, counted "
              f"{row['countedOre']:>14}, refunded {row['refundedOre']:>12}")
