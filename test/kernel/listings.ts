import type { Difference } from './compare.ts'

/** All that can be read of a connection table, and of the events while traffic passed, in the words of the tools. */
export interface Listings {
  /** Whole outputs by the command that makes them, or would; in no order. */
  readonly tables: Readonly<Record<string, readonly string[]>>
  /** What was told, by the form it was told in; in the order of time. */
  readonly events: Readonly<Record<string, readonly string[]>>
  /** By how much each counter of `conntrack -S` and /proc/net/stat grew. */
  readonly statistics: Readonly<Record<string, number>>
}

/** A line without what ticks or is numbered differently. */
interface Reading {
  readonly text: string
  /** Seconds left. */
  readonly left: readonly number[]
  /** Seconds since something. */
  readonly passed: readonly number[]
}

/** Where the seconds left stand: behind the protocol's number (/proc, -L, -E), in `save`, XML, of expectations. */
const LEFT = [
  /(?<=^(?:\[time\]\t *\[[A-Z]+\] )?(?:ipv[46] +\d+ )?[\w-]+ +\d+ )\d+(?= )/,
  /(?<=^-A -t )\d+/,
  /(?<=<timeout>)\d+/,
  /^\d+(?= l3proto = | proto=)/,
]
const PASSED = [/(?<= delta-time=)\d+/, /(?<=<deltatime>)\d+/]

/** Each side numbers its entries by itself, and the engine's time of day is made up. All else counts, `use` too. */
const OWN: readonly [RegExp, string][] = [
  [/<id>\d+/, '<id>#'],
  [/^\[\d+\.\d{6}\]\t/, '[time]\t'],
  [/\[(start|stop)=[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \d{4}\]/g, '[$1]'],
  [/<(start|stop)>\d{19}</g, '<$1>#<'],
  [
    /<when><hour>\d+<\/hour><min>\d+<\/min><sec>\d+<\/sec><wday>\d<\/wday><day>\d+<\/day><month>\d+<\/month><year>\d+<\/year><\/when>/,
    '<when/>',
  ],
]

function read(line: string): Reading {
  let text = line
  for (const [pattern, masked] of OWN) text = text.replace(pattern, masked)
  const taken = (patterns: readonly RegExp[]): number[] =>
    patterns.flatMap((pattern) => {
      const found = pattern.exec(text)
      if (!found) return []
      text = text.replace(pattern, '#')
      return [Number(found[0])]
    })
  return { left: taken(LEFT), passed: taken(PASSED), text }
}

/**
 * The engine's time stands still while the kernel's goes on for less than a second: rounded down, up to one less is
 * left, and up to one more has passed.
 */
function alike(kernel: Reading, engine: Reading): boolean {
  const within = (a: readonly number[], b: readonly number[], sign: 1 | -1) =>
    a.length === b.length &&
    a.every((value, index) => {
      const apart = (value - b[index]!) * sign
      return apart === 0 || apart === 1
    })
  return (
    kernel.text === engine.text &&
    within(kernel.left, engine.left, -1) &&
    within(kernel.passed, engine.passed, 1)
  )
}

function compareTable(what: string, kernel: readonly string[], engine: readonly string[]): Difference | null {
  const unmatched = engine.map((line) => ({ line, reading: read(line) }))
  const missing = kernel.filter((line) => {
    const reading = read(line)
    const at = unmatched.findIndex((other) => alike(reading, other.reading))
    if (at >= 0) unmatched.splice(at, 1)
    return at < 0
  })
  if (missing.length === 0 && unmatched.length === 0) return null
  return { what, kernel: shown(missing), engine: shown(unmatched.map(({ line }) => line)) }
}

function compareOrdered(
  what: string,
  kernel: readonly string[],
  engine: readonly string[],
): Difference | null {
  const length = Math.max(kernel.length, engine.length)
  for (let i = 0; i < length; i++) {
    const [ours, theirs] = [engine[i], kernel[i]]
    if (ours !== undefined && theirs !== undefined && alike(read(theirs), read(ours))) continue
    return {
      what,
      kernel: `line ${i + 1}: ${theirs ?? 'none'}`,
      engine: `line ${i + 1}: ${ours ?? 'none'}`,
    }
  }
  return null
}

function shown(lines: readonly string[]): string {
  return lines.length === 0 ? 'no other line' : lines.slice(0, 4).join('\n           ')
}

/** Line by line what both say, less than a second after their clocks stood alike; all that differs. */
export function compareListings(kernel: Listings, engine: Listings): Difference[] {
  const differences: (Difference | null)[] = []
  for (const [what, lines] of Object.entries(kernel.tables))
    differences.push(compareTable(what, lines, engine.tables[what] ?? []))
  for (const [what, lines] of Object.entries(kernel.events))
    differences.push(compareOrdered(what, lines, engine.events[what] ?? []))
  for (const [name, value] of Object.entries(kernel.statistics)) {
    const own = engine.statistics[name]
    if (own !== value) differences.push({ what: name, kernel: `+${value}`, engine: `+${own ?? 'none'}` })
  }
  return differences.filter((difference) => difference !== null)
}
