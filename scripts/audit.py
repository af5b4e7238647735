#!/usr/bin/env python3
"""Checks a ledger from outside: without its program, by other code in another language.

    scripts/audit.py EXPORT --public-key FILE [--statement FOLDER] [--year YEAR] [--json]

EXPORT is what `frikort export --journal` wrote. Checks the hashes of its files; reads every record
of the journal, its chain, roots and signatures; decides every entry again, items as well as what
registries told of persons and practices; adds up every person's year, card and refund, and every
practice's lags, from the journal alone; and compares them with the exported tables and, when one is
given, with a statement of reconciliation. The bytes are read as storage/bytes/format.h describes
them, the rules as ledger/README.md does.

The public key (64 hexadecimal digits or PEM) is the auditor's own copy, not one from the ledger.
National numbers are encrypted, and may have been erased: that is no finding. Of those that are there
it checks to whom they lead. Whether practices have agreements is not checked: whether they need one
is the configuration's.

--year says of which year to print the figures; default: the statement's, or the one with the most
co-payments.

Exit status: 0 everything fits, 1 findings, 2 wrong usage, 3 could not run. Needs Python 3.9 and its
package cryptography. Keeps the whole ledger in memory: meant for up to some millions of entries.
"""

import argparse
import gc
import json
import sys
from pathlib import Path

# Who copies this file copies the folder auditor beside it, too.
from auditor.proof import PublicKey
from auditor.report import audit, show
from auditor.statement import Statement


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0], epilog=__doc__.split("\n\n", 2)[2],
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("export", type=Path, help="folder written by frikort export --journal")
    parser.add_argument("--public-key", type=Path, required=True, help="hexadecimal or PEM")
    parser.add_argument("--statement", type=Path, help="folder of a statement of reconciliation")
    parser.add_argument("--year", type=int)
    parser.add_argument("--json", action="store_true", help="everything that was found out, as JSON")
    options = parser.parse_args()
    gc.disable()  # millions of objects without a cycle, which it would look through again and again
    try:
        key = PublicKey(options.public_key.read_text(encoding="ascii"))
        statement = Statement(options.statement) if options.statement else None
        report, findings = audit(options.export, key, statement, options.year)
    except (OSError, ValueError, KeyError) as error:
        print(f"audit: could not run: {error!r}" if isinstance(error, KeyError) else f"audit: could not run: {error}",
              file=sys.stderr)
        return 3
    if options.json:
        print(json.dumps({**report, "findings": findings}, ensure_ascii=False))
    else:
        show(report)
        for finding in findings:
            print(f"finding: {finding}")
        print("no finding: everything fits" if not findings else f"{len(findings)} findings")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
