/** docs/reference/reasons.md, rendered from the catalogue. */
import { REASONS, type ReasonCode, type ReasonData, type ReasonKind } from '../conntrack/reason.ts'
import { reasonEntry, reasonSentence } from './catalogue.ts'
import { SITUATIONS, situations } from './situation.ts'

interface Section {
  readonly title: string
  /** First words of the codes that belong here; the first section that fits takes a code. */
  readonly prefixes: readonly string[]
}

const sections: readonly Section[] = [
  { title: 'TCP', prefixes: ['tcp'] },
  { title: 'UDP and UDP-Lite', prefixes: ['udp', 'udplite'] },
  { title: 'ICMP and ICMPv6', prefixes: ['icmp', 'icmp6'] },
  { title: 'Linux 2.4 (--linux 2.4)', prefixes: ['tcp24', 'icmp24'] },
  { title: 'SCTP', prefixes: ['sctp'] },
  { title: 'GRE', prefixes: ['gre'] },
  { title: 'IP and fragments', prefixes: ['ip', 'l3', 'fragment', 'reassembled'] },
  { title: 'The capture', prefixes: ['not', 'link', 'cut', 'second', 'readdressed', 'stand'] },
  { title: 'Any protocol: the table, expectations, helpers', prefixes: [] },
]

const kinds: Readonly<Record<ReasonKind, string>> = {
  invalid: 'the packet is INVALID',
  passed: 'accepted, although something about it is odd',
  note: 'nothing is wrong, but it is worth a line',
  plain: 'ordinary: counted, and shown with its packet where all packets are shown',
  dropped: 'dropped by the tracker itself, or by the stack ahead of it',
  unknown: 'cannot be judged: the capture does not hold what the kernel looked at',
}

function sectionOf(code: ReasonCode): Section {
  const word = code.split('-')[0]!
  return sections.find((section) => section.prefixes.includes(word)) ?? sections[sections.length - 1]!
}

/** The reason of a code's example, as data. */
export function exampleReason(code: ReasonCode): ReasonData {
  return { ...reasonEntry(code).example.values, code }
}

/** An example sentence of a code. */
export function exampleSentence(code: ReasonCode): string {
  return reasonSentence(exampleReason(code), reasonEntry(code).example.context)
}

/** Sysctls as code; nothing that would be an HTML tag. */
function marked(text: string): string {
  return text
    .replace(/</g, '&lt;')
    .replace(/\b(?:net\.(?:\w+\.)?|nf_conntrack_)\w+(?:=\d+)?/g, (name) => `\`${name}\``)
}

function renderReason(shape: (typeof REASONS)[number]): string {
  const { meaning, causes, remedy } = reasonEntry(shape.code)
  const fields: readonly string[] = shape.fields
  const values = fields.length === 0 ? 'none' : fields.map((field) => `\`${field}\``).join(', ')
  return [
    `### ${shape.code}`,
    `*${shape.kind}* · values: ${values}`,
    `    ${exampleSentence(shape.code)}`,
    marked(meaning),
    `Usual causes:`,
    causes.map((cause) => `- ${marked(cause)}`).join('\n'),
    `What to do: ${marked(remedy)}`,
  ].join('\n\n')
}

/** The whole page, as Markdown. */
export function renderReasonsPage(): string {
  const parts = [
    '<!-- Made from src/explain by `npx vitest run src/explain -u`. Do not edit. -->',
    '# Reasons',
    [
      'Each packet that is INVALID, was not judged, or is out of the ordinary carries one reason or more. A reason is a',
      'code and the values that were compared; `--json` prints both under `reasons`, and `reason` in an expression selects',
      'by code. Codes and names of values are stable; the sentences are for people and may change.',
    ].join('\n'),
    [
      'INVALID is what rules match (`--ctstate INVALID`): the packet has no entry, and nothing drops it unless a rule',
      'does. Do not confuse the ctstate of a packet (NEW, ESTABLISHED, RELATED, INVALID) with the TCP state of an entry',
      '(SYN_SENT, ESTABLISHED, FIN_WAIT, …). "Window", "sent" and "seen" mean what the tracker saw pass, which may be',
      'less than what the hosts sent. Where a sysctl is named, `--sysctl NAME=VALUE` shows what would come of it.',
    ].join('\n'),
    [
      '| kind | |',
      '|---|---|',
      ...Object.entries(kinds).map(([kind, text]) => `| *${kind}* | ${text} |`),
    ].join('\n'),
  ]
  for (const section of sections) {
    parts.push(`## ${section.title}`)
    for (const shape of REASONS) if (sectionOf(shape.code) === section) parts.push(renderReason(shape))
  }
  parts.push('## Situations')
  parts.push(
    [
      'What lies behind a reason is often told by what came before: a FIN after a close, an answer behind its timeout, one direction that',
      'never shows. `sallyport explain` concludes it from the story of the connection and prints its code as `situation` with `--json`;',
      'the findings of `sallyport replay` are searched for by the same codes.',
    ].join('\n'),
  )
  for (const code of SITUATIONS) {
    const { meaning, remedy } = situations[code]
    parts.push(`### ${code} (situation)`, marked(meaning), `What to do: ${marked(remedy)}`)
  }
  return `${parts.join('\n\n')}\n`
}
