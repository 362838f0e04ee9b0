#!/usr/bin/env python3
"""Cuts NotoSansSC-Regular.otf out of Debian's fonts-noto-cjk.

    apt-get download fonts-noto-cjk unicode-data && for d in *.deb; do dpkg-deb -x "$d" debs; done
    python3 -m venv v && v/bin/pip install fonttools==4.68.0
    v/bin/python subset.py debs NotoSansSC-Regular.otf

Kept: the 8 105 characters of the Table of General Standard Chinese Characters (2013; Unihan kTGH), all of
GB 2312 and Big5 level 1 (names and firms from Hong Kong and Taiwan), rare characters of names, Latin,
punctuation and symbols.
"""

import bz2
import sys
from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTCollection

RARE_IN_NAMES = "喆堃旻瑄珺祎翀淼犇骉羴鑫焱垚昇峯堉珅婍媃嬅嫚姵禤邨瀞玥璟翊晞煊烜珩旸芃祺禔懿奭曌暐昺晟毓赟奡贇甯啟羣慜頔頫㛃㭎㳘㵑㸌䶮𠅤𬎆𬤇"
BLOCKS = [
    (0x20, 0x7E), (0xA0, 0x17F), (0x2010, 0x2027), (0x2030, 0x205E), (0x20A0, 0x20BF), (0x2100, 0x214F),
    (0x2150, 0x218B), (0x2190, 0x21FF), (0x2200, 0x22FF), (0x2460, 0x24FF), (0x25A0, 0x26FF), (0x2700, 0x27BF),
    (0x3000, 0x303F), (0x3040, 0x30FF), (0x3105, 0x312F), (0xFE30, 0xFE4F), (0xFF00, 0xFFEF),
]


def wanted(root: Path) -> set[int]:
    chars = {ord(c) for c in RARE_IN_NAMES}
    for first, last in BLOCKS:
        chars.update(range(first, last + 1))
    for line in bz2.open(root / "usr/share/unicode/Unihan_OtherMappings.txt.bz2", "rt", encoding="utf-8"):
        if "\tkTGH\t" in line:
            chars.add(int(line.split("\t")[0][2:], 16))
    for codec, highs in (("gb2312", range(0xA1, 0xF8)), ("big5", range(0xA4, 0xC7))):
        for high in highs:
            for low in range(0x40, 0xFF):
                try:
                    chars.update(ord(c) for c in bytes([high, low]).decode(codec))
                except UnicodeDecodeError:
                    pass
    return chars


def main() -> None:
    root, out = Path(sys.argv[1]), sys.argv[2]
    faces = TTCollection(root / "usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc").fonts
    font = next(f for f in faces if f["name"].getDebugName(4) == "Noto Sans CJK SC")
    options = subset.Options(
        layout_features=["kern"],
        name_IDs=[0, 1, 2, 3, 4, 5, 6, 7, 13, 14], name_languages=[0x409],
        hinting=False, notdef_outline=True, drop_tables=["VORG", "vhea", "vmtx", "DSIG", "BASE"],
    )
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=wanted(root))
    subsetter.subset(font)
    # The family the poster asks for; the full TTC's name would promise more characters than are here.
    for record in font["name"].names:
        if record.nameID in (1, 4):
            record.string = "Noto Sans SC"
        elif record.nameID == 6:
            record.string = "NotoSansSC-Regular"
    font.recalcTimestamp = False  # the same bytes each time
    font["head"].modified = font["head"].created
    font.save(out)
    print(len(font.getBestCmap()), "characters,", Path(out).stat().st_size, "bytes,", font["name"].getDebugName(5))
    print(font["name"].getDebugName(0))


main()
