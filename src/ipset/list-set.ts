/** list:set: sets that are asked one after the other. */
import type { Packet } from '../packet/packet.ts'
import { fits, type IpSet, type Query, SET_NO, SET_UNKNOWN, SET_YES, testSet } from './query.ts'

export class ListSet implements IpSet {
  readonly name: string
  readonly type = 'list:set'
  readonly family = null
  readonly dimension = 1
  readonly members: IpSet[] = []

  constructor(name: string) {
    this.name = name
  }

  get unread(): string | null {
    const member = this.members.find(({ unread }) => unread !== null)
    return member === undefined ? null : `holds the set "${member.name}", which ${member.unread}`
  }

  flush(): void {
    this.members.length = 0
  }

  test(packet: Packet, query: Query, _subordinate: boolean): number {
    for (const member of this.members) {
      const found = testSet(member, packet, query, true)
      if (found === SET_YES || found === SET_UNKNOWN) return found
    }
    return SET_NO
  }

  /** To the first one that takes it. */
  add(packet: Packet, query: Query): boolean {
    for (const member of this.members) if (fits(member, query) && member.add(packet, query)) return true
    return false
  }

  remove(packet: Packet, query: Query): boolean {
    for (const member of this.members) if (fits(member, query) && member.remove(packet, query)) return true
    return false
  }
}
