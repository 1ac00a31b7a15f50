/** Files that are given for rules by mistake, by how their bytes look when they are taken for UTF-8. */

/** Begins of the text that tell; what is no UTF-8 has become U+FFFD. */
const START = 16
const PCAPNG = '\n\r\r\n'
const GZIP = '\u001f\ufffd\u0008'
const NO_UTF8 = '\ufffd'
/** So much is looked at where the beginning does not tell. */
const SAMPLE = 1024
const NO_TEXT = 'this is no text, so no rules'
/** Version 2.4, in either byte order. */
const pcapVersions = ['\u0002\0\u0004\0', '\0\u0002\0\u0004']

/** What the text is instead of rules, as a sentence; null where it may be rules. */
export function whatInstead(text: string): string | null {
  const start = text.slice(0, START)
  if (start.startsWith(GZIP)) return 'this is packed with gzip: rules are read as text, unpacked'
  if (!start.includes('\0')) return isText(text.slice(0, SAMPLE)) ? null : NO_TEXT
  // The magic number of pcap has three or four characters.
  const isPcap = pcapVersions.some((version) => [3, 4].includes(start.indexOf(version)))
  if (isPcap || start.startsWith(PCAPNG)) return 'this is a capture, not rules'
  // Each second byte of plain text in UTF-16.
  const isUtf16 = start.startsWith(NO_UTF8 + NO_UTF8) && start.split('\0').length > START / 4
  if (isUtf16) return 'this is text in UTF-16: rules are read in UTF-8'
  return NO_TEXT
}

/** Umlauts in another encoding are few; of random bytes every second one is none of a text. */
function isText(sample: string): boolean {
  let strange = 0
  for (const character of sample) if (character === NO_UTF8 || isControl(character)) strange++
  return strange <= sample.length / 8
}

function isControl(character: string): boolean {
  return character < ' ' && !'\t\n\v\f\r\u001b'.includes(character)
}
