import { wordsOf } from '../ruleset/address-text.ts'
import { defineTarget, type Kind, neverOmitted, option } from '../ruleset/extension.ts'
import { type MaskedNumber, maskedNumber } from '../ruleset/kind/number.ts'
import { readDecimalPort } from '../ruleset/kind/port.ts'
import { host } from './host.ts'

const port: Kind<number> = {
  usage: 'PORT',
  expected: 'a port (0–65535) or a service',
  examples: () => ['0', '65535', '010', 'ssh'],
  words: 1,
  read: ([text], context) => readDecimalPort(text!, context),
  print: String,
}

export const tproxy = defineTarget({
  name: 'TPROXY',
  summary:
    'hands the packet to a local socket without a change of its addresses, and drops it if there is none',
  tables: ['mangle'],
  hooks: ['PREROUTING'],
  protocols: [6, 17],
  options: {
    port: option(port, {
      names: ['--on-port'],
      summary: "the socket's port; 0: that of the packet",
      required: true,
    }),
    ip: option(host, {
      names: ['--on-ip'],
      summary: "the socket's address; unless told, one of the interface",
      initial: (family) => new Array<number>(wordsOf(family)).fill(0),
      omit: neverOmitted,
    }),
    mark: option(maskedNumber('full'), {
      names: ['--tproxy-mark'],
      summary: 'clears the bits of the mask in the mark of the packet, and turns those of the value over',
      initial: { value: 0, mask: 0 } satisfies MaskedNumber,
      omit: neverOmitted,
    }),
  },
})
