/** What TCP flags stand for. */

export const TCP_FLAG_WORDS: Readonly<Record<string, string>> = {
  SYN: 'opens',
  ACK: 'acknowledges',
  FIN: 'closes its direction',
  RST: 'ends the connection at once',
  PSH: 'has data for the program',
  URG: 'has urgent data',
  ECE: 'saw congestion, or asks for ECN in a SYN',
  CWR: 'has slowed down after congestion',
}

const combinations: readonly (readonly [flags: string, words: string])[] = [
  ['SYN', 'asks for a new connection'],
  ['ACK SYN', 'answers a SYN: the second packet of a handshake. As a first packet it can open nothing'],
  [
    'ACK FIN',
    'closes one direction. Behind the end of a connection it is a stray: the entry is gone, so it is INVALID; harmless, if it was logged alone',
  ],
  ['RST', 'refuses a connection, or ends it; a host sends it to a packet of no connection that it knows'],
  ['ACK RST', 'refuses a connection, or ends it; a host answers a SYN to a closed port with it'],
  ['ACK', 'goes on with an open connection; alone, and with tcp_loose, it makes an entry in mid-stream'],
  ['ACK PSH', 'carries data of an open connection'],
  ['', 'none: no host sends such a segment, scanners do'],
  ['FIN PSH URG', 'no host sends this, scanners do (Xmas scan)'],
  ['FIN', 'without ACK: no host sends it, scanners do'],
  ['FIN SYN', 'opens and closes at once: no host sends it, scanners do'],
]

/** Flags as LOG names them, in any order. */
export function flagWords(flags: readonly string[]): string {
  const telling = flags.filter((flag) => flag !== 'ECE' && flag !== 'CWR').sort()
  const known = combinations.find(([names]) => names === telling.join(' '))
  if (known !== undefined) return known[1]
  return flags.map((flag) => `${flag}: ${TCP_FLAG_WORDS[flag]}`).join('; ')
}
