"""A PostgreSQL 15 cluster of our own in a temporary folder, and processes' use of the processors."""

import os
import shutil
import subprocess
from pathlib import Path

HERE = Path(__file__).resolve().parent
PROGRAMS = Path("/usr/lib/postgresql/15/bin")
TABLES = "registration, person_year, refund_line, timeliness, access_log"


class Cluster:
    """With the settings and the schema of this folder. Use as a context: started, and gone at the end."""

    def __init__(self, folder):
        self.folder = Path(folder)
        self.data = self.folder / "data"
        # PostgreSQL refuses to run as root; Debian's package makes this user.
        self.user = ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups"] if os.geteuid() == 0 else []

    def __enter__(self):
        self.folder.mkdir()
        if self.user:
            shutil.chown(self.folder, "postgres", "postgres")
        try:
            self._run("initdb", "-D", self.data, "--auth=trust", "--username=postgres", "--encoding=UTF8",
                      "--locale=C", "--no-sync")
            settings = (HERE / "postgresql.conf").read_text(encoding="utf-8")
            with open(self.data / "postgresql.conf", "a", encoding="utf-8") as out:
                out.write(f"{settings}unix_socket_directories = '{self.folder}'\n")
            self._run("pg_ctl", "start", "--wait", "-D", self.data, "-l", self.folder / "log")
            self.pid = int((self.data / "postmaster.pid").read_text(encoding="utf-8").split()[0])
            self.psql((HERE / "schema.sql").read_text(encoding="utf-8"))
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        if (self.data / "postmaster.pid").exists():
            self._run("pg_ctl", "stop", "--wait", "--mode=immediate", "-D", self.data)
        shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def connect(self):
        """What libpq connects with."""
        return f"host={self.folder} user=postgres dbname=postgres"

    def psql(self, sql):
        """Runs it, each statement on its own; gives the rows as lists of text."""
        done = subprocess.run(["psql", "--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "--set=ON_ERROR_STOP=1",
                               self.connect], input=sql, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise RuntimeError(f"psql: {done.stderr.strip()}")
        return [line.split("|") for line in done.stdout.splitlines()]

    def clear(self):
        """Empties the tables. After the checkpoint the log's old segments are used again."""
        self.psql(f"truncate {TABLES}; checkpoint;")

    def findings(self):
        """Names of what does not follow from the registrations, with how many; none when all is right."""
        row = self.psql((HERE / "check.sql").read_text(encoding="utf-8"))[0]
        names = ("sums", "cards", "refunds", "counters")
        return [f"{count} wrong {name}" for name, count in zip(names, row, strict=True) if count != "0"]

    def _run(self, program, *args):
        # pg_ctl hands its output on to the server, so a pipe would not end with it.
        log = self.folder / f"{program}.log"
        with open(log, "ab") as out:
            done = subprocess.run([*self.user, PROGRAMS / program, *args], stdin=subprocess.DEVNULL, stdout=out,
                                  stderr=out, cwd=self.folder, check=False)
        if done.returncode != 0:
            raise RuntimeError(f"{program}: {log.read_text(encoding='utf-8', errors='replace')[-2000:]}")
