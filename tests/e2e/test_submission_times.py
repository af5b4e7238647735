"""The time of receipt, given or now, and the limits that are counted from it."""

import datetime
import unittest

import frikort_server as fs
from frikort_server import copayment, credit_note, dated


class ReceivedTimeTest(fs.ServerCase):

    def test_received_time_is_trusted_without_authentication(self):
        item = dated("2024-05-06", received="2024-05-20")
        self.assert_accepted(self.server.submit_one(item))
        line = self.server.account(item["personId"], 2024)["registrations"][0]
        self.assert_same_instant(line["receivedTime"], item["receivedTime"], "receivedTime")
        self.assert_same_instant(line["serviceTime"], item["serviceTime"], "serviceTime")


class PresentTest(fs.ServerCase):
    """Items without a received time, which are received now: whatever day that is, its year has a ceiling."""

    @classmethod
    def configuration(cls):
        return {"ceilings": fs.ceilings(fs.present_years())}

    def test_received_is_now_by_default(self):
        item = copayment(serviceTime=fs.oslo_text(fs.recent_day()))
        before = datetime.datetime.now(fs.UTC)
        self.assert_accepted(self.server.submit_one(item))
        after = datetime.datetime.now(fs.UTC)
        year = fs.oslo_date(fs.parse_time(item["serviceTime"])).year
        got = fs.parse_time(self.server.account(item["personId"], year)["registrations"][0]["receivedTime"])
        second = datetime.timedelta(seconds=1)
        self.assertTrue(before - second <= got <= after + second, f"received {got}, sent between {before} and {after}")

    def test_future_without_received_time_is_measured_from_now(self):
        now = datetime.datetime.now(fs.UTC)
        near, far = now + datetime.timedelta(minutes=4), now + datetime.timedelta(minutes=7)
        first, second = self.server.submit(copayment(serviceTime=fs.utc_text(near)), copayment(serviceTime=fs.utc_text(far)))
        self.assert_accepted(first)
        self.assert_rejected(second, "FUTURE_SERVICE_TIME")

    def test_time_barred_without_received_time(self):
        old = fs.recent_day(250)
        self.assert_rejected(self.server.submit_one(copayment(serviceTime=fs.oslo_text(old))), "TIME_BARRED")


class LeapDayTest(fs.ServerCase):

    @classmethod
    def configuration(cls):
        return {"ceilings": fs.ceilings((2020,))}

    def test_too_old_to_credit_after_a_leap_day(self):
        items = [dated("2020-02-29") for _ in range(2)]
        self.server.submit(*items)
        last, late = self.server.submit(credit_note(items[0], received="2023-02-28T23:59:59+01:00"),
                                        credit_note(items[1], received="2023-03-01T00:00:00+01:00"))
        self.assert_accepted(last)
        self.assert_rejected(late, "TOO_OLD_TO_CREDIT")


if __name__ == "__main__":
    unittest.main()
