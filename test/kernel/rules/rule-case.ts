import { ethernet } from '../../../src/packet/build-link.ts'
import type { Family } from '../../../src/ruleset/model.ts'
import type { Entrance } from './lab.ts'

/** The link layer of a frame that comes in by `lan0`. */
export interface FrameAddresses {
  readonly source: string
  readonly destination: string
}

export type RuleStep =
  | {
      readonly kind: 'packet'
      readonly entrance: Entrance
      /** IP header first. */
      readonly bytes: Uint8Array
      readonly frame?: FrameAddresses
    }
  /** Real time passes. */
  | { readonly kind: 'sleep'; readonly milliseconds: number }

export type RulePacketStep = Extract<RuleStep, { kind: 'packet' }>

/** A ruleset, and what is sent through it. */
export interface RuleCase {
  /** A file's name, or the seed. */
  readonly name: string
  readonly family: Family
  /** Lines for iptables-restore; all tables, so that nothing of an earlier case stays. */
  readonly rules: readonly string[]
  readonly steps: readonly RuleStep[]
}

/** Some rule chooses a queue by a hash, which is another one here. */
export function balances(rules: readonly string[]): boolean {
  return rules.some((line) => line.includes('--queue-balance'))
}

const macBytes = (text: string) => Uint8Array.from(text.split(':'), (part) => Number.parseInt(part, 16))

/** As it comes in by its device: with its link header, where that has one. */
export function frameOf({ bytes, frame }: RulePacketStep): Uint8Array {
  if (frame === undefined) return bytes
  return ethernet(bytes, { source: macBytes(frame.source), destination: macBytes(frame.destination) })
}
