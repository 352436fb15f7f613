// Written by scripts/unicode/tables.py from tokenizers 0.23.3; not to be edited.
// swift-format-ignore-file

extension UnicodeData {
  /// The scripts' names.
  static let scriptNames = """
    common inherited adlam ahom anatolianhieroglyphs arabic armenian avestan balinese bamum
    bassavah batak bengali bhaiksuki bopomofo brahmi braille buginese buhid canadianaboriginal
    carian caucasianalbanian chakma cham cherokee chorasmian coptic cuneiform cypriot cyprominoan
    cyrillic deseret devanagari divesakuru dogra duployan egyptianhieroglyphs elbasan elymaic
    ethiopic garay georgian glagolitic gothic grantha greek gujarati gunjalagondi gurmukhi
    gurungkhema han hangul hanifirohingya hanunoo hatran hebrew hiragana imperialaramaic
    inscriptionalpahlavi inscriptionalparthian javanese kaithi kannada katakana kawi kayahli
    kharoshthi khitansmallscript khmer khojki khudawadi kiratrai lao latin lepcha limbu lineara
    linearb lisu lycian lydian mahajani makasar malayalam mandaic manichaean marchen masaramgondi
    medefaidrin meeteimayek mendekikakui meroiticcursive meroitichieroglyphs miao modi mongolian
    mro multani myanmar nabataean nagmundari nandinagari newtailue newa nko nushu
    nyiakengpuachuehmong ogham olchiki olonal oldhungarian olditalic oldnortharabian oldpermic
    oldpersian oldsogdian oldsoutharabian oldturkic olduyghur oriya osage osmanya pahawhhmong
    palmyrene paucinhau phagspa phoenician psalterpahlavi rejang runic samaritan saurashtra
    sharada shavian siddham signwriting sinhala sogdian sorasompeng soyombo sundanese sunuwar
    sylotinagri syriac tagalog tagbanwa taile taitham taiviet takri tamil tangsa tangut telugu
    thaana thai tibetan tifinagh tirhuta todhri toto tulutigalari ugaritic vai vithkuqi wancho
    warangciti yezidi yi zanabazarsquare
    """
}
