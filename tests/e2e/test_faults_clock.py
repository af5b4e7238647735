"""A clock that jumps."""

import threading
import time
import unittest

import frikort_server as fs
from fault_case import FaultCase


class ClockTest(FaultCase):

    def test_clock_jumps_back_and_forth(self):
        self.start(ceilings=fs.ceilings(fs.present_years()))
        practice, person = fs.new_practice(), fs.new_person()
        positions = []
        day = fs.recent_day(20)
        for number, hours in enumerate((0, -5, 0, 7, -48, 0)):
            self.faults.move_clock(hours)
            item = fs.copayment(practiceId=practice, personId=person, amountOre=1000 + number,
                                serviceTime=fs.oslo_text(day, f"10:0{number}:00"))
            before = time.time() + hours * 3600
            result = self.server.submit_one(item)
            self.assertEqual(result["verdict"], "accepted", result)
            self.assertEqual(self.server.submit_one(item)["position"], result["position"])
            positions.append(int(result["position"].split("-")[1]))
            shown = [r for r in self.server.account(person, day.year)["registrations"] if r["guid"] == item["guid"]]
            received = fs.parse_time(shown[0]["receivedTime"]).timestamp()
            self.assertLess(abs(received - before), 60, "received is what the clock says")
            # A long poll lasts as long as was asked, whatever the wall clock does meanwhile.
            newest = self.server.get("/v1/status").json()["head"]
            begin = time.monotonic()
            timer = threading.Timer(0.2, self.faults.move_clock, (hours + 3,))
            timer.start()
            self.assertEqual(self.server.get(f"/v1/events?wait=1&after={newest}").status, 200)
            timer.join()
            # A timer that follows it ends after 0.2 seconds, or hours later.
            taken = time.monotonic() - begin
            self.assertTrue(0.9 < taken < 30, f"timers do not follow the wall clock: {taken}")
        self.assertEqual(positions, sorted(set(positions)))
        self.assertEqual(self.ready().status, 200)
        self.faults.move_clock(-1000)
        checksum = self.checksum()
        self.server.stop(clean=False)
        self.assertIsNone(fs.frikort_json("verify", "--data", self.data)["finding"])
        status = fs.frikort_json("status", "--data", self.data, *self.server.options)
        self.assertEqual(status["checksum"], checksum)


if __name__ == "__main__":
    unittest.main()
