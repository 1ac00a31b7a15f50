import { formatHost, parseFullHost } from '../ruleset/address-text.ts'
import type { Kind } from '../ruleset/extension.ts'
import { notAnAddress } from '../ruleset/kind/address.ts'

/** An address without a mask, as words. */
export const host: Kind<readonly number[]> = {
  usage: 'ADDRESS',
  expected: 'an address',
  examples: (family) => (family === 'ipv4' ? ['1.2.3.4', '255.255.255.255'] : ['fe80::1', '2001:db8::']),
  words: 1,
  read: ([text], { family }) => parseFullHost(text!, family) ?? notAnAddress(text!, family),
  print: formatHost,
}
