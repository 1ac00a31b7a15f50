import {
  bitsOf,
  formatHost,
  formatMask,
  isAllOnes,
  parseFullHost,
  parseMask,
  prefixMask,
} from '../ruleset/address-text.ts'
import { shown } from '../ruleset/diagnostic.ts'
import { type Kind, Refusal } from '../ruleset/extension.ts'
import { maskedAddress, notAnAddress } from '../ruleset/kind/address.ts'
import type { MaskedAddress } from '../ruleset/model.ts'

/** `ADDRESS[/MASK]` whose bits behind the mask are kept as they are written, though they never count. */
export function keptAddress(print: 'short' | 'full'): Kind<MaskedAddress> {
  return {
    ...maskedAddress,
    read([text], { family }) {
      const slash = text!.indexOf('/')
      const host = slash < 0 ? text! : text!.slice(0, slash)
      const address = parseFullHost(host, family)
      if (address === null) return notAnAddress(host, family)
      const mask = slash < 0 ? prefixMask(family, bitsOf(family)) : parseMask(text!.slice(slash + 1), family)
      return mask === null ? new Refusal(`${shown(text!.slice(slash + 1))} is no mask`) : { address, mask }
    },
    print: ({ address, mask }) =>
      print === 'short' && isAllOnes(mask)
        ? formatHost(address)
        : `${formatHost(address)}/${formatMask(mask)}`,
  }
}
