/**
 * The pieces of one datagram that is being put together, and which further piece fits among them
 * (inet_frag_queue_insert; RFC 5722, 3, with erratum 3089: overlaps kill, duplicates do not matter).
 */

/** Pieces sent from one address, for the distance check; shared by the queues of that address. */
export interface Peer {
  readonly source: number
  count: number
  queues: number
}

/** One piece's data: it belongs at `start`–`end`; `bytes` may be shorter, where the capture was cut. */
export interface Piece {
  readonly start: number
  readonly end: number
  readonly bytes: Uint8Array
}

interface Run {
  readonly start: number
  end: number
}

export const INSERTED = 0
export const DUPLICATE = 1
export const OVERLAP = 2

export class FragmentQueue {
  readonly key: string
  readonly peer: Peer | null
  /** Tick at which the queue expires. */
  deadline: number
  /** Bytes charged for it against the limit. */
  charged = 0
  /** Highest end so far, and whether a piece without "more fragments" said that it is the end. */
  total = 0
  sawLast = false
  /** Headers in front of the data of the piece at offset 0, once it has arrived. */
  head: Uint8Array | null = null
  /** Bytes of data in all pieces. */
  held = 0
  /** A bit for each ECN value seen: 1 << value. */
  ecnMask = 0
  /** IP length of the largest piece, and of the largest with "don't fragment". */
  largest = 0
  largestUnfragmentable = 0
  /** The peer's count at this queue's last piece. */
  peerCount = 0
  pieces: Piece[] = []
  /**
   * Sorted, apart from each other or touching. A piece extends a run only if it adjoins the highest one at its end;
   * the kernel keeps them like that, and calls a piece within one run a duplicate, but one across two an overlap.
   */
  #runs: Run[] = []

  constructor(key: string, peer: Peer | null, deadline: number) {
    this.key = key
    this.peer = peer
    this.deadline = deadline
  }

  get isEmpty(): boolean {
    return this.pieces.length === 0
  }

  get isComplete(): boolean {
    return this.sawLast && this.head !== null && this.held === this.total
  }

  /** INSERTED, DUPLICATE or OVERLAP; only INSERTED changes anything. */
  place(start: number, end: number): number {
    const runs = this.#runs
    const last = runs[runs.length - 1]
    if (last === undefined || end > last.end) {
      if (last !== undefined && start < last.end) return OVERLAP
      if (last !== undefined && start === last.end) last.end = end
      else runs.push({ start, end })
      return INSERTED
    }
    let low = 0
    let high = runs.length
    while (low < high) {
      const middle = (low + high) >> 1
      const run = runs[middle]!
      if (end <= run.start) high = middle
      else if (start >= run.end) low = middle + 1
      else return start >= run.start && end <= run.end ? DUPLICATE : OVERLAP
    }
    runs.splice(low, 0, { start, end })
    return INSERTED
  }

  add(piece: Piece): void {
    this.pieces.push(piece)
    this.held += piece.end - piece.start
  }

  /** Forgets all pieces, as if the next one were the first. */
  restart(deadline: number): void {
    this.deadline = deadline
    this.total = 0
    this.sawLast = false
    this.head = null
    this.held = 0
    this.ecnMask = 0
    this.pieces = []
    this.#runs = []
  }

  /**
   * Copies the data behind `at` of `into`; returns how many bytes from there on are known without a gap.
   * For a complete queue.
   */
  copyTo(into: Uint8Array, at: number): number {
    this.pieces.sort((a, b) => a.start - b.start)
    let known = 0
    for (const piece of this.pieces) {
      into.set(piece.bytes, at + piece.start)
      if (known === piece.start) known += piece.bytes.length
    }
    return known
  }
}
