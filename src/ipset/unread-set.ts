import { type IpSet, SET_UNKNOWN } from './query.ts'

/** A set whose elements are not read: no rule that names it, or a list with it, can be evaluated. */
export class UnreadSet implements IpSet {
  readonly name: string
  readonly type: string
  readonly family = null
  readonly dimension = 0
  readonly unread: string

  /** @param unread Why, as the rest of a sentence that begins with the set. */
  constructor(name: string, type: string, unread: string) {
    this.name = name
    this.type = type
    this.unread = unread
  }

  flush(): void {}

  test(): number {
    return SET_UNKNOWN
  }

  add(): boolean {
    return false
  }

  remove(): boolean {
    return false
  }
}
