/** `--listen`: where the server listens, and by which names it is asked for. */
import { isIP, isIPv6 } from 'node:net'
import { networkInterfaces } from 'node:os'
import { ValueError } from '../command.ts'

export interface ListenAddress {
  /** An IP address; `0.0.0.0` and `::` are all of the machine's. */
  readonly address: string
  /** 0–65535; null: not told. */
  readonly port: number | null
}

export const LOOPBACK = '127.0.0.1'

const PORT = /^\d{1,5}$/

/** `192.0.2.1`, `192.0.2.1:8080`, `::1`, `[::1]:8080`. @throws ValueError */
export function parseListenAddress(text: string): ListenAddress {
  const bracketed = /^\[([^\]]*)\](?::(.*))?$/.exec(text)
  const parts = bracketed ?? (isIPv6(text) ? [text, text] : /^([^:]*)(?::(.*))?$/.exec(text))
  const [, address = '', port] = parts ?? []
  const isGood = bracketed === null ? isIP(address) !== 0 : isIPv6(address)
  // A zone (`fe80::1%eth0`) can stand in no address of a browser.
  if (!isGood || address.includes('%'))
    throw new ValueError(
      'expected an IP address of this machine, as in 192.0.2.1, 0.0.0.0:8080 or [::1]:8080',
    )
  if (port === undefined) return { address, port: null }
  if (!PORT.test(port) || Number(port) > 65_535)
    throw new ValueError('expected a port between 0 and 65535 behind the address')
  return { address, port: Number(port) }
}

/** Addresses under which it can be opened, the shortest way first. */
export function openableAddresses(address: string): string[] {
  if (address !== '0.0.0.0' && address !== '::') return [address]
  const own = Object.values(networkInterfaces()).flatMap((all) => all ?? [])
  const isAny = address === '::'
  return own
    .filter(({ family, scopeid }) => (isAny || family === 'IPv4') && !scopeid)
    .sort((a, b) => Number(b.internal) - Number(a.internal))
    .map((one) => one.address)
}

/** As it stands in an address of a browser, and in a Host header. */
export function hostWord(address: string, port: number): string {
  return `${isIPv6(address) ? `[${address}]` : address}:${port}`
}

export function isLoopback(address: string): boolean {
  return address === '::1' || /^127\./.test(address)
}
