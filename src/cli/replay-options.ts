/** The options of `sallyport replay`, and what a call of it asks for. */
import type { Filter } from '../filter/filter.ts'
import type { TableFormatName } from '../format/table-format.ts'
import type { Options, Values } from './command.ts'
import { parseMoment } from './moment.ts'
import { runOptions } from './run/options.ts'
import { parseZone } from './zone.ts'

/** Every format of the state table; the formats themselves are loaded when one is printed. */
const formats: Readonly<Record<TableFormatName, true>> = {
  conntrack: true,
  extended: true,
  proc: true,
  ip_conntrack: true,
  'ip_conntrack-2.4': true,
  save: true,
  xml: true,
  json: true,
}

/** That of the Linux in question. */
const AUTO = 'auto'

const shown = 'What is shown'
const rules = 'Rules'
const table = 'The state table'
const inOut = 'Input and output'

export const replayOptions = {
  all: {
    kind: 'flag',
    group: shown,
    sentence: 'every packet, not only those out of the ordinary',
  },
  json: {
    kind: 'flag',
    group: shown,
    sentence: 'one line of JSON (NDJSON) for each packet, and nothing else',
  },
  events: {
    kind: 'flag',
    group: shown,
    sentence: 'NEW, UPDATE and DESTROY, as conntrack -E -o timestamp prints them',
  },
  findings: {
    kind: 'flag',
    group: shown,
    sentence: 'the findings alone, one line of JSON (NDJSON) for each, the most telling first',
  },
  stats: {
    kind: 'flag',
    group: shown,
    sentence: 'the counters at the end, as conntrack -S prints them',
  },
  tz: {
    kind: 'parsed',
    parse: parseZone,
    valueName: 'ZONE',
    group: shown,
    sentence: 'read and print times in this zone: UTC, +02:00, Europe/Berlin (default UTC)',
  },
  ...runOptions,
  trace: {
    kind: 'enum',
    valueName: 'FORM',
    values: ['rules', 'kernel'],
    implied: 'rules',
    group: rules,
    sentence:
      'with --all or --json, every rule that each packet met, and the condition that failed first; kernel: without these two, only the lines of -j TRACE, for all packets where no rule has it',
  },
  counters: {
    kind: 'flag',
    group: rules,
    sentence: 'the rules with their counters at the end, as iptables-save -c prints them, and nothing else',
  },
  table: {
    kind: 'enum',
    valueName: 'FORMAT',
    values: [AUTO, ...(Object.keys(formats) as TableFormatName[])],
    implied: AUTO,
    group: table,
    sentence:
      'the state table at the end, or at each --at; auto: as conntrack -L prints it, with --linux 2.4 as that kernel did',
  },
  at: {
    kind: 'list',
    parse: parseMoment,
    valueName: 'MOMENT',
    group: table,
    sentence:
      "show the table at this moment: 12:34:56.7, 2026-11-24T12:34:56, +3.5s after the first packet, '#120' right after packet 120",
  },
  expect: {
    kind: 'flag',
    group: table,
    sentence: 'the expectations, as conntrack -L expect prints them',
  },
  write: {
    kind: 'text',
    short: 'w',
    valueName: 'FILE',
    completes: 'files',
    group: inOut,
    sentence:
      'write every packet, whatever the selection, as pcapng with ctstate, reason and entry in its comment; - is standard output, and the report goes to standard error',
  },
} as const satisfies Options

export type ReplayOptions = Values<typeof replayOptions>

/** What a call of `sallyport replay` asks for. */
export interface ReplayRequest {
  readonly options: ReplayOptions
  /** At least one; `-` is standard input. */
  readonly files: readonly string[]
  /** What is shown; null for everything. */
  readonly filter: Filter | null
}
