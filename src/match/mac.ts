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
})
