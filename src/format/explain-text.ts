/** The explanation of a packet on one screen: the finding, the connection so far, the way through the rules, the entry. */
import { printable } from '../diagnostic/printable.ts'
import { reasonEntry, reasonSentence } from '../explain/catalogue.ts'
import { count, duration, grouped } from '../explain/number-words.ts'
import { endWord, flowWord, packetWord } from '../explain/packet-words.ts'
import type { PacketRecord, RecordEntry } from '../replay/record.ts'
import { packetsOf, type StoryEnd, type StoryLine, type StoryPacket, type StoryRun } from '../replay/story.ts'
import type { ExplainedPacket, TriedChange } from './explain-json.ts'
import { hang } from './hang.ts'
import { timeOfDay, verdictText } from './packet-line.ts'
import { shortTrace } from './short-trace.ts'

export interface ExplainTextOptions {
  /** Columns. */
  readonly width: number
  /** Seconds east of UTC at a time. */
  readonly offsetAt: (seconds: number) => number
  readonly style: (style: 'heading' | 'dim' | 'bad', text: string) => string
}

/** Lines of the story that are shown: so many of its beginning, and of its end. */
const FIRST = 7
const LAST = 12

/** Ends with a line feed. */
export function formatExplained(explained: ExplainedPacket, options: ExplainTextOptions): string {
  const blocks = [
    headBlock(explained, options),
    changeBlock(explained, options),
    storyBlock(explained, options),
    wayBlock(explained, options),
    reasonBlock(explained, options),
    entryBlock(explained, options),
  ]
  return `${blocks.filter((block) => block !== '').join('\n\n')}\n`
}

function headBlock(
  { packet: record, finding }: ExplainedPacket,
  { width, style, offsetAt }: ExplainTextOptions,
): string {
  const title = `Packet ${record.packet}: ${packetTitle(record, offsetAt)}`
  return [style('heading', printable(title)), ...hang(printable(finding.join(' ')), '  ', '  ', width)].join(
    '\n',
  )
}

/** `FIN+ACK, tcp 10.0.0.2:40001 > 192.0.2.9:25, 22:13:32.217: INVALID, DROP INPUT 4`. */
function packetTitle(record: PacketRecord, offsetAt: (seconds: number) => number): string {
  const what =
    record.source === undefined ? 'not readable as IP' : `${packetWord(record)}, ${flowWord(record)}`
  const verdict = verdictText(record)
  const said = [record.ctstate, verdict === '-' ? null : verdict]
    .filter((text) => text !== null && text !== '')
    .join(', ')
  return `${what}, ${timeOfDay(record.time, offsetAt)}${said === '' ? '' : `: ${said}`}`
}

function changeBlock({ changes }: ExplainedPacket, { width, style }: ExplainTextOptions): string {
  if (changes.length === 0) return ''
  const lines = changes.flatMap((change) => hang(printable(changeText(change)), '  - ', '    ', width))
  return [style('heading', 'What would change it'), ...lines].join('\n')
}

/** Commands and settings first, so that they can be copied. */
function changeText(change: TriedChange): string {
  const { sentence, command } = change
  if (change.sysctl !== undefined) {
    const { name, value } = change.sysctl
    return `${name}=${value}: ${sentence.startsWith(name) ? sentence.replace(/^[^:]*: /, '') : sentence}${triedText(change)}`
  }
  return command === undefined ? sentence : `${command}: ${sentence}`
}

function triedText({ tried }: TriedChange): string {
  if (tried === undefined) return ''
  if (!tried.differs) return ' (tried: no difference to this packet)'
  const verdict = verdictText({ ...tried, reasons: [] })
  return ` (tried: ${[tried.ctstate ?? 'not judged', verdict === '-' ? '' : verdict].filter((text) => text !== '').join(', ')})`
}

function storyBlock(explained: ExplainedPacket, { width, style }: ExplainTextOptions): string {
  const { story, flow, packet } = explained
  const { family, protocol } = packet
  if (story.length === 0 || flow === null) return ''
  const shown = shortened(story, packet.packet)
  const numbers = shown.map(numberText)
  const widest = Math.max(...numbers.map((text) => text.length), 1)
  const times = shown.map((line) => ('after' in line ? `+${seconds(line.after)}` : ''))
  const widestTime = Math.max(...times.map((text) => text.length))
  const cells = shown.map((line) => (line.kind === 'packet' ? packetCells(line) : []))
  const widths = [0, 1, 2, 3].map((column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)))
  const lines = shown.flatMap((line, index) => {
    const isFocus = line.kind === 'packet' && line.packet === packet.packet
    const start = `${isFocus ? '>' : ' '} ${numbers[index]!.padStart(widest)}  ${times[index]!.padEnd(widestTime)}  `
    const indent = ' '.repeat(start.length)
    if (line.kind !== 'packet') {
      const text = lineText(line)
      return hang(printable(text), start, indent, width).map((one) =>
        line.kind === 'run' ? style('dim', one) : one,
      )
    }
    const row = cells[index]!.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')
    const isBad = line.ctstate === 'INVALID' || line.verdict === 'DROP' || line.verdict === 'REJECT'
    const text = `${start}${row}`.trimEnd()
    const reasons = isFocus
      ? []
      : line.reasons.flatMap((reason) =>
          hang(
            reasonSentence(reason, {
              family,
              ...(protocol !== undefined && { protocol }),
              ...(line.tcpFlags !== undefined && { tcpFlags: line.tcpFlags }),
            }),
            `${indent}`,
            indent,
            width,
          ),
        )
    return [isBad ? style('bad', text) : text, ...reasons.map((one) => style('dim', one))]
  })
  const { client, server } = flow
  const who =
    client === null || server === null ? '' : `: client ${endText(client)}, server ${endText(server)}`
  const note = story.some((line) => line.kind === 'packet' && line.sequence !== undefined)
    ? '; seconds since its first packet, numbers relative'
    : ''
  return [
    ...hang(printable(`The connection so far${who}${note}`), '', '  ', width).map((one) =>
      style('heading', one),
    ),
    ...lines,
    ...aftermathLines(explained),
  ].join('\n')
}

/** `  after it, up to packet 40: 7 packets, 7 of them INVALID, 7 dropped or rejected`. */
function aftermathLines({ aftermath }: ExplainedPacket): string[] {
  if (aftermath === null) return []
  const { packets, invalid, blocked, lastPacket } = aftermath
  const parts = [
    count(packets, 'packet'),
    ...(invalid === 0 ? [] : [`${grouped(invalid)} INVALID`]),
    ...(blocked === 0 ? [] : [`${grouped(blocked)} dropped or rejected`]),
  ]
  return [`  after it, up to packet ${lastPacket}: ${parts.join(', ')}`]
}

function endText({ address, port }: { readonly address: string; readonly port?: number }): string {
  return endWord(address, port)
}

/** The first and the last lines. */
function shortened(story: readonly StoryLine[], focus: number): readonly StoryLine[] {
  const end = story.findIndex((line) => line.kind === 'packet' && line.packet === focus)
  const told = end < 0 ? story : story.slice(0, end + 1)
  if (told.length <= FIRST + LAST + 1) return told
  const left = told.slice(FIRST, -LAST)
  const lines = left.reduce((sum, line) => sum + (line.kind === 'gap' ? line.lines : 1), 0)
  const packets = left.reduce((sum, line) => sum + packetsOf(line), 0)
  return [...told.slice(0, FIRST), { kind: 'gap', lines, packets }, ...told.slice(-LAST)]
}

function numberText(line: StoryLine): string {
  if (line.kind === 'packet' || line.kind === 'run')
    return line.packet === line.lastPacket ? `${line.packet}` : `${line.packet}..${line.lastPacket}`
  return ''
}

/** Three digits behind the point while they say something. */
function seconds(value: number): string {
  return value.toFixed(value < 100 ? 3 : 1)
}

function lineText(line: Exclude<StoryLine, StoryPacket>): string {
  switch (line.kind) {
    case 'run':
      return runText(line)
    case 'end':
      return endOfEntry(line)
    case 'gap':
      return `… ${count(line.packets, 'packet')} left out here (--json has more)`
  }
}

function runText({ client, server }: StoryRun): string {
  const texts = (
    [
      ['client', client],
      ['server', server],
    ] as const
  ).flatMap(([name, { packets, bytes, repeated }]) => {
    if (packets === 0) return []
    const again = repeated === 0 ? '' : `, ${repeated} of them repeated`
    return [`${name} ${count(packets, 'packet')}${again}, ${count(bytes, 'byte')}`]
  })
  return `in order: ${texts.join('; ')}`
}

function endOfEntry({ by, state, timeout, since, packet }: StoryEnd): string {
  const last = state === null ? '' : `, last in ${state}`
  if (by === 'timeout') {
    const after = timeout === null || since === null ? '' : `, ${duration(timeout)} after packet ${since}`
    return `the entry expired${last}${after}`
  }
  if (by === 'room')
    return `the entry${last} had to make room for another connection (packet ${packet}): the table was full`
  return `packet ${packet} deleted the entry${last}`
}

/** From, flags and numbers, ctstate and verdict, the entry behind it. */
function packetCells(line: StoryPacket): string[] {
  const from = line.from === 'client' ? 'client' : line.from === 'server' ? 'server' : '-'
  const entry =
    line.timeout === null
      ? ''
      : [line.state, line.timeout, ...(line.flags ?? []).map((flag) => `[${flag}]`)]
          .filter((word) => word !== null)
          .join(' ')
  const verdict = verdictText(line)
  const more = line.more === 0 ? '' : ` (${line.more + 1} alike)`
  return [
    from,
    `${segmentText(line)}${more}`,
    [line.ctstate ?? '', verdict === '-' ? '' : verdict].filter((text) => text !== '').join(', '),
    entry,
  ]
}

/** `PA 1 ack 1, 100 bytes`. */
function segmentText({
  tcpFlags,
  sequence,
  acknowledgment,
  bytes,
  type,
  code,
  repeated,
}: StoryPacket): string {
  const payload = bytes === 0 ? '' : `, ${count(bytes, 'byte')}`
  const again = repeated === true ? ', repeated' : ''
  if (tcpFlags !== undefined) {
    const numbers =
      sequence === undefined
        ? ''
        : ` ${sequence}${acknowledgment === undefined ? '' : ` ack ${acknowledgment}`}`
    return `${tcpFlags === '' ? 'none' : tcpFlags}${numbers}${payload}${again}`
  }
  if (type !== undefined) return `type ${type} code ${code}`
  return payload === '' ? 'no payload' : payload.slice(2)
}

function wayBlock({ packet }: ExplainedPacket, { width, style }: ExplainTextOptions): string {
  const { trace, log, answers } = packet
  if (trace === undefined || trace.length === 0) return ''
  const lines = shortTrace(trace, packet.decidedBy, width)
  const logged = (log ?? []).flatMap((text) =>
    hang(`logged: ${printable(text.trimEnd())}`, '  ', '    ', width),
  )
  const answered = (answers ?? []).flatMap((answer) => {
    const what = answer.tcpFlags === undefined ? `ICMP ${answer.type}/${answer.code}` : answer.tcpFlags
    return hang(
      printable(`answered: ${flowWord(answer)} ${what}, ${answer.ctstate ?? '-'}, ${answer.verdict ?? '-'}`),
      '  ',
      '    ',
      width,
    )
  })
  return [style('heading', 'Its way through the rules'), ...lines, ...logged, ...answered].join('\n')
}

/** Situations that say themselves what is behind the reason. */
const selfEvident: ReadonlySet<string> = new Set([
  'table-full',
  'nat-skipped',
  'after-close',
  'after-expiry',
  'late-answer',
  'mid-stream',
  'port-reused',
  'challenge-ack',
  'repeated',
  'one-sided',
  'handshake-order',
  'related',
  'not-sent',
])

function reasonBlock({ packet, situation }: ExplainedPacket, { width, style }: ExplainTextOptions): string {
  const blocks = packet.reasons.map((reason) => {
    const { meaning, causes, remedy } = reasonEntry(reason.code)
    const more = selfEvident.has(situation)
      ? []
      : [`Usual causes: ${causes.slice(0, 3).join(' ')}`, `What to do: ${remedy}`]
    return [
      style('heading', `Reason ${reason.code}`),
      ...[`${reasonSentence(reason, packet)}. ${meaning}`, ...more].flatMap((text) =>
        hang(text, '  ', '  ', width),
      ),
    ].join('\n')
  })
  return blocks.slice(0, 2).join('\n\n')
}

function entryBlock(
  { before, after, former }: ExplainedPacket,
  { width, style }: ExplainTextOptions,
): string {
  const gone = former === null ? '' : ` (the last one ended in ${former.state ?? 'its timeout'})`
  const rows = [
    ['before it', before === null ? `none${gone}` : entryText(before)],
    ['after it', after === null ? 'none' : entryText(after)],
  ] as const
  const lines = rows.flatMap(([label, text]) =>
    hang(printable(text), `  ${label.padEnd(9)}  `, ' '.repeat(13), width),
  )
  return [style('heading', 'Entry of the state table'), ...lines].join('\n')
}

/** `tcp ESTABLISHED 431990 10.0.0.2:40000 > 192.0.2.9:80, reply … [ASSURED] mark=1`. */
function entryText({ protocol, state, timeout, original, reply, flags, mark }: RecordEntry): string {
  const words = [protocol, ...(state === null ? [] : [state]), `${timeout} s`, flowWord(original)]
  const isMirrored =
    reply.source === original.destination &&
    reply.destination === original.source &&
    (reply.sourcePort ?? 0) === (original.destinationPort ?? 0) &&
    (reply.destinationPort ?? 0) === (original.sourcePort ?? 0)
  if (!isMirrored) words.push(`(answers: ${flowWord(reply)})`)
  for (const flag of flags) words.push(`[${flag}]`)
  if (mark !== 0) words.push(`mark=${mark}`)
  return words.join(' ')
}
