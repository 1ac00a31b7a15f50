/** The conditions that every rule may have: addresses, interfaces, protocol, fragments. */
import { addressList } from './address-list.ts'
import { isZero } from './address-text.ts'
import type { DiagnosticLog, Finding, Span } from './diagnostic.ts'
import type { Kind } from './extension.ts'
import type { Condition } from './generic-options.ts'
import { interfaceName, neverMatches, protocolKind } from './generic-values.ts'
import type { Loaded } from './loaded.ts'
import type { AddressTest, Family, InterfaceTest, MaskedAddress, Rule } from './model.ts'
import type { ValueRead } from './value-reader.ts'
import type { Word } from './word.ts'

/** An option as it stands in the rule, and how its value is read. */
export interface ConditionRequest {
  readonly key: Condition
  readonly name: string
  readonly word: Word
  readonly attached: Word | null
  readonly inverted: boolean
  value<T>(kind: Kind<T>): ValueRead<T> | null
}

interface AddressTests {
  readonly list: readonly MaskedAddress[]
  readonly inverted: boolean
}

export class Conditions {
  readonly #family: Family
  readonly #log: DiagnosticLog
  readonly #loaded: Loaded
  /** The conditions that were given, and where the interfaces stand. */
  readonly #given: Condition[] = []
  #inWord: Word | null = null
  #outWord: Word | null = null
  #source: AddressTests | null = null
  #destination: AddressTests | null = null
  #in: InterfaceTest | null = null
  #out: InterfaceTest | null = null
  #fragment: { inverted: boolean } | null = null

  constructor(family: Family, log: DiagnosticLog, loaded: Loaded) {
    this.#family = family
    this.#log = log
    this.#loaded = loaded
  }

  #error(span: Span, code: Finding['code'], message: string, more: Partial<Finding> = {}): void {
    this.#log.add(span, { code, message, ...more })
  }

  read(request: ConditionRequest): void {
    const { key, name, word, attached, inverted } = request
    if (this.#given.includes(key)) {
      this.#error(word, 'repeated-option', `${name} stands here twice; a rule takes it once`)
    }
    this.#given.push(key)
    switch (key) {
      case 'fragment':
        if (this.#family === 'ipv6') {
          this.#error(word, 'wrong-family', `${name} is for IPv4; in IPv6 it is -m frag`)
        }
        if (attached) this.#error(word, 'unknown-option', `${name} takes no value`)
        this.#fragment = { inverted }
        return
      case 'in':
        this.#inWord = word
        this.#in = this.#interface(request)
        return
      case 'out':
        this.#outWord = word
        this.#out = this.#interface(request)
        return
      case 'protocol':
        this.#protocol(request)
        return
      case 'source':
        this.#source = this.#addresses(request)
        return
      case 'destination':
        this.#destination = this.#addresses(request)
    }
  }

  #interface({ inverted, value }: ConditionRequest): InterfaceTest | null {
    const read = value(interfaceName)
    if (!read) return null
    const test = { name: read.value, inverted }
    const warning = neverMatches(test)
    if (warning) this.#error(read.span, 'never-matches', warning, { severity: 'warning' })
    return test.name === '+' && !inverted ? null : test
  }

  #protocol({ inverted, value, word }: ConditionRequest): void {
    const read = value(protocolKind)
    if (!read) return
    if (inverted && read.value === 0) {
      this.#error(word, 'never-matches', 'every protocol is 0: inverted, it never matches')
    }
    this.#loaded.setProtocol(protocolTests[read.value * 2 + Number(inverted)]!, word)
    if (this.#family === 'ipv6' && !inverted && extensionHeaders.includes(read.value)) {
      const message = 'an extension header is never the protocol that -p compares: this never matches'
      this.#error(read.span, 'never-matches', message, { severity: 'warning' })
    }
  }

  #addresses({ inverted, value, word }: ConditionRequest): AddressTests | null {
    const read = value(addressList)
    if (!read) return null
    if (inverted && read.value.length > 1) {
      this.#error(word, 'not-invertible', 'a list of addresses cannot be inverted; write a rule for each')
    }
    if (inverted && isZero(read.value[0]!.mask)) {
      this.#error(read.span, 'never-matches', 'no address is outside of all', { severity: 'warning' })
    }
    return { list: read.value, inverted }
  }

  /** Interfaces that do not exist where the chain stands. Chains of users are not looked at, as the tool does it. */
  checkInterfaces(chain: string | undefined): void {
    const out = this.#outWord
    const into = this.#inWord
    if (out && (chain === 'INPUT' || chain === 'PREROUTING')) {
      this.#error(out, 'wrong-chain', `there is no output interface in ${chain}: -o cannot stand here`)
    }
    if (into && (chain === 'OUTPUT' || chain === 'POSTROUTING')) {
      this.#error(into, 'wrong-chain', `there is no input interface in ${chain}: -i cannot stand here`)
    }
  }

  /** A rule for each source and destination; sources are the outer loop. Only the first keeps the comments. */
  expand(rest: Pick<Rule, 'place' | 'comments' | 'counters' | 'matches' | 'target'>, most: number): Rule[] {
    const { protocol } = this.#loaded
    const rules: Rule[] = []
    for (const source of this.#source?.list ?? any) {
      for (const destination of this.#destination?.list ?? any) {
        if (rules.length >= most) return rules
        rules.push({
          place: rest.place,
          comments: rules.length === 0 ? rest.comments : none,
          counters: rest.counters,
          source: addressTest(source, this.#source?.inverted === true),
          destination: addressTest(destination, this.#destination?.inverted === true),
          inInterface: this.#in,
          outInterface: this.#out,
          protocol: protocol?.number === 0 ? null : protocol,
          fragment: this.#fragment,
          matches: rest.matches,
          target: rest.target,
        })
      }
    }
    return rules
  }
}

/** One object for each test there is, shared by all rules. */
const protocolTests = Array.from({ length: 512 }, (_, index) => ({
  number: index >> 1,
  inverted: index % 2 === 1,
}))

const any = [null]
const none: readonly string[] = []

/** Hop-by-hop options are 0 and every protocol; ESP is the last header that can be read (ip6tables warns of these). */
const extensionHeaders = [43, 44, 51, 60]

function addressTest(masked: MaskedAddress | null, inverted: boolean): AddressTest | null {
  if (masked === null || (!inverted && isZero(masked.mask))) return null
  return { address: masked.address, mask: masked.mask, inverted }
}
