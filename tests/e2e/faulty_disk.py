"""Controls `faulty_disk.cc`: which system calls fail, and what the clock shows."""

import mmap
import os
import struct

import frikort_server as fs

DISK_FULL, WRITE_ERROR, SYNC_ERROR, READ_ERROR, SYNC_STALL = 1, 2, 4, 8, 16
NO_SPACE, IO_ERROR = "No space left on device", "Input/output error"


def faulty_disk_library():
    return os.environ.get("FRIKORT_FAULTY_DISK", str(fs.ROOT / "build/release/tests/libfaulty_disk.so"))


class Faults:
    """The control file of faulty_disk.cc."""

    LAYOUT = struct.Struct("=IiqQ96s")

    def __init__(self, folder):
        self.path = os.path.join(folder, "faults")
        with open(self.path, "wb") as file:
            file.write(self.LAYOUT.pack(0, 0, 0, 0, b""))
        with open(self.path, "r+b") as file:
            self.memory = mmap.mmap(file.fileno(), self.LAYOUT.size)

    def inject(self, faults, path_part="", times=-1):
        """From now on; `times` operations, or all."""
        self.lift()
        self.memory[16:24] = bytes(8)
        self.memory[24:120] = path_part.encode().ljust(96, b"\0")
        self.memory[4:8] = struct.pack("=i", times)
        self.memory[0:4] = struct.pack("=I", faults)

    def lift(self):
        self.memory[0:4] = bytes(4)

    def failed(self):
        return struct.unpack("=Q", self.memory[16:24])[0]

    def move_clock(self, hours):
        self.memory[8:16] = struct.pack("=q", hours * 3600)
