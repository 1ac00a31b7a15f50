/** Numbers and times as the page writes them. */

const numbers = new Intl.NumberFormat('en')

export function grouped(value: number): string {
  return numbers.format(value)
}

export function counted(value: number, one: string, many = `${one}s`): string {
  return `${grouped(value)} ${value === 1 ? one : many}`
}

export function bytesText(value: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB']
  let amount = value
  let unit = 0
  while (amount >= 1000 && unit < units.length - 1) {
    amount /= 1000
    unit++
  }
  return `${unit === 0 ? amount : amount.toFixed(amount < 10 ? 1 : 0)} ${units[unit]}`
}

/** Of a day, UTC: `22:13:32.217`. */
export function timeOfDay(seconds: number): string {
  const date = new Date(seconds * 1000)
  return Number.isNaN(date.getTime()) ? `${seconds}` : date.toISOString().slice(11, 23)
}

/** `2023-11-14 22:13:20 UTC`. */
export function dayAndTime(seconds: number): string {
  const date = new Date(seconds * 1000)
  return Number.isNaN(date.getTime())
    ? `${seconds}`
    : `${date.toISOString().slice(0, 19).replace('T', ' ')} UTC`
}

/** `0.2 s`, `3 min`, `5 days`. */
export function spanText(seconds: number): string {
  if (seconds < 120) return `${seconds < 10 ? seconds.toFixed(3) : seconds.toFixed(1)} s`
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`
  return seconds < 172_800 ? `${(seconds / 3600).toFixed(1)} h` : `${(seconds / 86_400).toFixed(1)} days`
}

export function classes(...names: readonly (string | false | null)[]): string {
  return names.filter((name) => name !== false && name !== null).join(' ')
}
