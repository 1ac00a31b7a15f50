/** Packets of a run as files: pcapng with what became of each as a comment, and a connection as a scenario. */
import type { CaptureInterface } from '../../src/capture/record.ts'
import type { PacketToWrite } from '../../src/capture/writer.ts'
import { printable } from '../../src/diagnostic/printable.ts'
import type { Firewall } from '../../src/firewall/firewall.ts'
import { CommentedPcapng, frameOf } from '../../src/format/commented-pcapng.ts'
import { formatAddress, parseAddress } from '../../src/packet/address.ts'
import { LINKTYPE_RAW } from '../../src/packet/link-type.ts'
import { FAMILY_IPV4, FAMILY_IPV6, type Packet } from '../../src/packet/packet.ts'
import { NotWritten, ScenarioWriter } from '../../src/scenario/scenario-writer.ts'
import type { Load, SavedFile } from '../protocol.ts'
import { endsOf } from './flow-list.ts'
import type { Recorder } from './recorder.ts'
import { Refusal, type Source, type SourceRun } from './source.ts'
import { sysctlsOf } from './told.ts'

/** Gathered before it becomes a part of the file. */
const BATCH = 4 * 1024 * 1024
const SNAP_LENGTH = 262_144

/** Ends a run of which the rest is not wanted. */
class Enough extends Error {}

export interface SavedRun {
  readonly source: Source
  readonly recorder: Recorder
}

/** Ahead of more packets: may throw, which ends the run. */
type Watch = (bytesRead: number) => void

/** Calls `take` with the packets of the connections that are chosen: a byte each, not 0. */
async function eachOf(
  { source, recorder }: SavedRun,
  chosen: Uint8Array,
  watch: Watch,
  begin: (
    run: SourceRun,
  ) => (packet: Packet, record: ReturnType<SourceRun['recordOf']>, number: number) => void,
): Promise<void> {
  const run = source.make()
  const take = begin(run)
  const { flow, count } = recorder.packets
  let last = 0
  for (let one = 0; one < chosen.length; one++)
    if (chosen[one] !== 0) last = Math.max(last, recorder.flows.last.get(one))
  try {
    await run.each({
      onPacket: (packet, outcome, number) => {
        const of = number > count ? 0 : flow.get(number - 1)
        if (of > 0 && chosen[of - 1] === 1) take(packet, run.recordOf(packet, outcome, number), number)
        if (number >= last) throw new Enough()
      },
      onProgress: watch,
    })
  } catch (error) {
    if (!(error instanceof Enough)) throw error
  }
}

/** As `sallyport replay --write` writes them. */
export async function savedPcapng(
  saved: SavedRun,
  chosen: Uint8Array,
  name: string,
  watch: Watch,
): Promise<SavedFile> {
  const parts: Blob[] = []
  let blocks: Uint8Array<ArrayBuffer>[] = []
  let size = 0
  let packets = 0
  const flush = () => {
    if (blocks.length > 0) parts.push(new Blob(blocks))
    blocks = []
    size = 0
  }
  await eachOf(saved, chosen, watch, (run) => {
    const devices = run.interfaces === null ? new Devices(run) : null
    const writer = new CommentedPcapng(run.interfaces ?? devices!.interfaces, (block) => {
      blocks.push(block as Uint8Array<ArrayBuffer>)
      size += block.length
      if (size > BATCH) flush()
    })
    return (packet, record) => {
      packets++
      writer.write(devices === null ? frameOf(packet) : devices.frameOf(packet), record)
    }
  })
  flush()
  return { name: `${name}.pcapng`, blob: new Blob(parts), packets }
}

/** Of a scenario, whose packets have no link layer: an interface of the file for each of the machine's. */
class Devices {
  readonly interfaces: CaptureInterface[] = []
  readonly #run: SourceRun
  readonly #index = new Map<number, number>()

  constructor(run: SourceRun) {
    this.#run = run
  }

  /** The packet from its IP header on. */
  frameOf(packet: Packet): PacketToWrite {
    const device = packet.inInterface || packet.outInterface
    let index = this.#index.get(device)
    if (index === undefined) {
      index = this.interfaces.length
      this.#index.set(device, index)
      const name = this.#run.firewall.host.interfaces.nameOf(device)
      this.interfaces.push({
        name: name === '' ? null : name,
        linkType: LINKTYPE_RAW,
        snapLength: SNAP_LENGTH,
        file: 0,
        timePrecision: 9,
      })
    }
    const { networkOffset, frameStart, frameLength } = packet
    return {
      ...frameOf(packet),
      interfaceIndex: index,
      start: networkOffset,
      originalLength: frameLength - (networkOffset - frameStart),
    }
  }
}

/** A text that `sallyport test` passes. @throws Refusal where it cannot be one */
export async function savedScenario(
  saved: SavedRun,
  load: Load,
  flow: number,
  watch: Watch,
): Promise<SavedFile> {
  if (load.scenario !== null) throw new Refusal('this is a scenario already: save its text instead')
  const { recorder } = saved
  const chosen = new Uint8Array(recorder.flows.count)
  chosen[flow - 1] = 1
  const [client, server] = endsOf(recorder.flows, flow - 1)
  const name = `connection-${flow}`
  let packets = 0
  let writer: ScenarioWriter | null = null
  try {
    await eachOf(saved, chosen, watch, (run) => {
      const about = [
        `${printable(client)} > ${printable(server)}: connection ${flow} of ${printable(run.names.join(', '))}.`,
        'Written by Sallyport: what is expected is what was observed.',
      ]
      const one = new ScenarioWriter({
        name: `${name}.scenario`,
        about,
        ...circumstances(load, run.firewall),
      })
      writer = one
      return (packet, record, number) => {
        packets++
        one.add(packet, recorder.packets.side.get(number - 1) as 0 | 1 | 2, deviceOf(packet, run), record)
      }
    })
    const text = await writer!.finish()
    return { name: `${name}.scenario`, blob: new Blob([text]), packets }
  } catch (error) {
    throw error instanceof NotWritten ? new Refusal(`no scenario is made of it: ${error.message}`) : error
  }
}

function deviceOf({ inInterface, outInterface }: Packet, { firewall }: SourceRun): string {
  return firewall.host.interfaces.nameOf(inInterface || outInterface)
}

type Circumstances = Omit<ConstructorParameters<typeof ScenarioWriter>[0], 'name' | 'about'>

function circumstances({ rules, rules6, settings }: Load, { host }: Firewall): Circumstances {
  const { linux, zone, seed, ipset, timeouts, host: told } = settings
  const lines: string[] = []
  if (linux === '2.4') lines.push('era 2.4')
  for (const { name, value } of sysctlsOf(settings)) lines.push(`sysctl ${name}=${value}`)
  if (zone !== 0) lines.push(`zone ${zone}`)
  if (seed !== 1) lines.push(`seed ${seed}`)
  const isJson = /^[\s\ufeff]*[[{]/.test(told)
  if (told.trim() !== '' && !isJson)
    lines.push(
      ...told
        .split('\n')
        .map((line) => line.trim())
        .filter((line) => line !== '' && !line.startsWith('#')),
    )
  if (isJson) lines.push(...localsOf(host))
  return {
    rules: rules?.text ?? null,
    rules6: rules6?.text ?? null,
    settings: lines,
    blocks: [
      ...(ipset.trim() === '' ? [] : [{ head: 'ipset', text: ipset }]),
      ...(timeouts.trim() === '' ? [] : [{ head: 'timeouts', text: timeouts }]),
    ],
    isLocal: (address) => {
      if (told.trim() !== '') return false
      const parsed = parseAddress(address)
      if (parsed === null) return false
      const { words } = parsed
      return host.isLocal(
        parsed.family === FAMILY_IPV6,
        words[0]!,
        words[1] ?? 0,
        words[2] ?? 0,
        words[3] ?? 0,
      )
    },
  }
}

function localsOf({ addresses, interfaces, loopback }: Firewall['host']): string[] {
  return addresses
    .filter((one) => one.interface !== loopback)
    .map(({ interface: device, words, length }) => {
      const family = words.length === 1 ? FAMILY_IPV4 : FAMILY_IPV6
      const address = formatAddress(family, words[0]!, words[1] ?? 0, words[2] ?? 0, words[3] ?? 0)
      return `local ${interfaces.nameOf(device)}=${address}/${length}`
    })
}
