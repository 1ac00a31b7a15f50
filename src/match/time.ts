import { type Environment, NotEvaluated, type Test } from '../hook/environment.ts'
import { shown } from '../ruleset/diagnostic.ts'
import { defineMatch, type Kind, option, Refusal, shorthand } from '../ruleset/extension.ts'
import { flag } from '../ruleset/kind/flag.ts'

const DAY_SECONDS = 86_400
/** The latest date that the tool stores. */
const LAST_DATE = 0x7fff_ffff
const dayNames = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun']
/** Bits 1 to 7 and 1 to 31. */
const ALL_WEEKDAYS = 0xfe
const ALL_MONTHDAYS = 0xffff_fffe
const two = (value: number) => String(value).padStart(2, '0')

const timeOfDay: Kind<number> = {
  usage: 'HH:MM[:SS]',
  expected: 'a time of day, 00:00 to 23:59:59',
  examples: () => ['00:00', '23:59:59', '9:05', '12:00:01'],
  words: 1,
  read([text]) {
    const found = /^(\d{1,2}):(\d{1,2})(?::(\d{1,2}))?$/.exec(text!)
    const [hours, minutes, seconds] = [found?.[1], found?.[2], found?.[3] ?? '0'].map(Number)
    if (!found || hours! > 23 || minutes! > 59 || seconds! > 59)
      return new Refusal(`${shown(text!)} is no time of day`)
    return hours! * 3600 + minutes! * 60 + seconds!
  },
  print: (seconds) =>
    `${two(Math.floor(seconds / 3600))}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`,
}

const date: Kind<number> = {
  usage: 'YYYY[-MM[-DD[Thh[:mm[:ss]]]]]',
  expected: 'a date from 1970 to 2038-01-19, YYYY[-MM[-DD[Thh[:mm[:ss]]]]]',
  examples: () => ['1970', '2020-02-29', '2037-12-31T23:59:59', '2021-1-2T3'],
  words: 1,
  read([text]) {
    const found = /^(\d{4})(?:-(\d{1,2})(?:-(\d{1,2})(?:T(\d{1,2})(?::(\d{1,2})(?::(\d{1,2}))?)?)?)?)?$/.exec(
      text!,
    )
    const [year, month, day, hours, minutes, seconds] = [1, 2, 3, 4, 5, 6].map((index) =>
      Number(found?.[index] ?? (index === 2 || index === 3 ? 1 : 0)),
    )
    const wrong =
      !found ||
      month! < 1 ||
      month! > 12 ||
      day! < 1 ||
      day! > 31 ||
      hours! > 23 ||
      minutes! > 59 ||
      seconds! > 59
    // A day that the month has not is one of the next.
    const stamp = wrong ? -1 : Date.UTC(year!, month! - 1, day!, hours, minutes, seconds) / 1000
    return stamp >= 0 && stamp <= LAST_DATE
      ? stamp
      : new Refusal(`${shown(text!)} is no date from 1970 to 2038-01-19`)
  },
  print: (stamp) => new Date(stamp * 1000).toISOString().slice(0, 19),
}

function dayList(
  usage: string,
  last: number,
  dayOf: (text: string) => number,
  nameOf: (day: number) => string,
): Kind<number> {
  return {
    usage,
    expected: `a list of days, commas and no blanks between`,
    examples: () => ['1', `1,2,${last}`, String(last)],
    words: 1,
    read([text]) {
      let days = 0
      for (const part of text!.split(',', 200)) {
        const day = /^\d{1,2}$/.test(part) ? Number(part) : dayOf(part)
        if (day < 1 || day > last) return new Refusal(`${shown(part)} is no day here`)
        days |= 1 << day
      }
      return days >>> 0
    },
    print(days) {
      const names: string[] = []
      for (let day = 1; day <= last; day++) if ((days & (1 << day)) !== 0) names.push(nameOf(day))
      return names.join(',')
    },
  }
}

const weekdays = dayList(
  'DAY[,…]',
  7,
  // Two letters are enough, and no more are looked at.
  (text) => dayNames.findIndex((name) => text.length >= 2 && text.slice(0, 2) === name.slice(0, 2)) + 1,
  (day) => dayNames[day - 1]!,
)
const monthdays = dayList('DAY[,…]', 31, () => 0, String)

export const time = defineMatch({
  name: 'time',
  summary: 'looks at the clock when the packet is judged, in UTC unless told',
  options: {
    start: option(timeOfDay, {
      names: ['--timestart'],
      summary: 'from this time of day on',
      initial: 0,
      omit: (_, options) => options['start']?.value === 0 && options['stop']?.value === DAY_SECONDS - 1,
    }),
    stop: option(timeOfDay, {
      names: ['--timestop'],
      summary: 'up to this time of day; before --timestart: over midnight',
      initial: DAY_SECONDS - 1,
      omit: (_, options) => options['start']?.value === 0 && options['stop']?.value === DAY_SECONDS - 1,
    }),
    monthdays: option(monthdays, {
      names: ['--monthdays'],
      summary: 'on these days of the month, 1–31',
      initial: ALL_MONTHDAYS,
      invertible: true,
      complement: (days) => (ALL_MONTHDAYS & ~days) >>> 0,
    }),
    weekdays: option(weekdays, {
      names: ['--weekdays'],
      summary: 'on these days: Mon–Sun, or 1 (Monday) to 7',
      initial: ALL_WEEKDAYS,
      invertible: true,
      complement: (days) => ALL_WEEKDAYS & ~days,
    }),
    datestart: option(date, { names: ['--datestart'], summary: 'from this moment on', initial: 0 }),
    datestop: option(date, {
      names: ['--datestop'],
      summary: 'up to this moment',
      initial: LAST_DATE,
      // The tool takes 0 for none and prints the latest date that it can store.
      omit: ({ value }) => value === 0,
    }),
    kerneltz: option(flag, {
      names: ['--kerneltz', '--localtz'],
      summary: "by the kernel's time zone",
      repeatable: true,
      excludes: ['utc'],
    }),
    contiguous: option(flag, {
      names: ['--contiguous'],
      summary: 'over midnight: one range, which belongs to the day that it begins on',
    }),
  },
  shorthands: {
    utc: shorthand(flag, { names: ['--utc'], summary: 'in UTC, as always unless told', stands: () => ({}) }),
  },
  check({ start, stop, contiguous }) {
    if (!contiguous || stop.value <= start.value) return []
    return [
      {
        code: 'bad-value',
        option: 'contiguous',
        message: '--contiguous goes only with a --timestop before --timestart',
      },
    ]
  },
  compile(options, { tracker }: Environment): Test {
    const { start, stop, monthdays, weekdays, datestart, datestop, kerneltz, contiguous } = options
    if (kerneltz) throw new NotEvaluated('--kerneltz: nobody knows the time zone of that kernel')
    const { clock } = tracker
    const [from, to, first, last] = [start.value, stop.value, datestart.value, datestop.value]
    const overMidnight = from >= to
    const dayBefore = contiguous !== undefined && overMidnight
    const allMonthdays = monthdays.value === ALL_MONTHDAYS
    return () => {
      const stamp = clock.seconds
      if (stamp < first || stamp > last) return false
      const ofDay = stamp % DAY_SECONDS
      if (overMidnight ? ofDay < from && ofDay > to : ofDay < from || ofDay > to) return false
      const days = Math.floor(stamp / DAY_SECONDS) - (dayBefore && ofDay <= to ? 1 : 0)
      // 1970-01-01 was a Thursday, day 4.
      if ((weekdays.value & (1 << (((days + 3) % 7) + 1))) === 0) return false
      return allMonthdays || (monthdays.value & (1 << dayOfMonth(days))) !== 0
    }
  },
})

const FOUR_YEARS = 1461
const lastDays = [31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365]

/** Of a day counted from 1970, up to 2038: every fourth year is a leap year there. */
function dayOfMonth(days: number): number {
  // From 1968 on, which begins such four years.
  const day = (days + 731) % FOUR_YEARS
  let ofYear = day < 366 ? day : (day - 366) % 365
  if (day < 366) {
    if (ofYear === 59) return 29
    if (ofYear > 59) ofYear--
  }
  let before = 0
  for (const end of lastDays) {
    if (ofYear < end) break
    before = end
  }
  return ofYear - before + 1
}
