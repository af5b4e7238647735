"""The figures of the statement once more, by SQL over the exported entries."""

import csv
import sqlite3
import unittest

import frikort_server as fs
from reconcile_case import (
    BASE, FOLDER, REFERENCE, YEAR, copy_of, documented_columns, rows_of, setUpModule, statement_of)


class SqlTest(unittest.TestCase):
    """The statement's figures once more, by SQL over the exported entries; nothing is taken from the ledger's state."""

    @classmethod
    def setUpClass(cls):
        export = FOLDER / "export"
        fs.frikort_json("export", "--data", copy_of(BASE), "--output", export, "--format", "csv")
        cls.db = sqlite3.connect(":memory:")
        cls.addClassCleanup(cls.db.close)
        with open(export / "entries.csv", newline="", encoding="utf-8") as file:
            rows = csv.reader(file)
            names = next(rows)
            rows = ([row[0].removeprefix("0-"), *row[1:]] for row in rows)
            cls.db.execute(f"CREATE TABLE entries ({', '.join(name + ' NUMERIC' for name in names)})")
            cls.db.executemany(f"INSERT INTO entries VALUES ({', '.join('?' * len(names))})", rows)
        cls.db.executescript(f"""
            CREATE INDEX by_key ON entries (guid, practiceId, type);
            CREATE TABLE registrations AS
              SELECT c.position, c.personRef, c.practiceId, c.guid, c.serviceType, c.serviceTime, c.amountOre,
                     substr(c.serviceTime, 1, 10) AS day, p.position AS payment, n.position AS creditNote,
                     CASE WHEN c.paid = 'true' THEN c.position ELSE p.position END AS paidAt,
                     julianday(substr(c.receivedTime, 1, 10)) - julianday(substr(c.serviceTime, 1, 10)) AS lag
              FROM entries c
              LEFT JOIN entries p ON p.type = 'payment' AND p.guid = c.guid AND p.practiceId = c.practiceId
              LEFT JOIN entries n ON n.type = 'creditNote' AND n.guid = c.guid AND n.practiceId = c.practiceId
              WHERE c.type = 'copayment' AND c.year = {YEAR};
            CREATE TABLE counted AS
              SELECT * FROM registrations WHERE paidAt IS NOT NULL AND creditNote IS NULL AND amountOre > 0;
            -- The sum after each item that changed it, as it was processed.
            CREATE TABLE steps AS
              SELECT personRef, at, SUM(ore) OVER (PARTITION BY personRef ORDER BY at) AS sum FROM (
                SELECT personRef, paidAt AS at, amountOre AS ore FROM registrations
                  WHERE paidAt IS NOT NULL AND (creditNote IS NULL OR creditNote > paidAt)
                UNION ALL
                SELECT personRef, creditNote, -amountOre FROM registrations WHERE creditNote > paidAt);
            CREATE TABLE persons AS
              SELECT personRef, (SELECT COALESCE(SUM(amountOre), 0) FROM counted c WHERE c.personRef = r.personRef) AS sum
              FROM (SELECT DISTINCT personRef FROM registrations) r;
            -- The day on which the sum, in order of service, reached the ceiling.
            CREATE TABLE entitled AS
              SELECT personRef, MIN(day) AS day FROM (
                SELECT personRef, day, SUM(amountOre) OVER (
                  PARTITION BY personRef ORDER BY day ROWS UNBOUNDED PRECEDING) AS sum FROM counted)
              WHERE sum >= {fs.CEILING[YEAR]} GROUP BY personRef;""")
        cls.statement = statement_of(REFERENCE)

    def test_every_exported_column_is_explained(self):
        for table, columns in documented_columns("Of an export").items():
            with open(FOLDER / "export" / f"{table}.csv", newline="", encoding="utf-8") as file:
                self.assertEqual(set(next(csv.reader(file))), columns, table)

    def row(self, query):
        cursor = self.db.execute(query)
        return dict(zip((column[0] for column in cursor.description), cursor.fetchone()))

    def test_totals(self):
        of_registrations = self.row("""
            SELECT COUNT(*) registrations, SUM(amountOre) amountOre,
                   SUM(creditNote IS NULL AND paidAt IS NULL) unpaid,
                   SUM((creditNote IS NULL AND paidAt IS NULL) * amountOre) unpaidOre,
                   SUM(creditNote IS NULL AND paidAt IS NOT NULL AND amountOre = 0) zeroAmount,
                   COUNT(creditNote) credited, SUM((creditNote IS NOT NULL) * amountOre) creditedOre, COUNT(payment) payments, COUNT(creditNote) creditNotes,
                   COUNT(DISTINCT personRef) persons
            FROM registrations""")
        of_counted = self.row("SELECT COUNT(*) counted, SUM(amountOre) countedOre FROM counted")
        of_persons = self.row(f"""
            SELECT SUM(sum - {fs.CEILING[YEAR]}) refundedOre, SUM(sum - {fs.CEILING[YEAR]}) payoutOre,
                   SUM(sum > {fs.CEILING[YEAR]}) payouts,
                   (SELECT COUNT(DISTINCT personRef) FROM steps WHERE sum >= {fs.CEILING[YEAR]}) cards,
                   (SELECT COUNT(DISTINCT personRef) FROM steps WHERE sum >= {fs.CEILING[YEAR]}
                      AND personRef IN (SELECT personRef FROM persons WHERE sum < {fs.CEILING[YEAR]})) cardsUnderReview
            FROM persons WHERE sum >= {fs.CEILING[YEAR]}""")
        totals = dict(self.statement["totals"])
        lines = totals.pop("refundLines")
        self.assertEqual({**of_registrations, **of_counted, **of_persons}, totals)
        self.assertEqual(lines, sum(len(row["lines"]) for row in rows_of(REFERENCE, "payouts")))

    def test_tables(self):
        self.assertEqual([row[0] for row in self.db.execute(
            "SELECT '0-' || position FROM registrations WHERE paidAt IS NULL AND creditNote IS NULL ORDER BY position")],
            sorted((row["position"] for row in rows_of(REFERENCE, "unpaid")), key=lambda text: int(text[2:])))
        self.assertEqual(dict(self.db.execute("SELECT personRef, day FROM entitled")),
                         {row["personRef"]: row["entitledFrom"] for row in rows_of(REFERENCE, "cards")
                          if row["state"] == "active"})
        self.assertEqual(dict(self.db.execute(
            f"SELECT personRef, MIN(at) FROM steps WHERE sum >= {fs.CEILING[YEAR]} GROUP BY personRef")),
            {row["personRef"]: int(row["crossingPosition"][2:]) for row in rows_of(REFERENCE, "cards")})
        self.assertEqual(dict(self.db.execute(
            f"SELECT personRef, sum - {fs.CEILING[YEAR]} FROM persons WHERE sum > {fs.CEILING[YEAR]}")),
            {row["personRef"]: row["dueOre"] for row in rows_of(REFERENCE, "payouts")})
        for table, column in (("practices", "practiceId"), ("service_types", "serviceType")):
            self.assertEqual({str(row[0]): row[1:] for row in self.db.execute(
                f"SELECT {column}, COUNT(*), SUM(amountOre), SUM((paidAt IS NOT NULL AND creditNote IS NULL) * amountOre) "
                f"FROM registrations GROUP BY {column}")},
                {row[column]: (row["registrations"], row["amountOre"], row["countedOre"])
                 for row in rows_of(REFERENCE, table)})

    def test_timeliness(self):
        lags = self.statement["timeliness"]
        self.assertEqual(self.db.execute("SELECT COUNT(*), SUM(lag <= 16), SUM(lag <= 24), SUM(lag <= 32) "
                                         "FROM registrations").fetchone(),
                         (lags["count"], *(limit["within"] for limit in lags["limits"])))
        by_lag = dict(self.db.execute("SELECT CAST(lag AS INTEGER), COUNT(*) FROM registrations GROUP BY 1"))
        self.assertEqual([by_lag.get(lag, 0) for lag in range(len(lags["byLag"]))], lags["byLag"])
        self.assertEqual([row for row in self.db.execute(
            "SELECT substr(day, 1, 7), COUNT(*) FROM registrations GROUP BY 1 ORDER BY 1")],
            [(month["month"], month["count"]) for month in lags["byMonth"]])

    def test_cost_of_lateness(self):
        cost = self.statement["latenessCost"]
        self.assertEqual(self.db.execute("""
            SELECT COUNT(DISTINCT c.personRef), SUM(amountOre) FROM counted c JOIN entitled e USING (personRef)
            WHERE c.day > e.day""").fetchone(), (cost["persons"], cost["overpaidOre"]))
        self.assertEqual(cost["byLatenessOre"] + cost["despiteCardOre"], cost["overpaidOre"])
        rows = rows_of(REFERENCE, "practices")
        for name, column in (("byLatenessOre", "costByLatenessOre"), ("despiteCardOre", "costDespiteCardOre"),
                             ("oreDays", "costOreDays")):
            self.assertEqual(sum(row[column] for row in rows), cost[name])


if __name__ == "__main__":
    unittest.main()
