import { NotEvaluated } from '../hook/environment.ts'
import { formatHost, prefixLength } from '../ruleset/address-text.ts'
import { shown } from '../ruleset/diagnostic.ts'
import { defineMatch, type Kind, option, type Problem, Refusal, without } from '../ruleset/extension.ts'
import { choice } from '../ruleset/kind/choice.ts'
import { flag } from '../ruleset/kind/flag.ts'
import { readPort } from '../ruleset/kind/port.ts'
import type { MaskedAddress } from '../ruleset/model.ts'
import { parseProtocol } from '../ruleset/protocols.ts'
import { keptAddress } from './kept-address.ts'

const protocol: Kind<number> = {
  usage: 'PROTOCOL',
  expected: 'a protocol by number or name',
  examples: () => ['tcp', '17', '0'],
  words: 1,
  read: ([text]) => parseProtocol(text!) ?? new Refusal(`${shown(text!)} is no protocol`),
  print: String,
}

const port: Kind<number> = {
  usage: 'PORT',
  expected: 'a port (0–65535) or a service',
  examples: () => ['0', '80', 'http', '65535'],
  words: 1,
  read: ([text], context) => readPort(text!, { ...context, protocol: null }),
  print: String,
}

/** A mask that is no prefix is lost when it is printed. */
const address: Kind<MaskedAddress> = {
  ...keptAddress('short'),
  print({ address, mask }) {
    const prefix = prefixLength(mask)
    return prefix === null || prefix === mask.length * 32
      ? formatHost(address)
      : `${formatHost(address)}/${prefix}`
  },
}

export const ipvs = defineMatch({
  name: 'ipvs',
  summary: 'asks whether the packet belongs to a connection of the load balancer IPVS, and to which',
  oneOf: [['ipvs', 'protocol', 'address', 'port', 'direction', 'method', 'control']],
  options: {
    ipvs: option(flag, {
      names: ['--ipvs'],
      summary: 'it belongs to one; goes without saying beside another option',
      invertible: true,
    }),
    protocol: option(protocol, {
      names: ['--vproto'],
      summary: "the virtual service's protocol is this",
      invertible: true,
    }),
    address: option(address, {
      names: ['--vaddr'],
      summary: "the virtual service's address is this",
      invertible: true,
    }),
    port: option(port, {
      names: ['--vport'],
      summary: "the virtual service's port is this",
      invertible: true,
    }),
    direction: option(choice({ usage: 'DIRECTION', names: ['ORIGINAL', 'REPLY'], caseless: true }), {
      names: ['--vdir'],
      summary: 'the packet goes to the service, or comes from it',
    }),
    method: option(choice({ usage: 'METHOD', names: ['GATE', 'IPIP', 'MASQ'], caseless: true }), {
      names: ['--vmethod'],
      summary: 'the connection is handed on in this way',
      invertible: true,
    }),
    control: option(port, {
      names: ['--vportctl'],
      summary: 'the connection that it goes with, of FTP for instance, has this port',
      invertible: true,
    }),
  },
  normalise: (options) =>
    Object.keys(options).length > 1 && options['ipvs']?.inverted === false
      ? without(options, 'ipvs')
      : options,
  check({ ipvs, ...others }): readonly Problem[] {
    if (!ipvs?.inverted || Object.keys(others).length === 0) return []
    const message = '! --ipvs cannot stand beside another option'
    return [{ code: 'conflicting-options', option: 'ipvs', message }]
  },
  compile(): never {
    throw new NotEvaluated('asks for connections of IPVS, which no capture tells')
  },
})
