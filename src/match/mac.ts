import type { Test } from '../hook/environment.ts'
import { LinkHeader } from '../packet/link-header.ts'
import { shown } from '../ruleset/diagnostic.ts'
import { defineMatch, type Kind, option, Refusal } from '../ruleset/extension.ts'

/** Six parts of one or two hexadecimal digits, printed in lower case. */
const macAddress: Kind<string> = {
  usage: 'XX:XX:XX:XX:XX:XX',
  expected: 'an Ethernet address: six hexadecimal numbers, colons between',
  examples: () => ['00:11:22:aa:BB:ff', '1:2:3:4:5:6', 'ff:ff:ff:ff:ff:ff'],
  words: 1,
  read([text]) {
    const parts = text!.split(':', 7)
    if (parts.length !== 6 || !parts.every((part) => /^[0-9a-fA-F]{1,2}$/.test(part))) {
      return new Refusal(`${shown(text!)} is no Ethernet address`)
    }
    return parts.map((part) => part.toLowerCase().padStart(2, '0')).join(':')
  },
  print: (value) => value,
}

export const mac = defineMatch({
  name: 'mac',
  summary: 'compares the source address of the Ethernet frame; other frames never match',
  hooks: ['PREROUTING', 'INPUT', 'FORWARD'],
  options: {
    source: option(macAddress, {
      names: ['--mac-source'],
      summary: 'the frame was sent from this address',
      invertible: true,
      required: true,
    }),
  },
  /** mac_mt: where the device is no Ethernet one, inverted tests fail too. */
  isOfFlow: () => true,
  compile({ source: { value, inverted } }): Test {
    const parts = value.split(':').map((part) => Number.parseInt(part, 16))
    const high = (parts[0]! << 8) | parts[1]!
    const low = (parts[2]! << 24) | (parts[3]! << 16) | (parts[4]! << 8) | parts[5]!
    const link = new LinkHeader()
    return ({ received }) => {
      link.read(received)
      if (!link.isEthernet) return false
      return (link.sourceHigh === high && link.sourceLow === low) !== inverted
    }
  },
})
