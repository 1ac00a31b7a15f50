import type { Side } from '../kernel.ts'

/** One thing that happens in a case. */
export type Step =
  | { readonly kind: 'packet'; readonly side: Side; readonly bytes: Uint8Array }
  /** Virtual time passes: the kernel's entries are aged through netlink. */
  | { readonly kind: 'age'; readonly seconds: number }
  /** Real time passes, where ageing cannot reach (UDP's two seconds). */
  | { readonly kind: 'sleep'; readonly seconds: number }

export type PacketStep = Extract<Step, { kind: 'packet' }>

/** A sequence of packets and waits from an empty table, with the settings in force. */
export interface Case {
  readonly seed: number
  readonly kind: string
  /** Sysctls by bare name; all others have their defaults. */
  readonly settings: Readonly<Record<string, number>>
  readonly steps: readonly Step[]
}

/** A script that emits its packets one by one, so that several can be interleaved. */
export type Script = Generator<PacketStep, void, undefined>
