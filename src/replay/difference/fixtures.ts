/** For tests: two rulesets over the same packets, as the command runs them. */
import { concat } from '../../capture/fixtures.ts'
import { MergedCapture } from '../../capture/merge.ts'
import { type PcapFormat, pcapHeader, pcapRecord } from '../../capture/pcap-writer.ts'
import { Settings } from '../../conntrack/settings.ts'
import { Tracker } from '../../conntrack/tracker.ts'
import { extensions } from '../../firewall/extensions.ts'
import { Firewall } from '../../firewall/firewall.ts'
import { FixedWay } from '../../firewall/way.ts'
import { HOOK_FORWARD } from '../../hook/hook.ts'
import type { Note } from '../../hook/note.ts'
import { Host } from '../../host/host.ts'
import { Sets } from '../../ipset/sets.ts'
import { buildPacket, type PacketPlan } from '../../packet/build.ts'
import { LINKTYPE_RAW } from '../../packet/link-type.ts'
import type { Family, Ruleset } from '../../ruleset/model.ts'
import { parseRuleset } from '../../ruleset/parser.ts'
import { Consequences } from '../consequences.ts'
import { recordOf } from '../record-of.ts'
import { Replay } from '../replay.ts'
import { Station, type StationOptions } from '../station.ts'
import { Comparison } from './comparison.ts'
import type { Difference } from './difference.ts'
import { NewSide } from './new-side.ts'
import { Side, type SideParts } from './side.ts'
import { Tracing } from './tracing.ts'

const format: PcapFormat = { precision: 'nano', byteOrder: 'little' }
const START = 1_700_000_000

/** Raw IP, a packet each tenth of a second. */
export function captureOf(plans: readonly PacketPlan[]): Uint8Array {
  const parts = [pcapHeader(format, LINKTYPE_RAW)]
  plans.forEach((plan, index) => {
    const bytes = buildPacket(plan)
    const [start, end, originalLength] = [0, bytes.length, bytes.length]
    const seconds = START + Math.floor(index / 10)
    const nanoseconds = (index % 10) * 100_000_000
    parts.push(pcapRecord(format, { seconds, nanoseconds, bytes, start, end, originalLength }))
  })
  return concat(...parts)
}

/** @throws Error for a mistake */
export function rulesOf(text: string, family: Family = 'ipv4', file = 'rules'): Ruleset {
  const { ruleset, diagnostics } = parseRuleset(text, { family, registry: extensions, file })
  const mistake = diagnostics.find(({ severity }) => severity === 'error')
  if (mistake !== undefined) throw new Error(`${mistake.message}\n${text}`)
  return ruleset
}

/** All that two runs share. */
export interface Laboratory {
  readonly capture: Uint8Array
  readonly host?: Host
  readonly sets?: () => Sets
  readonly sysctls?: Readonly<Record<string, number>>
  /** Of `Comparison`. */
  readonly remembered?: number
}

export interface Machine {
  readonly firewall: Firewall
  readonly options: StationOptions
  readonly parts: SideParts
}

/** Its packets are forwarded from in0 to out0. */
export function machineOf(
  rulesets: readonly Ruleset[],
  { host = new Host(), sets = () => new Sets(), sysctls = {} }: Laboratory,
): Machine {
  const settings = new Settings()
  for (const [name, value] of Object.entries(sysctls)) settings.set(name, value)
  const tracker = new Tracker({
    settings,
    fillRandom: (words) => words.set(words.map((_, index) => index * 0x9e37 + 1)),
  })
  const { interfaces } = host
  const way = new FixedWay(HOOK_FORWARD, interfaces.numberOf('in0'), interfaces.numberOf('out0'))
  const firewall = new Firewall(tracker, { rulesets, host, way, sets: sets() })
  const source = { names: [], interfaces: [], tracker, firewall }
  return {
    firewall,
    options: { consequences: new Consequences(firewall) },
    parts: {
      firewall,
      recordOf: (packet, outcome, number) => recordOf(source, packet, outcome, number),
      noteText: (note: Note) => `${note.kind} ${note.prefix}`,
    },
  }
}

/** OLD and NEW over a capture; with `swapAt`, NEW takes OLD's place behind that packet. */
export async function compare(
  old: readonly Ruleset[],
  now: readonly Ruleset[],
  laboratory: Laboratory,
  swapAt?: number,
  newSysctls: Readonly<Record<string, number>> = {},
): Promise<Difference> {
  const run = async (
    onlookerOf: (old: Side, now: NewSide) => Pick<Comparison, 'begin' | 'take' | 'swap'>,
  ) => {
    const before = machineOf(old, laboratory)
    const after = machineOf(swapAt === undefined ? now : old, {
      ...laboratory,
      sysctls: { ...laboratory.sysctls, ...newSysctls },
    })
    const station = new Station(after.firewall, after.options)
    const onlooker = onlookerOf(new Side(before.parts), new NewSide({ ...after.parts, station }))
    const capture = new MergedCapture([{ name: 'capture', chunks: [laboratory.capture] }])
    const { tracker } = after.firewall
    const replay = new Replay(
      capture,
      before.firewall,
      {
        onStart: (start) => {
          tracker.setTime(start.seconds, start.nanoseconds)
          onlooker.begin()
          return swapAt === undefined ? [] : [{ kind: 'packet', packet: swapAt }]
        },
        onPacket: (packet, outcome, number) => onlooker.take(packet, outcome, number),
        onMoment: () => {
          tracker.settle()
          onlooker.swap(now)
        },
      },
      before.options,
    )
    await replay.run()
  }
  let comparison: Comparison | null = null
  await run((oldSide, nowSide) => (comparison = new Comparison(oldSide, nowSide, laboratory.remembered)))
  const found = comparison! as Comparison
  found.finish()
  let tracing: Tracing | null = null
  const telling = new Set(found.changes.tellingPackets())
  await run((oldSide, nowSide) => (tracing = new Tracing(oldSide, nowSide, telling)))
  const { whys } = tracing! as Tracing
  return found.difference((packet) => whys.get(packet) ?? null)
}
