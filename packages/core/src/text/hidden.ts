/**
 * Characters that change what others read without being seen: Unicode's default ignorable ones (zero-width letters, fillers, marks and
 * overrides of the direction of text, variation selectors, tags), annotations, and code points that are no characters.
 * https://www.unicode.org/reports/tr36/#Bidirectional_Text_Spoofing, CVE-2021-42574
 */
const hidden = /[\p{Default_Ignorable_Code_Point}\p{Noncharacter_Code_Point}\ufff9-\ufffb]/u

/** Where writing needs them. */
const needed = [
  // Emoji: variation selectors, joined people and the flags of England, Scotland and Wales (UTS 51).
  String.raw`\u{1f3f4}[\u{e0061}-\u{e007a}]{1,6}\u{e007f}`,
  String.raw`[\p{Emoji}\p{Extended_Pictographic}][\ufe0e\ufe0f]`,
  String.raw`(?<=[\p{Extended_Pictographic}\p{Emoji_Modifier}\ufe0f])\u200d(?=\p{Extended_Pictographic})`,
  // Indic scripts behind a virama, and scripts with joined letters (RFC 5892, appendix A).
  String.raw`(?<=${viramas()})[\u200c\u200d]`,
  String.raw`(?<=[\p{Script=Arabic}\p{Script=Syriac}\p{Script=Mongolian}\p{Script=Nko}])\u200c(?=[\p{Script=Arabic}\p{Script=Syriac}\p{Script=Mongolian}\p{Script=Nko}])`,
  // Variants of ideographs, of Mongolian letters and of Myanmar letters.
  String.raw`\p{Script=Han}[\ufe00-\ufe02\u{e0100}-\u{e01ef}]`,
  String.raw`(?<=\p{Script=Mongolian})[\u180b-\u180d\u180f]`,
  String.raw`\p{Script=Myanmar}\ufe00`,
]
const neededHidden = new RegExp(needed.join('|'), 'gu')

function viramas(): string {
  const signs =
    '\u094d\u09cd\u0a4d\u0acd\u0b4d\u0bcd\u0c4d\u0ccd\u0d4d\u0dca\u0e3a\u0f84\u1039\u103a\u1714\u1734\u17d2\u1b44\u1baa\u1bab\ua806\ua8c4\ua953\ua9c0\uabed'
  return `[${signs}]`
}

/** Whether a text holds nothing that is hidden, except where writing needs it. */
export function showsOnlyWhatIsThere(text: string): boolean {
  return !hidden.test(text) || !hidden.test(text.replaceAll(neededHidden, ''))
}

/** A text without what is hidden, except where writing needs it. */
export function withoutHidden(text: string): string {
  if (!hidden.test(text)) return text
  const kept = text.matchAll(neededHidden)
  const everywhere = new RegExp(hidden.source, 'gu')
  let result = ''
  let end = 0
  for (const match of kept) {
    result += text.slice(end, match.index).replaceAll(everywhere, '') + match[0]
    end = match.index + match[0].length
  }
  return result + text.slice(end).replaceAll(everywhere, '')
}
