/** Ports that NAT searched for, from a random start: any free one of the range will do. */

interface Places {
  readonly source: number
  /** -1: no such field. */
  readonly destination: number
  readonly checksum: number
  /** Bytes of the checksum. */
  readonly size: number
}

/** Of the transport header; of ICMP the identifier counts as port. */
const places: Readonly<Record<number, Places>> = {
  1: { source: 4, destination: -1, checksum: 2, size: 2 },
  6: { source: 0, destination: 2, checksum: 16, size: 2 },
  17: { source: 0, destination: 2, checksum: 6, size: 2 },
  58: { source: 4, destination: -1, checksum: 2, size: 2 },
  132: { source: 0, destination: 2, checksum: 8, size: 4 },
  136: { source: 0, destination: 2, checksum: 6, size: 2 },
}

/** Linux stays within the class of the port that was there (nf_nat_l4proto_unique_tuple). */
const classOf = (port: number) => (port < 512 ? 0 : port < 1024 ? 1 : 2)

function transportOf(bytes: Uint8Array): { at: number; fields: Places } | null {
  const v6 = bytes[0]! >> 4 === 6
  const at = v6 ? 40 : (bytes[0]! & 15) * 4
  const fields = places[v6 ? bytes[6]! : bytes[9]!]
  return fields && bytes.length >= at + 8 ? { at, fields } : null
}

/**
 * Both packets are the same but for a port that NAT chose in both of them, from the same range. `sent` is what it was
 * before.
 */
export function differsInChosenPort(sent: Uint8Array, kernel: Uint8Array, engine: Uint8Array): boolean {
  const found = transportOf(kernel)
  const before = transportOf(sent)
  if (!found || !before || kernel.length !== engine.length) return false
  const { at, fields } = found
  const { source, destination, checksum, size } = fields
  const copies = [kernel, engine].map((bytes) => bytes.slice())
  const views = copies.map(({ buffer }) => new DataView(buffer))
  const old = new DataView(sent.buffer, sent.byteOffset, sent.byteLength)
  let chosen = 0
  for (const place of [source, destination]) {
    if (place < 0) continue
    const [theirs, ours] = views.map((view) => view.getUint16(at + place))
    if (theirs === ours) continue
    const was = old.getUint16(before.at + place)
    const isFree =
      theirs !== was && ours !== was && classOf(theirs!) === classOf(was) && classOf(ours!) === classOf(was)
    if (!isFree) return false
    chosen++
    for (const view of views) view.setUint16(at + place, 0)
  }
  for (const copy of copies) copy.fill(0, at + checksum, at + checksum + size)
  return chosen > 0 && copies[0]!.every((byte, index) => byte === copies[1]![index])
}
