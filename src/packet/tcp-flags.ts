/** TCP flags as letters. */
import { TCP_ACK, TCP_CWR, TCP_ECE, TCP_FIN, TCP_PSH, TCP_RST, TCP_SYN, TCP_URG } from './packet.ts'

/** Letters in the order in which they are printed: the handshake's first. */
const letters: readonly (readonly [letter: string, bit: number])[] = [
  ['S', TCP_SYN],
  ['F', TCP_FIN],
  ['R', TCP_RST],
  ['P', TCP_PSH],
  ['A', TCP_ACK],
  ['U', TCP_URG],
  ['E', TCP_ECE],
  ['W', TCP_CWR],
]

const bits = new Map<string, number>([...letters, ['C', TCP_CWR], ['.', TCP_ACK]])

/** The byte of `SA`, `F.`, `PA`, … (tcpdump's dot and C for CWR are understood). Throws RangeError otherwise. */
export function parseTcpFlags(text: string): number {
  let flags = 0
  for (const letter of text) {
    const bit = bits.get(letter.toUpperCase())
    if (bit === undefined) throw new RangeError(`no TCP flag ${letter} in ${text}`)
    flags |= bit
  }
  return flags
}

/** Letters of the flags that are set in the order S F R P A U E W, e.g. `SA`; the empty string for none. */
export function formatTcpFlags(flags: number): string {
  let text = ''
  for (const [letter, bit] of letters) if ((flags & bit) !== 0) text += letter
  return text
}
