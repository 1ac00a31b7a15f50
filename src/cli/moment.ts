/** Moments of a capture, as `--at` takes them. */
import { ValueError } from './command.ts'
import { fromLocal, type Zone } from './zone.ts'

/** Seconds since 1970 UTC, and nanoseconds 0–999,999,999. */
export interface Instant {
  readonly seconds: number
  readonly nanoseconds: number
}

export type Moment =
  /** `2026-11-24T12:34:56Z`: says its zone itself. */
  | ({ readonly kind: 'instant' } & Instant)
  /** `2026-11-24T12:34:56`, `12:34:56.7`: as the clocks of a zone show it; `day` in days since 1970. */
  | {
      readonly kind: 'clock'
      readonly day: number | null
      readonly secondOfDay: number
      readonly nanoseconds: number
    }
  /** `+3.5s`: after the first packet. */
  | ({ readonly kind: 'offset' } & Instant)
  /** `#120`, `#second.pcap:120`: right after this packet; without a file, as counted over the whole run. */
  | { readonly kind: 'packet'; readonly file: string | null; readonly number: number }

const BILLION = 1_000_000_000
const DAY = 86_400

const TIME = /^(\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?$/
const DATE_TIME = /^(\d{4})-(\d\d)-(\d\d)[T ](\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?)(Z|[+-]\d\d:?\d\d)?$/
const OFFSET = /^\+((?:\d{1,10}(?:\.\d{1,9})?(?:ns|us|ms|s|m|h|d))+)$/
const OFFSET_PART = /(\d+)(?:\.(\d+))?(ns|us|ms|s|m|h|d)/g
const PACKET = /^#(?:(.+):)?([1-9]\d{0,14})$/

const unitNanoseconds: Readonly<Record<string, bigint>> = {
  ns: 1n,
  us: 1_000n,
  ms: 1_000_000n,
  s: 1_000_000_000n,
  m: 60_000_000_000n,
  h: 3_600_000_000_000n,
  d: 86_400_000_000_000n,
}

/** @throws ValueError that shows the forms there are */
export function parseMoment(text: string): Moment {
  const packet = PACKET.exec(text)
  if (packet !== null) return { kind: 'packet', file: packet[1] ?? null, number: Number(packet[2]) }
  const offset = OFFSET.exec(text)
  if (offset !== null) return { kind: 'offset', ...duration(offset[1]!) }
  const time = TIME.exec(text)
  if (time !== null) return { kind: 'clock', day: null, ...timeOfDay(time) }
  const dateTime = DATE_TIME.exec(text)
  if (dateTime !== null) return onDay(dateTime)
  if (/^\d{1,9}$/.test(text)) {
    throw new ValueError(`expected +${text}s for seconds after the first packet or '#${text}' for a packet`)
  }
  if (/^\+[\d.]+$/.test(text))
    throw new ValueError(`expected a unit behind the number (${text}s, ${text}m, …)`)
  throw new ValueError("expected a time (12:34:56.7, 2026-11-24T12:34:56), +3.5s or '#120'")
}

function timeOfDay([, hours, minutes, seconds = '0', fraction = '']: RegExpExecArray) {
  if (Number(hours) > 23 || Number(minutes) > 59 || Number(seconds) > 59) {
    throw new ValueError('expected a time of day from 00:00:00 to 23:59:59')
  }
  const secondOfDay = Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds)
  return { secondOfDay, nanoseconds: Number(fraction.padEnd(9, '0')) }
}

function onDay([, year, month, date, time, zone]: RegExpExecArray): Moment {
  const milliseconds = Date.UTC(Number(year), Number(month) - 1, Number(date))
  const shown = new Date(milliseconds)
  if (
    shown.getUTCMonth() + 1 !== Number(month) ||
    shown.getUTCDate() !== Number(date) ||
    Number(year) < 1970
  ) {
    throw new ValueError('expected a day that the calendar has, from 1970 on')
  }
  const day = milliseconds / 1000 / DAY
  const { secondOfDay, nanoseconds } = timeOfDay(TIME.exec(time!)!)
  if (zone === undefined) return { kind: 'clock', day, secondOfDay, nanoseconds }
  const [sign, hours, minutes] = zone === 'Z' ? ['+', 0, 0] : [zone[0], zone.slice(1, 3), zone.slice(-2)]
  const east = (Number(hours) * 3600 + Number(minutes) * 60) * (sign === '-' ? -1 : 1)
  return { kind: 'instant', seconds: day * DAY + secondOfDay - east, nanoseconds }
}

function duration(text: string): Instant {
  let total = 0n
  for (const [, whole = '', fraction = '', unit = ''] of text.matchAll(OFFSET_PART)) {
    total += (BigInt(whole + fraction) * unitNanoseconds[unit]!) / 10n ** BigInt(fraction.length)
  }
  return { seconds: Number(total / BigInt(BILLION)), nanoseconds: Number(total % BigInt(BILLION)) }
}

/**
 * When the moment is, for a capture whose first packet came at `start`; null for a packet, which has no time until
 * it is met. A time of day is the first one from the first packet on.
 */
export function momentInstant(moment: Moment, start: Instant, zone: Zone): Instant | null {
  switch (moment.kind) {
    case 'packet':
      return null
    case 'instant':
      return { seconds: moment.seconds, nanoseconds: moment.nanoseconds }
    case 'offset': {
      const nanoseconds = start.nanoseconds + moment.nanoseconds
      const carry = nanoseconds >= BILLION ? 1 : 0
      return {
        seconds: start.seconds + moment.seconds + carry,
        nanoseconds: nanoseconds - carry * BILLION,
      }
    }
    case 'clock': {
      const { day, secondOfDay, nanoseconds } = moment
      if (day !== null) return { seconds: fromLocal(day * DAY + secondOfDay, zone), nanoseconds }
      const today = Math.floor((start.seconds + zone.offsetAt(start.seconds)) / DAY)
      const seconds = fromLocal(today * DAY + secondOfDay, zone)
      const passed = seconds < start.seconds || (seconds === start.seconds && nanoseconds < start.nanoseconds)
      return { seconds: passed ? fromLocal((today + 1) * DAY + secondOfDay, zone) : seconds, nanoseconds }
    }
  }
}
