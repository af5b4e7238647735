#!/usr/bin/env python3
"""The tour that scripts/run gives: the timeliness of a nation, and one citizen who gets the card.

    scripts/tour.py URL

The citizen is new at each run and does not exist: the number is of the synthetic series
(month + 80). Numbers travel in request bodies only, never in an address, which would be logged.
"""

import datetime
import email.utils
import json
import pathlib
import random
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
import uuid

PRACTICE = "100001"


def request_of(server, path, body=None):
    return urllib.request.Request(
        server + path, data=None if body is None else json.dumps(body).encode(),
        headers={} if body is None else {"Content-Type": "application/json"})


def ask(server, path, body=None):
    request = request_of(server, path, body)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as error:
        problem = json.load(error)
        sys.exit(f"{request.get_method()} {path}: {problem.get('detail', problem)}")


def today(server):
    """The date of the server, which is the one that counts."""
    with urllib.request.urlopen(server + "/isalive", timeout=30) as answer:
        return email.utils.parsedate_to_datetime(answer.headers["Date"]).date()


def ceiling(server, person, year):
    """Of a year, in øre; None when the ledger knows none."""
    request = request_of(server, "/v1/persons/account", {"personId": person, "year": year})
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)["ceilingOre"]
    except urllib.error.HTTPError as error:
        if json.load(error)["code"] != "NO_RULES_FOR_YEAR":
            raise
        return None


def check_digit(digits, weights):
    """The digit that makes the weighted sum a multiple of eleven; 10 where none does."""
    return -sum(d * w for d, w in zip(digits, weights)) % 11


def synthetic_person():
    """A number of the synthetic series: a birth date with month + 80, and both check digits."""
    while True:
        born = datetime.date(1950, 1, 1) + datetime.timedelta(random.randrange(50 * 365))
        # 000 to 499 stand for births in 1900 to 1999.
        text = f"{born.day:02}{born.month + 80:02}{born.year % 100:02}{random.randrange(500):03}"
        digits = [int(d) for d in text]
        digits.append(check_digit(digits, (3, 7, 6, 1, 8, 9, 4, 5, 2)))
        digits.append(check_digit(digits, (5, 4, 3, 2, 7, 6, 5, 4, 3, 2)))
        if max(digits) < 10:
            return "".join(map(str, digits))


def kroner(ore):
    return f"{ore // 100} kr" if ore % 100 == 0 else f"{ore // 100},{ore % 100:02} kr"


def title(text):
    print(f"\n--- {text}")


def show_timeliness(server):
    path = "/v1/timeliness?from=2025-01&to=2026-06"
    title("How fast the nation reports: share received within 16, 24 and 32 days of the service")
    print(f"GET {path}\n")
    report = ask(server, path)

    def row(name, figures):
        def share(days):
            value = figures[f"share{days}"]
            return "-" if value is None else f"{100 * value:.1f} %"
        average = figures["averageLagDays"]
        print(f"{name:8} {figures['count']:>9} {share(16):>9} {share(24):>9} {share(32):>9} "
              f"{'-' if average is None else f'{average:.1f}':>13}")

    print(f"{'month':8} {'reports':>9} {'<= 16 d':>9} {'<= 24 d':>9} {'<= 32 d':>9} "
          f"{'average days':>13}")
    for month in report["months"]:
        if month["count"]:
            row(month["month"], month)
    row("total", report["total"])
    print(f"{'target':8} {'':9} {'90.0 %':>9} {'95.0 %':>9} {'99.0 %':>9}")


def show_citizen(server):
    now = today(server)
    day = now - datetime.timedelta(days=1)
    person = synthetic_person()
    # In a year that has no ceiling yet, nobody can get a card: the newest one that has is shown.
    while (limit := ceiling(server, person, day.year)) is None:
        day = datetime.date(day.year - 1, 12, 10)
    account = {"personId": person, "year": day.year}
    received = day + datetime.timedelta(days=1)

    # Three payments of 30 % of the ceiling, in whole kroner, and one of 20 %, which crosses it.
    items = [{"guid": str(uuid.uuid4()), "practiceId": PRACTICE, "personId": person,
              "serviceType": service, "serviceTime": f"{day}T{hour:02}:00:00Z",
              "receivedTime": f"{received}T00:00:00Z", "amountOre": limit * percent // 10000 * 100,
              "paid": True}
             for service, hour, percent in
             [("LE", 9, 30), ("FT", 10, 30), ("PO", 11, 30), ("LE", 12, 20)]]

    title(f"A citizen reaches the ceiling of {day.year}, {kroner(limit)}")
    print("POST /v1/registrations")
    paid = 0
    for item, result in zip(items, ask(server, "/v1/registrations", items)["results"]):
        paid += item["amountOre"]
        print(f"\n  {kroner(item['amountOre'])}, {kroner(paid)} in all\n  {json.dumps(result)}")
    if result.get("exempt") is not True:
        sys.exit("The last payment crossed the ceiling, but the answer does not show the card.")

    title("The account the moment after")
    print("POST /v1/persons/account")
    answer = ask(server, "/v1/persons/account", account)
    for name in ("ceilingOre", "countedOre", "remainingOre", "refundedOre", "card", "refunds"):
        print(f"  {name:13} {json.dumps(answer.get(name))}")

    show_card(server, person, account)
    tries = [("/v1/persons/account", account)]
    # Practices may ask two years back.
    if now - day < datetime.timedelta(days=700):
        title("What the next practice sees")
        status = {"personId": person, "serviceType": "LE", "serviceDate": str(day)}
        print(f"POST /v1/card-status\n  {json.dumps(ask(server, '/v1/card-status', status))}")
        tries.append(("/v1/card-status", status))

    title("Try it yourself (this person is synthetic)")
    for path, body in tries:
        print(f"curl -s {server}{path} -H 'Content-Type: application/json' \\\n"
              f"  -d '{json.dumps(body)}'")
    print(f"curl -s '{server}/v1/timeliness?from=2025-01&to=2025-12'")
    print(f"curl -s '{server}/v1/events?limit=5'")


def show_card(server, person, question):
    title("The card in the hand")
    print("POST /v1/persons/card")
    answer = ask(server, "/v1/persons/card", question)
    folder = pathlib.Path(tempfile.mkdtemp(prefix="frikort-card-"))
    picture, keys = folder / "card.svg", folder / "jwks.json"
    picture.write_text(answer["qr"], encoding="utf-8")
    keys.write_text(json.dumps(ask(server, "/.well-known/jwks.json")), encoding="utf-8")
    print(f"  token {answer['token']}\n  its QR code, for a browser: {picture}")
    # The number is asked for, or read from standard input: it is never an argument.
    checker = pathlib.Path(__file__).resolve().parent / "check_card.py"
    print(f"\nscripts/check_card.py TOKEN --public-key {keys}")
    done = subprocess.run([sys.executable, checker, answer["token"], "--public-key", keys],
                          input=person + "\n", capture_output=True, text=True, check=False)
    print(f"  {(done.stdout + done.stderr).strip()}")
    show_dossier(server, folder, question)

    title("Who has asked about this citizen")
    print("POST /v1/persons/access-log")
    for _ in range(20):
        entries = ask(server, "/v1/persons/access-log", {"personId": person})["entries"]
        if any(entry["what"] == "card" for entry in entries):
            break
        time.sleep(0.1)
    for entry in entries:
        print(f"  {entry['time']} {entry['role']:8} {entry['what']}")


def show_dossier(server, folder, question):
    title("The proof of the decision")
    dossier = folder / "dossier.json"
    request = urllib.request.Request(server + "/v1/persons/dossier", json.dumps(question).encode(),
                                     {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=60) as answer:
        dossier.write_bytes(answer.read())  # byte for byte: what is signed stands in it
    print(f"POST /v1/persons/dossier, kept as {dossier}\n")
    print(f"scripts/check_dossier.py {dossier} --public-key {folder / 'jwks.json'}")
    checker = pathlib.Path(__file__).resolve().parent / "check_dossier.py"
    done = subprocess.run([sys.executable, checker, dossier, "--public-key", folder / "jwks.json"],
                          capture_output=True, text=True, check=False)
    print(f"  {(done.stdout + done.stderr).strip()}")


def main():
    if len(sys.argv) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    server = sys.argv[1].rstrip("/")
    show_timeliness(server)
    show_citizen(server)
    return 0


if __name__ == "__main__":
    sys.exit(main())
