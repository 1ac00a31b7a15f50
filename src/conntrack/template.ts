/**
 * What a rule of the raw table (`-j CT`) tells the tracker about a packet that it is about to see: Linux's template, a
 * nameless entry that the packet carries until then. One object, reused for packet after packet.
 */
export class Template {
  /** A rule gave one, if only an empty one. */
  given = false
  /** Zones to look in and of a new entry: original << 16 | reply; -1 for those of the tracker. */
  zones = -1

  /** As for a packet that no rule has said anything about. */
  reset(): void {
    this.given = false
    this.zones = -1
  }
}
