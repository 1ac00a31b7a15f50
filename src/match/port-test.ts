/** A range of ports, asked of one packet after the other. */
import type { Range } from '../ruleset/kind/number.ts'
import type { Setting } from '../ruleset/model.ts'

const PORT_MAX = 65535

/** port_match of xt_tcpudp.c; a range whose ends are reversed holds no port. */
export class PortTest {
  readonly #from: number
  readonly #to: number
  readonly #inverted: boolean

  /** Undefined: any port. */
  constructor(setting: Setting<Range> | undefined) {
    this.#from = setting?.value.from ?? 0
    this.#to = setting?.value.to ?? PORT_MAX
    this.#inverted = setting?.inverted ?? false
  }

  matches(port: number): boolean {
    return (port >= this.#from && port <= this.#to) !== this.#inverted
  }
}
