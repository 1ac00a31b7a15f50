/** The words of the filter language: what a message proposes, what completion offers. */
import { REASONS } from '../conntrack/reason.ts'
import { sctpStateNames } from '../conntrack/sctp/table.ts'
import { TCP_STATE_NAMES } from '../conntrack/tcp/state.ts'
import { PROTOCOL_WORDS } from './expression.ts'

export const CTSTATES: readonly string[] = ['NEW', 'ESTABLISHED', 'RELATED', 'INVALID', 'UNTRACKED']

export const VERDICTS: readonly string[] = ['ACCEPT', 'DROP', 'REJECT', 'QUEUE']

/** TCP and SCTP states, as Linux prints them. */
export const STATES: readonly string[] = [...new Set([...TCP_STATE_NAMES, ...sctpStateNames])]

export const REASON_CODES: readonly string[] = REASONS.map((reason) => reason.code)

export const WORD_TERMS: Readonly<Record<'ctstate' | 'state' | 'reason' | 'verdict', readonly string[]>> = {
  ctstate: CTSTATES,
  state: STATES,
  reason: REASON_CODES,
  verdict: VERDICTS,
}

const TERMS: readonly string[] = [
  'host',
  'net',
  'port',
  'portrange',
  'src',
  'dst',
  ...Object.keys(PROTOCOL_WORDS),
  'ip',
  'ip6',
  'proto',
  'less',
  'greater',
  'frame',
  'in',
  'out',
  ...Object.keys(WORD_TERMS),
]

/** Every word that the language itself knows. */
export const KEYWORDS: ReadonlySet<string> = new Set([...TERMS, 'and', 'or', 'not', 'mask'])

/** Words that a selection can begin with. */
export const FIRST_WORDS: ReadonlySet<string> = new Set([...TERMS, 'not', '!', '('])

/** What people write for a port in tcpdump; names are not looked up, but the message can say the number. */
export const KNOWN_PORTS: Readonly<Record<string, number>> = {
  bgp: 179,
  dns: 53,
  domain: 53,
  ftp: 21,
  'ftp-data': 20,
  http: 80,
  https: 443,
  imap: 143,
  imaps: 993,
  ldap: 389,
  ldaps: 636,
  mysql: 3306,
  ntp: 123,
  pop3: 110,
  postgresql: 5432,
  rdp: 3389,
  sip: 5060,
  smtp: 25,
  snmp: 161,
  ssh: 22,
  syslog: 514,
  telnet: 23,
  tftp: 69,
}
