/** Rates of packets, as limit and hashlimit read, keep and print them. */

const units = [
  ['day', 86_400],
  ['hour', 3_600],
  ['min', 60],
  ['sec', 1],
] as const
const longNames = ['day', 'hour', 'minute', 'second'] as const

export interface Rate {
  /** Between two packets, in parts of a second: `scale` of them. */
  readonly interval: number
  /** Of the unit that the rate was written in. */
  readonly unitSeconds: number
  readonly count: number
}

/** `N[/UNIT]`; a string says what is wrong. What stands between the digits and the slash does not count. */
export function readRate(text: string, scale: number): Rate | string {
  const slash = text.indexOf('/')
  const unit = slash < 0 ? 'second' : text.slice(slash + 1).toLowerCase()
  const index = unit === '' ? -1 : longNames.findIndex((name) => name.startsWith(unit))
  const digits = /^\d{1,15}/.exec(text)?.[0]
  // The tool reads 32 bits and lets the rest go.
  const count = digits === undefined ? 0 : Number(digits) % 2 ** 32
  if (index < 0 || count === 0) return 'it is no rate such as 5/second, 5/minute, 5/hour or 5/day'
  const unitSeconds = units[index]![1]
  const interval = Math.floor((scale * unitSeconds) / count)
  if (interval === 0) return `it is too fast: ${scale}/second is the limit`
  return { interval, unitSeconds, count }
}

export interface PrintedRate {
  readonly text: string
  /** Of the unit that it is printed with. */
  readonly unitSeconds: number
}

/** With the longest unit that keeps the number, as the tool chooses it. */
export function printRate(interval: number, scale: number): PrintedRate {
  let chosen = 0
  for (let i = 1; i < units.length; i++) {
    const unit = scale * units[i]![1]
    if (interval > unit || Math.floor(unit / interval) < unit % interval) break
    chosen = i
  }
  const [name, unitSeconds] = units[chosen]!
  return { text: `${Math.floor((scale * unitSeconds) / interval)}/${name}`, unitSeconds }
}
