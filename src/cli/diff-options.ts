/** The options of `sallyport diff`, and what a call of it asks for. */
import type { Options, Values } from './command.ts'
import { parseMoment } from './moment.ts'
import { parseSysctl, runOptions } from './run/options.ts'
import { parseZone } from './zone.ts'

const shown = 'What is shown'
const change = 'The change'

// OLD and NEW are named as words.
const { rules: _rules, rules6: _rules6, ...judging } = runOptions

export const diffOptions = {
  json: {
    kind: 'flag',
    group: shown,
    sentence: 'everything as one line of JSON, and nothing else',
  },
  markdown: {
    kind: 'flag',
    group: shown,
    sentence: 'as Markdown, for a comment on a pull request',
  },
  tz: {
    kind: 'parsed',
    parse: parseZone,
    valueName: 'ZONE',
    group: shown,
    sentence: 'read and print times in this zone: UTC, +02:00, Europe/Berlin (default UTC)',
  },
  swapAt: {
    kind: 'parsed',
    parse: parseMoment,
    valueName: 'MOMENT',
    group: change,
    sentence:
      "begin with OLD and load NEW at this moment, as iptables-restore does, while connections are open: 12:34:56.7, 2026-11-24T12:34:56, +3.5s after the first packet, '#120' right after packet 120",
  },
  sysctlNew: {
    kind: 'list',
    parse: parseSysctl,
    valueName: 'NAME=VALUE',
    group: change,
    sentence: 'a setting that holds for NEW only, on top of --sysctl; OLD and NEW may be the same file then',
  },
  ipv6: {
    kind: 'flag',
    short: '6',
    group: change,
    sentence: 'OLD and NEW are rules for ip6tables',
  },
  old6: {
    kind: 'text',
    valueName: 'FILE',
    completes: 'files',
    group: change,
    sentence: 'the old rules for ip6tables, where OLD and NEW are for iptables',
  },
  new6: {
    kind: 'text',
    valueName: 'FILE',
    completes: 'files',
    group: change,
    sentence: 'the new ones',
  },
  ...judging,
} as const satisfies Options

export type DiffOptions = Values<typeof diffOptions>

/** What a call of `sallyport diff` asks for. */
export interface DiffRequest {
  readonly options: DiffOptions
  /** Files of rules. */
  readonly old: string
  readonly now: string
  /** Captures, at least one; `-` is standard input. */
  readonly files: readonly string[]
}
