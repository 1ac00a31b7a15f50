/** Values of the options that every rule knows, but for addresses. */
import { suggest } from '../diagnostic/suggest.ts'
import { utf8Length } from '../diagnostic/utf8-length.ts'
import { shown } from './diagnostic.ts'
import { type Kind, Refusal } from './extension.ts'
import type { InterfaceTest } from './model.ts'
import { formatProtocol, parseProtocol, protocolNames } from './protocols.ts'

/** IFNAMSIZ without its terminator. */
const LONGEST_INTERFACE = 15

export const interfaceName: Kind<string> = {
  usage: 'NAME[+]',
  expected: `the name of an interface, up to ${LONGEST_INTERFACE} bytes; a final + stands for any ending`,
  examples: () => ['lo', 'eth+', 'a'.repeat(LONGEST_INTERFACE)],
  words: 1,
  read([text]) {
    if (text === '') return new Refusal('the name is empty')
    if (utf8Length(text!) <= LONGEST_INTERFACE) return text!
    return new Refusal(`${shown(text!)} is longer than ${LONGEST_INTERFACE} bytes`)
  },
  print: (name) => name,
}

/** Why the test never matches although it may be written, or null. */
export function neverMatches({ name, inverted }: InterfaceTest): string | null {
  if (name === '+' && inverted) return 'no interface is outside of all: this never matches'
  if (name.includes(':'))
    return `an alias such as ${shown(name)} never matches: packets carry the interface's own name`
  if (/[/\s]/.test(name)) return `${shown(name)} can hardly be an interface's name`
  return null
}

export const protocolKind: Kind<number> = {
  usage: 'PROTOCOL',
  expected: 'a protocol by name, or by number from 0 to 255',
  examples: () => ['tcp', '17', '255'],
  words: 1,
  read([text]) {
    const number = parseProtocol(text!)
    if (number !== null) return number
    return new Refusal(`${shown(text!)} is no protocol`, { suggestion: suggest(text!, protocolNames) })
  },
  print: formatProtocol,
}
