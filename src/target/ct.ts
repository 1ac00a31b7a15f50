import { shown } from '../ruleset/diagnostic.ts'
import { defineTarget, type Kind, option, Refusal, without } from '../ruleset/extension.ts'
import { bits } from '../ruleset/kind/bits.ts'
import { flag } from '../ruleset/kind/flag.ts'
import { text } from '../ruleset/kind/text.ts'
import { inRange } from '../ruleset/number.ts'

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
  check({ helper, notrack }, { protocol }) {
    if (!helper || notrack || (protocol !== null && protocol.number !== 0 && !protocol.inverted)) return []
    return [
      {
        code: 'needs-protocol',
        option: 'helper',
        message: 'a helper needs -p, not inverted, in the same rule',
      },
    ]
  },
})
