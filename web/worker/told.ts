/** Reads what a person tells beside rules and captures: sysctls, the host, IP sets, policies; mistakes are told at their places. */
import { parseSettingLine, SettingError, Settings } from '../../src/conntrack/settings.ts'
import {
  readTimeoutPolicies,
  type TimeoutPolicy,
  TimeoutPolicyError,
} from '../../src/conntrack/timeout-policy.ts'
import { Host } from '../../src/host/host.ts'
import { HostError } from '../../src/host/host-error.ts'
import {
  parseLocal,
  parsePair,
  parseRoute,
  tellLocal,
  tellPair,
  tellRoute,
} from '../../src/host/host-words.ts'
import { readIpOutput } from '../../src/host/ip-output.ts'
import { ReversePath } from '../../src/host/reverse-path.ts'
import { readSets } from '../../src/ipset/reader.ts'
import { Sets } from '../../src/ipset/sets.ts'
import type { MoreSysctl } from '../../src/run/explainer.ts'
import type { ToldHost } from '../../src/run/prepared-host.ts'
import type { SettingMark, ToldSettings } from '../protocol.ts'
import { LineIndex } from './line-index.ts'
import { Refusal } from './source.ts'

type Field = SettingMark['field']

/** In messages. */
const titles: Readonly<Record<Field, string>> = {
  sysctls: 'sysctls',
  host: 'the host',
  ipset: 'IP sets',
  timeouts: 'timeout policies',
}

/** Gathers mistakes of one text. */
class Marks {
  readonly all: SettingMark[] = []
  readonly #field: Field
  readonly #index: LineIndex

  constructor(field: Field, text: string) {
    this.#field = field
    this.#index = new LineIndex(text)
  }

  add(start: number, length: number, message: string, kind: SettingMark['kind'] = 'error'): void {
    const [line, end] = [this.#index.lineOf(start), start + Math.max(1, length)]
    this.all.push({
      field: this.#field,
      start,
      end,
      line,
      kind,
      code: null,
      message,
      advice: null,
      fixes: [],
    })
  }

  startOf(line: number): number {
    return this.#index.startOf(line)
  }
}

/** Calls `read` with each line that says something, its offset and its text without blanks around. */
function eachLine(text: string, read: (line: string, start: number) => void): void {
  let at = 0
  for (const raw of text.split('\n')) {
    const line = raw.trim()
    if (line !== '' && !line.startsWith('#')) read(line, at + raw.indexOf(line))
    at += raw.length + 1
  }
}

function markSysctls({ sysctls, linux }: ToldSettings, marks: Marks): void {
  const settings = new Settings(linux)
  const reversePath = new ReversePath(new Host().interfaces)
  eachLine(sysctls, (line, start) => {
    const setting = parseSettingLine(line)
    if (setting === null) return
    if ('expected' in setting) {
      marks.add(start, line.length, setting.expected)
      return
    }
    if (!setting.isOurs) {
      marks.add(start, line.length, 'not about connection tracking: it changes nothing here', 'note')
      return
    }
    try {
      setOne(setting, settings, reversePath)
    } catch (error) {
      if (!(error instanceof SettingError)) throw error
      marks.add(start, line.length, error.message)
    }
  })
}

/** @throws SettingError */
function setOne({ name, value }: MoreSysctl, settings: Settings, reversePath: ReversePath): void {
  if (!reversePath.set(name, value)) settings.set(name, value)
}

/** Tells `host` what can be read; answers whether all of it was told, as JSON. */
function tellHost(text: string, host: Host, marks: Marks): { strict: boolean; notes: readonly string[] } {
  if (/^[\s\ufeff]*[[{]/.test(text)) {
    try {
      return { strict: true, notes: readIpOutput(text, host) }
    } catch (error) {
      if (!(error instanceof HostError)) throw error
      marks.add(error.position, error.length, error.message)
      return { strict: true, notes: [] }
    }
  }
  let locals = 0
  const routes: (readonly [start: number, length: number])[] = []
  eachLine(text, (line, start) => {
    const [, word = '', blanks = '', rest = ''] = /^(\S+)(\s*)(.*)$/.exec(line) ?? []
    try {
      if (word === 'local') tellLocal(host, parseLocal(rest))
      else if (word === 'route') tellRoute(host, parseRoute(rest))
      else if (word === 'pair') tellPair(host, parsePair(rest))
      else {
        const expected = 'expected local IFACE=ADDRESS/LEN, route CIDR=IFACE or pair IFACE:IFACE'
        marks.add(start, word.length, `${expected}; or all that ip -j addr and ip -j route print`)
        return
      }
      if (word !== 'route') locals++
      else routes.push([start, line.length])
    } catch (error) {
      if (!(error instanceof HostError)) throw error
      marks.add(start + word.length + blanks.length + error.position, error.length, error.message)
    }
  })
  const [route] = routes
  if (route !== undefined && locals === 0) {
    const [start, length] = route
    marks.add(
      start,
      length,
      'a route says where packets go, and nothing says what is for the host itself: add local IFACE=ADDRESS/LEN',
    )
  }
  return { strict: false, notes: [] }
}

function markSets(text: string, marks: Marks): void {
  for (const { severity, position, length, message, suggestion } of readSets(text, 'sets', new Sets())) {
    const told = suggestion === null ? message : `${message}; did you mean ${suggestion}?`
    marks.add(position, length, told, severity)
  }
}

function markTimeouts({ timeouts, linux }: ToldSettings, marks: Marks): void {
  if (timeouts.trim() === '') return
  if (linux === '2.4') {
    marks.add(0, timeouts.length, 'Linux 2.4 had no target CT, its timeouts are fixed')
    return
  }
  try {
    readTimeoutPolicies(timeouts, new Settings())
  } catch (error) {
    if (!(error instanceof TimeoutPolicyError)) throw error
    const start = marks.startOf(error.line)
    const end = timeouts.indexOf('\n', start)
    marks.add(start, (end < 0 ? timeouts.length : end) - start, error.message)
  }
}

/** All that is wrong with what was told. */
export function settingMarks(told: ToldSettings): SettingMark[] {
  const of = (field: Field, mark: (marks: Marks) => void): SettingMark[] => {
    const marks = new Marks(field, told[field])
    mark(marks)
    return marks.all
  }
  return [
    ...of('sysctls', (marks) => markSysctls(told, marks)),
    ...of('host', (marks) => void tellHost(told.host, new Host(), marks)),
    ...of('ipset', (marks) => markSets(told.ipset, marks)),
    ...of('timeouts', (marks) => markTimeouts(told, marks)),
  ]
}

/** @throws Refusal with the mistakes */
export function refuseMistakes(told: ToldSettings): void {
  const mistakes = settingMarks(told).filter(({ kind }) => kind === 'error')
  const { linux, zone, hz, seed } = told
  if (linux === '2.4' && zone !== 0) throw new Refusal(`zone ${zone}: Linux 2.4 had no zones`)
  refuseOutside('the zone', zone, 0, 65_535)
  refuseOutside('clock ticks a second', hz, 24, 1200)
  refuseOutside('the seed', seed, 1, 2 ** 31 - 1)
  if (mistakes.length > 0)
    throw new Refusal(
      mistakes.map(({ field, line, message }) => `${titles[field]}, line ${line}: ${message}`).join('\n'),
    )
}

function refuseOutside(what: string, value: number, least: number, most: number): void {
  if (Number.isInteger(value) && value >= least && value <= most) return
  throw new Refusal(`${what}: a whole number from ${least} to ${most} is expected`)
}

/** For whom the rules are; `files` is the number of captures. */
export function hostOf({ host: text }: ToldSettings, files: number): ToldHost {
  const host = new Host()
  const { strict, notes } = tellHost(text, host, new Marks('host', text))
  return {
    host,
    told: text.trim() !== '',
    strict,
    notes,
    names: new Map(),
    ofFile: Array.from({ length: files }, () => undefined),
  }
}

/** Those that change something here. */
export function sysctlsOf({ sysctls }: Pick<ToldSettings, 'sysctls'>): MoreSysctl[] {
  const lines: MoreSysctl[] = []
  eachLine(sysctls, (line) => {
    const setting = parseSettingLine(line)
    if (setting !== null && 'name' in setting && setting.isOurs) lines.push(setting)
  })
  return lines
}

/** The sysctls, and what is set beside them. @throws Refusal */
export function settingsOf(
  told: ToldSettings,
  reversePath: ReversePath,
  more: readonly MoreSysctl[],
): Settings {
  const settings = new Settings(told.linux)
  try {
    for (const setting of [...sysctlsOf(told), ...more]) setOne(setting, settings, reversePath)
  } catch (error) {
    throw error instanceof SettingError ? new Refusal(error.message) : error
  }
  return settings
}

export function setsOf({ ipset }: ToldSettings): Sets {
  const sets = new Sets()
  readSets(ipset, 'sets', sets)
  return sets
}

export function policiesOf(
  { timeouts }: ToldSettings,
  settings: Settings,
): ReadonlyMap<string, TimeoutPolicy> {
  return readTimeoutPolicies(timeouts, settings)
}
