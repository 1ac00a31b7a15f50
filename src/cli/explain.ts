import { readPositionals } from './captures.ts'
import { defineCommand, type Options, ValueError, type Values } from './command.ts'
import { wrongUse } from './failure.ts'
import { runOptions } from './run/options.ts'
import { terminalOf } from './terminal.ts'
import { parseZone } from './zone.ts'

const what = 'What is explained'

export const explainOptions = {
  packet: {
    kind: 'parsed',
    parse: parsePacket,
    short: 'n',
    valueName: 'N',
    group: what,
    sentence: 'the packet of this number, as replay counts; FILE:N: frame N of one of several captures',
  },
  flow: {
    kind: 'text',
    valueName: 'SELECTION',
    group: what,
    sentence:
      "the connections that are selected, in the words of replay's selections: each by its most telling packet",
  },
  json: {
    kind: 'flag',
    group: what,
    sentence: 'the same as data: one line of JSON for each packet that is explained',
  },
  tz: {
    kind: 'parsed',
    parse: parseZone,
    valueName: 'ZONE',
    group: what,
    sentence: 'print times in this zone: UTC, +02:00, Europe/Berlin (default UTC)',
  },
  ...runOptions,
} as const satisfies Options

export type ExplainOptions = Values<typeof explainOptions>

export const explain = defineCommand({
  name: 'explain',
  summary: 'say why a packet fared as it did: its connection, the rules it met, what would change it',
  usage: "[options] FILE… --packet N | --flow 'SELECTION'",
  positionals: [
    {
      name: 'FILE',
      sentence:
        'a capture, pcap or pcapng, gzip or not; several are merged by time. It is read more than once, so it cannot be standard input',
    },
  ],
  completes: { files: true, words: [] },
  options: explainOptions,
  notes: [
    'The packet and its connection are found first; then the capture is run again, and again with each sysctl that may change what became of the packet: "tried" tells what came of that.',
  ],
  examples: [
    {
      line: 'sallyport explain trouble.pcapng -r rules.v4 --packet 32',
      sentence: 'why packet 32 was dropped, on one screen',
    },
    {
      line: "sallyport explain trouble.pcapng --flow 'host 10.0.0.2 and port 873'",
      sentence: 'a connection, by its most telling packet',
    },
    {
      line: 'sallyport explain trouble.pcapng -r rules.v4 -n 32 --json | jq .finding',
      sentence: 'the finding alone',
    },
  ],
  async run(options, positionals) {
    const { width } = terminalOf(process.stderr, process.env)
    const { files, filter } = readPositionals(positionals, width)
    if (filter !== null) throw wrongUse(`a selection stands behind --flow: --flow '${filter}'`)
    const { runExplain } = await import('./explain-run.ts')
    return runExplain({ options, files })
  },
})

/** A packet of the run, or a frame of one of its files. */
export interface PacketChoice {
  readonly file: string | null
  /** From 1. */
  readonly number: number
}

/** @throws ValueError */
function parsePacket(text: string): PacketChoice {
  const [, file, number] = /^(?:(.+):|#)?([1-9]\d{0,14})$/.exec(text) ?? []
  if (number === undefined) throw new ValueError('expected the number of a packet such as 32, or FILE:32')
  return { file: file ?? null, number: Number(number) }
}
