/** Each form of the table, of the events and of the expectations against the real tools, line by line. */
import { execFileSync, spawn } from 'node:child_process'
import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  STATUS_ASSURED,
  STATUS_DST_NAT_DONE,
  STATUS_EXPECTED,
  STATUS_FIXED_TIMEOUT,
  STATUS_SEEN_REPLY,
  STATUS_SRC_NAT_DONE,
} from '../../src/conntrack/status.ts'
import type { EntryView, EventView, ExpectationView } from '../../src/conntrack/view.ts'
import { whenElement } from '../../src/format/clock.ts'
import { formatConntrack } from '../../src/format/conntrack.ts'
import { formatEvent, formatEventXml } from '../../src/format/event.ts'
import { formatExpectation, formatExpectationProc } from '../../src/format/expectation.ts'
import { parseTable } from '../../src/format/parse.ts'
import { formatProc } from '../../src/format/proc.ts'
import { formatSave } from '../../src/format/save.ts'
import { formatProcStatistics, formatStatistics } from '../../src/format/statistics.ts'
import { formatXml, XML_FOOTER, XML_HEADER } from '../../src/format/xml.ts'
import { Namespace } from '../../src/live/namespace.ts'
import { Traffic } from './format-traffic.ts'
import { whyNoTool } from './needs.ts'

const FORMS = [
  '',
  'extended',
  'id',
  'ktimestamp',
  'extended,id,ktimestamp',
  'save',
  'xml',
  'xml,ktimestamp',
] as const
const EVENT_FORMS = ['', 'extended,id,timestamp,ktimestamp', 'xml,timestamp,ktimestamp'] as const

const lines = (text: string) => text.split('\n').filter((line) => line !== '')
const sorted = (list: readonly string[]) => [...list].sort()

/** Options of a `-o save` line by their names. */
function saveOptions(line: string): Map<string, string> {
  const words = line.split(' ').slice(1)
  const options = new Map<string, string>()
  for (let i = 0; i < words.length; i += 2) options.set(words[i]!, words[i + 1]!)
  return options
}

/** What a `-o save` line and an entry have in common and no other entry here has. */
function saveKey(options: ReadonlyMap<string, string>): string {
  const names = '-s -d --sport --dport --srckey --icmp-type --icmp-id --icmpv6-id'.split(' ')
  return [options.get('-p'), ...names.map((name) => options.get(name))].join(' ')
}

const SAVE_FLAGS: Readonly<Record<string, number>> = {
  UNSET: 0,
  EXPECTED: STATUS_EXPECTED,
  SEEN_REPLY: STATUS_SEEN_REPLY,
  ASSURED: STATUS_ASSURED,
  FIXED_TIMEOUT: STATUS_FIXED_TIMEOUT,
}

/** The tool prints the bytes of a verification tag as a number of the machine's order. */
function tag(printed: string | undefined): number {
  return Buffer.from(new Uint32Array([Number(printed)]).buffer).readUInt32BE()
}

/**
 * Entries from what the tools print. No form says everything: nanoseconds come from the XML, flags and
 * verification tags from `save`, the timeouts of GRE from /proc, all else from the extended form.
 */
function entriesOf(extended: string, xml: string, save: string, proc: string): EntryView[] {
  const { entries, diagnostics } = parseTable(extended, 'conntrack -L')
  expect(diagnostics).toEqual([])
  const starts = new Map(
    [...xml.matchAll(/<id>(\d+)<.*?<start>(\d+)(\d{9})</g)].map(
      (match) => [Number(match[1]), match] as const,
    ),
  )
  const saved = new Map(lines(save).map((line) => [saveKey(saveOptions(line)), saveOptions(line)] as const))
  expect(saved.size).toBe(entries.length)
  const gre = new Map(
    [...proc.matchAll(/timeout=(\d+), stream_timeout=(\d+) src=(\S+) \S+ srckey=(\S+)/g)].map(
      (match) => [Number(match[4]) + (match[3]!.includes(':') ? '6' : '4'), match] as const,
    ),
  )
  return entries.map((entry) => {
    const options = saved.get(saveKey(saveOptions(formatSave(entry))))!
    const flags = options.get('-u')!.split(',')
    let status = entry.status & ~(STATUS_SRC_NAT_DONE | STATUS_DST_NAT_DONE)
    for (const flag of flags) status |= SAVE_FLAGS[flag]!
    if (options.has('-n')) status |= STATUS_SRC_NAT_DONE
    if (options.has('-g')) status |= STATUS_DST_NAT_DONE
    const start = starts.get(entry.id)!
    const keys =
      entry.protocol === 47
        ? gre.get(entry.original.sourceKey! + (entry.family === 'ipv6' ? '6' : '4'))!
        : null
    return {
      ...entry,
      status,
      start: { seconds: Number(start[2]), nanoseconds: Number(start[3]) },
      gre: keys && { timeout: Number(keys[1]), streamTimeout: Number(keys[2]) },
      ...(options.has('--orig-vtag')
        ? { tags: { original: tag(options.get('--orig-vtag')), reply: tag(options.get('--reply-vtag')) } }
        : {}),
    }
  })
}

/** An event from a line of `-o extended,id,timestamp,ktimestamp`. */
function eventOf(line: string, stamps: ReadonlyMap<string, string>): EventView {
  const [, seconds, micros, tag, text] = /^\[(\d+)\.(\d+)\]\t *\[(\w+)\] (.*)$/.exec(line)!
  const showState = / (tcp|sctp) +\d+ (\d+ )?[A-Z]/.test(text!)
  // An event leaves out a state that did not change; the reader of tables wants one.
  const { entries, diagnostics } = parseTable(
    showState ? text! : text!.replace(/ ((tcp|sctp) +\d+( \d+)?)/, ' $1 NONE'),
    'conntrack -E',
  )
  expect(diagnostics).toEqual([])
  const entry = entries[0]!
  const [start, stop] = (['start', 'stop'] as const).map((name) => {
    const stamp = stamps.get(`${name} ${entry.id}`)
    return stamp ? { seconds: Number(stamp.slice(0, -9)), nanoseconds: Number(stamp.slice(-9)) } : null
  })
  return {
    type: tag!.toLowerCase() as EventView['type'],
    seconds: Number(seconds),
    nanoseconds: Number(micros) * 1000,
    entry: {
      ...entry,
      start: start ?? null,
      stop: stop ?? null,
      ...(entry.start ? {} : { start: null, stop: null }),
    },
    showState,
    markChanged: text!.includes(' mark='),
  }
}

const skip = process.getuid?.() === 0 ? whyNoTool() : 'not root'
if (skip !== null) console.warn(`\n*** SKIPPED: forms against the real tools: ${skip} ***\n`)

describe.skipIf(skip !== null)('the real tools', () => {
  const table: Record<string, string> = {}
  const events: Record<string, string> = {}
  let proc = ''
  let expectations = ''
  let expectationsProc = ''
  let statistics = ''
  let statisticsProc = ''
  let entries: EntryView[] = []

  beforeAll(async () => {
    const namespace = new Namespace()
    const traffic = new Traffic(namespace)
    const shell = (script: string) =>
      execFileSync('ip', ['netns', 'exec', namespace.name, 'sh', '-c', script], {
        encoding: 'utf8',
        env: { ...process.env, TZ: 'UTC' },
      })
    const listeners = EVENT_FORMS.map((form) => {
      const listener = spawn(
        'ip',
        ['netns', 'exec', namespace.name, 'conntrack', '-E', ...(form ? ['-o', form] : [])],
        {
          env: { ...process.env, TZ: 'UTC' },
          stdio: ['ignore', 'pipe', 'ignore'],
        },
      )
      events[form] = ''
      listener.stdout.on('data', (bytes: Buffer) => {
        events[form] += bytes.toString()
      })
      return listener
    })
    try {
      await pause(500)
      traffic.send()
      traffic.insert()
      await pause(100)
      // Timeouts and ages tick; what is between two equal readings is of one moment.
      const readings = [
        'cat /proc/net/nf_conntrack',
        'conntrack -L',
        ...['ipv4', 'ipv6'].map((family) => `conntrack -L expect -f ${family}`),
      ]
      const forms = FORMS.map((form) => `conntrack -L${form ? ` -o ${form}` : ''}`)
      const commands = [...readings, ...forms, 'cat /proc/net/nf_conntrack_expect', ...readings]
      for (let attempt = 0; ; attempt++) {
        const script = commands.map((command) => `${command} 2>/dev/null; printf '\\f'`).join(';')
        const parts = shell(script).split('\f')
        proc = parts[0]!
        expectations = parts[2]! + parts[3]!
        FORMS.forEach((form, index) => {
          table[form] = parts[readings.length + index]!
        })
        expectationsProc = parts[readings.length + forms.length]!
        const after = parts.slice(readings.length + forms.length + 1)
        if (readings.every((_, index) => parts[index] === after[index])) break
        if (attempt === 30) throw new Error('the table never stood still while it was read in all its forms')
      }
      statistics = shell('conntrack -S')
      statisticsProc = namespace.run('cat', '/proc/net/stat/nf_conntrack')
      traffic.change()
      await pause(500)
    } finally {
      for (const listener of listeners) listener.kill()
      traffic.close()
      namespace.remove()
    }
    entries = entriesOf(table['extended,id,ktimestamp']!, table['xml,ktimestamp']!, table['save']!, proc)
  })

  test('there are entries of every kind to compare', () => {
    const kinds = new Set(entries.map((entry) => `${entry.family} ${entry.protocol} ${entry.state}`))
    expect([...kinds].sort()).toMatchInlineSnapshot(`
      [
        "ipv4 1 null",
        "ipv4 132 CLOSED",
        "ipv4 132 COOKIE_ECHOED",
        "ipv4 132 COOKIE_WAIT",
        "ipv4 132 ESTABLISHED",
        "ipv4 132 HEARTBEAT_SENT",
        "ipv4 132 NONE",
        "ipv4 132 SHUTDOWN_ACK_SENT",
        "ipv4 132 SHUTDOWN_RECD",
        "ipv4 132 SHUTDOWN_SENT",
        "ipv4 17 null",
        "ipv4 253 null",
        "ipv4 33 null",
        "ipv4 47 null",
        "ipv4 50 null",
        "ipv4 6 CLOSE",
        "ipv4 6 CLOSE_WAIT",
        "ipv4 6 ESTABLISHED",
        "ipv4 6 FIN_WAIT",
        "ipv4 6 LAST_ACK",
        "ipv4 6 NONE",
        "ipv4 6 SYN_RECV",
        "ipv4 6 SYN_SENT",
        "ipv4 6 SYN_SENT2",
        "ipv4 6 TIME_WAIT",
        "ipv6 132 CLOSED",
        "ipv6 17 null",
        "ipv6 2 null",
        "ipv6 33 null",
        "ipv6 47 null",
        "ipv6 50 null",
        "ipv6 58 null",
        "ipv6 6 ESTABLISHED",
        "ipv6 6 SYN_SENT",
      ]
    `)
    expect(entries.some((entry) => (entry.status & STATUS_EXPECTED) !== 0)).toBe(true)
    expect(entries.some((entry) => entry.use > 1)).toBe(true)
  })

  test.each([
    ['', {}],
    ['extended', { extended: true }],
    ['id', { id: true }],
    ['ktimestamp', { ktimestamp: true }],
    ['extended,id,ktimestamp', { extended: true, id: true, ktimestamp: true }],
  ] as const)("conntrack -L -o '%s'", (form, options) => {
    expect(sorted(entries.map((entry) => formatConntrack(entry, options)))).toEqual(
      sorted(lines(table[form]!)),
    )
  })

  test('conntrack -L -o save', () => {
    expect(sorted(entries.map(formatSave))).toEqual(sorted(lines(table['save']!)))
  })

  test.each([
    ['xml', {}],
    ['xml,ktimestamp', { ktimestamp: true }],
  ] as const)('conntrack -L -o %s', (form, options) => {
    const ours = [...XML_HEADER, ...entries.map((entry) => formatXml(entry, options)), ...XML_FOOTER]
    expect(sorted(ours)).toEqual(sorted(lines(table[form]!)))
  })

  // The age of an entry: the kernel takes whole seconds of the difference, the tool the difference of whole
  // seconds, so that the tool's may be one more. That one second is all that is allowed here.
  const aged = (entry: EntryView, line: string) => ({
    ...entry,
    deltaTime: line.includes(` delta-time=${entry.deltaTime! - 1} `) ? entry.deltaTime! - 1 : entry.deltaTime,
  })

  test('/proc/net/nf_conntrack', () => {
    const withoutAge = (line: string) => line.replace(/ delta-time=\d+/, '')
    const theirs = new Map(lines(proc).map((line) => [withoutAge(line), line] as const))
    const ours = entries.map((entry) =>
      formatProc(aged(entry, theirs.get(withoutAge(formatProc(entry))) ?? '')),
    )
    expect(sorted(ours)).toEqual(sorted(lines(proc)))
  })

  test('/proc/net/nf_conntrack read back is what the tool lists', () => {
    const { entries: read, diagnostics } = parseTable(proc, 'proc')
    expect(diagnostics).toEqual([])
    const untold = (line: string) => line.replace(/ helper=\S+| delta-time=\d+/g, '')
    const ours = read.map((entry) => untold(formatConntrack(entry, { extended: true })))
    expect(sorted(ours)).toEqual(sorted(lines(table['extended']!).map(untold)))
  })

  test('conntrack -E in its forms', () => {
    const plain = (text: string) =>
      lines(text).map((line) => line.replace(/ \[USERSPACE\] portid=\d+( progname=\S+)?$/, ''))
    const xml = plain(events['xml,timestamp,ktimestamp']!).filter((line) => line.startsWith('<flow'))
    const stamps = new Map<string, string>()
    for (const line of xml) {
      const id = /<id>(\d+)</.exec(line)![1]
      for (const match of line.matchAll(/<(start|stop)>(\d+)</g)) stamps.set(`${match[1]} ${id}`, match[2]!)
    }
    const text = plain(events['extended,id,timestamp,ktimestamp']!)
    const seen = text.map((line) => eventOf(line, stamps))
    expect(new Set(seen.map((event) => event.type))).toEqual(new Set(['new', 'update', 'destroy']))
    expect(seen.some((event) => !event.showState && event.entry.protocol === 6)).toBe(true)

    const all = { extended: true, id: true, timestamp: true, ktimestamp: true }
    expect(seen.map((event) => formatEvent(event, all))).toEqual(text)
    expect(seen.map((event) => formatEvent(event))).toEqual(plain(events['']!))
    // Each listener takes the time of its own; two may see a second turn in between.
    const ours = seen.map((event, index) => {
      const turned = [0, 1, -1].find((by) => xml[index]!.includes(whenElement(event.seconds + by)))
      return formatEventXml(
        { ...event, seconds: event.seconds + (turned ?? 0) },
        { timestamp: true, ktimestamp: true },
      )
    })
    expect(ours).toEqual(xml)
  })

  test('expectations', () => {
    const read = lines(expectations).map((line): ExpectationView => {
      const values = [...line.matchAll(/([\w-]+)=(\S+)/g)].map((match) => match[2]!)
      const [protocol, source, destination, sport, dport, maskSource, maskDestination, maskSport, maskDport] =
        values
      return {
        family: source!.includes(':') ? 'ipv6' : 'ipv4',
        protocol: Number(protocol),
        timeout: Number(line.split(' ')[0]),
        source: source!,
        destination: destination!,
        sourcePort: Number(sport),
        destinationPort: Number(dport),
        maskSource: maskSource!,
        maskDestination: maskDestination!,
        maskSourcePort: Number(maskSport),
        maskDestinationPort: Number(maskDport),
        master: {
          source: values[9]!,
          destination: values[10]!,
          sourcePort: Number(values[11]),
          destinationPort: Number(values[12]),
        },
        flags: 0,
        class: Number(/class=(\d+)/.exec(line)![1]),
        helper: /helper=(\S+)/.exec(line)![1]!,
        zone: 0,
      }
    })
    expect(read.map((each) => `${each.family} ${each.helper}`).sort()).toEqual([
      'ipv4 ftp',
      'ipv4 tftp',
      'ipv6 tftp',
    ])
    expect(read.map(formatExpectation)).toEqual(lines(expectations))
    expect(sorted(read.map(formatExpectationProc))).toEqual(sorted(lines(expectationsProc)))
  })

  test('statistics', () => {
    for (const [index, line] of lines(statistics).entries()) {
      const value = (name: string) => Number(new RegExp(` ?\\b${name}=(\\d+)`).exec(line)![1])
      const columns = lines(statisticsProc)
        [index + 1]!.trim()
        .split(/ +/)
        .map((text) => Number.parseInt(text, 16))
      const view = {
        found: value('found'),
        invalid: value('invalid'),
        insert: value('insert'),
        insertFailed: value('insert_failed'),
        drop: value('drop'),
        earlyDrop: value('early_drop'),
        error: value('error'),
        searchRestart: value('search_restart'),
        clashResolve: value('clash_resolve'),
        chainTooLong: value('chaintoolong'),
        expectNew: columns[13]!,
        expectCreate: columns[14]!,
        expectDelete: columns[15]!,
      }
      expect(formatStatistics(view, index)).toBe(line)
      const [header, row] = formatProcStatistics(view, entries.length)
      expect([header, row]).toEqual([lines(statisticsProc)[0], lines(statisticsProc)[index + 1]])
    }
  })

  afterAll(() => {
    if (entries.length > 0) console.info(`forms compared with the real tools: ${entries.length} entries`)
  })
})
