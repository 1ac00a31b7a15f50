import { findHelper } from '../conntrack/helper/registry.ts'
import { CTINFO_UNTRACKED } from '../conntrack/status.ts'
import { TemplateMark, ZONE_BY_MARK, ZONE_UNTOLD } from '../conntrack/template.ts'
import { type Action, type Environment, NotEvaluated } from '../hook/environment.ts'
import { VERDICT_CONTINUE } from '../hook/hook.ts'
import { PROTOCOL_TCP, PROTOCOL_UDP } from '../packet/packet.ts'
import { shown } from '../ruleset/diagnostic.ts'
import { defineTarget, type Kind, option, type Problem, Refusal, without } from '../ruleset/extension.ts'
import { bits } from '../ruleset/kind/bits.ts'
import { flag } from '../ruleset/kind/flag.ts'
import { text } from '../ruleset/kind/text.ts'
import type { Setting } from '../ruleset/model.ts'
import { inRange } from '../ruleset/number.ts'
import { formatProtocol } from '../ruleset/protocols.ts'

const events = [
  'new',
  'related',
  'destroy',
  'reply',
  'assured',
  'protoinfo',
  'helper',
  'mark',
  'natseqinfo',
  'secmark',
]

/** A zone, or the packet's mark as its number. */
const zone: Kind<number | 'mark'> = {
  usage: 'ZONE|mark',
  expected: 'a number from 0 to 65535, or mark: the number is that of the packet',
  examples: () => ['0', '1', '65535', 'mark'],
  words: 1,
  read([text]) {
    if (text === 'mark') return text
    return inRange(text!, 0, 65535) ?? new Refusal(`${shown(text!)} is no zone`)
  },
  print: String,
}
const name = text({ usage: 'NAME', min: 1, max: 31, print: 'bare', examples: ['ftp'] })

interface KernelHelper {
  readonly protocols: readonly number[]
  readonly ipv4Only: boolean
}

const both = (...protocols: number[]): KernelHelper => ({ protocols, ipv4Only: false })
const ipv4 = (...protocols: number[]): KernelHelper => ({ protocols, ipv4Only: true })

/** Those that Linux 6.18 has, and what it takes them for (xt_ct_find_helper); programs can bring others along. */
const kernelHelpers: Readonly<Record<string, KernelHelper>> = {
  amanda: both(PROTOCOL_UDP),
  ftp: both(PROTOCOL_TCP),
  'H.245': both(PROTOCOL_UDP),
  irc: ipv4(PROTOCOL_TCP),
  'netbios-ns': ipv4(PROTOCOL_UDP),
  pptp: ipv4(PROTOCOL_TCP),
  'Q.931': both(PROTOCOL_TCP),
  RAS: both(PROTOCOL_UDP),
  sane: both(PROTOCOL_TCP),
  sip: both(PROTOCOL_TCP, PROTOCOL_UDP),
  snmp: ipv4(PROTOCOL_UDP),
  snmp_trap: ipv4(PROTOCOL_UDP),
  tftp: both(PROTOCOL_UDP),
}

function kernelHelper(name: string): KernelHelper | undefined {
  return Object.hasOwn(kernelHelpers, name) ? kernelHelpers[name] : undefined
}

type Zone = Setting<number | 'mark'> | undefined

/** Zone 0 is where everything is unless told. */
function templateZone(zone: Zone): number {
  if (zone === undefined || zone.value === 0) return ZONE_UNTOLD
  return zone.value === 'mark' ? ZONE_BY_MARK : zone.value
}

export const ct = defineTarget({
  name: 'CT',
  summary: 'tells connection tracking what to do with a packet that it has not seen yet',
  tables: ['raw'],
  options: {
    notrack: option(flag, { names: ['--notrack'], summary: 'the packet is not tracked: UNTRACKED' }),
    helper: option(name, { names: ['--helper'], summary: 'a new connection gets this helper' }),
    timeout: option(name, {
      names: ['--timeout'],
      summary: 'a new connection gets the timeouts of this policy',
    }),
    ctevents: option(bits({ usage: 'EVENT[,…]', names: events }), {
      names: ['--ctevents'],
      summary: 'only these events of the connection are told',
    }),
    expevents: option(bits({ usage: 'EVENT', names: ['new'] }), {
      names: ['--expevents'],
      summary: 'only these events of its expectations are told',
    }),
    zoneOrig: option(zone, {
      names: ['--zone-orig'],
      summary: 'the zone of packets of the original direction',
      excludes: ['zone', 'zoneReply'],
    }),
    zoneReply: option(zone, {
      names: ['--zone-reply'],
      summary: 'the zone of packets of the reply direction',
      excludes: ['zone'],
    }),
    zone: option(zone, {
      names: ['--zone'],
      summary: 'the zone: connections of different zones do not see each other',
      initial: 0,
    }),
  },
  normalise(options) {
    // Zone 0 is where everything is unless told.
    let settings = options
    for (const key of ['zoneOrig', 'zoneReply'])
      if (options[key]?.value === 0) settings = without(settings, key)
    return settings
  },
  check({ helper, notrack }, { protocol, family }) {
    if (!helper || notrack) return []
    const problem = (code: Problem['code'], message: string) => [{ code, option: 'helper', message }]
    if (protocol === null || protocol.number === 0 || protocol.inverted)
      return problem('needs-protocol', 'a helper needs -p, not inverted, in the same rule')
    // `ftp-2121` is the name of one for another port.
    const kernels = kernelHelper(helper.value.replace(/-\d+$/, ''))
    if (kernels === undefined) return []
    if (family === 'ipv6' && kernels.ipv4Only)
      return problem('wrong-family', `the helper ${helper.value} is for IPv4 only: no kernel takes it here`)
    if (kernels.protocols.includes(protocol.number)) return []
    const wanted = kernels.protocols.map((one) => `-p ${formatProtocol(one)}`).join(' or ')
    return problem(
      'needs-protocol',
      `the helper ${helper.value} needs ${wanted}: no kernel takes it otherwise`,
    )
  },
  compile(options, { tracker }: Environment): Action {
    if (tracker.settings.linux === '2.4')
      throw new NotEvaluated('Linux 2.4 had no table raw and no target CT')
    const { zoneOrig, zoneReply, zone } = options
    if (options.notrack !== undefined) {
      return (passage) => {
        if (!passage.isTrackingSettled) passage.outcome.ctinfo = CTINFO_UNTRACKED
        return VERDICT_CONTINUE
      }
    }
    const policy =
      options.timeout === undefined ? null : (tracker.timeoutPolicies.get(options.timeout.value) ?? null)
    if (options.timeout !== undefined && policy === null)
      throw new NotEvaluated(`the timeout policy ${options.timeout.value} is not known`)
    const helper = options.helper === undefined ? null : findHelper(options.helper.value)
    if (options.helper !== undefined && helper === null)
      throw new NotEvaluated(`the helper ${options.helper.value} is not built in`)
    // Told for one direction, the other one is in zone 0.
    const isOneWay = zoneOrig !== undefined || zoneReply !== undefined
    const original = isOneWay && zoneOrig === undefined ? 0 : templateZone(zoneOrig ?? zone)
    const reply = isOneWay && zoneReply === undefined ? 0 : templateZone(zoneReply ?? zone)
    const events = options.ctevents?.value ?? 0
    const own = new TemplateMark()
    return (passage) => {
      if (passage.isTrackingSettled) return VERDICT_CONTINUE
      const { template } = passage
      template.given = true
      template.own = own
      template.zoneOriginal = original
      template.zoneReply = reply
      template.helper = helper
      template.events = events
      template.policy = policy
      return VERDICT_CONTINUE
    }
  },
})
