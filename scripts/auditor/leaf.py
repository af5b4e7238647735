"""Reads an entry in the form of its leaf, which says everything itself and has numbers by their hashes."""

from .record import EntryReader, Reader
from .terms import Finding


class LeafReader(EntryReader):

    def __init__(self, data):
        super().__init__(Reader(data), 0, 0)

    def read_position(self):
        self.entry.position = self.reader.varint()

    def seconds(self):
        return self.reader.zigzag()

    def number(self):
        self.entry.numbers += (self.reader.raw(32),)

    def read_practice(self, is_new):
        self.entry.practice, self.entry.is_new_practice = self.reader.varint(), is_new
        self.entry.practice_id = self.reader.ascii()


def read_leaf(data):
    reader = LeafReader(data)
    entry = reader.read()
    if reader.reader.at != len(data):
        raise Finding("does not decode: there is more than belongs to it")
    return entry
