/** The value of `-s` and `-d`: addresses with masks, commas between. */
import { bitsOf, isZero, maskAddress, parseHost, parseMask, prefixMask, wordsOf } from './address-text.ts'
import { shown } from './diagnostic.ts'
import { type Kind, Refusal } from './extension.ts'
import { maskedAddress, notAnAddress } from './kind/address.ts'
import type { Family, MaskedAddress } from './model.ts'

/** A rule for each address; a hostile list times another must stay bounded. */
const LONGEST_LIST = 4096

/** The only name that means the same everywhere; others would have to be looked up. */
const loopback = { ipv4: '127.0.0.1', ipv6: '::1' } as const

function readOne(text: string, family: Family): MaskedAddress | Refusal {
  const slash = text.indexOf('/')
  const name = slash < 0 ? text : text.slice(0, slash)
  const mask = slash < 0 ? prefixMask(family, bitsOf(family)) : parseMask(text.slice(slash + 1), family)
  if (mask === null) {
    return new Refusal(
      `${shown(text.slice(slash + 1))} is no mask: a prefix length from 0 to ${bitsOf(family)}, or an address`,
    )
  }
  // With a mask of zero the name does not matter (`any/0`).
  if (isZero(mask) && slash > 0) return { address: new Array<number>(wordsOf(family)).fill(0), mask }
  const address = parseHost(name === 'localhost' ? loopback[family] : name, family)
  return address === null ? notAnAddress(name, family) : maskAddress(address, mask)
}

export const addressList: Kind<readonly MaskedAddress[]> = {
  usage: 'ADDRESS[/MASK][,…]',
  expected: 'an address, a network with its prefix length or mask, or a list of these',
  examples: maskedAddress.examples,
  words: 1,
  read([text], { family }) {
    if (!text!.includes(',')) {
      const one = readOne(text!, family)
      return one instanceof Refusal ? one : [one]
    }
    const list: MaskedAddress[] = []
    for (const part of text!.split(',', LONGEST_LIST + 1)) {
      const one = readOne(part.trimStart(), family)
      if (one instanceof Refusal) return part === '' ? new Refusal('an element of the list is empty') : one
      list.push(one)
    }
    return list.length > LONGEST_LIST ? new Refusal(`more than ${LONGEST_LIST} addresses`) : list
  },
  print: () => '',
}
