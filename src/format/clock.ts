/** Times as the C library's ctime and the XML of the conntrack tool write them. */

/** Seconds to add to UTC for the zone that times are printed in, at the given second; absent for UTC. */
export type ZoneOffset = (seconds: number) => number

const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat']
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

function two(value: number): string {
  return value < 10 ? `0${value}` : `${value}`
}

/** A Date whose UTC fields are the local ones. Beyond what Date can hold it stays at 1970. */
function local(seconds: number, offset: ZoneOffset | undefined): Date {
  const date = new Date((seconds + (offset ? offset(seconds) : 0)) * 1000)
  return Number.isNaN(date.getTime()) ? new Date(0) : date
}

/** `Tue Nov 24 02:59:26 2026`; the day is padded with a blank. */
export function ctime(seconds: number, offset?: ZoneOffset): string {
  const at = local(seconds, offset)
  const day = `${at.getUTCDate()}`.padStart(2)
  const time = `${two(at.getUTCHours())}:${two(at.getUTCMinutes())}:${two(at.getUTCSeconds())}`
  return `${DAYS[at.getUTCDay()]} ${MONTHS[at.getUTCMonth()]} ${day} ${time} ${at.getUTCFullYear()}`
}

/** Seconds since 1970 of the six words of `ctime` without the year's blank, read as UTC; null if it is none. */
export function parseCtime(month: string, day: string, time: string, year: string): number | null {
  const clock = /^(\d\d):(\d\d):(\d\d)$/.exec(time)
  const monthIndex = MONTHS.indexOf(month)
  if (!clock || monthIndex < 0 || !/^\d{1,2}$/.test(day) || !/^\d{4}$/.test(year)) return null
  const date = Date.UTC(+year, monthIndex, +day, +clock[1]!, +clock[2]!, +clock[3]!)
  const read = new Date(date)
  // Date.UTC rolls over what is too large; such a text was no date.
  const same =
    read.getUTCDate() === +day && read.getUTCHours() === +clock[1]! && read.getUTCMonth() === monthIndex
  return same ? date / 1000 : null
}

/** `<when>` of an event in XML: hours without a leading zero, weekdays from 1 for Sunday. */
export function whenElement(seconds: number, offset?: ZoneOffset): string {
  const at = local(seconds, offset)
  return (
    `<when><hour>${at.getUTCHours()}</hour><min>${two(at.getUTCMinutes())}</min><sec>${two(at.getUTCSeconds())}</sec>` +
    `<wday>${at.getUTCDay() + 1}</wday><day>${at.getUTCDate()}</day><month>${at.getUTCMonth() + 1}</month>` +
    `<year>${at.getUTCFullYear()}</year></when>`
  )
}
