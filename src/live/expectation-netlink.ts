/** Connections that helpers expect, by ctnetlink: only so that they age. */
import { ENOENT } from './libc.ts'
import {
  attributes,
  bigEndian,
  type Netlink,
  NLA_F_NESTED,
  NLM_F_ACK,
  NLM_F_DUMP,
  NLMSG_DONE,
  number,
} from './netlink.ts'

const SUBSYSTEM = 2 << 8
const MESSAGE_NEW = SUBSYSTEM | 0
const MESSAGE_GET = SUBSYSTEM | 1
const MESSAGE_DELETE = SUBSYSTEM | 2

// enum ctattr_expect
const MASTER = 1
const TUPLE = 2
const MASK = 3
const TIMEOUT = 4
const ZONE = 7

interface Expected {
  readonly family: number
  readonly timeout: number
  /** As they came: what names it. */
  readonly named: readonly (readonly [type: number, bytes: Uint8Array])[]
}

/** Takes seconds from what each has left, as `VirtualTime` does with entries. */
export function ageExpectations(netlink: Netlink, seconds: number): void {
  for (const { family, timeout, named } of dump(netlink)) {
    const left = timeout + 1 - seconds
    netlink.request.start(left > 0 ? MESSAGE_NEW : MESSAGE_DELETE, NLM_F_ACK, family)
    for (const [type, bytes] of named) netlink.request.add(type, bytes)
    if (left > 0) netlink.request.add(TIMEOUT, bigEndian(left, 4))
    const error = netlink.transact()
    if (error !== 0 && error !== ENOENT) throw new Error(`expectation: errno ${error}`)
  }
}

function dump(netlink: Netlink): Expected[] {
  const found: Expected[] = []
  let done = false
  netlink.request.start(MESSAGE_GET, NLM_F_DUMP, 0)
  netlink.send()
  while (!done) {
    netlink.receive(({ type, family, bytes }) => {
      if (type === NLMSG_DONE) done = true
      if (type !== MESSAGE_NEW) return
      const all = attributes(bytes)
      const named = [MASTER, TUPLE, MASK]
        .filter((one) => all.has(one))
        .map((one) => [one | NLA_F_NESTED, all.get(one)!.slice()] as const)
      const zone = all.get(ZONE)
      found.push({
        family,
        timeout: number(all.get(TIMEOUT)),
        named: zone === undefined ? named : [...named, [ZONE, zone.slice()]],
      })
    })
  }
  return found
}
