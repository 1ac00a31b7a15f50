import type { Action, Environment } from '../hook/environment.ts'
import { VERDICT_ACCEPT } from '../hook/hook.ts'
import { endOfHook, natOf } from '../hook/nat.ts'
import { rangeOfAddress } from '../nat/range.ts'
import { END_SOURCE } from '../packet/translate.ts'
import {
  bitsOf,
  formatHost,
  maskAddress,
  parseFullHost,
  parseMask,
  prefixLength,
  prefixMask,
} from '../ruleset/address-text.ts'
import { shown } from '../ruleset/diagnostic.ts'
import { defineTarget, type Kind, option, Refusal } from '../ruleset/extension.ts'
import { notAnAddress } from '../ruleset/kind/address.ts'
import type { MaskedAddress } from '../ruleset/model.ts'
import { addressWords } from './mapping.ts'

/** A host has its mask printed too. */
const network: Kind<MaskedAddress> = {
  usage: 'ADDRESS[/MASK]',
  expected: 'a network with its prefix length or a mask of leading ones',
  examples: (family) =>
    family === 'ipv4'
      ? ['1.2.3.4', '10.1.2.3/8', '0.0.0.0/0', '1.2.3.4/255.255.0.0']
      : ['fe80::1', '2001:db8::1/33', '::/0', 'fe80::1/ffff::'],
  words: 1,
  read([text], { family }) {
    const slash = text!.indexOf('/')
    const host = slash < 0 ? text! : text!.slice(0, slash)
    const address = parseFullHost(host, family)
    if (address === null) return notAnAddress(host, family)
    const mask = slash < 0 ? prefixMask(family, bitsOf(family)) : parseMask(text!.slice(slash + 1), family)
    if (mask === null || prefixLength(mask) === null)
      return new Refusal(`${shown(text!.slice(slash + 1))} is no mask of leading ones`)
    return maskAddress(address, mask)
  },
  print: ({ address, mask }) => `${formatHost(address)}/${prefixLength(mask)!}`,
}

export const netmap = defineTarget({
  name: 'NETMAP',
  summary: 'puts one network in place of another and keeps the host part of the address',
  tables: ['nat'],
  hooks: ['PREROUTING', 'INPUT', 'OUTPUT', 'POSTROUTING'],
  options: {
    to: option(network, { names: ['--to'], summary: 'the new network', required: true }),
  },
  compile({ to }, environment: Environment): Action {
    const nat = natOf(environment)
    const ipv6 = environment.family === 'ipv6'
    const words = ipv6 ? 4 : 1
    const network = addressWords(to.value.address)
    const mask = addressWords(to.value.mask)
    const address = new Int32Array(4)
    const range = rangeOfAddress(address)
    return ({ packet, hook, outcome }) => {
      const end = endOfHook(hook)
      const source = end === END_SOURCE
      address[0] = source ? packet.source0 : packet.destination0
      if (ipv6) {
        address[1] = source ? packet.source1 : packet.destination1
        address[2] = source ? packet.source2 : packet.destination2
        address[3] = source ? packet.source3 : packet.destination3
      }
      for (let i = 0; i < words; i++) address[i] = network[i]! | (address[i]! & ~mask[i]!)
      nat.setUp(outcome.entry, range, end)
      return VERDICT_ACCEPT
    }
  },
})
