/** Moments of a capture as options name them, found in the captures of a run. */
import type { Instant, Moment as RunMoment } from '../../replay/replay.ts'
import { wrongUse } from '../failure.ts'
import { type Moment, momentInstant } from '../moment.ts'
import type { Zone } from '../zone.ts'

/** `names` are those of the captures; `option` is the one that named the moment. @throws Failure where it names no capture */
export function runMoment(
  moment: Moment,
  start: Instant,
  zone: Zone,
  { names, option }: { readonly names: readonly string[]; readonly option: string },
): RunMoment {
  if (moment.kind !== 'packet') return { kind: 'time', ...momentInstant(moment, start, zone)! }
  if (moment.file === null) return { kind: 'packet', packet: moment.number }
  return { kind: 'frame', file: findFile(moment.file, names, option), frame: moment.number }
}

/** Number of a capture, by its name or by what its path ends with; `option` names it. @throws Failure where there is none */
export function findFile(text: string, names: readonly string[], option: string): number {
  const exact = names.indexOf(text)
  if (exact >= 0) return exact
  const found = names.filter((name) => name.endsWith(`/${text}`))
  if (found.length > 1) throw wrongUse(`${option}: several captures are called ${text}: ${found.join(', ')}`)
  if (found[0] === undefined) throw wrongUse(`${option}: no capture is called ${text}`)
  return names.indexOf(found[0])
}

/** What is to be told of a moment behind a packet that never came; null for a time. */
export function missedText(
  moment: RunMoment,
  option: string,
  names: readonly string[],
  packets: string,
): string | null {
  if (moment.kind === 'time') return null
  const text = moment.kind === 'frame' ? `${names[moment.file]}:${moment.frame}` : `${moment.packet}`
  const whole = names.length === 1 ? 'the capture has' : 'the captures have'
  return `${option} '#${text}': there is no such packet, ${whole} ${packets}`
}
