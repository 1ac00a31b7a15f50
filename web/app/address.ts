/** Where the page stands, as the part of its address behind the #: `packet=1234&flow=7&capture=…`. */

export interface Address {
  /** From 1; null: not said. */
  readonly packet: number | null
  readonly flow: number | null
  /** Fingerprint of the capture that the numbers are about; null: not said. */
  readonly capture: string | null
}

export const nowhere: Address = { packet: null, flow: null, capture: null }

const NUMBER = /^[1-9]\d{0,14}$/
const FINGERPRINT = /^[0-9a-z]{10}$/

/** Of whatever stands there: what cannot be read counts as not said. */
export function readAddress(hash: string): Address {
  const words = new URLSearchParams(hash.replace(/^#/, ''))
  const number = (name: string) => {
    const text = words.get(name) ?? ''
    return NUMBER.test(text) ? Number(text) : null
  }
  const capture = words.get('capture') ?? ''
  return {
    packet: number('packet'),
    flow: number('flow'),
    capture: FINGERPRINT.test(capture) ? capture : null,
  }
}

/** With its #. */
export function formatAddress({ packet, flow, capture }: Address): string {
  const words = new URLSearchParams()
  if (packet !== null) words.set('packet', String(packet))
  if (flow !== null) words.set('flow', String(flow))
  if (capture !== null) words.set('capture', capture)
  return `#${words}`
}

/** Is it about this capture, as far as it says? */
export function isAbout({ capture }: Address, fingerprint: string): boolean {
  return capture === null || capture === fingerprint
}
