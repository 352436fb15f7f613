"""Writes Sources/Text/Unicode/*Data.swift: what the `tokenizers` library believes about each scalar.

Its parts follow different versions of Unicode (its regular expressions a new one, its normalizers an old one), and
ids must agree with it, so the tables are measured on the library itself; nothing here comes from elsewhere but
the combining classes, which are measured against Python's.
"""
import pathlib
import unicodedata

import tokenizers
from tokenizers import Regex, normalizers, pre_tokenizers

TARGET = pathlib.Path(__file__).resolve().parents[2] / "Sources" / "Text" / "Unicode"
SCALARS = [c for c in range(0x110000) if not 0xD800 <= c < 0xE000]
BLOCK = 4096
CATEGORIES = "Lu Ll Lt Lm Lo Mn Mc Me Nd Nl No Pc Pd Ps Pe Pi Pf Po Sm Sc Sk So Zs Zl Zp Cc Cf Co Cs Cn".split()

SCRIPTS = """Common Inherited Adlam Ahom Anatolian_Hieroglyphs Arabic Armenian Avestan Balinese Bamum Bassa_Vah Batak
    Bengali Bhaiksuki Bopomofo Brahmi Braille Buginese Buhid Canadian_Aboriginal Carian Caucasian_Albanian Chakma Cham
    Cherokee Chorasmian Coptic Cuneiform Cypriot Cypro_Minoan Cyrillic Deseret Devanagari Dives_Akuru Dogra Duployan
    Egyptian_Hieroglyphs Elbasan Elymaic Ethiopic Garay Georgian Glagolitic Gothic Grantha Greek Gujarati Gunjala_Gondi
    Gurmukhi Gurung_Khema Han Hangul Hanifi_Rohingya Hanunoo Hatran Hebrew Hiragana Imperial_Aramaic
    Inscriptional_Pahlavi Inscriptional_Parthian Javanese Kaithi Kannada Katakana Kawi Kayah_Li Kharoshthi
    Khitan_Small_Script Khmer Khojki Khudawadi Kirat_Rai Lao Latin Lepcha Limbu Linear_A Linear_B Lisu Lycian Lydian
    Mahajani Makasar Malayalam Mandaic Manichaean Marchen Masaram_Gondi Medefaidrin Meetei_Mayek Mende_Kikakui
    Meroitic_Cursive Meroitic_Hieroglyphs Miao Modi Mongolian Mro Multani Myanmar Nabataean Nag_Mundari Nandinagari
    New_Tai_Lue Newa Nko Nushu Nyiakeng_Puachue_Hmong Ogham Ol_Chiki Ol_Onal Old_Hungarian Old_Italic
    Old_North_Arabian Old_Permic Old_Persian Old_Sogdian Old_South_Arabian Old_Turkic Old_Uyghur Oriya Osage Osmanya
    Pahawh_Hmong Palmyrene Pau_Cin_Hau Phags_Pa Phoenician Psalter_Pahlavi Rejang Runic Samaritan Saurashtra Sharada
    Shavian Siddham SignWriting Sinhala Sogdian Sora_Sompeng Soyombo Sundanese Sunuwar Syloti_Nagri Syriac Tagalog
    Tagbanwa Tai_Le Tai_Tham Tai_Viet Takri Tamil Tangsa Tangut Telugu Thaana Thai Tibetan Tifinagh Tirhuta Todhri
    Toto Tulu_Tigalari Ugaritic Vai Vithkuqi Wancho Warang_Citi Yezidi Yi Zanabazar_Square"""


def blocks():
    for i in range(0, len(SCALARS), BLOCK):
        yield SCALARS[i:i + BLOCK]


def matched(pattern: str) -> set[int]:
    """The scalars that the library's regular expression `pattern` matches."""
    split, result = pre_tokenizers.Split(Regex(pattern), "removed"), set()
    for block in blocks():
        kept = {ord(x) for part, _ in split.pre_tokenize_str("".join(map(chr, block))) for x in part}
        result |= set(block) - kept
    return result


def cells(splitter, wanted, letter: str = "a") -> set[int]:
    """The scalars c for which the parts of "aca" satisfy `wanted`."""
    result = set()
    for block in blocks():
        parts = {}
        for _, (start, end) in splitter.pre_tokenize_str("".join(f"{letter}{chr(c)}{letter}\n" for c in block)):
            parts.setdefault(start // 4, set()).add((start % 4, end - start // 4 * 4))
        result |= {c for i, c in enumerate(block) if wanted(parts.get(i, set()))}
    return result


def alone(parts) -> bool:
    return (1, 2) in parts


def vanishing(normalizer) -> set[int]:
    return {c for c in SCALARS if normalizer.normalize_str(f"a{chr(c)}a") == "aa"}


def swift(name: str, comment: str, words: list[str], separator: str = " ") -> None:
    lines, line = [], ""
    for word in words:
        if len(line) + len(word) + 5 > 98:
            lines.append(line)
            line = ""
        line += (separator if line else "") + word
    lines.append(line)
    body = "\n".join(f"    {x}" for x in lines)
    text = f"""// Written by scripts/unicode/tables.py from tokenizers {tokenizers.__version__}; not to be edited.
// swift-format-ignore-file

extension UnicodeData {{
  /// {comment}
  static let {name} = \"\"\"
{body}
    \"\"\"
}}
"""
    path = TARGET / f"UnicodeData+{name[0].upper()}{name[1:]}.swift"
    path.write_text(text)
    print(path.name, len(text))


def runs(values: list[int]) -> list[str]:
    """`count*value` in hexadecimal for each run; a run of one is `value` alone."""
    result, start = [], 0
    for i in range(1, len(values) + 1):
        if i == len(values) or values[i] != values[start]:
            result.append((f"{i - start:x}*" if i - start > 1 else "") + f"{values[start]:x}")
            start = i
    return result


def properties() -> None:
    category = {c: n for n, name in enumerate(CATEGORIES) if name != "Cs" for c in matched(rf"\p{{{name}}}")}
    bert = normalizers.BertNormalizer(True, False, False, False)
    accents = normalizers.BertNormalizer(False, False, True, False)
    spaces = normalizers.BertNormalizer(False, True, False, False)
    flags = [
        matched(r"\w"),
        cells(pre_tokenizers.Whitespace(), lambda p: (0, 3) in p),
        cells(pre_tokenizers.Digits(True), alone),
        cells(pre_tokenizers.Punctuation("isolated"), alone),
        vanishing(accents),
        vanishing(normalizers.StripAccents()),
        vanishing(bert),
        {c for c in SCALARS if spaces.normalize_str(chr(c)) != chr(c)},
        matched(r"[[:punct:]]"),
        matched(r"[[:alpha:]]"),
        cells(pre_tokenizers.UnicodeScripts(), lambda p: (0, 3) in p)
        & cells(pre_tokenizers.UnicodeScripts(), lambda p: (0, 3) in p, "\u044f"),
    ]
    values = [0] * 0x110000
    for c in range(0x110000):
        values[c] = category.get(c, CATEGORIES.index("Cs")) | sum(
            32 << i for i, flag in enumerate(flags) if c in flag)
    # The library and the standard agree on white space, so the code names the 25 scalars
    white = matched(r"\s")
    assert white == cells(pre_tokenizers.WhitespaceSplit(), lambda p: (0, 1) in p and (2, 3) in p)
    swift("properties", "Runs of equal properties: `count*value`, see `ScalarProperties`.", runs(values))


def scripts() -> None:
    """By name as patterns spell it, in lower case without underscores; 0 is for none."""
    values = [0] * 0x110000
    for index, name in enumerate(SCRIPTS.split()):
        for c in matched(rf"\p{{{name}}}"):
            values[c] = index + 1
    swift("scripts", "Runs of equal scripts: `count*place in the list of names plus one`.", runs(values))
    swift("scriptNames", "The scripts' names.", [x.lower().replace("_", "") for x in SCRIPTS.split()])


def mappings() -> None:
    lower = normalizers.Lowercase()
    words, last = [], 0
    for c in SCALARS:
        small = lower.normalize_str(chr(c))
        if small != chr(c) and c > 0x7F:
            words.append(f"{c - last:x}=" + ",".join(f"{ord(x):x}" for x in small))
            last = c
    swift("lowercase", "Lower case beyond ASCII: distance from the one before, and what it becomes.", words)


def decompositions() -> None:
    forms = {name: getattr(normalizers, name)() for name in ("NFC", "NFD", "NFKC", "NFKD")}
    canonical, compatible, pairs, marks = [], [], [], {}
    last = [0, 0]
    for c in SCALARS:
        if 0xAC00 <= c < 0xD7A4:
            continue
        x = chr(c)
        d, k = forms["NFD"].normalize_str(x), forms["NFKD"].normalize_str(x)
        for slot, (form, other, words) in enumerate(((d, x, canonical), (k, d, compatible))):
            if form != other:
                words.append(f"{c - last[slot]:x}=" + ",".join(f"{ord(y):x}" for y in form))
                last[slot] = c
        if d != x and forms["NFC"].normalize_str(d) == x:
            first = forms["NFC"].normalize_str(d[:-1])
            assert len(first) == 1, hex(c)
            pairs.append(f"{ord(first):x},{ord(d[-1]):x},{c:x}")
        if unicodedata.combining(x):
            # One that the library knows moves before a mark of a higher class, or stays behind a lower one
            moved = forms["NFD"].normalize_str(f"a\u0345{x}").startswith(f"a{d}")
            if moved or unicodedata.combining(x) == 240:
                marks[c] = unicodedata.combining(x)
    classes = [marks.get(c, 0) for c in range(max(marks) + 1)]
    swift("canonical", "Full canonical decompositions: distance from the one before, and the scalars.", canonical)
    swift("compatible", "Full compatibility decompositions where they differ from the canonical ones.", compatible)
    swift("compositions", "First, second, and what they compose to.", pairs)
    swift("combining", "Runs of equal canonical combining classes: `count*value`.", runs(classes))


if __name__ == "__main__":
    TARGET.mkdir(parents=True, exist_ok=True)
    properties()
    scripts()
    mappings()
    decompositions()
