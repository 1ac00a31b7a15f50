/** Time zones of `--tz`: how local times are read and printed. */
import { suggest } from '../diagnostic/suggest.ts'
import { ValueError } from './command.ts'

export interface Zone {
  readonly name: string
  /** Seconds east of UTC at that time (seconds since 1970 UTC). */
  offsetAt(seconds: number): number
}

export const UTC: Zone = { name: 'UTC', offsetAt: () => 0 }

/**
 * `UTC`, `+02:00`, `-0530`, or a name of the time zone database such as `Europe/Berlin`.
 * @throws ValueError
 */
export function parseZone(text: string): Zone {
  if (/^(?:utc|gmt|z)$/i.test(text)) return UTC
  const parts = /^([+-])(\d\d)(?::?(\d\d))?$/.exec(text)
  if (parts !== null) {
    const [, sign, hours, minutes = '00'] = parts
    const seconds = Number(hours) * 3600 + Number(minutes) * 60
    // +14:00 (Kiritimati) is the furthest in use.
    if (Number(minutes) > 59 || seconds > 14 * 3600) {
      throw new ValueError('expected an offset between -14:00 and +14:00')
    }
    const offset = sign === '-' ? -seconds : seconds
    return { name: `${sign}${hours}:${minutes}`, offsetAt: () => offset }
  }
  return namedZone(text)
}

function namedZone(name: string): Zone {
  let format: Intl.DateTimeFormat
  try {
    format = new Intl.DateTimeFormat('en-US', {
      timeZone: name,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    })
  } catch {
    const near = suggest(name, Intl.supportedValuesOf('timeZone'))
    const hint = near === null ? '' : ` (did you mean ${near}?)`
    throw new ValueError(`expected UTC, an offset such as +02:00 or a name such as Europe/Berlin${hint}`)
  }
  // Zones change their offset at whole quarters of an hour only (since 1972), and packets come in order.
  let quarter = Number.NaN
  let offset = 0
  return {
    name: format.resolvedOptions().timeZone,
    offsetAt: (seconds) => {
      const asked = Math.floor(seconds / 900)
      if (asked !== quarter) {
        quarter = asked
        offset = offsetOf(format, asked * 900)
      }
      return offset
    },
  }
}

function offsetOf(format: Intl.DateTimeFormat, seconds: number): number {
  const fields: Record<string, number> = {}
  for (const { type, value } of format.formatToParts(seconds * 1000)) fields[type] = Number(value)
  const { year, month, day, hour, minute, second } = fields
  return Date.UTC(year!, month! - 1, day!, hour!, minute!, second!) / 1000 - seconds
}

/**
 * Seconds since 1970 UTC when the zone's clocks show `local` (the same count, read off those clocks). Shown twice,
 * when clocks are set back: the first time. Never shown: as much later as the clocks were set forward.
 */
export function fromLocal(local: number, zone: Zone): number {
  const day = 86_400
  const before = local - zone.offsetAt(local - day)
  const after = local - zone.offsetAt(local + day)
  const shows = (seconds: number) => seconds + zone.offsetAt(seconds) === local
  return !shows(before) && shows(after) ? after : before
}
