/** Times, medians, and the lines of the report. */

export interface Row {
  readonly figure: string
  readonly value: string
  /** Empty where nothing is asked. */
  readonly limit: string
  readonly ok: boolean | null
}

/**
 * Processor time of this process in nanoseconds, its helper threads (collector, compiler) included: what other work
 * on the machine does not lengthen.
 */
export function cpuNanoseconds(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) * 1000
}

/** Needs `--expose-gc`. */
export const collectGarbage: () => void = globalThis.gc ?? (() => {})

/** Heap in use and typed arrays, after a collection. */
export function heldBytes(): number {
  collectGarbage()
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return heapUsed + arrayBuffers
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}

/** A figure with an upper limit, or none. */
export function atMost(figure: string, value: number, limit: number | null, unit: string, digits = 1): Row {
  return {
    figure,
    value: `${format(value, digits)}${unit}`,
    limit: limit === null ? '' : `<= ${format(limit, digits)}${unit}`,
    ok: limit === null ? null : value <= limit,
  }
}

export function atLeast(figure: string, value: number, limit: number, unit: string): Row {
  return {
    figure,
    value: `${format(value, 0)}${unit}`,
    limit: `>= ${format(limit, 0)}${unit}`,
    ok: value >= limit,
  }
}

/** Nanoseconds a packet and packets a second, nothing asked. */
export function speed(figure: string, nanoseconds: number): Row {
  const perSecond = (1000 / nanoseconds).toFixed(2)
  return { figure, value: `${nanoseconds.toFixed(1)} ns, ${perSecond} M/s`, limit: '', ok: null }
}

function format(value: number, digits: number): string {
  const text = Number.isInteger(value) ? String(value) : value.toFixed(digits)
  return text.replace(/\B(?=(\d{3})+(?!\d))(?<!\.\d*)/g, ',')
}

export function printTable(rows: readonly Row[]): void {
  const lines = [
    ['figure', 'measured', 'limit', ''],
    ...rows.map(({ figure, value, limit, ok }) => [
      figure,
      value,
      limit,
      ok === null ? '' : ok ? 'ok' : 'OVER',
    ]),
  ]
  const width = (column: number): number => Math.max(...lines.map((line) => line[column]!.length))
  const [first, second, third] = [width(0), width(1), width(2)]
  for (const [figure, value, limit, ok] of lines) {
    console.log(
      `${figure!.padEnd(first)}  ${value!.padStart(second)}  ${limit!.padStart(third)}  ${ok}`.trimEnd(),
    )
  }
}
