"""The card's QR code as people read it from a screen, by programs that share nothing with its encoder."""

import base64
import itertools
import math
import pathlib
import re
import shutil
import struct
import subprocess
import tempfile
import unittest

import browser
from card_case import TokenCase

SIDE = 280  # of the code with its quiet zone, in CSS pixels
WINDOW = 400
SCALE = 2  # device pixels to a CSS pixel
QUIET_ZONE = 4  # modules
# Black: on #111 the readers read even a code that has no ground of its own.
PAGES = {"light": "#fff", "dark": "#000"}
TURNS = (0, 10)  # degrees
ZXING = ("ZXingReader", "-format", "QRCode")
READERS = (("zbarimg", "--quiet", "--raw", "-Sdisable", "-Sqrcode.enable"), (*ZXING, "-bytes"))
TO_JPEG = """onload = () => {
  const picture = document.images[0], canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [picture.naturalWidth, picture.naturalHeight];
  canvas.getContext("2d").drawImage(picture, 0, 0);
  document.body.textContent = canvas.toDataURL("image/jpeg", 0.6);
}"""


def output_of(*command):
    return subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60,
                          check=False).stdout


class PictureTest(TokenCase):

    @classmethod
    def setUpClass(cls):
        browser.require_programs("chromium", "zbarimg", "ZXingReader")
        cls.folder = tempfile.mkdtemp(prefix="frikort-e2e-picture-")
        cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)
        super().setUpClass()

    def png(self, svg, page, turn):
        path = pathlib.Path(self.folder, f"{page}_{turn}.png")
        browser.open_page(
            self.folder, f"<!DOCTYPE html><meta charset=utf-8><style>body{{margin:{(WINDOW - SIDE) // 2}px;"
            f"background:{PAGES[page]}}}svg{{display:block;width:{SIDE}px;transform:rotate({turn}deg)}}</style>{svg}",
            "--hide-scrollbars", f"--force-device-scale-factor={SCALE}", f"--window-size={WINDOW},{WINDOW}",
            f"--screenshot={path}")
        return path

    def jpeg(self, png):
        data = base64.b64encode(png.read_bytes()).decode()
        document, _ = browser.document_of(self.folder, "<!DOCTYPE html><meta charset=utf-8>"
                                          f"<body><img src='data:image/png;base64,{data}'><script>{TO_JPEG}</script>")
        made = re.search("<body>data:image/jpeg;base64,(.*)</body>", document)
        self.assertIsNotNone(made, "a JPEG is made")
        path = png.with_suffix(".jpeg")
        path.write_bytes(base64.b64decode(made[1]))
        return path

    def assert_drawn(self, png, svg, turn):
        """The pixels of the picture, and in it the size and the turn of the code without its quiet zone."""
        self.assertEqual(struct.unpack(">II", png.read_bytes()[16:24]), (SCALE * WINDOW, SCALE * WINDOW))
        modules = int(re.search(r'viewBox="\d+ \d+ (\d+) ', svg)[1])
        seen = re.search(r"^Position: +(\d+)x(\d+) (\d+)x(\d+) ", output_of(*ZXING, png), re.MULTILINE)
        self.assertIsNotNone(seen, "a code is seen")
        left, top, right, down = map(int, seen.groups())
        module = SCALE * SIDE / modules
        self.assertAlmostEqual(math.hypot(right - left, down - top), module * (modules - 2 * QUIET_ZONE), delta=module)
        self.assertAlmostEqual(math.degrees(math.atan2(down - top, right - left)), turn, delta=1)

    def test_it_is_read_from_a_screen(self):
        card = self.card(self.holder())
        for page, turn in itertools.product(PAGES, TURNS):
            with self.subTest(page=page, turn=turn):
                png = self.png(card["qr"], page, turn)
                for picture, reader in itertools.product((png, self.jpeg(png)), READERS):
                    with self.subTest(picture=picture.suffix, reader=reader[0]):
                        self.assertEqual(output_of(*reader, picture).removesuffix("\n"), card["token"])
                self.assert_drawn(png, card["qr"], turn)


if __name__ == "__main__":
    unittest.main()
