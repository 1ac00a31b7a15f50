/** rp_filter: does the way back to a packet's source lead out where it came in? IPv4 only, as in Linux. */
import { SettingError } from '../conntrack/settings.ts'
import type { Interfaces } from './interfaces.ts'

/** A dot of an interface's name is a slash, where the parts of a sysctl are set apart by dots, and the other way round. */
const dotted = /^net\.ipv4\.conf\.([^.]+)\.rp_filter$/
const slashed = /^net\/ipv4\/conf\/([^/]+)\/rp_filter$/

/** `net.ipv4.conf.*.rp_filter`, by the number of an interface. */
export class ReversePath {
  readonly #interfaces: Interfaces
  readonly #modes: number[] = []
  #all = 0
  #isTold = false

  constructor(interfaces: Interfaces) {
    this.#interfaces = interfaces
  }

  /** It was told, of some interface at least; else it counts as off. */
  get isTold(): boolean {
    return this.#isTold
  }

  /**
   * False: the sysctl is another one. `default` is for interfaces that come later, of which there are none.
   *
   * @throws SettingError where the value is none of 0 (off), 1 (strict) and 2 (loose).
   */
  set(sysctl: string, value: string): boolean {
    const name = dotted.exec(sysctl)?.[1]?.replaceAll('/', '.') ?? slashed.exec(sysctl)?.[1]
    if (name === undefined) return false
    if (!/^[012]$/.test(value)) throw new SettingError(`${sysctl}: expected 0 (off), 1 (strict) or 2 (loose)`)
    this.#isTold = true
    if (name === 'all') this.#all = Number(value)
    else if (name !== 'default') this.#modes[this.#interfaces.numberOf(name)] = Number(value)
    return true
  }

  /** The larger of the interface's own value and that of `all` (IN_DEV_RPFILTER). */
  mode(interface_: number): number {
    return Math.max(this.#all, this.#modes[interface_] ?? 0)
  }
}
