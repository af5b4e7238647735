"""A test case that runs commands and says what they must answer."""

import frikort_server as fs
import test_cli
from frikort_server import dated


class CommandCase(test_cli.FolderCase):

    def run_and_expect(self, exit_status, *args, says=(), **more):
        done = fs.run_frikort(*args, **more)
        text = done.stderr.decode()
        self.assertEqual(done.returncode, exit_status, f"{args}: {text[-800:]}")
        for part in (says,) if isinstance(says, str) else says:
            self.assertIn(part, text, args)
        return done

    def ledger(self, name="data", count=20):
        data = self.data(name)
        self.load(data, "-", stdin=fs.ndjson([dated("2025-03-01") for _ in range(count)]))
        return data

    def serve(self, *options, **more):
        server = fs.Server(self.data("served"), options, **more)
        self.addCleanup(server.clean)
        return server.start()
