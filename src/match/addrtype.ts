import type { Environment, Test } from '../hook/environment.ts'
import { defineMatch, option } from '../ruleset/extension.ts'
import { bits } from '../ruleset/kind/bits.ts'
import { flag } from '../ruleset/kind/flag.ts'
import { AddressKinds } from './address-kinds.ts'

/** As bits, the lowest first (RTN_* of rtnetlink). */
const names = [
  'UNSPEC',
  'UNICAST',
  'LOCAL',
  'BROADCAST',
  'ANYCAST',
  'MULTICAST',
  'BLACKHOLE',
  'UNREACHABLE',
  'PROHIBIT',
  'THROW',
  'NAT',
  'XRESOLVE',
] as const
const BROADCAST = 1 << names.indexOf('BROADCAST')
const BLACKHOLE = 1 << names.indexOf('BLACKHOLE')
const PROHIBIT = 1 << names.indexOf('PROHIBIT')

const types = bits({ usage: 'TYPE[,…]', names, caseless: true, shortened: true })

export const addrtype = defineMatch({
  name: 'addrtype',
  summary: 'asks the routing table what kind an address is',
  oneOf: [['srcType', 'dstType']],
  options: {
    srcType: option(types, {
      names: ['--src-type'],
      summary: 'the source is one of these',
      invertible: true,
    }),
    dstType: option(types, {
      names: ['--dst-type'],
      summary: 'the destination is one of these',
      invertible: true,
    }),
    limitIn: option(flag, {
      names: ['--limit-iface-in'],
      summary: 'only as far as the interface that the packet came in by',
      excludes: ['limitOut'],
    }),
    limitOut: option(flag, {
      names: ['--limit-iface-out'],
      summary: 'only as far as the interface that the packet leaves by',
    }),
  },
  hooksOf({ limitIn, limitOut }) {
    if (limitIn) return ['PREROUTING', 'INPUT', 'FORWARD']
    return limitOut ? ['FORWARD', 'OUTPUT', 'POSTROUTING'] : null
  },
  check({ srcType, dstType }, { family }) {
    if (family === 'ipv4') return []
    const asked = (srcType?.value ?? 0) | (dstType?.value ?? 0)
    if ((asked & (BROADCAST | BLACKHOLE)) === 0 && asked < PROHIBIT) return []
    const message = 'IPv6 has no BROADCAST, and BLACKHOLE, PROHIBIT and the rest cannot be asked for'
    return [{ code: 'bad-value', option: srcType ? 'srcType' : 'dstType', message }]
  },
  /** addrtype_mt_v1. */
  isOfFlow: () => true,
  compile({ srcType, dstType, limitIn, limitOut }, { family, host }: Environment): Test {
    const kinds = new AddressKinds(host, family)
    const source = srcType?.value ?? 0
    const destination = dstType?.value ?? 0
    return ({ packet, inInterface, outInterface }) => {
      const device = limitIn ? inInterface : limitOut ? outInterface : 0
      if (source !== 0) {
        const { source0, source1, source2, source3 } = packet
        const is = kinds.isOneOf(source, device, source0, source1, source2, source3)
        if (is === srcType!.inverted) return false
      }
      if (destination === 0) return true
      const { destination0, destination1, destination2, destination3 } = packet
      const is = kinds.isOneOf(destination, device, destination0, destination1, destination2, destination3)
      return is !== dstType!.inverted
    }
  },
})
