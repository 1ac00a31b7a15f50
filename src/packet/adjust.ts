/** Internet checksums that follow a change of what they cover (RFC 1624, equation 3), as Linux rewrites packets. */

/** Changes the checksum at `at` for one 16-bit word that was `before` and is `after`. */
export function adjustChecksum(view: DataView, at: number, before: number, after: number): void {
  let sum = (~view.getUint16(at) & 0xffff) + (~before & 0xffff) + (after & 0xffff)
  sum = (sum & 0xffff) + (sum >>> 16)
  sum = (sum & 0xffff) + (sum >>> 16)
  view.setUint16(at, ~sum & 0xffff)
}

/** The same for a 32-bit word. */
export function adjustChecksum32(view: DataView, at: number, before: number, after: number): void {
  adjustChecksum(view, at, before >>> 16, after >>> 16)
  adjustChecksum(view, at, before & 0xffff, after & 0xffff)
}
