/** The machine of a scenario, as devices, addresses and routes of Linux. */
import { Host } from '../host/host.ts'
import { tellLocal, tellPair, tellRoute } from '../host/host-words.ts'
import { formatAddress } from '../packet/address.ts'
import { FAMILY_IPV4, FAMILY_IPV6, type Packet } from '../packet/packet.ts'
import type { Family } from '../ruleset/model.ts'
import type { LoadedSetup } from '../scenario/load.ts'
import type { RouterDevice, RouterPlan } from './router.ts'

/** Where packets come in, and leave, of which nothing tells the interface: no rule has these names. */
const UNTOLD_IN = 'untold-in'
const UNTOLD_OUT = 'untold-out'
export const untold: ReadonlySet<string> = new Set([UNTOLD_IN, UNTOLD_OUT])

/** What the engine takes an interface's MTU for, where rules ask for it; else nothing is too long. */
const ASKED_MTU = 1500
const LARGEST_MTU = 65_535
const LOOPBACK = 'lo'
const FIRST_TABLE = 100

export class Topology {
  readonly plan: RouterPlan
  readonly #host = new Host()

  constructor({ words, rules }: LoadedSetup) {
    const host = this.#host
    for (const local of words.local) tellLocal(host, local)
    for (const route of words.routes) tellRoute(host, route)
    if (words.pair !== null) tellPair(host, words.pair)
    const mtu = rules.some(({ text }) => text.includes('--clamp-mss-to-pmtu')) ? ASKED_MTU : LARGEST_MTU
    const addresses = new Map<string, string[]>([
      [UNTOLD_IN, []],
      [UNTOLD_OUT, []],
    ])
    const of = (name: string): string[] => {
      const known = addresses.get(name) ?? []
      addresses.set(name, known)
      return known
    }
    for (const { name, words: address, length } of words.local)
      of(name).push(`${addressText(address)}/${length}`)
    for (const { name } of words.routes) of(name)
    for (const { interface: name } of words.hosts.values()) if (name !== null) of(name)
    if (words.pair !== null) for (const name of [words.pair.first, words.pair.second]) of(name)
    const devices = [...addresses]
      .filter(([name]) => name !== LOOPBACK)
      .map(([name, of]): RouterDevice => ({ name, kind: 'tun', mtu, addresses: of }))
    this.plan = {
      devices,
      commands: { ipv4: this.#commands('ipv4', words), ipv6: this.#commands('ipv6', words) },
      sysctls: [
        // Sources are not judged here, nor are they by an engine that was not told all of its host.
        ['net.ipv4.conf.all.accept_local', 1],
        ['net.ipv4.conf.all.route_localnet', 1],
      ],
      watch: { loops: true, traced: true, zone: words.zone?.number ?? 0, helpers: words.helpers },
    }
  }

  #commands(family: Family, { routes, pair }: LoadedSetup['words']): string[] {
    const host = this.#host
    const isIPv6 = family === 'ipv6'
    const any = isIPv6 ? '::/0' : '0.0.0.0/0'
    // The same destination told twice: the first one holds, here and there.
    const told = new Map<string, string>()
    for (const { name, words, length, isDefault } of routes) {
      if (!isDefault && (words.length === 4) !== isIPv6) continue
      const destination = isDefault ? any : `${addressText(words)}/${length}`
      if (!told.has(destination)) told.set(destination, name)
    }
    const commands = [...told].map(([destination, name]) => `route add ${destination} dev ${name}`)
    let table = FIRST_TABLE
    /** What comes in by one leaves by the other: ahead of all routes, or where none leads. */
    const lead = (from: string, to: string, priority: number) => {
      commands.push(
        `rule add iif ${from} lookup ${table} priority ${priority}`,
        `route add ${any} dev ${to} table ${table}`,
      )
      table++
    }
    if (pair !== null) {
      lead(pair.first, pair.second, AHEAD_OF_MAIN)
      lead(pair.second, pair.first, AHEAD_OF_MAIN)
    }
    if (host.knowsRoutes(isIPv6)) return commands
    const [first, second, third] = host.used.map((number) => host.interfaces.nameOf(number))
    let out = UNTOLD_OUT
    if (first !== undefined && second === undefined) {
      // What the machine itself sends leaves by its one interface; what comes in by that one, nobody knows how.
      lead(first, UNTOLD_OUT, BEHIND_MAIN)
      out = first
    } else if (first !== undefined && second !== undefined && third === undefined) {
      lead(first, second, BEHIND_MAIN)
      lead(second, first, BEHIND_MAIN)
    }
    commands.push(
      `rule add lookup ${table} priority ${BEHIND_ALL}`,
      `route add ${any} dev ${out} table ${table}`,
    )
    return commands
  }

  /** Name of the device that a received packet comes in by, where the scenario does not say. */
  arrival(packet: Packet): string {
    const host = this.#host
    const { source0, source1, source2, source3 } = packet
    const route = host.route(packet.family === FAMILY_IPV6, source0, source1, source2, source3)
    const number = route !== null && route.type === 'unicast' ? route.interface : host.only
    return host.interfaces.nameOf(number) || UNTOLD_IN
  }

  /** The machine has the packet's source address. */
  isFromHere(packet: Packet): boolean {
    const { source0, source1, source2, source3 } = packet
    return this.#host.isLocal(packet.family === FAMILY_IPV6, source0, source1, source2, source3)
  }
}

// `local` is asked at 0, `main` at 32766.
const AHEAD_OF_MAIN = 100
const BEHIND_MAIN = 32_800
const BEHIND_ALL = 32_900

function addressText(words: Int32Array): string {
  return formatAddress(
    words.length === 1 ? FAMILY_IPV4 : FAMILY_IPV6,
    words[0]!,
    words[1] ?? 0,
    words[2] ?? 0,
    words[3] ?? 0,
  )
}
