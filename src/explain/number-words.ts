/** Numbers as the sentences have them. */

/** Thousands set apart: `1,201`. Sequence numbers, ports and the like stay plain, so that they can be searched for. */
export function grouped(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, ',')
}

/** `1 byte`, `1,201 bytes`. */
export function count(value: number, singular: string, plural = `${singular}s`): string {
  return `${grouped(value)} ${value === 1 ? singular : plural}`
}

export function bytes(value: number): string {
  return count(value, 'byte')
}

/** `0x0bad`, with so many digits at least. */
export function hex(value: number, digits: number): string {
  return `0x${(value >>> 0).toString(16).padStart(digits, '0')}`
}

/** `1st`, `2nd`, `11th`. */
export function ordinal(value: number): string {
  const teen = value % 100 >= 11 && value % 100 <= 13
  return `${grouped(value)}${(teen ? undefined : ['th', 'st', 'nd', 'rd'][value % 10]) ?? 'th'}`
}

/** How far a sequence number lies above another, modulo 2^32: 0 to 4294967295. */
export function sequenceAbove(value: number, base: number): number {
  return (value - base) >>> 0
}

/** A sequence number moved by a few, modulo 2^32. */
export function sequencePlus(value: number, difference: number): number {
  return (value + difference) >>> 0
}

/** `9 bytes beyond` or `9 bytes before`, whichever way round is the shorter. */
export function sequenceDistance(value: number, base: number): string {
  const difference = (value - base) | 0
  return difference < 0 ? `${bytes(-difference)} before` : `${bytes(difference)} beyond`
}

/** `0.5 s`, `14.2 s`, `2 min 5 s`, `5 d`; 0 and below is `0 s`. */
export function duration(seconds: number): string {
  if (seconds <= 0) return '0 s'
  if (seconds < 120) return `${Number(seconds.toFixed(seconds < 10 ? 3 : 1))} s`
  const minutes = Math.floor(seconds / 60)
  if (minutes < 120) return parts(minutes, 'min', Math.floor(seconds % 60), 's')
  const hours = Math.floor(minutes / 60)
  return hours < 48
    ? parts(hours, 'h', minutes % 60, 'min')
    : parts(Math.floor(hours / 24), 'd', hours % 24, 'h')
}

function parts(whole: number, unit: string, rest: number, smaller: string): string {
  return rest === 0 ? `${whole} ${unit}` : `${whole} ${unit} ${rest} ${smaller}`
}
